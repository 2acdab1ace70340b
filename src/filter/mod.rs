//! Wireshark's display filter language.
//!
//! A filter is compiled before the first frame: it is parsed ([`ast`]), its aliases are expanded, and its types are
//! checked. An error points at the characters in question. To evaluate a filter on a frame, only the fields that
//! [`Filter::wants`] returns must be recorded.

mod alias;
pub mod ast;
mod capture_syntax;
mod compile;
mod diagnostic;
mod eval;
mod frame_limit;
mod function;
mod kind;
mod lex;
mod literal;
mod numeric;
mod operand;
mod parse;
mod pattern;
mod plan;
mod print;
#[cfg(test)]
mod tests;
mod timestamp;
mod warning;

pub use alias::{ALIASES, AliasWord};
use ast::Condition;
pub use diagnostic::{Diagnostic, DiagnosticDisplay};
use dissectors::{Field, Tree, Wants};
pub use numeric::NumericExpr;
pub use plan::Comparison;
use plan::FilterPlan;

/// Returns whether a filter needs parentheses before a condition is added with `and`: its outermost operator is `or` or
/// `xor`. False for an invalid filter.
#[must_use]
pub fn needs_parentheses(filter: &str) -> bool {
    let parsed = parse::parse(filter).ok().and_then(|parsed| parsed.condition);
    matches!(parsed, Some(Condition::Or(_) | Condition::Xor(_)))
}

/// A compiled filter. An empty filter matches every frame.
pub struct Filter {
    /// Conditions that must all hold.
    parts: Vec<FilterPlan>,
    /// Number of leading parts that use early-known fields only.
    early_parts: usize,
    warnings: Vec<Diagnostic>,
    frame_warnings: Vec<Diagnostic>,
    unread: Option<Diagnostic>,
}

impl Filter {
    /// Parses and compiles a filter.
    pub fn new(filter: &str) -> Result<Filter, Diagnostic> {
        Filter::compile(filter).map_err(|error| capture_syntax::explain(filter, error))
    }

    fn compile(filter: &str) -> Result<Filter, Diagnostic> {
        let parsed = parse::parse(filter)?;
        let (mut warnings, mut frame_warnings) = (parsed.warnings, Vec::new());
        let mut condition = parsed.condition;
        let mut renamed = Vec::new();
        condition.iter_mut().for_each(|condition| alias::rename_old(condition, &mut renamed));
        warnings.extend(warning::old_names(&renamed));
        let condition = condition.map(alias::expand);
        let plan = condition.as_ref().map(compile::compile).transpose()?;
        let mut unread = Vec::new();
        if let Some(condition) = &condition {
            warning::unread(condition, &mut unread);
            warning::warn(condition, &mut warnings);
            warning::warn_about_frames(condition, filter, &mut frame_warnings);
        }
        let names = unread.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let unread = unread.first().map(|&(_, span)| {
            let message =
                |severity| format!("{severity}overhear does not read these protocols, so no frame has them: {names}");
            warnings.push(Diagnostic::new(span, message("warning: ")));
            Diagnostic::new(span, message(""))
        });
        let mut parts = Vec::new();
        plan.into_iter().for_each(|plan| plan.split(&mut parts));
        Ok(Filter { parts, early_parts: 0, warnings, frame_warnings, unread })
    }

    /// Parses a filter whose protocols all have a dissector here: a test for another protocol would have no meaning.
    pub fn new_strict(filter: &str) -> Result<Filter, Diagnostic> {
        let filter = Filter::new(filter)?;
        filter.unread.clone().map_or(Ok(filter), Err)
    }

    /// Reorders the filter: conditions on early-known fields are evaluated first. `is_early` returns whether a field has
    /// all its values early.
    #[must_use]
    pub fn with_early_fields(mut self, is_early: impl Fn(&Field) -> bool) -> Filter {
        let late: Vec<_> = dissectors::fields().filter(|field| !is_early(field)).collect();
        let is_late = |part: &FilterPlan| {
            let mut wants = Wants::default();
            part.add_wants(&mut wants);
            wants.columns || late.iter().any(|field| wants.field(field))
        };
        self.parts.sort_by_cached_key(is_late);
        self.early_parts = self.parts.iter().filter(|part| !is_late(part)).count();
        self
    }

    /// Reorders the filter: conditions that depend on the values of known fields alone are evaluated first.
    /// [`is_all_early`](Filter::is_all_early) and [`has_early`](Filter::has_early) return whether these are all, or any.
    #[must_use]
    pub fn with_known_fields(mut self, is_known: impl Fn(&Field) -> bool) -> Filter {
        self.parts.sort_by_cached_key(|part| !part.depends_only_on(&is_known));
        self.early_parts = self.parts.iter().filter(|part| part.depends_only_on(&is_known)).count();
        self
    }

    /// Returns whether all conditions can be evaluated early.
    #[must_use]
    pub fn is_all_early(&self) -> bool {
        self.early_parts == self.parts.len()
    }

    /// Returns whether any condition can be evaluated early.
    #[must_use]
    pub fn has_early(&self) -> bool {
        self.early_parts > 0
    }

    /// Returns whether some conditions can be evaluated early and others cannot.
    #[must_use]
    pub fn is_partly_early(&self) -> bool {
        (1..self.parts.len()).contains(&self.early_parts)
    }

    /// Returns warnings about valid conditions that are most likely mistakes, for frames and calls alike.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns warnings that apply to a single frame only: a request and its response together may well match.
    #[must_use]
    pub fn frame_warnings(&self) -> &[Diagnostic] {
        &self.frame_warnings
    }

    /// Returns exactly the fields that must be recorded to evaluate the filter.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.parts.iter().for_each(|part| part.add_wants(&mut wants));
        wants
    }

    /// Returns whether the filter matches a frame with this detail tree.
    #[must_use]
    pub fn matches(&self, tree: &Tree) -> bool {
        self.parts.iter().all(|part| part.holds(tree))
    }

    /// Returns whether the filter can still match, given the early-known fields of a frame.
    #[must_use]
    pub fn may_match(&self, tree: &Tree) -> bool {
        self.parts.iter().take(self.early_parts).all(|part| part.holds(tree))
    }

    /// Returns the number of the last frame that can match, if the filter limits it.
    #[must_use]
    pub fn last_frame(&self) -> Option<u32> {
        self.parts.iter().filter_map(frame_limit::last_frame).min()
    }
}

/// Parses a filter into its syntax tree; none if it is empty.
pub fn parse(filter: &str) -> Result<Option<Condition>, Diagnostic> {
    parse::parse(filter).map(|parsed| parsed.condition)
}
