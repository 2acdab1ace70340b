//! Fields of each packet.

use super::fields::*;
use super::header::{column_start, number, text};
use super::login;
use super::record::Role;
use super::response::{PacketKind, command};
use super::statements;
use super::{binlog, tracking, values};
use crate::field::{Field, FieldKind};
use crate::packet::Payload;
use crate::reader::cstring;
use crate::sql_secrets::mentions_secret;
use crate::sql_text::DoubleQuotes;
use crate::tree::{Slice, Tree, Value};
use alloc::string::String;

/// Maximum number of values of a packet that are recorded.
const MAX_VALUES: usize = 2000;
/// Maximum number of bytes of the line of a row.
const MAX_LINE: usize = 4096;

/// A cursor that records what it reads. Numbers are little-endian.
pub(super) struct Cursor<'b, 't> {
    pub(super) payload: Payload<'b>,
    pub(super) at: usize,
    pub(super) tree: &'t mut Tree,
    shows_secrets: bool,
}

impl<'b> Cursor<'b, '_> {
    pub(super) fn rest(&self) -> &'b [u8] {
        self.payload.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn skip(&mut self, len: usize) -> Option<Slice> {
        let span = self.payload.span(self.at, len);
        self.at = self.at.checked_add(len).filter(|&at| at <= self.payload.bytes.len())?;
        Some(span)
    }

    /// Reads a number of `len` bytes.
    pub(super) fn uint(&mut self, field: &'static Field, len: usize) -> Option<u64> {
        let value = self.rest().get(..len)?.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let span = self.skip(len)?;
        self.tree.put(field, span, Value::Uint(value));
        Some(value)
    }

    /// Reads a number of variable length.
    pub(super) fn number(&mut self, field: &'static Field) -> Option<u64> {
        let (value, len) = number(self.rest())?;
        let span = self.skip(len)?;
        self.tree.put(field, span, Value::Uint(value));
        Some(value)
    }

    /// Reads a text of `len` bytes.
    pub(super) fn text(&mut self, field: &'static Field, len: usize) -> Option<()> {
        let span = self.skip(len)?;
        self.tree.put(field, span, Value::Text(span));
        Some(())
    }

    /// Reads a text that ends with a zero byte, or with the packet.
    fn cstring(&mut self, field: &'static Field) -> Option<()> {
        let (text, _) = cstring(self.rest());
        let len = (text.len() + 1).min(self.rest().len());
        let (value, span) = (self.payload.span(self.at, text.len()), self.skip(len)?);
        self.tree.put(field, span, Value::Text(value));
        Some(())
    }

    /// Reads a text with its length before it.
    fn counted(&mut self, field: &'static Field) -> Option<()> {
        let (text, len) = text(self.rest())?;
        self.skip(len - text.len())?;
        self.text(field, text.len())
    }

    /// Reads a text with its length before it, both as fields.
    pub(super) fn measured(&mut self, length: &'static Field, field: &'static Field) -> Option<()> {
        let len = usize::try_from(self.number(length)?).ok()?;
        self.text(field, len)
    }

    /// The same with a length of one byte.
    pub(super) fn short_text(&mut self, length: &'static Field, field: &'static Field) -> Option<()> {
        let len = self.uint(length, 1)?;
        self.text(field, len as usize)
    }

    /// Reads a secret of `len` bytes: its value is recorded if secrets are shown.
    pub(super) fn password(&mut self, field: &'static Field, len: usize) -> Option<()> {
        let span = self.skip(len)?;
        if self.shows_secrets {
            let value = if field.kind == FieldKind::Text { Value::Text(span) } else { Value::Bytes(span) };
            self.tree.put(field, span, value);
        } else {
            let node = self.tree.put(&REDACTED, span, Value::Present);
            self.tree.label(node, format_args!("{}: (redacted)", REDACTED.title));
        }
        Some(())
    }

    pub(super) fn rest_text(&mut self, field: &'static Field) -> Option<()> {
        match self.rest().len() {
            0 => Some(()),
            len => self.text(field, len),
        }
    }
}

/// What is known of a packet besides its bytes and its role.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// Queries have attributes.
    pub(super) has_attributes: bool,
    /// Passwords and proofs of them are recorded.
    pub(super) shows_secrets: bool,
}

/// Records the fields of a packet; `None` if it ends early.
pub(super) fn packet(payload: Payload<'_>, role: &Role, view: View, tree: &mut Tree) -> Option<()> {
    let mut cursor = Cursor { payload, at: 0, tree, shows_secrets: view.shows_secrets };
    if role.is_greeting {
        return greeting(&mut cursor);
    }
    if role.is_login {
        return login_request(&mut cursor);
    }
    if role.is_file {
        let span = payload.all();
        if span.len > 0 {
            cursor.tree.put(&PAYLOAD, span, Value::Bytes(span));
        }
        return Some(());
    }
    if role.is_secret {
        return cursor.password(&AUTH_RESPONSE, payload.bytes.len());
    }
    match (role.command, role.packet) {
        (Some(code), _) => request(code, role, view.has_attributes, &mut cursor),
        (None, Some(packet)) => response(packet.kind, role, &mut cursor),
        (None, None) => Some(()),
    }
}

fn greeting(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.uint(&VERSION_NUMBER, 1)?;
    cursor.cstring(&VERSION)?;
    cursor.uint(&THREAD_ID, 4)?;
    cursor.cstring(&SALT)?;
    cursor.uint(&CAPS_SERVER, 2)?;
    cursor.uint(&SERVER_LANGUAGE, 1)?;
    cursor.uint(&SERVER_STATUS, 2)?;
    cursor.uint(&EXTCAPS_SERVER, 2)?;
    cursor.uint(&AUTH_PLUGIN_LENGTH, 1)?;
    cursor.skip(10)?;
    if !cursor.rest().is_empty() {
        cursor.cstring(&SALT2)?;
    }
    if !cursor.rest().is_empty() {
        cursor.cstring(&AUTH_PLUGIN)?;
    }
    Some(())
}

fn login_request(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let payload = cursor.payload;
    cursor.uint(&CAPS_CLIENT, 2)?;
    cursor.uint(&EXTCAPS_CLIENT, 2)?;
    cursor.uint(&MAX_PACKET, 4)?;
    if payload.bytes.len() <= login::LOGIN_START {
        return Some(());
    }
    cursor.skip(24)?;
    let parts = login::parts(payload.bytes)?;
    cursor.cstring(&USER)?;
    let (start, len) = parts.password;
    cursor.at = start;
    if len > 0 {
        cursor.password(&PASSWORD, len)?;
    }
    if parts.database.is_some() {
        cursor.cstring(&SCHEMA)?;
    }
    if parts.plugin.is_some() {
        cursor.cstring(&CLIENT_AUTH_PLUGIN)?;
    }
    if parts.has_attributes {
        let (len, size) = number(cursor.rest())?;
        cursor.skip(size)?;
        let end = cursor.at.checked_add(usize::try_from(len).ok()?)?;
        while cursor.at < end {
            cursor.counted(&CONNATTRS_NAME)?;
            cursor.counted(&CONNATTRS_VALUE)?;
        }
    }
    if login::has_compression_level(payload.bytes) && !cursor.rest().is_empty() {
        cursor.uint(&COMPRESSION_LEVEL, 1)?;
    }
    Some(())
}

fn request(code: u8, role: &Role, has_attributes: bool, cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.uint(&COMMAND_CODE, 1)?;
    match code {
        command::QUERY => {
            if has_attributes {
                cursor.at = statements::query_start(cursor.payload.bytes)?;
            }
            statement(role, cursor)
        }
        command::PREPARE => statement(role, cursor),
        command::INIT_DB | 5 | 6 => cursor.rest_text(&SCHEMA),
        command::CLOSE | command::RESET => cursor.uint(&STMT_ID, 4).map(drop),
        command::FETCH => {
            cursor.uint(&STMT_ID, 4)?;
            cursor.uint(&NUM_ROWS, 4).map(drop)
        }
        command::SEND_LONG_DATA => {
            cursor.uint(&STMT_ID, 4)?;
            cursor.skip(2)?;
            if role.has_secret_value {
                return cursor.password(&PAYLOAD, cursor.rest().len());
            }
            let span = cursor.payload.span(cursor.at, cursor.rest().len());
            cursor.tree.put(&PAYLOAD, span, Value::Bytes(span));
            Some(())
        }
        command::CHANGE_USER => {
            cursor.cstring(&USER)?;
            let len = usize::from(*cursor.rest().first()?);
            cursor.skip(1)?;
            if len > 0 {
                cursor.password(&PASSWORD, len)?;
            }
            cursor.cstring(&SCHEMA)?;
            // The collation.
            if cursor.rest().len() > 2 {
                cursor.skip(2)?;
                cursor.cstring(&CLIENT_AUTH_PLUGIN)?;
            }
            Some(())
        }
        command::BINLOG_DUMP => binlog::dump(cursor),
        command::BINLOG_DUMP_GTID => binlog::dump_gtid(cursor),
        command::REGISTER_SLAVE => binlog::register(cursor),
        command::EXECUTE => {
            cursor.uint(&STMT_ID, 4)?;
            cursor.uint(&EXEC_FLAGS, 1)?;
            cursor.skip(4)?;
            parameters(role, cursor)
        }
        _ => Some(()),
    }
}

/// Reads the text of a statement; without its passwords, unless they are shown.
fn statement(role: &Role, cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let Some(text) = role.text.as_deref().filter(|_| role.is_redacted) else { return cursor.rest_text(&QUERY) };
    let span = cursor.skip(cursor.rest().len())?;
    cursor.tree.put_copy(&QUERY, span, text);
    Some(())
}

fn parameters(role: &Role, cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let Some(values) = &role.parameters else { return if role.is_unknown { Some(()) } else { None } };
    if values.is_empty() {
        return Some(());
    }
    let bound = values.len().div_ceil(8);
    let start = cursor.at;
    cursor.skip(bound)?;
    cursor.uint(&NEW_PARAMETER_BOUND, 1)?;
    let mut line = String::new();
    for (nth, (value, at, len)) in values.iter().enumerate().take(MAX_VALUES) {
        let span = cursor.payload.span(start + at, *len);
        cursor.tree.put_text(&VALUE, span, format_args!("{value}"));
        push_value(nth, value, &mut line);
    }
    cursor.tree.put_text(&ROW, Slice::default(), format_args!("{line}"));
    Some(())
}

fn push_value(nth: usize, value: &str, line: &mut String) {
    if line.len() < MAX_LINE {
        if nth > 0 {
            line.push('\t');
        }
        line.push_str(value);
    }
}

fn response(kind: PacketKind, role: &Role, cursor: &mut Cursor<'_, '_>) -> Option<()> {
    match kind {
        PacketKind::Ok => {
            cursor.uint(&RESPONSE_CODE, 1)?;
            ok(cursor)
        }
        PacketKind::Error => {
            cursor.uint(&RESPONSE_CODE, 1)?;
            cursor.uint(&ERROR_CODE, 2)?;
            if cursor.rest().first() == Some(&b'#') {
                cursor.skip(1)?;
                cursor.text(&SQLSTATE, 5)?;
            }
            // The server repeats a part of the statement.
            let text = cursor.rest();
            let repeats = role.is_redacted && memchr::memmem::find(text, b" near '").is_some();
            if cursor.shows_secrets || !repeats && !mentions_secret(text, DoubleQuotes::Text) {
                return cursor.rest_text(&ERROR_MESSAGE);
            }
            let span = cursor.skip(text.len())?;
            cursor.tree.put_text(&ERROR_MESSAGE, span, format_args!("(redacted)"));
            Some(())
        }
        PacketKind::End => {
            cursor.uint(&RESPONSE_CODE, 1)?;
            if cursor.payload.bytes.len() == 5 {
                cursor.uint(&WARNINGS, 2)?;
                return cursor.uint(&SERVER_STATUS, 2).map(drop);
            }
            if cursor.payload.bytes.len() == 1 { Some(()) } else { ok(cursor) }
        }
        PacketKind::Count => cursor.number(&NUM_FIELDS).map(drop),
        PacketKind::Column => column(cursor),
        PacketKind::TextRow => text_row(cursor),
        PacketKind::BinaryRow => binary_row(role, cursor),
        PacketKind::Prepared => {
            cursor.uint(&RESPONSE_CODE, 1)?;
            cursor.uint(&STMT_ID, 4)?;
            cursor.uint(&NUM_FIELDS, 2)?;
            cursor.uint(&NUM_PARAMS, 2)?;
            cursor.skip(1)?;
            if cursor.rest().len() >= 2 {
                cursor.uint(&WARNINGS, 2)?;
            }
            Some(())
        }
        PacketKind::Infile => {
            cursor.uint(&RESPONSE_CODE, 1)?;
            cursor.rest_text(&INFILE)
        }
        PacketKind::Event => binlog::event(cursor),
        PacketKind::AuthSwitch => cursor.uint(&RESPONSE_CODE, 1).map(drop),
        PacketKind::Data => Some(()),
    }
}

/// Reads what follows the code of OK.
fn ok(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.number(&AFFECTED_ROWS)?;
    let (id, len) = number(cursor.rest())?;
    let span = cursor.skip(len)?;
    if id > 0 {
        cursor.tree.put(&INSERT_ID, span, Value::Uint(id));
    }
    let state = cursor.uint(&SERVER_STATUS, 2)?;
    cursor.uint(&WARNINGS, 2)?;
    match cursor.rest().first() {
        None => return Some(()),
        Some(0) => drop(cursor.skip(1)?),
        Some(_) => cursor.counted(&MESSAGE)?,
    }
    if tracking::has_changes(state) && !cursor.rest().is_empty() { tracking::record(cursor) } else { Some(()) }
}

fn column(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let texts: [&'static Field; 6] =
        [&FIELD_CATALOG, &FIELD_DB, &FIELD_TABLE, &FIELD_ORG_TABLE, &FIELD_NAME, &FIELD_ORG_NAME];
    for field in texts {
        cursor.counted(field)?;
    }
    cursor.skip(column_start(cursor.rest()))?;
    // The length of what follows.
    cursor.skip(1)?;
    cursor.uint(&FIELD_CHARSET, 2)?;
    cursor.uint(&FIELD_LENGTH, 4)?;
    cursor.uint(&FIELD_TYPE, 1)?;
    cursor.uint(&FIELD_FLAGS, 2)?;
    cursor.uint(&FIELD_DECIMALS, 1).map(drop)
}

fn text_row(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let mut line = cursor.tree.wants(&ROW).then(String::new);
    for nth in 0..MAX_VALUES {
        match cursor.rest() {
            [] => break,
            [0xfb, ..] => {
                let span = cursor.skip(1)?;
                cursor.tree.put_text(&ROW_TEXT, span, format_args!("NULL"));
                line.iter_mut().for_each(|line| push_value(nth, "NULL", line));
            }
            rest => {
                let (value, _) = text(rest)?;
                cursor.counted(&ROW_TEXT)?;
                if let Some(line) = &mut line {
                    let mut shown = String::new();
                    values::write_text(value, &mut shown);
                    push_value(nth, &shown, line);
                }
            }
        }
    }
    if let Some(line) = line {
        cursor.tree.put_text(&ROW, Slice::default(), format_args!("{line}"));
    }
    Some(())
}

/// Reads a row in the binary format: a zero byte, a bit for each column that is NULL, the values.
fn binary_row(role: &Role, cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let Some(columns) = role.columns.as_deref().filter(|columns| !columns.is_empty()) else {
        return Some(());
    };
    cursor.skip(1)?;
    let nulls = cursor.rest().get(..(columns.len() + 9) / 8)?;
    cursor.skip(nulls.len())?;
    let mut line = String::new();
    for (nth, &of) in columns.iter().enumerate() {
        let is_null = nulls.get((nth + 2) / 8).is_some_and(|byte| byte >> ((nth + 2) % 8) & 1 != 0);
        let (value, len) = if is_null { (String::from("NULL"), 0) } else { values::read(cursor.rest(), of)? };
        let span = cursor.skip(len)?;
        if !is_null {
            cursor.tree.put_text(&VALUE, span, format_args!("{value}"));
        }
        push_value(nth, &value, &mut line);
    }
    cursor.tree.put_text(&ROW, Slice::default(), format_args!("{line}"));
    Some(())
}
