//! Segments of a connection: the values of TCP that a journey needs.

use super::text::count;
use crate::report::DissectedFrame;
use dissectors::session::Side;
use dissectors::tcp::{self, Flags};
use dissectors::{Field, Tree, Value, Wants};

/// Marks of the sequence analysis, as bits.
pub(super) mod mark {
    pub(crate) const RETRANSMISSION: u16 = 1;
    pub(crate) const SPURIOUS: u16 = 1 << 1;
    pub(crate) const FAST: u16 = 1 << 2;
    pub(crate) const OUT_OF_ORDER: u16 = 1 << 3;
    pub(crate) const LOST: u16 = 1 << 4;
    pub(crate) const DUPLICATE_ACK: u16 = 1 << 5;
    pub(crate) const ZERO_WINDOW: u16 = 1 << 6;
    pub(crate) const WINDOW_FULL: u16 = 1 << 7;
    pub(crate) const WINDOW_UPDATE: u16 = 1 << 8;
    pub(crate) const KEEP_ALIVE: u16 = 1 << 9;
    pub(crate) const PROBE: u16 = 1 << 10;
}

static MARKS: [(&Field, u16); 14] = [
    (&tcp::ANALYSIS_RETRANSMISSION, mark::RETRANSMISSION),
    (&tcp::ANALYSIS_SPURIOUS_RETRANSMISSION, mark::SPURIOUS),
    (&tcp::ANALYSIS_FAST_RETRANSMISSION, mark::FAST),
    (&tcp::ANALYSIS_OUT_OF_ORDER, mark::OUT_OF_ORDER),
    (&tcp::ANALYSIS_LOST_SEGMENT, mark::LOST),
    (&tcp::ANALYSIS_ACK_LOST_SEGMENT, mark::LOST),
    (&tcp::ANALYSIS_DUPLICATE_ACK, mark::DUPLICATE_ACK),
    (&tcp::ANALYSIS_ZERO_WINDOW, mark::ZERO_WINDOW),
    (&tcp::ANALYSIS_WINDOW_FULL, mark::WINDOW_FULL),
    (&tcp::ANALYSIS_WINDOW_UPDATE, mark::WINDOW_UPDATE),
    (&tcp::ANALYSIS_KEEP_ALIVE, mark::KEEP_ALIVE),
    (&tcp::ANALYSIS_KEEP_ALIVE_ACK, mark::KEEP_ALIVE),
    (&tcp::ANALYSIS_ZERO_WINDOW_PROBE, mark::PROBE),
    (&tcp::ANALYSIS_ZERO_WINDOW_PROBE_ACK, mark::PROBE),
];

static NUMBERS: [&Field; 12] = [
    &tcp::TCP,
    &tcp::FLAGS,
    &tcp::SEQ,
    &tcp::ACK,
    &tcp::SEQ_RAW,
    &tcp::ACK_RAW,
    &tcp::LEN,
    &tcp::WINDOW_SIZE,
    &tcp::OPTIONS_MSS_VAL,
    &tcp::OPTIONS_WSCALE_SHIFT,
    &tcp::OPTIONS_SACK_PERM,
    &tcp::OPTIONS_TIMESTAMP_TSVAL,
];

/// Names of the flags that labels show.
const FLAG_NAMES: [(u16, &str); 5] =
    [(Flags::FIN, "FIN"), (Flags::SYN, "SYN"), (Flags::RST, "RST"), (Flags::PSH, "PSH"), (Flags::ACK, "ACK")];

/// Adds the fields of segments.
pub(super) fn add_wants(wants: &mut Wants) {
    NUMBERS.iter().copied().chain(MARKS.iter().map(|(field, _)| *field)).for_each(|field| wants.add(field));
}

/// A segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentRecord {
    pub(super) frame: u32,
    pub(super) time: i64,
    pub(super) side: Side,
    flags: u16,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) seq_raw: u32,
    pub(super) ack_raw: u32,
    pub(super) len: u32,
    pub(super) window: u32,
    marks: u16,
}

impl SegmentRecord {
    /// Reads the segment of a frame. A frame of another transport has none.
    pub(super) fn read(shown: &DissectedFrame<'_>, side: Side) -> Option<SegmentRecord> {
        let tree = shown.tree;
        let flags = number(tree, &tcp::FLAGS)? as u16;
        let marks = MARKS.iter().filter(|(field, _)| tree.first(field).is_some());
        let number = |field| number(tree, field).unwrap_or_default();
        Some(SegmentRecord {
            frame: shown.frame.number,
            time: shown.frame.time.0,
            side,
            flags,
            seq: number(&tcp::SEQ),
            ack: number(&tcp::ACK),
            seq_raw: number(&tcp::SEQ_RAW),
            ack_raw: number(&tcp::ACK_RAW),
            len: number(&tcp::LEN),
            window: number(&tcp::WINDOW_SIZE),
            marks: marks.fold(0, |all, (_, mark)| all | mark),
        })
    }

    pub(super) fn is_syn(&self) -> bool {
        self.has(Flags::SYN)
    }

    pub(super) fn is_fin(&self) -> bool {
        self.has(Flags::FIN)
    }

    pub(super) fn is_reset(&self) -> bool {
        self.has(Flags::RST)
    }

    pub(super) fn is_ack(&self) -> bool {
        self.has(Flags::ACK)
    }

    pub(super) fn is_push(&self) -> bool {
        self.has(Flags::PSH)
    }

    fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// Whether the sequence analysis gave the segment any of these marks.
    pub(super) fn is_marked(&self, marks: u16) -> bool {
        self.marks & marks != 0
    }

    /// Whether it acknowledges and has no other purpose.
    pub(super) fn is_pure_ack(&self) -> bool {
        self.len == 0 && self.is_ack() && !self.is_syn() && !self.is_fin() && !self.is_reset()
    }

    /// Relative sequence number after its last byte.
    pub(super) fn end(&self) -> u32 {
        self.seq.wrapping_add(self.len)
    }

    /// Returns its label on a sequence diagram.
    pub(super) fn label(&self) -> String {
        let names: Vec<&str> = FLAG_NAMES.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| *name).collect();
        let mut label = names.join(", ");
        label.push_str(&format!(" Seq={}", self.seq));
        if self.is_ack() {
            label.push_str(&format!(" Ack={}", self.ack));
        }
        if self.len > 0 {
            label.push_str(&format!(" Len={}", self.len));
        }
        let marks = [
            (mark::SPURIOUS, "spurious retransmission"),
            (mark::FAST, "fast retransmission"),
            (mark::RETRANSMISSION, "retransmission"),
            (mark::OUT_OF_ORDER, "out of order"),
            (mark::ZERO_WINDOW, "zero window"),
            (mark::WINDOW_FULL, "window full"),
            (mark::DUPLICATE_ACK, "duplicate ACK"),
            (mark::LOST, "segment not captured"),
        ];
        if let Some((_, text)) = marks.iter().find(|(mark, _)| self.is_marked(*mark)) {
            label.push_str(&format!(" ({text})"));
        }
        label
    }

    /// Whether it shows trouble.
    pub(super) fn is_anomalous(&self) -> bool {
        let calm = mark::WINDOW_UPDATE | mark::KEEP_ALIVE;
        self.is_reset() || self.marks & !calm != 0
    }
}

/// Returns the options of a SYN.
pub(super) fn syn_options(tree: &Tree) -> String {
    let mut options = Vec::new();
    if let Some(mss) = number(tree, &tcp::OPTIONS_MSS_VAL) {
        options.push(format!("segments of at most {mss} bytes (MSS)"));
    }
    if let Some(shift) = number(tree, &tcp::OPTIONS_WSCALE_SHIFT) {
        options.push(format!("windows in units of {}", count(1 << shift.min(14), "byte")));
    }
    if tree.first(&tcp::OPTIONS_SACK_PERM).is_some() {
        options.push("selective acknowledgments (SACK)".into());
    }
    if tree.first(&tcp::OPTIONS_TIMESTAMP_TSVAL).is_some() {
        options.push("time stamps".into());
    }
    options.join(", ")
}

fn number(tree: &Tree, field: &Field) -> Option<u32> {
    match tree.first(field) {
        Some(Value::Uint(number)) => u32::try_from(number).ok(),
        _ => None,
    }
}
