//! The screen: calls, connections and frames at a glance, and each of them opened.
//!
//! [`Model`] is plain data, [`update`] tells it what has happened and returns what is to be done, [`view`] draws it; none
//! of them does anything else. [`run`] is the edge: the terminal, its signals, the clock, and whoever answers questions.
//! Each view has a part of the model (`frames`, `ladder`, ...) and a file of its own under `view`.

mod bins;
mod call;
mod card;
mod clipboard;
mod edit;
mod find;
mod follow;
mod frames;
mod hierarchy;
mod keys;
mod ladder;
mod layout;
mod leave;
mod linked;
mod list;
mod menu;
mod model;
mod mouse;
mod msg;
mod notes;
mod order;
mod phases;
mod pick;
mod plain;
mod roster;
mod rows;
mod run;
mod seek;
mod sift;
mod spread;
mod statistics;
mod tally;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod times;
mod unread;
mod update;
mod view;

pub use model::{Model, Tab};
pub use msg::{Effect, Msg};
pub use run::{Ended, Hear, Mail, mail, run};
pub use theme::{Depth, Theme, Tone};
pub use update::update;
pub use view::view;
