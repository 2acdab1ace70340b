//! Sortable lists of calls, connections, notes and statistics, with selectable columns.

use super::scroll::{Move, RowNumbers, ScrollState};
use crate::capture::Endpoint;
use dissectors::packet::Address;
use std::cmp::Ordering;
use std::sync::Arc;

/// Column of a list.
#[derive(Debug)]
pub(crate) struct ListColumn {
    pub(crate) title: &'static str,
    /// Description in plain words.
    pub(crate) description: &'static str,
    /// Width in terminal columns: minimum, preferred before columns of a higher rank are shown, and maximum.
    pub(crate) width: [u16; 3],
    pub(crate) right_aligned: bool,
    /// Priority on a narrow terminal: columns with the highest rank are hidden first, rank 0 never.
    pub(crate) rank: u8,
}

/// Returns a column.
pub(crate) const fn column(
    title: &'static str,
    width: [u16; 3],
    right_aligned: bool,
    rank: u8,
    description: &'static str,
) -> ListColumn {
    ListColumn { title, description, width, right_aligned, rank }
}

/// Sort column and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortColumn {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

/// Value of `selected` before the cursor has moved: the cursor keeps its row.
const NO_SELECTION: u32 = u32::MAX;

/// Sortable list of calls, connections or notes.
#[derive(Debug)]
pub(crate) struct SortedList {
    pub(crate) list: ScrollState,
    /// Number of the row last under the cursor; [`NO_SELECTION`] before it has moved.
    pub(crate) selected: u32,
    pub(crate) sort: Option<SortColumn>,
    /// Hidden columns, one bit each.
    pub(crate) hidden: u32,
    pub(crate) columns: &'static [ListColumn],
    /// Numbers in the order of `sort`.
    order: Arc<Vec<u32>>,
    /// Number of unsorted numbers that `order` contains.
    sorted_count: usize,
    /// Whether rows in `order` may have changed.
    is_stale: bool,
}

/// Order of rows: by key, and rows with equal keys by comparison.
pub(crate) trait RowOrder {
    fn key(&self, number: u32, column: usize) -> u64;
    fn compare(&self, left: u32, right_aligned: u32, column: usize) -> Ordering;
}

/// Returns the sort key of a number; `None` sorts first.
pub(crate) fn number_key(number: Option<i64>) -> u64 {
    number.map_or(0, |number| ((number as u64) ^ (1 << 63)).max(1))
}

/// Returns the sort key of an endpoint: the start of its address, and the port for IPv4.
pub(crate) fn endpoint_key(end: &Endpoint) -> u64 {
    match end.address {
        Address::None => 0,
        Address::V4([a, b, c, d]) => 1 << 48 | u64::from(u32::from_be_bytes([a, b, c, d])) << 16 | u64::from(end.port),
        Address::V6([a, b, c, d, e, f, g, _, ..]) => 1 << 63 | u64::from_be_bytes([0, a, b, c, d, e, f, g]),
    }
}

/// Returns the sort key of a text: its first eight bytes.
pub(crate) fn text_key(text: &str) -> u64 {
    text.bytes().chain(std::iter::repeat(0)).take(8).fold(0, |key, byte| key << 8 | u64::from(byte))
}

impl SortedList {
    pub(crate) fn new(columns: &'static [ListColumn]) -> SortedList {
        let list = ScrollState::default();
        SortedList {
            list,
            selected: NO_SELECTION,
            sort: None,
            hidden: 0,
            columns,
            order: Arc::default(),
            sorted_count: 0,
            is_stale: false,
        }
    }

    /// Returns the listed numbers in display order: `all`, or the ones that match the filter.
    pub(crate) fn numbers(&self, filtered: Option<&Arc<Vec<u32>>>, all: RowNumbers) -> RowNumbers {
        match self.sort {
            Some(_) => RowNumbers::Listed { numbers: self.order.clone(), ascending: false },
            None => RowNumbers::filtered(filtered, all),
        }
    }

    /// Sorts by a column, and reverses the order if it is sorted by it; restores capture order for an unknown column.
    pub(crate) fn sort_by(&mut self, column: usize) {
        let descending = self.sort.is_some_and(|sort| sort.column == column && !sort.descending);
        self.sort = (column < self.columns.len()).then_some(SortColumn { column, descending });
        self.mark_changed(true);
    }

    /// Marks the list as changed: rows were added or changed, or, with `other`, different rows are shown.
    pub(crate) fn mark_changed(&mut self, other: bool) {
        self.is_stale = true;
        if other {
            self.sorted_count = 0;
        }
    }

    /// Sorts added and changed rows. `unsorted` starts with the numbers of the previous call.
    pub(crate) fn sort_changes(&mut self, unsorted: &RowNumbers, by: &impl RowOrder) {
        let Some(SortColumn { column, descending }) = self.sort.filter(|_| self.is_stale) else { return };
        self.is_stale = false;
        if self.sorted_count > unsorted.len() {
            self.sorted_count = 0;
        }
        // Sorted rows stay together, so adding a few rows moves little.
        let sorted = self.order.iter().copied().take(self.sorted_count);
        let added = (self.sorted_count..unsorted.len()).filter_map(|row| unsorted.get(row));
        let flip = |key: u64| if descending { !key } else { key };
        let row = |number| (flip(by.key(number, column)), number);
        let mut rows: Vec<(u64, u32)> = sorted.chain(added).map(row).collect();
        match self.sorted_count {
            0 => rows.sort_unstable(),
            _ => rows.sort(),
        }
        // Keys are cheap to compare; only rows with equal keys need the full comparison.
        for same in rows.chunk_by_mut(|left, right| left.0 == right.0).filter(|same| same.len() > 1) {
            same.sort_by(|&(_, left), &(_, right)| {
                let order = by.compare(left, right, column);
                (if descending { order.reverse() } else { order }).then(left.cmp(&right))
            });
        }
        self.order = Arc::new(rows.into_iter().map(|(_, number)| number).collect());
        self.sorted_count = unsorted.len();
    }

    /// Sets rows that the caller has sorted, for orders that do not follow from row keys.
    pub(crate) fn set_order(&mut self, order: Vec<u32>) {
        self.sorted_count = order.len();
        self.order = Arc::new(order);
        self.is_stale = false;
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

    #[test]
    fn keys_sort_like_their_values() {
        let end = |address, port| Endpoint { address, port };
        let v4 = |last, port| end(Address::V4([10, 0, 0, last]), port);
        let v6 = |first| end(Address::V6([first; 16]), 0);
        let ends = [end(Address::None, 9), v4(1, 80), v4(1, 81), v4(2, 1), v6(0), v6(1), v6(255)];
        assert!(ends.is_sorted() && ends.map(|end| endpoint_key(&end)).is_sorted());
        let numbers = [None, Some(i64::MIN), Some(-1), Some(0), Some(1), Some(i64::MAX)];
        assert!(numbers.map(number_key).is_sorted());
        assert!(["", "a", "ab", "abcdefgh", "b"].map(text_key).is_sorted());
    }

    struct Lengths(Vec<&'static str>);

    impl RowOrder for Lengths {
        fn key(&self, number: u32, _: usize) -> u64 {
            self.0[number as usize].len() as u64
        }

        fn compare(&self, left: u32, right_aligned: u32, _: usize) -> Ordering {
            self.0[left as usize].cmp(self.0[right_aligned as usize])
        }
    }

    #[test]
    fn added_rows_are_sorted_in() {
        static COLUMNS: [ListColumn; 1] =
            [ListColumn { title: "", description: "", width: [1; 3], right_aligned: false, rank: 0 }];
        let mut list = SortedList::new(&COLUMNS);
        let rows = Lengths(vec!["ccc", "b", "aaa", "dd", "a"]);
        list.sort_by(0);
        let all = |count| RowNumbers::All { first: 0, count };
        list.sort_changes(&all(3), &rows);
        assert_eq!(**list.order, [1, 2, 0]);
        list.mark_changed(false);
        list.sort_changes(&all(5), &rows);
        assert_eq!(**list.order, [4, 1, 3, 2, 0]);
        list.sort_by(0);
        list.sort_changes(&all(5), &rows);
        assert_eq!(**list.order, [0, 2, 3, 1, 4]);
        list.sort_by(9);
        assert!(list.sort.is_none());
    }
}
