//! Passwords in the text of SQL statements, and the parameters that are passwords.
//!
//! A password is what is assigned to, or compared with, a name such as `password`:
//!
//! ```text
//!   ALTER ROLE a PASSWORD 'x'                          after the name
//!   UPDATE u SET password = concat('x', y)             every literal of the expression
//!   WHERE crypt('x', password) = password              before the name, too
//!   INSERT INTO u (name, password) VALUES ('a', 'x')   by the position of the column
//!   CREATE USER a IDENTIFIED WITH b BY 'x'             after BY, AS, USING and REPLACE behind IDENTIFIED
//!   SET PASSWORD FOR a = 'x' REPLACE 'y'               after =, TO and REPLACE
//!   SELECT set_config('app.password', 'x', false)      after a text that ends in the name
//!   CREATE SUBSCRIPTION a CONNECTION 'password=x'      a text, or a comment, that has a password itself
//! ```

mod groups;
mod texts;
mod words;

use crate::session::Context;
use crate::sql_text::{DoubleQuotes, Piece, Pieces};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;
use groups::{GroupKind, Groups};
use words::{is_any, is_password_name, unquoted};

/// Replaces a password. It is a text, so that the digest of the statement stays the same.
const REDACTED: &[u8] = b"'(redacted)'";
/// Replaces comments with a password.
const REDACTED_COMMENT: &[u8] = b" /* (redacted) */ ";

/// Maximum number of bytes of the text of a statement that are kept.
const MAX_STATEMENT: usize = 16 << 10;

/// Maximum depth of statements in the texts of statements.
const MAX_NESTING: u8 = 3;

impl Context<'_> {
    /// Returns the first bytes of a statement as they are recorded: without passwords, unless they are shown. The text is owned
    /// if a password was replaced anywhere in the statement.
    pub(crate) fn shown_statement<'b>(&self, statement: &'b [u8], double_quotes: DoubleQuotes) -> Cow<'b, [u8]> {
        let secrets = if self.shows_passwords { None } else { Secrets::find(statement, double_quotes, 0) };
        match secrets.and_then(|secrets| secrets.replace(statement)) {
            Some(mut shown) => {
                shown.truncate(MAX_STATEMENT);
                Cow::Owned(shown)
            }
            None => Cow::Borrowed(statement.get(..MAX_STATEMENT).unwrap_or(statement)),
        }
    }

    /// Returns the parameters of a statement whose values are passwords that are not shown, in order. The first one is 0.
    pub(crate) fn secret_parameters(&self, statement: &[u8], double_quotes: DoubleQuotes) -> Vec<u16> {
        let secrets = if self.shows_passwords { None } else { Secrets::find(statement, double_quotes, 0) };
        secrets.map(|secrets| secrets.parameters).unwrap_or_default()
    }
}

/// Returns whether a text that is not a statement itself, such as the message of a server, has a password.
pub(crate) fn mentions_secret(text: &[u8], double_quotes: DoubleQuotes) -> bool {
    texts::has_secret(text, double_quotes, 0) || texts::has_quoted_value(text)
}

/// The places of passwords in a statement.
#[derive(Debug, Default, PartialEq, Eq)]
struct Secrets {
    /// Places in the statement and what replaces them, without an order.
    replaced: Vec<(Range<usize>, &'static [u8])>,
    /// Parameters whose values are passwords, in order.
    parameters: Vec<u16>,
}

impl Secrets {
    /// Reads a statement at a depth of statements in texts; `None` if it mentions no password.
    fn find(statement: &[u8], double_quotes: DoubleQuotes, nesting: u8) -> Option<Secrets> {
        if !words::mentions_password(statement) {
            return None;
        }
        let mut reader = SecretReader::new(statement, double_quotes, nesting);
        let mut pieces = Pieces::new(statement, double_quotes);
        let mut end = 0;
        while let Some((span, piece)) = pieces.next_with_span() {
            reader.read_comments(end..span.start);
            end = span.end;
            reader.read(span, piece);
        }
        reader.read_comments(end..statement.len());
        let mut secrets = reader.secrets;
        secrets.parameters.sort_unstable();
        secrets.parameters.dedup();
        Some(secrets)
    }

    /// Returns the statement without its passwords; `None` if it has none.
    fn replace(mut self, statement: &[u8]) -> Option<Vec<u8>> {
        if self.replaced.is_empty() {
            return None;
        }
        self.replaced.sort_unstable_by_key(|(span, _)| span.start);
        let mut out = Vec::with_capacity(statement.len());
        let mut copied = 0;
        for (span, text) in self.replaced {
            if span.start >= copied {
                out.extend_from_slice(statement.get(copied..span.start).unwrap_or_default());
                out.extend_from_slice(text);
                copied = span.end;
            }
        }
        out.extend_from_slice(statement.get(copied..).unwrap_or_default());
        Some(out)
    }
}

/// What follows in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Other,
    /// The name of a password was read.
    AfterName,
    /// A text was read that ends in the name of a password.
    AfterText,
    /// An expression whose literals are passwords.
    Password(Expression),
}

/// An expression whose literals are passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expression {
    /// Number of groups around it.
    depth: usize,
    /// An operand was read: another one does not belong to the expression.
    is_after_operand: bool,
    /// The next AND belongs to BETWEEN.
    is_between: bool,
    /// It is a list: the values of the places in a text before it.
    is_list: bool,
}

/// A literal that was read.
#[derive(Debug)]
enum Literal {
    Value(Range<usize>),
    Parameter(u16),
}

/// Finds passwords in the pieces of a statement.
struct SecretReader<'b> {
    statement: &'b [u8],
    double_quotes: DoubleQuotes,
    nesting: u8,
    secrets: Secrets,
    /// Number of parameters without a number.
    parameters: u16,
    /// Number of literals that were read.
    literals: usize,
    /// Those that are not hidden, each with its number.
    shown: Vec<(usize, Literal)>,
    groups: Groups,
    expected: Expected,
    /// The last piece, and the one before the name that is being read, which may have several parts.
    before: Option<Piece<'b>>,
    before_name: Option<Piece<'b>>,
    prefix: Prefix,
}

/// What the words before state of a statement.
#[derive(Debug, Default)]
struct Prefix {
    words: u32,
    /// It begins with SET.
    is_set: bool,
    /// It begins with SET PASSWORD.
    sets_password: bool,
    /// IDENTIFIED was read.
    is_identified: bool,
}

impl<'b> SecretReader<'b> {
    fn new(statement: &'b [u8], double_quotes: DoubleQuotes, nesting: u8) -> SecretReader<'b> {
        SecretReader {
            statement,
            double_quotes,
            nesting,
            secrets: Secrets::default(),
            parameters: 0,
            literals: 0,
            shown: Vec::new(),
            groups: Groups::default(),
            expected: Expected::Other,
            before: None,
            before_name: None,
            prefix: Prefix::default(),
        }
    }

    /// Reads what is between two pieces.
    fn read_comments(&mut self, span: Range<usize>) {
        let comments = self.statement.get(span.clone()).unwrap_or_default();
        if comments.len() > 2 && texts::comments_have_secret(comments, self.double_quotes, self.nesting) {
            self.secrets.replaced.push((span, REDACTED_COMMENT));
        }
    }

    fn read(&mut self, span: Range<usize>, piece: Piece<'b>) {
        match piece {
            Piece::Literal => self.literal(span),
            Piece::Word(word) => {
                if self.before != Some(Piece::Sign(b'.')) {
                    self.before_name = self.before;
                }
                self.word(word);
            }
            Piece::Sign(sign) => self.sign(sign),
        }
        self.groups.note_piece(piece);
        self.before = Some(piece);
    }

    fn expression(&self, is_after_operand: bool) -> Expected {
        let depth = self.groups.depth();
        Expected::Password(Expression { depth, is_after_operand, is_between: false, is_list: false })
    }

    fn literal(&mut self, span: Range<usize>) {
        let text = self.statement.get(span.clone()).unwrap_or_default();
        let literal = match text {
            b"?" => {
                self.parameters = self.parameters.saturating_add(1);
                Literal::Parameter(self.parameters - 1)
            }
            [b'$', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => {
                let number = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0_u16);
                Literal::Parameter(number.saturating_sub(1))
            }
            _ => Literal::Value(span.clone()),
        };
        let is_text = matches!(literal, Literal::Value(_));
        let is_expected = matches!(self.expected, Expected::AfterName | Expected::Password(_));
        let is_secret = is_expected || self.groups.is_in_password_column();
        if is_secret || is_text && texts::has_secret(text, self.double_quotes, self.nesting) {
            self.hide(literal);
        } else {
            self.shown.push((self.literals, literal));
        }
        self.literals += 1;
        let has_place = is_text && texts::has_place(text);
        self.expected = match self.expected {
            Expected::AfterName => self.expression(true),
            Expected::Password(expression) if !has_place => {
                Expected::Password(Expression { is_after_operand: true, ..expression })
            }
            _ if has_place => {
                let (depth, is_after_operand) = (self.groups.depth(), true);
                Expected::Password(Expression { depth, is_after_operand, is_between: false, is_list: true })
            }
            _ if is_text && texts::ends_in_name(text) => Expected::AfterText,
            _ => Expected::Other,
        };
    }

    fn hide(&mut self, literal: Literal) {
        match literal {
            Literal::Value(span) => self.secrets.replaced.push((span, REDACTED)),
            Literal::Parameter(nth) => self.secrets.parameters.push(nth),
        }
    }

    /// Hides the literals from one on.
    fn hide_from(&mut self, first: usize) {
        while let Some((_, literal)) = self.shown.pop_if(|(nth, _)| *nth >= first) {
            self.hide(literal);
        }
    }

    fn sign(&mut self, sign: u8) {
        match sign {
            b'(' | b'[' => {
                self.groups.open(GroupKind::Parentheses, self.before, self.literals);
                self.expected = match self.expected {
                    Expected::AfterName => self.expression(false),
                    Expected::AfterText => Expected::Other,
                    expected => expected,
                };
            }
            b')' | b']' => {
                self.groups.close(GroupKind::Parentheses);
                self.expected = match self.expected {
                    Expected::Password(expression) if expression.depth <= self.groups.depth() => {
                        Expected::Password(Expression { is_after_operand: true, ..expression })
                    }
                    _ => Expected::Other,
                };
            }
            b',' => {
                self.groups.next_element(self.literals);
                self.expected = match self.expected {
                    Expected::Password(expression) if expression.is_list || expression.depth < self.groups.depth() => {
                        Expected::Password(Expression { is_after_operand: false, ..expression })
                    }
                    Expected::AfterText if self.groups.is_in_arguments() => self.expression(false),
                    _ => Expected::Other,
                };
            }
            b';' => {
                self.groups.clear();
                self.literals = 0;
                self.shown.clear();
                (self.prefix, self.expected) = (Prefix::default(), Expected::Other);
            }
            b'.' => {
                if matches!(self.expected, Expected::AfterName | Expected::AfterText) {
                    self.expected = Expected::Other;
                } else if let Expected::Password(expression) = &mut self.expected {
                    expression.is_after_operand = false;
                }
            }
            b'@' if self.expected == Expected::AfterName => self.expected = Expected::Other,
            _ => match &mut self.expected {
                Expected::AfterName | Expected::AfterText => self.expected = self.expression(false),
                Expected::Password(expression) => expression.is_after_operand = false,
                Expected::Other if sign == b'=' && self.prefix.sets_password => self.expected = self.expression(false),
                Expected::Other => {}
            },
        }
    }

    fn word(&mut self, word: &'b [u8]) {
        let name = unquoted(word);
        if let Expected::Password(expression) = self.expected {
            self.expected = self.word_of_password(name, expression);
            if matches!(self.expected, Expected::Password(_)) {
                self.count_cases(name);
                return;
            }
        }
        self.count_cases(name);
        let is = |words: &[&str]| is_any(name, words);
        self.prefix.words = self.prefix.words.saturating_add(1);
        self.prefix.is_set |= self.prefix.words == 1 && is(&["SET"]);
        self.prefix.sets_password |= self.prefix.words == 2 && self.prefix.is_set && is(&["PASSWORD"]);
        self.prefix.is_identified |= is(&["IDENTIFIED"]);
        if is(words::BOUNDARIES) {
            self.groups.begin_expression(self.literals);
        }
        if is_password_name(name) {
            let first = self.groups.last().first_literal;
            // 'x' = password, and 'x' AS password.
            let is_compared = match self.before_name {
                Some(Piece::Sign(sign)) => matches!(sign, b'=' | b'<' | b'>' | b'!' | b'~'),
                Some(Piece::Word(before)) => is_any(before, &["AS", "LIKE", "ILIKE"]),
                _ => false,
            };
            if is_compared {
                self.hide_from(first);
            }
            if let Some(first) = self.groups.first_of_crypt() {
                self.hide_from(first);
            }
            self.groups.note_password_name();
            self.expected = Expected::AfterName;
            return;
        }
        let begins_password = self.prefix.is_identified && is(&["BY", "AS", "USING", "REPLACE"])
            || self.prefix.sets_password && is(&["TO", "REPLACE"])
            || is(&["DEFAULT"]) && self.groups.last().has_password_name && self.groups.depth() > 0;
        self.expected = match self.expected {
            _ if begins_password => self.expression(false),
            // The character set of a text, as in _utf8'...' and U&'...'.
            Expected::AfterName if name.first() == Some(&b'_') || is(&["U", "ENCRYPTED"]) => Expected::AfterName,
            Expected::AfterName | Expected::AfterText if is(words::OPERATORS) => match self.expression(false) {
                Expected::Password(expression) => {
                    Expected::Password(Expression { is_between: is(&["BETWEEN"]), ..expression })
                }
                other => other,
            },
            _ => Expected::Other,
        };
    }

    /// Reads a word in an expression whose literals are passwords.
    fn word_of_password(&self, name: &[u8], expression: Expression) -> Expected {
        if self.groups.depth() > expression.depth {
            return Expected::Password(expression);
        }
        let is = |words: &[&str]| is_any(name, words);
        if !expression.is_after_operand {
            let is_operand = name.first() != Some(&b'_') && !is(words::OPERATORS) && !is(&["U", "CASE", "ALL", "ANY"]);
            return Expected::Password(Expression {
                is_after_operand: is_operand,
                is_between: expression.is_between || is(&["BETWEEN"]),
                ..expression
            });
        }
        let continues = is(words::OPERATORS) && !is(&["TO"]) || is(&["COLLATE", "ESCAPE"]);
        if continues || expression.is_between && is(&["AND"]) || expression.is_list && is(&["USING", "INTO"]) {
            let is_between = is(&["BETWEEN"]);
            return Expected::Password(Expression { is_after_operand: false, is_between, ..expression });
        }
        Expected::Other
    }

    /// Reads the ends of CASE expressions.
    fn count_cases(&mut self, name: &[u8]) {
        if is_any(name, &["CASE"]) {
            self.groups.open(GroupKind::Case, self.before, self.literals);
        } else if is_any(name, &["END"])
            && self.groups.close(GroupKind::Case)
            && let Expected::Password(expression) = &mut self.expected
        {
            expression.is_after_operand = true;
        }
    }
}

#[cfg(test)]
mod tests;
