//! Sort of a long list in steps: sorting a million rows takes longer than the response to one key press may.

use crate::tui::widgets::row_order;
use crate::tui::widgets::row_order::{RowOrder, SortColumn};
use crate::tui::widgets::scroll::RowNumbers;
use std::cmp::Ordering;

/// Rows sorted, or merged, per step.
pub(crate) const SORT_STEP: usize = 20_000;
const MERGE_STEP: usize = 10 * SORT_STEP;

/// Input of a sort: the rows of this filter, by this column.
pub(crate) type SortInput = (Option<u64>, SortColumn);

/// State of a sort. Rows may be added at the end, but never change.
#[derive(Debug, Default)]
pub(crate) struct StepSort {
    pub(crate) input: Option<SortInput>,
    /// Sorted runs, the longest first.
    runs: Vec<Vec<u32>>,
    /// Number of rows of the list that are in the runs.
    consumed: usize,
    merge: Option<Merge>,
}

/// Merge of two runs.
#[derive(Debug, Default)]
struct Merge {
    runs: [Vec<u32>; 2],
    positions: [usize; 2],
    merged: Vec<u32>,
}

impl StepSort {
    /// Starts a sort.
    pub(crate) fn new(input: SortInput) -> StepSort {
        StepSort { input: Some(input), ..StepSort::default() }
    }

    /// Runs the next step. Returns all rows in order, or `None` if steps remain.
    pub(crate) fn step(&mut self, unsorted: &RowNumbers, by: &impl RowOrder, sort: SortColumn) -> Option<&[u32]> {
        if let Some(merging) = &mut self.merge {
            if !merging.step(|left, right| row_order::compare(left, right, by, sort)) {
                self.runs.extend(self.merge.take().map(|merging| merging.merged));
            }
            return None;
        }
        // Runs of about the same length are merged; at the end all are.
        let all_consumed = self.consumed >= unsorted.len();
        let are_even = |long: &Vec<u32>, short: &Vec<u32>| all_consumed || short.len() * 2 >= long.len();
        if let [.., long, short] = self.runs.as_slice()
            && are_even(long, short)
        {
            let runs = [self.runs.pop(), self.runs.pop()].map(Option::unwrap_or_default);
            self.merge = Some(Merge { runs, ..Merge::default() });
            return None;
        }
        if !all_consumed {
            let end = unsorted.len().min(self.consumed + SORT_STEP);
            let run = (self.consumed..end).filter_map(|row| unsorted.get(row));
            self.runs.push(row_order::sorted(run, false, by, sort));
            self.consumed = end;
            return None;
        }
        Some(self.runs.first().map_or(&[], Vec::as_slice))
    }
}

impl Merge {
    /// Merges the next step. Returns whether rows remain.
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
