//! Text for the screen: control characters replaced, cut to the available width.

use crate::report::{quantity, value};
use dissectors::format::is_printable;
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Escapes characters that could control the terminal, as in all other output.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::new();
    value::line(&mut escaped, text.as_bytes());
    Cow::Owned(escaped)
}

/// Returns the width of a text in columns.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Returns the longest prefix that fits, and its width.
pub(crate) fn longest_prefix(text: &str, room: usize) -> (&str, usize) {
    if text.len() <= room && text.is_ascii() {
        return (text, text.len());
    }
    let mut used = 0;
    for (at, char) in text.char_indices() {
        let wide = char.width().unwrap_or(0);
        if used + wide > room {
            return (text.get(..at).unwrap_or_default(), used);
        }
        used += wide;
    }
    (text, used)
}

/// Cuts a text to fit, with `…` in place of the rest.
pub(crate) fn truncate(text: &str, room: usize) -> Cow<'_, str> {
    if longest_prefix(text, room).0.len() == text.len() {
        return Cow::Borrowed(text);
    }
    match room.checked_sub(1) {
        Some(room) => Cow::Owned(format!("{}…", longest_prefix(text, room).0)),
        None => Cow::Borrowed(""),
    }
}

/// Cuts a cell to fit. An address, or a host name with a port, loses its middle, because its start and end identify it
/// better, and its end is the port.
pub(crate) fn truncate_cell(text: &str, room: usize) -> Cow<'_, str> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || b"[]:.".contains(&byte);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let has_port = text.rsplit_once(':').is_some_and(|(name, port)| is_port(port) && name.bytes().all(is_name));
    let is_address = text.contains(':') && text.bytes().all(is_part);
    if text.len() <= room || room < 9 || !is_address && !has_port {
        return truncate(text, room);
    }
    let end = text.len() - room / 2;
    Cow::Owned(format!(
        "{}…{}",
        text.get(..room - room / 2 - 1).unwrap_or_default(),
        text.get(end..).unwrap_or_default()
    ))
}

/// Formats a whole number with commas between thousands: `1,234,567`.
pub(crate) fn format_count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a number and its noun: `1 frame`, `2 frames`.
pub(crate) fn format_quantity(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", format_count(number), if number == 1 { "" } else { "s" })
}

pub(crate) fn size(bytes: u64) -> String {
    let mut out = String::new();
    quantity::size(&mut out, bytes);
    out
}

pub(crate) fn duration(nanos: i64) -> String {
    let mut out = String::new();
    quantity::duration(&mut out, nanos);
    out
}

/// Wraps a text between words into lines of at most `room` columns.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() || width(line) + 1 + width(word) <= room {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_controls_the_terminal() {
        assert_eq!(sanitize("a\x1b[2J\tb\u{202e}"), r"a\x1b[2J\tb\xe2\x80\xae");
        assert_eq!(sanitize("→ é 日"), "→ é 日");
    }

    #[test]
    fn cut_text_fits_and_is_marked() {
        assert_eq!(truncate("abcdef", 6), "abcdef");
        assert_eq!(truncate("abcdef", 5), "abcd…");
        assert_eq!(truncate("日本語", 5), "日本…");
        assert_eq!(truncate("日本語", 4), "日…");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
        assert_eq!(truncate_cell("[2001:618:400::5197:1]:49159", 16), "[2001:6…1]:49159");
        assert_eq!(truncate_cell("2001:618:400::1", 15), "2001:618:400::1");
        assert_eq!(truncate_cell("192.168.100.100:50000", 12), "192.1…:50000");
        assert_eq!(truncate_cell("02:00:00:00:00:01", 8), "02:00:0…");
        assert_eq!(truncate_cell("a long line: with: it", 10), "a long li…");
        assert_eq!(truncate_cell("server.example.test:50000", 16), "server.…st:50000");
        assert_eq!(truncate_cell("https://example.test:50000", 16), "https://example…");
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1000, 1_234_567].map(format_count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(format_quantity(1, "frame"), "1 frame");
    }
}
