//! HTTP/3 session with bytes of streams in pieces: frames, QPACK, and messages. Bytes are consumed at most once, and
//! buffers are bounded.
#![no_main]

use dissectors::http3;
use dissectors::session::{Chunk, Lane, Missing, Secrets, Side, SideEnd};
use libfuzzer_sys::fuzz_target;
use overhear_fuzz::Host;
use std::collections::BTreeMap;

/// Maximum bytes that a session buffers: bodies, headers, dynamic tables, and bytes that wait for entries of these.
const MAX_BUFFERED: usize = 8 << 20;
/// Streams of requests, and three of one direction of each side: for control, QPACK and pushes.
const STREAMS: [u64; 12] = [0, 4, 8, 12, 2, 3, 6, 7, 10, 11, 14, 15];

// Each piece has two bytes: its side (bit 15), its stream (bits 11 to 14), whether a gap precedes it (bit 10), whether the
// stream ends with it (bit 9), whether that is a reset, or else whether buffers are released before it (bit 8), and its
// length.
fuzz_target!(|bytes: &[u8]| {
    let kind = http3::PROTOCOL.sessions().next().expect("HTTP/3 is a session");
    let mut host = Host::new(kind, Secrets::default(), MAX_BUFFERED);
    let mut unread: BTreeMap<Lane, Vec<u8>> = BTreeMap::new();
    let mut rest = bytes;
    while let Some((head, after)) = rest.split_first_chunk() {
        let head = u16::from_be_bytes(*head);
        let side = if head & 0x8000 == 0 { Side::Client } else { Side::Server };
        let channel = STREAMS[usize::from(head >> 11 & 15) % STREAMS.len()];
        let (piece, after) = after.split_at(after.len().min(usize::from(head & 0xff)));
        rest = after;
        let lane = Lane { channel, side };
        let own = unread.entry(lane).or_default();
        host.frame(piece, |session, cx| {
            if head & 0x0400 != 0 {
                let before = std::mem::take(own);
                session.gap(lane, Chunk { bytes: &before, base: None }, Missing::Bytes(16), cx);
            }
            if head & 0x0300 == 0x0100 {
                session.gap(Lane::of(Side::Client), Chunk { bytes: &[], base: None }, Missing::Released, cx);
            }
            own.extend_from_slice(piece);
            while !own.is_empty() {
                let consumed = session.read(lane, Chunk { bytes: own, base: None }, cx);
                assert!(consumed.bytes <= own.len());
                own.drain(..consumed.bytes);
                if consumed.bytes == 0 {
                    break;
                }
            }
            if head & 0x0200 != 0 {
                let left = std::mem::take(own);
                let end = if head & 0x0100 != 0 { SideEnd::Reset(None) } else { SideEnd::Closed };
                session.end(lane, Chunk { bytes: &left, base: None }, end, cx);
            }
        });
    }
    host.frame(&[], |session, cx| {
        for (lane, left) in unread {
            session.end(lane, Chunk { bytes: &left, base: None }, SideEnd::Unseen, cx);
        }
    });
});
