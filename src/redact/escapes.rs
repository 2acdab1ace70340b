//! Texts in a text that have escapes of their own: entities, sections of character data, and escapes of scripts.

use super::Redactor;
use super::entities::{decoded, encoded};
use super::text::Scope;

/// Signs of a text that may have a secret.
const SIGNS: &[u8] = b"\"'<>:/@=";

impl Redactor {
    /// Returns a text without the secrets in the texts in it that have entities. `None` if they have none.
    pub(super) fn entities(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        memchr::memchr(b'&', text)?;
        let mut out = Vec::new();
        let (mut copied, mut start) = (0, 0);
        for part in text.split(|byte| matches!(byte, b'<' | b'>' | b'"')) {
            let end = start + part.len();
            let own = decoded(part);
            let has_signs = own.len() < part.len() && own.iter().any(|byte| SIGNS.contains(byte));
            if let Some(replaced) = has_signs.then(|| self.nested_text(&own, scope.within())).flatten() {
                out.extend_from_slice(text.get(copied..start).unwrap_or_default());
                out.extend(encoded(&replaced));
                copied = end;
            }
            start = end + 1;
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        (copied > 0).then_some(out)
    }

    /// Returns a text without the secrets in its sections of character data. `None` if they have none.
    pub(super) fn character_data(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut copied = 0;
        for start in memchr::memmem::find_iter(text, b"<![CDATA[").map(|start| start + 9) {
            let rest = text.get(start.max(copied)..).filter(|_| start >= copied).unwrap_or_default();
            let len = memchr::memmem::find(rest, b"]]>").unwrap_or(rest.len());
            let own = rest.get(..len).and_then(|content| self.nested_text(content, scope.within()));
            if let Some(own) = own {
                out.extend_from_slice(text.get(copied..start).unwrap_or_default());
                out.extend(own);
                copied = start + len;
            }
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        (copied > 0).then_some(out)
    }

    /// Returns a text without the secrets in the texts in it that have escapes of scripts, such as `\u0022` and `\x22`. `None` if they
    /// have none.
    pub(super) fn script_texts(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let has_escape = |text: &[u8]| {
            memchr::memchr_iter(b'\\', text).any(|at| {
                let rest = text.get(at + 1..).unwrap_or_default();
                rest.starts_with(b"u00") || rest.starts_with(b"x")
            })
        };
        if !has_escape(text) {
            return None;
        }
        let mut out = Vec::new();
        let (mut copied, mut start) = (0, 0);
        for part in text.split(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\n' | b'<')) {
            let end = start + part.len();
            // A backslash before a quote is a part of that.
            let len = part.len() - part.iter().rev().take_while(|&&byte| byte == b'\\').count();
            let own = part.get(..len).filter(|own| has_escape(own)).map(unescaped).unwrap_or_default();
            let replaced = own.iter().any(|byte| SIGNS.contains(byte)).then(|| self.nested_text(&own, scope.within()));
            if let Some(replaced) = replaced.flatten() {
                out.extend_from_slice(text.get(copied..start).unwrap_or_default());
                out.extend(escaped(&replaced));
                copied = start + len;
            }
            start = end + 1;
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        (copied > 0).then_some(out)
    }
}

/// Returns a text without the escapes of scripts.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut own = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let next = if byte == b'\\' { bytes.next() } else { None };
        own.push(byte);
        match next {
            // `\x22` is `\u0022`.
            Some(b'x') => own.extend_from_slice(b"u00"),
            next => own.extend(next),
        }
    }
    dissectors::json_unescape(&own)
}

/// Returns a text with the escapes of scripts for signs of scripts and of markup.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for &byte in text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\\' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'&' | b'=' | ..b' ' => {
                out.extend(format!("\\u{byte:04X}").bytes());
            }
            byte => out.push(byte),
        }
    }
    out
}
