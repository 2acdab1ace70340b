//! Pairing: each response answers the oldest request without one (RFC 9112 9.3.2), as far as the bytes that each side had
//! received allow that.

mod open_exchange;
mod unread;

use super::fields::RESPONSE_IN;
use super::framing::FramingHeaders;
use super::message::HttpMessage;
use super::quirk::{self, Quirks};
use crate::exchange::{Exchange, MAX_TEXT, Outcome, Transfer, absolute_form, text};
use crate::session::{
    About, Context, Event, Half, Handover, Lane, MessageEnd, Pdu, Side, Stamp, Successor, Transition,
};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use compact_str::{CompactString, ToCompactString};
pub(super) use open_exchange::{Link, OpenExchange, PartialRequest, Position, Role, Switch};
use open_exchange::{RequestState, ResponseState, conclude};
pub(super) use unread::Unread;

/// Requests that may await their response; beyond it the oldest is reported without.
const MAX_OPEN: usize = 256;
/// Bytes of text kept for them.
const MAX_OPEN_TEXT: usize = 128 << 10;

/// The exchanges of a conversation that are not complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairing {
    open: VecDeque<OpenExchange>,
    count: u32,
    text: usize,
    /// The side that sends requests, if a message was seen.
    requester: Option<Side>,
    /// The next request follows bytes that were not read.
    follows_gap: bool,
    /// Position of the last response without a request, and their number since the last request.
    unrequested: Option<(Position, u32)>,
}

impl Pairing {
    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.text + self.open.capacity() * size_of::<OpenExchange>() + self.open.len() * size_of::<Exchange>()
    }

    /// Whether a side sends responses. Before the first message, the server is taken to.
    pub(super) fn responds(&self, side: Side) -> bool {
        side != self.requester.unwrap_or(Side::Client)
    }

    /// Whether a request awaits its response from a side.
    pub(super) fn awaits_response(&self, side: Side) -> bool {
        self.open.iter().any(|open| open.is_awaited_by(side.other()))
    }

    /// Opens an exchange with a request, or completes the one whose response came before its head was complete.
    pub(super) fn request(
        &mut self,
        (side, sent): (Side, Position),
        (method, target): (&[u8], &[u8]),
        headers: &FramingHeaders<'_>,
        answered: Option<u32>,
        cx: &mut Context<'_>,
    ) -> (Link, Quirks) {
        if self.has_unread() {
            self.drop_unread(side, sent, cx);
        }
        let early = self.end_early(Some(sent), cx);
        let answered = answered.and_then(|nth| self.place(nth)).or(early);
        // A request that was captured long after its response leaves the next response to the next request.
        let is_reported = self.take_unrequested(sent) && answered.is_none();
        let place = answered.unwrap_or_else(|| self.open_exchange(side, cx));
        let authority = if headers.host.is_empty() { authority_of(method, target) } else { headers.host };
        let Some(open) = self.open.get_mut(place) else {
            return (Link { role: Role::Request, nth: None, switch: None }, 0);
        };
        let before = open.text();
        if is_reported {
            open.response = ResponseState::Done;
        }
        open.sent = sent;
        open.exchange.requester = Some(side);
        open.follows_gap = core::mem::take(&mut self.follows_gap);
        open.exchange.method = text(method);
        open.exchange.authority = text(authority);
        open.exchange.target = text(target);
        // Bytes that are no UTF-8 have another text.
        let stored = [open.exchange.target.as_bytes(), open.exchange.authority.as_bytes()];
        let raw = [target, authority].map(|sent| sent.get(..MAX_TEXT).unwrap_or(sent));
        if stored != raw {
            open.raw = Some(Box::new(raw.map(<[u8]>::to_vec)));
        }
        if !headers.upgrade.is_empty() {
            open.upgrade = text(headers.upgrade);
        }
        let nth = open.exchange.id.nth;
        self.text = (self.text + open.text()).saturating_sub(before);
        let mut quirks = 0;
        while self.open.len() > MAX_OPEN || self.text > MAX_OPEN_TEXT && self.open.len() > 1 {
            self.drop_oldest(cx);
            quirks |= quirk::OPEN_LIMIT;
        }
        (Link { role: Role::Request, nth: Some(nth), switch: None }, quirks)
    }

    /// Opens an exchange with a request that is not readable, and takes its place in the order. It is reported only with a
    /// response.
    pub(super) fn open_unreadable(
        &mut self,
        (side, sent): (Side, Position),
        ends_as_request_line: bool,
        cx: &mut Context<'_>,
    ) {
        // Its response came before the next request, by which the end of this one is found.
        if self.take_unrequested(sent) {
            return;
        }
        let place = self.open_exchange(side, cx);
        if let Some(open) = self.open.get_mut(place) {
            (open.sent, open.request) = (sent, RequestState::Unreadable { ends_as_request_line });
        }
        if self.open.len() > MAX_OPEN {
            self.drop_oldest(cx);
        }
    }

    /// Whether the response to a request at this position was reported without a request. Takes one of these responses.
    fn take_unrequested(&mut self, request: Position) -> bool {
        let is_to = |last: Position| last.received > request.from && last.from >= request.received;
        let taken = self.unrequested.take().filter(|&(last, _)| is_to(last));
        self.unrequested = taken.filter(|&(_, count)| count > 1).map(|(last, count)| (last, count - 1));
        taken.is_some()
    }

    /// Drops unreadable requests that have no response before this one. Bytes that resemble no request may be no request:
    /// only a response to a malformed request can be to them.
    #[cold]
    fn drop_unreadable(&mut self, requester: Side, code: Option<u16>) {
        let is_refusal = matches!(code, Some(400 | 405 | 414 | 431 | 501 | 505));
        while let Some(place) = self.open.iter().position(|open| open.is_awaited_by(requester))
            && let Some(RequestState::Unreadable { ends_as_request_line: false }) = self.request_at(place)
            && !is_refusal
        {
            self.take(place);
        }
    }

    /// Adds an exchange of a requester; returns its place.
    fn open_exchange(&mut self, requester: Side, cx: &Context<'_>) -> usize {
        self.requester = Some(requester);
        let id = cx.exchange(self.next_number());
        let requester = Some(requester);
        let is_encrypted = cx.is_encrypted;
        let exchange = Exchange { id, protocol: "http", requester, is_encrypted, ..Exchange::default() };
        let open = OpenExchange::new(exchange);
        if self.open.capacity() == 0 {
            // Most clients send one request at a time, and there may be many of them.
            self.open.reserve_exact(1);
        }
        self.open.push_back(open);
        self.open.len() - 1
    }

    /// Finds the exchange of a response. `partial` is the request that the other side is sending, if its head is not
    /// complete; a final response to it opens the exchange.
    pub(super) fn response(
        &mut self,
        (side, sent): (Side, Position),
        code: Option<u16>,
        headers: &FramingHeaders<'_>,
        partial: Option<PartialRequest>,
        cx: &mut Context<'_>,
    ) -> (Link, Quirks) {
        let requester = side.other();
        let is_first = self.count == 0;
        if !is_first {
            self.end_early(None, cx);
        }
        let is_uncertain = self.has_unread() && self.drop_answered_unread(requester, sent, cx);
        if self.open.iter().any(OpenExchange::is_unreadable) {
            self.drop_unreadable(requester, code);
        }
        let oldest = self.open.iter().position(|open| open.is_awaited_by(requester));
        // RFC 9110 15.5.9: a server may send 408 on an idle connection, while the next request is under way.
        let is_unsolicited = |open: &OpenExchange| code == Some(408) && !sent.may_answer(open.sent);
        let may_answer = |open: &OpenExchange| open.may_be_answered_by(sent) && !is_unsolicited(open);
        let mut place = oldest.filter(|&place| !is_uncertain && self.open.get(place).is_some_and(may_answer));
        // RFC 9110 15.2: interim responses, of which 101 is the last in this protocol.
        if matches!(code, Some(100 | 102..=199)) {
            let nth = place.and_then(|place| self.open.get(place)).map(|open| open.exchange.id.nth);
            let quirks = if nth.is_none() { quirk::NO_REQUEST } else { 0 };
            return (Link { role: Role::Interim, nth, switch: None }, quirks);
        }
        let partial = partial.filter(|partial| oldest.is_none() && sent.may_answer(partial.sent));
        let is_unreadable = place.and_then(|place| self.open.get(place)).is_some_and(OpenExchange::is_unreadable);
        let has_request = !is_unreadable && (place.is_some() || partial.is_some());
        let quirks = if has_request { 0 } else { quirk::NO_REQUEST };
        let place = *place.get_or_insert_with(|| self.open_exchange(requester, cx));
        let Some(open) = self.open.get_mut(place) else {
            return (Link { role: Role::Interim, nth: None, switch: None }, 0);
        };
        if quirks & quirk::NO_REQUEST != 0 {
            open.exchange.requester = None;
            open.request = match sent.received {
                received if is_first && received > 0 => RequestState::Late { received },
                _ => RequestState::Done,
            };
            let count = self.unrequested.map_or(1, |(_, count)| count.saturating_add(1));
            self.unrequested = (!is_unreadable && !is_uncertain).then_some((sent, count));
        } else if partial.is_some_and(|partial| partial.is_head) {
            open.exchange.method = CompactString::const_new("HEAD");
            self.text += open.text();
        }
        open.response = ResponseState::Started;
        open.exchange.code = code;
        open.exchange.status = code.map(|code| code.to_compact_string()).unwrap_or_default();
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

    /// Notes that a request is of HTTP/0.9.
    pub(super) fn set_simple(&mut self, link: Link) {
        if let Some(open) = link.nth.and_then(|nth| self.place(nth)).and_then(|place| self.open.get_mut(place)) {
            open.is_simple = true;
        }
    }

    /// Whether bytes of a side that begin no message are the response to a request of HTTP/0.9.
    pub(super) fn awaits_headless(&self, (side, sent): (Side, Position), partial: Option<PartialRequest>) -> bool {
        match self.open.iter().find(|open| open.is_awaited_by(side.other())) {
            Some(open) => open.is_simple && open.may_be_answered_by(sent),
            None => partial.is_some_and(|partial| partial.is_simple && sent.may_answer(partial.sent)),
        }
    }

    /// The exchange of a response whose request is not complete enough to have opened it.
    pub(super) fn without_request(&self, link: Link) -> Option<u32> {
        link.nth
            .filter(|&nth| self.find(nth).is_some_and(|open| open.exchange.target.is_empty() && !open.has_request()))
    }

    /// The method of the request that a response answers.
    pub(super) fn method(&self, link: &Link) -> Option<&str> {
        self.find(link.nth?).map(|open| open.exchange.method.as_str())
    }

    /// Whether the request or the response of a message names a protocol to upgrade to.
    pub(super) fn names_upgrade(&self, link: &Link) -> bool {
        link.nth.and_then(|nth| self.find(nth)).is_some_and(|open| !open.upgrade.is_empty())
    }

    /// Whether the response of an exchange that is not complete was read.
    pub(super) fn is_answered(&self, nth: u32) -> bool {
        self.find(nth).is_some_and(|open| open.response == ResponseState::Done)
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
        // As in Wireshark, the segments of a body without a head are not reassembled.
        let len_of_unit = if message.is_headless() { 0 } else { len };
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first: message.first, len: len_of_unit }));
        let Some(nth) = nth else { return };
        match role {
            Role::Request => cx.events.push(Event::Message(MessageEnd { nth, half: Half::Request })),
            Role::Response => {
                cx.events.push(Event::Message(MessageEnd { nth, half: Half::Response }));
                // Wireshark reads no response without a head.
                if !message.is_headless() {
                    let request = About::Half(cx.exchange(nth), Half::Request);
                    cx.collect(&RESPONSE_IN, request, cx.at.frame.into());
                }
            }
            Role::Interim => {}
        }
        let Some(open) = self.place(nth).and_then(|place| self.open.get_mut(place)) else {
            return;
        };
        match role {
            Role::Request => {
                open.exchange.request = Some(transfer);
                open.request = RequestState::Done;
                open.end = if transfer.complete { open.sent.from.saturating_add(len) } else { 0 };
                open.requested = Some(Stamp { frame: cx.at.frame, time: message.completed_at(cx.at) });
            }
            Role::Response => {
                open.exchange.response = Some(transfer);
                message.conclude(&mut open.exchange);
                open.response = ResponseState::Done;
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
            let mut handover = Handover::opened_by(&mut open.exchange, upgrade_successor(&open.upgrade));
            handover.pending = Some(open.exchange);
            return Transition::Replace(Box::new(handover));
        }
        let tunnel = link.switch.map(|_| self.open_tunnel(link.nth, cx));
        if let Some(place) = place
            && self.open.get(place).is_some_and(|open| open.has_request() && open.response == ResponseState::Done)
        {
            self.report(place, cx);
        }
        let Some(tunnel) = tunnel else { return Transition::Stay };
        self.flush(cx);
        Transition::Replace(Box::new(tunnel))
    }

    /// Returns the handover of the bytes that follow the exchange with this number.
    pub(super) fn open_tunnel(&mut self, nth: Option<u32>, cx: &Context<'_>) -> Handover {
        let to = Successor::Detect;
        match nth.and_then(|nth| self.place(nth)).and_then(|place| self.open.get_mut(place)) {
            Some(open) => Handover::opened_by(&mut open.exchange, to),
            None => Handover { exchange: nth.map(|nth| cx.exchange(nth)), ..Handover::to(to) },
        }
    }

    /// Reports the oldest request with an alert of TLS as its response, and the others without one.
    pub(super) fn end_with_alert(&mut self, side: Side, cx: &mut Context<'_>) -> Transition {
        let place = self.open.iter().position(|open| open.is_awaited_by(side.other()));
        let to = upgrade_successor("TLS");
        let opened = place.and_then(|place| self.take(place)).map(|mut open| {
            let (first, last) = (cx.first, cx.arrived);
            let complete = Transfer { first, last, completed_in: cx.at.frame, complete: true, ..Transfer::default() };
            open.exchange.response = Some(complete);
            open.exchange.status = "TLS alert".into();
            open.exchange.outcome = Outcome::ServerError;
            let handover = Handover::opened_by(&mut open.exchange, to.clone());
            cx.events.push(Event::Exchange(open.exchange));
            handover
        });
        self.flush(cx);
        Transition::Replace(Box::new(opened.unwrap_or_else(|| Handover::to(to))))
    }

    /// Whether the protocol of what follows a request depends on its response: of a tunnel (true) or of an upgrade.
    pub(super) fn awaits_switch(&self, nth: u32) -> Option<bool> {
        let open = self.find(nth).filter(|open| open.response == ResponseState::Awaited)?;
        (open.is_connect() || !open.upgrade.is_empty()).then(|| open.is_connect())
    }

    /// Whether a request asks for WebSocket, and its response may be among bytes that were not captured.
    pub(super) fn may_have_switched(&self, nth: u32) -> bool {
        let is_lost = |open: &&OpenExchange| open.unread.as_deref().is_some_and(|unread| unread.is_gap);
        let open = self.find(nth).filter(|open| open.response == ResponseState::Awaited).filter(is_lost);
        open.is_some_and(|open| open.upgrade.eq_ignore_ascii_case("websocket"))
    }

    /// Ends an exchange of which no response is read, when its request is complete.
    fn end_response(&mut self, place: usize, cx: &mut Context<'_>) {
        let Some(open) = self.open.get_mut(place) else { return };
        open.response = ResponseState::Done;
        if open.has_request() {
            self.report(place, cx);
        }
    }

    /// Ends the wait of the first response for its request, and reports it, unless the request at this position is the one
    /// that it answers: without a SYN in the capture, nothing else shows that a request is captured late. Returns the place
    /// of that exchange.
    fn end_early(&mut self, request: Option<Position>, cx: &mut Context<'_>) -> Option<usize> {
        let is_late = |open: &OpenExchange| matches!(open.request, RequestState::Late { .. });
        let place = self.open.iter().position(is_late)?;
        let open = self.open.get_mut(place)?;
        let before = core::mem::replace(&mut open.request, RequestState::Begun);
        if let (RequestState::Late { received }, Some(request)) = (before, request)
            && request.from < received
        {
            return Some(place);
        }
        open.request = RequestState::Done;
        if open.response == ResponseState::Done {
            self.report(place, cx);
        }
        None
    }

    /// Reports the exchanges whose responses `side` would have sent: it sends nothing more.
    pub(super) fn side_ended(&mut self, side: Side, cx: &mut Context<'_>) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            if open.exchange.requester == Some(side.other()) {
                open.response = ResponseState::Done;
            }
            if open.has_request() && open.response == ResponseState::Done {
                self.report(at, cx);
            } else {
                at += 1;
            }
        }
    }

    /// Reports all open exchanges as they are.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        self.flush_except([None; 2], cx);
    }

    /// Reports the open exchanges as they are, but for those with these numbers.
    pub(super) fn flush_except(&mut self, kept: [Option<u32>; 2], cx: &mut Context<'_>) {
        let mut at = 0;
        while let Some(open) = self.open.get(at) {
            match kept.contains(&Some(open.exchange.id.nth)) {
                true => at += 1,
                false => self.report(at, cx),
            }
        }
        self.open.shrink_to_fit();
    }

    fn report(&mut self, place: usize, cx: &mut Context<'_>) {
        if let Some(mut open) = self.take(place).filter(|open| !open.is_unreadable()) {
            conclude(&mut open.exchange);
            cx.events.push(Event::Exchange(open.exchange));
        }
    }

    /// Reports the oldest exchange as unknown: there are too many.
    fn drop_oldest(&mut self, cx: &mut Context<'_>) {
        if let Some(mut open) = self.take(0).filter(|open| !open.is_unreadable()) {
            conclude(&mut open.exchange);
            open.exchange.set_unknown();
            cx.events.push(Event::Exchange(open.exchange));
        }
    }

    fn take(&mut self, place: usize) -> Option<OpenExchange> {
        let open = self.open.remove(place)?;
        self.text = self.text.saturating_sub(open.text());
        Some(open)
    }

    fn request_at(&self, place: usize) -> Option<RequestState> {
        self.open.get(place).map(|open| open.request)
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

/// The authority of a request by its target alone: the target of CONNECT, or the authority of an absolute URI.
fn authority_of<'b>(method: &[u8], target: &'b [u8]) -> &'b [u8] {
    if method == b"CONNECT" {
        return target;
    }
    let Some(start) = absolute_form(target) else {
        return b"";
    };
    let rest = target.get(start..).unwrap_or_default();
    rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or_default()
}

/// The session that reads what was upgraded to (RFC 9110 7.8): the first of the offered protocols, without its version.
fn upgrade_successor(value: &str) -> Successor {
    let name = value.split([',', '/', ' ']).next().unwrap_or_default();
    if name.is_empty() { Successor::Detect } else { Successor::Upgrade(name.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_is_the_first_protocol_without_its_version() {
        assert_eq!(upgrade_successor("h2c, websocket"), Successor::Upgrade("h2c".into()));
        assert_eq!(upgrade_successor("TLS/1.2"), Successor::Upgrade("TLS".into()));
        assert_eq!(upgrade_successor(""), Successor::Detect);
    }
}
