//! What a filter says that its writer most likely does not mean.

use super::ast::{Condition, Operand, Relation, Span, What};
use super::fault::Fault;
use super::kind::{Like, Type};
use super::{literal, operand, sugar};
use crate::naming;
use dissectors::{Field, Kind};

/// Adds a warning for each trap in a condition whose short words are replaced.
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

/// Adds a warning for what a request and its answer have together and hardly a frame has, of the text of a filter.
pub(super) fn warn_of_frames(condition: &Condition, filter: &str, warnings: &mut Vec<Fault>) {
    match condition {
        Condition::And(parts) => {
            never_together(parts, filter, warnings);
            parts.iter().for_each(|part| warn_of_frames(part, filter, warnings));
        }
        Condition::Or(parts) | Condition::Xor(parts) => {
            parts.iter().for_each(|part| warn_of_frames(part, filter, warnings));
        }
        Condition::Not(inner) => warn_of_frames(inner, filter, warnings),
        Condition::Test(_) | Condition::Compare { .. } | Condition::Member { .. } => {}
    }
}

/// Which message a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Request,
    Response,
}

impl Of {
    /// Of which message a name is that only one of them has; names of headers that the other does not send are.
    fn name(name: &str) -> Option<Of> {
        match name {
            "http.request" | "http.request.method" | "http.request.version" | "http.request.line" => Some(Of::Request),
            "http.response_in" | "http.host" | "http.cookie" | "http.user_agent" | "http.referer" => Some(Of::Request),
            "http.request_in" | "http.time" | "http.set_cookie" | "http.server" | "http.location" => Some(Of::Response),
            _ if name.starts_with("http.request.uri.") => Some(Of::Request),
            _ if name.starts_with("http.response") => Some(Of::Response),
            _ => None,
        }
    }

    /// Of which message a frame must tell for a condition to hold, and where that is said.
    fn condition(condition: &Condition) -> Option<(Of, Span)> {
        match condition {
            Condition::Test(operand) | Condition::Member { operand, .. } => Of::operand(operand),
            Condition::Compare { first, rest, .. } => {
                let right = rest.first().filter(|_| sugar::is_value(first));
                Of::operand(first).or_else(|| Of::operand(&right?.1))
            }
            Condition::And(parts) => parts.iter().find_map(Of::condition),
            Condition::Or(parts) => {
                let first = Of::condition(parts.first()?)?;
                let same = |part| Of::condition(part).is_some_and(|(of, _)| of == first.0);
                parts.iter().all(same).then_some(first)
            }
            Condition::Xor(_) | Condition::Not(_) => None,
        }
    }

    fn operand(operand: &Operand) -> Option<(Of, Span)> {
        match &operand.what {
            What::Word(name) | What::Field { name, .. } => Some((Of::name(name)?, operand.span)),
            What::Slice(inner, _) => Of::operand(inner),
            _ => None,
        }
    }
}

/// `method == POST and status >= 500`: a frame tells of a request or of a response.
fn never_together(parts: &[Condition], filter: &str, warnings: &mut Vec<Fault>) {
    let of = |wanted| parts.iter().filter_map(Of::condition).find(|&(of, _)| of == wanted);
    let (Some((_, asked)), Some((_, answered))) = (of(Of::Request), of(Of::Response)) else { return };
    let text = |span: Span| filter.get(span.start..span.end).unwrap_or_default();
    let (request, response) = (text(asked), text(answered));
    let hint = match request {
        "url" | "host" | "http.host" => "; http.request.full_uri stands on both",
        "uri" | "path" | "query" => "; http.request.uri stands on both",
        _ if request.starts_with("http.request.uri.") => "; http.request.uri stands on both",
        _ => "",
    };
    let message =
        format!("warning: {request} is of requests and {response} of responses, and hardly a frame has both{hint}");
    warnings.push(Fault::new(asked, message));
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
