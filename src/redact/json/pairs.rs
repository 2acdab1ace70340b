//! Objects and arrays of JSON in which a text names the secrets beside it, such as `{"id":"password","value":"x"}` and
//! `["token","x"]`.

use super::tokens::{End, Token, TokenKind, Tokens};
use crate::redact::Redactor;
use crate::redact::names::{MAX_NAME, Rule, describes_token, normalized};

/// Maximum length of a text that is a name, with its quotes and escapes.
const MAX_ESCAPED: usize = 6 * MAX_NAME + 2;
/// Members whose text is a name rather than a secret.
pub(in crate::redact) const NAMING: [&[u8]; 17] = [
    b"name",
    b"key",
    b"id",
    b"field",
    b"k",
    b"n",
    b"header",
    b"label",
    b"type",
    b"param",
    b"parameter",
    b"property",
    b"attribute",
    b"event",
    b"variable",
    b"grant_type",
    b"kind",
];
/// Members whose text is a secret rather than a name.
pub(in crate::redact) const VALUES: [&[u8]; 9] =
    [b"value", b"v", b"val", b"values", b"content", b"data", b"stringdata", b"text", b"default"];
/// Members whose text is a title or the code of an error, which names members for values only.
const TITLES: [&[u8]; 14] = [
    b"title",
    b"label",
    b"heading",
    b"caption",
    b"placeholder",
    b"description",
    b"summary",
    b"message",
    b"error",
    b"code",
    b"error_code",
    b"errorcode",
    b"reason",
    b"error_description",
];
/// The same beside a title.
const ANSWERS: [&[u8]; 6] = [b"answer", b"answers", b"response", b"input", b"current", b"initial"];
/// Members whose text is a path of names, the last one of which is that of a value (RFC 6902).
const PATHS: [&[u8]; 4] = [b"path", b"pointer", b"json_path", b"jsonpath"];
/// Members whose texts name the columns of a table, whose rows are beside them.
const COLUMNS: [&[u8]; 7] = [b"columns", b"cols", b"fields", b"headers", b"header", b"keys", b"names"];

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
}

/// An open object or array.
struct OpenGroup {
    start: usize,
    is_object: bool,
    /// It has the names of columns.
    has_columns: bool,
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

/// Returns whether a member is one for a value, also beside a title.
pub(super) fn is_value(key: &[u8]) -> bool {
    VALUES.iter().chain(&ANSWERS).any(|name| name.eq_ignore_ascii_case(key))
}

/// Returns the objects and arrays that have a name in them, in the order of their begins.
pub(super) fn named_groups(redactor: &Redactor, source: &[u8], at: usize, is_single: bool) -> Vec<NamedGroup> {
    let mut pairs = PairReader { redactor, source, open: Vec::new(), found: Vec::new() };
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
    pairs.found
}

struct PairReader<'s> {
    redactor: &'s Redactor,
    source: &'s [u8],
    open: Vec<OpenGroup>,
    found: Vec<NamedGroup>,
}

impl PairReader<'_> {
    fn read(&mut self, token: &Token, key: Option<Token>) {
        let key = key.and_then(|key| self.source.get(key.range.start + 1..key.range.end.saturating_sub(1)));
        let is_any = |names: &[&[u8]]| key.is_some_and(|key| names.iter().any(|name| name.eq_ignore_ascii_case(key)));
        match token.kind {
            TokenKind::Object | TokenKind::Array => {
                if let Some(around) = self.open.last_mut() {
                    around.has_groups = true;
                    around.has_group_value |= is_any(&VALUES);
                }
                // Columns may be objects, each with a name.
                let is_array = token.kind == TokenKind::Array;
                let has_columns = is_array && is_any(&COLUMNS)
                    || !is_array && self.open.last().is_some_and(|around| around.has_columns && !around.is_object);
                self.open.push(OpenGroup {
                    start: token.range.start,
                    is_object: !is_array,
                    has_columns,
                    rule: None,
                    name: None,
                    is_certain: false,
                    is_ambiguous: false,
                    texts: 0,
                    has_value: false,
                    has_other_text: false,
                    has_later_name: false,
                    has_groups: false,
                    names_groups: false,
                    names_texts: false,
                    has_group_value: false,
                    is_patch: false,
                    part_rule: None,
                    path_rule: None,
                    is_web_key: [false; 2],
                });
            }
            TokenKind::Close => self.close(false),
            TokenKind::String | TokenKind::Number => {
                let is_value = is_any(&VALUES);
                let is_naming = is_any(&NAMING);
                let text = self.source.get(token.range.clone()).unwrap_or_default();
                let is_secret = || {
                    let is_rule = |key| self.redactor.rule_of(key).is_some_and(|rule| rule.least == 0);
                    key.is_some_and(|key| is_rule(key) || describes_token(&normalized(key)))
                };
                let is_short = text.len() <= MAX_ESCAPED && token.kind == TokenKind::String;
                let name = (is_short && !is_value).then(|| super::unescaped(text, token.is_cut));
                let path = name.as_ref().filter(|_| is_any(&PATHS));
                let parts =
                    path.map(|path| path.rsplit(|byte| b"/.".contains(byte)).map(|part| self.redactor.rule_of(part)));
                let last = parts.clone().and_then(|mut parts| parts.next()).flatten();
                let any = parts.and_then(|parts| parts.fold(None, Rule::either));
                let is_title = is_any(&TITLES);
                let is_strong = is_naming && !is_title || key.is_none();
                let rule = name.filter(|_| !is_secret()).and_then(|name| {
                    // A parameter may have the path of its name, as in `{"Name":"/prod/db/password"}`.
                    let last = name.rsplit(|&byte| byte == b'/').next().filter(|_| is_naming).unwrap_or(&name);
                    self.redactor.naming_rule(last)
                });
                let Some(group) = self.open.last_mut() else { return };
                group.texts += 1;
                group.path_rule = Rule::either(group.path_rule, last);
                group.part_rule = Rule::either(group.part_rule, any);
                group.is_patch |= is_any(&[b"op"]);
                group.is_web_key[0] |= is_any(&[b"kty"]);
                group.is_web_key[1] |= is_any(&[b"k", b"d"]);
                group.has_value |= is_value;
                group.has_other_text |= !is_value && token.kind == TokenKind::String;
                let Some(rule) = rule else { return };
                group.has_later_name |= group.rule.is_none() && group.texts > 1;
                group.rule = Rule::either(group.rule, Some(rule));
                group.names_groups |= is_strong;
                group.names_texts |= !is_title;
                if is_naming && !group.is_certain {
                    (group.name, group.is_certain, group.is_ambiguous) = (Some(token.range.start), true, false);
                } else if is_naming == group.is_certain {
                    group.is_ambiguous = group.name.is_some();
                    group.name = group.name.or(Some(token.range.start));
                }
            }
            TokenKind::Key | TokenKind::Word | TokenKind::Deep => {}
        }
    }

    fn close(&mut self, is_cut: bool) {
        let Some(group) = self.open.pop() else { return };
        // Where the text is cut, the name is not known.
        if is_cut && group.is_object && group.has_value && !group.has_other_text {
            self.found.push(NamedGroup {
                start: group.start,
                rule: Rule::ANY,
                name: None,
                names_groups: true,
                values_only: false,
            });
            return;
        }
        let part_rule = group.part_rule.filter(|_| group.is_patch);
        let path_rule = Rule::either(group.path_rule, part_rule).filter(|_| group.has_value || group.has_group_value);
        let web_key_rule = (group.is_web_key == [true; 2]).then_some(Rule::ANY);
        let Some(rule) = Rule::either(Rule::either(group.rule, path_rule), web_key_rule) else { return };
        if group.texts > 1 || group.has_groups {
            let name = group.name.filter(|_| !group.is_ambiguous);
            let values_only = !group.names_texts && web_key_rule.is_none();
            let names_groups = group.names_groups || path_rule.is_some() || web_key_rule.is_some();
            self.found.push(NamedGroup { start: group.start, rule, name, names_groups, values_only });
        }
        // The rows of a table are beside the names of its columns.
        let is_header = |around: &OpenGroup| !group.is_object && !around.is_object && group.has_later_name;
        if let Some(around) = self.open.last_mut()
            && group.rule.is_some()
            && (group.has_columns && !(group.is_object && group.has_value) || is_header(around))
        {
            around.rule = Rule::either(around.rule, group.rule);
            (around.is_ambiguous, around.names_groups, around.names_texts) = (true, true, true);
        }
    }
}
