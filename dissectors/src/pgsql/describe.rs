//! Fields of each message.

use super::fields::*;
use super::header::{self};
use super::statements::MAX_TYPES;
use super::unit::Role;
use super::{cstring, values};
use crate::field::Field;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::sql_secrets::mentions_secret;
use crate::sql_text::DoubleQuotes;
use crate::tree::{Slice, Tree, Value};
use alloc::string::String;
use alloc::vec::Vec;

/// Maximum number of values or of names in a message that are recorded.
const MAX_VALUES: usize = 2000;

/// What is known of a message besides its bytes.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) is_client: bool,
    pub(super) authentication: u32,
    /// Passwords and proofs of them are recorded.
    pub(super) shows_secrets: bool,
    pub(super) role: &'a Role,
}

/// Returns the name of a message without a type.
pub(super) fn startup_name(bytes: &[u8]) -> &'static str {
    match header::startup(bytes) {
        Some((_, header::SSL)) => "SSL request",
        Some((_, header::GSSENC)) => "GSS encrypt request",
        Some((_, header::CANCEL)) => "Cancel request",
        _ => "Startup message",
    }
}

/// Whether a response of the client is the first one of SASL: it names a mechanism.
fn is_sasl_initial(authentication: u32) -> bool {
    authentication == 10
}

/// Returns the name of a response of the client to a request for authentication.
pub(super) fn password_name(authentication: u32, _: &[u8]) -> &'static str {
    match authentication {
        7..=9 => "GSSResponse message",
        10 => "SASLInitialResponse message",
        11 => "SASLResponse message",
        _ => "Password message",
    }
}

type Read<T = ()> = Result<T, UnexpectedEnd>;

/// Reads a text that ends with a zero byte.
fn text<'b>(field: &'static Field, reader: &mut FieldReader<'b, '_>) -> Read<&'b [u8]> {
    let rest = reader.rest().bytes;
    let (text, _) = cstring(rest);
    let is_whole = text.len() < rest.len();
    let span = reader.span(text.len() + usize::from(is_whole));
    let value = reader.span(text.len());
    reader.skip(span.len as usize)?;
    reader.tree.put(field, span, Value::Text(value));
    if is_whole { Ok(text) } else { Err(UnexpectedEnd) }
}

fn rest_bytes(field: &'static Field, reader: &mut FieldReader<'_, '_>) -> Read {
    let len = reader.rest().bytes.len();
    if len > 0 {
        reader.bytes(field, len)?;
    }
    Ok(())
}

/// Reads a number of two bytes without a field.
fn count(reader: &mut FieldReader<'_, '_>) -> Read<usize> {
    reader.read_array().map(|bytes| usize::from(u16::from_be_bytes(bytes)))
}

/// Reads the types and the formats of the columns of a row description. `formats` are those that the client requested.
pub(super) fn columns(body: &[u8], formats: &[u16]) -> Vec<(u32, u16)> {
    let mut columns = Vec::new();
    let mut rest = body.get(2..).unwrap_or_default();
    while !rest.is_empty() && columns.len() < MAX_TYPES {
        let (_, column) = cstring(rest);
        let Some((column, after)) = column.split_first_chunk::<18>() else { break };
        let &[_, _, _, _, _, _, a, b, c, d, _, _, _, _, _, _, high, low] = column;
        let format = match formats {
            [all] => *all,
            _ => formats.get(columns.len()).copied().unwrap_or(u16::from_be_bytes([high, low])),
        };
        columns.push((u32::from_be_bytes([a, b, c, d]), format));
        rest = after;
    }
    columns
}

/// Records the fields of a message after its type.
pub(super) fn message(payload: Payload<'_>, is_typed: bool, view: View<'_>, tree: &mut Tree) -> Read {
    let kind = payload.bytes.first().copied().unwrap_or_default();
    let mut reader = FieldReader::new(payload.from(usize::from(is_typed)), tree);
    reader.u32(&LENGTH)?;
    let frontend = payload.span(0, 0);
    reader.tree.put(&FRONTEND, frontend, Value::Bool(view.is_client));
    match (view.is_client, is_typed) {
        (true, false) => startup(&mut reader),
        (true, true) => frontend_message(kind, view, &mut reader),
        (false, _) => backend_message(kind, view, &mut reader),
    }
}

fn startup(reader: &mut FieldReader<'_, '_>) -> Read {
    let code = reader.rest().bytes.first_chunk().map_or(0, |&code| u32::from_be_bytes(code));
    if matches!(code, header::SSL | header::GSSENC | header::CANCEL) {
        reader.u32(&REQUEST_CODE)?;
        if code == header::CANCEL {
            reader.u32(&PID)?;
            reader.u32(&KEY)?;
        }
        return Ok(());
    }
    reader.u16(&VERSION_MAJOR)?;
    reader.u16(&VERSION_MINOR)?;
    for _ in 0..MAX_VALUES {
        if matches!(reader.rest().bytes, [] | [0, ..]) {
            break;
        }
        text(&PARAMETER_NAME, reader)?;
        text(&PARAMETER_VALUE, reader)?;
    }
    Ok(())
}

fn frontend_message(kind: u8, view: View<'_>, reader: &mut FieldReader<'_, '_>) -> Read {
    match kind {
        b'Q' => statement(view.role, reader),
        b'P' => {
            text(&STATEMENT, reader)?;
            statement(view.role, reader)?;
            types(reader)
        }
        b'B' => {
            text(&PORTAL, reader)?;
            text(&STATEMENT, reader)?;
            let formats = formats(reader)?;
            let types = view.role.statement.as_ref().map_or(&[][..], |statement| &statement.types);
            let columns = |nth: usize| {
                let format = if let [all] = &*formats { *all } else { formats.get(nth).copied().unwrap_or(0) };
                (types.get(nth).copied().unwrap_or(0), format)
            };
            let secrets = view.role.statement.as_ref().map_or(&[][..], |statement| &statement.secret_parameters);
            let count = count(reader)?;
            row(count, &columns, secrets, reader)?;
            self::formats(reader).map(drop)
        }
        b'E' => {
            text(&PORTAL, reader)?;
            reader.u32(&RETURNS).map(drop)
        }
        b'D' | b'C' => {
            let [of] = reader.read_array()?;
            text(if of == b'S' { &STATEMENT } else { &PORTAL }, reader).map(drop)
        }
        b'F' => {
            reader.u32(&OID)?;
            formats(reader)?;
            let count = count(reader)?;
            row(count, &|_| (0, 1), &[], reader)?;
            reader.u16(&FORMAT).map(drop)
        }
        b'd' => rest_bytes(&COPYDATA, reader),
        b'f' => text(&ERROR, reader).map(drop),
        b'p' => {
            if is_sasl_initial(view.authentication) {
                text(&SASL_MECH, reader)?;
                reader.i32(&SASL_DATA_LENGTH)?;
            }
            if view.shows_secrets {
                return match view.authentication {
                    7..=9 => rest_bytes(&GSSAPI_DATA, reader),
                    10 | 11 => rest_bytes(&SASL_DATA, reader),
                    _ => text(&PASSWORD, reader).map(drop),
                };
            }
            let span = reader.rest().all();
            redacted(span, reader.tree);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Records that a password is here.
fn redacted(span: Slice, tree: &mut Tree) {
    let node = tree.put(&REDACTED, span, Value::Present);
    tree.label(node, format_args!("{}: (redacted)", REDACTED.title));
}

/// Reads the text of a statement; without its passwords, unless they are shown.
fn statement(role: &Role, reader: &mut FieldReader<'_, '_>) -> Read {
    let Some(statement) = role.statement.as_deref().filter(|statement| statement.is_redacted) else {
        return text(&QUERY, reader).map(drop);
    };
    let rest = reader.rest().bytes;
    let len = (cstring(rest).0.len() + 1).min(rest.len());
    let span = reader.span(len);
    reader.tree.put_copy(&QUERY, span, &statement.text);
    reader.skip(len)
}

/// Reads the types of parameters.
fn types(reader: &mut FieldReader<'_, '_>) -> Read {
    for _ in 0..count(reader)?.min(MAX_VALUES) {
        reader.u32(&OID_TYPE)?;
    }
    Ok(())
}

/// Reads formats of values.
fn formats(reader: &mut FieldReader<'_, '_>) -> Read<Vec<u16>> {
    let count = count(reader)?;
    let mut formats = Vec::with_capacity(count.min(16));
    for _ in 0..count.min(MAX_VALUES) {
        formats.push(reader.u16(&FORMAT)?);
    }
    Ok(formats)
}

/// Reads values: of a row, or of parameters. `column` gives the type and the format of each; `secrets` are passwords.
fn row(count: usize, column: &dyn Fn(usize) -> (u32, u16), secrets: &[u16], reader: &mut FieldReader<'_, '_>) -> Read {
    let mut line = reader.tree.wants(&ROW).then(String::new);
    for nth in 0..count {
        let is_recorded = nth < MAX_VALUES;
        if !is_recorded {
            break;
        }
        let len = reader.i32(&VAL_LENGTH)?;
        if let Some(line) = line.as_mut().filter(|_| nth > 0) {
            line.push('\t');
        }
        let Ok(len) = usize::try_from(len) else {
            if let Some(line) = &mut line {
                line.push_str("NULL");
            }
            continue;
        };
        let value = reader.rest().bytes.get(..len).ok_or(UnexpectedEnd)?;
        let span = reader.span(len);
        reader.skip(len)?;
        if u16::try_from(nth).is_ok_and(|nth| secrets.contains(&nth)) {
            redacted(span, reader.tree);
            line.iter_mut().for_each(|line| line.push_str("(redacted)"));
            continue;
        }
        if len > 0 {
            reader.tree.put(&VAL_DATA, span, Value::Bytes(span));
        }
        if line.is_some() || reader.tree.wants(&VALUE) {
            let (oid, format) = column(nth);
            let mut shown = String::new();
            let is_known = values::write(value, format, oid, &mut shown);
            if is_known {
                reader.tree.put_text(&VALUE, span, format_args!("{shown}"));
            }
            if let Some(line) = line.as_mut().filter(|line| line.len() < 4096) {
                if is_known { line.push_str(&shown) } else { line.push_str(&hex(value)) }
            }
        }
    }
    if let Some(line) = line.filter(|_| count > 0) {
        reader.tree.put_text(&ROW, Slice::default(), format_args!("{line}"));
    }
    Ok(())
}

fn hex(value: &[u8]) -> String {
    let mut text = String::from("0x");
    let _ =
        value.iter().take(64).try_for_each(|byte| core::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}")));
    text
}

fn backend_message(kind: u8, view: View<'_>, reader: &mut FieldReader<'_, '_>) -> Read {
    match kind {
        b'R' => authentication(reader),
        b'S' => {
            text(&PARAMETER_NAME, reader)?;
            text(&PARAMETER_VALUE, reader).map(drop)
        }
        b'K' => {
            reader.u32(&PID)?;
            reader.u32(&KEY).map(drop)
        }
        b'T' => row_description(reader),
        b't' => types(reader),
        b'D' => {
            let count = reader.u16(&FIELD_COUNT)?;
            let columns = view.role.columns.as_deref().unwrap_or_default();
            row(count.into(), &|nth| columns.get(nth).copied().unwrap_or_default(), &[], reader)
        }
        b'C' => text(&TAG, reader).map(drop),
        b'E' | b'N' => error(view, reader),
        b'A' => {
            reader.u32(&PID)?;
            text(&CONDITION, reader)?;
            if reader.rest().bytes.first().is_some_and(|&first| first != 0) {
                text(&TEXT, reader)?;
            }
            Ok(())
        }
        b'G' | b'H' | b'W' => {
            let span = reader.span(1);
            let [format] = reader.read_array()?;
            reader.tree.put(&FORMAT, span, Value::Uint(format.into()));
            // The formats of the columns, which repeat it.
            let count = count(reader)?;
            reader.skip(2 * count)
        }
        b'Z' => reader.u8(&TRANSACTION_STATUS).map(drop),
        b'd' => rest_bytes(&COPYDATA, reader),
        b'V' => row(1, &|_| (0, 1), &[], reader),
        b'v' => {
            reader.u32(&VERSION_SUPPORTED_MINOR)?;
            let count = reader.i32(&NONSUPPORTED_OPTIONS)?;
            for _ in 0..usize::try_from(count).unwrap_or(0).min(MAX_VALUES) {
                text(&NONSUPPORTED_OPTION, reader)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn authentication(reader: &mut FieldReader<'_, '_>) -> Read {
    match reader.u32(&AUTHTYPE)? {
        4 => reader.bytes(&SALT, 2).map(drop),
        5 => reader.bytes(&SALT, 4).map(drop),
        8 => rest_bytes(&GSSAPI_DATA, reader),
        10 => {
            for _ in 0..MAX_VALUES {
                if matches!(reader.rest().bytes, [] | [0, ..]) {
                    break;
                }
                text(&SASL_MECH, reader)?;
            }
            Ok(())
        }
        11 | 12 => rest_bytes(&SASL_DATA, reader),
        _ => Ok(()),
    }
}

fn row_description(reader: &mut FieldReader<'_, '_>) -> Read {
    let count = reader.u16(&FIELD_COUNT)?;
    for _ in 0..usize::from(count).min(MAX_VALUES) {
        let start = reader.rest();
        let (name, _) = cstring(start.bytes);
        let (span, value) = (reader.span(name.len() + 1), reader.span(name.len()));
        reader.skip(name.len() + 1)?;
        reader.tree.open(&COL_NAME, span, Value::Text(value));
        let read = column(reader);
        reader.tree.close();
        read?;
    }
    Ok(())
}

fn column(reader: &mut FieldReader<'_, '_>) -> Read {
    reader.u32(&OID_TABLE)?;
    let span = reader.span(2);
    let index = u16::from_be_bytes(reader.read_array()?);
    reader.tree.put(&COL_INDEX, span, Value::Uint(index.into()));
    reader.u32(&OID_TYPE)?;
    let span = reader.span(2);
    let size = i16::from_be_bytes(reader.read_array()?);
    reader.tree.put(&VAL_LENGTH, span, Value::Int(size.into()));
    reader.i32(&COL_TYPEMOD)?;
    reader.u16(&FORMAT).map(drop)
}

/// Reads the fields of an error or a notice.
fn error(view: View<'_>, reader: &mut FieldReader<'_, '_>) -> Read {
    for _ in 0..64 {
        let [code] = reader.read_array()?;
        let field: &'static Field = match code {
            0 => return Ok(()),
            b'S' => &SEVERITY,
            b'C' => &CODE,
            b'M' => &MESSAGE,
            b'D' => &DETAIL,
            b'H' => &HINT,
            b'P' => &POSITION,
            b'p' => &INTERNAL_POSITION,
            b'q' => &INTERNAL_QUERY,
            b'W' => &WHERE,
            b's' => &SCHEMA_NAME,
            b't' => &TABLE_NAME,
            b'c' => &COLUMN_NAME,
            b'd' => &TYPE_NAME,
            b'n' => &CONSTRAINT_NAME,
            b'F' => &FILE,
            b'L' => &LINE,
            b'R' => &ROUTINE,
            _ => &TEXT,
        };
        let own = cstring(reader.rest().bytes).0;
        let has_secret = || {
            // The server repeats a part of the statement.
            let repeats = view.role.is_redacted && memchr::memmem::find(own, b"at or near").is_some();
            repeats || mentions_secret(own, DoubleQuotes::Name)
        };
        if view.shows_secrets || !has_secret() {
            text(field, reader)?;
            continue;
        }
        let len = (own.len() + 1).min(reader.rest().bytes.len());
        let span = reader.span(len);
        reader.skip(len)?;
        reader.tree.put_text(field, span, format_args!("(redacted)"));
    }
    Ok(())
}
