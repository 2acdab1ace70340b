//! Traces: the calls that calls caused, as trees with times.
//!
//! A [`TraceCollector`] collects the calls of a pass and what their requests state. The result is one [`Trace`], which all forms
//! print.

mod collector;
mod context;
mod form;
mod host;
mod hosts;
mod links;
mod model;
mod omitted;
mod sequence;
mod times;

pub use collector::TraceCollector;
pub use context::ContextSource;
pub use form::{render, text_lines};
pub use hosts::host_diagram;
pub use model::{Cause, Evidence, Trace, TracedCall};
