//! Pairing: each response answers the oldest request without one (RFC 9112 9.3.2), as far as the bytes that each side had
//! received allow that.

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
use alloc::vec::Vec;
use compact_str::{CompactString, ToCompactString};
use core::ops::Range;

/// Requests that may await their response; beyond it the oldest is reported without.
const MAX_OPEN: usize = 256;
/// Bytes of text kept for them.
const MAX_OPEN_TEXT: usize = 128 << 10;

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
    request: RequestState,
    response: ResponseState,
    sent: Position,
    // Where the request ends; 0 if it is not complete.
    end: u64,
    // The request is of HTTP/0.9: its response may have no head.
    is_simple: bool,
    // Another request may have been among bytes before it that were not read.
    follows_gap: bool,
    // Bytes that were not read and may have its response. They are rare: in a box, four exchanges need half a kilobyte.
    unread: Option<Box<Unread>>,
}

/// Bytes of the responding side that were not read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread {
    /// Offset of the first byte that may be of another response than the one before.
    pub from: u64,
    /// Offset after the last byte; 0 if unknown.
    pub end: u64,
    /// They begin with a response.
    pub begins: bool,
    /// They were not captured. Otherwise a readable response among them would have been found.
    pub is_gap: bool,
}

/// Bytes of the shortest response that servers send: `HTTP/1.1 204 No Content`, without headers.
const SHORTEST_RESPONSE: u64 = 27;

impl Unread {
    /// The bytes that were given, or that are missing.
    pub(super) fn of(cx: &Context<'_>, is_gap: bool) -> Unread {
        let Range { start, end } = cx.range;
        Unread { from: start, end, begins: false, is_gap }
    }

    /// The same, from the beginning of a response on.
    pub(super) fn beginning_at(self, from: u64) -> Unread {
        Unread { from, begins: true, ..self }
    }

    /// These bytes and later ones.
    fn and(self, later: Unread) -> Unread {
        Unread { end: later.end, is_gap: self.is_gap || later.is_gap, ..self }
    }

    /// Whether no more than one response begins in them, if the next one begins at this offset.
    fn has_one_before(self, next: u64) -> bool {
        let len = |end: u64| end.saturating_sub(self.from);
        !self.is_gap
            || self.end > 0 && len(self.end) < SHORTEST_RESPONSE
            || next > 0 && len(next) < 2 * SHORTEST_RESPONSE
    }
}

/// Position of a message in the conversation: that of its first byte, and what its sender had received then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    /// Offset of the first byte among those of its sender; 0 if unknown.
    pub from: u64,
    /// Bytes of the other side that the sender had received; 0 if unknown.
    pub received: u64,
}

impl Position {
    /// The position of the bytes that were given.
    pub(super) fn of(cx: &Context<'_>) -> Position {
        Position { from: cx.range.start, received: cx.received }
    }

    /// Whether a response at this position may answer a request: its sender had received the beginning of the request,
    /// and the client had not received the response before.
    fn may_answer(self, request: Position) -> bool {
        (self.received == 0 || self.received > request.from) && (self.from == 0 || self.from >= request.received)
    }
}

/// A request whose head is not complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartialRequest {
    /// Its position.
    pub sent: Position,
    /// Whether its method is HEAD.
    pub is_head: bool,
    /// Whether it is complete as a request of HTTP/0.9.
    pub is_simple: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestState {
    /// Under way.
    Begun,
    /// All of it was read, or none of it ever will be.
    Done,
    /// Not readable.
    Unreadable { ends_as_request_line: bool },
    /// Not read, and it may still come: the sender of its response had received so many bytes.
    Late { received: u64 },
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
            request: RequestState::Begun,
            response: ResponseState::Awaited,
            sent: Position::default(),
            end: 0,
            is_simple: false,
            follows_gap: false,
            unread: None,
        }
    }

    fn is_awaited_by(&self, requester: Side) -> bool {
        self.response == ResponseState::Awaited && self.exchange.requester == Some(requester)
    }

    /// Whether nothing more of its request is read.
    fn has_request(&self) -> bool {
        matches!(self.request, RequestState::Done | RequestState::Unreadable { .. })
    }

    fn is_unreadable(&self) -> bool {
        matches!(self.request, RequestState::Unreadable { .. })
    }

    /// Whether a response may answer it. Only after a gap, positions decide: the response may answer a lost request.
    fn may_be_answered_by(&self, response: Position) -> bool {
        !self.follows_gap || response.may_answer(self.sent)
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

    /// Notes that bytes of a side were not read: because they were not captured, or are not readable. A response may be
    /// among them, and a request. If they begin with a response, it is to the oldest request.
    pub(super) fn note_unread(&mut self, side: Side, unread: Unread) {
        self.follows_gap |= self.requester == Some(side);
        let requester = side.other();
        // A request that was sent after these bytes were received has its response later.
        let may_have = |open: &&mut OpenExchange| {
            open.is_awaited_by(requester) && (unread.end == 0 || open.sent.received < unread.end)
        };
        for (nth, open) in self.open.iter_mut().filter(may_have).enumerate() {
            let begins = unread.begins && nth == 0 && !open.follows_gap;
            let before = open.unread.as_deref().map_or(Unread { begins: false, ..unread }, |before| before.and(unread));
            open.unread = Some(Box::new(Unread { begins: before.begins || begins, ..before }));
        }
    }

    /// Whether any response may be among bytes that were not read.
    fn has_unread(&self) -> bool {
        self.open.iter().any(|open| open.unread.is_some())
    }

    /// Reports an exchange whose response may be among bytes that were not read, when its client sends the next request:
    /// a client without pipelining has had its response then.
    #[cold]
    fn drop_unread(&mut self, side: Side, sent: Position, cx: &mut Context<'_>) {
        let is_awaited = |open: &OpenExchange| open.has_request() && open.is_awaited_by(side);
        let Some(place) = self.open.iter().position(is_awaited) else {
            return;
        };
        let alone = self.open.iter().filter(|open| is_awaited(open)).nth(1).is_none();
        let unread = self.open.get(place).and_then(|open| open.unread.as_deref().copied());
        if alone && unread.is_some_and(|unread| sent.received == 0 || sent.received > unread.from) {
            self.report(place, cx);
        }
    }

    /// Reports the exchanges whose responses were among bytes that were not read, before a response at this position.
    /// Returns whether it is uncertain to which of the others the response is. Then the oldest of them is reported, too:
    /// this or an earlier response was to it.
    #[cold]
    fn drop_answered_unread(&mut self, requester: Side, sent: Position, cx: &mut Context<'_>) -> bool {
        loop {
            let mut awaited = self.open.iter().enumerate().filter(|(_, open)| open.is_awaited_by(requester));
            let (Some((place, oldest)), next) = (awaited.next(), awaited.next()) else { return false };
            let Some(unread) = oldest.unread.as_deref().copied() else { return false };
            let is_answered = match next.filter(|(_, next)| next.may_be_answered_by(sent)) {
                // What the client received between the two requests was the response to the first.
                Some((_, next)) => unread.begins || next.sent.received > unread.from.max(oldest.sent.received),
                // Its sender had received another request, which was not captured.
                None => unread.begins && oldest.end > 0 && sent.received > oldest.end,
            };
            // Its sender had received more than one of the requests.
            let is_uncertain = unread.is_gap && next.is_some_and(|(_, next)| sent.may_answer(next.sent));
            if !is_answered && !is_uncertain {
                return false;
            }
            if unread.begins && unread.has_one_before(sent.from) {
                self.open.iter_mut().for_each(|open| open.unread = None);
            }
            self.end_response(place, cx);
            if !is_answered {
                return true;
            }
        }
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

/// Sets the outcome of an exchange that is reported (RFC 9110 15).
fn conclude(exchange: &mut Exchange) {
    let is_broken = |half: Option<Transfer>| half.is_some_and(|half| !half.complete);
    exchange.outcome = match (exchange.code, exchange.response) {
        _ if is_broken(exchange.request) || is_broken(exchange.response) => Outcome::Aborted,
        // Its content states the outcome.
        _ if !exchange.content_protocol.is_empty() => exchange.outcome,
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
