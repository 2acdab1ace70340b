//! Wireshark's display filter language: which frames are meant.
//!
//! A filter is read ([`ast`]), its short words are replaced, its types are checked, and it is made ready before the
//! first frame: what is wrong with it is told with the characters that are wrong. Whether a frame matches then takes no
//! more than the fields that the filter [wants](Filter::wants).

pub mod ast;
mod bound;
mod check;
mod eval;
mod fault;
mod function;
mod kind;
mod lex;
mod literal;
mod moment;
mod operand;
mod parse;
mod pattern;
mod plan;
mod print;
mod sugar;
#[cfg(test)]
mod tests;
mod trap;

use ast::Condition;
use dissectors::{Tree, Wants};
pub use fault::{Fault, Shown};
use plan::Plan;
pub use sugar::{Meaning, SUGAR, Sugar};

/// A filter made ready. An empty one matches every frame.
pub struct Filter {
    plan: Option<Plan>,
    warnings: Vec<Fault>,
}

impl Filter {
    /// Reads and checks a filter.
    pub fn new(filter: &str) -> Result<Filter, Fault> {
        let parsed = parse::parse(filter)?;
        let mut warnings = parsed.remarks;
        let condition = parsed.condition.map(sugar::expand).transpose()?;
        let plan = condition.as_ref().map(check::check).transpose()?;
        if let Some(condition) = &condition {
            trap::warn(condition, &mut warnings);
        }
        Ok(Filter { plan, warnings })
    }

    /// What is allowed and most likely not meant.
    #[must_use]
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// The fields that must be recorded for it, and nothing else.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        if let Some(plan) = &self.plan {
            plan.want(&mut wants);
        }
        wants
    }

    /// Whether it matches a frame of which this was found.
    #[must_use]
    pub fn matches(&self, tree: &Tree) -> bool {
        self.plan.as_ref().is_none_or(|plan| plan.holds(tree))
    }

    /// The number of the last frame that can match, if that is known beforehand.
    #[must_use]
    pub fn last_frame(&self) -> Option<u32> {
        self.plan.as_ref().and_then(bound::last_frame)
    }
}

/// Reads a filter and prints it as it was understood; none if it is empty.
pub fn parse(filter: &str) -> Result<Option<Condition>, Fault> {
    parse::parse(filter).map(|parsed| parsed.condition)
}
