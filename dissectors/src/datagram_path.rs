//! Paths of conversations in datagrams: one may continue between other endpoints (RFC 9000 9).

use crate::identity::Side;

/// Relation of the first datagram between two endpoints to conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDatagram {
    /// It begins a conversation that may continue between other endpoints.
    Begins,
    /// It may continue a conversation.
    MayContinue,
}

/// Returns the relation of a first datagram to conversations of a protocol, if its bytes can be of the protocol.
pub type FirstDatagramFn = fn(&[u8]) -> Option<FirstDatagram>;

/// A path of a conversation between other endpoints than those that it began between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FurtherPath {
    /// Its number among the conversations.
    pub number: u32,
    /// Whether both sides have sent on it. Anyone can send a datagram with an identifier that was seen on the wire, but a receiver
    /// responds only to what is authentic.
    pub is_answered: bool,
}

/// An identifier of a receiver (a connection ID of QUIC), which follows the first byte of datagrams wherever they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PathId {
    len: u8,
    bytes: [u8; PathId::MAX],
}

impl PathId {
    /// Minimum length of one that a conversation is found by. Other datagrams have a shorter one by chance.
    const MIN: usize = 4;
    /// Maximum length: that of connection IDs of QUIC.
    const MAX: usize = 20;

    /// Creates an identifier, unless it is too long.
    #[must_use]
    pub fn new(id: &[u8]) -> Option<PathId> {
        let mut bytes = [0; PathId::MAX];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(PathId { len: id.len() as u8, bytes })
    }

    /// Returns its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    /// Whether it is long enough to find a conversation by it.
    #[must_use]
    pub fn is_distinctive(&self) -> bool {
        usize::from(self.len) >= PathId::MIN
    }

    /// Returns the identifiers that a datagram may have, the longest first.
    pub fn candidates(datagram: &[u8]) -> impl Iterator<Item = PathId> {
        let lengths = (PathId::MIN..=PathId::MAX).rev();
        lengths.filter_map(move |len| PathId::new(datagram.get(1..1 + len)?))
    }
}

/// An identifier that the session of a conversation has learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPathId {
    /// The identifier.
    pub id: PathId,
    /// The side that receives datagrams with it.
    pub receiver: Side,
}
