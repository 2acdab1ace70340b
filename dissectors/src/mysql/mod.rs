//! MySQL and MariaDB: commands and their results, as a session in a stream.

mod binlog;
pub mod compressed;
mod describe;
mod fields;
mod header;
mod login;
mod record;
mod response;
mod statements;
mod tracking;
mod values;

use crate::call_facts::CallFacts;
use crate::exchange::Outcome;
use crate::pipeline::{self, Match, Message, Pipeline, Reply, RequestTexts, SingleMessage};
use crate::protocol::{ABSENT, Alias, Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::{
    About, Chunk, Consumed, Context, Half, Handover, Input, Lane, Missing, Session, Side, SideEnd, Stamp, Successor,
    Transition,
};
use crate::sql_text::{DoubleQuotes, operation};
use crate::wants::Wants;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::CompactString;
pub use fields::*;
use header::Header;
use login::Login;
use record::Role;
use response::{PacketKind, Unit, command};
use statements::Statements;

/// Registry entry for MySQL.
pub static PROTOCOL: Protocol = Protocol {
    short: "MySQL",
    fields: FIELDS,
    claims: &[Claim::TcpPort(header::PORT)],
    aliases: &[
        Alias::new("command", &OPERATION),
        Alias::new("rows", &ROWS),
        Alias::new("status", &RESULT),
        Alias::new("n_plus_one", &N_PLUS_ONE),
    ],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Stream,
            probe: header::probe,
            open,
            derived_title: "",
            reassembly: None,
            messages: Some(&MESSAGES),
        }),
        Dissector::CallFacts(&FACTS),
    ],
};

static FACTS: CallFacts = CallFacts::of_statements(DoubleQuotes::Text, &N_PLUS_ONE);

/// The roles of the fields of packets.
const MESSAGES: MessageFields = MessageFields {
    message: &MYSQL,
    request: &REQUEST,
    response: &RESPONSE,
    start_line: &SUMMARY,
    method: &OPERATION,
    target: &EXECUTED,
    authority: &DATABASE,
    code: &RESULT,
    headers: &[&ROW],
    body_limits: [&ABSENT; 2],
    incomplete: &[&INCOMPLETE],
    request_only: &[&REQUEST, &OPERATION, &EXECUTED, &QUERY, &COMMAND_CODE, &RESPONSE_IN],
    response_only: &[&RESULT, &ROWS, &ERROR_CODE, &SQLSTATE, &REQUEST_IN, &TIME, &FIRST_ROW_TIME],
    ..pipeline::MESSAGES
};

/// Bytes of a packet that are buffered; of a longer one, the first ones are recorded.
const MAX_PACKET_BYTES: usize = 256 << 10;
/// Bytes of a longer packet that are recorded.
const MAX_PREFIX: usize = 64 << 10;

fn open(wants: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(MySql {
        sides: Default::default(),
        server: None,
        phase: Phase::Commands,
        login: Login::default(),
        pipeline: Pipeline::new(MYSQL.name),
        statements: Statements::default(),
        has_fields: wants.protocol(&MYSQL),
        has_content: crate::content::is_wanted(wants),
        info_frame: 0,
    })
}

/// The MySQL session of one conversation.
#[derive(Clone, Debug)]
struct MySql {
    sides: [SideState; 2],
    /// The side that responds, once it is known.
    server: Option<Side>,
    phase: Phase,
    login: Login,
    pipeline: Pipeline<Unit>,
    statements: Statements,
    has_fields: bool,
    has_content: bool,
    /// The last frame with text in the Info column.
    info_frame: u32,
}

/// What the next packets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The login of the client, after the greeting.
    Login,
    /// Data of the authentication, up to OK or an error.
    Authentication,
    /// Commands and responses.
    Commands,
}

/// State of one side.
#[derive(Clone, Debug, Default)]
struct SideState {
    /// Where the first byte of the present packet arrived.
    first: Option<Stamp>,
    /// Bytes still to come of a packet that is recorded in part.
    skip: u64,
    /// The next packet continues the last one.
    is_continued: bool,
    /// The position of the packets is unknown.
    is_lost: bool,
    is_noted: bool,
    has_ended: bool,
    /// Offset at which a packet begins: the other side had received all bytes before it when it sent a command.
    boundary: Option<u64>,
}

impl MySql {
    fn side(&mut self, side: Side) -> &mut SideState {
        side.of_mut(&mut self.sides)
    }

    fn is_server(&self, side: Side) -> bool {
        self.server.unwrap_or(Side::Server) == side
    }

    /// Determines which side is the server, by the first packet of either.
    fn find_server(&mut self, side: Side, bytes: &[u8]) {
        if self.server.is_none() && bytes.len() > header::HEADER {
            let server = if header::is_server(side, bytes) { side } else { side.other() };
            (self.server, self.pipeline.requester) = (Some(server), server.other());
        }
    }

    /// Reads a packet of which at least the header is there.
    fn packet(&mut self, side: Side, header: Header, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let first = self.side(side).first.take().unwrap_or(cx.first);
        let (total, len) = (header.total(), chunk.bytes.len());
        let is_complete = total == len || total > MAX_PACKET_BYTES;
        let message = Message { side, chunk, first, len: total as u64, consumed: len, is_complete };
        let is_continued = core::mem::replace(&mut self.side(side).is_continued, header.length == header::CONTINUED);
        let payload = chunk.bytes.get(header::HEADER..).unwrap_or_default();
        let mut transition = Transition::Stay;
        let role = match (is_continued, self.is_server(side)) {
            (true, _) => Role::default(),
            (false, true) => self.respond(header, payload, &message, &mut transition, cx),
            (false, false) => self.request(header, payload, &message, &mut transition, cx),
        };
        let consumed = self.finish(&message, header, &role, cx);
        Consumed { transition, ..consumed }
    }

    /// Pairs a packet of the client.
    fn request(
        &mut self,
        header: Header,
        payload: &[u8],
        message: &Message<'_>,
        transition: &mut Transition,
        cx: &mut Context<'_>,
    ) -> Role {
        let has_no_greeting =
            self.phase == Phase::Commands && header.number == 1 && self.pipeline.first_mut().is_none();
        if self.phase == Phase::Login || has_no_greeting && login::is_login(payload) {
            self.login.read(payload);
            self.pipeline.authority.clone_from(&self.login.identity);
            if self.login.requests_tls(payload) {
                *transition = beneath("TLS");
                return Role { is_login: true, ..Role::default() };
            }
            self.phase = Phase::Authentication;
            let texts = RequestTexts { method: CompactString::const_new("LOGIN"), target: self.login.database.clone() };
            let role = self.begin(Unit::new(None, None), texts, message, cx);
            return Role { is_login: true, ..role };
        }
        // Data of the authentication, or of a file.
        if header.number > 0 {
            let Some(first) = self.pipeline.first_mut() else { return Role::default() };
            first.add_request(message, cx);
            let is_file = first.kind.awaits_file;
            if is_file && payload.is_empty() {
                first.kind.awaits_file = false;
            }
            return Role { is_file, is_secret: !is_file, ..Role::of(first.nth, Half::Request) };
        }
        // The end of the login was not captured if it was not read.
        self.phase = Phase::Commands;
        self.command(payload, message, cx)
    }

    /// Pairs a command.
    fn command(&mut self, payload: &[u8], message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let Some((&code, rest)) = payload.split_first() else { return Role::default() };
        let number = rest.first_chunk().map_or(0, |&number| u32::from_le_bytes(number));
        let (mut is_unknown, mut is_redacted, mut has_secret_value) = (false, false, false);
        let mut secret_parameters = Vec::new();
        let text: Option<Arc<[u8]>> = match code {
            command::QUERY | command::PREPARE => {
                let has_attributes = code == command::QUERY && self.login.has_query_attributes(payload);
                let start = if has_attributes { statements::query_start(payload) } else { Some(1) };
                let text = payload.get(start.unwrap_or(1)..).unwrap_or_default();
                if code == command::PREPARE {
                    secret_parameters = cx.secret_parameters(text, DoubleQuotes::Text);
                }
                let text = cx.shown_statement(text, DoubleQuotes::Text);
                is_redacted = matches!(text, Cow::Owned(_));
                Some((&*text).into())
            }
            command::EXECUTE | command::FETCH | command::CLOSE | command::RESET | 250 => {
                let text = self.statements.text(number).cloned();
                is_unknown = text.is_none();
                text
            }
            _ => None,
        };
        match code {
            command::CLOSE => self.statements.close(number),
            command::RESET => self.statements.reset(number),
            command::SEND_LONG_DATA => {
                let parameter =
                    rest.get(4..).and_then(|rest| rest.first_chunk()).map_or(0, |&nth| u16::from_le_bytes(nth));
                self.statements.send_long(number, parameter);
                has_secret_value = self.statements.is_secret(number, parameter);
            }
            command::INIT_DB => {
                self.login.use_database(rest);
                self.pipeline.authority.clone_from(&self.login.identity);
            }
            command::CHANGE_USER => {
                self.login.change_user(rest);
                self.pipeline.authority.clone_from(&self.login.identity);
            }
            _ => {}
        }
        let parameters = if code == command::EXECUTE {
            self.statements.parameters(number, rest.get(9..).unwrap_or_default())
        } else {
            None
        };
        let texts =
            if cx.reports_exchanges { command_texts(code, text.as_deref(), rest) } else { RequestTexts::default() };
        let role = if matches!(code, command::QUIT | command::SEND_LONG_DATA | command::CLOSE) {
            self.single(texts, message, cx)
        } else {
            let mut unit = Unit::new(Some(code), text.clone());
            (unit.is_redacted, unit.secret_parameters) = (is_redacted, secret_parameters);
            self.begin(unit, texts, message, cx)
        };
        Role { command: Some(code), text, is_redacted, parameters, is_unknown, has_secret_value, ..role }
    }

    fn begin(&mut self, unit: Unit, texts: RequestTexts, message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let nth = self.pipeline.take_number();
        self.side(message.side.other()).boundary = Some(cx.received);
        let is_kept = self.pipeline.request(nth, unit, texts, message, cx);
        Role { ends_half: true, is_over_limit: !is_kept, ..Role::of(nth, Half::Request) }
    }

    /// Reports a command that has no response.
    fn single(&mut self, texts: RequestTexts, message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let nth = self.pipeline.take_number();
        let reply = Reply { outcome: Outcome::Success, ..Reply::default() };
        let single = SingleMessage { texts, reply, is_one_way: true };
        self.pipeline.report_single(nth, single, message, cx);
        Role { ends_half: true, ..Role::of(nth, Half::Request) }
    }

    /// Pairs a packet of the server.
    fn respond(
        &mut self,
        header: Header,
        payload: &[u8],
        message: &Message<'_>,
        transition: &mut Transition,
        cx: &mut Context<'_>,
    ) -> Role {
        if header.number == 0 && payload.first() == Some(&10) && self.pipeline.first_mut().is_none() {
            self.phase = Phase::Login;
            self.login.greet(payload);
            return Role { is_greeting: true, ..Role::default() };
        }
        let has_end = self.login.has_column_ends();
        match self.pipeline.find(cx) {
            Match::Request(open) => {
                open.add_response(message, cx);
                let packet = open.kind.apply(payload, has_end);
                let mut role = Role {
                    request: Some(open.sent),
                    packet: Some(packet),
                    is_redacted: open.kind.is_redacted,
                    ..Role::of(open.nth, Half::Response)
                };
                if packet.kind == PacketKind::BinaryRow {
                    role.columns = open.kind.columns.clone();
                }
                let is_end = matches!(packet.kind, PacketKind::Ok | PacketKind::End);
                if let Some(name) = if is_end { tracking::schema(payload) } else { None } {
                    self.login.use_database(name);
                    self.pipeline.authority.clone_from(&self.login.identity);
                }
                if packet.is_last {
                    self.complete(&mut role, packet.kind, transition, cx);
                }
                role
            }
            // Where the responses of these commands end is not known: the next command shows it.
            Match::Counted(_) => {
                self.pipeline.lose_responses(cx.range.end, cx);
                Role::default()
            }
            Match::None => Role::default(),
        }
    }

    /// Completes the oldest command.
    fn complete(&mut self, role: &mut Role, kind: PacketKind, transition: &mut Transition, cx: &mut Context<'_>) {
        let Some(first) = self.pipeline.first_mut() else { return };
        let about = About::Half(cx.exchange(first.nth), Half::Request);
        role.ends_half = true;
        role.rows = first.kind.row_count();
        let reply = first.kind.reply();
        role.result = Some(reply.status.clone());
        if let (Some((number, parameters)), Some(text)) = (first.kind.prepared, first.kind.text.clone()) {
            let secrets = core::mem::take(&mut first.kind.secret_parameters);
            self.statements.prepare(number, text, parameters, secrets);
        }
        if first.kind.is_login && kind != PacketKind::Error {
            self.phase = Phase::Commands;
            if self.login.compresses() {
                *transition = beneath("mysql-compression");
            }
        }
        cx.collect(&RESPONSE_IN, about, cx.at.frame.into());
        self.pipeline.complete(reply, cx);
    }

    /// Notes that the position of the packets of a side is unknown, from an offset on.
    fn lose(&mut self, side: Side, end: u64, cx: &mut Context<'_>) {
        let state = self.side(side);
        let boundary = state.boundary.filter(|&boundary| boundary >= end && end > 0);
        *state = SideState { is_lost: true, has_ended: state.has_ended, boundary, ..SideState::default() };
        // A login that was lost in part is over when the position is known again.
        self.phase = Phase::Commands;
        if self.is_server(side) {
            self.pipeline.lose_responses(end, cx);
        } else {
            self.pipeline.lose_requests(end);
        }
    }

    /// Searches for the next packet after a loss.
    fn search(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let is_server = self.is_server(side);
        let len = chunk.bytes.len();
        // What the handshake has agreed on shows in the next bytes of the client.
        if let Some(name) = header::beneath(chunk.bytes).filter(|_| !is_server) {
            self.side(side).is_lost = false;
            return Consumed { transition: beneath(name), ..Consumed::bytes(0) };
        }
        let is_command = matches!(Header::read(chunk.bytes), Some(header) if header.number == 0 && header.length > 0)
            && matches!(chunk.bytes.get(header::HEADER), Some(1..=31))
            && header::is_chain(chunk.bytes);
        let state = self.side(side);
        let found = match state.boundary {
            _ if !is_server => is_command.then_some(0),
            // The client has sent a command after it received all packets before this offset.
            Some(boundary) if boundary <= cx.range.start => Some(0),
            Some(boundary) if boundary < cx.range.end => Some((boundary - cx.range.start) as usize),
            _ => None,
        };
        if found == Some(0) {
            state.is_lost = false;
            state.first = Some(cx.first);
            return self.next(side, chunk, cx);
        }
        let skipped = found.unwrap_or(len).min(len);
        if !state.is_noted {
            state.is_noted = true;
            let span = chunk.span(0..skipped, "Skipped", cx.tree);
            cx.tree.note(&SKIPPED, span, format_args!("{}", SKIPPED.title));
        }
        Consumed::bytes(skipped)
    }

    /// Reads the next packet, if it is whole.
    fn next(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let available = chunk.bytes.len();
        // TLS begins although its request was not read.
        if self.phase == Phase::Login && !self.is_server(side) && matches!(chunk.bytes, [0x16, 3, ..]) {
            return Consumed { transition: beneath("TLS"), ..Consumed::bytes(0) };
        }
        // So does compression if the end of the login was not read.
        let is_command = self.phase != Phase::Login && !self.is_server(side);
        if is_command && header::beneath(chunk.bytes) == Some("mysql-compression") {
            return Consumed { transition: beneath("mysql-compression"), ..Consumed::bytes(0) };
        }
        let Some(header) = Header::read(chunk.bytes) else { return Consumed::bytes(0) };
        if header.total() <= available {
            return self.packet(side, header, chunk.first(header.total()), cx);
        }
        if header.total() > MAX_PACKET_BYTES && available >= MAX_PREFIX {
            let consumed = self.packet(side, header, chunk.first(MAX_PREFIX), cx);
            self.side(side).skip = (header.total() - MAX_PREFIX) as u64;
            return consumed;
        }
        Consumed::bytes(0)
    }
}

/// A session beneath this one, for the bytes that follow.
fn beneath(name: &'static str) -> Transition {
    Transition::Beneath(Box::new(Handover::to(Successor::Upgrade(CompactString::const_new(name)))))
}

/// Method and target of a command.
fn command_texts(code: u8, text: Option<&[u8]>, rest: &[u8]) -> RequestTexts {
    let name = |name: &'static str| CompactString::const_new(name);
    let text_target = || text.map(crate::exchange::text).unwrap_or_default();
    match code {
        command::QUERY | command::EXECUTE | 250 => {
            let method = text.map(operation).filter(|method| !method.is_empty());
            RequestTexts { method: method.unwrap_or(name(command_name(code))), target: text_target() }
        }
        command::INIT_DB | 5 | 6 => {
            RequestTexts { method: name(command_name(code)), target: crate::exchange::text(rest) }
        }
        _ => RequestTexts { method: name(command_name(code)), target: text_target() },
    }
}

/// Returns the name of a command in the manual, without `COM_`.
fn command_name(code: u8) -> &'static str {
    const NAMES: [&str; 32] = [
        "SLEEP",
        "QUIT",
        "INIT_DB",
        "QUERY",
        "FIELD_LIST",
        "CREATE_DB",
        "DROP_DB",
        "REFRESH",
        "SHUTDOWN",
        "STATISTICS",
        "PROCESS_INFO",
        "CONNECT",
        "PROCESS_KILL",
        "DEBUG",
        "PING",
        "TIME",
        "DELAYED_INSERT",
        "CHANGE_USER",
        "BINLOG_DUMP",
        "TABLE_DUMP",
        "CONNECT_OUT",
        "REGISTER_SLAVE",
        "STMT_PREPARE",
        "STMT_EXECUTE",
        "STMT_SEND_LONG_DATA",
        "STMT_CLOSE",
        "STMT_RESET",
        "SET_OPTION",
        "STMT_FETCH",
        "DAEMON",
        "BINLOG_DUMP_GTID",
        "RESET_CONNECTION",
    ];
    NAMES.get(usize::from(code)).copied().unwrap_or(if code == 250 { "STMT_BULK_EXECUTE" } else { "COMMAND" })
}

impl Session for MySql {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let (side, len) = (lane.side, chunk.bytes.len());
        let state = self.side(side);
        if state.skip > 0 {
            let skipped = state.skip.min(len as u64);
            state.skip -= skipped;
            return Consumed::bytes(skipped as usize);
        }
        if state.is_lost {
            return self.search(side, chunk, cx);
        }
        state.first.get_or_insert(cx.first);
        if self.server.is_none() {
            let total = Header::read(chunk.bytes).map_or(usize::MAX, Header::total);
            if len <= header::HEADER || len < total.min(header::HEADER + 2) {
                return Consumed::bytes(0);
            }
            self.find_server(side, chunk.bytes);
        }
        self.next(side, chunk, cx)
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
        let is_lost = state.is_lost;
        let gone = before.bytes.len() as u64 + missing.len();
        let total = |header: Header| header.total() as u64;
        match Header::read(before.bytes).filter(|_| !is_lost && self.server.is_some()) {
            Some(header) if is_known && gone <= total(header) => {
                self.packet(side, header, before, cx);
                self.side(side).skip = total(header) - gone;
            }
            _ => self.lose(side, cx.range.end, cx),
        }
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        let side = lane.side;
        let header = Header::read(rest.bytes).filter(|_| !self.side(side).is_lost && self.server.is_some());
        if let Some(header) = header {
            self.packet(side, header, rest, cx);
        }
        self.side(side).has_ended = true;
        // The response to a command follows the end of the client.
        if self.is_server(side) || self.side(side.other()).has_ended {
            self.pipeline.end(cx);
        }
    }

    fn is_in_message(&self, side: Side) -> bool {
        !side.of(&self.sides).is_lost
    }

    fn responds(&self, side: Side) -> bool {
        // The greeting of the server comes first.
        self.is_server(side) && self.phase != Phase::Login
    }

    fn buffered(&self) -> usize {
        self.pipeline.buffered() + self.statements.buffered()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
