//! Exchanges: which command a response belongs to, and messages that have no command.

use super::command::{self, Command, SecretContext};
use super::expected::{self, Expected};
use super::fields::*;
use super::side::LongMessage;
use super::{Resp, describe};
use crate::exchange::Outcome;
use crate::pipeline::{Match, Message, Reply, RequestTexts, SingleMessage};
use crate::session::{About, Chunk, Context, Event, Half, Lane, MessageEnd, Pdu, Side, Stamp};
use crate::tree::{Slice, Value};
use alloc::boxed::Box;
use compact_str::CompactString;

/// What a message is, and to which exchange it belongs.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) nth: u32,
    pub(super) half: Half,
    /// Where the command ended that this message responds to.
    pub(super) request: Option<Stamp>,
    pub(super) is_push: bool,
    pub(super) secrets: SecretContext,
}

impl Resp {
    /// Begins or continues a message of which not all bytes are buffered.
    pub(super) fn skip_part(&mut self, side: Side, is_client: bool, chunk: Chunk<'_>, len: u64, cx: &mut Context<'_>) {
        if let Some(long) = &mut self.side(side).long {
            long.len += len;
            return;
        }
        let command = match chunk.bytes.first() {
            _ if !is_client => None,
            Some(b'*') => Command::read(chunk.bytes),
            _ => Some(Command::inline(chunk.bytes)),
        };
        let command = command.map(|command| command.showing(cx.shows_passwords));
        let long = if is_client {
            let nth = self.pipeline.take_number();
            let (texts, expected) = (texts(command.as_ref(), cx), Expected::of(command.as_ref(), chunk.bytes));
            LongMessage {
                nth,
                half: Half::Request,
                len,
                is_complete: true,
                texts,
                expected,
                reply: Reply::default(),
                is_push: false,
            }
        } else {
            let is_push = self.mode.is_push(chunk.bytes);
            let nth = match self.pipeline.find(cx) {
                Match::Request(open) if !is_push => open.nth,
                Match::Counted(nth) if !is_push => nth,
                _ => self.pipeline.take_number(),
            };
            let texts = if is_push { push_texts(chunk.bytes, cx) } else { RequestTexts::default() };
            let half = if is_push { Half::Request } else { Half::Response };
            let reply = describe::reply(chunk.bytes);
            LongMessage { nth, half, len, is_complete: true, texts, expected: Expected::default(), reply, is_push }
        };
        self.side(side).long = Some(Box::new(long));
    }

    /// Ends a message of which not all bytes were buffered, with the first `consumed` bytes.
    pub(super) fn end_long(
        &mut self,
        side: Side,
        long: LongMessage,
        first: Stamp,
        consumed: usize,
        cx: &mut Context<'_>,
    ) -> Option<(u32, Half)> {
        let LongMessage { nth, half, len, is_complete, texts, expected, reply, is_push } = long;
        let len = len + consumed as u64;
        let empty = Chunk { bytes: b"", base: None };
        let message = Message { side, chunk: empty, first, len, consumed, is_complete };
        match half {
            Half::Request if is_push => {
                let single = SingleMessage { texts, reply, is_one_way: true };
                self.pipeline.report_single(nth, single, &message, cx);
            }
            Half::Request => self.add_request(nth, expected, texts, &message, cx),
            Half::Response => self.respond(nth, reply, &message, None, cx),
        }
        cx.path.push_once(RESP.name);
        if self.has_fields {
            cx.tree.open(&RESP, Slice::default(), Value::Bytes(Slice::default()));
            let field = if half == Half::Request && !is_push { &REQUEST } else { &RESPONSE };
            cx.tree.put(field, Slice::default(), Value::Bool(true));
            cx.tree.note(&LIMIT, Slice::default(), format_args!("{}: {len} bytes", LIMIT.title));
            cx.tree.close();
        }
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first, len }));
        cx.events.push(Event::Message(MessageEnd { nth, half }));
        Some((nth, half))
    }

    /// Finds the exchange of a message, and reports it if it is complete.
    pub(super) fn pair(
        &mut self,
        message: &Message<'_>,
        command: Option<&Command<'_>>,
        is_client: bool,
        cx: &mut Context<'_>,
    ) -> Role {
        let bytes = message.chunk.bytes;
        if is_client {
            let nth = self.pipeline.take_number();
            let expected = Expected::of(command, bytes);
            let secrets = expected.secrets;
            if let Some(command) = command {
                self.identity.update(command);
                self.pipeline.authority.clone_from(&self.identity.text);
            }
            self.add_request(nth, expected, texts(command, cx), message, cx);
            return Role { nth, half: Half::Request, request: None, is_push: false, secrets };
        }
        if self.mode.is_push(bytes) && !self.confirms(bytes, cx) {
            let nth = self.pipeline.take_number();
            let reply = Reply { outcome: Outcome::Success, ..Reply::default() };
            let single = SingleMessage { texts: push_texts(bytes, cx), reply, is_one_way: true };
            self.pipeline.report_single(nth, single, message, cx);
            return Role { nth, half: Half::Request, request: None, is_push: true, secrets: SecretContext::None };
        }
        let (nth, request, secrets) = match self.pipeline.find(cx) {
            Match::Request(open) => (open.nth, Some(open.sent), open.kind.secrets.of_response()),
            Match::Counted(nth) => (nth, None, SecretContext::None),
            Match::None => (self.pipeline.take_number(), None, SecretContext::None),
        };
        if request.is_some() {
            let about = About::Half(cx.exchange(nth), Half::Request);
            cx.collect(&RESPONSE_IN, about, cx.at.frame.into());
        }
        self.respond(nth, describe::reply(bytes), message, Some(bytes), cx);
        Role { nth, half: Half::Response, request, is_push: false, secrets }
    }

    /// Whether a message confirms a subscription that the oldest command requests.
    pub(super) fn confirms(&mut self, bytes: &[u8], cx: &Context<'_>) -> bool {
        let is_confirmation = expected::is_confirmation(bytes);
        is_confirmation && matches!(self.pipeline.find(cx), Match::Request(open) if open.kind.is_subscription)
    }

    pub(super) fn add_request(
        &mut self,
        nth: u32,
        expected: Expected,
        texts: RequestTexts,
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) {
        self.side(message.side.other()).boundary = Some(cx.received);
        if self.mode.has_response(&expected) {
            let is_kept = self.pipeline.request(nth, expected, texts, message, cx);
            if !is_kept {
                cx.tree.note(&OPEN_LIMIT, Slice::default(), format_args!("{}", OPEN_LIMIT.title));
            }
            return;
        }
        let reply = Reply { outcome: Outcome::Success, ..Reply::default() };
        let single = SingleMessage { texts, reply, is_one_way: true };
        self.pipeline.report_single(nth, single, message, cx);
    }

    /// Adds a response to exchange `nth`.
    pub(super) fn respond(
        &mut self,
        nth: u32,
        reply: Reply,
        message: &Message<'_>,
        bytes: Option<&[u8]>,
        cx: &mut Context<'_>,
    ) {
        match self.pipeline.find(cx) {
            Match::Request(open) if open.nth == nth => {
                let is_last = open.kind.is_last(bytes.unwrap_or_default());
                open.add_response(message, cx);
                self.mode.apply(open.kind.effect, &reply);
                if is_last {
                    let outcome = if message.is_complete { reply.outcome } else { Outcome::Aborted };
                    self.pipeline.complete(Reply { outcome, ..reply }, cx);
                }
            }
            Match::Counted(counted) if counted == nth => self.pipeline.skip_counted(),
            _ => {
                let texts = RequestTexts::default();
                let single = SingleMessage { texts, reply, is_one_way: false };
                self.pipeline.report_single(nth, single, message, cx);
            }
        }
    }
}

/// Method and target of a command, if exchanges are reported.
fn texts(command: Option<&Command<'_>>, cx: &Context<'_>) -> RequestTexts {
    match command.filter(|_| cx.reports_exchanges) {
        Some(command) => RequestTexts { method: command.name(), target: command.arguments() },
        None => RequestTexts::default(),
    }
}

/// Method and target of a pushed message: its kind, and its channel.
fn push_texts(bytes: &[u8], cx: &Context<'_>) -> RequestTexts {
    if !cx.reports_exchanges {
        return RequestTexts::default();
    }
    let word = |nth| describe::element(bytes, nth).map(|word| crate::exchange::text(word.get(..1024).unwrap_or(word)));
    let mut target = CompactString::default();
    if let Some(channel) = describe::element(bytes, 1) {
        command::push_word(channel, 1024, &mut target);
    }
    let kind = word(0).map_or(CompactString::const_new("MONITOR"), |kind| kind.to_ascii_uppercase());
    RequestTexts { method: kind, target }
}
