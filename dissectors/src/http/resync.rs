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

impl Skipped {
    /// Nothing yet.
    pub(super) fn new() -> Skipped {
        Skipped { bytes: 0, in_line: false }
    }

    /// Nothing yet, in the middle of a line.
    pub(super) fn within_line() -> Skipped {
        Skipped { bytes: 0, in_line: true }
    }

    /// Passes over bytes up to a line that begins a message; says how many, and whether there is one.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                self.in_line = self.in_line && !rest.get(..blank).unwrap_or_default().contains(&b'\n');
                at += blank;
            } else if self.in_line {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            } else {
                match probe::probe(rest) {
                    Verdict::Yes => {
                        self.bytes += at as u64;
                        return (at, true);
                    }
                    Verdict::Perhaps => break,
                    Verdict::No => self.in_line = true,
                }
            }
        }
        self.bytes += at as u64;
        (at, false)
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
