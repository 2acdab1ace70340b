//! `sum`, `min`, `max`, `median`, `p95`, `p99`: values against a bound.

use super::{Seen, Unit, Watch, lets};
use crate::capture::Call;
use crate::check::bound::{Bound, shown};
use crate::check::verdict::{Frames, Verdict, many};
use crate::filter::{Filter, Measure};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What is made of many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    /// All together.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The one in the middle; of an even number, the mean of the two.
    Median,
    /// The least that so many hundredths of all values do not exceed: the nearest rank.
    Percentile(u8),
}

/// The words for statistics.
pub(super) const STATISTICS: [(&str, Statistic); 6] = [
    ("sum", Statistic::Sum),
    ("min", Statistic::Min),
    ("max", Statistic::Max),
    ("median", Statistic::Median),
    ("p95", Statistic::Percentile(95)),
    ("p99", Statistic::Percentile(99)),
];

/// A statistic of values is as the bound says.
pub(super) struct Values {
    pub(super) unit: Unit,
    pub(super) word: &'static str,
    pub(super) statistic: Statistic,
    pub(super) measure: Measure,
    pub(super) bound: Bound,
}

impl Values {
    pub(super) fn watch<'r>(&'r self, only: Option<&'r Filter>) -> Watching<'r> {
        Watching { rule: self, only, tally: Tally::default(), frames: Frames::default() }
    }
}

pub(super) struct Watching<'r> {
    rule: &'r Values,
    only: Option<&'r Filter>,
    tally: Tally,
    frames: Frames,
}

impl Watching<'_> {
    fn measure(&mut self, seen: &Seen<'_>) {
        if !lets(self.only, seen.tree) {
            return;
        }
        let (bound, sums) = (&self.rule.bound, self.rule.statistic == Statistic::Sum);
        let before = self.tally.sum;
        let mut breaks = false;
        self.rule.measure.each(seen.tree, |value| {
            self.tally.add(value, bound.number);
            breaks |= !sums && !bound.holds(value);
        });
        // What made a sum too much decides; what would have made it enough is not there.
        let exceeds = |sum: i128| sum > bound.number;
        if breaks || sums && exceeds(self.tally.sum) && !exceeds(before) {
            self.frames.add_all(seen.frames);
        }
    }
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        if self.rule.unit == Unit::Frame {
            self.measure(seen);
        }
    }

    fn call(&mut self, _: &Call, seen: &Seen<'_>) {
        if self.rule.unit == Unit::Call {
            self.measure(seen);
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let Values { word, statistic, bound, .. } = self.rule;
        let Some(ordering) = self.tally.stands(*statistic, bound.number) else {
            return Verdict::new(false, "there is no value".into(), self.frames);
        };
        let of = many(self.tally.count, "value");
        let found = match self.tally.told(*statistic, bound.of_time) {
            Some(value) => format!("the {word} of {of} is {value}"),
            None => {
                let sign = match ordering {
                    Ordering::Less => "less than",
                    Ordering::Equal => "",
                    Ordering::Greater => "more than",
                };
                format!("the {word} of {of} is {sign} {}", shown(bound.number, bound.of_time))
            }
        };
        Verdict::new(bound.holds_for(ordering), found, self.frames)
    }
}

/// As many different values are kept to tell a median or a percentile; how it stands to the bound is known of any number.
const KEPT: usize = 1 << 18;

/// What is remembered of many values, beside one that they are held against.
#[derive(Default)]
struct Tally {
    count: u64,
    sum: i128,
    /// As many are less than the one, as many are equal.
    less: u64,
    equal: u64,
    min: Option<i128>,
    max: Option<i128>,
    /// The greatest that is less than the one, and the least that is greater.
    below: Option<i128>,
    above: Option<i128>,
    /// How often each was met; nothing if they are too many.
    kept: BTreeMap<i128, u64>,
    too_many: bool,
}

impl Tally {
    fn add(&mut self, value: i128, one: i128) {
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        match value.cmp(&one) {
            Ordering::Less => {
                self.less += 1;
                self.below = Some(self.below.map_or(value, |below| below.max(value)));
            }
            Ordering::Equal => self.equal += 1,
            Ordering::Greater => self.above = Some(self.above.map_or(value, |above| above.min(value))),
        }
        if !self.too_many {
            *self.kept.entry(value).or_default() += 1;
            self.too_many = self.kept.len() > KEPT;
        }
        if self.too_many {
            self.kept.clear();
        }
    }

    /// How a statistic stands to the one; none if it has no value.
    fn stands(&self, statistic: Statistic, one: i128) -> Option<Ordering> {
        Some(match statistic {
            Statistic::Sum => self.sum.cmp(&one),
            Statistic::Min => self.min?.cmp(&one),
            Statistic::Max => self.max?.cmp(&one),
            Statistic::Percentile(hundredths) => self.rank(rank(hundredths, self.count)?),
            Statistic::Median => {
                let (low, high) = middle(self.count)?;
                match (self.rank(low), self.rank(high)) {
                    // The two values in the middle are the neighbours of the one.
                    (Ordering::Less, Ordering::Greater) => {
                        self.below?.saturating_add(self.above?).cmp(&one.saturating_mul(2))
                    }
                    (Ordering::Equal, high) => high,
                    (low, _) => low,
                }
            }
        })
    }

    /// How the value of this rank, the least being 1, stands to the one.
    fn rank(&self, rank: u64) -> Ordering {
        match rank {
            _ if rank <= self.less => Ordering::Less,
            _ if rank <= self.less + self.equal => Ordering::Equal,
            _ => Ordering::Greater,
        }
    }

    /// A statistic in words, if enough was kept.
    fn told(&self, statistic: Statistic, of_time: bool) -> Option<String> {
        let at = |rank: u64| {
            let mut met = 0;
            let mut reaches = |times: u64| {
                met += times;
                met >= rank
            };
            self.kept.iter().find(|(_, times)| reaches(**times)).map(|(value, _)| *value)
        };
        let value = match statistic {
            Statistic::Sum => self.sum,
            Statistic::Min => self.min?,
            Statistic::Max => self.max?,
            Statistic::Percentile(hundredths) => at(rank(hundredths, self.count)?)?,
            Statistic::Median => {
                let (low, high) = middle(self.count)?;
                let twice = at(low)?.saturating_add(at(high)?);
                let half = if twice % 2 == 0 { "" } else { " and a half" };
                return Some(shown(twice.div_euclid(2), of_time) + if of_time { "" } else { half });
            }
        };
        Some(shown(value, of_time))
    }
}

/// The nearest rank of a percentile; none of no values.
fn rank(hundredths: u8, count: u64) -> Option<u64> {
    (count > 0).then(|| count.saturating_mul(hundredths.into()).div_ceil(100))
}

/// The ranks of the values in the middle, the same of an odd number; none of no values.
fn middle(count: u64) -> Option<(u64, u64)> {
    (count > 0).then(|| (count.div_ceil(2), count / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statistic in words, and how it stands to the one.
    fn of(values: &[i128], statistic: Statistic, one: i128) -> Option<(String, Ordering)> {
        let mut tally = Tally::default();
        values.iter().for_each(|&value| tally.add(value, one));
        tally.told(statistic, false).zip(tally.stands(statistic, one))
    }

    #[test]
    fn what_is_told_and_how_it_stands_agree() {
        let sets: [&[i128]; 6] = [&[5], &[1, 2], &[3, 1, 2], &[1, 4], &[7, 7, 7, 9], &[-3, 10, 2, 2, 8]];
        for values in sets {
            let mut sorted = values.to_vec();
            sorted.sort_unstable();
            for one in -4..12 {
                for (word, statistic) in STATISTICS {
                    let len = sorted.len();
                    let twice = match statistic {
                        Statistic::Sum => 2 * values.iter().sum::<i128>(),
                        Statistic::Min => 2 * sorted[0],
                        Statistic::Max => 2 * sorted[len - 1],
                        Statistic::Median => sorted[(len - 1) / 2] + sorted[len / 2],
                        // Of fewer than twenty values the last.
                        Statistic::Percentile(_) => 2 * sorted[len - 1],
                    };
                    let (told, stands) = of(values, statistic, one).expect("a value");
                    assert_eq!(stands, twice.cmp(&(2 * one)), "{word} of {values:?} beside {one}: {told}");
                    let half = if twice % 2 == 0 { "" } else { " and a half" };
                    assert_eq!(told, format!("{}{half}", twice.div_euclid(2)), "{word} of {values:?}");
                }
            }
        }
    }

    #[test]
    fn a_percentile_is_that_of_the_nearest_rank() {
        let hundred: Vec<i128> = (1..=100).collect();
        assert_eq!(of(&hundred, Statistic::Percentile(95), 95), Some(("95".into(), Ordering::Equal)));
        assert_eq!(of(&hundred, Statistic::Percentile(99), 95), Some(("99".into(), Ordering::Greater)));
        assert_eq!(of(&hundred[..20], Statistic::Percentile(95), 20), Some(("19".into(), Ordering::Less)));
        assert_eq!(of(&[], Statistic::Max, 1), None);
        assert_eq!(of(&[], Statistic::Sum, 1), Some(("0".into(), Ordering::Less)));
    }

    #[test]
    fn a_value_that_comes_again_is_kept_once() {
        let mut tally = Tally::default();
        (0..2 * KEPT as i128).for_each(|value| tally.add(value % 100, 0));
        assert_eq!(tally.kept.len(), 100);
        // Of each of 0 to 99 there are 5,242 or 5,243: half of them are 49 or less, 95 of 100 are 94 or less.
        assert_eq!(tally.told(Statistic::Percentile(95), false), Some("94".into()));
        assert_eq!(tally.told(Statistic::Median, false), Some("49".into()));
    }

    #[test]
    fn of_more_values_than_are_kept_it_is_still_known_how_they_stand() {
        let mut tally = Tally::default();
        (0..2 * KEPT as i128).for_each(|value| tally.add(value, 1000));
        assert_eq!(tally.told(Statistic::Median, false), None);
        assert_eq!(tally.stands(Statistic::Median, 1000), Some(Ordering::Greater));
    }
}
