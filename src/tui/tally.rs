//! Counts of frames by stack of protocols, host and pair of hosts: what was counted stays, and what comes is added.

use super::list::Numbers;
use crate::browse::{Fact, Host, Index};
use hashbrown::HashMap;
use std::sync::Arc;

/// Frames that are counted at once; more would keep a key waiting.
pub(crate) const SLICE: usize = 100_000;

/// Frames and their bytes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Count {
    pub(crate) fn add(&mut self, fact: &Fact) {
        self.join(Count { frames: 1, bytes: fact.length.into() });
    }

    pub(crate) fn join(&mut self, other: Count) {
        self.frames += other.frames;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// What was counted of a stack, a host or a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Of a host, what it sent and what it received; of a pair, what the first sent and what the second sent.
    pub(crate) ways: [Count; 2],
    /// Nanoseconds since 1970 of the earliest and of the latest frame.
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Entry {
    /// Nanoseconds from the earliest frame to the latest.
    pub(crate) fn duration(&self) -> i64 {
        self.last.saturating_sub(self.first)
    }

    pub(crate) fn total(&self) -> Count {
        let [one, other] = self.ways;
        Count { frames: one.frames + other.frames, bytes: one.bytes.saturating_add(other.bytes) }
    }
}

/// Entries by number.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    /// The numbers of those with a frame, in the order in which they were met.
    pub(crate) met: Arc<Vec<u32>>,
}

impl Ledger {
    fn add(&mut self, number: usize, way: usize, fact: &Fact) {
        if self.entries.len() <= number {
            self.entries.resize(number + 1, Entry::default());
        }
        let Some(entry) = self.entries.get_mut(number) else { return };
        if entry.total().frames == 0 {
            (entry.first, entry.last) = (fact.time, fact.time);
            Arc::make_mut(&mut self.met).push(number as u32);
        }
        if let Some(count) = entry.ways.get_mut(way) {
            count.add(fact);
        }
        entry.first = entry.first.min(fact.time);
        entry.last = entry.last.max(fact.time);
    }

    pub(crate) fn entry(&self, number: u32) -> Entry {
        self.entries.get(number as usize).copied().unwrap_or_default()
    }
}

/// The hosts of pairs, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    pub(crate) hosts: Vec<Host>,
    numbers: HashMap<Host, u32>,
    of_pair: Vec<[u32; 2]>,
}

impl Hosts {
    /// Takes in the pairs that have come.
    pub(crate) fn take(&mut self, pairs: &[[Host; 2]]) {
        for pair in pairs.get(self.of_pair.len()..).unwrap_or_default() {
            let numbers = pair.map(|host| {
                let next = self.hosts.len() as u32;
                *self.numbers.entry(host).or_insert_with(|| {
                    self.hosts.push(host);
                    next
                })
            });
            self.of_pair.push(numbers);
        }
    }
}

/// What was counted of a list of frames.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Of which filter's frames; none if of all.
    turn: Option<u64>,
    /// So many of the list are counted.
    pub(crate) counted: usize,
    pub(crate) total: Count,
    /// By the number of a stack of protocols.
    pub(crate) stacks: Ledger,
    pub(crate) hosts: Ledger,
    pub(crate) pairs: Ledger,
}

impl Tally {
    /// Begins anew if the frames are those of another filter.
    pub(crate) fn turn(&mut self, turn: Option<u64>) {
        if self.turn != turn {
            *self = Tally { turn, ..Tally::default() };
        }
    }

    /// Counts the next frames of the list; whether there are more.
    pub(crate) fn take(&mut self, index: &Index, numbers: &Numbers, hosts: &Hosts) -> bool {
        let end = numbers.len().min(self.counted.saturating_add(SLICE));
        for place in self.counted..end {
            let Some(fact) = fact(index, numbers, place) else { continue };
            self.total.add(fact);
            self.stacks.add(fact.stack.0.into(), 0, fact);
            let Some((pair, sender)) = fact.way.pair() else { continue };
            self.pairs.add(pair, sender, fact);
            let Some(&[one, other]) = hosts.of_pair.get(pair) else { continue };
            let (from, to) = if sender == 0 { (one, other) } else { (other, one) };
            self.hosts.add(from as usize, 0, fact);
            // What a host sends itself is counted once.
            if from != to {
                self.hosts.add(to as usize, 1, fact);
            }
        }
        self.counted = end;
        end < numbers.len()
    }
}

/// What is kept of the frame at a place of a list.
pub(crate) fn fact<'i>(index: &'i Index, numbers: &Numbers, place: usize) -> Option<&'i Fact> {
    index.frames.get(numbers.at(place)?.checked_sub(1)? as usize)
}
