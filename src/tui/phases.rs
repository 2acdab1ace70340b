//! The phases of a call: from when to when each lasted.

use crate::browse::Phase;
use crate::capture::{Call, Opened, Stream};

/// The phases in their order.
pub(crate) const ALL: [Phase; 4] = [Phase::Connect, Phase::Request, Phase::Wait, Phase::Download];

/// A phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) phase: Phase,
    /// Nanoseconds since the first phase began.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    pub(crate) fn length(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// The name of a phase.
pub(crate) fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "connect",
        Phase::Request => "request",
        Phase::Wait => "wait",
        Phase::Download => "download",
    }
}

/// The phases of a call that were seen, and how long all of them took.
pub(crate) fn spans(call: &Call, stream: Option<&Stream>) -> (Vec<Span>, i64) {
    let exchange = &call.exchange;
    let mut spans = Vec::new();
    let mut add = |phase, from: i64, to: i64| spans.push(Span { phase, from, to });
    let opened = stream.filter(|stream| matches!(stream.opened, Opened::ThreeWay | Opened::Simultaneous));
    if let (Some(connect), Some(stream)) = (call.connect, opened) {
        add(Phase::Connect, stream.first.time, stream.first.time.saturating_add(connect));
    }
    if let Some(request) = exchange.request {
        add(Phase::Request, request.first.time, request.last.time);
    }
    if let (Some(request), Some(response)) = (exchange.request, exchange.response) {
        add(Phase::Wait, request.last.time, response.first.time);
    }
    if let Some(response) = exchange.response {
        add(Phase::Download, response.first.time, response.last.time);
    }
    let start = spans.iter().map(|span| span.from).min().unwrap_or(0);
    for span in &mut spans {
        (span.from, span.to) = (span.from.saturating_sub(start), span.to.saturating_sub(start));
    }
    let end = spans.iter().map(|span| span.to).max().unwrap_or(0);
    (spans, end)
}

/// From which column to which a span goes in so many, `all` nanoseconds wide. What ends before it begins has none; what
/// took no time has one.
pub(crate) fn columns(span: &Span, all: i64, room: u16) -> (u16, u16) {
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
        columns(&Span { phase: Phase::Wait, from, to }, all, room)
    }

    #[test]
    fn a_phase_is_drawn_to_scale() {
        assert_eq!(at(0, 25, 100, 40), (0, 10));
        assert_eq!(at(25, 100, 100, 40), (10, 40));
        assert_eq!(at(0, 1, 1_000_000, 40), (0, 1));
        assert_eq!(at(100, 100, 100, 40), (39, 40));
    }

    #[test]
    fn phases_that_cannot_be_have_a_place_or_none() {
        assert_eq!(at(0, 0, 0, 40), (0, 1));
        assert_eq!(at(50, 20, 100, 40), (0, 0));
        assert_eq!(at(0, 10, 10, 0), (0, 0));
        assert_eq!(at(0, i64::MAX, i64::MAX, 40), (0, 40));
        assert_eq!(at(i64::MIN, i64::MAX, i64::MAX, 40), (0, 40));
    }
}
