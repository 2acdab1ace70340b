//! Evaluates a compiled filter on the detail tree of a frame.

use super::ast::{IndexRange, Operation};
use super::plan::{Comparison, Expr, FieldRef, FilterPlan, FilterValue, ValueForm, ValueQuantifier};
use dissectors::tree::Node;
use dissectors::{Tree, Value};
use memchr::memmem;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// Highest number of values of each side that arithmetic uses. Real frames have fewer.
const MAX_VALUES: usize = 256;

/// Called for each value; a break stops the visit.
type ValueVisitor<'v, 't> = &'v mut dyn FnMut(FilterValue<'t>) -> ControlFlow<()>;

impl FilterPlan {
    /// Returns whether the condition holds for the tree of a frame.
    pub(super) fn holds(&self, tree: &Tree) -> bool {
        match self {
            FilterPlan::Or(parts) => parts.iter().any(|part| part.holds(tree)),
            FilterPlan::Xor(parts) => parts.iter().fold(false, |odd, part| odd ^ part.holds(tree)),
            FilterPlan::And(parts) => parts.iter().all(|part| part.holds(tree)),
            FilterPlan::Not(inner) => !inner.holds(tree),
            FilterPlan::Exists(Expr::Field(source)) if source.layers.is_empty() && source.form == ValueForm::Own => {
                tree.nodes().iter().any(|node| node.field.id == source.field.id)
            }
            FilterPlan::Exists(expr) => expr.any(tree, |_| true),
            FilterPlan::NotZero(expr) => expr.any(tree, |value| value.is_not_zero()),
            FilterPlan::Compare { quantifier, comparison, left, right: Expr::Value(right) } => {
                left.satisfies(*quantifier, tree, |value| holds(*comparison, &value, right))
            }
            FilterPlan::Compare { quantifier: ValueQuantifier::Any, comparison, left, right } => {
                left.any(tree, |one| right.any(tree, |two| holds(*comparison, &one, &two)))
            }
            FilterPlan::Compare { quantifier: ValueQuantifier::All, comparison, left, right } => {
                left.satisfies(ValueQuantifier::All, tree, |one| {
                    right.satisfies(ValueQuantifier::All, tree, |two| holds(*comparison, &one, &two))
                })
            }
            FilterPlan::Contains { quantifier, left, finder } => {
                left.satisfies(*quantifier, tree, |value| match value {
                    FilterValue::Bytes(bytes) => !finder.needle().is_empty() && finder.find(&bytes).is_some(),
                    _ => false,
                })
            }
            FilterPlan::ContainsValue { quantifier, left, right } => left.satisfies(*quantifier, tree, |one| {
                right.satisfies(*quantifier, tree, |two| match (&one, &two) {
                    (FilterValue::Bytes(one), FilterValue::Bytes(two)) => {
                        !two.is_empty() && memmem::find(one, two).is_some()
                    }
                    _ => false,
                })
            }),
            FilterPlan::Matches { quantifier, left, regex } => left.satisfies(*quantifier, tree, |value| match value {
                FilterValue::Bytes(bytes) => regex.is_match(&bytes),
                _ => false,
            }),
            FilterPlan::Member { quantifier, not, left, set } => {
                let is_member = |value: &FilterValue<'_>| set.iter().any(|item| matches_item(value, item, tree));
                left.satisfies(*quantifier, tree, |value| is_member(&value) != *not)
            }
        }
    }
}

fn holds(comparison: Comparison, one: &FilterValue<'_>, two: &FilterValue<'_>) -> bool {
    one.compare(two).is_some_and(|ordering| comparison.holds(ordering))
}

fn matches_item(value: &FilterValue<'_>, (low, high): &(Expr, Option<Expr>), tree: &Tree) -> bool {
    match high {
        None => low.any(tree, |low| holds(Comparison::Equal, value, &low)),
        Some(high) => {
            low.any(tree, |low| holds(Comparison::GreaterOrEqual, value, &low))
                && high.any(tree, |high| holds(Comparison::LessOrEqual, value, &high))
        }
    }
}

impl Expr {
    /// Returns whether as many values as the quantifier requires satisfy the test.
    fn satisfies<'t>(
        &'t self,
        quantifier: ValueQuantifier,
        tree: &'t Tree,
        mut test: impl FnMut(FilterValue<'t>) -> bool,
    ) -> bool {
        match quantifier {
            ValueQuantifier::Any => self.any(tree, test),
            ValueQuantifier::All => {
                let mut has_values = false;
                let all = self.visit_values(tree, &mut |value| {
                    has_values = true;
                    if test(value) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                has_values && all.is_continue()
            }
        }
    }

    /// Returns whether any value satisfies the test.
    fn any<'t>(&'t self, tree: &'t Tree, mut test: impl FnMut(FilterValue<'t>) -> bool) -> bool {
        let search = self.visit_values(tree, &mut |value| match test(value) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        search.is_break()
    }

    /// Visits the values until the visitor breaks.
    pub(super) fn visit_values<'t>(&'t self, tree: &'t Tree, visit: ValueVisitor<'_, 't>) -> ControlFlow<()> {
        match self {
            Expr::Value(value) => visit(value.clone()),
            Expr::Field(source) => source.visit_nodes(tree, &mut |node| visit(source.value(node, tree))),
            Expr::Slice { inner, ranges, of_text } => inner.visit_values(tree, &mut |value| match value {
                FilterValue::Bytes(bytes) => match slice(bytes, ranges, *of_text) {
                    Some(bytes) => visit(FilterValue::Bytes(bytes)),
                    None => ControlFlow::Continue(()),
                },
                _ => ControlFlow::Continue(()),
            }),
            Expr::Negative(inner) => inner.visit_values(tree, &mut |value| match value {
                FilterValue::Number(number) => visit(FilterValue::Number(number.saturating_neg())),
                _ => ControlFlow::Continue(()),
            }),
            Expr::Arithmetic(operation, left, right) => {
                let (left, right) = (left.distinct_values(tree), right.distinct_values(tree));
                left.iter().try_for_each(|one| {
                    right.iter().try_for_each(|two| match arithmetic(*operation, one, two) {
                        Some(value) => visit(value),
                        None => ControlFlow::Continue(()),
                    })
                })
            }
            Expr::Call(function, arguments) => function.visit_results(arguments, tree, visit),
        }
    }
}

impl Expr {
    /// Returns the distinct values, at most [`MAX_VALUES`]. Without deduplication, each term of a sum over a field with
    /// two values would double the number of results.
    fn distinct_values<'t>(&'t self, tree: &'t Tree) -> Vec<FilterValue<'t>> {
        let mut values: Vec<FilterValue<'t>> = Vec::new();
        let _ = self.visit_values(tree, &mut |value| {
            if !values.iter().any(|other| other.compare(&value) == Some(Ordering::Equal)) {
                values.push(value);
            }
            if values.len() < MAX_VALUES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        values
    }
}

impl FieldRef {
    /// Visits the nodes of the field until the visitor breaks.
    pub(super) fn visit_nodes<'t>(
        &self,
        tree: &'t Tree,
        visit: &mut dyn FnMut(&'t Node) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.layers.is_empty() {
            return tree.nodes().iter().filter(|node| node.field.id == self.field.id).try_for_each(visit);
        }
        let layers = tree.nodes().iter().filter(|node| node.field.id == self.field.protocol).count();
        let mut layer = 0;
        tree.nodes().iter().try_for_each(|node| {
            layer += usize::from(node.field.id == self.field.protocol);
            let selected =
                node.field.id == self.field.id && self.layers.iter().any(|range| includes_index(range, layer, layers));
            if selected { visit(node) } else { ControlFlow::Continue(()) }
        })
    }

    /// Returns the value of a node in the selected form.
    fn value<'t>(&self, node: &'t Node, tree: &'t Tree) -> FilterValue<'t> {
        let bytes = |slice| FilterValue::Bytes(Cow::Borrowed(tree.bytes(slice)));
        match (self.form, &node.value) {
            (ValueForm::Raw, _) => bytes(node.span),
            (ValueForm::Own, Value::Bytes(_)) if node.field.kind == dissectors::FieldKind::Protocol => bytes(node.span),
            (_, Value::Text(slice) | Value::Bytes(slice)) => bytes(*slice),
            (ValueForm::AddressBytes, Value::Ipv4(address)) => FilterValue::Bytes(Cow::Borrowed(address)),
            (ValueForm::AddressBytes, Value::Ipv6(address)) => FilterValue::Bytes(Cow::Borrowed(address)),
            (_, Value::Ipv4(address)) => FilterValue::Address(u32::from_be_bytes(*address).into(), u32::MAX.into()),
            (_, Value::Ipv6(address)) => FilterValue::Address(u128::from_be_bytes(*address), u128::MAX),
            (_, Value::Ether(address)) => FilterValue::Bytes(Cow::Borrowed(address)),
            (_, Value::Present) => FilterValue::Number(1),
            (_, Value::Bool(yes)) => FilterValue::Number((*yes).into()),
            (_, Value::Uint(number)) => FilterValue::Number((*number).into()),
            (_, Value::Int(number) | Value::Time(number) | Value::Duration(number) | Value::Decimal(number)) => {
                FilterValue::Number((*number).into())
            }
        }
    }
}

/// Returns whether a range includes the index, counted from 1, of `count` items.
fn includes_index(range: &IndexRange, index: usize, count: usize) -> bool {
    let (index, count) = (index as i64, count as i64);
    let resolve = |index: i32| if index < 0 { count + 1 + i64::from(index) } else { index.into() };
    match *range {
        IndexRange::Single(only) => index == resolve(only),
        IndexRange::Length(from, length) => (resolve(from)..resolve(from) + i64::from(length)).contains(&index),
        IndexRange::To(from, to) => (resolve(from)..=resolve(to)).contains(&index),
        IndexRange::From(from) => index >= resolve(from),
    }
}

/// Returns the concatenated slices of bytes, or of characters; none if a range is out of bounds.
fn slice<'t>(bytes: Cow<'t, [u8]>, ranges: &[IndexRange], of_text: bool) -> Option<Cow<'t, [u8]>> {
    let ends: Option<Vec<usize>> = match std::str::from_utf8(&bytes) {
        Ok(text) if of_text && !text.is_ascii() => {
            Some(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
        }
        _ => None,
    };
    let count = ends.as_ref().map_or(bytes.len(), |ends| ends.len() - 1);
    let part = |range: &IndexRange| {
        let (from, to) = resolve_range(range, count)?;
        match &ends {
            None => Some((from, to)),
            Some(ends) => Some((*ends.get(from)?, *ends.get(to)?)),
        }
    };
    if let [only] = ranges {
        let (from, to) = part(only)?;
        return match bytes {
            Cow::Borrowed(bytes) => bytes.get(from..to).map(Cow::Borrowed),
            Cow::Owned(bytes) => bytes.get(from..to).map(|part| Cow::Owned(part.to_vec())),
        };
    }
    let mut all = Vec::new();
    for range in ranges {
        let (from, to) = part(range)?;
        all.extend_from_slice(bytes.get(from..to)?);
    }
    Some(Cow::Owned(all))
}

/// Returns the start and the end (excluded) of a range in `count` items; none if it is out of bounds.
fn resolve_range(range: &IndexRange, count: usize) -> Option<(usize, usize)> {
    let count = i64::try_from(count).ok()?;
    let resolve = |index: i32| if index < 0 { count + i64::from(index) } else { index.into() };
    let (from, to) = match *range {
        IndexRange::Single(index) => (resolve(index), resolve(index) + 1),
        IndexRange::Length(from, length) => (resolve(from), resolve(from) + i64::from(length)),
        IndexRange::To(from, to) => (resolve(from), resolve(to) + 1),
        IndexRange::From(from) => (resolve(from), count),
    };
    let in_bounds = from >= 0 && from < to && to <= count;
    in_bounds.then_some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
}

/// Returns the result of an operation; none if there is no result, as for a division by zero.
fn arithmetic(operation: Operation, one: &FilterValue<'_>, two: &FilterValue<'_>) -> Option<FilterValue<'static>> {
    Some(match (one, two) {
        (FilterValue::Number(one), FilterValue::Number(two)) => FilterValue::Number(match operation {
            Operation::Add => one.checked_add(*two)?,
            Operation::Subtract => one.checked_sub(*two)?,
            Operation::Multiply => one.checked_mul(*two)?,
            Operation::Divide => one.checked_div(*two)?,
            Operation::Remainder => one.checked_rem(*two)?,
            Operation::And => one & two,
        }),
        (FilterValue::Address(one, bits), FilterValue::Address(two, more)) if operation == Operation::And => {
            FilterValue::Address(one & two, bits & more)
        }
        (FilterValue::Bytes(one), FilterValue::Bytes(two)) if operation == Operation::And && one.len() == two.len() => {
            FilterValue::Bytes(one.iter().zip(two.iter()).map(|(one, two)| one & two).collect())
        }
        _ => return None,
    })
}
