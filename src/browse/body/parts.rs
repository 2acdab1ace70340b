//! Content of several parts (RFC 2046 5.1, RFC 7578): the headers of each, and what it carries.

use super::{lines, told};
use crate::report::size;
use dissectors::content::parameter;
use dissectors::multipart::parts_of;
use std::ops::Range;

/// As many header lines of a part as are told.
const MOST_HEADERS: usize = 100;

/// The parts, each below a line of its own; none without a boundary.
pub(super) fn parts(bytes: &[u8], parameters: &[u8], depth: u8) -> Option<Vec<String>> {
    let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty())?;
    let parts: Vec<Range<usize>> = parts_of(bytes, boundary).collect();
    let mut out = Vec::new();
    for (place, nth) in parts.iter().zip(1..) {
        part(bytes.get(place.clone())?, &format!("part {nth} of {}", parts.len()), depth, &mut out);
    }
    (!out.is_empty()).then_some(out)
}

/// A part: what it is, its headers, its content.
fn part(bytes: &[u8], name: &str, depth: u8, out: &mut Vec<String>) {
    if !out.is_empty() {
        out.push(String::new());
    }
    let (mut at, mut content_type) = (0, &b"text/plain"[..]);
    let title = out.len();
    for _ in 0..MOST_HEADERS {
        let rest = bytes.get(at..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..len).unwrap_or_default().trim_ascii_end();
        at += len;
        if line.is_empty() {
            break;
        }
        out.extend(lines(line));
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        if line.get(..colon).is_some_and(|name| name.eq_ignore_ascii_case(b"content-type")) {
            content_type = line.get(colon + 1..).unwrap_or_default().trim_ascii();
        }
    }
    let content = bytes.get(at..).unwrap_or_default();
    let mut words = String::new();
    size(&mut words, content.len() as u64);
    out.insert(title, format!("[{name}: {words}]"));
    if !content.is_empty() {
        out.push(String::new());
        out.extend(told(content, content_type, depth + 1).0);
    }
}
