//! Terminal colours. They help to distinguish things, but never carry information that the text does not have.

use std::fmt;

/// Whether output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Color {
    /// Plain text.
    #[default]
    Never,
    /// Text with escape sequences for colours.
    Always,
}

/// ANSI style of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnsiStyle {
    Plain,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

/// The escape sequence that starts the style.
impl fmt::Display for AnsiStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AnsiStyle::Plain => "\x1b[0m",
            AnsiStyle::Dim => "\x1b[2m",
            AnsiStyle::Red => "\x1b[31m",
            AnsiStyle::Green => "\x1b[32m",
            AnsiStyle::Yellow => "\x1b[33m",
            AnsiStyle::Blue => "\x1b[34m",
            AnsiStyle::Magenta => "\x1b[35m",
            AnsiStyle::Cyan => "\x1b[36m",
        })
    }
}

impl Color {
    /// Returns whether output is coloured.
    pub(super) fn is_on(self) -> bool {
        self == Color::Always
    }

    /// Starts a style, if output is coloured.
    pub(super) fn start(self, style: AnsiStyle, out: &mut String) {
        if self.is_on() && style != AnsiStyle::Plain {
            use fmt::Write;
            let _ = write!(out, "{style}");
        }
    }

    /// Ends the style that [`start`](Color::start) started.
    pub(super) fn stop(self, style: AnsiStyle, out: &mut String) {
        if self.is_on() && style != AnsiStyle::Plain {
            use fmt::Write;
            let _ = write!(out, "{}", AnsiStyle::Plain);
        }
    }
}
