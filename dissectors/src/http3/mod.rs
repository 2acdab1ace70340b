//! HTTP/3 (RFC 9114): a session that reads the streams of QUIC, decodes headers, and has an exchange for each request.
//!
//! Frames are recorded where they end, as in Wireshark. A message is recorded in addition, with all its headers and its body,
//! in the frame that completes it. Headers may wait for instructions of another stream; they are recorded when those arrive.

mod blocked;
mod call_facts;
mod datagram;
mod describe;
mod fields;
mod frames;
mod instructions;
mod lane;
mod message_fields;
mod names;
mod qpack;
mod static_table;

use crate::lite_map;
use crate::packet::Payload;
use crate::protocol::{Alias, Claim, Dissector, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, DATAGRAM_CHANNEL, Event, Half, Handover, Input, Lane, Missing, Pdu, Probe, Session, Side,
    SideEnd, Stamp,
};
use crate::tree::Value;
use crate::varint::varint;
use crate::wants::Wants;
use crate::web::header_list::HeaderList;
use crate::web::message;
use crate::web::streams::Streams;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use blocked::KEPT_TABLE;
use compact_str::CompactString;
pub use fields::*;
use lane::{LaneKind, LaneState};
use litemap::LiteMap;
use message_fields::{HEADER_FIELDS, MESSAGES, REASSEMBLY, WEB};
use qpack::QpackDecoder;

/// Registry entry for HTTP/3.
pub static PROTOCOL: Protocol = Protocol {
    short: "HTTP3",
    fields: FIELDS,
    claims: &[
        Claim::Alpn("h3"),
        Claim::Alpn("h3-29"),
        Claim::Alpn("h3-30"),
        Claim::Alpn("h3-31"),
        Claim::Alpn("h3-32"),
    ],
    aliases: &[
        Alias::with("uri", &URI, &[&METHOD]),
        Alias::with("url", &MESSAGE_URI, &[&METHOD]),
        Alias::new("method", &METHOD),
        Alias::new("status", &CODE),
        Alias::with("host", &HOST, &[&METHOD]),
        Alias::with("path", &URI_PATH, &[&METHOD]),
        Alias::with("query", &URI_QUERY, &[&METHOD]),
        Alias::new("body", &FILE_DATA),
    ],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Channels,
            probe: |_| Probe::No,
            open,
            derived_title: "Stream",
            reassembly: Some(REASSEMBLY),
            messages: Some(&MESSAGES),
        }),
        Dissector::CallFacts(&call_facts::FACTS),
    ],
};

/// Types of streams that begin with a number (RFC 9114 4.6, draft-ietf-webtrans-http3 4.2).
const PUSH_STREAM: u64 = 0x01;
const WEBTRANSPORT_STREAM: u64 = 0x54;

/// Directions of streams that are kept if memory is short: those of the streams that the session below keeps.
const KEPT_LANES: usize = 16;

fn open(wants: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    let is_reversed = handover.fact("initiator") == Some(b"server");
    Box::new(Http3 {
        streams: Streams::new(&WEB, wants),
        lanes: LiteMap::new(),
        settled: Vec::new(),
        decoders: Default::default(),
        list: HeaderList::default(),
        client: if is_reversed { Side::Server } else { Side::Client },
        closing: CompactString::default(),
        held: 0,
        held_since: None,
        tunnels: BTreeMap::new(),
    })
}

/// The HTTP/3 session of one connection.
#[derive(Clone, Debug)]
struct Http3 {
    streams: Streams,
    lanes: LiteMap<Lane, Box<LaneState>>,
    /// Kinds of other lanes, which are between two units: an open connection has six of these all the time.
    settled: Vec<(Lane, LaneKind)>,
    /// Decoders of the headers of each side.
    decoders: [QpackDecoder; 2],
    /// Empty, for the headers that are decoded next.
    list: HeaderList,
    /// The side that sends requests.
    client: Side,
    /// The error that closed the connection; empty if none did.
    closing: CompactString,
    /// Bytes that wait for entries of the dynamic table, and a time before which none of them arrived.
    held: usize,
    held_since: Option<i64>,
    /// Protocols of extended CONNECT, by the number of the stream.
    tunnels: BTreeMap<u32, CompactString>,
}

/// What became of the next bytes of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many were read.
    Read(usize),
    /// More are needed.
    Wait,
    /// They wait until so many entries of the dynamic table are inserted.
    Blocked(u64),
}

/// Bytes that are read in one call, and where they are recorded.
struct View<'c> {
    lane: Lane,
    chunk: Chunk<'c>,
    /// Where the first byte arrived of the unit that they continue.
    first: Stamp,
    /// Position of the bytes in the store, once the node of the protocol is open.
    payload: Option<Payload<'c>>,
    /// The first node that is not noted as a part of a message.
    node: usize,
    is_recorded: bool,
}

impl<'c> View<'c> {
    /// Opens the node of the protocol and that of the stream, unless they are open. Returns all bytes.
    fn open(&mut self, cx: &mut Context<'_>) -> Payload<'c> {
        if let Some(payload) = self.payload {
            return payload;
        }
        let len = self.chunk.bytes.len();
        if !self.is_recorded {
            return Payload::whole(self.chunk.bytes, 0);
        }
        cx.path.push("http3");
        if cx.tree.wants_columns() {
            cx.tree.columns_mut().protocol = PROTOCOL.short;
        }
        let span = self.chunk.span(0..len, "Reassembled stream", cx.tree);
        let payload = Payload::whole(self.chunk.bytes, span.start);
        cx.tree.open(&HTTP3, span, Value::Bytes(span));
        let field = if self.lane.channel & 2 == 0 { &STREAM } else { &STREAM_UNI };
        cx.tree.open(field, span, Value::Present);
        self.payload = Some(payload);
        payload
    }

    /// Closes the nodes.
    fn close(&self, cx: &mut Context<'_>) {
        if self.payload.is_some() {
            cx.tree.close();
            cx.tree.close();
        }
    }
}

impl Http3 {
    fn state(&mut self, lane: Lane) -> &mut LaneState {
        let Http3 { lanes, settled, .. } = self;
        lanes.entry(lane).or_insert_with(|| {
            let at = settled.iter().position(|(known, _)| *known == lane);
            let new = LaneState::new(lane);
            Box::new(LaneState { kind: at.map_or(new.kind, |at| settled.swap_remove(at).1), ..new })
        })
    }

    /// Keeps the kind alone of a lane that is between two units.
    fn settle(&mut self, lane: Lane) {
        if let Some(kind) = self.lanes.get(&lane).filter(|state| state.is_settled()).map(|state| state.kind) {
            lite_map::remove(&mut self.lanes, &lane);
            self.settled.reserve_exact(1);
            self.settled.push((lane, kind));
        }
    }

    fn half(&self, side: Side) -> Half {
        if side == self.client { Half::Request } else { Half::Response }
    }

    /// The exchange of a lane, and the half that it belongs to.
    fn owner(&self, lane: Lane) -> Option<(u32, Half)> {
        let key = self.lanes.get(&lane)?.key()?;
        Some((self.streams.nth(key)?, self.half(lane.side)))
    }

    /// Reads the next bytes of a lane as far as possible; returns how many, and what the next ones wait for.
    fn read_bytes(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> (usize, Option<u64>) {
        let node = cx.tree.nodes().len();
        let is_recorded = !cx.tree.skips_rest() && (cx.tree.wants_any(&HTTP3) || self.streams.keep.is_some());
        let mut at = 0;
        let mut required = None;
        let state = self.state(lane);
        let first = state.first.unwrap_or(cx.first);
        // A frame that began in an earlier call is a unit of its own.
        let continues = state.is_in_frame() || first != cx.first;
        let mut view = View { lane, chunk, first, payload: None, node, is_recorded };
        while at < chunk.bytes.len() {
            match self.step(&mut view, at, cx) {
                Step::Read(0) | Step::Wait => break,
                Step::Read(len) => {
                    at += len;
                    if continues && !self.state(lane).is_in_frame() {
                        break;
                    }
                }
                Step::Blocked(entries) => {
                    required = Some(entries);
                    break;
                }
            }
        }
        let is_over_limit = core::mem::take(&mut self.streams.is_over_limit);
        if let Some(payload) = view.payload.filter(|_| is_over_limit) {
            cx.tree.note(&OPEN_LIMIT, payload.all(), format_args!("{}", OPEN_LIMIT.title));
        }
        view.close(cx);
        match self.owner(lane) {
            Some((nth, half)) if cx.tree.nodes().len() > view.node => message::note_part(nth, half, view.node, cx),
            None if at > 0 => cx.events.push(Event::OutsideMessages),
            _ => {}
        }
        (at, required)
    }

    /// Notes that the nodes since the last part are of the half of the lane.
    fn note_part(&self, view: &View<'_>, cx: &mut Context<'_>) {
        if let Some((nth, half)) = self.owner(view.lane).filter(|_| cx.tree.nodes().len() > view.node) {
            message::note_part(nth, half, view.node, cx);
        }
    }

    /// Reads the next unit of a lane, from an offset of its bytes.
    fn step(&mut self, view: &mut View<'_>, at: usize, cx: &mut Context<'_>) -> Step {
        let bytes = view.chunk.bytes.get(at..).unwrap_or_default();
        let state = self.state(view.lane);
        if state.is_lost {
            return Step::Read(bytes.len());
        }
        if state.skip_left > 0 {
            let len = state.skip_left.min(bytes.len() as u64);
            state.skip_left -= len;
            return Step::Read(len as usize);
        }
        match state.kind {
            LaneKind::Untyped => self.stream_type(view, at, cx),
            LaneKind::Control => self.frame(view, at, None, cx),
            LaneKind::Messages(key) if state.data_left > 0 => {
                let left = state.data_left;
                self.data(key, view, at, (0, left), cx)
            }
            LaneKind::Messages(key) => self.frame(view, at, Some(key), cx),
            LaneKind::Encoder => self.instructions(view, at, cx),
            LaneKind::Decoder | LaneKind::Other => {
                view.open(cx);
                Step::Read(bytes.len())
            }
        }
    }

    /// Reads the type of a stream of one direction (RFC 9114 6.2).
    fn stream_type(&mut self, view: &mut View<'_>, at: usize, cx: &mut Context<'_>) -> Step {
        let bytes = view.chunk.bytes.get(at..).unwrap_or_default();
        let Some((kind, mut len)) = varint(bytes) else { return Step::Wait };
        let mut push = None;
        if kind == PUSH_STREAM || kind == WEBTRANSPORT_STREAM {
            let Some((id, id_len)) = bytes.get(len..).and_then(varint) else { return Step::Wait };
            push = Some((id, len, id_len));
            len += id_len;
        }
        let payload = view.open(cx);
        if view.is_recorded {
            let kind_len = push.map_or(len, |(_, at, _)| at);
            describe::stream_type(kind, payload.span(at, kind_len), cx.tree);
            if let Some((id, id_at, id_len)) = push {
                let span = payload.span(at + id_at, id_len);
                match kind {
                    PUSH_STREAM => describe::push_id(id, span, cx.tree),
                    _ => describe::session_id(id, span, cx.tree),
                }
            }
        }
        let key = push.filter(|_| kind == PUSH_STREAM).map(|(id, ..)| lane::push_key(id));
        if let Some(key) = key {
            self.open_stream(key, cx);
        }
        self.state(view.lane).kind = match (kind, key) {
            (0x00, _) => LaneKind::Control,
            (_, Some(key)) => LaneKind::Messages(key),
            (0x02, _) => LaneKind::Encoder,
            (0x03, _) => LaneKind::Decoder,
            _ => LaneKind::Other,
        };
        Step::Read(len)
    }

    fn decoder(&mut self, side: Side) -> &mut QpackDecoder {
        side.of_mut(&mut self.decoders)
    }

    /// Ends a half, with its lane.
    fn end_lane(&mut self, lane: Lane, rest: &[u8], end: SideEnd, cx: &mut Context<'_>) {
        let Some(state) = lite_map::remove(&mut self.lanes, &lane) else { return };
        // RFC 9114 6.2.1, RFC 9204 4.2: these streams end with the connection.
        let is_critical = matches!(state.kind, LaneKind::Encoder | LaneKind::Decoder | LaneKind::Control);
        if is_critical || state.is_lost && state.kind == LaneKind::Untyped {
            Side::BOTH.into_iter().for_each(|side| self.end_encoder(side, cx));
        }
        let Some(key) = state.key() else { return };
        let half = self.half(lane.side);
        let is_truncated = end != SideEnd::Closed || !rest.is_empty() || state.is_in_frame();
        self.end_half(key, half, is_truncated.then_some(end), cx);
    }
}

impl Session for Http3 {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        if lane.channel == DATAGRAM_CHANNEL {
            return self.datagram(lane, chunk, cx);
        }
        self.read_overdue(cx);
        let len = chunk.bytes.len();
        let state = self.state(lane);
        let first = *state.first.get_or_insert(cx.first);
        let was_between = state.data_left == 0;
        if !state.held.is_empty() {
            self.hold(lane, chunk.bytes, cx.first, cx);
            if self.state(lane).required.is_none() {
                self.read_held(lane, cx);
            }
            self.streams.report_finished(cx);
            self.settle(lane);
            return Consumed { owner: self.owner(lane), ..Consumed::bytes(len) };
        }
        let (mut read, required) = self.read_bytes(lane, chunk, cx);
        if required.is_some() {
            self.state(lane).required = required;
            self.hold(lane, chunk.from(read).bytes, if read == 0 { first } else { cx.first }, cx);
            read = len;
        }
        let state = self.state(lane);
        if read > 0 {
            state.first = None;
            let (first, len) =
                state.unit.as_deref().map_or((first, read as u64), |&(first, len)| (first, len + read as u64));
            if state.data_left == 0 {
                state.unit = None;
                cx.events.push(Event::Pdu(Pdu { lane, first, len }));
            } else if was_between || state.unit.is_some() {
                state.unit = Some(Box::new((first, len)));
            }
        }
        let kind = state.kind;
        if kind == LaneKind::Encoder && read > 0 {
            self.resume(lane.side, cx);
        }
        self.streams.report_finished(cx);
        if !matches!(kind, LaneKind::Messages(_)) {
            self.settle(lane);
        }
        Consumed { owner: self.owner(lane), ..Consumed::bytes(read) }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        if lane.channel == DATAGRAM_CHANNEL {
            return;
        }
        if missing == Missing::Released && before.bytes.is_empty() {
            if lane == Lane::of(Side::Client) {
                self.release_held(cx);
                self.streams.release(cx);
            }
            return;
        }
        self.read_waiting(lane, cx);
        let held = self.take_held(lane);
        self.skip_gap(lane, if held.is_empty() { before.bytes } else { &held }, missing, cx);
        self.streams.report_finished(cx);
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        if lane.channel == DATAGRAM_CHANNEL || !lane::is_sender(lane, self.client) {
            lite_map::remove(&mut self.lanes, &lane);
            return;
        }
        if end != SideEnd::Closed {
            // The instructions that its headers wait for may never come.
            self.read_waiting(lane, cx);
        }
        let state = self.state(lane);
        if state.required.is_some() {
            state.ended = Some(end);
            return;
        }
        let held = self.take_held(lane);
        self.end_lane(lane, if held.is_empty() { rest.bytes } else { &held }, end, cx);
        self.streams.report_finished(cx);
    }

    fn closing(&mut self, reason: &str) {
        self.closing = reason.into();
    }

    fn release_bodies(&mut self) -> bool {
        self.streams.release_bodies()
    }

    fn buffered(&self) -> usize {
        // What a release does not free is not counted: it would have everything else released again and again.
        let tables = self.decoders.iter().map(QpackDecoder::buffered).filter(|&len| len > KEPT_TABLE).sum::<usize>();
        let lanes = self.lanes.len().saturating_sub(KEPT_LANES) * size_of::<(Lane, LaneState)>();
        self.streams.buffered() + self.held + tables + lanes
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
