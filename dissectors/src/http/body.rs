//! Body detail: records chunks, joins them and decodes transfer and content codings.

use super::chunked::{ChunkedDecoder, ChunkedStep};
use super::coding;
use super::fields::*;
use super::head::{HeaderLine, MessageHead};
use super::message::HttpMessage;
use crate::content::LossyText;
use crate::packet::Payload;
use crate::tree::{Tree, Value};
use alloc::vec::Vec;

/// Amount of a body that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyDetail {
    /// The whole body, up to a limit.
    Full,
    /// At most the first few bytes.
    Preview,
    /// Neither bytes nor the type of the content.
    Nothing,
}

/// Content of a message: the captured bytes, or bytes that were joined or decoded.
pub(super) struct DescribedBody<'b> {
    captured: Payload<'b>,
    derived: Option<Vec<u8>>,
}

impl DescribedBody<'_> {
    /// Returns the content, ready for the dissector of its media type.
    pub(super) fn payload(&self) -> Payload<'_> {
        let bytes = self.derived.as_deref().unwrap_or(self.captured.bytes);
        Payload { bytes, ..self.captured }
    }
}

/// Records the body of a message. `bytes` are the buffered bytes of the message, and `base` is the offset of the first.
pub(super) fn describe<'b>(
    message: &HttpMessage,
    bytes: &'b [u8],
    base: u32,
    shown: BodyDetail,
    head: &MessageHead<'b>,
    lines: &[HeaderLine],
    tree: &mut Tree,
) -> DescribedBody<'b> {
    let buffered = bytes.get(message.head_len..).unwrap_or_default();
    let len = message.body_len().saturating_add(message.missing);
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let base = base.saturating_add(message.head_len as u32);
    let mut body = DescribedBody { captured: Payload { bytes: buffered, base, wire: len }, derived: None };
    let is_named = |line: &HeaderLine, name: &[u8]| head.name(line).eq_ignore_ascii_case(name);
    let is_coded = lines.iter().any(|line| is_named(line, b"content-encoding"));
    if shown == BodyDetail::Preview {
        if is_coded || message.body.is_chunked() {
            body.captured.bytes = b"";
        }
        return body;
    }
    if message.body.is_chunked() {
        body = join_chunks(body.captured, tree);
        body.captured.wire = body.captured.wire.max(len);
    }
    if len == 0 {
        return body;
    }
    // Transfer codings were applied after content codings. The last of them is chunked, which is already removed.
    for name in [&b"transfer-encoding"[..], b"content-encoding"] {
        for line in lines.iter().filter(|line| is_named(line, name)) {
            let value = head.value(line);
            let value = strip_chunked(value);
            let decoded = coding::decode(value, body.payload().bytes);
            let Some(decoded) = decoded else {
                continue;
            };
            if let Some(problem) = decoded.problem {
                let reason = problem.description();
                tree.note(
                    &DECOMPRESSION_FAILED,
                    body.payload().all(),
                    format_args!("{} ({}): {reason}", DECOMPRESSION_FAILED.title, LossyText(value)),
                );
            }
            if decoded.problem == Some(coding::DecodeError::Unknown)
                && !decoded.bytes.is_empty()
                && decoded.bytes == body.payload().bytes
            {
                continue;
            }
            let start = tree.add_buffer("Decoded content", &decoded.bytes);
            let len = decoded.bytes.len() as u32;
            let wire = len.saturating_add(u32::from(decoded.problem.is_some()));
            body = DescribedBody { captured: Payload { bytes: b"", base: start, wire }, derived: Some(decoded.bytes) };
        }
    }
    let all = body.payload().all();
    let node = tree.put(&FILE_DATA, all, Value::Bytes(all));
    tree.label(node, format_args!("File Data: {} bytes", all.len));
    body
}

/// Returns the codings of a Transfer-Encoding without a final chunked.
fn strip_chunked(value: &[u8]) -> &[u8] {
    let at = memchr::memrchr(b',', value).map_or(0, |at| at + 1);
    let (before, last) = value.split_at_checked(at).unwrap_or_default();
    if last.trim_ascii().eq_ignore_ascii_case(b"chunked") { before.strip_suffix(b",").unwrap_or(before) } else { value }
}

/// Records the chunks and joins their data.
fn join_chunks<'b>(body: Payload<'b>, tree: &mut Tree) -> DescribedBody<'b> {
    let mut chunks = ChunkedDecoder::default();
    let (mut at, mut parts, mut joined) = (0, 0, Vec::new());
    let mut only = body.first(0);
    let all = body.all();
    let node = tree.open(&CHUNKED, all, Value::Present);
    tree.label(node, format_args!("{}", CHUNKED.title));
    let (mut chunk, mut begin, mut is_open) = (None, 0, false);
    let mut trailer = None;
    loop {
        let rest = body.bytes.get(at..).unwrap_or_default();
        let step = chunks.step(rest);
        let (ChunkedStep::Size(len, _)
        | ChunkedStep::Data(len)
        | ChunkedStep::DataEnd(len)
        | ChunkedStep::Trailer(len)
        | ChunkedStep::End(len)) = step
        else {
            break;
        };
        let span = body.span(at, len);
        match step {
            ChunkedStep::Size(_, size) => {
                chunk = tree.open(&CHUNK, span, Value::Present);
                (begin, is_open) = (at, size > 0);
                match size {
                    0 => tree.label(chunk, format_args!("End of chunked encoding")),
                    _ => tree.label(chunk, format_args!("Data chunk ({size} octets)")),
                }
                tree.put(&CHUNK_SIZE, span, Value::Uint(size));
                if size == 0 {
                    tree.close();
                }
            }
            ChunkedStep::Data(_) => {
                tree.put(&CHUNK_DATA, span, Value::Bytes(span));
                parts += 1;
                if parts == 1 {
                    only = body.from(at).first(len);
                } else {
                    if parts == 2 {
                        joined.extend_from_slice(only.bytes);
                    }
                    joined.extend_from_slice(rest.get(..len).unwrap_or_default());
                }
            }
            ChunkedStep::DataEnd(_) => {
                tree.put(&CHUNK_BOUNDARY, span, Value::Bytes(span));
                tree.set(chunk, body.span(begin, at + len - begin), Value::Present);
                tree.close();
                is_open = false;
            }
            ChunkedStep::Trailer(_) => trailer = trailer.or(Some(at)),
            _ => break,
        }
        at += len;
    }
    if is_open {
        tree.close();
    }
    if let Some(from) = trailer {
        let span = body.span(from, at - from);
        tree.put(&CHUNKED_TRAILER_PART, span, Value::Text(span));
    }
    tree.close();
    if parts < 2 {
        return DescribedBody { captured: only, derived: None };
    }
    let base = tree.add_buffer("De-chunked content", &joined);
    DescribedBody { captured: Payload { bytes: b"", base, wire: joined.len() as u32 }, derived: Some(joined) }
}
