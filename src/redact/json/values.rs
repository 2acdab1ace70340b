//! Values of JSON that are secrets: by the names around and beside them, and those that are equal to one of these.

use super::members::Roles;
use super::output::Edit;
use super::pairs::{self, NamedGroup};
use super::tokens::{End, Token, TokenKind, Tokens};
use super::unescaped;
use crate::redact::names::{Rule, SecretKind};
use crate::redact::text::Scope;
use crate::redact::{Redactor, is_mark, may_be_repeated};
use hashbrown::HashMap;
use std::borrow::Cow;

/// Length from which a name with a digit among secrets is one itself, as in `{"tokens":{"3f9a2c1d08e7":"phone"}}`.
const KEY_LEN: usize = 8;

/// Member in which Elasticsearch has a key with its name, in base 64, and the rule of its values.
const ENCODED: &[u8] = b"encoded";
const ENCODED_RULE: Rule = Rule { kind: SecretKind::Key, least: 16, is_count: false };

/// An open object or array.
struct Group {
    /// Rule of the values in it.
    rule: Option<Rule>,
    /// Rule of the objects and arrays in it.
    inner: Option<Rule>,
    /// Members for values alone have these rules, and those for arguments of a function.
    values_only: bool,
    names_arguments: bool,
    /// Rule of the text that names the others.
    outer: Option<Rule>,
    /// Place of that text.
    name: Option<usize>,
    /// The name of an array, if it is that of secrets.
    key: Option<Vec<u8>>,
    /// Numbers in it are places in the array around it.
    has_places: bool,
}

impl Group {
    /// Returns whether a member is one for a value that a text beside it names.
    fn is_value(&self, key: &[u8]) -> bool {
        if self.rule.is_none() && self.inner.is_none() {
            return false;
        }
        let roles = Roles::of(key);
        roles.is_value || self.names_arguments && roles.is_arguments
    }
}

impl Redactor {
    /// Calls a function for each replacement in the JSON that begins at a place, in order. Returns where the JSON ends.
    pub(super) fn json_edits(
        &self,
        source: &[u8],
        at: usize,
        is_single: bool,
        scope: Scope,
        add: &mut dyn FnMut(Edit),
    ) -> usize {
        let mut edits = Vec::new();
        let end = self.named_edits(source, at, is_single, scope, &mut |edit| edits.push(edit));
        let repeated = repeated_edits(source.get(..end).unwrap_or(source), at, &edits);
        if !repeated.is_empty() {
            edits.extend(repeated);
            edits.sort_by_key(|edit| edit.range.start);
        }
        edits.into_iter().for_each(add);
        end
    }

    /// Calls a function for each replacement of a value by the names around and beside it, in order. Returns where the JSON ends.
    fn named_edits(&self, source: &[u8], at: usize, is_single: bool, scope: Scope, add: &mut dyn FnMut(Edit)) -> usize {
        let (named, places) = pairs::named_groups(self, source, at, is_single);
        let (mut named, mut places) = (named.into_iter().peekable(), places.into_iter().peekable());
        let has_places = places.len() > 0;
        let mut tokens = Tokens::new(source, at);
        let mut groups: Vec<Group> = Vec::new();
        let mut key: Option<Cow<'_, [u8]>> = None;
        while let Some(token) = tokens.next() {
            let raw = source.get(token.range.clone()).unwrap_or_default();
            let edit = |text, is_key| Edit { range: token.range.clone(), text, is_key, is_cut: token.is_cut };
            let around = groups.last();
            let mut place = None;
            while has_places && let Some(found) = places.next_if(|place| place.start <= token.range.start) {
                place = Some(found).filter(|found| found.start == token.range.start);
            }
            match token.kind {
                TokenKind::Object | TokenKind::Array => {
                    let pair = named.next_if(|group| group.start == token.range.start);
                    let group = self.group(&token, around, key.take(), pair);
                    groups.push(Group { has_places: place.is_some_and(|place| place.rule.is_none()), ..group });
                }
                TokenKind::Close => {
                    groups.pop();
                }
                TokenKind::Key => {
                    let own = unescaped(raw, token.is_cut);
                    let rule = around.and_then(|group| group.outer);
                    if let Some(replaced) = self.json_key(&own, rule, scope) {
                        add(edit(replaced, true));
                    }
                    key = Some(own);
                }
                TokenKind::Deep => {
                    key = None;
                    add(edit(self.mark(SecretKind::Token, raw), false));
                }
                TokenKind::Word => key = None,
                TokenKind::String | TokenKind::Number => {
                    let own = if token.kind == TokenKind::String { unescaped(raw, token.is_cut) } else { raw.into() };
                    let own_key = key.take();
                    if token.kind == TokenKind::Number && around.is_some_and(|group| group.has_places) {
                        continue;
                    }
                    let encoded = (own_key.as_deref() == Some(ENCODED)).then_some(ENCODED_RULE);
                    let rule = place.and_then(|place| place.rule).or(encoded).filter(|rule| rule.applies_to(&own));
                    let replaced = match rule {
                        Some(rule) => Some(self.mark(rule.kind, &own)),
                        None => self.json_value(&token, &own, around, own_key, scope),
                    };
                    if let Some(replaced) = replaced.filter(|replaced| *replaced != *own) {
                        add(edit(replaced, false));
                    }
                }
            }
            if is_single && tokens.depth() == 0 {
                return tokens.at();
            }
        }
        // What is not JSON in a group of secrets belongs to it.
        let secret = groups.iter().position(|group| group.rule.is_some());
        if tokens.end() == End::Malformed
            && let Some(depth) = secret
        {
            let range = tokens.at()..tokens.close_of(depth).saturating_sub(1).max(tokens.at());
            let end = range.end;
            let text = self.mark(SecretKind::Token, source.get(range.clone()).unwrap_or_default());
            add(Edit { range, text, is_key: false, is_cut: false });
            return end;
        }
        tokens.at()
    }

    /// Returns what is known of the values of an object or array that begins.
    fn group(
        &self,
        token: &Token,
        around: Option<&Group>,
        key: Option<Cow<'_, [u8]>>,
        pair: Option<NamedGroup>,
    ) -> Group {
        let key = key.map(Cow::into_owned).or_else(|| around.and_then(|group| group.key.clone()));
        let own = key.as_deref().and_then(|key| self.rule_of(key));
        let is_array = token.kind == TokenKind::Array;
        let is_value = around.zip(key.as_deref()).is_some_and(|(around, key)| around.is_value(key));
        let around = around.map(|group| {
            if group.values_only && !is_value { (group.outer, group.outer) } else { (group.rule, group.inner) }
        });
        let (texts, groups) = around.unwrap_or_default();
        let with_own = |inherited| if is_array { inherited } else { Rule::either(inherited, own) };
        let outer = with_own(if is_array || is_value { texts } else { groups });
        let outer_groups = with_own(if is_value { texts } else { groups });
        let named = pair.map(|pair| pair.rule);
        Group {
            rule: Rule::either(outer, named),
            inner: Rule::either(outer_groups, named.filter(|_| pair.is_some_and(|pair| pair.names_groups))),
            values_only: pair.is_some_and(|pair| pair.values_only),
            names_arguments: pair.is_some_and(|pair| pair.names_arguments),
            outer,
            name: pair.and_then(|pair| pair.name),
            key: key.filter(|_| is_array && own.is_some()),
            has_places: false,
        }
    }

    fn json_key(&self, key: &[u8], rule: Option<Rule>, scope: Scope) -> Option<Vec<u8>> {
        let is_secret = key.len() >= KEY_LEN && key.iter().any(u8::is_ascii_digit) && !is_mark(key);
        match rule {
            Some(rule) if is_secret => Some(self.mark(rule.kind, key)),
            _ => self.nested_text(key, scope.inside()),
        }
    }

    fn json_value(
        &self,
        token: &Token,
        own: &[u8],
        around: Option<&Group>,
        key: Option<Cow<'_, [u8]>>,
        scope: Scope,
    ) -> Option<Vec<u8>> {
        let is_name = around.is_some_and(|group| group.name == Some(token.range.start));
        let is_other = |group: &Group| group.values_only && !key.as_deref().is_some_and(|key| group.is_value(key));
        let rule = around.and_then(|group| if is_name || is_other(group) { group.outer } else { group.rule });
        if let Some(rule) = rule.filter(|rule| rule.applies_to(own)) {
            return Some(self.mark(rule.kind, own));
        }
        // An array of values has their name around it.
        let key = key.as_deref().or_else(|| around.and_then(|group| group.key.as_deref())).unwrap_or_default();
        self.nested_value(key, own, scope.inside())
    }
}

/// Returns replacements of the texts that are equal to a value that was replaced as a whole: a password may be sent twice, the second
/// time under a name such as `confirm`.
fn repeated_edits(source: &[u8], at: usize, edits: &[Edit]) -> Vec<Edit> {
    let own = |range, is_cut| {
        let raw: &[u8] = source.get(range).unwrap_or_default();
        if raw.starts_with(b"\"") { unescaped(raw, is_cut) } else { raw.into() }
    };
    let values = edits.iter().filter(|edit| !edit.is_key && is_mark(&edit.text));
    let values = values.map(|edit| (own(edit.range.clone(), edit.is_cut), &edit.text));
    let secrets: HashMap<Cow<'_, [u8]>, &Vec<u8>> = values.filter(|(own, _)| may_be_repeated(own)).collect();
    if secrets.is_empty() {
        return Vec::new();
    }
    let mut known = edits.iter().map(|edit| edit.range.start).peekable();
    let texts = Tokens::new(source, at).filter(|token| token.kind == TokenKind::String);
    let repeated = texts.filter_map(|token| {
        while known.next_if(|start| *start < token.range.start).is_some() {}
        let text = secrets.get(&own(token.range.clone(), token.is_cut))?.to_vec();
        let is_new = known.peek() != Some(&token.range.start);
        is_new.then_some(Edit { range: token.range, text, is_key: false, is_cut: token.is_cut })
    });
    repeated.collect()
}
