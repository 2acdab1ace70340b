//! Prism: what a receiver knows of an IEEE 802.11 frame, before the frame (header of Linux drivers for Prism).

use super::radio::{Reception, read_received};
use super::{Framing, avs, read_frame};
use crate::field::{DisplayBase, Field};
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "wlan::prism";
    /// Prism header.
    PRISM: Protocol "prism" "Prism capture header";
    /// Number that marks the header.
    MSGCODE: U32 "prism.msgcode" "Message Code" { base: DisplayBase::Hex };
    /// Length of the header in bytes, as the driver states it.
    MSGLEN: U32 "prism.msglen" "Message Length";
    /// Name of the interface.
    DEVNAME: Text "prism.devname" "Device Name";
    /// A value of the header.
    DID: Label "prism.did" "DID";
    /// Type of the value.
    DID_TYPE: U32 "prism.did.type" "DID" { base: DisplayBase::Hex, values: DID_TYPES };
    /// Whether the driver states the value: 0 if it does.
    DID_STATUS: U16 "prism.did.status" "Status" { values: &[(0, "Supplied"), (1, "Not Supplied")] };
    /// Length of the value in bytes.
    DID_LENGTH: U16 "prism.did.length" "Length";
    /// Time of the host.
    HOSTTIME: U32 "prism.did.hosttime" "Host Time";
    /// Lower half of the time of the receiver in microseconds.
    MACTIME: U32 "prism.did.mactime" "MAC timestamp (lower 32 bits)";
    /// Number of the channel.
    CHANNEL: U32 "prism.did.channel" "Channel";
    /// Signal strength in the unit of the receiver.
    RSSI: I32 "prism.did.rssi" "RSSI";
    /// Quality of the signal.
    SQ: U32 "prism.did.sq" "Signal Quality";
    /// Signal strength.
    SIGNAL: I32 "prism.did.signal" "Signal";
    /// Noise level.
    NOISE: I32 "prism.did.noise" "Noise";
    /// Data rate in units of 500 kb/s.
    RATE: U32 "prism.did.rate" "Data rate (Mb/s)";
    /// Whether the frame was sent, not received.
    ISTX: U32 "prism.did.istx" "IsTX" { base: DisplayBase::Hex, values: &[(0, "Rx Packet"), (1, "Tx Packet")] };
    /// Length of the frame in bytes.
    FRMLEN: U32 "prism.did.frmlen" "Frame Length";
    /// A value of unknown type.
    UNKNOWN: U32 "prism.did.unknown" "Unknown DID Field" { base: DisplayBase::Hex };
}

const DID_TYPES: &[(u64, &str)] = &[
    (0x1041, "Host Time"),
    (0x2041, "Mac Time"),
    (0x3041, "Channel"),
    (0x4041, "RSSI"),
    (0x5041, "SQ"),
    (0x6041, "Signal"),
    (0x7041, "Noise"),
    (0x8041, "Rate"),
    (0x9041, "Is Tx"),
    (0xa041, "Frame Length"),
    (0x10044, "Host Time"),
    (0x20044, "Mac Time"),
    (0x30044, "Channel"),
    (0x40044, "RSSI"),
    (0x50044, "SQ"),
    (0x60044, "Signal"),
    (0x70044, "Noise"),
    (0x80044, "Rate"),
    (0x90044, "Is Tx"),
    (0xa0044, "Frame Length"),
];

/// Registry entry for Prism.
pub static PROTOCOL: Protocol = Protocol {
    short: "Prism",
    fields: FIELDS,
    claims: &[Claim::Link(119)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// Number of values in a header, whatever its length field states.
const VALUES: usize = 10;

/// Reads a frame with a Prism header, an AVS header, or none: drivers write all three under this link type.
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("prism");
    packet.fcs = None;
    if avs::is_header(payload.bytes) {
        return avs::read(&payload, packet, tree);
    }
    // The byte order is that of the host.
    let is_big = match payload.bytes {
        [0x41 | 0x44, 0, 0, 0, ..] => false,
        [0, 0, 0, 0x41 | 0x44, ..] => true,
        _ => return read_frame(payload, Framing::default(), packet, tree),
    };
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = HeaderReader { reader: FieldReader::new(payload, tree), is_big };
    let node = reader.reader.tree.open(&PRISM, payload.all(), Value::Bytes(payload.all()));
    let reception = header(&mut reader, packet.quoted);
    let (len, rest) = (reader.reader.position(), reader.reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if reception.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match reception {
        Ok(reception) => read_received(&reception, Framing::default(), rest, packet, tree),
        Err(UnexpectedEnd) => NextLayer::End,
    }
}

/// Reads numbers in the byte order of a header.
struct HeaderReader<'b, 't> {
    reader: FieldReader<'b, 't>,
    is_big: bool,
}

impl HeaderReader<'_, '_> {
    fn u16(&mut self, field: &'static Field) -> Result<u16, UnexpectedEnd> {
        if self.is_big { self.reader.u16(field) } else { self.reader.u16_le(field) }
    }

    fn u32(&mut self, field: &'static Field) -> Result<u32, UnexpectedEnd> {
        if self.is_big { self.reader.u32(field) } else { self.reader.u32_le(field) }
    }
}

/// Reads the header.
///
/// ```text
///  0       4       8               24      28  30  32      36
///  |  code |length | interface     |  type |st.|len|  value| nine more values | frame
/// ```
fn header(reader: &mut HeaderReader<'_, '_>, is_quoted: bool) -> Result<Reception, UnexpectedEnd> {
    let code = reader.u32(&MSGCODE)?;
    let len = reader.u32(&MSGLEN)?;
    let name = reader.reader.rest().first(16);
    let name_len = memchr::memchr(0, name.bytes).unwrap_or(name.bytes.len());
    reader.reader.skip(16)?;
    let name = name.span(0, name_len);
    let tree = &mut *reader.reader.tree;
    tree.put(&DEVNAME, name, Value::Text(name));
    if !is_quoted && tree.wants_columns() {
        let text = alloc::string::String::from_utf8_lossy(tree.bytes(name)).into_owned();
        tree.set_info(format_args!("Device: {text}, Message {code:#x}, Length {len}"));
    }
    let mut reception = Reception::default();
    for _ in 0..VALUES {
        let span = reader.reader.span(12);
        reader.reader.tree.open(&DID, span, Value::Present);
        let value = value(reader, &mut reception);
        reader.reader.tree.close();
        value?;
    }
    Ok(reception)
}

/// Reads a value. Its type has the number of the value in one half and the code of the header in the other.
fn value(reader: &mut HeaderReader<'_, '_>, reception: &mut Reception) -> Result<(), UnexpectedEnd> {
    let kind = reader.u32(&DID_TYPE)?;
    let status = reader.u16(&DID_STATUS)?;
    reader.u16(&DID_LENGTH)?;
    let span = reader.reader.span(4);
    let bytes = reader.reader.read_array()?;
    if status != 0 {
        return Ok(());
    }
    let number = if reader.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    let nth = match kind & 0xfff {
        0x041 => kind >> 12,
        0x044 if kind & 0xf000 == 0 => kind >> 16,
        _ => 0,
    };
    match nth {
        2 => reception.time = Some(number.into()),
        3 => reception.channel = Some(number),
        4 => reception.signal = Some(number as i32),
        8 => reception.rate = Some(number),
        _ => {}
    }
    put_value(nth, number, span, reader.reader.tree);
    Ok(())
}

fn put_value(nth: u32, number: u32, span: Slice, tree: &mut Tree) {
    let unsigned = |field| (field, Value::Uint(number.into()));
    let signed = |field| (field, Value::Int((number as i32).into()));
    let (field, value) = match nth {
        1 => unsigned(&HOSTTIME),
        2 => unsigned(&MACTIME),
        3 => unsigned(&CHANNEL),
        4 => signed(&RSSI),
        5 => unsigned(&SQ),
        6 => signed(&SIGNAL),
        7 => signed(&NOISE),
        8 => unsigned(&RATE),
        9 => unsigned(&ISTX),
        10 => unsigned(&FRMLEN),
        _ => unsigned(&UNKNOWN),
    };
    tree.put(field, span, value);
}
