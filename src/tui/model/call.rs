//! Call view: phases with their frames, the request and the response.

use crate::browse::{CallDetail, CallMessage, CallPhase};
use crate::capture::Call;
use crate::tui::model::{Model, View, call, phases};
use crate::tui::widgets::line_wrap::WrappedLines;
use crate::tui::widgets::scroll::ScrollState;
use crate::tui::widgets::text::{duration, format_count, format_quantity};

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

    pub(crate) fn offset(self, by: usize) -> CallPane {
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
    pub(crate) rows: [WrappedLines; 3],
    /// Columns scrolled off the left edge of the focused pane.
    pub(crate) scrolled_columns: usize,
    /// Phases whose frames are listed.
    pub(crate) unfolded: Vec<CallPhase>,
    /// Whether to copy the curl command when the call arrives.
    pub(crate) copies_curl: bool,
    /// First line of the dialogue among those of the response.
    pub(crate) dialogue_start: usize,
    /// Whether the line of the opened call in its dialogue is to be selected.
    pub(crate) reveals_dialogue: bool,
    /// Call whose messages were requested.
    pub(crate) requested: Option<usize>,
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

    /// Appends the dialogue of the call to its response, which a message without a response does not have.
    pub(crate) fn show_dialogue(&mut self) {
        let Some(details) = &mut self.details else { return };
        let lines = std::mem::take(&mut details.dialogue.lines);
        if lines.is_empty() {
            return;
        }
        let count = format_quantity(details.dialogue.count as u64, "message");
        let head = || vec![count.clone()];
        let shown = details.response.get_or_insert_with(|| CallMessage { head: head(), ..CallMessage::default() });
        if !shown.body.is_empty() {
            shown.body.extend([String::new(), format!("# both sides: {count}")]);
        }
        self.dialogue_start = message_lines(shown).count() + usize::from(shown.body.is_empty());
        shown.body.extend(lines);
    }

    /// Returns the call whose message of a dialogue is under the cursor, as an index.
    pub(crate) fn selected_message(&self) -> Option<usize> {
        let details = self.details.as_ref().filter(|_| self.pane == CallPane::Response)?;
        let row = self.rows(self.pane).get(self.list(self.pane).cursor)?;
        let nth = (row.line as usize).checked_sub(self.dialogue_start)?;
        details.dialogue.calls.get(nth).copied().flatten()
    }

    /// Returns the line of a call in its dialogue, as a line of the response.
    pub(crate) fn dialogue_line(&self, call: usize) -> Option<u32> {
        let calls = &self.details.as_ref()?.dialogue.calls;
        let nth = calls.iter().position(|&other| other == Some(call))?;
        u32::try_from(self.dialogue_start + nth).ok()
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
    let call = model.selected_call().and_then(|number| model.index.calls.get(number));
    let spans = call.map_or(Vec::new(), |call| phase_spans(model, call).0);
    let has_connection = call.is_none_or(|call| call.stream().is_some());
    // Only the first call of a connection has a pause, or a handshake of TLS. Datagrams have no handshake.
    let is_listed = |phase: &CallPhase| match phase {
        CallPhase::Pause | CallPhase::Tls => spans.iter().any(|span| span.phase == *phase),
        CallPhase::Connect => has_connection,
        _ => true,
    };
    let mut lines = Vec::new();
    for phase in phases::PHASES.into_iter().filter(is_listed) {
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
    let opened = &model.call_view;
    let call = opened.selected_message().or_else(|| model.selected_call())?;
    let exchange = &model.index.calls.get(call)?.exchange;
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

/// Returns the text of a line of the focused pane, for copying.
pub(crate) fn text(model: &Model, index: usize) -> String {
    let opened = &model.call_view;
    match (opened.pane, opened.message(opened.pane)) {
        (CallPane::Phases, _) => {
            call::phase_lines(model).get(index).map_or(String::new(), |line| phase_text(model, *line))
        }
        (pane, message) => {
            let row = opened.rows(pane).get(index);
            let line = message.zip(row).map(|(message, row)| call::message_line(message, row.line as usize).0);
            line.unwrap_or_default().to_owned()
        }
    }
}

/// Returns the text of a line of the phases pane.
pub(crate) fn phase_text(model: &Model, line: PhaseLine) -> String {
    let View::Call(number) = model.view else { return String::new() };
    let Some(call) = model.index.calls.get(number) else { return String::new() };
    match line {
        PhaseLine::Phase(phase) => {
            let [time, frames] = phase_texts(model, call, phase);
            let span = phase_spans(model, call).0.into_iter().find(|span| span.phase == phase);
            let time = span.and_then(|span| span.early_response_text()).unwrap_or(time);
            format!("{}  {time}  {frames}", phases::name(phase))
        }
        PhaseLine::Frame(frame) => frame_text(model, frame),
        PhaseLine::More(more) => unlisted_text(more),
    }
}

/// Returns the captured phases of a call, and the time from the start of the first to the end of the last.
pub(crate) fn phase_spans(model: &Model, call: &Call) -> (Vec<phases::PhaseSpan>, i64) {
    phases::spans(call, call.stream().and_then(|stream| model.index.streams.get(stream as usize)))
}

/// Returns the duration of a phase and its number of frames.
pub(crate) fn phase_texts(model: &Model, call: &Call, phase: CallPhase) -> [String; 2] {
    let (spans, _) = phase_spans(model, call);
    let time = match spans.iter().find(|span| span.phase == phase) {
        Some(span) if span.length() < 0 => "early".into(),
        Some(span) => duration(span.length()),
        None if phase == CallPhase::Connect && !call.exchange.id.is_first() => "reused".into(),
        None if call.exchange.is_connection => "unknown".into(),
        None => "not seen".into(),
    };
    [time, format_quantity(model.call_view.frame_count(phase) as u64, "frame")]
}

/// Returns the text for a frame of a phase: number, time since the start of the first phase, protocol, length.
pub(crate) fn frame_text(model: &Model, frame: u32) -> String {
    let Some(summary) = model.index.frames.get(frame as usize - usize::from(frame > 0)) else { return String::new() };
    let details = model.call_view.details.as_ref();
    let first = details.and_then(|details| details.frames.first()).and_then(|&(frame, _)| model.time(frame));
    let elapsed = duration(summary.time.saturating_sub(first.unwrap_or(summary.time)).max(0));
    let (number, name, length) = (format!("#{frame}"), summary.protocol.name(), format_count(summary.length.into()));
    format!("{number:>10}  +{elapsed:<9}  {name:<8}  {length} B")
}

/// Returns the line that counts the frames of a phase that are not listed.
pub(crate) fn unlisted_text(more: usize) -> String {
    format!("       and {} more", format_quantity(more as u64, "frame"))
}
