//! Pairing: each response answers the oldest request without one (RFC 9112 9.3.2).

use super::framing::FramingHeaders;
use super::message::HttpMessage;
use super::quirk::{self, Quirks};
use crate::exchange::{Exchange, Transfer};
use crate::session::{Context, Event, MessageEnd, Side, Stamp, Transition};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use compact_str::CompactString;
use core::fmt::Write;

/// As many requests may await their response; beyond it the oldest is reported without.
const MAX_OPEN: usize = 256;
/// As many bytes of text may be remembered for them.
const MAX_OPEN_TEXT: usize = 128 << 10;
/// As much is remembered of a target, a Host or a media type.
const MAX_TEXT: usize = 16_384;

/// What a message is to its exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Whether it asks, answers, or answers for now (1xx).
    pub role: Role,
    /// The exchange's number; none for an interim response nobody asked for.
    pub nth: Option<u32>,
    /// Who reads on after it.
    pub transition: Transition,
}

/// What a message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It asks.
    Request,
    /// It answers for now, and another response follows.
    Interim,
    /// It answers.
    Response,
}

/// An exchange that is not complete.
#[derive(Debug)]
pub(super) struct OpenExchange {
    /// What is known of it.
    pub exchange: Box<Exchange>,
    /// Where the request was told.
    pub requested: Option<Stamp>,
    upgrade: CompactString,
    state: ResponseState,
    // All of the request has come, or will never come.
    request_done: bool,
    // Its response may lie in bytes that were not captured.
    doubtful: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResponseState {
    Awaited,
    Started,
    Done,
}

impl OpenExchange {
    fn new(exchange: Exchange) -> OpenExchange {
        OpenExchange {
            exchange: Box::new(exchange),
            requested: None,
            upgrade: CompactString::default(),
            state: ResponseState::Awaited,
            request_done: false,
            doubtful: false,
        }
    }

    fn text(&self) -> usize {
        self.exchange.target.len() + self.exchange.authority.len() + self.exchange.method.len() + self.upgrade.len()
    }

    fn is_connect(&self) -> bool {
        self.exchange.method == "CONNECT"
    }
}

/// The exchanges of a conversation that are not complete.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    open: VecDeque<OpenExchange>,
    count: u32,
    text: usize,
    /// Where the last response stood whose request was not known.
    orphan: Option<Stamp>,
}

impl Pairing {
    /// Bytes it keeps.
    pub(super) fn buffered(&self) -> usize {
        self.text + self.open.capacity() * size_of::<OpenExchange>() + self.open.len() * size_of::<Exchange>()
    }

    /// Learns of a request.
    pub(super) fn request(
        &mut self,
        side: Side,
        method: &[u8],
        target: &[u8],
        headers: &FramingHeaders<'_>,
        cx: &mut Context<'_>,
    ) -> (Link, Quirks) {
        self.drop_doubtful(side, cx);
        let nth = self.next_number();
        let host = if headers.host.is_empty() { authority(method, target) } else { headers.host };
        let mut pending = OpenExchange::new(Exchange {
            protocol: "http",
            stream: cx.stream,
            nth,
            requester: Some(side),
            method: text(method),
            authority: text(host),
            target: text(target),
            ..Exchange::default()
        });
        if !headers.upgrade.is_empty() {
            pending.upgrade = text(headers.upgrade);
        }
        self.text += pending.text();
        if self.open.capacity() == 0 {
            // Most clients ask one thing at a time, and there may be many of them.
            self.open.reserve_exact(1);
        }
        self.open.push_back(pending);
        let mut quirks = 0;
        while self.open.len() > MAX_OPEN || self.text > MAX_OPEN_TEXT && self.open.len() > 1 {
            self.report(0, cx);
            quirks |= quirk::OPEN_LIMIT;
        }
        (Link { role: Role::Request, nth: Some(nth), transition: Transition::Stay }, quirks)
    }

    /// Learns of a response.
    pub(super) fn response(
        &mut self,
        side: Side,
        code: Option<u16>,
        headers: &FramingHeaders<'_>,
        cx: &mut Context<'_>,
    ) -> (Link, Quirks) {
        let asked_by = Some(side.other());
        let found = self
            .open
            .iter_mut()
            .find(|pending| pending.state == ResponseState::Awaited && pending.exchange.requester == asked_by);
        // RFC 9110 15.2: interim responses, of which 101 is the last in this protocol.
        if matches!(code, Some(100 | 102..=199)) {
            let nth = found.map(|pending| pending.exchange.nth);
            let quirks = if nth.is_none() { quirk::NO_REQUEST } else { 0 };
            return (Link { role: Role::Interim, nth, transition: Transition::Stay }, quirks);
        }
        let (pending, quirks) = match found {
            Some(pending) => (pending, 0),
            None => {
                let nth = self.next_number();
                let exchange = Exchange { protocol: "http", stream: cx.stream, nth, ..Exchange::default() };
                self.open.push_back(OpenExchange { request_done: true, ..OpenExchange::new(exchange) });
                self.orphan = Some(cx.at);
                match self.open.back_mut() {
                    Some(pending) => (pending, quirk::NO_REQUEST),
                    None => return (Link { role: Role::Interim, nth: None, transition: Transition::Stay }, 0),
                }
            }
        };
        pending.state = ResponseState::Started;
        pending.exchange.code = code;
        pending.exchange.content_type = text(headers.content_type);
        let then = match code {
            Some(101) if headers.upgrade.is_empty() => upgrade_transition(pending.upgrade.as_bytes()),
            Some(101) => upgrade_transition(headers.upgrade),
            Some(200..=299) if pending.is_connect() => Transition::Detect,
            _ => Transition::Stay,
        };
        (Link { role: Role::Response, nth: Some(pending.exchange.nth), transition: then }, quirks)
    }

    /// The method of the request that a response answers.
    pub(super) fn method(&self, link: &Link) -> Option<&str> {
        self.find(link.nth?).map(|pending| pending.exchange.method.as_str())
    }

    /// The exchange of this number, if it is not complete.
    pub(super) fn find(&self, nth: u32) -> Option<&OpenExchange> {
        self.open.get(self.place(nth)?)
    }

    /// Learns that a message is complete, or as complete as it will be.
    pub(super) fn complete(&mut self, side: Side, message: &HttpMessage, cx: &mut Context<'_>) {
        let Link { role, nth, .. } = message.link;
        let broken = quirk::TRUNCATED | quirk::GAP | quirk::BAD_CHUNK;
        let transfer = Transfer {
            first: message.first,
            last: message.last,
            completed_in: cx.at.frame,
            body: message.body_len(),
            complete: message.quirks & broken == 0,
        };
        let (asks, answers) = (nth.filter(|_| role == Role::Request), nth.filter(|_| role == Role::Response));
        let len = message.captured_len.saturating_add(message.missing);
        cx.events.push(Event::Message(MessageEnd {
            side,
            first: message.first,
            len,
            request: asks,
            response: answers,
        }));
        let Some(pending) = nth.and_then(|nth| self.place(nth)).and_then(|place| self.open.get_mut(place)) else {
            return;
        };
        match role {
            Role::Request => {
                pending.exchange.request = Some(transfer);
                pending.request_done = true;
                pending.requested = Some(Stamp { frame: cx.at.frame, time: message.completed_at(cx.at) });
                // The end of it was lost, which shows only now; what came meanwhile as an answer to nothing answered it.
                if !transfer.complete && self.orphan.is_some_and(|orphan| orphan.frame > message.first.frame) {
                    pending.state = ResponseState::Done;
                }
            }
            Role::Response => {
                pending.exchange.response = Some(transfer);
                pending.state = ResponseState::Done;
            }
            Role::Interim => {}
        }
    }

    /// Reports the exchange of a message that is complete, if the other half is too; says who reads on.
    pub(super) fn settle(&mut self, link: Link, cx: &mut Context<'_>) -> Transition {
        if let Some(place) = link.nth.and_then(|nth| self.place(nth))
            && self.open.get(place).is_some_and(|pending| pending.request_done && pending.state == ResponseState::Done)
        {
            self.report(place, cx);
        }
        if link.transition != Transition::Stay {
            self.flush(cx);
        }
        link.transition
    }

    /// Whether nothing can be said of what follows a request before its response is known: the request of a tunnel
    /// (true) or of an upgrade.
    pub(super) fn awaits_switch(&self, nth: u32) -> Option<bool> {
        let pending = self.find(nth).filter(|pending| pending.state == ResponseState::Awaited)?;
        (pending.is_connect() || !pending.upgrade.is_empty()).then(|| pending.is_connect())
    }

    /// Learns that responses of `side` may lie in bytes that were not captured.
    pub(super) fn mark_doubtful(&mut self, side: Side) {
        for pending in self.open.iter_mut().filter(|pending| pending.exchange.requester == Some(side.other())) {
            pending.doubtful = true;
        }
    }

    /// A client that asks one thing at a time has had its response when it asks the next.
    fn drop_doubtful(&mut self, side: Side, cx: &mut Context<'_>) {
        let is_awaited = |pending: &OpenExchange| {
            pending.state == ResponseState::Awaited && pending.request_done && pending.exchange.requester == Some(side)
        };
        let Some(place) = self.open.iter().position(is_awaited) else {
            return;
        };
        let alone = self.open.iter().filter(|pending| is_awaited(pending)).nth(1).is_none();
        if alone && self.open.get(place).is_some_and(|pending| pending.doubtful) {
            self.report(place, cx);
        }
    }

    /// Learns that `side` sends nothing more, and so no response.
    pub(super) fn side_ended(&mut self, side: Side, cx: &mut Context<'_>) {
        let mut at = 0;
        while let Some(pending) = self.open.get_mut(at) {
            if pending.exchange.requester == Some(side.other()) {
                pending.state = ResponseState::Done;
            }
            if pending.request_done && pending.state == ResponseState::Done {
                self.report(at, cx);
            } else {
                at += 1;
            }
        }
    }

    /// Reports all that is open: nothing more will be learnt.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        while !self.open.is_empty() {
            self.report(0, cx);
        }
    }

    fn report(&mut self, place: usize, cx: &mut Context<'_>) {
        if let Some(pending) = self.open.remove(place) {
            self.text = self.text.saturating_sub(pending.text());
            cx.events.push(Event::Exchange(pending.exchange));
        }
    }

    fn place(&self, nth: u32) -> Option<usize> {
        self.open.binary_search_by_key(&nth, |pending| pending.exchange.nth).ok()
    }

    fn next_number(&mut self) -> u32 {
        let nth = self.count;
        self.count = self.count.saturating_add(1);
        nth
    }
}

/// Who is asked, by the target alone: the target of CONNECT, or the authority of a whole URI.
fn authority<'b>(method: &[u8], target: &'b [u8]) -> &'b [u8] {
    if method == b"CONNECT" {
        return target;
    }
    let Some(at) = memchr::memmem::find(target, b"://") else {
        return b"";
    };
    let rest = target.get(at + 3..).unwrap_or_default();
    rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or_default()
}

/// Who reads what was upgraded to (RFC 9110 7.8).
fn upgrade_transition(value: &[u8]) -> Transition {
    let name = value.split(|byte| matches!(byte, b',' | b'/' | b' ')).next().unwrap_or_default();
    if name.eq_ignore_ascii_case(b"websocket") {
        Transition::Protocol("websocket")
    } else if name.eq_ignore_ascii_case(b"h2c") {
        Transition::Protocol("http2")
    } else {
        Transition::Detect
    }
}

/// Text of a header: UTF-8, and what else there is as `\xe9`.
fn text(bytes: &[u8]) -> CompactString {
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    let mut text = CompactString::default();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
        if text.len() >= MAX_TEXT {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf_8_is_escaped_and_all_else_is_as_it_was() {
        assert_eq!(text(b"/caf\xe9?x=\xc3\xa9"), r"/caf\xe9?x=é");
        assert!(text(&[0xff; 2 * MAX_TEXT]).len() <= 4 * MAX_TEXT);
    }
}
