//! UDP (RFC 768).

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "udp";
    /// User Datagram Protocol.
    UDP: Protocol "udp" "User Datagram Protocol";
    /// The port it was sent from.
    SRCPORT: U16 "udp.srcport" "Source Port";
    /// The port it was sent to.
    DSTPORT: U16 "udp.dstport" "Destination Port";
    /// Either port.
    PORT: U16 "udp.port" "Source or Destination Port" { hidden: true };
    /// Bytes of header and data.
    LENGTH: U16 "udp.length" "Length";
    /// The checksum over pseudo header, header and data.
    CHECKSUM: U16 "udp.checksum" "Checksum" { form: Form::Hex };
    /// What is known of the checksum: 2 unverified, 3 not present.
    CHECKSUM_STATUS: U8 "udp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATES };
    /// The conversation it belongs to, counted from 0 in the order of the capture.
    STREAM: U32 "udp.stream" "Stream index";
    /// Time since the first frame of the conversation.
    TIME_RELATIVE: Duration "udp.time_relative" "Time since first frame";
    /// Time since the previous frame of the conversation.
    TIME_DELTA: Duration "udp.time_delta" "Time since previous frame";
    /// The data.
    PAYLOAD: Bytes "udp.payload" "UDP payload";
    /// The length is less than a header's or more than there is.
    BAD_LENGTH: Note(Error) "udp.length.bad" "Bad length value";
}


/// UDP in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "UDP", fields: FIELDS, claims: &[Claim::IpProto(17)], part: Part::Layer(read) };

/// One UDP datagram: its header's facts and its data.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'b> {
    /// The header's eight bytes.
    pub header: Piece<'b>,
    /// The port it was sent from.
    pub source_port: u16,
    /// The port it was sent to.
    pub destination_port: u16,
    /// Bytes of header and data, as the header says.
    pub length: u16,
    /// The checksum as sent.
    pub checksum: u16,
    /// The data.
    pub payload: Piece<'b>,
    /// The packet is quoted in an ICMP error.
    pub quoted: bool,
}

impl<'b> Datagram<'b> {
    /// What its payload is: named by its ports, of which the lower is asked first.
    #[must_use]
    pub fn next(&self) -> Next<'b> {
        let (low, high) = (self.source_port.min(self.destination_port), self.source_port.max(self.destination_port));
        Next::UdpPort(low, high, self.payload)
    }
}

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("udp");
    let Some(&[a, b, c, d, e, f, g, h]) = piece.bytes.first_chunk::<8>() else {
        if tree.wants_columns() {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&UDP, piece.all(), Value::Bytes(piece.all()));
        crate::extent::note_cut(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let length = u16::from_be_bytes([e, f]);
    let rest = piece.from(8);
    // RFC 2675 4: a length of 0 belongs to a jumbogram, whose length the network layer knows.
    let payload = if length < 8 { rest } else { rest.first(usize::from(length) - 8) };
    Next::Datagram(Datagram {
        header: piece.first(8),
        source_port: u16::from_be_bytes([a, b]),
        destination_port: u16::from_be_bytes([c, d]),
        length,
        checksum: u16::from_be_bytes([g, h]),
        payload,
        quoted: packet.quoted,
    })
}

/// What its conversation makes of a datagram.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// The conversation's number.
    pub stream: u32,
    /// Nanoseconds since the conversation's first frame.
    pub time_relative: i64,
    /// Nanoseconds since the conversation's previous frame.
    pub time_delta: i64,
}

/// Records a datagram and what its conversation makes of it.
pub fn describe(datagram: &Datagram<'_>, known: &Known, tree: &mut Tree) {
    let (from, to) = (datagram.source_port, datagram.destination_port);
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!("{from} → {to} Len={}", datagram.payload.wire));
    }
    if !tree.wants_any(&UDP) {
        return;
    }
    let header = datagram.header;
    let at = |at, len| header.span(at, len);
    let place = tree.open(&UDP, header.all(), Value::Bytes(header.all().with(datagram.payload.all())));
    tree.label(place, format_args!("User Datagram Protocol, Src Port: {from}, Dst Port: {to}"));
    tree.put(&SRCPORT, at(0, 2), Value::Uint(from.into()));
    tree.put(&DSTPORT, at(2, 2), Value::Uint(to.into()));
    tree.put(&PORT, at(0, 2), Value::Uint(from.into()));
    tree.put(&PORT, at(2, 2), Value::Uint(to.into()));
    tree.put(&LENGTH, at(4, 2), Value::Uint(datagram.length.into()));
    if datagram.length != 0 && datagram.length < 8 {
        tree.note(&BAD_LENGTH, at(4, 2), format_args!("Bad length value {} < 8", datagram.length));
    }
    tree.put(&CHECKSUM, at(6, 2), Value::Uint(datagram.checksum.into()));
    // RFC 768: a checksum of 0 says that there is none.
    let status = if datagram.checksum == 0 { 3 } else { 2 };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
    tree.put(&STREAM, Slice::default(), Value::Uint(known.stream.into()));
    if !datagram.quoted {
        tree.put(&TIME_RELATIVE, Slice::default(), Value::Duration(known.time_relative));
        tree.put(&TIME_DELTA, Slice::default(), Value::Duration(known.time_delta));
    }
    if !datagram.payload.bytes.is_empty() {
        let all = datagram.payload.all();
        tree.put(&PAYLOAD, all, Value::Bytes(all));
    }
    tree.close();
}
