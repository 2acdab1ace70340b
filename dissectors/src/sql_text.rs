//! Statements of SQL as text: their digests, without literals, and their operations.

use alloc::vec::Vec;
use compact_str::CompactString;
use core::ops::Range;

/// Maximum length of a digest.
const MAX_DIGEST: usize = 4096;
/// Maximum length of an operation.
const MAX_OPERATION: usize = 24;

/// What stands in double quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoubleQuotes {
    /// A name, as in the standard.
    Name,
    /// A text, as in MySQL without ANSI_QUOTES.
    Text,
}

/// A piece of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// Name, keyword, operator or quoted name, as written.
    Word(&'b [u8]),
    /// Number, text, or parameter.
    Literal,
    /// One character of punctuation.
    Sign(u8),
}

/// Reads the pieces of a statement; white space and comments are skipped.
pub(crate) struct Pieces<'b> {
    text: &'b [u8],
    at: usize,
    double_quotes: DoubleQuotes,
    /// In a comment that is executed.
    is_in_comment: bool,
}

impl<'b> Pieces<'b> {
    pub(crate) fn new(text: &'b [u8], double_quotes: DoubleQuotes) -> Pieces<'b> {
        Pieces { text, at: 0, double_quotes, is_in_comment: false }
    }

    /// Returns the next piece with its place in the statement.
    pub(crate) fn next_with_span(&mut self) -> Option<(Range<usize>, Piece<'b>)> {
        self.skip_space();
        let start = self.at;
        let piece = self.next()?;
        Some((start..self.at, piece))
    }

    fn rest(&self) -> &'b [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Whether a number follows.
    fn is_at_number(&mut self) -> bool {
        self.skip_space();
        self.rest().first().is_some_and(u8::is_ascii_digit)
    }

    /// Skips white space and comments.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = match rest {
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                // In MySQL, white space follows: 5--2 is 7.
                [b'-', b'-', next, ..] if self.double_quotes == DoubleQuotes::Text && !next.is_ascii_whitespace() => {
                    return;
                }
                [b'-', b'-', ..] | [b'#', b' ', ..] => memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1),
                // MySQL executes what is in such a comment.
                [b'/', b'*', b'!', version @ ..] if self.double_quotes == DoubleQuotes::Text => {
                    self.is_in_comment = true;
                    3 + version.iter().take_while(|byte| byte.is_ascii_digit()).count()
                }
                [b'*', b'/', ..] if self.is_in_comment => {
                    self.is_in_comment = false;
                    2
                }
                [b'/', b'*', ..] => memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
                _ => return,
            };
            self.at += skipped;
        }
    }

    /// Length of quoted bytes with their quotes; a quote in them is doubled or, in a text, escaped.
    fn quoted_len(rest: &[u8], quote: u8, is_text: bool) -> usize {
        let mut at = 1;
        while let Some(&byte) = rest.get(at) {
            at += 1;
            match byte {
                b'\\' if is_text => at += 1,
                _ if byte == quote && rest.get(at) == Some(&quote) => at += 1,
                _ if byte == quote => return at,
                _ => {}
            }
        }
        rest.len()
    }

    /// Length of a number, with its exponent.
    fn number_len(rest: &[u8]) -> usize {
        let run = |from: usize| {
            let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
            from + rest.iter().skip(from).take_while(is_part).count()
        };
        let len = run(0);
        match (rest.get(..len), rest.get(len..)) {
            (Some([b'0', b'x' | b'X', ..]), _) => len,
            (Some([.., b'e' | b'E']), Some([b'+' | b'-', b'0'..=b'9', ..])) => run(len + 1),
            _ => len,
        }
    }

    /// Length of a text between dollar signs (PostgreSQL), as `$tag$text$tag$`.
    fn dollar_len(rest: &[u8]) -> Option<usize> {
        let end = rest.iter().skip(1).position(|&byte| byte == b'$')? + 2;
        let tag = rest.get(..end)?;
        let is_tag = tag.iter().all(|&byte| byte == b'$' || byte == b'_' || byte.is_ascii_alphanumeric());
        let is_parameter = tag.get(1).is_some_and(u8::is_ascii_digit);
        if !is_tag || is_parameter {
            return None;
        }
        Some(memchr::memmem::find(rest.get(end..)?, tag).map_or(rest.len(), |at| end + at + end))
    }
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || *byte >= 0x80
}

impl<'b> Iterator for Pieces<'b> {
    type Item = Piece<'b>;

    fn next(&mut self) -> Option<Piece<'b>> {
        self.skip_space();
        let rest = self.rest();
        let &first = rest.first()?;
        let run = |from: usize| from + rest.iter().skip(from).take_while(|byte| is_word(byte)).count();
        let (len, is_literal) = match first {
            b'\'' => (Pieces::quoted_len(rest, first, true), true),
            b'"' if self.double_quotes == DoubleQuotes::Text => (Pieces::quoted_len(rest, first, true), true),
            b'"' | b'`' => (Pieces::quoted_len(rest, first, false), false),
            b'0'..=b'9' => (Pieces::number_len(rest), true),
            b'?' => (1, true),
            b'$' => match Pieces::dollar_len(rest) {
                Some(len) => (len, true),
                None => (run(1), rest.get(1).is_some_and(u8::is_ascii_digit)),
            },
            // E'..', X'..', N'..' and others.
            b'a'..=b'z' | b'A'..=b'Z' if rest.get(1) == Some(&b'\'') => {
                (1 + Pieces::quoted_len(rest.get(1..)?, b'\'', true), true)
            }
            _ if is_word(&first) => (run(0), false),
            _ => {
                self.at += 1;
                return Some(Piece::Sign(first));
            }
        };
        let piece = rest.get(..len.max(1)).unwrap_or(rest);
        self.at += piece.len();
        Some(if is_literal { Piece::Literal } else { Piece::Word(piece) })
    }
}

/// Returns the places of the texts and numbers in a statement. Parameters have none. `texts_in_double_quotes` is whether double
/// quotes are those of texts, as in MySQL, and not of names.
#[must_use]
pub fn literals(statement: &[u8], texts_in_double_quotes: bool) -> Vec<Range<usize>> {
    let double_quotes = if texts_in_double_quotes { DoubleQuotes::Text } else { DoubleQuotes::Name };
    let mut pieces = Pieces::new(statement, double_quotes);
    let mut found = Vec::new();
    while let Some((span, piece)) = pieces.next_with_span() {
        let text = statement.get(span.clone()).unwrap_or_default();
        let is_parameter = text == b"?" || matches!(text, [b'$', b'0'..=b'9', ..]);
        if piece == Piece::Literal && !is_parameter {
            found.push(span);
        }
    }
    found
}

/// Returns a statement with `?` for each literal, and for each list of literals. Keywords and names are as written.
pub(crate) fn digest(statement: &[u8], double_quotes: DoubleQuotes) -> Vec<u8> {
    let mut out = Vec::with_capacity(statement.len().min(MAX_DIGEST));
    let mut before = None;
    let mut pieces = Pieces::new(statement, double_quotes);
    while let Some(mut piece) = pieces.next() {
        if out.len() >= MAX_DIGEST {
            out.truncate(MAX_DIGEST);
            break;
        }
        // The sign of a number is a part of it.
        if matches!(piece, Piece::Sign(b'-' | b'+')) && begins_value(before) && pieces.is_at_number() {
            let Some(number) = pieces.next() else { break };
            piece = number;
        }
        // A value, other than in `IS NULL`.
        if matches!((before, piece), (Some(Piece::Sign(_)), Piece::Word(word)) if word.eq_ignore_ascii_case(b"NULL")) {
            piece = Piece::Literal;
        }
        push(piece, before, &mut out);
        before = Some(piece);
        fold_lists(&mut out);
    }
    while out.last().is_some_and(|&byte| byte == b';' || byte == b' ') {
        out.pop();
    }
    out
}

/// Keywords after which a value begins: a minus sign after another word is a subtraction.
const BEFORE_VALUES: [&[u8]; 23] = [
    b"ALL",
    b"AND",
    b"BETWEEN",
    b"BY",
    b"CASE",
    b"DEFAULT",
    b"DISTINCT",
    b"DIV",
    b"ELSE",
    b"HAVING",
    b"INTERVAL",
    b"LIKE",
    b"LIMIT",
    b"MOD",
    b"NOT",
    b"OFFSET",
    b"OR",
    b"RETURNING",
    b"SELECT",
    b"SET",
    b"THEN",
    b"WHEN",
    b"WHERE",
];

/// Whether a value begins after a piece, so that a sign is that of a number.
fn begins_value(before: Option<Piece<'_>>) -> bool {
    match before {
        None => true,
        Some(Piece::Literal) => false,
        Some(Piece::Sign(sign)) => !matches!(sign, b')' | b']'),
        Some(Piece::Word(word)) => BEFORE_VALUES.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)),
    }
}

fn push(piece: Piece<'_>, before: Option<Piece<'_>>, out: &mut Vec<u8>) {
    let is_tight = |sign: u8| matches!(sign, b'.' | b'(' | b':' | b'@');
    let has_space = match (before, piece) {
        (None, _) | (_, Piece::Sign(b',' | b')' | b';' | b'.' | b':')) => false,
        (Some(Piece::Sign(sign)), _) if is_tight(sign) => false,
        (Some(Piece::Word(_)), Piece::Sign(b'(')) => false,
        // An operator of several characters, such as <=.
        (Some(Piece::Sign(sign)), Piece::Sign(next)) => {
            !is_operator(sign) || !is_operator(next) || matches!(next, b'+' | b'-')
        }
        _ => true,
    };
    if has_space {
        out.push(b' ');
    }
    match piece {
        Piece::Word(word) => out.extend_from_slice(word),
        Piece::Literal => out.push(b'?'),
        Piece::Sign(sign) => out.push(sign),
    }
}

fn is_operator(sign: u8) -> bool {
    matches!(sign, b'<' | b'>' | b'=' | b'!' | b'|' | b'&' | b'~' | b'+' | b'*' | b'/' | b'%' | b'^' | b'#' | b'-')
}

/// Replaces `?, ?` by `?`, and `(?), (?)` by `(?)`: lists of any length are the same.
fn fold_lists(out: &mut Vec<u8>) {
    if out.ends_with(b"?, ?") {
        out.truncate(out.len() - 3);
    } else if out.ends_with(b"(?), (?)") {
        out.truncate(out.len() - 5);
    }
}

/// Returns the first word of a statement in upper case.
pub(crate) fn operation(statement: &[u8]) -> CompactString {
    // Usually a statement begins with it.
    let len = statement.iter().take(MAX_OPERATION + 1).take_while(|byte| byte.is_ascii_alphabetic()).count();
    if let (1..=MAX_OPERATION, Some(b' ' | b'\n' | b';') | None) = (len, statement.get(len)) {
        return upper(statement.get(..len).unwrap_or_default());
    }
    let pieces = Pieces::new(statement, DoubleQuotes::Name);
    let words = pieces.take(16).find_map(|piece| if let Piece::Word(word) = piece { Some(word) } else { None });
    let word = words.filter(|word| {
        word.len() <= MAX_OPERATION && word.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
    });
    word.map(upper).unwrap_or_default()
}

/// Returns a word of ASCII characters in upper case.
fn upper(word: &[u8]) -> CompactString {
    let mut letters = [0; MAX_OPERATION];
    letters.iter_mut().zip(word).for_each(|(letter, byte)| *letter = byte.to_ascii_uppercase());
    core::str::from_utf8(letters.get(..word.len()).unwrap_or_default()).map(CompactString::new).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn literals_and_lists_of_them_are_replaced() {
        for (statement, expected) in [
            ("SELECT * FROM t WHERE a = 1 AND b='x''y'", "SELECT * FROM t WHERE a = ? AND b = ?"),
            ("select  a.b , \"c\"\nfrom t -- note\nwhere x in (1, 2,3);", "select a.b, \"c\" from t where x in(?)"),
            ("INSERT INTO t (a, b) VALUES (1, 'a'), (2, 'b')", "INSERT INTO t(a, b) VALUES(?)"),
            ("INSERT INTO t VALUES (1, NULL), (NULL, 2)", "INSERT INTO t VALUES(?)"),
            ("UPDATE t SET a = null WHERE b IS NULL", "UPDATE t SET a = ? WHERE b IS NULL"),
            ("SELECT $1::int8, $2, E'\\'x', $$ body $$, $f$ $1 $f$", "SELECT ?::int8, ?"),
            ("SELECT a<=1.5e3 /* x */ OR a != -2", "SELECT a <= ? OR a != ?"),
            ("SELECT -1, a -1, a - b, (a) - 2, a - -3, +4 FROM t", "SELECT ?, a - ?, a - b, (a) - ?, a - ? FROM t"),
            (
                "SELECT a[1] - 1, b, 2 -1 WHERE x in (-1, - 2) LIMIT -1",
                "SELECT a [ ? ] - ?, b, ? - ? WHERE x in(?) LIMIT ?",
            ),
            ("SELECT 1e-5, a, 0x1e-5, b, 'x'::int -1", "SELECT ?, a, ? - ?, b, ?::int - ?"),
            ("SELECT `t1`.x FROM t1 LIMIT ?", "SELECT `t1`.x FROM t1 LIMIT ?"),
            ("SELECT 'not closed", "SELECT ?"),
        ] {
            assert_eq!(
                String::from_utf8_lossy(&digest(statement.as_bytes(), DoubleQuotes::Name)),
                expected,
                "{statement}"
            );
        }
    }

    #[test]
    fn double_quotes_of_mysql_are_those_of_texts() {
        let statement =
            br#"SELECT * FROM `t` WHERE n = "bob \"x\"" AND m IN ("a", 'b') /*!40001 LIMIT 5 */ OR 5*/* x */2 = c--2 -- d"#;
        let digest = digest(statement, DoubleQuotes::Text);
        assert_eq!(
            String::from_utf8_lossy(&digest),
            "SELECT * FROM `t` WHERE n = ? AND m IN(?) LIMIT ? OR ? * ? = c - ?"
        );
    }

    #[test]
    fn the_operation_is_the_first_word() {
        assert_eq!(operation(b"/* app */ (select 1)"), "SELECT");
        assert_eq!(operation(b"  begin;"), "BEGIN");
        assert_eq!(operation(b"\x00\x01"), "");
        assert!(digest(&b"(".repeat(100_000), DoubleQuotes::Name).len() <= MAX_DIGEST);
    }
}
