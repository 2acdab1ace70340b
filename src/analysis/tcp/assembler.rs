//! Assembler: one side's bytes in order, whatever the order of their segments; gaps are waited for, and reported if they stay.

use crate::analysis::limits;
use crate::analysis::reassembler::{Arrival, Part, Reassembler};
use std::collections::VecDeque;

/// The next bytes of one side.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::analysis) enum Next {
    /// Bytes, and where they arrived.
    Bytes(Vec<u8>, Arrival),
    /// So many bytes were never captured.
    Gap(u64),
}

/// How a segment's data fits what was read before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::analysis) struct SegmentData {
    /// The part of the data, as a range, that comes next and can be read in place, before anything that
    /// [`next`](Assembler::next) returns.
    pub(in crate::analysis) ready: std::ops::Range<usize>,
    /// Some of the data was sent before; and whether it differs.
    pub(in crate::analysis) overlap: Option<bool>,
    /// All of the data was sent before.
    pub(in crate::analysis) copy: bool,
    /// Too much was pending: all gaps are skipped.
    pub(in crate::analysis) limit: bool,
    /// Offset of the data in the side's bytes; none before the first byte read.
    pub(in crate::analysis) offset: Option<u64>,
    /// Bytes of the other side that the sender had received; 0 if unknown.
    pub(in crate::analysis) received: u64,
}

/// Puts one side's segments in order.
///
/// Offsets count bytes from the first that was read, so a side may send more than 4 GiB: a sequence number is taken to
/// be the one nearest to the expected one.
// There are two of them in each connection, so their size matters.
#[derive(Clone, Debug)]
pub(in crate::analysis) struct Assembler {
    /// The sequence number at offset 0; none before the first segment.
    base: Option<u32>,
    /// The offset at which it begins.
    start: u32,
    data: Reassembler,
    /// The highest offset that the other side has acknowledged.
    acked: u64,
    /// Frames of the connection since the first gap was acknowledged.
    frames_since_ack: u8,
    /// Gaps before this offset are skipped.
    skip_before: u64,
    /// Bytes before this offset do not wait for the other side.
    released_before: u64,
    /// The offset of its end; [`NO_END`] if no FIN was seen.
    end: u64,
    /// Its end was reported. New data begins it again: not every reset ends a connection.
    ended: bool,
    /// The last bytes read, kept while they may be sent again, to compare them.
    #[expect(clippy::box_collection, reason = "most connections have none, and there are many connections")]
    recent: Option<Box<VecDeque<u8>>>,
}

/// Offset of the end of a side whose FIN was not seen.
const NO_END: u64 = u64::MAX;

impl Default for Assembler {
    fn default() -> Assembler {
        Assembler {
            base: None,
            start: 0,
            data: Reassembler::default(),
            acked: 0,
            frames_since_ack: 0,
            skip_before: 0,
            released_before: 0,
            end: NO_END,
            ended: false,
            recent: None,
        }
    }
}

impl Assembler {
    /// An assembler that compares what is sent again with what it read before.
    pub(in crate::analysis) fn comparing() -> Assembler {
        Assembler { recent: Some(Box::default()), ..Assembler::default() }
    }

    /// Sets where the side begins: at the byte after its SYN, or at the other side's first acknowledgment number. Counts
    /// only before the first byte is read.
    pub(in crate::analysis) fn begin(&mut self, seq: u32) {
        if self.data.position() == self.start() {
            if let Some(old) = self.base.filter(|&old| old != seq) {
                // Pending parts were placed by an earlier guess.
                self.data.shift(i64::from(old.wrapping_sub(seq) as i32));
            }
            self.base = Some(seq);
            if self.start > 0 {
                (self.start, self.acked) = (0, 0);
                self.data.set_position(0);
            }
        }
    }

    /// Sets where the side begins if the capture begins with a response to it: at the acknowledgment number. Bytes before
    /// are read if they come first.
    pub(in crate::analysis) fn begin_late(&mut self, ack: u32) {
        self.start = limits::LATE_START_BYTES;
        self.base = Some(ack.wrapping_sub(self.start));
        self.data.set_position(self.start());
    }

    /// Moves the beginning back to bytes before the first acknowledged one: they are captured after their response. A
    /// single byte is a keep-alive (RFC 9293 3.8.4).
    fn begin_before(&mut self, offset: i64, len: u32) {
        let earlier = u32::try_from(offset).ok().filter(|&offset| offset < self.start && len > 1);
        if let Some(offset) = earlier.filter(|_| self.data.position() == self.start() && self.data.is_empty()) {
            self.start = offset;
            self.data.set_position(self.start());
        }
    }

    /// The offset at which the side begins.
    pub(in crate::analysis) fn start(&self) -> u64 {
        self.start.into()
    }

    /// Whether it is known where the side begins.
    pub(in crate::analysis) fn has_begun(&self) -> bool {
        self.base.is_some()
    }

    /// Bytes of memory that it takes beside itself.
    pub(in crate::analysis) fn buffered(&self) -> usize {
        self.data.buffered() + self.recent.as_ref().map_or(0, |recent| recent.capacity())
    }

    /// Releases what is buffered: pending parts come next, and what was read is compared no more.
    pub(in crate::analysis) fn release_buffers(&mut self) {
        self.skip_gaps();
        if let Some(recent) = &mut self.recent {
            **recent = VecDeque::new();
        }
    }

    /// Whether something is pending behind a gap.
    pub(in crate::analysis) fn has_pending(&self) -> bool {
        !self.data.is_empty()
    }

    /// The offset of the next byte.
    pub(in crate::analysis) fn position(&self) -> u64 {
        self.data.position()
    }

    /// The offset after the last byte captured.
    pub(in crate::analysis) fn captured(&self) -> u64 {
        self.data.end()
    }

    /// What the sender of the next bytes had received, if they are pending only for that reason.
    pub(in crate::analysis) fn next_received(&self) -> Option<u64> {
        self.data.next_received().filter(|_| self.data.position() >= self.released_before)
    }

    /// The bytes of this side that a segment with this acknowledgment number acknowledges; 0 if it is not credible.
    #[inline]
    pub(in crate::analysis) fn received(&self, ack: u32) -> u64 {
        let offset = u64::try_from(self.offset(ack)).unwrap_or_default();
        if self.base.is_none() || offset > self.data.end() + limits::ACKED_AHEAD_BYTES { 0 } else { offset }
    }

    /// Whether the side has ended and all of it was read.
    pub(in crate::analysis) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The offset of a sequence number; negative before the first byte read.
    fn offset(&self, seq: u32) -> i64 {
        let position = self.data.position();
        let expected = self.base.map_or(seq, |base| base.wrapping_add(position as u32));
        (position as i64).saturating_add(i64::from(seq.wrapping_sub(expected) as i32))
    }

    /// Adds the data of a segment: `bytes` as captured, of `wire` as sent. If it `waits` for the other side, none of it is
    /// ready.
    pub(in crate::analysis) fn add(
        &mut self,
        seq: u32,
        bytes: &[u8],
        wire: u32,
        arrival: Arrival,
        waits: bool,
    ) -> SegmentData {
        if wire == 0 {
            return SegmentData::default();
        }
        if self.base.is_none() {
            self.base = Some(seq.wrapping_sub(self.data.position() as u32));
        }
        let start = self.offset(seq);
        let position = self.data.position();
        // In order and nothing pending: the common case costs no copy.
        let is_whole = bytes.len() == wire as usize;
        if start == position as i64 && position < self.end && is_whole && self.data.is_empty() && !waits {
            self.ended = false;
            self.read_past(bytes);
            return SegmentData { ready: 0..bytes.len(), offset: Some(position), ..SegmentData::default() };
        }
        self.add_out_of_order(start, bytes, wire, arrival, waits)
    }

    /// Adds data of a segment that begins at an offset, whatever was read before.
    #[inline(never)]
    fn add_out_of_order(&mut self, start: i64, bytes: &[u8], wire: u32, arrival: Arrival, waits: bool) -> SegmentData {
        let mut data = SegmentData { offset: u64::try_from(start).ok(), ..SegmentData::default() };
        self.begin_before(start, wire);
        let position = self.data.position();
        let bytes = bytes.get(..wire as usize).unwrap_or(bytes);
        // Bytes before the first byte read are older than all that is known.
        let skip = (position as i64 - start).max(0) as usize;
        if skip > 0 {
            let old = bytes.get(..skip).unwrap_or(bytes);
            data.overlap = Some(self.differs(start, old));
            if skip >= wire as usize {
                data.copy = true;
                return data;
            }
        }
        let from = (start + skip as i64) as u64;
        // Data after the end: the FIN was not this side's.
        if from >= self.end {
            self.end = NO_END;
        }
        self.ended = false;
        let new = bytes.get(skip..).unwrap_or_default();
        let cut = wire - (skip as u32).max(bytes.len() as u32);
        if from == position && self.data.is_empty() && cut == 0 && !waits {
            self.read_past(new);
            data.ready = skip..bytes.len();
            return data;
        }
        let inserted = self.data.insert(from, new, arrival);
        if let Some(differs) = inserted.overlap {
            data.overlap = Some(data.overlap.unwrap_or(false) || differs);
        }
        data.copy = !inserted.kept && !new.is_empty();
        if inserted.kept && from == position && !waits {
            data.ready = self.ready_part(skip, bytes);
        }
        if cut > 0 {
            self.data.insert_cut(from + new.len() as u64, cut);
        }
        if self.data.pending_bytes() > limits::PENDING_BYTES || self.data.parts() > limits::PENDING_SEGMENTS {
            data.limit = true;
            self.skip_gaps();
        }
        data
    }

    /// The next part of the segment just inserted: read in place, so that its offset in the frame is known.
    fn ready_part(&mut self, skip: usize, bytes: &[u8]) -> std::ops::Range<usize> {
        let Some(Part::Bytes(part, _)) = self.data.next_part() else { return 0..0 };
        self.note_read(&part);
        skip..(skip + part.len()).min(bytes.len())
    }

    /// What comes next after what [`add`](Assembler::add) found ready; nothing while a gap is waited for, or
    /// bytes of the other side after the first `readable`.
    pub(in crate::analysis) fn next(&mut self, readable: u64) -> Option<Next> {
        if self.next_received().is_some_and(|received| received > readable) {
            return None;
        }
        if let Some(part) = self.data.next_part() {
            return Some(match part {
                Part::Bytes(bytes, arrival) => {
                    self.note_read(&bytes);
                    Next::Bytes(bytes, arrival)
                }
                Part::Cut(len) => {
                    self.note_skipped();
                    Next::Gap(len)
                }
            });
        }
        if self.skip_before < self.data.first()? {
            return None;
        }
        let gap = self.data.skip_gap();
        self.note_skipped();
        Some(Next::Gap(gap))
    }

    /// Whether nothing is pending and no end is awaited: neither [`next`](Assembler::next) nor
    /// [`ends_now`](Assembler::ends_now) has a result.
    pub(in crate::analysis) fn is_idle(&self) -> bool {
        self.data.is_empty() && (self.end == NO_END || self.ended)
    }

    fn note_skipped(&mut self) {
        self.frames_since_ack = 0;
        if let Some(recent) = &mut self.recent {
            recent.clear();
        }
    }

    fn read_past(&mut self, bytes: &[u8]) {
        self.data.advance(bytes.len() as u64);
        self.note_read(bytes);
    }

    fn note_read(&mut self, bytes: &[u8]) {
        self.frames_since_ack = 0;
        if let Some(recent) = &mut self.recent {
            let bytes = bytes.get(bytes.len().saturating_sub(limits::RECENT_BYTES)..).unwrap_or_default();
            let excess = (recent.len() + bytes.len()).saturating_sub(limits::RECENT_BYTES);
            recent.drain(..excess);
            recent.extend(bytes);
        }
    }

    /// Whether bytes that were read before differ from what they were then, as far as that is still kept.
    fn differs(&self, start: i64, bytes: &[u8]) -> bool {
        let Some(recent) = &self.recent else { return false };
        let oldest = self.data.position() as i64 - recent.len() as i64;
        bytes.iter().enumerate().any(|(nth, byte)| {
            let at = start + nth as i64 - oldest;
            usize::try_from(at).ok().and_then(|at| recent.get(at)).is_some_and(|read| read != byte)
        })
    }

    /// Notes how far the other side has acknowledged. It has what it acknowledged, so a gap before is one of the capture
    /// only: it is skipped when a few more frames have not filled it (frames may be captured a little out of order). Call
    /// for every frame of the connection; `ack` is the other side's number if this frame has one.
    pub(in crate::analysis) fn acked(&mut self, ack: Option<u32>) {
        if let Some(ack) = ack {
            self.acknowledge(ack);
        }
        let Some(start) = self.data.first() else { return };
        if start > self.data.position() && self.acked >= start {
            self.frames_since_ack += 1;
            if self.frames_since_ack > limits::ACKED_GAP_FRAMES {
                self.skip_before = self.skip_before.max(self.acked);
            }
        }
    }

    /// Notes that the other side has sent data, and acknowledged up to `ack` with it: it may be a response to what it
    /// has, so gaps before are skipped at once and what follows is read first.
    pub(in crate::analysis) fn answered_up_to(&mut self, ack: u32) {
        self.acknowledge(ack);
        self.skip_acked_gaps();
    }

    /// Skips the gaps that the other side has acknowledged.
    pub(in crate::analysis) fn skip_acked_gaps(&mut self) {
        self.skip_before = self.skip_before.max(self.acked);
    }

    fn acknowledge(&mut self, ack: u32) {
        // So far ahead of all that was seen that it does not acknowledge this side.
        let offset = self.received(ack);
        if offset == 0 {
            return;
        }
        self.acked = self.acked.max(offset);
        // Acknowledged bytes are not sent again, and need not be compared.
        if let Some(recent) = &mut self.recent {
            let keep = self.data.position().saturating_sub(self.acked).min(recent.len() as u64) as usize;
            recent.drain(..recent.len() - keep);
            if keep == 0 {
                **recent = VecDeque::new();
            }
        }
    }

    /// Skips all gaps: pending parts come next, and do not wait for the other side.
    pub(in crate::analysis) fn skip_gaps(&mut self) {
        self.skip_before = self.skip_before.max(self.data.end());
        self.released_before = self.data.end();
    }

    /// Notes that the side's last byte is the one before `seq`. A FIN before what was read is not its own.
    pub(in crate::analysis) fn end_at(&mut self, seq: u32) {
        if let Some(end) = u64::try_from(self.offset(seq)).ok().filter(|&end| end >= self.data.position())
            && self.end == NO_END
        {
            self.end = end;
        }
    }

    /// Whether a reset with this sequence number ends the connection (RFC 5961 3.2): it is exactly what the receiver expects
    /// next. To any other number in its window, the receiver responds with an acknowledgment, and its peer resets again.
    /// The receiver expects what follows its last acknowledgment or the bytes captured since. After a FIN, resets with and
    /// without its number are sent.
    pub(in crate::analysis) fn is_reset_by(&self, seq: u32) -> bool {
        let Ok(offset) = u64::try_from(self.offset(seq)) else { return self.base.is_none() };
        let expected = [self.acked, self.data.position(), self.data.end()];
        self.base.is_none() || expected.contains(&offset) || self.end != NO_END && offset.abs_diff(self.end) <= 1
    }

    /// Whether all bytes up to the end are read; true once.
    pub(in crate::analysis) fn ends_now(&mut self) -> bool {
        let now = !self.ended && self.data.position() >= self.end;
        self.ended |= now;
        now
    }

    /// Ends the side where it is; true if it had not ended before.
    pub(in crate::analysis) fn end_here(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }
}
