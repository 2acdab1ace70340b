//! Scrolled lists: cursor and first visible row.

use std::sync::Arc;

/// Scroll state of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScrollState {
    /// Row under the cursor.
    pub(crate) cursor: usize,
    /// First visible row.
    pub(crate) top: usize,
    /// Whether the cursor follows the end as rows are added.
    pub(crate) follows_end: bool,
}

/// Cursor movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl ScrollState {
    /// Moves the cursor in a list of `len` rows with `height` visible. Reaching the end follows the end.
    pub(crate) fn move_cursor(&mut self, step: Move, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let last = len.saturating_sub(1);
        let before = self.cursor;
        self.cursor = match step {
            Move::Up => self.cursor.saturating_sub(1),
            Move::Down => self.cursor.saturating_add(1),
            Move::PageUp => self.cursor.saturating_sub(page),
            Move::PageDown => self.cursor.saturating_add(page),
            Move::First => 0,
            Move::Last => last,
        }
        .min(last);
        self.follows_end = step == Move::Last
            || self.cursor == last && (self.cursor > before || self.follows_end && step == Move::Down);
    }

    /// Moves the cursor to a row.
    pub(crate) fn set_cursor(&mut self, at: usize) {
        self.cursor = at;
        self.follows_end = false;
    }

    /// Scrolls the list; the cursor moves only as far as it must to stay visible.
    pub(crate) fn scroll(&mut self, by: isize, len: usize, height: usize) {
        self.top = self.top.saturating_add_signed(by).min(len.saturating_sub(height));
        self.cursor =
            self.cursor.clamp(self.top, self.top.saturating_add(height.saturating_sub(1))).min(len.saturating_sub(1));
        self.follows_end = by > 0 && self.cursor + 1 == len;
    }

    /// Limits the cursor and first row to a list of `len` rows with `height` visible.
    pub(crate) fn fit(&mut self, len: usize, height: usize) {
        let last = len.saturating_sub(1);
        self.cursor = if self.follows_end { last } else { self.cursor.min(last) };
        let height = height.max(1);
        self.top = self.top.clamp(self.cursor.saturating_sub(height - 1), self.cursor).min(len.saturating_sub(height));
    }

    /// Returns the range of visible rows.
    pub(crate) fn visible(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        self.top.min(len)..self.top.saturating_add(height).min(len)
    }
}

/// Rows of a list: a selection of the numbers `first..first + count`, in display order.
#[derive(Clone, Debug)]
pub(crate) enum RowNumbers {
    /// All numbers in ascending order.
    All { first: u32, count: usize },
    /// Selected numbers; `ascending` if they are sorted.
    Listed { numbers: Arc<Vec<u32>>, ascending: bool },
}

impl RowNumbers {
    /// Returns the ascending numbers that match the filter, or all numbers without a filter.
    pub(crate) fn filtered(filtered: Option<&Arc<Vec<u32>>>, all: RowNumbers) -> RowNumbers {
        filtered.map_or(all, |numbers| RowNumbers::Listed { numbers: numbers.clone(), ascending: true })
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            RowNumbers::All { count, .. } => *count,
            RowNumbers::Listed { numbers, .. } => numbers.len(),
        }
    }

    /// Returns the number of a row.
    pub(crate) fn get(&self, row: usize) -> Option<u32> {
        match self {
            RowNumbers::All { first, count } => (row < *count).then(|| *first + row as u32),
            RowNumbers::Listed { numbers, .. } => numbers.get(row).copied(),
        }
    }

    /// Returns the row of a number; for a missing number, that of the next one, or the last row.
    pub(crate) fn row_of(&self, number: u32) -> usize {
        let row = match self {
            RowNumbers::All { first, .. } => number.saturating_sub(*first) as usize,
            RowNumbers::Listed { numbers, ascending: true } => numbers.partition_point(|&other| other < number),
            RowNumbers::Listed { numbers, .. } => numbers.iter().position(|&other| other == number).unwrap_or(0),
        };
        row.min(self.len().saturating_sub(1))
    }

    /// Returns whether a number is in the list.
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.get(self.row_of(number)) == Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_always_visible() {
        let mut list = ScrollState::default();
        list.move_cursor(Move::PageDown, 100, 10);
        list.fit(100, 10);
        assert_eq!((list.cursor, list.top), (9, 0));
        list.move_cursor(Move::Down, 100, 10);
        list.fit(100, 10);
        assert_eq!((list.cursor, list.top), (10, 1));
        list.move_cursor(Move::Last, 100, 10);
        list.fit(100, 10);
        assert_eq!((list.cursor, list.top, list.follows_end), (99, 90, true));
        list.fit(200, 10);
        assert_eq!((list.cursor, list.top), (199, 190));
        list.move_cursor(Move::Up, 200, 10);
        list.fit(300, 10);
        assert_eq!((list.cursor, list.top, list.follows_end), (198, 190, false));
        list.fit(3, 10);
        assert_eq!((list.cursor, list.top), (2, 0));
        list.fit(0, 0);
        assert_eq!((list.cursor, list.top), (0, 0));
    }

    #[test]
    fn scrolling_moves_the_cursor_only_at_the_edge() {
        let mut list = ScrollState { cursor: 5, ..ScrollState::default() };
        list.scroll(3, 100, 10);
        assert_eq!((list.cursor, list.top), (5, 3));
        list.scroll(3, 100, 10);
        assert_eq!((list.cursor, list.top), (6, 6));
        list.scroll(-100, 100, 10);
        assert_eq!((list.cursor, list.top), (6, 0));
        list.scroll(1000, 100, 10);
        assert_eq!((list.cursor, list.top, list.follows_end), (90, 90, false));
    }

    #[test]
    fn a_missing_number_has_the_row_of_the_next() {
        let some = RowNumbers::Listed { numbers: Arc::new(vec![3, 7, 9]), ascending: true };
        assert_eq!([0, 3, 4, 7, 9, 10].map(|number| some.row_of(number)), [0, 0, 1, 1, 2, 2]);
        assert!(some.contains(7) && !some.contains(8));
        let all = RowNumbers::All { first: 1, count: 5 };
        assert_eq!((all.row_of(1), all.row_of(5), all.row_of(9), all.get(4), all.get(5)), (0, 4, 4, Some(5), None));
    }
}
