//! A filter made ready: fields found, types checked, values of the filter's text read once and for all.

use super::ast::Range;
use dissectors::{Field, Kind, Wants, column};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A condition made ready.
pub(super) enum Plan {
    Or(Vec<Plan>),
    Xor(Vec<Plan>),
    And(Vec<Plan>),
    Not(Box<Plan>),
    /// There is such a value.
    Exists(Expr),
    /// There is such a value and it is not zero.
    NotZero(Expr),
    Compare {
        how: How,
        is: Is,
        left: Expr,
        right: Expr,
    },
    /// The bytes occur in the value.
    Contains {
        how: How,
        left: Expr,
        finder: Box<Finder<'static>>,
    },
    /// The value of another field occurs in it.
    ContainsValue {
        how: How,
        left: Expr,
        right: Expr,
    },
    Matches {
        how: How,
        left: Expr,
        regex: Box<regex::bytes::Regex>,
    },
    Member {
        how: How,
        not: bool,
        left: Expr,
        set: Vec<(Expr, Option<Expr>)>,
    },
}

/// How many of several values must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Any,
    All,
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
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

impl Is {
    /// Whether two values that are in this order compare so.
    #[must_use]
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Is::Equal => ordering.is_eq(),
            Is::Unequal => ordering.is_ne(),
            Is::Less => ordering.is_lt(),
            Is::LessOrEqual => ordering.is_le(),
            Is::Greater => ordering.is_gt(),
            Is::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// What yields values, several or none.
pub(super) enum Expr {
    Value(Val<'static>),
    Field(Source),
    Slice { inner: Box<Expr>, ranges: Vec<Range>, of_text: bool },
    Negative(Box<Expr>),
    Arithmetic(super::ast::Operation, Box<Expr>, Box<Expr>),
    Call(super::function::Function, Vec<Expr>),
}

/// The values of a field.
pub(super) struct Source {
    pub(super) field: &'static Field,
    pub(super) form: Form,
    /// Only those in these layers of its protocol.
    pub(super) layers: Vec<Range>,
}

/// What of a field is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its value; of a protocol, its own bytes.
    Own,
    /// The bytes it was read from.
    Raw,
    /// A protocol's bytes with all that it carries.
    Reach,
    /// The bytes of an address.
    Bytes,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    /// A number; a boolean as 0 or 1, a time or a duration in nanoseconds.
    Number(i128),
    /// An address, and which of its bits count.
    Address(u128, u128),
    /// Text or bytes.
    Bytes(Cow<'a, [u8]>),
}

impl Val<'_> {
    /// How it compares with another of its kind.
    pub(super) fn compare(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Val::Number(one), Val::Number(two)) => Some(one.cmp(two)),
            (Val::Address(one, bits), Val::Address(two, more)) => Some((one & bits & more).cmp(&(two & bits & more))),
            (Val::Bytes(one), Val::Bytes(two)) => Some(one.cmp(two)),
            _ => None,
        }
    }

    /// Whether it is anything but zero.
    pub(super) fn is_not_zero(&self) -> bool {
        match self {
            Val::Number(number) => *number != 0,
            Val::Address(address, bits) => address & bits != 0,
            Val::Bytes(bytes) => bytes.iter().any(|&byte| byte != 0),
        }
    }
}

impl Plan {
    /// Adds what must hold for it to hold: itself, or its parts.
    pub(super) fn split(self, all: &mut Vec<Plan>) {
        match self {
            Plan::And(parts) => parts.into_iter().for_each(|part| part.split(all)),
            other => all.push(other),
        }
    }

    /// Adds the fields that it looks at.
    pub(super) fn want(&self, wants: &mut Wants) {
        match self {
            Plan::Or(parts) | Plan::Xor(parts) | Plan::And(parts) => parts.iter().for_each(|part| part.want(wants)),
            Plan::Not(inner) => inner.want(wants),
            Plan::Exists(expr) | Plan::NotZero(expr) => expr.want(wants),
            Plan::Contains { left, .. } | Plan::Matches { left, .. } => left.want(wants),
            Plan::Compare { left, right, .. } | Plan::ContainsValue { left, right, .. } => {
                left.want(wants);
                right.want(wants);
            }
            Plan::Member { left, set, .. } => {
                left.want(wants);
                for (low, high) in set {
                    low.want(wants);
                    high.iter().for_each(|high| high.want(wants));
                }
            }
        }
    }
}

impl Plan {
    /// Whether it needs no more than the values of fields for which `is_known` holds: neither the bytes they were read
    /// from nor their places.
    pub(super) fn leans_on(&self, is_known: &dyn Fn(&Field) -> bool) -> bool {
        match self {
            Plan::Or(parts) | Plan::Xor(parts) | Plan::And(parts) => parts.iter().all(|part| part.leans_on(is_known)),
            Plan::Not(inner) => inner.leans_on(is_known),
            // Of a protocol it is known that it is there.
            Plan::Exists(Expr::Field(source)) => source.is_plain() && is_known(source.field),
            Plan::Exists(expr) | Plan::NotZero(expr) => expr.leans_on(is_known),
            Plan::Contains { left, .. } | Plan::Matches { left, .. } => left.leans_on(is_known),
            Plan::Compare { left, right, .. } | Plan::ContainsValue { left, right, .. } => {
                left.leans_on(is_known) && right.leans_on(is_known)
            }
            Plan::Member { left, set, .. } => {
                let mut members = set.iter().flat_map(|(low, high)| std::iter::once(low).chain(high));
                left.leans_on(is_known) && members.all(|member| member.leans_on(is_known))
            }
        }
    }
}

impl Source {
    fn is_plain(&self) -> bool {
        self.form == Form::Own && self.layers.is_empty()
    }
}

impl Expr {
    fn leans_on(&self, is_known: &dyn Fn(&Field) -> bool) -> bool {
        match self {
            Expr::Value(_) => true,
            Expr::Field(source) => source.is_plain() && source.field.kind != Kind::Protocol && is_known(source.field),
            Expr::Slice { inner, .. } | Expr::Negative(inner) => inner.leans_on(is_known),
            Expr::Arithmetic(_, left, right) => left.leans_on(is_known) && right.leans_on(is_known),
            Expr::Call(_, arguments) => arguments.iter().all(|argument| argument.leans_on(is_known)),
        }
    }
}

impl Expr {
    pub(super) fn want(&self, wants: &mut Wants) {
        match self {
            Expr::Value(_) => {}
            Expr::Field(source) => source.want(wants),
            Expr::Slice { inner, .. } | Expr::Negative(inner) => inner.want(wants),
            Expr::Arithmetic(_, left, right) => {
                left.want(wants);
                right.want(wants);
            }
            Expr::Call(_, arguments) => arguments.iter().for_each(|argument| argument.want(wants)),
        }
    }
}

impl Source {
    fn want(&self, wants: &mut Wants) {
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
