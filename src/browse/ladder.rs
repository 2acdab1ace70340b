//! The ladder of a connection: what each segment is, and what it means.

use super::ask::{Answer, Meaning, Rung};
use super::known::Marks;
use super::opening::{FIELDS, Opening};
use super::teller::{Teller, Wrong};
use crate::report::{Shown, escaped};
use dissectors::tcp::{self, Flags};
use dissectors::{Field, Tree, Value, Wants, http};

/// As many rungs as are told of one connection.
const MOST: usize = 20_000;

/// The names of the flags, the lowest bit first.
const FLAGS: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];

/// What is odd about a segment, the most telling first, and what it is called.
static ODD: [(&Field, Meaning, &str); 13] = [
    (&tcp::ANALYSIS_SPURIOUS_RETRANSMISSION, Meaning::Retransmission, "spurious retransmission"),
    (&tcp::ANALYSIS_FAST_RETRANSMISSION, Meaning::Retransmission, "fast retransmission"),
    (&tcp::ANALYSIS_RETRANSMISSION, Meaning::Retransmission, "retransmission"),
    (&tcp::ANALYSIS_KEEP_ALIVE, Meaning::KeepAlive, "keep-alive"),
    (&tcp::ANALYSIS_KEEP_ALIVE_ACK, Meaning::KeepAlive, "answer to a keep-alive"),
    (&tcp::ANALYSIS_OUT_OF_ORDER, Meaning::Odd, "out of order"),
    (&tcp::ANALYSIS_LOST_SEGMENT, Meaning::Odd, "what precedes it was not captured"),
    (&tcp::ANALYSIS_ACK_LOST_SEGMENT, Meaning::Odd, "acknowledges what was not captured"),
    (&tcp::ANALYSIS_DUPLICATE_ACK, Meaning::Odd, "duplicate ACK"),
    (&tcp::ANALYSIS_ZERO_WINDOW_PROBE, Meaning::Window, "zero window probe"),
    (&tcp::ANALYSIS_ZERO_WINDOW, Meaning::Window, "zero window"),
    (&tcp::ANALYSIS_WINDOW_FULL, Meaning::Window, "the window is full"),
    (&tcp::ANALYSIS_WINDOW_UPDATE, Meaning::Window, "window update"),
];

/// Tells the ladder of a connection.
pub(super) fn ladder(teller: &mut Teller, stream: u32) -> Result<Answer, Wrong> {
    let known = teller.known.read();
    if stream >= known.streams() {
        return Err(format!("there is no stream {stream} yet"));
    }
    let mut frames: Vec<u32> = known.of_stream(stream, None).collect();
    frames.reverse();
    let more = frames.len() > MOST;
    frames.truncate(MOST);
    let marks = |frame: &u32| known.seat(*frame).map(|seat| seat.marks()).unwrap_or_default();
    let marks: Vec<Marks> = frames.iter().map(marks).collect();
    drop(known);
    let mut rungs = Vec::new();
    let mut course = Course::default();
    let mut opening = Opening::default();
    teller.tell(&frames, &wants(), |shown| {
        let at = frames.binary_search(&shown.frame.number).unwrap_or_default();
        let rung = course.rung(shown, marks.get(at).copied().unwrap_or_default());
        opening.take(shown, rung.from_client, number(shown.tree, &tcp::FLAGS).unwrap_or_default(), rung.len);
        rungs.push(rung);
    })?;
    Ok(Answer::Ladder { stream, rungs, opening: opening.steps, more })
}

fn wants() -> Wants {
    let mut wants = Wants::only_columns();
    let header = [&tcp::TCP, &tcp::FLAGS, &tcp::SEQ, &tcp::ACK, &tcp::LEN, &tcp::WINDOW_SIZE];
    let earlier = [&tcp::ANALYSIS_RTO_FRAME, &tcp::ANALYSIS_DUPLICATE_ACK_FRAME];
    let messages = [&http::REQUEST, &http::RESPONSE];
    let opening = FIELDS.iter().copied();
    let odd = ODD.iter().map(|&(field, ..)| field);
    header.into_iter().chain(earlier).chain(messages).chain(odd).chain(opening).for_each(|field| wants.add(field));
    wants
}

/// How far a connection has come on its ladder.
#[derive(Default)]
struct Course {
    /// The acknowledgment of both SYNs was seen.
    is_open: bool,
    /// The acknowledgment number that says that a side's FIN has arrived; the client's first.
    ends: [Option<u32>; 2],
}

impl Course {
    fn rung(&mut self, shown: &Shown<'_>, marks: Marks) -> Rung {
        let tree = shown.tree;
        let flags = number(tree, &tcp::FLAGS).unwrap_or_default();
        let (seq, len) = (number(tree, &tcp::SEQ).unwrap_or_default(), number(tree, &tcp::LEN).unwrap_or_default());
        let ack = number(tree, &tcp::ACK).filter(|_| flags & u32::from(Flags::ACK) != 0);
        let from_client = marks.has(Marks::FROM_CLIENT);
        let mut rung = Rung {
            frame: shown.frame.number,
            time: shown.frame.time.0,
            from_client,
            flags: words(flags),
            seq,
            ack,
            len,
            window: number(tree, &tcp::WINDOW_SIZE).unwrap_or_default(),
            meaning: Meaning::Data,
            words: String::new(),
        };
        (rung.meaning, rung.words) = match tree.columns().protocol {
            // An error that quotes a segment of the connection.
            "ICMP" | "ICMPv6" => (Meaning::Odd, info(tree)),
            _ => self.meaning(&rung, flags, tree),
        };
        if flags & u32::from(Flags::FIN) != 0
            && let Some(end) = self.ends.get_mut(usize::from(!from_client))
        {
            *end = Some(seq.wrapping_add(len).wrapping_add(1));
        }
        rung
    }

    /// What a segment is for, and what it says.
    fn meaning(&mut self, rung: &Rung, flags: u32, tree: &Tree) -> (Meaning, String) {
        let has = |flag: u16| flags & u32::from(flag) != 0;
        let says = || if tree.columns().protocol == "TCP" { String::new() } else { info(tree) };
        if has(Flags::RST) {
            return (Meaning::Reset, String::new());
        }
        if let Some((field, meaning, name)) = ODD.iter().find(|(field, ..)| tree.first(field).is_some()) {
            let of = match field.id {
                id if id == tcp::ANALYSIS_DUPLICATE_ACK.id => number(tree, &tcp::ANALYSIS_DUPLICATE_ACK_FRAME),
                _ => number(tree, &tcp::ANALYSIS_RTO_FRAME),
            };
            let mut words = String::from(*name);
            if let Some(frame) = of {
                words.push_str(&format!(" of #{frame}"));
            }
            // What goes on all the same is the more telling.
            let goes_on = *meaning == Meaning::Window || *meaning == Meaning::Odd;
            if !(goes_on && rung.len > 0 && !says().is_empty()) {
                return (*meaning, words);
            }
        }
        if has(Flags::SYN) {
            self.is_open = false;
            return (Meaning::Handshake, options(tree));
        }
        if tree.first(&http::REQUEST) == Some(Value::Bool(true)) {
            return (Meaning::Request, says());
        }
        if tree.first(&http::RESPONSE) == Some(Value::Bool(true)) {
            return (Meaning::Answer, says());
        }
        if has(Flags::FIN) {
            return (Meaning::Teardown, says());
        }
        if rung.len > 0 {
            return (Meaning::Data, says());
        }
        let opens = rung.from_client && rung.seq == 1 && rung.ack == Some(1);
        if opens && !std::mem::replace(&mut self.is_open, true) {
            return (Meaning::Handshake, String::new());
        }
        let other = self.ends.get(usize::from(rung.from_client)).copied().flatten();
        let ends = other.is_some() && rung.ack == other;
        (if ends { Meaning::Teardown } else { Meaning::Acknowledgment }, String::new())
    }
}

/// The flags by name.
fn words(flags: u32) -> String {
    let set = FLAGS.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// What a frame is about.
fn info(tree: &Tree) -> String {
    let mut text = String::new();
    escaped(&mut text, tree.bytes(tree.columns().info).trim_ascii());
    text
}

/// The options that a SYN offers, as the list of frames tells them.
fn options(tree: &Tree) -> String {
    let info = info(tree);
    info.split_once(" Len=").and_then(|(_, rest)| rest.split_once(' ')).map_or("", |(_, options)| options).to_owned()
}

fn number(tree: &Tree, field: &Field) -> Option<u32> {
    match tree.first(field) {
        Some(Value::Uint(number)) => u32::try_from(number).ok(),
        _ => None,
    }
}
