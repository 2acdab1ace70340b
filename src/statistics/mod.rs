//! Numbers about captures: what a capture file contains.

mod file_facts;
mod file_forms;

pub use file_facts::{FileFacts, FrameTotals, SizeRange};
pub use file_forms::{facts_json, facts_text};
