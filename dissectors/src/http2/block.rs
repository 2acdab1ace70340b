//! Header blocks: HEADERS and PUSH_PROMISE with their CONTINUATION frames (RFC 9113 4.3).

use super::fields::*;
use super::frame::{END_HEADERS, END_STREAM, FrameType, PADDED, PRIORITY};
use super::hpack::HpackError;
use super::names::NamedHeader;
use super::{Frame, HEADER_FIELDS, Http2, describe, half_of};
use crate::format::percent_decoded;
use crate::session::{Context, Half, Side, Stamp};
use crate::tree::{Slice, Tree, Value};
use crate::web::header_list::{HeaderLine, HeaderList, MAX_LIST, Representation};
use crate::web::headers::{self, Headers};
use crate::web::message::CarriedBody;
use crate::web::stream::{self, MessageHead};
use alloc::vec::Vec;

/// Bytes that are buffered of a header that is split between frames.
const MAX_PART: usize = MAX_LIST;
/// Bytes of a header list that are kept to be used again.
const MAX_SPARE: usize = 16 << 10;
/// A header block whose parts are being read.
#[derive(Clone, Debug)]
pub(super) struct OpenBlock {
    /// The stream of its frames.
    stream: u32,
    /// The stream of the message: the promised one of a PUSH_PROMISE frame.
    of: u32,
    is_push: bool,
    ends_stream: bool,
    /// Headers decoded so far.
    list: HeaderList,
    /// The beginning of a header that is not complete.
    part: Vec<u8>,
    first: Stamp,
    is_broken: bool,
}

impl OpenBlock {
    /// Bytes allocated.
    pub(super) fn buffered(&self) -> usize {
        self.list.buffered() + self.part.capacity()
    }
}

/// What a frame adds to a header block.
struct DecodedPart {
    /// Headers that were complete before.
    lines: usize,
    /// Bytes before those of the frame.
    before: usize,
    error: Option<HpackError>,
}

/// The part of a header block in a frame.
struct Fragment<'b> {
    bytes: &'b [u8],
    /// Offset in the payload.
    at: usize,
}

impl Http2 {
    /// Gives up the header block whose parts are being read: the table is not known after it.
    pub(super) fn abandon_block(&mut self, side: Side) {
        let state = self.side(side);
        if let Some(block) = state.block.take() {
            state.decoder.lose();
            if let Some(stream) = self.streams.get_mut(block.of) {
                let half = if block.is_push { Half::Request } else { half_of(side, self.requester) };
                stream.half(half).has_gap = true;
            }
        }
    }

    /// Reads a HEADERS, PUSH_PROMISE or CONTINUATION frame.
    pub(super) fn header_block<'b>(&mut self, frame: &Frame<'b>, cx: &mut Context<'_>) -> Option<CarriedBody<'b>> {
        let fragment = self.begin_block(frame, cx)?;
        let Some(mut block) = self.side(frame.side).block.take() else {
            // The beginning of the block is missing.
            self.side(frame.side).decoder.lose();
            return None;
        };
        let lines = block.list.lines.len();
        // Bytes of the block before those of this frame.
        let before = block.list.offset + block.part.len();
        let error = self.decode(frame, &fragment, &mut block);
        self.learn_requester(frame, &block, lines);
        if frame.header.kind != FrameType::Continuation {
            let half = if block.is_push { Half::Request } else { self.half_of(frame.side) };
            let status = stream::status(&block.list);
            if let Some(stream) = self.streams.get_mut(block.of).filter(|_| !headers::is_interim(status)) {
                headers::note_headers(stream, half, &RESPONSE_IN, cx);
            }
        }
        if frame.is_recorded {
            let part = DecodedPart { lines, before, error };
            self.describe_block(frame, &fragment, &block, part, cx);
        }
        if !frame.header.has(END_HEADERS) {
            self.side(frame.side).block = Some(block);
            return None;
        }
        let body = self.finish_block(frame, &mut block, cx);
        block.list.clear();
        if block.list.buffered() <= MAX_SPARE {
            self.spare = block.list;
        }
        body
    }

    /// Reads what precedes the fragment in its frame, and opens the block of HEADERS and PUSH_PROMISE.
    fn begin_block<'b>(&mut self, frame: &Frame<'b>, cx: &mut Context<'_>) -> Option<Fragment<'b>> {
        let Frame { header, payload, side, .. } = *frame;
        if header.kind == FrameType::Continuation {
            if frame.is_recorded {
                cx.tree.put(&PAD_LENGTH, Slice::default(), Value::Uint(0));
            }
            if self.side(side).block.as_ref().is_some_and(|block| block.stream != header.stream) {
                self.abandon_block(side);
            }
            return Some(Fragment { bytes: payload, at: 0 });
        }
        let padding = describe::padding(frame, cx.tree);
        let mut at = usize::from(header.has(PADDED));
        let is_push = header.kind == FrameType::PushPromise;
        let mut of = header.stream;
        if is_push {
            let promised =
                payload.get(at..).and_then(|rest| rest.first_chunk()).map(|word| u32::from_be_bytes(*word))?;
            of = promised & 0x7fff_ffff;
            if frame.is_recorded {
                cx.tree.put(&PUSH_RESERVED, frame.span(at, 4), Value::Uint((promised >> 31).into()));
                cx.tree.put(&PROMISED, frame.span(at, 4), Value::Uint(of.into()));
            }
            at += 4;
        }
        if header.has(PRIORITY) {
            if frame.is_recorded {
                describe::priority(frame, at, cx.tree);
            }
            at += describe::PRIORITY_LENGTH;
        }
        let end = payload.len().checked_sub(padding).filter(|&end| end >= at);
        let bytes = end.and_then(|end| payload.get(at..end));
        if bytes.is_none() && frame.is_recorded {
            cx.tree.note(&BAD_FRAME, frame.span, format_args!("{}: padding of {padding} bytes", BAD_FRAME.title));
        }
        if frame.is_recorded
            && padding > 0
            && let Some(end) = end
        {
            let field = if is_push { &PUSH_PADDING } else { &HEADERS_PADDING };
            cx.tree.put(field, frame.span(end, padding), Value::Bytes(frame.span(end, padding)));
        }
        let mut list = core::mem::take(&mut self.spare);
        list.clear();
        let block = OpenBlock {
            stream: header.stream,
            of,
            is_push,
            ends_stream: header.has(END_STREAM),
            list,
            part: Vec::new(),
            first: frame.first,
            is_broken: bytes.is_none(),
        };
        if block.is_broken {
            self.side(side).decoder.lose();
        }
        // Headers may follow the end of a stream that was sent before they arrived.
        if !self.streams.is_closed(of) {
            self.open_stream(of, cx);
        }
        self.side(side).promised = is_push.then_some(of);
        self.side(side).block = Some(block);
        Some(Fragment { bytes: bytes.unwrap_or_default(), at })
    }

    /// Decodes a fragment.
    fn decode(&mut self, frame: &Frame<'_>, fragment: &Fragment<'_>, block: &mut OpenBlock) -> Option<HpackError> {
        if block.is_broken {
            return None;
        }
        let decoder = &mut self.side(frame.side).decoder;
        let is_last = frame.header.has(END_HEADERS);
        let mut error = None;
        if block.part.is_empty() {
            let used;
            (used, error) = decoder.decode(fragment.bytes, &mut block.list);
            block.part.extend_from_slice(fragment.bytes.get(used..).unwrap_or_default());
        } else {
            block.part.extend_from_slice(fragment.bytes);
            // Decoding a header again with each frame would take quadratic time.
            if is_last || block.part.len() >= block.list.needed {
                let used;
                (used, error) = decoder.decode(&block.part, &mut block.list);
                block.part.drain(..used);
            }
        }
        let is_cut = !block.part.is_empty() && (is_last || block.part.len() > MAX_PART);
        if is_cut {
            error = error.or(Some(HpackError::Truncated));
        }
        if error.is_some() {
            decoder.lose();
            block.is_broken = true;
            block.part = Vec::new();
        }
        error
    }

    /// Learns from a pseudo-header which side sends requests, if that is not known. `from` is the first new header.
    fn learn_requester(&mut self, frame: &Frame<'_>, block: &OpenBlock, from: usize) {
        if self.requester.is_some() || block.is_push {
            return;
        }
        let lines = block.list.lines.get(from..).unwrap_or_default();
        self.requester = lines.iter().find_map(|line| match block.list.name(line) {
            Some(b":method") => Some(frame.side),
            Some(b":status") => Some(frame.side.other()),
            _ => None,
        });
    }

    /// Ends a header block: its headers are those of a message, or trailers.
    fn finish_block<'b>(
        &mut self,
        frame: &Frame<'b>,
        block: &mut OpenBlock,
        cx: &mut Context<'_>,
    ) -> Option<CarriedBody<'b>> {
        let half = if block.is_push { Half::Request } else { self.half_of(frame.side) };
        let headers = Headers {
            list: &block.list,
            first: block.first,
            is_broken: block.is_broken,
            is_push: block.is_push,
            ends: block.ends_stream,
            requester: self.requester.unwrap_or(Side::Client),
            is_recorded: frame.is_recorded,
        };
        let head = MessageHead::of(&block.list);
        if half == Half::Request && head.method.is_some() {
            self.sides.iter_mut().for_each(|side| side.note_request(block.of));
        }
        self.streams.add_headers(block.of, half, headers, &head, cx)
    }
}

impl Http2 {
    /// Records a fragment and the headers that end in it.
    fn describe_block(
        &mut self,
        frame: &Frame<'_>,
        fragment: &Fragment<'_>,
        block: &OpenBlock,
        part: DecodedPart,
        cx: &mut Context<'_>,
    ) {
        let DecodedPart { lines, before, error } = part;
        let field = match frame.header.kind {
            FrameType::PushPromise => &PUSH_HEADERS,
            FrameType::Continuation => &CONTINUATION,
            _ => &HEADERS,
        };
        let span = frame.span(fragment.at, fragment.bytes.len());
        cx.tree.put(field, span, Value::Bytes(span));
        let lines = block.list.lines.get(lines..).unwrap_or_default();
        if cx.tree.wants_any(&HTTP2) {
            describe_lines(&block.list, lines, span, before, &self.headers, cx.tree);
        }
        if let Some(error) = error {
            let title = BAD_BLOCK.title;
            cx.tree.note(&BAD_BLOCK, span, format_args!("{title}: {}", error.description()));
        }
        if block.list.is_cut {
            cx.tree.note(&LIST_LIMIT, span, format_args!("{}: {} bytes", LIST_LIMIT.title, block.list.size));
        }
        if frame.header.kind != FrameType::Continuation {
            headers::append_start(&block.list, lines, cx.tree);
            let half = if block.is_push { Half::Request } else { self.half_of(frame.side) };
            self.streams.describe_exchange(block.of, half, &block.list, cx);
        }
    }
}

/// Records the headers that end in a frame.
fn describe_lines(
    list: &HeaderList,
    lines: &[HeaderLine],
    span: Slice,
    before: usize,
    wanted: &[&NamedHeader],
    tree: &mut Tree,
) {
    let headers = || lines.iter().filter(|line| line.kind != Representation::SizeUpdate);
    if !lines.is_empty() {
        let length = |line| Some(8 + list.name(line)?.len() + list.value(line)?.len());
        // As in Wireshark, but not if a part is unknown.
        if let Some(total) = headers().map(length).sum::<Option<usize>>() {
            tree.put(&HEADER_LENGTH, Slice::default(), Value::Uint(total as u64));
        }
        tree.put(&HEADER_COUNT, Slice::default(), Value::Uint(lines.len() as u64));
    }
    let span_of = |line: &HeaderLine| {
        let start = line.coded.start.saturating_sub(before) as u32;
        let end = line.coded.end.saturating_sub(before) as u32;
        Slice::new(span.start + start, end.saturating_sub(start))
    };
    if tree.wanted().any_between(&HEADER, &TABLE_SIZE) || tree.wanted().labels {
        lines.iter().for_each(|line| describe_line(list, line, span_of(line), tree));
    } else {
        // Often only a few of the headers that have fields of their own are wanted.
        for (name, field) in wanted {
            let named = lines.iter().filter(|line| list.name(line) == Some(name));
            named.filter_map(|line| Some((line, list.value(line)?))).for_each(|(line, value)| {
                let text = tree.store_bytes(value);
                headers::describe_value(field, value, text, span_of(line), tree);
            });
        }
    }
    let unknown = headers().filter(|line| !line.is_known()).count();
    if unknown > 0 {
        tree.note(&UNKNOWN_HEADER, span, format_args!("{}: {unknown}", UNKNOWN_HEADER.title));
    }
}

fn describe_line(list: &HeaderList, line: &HeaderLine, span: Slice, tree: &mut Tree) {
    let index = Value::Uint(line.index as u64);
    if line.kind == Representation::SizeUpdate {
        tree.open(&TABLE_SIZE_UPDATE, span, Value::Present);
        tree.put(&TABLE_SIZE, span, index);
        tree.close();
        return;
    }
    headers::open_header(list, line, &HEADER_FIELDS, span, tree);
    if let Some(value) = list.value(line).filter(|_| tree.wants(&UNESCAPED)) {
        let unescaped = tree.store_bytes(&percent_decoded(value));
        tree.put(&UNESCAPED, span, Value::Text(unescaped));
    }
    tree.put_text(&REPRESENTATION, span, format_args!("{}", line.kind.text(line.index > 0)));
    if line.index > 0 {
        tree.put(&INDEX, span, index);
    }
    tree.close();
}
