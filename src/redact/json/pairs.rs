//! Objects and arrays of JSON in which a text names the secrets beside it, such as `{"id":"password","value":"x"}` and
//! `["token","x"]`.

use super::indexes::{NamedPlace, add_indexed};
use super::members::{NAME, Roles, has_end};
use super::tokens::{End, Token, TokenKind, Tokens};
use super::words::add_words;
use crate::redact::Redactor;
use crate::redact::database::is_statement;
use crate::redact::names::{MAX_NAME, Rule, SecretKind, describes_token, normalized};

/// Maximum length of a text that is a name, with its quotes and escapes.
const MAX_ESCAPED: usize = 6 * MAX_NAME + 2;
/// Part of the path of a secret that is the name of an object.
const SECRETS: &[u8] = b"/secrets/";
/// Depth of arrays up to which it is known whether their objects have places in them.
const MAX_INDEXED: usize = 8;
/// An object or an array whose texts are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamedGroup {
    /// Place of its begin.
    pub start: usize,
    pub rule: Rule,
    /// Place of the text that is the name, which is shown. `None` if several texts may be the name.
    pub name: Option<usize>,
    /// Objects and arrays in it have secrets, too. A title does not name them.
    pub names_groups: bool,
    /// Members for values alone are secrets.
    pub values_only: bool,
    /// Members for arguments of a function are secrets.
    pub names_arguments: bool,
}

/// An open object or array.
#[derive(Default)]
struct OpenGroup {
    start: usize,
    is_object: bool,
    /// It has the names of columns.
    has_columns: bool,
    /// It may have the names of columns in one of its members, and has the name of a secret there.
    is_schema: bool,
    names_rows: bool,
    /// All values in it are numbers.
    has_numbers_only: bool,
    /// It has a text, one that is an option, an object of numbers, and another object.
    has_text: bool,
    has_option: bool,
    has_object_of_numbers: bool,
    has_other_object: bool,
    /// Rule of the members for values, by the name of another member.
    value_rule: Option<Rule>,
    /// It has arguments of a function, and the rule of them by its name.
    has_arguments: bool,
    arguments_rule: Option<Rule>,
    rule: Option<Rule>,
    name: Option<usize>,
    /// The name is the text of a member for names.
    is_certain: bool,
    /// Several texts may be the name.
    is_ambiguous: bool,
    /// Number of texts and numbers in it.
    texts: u32,
    /// It has a member for a secret.
    has_value: bool,
    /// It has a text of another member, which may be the name of the secret.
    has_other_text: bool,
    /// Its first name of a secret is not its first text.
    has_later_name: bool,
    /// It has other objects or arrays.
    has_groups: bool,
    /// The name is one of the objects and arrays in it, too.
    names_groups: bool,
    /// The name is no title.
    names_texts: bool,
    /// It has an object or an array for a secret.
    has_group_value: bool,
    /// It has the operation of a patch.
    is_patch: bool,
    /// Rule of any part of the path of a value.
    part_rule: Option<Rule>,
    /// Rule of the path of a value.
    path_rule: Option<Rule>,
    /// It is a key of JSON (RFC 7517), and that a private one.
    is_web_key: [bool; 2],
}

/// Returns the objects and arrays that have a name in them, and places that are named by their numbers, in the order of their begins.
pub(super) fn named_groups(
    redactor: &Redactor,
    source: &[u8],
    at: usize,
    is_single: bool,
) -> (Vec<NamedGroup>, Vec<NamedPlace>) {
    let mut pairs = PairReader { redactor, source, open: Vec::new(), found: Vec::new(), places: Vec::new() };
    let mut tokens = Tokens::new(source, at);
    let mut key = None;
    while let Some(token) = tokens.next() {
        pairs.read(&token, key.take());
        if token.kind == TokenKind::Key {
            key = Some(token);
        }
        if is_single && tokens.depth() == 0 {
            break;
        }
    }
    let is_cut = tokens.end() == End::Cut;
    while !pairs.open.is_empty() {
        pairs.close(is_cut);
    }
    pairs.found.sort_unstable_by_key(|group| group.start);
    pairs.places.sort_unstable_by_key(|place| place.start);
    (pairs.found, pairs.places)
}

struct PairReader<'s> {
    redactor: &'s Redactor,
    source: &'s [u8],
    open: Vec<OpenGroup>,
    found: Vec<NamedGroup>,
    places: Vec<NamedPlace>,
}

impl PairReader<'_> {
    fn read(&mut self, token: &Token, key: Option<Token>) {
        let key = key.and_then(|key| self.source.get(key.range.start + 1..key.range.end.saturating_sub(1)));
        let roles = key.map(Roles::of).unwrap_or_default();
        match token.kind {
            TokenKind::Object | TokenKind::Array => {
                if let Some(around) = self.open.last_mut() {
                    around.has_groups = true;
                    around.has_numbers_only = false;
                    around.has_group_value |= roles.is_value;
                    around.has_arguments |= roles.is_arguments;
                }
                // Columns may be objects, each with a name.
                let is_array = token.kind == TokenKind::Array;
                let has_columns = is_array && roles.is_columns
                    || !is_array && self.open.last().is_some_and(|around| around.has_columns && !around.is_object);
                self.open.push(OpenGroup {
                    start: token.range.start,
                    is_object: !is_array,
                    has_columns,
                    is_schema: roles.is_schema,
                    has_numbers_only: true,
                    ..OpenGroup::default()
                });
            }
            TokenKind::Close => self.close(false),
            TokenKind::Number => {
                let Some(group) = self.open.last_mut() else { return };
                group.texts += 1;
                group.has_value |= roles.is_named;
            }
            TokenKind::String => {
                let text = self.source.get(token.range.clone()).unwrap_or_default();
                let is_secret = || {
                    let is_rule = |key| self.redactor.rule_of(key).is_some_and(|rule| rule.least == 0);
                    key.is_some_and(|key| is_rule(key) || describes_token(&normalized(key)))
                };
                let is_short = text.len() <= MAX_ESCAPED;
                let name = (is_short && !roles.is_named).then(|| super::unescaped(text, token.is_cut));
                let path = name.as_ref().filter(|_| roles.is_path);
                let parts =
                    path.map(|path| path.rsplit(|byte| b"/.".contains(byte)).map(|part| self.redactor.rule_of(part)));
                let last = parts.clone().and_then(|mut parts| parts.next()).flatten();
                let any = parts.and_then(|parts| parts.fold(None, Rule::either));
                let value_rule = name.as_ref().and_then(|name| self.value_rule(key?, roles, name));
                let arguments_rule = name.as_ref().filter(|_| roles.is_function);
                let arguments_rule = arguments_rule.and_then(|name| self.redactor.arguments_rule(name));
                let is_statement = roles.is_statement && is_statement(text.strip_prefix(b"\"").unwrap_or_default());
                let values = is_statement.then_some(Rule { kind: SecretKind::SqlValue, ..Rule::ANY });
                let arguments_rule = Rule::either(arguments_rule, values);
                let is_strong = roles.is_naming && !roles.is_title || key.is_none();
                let rule = name.and_then(|name| {
                    // A parameter may have the path of its name, as in `{"Name":"/prod/db/password"}`.
                    let last = name.rsplit(|&byte| byte == b'/').next().filter(|_| roles.is_naming).unwrap_or(&name);
                    self.redactor.naming_rule(last)
                });
                let rule = rule.filter(|_| !is_secret());
                let Some(group) = self.open.last_mut() else { return };
                group.texts += 1;
                group.has_numbers_only = false;
                group.has_text = true;
                group.has_option |= key.is_none() && text.starts_with(b"\"-");
                group.value_rule = Rule::either(group.value_rule, value_rule);
                group.arguments_rule = Rule::either(group.arguments_rule, arguments_rule);
                group.path_rule = Rule::either(group.path_rule, last);
                group.part_rule = Rule::either(group.part_rule, any);
                group.is_patch |= key == Some(b"op");
                group.is_web_key[0] |= key == Some(b"kty");
                group.is_web_key[1] |= matches!(key, Some(b"k" | b"d"));
                group.has_value |= roles.is_named;
                group.has_other_text |= !roles.is_named;
                let Some(rule) = rule else { return };
                group.has_later_name |= group.rule.is_none() && group.texts > 1;
                group.rule = Rule::either(group.rule, Some(rule));
                group.names_groups |= is_strong;
                group.names_texts |= !roles.is_title;
                if roles.is_naming && !group.is_certain {
                    (group.name, group.is_certain, group.is_ambiguous) = (Some(token.range.start), true, false);
                } else if roles.is_naming == group.is_certain {
                    group.is_ambiguous = group.name.is_some();
                    group.name = group.name.or(Some(token.range.start));
                }
            }
            TokenKind::Word | TokenKind::Deep => {
                self.open.last_mut().into_iter().for_each(|group| group.has_numbers_only = false);
            }
            TokenKind::Key => {}
        }
    }

    /// Returns the rule of the members for values that are beside a member with a text.
    fn value_rule(&self, key: &[u8], roles: Roles, text: &[u8]) -> Option<Rule> {
        if !roles.is_naming && !roles.ends_as_naming {
            return None;
        }
        // The name of a secret, as in `{"keyName":"a","value":"x"}` and `{"name":"projects/a/secrets/b","payload":"x"}`.
        let path = memchr::memmem::find(text, SECRETS).map(|_| Rule::ANY);
        if !roles.ends_as_naming {
            return path;
        }
        let kind = key.get(..key.len() - NAME.len()).filter(|_| has_end(NAME, key));
        let kind = kind.and_then(|kind| self.redactor.rule_of(kind));
        let kind = kind.filter(|rule| rule.least == 0 || rule.kind == SecretKind::Key);
        Rule::either(Rule::either(kind, path), self.redactor.naming_rule(text))
    }

    fn close(&mut self, is_cut: bool) {
        let Some(group) = self.open.pop() else { return };
        if let Some(around) = self.open.last_mut()
            && group.is_object
        {
            around.has_object_of_numbers |= group.has_numbers_only && group.texts > 0;
            around.has_other_object |= !group.has_numbers_only;
        }
        let is_indexed = !group.is_object && group.has_text && group.has_object_of_numbers && !group.has_other_object;
        if is_indexed
            && self.open.len() < MAX_INDEXED
            && add_indexed(self.redactor, self.source, group.start, &mut self.places)
        {
            return;
        }
        if group.has_option && !group.is_object && !group.has_groups {
            add_words(self.redactor, self.source, group.start, &mut self.places);
        }
        // Where the text is cut, the name is not known.
        if is_cut && group.is_object && group.has_value && !group.has_other_text {
            self.found.push(NamedGroup {
                start: group.start,
                rule: Rule::ANY,
                name: None,
                names_groups: true,
                values_only: false,
                names_arguments: false,
            });
            return;
        }
        let part_rule = group.part_rule.filter(|_| group.is_patch);
        let path_rule = Rule::either(group.path_rule, part_rule).filter(|_| group.has_value || group.has_group_value);
        let web_key_rule = (group.is_web_key == [true; 2]).then_some(Rule::ANY);
        let value_rule = group.value_rule.filter(|_| group.has_value || group.has_group_value);
        let arguments_rule = group.arguments_rule.filter(|_| group.has_arguments || group.has_group_value);
        let rules = [path_rule, web_key_rule, value_rule, arguments_rule];
        let Some(rule) = rules.into_iter().fold(group.rule, Rule::either) else { return };
        if group.texts > 1 || group.has_groups {
            let name = group.name.filter(|_| !group.is_ambiguous);
            let values_only = !group.names_texts && web_key_rule.is_none();
            let names_groups = group.names_groups || path_rule.is_some() || web_key_rule.is_some();
            let names_arguments = arguments_rule.is_some();
            self.found.push(NamedGroup { start: group.start, rule, name, names_groups, values_only, names_arguments });
        }
        // The rows of a table are beside the names of its columns.
        let is_header = |around: &OpenGroup| !group.is_object && !around.is_object && group.has_later_name;
        if let Some(around) = self.open.last_mut()
            && group.rule.is_some()
            && (group.has_columns && !(group.is_object && group.has_value)
                || group.is_schema && group.names_rows
                || is_header(around))
        {
            around.names_rows |= group.has_columns;
            around.rule = Rule::either(around.rule, group.rule);
            (around.is_ambiguous, around.names_groups, around.names_texts) = (true, true, true);
        }
    }
}
