//! Text as it may stand on a screen: no control characters, and as wide as there is room.

use dissectors::format::is_plain;
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text without characters that steer a terminal; each such becomes one that says so.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let plain = |char: char| match char {
        '\t' | '\n' | '\r' => ' ',
        char if is_plain(char) => char,
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(plain).collect())
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The longest beginning of a text that fits, and its width.
pub(crate) fn fit(text: &str, room: usize) -> (&str, usize) {
    if text.len() <= room && text.is_ascii() {
        return (text, text.len());
    }
    let mut taken = 0;
    for (at, char) in text.char_indices() {
        let wide = char.width().unwrap_or(0);
        if taken + wide > room {
            return (text.get(..at).unwrap_or_default(), taken);
        }
        taken += wide;
    }
    (text, taken)
}

/// A text that fits: what is left out is told by `…`.
pub(crate) fn cut(text: &str, room: usize) -> Cow<'_, str> {
    if fit(text, room).0.len() == text.len() {
        return Cow::Borrowed(text);
    }
    match room.checked_sub(1) {
        Some(room) => Cow::Owned(format!("{}…", fit(text, room).0)),
        None => Cow::Borrowed(""),
    }
}

/// A text that fits; of an address of IPv6 its middle is left out, as its beginning and its end tell more.
pub(crate) fn cut_cell(text: &str, room: usize) -> Cow<'_, str> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || b"[]:.".contains(&byte);
    let is_ipv6 = text.bytes().filter(|&byte| byte == b':').count() > 1 && text.bytes().all(is_part);
    if text.len() <= room || room < 9 || !is_ipv6 {
        return cut(text, room);
    }
    let end = text.len() - room / 2;
    Cow::Owned(format!(
        "{}…{}",
        text.get(..room - room / 2 - 1).unwrap_or_default(),
        text.get(end..).unwrap_or_default()
    ))
}

/// A whole number with a thin mark between thousands: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
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

/// A number and what is counted: `1 frame`, `2 frames`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_steers_a_terminal() {
        assert_eq!(plain("a\x1b[2J\tb\u{202e}"), "a\u{fffd}[2J b\u{fffd}");
        assert_eq!(plain("→ é 日"), "→ é 日");
    }

    #[test]
    fn what_is_cut_says_so_and_fits() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut_cell("[2001:618:400::5197:1]:49159", 16), "[2001:6…1]:49159");
        assert_eq!(cut_cell("2001:618:400::1", 15), "2001:618:400::1");
        assert_eq!(cut_cell("02:00:00:00:00:01", 8), "02:00:0…");
        assert_eq!(cut_cell("a long line: with: it", 10), "a long li…");
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "frame"), "1 frame");
    }
}
