//! The binary log, which replicas request: the requests, and the header of each event.

use super::describe::Cursor;
use super::fields::*;
use crate::tree::Value;

/// Bytes of the checksum at the end of an event.
const CHECKSUM: usize = 4;

/// Records a request for the binary log from a position on.
pub(super) fn dump(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.uint(&BINLOG_POSITION, 4)?;
    cursor.uint(&BINLOG_FLAGS, 2)?;
    cursor.uint(&BINLOG_SERVER_ID, 4)?;
    cursor.rest_text(&BINLOG_FILE)
}

/// Records a request for the binary log without transactions that the replica has.
pub(super) fn dump_gtid(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.uint(&BINLOG_FLAGS, 2)?;
    cursor.uint(&BINLOG_SERVER_ID, 4)?;
    let len = cursor.uint(&BINLOG_FILE_LENGTH, 4)?;
    cursor.text(&BINLOG_FILE, usize::try_from(len).ok()?)?;
    cursor.uint(&BINLOG_POSITION8, 8)?;
    let len = usize::try_from(cursor.uint(&BINLOG_GTIDS_LENGTH, 4)?).ok()?;
    let span = cursor.skip(len)?;
    cursor.tree.put(&BINLOG_GTIDS, span, Value::Bytes(span));
    Some(())
}

/// Records the name with which a replica registers.
pub(super) fn register(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.uint(&BINLOG_SERVER_ID, 4)?;
    cursor.short_text(&REPLICA_HOST_LENGTH, &REPLICA_HOST)?;
    cursor.short_text(&REPLICA_USER_LENGTH, &REPLICA_USER)?;
    let len = cursor.uint(&REPLICA_PASSWORD_LENGTH, 1)? as usize;
    if len > 0 {
        cursor.password(&REPLICA_PASSWORD, len)?;
    }
    cursor.uint(&REPLICA_PORT, 2)?;
    cursor.uint(&REPLICATION_RANK, 4)?;
    cursor.uint(&SOURCE_ID, 4).map(drop)
}

/// Records an event: its header, and its checksum.
///
/// ```text
///   | 0 | time, 4 | kind, 1 | server, 4 | bytes, 4 | next position, 4 | flags, 2 | data | checksum, 4 |
/// ```
pub(super) fn event(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.uint(&RESPONSE_CODE, 1)?;
    let seconds = u32::from_le_bytes(*cursor.rest().first_chunk()?);
    let span = cursor.skip(4)?;
    cursor.tree.put(&EVENT_TIME, span, Value::Time(i64::from(seconds) * 1_000_000_000));
    cursor.uint(&EVENT_TYPE, 1)?;
    cursor.uint(&EVENT_SERVER_ID, 4)?;
    cursor.uint(&EVENT_SIZE, 4)?;
    cursor.uint(&EVENT_POSITION, 4)?;
    cursor.uint(&EVENT_FLAGS, 2)?;
    if let Some(data) = cursor.rest().len().checked_sub(CHECKSUM) {
        cursor.skip(data)?;
        cursor.uint(&EVENT_CHECKSUM, CHECKSUM)?;
    }
    Some(())
}
