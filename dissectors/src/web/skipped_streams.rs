//! Streams that are skipped: their further frames open no stream again.

use alloc::vec::Vec;

/// Maximum number of ranges of streams. Beyond it, two ranges become one.
const MAX_RANGES: usize = 64;

/// The numbers of skipped streams, as ranges of numbers that are all odd or all even (RFC 9113 5.1.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct SkippedStreams {
    /// First and last number of each range.
    ranges: Vec<(u32, u32)>,
}

/// Whether two streams are of the same initiator.
fn have_same_initiator(one: u32, other: u32) -> bool {
    one % 2 == other % 2
}

impl SkippedStreams {
    /// Whether a stream is skipped.
    pub(crate) fn contains(&self, id: u32) -> bool {
        self.ranges.iter().any(|&(first, last)| (first..=last).contains(&id) && have_same_initiator(first, id))
    }

    /// Adds a stream.
    pub(crate) fn add(&mut self, id: u32) {
        if self.contains(id) {
            return;
        }
        if let Some((_, last)) = self.ranges.iter_mut().find(|(_, last)| last.checked_add(2) == Some(id)) {
            *last = id;
            return;
        }
        self.ranges.push((id, id));
        if self.ranges.len() > MAX_RANGES {
            self.merge_oldest();
        }
    }

    /// Joins the oldest range with the next one of its initiator. The streams between are older than the last one, so none
    /// of them opens any more (RFC 9113 5.1.1).
    fn merge_oldest(&mut self) {
        let (first, last) = self.ranges.remove(0);
        if let Some(next) = self.ranges.iter_mut().find(|(next, _)| have_same_initiator(*next, first)) {
            *next = (first.min(next.0), last.max(next.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_the_streams_of_one_initiator() {
        let mut skipped = SkippedStreams::default();
        [5, 7, 8, 9, 13].into_iter().for_each(|id| skipped.add(id));
        let found: Vec<u32> = (0..20).filter(|&id| skipped.contains(id)).collect();
        assert_eq!(found, [5, 7, 8, 9, 13]);
        assert_eq!(skipped.ranges, [(5, 9), (8, 8), (13, 13)]);
    }

    #[test]
    fn the_number_of_ranges_is_limited_and_skipped_streams_stay_skipped() {
        let mut skipped = SkippedStreams::default();
        let ids = || (0..1000).map(|nth| 1 + 4 * nth).chain([u32::MAX]);
        ids().for_each(|id| skipped.add(id));
        assert!(skipped.ranges.len() <= MAX_RANGES);
        assert!(ids().all(|id| skipped.contains(id)));
    }
}
