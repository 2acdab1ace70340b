//! Collects the profile of a capture in one pass.

use super::profile::{
    CallPosition, CallSample, CaptureProfile, MAX_ALL_SAMPLES, MAX_NAME, MAX_OPERATIONS, MAX_SAMPLES, MAX_STATUSES,
    MAX_TEXT, OperationKey, ServerParameter, StatusCount,
};
use crate::analysis::{Event, FrameResults, MessageNodes, Task};
use crate::capture::{Call, Endpoint, Stream};
use crate::export::header_pair;
use crate::report::dissected_message::{MESSAGE_FIELDS, messages_in};
use crate::report::path_template;
use crate::report::records::endpoint;
use crate::statistics::{EndpointFields, ValueFormatter, handshake_fields};
use dissectors::session::{ExchangeId, Half, Side};
use dissectors::{Field, Tree, Wants, call_facts, field, format};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Maximum number of calls that are not complete, of which the names of headers are kept.
const MAX_PENDING: usize = 16_384;

/// Maximum number of headers of a message whose names are kept.
const MAX_HEADERS: usize = 256;

/// Fields of a SYN whose values are compared.
const HANDSHAKE_FIELDS: [&str; 3] = ["tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.sack_perm"];

/// Collects the profile of a capture.
pub struct ProfileBuilder {
    profile: CaptureProfile,
    /// Whether hosts and addresses are part of what is compared.
    compares_hosts: bool,
    /// Names of the headers of calls that are not complete: of requests, of responses.
    pending: HashMap<ExchangeId, [Option<Vec<Box<str>>>; 2]>,
    /// Calls in the order of their first messages, also of those that are complete.
    order: VecDeque<ExchangeId>,
    /// Servers of the calls that count, if the calls are filtered.
    servers: Option<HashSet<String>>,
    /// Fields of handshakes, each with the side whose values count; both without one.
    parameters: Vec<(&'static Field, Option<Side>)>,
    endpoints: EndpointFields,
    values: ValueFormatter,
    samples: usize,
    text_bytes: usize,
    /// Number of calls so far.
    rows: u64,
}

impl ProfileBuilder {
    /// Returns a builder without calls. `is_filtered` is whether calls are excluded: then parameters count of the servers of the
    /// others only.
    #[must_use]
    pub fn new(compares_hosts: bool, is_filtered: bool) -> ProfileBuilder {
        let handshake = HANDSHAKE_FIELDS.into_iter().filter_map(field).map(|field| (field, None));
        let selected = handshake_fields().filter(|(_, side)| *side == Side::Server);
        let negotiated = selected.map(|(field, side)| (field, Some(side)));
        ProfileBuilder {
            profile: CaptureProfile::default(),
            compares_hosts,
            pending: HashMap::new(),
            order: VecDeque::new(),
            servers: is_filtered.then(HashSet::new),
            parameters: handshake.chain(negotiated).collect(),
            endpoints: EndpointFields::default(),
            values: ValueFormatter::default(),
            samples: 0,
            text_bytes: 0,
            rows: 0,
        }
    }

    /// Adds the fields and events that the profile needs.
    pub fn extend_task(&self, task: &mut Task) {
        let mut wants = Wants::default();
        wants.without_bodies = true;
        for fields in MESSAGE_FIELDS.iter() {
            std::iter::once(fields.message).chain(fields.headers.iter().copied()).for_each(|field| wants.add(field));
        }
        self.parameters.iter().for_each(|(field, _)| wants.add(field));
        self.endpoints.add_wants(&mut wants);
        task.wants.add_all(&wants);
        (task.exchanges, task.halves, task.streams, task.without_connections) = (true, true, true, false);
    }

    /// Reads the frame that was dissected last.
    pub fn frame(&mut self, results: &FrameResults<'_>) {
        let tree = results.tree;
        for connection in results.connections.iter().filter(|connection| !connection.messages.is_empty()) {
            self.messages(&connection.messages, tree);
        }
        if tree.nodes().iter().any(|node| self.parameters.iter().any(|(field, _)| field.id == node.field.id)) {
            self.add_parameters(results);
        }
    }

    /// Reads an event. `matches` is whether a call counts.
    pub fn event(&mut self, event: &Event, matches: bool) {
        match event {
            Event::Call(call) => self.call(call, matches),
            Event::Stream(stream) => self.stream(stream),
            Event::Unfinished(unfinished) => self.messages(&unfinished.messages, &unfinished.tree),
            _ => {}
        }
    }

    /// Returns the profile.
    #[must_use]
    pub fn finish(self) -> CaptureProfile {
        let mut profile = self.profile;
        if let Some(servers) = self.servers {
            profile.servers.retain(|parameter, _| servers.contains(&parameter.server));
            profile.round_trips.retain(|server, _| servers.contains(server));
        }
        for operation in profile.operations.values_mut() {
            operation.samples.sort_by_key(|sample| (sample.started, sample.position));
        }
        profile
    }

    /// Reads messages that a frame completes, or that no frame completes.
    pub(crate) fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        for part in messages {
            let nodes = tree.nodes().get(part.nodes.clone()).unwrap_or_default();
            let Some(message) = messages_in(nodes, tree).next() else { continue };
            let names = message.headers().filter_map(header_pair).map(|(name, _)| name_of(name));
            let names: Vec<Box<str>> = names.filter(|name| !name.starts_with(':')).take(MAX_HEADERS).collect();
            if names.is_empty() {
                continue;
            }
            if !self.pending.contains_key(&part.exchange) {
                self.order.push_back(part.exchange);
            }
            let halves = self.pending.entry(part.exchange).or_default();
            // Interim responses come before the final one.
            halves[usize::from(part.half == Half::Response)] = Some(names);
        }
        while self.pending.len() > MAX_PENDING {
            let Some(oldest) = self.order.pop_front() else { break };
            self.pending.remove(&oldest);
        }
        if self.order.len() > 2 * self.pending.len() + 1024 {
            self.order.retain(|id| self.pending.contains_key(id));
        }
    }

    /// Reads a call.
    pub(crate) fn call(&mut self, call: &Call, matches: bool) {
        self.rows += 1;
        let exchange = &call.exchange;
        let headers = self.pending.remove(&exchange.id).unwrap_or_default();
        if !matches {
            return;
        }
        let Some(request) = exchange.request else {
            self.profile.without_request += 1;
            return;
        };
        let server = self.server_text(call.server);
        if let Some(servers) = self.servers.as_mut().filter(|servers| servers.len() < MAX_OPERATIONS) {
            servers.insert(server);
        }
        let key = self.key(call);
        if !self.profile.operations.contains_key(&key) {
            let bytes = key.method.len() + key.host.len() + key.path.len();
            if self.profile.operations.len() >= MAX_OPERATIONS || self.text_bytes + bytes > MAX_TEXT {
                self.profile.omitted_calls += 1;
                return;
            }
            self.text_bytes += bytes;
        }
        self.profile.calls += 1;
        let operation = self.profile.operations.entry(key).or_default();
        operation.calls += 1;
        let position = CallPosition { row: self.rows, frame: request.completed_in };
        // As in lists of calls: a group of hosts need not respond.
        let whole_status = match exchange.status.as_str() {
            _ if call.is_to_group() => "multicast",
            "" if exchange.has_unknown_response() => "unknown",
            status => status,
        };
        let status = format::prefix(whole_status, MAX_NAME);
        if let Some(count) = operation.statuses.get_mut(status) {
            count.calls += 1;
        } else if operation.statuses.len() < MAX_STATUSES && self.text_bytes + status.len() <= MAX_TEXT {
            self.text_bytes += status.len();
            operation.statuses.insert(status.into(), StatusCount { calls: 1, first: position });
        } else {
            self.profile.omitted_statuses += 1;
        }
        if operation.samples.len() < MAX_SAMPLES && self.samples < MAX_ALL_SAMPLES {
            self.samples += 1;
            let nanos = exchange.total().filter(|_| !exchange.is_one_way && exchange.response.is_some());
            operation.samples.push(CallSample {
                position,
                started: request.first.time,
                target: hash(&exchange.target),
                status: whole_status.into(),
                nanos: nanos.and_then(|nanos| u64::try_from(nanos).ok()),
                size: exchange.content().filter(|own| own.complete).map(|own| own.body),
            });
        }
        for (half, names) in headers.into_iter().enumerate() {
            let Some(mut names) = names else { continue };
            names.sort_unstable();
            names.dedup();
            let (Some(counts), Some(messages)) = (operation.headers.get_mut(half), operation.messages.get_mut(half))
            else {
                continue;
            };
            *messages += 1;
            for name in names {
                let is_known = counts.contains_key(&*name);
                if !is_known && self.text_bytes + name.len() > MAX_TEXT {
                    self.profile.omitted_names += 1;
                    continue;
                }
                self.text_bytes += if is_known { 0 } else { name.len() };
                *counts.entry(name.into()).or_default() += 1;
            }
        }
    }

    fn key(&self, call: &Call) -> OperationKey {
        let exchange = &call.exchange;
        let facts = call_facts().find(|(name, _)| *name == exchange.protocol).map(|(_, facts)| facts);
        let digest = facts.and_then(|facts| facts.statements.as_ref()?.digest(&exchange.method, &exchange.target));
        let path = match digest {
            Some(digest) => String::from_utf8_lossy(&digest).into_owned(),
            None => path_template(&exchange.target),
        };
        let host = match self.compares_hosts {
            false => String::new(),
            true if exchange.authority.is_empty() => self.server_text(call.server),
            true => exchange.authority.to_string(),
        };
        let short = |text: &str| format::prefix(text, MAX_NAME).to_owned();
        OperationKey {
            protocol: exchange.named_protocol(),
            method: short(&exchange.method),
            host: short(&host),
            path: short(&path),
        }
    }

    /// Reads a TCP connection.
    pub(crate) fn stream(&mut self, stream: &Stream) {
        let Some(nanos) = stream.initial_rtt.and_then(|nanos| u64::try_from(nanos).ok()) else { return };
        let server = self.server_text(stream.server);
        let times = &mut self.profile.round_trips;
        if times.len() < MAX_OPERATIONS || times.contains_key(&server) {
            let times = times.entry(server).or_default();
            if times.len() < MAX_SAMPLES && self.samples < MAX_ALL_SAMPLES {
                self.samples += 1;
                times.push(nanos);
            }
        }
    }

    fn add_parameters(&mut self, results: &FrameResults<'_>) {
        let tree = results.tree;
        let Some(connection) = results.connections.iter().find(|own| !own.quoted) else { return };
        let [from, to] = self.endpoints.ends(connection.conversation, tree);
        let (side, server) = match connection.side {
            Side::Client => ("client", to),
            Side::Server => ("server", from),
        };
        let port = server.port.map(|port| port.to_string()).unwrap_or_default();
        let server = if self.compares_hosts { server.to_string() } else { format!("port {port}") };
        for node in tree.nodes() {
            let is_own = |(field, own): &&(&'static Field, Option<Side>)| {
                field.id == node.field.id && own.is_none_or(|own| own == connection.side)
            };
            if !self.parameters.iter().any(|own| is_own(&own)) {
                continue;
            }
            let value = self.values.text(node, tree);
            let value = format::prefix(&value, MAX_NAME).to_owned();
            let parameter = ServerParameter { server: server.clone(), name: node.field.name, side };
            let known: Option<&BTreeMap<String, u64>> = self.profile.servers.get(&parameter);
            if known.is_none_or(|values| !values.contains_key(&value)) {
                let bytes = parameter.server.len() + value.len() + 64;
                if self.text_bytes + bytes > MAX_TEXT {
                    self.profile.omitted_names += 1;
                    continue;
                }
                self.text_bytes += bytes;
            }
            *self.profile.servers.entry(parameter).or_default().entry(value).or_default() += 1;
        }
    }

    fn server_text(&self, server: Endpoint) -> String {
        let mut text = String::new();
        match self.compares_hosts {
            true => endpoint(&mut text, server),
            false => text = format!("port {}", server.port),
        }
        text
    }
}

fn name_of(name: &[u8]) -> Box<str> {
    let name = name.get(..MAX_NAME).unwrap_or(name);
    String::from_utf8_lossy(name).to_ascii_lowercase().into()
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
