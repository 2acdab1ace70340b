//! Body limit: how much of the body of a message is kept and recorded.

use alloc::vec::Vec;

/// Maximum size of decoded content, in bytes, unless larger bodies are wanted.
pub const MAX_CONTENT: usize = 8 << 20;
/// Bytes of a body that are kept where only the row of a list is wanted: enough for the kind of an image.
const PREVIEW_BYTES: usize = 64;

/// Maximum number of bytes that are kept of each body, as sent; more are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BodyLimit(usize);

impl BodyLimit {
    /// The limit of a run that needs no other.
    pub const DEFAULT: BodyLimit = BodyLimit(1 << 20);

    /// The largest limit. A tree addresses 4 GiB, and a frame may have seven times the limit: bodies of several messages as sent,
    /// without chunks, and decoded.
    pub const MAX: BodyLimit = BodyLimit(512 << 20);

    /// Returns the limit for this number of bytes, from the default to the largest.
    #[must_use]
    pub fn at_least(bytes: usize) -> BodyLimit {
        BodyLimit(bytes).clamp(BodyLimit::DEFAULT, BodyLimit::MAX)
    }

    /// Returns the number of bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }

    /// Returns the bytes by which limits of memory are higher for each large body: none for the default, which they include.
    #[must_use]
    pub fn extra(self) -> usize {
        if self > BodyLimit::DEFAULT { self.0 } else { 0 }
    }

    /// Maximum size of decoded content, in bytes.
    pub(crate) fn content(self) -> usize {
        self.0.max(MAX_CONTENT)
    }

    /// Maximum size of the content in a frame, in bytes: beyond it, bodies are recorded as sent. A frame that closes a gap
    /// can complete many messages, each of them compressed to a thousandth.
    pub(crate) fn frame_content(self) -> usize {
        self.content().saturating_mul(4)
    }
}

/// Amount of a body that is kept and recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyDetail {
    /// The whole body, up to a limit.
    Full(BodyLimit),
    /// At most the first few bytes.
    Preview,
    /// Neither bytes nor the type of the content.
    Nothing,
}

impl BodyDetail {
    /// Returns the number of bytes that are kept.
    pub(crate) fn bytes(self) -> usize {
        match self {
            BodyDetail::Full(limit) => limit.bytes(),
            BodyDetail::Preview => PREVIEW_BYTES,
            BodyDetail::Nothing => 0,
        }
    }

    /// Whether the whole body is recorded, up to a limit.
    pub(crate) fn is_full(self) -> bool {
        matches!(self, BodyDetail::Full(_))
    }
}

/// Appends bytes to a buffer that has at most `limit` of them.
pub(crate) fn append_within(buffer: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    let bytes = bytes.get(..limit.saturating_sub(buffer.len())).unwrap_or(bytes);
    let (len, capacity) = (buffer.len() + bytes.len(), buffer.capacity());
    if len > capacity {
        // As the buffer grows by itself, but never to more than is kept: that may be twice the limit of a shard.
        buffer.reserve_exact(capacity.saturating_mul(2).min(limit).max(len) - buffer.len());
    }
    buffer.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_from_the_default_to_the_largest() {
        for (bytes, limit) in [(0, 1 << 20), (5 << 20, 5 << 20), (usize::MAX, 512 << 20)] {
            assert_eq!(BodyLimit::at_least(bytes).bytes(), limit, "{bytes}");
        }
        let frame = BodyLimit::MAX.frame_content() + 3 * BodyLimit::MAX.bytes();
        assert!(u32::try_from(frame).is_ok());
    }

    #[test]
    fn a_buffer_grows_to_its_limit() {
        let mut buffer = Vec::new();
        for _ in 0..40 {
            append_within(&mut buffer, &[1; 30], 1000);
        }
        assert_eq!((buffer.len(), buffer.capacity()), (1000, 1000));
    }
}
