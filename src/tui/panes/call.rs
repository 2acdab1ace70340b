//! Actions of the call view, and the requests it sends.

use crate::browse::{BrowseRequest, CallDetail};
use crate::tui::model::call::{CallPane, CallView, PhaseLine, line_count, message_lines, phase_lines, selected_frame};
use crate::tui::model::keys::Action;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View, phases};
use crate::tui::panes::{layout, menu};
use crate::tui::widgets::line_wrap;
use crate::tui::widgets::line_wrap::WrappedLines;
use crate::tui::widgets::scroll::Move;

/// Number of lines above the panes.
pub(crate) const HEAD_HEIGHT: u16 = 2;

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
        _ => match model.call_view.selected_message() {
            Some(call) if model.view != View::Call(call) => model.view = View::Call(call),
            _ => {
                if let Some(frame) = selected_frame(model) {
                    model.show_frame(frame);
                }
            }
        },
    }
}

/// Returns the first frame of the selected message or phase.
pub(crate) fn first_frame(model: &Model) -> Option<u32> {
    let is_open = matches!(model.view, View::Call(_));
    let message = model.call_view.selected_message().filter(|_| is_open);
    let exchange = &model.index.calls.get(message.or_else(|| model.selected_call())?)?.exchange;
    let message = match model.call_view.pane {
        CallPane::Phases if is_open => return selected_frame(model),
        CallPane::Response if is_open => exchange.response.or(exchange.request),
        _ => exchange.request.or(exchange.response),
    };
    message.map(|transfer| transfer.first.frame)
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
    opened.show_dialogue();
    // A message of a dialogue is selected in that.
    opened.reveals_dialogue = opened.dialogue_line(call).is_some();
    if opened.reveals_dialogue && opened.pane == CallPane::Phases {
        opened.pane = CallPane::Response;
    }
    if std::mem::take(&mut opened.copies_curl) { copy_curl(model) } else { Vec::new() }
}

/// Copies the request as a curl command, or shows why there is none.
pub(crate) fn copy_curl(model: &mut Model) -> Vec<Effect> {
    match model.call_view.details.as_ref().and_then(|details| details.curl.clone()) {
        Some(Ok(curl)) => return menu::copy(model, curl),
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
    let opened = &mut model.call_view;
    if std::mem::take(&mut opened.reveals_dialogue)
        && let Some(line) = opened.dialogue_line(call)
    {
        opened.lists[CallPane::Response as usize].cursor = opened.rows(CallPane::Response).row_of(line, 0);
    }
    let panes = layout::call_panes(model);
    for (pane, area) in CallPane::ALL.into_iter().zip(panes) {
        let len = line_count(model, pane);
        model.call_view.lists[pane as usize].fit(len, area.height.saturating_sub(1).into());
    }
}
