//! The ladder of one conversation, built while its capture is read twice, without an index of the other frames.

use super::row::{LadderBuilder, wants};
use super::stream_messages::StreamMessages;
use crate::analysis::{Event, FrameConnection, NumberSet, Task};
use crate::browse::call_entry::CallEntry;
use crate::browse::request::{LadderRow, LadderWindow, MAX_LADDER_ROWS};
use crate::capture::{Endpoint, EndpointNames};
use crate::report::DissectedFrame;
use dissectors::session::{ConversationId, Side};
use std::collections::VecDeque;

/// The ends of a conversation with a ladder.
pub struct LadderEnds {
    /// Client.
    pub client: Endpoint,
    /// Server.
    pub server: Endpoint,
    /// Names of client and server, if addresses are resolved.
    pub names: Option<Box<EndpointNames>>,
}

/// Collects the ladder of a conversation, up to the maximum number of rows. The first reading of the capture gives the messages of
/// the conversation, the second its rows.
pub struct StreamLadder {
    conversation: ConversationId,
    ends: Option<LadderEnds>,
    messages: StreamMessages,
    builder: LadderBuilder,
    rows: VecDeque<LadderRow>,
    total: usize,
}

impl StreamLadder {
    /// Returns an empty ladder of a conversation.
    #[must_use]
    pub fn new(conversation: ConversationId) -> StreamLadder {
        StreamLadder {
            conversation,
            ends: None,
            messages: StreamMessages::default(),
            builder: LadderBuilder::new(conversation.tcp().is_none()),
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
        let udp_conversations = self.conversation.tcp().is_none();
        Task { exchanges: true, streams: true, only: Some(self.only()), udp_conversations, ..Task::default() }
    }

    /// Adds an event of the first reading.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Call(call) if call.exchange.id.conversation == self.conversation => {
                self.messages.add_call(&CallEntry::from_exchange(&call.exchange, 0));
                if self.conversation.tcp().is_none() {
                    // The client of a conversation sent its first datagram.
                    let ends = match call.exchange.requester {
                        Some(Side::Server) => LadderEnds { client: call.server, server: call.client, names: None },
                        _ => {
                            let names = call.names.as_deref().cloned().map(Box::new);
                            LadderEnds { client: call.client, server: call.server, names }
                        }
                    };
                    self.ends.get_or_insert(ends);
                }
            }
            Event::Stream(stream) if Some(stream.number) == self.conversation.tcp() => {
                self.ends = Some(LadderEnds { client: stream.client, server: stream.server, names: stream.names });
            }
            _ => {}
        }
    }

    /// Returns whether the capture has the conversation, after the first reading. One in datagrams is found by its calls.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.ends.is_some()
    }

    /// Returns the task of the second reading.
    #[must_use]
    pub fn rows_task(&mut self) -> Task {
        self.messages.sort();
        let udp_conversations = self.conversation.tcp().is_none();
        Task { wants: wants(), halves: true, only: Some(self.only()), udp_conversations, ..Task::default() }
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

    /// Returns the conversation and its ladder, after the second reading.
    #[must_use]
    pub fn finish(self) -> Option<(LadderEnds, LadderWindow)> {
        let StreamLadder { conversation, ends, builder, rows, total, .. } = self;
        let handshake = builder.handshake.segments;
        Some((ends?, LadderWindow { conversation, from: 0, rows: rows.into(), handshake, total }))
    }
}
