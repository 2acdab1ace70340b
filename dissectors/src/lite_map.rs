//! Removal from maps in sorted lists, which then take no more memory than maps in trees.

use alloc::vec::Vec;
use litemap::LiteMap;

/// Entries that a map has room for, however few it has.
const KEPT: usize = 8;

/// Removes an entry. A map that has become much smaller releases memory.
pub fn remove<K: Ord, V>(map: &mut LiteMap<K, V>, key: &K) -> Option<V> {
    let removed = map.remove(key);
    shrink(map);
    removed
}

/// Releases memory of a map that has become much smaller.
pub fn shrink<K: Ord, V>(map: &mut LiteMap<K, V>) {
    let mut entries: Vec<(K, V)> = core::mem::take(map).into_tuple_vec();
    if entries.capacity() > KEPT && entries.len() < entries.capacity() / 4 {
        entries.shrink_to(KEPT.max(entries.len() * 2));
    }
    *map = LiteMap::from_sorted_store_unchecked(entries);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_from_which_most_is_removed_takes_little_memory() {
        let mut map: LiteMap<u32, u32> = (0..1000).map(|nth| (nth, nth)).collect();
        for nth in 0..997 {
            assert_eq!(remove(&mut map, &nth), Some(nth));
        }
        assert_eq!(remove(&mut map, &5), None);
        let entries = map.into_tuple_vec();
        assert_eq!(entries, [(997, 997), (998, 998), (999, 999)]);
        assert!(entries.capacity() <= 2 * KEPT, "{}", entries.capacity());
    }
}
