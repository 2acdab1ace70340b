//! `overhear check`, run as a user runs it: rules, check files, forms of output, exit codes, a command listened to.
//!
//! What is expected was counted by tshark 4.0.17 (`tshark -n -2 -r FILE -Y FILTER`) or by hand from its rows.

#[path = "checks/calls.rs"]
mod calls;
#[path = "checks/captures.rs"]
mod captures;
mod common;
#[path = "checks/docs.rs"]
mod docs;
#[path = "checks/files.rs"]
mod files;
#[path = "checks/forms.rs"]
mod forms;
#[cfg(all(unix, feature = "live"))]
#[path = "checks/live.rs"]
mod live;
#[path = "checks/rules.rs"]
mod rules;
#[path = "checks/running.rs"]
mod running;
#[path = "checks/schema.rs"]
mod schema;
#[path = "checks/snapshots.rs"]
mod snapshots;
#[path = "checks/wrong.rs"]
mod wrong;
