//! Changes of the session, which the server adds to OK.

use super::describe::Cursor;
use super::fields::*;
use super::header::{number, text};
use crate::tree::Value;

/// Flag of the state of a session: OK ends with changes.
const CHANGED: u16 = 0x4000;
/// Kinds of changes.
const VARIABLE: u8 = 0;
const SCHEMA_NAME: u8 = 1;
const STATE: u8 = 2;
const COMMITTED: u8 = 3;
const TRANSACTION: u8 = 4;
const TRANSACTION_FLAGS: u8 = 5;
/// Maximum number of changes that are recorded.
const MAX_CHANGES: usize = 1000;

/// Returns the changes of an OK packet, after their length.
///
/// ```text
///   | code, 1 | rows | id | state, 2 | warnings, 2 | length, text | length, changes |
///   change: | kind, 1 | length | data |
/// ```
fn changes(payload: &[u8]) -> Option<&[u8]> {
    let mut at = 1;
    for _ in 0..2 {
        at += number(payload.get(at..)?)?.1;
    }
    let state = u16::from_le_bytes(*payload.get(at..)?.first_chunk()?);
    if state & CHANGED == 0 {
        return None;
    }
    let (_, message) = text(payload.get(at + 4..)?)?;
    text(payload.get(at + 4 + message..)?).map(|(changes, _)| changes)
}

/// Returns the database that is the default after an OK packet, if it changed.
pub(super) fn schema(payload: &[u8]) -> Option<&[u8]> {
    let mut rest = changes(payload)?;
    for _ in 0..MAX_CHANGES {
        let (&kind, after) = rest.split_first()?;
        let (data, len) = text(after)?;
        if kind == SCHEMA_NAME {
            return text(data).map(|(name, _)| name);
        }
        rest = after.get(len..)?;
    }
    None
}

/// Whether the changes follow, by the state of the session.
pub(super) fn has_changes(state: u64) -> bool {
    state & u64::from(CHANGED) != 0
}

/// Records the changes of a packet.
pub(super) fn record(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let (total, _) = number(cursor.rest())?;
    let span = cursor.payload.span(cursor.at, cursor.rest().len());
    cursor.tree.open(&TRACK_DATA, span, Value::Present);
    let recorded = record_changes(cursor, total);
    cursor.tree.close();
    recorded
}

fn record_changes(cursor: &mut Cursor<'_, '_>, total: u64) -> Option<()> {
    cursor.number(&TRACK_DATA_LENGTH)?;
    let end = cursor.at.checked_add(usize::try_from(total).ok()?)?;
    for _ in 0..MAX_CHANGES {
        if cursor.at >= end {
            break;
        }
        let (_, len) = text(cursor.rest().get(1..)?)?;
        let span = cursor.payload.span(cursor.at, 1 + len);
        cursor.tree.open(&TRACK, span, Value::Present);
        let recorded = record_change(cursor, cursor.at + 1 + len);
        cursor.tree.close();
        recorded?;
    }
    Some(())
}

fn record_change(cursor: &mut Cursor<'_, '_>, end: usize) -> Option<()> {
    let kind = cursor.uint(&TRACK_TYPE, 1)? as u8;
    cursor.number(&TRACK_LENGTH)?;
    let read = match kind {
        VARIABLE => {
            let mut read = Some(());
            while read.is_some() && cursor.at < end {
                read = cursor.measured(&SYSVAR_LENGTH, &SYSVAR_NAME);
                read = read.and_then(|()| cursor.measured(&SYSVAR_LENGTH, &SYSVAR_VALUE));
            }
            read
        }
        SCHEMA_NAME => cursor.measured(&TRACK_SCHEMA_LENGTH, &TRACK_SCHEMA),
        STATE => cursor.text(&STATE_CHANGE, 1),
        COMMITTED => cursor.uint(&GTIDS_ENCODING, 1).and_then(|_| cursor.measured(&GTIDS_LENGTH, &GTIDS)),
        TRANSACTION => cursor.measured(&CHARACTERISTICS_LENGTH, &CHARACTERISTICS),
        TRANSACTION_FLAGS => cursor.measured(&TRANSACTION_STATE_LENGTH, &TRANSACTION_STATE),
        _ => Some(()),
    };
    // A change of another kind, or of a newer form, is skipped.
    cursor.at = end;
    read
}

#[cfg(test)]
mod tests {
    use super::schema;

    #[test]
    fn the_default_database_is_found_among_the_changes() {
        let ok = b"\0\0\0\x02\x40\0\0\0\x0b\x02\x011\x01\x06\x05other";
        assert_eq!(schema(ok), Some(&b"other"[..]));
        assert_eq!(schema(b"\0\0\0\x02\0\0\0\0\x0b\x02\x011\x01\x06\x05other"), None);
        assert_eq!(schema(b"\0\0\0\x02\x40\0\0\0\xfc\xff"), None);
        for end in 0..ok.len() {
            assert_eq!(schema(&ok[..end]), None, "{end}");
        }
    }
}
