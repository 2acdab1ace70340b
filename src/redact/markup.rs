//! Secrets in attributes of HTML and XML, and in the parts of multipart bodies.

use super::Redactor;
use super::text::Spans;
use dissectors::content::{parameter, unescaped};
use dissectors::multipart::part_ranges;
use std::ops::Range;

/// Attributes of an element whose names or values are tried, of each kind.
const REPEATED: usize = 8;

/// Maximum length of a boundary (RFC 2046 5.1.1).
const MAX_BOUNDARY: usize = 70;

impl Redactor {
    /// Adds the values of elements such as `<input name=token value=x>`, whatever the order and the quotes of their attributes.
    pub(super) fn add_markup(&self, text: &[u8], spans: &mut Spans) {
        let mut at = 0;
        while let Some(open) = memchr::memchr(b'<', text.get(at..).unwrap_or_default()) {
            at += open + 1;
            if !text.get(at).is_some_and(u8::is_ascii_alphabetic) {
                continue;
            }
            let (attributes, end) = attributes(text, at);
            at = end;
            let slice = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
            let has =
                |own: &Attribute, names: &[&[u8]]| names.iter().any(|name| slice(&own.name).eq_ignore_ascii_case(name));
            // Of an attribute that is repeated, parsers of HTML take the first.
            let named =
                |names: &'static [&'static [u8]]| attributes.iter().filter(move |own| has(own, names)).take(REPEATED);
            for name in named(&[b"name", b"id", b"property"]) {
                for value in named(&[b"value", b"content"]) {
                    if let Some(kind) = self.kind_of(slice(&name.value), slice(&value.value)) {
                        spans.push((value.value.clone(), kind));
                    }
                }
            }
        }
    }

    /// Adds the contents of the parts of a multipart body (RFC 7578) whose first line is a boundary.
    pub(super) fn add_parts(&self, text: &[u8], spans: &mut Spans) {
        let line = text.strip_prefix(b"--").and_then(|rest| rest.split(|&byte| byte == b'\n').next());
        let boundary = line.unwrap_or_default().trim_ascii_end();
        if boundary.is_empty() || boundary.len() > MAX_BOUNDARY {
            return;
        }
        for range in part_ranges(text, boundary) {
            let part = text.get(range.clone()).unwrap_or_default();
            let mut start = range.start;
            let mut name = Vec::new();
            for line in part.split_inclusive(|&byte| byte == b'\n') {
                start += line.len();
                let line = line.trim_ascii();
                if line.is_empty() {
                    break;
                }
                let colon = memchr::memchr(b':', line).unwrap_or(line.len());
                let (header, value) = line.split_at_checked(colon).unwrap_or_default();
                if header.eq_ignore_ascii_case(b"content-disposition") {
                    name = parameter(value, "name").map(|name| unescaped(name).into_owned()).unwrap_or_default();
                }
            }
            if let Some(kind) = self.kind_of(&name, text.get(start..range.end).unwrap_or_default()) {
                spans.push((start..range.end, kind));
            }
        }
    }
}

/// Places of an attribute.
struct Attribute {
    name: Range<usize>,
    value: Range<usize>,
}

/// Returns the attributes of the element whose name begins at a place, and where it ends.
fn attributes(text: &[u8], at: usize) -> (Vec<Attribute>, usize) {
    let run = |at: usize, is_part: &dyn Fn(u8) -> bool| {
        let rest = text.get(at..).unwrap_or_default();
        at + rest.iter().position(|&byte| !is_part(byte)).unwrap_or(rest.len())
    };
    let is_blank = |byte: u8| byte.is_ascii_whitespace();
    let mut attributes = Vec::new();
    let mut at = run(at, &|byte| !is_blank(byte) && !matches!(byte, b'/' | b'<' | b'>'));
    loop {
        at = run(at, &|byte| is_blank(byte) || byte == b'/');
        let name = at..run(at, &|byte| !is_blank(byte) && !matches!(byte, b'=' | b'/' | b'<' | b'>'));
        let sign = run(name.end, &is_blank);
        if name.is_empty() && text.get(sign) != Some(&b'=') {
            return (attributes, at);
        }
        at = name.end;
        if text.get(sign) != Some(&b'=') {
            continue;
        }
        let start = run(sign + 1, &is_blank);
        let quote = text.get(start).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let len = quote.and_then(|quote| memchr::memchr(quote, text.get(start + 1..)?));
        let value = match len {
            Some(len) => start + 1..start + 1 + len,
            None => start..run(start, &|byte| !is_blank(byte) && !matches!(byte, b'<' | b'>')),
        };
        at = value.end + usize::from(len.is_some());
        attributes.push(Attribute { name, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_that_are_repeated_are_not_paired_with_each_other() {
        let text = format!("<a {}>", "name=a value=b ".repeat(20_000));
        let mut spans = Spans::default();
        crate::redact::tests::redactor().add_markup(text.as_bytes(), &mut spans);
        assert!(spans.is_empty());
    }

    #[test]
    fn attributes_have_values_with_any_quotes_or_none() {
        let text = br#"input type=hidden NAME='a b' value="it's > x" disabled c = d/><p>"#;
        let (found, end) = attributes(text, 0);
        let shown = |range: &Range<usize>| String::from_utf8_lossy(&text[range.clone()]).into_owned();
        let found: Vec<String> =
            found.iter().map(|own| format!("{}={}", shown(&own.name), shown(&own.value))).collect();
        assert_eq!(found, ["type=hidden", "NAME=a b", "value=it's > x", "c=d/"]);
        assert_eq!(&text[end..], b"><p>");
        for text in ["a", "a =", "a b=\"", "a ===", "a 'b'=c", "a /////"] {
            assert!(attributes(text.as_bytes(), 0).1 <= text.len(), "{text}");
        }
    }
}
