//! Passwords in the text of SQL statements.

use crate::session::Context;
use crate::sql_text::{DoubleQuotes, Piece, Pieces};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Replaces a password. It is a text, so that the digest of the statement stays the same.
const REDACTED: &[u8] = b"'(redacted)'";

/// Maximum number of bytes of the text of a statement that are kept.
const MAX_STATEMENT: usize = 16 << 10;

/// What follows in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Other,
    /// A password, as after `PASSWORD`, `PASSWORD =`, or `IDENTIFIED BY`.
    Password,
    /// The arguments of a function whose value is a password, if a parenthesis follows, as in `password = crypt('...', ...)`.
    Arguments,
}

impl Context<'_> {
    /// Returns the first bytes of a statement as they are recorded: without passwords, unless they are shown. The text is owned
    /// if a password was replaced anywhere in the statement.
    pub(crate) fn shown_statement<'b>(&self, statement: &'b [u8], double_quotes: DoubleQuotes) -> Cow<'b, [u8]> {
        let shown = if self.shows_passwords { None } else { without_passwords(statement, double_quotes) };
        match shown {
            Some(mut shown) => {
                shown.truncate(MAX_STATEMENT);
                Cow::Owned(shown)
            }
            None => Cow::Borrowed(statement.get(..MAX_STATEMENT).unwrap_or(statement)),
        }
    }
}

/// Returns a statement without its passwords; `None` if it has none.
///
/// ```text
///   ALTER ROLE a PASSWORD 'x'                       after a name that ends in "password" or "passwd"
///   SET PASSWORD FOR a = PASSWORD('x')              the same; after = or TO
///   CREATE USER a IDENTIFIED WITH b BY 'x'          after BY, AS, USING and REPLACE behind IDENTIFIED
///   CREATE SUBSCRIPTION a CONNECTION 'password=x'   in a text that has a password itself
/// ```
fn without_passwords(statement: &[u8], double_quotes: DoubleQuotes) -> Option<Vec<u8>> {
    if !mentions_password(statement) {
        return None;
    }
    let mut out = Vec::new();
    let (mut copied, mut expected, mut statement_kind) = (0, Expected::Other, StatementKind::default());
    let mut pieces = Pieces::new(statement, double_quotes);
    while let Some((span, piece)) = pieces.next_with_span() {
        let text = statement.get(span.clone()).unwrap_or_default();
        if piece == Piece::Literal && !is_parameter(text) {
            if expected == Expected::Password || has_password(text) {
                out.extend_from_slice(statement.get(copied..span.start).unwrap_or_default());
                out.extend_from_slice(REDACTED);
                copied = span.end;
            }
            continue;
        }
        expected = statement_kind.next(piece, expected);
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(statement.get(copied..).unwrap_or_default());
    Some(out)
}

/// What the words before state of a statement.
#[derive(Debug, Default)]
struct StatementKind {
    words: u32,
    /// It begins with SET.
    is_set: bool,
    /// It begins with SET PASSWORD.
    sets_password: bool,
    /// IDENTIFIED was read.
    is_identified: bool,
}

impl StatementKind {
    /// Reads a piece that is not a text or a number; returns what follows it.
    fn next(&mut self, piece: Piece<'_>, expected: Expected) -> Expected {
        let word = match piece {
            Piece::Word(word) => word,
            Piece::Sign(b'=') if self.sets_password => return Expected::Password,
            Piece::Sign(b'(') if expected == Expected::Arguments => return Expected::Password,
            Piece::Sign(b'=' | b':' | b'(' | b'&' | b'<' | b'>' | b'!' | b'+') if expected == Expected::Password => {
                return Expected::Password;
            }
            Piece::Sign(b';') => {
                *self = StatementKind::default();
                return Expected::Other;
            }
            _ => return Expected::Other,
        };
        let name = word.strip_suffix(b"\"").or(word.strip_suffix(b"`")).unwrap_or(word);
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let names_password = ["password", "passwd"].iter().any(|suffix| ends_with(name, suffix));
        self.words = self.words.saturating_add(1);
        self.is_set |= self.words == 1 && is("SET");
        self.sets_password |= self.words == 2 && self.is_set && is("PASSWORD");
        self.is_identified |= is("IDENTIFIED");
        match expected {
            _ if names_password => Expected::Password,
            _ if self.is_identified && ["BY", "AS", "USING", "REPLACE"].into_iter().any(is) => Expected::Password,
            _ if self.sets_password && is("TO") => Expected::Password,
            // The character set of a text, as in _utf8'...' and U&'...'.
            Expected::Password if word.starts_with(b"_") || is("U") => Expected::Password,
            Expected::Password => Expected::Arguments,
            _ => Expected::Other,
        }
    }
}

fn ends_with(word: &[u8], suffix: &str) -> bool {
    word.len()
        .checked_sub(suffix.len())
        .and_then(|at| word.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
}

/// Whether a literal is a parameter: its value is not in the statement.
fn is_parameter(literal: &[u8]) -> bool {
    literal == b"?" || matches!(literal, [b'$', b'0'..=b'9', ..])
}

/// Returns whether a statement has a word with which passwords are set.
fn mentions_password(statement: &[u8]) -> bool {
    after_words(statement, b'w', "passw").next().is_some() || after_words(statement, b'f', "identif").next().is_some()
}

/// Returns the bytes after each occurrence of a word in any case, which ends with this letter.
fn after_words<'t>(text: &'t [u8], letter: u8, word: &'static str) -> impl Iterator<Item = &'t [u8]> {
    let ends = memchr::memchr2_iter(letter, letter.to_ascii_uppercase(), text);
    ends.filter_map(move |at| {
        text.split_at_checked(at + 1).filter(|(before, _)| ends_with(before, word)).map(|(_, after)| after)
    })
}

/// Returns whether a text has a password itself: as a parameter of a connection, or in a statement that is executed.
fn has_password(text: &[u8]) -> bool {
    let is_set = |after: &[u8]| {
        let name = ["ord", "d"]
            .into_iter()
            .find(|end| after.get(..end.len()).is_some_and(|after| after.eq_ignore_ascii_case(end.as_bytes())));
        let value = name.and_then(|end| after.get(end.len()..)).unwrap_or_default().trim_ascii_start();
        matches!(value, [b'=' | b'\'' | b'"' | b'\\' | b'(' | b':', ..])
    };
    after_words(text, b'w', "passw").any(is_set)
        || after_words(text, b'f', "identif")
            .any(|after| after.get(..6).is_some_and(|after| after.eq_ignore_ascii_case(b"ied by")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql_text::digest;
    use alloc::string::String;

    fn shown(statement: &str, double_quotes: DoubleQuotes) -> String {
        let shown = without_passwords(statement.as_bytes(), double_quotes);
        shown.map_or(statement.into(), |shown| String::from_utf8_lossy(&shown).into_owned())
    }

    #[test]
    fn passwords_are_replaced_in_each_statement_that_has_some() {
        for (statement, expected) in [
            ("CREATE USER a PASSWORD 'x''y'", "CREATE USER a PASSWORD '(redacted)'"),
            (
                "alter role a with encrypted password E'\\'x' valid until '2030'",
                "alter role a with encrypted password '(redacted)' valid until '2030'",
            ),
            ("ALTER ROLE a PASSWORD $$x$$;", "ALTER ROLE a PASSWORD '(redacted)';"),
            ("ALTER ROLE a PASSWORD U&'\\0078' CREATEDB", "ALTER ROLE a PASSWORD U&'(redacted)' CREATEDB"),
            (
                "CREATE USER 'a'@'%' IDENTIFIED BY /* x */ 'x', 'b' IDENTIFIED WITH 'p' BY \"y\"",
                "CREATE USER 'a'@'%' IDENTIFIED BY /* x */ '(redacted)', 'b' IDENTIFIED WITH 'p' BY '(redacted)'",
            ),
            (
                "ALTER USER a IDENTIFIED BY 'x' REPLACE 'y' RETAIN CURRENT PASSWORD",
                "ALTER USER a IDENTIFIED BY '(redacted)' REPLACE '(redacted)' RETAIN CURRENT PASSWORD",
            ),
            (
                "GRANT ALL ON t.* TO a IDENTIFIED BY PASSWORD '*AB'",
                "GRANT ALL ON t.* TO a IDENTIFIED BY PASSWORD '(redacted)'",
            ),
            (
                "CREATE USER a IDENTIFIED VIA p USING 'h' OR q USING PASSWORD('x')",
                "CREATE USER a IDENTIFIED VIA p USING '(redacted)' OR q USING PASSWORD('(redacted)')",
            ),
            ("SET PASSWORD FOR 'a'@'h' = 'x'", "SET PASSWORD FOR 'a'@'h' = '(redacted)'"),
            ("set password = PASSWORD('x')", "set password = PASSWORD('(redacted)')"),
            (
                "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='x', MASTER_PORT=1",
                "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='(redacted)', MASTER_PORT=1",
            ),
            (
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'x')",
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '(redacted)')",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=x' PUBLICATION p",
                "CREATE SUBSCRIPTION s CONNECTION '(redacted)' PUBLICATION p",
            ),
            (
                "UPDATE u SET `password` = crypt('x', gen_salt('bf')) WHERE id = 1",
                "UPDATE u SET `password` = crypt('(redacted)', gen_salt('bf')) WHERE id = 1",
            ),
            ("PREPARE p FROM 'ALTER USER a IDENTIFIED BY ''x'''", "PREPARE p FROM '(redacted)'"),
            ("ALTER ROLE a PASSWORD 'not closed", "ALTER ROLE a PASSWORD '(redacted)'"),
            ("CREATE USER a /*!50000 IDENTIFIED BY 'x' */", "CREATE USER a /*!50000 IDENTIFIED BY '(redacted)' */"),
            ("SELECT 1; ALTER ROLE a PASSWORD 'x'", "SELECT 1; ALTER ROLE a PASSWORD '(redacted)'"),
        ] {
            assert_eq!(shown(statement, DoubleQuotes::Text), expected, "{statement}");
            let digests = [statement, expected].map(|text| digest(text.as_bytes(), DoubleQuotes::Text));
            assert_eq!(digests[0], digests[1], "{statement}");
        }
    }

    #[test]
    fn other_literals_stay() {
        for statement in [
            "SELECT name FROM users WHERE id = 1",
            "ALTER USER a PASSWORD EXPIRE INTERVAL 3 DAY ACCOUNT LOCK COMMENT 'x'",
            "INSERT INTO t VALUES ('no password here', 'identity')",
            "UPDATE users SET password = $1, note = 'x'",
            "CREATE USER a PASSWORD NULL VALID UNTIL '2030'",
            "SELECT 'x' FROM \"password\"",
        ] {
            assert_eq!(shown(statement, DoubleQuotes::Name), statement);
        }
    }

    #[test]
    fn statements_of_any_length_are_read_once() {
        let long = "PASSWORD 'x' ".repeat(20_000);
        let shown = shown(&long, DoubleQuotes::Name);
        assert!(!shown.contains("'x'") && shown.len() == 20_000 * "PASSWORD '(redacted)' ".len());
    }
}
