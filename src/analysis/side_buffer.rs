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
    /// The unit that is being read, if its frames or its bytes are wanted.
    unit: Option<Box<UnitRecord>>,
    /// Bytes not consumed in which no protocol was detected yet.
    pub(super) waiting: u32,
    /// Its end was given to the session.
    pub(super) ended: bool,
    /// While it is undecided what reads it: whether bytes were missing, and its end.
    pub(super) deferred_gap: bool,
    pub(super) deferred_end: Option<SideEnd>,
}

/// Frames and bytes of a unit, from its beginning.
#[derive(Clone, Default)]
struct UnitRecord {
    /// Where the bytes of each frame end, oldest first. Entries with the same end share their bytes.
    frames: VecDeque<(u64, u32)>,
    /// The last bytes delivered.
    bytes: Vec<u8>,
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
        let unit = self.unit.as_ref();
        let unit = unit.map_or(0, |unit| unit.bytes.capacity() + unit.frames.capacity() * size_of::<(u64, u32)>());
        self.unconsumed.capacity() + unit
    }

    /// Whether nothing is known of it but its position.
    pub(super) fn is_idle(&self) -> bool {
        let SideBuffer { unconsumed, unit, waiting, ended, deferred_gap, deferred_end, .. } = self;
        let is_empty = unconsumed.is_empty() && unit.is_none() && *waiting == 0;
        is_empty && !*ended && !*deferred_gap && deferred_end.is_none()
    }

    /// Of the last `len` bytes delivered, those after the last unit that ended.
    pub(super) fn unfinished(&self, len: usize) -> usize {
        self.delivered.saturating_sub(self.message_end).min(len as u64) as usize
    }

    /// Skips bytes that cannot be read: nothing is left to consume.
    pub(super) fn skip(&mut self, len: u64) {
        if let Some(unit) = &mut self.unit {
            unit.bytes = Vec::new();
        }
        self.waiting = 0;
        self.delivered += len;
        self.consumed = self.delivered;
    }

    /// Forgets the beginning of a unit.
    pub(super) fn forget_unit(&mut self) {
        self.unit = None;
    }

    /// Forgets all but its position.
    pub(super) fn close(&mut self) {
        let SideBuffer { delivered, message_end, .. } = *self;
        *self = SideBuffer { delivered, consumed: delivered, message_end, ..SideBuffer::default() };
    }

    /// Notes that the last bytes delivered came in these frames.
    pub(super) fn note_frames(&mut self, came_in: &[u32]) {
        let frames = &mut self.unit.get_or_insert_default().frames;
        for &frame in came_in {
            if frames.len() == limits::MESSAGE_FRAMES {
                frames.pop_front();
            }
            frames.push_back((self.delivered, frame));
        }
    }

    /// Keeps bytes of the unit that is being read, or none where it is longer than is kept.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let kept = &mut self.unit.get_or_insert_default().bytes;
        if kept.len() + bytes.len() > limits::UNCONSUMED_BYTES {
            *kept = Vec::new();
        } else {
            kept.extend_from_slice(bytes);
        }
    }

    /// The `len` bytes that were consumed last, if they were kept. Earlier ones are dropped.
    pub(super) fn take_bytes(&mut self, len: u64) -> Option<Vec<u8>> {
        let later = usize::try_from(self.delivered.saturating_sub(self.consumed)).ok()?;
        let kept = &mut self.unit.as_mut()?.bytes;
        let end = kept.len().checked_sub(later)?;
        let start = end.checked_sub(usize::try_from(len).ok()?);
        let bytes = start.and_then(|start| kept.get(start..end)).map(<[u8]>::to_vec);
        kept.drain(..end);
        bytes
    }

    /// The frames of the `len` bytes that were consumed last, with the bytes of each. Earlier ones are dropped.
    pub(super) fn take_frames(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.consumed.saturating_sub(len), self.consumed);
        let Some(UnitRecord { frames: noted, .. }) = self.unit.as_deref_mut() else { return Vec::new() };
        while noted.front().is_some_and(|&(until, _)| until <= start) {
            noted.pop_front();
        }
        let frames = between(noted, start, end);
        while noted.front().is_some_and(|&(until, _)| until <= end) {
            noted.pop_front();
        }
        if noted.is_empty() && self.unit.as_ref().is_some_and(|unit| unit.bytes.is_empty()) {
            self.unit = None;
        }
        frames
    }

    /// The same for bytes derived by a session below: of the frames of its units, those that completed them.
    pub(super) fn take_completing_frames(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.consumed.saturating_sub(len), self.consumed);
        let mut last = self.unit.as_ref().map(|unit| unit.frames.clone()).unwrap_or_default();
        let mut next = last.iter().skip(1).map(|&(until, _)| until).collect::<VecDeque<u64>>();
        last.retain(|&(until, _)| next.pop_front() != Some(until));
        self.take_frames(len);
        between(&last, start, end)
    }

    /// The frames of a range of bytes that were consumed and not dropped yet.
    pub(super) fn frames_between(&self, from: u64, until: u64) -> Vec<u32> {
        let frames = self.unit.as_ref().map(|unit| between(&unit.frames, from, until)).unwrap_or_default();
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
        assert_eq!(buffer.clone().take_completing_frames(12), [(5, 8), (6, 4)]);
        assert_eq!(buffer.take_frames(4), [(6, 4)]);
    }
}
