//! Reassembly of IP packets from fragments (RFC 791 3.2, RFC 8200 4.5), within limits.

use super::limits::{FRAGMENT_AGE, FRAGMENT_BYTES, FRAGMENT_PARTS, FRAGMENTED_PACKETS};
use dissectors::packet::{Address, Fragment, Packet};
use dissectors::reassembly::ReassembledFragment;
use dissectors::tree::Slice;
use hashbrown::HashMap;
use std::ops::Range;

/// Maximum payload length: the length fields have 16 bits.
const MAX_LEN: u32 = 0xffff;

/// Packets in reassembly.
#[derive(Debug, Default)]
pub struct Fragments {
    incomplete: HashMap<Key, Incomplete>,
    /// Bytes buffered for all packets.
    buffered: usize,
    /// Number of fragments so far, to find the packet that waited longest.
    clock: u64,
    dropped: Option<&'static str>,
}

/// Values that the fragments of one packet share. Tunnels and VLANs are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: Address,
    destination: Address,
    id: u32,
    /// For IPv4 only: in IPv6, only the first fragment has the protocol of the payload (RFC 8200 4.5).
    protocol: Option<u8>,
}

/// An incomplete packet.
#[derive(Debug)]
struct Incomplete {
    payload: Vec<u8>,
    /// Received ranges of the payload, in order, with gaps between them.
    present: Vec<Range<u32>>,
    parts: Vec<WholePart>,
    /// Length of the payload, once the last fragment has arrived.
    len: Option<u32>,
    protocol: u8,
    began: i64,
    touched: u64,
}

/// A reassembled packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Payload of the packet.
    pub payload: Vec<u8>,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Fragments, by their offset in the payload.
    pub parts: Vec<WholePart>,
}

/// A fragment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholePart {
    /// Frame of the fragment.
    pub frame: u32,
    /// Offset in the payload.
    pub offset: u32,
    /// Number of bytes.
    pub len: u32,
    /// Whether it differs from earlier data that it overlaps. `None` if it overlaps none.
    pub overlap: Option<bool>,
}

impl Whole {
    /// Returns the fragments as a tree records them. `start` is the position of the payload in the tree's store.
    #[must_use]
    pub fn parts_at(&self, start: u32) -> Vec<ReassembledFragment> {
        let span = |part: &WholePart| Slice::new(start.saturating_add(part.offset), part.len);
        let fragment =
            |part: &WholePart| ReassembledFragment { frame: part.frame, span: span(part), overlap: part.overlap };
        self.parts.iter().map(fragment).collect()
    }
}

impl Fragments {
    /// Adds the fragment of `frame`, captured at `time` (nanoseconds). Returns the packet if that completes it.
    ///
    /// If fragments overlap, the first received bytes count. A fragment that was truncated at capture is ignored. A
    /// packet is dropped if it is older than [`FRAGMENT_AGE`], or at a limit.
    pub fn add(&mut self, packet: &Packet, fragment: &Fragment<'_>, frame: u32, time: i64) -> Option<Whole> {
        self.dropped = None;
        let bytes = fragment.payload.bytes;
        let end = fragment.offset.saturating_add(bytes.len() as u32);
        if fragment.payload.is_cut() || end > MAX_LEN || (fragment.more && bytes.is_empty()) {
            return None;
        }
        self.clock += 1;
        let key = Key {
            source: packet.source,
            destination: packet.destination,
            id: fragment.id,
            protocol: matches!(packet.source, Address::V4(_)).then_some(fragment.protocol),
        };
        if self.incomplete.get(&key).is_some_and(|old| time.abs_diff(old.began) > FRAGMENT_AGE) {
            self.drop_packet(&key, "incomplete packet dropped: fragments were missing for too long");
        }
        let incomplete = self.incomplete.entry(key).or_insert_with(|| Incomplete::new(fragment.protocol, time));
        incomplete.touched = self.clock;
        let before = incomplete.payload.len();
        let fits = incomplete.add(fragment, frame);
        self.buffered += incomplete.payload.len() - before;
        if !fits {
            self.drop_packet(&key, "incomplete packet dropped: too many fragments");
        } else if incomplete.is_whole() {
            let whole = self.incomplete.remove(&key)?;
            self.buffered -= whole.payload.len();
            return Some(whole.finish());
        }
        while self.incomplete.len() > FRAGMENTED_PACKETS || self.buffered > FRAGMENT_BYTES {
            let oldest = self.incomplete.iter().min_by_key(|(_, incomplete)| incomplete.touched);
            let Some(oldest) = oldest.map(|(key, _)| *key) else { break };
            self.drop_packet(&oldest, "incomplete packet dropped: too many packets in reassembly");
        }
        None
    }

    /// Returns the reason why the last call of [`add`](Fragments::add) dropped a packet, if it did.
    #[must_use]
    pub fn dropped(&self) -> Option<&'static str> {
        self.dropped
    }

    fn drop_packet(&mut self, key: &Key, reason: &'static str) {
        self.dropped = Some(reason);
        if let Some(incomplete) = self.incomplete.remove(key) {
            self.buffered -= incomplete.payload.len();
        }
    }
}

impl Incomplete {
    fn new(protocol: u8, began: i64) -> Incomplete {
        Incomplete {
            payload: Vec::new(),
            present: Vec::new(),
            parts: Vec::new(),
            len: None,
            protocol,
            began,
            touched: 0,
        }
    }

    /// Adds a fragment. Returns false if the packet has too many. The first fragment without the more-fragments flag
    /// determines the length; bytes beyond it are ignored.
    fn add(&mut self, fragment: &Fragment<'_>, frame: u32) -> bool {
        if self.parts.len() >= FRAGMENT_PARTS {
            return false;
        }
        let offset = fragment.offset;
        let bytes = fragment.payload.bytes;
        if !fragment.more && self.len.is_none() {
            self.len = Some(offset + bytes.len() as u32);
        }
        let room = self.len.unwrap_or(MAX_LEN).saturating_sub(offset);
        let bytes = &bytes[..bytes.len().min(room as usize)];
        if offset == 0 {
            self.protocol = fragment.protocol;
        }
        let len = bytes.len() as u32;
        let overlap = self.fill(offset..offset + len, bytes);
        if len > 0 || !fragment.more {
            self.parts.push(WholePart { frame, offset, len, overlap });
        }
        true
    }

    /// Fills missing bytes of the range. Returns whether the fragment differs from earlier data that it overlaps, if any.
    fn fill(&mut self, range: Range<u32>, bytes: &[u8]) -> Option<bool> {
        let (start, end) = (range.start, range.end);
        if self.payload.len() < end as usize {
            self.payload.resize(end as usize, 0);
        }
        let mut overlap = None;
        let mut at = start;
        let payload = &mut self.payload;
        let mut copy = |from: u32, to: u32| {
            payload[from as usize..to as usize].copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        };
        for old in self.present.iter().filter(|old| old.start < end && old.end > start) {
            if at < old.start {
                copy(at, old.start);
            }
            overlap = Some(false);
            at = old.end.max(at);
        }
        if at < end {
            copy(at, end);
        }
        // The bytes copied now are equal, so any difference is in earlier data.
        if overlap.is_some() && self.payload[start as usize..end as usize] != *bytes {
            overlap = Some(true);
        }
        self.mark(range);
        overlap
    }

    /// Adds a received range, and joins it with adjacent ranges.
    fn mark(&mut self, mut range: Range<u32>) {
        if range.is_empty() {
            return;
        }
        let first = self.present.partition_point(|old| old.end < range.start);
        let after = self.present.partition_point(|old| old.start <= range.end);
        if let Some(joined) = self.present.get(first..after).filter(|joined| !joined.is_empty()) {
            range.start = range.start.min(joined[0].start);
            range.end = range.end.max(joined[joined.len() - 1].end);
        }
        self.present.splice(first..after, [range]);
    }

    fn is_whole(&self) -> bool {
        match (self.len, self.present.as_slice()) {
            (Some(len), [first, ..]) => first.start == 0 && first.end >= len,
            _ => false,
        }
    }

    fn finish(mut self) -> Whole {
        self.parts.sort_by_key(|part| part.offset);
        self.payload.truncate(self.len.unwrap_or_default() as usize);
        Whole { payload: self.payload, protocol: self.protocol, parts: self.parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::packet::Payload;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    fn packet() -> Packet {
        Packet { source: Address::V4([10, 0, 0, 1]), destination: Address::V4([10, 0, 0, 2]), ..Packet::default() }
    }

    fn fragment(id: u32, offset: u32, more: bool, bytes: &[u8]) -> Fragment<'_> {
        Fragment { id, protocol: 17, offset, more, payload: Payload::whole(bytes, 0) }
    }

    /// Adds fragments of one packet, each in its own frame and second. Returns the last result.
    fn add_all(fragments: &mut Fragments, rows: &[(u32, bool, &[u8])]) -> Option<Whole> {
        let mut last = None;
        for (nth, &(offset, more, bytes)) in rows.iter().enumerate() {
            assert_eq!(last, None, "whole before fragment {nth}");
            last = fragments.add(&packet(), &fragment(7, offset, more, bytes), nth as u32 + 1, nth as i64 * SECOND);
        }
        last
    }

    fn payload(rows: &[(u32, bool, &[u8])]) -> Option<Vec<u8>> {
        add_all(&mut Fragments::default(), rows).map(|whole| whole.payload)
    }

    #[test]
    fn fragments_in_any_order_make_the_packet() {
        let [a, b, c]: [(u32, bool, &[u8]); 3] = [(0, true, b"aaaaaaaa"), (8, true, b"bbbbbbbb"), (16, false, b"c")];
        for order in [[a, b, c], [c, b, a], [b, c, a], [c, a, b]] {
            assert_eq!(payload(&order).as_deref(), Some(&b"aaaaaaaabbbbbbbbc"[..]));
        }
        let whole = add_all(&mut Fragments::default(), &[b, a, c]).expect("whole");
        assert_eq!(whole.protocol, 17);
        assert_eq!(whole.parts.iter().map(|part| part.frame).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(whole.parts_at(100)[2], ReassembledFragment { frame: 3, span: Slice::new(116, 1), overlap: None });
    }

    #[test]
    fn where_fragments_overlap_the_first_copy_counts() {
        let whole = add_all(
            &mut Fragments::default(),
            &[(8, true, b"bbbbbbbb"), (0, true, b"aaaaaaaaXXXXXXXX"), (8, true, b"bbbbbbbb"), (16, false, b"c")],
        );
        let whole = whole.expect("whole");
        assert_eq!(whole.payload, b"aaaaaaaabbbbbbbbc");
        let overlaps: Vec<_> = whole.parts.iter().map(|part| (part.frame, part.overlap)).collect();
        assert_eq!(overlaps, [(2, Some(true)), (1, None), (3, Some(false)), (4, None)]);
    }

    #[test]
    fn invalid_fragments_are_ignored() {
        let rows: [&[(u32, bool, &[u8])]; 4] = [
            &[(0, true, b"seven b"), (8, false, b"c")],
            &[(0xfff8, false, b"eight by")],
            &[(8, false, b"c"), (16, true, b"behind it")],
            &[(0, true, b""), (8, false, b"c")],
        ];
        for row in rows {
            assert_eq!(payload(row), None, "{row:?}");
        }
        let mut fragments = Fragments::default();
        let mut cut = fragment(7, 0, true, b"aaaaaaaa");
        cut.payload.wire = 16;
        assert_eq!(fragments.add(&packet(), &cut, 1, 0), None);
        assert!(fragments.incomplete.is_empty());
    }

    #[test]
    fn a_second_end_changes_nothing() {
        let rows: [&[(u32, bool, &[u8])]; 2] = [
            &[(8, false, b"bbbb"), (8, false, b"bb"), (0, true, b"aaaaaaaa")],
            &[(8, false, b"bbbb"), (8, false, b"bbbbbb"), (0, true, b"aaaaaaaa")],
        ];
        for row in rows {
            assert_eq!(payload(row).as_deref(), Some(&b"aaaaaaaabbbb"[..]));
        }
    }

    #[test]
    fn bytes_beyond_the_end_are_ignored() {
        let rows: [&[(u32, bool, &[u8])]; 3] = [
            &[(8, false, b"bb"), (0, true, b"aaaaaaaabbbbbbbb")],
            &[(8, true, b"bbbbbbbb"), (8, false, b"bb"), (0, true, b"aaaaaaaa")],
            // Only offsets are multiples of eight by necessity.
            &[(0, true, b"aaaaaaaaa"), (8, false, b"bb")],
        ];
        for (row, expected) in rows.iter().zip([b"aaaaaaaabb", b"aaaaaaaabb", b"aaaaaaaaab"]) {
            assert_eq!(payload(row).as_deref(), Some(&expected[..]), "{row:?}");
        }
    }

    #[test]
    fn fragments_of_different_packets_are_not_mixed() {
        let mut fragments = Fragments::default();
        let mut tcp = fragment(7, 8, false, b"b");
        tcp.protocol = 6;
        let other = Packet { source: Address::V4([10, 0, 0, 3]), ..packet() };
        assert_eq!(fragments.add(&packet(), &fragment(7, 0, true, b"aaaaaaaa"), 1, 0), None);
        assert_eq!(fragments.add(&packet(), &fragment(8, 8, false, b"b"), 2, 0), None);
        assert_eq!(fragments.add(&packet(), &tcp, 3, 0), None);
        assert_eq!(fragments.add(&other, &fragment(7, 8, false, b"b"), 4, 0), None);
        assert!(fragments.add(&packet(), &fragment(7, 8, false, b"b"), 5, 0).is_some());
        // In IPv6 the first fragment has the protocol of the payload; the other fragments may differ.
        let packet = Packet { source: Address::V6([1; 16]), destination: Address::V6([2; 16]), ..Packet::default() };
        assert_eq!(fragments.add(&packet, &tcp, 6, 0), None);
        let whole = fragments.add(&packet, &fragment(7, 0, true, b"aaaaaaaa"), 7, 0).expect("whole");
        assert_eq!(whole.protocol, 17);
    }

    #[test]
    fn an_incomplete_packet_is_dropped_after_its_time() {
        let mut fragments = Fragments::default();
        let age = FRAGMENT_AGE as i64;
        fragments.add(&packet(), &fragment(7, 0, true, b"aaaaaaaa"), 1, 0);
        assert_eq!(fragments.add(&packet(), &fragment(7, 8, false, b"b"), 2, age + 1), None);
        assert!(fragments.add(&packet(), &fragment(7, 0, true, b"cccccccc"), 3, age + 2).is_some());
    }

    #[test]
    fn buffered_data_is_limited_and_the_packet_idle_longest_is_dropped_first() {
        let mut fragments = Fragments::default();
        for id in 0..FRAGMENTED_PACKETS as u32 + 50 {
            fragments.add(&packet(), &fragment(0, 0, true, b"kept: it has the last fragment  "), id, 0);
            fragments.add(&packet(), &fragment(id + 1, 0xff00, true, b"aaaaaaaa"), id, 0);
            assert!(fragments.incomplete.len() <= FRAGMENTED_PACKETS);
            assert!(fragments.buffered <= FRAGMENT_BYTES);
        }
        let buffered: usize = fragments.incomplete.values().map(|incomplete| incomplete.payload.len()).sum();
        assert_eq!(buffered, fragments.buffered);
        assert!(fragments.add(&packet(), &fragment(0, 32, false, b"!"), 0, 0).is_some());
        for frame in 0..FRAGMENT_PARTS as u32 + 2 {
            fragments.add(&packet(), &fragment(9999, 8, true, b"aaaaaaaa"), frame, 0);
        }
        let parts = fragments.incomplete.values().map(|incomplete| incomplete.parts.len()).max();
        assert!(parts <= Some(FRAGMENT_PARTS));
    }

    proptest! {
        #[test]
        fn any_cut_in_any_order_with_any_repetition_makes_the_same_packet(
            bytes in prop::collection::vec(any::<u8>(), 9..600),
            cuts in prop::collection::vec(1_usize..8, 1..40),
            order in any::<u64>(),
        ) {
            let mut rows = Vec::new();
            let mut at = 0;
            for cut in cuts.iter().cycle() {
                let end = (at + cut * 8).min(bytes.len());
                rows.push((at as u32, end < bytes.len(), bytes[at..end].to_vec()));
                at = end;
                if at == bytes.len() { break; }
            }
            // The seed shuffles the rows. The first one is repeated, which must change nothing.
            let mut seed = order | 1;
            for place in (1..rows.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rows.swap(place, (seed >> 33) as usize % (place + 1));
            }
            let mut fragments = Fragments::default();
            let mut whole = None;
            let first = rows[0].clone();
            for (offset, more, part) in std::iter::once(&first).chain(&rows) {
                prop_assert!(whole.is_none() || rows.len() == 1);
                whole = fragments.add(&packet(), &fragment(1, *offset, *more, part), 1, 0).or(whole);
            }
            prop_assert_eq!(whole.map(|whole| whole.payload), Some(bytes));
            prop_assert!(fragments.buffered <= 600);
        }
    }
}
