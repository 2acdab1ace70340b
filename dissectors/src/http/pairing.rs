//! Pairing: each response answers the oldest request without one (RFC 9112 9.3.2).

use super::fields::RESPONSE_IN;
use super::framing::FramingHeaders;
use super::message::HttpMessage;
use super::quirk::{self, Quirks};
use crate::exchange::{Exchange, Outcome, Transfer};
use crate::session::{
    About, Context, Event, Half, Handover, Lane, MessageEnd, Pdu, Side, Stamp, Successor, Transition,
};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use compact_str::CompactString;
use core::fmt::Write;

/// Requests that may await their response; beyond it the oldest is reported without.
const MAX_OPEN: usize = 256;
/// Bytes of text kept for them.
const MAX_OPEN_TEXT: usize = 128 << 10;
/// Bytes kept of a target, a Host or a media type.
const MAX_TEXT: usize = 16_384;

/// A message's relation to its exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Its role.
    pub role: Role,
    /// The exchange's number; none for an interim response without a request.
    pub nth: Option<u32>,
    /// Whether it ends HTTP/1 on this connection.
    pub switch: Option<Switch>,
}

/// The role of a message in its exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A request.
    Request,
    /// An interim response: another one follows.
    Interim,
    /// The final response.
    Response,
}

/// How a response ends HTTP/1 on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    /// CONNECT succeeded: a tunnel begins (RFC 9110 9.3.6).
    Tunnel,
    /// The protocol was upgraded (RFC 9110 7.8).
    Upgrade,
}

/// An exchange that is not complete.
#[derive(Clone, Debug)]
pub(super) struct OpenExchange {
    /// What is known of it.
    pub exchange: Box<Exchange>,
    /// Target and authority as sent, if they are not both UTF-8.
    raw: Option<Box<[Vec<u8>; 2]>>,
    /// Where the request was complete.
    pub requested: Option<Stamp>,
    /// The value of the Upgrade header: of the response, or else of the request.
    upgrade: CompactString,
    state: ResponseState,
    // The whole request has come, or will never come.
    request_done: bool,
    // Its response may be among bytes that were not captured.
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
            raw: None,
            requested: None,
            upgrade: CompactString::default(),
            state: ResponseState::Awaited,
            request_done: false,
            doubtful: false,
        }
    }

    fn text(&self) -> usize {
        let raw: usize = self.raw.iter().flat_map(|raw| raw.iter()).map(Vec::len).sum();
        let Exchange { target, authority, method, .. } = &*self.exchange;
        target.len() + authority.len() + method.len() + self.upgrade.len() + raw
    }

    /// Returns target and authority as sent, up to a limit.
    pub(super) fn target_and_authority(&self) -> [&[u8]; 2] {
        match &self.raw {
            Some(raw) => raw.each_ref().map(Vec::as_slice),
            None => [self.exchange.target.as_bytes(), self.exchange.authority.as_bytes()],
        }
    }

    fn is_connect(&self) -> bool {
        self.exchange.method == "CONNECT"
    }
}

/// The exchanges of a conversation that are not complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairing {
    open: VecDeque<OpenExchange>,
    count: u32,
    text: usize,
    /// Where the last response without a known request was seen.
    orphan: Option<Stamp>,
}

impl Pairing {
    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.text + self.open.capacity() * size_of::<OpenExchange>() + self.open.len() * size_of::<Exchange>()
    }

    /// Opens an exchange with a request.
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
        let authority = if headers.host.is_empty() { authority_of(method, target) } else { headers.host };
        let mut open = OpenExchange::new(Exchange {
            id: cx.exchange(nth),
            protocol: "http",
            requester: Some(side),
            method: text(method),
            authority: text(authority),
            target: text(target),
            ..Exchange::default()
        });
        let sent = [target, authority].map(|text| text.get(..MAX_TEXT).unwrap_or(text));
        if sent.iter().any(|text| core::str::from_utf8(text).is_err()) {
            open.raw = Some(Box::new(sent.map(<[u8]>::to_vec)));
        }
        if !headers.upgrade.is_empty() {
            open.upgrade = text(headers.upgrade);
        }
        self.text += open.text();
        if self.open.capacity() == 0 {
            // Most clients send one request at a time, and there may be many of them.
            self.open.reserve_exact(1);
        }
        self.open.push_back(open);
        let mut quirks = 0;
        while self.open.len() > MAX_OPEN || self.text > MAX_OPEN_TEXT && self.open.len() > 1 {
            self.report(0, cx);
            quirks |= quirk::OPEN_LIMIT;
        }
        (Link { role: Role::Request, nth: Some(nth), switch: None }, quirks)
    }

    /// Finds the exchange of a response.
    pub(super) fn response(
        &mut self,
        side: Side,
        code: Option<u16>,
        headers: &FramingHeaders<'_>,
        cx: &mut Context<'_>,
    ) -> (Link, Quirks) {
        let requester = Some(side.other());
        let found = self
            .open
            .iter_mut()
            .find(|open| open.state == ResponseState::Awaited && open.exchange.requester == requester);
        // RFC 9110 15.2: interim responses, of which 101 is the last in this protocol.
        if matches!(code, Some(100 | 102..=199)) {
            let nth = found.map(|open| open.exchange.id.nth);
            let quirks = if nth.is_none() { quirk::NO_REQUEST } else { 0 };
            return (Link { role: Role::Interim, nth, switch: None }, quirks);
        }
        let (open, quirks) = match found {
            Some(open) => (open, 0),
            None => {
                let nth = self.next_number();
                let exchange = Exchange { id: cx.exchange(nth), protocol: "http", ..Exchange::default() };
                self.open.push_back(OpenExchange { request_done: true, ..OpenExchange::new(exchange) });
                self.orphan = Some(cx.at);
                match self.open.back_mut() {
                    Some(open) => (open, quirk::NO_REQUEST),
                    None => return (Link { role: Role::Interim, nth: None, switch: None }, 0),
                }
            }
        };
        open.state = ResponseState::Started;
        open.exchange.code = code;
        open.exchange.status = code.map_or(CompactString::default(), digits);
        open.exchange.content_type = text(headers.content_type);
        let switch = match code {
            Some(101) => {
                if !headers.upgrade.is_empty() {
                    self.text = self.text.saturating_sub(open.upgrade.len());
                    open.upgrade = text(headers.upgrade);
                    self.text += open.upgrade.len();
                }
                Some(Switch::Upgrade)
            }
            Some(200..=299) if open.is_connect() => Some(Switch::Tunnel),
            _ => None,
        };
        (Link { role: Role::Response, nth: Some(open.exchange.id.nth), switch }, quirks)
    }

    /// The method of the request that a response answers.
    pub(super) fn method(&self, link: &Link) -> Option<&str> {
        self.find(link.nth?).map(|open| open.exchange.method.as_str())
    }

    /// The exchange of this number, if it is not complete.
    pub(super) fn find(&self, nth: u32) -> Option<&OpenExchange> {
        self.open.get(self.place(nth)?)
    }

    /// Adds a message to its exchange: it is complete, or as complete as it will be.
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
        let len = message.captured_len.saturating_add(message.missing);
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first: message.first, len }));
        let Some(nth) = nth else { return };
        match role {
            Role::Request => cx.events.push(Event::Message(MessageEnd { nth, half: Half::Request })),
            Role::Response => {
                cx.events.push(Event::Message(MessageEnd { nth, half: Half::Response }));
                let request = About::Half(cx.exchange(nth), Half::Request);
                cx.collect(&RESPONSE_IN, request, cx.at.frame.into());
            }
            Role::Interim => {}
        }
        let Some(open) = self.place(nth).and_then(|place| self.open.get_mut(place)) else {
            return;
        };
        match role {
            Role::Request => {
                open.exchange.request = Some(transfer);
                open.request_done = true;
                open.requested = Some(Stamp { frame: cx.at.frame, time: message.completed_at(cx.at) });
                // Its end was lost, which shows only now: the response without a request that came meanwhile is its own.
                if !transfer.complete && self.orphan.is_some_and(|orphan| orphan.frame > message.first.frame) {
                    open.state = ResponseState::Done;
                }
            }
            Role::Response => {
                open.exchange.response = Some(transfer);
                open.state = ResponseState::Done;
            }
            Role::Interim => {}
        }
    }

    /// Reports the exchange of a complete message, if the other half is complete too; returns what reads on.
    pub(super) fn settle(&mut self, link: Link, cx: &mut Context<'_>) -> Transition {
        let place = link.nth.and_then(|nth| self.place(nth));
        if let Some(Switch::Upgrade) = link.switch
            && let Some(mut open) = place.and_then(|place| self.take(place))
        {
            self.flush(cx);
            conclude(&mut open.exchange);
            let (to, exchange) = (upgrade_successor(&open.upgrade), Some(open.exchange.id));
            let handover = Handover { to, exchange, pending: Some(open.exchange), ..Handover::default() };
            return Transition::Replace(Box::new(handover));
        }
        if let Some(place) = place
            && self.open.get(place).is_some_and(|open| open.request_done && open.state == ResponseState::Done)
        {
            self.report(place, cx);
        }
        match link.switch {
            None => Transition::Stay,
            Some(_) => {
                self.flush(cx);
                let exchange = link.nth.map(|nth| cx.exchange(nth));
                Transition::Replace(Box::new(Handover { exchange, ..Handover::to(Successor::Detect) }))
            }
        }
    }

    /// Whether the protocol of what follows a request depends on its response: of a tunnel (true) or of an upgrade.
    pub(super) fn awaits_switch(&self, nth: u32) -> Option<bool> {
        let open = self.find(nth).filter(|open| open.state == ResponseState::Awaited)?;
        (open.is_connect() || !open.upgrade.is_empty()).then(|| open.is_connect())
    }

    /// Marks the exchanges whose responses may be among bytes of `side` that were not captured.
    pub(super) fn mark_doubtful(&mut self, side: Side) {
        for open in self.open.iter_mut().filter(|open| open.exchange.requester == Some(side.other())) {
            open.doubtful = true;
        }
    }

    /// Reports a doubtful exchange when its client sends the next request: a client without pipelining has had its
    /// response then.
    fn drop_doubtful(&mut self, side: Side, cx: &mut Context<'_>) {
        let is_awaited = |open: &OpenExchange| {
            open.state == ResponseState::Awaited && open.request_done && open.exchange.requester == Some(side)
        };
        let Some(place) = self.open.iter().position(is_awaited) else {
            return;
        };
        let alone = self.open.iter().filter(|open| is_awaited(open)).nth(1).is_none();
        if alone && self.open.get(place).is_some_and(|open| open.doubtful) {
            self.report(place, cx);
        }
    }

    /// Reports the exchanges whose responses `side` would have sent: it sends nothing more.
    pub(super) fn side_ended(&mut self, side: Side, cx: &mut Context<'_>) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            if open.exchange.requester == Some(side.other()) {
                open.state = ResponseState::Done;
            }
            if open.request_done && open.state == ResponseState::Done {
                self.report(at, cx);
            } else {
                at += 1;
            }
        }
    }

    /// Reports all open exchanges as they are.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        while !self.open.is_empty() {
            self.report(0, cx);
        }
    }

    fn report(&mut self, place: usize, cx: &mut Context<'_>) {
        if let Some(mut open) = self.take(place) {
            conclude(&mut open.exchange);
            cx.events.push(Event::Exchange(open.exchange));
        }
    }

    fn take(&mut self, place: usize) -> Option<OpenExchange> {
        let open = self.open.remove(place)?;
        self.text = self.text.saturating_sub(open.text());
        Some(open)
    }

    fn place(&self, nth: u32) -> Option<usize> {
        self.open.binary_search_by_key(&nth, |open| open.exchange.id.nth).ok()
    }

    fn next_number(&mut self) -> u32 {
        let nth = self.count;
        self.count = self.count.saturating_add(1);
        nth
    }
}

/// A status code as text; without the machinery of formatting, for it is on the way of every call.
fn digits(code: u16) -> CompactString {
    let digit = |power: u16| char::from(b'0' + (code / power % 10) as u8);
    let powers = [10_000, 1000, 100, 10, 1].into_iter().filter(|&power| code >= power || power == 1);
    powers.map(digit).collect()
}

/// Sets the outcome of an exchange that is reported (RFC 9110 15).
fn conclude(exchange: &mut Exchange) {
    let is_broken = |half: Option<Transfer>| half.is_some_and(|half| !half.complete);
    exchange.outcome = match (exchange.code, exchange.response) {
        _ if is_broken(exchange.request) || is_broken(exchange.response) => Outcome::Aborted,
        (None, None) => Outcome::Unanswered,
        (Some(_), None) => Outcome::Aborted,
        (Some(400..=499), _) => Outcome::ClientError,
        (Some(500..), _) => Outcome::ServerError,
        _ => Outcome::Success,
    };
}

/// The authority of a request by its target alone: the target of CONNECT, or the authority of an absolute URI.
fn authority_of<'b>(method: &[u8], target: &'b [u8]) -> &'b [u8] {
    if method == b"CONNECT" {
        return target;
    }
    let Some(at) = memchr::memmem::find(target, b"://") else {
        return b"";
    };
    let rest = target.get(at + 3..).unwrap_or_default();
    rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or_default()
}

/// The session that reads what was upgraded to (RFC 9110 7.8): the first of the offered protocols, without its version.
fn upgrade_successor(value: &str) -> Successor {
    let name = value.split([',', '/', ' ']).next().unwrap_or_default();
    if name.is_empty() { Successor::Detect } else { Successor::Upgrade(name.into()) }
}

/// Text of a header: UTF-8, other bytes as `\xe9`.
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
    fn bytes_that_are_not_utf_8_are_escaped_and_others_stay() {
        assert_eq!(text(b"/caf\xe9?x=\xc3\xa9"), r"/caf\xe9?x=é");
        assert!(text(&[0xff; 2 * MAX_TEXT]).len() <= 4 * MAX_TEXT);
    }

    #[test]
    fn a_status_code_is_written_with_all_its_digits() {
        assert_eq!([0, 7, 42, 200, 65_535].map(digits), ["0", "7", "42", "200", "65535"]);
    }

    #[test]
    fn the_successor_is_the_first_protocol_without_its_version() {
        assert_eq!(upgrade_successor("h2c, websocket"), Successor::Upgrade("h2c".into()));
        assert_eq!(upgrade_successor("TLS/1.2"), Successor::Upgrade("TLS".into()));
        assert_eq!(upgrade_successor(""), Successor::Detect);
    }
}
