//! Verdicts: what explains the time of a call, or its failure, with the frames that show it.

use super::collected::Collected;
use super::model::Verdict;

/// Returns the verdicts on a call, those that explain most time first.
pub(super) fn verdicts(_: &Collected) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    verdicts.sort_by_key(|verdict| (std::cmp::Reverse(verdict.nanos), verdict.kind));
    verdicts
}
