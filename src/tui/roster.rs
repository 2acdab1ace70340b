//! The lists of calls and of connections: sorted by a column, with the columns that are chosen.

use super::list::{List, Move, Numbers};
use std::cmp::Ordering;
use std::sync::Arc;

/// A column of a list.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// What it shows, in words.
    pub(crate) about: &'static str,
    /// As wide as it is at least, as wide as it should be before others of little use are shown, and at most.
    pub(crate) width: [u16; 3],
    pub(crate) right: bool,
    /// Which columns a narrow terminal goes without: those of the highest number first, those of 0 never.
    pub(crate) rank: u8,
}

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: usize,
    pub(crate) falling: bool,
}

/// A list of calls or connections.
#[derive(Debug)]
pub(crate) struct Roster {
    pub(crate) list: List,
    /// What was last under the cursor.
    pub(crate) chosen: u32,
    pub(crate) sort: Option<Sort>,
    /// Columns that are left out, a bit each.
    pub(crate) hidden: u32,
    pub(crate) columns: &'static [Column],
    /// The numbers in the order of `sort`.
    order: Arc<Vec<u32>>,
    /// So many of the numbers that are to be sorted are in `order`.
    sorted: usize,
}

impl Roster {
    pub(crate) fn new(columns: &'static [Column]) -> Roster {
        let list = List::default();
        Roster { list, chosen: 0, sort: None, hidden: 0, columns, order: Arc::default(), sorted: 0 }
    }

    /// What is in the list: `all`, or `sifted` of them, in its order.
    pub(crate) fn numbers(&self, sifted: Option<&Arc<Vec<u32>>>, all: Numbers) -> Numbers {
        match (self.sort, sifted) {
            (Some(_), _) => Numbers::These { numbers: self.order.clone(), rising: false },
            (None, Some(sifted)) => Numbers::These { numbers: sifted.clone(), rising: true },
            (None, None) => all,
        }
    }

    /// Sorts by a column, the other way round if it is sorted by it; as captured, if there is no such column.
    pub(crate) fn sort_by(&mut self, column: usize) {
        let falling = self.sort.is_some_and(|sort| sort.column == column && !sort.falling);
        self.sort = (column < self.columns.len()).then_some(Sort { column, falling });
    }

    /// Sorts what is in the list anew.
    pub(crate) fn resort(&mut self) {
        self.sorted = 0;
    }

    /// Sorts what has come or has changed. `unsorted` has the numbers that had come before at its beginning.
    pub(crate) fn refresh(&mut self, unsorted: &Numbers, compare: impl Fn(u32, u32, usize) -> Ordering) {
        let Some(Sort { column, falling }) = self.sort else { return };
        let order = Arc::make_mut(&mut self.order);
        if self.sorted == 0 || self.sorted > unsorted.len() {
            order.clear();
            self.sorted = 0;
        }
        order.extend((self.sorted..unsorted.len()).filter_map(|place| unsorted.at(place)));
        self.sorted = unsorted.len();
        let by = |left: &u32, right: &u32| {
            let by = compare(*left, *right, column);
            (if falling { by.reverse() } else { by }).then(left.cmp(right))
        };
        // What was in order stays together: little is moved when little has come.
        order.sort_by(by);
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, way: Move, numbers: &Numbers, height: usize) {
        self.list.go(way, numbers.len(), height);
        self.choose(numbers);
    }

    /// Keeps what is under the cursor for when the list changes.
    pub(crate) fn choose(&mut self, numbers: &Numbers) {
        if let Some(number) = numbers.at(self.list.at) {
            self.chosen = number;
        }
    }

    /// Puts the cursor on what was under it, after the list has changed.
    pub(crate) fn settle(&mut self, numbers: &Numbers, height: usize) {
        if !self.list.tail && numbers.len() > 0 {
            self.list.at = numbers.place(self.chosen);
        }
        self.list.settle(numbers.len(), height);
        if self.list.tail {
            self.choose(numbers);
        }
    }

    pub(crate) fn is_hidden(&self, column: usize) -> bool {
        self.hidden >> column & 1 == 1
    }
}
