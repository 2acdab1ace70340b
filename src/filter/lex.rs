//! The words and signs of a filter.

use super::ast::Span;
use super::fault::Fault;
use std::str::Chars;

/// A word, a sign or a value in quotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, an operator in letters, or a value without quotes.
    Word(String),
    /// Text in double quotes, its escapes undone.
    Text(Vec<u8>),
    /// A character in single quotes.
    Char(char),
    /// What stands in square brackets.
    Brackets(String),
    /// A sign.
    Sign(&'static str),
    /// The end of the filter.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// All signs, those of more characters first.
const SIGNS: [&str; 32] = [
    "===", "!==", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "..", ">", "<", "!", "~", "&", "(", ")", "{", "}",
    ",", "+", "-", "*", "/", "%", "#", "@", "$", ";", "=", "|",
];

/// Takes a filter apart; the last token is the end.
pub(super) fn tokens(filter: &str) -> Result<Vec<Placed>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = filter.get(at..).unwrap_or_default();
        let space = rest.len() - rest.trim_start().len();
        at += space;
        let rest = rest.trim_start();
        if rest.is_empty() {
            tokens.push(Placed { token: Token::End, span: Span { start: at, end: at } });
            return Ok(tokens);
        }
        let (token, len) = next(rest, at)?;
        tokens.push(Placed { token, span: Span { start: at, end: at + len } });
        at += len;
    }
}

/// The first token of `rest`, which begins with no space at the place `at` of the filter, and how long it is.
fn next(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    if let Some(body) = rest.strip_prefix("r\"").or_else(|| rest.strip_prefix("R\"")) {
        return raw(body, at);
    }
    if let Some(body) = rest.strip_prefix('"') {
        let (bytes, len) = quoted(body, '"', at)?;
        return Ok((Token::Text(bytes), len));
    }
    if let Some(body) = rest.strip_prefix('\'') {
        return character(rest, body, at);
    }
    if let Some(body) = rest.strip_prefix('[') {
        let Some(end) = body.find(']') else {
            return Err(Fault::new(Span { start: at, end: at + 1 }, "the bracket is not closed: ] is missing"));
        };
        return Ok((Token::Brackets(body.get(..end).unwrap_or_default().to_owned()), end + 2));
    }
    let word = word(rest);
    if word > 0 {
        return Ok((Token::Word(rest.get(..word).unwrap_or_default().to_owned()), word));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Token::Sign(sign), sign.len())),
        None => {
            let char = rest.chars().next().unwrap_or_default();
            let span = Span { start: at, end: at + char.len_utf8() };
            let quotes = matches!(char, '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}');
            let hint = if quotes { "; quotes are straight: \"" } else { "" };
            Err(Fault::new(span, format!("{char} means nothing in a filter{hint}")))
        }
    }
}

/// The length of the word that `rest` begins with: letters, digits, `_ . : -`, and `/` in an address with the bits of its
/// network. Two dots end it, and so does the minus sign that it would begin with.
fn word(rest: &str) -> usize {
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

/// Whether an address stands before the slash and a number after it: 10.0.0.0/8, fe80::/10.
fn is_network(before: &str, after: &str) -> bool {
    let number = after.chars().nth(1).is_some_and(|char| char.is_ascii_digit());
    let letters = before.chars().all(|char| char.is_ascii_hexdigit() || matches!(char, '.' | ':'));
    number && letters && (before.contains(':') || before.contains('.'))
}

/// A raw string, after its opening quote: nothing is an escape, though a quote after a backslash does not end it.
fn raw(body: &str, at: usize) -> Result<(Token, usize), Fault> {
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
    Err(endless(at, at + 2 + body.len()))
}

fn endless(start: usize, end: usize) -> Fault {
    Fault::new(Span { start, end }, "the text has no end: a quote is missing")
}

/// What stands in quotes, after the opening one, and the length of all with both quotes.
fn quoted(body: &str, quote: char, at: usize) -> Result<(Vec<u8>, usize), Fault> {
    let mut bytes = Vec::new();
    let mut chars = body.chars();
    loop {
        let before = body.len() - chars.as_str().len();
        match chars.next() {
            Some(char) if char == quote => return Ok((bytes, before + 2)),
            Some('\\') => match escape(&mut chars) {
                Some(Escaped::Byte(byte)) => bytes.push(byte),
                Some(Escaped::Char(char)) => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {
                    let start = at + 1 + before;
                    let wrong = body.get(before + 1..).and_then(|rest| rest.chars().next());
                    let span = Span { start, end: start + 1 + wrong.map_or(0, char::len_utf8) };
                    let message = match wrong {
                        Some('x') => "\\x wants one or two hexadecimal digits behind it".to_owned(),
                        Some('u') => "\\u wants the four hexadecimal digits of a character behind it".to_owned(),
                        Some('U') => "\\U wants the eight hexadecimal digits of a character behind it".to_owned(),
                        Some('0'..='7') => "octal digits of more than a byte".to_owned(),
                        Some(wrong) => format!("\\{wrong} is no escape: write \\\\{wrong}, or a raw text: r\"...\""),
                        None => "the text ends in the middle of an escape".to_owned(),
                    };
                    return Err(Fault::new(span, message));
                }
            },
            Some(char) => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None => return Err(endless(at, at + 1 + body.len())),
        }
    }
}

enum Escaped {
    Byte(u8),
    Char(char),
}

/// What stands after a backslash, which is taken from `chars`.
fn escape(chars: &mut Chars<'_>) -> Option<Escaped> {
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
        'x' => u8::try_from(digits(chars, 16, 1..=2)?).ok()?,
        'u' => return char::from_u32(digits(chars, 16, 4..=4)?).map(Escaped::Char),
        'U' => return char::from_u32(digits(chars, 16, 8..=8)?).map(Escaped::Char),
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
    Some(Escaped::Byte(byte))
}

/// A number of so many digits, as many as there are.
fn digits(chars: &mut Chars<'_>, base: u32, many: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let (mut value, mut count) = (0_u32, 0);
    while count < *many.end() {
        let Some(digit) = chars.clone().next().and_then(|char| char.to_digit(base)) else { break };
        chars.next();
        value = value.checked_mul(base)?.checked_add(digit)?;
        count += 1;
    }
    (count >= *many.start()).then_some(value)
}

/// A character in single quotes.
fn character(rest: &str, body: &str, at: usize) -> Result<(Token, usize), Fault> {
    let (bytes, len) = quoted(body, '\'', at)?;
    let span = Span { start: at, end: at + len };
    let shown = rest.get(..len).unwrap_or_default();
    let one = match (std::str::from_utf8(&bytes), bytes.as_slice()) {
        // A byte beyond ASCII that was written as \xHH.
        (Err(_), [byte]) => Some(char::from(*byte)),
        (Ok(text), _) => {
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none())
        }
        _ => None,
    };
    match one {
        Some(char) => Ok((Token::Char(char), len)),
        None if bytes.is_empty() => Err(Fault::new(span, "there is no character between the quotes")),
        None => Err(Fault::new(span, format!("{shown} is more than one character; text has double quotes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(filter: &str) -> Vec<Token> {
        tokens(filter).expect("it can be read").into_iter().map(|placed| placed.token).collect()
    }

    fn word(text: &str) -> Token {
        Token::Word(text.into())
    }

    #[test]
    fn words_end_where_they_should() {
        assert_eq!(words("tcp.port==80"), [word("tcp.port"), Token::Sign("=="), word("80"), Token::End]);
        assert_eq!(words("1..3"), [word("1"), Token::Sign(".."), word("3"), Token::End]);
        assert_eq!(words("10.0.0.0/8"), [word("10.0.0.0/8"), Token::End]);
        assert_eq!(words("a/8"), [word("a"), Token::Sign("/"), word("8"), Token::End]);
        assert_eq!(words("fe80::/10 ::1"), [word("fe80::/10"), word("::1"), Token::End]);
        assert_eq!(words("a -1"), [word("a"), Token::Sign("-"), word("1"), Token::End]);
        assert_eq!(
            words("x[0:3]#2"),
            [word("x"), Token::Brackets("0:3".into()), Token::Sign("#"), word("2"), Token::End]
        );
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(words(r#""\x41\102\"\\\u00e4\n""#), [Token::Text("AB\"\\ä\n".into()), Token::End]);
        assert_eq!(words(r#"r"\d\"x""#), [Token::Text(r#"\d\"x"#.into()), Token::End]);
        assert_eq!(words(r"'a' '\xff' '\''"), [Token::Char('a'), Token::Char('\u{ff}'), Token::Char('\''), Token::End]);
    }

    #[test]
    fn what_is_no_token_is_told_with_its_place() {
        for (filter, start, end) in [
            (r#"a == "\.x""#, 6, 8),
            ("a == \"x", 5, 7),
            ("a == 'ab'", 5, 9),
            ("''", 0, 2),
            ("a[0", 1, 2),
            ("a ? b", 2, 3),
        ] {
            let fault = tokens(filter).expect_err(filter);
            assert_eq!((fault.span.start, fault.span.end), (start, end), "{filter}: {}", fault.message);
        }
    }
}
