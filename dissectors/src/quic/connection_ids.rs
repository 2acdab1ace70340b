//! Connection IDs that a side has chosen (RFC 9000 5.1), and the tokens that reset connections to it (RFC 9000 10.3).

use crate::datagram_path::PathId;
use alloc::vec::Vec;

/// Connection IDs that are kept of a side, and tokens. Peers keep 2 to 8.
const MAX_IDS: usize = 16;
/// Length of the token of a stateless reset, at the end of a datagram (RFC 9000 10.3).
const RESET_TOKEN: usize = 16;
/// Minimum length of a stateless reset.
const MIN_RESET: usize = 21;

/// Connection IDs of one side, and its tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectionIds {
    ids: Vec<PathId>,
    tokens: Vec<[u8; RESET_TOKEN]>,
    /// The first ones that were not taken yet.
    reported: usize,
}

impl ConnectionIds {
    pub(super) fn add(&mut self, id: &[u8]) {
        let Some(id) = PathId::new(id).filter(|id| !self.ids.contains(id)) else { return };
        if self.ids.len() == MAX_IDS {
            self.ids.remove(0);
            self.reported = self.reported.saturating_sub(1);
        }
        self.ids.push(id);
    }

    pub(super) fn add_token(&mut self, token: &[u8]) {
        let Ok(token) = token.try_into() else { return };
        if self.tokens.contains(&token) {
            return;
        }
        if self.tokens.len() == MAX_IDS {
            self.tokens.remove(0);
        }
        self.tokens.push(token);
    }

    /// Returns all that are kept.
    pub(super) fn all(&self) -> &[PathId] {
        &self.ids
    }

    pub(super) fn contains(&self, id: &[u8]) -> bool {
        self.ids.iter().any(|known| known.bytes() == id)
    }

    /// Returns the length of the longest one with which bytes begin.
    pub(super) fn prefix_len(&self, bytes: &[u8]) -> Option<usize> {
        self.ids.iter().map(PathId::bytes).filter(|id| bytes.starts_with(id)).map(<[u8]>::len).max()
    }

    /// Whether a datagram ends with one of the tokens.
    pub(super) fn is_reset(&self, datagram: &[u8]) -> bool {
        datagram.len() >= MIN_RESET && datagram.last_chunk().is_some_and(|end| self.tokens.contains(end))
    }

    /// Takes those that were added since the last call, and by which a conversation is found.
    pub(super) fn take_new(&mut self) -> impl Iterator<Item = PathId> {
        let first = core::mem::replace(&mut self.reported, self.ids.len());
        self.ids.iter().skip(first).copied().filter(PathId::is_distinctive)
    }
}
