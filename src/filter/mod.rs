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
mod measure;
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
use dissectors::{Field, Tree, Wants};
pub use fault::{Fault, Shown};
pub use measure::Measure;
pub use plan::Is;
use plan::Plan;
pub use sugar::{Meaning, SUGAR, Sugar};

/// Whether a filter is one of alternatives at its outermost, and so is put into parentheses before something is joined to
/// it by `and`. What is no filter is not.
#[must_use]
pub fn is_loose(filter: &str) -> bool {
    let parsed = parse::parse(filter).ok().and_then(|parsed| parsed.condition);
    matches!(parsed, Some(Condition::Or(_) | Condition::Xor(_)))
}

/// A filter made ready. An empty one matches every frame.
pub struct Filter {
    /// All of them must hold.
    parts: Vec<Plan>,
    /// So many of them come first that need no more than what is known early of a frame.
    early: usize,
    warnings: Vec<Fault>,
    warnings_of_frames: Vec<Fault>,
    unread: Option<Fault>,
}

impl Filter {
    /// Reads and checks a filter.
    pub fn new(filter: &str) -> Result<Filter, Fault> {
        let parsed = parse::parse(filter)?;
        let (mut warnings, mut warnings_of_frames) = (parsed.remarks, Vec::new());
        let condition = parsed.condition.map(sugar::expand);
        let plan = condition.as_ref().map(check::check).transpose()?;
        let mut unread = Vec::new();
        if let Some(condition) = &condition {
            trap::unread(condition, &mut unread);
            trap::warn(condition, &mut warnings);
            trap::warn_of_frames(condition, filter, &mut warnings_of_frames);
        }
        let names = unread.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let unread = unread.first().map(|&(_, span)| {
            let message =
                |severity| format!("{severity}overhear does not read these protocols, so no frame has them: {names}");
            warnings.push(Fault::new(span, message("warning: ")));
            Fault::new(span, message(""))
        });
        let mut parts = Vec::new();
        plan.into_iter().for_each(|plan| plan.split(&mut parts));
        Ok(Filter { parts, early: 0, warnings, warnings_of_frames, unread })
    }

    /// Reads and checks a filter whose protocols must all be read: what tests for another says nothing of a capture.
    pub fn new_strict(filter: &str) -> Result<Filter, Fault> {
        let filter = Filter::new(filter)?;
        filter.unread.clone().map_or(Ok(filter), Err)
    }

    /// The same filter, which asks first for what is known early of a frame: the fields of which `is_early` is true have
    /// all their values then.
    #[must_use]
    pub fn asking_first(mut self, is_early: impl Fn(&Field) -> bool) -> Filter {
        let late: Vec<_> = dissectors::fields().filter(|field| !is_early(field)).collect();
        let is_late = |part: &Plan| {
            let mut wants = Wants::default();
            part.want(&mut wants);
            wants.columns || late.iter().any(|field| wants.field(field))
        };
        self.parts.sort_by_cached_key(is_late);
        self.early = self.parts.iter().filter(|part| !is_late(part)).count();
        self
    }

    /// The same filter, which asks first what can be told by the values of known fields alone. Whether that is all of it,
    /// or anything, is said by [`knows_all`](Filter::knows_all) and [`knows_some`](Filter::knows_some).
    #[must_use]
    pub fn knowing(mut self, is_known: impl Fn(&Field) -> bool) -> Filter {
        self.parts.sort_by_cached_key(|part| !part.leans_on(&is_known));
        self.early = self.parts.iter().filter(|part| part.leans_on(&is_known)).count();
        self
    }

    /// Whether what is asked first is all that is asked.
    #[must_use]
    pub fn knows_all(&self) -> bool {
        self.early == self.parts.len()
    }

    /// Whether anything is asked first.
    #[must_use]
    pub fn knows_some(&self) -> bool {
        self.early > 0
    }

    /// Whether some frames can be told early not to match, and others cannot.
    #[must_use]
    pub fn decides_early(&self) -> bool {
        (1..self.parts.len()).contains(&self.early)
    }

    /// What is allowed and most likely not meant, whatever is looked at.
    #[must_use]
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// What is allowed and most likely not meant of a frame, and may well be of a request and its answer together.
    #[must_use]
    pub fn warnings_of_frames(&self) -> &[Fault] {
        &self.warnings_of_frames
    }

    /// The fields that must be recorded for it, and nothing else.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.parts.iter().for_each(|part| part.want(&mut wants));
        wants
    }

    /// Whether it matches a frame of which this was found.
    #[must_use]
    pub fn matches(&self, tree: &Tree) -> bool {
        self.parts.iter().all(|part| part.holds(tree))
    }

    /// Whether it may match a frame of which this is known early.
    #[must_use]
    pub fn may_match(&self, tree: &Tree) -> bool {
        self.parts.iter().take(self.early).all(|part| part.holds(tree))
    }

    /// The number of the last frame that can match, if that is known beforehand.
    #[must_use]
    pub fn last_frame(&self) -> Option<u32> {
        self.parts.iter().filter_map(bound::last_frame).min()
    }
}

/// Reads a filter and prints it as it was understood; none if it is empty.
pub fn parse(filter: &str) -> Result<Option<Condition>, Fault> {
    parse::parse(filter).map(|parsed| parsed.condition)
}
