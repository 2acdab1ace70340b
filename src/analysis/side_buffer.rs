//! Bytes of one lane between delivery and consumption, and the frames they came in.

use super::limits;
use dissectors::session::SideEnd;
use std::collections::VecDeque;

/// Bytes of one lane: those that were not consumed yet, and where the others came from.
#[derive(Clone, Default)]
pub(super) struct SideBuffer {
    pub(super) unconsumed: Vec<u8>,
    /// Bytes that were delivered, gaps included, and how many of them are consumed.
    pub(super) delivered: u64,
    pub(super) consumed: u64,
    /// Where the last unit ends.
    pub(super) message_end: u64,
    /// Where the bytes of each frame end, oldest first, from the beginning of the unit that is being read. Entries with
    /// the same end share their bytes.
    #[allow(clippy::box_collection, reason = "most connections have none, and a box is a quarter of the size")]
    frames: Option<Box<VecDeque<(u64, u32)>>>,
    /// The last bytes delivered, from the beginning of that unit, if they are wanted.
    recent: Vec<u8>,
    /// Its end was given to the session.
    pub(super) ended: bool,
    /// While it is undecided what reads it: whether bytes were missing, and its end.
    pub(super) deferred_gap: bool,
    pub(super) deferred_end: Option<SideEnd>,
}

impl SideBuffer {
    pub(super) fn consume(&mut self, bytes: usize) {
        self.consumed += bytes as u64;
    }

    /// Sets the offset of the first byte, before any is delivered.
    pub(super) fn begin_at(&mut self, offset: u64) {
        (self.delivered, self.consumed, self.message_end) = (offset, offset, offset);
    }

    /// Bytes of memory that it takes.
    pub(super) fn buffered(&self) -> usize {
        let frames = self.frames.as_ref().map_or(0, |frames| frames.capacity());
        self.unconsumed.capacity() + self.recent.capacity() + frames * size_of::<(u64, u32)>()
    }

    /// Of the last `len` bytes delivered, those after the last unit that ended.
    pub(super) fn unfinished(&self, len: usize) -> usize {
        self.delivered.saturating_sub(self.message_end).min(len as u64) as usize
    }

    /// Skips bytes that cannot be read: nothing is left to consume.
    pub(super) fn skip(&mut self, len: u64) {
        self.recent = Vec::new();
        self.delivered += len;
        self.consumed = self.delivered;
    }

    /// Forgets the beginning of a unit.
    pub(super) fn forget_unit(&mut self) {
        self.frames = None;
        self.recent = Vec::new();
    }

    /// Forgets all but its position.
    pub(super) fn close(&mut self) {
        let SideBuffer { delivered, message_end, .. } = *self;
        *self = SideBuffer { delivered, consumed: delivered, message_end, ..SideBuffer::default() };
    }

    /// Notes that the last bytes delivered came in these frames.
    pub(super) fn note_frames(&mut self, came_in: &[u32]) {
        let frames = self.frames.get_or_insert_default();
        for &frame in came_in {
            if frames.len() == limits::MESSAGE_FRAMES {
                frames.pop_front();
            }
            frames.push_back((self.delivered, frame));
        }
    }

    /// Keeps bytes of the unit that is being read, or none where it is longer than is kept.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if self.recent.len() + bytes.len() > limits::UNCONSUMED_BYTES {
            self.recent = Vec::new();
        } else {
            self.recent.extend_from_slice(bytes);
        }
    }

    /// The `len` bytes that were consumed last, if they were kept. Earlier ones are dropped.
    pub(super) fn take_bytes(&mut self, len: u64) -> Option<Vec<u8>> {
        let later = usize::try_from(self.delivered.saturating_sub(self.consumed)).ok()?;
        let end = self.recent.len().checked_sub(later)?;
        let start = end.checked_sub(usize::try_from(len).ok()?);
        let bytes = start.and_then(|start| self.recent.get(start..end)).map(<[u8]>::to_vec);
        self.recent.drain(..end);
        bytes
    }

    /// The frames of the `len` bytes that were consumed last, with the bytes of each. Earlier ones are dropped.
    pub(super) fn take_frames(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.consumed.saturating_sub(len), self.consumed);
        let Some(noted) = &mut self.frames else { return Vec::new() };
        while noted.front().is_some_and(|&(until, _)| until <= start) {
            noted.pop_front();
        }
        let frames = between(noted, start, end);
        while noted.front().is_some_and(|&(until, _)| until <= end) {
            noted.pop_front();
        }
        frames
    }

    /// The frames of a range of bytes that were consumed and not dropped yet.
    pub(super) fn frames_between(&self, from: u64, until: u64) -> Vec<u32> {
        let frames = self.frames.as_ref().map(|noted| between(noted, from, until)).unwrap_or_default();
        frames.into_iter().map(|(frame, _)| frame).collect()
    }
}

/// The frames of a range of bytes, with the bytes of each.
fn between(noted: &VecDeque<(u64, u32)>, start: u64, end: u64) -> Vec<(u32, u64)> {
    let mut frames = Vec::new();
    let mut from = start;
    let mut shared = (u64::MAX, 0);
    let first = noted.partition_point(|&(until, _)| until <= start);
    for &(until, frame) in noted.iter().skip(first) {
        if until == shared.0 {
            frames.push((frame, shared.1));
            continue;
        }
        let to = until.min(end);
        if to <= from {
            break;
        }
        shared = (until, to - from);
        frames.push((frame, to - from));
        from = to;
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_unit_are_those_of_its_bytes() {
        let mut buffer = SideBuffer::default();
        for (frame, len) in [(1, 10), (2, 10), (3, 10)] {
            buffer.delivered += len;
            buffer.note_frames(&[frame]);
        }
        buffer.consume(15);
        assert_eq!(buffer.frames_between(0, 15), [1, 2]);
        assert_eq!(buffer.take_frames(15), [(1, 10), (2, 5)]);
        buffer.consume(15);
        assert_eq!(buffer.take_frames(15), [(2, 5), (3, 10)]);
    }

    #[test]
    fn bytes_derived_from_several_frames_belong_to_each() {
        let mut buffer = SideBuffer { delivered: 8, ..SideBuffer::default() };
        buffer.note_frames(&[4, 5]);
        buffer.delivered += 8;
        buffer.note_frames(&[6]);
        buffer.consume(12);
        assert_eq!(buffer.frames_between(0, 12), [4, 5, 6]);
        assert_eq!(buffer.take_frames(4), [(6, 4)]);
    }
}
