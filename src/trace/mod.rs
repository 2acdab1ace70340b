//! Traces: the calls that calls caused, as trees with times.
//!
//! A [`TraceCollector`] collects the calls of a pass and what their requests state. The result is one [`Trace`], which all forms
//! print.

mod collector;
mod context;
mod form;
mod links;
mod model;
mod times;

pub use collector::TraceCollector;
pub use context::ContextSource;
pub use form::render;
pub use model::{Cause, Evidence, Trace, TracedCall};
