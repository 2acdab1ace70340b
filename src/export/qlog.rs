//! qlog (draft-ietf-quic-qlog-main-schema-13, draft-ietf-quic-qlog-quic-events-12): the packets of connections as JSON text sequences.
//!
//! A capture shows what crossed the wire, so the vantage point is the network, and packets of the client are *sent*. Each connection
//! is a group of events.

use super::qlog_packet::{packet_type, text_of, uint, values, write_packet};
use super::qlog_parameters::{PARAMETER_TYPE, parameter_fields, write_parameters};
use crate::report::{DissectedFrame, JsonWriter, Report, TimeFormatter};
use dissectors::session::Side;
use dissectors::tree::Node;
use dissectors::{Tree, Value, Wants};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Separator of records (RFC 7464).
const RECORD_SEPARATOR: u8 = 0x1e;
/// Connections whose endpoints are kept; then the oldest is dropped, and begins again with its next packet.
const MAX_CONNECTIONS: usize = 16_384;
/// Paths of a connection, and endpoints of its client, that are kept.
const MAX_TUPLES: usize = 64;

/// Field of the protocol, and the prefix of its other fields.
const PROTOCOL: &str = "quic";
/// Fields of the layers below, and of the handshake.
const LOWER: [&str; 6] = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport"];
const ALPN: &str = "tls.handshake.extensions_alpn_str";
const HANDSHAKE_TYPE: &str = "tls.handshake.type";
const CLIENT_HELLO: u64 = 1;
const ENCRYPTED_EXTENSIONS: u64 = 8;

/// An endpoint of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct PacketEnd {
    v4: Option<[u8; 4]>,
    v6: Option<[u8; 16]>,
    port: u64,
}

/// What is known of a connection so far.
#[derive(Default)]
struct ConnectionEnds {
    /// The first endpoint of the server.
    server: PacketEnd,
    /// Endpoints of the client.
    clients: HashSet<PacketEnd>,
    /// Endpoints of client and server of each path; the first is that of the first packet.
    tuples: Vec<[PacketEnd; 2]>,
    /// Types of packets of each side that were decrypted.
    decrypted: [Vec<&'static str>; 2],
    /// The version that the client sends first, and whether that of the server is known.
    client_version: Option<u64>,
    has_version: bool,
    phases: [KeyPhase; 2],
    is_closed: bool,
}

/// The key phase of the packets of a side.
#[derive(Clone, Copy, Default)]
struct KeyPhase {
    /// Number of updates, and the largest packet number of the present phase.
    updates: u64,
    largest: u64,
}

/// The connection of an event, and the path if it is not the first.
#[derive(Clone, Copy)]
struct EventGroup {
    connection: u64,
    tuple: Option<usize>,
}

/// Writes packets of frames as events.
#[derive(Default)]
pub struct QlogReport {
    /// Records begin with a separator; not on a terminal, for which it is a control character.
    has_separators: bool,
    connections: HashMap<u64, ConnectionEnds>,
    /// Their numbers, the oldest first.
    order: VecDeque<u64>,
    /// Time of the first frame.
    start: Option<i64>,
    datagrams: u64,
    packets: u64,
}

impl QlogReport {
    /// Returns a report for a file, or for a terminal.
    #[must_use]
    pub fn new(is_terminal: bool) -> QlogReport {
        QlogReport { has_separators: !is_terminal, ..QlogReport::default() }
    }

    /// Returns the fields that the events are made of.
    #[must_use]
    pub fn wants() -> Wants {
        let mut wants = Wants::default();
        let own = dissectors::fields().filter(|field| field.name == PROTOCOL || field.name.starts_with("quic."));
        own.for_each(|field| wants.add(field));
        let lower = LOWER.into_iter().chain([ALPN, HANDSHAKE_TYPE]);
        let lower = lower.chain(parameter_fields());
        lower.filter_map(dissectors::field).for_each(|field| wants.add(field));
        wants
    }

    /// Returns what was written, for a message to the user.
    #[must_use]
    pub fn note(&self) -> String {
        format!("{} packets of QUIC written", self.packets)
    }

    /// Writes an event of a connection.
    fn event_text(&self, time: i64, name: &str, group: EventGroup, data: impl FnOnce(&mut JsonWriter)) -> String {
        let mut json = JsonWriter::default();
        json.begin('{');
        json.key("time");
        json.millis(time.saturating_sub(self.start.unwrap_or_default()));
        json.pair("name", name);
        json.pair("group_id", &group.connection.to_string());
        if let Some(tuple) = group.tuple {
            json.pair("tuple", &tuple.to_string());
        }
        json.key("data");
        json.begin('{');
        data(&mut json);
        json.end('}');
        json.end('}');
        json.text
    }

    fn write_record(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        if self.has_separators {
            out.write_all(&[RECORD_SEPARATOR])?;
        }
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")
    }

    /// Writes what precedes all events: the time of the first frame is the epoch.
    fn header(&self, start: i64, out: &mut dyn Write) -> io::Result<()> {
        let mut epoch = String::new();
        TimeFormatter::local().write_rfc3339(&mut epoch, start);
        let mut json = JsonWriter::default();
        json.begin('{');
        json.pair("file_schema", "urn:ietf:params:qlog:file:sequential");
        json.pair("serialization_format", "application/qlog+json-seq");
        json.pair("description", concat!("overhear ", env!("CARGO_PKG_VERSION"), ": packets as captured"));
        json.key("trace");
        json.begin('{');
        json.key("common_fields");
        json.begin('{');
        json.pair("time_format", "relative_to_epoch");
        json.key("reference_time");
        json.begin('{');
        json.pair("clock_type", "system");
        json.pair("epoch", &epoch);
        json.end('}');
        json.end('}');
        json.key("vantage_point");
        json.begin('{');
        json.pair("type", "network");
        json.pair("flow", "client");
        json.end('}');
        json.key("event_schemas");
        json.begin('[');
        json.string("urn:ietf:params:qlog:events:quic-12");
        json.end(']');
        json.end('}');
        json.end('}');
        self.write_record(&json.text, out)
    }

    /// Returns the sender of a packet of a connection, and whether the packet is its first.
    fn sender(&mut self, number: u64, [source, destination]: [PacketEnd; 2]) -> (Side, bool) {
        let is_new = !self.connections.contains_key(&number);
        if is_new {
            if self.order.len() == MAX_CONNECTIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.connections.remove(&oldest);
            }
            self.order.push_back(number);
            // A connection begins with a packet of its client.
            let ends =
                ConnectionEnds { server: destination, clients: HashSet::from([source]), ..ConnectionEnds::default() };
            self.connections.insert(number, ends);
        }
        let Some(ends) = self.connections.get_mut(&number) else { return (Side::Client, is_new) };
        let is_server = source == ends.server || ends.clients.contains(&destination);
        if !is_server && ends.clients.len() < MAX_TUPLES {
            ends.clients.insert(source);
        }
        (if is_server { Side::Server } else { Side::Client }, is_new)
    }

    /// Returns the path of a packet of a connection, unless it is the first one, and whether it is new. Those beyond the limit have
    /// one number.
    fn tuple(&mut self, number: u64, sender: Side, [source, destination]: [PacketEnd; 2]) -> (Option<usize>, bool) {
        let Some(connection) = self.connections.get_mut(&number) else { return (None, false) };
        let ends = if sender == Side::Client { [source, destination] } else { [destination, source] };
        let known = connection.tuples.iter().position(|tuple| *tuple == ends);
        let at = known.unwrap_or(connection.tuples.len());
        if known.is_none() && at < MAX_TUPLES {
            connection.tuples.push(ends);
        }
        (Some(at).filter(|&at| at > 0), known.is_none() && (1..MAX_TUPLES).contains(&at))
    }

    /// Whether a packet is not authentic: one of its type and side was decrypted before, and it is not. Notes which are decrypted.
    fn is_forged(&mut self, number: u64, sender: Side, nodes: &[Node]) -> bool {
        let Some(connection) = self.connections.get_mut(&number) else { return false };
        let (kind, decrypted) = (packet_type(nodes), sender.of_mut(&mut connection.decrypted));
        let is_known = decrypted.contains(&kind);
        if uint(nodes, "quic.packet_number").is_some() {
            if !is_known {
                decrypted.push(kind);
            }
            return false;
        }
        is_known && nodes.iter().any(|node| node.field.name == "quic.remaining_payload")
    }

    /// Writes the packet whose node and whose nodes below it are given.
    fn packet(
        &mut self,
        time: i64,
        (number, ends): (u64, [PacketEnd; 2]),
        nodes: &[Node],
        tree: &Tree,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (sender, is_new) = self.sender(number, ends);
        if is_new {
            self.write_record(&self.started(time, number, ends), out)?;
        }
        let (tuple, is_new_tuple) = self.tuple(number, sender, ends);
        let group = EventGroup { connection: number, tuple };
        if let Some(tuple) = tuple.filter(|_| is_new_tuple) {
            self.write_record(&self.tuple_assigned(time, number, tuple), out)?;
        }
        let is_forged = self.is_forged(number, sender, nodes);
        let name = match sender {
            _ if is_forged => "quic:packet_dropped",
            Side::Client => "quic:packet_sent",
            Side::Server => "quic:packet_received",
        };
        let datagram = self.datagrams;
        let text = self.event_text(time, name, group, |json| {
            write_packet(datagram, nodes, tree, json);
            if is_forged {
                json.pair("trigger", "decryption_failure");
            }
        });
        self.write_record(&text, out)?;
        self.packets += 1;
        let events = [
            self.version(time, group, sender, nodes),
            self.parameters(time, group, sender, nodes, tree),
            self.key_update(time, group, sender, nodes),
            self.closed(time, group, sender, nodes, tree),
        ];
        for event in events.into_iter().flatten() {
            self.write_record(&event, out)?;
        }
        let is_answer = has_message(nodes, ENCRYPTED_EXTENSIONS);
        let alpn = nodes.iter().find(|node| node.field.name == ALPN).filter(|_| is_answer && sender == Side::Server);
        let Some(alpn) = alpn.and_then(|node| text_of(node, tree)) else { return Ok(()) };
        let text = self.event_text(time, "quic:alpn_information", group, |json| {
            json.key("chosen_alpn");
            json.begin('{');
            json.pair("string_value", &alpn);
            json.end('}');
        });
        self.write_record(&text, out)
    }

    fn started(&self, time: i64, number: u64, ends: [PacketEnd; 2]) -> String {
        let group = EventGroup { connection: number, tuple: None };
        self.event_text(time, "quic:connection_started", group, |json| write_ends(["local", "remote"], ends, json))
    }

    fn tuple_assigned(&self, time: i64, number: u64, tuple: usize) -> String {
        let ends = self.connections.get(&number).and_then(|connection| connection.tuples.get(tuple)).copied();
        let group = EventGroup { connection: number, tuple: None };
        self.event_text(time, "quic:tuple_assigned", group, |json| {
            json.pair("tuple_id", &tuple.to_string());
            write_ends(["tuple_local", "tuple_remote"], ends.unwrap_or_default(), json);
        })
    }

    /// Returns the versions of a connection, if a packet is the first of the server, or refuses that of the client.
    fn version(&mut self, time: i64, group: EventGroup, sender: Side, nodes: &[Node]) -> Option<String> {
        let version = uint(nodes, "quic.version")?;
        let connection = self.connections.get_mut(&group.connection)?;
        if sender == Side::Client {
            connection.client_version = connection.client_version.or(Some(version));
            return None;
        }
        // A version negotiation has the version 0. A Retry packet precedes the selection.
        let is_refusal = version == 0;
        if packet_type(nodes) == "retry" || !is_refusal && std::mem::replace(&mut connection.has_version, true) {
            return None;
        }
        let client = connection.client_version.take_if(|_| is_refusal).or(connection.client_version);
        Some(self.event_text(time, "quic:version_information", group, |json| {
            if is_refusal {
                write_versions("server_versions", values(nodes, "quic.supported_version"), json);
            }
            write_versions("client_versions", client.map(Value::Uint).into_iter(), json);
            if !is_refusal {
                json.pair("chosen_version", &format!("{version:08x}"));
            }
        }))
    }

    /// Returns the transport parameters of a side, if a packet has them.
    fn parameters(&self, time: i64, group: EventGroup, sender: Side, nodes: &[Node], tree: &Tree) -> Option<String> {
        let message = if sender == Side::Client { CLIENT_HELLO } else { ENCRYPTED_EXTENSIONS };
        if !has_message(nodes, message) || !nodes.iter().any(|node| node.field.name == PARAMETER_TYPE) {
            return None;
        }
        Some(self.event_text(time, "quic:parameters_set", group, |json| {
            json.pair("initiator", initiator(sender));
            write_parameters(nodes, tree, json);
        }))
    }

    /// Returns the update of the keys of a side, if a packet is the first of a phase.
    fn key_update(&mut self, time: i64, group: EventGroup, sender: Side, nodes: &[Node]) -> Option<String> {
        let (bit, number) = (uint(nodes, "quic.key_phase")?, uint(nodes, "quic.packet_number")?);
        let phases = &mut self.connections.get_mut(&group.connection)?.phases;
        let other = sender.other().of(phases).updates;
        let phase = sender.of_mut(phases);
        // A packet of the phase before may come late.
        let is_update = bit != phase.updates % 2 && number > phase.largest;
        if is_update || bit == phase.updates % 2 {
            phase.largest = phase.largest.max(number);
        }
        if !is_update {
            return None;
        }
        phase.updates += 1;
        let (updates, is_first) = (phase.updates, phase.updates > other);
        let is_of_client = (sender == Side::Client) == is_first;
        Some(self.event_text(time, "quic:key_updated", group, |json| {
            json.pair("key_type", if sender == Side::Client { "client_1rtt_secret" } else { "server_1rtt_secret" });
            json.key("key_phase");
            json.number(updates);
            json.pair("trigger", if is_of_client { "local_update" } else { "remote_update" });
        }))
    }

    /// Returns the end of a connection, if a packet is the first that closes it.
    fn closed(&mut self, time: i64, group: EventGroup, sender: Side, nodes: &[Node], tree: &Tree) -> Option<String> {
        let is_close = |value| matches!(value, Value::Uint(0x1c | 0x1d));
        let is_reset = packet_type(nodes) == "stateless_reset";
        if !is_reset && !values(nodes, "quic.frame_type").any(is_close) {
            return None;
        }
        let ends = self.connections.get_mut(&group.connection)?;
        if std::mem::replace(&mut ends.is_closed, true) {
            return None;
        }
        Some(self.event_text(time, "quic:connection_closed", group, |json| {
            json.pair("initiator", initiator(sender));
            if is_reset {
                json.pair("trigger", "stateless_reset");
                return;
            }
            let of_transport = uint(nodes, "quic.cc.error_code").map(|code| ("connection_error", code));
            let code = uint(nodes, "quic.cc.error_code.app").map(|code| ("application_error", code));
            if let Some((space, code)) = of_transport.or(code) {
                json.pair(space, "unknown");
                json.key("error_code");
                json.number(code);
            }
            let reason = nodes.iter().find(|node| node.field.name == "quic.cc.reason_phrase");
            if let Some(reason) = reason.and_then(|node| text_of(node, tree)) {
                json.pair("reason", &reason);
            }
        }))
    }
}

impl Report for QlogReport {
    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        let (tree, time) = (dissected.tree, dissected.frame.time.0);
        if self.start.is_none() {
            self.start = Some(time.saturating_sub(dissected.relative));
            self.header(time.saturating_sub(dissected.relative), out)?;
        }
        let nodes = tree.nodes();
        let mut ends = [PacketEnd::default(); 2];
        let mut has_packet = false;
        // It is stated once for the packets of a datagram.
        let mut number = None;
        for (at, node) in nodes.iter().enumerate() {
            note_end(node, &mut ends);
            if node.field.name == PROTOCOL {
                let below = nodes.iter().skip(at + 1).take_while(|below| below.depth > node.depth).count();
                let packet = nodes.get(at..=at + below).unwrap_or_default();
                number = uint(packet, "quic.connection.number").or(number);
                // A packet of no connection is not known to be one of QUIC.
                if let Some(number) = number.filter(|_| is_of_connection(packet)) {
                    self.packet(time, (number, ends), packet, tree, out)?;
                }
                has_packet = true;
            }
        }
        self.datagrams += u64::from(has_packet);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.start.is_none() { self.header(0, out) } else { Ok(()) }
    }
}

/// Whether the nodes of a packet have a message of the handshake.
fn has_message(nodes: &[Node], kind: u64) -> bool {
    values(nodes, HANDSHAKE_TYPE).any(|value| value == Value::Uint(kind))
}

/// Returns the name of a side: the flow is that of the client.
fn initiator(side: Side) -> &'static str {
    if side == Side::Client { "local" } else { "remote" }
}

fn write_versions(name: &'static str, versions: impl Iterator<Item = Value>, json: &mut JsonWriter) {
    json.key(name);
    json.begin('[');
    for version in versions {
        if let Value::Uint(version) = version {
            json.string(&format!("{version:08x}"));
        }
    }
    json.end(']');
}

/// Whether nodes are those of a packet, of the connection that is stated in its datagram.
fn is_of_connection(nodes: &[Node]) -> bool {
    let has = |name| nodes.iter().any(|node| node.field.name == name);
    has("quic.header_form") && !has("quic.connection.unknown")
}

/// Writes two endpoints under these names.
fn write_ends(names: [&'static str; 2], ends: [PacketEnd; 2], json: &mut JsonWriter) {
    for (name, end) in names.into_iter().zip(ends) {
        json.key(name);
        json.begin('{');
        if let Some(address) = end.v4 {
            json.pair("ip_v4", &Ipv4Addr::from(address).to_string());
            json.key("port_v4");
            json.number(end.port);
        }
        if let Some(address) = end.v6 {
            json.pair("ip_v6", &Ipv6Addr::from(address).to_string());
            json.key("port_v6");
            json.number(end.port);
        }
        json.end('}');
    }
}

/// Notes an address or a port of a frame.
fn note_end(node: &Node, [source, destination]: &mut [PacketEnd; 2]) {
    let end = match node.field.name {
        "ip.src" | "ipv6.src" | "udp.srcport" => source,
        "ip.dst" | "ipv6.dst" | "udp.dstport" => destination,
        _ => return,
    };
    match node.value {
        Value::Uint(port) => end.port = port,
        Value::Ipv4(address) => *end = PacketEnd { v4: Some(address), ..PacketEnd::default() },
        Value::Ipv6(address) => *end = PacketEnd { v6: Some(address), ..PacketEnd::default() },
        _ => {}
    }
}
