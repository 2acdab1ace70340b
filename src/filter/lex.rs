//! The lexer: splits a filter into tokens.

use super::ast::Span;
use super::diagnostic::Diagnostic;
use std::str::Chars;

/// A token: a word, a symbol or a quoted value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, an operator in letters, or a value without quotes.
    Word(String),
    /// Text in double quotes, escapes decoded.
    Text(Vec<u8>),
    /// A character in single quotes.
    Char(char),
    /// The content of square brackets.
    Brackets(String),
    /// A symbol.
    Symbol(&'static str),
    /// The end of the filter.
    End,
}

/// A token with its position.
#[derive(Clone, Debug)]
pub(super) struct SpannedToken {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// All symbols, longer ones first.
const SYMBOLS: [&str; 32] = [
    "===", "!==", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "..", ">", "<", "!", "~", "&", "(", ")", "{", "}",
    ",", "+", "-", "*", "/", "%", "#", "@", "$", ";", "=", "|",
];

/// Splits a filter into tokens; the last one is [`Token::End`].
pub(super) fn tokens(filter: &str) -> Result<Vec<SpannedToken>, Diagnostic> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = filter.get(at..).unwrap_or_default();
        let space = rest.len() - rest.trim_start().len();
        at += space;
        let rest = rest.trim_start();
        if rest.is_empty() {
            tokens.push(SpannedToken { token: Token::End, span: Span { start: at, end: at } });
            return Ok(tokens);
        }
        let (token, len) = next_token(rest, at)?;
        tokens.push(SpannedToken { token, span: Span { start: at, end: at + len } });
        at += len;
    }
}

/// Returns the first token of `rest` and its length in bytes. `rest` starts at offset `at` and not with a space.
fn next_token(rest: &str, at: usize) -> Result<(Token, usize), Diagnostic> {
    if let Some(body) = rest.strip_prefix("r\"").or_else(|| rest.strip_prefix("R\"")) {
        return raw_string(body, at);
    }
    if let Some(body) = rest.strip_prefix('"') {
        let (bytes, len) = quoted_value(body, '"', at)?;
        return Ok((Token::Text(bytes), len));
    }
    if let Some(body) = rest.strip_prefix('\'') {
        return character_literal(rest, body, at);
    }
    if let Some(body) = rest.strip_prefix('[') {
        let Some(end) = body.find(']') else {
            return Err(Diagnostic::new(Span { start: at, end: at + 1 }, "unclosed bracket: expected ]"));
        };
        return Ok((Token::Brackets(body.get(..end).unwrap_or_default().to_owned()), end + 2));
    }
    let word = word_len(rest);
    if word > 0 {
        return Ok((Token::Word(rest.get(..word).unwrap_or_default().to_owned()), word));
    }
    match SYMBOLS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Token::Symbol(sign), sign.len())),
        None => {
            let char = rest.chars().next().unwrap_or_default();
            let span = Span { start: at, end: at + char.len_utf8() };
            let quotes = matches!(char, '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}');
            let hint = if quotes { ": use straight quotes, \"" } else { "" };
            Err(Diagnostic::new(span, format!("unexpected character {char}{hint}")))
        }
    }
}

/// Returns the length of the word at the start of `rest`: letters, digits, `_ . : -`, and `/` in an address with a
/// prefix length. Two dots end a word, and a word cannot start with a minus sign.
fn word_len(rest: &str) -> usize {
    let mut len = 0;
    for (at, char) in rest.char_indices() {
        let after = rest.get(at..).unwrap_or_default();
        let part = match char {
            '.' => !after.starts_with(".."),
            '-' => at > 0,
            '/' => is_network(rest.get(..at).unwrap_or_default(), after),
            '_' | ':' => true,
            _ => char.is_alphanumeric(),
        };
        if !part {
            break;
        }
        len = at + char.len_utf8();
    }
    len
}

/// Returns whether the slash separates an address from a prefix length: 10.0.0.0/8, fe80::/10.
fn is_network(before: &str, after: &str) -> bool {
    let number = after.chars().nth(1).is_some_and(|char| char.is_ascii_digit());
    let letters = before.chars().all(|char| char.is_ascii_hexdigit() || matches!(char, '.' | ':'));
    number && letters && (before.contains(':') || before.contains('.'))
}

/// Reads a raw string after its opening quote. There are no escapes, but a quote after a backslash does not end it.
fn raw_string(body: &str, at: usize) -> Result<(Token, usize), Diagnostic> {
    let mut escaped = false;
    for (end, char) in body.char_indices() {
        match char {
            '"' if !escaped => {
                let bytes = body.get(..end).unwrap_or_default().as_bytes().to_vec();
                return Ok((Token::Text(bytes), end + 3));
            }
            _ => escaped = char == '\\' && !escaped,
        }
    }
    Err(unclosed_string(at, at + 2 + body.len()))
}

fn unclosed_string(start: usize, end: usize) -> Diagnostic {
    Diagnostic::new(Span { start, end }, "unclosed string: expected a closing quote")
}

/// Reads a quoted value after its opening quote. Returns its bytes and its length with both quotes.
fn quoted_value(body: &str, quote: char, at: usize) -> Result<(Vec<u8>, usize), Diagnostic> {
    let mut bytes = Vec::new();
    let mut chars = body.chars();
    loop {
        let before = body.len() - chars.as_str().len();
        match chars.next() {
            Some(char) if char == quote => return Ok((bytes, before + 2)),
            Some('\\') => match read_escape(&mut chars) {
                Some(DecodedEscape::Byte(byte)) => bytes.push(byte),
                Some(DecodedEscape::Char(char)) => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {
                    let start = at + 1 + before;
                    let escaped = body.get(before + 1..).and_then(|rest| rest.chars().next());
                    let span = Span { start, end: start + 1 + escaped.map_or(0, char::len_utf8) };
                    let message = match escaped {
                        Some('x') => "\\x: expected one or two hexadecimal digits".to_owned(),
                        Some('u') => "\\u: expected the four hexadecimal digits of a character".to_owned(),
                        Some('U') => "\\U: expected the eight hexadecimal digits of a character".to_owned(),
                        Some('0'..='7') => "octal escape out of range: at most \\377".to_owned(),
                        Some(escaped) => {
                            format!("unknown escape \\{escaped}: use \\\\{escaped}, or a raw string r\"...\"")
                        }
                        None => "incomplete escape at the end of the string".to_owned(),
                    };
                    return Err(Diagnostic::new(span, message));
                }
            },
            Some(char) => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None => return Err(unclosed_string(at, at + 1 + body.len())),
        }
    }
}

enum DecodedEscape {
    Byte(u8),
    Char(char),
}

/// Consumes and decodes an escape after its backslash.
fn read_escape(chars: &mut Chars<'_>) -> Option<DecodedEscape> {
    let byte = match chars.next()? {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        '"' => b'"',
        '\'' => b'\'',
        'x' => u8::try_from(read_digits(chars, 16, 1..=2)?).ok()?,
        'u' => return char::from_u32(read_digits(chars, 16, 4..=4)?).map(DecodedEscape::Char),
        'U' => return char::from_u32(read_digits(chars, 16, 8..=8)?).map(DecodedEscape::Char),
        first @ '0'..='7' => {
            let mut value = first.to_digit(8)?;
            for _ in 0..2 {
                let Some(digit) = chars.clone().next().and_then(|char| char.to_digit(8)) else { break };
                chars.next();
                value = value * 8 + digit;
            }
            u8::try_from(value).ok()?
        }
        _ => return None,
    };
    Some(DecodedEscape::Byte(byte))
}

/// Consumes as many digits as there are, up to the end of `counts`. None if there are fewer than its start.
fn read_digits(chars: &mut Chars<'_>, base: u32, counts: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let (mut value, mut count) = (0_u32, 0);
    while count < *counts.end() {
        let Some(digit) = chars.clone().next().and_then(|char| char.to_digit(base)) else { break };
        chars.next();
        value = value.checked_mul(base)?.checked_add(digit)?;
        count += 1;
    }
    (count >= *counts.start()).then_some(value)
}

/// Reads a character in single quotes.
fn character_literal(rest: &str, body: &str, at: usize) -> Result<(Token, usize), Diagnostic> {
    let (bytes, len) = quoted_value(body, '\'', at)?;
    let span = Span { start: at, end: at + len };
    let shown = rest.get(..len).unwrap_or_default();
    let one = match (std::str::from_utf8(&bytes), bytes.as_slice()) {
        // A non-ASCII byte, written as \xHH.
        (Err(_), [byte]) => Some(char::from(*byte)),
        (Ok(text), _) => {
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none())
        }
        _ => None,
    };
    match one {
        Some(char) => Ok((Token::Char(char), len)),
        None if bytes.is_empty() => Err(Diagnostic::new(span, "empty character literal")),
        None => Err(Diagnostic::new(span, format!("{shown} has more than one character: use double quotes for text"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(filter: &str) -> Vec<Token> {
        tokens(filter).expect("valid tokens").into_iter().map(|placed| placed.token).collect()
    }

    fn word(text: &str) -> Token {
        Token::Word(text.into())
    }

    #[test]
    fn words_end_at_the_right_character() {
        assert_eq!(lex("tcp.port==80"), [word("tcp.port"), Token::Symbol("=="), word("80"), Token::End]);
        assert_eq!(lex("1..3"), [word("1"), Token::Symbol(".."), word("3"), Token::End]);
        assert_eq!(lex("10.0.0.0/8"), [word("10.0.0.0/8"), Token::End]);
        assert_eq!(lex("a/8"), [word("a"), Token::Symbol("/"), word("8"), Token::End]);
        assert_eq!(lex("fe80::/10 ::1"), [word("fe80::/10"), word("::1"), Token::End]);
        assert_eq!(lex("a -1"), [word("a"), Token::Symbol("-"), word("1"), Token::End]);
        assert_eq!(
            lex("x[0:3]#2"),
            [word("x"), Token::Brackets("0:3".into()), Token::Symbol("#"), word("2"), Token::End]
        );
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(lex(r#""\x41\102\"\\\u00e4\n""#), [Token::Text("AB\"\\ä\n".into()), Token::End]);
        assert_eq!(lex(r#"r"\d\"x""#), [Token::Text(r#"\d\"x"#.into()), Token::End]);
        assert_eq!(lex(r"'a' '\xff' '\''"), [Token::Char('a'), Token::Char('\u{ff}'), Token::Char('\''), Token::End]);
    }

    #[test]
    fn an_invalid_token_is_an_error_with_its_position() {
        for (filter, start, end) in [
            (r#"a == "\.x""#, 6, 8),
            ("a == \"x", 5, 7),
            ("a == 'ab'", 5, 9),
            ("''", 0, 2),
            ("a[0", 1, 2),
            ("a ? b", 2, 3),
        ] {
            let diagnostic = tokens(filter).expect_err(filter);
            assert_eq!((diagnostic.span.start, diagnostic.span.end), (start, end), "{filter}: {}", diagnostic.message);
        }
    }
}
