//! Tests of captures: rules, their evaluation and reports.
//!
//! A rule starts as keywords and values ([`RuleSource`]), from a [`check_file`] or a command line. It is parsed before
//! any capture is read ([`Rule`]). One pass over a capture evaluates all its rules ([`Evaluation`]) and returns a
//! [`Verdict`] per rule. The findings of all captures are printed in one of several [formats](mod@format).

mod bound;
mod call_assembler;
pub mod check_file;
mod evaluation;
pub mod format;
mod rule;
mod rule_source;
mod source_location;
mod verdict;

pub use evaluation::{Evaluation, rules_task};
pub use rule::{CAPTURE_PLACEHOLDER, Expected, Rule};
pub use rule_source::{RuleError, RuleSource, RuleValue};
pub use verdict::{DecidingFrames, Verdict, escape_unprintable};
