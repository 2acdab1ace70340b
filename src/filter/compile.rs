//! Compiles a filter: checks its types and resolves its fields. A compiled filter can be evaluated for every frame.

use super::ast::{Condition, Operand, OperandKind, Quantifier, Relation, SetItem};
use super::diagnostic::Diagnostic;
use super::kind::{OperandType, ValueType};
use super::literal;
use super::operand::{compile_operand, missing_field, named_field, type_of, unread_protocol};
use super::pattern;
use super::plan::{Comparison, Expr, FilterPlan, FilterValue, ValueForm, ValueQuantifier};

/// Compiles a condition.
pub(super) fn compile(condition: &Condition) -> Result<FilterPlan, Diagnostic> {
    let all = |parts: &[Condition]| parts.iter().map(compile).collect::<Result<Vec<_>, _>>();
    Ok(match condition {
        Condition::Or(parts) => FilterPlan::Or(all(parts)?),
        Condition::Xor(parts) => FilterPlan::Xor(all(parts)?),
        Condition::And(parts) => FilterPlan::And(all(parts)?),
        Condition::Not(inner) => FilterPlan::Not(Box::new(compile(inner)?)),
        Condition::Test(operand) => compile_test(operand)?,
        Condition::Compare { quantifier, first, rest } => {
            let mut plans = Vec::new();
            let mut left = first;
            for (relation, right) in rest {
                plans.push(compile_comparison(*quantifier, left, *relation, right)?);
                left = right;
            }
            match <[FilterPlan; 1]>::try_from(plans) {
                Ok([only]) => only,
                Err(plans) => FilterPlan::And(plans),
            }
        }
        Condition::Member { quantifier, operand, not, set } => compile_member(*quantifier, operand, *not, set)?,
    })
}

/// Compiles a condition that consists of an operand alone.
fn compile_test(operand: &Operand) -> Result<FilterPlan, Diagnostic> {
    match &operand.kind {
        OperandKind::Word(_) | OperandKind::Field { .. } => match named_field(operand)? {
            Some(source) => Ok(FilterPlan::Exists(Expr::Field(source))),
            // No frame has it.
            None if unread_protocol(operand).is_some() => Ok(FilterPlan::Or(Vec::new())),
            None => Err(missing_field(operand)),
        },
        OperandKind::Slice(..) => Ok(FilterPlan::Exists(compile_operand(operand, None)?.0)),
        OperandKind::Arithmetic(..) => Ok(FilterPlan::NotZero(compile_operand(operand, None)?.0)),
        OperandKind::Call { .. } => match compile_operand(operand, None)? {
            (expr, OperandType { kind: ValueType::Bool, .. }) => Ok(FilterPlan::NotZero(expr)),
            _ => {
                Err(Diagnostic::new(operand.span, "expected a comparison: a function returns a value, not a condition"))
            }
        },
        OperandKind::Text(_) | OperandKind::Char(_) | OperandKind::Negative(_) => Err(constant_error(operand)),
    }
}

fn constant_error(operand: &Operand) -> Diagnostic {
    Diagnostic::new(operand.span, "expected a field, found a constant")
}

fn compile_comparison(
    quantifier: Option<Quantifier>,
    left: &Operand,
    relation: Relation,
    right: &Operand,
) -> Result<FilterPlan, Diagnostic> {
    let quantified = |default| match quantifier {
        Some(Quantifier::Any) => ValueQuantifier::Any,
        Some(Quantifier::All) => ValueQuantifier::All,
        None => default,
    };
    let (default, comparison) = match relation {
        Relation::Contains => return compile_contains(quantified(ValueQuantifier::Any), left, right),
        Relation::Matches => return compile_matches(quantified(ValueQuantifier::Any), left, right),
        Relation::Equal => (ValueQuantifier::Any, Comparison::Equal),
        Relation::AllEqual => (ValueQuantifier::All, Comparison::Equal),
        Relation::Unequal => (ValueQuantifier::All, Comparison::Unequal),
        Relation::AnyUnequal => (ValueQuantifier::Any, Comparison::Unequal),
        Relation::Less => (ValueQuantifier::Any, Comparison::Less),
        Relation::LessOrEqual => (ValueQuantifier::Any, Comparison::LessOrEqual),
        Relation::Greater => (ValueQuantifier::Any, Comparison::Greater),
        Relation::GreaterOrEqual => (ValueQuantifier::Any, Comparison::GreaterOrEqual),
    };
    let quantifier = quantified(default);
    let left_type = match type_of(left)? {
        Some(left_type) => left_type,
        None => type_of(right)?.ok_or_else(|| no_field_error(left, right))?,
    };
    let (left, _) = compile_operand(left, Some(left_type))?;
    let (right, right_type) = compile_operand(right, Some(left_type))?;
    debug_assert!(left_type.kind.is_comparable_with(right_type.kind), "compile_operand compares types");
    // A constant goes to the right side: it is then fetched once, not for every value.
    Ok(match (left, right) {
        (value @ Expr::Value(_), right) => {
            FilterPlan::Compare { quantifier, comparison: swap_sides(comparison), left: right, right: value }
        }
        (left, right) => FilterPlan::Compare { quantifier, comparison, left, right },
    })
}

/// Returns the same comparison with its sides swapped.
fn swap_sides(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// Returns the error for a relation without a field.
fn no_field_error(left: &Operand, right: &Operand) -> Diagnostic {
    let is_name = |operand: &&Operand| match &operand.kind {
        OperandKind::Word(word) => word.starts_with(|char: char| char.is_alphabetic() || char == '_'),
        _ => false,
    };
    match [left, right].into_iter().find(is_name) {
        Some(operand) => missing_field(operand),
        None => constant_error(left),
    }
}

/// Compiles the left side of `contains` or `matches`, and returns it with the type of its values.
fn compile_searched(left: &Operand, relation: &str) -> Result<(Expr, ValueType), Diagnostic> {
    if type_of(left)?.is_none() {
        return Err(no_field_error(left, left));
    }
    let (mut expr, left_type) = compile_operand(left, None)?;
    if !left_type.kind.is_searchable() {
        let name = left_type.field.map_or("the left side", |field| field.name);
        let message = format!("{relation} requires text or bytes; {name} is {}", left_type.kind.description());
        return Err(Diagnostic::new(left.span, message));
    }
    // The bytes of a protocol are searched together with its payload.
    if let Expr::Field(source) = &mut expr
        && source.form == ValueForm::Own
        && source.field.kind == dissectors::FieldKind::Protocol
    {
        source.form = ValueForm::WithPayload;
    }
    Ok((expr, left_type.kind))
}

fn compile_contains(quantifier: ValueQuantifier, left: &Operand, right: &Operand) -> Result<FilterPlan, Diagnostic> {
    let (left, kind) = compile_searched(left, "contains")?;
    let is_value = match &right.kind {
        OperandKind::Word(word) => !word.contains('.') || dissectors::field(word).is_none(),
        OperandKind::Text(_) | OperandKind::Char(_) => true,
        _ => false,
    };
    if is_value {
        // A part of an Ethernet address may have any length.
        let kind = if kind == ValueType::Ether { ValueType::Bytes } else { kind };
        let FilterValue::Bytes(needle) = literal::parse_literal(right, OperandType::new(kind))? else {
            return Err(Diagnostic::new(right.span, "contains requires text or bytes"));
        };
        return Ok(FilterPlan::Contains {
            quantifier,
            left,
            finder: Box::new(memchr::memmem::Finder::new(&needle).into_owned()),
        });
    }
    let (right_expr, right_type) = compile_operand(right, Some(OperandType::new(kind)))?;
    match right_type.kind.is_searchable() {
        true => Ok(FilterPlan::ContainsValue { quantifier, left, right: right_expr }),
        false => {
            let message = format!("contains requires text or bytes, found {}", right_type.kind.description());
            Err(Diagnostic::new(right.span, message))
        }
    }
}

fn compile_matches(quantifier: ValueQuantifier, left: &Operand, right: &Operand) -> Result<FilterPlan, Diagnostic> {
    let (left, kind) = compile_searched(left, "matches")?;
    match &right.kind {
        OperandKind::Text(pattern) => {
            let regex = Box::new(pattern::compile(pattern, right.span, kind)?);
            Ok(FilterPlan::Matches { quantifier, left, regex })
        }
        _ => Err(Diagnostic::new(right.span, "expected a regular expression in double quotes")),
    }
}

fn compile_member(
    quantifier: Option<Quantifier>,
    operand: &Operand,
    not: bool,
    set: &[SetItem],
) -> Result<FilterPlan, Diagnostic> {
    let Some(operand_type) = type_of(operand)? else { return Err(no_field_error(operand, operand)) };
    let (left, _) = compile_operand(operand, Some(operand_type))?;
    let mut items = Vec::new();
    for SetItem { low, high } in set {
        let (low, _) = compile_operand(low, Some(operand_type))?;
        let high =
            high.as_ref().map(|high| compile_operand(high, Some(operand_type))).transpose()?.map(|(high, _)| high);
        items.push((low, high));
    }
    // As in Wireshark, `not` negates the whole: there is a value, and not `any` of them, or not `all`, are in the set.
    let quantifier = match (quantifier, not) {
        (None | Some(Quantifier::Any), false) | (Some(Quantifier::All), true) => ValueQuantifier::Any,
        (None | Some(Quantifier::Any), true) | (Some(Quantifier::All), false) => ValueQuantifier::All,
    };
    Ok(FilterPlan::Member { quantifier, not, left, set: items })
}
