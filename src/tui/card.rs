//! The card of a handshake: its segments with their numbers, what was agreed, how long it took, who closed first.

use super::model::{Model, View};
use super::text;
use crate::browse::Step;
use crate::capture::{Closed, Opened, Stream};
use crate::report::quantity;
use dissectors::session::Side;

/// How a piece of text is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Dim,
    /// The numbers that the two sides chose, and what follows from them.
    Loud,
    Bad,
}

/// Pieces of text.
pub(crate) type Words = Vec<(String, Ink)>;

/// A line of the card.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A segment, with its frame and what stands beside it.
    Segment {
        frame: u32,
        from_client: bool,
        words: Words,
        aside: String,
    },
    Words(Words),
}

/// What stands above the card, or alone if it is folded.
pub(crate) fn title(model: &Model, stream: &Stream) -> String {
    let steps = model.ladder.part.as_ref().map_or(&[][..], |part| &part.opening);
    let mut title = match stream.opened {
        Opened::MidStream if steps.is_empty() => String::from("No handshake was captured"),
        Opened::MidStream => String::from("Handshake: captured in part"),
        opened => format!("Handshake: {}", opened.word()),
    };
    if let Some(rtt) = round_trip(stream) {
        title.push_str(&format!(", RTT {rtt}"));
    }
    match stream.closed {
        Closed::Open => title.push_str("; "),
        _ => title.push_str("; closed: "),
    }
    title.push_str(stream.closed.word());
    if stream.crossed {
        title.push_str(", FINs crossed");
    }
    title
}

/// How long there and back took. Of half a handshake, and where times run backwards, nobody knows.
fn round_trip(stream: &Stream) -> Option<String> {
    let rtt = stream.initial_rtt.filter(|&rtt| rtt >= 0 && stream.opened != Opened::MidStream)?;
    let mut time = String::new();
    quantity::duration(&mut time, rtt);
    Some(time)
}

/// The card of the ladder that is open.
pub(crate) fn lines(model: &Model) -> Vec<Line> {
    let View::Ladder(number) = model.view else { return Vec::new() };
    let Some(stream) = model.index.streams.get(number as usize) else { return Vec::new() };
    let Some(part) = model.ladder.part.as_ref().filter(|part| part.stream == number) else { return Vec::new() };
    let mut lines = segments(&part.opening);
    lines.push(Line::Words(match (part.opening.is_empty(), stream.opened) {
        (true, _) => vec![("the capture begins in the middle; numbers count from the first frame".into(), Ink::Dim)],
        (_, Opened::Refused) => vec![("refused: the server answered with a reset".into(), Ink::Bad)],
        (_, Opened::Unanswered) => vec![("no answer was captured".into(), Ink::Bad)],
        _ => agreed(&part.opening),
    }));
    lines.push(Line::Words(ends(stream)));
    lines
}

/// The number that a side chose to begin with.
fn chosen(steps: &[Step], from_client: bool) -> Option<u32> {
    steps.iter().find(|step| step.is_syn && step.from_client == from_client).map(|step| step.seq)
}

/// A number as a chosen one with a name tells it: `x+1 = 2841736222`.
fn number(number: u32, (name, chosen): (&str, Option<u32>)) -> Words {
    let name = match chosen.map(|chosen| number.wrapping_sub(chosen)) {
        Some(0) => name.to_owned(),
        Some(1) => format!("{name}+1"),
        _ => return vec![(number.to_string(), Ink::Plain)],
    };
    vec![(name, Ink::Loud), (format!(" = {number}"), Ink::Plain)]
}

/// The segments; those that were sent again are one line.
fn segments(steps: &[Step]) -> Vec<Line> {
    let [x, y] = [true, false].map(|from_client| chosen(steps, from_client));
    let same = |one: &Step, other: &Step| {
        let of = |step: &Step| (step.from_client, step.is_syn, step.is_reset, step.seq, step.ack);
        of(one) == of(other)
    };
    let mut before: Option<i64> = None;
    let mut lines = Vec::new();
    for group in steps.chunk_by(same) {
        let (Some(step), Some(last)) = (group.first(), group.last()) else { continue };
        let flags = [(step.is_syn, "SYN"), (step.is_reset, "RST"), (step.ack.is_some(), "ACK")];
        let flags: Vec<&str> = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| *name).collect();
        let ink = if step.is_reset { Ink::Bad } else { Ink::Plain };
        let mut words = vec![(format!("{}  ", flags.join(", ")), ink), ("seq ".into(), Ink::Dim)];
        // A side counts from its own number, and acknowledges the other's.
        let (own, other) = if step.from_client { (("x", x), ("y", y)) } else { (("y", y), ("x", x)) };
        words.extend(number(step.seq, own));
        if let Some(ack) = step.ack {
            words.push(("  ack ".into(), Ink::Dim));
            words.extend(number(ack, other));
        }
        let mut aside = String::new();
        if let Some(before) = before {
            let since = step.time.saturating_sub(before);
            aside.push_str(if since < 0 { "" } else { "+" });
            quantity::duration(&mut aside, since);
        }
        if group.len() > 1 {
            aside = format!("{} times {aside}", group.len()).trim_end().to_owned();
        }
        before = Some(last.time);
        lines.push(Line::Segment { frame: step.frame, from_client: step.from_client, words, aside });
    }
    lines
}

/// What both have agreed on; what one has offered, if the other was not seen.
fn agreed(steps: &[Step]) -> Words {
    let syn = |from_client: bool| steps.iter().find(|step| step.is_syn && step.from_client == from_client);
    let (client, server) = (syn(true), syn(false));
    let offers: Vec<&Step> = client.into_iter().chain(server).collect();
    let each = |of: &dyn Fn(&Step) -> Option<u32>| {
        let words = offers.iter().map(|step| of(step).map_or("none".into(), |number| number.to_string()));
        words.collect::<Vec<_>>().join(" / ")
    };
    let all = |of: &dyn Fn(&Step) -> bool| offers.iter().all(|step| of(step));
    // RFC 7323 1.3 and 2.2, RFC 2018 2: both SYNs must have the option.
    let scale = match all(&|step| step.scale.is_some()) {
        true => format!("  window × {}", each(&|step| step.scale.map(|shift| 1 << shift.min(14)))),
        false => "  no window scaling".into(),
    };
    let sack = if all(&|step| step.sack) { "  SACK" } else { "  no SACK" };
    let timestamps = if all(&|step| step.timestamps) { "  timestamps" } else { "  no timestamps" };
    let title = if offers.len() == 2 { "agreed  " } else { "offered  " };
    let words = format!("MSS {}{scale}{sack}{timestamps}", each(&|step| step.mss));
    vec![(title.into(), Ink::Dim), (words, Ink::Plain)]
}

/// How long there and back took, and who closed.
fn ends(stream: &Stream) -> Words {
    let mut words = Words::new();
    if let Some(rtt) = round_trip(stream) {
        words.extend([("RTT  ".into(), Ink::Dim), (format!("{rtt}   "), Ink::Plain)]);
    }
    let number = |frame: Option<u32>| frame.map_or(String::new(), |frame| format!(" #{frame}"));
    let fin = |side: Side| number(stream.fins.get(side as usize).copied().flatten());
    let name = |side: Side| if side == Side::Client { "client" } else { "server" };
    let (what, ink) = match stream.closed {
        Closed::Open => ("open as far as was captured".into(), Ink::Plain),
        Closed::Reset(side) => (format!("RST by the {}{}", name(side), number(stream.reset)), Ink::Bad),
        Closed::HalfClosed(side) => (format!("FIN by the {}{} only", name(side), fin(side)), Ink::Plain),
        Closed::Fin(side) => {
            let (one, two) = (name(side), name(side.other()));
            let then = if stream.crossed { ", which crossed that of" } else { ", then" };
            let reset = stream.reset.map_or(String::new(), |frame| format!("; reset #{frame}"));
            (format!("first FIN by the {one}{}{then} the {two}{}{reset}", fin(side), fin(side.other())), Ink::Plain)
        }
    };
    words.extend([("closed  ".into(), Ink::Dim), (text::plain(&what).into_owned(), ink)]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from_client: bool, is_syn: bool, seq: u32, ack: Option<u32>) -> Step {
        Step { frame: 1, from_client, is_syn, seq, ack, ..Step::default() }
    }

    fn words(line: &Line) -> String {
        match line {
            Line::Segment { words, aside, .. } => {
                format!("{} |{aside}", words.iter().map(|(text, _)| text.as_str()).collect::<String>())
            }
            Line::Words(words) => words.iter().map(|(text, _)| text.as_str()).collect(),
        }
    }

    #[test]
    fn what_follows_from_the_first_numbers_is_told_by_them() {
        let steps = [
            step(true, true, u32::MAX, None),
            step(true, true, u32::MAX, None),
            step(false, true, 7, Some(0)),
            step(true, false, 0, Some(8)),
        ];
        let lines: Vec<String> = segments(&steps).iter().map(words).collect();
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
    fn a_number_that_follows_from_none_stands_alone() {
        // The server acknowledges something else: RFC 9293 3.10.7.3 answers that with a reset.
        let steps = [step(true, true, 100, None), step(false, true, 100, Some(5))];
        let lines: Vec<String> = segments(&steps).iter().map(words).collect();
        assert_eq!(lines, ["SYN  seq x = 100 |", "SYN, ACK  seq y = 100  ack 5 |+0 ns"]);
    }

    #[test]
    fn an_option_is_agreed_on_if_both_offer_it() {
        let rich = Step { mss: Some(1460), scale: Some(7), sack: true, timestamps: true, ..step(true, true, 1, None) };
        let poor = Step { mss: Some(536), scale: None, sack: true, ..step(false, true, 2, Some(2)) };
        let told = |steps: &[Step]| words(&Line::Words(agreed(steps)));
        assert_eq!(told(&[rich, poor]), "agreed  MSS 1460 / 536  no window scaling  SACK  no timestamps");
        assert_eq!(told(&[rich]), "offered  MSS 1460  window × 128  SACK  timestamps");
        // RFC 7323 2.3: a shift above 14 is taken for 14.
        let both = [Step { scale: Some(255), ..rich }, Step { scale: Some(0), ..poor }];
        assert_eq!(told(&both), "agreed  MSS 1460 / 536  window × 16384 / 1  SACK  no timestamps");
    }
}
