//! EDNS options (RFC 6891 6.1.2).

use super::cursor::{Cursor, DataError};
use super::data::address;
use super::fields::*;
use super::names::{OPTIONS, lookup};
use crate::tree::Value;

/// Reads the options of an OPT record.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let all = cursor.end;
    while cursor.left() > 0 {
        let header = cursor.peek(4).ok_or(DataError::End)?;
        let &[a, b, c, d] = header.first_chunk().ok_or(DataError::End)?;
        let (code, len) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        let span = cursor.span(4 + len);
        let node = cursor.tree.open(&OPT, span, Value::Present);
        cursor.tree.label(node, format_args!("Option: {}", lookup(OPTIONS, code).unwrap_or("Unknown")));
        cursor.word(format_args!("; OPT={code}:"));
        let read = option(code, len, cursor);
        cursor.end = all;
        cursor.tree.close();
        read?;
    }
    Ok(())
}

/// Reads one option.
fn option(code: u16, len: usize, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.silent(&OPT_CODE, 2)?;
    cursor.silent(&OPT_LEN, 2)?;
    let end = cursor.at + len;
    if end > cursor.end {
        return Err(DataError::End);
    }
    cursor.end = end;
    let data = cursor.span(len);
    cursor.tree.put(&OPT_DATA, data, Value::Bytes(data));
    let read = match code {
        5 => numbers(&OPT_DAU, cursor),
        6 => numbers(&OPT_DHU, cursor),
        7 => numbers(&OPT_N3U, cursor),
        8 | 20730 => client_subnet(cursor),
        10 => cookies(len, cursor),
        11 if len >= 2 => cursor.uint(&OPT_EDNS_TCP_KEEPALIVE_TIMEOUT, 2).map(drop),
        12 => padding(cursor),
        13 => cursor.name(&OPT_CHAIN_FQDN).map(drop),
        15 => extended_error(cursor),
        18 => cursor.name(&OPT_AGENT_DOMAIN).map(drop),
        _ => {
            cursor.word(format_args!("{len} bytes"));
            Ok(())
        }
    };
    cursor.at = end;
    read
}

fn numbers(field: &'static crate::Field, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    while cursor.left() > 0 {
        cursor.uint(field, 1)?;
    }
    Ok(())
}

/// Client subnet (RFC 7871 6).
fn client_subnet(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let family = cursor.uint(&OPT_CLIENT_FAMILY, 2)?;
    cursor.uint(&OPT_CLIENT_NETMASK, 1)?;
    cursor.uint(&OPT_CLIENT_SCOPE, 1)?;
    address(cursor, family, cursor.left(), [&OPT_CLIENT_ADDR4, &OPT_CLIENT_ADDR6, &OPT_CLIENT_ADDR])
}

/// Cookies (RFC 7873 4): 8 bytes of the client, and up to 32 of the server.
fn cookies(len: usize, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.bytes(&OPT_COOKIE_CLIENT, len.min(8))?;
    // Wireshark has the field without a value, too.
    let line = if cursor.left() == 0 { cursor.line.take() } else { None };
    let read = cursor.rest(&OPT_COOKIE_SERVER).map(drop);
    cursor.line = cursor.line.take().or(line);
    read
}

/// Padding (RFC 7830 3): its bytes are not part of the line.
fn padding(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let len = cursor.left();
    let span = cursor.span(len);
    cursor.take(len)?;
    cursor.tree.put(&OPT_PADDING, span, Value::Bytes(span));
    cursor.word(format_args!("{len} bytes"));
    Ok(())
}

/// Extended error (RFC 8914 2).
fn extended_error(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let code = cursor.silent(&OPT_EXT_ERROR_INFO_CODE, 2)? as u16;
    cursor.word(format_args!("{}", lookup(super::names::EXTENDED_ERRORS, code).unwrap_or("Unknown error")));
    if cursor.left() > 0 { cursor.text(&OPT_EXT_ERROR_EXTRA_TEXT, cursor.left()).map(drop) } else { Ok(()) }
}
