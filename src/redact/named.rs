//! Values of names in texts: `name=value`, `"name":"value"`, and lines such as `Name: value`.

use super::Redactor;
use super::forms::regex;
use super::names::{SecretKind, normalized};
use super::query::escaped_ranges;
use super::text::{LONG, Scope, Spans};
use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Schemes of `Authorization`, which are shown. A word that is none may be the secret itself.
const SCHEMES: [&[u8]; 20] = [
    b"Basic",
    b"Bearer",
    b"Digest",
    b"Negotiate",
    b"NTLM",
    b"AWS4-HMAC-SHA256",
    b"AWS4-ECDSA-P256-SHA256",
    b"AWS",
    b"HOBA",
    b"Mutual",
    b"OAuth",
    b"DPoP",
    b"GNAP",
    b"Hawk",
    b"Signature",
    b"SCRAM-SHA-1",
    b"SCRAM-SHA-256",
    b"vapid",
    b"Token",
    b"ApiKey",
];

/// Attributes of cookies (RFC 6265 4.1.1), and those that browsers added. The value of another one may be that of a second cookie.
const ATTRIBUTES: [&[u8]; 7] = [b"Path", b"Domain", b"Expires", b"Max-Age", b"SameSite", b"Priority", b"Version"];

/// Maximum length of the name of a function whose argument is a value.
const MAX_CALL: usize = 64;
/// Maximum length of a text in quotes of several lines.
const MAX_TEXT: usize = 4096;
/// Maximum number of operands of an expression.
const MAX_OPERANDS: usize = 8;

/// A name, what closes it, and what separates it from its value.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(concat!(
        // Letters may have percent escapes.
        r#"(?-u)(?P<name>(?:[A-Za-z_$\x80-\xff]|%[46][1-9A-Fa-f]|%[57][0-9Aa])"#,
        r#"(?:[A-Za-z0-9_.$\-\x80-\xff]|%[46][1-9A-Fa-f]|%[57][0-9Aa])*"#,
        // Indexes, as in user[password] and password[].
        r#"(?:(?:\[|%5[Bb])[A-Za-z0-9_.$\-]*(?:\]|%5[Dd]))*)"#,
        r#"(?P<close>(?:%5[Dd]|%22|%27|[\]"'`\\])*)"#,
        r#"[ \t]*(?P<sign>=>|:=|[+?]=|\|\|=|\?\?=|=|:|%3[DdAa]|%253[Dd])[ \t]*(?:\*\*[ \t]+)?"#
    ))
});

impl Redactor {
    /// Adds the values of names: `name=value`, `"name":"value"`, and lines such as `Name: value`.
    pub(super) fn add_named(&self, text: &[u8], spans: &mut Spans) {
        let Some(names) = NAMES.as_ref() else { return };
        let escaped = escaped_ranges(text);
        let mut at = 0;
        while let Some(groups) = names.captures_at(text, at) {
            let (Some(all), Some(name), Some(close), Some(sign)) =
                (groups.get(0), groups.name("name"), groups.name("close"), groups.name("sign"))
            else {
                break;
            };
            at = all.end();
            // A name in the quotes of Markdown has its value in such quotes, too.
            if close.as_bytes().contains(&b'`') && text.get(at) != Some(&b'`') {
                continue;
            }
            // The value of another name is not read: it may have names itself, each with a value that is as long.
            if self.kind_of(name.as_bytes(), LONG).is_none() {
                continue;
            }
            // Values with percent escapes are read as texts themselves.
            let before = escaped.partition_point(|own| own.start <= name.start()).checked_sub(1);
            if before.and_then(|before| escaped.get(before)).is_some_and(|own| name.start() < own.end) {
                continue;
            }
            let is_type = name.as_bytes().starts_with(b"$") && sign.as_bytes() == b":";
            if is_type && let Some(len) = graphql_type(text.get(at..).unwrap_or_default()) {
                let rest = text.get(at + len..).unwrap_or_default();
                let default = rest.trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start);
                let Some(default) = default else { continue };
                at = text.len() - default.len();
            }
            let (indent, is_line_start) = line_start(text.get(..name.start()).unwrap_or_default());
            let is_header = sign.as_bytes() == b":" && close.is_empty();
            // A line such as `name = a value`.
            let has_blanks = all.len() > name.len() + close.len() + sign.len() && close.is_empty();
            let is_equals = sign.as_bytes().ends_with(b"=") && !sign.as_bytes().starts_with(b":");
            let is_line = is_header || is_equals && (has_blanks || is_variable(name.as_bytes()));
            let is_value_sign = !sign.as_bytes().starts_with(b"%");
            let group = if is_value_sign && close.is_empty() { script_group(text, at) } else { None };
            let around = if close.is_empty() { quote_around(text, name.start()) } else { None };
            let value = if is_line && is_line_start || is_header && is_header_name(name.as_bytes()) {
                let rest = text.get(at..).unwrap_or_default();
                let line = rest.get(..line_len(rest, indent)).unwrap_or_default();
                let line = open_text(rest, line).unwrap_or(line);
                let line = quoted_range(line).map_or(at..at + line.len(), |quoted| at + quoted.start..at + quoted.end);
                line.start..group.map_or(line.end, |group| group.end.max(line.end))
            } else if let Some(group) = group {
                group
            } else if sign.as_bytes() == b"=" && text.get(..name.start()).is_some_and(|before| before.ends_with(b";")) {
                // Values of a connection string, which may have blanks.
                let rest = text.get(at..).unwrap_or_default();
                at..at + rest.iter().position(|byte| b";&\"\n\r<>".contains(byte)).unwrap_or(rest.len())
            } else if let Some(quote) = around.filter(|_| is_value_sign) {
                quoted_value(text, at, quote, sign.as_bytes() == b":")
            } else {
                let is_json = !close.is_empty() && sign.as_bytes() == b":";
                // In JSON that something is before, a value may be in the line after its name.
                let blanks = text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace());
                at += if is_json { blanks.count() } else { 0 };
                let escapes = close.as_bytes().iter().filter(|&&byte| byte == b'\\').count();
                let group = if is_json { group_range(text, at, escapes) } else { None };
                let is_escaped = sign.as_bytes().starts_with(b"%");
                group.unwrap_or_else(|| {
                    let value = value_range(text, at, is_json, is_escaped);
                    let value = if is_json || is_escaped { value } else { with_operands(text, value) };
                    let rest = text.get(value.start..).unwrap_or_default();
                    let is_continued = rest.get(..value.len()).is_some_and(|own| own.ends_with(b"\\"));
                    let len = if is_continued && is_line_start { line_len(rest, indent) } else { 0 };
                    value.start..value.end.max(value.start + len)
                })
            };
            // A value that is no secret, because it is short, may have names itself.
            if self.add_value(name.as_bytes(), text.get(value.clone()).unwrap_or_default(), value.clone(), spans) {
                at = value.end.max(at);
            }
        }
    }

    /// Adds the secrets of the value of a name, which is at a place in a text. Returns whether the name is that of secrets.
    pub(super) fn add_value(&self, name: &[u8], value: &[u8], range: Range<usize>, spans: &mut Spans) -> bool {
        let part = |from: usize, to: usize| range.start + from..range.start + to;
        if name.is_empty() {
            return false;
        }
        match &normalized(name)[..] {
            b"authorization" | b"proxyauthorization" | b"httpauthorization" => {
                // The scheme stays.
                let scheme = value.iter().position(|byte| matches!(byte, b' ' | b'+' | b'%')).unwrap_or_default();
                let is_known =
                    SCHEMES.iter().any(|own| value.get(..scheme).is_some_and(|name| own.eq_ignore_ascii_case(name)));
                let blank = if value.get(scheme..).is_some_and(|rest| rest.starts_with(b"%20")) { 3 } else { 1 };
                let scheme = if is_known && value.len() > scheme + blank { scheme + blank } else { 0 };
                spans.push((part(scheme, value.len()), SecretKind::Authorization));
            }
            b"cookie" | b"cookies" | b"cookiepair" => {
                let mut start = 0;
                for pair in value.split(|&byte| byte == b';') {
                    add_pair(pair, range.start + start, spans);
                    start += pair.len() + 1;
                }
            }
            b"setcookie" | b"setcookie2" => {
                // A quote is no part of a value (RFC 6265 4.1.1), and is sent.
                let sign = memchr::memchr(b'=', value).map_or(0, |sign| sign + 1);
                let quoted = value.get(sign..).and_then(|rest| rest.strip_prefix(b"\""));
                let quoted = quoted.and_then(|rest| Some(sign + 2 + memchr::memchr(b'"', rest)?));
                let len = memchr::memchr(b';', value).unwrap_or(value.len()).max(quoted.unwrap_or_default());
                let (pair, attributes) = value.split_at_checked(len).unwrap_or((value, b""));
                add_pair(pair, range.start, spans);
                let mut start = range.start + len;
                for attribute in attributes.split(|&byte| byte == b';') {
                    let name = attribute.split(|&byte| byte == b'=').next().unwrap_or_default().trim_ascii();
                    let is_known = ATTRIBUTES.iter().any(|own| own.eq_ignore_ascii_case(name));
                    if !is_known && memchr::memchr(b'=', attribute).is_some() {
                        add_pair(attribute, start, spans);
                    } else if memchr::memchr(b'?', attribute).is_some() {
                        let own = self.secrets(attribute, Scope::default().within()).into_iter();
                        spans.extend(own.map(|(span, kind)| (start + span.start..start + span.end, kind)));
                    }
                    start += attribute.len() + 1;
                }
            }
            b"secwebsocketprotocol" => {
                let mut start = 0;
                let mut follows_name = false;
                for item in value.split(|&byte| byte == b',') {
                    let at = start + item.len() - item.trim_ascii_start().len();
                    start += item.len() + 1;
                    let item = item.trim_ascii();
                    let secret = if follows_name { Some(0) } else { self.secret_in_protocol(item) };
                    if let Some(from) = secret.filter(|from| *from < item.len()) {
                        spans.push((part(at + from, at + item.len()), SecretKind::Token));
                    }
                    follows_name = secret.is_none() && self.kind_of(item, LONG).is_some();
                }
            }
            _ => match self.kind_of(name, value) {
                Some(kind) => spans.push((range, kind)),
                None => return false,
            },
        }
        true
    }

    /// Returns where a secret begins in the name of a protocol of WebSocket, as browsers send one: `token.x`, `Bearer.x`, `header-x`.
    fn secret_in_protocol(&self, item: &[u8]) -> Option<usize> {
        if item.starts_with(b"header-") {
            return Some(7);
        }
        // As Kubernetes has it: `base64url.bearer.authorization.k8s.io.x`.
        if let Some(at) = memchr::memmem::find(item, b".k8s.io.") {
            return Some(at + 8);
        }
        let dot = memchr::memchr(b'.', item)?;
        let name = item.get(..dot)?;
        let is_scheme = SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(name));
        (is_scheme || self.kind_of(name, LONG).is_some()).then_some(dot + 1)
    }
}

/// Adds the value of a cookie: what follows its name.
fn add_pair(pair: &[u8], start: usize, spans: &mut Spans) {
    let from = memchr::memchr(b'=', pair).map_or(0, |at| at + 1);
    let value = pair.get(from..).unwrap_or_default();
    let before = value.len() - value.trim_ascii_start().len();
    let value = value.trim_ascii();
    let quotes = usize::from(value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\""));
    let from = start + from + before + quotes;
    spans.push((from..from + value.len() - 2 * quotes, SecretKind::Cookie));
}

/// Returns the indent of the line that a text ends with, and whether it has no more, or `export` alone.
fn line_start(before: &[u8]) -> (usize, bool) {
    let before = before.strip_suffix(b"export ").unwrap_or(before);
    let indent = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = before.get(..before.len() - indent).unwrap_or_default();
    if rest.is_empty() || rest.ends_with(b"\n") { (indent, true) } else { (0, false) }
}

/// Returns whether a name is that of an environment variable.
fn is_variable(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// Returns the place of the content of a value that is a text in quotes, as a line of settings or of a script has it.
pub(super) fn quoted_range(line: &[u8]) -> Option<Range<usize>> {
    let quote = *line.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let len = memchr::memchr(quote, line.get(1..)?)?;
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';');
    line.get(len + 2..)?.iter().all(is_end).then_some(1..len + 1)
}

/// Returns a text in quotes that ends in a line after the first one, as shells have it.
fn open_text<'t>(rest: &'t [u8], line: &[u8]) -> Option<&'t [u8]> {
    let quote = *line.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    if memchr::memchr(quote, line.get(1..)?).is_some() {
        return None;
    }
    let own = rest.get(..MAX_TEXT).unwrap_or(rest);
    let is_end = |at: &usize| own.get(at + 1).is_none_or(u8::is_ascii_whitespace);
    let end = memchr::memchr_iter(quote, own).skip(1).find(is_end)?;
    own.get(..=end)
}

/// Returns the length of the rest of a line with an indent, with the lines that continue it (RFC 9112 5.2): those with a larger
/// one. In a label, line ends are escaped.
fn line_len(text: &[u8], indent: usize) -> usize {
    let mut end = 0;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let next = rest.get(len + 1..).unwrap_or_default();
        let blanks = next.iter().take(indent + 1).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let own = rest.get(..len).unwrap_or_default();
        let is_continued =
            blanks > indent || own.strip_suffix(b"\r").unwrap_or(own).ends_with(b"\\") && !next.is_empty();
        end += len;
        if !is_continued {
            break;
        }
        end += 1;
    }
    let own = text.get(..end).unwrap_or_default();
    let own = own.strip_suffix(b"\r").unwrap_or(own);
    own.strip_suffix(br"\r\n").unwrap_or(own).len()
}

/// Returns the place of a value in a script with the texts of its expression, as in `x ? "a" : "b"` and `x || "a"`.
fn with_operands(text: &[u8], value: Range<usize>) -> Range<usize> {
    const OPERATORS: [&[u8]; 10] = [b"===", b"!==", b"==", b"!=", b"=", b"??", b"||", b"&&", b"?", b"+"];
    let is_quote = |at: usize| text.get(at).is_some_and(|byte| b"\"'`".contains(byte));
    let blanks = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    };
    let (mut end, mut is_choice) = (value.end, false);
    let is_text = is_quote(value.end) && value.start.checked_sub(1).is_some_and(is_quote);
    let mut at = value.end + usize::from(is_text);
    for _ in 0..MAX_OPERANDS {
        at = blanks(at);
        let rest = text.get(at..).unwrap_or_default();
        let operator = OPERATORS.iter().find(|own| rest.starts_with(own)).copied();
        let operator = operator.or_else(|| (is_choice && rest.starts_with(b":")).then_some(b":"));
        let Some(operator) = operator else { break };
        is_choice = operator == b"?";
        at = blanks(at + operator.len());
        let operand = value_range(text, at, true, false);
        (end, at) =
            if is_quote(at) { (operand.end + usize::from(!is_text), operand.end + 1) } else { (end, operand.end) };
    }
    value.start..end.min(text.len())
}

/// Returns whether a name is that of a header whose value may have blanks.
fn is_header_name(name: &[u8]) -> bool {
    matches!(&normalized(name)[..], b"authorization" | b"proxyauthorization" | b"cookie" | b"setcookie")
}

/// Returns the place of the content of an array or an object of JSON that begins at a position, if one does. Quotes have so many
/// backslashes before them.
fn group_range(text: &[u8], at: usize, escapes: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    if !matches!(rest.first(), Some(b'[' | b'{')) {
        return None;
    }
    let (mut depth, mut is_in_text, mut backslashes) = (0_u32, false, 0);
    for (nth, &byte) in rest.iter().enumerate() {
        match byte {
            b'"' if backslashes == escapes => is_in_text = !is_in_text,
            b'[' | b'{' if !is_in_text => depth += 1,
            b']' | b'}' if !is_in_text && depth <= 1 => return Some(at + 1..at + nth),
            b']' | b'}' if !is_in_text => depth -= 1,
            _ => {}
        }
        backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
    }
    Some(at + 1..text.len())
}

/// Returns the place of an object or array in a script that begins at a position, if one does. Its texts may have any
/// quotes.
fn script_group(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    if !matches!(rest.first(), Some(b'[' | b'{')) {
        return None;
    }
    let (mut depth, mut quote, mut before) = (0_u32, None, b' ');
    let mut bytes = rest.iter().enumerate();
    while let Some((nth, &byte)) = bytes.next() {
        match byte {
            b'\\' if quote.is_some() => drop(bytes.next()),
            _ if Some(byte) == quote => quote = None,
            _ if quote.is_some() => {}
            // An apostrophe in a word begins no text.
            b'"' => quote = Some(byte),
            b'\'' | b'`' if b":,[({=+?".contains(&before) => quote = Some(byte),
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth <= 1 => return Some(at..at + nth + 1),
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        before = if byte.is_ascii_whitespace() { before } else { byte };
    }
    Some(at..text.len())
}

/// Returns the length of the type of a variable of GraphQL that a text begins with. It is no value.
fn graphql_type(text: &[u8]) -> Option<usize> {
    let len = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_![]".contains(byte)).count();
    let name = text.get(..len).unwrap_or_default();
    let own: Vec<u8> = name.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let is_end = text.get(len).is_none_or(|next| b",)= \t\r\n".contains(next));
    (is_end && (name.ends_with(b"!") || matches!(&own[..], b"String" | b"Int" | b"ID" | b"Float" | b"Boolean")))
        .then_some(len)
}

/// Returns the quote that a name has before it, with the backslashes before the quote.
fn quote_around(text: &[u8], at: usize) -> Option<&[u8]> {
    let before = text.get(..at)?;
    before.last().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let escapes = before.iter().rev().skip(1).take_while(|&&byte| byte == b'\\').count();
    before.get(at - 1 - escapes..)
}

/// Returns the place of the value of a name in a text in quotes, as in `"Name: value"`.
fn quoted_value(text: &[u8], at: usize, quote: &[u8], is_header: bool) -> Range<usize> {
    let rest = text.get(at..).unwrap_or_default();
    let sign = quote.last().copied().unwrap_or_default();
    let escapes = |end: usize| {
        let before = rest.get(..end).unwrap_or_default().iter().rev().take(quote.len());
        before.take_while(|&&byte| byte == b'\\').count()
    };
    // A quote that is escaped as often as the first one ends the text, and so does the end of its line.
    let is_line_end = |end: usize| rest.get(end) == Some(&b'\n');
    let mut ends = memchr::memchr2_iter(sign, b'\n', rest);
    let len = match ends.find(|&end| is_line_end(end) || escapes(end) + 1 == quote.len()) {
        Some(end) if is_line_end(end) => end,
        Some(end) => end + 1 - quote.len(),
        None => rest.len(),
    };
    let own = rest.get(..len).unwrap_or_default();
    let len = if is_header { len } else { memchr::memchr(b'&', own).unwrap_or(len) };
    at..at + len
}

/// Returns the place of a value without the quotes around it.
pub(super) fn content_range(text: &[u8], range: Range<usize>) -> Range<usize> {
    let own = text.get(range.clone()).unwrap_or_default();
    let escapes = own.iter().take_while(|&&byte| byte == b'\\').count();
    match (own.get(escapes), own.last()) {
        (Some(first @ (b'"' | b'\'' | b'`')), Some(last)) if first == last && own.len() > 2 * escapes + 1 => {
            range.start + escapes + 1..range.end - escapes - 1
        }
        _ => range,
    }
}

/// Returns the place of the value that begins at a position: a text in quotes, or what ends with a blank, or with the next value. In
/// a query that is a value itself, that is after an escaped ampersand.
pub(super) fn value_range(text: &[u8], at: usize, is_json: bool, is_escaped: bool) -> Range<usize> {
    let rest = text.get(at..).unwrap_or_default();
    let escapes = rest.iter().take_while(|&&byte| byte == b'\\').count();
    let start = at + escapes;
    let rest = rest.get(escapes..).unwrap_or_default();
    match rest.first() {
        Some(&quote @ (b'"' | b'\'' | b'`')) => {
            let mut end = 1;
            while let Some(&byte) = rest.get(end) {
                match byte {
                    // A quote that is escaped as often as the first one ends the text.
                    b'\\' if escapes > 0 && rest.get(end + escapes) == Some(&quote) => break,
                    b'\\' => end += 1,
                    // SQL, YAML and shells double quotes in a text.
                    _ if byte == quote && escapes == 0 && rest.get(end + 1) == Some(&quote) => end += 1,
                    _ if byte == quote => break,
                    _ => {}
                }
                end += 1;
            }
            start + 1..start + end.min(rest.len()).max(1)
        }
        _ => {
            // Some("x"), String::from("x").
            let call =
                rest.iter().take(MAX_CALL).take_while(|byte| byte.is_ascii_alphanumeric() || b"_.:&".contains(byte));
            let call = call.count();
            if let [b'(', b'"' | b'\'' | b'`', ..] = rest.get(call..).unwrap_or_default() {
                return value_range(text, start + call + 1, is_json, is_escaped);
            }
            let is_end = |byte: &u8| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'&' | b'"' | b'<' | b'>')
                    || is_json && matches!(byte, b',' | b'}' | b']')
            };
            let len = rest.iter().position(is_end).unwrap_or(rest.len());
            let own = rest.get(..len).unwrap_or_default();
            let len = if is_escaped { memchr::memmem::find(own, b"%26").unwrap_or(len) } else { len };
            start..start + len
        }
    }
}
