//! Sort order of the frame list. Sorting a million frames takes longer than one key press may, so it runs in steps.

use super::scroll::RowNumbers;
use super::sorted_list::SortColumn;
use crate::browse::{FrameSummary, Index};
use std::cmp::Ordering;
use std::sync::Arc;

/// Frames sorted, or merged, per step.
const SORT_STEP: usize = 20_000;
const MERGE_STEP: usize = 10 * SORT_STEP;

/// Input of a sort: the frames of this filter, by this column.
type FrameSortInput = (Option<u64>, SortColumn);

/// Sort state of the frame list.
#[derive(Debug, Default)]
pub(crate) struct FrameOrder {
    pub(crate) sort: Option<SortColumn>,
    input: Option<FrameSortInput>,
    /// Sorted runs, the longest first.
    runs: Vec<Vec<u32>>,
    /// Number of frames of the list that are in the runs.
    consumed: usize,
    merge: Option<Merge>,
    /// Sorted frames, as of the last complete sort.
    order: Option<Arc<Vec<u32>>>,
}

/// Merge of two runs.
#[derive(Debug, Default)]
struct Merge {
    runs: [Vec<u32>; 2],
    positions: [usize; 2],
    merged: Vec<u32>,
}

impl FrameOrder {
    /// Sorts by a column, and reverses the order if it is sorted by it. A column that cannot be sorted by restores
    /// capture order.
    pub(crate) fn sort_by(&mut self, column: usize) {
        let descending = self.sort.is_some_and(|sort| sort.column == column && !sort.descending);
        self.sort = can_sort(column).then_some(SortColumn { column, descending });
    }

    /// Returns the frames in display order; in capture order until the sort is complete.
    pub(crate) fn numbers(&self, filter_id: Option<u64>, unsorted: RowNumbers) -> RowNumbers {
        match &self.order {
            Some(order) if self.is_for(filter_id) => RowNumbers::Listed { numbers: order.clone(), ascending: false },
            _ => unsorted,
        }
    }

    fn is_for(&self, filter_id: Option<u64>) -> bool {
        self.sort.is_some() && self.input == self.sort.map(|sort| (filter_id, sort))
    }

    /// Runs the next step. Returns whether steps remain.
    pub(crate) fn step(&mut self, filter_id: Option<u64>, unsorted: &RowNumbers, index: &Index) -> bool {
        let Some(sort) = self.sort else {
            *self = FrameOrder::default();
            return false;
        };
        if !self.is_for(filter_id) {
            *self = FrameOrder { sort: Some(sort), input: Some((filter_id, sort)), ..FrameOrder::default() };
        }
        let compare = |left: u32, right: u32| compare(left, right, sort, index);
        if let Some(merging) = &mut self.merge {
            if !merging.step(compare) {
                self.runs.extend(self.merge.take().map(|merging| merging.merged));
            }
            return true;
        }
        // Runs of about the same length are merged; at the end all are.
        let all_consumed = self.consumed >= unsorted.len();
        let are_even = |long: &Vec<u32>, short: &Vec<u32>| all_consumed || short.len() * 2 >= long.len();
        if let [.., long, short] = self.runs.as_slice()
            && are_even(long, short)
        {
            let runs = [self.runs.pop(), self.runs.pop()].map(Option::unwrap_or_default);
            self.merge = Some(Merge { runs, ..Merge::default() });
            return true;
        }
        if !all_consumed {
            let end = unsorted.len().min(self.consumed + SORT_STEP);
            let mut run: Vec<u32> = (self.consumed..end).filter_map(|row| unsorted.get(row)).collect();
            run.sort_unstable_by(|&left, &right| compare(left, right));
            self.consumed = end;
            self.runs.push(run);
            return true;
        }
        if let Some(run) = self.runs.first()
            && self.order.as_ref().is_none_or(|order| order.len() != run.len())
        {
            self.order = Some(Arc::new(run.clone()));
        }
        false
    }
}

impl Merge {
    /// Merges the next step. Returns whether frames remain.
    fn step(&mut self, compare: impl Fn(u32, u32) -> Ordering) -> bool {
        let [one, other] = &self.runs;
        for _ in 0..MERGE_STEP {
            let [left, right] = [one.get(self.positions[0]), other.get(self.positions[1])];
            let first = match (left, right) {
                (Some(&left), Some(&right)) => usize::from(compare(left, right).is_gt()),
                (Some(_), None) => 0,
                (None, Some(_)) => 1,
                (None, None) => return false,
            };
            self.merged.extend(if first == 0 { left } else { right });
            self.positions[first] += 1;
        }
        true
    }
}

/// Returns whether frames can be sorted by a column: only by values in the index.
pub(crate) fn can_sort(column: usize) -> bool {
    column < 6
}

fn compare(left: u32, right: u32, sort: SortColumn, index: &Index) -> Ordering {
    let summary = |frame: u32| index.frames.get(frame.checked_sub(1)? as usize);
    let host = |summary: &FrameSummary, receives: usize| {
        let (pair, sender) = summary.hosts.pair()?;
        index.pairs.get(pair)?.get(sender ^ receives)
    };
    let order = match (summary(left), summary(right)) {
        (Some(one), Some(other)) => match sort.column {
            1 => one.time.cmp(&other.time),
            2 => host(one, 0).cmp(&host(other, 0)),
            3 => host(one, 1).cmp(&host(other, 1)),
            4 if one.protocol == other.protocol => Ordering::Equal,
            4 => one.protocol.name().cmp(other.protocol.name()),
            5 => one.length.cmp(&other.length),
            _ => left.cmp(&right),
        },
        _ => Ordering::Equal,
    };
    // Equal frames stay in capture order, in both directions.
    (if sort.descending { order.reverse() } else { order }).then(left.cmp(&right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{DirectedPair, IndexUpdate, NO_STREAM, ProtocolName, StackId};

    fn index(lengths: &[u32]) -> Index {
        let summary = |(nth, &length): (usize, &u32)| FrameSummary {
            time: -(nth as i64),
            length,
            stream: NO_STREAM,
            hosts: DirectedPair::NONE,
            protocol: ProtocolName::new(if length % 2 == 0 { "TCP" } else { "ARP" }),
            stack: StackId::default(),
            severity: None,
        };
        let mut index = Index::default();
        index
            .apply(IndexUpdate { frames: lengths.iter().enumerate().map(summary).collect(), ..IndexUpdate::default() });
        index
    }

    fn sorted(order: &mut FrameOrder, index: &Index) -> Vec<u32> {
        let all = RowNumbers::All { first: 1, count: index.frames.len() };
        while order.step(None, &all, index) {}
        let numbers = order.numbers(None, all);
        (0..numbers.len()).filter_map(|row| numbers.get(row)).collect()
    }

    #[test]
    fn frames_are_sorted_by_each_column_either_way() {
        let index = index(&[5, 2, 9, 2]);
        let mut order = FrameOrder::default();
        assert_eq!(sorted(&mut order, &index), [1, 2, 3, 4]);
        order.sort_by(5);
        assert_eq!(sorted(&mut order, &index), [2, 4, 1, 3]);
        order.sort_by(5);
        assert_eq!(sorted(&mut order, &index), [3, 1, 2, 4]);
        order.sort_by(1);
        assert_eq!(sorted(&mut order, &index), [4, 3, 2, 1]);
        order.sort_by(4);
        assert_eq!(sorted(&mut order, &index), [1, 3, 2, 4]);
        order.sort_by(6);
        assert_eq!(sorted(&mut order, &index), [1, 2, 3, 4]);
    }

    #[test]
    fn many_frames_and_new_frames_are_sorted_in_steps() {
        let mut random = 1u32;
        let mut lengths: Vec<u32> = Vec::new();
        let mut order = FrameOrder::default();
        order.sort_by(5);
        for more in [7 * SORT_STEP + 3, 1, 0, 3 * SORT_STEP] {
            for _ in 0..more {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                lengths.push(random >> 12);
            }
            let mut expected: Vec<u32> = (1..=lengths.len() as u32).collect();
            expected.sort_by_key(|&frame| (lengths[frame as usize - 1], frame));
            assert!(sorted(&mut order, &index(&lengths)) == expected);
        }
    }
}
