//! Finding the next message where one was expected and none is, or after bytes that were not captured.

use super::fields::{HTTP, UNEXPECTED};
use super::{PROTOCOL, probe};
use crate::session::{Context, Verdict};
use crate::tree::{Slice, Value};

/// Bytes that were passed over.
#[derive(Debug)]
pub(super) struct Skipped {
    /// How many.
    pub bytes: u64,
    in_line: bool,
    /// Of what was left, so many bytes are known to have no line end.
    searched: usize,
}

/// As long a request line as is looked for in the middle of a line.
const LONGEST_START: usize = 4096;

/// Where a start line begins in a line that begins with something else: a status line anywhere, or a request line at
/// the line's end.
fn within(line: &[u8]) -> Option<usize> {
    let status = memchr::memmem::find_iter(line, b"HTTP/1.").find(|&at| line.get(at..).is_some_and(is_status));
    let request = || start_of(line.get(..=memchr::memmem::rfind(line, b" HTTP/1.")?)?);
    status.or_else(request).filter(|&at| line.get(at..).is_some_and(|start| probe::probe(start) == Verdict::Yes))
}

/// Whether a version is followed by a status code.
fn is_status(start: &[u8]) -> bool {
    matches!(start, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9', b' ', a, b, c, ..]
        if [a, b, c].into_iter().all(u8::is_ascii_digit))
}

/// Where the method begins whose target ends before the version.
fn start_of(before: &[u8]) -> Option<usize> {
    let target = before.strip_suffix(b" ")?;
    let method_end = memchr::memrchr(b' ', target)?;
    let method = before.get(..method_end)?;
    let token = method.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count();
    Some(method_end - token)
}

impl Skipped {
    /// Nothing yet.
    pub(super) fn new() -> Skipped {
        Skipped { bytes: 0, in_line: false, searched: 0 }
    }

    /// Nothing yet, in the middle of a line.
    pub(super) fn within_line() -> Skipped {
        Skipped { bytes: 0, in_line: true, searched: 0 }
    }

    /// Passes over bytes up to the beginning of a message; says how many, and whether there is one. A message may begin
    /// in the middle of a line: what was lost before it may have been the end of a body.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        let found = loop {
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { break false };
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                self.in_line = self.in_line && !rest.get(..blank).unwrap_or_default().contains(&b'\n');
                at += blank;
            } else if self.in_line {
                let known = if at == 0 { self.searched.min(rest.len()) } else { 0 };
                let Some(more) = memchr::memchr(b'\n', rest.get(known..).unwrap_or_default()) else {
                    // Of a line that goes on, as much is kept as may be the beginning of a message.
                    self.searched = rest.len().min(LONGEST_START);
                    at += rest.len() - self.searched;
                    self.bytes += at as u64;
                    return (at, false);
                };
                let end = known + more;
                match within(rest.get(..=end).unwrap_or_default()) {
                    Some(start) => {
                        at += start;
                        break true;
                    }
                    None => at += end,
                }
            } else {
                match probe::probe(rest) {
                    Verdict::Yes => break true,
                    Verdict::Perhaps => break false,
                    Verdict::No => self.in_line = true,
                }
            }
        };
        self.searched = 0;
        self.bytes += at as u64;
        (at, found)
    }

    /// Says how many bytes were passed over, if any.
    pub(super) fn tell(&self, wanted: bool, cx: &mut Context<'_>) {
        if self.bytes == 0 || !wanted {
            return;
        }
        let bytes = self.bytes;
        super::describe::enter(cx);
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        cx.tree.info(format_args!("Continuation "));
        cx.tree.fence();
        let none = Slice::default();
        cx.tree.open(&HTTP, none, Value::Bytes(none));
        cx.tree.note(&UNEXPECTED, none, format_args!("{}: {bytes}", UNEXPECTED.title));
        cx.tree.close();
    }
}
