//! Recording of a packet with its exchange.

use super::fields::*;
use super::header::{HEADER, Header};
use super::response::{Packet, PacketKind, command};
use super::values::ValueType;
use super::{MySql, PROTOCOL, command_name, describe, statements};
use crate::content::MessageBody;
use crate::packet::Payload;
use crate::pipeline::Message;
use crate::pipeline_record::{ResponseFacts, ResponseFields, note_repeated};
use crate::session::{About, Consumed, Context, Half, Stamp};
use crate::sql_text::operation;
use crate::tree::{Slice, Value};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::CompactString;

/// Fields of a response.
const RESPONSE_FIELDS: ResponseFields = ResponseFields {
    result: &RESULT,
    summary: &SUMMARY,
    rows: &ROWS,
    first_row_time: &FIRST_ROW_TIME,
    request_in: &REQUEST_IN,
    time: &TIME,
};

/// What a packet is in its exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    /// The exchange and the half; none for a packet that belongs to no command.
    pub(super) exchange: Option<(u32, Half)>,
    pub(super) ends_half: bool,
    /// Of a response: where the command ended.
    pub(super) request: Option<Stamp>,
    pub(super) command: Option<u8>,
    /// Text of the statement.
    pub(super) text: Option<Arc<[u8]>>,
    /// The text is another than that of the packet: passwords are replaced.
    pub(super) is_redacted: bool,
    /// Parameters: text, position after the number of iterations, length.
    pub(super) parameters: Option<Vec<(String, usize, usize)>>,
    pub(super) packet: Option<Packet>,
    pub(super) columns: Option<Arc<Vec<ValueType>>>,
    pub(super) result: Option<CompactString>,
    pub(super) rows: Option<u64>,
    pub(super) is_greeting: bool,
    pub(super) is_login: bool,
    pub(super) is_file: bool,
    pub(super) is_secret: bool,
    /// The value of a parameter that is sent before its statement is a password.
    pub(super) has_secret_value: bool,
    pub(super) is_unknown: bool,
    pub(super) is_over_limit: bool,
}

impl Role {
    pub(super) fn of(nth: u32, half: Half) -> Role {
        Role { exchange: Some((nth, half)), ..Role::default() }
    }
}

impl MySql {
    /// Records a packet, and reports it as a part of its exchange.
    pub(super) fn finish(
        &mut self,
        message: &Message<'_>,
        header: Header,
        role: &Role,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let nodes = cx.tree.nodes().len();
        self.record(message, header, role, cx);
        message.report(role.exchange, role.ends_half, nodes, cx)
    }

    fn record(&mut self, message: &Message<'_>, header: Header, role: &Role, cx: &mut Context<'_>) {
        cx.path.push_once(MYSQL.name);
        if cx.tree.wants_columns() {
            self.set_info(role, cx);
        }
        if !(self.has_fields && cx.tree.wants_any(&MYSQL) || self.has_content) {
            return;
        }
        let bytes = message.chunk.bytes;
        let span = message.chunk.span(0..bytes.len(), "Reassembled TCP", cx.tree);
        cx.tree.open(&MYSQL, span, Value::Bytes(span));
        let part = |at: usize, len: usize| Slice::new(span.start + at as u32, len as u32);
        cx.tree.put(&PACKET_LENGTH, part(0, 3), Value::Uint(header.length.into()));
        cx.tree.put(&PACKET_NUMBER, part(3, 1), Value::Uint(header.number.into()));
        let payload = Payload::whole(bytes.get(HEADER..).unwrap_or_default(), span.start + HEADER as u32);
        let is_whole = message.is_complete && message.len == bytes.len() as u64;
        let has_attributes = self.login.has_query_attributes(payload.bytes);
        let view = describe::View { has_attributes, shows_secrets: cx.shows_passwords };
        if describe::packet(payload, role, view, cx.tree).is_none() && is_whole {
            cx.tree.note(&MALFORMED, span, format_args!("{}", MALFORMED.title));
        }
        if !is_whole {
            cx.tree.note(
                &INCOMPLETE,
                span,
                format_args!("{}: {} of {} bytes", INCOMPLETE.title, bytes.len(), message.len),
            );
        }
        self.record_exchange(payload, role, cx);
        cx.tree.close();
    }

    /// Records what a packet is in its exchange.
    fn record_exchange(&self, payload: Payload<'_>, role: &Role, cx: &mut Context<'_>) {
        let none = Slice::default();
        let Some((nth, half)) = role.exchange else { return };
        cx.tree.put(if half == Half::Request { &REQUEST } else { &RESPONSE }, none, Value::Bool(true));
        if !self.login.identity.is_empty() {
            cx.tree.put_copy(&DATABASE, none, self.login.identity.as_bytes());
        }
        if role.is_over_limit {
            cx.tree.note(&OPEN_LIMIT, none, format_args!("{}", OPEN_LIMIT.title));
        }
        if role.is_unknown {
            cx.tree.note(&UNKNOWN_STATEMENT, none, format_args!("{}", UNKNOWN_STATEMENT.title));
        }
        if half == Half::Request {
            self.record_statement(payload, role, cx);
            if role.ends_half {
                cx.record_later(&RESPONSE_IN, About::Half(cx.exchange(nth), Half::Request));
                note_repeated(&N_PLUS_ONE, nth, cx);
            }
            return;
        }
        let facts = ResponseFacts {
            result: role.result.as_deref(),
            rows: role.rows,
            request: role.request,
            is_first_row: role.packet.is_some_and(|packet| packet.is_first_row),
            is_last: role.ends_half,
        };
        RESPONSE_FIELDS.record(&facts, cx);
    }

    /// Records the statement of a command.
    fn record_statement(&self, payload: Payload<'_>, role: &Role, cx: &mut Context<'_>) {
        let none = Slice::default();
        if role.is_login {
            cx.tree.put_text(&OPERATION, none, format_args!("LOGIN"));
            cx.tree.put_text(&SUMMARY, none, format_args!("LOGIN {}", self.login.identity));
        }
        let Some(code) = role.command else { return };
        let text = role.text.as_deref().unwrap_or_default();
        let of_text =
            if matches!(code, command::QUERY | command::EXECUTE) { operation(text) } else { CompactString::default() };
        let name = if of_text.is_empty() { command_name(code) } else { &of_text };
        cx.tree.put_text(&OPERATION, none, format_args!("{name}"));
        if text.is_empty() {
            cx.tree.put_text(&SUMMARY, none, format_args!("{name}"));
            return;
        }
        for field in [&EXECUTED, &SUMMARY] {
            cx.tree.put_copy(field, none, text);
        }
        if self.has_content && matches!(code, command::QUERY | command::EXECUTE) {
            // The text of a statement that was prepared before, or that has passwords, is not in this frame.
            let at = match code {
                _ if role.is_redacted => None,
                command::EXECUTE => None,
                command::QUERY if self.login.has_query_attributes(payload.bytes) => {
                    statements::query_start(payload.bytes)
                }
                _ => Some(1),
            };
            let text = match at {
                Some(at) => payload.from(at).first(text.len()),
                None => Payload::whole(text, cx.tree.add_buffer("Statement", text)),
            };
            let body = MessageBody::new(text, b"application/sql; double-quotes=text", PROTOCOL.short);
            body.of(Half::Request, "").read(cx.path, cx.tree);
        }
    }

    fn set_info(&mut self, role: &Role, cx: &mut Context<'_>) {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        let is_first = core::mem::replace(&mut self.info_frame, cx.at.frame) != cx.at.frame;
        let kind = role.packet.map(|packet| packet.kind);
        if !is_first && role.result.is_none() {
            return;
        }
        match (role, kind) {
            (Role { is_greeting: true, .. }, _) => cx.tree.set_info(format_args!("Server Greeting")),
            (Role { is_login: true, .. }, _) => cx.tree.set_info(format_args!("Login Request {}", self.login.identity)),
            (Role { command: Some(code), text: Some(text), .. }, _) => {
                let text = crate::exchange::text(text.get(..200).unwrap_or(text));
                cx.tree.set_info(format_args!("Request {} {text}", command_name(*code)));
            }
            (Role { command: Some(code), .. }, _) => cx.tree.set_info(format_args!("Request {}", command_name(*code))),
            (Role { result: Some(result), .. }, _) => cx.tree.set_info(format_args!("Response {result}")),
            (_, Some(PacketKind::Infile)) => cx.tree.set_info(format_args!("Response LOCAL INFILE")),
            (_, Some(_)) => cx.tree.set_info(format_args!("Response")),
            _ => cx.tree.set_info(format_args!("Data")),
        }
        cx.tree.fence();
    }
}
