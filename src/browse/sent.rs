//! Which frame carried each byte of a side first.

use std::collections::BTreeMap;

/// Segments that are remembered of a side; those with the lowest numbers are forgotten first.
const MOST: usize = 1 << 15;

/// As many remembered segments are looked at to find what lies over a number.
const NEAR: usize = 8;

/// What one side has sent.
#[derive(Default)]
pub(super) struct Sent {
    /// By the sequence number with which each begins: the number after it, and its frame. Numbers are not cut to 32 bits.
    segments: BTreeMap<u64, (u64, u32)>,
    last: Option<u64>,
}

impl Sent {
    /// The frame that carried a sequence number first, if it was captured.
    pub(super) fn first(&self, seq: u32) -> Option<u32> {
        let seq = self.whole(seq);
        let near = self.segments.range(..=seq).rev().take(NEAR);
        near.filter(|&(_, &(end, _))| end > seq).map(|(_, &(_, frame))| frame).min()
    }

    /// Takes in what a frame carries. What was sent before stays with the frame that carried it first.
    pub(super) fn take(&mut self, seq: u32, len: u32, frame: u32) {
        let mut from = self.whole(seq);
        self.last = Some(from);
        let end = from + u64::from(len);
        for _ in 0..NEAR {
            match self.segments.range(..=from).next_back() {
                Some((_, &(covered, _))) if covered > from => from = covered,
                _ => break,
            }
        }
        if from < end {
            self.segments.entry(from).or_insert((end, frame));
        }
        if self.segments.len() > MOST {
            self.segments.pop_first();
        }
    }

    /// A number as it would be if numbers did not begin anew after 32 bits: the one next to the last.
    fn whole(&self, seq: u32) -> u64 {
        let last = self.last.unwrap_or(1 << 32 | u64::from(seq));
        let away = seq.wrapping_sub(last as u32) as i32;
        last.saturating_add_signed(away.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_again_stays_with_the_frame_that_carried_it_first() {
        let mut sent = Sent::default();
        for (seq, len, frame) in [(u32::MAX - 9, 10, 1), (0, 10, 2), (20, 10, 4), (5, 30, 5), (0, 10, 6)] {
            sent.take(seq, len, frame);
        }
        let firsts = [u32::MAX - 9, u32::MAX, 0, 5, 9, 10, 15, 20, 29, 30, 34, 35].map(|seq| sent.first(seq));
        let expected = [1, 1, 2, 2, 2, 5, 5, 4, 4, 5, 5];
        assert_eq!(firsts[..11], expected.map(Some));
        assert_eq!(firsts[11], None);
    }

    #[test]
    fn what_was_not_captured_has_no_frame() {
        let mut sent = Sent::default();
        assert_eq!(sent.first(7), None);
        sent.take(100, 10, 1);
        assert_eq!([99, 100, 110].map(|seq| sent.first(seq)), [None, Some(1), None]);
    }

    #[test]
    fn no_more_segments_are_remembered_than_may_be() {
        let mut sent = Sent::default();
        (0..40_000u32).for_each(|nth| sent.take(nth * 2, 1, nth));
        assert_eq!(sent.segments.len(), MOST);
        assert_eq!((sent.first(0), sent.first(79_998)), (None, Some(39_999)));
    }
}
