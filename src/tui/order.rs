//! Frames in the order of a column, sorted a part at a time: a million of them take longer than a key may.

use super::list::Numbers;
use super::roster::Sort;
use crate::browse::{Fact, Index};
use std::cmp::Ordering;
use std::sync::Arc;

/// Frames that are sorted, or merged, at once.
const STEP: usize = 20_000;
const MERGE: usize = 10 * STEP;

/// What frames are sorted for: the frames of this filter, by this column.
type Reason = (Option<u64>, Sort);

/// Frames that are sorted, or will be.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) sort: Option<Sort>,
    reason: Option<Reason>,
    /// Sorted parts, the longest first.
    parts: Vec<Vec<u32>>,
    /// So many of the list are in them.
    taken: usize,
    merging: Option<Merging>,
    /// All that was there when they were last in one part.
    order: Option<Arc<Vec<u32>>>,
}

/// Two parts that become one.
#[derive(Debug, Default)]
struct Merging {
    parts: [Vec<u32>; 2],
    at: [usize; 2],
    merged: Vec<u32>,
}

impl Order {
    /// Sorts by a column, the other way round if it is sorted by it; as captured, if it is no column that frames are
    /// sorted by.
    pub(crate) fn sort_by(&mut self, column: usize) {
        let falling = self.sort.is_some_and(|sort| sort.column == column && !sort.falling);
        self.sort = can_sort(column).then_some(Sort { column, falling });
    }

    /// The frames in their order; as they come, until they are sorted.
    pub(crate) fn numbers(&self, turn: Option<u64>, unsorted: Numbers) -> Numbers {
        match &self.order {
            Some(order) if self.is_for(turn) => Numbers::These { numbers: order.clone(), rising: false },
            _ => unsorted,
        }
    }

    fn is_for(&self, turn: Option<u64>) -> bool {
        self.sort.is_some() && self.reason == self.sort.map(|sort| (turn, sort))
    }

    /// Sorts on; whether there is more to be done.
    pub(crate) fn go_on(&mut self, turn: Option<u64>, unsorted: &Numbers, index: &Index) -> bool {
        let Some(sort) = self.sort else {
            *self = Order::default();
            return false;
        };
        if !self.is_for(turn) {
            *self = Order { sort: Some(sort), reason: Some((turn, sort)), ..Order::default() };
        }
        let compare = |left: u32, right: u32| compare(left, right, sort, index);
        if let Some(merging) = &mut self.merging {
            if !merging.go_on(compare) {
                self.parts.extend(self.merging.take().map(|merging| merging.merged));
            }
            return true;
        }
        // Parts of about the same length become one; at the end all do.
        let all_taken = self.taken >= unsorted.len();
        let are_even = |long: &Vec<u32>, short: &Vec<u32>| all_taken || short.len() * 2 >= long.len();
        if let [.., long, short] = self.parts.as_slice()
            && are_even(long, short)
        {
            let parts = [self.parts.pop(), self.parts.pop()].map(Option::unwrap_or_default);
            self.merging = Some(Merging { parts, ..Merging::default() });
            return true;
        }
        if !all_taken {
            let end = unsorted.len().min(self.taken + STEP);
            let mut part: Vec<u32> = (self.taken..end).filter_map(|place| unsorted.at(place)).collect();
            part.sort_unstable_by(|&left, &right| compare(left, right));
            self.taken = end;
            self.parts.push(part);
            return true;
        }
        if let Some(part) = self.parts.first()
            && self.order.as_ref().is_none_or(|order| order.len() != part.len())
        {
            self.order = Some(Arc::new(part.clone()));
        }
        false
    }
}

impl Merging {
    /// Merges on; whether there is more to be done.
    fn go_on(&mut self, compare: impl Fn(u32, u32) -> Ordering) -> bool {
        let [one, other] = &self.parts;
        for _ in 0..MERGE {
            let [left, right] = [one.get(self.at[0]), other.get(self.at[1])];
            let first = match (left, right) {
                (Some(&left), Some(&right)) => usize::from(compare(left, right).is_gt()),
                (Some(_), None) => 0,
                (None, Some(_)) => 1,
                (None, None) => return false,
            };
            self.merged.extend(if first == 0 { left } else { right });
            self.at[first] += 1;
        }
        true
    }
}

/// Whether frames are sorted by a column: by what is kept of all of them.
pub(crate) fn can_sort(column: usize) -> bool {
    column < 6
}

fn compare(left: u32, right: u32, sort: Sort, index: &Index) -> Ordering {
    let fact = |frame: u32| index.frames.get(frame.checked_sub(1)? as usize);
    let host = |fact: &Fact, receives: usize| {
        let (pair, sender) = fact.way.pair()?;
        index.pairs.get(pair)?.get(sender ^ receives)
    };
    let order = match (fact(left), fact(right)) {
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
    // Of equals the first captured comes first, either way.
    (if sort.falling { order.reverse() } else { order }).then(left.cmp(&right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{NO_STREAM, News, Short, Stack, Way};

    fn index(lengths: &[u32]) -> Index {
        let fact = |(nth, &length): (usize, &u32)| Fact {
            time: -(nth as i64),
            length,
            stream: NO_STREAM,
            way: Way::NONE,
            protocol: Short::new(if length % 2 == 0 { "TCP" } else { "ARP" }),
            stack: Stack::default(),
            worst: None,
        };
        let mut index = Index::default();
        index.take(News { frames: lengths.iter().enumerate().map(fact).collect(), ..News::default() });
        index
    }

    fn sorted(order: &mut Order, index: &Index) -> Vec<u32> {
        let all = Numbers::All { first: 1, count: index.frames.len() };
        while order.go_on(None, &all, index) {}
        let numbers = order.numbers(None, all);
        (0..numbers.len()).filter_map(|place| numbers.at(place)).collect()
    }

    #[test]
    fn frames_are_sorted_by_each_column_either_way() {
        let index = index(&[5, 2, 9, 2]);
        let mut order = Order::default();
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
    fn many_frames_and_those_that_come_are_sorted_a_part_at_a_time() {
        let mut random = 1u32;
        let mut lengths: Vec<u32> = Vec::new();
        let mut order = Order::default();
        order.sort_by(5);
        for more in [7 * STEP + 3, 1, 0, 3 * STEP] {
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
