//! What the fields of the detail tree of a body of JSON show.

use super::unescaped;
use crate::redact::Redactor;
use crate::redact::names::SecretKind;
use crate::redact::text::Scope;
use std::collections::HashMap;

/// Replacements in a body, for the fields of its detail tree.
#[derive(Debug, Default)]
pub(in crate::redact) struct JsonTexts {
    /// What replaces a name or a value, with what it is, by its place in the body.
    texts: HashMap<usize, (Vec<u8>, Vec<u8>)>,
    /// Names that are replaced.
    keys: HashMap<Vec<u8>, Vec<u8>>,
    /// A name has a sign that separates names in paths.
    has_sign: bool,
    /// Place after what was read.
    end: usize,
}

impl JsonTexts {
    /// Returns what a field of the dissector shows of the place in the body that it is read from. `None` if it has no secret.
    pub(in crate::redact) fn field(&self, redactor: &Redactor, name: &str, at: usize, text: &[u8]) -> Option<Vec<u8>> {
        if at >= self.end && !text.is_empty() {
            return Some(redactor.mark(SecretKind::Token, text));
        }
        match name {
            "json.path" => self.path(redactor, text),
            "json.path_with_value" | "json.member_with_value" => {
                let Some((own, replaced)) = self.texts.get(&at) else { return self.path(redactor, text) };
                let own = String::from_utf8_lossy(own);
                match text.strip_suffix(own.as_bytes()) {
                    Some(path) => {
                        Some([&self.path(redactor, path).unwrap_or_else(|| path.to_vec()), &replaced[..]].concat())
                    }
                    None => Some(redactor.mark(SecretKind::Token, text)),
                }
            }
            _ => self.texts.get(&at).map(|(_, replaced)| replaced.clone()),
        }
    }

    /// Returns a path without the names that are replaced. `None` if it has none.
    fn path(&self, redactor: &Redactor, path: &[u8]) -> Option<Vec<u8>> {
        let is_replaced = |part: &[u8]| self.keys.contains_key(part);
        if self.keys.is_empty() || !self.has_sign && !path.split(|byte| b"/:".contains(byte)).any(is_replaced) {
            return None;
        }
        if self.has_sign || path.iter().rev().skip(1).any(|&byte| byte == b':') {
            return Some(redactor.mark(SecretKind::Token, path));
        }
        let (names, colon) = path.strip_suffix(b":").map_or((path, &b""[..]), |names| (names, b":"));
        let names = names.split(|&byte| byte == b'/').map(|part| self.keys.get(part).map_or(part, |own| &own[..]));
        Some([&names.collect::<Vec<_>>().join(&b"/"[..]), colon].concat())
    }
}

impl Redactor {
    /// Returns the replacements in a body of JSON.
    pub(in crate::redact) fn json_texts(&self, source: &[u8]) -> JsonTexts {
        let mut found = JsonTexts::default();
        let start = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let end = self.json_edits(source, start, false, Scope::default(), &mut |edit| {
            let raw = source.get(edit.range.clone()).unwrap_or_default();
            let own = if raw.starts_with(b"\"") { unescaped(raw, edit.is_cut).into_owned() } else { raw.to_vec() };
            if edit.is_key {
                found.has_sign |= own.iter().any(|byte| b"/:".contains(byte));
                found.keys.insert(own.clone(), edit.text.clone());
            }
            found.texts.insert(edit.range.start, (own, edit.text));
        });
        found.end = end;
        found
    }
}
