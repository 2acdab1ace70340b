//! Colours of a terminal: where they help to tell things apart, never to say what the text does not.

use std::fmt;

/// Whether what is written is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Color {
    /// Plain text.
    #[default]
    Never,
    /// Text with escape sequences for colours.
    Always,
}

/// How a piece of text is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

/// The sequence that begins a way of painting.
impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Paint::Plain => "\x1b[0m",
            Paint::Dim => "\x1b[2m",
            Paint::Red => "\x1b[31m",
            Paint::Green => "\x1b[32m",
            Paint::Yellow => "\x1b[33m",
            Paint::Blue => "\x1b[34m",
            Paint::Magenta => "\x1b[35m",
            Paint::Cyan => "\x1b[36m",
        })
    }
}

impl Color {
    /// Whether anything is painted.
    pub(super) fn on(self) -> bool {
        self == Color::Always
    }

    /// Begins to paint, if anything is painted.
    pub(super) fn start(self, paint: Paint, out: &mut String) {
        if self.on() && paint != Paint::Plain {
            use fmt::Write;
            let _ = write!(out, "{paint}");
        }
    }

    /// Ends what [`start`](Color::start) began.
    pub(super) fn stop(self, paint: Paint, out: &mut String) {
        if self.on() && paint != Paint::Plain {
            use fmt::Write;
            let _ = write!(out, "{}", Paint::Plain);
        }
    }
}
