//! The rank test of Mann, Whitney and Wilcoxon: whether the values of one sample tend to be greater than those of another.

/// Largest number of values whose distribution of ranks is computed exactly. Of more, it is approximated by a normal one.
const MAX_EXACT: usize = 30;

/// Returns the probability that the sum of the ranks of `later` is at least as high as it is, if both samples are of the same
/// distribution: the one-sided p-value. Equal values share their mean rank. `None` if a sample is empty.
pub(super) fn probability_of_greater(earlier: &[u64], later: &[u64]) -> Option<f64> {
    if earlier.is_empty() || later.is_empty() {
        return None;
    }
    let ranks = Ranks::of(earlier, later);
    let all = earlier.len() + later.len();
    Some(if all <= MAX_EXACT { ranks.exact(later.len()) } else { ranks.approximate(earlier.len(), later.len()) })
}

/// Returns the least probability that samples of these sizes can have.
pub(super) fn least_probability(earlier: usize, later: usize) -> f64 {
    let smaller = earlier.min(later);
    let ways = (1..=smaller).fold(1.0, |ways, nth| ways * (earlier + later - smaller + nth) as f64 / nth as f64);
    1.0 / ways
}

/// Ranks of two samples. Each is twice the rank, so that a mean rank is a whole number.
struct Ranks {
    all: Vec<u64>,
    /// Sum of those of the later sample.
    sum: u64,
    /// Sum over groups of equal values of t³ - t, where t is the size of the group.
    ties: f64,
}

impl Ranks {
    fn of(earlier: &[u64], later: &[u64]) -> Ranks {
        let tagged = |is_later: bool| move |&value: &u64| (value, is_later);
        let mut values: Vec<(u64, bool)> =
            earlier.iter().map(tagged(false)).chain(later.iter().map(tagged(true))).collect();
        values.sort_unstable();
        let mut ranks = Ranks { all: Vec::with_capacity(values.len()), sum: 0, ties: 0.0 };
        for group in values.chunk_by(|one, other| one.0 == other.0) {
            // The ranks of the group are first + 1 to first + t; twice their mean is 2 first + t + 1.
            let (first, size) = (ranks.all.len() as u64, group.len() as u64);
            let rank = 2 * first + size + 1;
            ranks.all.resize(ranks.all.len() + group.len(), rank);
            ranks.sum += rank * group.iter().filter(|(_, is_later)| *is_later).count() as u64;
            ranks.ties += (size as f64).powi(3) - size as f64;
        }
        ranks
    }

    /// Counts the subsets of `size` ranks by their sum.
    fn exact(&self, size: usize) -> f64 {
        let total: u64 = self.all.iter().sum();
        let width = total as usize + 1;
        // The number of subsets of n ranks with the sum s is at n * width + s.
        let mut ways = vec![0.0_f64; (size + 1) * width];
        ways[0] = 1.0;
        for &rank in &self.all {
            for count in (1..=size).rev() {
                for sum in (rank as usize..width).rev() {
                    let before = ways.get((count - 1) * width + sum - rank as usize).copied().unwrap_or(0.0);
                    if let Some(own) = ways.get_mut(count * width + sum).filter(|_| before > 0.0) {
                        *own += before;
                    }
                }
            }
        }
        let of_size = ways.get(size * width..).unwrap_or_default();
        let at_least: f64 = of_size.get(self.sum as usize..).unwrap_or_default().iter().sum();
        at_least / of_size.iter().sum::<f64>()
    }

    /// Approximates by a normal distribution, with the correction for ties and for continuity.
    fn approximate(&self, earlier: usize, later: usize) -> f64 {
        let (earlier, later) = (earlier as f64, later as f64);
        let all = earlier + later;
        let mean = later * (all + 1.0) / 2.0;
        let variance = earlier * later / 12.0 * (all + 1.0 - self.ties / (all * (all - 1.0)));
        if variance <= 0.0 {
            return 1.0;
        }
        let score = (self.sum as f64 / 2.0 - mean - 0.5) / variance.sqrt();
        libm::erfc(score / std::f64::consts::SQRT_2) / 2.0
    }
}

/// Returns the median: of an even number of values, the lower of the two in the middle.
pub(super) fn median(values: &[u64]) -> Option<u64> {
    percentile(values, 50)
}

/// Returns a percentile by the nearest-rank method.
pub(super) fn percentile(values: &[u64], percent: usize) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-5, "{found} {expected}");
    }

    #[test]
    fn probabilities_are_those_of_published_examples() {
        // Hollander & Wolfe (1973), 69f, in the manual of wilcox.test of R: W = 35, p-value = 0.1272.
        let greater = [80, 83, 189, 104, 145, 138, 191, 164, 73, 146];
        let less = [115, 88, 90, 74, 121];
        close(probability_of_greater(&less, &greater).expect("values"), 0.1272);
        // All of the later values are greater: one of the ways to choose 5 of 10.
        close(probability_of_greater(&[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10]).expect("values"), 1.0 / 252.0);
        close(probability_of_greater(&[6, 7, 8, 9, 10], &[1, 2, 3, 4, 5]).expect("values"), 1.0);
        close(least_probability(5, 5), 1.0 / 252.0);
        close(least_probability(1, 1), 0.5);
        close(least_probability(3, 7), 1.0 / 120.0);
        assert_eq!(probability_of_greater(&[], &[1]), None);
    }

    #[test]
    fn equal_values_share_their_rank() {
        // Of the six ways to choose two of 1, 2, 2, 3, those with a sum of ranks of at least 2.5 + 4 are {2, 3} twice.
        close(probability_of_greater(&[1, 2], &[2, 3]).expect("values"), 2.0 / 6.0);
        close(probability_of_greater(&[7; 5], &[7; 5]).expect("values"), 1.0);
        close(probability_of_greater(&[7; 100], &[7; 100]).expect("values"), 1.0);
    }

    #[test]
    fn the_approximation_continues_the_exact_distribution() {
        let earlier: Vec<u64> = (0..15).map(|nth| nth * 4).collect();
        let later: Vec<u64> = (0..15).map(|nth| nth * 4 + 17).collect();
        let exact = probability_of_greater(&earlier, &later).expect("values");
        let approximate = Ranks::of(&earlier, &later).approximate(15, 15);
        assert!((exact - approximate).abs() < 0.002, "{exact} {approximate}");
        assert!(exact < 0.05);
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        assert_eq!((median(&[]), median(&[3]), median(&[4, 1]), median(&[9, 1, 5])), (None, Some(3), Some(1), Some(5)));
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 95), Some(95));
    }
}
