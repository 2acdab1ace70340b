//! Checks the types of a filter and makes it ready: what passes here has an answer for every frame.

use super::ast::{Condition, Item, Operand, Quantifier, Relation, What};
use super::fault::Fault;
use super::kind::{Like, Type};
use super::literal;
use super::operand::{build, like, missing, unread_protocol, word_field};
use super::pattern;
use super::plan::{Expr, Form, How, Is, Plan, Val};

/// Makes a condition ready.
pub(super) fn check(condition: &Condition) -> Result<Plan, Fault> {
    let all = |parts: &[Condition]| parts.iter().map(check).collect::<Result<Vec<_>, _>>();
    Ok(match condition {
        Condition::Or(parts) => Plan::Or(all(parts)?),
        Condition::Xor(parts) => Plan::Xor(all(parts)?),
        Condition::And(parts) => Plan::And(all(parts)?),
        Condition::Not(inner) => Plan::Not(Box::new(check(inner)?)),
        Condition::Test(operand) => test(operand)?,
        Condition::Compare { quantifier, first, rest } => {
            let mut plans = Vec::new();
            let mut left = first;
            for (relation, right) in rest {
                plans.push(relate(*quantifier, left, *relation, right)?);
                left = right;
            }
            match <[Plan; 1]>::try_from(plans) {
                Ok([only]) => only,
                Err(plans) => Plan::And(plans),
            }
        }
        Condition::Member { quantifier, operand, not, set } => member(*quantifier, operand, *not, set)?,
    })
}

/// A condition that is an operand alone.
fn test(operand: &Operand) -> Result<Plan, Fault> {
    match &operand.what {
        What::Word(_) | What::Field { .. } => match word_field(operand)? {
            Some(source) => Ok(Plan::Exists(Expr::Field(source))),
            // No frame has it.
            None if unread_protocol(operand).is_some() => Ok(Plan::Or(Vec::new())),
            None => Err(missing(operand)),
        },
        What::Slice(..) => Ok(Plan::Exists(build(operand, None)?.0)),
        What::Arithmetic(..) => Ok(Plan::NotZero(build(operand, None)?.0)),
        What::Call { .. } => match build(operand, None)? {
            (expr, Like { kind: Type::Bool, .. }) => Ok(Plan::NotZero(expr)),
            _ => Err(Fault::new(operand.span, "a function has a value and is not there or not: compare it")),
        },
        What::Text(_) | What::Char(_) | What::Negative(_) => Err(constant(operand)),
    }
}

fn constant(operand: &Operand) -> Fault {
    Fault::new(operand.span, "this is the same for every frame: a field is missing")
}

fn relate(quantifier: Option<Quantifier>, left: &Operand, relation: Relation, right: &Operand) -> Result<Plan, Fault> {
    let quantified = |default| match quantifier {
        Some(Quantifier::Any) => How::Any,
        Some(Quantifier::All) => How::All,
        None => default,
    };
    let (how, is) = match relation {
        Relation::Contains => return contains(quantified(How::Any), left, right),
        Relation::Matches => return matches(quantified(How::Any), left, right),
        Relation::Equal => (How::Any, Is::Equal),
        Relation::AllEqual => (How::All, Is::Equal),
        Relation::Unequal => (How::All, Is::Unequal),
        Relation::AnyUnequal => (How::Any, Is::Unequal),
        Relation::Less => (How::Any, Is::Less),
        Relation::LessOrEqual => (How::Any, Is::LessOrEqual),
        Relation::Greater => (How::Any, Is::Greater),
        Relation::GreaterOrEqual => (How::Any, Is::GreaterOrEqual),
    };
    let how = quantified(how);
    let known = match like(left)? {
        Some(known) => known,
        None => like(right)?.ok_or_else(|| nothing(left, right))?,
    };
    let (left, _) = build(left, Some(known))?;
    let (right, beside) = build(right, Some(known))?;
    debug_assert!(known.kind.compares_with(beside.kind), "build compares types");
    // What can be read once stands on the right.
    Ok(match (left, right) {
        (value @ Expr::Value(_), right) => Plan::Compare { how, is: turned(is), left: right, right: value },
        (left, right) => Plan::Compare { how, is, left, right },
    })
}

/// The same comparison from the other side.
fn turned(is: Is) -> Is {
    match is {
        Is::Less => Is::Greater,
        Is::LessOrEqual => Is::GreaterOrEqual,
        Is::Greater => Is::Less,
        Is::GreaterOrEqual => Is::LessOrEqual,
        same => same,
    }
}

/// What to say where neither side is a field.
fn nothing(left: &Operand, right: &Operand) -> Fault {
    let like_a_name = |operand: &&Operand| match &operand.what {
        What::Word(word) => word.starts_with(|char: char| char.is_alphabetic() || char == '_'),
        _ => false,
    };
    match [left, right].into_iter().find(like_a_name) {
        Some(operand) => missing(operand),
        None => constant(left),
    }
}

/// The left side of `contains` or `matches`, and the type of what is searched.
fn searched(left: &Operand, relation: &str) -> Result<(Expr, Type), Fault> {
    if like(left)?.is_none() {
        return Err(nothing(left, left));
    }
    let (mut expr, known) = build(left, None)?;
    if !known.kind.is_searchable() {
        let name = known.field.map_or("this", |field| field.name);
        let message = format!("{name} is {}; {relation} looks into text and bytes", known.kind.words());
        return Err(Fault::new(left.span, message));
    }
    // A protocol is searched with all that it carries.
    if let Expr::Field(source) = &mut expr
        && source.form == Form::Own
        && source.field.kind == dissectors::Kind::Protocol
    {
        source.form = Form::Reach;
    }
    Ok((expr, known.kind))
}

fn contains(how: How, left: &Operand, right: &Operand) -> Result<Plan, Fault> {
    let (left, kind) = searched(left, "contains")?;
    let is_value = match &right.what {
        What::Word(word) => !word.contains('.') || dissectors::field(word).is_none(),
        What::Text(_) | What::Char(_) => true,
        _ => false,
    };
    if is_value {
        // An Ethernet address has parts of any length.
        let kind = if kind == Type::Ether { Type::Bytes } else { kind };
        let Val::Bytes(needle) = literal::literal(right, Like::new(kind))? else {
            return Err(Fault::new(right.span, "contains wants text or bytes"));
        };
        return Ok(Plan::Contains { how, left, finder: Box::new(memchr::memmem::Finder::new(&needle).into_owned()) });
    }
    let (right_expr, beside) = build(right, Some(Like::new(kind)))?;
    match beside.kind.is_searchable() {
        true => Ok(Plan::ContainsValue { how, left, right: right_expr }),
        false => Err(Fault::new(right.span, format!("contains wants text or bytes, not {}", beside.kind.words()))),
    }
}

fn matches(how: How, left: &Operand, right: &Operand) -> Result<Plan, Fault> {
    let (left, kind) = searched(left, "matches")?;
    match &right.what {
        What::Text(pattern) => {
            let regex = Box::new(pattern::compile(pattern, right.span, kind)?);
            Ok(Plan::Matches { how, left, regex })
        }
        _ => Err(Fault::new(right.span, "matches wants a regular expression in double quotes")),
    }
}

fn member(quantifier: Option<Quantifier>, operand: &Operand, not: bool, set: &[Item]) -> Result<Plan, Fault> {
    let Some(known) = like(operand)? else { return Err(nothing(operand, operand)) };
    let (left, _) = build(operand, Some(known))?;
    let mut items = Vec::new();
    for Item { low, high } in set {
        let (low, _) = build(low, Some(known))?;
        let high = high.as_ref().map(|high| build(high, Some(known))).transpose()?.map(|(high, _)| high);
        items.push((low, high));
    }
    let how = match quantifier {
        Some(Quantifier::Any) => How::Any,
        Some(Quantifier::All) => How::All,
        // As `!=`: there are values, and none is in the set.
        None if not => How::All,
        None => How::Any,
    };
    Ok(Plan::Member { how, not, left, set: items })
}
