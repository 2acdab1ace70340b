//! Compiles operands: resolves field names, determines types and builds expressions.

use super::alias::ALIASES;
use super::ast::{IndexRange, Operand, OperandKind, Operation, Span};
use super::diagnostic::Diagnostic;
use super::function::{FUNCTIONS, Function, ParameterKind};
use super::kind::{OperandType, ValueType};
use super::literal::{parse_literal, parse_negative};
use super::plan::{Expr, FieldRef, ValueForm};
use crate::naming;
use dissectors::{Field, FieldKind};

/// Returns the field that an operand names; none if it is not a name. An error if it must be a field name and is unknown.
pub(super) fn named_field(operand: &Operand) -> Result<Option<FieldRef>, Diagnostic> {
    Ok(match &operand.kind {
        OperandKind::Word(word) => {
            naming::find(word).map(|field| FieldRef { field, form: ValueForm::Own, layers: Vec::new() })
        }
        OperandKind::Field { name, raw, layers } => {
            let field = naming::find(name).ok_or_else(|| unknown_field(name, operand.span))?;
            let form = if *raw { ValueForm::Raw } else { ValueForm::Own };
            Some(FieldRef { field, form, layers: layers.clone() })
        }
        _ => None,
    })
}

/// The protocol of Wireshark that an operand names, if overhear does not read it.
pub(super) fn unread_protocol(operand: &Operand) -> Option<&str> {
    match &operand.kind {
        OperandKind::Word(word) => naming::unread_protocol(word).filter(|name| name == word),
        _ => None,
    }
}

/// Returns the error for an operand that must be a field and is not.
pub(super) fn missing_field(operand: &Operand) -> Diagnostic {
    match &operand.kind {
        OperandKind::Word(word) => unknown_field(word, operand.span),
        _ => Diagnostic::new(operand.span, "expected a field"),
    }
}

fn unknown_field(name: &str, span: Span) -> Diagnostic {
    if let Some(message) = naming::unread(name) {
        return Diagnostic::new(span, message);
    }
    let alike = |word: &&str| strsim::normalized_damerau_levenshtein(name, word) >= 0.6;
    let near: Vec<_> =
        ALIASES.iter().map(|alias| alias.name).filter(alike).chain(naming::nearest(name)).take(4).collect();
    let hint = if near.is_empty() { String::new() } else { format!(" (nearest: {})", near.join(", ")) };
    Diagnostic::new(span, format!("unknown field {name}{hint}"))
}

/// Returns the type of a field's values; an error if the field has no value.
fn field_type(field: &'static Field, span: Span) -> Result<ValueType, Diagnostic> {
    let message = || format!("{} has no value to compare: only its presence can be tested", field.name);
    ValueType::of(field).ok_or_else(|| Diagnostic::new(span, message()))
}

/// Returns the type of an operand by itself; none for a literal, whose type depends on the other operand.
pub(super) fn type_of(operand: &Operand) -> Result<Option<OperandType>, Diagnostic> {
    if let Some(source) = named_field(operand)? {
        if source.form == ValueForm::Raw {
            return Ok(Some(OperandType::new(ValueType::Bytes)));
        }
        let kind = field_type(source.field, operand.span)?;
        return Ok(Some(OperandType { kind, field: Some(source.field) }));
    }
    Ok(match &operand.kind {
        OperandKind::Slice(inner, _) => type_of(inner)?.map(|inner| {
            OperandType::new(if inner.kind == ValueType::Text { ValueType::Text } else { ValueType::Bytes })
        }),
        OperandKind::Negative(inner) => type_of(inner)?.map(|inner| OperandType::new(inner.kind)),
        OperandKind::Arithmetic(_, left, right) => match type_of(left)? {
            Some(left) => Some(OperandType::new(left.kind)),
            None => type_of(right)?.map(|right| OperandType::new(right.kind)),
        },
        OperandKind::Call { name, span, arguments } => {
            let function = find_function(name, *span)?;
            let mut argument_type = None;
            for argument in arguments {
                if argument_type.is_none() {
                    argument_type = argument_type_of(argument)?;
                }
            }
            let kind = argument_type.map_or(ValueType::Integer, |argument_type| argument_type.kind);
            Some(OperandType::new(function.result_type(kind)))
        }
        _ => None,
    })
}

/// Returns the type of an argument, which may be a field without a value.
fn argument_type_of(argument: &Operand) -> Result<Option<OperandType>, Diagnostic> {
    match named_field(argument)? {
        Some(source) if ValueType::of(source.field).is_none() => Ok(Some(OperandType::new(ValueType::Integer))),
        _ => type_of(argument),
    }
}

fn find_function(name: &str, span: Span) -> Result<Function, Diagnostic> {
    FUNCTIONS.iter().find(|(word, _)| *word == name).map(|&(_, function)| function).ok_or_else(|| {
        if matches!(name, "float" | "double") {
            let message =
                format!("{name} is not supported: numbers are integers, and times compare with seconds directly");
            return Diagnostic::new(span, message);
        }
        let names: Vec<_> = FUNCTIONS.iter().map(|(word, _)| *word).collect();
        Diagnostic::new(span, format!("unknown function {name}; available: {}", names.join(", ")))
    })
}

/// Compiles an operand and checks that it is comparable with a value of type `other`. Literals are parsed as `other`.
pub(super) fn compile_operand(
    operand: &Operand,
    other: Option<OperandType>,
) -> Result<(Expr, OperandType), Diagnostic> {
    let (expr, own) = compile_untyped(operand, other)?;
    match other {
        Some(other) if !own.kind.is_comparable_with(other.kind) => {
            let (one, two) = (other.name(), own.field.map_or("the other side", |field| field.name));
            let message =
                format!("cannot compare {one} ({}) with {two} ({})", other.kind.description(), own.kind.description());
            Err(Diagnostic::new(operand.span, message))
        }
        _ => Ok((expr, own)),
    }
}

/// Compiles an operand without comparing its type.
fn compile_untyped(operand: &Operand, other: Option<OperandType>) -> Result<(Expr, OperandType), Diagnostic> {
    if let Some(source) = named_field(operand)? {
        let own = match source.form {
            ValueForm::Raw => OperandType::new(ValueType::Bytes),
            _ => OperandType { kind: field_type(source.field, operand.span)?, field: Some(source.field) },
        };
        return Ok((Expr::Field(source), own));
    }
    match &operand.kind {
        OperandKind::Slice(inner, ranges) => compile_slice(operand, inner, ranges),
        OperandKind::Arithmetic(operation, left, right) => compile_arithmetic(*operation, left, right, other),
        OperandKind::Negative(inner) => match type_of(inner)? {
            Some(_) => {
                let (inner_expr, own) = compile_operand(inner, other)?;
                match own.kind {
                    ValueType::Integer | ValueType::Duration | ValueType::Decimal => {
                        Ok((Expr::Negative(Box::new(inner_expr)), OperandType::new(own.kind)))
                    }
                    kind => Err(Diagnostic::new(operand.span, format!("{} cannot be negated", kind.description()))),
                }
            }
            None => {
                let other = other.ok_or_else(|| missing_field(operand))?;
                Ok((Expr::Value(parse_negative(operand, inner, other)?), other))
            }
        },
        OperandKind::Call { name, span, arguments } => {
            compile_call(find_function(name, *span)?, name, *span, arguments)
        }
        _ => {
            let other = other.ok_or_else(|| missing_field(operand))?;
            Ok((Expr::Value(parse_literal(operand, other)?), other))
        }
    }
}

fn compile_slice(operand: &Operand, inner: &Operand, ranges: &[IndexRange]) -> Result<(Expr, OperandType), Diagnostic> {
    if type_of(inner)?.is_none() {
        return Err(missing_field(inner));
    }
    let (mut expr, own) = compile_operand(inner, None)?;
    match (own.kind, &mut expr) {
        (ValueType::Text | ValueType::Bytes | ValueType::Ether, _) => {}
        (ValueType::Ipv4 | ValueType::Ipv6, Expr::Field(source)) => source.form = ValueForm::AddressBytes,
        (kind, _) => {
            let name = own.field.map_or("this", |field| field.name);
            let hint = if own.field.is_some() { format!("; use @{name} for its raw bytes") } else { String::new() };
            let message = format!("a slice requires text or bytes; {name} is {}{hint}", kind.description());
            return Err(Diagnostic::new(inner.span.to(operand.span), message));
        }
    }
    let of_text = own.kind == ValueType::Text;
    let kind = if of_text { ValueType::Text } else { ValueType::Bytes };
    Ok((Expr::Slice { inner: Box::new(expr), ranges: ranges.to_vec(), of_text }, OperandType::new(kind)))
}

fn compile_arithmetic(
    operation: Operation,
    left: &Operand,
    right: &Operand,
    other: Option<OperandType>,
) -> Result<(Expr, OperandType), Diagnostic> {
    let own = match type_of(left)? {
        Some(own) => Some(own),
        None => type_of(right)?,
    };
    let own = own.or(other).ok_or_else(|| missing_field(left))?;
    let is_supported = match own.kind {
        ValueType::Integer => true,
        ValueType::Duration | ValueType::Decimal => matches!(operation, Operation::Add | Operation::Subtract),
        ValueType::Bytes if own.field.is_some_and(|field| field.kind == FieldKind::Protocol) => false,
        ValueType::Ipv4 | ValueType::Ipv6 | ValueType::Bytes => operation == Operation::And,
        _ => false,
    };
    if !is_supported {
        let name = own.field.map_or("this", |field| field.name);
        let message = format!("operator {} does not apply: {name} is {}", operation.symbol(), own.kind.description());
        return Err(Diagnostic::new(left.span, message));
    }
    // Without the field, as a term may exceed the field's range.
    let inner = OperandType::new(own.kind);
    let (left, _) = compile_operand(left, Some(inner))?;
    let (right, _) = compile_operand(right, Some(inner))?;
    Ok((Expr::Arithmetic(operation, Box::new(left), Box::new(right)), inner))
}

fn compile_call(
    function: Function,
    name: &str,
    span: Span,
    arguments: &[Operand],
) -> Result<(Expr, OperandType), Diagnostic> {
    let takes = function.parameter();
    match arguments.len() {
        0 => return Err(Diagnostic::new(span, format!("{name} requires an argument: {name}(...)"))),
        1 => {}
        _ if takes == ParameterKind::Numbers => {}
        count => return Err(Diagnostic::new(span, format!("{name} requires one argument, found {count}"))),
    }
    let mut argument_type = None;
    for argument in arguments {
        if argument_type.is_none() {
            argument_type = argument_type_of(argument)?;
        }
    }
    let first = arguments.first().map_or(span, |argument| argument.span);
    let Some(argument_type) = argument_type else {
        return Err(match arguments {
            [only] if matches!(&only.kind, OperandKind::Word(word) if word.starts_with(char::is_alphabetic)) => {
                missing_field(only)
            }
            _ => Diagnostic::new(first, format!("{name}: expected a field, found a constant")),
        });
    };
    let is_field = matches!(arguments, [Operand { kind: OperandKind::Word(_) | OperandKind::Field { .. }, .. }]);
    let is_numeric =
        matches!(argument_type.kind, ValueType::Integer | ValueType::Duration | ValueType::Decimal | ValueType::Time);
    let accepted = match takes {
        ParameterKind::Field if function == Function::Len => {
            is_field.then_some(()).or(argument_type.kind.is_searchable().then_some(()))
        }
        ParameterKind::Field if function == Function::Count => Some(()),
        ParameterKind::Field => is_field.then_some(()),
        ParameterKind::Text => (argument_type.kind == ValueType::Text).then_some(()),
        ParameterKind::Numbers | ParameterKind::Number => is_numeric.then_some(()),
        ParameterKind::NumberField => {
            (is_field && matches!(argument_type.kind, ValueType::Integer | ValueType::Bool)).then_some(())
        }
        ParameterKind::Address => matches!(argument_type.kind, ValueType::Ipv4 | ValueType::Ipv6).then_some(()),
    };
    if accepted.is_none() {
        let expected = match takes {
            ParameterKind::Field => "a field",
            ParameterKind::Text => "text",
            ParameterKind::Numbers | ParameterKind::Number => "numbers",
            ParameterKind::NumberField => "a numeric field",
            ParameterKind::Address => "an address",
        };
        let found = argument_type.kind.description();
        return Err(Diagnostic::new(first, format!("{name}: expected {expected}, found {found}")));
    }
    let mut built = Vec::new();
    for argument in arguments {
        // The occurrences of a field can be counted even if it has no value.
        built.push(match named_field(argument)? {
            Some(source) if function == Function::Count => Expr::Field(source),
            _ => compile_operand(argument, Some(OperandType::new(argument_type.kind)))?.0,
        });
    }
    Ok((Expr::Call(function, built), OperandType::new(function.result_type(argument_type.kind))))
}
