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

/// A SYN that was sent.
#[derive(Clone, Copy)]
struct Syn {
    seq: u32,
    /// Bytes of data that it carries (RFC 7413).
    len: u32,
    has_ack: bool,
}

/// What a segment does for the opening of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// Nothing.
    No,
    /// It is a SYN of that kind that was not sent before, or acknowledges one.
    Yes,
    /// It is a copy of a SYN.
    Again,
}

/// The segments of an opening so far: all SYNs until something else comes, and what answers them.
#[derive(Default)]
pub(super) struct Opening {
    pub(super) steps: Vec<Step>,
    is_over: bool,
    /// The last SYN of each side; the client's first.
    syns: [Option<Syn>; 2],
    /// What a side sends next may end its part of the opening.
    awaits: [bool; 2],
}

impl Opening {
    /// Takes a segment in, with its flags and how much data it has.
    pub(super) fn take(&mut self, shown: &Shown<'_>, from_client: bool, flags: u32, len: u32) -> Opens {
        let has = |flag: u16| flags & u32::from(flag) != 0;
        let number = |field| match shown.tree.first(field) {
            Some(Value::Uint(number)) => u32::try_from(number).ok(),
            _ => None,
        };
        let seq = number(&tcp::SEQ_RAW).unwrap_or_default();
        let ack = number(&tcp::ACK_RAW).filter(|_| has(Flags::ACK));
        let opens = match (has(Flags::RST), has(Flags::SYN)) {
            (true, _) => Opens::No,
            (_, true) => self.synchronise(from_client, Syn { seq, len, has_ack: ack.is_some() }),
            _ => self.acknowledge(from_client, seq, ack),
        };
        if self.is_over || self.steps.len() >= MOST {
            return opens;
        }
        // What comes before a SYN, and what comes after the acknowledgment of the last, is no opening.
        self.is_over = !has(Flags::SYN) || has(Flags::RST);
        let refuses = has(Flags::RST) && !self.steps.is_empty();
        if opens != Opens::No || refuses {
            self.steps.push(Step {
                frame: shown.frame.number,
                time: shown.frame.time.0,
                from_client,
                is_syn: has(Flags::SYN),
                is_reset: has(Flags::RST),
                seq,
                ack,
                len,
                mss: number(&tcp::OPTIONS_MSS_VAL),
                scale: number(&tcp::OPTIONS_WSCALE_SHIFT),
                sack: is_there(shown.tree, &tcp::OPTIONS_SACK_PERM),
                timestamps: is_there(shown.tree, &tcp::OPTIONS_TIMESTAMP_TSVAL),
            });
        }
        opens
    }

    fn synchronise(&mut self, from_client: bool, syn: Syn) -> Opens {
        let [own, other] = sides(from_client);
        // Who has asked answers the other's SYN; who is asked has answered with its own.
        if let Some(awaits) = self.awaits.get_mut(if syn.has_ack { other } else { own }) {
            *awaits = true;
        }
        let Some(place) = self.syns.get_mut(own) else { return Opens::Yes };
        // RFC 9293 3.5, figure 7: in a simultaneous opening a SYN,ACK has the number of the SYN before and says more.
        let before = place.replace(syn);
        match before {
            Some(before) if (before.seq, before.has_ack) == (syn.seq, syn.has_ack) => Opens::Again,
            _ => Opens::Yes,
        }
    }

    /// Whether a segment without SYN is the one that acknowledges the other side's.
    fn acknowledge(&mut self, from_client: bool, seq: u32, ack: Option<u32>) -> Opens {
        let [own, other] = sides(from_client);
        let awaited = self.awaits.get_mut(own).is_some_and(std::mem::take);
        let follows = |side: usize, number| {
            let syn = self.syns.get(side).copied().flatten();
            // Who is asked need not take data before the handshake is over.
            let nexts = |syn: Syn| [1, 1 + syn.len].map(|more| syn.seq.wrapping_add(more));
            syn.is_none_or(|syn| nexts(syn).contains(&number))
        };
        match ack {
            Some(ack) if awaited && follows(own, seq) && follows(other, ack) => Opens::Yes,
            _ => Opens::No,
        }
    }
}

/// The places of the sender and of the other side.
pub(super) fn sides(from_client: bool) -> [usize; 2] {
    if from_client { [0, 1] } else { [1, 0] }
}

fn is_there(tree: &Tree, field: &Field) -> bool {
    tree.first(field).is_some()
}
