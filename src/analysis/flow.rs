//! Table of conversations by their endpoints: numbered in capture order, the one idle longest is evicted first.

use super::limits;
use crate::capture::Endpoint;
use dissectors::packet::Address;
use hashbrown::HashMap;

/// Both endpoints of a conversation, the lower one first, so that both directions have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    low: u128,
    high: u128,
    /// Port of the lower endpoint, port of the higher one, and a bit for IPv6, whose numbers can equal those of IPv4.
    ports: u64,
}

impl Key {
    fn new(source: Endpoint, destination: Endpoint) -> Key {
        let (from, v6) = number(source.address);
        let (to, _) = number(destination.address);
        let (from_port, to_port) = (u64::from(source.port), u64::from(destination.port));
        let version = u64::from(v6) << 32;
        if from < to || from == to && from_port <= to_port {
            Key { low: from, high: to, ports: from_port << 16 | to_port | version }
        } else {
            Key { low: to, high: from, ports: to_port << 16 | from_port | version }
        }
    }
}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u128(self.low);
        state.write_u128(self.high);
        state.write_u64(self.ports);
    }
}

fn number(address: Address) -> (u128, bool) {
    match address {
        Address::None => (0, false),
        Address::V4(bytes) => (u32::from_be_bytes(bytes).into(), false),
        Address::V6(bytes) => (u128::from_be_bytes(bytes), true),
    }
}

/// Conversations of one transport protocol, each with its state.
#[derive(Debug)]
pub(super) struct FlowTable<T> {
    indexes: HashMap<Key, u32>,
    entries: Vec<Entry<T>>,
    /// Entries with the most and the least recent frame; `NONE` in an empty table.
    newest: u32,
    oldest: u32,
    next_number: u32,
}

#[derive(Debug)]
struct Entry<T> {
    key: Key,
    newer: u32,
    older: u32,
    flow: T,
}

const NONE: u32 = u32::MAX;

/// Index of a conversation in its [`FlowTable`]. Valid until a conversation is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowIndex(u32);

impl<T> FlowTable<T> {
    pub(super) fn new() -> FlowTable<T> {
        FlowTable { indexes: HashMap::new(), entries: Vec::new(), newest: NONE, oldest: NONE, next_number: 0 }
    }

    /// Assigns the next conversation number.
    pub(super) fn number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    /// Returns the conversation between two endpoints, created by `begin` if there is none, and the one evicted for it.
    pub(super) fn find(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        begin: impl FnOnce(u32) -> T,
    ) -> (FlowIndex, Option<T>) {
        let key = Key::new(source, destination);
        if let Some(&index) = self.indexes.get(&key) {
            self.touch(index);
            return (FlowIndex(index), None);
        }
        let number = self.number();
        let flow = begin(number);
        if self.entries.len() < limits::CONVERSATIONS {
            let index = self.entries.len() as u32;
            self.entries.push(Entry { key, newer: NONE, older: NONE, flow });
            self.link(index);
            self.indexes.insert(key, index);
            return (FlowIndex(index), None);
        }
        let index = self.oldest;
        self.unlink(index);
        let entry = &mut self.entries[index as usize];
        let old_key = std::mem::replace(&mut entry.key, key);
        let evicted = std::mem::replace(&mut entry.flow, flow);
        self.link(index);
        self.indexes.remove(&old_key);
        self.indexes.insert(key, index);
        (FlowIndex(index), Some(evicted))
    }

    /// Returns the state of a conversation.
    pub(super) fn flow(&mut self, index: FlowIndex) -> &mut T {
        &mut self.entries[index.0 as usize].flow
    }

    /// Returns the state of a conversation by shared reference; `None` if there is no such conversation.
    pub(super) fn flow_ref(&self, index: FlowIndex) -> Option<&T> {
        self.entries.get(index.0 as usize).map(|entry| &entry.flow)
    }

    /// Removes a conversation. The last entry moves to its index.
    pub(super) fn remove(&mut self, FlowIndex(index): FlowIndex) -> Option<T> {
        let last = self.entries.len().checked_sub(1)? as u32;
        self.unlink(index);
        let Entry { key, flow, .. } = self.entries.swap_remove(index as usize);
        self.indexes.remove(&key);
        if index != last {
            let Entry { key, newer, older, .. } = self.entries[index as usize];
            self.indexes.insert(key, index);
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

    /// Returns the conversations, the least recent first.
    pub(super) fn oldest(&self) -> impl Iterator<Item = FlowIndex> {
        let index = |index: u32| (index != NONE).then_some(index);
        let newer = move |&at: &u32| self.entries.get(at as usize).and_then(|entry| index(entry.newer));
        std::iter::successors(index(self.oldest), newer).map(FlowIndex)
    }

    /// Returns the conversations, the most recent first.
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

    fn touch(&mut self, index: u32) {
        if self.newest != index {
            self.unlink(index);
            self.link(index);
        }
    }

    fn unlink(&mut self, index: u32) {
        let Entry { newer, older, .. } = self.entries[index as usize];
        match newer {
            NONE => self.newest = older,
            newer => self.entries[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.entries[older as usize].newer = newer,
        }
    }

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

    fn at(address: u8, port: u16) -> Endpoint {
        Endpoint { address: Address::V4([10, 0, 0, address]), port }
    }

    #[test]
    fn both_directions_are_one_conversation_and_others_are_not() {
        let mut table: FlowTable<u32> = FlowTable::new();
        let (first, _) = table.find(at(1, 1000), at(2, 80), |number| number);
        let (back, _) = table.find(at(2, 80), at(1, 1000), |number| number);
        let (crossed, _) = table.find(at(2, 1000), at(1, 80), |number| number);
        assert_eq!((*table.flow(first), *table.flow(back), *table.flow(crossed)), (0, 0, 1));
    }

    #[test]
    fn a_removal_keeps_the_other_conversations_and_their_order() {
        let mut table: FlowTable<u32> = FlowTable::new();
        let places: Vec<FlowIndex> = (0..5).map(|port| table.find(at(1, port), at(2, 80), |number| number).0).collect();
        assert_eq!(table.remove(places[1]), Some(1));
        assert_eq!(table.remove(places[0]), Some(0));
        let order = |table: &FlowTable<u32>| -> Vec<u32> {
            table.oldest().filter_map(|place| table.flow_ref(place)).copied().collect()
        };
        assert_eq!(order(&table), [2, 3, 4]);
        let (again, _) = table.find(at(1, 3), at(2, 80), |number| number);
        let (new, _) = table.find(at(1, 0), at(2, 80), |number| number);
        assert_eq!((*table.flow(again), *table.flow(new)), (3, 5));
        assert_eq!(order(&table), [2, 4, 3, 5]);
        for _ in 0..4 {
            let place = table.oldest().next().expect("some are left");
            table.remove(place);
        }
        assert_eq!((order(&table), table.indexes.len(), table.newest), (vec![], 0, NONE));
    }

    #[test]
    fn the_conversation_idle_longest_is_evicted() {
        let mut table: FlowTable<u32> = FlowTable::new();
        for nth in 0..limits::CONVERSATIONS {
            let port = nth as u16;
            assert_eq!(table.find(at(1, port), at(2 + (nth >> 16) as u8, 80), |number| number).1, None);
        }
        table.find(at(1, 0), at(2, 80), |number| number);
        let (_, evicted) = table.find(at(9, 9), at(2, 80), |number| number);
        assert_eq!(evicted, Some(1), "conversation 0 had a later frame");
        let (again, evicted) = table.find(at(1, 1), at(2, 80), |number| number);
        assert_eq!((evicted, *table.flow(again)), (Some(2), limits::CONVERSATIONS as u32 + 1));
    }
}
