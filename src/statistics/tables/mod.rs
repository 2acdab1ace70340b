//! The tables, one file each.

pub(super) mod calls;
pub(super) mod endpoints;
pub(super) mod hosts;
pub(super) mod intervals;
pub(super) mod latency;
pub(super) mod protocols;
pub(super) mod segments;
pub(super) mod streams;
pub(super) mod summary;
pub(super) mod values;
