//! Captures and calls in forms of other programs.

mod flow_hash;

pub use flow_hash::FlowHash;
