//! Message bodies as lines: decoded text, pretty-printed JSON, the parts of multipart bodies, a description of all
//! else.

mod image;
mod json;
mod multipart;

use crate::report::{body_text, escaped, size, write_readable};
use image::image_description;

/// Maximum number of lines per body.
const MAX_LINES: usize = 20_000;

/// Columns between tab stops.
const TAB_WIDTH: usize = 8;

/// Maximum nesting depth of multipart bodies.
const MAX_DEPTH: u8 = 4;

/// Returns the lines of a body, and its type.
pub(super) fn body_lines(bytes: &[u8], content_type: &[u8], depth: u8) -> (Vec<String>, String) {
    let end = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    let (media_type, parameters) = content_type.split_at_checked(end).unwrap_or_default();
    let mut kind = String::new();
    escaped(&mut kind, media_type.trim_ascii());
    kind.make_ascii_lowercase();
    if let Some(image) = image_description(bytes) {
        return (vec![format!("[{image}]")], if kind.is_empty() { image } else { kind });
    }
    if kind.starts_with("multipart/")
        && depth < MAX_DEPTH
        && let Some(mut parts) = multipart::multipart_lines(bytes, parameters, depth)
    {
        truncate_lines(&mut parts);
        return (parts, kind);
    }
    let Some(text) = body_text(bytes, content_type) else {
        let mut length = String::new();
        size(&mut length, bytes.len() as u64);
        let length = length.replace(" B", if bytes.len() == 1 { " byte" } else { " bytes" });
        kind = if kind.is_empty() { String::from("bytes") } else { kind };
        return (vec![format!("[{length} of binary data]")], kind);
    };
    let is_json = kind.ends_with("json") || kind.is_empty() && matches!(text.trim_ascii().first(), Some(b'{' | b'['));
    let pretty = if is_json { json::pretty_print(&text) } else { None };
    (text_lines(pretty.as_deref().unwrap_or(&text)), kind)
}

/// Splits text into lines without control characters.
pub(super) fn text_lines(bytes: &[u8]) -> Vec<String> {
    let mut text = String::new();
    write_readable(&mut text, bytes, false);
    let mut lines: Vec<String> = text.lines().take(MAX_LINES + 1).map(expand_tabs).collect();
    truncate_lines(&mut lines);
    lines
}

/// Cuts off lines beyond the limit and adds a line that reports it.
fn truncate_lines(lines: &mut Vec<String>) {
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        lines.push("[Truncated: first 20,000 lines shown]".into());
    }
}

/// Replaces the tabs of a line by spaces.
pub(super) fn expand_tabs(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut column = 0;
    for part in text.split_inclusive('\t') {
        let text = part.trim_end_matches('\t');
        line.push_str(text);
        column += text.chars().count();
        if text.len() < part.len() {
            let width = TAB_WIDTH - column % TAB_WIDTH;
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
        body_lines(bytes, content_type.as_bytes(), 0).0
    }

    #[test]
    fn text_has_no_control_characters() {
        assert_eq!(text_lines(b"a\tb\r\n\x1b[2J\xff\n"), ["a       b", "\\x1b[2J\\xff"]);
        assert_eq!(of("e\u{1b}\u{202e}".as_bytes(), "text/plain; charset=utf-8"), ["e\\x1b\\xe2\\x80\\xae"]);
        assert_eq!(of(b"\x1b\0\xe9\0", "text/plain; charset=utf-16le"), ["\\x1bé"]);
    }

    #[test]
    fn a_long_line_is_not_truncated() {
        let long = "x".repeat(1 << 20);
        assert_eq!(of(long.as_bytes(), "text/plain"), [long]);
        assert_eq!(text_lines(&b"\n".repeat(MAX_LINES)).len(), MAX_LINES);
        let more = text_lines(&b"\n".repeat(MAX_LINES + 1));
        let last = more.last().map(String::as_str);
        assert_eq!((more.len(), last), (MAX_LINES + 1, Some("[Truncated: first 20,000 lines shown]")));
    }

    #[test]
    fn binary_data_is_described() {
        assert_eq!(body_lines(b"\0\x01", b"", 0), (vec!["[2 bytes of binary data]".into()], "bytes".into()));
        assert_eq!(of(&[0; 2_527], ""), ["[2.5 kB of binary data]"]);
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
        assert_eq!(body_lines(png, b"image/png", 0), (vec!["[PNG image, 640 × 480, 25 B]".into()], "image/png".into()));
        // Bytes that look like a byte order mark are not enough to make binary data text.
        assert_eq!(of(b"\xff\xfe\0\xd8\x01", "application/octet-stream"), ["[5 bytes of binary data]"]);
    }

    #[test]
    fn each_part_of_a_multipart_body_is_shown() {
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
            "[2 bytes of binary data]",
            "",
            "[part 3 of 3: 3 B]",
            "Content-Type: application/json",
            "",
            "[",
            "  1",
            "]",
        ];
        assert_eq!(of(body, "multipart/form-data; boundary=X"), expected);
        // Without its boundary, the body is binary data.
        assert_eq!(of(b"\0", "multipart/form-data; boundary=Y"), ["[1 byte of binary data]"]);
        for cut in 0..body.len() {
            let _ = of(&body[..cut], "multipart/form-data; boundary=X");
        }
    }
}
