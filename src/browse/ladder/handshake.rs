//! The handshake of a connection: sequence numbers and options of its first segments.

use crate::browse::request::HandshakeSegment;
use crate::report::DissectedFrame;
use dissectors::tcp::{self, Flags};
use dissectors::{Field, Tree, Value};

/// Maximum number of segments recorded per handshake.
const MAX_SEGMENTS: usize = 8;

/// Fields read from a segment.
pub(super) static FIELDS: [&Field; 6] = [
    &tcp::SEQ_RAW,
    &tcp::ACK_RAW,
    &tcp::OPTIONS_MSS_VAL,
    &tcp::OPTIONS_WSCALE_SHIFT,
    &tcp::OPTIONS_SACK_PERM,
    &tcp::OPTIONS_TIMESTAMP_TSVAL,
];

/// A SYN.
#[derive(Clone, Copy)]
struct Syn {
    seq: u32,
    /// Bytes of data in the SYN (RFC 7413).
    len: u32,
    has_ack: bool,
}

/// The role of a segment in the handshake of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HandshakeRole {
    /// No role.
    Unrelated,
    /// New SYN of its kind, or the acknowledgment of one.
    New,
    /// Copy of a SYN.
    Duplicate,
}

/// The segments of a handshake so far: all SYNs up to the first other segment, and the responses to them.
#[derive(Default)]
pub(super) struct Handshake {
    pub(super) segments: Vec<HandshakeSegment>,
    is_over: bool,
    /// Last SYN of each side, the client's first.
    syns: [Option<Syn>; 2],
    /// Whether the next segment of each side may complete the side's part of the handshake.
    awaits_ack: [bool; 2],
}

impl Handshake {
    /// Records a segment with its flags and the length of its data. Returns its role.
    pub(super) fn record(
        &mut self,
        shown: &DissectedFrame<'_>,
        from_client: bool,
        flags: u32,
        len: u32,
    ) -> HandshakeRole {
        let has = |flag: u16| flags & u32::from(flag) != 0;
        let number = |field| match shown.tree.first(field) {
            Some(Value::Uint(number)) => u32::try_from(number).ok(),
            _ => None,
        };
        let seq = number(&tcp::SEQ_RAW).unwrap_or_default();
        let ack = number(&tcp::ACK_RAW).filter(|_| has(Flags::ACK));
        let role = match (has(Flags::RST), has(Flags::SYN)) {
            (true, _) => HandshakeRole::Unrelated,
            (_, true) => self.record_syn(from_client, Syn { seq, len, has_ack: ack.is_some() }),
            _ => self.record_ack(from_client, seq, ack),
        };
        if self.is_over || self.segments.len() >= MAX_SEGMENTS {
            return role;
        }
        // Segments before the first SYN, and those after the acknowledgment of the last one, are not part of the
        // handshake.
        self.is_over = !has(Flags::SYN) || has(Flags::RST);
        let refuses = has(Flags::RST) && !self.segments.is_empty();
        if role != HandshakeRole::Unrelated || refuses {
            self.segments.push(HandshakeSegment {
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
                sack: has_field(shown.tree, &tcp::OPTIONS_SACK_PERM),
                timestamps: has_field(shown.tree, &tcp::OPTIONS_TIMESTAMP_TSVAL),
            });
        }
        role
    }

    fn record_syn(&mut self, from_client: bool, syn: Syn) -> HandshakeRole {
        let [own, other] = side_indices(from_client);
        // After a SYN, its sender still has to acknowledge the peer's SYN. After a SYN,ACK, the peer has to.
        if let Some(awaited) = self.awaits_ack.get_mut(if syn.has_ack { other } else { own }) {
            *awaited = true;
        }
        let Some(slot) = self.syns.get_mut(own) else { return HandshakeRole::New };
        // RFC 9293 3.5, figure 7: in a simultaneous open, a SYN,ACK repeats the number of the SYN and adds the ACK.
        let previous = slot.replace(syn);
        match previous {
            Some(previous) if (previous.seq, previous.has_ack) == (syn.seq, syn.has_ack) => HandshakeRole::Duplicate,
            _ => HandshakeRole::New,
        }
    }

    /// Returns the role of a segment without SYN: whether it is the one that acknowledges the peer's SYN.
    fn record_ack(&mut self, from_client: bool, seq: u32, ack: Option<u32>) -> HandshakeRole {
        let [own, other] = side_indices(from_client);
        let awaited = self.awaits_ack.get_mut(own).is_some_and(std::mem::take);
        let follows = |side: usize, number| {
            let syn = self.syns.get(side).copied().flatten();
            // A server may ignore data in a SYN until the handshake is complete.
            let nexts = |syn: Syn| [1, 1 + syn.len].map(|more| syn.seq.wrapping_add(more));
            syn.is_none_or(|syn| nexts(syn).contains(&number))
        };
        match ack {
            Some(ack) if awaited && follows(own, seq) && follows(other, ack) => HandshakeRole::New,
            _ => HandshakeRole::Unrelated,
        }
    }
}

/// Returns the array indices of the sender and of its peer.
pub(super) fn side_indices(from_client: bool) -> [usize; 2] {
    if from_client { [0, 1] } else { [1, 0] }
}

fn has_field(tree: &Tree, field: &Field) -> bool {
    tree.first(field).is_some()
}
