//! Aliases: short names for fields, which protocols declare. They are expanded before a filter is compiled.

use super::ast::{Condition, Operand, OperandKind, Span};
use crate::naming;
use dissectors::protocol::Alias;
use dissectors::{Field, PROTOCOLS};
use std::cmp::Reverse;
use std::sync::LazyLock;

/// A word that protocols declare as an alias.
pub struct AliasWord {
    /// The word.
    pub name: &'static str,
    /// Fields it stands for, in the order of the protocols; with several, any of them may match.
    pub targets: Vec<&'static Alias>,
}

/// All aliases, those of the highest protocols first.
pub static ALIASES: LazyLock<Vec<AliasWord>> = LazyLock::new(|| {
    let mut words: Vec<(usize, AliasWord)> = Vec::new();
    let declared =
        PROTOCOLS.iter().enumerate().flat_map(|(nth, protocol)| protocol.aliases.iter().map(move |alias| (nth, alias)));
    for (nth, alias) in declared {
        match words.iter_mut().find(|(_, word)| word.name == alias.word) {
            Some((_, word)) => word.targets.push(alias),
            None => words.push((nth, AliasWord { name: alias.word, targets: vec![alias] })),
        }
    }
    words.sort_by_key(|&(nth, _)| Reverse(nth));
    words.into_iter().map(|(_, word)| word).collect()
});

fn find(word: &str) -> Option<&'static AliasWord> {
    ALIASES.iter().find(|alias| alias.name == word)
}

/// A field that a filter names as an earlier version of Wireshark did.
pub(super) struct RenamedField {
    pub(super) old: String,
    pub(super) new: String,
    pub(super) span: Span,
}

/// Replaces old names of fields by their current names. Adds each old name once, in the order they are written.
pub(super) fn rename_old(condition: &mut Condition, renamed: &mut Vec<RenamedField>) {
    match condition {
        Condition::Or(parts) | Condition::Xor(parts) | Condition::And(parts) => {
            parts.iter_mut().for_each(|part| rename_old(part, renamed));
        }
        Condition::Not(inner) => rename_old(inner, renamed),
        relation => visit_operands(relation, &mut |operand| {
            let (OperandKind::Word(name) | OperandKind::Field { name, .. }) = &mut operand.kind else { return };
            let Some(new) = naming::current_name(name) else { return };
            let old = std::mem::replace(name, new.clone());
            if renamed.iter().all(|other| other.old != old) {
                renamed.push(RenamedField { old, new, span: operand.span });
            }
        }),
    }
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
fn expand_nth(relation: &Condition, aliases: &[(&'static AliasWord, Span)], nth: usize) -> Condition {
    let target = |alias: &'static AliasWord| alias.targets.get(nth).or(alias.targets.last()).copied();
    let mut plain = relation.clone();
    visit_operands(&mut plain, &mut |operand| {
        if let OperandKind::Word(word) = &mut operand.kind
            && let Some(target) = find(word).and_then(target)
        {
            *word = target.field.name.to_owned();
        }
    });
    let mut parts: Vec<Condition> = Vec::new();
    for (target, span) in aliases.iter().filter_map(|&(alias, span)| Some((target(alias)?, span))) {
        let present =
            |field: &&Field| Condition::Test(Operand { span, kind: OperandKind::Word(field.name.to_owned()) });
        let with = target.with.iter().filter(|field| field.id != target.field.id).map(present);
        let without = target.without.iter().map(|field| Condition::Not(Box::new(present(field))));
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
