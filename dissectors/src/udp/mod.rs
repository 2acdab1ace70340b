//! UDP (RFC 768).

use crate::field::DisplayBase;
use crate::packet::{Address, NextLayer, Packet, Payload};
use crate::protocol::{Alias, Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "udp";
    /// User Datagram Protocol.
    UDP: Protocol "udp" "User Datagram Protocol";
    /// Source port.
    SRCPORT: U16 "udp.srcport" "Source Port";
    /// Destination port.
    DSTPORT: U16 "udp.dstport" "Destination Port";
    /// Source or destination port.
    PORT: U16 "udp.port" "Source or Destination Port" { hidden: true };
    /// Bytes of header and data.
    LENGTH: U16 "udp.length" "Length";
    /// Checksum of pseudo header, header and data.
    CHECKSUM: U16 "udp.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Checksum status: 2 unverified, 3 not present, 4 illegal.
    CHECKSUM_STATUS: U8 "udp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Number of the conversation, from 0 in capture order.
    STREAM: U32 "udp.stream" "Stream index";
    /// Time since the first frame of the conversation.
    TIME_RELATIVE: Duration "udp.time_relative" "Time since first frame";
    /// Time since the previous frame of the conversation.
    TIME_DELTA: Duration "udp.time_delta" "Time since previous frame";
    /// The data.
    PAYLOAD: Bytes "udp.payload" "UDP payload";
    /// The length is less than that of the header, or exceeds the packet.
    BAD_LENGTH: Note(Error) "udp.length.bad" "Bad length value";
    /// The length is 0 over IPv6, but the payload is shorter than that of a jumbogram (RFC 2675 4).
    BAD_ZERO_LENGTH: Note(Warn) "udp.length.bad_zero" "Length is zero but payload < 65536";
    /// The checksum is 0 over IPv6, which does not allow to omit it (RFC 8200 8.1).
    ZERO_CHECKSUM: Note(Error) "udp.checksum.zero" "Illegal checksum value (0)";
    /// The destination port is one that traceroute uses for its first hops.
    POSSIBLE_TRACEROUTE: Note(Chat) "udp.possible_traceroute" "Possible traceroute";
    /// The conversation continues one that was dropped at the limit of conversations.
    LIMIT: Note(Warn) "udp.limit" "A limit of this program was reached" { ours: true };
}

/// Registry entry for UDP.
pub static PROTOCOL: Protocol = Protocol {
    short: "UDP",
    fields: FIELDS,
    claims: &[Claim::IpProto(17)],
    aliases: &[Alias::new("port", &PORT)],
    dissectors: &[Dissector::Layer(read)],
};

/// A UDP datagram: the values of its header, and its data.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'b> {
    /// The eight bytes of the header.
    pub header: Payload<'b>,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Length of header and data, from the header.
    pub length: u16,
    /// Checksum as sent.
    pub checksum: u16,
    /// The data.
    pub payload: Payload<'b>,
    /// Whether the packet is quoted in an ICMP error.
    pub quoted: bool,
    /// Whether the layer below is IPv6.
    pub is_ipv6: bool,
}

impl<'b> Datagram<'b> {
    /// Returns the next layer, selected by the ports: the lower port is tried first.
    #[must_use]
    pub fn next(&self) -> NextLayer<'b> {
        let (low, high) = (self.source_port.min(self.destination_port), self.source_port.max(self.destination_port));
        NextLayer::UdpPort(low, high, self.payload)
    }
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("udp");
    let Some(&[a, b, c, d, e, f, g, h]) = payload.bytes.first_chunk::<8>() else {
        if tree.wants_columns() {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&UDP, payload.all(), Value::Bytes(payload.all()));
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    let length = u16::from_be_bytes([e, f]);
    let [from, to] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
    let is_ipv6 = matches!(packet.source, Address::V6(_));
    // RFC 768: at least that of the header. A jumbogram has a length of 0 (RFC 2675 4).
    if length < 8 && !(length == 0 && is_ipv6) {
        describe_bad_length(payload.first(8), [from, to], length, tree);
        return NextLayer::End;
    }
    let rest = payload.from(8);
    // RFC 2675 4: a length of 0 belongs to a jumbogram, whose length is known to the network layer.
    let next_payload = if length < 8 { rest } else { rest.first(usize::from(length) - 8) };
    NextLayer::Datagram(Datagram {
        header: payload.first(8),
        source_port: from,
        destination_port: to,
        length,
        checksum: u16::from_be_bytes([g, h]),
        payload: next_payload,
        quoted: packet.quoted,
        is_ipv6,
    })
}

fn put_ports(header: Payload<'_>, [from, to]: [u16; 2], tree: &mut Tree) {
    let spans = [header.span(0, 2), header.span(2, 2)];
    tree.put(&SRCPORT, spans[0], Value::Uint(from.into()));
    tree.put(&DSTPORT, spans[1], Value::Uint(to.into()));
    tree.put(&PORT, spans[0], Value::Uint(from.into()));
    tree.put(&PORT, spans[1], Value::Uint(to.into()));
}

/// Records a header whose length is less than its own: where the datagram ends is not known.
#[cold]
fn describe_bad_length(header: Payload<'_>, ports: [u16; 2], length: u16, tree: &mut Tree) {
    let [from, to] = ports;
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("{from} → {to} [BAD UDP LENGTH {length} < 8]"));
    }
    let node = tree.open(&UDP, header.all(), Value::Bytes(header.all()));
    tree.label(node, format_args!("User Datagram Protocol, Src Port: {from}, Dst Port: {to}"));
    put_ports(header, ports, tree);
    let span = header.span(4, 2);
    tree.put(&LENGTH, span, Value::Uint(length.into()));
    tree.note(&BAD_LENGTH, span, format_args!("Bad length value {length} < 8"));
    tree.close();
}

/// Destination port of the first probe of traceroute, which sends three to each hop.
const FIRST_TRACEROUTE_PORT: u16 = 33_435;
/// Probes that are noted, as in Wireshark.
const TRACEROUTE_PROBES: u16 = 30;

/// Values of a datagram that depend on its conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct DatagramFacts {
    /// Number of the conversation.
    pub stream: u32,
    /// Nanoseconds since the conversation's first frame.
    pub time_relative: i64,
    /// Nanoseconds since the conversation's previous frame.
    pub time_delta: i64,
}

/// Records a datagram with the values that depend on its conversation.
pub fn describe(datagram: &Datagram<'_>, facts: &DatagramFacts, tree: &mut Tree) {
    let (from, to) = (datagram.source_port, datagram.destination_port);
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("{from} → {to} Len={}", datagram.payload.wire));
    }
    if !tree.wants_any(&UDP) {
        return;
    }
    let header = datagram.header;
    let at = |at, len| header.span(at, len);
    let node = tree.open(&UDP, header.all(), Value::Bytes(header.all().extended_to(datagram.payload.all())));
    tree.label(node, format_args!("User Datagram Protocol, Src Port: {from}, Dst Port: {to}"));
    put_ports(header, [from, to], tree);
    tree.put(&LENGTH, at(4, 2), Value::Uint(datagram.length.into()));
    if datagram.length == 0 && datagram.payload.wire < 65_536 - 8 {
        tree.note(&BAD_ZERO_LENGTH, at(4, 2), format_args!("{}", BAD_ZERO_LENGTH.title));
    }
    if u32::from(datagram.length) > datagram.payload.wire.saturating_add(8) && !datagram.quoted {
        tree.note(&BAD_LENGTH, at(4, 2), format_args!("Bad length value {} > IP payload length", datagram.length));
    }
    tree.put(&CHECKSUM, at(6, 2), Value::Uint(datagram.checksum.into()));
    // RFC 768: a checksum of 0 means that no checksum is present. RFC 8200 8.1 does not allow that.
    let status = match (datagram.checksum, datagram.is_ipv6) {
        (0, false) => 3,
        (0, true) => 4,
        _ => 2,
    };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
    if datagram.checksum == 0 && datagram.is_ipv6 {
        tree.note(&ZERO_CHECKSUM, at(6, 2), format_args!("{}", ZERO_CHECKSUM.title));
    }
    if let Some(probe) = to.checked_sub(FIRST_TRACEROUTE_PORT).filter(|&probe| probe < TRACEROUTE_PROBES) {
        let (hop, attempt) = (probe / 3 + 1, probe % 3 + 1);
        let text = format_args!("{}: hop #{hop}, attempt #{attempt}", POSSIBLE_TRACEROUTE.title);
        tree.note(&POSSIBLE_TRACEROUTE, at(2, 2), text);
    }
    tree.put(&STREAM, Slice::default(), Value::Uint(facts.stream.into()));
    if !datagram.quoted {
        tree.put(&TIME_RELATIVE, Slice::default(), Value::Duration(facts.time_relative));
        tree.put(&TIME_DELTA, Slice::default(), Value::Duration(facts.time_delta));
    }
    if !datagram.payload.bytes.is_empty() {
        let all = datagram.payload.all();
        tree.put(&PAYLOAD, all, Value::Bytes(all));
    }
    tree.close();
}
