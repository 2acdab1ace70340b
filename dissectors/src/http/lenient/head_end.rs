//! Ends of heads as a lenient recipient finds them.

use super::codings::Codings;
use super::trick::{self, Tricks};

/// Maximum length of the part of a head that follows an empty line, in bytes.
const MAX_CONTINUATION: usize = 8192;

/// Byte sequences that end a head, with the tricks that they show. The first in the head is used; of those at the same
/// place, the first in this list.
static ENDS: &[(&[u8], Tricks)] = &[
    (b"\r\n\r\n", 0),
    (b"\n\r\n", 0),
    (b"\n\n", 0),
    (b"\n\r\r\n", trick::HEAD_END),
    (b"\n \n", trick::HEAD_END),
    (b"\n\t\n", trick::HEAD_END),
    (b"\n \r\n", trick::HEAD_END),
    (b"\n\r\n\r", trick::HEAD_END),
    (b"\r\r\r\r", trick::HEAD_END),
];

/// Returns the offset after the head.
pub(super) fn find(bytes: &[u8]) -> Option<(usize, Tricks)> {
    let found = ENDS.iter().filter_map(|&(end, tricks)| Some((memchr::memmem::find(bytes, end)?, end.len(), tricks)));
    let first = found.min_by_key(|&(at, ..)| at);
    // Lines that end in CR alone, if nothing else ends the head.
    let alone = || Some((memchr::memmem::find(bytes, b"\r\r")?, 2, trick::HEAD_END));
    first.or_else(alone).map(|(at, len, tricks)| (at + len, tricks))
}

/// Returns the end of header lines at the beginning of a body: an empty line in the middle of the head separated them.
/// One of them determines a coding or the length.
pub(super) fn find_continuation(body: &[u8]) -> Option<usize> {
    let searched = body.get(..MAX_CONTINUATION).unwrap_or(body);
    let begin = searched.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let (len, _) = find(searched.get(begin..)?)?;
    let lines = searched.get(begin..begin + len)?;
    let is_header = |line: &[u8]| {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        line.is_empty() || name.len() < line.len() && name.iter().all(|&byte| crate::http::head::is_token(byte))
    };
    let are_headers = lines.split(|byte| matches!(byte, b'\r' | b'\n')).all(is_header);
    (are_headers && Codings::find(lines).is_found).then_some(begin + len)
}
