//! Secrets in HTML and XML: values of attributes, and texts of elements, by the names around and beside them.

use super::Redactor;
use super::names::Rule;
use super::text::Spans;
use std::borrow::Cow;
use std::ops::Range;

/// Maximum depth of elements that are known. Texts in a document that are deeper are secrets.
const MAX_DEPTH: usize = 4096;
/// Number of open elements that the end of an element is compared with.
const MAX_UNCLOSED: usize = 64;
/// Maximum number of elements in one whose text names the others.
const MAX_BESIDE: usize = 4;
/// Maximum length of a name with its entities.
const MAX_NAME: usize = 256;

/// Maximum length of the last words of a text, which may be a name.
const MAX_WORDS: usize = 40;

/// Attributes that name what the element has.
const NAMING: [&[u8]; 15] = [
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
/// Attributes of HTML that have a value.
const VALUES: [&[u8]; 4] = [b"value", b"content", b"default", b"data"];
/// Elements of HTML without an end.
const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param", b"source",
    b"track", b"wbr",
];
/// Elements of HTML that arrange others: they have no value, unless they have a text alone.
const STRUCTURE: [&[u8]; 50] = [
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

/// A text of an element.
struct TextNode {
    range: Range<usize>,
    /// For each least length of a rule, number of runs of secrets that begin with it.
    begins: [u32; 3],
    /// The same of those that end with it.
    ends: [u32; 3],
}

/// Lengths from which values are secrets.
const LEAST: [u8; 3] = [0, 8, 16];

/// An open element.
struct Element {
    name: Range<usize>,
    /// Rule of its texts.
    rule: Option<Rule>,
    /// Rule of the attributes in it, by the elements around them.
    inside: Option<Rule>,
    /// It is a part of the structure of a page.
    is_structure: bool,
    /// Number of texts before it.
    texts: usize,
    /// Number of elements in it.
    children: usize,
    /// Names of the first of them.
    names: Vec<Range<usize>>,
    /// Rule of the element that follows, which the text of the one before names.
    next: Option<Rule>,
    /// Rule of the elements beside one whose text is a name, that text, and the name of the element.
    named: Option<(Rule, usize, Range<usize>)>,
}

impl Element {
    fn new(name: Range<usize>, is_structure: bool, texts: usize) -> Element {
        Element {
            name,
            rule: None,
            inside: None,
            is_structure,
            texts,
            children: 0,
            names: Vec::new(),
            next: None,
            named: None,
        }
    }
}

struct MarkupReader<'r> {
    redactor: &'r Redactor,
    text: &'r [u8],
    open: Vec<Element>,
    texts: Vec<TextNode>,
    /// Number of open elements that are too deep.
    deep: usize,
    /// The text is markup as a whole.
    is_document: bool,
    /// The text that was read last.
    before: Option<Range<usize>>,
    /// Rules of the columns of the table that was begun last, by the texts of their heads.
    columns: Vec<(usize, Rule)>,
}

impl Redactor {
    /// Adds the values of elements such as `<input name=token value=x>` and `<password>x</password>`.
    pub(super) fn add_markup(&self, text: &[u8], spans: &mut Spans) {
        if memchr::memchr(b'<', text).is_none() {
            return;
        }
        let content = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let is_document = content.trim_ascii_start().starts_with(b"<");
        let (open, texts) = (Vec::new(), Vec::new());
        MarkupReader { redactor: self, text, open, texts, deep: 0, is_document, before: None, columns: Vec::new() }
            .read(spans);
    }
}

impl MarkupReader<'_> {
    fn read(mut self, spans: &mut Spans) {
        let mut at = 0;
        // What is beside the outermost elements.
        self.open.push(Element::new(0..0, true, 0));
        while let Some(len) = self.text.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
            self.add_text(at..at + len);
            at += len;
            let rest = self.text.get(at..).unwrap_or_default();
            at = match rest {
                [_, b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => {
                    let end = memchr::memmem::find(rest, b"]]>").map_or(self.text.len(), |len| at + len);
                    self.add_text(at + 9..end);
                    end + 2
                }
                [_, b'!', b'-', b'-', ..] => {
                    // A comment in a secret belongs to it.
                    let end = memchr::memmem::find(rest, b"-->").map_or(self.text.len(), |len| at + len);
                    self.add_text(at + 4..end.max(at + 4));
                    end + 2
                }
                [_, b'/', first, ..] if is_name_start(*first) => self.end(at + 2),
                [_, first, ..] if is_name_start(*first) => self.begin(at + 1, spans),
                _ => at + 1,
            };
            // The sign after what ends here.
            at += usize::from(self.text.get(at) == Some(&b'>'));
        }
        self.add_text(at.min(self.text.len())..self.text.len());
        while let Some(element) = self.open.pop() {
            // An element without an end: its first text, or all in a document, which is cut.
            let end = if self.is_document { self.texts.len() } else { element.texts + 1 };
            self.mark(element.rule, element.texts, end.min(self.texts.len()));
        }
        self.finish(spans);
    }

    fn finish(self, spans: &mut Spans) {
        let mut depths = [0; 3];
        for node in self.texts {
            depths.iter_mut().zip(node.begins).for_each(|(depth, begins)| *depth += begins);
            let least = LEAST.iter().zip(depths).find(|(_, depth)| *depth > 0).map(|(least, _)| *least);
            let rule = least.map(|least| Rule { least, ..Rule::ANY });
            let content = self.text.get(node.range.clone()).unwrap_or_default();
            if let Some(rule) = rule.filter(|rule| rule.applies_to(content)) {
                spans.push((node.range, rule.kind));
            }
            depths.iter_mut().zip(node.ends).for_each(|(depth, ends)| *depth -= ends);
        }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn add_text(&mut self, range: Range<usize>) {
        let own = self.slice(&range);
        if own.trim_ascii().is_empty() {
            return;
        }
        let start = range.start + own.len() - own.trim_ascii_start().len();
        let range = start..start + own.trim_ascii().len();
        let last = self.before.replace(range.clone());
        self.texts.push(TextNode { range, begins: [0; 3], ends: [0; 3] });
        // A text such as "Your password:" names the next one.
        let rule = last.and_then(|last| self.rule_before(self.slice(&last)));
        self.mark(rule, self.texts.len() - 1, self.texts.len());
        if self.deep > 0 && self.is_document {
            self.mark(Some(Rule::ANY), self.texts.len() - 1, self.texts.len());
        }
    }

    /// Returns the rule of what follows a text, if it ends in the name of a secret and a colon.
    fn rule_before(&self, text: &[u8]) -> Option<Rule> {
        let name = text.strip_suffix(b":")?;
        let name = name.strip_suffix(b" is").unwrap_or(name);
        let start = name.len() - name.len().min(MAX_WORDS);
        let words = name.get(start..).unwrap_or_default();
        let last = words.rsplitn(3, |&byte| byte == b' ').take(2).map(<[u8]>::len).sum::<usize>();
        self.redactor.rule_of(words.get(words.len().saturating_sub(last + 1)..)?).filter(|rule| rule.least == 0)
    }

    /// Marks texts as secrets.
    fn mark(&mut self, rule: Option<Rule>, start: usize, end: usize) {
        let Some(rule) = rule.filter(|_| start < end) else { return };
        let nth = LEAST.iter().position(|least| *least >= rule.least).unwrap_or_default();
        if let Some(own) = self.texts.get_mut(start).and_then(|node| node.begins.get_mut(nth)) {
            *own += 1;
        }
        if let Some(own) = self.texts.get_mut(end - 1).and_then(|node| node.ends.get_mut(nth)) {
            *own += 1;
        }
    }

    /// Reads the begin of an element. Returns where its tag ends.
    fn begin(&mut self, at: usize, spans: &mut Spans) -> usize {
        let (attributes, end) = attributes(self.text, at);
        let name = at..at + self.slice(&(at..end)).iter().take_while(|byte| !is_name_end(**byte)).count();
        let own = self.slice(&name).to_ascii_lowercase();
        let is_void = VOID.contains(&&own[..]);
        let is_structure = STRUCTURE.contains(&&own[..]);
        let inherited = self.open.last().and_then(|around| around.inside);
        let nth = self.open.last().map_or(0, |around| around.children);
        if own == b"table" {
            self.columns.clear();
        }
        let column = self.columns.iter().find(|(column, _)| own == b"td" && *column == nth).map(|(_, rule)| *rule);
        let before = self.open.last_mut().and_then(|around| {
            around.children += 1;
            if around.names.len() < MAX_BESIDE {
                around.names.push(name.clone());
            }
            around.next.take()
        });
        let mut named = Rule::either(before, column);
        let element = self.name_rule(self.slice(&name));
        for attribute in &attributes {
            let (name, value) = (local(self.slice(&attribute.name)), self.slice(&attribute.value));
            let is_naming = NAMING.iter().any(|own| own.eq_ignore_ascii_case(name))
                // The label of a field names no value, and the class of an element with others is a style.
                && !name.eq_ignore_ascii_case(b"for");
            let is_password = name.eq_ignore_ascii_case(b"type") && value.eq_ignore_ascii_case(b"password");
            if is_naming || is_password {
                let value = decoded(value.get(..MAX_NAME).unwrap_or(value));
                let rule = self.redactor.naming_rule(&value);
                named = Rule::either(named, rule);
            }
        }
        for attribute in &attributes {
            let (name, value) = (self.slice(&attribute.name), self.slice(&attribute.value));
            let own = local(name);
            let is_any = |names: &[&[u8]]| names.iter().any(|name| name.eq_ignore_ascii_case(own));
            let is_value =
                is_any(&VALUES) || own.starts_with(b"data-") || !is_void && !is_structure && !is_any(&NAMING);
            let by_name = named.filter(|_| is_value && !own.eq_ignore_ascii_case(b"type"));
            let is_named = !is_structure && !is_any(&NAMING) && !is_any(&[b"type"]) && !name.starts_with(b"xmlns");
            let own_rule = Rule::either(by_name, self.name_rule(name));
            let own_rule = Rule::either(own_rule, element.filter(|_| is_named));
            if let Some(rule) = Rule::either(own_rule, inherited).filter(|rule| rule.applies_to(value)) {
                spans.push((attribute.value.clone(), rule.kind));
            }
        }
        let is_closed = self.slice(&(at..end)).ends_with(b"/");
        if is_void || is_closed {
            return end;
        }
        if own == b"script" || own == b"style" {
            let rest = self.text.get(end..).unwrap_or_default();
            let finder = memchr::memmem::Finder::new(b"</");
            let is_end = |at: &usize| {
                let word = rest.get(at + 2..at + 2 + own.len()).unwrap_or_default();
                word.eq_ignore_ascii_case(&own)
            };
            return finder.find_iter(rest).find(is_end).map_or(self.text.len(), |len| end + len);
        }
        if self.open.len() >= MAX_DEPTH {
            self.deep += 1;
            return end;
        }
        let rule = Rule::either(named, element);
        let inside = Rule::either(inherited, rule.filter(|_| !is_structure));
        let texts = self.texts.len();
        self.open.push(Element { rule, inside, ..Element::new(name, is_structure, texts) });
        end
    }

    /// Returns the rule of the name of an element or of an attribute.
    fn name_rule(&self, name: &[u8]) -> Option<Rule> {
        let name = decoded(name.get(..MAX_NAME).unwrap_or(name));
        Rule::either(self.redactor.rule_of(&name), self.redactor.rule_of(local(&name)))
    }

    /// Reads the end of an element. Returns where its tag ends.
    fn end(&mut self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let name = rest.get(..rest.iter().take_while(|byte| !is_name_end(**byte)).count()).unwrap_or_default();
        let end = at + memchr::memchr2(b'>', b'<', rest).unwrap_or(rest.len());
        if self.deep > 0 {
            self.deep -= 1;
            return end;
        }
        let is_own = |element: &Element| self.slice(&element.name).eq_ignore_ascii_case(name);
        let Some(above) = self.open.iter().rev().take(MAX_UNCLOSED).position(is_own) else { return end };
        for _ in 0..=above {
            self.close();
        }
        end
    }

    /// Ends the innermost element.
    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        let end = self.texts.len();
        let is_value = !element.is_structure || element.children == 0;
        self.mark(element.rule.filter(|_| is_value), element.texts, end);
        // Of several elements with the same name, each names what follows it.
        let same = |name: &Range<usize>| element.names.iter().filter(|own| self.slice(own) == self.slice(name)).count();
        let is_pair = |(.., name): &(Rule, usize, Range<usize>)| element.children <= MAX_BESIDE && same(name) == 1;
        if let Some((rule, name, _)) = element.named.clone().filter(is_pair) {
            self.mark(Some(rule), element.texts, name);
            self.mark(Some(rule), name + 1, end);
        }
        // A text alone may name what is beside it.
        if element.is_structure || element.children > 0 || end != element.texts + 1 {
            return;
        }
        let text = self.texts.last().map(|node| decoded(self.slice(&node.range)).into_owned()).unwrap_or_default();
        let rule = self.redactor.naming_rule(&text);
        let Some(around) = self.open.last_mut().filter(|_| rule.is_some()) else { return };
        let is_head = self.text.get(element.name.clone()).is_some_and(|name| name.eq_ignore_ascii_case(b"th"));
        if is_head && self.columns.len() < MAX_UNCLOSED {
            self.columns.extend(rule.map(|rule| (around.children - 1, rule)));
        }
        around.next = rule;
        if !around.is_structure && around.named.is_none() {
            around.named = rule.map(|rule| (rule, end - 1, element.name));
        }
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 || byte == b'&'
}

fn is_name_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'<' | b'>')
}

/// Returns a name without its namespace.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b':').next().unwrap_or(name)
}

/// Returns a text without its entities.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'&', text).is_none() {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = memchr::memchr(b'&', rest) {
        let (before, entity) = rest.split_at_checked(start).unwrap_or_default();
        out.extend_from_slice(before);
        let len = entity.iter().take(12).position(|&byte| byte == b';');
        let decoded = len.and_then(|len| character(entity.get(1..len)?));
        match decoded.zip(len) {
            Some((char, len)) => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                rest = entity.get(len + 1..).unwrap_or_default();
            }
            None => {
                out.push(b'&');
                rest = entity.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    out.into()
}

/// Returns the character of an entity.
fn character(name: &[u8]) -> Option<char> {
    let digits = |digits: &[u8], radix| char::from_u32(u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()?);
    match name {
        [b'#', b'x' | b'X', own @ ..] => digits(own, 16),
        [b'#', own @ ..] => digits(own, 10),
        b"quot" => Some('"'),
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"apos" => Some('\''),
        b"nbsp" => Some(' '),
        b"colon" => Some(':'),
        b"lbrace" | b"lcub" => Some('{'),
        b"rbrace" | b"rcub" => Some('}'),
        b"equals" => Some('='),
        _ => None,
    }
}

/// Returns a text with entities for the signs of markup.
pub(super) fn encoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            byte => out.push(*byte),
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_any_number_are_read_in_linear_time() {
        for part in [
            "name=a value=b ",
            "<password>",
            "<a><b>x</b>",
            "</a>",
            "<dict><key>password</key>",
            "<a x=\"",
            "<![CDATA[",
            "<!--",
            "<script>",
            "&#112;",
        ] {
            let text = format!("<a {}", part.repeat(50_000));
            crate::redact::tests::redactor().add_markup(text.as_bytes(), &mut Spans::default());
        }
    }

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
