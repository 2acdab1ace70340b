//! What a filter says that its writer most likely does not mean.

use super::ast::{Condition, Operand, Relation, What};
use super::fault::Fault;
use super::kind::{Like, Type};
use super::{literal, operand};
use crate::naming;
use dissectors::{Field, Kind};

/// Adds a warning for each trap in a condition.
pub(super) fn warn(condition: &Condition, warnings: &mut Vec<Fault>) {
    match condition {
        Condition::Or(parts) | Condition::Xor(parts) => parts.iter().for_each(|part| warn(part, warnings)),
        Condition::And(parts) => {
            never_absent(parts, warnings);
            parts.iter().for_each(|part| warn(part, warnings));
        }
        Condition::Not(inner) => warn(inner, warnings),
        Condition::Compare { quantifier: None, first, rest } => {
            let mut left = first;
            for (relation, right) in rest {
                unequal(left, *relation, warnings);
                decimal_byte(left, right, warnings);
                left = right;
            }
        }
        Condition::Test(_) | Condition::Compare { .. } | Condition::Member { .. } => {}
    }
}

fn field(operand: &Operand) -> Option<&'static Field> {
    match &operand.what {
        What::Word(name) | What::Field { name, .. } => naming::find(name),
        _ => None,
    }
}

/// `tcp.flags.syn && !tcp.flags.ack`: a flag is there in every frame of its protocol, set or not.
fn never_absent(parts: &[Condition], warnings: &mut Vec<Fault>) {
    let present = |wanted: &Field| {
        parts.iter().any(|part| match part {
            Condition::Test(operand) => field(operand).is_some_and(|field| field.protocol == wanted.protocol),
            _ => false,
        })
    };
    for part in parts {
        if let Condition::Not(inner) = part
            && let Condition::Test(operand) = &**inner
            && let Some(field) = field(operand).filter(|field| field.kind == Kind::Bool && present(field))
        {
            let name = field.name;
            let message = format!(
                "warning: {name} is there whether it is set or not, so this matches hardly ever; {name} == 0 was probably meant"
            );
            warnings.push(Fault::new(operand.span, message));
        }
    }
}

/// Fields of which most frames have two, one of each side.
const OF_BOTH_SIDES: [&str; 7] = ["ip.addr", "ipv6.addr", "eth.addr", "tcp.port", "udp.port", "ip.host", "ipv6.host"];

/// `ip.addr != 10.0.0.1`: all values must differ, which before Wireshark 3.6 meant any.
fn unequal(left: &Operand, relation: Relation, warnings: &mut Vec<Fault>) {
    let Some(field) = field(left).filter(|field| OF_BOTH_SIDES.contains(&field.name)) else { return };
    let name = field.name;
    let message = match relation {
        Relation::Unequal => format!(
            "warning: {name} has several values in a frame, and != means that none of them is equal; !== means that one is not"
        ),
        Relation::AnyUnequal => format!(
            "warning: {name} has several values in a frame, and !== means that one of them is not equal; != means that none is"
        ),
        _ => return,
    };
    warnings.push(Fault::new(left.span, message));
}

/// `ip[8] == 64`: bytes are hexadecimal.
fn decimal_byte(left: &Operand, right: &Operand, warnings: &mut Vec<Fault>) {
    let (What::Slice(..), What::Word(word)) = (&left.what, &right.what) else { return };
    if !matches!(operand::like(left), Ok(Some(Like { kind: Type::Bytes, .. }))) {
        return;
    }
    let decimal = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_digit());
    if decimal && literal::hexadecimal(word).is_some() && !word.starts_with('0') {
        let message = format!("warning: {word} is read as bytes in hexadecimal, 0x{word}");
        warnings.push(Fault::new(right.span, message));
    }
}
