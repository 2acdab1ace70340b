//! Waterfall: the phases of a call as bars on one axis.

use crate::journey::model::{Journey, Phase};

/// Returns the columns of a phase in a bar of `room` columns: the first one, and the one after the last. A phase that lasts
/// has a column at least.
pub(super) fn columns(journey: &Journey, phase: &Phase, room: usize) -> (usize, usize) {
    let total = u128::from(journey.total().max(1));
    let at = |time: i64| u128::from(time.abs_diff(journey.start())) * room as u128;
    let from = (at(phase.from) / total) as usize;
    let to = at(phase.to).div_ceil(total) as usize;
    let from = from.min(room.saturating_sub(1));
    (from, to.clamp(from + 1, room.max(from + 1)))
}

/// Returns the share of the total, in tenths of a percent.
pub(super) fn share(journey: &Journey, nanos: u64) -> u64 {
    let total = u128::from(journey.total().max(1));
    ((u128::from(nanos) * 1000 + total / 2) / total) as u64
}

/// Returns a share as text: `12.3 %`.
pub(super) fn percent(tenths: u64) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}
