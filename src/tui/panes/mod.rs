//! Behavior of each view: its layout, the actions of its keys, and the data it requests.

pub(crate) mod actions;
pub(crate) mod call;
pub(crate) mod columns;
pub(crate) mod detail_panes;
pub(crate) mod follow;
pub(crate) mod frames;
pub(crate) mod handshake_card;
pub(crate) mod help;
pub(crate) mod journey;
pub(crate) mod ladder;
pub(crate) mod layout;
pub(crate) mod line_search;
pub(crate) mod menu;
pub(crate) mod mouse;
pub(crate) mod quit_menu;
pub(crate) mod search;
pub(crate) mod selection;
pub(crate) mod statistics;
pub(crate) mod top;
