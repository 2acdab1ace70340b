//! The ladder of one TCP connection, built while its capture is read twice, without an index of the other frames.

use super::row::{LadderBuilder, wants};
use super::stream_messages::StreamMessages;
use crate::analysis::{Event, FrameConnection, NumberSet, Task};
use crate::browse::call_entry::CallEntry;
use crate::browse::request::{LadderRow, LadderWindow, MAX_LADDER_ROWS};
use crate::capture::Stream;
use crate::report::DissectedFrame;
use dissectors::session::ConversationId;
use std::collections::VecDeque;

/// Collects the ladder of a connection, up to the maximum number of rows. The first reading of the capture gives the messages of
/// the connection, the second its rows.
pub struct StreamLadder {
    conversation: ConversationId,
    stream: Option<Box<Stream>>,
    messages: StreamMessages,
    builder: LadderBuilder,
    rows: VecDeque<LadderRow>,
    total: usize,
}

impl StreamLadder {
    /// Returns an empty ladder of a stream.
    #[must_use]
    pub fn new(stream: u32) -> StreamLadder {
        StreamLadder {
            conversation: ConversationId::Tcp(stream),
            stream: None,
            messages: StreamMessages::default(),
            builder: LadderBuilder::new(false),
            rows: VecDeque::new(),
            total: 0,
        }
    }

    fn only(&self) -> NumberSet {
        let mut only = NumberSet::default();
        self.conversation.tcp().into_iter().for_each(|stream| only.insert(stream));
        only
    }

    /// Returns the task of the first reading.
    #[must_use]
    pub fn messages_task(&self) -> Task {
        Task { exchanges: true, streams: true, only: Some(self.only()), ..Task::default() }
    }

    /// Adds an event of the first reading.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Call(call) if call.exchange.id.conversation == self.conversation => {
                self.messages.add_call(&CallEntry::from_exchange(&call.exchange, 0));
            }
            Event::Stream(stream) if Some(stream.number) == self.conversation.tcp() => self.stream = Some(stream),
            _ => {}
        }
    }

    /// Returns whether the capture has the stream, after the first reading.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.stream.is_some()
    }

    /// Returns the task of the second reading.
    #[must_use]
    pub fn rows_task(&mut self) -> Task {
        self.messages.sort();
        Task { wants: wants(), halves: true, only: Some(self.only()), ..Task::default() }
    }

    /// Adds a frame of the second reading, with its connections.
    pub fn frame(&mut self, shown: &DissectedFrame<'_>, connections: &[FrameConnection]) {
        let mut own = connections.iter().filter(|connection| connection.conversation == self.conversation).peekable();
        let Some(first) = own.peek() else { return };
        self.total += 1;
        if self.rows.len() < MAX_LADDER_ROWS {
            self.rows.push_back(self.builder.row(shown, first.side, &self.messages));
        }
        own.for_each(|connection| super::label_earlier_rows(&mut self.rows, connection, shown, &self.messages));
    }

    /// Returns the connection and its ladder, after the second reading.
    #[must_use]
    pub fn finish(self) -> Option<(Box<Stream>, LadderWindow)> {
        let StreamLadder { conversation, stream, builder, rows, total, .. } = self;
        let handshake = builder.handshake.segments;
        Some((stream?, LadderWindow { conversation, from: 0, rows: rows.into(), handshake, total }))
    }
}
