//! Arrays of JSON with the words of a command, such as `["mysql","-px"]`.

use super::indexes::NamedPlace;
use super::tokens::{TokenKind, Tokens};
use crate::redact::Redactor;
use crate::redact::names::Rule;
use std::ops::Range;

/// What stands for a blank in a word.
const BLANK: u8 = 0x1f;

/// Adds the words with secrets of the array that begins at a place. It has texts only.
pub(super) fn add_words(redactor: &Redactor, source: &[u8], at: usize, found: &mut Vec<NamedPlace>) {
    let mut command = Vec::new();
    let mut words: Vec<(usize, Range<usize>)> = Vec::new();
    for token in Tokens::new(source, at).skip(1).take_while(|token| token.kind == TokenKind::String) {
        let word = super::unescaped(source.get(token.range.clone()).unwrap_or_default(), token.is_cut);
        let start = command.len();
        command.extend(word.iter().map(|&byte| if byte.is_ascii_whitespace() { BLANK } else { byte }));
        words.push((token.range.start, start..command.len()));
        command.push(b' ');
    }
    let mut spans = Vec::new();
    redactor.add_commands(&command, &mut spans);
    for (span, kind) in spans {
        let first = words.partition_point(|(_, word)| word.end <= span.start);
        let own = words.iter().skip(first).take_while(|(_, word)| word.start < span.end);
        found.extend(own.map(|(start, _)| NamedPlace { start: *start, rule: Some(Rule { kind, ..Rule::ANY }) }));
    }
}
