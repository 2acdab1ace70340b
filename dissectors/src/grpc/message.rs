//! Message detail: records the prefix and the data of a message, and has the data dissected.

use super::PROTOCOL;
use super::fields::*;
use super::prefix::{PREFIX, Prefix};
use super::status::{StatedStatus, Status};
use crate::coding;
use crate::content::{LossyText, MessageBody};
use crate::packet::{Payload, ProtocolPath};
use crate::schema::Schemas;
use crate::session::Half;
use crate::tree::{Slice, Tree, Value};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Bytes that are decompressed of one message: as many as are buffered of one that is not compressed.
pub(super) const MAX_DECOMPRESSED: usize = 1 << 20;
/// Bytes of a frame's tree up to which its messages are decompressed.
const MAX_FRAME: usize = 4 << 20;

/// What is known of the half that a message belongs to.
#[derive(Clone, Copy)]
pub(super) struct MessageSource<'a> {
    pub target: &'a str,
    pub half: Half,
    /// Compression of the messages, empty if the headers state none; `None` if it is not known.
    pub encoding: Option<&'a [u8]>,
    /// Media type of the content, without parameters.
    pub media_type: &'a [u8],
}

impl MessageSource<'_> {
    /// Name of the protocol with this media type, as in Wireshark.
    fn name(&self) -> &'static str {
        let has = |part: &[u8]| memchr::memmem::find(self.media_type, part).is_some();
        match () {
            () if has(b"grpc-web-text") => "GRPC-Web-Text",
            () if has(b"grpc-web") => "GRPC-Web",
            () => PROTOCOL.short,
        }
    }
}

/// Adds the protocol of one or several messages to the path and the columns of the frame.
pub(super) fn begin(source: MessageSource<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("grpc");
    if tree.wants_columns() {
        tree.columns_mut().protocol = source.name();
        tree.append_info(format_args!(" ({})", source.name()));
    }
}

/// Records a message, and its data by their format.
pub(super) fn describe(
    prefix: Prefix,
    message: Payload<'_>,
    source: MessageSource<'_>,
    path: &mut ProtocolPath,
    tree: &mut Tree,
) {
    let data = message.from(PREFIX);
    open(prefix, message, source, tree);
    if prefix.has_trailers() {
        tree.put(&DATA, data.all(), Value::Bytes(data.all()));
        describe_trailers(data, tree);
        tree.close();
        return MessageBody::new(data, b"text/plain", source.name()).nested(data, b"text/plain").read(path, tree);
    }
    let decoded = if prefix.is_compressed() { decompress(data, source.encoding, tree) } else { None };
    let base = decoded.as_ref().map(|bytes| tree.add_buffer("Decompressed message", bytes));
    let data = match (&decoded, base) {
        (Some(bytes), Some(base)) => Payload::whole(bytes, base),
        _ => data,
    };
    if data.wire > 0 {
        let node = tree.put(&DATA, data.all(), Value::Bytes(data.all()));
        tree.label(node, format_args!("{}: {} bytes", DATA.title, data.bytes.len()));
    }
    tree.close();
    if prefix.is_compressed() && decoded.is_none() {
        // What the data are is not known.
        return;
    }
    let format = format_of(source.media_type, data.bytes);
    let format = with_type(format, source.target, source.half, &tree.schemas);
    MessageBody::new(data, &format, PROTOCOL.short).of(source.half, source.target).read(path, tree);
}

/// Opens the node of a message, and records its prefix.
pub(super) fn open(prefix: Prefix, message: Payload<'_>, source: MessageSource<'_>, tree: &mut Tree) {
    let node = tree.open(&GRPC, message.all(), Value::Bytes(message.all()));
    if tree.wanted().labels {
        let half = if source.half == Half::Request { "Request" } else { "Response" };
        let trailer = if prefix.has_trailers() { " (Trailer)" } else { "" };
        let (name, target) = (source.name(), source.target);
        let separator = if target.is_empty() { "" } else { ", " };
        tree.label(node, format_args!("{name} Message: {target}{separator}{half}{trailer}"));
    }
    let flags = message.span(0, 1);
    tree.put(&FRAME_TYPE, flags, Value::Uint(prefix.has_trailers().into()));
    tree.put(&COMPRESSED, flags, Value::Uint(prefix.is_compressed().into()));
    tree.put(&LENGTH, message.span(1, 4), Value::Uint(prefix.len.into()));
}

/// Returns the media type of a message's data. As in Wireshark, JSON is recognized without a name.
pub(super) fn format_of(media_type: &[u8], data: &[u8]) -> &'static [u8] {
    let subtype = memchr::memchr(b'+', media_type).and_then(|at| media_type.get(at..)).unwrap_or_default();
    let is_json = subtype.eq_ignore_ascii_case(b"+json");
    match subtype {
        _ if is_json || matches!(data, [b'{', .., b'}']) => b"application/json",
        b"" | b"+proto" => b"application/x-protobuf",
        _ => b"",
    }
}

/// Returns a media type with the type of the message, if the method is known.
pub(super) fn with_type(media_type: &'static [u8], target: &str, half: Half, schemas: &Schemas) -> Cow<'static, [u8]> {
    let Some([request, response]) = schemas.method(target).map(|method| &method.types) else {
        return media_type.into();
    };
    let name = if half == Half::Request { request } else { response };
    [media_type, b"; messageType=", name.as_bytes()].concat().into()
}

/// Decompresses data. Returns nothing if they are empty, or cannot be decompressed at all.
fn decompress(data: Payload<'_>, encoding: Option<&[u8]>, tree: &mut Tree) -> Option<Vec<u8>> {
    if data.wire == 0 {
        return None;
    }
    let is_identity = encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"identity"));
    if is_identity || encoding == Some(b"") {
        tree.note(&NOT_ENCODED, data.all(), format_args!("{}", NOT_ENCODED.title));
    }
    let (is_known, title) = (encoding.is_some(), DECOMPRESSION_FAILED.title);
    let detected = || coding::detect(data.bytes).filter(|_| !is_identity);
    let stated = encoding.filter(|encoding| !encoding.is_empty() && !is_identity);
    let Some(encoding) = stated.or_else(detected) else {
        if !is_known {
            tree.note(&DECOMPRESSION_FAILED, data.all(), format_args!("{title}: the compression is not known"));
        }
        return None;
    };
    let max = MAX_FRAME.saturating_sub(tree.stored_len()).min(MAX_DECOMPRESSED);
    let Some(decoded) = coding::decode_in_frame(encoding, data, max, tree) else {
        let name = LossyText(encoding);
        tree.note(&DECOMPRESSION_FAILED, data.all(), format_args!("{title} ({name}): the compression is not known"));
        return None;
    };
    if let Some(problem) = decoded.problem {
        let reason = problem.description();
        tree.note(&DECOMPRESSION_FAILED, data.all(), format_args!("{title} ({}): {reason}", LossyText(encoding)));
        if decoded.bytes == data.bytes {
            return None;
        }
    }
    Some(decoded.bytes)
}

fn describe_trailers(data: Payload<'_>, tree: &mut Tree) {
    for (at, line) in trailer_lines(data.bytes) {
        let span = data.span(at, line.len());
        tree.put(&TRAILER, span, Value::Text(span));
    }
    let stated = trailer_status(data.bytes);
    if let Some(value) = stated.invalid {
        note_invalid(value, data.all(), tree);
    }
    let mut status = None;
    stated.apply(&mut status);
    if let Some(status) = status {
        describe_status(&status, data.all(), tree);
    }
}

/// Returns the lines of trailers in a message, with their offsets.
fn trailer_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    bytes.split_inclusive(|&byte| byte == b'\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let line = line.trim_ascii_end();
        (!line.is_empty()).then_some((start, line))
    })
}

/// Returns what trailers in a message state about the status. Lines without a colon are skipped.
pub(super) fn trailer_status(bytes: &[u8]) -> StatedStatus<'_> {
    let mut stated = StatedStatus::default();
    for (_, line) in trailer_lines(bytes) {
        let Some((name, value)) = memchr::memchr(b':', line).and_then(|colon| line.split_at_checked(colon)) else {
            continue;
        };
        stated.add(name, value.get(1..).unwrap_or_default().trim_ascii());
    }
    stated
}

/// Notes a value that is not a status code.
pub(super) fn note_invalid(value: &[u8], span: Slice, tree: &mut Tree) {
    tree.note(&INVALID_STATUS, span, format_args!("{}: {}", INVALID_STATUS.title, LossyText(value)));
}

/// Records a status.
pub(super) fn describe_status(status: &Status, span: Slice, tree: &mut Tree) {
    tree.put_text(&STATUS, span, format_args!("{}", status.name()));
    tree.put(&STATUS_CODE, span, Value::Uint(status.code.into()));
    if !status.message.is_empty() {
        tree.put_text(&STATUS_MESSAGE, span, format_args!("{}", status.message));
    }
}
