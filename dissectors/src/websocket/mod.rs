//! WebSocket (RFC 6455): a session that reads frames, joins and decompresses messages, and reports each as an exchange.
//!
//! Each frame is recorded where it ends, as in Wireshark. A message is recorded in addition in the frame that completes it.

mod deflate;
mod describe;
mod fields;
mod frame;
mod message;
mod probe;
mod resync;
mod side;

use crate::body_limit::BodyLimit;
use crate::protocol::{ABSENT, Alias, Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, Event, Half, Handover, Input, Lane, Missing, Pdu, Session, Side, SideEnd,
};
use crate::wants::Wants;
use crate::web::tunnel::STREAM_FACT;
use alloc::boxed::Box;
use compact_str::CompactString;
use deflate::Extension;
pub use fields::*;
use frame::FrameHeader;
use side::{Reading, SideState};

/// Registry entry for WebSocket.
pub static PROTOCOL: Protocol = Protocol {
    short: "WebSocket",
    fields: FIELDS,
    claims: &[Claim::Upgrade("websocket")],
    aliases: &[
        Alias::new("uri", &TARGET),
        Alias::new("method", &KIND),
        // Close codes begin at 1000 (RFC 6455 7.4).
        Alias::exact("status", &STATUS_CODE),
        Alias::new("host", &HOST),
        Alias::new("body", &DATA),
    ],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe: probe::probe,
        open,
        derived_title: "",
        reassembly: None,
        messages: Some(&MessageFields {
            message: &MESSAGE,
            request: &FROM_CLIENT,
            response: &FROM_SERVER,
            start_line: &SUMMARY,
            channel: Some(&STREAM),
            method: &KIND,
            target: &TARGET,
            authority: &HOST,
            full_target: &ABSENT,
            version: &ABSENT,
            code: &STATUS,
            headers: &[],
            trailers: &ABSENT,
            body: &DATA,
            media_type: &MEDIA_TYPE,
            coding: &CODING,
            body_limits: [&LIMIT; 2],
            incomplete: &[&GAP, &TRUNCATED, &NOT_DECODABLE, &DECOMPRESSION_FAILED],
            body_notes: &[&DECOMPRESSION_FAILED, &NOT_DECODABLE, &LIMIT, &INVALID_UTF8],
            repeated: &[],
            request_only: &[&FROM_CLIENT],
            response_only: &[&FROM_SERVER],
            indexed: &[],
            is_curl_request: false,
        }),
    })],
};

/// Maximum length of a frame that is read as a whole. A longer one is read as its bytes arrive.
const MAX_WHOLE_FRAME: u64 = 1 << 20;
/// Maximum number of fragments of a message that are recorded.
const MAX_FRAGMENTS: usize = 4096;

fn open(wants: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    Box::new(WebSocket::new(wants, handover))
}

/// The WebSocket session of one conversation.
#[derive(Clone, Debug)]
struct WebSocket {
    sides: [SideState; 2],
    /// The side that sent the handshake, if it is known.
    client: Option<Side>,
    handshake: Handshake,
    /// Number of messages.
    count: u32,
    /// Payloads are wanted: for fields, or for the protocols of a frame.
    reads_payload: bool,
    /// The content of messages is wanted: as fields, or in the protocols of a frame.
    reads_content: bool,
    /// Fields are wanted.
    has_fields: bool,
    /// Bytes of a message, as sent, that are kept; more are counted.
    limit: BodyLimit,
}

/// What the handshake states.
#[derive(Clone, Debug, Default)]
struct Handshake {
    extension: Extension,
    subprotocol: CompactString,
    authority: CompactString,
    target: CompactString,
    /// Number of the stream of HTTP/2 or HTTP/3 that carries the session.
    stream: Option<u64>,
    /// The protocol that carries the session.
    carrier: Option<&'static str>,
}

impl WebSocket {
    fn new(wants: &Wants, handover: &Handover) -> WebSocket {
        let is_negotiated = handover.to != crate::session::Successor::Detect;
        let text = |name| handover.fact(name).map(crate::exchange::text).unwrap_or_default();
        let mut handshake = Handshake::default();
        if is_negotiated {
            handshake.extension = Extension::negotiated(handover);
            handshake.subprotocol = text("sec-websocket-protocol");
            (handshake.authority, handshake.target) = (text("authority"), text("path"));
        }
        let number = handover.fact(STREAM_FACT).and_then(<[u8]>::first_chunk);
        handshake.stream = number.map(|number| u64::from_be_bytes(*number));
        if let Some(pending) = &handover.pending {
            (handshake.authority, handshake.target) = (pending.authority.clone(), pending.target.clone());
            handshake.carrier = Some(pending.protocol);
        }
        let has_content = crate::content::is_wanted(wants);
        let reads_content = has_content || wants.columns || wants.field(&crate::frame::PROTOCOLS);
        let of_payload = [(&CONTINUE, &UNKNOWN), (&SUMMARY, &SUMMARY), (&DATA, &UNSYNCHRONIZED)];
        let wants_payload = of_payload.into_iter().any(|(first, last)| wants.any_between(first, last));
        let requester = handover.pending.as_ref().and_then(|pending| pending.requester);
        WebSocket {
            sides: [SideState::new(is_negotiated), SideState::new(is_negotiated)],
            client: is_negotiated.then(|| requester.unwrap_or(Side::Client)),
            handshake,
            count: 0,
            reads_payload: reads_content || wants_payload || wants.labels,
            reads_content,
            has_fields: has_content || wants.protocol(&WEBSOCKET),
            limit: wants.body_limit,
        }
    }

    fn side(&mut self, side: Side) -> &mut SideState {
        side.of_mut(&mut self.sides)
    }

    /// Whether a side is the client of the handshake, by the mask of its frames if the handshake was not captured.
    fn is_client(&mut self, side: Side, is_masked: bool) -> bool {
        *self.client.get_or_insert(if is_masked { side } else { side.other() }) == side
    }

    fn next_number(&mut self) -> u32 {
        let nth = self.count;
        self.count = self.count.saturating_add(1);
        nth
    }

    /// Reads a frame.
    fn frame(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let Some(header) = FrameHeader::read(chunk.bytes) else { return Consumed::bytes(0) };
        let is_client = self.is_client(side, header.key.is_some());
        let is_doubtful = self.side(side).is_doubtful && (!header.is_usual() || header.key.is_some() != is_client);
        if is_doubtful {
            self.lose(side, cx);
            return self.search(side, chunk, cx);
        }
        if header.length >> 63 != 0 {
            return self.malformed_frame(side, header, chunk, cx);
        }
        if header.total() > MAX_WHOLE_FRAME {
            return self.begin_long_frame(side, header, chunk, cx);
        }
        let total = header.total() as usize;
        if chunk.bytes.len() < total {
            return Consumed::bytes(0);
        }
        let arrival = self.side(side).arrival(total, cx);
        self.side(side).is_doubtful = false;
        let chunk = chunk.first(total);
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first: arrival.0, len: total as u64 }));
        let owner = self.whole_frame(side, header, chunk, arrival, cx);
        Consumed { owner: Some((owner, Half::Request)), ..Consumed::bytes(total) }
    }
}

impl Session for WebSocket {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let side = lane.side;
        self.side(side).arrive(chunk.bytes.len(), cx);
        let consumed = match self.side(side).reading {
            Reading::Frames => self.frame(side, chunk, cx),
            Reading::Rest(_) => self.read_rest(side, chunk, cx),
            Reading::Search => self.search(side, chunk, cx),
        };
        self.side(side).consume(consumed.bytes);
        consumed
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        self.skip_gap(lane.side, before, missing, cx);
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, _end: SideEnd, cx: &mut Context<'_>) {
        self.end_side(lane.side, rest, cx);
    }

    fn is_in_message(&self, side: Side) -> bool {
        !matches!(side.of(&self.sides).reading, Reading::Search)
    }

    fn buffered(&self) -> usize {
        self.sides.iter().map(SideState::buffered).sum()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
