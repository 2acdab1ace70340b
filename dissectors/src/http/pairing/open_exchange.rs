//! Exchanges that are not complete, and how messages relate to them.

use super::unread::Unread;
use crate::exchange::{Exchange, Outcome, Transfer};
use crate::session::{Context, Side, Stamp};
use alloc::boxed::Box;
use alloc::vec::Vec;
use compact_str::CompactString;

/// A message's relation to its exchange.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Link {
    /// Its role.
    pub role: Role,
    /// The exchange's number; none for an interim response without a request.
    pub nth: Option<u32>,
    /// Whether it ends HTTP/1 on this connection.
    pub switch: Option<Switch>,
}

/// The role of a message in its exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Role {
    /// A request.
    Request,
    /// An interim response: another one follows.
    Interim,
    /// The final response.
    Response,
}

/// How a response ends HTTP/1 on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Switch {
    /// CONNECT succeeded: a tunnel begins (RFC 9110 9.3.6).
    Tunnel,
    /// The protocol was upgraded (RFC 9110 7.8).
    Upgrade,
}

/// An exchange that is not complete.
#[derive(Clone, Debug)]
pub(in crate::http) struct OpenExchange {
    /// What is known of it.
    pub exchange: Box<Exchange>,
    /// Target and authority as sent, if they are not both UTF-8.
    pub(super) raw: Option<Box<[Vec<u8>; 2]>>,
    /// Where the request was complete.
    pub requested: Option<Stamp>,
    /// The value of the Upgrade header: of the response, or else of the request.
    pub(super) upgrade: CompactString,
    pub(super) request: RequestState,
    pub(super) response: ResponseState,
    pub(super) sent: Position,
    /// Where the request ends; 0 if it is not complete.
    pub(super) end: u64,
    /// The request is of HTTP/0.9: its response may have no head.
    pub(super) is_simple: bool,
    /// Another request may have been among bytes before it that were not read.
    pub(super) follows_gap: bool,
    /// Bytes that were not read and may have its response. They are rare: in a box, four exchanges need half a kilobyte.
    pub(super) unread: Option<Box<Unread>>,
}

/// Position of a message in the conversation: that of its first byte, and what its sender had received then.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct Position {
    /// Offset of the first byte among those of its sender; 0 if unknown.
    pub from: u64,
    /// Bytes of the other side that the sender had received; 0 if unknown.
    pub received: u64,
}

impl Position {
    /// The position of the bytes that were given.
    pub(in crate::http) fn of(cx: &Context<'_>) -> Position {
        Position { from: cx.range.start, received: cx.received }
    }

    /// Whether a response at this position may answer a request: its sender had received the beginning of the request,
    /// and the client had not received the response before.
    pub(super) fn may_answer(self, request: Position) -> bool {
        (self.received == 0 || self.received > request.from) && (self.from == 0 || self.from >= request.received)
    }
}

/// A request whose head is not complete.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct PartialRequest {
    /// Its position.
    pub sent: Position,
    /// Whether its method is HEAD.
    pub is_head: bool,
    /// Whether it is complete as a request of HTTP/0.9.
    pub is_simple: bool,
}

/// How much of a request was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestState {
    /// Under way.
    Begun,
    /// All of it was read, or none of it ever will be.
    Done,
    /// Not readable.
    Unreadable { ends_as_request_line: bool },
    /// Not read, and it may still come: the sender of its response had received so many bytes.
    Late { received: u64 },
}

/// How much of a response was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseState {
    Awaited,
    Started,
    Done,
}

impl OpenExchange {
    pub(super) fn new(exchange: Exchange) -> OpenExchange {
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

    pub(super) fn is_awaited_by(&self, requester: Side) -> bool {
        self.response == ResponseState::Awaited && self.exchange.requester == Some(requester)
    }

    /// Whether nothing more of its request is read.
    pub(super) fn has_request(&self) -> bool {
        matches!(self.request, RequestState::Done | RequestState::Unreadable { .. })
    }

    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self.request, RequestState::Unreadable { .. })
    }

    /// Whether a response may answer it. Only after a gap, positions decide: the response may answer a lost request.
    pub(super) fn may_be_answered_by(&self, response: Position) -> bool {
        !self.follows_gap || response.may_answer(self.sent)
    }

    pub(super) fn text(&self) -> usize {
        let raw: usize = self.raw.iter().flat_map(|raw| raw.iter()).map(Vec::len).sum();
        let Exchange { target, authority, method, .. } = &*self.exchange;
        target.len() + authority.len() + method.len() + self.upgrade.len() + raw
    }

    /// Returns target and authority as sent, up to a limit.
    pub(in crate::http) fn target_and_authority(&self) -> [&[u8]; 2] {
        match &self.raw {
            Some(raw) => raw.each_ref().map(Vec::as_slice),
            None => [self.exchange.target.as_bytes(), self.exchange.authority.as_bytes()],
        }
    }

    pub(super) fn is_connect(&self) -> bool {
        self.exchange.method == "CONNECT"
    }
}

/// Sets the outcome of an exchange that is reported (RFC 9110 15).
pub(super) fn conclude(exchange: &mut Exchange) {
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
