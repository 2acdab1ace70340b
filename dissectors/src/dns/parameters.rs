//! SVCB and HTTPS records, and their parameters (RFC 9460 2.2).

use super::cursor::{Cursor, DataError};
use super::fields::*;
use super::names::{SVCB_KEYS, lookup};
use super::zone_text::{ListItem, Quoted};
use crate::tree::Value;
use core::fmt;

/// The key of the identifiers of protocols.
const ALPN: u16 = 1;

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
        cursor.tree.label(node, format_args!("SvcParam: {}", KeyName(key)));
        cursor.word(format_args!("{}", KeyName(key)));
        let read = parameter(key, len, cursor);
        (cursor.end, cursor.separator) = (all, " ");
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
    if key == ALPN {
        return protocols(cursor);
    }
    cursor.separator = "=";
    while cursor.left() > 0 {
        match key {
            0 => {
                let key = cursor.silent(&SVCB_SVCPARAM_MANDATORY_KEY, 2)? as u16;
                cursor.word(format_args!("{}", KeyName(key)));
            }
            3 => cursor.uint(&SVCB_SVCPARAM_PORT, 2).map(drop)?,
            4 => cursor.ipv4(&SVCB_SVCPARAM_IPV4HINT_IP)?,
            // Encrypted ClientHello (RFC 9848 3).
            5 => cursor.base64(&SVCB_SVCPARAM_VALUE, cursor.left())?,
            6 => cursor.ipv6(&SVCB_SVCPARAM_IPV6HINT_IP)?,
            7 => cursor.text(&SVCB_SVCPARAM_DOHPATH, cursor.left()).map(drop)?,
            _ => {
                let field = if key == 32769 { &SVCB_SVCPARAM_ODOHCONFIG } else { &SVCB_SVCPARAM_VALUE };
                let value = cursor.silent_bytes(field, cursor.left())?;
                cursor.word(format_args!("{}", Quoted(value)));
            }
        }
        cursor.separator = ",";
    }
    Ok(())
}

/// Reads the identifiers of protocols (RFC 9460 7.1).
fn protocols(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let mut separator = "=\"";
    while cursor.left() > 0 {
        let len = cursor.silent(&SVCB_SVCPARAM_ALPN_LENGTH, 1)? as usize;
        let span = cursor.span(len);
        let protocol = cursor.take(len)?;
        cursor.tree.put(&SVCB_SVCPARAM_ALPN, span, Value::Text(span));
        cursor.append(format_args!("{separator}{}", ListItem(protocol)));
        separator = ",";
    }
    if separator == "," {
        cursor.append(format_args!("\""));
    }
    Ok(())
}

/// The name of a key.
struct KeyName(u16);

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match lookup(SVCB_KEYS, self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "key{}", self.0),
        }
    }
}
