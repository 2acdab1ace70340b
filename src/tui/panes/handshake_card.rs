//! Handshake card: segments with their sequence numbers, negotiated options, RTT and which side closed first.

use crate::browse::HandshakeSegment;
use crate::capture::{CloseKind, OpenKind, Stream};
use crate::report::quantity;
use crate::tui::model::{Model, View};
use crate::tui::widgets::text;
use dissectors::session::Side;

/// Style of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextStyle {
    Plain,
    Dim,
    /// Initial sequence numbers, and numbers derived from them.
    Emphasis,
    Error,
}

/// Pieces of styled text.
pub(crate) type StyledText = Vec<(String, TextStyle)>;

/// Line of the card.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CardLine {
    /// A segment with its frame, and the time since the segment before.
    Segment {
        frame: u32,
        from_client: bool,
        spans: StyledText,
        timing: String,
    },
    Text(StyledText),
}

/// Returns the title of the card; the only line when the card is folded.
pub(crate) fn title(model: &Model, stream: &Stream) -> String {
    let steps = model.ladder.loaded.as_ref().map_or(&[][..], |part| &part.handshake);
    let mut title = match stream.opened {
        OpenKind::MidStream if steps.is_empty() => String::from("No handshake was captured"),
        OpenKind::MidStream => String::from("Handshake: partly captured"),
        opened => format!("Handshake: {}", opened.label()),
    };
    if let Some(rtt) = round_trip(stream) {
        title.push_str(&format!(", RTT {rtt}"));
    }
    match stream.closed {
        CloseKind::Open | CloseKind::HalfClosed(_) | CloseKind::Dropped => title.push_str("; "),
        _ => title.push_str("; closed: "),
    }
    title.push_str(stream.closed.label());
    if stream.simultaneous_close {
        title.push_str(", FINs crossed");
    }
    title
}

/// Returns the handshake's round-trip time; `None` for a partial handshake or a negative time.
fn round_trip(stream: &Stream) -> Option<String> {
    let rtt = stream
        .initial_rtt
        .filter(|&rtt| rtt >= 0 && !matches!(stream.opened, OpenKind::MidStream | OpenKind::Continued))?;
    let mut time = String::new();
    quantity::duration(&mut time, rtt);
    Some(time)
}

/// Returns the card of the open ladder.
pub(crate) fn lines(model: &Model) -> Vec<CardLine> {
    let View::Ladder(conversation) = model.view else { return Vec::new() };
    let stream = conversation.tcp().and_then(|number| model.index.streams.get(number as usize));
    let part = model.ladder.loaded.as_ref().filter(|part| part.conversation == conversation);
    let (Some(stream), Some(part)) = (stream, part) else { return Vec::new() };
    let mut lines = segments(&part.handshake);
    lines.push(CardLine::Text(match (part.handshake.is_empty(), stream.opened) {
        (true, OpenKind::Continued) => {
            vec![("earlier frames have another stream; numbers are relative to the first frame".into(), TextStyle::Dim)]
        }
        (true, _) => {
            vec![("capture starts mid-stream; numbers are relative to the first frame".into(), TextStyle::Dim)]
        }
        (_, OpenKind::Refused) => vec![("refused: the server sent RST".into(), TextStyle::Error)],
        (_, OpenKind::Unanswered) => vec![("no response captured".into(), TextStyle::Error)],
        _ => negotiated_options(&part.handshake),
    }));
    lines.push(CardLine::Text(closing_summary(stream)));
    lines
}

/// Returns the initial sequence number of a side.
fn initial_sequence_number(steps: &[HandshakeSegment], from_client: bool) -> Option<u32> {
    steps.iter().find(|step| step.is_syn && step.from_client == from_client).map(|step| step.seq)
}

/// Formats a number relative to a named initial sequence number: `x+1 = 2841736222`.
fn relative_number(number: u32, (name, chosen): (&str, Option<u32>)) -> StyledText {
    let name = match chosen.map(|chosen| number.wrapping_sub(chosen)) {
        Some(0) => name.to_owned(),
        Some(1) => format!("{name}+1"),
        _ => return vec![(number.to_string(), TextStyle::Plain)],
    };
    vec![(name, TextStyle::Emphasis), (format!(" = {number}"), TextStyle::Plain)]
}

/// Returns the segment lines; retransmissions share one line.
fn segments(steps: &[HandshakeSegment]) -> Vec<CardLine> {
    let [x, y] = [true, false].map(|from_client| initial_sequence_number(steps, from_client));
    let same = |one: &HandshakeSegment, other: &HandshakeSegment| {
        let of = |step: &HandshakeSegment| (step.from_client, step.is_syn, step.is_reset, step.seq, step.ack);
        of(one) == of(other)
    };
    let mut before: Option<i64> = None;
    let mut lines = Vec::new();
    for group in steps.chunk_by(same) {
        let (Some(step), Some(last)) = (group.first(), group.last()) else { continue };
        let flags = [(step.is_syn, "SYN"), (step.is_reset, "RST"), (step.ack.is_some(), "ACK")];
        let flags: Vec<&str> = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| *name).collect();
        let style = if step.is_reset { TextStyle::Error } else { TextStyle::Plain };
        let mut spans = vec![(format!("{}  ", flags.join(", ")), style), ("seq ".into(), TextStyle::Dim)];
        // A side's SEQ is relative to its own ISN, its ACK to the peer's.
        let (own, other) = if step.from_client { (("x", x), ("y", y)) } else { (("y", y), ("x", x)) };
        spans.extend(relative_number(step.seq, own));
        if let Some(ack) = step.ack {
            spans.push(("  ack ".into(), TextStyle::Dim));
            spans.extend(relative_number(ack, other));
        }
        let mut timing = String::new();
        if let Some(before) = before {
            let since = step.time.saturating_sub(before);
            timing.push_str(if since < 0 { "" } else { "+" });
            quantity::duration(&mut timing, since);
        }
        if group.len() > 1 {
            timing = format!("{} times {timing}", group.len()).trim_end().to_owned();
        }
        before = Some(last.time);
        lines.push(CardLine::Segment { frame: step.frame, from_client: step.from_client, spans, timing });
    }
    lines
}

/// Returns the options both sides agreed on; the options one side offered, if the other's SYN is missing.
fn negotiated_options(steps: &[HandshakeSegment]) -> StyledText {
    let syn = |from_client: bool| steps.iter().find(|step| step.is_syn && step.from_client == from_client);
    let (client, server) = (syn(true), syn(false));
    let offers: Vec<&HandshakeSegment> = client.into_iter().chain(server).collect();
    let each = |of: &dyn Fn(&HandshakeSegment) -> Option<u32>| {
        let numbers = offers.iter().map(|step| of(step).map_or("none".into(), |number| number.to_string()));
        numbers.collect::<Vec<_>>().join(" / ")
    };
    let all = |of: &dyn Fn(&HandshakeSegment) -> bool| offers.iter().all(|step| of(step));
    // RFC 7323 1.3 and 2.2, RFC 2018 2: both SYNs must have the option.
    let scale = match all(&|step| step.scale.is_some()) {
        true => format!("  window × {}", each(&|step| step.scale.map(|shift| 1 << shift.min(14)))),
        false => "  no window scaling".into(),
    };
    let sack = if all(&|step| step.sack) { "  SACK" } else { "  no SACK" };
    let timestamps = if all(&|step| step.timestamps) { "  timestamps" } else { "  no timestamps" };
    let title = if offers.len() == 2 { "agreed  " } else { "offered  " };
    let text = format!("MSS {}{scale}{sack}{timestamps}", each(&|step| step.mss));
    vec![(title.into(), TextStyle::Dim), (text, TextStyle::Plain)]
}

/// Returns the round-trip time and how the connection was closed.
fn closing_summary(stream: &Stream) -> StyledText {
    let mut spans = StyledText::new();
    if let Some(rtt) = round_trip(stream) {
        spans.extend([("RTT ".into(), TextStyle::Dim), (format!("{rtt}, "), TextStyle::Plain)]);
    }
    let number = |frame: Option<u32>| frame.map_or(String::new(), |frame| format!(" #{frame}"));
    let fin = |side: Side| number(stream.fins.get(side as usize).copied().flatten());
    let (text, style) = match stream.closed {
        CloseKind::Open => ("still open at end of capture".into(), TextStyle::Plain),
        CloseKind::Dropped => ("end unknown: dropped at the limit of conversations".into(), TextStyle::Plain),
        CloseKind::Reset(side) => (format!("RST by the {}{}", side.name(), number(stream.reset)), TextStyle::Error),
        CloseKind::HalfClosed(side) => (format!("FIN by the {}{} only", side.name(), fin(side)), TextStyle::Plain),
        CloseKind::Fin(side) => {
            let (one, two) = (side.name(), side.other().name());
            let then = if stream.simultaneous_close { ", crossed by" } else { ", then" };
            let reset = stream.reset.map_or(String::new(), |frame| format!("; reset #{frame}"));
            (
                format!("first FIN by the {one}{}{then} the {two}{}{reset}", fin(side), fin(side.other())),
                TextStyle::Plain,
            )
        }
    };
    let label = if matches!(stream.closed, CloseKind::Open | CloseKind::Dropped) { "" } else { "closed: " };
    spans.extend([(label.into(), TextStyle::Dim), (text::sanitize(&text).into_owned(), style)]);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from_client: bool, is_syn: bool, seq: u32, ack: Option<u32>) -> HandshakeSegment {
        HandshakeSegment { frame: 1, from_client, is_syn, seq, ack, ..HandshakeSegment::default() }
    }

    fn line_text(line: &CardLine) -> String {
        match line {
            CardLine::Segment { spans, timing, .. } => {
                format!("{} |{timing}", spans.iter().map(|(text, _)| text.as_str()).collect::<String>())
            }
            CardLine::Text(spans) => spans.iter().map(|(text, _)| text.as_str()).collect(),
        }
    }

    #[test]
    fn numbers_near_the_initial_sequence_numbers_are_shown_relative_to_them() {
        let steps = [
            step(true, true, u32::MAX, None),
            step(true, true, u32::MAX, None),
            step(false, true, 7, Some(0)),
            step(true, false, 0, Some(8)),
        ];
        let lines: Vec<String> = segments(&steps).iter().map(line_text).collect();
        assert_eq!(
            lines,
            [
                "SYN  seq x = 4294967295 |2 times",
                "SYN, ACK  seq y = 7  ack x+1 = 0 |+0 ns",
                "ACK  seq x+1 = 0  ack y+1 = 8 |+0 ns"
            ]
        );
    }

    #[test]
    fn other_numbers_are_shown_as_they_are() {
        // The server acknowledges another number: RFC 9293 3.10.7.3 requires a reset in response.
        let steps = [step(true, true, 100, None), step(false, true, 100, Some(5))];
        let lines: Vec<String> = segments(&steps).iter().map(line_text).collect();
        assert_eq!(lines, ["SYN  seq x = 100 |", "SYN, ACK  seq y = 100  ack 5 |+0 ns"]);
    }

    #[test]
    fn an_option_is_agreed_if_both_sides_offer_it() {
        let rich = HandshakeSegment {
            mss: Some(1460),
            scale: Some(7),
            sack: true,
            timestamps: true,
            ..step(true, true, 1, None)
        };
        let poor = HandshakeSegment { mss: Some(536), scale: None, sack: true, ..step(false, true, 2, Some(2)) };
        let shown = |steps: &[HandshakeSegment]| line_text(&CardLine::Text(negotiated_options(steps)));
        assert_eq!(shown(&[rich, poor]), "agreed  MSS 1460 / 536  no window scaling  SACK  no timestamps");
        assert_eq!(shown(&[rich]), "offered  MSS 1460  window × 128  SACK  timestamps");
        // RFC 7323 2.3: a shift above 14 is used as 14.
        let both = [HandshakeSegment { scale: Some(255), ..rich }, HandshakeSegment { scale: Some(0), ..poor }];
        assert_eq!(shown(&both), "agreed  MSS 1460 / 536  window × 16384 / 1  SACK  no timestamps");
    }
}
