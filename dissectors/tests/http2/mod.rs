//! Tests of HTTP/2: conversations of frames are converted to fields and exchanges, whatever is lost or interleaved.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod conversations;
mod frames;
mod limits;
mod losses;
mod vectors;
