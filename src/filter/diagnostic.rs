//! Errors and warnings about a filter, with their position.

use super::ast::Span;
use std::fmt::{self, Write as _};
use unicode_width::UnicodeWidthStr;

/// An error or a warning about a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Message text.
    pub message: String,
    /// The characters it refers to.
    pub span: Span,
}

impl Diagnostic {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { message: message.into(), span }
    }

    /// Returns a display of the message, the filter, and a caret line under the characters.
    #[must_use]
    pub fn display<'a>(&'a self, filter: &'a str) -> DiagnosticDisplay<'a> {
        DiagnosticDisplay { diagnostic: self, filter }
    }
}

/// Display of a [`Diagnostic`] together with its filter.
pub struct DiagnosticDisplay<'a> {
    diagnostic: &'a Diagnostic,
    filter: &'a str,
}

impl fmt::Display for DiagnosticDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { message, span } = self.diagnostic;
        writeln!(f, "{}", plain(message))?;
        writeln!(f, "    {}", plain(self.filter))?;
        // Some characters occupy two columns of a terminal, some none.
        let before = plain(self.filter.get(..span.start).unwrap_or(self.filter)).width();
        let under = plain(self.filter.get(span.start..span.end).unwrap_or_default()).width().max(1);
        f.write_str("    ")?;
        (0..before).try_for_each(|_| f.write_char(' '))?;
        f.write_char('^')?;
        (1..under).try_for_each(|_| f.write_char('~'))
    }
}

/// Returns the text without control characters; each is replaced by one character.
fn plain(text: &str) -> String {
    let plain = |char: char| match char {
        '\t' | '\n' | '\r' => ' ',
        _ if !dissectors::format::is_printable(char) => '\u{fffd}',
        _ => char,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_is_under_the_characters() {
        let diagnostic = Diagnostic::new(Span { start: 6, end: 9 }, "no");
        assert_eq!(diagnostic.display("ä == bad").to_string(), "no\n    ä == bad\n         ^~~");
        let wide = Diagnostic::new(Span { start: 11, end: 12 }, "no");
        assert_eq!(wide.display("\"日本語\"?").to_string().lines().last(), Some("            ^"));
        let end = Diagnostic::new(Span { start: 3, end: 3 }, "no");
        assert_eq!(end.display("tcp").to_string(), "no\n    tcp\n       ^");
    }

    #[test]
    fn control_characters_of_a_filter_never_reach_the_terminal() {
        let diagnostic = Diagnostic::new(Span { start: 0, end: 1 }, "\x1b[2J");
        assert!(!diagnostic.display("\x1b[2J\u{202e}").to_string().contains(['\x1b', '\u{202e}']));
    }
}
