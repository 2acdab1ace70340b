//! Copies the messages of calls from the trees of frames, and the times of connections.

use super::connection_times::{ConnectionTime, ConnectionTimes};
use super::message::{CapturedMessage, message_wants};
use crate::analysis::{FrameConnection, MessageNodes, Task};
use crate::capture::Call;
use crate::report::DissectedFrame;
use crate::report::dissected_message::{MESSAGE_FIELDS, messages_in};
use dissectors::Tree;
use dissectors::session::{ConversationId, ExchangeId, Half};

/// A message of a call that is not reported yet.
#[derive(Debug)]
pub struct CallMessage {
    pub(super) exchange: ExchangeId,
    pub(super) half: Half,
    pub(super) message: CapturedMessage,
}

impl CallMessage {
    /// Takes the bodies, and copies the rest.
    #[must_use]
    pub fn take_copy(&mut self) -> CallMessage {
        CallMessage { message: self.message.take_copy(), ..*self }
    }

    /// Returns the bytes that it takes in memory, about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.message.len()
    }
}

/// Copies messages, each conversation by itself.
pub struct MessageExtractor {
    /// Bytes that are kept of each body; bodies are not read if there are none.
    body_limit: usize,
    /// Whether trailers are read without bodies, too.
    has_trailers: bool,
    /// Times of connections, if they are collected.
    times: Option<ConnectionTimes>,
}

impl MessageExtractor {
    /// Returns an extractor that keeps this many bytes of each body.
    #[must_use]
    pub fn new(body_limit: usize) -> MessageExtractor {
        MessageExtractor { body_limit, has_trailers: false, times: None }
    }

    /// Reads trailers even if it keeps no bodies.
    #[must_use]
    pub fn with_trailers(self) -> MessageExtractor {
        MessageExtractor { has_trailers: true, ..self }
    }

    /// Collects times of connections, too.
    #[must_use]
    pub fn with_connections(self) -> MessageExtractor {
        MessageExtractor { times: Some(ConnectionTimes::new()), ..self }
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let mut wants = message_wants(self.body_limit);
        if self.has_trailers {
            MESSAGE_FIELDS.iter().for_each(|fields| wants.add(fields.trailers));
        }
        self.times.iter().for_each(|times| times.add_wants(&mut wants));
        Task { wants, exchanges: true, halves: true, ends: true, ..Task::default() }
    }

    /// Reads a frame, and returns the messages that it completes.
    pub fn frame<'t>(
        &mut self,
        shown: &DissectedFrame<'t>,
        connections: &'t [FrameConnection],
    ) -> impl Iterator<Item = CallMessage> + use<'t> {
        if let Some(times) = &mut self.times {
            times.frame(shown, connections);
        }
        let (tree, body_limit) = (shown.tree, self.body_limit);
        connections.iter().flat_map(move |connection| copies(&connection.messages, tree, body_limit))
    }

    /// Returns the messages that a frame completes, or that no frame completed.
    pub fn messages<'t>(
        &self,
        messages: &'t [MessageNodes],
        tree: &'t Tree,
    ) -> impl Iterator<Item = CallMessage> + use<'t> {
        copies(messages, tree, self.body_limit)
    }

    /// Returns the times of the connection of a call, if it is the first call of that, and times are collected.
    #[must_use]
    pub fn connection(&self, call: &Call) -> Option<ConnectionTime> {
        let times = self.times.as_ref()?.of(call.exchange.id.conversation)?;
        (call.connect.is_some() || times.is_first_over_datagrams(call.exchange.id)).then(|| times.clone())
    }

    /// Drops what belongs to a conversation that has ended.
    pub fn conversation_end(&mut self, conversation: ConversationId) {
        if let Some(times) = &mut self.times {
            times.end(conversation);
        }
    }
}

fn copies<'t>(
    messages: &'t [MessageNodes],
    tree: &'t Tree,
    body_limit: usize,
) -> impl Iterator<Item = CallMessage> + use<'t> {
    messages.iter().filter_map(move |part| {
        let nodes = tree.nodes().get(part.nodes.clone()).unwrap_or_default();
        let message = messages_in(nodes, tree).find(|message| message.has_start_line())?;
        let message = CapturedMessage::of(message, body_limit);
        Some(CallMessage { exchange: part.exchange, half: part.half, message })
    })
}
