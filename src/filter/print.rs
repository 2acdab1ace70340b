//! Tree to text: what is printed means the same when it is read again.

use super::ast::{Condition, Item, Operand, Operation, Quantifier, Range, What};
use std::fmt::{self, Display, Formatter, Write as _};

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Or(parts) => joined(f, parts, " or ", 1),
            Condition::Xor(parts) => joined(f, parts, " xor ", 2),
            Condition::And(parts) => joined(f, parts, " and ", 3),
            Condition::Not(inner) => {
                f.write_str("not ")?;
                within(f, inner, 3)
            }
            Condition::Test(operand) => operand.fmt(f),
            Condition::Compare { quantifier, first, rest } => {
                write!(f, "{}{first}", quantified(*quantifier))?;
                rest.iter().try_for_each(|(relation, operand)| write!(f, " {} {operand}", relation.word()))
            }
            Condition::Member { quantifier, operand, not, set } => {
                write!(f, "{}{operand}{} in {{", quantified(*quantifier), if *not { " not" } else { "" })?;
                listed(f, set)?;
                f.write_char('}')
            }
        }
    }
}

fn quantified(quantifier: Option<Quantifier>) -> &'static str {
    match quantifier {
        Some(Quantifier::Any) => "any ",
        Some(Quantifier::All) => "all ",
        None => "",
    }
}

fn listed<T: Display>(f: &mut Formatter<'_>, parts: &[T]) -> fmt::Result {
    for (nth, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if nth > 0 { ", " } else { "" })?;
    }
    Ok(())
}

fn joined(f: &mut Formatter<'_>, parts: &[Condition], between: &str, strength: u8) -> fmt::Result {
    for (nth, part) in parts.iter().enumerate() {
        f.write_str(if nth > 0 { between } else { "" })?;
        within(f, part, strength)?;
    }
    Ok(())
}

/// A part of a condition that binds with this strength, in parentheses if it binds no tighter.
fn within(f: &mut Formatter<'_>, part: &Condition, strength: u8) -> fmt::Result {
    let own = match part {
        Condition::Or(_) => 1,
        Condition::Xor(_) => 2,
        Condition::And(_) => 3,
        _ => 4,
    };
    if own > strength { part.fmt(f) } else { write!(f, "({part})") }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.high {
            Some(high) => write!(f, "{} .. {high}", self.low),
            None => self.low.fmt(f),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Word(word) => f.write_str(word),
            What::Field { name, raw, layers } => {
                write!(f, "{}{name}", if *raw { "@" } else { "." })?;
                if !layers.is_empty() {
                    bracketed(f, "#", layers)?;
                }
                Ok(())
            }
            What::Text(bytes) => text(f, bytes),
            What::Char(char) => character(f, *char),
            What::Slice(inner, ranges) => {
                braced(f, inner, !matches!(inner.what, What::Arithmetic(..) | What::Negative(_)))?;
                bracketed(f, "", ranges)
            }
            What::Negative(inner) => {
                f.write_char('-')?;
                braced(f, inner, !matches!(inner.what, What::Arithmetic(..)))
            }
            What::Arithmetic(operation, left, right) => {
                let strength = operation.strength();
                braced(f, left, strength_of(left).is_none_or(|own| own >= strength))?;
                write!(f, " {} ", operation.word())?;
                braced(f, right, strength_of(right).is_none_or(|own| own > strength))
            }
            What::Call { name, arguments, .. } => {
                write!(f, "{name}(")?;
                listed(f, arguments)?;
                f.write_char(')')
            }
        }
    }
}

fn strength_of(operand: &Operand) -> Option<u8> {
    match &operand.what {
        What::Arithmetic(operation, ..) => Some(Operation::strength(*operation)),
        _ => None,
    }
}

fn braced(f: &mut Formatter<'_>, inner: &Operand, bare: bool) -> fmt::Result {
    if bare { inner.fmt(f) } else { write!(f, "{{{inner}}}") }
}

fn bracketed(f: &mut Formatter<'_>, before: &str, ranges: &[Range]) -> fmt::Result {
    write!(f, "{before}[")?;
    listed(f, ranges)?;
    f.write_char(']')
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Range::At(place) => write!(f, "{place}"),
            Range::Length(from, length) => write!(f, "{from}:{length}"),
            Range::To(from, to) => write!(f, "{from}-{to}"),
            Range::From(from) => write!(f, "{from}:"),
        }
    }
}

fn text(f: &mut Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                _ if dissectors::format::is_plain(char) => f.write_char(char)?,
                _ => char.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    f.write_char('"')
}

fn character(f: &mut Formatter<'_>, char: char) -> fmt::Result {
    match char {
        '\'' | '\\' => write!(f, "'\\{char}'"),
        _ if dissectors::format::is_plain(char) => write!(f, "'{char}'"),
        _ => write!(f, "'\\U{:08x}'", u32::from(char)),
    }
}
