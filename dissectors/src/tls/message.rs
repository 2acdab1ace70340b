//! A message of the handshake that spans records: its bytes, as long as it may be.

use super::handshake::{HEAD, whole};
use alloc::vec::Vec;

/// As much of a message is kept as spans records; a chain of certificates has some thousand bytes.
pub const MAX_MESSAGE: usize = 1 << 17;
/// As many records of one message are remembered.
const MAX_PARTS: usize = 1024;

/// The parts of a message that were read.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    pub(super) bytes: Vec<u8>,
    /// The frames they came in, and how many bytes each.
    pub(super) parts: Vec<(u32, u32)>,
    /// How many bytes were read; more than are kept if the message is too long.
    seen: usize,
}

impl Assembly {
    /// Whether a part was read.
    pub(super) fn has_begun(&self) -> bool {
        self.seen > 0
    }

    /// Whether all was read.
    pub(super) fn is_whole(&self) -> bool {
        whole(&self.bytes).is_some_and(|whole| self.seen >= whole)
    }

    /// Whether all that was read is kept.
    pub(super) fn is_kept(&self) -> bool {
        self.seen == self.bytes.len()
    }

    /// Takes what belongs to the message; says how many bytes.
    pub(super) fn add(&mut self, bytes: &[u8], frame: u32) -> usize {
        let mut rest = bytes;
        // Its head says how long it is.
        let head = HEAD.saturating_sub(self.bytes.len());
        self.keep(&mut rest, head);
        if let Some(whole) = whole(&self.bytes) {
            self.keep(&mut rest, whole.saturating_sub(self.seen));
        }
        let taken = bytes.len() - rest.len();
        if self.parts.len() < MAX_PARTS {
            self.parts.push((frame, taken as u32));
        }
        taken
    }

    /// Takes up to `len` bytes.
    fn keep(&mut self, rest: &mut &[u8], len: usize) {
        let (part, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        let room = MAX_MESSAGE.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(part.get(..room).unwrap_or(part));
        self.seen += part.len();
        *rest = after;
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity() + self.parts.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_put_together_and_takes_nothing_of_the_next() {
        let message = [11, 0, 0, 3, 1, 2, 3, 14, 0, 0, 0];
        for cut in 1..7 {
            let mut assembly = Assembly::default();
            assert_eq!(assembly.add(&message[..cut], 1), cut);
            assert!(assembly.has_begun() && !assembly.is_whole());
            assert_eq!(assembly.add(&message[cut..], 2), 7 - cut);
            assert!(assembly.is_whole() && assembly.is_kept());
            assert_eq!(assembly.bytes, message[..7]);
            assert_eq!(assembly.parts, [(1, cut as u32), (2, 7 - cut as u32)]);
        }
    }

    #[test]
    fn of_a_message_of_16_mib_no_more_is_kept_than_may_be() {
        let mut assembly = Assembly::default();
        assembly.add(&[11, 0xff, 0xff, 0xff], 1);
        for _ in 0..1024 {
            assert!(!assembly.is_whole());
            assembly.add(&[0; 16_384], 1);
        }
        assert!(assembly.is_whole() && !assembly.is_kept());
        assert_eq!(assembly.bytes.len(), MAX_MESSAGE);
        assert!(assembly.held() < 2 * MAX_MESSAGE);
    }
}
