//! Operands: which field a word names, of what type each is, and what it takes to know its values.

use super::ast::{Operand, Operation, Range, Span, What};
use super::fault::Fault;
use super::function::{FUNCTIONS, Function, Takes};
use super::kind::{Like, Type};
use super::literal::{literal, negative};
use super::plan::{Expr, Form, Source};
use super::sugar::SUGAR;
use crate::naming;
use dissectors::{Field, Kind};

/// The field that an operand names, if it is a name; an error if it can only be a name and no field has it.
pub(super) fn word_field(operand: &Operand) -> Result<Option<Source>, Fault> {
    Ok(match &operand.what {
        What::Word(word) => naming::find(word).map(|field| Source { field, form: Form::Own, layers: Vec::new() }),
        What::Field { name, raw, layers } => {
            let field = naming::find(name).ok_or_else(|| unknown(name, operand.span))?;
            let form = if *raw { Form::Raw } else { Form::Own };
            Some(Source { field, form, layers: layers.clone() })
        }
        _ => None,
    })
}

/// The protocol of Wireshark that an operand names, if overhear does not read it.
pub(super) fn unread_protocol(operand: &Operand) -> Option<&str> {
    match &operand.what {
        What::Word(word) => naming::unread_protocol(word).filter(|name| name == word),
        _ => None,
    }
}

/// What to say of a word that ought to be a field.
pub(super) fn missing(operand: &Operand) -> Fault {
    match &operand.what {
        What::Word(word) => unknown(word, operand.span),
        _ => Fault::new(operand.span, "a field was wanted here"),
    }
}

fn unknown(name: &str, span: Span) -> Fault {
    if let Some(message) = naming::unread(name) {
        return Fault::new(span, message);
    }
    let alike = |word: &&str| strsim::normalized_damerau_levenshtein(name, word) >= 0.6;
    let near: Vec<_> =
        SUGAR.iter().map(|sugar| sugar.word).filter(alike).chain(naming::nearest(name)).take(4).collect();
    let hint = if near.is_empty() { String::new() } else { format!(" (nearest: {})", near.join(", ")) };
    Fault::new(span, format!("no field is called {name}{hint}"))
}

/// The type of a field's values, or that it has none.
fn typed(field: &'static Field, span: Span) -> Result<Type, Fault> {
    let message = || format!("{} is there or not, and has no value to compare", field.name);
    Type::of(field).ok_or_else(|| Fault::new(span, message()))
}

/// What an operand is like by itself; none of a value, which is like what it stands beside.
pub(super) fn like(operand: &Operand) -> Result<Option<Like>, Fault> {
    if let Some(source) = word_field(operand)? {
        if source.form == Form::Raw {
            return Ok(Some(Like::new(Type::Bytes)));
        }
        let kind = typed(source.field, operand.span)?;
        return Ok(Some(Like { kind, field: Some(source.field) }));
    }
    Ok(match &operand.what {
        What::Slice(inner, _) => {
            like(inner)?.map(|inner| Like::new(if inner.kind == Type::Text { Type::Text } else { Type::Bytes }))
        }
        What::Negative(inner) => like(inner)?.map(|inner| Like::new(inner.kind)),
        What::Arithmetic(_, left, right) => match like(left)? {
            Some(left) => Some(Like::new(left.kind)),
            None => like(right)?.map(|right| Like::new(right.kind)),
        },
        What::Call { name, span, arguments } => {
            let function = function(name, *span)?;
            let mut taken = None;
            for argument in arguments {
                if taken.is_none() {
                    taken = like_any(argument)?;
                }
            }
            Some(Like::new(function.yields(taken.map_or(Type::Integer, |taken| taken.kind))))
        }
        _ => None,
    })
}

/// As [`like`], of an argument that may be a field without a value.
fn like_any(argument: &Operand) -> Result<Option<Like>, Fault> {
    match word_field(argument)? {
        Some(source) if Type::of(source.field).is_none() => Ok(Some(Like::new(Type::Integer))),
        _ => like(argument),
    }
}

fn function(name: &str, span: Span) -> Result<Function, Fault> {
    FUNCTIONS.iter().find(|(word, _)| *word == name).map(|&(_, function)| function).ok_or_else(|| {
        if matches!(name, "float" | "double") {
            let message =
                format!("{name} is not known here: numbers are whole, and times compare with seconds as they are");
            return Fault::new(span, message);
        }
        let names: Vec<_> = FUNCTIONS.iter().map(|(word, _)| *word).collect();
        Fault::new(span, format!("there is no function {name}; there are {}", names.join(", ")))
    })
}

/// Makes an operand ready. Values are read as `beside` is, and what is no value must be comparable with it.
pub(super) fn build(operand: &Operand, beside: Option<Like>) -> Result<(Expr, Like), Fault> {
    let (expr, own) = build_any(operand, beside)?;
    match beside {
        Some(beside) if !own.kind.compares_with(beside.kind) => {
            let (one, two) = (beside.name(), own.field.map_or("the other side", |field| field.name));
            let message = format!("{one} is {}; {two} is {}", beside.kind.words(), own.kind.words());
            Err(Fault::new(operand.span, message))
        }
        _ => Ok((expr, own)),
    }
}

fn build_any(operand: &Operand, beside: Option<Like>) -> Result<(Expr, Like), Fault> {
    if let Some(source) = word_field(operand)? {
        let like = match source.form {
            Form::Raw => Like::new(Type::Bytes),
            _ => Like { kind: typed(source.field, operand.span)?, field: Some(source.field) },
        };
        return Ok((Expr::Field(source), like));
    }
    match &operand.what {
        What::Slice(inner, ranges) => slice(operand, inner, ranges),
        What::Arithmetic(operation, left, right) => arithmetic(*operation, left, right, beside),
        What::Negative(inner) => match like(inner)? {
            Some(_) => {
                let (inner_expr, own) = build(inner, beside)?;
                match own.kind {
                    Type::Integer | Type::Duration => Ok((Expr::Negative(Box::new(inner_expr)), Like::new(own.kind))),
                    kind => Err(Fault::new(operand.span, format!("{} has no sign", kind.words()))),
                }
            }
            None => {
                let beside = beside.ok_or_else(|| missing(operand))?;
                Ok((Expr::Value(negative(operand, inner, beside)?), beside))
            }
        },
        What::Call { name, span, arguments } => call(function(name, *span)?, name, *span, arguments),
        _ => {
            let beside = beside.ok_or_else(|| missing(operand))?;
            Ok((Expr::Value(literal(operand, beside)?), beside))
        }
    }
}

fn slice(operand: &Operand, inner: &Operand, ranges: &[Range]) -> Result<(Expr, Like), Fault> {
    if like(inner)?.is_none() {
        return Err(missing(inner));
    }
    let (mut expr, own) = build(inner, None)?;
    match (own.kind, &mut expr) {
        (Type::Text | Type::Bytes | Type::Ether, _) => {}
        (Type::Ipv4 | Type::Ipv6, Expr::Field(source)) => source.form = Form::Bytes,
        (kind, _) => {
            let name = own.field.map_or("this", |field| field.name);
            let hint = if own.field.is_some() { format!("; its bytes as captured are @{name}") } else { String::new() };
            let message = format!("{name} is {}, of which there are no slices{hint}", kind.words());
            return Err(Fault::new(inner.span.to(operand.span), message));
        }
    }
    let of_text = own.kind == Type::Text;
    let kind = if of_text { Type::Text } else { Type::Bytes };
    Ok((Expr::Slice { inner: Box::new(expr), ranges: ranges.to_vec(), of_text }, Like::new(kind)))
}

fn arithmetic(
    operation: Operation,
    left: &Operand,
    right: &Operand,
    beside: Option<Like>,
) -> Result<(Expr, Like), Fault> {
    let known = match like(left)? {
        Some(known) => Some(known),
        None => like(right)?,
    };
    let known = known.or(beside).ok_or_else(|| missing(left))?;
    let can = match known.kind {
        Type::Integer => true,
        Type::Duration => matches!(operation, Operation::Add | Operation::Subtract),
        Type::Bytes if known.field.is_some_and(|field| field.kind == Kind::Protocol) => false,
        Type::Ipv4 | Type::Ipv6 | Type::Bytes => operation == Operation::And,
        _ => false,
    };
    if !can {
        let name = known.field.map_or("this", |field| field.name);
        let message = format!("{name} is {}, with which {} does nothing", known.kind.words(), operation.word());
        return Err(Fault::new(left.span, message));
    }
    // What is added may be greater than the field can be.
    let inner = Like::new(known.kind);
    let (left, _) = build(left, Some(inner))?;
    let (right, _) = build(right, Some(inner))?;
    Ok((Expr::Arithmetic(operation, Box::new(left), Box::new(right)), inner))
}

fn call(function: Function, name: &str, span: Span, arguments: &[Operand]) -> Result<(Expr, Like), Fault> {
    let takes = function.takes();
    match arguments.len() {
        0 => return Err(Fault::new(span, format!("{name} wants a field: {name}(...)"))),
        1 => {}
        _ if takes == Takes::Numbers => {}
        many => return Err(Fault::new(span, format!("{name} takes one thing, not {many}"))),
    }
    let mut known = None;
    for argument in arguments {
        if known.is_none() {
            known = like_any(argument)?;
        }
    }
    let first = arguments.first().map_or(span, |argument| argument.span);
    let Some(known) = known else {
        return Err(match arguments {
            [only] if matches!(&only.what, What::Word(word) if word.starts_with(char::is_alphabetic)) => missing(only),
            _ => Fault::new(first, format!("{name} of this is the same for every frame: a field is missing")),
        });
    };
    let is_field = matches!(arguments, [Operand { what: What::Word(_) | What::Field { .. }, .. }]);
    let numbers = matches!(known.kind, Type::Integer | Type::Duration | Type::Time);
    let wanted = match takes {
        Takes::Field if function == Function::Len => {
            is_field.then_some(()).or(known.kind.is_searchable().then_some(()))
        }
        Takes::Field if function == Function::Count => Some(()),
        Takes::Field => is_field.then_some(()),
        Takes::Text => (known.kind == Type::Text).then_some(()),
        Takes::Numbers | Takes::Number => numbers.then_some(()),
        Takes::NumberField => (is_field && matches!(known.kind, Type::Integer | Type::Bool)).then_some(()),
        Takes::Address => matches!(known.kind, Type::Ipv4 | Type::Ipv6).then_some(()),
    };
    if wanted.is_none() {
        let wanted = match takes {
            Takes::Field => "a field",
            Takes::Text => "text",
            Takes::Numbers | Takes::Number => "numbers",
            Takes::NumberField => "a field of numbers",
            Takes::Address => "an address",
        };
        return Err(Fault::new(first, format!("{name} wants {wanted}; this is {}", known.kind.words())));
    }
    let mut built = Vec::new();
    for argument in arguments {
        // How often a field is there can be counted also if it has no value.
        built.push(match word_field(argument)? {
            Some(source) if function == Function::Count => Expr::Field(source),
            _ => build(argument, Some(Like::new(known.kind)))?.0,
        });
    }
    Ok((Expr::Call(function, built), Like::new(function.yields(known.kind))))
}
