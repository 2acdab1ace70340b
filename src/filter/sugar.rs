//! Short words for fields, whatever protocol has them; they are replaced before anything else is looked at.

use super::ast::{Condition, Operand, Span, What};

/// A short word and the fields it stands for.
pub struct Sugar {
    /// The word.
    pub word: &'static str,
    /// What it stands for: where several are given, any of them.
    pub means: &'static [Meaning],
}

/// A field, and where it is meant.
#[derive(Debug)]
pub struct Meaning {
    /// The field's name.
    pub field: &'static str,
    /// Fields that must be there in the same frame.
    pub with: &'static [&'static str],
    /// Fields that must not.
    pub without: &'static [&'static str],
}

const fn field(field: &'static str) -> Meaning {
    Meaning { field, with: &[], without: &[] }
}

/// A field of a request: a response may have it too, telling of its request.
const fn asked(field: &'static str) -> Meaning {
    Meaning { field, with: &["http.request.method"], without: &[] }
}

/// All short words.
pub static SUGAR: &[Sugar] = &[
    Sugar { word: "uri", means: &[asked("http.request.uri")] },
    Sugar { word: "url", means: &[asked("http.request.full_uri")] },
    Sugar { word: "method", means: &[field("http.request.method")] },
    Sugar { word: "status", means: &[field("http.response.code")] },
    Sugar { word: "host", means: &[asked("http.host")] },
    Sugar {
        word: "path",
        means: &[
            asked("http.request.uri.path"),
            // A target without a query has no field for its path: it is all path.
            Meaning { field: "http.request.uri", with: &["http.request.method"], without: &["http.request.uri.path"] },
        ],
    },
    Sugar { word: "query", means: &[asked("http.request.uri.query")] },
    Sugar { word: "body", means: &[field("http.file_data")] },
    Sugar { word: "sni", means: &[field("tls.handshake.extensions_server_name")] },
    Sugar { word: "stream", means: &[field("tcp.stream")] },
    Sugar { word: "port", means: &[field("tcp.port"), field("udp.port")] },
];

fn find(word: &str) -> Option<&'static Sugar> {
    SUGAR.iter().find(|sugar| sugar.word == word)
}

/// Replaces the short words of a condition.
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

/// Replaces the short words of one relation by what they mean, one meaning after the other.
fn expand_relation(relation: Condition) -> Condition {
    let mut words = Vec::new();
    let mut found = relation.clone();
    visit(&mut found, &mut |operand| {
        if let What::Word(word) = &operand.what
            && let Some(sugar) = find(word)
        {
            words.push((sugar, operand.span));
        }
    });
    let Some(most) = words.iter().map(|(sugar, _)| sugar.means.len()).max() else { return relation };
    let mut ways: Vec<Condition> = (0..most).map(|nth| one_way(&relation, &words, nth)).collect();
    match ways.len() {
        1 => ways.remove(0),
        _ => Condition::Or(ways),
    }
}

/// A relation in which each short word has its meaning of this number, or its last.
fn one_way(relation: &Condition, words: &[(&'static Sugar, Span)], nth: usize) -> Condition {
    let meaning = |sugar: &'static Sugar| sugar.means.get(nth).or(sugar.means.last());
    let mut plain = relation.clone();
    visit(&mut plain, &mut |operand| {
        if let What::Word(word) = &mut operand.what
            && let Some(meaning) = find(word).and_then(meaning)
        {
            *word = meaning.field.to_owned();
        }
    });
    let mut parts: Vec<Condition> = Vec::new();
    for (meaning, span) in words.iter().filter_map(|&(sugar, span)| Some((meaning(sugar)?, span))) {
        let there = |name: &&str| Condition::Test(Operand { span, what: What::Word((*name).to_owned()) });
        let with = meaning.with.iter().filter(|name| **name != meaning.field).map(there);
        let without = meaning.without.iter().map(|name| Condition::Not(Box::new(there(name))));
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

/// Whether an operand is a value for certain and no field.
pub(super) fn is_value(operand: &Operand) -> bool {
    match &operand.what {
        What::Text(_) | What::Char(_) => true,
        What::Word(word) => find(word).is_none() && dissectors::field(word).is_none(),
        _ => false,
    }
}

/// Visits the operands of a relation where a field may stand: left of it, in arithmetic and in functions. To the right
/// of a field a word is a value, as in `http.connection == host`.
fn visit(relation: &mut Condition, seen: &mut dyn FnMut(&mut Operand)) {
    match relation {
        Condition::Test(operand) | Condition::Member { operand, .. } => within(operand, seen),
        Condition::Compare { first, rest, .. } => {
            let mut left_is_value = is_value(first);
            within(first, seen);
            for (_, operand) in rest {
                let is_word = matches!(operand.what, What::Word(_));
                let is_value = is_value(operand);
                if !is_word || left_is_value && !is_value {
                    within(operand, seen);
                }
                left_is_value = is_value;
            }
        }
        Condition::Or(_) | Condition::Xor(_) | Condition::And(_) | Condition::Not(_) => {}
    }
}

fn within(operand: &mut Operand, seen: &mut dyn FnMut(&mut Operand)) {
    seen(operand);
    match &mut operand.what {
        What::Slice(inner, _) | What::Negative(inner) => within(inner, seen),
        What::Arithmetic(_, left, right) => {
            within(left, seen);
            within(right, seen);
        }
        What::Call { arguments, .. } => arguments.iter_mut().for_each(|argument| within(argument, seen)),
        What::Word(_) | What::Field { .. } | What::Text(_) | What::Char(_) => {}
    }
}
