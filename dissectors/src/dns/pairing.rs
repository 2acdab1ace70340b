//! Queries and their responses: one exchange, by identifier and question (RFC 5452 4.1).

use super::describe::{extended_rcode, write_method};
use super::message::{self, Entry, Header, Message, Question, SOA};
use super::names;
use super::stateful;
use super::zone_text::ZoneName;
use super::{Dialect, RESPONSE_IN, RESPONSE_MISSING};
use crate::exchange::{Exchange, Outcome, Transfer};
use crate::session::{About, Context, Event, Half, Side, Stamp};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use compact_str::{CompactString, format_compact};

/// Maximum number of open queries of a session. At the limit the oldest is reported without a response. A resolver has
/// some hundreds to one server.
const MAX_OPEN: usize = 1024;

/// Maximum number of answered queries that are known, so that a repeated response is recognized. A response is repeated
/// within a round trip or two.
const MAX_ANSWERED: usize = 16;

/// Nanoseconds after which a query has no response: resolvers wait for up to 30 seconds in all.
const MAX_WAIT: i64 = 60_000_000_000;

/// Nanoseconds within which a message with the same identifier is a repetition, as in Wireshark.
const REPETITION: i64 = 5_000_000_000;

/// A message of a session.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'b> {
    pub(super) side: Side,
    pub(super) message: Message<'b>,
    /// Bytes of its datagram that were not captured.
    pub(super) cut: u32,
    /// Where its first byte arrived.
    pub(super) first: Stamp,
}

/// What identifies a question besides its name in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct QuestionKey {
    name: u64,
    kind: u16,
    class: u16,
}

impl QuestionKey {
    fn of(question: &Question<'_>) -> QuestionKey {
        QuestionKey { name: question.name.hash(), kind: question.kind, class: question.class & 0x7fff }
    }
}

/// A query without a complete response.
#[derive(Clone, Debug)]
struct OpenQuery {
    id: u16,
    opcode: u8,
    requester: Side,
    key: Option<QuestionKey>,
    nth: u32,
    /// Up to its last repetition.
    request: Transfer,
    /// Where it was first sent, or last after [`REPETITION`].
    sent: Stamp,
    target: CompactString,
    /// A zone whose transfer has begun.
    zone: Option<Box<ZoneTransfer>>,
    /// Whether bytes of the responder were not captured since the query: messages of a zone may have been among them.
    has_gap: bool,
}

impl OpenQuery {
    /// Collects that it has no response.
    fn collect_missing(&self, dialect: &Dialect, cx: &mut Context<'_>) {
        if self.zone.is_some() {
            return;
        }
        let (about, responder) = (About::Frame(self.sent.frame, self.id.into()), self.requester.other());
        cx.collect_missing(&RESPONSE_IN, about, responder);
        // RFC 6762 5.2: a multicast query need not have a response.
        if !dialect.is_mdns() {
            cx.note_missing(&RESPONSE_MISSING, self.sent.frame, responder);
        }
    }
}

/// The response to a question for a zone: messages up to the one that ends with the SOA record of the first (RFC 5936
/// 2.2, RFC 1995 4).
#[derive(Clone, Debug)]
struct ZoneTransfer {
    response: Transfer,
    /// Records so far.
    records: u64,
    serial: Option<u32>,
    /// Number of SOA records with this serial that end the transfer, and so far.
    expected: u32,
    found: u32,
}

/// A query with its response.
#[derive(Clone, Copy, Debug)]
struct Answered {
    id: u16,
    requester: Side,
    key: Option<QuestionKey>,
    nth: u32,
    request: Stamp,
    response: Stamp,
}

/// What a message is in its exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) id: u16,
    /// The number of the exchange.
    pub(super) nth: u32,
    pub(super) half: Half,
    /// Of a response: the query.
    pub(super) request: Option<Stamp>,
    /// The first message that this one repeats.
    pub(super) repeats: Option<Stamp>,
    /// Whether it is a message of a zone after the first.
    pub(super) continues: bool,
}

/// The queries of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairing {
    open: VecDeque<OpenQuery>,
    /// The query that was answered last. Most sessions have one.
    answered: Option<Answered>,
    /// Those before it, oldest first, if there are any.
    #[expect(clippy::box_collection, reason = "most sessions have none, and there are many sessions")]
    answered_before: Option<Box<VecDeque<Answered>>>,
    count: u32,
}

impl Pairing {
    /// Finds the exchange of a message, and reports it if it is complete.
    pub(super) fn add(&mut self, dialect: &'static Dialect, incoming: &Incoming<'_>, cx: &mut Context<'_>) -> Role {
        self.expire(dialect, cx);
        let key = incoming.message.question.as_ref().map(QuestionKey::of);
        if incoming.message.header.is_response() {
            self.response(dialect, incoming, key, cx)
        } else {
            self.request(dialect, incoming, key, cx)
        }
    }

    /// Whether no query is open.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Bytes that open queries need.
    pub(super) fn buffered(&self) -> usize {
        self.open.len() * size_of::<OpenQuery>()
    }

    /// Reports the queries to a side without a response.
    pub(super) fn end(&mut self, dialect: &'static Dialect, responder: Side, cx: &mut Context<'_>) {
        if self.open.is_empty() {
            return;
        }
        let open = core::mem::take(&mut self.open);
        for query in open {
            if query.requester == responder {
                self.open.push_back(query);
            } else {
                report_unanswered(dialect, query, cx);
            }
        }
    }

    /// Notes that bytes of a side were not captured.
    pub(super) fn lose(&mut self, responder: Side) {
        let queries = self.open.iter_mut().filter(|query| query.requester != responder);
        queries.for_each(|query| query.has_gap = true);
    }

    fn expire(&mut self, dialect: &'static Dialect, cx: &mut Context<'_>) {
        while let Some(query) = self.open.front() {
            let has_waited = cx.at.time.saturating_sub(query.request.last.time) > MAX_WAIT;
            if !has_waited && self.open.len() < MAX_OPEN {
                break;
            }
            let Some(query) = self.open.pop_front() else { continue };
            if has_waited {
                report_unanswered(dialect, query, cx);
            } else if cx.reports_exchanges {
                let mut exchange = unanswered(dialect, query, cx);
                exchange.set_unknown();
                cx.events.push(Event::Exchange(Box::new(exchange)));
            }
        }
    }

    fn take_number(&mut self) -> u32 {
        let nth = self.count;
        self.count = nth.wrapping_add(1);
        nth
    }

    fn request(
        &mut self,
        dialect: &'static Dialect,
        incoming: &Incoming<'_>,
        key: Option<QuestionKey>,
        cx: &mut Context<'_>,
    ) -> Role {
        let id = incoming.message.header.id;
        // RFC 8490 5.4.1: messages without an identifier have no response, and do not repeat each other.
        let is_unidirectional = id == 0 && stateful::has_values(incoming.message.header);
        let is_same = |query: &&mut OpenQuery| {
            query.id == id
                && query.key == key
                && query.requester == incoming.side
                && query.zone.is_none()
                && !is_unidirectional
        };
        if let Some(query) = self.open.iter_mut().find(is_same) {
            let is_repetition = cx.at.time.saturating_sub(query.request.last.time) < REPETITION;
            query.request.last = cx.at;
            let repeats = is_repetition.then_some(query.sent);
            if !is_repetition {
                query.collect_missing(dialect, cx);
                query.sent = cx.at;
            }
            return Role { id, nth: query.nth, half: Half::Request, request: None, repeats, continues: false };
        }
        let nth = self.take_number();
        // Most sessions have one query: more room is for those that have more.
        if self.open.capacity() == 0 {
            self.open = VecDeque::with_capacity(1);
        }
        self.open.push_back(OpenQuery {
            id,
            opcode: incoming.message.header.opcode(),
            requester: incoming.side,
            key,
            nth,
            request: transfer(incoming, cx.at),
            sent: cx.at,
            target: target(&incoming.message, dialect, cx),
            zone: None,
            has_gap: false,
        });
        Role { id, nth, half: Half::Request, request: None, repeats: None, continues: false }
    }

    fn response(
        &mut self,
        dialect: &'static Dialect,
        incoming: &Incoming<'_>,
        key: Option<QuestionKey>,
        cx: &mut Context<'_>,
    ) -> Role {
        let id = incoming.message.header.id;
        let requester = incoming.side.other();
        let is_of = |query: &OpenQuery| {
            query.id == id
                && query.requester == requester
                && match (query.key, key) {
                    (Some(own), Some(key)) => own == key,
                    (Some(own), None) if dialect.is_mdns() => has_record_of(own, incoming),
                    (_, None) => true,
                    (None, Some(_)) => false,
                }
        };
        if let Some(at) = self.open.iter().position(is_of) {
            return self.answer(dialect, at, incoming, cx);
        }
        let is_of =
            |known: &&Answered| known.id == id && known.requester == requester && (key.is_none() || known.key == key);
        if let Some(known) =
            self.answered.iter().chain(self.answered_before.iter().flat_map(|earlier| earlier.iter().rev())).find(is_of)
        {
            let (request, repeats) = (Some(known.request), Some(known.response));
            return Role { id, nth: known.nth, half: Half::Response, request, repeats, continues: false };
        }
        let nth = self.take_number();
        if cx.reports_exchanges {
            let exchange = Exchange {
                method: method(incoming.message.header, key),
                target: target(&incoming.message, dialect, cx),
                ..exchange(dialect, nth, cx)
            };
            report(exchange, incoming, transfer(incoming, cx.at), cx);
        }
        Role { id, nth, half: Half::Response, request: None, repeats: None, continues: false }
    }

    /// Completes a query, unless it is for a zone of which more follows.
    fn answer(&mut self, dialect: &'static Dialect, at: usize, incoming: &Incoming<'_>, cx: &mut Context<'_>) -> Role {
        let id = incoming.message.header.id;
        let none = Role { id, nth: 0, half: Half::Response, request: None, repeats: None, continues: false };
        let Some(query) = self.open.get_mut(at) else { return none };
        let continues = query.zone.is_some();
        let role = Role { id, nth: query.nth, request: Some(query.sent), continues, ..none };
        let is_zone = matches!(query.key, Some(key) if matches!(key.kind, message::AXFR | message::IXFR));
        let mut response = transfer(incoming, cx.at);
        if is_zone && incoming.message.header.rcode() == 0 && incoming.message.header.opcode() == message::QUERY {
            let begin = || Box::new(ZoneTransfer { response, records: 0, serial: None, expected: 2, found: 0 });
            let is_incremental = query.key.is_some_and(|key| key.kind == message::IXFR);
            let zone = query.zone.get_or_insert_with(begin);
            if continues {
                zone.response.body += response.body;
                (zone.response.last, zone.response.completed_in) = (response.last, response.completed_in);
            }
            if !zone.add(incoming, is_incremental) {
                return role;
            }
            let complete = zone.response.complete && response.complete && !query.has_gap;
            response = Transfer { complete, ..zone.response };
        }
        let Some(query) = self.open.remove(at) else { return role };
        if self.open.is_empty() {
            self.open = VecDeque::new();
        }
        let OpenQuery { id, requester, key, nth, sent: request, .. } = query;
        let answered = Answered { id, requester, key, nth, request, response: cx.at };
        if let Some(before) = self.answered.replace(answered) {
            let earlier = self.answered_before.get_or_insert_default();
            if earlier.len() >= MAX_ANSWERED - 1 {
                earlier.pop_front();
            }
            earlier.push_back(before);
        }
        if cx.reports_exchanges {
            report(request_exchange(dialect, query, cx), incoming, response, cx);
        }
        role
    }
}

impl ZoneTransfer {
    /// Counts the records of a message; returns whether it is the last one.
    fn add(&mut self, incoming: &Incoming<'_>, is_incremental: bool) -> bool {
        let before = self.records;
        for entry in incoming.message.entries() {
            let Ok((1, Entry::Record(record))) = entry else { continue };
            self.records += 1;
            let serial = (record.owner.kind == SOA).then(|| serial(incoming.message.bytes, record.data.end)).flatten();
            if serial.is_some() && self.records == 1 {
                self.serial = serial;
            }
            // RFC 1995 4: the second record of an incremental transfer is the SOA record of the old version.
            if serial.is_some() && self.records == 2 && serial != self.serial {
                self.expected = 3;
            }
            self.found += u32::from(serial.is_some() && serial == self.serial);
        }
        let is_unchanged = is_incremental && self.records == 1;
        self.found >= self.expected || self.serial.is_none() || is_unchanged || self.records == before
    }
}

/// Returns the serial number of an SOA record, which is the first of five numbers at the end of its data.
fn serial(message: &[u8], end: usize) -> Option<u32> {
    let at = end.checked_sub(20)?;
    message.get(at..)?.first_chunk().map(|&serial| u32::from_be_bytes(serial))
}

/// Whether a response of mDNS has a record of the name of a question (RFC 6762 6).
fn has_record_of(key: QuestionKey, incoming: &Incoming<'_>) -> bool {
    let mut entries = incoming.message.entries();
    entries.any(|entry| matches!(entry, Ok((1, Entry::Record(record))) if record.owner.name.hash() == key.name))
}

fn transfer(incoming: &Incoming<'_>, at: Stamp) -> Transfer {
    let body = incoming.message.bytes.len() as u64 + u64::from(incoming.cut);
    Transfer { first: incoming.first, last: at, completed_in: at.frame, body, complete: incoming.cut == 0 }
}

fn method(header: Header, key: Option<QuestionKey>) -> CompactString {
    let mut method = CompactString::default();
    let _ = write_method(header, key.map(|key| key.kind), &mut method);
    method
}

/// Returns the name of the first question, and the number of further ones; nothing if exchanges are not reported.
fn target(message: &Message<'_>, dialect: &Dialect, cx: &Context<'_>) -> CompactString {
    let [questions, ..] = message.header.counts;
    match message.question.filter(|_| cx.reports_exchanges) {
        None => CompactString::default(),
        Some(question) if question.name.is_root() => format_compact!("{}", ZoneName(question.name)),
        Some(question) if dialect.is_mdns() && questions > 1 => {
            format_compact!("{} (+{})", question.name, questions - 1)
        }
        Some(question) => question.name.text(),
    }
}

fn exchange(dialect: &'static Dialect, nth: u32, cx: &Context<'_>) -> Exchange {
    Exchange { id: cx.exchange(nth), protocol: dialect.field.name, is_of_server: true, ..Exchange::default() }
}

fn request_exchange(dialect: &'static Dialect, query: OpenQuery, cx: &Context<'_>) -> Exchange {
    let header = Header { id: query.id, flags: u16::from(query.opcode) << 11, counts: [0; 4] };
    Exchange {
        requester: Some(query.requester),
        method: method(header, query.key),
        target: query.target,
        request: Some(query.request),
        ..exchange(dialect, query.nth, cx)
    }
}

fn report_unanswered(dialect: &'static Dialect, query: OpenQuery, cx: &mut Context<'_>) {
    query.collect_missing(dialect, cx);
    if cx.reports_exchanges {
        let exchange = unanswered(dialect, query, cx);
        cx.events.push(Event::Exchange(Box::new(exchange)));
    }
}

/// Returns the exchange of a query whose response was not seen.
fn unanswered(dialect: &'static Dialect, mut query: OpenQuery, cx: &Context<'_>) -> Exchange {
    let zone = query.zone.take();
    let outcome = if zone.is_some() { Outcome::Aborted } else { Outcome::Unanswered };
    let response = zone.map(|zone| Transfer { complete: false, ..zone.response });
    Exchange { outcome, response, ..request_exchange(dialect, query, cx) }
}

/// Reports an exchange with its response.
fn report(exchange: Exchange, incoming: &Incoming<'_>, response: Transfer, cx: &mut Context<'_>) {
    let code = extended_rcode(incoming.message.header, incoming.message.bytes);
    let outcome = match code {
        0 => Outcome::Success,
        // SERVFAIL, NOTIMP, REFUSED (RFC 1035 4.1.1).
        2 | 4 | 5 => Outcome::ServerError,
        _ => Outcome::ClientError,
    };
    let status = match names::rcode(code).name {
        Some(name) => CompactString::const_new(name),
        None => format_compact!("{}", names::rcode(code)),
    };
    cx.events.push(Event::Exchange(Box::new(Exchange { status, outcome, response: Some(response), ..exchange })));
}
