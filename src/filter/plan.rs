//! Compiled filters: fields resolved, types checked, literals parsed.

use super::ast::IndexRange;
use dissectors::{Field, FieldKind, Wants, column};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A compiled condition.
pub(super) enum FilterPlan {
    Or(Vec<FilterPlan>),
    Xor(Vec<FilterPlan>),
    And(Vec<FilterPlan>),
    Not(Box<FilterPlan>),
    /// At least one value exists.
    Exists(Expr),
    /// At least one value is not zero.
    NotZero(Expr),
    Compare {
        quantifier: ValueQuantifier,
        comparison: Comparison,
        left: Expr,
        right: Expr,
    },
    /// The constant bytes occur in a value.
    Contains {
        quantifier: ValueQuantifier,
        left: Expr,
        finder: Box<Finder<'static>>,
    },
    /// A value of the right expression occurs in a value of the left one.
    ContainsValue {
        quantifier: ValueQuantifier,
        left: Expr,
        right: Expr,
    },
    Matches {
        quantifier: ValueQuantifier,
        left: Expr,
        regex: Box<regex::bytes::Regex>,
    },
    Member {
        quantifier: ValueQuantifier,
        not: bool,
        left: Expr,
        set: Vec<(Expr, Option<Expr>)>,
    },
}

/// How many of several values must satisfy a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueQuantifier {
    Any,
    All,
}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`.
    Equal,
    /// `!=`.
    Unequal,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl Comparison {
    /// Returns whether the comparison holds for two values with this ordering.
    #[must_use]
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::Unequal => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// An expression: yields any number of values for a frame.
pub(super) enum Expr {
    Value(FilterValue<'static>),
    Field(FieldRef),
    Slice { inner: Box<Expr>, ranges: Vec<IndexRange>, of_text: bool },
    Negative(Box<Expr>),
    Arithmetic(super::ast::Operation, Box<Expr>, Box<Expr>),
    Call(super::function::Function, Vec<Expr>),
}

/// A reference to a field, and to which of its values.
pub(super) struct FieldRef {
    pub(super) field: &'static Field,
    pub(super) form: ValueForm,
    /// Layers of the field's protocol to select; all if empty.
    pub(super) layers: Vec<IndexRange>,
}

/// Which form of a field's value is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueForm {
    /// The value; for a protocol, the bytes of its header.
    Own,
    /// The bytes it was parsed from.
    Raw,
    /// The bytes of a protocol with its payload.
    WithPayload,
    /// The bytes of an address.
    AddressBytes,
}

/// A value, as a filter compares it.
#[derive(Clone, Debug)]
pub(super) enum FilterValue<'a> {
    /// A number; a Boolean as 0 or 1, a time or a duration in nanoseconds.
    Number(i128),
    /// An address and its network mask.
    Address(u128, u128),
    /// Text or bytes.
    Bytes(Cow<'a, [u8]>),
}

impl FilterValue<'_> {
    /// Compares two values; none if their kinds differ.
    pub(super) fn compare(&self, other: &FilterValue<'_>) -> Option<Ordering> {
        match (self, other) {
            (FilterValue::Number(one), FilterValue::Number(two)) => Some(one.cmp(two)),
            (FilterValue::Address(one, bits), FilterValue::Address(two, more)) => {
                Some((one & bits & more).cmp(&(two & bits & more)))
            }
            (FilterValue::Bytes(one), FilterValue::Bytes(two)) => Some(one.cmp(two)),
            _ => None,
        }
    }

    /// Returns whether the value is not zero.
    pub(super) fn is_not_zero(&self) -> bool {
        match self {
            FilterValue::Number(number) => *number != 0,
            FilterValue::Address(address, bits) => address & bits != 0,
            FilterValue::Bytes(bytes) => bytes.iter().any(|&byte| byte != 0),
        }
    }
}

impl FilterPlan {
    /// Splits a conjunction into the conditions that must all hold, and appends them.
    pub(super) fn split(self, all: &mut Vec<FilterPlan>) {
        match self {
            FilterPlan::And(parts) => parts.into_iter().for_each(|part| part.split(all)),
            other => all.push(other),
        }
    }

    /// Adds the fields that the condition uses.
    pub(super) fn add_wants(&self, wants: &mut Wants) {
        match self {
            FilterPlan::Or(parts) | FilterPlan::Xor(parts) | FilterPlan::And(parts) => {
                parts.iter().for_each(|part| part.add_wants(wants))
            }
            FilterPlan::Not(inner) => inner.add_wants(wants),
            FilterPlan::Exists(expr) | FilterPlan::NotZero(expr) => expr.add_wants(wants),
            FilterPlan::Contains { left, .. } | FilterPlan::Matches { left, .. } => left.add_wants(wants),
            FilterPlan::Compare { left, right, .. } | FilterPlan::ContainsValue { left, right, .. } => {
                left.add_wants(wants);
                right.add_wants(wants);
            }
            FilterPlan::Member { left, set, .. } => {
                left.add_wants(wants);
                for (low, high) in set {
                    low.add_wants(wants);
                    high.iter().for_each(|high| high.add_wants(wants));
                }
            }
        }
    }
}

impl FilterPlan {
    /// Returns whether the condition depends only on the values of fields for which `is_known` is true, and not on their
    /// raw bytes or positions.
    pub(super) fn depends_only_on(&self, is_known: &dyn Fn(&Field) -> bool) -> bool {
        match self {
            FilterPlan::Or(parts) | FilterPlan::Xor(parts) | FilterPlan::And(parts) => {
                parts.iter().all(|part| part.depends_only_on(is_known))
            }
            FilterPlan::Not(inner) => inner.depends_only_on(is_known),
            // The presence of a protocol is known, its bytes are not.
            FilterPlan::Exists(Expr::Field(source)) => source.is_plain() && is_known(source.field),
            FilterPlan::Exists(expr) | FilterPlan::NotZero(expr) => expr.depends_only_on(is_known),
            FilterPlan::Contains { left, .. } | FilterPlan::Matches { left, .. } => left.depends_only_on(is_known),
            FilterPlan::Compare { left, right, .. } | FilterPlan::ContainsValue { left, right, .. } => {
                left.depends_only_on(is_known) && right.depends_only_on(is_known)
            }
            FilterPlan::Member { left, set, .. } => {
                let mut members = set.iter().flat_map(|(low, high)| std::iter::once(low).chain(high));
                left.depends_only_on(is_known) && members.all(|member| member.depends_only_on(is_known))
            }
        }
    }
}

impl FieldRef {
    fn is_plain(&self) -> bool {
        self.form == ValueForm::Own && self.layers.is_empty()
    }
}

impl Expr {
    fn depends_only_on(&self, is_known: &dyn Fn(&Field) -> bool) -> bool {
        match self {
            Expr::Value(_) => true,
            Expr::Field(source) => {
                source.is_plain() && source.field.kind != FieldKind::Protocol && is_known(source.field)
            }
            Expr::Slice { inner, .. } | Expr::Negative(inner) => inner.depends_only_on(is_known),
            Expr::Arithmetic(_, left, right) => left.depends_only_on(is_known) && right.depends_only_on(is_known),
            Expr::Call(_, arguments) => arguments.iter().all(|argument| argument.depends_only_on(is_known)),
        }
    }
}

impl Expr {
    pub(super) fn add_wants(&self, wants: &mut Wants) {
        match self {
            Expr::Value(_) => {}
            Expr::Field(source) => source.add_wants(wants),
            Expr::Slice { inner, .. } | Expr::Negative(inner) => inner.add_wants(wants),
            Expr::Arithmetic(_, left, right) => {
                left.add_wants(wants);
                right.add_wants(wants);
            }
            Expr::Call(_, arguments) => arguments.iter().for_each(|argument| argument.add_wants(wants)),
        }
    }
}

impl FieldRef {
    fn add_wants(&self, wants: &mut Wants) {
        wants.add(self.field);
        if !self.layers.is_empty()
            && let Some(protocol) = dissectors::fields().find(|field| field.id == self.field.protocol)
        {
            wants.add(protocol);
        }
        let of_the_frame = [column::NUMBER.id, column::TIME.id, column::LENGTH.id];
        wants.columns |= self.field.protocol == column::COLUMN.id && !of_the_frame.contains(&self.field.id);
    }
}

pub(super) fn owned_bytes(bytes: Vec<u8>) -> FilterValue<'static> {
    FilterValue::Bytes(Cow::Owned(bytes))
}
