//! Body detail: records chunks, joins them and decodes transfer and content codings.

use super::chunked::{ChunkedDecoder, ChunkedStep};
use super::fields::*;
use super::head::{HeaderLine, MessageHead};
use super::lenient::trick::{self, Tricks};
use super::lenient::{self, LenientReading};
use super::message::HttpMessage;
use crate::body_limit::{BodyDetail, BodyLimit};
use crate::coding::{self, DecodeError};
use crate::content::LossyText;
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

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
    if shown == BodyDetail::Preview {
        if !codings(b"content-encoding", head, lines).is_empty() || message.body.is_chunked() {
            body.captured.bytes = b"";
        }
        return body;
    }
    let mut tricks = message.tricks;
    if let Some(chunks) = message.body.chunks() {
        let joined = lenient::join_wrapped_chunks(buffered, chunks);
        body = join_chunks(body.captured, tree);
        body.captured.wire = body.captured.wire.max(len);
        if let Some(joined) = joined {
            tricks |= trick::CHUNK_WRAP_32;
            let base = tree.add_buffer("De-chunked content", &joined);
            let captured = Payload { bytes: b"", base, wire: joined.len() as u32 };
            body = DescribedBody { captured, derived: Some(joined) };
        }
    }
    let (decoded, is_complete) = undo_codings(body.payload(), head, lines, tree);
    let sent = body.payload().bytes;
    // Longer bodies are rarely malformed, and each attempt decodes all of one.
    let has_room = sent.len() <= BodyLimit::DEFAULT.bytes() && coding::refusal(tree).is_none();
    let reading =
        if has_room && message.missing == 0 && (!is_complete || lenient::is_suspicious(message.quirks, head.bytes)) {
            let mut spent = 0;
            let reading = lenient::read(head.bytes, sent, message.body.is_chunked(), &mut spent);
            tree.decoding.add(sent.len(), spent);
            reading
        } else {
            None
        };
    let reading = reading.filter(|reading| reading.tricks != 0);
    let body = decoded.unwrap_or(body);
    record_tricks(tricks, body.payload().all(), tree);
    if let Some(reading) = reading {
        let found = record_lenient_reading(reading, body.payload().all(), tree);
        // Content of a head without an end is not dissected: the message has none.
        return if len > 0 { found } else { body };
    }
    if len > 0 {
        record_content(body.payload().all(), tree);
    }
    body
}

/// Records content that was read leniently, with a note for each trick. `span` are the bytes that it was read from.
pub(super) fn record_lenient_reading(reading: LenientReading, span: Slice, tree: &mut Tree) -> DescribedBody<'static> {
    record_tricks(reading.tricks, span, tree);
    let base = tree.add_buffer("Leniently read content", &reading.bytes);
    let captured = Payload { bytes: b"", base, wire: reading.bytes.len() as u32 };
    let body = DescribedBody { captured, derived: Some(reading.bytes) };
    record_content(body.payload().all(), tree);
    body
}

fn record_tricks(tricks: Tricks, span: Slice, tree: &mut Tree) {
    for (_, text) in trick::TEXTS.iter().filter(|(trick, _)| tricks & trick != 0) {
        tree.note(&LENIENT, span, format_args!("{}: {text}", LENIENT.title));
    }
}

fn record_content(all: Slice, tree: &mut Tree) {
    let node = tree.put(&FILE_DATA, all, Value::Bytes(all));
    tree.label(node, format_args!("File Data: {} bytes", all.len));
}

/// Undoes the transfer codings but chunked, then the content codings, which were applied before them. Returns the
/// decoded body, if any coding was undone, and whether all of them could be.
fn undo_codings(
    sent: Payload<'_>,
    head: &MessageHead<'_>,
    lines: &[HeaderLine],
    tree: &mut Tree,
) -> (Option<DescribedBody<'static>>, bool) {
    let (mut body, mut is_complete) = (None::<DescribedBody<'static>>, true);
    for name in [&b"transfer-encoding"[..], b"content-encoding"] {
        let codings = codings(name, head, lines);
        let sent = body.as_ref().map_or(sent, DescribedBody::payload);
        let max = tree.wanted().body_limit.content();
        let Some(decoded) = coding::decode_in_frame(&codings, sent, max, tree) else { continue };
        if decoded.is_limited() {
            tree.note(&BODY_LIMIT, sent.all(), format_args!("{}", BODY_LIMIT.title));
        }
        if decoded.problem == Some(DecodeError::Checksum) {
            let title = CONTENT_CHECKSUM.title;
            tree.note(&CONTENT_CHECKSUM, sent.all(), format_args!("{title} ({})", LossyText(&codings)));
        } else if let Some(problem) = decoded.problem {
            is_complete = false;
            let reason = problem.description();
            let title = DECOMPRESSION_FAILED.title;
            tree.note(&DECOMPRESSION_FAILED, sent.all(), format_args!("{title} ({}): {reason}", LossyText(&codings)));
            // Content that is not in its coding is shown as sent.
            if !decoded.bytes.is_empty() && decoded.bytes == sent.bytes {
                continue;
            }
        }
        let base = tree.add_buffer("Decoded content", &decoded.bytes);
        let len = decoded.bytes.len() as u32;
        let wire = len.saturating_add(u32::from(!decoded.is_complete()));
        body = Some(DescribedBody { captured: Payload { bytes: b"", base, wire }, derived: Some(decoded.bytes) });
    }
    (body, is_complete)
}

/// Returns the codings that all header lines of this name list together (RFC 9110 5.3), without chunked: chunks are
/// joined before.
fn codings(name: &[u8], head: &MessageHead<'_>, lines: &[HeaderLine]) -> Vec<u8> {
    let mut all = Vec::new();
    let named = lines.iter().filter(|line| head.name(line).eq_ignore_ascii_case(name));
    for coding in named.flat_map(|line| head.value(line).split(|&byte| byte == b',')).map(<[u8]>::trim_ascii) {
        let token = coding.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        let is_joined = name == b"transfer-encoding" && token.eq_ignore_ascii_case(b"chunked");
        if !is_joined && !token.is_empty() {
            all.extend_from_slice(if all.is_empty() { b"" } else { b", " });
            all.extend_from_slice(coding);
        }
    }
    all
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
                // As in Wireshark, the field has 32 bits.
                tree.put(&CHUNK_SIZE, span, Value::Uint(size.min(u64::from(u32::MAX))));
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
