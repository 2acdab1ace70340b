//! Arrays of JSON whose objects have places in the array as values, as frameworks of pages write them: `[{"token":1},"x"]` (devalue)
//! and `[{"_1":2},"token","x"]` (turbo-stream).

use super::members::{is_named, is_naming};
use super::tokens::{TokenKind, Tokens};
use crate::redact::Redactor;
use crate::redact::names::Rule;
use std::ops::Range;

/// A place that others in an array name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamedPlace {
    pub start: usize,
    /// Rule of the text or number at the place. `None` for an object, whose numbers are places.
    pub rule: Option<Rule>,
}

/// An element of the array.
struct Element {
    kind: TokenKind,
    range: Range<usize>,
    /// Its members among those of all elements.
    members: Range<usize>,
}

/// A member of an element: its name, if it has one, and its value, which is the number of an element.
struct Member {
    key: Option<Range<usize>>,
    index: Option<usize>,
}

/// Adds the secrets of the array that begins at a place, and its objects. Returns whether it is certainly of this kind: each element
/// but the first is named by a place.
pub(super) fn add_indexed(redactor: &Redactor, source: &[u8], at: usize, found: &mut Vec<NamedPlace>) -> bool {
    let Some((elements, members)) = read(source, at) else { return false };
    let text = |nth: usize| {
        let element: &Element = elements.get(nth).filter(|element| element.kind == TokenKind::String)?;
        Some(super::unescaped(source.get(element.range.clone())?, false))
    };
    let key_place = |key: &Range<usize>| number(source.get(key.clone())?.strip_prefix(b"\"_")?.strip_suffix(b"\"")?);
    let name = |key: &Range<usize>| {
        let own = || super::unescaped(source.get(key.clone()).unwrap_or_default(), false);
        key_place(key).and_then(text).unwrap_or_else(own)
    };
    let mut rules: Vec<Option<Rule>> = elements.iter().map(|_| None).collect();
    let mut open = Vec::new();
    for element in elements.iter().filter(|element| element.kind == TokenKind::Object) {
        found.push(NamedPlace { start: element.range.start, rule: None });
        let own = members.get(element.members.clone()).unwrap_or_default();
        let named = || own.iter().filter_map(|member| Some((name(member.key.as_ref()?), member.index?)));
        let naming = named().filter(|(name, _)| is_naming(name)).filter_map(|(_, index)| text(index));
        let pair = naming.fold(None, |rule, name| Rule::either(rule, redactor.naming_rule(&name)));
        open.extend(named().filter_map(|(name, index)| {
            Some((index, Rule::either(redactor.rule_of(&name), pair.filter(|_| is_named(&name)))?))
        }));
    }
    // What a secret has is one, too.
    while let Some((nth, rule)) = open.pop() {
        let Some((element, known)) = elements.get(nth).zip(rules.get_mut(nth)) else { continue };
        let either = Rule::either(*known, Some(rule));
        if *known == either {
            continue;
        }
        *known = either;
        let own = members.get(element.members.clone()).unwrap_or_default();
        open.extend(own.iter().filter_map(|member| Some((member.index?, rule))));
    }
    let secrets = elements.iter().zip(rules).filter(|(element, _)| element.kind != TokenKind::Object);
    let secrets = secrets.filter_map(|(element, rule)| Some((element.range.start, rule?)));
    found.extend(secrets.map(|(start, rule)| NamedPlace { start, rule: Some(rule) }));
    let mut is_named: Vec<bool> = elements.iter().enumerate().map(|(nth, _)| nth == 0).collect();
    for member in &members {
        for nth in [member.index, member.key.as_ref().and_then(key_place)].into_iter().flatten() {
            is_named.get_mut(nth).into_iter().for_each(|named| *named = true);
        }
    }
    is_named.into_iter().all(|named| named)
}

fn number(digits: &[u8]) -> Option<usize> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Returns the elements of an array, and their members. `None` if one of those is no number.
fn read(source: &[u8], at: usize) -> Option<(Vec<Element>, Vec<Member>)> {
    let (mut elements, mut members) = (Vec::<Element>::new(), Vec::new());
    let mut tokens = Tokens::new(source, at);
    let mut key = None;
    tokens.next()?;
    while let Some(token) = tokens.next() {
        let is_group = matches!(token.kind, TokenKind::Object | TokenKind::Array);
        match (token.kind, tokens.depth() - usize::from(is_group)) {
            (TokenKind::Close, 0) => break,
            (TokenKind::Close, _) => {}
            (TokenKind::Key, _) => key = Some(token.range),
            (kind, 1) => {
                elements.push(Element { kind, range: token.range, members: members.len()..members.len() });
            }
            (TokenKind::Number | TokenKind::String | TokenKind::Word, 2) => {
                members.push(Member { key: key.take(), index: number(source.get(token.range)?) });
                elements.last_mut()?.members.end = members.len();
            }
            _ => return None,
        }
    }
    Some((elements, members))
}
