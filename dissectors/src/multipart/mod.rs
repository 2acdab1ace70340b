//! Multipart bodies (RFC 2046 5.1, RFC 7578): parts between boundaries, each with its own headers and body.

use crate::content::{LossyText, MessageBody, unescaped};
use crate::field::Field;
use crate::mime;
use crate::packet::{Payload, ProtocolPath};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;
use core::ops::Range;
use memchr::memmem;

crate::fields! { "multipart";
    /// A body of several parts.
    MULTIPART: Protocol "mime_multipart" "MIME Multipart Media Encapsulation";
    /// Media type of the whole body.
    TYPE: Text "mime_multipart.type" "Type";
    /// Bytes before the first part.
    PREAMBLE: Bytes "mime_multipart.preamble" "Preamble";
    /// Boundary before the first part.
    FIRST_BOUNDARY: Text "mime_multipart.first_boundary" "First boundary";
    /// Boundary between two parts.
    BOUNDARY: Text "mime_multipart.boundary" "Boundary";
    /// Boundary after the last part.
    LAST_BOUNDARY: Text "mime_multipart.last_boundary" "Last boundary";
    /// Bytes after the last part.
    TRAILER: Bytes "mime_multipart.trailer" "Trailer";
    /// A part with its headers.
    PART: Text "mime_multipart.part" "Encapsulated multipart part";
    /// The Content-Disposition header of a part.
    DISPOSITION: Text "mime_multipart.header.content-disposition" "Content-Disposition";
    /// Name of a form field.
    NAME: Text "mime_multipart.name" "Name" { ours: true };
    /// Name of a file, as sent.
    FILENAME: Text "mime_multipart.filename" "File name" { ours: true };
    /// The Content-Type header of a part.
    CONTENT_TYPE: Text "mime_multipart.header.content-type" "Content-Type";
    /// The Content-Transfer-Encoding header of a part.
    TRANSFER_ENCODING: Text "mime_multipart.header.content-transfer-encoding" "Content-Transfer-Encoding";
    /// The Content-Encoding header of a part.
    ENCODING: Text "mime_multipart.header.content-encoding" "Content-Encoding";
    /// The Content-Id header of a part.
    ID: Text "mime_multipart.header.content-id" "Content-Id";
    /// The Content-Description header of a part.
    DESCRIPTION: Text "mime_multipart.header.content-description" "Content-Description";
    /// The Content-Language header of a part.
    LANGUAGE: Text "mime_multipart.header.content-language" "Content-Language";
    /// The Content-Length header of a part.
    LENGTH: Text "mime_multipart.header.content-length" "Content-Length";
    /// Any other header line of a part.
    HEADER: Text "mime_multipart.header" "Header" { ours: true };
    /// The media type has no boundary parameter.
    NO_BOUNDARY: Note(Error) "mime_multipart.no_required_parameter" "No boundary parameter";
    /// The last boundary is missing.
    UNFINISHED: Note(Warn) "mime_multipart.unfinished" "The last boundary is missing" { ours: true };
    /// The remaining parts are not dissected: there are too many.
    LIMIT: Note(Note) "mime_multipart.limit" "Too many parts: the rest is not dissected" { ours: true };
}

/// Registry entry for multipart bodies.
pub static PROTOCOL: Protocol = Protocol {
    short: "MIME multipart",
    fields: FIELDS,
    claims: &[Claim::MediaType("multipart/*")],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

/// Maximum number of recorded parts.
const MAX_PARTS: usize = 1000;
/// Maximum number of recorded header lines of a part.
const MAX_HEADERS: usize = 100;

static HEADERS: &[(&str, &Field)] = &[
    ("content-disposition", &DISPOSITION),
    ("content-type", &CONTENT_TYPE),
    ("content-transfer-encoding", &TRANSFER_ENCODING),
    ("content-encoding", &ENCODING),
    ("content-id", &ID),
    ("content-description", &DESCRIPTION),
    ("content-language", &LANGUAGE),
    ("content-length", &LENGTH),
];

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("mime_multipart");
    let payload = body.payload;
    let boundary = body.parameter("boundary").map(unescaped).filter(|boundary| !boundary.is_empty());
    let node = tree.open(&MULTIPART, payload.all(), Value::Bytes(payload.all()));
    let shown = LossyText(boundary.as_deref().unwrap_or_default());
    tree.label(node, format_args!("{}, Type: {}, Boundary: \"{shown}\"", MULTIPART.title, body.media_type_text()));
    tree.put_text(&TYPE, Slice::default(), format_args!("{}", body.media_type_text()));
    match boundary {
        Some(boundary) => describe_parts(body, &[b"--", &*boundary].concat(), path, tree),
        None => tree.note(&NO_BOUNDARY, payload.all(), format_args!("{}", NO_BOUNDARY.title)),
    }
    tree.close();
}

/// A boundary line.
#[derive(Clone, Copy)]
struct Delimiter {
    /// Start offset, including the line end before it.
    start: usize,
    /// Offset after its line end.
    end: usize,
    is_last: bool,
}

/// Returns the next delimiter at or after `from`. The line end before it belongs to it (RFC 2046 5.1.1).
fn next_delimiter(bytes: &[u8], finder: &memmem::Finder<'_>, from: usize) -> Option<Delimiter> {
    let mut at = from;
    loop {
        let found = at + finder.find(bytes.get(at..)?)?;
        let before = bytes.get(..found).unwrap_or_default();
        let line_end = match before {
            [.., b'\r', b'\n'] if found >= from + 2 => 2,
            [.., b'\n'] if found > from => 1,
            _ => 0,
        };
        let after = found + finder.needle().len();
        let rest = bytes.get(after..).unwrap_or_default();
        let is_last = rest.starts_with(b"--");
        let rest_of_line = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(if is_last { 2 } else { 0 }..rest_of_line).unwrap_or_default();
        if (line_end > 0 || found == from) && (is_last || line.trim_ascii().is_empty()) {
            return Some(Delimiter { start: found - line_end, end: after + rest_of_line, is_last });
        }
        at = found + 1;
    }
}

/// Returns the ranges of a body's parts, headers included; the last may be truncated.
pub fn part_ranges<'b>(bytes: &'b [u8], boundary: &[u8]) -> impl Iterator<Item = Range<usize>> + use<'b> {
    let finder = memmem::Finder::new(&[b"--", boundary].concat()).into_owned();
    let mut before = next_delimiter(bytes, &finder, 0);
    core::iter::from_fn(move || {
        let start = before.filter(|before| !before.is_last)?.end;
        before = next_delimiter(bytes, &finder, start);
        Some(start..before.map_or(bytes.len(), |next| next.start).max(start))
    })
    .take(MAX_PARTS)
}

fn describe_parts(body: &MessageBody<'_>, dashed: &[u8], path: &mut ProtocolPath, tree: &mut Tree) {
    let payload = body.payload;
    let bytes = payload.bytes;
    let finder = memmem::Finder::new(dashed);
    let Some(mut before) = next_delimiter(bytes, &finder, 0) else {
        tree.note(&UNFINISHED, payload.all(), format_args!("No boundary in the body"));
        return;
    };
    let text = |tree: &mut Tree, field, delimiter: Delimiter| {
        let span = payload.span(delimiter.start, delimiter.end - delimiter.start);
        tree.put(field, span, Value::Text(span));
    };
    if before.start > 0 {
        let span = payload.span(0, before.start);
        tree.put(&PREAMBLE, span, Value::Bytes(span));
    }
    text(tree, if before.is_last { &LAST_BOUNDARY } else { &FIRST_BOUNDARY }, before);
    for nth in 0.. {
        if before.is_last {
            if before.end < bytes.len() {
                let span = payload.from(before.end).all();
                tree.put(&TRAILER, span, Value::Bytes(span));
            }
            return;
        }
        if nth == MAX_PARTS {
            tree.note(&LIMIT, payload.from(before.end).all(), format_args!("{}", LIMIT.title));
            return;
        }
        let next = next_delimiter(bytes, &finder, before.end);
        let end = next.map_or(bytes.len(), |next| next.start);
        describe_part(body, payload.from(before.end).first(end.saturating_sub(before.end)), path, tree);
        match next {
            Some(next) => {
                text(tree, if next.is_last { &LAST_BOUNDARY } else { &BOUNDARY }, next);
                before = next;
            }
            None => {
                tree.note(&UNFINISHED, payload.all(), format_args!("{}", UNFINISHED.title));
                return;
            }
        }
    }
}

fn describe_part(body: &MessageBody<'_>, payload: Payload<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    let node = tree.open(&PART, payload.all(), Value::Text(Slice::default()));
    let mut at = 0;
    let mut headers = PartHeaders::default();
    for _ in 0..MAX_HEADERS {
        let rest = payload.bytes.get(at..).unwrap_or_default();
        let len = mime::line_len(rest);
        let line = rest.get(..len).unwrap_or_default();
        let text = line.trim_ascii_end();
        let span = payload.span(at, len);
        at += len;
        if text.is_empty() {
            break;
        }
        header(text, span, &mut headers, tree);
    }
    let PartHeaders { content_type, transfer_encoding } = headers;
    if !content_type.is_empty() {
        let media_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
        tree.label(node, format_args!("{}:  ({})", PART.title, LossyText(media_type)));
    }
    let content = payload.from(at);
    match mime::decode(&transfer_encoding, content.bytes) {
        Some(decoded) => {
            let start = tree.add_derived_buffer("Decoded part", &decoded, Some(content.all()));
            body.nested(Payload::whole(&decoded, start), &content_type).read(path, tree);
        }
        None => body.nested(content, &content_type).read(path, tree),
    }
    tree.close();
}

/// Headers of a part that its content depends on, without their line ends.
#[derive(Default)]
struct PartHeaders {
    content_type: Vec<u8>,
    transfer_encoding: Vec<u8>,
}

fn header(line: &[u8], span: Slice, headers: &mut PartHeaders, tree: &mut Tree) {
    let colon = memchr::memchr(b':', line).unwrap_or(line.len());
    let (name, value) = line.split_at_checked(colon).unwrap_or_default();
    let value = value.get(1..).unwrap_or_default();
    let spaces = value.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let value = value.get(spaces..).unwrap_or_default();
    let inner = |part: &[u8]| Slice::new(span.start + (line.len() - part.len()) as u32, part.len() as u32);
    let known = HEADERS.iter().find(|(known, _)| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes()));
    match known {
        Some((_, field)) => tree.open(field, span, Value::Text(inner(value))),
        None => tree.open(&HEADER, span, Value::Text(inner(line))),
    };
    match known {
        Some(&("content-type", _)) => headers.content_type = mime::unfolded(value),
        Some(&("content-transfer-encoding", _)) => headers.transfer_encoding = mime::unfolded(value),
        Some(&("content-disposition", _)) => {
            for (field, name) in [(&NAME, "name"), (&FILENAME, "filename")] {
                if let Some(found) = crate::content::parameter(value, name).filter(|_| tree.wants(field)) {
                    let found = tree.store_bytes(found);
                    tree.put(field, span, Value::Text(found));
                }
            }
        }
        _ => {}
    }
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn recorded(body: &str, content_type: &str) -> String {
        let mut tree = Tree::new(crate::Wants::everything());
        let mut path = ProtocolPath::default();
        tree.begin(body.as_bytes());
        MessageBody::new(Payload::whole(body.as_bytes(), 0), content_type.as_bytes(), "HTTP")
            .read(&mut path, &mut tree);
        let mut out = path.names().join(":");
        for node in tree.nodes().iter().filter(|node| node.depth > 0 && node.depth < 4) {
            if let Value::Text(text) = node.value {
                let name = node.field.name.strip_prefix("mime_multipart.").unwrap_or(node.field.name);
                out += &alloc::format!("|{name}={}", String::from_utf8_lossy(tree.bytes(text)).escape_debug());
            } else if node.field.protocol == MULTIPART.protocol {
                out += &alloc::format!("|{}", node.field.name);
            }
        }
        out
    }

    #[test]
    fn parts_headers_and_bodies_are_recorded() {
        let body = "pre\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntest\r\n--XX  \r\nContent-Disposition: form-data; name=f; filename=\"x;.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--XXX\r\n--XX--\r\ntail";
        let expected = "mime_multipart:data:data-text-lines|type=multipart/form-data|mime_multipart.preamble\
            |first_boundary=\\r\\n--XX\\r\\n|part=|header.content-disposition=form-data; name=\\\"a\\\"|name=a\
            |boundary=\\r\\n--XX  \\r\\n|part=|header.content-disposition=form-data; name=f; filename=\\\"x;.txt\\\"\
            |name=f|filename=x;.txt|header.content-type=text/plain|data-text-lines.line=hi\\r\\n\
            |data-text-lines.line=--XXX|last_boundary=\\r\\n--XX--\\r\\n|mime_multipart.trailer";
        assert_eq!(recorded(body, "multipart/form-data; boundary=\"XX\""), expected);
    }

    #[test]
    fn escapes_of_a_quoted_boundary_are_removed() {
        let found = recorded("--X\\Y\r\n\r\nx\r\n--X\\Y--\r\n", "multipart/mixed; boundary=\"\\X\\\\Y\"");
        assert!(found.contains("last_boundary=") && !found.contains("unfinished"), "{found}");
    }

    #[test]
    fn encoded_parts_are_decoded_and_folded_headers_are_read() {
        let parts = [
            ("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", "aGlkZGVu\r\n"),
            ("content-transfer-encoding:\tBASE64\r\nContent-Type:\r\n text/plain", "aGlk\r\nZGVu"),
            ("Content-Type: text/plain\nContent-Transfer-Encoding : quoted-printable", "h=69d=\r\nden"),
            (
                "Content-Type: multipart/mixed;\r\n\tboundary=Y",
                "--Y\r\nContent-Type: text/plain\r\n\r\nhidden\r\n--Y--",
            ),
        ];
        for (headers, content) in parts {
            let body = alloc::format!("--X\r\n{headers}\r\n\r\n{content}\r\n--X--\r\n");
            let mut tree = Tree::new(crate::Wants::everything());
            tree.begin(body.as_bytes());
            let payload = Payload::whole(body.as_bytes(), 0);
            MessageBody::new(payload, b"multipart/mixed; boundary=X", "HTTP")
                .read(&mut ProtocolPath::default(), &mut tree);
            let lines = tree.nodes().iter().filter(|node| node.field.name == "data-text-lines.line");
            let found = lines.filter(|node| matches!(node.value, Value::Text(text) if tree.bytes(text) == b"hidden"));
            assert_eq!(found.count(), 1, "{body:?}");
        }
    }

    #[test]
    fn missing_boundaries_are_noted() {
        assert!(recorded("--XX\r\n\r\nx", "multipart/mixed; boundary=XX").contains("mime_multipart.unfinished"));
        assert!(recorded("x", "multipart/mixed; boundary=XX").contains("mime_multipart.unfinished"));
        assert!(recorded("x", "multipart/mixed").contains("mime_multipart.no_required_parameter"));
    }
}
