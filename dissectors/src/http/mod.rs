//! HTTP/1 (RFC 9112): a session that finds each message, pairs it with its other half and tells it when it is complete.
//!
//! The body of a message is taken as it comes; of what it was given the session keeps only as much as the tree wants
//! of it. Requests and responses are paired first in, first out (RFC 9112 9.3.2).

mod body;
mod chunked;
mod coding;
mod describe;
mod fields;
mod framing;
mod head;
mod message;
mod pairing;
mod probe;
mod quirk;
mod resync;
mod status;
mod transcript;
mod well_known;

use crate::protocol::{Dissector, Protocol, SessionKind};
use crate::session::{Chunk, Consumed, Context, Probe, Session, Side, SideEnd, Transition};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::vec::Vec;
use body::BodyDetail;
pub use coding::{DecodeError, Decoded, MAX_CONTENT, decode};
pub use fields::*;
use head::{HeaderLine, StartLine};
use message::{BodyProgress, BodyState, HttpMessage};
use pairing::{Pairing, Role};
use resync::MessageSearch;
pub use transcript::{Message as TranscriptMessage, Transcript};

/// HTTP/1 in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "HTTP",
    fields: FIELDS,
    claims: &[],
    dissector: Dissector::Session(SessionKind { probe: probe::probe, open }),
};

/// As long as a head may be; what is longer is told as far as this and passed over. Servers stop at 8 to 64 KiB.
pub const MAX_HEAD: usize = 262_144;
/// As much of a body, as sent, as is kept to be shown; what is more is counted.
pub const MAX_BODY: usize = 1 << 20;
/// While the answer to an Upgrade or CONNECT is awaited, as many bytes of the client may wait.
const MAX_WAITING: usize = 65_536;
/// As much of a body as is kept where only the row of a list is wanted: enough to tell what kind of image it is.
const PREVIEW_BYTES: usize = 64;

fn open(wants: &Wants) -> Box<dyn Session> {
    Box::new(Http::new(kept_of_body(wants), shows_headers(wants)))
}

/// Whether more of a head is told than its first line: headers, or what is odd about them.
fn shows_headers(wants: &Wants) -> bool {
    [&HTTP, &NOTIFICATION, &REQUEST_LINE, &RESPONSE_LINE].into_iter().any(|field| wants.field(field))
        || wants.any_between(&PROXY_CONNECT_HOST, &FILE_DATA)
        || wants.any_between(&TE_AND_LENGTH, &OPEN_LIMIT)
}

/// How much of a body must be kept for `wants`; none if not even heads are wanted.
fn kept_of_body(wants: &Wants) -> Option<usize> {
    let of_body = [
        &FILE_DATA,
        &CHUNKED,
        &CHUNK,
        &CHUNK_SIZE,
        &CHUNK_DATA,
        &CHUNK_BOUNDARY,
        &CHUNKED_TRAILER_PART,
        &DECOMPRESSION_FAILED,
        &BODY_LIMIT,
        &HTTP,
        &crate::frame::PROTOCOLS,
    ];
    let wants_body = of_body.into_iter().any(|field| wants.field(field)) || crate::content::is_wanted(wants);
    match wants_body {
        true => Some(MAX_BODY),
        false if wants.columns => Some(PREVIEW_BYTES),
        false => wants.protocol(&HTTP).then_some(0),
    }
}

/// One conversation of HTTP/1.
#[derive(Debug)]
struct Http {
    halves: [HttpSide; 2],
    pairing: Pairing,
    /// As much of each body as is kept; none if nothing of a message is shown.
    keep: Option<usize>,
    /// Headers are shown.
    headers: bool,
    /// The header lines of the head read last.
    lines: Vec<HeaderLine>,
}

/// What one side is in the middle of.
#[derive(Debug, Default)]
struct HttpSide {
    state: State,
    /// Of the bytes not taken, so many were searched for the end of the head.
    scanned: usize,
    /// The bytes not taken are known to begin a message.
    sure: bool,
    /// When the first of the bytes not taken was seen.
    first: Option<crate::session::Stamp>,
    /// When the last byte was seen.
    last: crate::session::Stamp,
    /// How many bytes were seen and not taken.
    seen: usize,
    /// What is odd about the next message before it begins.
    quirks: quirk::Quirks,
    ended: bool,
}

#[derive(Debug, Default)]
enum State {
    /// Between messages, or in a head.
    #[default]
    Head,
    /// In a body.
    Body(Box<HttpMessage>),
    /// Where no message could be found.
    Skip(MessageSearch),
    /// After the request of this number, until its response tells what is spoken from here on.
    Wait(u32),
}

impl HttpSide {
    fn note_arrival(&mut self, len: usize, cx: &Context<'_>) {
        if len > 0 {
            self.first.get_or_insert(cx.arrived);
        }
        if len > self.seen {
            self.last = if self.seen == 0 { cx.arrived } else { self.last.later(cx.arrived) };
            self.seen = len;
        }
    }

    fn consume(&mut self, len: usize) {
        if len > 0 {
            self.seen = self.seen.saturating_sub(len);
            self.scanned = self.scanned.saturating_sub(len);
            self.first = None;
        }
    }

    /// Makes ready for the next message.
    fn begin_state(&mut self, state: State) {
        self.state = state;
        self.scanned = 0;
        self.sure = false;
        self.quirks = 0;
    }
}

impl Http {
    fn new(keep: Option<usize>, headers: bool) -> Http {
        Http { halves: Default::default(), pairing: Pairing::default(), keep, headers, lines: Vec::new() }
    }

    fn half(&mut self, side: Side) -> &mut HttpSide {
        let [client, server] = &mut self.halves;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Reads where a head is expected.
    fn head(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let bytes = chunk.bytes;
        let unseen = !self.headers;
        let half = self.half(side);
        if !half.sure {
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                half.quirks |= quirk::LEADING_CRLF;
                return taken(blank, Transition::Stay);
            }
            match probe::starts_message(bytes) {
                _ if bytes.is_empty() => return taken(0, Transition::Stay),
                Probe::Perhaps => return taken(0, Transition::Stay),
                Probe::Yes => half.sure = true,
                Probe::No => {
                    half.begin_state(State::Skip(MessageSearch::new()));
                    return self.skip(side, chunk, cx);
                }
            }
        }
        // Nobody looks at the headers, and they are all here: the common case of a list of calls or of frames.
        if unseen && half.scanned == 0 {
            let mut lines = core::mem::take(&mut self.lines);
            let head = head::read_fast(bytes, &mut lines).filter(|head| head.bytes.len() <= MAX_HEAD);
            let headers = head.map(|head| framing::collect_headers(&head, &lines));
            self.lines = lines;
            if let (Some(head), Some(headers)) = (head, headers) {
                return self.start(side, chunk, &head, &headers, 0, cx);
            }
        }
        let half = self.half(side);
        match head::find_end(bytes, &mut half.scanned) {
            Some(end) if end <= MAX_HEAD => self.begin(side, chunk, end, 0, cx),
            None if bytes.len() < MAX_HEAD => taken(0, Transition::Stay),
            _ => self.begin(side, chunk, MAX_HEAD, quirk::HEAD_TOO_LONG | quirk::TRUNCATED, cx),
        }
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
        let head = head::read(chunk.bytes.get(..len).unwrap_or_default(), &mut lines);
        let headers = framing::collect_headers(&head, &lines);
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
        let quirks = quirks | head.quirks | headers.quirks | core::mem::take(&mut half.quirks);
        let (first, last) = (half.first.unwrap_or(cx.arrived), half.last);
        let (link, more) = match head.start {
            StartLine::Request { method, target, .. } => self.pairing.request(side, method, target, headers, cx),
            StartLine::Response { code, .. } => self.pairing.response(side, code, headers, cx),
        };
        let length = framing::body_length(head, headers, self.pairing.method(&link));
        let body = if cut { BodyState::Length(0) } else { BodyState::new(length) };
        let message = HttpMessage::new(link, len, body, first, last, quirks | more);
        self.advance(side, message, chunk, Some(head), cx)
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
        let from = head.map_or(0, |head| head.bytes.len());
        let (used, progress) = message.body.advance(chunk.bytes.get(from..).unwrap_or_default());
        let used = from + used;
        if used > 0 {
            message.last = message.last.later(self.half(side).last);
        }
        if progress == BodyProgress::NeedsMore {
            message.append(chunk.bytes.get(..used).unwrap_or_default(), self.keep);
            self.half(side).state = State::Body(Box::new(message));
            return taken(used, Transition::Stay);
        }
        let broken = progress == BodyProgress::Malformed;
        let cut_short = message.quirks & quirk::HEAD_TOO_LONG != 0;
        let then = self.finish(side, message, chunk.first(used), head, cx);
        if broken {
            self.half(side).state = State::Skip(MessageSearch::new());
            if used == 0 {
                return self.skip(side, chunk, cx);
            }
        } else if cut_short {
            self.half(side).state = State::Skip(MessageSearch::new_mid_line());
        }
        taken(used, then)
    }

    /// Tells a message that ends with `chunk`, whether or not it is complete; with its head if that was just read.
    fn finish(
        &mut self,
        side: Side,
        mut message: HttpMessage,
        chunk: Chunk<'_>,
        head: Option<&head::MessageHead<'_>>,
        cx: &mut Context<'_>,
    ) -> Transition {
        let is_here = message.captured_len == 0;
        message.append(chunk.bytes, self.keep.filter(|_| !is_here));
        message.quirks |= message.body.quirks();
        if message.missing > 0 {
            message.quirks |= quirk::GAP;
        }
        let limit = message.head_len.saturating_add(self.keep.unwrap_or(0));
        if self.keep == Some(MAX_BODY) && message.captured_len > limit as u64 || message.is_body_dropped() {
            message.quirks |= quirk::BODY_LIMIT;
        }
        self.pairing.complete(side, &message, cx);
        if let Some(keep) = self.keep.filter(|_| !cx.tree.skips_rest()) {
            let kept = core::mem::take(&mut message.buffer);
            let shown = if is_here { chunk.first(limit) } else { Chunk { bytes: &kept, base: None } };
            let exchange = message.link.nth.and_then(|nth| self.pairing.find(nth));
            let of_body = match keep {
                MAX_BODY => BodyDetail::Full,
                0 => BodyDetail::Nothing,
                _ => BodyDetail::Preview,
            };
            let seen = describe::MessageView { chunk: shown, body_detail: of_body, head, wants_headers: self.headers };
            describe::describe(&message, seen, exchange, &mut self.lines, cx);
        }
        let waits = message
            .link
            .nth
            .filter(|&nth| message.link.role == Role::Request && self.pairing.awaits_switch(nth).is_some());
        self.half(side).begin_state(waits.map_or(State::Head, State::Wait));
        self.pairing.settle(message.link, cx)
    }

    /// Passes over bytes until a message begins.
    fn skip(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let State::Skip(mut skipped) = core::mem::take(&mut self.half(side).state) else {
            return taken(0, Transition::Stay);
        };
        let (len, found) = skipped.advance(chunk.bytes);
        if !found {
            self.half(side).state = State::Skip(skipped);
        } else {
            skipped.record(self.keep.is_some(), cx);
            if len == 0 {
                return self.head(side, chunk, cx);
            }
        }
        taken(len, Transition::Stay)
    }

    /// Tells what can be told of bytes that are the beginning of something, and of which no more will come.
    fn flush_incomplete(&mut self, side: Side, rest: Chunk<'_>, cx: &mut Context<'_>) {
        match core::mem::take(&mut self.half(side).state) {
            State::Head if self.half(side).sure => {
                self.begin(side, rest, rest.bytes.len(), quirk::TRUNCATED, cx);
            }
            State::Head if !rest.bytes.is_empty() => {
                let mut skipped = MessageSearch::new();
                skipped.skipped_bytes = rest.bytes.len() as u64;
                skipped.record(self.keep.is_some(), cx);
            }
            State::Head => {}
            State::Body(mut message) => {
                message.quirks |= quirk::TRUNCATED;
                self.finish(side, *message, rest, None, cx);
            }
            State::Skip(mut skipped) => {
                skipped.skipped_bytes += rest.bytes.len() as u64;
                skipped.record(self.keep.is_some(), cx);
            }
            State::Wait(nth) => self.half(side).state = State::Wait(nth),
        }
    }
}

impl Session for Http {
    fn read(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        self.half(side).note_arrival(chunk.bytes.len(), cx);
        if let State::Wait(nth) = self.half(side).state {
            match self.pairing.awaits_switch(nth) {
                Some(_) if chunk.bytes.len() <= MAX_WAITING => return taken(0, Transition::Stay),
                // The answer was not captured, and this is what it allowed.
                Some(true) => {
                    self.pairing.flush(cx);
                    return taken(0, Transition::Detect);
                }
                _ => self.half(side).begin_state(State::Head),
            }
        }
        let taken = match self.half(side).state {
            State::Head | State::Wait(_) => self.head(side, chunk, cx),
            State::Skip(_) => self.skip(side, chunk, cx),
            State::Body(_) => match core::mem::take(&mut self.half(side).state) {
                State::Body(message) => self.advance(side, *message, chunk, None, cx),
                _ => taken(0, Transition::Stay),
            },
        };
        self.half(side).consume(taken.bytes);
        taken
    }

    fn gap(&mut self, side: Side, before: Chunk<'_>, len: u64, cx: &mut Context<'_>) {
        self.half(side).note_arrival(before.bytes.len(), cx);
        let after = match core::mem::take(&mut self.half(side).state) {
            State::Body(mut message) => match message.body.skip_gap(len, before.bytes.is_empty()) {
                message::GapPosition::Within if len == 0 => {
                    message.drop_body();
                    State::Body(message)
                }
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
                    self.finish(side, *message, before, None, cx);
                    self.pairing.mark_doubtful(side);
                    State::Skip(MessageSearch::new())
                }
            },
            State::Wait(nth) => State::Wait(nth),
            state => {
                self.half(side).state = state;
                self.flush_incomplete(side, before, cx);
                self.pairing.mark_doubtful(side);
                State::Skip(MessageSearch::new())
            }
        };
        let half = self.half(side);
        half.begin_state(after);
        half.consume(before.bytes.len());
        half.seen = 0;
        if len == 0 {
            // Memory is short: what is open is reported as far as it has come.
            self.pairing.flush(cx);
            self.lines = Vec::new();
        }
    }

    fn end(&mut self, side: Side, rest: Chunk<'_>, ending: SideEnd, cx: &mut Context<'_>) {
        self.half(side).note_arrival(rest.bytes.len(), cx);
        if let State::Body(message) = &mut self.half(side).state {
            // RFC 9112 8: such a body is complete only if the connection was closed in order.
            if message.body.is_until_end()
                && ending == SideEnd::Closed
                && message.missing == 0
                && let State::Body(message) = core::mem::take(&mut self.half(side).state)
            {
                self.finish(side, *message, rest.first(0), None, cx);
            }
        }
        self.flush_incomplete(side, rest, cx);
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

    fn is_in_message(&self, side: Side) -> bool {
        let [client, server] = &self.halves;
        let half = if side == Side::Client { client } else { server };
        !matches!(half.state, State::Skip(_))
    }

    fn buffered(&self) -> usize {
        let kept = |half: &HttpSide| if let State::Body(message) = &half.state { message.buffer.capacity() } else { 0 };
        let lines = self.lines.capacity() * size_of::<HeaderLine>();
        self.pairing.buffered() + lines + self.halves.iter().map(kept).sum::<usize>()
    }
}

fn taken(bytes: usize, then: Transition) -> Consumed {
    Consumed { bytes, transition: then }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_for_all_but_the_first_line_and_what_is_concluded() {
        #[rustfmt::skip]
        let others = [
            &START_LINE, &CHAT, &REQUEST, &RESPONSE, &REQUEST_METHOD, &REQUEST_URI, &REQUEST_URI_PATH, &REQUEST_URI_QUERY,
            &REQUEST_URI_QUERY_PARAMETER, &REQUEST_VERSION, &REQUEST_FULL_URI, &RESPONSE_VERSION, &RESPONSE_CODE,
            &RESPONSE_CODE_DESC, &RESPONSE_PHRASE, &REQUEST_IN, &RESPONSE_IN, &TIME, &TIME_TO_FIRST_BYTE, &DOWNLOAD_TIME,
        ];
        for field in FIELDS {
            let mut wants = Wants::default();
            wants.add(field);
            assert_eq!(shows_headers(&wants), others.iter().all(|other| other.id != field.id), "{}", field.name);
        }
    }
}
