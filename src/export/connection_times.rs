//! When connections began, and when their handshakes ended.

use crate::analysis::FrameConnection;
use crate::report::DissectedFrame;
use dissectors::call_facts::FactRole;
use dissectors::session::ConversationId;
use dissectors::{Field, Wants, call_facts};
use hashbrown::HashMap;

/// Maximum number of frames of a handshake that are kept.
const MAX_HANDSHAKE: usize = 32;

/// Times of open connections.
pub(super) struct ConnectionTimes {
    /// Fields of handshakes above the transport.
    handshake: Vec<&'static Field>,
    connections: HashMap<ConversationId, ConnectionTime>,
}

/// Times of a connection.
#[derive(Clone, Debug)]
pub struct ConnectionTime {
    /// Time of the first frame.
    pub(super) first: i64,
    /// Times of the first frames with a handshake above the transport.
    pub(super) handshakes: Vec<i64>,
}

impl ConnectionTimes {
    pub(super) fn new() -> ConnectionTimes {
        let roles = call_facts().flat_map(|(_, facts)| facts.fields);
        let handshake = roles.filter(|(role, _)| *role == FactRole::HandshakeMessage).map(|&(_, field)| field);
        ConnectionTimes { handshake: handshake.collect(), connections: HashMap::new() }
    }

    /// Adds the fields that must be recorded.
    pub(super) fn add_wants(&self, wants: &mut Wants) {
        self.handshake.iter().for_each(|field| wants.add(field));
    }

    /// Adds a frame.
    pub(super) fn frame(&mut self, shown: &DissectedFrame<'_>, connections: &[FrameConnection]) {
        let time = shown.frame.time.0;
        for connection in connections.iter().filter(|connection| !connection.quoted) {
            let own = self.connections.entry(connection.conversation);
            let own = own.or_insert(ConnectionTime { first: time, handshakes: Vec::new() });
            if connection.has_data != [false; 2]
                && own.handshakes.len() < MAX_HANDSHAKE
                && self.handshake.iter().any(|field| shown.tree.first(field).is_some())
            {
                own.handshakes.push(time);
            }
        }
    }

    /// Returns the times of a connection.
    pub(super) fn of(&self, conversation: ConversationId) -> Option<ConnectionTime> {
        self.connections.get(&conversation).cloned()
    }

    /// Removes a connection that has ended.
    pub(super) fn end(&mut self, conversation: ConversationId) {
        self.connections.remove(&conversation);
    }
}
