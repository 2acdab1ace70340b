//! Events: what an analyzer reports beside the trees of frames.

use crate::capture::{Call, Connection, Stream};
use crate::redact::Redactor;
use dissectors::session::{ConversationId, ExchangeId, Half, Side, Stamp};
use dissectors::{Field, Tree};

/// An event in a capture.
#[derive(Clone, Debug)]
pub enum Event {
    /// An exchange is complete, or will never be.
    Call(Call),
    /// A connection was dropped from memory, or the capture has ended.
    Stream(Box<Stream>),
    /// A connection in datagrams was closed or dropped from memory, or the capture has ended.
    Connection(Box<Connection>),
    /// A conversation was dropped from memory, or the capture has ended.
    End {
        /// The conversation.
        conversation: ConversationId,
        /// The frame for which it was evicted, at the limit of conversations. The rest of it is unknown.
        evicted_in: Option<u32>,
    },
    /// The next bytes of the conversation that is followed.
    Chunk(StreamChunk),
    /// Messages that no frame completed.
    Unfinished(Box<UnfinishedMessages>),
    /// Bytes of an earlier frame belong to an exchange.
    Owned {
        /// The frame.
        frame: u32,
        /// The exchange.
        exchange: ExchangeId,
        /// The half of it.
        half: Half,
    },
    /// A note about an earlier frame, which is known only now.
    EarlierNote {
        /// The field of the note.
        note: &'static Field,
        /// The frame.
        frame: u32,
    },
    /// A conversation continues another.
    Joined {
        /// The conversation that goes on.
        from: ConversationId,
        /// The conversation whose name stays.
        to: ConversationId,
    },
}

impl Event {
    /// Replaces the secrets of the event.
    pub(super) fn redact(&mut self, redactor: &Redactor) {
        match self {
            Event::Call(call) => redactor.exchange(&mut call.exchange),
            Event::Unfinished(unfinished) => redactor.tree(&mut unfinished.tree),
            Event::Chunk(StreamChunk { content: StreamContent::Bytes(bytes), .. }) => bytes.fill(0),
            Event::Chunk(_)
            | Event::Stream(_)
            | Event::Connection(_)
            | Event::End { .. }
            | Event::Owned { .. }
            | Event::EarlierNote { .. }
            | Event::Joined { .. } => {}
        }
    }
}

/// Messages that no frame completed: their conversation was dropped, or had to release its buffers.
#[derive(Clone, Debug)]
pub struct UnfinishedMessages {
    /// The conversation.
    pub conversation: ConversationId,
    /// The frame at which they ended.
    pub at: Stamp,
    /// The requests and responses, in order.
    pub messages: Vec<MessageNodes>,
    /// Their fields; nothing of the layers below.
    pub tree: Tree,
}

/// A conversation that a frame belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameConnection {
    /// Its name.
    pub conversation: ConversationId,
    /// Whether the frame carries bytes of the client, of the server, or completes a message of theirs.
    pub has_data: [bool; 2],
    /// The requests and responses of it that the frame completes or has nodes of, in order.
    pub messages: Vec<MessageNodes>,
    /// The exchanges that bytes of the frame belong to, as far as is known with it, if they are wanted.
    pub owners: Vec<(ExchangeId, Half)>,
    /// Whether it carries bytes whose exchange is not known with it.
    pub has_unowned: bool,
    /// Whether it is more than the next bytes of one message: it carries bytes of several messages, bytes out of order or
    /// sent again, it completes a message whose bytes came in other frames, or its bytes belong to an exchange and to none of
    /// its messages, or wait for the detection of their protocol; if that is wanted.
    pub is_mixed: bool,
    /// The sender.
    pub side: Side,
    /// It begins the connection, on ports that another had before.
    pub reused: bool,
    /// It is not the frame's own segment, but one that an error quotes.
    pub quoted: bool,
}

/// One half of an exchange, or the part of it that a frame has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNodes {
    /// The exchange.
    pub exchange: ExchangeId,
    /// The half.
    pub half: Half,
    /// Its nodes in the frame's tree.
    pub nodes: std::ops::Range<usize>,
}

/// The next bytes of one side of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamChunk {
    /// The sender.
    pub side: Side,
    /// The frame they arrived with, or with which they could be read.
    pub at: Stamp,
    /// The bytes.
    pub content: StreamContent,
}

/// Bytes, or the lack of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamContent {
    /// Bytes.
    Bytes(Vec<u8>),
    /// So many bytes were never captured.
    Gap(u64),
    /// An unknown number of derived bytes is missing: bytes were not captured, or not decrypted.
    Missing,
    /// The side sends nothing more.
    End,
}
