//! Secrets in texts of lines: settings whose value is in the lines after the name, sections, and items with a name and a value (YAML).

use super::Redactor;
use super::json::{is_named, is_naming};
use super::named::quoted_range;
use super::names::{Rule, is_name, is_whole_name};
use super::text::{LONG, Spans};
use std::ops::Range;

/// Maximum number of values that are before their name.
const MAX_VALUES: usize = 64;
/// What a line ends with before a value in the next lines.
const BEGINS: [&[u8]; 16] =
    [b"", b"|", b">", b"|-", b">-", b"|+", b">+", b"\\", b"(", b"[", b"{", b"\"\"\"", b"'''", b"`", b"\"", b"'"];

/// A line such as `name: value` or `- name = value`.
struct Setting<'t> {
    /// Number of bytes before the name.
    column: usize,
    is_item: bool,
    name: &'t [u8],
    /// The name is in quotes, or its sign has no blanks: its line may have further values.
    has_more: bool,
    /// Place of the value, without quotes.
    value: Range<usize>,
}

/// A name whose value is in the lines after it.
struct OpenValue {
    rule: Rule,
    indent: usize,
    /// A line of the value was read.
    has_value: bool,
    /// The value is a list without an indent.
    is_list: bool,
}

/// Lines of the same column, of which one may name the value of another.
#[derive(Default)]
struct Block {
    column: usize,
    rule: Option<Rule>,
    /// Values that were read before the name.
    values: Vec<Range<usize>>,
    /// The lines that follow belong to a value.
    is_in_value: bool,
    /// The name is that of an event.
    is_event: bool,
}

impl Redactor {
    /// Adds the values of settings.
    pub(super) fn add_settings(&self, text: &[u8], spans: &mut Spans) {
        if memchr::memchr(b'\n', text).is_none() && memchr::memchr2(b':', b'=', text).is_none() {
            return;
        }
        let is_document = text.trim_ascii_start().starts_with(b"<");
        let mut open: Option<OpenValue> = None;
        let mut block = Block::default();
        let mut section = None;
        let mut start = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let begin = start;
            start += line.len();
            let content = line.trim_ascii();
            // An empty line ends an event (of a stream of server-sent events).
            if content.is_empty() && block.is_event {
                block = Block::default();
            }
            if content.is_empty() || is_document && content.starts_with(b"<") {
                continue;
            }
            let indent = line.len() - line.trim_ascii_start().len();
            let whole = begin + indent..begin + indent + content.len();
            let setting = setting(line);
            let is_item = content.starts_with(b"- ") || content == b"-";
            if let Some(own) = &mut open {
                let is_below = indent > own.indent;
                let is_in_list = is_item && indent == own.indent && (own.is_list || !own.has_value);
                let is_value = setting.is_none() || content.starts_with(b":");
                let is_next = !own.has_value && is_value && !is_section(content) && !content.starts_with(b"--");
                if is_below || is_in_list || is_next {
                    (own.has_value, own.is_list) = (true, own.is_list || is_in_list);
                    add_content(text, whole, own.rule, spans);
                    continue;
                }
                open = None;
            }
            if block.is_in_value && indent > block.column {
                match block.rule {
                    Some(rule) => add_content(text, whole.clone(), rule, spans),
                    None if block.values.len() < MAX_VALUES => block.values.push(whole.clone()),
                    None => {}
                }
            }
            if is_section(content) {
                section = self.rule_of(content).filter(|rule| rule.least == 0);
                block = Block::default();
                continue;
            }
            let Some(setting) = setting else {
                if let Some(rule) = section {
                    add_content(text, whole, rule, spans);
                    continue;
                }
                // A name alone, whose value is in the next line. In YAML, a key may follow a question mark.
                let key = content.strip_prefix(b"? ").and_then(|key| self.naming_rule(key.trim_ascii()));
                let is_name = || content.len() <= LONG.len() && is_whole_name(content);
                if let Some(rule) = key.or_else(|| is_name().then_some(Rule::ANY)) {
                    open = Some(OpenValue { rule, indent, has_value: false, is_list: false });
                }
                continue;
            };
            let value = begin + setting.value.start..begin + setting.value.end;
            let own = text.get(value.clone()).unwrap_or_default();
            let is_empty = BEGINS.contains(&own) || own.starts_with(b"&") && !own.contains(&b' ');
            let is_name_rule = self.rule_of(setting.name);
            let rule = Rule::either(is_name_rule, section);
            if let Some(rule) = rule.filter(|rule| is_empty || rule.applies_to(own) && !setting.has_more) {
                // The lines that continue a line without an item belong to its value (see `add_named`).
                let is_read = !is_empty && !setting.is_item && !setting.name.contains(&b' ');
                if is_name_rule.is_some() && !is_read {
                    let indent = setting.column.min(indent);
                    open = Some(OpenValue { rule, indent, has_value: !is_empty, is_list: false });
                }
                if !is_empty && is_name_rule.is_some() {
                    self.add_value(setting.name, own, value.clone(), spans);
                } else if !is_empty {
                    add_content(text, value.clone(), rule, spans);
                }
            }
            self.read_pair(&setting, value, text, &mut block, spans);
        }
    }

    /// Reads a line that may be the name of a value beside it, or such a value.
    fn read_pair(&self, setting: &Setting<'_>, value: Range<usize>, text: &[u8], block: &mut Block, spans: &mut Spans) {
        if setting.is_item || setting.column < block.column {
            *block = Block { column: setting.column, ..Block::default() };
        }
        if setting.column != block.column {
            // The first line of a text may be indented.
            if block.rule.is_some() || !block.values.is_empty() || block.is_in_value {
                return;
            }
            block.column = setting.column;
        }
        let own = text.get(value.clone()).unwrap_or_default();
        block.is_in_value = is_named(setting.name);
        if block.is_in_value {
            match block.rule {
                Some(rule) => add_content(text, value, rule, spans),
                None if block.values.len() < MAX_VALUES => block.values.push(value),
                None => {}
            }
        } else if is_naming(setting.name) {
            let Some(rule) = self.naming_rule(own) else { return };
            block.rule = Rule::either(block.rule, Some(rule));
            block.is_event = setting.name == b"event";
            block.values.drain(..).for_each(|value| add_content(text, value, rule, spans));
        }
    }
}

/// Adds a value, or a line of one, without the signs around it.
pub(super) fn add_content(text: &[u8], range: Range<usize>, rule: Rule, spans: &mut Spans) {
    let own = text.get(range.clone()).unwrap_or_default();
    let content = own.trim_ascii();
    let mut start = range.start + own.len() - own.trim_ascii_start().len();
    let mut content = content;
    while let Some(rest) = content.strip_prefix(b"- ").or_else(|| content.strip_prefix(b": ")) {
        start += content.len() - rest.trim_ascii_start().len();
        content = rest.trim_ascii_start();
    }
    let content = content.strip_suffix(b",").unwrap_or(content);
    let inner = quoted_range(content).unwrap_or(0..content.len());
    let content = content.get(inner.clone()).unwrap_or_default();
    let is_sign = content.iter().all(|byte| b"[]{}()|>-\"'`\\,;".contains(byte));
    if !is_sign && rule.applies_to(content) {
        spans.push((start + inner.start..start + inner.end, rule.kind));
    }
}

/// Returns whether a line is the name of a section, such as `[name]`.
fn is_section(content: &[u8]) -> bool {
    content.first() == Some(&b'[')
        && content.last() == Some(&b']')
        && !content.iter().any(|byte| b"\",=:".contains(byte))
}

/// Reads a line as a setting.
fn setting(line: &[u8]) -> Option<Setting<'_>> {
    let mut at = line.len() - line.trim_ascii_start().len();
    let mut is_item = false;
    while let Some(rest) = line.get(at..) {
        let prefixes: [&[u8]; 8] = [b"- ", b"* ", b"export ", b"set ", b"const ", b"let ", b"var ", b"# "];
        let Some(prefix) = prefixes.iter().find(|prefix| rest.starts_with(prefix)) else { break };
        is_item |= prefix.first() == Some(&b'-');
        let rest = rest.get(prefix.len()..).unwrap_or_default();
        at = line.len() - rest.trim_ascii_start().len();
    }
    let column = at;
    let rest = line.get(at..)?;
    let quote = rest.first().filter(|byte| matches!(byte, b'"' | b'\''));
    at += usize::from(quote.is_some());
    let rest = line.get(at..)?;
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.$-[]@ ".contains(byte) || **byte >= 0x80;
    let len = rest.iter().take(LONG.len() * 8).take_while(is_part).count();
    let name = rest.get(..len)?.trim_ascii_end();
    at += len;
    at += usize::from(quote.is_some() && line.get(at) == quote);
    at += line.get(at..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let sign = line.get(at..)?;
    let signs: [&[u8]; 4] = [b"=>", b":=", b"=", b":"];
    let sign = signs.iter().find(|own| sign.starts_with(own))?;
    at += sign.len();
    let is_tight = !line.get(at).is_none_or(u8::is_ascii_whitespace) || !is_name(name) || name.is_empty();
    let is_variable = name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
    let value = line.get(at..)?;
    let start = at + value.len() - value.trim_ascii_start().len();
    let value = value.trim_ascii();
    let inner = quoted_range(value).unwrap_or(0..value.len());
    Some(Setting {
        column,
        is_item,
        name,
        has_more: quote.is_some() || *sign != b":" && is_tight && !is_variable,
        value: start + inner.start..start + inner.end,
    })
}
