//! State of one side, and the search for its next message after a loss.

use super::expected::Expected;
use super::probe::{Start, is_frequent, start};
use super::value::{MAX_LINE, Scan, Scanned};
use crate::pipeline::{Reply, RequestTexts};
use crate::session::{Half, Stamp};
use alloc::boxed::Box;

/// State of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct SideState {
    /// Where the first byte of the present message arrived.
    pub(super) first: Option<Stamp>,
    pub(super) scan: Scan,
    /// A message of which not all bytes are buffered.
    pub(super) long: Option<Box<LongMessage>>,
    /// The position of the messages is unknown.
    pub(super) is_lost: bool,
    /// The loss was noted.
    pub(super) is_noted: bool,
    pub(super) has_ended: bool,
    /// Offset at which a message begins: the other side had received all bytes before it when it sent a command.
    pub(super) boundary: Option<u64>,
}

/// A message that is too long to be buffered, or of which bytes are missing.
#[derive(Clone, Debug)]
pub(super) struct LongMessage {
    pub(super) nth: u32,
    pub(super) half: Half,
    /// Bytes so far.
    pub(super) len: u64,
    pub(super) is_complete: bool,
    pub(super) texts: RequestTexts,
    pub(super) expected: Expected,
    pub(super) reply: Reply,
    pub(super) is_push: bool,
}

impl SideState {
    /// The exchange of a message of which not all bytes are buffered.
    pub(super) fn owner(&self) -> Option<(u32, Half)> {
        self.long.as_ref().map(|long| (long.nth, long.half))
    }
}

/// Finds the end of a command in a line.
pub(super) fn scan_line(bytes: &[u8]) -> Scanned {
    match memchr::memchr(b'\n', bytes.get(..MAX_LINE).unwrap_or(bytes)) {
        Some(end) => Scanned::Message(end + 1),
        None if bytes.len() < MAX_LINE => Scanned::Incomplete,
        None => Scanned::Malformed,
    }
}

/// Finds the first command in bytes. A line of text must be at their beginning, and have the name of a frequent command.
pub(super) fn find_command(bytes: &[u8]) -> Option<usize> {
    let word = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).and_then(|end| bytes.get(..end));
    if word.is_some_and(is_frequent) && memchr::memchr(b'\n', bytes).is_some() {
        return Some(0);
    }
    let is_command = |at: usize| matches!(start(bytes.get(at..).unwrap_or_default()), Start::Command(_));
    memchr::memchr_iter(b'*', bytes).find(|&at| (at == 0 || bytes.get(at - 1) == Some(&b'\n')) && is_command(at))
}

/// Finds the first message of a channel in bytes.
pub(super) fn find_push(bytes: &[u8]) -> Option<usize> {
    let is_push = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        Scan::default().advance(rest) != Scanned::Malformed && super::expected::is_message(rest)
    };
    memchr::memchr2_iter(b'*', b'>', bytes)
        .take(64)
        .find(|&at| (at == 0 || bytes.get(at - 1) == Some(&b'\n')) && is_push(at))
}
