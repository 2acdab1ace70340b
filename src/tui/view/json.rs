//! Tokens of a line of JSON, for syntax highlighting.

use crate::tui::widgets::theme::Theme;
use ratatui::style::Style;

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonToken {
    Name,
    Text,
    Number,
    Literal,
    Other,
}

pub(crate) fn token_style(theme: &Theme, part: JsonToken) -> Style {
    match part {
        JsonToken::Name => theme.name,
        JsonToken::Text => theme.good,
        JsonToken::Number => theme.notice,
        JsonToken::Literal => theme.warn,
        JsonToken::Other => theme.text,
    }
}

/// Splits a line into tokens. The tokens cover the whole line, in order.
pub(crate) fn tokens(line: &str) -> impl Iterator<Item = (&str, JsonToken)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let first = *rest.as_bytes().first()?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let starts_token = |byte: u8| byte == b'"' || is_word(byte);
        let span = |ends: &dyn Fn(u8) -> bool| rest.bytes().position(ends).unwrap_or(rest.len());
        let len = match first {
            b'"' => string_length(rest),
            byte if is_word(byte) => span(&|byte| !is_word(byte)),
            _ => span(&|byte| starts_token(byte)),
        };
        let (part, after) = rest.split_at_checked(len)?;
        rest = after;
        let kind = match first {
            b'"' if after.trim_start().starts_with(':') => JsonToken::Name,
            b'"' => JsonToken::Text,
            b'-' | b'0'..=b'9' => JsonToken::Number,
            byte if is_word(byte) => JsonToken::Literal,
            _ => JsonToken::Other,
        };
        Some((part, kind))
    })
}

/// Returns the length of the string at the start of a text, with its quotes.
fn string_length(text: &str) -> usize {
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
    fn a_line_is_split_into_tokens() {
        let split = |line: &'static str| tokens(line).collect::<Vec<_>>();
        assert_eq!(
            split(r#"  "a\"b": -1.5e+3,"#),
            [
                ("  ", JsonToken::Other),
                (r#""a\"b""#, JsonToken::Name),
                (": ", JsonToken::Other),
                ("-1.5e+3", JsonToken::Number),
                (",", JsonToken::Other)
            ]
        );
        assert_eq!(
            split("true, \"x\""),
            [("true", JsonToken::Literal), (", ", JsonToken::Other), ("\"x\"", JsonToken::Text)]
        );
        assert_eq!(split("\"half é"), [("\"half é", JsonToken::Text)]);
        assert_eq!(split("日本"), [("日本", JsonToken::Other)]);
        assert_eq!(split(""), []);
    }
}
