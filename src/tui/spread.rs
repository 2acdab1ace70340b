//! How long answers took: percentiles and a histogram, of all calls and by host, status or method.

use super::list::Numbers;
use super::tally::SLICE;
use crate::browse::Index;
use crate::capture::Call;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// Which time of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Measure {
    /// From the request's first byte to the answer's last.
    #[default]
    Whole,
    /// From the request's last byte to the answer's first.
    Wait,
}

/// By what calls are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum By {
    #[default]
    Host,
    Status,
    Method,
}

impl By {
    pub(crate) fn word(self) -> &'static str {
        match self {
            By::Host => "HOST",
            By::Status => "STATUS",
            By::Method => "METHOD",
        }
    }

    pub(crate) fn next(self) -> By {
        match self {
            By::Host => By::Status,
            By::Status => By::Method,
            By::Method => By::Host,
        }
    }

    fn of(self, call: &Call) -> Cow<'_, str> {
        let exchange = &call.exchange;
        match self {
            By::Host => exchange.host.as_str().into(),
            By::Status => exchange.status.map_or(Cow::default(), |status| status.to_string().into()),
            By::Method => exchange.method.as_str().into(),
        }
    }
}

/// Times, from the shortest to the longest, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Times {
    pub(crate) sorted: Vec<i64>,
    /// Calls without an answer.
    pub(crate) unanswered: u64,
}

impl Times {
    /// The least time that so many percent of all do not exceed: the nearest rank.
    pub(crate) fn percentile(&self, percent: usize) -> Option<i64> {
        let rank = (self.sorted.len() * percent).div_ceil(100);
        self.sorted.get(rank.saturating_sub(1)).copied()
    }

    pub(crate) fn calls(&self) -> u64 {
        self.sorted.len() as u64 + self.unanswered
    }

    fn add(&mut self, time: Option<i64>) {
        match time {
            Some(time) => self.sorted.push(time),
            None => self.unanswered += 1,
        }
    }

    /// How many times lie between which bounds, in nanoseconds, from the first such to the last: so many bars at most. A
    /// time below zero counts as zero.
    pub(crate) fn histogram(&self, most: usize) -> Vec<([i64; 2], u64)> {
        let fine = self.between(&[1, 2, 5]);
        if fine.len() <= most {
            return fine;
        }
        let mut bars = self.between(&[1]);
        let rest = bars.split_off(most.clamp(1, bars.len()));
        if let (Some(last), Some(([_, end], _))) = (bars.last_mut(), rest.last()) {
            last.0[1] = *end;
            last.1 += rest.iter().map(|(_, count)| count).sum::<u64>();
        }
        bars
    }

    /// The same with bounds that are these numbers times powers of ten, from a microsecond on.
    fn between(&self, digits: &[i64]) -> Vec<([i64; 2], u64)> {
        let powers = std::iter::successors(Some(1_000_i64), |power| power.checked_mul(10));
        let bounds = powers.flat_map(|power| digits.iter().map(move |digit| power.saturating_mul(*digit)));
        let (mut low, mut taken) = (0, 0);
        let mut bars = Vec::new();
        for high in bounds.chain([i64::MAX]) {
            let end = match high {
                i64::MAX => self.sorted.len(),
                _ => self.sorted.partition_point(|&time| time < high),
            };
            if end > taken || !bars.is_empty() {
                bars.push(([low, high], (end - taken) as u64));
            }
            (low, taken) = (high, end);
            if end == self.sorted.len() {
                break;
            }
        }
        bars
    }
}

/// The times of the calls that the filter lets through.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    /// Of which filter's calls, and what of them.
    of: (Option<u64>, Measure, By),
    /// So many calls are counted.
    pub(crate) counted: usize,
    pub(crate) all: Times,
    pub(crate) groups: Vec<(String, Times)>,
    numbers: HashMap<String, usize>,
    /// What was taken in last is at the end.
    unsorted: bool,
    /// The numbers of the groups.
    pub(crate) met: Arc<Vec<u32>>,
}

impl Spread {
    /// Begins anew if something else is measured.
    pub(crate) fn turn(&mut self, of: (Option<u64>, Measure, By)) {
        if self.of != of {
            *self = Spread { of, ..Spread::default() };
        }
    }

    /// Takes in the next calls, and sorts what has come when there are no more; whether there is more to do.
    pub(crate) fn take(&mut self, index: &Index, numbers: &Numbers) -> bool {
        let end = numbers.len().min(self.counted.saturating_add(SLICE / 10));
        if self.counted >= end {
            if std::mem::take(&mut self.unsorted) {
                // What is in order already costs little.
                self.all.sorted.sort();
                self.groups.iter_mut().for_each(|(_, times)| times.sorted.sort());
            }
            return false;
        }
        self.unsorted = true;
        let (_, measure, by) = self.of;
        for place in self.counted..end {
            let Some(call) = numbers.at(place).and_then(|call| index.calls.get(call as usize)) else { continue };
            let time = match measure {
                Measure::Whole => call.exchange.total(),
                Measure::Wait => call.exchange.time_to_first_byte(),
            };
            self.all.add(time);
            let next = self.groups.len();
            let name = by.of(call);
            let number = *self.numbers.entry_ref(&*name).or_insert(next);
            if number == next {
                self.groups.push((name.into_owned(), Times::default()));
                Arc::make_mut(&mut self.met).push(next as u32);
            }
            if let Some((_, times)) = self.groups.get_mut(number) {
                times.add(time);
            }
        }
        self.counted = end;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(sorted: impl IntoIterator<Item = i64>) -> Times {
        Times { sorted: sorted.into_iter().collect(), unanswered: 0 }
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        // Wikipedia, "Percentile", the nearest-rank method: worked example 1.
        let five = times([15, 20, 35, 40, 50]);
        assert_eq!([5, 30, 40, 50, 100].map(|percent| five.percentile(percent)), [15, 20, 20, 35, 50].map(Some));
        assert_eq!(times([]).percentile(50), None);
        assert_eq!(times(1..=200).percentile(99), Some(198));
        assert_eq!(times([7]).percentile(0), Some(7));
    }

    #[test]
    fn a_histogram_has_the_bounds_between_which_times_lie() {
        let micro = 1_000;
        let some = times([3 * micro, 5 * micro, 19 * micro, 20 * micro]);
        assert_eq!(
            some.histogram(10),
            [
                ([2 * micro, 5 * micro], 1),
                ([5 * micro, 10 * micro], 1),
                ([10 * micro, 20 * micro], 1),
                ([20 * micro, 50 * micro], 1)
            ]
        );
        assert_eq!(some.histogram(3), [([micro, 10 * micro], 2), ([10 * micro, 100 * micro], 2)]);
        assert_eq!(times([]).histogram(9), []);
    }

    #[test]
    fn times_that_cannot_be_are_counted() {
        let odd = times([i64::MIN, -1, 0, i64::MAX]);
        let bars = odd.histogram(5);
        assert_eq!(bars.first(), Some(&([0, 1_000], 3)));
        assert_eq!(bars.last(), Some(&([1_000_000, i64::MAX], 1)));
        assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), 4);
    }
}
