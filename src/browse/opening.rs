//! How a connection was opened: the numbers and options of its first segments.

use super::ask::Step;
use crate::report::Shown;
use dissectors::tcp::{self, Flags};
use dissectors::{Field, Tree, Value};

/// Segments of an opening that are told.
const MOST: usize = 8;

/// What is looked for in a segment.
pub(super) static FIELDS: [&Field; 6] = [
    &tcp::SEQ_RAW,
    &tcp::ACK_RAW,
    &tcp::OPTIONS_MSS_VAL,
    &tcp::OPTIONS_WSCALE_SHIFT,
    &tcp::OPTIONS_SACK_PERM,
    &tcp::OPTIONS_TIMESTAMP_TSVAL,
];

/// The segments of an opening so far: all SYNs until data comes, and what answers them.
#[derive(Default)]
pub(super) struct Opening {
    pub(super) steps: Vec<Step>,
    is_over: bool,
}

impl Opening {
    /// Takes a segment in, with its flags and how much data it has.
    pub(super) fn take(&mut self, shown: &Shown<'_>, from_client: bool, flags: u32, len: u32) {
        let is_quoted = matches!(shown.tree.columns().protocol, "ICMP" | "ICMPv6");
        if self.is_over || is_quoted || self.steps.len() >= MOST {
            return;
        }
        let has = |flag: u16| flags & u32::from(flag) != 0;
        // What comes before a SYN, and what comes after the acknowledgment of the last, is no opening.
        self.is_over = !has(Flags::SYN) || has(Flags::RST);
        if self.steps.is_empty() && !has(Flags::SYN) || !has(Flags::ACK | Flags::RST | Flags::SYN) {
            return;
        }
        let number = |field| match shown.tree.first(field) {
            Some(Value::Uint(number)) => u32::try_from(number).ok(),
            _ => None,
        };
        self.steps.push(Step {
            frame: shown.frame.number,
            time: shown.frame.time.0,
            from_client,
            is_syn: has(Flags::SYN),
            is_reset: has(Flags::RST),
            seq: number(&tcp::SEQ_RAW).unwrap_or_default(),
            ack: number(&tcp::ACK_RAW).filter(|_| has(Flags::ACK)),
            len,
            mss: number(&tcp::OPTIONS_MSS_VAL),
            scale: number(&tcp::OPTIONS_WSCALE_SHIFT),
            sack: is_there(shown.tree, &tcp::OPTIONS_SACK_PERM),
            timestamps: is_there(shown.tree, &tcp::OPTIONS_TIMESTAMP_TSVAL),
        });
    }
}

fn is_there(tree: &Tree, field: &Field) -> bool {
    tree.first(field).is_some()
}
