//! Sortable lists with selectable columns: rows are sorted at once, or in steps if there may be millions.

use crate::tui::widgets::columns::ListColumn;
use crate::tui::widgets::row_order;
use crate::tui::widgets::row_order::{RowOrder, SortColumn};
use crate::tui::widgets::scroll::{Move, RowNumbers, ScrollState};
use crate::tui::widgets::step_sort::StepSort;
use std::sync::Arc;

/// Value of `selected` before the cursor has moved: the cursor keeps its row.
const NO_SELECTION: u32 = u32::MAX;

/// Sortable list of calls, connections, frames, notes or statistics.
#[derive(Debug)]
pub(crate) struct SortedList {
    pub(crate) list: ScrollState,
    /// Number of the row last under the cursor; [`NO_SELECTION`] before it has moved.
    pub(crate) selected: u32,
    pub(crate) sort: Option<SortColumn>,
    /// Hidden columns, one bit each.
    pub(crate) hidden: u32,
    pub(crate) columns: &'static [ListColumn],
    /// Number of leading columns that rows can be sorted by.
    sortable: usize,
    /// Numbers in the order of `sort`, as of the last complete sort.
    order: Arc<Vec<u32>>,
    work: SortWork,
}

/// Work that remains to bring the rows in order.
#[derive(Debug)]
enum SortWork {
    /// Rows are sorted at once.
    AtOnce {
        /// Number of unsorted numbers that the order contains.
        sorted_count: usize,
        /// Whether rows were added, or rows in the order may have changed.
        is_stale: bool,
        /// Whether rows may change after they were added.
        may_change: bool,
    },
    /// Rows are sorted in steps.
    Steps {
        sort: StepSort,
        /// Whether a sort of this input is complete, if only before rows were added.
        has_order: bool,
    },
}

impl SortedList {
    /// Returns a list that is sorted at once, and of which rows may change.
    pub(crate) fn new(columns: &'static [ListColumn]) -> SortedList {
        SortedList {
            list: ScrollState::default(),
            selected: NO_SELECTION,
            sort: None,
            hidden: 0,
            columns,
            sortable: columns.len(),
            order: Arc::default(),
            work: SortWork::AtOnce { sorted_count: 0, is_stale: false, may_change: true },
        }
    }

    /// Returns a list that is sorted at once, to which rows are added that do not change.
    pub(crate) fn with_fixed_rows(columns: &'static [ListColumn]) -> SortedList {
        let work = SortWork::AtOnce { sorted_count: 0, is_stale: false, may_change: false };
        SortedList { work, ..SortedList::new(columns) }
    }

    /// Returns a list that is sorted in steps, by one of the first `sortable` columns. `selected` is its first row.
    pub(crate) fn in_steps(columns: &'static [ListColumn], sortable: usize, selected: u32) -> SortedList {
        let work = SortWork::Steps { sort: StepSort::default(), has_order: false };
        SortedList { sortable, selected, work, ..SortedList::new(columns) }
    }

    /// Returns the list, sorted by a column.
    pub(crate) fn with_sort(self, sort: SortColumn) -> SortedList {
        SortedList { sort: Some(sort), ..self }
    }

    /// Returns whether rows can be sorted by a column.
    pub(crate) fn can_sort(&self, column: usize) -> bool {
        column < self.sortable
    }

    /// Returns the numbers in display order; in capture order until the sort is complete.
    pub(crate) fn numbers(&self, filter_id: Option<u64>, unsorted: RowNumbers) -> RowNumbers {
        let Some(sort) = self.sort else { return unsorted };
        let is_sorted = match &self.work {
            SortWork::AtOnce { .. } => true,
            SortWork::Steps { sort: steps, has_order } => *has_order && steps.input == Some((filter_id, sort)),
        };
        if !is_sorted {
            return unsorted;
        }
        RowNumbers::Listed { numbers: self.order.clone(), ascending: false }
    }

    /// Sorts by a column, and reverses the order if it is sorted by it. A column that cannot be sorted by restores
    /// capture order.
    pub(crate) fn sort_by(&mut self, column: usize) {
        let descending = self.sort.is_some_and(|sort| sort.column == column && !sort.descending);
        self.sort = self.can_sort(column).then_some(SortColumn { column, descending });
        self.mark_changed(true);
    }

    /// Marks the list as changed: rows were added or changed, or, with `other`, different rows are shown. A list that
    /// is sorted in steps notices added rows and other filters itself.
    pub(crate) fn mark_changed(&mut self, other: bool) {
        if let SortWork::AtOnce { sorted_count, is_stale, .. } = &mut self.work {
            *is_stale = true;
            if other {
                *sorted_count = 0;
            }
        }
    }

    /// Sorts added and changed rows. `unsorted` starts with the numbers of the previous call with this filter. Returns
    /// whether steps remain.
    pub(crate) fn sort_changes(&mut self, filter_id: Option<u64>, unsorted: &RowNumbers, by: &impl RowOrder) -> bool {
        match &mut self.work {
            SortWork::AtOnce { sorted_count, is_stale, may_change } => {
                let Some(sort) = self.sort.filter(|_| *is_stale) else { return false };
                if *sorted_count > unsorted.len() {
                    *sorted_count = 0;
                }
                let added = (*sorted_count..unsorted.len()).filter_map(|row| unsorted.get(row));
                if *may_change || *sorted_count == 0 {
                    // Sorted rows stay together, so adding a few rows moves little.
                    let sorted = self.order.iter().copied().take(*sorted_count);
                    self.order = Arc::new(row_order::sorted(sorted.chain(added), *sorted_count > 0, by, sort));
                } else {
                    row_order::add_sorted(Arc::make_mut(&mut self.order), added, by, sort);
                }
                (*sorted_count, *is_stale) = (unsorted.len(), false);
                false
            }
            SortWork::Steps { sort: steps, has_order } => {
                let input = self.sort.map(|sort| (filter_id, sort));
                if steps.input != input {
                    (*steps, *has_order) = (input.map(StepSort::new).unwrap_or_default(), false);
                    self.order = Arc::default();
                }
                let Some(sort) = self.sort else { return false };
                let Some(sorted) = steps.step(unsorted, by, sort) else { return true };
                if !*has_order || self.order.len() != sorted.len() {
                    (self.order, *has_order) = (Arc::new(sorted.to_vec()), true);
                }
                false
            }
        }
    }

    /// Sets rows that the caller has sorted, for orders that do not follow from row keys.
    pub(crate) fn set_order(&mut self, order: Vec<u32>) {
        self.work = SortWork::AtOnce { sorted_count: order.len(), is_stale: false, may_change: true };
        self.order = Arc::new(order);
    }

    /// Moves the cursor.
    pub(crate) fn move_cursor(&mut self, step: Move, numbers: &RowNumbers, height: usize) {
        self.list.move_cursor(step, numbers.len(), height);
        self.remember_selection(numbers);
    }

    /// Remembers the row under the cursor, for when the list changes.
    pub(crate) fn remember_selection(&mut self, numbers: &RowNumbers) {
        if let Some(number) = numbers.get(self.list.cursor) {
            self.selected = number;
        }
    }

    /// Moves the cursor to the remembered row, after the list has changed.
    pub(crate) fn fit(&mut self, numbers: &RowNumbers, height: usize) {
        if !self.list.follows_end && numbers.len() > 0 && self.selected != NO_SELECTION {
            self.list.cursor = numbers.row_of(self.selected);
        }
        self.list.fit(numbers.len(), height);
        if self.list.follows_end {
            self.remember_selection(numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widgets::step_sort::SORT_STEP;
    use std::cmp::Ordering;

    static COLUMNS: [ListColumn; 1] =
        [ListColumn { title: "", description: "", width: [1; 3], right_aligned: false, rank: 0 }];

    struct Lengths(Vec<&'static str>);

    impl RowOrder for Lengths {
        fn key(&self, number: u32, _: usize) -> u64 {
            self.0[number as usize].len() as u64
        }

        fn compare(&self, left: u32, right: u32, _: usize) -> Ordering {
            self.0[left as usize].cmp(self.0[right as usize])
        }
    }

    #[test]
    fn added_rows_are_sorted_in() {
        let rows = Lengths(vec!["ccc", "b", "aaa", "dd", "a"]);
        let all = |count| RowNumbers::All { first: 0, count };
        let kinds = [SortedList::new(&COLUMNS), SortedList::with_fixed_rows(&COLUMNS)];
        for mut list in kinds.into_iter().chain([SortedList::in_steps(&COLUMNS, 1, 0)]) {
            list.sort_by(0);
            while list.sort_changes(None, &all(3), &rows) {}
            assert_eq!(**list.order, [1, 2, 0]);
            list.mark_changed(false);
            while list.sort_changes(None, &all(5), &rows) {}
            assert_eq!(**list.order, [4, 1, 3, 2, 0]);
            list.sort_by(0);
            while list.sort_changes(None, &all(5), &rows) {}
            assert_eq!(**list.order, [0, 2, 3, 1, 4]);
            list.sort_by(9);
            assert!(list.sort.is_none());
        }
    }

    /// Rows with these values; some keys are equal.
    struct Values(Vec<u32>);

    impl RowOrder for Values {
        fn key(&self, number: u32, _: usize) -> u64 {
            (self.0[number as usize] >> 8).into()
        }

        fn compare(&self, left: u32, right: u32, _: usize) -> Ordering {
            self.0[left as usize].cmp(&self.0[right as usize])
        }
    }

    /// Adds rows that `value` makes of random numbers and the number of rows in steps, in both directions, and compares the order.
    fn add_rows(new: impl Fn() -> SortedList, value: impl Fn(u32, usize) -> u32) {
        for descending in [false, true] {
            let mut random = 1u32;
            let mut values = Values(Vec::new());
            let mut list = new().with_sort(SortColumn { column: 0, descending });
            for more in [7 * SORT_STEP + 3, 1, 0, 3 * SORT_STEP] {
                for _ in 0..more {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let next = value(random >> 12, values.0.len());
                    values.0.push(next);
                }
                let mut expected: Vec<u32> = (0..values.0.len() as u32).collect();
                expected.sort_by_key(|&row| (values.0[row as usize] ^ if descending { u32::MAX } else { 0 }, row));
                let all = RowNumbers::All { first: 0, count: values.0.len() };
                list.mark_changed(false);
                while list.sort_changes(None, &all, &values) {}
                assert!(*list.order == expected);
            }
        }
    }

    #[test]
    fn many_rows_and_new_rows_are_sorted() {
        for new in [|| SortedList::in_steps(&COLUMNS, 1, 0), || SortedList::with_fixed_rows(&COLUMNS)] {
            add_rows(new, |random, _| random);
            // Nearly in order, some equal.
            add_rows(new, |random, rows| (rows as u32 >> 2) + (random & 0xff));
        }
    }

    #[test]
    fn rows_sorted_in_steps_are_in_capture_order_until_the_sort_is_complete() {
        let values = Values((0..3 * SORT_STEP as u32).rev().collect());
        let all = RowNumbers::All { first: 0, count: values.0.len() };
        let mut list = SortedList::in_steps(&COLUMNS, 1, 0);
        list.sort_by(0);
        let first = |list: &SortedList, filter| list.numbers(filter, all.clone()).get(0);
        assert!(list.sort_changes(None, &all, &values));
        assert_eq!(first(&list, None), Some(0));
        while list.sort_changes(None, &all, &values) {}
        assert_eq!([first(&list, None), first(&list, Some(1))], [Some(3 * SORT_STEP as u32 - 1), Some(0)]);
    }
}
