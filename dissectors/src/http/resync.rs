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
}

/// As long a request line as is looked for in the middle of a line.
const LONGEST_START: usize = 4096;

/// Where a start line begins in a line that begins with something else.
fn within(line: &[u8]) -> Option<usize> {
    let mut versions = memchr::memmem::find_iter(line, b"HTTP/1.");
    versions.find_map(|version| {
        let start = start_of(line.get(..version)?).unwrap_or(version);
        (probe::probe(line.get(start..)?) == Verdict::Yes).then_some(start)
    })
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
        Skipped { bytes: 0, in_line: false }
    }

    /// Nothing yet, in the middle of a line.
    pub(super) fn within_line() -> Skipped {
        Skipped { bytes: 0, in_line: true }
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
                let end = memchr::memchr(b'\n', rest);
                let line = rest.get(..end.map_or(rest.len(), |end| end + 1)).unwrap_or(rest);
                match within(line) {
                    Some(start) => {
                        at += start;
                        break true;
                    }
                    // Of a line that goes on, as much is kept as may be the beginning of a message.
                    None if end.is_none() => {
                        at += rest.len().saturating_sub(LONGEST_START);
                        break false;
                    }
                    None => at += line.len() - 1,
                }
            } else {
                match probe::probe(rest) {
                    Verdict::Yes => break true,
                    Verdict::Perhaps => break false,
                    Verdict::No => self.in_line = true,
                }
            }
        };
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
