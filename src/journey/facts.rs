//! Facts that protocols declare of calls, read from nodes of a frame.

use crate::report::escaped;
use dissectors::call_facts::{CallFacts, CallPart, ExplainedStep, FactRole, StatusMeaning};
use dissectors::exchange::Exchange;
use dissectors::tree::Node;
use dissectors::{Claim, PROTOCOLS, Protocol, Tree, Value, Wants, call_facts, format};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Maximum bytes of a fact that are kept.
const MAX_TEXT: usize = 1024;

/// Roles of fields, by the number of the field. The rank orders fields with the same role.
static ROLES: LazyLock<HashMap<u16, (FactRole, usize)>> = LazyLock::new(|| {
    let fields = call_facts().flat_map(|(_, facts)| facts.fields.iter().enumerate());
    fields.map(|(rank, &(role, field))| (field.id, (role, rank))).collect()
});

/// Roles of fields with one value, by the number of the field and the value.
static VALUE_ROLES: LazyLock<HashMap<(u16, u64), FactRole>> = LazyLock::new(|| {
    call_facts().flat_map(|(_, facts)| facts.values).map(|&(role, field, value)| ((field.id, value), role)).collect()
});

/// Adds all fields with a role.
pub(super) fn add_wants(wants: &mut Wants) {
    call_facts().flat_map(|(_, facts)| facts.fields).for_each(|(_, field)| wants.add(field));
    call_facts().flat_map(|(_, facts)| facts.values).for_each(|(_, field, _)| wants.add(field));
}

/// Returns the role of a node, and the rank of its field.
fn role(node: &Node) -> Option<(FactRole, usize)> {
    let of_value = || match node.value {
        Value::Uint(number) => Some((*VALUE_ROLES.get(&(node.field.id, number))?, 0)),
        _ => None,
    };
    ROLES.get(&node.field.id).copied().or_else(of_value)
}

/// A fact of a frame.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) role: FactRole,
    rank: usize,
    /// Text without control characters.
    pub(super) text: String,
    /// Its number, if it is one.
    pub(super) number: Option<i64>,
    /// Filter name of its protocol.
    pub(super) protocol: u16,
}

/// Returns the facts among some nodes.
pub(super) fn facts<'t>(nodes: &'t [Node], tree: &'t Tree) -> impl Iterator<Item = Fact> + use<'t> {
    nodes.iter().filter_map(|node| {
        let (role, rank) = role(node)?;
        let number = match node.value {
            Value::Uint(number) => i64::try_from(number).ok(),
            Value::Int(number) | Value::Duration(number) | Value::Time(number) => Some(number),
            _ => None,
        };
        Some(Fact { role, rank, text: text(node, tree), number, protocol: node.field.protocol })
    })
}

fn text(node: &Node, tree: &Tree) -> String {
    let mut text = String::new();
    match node.value {
        Value::Uint(number) => match node.field.value_name(number) {
            Some(name) => text.push_str(name),
            None => drop(format::value(&mut text, node.field, node.value, tree)),
        },
        Value::Text(slice) | Value::Bytes(slice) => {
            let bytes = tree.bytes(slice);
            escaped(&mut text, bytes.get(..MAX_TEXT).unwrap_or(bytes));
        }
        value => drop(format::value(&mut text, node.field, value, tree)),
    }
    text
}

/// Returns the first fact of a role, that of the first field in the declaration.
pub(super) fn best(facts: &[Fact], role: FactRole) -> Option<&Fact> {
    facts.iter().filter(|fact| fact.role == role).min_by_key(|fact| fact.rank)
}

/// Returns the facts of a protocol.
fn facts_of(protocol: &str) -> Option<&'static CallFacts> {
    call_facts().find(|(name, _)| *name == protocol).map(|(_, facts)| facts)
}

/// Whether calls of a protocol are lookups of names.
pub(crate) fn is_lookup(protocol: &str) -> bool {
    LOOKUP_PROTOCOLS.contains(&protocol)
}

/// Filter names of protocols for lookups.
static LOOKUP_PROTOCOLS: LazyLock<Box<[&str]>> = LazyLock::new(|| {
    let resolves = |(role, _): &(FactRole, _)| *role == FactRole::ResolvedAddress;
    call_facts().filter(|(_, facts)| facts.fields.iter().any(resolves)).map(|(name, _)| name).collect()
});

/// Whether a call may be a lookup: its protocol is one for lookups, or its response is a message of one.
pub(super) fn may_look_up(exchange: &Exchange) -> bool {
    is_lookup(exchange.protocol) || !exchange.content_type.is_empty() && has_lookup_content(&exchange.content_type)
}

fn has_lookup_content(media_type: &str) -> bool {
    LOOKUP_MEDIA_TYPES.iter().any(|name| name.eq_ignore_ascii_case(media_type))
}

/// Media types of messages of protocols for lookups.
static LOOKUP_MEDIA_TYPES: LazyLock<Box<[&str]>> = LazyLock::new(|| {
    let has_lookups = |protocol: &&Protocol| protocol.fields.first().is_some_and(|own| is_lookup(own.name));
    let claims = PROTOCOLS.iter().copied().filter(has_lookups).flat_map(|protocol| protocol.claims);
    claims.filter_map(|claim| if let Claim::MediaType(name) = claim { Some(*name) } else { None }).collect()
});

/// Returns the short name of a protocol.
pub(super) fn short_name(protocol: &str) -> &'static str {
    let is_it = |other: &&&Protocol| other.fields.first().is_some_and(|own| own.name == protocol);
    PROTOCOLS.iter().find(is_it).map_or("", |other| other.short)
}

/// Returns the filter name of the protocol whose first field has a number.
pub(super) fn protocol_name(number: u16) -> &'static str {
    let mut fields = PROTOCOLS.iter().filter_map(|protocol| protocol.fields.first());
    fields.find(|own| own.id == number).map_or("", |own| own.name)
}

/// Whether a status of a lookup states that the name does not exist.
pub(super) fn is_missing_name(status: &str) -> bool {
    let mut statuses = call_facts().flat_map(|(_, facts)| facts.statuses);
    statuses.any(|(name, meaning)| *name == status && *meaning == StatusMeaning::NoSuchName)
}

/// Returns the meaning of the status of a call, if it has one beside its outcome.
pub(super) fn meaning(exchange: &Exchange) -> Option<StatusMeaning> {
    let statuses = facts_of(exchange.protocol)?.statuses;
    statuses.iter().find(|(status, _)| *status == exchange.status).map(|&(_, meaning)| meaning)
}

/// Returns the names of the attributes of spans of a protocol.
pub(super) fn span_attributes(protocol: &str) -> &'static [(CallPart, &'static str)] {
    facts_of(protocol).map_or(&[], |facts| facts.span_attributes)
}

/// Whether calls of a protocol are statements of a database.
pub(super) fn has_statements(protocol: &str) -> bool {
    facts_of(protocol).is_some_and(|facts| facts.statements.is_some())
}

/// Whether the responses of a protocol come in the order of their requests.
pub(super) fn responds_in_order(protocol: &str) -> bool {
    facts_of(protocol).is_some_and(|facts| facts.responds_in_order)
}

/// Whether the messages of a protocol have channels of their own in a connection.
pub(super) fn has_channels(protocol: &str) -> bool {
    let mut messages = dissectors::message_fields();
    messages
        .any(|(own, fields)| fields.channel.is_some() && own.fields.first().is_some_and(|first| first.name == protocol))
}

/// Whether a protocol has handshakes itself.
pub(super) fn has_handshake(protocol: &str) -> bool {
    let is_of_handshake = |(role, _): &(FactRole, _)| matches!(role, FactRole::HandshakeMessage | FactRole::PacketKind);
    facts_of(protocol).is_some_and(|facts| facts.fields.iter().any(is_of_handshake))
}

/// Returns the name of a reason for which a protocol closes a channel or connection, or its number.
pub(super) fn error_name(protocol: &str, number: i64) -> String {
    let errors = facts_of(protocol).map_or(&[][..], |facts| facts.errors);
    let name = errors.iter().find(|(other, _)| i64::try_from(*other) == Ok(number)).map(|(_, name)| *name);
    match name {
        Some(name) => name.to_owned(),
        None if number == 0 => "no error".to_owned(),
        None => format!("error {number:#x}"),
    }
}

/// Returns a reason as text. One that is only a number has the name of that in a protocol.
pub(super) fn reason(number: Option<i64>, text: &str, protocol: &str) -> String {
    match number {
        Some(number) if text == number.to_string() => error_name(protocol, number),
        _ => text.to_owned(),
    }
}

/// Returns the name of the header line with a role.
pub(super) fn header_name(protocol: &str, role: FactRole) -> Option<&'static str> {
    let headers = facts_of(protocol)?.headers;
    headers.iter().find(|(other, _)| *other == role).map(|&(_, name)| name)
}

/// Returns the explanation of a step, in a protocol.
pub(super) fn explanation(protocol: &str, step: ExplainedStep) -> Option<&'static str> {
    let explanations = facts_of(protocol)?.explanations;
    explanations.iter().find(|(other, _)| *other == step).map(|&(_, text)| text)
}

/// Returns the explanation of a step by the protocol that has it.
pub(super) fn any_explanation(step: ExplainedStep) -> Option<&'static str> {
    call_facts().find_map(|(name, _)| explanation(name, step))
}
