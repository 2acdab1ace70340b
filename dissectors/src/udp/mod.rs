//! UDP (RFC 768).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
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
    /// Checksum status: 2 unverified, 3 not present.
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
}

impl<'b> Datagram<'b> {
    /// Returns the next layer, selected by the ports: the lower port is tried first.
    #[must_use]
    pub fn next(&self) -> NextLayer<'b> {
        let (low, high) = (self.source_port.min(self.destination_port), self.source_port.max(self.destination_port));
        NextLayer::UdpPort(low, high, self.payload)
    }
}

fn read<'b>(payload: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
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
    let rest = payload.from(8);
    // RFC 2675 4: a length of 0 belongs to a jumbogram, whose length is known to the network layer.
    let next_payload = if length < 8 { rest } else { rest.first(usize::from(length) - 8) };
    NextLayer::Datagram(Datagram {
        header: payload.first(8),
        source_port: u16::from_be_bytes([a, b]),
        destination_port: u16::from_be_bytes([c, d]),
        length,
        checksum: u16::from_be_bytes([g, h]),
        payload: next_payload,
        quoted: packet.quoted,
    })
}

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
    tree.put(&SRCPORT, at(0, 2), Value::Uint(from.into()));
    tree.put(&DSTPORT, at(2, 2), Value::Uint(to.into()));
    tree.put(&PORT, at(0, 2), Value::Uint(from.into()));
    tree.put(&PORT, at(2, 2), Value::Uint(to.into()));
    tree.put(&LENGTH, at(4, 2), Value::Uint(datagram.length.into()));
    if datagram.length != 0 && datagram.length < 8 {
        tree.note(&BAD_LENGTH, at(4, 2), format_args!("Bad length value {} < 8", datagram.length));
    }
    tree.put(&CHECKSUM, at(6, 2), Value::Uint(datagram.checksum.into()));
    // RFC 768: a checksum of 0 means that no checksum is present.
    let status = if datagram.checksum == 0 { 3 } else { 2 };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
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
