//! SVCB and HTTPS records, and their parameters (RFC 9460 2.2).

use super::cursor::{Cursor, DataError};
use super::fields::*;
use super::names::{SVCB_KEYS, lookup};
use crate::tree::Value;

/// Reads the data of an SVCB or HTTPS record.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.uint(&SVCB_SVCPRIORITY, 2)?;
    cursor.name(&SVCB_TARGETNAME)?;
    let all = cursor.end;
    while cursor.left() > 0 {
        let header = cursor.peek(4).ok_or(DataError::End)?;
        let &[a, b, c, d] = header.first_chunk().ok_or(DataError::End)?;
        let (key, len) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        let span = cursor.span(4 + len);
        let node = cursor.tree.open(&SVCB_SVCPARAM, span, Value::Present);
        let name = lookup(SVCB_KEYS, key);
        match name {
            Some(name) => {
                cursor.tree.label(node, format_args!("SvcParam: {name}"));
                cursor.word(format_args!("{name}="));
            }
            None => {
                cursor.tree.label(node, format_args!("SvcParam: key{key}"));
                cursor.word(format_args!("key{key}="));
            }
        }
        let read = parameter(key, len, cursor);
        cursor.end = all;
        cursor.tree.close();
        read?;
    }
    Ok(())
}

/// Reads one parameter.
fn parameter(key: u16, len: usize, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.silent(&SVCB_SVCPARAM_KEY, 2)?;
    cursor.silent(&SVCB_SVCPARAM_VALUE_LENGTH, 2)?;
    let end = cursor.at + len;
    if end > cursor.end {
        return Err(DataError::End);
    }
    cursor.end = end;
    while cursor.left() > 0 {
        match key {
            0 => {
                let key = cursor.silent(&SVCB_SVCPARAM_MANDATORY_KEY, 2)? as u16;
                cursor.word(format_args!("{}", lookup(SVCB_KEYS, key).unwrap_or("unknown")));
            }
            1 => cursor.string(&SVCB_SVCPARAM_ALPN_LENGTH, &SVCB_SVCPARAM_ALPN).map(drop)?,
            3 => cursor.uint(&SVCB_SVCPARAM_PORT, 2).map(drop)?,
            4 => cursor.ipv4(&SVCB_SVCPARAM_IPV4HINT_IP)?,
            6 => cursor.ipv6(&SVCB_SVCPARAM_IPV6HINT_IP)?,
            7 => cursor.text(&SVCB_SVCPARAM_DOHPATH, cursor.left()).map(drop)?,
            32769 => cursor.rest(&SVCB_SVCPARAM_ODOHCONFIG).map(drop)?,
            _ => cursor.rest(&SVCB_SVCPARAM_VALUE).map(drop)?,
        }
    }
    Ok(())
}
