//! Calls in the index: the frames of their messages.

use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::{ConversationId, ExchangeId, Side};

/// The frames of a call's messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallEntry {
    pub(super) id: ExchangeId,
    /// The exchange that carried it.
    pub(super) parent: Option<ExchangeId>,
    /// Whether it is a message that has no response.
    pub(super) is_one_way: bool,
    /// Whether it was carried by an encrypted connection.
    pub(super) is_encrypted: bool,
    /// Whether it stands for a connection whose content is not read.
    pub(super) is_connection: bool,
    pub(super) requester: Option<Side>,
    pub(super) request: Option<MessageFrames>,
    pub(super) response: Option<MessageFrames>,
    /// Last frame read when the call was reported.
    pub(super) reported_in: u32,
}

/// The frames of a message: with its first byte, with its last byte, and the one that completes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageFrames {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) completed_in: u32,
}

impl MessageFrames {
    fn from_transfer(transfer: Transfer) -> MessageFrames {
        MessageFrames { first: transfer.first.frame, last: transfer.last.frame, completed_in: transfer.completed_in }
    }

    /// Returns the last of these frames.
    pub(super) fn last_frame(self) -> u32 {
        self.last.max(self.completed_in)
    }
}

impl CallEntry {
    /// Returns the number of its TCP connection, if it has one.
    pub(super) fn stream(&self) -> Option<u32> {
        self.id.conversation.tcp()
    }

    /// Returns its conversation, and the number of its session in that.
    pub(super) fn session(&self) -> (ConversationId, u32) {
        (self.id.conversation, self.id.session)
    }

    /// Returns whether it is the first one of its TCP connection, so that the handshakes belong to it.
    pub(super) fn is_first(&self) -> bool {
        // The session that decrypts has a number, too.
        let is_first = self.id.is_first() || self.is_encrypted && self.id.nth == 0 && self.parent.is_none();
        is_first && self.stream().is_some()
    }

    /// Returns the frame that completes its first message.
    pub(super) fn completed_in(&self) -> u32 {
        self.request.or(self.response).map_or(0, |frames| frames.completed_in)
    }

    /// Returns the last frame of its messages.
    pub(super) fn last_frame(&self) -> u32 {
        let messages = [self.request, self.response].into_iter().flatten();
        messages.map(MessageFrames::last_frame).max().unwrap_or_default()
    }

    /// Creates the entry of an exchange that was reported after a frame was read.
    pub(super) fn from_exchange(exchange: &Exchange, reported_in: u32) -> CallEntry {
        let &Exchange { id, parent, is_one_way, is_encrypted, is_connection, requester, request, response, .. } =
            exchange;
        CallEntry {
            id,
            parent,
            is_one_way,
            is_encrypted,
            is_connection,
            requester,
            request: request.map(MessageFrames::from_transfer),
            response: response.map(MessageFrames::from_transfer),
            reported_in,
        }
    }
}
