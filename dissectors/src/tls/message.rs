//! Reassembly of handshake messages that span records, up to a limit.

use super::handshake::{MESSAGE_HEADER_LEN, message_len};
use alloc::vec::Vec;

/// Maximum buffered bytes of a message that spans records; a certificate chain has some thousand bytes.
pub const MAX_MESSAGE: usize = 1 << 17;
/// Maximum number of fragments of one message that are recorded.
const MAX_FRAGMENTS: usize = 1024;

/// The fragments of a message read so far.
#[derive(Clone, Debug, Default)]
pub(super) struct HandshakeAssembly {
    pub(super) bytes: Vec<u8>,
    /// Frame and length of each fragment.
    pub(super) fragments: Vec<(u32, u32)>,
    /// Number of bytes read, which exceeds the buffered bytes if the message is too long.
    received: usize,
}

impl HandshakeAssembly {
    /// Returns whether a fragment was read.
    pub(super) fn is_started(&self) -> bool {
        self.received > 0
    }

    /// Returns whether the whole message was read.
    pub(super) fn is_complete(&self) -> bool {
        message_len(&self.bytes).is_some_and(|whole| self.received >= whole)
    }

    /// Returns whether all bytes read are buffered.
    pub(super) fn is_fully_buffered(&self) -> bool {
        self.received == self.bytes.len()
    }

    /// Adds the bytes that belong to the message; returns their number.
    pub(super) fn add(&mut self, bytes: &[u8], frame: u32) -> usize {
        let mut rest = bytes;
        // The header contains the length of the message.
        let head = MESSAGE_HEADER_LEN.saturating_sub(self.bytes.len());
        self.buffer(&mut rest, head);
        if let Some(whole) = message_len(&self.bytes) {
            self.buffer(&mut rest, whole.saturating_sub(self.received));
        }
        let len = bytes.len() - rest.len();
        if self.fragments.len() < MAX_FRAGMENTS {
            self.fragments.push((frame, len as u32));
        }
        len
    }

    /// Moves up to `len` bytes from `rest` to the buffer; bytes above the limit are only counted.
    fn buffer(&mut self, rest: &mut &[u8], len: usize) {
        let (part, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        let room = MAX_MESSAGE.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(part.get(..room).unwrap_or(part));
        self.received += part.len();
        *rest = after;
    }

    /// Returns the number of buffered bytes.
    pub(super) fn buffered(&self) -> usize {
        self.bytes.capacity() + self.fragments.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_reassembled_without_bytes_of_the_next() {
        let message = [11, 0, 0, 3, 1, 2, 3, 14, 0, 0, 0];
        for cut in 1..7 {
            let mut assembly = HandshakeAssembly::default();
            assert_eq!(assembly.add(&message[..cut], 1), cut);
            assert!(assembly.is_started() && !assembly.is_complete());
            assert_eq!(assembly.add(&message[cut..], 2), 7 - cut);
            assert!(assembly.is_complete() && assembly.is_fully_buffered());
            assert_eq!(assembly.bytes, message[..7]);
            assert_eq!(assembly.fragments, [(1, cut as u32), (2, 7 - cut as u32)]);
        }
    }

    #[test]
    fn a_message_of_16_mib_is_buffered_up_to_the_limit() {
        let mut assembly = HandshakeAssembly::default();
        assembly.add(&[11, 0xff, 0xff, 0xff], 1);
        for _ in 0..1024 {
            assert!(!assembly.is_complete());
            assembly.add(&[0; 16_384], 1);
        }
        assert!(assembly.is_complete() && !assembly.is_fully_buffered());
        assert_eq!(assembly.bytes.len(), MAX_MESSAGE);
        assert!(assembly.buffered() < 2 * MAX_MESSAGE);
    }
}
