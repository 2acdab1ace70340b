//! Terminal user interface: lists of calls, connections and frames, and a detail view of each.
//!
//! [`Model`] is plain data, [`update()`] applies a message to it and returns effects to run, [`view()`] draws it. None of
//! them does any I/O. [`run()`] connects them to the terminal, signals, the clock and the thread that runs queries.
//!
//! The rooms, from the top down; each may use those below it:
//!
//! - `view`: drawing. It changes nothing.
//! - `panes`: the behavior of each view: its layout, the actions of its keys, and the data it requests.
//! - `model`: the state of each view, and the texts and order of its rows.
//! - `widgets`: lists, text, themes and drawing primitives. They know nothing of captures.

mod basic_terminal;
mod clipboard;
mod model;
mod panes;
mod run;
mod terminal;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod widgets;

pub use model::message::{Effect, Msg};
pub use model::{Model, Tab};
pub use run::{Inbox, ResultSender, ScreenEnd, inbox, run};
pub use update::update;
pub use view::view;
pub use widgets::theme::{Background, ColorDepth, Theme};
