//! HTTP/2 (RFC 9113): a session that reads frames, decodes headers, and has an exchange for each stream.
//!
//! Each frame is recorded where it ends, as in Wireshark. A message is recorded in addition, with all its headers and its
//! body, in the frame that completes it. Streams interleave, so each frame states whose it is.

mod block;
mod call_facts;
mod data;
mod describe;
mod fields;
mod frame;
mod hpack;
mod names;
mod probe;
mod resync;
mod settings;
mod side;

use crate::protocol::{Alias, Claim, Dissector, HeaderDissector, MessageFields, Protocol, SessionKind, UnitReassembly};
use crate::session::{
    Chunk, Consumed, Context, Event, Half, Handover, Input, Lane, Missing, Pdu, Session, Side, SideEnd, Stamp,
    Successor, Transition,
};
use crate::tree::Slice;
use crate::wants::Wants;
use crate::web::header_list::HeaderList;
use crate::web::message;
use crate::web::streams::Streams;
use crate::web::web_protocol::{HeaderFields, WebProtocol};
use alloc::boxed::Box;
use alloc::vec::Vec;
pub use fields::*;
use frame::{FRAME_HEADER, FrameHeader, FrameType, MAX_PAYLOAD, PREFACE};
use names::NamedHeader;
use side::{Reading, SideState};

/// Registry entry for HTTP/2.
pub static PROTOCOL: Protocol = Protocol {
    short: "HTTP2",
    fields: FIELDS,
    claims: &[Claim::Alpn("h2"), Claim::Upgrade("h2c"), Claim::Upgrade("h2")],
    aliases: &[
        // A response may have a field of its request, too.
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
            input: Input::Stream,
            probe: probe::probe,
            open,
            derived_title: "Stream",
            reassembly: Some(REASSEMBLY),
            messages: Some(&MESSAGES),
        }),
        Dissector::CallFacts(&call_facts::FACTS),
        Dissector::Header(HeaderDissector {
            name: settings::HEADER,
            dissect: settings::describe_header,
            fields: [&SETTINGS, &SETTINGS_UNKNOWN],
        }),
    ],
};

const REASSEMBLY: UnitReassembly = UnitReassembly {
    units: &BODY_FRAGMENTS,
    unit: &BODY_FRAGMENT,
    count: &BODY_FRAGMENT_COUNT,
    length: &BODY_REASSEMBLED_LENGTH,
    data: &BODY_REASSEMBLED_DATA,
    reassembled_in: &BODY_REASSEMBLED_IN,
};

static MESSAGES: MessageFields = MessageFields {
    message: &MESSAGE,
    request: &REQUEST,
    response: &RESPONSE,
    start_line: &START_LINE,
    channel: Some(&MESSAGE_STREAM),
    method: &METHOD,
    target: &URI,
    authority: &HOST,
    full_target: &MESSAGE_URI,
    version: &VERSION,
    code: &CODE,
    headers: &[&REQUEST_LINE, &RESPONSE_LINE],
    trailers: &TRAILER,
    body: &FILE_DATA,
    media_type: &CONTENT_TYPE,
    coding: &CONTENT_ENCODING,
    body_limits: [&BODY_LIMIT, &BODY_DROPPED],
    incomplete: &[&DECOMPRESSION_FAILED, &GAP, &LIST_LIMIT, &TRUNCATED],
    body_notes: &[&DECOMPRESSION_FAILED, &BODY_LIMIT, &BODY_DROPPED],
    repeated: &[&URI, &MESSAGE_URI],
    request_only: &[&REQUEST, &METHOD, &URI_PATH, &URI_QUERY, &HOST, &REQUEST_LINE, &RESPONSE_IN, &FULL_URI],
    response_only: &[&RESPONSE, &CODE, &RESPONSE_LINE, &REQUEST_IN, &TIME, &TIME_TO_FIRST_BYTE, &DOWNLOAD_TIME],
    indexed: &[&REQUEST, &RESPONSE, &METHOD, &URI, &URI_PATH, &URI_QUERY, &HOST, &CODE],
    is_curl_request: true,
};

static HEADER_FIELDS: HeaderFields = HeaderFields {
    header: &HEADER,
    name_length: &NAME_LENGTH,
    name: &NAME,
    value_length: &VALUE_LENGTH,
    value: &VALUE,
    of_name: names::header_field,
};

/// Names and fields of what HTTP/2 has in common with HTTP/3.
static WEB: WebProtocol = WebProtocol {
    short: "HTTP2",
    version: "HTTP/2",
    field: &HTTP2,
    messages: &MESSAGES,
    stream: |id| Some(id.into()),
    reassembly: &REASSEMBLY,
    of_messages: [&MESSAGE, &OPEN_LIMIT],
    data: &DATA,
    uri_path: &URI_PATH,
    uri_query: &URI_QUERY,
    full_uri: &FULL_URI,
    request_in: &REQUEST_IN,
    response_in: &RESPONSE_IN,
    time: &TIME,
    time_to_first_byte: &TIME_TO_FIRST_BYTE,
    download_time: &DOWNLOAD_TIME,
    truncated: &TRUNCATED,
    gap: &GAP,
    bad_length: &BAD_LENGTH,
    ends_with_frame: true,
    has_windows: true,
    kept_open: 0,
    decompression_failed: &DECOMPRESSION_FAILED,
};

fn open(wants: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    let begins = matches!(handover.to, Successor::Alpn(_) | Successor::Upgrade(_));
    let mut session = Http2 {
        sides: [SideState::default(), SideState::default()],
        streams: Streams::new(&WEB, wants),
        requester: None,
        begins,
        headers: names::HEADERS.iter().filter(|(_, field)| wants.field(field)).collect(),
        spare: HeaderList::default(),
        refused: Vec::new(),
    };
    if matches!(handover.to, Successor::Upgrade(_)) {
        session.adopt(handover);
    }
    Box::new(session)
}

/// The HTTP/2 session of one conversation.
#[derive(Clone, Debug)]
struct Http2 {
    sides: [SideState; 2],
    streams: Streams,
    /// The side that sends requests, if it is known.
    requester: Option<Side>,
    /// The session begins with the connection preface: it was negotiated.
    begins: bool,
    /// Headers whose fields are recorded.
    headers: Vec<&'static NamedHeader>,
    /// A header list to be used again.
    spare: HeaderList,
    /// Streams whose request the server does not read to its end, and the bytes of the server until it said so.
    refused: Vec<(u32, u64)>,
}

/// A frame of which all bytes are there.
#[derive(Clone, Copy)]
struct Frame<'b> {
    header: FrameHeader,
    side: Side,
    payload: &'b [u8],
    /// All bytes in the store of the tree, if the frame is recorded.
    span: Slice,
    /// Where its first byte arrived.
    first: Stamp,
    /// Whether its fields are recorded.
    is_recorded: bool,
    /// Index of its first node.
    node: usize,
}

impl Frame<'_> {
    /// Returns the position of a part of the payload.
    fn span(&self, at: usize, len: usize) -> Slice {
        Slice::new(self.span.start.saturating_add((FRAME_HEADER + at) as u32), len as u32)
    }
}

/// The half of an exchange that a side sends.
fn half_of(side: Side, requester: Option<Side>) -> Half {
    if side == requester.unwrap_or(Side::Client) { Half::Request } else { Half::Response }
}

/// The exchange of a frame, and the half that it belongs to.
type Owner = Option<(u32, Half)>;

impl Http2 {
    fn side(&mut self, side: Side) -> &mut SideState {
        side.of_mut(&mut self.sides)
    }

    /// The half of an exchange that a side sends.
    fn half_of(&self, side: Side) -> Half {
        half_of(side, self.requester)
    }

    /// Reads the first bytes of a side.
    fn start(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let bytes = chunk.bytes;
        if let Some(start) = bytes.get(..PREFACE.len()).filter(|start| *start == PREFACE) {
            self.requester = Some(side);
            self.begins = true;
            self.side(side).reading = Reading::Frames;
            let first = self.side(side).take_first(cx);
            describe::magic(chunk.first(start.len()), self.streams.keep.is_some(), cx);
            cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first, len: start.len() as u64 }));
            return Consumed::bytes(start.len());
        }
        let begins = self.begins || cx.range.start == 0;
        if PREFACE.starts_with(bytes) || bytes.len() < FRAME_HEADER && begins {
            return Consumed::bytes(0);
        }
        // A server without HTTP/2 responds in HTTP/1.
        if begins && self.half_of(side) == Half::Response && bytes.starts_with(b"HTTP/1.") {
            self.streams.side_ended(Half::Response, true, cx);
            let transition = Transition::Replace(Box::new(Handover::to(Successor::Detect)));
            return Consumed { transition, ..Consumed::bytes(0) };
        }
        if begins && (self.begins || probe::is_server_preface(bytes)) {
            self.side(side).reading = Reading::Frames;
            return self.frame(side, chunk, cx);
        }
        self.lose(side, cx);
        self.search(side, chunk, cx)
    }

    /// Reads a frame.
    fn frame(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let Some(header) = FrameHeader::read(chunk.bytes) else { return Consumed::bytes(0) };
        let is_unknown = matches!(header.kind, FrameType::Unknown(_));
        let is_doubtful = self.side(side).is_doubtful && !header.is_usual();
        if is_doubtful
            || header.length > MAX_PAYLOAD && header.kind != FrameType::Data
            || is_unknown && !header.is_sound()
        {
            describe::unexpected(chunk, self.streams.keep.is_some(), cx);
            self.lose(side, cx);
            return self.search(side, chunk, cx);
        }
        if header.length > MAX_PAYLOAD {
            return self.begin_long_frame(side, header, chunk, cx);
        }
        if chunk.bytes.len() < header.total() {
            return Consumed::bytes(0);
        }
        let first = self.side(side).take_first(cx);
        self.side(side).is_doubtful = false;
        let chunk = chunk.first(header.total());
        let lane = Lane::of(side);
        cx.events.push(Event::Pdu(Pdu { lane, first, len: header.total() as u64 }));
        if header.kind == FrameType::Headers && !self.refused.is_empty() && self.half_of(side) == Half::Request {
            self.finish_refused(header.stream, cx);
        }
        let owner = self.read_frame(header, side, chunk, first, cx);
        self.streams.report_finished(cx);
        Consumed { owner, ..Consumed::bytes(header.total()) }
    }

    /// The exchange of a frame. A promise belongs to the promised stream, as its request.
    fn owner(&mut self, frame: &Frame<'_>) -> Owner {
        let is_of_block = matches!(frame.header.kind, FrameType::PushPromise | FrameType::Continuation);
        let promised = self.side(frame.side).promised.filter(|_| is_of_block);
        let nth = self.streams.nth(promised.unwrap_or(frame.header.stream))?;
        Some((nth, if promised.is_some() { Half::Request } else { self.half_of(frame.side) }))
    }

    fn read_frame(
        &mut self,
        header: FrameHeader,
        side: Side,
        chunk: Chunk<'_>,
        first: Stamp,
        cx: &mut Context<'_>,
    ) -> Owner {
        let node = cx.tree.nodes().len();
        let is_recorded = !cx.tree.skips_rest() && (cx.tree.wants_any(&HTTP2) || self.streams.keep.is_some());
        let span = if is_recorded { describe::begin(header, chunk, cx) } else { Slice::default() };
        let payload = chunk.bytes.get(FRAME_HEADER..).unwrap_or_default();
        let frame = Frame { header, side, payload, span, first, is_recorded, node };
        if is_recorded && !header.is_sound() {
            cx.tree.note(&BAD_FRAME, span, format_args!("{}", BAD_FRAME.title));
        }
        let is_in_block = header.kind == FrameType::Continuation;
        if !is_in_block && self.side(side).block.is_some() {
            // RFC 9113 4.3: no frame may come between the parts of a header block.
            self.abandon_block(side);
        }
        let body = match header.kind {
            _ if !header.is_sound() => None,
            FrameType::Data => self.data(&frame, cx),
            FrameType::Headers | FrameType::PushPromise | FrameType::Continuation => self.header_block(&frame, cx),
            FrameType::Settings => {
                self.settings(&frame, cx);
                None
            }
            FrameType::WindowUpdate => {
                self.window_update(&frame, cx);
                None
            }
            FrameType::RstStream => self.rst_stream(&frame, cx),
            _ => {
                if header.kind == FrameType::GoAway {
                    self.go_away(&frame);
                }
                if is_recorded {
                    describe::other(&frame, cx.tree);
                }
                None
            }
        };
        let owner = self.owner(&frame);
        let is_over_limit = core::mem::take(&mut self.streams.is_over_limit);
        if is_recorded {
            if is_over_limit {
                cx.tree.note(&OPEN_LIMIT, span, format_args!("{}", OPEN_LIMIT.title));
            }
            describe::end(cx.tree);
        }
        if let Some(body) = body {
            body.read(cx);
        }
        if is_recorded {
            cx.tree.fence();
        }
        if let Some((nth, half)) = owner {
            if header.kind != FrameType::RstStream {
                message::note_part(nth, half, node, cx);
            }
            if !matches!(
                header.kind,
                FrameType::Data | FrameType::Headers | FrameType::PushPromise | FrameType::Continuation
            ) {
                cx.events.push(Event::OutsideMessages);
            }
        }
        owner
    }
}

impl Session for Http2 {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let side = lane.side;
        self.side(side).arrive(cx);
        match self.side(side).reading {
            Reading::Start => self.start(side, chunk, cx),
            Reading::Frames => self.frame(side, chunk, cx),
            Reading::Skip { .. } => self.skip(side, chunk, cx),
            Reading::Search => self.search(side, chunk, cx),
        }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        self.skip_gap(lane, before, missing, cx);
        self.streams.report_finished(cx);
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, _end: SideEnd, cx: &mut Context<'_>) {
        let side = lane.side;
        self.side(side).arrive(cx);
        if self.side(side).reading == Reading::Frames && !rest.bytes.is_empty() {
            self.frame_lost(side, rest.bytes, cx);
        }
        self.side(side).ended = true;
        let half = self.half_of(side);
        self.streams.finish_open_halves(half, cx);
        let have_both = self.sides.iter().all(|side| side.ended);
        self.streams.side_ended(half, have_both, cx);
    }

    fn is_in_message(&self, side: Side) -> bool {
        side.of(&self.sides).reading != Reading::Search
    }

    fn responds(&self, side: Side) -> bool {
        self.half_of(side) == Half::Response
    }

    fn release_bodies(&mut self) -> bool {
        self.streams.release_bodies()
    }

    fn buffered(&self) -> usize {
        self.sides.iter().map(SideState::buffered).sum::<usize>() + self.streams.buffered() + self.spare.buffered()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
