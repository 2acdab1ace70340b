//! Compression of MySQL (zlib, zstd): packets that carry the packets of both sides.

use super::header::{Header, is_chain};
use crate::coding;
use crate::protocol::{Claim, Dissector, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, DerivedItem, Event, Handover, Input, Lane, Missing, Pdu, Probe, Session, Side, SideEnd,
    Stamp,
};
use crate::tree::{Slice, Value};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::vec::Vec;

crate::fields! { "mysql::compressed";
    /// Packet with compressed packets of MySQL.
    COMPRESSED: Protocol "mysql.compressed" "MySQL Compressed Packet" { ours: true };
    /// Length of the packet without its header.
    LENGTH: U24 "mysql.compressed_packet_length" "Compressed Packet Length";
    /// Number of the packet.
    NUMBER: U8 "mysql.compressed_packet_number" "Compressed Packet Number";
    /// Length of its data before compression; 0 if they are not compressed.
    UNCOMPRESSED: U24 "mysql.compressed_packet_length_uncompressed" "Uncompressed Packet Length";
    /// The data could not be decompressed.
    MALFORMED: Note(Warn) "mysql.compressed.malformed" "Data could not be decompressed" { ours: true };
}

/// Registry entry for compressed MySQL.
pub static PROTOCOL: Protocol = Protocol {
    short: "MySQL",
    fields: FIELDS,
    claims: &[Claim::Upgrade("mysql-compression")],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe: |_| Probe::No,
        open,
        derived_title: "Decompressed MySQL",
        reassembly: None,
        messages: None,
    })],
};

/// Bytes of the header.
const HEADER: usize = 7;
/// Maximum length of the first packet that is read after lost bytes.
const MAX_SEARCHED: usize = 32 << 10;

/// Data compressed by zstd begin with this (RFC 8878 3.1.1); those by zlib never do.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn open(_: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(Compressed::default())
}

/// The compression of one conversation.
#[derive(Clone, Debug, Default)]
struct Compressed {
    sides: [CompressedSide; 2],
}

#[derive(Clone, Debug, Default)]
struct CompressedSide {
    first: Option<Stamp>,
    /// Bytes still to come of a packet of which some are missing.
    skip: u64,
    is_lost: bool,
    /// A packet was read.
    has_begun: bool,
}

impl Compressed {
    fn side(&mut self, side: Side) -> &mut CompressedSide {
        side.of_mut(&mut self.sides)
    }

    /// Decompresses a packet.
    fn packet(&mut self, lane: Lane, chunk: Chunk<'_>, first: Stamp, cx: &mut Context<'_>) {
        let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
        let data = chunk.bytes.get(HEADER..).unwrap_or_default();
        let uncompressed = match chunk.bytes {
            &[_, _, _, _, a, b, c, ..] => u32::from_le_bytes([a, b, c, 0]),
            _ => 0,
        };
        let bytes: Option<Vec<u8>> = match uncompressed {
            0 => Some(data.to_vec()),
            len => coding::decode(if data.starts_with(&ZSTD) { b"zstd" } else { b"deflate" }, data)
                .map(|decoded| decoded.bytes.to_vec())
                .filter(|bytes| bytes.len() == len as usize),
        };
        if cx.tree.wants_any(&COMPRESSED) {
            cx.tree.open(&COMPRESSED, span, Value::Bytes(span));
            let header = Header::read(chunk.bytes).unwrap_or(Header { length: 0, number: 0 });
            let part = |at: u32, len: u32| Slice::new(span.start + at, len);
            cx.tree.put(&LENGTH, part(0, 3), Value::Uint(header.length.into()));
            cx.tree.put(&NUMBER, part(3, 1), Value::Uint(header.number.into()));
            cx.tree.put(&UNCOMPRESSED, part(4, 3), Value::Uint(uncompressed.into()));
            if bytes.is_none() {
                cx.tree.note(&MALFORMED, span, format_args!("{}", MALFORMED.title));
            }
            cx.tree.close();
        }
        cx.events.push(Event::Pdu(Pdu { lane, first, len: chunk.bytes.len() as u64 }));
        let item = match bytes {
            Some(bytes) => {
                let from = Some(Slice::new(span.start + HEADER as u32, data.len() as u32));
                DerivedItem::Bytes { offset: None, bytes, first, arrived: None, from }
            }
            None => DerivedItem::Missing(Missing::Bytes(uncompressed.into())),
        };
        cx.derive(lane, item);
    }
}

/// Whether a packet begins after lost bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PacketStart {
    Yes,
    No,
    /// More bytes decide.
    Incomplete,
}

/// Whether a packet begins with these bytes: compressed data, or packets that follow each other.
///
/// ```text
///   | length, 3 | number, 1 | length before compression, 3: or 0 | zlib or zstd data; or packets |
/// ```
fn packet_start(bytes: &[u8]) -> PacketStart {
    let (Some(header), Some(&[a, b, c])) =
        (Header::read(bytes), bytes.get(4..HEADER).and_then(|len| len.first_chunk()))
    else {
        return PacketStart::Incomplete;
    };
    let (length, uncompressed) = (header.length as usize, u32::from_le_bytes([a, b, c, 0]));
    if length == 0 || length > MAX_SEARCHED || uncompressed > 0 && uncompressed < header.length {
        return PacketStart::No;
    }
    let data = bytes.get(HEADER..).unwrap_or_default();
    let is_start = match (uncompressed, data) {
        (0, _) => match data.get(..length) {
            Some(packets) => is_chain(packets),
            None if Header::read(data).is_none_or(|first| first.length > 0 && first.total() <= length) => {
                return PacketStart::Incomplete;
            }
            None => false,
        },
        // RFC 1950 2.2: the method with its window, then bits with which both bytes are a multiple of 31.
        (_, &[0x78, flags, ..]) => (0x7800 | u16::from(flags)).is_multiple_of(31),
        (_, [] | [0x78]) => return PacketStart::Incomplete,
        _ if data.starts_with(&ZSTD) => true,
        _ if ZSTD.starts_with(data) => return PacketStart::Incomplete,
        _ => false,
    };
    if is_start { PacketStart::Yes } else { PacketStart::No }
}

impl Session for Compressed {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let len = chunk.bytes.len();
        let state = self.side(lane.side);
        if state.is_lost {
            let starts = (0..len).map(|at| packet_start(chunk.bytes.get(at..).unwrap_or_default()));
            match starts.enumerate().find(|(_, start)| *start != PacketStart::No) {
                Some((0, PacketStart::Yes)) => state.is_lost = false,
                found => return Consumed::bytes(found.map_or(len, |(at, _)| at)),
            }
        }
        if state.skip > 0 {
            let skipped = state.skip.min(len as u64);
            state.skip -= skipped;
            return Consumed::bytes(skipped as usize);
        }
        let first = *state.first.get_or_insert(cx.first);
        let Some(header) = Header::read(chunk.bytes) else { return Consumed::bytes(0) };
        let total = HEADER + header.length as usize;
        if total > len {
            return Consumed::bytes(0);
        }
        (state.first, state.has_begun) = (None, true);
        self.packet(lane, chunk.first(total), first, cx);
        Consumed::bytes(total)
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let state = self.side(lane.side);
        state.first = None;
        let gone = before.bytes.len() as u64 + missing.len();
        let total = Header::read(before.bytes).map_or(state.skip, |header| HEADER as u64 + u64::from(header.length));
        match missing {
            Missing::Released if before.bytes.is_empty() => return,
            // The end of the login, which is not compressed.
            Missing::Bytes(_) if !state.has_begun && before.bytes.is_empty() => {
                return cx.derive(lane, DerivedItem::Missing(missing));
            }
            Missing::Bytes(_) | Missing::Released if gone <= total => state.skip = total - gone,
            _ => state.is_lost = true,
        }
        cx.derive(lane, DerivedItem::Missing(Missing::Unknown));
    }

    fn end(&mut self, lane: Lane, _: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        cx.derive(lane, DerivedItem::End(end));
    }

    fn responds(&self, _: Side) -> bool {
        false
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
