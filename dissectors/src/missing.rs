//! Bytes that a session does not get.

/// Bytes that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// So many bytes.
    Bytes(u64),
    /// Some bytes; their number is unknown.
    Unknown,
    /// Perhaps some bytes: the layer below lost data that may have belonged to any lane.
    Perhaps,
    /// Bytes that were buffered and dropped because memory is short. Decoder state stays.
    Released,
}

impl Missing {
    /// The number of bytes, as far as it is known.
    #[must_use]
    pub fn len(self) -> u64 {
        if let Missing::Bytes(len) = self { len } else { 0 }
    }

    /// Whether no byte is known to be missing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}
