//! The table of conversations. They are numbered in capture order. At the limit, the longest idle one is evicted.

use super::limits;
use crate::capture::Endpoint;
use dissectors::exchange::Exchange;
use dissectors::packet::Address;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// The endpoints of a conversation, the lower first: both directions have the same key.
#[derive(Clone, Copy, Debug, Eq)]
pub(super) struct FlowKey {
    /// Addresses as numbers, the lower half first: in words of eight bytes, an entry of the table takes one cache line.
    low: [u64; 2],
    high: [u64; 2],
    /// Both ports, and whether the addresses are IPv6: an IPv4 address can be the same number.
    ports: u64,
}

impl FlowKey {
    pub(super) fn new(source: Endpoint, destination: Endpoint) -> FlowKey {
        let (from, v6) = address_number(source.address);
        let (to, _) = address_number(destination.address);
        FlowKey::of_numbers([from, to], v6, [source.port, destination.port])
    }

    /// The key of the addresses of a packet as numbers, and of its ports: those of the source first.
    #[inline]
    pub(super) fn of_numbers([from, to]: [u128; 2], is_v6: bool, ports: [u16; 2]) -> FlowKey {
        let [from_port, to_port] = ports.map(u64::from);
        let version = u64::from(is_v6) << 32;
        let words = |number: u128| [number as u64, (number >> 64) as u64];
        if from < to || from == to && from_port <= to_port {
            FlowKey { low: words(from), high: words(to), ports: from_port << 16 | to_port | version }
        } else {
            FlowKey { low: words(to), high: words(from), ports: to_port << 16 | from_port | version }
        }
    }
}

/// The keys of conversations that were evicted, as tags in places of a table: a later one may replace an earlier one.
#[derive(Clone, Debug)]
struct EvictedKeys(Box<[u32]>);

impl EvictedKeys {
    fn new() -> EvictedKeys {
        EvictedKeys(vec![0; limits::EVICTED_CONVERSATIONS].into())
    }

    /// The place of a key, and its tag, which is not 0. They are the same in each run and thread, and computed for each new
    /// conversation, so the hash is a simple one.
    fn place(key: &FlowKey) -> (usize, u32) {
        let words = [key.low[0], key.low[1], key.high[0], key.high[1], key.ports];
        // A multiplication changes higher bits only: these are mixed into the lower ones.
        let mix = |hash: u64, word: u64| {
            let product = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            product ^ product >> 32
        };
        let hash = words.into_iter().fold(0, mix).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((hash >> 48) as usize % limits::EVICTED_CONVERSATIONS, hash as u32 | 1)
    }

    fn insert(&mut self, key: &FlowKey) {
        let (place, tag) = EvictedKeys::place(key);
        if let Some(entry) = self.0.get_mut(place) {
            *entry = tag;
        }
    }

    /// Removes a key. Returns whether it was there.
    fn remove(&mut self, key: &FlowKey) -> bool {
        let (place, tag) = EvictedKeys::place(key);
        let Some(entry) = self.0.get_mut(place).filter(|entry| **entry == tag) else { return false };
        *entry = 0;
        true
    }
}

/// Whether a conversation continues one with the same endpoints that was evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Continuation {
    /// It does not, as far as is known.
    #[default]
    None,
    /// It was evicted, and no frame of this one was read. A packet that an error quotes is none.
    Expected,
    /// It does.
    Found,
}

impl Continuation {
    pub(super) fn of(was_evicted: bool) -> Continuation {
        if was_evicted { Continuation::Expected } else { Continuation::None }
    }

    /// Notes that a frame of the conversation was read that may continue another. Returns whether it is the first one, and does.
    #[inline]
    pub(super) fn read_frame(&mut self, may_continue: bool) -> bool {
        let is_expected = *self == Continuation::Expected;
        if is_expected {
            *self = if may_continue { Continuation::Found } else { Continuation::None };
        }
        is_expected && may_continue
    }

    /// Notes that the request of an exchange may be in the conversation that was evicted, if it was not seen.
    pub(super) fn mark_request(self, exchange: &mut Exchange) {
        exchange.has_unknown_request |= self == Continuation::Found && exchange.request.is_none();
    }
}

impl PartialEq for FlowKey {
    /// In one comparison of registers: one of vectors would wait until a new key is stored.
    fn eq(&self, other: &FlowKey) -> bool {
        let differences = |own: [u64; 2], other: [u64; 2]| (own[0] ^ other[0]) | (own[1] ^ other[1]);
        differences(self.low, other.low) | differences(self.high, other.high) | (self.ports ^ other.ports) == 0
    }
}

impl std::hash::Hash for FlowKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        if self.ports >> 32 == 0 {
            // Both addresses are IPv4.
            state.write_u64(self.low[0] << 32 | self.high[0]);
        } else {
            self.low.iter().chain(&self.high).for_each(|&word| state.write_u64(word));
        }
        state.write_u64(self.ports);
    }
}

/// Returns the address as a number, and whether it is IPv6.
fn address_number(address: Address) -> (u128, bool) {
    match address {
        Address::None => (0, false),
        Address::V4(bytes) => (u32::from_be_bytes(bytes).into(), false),
        Address::V6(bytes) => (u128::from_be_bytes(bytes), true),
    }
}

/// The conversations of one transport protocol, with the state of each.
#[derive(Clone, Debug)]
pub(super) struct FlowTable<T> {
    /// Indexes of the entries by the hash of their keys. The keys are in the entries only, so that the table stays in the
    /// processor's cache.
    indexes: HashTable<u32>,
    hasher: DefaultHashBuilder,
    entries: Vec<FlowEntry<T>>,
    /// Indexes of the entries with the most and the least recent frame; `NONE` in an empty table.
    newest: u32,
    oldest: u32,
    next_number: u32,
    /// Those that were evicted, if any were.
    evicted: Option<EvictedKeys>,
}

/// A conversation that was added.
pub(super) struct AddedFlow<T> {
    pub(super) index: FlowIndex,
    /// The conversation that was evicted for it.
    pub(super) evicted: Option<T>,
    /// Whether a conversation with its key was evicted before.
    pub(super) was_evicted: bool,
}

#[derive(Clone, Debug)]
struct FlowEntry<T> {
    key: FlowKey,
    newer: u32,
    older: u32,
    flow: T,
}

const NONE: u32 = u32::MAX;

/// The index of a conversation in its [`FlowTable`], valid until a conversation is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowIndex(u32);

/// The place of a conversation that is not in the table, valid until it changes.
pub(super) struct Vacancy {
    key: FlowKey,
    hash: u64,
}

impl<T> FlowTable<T> {
    pub(super) fn new() -> FlowTable<T> {
        FlowTable {
            indexes: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            entries: Vec::new(),
            newest: NONE,
            oldest: NONE,
            next_number: 0,
            evicted: None,
        }
    }

    /// Returns the number of the next new conversation.
    pub(super) fn next_number(&self) -> u32 {
        self.next_number
    }

    /// Returns the number for a new conversation.
    pub(super) fn assign_number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    /// Returns the conversation with a key, or else a place for it.
    #[inline]
    pub(super) fn find(&mut self, key: FlowKey) -> Result<FlowIndex, Vacancy> {
        // Frames of a conversation often follow each other.
        if self.entries.get(self.newest as usize).is_some_and(|newest| newest.key == key) {
            return Ok(FlowIndex(self.newest));
        }
        let hash = self.hasher.hash_one(key);
        let Some(&index) = self.indexes.find(hash, |&index| self.entries[index as usize].key == key) else {
            return Err(Vacancy { key, hash });
        };
        self.touch(index);
        Ok(FlowIndex(index))
    }

    /// Adds a conversation.
    pub(super) fn add(&mut self, vacancy: Vacancy, flow: T) -> AddedFlow<T> {
        let Vacancy { key, hash } = vacancy;
        let was_evicted = self.evicted.as_mut().is_some_and(|known| known.remove(&key));
        if self.entries.len() < limits::CONVERSATIONS {
            let index = self.entries.len() as u32;
            self.entries.push(FlowEntry { key, newer: NONE, older: NONE, flow });
            self.link(index);
            self.insert_index(hash, index);
            return AddedFlow { index: FlowIndex(index), evicted: None, was_evicted };
        }
        let index = self.oldest;
        let oldest = self.entries[index as usize].key;
        self.evicted.get_or_insert_with(EvictedKeys::new).insert(&oldest);
        self.unlink(index);
        self.remove_index(index);
        let entry = &mut self.entries[index as usize];
        entry.key = key;
        let evicted = std::mem::replace(&mut entry.flow, flow);
        self.link(index);
        self.insert_index(hash, index);
        AddedFlow { index: FlowIndex(index), evicted: Some(evicted), was_evicted }
    }

    /// Adds the index of an entry to the table. `hash` is that of its key.
    fn insert_index(&mut self, hash: u64, index: u32) {
        let FlowTable { indexes, hasher, entries, .. } = self;
        indexes.insert_unique(hash, index, |&index| hasher.hash_one(entries[index as usize].key));
    }

    /// Removes the index of an entry from the table, before the entry changes.
    fn remove_index(&mut self, index: u32) {
        let hash = self.hasher.hash_one(self.entries[index as usize].key);
        if let Ok(found) = self.indexes.find_entry(hash, |&other| other == index) {
            found.remove();
        }
    }

    /// Returns the state of a conversation for modification.
    pub(super) fn flow_mut(&mut self, index: FlowIndex) -> &mut T {
        &mut self.entries[index.0 as usize].flow
    }

    /// Returns the state of a conversation.
    fn get(&self, index: FlowIndex) -> Option<&T> {
        self.entries.get(index.0 as usize).map(|entry| &entry.flow)
    }

    /// Removes a conversation. The conversation with the last index moves to its index.
    fn remove(&mut self, FlowIndex(index): FlowIndex) -> Option<T> {
        let last = self.entries.len().checked_sub(1)? as u32;
        self.unlink(index);
        self.remove_index(index);
        if index != last {
            self.remove_index(last);
        }
        let FlowEntry { flow, .. } = self.entries.swap_remove(index as usize);
        if index != last {
            let FlowEntry { key, newer, older, .. } = self.entries[index as usize];
            self.insert_index(self.hasher.hash_one(key), index);
            match newer {
                NONE => self.newest = index,
                newer => self.entries[newer as usize].older = index,
            }
            match older {
                NONE => self.oldest = index,
                older => self.entries[older as usize].newer = index,
            }
        }
        Some(flow)
    }

    /// Removes the conversations that are over among those idle for long enough.
    pub(super) fn remove_idle(&mut self, is_idle: impl Fn(&T) -> bool, is_over: impl Fn(&T) -> bool) -> Vec<T> {
        let flows = self.oldest().filter_map(|index| Some((index, self.get(index)?)));
        let idle = flows.take_while(|(_, flow)| is_idle(flow));
        let mut over: Vec<_> = idle.filter(|(_, flow)| is_over(flow)).map(|(index, _)| index).collect();
        // The last indexes first: each is filled with the last of all.
        over.sort_unstable();
        over.into_iter().rev().filter_map(|index| self.remove(index)).collect()
    }

    /// Returns the conversations, the longest idle first.
    fn oldest(&self) -> impl Iterator<Item = FlowIndex> {
        let some = |index: u32| (index != NONE).then_some(index);
        let newer = move |&index: &u32| self.entries.get(index as usize).and_then(|entry| some(entry.newer));
        std::iter::successors(some(self.oldest), newer).map(FlowIndex)
    }

    /// Visits the conversations, the longest idle first, until one is the last to visit. Returns whether there was one.
    pub(super) fn oldest_until(&mut self, mut is_last: impl FnMut(&mut T) -> bool) -> bool {
        let mut index = self.oldest;
        while let Some(entry) = self.entries.get_mut(index as usize) {
            if is_last(&mut entry.flow) {
                return true;
            }
            index = entry.newer;
        }
        false
    }

    /// Returns the conversations, the one with the most recent frame first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &T> {
        let entry = |index: u32| self.entries.get(index as usize);
        std::iter::successors(entry(self.newest), move |last| entry(last.older)).map(|entry| &entry.flow)
    }

    /// Removes and returns all conversations.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.indexes.clear();
        (self.newest, self.oldest) = (NONE, NONE);
        std::mem::take(&mut self.entries).into_iter().map(|entry| entry.flow)
    }

    /// Makes an entry the most recent one.
    fn touch(&mut self, index: u32) {
        if self.newest != index {
            self.unlink(index);
            self.link(index);
        }
    }

    /// Removes an entry from the list that is ordered by recency.
    fn unlink(&mut self, index: u32) {
        let FlowEntry { newer, older, .. } = self.entries[index as usize];
        match newer {
            NONE => self.newest = older,
            newer => self.entries[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.entries[older as usize].newer = newer,
        }
    }

    /// Adds an entry to that list as the most recent one.
    fn link(&mut self, index: u32) {
        let newest = std::mem::replace(&mut self.newest, index);
        let entry = &mut self.entries[index as usize];
        (entry.newer, entry.older) = (NONE, newest);
        match newest {
            NONE => self.oldest = index,
            newest => self.entries[newest as usize].newer = index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(address: u8, port: u16) -> Endpoint {
        Endpoint { address: Address::V4([10, 0, 0, address]), port }
    }

    /// The conversation between two endpoints, and the one that was evicted for it.
    fn find(table: &mut FlowTable<u32>, source: Endpoint, destination: Endpoint) -> (FlowIndex, Option<u32>) {
        match table.find(FlowKey::new(source, destination)) {
            Ok(known) => (known, None),
            Err(vacancy) => {
                let number = table.assign_number();
                let added = table.add(vacancy, number);
                (added.index, added.evicted)
            }
        }
    }

    #[test]
    fn both_directions_are_one_conversation_and_others_are_not() {
        let mut table: FlowTable<u32> = FlowTable::new();
        let (first, _) = find(&mut table, endpoint(1, 1000), endpoint(2, 80));
        let (back, _) = find(&mut table, endpoint(2, 80), endpoint(1, 1000));
        let (crossed, _) = find(&mut table, endpoint(2, 1000), endpoint(1, 80));
        assert_eq!((*table.flow_mut(first), *table.flow_mut(back), *table.flow_mut(crossed)), (0, 0, 1));
    }

    #[test]
    fn removal_keeps_the_other_conversations_and_their_order() {
        let mut table: FlowTable<u32> = FlowTable::new();
        let indexes: Vec<FlowIndex> =
            (0..5).map(|port| find(&mut table, endpoint(1, port), endpoint(2, 80)).0).collect();
        assert_eq!(table.remove(indexes[1]), Some(1));
        assert_eq!(table.remove(indexes[0]), Some(0));
        let order = |table: &FlowTable<u32>| -> Vec<u32> {
            table.oldest().filter_map(|index| table.get(index)).copied().collect()
        };
        assert_eq!(order(&table), [2, 3, 4]);
        let (again, _) = find(&mut table, endpoint(1, 3), endpoint(2, 80));
        let (new, _) = find(&mut table, endpoint(1, 0), endpoint(2, 80));
        assert_eq!((*table.flow_mut(again), *table.flow_mut(new)), (3, 5));
        assert_eq!(order(&table), [2, 4, 3, 5]);
        for _ in 0..4 {
            let index = table.oldest().next().expect("a conversation is left");
            table.remove(index);
        }
        assert_eq!((order(&table), table.indexes.len(), table.newest), (vec![], 0, NONE));
    }

    #[test]
    fn a_key_is_known_to_be_evicted_until_it_is_taken() {
        let keys = [1, 2].map(|port| FlowKey::new(endpoint(1, port), endpoint(2, 80)));
        let mut evicted = EvictedKeys::new();
        assert!(!evicted.remove(&keys[0]));
        evicted.insert(&keys[0]);
        assert_eq!(
            [evicted.remove(&keys[1]), evicted.remove(&keys[0]), evicted.remove(&keys[0])],
            [false, true, false]
        );
        // Both directions are one conversation.
        evicted.insert(&FlowKey::new(endpoint(2, 80), endpoint(1, 2)));
        assert!(evicted.remove(&keys[1]));
    }

    #[test]
    fn the_keys_of_a_full_table_are_almost_all_known_and_no_others() {
        let key = |nth: u32| FlowKey::new(endpoint(1, nth as u16), endpoint(2 + (nth >> 16) as u8, 80));
        let mut evicted = EvictedKeys::new();
        let count = limits::EVICTED_CONVERSATIONS as u32 / 16;
        (0..count).for_each(|nth| evicted.insert(&key(nth)));
        // Of so many keys, each meets a later one in its place with a probability of 1/32 on average.
        let unknown = (0..count).filter(|&nth| !evicted.remove(&key(nth))).count() as u32;
        assert!(unknown < count / 16, "{unknown}");
        assert!((0..count).all(|nth| !evicted.remove(&key(nth))), "each is taken once");
    }

    #[test]
    fn a_conversation_continues_another_with_its_first_frame_only() {
        let read = |was_evicted, frames: [bool; 2]| {
            let mut continuation = Continuation::of(was_evicted);
            (frames.map(|may_continue| continuation.read_frame(may_continue)), continuation)
        };
        assert_eq!(read(false, [true, true]), ([false, false], Continuation::None));
        assert_eq!(read(true, [true, true]), ([true, false], Continuation::Found));
        // A SYN begins another connection.
        assert_eq!(read(true, [false, true]), ([false, false], Continuation::None));
    }

    #[test]
    fn the_longest_idle_conversation_is_evicted() {
        let mut table: FlowTable<u32> = FlowTable::new();
        for nth in 0..limits::CONVERSATIONS {
            let port = nth as u16;
            assert_eq!(find(&mut table, endpoint(1, port), endpoint(2 + (nth >> 16) as u8, 80)).1, None);
        }
        find(&mut table, endpoint(1, 0), endpoint(2, 80));
        let (_, evicted) = find(&mut table, endpoint(9, 9), endpoint(2, 80));
        assert_eq!(evicted, Some(1), "conversation 0 has a later frame");
        let (again, evicted) = find(&mut table, endpoint(1, 1), endpoint(2, 80));
        assert_eq!((evicted, *table.flow_mut(again)), (Some(2), limits::CONVERSATIONS as u32 + 1));
    }
}
