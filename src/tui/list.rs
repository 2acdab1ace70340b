//! A list that is scrolled: where its cursor is, and which row is on top.

use std::sync::Arc;

/// A scrolled list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct List {
    /// The place of the cursor.
    pub(crate) at: usize,
    /// The place of the row on top.
    pub(crate) top: usize,
    /// The cursor stays at the end when rows come.
    pub(crate) tail: bool,
}

/// A way to move in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl List {
    /// Moves the cursor in a list of `len` rows, `height` of which are seen. Who comes to the end stays there.
    pub(crate) fn go(&mut self, way: Move, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let last = len.saturating_sub(1);
        let before = self.at;
        self.at = match way {
            Move::Up => self.at.saturating_sub(1),
            Move::Down => self.at.saturating_add(1),
            Move::PageUp => self.at.saturating_sub(page),
            Move::PageDown => self.at.saturating_add(page),
            Move::First => 0,
            Move::Last => last,
        }
        .min(last);
        self.tail = way == Move::Last || self.at == last && (self.at > before || self.tail && way == Move::Down);
    }

    /// Puts the cursor on a place.
    pub(crate) fn put(&mut self, at: usize) {
        self.at = at;
        self.tail = false;
    }

    /// Scrolls without moving the cursor further than it must, to be seen.
    pub(crate) fn scroll(&mut self, by: isize, len: usize, height: usize) {
        self.top = self.top.saturating_add_signed(by).min(len.saturating_sub(height));
        self.at = self.at.clamp(self.top, self.top.saturating_add(height.saturating_sub(1))).min(len.saturating_sub(1));
        self.tail = by > 0 && self.at + 1 == len;
    }

    /// Makes both places lie in a list of `len` rows and the cursor among the `height` that are seen.
    pub(crate) fn settle(&mut self, len: usize, height: usize) {
        let last = len.saturating_sub(1);
        self.at = if self.tail { last } else { self.at.min(last) };
        let height = height.max(1);
        self.top = self.top.clamp(self.at.saturating_sub(height - 1), self.at).min(len.saturating_sub(height));
    }

    /// The places that are seen.
    pub(crate) fn seen(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        self.top.min(len)..self.top.saturating_add(height).min(len)
    }
}

/// Which of the numbers `first..first + count` are in a list, and in which order.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    /// All of them, in their order.
    All { first: u32, count: usize },
    /// These.
    These { numbers: Arc<Vec<u32>>, rising: bool },
}

impl Numbers {
    /// Those that a filter lets through, which rise, or all if there is none.
    pub(crate) fn among(these: Option<&Arc<Vec<u32>>>, all: Numbers) -> Numbers {
        these.map_or(all, |numbers| Numbers::These { numbers: numbers.clone(), rising: true })
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Numbers::All { count, .. } => *count,
            Numbers::These { numbers, .. } => numbers.len(),
        }
    }

    /// The number at a place.
    pub(crate) fn at(&self, place: usize) -> Option<u32> {
        match self {
            Numbers::All { first, count } => (place < *count).then(|| *first + place as u32),
            Numbers::These { numbers, .. } => numbers.get(place).copied(),
        }
    }

    /// The place of a number; of one that is not there, the place of the next, or of the last.
    pub(crate) fn place(&self, number: u32) -> usize {
        let place = match self {
            Numbers::All { first, .. } => number.saturating_sub(*first) as usize,
            Numbers::These { numbers, rising: true } => numbers.partition_point(|&other| other < number),
            Numbers::These { numbers, .. } => numbers.iter().position(|&other| other == number).unwrap_or(0),
        };
        place.min(self.len().saturating_sub(1))
    }

    /// Whether a number is in it.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.at(self.place(number)) == Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_always_seen() {
        let mut list = List::default();
        list.go(Move::PageDown, 100, 10);
        list.settle(100, 10);
        assert_eq!((list.at, list.top), (9, 0));
        list.go(Move::Down, 100, 10);
        list.settle(100, 10);
        assert_eq!((list.at, list.top), (10, 1));
        list.go(Move::Last, 100, 10);
        list.settle(100, 10);
        assert_eq!((list.at, list.top, list.tail), (99, 90, true));
        list.settle(200, 10);
        assert_eq!((list.at, list.top), (199, 190));
        list.go(Move::Up, 200, 10);
        list.settle(300, 10);
        assert_eq!((list.at, list.top, list.tail), (198, 190, false));
        list.settle(3, 10);
        assert_eq!((list.at, list.top), (2, 0));
        list.settle(0, 0);
        assert_eq!((list.at, list.top), (0, 0));
    }

    #[test]
    fn scrolling_takes_the_cursor_along_only_at_the_edge() {
        let mut list = List { at: 5, ..List::default() };
        list.scroll(3, 100, 10);
        assert_eq!((list.at, list.top), (5, 3));
        list.scroll(3, 100, 10);
        assert_eq!((list.at, list.top), (6, 6));
        list.scroll(-100, 100, 10);
        assert_eq!((list.at, list.top), (6, 0));
        list.scroll(1000, 100, 10);
        assert_eq!((list.at, list.top, list.tail), (90, 90, false));
    }

    #[test]
    fn a_number_that_is_not_in_a_list_has_the_place_of_the_next() {
        let some = Numbers::These { numbers: Arc::new(vec![3, 7, 9]), rising: true };
        assert_eq!([0, 3, 4, 7, 9, 10].map(|number| some.place(number)), [0, 0, 1, 1, 2, 2]);
        assert!(some.has(7) && !some.has(8));
        let all = Numbers::All { first: 1, count: 5 };
        assert_eq!((all.place(1), all.place(5), all.place(9), all.at(4), all.at(5)), (0, 4, 4, Some(5), None));
    }
}
