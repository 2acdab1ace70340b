//! Differences between the calls of two captures.
//!
//! A [`ProfileBuilder`] collects the [`CaptureProfile`] of each capture: its operations with samples of their calls, and the
//! parameters of its servers. A [`Comparison`] matches the operations of both and lists the differences.

mod comparison;
mod difference;
mod forms;
mod profile;
mod profile_builder;
mod rank_test;

pub use comparison::{Comparison, ComparisonSettings, OperationTimes, SlowerVerdict};
pub use difference::{Difference, DifferenceKind, Subject};
pub use forms::DiffForm;
pub use profile::{CallPosition, CaptureProfile, Operation, OperationKey};
pub use profile_builder::ProfileBuilder;
