//! HTTP/1 as its users see it: conversations go in, fields and exchanges come out, however the bytes are cut.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod conversations;
mod cuts;
mod host;
mod messages;
mod oddities;
