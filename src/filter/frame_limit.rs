//! The last frame that a filter can match: later frames need not be read.

use super::plan::{Comparison, Expr, FilterPlan, FilterValue, ValueQuantifier};
use dissectors::frame;

/// Returns the number of the last frame that can match: 0 if no frame can, none if there is no limit.
pub(super) fn last_frame(plan: &FilterPlan) -> Option<u32> {
    match plan {
        FilterPlan::And(parts) => parts.iter().filter_map(last_frame).min(),
        // A frame can match if any part can: the limit is the highest of all parts.
        FilterPlan::Or(parts) | FilterPlan::Xor(parts) => {
            parts.iter().map(last_frame).try_fold(0, |last, part| Some(last.max(part?)))
        }
        FilterPlan::Compare { quantifier: ValueQuantifier::Any | ValueQuantifier::All, comparison, left, right }
            if is_frame_number(left) =>
        {
            let number = constant_number(right)?;
            let last = match comparison {
                Comparison::Equal | Comparison::LessOrEqual => number,
                Comparison::Less => number - 1,
                Comparison::Unequal | Comparison::Greater | Comparison::GreaterOrEqual => return None,
            };
            u32::try_from(last.max(0)).ok()
        }
        FilterPlan::Member { not: false, left, set, .. } if is_frame_number(left) => {
            let mut last = set.iter().map(|(low, high)| constant_number(high.as_ref().unwrap_or(low)));
            let last = last.try_fold(0, |last, number| Some(last.max(number?)))?;
            u32::try_from(last).ok()
        }
        _ => None,
    }
}

fn is_frame_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Field(source) if source.field.id == frame::NUMBER.id)
}

fn constant_number(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Value(FilterValue::Number(number)) => Some(*number),
        _ => None,
    }
}
