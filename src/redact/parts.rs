//! Secrets in the parts of multipart bodies (RFC 7578), each a text itself.

use super::names::{Rule, SecretKind};
use super::text::Scope;
use super::{Redactor, may_be_repeated};
use dissectors::content::{parameter, unescaped};
use dissectors::multipart::part_ranges;
use hashbrown::HashMap;

/// Maximum length of a boundary (RFC 2046 5.1.1).
const MAX_BOUNDARY: usize = 70;
/// Maximum number of lines before the first boundary.
const MAX_PREAMBLE: usize = 16;

/// What the headers of a part state.
#[derive(Debug, Default)]
struct PartHead {
    /// Length of the headers, with the empty line after them.
    len: usize,
    /// Rule of the content.
    rule: Option<Rule>,
    /// The content is a form.
    is_form: bool,
    /// Transfer encodings of the content.
    encoding: Vec<u8>,
}

impl Redactor {
    /// Returns a multipart body without the secrets in its parts. `None` if it is none, or has no secrets.
    pub(super) fn parts(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let lines = text.split(|&byte| byte == b'\n').take(MAX_PREAMBLE);
        let lines: Vec<&[u8]> = lines.map(<[u8]>::trim_ascii_end).collect();
        let Some(boundary) = lines.iter().find_map(|line| line.strip_prefix(b"--")) else {
            // A part alone.
            let is_part = lines.iter().take_while(|line| !line.is_empty()).any(|line| is_disposition(line));
            return if is_part { self.part(text, &self.part_head(text), scope) } else { None };
        };
        if boundary.is_empty() || boundary.len() > MAX_BOUNDARY {
            return None;
        }
        let mut out = Vec::new();
        let mut copied = 0;
        let parts: Vec<_> = part_ranges(text, boundary)
            .map(|range| (self.part_head(text.get(range.clone()).unwrap_or_default()), range))
            .collect();
        // A password may be sent twice, the second time under a name such as `confirm`.
        let secrets = parts.iter().filter_map(|(head, range)| {
            let content = text.get(range.start + head.len..range.end).unwrap_or_default();
            Some((content, head.rule.filter(|rule| rule.applies_to(content) && may_be_repeated(content))?))
        });
        let secrets: HashMap<&[u8], Rule> = secrets.collect();
        for (head, range) in parts {
            let part = text.get(range.clone()).unwrap_or_default();
            let repeated = || secrets.get(part.get(head.len..)?).copied();
            let head = PartHead { rule: head.rule.or_else(repeated), ..head };
            let Some(own) = self.part(part, &head, scope) else { continue };
            out.extend_from_slice(text.get(copied..range.start).unwrap_or_default());
            out.extend(own);
            copied = range.end;
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        (copied > 0).then_some(out)
    }

    /// Reads the headers of a part.
    fn part_head(&self, part: &[u8]) -> PartHead {
        let mut head = PartHead::default();
        let mut header = Vec::new();
        for line in part.split_inclusive(|&byte| byte == b'\n') {
            // RFC 5322 2.2.3: a line that begins with a blank continues the one before.
            if !matches!(line.first(), Some(b' ' | b'\t')) {
                head.rule = Rule::either(head.rule, self.part_rule(&header));
                head.is_form |= is_form_type(&header);
                head.encoding.extend(header_value(&header, b"content-transfer-encoding").into_iter().flatten());
                header.clear();
            }
            head.len += line.len();
            if line.trim_ascii().is_empty() {
                break;
            }
            header.extend_from_slice(line.trim_ascii_end());
        }
        head
    }

    fn part(&self, part: &[u8], head: &PartHead, scope: Scope) -> Option<Vec<u8>> {
        let (headers, content) = part.split_at_checked(head.len)?;
        let own = match head.rule.filter(|rule| rule.applies_to(content)) {
            Some(rule) => Some(self.mark_lines(rule.kind, content, scope)),
            None if !head.encoding.is_empty() => self.encoded_part(&head.encoding, content, scope),
            None if head.is_form => self.form(content),
            None => self.nested_text(content, scope.within()),
        };
        Some([headers, &own?].concat())
    }

    /// Returns the content of a part with an encoding, which is replaced as a whole if it has secrets.
    fn encoded_part(&self, encoding: &[u8], content: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let Some(decoded) = dissectors::decode_transfer_encoding(encoding, content) else {
            return self.nested_text(content, scope.within());
        };
        let has_secret = self.nested_text(&decoded, scope.within()).is_some() || self.form(&decoded).is_some();
        has_secret.then(|| self.mark_lines(SecretKind::Token, content, scope))
    }

    /// Returns the rule of the content of a part by one of its headers.
    pub(super) fn part_rule(&self, header: &[u8]) -> Option<Rule> {
        let colon = memchr::memchr(b':', header)?;
        if is_disposition(header) { self.disposition_rule(header.get(colon..)?) } else { None }
    }

    /// Returns the rule of the content of a part by the value of its `Content-Disposition`.
    pub(super) fn disposition_rule(&self, value: &[u8]) -> Option<Rule> {
        let plain = parameter(value, "name").and_then(|name| self.rule_of(&unescaped(name)));
        // RFC 8187: charset'language'name with percent escapes; RFC 2231: name*0, name*1.
        let extended = ["name*", "name*0", "name*0*"].iter().filter_map(|own| parameter(value, own));
        let extended = extended.filter_map(|name| self.rule_of(name.rsplit(|&byte| byte == b'\'').next()?));
        extended.fold(plain, |rule, own| Rule::either(rule, Some(own)))
    }
}

fn is_disposition(header: &[u8]) -> bool {
    header_value(header, b"content-disposition").is_some()
}

fn is_form_type(header: &[u8]) -> bool {
    let value = header_value(header, b"content-type").map(<[u8]>::to_ascii_lowercase);
    value.is_some_and(|value| memchr::memmem::find(&value, b"x-www-form-urlencoded").is_some())
}

/// Returns the value of a header, if it has this name.
fn header_value<'h>(header: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let (own, rest) = header.split_at_checked(name.len())?;
    let value = rest.trim_ascii_start().strip_prefix(b":").filter(|_| own.eq_ignore_ascii_case(name))?;
    Some(value.trim_ascii())
}
