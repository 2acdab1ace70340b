//! State of one side of an HTTP/1 session.

use super::lenient::PreviousResponse;
use super::message::HttpMessage;
use super::pairing::{PartialRequest, Position};
use super::quirk;
use super::resync::MessageSearch;
use crate::session::{Context, Stamp};
use alloc::boxed::Box;

/// State of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct HttpSide {
    pub state: State,
    /// Of the bytes not consumed, so many were searched for the end of the head.
    pub scanned: usize,
    /// The bytes not consumed are known to begin a message.
    pub sure: bool,
    /// Where the first of the bytes not consumed arrived, and its position.
    pub first: Option<(Stamp, Position)>,
    /// Where the last byte arrived.
    pub last: Stamp,
    /// Bytes given and not consumed.
    pub seen: usize,
    /// Notes about the next message, found before it begins.
    pub quirks: quirk::Quirks,
    /// The message whose head is not complete has the method HEAD.
    pub is_head: bool,
    /// It is complete as a request of HTTP/0.9.
    pub is_simple: bool,
    /// The exchange of that message, if its response came before.
    pub answered: Option<u32>,
    pub ended: bool,
    /// End of the last response, if more content may follow it.
    pub previous: Option<Box<PreviousResponse>>,
}

#[derive(Clone, Debug, Default)]
pub(super) enum State {
    /// Between messages, or in a head.
    #[default]
    Head,
    /// In a body.
    Body(Box<HttpMessage>),
    /// Where no message was found.
    Skip(Box<MessageSearch>),
    /// After the request of this number, whose response decides what follows.
    Wait(u32),
}

impl HttpSide {
    pub(super) fn note_arrival(&mut self, len: usize, cx: &Context<'_>) {
        if len > 0 {
            self.first.get_or_insert_with(|| (cx.first, Position::of(cx)));
        }
        if len > self.seen {
            self.last = if self.seen == 0 { cx.arrived } else { self.last.later(cx.arrived) };
            self.seen = len;
        }
    }

    pub(super) fn consume(&mut self, len: usize) {
        if len > 0 {
            self.seen = self.seen.saturating_sub(len);
            self.scanned = self.scanned.saturating_sub(len);
            self.first = None;
        }
    }

    /// Prepares for the next message.
    pub(super) fn begin_state(&mut self, state: State) {
        self.state = state;
        self.scanned = 0;
        self.sure = false;
        self.quirks = 0;
        (self.is_head, self.is_simple) = (false, false);
        self.answered = None;
    }

    /// The request whose head is not complete, unless its response came.
    pub(super) fn partial_request(&self) -> Option<PartialRequest> {
        let is_begun = matches!(self.state, State::Head) && self.sure && self.answered.is_none();
        let (_, sent) = self.first.filter(|_| is_begun)?;
        Some(PartialRequest { sent, is_head: self.is_head, is_simple: self.is_simple })
    }
}
