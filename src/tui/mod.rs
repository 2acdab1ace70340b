//! Terminal user interface: lists of calls, connections and frames, and a detail view of each.
//!
//! [`Model`] is plain data, [`update`] applies a message to it and returns effects to run, [`view`] draws it. None of
//! them does any I/O. [`run`] connects them to the terminal, signals, the clock and the thread that runs queries.
//! Each view has a part of the model (`frames`, `ladder`, ...) and a file of its own under `view`.

mod basic_terminal;
mod call;
mod clipboard;
mod counters;
mod detail_panes;
mod display_filter;
mod follow;
mod frame_order;
mod frames;
mod handshake_card;
mod hierarchy;
mod histogram;
mod keys;
mod ladder;
mod latency;
mod layout;
mod line_editor;
mod line_search;
mod line_wrap;
mod menu;
mod message;
mod model;
mod mouse;
mod notes;
mod phases;
mod query_errors;
mod quit_menu;
mod run;
mod scroll;
mod search;
mod selection;
mod sorted_list;
mod statistics;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod time_format;
mod update;
mod view;

pub use message::{Effect, Msg};
pub use model::{Model, Tab};
pub use run::{Inbox, ResultSender, ScreenEnd, inbox, run};
pub use theme::{Background, ColorDepth, Theme};
pub use update::update;
pub use view::view;
