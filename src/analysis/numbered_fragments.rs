//! Reassembly of frames from numbered fragments (IEEE 802.11 10.5), with limits.

use super::fragments::{ReassembledPacket, ReceivedFragment};
use super::limits::{FRAGMENTS_PER_PACKET, NUMBERED_FRAGMENT_AGE, NUMBERED_FRAGMENT_BYTES, NUMBERED_FRAGMENT_FRAMES};
use dissectors::packet::{NumberedFragment, NumberedFragmentKey};
use dissectors::session::Stamp;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// The frames with missing fragments.
#[derive(Clone, Debug, Default)]
pub(super) struct NumberedFragmentReassembler {
    incomplete: HashMap<NumberedFragmentKey, IncompleteFrame>,
    /// Bytes buffered by all frames.
    buffered: usize,
    /// Counter of fragments. It orders frames by their last fragment.
    clock: u64,
    drop_reason: Option<&'static str>,
}

/// A frame with missing fragments.
#[derive(Clone, Debug)]
struct IncompleteFrame {
    /// The first copy of each fragment, by its number.
    parts: BTreeMap<u8, Vec<u8>>,
    /// The fragments with their numbers as offsets, in the order received.
    received: Vec<ReceivedFragment>,
    /// Number of the last fragment, if it was received.
    last: Option<u8>,
    /// Time of the first received fragment.
    first_time: i64,
    /// Value of the counter at the last received fragment.
    last_used: u64,
}

impl NumberedFragmentReassembler {
    /// Bytes held by all frames.
    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    /// Adds a fragment. Returns the frame if the fragment completes it.
    ///
    /// Of several fragments with the same number, the first counts. A truncated fragment is ignored. A frame is dropped when
    /// it is older than [`NUMBERED_FRAGMENT_AGE`] or when a limit is reached.
    pub(super) fn add(&mut self, fragment: &NumberedFragment<'_>, at: Stamp) -> Option<ReassembledPacket> {
        self.drop_reason = None;
        if fragment.payload.is_truncated() {
            return None;
        }
        self.clock += 1;
        let key = fragment.key;
        if self.incomplete.get(&key).is_some_and(|old| at.time.abs_diff(old.first_time) > NUMBERED_FRAGMENT_AGE) {
            self.drop_frame(&key, "an incomplete frame with the same sequence number timed out");
        }
        let incomplete = self.incomplete.entry(key).or_insert_with(|| IncompleteFrame::new(at.time));
        incomplete.last_used = self.clock;
        self.buffered += incomplete.add(fragment, at.frame);
        if incomplete.received.len() > FRAGMENTS_PER_PACKET {
            self.drop_frame(&key, "too many fragments for one frame");
        } else if incomplete.is_complete() {
            let complete = self.incomplete.remove(&key)?;
            self.buffered -= complete.buffered();
            return Some(complete.finish());
        }
        while self.incomplete.len() > NUMBERED_FRAGMENT_FRAMES || self.buffered > NUMBERED_FRAGMENT_BYTES {
            let oldest = self.incomplete.iter().min_by_key(|(_, incomplete)| incomplete.last_used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else { break };
            self.drop_frame(&oldest, "the buffers for incomplete frames are full");
        }
        None
    }

    /// Returns the reason if the last call of [`add`](Self::add) dropped a frame.
    pub(super) fn drop_reason(&self) -> Option<&'static str> {
        self.drop_reason
    }

    fn drop_frame(&mut self, key: &NumberedFragmentKey, reason: &'static str) {
        self.drop_reason = Some(reason);
        if let Some(incomplete) = self.incomplete.remove(key) {
            self.buffered -= incomplete.buffered();
        }
    }
}

impl IncompleteFrame {
    fn new(first_time: i64) -> IncompleteFrame {
        IncompleteFrame { parts: BTreeMap::new(), received: Vec::new(), last: None, first_time, last_used: 0 }
    }

    /// Adds a fragment. Returns the number of bytes that are buffered in addition.
    fn add(&mut self, fragment: &NumberedFragment<'_>, frame: u32) -> usize {
        let bytes = fragment.payload.bytes;
        if !fragment.more {
            self.last.get_or_insert(fragment.number);
        }
        let overlap = self.parts.get(&fragment.number).map(|first| first != bytes);
        self.received.push(ReceivedFragment {
            frame,
            offset: fragment.number.into(),
            len: bytes.len() as u32,
            overlap,
        });
        if overlap.is_some() {
            return 0;
        }
        self.parts.insert(fragment.number, bytes.to_vec());
        bytes.len()
    }

    fn buffered(&self) -> usize {
        self.parts.values().map(Vec::len).sum()
    }

    fn is_complete(&self) -> bool {
        self.last.is_some_and(|last| self.parts.range(..=last).count() == usize::from(last) + 1)
    }

    /// Joins the fragments up to the last one.
    fn finish(mut self) -> ReassembledPacket {
        let last = self.last.unwrap_or_default();
        let mut payload = Vec::new();
        let mut offsets = BTreeMap::new();
        for (&number, part) in self.parts.range(..=last) {
            offsets.insert(u32::from(number), payload.len() as u32);
            payload.extend_from_slice(part);
        }
        self.received.sort_by_key(|fragment| fragment.offset);
        let len = payload.len() as u32;
        let locate = |fragment: ReceivedFragment| {
            let offset = *offsets.get(&fragment.offset)?;
            Some(ReceivedFragment { offset, len: fragment.len.min(len - offset), ..fragment })
        };
        let fragments = self.received.into_iter().filter_map(locate).collect();
        ReassembledPacket { payload, protocol: 0, fragments }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::packet::{NextLayer, NumberedFragmentFields, Payload};
    use dissectors::wlan;

    static FIELDS: NumberedFragmentFields = NumberedFragmentFields {
        reassembled_in: &wlan::REASSEMBLED_IN,
        limit: &wlan::FRAGMENT_LIMIT,
        title: "",
        describe_incomplete: |_, _| (),
        describe: |_, _, _| (),
    };

    /// Returns a fragment with this sequence number and traffic identifier.
    fn fragment(sequence: u16, traffic: u8, number: u8, more: bool, bytes: &[u8]) -> NumberedFragment<'_> {
        NumberedFragment {
            key: NumberedFragmentKey { ends: [[1; 6], [2; 6]], sequence, traffic },
            number,
            more,
            payload: Payload::whole(bytes, 0),
            fields: &FIELDS,
            next: |payload| NextLayer::Data(payload),
        }
    }

    fn at(frame: u32, time: i64) -> Stamp {
        Stamp { frame, time }
    }

    /// Adds fragments of one frame: number, whether more follow, bytes. Returns the result of the last.
    fn add_all(rows: &[(u8, bool, &[u8])]) -> Option<ReassembledPacket> {
        let mut fragments = NumberedFragmentReassembler::default();
        let mut whole = None;
        for (nth, &(number, more, bytes)) in rows.iter().enumerate() {
            whole = fragments.add(&fragment(7, 0, number, more, bytes), at(nth as u32, 0));
        }
        whole
    }

    #[test]
    fn fragments_are_joined_by_their_numbers_whatever_their_order() {
        let orders: [[(u8, bool, &[u8]); 3]; 3] = [
            [(0, true, b"ab"), (1, true, b"cde"), (2, false, b"f")],
            [(1, true, b"cde"), (0, true, b"ab"), (2, false, b"f")],
            [(2, false, b"f"), (1, true, b"cde"), (0, true, b"ab")],
        ];
        for order in orders {
            let whole = add_all(&order).expect("a complete frame");
            assert_eq!(whole.payload, b"abcdef");
            let places: Vec<_> = whole.fragments.iter().map(|fragment| (fragment.offset, fragment.len)).collect();
            assert_eq!(places, [(0, 2), (2, 3), (5, 1)]);
        }
        assert_eq!(add_all(&[(0, true, b"ab"), (2, false, b"f")]), None);
        assert_eq!(add_all(&[(1, false, b"f")]), None);
    }

    #[test]
    fn the_first_of_several_fragments_with_a_number_counts() {
        let whole = add_all(&[(0, true, b"ab"), (0, true, b"ab"), (0, true, b"XYZ"), (1, false, b"c")]);
        let whole = whole.expect("a complete frame");
        assert_eq!(whole.payload, b"abc");
        let overlaps: Vec<_> = whole.fragments.iter().map(|fragment| (fragment.frame, fragment.overlap)).collect();
        assert_eq!(overlaps, [(0, None), (1, Some(false)), (2, Some(true)), (3, None)]);
    }

    #[test]
    fn frames_of_other_sequence_numbers_and_traffic_are_others() {
        let mut fragments = NumberedFragmentReassembler::default();
        for (sequence, traffic) in [(7, 0), (8, 0), (7, 1)] {
            assert_eq!(fragments.add(&fragment(sequence, traffic, 0, true, b"a"), at(1, 0)), None);
        }
        assert!(fragments.add(&fragment(7, 1, 1, false, b"b"), at(2, 0)).is_some());
        assert_eq!(fragments.incomplete.len(), 2);
        let late = NUMBERED_FRAGMENT_AGE as i64 + 1;
        assert_eq!(fragments.add(&fragment(7, 0, 1, false, b"b"), at(3, late)), None);
        assert!(fragments.drop_reason().is_some());
    }

    #[test]
    fn incomplete_frames_are_limited() {
        let mut fragments = NumberedFragmentReassembler::default();
        let large = vec![0; NUMBERED_FRAGMENT_BYTES / 10];
        for sequence in 0..4096 {
            fragments.add(&fragment(sequence, 0, 1, true, &large), at(1, 0));
            fragments.add(&fragment(sequence, 0, 2, true, b""), at(1, 0));
            assert!(fragments.incomplete.len() <= NUMBERED_FRAGMENT_FRAMES);
            assert!(fragments.buffered() <= NUMBERED_FRAGMENT_BYTES);
        }
        let buffered: usize = fragments.incomplete.values().map(IncompleteFrame::buffered).sum();
        assert_eq!(buffered, fragments.buffered());
        for nth in 0..2 * FRAGMENTS_PER_PACKET as u32 {
            fragments.add(&fragment(9, 0, 1, true, b"a"), at(nth, 0));
            assert!(fragments.incomplete.values().all(|frame| frame.received.len() <= FRAGMENTS_PER_PACKET));
        }
    }
}
