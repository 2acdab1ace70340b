//! qlog (draft-ietf-quic-qlog-main-schema-13, draft-ietf-quic-qlog-quic-events-12): the packets of connections as JSON text sequences.
//!
//! A capture shows what crossed the wire, so the vantage point is the network, and packets of the client are *sent*. Each connection
//! is a group of events.

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
    is_closed: bool,
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
        if let Some(closed) = self.closed(time, group, sender, nodes, tree) {
            self.write_record(&closed, out)?;
        }
        let is_answer = values(nodes, HANDSHAKE_TYPE).any(|value| value == Value::Uint(ENCRYPTED_EXTENSIONS));
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
            json.pair("initiator", if sender == Side::Client { "local" } else { "remote" });
            if is_reset {
                json.pair("trigger", "stateless_reset");
                return;
            }
            let code = uint(nodes, "quic.cc.error_code").or(uint(nodes, "quic.cc.error_code.app"));
            if let Some(code) = code {
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

fn values<'n>(nodes: &'n [Node], field: &'static str) -> impl Iterator<Item = Value> + 'n {
    nodes.iter().filter(move |node| node.field.name == field).map(|node| node.value)
}

fn uint(nodes: &[Node], field: &'static str) -> Option<u64> {
    values(nodes, field).find_map(|value| match value {
        Value::Uint(number) => Some(number),
        Value::Bool(is_set) => Some(is_set.into()),
        _ => None,
    })
}

/// Returns the bytes of a field as hexadecimal digits.
fn hex(nodes: &[Node], field: &'static str, tree: &Tree) -> Option<String> {
    let bytes = values(nodes, field).find_map(|value| if let Value::Bytes(bytes) = value { Some(bytes) } else { None });
    let mut text = String::new();
    dissectors::format::hex(&mut text, tree.bytes(bytes?)).ok().map(|()| text)
}

fn text_of(node: &Node, tree: &Tree) -> Option<String> {
    let Value::Text(text) = node.value else { return None };
    Some(String::from_utf8_lossy(tree.bytes(text)).into_owned())
}

/// Returns the type of a packet.
fn packet_type(nodes: &[Node]) -> &'static str {
    if uint(nodes, "quic.header_form") == Some(0) {
        let is_reset = nodes.iter().any(|node| node.field.name == "quic.stateless_reset_token");
        return if is_reset { "stateless_reset" } else { "1RTT" };
    }
    if uint(nodes, "quic.version") == Some(0) {
        return "version_negotiation";
    }
    // RFC 9369 3.2: version 2 numbers the types otherwise.
    let of_version_2 = uint(nodes, "quic.long.packet_type_v2").map(|number| (number + 3) % 4);
    match uint(nodes, "quic.long.packet_type").or(of_version_2) {
        Some(0) => "initial",
        Some(1) => "0RTT",
        Some(2) => "handshake",
        Some(3) => "retry",
        _ => "unknown",
    }
}

fn write_packet(datagram: u64, nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    let first_frame = nodes.iter().position(|node| node.field.name == "quic.frame").unwrap_or(nodes.len());
    let (header, frames) = nodes.split_at(first_frame);
    json.key("header");
    json.begin('{');
    json.pair("packet_type", packet_type(header));
    write_uints(header, &[("packet_number", "quic.packet_number")], json);
    for (name, field) in [("spin_bit", "quic.spin_bit"), ("key_phase_bit", "quic.key_phase")] {
        if let Some(value) = uint(header, field) {
            json.flag(name, value != 0);
        }
    }
    let length = [("length", "quic.length"), ("scil", "quic.scil"), ("dcil", "quic.dcil")];
    write_uints(header, &length, json);
    for (name, field) in [("scid", "quic.scid"), ("dcid", "quic.dcid")] {
        if let Some(text) = hex(header, field, tree) {
            json.pair(name, &text);
        }
    }
    if let Some(version) = uint(header, "quic.version") {
        json.pair("version", &format!("{version:08x}"));
    }
    if let Some(token) = hex(header, "quic.retry_token", tree) {
        write_token("retry", &token, json);
    } else if let Some(token) = hex(header, "quic.token", tree) {
        write_token("", &token, json);
    }
    json.end('}');
    if let Some(length) = uint(header, "quic.packet_length") {
        write_raw(length, json);
    }
    json.key("datagram_id");
    json.number(datagram);
    if values(header, "quic.supported_version").next().is_some() {
        json.key("supported_versions");
        json.begin('[');
        for version in values(header, "quic.supported_version") {
            if let Value::Uint(version) = version {
                json.string(&format!("{version:08x}"));
            }
        }
        json.end(']');
    }
    if let Some(token) = hex(header, "quic.stateless_reset_token", tree) {
        json.pair("stateless_reset_token", &token);
    }
    if !frames.is_empty() {
        json.key("frames");
        json.begin('[');
        for frame in frames.chunk_by(|_, next| next.field.name != "quic.frame") {
            json.begin('{');
            write_frame(frame, tree, json);
            json.end('}');
        }
        json.end(']');
    }
}

fn write_uints(nodes: &[Node], fields: &[(&'static str, &'static str)], json: &mut JsonWriter) {
    for &(name, field) in fields {
        if let Some(number) = uint(nodes, field) {
            json.key(name);
            json.number(number);
        }
    }
}

fn write_raw(length: u64, json: &mut JsonWriter) {
    json.key("raw");
    json.begin('{');
    json.key("length");
    json.number(length);
    json.end('}');
}

fn write_token(kind: &str, token: &str, json: &mut JsonWriter) {
    json.key("token");
    json.begin('{');
    if !kind.is_empty() {
        json.pair("type", kind);
    }
    json.key("raw");
    json.begin('{');
    json.pair("data", token);
    json.end('}');
    json.end('}');
}

/// Writes a frame (draft-ietf-quic-qlog-quic-events-12, 8.13).
fn write_frame(nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    let kind = uint(nodes, "quic.frame_type").unwrap_or_default();
    let mut frame = |name: &str, fields: &[(&'static str, &'static str)]| {
        json.pair("frame_type", name);
        write_uints(nodes, fields, json);
    };
    let stream_type = |json: &mut JsonWriter, is_unidirectional: bool| {
        json.pair("stream_type", if is_unidirectional { "unidirectional" } else { "bidirectional" });
    };
    match kind {
        0x00 => {
            frame("padding", &[]);
            write_raw(uint(nodes, "quic.padding_length").unwrap_or_default(), json);
        }
        0x01 => frame("ping", &[]),
        0x02 | 0x03 => {
            frame(
                "ack",
                &[("ect0", "quic.ack.ect0_count"), ("ect1", "quic.ack.ect1_count"), ("ce", "quic.ack.ecn_ce_count")],
            );
            write_ranges(nodes, json);
        }
        0x04 => {
            frame("reset_stream", &[("stream_id", "quic.rsts.stream_id"), ("final_size", "quic.rsts.final_size")]);
            json.pair("error", "unknown");
            write_uints(nodes, &[("error_code", "quic.rsts.application_error_code")], json);
        }
        0x05 => {
            frame("stop_sending", &[("stream_id", "quic.ss.stream_id")]);
            json.pair("error", "unknown");
            write_uints(nodes, &[("error_code", "quic.ss.application_error_code")], json);
        }
        0x06 => {
            frame("crypto", &[("offset", "quic.crypto.offset")]);
            write_raw(uint(nodes, "quic.crypto.length").unwrap_or_default(), json);
        }
        0x07 => {
            frame("new_token", &[]);
            write_token("", &hex(nodes, "quic.nt.token", tree).unwrap_or_default(), json);
        }
        0x08..=0x0f => {
            frame("stream", &[("stream_id", "quic.stream.stream_id"), ("offset", "quic.stream.offset")]);
            json.flag("fin", kind & 1 != 0);
            let length = nodes.iter().find(|node| node.field.name == "quic.stream_data").map(|node| node.span.len);
            write_raw(length.unwrap_or_default().into(), json);
        }
        0x10 => frame("max_data", &[("maximum", "quic.md.maximum_data")]),
        0x11 => {
            let maximum = ("maximum", "quic.msd.maximum_stream_data");
            frame("max_stream_data", &[("stream_id", "quic.msd.stream_id"), maximum]);
        }
        0x12 | 0x13 => {
            frame("max_streams", &[("maximum", "quic.ms.max_streams")]);
            stream_type(json, kind & 1 != 0);
        }
        0x14 => frame("data_blocked", &[("limit", "quic.sb.stream_data_limit")]),
        0x15 => {
            let limit = ("limit", "quic.sb.stream_data_limit");
            frame("stream_data_blocked", &[("stream_id", "quic.sdb.stream_id"), limit]);
        }
        0x16 | 0x17 => {
            frame("streams_blocked", &[("limit", "quic.sib.stream_limit")]);
            stream_type(json, kind & 1 != 0);
        }
        0x18 => {
            let retire = ("retire_prior_to", "quic.nci.retire_prior_to");
            frame("new_connection_id", &[("sequence_number", "quic.nci.sequence"), retire]);
            json.pair("connection_id", &hex(nodes, "quic.nci.connection_id", tree).unwrap_or_default());
            if let Some(token) = hex(nodes, "quic.nci.stateless_reset_token", tree) {
                json.pair("stateless_reset_token", &token);
            }
        }
        0x19 => frame("retire_connection_id", &[("sequence_number", "quic.rci.sequence")]),
        0x1a | 0x1b => {
            let is_challenge = kind == 0x1a;
            frame(if is_challenge { "path_challenge" } else { "path_response" }, &[]);
            let field = if is_challenge { "quic.path_challenge.data" } else { "quic.path_response.data" };
            if let Some(data) = hex(nodes, field, tree) {
                json.pair("data", &data);
            }
        }
        0x1c | 0x1d => write_close(kind == 0x1d, nodes, tree, json),
        0x1e => frame("handshake_done", &[]),
        0x30 | 0x31 => {
            frame("datagram", &[]);
            let length = nodes.iter().find(|node| node.field.name == "quic.dg").map_or(0, |node| node.span.len);
            write_raw(length.into(), json);
        }
        _ => {
            frame("unknown", &[]);
            json.key("frame_type_bytes");
            json.number(kind);
        }
    }
}

fn write_close(is_application: bool, nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    json.pair("frame_type", "connection_close");
    json.pair("error_space", if is_application { "application" } else { "transport" });
    json.pair("error", "unknown");
    let code = if is_application { "quic.cc.error_code.app" } else { "quic.cc.error_code" };
    write_uints(nodes, &[("error_code", code), ("trigger_frame_type", "quic.cc.frame_type")], json);
    let reason = nodes.iter().find(|node| node.field.name == "quic.cc.reason_phrase");
    if let Some(reason) = reason.and_then(|node| text_of(node, tree)) {
        json.pair("reason", &reason);
    }
}

/// Writes the ranges of an ACK frame (RFC 9000 19.3.1), the first number of each first.
fn write_ranges(nodes: &[Node], json: &mut JsonWriter) {
    let number = |field| uint(nodes, field);
    let (Some(largest), Some(len)) = (number("quic.ack.largest_acknowledged"), number("quic.ack.first_ack_range"))
    else {
        return;
    };
    json.key("acked_ranges");
    json.begin('[');
    let mut range = largest.checked_sub(len).map(|first| (first, largest));
    let mut gaps = values(nodes, "quic.ack.gap").zip(values(nodes, "quic.ack.ack_range"));
    while let Some((first, last)) = range {
        json.begin('[');
        json.number(first);
        if last != first {
            json.number(last);
        }
        json.end(']');
        range = gaps.next().and_then(|next| {
            let (Value::Uint(gap), Value::Uint(len)) = next else { return None };
            let last = first.checked_sub(gap)?.checked_sub(2)?;
            Some((last.checked_sub(len)?, last))
        });
    }
    json.end(']');
}
