//! The lists of calls, of connections and of notes: sorted by a column, with the columns that are chosen.

use super::list::{List, Move, Numbers};
use crate::capture::Endpoint;
use dissectors::packet::Address;
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

/// A column.
pub(crate) const fn column(title: &'static str, width: [u16; 3], right: bool, rank: u8, about: &'static str) -> Column {
    Column { title, about, width, right, rank }
}

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: usize,
    pub(crate) falling: bool,
}

/// What was chosen if nothing was: the cursor stays where it is.
const NOTHING: u32 = u32::MAX;

/// A list of calls, connections or notes.
#[derive(Debug)]
pub(crate) struct Roster {
    pub(crate) list: List,
    /// What was last under the cursor; [`NOTHING`] before it was moved.
    pub(crate) chosen: u32,
    pub(crate) sort: Option<Sort>,
    /// Columns that are left out, a bit each.
    pub(crate) hidden: u32,
    pub(crate) columns: &'static [Column],
    /// The numbers in the order of `sort`.
    order: Arc<Vec<u32>>,
    /// So many of the numbers that are to be sorted are in `order`.
    sorted: usize,
    /// Some of what is in `order` may have changed.
    stale: bool,
}

/// What a row is sorted by: rows of a lower key come first, and those of the same key as [`Order::compare`] says.
pub(crate) trait Order {
    fn key(&self, number: u32, column: usize) -> u64;
    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering;
}

/// The key of a number; that of none comes first.
pub(crate) fn key_of_number(number: Option<i64>) -> u64 {
    number.map_or(0, |number| ((number as u64) ^ (1 << 63)).max(1))
}

/// The key of one end of a connection: its address, as far as it fits, and of IPv4 its port.
pub(crate) fn key_of_end(end: &Endpoint) -> u64 {
    match end.address {
        Address::None => 0,
        Address::V4([a, b, c, d]) => 1 << 48 | u64::from(u32::from_be_bytes([a, b, c, d])) << 16 | u64::from(end.port),
        Address::V6([a, b, c, d, e, f, g, _, ..]) => 1 << 63 | u64::from_be_bytes([0, a, b, c, d, e, f, g]),
    }
}

/// The key of a text: its beginning.
pub(crate) fn key_of_text(text: &str) -> u64 {
    text.bytes().chain(std::iter::repeat(0)).take(8).fold(0, |key, byte| key << 8 | u64::from(byte))
}

impl Roster {
    pub(crate) fn new(columns: &'static [Column]) -> Roster {
        let list = List::default();
        Roster { list, chosen: NOTHING, sort: None, hidden: 0, columns, order: Arc::default(), sorted: 0, stale: false }
    }

    /// What is in the list: `all`, or `sifted` of them, in its order.
    pub(crate) fn numbers(&self, sifted: Option<&Arc<Vec<u32>>>, all: Numbers) -> Numbers {
        match self.sort {
            Some(_) => Numbers::These { numbers: self.order.clone(), rising: false },
            None => Numbers::among(sifted, all),
        }
    }

    /// Sorts by a column, the other way round if it is sorted by it; as captured, if there is no such column.
    pub(crate) fn sort_by(&mut self, column: usize) {
        let falling = self.sort.is_some_and(|sort| sort.column == column && !sort.falling);
        self.sort = (column < self.columns.len()).then_some(Sort { column, falling });
        self.changed(true);
    }

    /// Learns that rows have come or have changed; `other` if others are shown.
    pub(crate) fn changed(&mut self, other: bool) {
        self.stale = true;
        if other {
            self.sorted = 0;
        }
    }

    /// Sorts what has come or has changed. `unsorted` has the numbers that had come before at its beginning.
    pub(crate) fn refresh(&mut self, unsorted: &Numbers, by: &impl Order) {
        let Some(Sort { column, falling }) = self.sort.filter(|_| self.stale) else { return };
        self.stale = false;
        if self.sorted > unsorted.len() {
            self.sorted = 0;
        }
        // What was in order stays together: little is moved when little has come.
        let kept = self.order.iter().copied().take(self.sorted);
        let come = (self.sorted..unsorted.len()).filter_map(|place| unsorted.at(place));
        let flip = |key: u64| if falling { !key } else { key };
        let row = |number| (flip(by.key(number, column)), number);
        let mut rows: Vec<(u64, u32)> = kept.chain(come).map(row).collect();
        match self.sorted {
            0 => rows.sort_unstable(),
            _ => rows.sort(),
        }
        // Keys are quick to compare; what they leave open is not.
        for same in rows.chunk_by_mut(|left, right| left.0 == right.0).filter(|same| same.len() > 1) {
            same.sort_by(|&(_, left), &(_, right)| {
                let order = by.compare(left, right, column);
                (if falling { order.reverse() } else { order }).then(left.cmp(&right))
            });
        }
        self.order = Arc::new(rows.into_iter().map(|(_, number)| number).collect());
        self.sorted = unsorted.len();
    }

    /// Takes rows in the order that they are in: who has sorted them knows more of them than their keys.
    pub(crate) fn put(&mut self, order: Vec<u32>) {
        self.sorted = order.len();
        self.order = Arc::new(order);
        self.stale = false;
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
        if !self.list.tail && numbers.len() > 0 && self.chosen != NOTHING {
            self.list.at = numbers.place(self.chosen);
        }
        self.list.settle(numbers.len(), height);
        if self.list.tail {
            self.choose(numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_what_they_stand_for() {
        let end = |address, port| Endpoint { address, port };
        let v4 = |last, port| end(Address::V4([10, 0, 0, last]), port);
        let v6 = |first| end(Address::V6([first; 16]), 0);
        let ends = [end(Address::None, 9), v4(1, 80), v4(1, 81), v4(2, 1), v6(0), v6(1), v6(255)];
        assert!(ends.is_sorted() && ends.map(|end| key_of_end(&end)).is_sorted());
        let numbers = [None, Some(i64::MIN), Some(-1), Some(0), Some(1), Some(i64::MAX)];
        assert!(numbers.map(key_of_number).is_sorted());
        assert!(["", "a", "ab", "abcdefgh", "b"].map(key_of_text).is_sorted());
    }

    struct Lengths(Vec<&'static str>);

    impl Order for Lengths {
        fn key(&self, number: u32, _: usize) -> u64 {
            self.0[number as usize].len() as u64
        }

        fn compare(&self, left: u32, right: u32, _: usize) -> Ordering {
            self.0[left as usize].cmp(self.0[right as usize])
        }
    }

    #[test]
    fn what_comes_is_sorted_in() {
        static COLUMNS: [Column; 1] = [Column { title: "", about: "", width: [1; 3], right: false, rank: 0 }];
        let mut roster = Roster::new(&COLUMNS);
        let words = Lengths(vec!["ccc", "b", "aaa", "dd", "a"]);
        roster.sort_by(0);
        let all = |count| Numbers::All { first: 0, count };
        roster.refresh(&all(3), &words);
        assert_eq!(**roster.order, [1, 2, 0]);
        roster.changed(false);
        roster.refresh(&all(5), &words);
        assert_eq!(**roster.order, [4, 1, 3, 2, 0]);
        roster.sort_by(0);
        roster.refresh(&all(5), &words);
        assert_eq!(**roster.order, [0, 2, 3, 1, 4]);
        roster.sort_by(9);
        assert!(roster.sort.is_none());
    }
}
