//! Resynchronization: finds the next message after malformed data or a gap.

use super::fields::{HTTP, UNEXPECTED};
use super::lenient::PreviousResponse;
use super::pairing::Position;
use super::{PROTOCOL, body, lenient, probe};
use crate::session::{Context, Probe};
use crate::tree::{Slice, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Search for the next message: counts the skipped bytes.
#[derive(Clone, Debug)]
pub(super) struct MessageSearch {
    /// Number of skipped bytes.
    pub skipped_bytes: u64,
    /// Maximum number of skipped bytes that are buffered, to be read leniently.
    keep: usize,
    /// First skipped bytes.
    buffer: Vec<u8>,
    /// Response before the skipped bytes, if they may be content of it.
    previous: Option<Box<PreviousResponse>>,
    is_mid_line: bool,
    /// Number of remaining bytes already searched for a line end.
    searched: usize,
    /// Position of the skipped bytes, if they began where a request should begin.
    request: Option<Position>,
    /// Whether the first line ends as a request line does, once it is complete.
    resembles_request: Option<bool>,
}

/// Maximum length of a start line in the middle of another line, in bytes.
const MAX_START_LINE: usize = 4096;
/// Maximum length of a version with the blank before and the line end after it, in bytes.
const MAX_VERSION: usize = 32;

/// Finds a start line within a line that begins with other data: a status line anywhere, or a request line at the
/// end of the line.
fn find_start_in_line(line: &[u8]) -> Option<usize> {
    let status = memchr::memmem::find_iter(line, b"HTTP/1.").find(|&at| line.get(at..).is_some_and(has_status_code));
    let request = || request_line_start(line.get(..=memchr::memmem::rfind(line, b" HTTP/1.")?)?);
    status.or_else(request).filter(|&at| line.get(at..).is_some_and(|start| probe::probe_bytes(start) == Probe::Yes))
}

/// Whether bytes that are no readable message begin as a status line does.
pub(super) fn looks_like_status_line(bytes: &[u8]) -> bool {
    bytes.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP"))
}

/// Whether a line that is no readable start line ends as a request line does, with a version.
fn ends_as_request_line(line: &[u8]) -> bool {
    let end = line.get(line.len().saturating_sub(MAX_VERSION)..).unwrap_or(line);
    let version = memchr::memrchr2(b' ', b'\t', end).and_then(|at| end.get(at + 1..));
    version.and_then(|version| version.get(..5)).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/"))
}

/// Whether a version is followed by a status code.
fn has_status_code(start: &[u8]) -> bool {
    matches!(start, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9', b' ', a, b, c, ..]
        if [a, b, c].into_iter().all(u8::is_ascii_digit))
}

/// Returns the offset of a request line's method. `before` is the text before the version. The end of a body may be
/// upper case, too, so that a known method is not all of the word.
fn request_line_start(before: &[u8]) -> Option<usize> {
    let target = before.strip_suffix(b" ")?;
    let method_end = memchr::memrchr(b' ', target)?;
    let text = before.get(..method_end)?;
    let letters = text.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count();
    let is_known = |len: &usize| text.get(method_end - len..).is_some_and(probe::is_method);
    let method = (1..=letters.min(probe::MAX_METHOD)).rev().find(is_known).unwrap_or(letters);
    Some(method_end - method)
}

impl MessageSearch {
    /// Starts a search at the beginning of a line.
    pub(super) fn new() -> MessageSearch {
        MessageSearch {
            skipped_bytes: 0,
            keep: 0,
            buffer: Vec::new(),
            previous: None,
            is_mid_line: false,
            searched: 0,
            request: None,
            resembles_request: None,
        }
    }

    /// Starts a search that buffers at most `keep` of the skipped bytes.
    pub(super) fn with_buffer(keep: usize) -> MessageSearch {
        MessageSearch { keep, ..MessageSearch::new() }
    }

    /// The search for what follows a response.
    pub(super) fn after_response(self, previous: Option<Box<PreviousResponse>>) -> MessageSearch {
        MessageSearch { previous, ..self }
    }

    /// Keeps the response before the skipped bytes only if it may have no body: a message was found after them.
    pub(super) fn keep_bodiless_response(&mut self) {
        self.previous = self.previous.take().filter(|previous| previous.body.is_empty());
    }

    /// Returns the number of buffered bytes.
    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity() + self.previous.as_ref().map_or(0, |previous| previous.buffered())
    }

    /// The search that skipped these bytes, of which the first are buffered.
    pub(super) fn after(skipped_bytes: u64, buffer: Vec<u8>) -> MessageSearch {
        MessageSearch { skipped_bytes, buffer, ..MessageSearch::new() }
    }

    /// Starts a search at bytes at this position, where a request should begin.
    pub(super) fn at_request(request: Position) -> MessageSearch {
        MessageSearch { request: Some(request), ..MessageSearch::new() }
    }

    /// Position of the request that the skipped bytes are, before the message that was found, and whether their first line
    /// ends as a request line does. `None` if the message was found within a line.
    pub(super) fn unreadable_request(&self) -> Option<(Position, bool)> {
        Some((self.request?, self.resembles_request.filter(|_| !self.is_mid_line)?))
    }

    /// Starts a search in the middle of a line.
    pub(super) fn new_mid_line() -> MessageSearch {
        MessageSearch { is_mid_line: true, ..MessageSearch::new() }
    }

    /// Counts and buffers skipped bytes.
    pub(super) fn skip(&mut self, bytes: &[u8]) {
        self.skipped_bytes += bytes.len() as u64;
        let room = self.keep.saturating_sub(self.buffer.len());
        self.buffer.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Skips bytes up to the beginning of a message. Returns the number of skipped bytes, and whether a message was
    /// found. A message may begin in the middle of a line, after the missing end of a body.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, bool) {
        let (len, found) = self.find_start(bytes);
        self.skip(bytes.get(..len).unwrap_or_default());
        (len, found)
    }

    fn find_start(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        let found = loop {
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { break false };
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                self.is_mid_line = self.is_mid_line && !rest.get(..blank).unwrap_or_default().contains(&b'\n');
                at += blank;
            } else if self.is_mid_line {
                let searched = if at == 0 { self.searched.min(rest.len()) } else { 0 };
                let Some(more) = memchr::memchr(b'\n', rest.get(searched..).unwrap_or_default()) else {
                    // The end of an incomplete line may be the beginning of a message.
                    self.searched = rest.len().min(MAX_START_LINE);
                    at += rest.len() - self.searched;
                    return (at, false);
                };
                let end = searched + more;
                match find_start_in_line(rest.get(..=end).unwrap_or_default()) {
                    Some(start) => {
                        at += start;
                        break true;
                    }
                    None => {
                        let line = rest.get(..=end).unwrap_or_default();
                        self.resembles_request.get_or_insert_with(|| ends_as_request_line(line));
                        at += end;
                    }
                }
            } else {
                match probe::probe_bytes(rest) {
                    Probe::Yes | Probe::Likely => break true,
                    Probe::Perhaps => break false,
                    Probe::No => self.is_mid_line = true,
                }
            }
        };
        self.searched = 0;
        (at, found)
    }

    /// Records a note with the number of skipped bytes, if any and `wanted`.
    pub(super) fn record(&self, wanted: bool, cx: &mut Context<'_>) {
        if self.skipped_bytes == 0 || !wanted {
            return;
        }
        let bytes = self.skipped_bytes;
        super::describe::push_protocol(cx);
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        cx.tree.set_info(format_args!("Continuation "));
        cx.tree.fence();
        let none = Slice::default();
        cx.tree.open(&HTTP, none, Value::Bytes(none));
        cx.tree.note(&UNEXPECTED, none, format_args!("{}: {bytes}", UNEXPECTED.title));
        let mut spent = 0;
        let buffer = Some(&self.buffer).filter(|_| !cx.tree.decoding.is_exhausted());
        let reading = buffer.and_then(|buffer| lenient::read_unexpected(buffer, self.previous.as_deref(), &mut spent));
        cx.tree.decoding.add(self.buffer.len(), spent);
        if let Some(reading) = reading {
            body::record_lenient_reading(reading, none, cx.tree);
        }
        cx.tree.close();
    }
}
