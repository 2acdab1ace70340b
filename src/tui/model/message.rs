//! Messages to the terminal UI, and effects it requests.

use crate::browse::{BrowseEvent, BrowseRequest};
use crossterm::event::{KeyEvent, MouseEvent};

/// Message to [`update`](crate::tui::update()).
#[derive(Debug)]
pub enum Msg {
    /// Key press.
    Key(KeyEvent),
    /// Mouse event.
    Mouse(MouseEvent),
    /// Text pasted into the terminal.
    Paste(String),
    /// New size of the terminal, in columns and rows.
    Resize(u16, u16),
    /// Time to run the next step of longer work.
    Continue,
    /// The copied text is also in tmux's buffer.
    CopiedToTmux,
    /// Result of a query.
    QueryResult(BrowseEvent),
}

/// Effect for the main loop to run.
#[derive(Debug)]
pub enum Effect {
    /// Sends a query to the capture.
    Query(BrowseRequest),
    /// Sends [`Msg::Continue`] after all other effects.
    Continue,
    /// Copies a text to the clipboard.
    Copy(String),
    /// Redraws the whole screen: the terminal may show other output.
    Redraw,
    /// Stops the program and restores the terminal until the shell resumes it.
    Suspend,
    /// Quits.
    Quit,
}
