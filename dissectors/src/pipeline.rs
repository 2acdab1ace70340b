//! Requests of a connection whose responses come in their order, and the exchanges that they form.

use crate::exchange::{Exchange, Outcome, Transfer};
use crate::protocol::{ABSENT, MessageFields};
use crate::session::{Chunk, Context, Event, Side, Stamp};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use compact_str::CompactString;

/// Maximum number of requests that wait for their responses, of one connection. Further ones are counted, so that the
/// order stays known, and are reported as unknown. Libraries send some thousands at once.
const MAX_OPEN: usize = 4096;
/// Maximum number of bytes of the texts of these requests.
const MAX_TEXT: usize = 256 << 10;

/// Roles that messages of these protocols do not have.
pub(crate) const MESSAGES: MessageFields = MessageFields {
    message: &ABSENT,
    request: &ABSENT,
    response: &ABSENT,
    start_line: &ABSENT,
    channel: None,
    method: &ABSENT,
    target: &ABSENT,
    authority: &ABSENT,
    full_target: &ABSENT,
    version: &ABSENT,
    code: &ABSENT,
    headers: &[],
    trailers: &ABSENT,
    body: &ABSENT,
    media_type: &ABSENT,
    coding: &ABSENT,
    body_limits: [&ABSENT; 2],
    incomplete: &[],
    body_notes: &[],
    repeated: &[],
    request_only: &[],
    response_only: &[],
    indexed: &[],
    is_curl_request: false,
};

/// A request whose response is not complete.
#[derive(Clone, Debug)]
pub(crate) struct OpenRequest<K> {
    /// The number of its exchange.
    pub(crate) nth: u32,
    /// Where it ended.
    pub(crate) sent: Stamp,
    /// What the protocol keeps of it.
    pub(crate) kind: K,
    /// The response so far.
    pub(crate) response: Option<Transfer>,
    texts: RequestTexts,
    request: Transfer,
    /// Bytes of the other side that its sender had received.
    received: u64,
    /// Offset after its last byte.
    end: u64,
}

/// A message, or the beginning of one.
#[derive(Clone, Copy)]
pub(crate) struct Message<'b> {
    /// The sender.
    pub(crate) side: Side,
    /// The bytes that are there.
    pub(crate) chunk: Chunk<'b>,
    /// Where its first byte arrived.
    pub(crate) first: Stamp,
    /// Bytes on the wire.
    pub(crate) len: u64,
    /// Bytes of it among those that were given last.
    pub(crate) consumed: usize,
    pub(crate) is_complete: bool,
}

impl Message<'_> {
    /// How it crossed the wire.
    pub(crate) fn transfer(&self, cx: &Context<'_>) -> Transfer {
        let (first, body, complete) = (self.first, self.len, self.is_complete);
        Transfer { first, last: cx.arrived, completed_in: cx.at.frame, body, complete }
    }
}

/// Method and target of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestTexts {
    pub(crate) method: CompactString,
    pub(crate) target: CompactString,
}

impl RequestTexts {
    fn len(&self) -> usize {
        self.method.len() + self.target.len()
    }
}

/// The result of an exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: CompactString,
    pub(crate) code: Option<u16>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Entry<K> {
    Open(OpenRequest<K>),
    /// Requests that are only counted, with consecutive numbers.
    Counted {
        first: u32,
        count: u32,
    },
}

/// Bytes of requests that were not captured.
#[derive(Clone, Copy, Debug)]
struct MissingRequests {
    /// Offset after them.
    end: u64,
    /// Offset of a response whose sender had received them.
    answered: Option<u64>,
}

/// The exchange of a message that responds.
pub(crate) enum Match<'p, K> {
    /// The oldest request without a complete response.
    Request(&'p mut OpenRequest<K>),
    /// A request that is only counted, by the number of its exchange.
    Counted(u32),
    /// None that is known: the request was not captured, or there is none.
    None,
}

/// The requests of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline<K> {
    protocol: &'static str,
    /// The side that sends the requests.
    pub(crate) requester: Side,
    /// User and database, as far as they are known.
    pub(crate) authority: CompactString,
    entries: VecDeque<Entry<K>>,
    count: u32,
    text: usize,
    /// After a loss: requests whose sender had received less than this may have their response in the lost bytes.
    barrier: Option<u64>,
    /// Requests that were not captured.
    missing: Option<MissingRequests>,
    /// Offset of the last response, and the bytes of requests that its sender had received.
    last_response: (u64, u64),
    /// Bytes may be missing since the last response with its request.
    is_checked: bool,
}

impl<K> Pipeline<K> {
    pub(crate) fn new(protocol: &'static str) -> Pipeline<K> {
        Pipeline {
            protocol,
            requester: Side::Client,
            authority: CompactString::default(),
            entries: VecDeque::new(),
            count: 0,
            text: 0,
            barrier: None,
            missing: None,
            last_response: (0, 0),
            is_checked: true,
        }
    }

    /// Takes the number of the next exchange.
    pub(crate) fn take_number(&mut self) -> u32 {
        let nth = self.count;
        self.count = nth.wrapping_add(1);
        nth
    }

    /// Bytes buffered.
    pub(crate) fn buffered(&self) -> usize {
        self.entries.len() * size_of::<Entry<K>>() + self.text
    }

    /// Adds a request with the number `nth`. Returns whether it is kept; at the limit it is reported and counted.
    pub(crate) fn request(
        &mut self,
        nth: u32,
        kind: K,
        texts: RequestTexts,
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) -> bool {
        let request = message.transfer(cx);
        let is_behind = |offset: u64| cx.received >= offset || cx.range.is_empty();
        // Its sender had received a response to what is missing: others may have been pipelined with it.
        let follows =
            |missing: MissingRequests| cx.range.is_empty() || missing.answered.is_some_and(|at| cx.received > at);
        if self.barrier.is_some_and(is_behind) || self.missing.is_some_and(follows) {
            self.end(cx);
        }
        let open = OpenRequest {
            nth,
            sent: request.last,
            kind,
            response: None,
            texts,
            request,
            received: cx.received,
            end: cx.range.start + message.consumed as u64,
        };
        if self.entries.len() < MAX_OPEN && self.text + open.texts.len() <= MAX_TEXT {
            self.text += open.texts.len();
            self.entries.push_back(Entry::Open(open));
            return true;
        }
        if cx.reports_exchanges {
            let mut exchange = self.without_response(open, cx);
            exchange.set_unknown();
            cx.events.push(Event::Exchange(exchange));
        }
        self.add_counted(nth);
        false
    }

    fn add_counted(&mut self, nth: u32) {
        match self.entries.back_mut() {
            Some(Entry::Counted { first, count }) if first.wrapping_add(*count) == nth => *count += 1,
            _ => self.entries.push_back(Entry::Counted { first: nth, count: 1 }),
        }
    }

    /// Finds the request of the next response.
    pub(crate) fn find(&mut self, cx: &Context<'_>) -> Match<'_, K> {
        self.last_response = (cx.range.start, cx.received);
        if self.barrier.is_some() {
            return Match::None;
        }
        if let Some(missing) = &mut self.missing
            && (cx.received == 0 || cx.received >= missing.end)
        {
            missing.answered.get_or_insert(cx.range.start);
            return Match::None;
        }
        let is_checked = self.is_checked;
        match self.entries.front_mut() {
            Some(Entry::Counted { first, .. }) => Match::Counted(*first),
            Some(Entry::Open(open)) if !is_checked || open.may_have_response(cx) => {
                self.is_checked = false;
                Match::Request(open)
            }
            _ => Match::None,
        }
    }

    /// The oldest request, if it is kept, whatever is missing before its response.
    pub(crate) fn first_mut(&mut self) -> Option<&mut OpenRequest<K>> {
        match self.entries.front_mut() {
            Some(Entry::Open(open)) => Some(open),
            _ => None,
        }
    }

    /// The last request, if it is kept.
    pub(crate) fn last_mut(&mut self) -> Option<&mut OpenRequest<K>> {
        match self.entries.back_mut() {
            Some(Entry::Open(open)) => Some(open),
            _ => None,
        }
    }

    /// Replaces the texts of the last request.
    pub(crate) fn set_last_texts(&mut self, texts: RequestTexts) {
        if let Some(Entry::Open(open)) = self.entries.back_mut() {
            self.text = self.text - open.texts.len() + texts.len();
            open.texts = texts;
        }
    }

    /// Skips the oldest request, which is only counted: its response is complete.
    pub(crate) fn skip_counted(&mut self) {
        if let Some(Entry::Counted { first, count }) = self.entries.front_mut() {
            (*first, *count) = (first.wrapping_add(1), *count - 1);
            if *count == 0 {
                self.entries.pop_front();
            }
        }
    }

    /// Completes the oldest request.
    pub(crate) fn complete(&mut self, reply: Reply, cx: &mut Context<'_>) {
        if !matches!(self.entries.front(), Some(Entry::Open(_))) {
            return;
        }
        let Some(Entry::Open(open)) = self.entries.pop_front() else { return };
        self.text -= open.texts.len();
        if self.entries.is_empty() && self.entries.capacity() > 64 {
            self.entries = VecDeque::new();
        }
        if cx.reports_exchanges {
            let mut exchange = self.exchange(open, cx);
            (exchange.status, exchange.code, exchange.outcome) = (reply.status, reply.code, reply.outcome);
            cx.events.push(Event::Exchange(exchange));
        }
    }

    /// Reports a message that has no request: an unrequested one of the server, or one whose request was not captured.
    pub(crate) fn report_single(&self, nth: u32, single: SingleMessage, message: &Message<'_>, cx: &mut Context<'_>) {
        if !cx.reports_exchanges {
            return;
        }
        let SingleMessage { texts, reply, is_one_way } = single;
        let transfer = message.transfer(cx);
        let (request, response) = if is_one_way { (Some(transfer), None) } else { (None, Some(transfer)) };
        cx.events.push(Event::Exchange(Box::new(Exchange {
            id: cx.exchange(nth),
            protocol: self.protocol,
            requester: is_one_way.then_some(message.side),
            method: texts.method,
            target: texts.target,
            authority: self.authority.clone(),
            status: reply.status,
            code: reply.code,
            outcome: reply.outcome,
            request,
            response,
            is_encrypted: cx.is_encrypted,
            is_one_way,
            ..Exchange::default()
        })));
    }

    /// Notes that bytes of the requests are missing up to an offset.
    pub(crate) fn lose_requests(&mut self, end: u64) {
        let (offset, received) = self.last_response;
        let answered = (received >= end && end > 0).then_some(offset);
        self.missing = Some(MissingRequests { end, answered });
        self.is_checked = true;
    }

    /// Notes that bytes of the responses are missing up to an offset. Requests that were sent after these bytes were
    /// received stay open; the responses to others may be among the missing bytes.
    pub(crate) fn lose_responses(&mut self, end: u64, cx: &mut Context<'_>) {
        self.is_checked = true;
        let is_later = |entry: &Entry<K>| matches!(entry, Entry::Open(open) if open.received >= end && end > 0);
        let Some(later) = self.entries.iter().position(is_later) else {
            self.barrier = Some(end).max(self.barrier);
            return;
        };
        let kept = self.entries.split_off(later);
        self.end(cx);
        self.text = kept.iter().map(|entry| if let Entry::Open(open) = entry { open.texts.len() } else { 0 }).sum();
        self.entries = kept;
    }

    /// Reports all requests without their responses, and counts them: memory is short.
    pub(crate) fn release(&mut self, cx: &mut Context<'_>) {
        for entry in core::mem::take(&mut self.entries) {
            match entry {
                Entry::Open(open) => {
                    let nth = open.nth;
                    self.report_unanswered(open, cx);
                    self.add_counted(nth);
                }
                Entry::Counted { first, count } => {
                    (first..first.saturating_add(count)).for_each(|nth| self.add_counted(nth))
                }
            }
        }
        self.text = 0;
    }

    /// Reports all requests without their responses: there will be none.
    pub(crate) fn end(&mut self, cx: &mut Context<'_>) {
        for entry in core::mem::take(&mut self.entries) {
            if let Entry::Open(open) = entry {
                self.report_unanswered(open, cx);
            }
        }
        (self.text, self.barrier, self.missing) = (0, None, None);
    }

    fn report_unanswered(&self, open: OpenRequest<K>, cx: &mut Context<'_>) {
        if cx.reports_exchanges {
            cx.events.push(Event::Exchange(self.without_response(open, cx)));
        }
    }

    /// Returns the exchange of a request whose response is not complete.
    fn without_response(&self, mut open: OpenRequest<K>, cx: &Context<'_>) -> Box<Exchange> {
        if let Some(response) = &mut open.response {
            response.complete = false;
        }
        let mut exchange = self.exchange(open, cx);
        exchange.outcome = if exchange.response.is_some() { Outcome::Aborted } else { Outcome::Unanswered };
        exchange
    }

    fn exchange(&self, open: OpenRequest<K>, cx: &Context<'_>) -> Box<Exchange> {
        Box::new(Exchange {
            id: cx.exchange(open.nth),
            protocol: self.protocol,
            requester: Some(self.requester),
            method: open.texts.method,
            target: open.texts.target,
            authority: self.authority.clone(),
            request: Some(open.request),
            response: open.response,
            is_encrypted: cx.is_encrypted,
            ..Exchange::default()
        })
    }
}

/// A message that has no request.
pub(crate) struct SingleMessage {
    pub(crate) texts: RequestTexts,
    pub(crate) reply: Reply,
    /// No request is missing.
    pub(crate) is_one_way: bool,
}

impl<K> OpenRequest<K> {
    /// Whether the present bytes can be the response: their sender had received the request, and the sender of the
    /// request had not received them before.
    fn may_have_response(&self, cx: &Context<'_>) -> bool {
        let was_received = cx.received == 0 || cx.received >= self.end;
        was_received && (cx.range.is_empty() || self.received <= cx.range.start)
    }

    /// Adds a message to the request.
    pub(crate) fn add_request(&mut self, message: &Message<'_>, cx: &Context<'_>) {
        (self.request.last, self.request.completed_in) = (cx.arrived, cx.at.frame);
        self.request.body += message.len;
        (self.sent, self.end) = (cx.arrived, cx.range.start + message.consumed as u64);
    }

    /// Adds a message to the response.
    pub(crate) fn add_response(&mut self, message: &Message<'_>, cx: &Context<'_>) {
        let response =
            self.response.get_or_insert(Transfer { first: message.first, complete: true, ..Transfer::default() });
        (response.last, response.completed_in) = (cx.arrived, cx.at.frame);
        response.complete &= message.is_complete;
        response.body += message.len;
    }
}
