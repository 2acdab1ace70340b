//! Passive analysis of captured network traffic: dissection, reassembly, filtering and reports.
//!
//! Dependencies point down: a module uses modules below it and none above.
//!
//! * `main`, `args`: command line, commands, exit codes
//! * `tui` (feature): interactive terminal interface
//! * [`check`]: rules checked against captures
//! * [`browse`]: random access to a capture
//! * [`diff`]: differences between the calls of two captures
//! * [`export`]: captures and calls in forms of other programs
//! * [`statistics`]: numbers about captures
//! * [`trace`]: the calls that calls caused
//! * [`journey`]: the journey of one call
//! * [`diagram`]: sequence diagrams
//! * [`report`]: output formats, one file each
//! * [`call_matcher`]: calls that match a display filter
//! * [`filter`]: display filters in Wireshark's syntax
//! * [`analysis`]: flows, TCP, reassembly, sessions, limits
//! * [`capture`]: results of the analysis as plain data: calls, streams, frames
//! * `live` (feature): live capture from the interfaces of this machine
//! * [`sink`]: writing of capture files
//! * `confine` (with `live`): dropping of privileges
//! * [`redact`]: marks in place of secrets
//! * [`source`]: reading of capture files
//! * [`naming`]: lookup of fields by name
//! * [`priority`]: thread priorities
//! * [`proto_files`]: types of messages from .proto files
//! * `dissectors` (separate crate): protocol dissectors

pub mod analysis;
pub mod browse;
pub mod call_matcher;
pub mod capture;
pub mod check;
#[cfg(feature = "live")]
pub mod confine;
pub mod diagram;
pub mod diff;
pub mod export;
pub mod filter;
pub mod journey;
#[cfg(feature = "live")]
pub mod live;
pub mod naming;
pub mod priority;
pub mod proto_files;
pub mod redact;
pub mod report;
pub mod sink;
pub mod source;
pub mod statistics;
pub mod trace;
#[cfg(feature = "tui")]
pub mod tui;
