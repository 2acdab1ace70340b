//! `overhear check` as a user runs it: rules, check files, output formats, exit codes, live capture of a command.
//!
//! Expected values are counted by tshark 4.0.17 (`tshark -n -2 -r FILE -Y FILTER`) or by hand from its rows.

mod calls;
mod captures;
mod docs;
mod files;
mod forms;
#[cfg(all(unix, feature = "live"))]
mod live;
mod rules;
mod running;
mod schema;
mod snapshots;
mod wrong;
