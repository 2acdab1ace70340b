//! Objects and arrays of JSON in a text that is not JSON as a whole.

use super::output::Output;
use crate::redact::Redactor;
use crate::redact::text::Scope;
use std::borrow::Cow;
use std::ops::Range;

/// JSON in a text.
pub(in crate::redact) struct EmbeddedJson {
    /// The text without secrets of the JSON. `None` if it has none.
    pub text: Option<Vec<u8>>,
    /// Places in it of the objects and arrays that are read.
    pub whole: Vec<Range<usize>>,
}

impl EmbeddedJson {
    /// Returns the place of a secret with all of the objects and arrays that begin in it: what is before them names them. `None` if
    /// it is within one, which is read by its own names.
    pub(in crate::redact) fn joined(&self, mut place: Range<usize>) -> Option<Range<usize>> {
        let after = self.whole.partition_point(|own| own.start < place.start);
        let around = after.checked_sub(1).and_then(|before| self.whole.get(before));
        if around.is_some_and(|own| place.end <= own.end) {
            return None;
        }
        for own in self.whole.iter().skip(after) {
            if own.start >= place.end {
                break;
            }
            place.end = place.end.max(own.end);
        }
        Some(place)
    }
}

impl Redactor {
    /// Returns a text without the secrets of the JSON in it, with what is before and after it.
    pub(in crate::redact) fn embedded_json(&self, source: &[u8], scope: Scope) -> EmbeddedJson {
        let mut out = Output::new(source, scope);
        let mut whole = Vec::new();
        let mut at = 0;
        let joined = joined_lines(source);
        let text = &*joined;
        while let Some(start) = next_group(text, at) {
            let begin = out.place(start);
            at = self.json_edits(text, start, true, scope, &mut |edit| out.add(&edit)).max(start + 1);
            let is_closed = at > start + 1 && matches!(source.get(at - 1), Some(b'}' | b']'));
            if is_closed || at == source.len() {
                whole.push(begin..out.place(at));
            }
        }
        EmbeddedJson { text: out.finish(), whole }
    }
}

/// Returns a text with blanks for the names of the lines of an event that continue another one: JSON may be in several of them.
fn joined_lines(text: &[u8]) -> Cow<'_, [u8]> {
    let mut own = Cow::Borrowed(text);
    for line in memchr::memmem::find_iter(text, b"\ndata:") {
        own.to_mut().get_mut(line + 1..line + 6).into_iter().for_each(|name| name.fill(b' '));
    }
    own
}

/// Returns the place of the next object or array of JSON in a text.
fn next_group(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'{', b'[', text.get(at..)?)?;
        let next = text.get(at + 1..)?.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if matches!(next, b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            return Some(at);
        }
        at += 1;
    }
}
