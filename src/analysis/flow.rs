//! Which conversation a packet belongs to: numbered in the order of the capture, the longest idle forgotten first.

use super::limits;
use crate::capture::Endpoint;
use dissectors::packet::Address;
use hashbrown::HashMap;

/// The two endpoints of a conversation, the lower first, so that both directions have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    low: u128,
    high: u128,
    /// The lower endpoint's port, the higher one's, and whether the addresses are IPv6: IPv4 could be the same numbers.
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

/// The conversations of one transport protocol, with what is known of each.
#[derive(Debug)]
pub(super) struct Table<T> {
    places: HashMap<Key, u32>,
    entries: Vec<Entry<T>>,
    /// The entry with the most and with the least recent frame; `NONE` in an empty table.
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

/// Where a conversation stands in its [`Table`], until one is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u32);

impl<T> Table<T> {
    pub(super) fn new() -> Table<T> {
        Table { places: HashMap::new(), entries: Vec::new(), newest: NONE, oldest: NONE, next_number: 0 }
    }

    /// The next number of the capture's conversations.
    pub(super) fn number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    /// The conversation between two endpoints, begun by `begin` if there is none; also what was forgotten for it.
    pub(super) fn find(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        begin: impl FnOnce(u32) -> T,
    ) -> (Place, Option<T>) {
        let key = Key::new(source, destination);
        if let Some(&place) = self.places.get(&key) {
            self.touch(place);
            return (Place(place), None);
        }
        let number = self.number();
        let flow = begin(number);
        if self.entries.len() < limits::CONVERSATIONS {
            let place = self.entries.len() as u32;
            self.entries.push(Entry { key, newer: NONE, older: NONE, flow });
            self.link(place);
            self.places.insert(key, place);
            return (Place(place), None);
        }
        let place = self.oldest;
        self.unlink(place);
        let entry = &mut self.entries[place as usize];
        let old_key = std::mem::replace(&mut entry.key, key);
        let forgotten = std::mem::replace(&mut entry.flow, flow);
        self.link(place);
        self.places.remove(&old_key);
        self.places.insert(key, place);
        (Place(place), Some(forgotten))
    }

    /// What is known of a conversation.
    pub(super) fn flow(&mut self, place: Place) -> &mut T {
        &mut self.entries[place.0 as usize].flow
    }

    /// The same, to be looked at.
    pub(super) fn peek(&self, place: Place) -> Option<&T> {
        self.entries.get(place.0 as usize).map(|entry| &entry.flow)
    }

    /// Forgets a conversation. The last place is then where this was.
    pub(super) fn remove(&mut self, Place(place): Place) -> Option<T> {
        let last = self.entries.len().checked_sub(1)? as u32;
        self.unlink(place);
        let Entry { key, flow, .. } = self.entries.swap_remove(place as usize);
        self.places.remove(&key);
        if place != last {
            let Entry { key, newer, older, .. } = self.entries[place as usize];
            self.places.insert(key, place);
            match newer {
                NONE => self.newest = place,
                newer => self.entries[newer as usize].older = place,
            }
            match older {
                NONE => self.oldest = place,
                older => self.entries[older as usize].newer = place,
            }
        }
        Some(flow)
    }

    /// Conversations, the one longest without a frame first.
    pub(super) fn oldest(&self) -> impl Iterator<Item = Place> {
        let place = |place: u32| (place != NONE).then_some(place);
        let newer = move |&at: &u32| self.entries.get(at as usize).and_then(|entry| place(entry.newer));
        std::iter::successors(place(self.oldest), newer).map(Place)
    }

    /// Conversations, the one with the last frame first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &T> {
        let entry = |place: u32| self.entries.get(place as usize);
        std::iter::successors(entry(self.newest), move |last| entry(last.older)).map(|entry| &entry.flow)
    }

    /// Ends all conversations.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.places.clear();
        (self.newest, self.oldest) = (NONE, NONE);
        std::mem::take(&mut self.entries).into_iter().map(|entry| entry.flow)
    }

    fn touch(&mut self, place: u32) {
        if self.newest != place {
            self.unlink(place);
            self.link(place);
        }
    }

    fn unlink(&mut self, place: u32) {
        let Entry { newer, older, .. } = self.entries[place as usize];
        match newer {
            NONE => self.newest = older,
            newer => self.entries[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.entries[older as usize].newer = newer,
        }
    }

    fn link(&mut self, place: u32) {
        let newest = std::mem::replace(&mut self.newest, place);
        let entry = &mut self.entries[place as usize];
        (entry.newer, entry.older) = (NONE, newest);
        match newest {
            NONE => self.oldest = place,
            newest => self.entries[newest as usize].newer = place,
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
        let mut table: Table<u32> = Table::new();
        let (first, _) = table.find(at(1, 1000), at(2, 80), |number| number);
        let (back, _) = table.find(at(2, 80), at(1, 1000), |number| number);
        let (crossed, _) = table.find(at(2, 1000), at(1, 80), |number| number);
        assert_eq!((*table.flow(first), *table.flow(back), *table.flow(crossed)), (0, 0, 1));
    }

    #[test]
    fn one_that_is_removed_leaves_the_others_as_they_were() {
        let mut table: Table<u32> = Table::new();
        let places: Vec<Place> = (0..5).map(|port| table.find(at(1, port), at(2, 80), |number| number).0).collect();
        assert_eq!(table.remove(places[1]), Some(1));
        assert_eq!(table.remove(places[0]), Some(0));
        let order = |table: &Table<u32>| -> Vec<u32> {
            table.oldest().filter_map(|place| table.peek(place)).copied().collect()
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
        assert_eq!((order(&table), table.places.len(), table.newest), (vec![], 0, NONE));
    }

    #[test]
    fn the_one_longest_without_a_frame_is_forgotten() {
        let mut table: Table<u32> = Table::new();
        for nth in 0..limits::CONVERSATIONS {
            let port = nth as u16;
            assert_eq!(table.find(at(1, port), at(2 + (nth >> 16) as u8, 80), |number| number).1, None);
        }
        table.find(at(1, 0), at(2, 80), |number| number);
        let (_, forgotten) = table.find(at(9, 9), at(2, 80), |number| number);
        assert_eq!(forgotten, Some(1), "the first was heard of again");
        let (again, forgotten) = table.find(at(1, 1), at(2, 80), |number| number);
        assert_eq!((forgotten, *table.flow(again)), (Some(2), limits::CONVERSATIONS as u32 + 1));
    }
}
