//! Joins the messages of calls, which frames complete one by one, to the calls that are reported later.

use super::connection_times::ConnectionTime;
use super::message::CapturedMessage;
use super::message_extractor::CallMessage;
use crate::capture::Call;
use dissectors::body_limit::BodyLimit;
use dissectors::session::{ConversationId, ExchangeId, Half};
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;

/// Maximum bytes of the messages of calls that are not complete, beside two of the largest bodies.
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
    pending: HashMap<ExchangeId, [Option<CapturedMessage>; 2]>,
    /// Exchanges in the order of their first messages, also of those that were reported.
    order: VecDeque<ExchangeId>,
    bytes: usize,
    /// Maximum of them.
    max_bytes: usize,
    rows: u64,
    /// Number of calls whose messages were dropped at the limit.
    dropped: u64,
    /// Exported exchanges whose connection carries messages, if these are exported with them.
    carriers: Option<HashSet<ExchangeId>>,
}

impl CallCollector {
    /// Returns a collector of messages with up to this many bytes of each body.
    #[must_use]
    pub fn new(body_limit: usize) -> CallCollector {
        let max_bytes = MAX_PENDING_BYTES + 2 * BodyLimit::at_least(body_limit).extra();
        let (pending, order) = Default::default();
        CallCollector { pending, order, bytes: 0, max_bytes, rows: 0, dropped: 0, carriers: None }
    }

    /// Collects all messages that exported exchanges carry, such as those of WebSocket, too.
    #[must_use]
    pub fn with_carried(self) -> CallCollector {
        CallCollector { carriers: Some(HashSet::new()), ..self }
    }

    /// Returns the number of calls whose messages were dropped at the limit of memory.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds a message.
    pub fn add_message(&mut self, CallMessage { exchange, half, message }: CallMessage) {
        if !self.pending.contains_key(&exchange) {
            self.order.push_back(exchange);
        }
        let halves = self.pending.entry(exchange).or_default();
        let slot = match half {
            Half::Request => &mut halves[0],
            Half::Response => &mut halves[1],
        };
        // Interim responses come before the final one.
        self.bytes += message.len();
        let earlier = slot.replace(message);
        self.bytes -= earlier.map_or(0, |earlier| earlier.len());
        self.evict();
    }

    /// Drops the messages of the oldest calls beyond the limit.
    fn evict(&mut self) {
        while self.bytes > self.max_bytes {
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

    /// Returns a call with its messages, or the call alone if it is not exported. `connection` are the times of its connection.
    pub fn call(
        &mut self,
        call: Call,
        connection: Option<ConnectionTime>,
        is_match: bool,
    ) -> Result<CollectedCall, Call> {
        self.rows += 1;
        let halves = self.pending.remove(&call.exchange.id).unwrap_or_default();
        self.bytes -= len(&halves);
        let [request, response] = halves;
        if !is_match && !self.is_carried(&call) {
            return Err(call);
        }
        if let Some(carriers) = &mut self.carriers {
            let exchange = &call.exchange;
            let carrier = exchange.parent.filter(|_| exchange.is_one_way);
            carriers.extend(carrier.or(exchange.opens_session.then_some(exchange.id)));
        }
        Ok(CollectedCall { call, row: self.rows, request, response, connection })
    }

    /// Returns whether a call is a message that an exported exchange carries.
    fn is_carried(&self, call: &Call) -> bool {
        let carrier = call.exchange.parent.filter(|_| call.exchange.is_one_way);
        self.carriers.as_ref().zip(carrier).is_some_and(|(carriers, carrier)| carriers.contains(&carrier))
    }

    /// Drops what belongs to a conversation that has ended.
    pub fn conversation_end(&mut self, conversation: ConversationId) {
        if let Some(carriers) = self.carriers.as_mut().filter(|carriers| !carriers.is_empty()) {
            carriers.retain(|carrier| carrier.conversation != conversation);
        }
    }
}

fn len(halves: &[Option<CapturedMessage>; 2]) -> usize {
    halves.iter().flatten().map(CapturedMessage::len).sum()
}
