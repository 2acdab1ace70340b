//! Tokens of JSON (RFC 8259): one step for each, leniently, with a bound of the depth only.

use std::ops::Range;

/// Depth of objects and arrays up to which tokens are read. What is deeper is one token.
const MAX_DEPTH: usize = 4096;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// The begin of an object.
    Object,
    /// The begin of an array.
    Array,
    /// The end of an object or of an array.
    Close,
    /// The name of a member, with its quotes.
    Key,
    /// A string, with its quotes.
    String,
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// An object or an array that is too deep, with all that is in it.
    Deep,
}

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
    /// The text ends in it.
    pub is_cut: bool,
}

/// How a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All objects and arrays are closed.
    Whole,
    /// The text ends in an object, in an array, or in a token.
    Cut,
    /// What follows is not JSON.
    Malformed,
}

/// Reads the tokens of a text, which may have several values in sequence.
pub(super) struct Tokens<'b> {
    source: &'b [u8],
    at: usize,
    /// The open objects and arrays: whether each is an object.
    open: Vec<bool>,
    /// A name was read, whose value follows.
    is_value_next: bool,
    end: End,
}

impl<'b> Tokens<'b> {
    /// Begins at a place of a text.
    pub(super) fn new(source: &'b [u8], at: usize) -> Tokens<'b> {
        Tokens { source, at, open: Vec::new(), is_value_next: false, end: End::Whole }
    }

    /// Returns the place after what was read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns how the text ends, after its last token.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// Returns the number of open objects and arrays.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns the place after the object or array that is open at a depth; the end of the text if it is not closed.
    pub(super) fn close_of(&self, depth: usize) -> usize {
        group_end(self.source, self.at, self.open.len().saturating_sub(depth).max(1)).unwrap_or(self.source.len())
    }

    /// Returns the next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.source.get(self.at..)?;
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.source.get(self.at).copied()
    }

    fn token(&mut self, kind: TokenKind, len: Option<usize>) -> Token {
        let start = self.at;
        let is_cut = len.is_none();
        self.at = len.map_or(self.source.len(), |len| start + len);
        Token { kind, range: start..self.at, is_cut }
    }

    fn stop(&mut self, end: End) -> Option<Token> {
        self.end = end;
        None
    }

    fn value(&mut self, first: u8) -> Option<Token> {
        self.is_value_next = false;
        let rest = self.source.get(self.at..).unwrap_or_default();
        match first {
            b'{' | b'[' if self.open.len() >= MAX_DEPTH => {
                let end = group_end(self.source, self.at + 1, 1);
                Some(self.token(TokenKind::Deep, end.map(|end| end - self.at)))
            }
            b'{' | b'[' => {
                self.open.push(first == b'{');
                let kind = if first == b'{' { TokenKind::Object } else { TokenKind::Array };
                Some(self.token(kind, Some(1)))
            }
            b'"' => Some(self.token(TokenKind::String, string_len(rest))),
            _ => {
                let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                let len = rest.iter().take_while(is_part).count();
                let is_last = len == rest.len();
                match rest.get(..len).unwrap_or_default() {
                    b"true" | b"false" | b"null" => Some(self.token(TokenKind::Word, Some(len))),
                    [b'-' | b'0'..=b'9', ..] => Some(self.token(TokenKind::Number, Some(len))),
                    word if is_last && len > 0 && is_begin_of_word(word) => Some(self.token(TokenKind::Word, None)),
                    _ => self.stop(End::Malformed),
                }
            }
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            match (self.peek(), self.open.last()) {
                (None, None) => return self.stop(End::Whole),
                (None, Some(_)) => return self.stop(End::Cut),
                (Some(b':'), _) if self.is_value_next => self.at += 1,
                (Some(first), _) if self.is_value_next => return self.value(first),
                (Some(b'}'), Some(true)) | (Some(b']'), Some(false)) => {
                    self.open.pop();
                    return Some(self.token(TokenKind::Close, Some(1)));
                }
                // RFC 7464: a record separator may precede each text.
                (Some(0x1e), None) | (Some(b','), Some(_)) => self.at += 1,
                (Some(b'"'), Some(true)) => {
                    let len = string_len(self.source.get(self.at..).unwrap_or_default());
                    let token = self.token(TokenKind::Key, len);
                    self.is_value_next = true;
                    if self.peek().is_some_and(|next| next != b':') {
                        self.at = token.range.start;
                        return self.stop(End::Malformed);
                    }
                    return Some(token);
                }
                (Some(first), Some(false) | None) => return self.value(first),
                (Some(_), Some(true)) => return self.stop(End::Malformed),
            }
        }
    }
}

fn is_begin_of_word(word: &[u8]) -> bool {
    [&b"true"[..], b"false", b"null"].iter().any(|whole| whole.starts_with(word))
}

/// Returns the place after the last of so many objects and arrays that are open at a place, whatever closes them.
fn group_end(source: &[u8], mut at: usize, mut depth: usize) -> Option<usize> {
    loop {
        let rest = source.get(at..)?;
        let next = rest.iter().position(|byte| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}'))?;
        at += next;
        match source.get(at)? {
            b'"' => at += string_len(source.get(at..)?)?,
            b'[' | b'{' => (depth, at) = (depth + 1, at + 1),
            _ => (depth, at) = (depth - 1, at + 1),
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Returns the length of a string with its quotes; `None` if it has no last one.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, End) {
        let mut tokens = Tokens::new(text.as_bytes(), 0);
        let shown: Vec<String> = tokens
            .by_ref()
            .map(|token| format!("{}{}", &text[token.range], if token.is_cut { "…" } else { "" }))
            .collect();
        (shown.join(" "), tokens.end())
    }

    #[test]
    fn tokens_are_read_up_to_the_end_or_to_a_fault() {
        for (text, expected, end) in [
            (r#"{"a" : [1,{"b":"c\"]"}] , "d":null}"#, r#"{ "a" [ 1 { "b" "c\"]" } ] "d" null }"#, End::Whole),
            ("\x1e{}\n\x1e[]\n1", "{ } [ ] 1", End::Whole),
            (r#"{"a":"b"#, r#"{ "a" "b…"#, End::Cut),
            (r#"{"a":"b\"#, r#"{ "a" "b\…"#, End::Cut),
            (r#"{"a"#, r#"{ "a…"#, End::Cut),
            (r#"{"a""#, r#"{ "a""#, End::Cut),
            (r#"{"a":tr"#, r#"{ "a" tr…"#, End::Cut),
            (r#"{"a":1"#, r#"{ "a" 1"#, End::Cut),
            (r#"{"a" 1}"#, "{", End::Malformed),
            ("[1}", "[ 1", End::Malformed),
            ("[error]", "[", End::Malformed),
            ("", "", End::Whole),
        ] {
            assert_eq!(read(text), (expected.into(), end), "{text}");
        }
    }

    #[test]
    fn what_is_too_deep_is_one_token() {
        for (inner, is_cut) in [("[{\"]\":1}]", false), ("[[\"", true), ("[[", true)] {
            let text = "[".repeat(MAX_DEPTH) + inner;
            let text = if is_cut { text } else { text + &"]".repeat(MAX_DEPTH) };
            let mut tokens = Tokens::new(text.as_bytes(), 0);
            let deep = tokens.by_ref().find(|token| token.kind == TokenKind::Deep).expect("a token");
            assert_eq!((&text[deep.range], deep.is_cut), (inner, is_cut));
            assert!(tokens.by_ref().all(|token| token.kind == TokenKind::Close));
            assert_eq!(tokens.end(), if is_cut { End::Cut } else { End::Whole });
        }
    }
}
