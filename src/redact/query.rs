//! Secrets in forms and in queries of URLs, whose values may be texts of any kind with percent escapes.

use super::json::{is_named, is_naming};
use super::names::{Rule, SecretKind};
use super::text::{Scope, Spans};
use super::{Redactor, canonical, may_be_repeated};
use hashbrown::HashMap;
use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Maximum length of a name that is one of a pair.
const MAX_KEY: usize = 256;

/// The begin of a text that is a query: a target with what is before it in its line, or a form alone.
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = concat!(
        r#"(?-u)\A(?:(?:[^\s"<>]+ ){0,2}(?:/|[A-Za-z][A-Za-z0-9+.\-]*://)\S*"#,
        r#"|[A-Za-z0-9_.\-\[\]%+]+=[^\s"'][^\s]*\z)"#
    );
    Regex::new(pattern).ok()
});

/// A value with percent escapes, in a query or in a form.
static ESCAPED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)(?:\A|[?&;#\s"'])([^=?&;#\s"'<>]{1,256})=([^&;#\s"'<>%]*%[0-9A-Fa-f]{2}[^&;#\s"'<>]*)"#).ok()
});

/// What a form or a query states about its values beside their own names.
#[derive(Debug, Default)]
pub(super) struct QuerySecrets {
    /// Rule of the values that another value names.
    named: Option<Rule>,
    /// Values of names of secrets, which may be there again: a password may be sent twice, the second time under a name such as
    /// `confirm`.
    values: HashMap<Vec<u8>, SecretKind>,
}

impl QuerySecrets {
    /// Returns the kind of a value that is a secret whatever its name says.
    pub(super) fn kind_of(&self, name: &[u8], value: &[u8]) -> Option<SecretKind> {
        let named = self.named.filter(|rule| is_value_name(name) && rule.applies_to(value)).map(|rule| rule.kind);
        let repeated = || if self.values.is_empty() { None } else { self.values.get(&unescaped(value)).copied() };
        named.or_else(repeated)
    }
}

impl Redactor {
    /// Returns a form with marks for its secrets; `None` if it has none. Only ampersands separate its values.
    pub(super) fn form(&self, text: &[u8]) -> Option<Vec<u8>> {
        let inner = self.form_values(text, true, Scope::default());
        let own = inner.as_deref().unwrap_or(text);
        let mut spans = self.secrets(own, Scope::default());
        self.add_query(own, &mut spans);
        self.replace(own, spans).or(inner)
    }

    /// Adds the values of a text that is a query, or begins with one.
    pub(super) fn add_queries(&self, text: &[u8], spans: &mut Spans) {
        if let Some(query) = QUERY.as_ref().and_then(|query| query.find(text)) {
            self.add_query(query.as_bytes(), spans);
        }
    }

    /// Adds the values of a form, or of a query with what is before it: only ampersands separate them.
    fn add_query(&self, text: &[u8], spans: &mut Spans) {
        let mut start = 0;
        let secrets = self.query_secrets(text);
        for pair in text.split(|&byte| byte == b'&') {
            if let Some((name, value)) = name_and_value(pair) {
                let range = start + pair.len() - value.len()..start + pair.len();
                spans.extend(secrets.kind_of(name, value).map(|kind| (range.clone(), kind)));
                self.add_value(name, value, range, spans);
            }
            start += pair.len() + 1;
        }
    }

    /// Returns what a form or a query states about its values: those that another one names, as in `name=token&value=x`, and those
    /// of names of secrets.
    pub(super) fn query_secrets(&self, text: &[u8]) -> QuerySecrets {
        let mut secrets = QuerySecrets::default();
        for (name, value) in text.split(|&byte| byte == b'&').filter_map(name_and_value) {
            if is_naming(&last_part(name)) {
                secrets.named = Rule::either(secrets.named, self.naming_rule(value));
            }
            if may_be_repeated(value)
                && let Some(kind) = self.kind_of(name, value)
            {
                secrets.values.insert(unescaped(value), kind);
            }
        }
        secrets
    }

    /// Returns a form without the secrets in its values. `None` if they have none.
    fn form_values(&self, text: &[u8], is_form: bool, scope: Scope) -> Option<Vec<u8>> {
        let mut is_changed = false;
        let pairs = text.split(|&byte| byte == b'&').map(|pair| {
            let sign = memchr::memchr(b'=', pair).map_or(0, |sign| sign + 1);
            let (name, value) = pair.split_at_checked(sign).unwrap_or_default();
            let Some(own) = self.escaped_value(name, value, is_form, scope) else { return pair.to_vec() };
            is_changed = true;
            [name, &own].concat()
        });
        let out = pairs.collect::<Vec<_>>().join(&b"&"[..]);
        is_changed.then_some(out)
    }

    /// Returns a text that has percent escapes for all of its signs without its secrets. `None` if it is none, or has no secrets.
    pub(super) fn escaped_text(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        if is_escaped(text) { self.escaped_value(b"", text, false, scope) } else { None }
    }

    /// Returns a text without the secrets in the escaped values of its queries. `None` if they have none.
    pub(super) fn escaped_values(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let regex = ESCAPED.as_ref().filter(|_| memchr::memchr(b'%', text).is_some())?;
        // A target may have apostrophes, which end a value in another text.
        let quoted = target_query(text).filter(|query| text.get(query.clone()).is_some_and(has_quote));
        if let Some(query) = quoted
            && let Some(own) = text.get(query.clone()).and_then(|query| self.form_values(query, false, scope))
        {
            let own = [text.get(..query.start)?, &own, text.get(query.end..)?].concat();
            return Some(self.escaped_values_in(regex, &own, scope).unwrap_or(own));
        }
        self.escaped_values_in(regex, text, scope)
    }

    fn escaped_values_in(&self, regex: &Regex, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut copied = 0;
        for (name, value) in regex.captures_iter(text).filter_map(|groups| groups.get(1).zip(groups.get(2))) {
            let Some(own) = self.escaped_value(name.as_bytes(), value.as_bytes(), false, scope) else { continue };
            out.extend_from_slice(text.get(copied..value.start()).unwrap_or_default());
            out.extend(own);
            copied = value.end();
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        (copied > 0).then_some(out)
    }

    /// Returns a value without its secrets, with percent escapes. `None` if it has none. In forms, a plus sign is a blank.
    fn escaped_value(&self, name: &[u8], value: &[u8], is_form: bool, scope: Scope) -> Option<Vec<u8>> {
        // The value of a secret is marked as a whole (see `add_named`).
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.$-%[]=".contains(byte);
        if name.iter().all(is_name) && self.kind_of(name.strip_suffix(b"=").unwrap_or(name), value).is_some() {
            return None;
        }
        let has_blanks = is_form || memchr::memmem::find(value, b"%20").is_none();
        let spaced: Vec<u8> = value.iter().map(|&byte| if byte == b'+' && has_blanks { b' ' } else { byte }).collect();
        let own = canonical(&spaced);
        let replaced = if own == value { None } else { self.nested_value(name, &own, scope.inside()) };
        replaced.map(|replaced| percent_encoded(&replaced))
    }
}

/// Returns the places of the values with percent escapes in a text, which are texts themselves.
pub(super) fn escaped_ranges(text: &[u8]) -> Vec<Range<usize>> {
    let Some(regex) = ESCAPED.as_ref().filter(|_| memchr::memchr(b'%', text).is_some()) else { return Vec::new() };
    if is_escaped(text) {
        return std::iter::once(0..text.len()).collect();
    }
    regex.captures_iter(text).filter_map(|groups| Some(groups.get(2)?.range())).collect()
}

/// Returns the place of the query of a target that a text begins with, or of one that a text is.
fn target_query(text: &[u8]) -> Option<Range<usize>> {
    let target = QUERY.as_ref()?.find(text)?;
    let own = target.as_bytes();
    let is_pair = own.iter().find(|byte| b"/?:= ".contains(byte)) == Some(&b'=');
    let start = if is_pair { 0 } else { memchr::memchr(b'?', own)? + 1 };
    Some(start..target.end())
}

fn has_quote(text: &[u8]) -> bool {
    memchr::memchr2(b'\'', b'"', text).is_some()
}

/// Returns whether a text has percent escapes, and no other signs.
fn is_escaped(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"%-_.~+*".contains(byte);
    memchr::memchr(b'%', text).is_some() && text.iter().all(is_part)
}

/// Returns a text with percent escapes for all but letters, digits and signs that need none.
fn percent_encoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
    out
}

/// Returns the name and the value of a pair, which may be the first of a query.
fn name_and_value(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let sign = memchr::memchr(b'=', pair)?;
    let (before, value) = pair.split_at_checked(sign)?;
    let name = before.rsplit(|byte| matches!(byte, b'?' | b';' | b'#' | b'/')).next()?;
    Some((name, value.get(1..)?))
}

/// Returns whether the value of a name is one that another value names.
fn is_value_name(name: &[u8]) -> bool {
    is_named(&last_part(name))
}

/// Returns a value without its escapes: percent escapes, and plus signs for blanks.
fn unescaped(value: &[u8]) -> Vec<u8> {
    canonical(&value.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect::<Vec<u8>>())
}

/// Returns the last part of a name, such as `value` of `a[0][value]`.
fn last_part(name: &[u8]) -> Vec<u8> {
    let own = canonical(name.get(..MAX_KEY).unwrap_or(name));
    own.rsplit(|byte| b"[].".contains(byte)).find(|part| !part.is_empty()).unwrap_or_default().to_vec()
}
