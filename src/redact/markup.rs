//! Secrets in HTML and XML: values of attributes, and texts of elements, by the names around and beside them.

use super::Redactor;
use super::entities::decoded;
use super::forms::is_usual;
use super::names::Rule;
use super::tags::{
    Attribute, HTML_NAMED, NAMING, STRUCTURE, VALUES, VOID, XML_NAMING, attributes, closed_voids, is_html, is_name_end,
    is_name_start, is_xml, local,
};
use super::text::Spans;
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

/// Verbs between the name of a secret and the next word.
const VERBS: [&[u8]; 3] = [b"is now", b"is", b"was"];

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
    /// The names of elements are not those of HTML.
    is_xml: bool,
    /// Which of the elements without an end have one nevertheless.
    closed_voids: [bool; VOID.len()],
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
        MarkupReader {
            redactor: self,
            text,
            open,
            texts,
            deep: 0,
            is_document,
            is_xml: is_xml(text),
            closed_voids: closed_voids(text),
            before: None,
            columns: Vec::new(),
        }
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
        // A text such as "Your password:" names the next one, and "Your password is" the next word.
        let next = self.texts.last().map(|node| self.slice(&node.range)).unwrap_or_default();
        let rule = last.and_then(|last| self.rule_before(self.slice(&last), next));
        self.mark(rule, self.texts.len() - 1, self.texts.len());
        if self.deep > 0 && self.is_document {
            self.mark(Some(Rule::ANY), self.texts.len() - 1, self.texts.len());
        }
    }

    /// Returns the rule of what follows a text, if it ends in the name of a secret and a colon, or a verb before a word.
    fn rule_before(&self, text: &[u8], next: &[u8]) -> Option<Rule> {
        let sentence = text.strip_suffix(b":");
        let name = sentence.unwrap_or(text);
        let verb = VERBS
            .iter()
            .find_map(|verb| name.strip_suffix(*verb))
            .filter(|name| name.ends_with(b" ") || name.ends_with(b"\n"));
        let verb = verb.map(<[u8]>::trim_ascii_end);
        let is_word = || !next.iter().any(u8::is_ascii_whitespace) && !is_usual(next);
        let name = verb.or(sentence).filter(|_| sentence.is_some() || is_word())?;
        let line = if self.is_document { None } else { memchr::memrchr(b'\n', name) };
        let line = line.map_or(0, |end| end + 1);
        let start = line.max(name.len() - name.len().min(MAX_WORDS));
        let words = name.get(start..).unwrap_or_default();
        let last = words.rsplitn(3, u8::is_ascii_whitespace).take(2).map(<[u8]>::len).sum::<usize>();
        self.redactor.rule_of(words.get(words.len().saturating_sub(last + 1)..)?).filter(|rule| rule.least == 0)
    }

    /// Marks texts as secrets.
    fn mark(&mut self, rule: Option<Rule>, start: usize, end: usize) {
        let Some(rule) = rule.filter(|_| start < end) else { return };
        if rule.is_count
            && self
                .texts
                .get(start..end)
                .is_some_and(|own| own.iter().all(|node| !rule.applies_to(self.slice(&node.range))))
        {
            return;
        }
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
        let is_void = |nth: usize| !self.is_xml && self.closed_voids.get(nth) == Some(&false);
        let is_void = VOID.iter().position(|name| *name == own).is_some_and(is_void);
        let is_structure = !self.is_xml && STRUCTURE.contains(&&own[..]);
        if let Some(around) = self.open.last_mut().filter(|around| !around.name.is_empty() && !is_html(&own)) {
            // An element with another one that is not of HTML is none of HTML either.
            around.is_structure = false;
            around.inside = Rule::either(around.inside, around.rule);
        }
        // In HTML, these elements have no names.
        let is_named =
            |attribute: &Attribute| XML_NAMING.iter().any(|own| own.eq_ignore_ascii_case(self.slice(&attribute.name)));
        let is_structure = is_structure && (HTML_NAMED.contains(&&own[..]) || !attributes.iter().any(is_named));
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
        if !self.is_xml && (own == b"script" || own == b"style") {
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
        let inside = Rule::either(inherited, rule.filter(|_| !is_structure || own == b"select"));
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
        // In XML-RPC, the arguments follow the name of the function.
        if self.slice(&element.name).eq_ignore_ascii_case(b"methodName") {
            let rule = self.redactor.arguments_rule(&text);
            self.open.last_mut().into_iter().for_each(|around| around.next = rule);
            return;
        }
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
}
