//! Warnings about valid conditions that are most likely mistakes.

use super::alias::RenamedField;
use super::ast::{Condition, Operand, OperandKind, Relation, Span};
use super::diagnostic::Diagnostic;
use super::kind::{OperandType, ValueType};
use super::{alias, literal, operand};
use crate::naming;
use dissectors::protocol::MessageFields;
use dissectors::{Field, FieldKind, message_fields};

/// Adds a warning for each likely mistake in a condition with expanded aliases.
pub(super) fn warn(condition: &Condition, warnings: &mut Vec<Diagnostic>) {
    match condition {
        Condition::Or(parts) | Condition::Xor(parts) => parts.iter().for_each(|part| warn(part, warnings)),
        Condition::And(parts) => {
            warn_absent_flag(parts, warnings);
            parts.iter().for_each(|part| warn(part, warnings));
        }
        Condition::Not(inner) => warn(inner, warnings),
        Condition::Compare { quantifier: None, first, rest } => {
            let mut left = first;
            for (relation, right) in rest {
                warn_unequal(left, *relation, warnings);
                warn_decimal_byte(left, right, warnings);
                left = right;
            }
        }
        Condition::Test(_) | Condition::Compare { .. } | Condition::Member { .. } => {}
    }
}

/// Adds the protocols whose presence is tested and that overhear does not read, each once, in the order they are written.
pub(super) fn unread<'c>(condition: &'c Condition, found: &mut Vec<(&'c str, Span)>) {
    match condition {
        Condition::Or(parts) | Condition::Xor(parts) | Condition::And(parts) => {
            parts.iter().for_each(|part| unread(part, found));
        }
        Condition::Not(inner) => unread(inner, found),
        Condition::Test(operand) => {
            let name = operand::unread_protocol(operand).filter(|name| found.iter().all(|(other, _)| other != name));
            found.extend(name.map(|name| (name, operand.span)));
        }
        Condition::Compare { .. } | Condition::Member { .. } => {}
    }
}

/// Warns of old names of fields, all in one warning.
pub(super) fn old_names(renamed: &[RenamedField]) -> Option<Diagnostic> {
    let list = |name: fn(&RenamedField) -> &str| renamed.iter().map(name).collect::<Vec<_>>().join(", ");
    let (old, new) = (list(|field| &field.old), list(|field| &field.new));
    let verb = if renamed.len() == 1 { "is an old name" } else { "are old names" };
    Some(Diagnostic::new(renamed.first()?.span, format!("warning: {old} {verb}: use {new}")))
}

fn field(operand: &Operand) -> Option<&'static Field> {
    match &operand.kind {
        OperandKind::Word(name) | OperandKind::Field { name, .. } => naming::find(name),
        _ => None,
    }
}

/// Warns of `tcp.flags.syn && !tcp.flags.ack`: a flag is present in every frame of its protocol, set or not.
fn warn_absent_flag(parts: &[Condition], warnings: &mut Vec<Diagnostic>) {
    let has_protocol_of = |flag: &Field| {
        parts.iter().any(|part| match part {
            Condition::Test(operand) => field(operand).is_some_and(|field| field.protocol == flag.protocol),
            _ => false,
        })
    };
    for part in parts {
        if let Condition::Not(inner) = part
            && let Condition::Test(operand) = &**inner
            && let Some(field) = field(operand).filter(|field| field.kind == FieldKind::Bool && has_protocol_of(field))
        {
            let name = field.name;
            let message = format!(
                "warning: {name} is present whether it is set or not, so this almost never matches; use {name} == 0"
            );
            warnings.push(Diagnostic::new(operand.span, message));
        }
    }
}

/// Adds a warning for each conjunction of request and response fields, which a call can match and a frame almost never.
/// `filter` is the text of the filter.
pub(super) fn warn_about_frames(condition: &Condition, filter: &str, warnings: &mut Vec<Diagnostic>) {
    match condition {
        Condition::And(parts) => {
            warn_request_and_response(parts, filter, warnings);
            parts.iter().for_each(|part| warn_about_frames(part, filter, warnings));
        }
        Condition::Or(parts) | Condition::Xor(parts) => {
            parts.iter().for_each(|part| warn_about_frames(part, filter, warnings));
        }
        Condition::Not(inner) => warn_about_frames(inner, filter, warnings),
        Condition::Test(_) | Condition::Compare { .. } | Condition::Member { .. } => {}
    }
}

/// The message that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageKind {
    Request,
    Response,
}

impl MessageKind {
    /// Returns the message that has a field; none if both may have it.
    fn of_field(name: &str) -> Option<MessageKind> {
        let is_in = |fields: &[&Field]| fields.iter().any(|field| field.name == name);
        message_fields().find_map(|(_, fields)| {
            let kinds = [(fields.request_only, MessageKind::Request), (fields.response_only, MessageKind::Response)];
            kinds.into_iter().find_map(|(only, kind)| is_in(only).then_some(kind))
        })
    }

    /// Returns the message that a frame must contain for a condition to hold, with the position of its field.
    fn of_condition(condition: &Condition) -> Option<(MessageKind, Span)> {
        match condition {
            Condition::Test(operand) | Condition::Member { operand, .. } => MessageKind::of_operand(operand),
            Condition::Compare { first, rest, .. } => {
                let right = rest.first().filter(|_| alias::is_value(first));
                MessageKind::of_operand(first).or_else(|| MessageKind::of_operand(&right?.1))
            }
            Condition::And(parts) => parts.iter().find_map(MessageKind::of_condition),
            Condition::Or(parts) => {
                // An alias stands for fields of messages without halves, too.
                let mut parts = parts.iter().filter(|part| !is_about_whole_message(part));
                let first = MessageKind::of_condition(parts.next()?)?;
                let same = |part| MessageKind::of_condition(part).is_some_and(|(message, _)| message == first.0);
                parts.all(same).then_some(first)
            }
            Condition::Xor(_) | Condition::Not(_) => None,
        }
    }

    fn of_operand(operand: &Operand) -> Option<(MessageKind, Span)> {
        match &operand.kind {
            OperandKind::Word(name) | OperandKind::Field { name, .. } => {
                Some((MessageKind::of_field(name)?, operand.span))
            }
            OperandKind::Slice(inner, _) => MessageKind::of_operand(inner),
            _ => None,
        }
    }
}

/// Whether a condition is about a field of a protocol whose messages are neither requests nor responses.
fn is_about_whole_message(condition: &Condition) -> bool {
    let operand = match condition {
        Condition::Test(operand) | Condition::Member { operand, .. } => operand,
        Condition::Compare { first, .. } => first,
        _ => return false,
    };
    let is_without_halves = |fields: &MessageFields| fields.response_only.iter().all(|only| only.id != fields.code.id);
    let own = |own: &Field, fields: &MessageFields| fields.code.protocol == own.protocol && is_without_halves(fields);
    field(operand).is_some_and(|field| message_fields().any(|(_, fields)| own(field, fields)))
}

/// Warns of `method == POST and status >= 500`: a frame has a request or a response.
fn warn_request_and_response(parts: &[Condition], filter: &str, warnings: &mut Vec<Diagnostic>) {
    let part_of = |wanted| parts.iter().filter_map(MessageKind::of_condition).find(|&(message, _)| message == wanted);
    let (Some((_, request_span)), Some((_, response_span))) =
        (part_of(MessageKind::Request), part_of(MessageKind::Response))
    else {
        return;
    };
    let text = |span: Span| filter.get(span.start..span.end).unwrap_or_default();
    let (request, response) = (text(request_span), text(response_span));
    let hint = field_of_both(request).map_or(String::new(), |field| format!("; use {}", field.name));
    let message =
        format!("warning: {request} is a request field, {response} a response field: almost no frame has both{hint}");
    warnings.push(Diagnostic::new(request_span, message));
}

/// Returns the field that responses repeat and that contains the value of a field, or an alias, of requests.
fn field_of_both(name: &str) -> Option<&'static Field> {
    let aliased = alias::ALIASES.iter().filter(|word| word.name == name).flat_map(|word| &word.targets);
    let mut named = aliased.map(|alias| alias.field.name).chain([name]);
    named.find_map(|name| {
        message_fields().find_map(|(_, fields)| {
            let is_of = |field: &Field| name == field.name;
            let is_part = name.strip_prefix(fields.target.name).is_some_and(|part| part.starts_with('.'));
            if is_of(fields.authority) || is_of(fields.full_target) {
                return Some(fields.full_target);
            }
            (is_of(fields.target) || is_part).then_some(fields.target)
        })
    })
}

/// Fields that most frames have twice, once for each side.
const TWO_SIDED_FIELDS: [&str; 7] =
    ["ip.addr", "ipv6.addr", "eth.addr", "tcp.port", "udp.port", "ip.host", "ipv6.host"];

/// Warns of `ip.addr != 10.0.0.1`: all values must differ. Before Wireshark 3.6, it meant any value.
fn warn_unequal(left: &Operand, relation: Relation, warnings: &mut Vec<Diagnostic>) {
    let Some(field) = field(left).filter(|field| TWO_SIDED_FIELDS.contains(&field.name)) else { return };
    let name = field.name;
    let message = match relation {
        Relation::Unequal => format!(
            "warning: {name} has several values in a frame, and != matches if all differ; !== matches if any differs"
        ),
        Relation::AnyUnequal => format!(
            "warning: {name} has several values in a frame, and !== matches if any differs; != matches if all differ"
        ),
        _ => return,
    };
    warnings.push(Diagnostic::new(left.span, message));
}

/// Warns of `ip[4:2] == 1000`: a number that does not fit into a byte is hexadecimal.
fn warn_decimal_byte(left: &Operand, right: &Operand, warnings: &mut Vec<Diagnostic>) {
    let (OperandKind::Slice(..), OperandKind::Word(word)) = (&left.kind, &right.kind) else { return };
    if !matches!(operand::type_of(left), Ok(Some(OperandType { kind: ValueType::Bytes, .. }))) {
        return;
    }
    let decimal = word.bytes().all(|byte| byte.is_ascii_digit()) && word.parse::<u8>().is_err();
    if decimal && literal::parse_hexadecimal(word).is_some() && !word.starts_with('0') {
        let message = format!("warning: {word} is parsed as hexadecimal bytes, 0x{word}");
        warnings.push(Diagnostic::new(right.span, message));
    }
}
