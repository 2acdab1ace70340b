//! Bytes that were not read, and which exchanges may have their response among them.

use super::Pairing;
use super::open_exchange::{OpenExchange, Position};
use crate::session::{Context, Side};
use alloc::boxed::Box;
use core::ops::Range;

/// Bytes of the responding side that were not read.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Unread {
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
    pub(in crate::http) fn of(cx: &Context<'_>, is_gap: bool) -> Unread {
        let Range { start, end } = cx.range;
        Unread { from: start, end, begins: false, is_gap }
    }

    /// The same, from the beginning of a response on.
    pub(in crate::http) fn beginning_at(self, from: u64) -> Unread {
        Unread { from, begins: true, ..self }
    }

    /// These bytes and later ones.
    pub(super) fn and(self, later: Unread) -> Unread {
        Unread { end: later.end, is_gap: self.is_gap || later.is_gap, ..self }
    }

    /// Whether no more than one response begins in them, if the next one begins at this offset.
    pub(super) fn has_one_before(self, next: u64) -> bool {
        let len = |end: u64| end.saturating_sub(self.from);
        !self.is_gap
            || self.end > 0 && len(self.end) < SHORTEST_RESPONSE
            || next > 0 && len(next) < 2 * SHORTEST_RESPONSE
    }
}

impl Pairing {
    /// Notes that bytes of a side were not read: because they were not captured, or are not readable. A response may be
    /// among them, and a request. If they begin with a response, it is to the oldest request.
    pub(in crate::http) fn note_unread(&mut self, side: Side, unread: Unread) {
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
    pub(super) fn has_unread(&self) -> bool {
        self.open.iter().any(|open| open.unread.is_some())
    }

    /// Reports an exchange whose response may be among bytes that were not read, when its client sends the next request:
    /// a client without pipelining has had its response then.
    #[cold]
    pub(super) fn drop_unread(&mut self, side: Side, sent: Position, cx: &mut Context<'_>) {
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
    pub(super) fn drop_answered_unread(&mut self, requester: Side, sent: Position, cx: &mut Context<'_>) -> bool {
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
}
