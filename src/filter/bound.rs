//! Up to which frame a filter can match: what comes later need not be read.

use super::plan::{Expr, How, Is, Plan, Val};
use dissectors::frame;

/// The number of the last frame that can match; 0 if none can.
pub(super) fn last_frame(plan: &Plan) -> Option<u32> {
    match plan {
        Plan::And(parts) => parts.iter().filter_map(last_frame).min(),
        // What matches one of the parts matches.
        Plan::Or(parts) | Plan::Xor(parts) => {
            parts.iter().map(last_frame).try_fold(0, |last, part| Some(last.max(part?)))
        }
        Plan::Compare { how: How::Any | How::All, is, left, right } if is_number(left) => {
            let number = value(right)?;
            let last = match is {
                Is::Equal | Is::LessOrEqual => number,
                Is::Less => number - 1,
                Is::Unequal | Is::Greater | Is::GreaterOrEqual => return None,
            };
            u32::try_from(last.max(0)).ok()
        }
        Plan::Member { not: false, left, set, .. } if is_number(left) => {
            let mut last = set.iter().map(|(low, high)| value(high.as_ref().unwrap_or(low)));
            let last = last.try_fold(0, |last, number| Some(last.max(number?)))?;
            u32::try_from(last).ok()
        }
        _ => None,
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Field(source) if source.field.id == frame::NUMBER.id)
}

fn value(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Value(Val::Number(number)) => Some(*number),
        _ => None,
    }
}
