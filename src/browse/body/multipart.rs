//! Multipart bodies (RFC 2046 5.1, RFC 7578): the headers and the content of each part.

use super::{body_lines, text_lines};
use crate::report::size;
use dissectors::content::{parameter, unescaped};
use dissectors::multipart::part_ranges;
use std::ops::Range;

/// Maximum number of header lines per part.
const MAX_HEADERS: usize = 100;

/// Returns the lines of all parts, each part below a title; `None` without a boundary.
pub(super) fn multipart_lines(bytes: &[u8], parameters: &[u8], depth: u8) -> Option<Vec<String>> {
    let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty())?;
    let parts: Vec<Range<usize>> = part_ranges(bytes, &unescaped(boundary)).collect();
    let mut out = Vec::new();
    for (range, nth) in parts.iter().zip(1..) {
        push_part(bytes.get(range.clone())?, &format!("part {nth} of {}", parts.len()), depth, &mut out);
    }
    (!out.is_empty()).then_some(out)
}

/// Appends a part: its title, headers and content.
fn push_part(bytes: &[u8], name: &str, depth: u8, out: &mut Vec<String>) {
    if !out.is_empty() {
        out.push(String::new());
    }
    let (mut at, mut content_type) = (0, &b"text/plain"[..]);
    let title = out.len();
    for _ in 0..MAX_HEADERS {
        let rest = bytes.get(at..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..len).unwrap_or_default().trim_ascii_end();
        at += len;
        if line.is_empty() {
            break;
        }
        out.extend(text_lines(line));
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        if line.get(..colon).is_some_and(|name| name.eq_ignore_ascii_case(b"content-type")) {
            content_type = line.get(colon + 1..).unwrap_or_default().trim_ascii();
        }
    }
    let content = bytes.get(at..).unwrap_or_default();
    let mut length = String::new();
    size(&mut length, content.len() as u64);
    out.insert(title, format!("[{name}: {length}]"));
    if !content.is_empty() {
        out.push(String::new());
        out.extend(body_lines(content, content_type, depth + 1).0);
    }
}
