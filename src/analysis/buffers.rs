//! Bytes that conversations buffer, counted in shards with budgets of their own.
//!
//! A conversation belongs to the shard of its number, so which buffers are released does not depend on how conversations
//! are divided among threads.

use super::limits::SHARDS;

/// Limits of a shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShardLimits {
    /// Of all its conversations.
    pub(super) all: usize,
    /// Of all but the one that is read.
    pub(super) others: usize,
}

/// Bytes buffered by shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers {
    bytes: [usize; SHARDS],
}

impl Buffers {
    /// The shard of a conversation.
    pub(super) fn shard(number: u32) -> usize {
        number as usize % SHARDS
    }

    /// Counts a difference; returns the shard.
    pub(super) fn add(&mut self, number: u32, difference: isize) -> usize {
        let shard = Buffers::shard(number);
        self.bytes[shard] = self.bytes[shard].saturating_add_signed(difference);
        shard
    }

    /// Bytes of a shard.
    pub(super) fn of(&self, shard: usize) -> usize {
        self.bytes[shard]
    }

    /// Bytes of all shards.
    pub(super) fn total(&self) -> usize {
        self.bytes.iter().sum()
    }

    /// Whether a shard buffers more than its limits, `own` bytes of it by the conversation that is read.
    pub(super) fn is_over(&self, shard: usize, own: usize, limits: ShardLimits) -> bool {
        let bytes = self.bytes[shard];
        bytes > limits.all || bytes.saturating_sub(own) > limits.others
    }
}
