//! Lenient reading: the content that a lenient client gets from a malformed message.
//!
//! It is a second step. The strict reading (RFC 9112) frames the message, and its bytes are buffered up to a limit. Only
//! if the head is malformed, or the body cannot be decoded, these bytes are read again here. The result has the tricks
//! by which it was read, each of which becomes a note.

mod codings;
mod head_end;
pub(super) mod size_line;
pub(super) mod trick;

use super::chunked::{ChunkedDecoder, ChunkedStep};
use super::quirk::{self, Quirks};
use alloc::vec::Vec;
use codings::Codings;
use trick::Tricks;

/// Content as a lenient client reads it.
pub(super) struct LenientReading {
    /// The content.
    pub bytes: Vec<u8>,
    /// Deviations that were read past.
    pub tricks: Tricks,
}

/// End of a response after which a client that reads up to the end of the stream finds more content.
#[derive(Clone, Debug, Default)]
pub(super) struct PreviousResponse {
    /// The head.
    pub head: Vec<u8>,
    /// The body; empty if the response may have none.
    pub body: Vec<u8>,
}

impl PreviousResponse {
    /// Returns the number of buffered bytes.
    pub(super) fn buffered(&self) -> usize {
        self.head.capacity() + self.body.capacity()
    }

    /// Reads bytes that follow this response.
    fn read_on(&self, bytes: &[u8], spent: &mut usize) -> LenientReading {
        let joined = [&self.body[..], bytes].concat();
        let tricks = if self.body.is_empty() { trick::BODY_BYTES } else { trick::LENGTH_SHORT };
        match undo_codings(Codings::find(&self.head), &joined, false, spent) {
            Some(reading) => LenientReading { tricks: reading.tricks | tricks, ..reading },
            None => LenientReading { bytes: joined, tricks },
        }
    }
}

/// Quirks of heads that may hide a coding from the strict reading.
const SUSPICIOUS: Quirks = quirk::TE_UNKNOWN
    | quirk::TE_NOT_CHUNKED
    | quirk::SMUGGLING
    | quirk::BAD_HEADER_NAME
    | quirk::NO_COLON
    | quirk::BARE_LF
    | quirk::BARE_CR
    | quirk::NUL_BYTE
    | quirk::FOLDED_HEADER
    | quirk::OBS_TEXT
    | quirk::TRUNCATED
    | quirk::BAD_CHUNK;

/// Whether a message with these quirks and this head may have other content than the strict reading found.
pub(super) fn is_suspicious(quirks: Quirks, head: &[u8]) -> bool {
    quirks & SUSPICIOUS != 0 || may_continue(head)
}

/// Whether a head may continue after its end: a single LF after lines that end in CR LF.
fn may_continue(head: &[u8]) -> bool {
    head.ends_with(b"\r\n\n")
}

/// Joins the chunks of an incomplete body if one of them has a size of 2^32 or more, of which the low 32 bits are used.
pub(super) fn join_wrapped_chunks(body: &[u8], decoder: &ChunkedDecoder) -> Option<Vec<u8>> {
    let is_larger = decoder.data.saturating_add(decoder.data_left()) > u64::from(u32::MAX);
    is_larger.then(|| join_chunks(body, ChunkedDecoder::wrapping())).flatten().map(|joined| joined.bytes)
}

/// Reads the body of a malformed message. `body` are its bytes, without chunks if `is_dechunked`. Returns `None` if
/// nothing hides a coding. `spent` counts the bytes that were decoded, also those of attempts.
pub(super) fn read(head: &[u8], body: &[u8], is_dechunked: bool, spent: &mut usize) -> Option<LenientReading> {
    // Without an empty line, all bytes are the head.
    if body.is_empty() {
        let (end, tricks) = head_end::find(head)?;
        let (head, body) = head.split_at_checked(end)?;
        let reading = undo_codings(Codings::find(head), body, false, spent);
        return Some(reading.map_or_else(
            || LenientReading { bytes: body.to_vec(), tricks },
            |reading| LenientReading { tricks: reading.tricks | tricks, ..reading },
        ));
    }
    let mut codings = Codings::find(head);
    let mut rest = body;
    if may_continue(head)
        && let Some(end) = head_end::find_continuation(body, codings.chunked.is_some())
        && let Some((more, after)) = body.split_at_checked(end)
    {
        codings.append(Codings::find(more));
        codings.tricks |= trick::HEAD_CONTINUES;
        rest = after;
    }
    undo_codings(codings, rest, is_dechunked, spent)
}

/// Reads bytes where a message should begin: a message with a malformed start line, more content of the previous response,
/// or a body alone. `spent` counts the bytes that were decoded.
pub(super) fn read_unexpected(
    bytes: &[u8],
    previous: Option<&PreviousResponse>,
    spent: &mut usize,
) -> Option<LenientReading> {
    let first_line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let is_status = |word: &[u8]| word.len() == 3 && word.iter().all(u8::is_ascii_digit);
    let is_start_line = first_line.split(|&byte| byte == b' ').any(is_status);
    let parts = head_end::find(bytes).filter(|_| is_start_line);
    match parts.and_then(|(end, tricks)| Some((bytes.split_at_checked(end)?, tricks))) {
        Some(((head, body), tricks)) => {
            let tricks = tricks | trick::HEAD_MALFORMED;
            let reading = undo_codings(Codings::find(head), body, false, spent);
            let (bytes, more) = reading.map_or_else(|| (body.to_vec(), 0), |reading| (reading.bytes, reading.tricks));
            Some(LenientReading { bytes, tricks: tricks | more })
        }
        None if bytes.trim_ascii().is_empty() => None,
        None => Some(match previous {
            Some(previous) => previous.read_on(bytes, spent),
            None => LenientReading { bytes: bytes.to_vec(), tricks: trick::BODY_BYTES },
        }),
    }
}

/// Undoes the transfer and content codings that a head names in whatever way. Returns `None` if none was applied.
fn undo_codings(codings: Codings, body: &[u8], is_dechunked: bool, spent: &mut usize) -> Option<LenientReading> {
    let (mut tricks, mut content) = (codings.tricks, None);
    if let Some(found) = codings.chunked.filter(|found| !is_dechunked || found & trick::CHUNKED_TWICE != 0) {
        // Each of them may be applied once.
        for _ in 0..2 {
            let Some(joined) = join_chunks(content.as_deref().unwrap_or(body), ChunkedDecoder::default()) else {
                break;
            };
            tricks |= found | joined.tricks;
            content = Some(joined.bytes);
            if found & trick::CHUNKED_TWICE == 0 || is_dechunked {
                break;
            }
        }
    }
    for named in codings.names.iter().rev() {
        match codings::undo(named, content.as_deref().unwrap_or(body), spent) {
            Some((bytes, found)) => {
                content = Some(bytes);
                tricks |= found;
            }
            None => tricks |= trick::CODING_NOT_APPLIED,
        }
    }
    let bytes = match content {
        Some(bytes) => bytes,
        None if tricks & trick::HEAD_CONTINUES != 0 => body.to_vec(),
        None => return None,
    };
    Some(LenientReading { bytes, tricks })
}

/// Joins chunks; `None` if the body is not chunked.
fn join_chunks(body: &[u8], mut chunks: ChunkedDecoder) -> Option<LenientReading> {
    let (mut at, mut bytes) = (0, Vec::new());
    loop {
        let rest = body.get(at..)?;
        at += match chunks.step(rest) {
            ChunkedStep::Data(len) => {
                bytes.extend_from_slice(rest.get(..len)?);
                len
            }
            ChunkedStep::Size(len, _) | ChunkedStep::DataEnd(len) | ChunkedStep::Trailer(len) => len,
            ChunkedStep::End(_) | ChunkedStep::NeedsMore | ChunkedStep::Malformed => break,
        };
    }
    // One complete chunk at least.
    let is_chunked = chunks.is_begun() && !bytes.is_empty() && chunks.data_left() == 0;
    is_chunked.then_some(LenientReading { bytes, tricks: chunks.tricks })
}
