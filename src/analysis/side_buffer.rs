//! Bytes of one lane between delivery and consumption, and the frames they came in.

use super::limits;
use dissectors::session::SideEnd;
use std::collections::VecDeque;

/// Bytes of one lane: those that were not consumed yet, and where the others came from.
#[derive(Clone, Default)]
pub(super) struct SideBuffer {
    /// Bytes that were delivered, gaps included.
    delivered: u64,
    /// Where the last unit ends.
    pub(super) message_end: u64,
    /// What most lanes hold nothing of: their state is small.
    held: Option<Box<Held>>,
    /// Of the bytes delivered, those that are not consumed.
    ahead: u32,
    /// Its end was given to the session.
    pub(super) ended: bool,
    /// Whether bytes were missing while it was undecided what reads it.
    pub(super) deferred_gap: bool,
}

/// What a lane holds until a session reads on.
#[derive(Clone, Default)]
struct Held {
    unconsumed: Vec<u8>,
    /// The unit that is being read, if its frames or its bytes are wanted.
    unit: Option<UnitRecord>,
    /// Its end, while it is undecided what reads it.
    deferred_end: Option<SideEnd>,
    /// Bytes not consumed in which no protocol was detected yet.
    waiting: u32,
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
    /// Counts bytes that are delivered.
    pub(super) fn deliver(&mut self, bytes: usize) {
        self.delivered += bytes as u64;
        self.ahead = self.ahead.saturating_add(bytes as u32);
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.ahead = self.ahead.saturating_sub(bytes as u32);
    }

    /// Consumes what was delivered.
    pub(super) fn consume_all(&mut self) {
        self.ahead = 0;
    }

    /// The offset after the bytes that are consumed.
    pub(super) fn consumed(&self) -> u64 {
        self.delivered.saturating_sub(self.ahead.into())
    }

    /// Sets the offset of the first byte, before any is delivered.
    pub(super) fn begin_at(&mut self, offset: u64) {
        (self.delivered, self.message_end, self.ahead) = (offset, offset, 0);
    }

    /// The bytes that were not consumed.
    pub(super) fn unconsumed(&self) -> &[u8] {
        self.held.as_ref().map(|held| held.unconsumed.as_slice()).unwrap_or_default()
    }

    /// Adds bytes that were not consumed.
    pub(super) fn push_unconsumed(&mut self, bytes: &[u8]) {
        self.held.get_or_insert_default().unconsumed.extend_from_slice(bytes);
    }

    /// Takes them out, to be set again or consumed.
    pub(super) fn take_unconsumed(&mut self) -> Vec<u8> {
        self.held.as_mut().map(|held| std::mem::take(&mut held.unconsumed)).unwrap_or_default()
    }

    /// Sets the bytes that were not consumed.
    pub(super) fn set_unconsumed(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.held.get_or_insert_default().unconsumed = bytes;
        }
    }

    /// Returns bytes to be consumed after all, the last that were delivered.
    pub(super) fn return_unconsumed(&mut self, bytes: Vec<u8>) {
        self.ahead = bytes.len() as u32;
        self.set_unconsumed(bytes);
    }

    /// Notes that no protocol was detected yet in so many bytes.
    pub(super) fn set_waiting(&mut self, bytes: usize) {
        self.held.get_or_insert_default().waiting = bytes as u32;
    }

    /// Returns how many bytes waited for detection, which is over.
    pub(super) fn take_waiting(&mut self) -> usize {
        self.held.as_mut().map_or(0, |held| std::mem::take(&mut held.waiting) as usize)
    }

    /// Keeps its end until it is decided what reads it.
    pub(super) fn defer_end(&mut self, end: SideEnd) {
        self.held.get_or_insert_default().deferred_end = Some(end);
    }

    /// Takes the end that was kept.
    pub(super) fn take_deferred_end(&mut self) -> Option<SideEnd> {
        self.held.as_mut()?.deferred_end.take()
    }

    /// Bytes of memory that it takes.
    pub(super) fn buffered(&self) -> usize {
        let Some(held) = self.held.as_deref() else { return 0 };
        let unit = held.unit.as_ref();
        let unit = unit.map_or(0, |unit| unit.bytes.capacity() + unit.frames.capacity() * size_of::<(u64, u32)>());
        held.unconsumed.capacity() + unit
    }

    /// Whether nothing is known of it but its position.
    pub(super) fn is_idle(&self) -> bool {
        let holds = self.held.as_ref().is_some_and(|held| {
            let Held { unconsumed, unit, deferred_end, waiting } = &**held;
            !unconsumed.is_empty() || unit.is_some() || deferred_end.is_some() || *waiting != 0
        });
        !holds && !self.ended && !self.deferred_gap
    }

    /// Of the last `len` bytes delivered, those after the last unit that ended.
    pub(super) fn unfinished(&self, len: usize) -> usize {
        self.delivered.saturating_sub(self.message_end).min(len as u64) as usize
    }

    /// The unit that is being read, if its frames or its bytes are wanted.
    fn unit(&self) -> Option<&UnitRecord> {
        self.held.as_ref()?.unit.as_ref()
    }

    /// The same for modification, begun if there is none.
    fn begun_unit(&mut self) -> &mut UnitRecord {
        self.held.get_or_insert_default().unit.get_or_insert_default()
    }

    /// Skips bytes that cannot be read: nothing is left to consume.
    pub(super) fn skip(&mut self, len: u64) {
        if let Some(held) = &mut self.held {
            held.waiting = 0;
            if let Some(unit) = &mut held.unit {
                unit.bytes = Vec::new();
            }
        }
        self.delivered += len;
        self.ahead = 0;
    }

    /// Forgets the beginning of a unit.
    pub(super) fn forget_unit(&mut self) {
        if let Some(held) = &mut self.held {
            held.unit = None;
        }
    }

    /// Forgets all but its position.
    pub(super) fn close(&mut self) {
        let SideBuffer { delivered, message_end, .. } = *self;
        *self = SideBuffer { delivered, message_end, ..SideBuffer::default() };
    }

    /// Notes that the last bytes delivered came in these frames.
    pub(super) fn note_frames(&mut self, came_in: &[u32]) {
        let delivered = self.delivered;
        let frames = &mut self.begun_unit().frames;
        for &frame in came_in {
            if frames.len() == limits::MESSAGE_FRAMES {
                frames.pop_front();
            }
            frames.push_back((delivered, frame));
        }
    }

    /// Keeps bytes of the unit that is being read, or none where it is longer than is kept.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let kept = &mut self.begun_unit().bytes;
        if kept.len() + bytes.len() > limits::UNCONSUMED_BYTES {
            *kept = Vec::new();
        } else {
            kept.extend_from_slice(bytes);
        }
    }

    /// The `len` bytes that were consumed last, if they were kept. Earlier ones are dropped.
    pub(super) fn take_bytes(&mut self, len: u64) -> Option<Vec<u8>> {
        let later = self.ahead as usize;
        let kept = &mut self.held.as_mut()?.unit.as_mut()?.bytes;
        let end = kept.len().checked_sub(later)?;
        let start = end.checked_sub(usize::try_from(len).ok()?);
        let bytes = start.and_then(|start| kept.get(start..end)).map(<[u8]>::to_vec);
        kept.drain(..end);
        bytes
    }

    /// The frames of the `len` bytes that were consumed last, with the bytes of each. Earlier ones are dropped.
    pub(super) fn take_frames(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.consumed().saturating_sub(len), self.consumed());
        let Some(held) = &mut self.held else { return Vec::new() };
        let Some(UnitRecord { frames: noted, bytes }) = &mut held.unit else { return Vec::new() };
        while noted.front().is_some_and(|&(until, _)| until <= start) {
            noted.pop_front();
        }
        let frames = between(noted, start, end);
        while noted.front().is_some_and(|&(until, _)| until <= end) {
            noted.pop_front();
        }
        if noted.is_empty() && bytes.is_empty() {
            held.unit = None;
        }
        frames
    }

    /// The same for bytes derived by a session below: of the frames of its units, those that completed them.
    pub(super) fn take_completing_frames(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.consumed().saturating_sub(len), self.consumed());
        let mut last = self.unit().map(|unit| unit.frames.clone()).unwrap_or_default();
        let mut next = last.iter().skip(1).map(|&(until, _)| until).collect::<VecDeque<u64>>();
        last.retain(|&(until, _)| next.pop_front() != Some(until));
        self.take_frames(len);
        between(&last, start, end)
    }

    /// The frames of a range of bytes that were consumed and not dropped yet.
    pub(super) fn frames_between(&self, from: u64, until: u64) -> Vec<u32> {
        let frames = self.unit().map(|unit| between(&unit.frames, from, until)).unwrap_or_default();
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
            buffer.deliver(len);
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
        let mut buffer = SideBuffer::default();
        buffer.deliver(8);
        buffer.note_frames(&[4, 5]);
        buffer.deliver(8);
        buffer.note_frames(&[6]);
        buffer.consume(12);
        assert_eq!(buffer.frames_between(0, 12), [4, 5, 6]);
        assert_eq!(buffer.clone().take_completing_frames(12), [(5, 8), (6, 4)]);
        assert_eq!(buffer.take_frames(4), [(6, 4)]);
    }
}
