//! Joins the messages of calls, which frames complete one by one, to the calls that are reported later.

use super::connection_times::{ConnectionTime, ConnectionTimes};
use super::message::{CapturedMessage, message_wants};
use crate::analysis::{FrameConnection, MessageNodes, Task};
use crate::capture::Call;
use crate::report::DissectedFrame;
use crate::report::dissected_message::messages_in;
use dissectors::Tree;
use dissectors::session::{ConversationId, ExchangeId, Half};
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;

/// Maximum bytes of the messages of calls that are not complete.
const MAX_PENDING_BYTES: usize = 64 << 20;

/// A call with its messages, as far as these were captured.
#[derive(Debug)]
pub struct CollectedCall {
    /// The call.
    pub call: Call,
    /// Its row in the output of `calls`, from 1.
    pub row: u64,
    /// Request.
    pub request: Option<CapturedMessage>,
    /// Response.
    pub response: Option<CapturedMessage>,
    /// Times of its connection, if it is the first call of that, and times are collected.
    pub connection: Option<ConnectionTime>,
}

impl CollectedCall {
    /// Returns the bytes that its messages take in memory, about.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        [&self.request, &self.response].into_iter().flatten().map(CapturedMessage::len).sum()
    }
}

/// Messages of the calls that are not reported yet.
pub struct CallCollector {
    /// Bytes that are kept of each body; bodies are not read if there are none.
    body_limit: usize,
    pending: HashMap<ExchangeId, [Option<CapturedMessage>; 2]>,
    /// Exchanges in the order of their first messages, also of those that were reported.
    order: VecDeque<ExchangeId>,
    bytes: usize,
    rows: u64,
    /// Number of calls whose messages were dropped at the limit.
    dropped: u64,
    /// What belongs to connections, if that is collected.
    connections: Option<Connections>,
}

/// What belongs to connections.
struct Connections {
    times: ConnectionTimes,
    /// Exported exchanges whose connection carries messages.
    carriers: HashSet<ExchangeId>,
}

/// Status of a response that changes the protocol of a connection.
pub(super) const SWITCHING_PROTOCOLS: u16 = 101;

impl CallCollector {
    /// Returns a collector that keeps this many bytes of each body.
    #[must_use]
    pub fn new(body_limit: usize) -> CallCollector {
        let (pending, order) = (HashMap::new(), VecDeque::new());
        CallCollector { body_limit, pending, order, bytes: 0, rows: 0, dropped: 0, connections: None }
    }

    /// Collects times of connections, too, and all messages that exported exchanges carry, such as those of WebSocket.
    #[must_use]
    pub fn with_connections(self) -> CallCollector {
        let connections = Connections { times: ConnectionTimes::new(), carriers: HashSet::new() };
        CallCollector { connections: Some(connections), ..self }
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let mut wants = message_wants(self.body_limit > 0);
        self.connections.iter().for_each(|own| own.times.add_wants(&mut wants));
        Task { wants, exchanges: true, halves: true, ends: true, ..Task::default() }
    }

    /// Returns the number of calls whose messages were dropped at the limit of memory.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds a frame with the messages that it completes.
    pub fn frame(&mut self, shown: &DissectedFrame<'_>, connections: &[FrameConnection]) {
        if let Some(own) = &mut self.connections {
            own.times.frame(shown, connections);
        }
        for connection in connections.iter().filter(|connection| !connection.messages.is_empty()) {
            self.add_messages(&connection.messages, shown.tree);
        }
    }

    /// Adds the messages that a frame completes, or that no frame completed.
    pub fn add_messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        for part in messages {
            let nodes = tree.nodes().get(part.nodes.clone()).unwrap_or_default();
            let Some(message) = messages_in(nodes, tree).find(|message| message.has_start_line()) else { continue };
            let message = CapturedMessage::of(message, self.body_limit);
            if !self.pending.contains_key(&part.exchange) {
                self.order.push_back(part.exchange);
            }
            let halves = self.pending.entry(part.exchange).or_default();
            let slot = match part.half {
                Half::Request => &mut halves[0],
                Half::Response => &mut halves[1],
            };
            // Interim responses come before the final one.
            self.bytes += message.len();
            let earlier = slot.replace(message);
            self.bytes -= earlier.map_or(0, |earlier| earlier.len());
        }
        self.evict();
    }

    /// Drops the messages of the oldest calls beyond the limit.
    fn evict(&mut self) {
        while self.bytes > MAX_PENDING_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(halves) = self.pending.remove(&oldest) {
                self.bytes -= len(&halves);
                self.dropped += 1;
            }
        }
        if self.order.len() > 2 * self.pending.len() + 1024 {
            self.order.retain(|id| self.pending.contains_key(id));
        }
    }

    /// Returns a call with its messages, or the call alone if it is not exported.
    pub fn call(&mut self, call: Call, is_match: bool) -> Result<CollectedCall, Call> {
        self.rows += 1;
        let halves = self.pending.remove(&call.exchange.id).unwrap_or_default();
        self.bytes -= len(&halves);
        let [request, response] = halves;
        if !is_match && !self.is_carried(&call) {
            return Err(call);
        }
        let mut connection = None;
        if let Some(own) = &mut self.connections {
            let exchange = &call.exchange;
            let carrier = exchange.parent.filter(|_| exchange.is_one_way);
            own.carriers.extend(carrier.or((exchange.code == Some(SWITCHING_PROTOCOLS)).then_some(exchange.id)));
            connection = call.connect.and_then(|_| own.times.of(exchange.id.conversation));
        }
        Ok(CollectedCall { call, row: self.rows, request, response, connection })
    }

    /// Returns whether a call is a message that an exported exchange carries.
    fn is_carried(&self, call: &Call) -> bool {
        let carriers = self.connections.as_ref().map(|own| &own.carriers);
        let carrier = call.exchange.parent.filter(|_| call.exchange.is_one_way);
        carriers.zip(carrier).is_some_and(|(carriers, carrier)| carriers.contains(&carrier))
    }

    /// Drops what belongs to a conversation that has ended.
    pub fn conversation_end(&mut self, conversation: ConversationId) {
        if let Some(own) = &mut self.connections {
            own.times.end(conversation);
            if !own.carriers.is_empty() {
                own.carriers.retain(|carrier| carrier.conversation != conversation);
            }
        }
    }
}

fn len(halves: &[Option<CapturedMessage>; 2]) -> usize {
    halves.iter().flatten().map(CapturedMessage::len).sum()
}
