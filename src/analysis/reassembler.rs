//! Reassembler: puts bytes that come in any order in the order of their offsets.

use dissectors::session::Stamp;
use std::collections::BTreeMap;

/// Where bytes arrived, and what their sender had received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Their frame.
    pub(super) at: Stamp,
    /// Bytes of the other side that the sender had received; 0 if unknown.
    pub(super) received: u64,
}

impl Arrival {
    /// An arrival of which no more is known.
    pub(super) fn at(at: Stamp) -> Arrival {
        Arrival { at, received: 0 }
    }
}

/// A part that cannot be read before what is missing before it.
#[derive(Clone, Debug)]
enum Pending {
    /// Bytes, and where they arrived.
    Bytes(Vec<u8>, Arrival),
    /// Bytes that were on the wire and that the capture cut off.
    Cut(u32),
}

impl Pending {
    /// Bytes of memory it takes, an entry of the map included.
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

/// Parts by their offset, and how far they were read. An offset counts bytes from the first of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Reassembler {
    position: u64,
    pending: BTreeMap<u64, Pending>,
    pending_bytes: usize,
}

/// What became of inserted bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inserted {
    /// Some of them were new.
    pub(super) kept: bool,
    /// Some of them were there already; and whether they differ.
    pub(super) overlap: Option<bool>,
}

/// The next part in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Bytes, and where they arrived.
    Bytes(Vec<u8>, Arrival),
    /// Bytes that the capture cut off.
    Cut(u64),
}

impl Reassembler {
    /// The offset of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Moves past bytes that were read without being inserted, or will never be.
    pub(super) fn advance(&mut self, len: u64) {
        self.position += len;
    }

    /// Whether nothing is pending.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Parts that are pending.
    pub(super) fn parts(&self) -> usize {
        self.pending.len()
    }

    /// Bytes of memory that pending parts take, by content.
    pub(super) fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn buffered(&self) -> usize {
        // A map of one entry has room for eleven.
        const FIRST: usize = 11 * size_of::<(u64, Pending)>();
        if self.pending.is_empty() { 0 } else { FIRST + self.pending_bytes }
    }

    /// The offset of the first pending part.
    #[inline]
    pub(super) fn first(&self) -> Option<u64> {
        if self.pending.is_empty() { None } else { self.first_pending() }
    }

    // Searches of the tree are not inlined: in most frames nothing is pending.
    #[cold]
    fn first_pending(&self) -> Option<u64> {
        self.pending.first_key_value().map(|(&start, _)| start)
    }

    /// The offset after the last pending part, or the position.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        if self.pending.is_empty() { self.position } else { self.last_pending_end() }
    }

    #[cold]
    fn last_pending_end(&self) -> u64 {
        self.pending.last_key_value().map_or(self.position, |(start, part)| start + part.len())
    }

    /// Sets the offset of the first byte, before any is read.
    pub(super) fn set_position(&mut self, position: u64) {
        self.position = position;
    }

    /// Moves all pending parts by an offset; those before the first byte are dropped.
    pub(super) fn shift(&mut self, by: i64) {
        let pending = std::mem::take(&mut self.pending);
        self.pending = pending.into_iter().filter_map(|(at, part)| Some((at.checked_add_signed(by)?, part))).collect();
        self.pending_bytes = self.pending.values().map(Pending::memory).sum();
    }

    /// Keeps the parts of `bytes` at `from` that nothing covers yet.
    pub(super) fn insert(&mut self, from: u64, bytes: &[u8], arrived: Arrival) -> Inserted {
        let mut inserted = Inserted::default();
        let end = from + bytes.len() as u64;
        let mut at = from.max(self.position);
        let mut parts: Vec<(u64, u64)> = Vec::new();
        let first = self.pending.range(..=from).next_back().map_or(from, |(&start, _)| start);
        for (&start, part) in self.pending.range(first..end.max(first)) {
            let (overlap_start, overlap_end) = (start.max(from), (start + part.len()).min(end));
            if overlap_start < overlap_end {
                let ours = bytes.get((overlap_start - from) as usize..(overlap_end - from) as usize);
                let same = match part {
                    Pending::Bytes(kept, _) => {
                        kept.get((overlap_start - start) as usize..(overlap_end - start) as usize) == ours
                    }
                    Pending::Cut(_) => true,
                };
                inserted.overlap = Some(inserted.overlap.unwrap_or(false) || !same);
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
            let part = Pending::Bytes(part.to_vec(), arrived);
            self.pending_bytes += part.memory();
            self.pending.insert(start, part);
        }
        inserted.kept = !parts.is_empty();
        inserted
    }

    /// Notes that `len` bytes at an offset were cut off by the capture.
    pub(super) fn insert_cut(&mut self, at: u64, len: u32) {
        let covered = self.pending.range(..=at).next_back().is_some_and(|(start, part)| start + part.len() > at);
        if !covered && !self.pending.contains_key(&at) {
            let until = self.pending.range(at..).next().map_or(u64::MAX, |(&start, _)| start);
            let len = u64::from(len).min(until - at) as u32;
            let cut = Pending::Cut(len);
            self.pending_bytes += cut.memory();
            self.pending.insert(at, cut);
        }
    }

    /// What the sender of the next part had received, if the part is there.
    #[inline]
    pub(super) fn next_received(&self) -> Option<u64> {
        if self.pending.is_empty() { None } else { self.pending_received() }
    }

    #[cold]
    fn pending_received(&self) -> Option<u64> {
        let (&start, part) = self.pending.first_key_value()?;
        (start <= self.position).then_some(if let Pending::Bytes(_, arrival) = part { arrival.received } else { 0 })
    }

    /// The next part, if it is there, and moves past it.
    pub(super) fn next_part(&mut self) -> Option<Part> {
        if self.first()? > self.position {
            return None;
        }
        let (_, part) = self.pending.pop_first()?;
        self.pending_bytes -= part.memory();
        self.position += part.len();
        Some(match part {
            Pending::Bytes(bytes, arrived) => Part::Bytes(bytes, arrived),
            Pending::Cut(len) => Part::Cut(len.into()),
        })
    }

    /// Moves past the gap before the first pending part; returns its length.
    pub(super) fn skip_gap(&mut self) -> u64 {
        let gap = self.first().map_or(0, |start| start.saturating_sub(self.position));
        self.position += gap;
        gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_the_order_of_their_offsets_and_each_byte_once() {
        let at = Arrival::default();
        let mut all = Reassembler::default();
        assert_eq!(all.insert(4, b"efgh", at), Inserted { kept: true, overlap: None });
        assert_eq!(all.next_part(), None);
        assert_eq!(all.insert(2, b"cdeX", at), Inserted { kept: true, overlap: Some(true) });
        assert!(all.insert(0, b"ab", at).kept);
        let parts: Vec<Part> = std::iter::from_fn(|| all.next_part()).collect();
        assert_eq!(parts, [&b"ab"[..], b"cd", b"efgh"].map(|bytes| Part::Bytes(bytes.to_vec(), at)));
        assert_eq!(all.insert(6, b"gh", at), Inserted::default());
        all.insert(10, b"k", at);
        assert_eq!((all.skip_gap(), all.next_part()), (2, Some(Part::Bytes(b"k".to_vec(), at))));
        assert_eq!((all.position(), all.buffered()), (11, 0));
    }
}
