//! What is wrong with a filter, or most likely not meant, and the characters it is about.

use super::ast::Span;
use std::fmt::{self, Write as _};
use unicode_width::UnicodeWidthStr;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In words.
    pub message: String,
    /// The characters it is about.
    pub span: Span,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Fault {
        Fault { message: message.into(), span }
    }

    /// The message, the filter, and a line that points at the characters.
    #[must_use]
    pub fn shown<'a>(&'a self, filter: &'a str) -> Shown<'a> {
        Shown { fault: self, filter }
    }
}

/// A fault with the filter that has it.
pub struct Shown<'a> {
    fault: &'a Fault,
    filter: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { message, span } = self.fault;
        writeln!(f, "{}", plain(message))?;
        writeln!(f, "    {}", plain(self.filter))?;
        // Some characters take two columns of a terminal, and some none.
        let before = plain(self.filter.get(..span.start).unwrap_or(self.filter)).width();
        let under = plain(self.filter.get(span.start..span.end).unwrap_or_default()).width().max(1);
        f.write_str("    ")?;
        (0..before).try_for_each(|_| f.write_char(' '))?;
        f.write_char('^')?;
        (1..under).try_for_each(|_| f.write_char('~'))
    }
}

/// Text as it may stand on a terminal, with as many characters as it has.
fn plain(text: &str) -> String {
    let plain = |char: char| match char {
        '\t' | '\n' | '\r' => ' ',
        _ if !dissectors::format::is_plain(char) => '\u{fffd}',
        _ => char,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_characters() {
        let fault = Fault::new(Span { start: 6, end: 9 }, "no");
        assert_eq!(fault.shown("ä == bad").to_string(), "no\n    ä == bad\n         ^~~");
        let wide = Fault::new(Span { start: 11, end: 12 }, "no");
        assert_eq!(wide.shown("\"日本語\"?").to_string().lines().last(), Some("            ^"));
        let end = Fault::new(Span { start: 3, end: 3 }, "no");
        assert_eq!(end.shown("tcp").to_string(), "no\n    tcp\n       ^");
    }

    #[test]
    fn nothing_of_a_filter_steers_a_terminal() {
        let fault = Fault::new(Span { start: 0, end: 1 }, "\x1b[2J");
        assert!(!fault.shown("\x1b[2J\u{202e}").to_string().contains(['\x1b', '\u{202e}']));
    }
}
