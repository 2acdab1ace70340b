//! Aliases: short names for fields, independent of the protocol. They are expanded before a filter is compiled.

use super::ast::{Condition, Operand, OperandKind, Span};

/// An alias and the fields it stands for.
pub struct Alias {
    /// Name of the alias.
    pub name: &'static str,
    /// Fields it stands for; with several, any of them may match.
    pub targets: &'static [AliasTarget],
}

/// A field that an alias stands for, and the conditions under which it does.
#[derive(Debug)]
pub struct AliasTarget {
    /// Field name.
    pub field: &'static str,
    /// Fields that must be present in the same frame.
    pub with: &'static [&'static str],
    /// Fields that must be absent.
    pub without: &'static [&'static str],
}

const fn field(field: &'static str) -> AliasTarget {
    AliasTarget { field, with: &[], without: &[] }
}

/// Returns a request field. A response may have the field, too, for its request.
const fn request_field(field: &'static str) -> AliasTarget {
    AliasTarget { field, with: &["http.request.method"], without: &[] }
}

/// All aliases.
pub static ALIASES: &[Alias] = &[
    Alias { name: "uri", targets: &[request_field("http.request.uri")] },
    Alias { name: "url", targets: &[request_field("http.request.full_uri")] },
    Alias { name: "method", targets: &[field("http.request.method")] },
    Alias { name: "status", targets: &[field("http.response.code")] },
    Alias { name: "host", targets: &[request_field("http.host")] },
    Alias {
        name: "path",
        targets: &[
            request_field("http.request.uri.path"),
            // A target without a query has no path field: all of it is the path.
            AliasTarget {
                field: "http.request.uri",
                with: &["http.request.method"],
                without: &["http.request.uri.path"],
            },
        ],
    },
    Alias { name: "query", targets: &[request_field("http.request.uri.query")] },
    Alias { name: "body", targets: &[field("http.file_data")] },
    Alias { name: "sni", targets: &[field("tls.handshake.extensions_server_name")] },
    Alias { name: "stream", targets: &[field("tcp.stream")] },
    Alias { name: "port", targets: &[field("tcp.port"), field("udp.port")] },
];

fn find(word: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.name == word)
}

/// Expands the aliases of a condition.
pub(super) fn expand(condition: Condition) -> Condition {
    let all = |parts: Vec<Condition>| parts.into_iter().map(expand).collect();
    match condition {
        Condition::Or(parts) => Condition::Or(all(parts)),
        Condition::Xor(parts) => Condition::Xor(all(parts)),
        Condition::And(parts) => Condition::And(all(parts)),
        Condition::Not(inner) => Condition::Not(Box::new(expand(*inner))),
        relation => expand_relation(relation),
    }
}

/// Expands the aliases of one relation into alternatives, one for each field that an alias stands for.
fn expand_relation(relation: Condition) -> Condition {
    let mut aliases = Vec::new();
    let mut visited = relation.clone();
    visit_operands(&mut visited, &mut |operand| {
        if let OperandKind::Word(word) = &operand.kind
            && let Some(alias) = find(word)
        {
            aliases.push((alias, operand.span));
        }
    });
    let Some(count) = aliases.iter().map(|(alias, _)| alias.targets.len()).max() else { return relation };
    let mut alternatives: Vec<Condition> = (0..count).map(|nth| expand_nth(&relation, &aliases, nth)).collect();
    match alternatives.len() {
        1 => alternatives.remove(0),
        _ => Condition::Or(alternatives),
    }
}

/// Returns a relation in which each alias is replaced by its `nth` target, or by its last.
fn expand_nth(relation: &Condition, aliases: &[(&'static Alias, Span)], nth: usize) -> Condition {
    let target = |alias: &'static Alias| alias.targets.get(nth).or(alias.targets.last());
    let mut plain = relation.clone();
    visit_operands(&mut plain, &mut |operand| {
        if let OperandKind::Word(word) = &mut operand.kind
            && let Some(target) = find(word).and_then(target)
        {
            *word = target.field.to_owned();
        }
    });
    let mut parts: Vec<Condition> = Vec::new();
    for (target, span) in aliases.iter().filter_map(|&(alias, span)| Some((target(alias)?, span))) {
        let present = |name: &&str| Condition::Test(Operand { span, kind: OperandKind::Word((*name).to_owned()) });
        let with = target.with.iter().filter(|name| **name != target.field).map(present);
        let without = target.without.iter().map(|name| Condition::Not(Box::new(present(name))));
        for part in with.chain(without) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts.push(plain);
    match <[Condition; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => Condition::And(parts),
    }
}

/// Returns whether an operand is certainly a literal and not a field.
pub(super) fn is_value(operand: &Operand) -> bool {
    match &operand.kind {
        OperandKind::Text(_) | OperandKind::Char(_) => true,
        OperandKind::Word(word) => find(word).is_none() && dissectors::field(word).is_none(),
        _ => false,
    }
}

/// Visits the operands of a relation that may be fields: on the left, in arithmetic and in functions. On the right of a
/// field, a word is a literal, as in `http.connection == host`.
fn visit_operands(relation: &mut Condition, visitor: &mut dyn FnMut(&mut Operand)) {
    match relation {
        Condition::Test(operand) | Condition::Member { operand, .. } => visit_operand(operand, visitor),
        Condition::Compare { first, rest, .. } => {
            let mut left_is_value = is_value(first);
            visit_operand(first, visitor);
            for (_, operand) in rest {
                let is_word = matches!(operand.kind, OperandKind::Word(_));
                let is_value = is_value(operand);
                if !is_word || left_is_value && !is_value {
                    visit_operand(operand, visitor);
                }
                left_is_value = is_value;
            }
        }
        Condition::Or(_) | Condition::Xor(_) | Condition::And(_) | Condition::Not(_) => {}
    }
}

fn visit_operand(operand: &mut Operand, visitor: &mut dyn FnMut(&mut Operand)) {
    visitor(operand);
    match &mut operand.kind {
        OperandKind::Slice(inner, _) | OperandKind::Negative(inner) => visit_operand(inner, visitor),
        OperandKind::Arithmetic(_, left, right) => {
            visit_operand(left, visitor);
            visit_operand(right, visitor);
        }
        OperandKind::Call { arguments, .. } => {
            arguments.iter_mut().for_each(|argument| visit_operand(argument, visitor))
        }
        OperandKind::Word(_) | OperandKind::Field { .. } | OperandKind::Text(_) | OperandKind::Char(_) => {}
    }
}
