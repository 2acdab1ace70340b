//! Whether a frame matches.

use super::ast::{Operation, Range};
use super::plan::{Expr, Form, How, Is, Plan, Source, Val};
use dissectors::tree::Node;
use dissectors::{Tree, Value};
use memchr::memmem;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// As many values of each side as arithmetic looks at; a frame of more is not met.
const MOST_VALUES: usize = 256;

/// Told of each value; may ask for no more.
type Visit<'v, 't> = &'v mut dyn FnMut(Val<'t>) -> ControlFlow<()>;

impl Plan {
    /// Whether it holds for what a frame says.
    pub(super) fn holds(&self, tree: &Tree) -> bool {
        match self {
            Plan::Or(parts) => parts.iter().any(|part| part.holds(tree)),
            Plan::Xor(parts) => parts.iter().fold(false, |odd, part| odd ^ part.holds(tree)),
            Plan::And(parts) => parts.iter().all(|part| part.holds(tree)),
            Plan::Not(inner) => !inner.holds(tree),
            Plan::Exists(Expr::Field(source)) if source.layers.is_empty() && source.form == Form::Own => {
                tree.nodes().iter().any(|node| node.field.id == source.field.id)
            }
            Plan::Exists(expr) => expr.any(tree, |_| true),
            Plan::NotZero(expr) => expr.any(tree, |value| value.is_not_zero()),
            Plan::Compare { how, is, left, right: Expr::Value(right) } => {
                left.so(*how, tree, |value| holds(*is, &value, right))
            }
            Plan::Compare { how: How::Any, is, left, right } => {
                left.any(tree, |one| right.any(tree, |two| holds(*is, &one, &two)))
            }
            Plan::Compare { how: How::All, is, left, right } => {
                left.so(How::All, tree, |one| right.so(How::All, tree, |two| holds(*is, &one, &two)))
            }
            Plan::Contains { how, left, finder } => left.so(*how, tree, |value| match value {
                Val::Bytes(bytes) => !finder.needle().is_empty() && finder.find(&bytes).is_some(),
                _ => false,
            }),
            Plan::ContainsValue { how, left, right } => left.so(*how, tree, |one| {
                right.so(*how, tree, |two| match (&one, &two) {
                    (Val::Bytes(one), Val::Bytes(two)) => !two.is_empty() && memmem::find(one, two).is_some(),
                    _ => false,
                })
            }),
            Plan::Matches { how, left, regex } => left.so(*how, tree, |value| match value {
                Val::Bytes(bytes) => regex.is_match(&bytes),
                _ => false,
            }),
            Plan::Member { how, not, left, set } => {
                let inside = |value: &Val<'_>| set.iter().any(|item| is_in(value, item, tree));
                left.so(*how, tree, |value| inside(&value) != *not)
            }
        }
    }
}

fn holds(is: Is, one: &Val<'_>, two: &Val<'_>) -> bool {
    one.compare(two).is_some_and(|ordering| is.holds(ordering))
}

fn is_in(value: &Val<'_>, (low, high): &(Expr, Option<Expr>), tree: &Tree) -> bool {
    match high {
        None => low.any(tree, |low| holds(Is::Equal, value, &low)),
        Some(high) => {
            low.any(tree, |low| holds(Is::GreaterOrEqual, value, &low))
                && high.any(tree, |high| holds(Is::LessOrEqual, value, &high))
        }
    }
}

impl Expr {
    /// Whether so many of its values are so.
    fn so<'t>(&'t self, how: How, tree: &'t Tree, mut so: impl FnMut(Val<'t>) -> bool) -> bool {
        match how {
            How::Any => self.any(tree, so),
            How::All => {
                let mut some = false;
                let all = self.each(tree, &mut |value| {
                    some = true;
                    if so(value) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                some && all.is_continue()
            }
        }
    }

    /// Whether any of its values is so.
    fn any<'t>(&'t self, tree: &'t Tree, mut so: impl FnMut(Val<'t>) -> bool) -> bool {
        let until = self.each(tree, &mut |value| match so(value) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        until.is_break()
    }

    /// Visits its values, until no more are asked for.
    pub(super) fn each<'t>(&'t self, tree: &'t Tree, visit: Visit<'_, 't>) -> ControlFlow<()> {
        match self {
            Expr::Value(value) => visit(value.clone()),
            Expr::Field(source) => source.each(tree, &mut |node| visit(source.value(node, tree))),
            Expr::Slice { inner, ranges, of_text } => inner.each(tree, &mut |value| match value {
                Val::Bytes(bytes) => match slice(bytes, ranges, *of_text) {
                    Some(bytes) => visit(Val::Bytes(bytes)),
                    None => ControlFlow::Continue(()),
                },
                _ => ControlFlow::Continue(()),
            }),
            Expr::Negative(inner) => inner.each(tree, &mut |value| match value {
                Val::Number(number) => visit(Val::Number(number.saturating_neg())),
                _ => ControlFlow::Continue(()),
            }),
            Expr::Arithmetic(operation, left, right) => {
                let (left, right) = (left.distinct(tree), right.distinct(tree));
                left.iter().try_for_each(|one| {
                    right.iter().try_for_each(|two| match arithmetic(*operation, one, two) {
                        Some(value) => visit(value),
                        None => ControlFlow::Continue(()),
                    })
                })
            }
            Expr::Call(function, arguments) => function.each(arguments, tree, visit),
        }
    }
}

impl Expr {
    /// Its values, each once, and no more than are looked at: with a field of two values a sum of them would have twice
    /// as many for every term.
    fn distinct<'t>(&'t self, tree: &'t Tree) -> Vec<Val<'t>> {
        let mut values: Vec<Val<'t>> = Vec::new();
        let _ = self.each(tree, &mut |value| {
            if !values.iter().any(|other| other.compare(&value) == Some(Ordering::Equal)) {
                values.push(value);
            }
            if values.len() < MOST_VALUES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        values
    }
}

impl Source {
    /// Visits its nodes, until no more are asked for.
    pub(super) fn each<'t>(
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
            let meant = node.field.id == self.field.id && self.layers.iter().any(|range| covers(range, layer, layers));
            if meant { visit(node) } else { ControlFlow::Continue(()) }
        })
    }

    /// What is meant of a node.
    fn value<'t>(&self, node: &'t Node, tree: &'t Tree) -> Val<'t> {
        let bytes = |slice| Val::Bytes(Cow::Borrowed(tree.bytes(slice)));
        match (self.form, &node.value) {
            (Form::Raw, _) => bytes(node.span),
            (Form::Own, Value::Bytes(_)) if node.field.kind == dissectors::Kind::Protocol => bytes(node.span),
            (_, Value::Text(slice) | Value::Bytes(slice)) => bytes(*slice),
            (Form::Bytes, Value::Ipv4(address)) => Val::Bytes(Cow::Borrowed(address)),
            (Form::Bytes, Value::Ipv6(address)) => Val::Bytes(Cow::Borrowed(address)),
            (_, Value::Ipv4(address)) => Val::Address(u32::from_be_bytes(*address).into(), u32::MAX.into()),
            (_, Value::Ipv6(address)) => Val::Address(u128::from_be_bytes(*address), u128::MAX),
            (_, Value::Ether(address)) => Val::Bytes(Cow::Borrowed(address)),
            (_, Value::Present) => Val::Number(1),
            (_, Value::Bool(yes)) => Val::Number((*yes).into()),
            (_, Value::Uint(number)) => Val::Number((*number).into()),
            (_, Value::Int(number) | Value::Time(number) | Value::Duration(number)) => Val::Number((*number).into()),
        }
    }
}

/// Whether a place, counted from 1, lies in a range of places of which there are `many`.
fn covers(range: &Range, place: usize, many: usize) -> bool {
    let (place, many) = (place as i64, many as i64);
    let at = |place: i32| if place < 0 { many + 1 + i64::from(place) } else { place.into() };
    match *range {
        Range::At(only) => place == at(only),
        Range::Length(from, length) => (at(from)..at(from) + i64::from(length)).contains(&place),
        Range::To(from, to) => (at(from)..=at(to)).contains(&place),
        Range::From(from) => place >= at(from),
    }
}

/// The parts of some bytes, or characters, one after the other; none if one of them lies outside.
fn slice<'t>(bytes: Cow<'t, [u8]>, ranges: &[Range], of_text: bool) -> Option<Cow<'t, [u8]>> {
    let ends: Option<Vec<usize>> = match std::str::from_utf8(&bytes) {
        Ok(text) if of_text && !text.is_ascii() => {
            Some(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
        }
        _ => None,
    };
    let many = ends.as_ref().map_or(bytes.len(), |ends| ends.len() - 1);
    let part = |range: &Range| {
        let (from, to) = places(range, many)?;
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

/// Where a range begins and ends in a row of `many`; none if it does not lie in it.
fn places(range: &Range, many: usize) -> Option<(usize, usize)> {
    let count = i64::try_from(many).ok()?;
    let at = |place: i32| if place < 0 { count + i64::from(place) } else { place.into() };
    let (from, to) = match *range {
        Range::At(place) => (at(place), at(place) + 1),
        Range::Length(from, length) => (at(from), at(from) + i64::from(length)),
        Range::To(from, to) => (at(from), at(to) + 1),
        Range::From(from) => (at(from), count),
    };
    let inside = from >= 0 && from < to && to <= count;
    inside.then_some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
}

/// Two values as one; none where the one cannot be made, as with a division by zero.
fn arithmetic(operation: Operation, one: &Val<'_>, two: &Val<'_>) -> Option<Val<'static>> {
    Some(match (one, two) {
        (Val::Number(one), Val::Number(two)) => Val::Number(match operation {
            Operation::Add => one.checked_add(*two)?,
            Operation::Subtract => one.checked_sub(*two)?,
            Operation::Multiply => one.checked_mul(*two)?,
            Operation::Divide => one.checked_div(*two)?,
            Operation::Remainder => one.checked_rem(*two)?,
            Operation::And => one & two,
        }),
        (Val::Address(one, bits), Val::Address(two, more)) if operation == Operation::And => {
            Val::Address(one & two, bits & more)
        }
        (Val::Bytes(one), Val::Bytes(two)) if operation == Operation::And && one.len() == two.len() => {
            Val::Bytes(one.iter().zip(two.iter()).map(|(one, two)| one & two).collect())
        }
        _ => return None,
    })
}
