//! Recording of a message with its exchange.

use super::fields::*;
use super::header::{self, type_name};
use super::unit::Role;
use super::{PROTOCOL, Pgsql, describe};
use crate::content::MessageBody;
use crate::packet::Payload;
use crate::pipeline::Message;
use crate::pipeline_record::{ResponseFacts, ResponseFields, note_repeated};
use crate::session::{About, Consumed, Context, Half};
use crate::sql_text::operation;
use crate::tree::{Slice, Value};

/// Fields of a response.
const RESPONSE_FIELDS: ResponseFields = ResponseFields {
    result: &RESULT,
    summary: &SUMMARY,
    rows: &ROWS,
    first_row_time: &FIRST_ROW_TIME,
    request_in: &REQUEST_IN,
    time: &TIME,
};

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageForm {
    /// With a type, or without one at the begin of a connection.
    Message,
    /// The byte that responds to this request for encryption.
    EncryptionResponse(u32),
    /// Encrypted with GSSAPI.
    GssEncrypted,
}

impl Pgsql {
    /// Records a message, and reports it as a part of its exchange.
    pub(super) fn finish(
        &mut self,
        message: &Message<'_>,
        role: Role,
        form: MessageForm,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let nodes = cx.tree.nodes().len();
        self.record(message, &role, form, cx);
        message.report(role.exchange, role.ends_half, nodes, cx)
    }

    fn record(&mut self, message: &Message<'_>, role: &Role, form: MessageForm, cx: &mut Context<'_>) {
        cx.path.push_once(PGSQL.name);
        let is_client = self.is_client(message.side);
        let bytes = message.chunk.bytes;
        let kind = bytes.first().copied().unwrap_or_default();
        let is_typed = kind != 0 && form == MessageForm::Message;
        if cx.tree.wants_columns() {
            self.set_info(kind, is_client, form, cx);
        }
        if !(self.has_fields && cx.tree.wants_any(&PGSQL) || self.has_content) {
            return;
        }
        let span = message.chunk.span(0..bytes.len(), "Reassembled TCP", cx.tree);
        cx.tree.open(&PGSQL, span, Value::Bytes(span));
        let type_span = Slice::new(span.start, u32::from(is_typed));
        if cx.tree.wants(&TYPE) {
            cx.tree.put_copy(&TYPE, type_span, self.message_name(bytes, form, is_client).as_bytes());
        }
        let payload = Payload::whole(bytes, span.start);
        match form {
            MessageForm::GssEncrypted => {
                cx.tree.put(&LENGTH, Slice::new(span.start, 4), Value::Uint(message.len - 4));
            }
            MessageForm::EncryptionResponse(code) => {
                let field = if code == header::SSL { &SSL_RESPONSE } else { &GSSENC_RESPONSE };
                cx.tree.put(field, span, Value::Uint(kind.into()));
                if kind == b'G' {
                    cx.tree.note(&GSS_ENCRYPTED, span, format_args!("{}", GSS_ENCRYPTED.title));
                }
            }
            MessageForm::Message => {
                let (authentication, shows_secrets) = (self.authentication, cx.shows_passwords);
                let view = describe::View { is_client, authentication, shows_secrets, role };
                if describe::message(payload, is_typed, view, cx.tree).is_err() && message.is_complete {
                    cx.tree.note(&MALFORMED, span, format_args!("{}", MALFORMED.title));
                }
            }
        }
        if !message.is_complete || message.len > bytes.len() as u64 {
            cx.tree.note(
                &INCOMPLETE,
                span,
                format_args!("{}: {} of {} bytes", INCOMPLETE.title, bytes.len(), message.len),
            );
        }
        self.record_exchange(payload, role, cx);
        cx.tree.close();
    }

    /// The name of a message, or of a byte that responds to a request for encryption.
    fn message_name(&self, bytes: &[u8], form: MessageForm, is_client: bool) -> &'static str {
        match (form, bytes.first().copied().unwrap_or_default()) {
            (MessageForm::EncryptionResponse(header::SSL), _) => "SSL response",
            (MessageForm::EncryptionResponse(_), _) => "GSS encrypt response",
            (MessageForm::GssEncrypted, _) => "GSS-API encrypted message",
            (MessageForm::Message, 0) => describe::startup_name(bytes),
            (MessageForm::Message, b'p') => describe::password_name(self.authentication, bytes),
            (MessageForm::Message, kind) => type_name(kind, is_client),
        }
    }

    /// Records what a message is in its exchange.
    fn record_exchange(&self, payload: Payload<'_>, role: &Role, cx: &mut Context<'_>) {
        let none = Slice::default();
        let Some((nth, half)) = role.exchange else { return };
        cx.tree.put(if half == Half::Request { &REQUEST } else { &RESPONSE }, none, Value::Bool(true));
        if !self.identity.is_empty() {
            cx.tree.put_copy(&DATABASE, none, self.identity.as_bytes());
        }
        if role.is_over_limit {
            cx.tree.note(&OPEN_LIMIT, none, format_args!("{}", OPEN_LIMIT.title));
        }
        match half {
            Half::Request => {
                if role.is_unknown {
                    cx.tree.note(&UNKNOWN_STATEMENT, none, format_args!("{}", UNKNOWN_STATEMENT.title));
                }
                self.record_statement(payload, role, cx);
                if role.ends_half {
                    cx.record_later(&RESPONSE_IN, About::Half(cx.exchange(nth), Half::Request));
                    note_repeated(&N_PLUS_ONE, nth, cx);
                }
            }
            Half::Response => {
                let facts = ResponseFacts {
                    result: role.result.as_deref(),
                    rows: role.rows,
                    request: role.request,
                    is_first_row: role.is_first_row,
                    is_last: role.ends_half,
                };
                RESPONSE_FIELDS.record(&facts, cx);
            }
        }
    }

    /// Records the statement of a message that executes one.
    fn record_statement(&self, payload: Payload<'_>, role: &Role, cx: &mut Context<'_>) {
        let none = Slice::default();
        let kind = payload.bytes.first().copied().unwrap_or_default();
        let Some(statement) = role.statement.as_ref().filter(|_| matches!(kind, b'Q' | b'E')) else {
            if role.ends_half && kind == 0 {
                cx.tree.put_copy(&COMMAND, none, b"STARTUP");
                cx.tree.put_copy(&SUMMARY, none, describe::startup_name(payload.bytes).as_bytes());
            }
            return;
        };
        if cx.tree.wants(&COMMAND) {
            let operation = operation(&statement.text);
            let command = if operation.is_empty() { "EXECUTE" } else { &operation };
            cx.tree.put_copy(&COMMAND, none, command.as_bytes());
        }
        for field in [&EXECUTED, &SUMMARY] {
            cx.tree.put_copy(field, none, &statement.text);
        }
        if self.has_content && !statement.text.is_empty() {
            // The text of a statement that was prepared before, or that has passwords, is not in this frame.
            let text = match kind {
                b'Q' if !statement.is_redacted => payload.from(5).first(statement.text.len()),
                _ => Payload::whole(&statement.text, cx.tree.add_buffer("Statement", &statement.text)),
            };
            let body = MessageBody::new(text, b"application/sql", PROTOCOL.short);
            body.of(Half::Request, "").read(cx.path, cx.tree);
        }
    }

    /// Writes the letters of the messages of a frame, as Wireshark does: `>P/B/D/E/S`.
    fn set_info(&mut self, kind: u8, is_client: bool, form: MessageForm, cx: &mut Context<'_>) {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        let is_first = core::mem::replace(&mut self.info_frame, cx.at.frame) != cx.at.frame;
        let letter = match (form, kind) {
            (MessageForm::Message, 0) => "?",
            (MessageForm::Message, _) => core::str::from_utf8(core::slice::from_ref(&kind)).unwrap_or("?"),
            _ => "",
        };
        match (is_first, is_client) {
            (true, true) => cx.tree.set_info(format_args!(">{letter}")),
            (true, false) => cx.tree.set_info(format_args!("<{letter}")),
            (false, _) => cx.tree.append_info(format_args!("/{letter}")),
        }
        cx.tree.fence();
    }

    /// Records bytes that are not a message.
    pub(super) fn note_malformed(&mut self, chunk: crate::session::Chunk<'_>, cx: &mut Context<'_>) {
        cx.path.push_once(PGSQL.name);
        let span = chunk.span(0..chunk.bytes.len().min(16), "Reassembled TCP", cx.tree);
        cx.tree.note(&MALFORMED, span, format_args!("{}", MALFORMED.title));
    }
}
