//! overhear listens to a conversation on the wire and tells it.
//!
//! Arrows point down: a module uses those below it and none above.
//!
//! * `main`, `args`: the command line to a command to an exit code
//! * `tui` (a feature): the screen
//! * [`check`]: captures as tests: rules, and whether they hold
//! * [`browse`]: a capture looked at in any order
//! * [`report`]: one file per form of output
//! * [`filter`]: Wireshark's display filter language
//! * [`analysis`]: frames to knowledge: flows, TCP, reassembly, sessions, limits
//! * [`capture`]: what is known of a capture: rows, plain data
//! * `live` (a feature): frames from the interfaces of this machine
//! * [`sink`]: packets into capture files
//! * `confine` (with `live`): privileges are given up
//! * [`source`]: where frames come from
//! * [`naming`]: fields by name
//! * `dissectors` (a crate of its own): what bytes mean

pub mod analysis;
pub mod browse;
pub mod capture;
pub mod check;
#[cfg(feature = "live")]
pub mod confine;
pub mod filter;
#[cfg(feature = "live")]
pub mod live;
pub mod naming;
pub mod pace;
pub mod report;
pub mod sink;
pub mod source;
#[cfg(feature = "tui")]
pub mod tui;
