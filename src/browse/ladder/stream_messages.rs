//! Messages of a conversation by frame: which frames start a message, and which continue one.

use crate::browse::call_entry::{CallEntry, MessageFrames};
use crate::browse::frame_table::FrameTable;
use dissectors::session::{ConversationId, ExchangeId, Half, Side};

/// Messages per side searched for the one that a frame completes.
const RECENT: usize = 64;

/// A message of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamMessage {
    pub(super) id: ExchangeId,
    pub(super) half: Half,
    pub(super) first: u32,
    /// Last frame with bytes of the message.
    last: u32,
    pub(super) completed_in: u32,
}

/// The position of a frame within a message that an earlier frame started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    Middle(Half),
    End(Half),
}

/// The messages of a connection: the client's first, each side's in the order of their first frames.
#[derive(Debug, Default)]
pub(super) struct StreamMessages([Vec<StreamMessage>; 2]);

impl StreamMessages {
    /// Collects the messages of a conversation.
    pub(super) fn from_table(table: &FrameTable, conversation: ConversationId) -> StreamMessages {
        let mut messages = StreamMessages::default();
        let calls = table.calls.iter().filter(|call| call.id.conversation == conversation);
        calls.for_each(|call| messages.add_call(call));
        messages.sort();
        messages
    }

    /// Adds the messages of a call. They are sorted after the last one.
    pub(super) fn add_call(&mut self, call: &CallEntry) {
        let by_client = call.requester != Some(Side::Server);
        self.add(by_client, call, Half::Request, call.request);
        self.add(!by_client, call, Half::Response, call.response);
    }

    /// Sorts the messages of each side by their first frames.
    pub(super) fn sort(&mut self) {
        self.0.iter_mut().for_each(|side| side.sort_by_key(|message| (message.first, message.id)));
    }

    fn add(&mut self, from_client: bool, call: &CallEntry, half: Half, frames: Option<MessageFrames>) {
        let [client, server] = &mut self.0;
        let side = if from_client { client } else { server };
        side.extend(frames.map(|MessageFrames { first, last, completed_in }| StreamMessage {
            id: call.id,
            half,
            first,
            last,
            completed_in,
        }));
    }

    /// Returns the number of messages.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn side(&self, from_client: bool) -> &[StreamMessage] {
        let [client, server] = &self.0;
        if from_client { client } else { server }
    }

    /// Returns the messages that a side starts in a frame.
    pub(super) fn started_in(&self, from_client: bool, frame: u32) -> &[StreamMessage] {
        let side = self.side(from_client);
        let from = side.partition_point(|message| message.first < frame);
        let to = side.partition_point(|message| message.first <= frame);
        side.get(from..to).unwrap_or_default()
    }

    /// Returns what a frame continues: the message that its sender started before it.
    pub(super) fn continuation(&self, from_client: bool, frame: u32) -> Option<Continuation> {
        let side = self.side(from_client);
        let message = side.get(side.partition_point(|message| message.first < frame).checked_sub(1)?)?;
        match message.last {
            last if frame < last => Some(Continuation::Middle(message.half)),
            last if frame == last => Some(Continuation::End(message.half)),
            _ => None,
        }
    }

    /// Returns the given half of an exchange, if the frame completes it.
    pub(super) fn completed_in(&self, id: ExchangeId, half: Half, frame: u32) -> Option<&StreamMessage> {
        // Most messages are completed shortly after their start.
        let recent = |side: &'_ Vec<StreamMessage>| side.partition_point(|message| message.first <= frame);
        let recent = self.0.iter().flat_map(move |side| side.iter().take(recent(side)).rev().take(RECENT));
        recent.into_iter().find(|message| (message.completed_in, message.id, message.half) == (frame, id, half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_starts_messages_or_continues_one() {
        let id = |nth| ExchangeId { nth, ..ExchangeId::default() };
        let message = |nth, half, first, last| StreamMessage { id: id(nth), half, first, last, completed_in: last };
        let (request, response) = (Half::Request, Half::Response);
        let client = vec![message(0, request, 4, 9), message(1, request, 9, 9), message(2, request, 9, 10)];
        let messages = StreamMessages([client, vec![message(0, response, 6, 6)]]);
        let started = |from_client, frame| {
            messages.started_in(from_client, frame).iter().map(|message| message.id.nth).collect::<Vec<_>>()
        };
        assert_eq!([started(true, 4), started(true, 5), started(true, 9)], [vec![0], vec![], vec![1, 2]]);
        assert_eq!(messages.continuation(true, 4), None);
        let continued = [5, 9].map(|frame| messages.continuation(true, frame));
        assert_eq!(continued, [Some(Continuation::Middle(request)), Some(Continuation::End(request))]);
        assert_eq!([10, 11].map(|frame| messages.continuation(true, frame)), [Some(Continuation::End(request)), None]);
        assert_eq!([5, 6, 7].map(|frame| messages.continuation(false, frame)), [None; 3]);
        assert_eq!(messages.completed_in(id(2), request, 10).map(|message| message.first), Some(9));
        assert_eq!(messages.completed_in(id(2), response, 10), None);
    }
}
