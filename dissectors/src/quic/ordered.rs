//! Bytes of one direction that come with offsets, in any order and repeated.

use crate::session::Stamp;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Memory of a piece that waits, besides its bytes.
const PIECE_SIZE: usize = 64;

/// Bytes in order, of which later ones may wait.
#[derive(Clone, Debug, Default)]
pub(super) struct OrderedBytes {
    /// Offset of the next byte to deliver.
    next: u64,
    /// Bytes that wait for earlier ones, if there are any: boxed, as few directions have them.
    pending: Option<Box<PendingBytes>>,
}

/// Bytes that wait for earlier ones.
#[derive(Clone, Debug, Default)]
struct PendingBytes {
    /// Pieces by their offset. They may overlap.
    pieces: BTreeMap<u64, Piece>,
    /// Their memory.
    len: usize,
}

/// Bytes of one frame.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) carrier: Carrier,
}

/// The packet that carried bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carrier {
    /// Where it arrived.
    pub(super) at: Stamp,
    /// Its number.
    pub(super) number: u64,
}

impl OrderedBytes {
    /// Offset of the next byte to deliver.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Adds bytes; none, if their sender states that it has sent all up to an offset. Returns those that are next and were not
    /// delivered before; others are kept.
    pub(super) fn add<'b>(&mut self, offset: u64, bytes: &'b [u8], carrier: Carrier) -> &'b [u8] {
        if offset > self.next {
            self.keep(offset, bytes, carrier);
            return &[];
        }
        let known = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
        let new = bytes.get(known..).unwrap_or_default();
        self.next += new.len() as u64;
        new
    }

    fn keep(&mut self, offset: u64, bytes: &[u8], carrier: Carrier) {
        if offset.checked_add(bytes.len() as u64).is_none() {
            return;
        }
        let pending = self.pending.get_or_insert_default();
        if pending.pieces.get(&offset).is_some_and(|piece| piece.bytes.len() >= bytes.len()) {
            return;
        }
        pending.len += bytes.len() + PIECE_SIZE;
        if let Some(old) = pending.pieces.insert(offset, Piece { bytes: bytes.to_vec(), carrier }) {
            pending.len = pending.len.saturating_sub(old.bytes.len() + PIECE_SIZE);
        }
    }

    /// Returns a piece that waited and is next now.
    pub(super) fn take_next(&mut self) -> Option<Piece> {
        loop {
            let pending = self.pending.as_deref_mut()?;
            let entry = pending.pieces.first_entry().filter(|entry| *entry.key() <= self.next)?;
            let (offset, mut piece) = entry.remove_entry();
            pending.len = pending.len.saturating_sub(piece.bytes.len() + PIECE_SIZE);
            if pending.pieces.is_empty() {
                self.pending = None;
            }
            let known = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
            if known < piece.bytes.len() {
                piece.bytes.drain(..known);
                self.next += piece.bytes.len() as u64;
                return Some(piece);
            }
        }
    }

    /// Returns the packet that carried the first piece that waits.
    pub(super) fn first_pending(&self) -> Option<Carrier> {
        self.pending.as_deref()?.pieces.first_key_value().map(|(_, piece)| piece.carrier)
    }

    /// Skips the bytes before the first piece that waits; returns their number.
    pub(super) fn skip_gap(&mut self) -> Option<u64> {
        let (&first, _) = self.pending.as_deref()?.pieces.first_key_value()?;
        let missing = first.checked_sub(self.next)?;
        self.next = first;
        Some(missing)
    }

    /// Skips the bytes before an offset; returns their number.
    pub(super) fn skip_to(&mut self, offset: u64) -> u64 {
        let missing = offset.saturating_sub(self.next);
        self.next += missing;
        missing
    }

    /// Bytes of memory of the pieces that wait.
    pub(super) fn pending_len(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.len)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_any_order_and_overlapping_give_each_byte_once() {
        let text = b"abcdefghij";
        let orders: [&[(usize, usize)]; 4] =
            [&[(0, 10)], &[(5, 10), (0, 5)], &[(2, 6), (4, 10), (2, 8), (0, 3)], &[(8, 10), (3, 5), (0, 9), (0, 10)]];
        for order in orders {
            let (mut ordered, mut out) = (OrderedBytes::default(), Vec::new());
            for &(from, until) in order {
                out.extend_from_slice(ordered.add(from as u64, &text[from..until], Carrier::default()));
                while let Some(piece) = ordered.take_next() {
                    out.extend(piece.bytes);
                }
            }
            assert_eq!(out, text, "{order:?}");
            assert_eq!((ordered.pending_len(), ordered.next()), (0, 10));
        }
    }

    #[test]
    fn a_gap_is_skipped_up_to_the_first_piece() {
        let mut ordered = OrderedBytes::default();
        assert_eq!(ordered.skip_gap(), None);
        let carrier = Carrier { number: 7, ..Carrier::default() };
        ordered.add(4, b"ef", carrier);
        assert_eq!((ordered.first_pending(), ordered.skip_gap()), (Some(carrier), Some(4)));
        assert_eq!(ordered.take_next().map(|piece| piece.bytes), Some(b"ef".to_vec()));
        assert_eq!(ordered.skip_to(9), 3);
        // No bytes: all up to there were sent.
        ordered.add(12, b"", carrier);
        assert_eq!((ordered.skip_gap(), ordered.take_next().is_none(), ordered.pending_len()), (Some(3), true, 0));
    }
}
