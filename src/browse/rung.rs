//! What a segment is for, and what it says: told one after the other, from the first of a connection on.

use super::ask::{Meaning, Rung};
use super::known::Marks;
use super::opening::{self, Opening, Opens, sides};
use super::parts::{Part, Parts, Piece};
use super::sent::Sent;
use crate::analysis::Half;
use crate::report::{Shown, escaped};
use dissectors::tcp::{self, Flags};
use dissectors::tree::Node;
use dissectors::{Field, Kind, Severity, Tree, Value, Wants, http};

/// Bytes of a start line that are told.
const LINE: usize = 200;

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

/// What is looked for in segments.
pub(super) fn wants() -> Wants {
    let mut wants = Wants::only_columns();
    let header = [&tcp::TCP, &tcp::FLAGS, &tcp::SEQ, &tcp::ACK, &tcp::LEN, &tcp::WINDOW_SIZE, &tcp::PAYLOAD];
    let messages = [&http::REQUEST, &http::RESPONSE, &http::START_LINE, &tcp::ANALYSIS_DUPLICATE_ACK_FRAME];
    let odd = ODD.iter().map(|&(field, ..)| field);
    let all = header.into_iter().chain(messages).chain(odd).chain(opening::FIELDS.iter().copied());
    all.for_each(|field| wants.add(field));
    wants
}

/// How far a connection has come on its ladder.
#[derive(Default)]
pub(super) struct Course {
    pub(super) opening: Opening,
    /// What each side has sent; the client first.
    sent: [Sent; 2],
    /// The acknowledgment number that says that a side's FIN has arrived.
    ends: [Option<u32>; 2],
}

/// Something odd about a segment, in words.
struct Oddity {
    meaning: Meaning,
    words: String,
    /// The frame of which it is a copy or a repetition, if that was captured.
    of: Option<u32>,
    /// It is worth a note, not only a remark.
    is_grave: bool,
}

impl Course {
    /// The rung of the next segment.
    pub(super) fn rung(&mut self, shown: &Shown<'_>, marks: Marks, parts: &Parts) -> Rung {
        let tree = shown.tree;
        let flags = number(tree, &tcp::FLAGS).unwrap_or_default();
        let (seq, len) = (number(tree, &tcp::SEQ).unwrap_or_default(), number(tree, &tcp::LEN).unwrap_or_default());
        let ack = number(tree, &tcp::ACK).filter(|_| flags & u32::from(Flags::ACK) != 0);
        let mut rung = Rung {
            frame: shown.frame.number,
            time: shown.frame.time.0,
            from_client: marks.has(Marks::FROM_CLIENT),
            flags: names(flags),
            seq,
            ack,
            len,
            window: number(tree, &tcp::WINDOW_SIZE).unwrap_or_default(),
            meaning: Meaning::Odd,
            is_odd: true,
            words: String::new(),
            aside: String::new(),
        };
        // An error quotes a segment of the connection, and is none.
        if matches!(tree.columns().protocol, "ICMP" | "ICMPv6") {
            rung.words = info(tree);
            return rung;
        }
        let opens = self.opening.take(shown, rung.from_client, flags, len);
        self.tell(&mut rung, flags, opens, tree, parts);
        let [own, _] = sides(rung.from_client);
        let counted = u32::from(flags & u32::from(Flags::SYN | Flags::FIN) != 0);
        if let (Some(sent), Some(raw)) = (self.sent.get_mut(own), number(tree, &tcp::SEQ_RAW)) {
            sent.take(raw, len.saturating_add(counted), rung.frame);
        }
        if flags & u32::from(Flags::FIN) != 0
            && let Some(end) = self.ends.get_mut(own)
        {
            *end = Some(seq.wrapping_add(len).wrapping_add(1));
        }
        rung
    }

    /// Tells what a segment is for, and what it says.
    fn tell(&self, rung: &mut Rung, flags: u32, opens: Opens, tree: &Tree, parts: &Parts) {
        let has = |flag: u16| flags & u32::from(flag) != 0;
        let odd = self.oddity(rung, tree);
        rung.is_odd = has(Flags::RST);
        if has(Flags::RST) {
            rung.meaning = Meaning::Reset;
            return;
        }
        if has(Flags::SYN) || opens == Opens::Yes && rung.len == 0 && !has(Flags::FIN) {
            // That a SYN,ACK has the number of the SYN before makes it no copy of that.
            let is_so = |odd: &Oddity| odd.meaning != Meaning::Retransmission || opens == Opens::Again;
            (rung.meaning, rung.words) = match odd.filter(|odd| odd.is_grave && is_so(odd)) {
                Some(odd) => {
                    rung.is_odd = true;
                    (odd.meaning, format!("{}, handshake", odd.words))
                }
                None if has(Flags::SYN) => (Meaning::Handshake, options(tree)),
                None => (Meaning::Handshake, String::new()),
            };
            // RFC 7413: a SYN may carry data.
            rung.aside = message(rung, tree, parts).map_or(String::new(), |(_, words)| words);
            return;
        }
        let fin = has(Flags::FIN).then_some((Meaning::Teardown, String::new()));
        let message = message(rung, tree, parts).or(fin.filter(|_| rung.len == 0));
        if let Some(odd) = odd {
            rung.is_odd = odd.is_grave && odd.meaning != Meaning::KeepAlive;
            // What goes on all the same is the more telling.
            let is_first = odd.meaning == Meaning::Retransmission && odd.of.is_none();
            let goes_on = is_first || matches!(odd.meaning, Meaning::Window | Meaning::Odd);
            match message.filter(|_| goes_on) {
                Some((meaning, words)) => (rung.meaning, rung.words, rung.aside) = (meaning, words, odd.words),
                None => (rung.meaning, rung.words) = (odd.meaning, odd.words),
            }
            return;
        }
        let [_, other] = sides(rung.from_client);
        let ends = self.ends.get(other).is_some_and(|end| end.is_some() && *end == rung.ack);
        (rung.meaning, rung.words) = match (message, parts.piece(rung.from_client, rung.frame)) {
            (Some(message), _) => message,
            (_, Some(piece)) if rung.len > 0 => (Meaning::Data, goes_on(piece).into()),
            _ if has(Flags::FIN) || ends && rung.len == 0 => (Meaning::Teardown, String::new()),
            _ if rung.len > 0 => (Meaning::Data, String::new()),
            _ => (Meaning::Acknowledgment, String::new()),
        };
    }

    fn oddity(&self, rung: &Rung, tree: &Tree) -> Option<Oddity> {
        let &(field, meaning, name) = ODD.iter().find(|(field, ..)| tree.first(field).is_some())?;
        let [own, _] = sides(rung.from_client);
        let of = match meaning {
            // `tcp.analysis.rto_frame` is where the timer began, not what is sent again.
            Meaning::Retransmission => {
                number(tree, &tcp::SEQ_RAW).and_then(|seq| self.sent.get(own).and_then(|sent| sent.first(seq)))
            }
            _ if field.id == tcp::ANALYSIS_DUPLICATE_ACK.id => number(tree, &tcp::ANALYSIS_DUPLICATE_ACK_FRAME),
            _ => None,
        };
        let words = of.map_or_else(|| name.into(), |frame| format!("{name} of #{frame}"));
        let is_grave = matches!(field.kind, Kind::Note(severity) if severity > Severity::Chat);
        Some(Oddity { meaning, words, of, is_grave })
    }
}

/// What a segment tells that begins a message, or has a protocol of its own.
fn message(rung: &Rung, tree: &Tree, parts: &Parts) -> Option<(Meaning, String)> {
    if rung.len == 0 {
        return None;
    }
    let meaning = |half| if half == Half::Request { Meaning::Request } else { Meaning::Answer };
    let begun = parts.begun(rung.from_client, rung.frame);
    let piece = parts.piece(rung.from_client, rung.frame);
    let is_plain = tree.columns().protocol == "TCP";
    if let Some(first) = begun.first() {
        let told = begun.iter().filter(|part| part.told == rung.frame).count();
        let words = match (told, piece) {
            (0, None) => payload_line(tree),
            (0, Some(_)) => String::new(),
            (_, None) => info(tree),
            (told, Some(_)) => {
                let lines = start_lines(tree.nodes(), tree);
                lines.get(lines.len().saturating_sub(told)..).unwrap_or_default().join("; ")
            }
        };
        return Some((meaning(first.half), words));
    }
    if piece.is_some() || is_plain {
        return None;
    }
    let is = |field| tree.first(field) == Some(Value::Bool(true));
    let meaning = match (is(&http::REQUEST), is(&http::RESPONSE)) {
        (true, _) => Meaning::Request,
        (_, true) => Meaning::Answer,
        _ => Meaning::Data,
    };
    Some((meaning, info(tree)))
}

/// Completes the words of the segment in which a message began, when its start line is known.
pub(super) fn complete(rung: &mut Rung, part: &Part, parts: &Parts, nodes: &[Node], tree: &Tree) {
    let Some(line) = start_lines(nodes, tree).into_iter().next() else { return };
    let alone = parts.begun(rung.from_client, rung.frame) == [*part];
    match rung.meaning {
        Meaning::Request | Meaning::Answer if alone || rung.words.is_empty() => rung.words = line,
        Meaning::Request | Meaning::Answer => rung.words = format!("{}; {line}", rung.words.trim_end()),
        _ => {}
    }
}

fn goes_on(piece: Piece) -> &'static str {
    match piece {
        Piece::Middle(Half::Request) => "request, continued",
        Piece::Middle(Half::Response) => "answer, continued",
        Piece::End(Half::Request) => "request, its end",
        Piece::End(Half::Response) => "answer, its end",
    }
}

fn start_lines(nodes: &[Node], tree: &Tree) -> Vec<String> {
    let lines = nodes.iter().filter(|node| node.field.id == http::START_LINE.id);
    let text = |node: &Node| match node.value {
        Value::Text(slice) => Some(line(tree.bytes(slice))),
        _ => None,
    };
    lines.filter_map(text).collect()
}

/// The line that a segment's data begins with.
fn payload_line(tree: &Tree) -> String {
    match tree.first(&tcp::PAYLOAD) {
        Some(Value::Bytes(slice)) => line(tree.bytes(slice).trim_ascii_start()),
        _ => String::new(),
    }
}

fn line(bytes: &[u8]) -> String {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
    let mut text = String::new();
    escaped(&mut text, line.get(..LINE).unwrap_or(line));
    text
}

/// The flags by name.
fn names(flags: u32) -> String {
    let set = FLAGS.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// What a frame is about, but for what is odd about it.
fn info(tree: &Tree) -> String {
    let mut text = String::new();
    escaped(&mut text, tree.bytes(tree.columns().info).trim_ascii());
    while text.starts_with("[TCP ")
        && let Some((_, rest)) = text.split_once("] ")
    {
        text = rest.to_owned();
    }
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
