//! Aliases: short names for fields, which protocols declare. They are expanded before a filter is compiled.

use super::ast::{Condition, Operand, OperandKind, Relation, SetItem, Span};
use crate::naming;
use dissectors::protocol::Alias;
use dissectors::{Field, FieldKind, PROTOCOLS};
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
    let fits = |&nth: &usize| aliases.iter().all(|(alias, _)| fits(&relation, alias, nth));
    // If none fits, one of them has the error.
    let any_fits = (0..count).any(|nth| fits(&nth));
    let fitting = (0..count).filter(|nth| !any_fits || fits(nth));
    let mut alternatives: Vec<Condition> = fitting.map(|nth| expand_nth(&relation, &aliases, nth)).collect();
    match alternatives.len() {
        1 => alternatives.remove(0),
        _ => Condition::Or(alternatives),
    }
}

/// Returns the `nth` target of an alias, or its last.
fn nth_target(alias: &AliasWord, nth: usize) -> Option<&'static Alias> {
    alias.targets.get(nth).or(alias.targets.last()).copied()
}

/// Returns whether the literals of a relation can be values of the `nth` target of an alias, which may stand for numbers and
/// for texts. Digits are a number.
fn fits(relation: &Condition, alias: &AliasWord, nth: usize) -> bool {
    if nth_target(alias, nth).is_some_and(|target| target.is_exact) && !compares_exactly(relation) {
        return false;
    }
    let is_text = |target: &Alias| target.field.kind == FieldKind::Text;
    let wants_text = nth_target(alias, nth).is_some_and(is_text);
    if alias.targets.iter().all(|target| is_text(target) == wants_text) {
        return true;
    }
    let is_fit = |operand: &Operand| {
        let first = match &operand.kind {
            OperandKind::Text(text) => text.first(),
            OperandKind::Word(word) => word.as_bytes().first(),
            _ => None,
        };
        !is_value(operand) || first.is_none_or(|first| wants_text != first.is_ascii_digit())
    };
    match relation {
        Condition::Compare { first, rest, .. } => {
            let searches = |relation: &Relation| matches!(relation, Relation::Contains | Relation::Matches);
            is_fit(first)
                && rest.iter().all(|(kind, operand)| if searches(kind) { wants_text } else { is_fit(operand) })
        }
        Condition::Member { set, .. } => {
            set.iter().all(|SetItem { low, high }| is_fit(low) && high.as_ref().is_none_or(is_fit))
        }
        _ => true,
    }
}

/// Returns whether a relation has a value that is equal to another, or tests presence.
fn compares_exactly(relation: &Condition) -> bool {
    match relation {
        Condition::Compare { rest, .. } => rest.iter().all(|(kind, _)| *kind == Relation::Equal),
        _ => true,
    }
}

/// Returns a relation in which each alias is replaced by its `nth` target, or by its last.
fn expand_nth(relation: &Condition, aliases: &[(&'static AliasWord, Span)], nth: usize) -> Condition {
    let target = |alias: &'static AliasWord| nth_target(alias, nth);
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
