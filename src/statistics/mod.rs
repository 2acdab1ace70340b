//! Numbers about captures: what a capture file contains, and tables of its frames, calls and connections.

mod capture_statistics;
mod chart;
mod endpoint_fields;
mod file_facts;
mod file_forms;
mod host_pairs;
mod protocol_tree;
mod stacks;
mod table;
mod tables;
mod timeline;
mod traffic;

pub use capture_statistics::{CaptureStatistics, TableKind, TableSelection};
pub use chart::Chart;
pub(crate) use endpoint_fields::EndpointFields;
pub use file_facts::{FileFacts, FrameTotals, SizeRange};
pub use file_forms::{facts_json, facts_text};
pub(crate) use host_pairs::HostPairs;
pub use host_pairs::{DirectedPair, Host};
pub use protocol_tree::{ProtocolCounts, ProtocolTree};
pub(crate) use stacks::StackTable;
pub use stacks::{OTHER_STACK, StackId, StackNames};
pub(crate) use tables::calls::handshake_fields;
pub(crate) use tables::values::ValueFormatter;
pub use traffic::{TrafficCount, TrafficEntry};
