//! Tags of HTML and XML: names of elements and their attributes.

use std::ops::Range;

/// Attributes that name what the element has.
pub(super) const NAMING: [&[u8]; 15] = [
    b"autocomplete",
    b"name",
    b"id",
    b"key",
    b"property",
    b"field",
    b"k",
    b"n",
    b"param",
    b"parameter",
    b"variable",
    b"itemprop",
    b"http-equiv",
    b"class",
    b"for",
];
/// Those of them that elements of structure have in XML only.
pub(super) const XML_NAMING: [&[u8]; 7] = [b"name", b"key", b"k", b"n", b"param", b"parameter", b"variable"];
/// Elements of structure that have a name in HTML.
pub(super) const HTML_NAMED: [&[u8]; 7] = [b"a", b"button", b"fieldset", b"form", b"iframe", b"select", b"template"];
/// Attributes of HTML that have a value.
pub(super) const VALUES: [&[u8]; 4] = [b"value", b"content", b"default", b"data"];
/// Elements of HTML without an end.
pub(super) const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param", b"source",
    b"track", b"wbr",
];
/// Elements of HTML that arrange others: they have no value, unless they have a text alone.
pub(super) const STRUCTURE: [&[u8]; 50] = [
    b"a",
    b"article",
    b"aside",
    b"body",
    b"button",
    b"caption",
    b"code",
    b"div",
    b"em",
    b"fieldset",
    b"figure",
    b"footer",
    b"form",
    b"g",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"head",
    b"header",
    b"html",
    b"i",
    b"iframe",
    b"legend",
    b"li",
    b"main",
    b"nav",
    b"noscript",
    b"ol",
    b"option",
    b"p",
    b"path",
    b"pre",
    b"script",
    b"section",
    b"select",
    b"small",
    b"span",
    b"style",
    b"svg",
    b"table",
    b"tbody",
    b"template",
    b"thead",
    b"title",
    b"tr",
    b"u",
    b"ul",
];

/// Other elements of HTML and of images in it.
const OTHERS: [&[u8]; 84] = [
    b"abbr",
    b"address",
    b"animate",
    b"audio",
    b"b",
    b"bdi",
    b"bdo",
    b"big",
    b"blockquote",
    b"canvas",
    b"center",
    b"circle",
    b"cite",
    b"clippath",
    b"colgroup",
    b"data",
    b"datalist",
    b"dd",
    b"defs",
    b"del",
    b"desc",
    b"details",
    b"dfn",
    b"dialog",
    b"dl",
    b"dt",
    b"ellipse",
    b"figcaption",
    b"filter",
    b"font",
    b"foreignobject",
    b"hgroup",
    b"image",
    b"ins",
    b"kbd",
    b"label",
    b"line",
    b"lineargradient",
    b"map",
    b"mark",
    b"marker",
    b"mask",
    b"math",
    b"menu",
    b"metadata",
    b"meter",
    b"object",
    b"optgroup",
    b"output",
    b"pattern",
    b"picture",
    b"polygon",
    b"polyline",
    b"progress",
    b"q",
    b"radialgradient",
    b"rect",
    b"rp",
    b"rt",
    b"ruby",
    b"s",
    b"samp",
    b"search",
    b"slot",
    b"stop",
    b"strike",
    b"strong",
    b"sub",
    b"summary",
    b"sup",
    b"symbol",
    b"td",
    b"text",
    b"textarea",
    b"tfoot",
    b"th",
    b"time",
    b"tspan",
    b"tt",
    b"use",
    b"var",
    b"video",
    b"view",
    b"dir",
];

/// Returns whether an element is one of HTML by its name in lower case. Own elements of a page have a hyphen in theirs.
pub(super) fn is_html(name: &[u8]) -> bool {
    name.contains(&b'-') || [&STRUCTURE[..], &VOID, &OTHERS].iter().any(|names| names.contains(&name))
}

/// Returns whether a text has markup that is not HTML, by its first element.
pub(super) fn is_xml(text: &[u8]) -> bool {
    let mut starts = memchr::memchr_iter(b'<', text).filter_map(|at| text.get(at + 1..));
    let Some(first) = starts.find(|rest| rest.first().is_some_and(|byte| is_name_start(*byte) || *byte == b'!')) else {
        return false;
    };
    let name = first.get(..first.iter().take_while(|byte| !is_name_end(**byte)).count()).unwrap_or_default();
    let own = name.to_ascii_lowercase();
    !own.starts_with(b"!") && !is_html(local(&own))
}

/// Returns whether each of the elements without an end has one in a text, which is not HTML then.
pub(super) fn closed_voids(text: &[u8]) -> [bool; VOID.len()] {
    let mut closed = [false; VOID.len()];
    for start in memchr::memmem::find_iter(text, b"</") {
        let rest = text.get(start + 2..).unwrap_or_default();
        let name = rest.get(..rest.iter().take(8).take_while(|byte| !is_name_end(**byte)).count()).unwrap_or_default();
        if let Some(nth) = VOID.iter().position(|own| own.eq_ignore_ascii_case(name)) {
            closed.get_mut(nth).into_iter().for_each(|closed| *closed = true);
        }
    }
    closed
}

/// Places of an attribute.
pub(super) struct Attribute {
    pub name: Range<usize>,
    pub value: Range<usize>,
}

/// Returns the attributes of the element whose name begins at a place, and where it ends.
pub(super) fn attributes(text: &[u8], at: usize) -> (Vec<Attribute>, usize) {
    let run = |at: usize, is_part: &dyn Fn(u8) -> bool| {
        let rest = text.get(at..).unwrap_or_default();
        at + rest.iter().position(|&byte| !is_part(byte)).unwrap_or(rest.len())
    };
    let is_blank = |byte: u8| byte.is_ascii_whitespace();
    let mut attributes = Vec::new();
    let mut at = run(at, &|byte| !is_name_end(byte));
    loop {
        at = run(at, &|byte| is_blank(byte) || byte == b'/');
        let name = at..run(at, &|byte| byte != b'=' && !is_name_end(byte));
        let sign = run(name.end, &is_blank);
        if name.is_empty() && text.get(sign) != Some(&b'=') {
            return (attributes, at);
        }
        at = name.end;
        if text.get(sign) != Some(&b'=') {
            continue;
        }
        let start = run(sign + 1, &is_blank);
        // In a text of a script, quotes have backslashes.
        let escapes = run(start, &|byte| byte == b'\\') - start;
        let quote = text.get(start + escapes).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let (value, end) = match quote {
            Some(quote) => {
                let start = start + escapes + 1;
                let len = text.get(start..).and_then(|rest| memchr::memchr(quote, rest));
                // A text that is cut has no quote at its end.
                let cut = || run(start, &|byte| !matches!(byte, b'<' | b'>'));
                len.map_or_else(
                    || (start..cut(), cut()),
                    |len| (start..start + len - escapes.min(len), start + len + 1),
                )
            }
            None => {
                let end = run(start, &|byte| !is_blank(byte) && !matches!(byte, b'<' | b'>'));
                (start..end, end)
            }
        };
        at = end;
        attributes.push(Attribute { name, value });
    }
}

/// Returns whether a byte is the first one of the name of an element.
pub(super) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 || byte == b'&'
}

/// Returns whether a byte ends the name of an element.
pub(super) fn is_name_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'<' | b'>')
}

/// Returns a name without its namespace.
pub(super) fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_have_values_with_any_quotes_or_none() {
        let text = br#"input type=hidden NAME='a b' value="it's > x" disabled c = d/ e=\"f g\"><p>"#;
        let (found, end) = attributes(text, 0);
        let shown = |range: &Range<usize>| String::from_utf8_lossy(&text[range.clone()]).into_owned();
        let found: Vec<String> =
            found.iter().map(|own| format!("{}={}", shown(&own.name), shown(&own.value))).collect();
        assert_eq!(found, ["type=hidden", "NAME=a b", "value=it's > x", "c=d/", "e=f g"]);
        assert_eq!(&text[end..], b"><p>");
        for text in ["a", "a =", "a b=\"", "a ===", "a 'b'=c", "a /////", "a b=\\\"", "a b=\\"] {
            assert!(attributes(text.as_bytes(), 0).1 <= text.len(), "{text}");
        }
    }
}
