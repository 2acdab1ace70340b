//! Tests of HTTP/1: conversations are converted to fields and exchanges, independent of segmentation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod anomalies;
mod conversations;
mod cuts;
pub(crate) mod host;
mod lenient;
mod messages;
