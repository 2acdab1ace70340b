//! PostgreSQL, protocol 3: statements and their results, as a session in a stream.

mod describe;
mod fields;
mod gss;
mod header;
mod probe;
mod record;
mod side;
mod statements;
mod unit;
mod values;

use crate::call_facts::CallFacts;
use crate::pipeline::{self, Message, Pipeline};
use crate::protocol::{ABSENT, Alias, Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::reader::cstring;
use crate::session::{
    Chunk, Consumed, Context, Handover, Input, Lane, Missing, Session, Side, SideEnd, Successor, Transition,
};
use crate::sql_text::DoubleQuotes;
use crate::wants::Wants;
use alloc::boxed::Box;
use compact_str::{CompactString, format_compact};
pub use fields::*;
use header::Header;
use record::MessageForm;
use side::SideState;
use statements::Statements;
use unit::Unit;

/// Registry entry for PostgreSQL.
pub static PROTOCOL: Protocol = Protocol {
    short: "PGSQL",
    fields: FIELDS,
    claims: &[Claim::TcpPort(probe::PORT), Claim::Alpn("postgresql")],
    aliases: &[
        Alias::new("command", &COMMAND),
        Alias::new("rows", &ROWS),
        Alias::new("status", &RESULT),
        Alias::new("n_plus_one", &N_PLUS_ONE),
    ],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Stream,
            probe: probe::probe,
            open,
            derived_title: "",
            reassembly: None,
            messages: Some(&MESSAGES),
        }),
        Dissector::CallFacts(&FACTS),
    ],
};

static FACTS: CallFacts = CallFacts::of_statements(DoubleQuotes::Name, &N_PLUS_ONE);

/// The roles of the fields of messages.
const MESSAGES: MessageFields = MessageFields {
    message: &PGSQL,
    request: &REQUEST,
    response: &RESPONSE,
    start_line: &SUMMARY,
    method: &COMMAND,
    target: &EXECUTED,
    authority: &DATABASE,
    code: &RESULT,
    headers: &[&ROW],
    body_limits: [&ABSENT; 2],
    incomplete: &[&INCOMPLETE],
    request_only: &[&REQUEST, &COMMAND, &EXECUTED, &QUERY, &STATEMENT, &RESPONSE_IN],
    response_only: &[&RESULT, &ROWS, &TAG, &CODE, &REQUEST_IN, &TIME, &FIRST_ROW_TIME],
    ..pipeline::MESSAGES
};

/// Bytes of a message that are buffered; of a longer one, the first ones are recorded.
const MAX_MESSAGE: u64 = 256 << 10;
/// Bytes of a longer message that are recorded.
const MAX_PREFIX: usize = 64 << 10;

fn open(wants: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(Pgsql {
        sides: Default::default(),
        client: None,
        phase: Phase::Startup,
        pipeline: Pipeline::new(PGSQL.name),
        open_unit: None,
        statements: Statements::default(),
        identity: CompactString::default(),
        authentication: 0,
        has_fields: wants.protocol(&PGSQL),
        has_content: crate::content::is_wanted(wants),
        has_values: wants.field(&VALUE) || wants.field(&ROW),
        has_statements: [&COMMAND, &EXECUTED, &SUMMARY, &QUERY].into_iter().any(|field| wants.field(field)),
        info_frame: 0,
    })
}

/// The PostgreSQL session of one conversation.
#[derive(Clone, Debug)]
struct Pgsql {
    sides: [SideState; 2],
    /// The side that sends statements, once it is known.
    client: Option<Side>,
    phase: Phase,
    pipeline: Pipeline<Unit>,
    /// The statement that is being sent in the extended protocol.
    open_unit: Option<u32>,
    statements: Statements,
    /// User and database.
    identity: CompactString,
    /// The authentication that the server requested last.
    authentication: u32,
    has_fields: bool,
    has_content: bool,
    /// Values are recorded as text: the types of columns are known.
    has_values: bool,
    /// Statements are recorded where they are executed.
    has_statements: bool,
    /// The last frame with text in the Info column.
    info_frame: u32,
}

/// What the next messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A message of the client without a type.
    Startup,
    /// One byte of the server, after a request for TLS or for GSSAPI.
    Encryption(u32),
    /// Messages with types.
    Messages,
    /// Messages that are encrypted with GSSAPI.
    GssEncrypted,
}

impl Pgsql {
    fn side(&mut self, side: Side) -> &mut SideState {
        side.of_mut(&mut self.sides)
    }

    fn is_client(&self, side: Side) -> bool {
        self.client.unwrap_or(Side::Client) == side
    }

    /// Determines which side is the client, by the first message of either.
    fn find_client(&mut self, side: Side, bytes: &[u8]) {
        if self.client.is_some() {
            return;
        }
        let is_startup = bytes.first() == Some(&0);
        let own = header::chain(bytes, Side::Client);
        let other = header::chain(bytes, Side::Server);
        let is_client = match (own, other) {
            _ if is_startup => true,
            (Some(own), Some(other)) if own.is_decisive == other.is_decisive => side == Side::Client,
            (Some(own), Some(_)) => own.is_decisive,
            (own, None) => own.is_some() || side == Side::Client,
            (None, Some(_)) => false,
        };
        let client = if is_client { side } else { side.other() };
        (self.client, self.pipeline.requester) = (Some(client), client);
        if !is_startup {
            self.phase = Phase::Messages;
            // Where messages of the other side begin is not known.
            let other = self.side(side.other());
            (other.is_lost, other.is_noted) = (true, true);
        }
    }

    /// Reads a message of the client without a type.
    fn untyped(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        // TLS may begin although the response of the server was not captured.
        if matches!(self.phase, Phase::Encryption(_)) && chunk.bytes.first() == Some(&0x16) {
            self.phase = Phase::Startup;
            return beneath_tls(0);
        }
        if chunk.bytes.len() < 8 {
            return Consumed::bytes(0);
        }
        let Some((total, code)) = header::startup(chunk.bytes) else {
            self.phase = Phase::Messages;
            return self.typed(side, chunk, cx);
        };
        let Some(len) = usize::try_from(total).ok().filter(|len| *len <= chunk.bytes.len()) else {
            return Consumed::bytes(0);
        };
        let first = self.side(side).first.take().unwrap_or(cx.first);
        let message = Message { side, chunk: chunk.first(len), first, len: total, consumed: len, is_complete: true };
        let body = message.chunk.bytes.get(8..).unwrap_or_default();
        let role = match code {
            header::SSL | header::GSSENC => {
                self.phase = Phase::Encryption(code);
                unit::Role::default()
            }
            header::CANCEL => {
                self.phase = Phase::Messages;
                let pid = body.first_chunk().map_or(0, |&pid| u32::from_be_bytes(pid));
                self.single("CANCEL", format_compact!("{pid}"), &message, cx)
            }
            _ => {
                self.phase = Phase::Messages;
                self.identity = identity(body);
                self.pipeline.authority.clone_from(&self.identity);
                self.startup(&message, cx)
            }
        };
        self.finish(&message, role, MessageForm::Message, cx)
    }

    /// Reads the byte with which the server responds to a request for encryption.
    fn encryption(&mut self, side: Side, code: u32, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let response = chunk.bytes.first().copied().unwrap_or_default();
        if !matches!(response, b'S' | b'N' | b'G') {
            self.phase = Phase::Messages;
            return self.typed(side, chunk, cx);
        }
        let first = self.side(side).first.take().unwrap_or(cx.first);
        let message = Message { side, chunk: chunk.first(1), first, len: 1, consumed: 1, is_complete: true };
        self.phase = if response == b'G' { Phase::GssEncrypted } else { Phase::Startup };
        let consumed = self.finish(&message, unit::Role::default(), MessageForm::EncryptionResponse(code), cx);
        if response == b'S' { Consumed { transition: beneath_tls(1).transition, ..consumed } } else { consumed }
    }

    /// Reads a message with a type.
    fn typed(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let Some(header) = Header::read(chunk.bytes) else { return Consumed::bytes(0) };
        let role_side = if self.is_client(side) { Side::Client } else { Side::Server };
        if !header.is_valid(role_side) {
            self.note_malformed(chunk, cx);
            self.lose(side, cx.range.start + 1, cx);
            return Consumed::bytes(1);
        }
        let available = chunk.bytes.len();
        if header.total <= available as u64 {
            return self.message(side, header, chunk.first(header.total as usize), cx);
        }
        if header.total > MAX_MESSAGE && available >= MAX_PREFIX {
            let consumed = self.message(side, header, chunk.first(MAX_PREFIX), cx);
            self.side(side).skip = header.total - MAX_PREFIX as u64;
            return consumed;
        }
        Consumed::bytes(0)
    }

    /// Reads a message of which at least the header is there.
    fn message(&mut self, side: Side, header: Header, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let first = self.side(side).first.take().unwrap_or(cx.first);
        let len = chunk.bytes.len();
        let is_complete = header.total == len as u64 || header.total > MAX_MESSAGE;
        let message = Message { side, chunk, first, len: header.total, consumed: len, is_complete };
        let body = chunk.bytes.get(5..).unwrap_or_default();
        let role = if self.is_client(side) {
            self.request(header.kind, body, &message, cx)
        } else {
            if let (b'R', Some(&code)) = (header.kind, body.first_chunk()) {
                self.authentication = u32::from_be_bytes(code);
            }
            self.response(header.kind, body, &message, cx)
        };
        self.finish(&message, role, MessageForm::Message, cx)
    }

    /// Notes that the position of the messages of a side is unknown, from an offset on.
    fn lose(&mut self, side: Side, end: u64, cx: &mut Context<'_>) {
        let state = self.side(side);
        let boundary = state.boundary.filter(|&boundary| boundary >= end && end > 0);
        *state = SideState { is_lost: true, has_ended: state.has_ended, boundary, ..SideState::default() };
        if self.is_client(side) {
            self.open_unit = None;
            self.pipeline.lose_requests(end);
        } else {
            self.pipeline.lose_responses(end, cx);
        }
    }

    /// Searches for the next message after a loss.
    fn search(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let is_client = self.is_client(side);
        let len = chunk.bytes.len();
        let boundary = self.side(side).boundary;
        let found = if is_client {
            match header::chain(chunk.bytes, Side::Client) {
                Some(chain) if chain.count > 0 && (chain.is_exact || chain.is_decisive) => Some(0),
                // The first message may not be complete.
                Some(chain)
                    if chain.count == 0 && len < MAX_PREFIX && matches!(chunk.bytes, [_] | [_, 0] | [_, 0, 0, ..]) =>
                {
                    self.side(side).first.get_or_insert(cx.first);
                    return Consumed::bytes(0);
                }
                _ => None,
            }
        } else {
            match boundary {
                // The client has sent a statement after it received all messages before this offset.
                Some(boundary) if boundary <= cx.range.start => Some(0),
                Some(boundary) if boundary < cx.range.end => Some((boundary - cx.range.start) as usize),
                _ => header::find_ready(chunk.bytes),
            }
        };
        let state = self.side(side);
        if let Some(found) = found {
            state.is_lost = found >= len;
            if found == 0 {
                state.first.get_or_insert(cx.first);
                return self.typed(side, chunk, cx);
            }
        }
        state.first = None;
        let skipped = found.unwrap_or(len).min(len);
        if !state.is_noted {
            state.is_noted = true;
            let span = chunk.span(0..skipped, "Skipped", cx.tree);
            cx.tree.note(&SKIPPED, span, format_args!("{}", SKIPPED.title));
        }
        Consumed::bytes(skipped)
    }
}

/// Has TLS read the bytes after the first `consumed` ones, beneath this session.
fn beneath_tls(consumed: usize) -> Consumed {
    let handover = Handover::to(Successor::Upgrade(CompactString::const_new("TLS")));
    Consumed { transition: Transition::Beneath(Box::new(handover)), ..Consumed::bytes(consumed) }
}

/// Reads user and database of a startup message.
fn identity(parameters: &[u8]) -> CompactString {
    let (mut user, mut database) = (&b""[..], &b""[..]);
    let mut rest = parameters;
    while !rest.is_empty() {
        let (name, after) = cstring(rest);
        let (value, after) = cstring(after);
        match name {
            b"user" => user = value,
            b"database" => database = value,
            b"" => break,
            _ => {}
        }
        rest = after;
    }
    // The database has the name of the user if none is stated.
    let text = |name: &[u8]| crate::exchange::text(name.get(..64).unwrap_or(name));
    let database = if database.is_empty() { user } else { database };
    format_compact!("{}@{}", text(user), text(database))
}

impl Session for Pgsql {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let (side, len) = (lane.side, chunk.bytes.len());
        let is_gss = self.phase == Phase::GssEncrypted;
        let state = self.side(side);
        if state.skip > 0 {
            let skipped = state.skip.min(len as u64);
            state.skip -= skipped;
            return Consumed::bytes(skipped as usize);
        }
        if state.is_lost {
            return if is_gss { Consumed::bytes(len) } else { self.search(side, chunk, cx) };
        }
        state.first.get_or_insert(cx.first);
        if is_gss {
            return self.gss_message(side, chunk, cx);
        }
        self.find_client(side, chunk.bytes);
        match (self.is_client(side), self.phase) {
            (true, Phase::Startup | Phase::Encryption(_)) => self.untyped(side, chunk, cx),
            (false, Phase::Encryption(code)) => self.encryption(side, code, chunk, cx),
            _ => self.typed(side, chunk, cx),
        }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let side = lane.side;
        if missing == Missing::Released {
            self.pipeline.release(cx);
            if before.bytes.is_empty() {
                return;
            }
        }
        let is_known = matches!(missing, Missing::Bytes(_) | Missing::Released);
        let state = self.side(side);
        if is_known && state.skip >= missing.len() && state.skip > 0 {
            state.skip -= missing.len();
            return;
        }
        state.skip = 0;
        let is_lost = state.is_lost;
        let header = Header::read(before.bytes).filter(|_| !is_lost && self.phase == Phase::Messages);
        let side_role = if self.is_client(side) { Side::Client } else { Side::Server };
        let gone = before.bytes.len() as u64 + missing.len();
        match header.filter(|header| header.is_valid(side_role)) {
            Some(header) if is_known && gone <= header.total => {
                self.message(side, header, before, cx);
                self.side(side).skip = header.total - gone;
            }
            Some(header) if header.total > before.bytes.len() as u64 => {
                self.message(side, header, before, cx);
                self.lose(side, cx.range.end, cx);
            }
            _ => {
                // The byte of the server after a request for encryption, and startup messages, end with the gap.
                if self.phase != Phase::GssEncrypted && self.client.is_none() {
                    self.phase = Phase::Messages;
                }
                self.lose(side, cx.range.end, cx);
            }
        }
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        let side = lane.side;
        let side_role = if self.is_client(side) { Side::Client } else { Side::Server };
        let header = Header::read(rest.bytes).filter(|header| header.is_valid(side_role));
        if let Some(header) = header.filter(|_| self.phase == Phase::Messages && !self.side(side).is_lost) {
            self.message(side, header, rest, cx);
        }
        self.side(side).has_ended = true;
        // The response to a statement follows the end of the client.
        if !self.is_client(side) || self.side(side.other()).has_ended {
            self.end_units(cx);
        }
    }

    fn is_in_message(&self, side: Side) -> bool {
        !side.of(&self.sides).is_lost
    }

    fn responds(&self, side: Side) -> bool {
        !self.is_client(side)
    }

    fn buffered(&self) -> usize {
        self.pipeline.buffered() + self.statements.buffered()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
