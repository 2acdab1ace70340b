//! When connections began, and when their handshakes ended.

use crate::analysis::FrameConnection;
use crate::report::DissectedFrame;
use dissectors::call_facts::FactRole;
use dissectors::session::{ConversationId, ExchangeId, Half};
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
    /// The exchange of the first request.
    pub(super) first_request: Option<ExchangeId>,
}

impl ConnectionTime {
    pub(super) fn new(first: i64) -> ConnectionTime {
        ConnectionTime { first, handshakes: Vec::new(), first_request: None }
    }

    /// Whether an exchange is the first of a connection of datagrams, whose handshakes are all of its connecting.
    pub(super) fn is_first_over_datagrams(&self, exchange: ExchangeId) -> bool {
        exchange.conversation.tcp().is_none() && !self.handshakes.is_empty() && self.first_request == Some(exchange)
    }
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
            let own = own.or_insert_with(|| ConnectionTime::new(time));
            let mut requests = connection.messages.iter().filter(|message| message.half == Half::Request);
            own.first_request = own.first_request.or_else(|| requests.next().map(|message| message.exchange));
            if connection.has_data != [false; 2]
                && own.handshakes.len() < MAX_HANDSHAKE
                && self.handshake.iter().any(|field| shown.tree.first(field).is_some())
            {
                own.handshakes.push(time);
            }
        }
    }

    /// Returns the times of a connection.
    pub(super) fn of(&self, conversation: ConversationId) -> Option<&ConnectionTime> {
        self.connections.get(&conversation)
    }

    /// Removes a connection that has ended.
    pub(super) fn end(&mut self, conversation: ConversationId) {
        self.connections.remove(&conversation);
    }
}
