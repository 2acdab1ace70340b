//! Messages: the frames of each are joined, and each is an exchange of one half.

use super::deflate::{InflateError, TAIL};
use super::describe::{Body, FrameView};
use super::frame::{self, CLOSE, CONTINUATION, FrameHeader, RSV1};
use super::side::SideState;
use super::{MAX_FRAGMENTS, WebSocket};
use crate::body_limit::{BodyLimit, append_within};
use crate::exchange::{Exchange, Outcome, Transfer};
use crate::packet::Payload;
use crate::session::{Chunk, Context, Event, Half, MessagePart, Side, Stamp};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use compact_str::{CompactString, ToCompactString};

/// A message that is not complete.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) nth: u32,
    /// The opcode of its first frame; that of a continuation if that was not captured.
    pub(super) opcode: u8,
    pub(super) is_compressed: bool,
    first: Stamp,
    last: Stamp,
    /// Bytes of its payload that were captured.
    pub(super) size: u64,
    /// Its payload without mask, up to a limit.
    pub(super) bytes: Vec<u8>,
    /// The frame and the length of each fragment, up to a limit.
    pub(super) fragments: Vec<(u32, u32)>,
    /// Number of all fragments.
    pub(super) fragment_count: u32,
    /// Bytes of it were not captured.
    pub(super) has_gap: bool,
    /// Its kept bytes end at a gap: those after it do not continue them.
    ends_at_gap: bool,
    /// Bytes of it were dropped at a limit.
    pub(super) is_cut: bool,
    /// It has no end.
    pub(super) is_truncated: bool,
    /// Some of its frames are compressed, and others are not.
    pub(super) is_mixed: bool,
}

impl Message {
    fn new(nth: u32, header: &FrameHeader, first: Stamp) -> Message {
        Message {
            nth,
            opcode: header.opcode,
            is_compressed: false,
            first,
            last: first,
            size: 0,
            bytes: Vec::new(),
            fragments: Vec::new(),
            fragment_count: 0,
            has_gap: false,
            ends_at_gap: false,
            is_cut: false,
            is_truncated: false,
            is_mixed: false,
        }
    }

    pub(super) fn buffered(&self) -> usize {
        self.bytes.capacity() + self.fragments.capacity() * size_of::<(u32, u32)>()
    }

    /// Whether all of it was captured.
    pub(super) fn is_complete(&self) -> bool {
        !self.has_gap && !self.is_truncated
    }

    /// Whether its bytes are all of its payload.
    pub(super) fn is_whole(&self) -> bool {
        self.is_complete() && !self.is_cut
    }

    /// Drops its buffered bytes.
    pub(super) fn drop_bytes(&mut self) {
        self.is_cut |= self.size > 0;
        (self.bytes, self.fragments) = (Vec::new(), Vec::new());
    }

    /// Counts bytes that were captured.
    pub(super) fn count(&mut self, captured: u64, last: Stamp) {
        self.size = self.size.saturating_add(captured);
        self.last = last;
    }

    /// Adds a fragment, or the part of one that was captured.
    pub(super) fn add_fragment(&mut self, captured: u64, last: Stamp, cx: &Context<'_>) {
        self.count(captured, last);
        if self.fragments.len() < MAX_FRAGMENTS {
            self.fragments.push((cx.at.frame, u32::try_from(captured).unwrap_or(u32::MAX)));
        }
        self.fragment_count = self.fragment_count.saturating_add(1);
    }

    /// Counts more bytes of the last fragment.
    pub(super) fn extend_fragment(&mut self, captured: u64, last: Stamp) {
        self.count(captured, last);
        if let Some((_, len)) = self.fragments.last_mut().filter(|_| self.fragment_count as usize <= MAX_FRAGMENTS) {
            *len = len.saturating_add(u32::try_from(captured).unwrap_or(u32::MAX));
        }
    }

    /// Notes that bytes after those so far were not captured.
    pub(super) fn lose(&mut self) {
        (self.has_gap, self.ends_at_gap) = (true, true);
    }

    /// Continues with a frame that is compressed by itself, or is not: the output of all of them is one, if they are compressed.
    pub(super) fn continue_by_frame(&mut self, is_compressed: bool, limit: BodyLimit) {
        self.is_mixed |= is_compressed != self.is_compressed;
        if is_compressed {
            self.append(&TAIL, limit);
        }
    }

    /// Appends a payload without its mask, up to a limit of the message, unless bytes before it are missing.
    pub(super) fn append(&mut self, payload: &[u8], limit: BodyLimit) {
        if self.is_cut || self.ends_at_gap {
            return;
        }
        self.is_cut = payload.len() > limit.bytes().saturating_sub(self.bytes.len());
        append_within(&mut self.bytes, payload, limit.bytes());
    }
}

/// Code and reason of a Close frame, if it has them.
pub(super) fn close_status(payload: &[u8]) -> Option<(u16, &[u8])> {
    payload.split_first_chunk().map(|(code, reason)| (u16::from_be_bytes(*code), reason))
}

/// What the status code of a Close states about its cause (RFC 6455 7.4.1).
fn close_outcome(code: u16) -> Outcome {
    match code {
        1002 | 1003 | 1007..=1010 => Outcome::ClientError,
        1011..=1014 => Outcome::ServerError,
        _ => Outcome::Success,
    }
}

impl WebSocket {
    /// Whether a frame is recorded in the tree.
    pub(super) fn records(&self, cx: &Context<'_>) -> bool {
        (self.has_fields || self.reads_content) && !cx.tree.skips_rest()
    }

    /// Reads a frame that is complete. Returns the number of its message.
    pub(super) fn whole_frame(
        &mut self,
        side: Side,
        header: FrameHeader,
        chunk: Chunk<'_>,
        (first, last): (Stamp, Stamp),
        cx: &mut Context<'_>,
    ) -> u32 {
        let violation = self.violation(side, &header);
        if !header.is_control() && header.opcode != CONTINUATION {
            self.abandon_message(side, cx);
        }
        let is_recorded = self.records(cx);
        let node = cx.tree.nodes().len();
        let view = FrameView::new(header, violation, chunk, is_recorded, self, cx);
        let mut message = self.message_of(side, &header, first);
        let is_alone = header.ends_message() && header.opcode != CONTINUATION;
        let needs_payload =
            header.opcode == CLOSE || self.reads_payload && (is_recorded || message.is_compressed || !is_alone);
        let masked = chunk.bytes.get(header.len..).unwrap_or_default();
        let payload = match header.key {
            Some(_) if needs_payload => {
                let mut plain = Vec::with_capacity(masked.len());
                frame::unmask(masked, header.key, 0, &mut plain);
                Cow::Owned(plain)
            }
            Some(_) => Cow::Borrowed(&[][..]),
            None => Cow::Borrowed(masked),
        };
        message.add_fragment(masked.len() as u64, last, cx);
        self.begin_payload(&header, &mut message);
        if !is_alone && self.reads_payload {
            message.append(&payload, self.limit);
        }
        let nth = message.nth;
        let located = view.locate(&payload, cx.tree);
        if header.ends_message() {
            let own = is_alone.then_some(located);
            self.finish(side, *message, own, view, node, cx);
        } else {
            view.fragment(located, cx.tree);
            view.close(cx.tree);
            note_part(nth, node, cx);
            self.side(side).message = Some(message);
        }
        nth
    }

    /// Prepares a message for the payload of a frame.
    pub(super) fn begin_payload(&self, header: &FrameHeader, message: &mut Message) {
        if header.opcode == CONTINUATION && self.handshake.extension.is_by_frame() {
            message.continue_by_frame(header.rsv & RSV1 != 0, self.limit);
        }
    }

    /// What a frame violates, after those before it.
    pub(super) fn violation(&mut self, side: Side, header: &FrameHeader) -> Option<&'static str> {
        let forbids_bits = self.handshake.extension.forbids_reserved_bits(header);
        let SideState { message, may_be_inside, .. } = self.side(side);
        match (header.violation(), message) {
            (Some(violation), _) => Some(violation),
            (None, _) if forbids_bits => Some("reserved bits that were not negotiated"),
            (None, _) if header.is_control() => None,
            (None, None) if header.opcode == CONTINUATION && !*may_be_inside => Some("continuation of no message"),
            (None, Some(message)) if header.opcode != CONTINUATION && !message.has_gap => {
                Some("message before the end of another")
            }
            (None, _) => None,
        }
    }

    /// The message that a frame of a side belongs to.
    pub(super) fn message_of(&mut self, side: Side, header: &FrameHeader, first: Stamp) -> Box<Message> {
        let is_continuation = header.opcode == CONTINUATION;
        if let Some(open) = self.side(side).message.take_if(|_| is_continuation) {
            return open;
        }
        let may_be_compressed = self.handshake.extension.is_deflate() != Some(false) && !header.is_control();
        let mut message = Box::new(Message::new(self.next_number(), header, first));
        message.is_compressed = may_be_compressed && header.rsv & RSV1 != 0;
        message.has_gap = is_continuation && self.side(side).may_be_inside;
        self.side(side).may_be_inside &= header.is_control();
        message
    }

    /// Ends the message that a side has begun: no more of it will come.
    pub(super) fn abandon_message(&mut self, side: Side, cx: &mut Context<'_>) {
        if let Some(mut message) = self.side(side).message.take() {
            message.is_truncated = true;
            self.finish_unread(side, *message, cx);
        }
    }

    /// Ends a message in a frame that does not end it.
    pub(super) fn finish_unread(&mut self, side: Side, message: Message, cx: &mut Context<'_>) {
        let node = cx.tree.nodes().len();
        let view = FrameView::empty(self.records(cx), self, cx);
        self.finish(side, message, None, view, node, cx);
    }

    /// Ends a message: it is complete, or as complete as it will be. `own` is its payload, if it is one frame.
    pub(super) fn finish(
        &mut self,
        side: Side,
        mut message: Message,
        own: Option<Payload<'_>>,
        view: FrameView,
        node: usize,
        cx: &mut Context<'_>,
    ) {
        let is_client = self.is_client(side, view.header.is_some_and(|header| header.key.is_some()));
        let joined = core::mem::take(&mut message.bytes);
        let payload = own.map_or(joined.as_slice(), |own| own.bytes);
        let inflated = self.inflate(side, is_client, &message, payload, cx);
        self.report(side, &message, payload, cx);
        if view.is_recorded {
            let body = match (&inflated, own) {
                (Some(Ok(bytes)), _) => view.decompressed(bytes, cx.tree),
                (_, Some(own)) => own,
                (_, None) => view.joined(&joined, cx.tree),
            };
            let error = inflated.as_ref().and_then(|inflated| inflated.as_ref().err().copied());
            let body = Body { payload: body, error, is_client };
            view.message(&message, &body, &self.handshake, cx);
            view.close(cx.tree);
            if self.reads_content {
                body.read(&message, &self.handshake, cx);
            }
        }
        note_part(message.nth, node, cx);
    }

    /// Decompresses a message; `None` if it is not compressed.
    fn inflate(
        &mut self,
        side: Side,
        is_client: bool,
        message: &Message,
        payload: &[u8],
        cx: &mut Context<'_>,
    ) -> Option<Result<Vec<u8>, InflateError>> {
        let is_compressed = (message.is_compressed || message.is_mixed) && self.reads_payload;
        let parameters = self.handshake.extension.parameters(is_client).filter(|_| is_compressed)?;
        let limit = self.limit.content();
        let window = &mut self.side(side).window;
        if !message.is_whole() {
            window.lose();
            return Some(Err(if message.is_cut { InflateError::TooLarge } else { InflateError::UnknownWindow }));
        }
        if message.is_mixed {
            window.lose();
            return Some(Err(InflateError::Malformed));
        }
        if cx.tree.decoding.is_exhausted() {
            window.lose();
            return Some(Err(InflateError::TooLarge));
        }
        let mut decoded = 0;
        let inflated = window.inflate(payload, parameters, limit, &mut decoded);
        cx.tree.decoding.add(payload.len(), decoded);
        Some(inflated)
    }

    /// Reports the exchange of a message.
    fn report(&mut self, side: Side, message: &Message, payload: &[u8], cx: &mut Context<'_>) {
        let close = close_status(payload).filter(|_| message.opcode == CLOSE);
        let outcome = match close {
            _ if !message.is_complete() => Outcome::Aborted,
            Some((code, _)) => close_outcome(code),
            None => Outcome::Success,
        };
        let transfer = Transfer {
            first: message.first,
            last: message.last,
            completed_in: cx.at.frame,
            body: message.size,
            complete: message.is_complete(),
        };
        cx.events.push(Event::Exchange(Box::new(Exchange {
            id: cx.exchange(message.nth),
            protocol: "websocket",
            requester: Some(side),
            method: CompactString::const_new(frame::kind_name(message.opcode)),
            authority: self.handshake.authority.clone(),
            target: self.handshake.target.clone(),
            status: close.map(|(code, _)| code.to_compact_string()).unwrap_or_default(),
            outcome,
            request: Some(transfer),
            is_one_way: true,
            ..Exchange::default()
        })));
    }
}

/// Notes that nodes recorded from an index on are of a message.
pub(super) fn note_part(nth: u32, from: usize, cx: &mut Context<'_>) {
    let nodes = from..cx.tree.nodes().len();
    cx.events.push(Event::Part(MessagePart { nth, half: Half::Request, nodes }));
}
