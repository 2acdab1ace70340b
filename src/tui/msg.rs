//! What the screen is told, and what it asks to be done.

use crate::browse::{Answer, Ask};
use crossterm::event::{KeyEvent, MouseEvent};

/// Something that has happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was moved or pressed.
    Mouse(MouseEvent),
    /// Text came from the clipboard.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// There is time to go on with what takes long.
    Continue,
    /// What was copied is in tmux's buffer, too.
    Copied,
    /// The capture has answered.
    Answer(Answer),
}

/// Something to be done.
#[derive(Debug)]
pub enum Effect {
    /// Asks the capture.
    Ask(Ask),
    /// Sends [`Msg::Continue`] when nothing else is to be done.
    Continue,
    /// Puts a text into the clipboard.
    Copy(String),
    /// Draws all of the screen anew: the terminal may show something else than was drawn.
    Redraw,
    /// Gives the terminal back to the shell, until the shell gives it again.
    Suspend,
    /// Ends.
    Quit,
}
