//! The calls that a server makes while it handles a call, and those of their servers: the hosts behind a call.

use super::sequence::message_arrow;
use super::text::{endpoint_text, quote};
use crate::analysis::Task;
use crate::capture::{Call, Endpoint};
use crate::diagram::{Arrow, Diagram};
use dissectors::exchange::{Outcome, Transfer};
use dissectors::packet::Address;
use dissectors::session::ExchangeId;

/// Maximum number of calls that are kept, of those that overlap with the call.
const MAX_CALLS: usize = 1000;

/// Collects the calls that overlap with a call in time.
pub struct CallsWithin {
    root: Call,
    calls: Vec<Call>,
    dropped: usize,
}

/// A diagram of all hosts, and what it lacks.
pub struct HostDiagram {
    /// The diagram: the client, the servers of its lookups, the server, and the servers behind it.
    pub diagram: Diagram,
    /// Number of calls that may belong to several calls.
    pub ambiguous: usize,
    /// Number of calls beyond the limit.
    pub dropped: usize,
}

/// First and last time of a call.
type Span = (i64, i64);

impl CallsWithin {
    /// Starts with the call.
    #[must_use]
    pub fn new(root: Call) -> CallsWithin {
        CallsWithin { root, calls: Vec::new(), dropped: 0 }
    }

    /// Returns the task of the reading.
    #[must_use]
    pub fn task() -> Task {
        Task { exchanges: true, without_connections: true, ..Task::default() }
    }

    /// Adds a call of the capture.
    pub fn add(&mut self, call: Call) {
        let (from, to) = span(&self.root);
        let (start, end) = span(&call);
        if call.exchange.id == self.root.exchange.id || call.exchange.is_one_way || start > to || end < from {
            return;
        }
        if self.calls.len() < MAX_CALLS {
            self.calls.push(call);
        } else {
            self.dropped += 1;
        }
    }

    /// Adds the calls to the diagram of the call.
    #[must_use]
    pub fn finish(mut self, of_call: Diagram) -> HostDiagram {
        self.calls.sort_by_key(|call| (span(call), call.exchange.id));
        let (caused, ambiguous) = caused(&self.root, &self.calls);
        let mut diagram = with_client_first(of_call, &self.root);
        let server = endpoint_text(self.root.server);
        let mut lanes = vec![(self.root.exchange.id, lane(&mut diagram, server))];
        for (call, parent) in caused {
            let from = lanes.iter().find(|(id, _)| *id == parent).map_or(0, |&(_, lane)| lane);
            let is_tunneled = call.exchange.parent == Some(parent);
            let from = if is_tunneled { 0 } else { from };
            let to = lane(&mut diagram, endpoint_text(call.server));
            add_arrows(call, [from, to], &mut diagram);
            lanes.push((call.exchange.id, to));
        }
        diagram.arrows.sort_by_key(|arrow| arrow.frame);
        HostDiagram { diagram, ambiguous, dropped: self.dropped }
    }
}

fn span(call: &Call) -> Span {
    let halves = [call.exchange.request, call.exchange.response];
    let halves = halves.iter().flatten();
    let (first, last) = (halves.clone().map(|half| half.first.time).min(), halves.map(|half| half.last.time).max());
    (first.unwrap_or_default(), last.unwrap_or_default())
}

/// Returns the calls that a call caused, each with the call that it was made for, and the number of those that may have been made
/// for several. A call is made for another one if its client is the server of that, while that waits for its response.
fn caused<'c>(root: &'c Call, calls: &'c [Call]) -> (Vec<(&'c Call, ExchangeId)>, usize) {
    let mut caused: Vec<(&Call, ExchangeId)> = Vec::new();
    let mut ambiguous = 0;
    for call in calls {
        if let Some(parent) = call.exchange.parent.filter(|parent| *parent == root.exchange.id) {
            caused.push((call, parent));
            continue;
        }
        let all = calls.iter().chain([root]);
        let mut may_cause: Vec<&Call> = all.filter(|other| may_have_caused(other, call)).collect();
        may_cause.sort_by_key(|other| span(other));
        let Some(nearest) = may_cause.pop() else { continue };
        let is_known = |id: ExchangeId| id == root.exchange.id || caused.iter().any(|(call, _)| call.exchange.id == id);
        if !is_known(nearest.exchange.id) && !may_cause.iter().any(|other| is_known(other.exchange.id)) {
            continue;
        }
        let ancestors = ancestors(nearest.exchange.id, &caused);
        if is_known(nearest.exchange.id) && may_cause.iter().all(|other| ancestors.contains(&other.exchange.id)) {
            caused.push((call, nearest.exchange.id));
        } else {
            ambiguous += 1;
        }
    }
    (caused, ambiguous)
}

/// Returns the calls that a call was made for, directly or not.
fn ancestors(id: ExchangeId, caused: &[(&Call, ExchangeId)]) -> Vec<ExchangeId> {
    let parent = |id: &ExchangeId| caused.iter().find(|(call, _)| call.exchange.id == *id).map(|&(_, parent)| parent);
    std::iter::successors(parent(&id), parent).collect()
}

fn may_have_caused(outer: &Call, inner: &Call) -> bool {
    let ((from, to), (start, end)) = (span(outer), span(inner));
    let is_within = outer.exchange.id != inner.exchange.id && from <= start && end <= to && (from, to) != (start, end);
    is_within && (outer.server.address == inner.client.address || is_loopback(inner.client))
}

/// Whether an endpoint is on the host of the capture, whose servers may have other addresses, too.
fn is_loopback(end: Endpoint) -> bool {
    match end.address {
        Address::V4([first, ..]) => first == 127,
        Address::V6(bytes) => bytes == std::net::Ipv6Addr::LOCALHOST.octets(),
        _ => false,
    }
}

/// Returns a diagram with the client as its first lane.
fn with_client_first(diagram: Diagram, root: &Call) -> Diagram {
    let name = endpoint_text(root.client);
    let client = diagram.lanes.iter().position(|lane| *lane == name).unwrap_or_default();
    let moved = |lane: usize| if lane == client { 0 } else { lane + usize::from(lane < client) };
    let mut lanes = diagram.lanes;
    let first = lanes.remove(client);
    lanes.insert(0, first);
    let arrows = diagram.arrows.into_iter();
    let arrows = arrows.map(|arrow| {
        let label = message_label(root, arrow.frame).map_or(String::new(), |name| name + ": ") + &arrow.label;
        Arrow { from: moved(arrow.from), to: moved(arrow.to), label, ..arrow }
    });
    let arrows = arrows.collect();
    Diagram { lanes, arrows, ..diagram }
}

/// Returns the name of the message of a call that begins in a frame.
fn message_label(call: &Call, frame: u32) -> Option<String> {
    let exchange = &call.exchange;
    let begins = |half: Option<Transfer>| half.is_some_and(|half| half.first.frame == frame);
    match exchange.id.conversation.tcp() {
        Some(_) if begins(exchange.request) => Some(request_label(call)),
        Some(_) if begins(exchange.response) => Some(response_label(call)),
        _ => None,
    }
}

fn request_label(call: &Call) -> String {
    format!("{} {}", quote(&call.exchange.method), quote(&call.exchange.target))
}

fn response_label(call: &Call) -> String {
    if call.exchange.status.is_empty() { "response".to_owned() } else { quote(&call.exchange.status) }
}

/// Returns the lane of a server, which is added if it is not there.
fn lane(diagram: &mut Diagram, name: String) -> usize {
    let found = diagram.lanes.iter().skip(1).position(|lane| *lane == name).map(|lane| lane + 1);
    found.unwrap_or_else(|| {
        diagram.lanes.push(name);
        diagram.lanes.len() - 1
    })
}

/// Adds the request and the response of a call between two lanes.
fn add_arrows(call: &Call, [from, to]: [usize; 2], diagram: &mut Diagram) {
    let exchange = &call.exchange;
    let request = exchange.request.map(|half| message_arrow(half.first, [from, to], request_label(call)));
    let response = exchange.response.map(|half| message_arrow(half.last, [to, from], response_label(call)));
    let is_anomalous = exchange.outcome != Outcome::Success;
    diagram.arrows.extend(request);
    diagram.arrows.extend(response.map(|arrow| Arrow { is_anomalous, ..arrow }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::exchange::Exchange;
    use dissectors::session::{ConversationId, Stamp};

    fn end(host: u8, port: u16) -> Endpoint {
        Endpoint { address: Address::V4([10, 0, 0, host]), port }
    }

    /// A call between two hosts in these milliseconds.
    fn call(stream: u32, hosts: [u8; 2], (from, to): (i64, i64)) -> Call {
        let half = |time: i64| {
            let stamp = Stamp { frame: time as u32 + 1, time: time * 1_000_000 };
            Some(Transfer { first: stamp, last: stamp, completed_in: stamp.frame, body: 0, complete: true })
        };
        let id = ExchangeId { conversation: ConversationId::Tcp(stream), ..ExchangeId::default() };
        let exchange =
            Exchange { id, request: half(from), response: half(to), outcome: Outcome::Success, ..Exchange::default() };
        let (client, server) = (end(hosts[0], 50_000 + stream as u16), end(hosts[1], 80));
        Call { exchange: Box::new(exchange), client, server, connect: None, start: 0, names: None }
    }

    fn hosts(root: &Call, others: Vec<Call>) -> (usize, usize) {
        let mut within = CallsWithin::new(root.clone());
        others.into_iter().for_each(|call| within.add(call));
        let lanes = vec![endpoint_text(root.client), endpoint_text(root.server)];
        let found = within.finish(Diagram { lanes, arrows: Vec::new(), start: 0 });
        (found.diagram.lanes.len(), found.ambiguous)
    }

    #[test]
    fn a_call_belongs_to_the_call_that_its_client_answers_meanwhile() {
        let root = call(0, [1, 2], (0, 100));
        // The server calls a host, which calls another one; a call after it, and one of a third host, belong to none.
        let chain = vec![call(1, [2, 3], (10, 50)), call(2, [3, 4], (20, 40))];
        assert_eq!(hosts(&root, chain), (4, 0));
        assert_eq!(hosts(&root, vec![call(1, [2, 3], (90, 110)), call(2, [9, 4], (20, 40))]), (2, 0));
    }

    #[test]
    fn a_call_that_may_belong_to_two_calls_is_counted_and_not_shown() {
        let root = call(0, [1, 2], (0, 100));
        assert_eq!(hosts(&root, vec![call(1, [5, 2], (5, 90)), call(2, [2, 3], (20, 40))]), (2, 1));
        let before = call(1, [5, 2], (-50, 10));
        assert_eq!(hosts(&root, vec![before, call(2, [2, 3], (20, 40))]), (3, 0));
    }
}
