//! Sessions: what reads the bytes of one conversation, in order, side by side.

use crate::exchange::Exchange;
use crate::packet::Path;
use crate::tree::{Slice, Tree};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

/// One of the two parties of a conversation: the client opened it, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who opened the conversation, or sent the first frame seen of it.
    Client,
    /// The other.
    Server,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// Where in the capture something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stamp {
    /// The frame's number, from 1.
    pub frame: u32,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

impl Stamp {
    /// The later of two by the clock; of two at the same time, the other.
    #[must_use]
    pub fn later(self, other: Stamp) -> Stamp {
        if self.time > other.time { self } else { other }
    }
}

/// Bytes of one side, in order, that no session has taken yet.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'b> {
    /// The bytes.
    pub bytes: &'b [u8],
    /// Where the first lies in the tree's store, if all of them lie in the present frame.
    pub base: Option<u32>,
}

impl<'b> Chunk<'b> {
    /// What follows the first `n` bytes.
    #[must_use]
    pub fn from(self, n: usize) -> Chunk<'b> {
        Chunk { bytes: self.bytes.get(n..).unwrap_or_default(), base: self.base.map(|base| base + n as u32) }
    }

    /// The first `n` bytes.
    #[must_use]
    pub fn first(self, n: usize) -> Chunk<'b> {
        Chunk { bytes: self.bytes.get(..n).unwrap_or(self.bytes), base: self.base }
    }

    /// The place in the tree's store of the bytes of `range`: in the frame, or in a buffer that is added under `title`.
    pub fn span(self, range: Range<usize>, title: &'static str, tree: &mut Tree) -> Slice {
        let bytes = self.bytes.get(range.clone()).unwrap_or_default();
        let start = match self.base {
            Some(base) => base + range.start as u32,
            None => tree.add_buffer(title, bytes),
        };
        Slice::new(start, bytes.len() as u32)
    }
}

/// What a session leans on while it reads.
pub struct Context<'a> {
    /// The present frame.
    pub at: Stamp,
    /// Where the last bytes shown came: an earlier frame if they waited for what was missing before them.
    pub arrived: Stamp,
    /// The number of the conversation.
    pub stream: u32,
    /// The number of the session in it, from 0: within a tunnel another begins.
    pub session: u32,
    /// What the run wants of its frames, though it may want nothing of the present one.
    pub wants: &'a Wants,
    /// Where fields are recorded; a message belongs to the frame that completed it.
    pub tree: &'a mut Tree,
    /// The protocols of the present frame: a session adds its own when a message ends here.
    pub path: &'a mut Path,
    /// What happened, for whoever lists exchanges.
    pub events: &'a mut Vec<Event>,
    /// What an earlier reading of the same capture learnt; empty in the first.
    pub first_pass: &'a FirstPass,
}

/// What became of the bytes a session was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumed {
    /// As many bytes from the front need not be shown again. 0 asks for more bytes, or waits for the other side.
    pub bytes: usize,
    /// Who reads on.
    pub transition: Transition,
}

/// Who reads a conversation from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The same session.
    Stay,
    /// Anybody who recognises it, on both sides: a tunnel begins.
    Detect,
    /// The session protocol of this name if there is one, else nobody.
    Protocol(&'static str),
}

/// How a side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideEnd {
    /// With FIN, after its last byte.
    Closed,
    /// With RST.
    Reset,
    /// Not: the capture ended, or the conversation was forgotten.
    Unseen,
}

/// What a probe says of bytes at the beginning of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It is this protocol.
    Yes,
    /// It could be, if more bytes came.
    Perhaps,
    /// It is not.
    No,
}

/// Reads one conversation of one protocol.
///
/// Neither the number of calls nor the cut of the bytes may change what is said: a session sees on each call all the
/// bytes of the side that it has not taken. It is called again at once after it has taken some, so one message a call
/// is enough; and when the other side's bytes have told it more, as bytes that it left may now be taken. It never fails: what is malformed becomes a note, and the next message is still read.
pub trait Session: Send {
    /// Reads from `side`.
    fn read(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed;

    /// Learns that `len` bytes of `side` were never captured. What it had not taken before them is in `before`, and is
    /// gone after this call. A gap of no bytes says that memory is short: what it had not taken is gone, and it should
    /// let go of what it [holds](Session::held).
    fn gap(&mut self, side: Side, before: Chunk<'_>, len: u64, cx: &mut Context<'_>);

    /// Learns that `side` sends nothing more; `rest` is what it had not taken. Called once for each side.
    fn end(&mut self, side: Side, rest: Chunk<'_>, ending: SideEnd, cx: &mut Context<'_>);

    /// Whether what it has seen of `side` since the last message that was told is the beginning of another.
    fn is_in_message(&self, _side: Side) -> bool {
        true
    }

    /// How many bytes of messages it keeps, besides those it has not taken.
    fn buffered(&self) -> usize {
        0
    }
}

/// What a session, or the program around it, found to have happened.
#[derive(Debug)]
pub enum Event {
    /// A request and its answer are complete, or will never be.
    Exchange(Box<Exchange>),
    /// A message was told in the present frame: it is complete, or as complete as it will be.
    Message(MessageEnd),
    /// Both sides speak this version of the session's protocol, as far as is known now.
    Version(u16),
}

/// A message that ends with the last byte its session takes in this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Who sent it.
    pub side: Side,
    /// Where its first byte arrived.
    pub first: Stamp,
    /// How many bytes it had on the wire, those that were not captured included.
    pub len: u64,
    /// The exchange that it opens.
    pub request: Option<u32>,
    /// The exchange that it answers for good: the key to [`Foresight::responses`].
    pub response: Option<u32>,
}

/// What later frames say about earlier ones, gathered in a first reading of a capture.
#[derive(Debug, Default)]
pub struct FirstPass {
    /// The frame that completed the response to a request, by conversation, session and the request's place in it, from 0.
    pub responses: BTreeMap<(u32, u32, u32), u32>,
    /// The version that both sides of a session agreed to, by conversation and session.
    pub versions: BTreeMap<(u32, u32), u16>,
    /// The frame in which the bytes of a frame became part of a message, where that is a later one.
    pub reassembled_in: BTreeMap<u32, u32>,
    /// The frame that completed the IP packet of which a frame carries a fragment, where that is a later one.
    pub defragmented_in: BTreeMap<u32, u32>,
    /// The final `tcp.completeness` of each TCP stream, by its number.
    pub completeness: Vec<u8>,
    /// Nanoseconds that the handshake of a TCP stream took, by its number.
    pub initial_rtt: BTreeMap<u32, i64>,
}
