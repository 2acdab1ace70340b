//! Frames (RFC 9114 7): headers and data of messages, settings, and frames that change nothing here.

use super::fields::*;
use super::lane;
use super::qpack::Section;
use super::{Http3, Step, View, call_facts, describe};
use crate::exchange::text;
use crate::packet::Payload;
use crate::session::{Context, Half, Lane, Missing, Side, SideEnd, Stamp};
use crate::tree::{Slice, Value};
use crate::varint::varint;
use crate::web::end_reason::ErrorFrame;
use crate::web::header_list::{HeaderList, MAX_LIST};
use crate::web::headers::{self, Headers};
use crate::web::message::{self, CarriedBody};
use crate::web::stream::{DataPart, HalfState, MessageHead};
use crate::web::{streaming, tunnel};

const DATA_FRAME: u64 = 0x00;
const HEADERS_FRAME: u64 = 0x01;
const SETTINGS_FRAME: u64 = 0x04;
const PUSH_PROMISE_FRAME: u64 = 0x05;
/// Bytes of the memory for headers that a connection keeps for those that follow.
const MAX_KEPT_LIST: usize = 2048;
/// Status of a request that the server has not read (RFC 9001 4.6.2).
const REJECTED: &str = "early data rejected";
/// First number of a stream of WebTransport, which has no frames (draft-ietf-webtrans-http3).
const WEBTRANSPORT_STREAM: u64 = 0x41;
/// The setting for the maximum size of the dynamic table.
const MAX_TABLE_CAPACITY_SETTING: u64 = 0x01;

/// Type and length of a frame.
#[derive(Clone, Copy)]
struct FrameHeader {
    kind: u64,
    length: u64,
    /// Bytes of type and length.
    sizes: [usize; 2],
}

impl FrameHeader {
    fn read(bytes: &[u8]) -> Option<FrameHeader> {
        let (kind, kind_len) = varint(bytes)?;
        let (length, length_len) = varint(bytes.get(kind_len..)?)?;
        Some(FrameHeader { kind, length, sizes: [kind_len, length_len] })
    }

    fn len(&self) -> usize {
        self.sizes.iter().sum()
    }
}

/// A frame of which all bytes are there.
struct Frame<'c> {
    lane: Lane,
    payload: Payload<'c>,
    /// Where its first byte arrived.
    first: Stamp,
    is_recorded: bool,
}

impl Http3 {
    /// Opens the stream of a number, unless it is open.
    pub(super) fn open_stream(&mut self, key: u32, cx: &mut Context<'_>) {
        let client = self.client;
        if self.streams.get_mut(key).is_none()
            && !self.streams.is_closed(key)
            && let Some(stream) = self.streams.open(key, None, cx)
        {
            stream.exchange.requester.get_or_insert(client);
        }
    }

    /// Reads a frame, of the messages of a stream or of the control stream.
    pub(super) fn frame(&mut self, view: &mut View<'_>, at: usize, key: Option<u32>, cx: &mut Context<'_>) -> Step {
        let bytes = view.chunk.bytes.get(at..).unwrap_or_default();
        let Some(header) = FrameHeader::read(bytes) else { return Step::Wait };
        if let Some(key) = key {
            self.open_stream(key, cx);
        }
        if let Some(key) = key.filter(|_| header.kind == DATA_FRAME) {
            if at > 0 && (bytes.len() as u64) < header.length.saturating_add(header.len() as u64) {
                // What precedes it is a unit of its own.
                return Step::Read(0);
            }
            return self.data(key, view, at, (header.len(), header.length), cx);
        }
        if key.is_some() && header.kind == WEBTRANSPORT_STREAM {
            self.state(view.lane).kind = lane::LaneKind::Other;
            let signal = view.open(cx).from(at);
            if view.is_recorded {
                describe::webtransport_stream(signal, header.sizes, header.length, cx.tree);
            }
            return Step::Read(bytes.len());
        }
        if header.length > MAX_LIST as u64 {
            return self.skip_frame(key, header, view, at, cx);
        }
        let len = header.len() + header.length as usize;
        if bytes.len() < len {
            return Step::Wait;
        }
        let whole = view.open(cx).from(at).first(len);
        let (lane, is_recorded) = (view.lane, view.is_recorded);
        let promised =
            key.filter(|_| header.kind == PUSH_PROMISE_FRAME).and_then(|_| varint(whole.from(header.len()).bytes));
        if promised.is_some() {
            self.note_part(view, cx);
            view.node = cx.tree.nodes().len();
        }
        if is_recorded {
            describe::open_frame(whole, header.sizes, cx.tree);
        }
        let frame = Frame { lane, payload: whole.from(header.len()), first: view.first, is_recorded };
        let step = match (header.kind, key) {
            (HEADERS_FRAME, Some(key)) => self.headers(key, &frame, cx),
            (PUSH_PROMISE_FRAME, Some(_)) => self.push_promise(&frame, cx),
            _ => {
                if is_recorded {
                    describe::payload(header.kind, frame.payload, cx.tree);
                }
                if header.kind == SETTINGS_FRAME {
                    self.settings(lane.side, frame.payload.bytes);
                }
                Step::Read(0)
            }
        };
        if is_recorded {
            cx.tree.close();
        }
        // A promise is the request of a push.
        if let Some(nth) = promised.and_then(|(id, _)| self.streams.nth(lane::push_key(id))) {
            message::note_part(nth, Half::Request, view.node, cx);
            view.node = cx.tree.nodes().len();
        }
        if let Step::Blocked(_) = step { step } else { Step::Read(len) }
    }

    /// Skips a frame that is too long to be buffered.
    fn skip_frame(
        &mut self,
        key: Option<u32>,
        header: FrameHeader,
        view: &mut View<'_>,
        at: usize,
        cx: &mut Context<'_>,
    ) -> Step {
        let payload = view.open(cx);
        if view.is_recorded {
            describe::open_frame(payload.from(at).first(header.len()), header.sizes, cx.tree);
            let text = format_args!("{}: {} bytes", FRAME_LIMIT.title, header.length);
            cx.tree.note(&FRAME_LIMIT, payload.span(at, header.len()), text);
            cx.tree.close();
        }
        self.lose_frame(key, header.kind, view.lane.side);
        self.state(view.lane).skip_left = header.length;
        Step::Read(header.len())
    }

    /// Notes that a frame cannot be read.
    fn lose_frame(&mut self, key: Option<u32>, kind: u64, side: Side) {
        let half = self.half(side);
        if let Some(stream) = key.and_then(|key| self.streams.get_mut(key)) {
            let state = stream.half(half);
            state.has_gap = true;
            state.has_unknown_headers |= kind == HEADERS_FRAME;
        }
    }

    /// Reads what is there of a DATA frame, of which `left` bytes were not read, after `header` bytes of its type and length.
    pub(super) fn data(
        &mut self,
        key: u32,
        view: &mut View<'_>,
        at: usize,
        (header, left): (usize, u64),
        cx: &mut Context<'_>,
    ) -> Step {
        let half = self.half(view.lane.side);
        let available = view.chunk.bytes.len().saturating_sub(at + header);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(available);
        self.state(view.lane).data_left = left - len as u64;
        let first = view.first;
        let payload = view.open(cx).from(at).first(header + len);
        let data = payload.from(header);
        if view.is_recorded {
            match header {
                // The rest of a frame that began in an earlier one.
                0 => {
                    let node = cx.tree.open(&FRAME, payload.all(), Value::Present);
                    cx.tree.label(node, format_args!("DATA, continued: {len} bytes"));
                    cx.tree.append_info(format_args!(", DATA"));
                }
                _ => {
                    let sizes = FrameHeader::read(payload.bytes).map_or([1, 1], |header| header.sizes);
                    describe::open_frame(payload, sizes, cx.tree);
                }
            }
        }
        let part = DataPart { bytes: data.bytes, span: data.all(), is_recorded: view.is_recorded, ends: false, first };
        self.streams.add_data(key, half, part, cx);
        if view.is_recorded {
            cx.tree.close();
        }
        Step::Read(header + len)
    }

    /// Reads a HEADERS frame.
    fn headers(&mut self, key: u32, frame: &Frame<'_>, cx: &mut Context<'_>) -> Step {
        let half = self.half(frame.lane.side);
        let mut list = core::mem::take(&mut self.list);
        let is_broken = match self.decode(frame, frame.payload, &mut list, cx) {
            Ok(is_broken) => is_broken,
            Err(required) => return Step::Blocked(required),
        };
        let head = MessageHead::of(&list);
        if let Some(stream) = self.streams.get_mut(key).filter(|_| !headers::is_interim(head.status)) {
            headers::note_headers(stream, half, &RESPONSE_IN, cx);
        }
        if frame.is_recorded {
            describe::headers(&list, frame.payload, cx.tree);
            self.streams.describe_exchange(key, half, &list, cx);
        }
        if half == Half::Request
            && let Some(protocol) = head.protocol
        {
            self.note_tunnel(key, text(protocol));
        }
        let headers = self.section(frame, &list);
        self.streams.add_headers(key, half, Headers { is_broken, ..headers }, &head, cx);
        list.clear();
        if list.buffered() <= MAX_KEPT_LIST {
            self.list = list;
        }
        Step::Read(0)
    }

    /// The headers of a section, as those of a message that does not end with them.
    fn section<'l>(&self, frame: &Frame<'_>, list: &'l HeaderList) -> Headers<'l> {
        let (requester, first, is_recorded) = (self.client, frame.first, frame.is_recorded);
        Headers { list, first, is_broken: false, is_push: false, ends: false, requester, is_recorded }
    }

    /// Decodes a section. Returns whether it is malformed, or the number of entries that it waits for.
    fn decode(
        &mut self,
        frame: &Frame<'_>,
        section: Payload<'_>,
        list: &mut HeaderList,
        cx: &mut Context<'_>,
    ) -> Result<bool, u64> {
        match self.decoder(frame.lane.side).decode(section.bytes, list) {
            Section::Decoded => Ok(false),
            Section::Malformed => {
                cx.tree.note(&BAD_BLOCK, section.all(), format_args!("{}", BAD_BLOCK.title));
                Ok(true)
            }
            Section::Blocked { required, inserted } => {
                if frame.is_recorded {
                    describe::blocked(required, inserted, section.all(), cx.tree);
                }
                Err(required)
            }
        }
    }

    /// Reads a PUSH_PROMISE frame: the request of a push.
    fn push_promise(&mut self, frame: &Frame<'_>, cx: &mut Context<'_>) -> Step {
        let Some((id, len)) = varint(frame.payload.bytes) else { return Step::Read(0) };
        if frame.is_recorded {
            describe::push_id(id, frame.payload.span(0, len), cx.tree);
        }
        let section = frame.payload.from(len);
        let mut list = HeaderList::default();
        let is_broken = match self.decode(frame, section, &mut list, cx) {
            Ok(is_broken) => is_broken,
            Err(required) => return Step::Blocked(required),
        };
        if frame.is_recorded {
            describe::headers(&list, section, cx.tree);
        }
        let key = lane::push_key(id);
        self.open_stream(key, cx);
        let headers = self.section(frame, &list);
        let headers = Headers { is_broken, is_push: true, ..headers };
        self.streams.add_headers(key, Half::Request, headers, &MessageHead::of(&list), cx);
        Step::Read(0)
    }

    /// Reads the settings of a side: they limit the dynamic table of the other one.
    fn settings(&mut self, side: Side, payload: &[u8]) {
        let mut capacity = 0;
        let mut rest = payload;
        while let Some((id, id_len)) = varint(rest) {
            let Some((value, value_len)) = rest.get(id_len..).and_then(varint) else { break };
            if id == MAX_TABLE_CAPACITY_SETTING {
                capacity = value;
            }
            rest = rest.get(id_len + value_len..).unwrap_or_default();
        }
        self.decoder(side.other()).max_capacity = Some(capacity);
    }

    /// Ends a half of a stream; `reset` is how it ended before it was complete.
    pub(super) fn end_half(&mut self, key: u32, half: Half, reset: Option<SideEnd>, cx: &mut Context<'_>) {
        if self.streams.is_tunnel(key) && reset.is_none() {
            let part = DataPart { bytes: &[], span: Slice::default(), is_recorded: false, ends: true, first: cx.first };
            self.streams.add_data(key, half, part, cx);
            return;
        }
        let nth = self.streams.nth(key);
        let Some(stream) = self.streams.get_mut(key).filter(|stream| !stream.is_done(half)) else { return };
        let is_unread = reset == Some(SideEnd::Unread);
        stream.is_unread |= is_unread || reset == Some(SideEnd::Uncaptured);
        if reset == Some(SideEnd::Rejected) {
            stream.exchange.status = REJECTED.into();
        }
        let frame = match reset {
            Some(SideEnd::Reset(Some(code))) => Some(("RESET_STREAM", half, code)),
            Some(SideEnd::Canceled(Some(code))) => Some(("STOP_SENDING", half.other(), code)),
            _ => None,
        };
        if let Some((kind, sender, code)) = frame {
            stream.note_reset(ErrorFrame { kind, sender, code, names: call_facts::ERRORS });
        }
        if reset == Some(SideEnd::Reset(None)) && stream.exchange.end_reason.is_empty() {
            stream.exchange.end_reason.clone_from(&self.closing);
        }
        stream.exchange.has_unknown_request |= is_unread && half == Half::Request && stream.exchange.request.is_none();
        let state = stream.half(half);
        state.is_truncated |= reset.is_some();
        state.is_canceled |= matches!(reset, Some(SideEnd::Canceled(_)));
        let is_begun = state.state != HalfState::Awaited;
        let is_recorded =
            is_begun && !cx.tree.skips_rest() && (cx.tree.wants_any(&HTTP3) || self.streams.keep.is_some());
        if is_recorded {
            if !cx.path.names().contains(&"http3") {
                cx.path.push("http3");
            }
            cx.tree.open(&HTTP3, Slice::default(), Value::Bytes(Slice::default()));
        }
        let node = cx.tree.nodes().len();
        let body: Option<CarriedBody<'_>> = self.streams.finish_half(key, half, None, is_recorded, cx);
        if is_recorded {
            cx.tree.close();
        }
        if let Some(body) = body {
            body.read(cx);
        }
        if let Some(nth) = nth.filter(|_| cx.tree.nodes().len() > node) {
            message::note_part(nth, half, node, cx);
        }
    }

    /// Skips bytes of a lane that are missing, after those that were not read.
    pub(super) fn skip_gap(&mut self, lane: Lane, before: &[u8], missing: Missing, cx: &mut Context<'_>) {
        let half = self.half(lane.side);
        let state = self.state(lane);
        (state.first, state.unit) = (None, None);
        let (kind, key, len) = (state.kind, state.key(), missing.len());
        let is_counted = matches!(missing, Missing::Bytes(_));
        // Within a frame whose length is known, only that frame is lost.
        if is_counted && before.is_empty() && state.data_left >= len && state.held.is_empty() {
            if let Some(stream) = key.filter(|_| len > 0).and_then(|key| self.streams.get_mut(key)) {
                let half_state = stream.half(half);
                half_state.has_gap = true;
                half_state.missing += len;
                streaming::lose(key.unwrap_or_default(), half, stream, missing, cx);
            }
            if let Some(key) = key.filter(|&key| self.streams.is_tunnel(key)) {
                tunnel::lose(key, half, missing, cx);
            }
            let state = self.state(lane);
            state.data_left = state.data_left.saturating_sub(len);
            return;
        }
        if is_counted && before.is_empty() && state.skip_left >= len && len > 0 {
            state.skip_left -= len;
            return;
        }
        let gone = before.len() as u64 + len;
        let header = FrameHeader::read(before)
            .filter(|header| is_counted && header.kind != DATA_FRAME && header.len() as u64 + header.length >= gone);
        let is_of_frames = matches!(kind, lane::LaneKind::Control | lane::LaneKind::Messages(_));
        match header.filter(|_| is_of_frames) {
            Some(header) => {
                self.state(lane).skip_left = header.len() as u64 + header.length - gone;
                self.lose_frame(key, header.kind, lane.side);
            }
            None => {
                self.state(lane).is_lost = true;
                self.lose_frame(key, HEADERS_FRAME, lane.side);
                if let Some(key) = key.filter(|&key| self.streams.is_tunnel(key)) {
                    tunnel::lose(key, half, Missing::Unknown, cx);
                }
            }
        }
        if kind == lane::LaneKind::Encoder || kind == lane::LaneKind::Untyped {
            self.decoder(lane.side).lose();
            self.resume(lane.side, cx);
        }
    }
}
