//! Interfaces are listened to while real programs talk: two network namespaces on a cable, nginx in one and curl in the
//! other. It takes root; without it each test says so and ends.
//!
//! What was really said is known from curl and nginx themselves, what was really sent from whoever sent it, and what
//! stands in a file from Wireshark's programs.
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
