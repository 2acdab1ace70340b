//! Captures as tests: what must hold of a capture, and whether it does.
//!
//! A rule is written as words ([`Draft`]), in a check file ([`file`]) or on a command line, and made ready before any
//! capture is read ([`Rule`]). A capture is read once for all its rules ([`Judge`]); each says what it found
//! ([`Verdict`]), and the findings of all captures are told in one of several [`format`]s.

mod bound;
mod calls;
mod draft;
pub mod file;
pub mod format;
mod judge;
mod place;
mod rule;
mod verdict;

pub use draft::{Draft, Value, Wrong};
pub use judge::{Judge, task};
pub use rule::{CAPTURE, Rule};
pub use verdict::{Frames, Verdict, plain};
