//! What a message carries, as lines: text as it is, JSON laid out, of several parts each, and of other content what it
//! is.

mod charset;
mod image;
mod json;
mod parts;

use crate::report::{as_text, escaped, readable, size};
use image::image;
use std::borrow::Cow;

/// As many lines as are told of one body.
const MOST_LINES: usize = 20_000;

/// Columns between the stops of a tab.
const TAB: usize = 8;

/// Parts may lie in parts, so deep.
const DEPTH: u8 = 4;

/// A body in lines, and what it is.
pub(super) fn told(bytes: &[u8], content_type: &[u8], depth: u8) -> (Vec<String>, String) {
    let end = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    let (media_type, parameters) = content_type.split_at_checked(end).unwrap_or_default();
    let mut kind = String::new();
    escaped(&mut kind, media_type.trim_ascii());
    kind.make_ascii_lowercase();
    if let Some(image) = image(bytes) {
        return (vec![format!("[{image}]")], if kind.is_empty() { image } else { kind });
    }
    if kind.starts_with("multipart/")
        && depth < DEPTH
        && let Some(mut parts) = parts::parts(bytes, parameters, depth)
    {
        limit(&mut parts);
        return (parts, kind);
    }
    let is_textual = is_textual(&kind);
    let decoded = charset::decoded(bytes, parameters).filter(|decoded| is_textual || decoded.is_whole);
    let text = decoded.map_or(Cow::Borrowed(bytes), |decoded| decoded.text);
    if as_text(&text).is_none() && !is_textual {
        let mut words = String::new();
        size(&mut words, bytes.len() as u64);
        kind = if kind.is_empty() { String::from("bytes") } else { kind };
        return (vec![format!("[{words} that are no text]")], kind);
    }
    let is_json = kind.ends_with("json") || kind.is_empty() && matches!(text.trim_ascii().first(), Some(b'{' | b'['));
    let laid_out = if is_json { json::laid_out(&text) } else { None };
    (lines(laid_out.as_deref().unwrap_or(&text)), kind)
}

/// Whether content of this type is text, whatever its bytes.
fn is_textual(kind: &str) -> bool {
    let ends = |end: &&str| kind.ends_with(*end);
    kind.starts_with("text/") || ["json", "xml", "javascript", "x-www-form-urlencoded"].iter().any(ends)
}

/// Text in lines without control characters.
pub(super) fn lines(bytes: &[u8]) -> Vec<String> {
    let mut text = String::new();
    readable(&mut text, bytes, false);
    let mut lines: Vec<String> = text.lines().take(MOST_LINES + 1).map(line).collect();
    limit(&mut lines);
    lines
}

/// Leaves out lines of which there are too many, and says so.
fn limit(lines: &mut Vec<String>) {
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines.push("[more lines than are told]".into());
    }
}

/// A line with spaces for its tabs.
fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut column = 0;
    for part in text.split_inclusive('\t') {
        let words = part.trim_end_matches('\t');
        line.push_str(words);
        column += words.chars().count();
        if words.len() < part.len() {
            let width = TAB - column % TAB;
            line.extend(std::iter::repeat_n(' ', width));
            column += width;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8], content_type: &str) -> Vec<String> {
        told(bytes, content_type.as_bytes(), 0).0
    }

    #[test]
    fn text_has_no_control_characters() {
        assert_eq!(lines(b"a\tb\r\n\x1b[2J\xff\n"), ["a       b", "\\x1b[2J\\xff"]);
        assert_eq!(of("e\u{1b}\u{202e}".as_bytes(), "text/plain; charset=utf-8"), ["e\\x1b\\xe2\\x80\\xae"]);
        assert_eq!(of(b"\x1b\0\xe9\0", "text/plain; charset=utf-16le"), ["\\x1bé"]);
    }

    #[test]
    fn a_long_line_is_told_whole() {
        let long = "x".repeat(1 << 20);
        assert_eq!(of(long.as_bytes(), "text/plain"), [long]);
        assert_eq!(lines(&b"\n".repeat(MOST_LINES)).len(), MOST_LINES);
        let more = lines(&b"\n".repeat(MOST_LINES + 1));
        assert_eq!((more.len(), more.last().map(String::as_str)), (MOST_LINES + 1, Some("[more lines than are told]")));
    }

    #[test]
    fn what_is_no_text_is_described() {
        assert_eq!(told(b"\0\x01", b"", 0), (vec!["[2 B that are no text]".into()], "bytes".into()));
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
        assert_eq!(told(png, b"image/png", 0), (vec!["[PNG image, 640 × 480, 25 B]".into()], "image/png".into()));
        // What looks like a byte order mark makes no text of it.
        assert_eq!(of(b"\xff\xfe\0\xd8\x01", "application/octet-stream"), ["[5 B that are no text]"]);
    }

    #[test]
    fn of_several_parts_each_is_told() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nt\xc3\xa9st\r\n--X\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\nContent-Type: application/x\r\n\r\n\0\x01\r\n\
            --X\r\nContent-Type: application/json\r\n\r\n[1]\r\n--X--\r\n";
        let expected = [
            "[part 1 of 3: 5 B]",
            "Content-Disposition: form-data; name=\"a\"",
            "",
            "tést",
            "",
            "[part 2 of 3: 2 B]",
            "Content-Disposition: form-data; name=\"f\"; filename=\"x.bin\"",
            "Content-Type: application/x",
            "",
            "[2 B that are no text]",
            "",
            "[part 3 of 3: 3 B]",
            "Content-Type: application/json",
            "",
            "[",
            "  1",
            "]",
        ];
        assert_eq!(of(body, "multipart/form-data; boundary=X"), expected);
        // Of no boundary that is there, it is told as bytes.
        assert_eq!(of(b"\0", "multipart/form-data; boundary=Y"), ["[1 B that are no text]"]);
        for cut in 0..body.len() {
            let _ = of(&body[..cut], "multipart/form-data; boundary=X");
        }
    }
}
