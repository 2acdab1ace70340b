//! A capture open for random access: an index of every frame, and requests for the details of some.
//!
//! [`Index`] holds a few bytes per frame, call and connection, and grows while the capture is read. Everything else
//! (the text of a row, a frame's tree, a connection's ladder) is read again from the capture on request: a
//! [`BrowseRequest`] goes to a [`Browser`], a [`BrowseEvent`] comes back.

mod body;
mod browser;
mod call;
mod call_entry;
mod call_filter;
mod chunked_vec;
mod content_dialogue;
mod detail;
mod dialogue;
mod divided_load;
mod filter_job;
mod find_job;
mod follow;
mod fork_store;
mod frame_indexer;
mod frame_table;
mod index;
mod index_filter;
mod index_publisher;
mod indexed_values;
mod journey;
mod ladder;
mod lines;
#[cfg(feature = "live")]
mod live_capture;
mod load;
mod load_source;
mod random_access;
mod request;
mod request_queue;
mod row_cache;
mod save_job;
mod shard_batches;
mod trace;

pub use crate::statistics::{DirectedPair, Host, OTHER_STACK, StackId, StackNames};
pub use browser::Browser;
pub use chunked_vec::ChunkedVec;
#[cfg(feature = "tui")]
pub(crate) use find_job::compile_pattern;
pub use index::*;
pub use ladder::{LadderEnds, StreamLadder};
#[cfg(feature = "live")]
pub use live_capture::LiveSummary;
pub use request::*;
pub use trace::NEAR_CALLS;
