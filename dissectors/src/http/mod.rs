//! HTTP/1 (RFC 9112): a session that finds each message, pairs it with its other half and records it when complete.
//!
//! The body of a message is consumed as it comes; the session keeps only as much of it as the tree wants. Requests and
//! responses are paired in their order (RFC 9112 9.3.2).

mod body;
mod call_facts;
mod chunked;
mod describe;
mod fields;
mod framing;
mod head;
mod lenient;
mod message;
mod pairing;
mod probe;
mod quirk;
mod resync;
mod side;
pub mod ssdp;
mod wanted;
mod web_call;
mod well_known;

pub use crate::body_limit::MAX_CONTENT;
use crate::body_limit::{BodyDetail, BodyLimit};
pub use crate::coding::{DecodeError, Decoded, decode};
use crate::protocol::{Alias, Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, Event, Half, Handover, Input, Lane, Missing, Probe, Session, Side, SideEnd, Transition,
};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::vec::Vec;
pub use fields::*;
use head::{HeaderLine, StartLine};
use message::{BodyProgress, BodyState, HttpMessage};
use pairing::{Pairing, Position, Role, Unread};
use resync::MessageSearch;
use side::{HttpSide, State};
use wanted::{HeadDetail, MessageWants};

/// HTTP/1 in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "HTTP",
    fields: FIELDS,
    claims: &[Claim::Alpn("http/1.1"), Claim::Alpn("http/1.0")],
    aliases: &[
        // A response may have a field of its request, too.
        Alias::with("uri", &REQUEST_URI, &[&REQUEST_METHOD]),
        Alias::with("url", &REQUEST_FULL_URI, &[&REQUEST_METHOD]),
        Alias::new("method", &REQUEST_METHOD),
        Alias::new("status", &RESPONSE_CODE),
        Alias::with("host", &HOST, &[&REQUEST_METHOD]),
        Alias::with("path", &REQUEST_URI_PATH, &[&REQUEST_METHOD]),
        // A target without a query has no field for its path: all of it is the path.
        Alias { without: &[&REQUEST_URI_PATH], ..Alias::with("path", &REQUEST_URI, &[&REQUEST_METHOD]) },
        Alias::with("query", &REQUEST_URI_QUERY, &[&REQUEST_METHOD]),
        Alias::new("body", &FILE_DATA),
    ],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Stream,
            probe: probe::probe,
            open,
            derived_title: "Body",
            reassembly: None,
            messages: Some(&MessageFields {
                message: &HTTP,
                request: &REQUEST,
                response: &RESPONSE,
                start_line: &START_LINE,
                channel: None,
                method: &REQUEST_METHOD,
                target: &REQUEST_URI,
                authority: &HOST,
                full_target: &REQUEST_FULL_URI,
                version: &REQUEST_VERSION,
                code: &RESPONSE_CODE,
                headers: &[&REQUEST_LINE, &RESPONSE_LINE],
                trailers: &CHUNKED_TRAILER_PART,
                body: &FILE_DATA,
                media_type: &CONTENT_TYPE,
                coding: &CONTENT_ENCODING,
                incomplete: &[&DECOMPRESSION_FAILED, &GAP, &HEAD_TOO_LONG, &TRUNCATED],
                body_limits: [&BODY_LIMIT, &BODY_DROPPED],
                body_notes: &[&DECOMPRESSION_FAILED, &BODY_LIMIT, &BODY_DROPPED, &LENIENT, &CONTENT_CHECKSUM],
                // As in Wireshark since 4.4.
                repeated: &[
                    &REQUEST_METHOD,
                    &REQUEST_URI,
                    &REQUEST_URI_PATH,
                    &REQUEST_URI_QUERY,
                    &REQUEST_URI_QUERY_PARAMETER,
                    &REQUEST_VERSION,
                    &REQUEST_FULL_URI,
                    &REQUEST_LINE,
                ],
                // Headers that only one side sends are included.
                request_only: &[
                    &REQUEST,
                    &REQUEST_METHOD,
                    &REQUEST_URI_PATH,
                    &REQUEST_URI_QUERY,
                    &REQUEST_URI_QUERY_PARAMETER,
                    &REQUEST_VERSION,
                    &REQUEST_LINE,
                    &HOST,
                    &COOKIE,
                    &USER_AGENT,
                    &REFERER,
                    &RESPONSE_IN,
                ],
                response_only: &[
                    &RESPONSE,
                    &RESPONSE_LINE,
                    &RESPONSE_VERSION,
                    &RESPONSE_CODE,
                    &RESPONSE_CODE_DESC,
                    &RESPONSE_PHRASE,
                    &SET_COOKIE,
                    &SERVER,
                    &LOCATION,
                    &REQUEST_IN,
                    &TIME,
                ],
                indexed: &[
                    &REQUEST,
                    &RESPONSE,
                    &REQUEST_METHOD,
                    &REQUEST_URI,
                    &REQUEST_URI_PATH,
                    &REQUEST_URI_QUERY,
                    &HOST,
                    &RESPONSE_CODE,
                ],
                is_curl_request: true,
            }),
        }),
        Dissector::CallFacts(&call_facts::FACTS),
    ],
};

/// The longest head; a longer one is recorded as far as this and skipped. Servers stop at 8 to 64 KiB.
pub const MAX_HEAD: usize = 262_144;
/// Bytes of the client that wait while the response to an Upgrade or CONNECT is awaited.
const MAX_WAITING: usize = 65_536;

fn open(wants: &Wants, _handover: &mut Handover) -> Box<dyn Session> {
    Box::new(Http::new(MessageWants::new(wants)))
}

/// The HTTP/1 session of one conversation.
#[derive(Clone, Debug)]
struct Http {
    halves: [HttpSide; 2],
    pairing: Pairing,
    /// What is recorded of messages.
    wants: MessageWants,
    /// Settings of HTTP/2 that the last request for an upgrade has, and its exchange.
    settings: Option<Box<(u32, Vec<u8>)>>,
    /// The header lines of the head read last.
    lines: Vec<HeaderLine>,
    /// The exchange that the bytes consumed last belong to.
    owner: Option<(u32, Half)>,
}

impl Http {
    fn new(wants: MessageWants) -> Http {
        let (halves, pairing, lines, owner, settings) = Default::default();
        Http { halves, pairing, wants, settings, lines, owner }
    }

    fn half(&mut self, side: Side) -> &mut HttpSide {
        side.of_mut(&mut self.halves)
    }

    /// Bytes outside of messages that are kept to be read leniently: those of a server.
    fn skipped_to_keep(&self, side: Side) -> usize {
        if self.is_body_wanted() && side == Side::Server { BodyLimit::DEFAULT.bytes() } else { 0 }
    }

    /// Whether whole bodies are recorded.
    fn is_body_wanted(&self) -> bool {
        self.wants.keep.is_some_and(BodyDetail::is_full)
    }

    /// Reads where a head is expected.
    fn head(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let bytes = chunk.bytes;
        let detail = self.wants.head;
        let skipped_to_keep = self.skipped_to_keep(side);
        let half = self.half(side);
        if !half.sure {
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                half.quirks |= quirk::LEADING_CRLF;
                return Consumed::bytes(blank);
            }
            match probe::starts_message(bytes) {
                _ if bytes.is_empty() => return Consumed::bytes(0),
                Probe::Perhaps => return Consumed::bytes(0),
                Probe::Yes | Probe::Likely => half.sure = true,
                Probe::No if self.pairing.awaits_response(side) && probe::is_alert(bytes) != Probe::No => {
                    return self.read_alert(side, chunk, cx);
                }
                Probe::No if self.begin_headless(side, cx) => return self.read_body(side, chunk, cx),
                Probe::No => {
                    let half = self.half(side);
                    let sent = half.first.map_or_else(|| Position::of(cx), |(_, sent)| sent);
                    let search = match self.pairing.responds(side) {
                        true => {
                            MessageSearch::with_buffer(skipped_to_keep).after_response(self.half(side).previous.take())
                        }
                        false => MessageSearch::at_request(sent),
                    };
                    self.half(side).begin_state(State::Skip(Box::new(search)));
                    let unread = Unread::of(cx, false);
                    let begins = resync::looks_like_status_line(bytes);
                    let unread = if begins { unread.beginning_at(unread.from) } else { unread };
                    self.pairing.note_unread(side, unread);
                    return self.skip(side, chunk, cx);
                }
            }
        }
        // No anomaly is recorded, and the head is complete: the common case of a list of calls or of frames.
        if detail < HeadDetail::Anomalies && half.scanned == 0 {
            let mut lines = core::mem::take(&mut self.lines);
            let head = head::read_fast(bytes, detail, &mut lines).filter(|head| head.bytes.len() <= MAX_HEAD);
            let headers = head.map(|head| framing::collect_headers(&head, &lines));
            self.lines = lines;
            if let (Some(head), Some(headers)) = (head, headers) {
                return self.start(side, chunk, &head, &headers, 0, cx);
            }
        }
        let half = self.half(side);
        match head::find_end(bytes, &mut half.scanned) {
            Some(end) if end <= MAX_HEAD => self.begin(side, chunk, end, 0, cx),
            None if bytes.len() < MAX_HEAD => {
                half.is_head = bytes.starts_with(b"HEAD ");
                half.is_simple = head::is_simple_request(bytes);
                Consumed::bytes(0)
            }
            _ => self.begin(side, chunk, MAX_HEAD, quirk::HEAD_TOO_LONG | quirk::TRUNCATED, cx),
        }
    }

    /// Ends with an alert in place of a response; its own protocol reads it.
    #[cold]
    fn read_alert(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        if probe::is_alert(chunk.bytes) == Probe::Perhaps {
            return Consumed::bytes(0);
        }
        let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
        cx.tree.note(&TLS_EXPECTED, span, format_args!("{}", TLS_EXPECTED.title));
        cx.events.push(Event::OutsideMessages);
        Consumed { transition: self.pairing.end_with_alert(side, cx), ..Consumed::bytes(0) }
    }

    /// Begins a message whose head is the first `len` bytes; with [`quirk::TRUNCATED`], as much of it as there is.
    fn begin(
        &mut self,
        side: Side,
        chunk: Chunk<'_>,
        len: usize,
        quirks: quirk::Quirks,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let mut lines = core::mem::take(&mut self.lines);
        let bytes = chunk.bytes.get(..len).unwrap_or_default();
        let (head, headers);
        if quirks & quirk::TRUNCATED == 0 {
            head = head::read(bytes, &mut lines);
            headers = framing::collect_headers(&head, &lines);
        } else {
            head = head::read_truncated(bytes, &mut lines);
            headers = framing::collect_truncated(&head, &lines);
        }
        // A request of HTTP/0.9 is its first line.
        let simple = head.quirks & quirk::SIMPLE_REQUEST != 0 && lines.is_empty() && head.bytes.ends_with(b"\n");
        let quirks = if simple { quirks & !quirk::TRUNCATED } else { quirks };
        self.lines = lines;
        self.start(side, chunk, &head, &headers, quirks, cx)
    }

    /// Begins a message with this head.
    fn start(
        &mut self,
        side: Side,
        chunk: Chunk<'_>,
        head: &head::MessageHead<'_>,
        headers: &framing::FramingHeaders<'_>,
        quirks: quirk::Quirks,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let len = head.bytes.len();
        let cut = quirks & quirk::TRUNCATED != 0;
        let half = self.half(side);
        half.previous = None;
        let quirks = quirks | head.quirks | headers.quirks | core::mem::take(&mut half.quirks);
        let (first, sent) = half.first.unwrap_or((cx.first, Position::of(cx)));
        let (last, answered) = (half.last, half.answered.take());
        let (mut link, more) = match head.start {
            StartLine::Request { method, target, .. } => {
                let (link, more) = self.pairing.request((side, sent), (method, target), headers, answered, cx);
                if head.quirks & quirk::SIMPLE_REQUEST != 0 {
                    self.pairing.set_simple(link);
                }
                (link, more)
            }
            StartLine::Response { code, .. } => {
                let partial = self.half(side.other()).partial_request();
                let (link, more) = self.pairing.response((side, sent), code, headers, partial, cx);
                if partial.is_some() && more & quirk::NO_REQUEST == 0 && link.role == Role::Response {
                    self.half(side.other()).answered = self.pairing.without_request(link);
                }
                (link, more)
            }
        };
        // RFC 9110 15.2.2: a 101 without Upgrade switches to nothing.
        if link.switch == Some(pairing::Switch::Upgrade) && !self.pairing.names_upgrade(&link) {
            link.switch = None;
        }
        let length = framing::body_length(head, headers, self.pairing.method(&link));
        let body = if cut { BodyState::Length(0) } else { BodyState::new(length) };
        let unchunked = framing::unchunked_length(head, headers);
        let mut message = HttpMessage::new(link, len, (body, unchunked), [first, last], quirks | more);
        message.keep_body(self.wants.keep, headers.content_type);
        self.advance(side, message, chunk, Some(head), cx)
    }

    /// Begins the response to a request of HTTP/0.9, if one is awaited: a body without a head, to the end of the stream.
    #[cold]
    fn begin_headless(&mut self, side: Side, cx: &mut Context<'_>) -> bool {
        let partial = self.half(side.other()).partial_request();
        let half = self.half(side);
        let (first, sent) = half.first.unwrap_or((cx.first, Position::of(cx)));
        let last = half.last;
        if !self.pairing.awaits_headless((side, sent), partial) {
            return false;
        }
        let headers = framing::FramingHeaders::default();
        let (link, _) = self.pairing.response((side, sent), None, &headers, partial, cx);
        if partial.is_some() {
            self.half(side.other()).answered = self.pairing.without_request(link);
        }
        let mut message = HttpMessage::new(link, 0, (BodyState::UntilEnd, None), [first, last], 0);
        message.keep = self.wants.keep;
        self.half(side).state = State::Body(Box::new(message));
        true
    }

    /// Reads on in the message whose body is being read.
    fn read_body(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        match core::mem::take(&mut self.half(side).state) {
            State::Body(message) => self.advance(side, *message, chunk, None, cx),
            _ => Consumed::bytes(0),
        }
    }

    /// Reads on in a message, of which `chunk` begins with the head if that was just read.
    fn advance(
        &mut self,
        side: Side,
        mut message: HttpMessage,
        chunk: Chunk<'_>,
        head: Option<&head::MessageHead<'_>>,
        cx: &mut Context<'_>,
    ) -> Consumed {
        self.own(&message);
        let from = head.map_or(0, |head| head.bytes.len());
        let body = chunk.bytes.get(from..).unwrap_or_default();
        let (used, progress) = match self.probe_instead_of_body(&message, body) {
            Probe::Yes => {
                message.quirks |= quirk::TRUNCATED;
                (0, BodyProgress::Done)
            }
            Probe::Perhaps => (0, BodyProgress::NeedsMore),
            Probe::Likely | Probe::No => message.advance(body),
        };
        let used = from + used;
        if used > 0 {
            message.last = message.last.later(self.half(side).last);
        }
        if progress == BodyProgress::NeedsMore {
            message.append(chunk.bytes.get(..used).unwrap_or_default());
            self.half(side).state = State::Body(Box::new(message));
            return Consumed::bytes(used);
        }
        let broken = progress == BodyProgress::Malformed;
        let cut_short = message.quirks & quirk::HEAD_TOO_LONG != 0;
        let transition = self.finish(side, message, chunk.first(used), head, cx);
        if broken {
            self.half(side).state = State::Skip(Box::new(MessageSearch::new()));
            if used == 0 {
                return self.skip(side, chunk, cx);
            }
        } else if cut_short {
            self.half(side).state = State::Skip(Box::new(MessageSearch::new_mid_line()));
        } else if used == 0 && matches!(transition, Transition::Stay) {
            return self.head(side, chunk, cx);
        }
        Consumed { transition, ..Consumed::bytes(used) }
    }

    /// Probes bytes in place of a request's body for another request: with `Expect: 100-continue`, a client may send no body
    /// after a final response (RFC 9110 10.1.1).
    #[inline]
    fn probe_instead_of_body(&self, message: &HttpMessage, bytes: &[u8]) -> Probe {
        let is_at_body = message.link.role == Role::Request
            && !message.body.is_empty()
            && message.captured_len <= message.head_len as u64
            && message.missing == 0;
        match message.link.nth.filter(|_| is_at_body) {
            Some(nth) if self.pairing.is_answered(nth) => match probe::starts_known_request(bytes) {
                Probe::Perhaps if message.body.is_complete_with(bytes.len()) => Probe::No,
                probe => probe,
            },
            _ => Probe::No,
        }
    }

    /// Notes that the bytes consumed in this call are a message's.
    fn own(&mut self, message: &HttpMessage) {
        let half = if message.link.role == Role::Request { Half::Request } else { Half::Response };
        self.owner = message.link.nth.map(|nth| (nth, half));
    }

    /// Records a message that ends with `chunk`, whether or not it is complete; with its head if that was just read.
    fn finish(
        &mut self,
        side: Side,
        mut message: HttpMessage,
        chunk: Chunk<'_>,
        head: Option<&head::MessageHead<'_>>,
        cx: &mut Context<'_>,
    ) -> Transition {
        let is_here = message.append_last(chunk.bytes);
        message.end_body(if is_here { &[] } else { chunk.bytes });
        message.quirks |= message.body.quirks();
        message.tricks |= message.body.tricks();
        if message.missing > 0 {
            message.quirks |= quirk::GAP;
        }
        let limit = message.head_len.saturating_add(message.keep.map_or(0, BodyDetail::bytes));
        if message.is_body_dropped() {
            message.quirks |= quirk::BODY_DROPPED;
        } else if self.is_body_wanted() && message.captured_len > limit as u64 {
            message.quirks |= quirk::BODY_LIMIT;
        }
        if self.is_body_wanted() && message.link.role != Role::Request {
            self.half(side).previous = message.as_previous(if is_here { chunk.bytes } else { &message.buffer });
        }
        self.pairing.complete(side, &message, cx);
        if let Some(keep) = message.keep.filter(|_| !cx.tree.skips_rest()) {
            let here = is_here.then(|| chunk.first(limit));
            self.record(&mut message, keep, here, head, cx);
        }
        if message.link.role == Role::Interim {
            cx.events.push(Event::OutsideMessages);
        }
        let nth = message.link.nth.filter(|_| message.link.role == Role::Request);
        let waits = nth.filter(|&nth| self.pairing.awaits_switch(nth).is_some());
        self.half(side).begin_state(waits.map_or(State::Head, State::Wait));
        if let (Some(nth), Some(head)) = (nth.filter(|_| self.pairing.names_upgrade(&message.link)), head) {
            self.settings = head::settings(head.bytes).map(|settings| Box::new((nth, settings)));
        }
        let mut transition = self.pairing.settle(message.link, cx);
        if let (Transition::Replace(handover), Some(head)) = (&mut transition, head) {
            head::add_headers(head.bytes, handover);
            let settings = self.settings.take().filter(|settings| message.link.nth == Some(settings.0));
            handover.facts.extend(settings.map(|settings| (head::SETTINGS.into(), settings.1)));
        }
        transition
    }

    /// Records a message: the bytes that are `here`, or those that were buffered.
    #[inline(never)]
    fn record(
        &mut self,
        message: &mut HttpMessage,
        body_detail: BodyDetail,
        here: Option<Chunk<'_>>,
        head: Option<&head::MessageHead<'_>>,
        cx: &mut Context<'_>,
    ) {
        let kept = core::mem::take(&mut message.buffer);
        if message.is_headless() {
            let bytes = here.map_or(kept, |here| here.bytes.to_vec());
            let buffer = if body_detail.is_full() { bytes } else { Vec::new() };
            return MessageSearch::after(message.captured_len, buffer).record(true, cx);
        }
        let chunk = here.unwrap_or(Chunk { bytes: &kept, base: None });
        let exchange = message.link.nth.and_then(|nth| self.pairing.find(nth));
        let view = describe::MessageView { chunk, body_detail, head, wants: self.wants };
        describe::describe(message, view, exchange, &mut self.lines, cx);
    }

    /// Skips bytes until a message begins.
    fn skip(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let State::Skip(mut skipped) = core::mem::take(&mut self.half(side).state) else {
            return Consumed::bytes(0);
        };
        let (len, found) = skipped.advance(chunk.bytes);
        if !found {
            self.half(side).state = State::Skip(skipped);
        } else {
            skipped.keep_bodiless_response();
            skipped.record(self.wants.keep.is_some(), cx);
            if let Some((sent, is_request_line)) = skipped.unreadable_request() {
                self.pairing.open_unreadable((side, sent), is_request_line, cx);
            }
            if len == 0 {
                return self.head(side, chunk, cx);
            }
        }
        Consumed::bytes(len)
    }

    /// Returns the handover of bytes that begin no message, where an upgrade to WebSocket may have a response that was not
    /// captured: after its request, or after the gap. The content shows whether they are frames.
    fn switch_in_gap(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Option<Handover> {
        let nth = match [side, side.other()].map(|side| &side.of(&self.halves).state) {
            [State::Wait(nth), _] => *nth,
            [State::Skip(search), State::Wait(nth)] if search.skipped_bytes == 0 => *nth,
            _ => return None,
        };
        let is_other = self.pairing.may_have_switched(nth) && probe::probe_bytes(chunk.bytes) == Probe::No;
        is_other.then(|| {
            let handover = self.pairing.open_tunnel(Some(nth), cx);
            self.pairing.flush(cx);
            handover
        })
    }

    /// Records bytes that begin a message of which no more will come.
    fn flush_incomplete(&mut self, side: Side, rest: Chunk<'_>, cx: &mut Context<'_>) {
        match core::mem::take(&mut self.half(side).state) {
            State::Head if self.half(side).sure => {
                self.begin(side, rest, rest.bytes.len(), quirk::TRUNCATED, cx);
            }
            State::Head if !rest.bytes.is_empty() => {
                let search = MessageSearch::with_buffer(self.skipped_to_keep(side));
                let mut skipped = Box::new(search.after_response(self.half(side).previous.take()));
                skipped.skip(rest.bytes);
                skipped.record(self.wants.keep.is_some(), cx);
            }
            State::Head => {}
            State::Body(mut message) => {
                message.quirks |= quirk::TRUNCATED;
                self.finish(side, *message, rest, None, cx);
            }
            State::Skip(mut skipped) => {
                skipped.skip(rest.bytes);
                skipped.record(self.wants.keep.is_some(), cx);
            }
            State::Wait(nth) => self.half(side).state = State::Wait(nth),
        }
    }

    /// The state of a side after `len` bytes of a message's body that were not captured.
    fn skip_in_body(
        &mut self,
        side: Side,
        mut message: Box<HttpMessage>,
        before: Chunk<'_>,
        len: u64,
        cx: &mut Context<'_>,
    ) -> State {
        match message.body.skip_gap(len, before.bytes.is_empty()) {
            message::GapPosition::Within => {
                message.count_missing(len);
                State::Body(message)
            }
            message::GapPosition::AtEnd => {
                message.count_missing(len);
                self.finish(side, *message, before.first(0), None, cx);
                core::mem::take(&mut self.half(side).state)
            }
            message::GapPosition::Beyond(within) => {
                message.count_missing(within);
                message.quirks |= quirk::GAP;
                if message.body.is_chunked() {
                    message.quirks |= quirk::TRUNCATED;
                }
                let is_chunked = message.body.is_chunked();
                let unread = Unread::of(cx, true);
                let next = unread.from.saturating_add(within);
                self.finish(side, *message, before, None, cx);
                self.pairing.note_unread(side, if is_chunked { unread } else { unread.beginning_at(next) });
                State::Skip(Box::new(MessageSearch::new()))
            }
        }
    }

    /// The state of a side after a gap in a body whose length is not known.
    fn abandon_body(&mut self, side: Side, mut message: HttpMessage, before: Chunk<'_>, cx: &mut Context<'_>) -> State {
        message.quirks |= quirk::GAP | quirk::TRUNCATED;
        self.finish(side, message, before, None, cx);
        self.pairing.note_unread(side, Unread::of(cx, true));
        State::Skip(Box::new(MessageSearch::new()))
    }

    /// Notes that a side sends nothing more.
    fn note_end(&mut self, side: Side, cx: &mut Context<'_>) {
        let half = self.half(side);
        half.begin_state(State::Head);
        half.ended = true;
        half.seen = 0;
        if self.half(side.other()).ended {
            self.pairing.flush(cx);
        } else {
            self.pairing.side_ended(side, cx);
        }
    }
}

impl Session for Http {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let side = lane.side;
        self.owner = None;
        self.half(side).note_arrival(chunk.bytes.len(), cx);
        if let Some(handover) = self.switch_in_gap(side, chunk, cx) {
            return Consumed { transition: Transition::Replace(Box::new(handover)), ..Consumed::bytes(0) };
        }
        if let State::Wait(nth) = self.half(side).state {
            match self.pairing.awaits_switch(nth) {
                Some(_) if chunk.bytes.len() <= MAX_WAITING => return Consumed::bytes(0),
                // The response was not captured, and this is what it allowed.
                Some(true) => {
                    let handover = self.pairing.open_tunnel(Some(nth), cx);
                    self.pairing.flush(cx);
                    return Consumed { transition: Transition::Replace(Box::new(handover)), ..Consumed::bytes(0) };
                }
                _ => self.half(side).begin_state(State::Head),
            }
        }
        let mut consumed = match self.half(side).state {
            State::Head | State::Wait(_) => self.head(side, chunk, cx),
            State::Skip(_) => self.skip(side, chunk, cx),
            State::Body(_) => self.read_body(side, chunk, cx),
        };
        self.half(side).consume(consumed.bytes);
        consumed.owner = self.owner;
        consumed
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let side = lane.side;
        self.half(side).note_arrival(before.bytes.len(), cx);
        self.half(side).previous = None;
        let after = match core::mem::take(&mut self.half(side).state) {
            State::Body(message) => match missing {
                Missing::Bytes(len) => self.skip_in_body(side, message, before, len, cx),
                Missing::Unknown | Missing::Perhaps => self.abandon_body(side, *message, before, cx),
                Missing::Released => {
                    let mut message = message;
                    match message.body.skip_gap(0, before.bytes.is_empty()) {
                        message::GapPosition::Within => {
                            message.drop_body();
                            State::Body(message)
                        }
                        _ => self.skip_in_body(side, message, before, 0, cx),
                    }
                }
            },
            State::Wait(nth) => State::Wait(nth),
            // Nothing of this side is known to be missing.
            State::Head if missing == Missing::Perhaps && before.bytes.is_empty() => {
                self.pairing.note_unread(side, Unread::of(cx, true));
                State::Head
            }
            state => {
                let begins = matches!(state, State::Head) && !self.half(side).sure;
                self.half(side).state = state;
                self.flush_incomplete(side, before, cx);
                let unread = Unread::of(cx, true);
                let begins = begins && matches!(missing, Missing::Bytes(_));
                self.pairing.note_unread(side, if begins { unread.beginning_at(unread.from) } else { unread });
                State::Skip(Box::new(MessageSearch::new()))
            }
        };
        let half = self.half(side);
        half.begin_state(after);
        half.consume(before.bytes.len());
        half.seen = 0;
        if missing == Missing::Released {
            // Messages that are read on keep their exchanges: they take little without their bodies.
            let kept = Side::BOTH.map(|side| match &self.half(side).state {
                State::Body(message) => message.link.nth,
                _ => None,
            });
            self.pairing.flush_except(kept, cx);
            self.lines = Vec::new();
        }
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        let side = lane.side;
        self.half(side).note_arrival(rest.bytes.len(), cx);
        if matches!(self.half(side).state, State::Head) && !self.half(side).sure && !rest.bytes.is_empty() {
            self.begin_headless(side, cx);
        }
        if let State::Body(message) = &mut self.half(side).state {
            // RFC 9112 8: such a body is complete only if the connection was closed in order.
            if message.body.is_until_end()
                && end == SideEnd::Closed
                && message.missing == 0
                && let State::Body(message) = core::mem::take(&mut self.half(side).state)
            {
                self.finish(side, *message, rest, None, cx);
                return self.note_end(side, cx);
            }
        }
        self.flush_incomplete(side, rest, cx);
        self.note_end(side, cx);
    }

    fn is_in_message(&self, side: Side) -> bool {
        let half = side.of(&self.halves);
        match &half.state {
            State::Body(message) => !message.is_headless(),
            State::Skip(_) => false,
            State::Head | State::Wait(_) => true,
        }
    }

    fn responds(&self, side: Side) -> bool {
        self.pairing.responds(side)
    }

    fn awaits_response(&self, side: Side) -> bool {
        let half = side.of(&self.halves);
        matches!(half.state, State::Head) && half.seen == 0 && self.pairing.awaits_response(side)
    }

    fn buffered(&self) -> usize {
        let kept = |half: &HttpSide| {
            let previous = half.previous.as_ref().map_or(0, |previous| previous.buffered());
            previous
                + match &half.state {
                    State::Body(message) => message.buffered(),
                    State::Skip(search) => search.buffered(),
                    State::Head | State::Wait(_) => 0,
                }
        };
        let lines = self.lines.capacity() * size_of::<HeaderLine>();
        self.pairing.buffered() + lines + self.halves.iter().map(kept).sum::<usize>()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
