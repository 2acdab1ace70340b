//! Collects calls, what they state about their cause, and the addresses of the machine on which the capture was taken.

use super::context::{MAX_CONTEXTS, TraceContext, TraceHeaders, of_statement};
use super::links::causes;
use super::model::{Trace, TracedCall};
use super::omitted::OmittedCalls;
use super::times::add_times;
use crate::analysis::{Event, FrameConnection, RecentMap, Task, limits};
use crate::capture::{Call, CloseKind};
use crate::report::DissectedFrame;
use crate::report::dissected_message::{MESSAGE_FIELDS, messages_in};
use dissectors::call_facts;
use dissectors::packet::Address;
use dissectors::session::{ConversationId, ExchangeId, Side};
use dissectors::tree::Node;
use dissectors::{Tree, Value, Wants, format, sll};
use std::collections::{HashMap, HashSet, VecDeque};

/// Nanoseconds for which a server may work on a request in a datagram without a response.
const UNANSWERED: i64 = 30_000_000_000;

/// Maximum bytes that are kept of a text of a call.
const MAX_TEXT: usize = 256;

/// Maximum number of addresses of the machine of the capture.
const MAX_LOCAL: usize = 1024;

/// Packet types of a cooked capture (packet(7)): to this machine, and sent by it.
const TO_US: u64 = 0;
const FROM_US: u64 = 4;

/// Collects the calls of a pass.
pub struct TraceCollector {
    /// Row of the selected call.
    selected: Option<u64>,
    /// Number of calls so far.
    rows: u64,
    /// Rows of the calls that are read, if it is not all calls; others are skipped.
    known_rows: Option<HashMap<ExchangeId, u64>>,
    calls: VecDeque<TracedCall>,
    /// Calls beyond the limit, from before and from behind those that are kept.
    omitted: [OmittedCalls; 2],
    /// Contexts of exchanges that are not reported yet.
    contexts: RecentMap<ExchangeId, Vec<TraceContext>>,
    /// Which sides of conversations are the machine of the capture.
    sides: RecentMap<ConversationId, [bool; 2]>,
    local: HashSet<Address>,
    /// End of each connection with a call that has no response, once it is known.
    ends: RecentMap<u32, Option<ConnectionEnd>>,
}

/// The end of a connection.
#[derive(Clone, Copy)]
struct ConnectionEnd {
    /// Time of its last frame.
    last: i64,
    /// Whether it was closed, so that no response can come later.
    is_closed: bool,
}

impl TraceCollector {
    /// Creates a collector of the calls near a row of `calls`, or of the first ones.
    #[must_use]
    pub fn new(selected: Option<u64>) -> TraceCollector {
        TraceCollector {
            selected,
            rows: 0,
            known_rows: None,
            calls: VecDeque::new(),
            omitted: <[OmittedCalls; 2]>::default(),
            contexts: RecentMap::new(limits::TRACE_PENDING),
            sides: RecentMap::new(limits::TRACE_PENDING),
            local: HashSet::new(),
            ends: RecentMap::new(2 * limits::TRACE_CALLS),
        }
    }

    /// Returns a collector of calls whose rows are known, in a pass over a part of the capture.
    #[must_use]
    pub fn with_rows(self, rows: HashMap<ExchangeId, u64>) -> TraceCollector {
        TraceCollector { known_rows: Some(rows), ..self }
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task() -> Task {
        Task { wants: wants(), exchanges: true, streams: true, halves: true, ..Task::default() }
    }

    /// Whether a frame has anything that is collected.
    #[must_use]
    pub fn reads(tree: &Tree, connections: &[FrameConnection]) -> bool {
        let has_messages = connections.iter().any(|connection| !connection.messages.is_empty());
        has_messages || !connections.is_empty() && tree.first(&sll::PKTTYPE).is_some()
    }

    /// Adds a frame with its connections.
    pub fn frame(&mut self, shown: &DissectedFrame<'_>, connections: &[FrameConnection]) {
        let direction = shown.tree.first(&sll::PKTTYPE);
        for connection in connections.iter().filter(|connection| !connection.quoted) {
            if let Some(Value::Uint(direction @ (TO_US | FROM_US))) = direction {
                let own = if direction == FROM_US { connection.side } else { connection.side.other() };
                self.add_side(connection.conversation, own, shown.frame.number);
            }
            for part in &connection.messages {
                let nodes = shown.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
                self.message(part.exchange, nodes, shown.tree, shown.frame.number);
            }
        }
    }

    fn add_side(&mut self, conversation: ConversationId, own: Side, frame: u32) {
        let mut sides = self.sides.get(&conversation).copied().unwrap_or_default();
        if !std::mem::replace(own.of_mut(&mut sides), true) {
            self.sides.insert(conversation, frame, sides);
        }
    }

    /// Adds what the headers of a message state.
    fn message(&mut self, id: ExchangeId, nodes: &[Node], tree: &Tree, frame: u32) {
        let Some(message) = messages_in(nodes, tree).next() else { return };
        let mut headers = TraceHeaders::default();
        message.headers().for_each(|line| headers.add(line));
        let found = headers.contexts();
        if found.is_empty() {
            return;
        }
        let mut contexts = self.contexts.remove(&id).unwrap_or_default();
        for context in found {
            if contexts.len() < MAX_CONTEXTS && !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        self.contexts.insert(id, frame, contexts);
    }

    /// Adds an event.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Call(call) => self.call(call),
            Event::Stream(stream) => {
                let is_closed = matches!(stream.closed, CloseKind::Fin(_) | CloseKind::Reset(_));
                if self.ends.get(&stream.number).is_some() {
                    let end = ConnectionEnd { last: stream.last.time, is_closed };
                    self.ends.insert(stream.number, stream.last.frame, Some(end));
                }
            }
            Event::Unfinished(unfinished) => {
                for part in &unfinished.messages {
                    let nodes = unfinished.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
                    self.message(part.exchange, nodes, &unfinished.tree, 0);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, mut call: Call) {
        self.rows += 1;
        let exchange = &call.exchange;
        let row = match &self.known_rows {
            None => self.rows,
            Some(rows) => match rows.get(&exchange.id) {
                Some(&row) => row,
                None => return,
            },
        };
        let mut contexts = self.contexts.remove(&exchange.id).unwrap_or_default();
        if let Some(sides) = self.sides.get(&exchange.id.conversation) {
            let ends = [call.client, call.server].into_iter().zip(sides).filter(|(_, is_own)| **is_own);
            let room = MAX_LOCAL.saturating_sub(self.local.len());
            self.local.extend(ends.map(|(end, _)| end.address).take(room));
        }
        let Some(request) = exchange.request else { return };
        let active_until = match exchange.response {
            Some(response) => response.last.time,
            None => request.last.time.saturating_add(UNANSWERED),
        };
        let half = limits::TRACE_CALLS / 2;
        match self.selected {
            None if self.calls.len() >= limits::TRACE_CALLS => {
                return self.omitted[1].add(&call, (request.first.time, active_until));
            }
            Some(selected) if row > selected + half as u64 => {
                return self.omitted[1].add(&call, (request.first.time, active_until));
            }
            Some(selected) if row <= selected && self.calls.len() >= half => {
                if let Some(oldest) = self.calls.pop_front() {
                    self.omitted[0].add(&oldest.call, (oldest.first.time, oldest.active_until));
                }
            }
            _ => {}
        }
        let has_headers = call_facts().any(|(name, facts)| name == exchange.protocol && !facts.headers.is_empty());
        if let Some((context, statement)) = of_statement(&exchange.target).filter(|_| !has_headers) {
            contexts.push(context);
            call.exchange.target = statement.into();
        }
        let exchange = &call.exchange;
        if let Some(stream) = exchange.id.conversation.tcp().filter(|_| exchange.lacks_response()) {
            self.ends.insert(stream, request.last.frame, None);
        }
        let last = exchange.response.map_or(request.last, |response| response.last.later(request.last));
        let ended = (!exchange.lacks_response()).then_some(last.time);
        let call = truncated(call);
        self.calls.push_back(TracedCall { first: request.first, last, ended, row, active_until, contexts, call });
    }

    /// Sets the end of the calls without a response.
    fn end_unanswered(&self, calls: &mut [TracedCall]) {
        for call in calls.iter_mut().filter(|call| call.call.exchange.lacks_response()) {
            let Some(stream) = call.call.stream() else { continue };
            let end = self.ends.get(&stream).copied().flatten();
            call.ended = end.map(|end| end.last.max(call.last.time));
            // On a connection that is open to the end of the capture, the response may come later.
            let closed = end.filter(|end| end.is_closed);
            call.active_until = closed.map_or(i64::MAX, |end| end.last.max(call.last.time));
        }
    }

    /// Returns the trees of the calls: that of the selected call, or all.
    #[must_use]
    pub fn finish(mut self) -> Trace {
        let mut calls: Vec<TracedCall> = std::mem::take(&mut self.calls).into();
        calls.sort_by_key(|call| (call.first.time, call.first.frame, call.row));
        self.end_unanswered(&mut calls);
        let causes = causes(&calls, &self.local);
        let selected = self.selected.and_then(|row| calls.iter().position(|call| call.row == row));
        let mut trace = Trace { calls, causes, selected, local: self.local, ..Trace::default() };
        self.omitted.iter().for_each(|omitted| omitted.mark(&mut trace));
        trace.children = vec![Vec::new(); trace.calls.len()];
        for (at, cause) in trace.causes.iter().enumerate() {
            if let Some(children) = cause.caller().and_then(|caller| trace.children.get_mut(caller)) {
                children.push(at);
            }
        }
        let is_root = |&at: &usize| trace.causes.get(at).is_some_and(|cause| cause.caller().is_none());
        let origin = selected.map(|selected| trace.origin(selected));
        let is_shown = |&at: &usize| self.selected.is_none() || origin == Some(trace.origin(at));
        trace.roots = (0..trace.calls.len()).filter(is_root).filter(is_shown).collect();
        let omitted: u64 = self.omitted.iter().map(|omitted| omitted.count).sum();
        if omitted > 0 {
            let limit = limits::TRACE_CALLS;
            trace.notes.push(format!(
                "Causes were searched among {limit} calls; {omitted} more calls are not included. Where they may be a part of a \
                 tree, the cause is unknown, and the own time (<) is at most that."
            ));
        }
        if let Some(row) = self.selected.filter(|_| selected.is_none()) {
            trace
                .notes
                .push(format!("The request of call {row} was not captured or not decrypted: the call is in no tree."));
        }
        add_times(&mut trace);
        trace
    }
}

/// Returns a call with texts of a limited length.
fn truncated(mut call: Call) -> Call {
    let exchange = &mut call.exchange;
    for text in [&mut exchange.method, &mut exchange.authority, &mut exchange.target, &mut exchange.status] {
        if text.len() > MAX_TEXT {
            *text = format::prefix(text, MAX_TEXT).into();
        }
    }
    exchange.content_type = Default::default();
    call
}

fn wants() -> Wants {
    let mut wants = Wants::default();
    wants.add(&sll::PKTTYPE);
    for fields in MESSAGE_FIELDS.iter() {
        let all = [fields.message, fields.start_line].into_iter().chain(fields.headers.iter().copied());
        all.filter(|field| !field.name.is_empty() && !field.later).for_each(|field| wants.add(field));
    }
    wants
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Endpoint;
    use dissectors::exchange::{Exchange, Transfer};
    use dissectors::session::Stamp;

    /// Adds calls without causes, one after the other.
    fn collect(selected: Option<u64>, count: u32) -> Trace {
        let mut collector = TraceCollector::new(selected);
        for nth in 0..count {
            let stamp = Stamp { frame: nth, time: nth.into() };
            let transfer = Transfer { first: stamp, last: stamp, completed_in: nth, body: 0, complete: true };
            let id = ExchangeId { conversation: ConversationId::Tcp(nth), ..ExchangeId::default() };
            let exchange = Exchange { id, request: Some(transfer), response: Some(transfer), ..Exchange::default() };
            let (client, server) = (Endpoint::default(), Endpoint { port: 80, ..Endpoint::default() });
            let call = Call { exchange: Box::new(exchange), client, server, connect: None, start: 0, names: None };
            collector.event(Event::Call(call));
        }
        collector.finish()
    }

    #[test]
    fn of_many_calls_the_first_ones_are_kept_or_those_around_the_selected_one() {
        let (limit, count) = (limits::TRACE_CALLS as u64, limits::TRACE_CALLS as u32 * 3);
        let rows = |trace: &Trace| (trace.calls[0].row, trace.calls[trace.calls.len() - 1].row);
        let all = collect(None, count);
        assert_eq!((rows(&all), all.notes.len()), ((1, limit), 1), "{:?}", all.notes);
        let near = collect(Some(limit + 7), count);
        assert_eq!(rows(&near), (limit / 2 + 8, limit + 7 + limit / 2));
        assert_eq!((near.roots.len(), near.notes.len()), (1, 1), "{:?}", near.notes);
        assert!(collect(None, 3).notes.is_empty());
    }

    #[test]
    fn long_texts_are_truncated_between_characters() {
        let target = "é".repeat(MAX_TEXT);
        let exchange = Exchange { target: target.as_str().into(), ..Exchange::default() };
        let (client, server) = (Endpoint::default(), Endpoint::default());
        let call = Call { exchange: Box::new(exchange), client, server, connect: None, start: 0, names: None };
        assert_eq!(truncated(call).exchange.target.len(), MAX_TEXT);
    }
}
