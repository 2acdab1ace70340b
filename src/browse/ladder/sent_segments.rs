//! The frame that carried each byte of a side first.

use std::collections::BTreeMap;

/// Maximum number of segments remembered per side. Those with the lowest sequence numbers are dropped first.
const MAX_SEGMENTS: usize = 1 << 15;

/// Maximum number of segments searched for the one that covers a sequence number.
const MAX_SEARCHED: usize = 8;

/// The segments that one side has sent.
#[derive(Default)]
pub(super) struct SentSegments {
    /// End of each segment and its frame, by the segment's first sequence number. Sequence numbers are 64 bits wide.
    segments: BTreeMap<u64, (u64, u32)>,
    last_seq: Option<u64>,
}

impl SentSegments {
    /// Returns the frame that carried a sequence number first, if it was captured.
    pub(super) fn first_frame(&self, seq: u32) -> Option<u32> {
        let seq = self.extended(seq);
        let near = self.segments.range(..=seq).rev().take(MAX_SEARCHED);
        near.filter(|&(_, &(end, _))| end > seq).map(|(_, &(_, frame))| frame).min()
    }

    /// Records a segment. Retransmitted bytes stay assigned to the frame that carried them first.
    pub(super) fn record(&mut self, seq: u32, len: u32, frame: u32) {
        let mut from = self.extended(seq);
        self.last_seq = Some(from);
        let end = from + u64::from(len);
        for _ in 0..MAX_SEARCHED {
            match self.segments.range(..=from).next_back() {
                Some((_, &(covered, _))) if covered > from => from = covered,
                _ => break,
            }
        }
        if from < end {
            self.segments.entry(from).or_insert((end, frame));
        }
        if self.segments.len() > MAX_SEGMENTS {
            self.segments.pop_first();
        }
    }

    /// Extends a sequence number to 64 bits: the candidate closest to the last one.
    fn extended(&self, seq: u32) -> u64 {
        let last = self.last_seq.unwrap_or(1 << 32 | u64::from(seq));
        let distance = seq.wrapping_sub(last as u32) as i32;
        last.saturating_add_signed(distance.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retransmitted_bytes_stay_assigned_to_the_frame_that_carried_them_first() {
        let mut sent = SentSegments::default();
        for (seq, len, frame) in [(u32::MAX - 9, 10, 1), (0, 10, 2), (20, 10, 4), (5, 30, 5), (0, 10, 6)] {
            sent.record(seq, len, frame);
        }
        let firsts = [u32::MAX - 9, u32::MAX, 0, 5, 9, 10, 15, 20, 29, 30, 34, 35].map(|seq| sent.first_frame(seq));
        let expected = [1, 1, 2, 2, 2, 5, 5, 4, 4, 5, 5];
        assert_eq!(firsts[..11], expected.map(Some));
        assert_eq!(firsts[11], None);
    }

    #[test]
    fn bytes_that_were_not_captured_have_no_frame() {
        let mut sent = SentSegments::default();
        assert_eq!(sent.first_frame(7), None);
        sent.record(100, 10, 1);
        assert_eq!([99, 100, 110].map(|seq| sent.first_frame(seq)), [None, Some(1), None]);
    }

    #[test]
    fn the_number_of_segments_is_limited() {
        let mut sent = SentSegments::default();
        (0..40_000u32).for_each(|nth| sent.record(nth * 2, 1, nth));
        assert_eq!(sent.segments.len(), MAX_SEGMENTS);
        assert_eq!((sent.first_frame(0), sent.first_frame(79_998)), (None, Some(39_999)));
    }
}
