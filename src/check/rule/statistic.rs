//! `sum`, `min`, `max`, `median`, `p95`, `p99`: a statistic of a field's values satisfies a bound.

use super::{EvaluatedItem, RuleEvaluator, RuleUnit, matches_condition};
use crate::capture::Call;
use crate::check::bound::{Bound, format_quantity};
use crate::check::verdict::{DecidingFrames, Verdict, count_noun};
use crate::filter::{Filter, NumericExpr};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Statistic of a set of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    /// Sum of all values.
    Sum,
    /// Least value.
    Min,
    /// Greatest value.
    Max,
    /// Middle value; for an even number of values the mean of the two middle ones.
    Median,
    /// Percentile by the nearest-rank method: the least value that this percentage of the values does not exceed.
    Percentile(u8),
}

/// Statistics by keyword.
pub(super) const STATISTICS: [(&str, Statistic); 6] = [
    ("sum", Statistic::Sum),
    ("min", Statistic::Min),
    ("max", Statistic::Max),
    ("median", Statistic::Median),
    ("p95", Statistic::Percentile(95)),
    ("p99", Statistic::Percentile(99)),
];

/// Rule that a statistic of values satisfies a bound.
pub(super) struct StatisticRule {
    pub(super) unit: RuleUnit,
    /// Name of the statistic in reports.
    pub(super) name: &'static str,
    pub(super) statistic: Statistic,
    pub(super) measure: NumericExpr,
    pub(super) bound: Bound,
}

impl StatisticRule {
    pub(super) fn evaluator<'r>(&'r self, condition: Option<&'r Filter>) -> StatisticEvaluator<'r> {
        StatisticEvaluator {
            rule: self,
            condition,
            distribution: Distribution::default(),
            frames: DecidingFrames::default(),
        }
    }
}

/// Evaluator of the rule.
pub(super) struct StatisticEvaluator<'r> {
    rule: &'r StatisticRule,
    condition: Option<&'r Filter>,
    distribution: Distribution,
    frames: DecidingFrames,
}

impl StatisticEvaluator<'_> {
    /// Adds the values of a frame or a call, and records its frames if they violate the bound.
    fn add_values(&mut self, item: &EvaluatedItem<'_>) {
        if !matches_condition(self.condition, item.tree) {
            return;
        }
        let (bound, is_sum) = (&self.rule.bound, self.rule.statistic == Statistic::Sum);
        let sum_before = self.distribution.sum;
        let mut violates = false;
        self.rule.measure.for_each_value(item.tree, |value| {
            self.distribution.add(value, bound.number);
            violates |= !is_sum && !bound.holds(value);
        });
        // The item that raises a sum above the bound decides. No item decides that a sum is too small.
        let exceeds = |sum: i128| sum > bound.number;
        if violates || is_sum && exceeds(self.distribution.sum) && !exceeds(sum_before) {
            self.frames.add_all(item.frames);
        }
    }
}

impl RuleEvaluator for StatisticEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        if self.rule.unit == RuleUnit::Frame {
            self.add_values(item);
        }
    }

    fn on_call(&mut self, _: &Call, item: &EvaluatedItem<'_>) {
        if self.rule.unit == RuleUnit::Call {
            self.add_values(item);
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let StatisticRule { name: word, statistic, bound, .. } = self.rule;
        let Some(ordering) = self.distribution.compare(*statistic, bound.number) else {
            return Verdict::new(false, "no values".into(), self.frames);
        };
        let values = count_noun(self.distribution.count, "value");
        let found = match self.distribution.format(*statistic, bound.is_duration) {
            Some(value) => format!("the {word} of {values} is {value}"),
            None => {
                let sign = match ordering {
                    Ordering::Less => "less than",
                    Ordering::Equal => "",
                    Ordering::Greater => "more than",
                };
                format!("the {word} of {values} is {sign} {}", format_quantity(bound.number, bound.is_duration))
            }
        };
        Verdict::new(bound.holds_for_ordering(ordering), found, self.frames)
    }
}

/// Maximum number of distinct values counted to report a median or a percentile. The comparison with the bound is exact
/// for any number of values.
const MAX_DISTINCT: usize = 1 << 18;

/// Distribution of values relative to the number of a bound.
#[derive(Default)]
struct Distribution {
    count: u64,
    sum: i128,
    /// Number of values less than the bound.
    less: u64,
    /// Number of values equal to the bound.
    equal: u64,
    min: Option<i128>,
    max: Option<i128>,
    /// Greatest value less than the bound.
    below: Option<i128>,
    /// Least value greater than the bound.
    above: Option<i128>,
    /// Occurrences of each distinct value; empty if there are too many.
    counts: BTreeMap<i128, u64>,
    /// Whether there are more distinct values than [`MAX_DISTINCT`].
    overflowed: bool,
}

impl Distribution {
    /// Adds a value. `bound` is the same number in all calls.
    fn add(&mut self, value: i128, bound: i128) {
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        match value.cmp(&bound) {
            Ordering::Less => {
                self.less += 1;
                self.below = Some(self.below.map_or(value, |below| below.max(value)));
            }
            Ordering::Equal => self.equal += 1,
            Ordering::Greater => self.above = Some(self.above.map_or(value, |above| above.min(value))),
        }
        if !self.overflowed {
            *self.counts.entry(value).or_default() += 1;
            self.overflowed = self.counts.len() > MAX_DISTINCT;
        }
        if self.overflowed {
            self.counts.clear();
        }
    }

    /// Compares a statistic with the bound. Returns `None` if there are no values.
    fn compare(&self, statistic: Statistic, bound: i128) -> Option<Ordering> {
        Some(match statistic {
            Statistic::Sum => self.sum.cmp(&bound),
            Statistic::Min => self.min?.cmp(&bound),
            Statistic::Max => self.max?.cmp(&bound),
            Statistic::Percentile(percentage) => self.compare_rank(nearest_rank(percentage, self.count)?),
            Statistic::Median => {
                let (low, high) = middle_ranks(self.count)?;
                match (self.compare_rank(low), self.compare_rank(high)) {
                    // The bound is between the two middle values, so they are its neighbors.
                    (Ordering::Less, Ordering::Greater) => {
                        self.below?.saturating_add(self.above?).cmp(&bound.saturating_mul(2))
                    }
                    (Ordering::Equal, high) => high,
                    (low, _) => low,
                }
            }
        })
    }

    /// Compares the value of a rank with the bound. The least value has rank 1.
    fn compare_rank(&self, rank: u64) -> Ordering {
        match rank {
            _ if rank <= self.less => Ordering::Less,
            _ if rank <= self.less + self.equal => Ordering::Equal,
            _ => Ordering::Greater,
        }
    }

    /// Formats a statistic. Returns `None` if there are no values or too many distinct ones.
    fn format(&self, statistic: Statistic, is_duration: bool) -> Option<String> {
        let value_at = |rank: u64| {
            let mut total = 0;
            let mut reaches_rank = |count: u64| {
                total += count;
                total >= rank
            };
            self.counts.iter().find(|(_, count)| reaches_rank(**count)).map(|(value, _)| *value)
        };
        let value = match statistic {
            Statistic::Sum => self.sum,
            Statistic::Min => self.min?,
            Statistic::Max => self.max?,
            Statistic::Percentile(percentage) => value_at(nearest_rank(percentage, self.count)?)?,
            Statistic::Median => {
                let (low, high) = middle_ranks(self.count)?;
                let twice = value_at(low)?.saturating_add(value_at(high)?);
                let half = if twice % 2 == 0 { "" } else { " and a half" };
                return Some(format_quantity(twice.div_euclid(2), is_duration) + if is_duration { "" } else { half });
            }
        };
        Some(format_quantity(value, is_duration))
    }
}

/// Returns the nearest rank of a percentile, or `None` if there are no values.
fn nearest_rank(percentage: u8, count: u64) -> Option<u64> {
    (count > 0).then(|| count.saturating_mul(percentage.into()).div_ceil(100))
}

/// Returns the ranks of the two middle values, equal for an odd count, or `None` if there are no values.
fn middle_ranks(count: u64) -> Option<(u64, u64)> {
    (count > 0).then(|| (count.div_ceil(2), count / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a formatted statistic and its comparison with a bound.
    fn evaluate(values: &[i128], statistic: Statistic, bound: i128) -> Option<(String, Ordering)> {
        let mut distribution = Distribution::default();
        values.iter().for_each(|&value| distribution.add(value, bound));
        distribution.format(statistic, false).zip(distribution.compare(statistic, bound))
    }

    #[test]
    fn formatted_statistic_agrees_with_comparison() {
        let sets: [&[i128]; 6] = [&[5], &[1, 2], &[3, 1, 2], &[1, 4], &[7, 7, 7, 9], &[-3, 10, 2, 2, 8]];
        for values in sets {
            let mut sorted = values.to_vec();
            sorted.sort_unstable();
            for bound in -4..12 {
                for (word, statistic) in STATISTICS {
                    let len = sorted.len();
                    let twice = match statistic {
                        Statistic::Sum => 2 * values.iter().sum::<i128>(),
                        Statistic::Min => 2 * sorted[0],
                        Statistic::Max => 2 * sorted[len - 1],
                        Statistic::Median => sorted[(len - 1) / 2] + sorted[len / 2],
                        // With fewer than 20 values, the greatest.
                        Statistic::Percentile(_) => 2 * sorted[len - 1],
                    };
                    let (text, ordering) = evaluate(values, statistic, bound).expect("a value");
                    assert_eq!(ordering, twice.cmp(&(2 * bound)), "{word} of {values:?} with bound {bound}: {text}");
                    let half = if twice % 2 == 0 { "" } else { " and a half" };
                    assert_eq!(text, format!("{}{half}", twice.div_euclid(2)), "{word} of {values:?}");
                }
            }
        }
    }

    #[test]
    fn percentiles_use_the_nearest_rank() {
        let hundred: Vec<i128> = (1..=100).collect();
        assert_eq!(evaluate(&hundred, Statistic::Percentile(95), 95), Some(("95".into(), Ordering::Equal)));
        assert_eq!(evaluate(&hundred, Statistic::Percentile(99), 95), Some(("99".into(), Ordering::Greater)));
        assert_eq!(evaluate(&hundred[..20], Statistic::Percentile(95), 20), Some(("19".into(), Ordering::Less)));
        assert_eq!(evaluate(&[], Statistic::Max, 1), None);
        assert_eq!(evaluate(&[], Statistic::Sum, 1), Some(("0".into(), Ordering::Less)));
    }

    #[test]
    fn counts_repeated_values_in_one_entry() {
        let mut distribution = Distribution::default();
        (0..2 * MAX_DISTINCT as i128).for_each(|value| distribution.add(value % 100, 0));
        assert_eq!(distribution.counts.len(), 100);
        // Each of 0 to 99 occurs 5,242 or 5,243 times: half of the values are at most 49, 95 % are at most 94.
        assert_eq!(distribution.format(Statistic::Percentile(95), false), Some("94".into()));
        assert_eq!(distribution.format(Statistic::Median, false), Some("49".into()));
    }

    #[test]
    fn compares_beyond_the_limit_of_distinct_values() {
        let mut distribution = Distribution::default();
        (0..2 * MAX_DISTINCT as i128).for_each(|value| distribution.add(value, 1000));
        assert_eq!(distribution.format(Statistic::Median, false), None);
        assert_eq!(distribution.compare(Statistic::Median, 1000), Some(Ordering::Greater));
    }
}
