//! Ends of heads as a lenient recipient finds them.

use super::codings::Codings;
use super::trick::{self, Tricks};

/// Maximum length of the part of a head that follows an empty line, in bytes.
const MAX_CONTINUATION: usize = 8192;

/// Maximum number of blanks and control bytes in a line that ends a head.
const MAX_BLANKS: usize = 4;

/// Returns the offset after the head: after the first line that is empty, or has blanks and control bytes only. Lines may
/// all end in CR alone, or in CR CR. Without such a line, CR CR ends the head.
pub(super) fn find(bytes: &[u8]) -> Option<(usize, Tricks)> {
    let first = memchr::memchr_iter(b'\n', bytes).find_map(|at| {
        let rest = bytes.get(at + 1..)?;
        let is_blank = |byte: &&u8| matches!(byte, 0 | b'\t' | b'\r' | b' ' | 0x0b | 0x0c);
        let blanks = rest.iter().take(MAX_BLANKS).take_while(is_blank).count();
        let is_end = rest.get(blanks) == Some(&b'\n');
        let is_usual = matches!(rest.get(..blanks), Some(b"" | b"\r"));
        is_end.then_some((at + 1 + blanks + 1, if is_usual { 0 } else { trick::HEAD_END }))
    });
    let before = bytes.get(..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())).unwrap_or_default();
    let cr = find_cr(before).filter(|&end| bytes.get(end) != Some(&b'\n'));
    let at_cr = |end| (end, trick::HEAD_END);
    cr.map(at_cr).or(first).or_else(|| find_cr(bytes).map(at_cr))
}

/// Returns the offset after the first CR CR CR CR, or else after the first CR CR.
fn find_cr(bytes: &[u8]) -> Option<usize> {
    [&b"\r\r\r\r"[..], b"\r\r"].into_iter().find_map(|end| Some(memchr::memmem::find(bytes, end)? + end.len()))
}

/// Returns the end of header lines at the beginning of a body: an empty line in the middle of the head separated them.
/// One of them determines a coding or the length, or chunks follow them if the head `is_chunked`.
pub(super) fn find_continuation(body: &[u8], is_chunked: bool) -> Option<usize> {
    let searched = body.get(..MAX_CONTINUATION).unwrap_or(body);
    let begin = searched.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let (len, _) = find(searched.get(begin..)?)?;
    let lines = searched.get(begin..begin + len)?;
    let is_header = |line: &[u8]| {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        line.is_empty() || name.len() < line.len() && name.iter().all(|&byte| crate::http::head::is_token(byte))
    };
    let are_headers = lines.split(|byte| matches!(byte, b'\r' | b'\n')).all(is_header);
    let follows = |at: usize| body.get(at..).is_some_and(|rest| super::join_chunks(rest, <_>::default()).is_some());
    let end = begin + len;
    let is_part = are_headers && (Codings::find(lines).is_found || is_chunked && follows(end));
    is_part.then_some(end)
}
