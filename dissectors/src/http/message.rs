//! Message in transit: the progress of its body, and its buffered bytes.

use super::chunked::{ChunkedDecoder, ChunkedStep};
use super::framing::BodyLength;
use super::lenient::trick::{self, Tricks};
use super::lenient::{PreviousResponse, size_line};
use super::pairing::{Link, Role};
use super::probe;
use super::quirk::{self, Quirks};
use super::web_call::WebCall;
use crate::body_limit::{BodyDetail, append_within};
use crate::content;
use crate::exchange::Exchange;
use crate::session::{Probe, Stamp};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Maximum length of a response that is kept for bytes after it, in bytes.
const MAX_PREVIOUS: usize = 65_536;

/// Message with a parsed head.
#[derive(Clone, Debug)]
pub(super) struct HttpMessage {
    /// Role of the message in its exchange.
    pub link: Link,
    /// Length of the head, in bytes.
    pub head_len: usize,
    /// State of the body.
    pub body: BodyState,
    /// Frame and time of the first byte.
    pub first: Stamp,
    /// Frame and time of the last byte so far.
    pub last: Stamp,
    /// Number of captured bytes so far, including the head but no gaps.
    pub captured_len: u64,
    /// Number of body bytes that were not captured.
    pub missing: u64,
    /// Quirks of the message.
    pub quirks: Quirks,
    /// Tricks of the framing.
    pub tricks: Tricks,
    /// Framing of a chunked body if it turns out not to be chunked.
    pub unchunked: Option<BodyLength>,
    /// First bytes of the message, up to the first gap, if bytes are buffered.
    pub buffer: Vec<u8>,
    /// Amount that is kept of the body; none if not even the head is kept.
    pub keep: Option<BodyDetail>,
    body_dropped: bool,
    /// What is kept of a response of gRPC-Web, whatever is recorded.
    web_call: Option<Box<WebCall>>,
}

/// Outstanding part of a body.
#[derive(Clone, Debug)]
pub(super) enum BodyState {
    /// This number of bytes.
    Length(u64),
    /// Chunked body.
    Chunked(ChunkedDecoder),
    /// All bytes up to the end of the stream.
    UntilEnd,
}

/// Completeness of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyProgress {
    /// The body is complete.
    Done,
    /// More bytes are needed.
    NeedsMore,
    /// The framing is malformed; the end of the body is unknown.
    Malformed,
}

/// Position of the end of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GapPosition {
    /// Within the body.
    Within,
    /// At the end of the body.
    AtEnd,
    /// Beyond the body or within its framing; this number of bytes belongs to the body.
    Beyond(u64),
}

impl HttpMessage {
    /// Creates a message without body bytes.
    #[inline]
    pub(super) fn new(
        link: Link,
        head_len: usize,
        (body, unchunked): (BodyState, Option<BodyLength>),
        [first, last]: [Stamp; 2],
        quirks: Quirks,
    ) -> HttpMessage {
        HttpMessage {
            link,
            head_len,
            body,
            first,
            last,
            captured_len: 0,
            missing: 0,
            quirks,
            tricks: 0,
            unchunked,
            buffer: Vec::new(),
            keep: None,
            body_dropped: false,
            web_call: None,
        }
    }

    /// Consumes the next bytes of the body. Returns the number of bytes that belong to it.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, BodyProgress) {
        if self.quirks & quirk::NO_REQUEST != 0 && self.captured_len <= self.head_len as u64 && self.missing == 0 {
            // Instead of a body, the next response follows: the request was HEAD (RFC 9110 9.3.2).
            match probe::starts_status_line(bytes) {
                Probe::Perhaps if !bytes.is_empty() => return (0, BodyProgress::NeedsMore),
                Probe::Yes => self.body = BodyState::Length(0),
                _ => {}
            }
        }
        let (used, progress) = self.body.advance(bytes);
        if progress == BodyProgress::Malformed && self.drop_chunks() {
            self.body.advance(bytes)
        } else {
            (used, progress)
        }
    }

    /// Ends an incomplete body. `rest` are its last bytes: without any chunk before, they may be the body as sent.
    pub(super) fn end_body(&mut self, rest: &[u8]) {
        if self.missing == 0 && self.quirks & quirk::GAP == 0 && !size_line::may_begin(rest) {
            self.drop_chunks();
        }
    }

    /// Frames the body without chunks, if it should be chunked and does not begin with one.
    fn drop_chunks(&mut self) -> bool {
        let BodyState::Chunked(chunks) = &self.body else { return false };
        let Some(length) = self.unchunked.filter(|_| !chunks.is_begun()) else { return false };
        self.quirks |= chunks.quirks;
        self.tricks |= trick::NOT_CHUNKED;
        self.body = BodyState::new(length);
        true
    }

    /// Keeps this amount of a body, or what its Content-Type needs, and the content of a response that states the status of a
    /// call.
    pub(super) fn keep_body(&mut self, keep: Option<BodyDetail>, content_type: &[u8]) {
        self.keep = keep.map(|keep| content::kept_amount(keep, content_type));
        if self.link.role == Role::Response {
            self.web_call = WebCall::begin(content_type);
        }
    }

    /// Gives the exchange the status of the call that the content states.
    pub(super) fn conclude(&self, exchange: &mut Exchange) {
        if let Some(call) = self.web_call.as_ref().filter(|_| self.missing == 0) {
            call.conclude(self, exchange);
        }
    }

    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity() + self.web_call.as_ref().map_or(0, |call| call.buffered())
    }

    /// Counts the next bytes of the message, and buffers the head and what is kept of the body.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.add(bytes, self.keep);
    }

    /// Counts the last bytes of the message, and buffers them unless all of it is in the present frame. Returns whether it is.
    pub(super) fn append_last(&mut self, bytes: &[u8]) -> bool {
        let is_here = self.captured_len == 0;
        self.add(bytes, self.keep.filter(|_| !is_here));
        is_here
    }

    fn add(&mut self, bytes: &[u8], keep: Option<BodyDetail>) {
        self.captured_len += bytes.len() as u64;
        if let Some(call) = &mut self.web_call {
            call.append(bytes);
        }
        if let Some(keep) = keep.filter(|_| self.missing == 0 && !self.body_dropped) {
            append_within(&mut self.buffer, bytes, self.head_len.saturating_add(keep.bytes()));
        }
    }

    /// Returns the response as the one before further bytes, if a client may read these as its content: it was the last of
    /// its connection, or may have no body. `bytes` are its buffered bytes.
    pub(super) fn as_previous(&self, bytes: &[u8]) -> Option<Box<PreviousResponse>> {
        let is_complete = self.quirks & (quirk::TRUNCATED | quirk::GAP) == 0 && bytes.len() as u64 == self.captured_len;
        let (head, body) = bytes.split_at_checked(self.head_len).filter(|_| is_complete && !self.is_headless())?;
        // Connection: close, or the name of a coding, in any case.
        let mark = if body.is_empty() { &b"oding"[..] } else { b"lose" };
        let is_wanted = memchr::memmem::find(head, mark).is_some() && matches!(self.body, BodyState::Length(_));
        let has_room = bytes.len() <= MAX_PREVIOUS;
        (is_wanted && has_room).then(|| Box::new(PreviousResponse { head: head.to_vec(), body: body.to_vec() }))
    }

    /// Returns the time of completion: that of the last byte, or `now` if the end of the stream or a gap ended it.
    pub(super) fn completed_at(&self, now: Stamp) -> i64 {
        if self.body.is_until_end() || self.quirks & quirk::TRUNCATED != 0 { now.time } else { self.last.time }
    }

    /// Drops the buffered body to save memory; the head stays.
    pub(super) fn drop_body(&mut self) {
        self.body_dropped = true;
        self.web_call = None;
        self.buffer.truncate(self.head_len);
        self.buffer.shrink_to_fit();
    }

    /// Whether the buffered body was dropped.
    pub(super) fn is_body_dropped(&self) -> bool {
        self.body_dropped
    }

    /// Counts body bytes that were not captured.
    pub(super) fn count_missing(&mut self, len: u64) {
        self.missing = self.missing.saturating_add(len);
    }

    /// Whether it is the response to a request of HTTP/0.9, which is a body alone (RFC 1945 5).
    pub(super) fn is_headless(&self) -> bool {
        self.head_len == 0
    }

    /// Returns the number of captured body bytes, without chunk framing.
    pub(super) fn body_len(&self) -> u64 {
        match &self.body {
            BodyState::Chunked(chunks) => chunks.data,
            _ => self.captured_len.saturating_sub(self.head_len as u64),
        }
    }
}

impl BodyState {
    /// Creates the state of a body without any bytes.
    pub(super) fn new(length: BodyLength) -> BodyState {
        match length {
            BodyLength::Known(length) => BodyState::Length(length),
            BodyLength::Chunked => BodyState::Chunked(ChunkedDecoder::default()),
            BodyLength::UntilEnd => BodyState::UntilEnd,
        }
    }

    /// Consumes the next bytes. Returns the number of bytes that belong to the body.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, BodyProgress) {
        match self {
            BodyState::Length(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= len as u64;
                (len, if *left == 0 { BodyProgress::Done } else { BodyProgress::NeedsMore })
            }
            BodyState::UntilEnd => (bytes.len(), BodyProgress::NeedsMore),
            BodyState::Chunked(chunks) => {
                let mut at = 0;
                loop {
                    match chunks.step(bytes.get(at..).unwrap_or_default()) {
                        ChunkedStep::Size(len, _)
                        | ChunkedStep::Data(len)
                        | ChunkedStep::DataEnd(len)
                        | ChunkedStep::Trailer(len) => at += len,
                        ChunkedStep::End(len) => return (at + len, BodyProgress::Done),
                        ChunkedStep::NeedsMore => return (at, BodyProgress::NeedsMore),
                        ChunkedStep::Malformed => return (at, BodyProgress::Malformed),
                    }
                }
            }
        }
    }

    /// Skips `len` bytes that were not captured. `seamless` means that the gap follows the consumed bytes directly.
    pub(super) fn skip_gap(&mut self, len: u64, seamless: bool) -> GapPosition {
        match self {
            BodyState::Length(left) if *left > len => {
                *left -= len;
                GapPosition::Within
            }
            BodyState::Length(left) if *left == len => GapPosition::AtEnd,
            BodyState::Length(left) => GapPosition::Beyond(*left),
            BodyState::UntilEnd => GapPosition::Within,
            BodyState::Chunked(chunks) if seamless && chunks.data_left() >= len => {
                chunks.skip(len);
                GapPosition::Within
            }
            BodyState::Chunked(chunks) => GapPosition::Beyond(chunks.data_left()),
        }
    }

    /// Whether the message has no body.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, BodyState::Length(0))
    }

    /// Whether the body ends with its next `len` bytes, or before.
    pub(super) fn is_complete_with(&self, len: usize) -> bool {
        matches!(self, BodyState::Length(left) if *left <= len as u64)
    }

    /// Whether the body is chunked.
    pub(super) fn is_chunked(&self) -> bool {
        matches!(self, BodyState::Chunked(_))
    }

    /// Whether the body ends with the stream.
    pub(super) fn is_until_end(&self) -> bool {
        matches!(self, BodyState::UntilEnd)
    }

    /// Returns the quirks of the body so far.
    pub(super) fn quirks(&self) -> Quirks {
        if let BodyState::Chunked(chunks) = self { chunks.quirks } else { 0 }
    }

    /// Returns the decoder of a chunked body.
    pub(super) fn chunks(&self) -> Option<&ChunkedDecoder> {
        if let BodyState::Chunked(chunks) = self { Some(chunks) } else { None }
    }

    /// Returns the tricks of the body so far.
    pub(super) fn tricks(&self) -> Tricks {
        if let BodyState::Chunked(chunks) = self { chunks.tricks } else { 0 }
    }
}
