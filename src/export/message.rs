//! A captured message of a call, copied from the tree of its frame.

use crate::report::dissected_message::{DissectedMessage, MESSAGE_FIELDS, add_message_wants, is_warning};
use dissectors::Wants;

/// Maximum bytes of a body: dissectors keep no more.
pub const MAX_BODY: usize = 1 << 20;

/// A message of a call.
#[derive(Clone, Debug, Default)]
pub struct CapturedMessage {
    /// Start line as sent, without its end.
    pub(super) start_line: Vec<u8>,
    pub(super) method: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) authority: Vec<u8>,
    /// Version of the protocol, such as `HTTP/1.1`.
    pub(super) version: Vec<u8>,
    /// Header lines as sent, without their ends.
    pub(super) headers: Vec<Vec<u8>>,
    /// Bytes of the start line and the header lines.
    pub(super) head_len: usize,
    pub(super) trailers: Vec<Vec<u8>>,
    pub(super) media_type: Vec<u8>,
    /// Content codings of the body; empty if there are none.
    pub(super) coding: Vec<u8>,
    /// Body, decoded, if it is kept.
    pub(super) body: Option<Vec<u8>>,
    /// Bytes of the decoded body.
    pub(super) body_len: usize,
    /// Body as text, if its protocol writes text.
    pub(super) written_body: Option<String>,
    /// Whether part of the message is missing, or exceeds a limit.
    pub(super) is_incomplete: bool,
    /// Titles of the warnings about the message.
    pub(super) warnings: Vec<&'static str>,
    /// Whether it is a request that curl can send.
    pub(super) is_web: bool,
}

/// Returns the fields that messages are copied from, with the bodies if they are wanted.
#[must_use]
pub fn message_wants(bodies: bool) -> Wants {
    let mut wants = Wants::default();
    if bodies {
        add_message_wants(&mut wants);
    }
    for fields in MESSAGE_FIELDS.iter() {
        let single = [
            fields.message,
            fields.request,
            fields.response,
            fields.start_line,
            fields.method,
            fields.target,
            fields.authority,
            fields.version,
            fields.trailers,
            fields.media_type,
            fields.coding,
        ];
        single.into_iter().chain(fields.headers.iter().copied()).for_each(|field| wants.add(field));
    }
    wants
}

impl CapturedMessage {
    /// Copies a message, with up to `body_limit` bytes of its body.
    pub(super) fn of(message: DissectedMessage<'_>, body_limit: usize) -> CapturedMessage {
        let fields = message.fields;
        let line = |bytes: &[u8]| bytes.trim_ascii_end().to_vec();
        let head = message.values(fields.start_line).chain(message.headers());
        let body = message.values(fields.body).next();
        let coding = message.value(fields.coding);
        let coding = if coding.eq_ignore_ascii_case(b"identity") { &[] } else { coding };
        let mut warnings: Vec<&'static str> = Vec::new();
        for note in message.warnings().filter(|field| is_warning(field)) {
            if !warnings.contains(&note.title) {
                warnings.push(note.title);
            }
        }
        CapturedMessage {
            start_line: line(message.value(fields.start_line)),
            method: message.value(fields.method).to_vec(),
            target: message.value(fields.target).to_vec(),
            authority: message.value(fields.authority).to_vec(),
            version: message.value(fields.version).to_vec(),
            headers: message.headers().map(line).collect(),
            head_len: head.map(<[u8]>::len).sum(),
            trailers: message.values(fields.trailers).map(line).collect(),
            media_type: message.media_type().to_vec(),
            coding: coding.to_vec(),
            body: body.map(|body| body.get(..body_limit).unwrap_or(body).to_vec()),
            body_len: body.map_or(0, <[u8]>::len),
            written_body: body.and_then(|body| message.written_body(body)),
            is_incomplete: message.is_incomplete(),
            warnings,
            is_web: fields.is_curl_request,
        }
    }

    /// Returns the bytes that the message takes in memory, about.
    pub(super) fn len(&self) -> usize {
        let lines = self.headers.iter().chain(&self.trailers).map(|line| line.len() + size_of::<Vec<u8>>());
        let written = self.written_body.as_ref().map_or(0, String::len);
        let body = self.body.as_ref().map_or(0, Vec::len);
        size_of::<CapturedMessage>() + self.head_len + lines.sum::<usize>() + body + written
    }

    /// Returns the headers as name and value. Lines without a colon are skipped.
    pub(super) fn header_pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().filter_map(|line| header_pair(line))
    }

    /// Returns the value of the first header with a name.
    pub(super) fn header(&self, name: &str) -> Option<&[u8]> {
        self.header_pairs().find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// Returns the body as far as it is kept; empty without one.
    pub(super) fn content(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

/// Splits a header line into name and value. The name of a pseudo-header begins with a colon.
pub(crate) fn header_pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = 1 + memchr::memchr(b':', line.get(1..)?)?;
    Some((line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?.trim_ascii()))
}
