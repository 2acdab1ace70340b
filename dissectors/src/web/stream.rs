//! Streams (RFC 9113 5, RFC 9114 6.1): each is an exchange, whose halves the two sides send.

use super::header_list::HeaderList;
use super::window::Window;
use crate::body_limit::{BodyDetail, append_within};
use crate::content;
use crate::exchange::{Exchange, Outcome, Transfer, text};
use crate::session::{Half, Stamp};
use crate::tree::Slice;
use alloc::boxed::Box;
use alloc::vec::Vec;
use compact_str::CompactString;
use core::fmt::Write;

/// Frames recorded of one body.
const MAX_FRAGMENTS: usize = 4096;
/// Bytes that they take.
pub(crate) const MAX_FRAGMENT_BYTES: usize = MAX_FRAGMENTS * size_of::<(u32, u32)>();

/// Bytes kept of a method, a scheme, a protocol, or the content codings.
const MAX_TOKEN: usize = 64;

/// A stream that is not complete.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// What is known of the exchange.
    pub(crate) exchange: Box<Exchange>,
    /// The scheme of the request.
    pub(crate) scheme: CompactString,
    /// Request and response.
    pub(crate) halves: [StreamHalf; 2],
    /// Frame with the headers of the request.
    pub(crate) requested: Option<Stamp>,
    /// Frame with the first headers of the response.
    pub(crate) answered: Option<Stamp>,
    /// What the client and the server can send on the stream, if its protocol has flow control of its own.
    pub(crate) windows: Option<Box<[Window; 2]>>,
    /// CONNECT: its data are a tunnel, and no body. The protocol in it, if the request names one (RFC 8441).
    pub(crate) tunnel: Option<CompactString>,
    /// A session reads the content of a half.
    pub(crate) has_session: bool,
    /// A half is not read: its state is dropped at a limit, or its bytes were not decrypted.
    pub(crate) is_unread: bool,
}

/// Bytes of a frame with data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DataPart<'b> {
    pub(crate) bytes: &'b [u8],
    /// Their position in the store of the tree, if they are recorded.
    pub(crate) span: Slice,
    pub(crate) is_recorded: bool,
    /// The half ends with them.
    pub(crate) ends: bool,
    /// Where their first byte arrived.
    pub(crate) first: Stamp,
}

/// One half of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamHalf {
    pub(crate) state: HalfState,
    /// Where the first byte arrived.
    pub(crate) first: Option<Stamp>,
    /// Where the last byte so far arrived.
    pub(crate) last: Stamp,
    /// The header lines for the message.
    pub(crate) head: Vec<u8>,
    /// The trailer lines for the message.
    pub(crate) trailers: Vec<u8>,
    /// Bytes of the body.
    pub(crate) body_len: u64,
    /// Frame with the first bytes of the body.
    pub(crate) first_data: u32,
    /// Bytes of the body that were not captured.
    pub(crate) missing: u64,
    /// First bytes of the body, up to the first gap.
    pub(crate) body: Vec<u8>,
    /// Frames with data, and the number of bytes of each.
    pub(crate) fragments: Vec<(u32, u32)>,
    /// Value of Content-Length.
    pub(crate) content_length: Option<u64>,
    /// Value of Content-Type.
    pub(crate) content_type: CompactString,
    /// Value of Content-Encoding.
    pub(crate) content_encoding: CompactString,
    /// A session reads the content while it arrives.
    pub(crate) is_streamed: bool,
    /// The content states the status of the call, as that of gRPC-Web does.
    pub(crate) has_status_in_content: bool,
    /// Some of the headers are not known.
    pub(crate) has_unknown_headers: bool,
    /// Bytes of it are missing.
    pub(crate) has_gap: bool,
    /// Frames that belong to it may be missing.
    pub(crate) may_have_gap: bool,
    /// Its first frames may be missing.
    pub(crate) may_lack_start: bool,
    /// Bytes of the body were not kept.
    pub(crate) is_cut: bool,
    /// Its body was dropped, as memory was short.
    pub(crate) is_dropped: bool,
    /// It ended before it was complete.
    pub(crate) is_truncated: bool,
    /// Its receiver reset the stream with CANCEL.
    pub(crate) is_canceled: bool,
}

/// Progress of a half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HalfState {
    /// No headers were seen.
    #[default]
    Awaited,
    /// Final headers were seen, or data without headers.
    Begun,
    /// It is complete, or as complete as it will be.
    Done,
}

/// The headers of a message that its exchange has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MessageHead<'l> {
    pub(crate) method: Option<&'l [u8]>,
    pub(crate) path: Option<&'l [u8]>,
    pub(crate) authority: Option<&'l [u8]>,
    pub(crate) scheme: Option<&'l [u8]>,
    pub(crate) protocol: Option<&'l [u8]>,
    pub(crate) status: Option<u16>,
    host: Option<&'l [u8]>,
    content_length: Option<u64>,
    content_type: Option<&'l [u8]>,
    content_encoding: Option<&'l [u8]>,
}

impl<'l> MessageHead<'l> {
    /// Reads the headers of a block.
    pub(crate) fn of(list: &'l HeaderList) -> MessageHead<'l> {
        let mut head = MessageHead::default();
        for (name, value) in list.known() {
            let is_token = matches!(name, b":method" | b":scheme" | b":protocol" | b"content-encoding");
            let slot = match name {
                b":method" => &mut head.method,
                b":path" => &mut head.path,
                b":authority" => &mut head.authority,
                b":scheme" => &mut head.scheme,
                b":protocol" => &mut head.protocol,
                b"host" => &mut head.host,
                b"content-type" => &mut head.content_type,
                b"content-encoding" => &mut head.content_encoding,
                b":status" => {
                    head.status = code(value);
                    continue;
                }
                b"content-length" => {
                    head.content_length = number(value);
                    continue;
                }
                _ => continue,
            };
            let max = if is_token { MAX_TOKEN } else { value.len() };
            slot.get_or_insert(value.get(..max).unwrap_or(value));
        }
        head
    }

    /// Returns the authority of a request (RFC 9113 8.3.1).
    fn authority(&self) -> Option<&'l [u8]> {
        self.authority.or(self.host)
    }
}

/// Returns a copy of a value; an empty text if there is none.
fn owned(value: Option<&[u8]>) -> CompactString {
    value.map(text).unwrap_or_default()
}

impl Stream {
    /// Creates a stream of an exchange.
    pub(crate) fn new(exchange: Box<Exchange>, windows: Option<[Window; 2]>) -> Stream {
        let (scheme, halves, requested, answered) = Default::default();
        Stream {
            exchange,
            scheme,
            halves,
            requested,
            answered,
            windows: windows.map(Box::new),
            tunnel: None,
            has_session: false,
            is_unread: false,
        }
    }

    /// Returns a half.
    pub(crate) fn half(&mut self, half: Half) -> &mut StreamHalf {
        let [request, response] = &mut self.halves;
        if half == Half::Request { request } else { response }
    }

    /// Bytes of text kept besides bodies.
    pub(crate) fn text(&self) -> usize {
        let Exchange { method, target, authority, content_type, .. } = &*self.exchange;
        let halves = self.halves.iter().map(StreamHalf::text).sum::<usize>();
        let tunnel = self.tunnel.as_ref().map_or(0, CompactString::len);
        method.len() + target.len() + authority.len() + content_type.len() + self.scheme.len() + tunnel + halves
    }

    /// Bytes of header and trailer lines kept.
    pub(crate) fn lines(&self) -> usize {
        self.halves.iter().map(|half| half.head.len() + half.trailers.len()).sum()
    }

    /// Drops the header and trailer lines: they are not known. Returns the number of their bytes.
    pub(crate) fn drop_lines(&mut self) -> usize {
        let dropped = self.lines();
        for half in self.halves.iter_mut().filter(|half| !half.head.is_empty() || !half.trailers.is_empty()) {
            (half.head, half.trailers) = (Vec::new(), Vec::new());
            half.has_unknown_headers = true;
        }
        dropped
    }

    /// Bytes of bodies kept.
    pub(crate) fn bodies(&self) -> usize {
        self.halves.iter().map(StreamHalf::kept).sum()
    }

    /// Sets what the headers of a request state.
    pub(crate) fn set_request(&mut self, head: &MessageHead<'_>) {
        self.half(Half::Request).set_content(head);
        // Only an extended CONNECT names a protocol (RFC 8441 4), if the method is not known.
        if head.method == Some(b"CONNECT") || head.protocol.is_some() {
            self.tunnel = Some(owned(head.protocol));
        }
        let exchange = &mut self.exchange;
        exchange.connect_protocol = self.tunnel.clone().unwrap_or_default();
        exchange.method = owned(head.method);
        // RFC 9113 8.5: CONNECT has no path.
        exchange.target = owned(head.path.or_else(|| self.tunnel.as_ref().and(head.authority())));
    }

    /// Sets what the headers of a request state besides, which its exchange, its message and a tunnel have.
    pub(crate) fn set_origin(&mut self, head: &MessageHead<'_>) {
        (self.exchange.authority, self.scheme) = (owned(head.authority()), owned(head.scheme));
    }

    /// Sets what the headers of a response state.
    pub(crate) fn set_response(&mut self, head: &MessageHead<'_>) {
        // Another response to CONNECT has a body.
        self.tunnel = self.tunnel.take().filter(|_| matches!(head.status, None | Some(200..=299)));
        self.half(Half::Response).set_content(head);
        self.exchange.code = head.status;
    }

    /// Sets what the headers of a response state besides, which its exchange and its message have.
    pub(crate) fn set_status(&mut self, head: &MessageHead<'_>) {
        self.exchange.status.clear();
        if let Some(code) = head.status {
            let _ = write!(self.exchange.status, "{code}");
        }
        self.exchange.content_type = self.half(Half::Response).content_type.clone();
    }

    /// Returns the full URI of the request, if it is known.
    pub(crate) fn full_uri(&self) -> Option<CompactString> {
        let Exchange { authority, target, .. } = &*self.exchange;
        if self.scheme.is_empty() || authority.is_empty() || target.is_empty() {
            return None;
        }
        let mut uri = self.scheme.clone();
        uri.push_str("://");
        uri.push_str(authority);
        uri.push_str(target);
        Some(uri)
    }

    /// Notes that the next bytes of a half are not its first, or perhaps not.
    pub(crate) fn note_lost_start(&mut self, half: Half) {
        self.exchange.lacks_response_start |= half == Half::Response && self.half(half).first.is_none();
    }

    /// Whether a half is complete.
    pub(crate) fn is_done(&self, half: Half) -> bool {
        let [request, response] = &self.halves;
        (if half == Half::Request { request } else { response }).state == HalfState::Done
    }

    /// Forgets what can be sent: frames were lost.
    pub(crate) fn lose_windows(&mut self) {
        self.windows.iter_mut().flat_map(|windows| windows.iter_mut()).for_each(Window::lose);
    }

    /// Sets how the halves crossed the wire that have begun and not ended.
    pub(crate) fn end_halves(&mut self, at: Stamp) {
        let [request, response] = &self.halves;
        let Exchange { request: requested, response: answered, .. } = &mut *self.exchange;
        for (half, transfer) in [(request, requested), (response, answered)] {
            if let (Some(first), None) = (half.first, &transfer) {
                let (last, body) = (half.last, half.body_len);
                *transfer = Some(Transfer { first, last, completed_in: at.frame, body, complete: false });
            }
        }
    }

    /// Whether nothing is known of the exchange.
    pub(crate) fn is_blank(&self) -> bool {
        let Exchange { method, request, response, code, .. } = &*self.exchange;
        method.is_empty() && request.is_none() && response.is_none() && code.is_none()
    }

    /// Sets the outcome of the exchange before it is reported (RFC 9110 15).
    pub(crate) fn conclude(&mut self) {
        let is_broken = |half: Option<Transfer>| half.is_some_and(|half| !half.complete);
        let has_response_gap = self.half(Half::Response).has_gap;
        let exchange = &mut self.exchange;
        // What was sent before the reset arrived may have completed the stream (RFC 9113 8.1).
        if [exchange.request, exchange.response].iter().all(|half| half.is_some_and(|half| half.complete)) {
            exchange.end_reason.clear();
        }
        exchange.outcome = match (exchange.code, exchange.response) {
            // Bytes of the response are missing: there is one.
            (None, None) if has_response_gap => Outcome::Unknown,
            (None, None) if !is_broken(exchange.request) => Outcome::Unanswered,
            (_, Some(response)) if !response.complete => Outcome::Aborted,
            (_, None) => Outcome::Aborted,
            // RFC 9113 8.1: a server may respond before it has the whole request.
            (Some(400..=499), _) => Outcome::ClientError,
            (Some(500..), _) => Outcome::ServerError,
            _ if is_broken(exchange.request) && exchange.code.is_none() => Outcome::Aborted,
            _ => Outcome::Success,
        };
        if self.is_unread {
            exchange.set_unknown();
        }
    }
}

impl StreamHalf {
    /// Notes that bytes of the half arrived.
    pub(crate) fn arrive(&mut self, first: Stamp, last: Stamp) {
        self.first.get_or_insert(first);
        self.last = last;
    }

    fn set_content(&mut self, head: &MessageHead<'_>) {
        self.content_length = head.content_length;
        self.content_type = owned(head.content_type);
        self.content_encoding = owned(head.content_encoding);
        self.state = self.state.max(HalfState::Begun);
    }

    /// Returns the amount that is kept of the body, if this is kept of those of most types.
    pub(crate) fn amount(&self, keep: Option<BodyDetail>) -> Option<BodyDetail> {
        keep.map(|keep| content::kept_amount(keep, self.content_type.as_bytes()))
    }

    /// Counts data, and keeps this amount of the body.
    pub(crate) fn append(&mut self, data: &[u8], frame: u32, keep: Option<BodyDetail>) {
        if self.state == HalfState::Done {
            return;
        }
        // Its headers were not captured.
        self.may_have_gap |= self.state == HalfState::Awaited;
        self.state = self.state.max(HalfState::Begun);
        if self.body_len == 0 {
            self.first_data = frame;
        }
        self.body_len += data.len() as u64;
        let Some(keep) = keep else { return };
        if self.has_gap || self.is_cut {
            return;
        }
        if self.fragments.len() < MAX_FRAGMENTS && !data.is_empty() {
            self.fragments.push((frame, data.len() as u32));
        }
        let keep = keep.bytes();
        self.is_cut = data.len() > keep.saturating_sub(self.body.len());
        append_within(&mut self.body, data, keep);
    }

    /// Bytes of text kept besides the body.
    fn text(&self) -> usize {
        self.head.len() + self.trailers.len() + self.content_type.len() + self.content_encoding.len()
    }

    /// Bytes kept of the body, and of the list of its frames.
    pub(crate) fn kept(&self) -> usize {
        self.body.len() + self.fragments.len() * size_of::<(u32, u32)>()
    }

    /// Notes that frames were lost: a half that has begun may lack some, and another one its first.
    pub(crate) fn lose(&mut self) {
        self.may_have_gap |= self.state == HalfState::Begun;
        self.may_lack_start |= self.state == HalfState::Awaited;
    }

    /// Drops the kept body.
    pub(crate) fn drop_body(&mut self) {
        self.is_cut |= !self.body.is_empty();
        self.body = Vec::new();
        self.fragments = Vec::new();
    }

    /// Drops the kept body: memory is short. Returns the number of its bytes.
    pub(crate) fn release_body(&mut self) -> usize {
        let kept = self.kept();
        self.drop_body();
        self.is_dropped |= self.is_cut;
        kept
    }

    /// Whether all of it was seen.
    pub(crate) fn is_complete(&self) -> bool {
        let has_length = self.content_length == Some(self.body_len);
        !self.is_truncated && !self.has_gap && (!self.may_have_gap || has_length)
    }
}

/// Returns the status code of a response.
pub(crate) fn status(list: &HeaderList) -> Option<u16> {
    list.known().filter(|(name, _)| *name == b":status").last().and_then(|(_, value)| code(value))
}

fn code(value: &[u8]) -> Option<u16> {
    number(value).and_then(|code| u16::try_from(code).ok())
}

pub(crate) fn number(value: &[u8]) -> Option<u64> {
    core::str::from_utf8(value).ok()?.parse().ok()
}
