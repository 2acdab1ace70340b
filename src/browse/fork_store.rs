//! Forks of cursors on long conversations, to resume from when an earlier frame is requested.

use super::detail::Detail;
use super::frame_table::ConversationKey;
use super::random_access::ForwardCursor;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Maximum number of forks of one cursor.
const MAX_FORKS: usize = 16;

/// Number of frames between the forks of a cursor, until there are too many.
const FIRST_DISTANCE: usize = 1024;

/// Maximum number of bytes of all forks.
const MAX_BYTES: usize = 32 << 20;

/// Bytes of a fork beside what its conversations buffer: tables, sessions, and the fields to record.
const BASE_BYTES: usize = 16 << 10;

/// The fields that a cursor records, and the long conversation that it reads.
pub(super) type CursorKey = (Detail, ConversationKey);

/// A cursor on a long conversation.
pub(super) struct ConversationCursor {
    pub(super) cursor: ForwardCursor,
    /// Conversations whose later frames are known to it.
    pub(super) first_pass_of: Vec<ConversationKey>,
    /// Last frame of the conversation that it has read.
    pub(super) upto: u32,
    /// Number of frames of the conversation that it has read.
    pub(super) position: usize,
}

impl ConversationCursor {
    fn fork(&self) -> ConversationCursor {
        let ConversationCursor { cursor, first_pass_of, upto, position } = self;
        let (cursor, first_pass_of) = (cursor.fork(), first_pass_of.clone());
        ConversationCursor { cursor, first_pass_of, upto: *upto, position: *position }
    }
}

/// A fork in the store.
struct StoredFork {
    key: CursorKey,
    cursor: ConversationCursor,
    bytes: usize,
}

/// Forks at regular distances along each conversation. Their distance doubles when there are too many, so the whole
/// conversation stays covered.
#[derive(Default)]
pub(super) struct ForkStore {
    /// Forks, the oldest first.
    forks: VecDeque<StoredFork>,
    distances: HashMap<CursorKey, usize>,
    /// Bytes of all forks.
    bytes: usize,
}

impl ForkStore {
    /// Returns the number of frames that a cursor reads up to the place of its next fork.
    pub(super) fn frames_to_next(&self, key: CursorKey, position: usize) -> usize {
        let distance = self.distance(key);
        distance - position % distance
    }

    fn distance(&self, key: CursorKey) -> usize {
        self.distances.get(&key).copied().unwrap_or(FIRST_DISTANCE)
    }

    /// Adds a fork of a cursor, if it is at the place of one.
    pub(super) fn add(&mut self, key: CursorKey, cursor: &ConversationCursor) {
        let is_same = |fork: &StoredFork| fork.key == key && fork.cursor.position == cursor.position;
        if !cursor.position.is_multiple_of(self.distance(key)) || self.forks.iter().any(is_same) {
            return;
        }
        let bytes = BASE_BYTES + cursor.cursor.buffered();
        if bytes > MAX_BYTES {
            return;
        }
        self.forks.push_back(StoredFork { key, cursor: cursor.fork(), bytes });
        self.bytes += bytes;
        while self.forks.iter().filter(|fork| fork.key == key).count() > MAX_FORKS {
            let distance = 2 * self.distance(key);
            self.distances.insert(key, distance);
            self.retain(|fork| fork.key != key || fork.cursor.position.is_multiple_of(distance));
        }
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.forks.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
    }

    /// Returns a cursor that resumes from the nearest fork before a frame, if there is one that has read more than up to
    /// frame `from`.
    pub(super) fn nearest(&self, key: CursorKey, from: u32, frame: u32) -> Option<ConversationCursor> {
        let is_between = |upto: u32| upto > from && upto < frame;
        let earlier = self.forks.iter().filter(|fork| fork.key == key && is_between(fork.cursor.upto));
        Some(earlier.max_by_key(|fork| fork.cursor.upto)?.cursor.fork())
    }

    /// Drops the forks of all cursors with this level of detail.
    pub(super) fn clear(&mut self, detail: Detail) {
        self.retain(|fork| fork.key.0 != detail);
        self.distances.retain(|key, _| key.0 != detail);
    }

    fn retain(&mut self, keeps: impl Fn(&StoredFork) -> bool) {
        self.forks.retain(keeps);
        self.bytes = self.forks.iter().map(|fork| fork.bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Analyzer, Task};

    /// A store after a cursor has read so many frames, and the cursor.
    fn read(frames: usize) -> (ForkStore, CursorKey) {
        let mut store = ForkStore::default();
        let key = (Detail::Row, ConversationKey::stream(3));
        let cursor = ForwardCursor::new(Analyzer::new(Task::default()), true);
        let mut cursor = ConversationCursor { cursor, first_pass_of: Vec::new(), upto: 0, position: 0 };
        while cursor.position < frames {
            cursor.position += store.frames_to_next(key, cursor.position);
            cursor.upto = 2 * cursor.position as u32;
            store.add(key, &cursor);
        }
        (store, key)
    }

    #[test]
    fn forks_cover_a_conversation_of_any_length() {
        for frames in [1024, 10_000, 100_000, 1_000_000] {
            let (store, key) = read(frames);
            let count = store.forks.len();
            assert!(count <= MAX_FORKS && (count > MAX_FORKS / 2 || frames < 10_000), "{count} of {frames} frames");
            let distance = store.distance(key);
            for position in (distance..frames).step_by(distance / 2 + 1) {
                let fork = store.nearest(key, 0, 2 * position as u32 + 1).expect("a fork");
                assert!(fork.position <= position && position - fork.position < distance, "{position} of {frames}");
            }
            assert!(store.nearest(key, 0, 5).is_none());
            assert!(store.nearest((Detail::Tree, key.1), 0, u32::MAX).is_none());
        }
    }

    #[test]
    fn drops_the_oldest_forks_beyond_the_limit() {
        let (mut store, key) = read(1024);
        let fork = store.forks.pop_front().expect("a fork");
        for number in 0..10 * MAX_BYTES / BASE_BYTES {
            let key = (Detail::Row, ConversationKey::stream(number as u32));
            store.add(key, &fork.cursor);
        }
        assert_eq!(store.bytes, MAX_BYTES / BASE_BYTES * BASE_BYTES);
        assert!(store.nearest(key, 0, u32::MAX).is_none());
        store.clear(Detail::Row);
        assert_eq!((store.bytes, store.forks.len()), (0, 0));
    }
}
