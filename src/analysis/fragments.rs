//! Reassembly of IP packets from fragments (RFC 791 3.2, RFC 8200 4.5), with limits.

use super::limits::{FRAGMENT_AGE, FRAGMENT_BYTES, FRAGMENTED_PACKETS, FRAGMENTS_PER_PACKET};
use dissectors::packet::{Address, Fragment, Packet};
use dissectors::reassembly::ReassembledFragment;
use dissectors::tree::Slice;
use hashbrown::HashMap;
use std::ops::Range;

/// Maximum length of a payload: the length fields have 16 bits.
const MAX_PAYLOAD_LEN: u32 = 0xffff;

/// The IP packets with missing fragments.
#[derive(Clone, Debug, Default)]
pub struct FragmentReassembler {
    incomplete: HashMap<FragmentKey, IncompletePacket>,
    /// Bytes buffered by all packets.
    buffered: usize,
    /// Counter of fragments. It orders packets by their last fragment.
    clock: u64,
    drop_reason: Option<&'static str>,
}

/// The values that the fragments of one packet share. Tunnels and VLANs are not part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FragmentKey {
    source: Address,
    destination: Address,
    id: u32,
    /// Set for IPv4 only: in IPv6, only the first fragment determines the protocol (RFC 8200 4.5).
    protocol: Option<u8>,
}

/// A packet with missing fragments.
#[derive(Clone, Debug)]
struct IncompletePacket {
    payload: Vec<u8>,
    /// Received ranges of the payload, in order, with gaps between them.
    present: Vec<Range<u32>>,
    fragments: Vec<ReceivedFragment>,
    /// Length of the payload; known when the last fragment was received.
    len: Option<u32>,
    protocol: u8,
    /// Time of the first received fragment.
    first_time: i64,
    /// Value of the counter at the last received fragment.
    last_used: u64,
}

/// A reassembled IP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassembledPacket {
    /// The payload.
    pub payload: Vec<u8>,
    /// Protocol of the payload.
    pub protocol: u8,
    /// The fragments, by offset.
    pub fragments: Vec<ReceivedFragment>,
}

/// A received fragment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedFragment {
    /// Number of the frame with the fragment.
    pub frame: u32,
    /// Offset in the payload.
    pub offset: u32,
    /// Number of bytes.
    pub len: u32,
    /// Set if the fragment overlaps earlier data; true if the overlapping data differs.
    pub overlap: Option<bool>,
}

impl ReassembledPacket {
    /// Returns the fragments for a tree in whose store the payload begins at `start`.
    #[must_use]
    pub fn fragments_at(&self, start: u32) -> Vec<ReassembledFragment> {
        let describe = |fragment: &ReceivedFragment| ReassembledFragment {
            frame: fragment.frame,
            span: Slice::new(start.saturating_add(fragment.offset), fragment.len),
            overlap: fragment.overlap,
        };
        self.fragments.iter().map(describe).collect()
    }
}

impl FragmentReassembler {
    /// Bytes held by all packets.
    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    /// Adds a fragment of `frame` at `time` (nanoseconds). Returns the packet if the fragment completes it.
    ///
    /// Where fragments overlap, the bytes received first remain. A truncated fragment is ignored. A packet is dropped
    /// when it is older than [`FRAGMENT_AGE`] or when a limit is reached.
    pub fn add(
        &mut self,
        packet: &Packet,
        fragment: &Fragment<'_>,
        frame: u32,
        time: i64,
    ) -> Option<ReassembledPacket> {
        self.drop_reason = None;
        let bytes = fragment.payload.bytes;
        let end = fragment.offset.saturating_add(bytes.len() as u32);
        if fragment.payload.is_truncated() || end > MAX_PAYLOAD_LEN || (fragment.more && bytes.is_empty()) {
            return None;
        }
        self.clock += 1;
        let key = FragmentKey {
            source: packet.source,
            destination: packet.destination,
            id: fragment.id,
            protocol: matches!(packet.source, Address::V4(_)).then_some(fragment.protocol),
        };
        if self.incomplete.get(&key).is_some_and(|old| time.abs_diff(old.first_time) > FRAGMENT_AGE) {
            self.drop_packet(&key, "an incomplete packet with the same identification timed out");
        }
        let incomplete = self.incomplete.entry(key).or_insert_with(|| IncompletePacket::new(fragment.protocol, time));
        incomplete.last_used = self.clock;
        let before = incomplete.payload.len();
        let fits = incomplete.add(fragment, frame);
        self.buffered += incomplete.payload.len() - before;
        if !fits {
            self.drop_packet(&key, "too many fragments for one packet");
        } else if incomplete.is_complete() {
            let complete = self.incomplete.remove(&key)?;
            self.buffered -= complete.payload.len();
            return Some(complete.finish());
        }
        while self.incomplete.len() > FRAGMENTED_PACKETS || self.buffered > FRAGMENT_BYTES {
            let oldest = self.incomplete.iter().min_by_key(|(_, incomplete)| incomplete.last_used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else { break };
            self.drop_packet(&oldest, "the buffers for incomplete packets are full");
        }
        None
    }

    /// Returns the reason if the last call of [`add`](Self::add) dropped a packet.
    #[must_use]
    pub fn drop_reason(&self) -> Option<&'static str> {
        self.drop_reason
    }

    fn drop_packet(&mut self, key: &FragmentKey, reason: &'static str) {
        self.drop_reason = Some(reason);
        if let Some(incomplete) = self.incomplete.remove(key) {
            self.buffered -= incomplete.payload.len();
        }
    }
}

impl IncompletePacket {
    fn new(protocol: u8, first_time: i64) -> IncompletePacket {
        IncompletePacket {
            payload: Vec::new(),
            present: Vec::new(),
            fragments: Vec::new(),
            len: None,
            protocol,
            first_time,
            last_used: 0,
        }
    }

    /// Adds a fragment. Returns false if the packet has too many.
    ///
    /// The first received fragment without the more-fragments flag determines the length. Bytes after it are ignored.
    fn add(&mut self, fragment: &Fragment<'_>, frame: u32) -> bool {
        if self.fragments.len() >= FRAGMENTS_PER_PACKET {
            return false;
        }
        let offset = fragment.offset;
        let bytes = fragment.payload.bytes;
        if !fragment.more && self.len.is_none() {
            self.len = Some(offset + bytes.len() as u32);
        }
        let room = self.len.unwrap_or(MAX_PAYLOAD_LEN).saturating_sub(offset);
        let bytes = &bytes[..bytes.len().min(room as usize)];
        if offset == 0 {
            self.protocol = fragment.protocol;
        }
        let len = bytes.len() as u32;
        let overlap = self.fill(offset..offset + len, bytes);
        if len > 0 || !fragment.more {
            self.fragments.push(ReceivedFragment { frame, offset, len, overlap });
        }
        true
    }

    /// Copies `bytes` to the parts of `range` not received yet.
    ///
    /// Returns `Some` if parts were received before, with whether those differ.
    fn fill(&mut self, range: Range<u32>, bytes: &[u8]) -> Option<bool> {
        let (start, end) = (range.start, range.end);
        if self.payload.len() < end as usize {
            self.payload.resize(end as usize, 0);
        }
        let mut overlap = None;
        let mut position = start;
        let payload = &mut self.payload;
        let mut copy = |from: u32, to: u32| {
            payload[from as usize..to as usize].copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        };
        for old in self.present.iter().filter(|old| old.start < end && old.end > start) {
            if position < old.start {
                copy(position, old.start);
            }
            overlap = Some(false);
            position = old.end.max(position);
        }
        if position < end {
            copy(position, end);
        }
        // The bytes copied now are equal: any difference is in bytes received before.
        if overlap.is_some() && self.payload[start as usize..end as usize] != *bytes {
            overlap = Some(true);
        }
        self.add_range(range);
        overlap
    }

    /// Adds a received range and joins it with adjacent ranges.
    fn add_range(&mut self, mut range: Range<u32>) {
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

    fn is_complete(&self) -> bool {
        match (self.len, self.present.as_slice()) {
            (Some(len), [first, ..]) => first.start == 0 && first.end >= len,
            _ => false,
        }
    }

    fn finish(mut self) -> ReassembledPacket {
        self.fragments.sort_by_key(|fragment| fragment.offset);
        self.payload.truncate(self.len.unwrap_or_default() as usize);
        ReassembledPacket { payload: self.payload, protocol: self.protocol, fragments: self.fragments }
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
    fn add_all(fragments: &mut FragmentReassembler, rows: &[(u32, bool, &[u8])]) -> Option<ReassembledPacket> {
        let mut last = None;
        for (nth, &(offset, more, bytes)) in rows.iter().enumerate() {
            assert_eq!(last, None, "complete before fragment {nth}");
            last = fragments.add(&packet(), &fragment(7, offset, more, bytes), nth as u32 + 1, nth as i64 * SECOND);
        }
        last
    }

    fn payload(rows: &[(u32, bool, &[u8])]) -> Option<Vec<u8>> {
        add_all(&mut FragmentReassembler::default(), rows).map(|packet| packet.payload)
    }

    #[test]
    fn fragments_in_any_order_are_reassembled() {
        let [a, b, c]: [(u32, bool, &[u8]); 3] = [(0, true, b"aaaaaaaa"), (8, true, b"bbbbbbbb"), (16, false, b"c")];
        for order in [[a, b, c], [c, b, a], [b, c, a], [c, a, b]] {
            assert_eq!(payload(&order).as_deref(), Some(&b"aaaaaaaabbbbbbbbc"[..]));
        }
        let packet = add_all(&mut FragmentReassembler::default(), &[b, a, c]).expect("a complete packet");
        assert_eq!(packet.protocol, 17);
        assert_eq!(packet.fragments.iter().map(|fragment| fragment.frame).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(
            packet.fragments_at(100)[2],
            ReassembledFragment { frame: 3, span: Slice::new(116, 1), overlap: None }
        );
    }

    #[test]
    fn overlapping_fragments_keep_the_bytes_received_first() {
        let packet = add_all(
            &mut FragmentReassembler::default(),
            &[(8, true, b"bbbbbbbb"), (0, true, b"aaaaaaaaXXXXXXXX"), (8, true, b"bbbbbbbb"), (16, false, b"c")],
        );
        let packet = packet.expect("a complete packet");
        assert_eq!(packet.payload, b"aaaaaaaabbbbbbbbc");
        let overlaps: Vec<_> = packet.fragments.iter().map(|fragment| (fragment.frame, fragment.overlap)).collect();
        assert_eq!(overlaps, [(2, Some(true)), (1, None), (3, Some(false)), (4, None)]);
    }

    #[test]
    fn invalid_and_truncated_fragments_are_ignored() {
        let rows: [&[(u32, bool, &[u8])]; 4] = [
            &[(0, true, b"seven b"), (8, false, b"c")],
            &[(0xfff8, false, b"eight by")],
            &[(8, false, b"c"), (16, true, b"behind it")],
            &[(0, true, b""), (8, false, b"c")],
        ];
        for row in rows {
            assert_eq!(payload(row), None, "{row:?}");
        }
        let mut fragments = FragmentReassembler::default();
        let mut truncated = fragment(7, 0, true, b"aaaaaaaa");
        truncated.payload.wire = 16;
        assert_eq!(fragments.add(&packet(), &truncated, 1, 0), None);
        assert!(fragments.incomplete.is_empty());
    }

    #[test]
    fn a_second_last_fragment_does_not_change_the_length() {
        let rows: [&[(u32, bool, &[u8])]; 2] = [
            &[(8, false, b"bbbb"), (8, false, b"bb"), (0, true, b"aaaaaaaa")],
            &[(8, false, b"bbbb"), (8, false, b"bbbbbb"), (0, true, b"aaaaaaaa")],
        ];
        for row in rows {
            assert_eq!(payload(row).as_deref(), Some(&b"aaaaaaaabbbb"[..]));
        }
    }

    #[test]
    fn bytes_after_the_last_fragment_are_ignored() {
        let rows: [&[(u32, bool, &[u8])]; 3] = [
            &[(8, false, b"bb"), (0, true, b"aaaaaaaabbbbbbbb")],
            &[(8, true, b"bbbbbbbb"), (8, false, b"bb"), (0, true, b"aaaaaaaa")],
            // Only offsets are multiples of eight: a length may be any.
            &[(0, true, b"aaaaaaaaa"), (8, false, b"bb")],
        ];
        for (row, expected) in rows.iter().zip([b"aaaaaaaabb", b"aaaaaaaabb", b"aaaaaaaaab"]) {
            assert_eq!(payload(row).as_deref(), Some(&expected[..]), "{row:?}");
        }
    }

    #[test]
    fn fragments_are_grouped_by_addresses_identification_and_protocol() {
        let mut fragments = FragmentReassembler::default();
        let mut tcp = fragment(7, 8, false, b"b");
        tcp.protocol = 6;
        let other = Packet { source: Address::V4([10, 0, 0, 3]), ..packet() };
        assert_eq!(fragments.add(&packet(), &fragment(7, 0, true, b"aaaaaaaa"), 1, 0), None);
        assert_eq!(fragments.add(&packet(), &fragment(8, 8, false, b"b"), 2, 0), None);
        assert_eq!(fragments.add(&packet(), &tcp, 3, 0), None);
        assert_eq!(fragments.add(&other, &fragment(7, 8, false, b"b"), 4, 0), None);
        assert!(fragments.add(&packet(), &fragment(7, 8, false, b"b"), 5, 0).is_some());
        // In IPv6 the first fragment determines the protocol. The value of the others is ignored.
        let packet = Packet { source: Address::V6([1; 16]), destination: Address::V6([2; 16]), ..Packet::default() };
        assert_eq!(fragments.add(&packet, &tcp, 6, 0), None);
        let packet = fragments.add(&packet, &fragment(7, 0, true, b"aaaaaaaa"), 7, 0).expect("a complete packet");
        assert_eq!(packet.protocol, 17);
    }

    #[test]
    fn an_old_incomplete_packet_is_dropped() {
        let mut fragments = FragmentReassembler::default();
        let age = FRAGMENT_AGE as i64;
        fragments.add(&packet(), &fragment(7, 0, true, b"aaaaaaaa"), 1, 0);
        assert_eq!(fragments.add(&packet(), &fragment(7, 8, false, b"b"), 2, age + 1), None);
        assert!(fragments.add(&packet(), &fragment(7, 0, true, b"cccccccc"), 3, age + 2).is_some());
    }

    #[test]
    fn buffers_are_limited_and_the_longest_idle_packet_is_dropped_first() {
        let mut fragments = FragmentReassembler::default();
        for id in 0..FRAGMENTED_PACKETS as u32 + 50 {
            fragments.add(&packet(), &fragment(0, 0, true, b"kept because it is in use       "), id, 0);
            fragments.add(&packet(), &fragment(id + 1, 0xff00, true, b"aaaaaaaa"), id, 0);
            assert!(fragments.incomplete.len() <= FRAGMENTED_PACKETS);
            assert!(fragments.buffered <= FRAGMENT_BYTES);
        }
        let buffered: usize = fragments.incomplete.values().map(|incomplete| incomplete.payload.len()).sum();
        assert_eq!(buffered, fragments.buffered);
        assert!(fragments.add(&packet(), &fragment(0, 32, false, b"!"), 0, 0).is_some());
        for frame in 0..FRAGMENTS_PER_PACKET as u32 + 2 {
            fragments.add(&packet(), &fragment(9999, 8, true, b"aaaaaaaa"), frame, 0);
        }
        let most = fragments.incomplete.values().map(|incomplete| incomplete.fragments.len()).max();
        assert!(most <= Some(FRAGMENTS_PER_PACKET));
    }

    proptest! {
        #[test]
        fn any_fragmentation_in_any_order_with_any_repetition_gives_the_same_packet(
            bytes in prop::collection::vec(any::<u8>(), 9..600),
            cuts in prop::collection::vec(1_usize..8, 1..40),
            order in any::<u64>(),
        ) {
            let mut rows = Vec::new();
            let mut start = 0;
            for cut in cuts.iter().cycle() {
                let end = (start + cut * 8).min(bytes.len());
                rows.push((start as u32, end < bytes.len(), bytes[start..end].to_vec()));
                start = end;
                if start == bytes.len() { break; }
            }
            // Shuffled by the seed. The first fragment is sent twice, which must not change the result.
            let mut seed = order | 1;
            for index in (1..rows.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rows.swap(index, (seed >> 33) as usize % (index + 1));
            }
            let mut fragments = FragmentReassembler::default();
            let mut reassembled = None;
            let first = rows[0].clone();
            for (offset, more, bytes) in std::iter::once(&first).chain(&rows) {
                prop_assert!(reassembled.is_none() || rows.len() == 1);
                reassembled = fragments.add(&packet(), &fragment(1, *offset, *more, bytes), 1, 0).or(reassembled);
            }
            prop_assert_eq!(reassembled.map(|packet| packet.payload), Some(bytes));
            prop_assert!(fragments.buffered <= 600);
        }
    }
}
