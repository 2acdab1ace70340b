//! Whole bodies: the messages of gRPC-Web over HTTP/1, and bodies as text.

use super::message::{self, MessageSource};
use super::prefix::{PREFIX, Prefix};
use super::status::Status;
use super::{GRPC, LIMIT, MALFORMED, TRUNCATED, is_base64};
use crate::base64;
use crate::coding;
use crate::content::MessageBody;
use crate::packet::{Payload, ProtocolPath};
use crate::schema::Schemas;
use crate::session::Half;
use crate::tree::{Tree, Value};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// Messages that are recorded of one body.
const MAX_MESSAGES: usize = 10_000;
/// Bytes of text that are written of one body.
const MAX_TEXT: usize = 1 << 20;
/// Bytes that are decompressed for the text of one body.
const MAX_DECOMPRESSED: usize = 32 << 20;

/// Records the messages of a body.
pub(super) fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    let decoded = is_base64(body.media_type).then(|| base64::decode_parts(body.payload.bytes));
    let payload = match &decoded {
        Some(bytes) => Payload::whole(bytes, tree.add_buffer("Decoded base64", bytes)),
        None => body.payload,
    };
    let source = MessageSource {
        target: body.target,
        half: body.half.unwrap_or(Half::Request),
        encoding: None,
        media_type: body.media_type,
    };
    message::begin(source, path, tree);
    let mut at = 0;
    for nth in 0.. {
        let rest = payload.from(at);
        let Some(prefix) = Prefix::read(rest.bytes) else { return note_rest(rest, tree) };
        let len = usize::try_from(prefix.total()).unwrap_or(usize::MAX);
        if !prefix.is_sound() || len > rest.bytes.len() || nth == MAX_MESSAGES {
            return note_rest(rest, tree);
        }
        message::describe(prefix, rest.first(len), source, path, tree);
        at += len;
    }
}

/// Notes why the rest of a body is not read, if there is any.
fn note_rest(rest: Payload<'_>, tree: &mut Tree) {
    let note = match Prefix::read(rest.bytes) {
        _ if rest.wire == 0 => return,
        Some(prefix) if !prefix.is_sound() => &MALFORMED,
        Some(prefix) if prefix.total() <= rest.bytes.len() as u64 => &LIMIT,
        _ => &TRUNCATED,
    };
    tree.open(&GRPC, rest.all(), Value::Bytes(rest.all()));
    tree.note(note, rest.all(), format_args!("{}", note.title));
    tree.close();
}

/// Returns the status that the head of a response of gRPC-Web states, or its last message.
pub(super) fn status(media_type: &[u8], head: &[u8], body: &[u8]) -> Option<Status> {
    let decoded = is_base64(media_type).then(|| base64::decode_parts(body));
    let mut rest = decoded.as_deref().unwrap_or(body);
    let mut status = None;
    message::trailer_status(head).apply(&mut status);
    while let Some(prefix) = Prefix::read(rest).filter(|prefix| prefix.is_sound()) {
        let len = usize::try_from(prefix.total()).unwrap_or(usize::MAX);
        let Some((message, after)) = rest.split_at_checked(len) else { break };
        if prefix.has_trailers() {
            message::trailer_status(message.get(PREFIX..).unwrap_or_default()).apply(&mut status);
        }
        rest = after;
    }
    status
}

/// Writes the messages of a body.
pub(super) fn write_text(body: &MessageBody<'_>, schemas: &Schemas, out: &mut String) {
    let decoded = is_base64(body.media_type).then(|| base64::decode_parts(body.payload.bytes));
    let mut rest = decoded.as_deref().unwrap_or(body.payload.bytes);
    let (mut nth, mut spent) = (0_u32, 0);
    while let Some(prefix) = Prefix::read(rest).filter(|prefix| prefix.is_sound()) {
        let len = usize::try_from(prefix.total()).unwrap_or(usize::MAX);
        let Some((message, after)) = rest.split_at_checked(len) else { break };
        if out.len() > MAX_TEXT || spent > MAX_DECOMPRESSED {
            return out.push_str("# more messages\n");
        }
        nth += 1;
        if nth > 1 {
            out.push('\n');
        }
        spent += write_message(nth, prefix, message.get(PREFIX..).unwrap_or_default(), body, schemas, out);
        rest = after;
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "# {} bytes that are not a whole message", rest.len());
    }
}

/// Writes a message. Returns the number of bytes that were decompressed.
fn write_message(
    nth: u32,
    prefix: Prefix,
    data: &[u8],
    body: &MessageBody<'_>,
    schemas: &Schemas,
    out: &mut String,
) -> usize {
    let _ = write!(out, "# {} {nth}: {} bytes", if prefix.has_trailers() { "trailers" } else { "message" }, data.len());
    let decompressed = if prefix.is_compressed() { decompress(data) } else { None };
    if let Some(bytes) = &decompressed {
        let _ = write!(out, ", decompressed {} bytes", bytes.len());
    }
    out.push('\n');
    let data = decompressed.as_deref().unwrap_or(data);
    let format = message::format_of(body.media_type, data);
    let format = message::with_type(format, body.target, body.half.unwrap_or(Half::Request), schemas);
    let nested = body.nested(Payload::whole(data, 0), &format);
    let is_encoded = prefix.is_compressed() && decompressed.is_none() && !data.is_empty();
    let text = if prefix.has_trailers() || is_encoded { None } else { nested.text(schemas) };
    match text {
        None if is_encoded => out.push_str("# compressed data that cannot be decompressed\n"),
        Some(text) => out.push_str(&text),
        None if !data.is_empty() => {
            out.push_str(&String::from_utf8_lossy(data));
            out.push('\n');
        }
        None => {}
    }
    decompressed.map_or(0, |bytes| bytes.len())
}

fn decompress(data: &[u8]) -> Option<Vec<u8>> {
    let decoded = coding::decode_within(coding::detect(data)?, data, message::MAX_DECOMPRESSED)?;
    (decoded.bytes != data).then_some(decoded.bytes)
}
