//! Matches of own patterns in JSON.

use super::output::{Edit, Output};
use super::tokens::{TokenKind, Tokens};
use super::unescaped;
use crate::redact::Redactor;
use crate::redact::names::SecretKind;
use crate::redact::text::{Scope, Spans};
use std::ops::Range;

impl Redactor {
    /// Returns JSON with marks for what own patterns match; `None` if none does. Numbers and strings are replaced, and not what
    /// is between them.
    pub(super) fn json_patterns(&self, source: &[u8], start: usize, scope: Scope) -> Option<Vec<u8>> {
        let mut matches: Vec<Range<usize>> = Vec::new();
        let mut spans = self.pattern_spans(source);
        spans.sort_by_key(|(span, _)| span.start);
        for (span, _) in spans.into_iter().filter(|(span, _)| !span.is_empty()) {
            match matches.last_mut().filter(|last| last.end >= span.start) {
                Some(last) => last.end = last.end.max(span.end),
                None => matches.push(span),
            }
        }
        let mut first = 0;
        let mut out = Output::new(source, scope);
        for token in Tokens::new(source, start) {
            let range = &token.range;
            first += matches.iter().skip(first).take_while(|own| own.end <= range.start).count();
            let touched = matches.iter().skip(first).take_while(|own| own.start < range.end);
            let raw = source.get(range.clone()).unwrap_or_default();
            let is_string = matches!(token.kind, TokenKind::String | TokenKind::Key);
            let text = if is_string && !raw.contains(&b'\\') {
                let content = range.start + 1..range.end - usize::from(!token.is_cut);
                let inside = touched.map(|own| own.start.max(content.start)..own.end.min(content.end));
                let inside = inside.filter(|own| own.start < own.end);
                let inside = inside.map(|own| own.start - content.start..own.end - content.start);
                self.replace(source.get(content.clone()).unwrap_or_default(), with_kind(inside))
            } else {
                // It is not known which of its characters are matched.
                let own = if is_string { unescaped(raw, token.is_cut) } else { raw.into() };
                let is_value = is_string || token.kind == TokenKind::Number;
                (is_value && touched.count() > 0).then(|| self.mark(SecretKind::OwnPattern, &own))
            };
            if let Some(text) = text {
                out.add(&Edit { range: range.clone(), text, is_key: false, is_cut: token.is_cut });
            }
        }
        out.finish()
    }
}

fn with_kind(spans: impl Iterator<Item = Range<usize>>) -> Spans {
    spans.map(|span| (span, SecretKind::OwnPattern)).collect()
}
