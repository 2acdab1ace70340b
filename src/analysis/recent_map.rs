//! A map with a maximum number of entries, which drops those that were set longest ago.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Values by key, each with the frame that set it.
#[derive(Clone)]
pub(crate) struct RecentMap<K, V> {
    entries: HashMap<K, (u32, V)>,
    /// Keys and frames in the order in which entries were set, also of entries that were removed or set again.
    order: VecDeque<(K, u32)>,
    limit: usize,
}

impl<K: Copy + Eq + Hash, V> RecentMap<K, V> {
    pub(crate) fn new(limit: usize) -> RecentMap<K, V> {
        RecentMap { entries: HashMap::new(), order: VecDeque::new(), limit }
    }

    /// Sets an entry. Returns the value that it had.
    pub(crate) fn insert(&mut self, key: K, frame: u32, value: V) -> Option<V> {
        self.order.push_back((key, frame));
        if self.order.len() > self.limit
            && let Some((oldest, frame)) = self.order.pop_front()
            && self.entries.get(&oldest).is_some_and(|&(set_by, _)| set_by == frame)
        {
            self.entries.remove(&oldest);
        }
        self.entries.insert(key, (frame, value)).map(|(_, value)| value)
    }

    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Removes an entry. Returns its value.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// Removes all entries. Returns their values.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = V> {
        self.order.clear();
        self.entries.drain().map(|(_, (_, value))| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_limit_the_entry_that_was_set_longest_ago_is_dropped() {
        let mut map = RecentMap::new(3);
        for (frame, key) in [(1, 'a'), (2, 'b'), (3, 'a'), (4, 'c')] {
            map.insert(key, frame, frame);
        }
        assert_eq!(['a', 'b', 'c'].map(|key| map.get(&key).copied()), [Some(3), Some(2), Some(4)]);
        map.insert('d', 5, 5);
        assert_eq!(['a', 'b', 'c', 'd'].map(|key| map.get(&key).copied()), [Some(3), None, Some(4), Some(5)]);
    }
}
