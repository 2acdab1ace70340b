//! Boundaries of messages (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).
//!
//! ```text
//!   0       1                    5
//!   | flags | length, big-endian | data, `length` bytes |      flags: 1 compressed, 0x80 trailers of gRPC-Web
//! ```

/// Bytes before the data of a message.
pub(super) const PREFIX: usize = 5;

const COMPRESSED: u8 = 0x01;
const TRAILERS: u8 = 0x80;

/// What precedes the data of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub flags: u8,
    pub len: u32,
}

impl Prefix {
    /// Reads the prefix at the beginning of some bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<Prefix> {
        let &[flags, a, b, c, d] = bytes.first_chunk::<PREFIX>()?;
        Some(Prefix { flags, len: u32::from_be_bytes([a, b, c, d]) })
    }

    /// Bytes of the message with its prefix.
    pub(super) fn total(self) -> u64 {
        PREFIX as u64 + u64::from(self.len)
    }

    /// Whether no other flags are set than those that are defined.
    pub(super) fn is_sound(self) -> bool {
        self.flags & !(COMPRESSED | TRAILERS) == 0
    }

    /// Whether the data are compressed.
    pub(super) fn is_compressed(self) -> bool {
        self.flags & COMPRESSED != 0
    }

    /// Whether the data are the trailers of gRPC-Web.
    pub(super) fn has_trailers(self) -> bool {
        self.flags & TRAILERS != 0
    }
}

/// Whether some bytes are whole messages, up to their end.
pub(super) fn are_messages(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(prefix) = Prefix::read(rest).filter(|prefix| prefix.is_sound()) else { return false };
        let Some(after) = usize::try_from(prefix.total()).ok().and_then(|len| rest.get(len..)) else { return false };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_messages_if_the_last_one_ends_with_them() {
        assert!(are_messages(b"\0\0\0\0\x01x\x01\0\0\0\0"));
        assert!(!are_messages(b"\0\0\0\0\x02x"));
        assert!(!are_messages(b"\x02\0\0\0\x01x"));
        assert!(!are_messages(b"\0\0\0"));
    }
}
