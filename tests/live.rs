//! Live capture of real programs: two network namespaces on a virtual cable, nginx in one and curl in the other.
//! Requires root; without it each test is skipped.
//!
//! Expected values come from the records of curl and nginx, from the sender of the packets, and from Wireshark's
//! programs for the content of files.
#![cfg(all(target_os = "linux", feature = "live"))]

#[path = "live/calls.rs"]
mod calls;
#[path = "live/ends.rs"]
mod ends;
#[path = "live/files.rs"]
mod files;
#[path = "live/lab.rs"]
mod lab;
#[path = "live/options.rs"]
mod options;
#[path = "live/pipes.rs"]
mod pipes;
#[path = "live/replay.rs"]
mod replay;
#[path = "live/running.rs"]
mod running;
#[path = "live/status.rs"]
mod status;
#[path = "live/strain.rs"]
mod strain;
