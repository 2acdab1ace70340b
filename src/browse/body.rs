//! What a message carries, as lines: text as it is, JSON laid out, and of other content what it is.

use crate::report::{as_text, readable, size};

/// As many lines as are told of one body.
const MOST_LINES: usize = 20_000;

/// As many bytes of a line as are told.
const MOST_LINE: usize = 4096;

/// Columns between the stops of a tab.
const TAB: usize = 8;

/// Levels that JSON may nest in; deeper, it is told as it is.
const DEPTH: usize = 512;

/// Levels that are seen as such; deeper ones begin where the last of these does.
const SEEN_DEPTH: usize = 32;

/// A body in lines, and what it is.
pub(super) fn told(bytes: &[u8], media_type: &str) -> (Vec<String>, String) {
    let mut kind = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(image) = image(bytes) {
        return (vec![format!("[{image}]")], if kind.is_empty() { image } else { kind });
    }
    if as_text(bytes).is_none() && !is_textual(&kind) {
        let mut words = String::new();
        size(&mut words, bytes.len() as u64);
        kind = if kind.is_empty() { String::from("bytes") } else { kind };
        return (vec![format!("[{words} that are no text]")], kind);
    }
    let is_json = kind.ends_with("json") || kind.is_empty() && matches!(bytes.trim_ascii().first(), Some(b'{' | b'['));
    let laid_out = if is_json { laid_out(bytes) } else { None };
    (lines(laid_out.as_deref().unwrap_or(bytes)), kind)
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
    let mut lines: Vec<String> = text.lines().take(MOST_LINES).map(line).collect();
    if lines.len() == MOST_LINES {
        lines.push("[more lines than are told]".into());
    }
    lines
}

/// A line with spaces for its tabs, cut off where it is too long.
fn line(text: &str) -> String {
    let mut line = String::new();
    let mut column = 0;
    for char in text.chars() {
        if line.len() >= MOST_LINE {
            line.push('…');
            break;
        }
        let width = if char == '\t' { TAB - column % TAB } else { 1 };
        match char {
            '\t' => (0..width).for_each(|_| line.push(' ')),
            other => line.push(other),
        }
        column += width;
    }
    line
}

/// JSON with a line for each value, all else as it was sent: the order, the digits of numbers, the escapes; no more lines
/// than are told. None if it is no JSON, nor the beginning of any.
fn laid_out(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut open = Vec::new();
    let mut rest = bytes.trim_ascii();
    let mut breaks = 0;
    let indent = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', 2 * depth.min(SEEN_DEPTH)));
    };
    while let Some((&byte, after)) = rest.split_first() {
        let mut taken = 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(byte);
                let closing = if byte == b'{' { b'}' } else { b']' };
                let inner = after.trim_ascii_start();
                if inner.first() == Some(&closing) {
                    out.push(closing);
                    taken += after.len() - inner.len() + 1;
                } else if open.len() == DEPTH {
                    return None;
                } else {
                    open.push(closing);
                    indent(&mut out, open.len());
                }
            }
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    return None;
                }
                indent(&mut out, open.len());
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                indent(&mut out, open.len());
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                taken = string(rest);
                out.extend_from_slice(rest.get(..taken)?);
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                taken = rest.iter().take_while(|byte| is_part(byte)).count();
                out.extend_from_slice(rest.get(..taken)?);
            }
            _ => return None,
        }
        rest = rest.get(taken..)?;
        breaks += usize::from(b"{[]},".contains(&byte));
        if breaks > 2 * MOST_LINES {
            break;
        }
    }
    Some(out)
}

/// How many bytes the text between quotes has that begins here, the quotes with it; all of them if it does not end.
fn string(bytes: &[u8]) -> usize {
    let mut escaped = false;
    let end = bytes.iter().skip(1).position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(bytes.len(), |end| end + 2)
}

/// What image it is, by its first bytes.
fn image(bytes: &[u8]) -> Option<String> {
    let (name, dimensions) = match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, rest @ ..] => ("PNG", png(rest)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', a, b, c, d, ..] => {
            ("GIF", Some((u16::from_le_bytes([*a, *b]).into(), u16::from_le_bytes([*c, *d]).into())))
        }
        [0xff, 0xd8, 0xff, rest @ ..] => ("JPEG", jpeg(rest)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => ("WebP", webp(rest)),
        _ => return None,
    };
    let mut words = format!("{name} image");
    if let Some((width, height)) = dimensions {
        words.push_str(&format!(", {width} × {height}"));
    }
    words.push_str(", ");
    size(&mut words, bytes.len() as u64);
    Some(words)
}

/// IHDR: length, type, width, height (PNG, third edition, 11.2.1).
fn png(rest: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, _, b'I', b'H', b'D', b'R', w0, w1, w2, w3, h0, h1, h2, h3, ..] = *rest else { return None };
    Some((u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3])))
}

/// The frame header among the segments (ITU-T T.81 B.2.2): marker, length, precision, height, width.
fn jpeg(rest: &[u8]) -> Option<(u32, u32)> {
    // The first marker's 0xff is taken already.
    let mut rest = rest;
    let mut marker = *rest.first()?;
    loop {
        rest = rest.get(1..)?;
        let is_frame = (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if let (true, [_, _, _, h0, h1, w0, w1, ..]) = (is_frame, rest) {
            return Some((u16::from_be_bytes([*w0, *w1]).into(), u16::from_be_bytes([*h0, *h1]).into()));
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        rest = rest.get(length..)?;
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        if fill == 0 {
            return None;
        }
        rest = rest.get(fill..)?;
        marker = *rest.first()?;
    }
}

/// The first chunk (RFC 9649 2.5 to 2.7): lossy, lossless or extended.
fn webp(rest: &[u8]) -> Option<(u32, u32)> {
    let (name, rest) = rest.split_first_chunk::<4>()?;
    let data = rest.get(4..)?;
    let wide = |a: u8, b: u8, c: u8| u32::from_le_bytes([a, b, c, 0]) + 1;
    match (name, data) {
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d, ..]) => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Some((side(*a, *b), side(*c, *d)))
        }
        (b"VP8L", [0x2f, a, b, c, d, ..]) => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        (b"VP8X", [_, _, _, _, a, b, c, d, e, f, ..]) => Some((wide(*a, *b, *c), wide(*d, *e, *f))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Vec<String> {
        told(text.as_bytes(), "application/json; charset=utf-8").0
    }

    #[test]
    fn json_is_laid_out_and_otherwise_as_it_was_sent() {
        assert_eq!(
            json(r#" {"b":1.50e+3,"a":[1,"x\"}",{}, [ ]],"b":null}"#),
            [
                "{",
                r#"  "b": 1.50e+3,"#,
                r#"  "a": ["#,
                "    1,",
                r#"    "x\"}","#,
                "    {},",
                "    []",
                "  ],",
                r#"  "b": null"#,
                "}"
            ]
        );
        assert_eq!(json("{\"a\":\"half"), ["{", "  \"a\": \"half"]);
        for text in ["{]", "{'a': 1}", "<html>"] {
            assert_eq!(json(text), [text]);
        }
        let deep = "[".repeat(100_000);
        assert_eq!(json(&deep).len(), 1);
    }

    #[test]
    fn no_more_of_json_is_laid_out_than_is_told() {
        let many = "[".repeat(DEPTH) + &"1,".repeat(10_000_000);
        let out = laid_out(many.as_bytes()).expect("JSON");
        assert!(out.len() < 2 * MOST_LINES * (2 * SEEN_DEPTH + 4), "{} bytes", out.len());
        assert_eq!(told(many.as_bytes(), "application/json").0.len(), MOST_LINES + 1);
    }

    #[test]
    fn text_has_no_control_characters() {
        assert_eq!(lines(b"a\tb\r\n\x1b[2J\xff\n"), ["a       b", "\\x1b[2J\\xff"]);
        let long = told(&[b'x'; 10_000], "text/plain").0;
        assert_eq!(long, [format!("{}…", "x".repeat(MOST_LINE))]);
    }

    #[test]
    fn images_and_other_bytes_are_described() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
        assert_eq!(told(png, "image/png"), (vec!["[PNG image, 640 × 480, 25 B]".into()], "image/png".into()));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x03c\xff\xff\xc2\0\x11\x08\0\x10\0\x20\x03";
        assert_eq!(image(jpeg).as_deref(), Some("JPEG image, 32 × 16, 24 B"));
        assert_eq!(image(b"GIF89a\x01\0\x02\0").as_deref(), Some("GIF image, 1 × 2, 10 B"));
        let webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0";
        assert_eq!(image(webp).as_deref(), Some("WebP image, 16 × 32, 30 B"));
        assert_eq!(told(b"\0\x01", ""), (vec!["[2 B that are no text]".into()], "bytes".into()));
        for cut in 0..jpeg.len() {
            let _ = image(&jpeg[..cut]);
        }
    }
}
