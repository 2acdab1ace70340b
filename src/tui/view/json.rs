//! A line of JSON in its parts, for painting.

use crate::tui::theme::Theme;
use ratatui::style::Style;

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Name,
    Text,
    Number,
    Word,
    Other,
}

pub(crate) fn style(theme: &Theme, part: Part) -> Style {
    match part {
        Part::Name => theme.name,
        Part::Text => theme.good,
        Part::Number => theme.fair,
        Part::Word => theme.warn,
        Part::Other => theme.text,
    }
}

/// The parts of a line, one after the other.
pub(crate) fn parts(line: &str) -> impl Iterator<Item = (&str, Part)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let first = *rest.as_bytes().first()?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let begins = |byte: u8| byte == b'"' || is_word(byte);
        let span = |ends: &dyn Fn(u8) -> bool| rest.bytes().position(ends).unwrap_or(rest.len());
        let len = match first {
            b'"' => string(rest),
            byte if is_word(byte) => span(&|byte| !is_word(byte)),
            _ => span(&|byte| begins(byte)),
        };
        let (part, after) = rest.split_at_checked(len)?;
        rest = after;
        let kind = match first {
            b'"' if after.trim_start().starts_with(':') => Part::Name,
            b'"' => Part::Text,
            b'-' | b'0'..=b'9' => Part::Number,
            byte if is_word(byte) => Part::Word,
            _ => Part::Other,
        };
        Some((part, kind))
    })
}

/// How long the text between quotes is that begins here, the quotes with it.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_falls_into_its_parts() {
        let of = |line: &'static str| parts(line).collect::<Vec<_>>();
        assert_eq!(
            of(r#"  "a\"b": -1.5e+3,"#),
            [
                ("  ", Part::Other),
                (r#""a\"b""#, Part::Name),
                (": ", Part::Other),
                ("-1.5e+3", Part::Number),
                (",", Part::Other)
            ]
        );
        assert_eq!(of("true, \"x\""), [("true", Part::Word), (", ", Part::Other), ("\"x\"", Part::Text)]);
        assert_eq!(of("\"half é"), [("\"half é", Part::Text)]);
        assert_eq!(of("日本"), [("日本", Part::Other)]);
        assert_eq!(of(""), []);
    }
}
