//! The session of one call: the messages of both sides as they arrive, and the status.

use super::fields::*;
use super::is_base64;
use super::message::{self, MessageSource};
use super::prefix::{PREFIX, Prefix, are_messages};
use super::status::{self, StatedStatus, Status};
use crate::base64;
use crate::content::LossyText;
use crate::exchange::{Exchange, Outcome, text};
use crate::packet::Payload;
use crate::session::{
    Chunk, Consumed, Context, Event, Half, Handover, Lane, MessagePart, Missing, Pdu, Session, Side, SideEnd, Stamp,
};
use crate::tree::{Slice, Value};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::vec::Vec;
use compact_str::CompactString;

/// Longest message that is buffered; of longer ones, only the prefix is recorded.
const MAX_MESSAGE: u64 = 1 << 20;
/// Title of the buffer of messages in base64.
const DECODED: &str = "Decoded base64";

pub(super) fn open(_: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    let target = text(handover.fact("target").unwrap_or_default());
    Box::new(Grpc { target, ..Grpc::default() })
}

/// A call.
#[derive(Clone, Debug, Default)]
struct Grpc {
    /// Path of the request: service and method.
    target: CompactString,
    halves: [CallHalf; 2],
    status: Option<Status>,
    has_invalid_status: bool,
    /// Time that the client allows, in nanoseconds.
    timeout: Option<i64>,
    /// Where the headers of the request arrived.
    requested: Option<Stamp>,
}

/// One half of a call.
#[derive(Clone, Debug, Default)]
struct CallHalf {
    position: Position,
    /// Compression of the messages; empty if the headers state none.
    encoding: CompactString,
    /// All headers are known.
    has_headers: bool,
    /// Media type of the content, without parameters.
    media_type: CompactString,
    /// Where the first byte arrived that is not consumed.
    first: Option<Stamp>,
    /// Bytes decoded from base64 that are no whole message.
    decoded: Vec<u8>,
}

/// Values of headers that cannot be read.
#[derive(Clone, Copy)]
struct InvalidValues<'a> {
    status: Option<&'a [u8]>,
    timeout: Option<&'a [u8]>,
}

/// What the next bytes of a half are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Position {
    /// A message.
    #[default]
    Message,
    /// The rest of a message that is not read.
    Skip(u64),
    /// A message, if no bytes are missing.
    Doubtful,
    /// Unknown.
    Lost,
}

impl Grpc {
    fn half(&mut self, half: Half) -> &mut CallHalf {
        let [request, response] = &mut self.halves;
        if half == Half::Request { request } else { response }
    }

    /// Reads the first message of `bytes`. Returns the number of bytes that are consumed.
    fn read_message(&mut self, lane: Lane, chunk: Chunk<'_>, title: &'static str, cx: &mut Context<'_>) -> usize {
        let half = half_of(lane.side);
        let state = self.half(half);
        let Some(prefix) = Prefix::read(chunk.bytes) else { return 0 };
        let is_doubtful = state.position == Position::Doubtful;
        if !prefix.is_sound() || is_doubtful && !are_messages(chunk.bytes) {
            state.position = Position::Lost;
            if !is_doubtful {
                self.note(half, &MALFORMED, chunk, title, cx);
            }
            return chunk.bytes.len();
        }
        state.position = Position::Message;
        let total = prefix.total();
        if total > MAX_MESSAGE {
            state.position = Position::Skip(total - PREFIX as u64);
            state.first = None;
            self.record(half, prefix, chunk.first(PREFIX), title, cx);
            return PREFIX;
        }
        let len = total as usize;
        if chunk.bytes.len() < len {
            return 0;
        }
        let first = state.first.take().unwrap_or(cx.first);
        let data = chunk.bytes.get(PREFIX..len).unwrap_or_default();
        if prefix.has_trailers() {
            self.apply(message::trailer_status(data));
        }
        cx.events.push(Event::Pdu(Pdu { lane, first, len: total }));
        self.record(half, prefix, chunk.first(len), title, cx);
        len
    }

    /// Records a message; only its prefix if it exceeds the limit.
    fn record(&mut self, half: Half, prefix: Prefix, chunk: Chunk<'_>, title: &'static str, cx: &mut Context<'_>) {
        if cx.tree.skips_rest() {
            return;
        }
        let from = cx.tree.nodes().len();
        let span = chunk.span(0..chunk.bytes.len(), title, cx.tree);
        let payload =
            Payload { bytes: chunk.bytes, base: span.start, wire: prefix.total().try_into().unwrap_or(u32::MAX) };
        let source = self.source(half);
        if payload.is_truncated() {
            message::open(prefix, payload, source, cx.tree);
            cx.tree.note(&LIMIT, span, format_args!("{}: {} bytes", LIMIT.title, prefix.len));
            cx.tree.close();
        } else {
            message::begin(source, cx.path, cx.tree);
            message::describe(prefix, payload, source, cx.path, cx.tree);
        }
        cx.tree.fence();
        note_part(half, from, cx);
    }

    fn source(&self, half: Half) -> MessageSource<'_> {
        let [request, response] = &self.halves;
        let state = if half == Half::Request { request } else { response };
        // Headers of the response may be unknown.
        let media_type = if state.media_type.is_empty() { &request.media_type } else { &state.media_type };
        let encoding = Some(state.encoding.as_bytes()).filter(|encoding| state.has_headers || !encoding.is_empty());
        let media_type = media_type.as_bytes();
        MessageSource { target: &self.target, half, encoding, media_type }
    }

    /// Records a note about bytes that are no message.
    fn note(
        &mut self,
        half: Half,
        note: &'static crate::Field,
        chunk: Chunk<'_>,
        title: &'static str,
        cx: &mut Context<'_>,
    ) {
        if cx.tree.skips_rest() || !cx.tree.wants_any(&GRPC) {
            return;
        }
        let from = cx.tree.nodes().len();
        let span = chunk.span(0..chunk.bytes.len(), title, cx.tree);
        cx.tree.open(&CALL, span, Value::Present);
        cx.tree.note(note, span, format_args!("{}", note.title));
        cx.tree.close();
        note_part(half, from, cx);
    }

    /// Reads the messages that are complete of what was decoded from base64.
    fn read_decoded(&mut self, lane: Lane, text: Chunk<'_>, cx: &mut Context<'_>) -> usize {
        let len = text.bytes.len() / base64::GROUP * base64::GROUP;
        let half = half_of(lane.side);
        let mut bytes = core::mem::take(&mut self.half(half).decoded);
        bytes.extend_from_slice(&base64::decode_parts(text.bytes.get(..len).unwrap_or_default()));
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let consumed = match self.half(half).position {
                Position::Skip(left) => self.half(half).skip(left, rest.len()),
                _ => self.read_message(lane, Chunk { bytes: rest, base: None }, DECODED, cx),
            };
            at += consumed;
            if consumed == 0 || at >= bytes.len() {
                break;
            }
        }
        bytes.drain(..at.min(bytes.len()));
        self.half(half).decoded = bytes;
        len
    }

    /// Notes a status that headers or trailers state.
    fn apply(&mut self, stated: StatedStatus<'_>) {
        self.has_invalid_status |= stated.invalid.is_some();
        stated.apply(&mut self.status);
    }

    /// Notes what headers state besides the status.
    fn learn(&mut self, half: Half, name: &[u8], value: &[u8]) {
        match name {
            b":path" => self.target = text(value),
            b"content-type" => {
                let end = memchr::memchr(b';', value).unwrap_or(value.len());
                self.half(half).media_type = text(value.get(..end).unwrap_or(value).trim_ascii());
            }
            b"" => self.half(half).has_headers = false,
            b"grpc-encoding" => self.half(half).encoding = text(value),
            b"grpc-timeout" if half == Half::Request => self.timeout = status::timeout(value),
            _ => {}
        }
    }

    /// Records what the headers of a half state.
    fn describe_call(&self, half: Half, has_status: bool, invalid: InvalidValues<'_>, cx: &mut Context<'_>) {
        if cx.tree.skips_rest() || !cx.tree.wants_any(&GRPC) {
            return;
        }
        let none = Slice::default();
        let from = cx.tree.nodes().len();
        let node = cx.tree.open(&CALL, none, Value::Present);
        cx.tree.label(node, format_args!("{}: {}", CALL.title, self.target));
        if half == Half::Request {
            let (service, method) = self.target.rsplit_once('/').unwrap_or(("", &self.target));
            cx.tree.put_text(&SERVICE, none, format_args!("{}", service.trim_start_matches('/')));
            cx.tree.put_text(&METHOD, none, format_args!("{method}"));
            if let Some(timeout) = self.timeout {
                cx.tree.put(&TIMEOUT, none, Value::Duration(timeout));
            }
        }
        let encoding = self.source(half).encoding.unwrap_or_default();
        if !encoding.is_empty() && !has_status {
            let encoding = cx.tree.store_bytes(encoding);
            cx.tree.put(&ENCODING, none, Value::Text(encoding));
        }
        if let Some(value) = invalid.timeout {
            let title = INVALID_TIMEOUT.title;
            cx.tree.note(&INVALID_TIMEOUT, none, format_args!("{title}: {}", LossyText(value)));
        }
        if let Some(value) = invalid.status {
            message::note_invalid(value, none, cx.tree);
        }
        if let Some(status) = self.status.as_ref().filter(|_| has_status) {
            message::describe_status(status, none, cx.tree);
            self.note_late(SideEnd::Closed, cx);
        }
        cx.tree.close();
        note_part(half, from, cx);
    }

    /// Notes that a call took as long as its client allows: the client canceled it, or it went on.
    fn note_late(&self, end: SideEnd, cx: &mut Context<'_>) {
        let (Some(timeout), Some(requested)) = (self.timeout, self.requested) else { return };
        let elapsed = cx.arrived.time.saturating_sub(requested.time);
        let note = match end {
            SideEnd::Canceled(_) if elapsed >= timeout => &DEADLINE,
            _ if elapsed > timeout => &LATE,
            _ => return,
        };
        let (unit, name) = unit_of(elapsed, timeout);
        let (title, elapsed, timeout) = (note.title, elapsed / unit, timeout / unit);
        cx.tree.note(note, Slice::default(), format_args!("{title}: {elapsed} {name}, timeout {timeout} {name}"));
    }
}

impl CallHalf {
    /// Skips a part of a message. Returns how many of `len` bytes belong to it.
    fn skip(&mut self, left: u64, len: usize) -> usize {
        let skipped = left.min(len as u64);
        self.position = if left > skipped { Position::Skip(left - skipped) } else { Position::Message };
        skipped as usize
    }
}

/// Returns the largest unit that shows a time and a timeout, and their difference: its nanoseconds, and its name.
fn unit_of(elapsed: i64, timeout: i64) -> (i64, &'static str) {
    let shows = |unit: i64| timeout >= unit && (elapsed == timeout || elapsed / unit != timeout / unit);
    let units = [(1_000_000, "ms"), (1000, "µs")];
    units.into_iter().find(|(unit, _)| shows(*unit)).unwrap_or((1, "ns"))
}

fn half_of(side: Side) -> Half {
    if side == Side::Client { Half::Request } else { Half::Response }
}

/// Notes that the nodes from `from` on are of a half of the call.
fn note_part(half: Half, from: usize, cx: &mut Context<'_>) {
    let nodes = from..cx.tree.nodes().len();
    cx.events.push(Event::Part(MessagePart { nth: 0, half, nodes }));
}

impl Session for Grpc {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let state = self.half(half_of(lane.side));
        state.first.get_or_insert(cx.first);
        if is_base64(state.media_type.as_bytes()) {
            return Consumed::bytes(self.read_decoded(lane, chunk, cx));
        }
        match state.position {
            Position::Skip(left) => {
                state.first = None;
                Consumed::bytes(state.skip(left, chunk.bytes.len()))
            }
            // Frames of data usually begin with a message.
            Position::Lost if !are_messages(chunk.bytes) => {
                state.first = None;
                Consumed::bytes(chunk.bytes.len())
            }
            _ => Consumed::bytes(self.read_message(lane, chunk, "Reassembled message", cx)),
        }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let half = half_of(lane.side);
        let gone = before.bytes.len() as u64 + missing.len();
        let state = self.half(half);
        state.first = None;
        let is_base64 = is_base64(state.media_type.as_bytes());
        state.position = match (missing, state.position) {
            (Missing::Released, position) if gone == 0 => position,
            (Missing::Perhaps, Position::Message) if gone == 0 => Position::Doubtful,
            (Missing::Bytes(len), Position::Skip(left)) if left > len => Position::Skip(left - len),
            (Missing::Bytes(len), Position::Skip(left)) if left == len => Position::Message,
            (Missing::Bytes(_) | Missing::Released, Position::Message) if !is_base64 => {
                match Prefix::read(before.bytes) {
                    Some(prefix) if prefix.total() > gone => Position::Skip(prefix.total() - gone),
                    Some(prefix) if prefix.total() == gone => Position::Message,
                    _ => Position::Lost,
                }
            }
            _ => Position::Lost,
        };
        if state.position == Position::Lost {
            state.decoded = Vec::new();
        }
        if !matches!(missing, Missing::Perhaps) && gone > 0 || missing == Missing::Unknown {
            self.note(half, &GAP, before, "Part of a message", cx);
        }
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        let half = half_of(lane.side);
        let state = self.half(half);
        let is_truncated =
            !rest.bytes.is_empty() || matches!(state.position, Position::Skip(_)) || !state.decoded.is_empty();
        if is_truncated {
            self.note(half, &TRUNCATED, rest, "Part of a message", cx);
        }
        if half == Half::Request || self.status.is_some() || cx.tree.skips_rest() || !cx.tree.wants_any(&GRPC) {
            return;
        }
        let from = cx.tree.nodes().len();
        cx.tree.open(&CALL, Slice::default(), Value::Present);
        if end == SideEnd::Closed && !self.has_invalid_status {
            cx.tree.note(&NO_STATUS, Slice::default(), format_args!("{}", NO_STATUS.title));
        }
        self.note_late(end, cx);
        cx.tree.close();
        note_part(half, from, cx);
    }

    fn headers(&mut self, lane: Lane, headers: &[(Vec<u8>, Vec<u8>)], cx: &mut Context<'_>) {
        let half = half_of(lane.side);
        if half == Half::Request {
            self.requested.get_or_insert(cx.arrived);
        }
        let mut stated = StatedStatus::default();
        let mut timeout = None;
        // Trailers follow the headers, which are known or not.
        self.half(half).has_headers |= headers.iter().any(|(name, _)| name.starts_with(b":"));
        for (name, value) in headers {
            self.learn(half, name, value);
            if half == Half::Request && name == b"grpc-timeout" && self.timeout.is_none() {
                timeout = Some(value.as_slice());
            }
            if half == Half::Response {
                stated.add(name, value);
            }
        }
        let has_status = stated.code.is_some();
        let invalid = InvalidValues { status: stated.invalid, timeout };
        self.apply(stated);
        self.describe_call(half, has_status, invalid, cx);
    }

    fn conclude(&mut self, exchange: &mut Exchange) {
        exchange.content_protocol = "grpc";
        let Some(status) = &self.status else {
            // The status was not captured.
            if exchange.outcome == Outcome::Success {
                exchange.outcome = Outcome::Aborted;
            }
            return;
        };
        status.conclude(exchange);
    }

    fn buffered(&self) -> usize {
        self.halves.iter().map(|half| half.decoded.capacity()).sum()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_timeout_shows_it_and_by_how_much_it_is_exceeded() {
        let rows = [
            (1_200_000_000, 1_000_000_000, "ms"),
            (3_000_000, 7_000, "µs"),
            (250_400_000, 250_000_000, "µs"),
            (250_000_000, 250_000_000, "ms"),
            (3_000_000, 9, "ns"),
            (5, 0, "ns"),
        ];
        for (elapsed, timeout, unit) in rows {
            assert_eq!(unit_of(elapsed, timeout).1, unit, "{elapsed} {timeout}");
        }
    }
}
