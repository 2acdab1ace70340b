//! One side's bytes in order, whatever the order of their arrival: holes are waited for, and told when they stay.

use crate::analysis::limits;
use dissectors::session::Stamp;
use std::collections::{BTreeMap, VecDeque};

/// Bytes that wait for what is missing before them.
#[derive(Debug)]
enum Pending {
    /// Bytes, and where they came.
    Bytes(Vec<u8>, Stamp),
    /// As many bytes that were on the wire and that the capture cut off.
    Cut(u32),
}

impl Pending {
    /// Bytes of memory it costs, an entry of the map included.
    fn memory(&self) -> usize {
        const ENTRY: usize = 64;
        match self {
            Pending::Bytes(bytes, _) => bytes.len() + ENTRY,
            Pending::Cut(_) => ENTRY,
        }
    }

    fn len(&self) -> u64 {
        match self {
            Pending::Bytes(bytes, _) => bytes.len() as u64,
            Pending::Cut(len) => u64::from(*len),
        }
    }
}

/// What comes next of one side.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::analysis) enum Next {
    /// Bytes, and where they came.
    Bytes(Vec<u8>, Stamp),
    /// As many bytes were never captured.
    Gap(u64),
}

/// What a segment's data turned out to be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::analysis) struct SegmentData {
    /// The part of the data, as a range, that comes next and can be read where it is, before anything
    /// [`next`](Assembler::next) has.
    pub(in crate::analysis) ready: std::ops::Range<usize>,
    /// Some of the data came before; and whether it was different.
    pub(in crate::analysis) overlap: Option<bool>,
    /// All of the data came before.
    pub(in crate::analysis) copy: bool,
    /// More was waiting than is kept: the holes are given up.
    pub(in crate::analysis) limit: bool,
}

/// Puts one side's segments in order.
///
/// Places are counted in bytes from the first that was read, so a side may send more than 4 GiB: a sequence number is
/// taken to be the one nearest to what is expected.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Assembler {
    /// The sequence number expected next; none before the first.
    expected: Option<u32>,
    /// How many bytes have been read or given up.
    position: u64,
    pending: BTreeMap<u64, Pending>,
    pending_bytes: usize,
    /// How far the other side has acknowledged.
    acked: u64,
    /// The frames of the connection that have passed since the first hole was acknowledged.
    frames_since_ack: u8,
    /// Holes before this place are given up.
    skip_before: u64,
    /// Where the side ends, if it has said so.
    end: Option<u64>,
    /// Its end was told. New data begins it again: not every reset ends a connection.
    ended: bool,
    /// The last bytes read, kept while they may be sent again, to tell whether they were the same.
    recent: Option<Box<Recent>>,
}

/// The bytes read last.
#[derive(Debug, Default)]
struct Recent {
    bytes: VecDeque<u8>,
}

impl Assembler {
    /// An assembler that compares what is sent again with what it read before.
    pub(in crate::analysis) fn comparing() -> Assembler {
        Assembler { recent: Some(Box::default()), ..Assembler::default() }
    }

    /// Says where the side begins: at the byte after its SYN, or where the other side's acknowledgments show that it
    /// stood. Counts only before the first byte is read.
    pub(in crate::analysis) fn begin(&mut self, seq: u32) {
        if self.position == 0 {
            match self.expected {
                // What waits was placed by an earlier guess.
                Some(old) if old != seq => {
                    let by = i64::from(old.wrapping_sub(seq) as i32);
                    let waiting = std::mem::take(&mut self.pending);
                    let moved = waiting.into_iter().filter_map(|(at, part)| Some((at.checked_add_signed(by)?, part)));
                    self.pending = moved.collect();
                    self.pending_bytes = self.pending.values().map(Pending::memory).sum();
                }
                _ => {}
            }
            self.expected = Some(seq);
        }
    }

    /// Whether it is known where the side begins.
    pub(in crate::analysis) fn has_begun(&self) -> bool {
        self.expected.is_some()
    }

    /// Bytes of memory that it holds beside itself.
    pub(in crate::analysis) fn buffered(&self) -> usize {
        // A map of one entry has room for eleven.
        const FIRST: usize = 11 * size_of::<(u64, Pending)>();
        let waiting = if self.pending.is_empty() { 0 } else { FIRST + self.pending_bytes };
        waiting + self.recent.as_ref().map_or(0, |recent| recent.bytes.capacity())
    }

    /// Gives up all that is held: what waits comes next, and what was read is compared no more.
    pub(in crate::analysis) fn release_buffers(&mut self) {
        self.skip_gaps();
        if let Some(recent) = &mut self.recent {
            recent.bytes = VecDeque::new();
        }
    }

    /// Whether something waits for what is missing before it.
    pub(in crate::analysis) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether the side has ended and all of it was read.
    pub(in crate::analysis) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The place of a sequence number; negative where it lies before the first byte read.
    fn offset(&self, seq: u32) -> i64 {
        let expected = self.expected.unwrap_or(seq);
        (self.position as i64).saturating_add(i64::from(seq.wrapping_sub(expected) as i32))
    }

    /// Takes in the data of a segment: `bytes` as captured in the frame `at`, of `wire` as sent.
    pub(in crate::analysis) fn add(&mut self, seq: u32, bytes: &[u8], wire: u32, at: Stamp) -> SegmentData {
        let mut arrived = SegmentData::default();
        if wire == 0 {
            return arrived;
        }
        self.expected.get_or_insert(seq);
        let start = self.offset(seq);
        let bytes = bytes.get(..wire as usize).unwrap_or(bytes);
        // What lies before the first byte read is older than all we know.
        let skip = (self.position as i64 - start).max(0) as usize;
        if skip > 0 {
            let old = bytes.get(..skip).unwrap_or(bytes);
            arrived.overlap = Some(self.differs(start, old));
            if skip >= wire as usize {
                arrived.copy = true;
                return arrived;
            }
        }
        let from = (start + skip as i64) as u64;
        // Who goes on after its end has not ended: the FIN was not its own.
        self.end = self.end.filter(|&end| from < end);
        self.ended = false;
        let new = bytes.get(skip..).unwrap_or_default();
        let cut = wire - (skip as u32).max(bytes.len() as u32);
        // In order and nothing waiting: the common case costs no copy.
        if from == self.position && self.pending.is_empty() && cut == 0 {
            self.read_past(new);
            arrived.ready = skip..bytes.len();
            return arrived;
        }
        let kept = self.insert(from, new, at, &mut arrived);
        arrived.copy = !kept && !new.is_empty();
        if kept && from == self.position {
            arrived.ready = self.ready_part(skip, bytes);
        }
        if cut > 0 {
            self.insert_cut(from + new.len() as u64, cut);
        }
        if self.pending_bytes > limits::PENDING_BYTES || self.pending.len() > limits::PENDING_SEGMENTS {
            arrived.limit = true;
            self.skip_gaps();
        }
        arrived
    }

    /// Keeps the parts of `bytes` at `from` that nothing covers yet. Returns whether any was kept.
    fn insert(&mut self, from: u64, bytes: &[u8], came: Stamp, arrived: &mut SegmentData) -> bool {
        let end = from + bytes.len() as u64;
        let mut at = from;
        let mut parts: Vec<(u64, u64)> = Vec::new();
        let first = self.pending.range(..=from).next_back().map_or(from, |(&start, _)| start);
        for (&start, part) in self.pending.range(first..end) {
            let (overlap_start, overlap_end) = (start.max(from), (start + part.len()).min(end));
            if overlap_start < overlap_end {
                let ours = bytes.get((overlap_start - from) as usize..(overlap_end - from) as usize);
                let same = match part {
                    Pending::Bytes(kept, _) => {
                        kept.get((overlap_start - start) as usize..(overlap_end - start) as usize) == ours
                    }
                    Pending::Cut(_) => true,
                };
                arrived.overlap = Some(arrived.overlap.unwrap_or(false) || !same);
            }
            if start > at {
                parts.push((at, start.min(end)));
            }
            at = at.max(start + part.len());
        }
        if at < end {
            parts.push((at, end));
        }
        for &(start, end) in &parts {
            let part = bytes.get((start - from) as usize..(end - from) as usize).unwrap_or_default();
            let part = Pending::Bytes(part.to_vec(), came);
            self.pending_bytes += part.memory();
            self.pending.insert(start, part);
        }
        !parts.is_empty()
    }

    /// Of the segment just kept, what comes next: read from the segment itself, so that its place in the frame is
    /// known, and no longer kept.
    fn ready_part(&mut self, skip: usize, bytes: &[u8]) -> std::ops::Range<usize> {
        let Some(waiting) = self.pending.remove(&self.position) else { return 0..0 };
        self.pending_bytes -= waiting.memory();
        let Pending::Bytes(part, _) = waiting else { return 0..0 };
        self.read_past(&part);
        skip..(skip + part.len()).min(bytes.len())
    }

    fn insert_cut(&mut self, at: u64, len: u32) {
        let covered = self.pending.range(..=at).next_back().is_some_and(|(start, part)| start + part.len() > at);
        if !covered && !self.pending.contains_key(&at) {
            let until = self.pending.range(at..).next().map_or(u64::MAX, |(&start, _)| start);
            let len = u64::from(len).min(until - at) as u32;
            let cut = Pending::Cut(len);
            self.pending_bytes += cut.memory();
            self.pending.insert(at, cut);
        }
    }

    /// What comes next after what [`add`](Assembler::add) found ready; nothing while a hole is waited for.
    pub(in crate::analysis) fn next(&mut self) -> Option<Next> {
        let (&start, _) = self.pending.first_key_value()?;
        if start > self.position {
            if self.skip_before < start {
                return None;
            }
            let gap = start - self.position;
            self.skip(gap);
            return Some(Next::Gap(gap));
        }
        let (_, waiting) = self.pending.pop_first()?;
        self.pending_bytes -= waiting.memory();
        match waiting {
            Pending::Bytes(bytes, came) => {
                self.read_past(&bytes);
                Some(Next::Bytes(bytes, came))
            }
            Pending::Cut(len) => {
                self.skip(len.into());
                Some(Next::Gap(len.into()))
            }
        }
    }

    /// Whether nothing waits and no end is awaited: neither [`next`](Assembler::next) nor
    /// [`ends_now`](Assembler::ends_now) has anything to say.
    pub(in crate::analysis) fn is_idle(&self) -> bool {
        self.pending.is_empty() && (self.end.is_none() || self.ended)
    }

    fn skip(&mut self, len: u64) {
        self.position += len;
        self.expected = self.expected.map(|expected| expected.wrapping_add(len as u32));
        self.frames_since_ack = 0;
        if let Some(recent) = &mut self.recent {
            recent.bytes.clear();
        }
    }

    fn read_past(&mut self, bytes: &[u8]) {
        self.position += bytes.len() as u64;
        self.expected = self.expected.map(|expected| expected.wrapping_add(bytes.len() as u32));
        self.frames_since_ack = 0;
        if let Some(recent) = &mut self.recent {
            let bytes = bytes.get(bytes.len().saturating_sub(limits::RECENT_BYTES)..).unwrap_or_default();
            let excess = (recent.bytes.len() + bytes.len()).saturating_sub(limits::RECENT_BYTES);
            recent.bytes.drain(..excess);
            recent.bytes.extend(bytes);
        }
    }

    /// Whether bytes that were read before are other than they were then, as far as that is still known.
    fn differs(&self, start: i64, bytes: &[u8]) -> bool {
        let Some(recent) = &self.recent else { return false };
        let oldest = self.position as i64 - recent.bytes.len() as i64;
        bytes.iter().enumerate().any(|(nth, byte)| {
            let at = start + nth as i64 - oldest;
            usize::try_from(at).ok().and_then(|at| recent.bytes.get(at)).is_some_and(|read| read != byte)
        })
    }

    /// Learns how far the other side has acknowledged. What it acknowledged it has, so a hole before is one of the
    /// capture only: it is given up when a few more frames have not filled it (frames may be captured a little out of
    /// order). Call for every frame of the connection; `ack` is the other side's number if this frame has one.
    pub(in crate::analysis) fn acked(&mut self, ack: Option<u32>) {
        if let Some(ack) = ack {
            self.acknowledge(ack);
        }
        let Some((&start, _)) = self.pending.first_key_value() else { return };
        if start > self.position && self.acked >= start {
            self.frames_since_ack += 1;
            if self.frames_since_ack > limits::ACKED_GAP_FRAMES {
                self.skip_before = self.skip_before.max(self.acked);
            }
        }
    }

    /// Learns that the other side has sent data, and acknowledged up to `ack` with it: it may be an answer to what it
    /// has, so holes before are given up at once and read over first.
    pub(in crate::analysis) fn answered_up_to(&mut self, ack: u32) {
        self.acknowledge(ack);
        self.skip_before = self.skip_before.max(self.acked);
    }

    fn acknowledge(&mut self, ack: u32) {
        if self.expected.is_none() {
            return;
        }
        let place = u64::try_from(self.offset(ack)).unwrap_or_default();
        let highest = self.pending.last_key_value().map_or(self.position, |(start, part)| start + part.len());
        // So far ahead of all that was seen that it is no answer to this side.
        if place > highest + limits::ACKNOWLEDGED_AHEAD {
            return;
        }
        self.acked = self.acked.max(place);
        // What is acknowledged is not sent again, and need not be compared.
        if let Some(recent) = &mut self.recent {
            let keep = self.position.saturating_sub(self.acked).min(recent.bytes.len() as u64) as usize;
            recent.bytes.drain(..recent.bytes.len() - keep);
            if keep == 0 {
                recent.bytes = VecDeque::new();
            }
        }
    }

    /// Gives up all holes: what waits comes next.
    pub(in crate::analysis) fn skip_gaps(&mut self) {
        let last = self.pending.last_key_value().map_or(self.position, |(start, part)| start + part.len());
        self.skip_before = self.skip_before.max(last);
    }

    /// Learns that the side's last byte is the one before `seq`. One that ends it before what was read is not its own.
    pub(in crate::analysis) fn end_at(&mut self, seq: u32) {
        if let Some(end) = u64::try_from(self.offset(seq)).ok().filter(|&end| end >= self.position) {
            self.end.get_or_insert(end);
        }
    }

    /// Whether a reset with this sequence number may be this side's own (RFC 9293 3.10.7.4): it lies near what is
    /// expected.
    pub(in crate::analysis) fn may_reset(&self, seq: u32) -> bool {
        self.expected.is_none() || self.offset(seq).abs_diff(self.position as i64) <= limits::RESET_DISTANCE
    }

    /// Whether all bytes up to the end are read; true once.
    pub(in crate::analysis) fn ends_now(&mut self) -> bool {
        let now = !self.ended && self.end.is_some_and(|end| self.position >= end);
        self.ended |= now;
        now
    }

    /// Ends the side where it stands; true if it had not ended before.
    pub(in crate::analysis) fn end_here(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }
}
