//! A message on its way: how far its body has come and what is kept of it.

use super::chunks::{Chunks, Step};
use super::framing::Length;
use super::pairing::Link;
use super::quirk::{self, Quirks};
use crate::session::At;
use alloc::vec::Vec;

/// A message whose head has been read.
#[derive(Debug)]
pub(super) struct Message {
    /// What it answers or asks.
    pub link: Link,
    /// Bytes of the head.
    pub head: usize,
    /// The rest.
    pub body: Body,
    /// When the first byte came.
    pub first: At,
    /// When the last byte so far came.
    pub last: At,
    /// Bytes so far, head included and gaps left out.
    pub wire: u64,
    /// Bytes of the body that were not captured.
    pub missing: u64,
    /// What is odd about it.
    pub quirks: Quirks,
    /// Its first bytes, if any are kept; up to the first gap.
    pub kept: Vec<u8>,
    let_go: bool,
}

/// What is left of a body.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunks),
    /// All bytes to the end of the stream.
    UntilEnd,
}

/// Whether a body is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is.
    Done,
    /// More bytes are needed.
    More,
    /// Its end cannot be known.
    Bad,
}

/// Where a gap ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Within the body.
    Within,
    /// With the body.
    Exactly,
    /// Beyond the body or in what frames it; so many bytes of it are the body's.
    Beyond(u64),
}

impl Message {
    /// A message that begins.
    pub(super) fn new(link: Link, head: usize, body: Body, first: At, last: At, quirks: Quirks) -> Message {
        Message { link, head, body, first, last, wire: 0, missing: 0, quirks, kept: Vec::new(), let_go: false }
    }

    /// Takes in its next bytes: the head and `keep` bytes of the body are kept.
    pub(super) fn keep(&mut self, bytes: &[u8], keep: Option<usize>) {
        self.wire += bytes.len() as u64;
        if let Some(keep) = keep.filter(|_| self.missing == 0 && !self.let_go) {
            let room = self.head.saturating_add(keep).saturating_sub(self.kept.len());
            self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    /// When it was complete, or as complete as it will be: with its last byte, or with what showed that there is none.
    pub(super) fn done(&self, now: At) -> i64 {
        if self.body.is_until_end() || self.quirks & quirk::TRUNCATED != 0 { now.time } else { self.last.time }
    }

    /// Keeps no more than the head, to save memory.
    pub(super) fn let_go(&mut self) {
        self.let_go = true;
        self.kept.truncate(self.head);
        self.kept.shrink_to_fit();
    }

    /// Whether its body was let go.
    pub(super) fn is_let_go(&self) -> bool {
        self.let_go
    }

    /// Counts bytes of the body that were not captured.
    pub(super) fn miss(&mut self, len: u64) {
        self.missing = self.missing.saturating_add(len);
    }

    /// Bytes of the body that were seen, chunks joined.
    pub(super) fn body_len(&self) -> u64 {
        match &self.body {
            Body::Chunked(chunks) => chunks.data,
            _ => self.wire.saturating_sub(self.head as u64),
        }
    }
}

impl Body {
    /// A body of which nothing has come.
    pub(super) fn new(length: Length) -> Body {
        match length {
            Length::Known(length) => Body::Length(length),
            Length::Chunked => Body::Chunked(Chunks::default()),
            Length::UntilEnd => Body::UntilEnd,
        }
    }

    /// Reads on; says how many bytes belong to the body.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, Progress) {
        match self {
            Body::Length(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= len as u64;
                (len, if *left == 0 { Progress::Done } else { Progress::More })
            }
            Body::UntilEnd => (bytes.len(), Progress::More),
            Body::Chunked(chunks) => {
                let mut at = 0;
                loop {
                    match chunks.step(bytes.get(at..).unwrap_or_default()) {
                        Step::Size(len, _) | Step::Data(len) | Step::DataEnd(len) | Step::Trailer(len) => at += len,
                        Step::End(len) => return (at + len, Progress::Done),
                        Step::More => return (at, Progress::More),
                        Step::Bad => return (at, Progress::Bad),
                    }
                }
            }
        }
    }

    /// Passes over `len` bytes that were not captured; `seamless` says that they follow what was read.
    pub(super) fn pass(&mut self, len: u64, seamless: bool) -> Passed {
        match self {
            Body::Length(left) if *left > len => {
                *left -= len;
                Passed::Within
            }
            Body::Length(left) if *left == len => Passed::Exactly,
            Body::Length(left) => Passed::Beyond(*left),
            Body::UntilEnd => Passed::Within,
            Body::Chunked(chunks) if seamless && chunks.awaited() >= len => {
                chunks.pass(len);
                Passed::Within
            }
            Body::Chunked(chunks) => Passed::Beyond(chunks.awaited()),
        }
    }

    /// Whether it is in chunks.
    pub(super) fn is_chunked(&self) -> bool {
        matches!(self, Body::Chunked(_))
    }

    /// Whether it ends with the stream.
    pub(super) fn is_until_end(&self) -> bool {
        matches!(self, Body::UntilEnd)
    }

    /// What was odd about it so far.
    pub(super) fn quirks(&self) -> Quirks {
        if let Body::Chunked(chunks) = self { chunks.quirks } else { 0 }
    }
}
