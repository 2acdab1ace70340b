//! Texts of JSON with replacements.

use crate::redact::text::Scope;
use std::ops::Range;

/// A name or a value that is replaced.
pub(super) struct Edit {
    /// Its place, with its quotes.
    pub range: Range<usize>,
    /// What replaces it, without escapes.
    pub text: Vec<u8>,
    pub is_key: bool,
    /// The text ends in it.
    pub is_cut: bool,
}

/// A text with replacements.
pub(super) struct Output<'s> {
    source: &'s [u8],
    text: Vec<u8>,
    /// Number of bytes that are copied or replaced.
    copied: usize,
    scope: Scope,
}

impl Output<'_> {
    /// Returns the place in the new text of one that is not replaced.
    pub(super) fn place(&self, at: usize) -> usize {
        at + self.text.len() - self.copied
    }

    /// Begins with a text.
    pub(super) fn new(source: &[u8], scope: Scope) -> Output<'_> {
        Output { source, text: Vec::new(), copied: 0, scope }
    }

    /// Adds a replacement after those before.
    pub(super) fn add(&mut self, edit: &Edit) {
        self.text.extend_from_slice(self.source.get(self.copied..edit.range.start).unwrap_or_default());
        let text = quoted(&edit.text);
        // A string that is cut has no quote at its end.
        let is_string = self.source.get(edit.range.start) == Some(&b'"');
        let end = text.len() - usize::from(edit.is_cut && is_string);
        self.text.extend_from_slice(text.get(..end).unwrap_or_default());
        self.text.extend(self.scope.line_ends(self.source.get(edit.range.clone()).unwrap_or_default()));
        self.copied = edit.range.end;
    }

    /// Returns the text. `None` if nothing is replaced.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        if self.copied == 0 {
            return None;
        }
        self.text.extend_from_slice(self.source.get(self.copied..).unwrap_or_default());
        Some(self.text)
    }
}

/// Returns a text as a string of JSON.
fn quoted(text: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&String::from_utf8_lossy(text)).unwrap_or_default()
}
