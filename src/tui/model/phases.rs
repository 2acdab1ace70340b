//! Phases of a call: start and end of each.

use crate::browse::CallPhase;
use crate::capture::{Call, OpenKind, Stream};
use crate::tui::widgets::text::duration;

/// All phases, in order.
pub(crate) const PHASES: [CallPhase; 6] =
    [CallPhase::Connect, CallPhase::Tls, CallPhase::Pause, CallPhase::Request, CallPhase::Wait, CallPhase::Download];

/// Time span of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PhaseSpan {
    pub(crate) phase: CallPhase,
    /// Nanoseconds from the start of the first phase.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl PhaseSpan {
    pub(crate) fn length(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }

    /// Returns the description of a wait that ended before it began.
    pub(crate) fn early_response_text(&self) -> Option<String> {
        let early = self.from.checked_sub(self.to).filter(|&nanos| nanos > 0)?;
        Some(format!("answered {} before the request ended", duration(early)))
    }
}

/// Returns the name of a phase.
pub(crate) fn name(phase: CallPhase) -> &'static str {
    match phase {
        CallPhase::Connect => "connect",
        CallPhase::Tls => "TLS",
        CallPhase::Pause => "pause",
        CallPhase::Request => "request",
        CallPhase::Wait => "wait",
        CallPhase::Download => "download",
    }
}

/// Returns the captured phases of a call, and the time from the start of the first to the end of the last.
pub(crate) fn spans(call: &Call, stream: Option<&Stream>) -> (Vec<PhaseSpan>, i64) {
    let exchange = &call.exchange;
    let mut spans = Vec::new();
    let mut add = |phase, from: i64, to: i64| spans.push(PhaseSpan { phase, from, to });
    let opened = stream.filter(|stream| matches!(stream.opened, OpenKind::ThreeWay | OpenKind::Simultaneous));
    if let (Some(connect), Some(stream)) = (call.connect, opened) {
        let end = stream.first.time.saturating_add(connect);
        add(CallPhase::Connect, stream.first.time, end);
        let request = exchange.request.map(|request| request.first.time).filter(|&time| time > end);
        let phase = if exchange.is_encrypted { CallPhase::Tls } else { CallPhase::Pause };
        request.into_iter().for_each(|time| add(phase, end, time));
    }
    match (exchange.request, exchange.response) {
        // When its requests and responses were sent is not known.
        (Some(hello), Some(content)) if exchange.is_connection => {
            add(CallPhase::Tls, hello.first.time, content.first.time);
        }
        _ if exchange.is_connection => {}
        (request, response) => {
            if let Some(request) = request {
                add(CallPhase::Request, request.first.time, request.last.time);
            }
            if let (Some(request), Some(response)) = (request, response) {
                add(CallPhase::Wait, request.last.time, response.first.time);
            }
            if let Some(response) = response {
                add(CallPhase::Download, response.first.time, response.last.time);
            }
        }
    }
    let start = spans.iter().map(|span| span.from).min().unwrap_or(0);
    for span in &mut spans {
        (span.from, span.to) = (span.from.saturating_sub(start), span.to.saturating_sub(start));
    }
    let end = spans.iter().map(|span| span.to).max().unwrap_or(0);
    (spans, end)
}

/// Returns the columns of a span in a bar of `room` columns that represents `all` nanoseconds. A span with negative
/// duration has no columns, one of no duration has one.
pub(crate) fn columns(span: &PhaseSpan, all: i64, room: u16) -> (u16, u16) {
    if span.to < span.from || room == 0 {
        return (0, 0);
    }
    let all = i128::from(all.max(1));
    let at = |nanos: i64| i128::from(nanos.max(0)) * i128::from(room) / all;
    let from = at(span.from).min(i128::from(room) - 1) as u16;
    let to = (i128::from(span.to.max(0)) * i128::from(room) + all - 1) / all;
    (from, (to.min(room.into()) as u16).max(from + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(from: i64, to: i64, all: i64, room: u16) -> (u16, u16) {
        columns(&PhaseSpan { phase: CallPhase::Wait, from, to }, all, room)
    }

    #[test]
    fn a_phase_is_drawn_to_scale() {
        assert_eq!(at(0, 25, 100, 40), (0, 10));
        assert_eq!(at(25, 100, 100, 40), (10, 40));
        assert_eq!(at(0, 1, 1_000_000, 40), (0, 1));
        assert_eq!(at(100, 100, 100, 40), (39, 40));
    }

    #[test]
    fn a_response_may_end_the_wait_before_it_begins() {
        let text = |from, to| PhaseSpan { phase: CallPhase::Wait, from, to }.early_response_text();
        assert_eq!(text(30_000_000, 10_000_000).as_deref(), Some("answered 20.0 ms before the request ended"));
        assert_eq!((text(10, 10), text(10, 20)), (None, None));
    }

    #[test]
    fn impossible_phases_have_columns_or_none() {
        assert_eq!(at(0, 0, 0, 40), (0, 1));
        assert_eq!(at(50, 20, 100, 40), (0, 0));
        assert_eq!(at(0, 10, 10, 0), (0, 0));
        assert_eq!(at(0, i64::MAX, i64::MAX, 40), (0, 40));
        assert_eq!(at(i64::MIN, i64::MAX, i64::MAX, 40), (0, 40));
    }
}
