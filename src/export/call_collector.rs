//! Joins the messages of calls, which frames complete one by one, to the calls that are reported later.

use super::message::{CapturedMessage, message_wants};
use crate::analysis::{MessageNodes, Task};
use crate::capture::Call;
use crate::report::dissected_message::messages_in;
use dissectors::Tree;
use dissectors::session::{ExchangeId, Half};
use std::collections::{HashMap, VecDeque};

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
}

impl CallCollector {
    /// Returns a collector that keeps this many bytes of each body.
    #[must_use]
    pub fn new(body_limit: usize) -> CallCollector {
        let (pending, order) = (HashMap::new(), VecDeque::new());
        CallCollector { body_limit, pending, order, bytes: 0, rows: 0, dropped: 0 }
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let wants = message_wants(self.body_limit > 0);
        Task { wants, exchanges: true, halves: true, ends: true, ..Task::default() }
    }

    /// Returns the number of calls whose messages were dropped at the limit of memory.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
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

    /// Returns a call with its messages. Those of a call that is not wanted are dropped.
    pub fn call(&mut self, call: Call, is_wanted: bool) -> Option<CollectedCall> {
        self.rows += 1;
        let halves = self.pending.remove(&call.exchange.id).unwrap_or_default();
        self.bytes -= len(&halves);
        let [request, response] = halves;
        is_wanted.then_some(CollectedCall { call, row: self.rows, request, response })
    }
}

fn len(halves: &[Option<CapturedMessage>; 2]) -> usize {
    halves.iter().flatten().map(CapturedMessage::len).sum()
}
