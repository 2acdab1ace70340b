//! Sets of numbers that are mostly consecutive, as ranges: packet numbers, and numbers of streams.

use alloc::vec::Vec;

/// Ranges of one set that are kept; then the lowest ones are joined.
const MAX_RANGES: usize = 64;
/// Ranges of most sets at most: they take no more memory than they need.
const FEW_RANGES: usize = 4;

/// A set of numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct NumberRanges {
    /// First and last number of each range, in ascending order. Mostly one, so a list takes less memory than a tree.
    ranges: Vec<(u64, u64)>,
}

impl NumberRanges {
    pub(super) fn contains(&self, number: u64) -> bool {
        let after = self.ranges.partition_point(|&(first, _)| first <= number);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|&(_, last)| number <= last)
    }

    /// Whether all numbers from the lowest of the set to one are in it.
    pub(super) fn is_whole(&self, until: u64) -> bool {
        self.ranges.first().is_some_and(|&(_, last)| last >= until)
    }

    /// Whether the set has all numbers from 0 to its largest.
    pub(super) fn is_prefix(&self) -> bool {
        matches!(*self.ranges, [(0, _)])
    }

    /// First and last number of each range, in ascending order.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().copied()
    }

    /// Returns the numbers that are in both sets.
    pub(super) fn common(&self, other: &NumberRanges) -> NumberRanges {
        let mut common = NumberRanges::default();
        for (first, last) in self.ranges() {
            let overlaps = other.ranges().filter(|&(start, end)| start <= last && end >= first);
            overlaps.for_each(|(start, end)| common.insert(first.max(start), last.min(end)));
        }
        common
    }

    /// Returns the numbers that are not in another set.
    pub(super) fn without(&self, other: &NumberRanges) -> NumberRanges {
        let mut rest = NumberRanges::default();
        for (first, last) in self.ranges() {
            // The first number that no range of the other set was compared with; none after the largest.
            let mut next = Some(first);
            for (start, end) in other.ranges().filter(|&(start, end)| start <= last && end >= first) {
                if let Some(from) = next.filter(|&from| from < start) {
                    rest.insert(from, start - 1);
                }
                next = end.checked_add(1);
            }
            if let Some(from) = next.filter(|&from| from <= last) {
                rest.insert(from, last);
            }
        }
        rest
    }

    /// The largest number.
    pub(super) fn largest(&self) -> Option<u64> {
        self.ranges.last().map(|&(_, last)| last)
    }

    /// Adds all numbers from the first to the last.
    pub(super) fn insert(&mut self, first: u64, last: u64) {
        // Mostly, the last range grows.
        let continues = |range: &&mut (u64, u64)| range.0 <= first && first <= range.1.saturating_add(1);
        if let Some((_, end)) = self.ranges.last_mut().filter(continues) {
            *end = last.max(*end);
            return;
        }
        // The ranges that the new one overlaps, or is next to.
        let from = self.ranges.partition_point(|&(_, end)| end.saturating_add(1) < first);
        let until = self.ranges.partition_point(|&(start, _)| start <= last.saturating_add(1)).max(from);
        let joined = self.ranges.get(from..until).unwrap_or_default();
        let range = joined.iter().fold((first, last), |(first, last), &(start, end)| (first.min(start), last.max(end)));
        if joined == [range] {
            return;
        }
        if from == until && self.ranges.len() < FEW_RANGES {
            self.ranges.reserve_exact(1);
        }
        self.ranges.splice(from..until, [range]);
        if self.ranges.len() > MAX_RANGES {
            let (lowest, _) = self.ranges.remove(0);
            if let Some((first, _)) = self.ranges.first_mut() {
                *first = lowest;
            }
        }
    }

    /// Whether some numbers of a range are not in the set, and all of those are in another one.
    pub(super) fn misses_only(&self, other: &NumberRanges, first: u64, last: u64) -> bool {
        let missing = (last.saturating_sub(first).saturating_add(1)).saturating_sub(self.count_within(first, last));
        first <= last && missing > 0 && self.count_missing_from(other, first, last) == missing
    }

    /// Returns how many numbers of a range are in another set and not in this one.
    fn count_missing_from(&self, other: &NumberRanges, first: u64, last: u64) -> u64 {
        let ranges = other.ranges.iter().filter(|&&(start, end)| start <= last && end >= first);
        ranges.fold(0_u64, |count, &(start, end)| {
            let (start, end) = (start.max(first), end.min(last));
            let len = (end - start).saturating_add(1);
            count.saturating_add(len.saturating_sub(self.count_within(start, end)))
        })
    }

    /// Whether another set has a number of at least `first` that is not in this one.
    pub(super) fn misses_any(&self, other: &NumberRanges, first: u64) -> bool {
        self.count_missing_from(other, first, u64::MAX) > 0
    }

    /// Returns how many numbers up to one are not in another set.
    pub(super) fn count_missing_in(&self, other: &NumberRanges, until: u64) -> u64 {
        other.count_missing_from(self, 0, until)
    }

    /// Returns how many numbers of a range are in the set.
    fn count_within(&self, first: u64, last: u64) -> u64 {
        let ranges = self.ranges.iter().filter(|&&(start, end)| start <= last && end >= first);
        ranges.fold(0_u64, |count, &(start, end)| count.saturating_add(end.min(last) - start.max(first) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_any_order_are_ranges() {
        let mut numbers = NumberRanges::default();
        for number in [3, 1, 2, 0, 7, 5] {
            assert!(!numbers.contains(number));
            numbers.insert(number, number);
            assert!(numbers.contains(number));
        }
        assert_eq!(numbers.ranges, [(0, 3), (5, 5), (7, 7)]);
        for number in (100..10_000).step_by(2) {
            numbers.insert(number, number);
        }
        assert!(numbers.ranges.len() <= MAX_RANGES && numbers.contains(0) && numbers.contains(9998));
        numbers.insert(u64::MAX - 1, u64::MAX);
        assert_eq!(numbers.largest(), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn ranges_are_those_of_a_set(
            one in proptest::collection::vec((0_u64..200, 0_u64..9), 0..20),
            other in proptest::collection::vec((0_u64..200, 0_u64..9), 0..20),
            until in 0_u64..210,
        ) {
            let sets = [one, other].map(|ranges| {
                let (mut set, mut numbers) = (BTreeSet::new(), NumberRanges::default());
                for (first, len) in ranges {
                    set.extend(first..=first + len);
                    numbers.insert(first, first + len);
                }
                (set, numbers)
            });
            let [(set, numbers), (other_set, other_numbers)] = sets;
            prop_assert_eq!(numbers.largest(), set.last().copied());
            prop_assert!((0..210).all(|number| numbers.contains(number) == set.contains(&number)));
            let common = numbers.common(&other_numbers);
            prop_assert!((0..210).all(|number| common.contains(number) == (set.contains(&number) && other_set.contains(&number))));
            let rest = numbers.without(&other_numbers);
            prop_assert!((0..210).all(|number| rest.contains(number) == (set.contains(&number) && !other_set.contains(&number))));
            prop_assert_eq!(numbers.is_prefix(), set.last().is_some_and(|&last| set.len() as u64 == last + 1));
            let missing = set.difference(&other_set).filter(|&&number| number <= until).count() as u64;
            prop_assert_eq!(numbers.count_missing_in(&other_numbers, until), missing);
            let is_missing = |number: &u64| !set.contains(number);
            prop_assert_eq!(numbers.misses_any(&other_numbers, until), other_set.range(until..).any(is_missing));
            let missing: Vec<u64> = (until / 2..=until).filter(is_missing).collect();
            let misses_only = !missing.is_empty() && missing.iter().all(|number| other_set.contains(number));
            prop_assert_eq!(numbers.misses_only(&other_numbers, until / 2, until), misses_only);
        }
    }
}
