//! Quantiles of durations, in bounded memory.

/// Number of bits after the highest one that distinguish two values: 32 steps for each power of two.
const STEP_BITS: u32 = 5;
const STEPS: u64 = 1 << STEP_BITS;

/// Largest relative error of a quantile, in percent: half of a step.
#[cfg(test)]
const MAX_ERROR_PERCENT: f64 = 100.0 / (2.0 * STEPS as f64);

/// Histogram of durations with steps that grow with the value: the error of a quantile is at most 1.6 percent.
///
/// Values below 32 ns have a step each. It has at most 1,920 steps, and a few hundred for the durations of real calls.
#[derive(Debug, Default)]
pub(crate) struct DurationHistogram {
    /// Steps with their number of values, ascending.
    steps: Vec<(u16, u32)>,
    count: u64,
    min: u64,
    max: u64,
}

impl DurationHistogram {
    /// Adds a duration in nanoseconds.
    pub(crate) fn add(&mut self, nanos: u64) {
        self.min = if self.count == 0 { nanos } else { self.min.min(nanos) };
        self.max = self.max.max(nanos);
        self.count += 1;
        self.add_to_step(step_of(nanos), 1);
    }

    fn add_to_step(&mut self, step: u16, count: u32) {
        match self.steps.binary_search_by_key(&step, |&(step, _)| step) {
            Ok(at) => {
                if let Some((_, own)) = self.steps.get_mut(at) {
                    *own = own.saturating_add(count);
                }
            }
            Err(at) => self.steps.insert(at, (step, count)),
        }
    }

    /// Adds the durations of another histogram.
    pub(crate) fn merge(&mut self, other: &DurationHistogram) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        other.steps.iter().for_each(|&(step, count)| self.add_to_step(step, count));
    }

    /// Returns a percentile by the nearest-rank method; none without values.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
        if rank == u128::from(self.count) {
            return self.max();
        }
        let mut counted = 0;
        let found = self.steps.iter().find(|&&(_, count)| {
            counted += u128::from(count);
            counted >= rank
        });
        found.map(|&(step, _)| middle_of(step).clamp(self.min, self.max))
    }

    /// Returns the number of durations from `low` to below `high`, within the error of a step.
    pub(crate) fn count_within(&self, low: u64, high: u64) -> u64 {
        let within = self.steps.iter().filter(|&&(step, _)| (low..high).contains(&middle_of(step)));
        within.map(|&(_, count)| u64::from(count)).sum()
    }

    /// Returns the bars of a chart, from the first with durations to the last: bounds, in steps of 1, 2 and 5 times a power of ten,
    /// and the number of durations.
    pub(crate) fn bars(&self) -> Vec<([u64; 2], u64)> {
        let powers = std::iter::successors(Some(1_000_u64), |power| power.checked_mul(10));
        let bounds = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
        let (mut low, mut bars) = (0, Vec::new());
        for high in bounds.chain([u64::MAX]) {
            bars.push(([low, high], self.count_within(low, high)));
            low = high;
        }
        let last = bars.iter().rposition(|(_, count)| *count > 0);
        bars.truncate(last.map_or(0, |last| last + 1));
        let first = bars.iter().position(|(_, count)| *count > 0).unwrap_or(0);
        bars.split_off(first)
    }

    /// Returns the longest duration; none without values.
    pub(crate) fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }
}

/// Returns the step of a value.
fn step_of(value: u64) -> u16 {
    let shift = value.checked_ilog2().unwrap_or(0).saturating_sub(STEP_BITS);
    (u64::from(shift) * STEPS + (value >> shift)) as u16
}

/// Returns the middle of the values of a step.
fn middle_of(step: u16) -> u64 {
    let step = u64::from(step);
    let shift = (step / STEPS).saturating_sub(1);
    let low = (step - shift * STEPS) << shift;
    low + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_values_that_differ_by_its_error() {
        for value in (0..2000).chain([4096, 999_999, 1_000_000_000, 123_456_789_012, u64::MAX / 3, u64::MAX]) {
            let middle = middle_of(step_of(value));
            let error = middle.abs_diff(value) as f64 * 100.0 / (value.max(1)) as f64;
            assert!(error <= MAX_ERROR_PERCENT, "{value} {middle} {error}");
        }
        assert!(step_of(u64::MAX) < 1_920);
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank_within_the_error() {
        let mut times = DurationHistogram::default();
        assert_eq!((times.percentile(50), times.max()), (None, None));
        times.add(1_234_567);
        assert_eq!((times.percentile(50), times.percentile(99)), (Some(1_234_567), Some(1_234_567)));
        let mut times = DurationHistogram::default();
        (1..=1000).rev().for_each(|millis| times.add(millis * 1_000_000));
        for (percent, exact) in [(50, 500_000_000_u64), (95, 950_000_000), (99, 990_000_000), (100, 1_000_000_000)] {
            let found = times.percentile(percent).unwrap_or_default();
            assert!(found.abs_diff(exact) as f64 * 100.0 / exact as f64 <= MAX_ERROR_PERCENT, "{percent} {found}");
        }
        assert_eq!(times.max(), Some(1_000_000_000));
    }

    #[test]
    fn bars_cover_the_durations() {
        let mut times = DurationHistogram::default();
        [1_500_u64, 1_600, 30_000].into_iter().for_each(|nanos| times.add(nanos));
        let bars = times.bars();
        assert_eq!(bars.first(), Some(&([1_000, 2_000], 2)));
        assert_eq!(bars.last(), Some(&([20_000, 50_000], 1)));
        assert_eq!(DurationHistogram::default().bars(), []);
    }

    #[test]
    fn a_merged_histogram_has_the_durations_of_both() {
        let of = |values: &[u64]| {
            let mut times = DurationHistogram::default();
            values.iter().for_each(|&nanos| times.add(nanos));
            times
        };
        let (mut times, other) = (of(&[20, 5]), of(&[7, 20, 9]));
        times.merge(&other);
        assert_eq!((times.percentile(1), times.percentile(50), times.percentile(80)), (Some(5), Some(9), Some(20)));
        assert_eq!((times.max(), times.count_within(0, 10), times.count_within(20, 21)), (Some(20), 3, 2));
        times.merge(&DurationHistogram::default());
        assert_eq!((times.percentile(1), times.max()), (Some(5), Some(20)));
        let mut none = DurationHistogram::default();
        none.merge(&other);
        assert_eq!(none.percentile(1), Some(7));
    }
}
