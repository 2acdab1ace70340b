//! IP packets put together from their fragments (RFC 791 3.2, RFC 8200 4.5), within bounds.

use super::limits::{FRAGMENT_AGE, FRAGMENT_BYTES, FRAGMENT_PARTS, FRAGMENTED_PACKETS};
use dissectors::packet::{Address, Fragment, Packet};
use dissectors::reassembly::Part;
use dissectors::tree::Slice;
use hashbrown::HashMap;
use std::ops::Range;

/// The longest payload there can be: the fields that count it have 16 bits.
const LONGEST: u32 = 0xffff;

/// The packets of which some fragments have come and some have not.
#[derive(Debug, Default)]
pub struct Fragments {
    incomplete: HashMap<Key, Incomplete>,
    /// Bytes held by all.
    held: usize,
    /// Counts fragments, to tell which packet has waited longest.
    clock: u64,
    given_up: Option<&'static str>,
}

/// What the fragments of one packet have in common. Neither tunnels nor VLANs matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: Address,
    destination: Address,
    id: u32,
    /// Of IPv4 only: in IPv6 the first fragment alone says what the packet carries (RFC 8200 4.5).
    protocol: Option<u8>,
}

/// A packet that is not whole yet.
#[derive(Debug)]
struct Incomplete {
    payload: Vec<u8>,
    /// Which bytes of the payload have come: in order, with gaps between.
    present: Vec<Range<u32>>,
    parts: Vec<WholePart>,
    /// How long the payload is, once the last fragment has come.
    len: Option<u32>,
    protocol: u8,
    began: i64,
    touched: u64,
}

/// A packet that its last missing fragment made whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// What the packet carries.
    pub payload: Vec<u8>,
    /// The protocol of the payload.
    pub protocol: u8,
    /// The fragments, in the order of their places in the payload.
    pub parts: Vec<WholePart>,
}

/// One fragment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholePart {
    /// The frame it came in.
    pub frame: u32,
    /// Where in the payload it belongs.
    pub offset: u32,
    /// How many bytes it has.
    pub len: u32,
    /// Some of it had come before; and whether that was different.
    pub overlap: Option<bool>,
}

impl Whole {
    /// The fragments, as a tree tells them in whose store the payload begins at `start`.
    #[must_use]
    pub fn parts_at(&self, start: u32) -> Vec<Part> {
        let place = |part: &WholePart| Slice::new(start.saturating_add(part.offset), part.len);
        let tell = |part: &WholePart| Part { frame: part.frame, place: place(part), overlap: part.overlap };
        self.parts.iter().map(tell).collect()
    }
}

impl Fragments {
    /// Takes the fragment that came with `frame` at `time` (nanoseconds), and gives the packet if that makes it whole.
    ///
    /// Where fragments overlap, the bytes that came first count. A fragment that the capture cut short cannot be
    /// used. A packet is given up when it is older than [`FRAGMENT_AGE`], or when there is no room.
    pub fn add(&mut self, packet: &Packet, fragment: &Fragment<'_>, frame: u32, time: i64) -> Option<Whole> {
        self.given_up = None;
        let bytes = fragment.piece.bytes;
        let end = fragment.offset.saturating_add(bytes.len() as u32);
        if fragment.piece.is_cut() || end > LONGEST || (fragment.more && bytes.is_empty()) {
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
            self.give_up(&key, "what had come of a packet waited too long for the rest");
        }
        let incomplete = self.incomplete.entry(key).or_insert_with(|| Incomplete::new(fragment.protocol, time));
        incomplete.touched = self.clock;
        let before = incomplete.payload.len();
        let fits = incomplete.add(fragment, frame);
        self.held += incomplete.payload.len() - before;
        if !fits {
            self.give_up(&key, "the packet has more fragments than are kept");
        } else if incomplete.is_whole() {
            let whole = self.incomplete.remove(&key)?;
            self.held -= whole.payload.len();
            return Some(whole.finish());
        }
        while self.incomplete.len() > FRAGMENTED_PACKETS || self.held > FRAGMENT_BYTES {
            let oldest = self.incomplete.iter().min_by_key(|(_, incomplete)| incomplete.touched);
            let Some(oldest) = oldest.map(|(key, _)| *key) else { break };
            self.give_up(&oldest, "more waits for fragments than is kept");
        }
        None
    }

    /// Why a packet was given up when the last fragment came, if one was.
    #[must_use]
    pub fn given_up(&self) -> Option<&'static str> {
        self.given_up
    }

    fn give_up(&mut self, key: &Key, why: &'static str) {
        self.given_up = Some(why);
        if let Some(incomplete) = self.incomplete.remove(key) {
            self.held -= incomplete.payload.len();
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

    /// Takes a fragment; false if the packet has too many of them. The first that claims to be the last is believed;
    /// what lies behind its end is left out.
    fn add(&mut self, fragment: &Fragment<'_>, frame: u32) -> bool {
        if self.parts.len() >= FRAGMENT_PARTS {
            return false;
        }
        let offset = fragment.offset;
        let bytes = fragment.piece.bytes;
        if !fragment.more && self.len.is_none() {
            self.len = Some(offset + bytes.len() as u32);
        }
        let room = self.len.unwrap_or(LONGEST).saturating_sub(offset);
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

    /// Puts `bytes` where none have come yet. Says whether some had, and whether those were different.
    fn fill(&mut self, range: Range<u32>, bytes: &[u8]) -> Option<bool> {
        let (start, end) = (range.start, range.end);
        if self.payload.len() < end as usize {
            self.payload.resize(end as usize, 0);
        }
        let mut overlap = None;
        let mut at = start;
        let payload = &mut self.payload;
        let mut place = |from: u32, to: u32| {
            payload[from as usize..to as usize].copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        };
        for old in self.present.iter().filter(|old| old.start < end && old.end > start) {
            if at < old.start {
                place(at, old.start);
            }
            overlap = Some(false);
            at = old.end.max(at);
        }
        if at < end {
            place(at, end);
        }
        // What was placed now is the same as what came; so any difference is in what was there before.
        if overlap.is_some() && self.payload[start as usize..end as usize] != *bytes {
            overlap = Some(true);
        }
        self.mark(range);
        overlap
    }

    /// Adds to what is present, joining what touches.
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
    use dissectors::packet::Piece;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    fn packet() -> Packet {
        Packet { source: Address::V4([10, 0, 0, 1]), destination: Address::V4([10, 0, 0, 2]), ..Packet::default() }
    }

    fn fragment(id: u32, offset: u32, more: bool, bytes: &[u8]) -> Fragment<'_> {
        Fragment { id, protocol: 17, offset, more, piece: Piece::whole(bytes, 0) }
    }

    /// Adds fragments of one packet, each in a frame and a second of its own; gives the last answer.
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
        assert_eq!(whole.parts_at(100)[2], Part { frame: 3, place: Slice::new(116, 1), overlap: None });
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
    fn what_cannot_be_a_fragment_is_left_out() {
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
        cut.piece.wire = 16;
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
    fn what_lies_behind_the_end_is_left_out() {
        let rows: [&[(u32, bool, &[u8])]; 3] = [
            &[(8, false, b"bb"), (0, true, b"aaaaaaaabbbbbbbb")],
            &[(8, true, b"bbbbbbbb"), (8, false, b"bb"), (0, true, b"aaaaaaaa")],
            // Only offsets need be multiples of eight for it to fit.
            &[(0, true, b"aaaaaaaaa"), (8, false, b"bb")],
        ];
        for (row, expected) in rows.iter().zip([b"aaaaaaaabb", b"aaaaaaaabb", b"aaaaaaaaab"]) {
            assert_eq!(payload(row).as_deref(), Some(&expected[..]), "{row:?}");
        }
    }

    #[test]
    fn packets_are_told_apart_by_what_their_fragments_share() {
        let mut fragments = Fragments::default();
        let mut tcp = fragment(7, 8, false, b"b");
        tcp.protocol = 6;
        let other = Packet { source: Address::V4([10, 0, 0, 3]), ..packet() };
        assert_eq!(fragments.add(&packet(), &fragment(7, 0, true, b"aaaaaaaa"), 1, 0), None);
        assert_eq!(fragments.add(&packet(), &fragment(8, 8, false, b"b"), 2, 0), None);
        assert_eq!(fragments.add(&packet(), &tcp, 3, 0), None);
        assert_eq!(fragments.add(&other, &fragment(7, 8, false, b"b"), 4, 0), None);
        assert!(fragments.add(&packet(), &fragment(7, 8, false, b"b"), 5, 0).is_some());
        // In IPv6 the first fragment says what the packet carries, and the others may say otherwise.
        let packet = Packet { source: Address::V6([1; 16]), destination: Address::V6([2; 16]), ..Packet::default() };
        assert_eq!(fragments.add(&packet, &tcp, 6, 0), None);
        let whole = fragments.add(&packet, &fragment(7, 0, true, b"aaaaaaaa"), 7, 0).expect("whole");
        assert_eq!(whole.protocol, 17);
    }

    #[test]
    fn a_packet_that_waits_too_long_is_given_up() {
        let mut fragments = Fragments::default();
        let age = FRAGMENT_AGE as i64;
        fragments.add(&packet(), &fragment(7, 0, true, b"aaaaaaaa"), 1, 0);
        assert_eq!(fragments.add(&packet(), &fragment(7, 8, false, b"b"), 2, age + 1), None);
        assert!(fragments.add(&packet(), &fragment(7, 0, true, b"cccccccc"), 3, age + 2).is_some());
    }

    #[test]
    fn what_is_held_is_bounded_and_the_longest_untouched_goes_first() {
        let mut fragments = Fragments::default();
        for id in 0..FRAGMENTED_PACKETS as u32 + 50 {
            fragments.add(&packet(), &fragment(0, 0, true, b"kept alive by being touched     "), id, 0);
            fragments.add(&packet(), &fragment(id + 1, 0xff00, true, b"aaaaaaaa"), id, 0);
            assert!(fragments.incomplete.len() <= FRAGMENTED_PACKETS);
            assert!(fragments.held <= FRAGMENT_BYTES);
        }
        let held: usize = fragments.incomplete.values().map(|incomplete| incomplete.payload.len()).sum();
        assert_eq!(held, fragments.held);
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
            // A shuffle from the seed; then all again, which must change nothing.
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
            prop_assert!(fragments.held <= 600);
        }
    }
}
