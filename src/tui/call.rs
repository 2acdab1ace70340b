//! Call view: phases with their frames, the request and the response.

use super::keys::Action;
use super::layout;
use super::line_wrap::{self, WrappedLines};
use super::message::Effect;
use super::model::{Model, View};
use super::phases;
use super::scroll::{Move, ScrollState};
use crate::browse::{BrowseRequest, CallDetail, CallMessage, CallPhase};

/// Pane of the call view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CallPane {
    #[default]
    Phases,
    Request,
    Response,
}

impl CallPane {
    pub(crate) const ALL: [CallPane; 3] = [CallPane::Phases, CallPane::Request, CallPane::Response];

    fn offset(self, by: usize) -> CallPane {
        CallPane::ALL.get((self as usize + by) % 3).copied().unwrap_or_default()
    }
}

/// State of the call view.
#[derive(Debug, Default)]
pub(crate) struct CallView {
    /// Call that `details` belongs to, as an index.
    pub(crate) loaded: Option<usize>,
    pub(crate) details: Option<Box<CallDetail>>,
    pub(crate) pane: CallPane,
    /// Whether the focused pane fills the view.
    pub(crate) zoom: bool,
    /// Height of the phases pane, and size of the request pane in the rest, in thousandths; `None` until a border is
    /// dragged.
    pub(crate) shares: [Option<u16>; 2],
    /// Scroll state of the panes.
    pub(crate) lists: [ScrollState; 3],
    /// Wrapped lines of the messages; empty for the phases.
    rows: [WrappedLines; 3],
    /// Columns scrolled off the left edge of the focused pane.
    pub(crate) scrolled_columns: usize,
    /// Phases whose frames are listed.
    pub(crate) unfolded: Vec<CallPhase>,
    /// Whether to copy the curl command when the call arrives.
    pub(crate) copies_curl: bool,
    /// Call whose messages were requested.
    requested: Option<usize>,
}

impl CallView {
    pub(crate) fn list(&self, pane: CallPane) -> &ScrollState {
        &self.lists[pane as usize]
    }

    /// Returns the list of the focused pane.
    pub(crate) fn list_mut(&mut self) -> &mut ScrollState {
        &mut self.lists[self.pane as usize]
    }

    /// Returns the wrapped lines of a pane's message.
    pub(crate) fn rows(&self, pane: CallPane) -> &WrappedLines {
        &self.rows[pane as usize]
    }

    /// Returns the number of frames of a phase.
    pub(crate) fn frame_count(&self, phase: CallPhase) -> usize {
        self.details.as_ref().map_or(0, |details| details.counts[phase as usize])
    }

    /// Returns the message of a pane.
    pub(crate) fn message(&self, pane: CallPane) -> Option<&CallMessage> {
        let details = self.details.as_ref()?;
        match pane {
            CallPane::Phases => None,
            CallPane::Request => details.request.as_ref(),
            CallPane::Response => details.response.as_ref(),
        }
    }
}

/// Line of the phases pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhaseLine {
    Phase(CallPhase),
    Frame(u32),
    /// Number of further frames, which are not listed.
    More(usize),
}

/// Returns the lines of the phases pane.
pub(crate) fn phase_lines(model: &Model) -> Vec<PhaseLine> {
    let opened = &model.call_view;
    let frames = opened.details.as_ref().map_or(&[][..], |details| &details.frames);
    let mut lines = Vec::new();
    for phase in phases::PHASES {
        lines.push(PhaseLine::Phase(phase));
        if opened.unfolded.contains(&phase) {
            let own = frames.iter().filter(|(_, of)| *of == phase).map(|&(frame, _)| PhaseLine::Frame(frame));
            let before = lines.len();
            lines.extend(own);
            let more = opened.frame_count(phase).saturating_sub(lines.len() - before);
            lines.extend((more > 0).then_some(PhaseLine::More(more)));
        }
    }
    lines
}

/// Returns the number of lines of a pane.
pub(crate) fn line_count(model: &Model, pane: CallPane) -> usize {
    match pane {
        CallPane::Phases => phase_lines(model).len(),
        _ => model.call_view.rows(pane).len(),
    }
}

/// Returns the lines of a message; an empty line separates head and body.
pub(crate) fn message_lines(message: &CallMessage) -> impl Iterator<Item = &str> {
    let between = (!message.body.is_empty()).then_some("");
    message.head.iter().map(String::as_str).chain(between).chain(message.body.iter().map(String::as_str))
}

/// Returns a line of a message, and whether it is part of the body.
pub(crate) fn message_line(message: &CallMessage, index: usize) -> (&str, bool) {
    match message.head.get(index) {
        Some(line) => (line, false),
        None => {
            let index = index.checked_sub(message.head.len() + 1);
            (index.and_then(|index| message.body.get(index)).map_or("", String::as_str), true)
        }
    }
}

/// Returns the frame under the cursor: that of the line, or of the message.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    let exchange = &model.index.calls.get(model.selected_call()?)?.exchange;
    let opened = &model.call_view;
    let message = match opened.pane {
        CallPane::Response => exchange.response.or(exchange.request),
        _ => exchange.request.or(exchange.response),
    };
    let of_message = message.map(|transfer| transfer.completed_in);
    if opened.pane != CallPane::Phases {
        return of_message;
    }
    let details = opened.details.as_ref()?;
    match phase_lines(model).get(opened.list(CallPane::Phases).cursor)? {
        PhaseLine::Frame(frame) => Some(*frame),
        PhaseLine::More(_) => details.frames.last().map(|&(frame, _)| frame),
        PhaseLine::Phase(phase) => {
            let first = details.frames.iter().find(|(_, of)| of == phase);
            first.map(|&(frame, _)| frame).or(of_message)
        }
    }
}

/// Runs an action of the call view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let len = line_count(model, model.call_view.pane);
    let room = layout::call_text_widths(model)[model.call_view.pane as usize];
    let opened = &mut model.call_view;
    match action {
        Action::Move(Move::First) if opened.scrolled_columns > 0 => opened.scrolled_columns = 0,
        Action::Move(step) => opened.list_mut().move_cursor(step, len, height),
        Action::NextPane | Action::PreviousPane => {
            opened.pane = opened.pane.offset(if action == Action::NextPane { 1 } else { 2 });
            opened.scrolled_columns = 0;
        }
        Action::Zoom => opened.zoom = !opened.zoom,
        Action::Left => opened.scrolled_columns = opened.scrolled_columns.saturating_sub(room / 2),
        Action::Right => {
            let seen = opened.list(opened.pane).visible(len, height);
            opened.scrolled_columns =
                line_wrap::scrolled_right(opened.scrolled_columns, room, opened.rows(opened.pane).widest(seen));
        }
        Action::Unfold => opened.unfolded = phases::PHASES.to_vec(),
        Action::Fold => opened.unfolded.clear(),
        Action::Enter => open_selection(model),
        _ => {}
    }
    Vec::new()
}

/// Lists or hides the frames of a phase, or goes to the frame.
fn open_selection(model: &mut Model) {
    let line = phase_lines(model).get(model.call_view.list(CallPane::Phases).cursor).copied();
    match (model.call_view.pane, line) {
        (CallPane::Phases, Some(PhaseLine::Phase(phase))) => {
            let unfolded = &mut model.call_view.unfolded;
            match unfolded.iter().position(|&other| other == phase) {
                Some(index) => drop(unfolded.remove(index)),
                None => unfolded.push(phase),
            }
        }
        _ => {
            if let Some(frame) = selected_frame(model) {
                model.show_frame(frame);
            }
        }
    }
}

/// Requests the messages of a call.
pub(crate) fn request(model: &mut Model, call: usize) -> Effect {
    let CallView { copies_curl, zoom, shares, .. } = model.call_view;
    model.call_view = CallView { requested: Some(call), copies_curl, zoom, shares, ..CallView::default() };
    Effect::Query(BrowseRequest::Call(call))
}

/// Stores the messages that were requested.
pub(crate) fn store_details(model: &mut Model, call: usize, details: Box<CallDetail>) -> Vec<Effect> {
    let opened = &mut model.call_view;
    if opened.requested != Some(call) {
        return Vec::new();
    }
    opened.loaded = Some(call);
    opened.details = Some(details);
    opened.rows.iter_mut().for_each(WrappedLines::clear);
    if std::mem::take(&mut opened.copies_curl) { copy_curl(model) } else { Vec::new() }
}

/// Copies the request as a curl command, or shows why there is none.
pub(crate) fn copy_curl(model: &mut Model) -> Vec<Effect> {
    match model.call_view.details.as_ref().and_then(|details| details.curl.clone()) {
        Some(Ok(curl)) => return super::menu::copy(model, curl),
        Some(Err(error)) => model.show_error(error),
        None => model.show_error("The request was not captured completely"),
    }
    Vec::new()
}

/// Fits lists and cursors to the screen, and requests missing data.
pub(crate) fn fit(model: &mut Model, effects: &mut Vec<Effect>) {
    let View::Call(call) = model.view else { return };
    if model.call_view.requested != Some(call) {
        effects.push(request(model, call));
    }
    let rooms = layout::call_text_widths(model);
    let CallView { details, rows, lists, .. } = &mut model.call_view;
    let messages = details.as_ref().map_or([None; 3], |call| [None, call.request.as_ref(), call.response.as_ref()]);
    for (((rows, list), message), room) in rows.iter_mut().zip(lists).zip(messages).zip(rooms) {
        if let Some(message) = message {
            rows.wrap(model.wraps.then_some(room), message_lines(message), list);
        }
    }
    let panes = layout::call_panes(model);
    for (pane, area) in CallPane::ALL.into_iter().zip(panes) {
        let len = line_count(model, pane);
        model.call_view.lists[pane as usize].fit(len, area.height.saturating_sub(1).into());
    }
}
