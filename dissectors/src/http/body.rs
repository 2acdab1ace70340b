//! A body told: its chunks, and its content with codings undone.

use super::chunks::{Chunks, Step};
use super::coding;
use super::fields::*;
use super::head::{Head, Line};
use super::message::Message;
use crate::content::Lossy;
use crate::packet::Piece;
use crate::tree::{Tree, Value};
use alloc::vec::Vec;

/// How much of a body is there to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// All of it, up to a limit.
    Body,
    /// At most a few bytes of its beginning.
    Glance,
    /// Nothing, nor what it is.
    Nothing,
}

/// The content of a message: its own bytes, or bytes that were put together or decoded.
pub(super) struct Told<'b> {
    plain: Piece<'b>,
    made: Option<Vec<u8>>,
}

impl Told<'_> {
    /// The content, to be read by its media type.
    pub(super) fn piece(&self) -> Piece<'_> {
        let bytes = self.made.as_deref().unwrap_or(self.plain.bytes);
        Piece { bytes, ..self.plain }
    }
}

/// Records the body of a message whose kept bytes are `bytes`, the first of them at `base`.
pub(super) fn describe<'b>(
    message: &Message,
    bytes: &'b [u8],
    base: u32,
    shown: Shown,
    head: &Head<'b>,
    lines: &[Line],
    tree: &mut Tree,
) -> Told<'b> {
    let kept = bytes.get(message.head..).unwrap_or_default();
    let len = message.body_len().saturating_add(message.missing);
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let mut told =
        Told { plain: Piece { bytes: kept, base: base.saturating_add(message.head as u32), wire: len }, made: None };
    let is_named = |line: &Line, name: &[u8]| head.name(line).eq_ignore_ascii_case(name);
    let is_coded = lines.iter().any(|line| is_named(line, b"content-encoding"));
    if shown == Shown::Glance {
        if is_coded || message.body.is_chunked() {
            told.plain.bytes = b"";
        }
        return told;
    }
    if message.body.is_chunked() {
        told = unchunk(told.plain, tree);
        told.plain.wire = told.plain.wire.max(len);
    }
    if len == 0 {
        return told;
    }
    // Transfer codings were applied last; the last of them is chunked, which is undone.
    for name in [&b"transfer-encoding"[..], b"content-encoding"] {
        for line in lines.iter().filter(|line| is_named(line, name)) {
            let value = head.value(line);
            let value = strip_chunked(value);
            let decoded = coding::decode(value, told.piece().bytes);
            let Some(decoded) = decoded else {
                continue;
            };
            if let Some(problem) = decoded.problem {
                let words = problem.words();
                tree.note(&DECOMPRESSION_FAILED, told.piece().all(), format_args!("{} ({}): {words}", DECOMPRESSION_FAILED.title, Lossy(value)));
            }
            if decoded.problem == Some(coding::Problem::Unknown) && !decoded.bytes.is_empty() && decoded.bytes == told.piece().bytes {
                continue;
            }
            let start = tree.add_buffer("Decoded content", &decoded.bytes);
            let len = decoded.bytes.len() as u32;
            let wire = len.saturating_add(u32::from(decoded.problem.is_some()));
            told = Told { plain: Piece { bytes: b"", base: start, wire }, made: Some(decoded.bytes) };
        }
    }
    let all = told.piece().all();
    let node = tree.put(&FILE_DATA, all, Value::Bytes(all));
    tree.label(node, format_args!("File Data: {} bytes", all.len));
    told
}

/// The codings but chunked, with which a Transfer-Encoding ends.
fn strip_chunked(value: &[u8]) -> &[u8] {
    let at = memchr::memrchr(b',', value).map_or(0, |at| at + 1);
    let (before, last) = value.split_at_checked(at).unwrap_or_default();
    if last.trim_ascii().eq_ignore_ascii_case(b"chunked") { before.strip_suffix(b",").unwrap_or(before) } else { value }
}

/// Records the chunks and joins their data.
fn unchunk<'b>(body: Piece<'b>, tree: &mut Tree) -> Told<'b> {
    let mut chunks = Chunks::default();
    let (mut at, mut parts, mut joined) = (0, 0, Vec::new());
    let mut only = body.first(0);
    let all = body.all();
    let place = tree.open(&CHUNKED, all, Value::Present);
    tree.label(place, format_args!("{}", CHUNKED.title));
    let (mut chunk, mut begin, mut is_open) = (None, 0, false);
    let mut trailer = None;
    loop {
        let rest = body.bytes.get(at..).unwrap_or_default();
        let step = chunks.step(rest);
        let (Step::Size(len, _) | Step::Data(len) | Step::DataEnd(len) | Step::Trailer(len) | Step::End(len)) = step else {
            break;
        };
        let span = body.span(at, len);
        match step {
            Step::Size(_, size) => {
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
            Step::Data(_) => {
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
            Step::DataEnd(_) => {
                tree.put(&CHUNK_BOUNDARY, span, Value::Bytes(span));
                tree.set(chunk, body.span(begin, at + len - begin), Value::Present);
                tree.close();
                is_open = false;
            }
            Step::Trailer(_) => trailer = trailer.or(Some(at)),
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
        return Told { plain: only, made: None };
    }
    let base = tree.add_buffer("De-chunked content", &joined);
    Told { plain: Piece { bytes: b"", base, wire: joined.len() as u32 }, made: Some(joined) }
}
