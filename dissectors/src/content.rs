//! Content: bodies of messages, dissected by media type, for any protocol that carries them.

use crate::packet::{Path, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::Tree;
use crate::wants::Wants;
use crate::{PROTOCOLS, data};
use core::fmt::{self, Write};

/// Content of a message (RFC 9110 6.4), with its codings removed.
#[derive(Clone, Copy, Debug)]
pub struct Body<'b> {
    /// Bytes of the content; `wire` is larger if not all were captured, decoded or buffered.
    pub payload: Payload<'b>,
    /// `type/subtype` as sent, without parameters; empty if unknown.
    pub media_type: &'b [u8],
    /// Text after the media type, from the first semicolon.
    pub parameters: &'b [u8],
    /// Nesting depth: 0 for the content of a message, 1 for a part of it.
    pub depth: u8,
    /// Short name of the protocol that carries it, such as `HTTP`.
    pub carrier: &'static str,
}

/// Records content of one or several media types.
pub type ContentFn = fn(&Body<'_>, &mut Path, &mut Tree);

/// Maximum nesting depth of contents.
const MAX_DEPTH: u8 = 4;

impl<'b> Body<'b> {
    /// Creates content with the value of a Content-Type header.
    #[must_use]
    pub fn new(payload: Payload<'b>, content_type: &'b [u8], carrier: &'static str) -> Body<'b> {
        let at = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
        let (media_type, parameters) = content_type.split_at_checked(at).unwrap_or_default();
        Body { payload, media_type: media_type.trim_ascii(), parameters, depth: 0, carrier }
    }

    /// Creates content nested in this one.
    #[must_use]
    pub fn nested<'c>(&self, payload: Payload<'c>, content_type: &'c [u8]) -> Body<'c> {
        Body { depth: self.depth.saturating_add(1), ..Body::new(payload, content_type, self.carrier) }
    }

    /// Returns the value of a parameter, without quotes around it.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'b [u8]> {
        parameter(self.parameters, name)
    }

    /// Records the content with the dissector of its media type, under the open node.
    pub fn read(&self, path: &mut Path, tree: &mut Tree) {
        if self.payload.wire == 0 {
            return;
        }
        let known = if self.depth < MAX_DEPTH { reader(self.media_type) } else { None };
        match known {
            Some(reader) => reader(self, path, tree),
            None => {
                path.push("data");
                data::describe(self.payload, tree);
            }
        }
    }
}

/// Returns the value of a parameter in a list such as `; name="x"; filename="y"`, without quotes around it.
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

/// Returns whether a field of contents is wanted.
#[must_use]
pub fn is_wanted(wants: &Wants) -> bool {
    let of_contents = PROTOCOLS.iter().filter(|protocol| matches!(protocol.dissector, Dissector::Content(_)));
    wants.protocol(&data::DATA)
        || of_contents.filter_map(|protocol| protocol.fields.first()).any(|field| wants.protocol(field))
}

/// Returns the dissector of a media type: of the type itself, else of its suffix (RFC 6839), its top-level type, or
/// any type.
fn reader(media_type: &[u8]) -> Option<ContentFn> {
    let suffix = memchr::memrchr(b'+', media_type).and_then(|at| media_type.get(at..)).unwrap_or_default();
    let whole = memchr::memchr(b'/', media_type).and_then(|at| media_type.get(..=at)).unwrap_or_default();
    let claims = |protocol: &Protocol, wanted: &dyn Fn(&[u8]) -> bool| {
        protocol.claims.iter().any(|claim| matches!(claim, Claim::MediaType(claimed) if wanted(claimed.as_bytes())))
    };
    let find = |wanted: &dyn Fn(&[u8]) -> bool| {
        PROTOCOLS.iter().find_map(|protocol| match protocol.dissector {
            Dissector::Content(reader) if claims(protocol, wanted) => Some(reader),
            _ => None,
        })
    };
    if media_type.is_empty() || media_type.eq_ignore_ascii_case(b"application/octet-stream") {
        return None;
    }
    find(&|claimed| claimed.eq_ignore_ascii_case(media_type))
        .or_else(|| find(&|claimed| !suffix.is_empty() && claimed.eq_ignore_ascii_case(suffix)))
        .or_else(|| {
            find(&|claimed| {
                claimed
                    .strip_suffix(b"*")
                    .is_some_and(|claimed| !whole.is_empty() && claimed.eq_ignore_ascii_case(whole))
            })
        })
        .or_else(|| find(&|claimed| claimed == b"*/*"))
}

/// Returns the protocol column of content in its carrier, as in Wireshark.
#[must_use]
pub fn joined_name(carrier: &'static str, content: &str) -> &'static str {
    match (carrier, content) {
        ("HTTP", "JSON") => "HTTP/JSON",
        ("HTTP", "XML") => "HTTP/XML",
        ("HTTP2", "JSON") => "HTTP2/JSON",
        ("HTTP2", "XML") => "HTTP2/XML",
        _ => carrier,
    }
}

impl<'b> Body<'b> {
    /// Appends to the info column, except for nested content.
    pub fn append_info(&self, tree: &mut Tree, text: fmt::Arguments<'_>) {
        if self.depth == 0 {
            tree.append_info(text);
        }
    }

    /// Returns the media type as text, in lower case as in Wireshark.
    #[must_use]
    pub fn media_type_text(&self) -> Lower<'b> {
        Lower(self.media_type)
    }
}

/// Bytes displayed as text, with invalid UTF-8 replaced.
#[derive(Clone, Copy, Debug)]
pub struct Lossy<'b>(pub &'b [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            chunk.invalid().iter().try_for_each(|_| f.write_char('\u{fffd}'))?;
        }
        Ok(())
    }
}

/// Bytes displayed as text in lower case, with invalid UTF-8 replaced.
#[derive(Clone, Copy, Debug)]
pub struct Lower<'b>(pub &'b [u8]);

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            chunk.valid().chars().try_for_each(|char| f.write_char(char.to_ascii_lowercase()))?;
            chunk.invalid().iter().try_for_each(|_| f.write_char('\u{fffd}'))?;
        }
        Ok(())
    }
}
