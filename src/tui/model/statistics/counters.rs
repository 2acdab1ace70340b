//! Frame counters by protocol stack, host and pair of hosts, updated as frames are captured.

use crate::browse::{FrameSummary, Index};
use crate::statistics::{Host, TrafficCount, TrafficEntry};
use crate::tui::widgets::scroll::RowNumbers;
use hashbrown::HashMap;
use std::sync::Arc;

/// Frames counted per step; more would delay the response to a key.
pub(crate) const FRAMES_PER_STEP: usize = 100_000;

/// Traffic by number of the stack, host or pair.
#[derive(Debug, Default)]
pub(crate) struct TrafficTable {
    entries: Vec<TrafficEntry>,
    /// Numbers that have frames, in the order of their first frame.
    pub(crate) seen: Arc<Vec<u32>>,
}

impl TrafficTable {
    fn add(&mut self, number: usize, direction: usize, summary: &FrameSummary) {
        if self.entries.len() <= number {
            self.entries.resize(number + 1, TrafficEntry::default());
        }
        let Some(entry) = self.entries.get_mut(number) else { return };
        if entry.total().frames == 0 {
            Arc::make_mut(&mut self.seen).push(number as u32);
        }
        entry.add_frame(direction, summary.length, summary.time);
    }

    pub(crate) fn entry(&self, number: u32) -> TrafficEntry {
        self.entries.get(number as usize).copied().unwrap_or_default()
    }
}

/// Numbered hosts of all pairs.
#[derive(Debug, Default)]
pub(crate) struct HostTable {
    pub(crate) hosts: Vec<Host>,
    numbers: HashMap<Host, u32>,
    pair_hosts: Vec<[u32; 2]>,
}

impl HostTable {
    /// Adds new pairs.
    pub(crate) fn add_pairs(&mut self, pairs: &[[Host; 2]]) {
        for pair in pairs.get(self.pair_hosts.len()..).unwrap_or_default() {
            let numbers = pair.map(|host| {
                let next = self.hosts.len() as u32;
                *self.numbers.entry(host).or_insert_with(|| {
                    self.hosts.push(host);
                    next
                })
            });
            self.pair_hosts.push(numbers);
        }
    }
}

/// Counters of a list of frames.
#[derive(Debug, Default)]
pub(crate) struct TrafficCounters {
    /// ID of the filter; `None` for all frames.
    filter_id: Option<u64>,
    /// Number of frames of the list counted so far.
    pub(crate) counted: usize,
    pub(crate) total: TrafficCount,
    /// By number of the protocol stack.
    pub(crate) stacks: TrafficTable,
    pub(crate) hosts: TrafficTable,
    pub(crate) pairs: TrafficTable,
}

impl TrafficCounters {
    /// Starts again if the filter changes.
    pub(crate) fn set_filter(&mut self, filter_id: Option<u64>) {
        if self.filter_id != filter_id {
            *self = TrafficCounters { filter_id, ..TrafficCounters::default() };
        }
    }

    /// Counts the next frames of the list. Returns whether frames remain.
    pub(crate) fn count_next(&mut self, index: &Index, numbers: &RowNumbers, hosts: &HostTable) -> bool {
        let end = numbers.len().min(self.counted.saturating_add(FRAMES_PER_STEP));
        for row in self.counted..end {
            let Some(summary) = frame_summary(index, numbers, row) else { continue };
            self.total.add_frame(summary.length);
            self.stacks.add(summary.stack.0.into(), 0, summary);
            let Some((pair, sender)) = summary.hosts.pair() else { continue };
            self.pairs.add(pair, sender, summary);
            let Some(&[one, other]) = hosts.pair_hosts.get(pair) else { continue };
            let (from, to) = if sender == 0 { (one, other) } else { (other, one) };
            self.hosts.add(from as usize, 0, summary);
            // Traffic of a host to itself is counted once.
            if from != to {
                self.hosts.add(to as usize, 1, summary);
            }
        }
        self.counted = end;
        end < numbers.len()
    }
}

/// Returns the summary of the frame at an index of a list.
pub(crate) fn frame_summary<'i>(index: &'i Index, numbers: &RowNumbers, row: usize) -> Option<&'i FrameSummary> {
    index.frames.get(numbers.get(row)?.checked_sub(1)? as usize)
}
