//! Statements and their responses: which messages of both sides form an exchange.
//!
//! ```text
//!   Q                                                    a statement: T D D C Z
//!   P B D E    P B D E    S                              two statements: 1 2 T D C    1 2 n C Z
//!   P S                                                  a statement that is only prepared: 1 Z
//! ```

use super::Pgsql;
use super::fields::*;
use super::statements::Statement;
use crate::exchange::Outcome;
use crate::pipeline::{Match, Message, Reply, RequestTexts, SingleMessage};
use crate::reader::cstring;
use crate::session::{About, Context, Half, Stamp};
use crate::sql_text::operation;
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::{CompactString, format_compact};

/// What is kept of a statement until its response is complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    kind: UnitKind,
    /// Completions of Parse, Bind, Describe and Close that are awaited.
    awaited: u8,
    is_bound: bool,
    is_executed: bool,
    /// Number of Sync messages that follow it: the server is ready for queries after it.
    syncs: u32,
    reply: Option<Reply>,
    rows: Option<u64>,
    has_row: bool,
    /// Formats of the columns that the client requests.
    formats: Vec<u16>,
    /// Types and formats of the columns.
    columns: Option<Arc<[(u32, u16)]>>,
    /// Passwords were replaced in its text.
    is_redacted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum UnitKind {
    Startup,
    Simple,
    #[default]
    Extended,
}

/// What a message is in its exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    /// The exchange and the half; none for a message that belongs to no statement.
    pub(super) exchange: Option<(u32, Half)>,
    pub(super) ends_half: bool,
    /// Of a response: where the statement ended.
    pub(super) request: Option<Stamp>,
    /// The statement that is executed, or bound.
    pub(super) statement: Option<Arc<Statement>>,
    pub(super) is_unknown: bool,
    /// The result, with the last message of a response.
    pub(super) result: Option<CompactString>,
    pub(super) rows: Option<u64>,
    /// It is the first row.
    pub(super) is_first_row: bool,
    pub(super) is_over_limit: bool,
    /// Types and formats of the columns of a row.
    pub(super) columns: Option<Arc<[(u32, u16)]>>,
    /// Of a response: passwords were replaced in the text of the statement.
    pub(super) is_redacted: bool,
}

impl Role {
    fn of(nth: u32, half: Half) -> Role {
        Role { exchange: Some((nth, half)), ..Role::default() }
    }
}

impl Pgsql {
    /// Begins an exchange with a message.
    fn begin(&mut self, unit: Unit, texts: RequestTexts, message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let nth = self.pipeline.take_number();
        self.side(message.side.other()).boundary = Some(cx.received);
        let is_kept = self.pipeline.request(nth, unit, texts, message, cx);
        self.open_unit = is_kept.then_some(nth);
        Role { is_over_limit: !is_kept, ..Role::of(nth, Half::Request) }
    }

    /// Adds a message of the extended protocol to the statement that is being sent, or begins one.
    fn join(
        &mut self,
        begins: bool,
        name: &str,
        texts: impl FnOnce() -> RequestTexts,
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) -> Role {
        let open = self.open_unit;
        if let Some(last) = self.pipeline.last_mut().filter(|last| Some(last.nth) == open && !begins) {
            last.add_request(message, cx);
            last.kind.awaited = last.kind.awaited.saturating_add(1);
            return Role::of(last.nth, Half::Request);
        }
        self.close_unit(cx);
        let unit = Unit { awaited: 1, ..Unit::default() };
        let mut all = if cx.reports_exchanges { texts() } else { RequestTexts::default() };
        all.method = CompactString::new(name);
        self.begin(unit, all, message, cx)
    }

    /// Ends the statement that is being sent: its response may be complete.
    fn close_unit(&mut self, cx: &mut Context<'_>) {
        self.open_unit = None;
        while let Some(first) = self.pipeline.first_mut()
            && first.kind.is_answered()
            && first.kind.syncs == 0
        {
            self.complete(cx);
        }
    }

    /// Pairs a message of the client.
    pub(super) fn request(&mut self, kind: u8, body: &[u8], message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let last = self.pipeline.last_mut().map(|last| (last.kind.is_bound, last.kind.is_executed)).unwrap_or_default();
        match kind {
            b'Q' | b'F' => {
                self.close_unit(cx);
                let text = if kind == b'Q' { cstring(body).0 } else { b"function call" };
                let other = if kind == b'Q' { "QUERY" } else { "CALL" };
                let is_recorded = self.has_statements || self.has_content;
                let statement = is_recorded.then(|| Statement::new(text, Vec::new(), cx));
                let texts = match &statement {
                    Some(statement) => statement_texts(&statement.text, other, cx),
                    None => statement_texts(&Statement::shown_text(text, cx), other, cx),
                };
                let is_redacted = statement.as_ref().is_some_and(|statement| statement.is_redacted);
                let unit = Unit { kind: UnitKind::Simple, is_redacted, ..Unit::default() };
                let role = self.begin(unit, texts, message, cx);
                self.open_unit = None;
                Role { ends_half: true, statement, ..role }
            }
            b'P' => {
                let (name, rest) = cstring(body);
                let (text, rest) = cstring(rest);
                let types = rest.get(2..).unwrap_or_default().chunks_exact(4).take(super::statements::MAX_TYPES);
                let types = types.filter_map(|oid| oid.first_chunk().map(|&oid| u32::from_be_bytes(oid))).collect();
                let statement = Statement::prepared(text, types, cx);
                self.statements.parse(crate::exchange::text(name), statement.clone());
                let texts = || target(Some(&statement));
                let begins =
                    last != (false, false) || self.pipeline.last_mut().is_some_and(|last| last.kind.awaited > 0);
                let role = self.join(begins, "PARSE", texts, message, cx);
                if let Some(last) = self.pipeline.last_mut().filter(|_| statement.is_redacted) {
                    last.kind.is_redacted = true;
                }
                Role { statement: Some(statement), ..role }
            }
            b'B' => {
                let (portal, rest) = cstring(body);
                let (name, rest) = cstring(rest);
                let statement = self.statements.bind(crate::exchange::text(portal), &crate::exchange::text(name));
                let texts = || target(statement.as_deref());
                let role = self.join(last != (false, false), "BIND", texts, message, cx);
                let has_values = self.has_values;
                if let Some(last) = self.pipeline.last_mut() {
                    last.kind.is_bound = true;
                    last.kind.formats = if has_values { result_formats(rest) } else { Vec::new() };
                }
                Role { is_unknown: statement.is_none(), statement, ..role }
            }
            b'D' | b'C' => {
                let (&of, rest) = body.split_first().unwrap_or((&0, &[]));
                let name = crate::exchange::text(cstring(rest).0);
                let statement =
                    if of == b'S' { self.statements.statement(&name) } else { self.statements.portal(&name) }.cloned();
                if kind == b'C' {
                    self.statements.close(of, &name);
                }
                let texts = || target(statement.as_deref());
                self.join(last.1, if kind == b'D' { "DESCRIBE" } else { "CLOSE" }, texts, message, cx)
            }
            b'E' => {
                let statement = self.statements.portal(&crate::exchange::text(cstring(body).0)).cloned();
                let texts = || target(statement.as_deref());
                let role = self.join(last.1, "EXECUTE", texts, message, cx);
                let nth = role.exchange.map(|(nth, _)| nth);
                if let Some(last) = self.pipeline.last_mut().filter(|last| Some(last.nth) == nth) {
                    last.kind.awaited = last.kind.awaited.saturating_sub(1);
                    last.kind.is_executed = true;
                    if let Some(statement) = &statement {
                        self.pipeline.set_last_texts(statement_texts(&statement.text, "EXECUTE", cx));
                    }
                }
                Role { ends_half: true, is_unknown: statement.is_none(), statement, ..role }
            }
            b'S' => {
                self.open_unit = None;
                let Some(last) = self.pipeline.last_mut().filter(|last| last.kind.kind == UnitKind::Extended) else {
                    return Role::default();
                };
                last.kind.syncs += 1;
                last.add_request(message, cx);
                let nth = last.nth;
                Role { ends_half: !last.kind.is_executed, ..Role::of(nth, Half::Request) }
            }
            // Data of COPY and passwords are a part of the oldest request: the server waits for them.
            b'd' | b'c' | b'f' | b'p' => {
                let Some(first) = self.pipeline.first_mut() else { return Role::default() };
                first.add_request(message, cx);
                Role::of(first.nth, Half::Request)
            }
            b'H' => match self.pipeline.last_mut() {
                Some(last) => Role::of(last.nth, Half::Request),
                None => Role::default(),
            },
            _ => Role::default(),
        }
    }

    /// Begins the exchange of the startup message.
    pub(super) fn startup(&mut self, message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let texts = RequestTexts { method: CompactString::const_new("STARTUP"), target: self.identity.clone() };
        let unit = Unit { kind: UnitKind::Startup, ..Unit::default() };
        let role = self.begin(unit, texts, message, cx);
        self.open_unit = None;
        Role { ends_half: true, ..role }
    }

    /// Reports a message that has no response, or no request.
    pub(super) fn single(
        &mut self,
        method: &str,
        target: CompactString,
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) -> Role {
        let nth = self.pipeline.take_number();
        let texts = RequestTexts { method: CompactString::new(method), target };
        let reply = Reply { outcome: Outcome::Success, ..Reply::default() };
        let single = SingleMessage { texts, reply, is_one_way: true };
        self.pipeline.report_single(nth, single, message, cx);
        Role { ends_half: true, ..Role::of(nth, Half::Request) }
    }

    /// Pairs a message of the server.
    pub(super) fn response(&mut self, kind: u8, body: &[u8], message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        if kind == b'A' {
            let channel = crate::exchange::text(cstring(body.get(4..).unwrap_or_default()).0);
            return self.single("NOTIFICATION", channel, message, cx);
        }
        let has_values = self.has_values;
        match self.pipeline.find(cx) {
            Match::Request(open) => {
                let mut role = Role {
                    request: Some(open.sent),
                    is_redacted: open.kind.is_redacted,
                    ..Role::of(open.nth, Half::Response)
                };
                // A lone Sync.
                if kind == b'Z' && open.response.is_none() {
                    return Role::default();
                }
                open.add_response(message, cx);
                open.kind.apply(kind, body, has_values, &mut role);
                self.settle(kind, &mut role, cx);
                role
            }
            Match::Counted(nth) => {
                match kind {
                    b'C' | b's' | b'I' | b'V' => self.pipeline.skip_counted(),
                    // What the server skips after an error is not counted.
                    b'E' => self.pipeline.lose_responses(cx.range.end, cx),
                    _ => {}
                }
                Role::of(nth, Half::Response)
            }
            Match::None if matches!(kind, b'C' | b'E') => self.unmatched(kind, body, message, cx),
            Match::None => Role::default(),
        }
    }

    /// Reports a result whose statement was not captured.
    fn unmatched(&mut self, kind: u8, body: &[u8], message: &Message<'_>, cx: &mut Context<'_>) -> Role {
        let nth = self.pipeline.take_number();
        let reply = if kind == b'C' { tag_reply(body).0 } else { error_reply(body) };
        let result = Some(reply.status.clone());
        let single = SingleMessage { texts: RequestTexts::default(), reply, is_one_way: false };
        self.pipeline.report_single(nth, single, message, cx);
        Role { ends_half: true, result, ..Role::of(nth, Half::Response) }
    }

    /// Completes statements whose responses are complete after a message.
    fn settle(&mut self, kind: u8, role: &mut Role, cx: &mut Context<'_>) {
        let open_unit = self.open_unit;
        let Some(first) = self.pipeline.first_mut() else { return };
        let is_startup_error = kind == b'E' && first.kind.kind == UnitKind::Startup;
        let is_early = first.kind.is_answered() && first.kind.syncs == 0 && Some(first.nth) != open_unit;
        if kind == b'Z' || is_startup_error || is_early {
            role.ends_half = true;
        }
        if kind != b'Z' {
            if role.ends_half {
                self.complete(cx);
            }
            return;
        }
        // After an error, the server skips all statements up to the next Sync.
        while let Some(first) = self.pipeline.first_mut() {
            let is_last = first.kind.syncs > 0 || first.kind.kind != UnitKind::Extended;
            self.complete(cx);
            if is_last {
                return;
            }
        }
    }

    /// Reports the oldest statement with its result.
    fn complete(&mut self, cx: &mut Context<'_>) {
        let Some(first) = self.pipeline.first_mut() else { return };
        let about = About::Half(cx.exchange(first.nth), Half::Request);
        let has_response = first.response.is_some();
        let reply = match first.kind.reply.take() {
            Some(reply) => reply,
            None if has_response => Reply { outcome: Outcome::Success, ..Reply::default() },
            None => Reply { status: CompactString::const_new("skipped"), code: None, outcome: Outcome::Aborted },
        };
        if has_response {
            cx.collect(&RESPONSE_IN, about, cx.at.frame.into());
        }
        self.pipeline.complete(reply, cx);
    }

    /// Reports all statements at the end: those with a result, and those without a response.
    pub(super) fn end_units(&mut self, cx: &mut Context<'_>) {
        while self.pipeline.first_mut().is_some_and(|first| first.kind.reply.is_some()) {
            self.complete(cx);
        }
        self.pipeline.end(cx);
    }
}

impl Unit {
    /// Whether all responses to its messages have arrived.
    fn is_answered(&self) -> bool {
        self.kind == UnitKind::Extended
            && self.awaited == 0
            && (self.reply.is_some() || !self.is_executed)
            && !self.reply.as_ref().is_some_and(|reply| reply.status.starts_with("ERROR"))
    }

    /// Reads a message of the response. `has_values` states whether the types of columns are needed.
    fn apply(&mut self, kind: u8, body: &[u8], has_values: bool, role: &mut Role) {
        match kind {
            b'1' | b'2' | b'3' => self.awaited = self.awaited.saturating_sub(1),
            b'T' | b'n' => {
                if self.kind == UnitKind::Extended {
                    self.awaited = self.awaited.saturating_sub(1);
                }
                if kind == b'T' && has_values {
                    self.columns = Some(super::describe::columns(body, &self.formats).into());
                }
            }
            b'D' => {
                role.is_first_row = !core::mem::replace(&mut self.has_row, true);
                role.columns = self.columns.clone();
            }
            b'C' | b's' | b'I' | b'V' => {
                let (reply, rows) = match kind {
                    b'C' => tag_reply(body),
                    b's' => (Reply { status: "SUSPENDED".into(), code: None, outcome: Outcome::Success }, None),
                    b'I' => (Reply { status: "EMPTY".into(), code: None, outcome: Outcome::Success }, None),
                    _ => (Reply { status: "OK".into(), code: None, outcome: Outcome::Success }, None),
                };
                (role.result, role.rows) = (Some(reply.status.clone()), rows);
                self.rows = rows;
                // The first error of several statements in a query remains.
                self.reply.get_or_insert_default();
                self.reply = Some(reply);
            }
            b'E' => {
                let reply = error_reply(body);
                role.result = Some(reply.status.clone());
                self.reply = Some(reply);
            }
            b'R' if body.first_chunk() == Some(&[0; 4]) => {
                self.reply = Some(Reply { status: "OK".into(), code: None, outcome: Outcome::Success });
            }
            _ => {}
        }
    }
}

/// The method and the target of a statement.
fn statement_texts(statement: &[u8], other: &'static str, cx: &Context<'_>) -> RequestTexts {
    if !cx.reports_exchanges {
        return RequestTexts::default();
    }
    let method = Some(operation(statement)).filter(|method| !method.is_empty());
    RequestTexts { method: method.unwrap_or(CompactString::const_new(other)), target: crate::exchange::text(statement) }
}

fn target(statement: Option<&Statement>) -> RequestTexts {
    let target = statement.map(|statement| crate::exchange::text(&statement.text)).unwrap_or_default();
    RequestTexts { target, ..RequestTexts::default() }
}

/// Reads the formats of the columns at the end of Bind, after the parameters.
fn result_formats(parameters: &[u8]) -> Vec<u16> {
    let word =
        |at: usize| parameters.get(at..).and_then(|rest| rest.first_chunk()).map(|&word| u16::from_be_bytes(word));
    let read = || {
        let mut at = 2 + 2 * usize::from(word(0)?);
        let count = word(at)?;
        at += 2;
        for _ in 0..count {
            let len = i32::from_be_bytes(*parameters.get(at..)?.first_chunk()?);
            at = at.checked_add(4)?.checked_add(usize::try_from(len).unwrap_or(0))?;
        }
        let count = usize::from(word(at)?).min(super::statements::MAX_TYPES);
        Some((0..count).filter_map(|nth| word(at + 2 + 2 * nth)).collect())
    };
    read().unwrap_or_default()
}

/// The result of a command tag, and its number of rows: the last word.
fn tag_reply(body: &[u8]) -> (Reply, Option<u64>) {
    let tag = cstring(body).0;
    let digits = tag.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, digits) = tag.split_at_checked(tag.len() - digits).unwrap_or_default();
    let is_word = (1..=19).contains(&digits.len()) && matches!(before, [] | [.., b' ']);
    let rows = is_word.then(|| digits.iter().fold(0, |sum: u64, digit| sum * 10 + u64::from(digit - b'0')));
    (Reply { status: crate::exchange::text(tag), code: None, outcome: Outcome::Success }, rows)
}

/// The result of an error: its SQLSTATE, whose class states who failed.
fn error_reply(body: &[u8]) -> Reply {
    let mut rest = body;
    let mut code = &b""[..];
    while let Some((&field @ 1.., after)) = rest.split_first() {
        let (value, next) = cstring(after);
        if field == b'C' {
            code = value;
        }
        rest = next;
    }
    let outcome = match code {
        // Connection, resources, limits, intervention by an operator, system, configuration, internal.
        [b'0', b'8', ..] | [b'5', b'3' | b'4' | b'7' | b'8', ..] | [b'F', b'0', ..] | [b'X', b'X', ..] => {
            Outcome::ServerError
        }
        _ => Outcome::ClientError,
    };
    Reply {
        status: format_compact!("ERROR {}", crate::exchange::text(code.get(..5).unwrap_or(code))),
        code: None,
        outcome,
    }
}
