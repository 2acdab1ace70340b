//! Prints a syntax tree: the text parses into an equal tree.

use super::ast::{Condition, IndexRange, Operand, OperandKind, Operation, Quantifier, SetItem};
use std::fmt::{self, Display, Formatter, Write as _};

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Or(parts) => write_joined(f, parts, " or ", 1),
            Condition::Xor(parts) => write_joined(f, parts, " xor ", 2),
            Condition::And(parts) => write_joined(f, parts, " and ", 3),
            Condition::Not(inner) => {
                f.write_str("not ")?;
                write_part(f, inner, 3)
            }
            Condition::Test(operand) => operand.fmt(f),
            Condition::Compare { quantifier, first, rest } => {
                write!(f, "{}{first}", quantifier_prefix(*quantifier))?;
                rest.iter().try_for_each(|(relation, operand)| write!(f, " {} {operand}", relation.symbol()))
            }
            Condition::Member { quantifier, operand, not, set } => {
                write!(f, "{}{operand}{} in {{", quantifier_prefix(*quantifier), if *not { " not" } else { "" })?;
                write_list(f, set)?;
                f.write_char('}')
            }
        }
    }
}

fn quantifier_prefix(quantifier: Option<Quantifier>) -> &'static str {
    match quantifier {
        Some(Quantifier::Any) => "any ",
        Some(Quantifier::All) => "all ",
        None => "",
    }
}

fn write_list<T: Display>(f: &mut Formatter<'_>, parts: &[T]) -> fmt::Result {
    for (nth, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if nth > 0 { ", " } else { "" })?;
    }
    Ok(())
}

fn write_joined(f: &mut Formatter<'_>, parts: &[Condition], operator: &str, precedence: u8) -> fmt::Result {
    for (nth, part) in parts.iter().enumerate() {
        f.write_str(if nth > 0 { operator } else { "" })?;
        write_part(f, part, precedence)?;
    }
    Ok(())
}

/// Writes a part of a condition with this precedence, in parentheses unless the part binds tighter.
fn write_part(f: &mut Formatter<'_>, part: &Condition, precedence: u8) -> fmt::Result {
    let own = match part {
        Condition::Or(_) => 1,
        Condition::Xor(_) => 2,
        Condition::And(_) => 3,
        _ => 4,
    };
    if own > precedence { part.fmt(f) } else { write!(f, "({part})") }
}

impl Display for SetItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.high {
            Some(high) => write!(f, "{} .. {high}", self.low),
            None => self.low.fmt(f),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Word(word) => f.write_str(word),
            OperandKind::Field { name, raw, layers } => {
                write!(f, "{}{name}", if *raw { "@" } else { "." })?;
                if !layers.is_empty() {
                    write_ranges(f, "#", layers)?;
                }
                Ok(())
            }
            OperandKind::Text(bytes) => write_text(f, bytes),
            OperandKind::Char(char) => write_character(f, *char),
            OperandKind::Slice(inner, ranges) => {
                write_braced(f, inner, !matches!(inner.kind, OperandKind::Arithmetic(..) | OperandKind::Negative(_)))?;
                write_ranges(f, "", ranges)
            }
            OperandKind::Negative(inner) => {
                f.write_char('-')?;
                write_braced(f, inner, !matches!(inner.kind, OperandKind::Arithmetic(..)))
            }
            OperandKind::Arithmetic(operation, left, right) => {
                let precedence = operation.precedence();
                write_braced(f, left, precedence_of(left).is_none_or(|own| own >= precedence))?;
                write!(f, " {} ", operation.symbol())?;
                write_braced(f, right, precedence_of(right).is_none_or(|own| own > precedence))
            }
            OperandKind::Call { name, arguments, .. } => {
                write!(f, "{name}(")?;
                write_list(f, arguments)?;
                f.write_char(')')
            }
        }
    }
}

fn precedence_of(operand: &Operand) -> Option<u8> {
    match &operand.kind {
        OperandKind::Arithmetic(operation, ..) => Some(Operation::precedence(*operation)),
        _ => None,
    }
}

fn write_braced(f: &mut Formatter<'_>, inner: &Operand, bare: bool) -> fmt::Result {
    if bare { inner.fmt(f) } else { write!(f, "{{{inner}}}") }
}

fn write_ranges(f: &mut Formatter<'_>, prefix: &str, ranges: &[IndexRange]) -> fmt::Result {
    write!(f, "{prefix}[")?;
    write_list(f, ranges)?;
    f.write_char(']')
}

impl Display for IndexRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            IndexRange::Single(index) => write!(f, "{index}"),
            IndexRange::Length(from, length) => write!(f, "{from}:{length}"),
            IndexRange::To(from, to) => write!(f, "{from}-{to}"),
            IndexRange::From(from) => write!(f, "{from}:"),
        }
    }
}

fn write_text(f: &mut Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                _ if dissectors::format::is_printable(char) => f.write_char(char)?,
                _ => char.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    f.write_char('"')
}

fn write_character(f: &mut Formatter<'_>, char: char) -> fmt::Result {
    match char {
        '\'' | '\\' => write!(f, "'\\{char}'"),
        _ if dissectors::format::is_printable(char) => write!(f, "'{char}'"),
        _ => write!(f, "'\\U{:08x}'", u32::from(char)),
    }
}
