//! A captured message of a call, copied from the tree of its frame.

use crate::report::dissected_message::{DissectedMessage, MESSAGE_FIELDS, add_message_wants, is_warning};
use dissectors::body_limit::BodyLimit;
use dissectors::{Field, MessageFields, Value, Wants};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// A message of a call.
#[derive(Clone, Debug, Default)]
pub struct CapturedMessage {
    /// Texts of the message, one after the other: the header lines as sent, without their ends, then those of [`Text`].
    texts: Texts,
    /// Where each text ends.
    ends: Vec<u32>,
    /// Bytes of the start line and the header lines.
    pub(super) head_len: usize,
    /// Trailer lines as sent, without their ends.
    pub(super) trailers: Vec<Vec<u8>>,
    /// Body, decoded, if it is kept.
    pub(super) body: Option<Vec<u8>>,
    /// Bytes of the decoded body, before secrets in it are replaced.
    pub(super) body_len: usize,
    /// Whether it is only the beginning of the dissected body.
    is_body_cut: bool,
    /// Whether the body exceeded a limit of dissectors, so that its length is not known.
    pub(super) has_unknown_length: bool,
    /// Body as text, if its protocol writes text.
    pub(super) written_body: Option<String>,
    /// Whether part of the message is missing or malformed.
    pub(super) is_incomplete: bool,
    /// Titles of the warnings about the message.
    pub(super) warnings: Vec<&'static str>,
    /// Whether it is a request that curl can send.
    pub(super) is_web: bool,
}

/// Texts, one after the other.
#[derive(Clone, Debug)]
enum Texts {
    /// All of them are UTF-8.
    Utf8(String),
    /// At least one is not.
    Bytes(Vec<u8>),
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::Bytes(Vec::new())
    }
}

impl Texts {
    fn new(bytes: Vec<u8>) -> Texts {
        String::from_utf8(bytes).map_or_else(|error| Texts::Bytes(error.into_bytes()), Texts::Utf8)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Texts::Utf8(text) => text.as_bytes(),
            Texts::Bytes(bytes) => bytes,
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Texts::Utf8(text) => text.capacity(),
            Texts::Bytes(bytes) => bytes.capacity(),
        }
    }
}

/// Texts that are added one after the other.
#[derive(Default)]
struct TextList {
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl TextList {
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        // A head has at most 256 KiB (docs/architecture.md).
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }
}

/// A text of a message, in the order in which they are kept.
#[derive(Clone, Copy)]
enum Text {
    StartLine,
    Method,
    Target,
    Authority,
    Version,
    MediaType,
    Coding,
}

/// Number of texts after the header lines.
const TEXTS: usize = Text::Coding as usize + 1;

impl Text {
    /// Returns the fields of the texts.
    fn fields(of: &MessageFields) -> [&'static Field; TEXTS] {
        [of.start_line, of.method, of.target, of.authority, of.version, of.media_type, of.coding]
    }
}

/// What is copied of a node: a set of the constants below, and of the bits of [`Text`].
type Parts = u16;

const HEADER: Parts = 1 << TEXTS;
const TRAILER: Parts = HEADER << 1;
const BODY: Parts = HEADER << 2;
/// The message exceeds a limit.
const LIMIT: Parts = HEADER << 3;
/// Part of the message is missing or malformed.
const INCOMPLETE: Parts = HEADER << 4;
/// A note that follows from a limit, too: what exceeds one is not decoded to its end.
const OF_LIMIT: Parts = HEADER << 5;
const WARNING: Parts = HEADER << 6;

/// What is copied of the nodes of a message, by the id of its first field, and by that of the node.
static PARTS: LazyLock<HashMap<u16, Vec<Parts>>> = LazyLock::new(|| {
    let parts_of = |fields: &MessageFields| {
        let mut parts: Vec<Parts> =
            dissectors::fields().map(|field| if is_warning(field) { WARNING } else { 0 }).collect();
        let mut add = |field: &Field, part: Parts| {
            parts.get_mut(usize::from(field.id)).into_iter().for_each(|parts| *parts |= part);
        };
        Text::fields(fields).into_iter().zip(0..).for_each(|(field, text)| add(field, 1 << text));
        fields.headers.iter().for_each(|field| add(field, HEADER));
        add(fields.trailers, TRAILER);
        add(fields.body, BODY);
        fields.body_limits.iter().for_each(|note| add(note, LIMIT));
        fields.incomplete.iter().for_each(|note| add(note, INCOMPLETE));
        let is_of_limit = |note: &&&Field| fields.body_notes.iter().any(|of| of.id == note.id);
        fields.incomplete.iter().filter(is_of_limit).for_each(|note| add(note, OF_LIMIT));
        parts
    };
    MESSAGE_FIELDS.iter().map(|fields| (fields.message.id, parts_of(fields))).collect()
});

/// Returns the fields that messages are copied from, with up to this many bytes of each body; without bodies and trailers if there are
/// none.
#[must_use]
pub fn message_wants(body_limit: usize) -> Wants {
    let mut wants = Wants::default();
    wants.body_limit = BodyLimit::at_least(body_limit);
    match body_limit {
        0 => wants.without_bodies = true,
        _ => add_message_wants(&mut wants),
    }
    for fields in MESSAGE_FIELDS.iter() {
        let single = [fields.message, fields.request, fields.response];
        let all = single.into_iter().chain(Text::fields(fields)).chain(fields.headers.iter().copied());
        all.for_each(|field| wants.add(field));
    }
    wants
}

impl CapturedMessage {
    /// Copies a message, with up to `body_limit` bytes of its body.
    pub(super) fn of(message: DissectedMessage<'_>, body_limit: usize) -> CapturedMessage {
        let (fields, tree) = (message.fields, message.tree);
        let mut copy = CapturedMessage { is_web: fields.is_curl_request, ..CapturedMessage::default() };
        let parts = PARTS.get(&fields.message.id).map_or(&[][..], Vec::as_slice);
        // Most heads fit.
        let mut list = TextList { bytes: Vec::with_capacity(1024), ends: Vec::with_capacity(24) };
        let mut texts: [Option<&[u8]>; TEXTS] = [None; TEXTS];
        let mut body = None;
        // A message has dozens of nodes, most of them header lines: they are read once.
        for node in message.nodes {
            let part = parts.get(usize::from(node.field.id)).copied().unwrap_or_default();
            if part == 0 {
                continue;
            }
            let bytes = || match node.value {
                Value::Text(slice) | Value::Bytes(slice) => tree.bytes(slice),
                _ => &[],
            };
            if part & HEADER != 0 {
                let line = bytes();
                copy.head_len += line.len();
                list.push(line.trim_ascii_end());
                continue;
            }
            for (nth, text) in texts.iter_mut().enumerate().filter(|(nth, _)| part >> nth & 1 == 1) {
                // RFC 9110 8.3: of several media types, recipients use the last.
                if text.is_none() || nth == Text::MediaType as usize {
                    *text = Some(bytes());
                }
            }
            if part & BODY != 0 {
                body.get_or_insert_with(|| (bytes(), node.span.len as usize));
            }
            if part & TRAILER != 0 {
                copy.trailers.push(bytes().trim_ascii_end().to_vec());
            }
            copy.is_incomplete |= part & INCOMPLETE != 0;
            copy.has_unknown_length |= part & LIMIT != 0;
            let is_of_limit = copy.has_unknown_length && part & OF_LIMIT != 0;
            if part & WARNING != 0 && !is_of_limit && !copy.warnings.contains(&node.field.title) {
                copy.warnings.push(node.field.title);
            }
        }
        copy.head_len += texts[Text::StartLine as usize].map_or(0, <[u8]>::len);
        for (nth, text) in texts.into_iter().enumerate() {
            let text = text.unwrap_or_default();
            list.push(match nth {
                _ if nth == Text::StartLine as usize => text.trim_ascii_end(),
                _ if nth == Text::Coding as usize && text.eq_ignore_ascii_case(b"identity") => &[],
                _ => text,
            });
        }
        (copy.texts, copy.ends) = (Texts::new(list.bytes), list.ends);
        if let Some((body, len)) = body {
            copy.written_body = message.written_body(body);
            copy.body = Some(body.get(..body_limit).unwrap_or(body).to_vec());
            (copy.body_len, copy.is_body_cut) = (len, body.len() > body_limit);
        }
        copy
    }

    /// Takes the bodies, and copies the rest.
    pub(super) fn take_copy(&mut self) -> CapturedMessage {
        let (body, written_body) = (self.body.take(), self.written_body.take());
        CapturedMessage { body, written_body, ..self.clone() }
    }

    /// Returns a message with these header lines, and nothing else.
    #[cfg(test)]
    pub(super) fn with_headers(lines: &[&str]) -> CapturedMessage {
        let mut list = TextList::default();
        lines.iter().chain(&[""; TEXTS]).for_each(|text| list.push(text.as_bytes()));
        CapturedMessage { texts: Texts::new(list.bytes), ends: list.ends, ..CapturedMessage::default() }
    }

    /// Number of header lines.
    fn line_count(&self) -> usize {
        self.ends.len().saturating_sub(TEXTS)
    }

    fn text(&self, text: Text) -> &[u8] {
        self.range(self.line_count() + text as usize)
            .and_then(|range| self.texts.bytes().get(range))
            .unwrap_or_default()
    }

    fn range(&self, nth: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(nth)? as usize;
        let start = nth.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |&end| end as usize);
        Some(start..end)
    }

    /// Start line as sent, without its end.
    pub(super) fn start_line(&self) -> &[u8] {
        self.text(Text::StartLine)
    }

    pub(super) fn method(&self) -> &[u8] {
        self.text(Text::Method)
    }

    pub(super) fn target(&self) -> &[u8] {
        self.text(Text::Target)
    }

    pub(super) fn authority(&self) -> &[u8] {
        self.text(Text::Authority)
    }

    /// Version of the protocol, such as `HTTP/1.1`.
    pub(super) fn version(&self) -> &[u8] {
        self.text(Text::Version)
    }

    pub(super) fn media_type(&self) -> &[u8] {
        self.text(Text::MediaType)
    }

    /// Content codings of the body; empty if there are none.
    pub(super) fn coding(&self) -> &[u8] {
        self.text(Text::Coding)
    }

    /// Header lines as sent, without their ends.
    pub(super) fn headers(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.texts.bytes();
        self.lines().map(|line| bytes.get(line).unwrap_or_default())
    }

    /// Where the header lines are among the texts.
    fn lines(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        self.ends
            .iter()
            .take(self.line_count())
            .map(move |&end| std::mem::replace(&mut start, end as usize)..end as usize)
    }

    /// Returns the bytes that the message takes in memory, about.
    pub(super) fn len(&self) -> usize {
        let written = self.written_body.as_ref().map_or(0, String::len);
        let body = self.body.as_ref().map_or(0, Vec::len);
        let trailers: usize = self.trailers.iter().map(|line| line.len() + size_of::<Vec<u8>>()).sum();
        size_of::<CapturedMessage>() + self.texts.capacity() + 4 * self.ends.capacity() + trailers + body + written
    }

    /// Returns the headers as name and value, as text. Lines without a colon are skipped.
    pub(super) fn header_texts(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.lines().filter_map(|range| {
            if let Texts::Utf8(text) = &self.texts
                && let Some(line) = text.get(range.clone())
            {
                let (name, value) = line.split_at_checked(colon(line.as_bytes())?)?;
                return Some((name.trim_ascii().into(), value.get(1..)?.trim_ascii().into()));
            }
            let (name, value) = header_pair(self.texts.bytes().get(range)?)?;
            Some((header_text(name), header_text(value)))
        })
    }

    /// Returns the values of the headers with a name.
    pub(super) fn header_values(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        let initial = name.as_bytes().first().copied().unwrap_or_default();
        let begins = move |line: &&[u8]| {
            // Most lines have another first letter.
            let is_possible =
                line.first().is_some_and(|byte| byte | 0x20 == initial | 0x20 || byte.is_ascii_whitespace());
            let own = || line.trim_ascii_start().get(..name.len());
            is_possible && own().is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes()))
        };
        let pairs = self.headers().filter(begins).filter_map(header_pair);
        pairs.filter(|(own, _)| own.len() == name.len()).map(|(_, value)| value)
    }

    /// Returns the value of the first header with a name.
    pub(super) fn header(&self, name: &'static str) -> Option<&[u8]> {
        self.header_values(name).next()
    }

    /// Whether the body exceeded a limit, so that only its beginning is kept.
    pub(super) fn is_limited(&self) -> bool {
        self.is_body_cut || self.has_unknown_length
    }

    /// Returns the body as far as it is kept; empty without one.
    pub(super) fn content(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

/// Returns bytes of a header as text: UTF-8, or else ISO 8859-1, as browsers do.
pub(super) fn header_text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Splits a header line into name and value.
pub(crate) fn header_pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = line.split_at_checked(colon(line)?)?;
    Some((name.trim_ascii(), value.get(1..)?.trim_ascii()))
}

/// Returns where the name of a header ends. That of a pseudo-header begins with a colon.
fn colon(line: &[u8]) -> Option<usize> {
    Some(1 + memchr::memchr(b':', line.get(1..)?)?)
}
