//! QUIC (RFC 9000, RFC 9001, RFC 9369): the packets of connections, decrypted as far as their keys are known.
//!
//! The keys of Initial packets follow from a connection ID, so the hello messages are always read. The other keys come from a
//! key log. The bytes of each stream are derived on a channel of its own.

mod attempt;
mod call_facts;
mod connection;
mod connection_ids;
mod describe;
mod fields;
mod frames;
mod handshake;
mod header;
mod hello;
mod keys;
mod levels;
mod measurement;
mod names;
mod number_ranges;
mod ordered;
mod probe;
mod streams;
mod summary;

use crate::packet::Payload;
use crate::protocol::{Claim, Dissector, Protocol, SessionKind, UnitReassembly};
use crate::session::{Chunk, Consumed, Context, Event, Handover, Input, Lane, Missing, Pdu, Session, Side, SideEnd};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::vec::Vec;
use attempt::Attempt;
use connection::{Connection, Evidence};
pub use fields::*;
use header::{LongHeader, LongPacket, PacketType};
use levels::{InitialKeys, Level, Opened};
use summary::{Close, Summary};

/// Registry entry for QUIC.
pub static PROTOCOL: Protocol = Protocol {
    short: "QUIC",
    fields: FIELDS,
    claims: &[Claim::UdpPort(443)],
    aliases: &[],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Datagrams,
            probe: probe::probe,
            open,
            derived_title: "Reassembled stream",
            reassembly: Some(REASSEMBLY),
            messages: None,
        }),
        Dissector::FirstDatagram(probe::first_datagram),
        Dissector::HelloPayloads(hello::initial_payloads),
        Dissector::CallFacts(&call_facts::FACTS),
    ],
};

/// Fields of the frames of application protocols, reassembled from several packets.
const REASSEMBLY: UnitReassembly = UnitReassembly {
    units: &FRAGMENTS,
    unit: &FRAGMENT,
    count: &FRAGMENT_COUNT,
    length: &REASSEMBLED_LENGTH,
    data: &REASSEMBLED_DATA,
    reassembled_in: &REASSEMBLED_IN,
};

/// Connections of one conversation whose state is kept: a client may open several from one port.
const MAX_CONNECTIONS: usize = 16;

fn open(_: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(Quic::default())
}

/// The connections of one conversation.
#[derive(Clone, Debug, Default)]
struct Quic {
    connections: Vec<Connection>,
    /// A connection whose client has sent packets in an unknown version only.
    attempt: Option<Attempt>,
    /// Number of connections so far.
    count: u32,
    /// Number of the connection that is recorded in the present datagram.
    recorded: Option<u32>,
    /// Number of the connection of the last datagram, of those of the conversation.
    last: Option<u32>,
}

/// A datagram that is read.
#[derive(Clone, Copy)]
struct Datagram<'b> {
    side: Side,
    /// What is left of it.
    rest: Payload<'b>,
    /// Its length as captured, and on the wire.
    captured: usize,
    len: usize,
}

impl Quic {
    /// Reads the next packet of a datagram. Returns its connection, and what is left.
    fn packet<'b>(&mut self, datagram: Datagram<'b>, cx: &mut Context<'_>) -> (Option<usize>, Payload<'b>) {
        let rest = datagram.rest;
        let none = rest.from(rest.bytes.len());
        let is_first = rest.bytes.len() == datagram.captured;
        if !header::is_long(rest.bytes) {
            let has_fixed_bit = rest.bytes.first().is_some_and(|first| first & header::FIXED != 0);
            let is_greased = || self.find_short(datagram.side, rest.bytes).is_some_and(|(_, id_len)| id_len > 0);
            match has_fixed_bit || is_first || is_greased() {
                true => return (self.short(datagram, cx), none),
                false => describe::padding(rest, cx),
            }
            return (None, none);
        }
        let Some(long) = LongHeader::read(rest.bytes) else {
            describe::padding(rest, cx);
            return (None, none);
        };
        let connection = self.find_long(datagram.side, &long);
        if let Some(connection) = connection.and_then(|at| self.connections.get_mut(at)) {
            connection.evidence = connection.evidence_of_version(datagram.side, long.version);
        }
        if long.version == 0 || header::Version::of(long.version).is_none() {
            let attempted = if connection.is_none() { self.attempt(datagram, &long, cx) } else { None };
            self.open_packet(rest, self.number(connection).or(attempted), cx);
            match long.version {
                0 => describe::version_negotiation(rest, &long, cx.tree),
                _ => describe::unknown_version(rest, &long, cx.tree),
            }
            cx.tree.close();
            return (connection, none);
        }
        // RFC 9287 3: a peer that allows it may be sent packets without the fixed bit.
        let is_packet = long.first & header::FIXED != 0 || connection.is_some();
        match LongPacket::read_cut(rest.bytes, rest.wire as usize, long).filter(|_| is_packet) {
            Some(packet) => (self.long(datagram, &packet, cx), rest.from(packet.len)),
            None => {
                describe::padding(rest, cx);
                (None, none)
            }
        }
    }

    /// Notes a packet in an unknown version, or one that refuses a version. Returns the number of its connection.
    fn attempt(&mut self, datagram: Datagram<'_>, long: &LongHeader<'_>, cx: &mut Context<'_>) -> Option<u32> {
        if self.attempt.is_none() && long.version != 0 {
            let number = next_number(cx);
            self.attempt = Some(Attempt::new(datagram.side, number, long, cx));
        }
        self.attempt.as_mut()?.add(datagram.side, long.version, datagram.len, cx)
    }

    /// Reports the attempt, if there is one: no connection has followed it.
    fn end_attempt(&mut self, cx: &mut Context<'_>) {
        if let Some(attempt) = self.attempt.take().filter(|_| cx.reports_connections) {
            let connection = attempt.into_connection(self.count, cx);
            cx.events.push(Event::Connection(Box::new(connection)));
        }
    }

    /// Opens the node of a packet. The number of its connection is recorded once for the packets of a datagram.
    fn open_packet(&mut self, packet: Payload<'_>, number: Option<u32>, cx: &mut Context<'_>) {
        let is_new = number.is_some() && number != self.recorded;
        self.recorded = number.or(self.recorded);
        describe::open(packet, number.filter(|_| is_new), cx);
    }

    /// Returns the number of a connection in the capture.
    fn number(&self, at: Option<usize>) -> Option<u32> {
        at.and_then(|at| self.connections.get(at)).map(|connection| connection.number)
    }

    /// Returns the connection of a packet with a long header, by its connection IDs.
    fn find_long(&self, side: Side, long: &LongHeader<'_>) -> Option<usize> {
        let has = |connection: &Connection| connection.has_long(side, long.dcid, long.scid);
        self.connections.iter().rposition(has).or_else(|| {
            // The client chose an empty connection ID, and the server's is not known yet.
            let is_open = |connection: &Connection| !connection.is_closed && side != connection.client;
            self.connections.iter().rposition(is_open).filter(|_| long.dcid.is_empty())
        })
    }

    /// Reads a packet with a long header.
    fn long(&mut self, datagram: Datagram<'_>, long: &LongPacket<'_>, cx: &mut Context<'_>) -> Option<usize> {
        let side = datagram.side;
        let packet = datagram.rest.first(long.len);
        let mut at = self.find_long(side, &long.header);
        if at.is_none() && long.kind == PacketType::Initial {
            at = self.begin(side, packet.bytes, long, cx);
        }
        self.open_packet(packet, self.number(at), cx);
        if long.kind == PacketType::Retry {
            self.retry(at, packet, long, cx);
            cx.tree.close();
            return at;
        }
        let level = match long.kind {
            PacketType::Handshake => Level::Handshake,
            PacketType::ZeroRtt => Level::ZeroRtt,
            PacketType::Initial | PacketType::Retry => Level::Initial,
        };
        let connection = at.and_then(|at| self.connections.get_mut(at));
        let Some(connection) = connection else {
            describe::long(packet, long, None, cx.tree);
            describe::remaining(packet, long.number_at, cx.tree);
            cx.tree.note(&UNKNOWN_CONNECTION, packet.all(), format_args!("{}", UNKNOWN_CONNECTION.title));
            cx.tree.close();
            return None;
        };
        match connection.open_long(side, packet, long, cx) {
            Ok(opened) => {
                describe::long(packet, long, Some(&opened.header), cx.tree);
                read_payload(connection, side, level, packet, opened, cx);
            }
            Err(failure) => {
                describe::long(packet, long, None, cx.tree);
                connection.note_failure(side, level, failure, packet, cx);
                describe::remaining(packet, long.number_at, cx.tree);
            }
        }
        cx.tree.close();
        at
    }

    /// Begins a connection, if an Initial packet is authentic with the keys of its own connection ID.
    fn begin(&mut self, side: Side, packet: &[u8], long: &LongPacket<'_>, cx: &mut Context<'_>) -> Option<usize> {
        let mut keys = InitialKeys::new(long.version, long.header.dcid)?;
        keys.open(Side::Client, packet, long, None)?;
        if self.connections.len() == MAX_CONNECTIONS {
            self.end_oldest(cx);
        }
        let attempt = self.attempt.take().filter(|attempt| attempt.is_refused && attempt.client == side);
        let number = attempt.as_ref().map_or_else(|| next_number(cx), |attempt| attempt.number);
        let mut connection = Connection::new([self.count, number], side, long, keys);
        connection.last_frame = cx.at.frame;
        if !cx.reports_connections {
            connection.measurement.omit_report();
        }
        if let Some(attempt) = attempt {
            connection.add_frame(attempt.sent.first.frame, false);
            self.last = Some(connection.nth);
            connection.summary.attempt = Some(Box::new(attempt.sent));
        }
        self.connections.push(connection);
        self.count = self.count.wrapping_add(1);
        Some(self.connections.len() - 1)
    }

    /// Ends the connection that is closed, or else idle, for the longest time.
    fn end_oldest(&mut self, cx: &mut Context<'_>) {
        let oldest = self.connections.iter().enumerate();
        let oldest = oldest.min_by_key(|(_, connection)| (!connection.is_closed, connection.last_frame));
        if let Some((oldest, _)) = oldest {
            self.connections.remove(oldest).end(SideEnd::Unread, cx);
        }
    }

    /// Reads a Retry packet.
    fn retry(&mut self, at: Option<usize>, packet: Payload<'_>, long: &LongPacket<'_>, cx: &mut Context<'_>) {
        describe::long(packet, long, None, cx.tree);
        let Some(connection) = at.and_then(|at| self.connections.get_mut(at)) else { return };
        if keys::is_authentic_retry(packet.bytes, long, connection.original()) {
            connection.evidence = Evidence::Genuine;
            connection.retry(long);
        } else if !packet.is_truncated() {
            cx.tree.note(&BAD_RETRY, packet.all(), format_args!("{}", BAD_RETRY.title));
        }
    }

    /// Reads a packet with a short header, which extends to the end of the datagram.
    fn short(&mut self, datagram: Datagram<'_>, cx: &mut Context<'_>) -> Option<usize> {
        let Datagram { side, rest: packet, .. } = datagram;
        let found = self.find_short(side, packet.bytes);
        let reset = || self.connections.iter().rposition(|connection| connection.is_reset(side, packet.bytes));
        let at = found.map(|(at, _)| at).or_else(reset);
        self.open_packet(packet, self.number(at), cx);
        let Some((at, id_len)) = found else {
            let at = self.reset(side, packet, cx);
            if at.is_none() {
                describe::short(packet, &[], None, cx.tree);
                cx.tree.note(&UNKNOWN_CONNECTION, packet.all(), format_args!("{}", UNKNOWN_CONNECTION.title));
                describe::remaining(packet, 1, cx.tree);
            }
            cx.tree.close();
            return at;
        };
        let id = packet.bytes.get(1..1 + id_len).unwrap_or_default();
        let connection = self.connections.get_mut(at)?;
        match connection.open_short(side, packet, 1 + id_len, cx) {
            Ok(opened) => {
                describe::short(packet, id, Some(&opened.header), cx.tree);
                read_payload(connection, side, Level::OneRtt, packet, opened, cx);
            }
            Err(_) if connection.is_reset(side, packet.bytes) => drop(self.reset(side, packet, cx)),
            Err(failure) => {
                describe::short(packet, id, None, cx.tree);
                connection.note_failure(side, Level::OneRtt, failure, packet, cx);
                describe::remaining(packet, 1 + id_len, cx.tree);
            }
        }
        cx.tree.close();
        Some(at)
    }

    /// Returns the connection of a packet with a short header, and the length of its connection ID.
    fn find_short(&self, side: Side, bytes: &[u8]) -> Option<(usize, usize)> {
        let candidates = self.connections.iter().enumerate().filter_map(|(at, connection)| {
            let len = connection.short_id(side, bytes)?;
            Some((len, !connection.is_closed, connection.last_frame, at))
        });
        candidates.max().map(|(len, _, _, at)| (at, len))
    }

    /// Reads a stateless reset. Returns the connection that it ends.
    fn reset(&mut self, side: Side, packet: Payload<'_>, cx: &mut Context<'_>) -> Option<usize> {
        let at = self.connections.iter().rposition(|connection| connection.is_reset(side, packet.bytes))?;
        describe::stateless_reset(packet, cx.tree);
        let connection = self.connections.get_mut(at)?;
        let close = Close { side: connection.role(side), error: 0, is_application: false, is_reset: true };
        connection.close(close, None, cx);
        Some(at)
    }
}

/// Returns the number of the next connection of the capture.
fn next_number(cx: &mut Context<'_>) -> u32 {
    let number = *cx.connections;
    *cx.connections = number.wrapping_add(1);
    number
}

/// Reads the frames of a packet.
fn read_payload(
    connection: &mut Connection,
    side: Side,
    level: Level,
    packet: Payload<'_>,
    opened: Opened,
    cx: &mut Context<'_>,
) {
    let payload = opened.payload();
    let from = packet.span(opened.header.len(), payload.len());
    let base = cx.tree.add_derived_buffer("Decrypted QUIC", payload, Some(from));
    connection.read_frames(side, (level, opened.header.number), Payload::whole(payload, base), cx);
    cx.derived.buffers.put_back(opened.into_buffer());
}

/// Memory of a connection, about: without keys, which are counted apart.
const CONNECTION_SIZE: usize = size_of::<Connection>() + 2048;

/// Memory of a connection whose streams are read, with the sessions that read them, about.
const STATE_WITH_STREAMS: usize = 8 << 10;

impl Session for Quic {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let (side, captured) = (lane.side, chunk.bytes.len());
        let len = captured + cx.cut as usize;
        let span = chunk.span(0..captured, "Datagram", cx.tree);
        let mut rest = Payload { wire: len as u32, ..Payload::whole(chunk.bytes, span.start) };
        self.recorded = None;
        let (mut owner, mut unanswered) = (None, None);
        while !rest.bytes.is_empty() {
            let (connection, after) = self.packet(Datagram { side, rest, captured, len }, cx);
            rest = after;
            if let Some(connection) = connection.and_then(|at| self.connections.get_mut(at)) {
                connection.report_ids(cx);
                match connection.evidence {
                    Evidence::Genuine => owner = owner.or(Some(connection.nth)),
                    Evidence::Unanswered => unanswered = unanswered.or(Some(connection.nth)),
                    Evidence::None => {}
                }
            }
        }
        let mut consumed = Consumed::bytes(captured);
        let unanswered = unanswered.filter(|_| owner.is_none());
        let of_path = self.connections.iter_mut().find(|connection| Some(connection.nth) == unanswered);
        if let Some((connection, path)) = of_path.zip(cx.further_path) {
            connection.hold_datagram(path.number, side, len);
        }
        if let Some(connection) = self.connections.iter_mut().find(|connection| Some(connection.nth) == owner) {
            let role = connection.role(side);
            connection.last_frame = cx.at.frame;
            connection.add_frame(cx.at.frame, self.last == owner);
            connection.count_held(cx);
            connection.summary.count(role, len, cx);
            connection.end_close(cx);
            if !connection.has_content() {
                consumed.owner = Some((connection.nth, Summary::half(role)));
            }
        }
        self.last = owner;
        cx.events.push(Event::Pdu(Pdu { lane, first: cx.first, len: len as u64 }));
        consumed
    }

    fn gap(&mut self, _: Lane, _: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        if missing == Missing::Released {
            for _ in 0..self.connections.len() / 2 {
                self.end_oldest(cx);
            }
            self.connections.shrink_to_fit();
            self.connections.iter_mut().for_each(|connection| connection.release(cx));
        }
    }

    fn end(&mut self, _: Lane, _: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        // Both sides of a conversation in datagrams end together.
        self.connections.iter_mut().for_each(|connection| connection.end(end, cx));
        self.end_attempt(cx);
    }

    fn is_idle(&self) -> bool {
        self.attempt.is_none() && self.connections.iter().all(|connection| connection.summary.is_reported())
    }

    fn forget_derivable(&mut self) -> bool {
        let had_keys = self.connections.iter().any(|connection| connection.keys_len() > 0);
        self.connections.iter_mut().for_each(Connection::forget);
        had_keys
    }

    fn buffered(&self) -> usize {
        // Most conversations have one connection, which is not released.
        let more = self.connections.len().saturating_sub(1) * CONNECTION_SIZE;
        more + self.connections.iter().map(Connection::buffered).sum::<usize>()
    }

    fn state_len(&self) -> usize {
        let reads = |connection: &Connection| connection.has_content() && !connection.is_closed;
        let len = |connection| if reads(connection) { STATE_WITH_STREAMS } else { CONNECTION_SIZE };
        self.connections.iter().map(len).sum()
    }

    fn evict(&mut self, cx: &mut Context<'_>) {
        core::mem::take(&mut self.connections).iter_mut().for_each(|connection| connection.end(SideEnd::Unread, cx));
        self.end_attempt(cx);
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
