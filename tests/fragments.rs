//! Dropped fragments are noted in the frame that exceeded a limit.

use crate::common;

use common::{IPV4, pcap};
use dissectors::{Field, Wants, ipv4, ipv6};
use overhear::analysis::limits::{FRAGMENT_AGE, FRAGMENT_BYTES, FRAGMENTED_PACKETS, FRAGMENTS_PER_PACKET};
use overhear::analysis::{Analyzer, Task};
use overhear::source::Capture;

/// LINKTYPE_IPV6: a frame is an IPv6 packet.
const IPV6: u32 = 229;

/// A fragment of eight bytes that is not the last, in IPv4 (RFC 791 3.1).
fn fragment(id: u16, offset: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 28];
    packet.extend(id.to_be_bytes());
    packet.extend((0x2000 | (offset / 8)).to_be_bytes());
    packet.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend([b'x'; 8]);
    packet
}

/// The same in IPv6 (RFC 8200 3, 4.5).
fn fragment6(id: u16, offset: u16) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 16, 44, 64];
    packet.extend([[0xfd; 16], [0xfe; 16]].concat());
    packet.extend([17, 0]);
    packet.extend((offset | 1).to_be_bytes());
    packet.extend(u32::from(id).to_be_bytes());
    packet.extend([b'x'; 8]);
    packet
}

/// Returns the frames, one per millisecond, that have the note.
fn noted(link: u32, packets: &[Vec<u8>], note: &'static Field) -> Vec<u32> {
    let mut wants = Wants::default();
    wants.add(note);
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(pcap(link, packets))).expect("a capture");
    let mut analyzer = Analyzer::new(Task { wants, ..Task::default() });
    let mut frames = Vec::new();
    while let Some(frame) = capture.next().expect("a complete capture") {
        let number = frame.number;
        if analyzer.dissect(&frame).first(note).is_some() {
            frames.push(number);
        }
    }
    frames
}

#[test]
fn dropped_fragments_are_noted() {
    let packets = FRAGMENTED_PACKETS as u16;
    let parts = FRAGMENTS_PER_PACKET as u16;
    // All bytes up to the last received one of a packet are buffered.
    let large = (FRAGMENT_BYTES / 0xff08) as u16;
    let millis = (FRAGMENT_AGE / 1_000_000) as usize;
    let spaced = |between: usize| {
        let others = std::iter::repeat_n(vec![0x45; 20], between);
        [fragment(1, 0)].into_iter().chain(others).chain([fragment(1, 8)]).collect::<Vec<_>>()
    };
    // (scenario, packets, frames with the note)
    type Row = (&'static str, Vec<Vec<u8>>, Vec<u32>);
    let rows: [Row; 8] = [
        ("as many packets as may wait", (0..packets).map(|id| fragment(id, 0)).collect(), vec![]),
        ("one packet more", (0..=packets).map(|id| fragment(id, 0)).collect(), vec![u32::from(packets) + 1]),
        ("as many fragments of a packet as are kept", (0..parts).map(|_| fragment(1, 8)).collect(), vec![]),
        ("one fragment more", (0..=parts).map(|_| fragment(1, 8)).collect(), vec![u32::from(parts) + 1]),
        ("as many bytes as are kept", (0..large).map(|id| fragment(id, 0xff00)).collect(), vec![]),
        ("more bytes", (0..=large).map(|id| fragment(id, 0xff00)).collect(), vec![u32::from(large) + 1]),
        ("as late as may be", spaced(millis - 1), vec![]),
        ("too late", spaced(millis), vec![millis as u32 + 2]),
    ];
    for (name, packets, expected) in rows {
        assert_eq!(noted(IPV4, &packets, &ipv4::FRAGMENT_LIMIT), expected, "{name}");
    }
    let packets: Vec<_> = (0..=packets).map(|id| fragment6(id, 0)).collect();
    assert_eq!(noted(IPV6, &packets, &ipv6::FRAGMENT_LIMIT), [packets.len() as u32]);
}
