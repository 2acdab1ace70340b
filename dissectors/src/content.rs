//! Content: what a message carries, read by its media type, whatever the protocol that carried it.

use crate::packet::{Path, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::Tree;
use crate::wants::Wants;
use crate::{PROTOCOLS, data};
use core::fmt::{self, Write};

/// What a message carries (RFC 9110 6.4), without the codings it was sent in.
#[derive(Clone, Copy, Debug)]
pub struct Content<'b> {
    /// Its bytes; `wire` is larger where not all were captured, decoded or kept.
    pub piece: Piece<'b>,
    /// `type/subtype` as sent, without parameters; empty if unknown.
    pub media_type: &'b [u8],
    /// What stands after the media type, from the first semicolon.
    pub parameters: &'b [u8],
    /// How many contents it lies in: 0 for a message's own.
    pub depth: u8,
    /// The short name of the protocol that carried it, such as `HTTP`.
    pub carrier: &'static str,
}

/// Records content of one or several media types.
pub type ContentReader = fn(&Content<'_>, &mut Path, &mut Tree);

/// Contents may lie in contents, so deep.
const MAX_DEPTH: u8 = 4;

impl<'b> Content<'b> {
    /// Content by the value of a Content-Type header.
    #[must_use]
    pub fn new(piece: Piece<'b>, content_type: &'b [u8], carrier: &'static str) -> Content<'b> {
        let at = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
        let (media_type, parameters) = content_type.split_at_checked(at).unwrap_or_default();
        Content { piece, media_type: media_type.trim_ascii(), parameters, depth: 0, carrier }
    }

    /// Content that lies in this one.
    #[must_use]
    pub fn within<'c>(&self, piece: Piece<'c>, content_type: &'c [u8]) -> Content<'c> {
        Content { depth: self.depth.saturating_add(1), ..Content::new(piece, content_type, self.carrier) }
    }

    /// The value of a parameter, without quotes around it.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'b [u8]> {
        parameter(self.parameters, name)
    }

    /// Records it as what its media type says, under the node that is open.
    pub fn read(&self, path: &mut Path, tree: &mut Tree) {
        if self.piece.wire == 0 {
            return;
        }
        let known = if self.depth < MAX_DEPTH { reader(self.media_type) } else { None };
        match known {
            Some(reader) => reader(self, path, tree),
            None => {
                path.push("data");
                data::describe(self.piece, tree);
            }
        }
    }
}

/// The value of a parameter in a list of them, such as `; name="x"; filename="y"`, without quotes around it.
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

/// Whether anything is wanted that only contents can tell.
#[must_use]
pub fn wanted(wants: &Wants) -> bool {
    let of_contents = PROTOCOLS.iter().filter(|protocol| matches!(protocol.part, Part::Content(_)));
    wants.protocol(&data::DATA)
        || of_contents.filter_map(|protocol| protocol.fields.first()).any(|field| wants.protocol(field))
}

/// Who reads a media type: who claims it, or else its suffix (RFC 6839), or else all of its type, or else everything.
fn reader(media_type: &[u8]) -> Option<ContentReader> {
    let suffix = memchr::memrchr(b'+', media_type).and_then(|at| media_type.get(at..)).unwrap_or_default();
    let whole = memchr::memchr(b'/', media_type).and_then(|at| media_type.get(..=at)).unwrap_or_default();
    let claims = |protocol: &Protocol, wanted: &dyn Fn(&[u8]) -> bool| {
        protocol.claims.iter().any(|claim| matches!(claim, Claim::MediaType(claimed) if wanted(claimed.as_bytes())))
    };
    let find = |wanted: &dyn Fn(&[u8]) -> bool| {
        PROTOCOLS.iter().find_map(|protocol| match protocol.part {
            Part::Content(reader) if claims(protocol, wanted) => Some(reader),
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

/// The name that stands in a list of frames for content in its carrier, as Wireshark joins them.
#[must_use]
pub fn joined(carrier: &'static str, content: &str) -> &'static str {
    match (carrier, content) {
        ("HTTP", "JSON") => "HTTP/JSON",
        ("HTTP", "XML") => "HTTP/XML",
        ("HTTP2", "JSON") => "HTTP2/JSON",
        ("HTTP2", "XML") => "HTTP2/XML",
        _ => carrier,
    }
}

impl<'b> Content<'b> {
    /// Adds to the info of the row, for a message's own content and not for content within.
    pub fn more_info(&self, tree: &mut Tree, text: fmt::Arguments<'_>) {
        if self.depth == 0 {
            tree.more_info(text);
        }
    }

    /// The media type as text, in lower case as Wireshark shows it.
    #[must_use]
    pub fn media_type_text(&self) -> Lower<'b> {
        Lower(self.media_type)
    }
}

/// Bytes as text: what is no UTF-8 is replaced.
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

/// Bytes as text in lower case.
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
