//! Detection of the session in a conversation: content decides, a port decides between equals.

use super::SessionDriver;
use crate::analysis::frame_context::Feed;
use crate::analysis::limits;
use dissectors::protocol::{SessionEntry, SessionKind};
use dissectors::session::{Hint, Input, Probe, Side};

/// Result of detection.
pub(super) enum Detection {
    /// The protocol is known.
    Found(&'static SessionKind),
    /// More bytes decide.
    Wait,
    /// No protocol of these bytes is known.
    None,
}

impl SessionDriver {
    /// The session protocol of the first bytes of a side. Content decides; a port decides between equals.
    #[inline(never)]
    pub(super) fn detect(&self, side: Side, bytes: &[u8], feed: &Feed<'_>) -> Detection {
        let conversation = &*feed.conversation;
        let is_datagram = self.input == Input::Datagrams;
        if is_datagram && self.undetected >= limits::UNDETECTED_DATAGRAMS {
            return Detection::None;
        }
        // An exchange may have opened the session without naming it.
        let is_whole = conversation.is_whole && self.exchange().is_none();
        let hint = Hint { side, ports: conversation.ports, bytes, is_first: self.undetected == 0, is_whole };
        let mut best: Option<(Probe, bool, SessionEntry)> = None;
        let mut may_be = false;
        for &entry in feed.registry.sessions().iter().filter(|entry| entry.kind.input == self.input) {
            let probe = (entry.kind.probe)(&hint);
            may_be |= probe == Probe::Perhaps;
            if probe >= Probe::Likely {
                let claims = entry.claims_port(conversation.ports);
                if best.is_none_or(|(found, port, _)| (probe, claims) > (found, port)) {
                    best = Some((probe, claims, entry));
                }
            }
            // No other can be better.
            if matches!(best, Some((Probe::Yes, true, _))) {
                break;
            }
        }
        let waits = may_be && !is_datagram && bytes.len() < limits::UNDETECTED_BYTES;
        match best {
            Some((Probe::Yes, _, entry)) => Detection::Found(entry.kind),
            _ if waits => Detection::Wait,
            Some((_, _, entry)) => Detection::Found(entry.kind),
            None => Detection::None,
        }
    }
}
