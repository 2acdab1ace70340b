//! Response times: percentiles and a histogram of all calls, and by host, status or method.

use crate::browse::Index;
use crate::capture::Call;
use crate::tui::model::statistics::counters::FRAMES_PER_STEP;
use crate::tui::widgets::scroll::RowNumbers;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// Time interval of a call that is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LatencyMeasure {
    /// From the first byte of the request to the last of the response.
    #[default]
    Whole,
    /// From the last byte of the request to the first of the response.
    Wait,
}

/// Grouping of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CallGrouping {
    #[default]
    Host,
    Status,
    Method,
}

impl CallGrouping {
    pub(crate) fn label(self) -> &'static str {
        match self {
            CallGrouping::Host => "HOST",
            CallGrouping::Status => "STATUS",
            CallGrouping::Method => "METHOD",
        }
    }

    pub(crate) fn next(self) -> CallGrouping {
        match self {
            CallGrouping::Host => CallGrouping::Status,
            CallGrouping::Status => CallGrouping::Method,
            CallGrouping::Method => CallGrouping::Host,
        }
    }

    fn key(self, call: &Call) -> Cow<'_, str> {
        let exchange = &call.exchange;
        match self {
            CallGrouping::Host => exchange.authority.as_str().into(),
            CallGrouping::Status => exchange.status.as_str().into(),
            CallGrouping::Method => exchange.method.as_str().into(),
        }
    }
}

/// Response times in nanoseconds, ascending.
#[derive(Debug, Default)]
pub(crate) struct ResponseTimes {
    pub(crate) sorted: Vec<i64>,
    /// Number of calls without a response.
    pub(crate) unanswered: u64,
}

impl ResponseTimes {
    /// Returns a percentile by the nearest-rank method.
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

    /// Returns a histogram of at most `most` bars: bounds in nanoseconds, and number of times. Negative times count as
    /// zero.
    pub(crate) fn histogram(&self, most: usize) -> Vec<([i64; 2], u64)> {
        let fine = self.bars(&[1, 2, 5]);
        if fine.len() <= most {
            return fine;
        }
        let mut bars = self.bars(&[1]);
        let rest = bars.split_off(most.clamp(1, bars.len()));
        if let (Some(last), Some(([_, end], _))) = (bars.last_mut(), rest.last()) {
            last.0[1] = *end;
            last.1 += rest.iter().map(|(_, count)| count).sum::<u64>();
        }
        bars
    }

    /// Returns a histogram with bounds at these digits times powers of ten, from one microsecond on.
    fn bars(&self, digits: &[i64]) -> Vec<([i64; 2], u64)> {
        let powers = std::iter::successors(Some(1_000_i64), |power| power.checked_mul(10));
        let bounds = powers.flat_map(|power| digits.iter().map(move |digit| power.saturating_mul(*digit)));
        let (mut low, mut counted) = (0, 0);
        let mut bars = Vec::new();
        for high in bounds.chain([i64::MAX]) {
            let end = match high {
                i64::MAX => self.sorted.len(),
                _ => self.sorted.partition_point(|&time| time < high),
            };
            if end > counted || !bars.is_empty() {
                bars.push(([low, high], (end - counted) as u64));
            }
            (low, counted) = (high, end);
            if end == self.sorted.len() {
                break;
            }
        }
        bars
    }
}

/// Response times of the calls that match the filter.
#[derive(Debug, Default)]
pub(crate) struct LatencyStatistics {
    /// Filter, measure and grouping of the counts.
    config: (Option<u64>, LatencyMeasure, CallGrouping),
    /// Number of calls counted so far.
    pub(crate) counted: usize,
    pub(crate) all: ResponseTimes,
    pub(crate) groups: Vec<(String, ResponseTimes)>,
    numbers: HashMap<String, usize>,
    /// Whether times were appended since the last sort.
    unsorted: bool,
    /// Indexes of the groups.
    pub(crate) group_numbers: Arc<Vec<u32>>,
}

impl LatencyStatistics {
    /// Starts again if the filter, measure or grouping changes.
    pub(crate) fn configure(&mut self, of: (Option<u64>, LatencyMeasure, CallGrouping)) {
        if self.config != of {
            *self = LatencyStatistics { config: of, ..LatencyStatistics::default() };
        }
    }

    /// Adds the next calls, and sorts the times after the last. Returns whether there is more to do.
    pub(crate) fn count_next(&mut self, index: &Index, numbers: &RowNumbers) -> bool {
        let end = numbers.len().min(self.counted.saturating_add(FRAMES_PER_STEP / 10));
        if self.counted >= end {
            if std::mem::take(&mut self.unsorted) {
                // Sorting is cheap for times that are mostly sorted.
                self.all.sorted.sort();
                self.groups.iter_mut().for_each(|(_, times)| times.sorted.sort());
            }
            return false;
        }
        self.unsorted = true;
        let (_, measure, by) = self.config;
        for row in self.counted..end {
            let Some(call) = numbers.get(row).and_then(|call| index.calls.get(call as usize)) else { continue };
            // A message without a response has no response time, and that of an unknown one is unknown.
            if call.exchange.is_one_way || call.exchange.has_unknown_response() {
                continue;
            }
            let time = match measure {
                LatencyMeasure::Whole => call.exchange.total(),
                LatencyMeasure::Wait => call.exchange.time_to_first_byte(),
            };
            // A response that begins before the request ends is not waited for.
            let time = time.or(call.exchange.early_by().map(|_| 0));
            self.all.add(time);
            let next = self.groups.len();
            let name = by.key(call);
            let number = *self.numbers.entry_ref(&*name).or_insert(next);
            if number == next {
                self.groups.push((name.into_owned(), ResponseTimes::default()));
                Arc::make_mut(&mut self.group_numbers).push(next as u32);
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

    fn times(sorted: impl IntoIterator<Item = i64>) -> ResponseTimes {
        ResponseTimes { sorted: sorted.into_iter().collect(), unanswered: 0 }
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
    fn a_histogram_covers_the_range_of_the_times() {
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
    fn impossible_times_are_counted() {
        let extremes = times([i64::MIN, -1, 0, i64::MAX]);
        let bars = extremes.histogram(5);
        assert_eq!(bars.first(), Some(&([0, 1_000], 3)));
        assert_eq!(bars.last(), Some(&([1_000_000, i64::MAX], 1)));
        assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), 4);
    }
}
