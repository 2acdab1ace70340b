//! When connections began and their handshakes ended, and the lookups of names before them.

use crate::analysis::FrameConnection;
use crate::capture::Call;
use crate::report::DissectedFrame;
use dissectors::call_facts::FactRole;
use dissectors::packet::Address;
use dissectors::session::ConversationId;
use dissectors::{Field, Wants, call_facts};
use std::collections::{HashMap, VecDeque};

/// Maximum number of lookups that are kept.
const MAX_LOOKUPS: usize = 1024;

/// Maximum number of frames of a handshake that are kept.
const MAX_HANDSHAKE: usize = 32;

/// Nanoseconds between a lookup and a connection for which it was made.
const LOOKUP_TO_CONNECTION: i64 = 5_000_000_000;

/// Times of open connections.
pub(super) struct ConnectionTimes {
    /// Fields of handshakes above the transport.
    handshake: Vec<&'static Field>,
    connections: HashMap<ConversationId, ConnectionTime>,
    lookups: VecDeque<Lookup>,
}

/// Times of a connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionTime {
    /// Time of the first frame.
    pub(super) first: i64,
    /// Times of the first frames with a handshake above the transport.
    pub(super) handshakes: Vec<i64>,
}

/// A lookup of a name.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    client: Address,
    name: String,
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Lookup {
    pub(super) fn at(client: Address, name: &str, first: i64, last: i64) -> Lookup {
        Lookup { client, name: name.to_owned(), first, last }
    }
}

impl ConnectionTimes {
    pub(super) fn new() -> ConnectionTimes {
        let roles = call_facts().flat_map(|(_, facts)| facts.fields);
        let handshake = roles.filter(|(role, _)| *role == FactRole::HandshakeMessage).map(|&(_, field)| field);
        ConnectionTimes { handshake: handshake.collect(), connections: HashMap::new(), lookups: VecDeque::new() }
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

    /// Adds a call, if it is a lookup of a name.
    pub(super) fn call(&mut self, call: &Call) {
        let exchange = &call.exchange;
        if !crate::journey::is_lookup(exchange.protocol) {
            return;
        }
        let (Some(request), Some(response)) = (exchange.request, exchange.response) else { return };
        let name = exchange.target.trim_end_matches('.').to_ascii_lowercase();
        let (first, last) = (request.first.time, response.last.time);
        if self.lookups.len() == MAX_LOOKUPS {
            self.lookups.pop_front();
        }
        self.lookups.push_back(Lookup::at(call.client.address, &name, first, last));
    }

    /// Returns the times of a connection.
    pub(super) fn of(&self, conversation: ConversationId) -> Option<ConnectionTime> {
        self.connections.get(&conversation).cloned()
    }

    /// Removes and returns the lookups of a host that its client made shortly before a time, as one.
    pub(super) fn take_lookup(&mut self, client: Address, host: &str, before: i64) -> Option<Lookup> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_it = |lookup: &Lookup| {
            let since = before.saturating_sub(lookup.last);
            lookup.client == client && lookup.name == host && (0..=LOOKUP_TO_CONNECTION).contains(&since)
        };
        // Addresses of both families are looked up at once.
        let found = self.lookups.iter().filter(|lookup| is_it(lookup)).cloned().reduce(|a, b| Lookup {
            first: a.first.min(b.first),
            last: a.last.max(b.last),
            ..a
        })?;
        self.lookups.retain(|lookup| !is_it(lookup));
        Some(found)
    }

    /// Removes a connection that has ended.
    pub(super) fn end(&mut self, conversation: ConversationId) {
        self.connections.remove(&conversation);
    }
}
