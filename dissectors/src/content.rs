//! Message bodies, dissected by media type, independent of the protocol that carried them.

use crate::body_limit::{BodyDetail, BodyLimit, MAX_CONTENT};
use crate::packet::{Payload, ProtocolPath};
pub use crate::protocol::MessageBody;
use crate::protocol::{Claim, Dissector, Protocol, SessionKind};
use crate::schema::Schemas;
use crate::session::{Half, Input};
use crate::tree::Tree;
use crate::wants::Wants;
use crate::{PROTOCOLS, data};
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt::{self, Write};

/// Maximum nesting depth of dissected bodies.
const MAX_DEPTH: u8 = 4;

impl<'b> MessageBody<'b> {
    /// Creates a body from the value of a Content-Type header.
    #[must_use]
    pub fn new(payload: Payload<'b>, content_type: &'b [u8], carrier: &'static str) -> MessageBody<'b> {
        let semicolon = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
        let (media_type, parameters) = content_type.split_at_checked(semicolon).unwrap_or_default();
        let (target, half) = ("", None);
        MessageBody { payload, media_type: media_type.trim_ascii(), parameters, depth: 0, carrier, target, half }
    }

    /// Creates a body that this one encloses.
    #[must_use]
    pub fn nested<'c>(&self, payload: Payload<'c>, content_type: &'c [u8]) -> MessageBody<'c>
    where
        'b: 'c,
    {
        let (target, half) = (self.target, self.half);
        let depth = self.depth.saturating_add(1);
        MessageBody { depth, target, half, ..MessageBody::new(payload, content_type, self.carrier) }
    }

    /// Returns the body as that of a half of an exchange.
    #[must_use]
    pub fn of(self, half: Half, target: &'b str) -> MessageBody<'b> {
        MessageBody { target, half: Some(half), ..self }
    }

    /// Returns the content as text, if it is binary and its dissector writes text. `schemas` are the types that are known.
    #[must_use]
    pub fn text(&self, schemas: &Schemas) -> Option<String> {
        let write = if self.depth < MAX_DEPTH { find_protocol(self.media_type)?.text()? } else { return None };
        let mut text = String::new();
        write(self, schemas, &mut text);
        Some(text)
    }

    /// Returns the value of a parameter, without its quotes.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'b [u8]> {
        parameter(self.parameters, name)
    }

    /// Dissects the body by its media type and records it in the open node. What exceeds the usual limit of content is not
    /// dissected.
    pub fn read(&self, path: &mut ProtocolPath, tree: &mut Tree) {
        if self.payload.wire == 0 {
            return;
        }
        let protocol = if self.depth < MAX_DEPTH { find_protocol(self.media_type) } else { None };
        match protocol.and_then(Protocol::content) {
            Some(dissect) => match self.payload.bytes.get(..MAX_CONTENT) {
                Some(bytes) => {
                    dissect(&MessageBody { payload: Payload { bytes, ..self.payload }, ..*self }, path, tree)
                }
                None => dissect(self, path, tree),
            },
            None => {
                path.push("data");
                data::describe(self.payload, tree);
            }
        }
    }
}

/// Selects the protocols for which a constant function is true.
macro_rules! select_protocols {
    ($is_selected:ident) => {{
        #[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
        const SELECTED: ([&Protocol; PROTOCOLS.len()], usize) = {
            let (mut all, mut at, mut count) = ([PROTOCOLS[0]; PROTOCOLS.len()], 0, 0);
            while at < PROTOCOLS.len() {
                if $is_selected(PROTOCOLS[at]) {
                    all[count] = PROTOCOLS[at];
                    count += 1;
                }
                at += 1;
            }
            (all, count)
        };
        <[_]>::split_at(&SELECTED.0, SELECTED.1).0
    }};
}

/// Returns the value of a parameter in a list such as `; name="x"; filename="y"`, without its quotes.
#[must_use]
pub fn parameter<'b>(list: &'b [u8], name: &str) -> Option<&'b [u8]> {
    let mut rest = list;
    while !rest.is_empty() {
        let mut quoted = false;
        let mut escaped = false;
        let end = rest.iter().position(|&byte| {
            let end = byte == b';' && !quoted;
            quoted ^= byte == b'"' && !escaped;
            escaped = byte == b'\\' && quoted && !escaped;
            end
        });
        let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
        let Some(equals) = memchr::memchr(b'=', part) else {
            continue;
        };
        let (key, value) = part.split_at_checked(equals).unwrap_or_default();
        if key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let unquoted = value.strip_prefix(b"\"").map(|value| value.strip_suffix(b"\"").unwrap_or(value));
            return Some(unquoted.unwrap_or(value));
        }
    }
    None
}

/// Returns the value of a quoted parameter without its escapes: `\` before a byte (RFC 9110 5.6.4).
#[must_use]
pub fn unescaped(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut is_escaped = false;
    let is_text = |byte: &u8| {
        is_escaped = *byte == b'\\' && !is_escaped;
        !is_escaped
    };
    Cow::Owned(value.iter().copied().filter(is_text).collect())
}

/// The protocols that are read as content, in the order of [`PROTOCOLS`].
static CONTENT_PROTOCOLS: &[&Protocol] = select_protocols!(is_content);

/// Those of them of which a session reads the content while it arrives.
static STREAMED_PROTOCOLS: &[&Protocol] = select_protocols!(is_streamed);

/// The protocols of which the Info column describes the content.
static DESCRIBED_PROTOCOLS: &[&Protocol] = select_protocols!(is_described);

/// Whether a protocol is read as content.
const fn is_content(protocol: &Protocol) -> bool {
    protocol.content().is_some()
}

/// Whether a protocol is read as content by a session. Sessions of protocols with other claims, such as ports, read connections
/// of their own.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn is_streamed(protocol: &Protocol) -> bool {
    let mut at = 0;
    while at < protocol.claims.len() {
        if !matches!(protocol.claims[at], Claim::MediaType(_)) {
            return false;
        }
        at += 1;
    }
    at = 0;
    while at < protocol.dissectors.len() {
        if let Dissector::Session(SessionKind { input: Input::Stream, .. }) = protocol.dissectors[at] {
            return is_content(protocol);
        }
        at += 1;
    }
    false
}

/// Whether the Info column describes the content of a protocol.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn is_described(protocol: &Protocol) -> bool {
    let mut at = 0;
    while at < protocol.dissectors.len() {
        if matches!(protocol.dissectors[at], Dissector::ContentInfo) {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns whether a session reads the content of a media type while it arrives, such as the messages of a call that
/// streams.
#[must_use]
pub fn has_session(media_type: &[u8]) -> bool {
    is_claimed(media_type, STREAMED_PROTOCOLS)
}

/// Returns the amount that is kept of a body of this Content-Type, if this is kept of others: all, if the Info column describes
/// all of it.
pub(crate) fn kept_amount(keep: BodyDetail, content_type: &[u8]) -> BodyDetail {
    match keep {
        BodyDetail::Preview if has_info(content_type) => BodyDetail::Full(BodyLimit::DEFAULT),
        other => other,
    }
}

/// Returns whether the Info column describes the whole content of a Content-Type.
fn has_info(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    is_claimed(media_type.trim_ascii(), DESCRIBED_PROTOCOLS)
}

/// Whether one of these protocols claims a media type.
fn is_claimed(media_type: &[u8], protocols: &[&Protocol]) -> bool {
    let is_claim = |claim: &Claim| matches!(claim, Claim::MediaType(claimed) if claimed.as_bytes().eq_ignore_ascii_case(media_type));
    !media_type.is_empty() && protocols.iter().any(|protocol| protocol.claims.iter().any(is_claim))
}

/// Returns whether any field of a body is recorded.
#[must_use]
pub fn is_wanted(wants: &Wants) -> bool {
    let mut own = CONTENT_PROTOCOLS.iter().filter_map(|protocol| protocol.fields.first());
    wants.protocol(&data::DATA) || !wants.without_bodies && own.any(|field| wants.protocol(field))
}

/// Returns the protocol that dissects a media type.
///
/// The claims are tried in this order: the media type, its suffix (RFC 6839), its top-level type, and `*/*`.
fn find_protocol(media_type: &[u8]) -> Option<&'static Protocol> {
    if media_type.is_empty() || media_type.eq_ignore_ascii_case(b"application/octet-stream") {
        return None;
    }
    let suffix = memchr::memrchr(b'+', media_type).and_then(|at| media_type.get(at..)).unwrap_or(media_type);
    let top_level = memchr::memchr(b'/', media_type).and_then(|at| media_type.get(..=at)).unwrap_or_default();
    let order = |claimed: &[u8]| match claimed {
        b"*/*" => Some(3),
        [top @ .., b'*'] => (!top_level.is_empty() && top.eq_ignore_ascii_case(top_level)).then_some(2),
        _ if claimed.eq_ignore_ascii_case(media_type) => Some(0),
        _ => claimed.eq_ignore_ascii_case(suffix).then_some(1),
    };
    let mut best = (u8::MAX, None);
    for &protocol in CONTENT_PROTOCOLS {
        for claim in protocol.claims {
            let Claim::MediaType(claimed) = claim else { continue };
            if let Some(order) = order(claimed.as_bytes()).filter(|&order| order < best.0) {
                best = (order, Some(protocol));
            }
        }
        if best.0 == 0 {
            break;
        }
    }
    best.1
}

/// Returns the protocol column for a body and the protocol that carried it, as in Wireshark.
#[must_use]
pub fn joined_name(carrier: &'static str, content: &str) -> &'static str {
    match (carrier, content) {
        ("HTTP", "JSON") => "HTTP/JSON",
        ("HTTP", "XML") => "HTTP/XML",
        ("HTTP", "IMF") => "HTTP/IMF",
        ("SSDP", "XML") => "SSDP/XML",
        ("HTTP2", "JSON") => "HTTP2/JSON",
        ("HTTP2", "XML") => "HTTP2/XML",
        _ => carrier,
    }
}

impl<'b> MessageBody<'b> {
    /// Appends to the info column, unless the body is nested in another.
    pub fn append_info(&self, tree: &mut Tree, text: fmt::Arguments<'_>) {
        if self.depth == 0 {
            tree.append_info(text);
        }
    }

    /// Returns the half that it belongs to as text; empty if it is unknown.
    #[must_use]
    pub fn half_text(&self) -> &'static str {
        match self.half {
            Some(Half::Request) => "request",
            Some(Half::Response) => "response",
            None => "",
        }
    }

    /// Returns the media type as text, in lower case as in Wireshark.
    #[must_use]
    pub fn media_type_text(&self) -> LossyLowercase<'b> {
        LossyLowercase(self.media_type)
    }
}

/// Bytes as text, with invalid UTF-8 replaced.
#[derive(Clone, Copy, Debug)]
pub struct LossyText<'b>(pub &'b [u8]);

impl fmt::Display for LossyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Most text is valid, which takes less time to find than its chunks.
        if let Ok(text) = core::str::from_utf8(self.0) {
            return f.write_str(text);
        }
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            chunk.invalid().iter().try_for_each(|_| f.write_char('\u{fffd}'))?;
        }
        Ok(())
    }
}

/// Bytes as text in lower case, with invalid UTF-8 replaced.
#[derive(Clone, Copy, Debug)]
pub struct LossyLowercase<'b>(pub &'b [u8]);

impl fmt::Display for LossyLowercase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            match chunk.valid() {
                lower if !lower.bytes().any(|byte| byte.is_ascii_uppercase()) => f.write_str(lower)?,
                mixed => mixed.chars().try_for_each(|char| f.write_char(char.to_ascii_lowercase()))?,
            }
            chunk.invalid().iter().try_for_each(|_| f.write_char('\u{fffd}'))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8484 6: a body is one message, and a stream of messages has their lengths.
    #[test]
    fn a_message_of_dns_is_a_whole_body() {
        let info = |content_type: &str| has_info(content_type.as_bytes());
        assert!(info("application/dns-message") && info("Application/DNS-Message ; x=y"));
        assert!(!info("") && !info("application/json") && !info("application/grpc"));
        let streamed = ["application/grpc", "application/grpc-web-text+proto", "application/dns-message", ""];
        assert_eq!(streamed.map(|media_type| has_session(media_type.as_bytes())), [true, true, false, false]);
    }
}
