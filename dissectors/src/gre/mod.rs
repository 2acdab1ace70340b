//! GRE (RFC 2784) with key and sequence number (RFC 2890), routing (RFC 1701), and the version for PPTP (RFC 2637).

mod fields;

use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};
use etherparse::checksum::Sum16BitWords;
pub use fields::*;

/// Registry entry for GRE.
pub static PROTOCOL: Protocol = Protocol {
    short: "GRE",
    fields: FIELDS,
    claims: &[Claim::IpProto(47)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const CHECKSUM_BIT: u16 = 0x8000;
const ROUTING_BIT: u16 = 0x4000;
const KEY_BIT: u16 = 0x2000;
const SEQUENCE_BIT: u16 = 0x1000;
const STRICT_BIT: u16 = 0x0800;
const ACK_BIT: u16 = 0x0080;

// EtherTypes that only GRE uses, or that mean something else in other layers.
const BRIDGED: u16 = 0x6558;
const PPP: u16 = 0x880b;
const WCCP: u16 = 0x883e;
const ERSPAN_1_2: u16 = 0x88be;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("gre");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&GRE, payload.all(), Value::Bytes(payload.all()));
    let header = header(&mut reader, payload, quoted);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if header.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match header {
        Ok(header) => next(&header, rest, packet),
        Err(UnexpectedEnd) => NextLayer::End,
    }
}

/// Header values that determine the next layer.
struct GreHeader {
    protocol: u16,
    sequenced: bool,
    version: u16,
}

/// ```text
///  0       2       4       6       8       12      16
///  | flags |proto  | [checksum][offset]    | [key] | [sequence]  | [acknowledgment] | [routing]
/// ```
fn header(reader: &mut FieldReader<'_, '_>, payload: Payload<'_>, quoted: bool) -> Result<GreHeader, UnexpectedEnd> {
    let span = reader.span(2);
    let flags = u16::from_be_bytes(reader.read_array()?);
    describe_flags(flags, span, reader.tree);
    let protocol = reader.u16(&PROTO)?;
    if reader.tree.wants_columns() && !quoted {
        match PROTO.value_name(protocol.into()) {
            Some(name) => reader.tree.set_info(format_args!("Encapsulated {name}")),
            None => reader.tree.set_info(format_args!("Encapsulated {protocol:#06x} (unknown)")),
        }
    }
    let version = flags & 7;
    if flags & (CHECKSUM_BIT | ROUTING_BIT) != 0 {
        reader.u16(&CHECKSUM)?;
        describe_checksum(flags & CHECKSUM_BIT != 0, payload, quoted, reader.tree);
        reader.u16(&OFFSET)?;
    }
    if flags & KEY_BIT != 0 {
        // RFC 2637 4.1: the key of PPTP is a payload length and a call ID.
        if version == 1 {
            reader.u16(&KEY_PAYLOAD_LENGTH)?;
            reader.u16(&KEY_CALL_ID)?;
        } else {
            reader.u32(&KEY)?;
        }
    }
    if flags & SEQUENCE_BIT != 0 {
        reader.u32(&SEQUENCE_NUMBER)?;
    }
    if version == 1 && flags & ACK_BIT != 0 {
        reader.u32(&ACK_NUMBER)?;
    }
    if flags & ROUTING_BIT != 0 {
        routing(reader)?;
    }
    Ok(GreHeader { protocol, sequenced: flags & SEQUENCE_BIT != 0, version })
}

fn describe_flags(flags: u16, span: Slice, tree: &mut Tree) {
    tree.open(&FLAGS_AND_VERSION, span, Value::Uint(flags.into()));
    let bits = [
        (&FLAGS_CHECKSUM, CHECKSUM_BIT),
        (&FLAGS_ROUTING, ROUTING_BIT),
        (&FLAGS_KEY, KEY_BIT),
        (&FLAGS_SEQUENCE_NUMBER, SEQUENCE_BIT),
        (&FLAGS_STRICT_SOURCE_ROUTE, STRICT_BIT),
    ];
    for (field, bit) in bits {
        tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    tree.put(&FLAGS_RECURSION_CONTROL, span, Value::Uint((flags >> 8 & 7).into()));
    if flags & 7 == 1 {
        tree.put(&FLAGS_ACK, span, Value::Bool(flags & ACK_BIT != 0));
        tree.put(&FLAGS_RESERVED, span, Value::Uint((flags >> 3 & 0xf).into()));
    } else {
        tree.put(&FLAGS_RESERVED, span, Value::Uint((flags >> 3 & 0x1f).into()));
    }
    tree.put(&FLAGS_VERSION, span, Value::Uint((flags & 7).into()));
    tree.close();
}

/// RFC 2784 2.5: over header and payload, so the ones' complement sum of all is zero.
fn describe_checksum(present: bool, payload: Payload<'_>, quoted: bool, tree: &mut Tree) {
    if !tree.wants_any(&GRE) {
        return;
    }
    let status = match Sum16BitWords::new().add_slice(payload.bytes).ones_complement() {
        _ if !present || quoted || payload.is_truncated() => 2,
        0 => 1,
        _ => 0,
    };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
    if status == 0 {
        tree.note(&CHECKSUM_INCORRECT, payload.span(4, 2), format_args!("{}", CHECKSUM_INCORRECT.title));
    }
}

/// RFC 1701: source route entries, up to one with address family 0 and length 0.
fn routing(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    loop {
        let span = reader.span(4);
        reader.tree.open(&ROUTING, span, Value::Present);
        let family = reader.u16(&ROUTING_ADDRESS_FAMILY)?;
        reader.u8(&ROUTING_SRE_OFFSET)?;
        let len = reader.u8(&ROUTING_SRC_LENGTH)?;
        if len > 0 {
            reader.bytes(&ROUTING_INFORMATION, len.into())?;
        }
        reader.tree.close();
        if family == 0 && len == 0 {
            return Ok(());
        }
    }
}

fn next<'b>(header: &GreHeader, rest: Payload<'b>, packet: &mut Packet) -> NextLayer<'b> {
    match header.protocol {
        _ if rest.wire == 0 => NextLayer::End,
        BRIDGED => NextLayer::Link(1, rest),
        // LINKTYPE_PPP: address and control bytes are optional in PPTP.
        PPP => NextLayer::Link(9, rest),
        // WCCP version 2 puts four bytes before the packet.
        WCCP => match rest.bytes.first() {
            Some(first) if first >> 4 == 4 => NextLayer::EtherType(0x0800, rest),
            _ => NextLayer::EtherType(0x0800, rest.from(4)),
        },
        // ERSPAN type I has no header of its own, and its GRE header has no sequence number.
        ERSPAN_1_2 if !header.sequenced => {
            packet.path.push("erspan");
            NextLayer::Link(1, rest)
        }
        _ if header.version > 1 && header.protocol == 0 => NextLayer::Data(rest),
        number => NextLayer::EtherType(number, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree));
        (tree, next)
    }

    #[test]
    fn the_payload_is_dissected() {
        let rows: [(&[u8], &str); 9] = [
            (&[0, 0, 8, 0, 0x45], "EtherType(2048, Payload { bytes: [69]"),
            (&[0x20, 0, 8, 0, 0, 0, 0, 7, 0x45], "EtherType(2048, Payload { bytes: [69]"),
            (
                &[0xb0, 0, 0x86, 0xdd, 1, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9, 0x60],
                "EtherType(34525, Payload { bytes: [96]",
            ),
            (&[0, 0, 0x65, 0x58, 1], "Link(1, Payload { bytes: [1]"),
            (&[0x30, 0x81, 0x88, 0x0b, 0, 1, 0, 55, 0, 0, 0, 1, 0, 0, 0, 9, 0xff], "Link(9, Payload { bytes: [255]"),
            (&[0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 1, 9, 0, 0, 0, 0, 0x45], "EtherType(2048, Payload { bytes: [69]"),
            (&[0, 0, 0x88, 0xbe, 1], "Link(1, Payload { bytes: [1]"),
            (&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10], "EtherType(35006, Payload { bytes: [16]"),
            (&[0, 0, 8, 0], "End"),
        ];
        for (bytes, expected) in rows {
            let (_, next) = dissect(bytes);
            assert!(next.starts_with(expected), "{bytes:?}: {next}");
        }
    }

    #[test]
    fn key_and_numbers_are_recorded() {
        let (tree, _) = dissect(&[0x30, 0, 8, 0, 0, 1, 2, 3, 0, 0, 0, 9, 0x45]);
        assert_eq!(tree.first(&KEY), Some(Value::Uint(0x0001_0203)));
        assert_eq!(tree.first(&SEQUENCE_NUMBER), Some(Value::Uint(9)));
        let (tree, _) = dissect(&[0x30, 0x81, 0x88, 0x0b, 0, 1, 0, 55, 0, 0, 0, 1, 0, 0, 0, 9, 0xff]);
        assert_eq!(tree.first(&KEY_CALL_ID), Some(Value::Uint(55)));
        assert_eq!(tree.first(&ACK_NUMBER), Some(Value::Uint(9)));
    }

    #[test]
    fn a_checksum_is_verified() {
        // The words 0x8000, 0x0800 and 0x4500 add up to 0xcd00, whose complement is 0x32ff.
        for (low, status) in [(0xff, 1), (0xfe, 0)] {
            let (tree, _) = dissect(&[0x80, 0, 8, 0, 0x32, low, 0, 0, 0x45, 0]);
            assert_eq!(tree.first(&CHECKSUM_STATUS), Some(Value::Uint(status)));
            assert_eq!(tree.first(&CHECKSUM_INCORRECT).is_some(), status == 0);
        }
    }

    #[test]
    fn every_prefix_is_malformed() {
        let bytes = [0xf0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0];
        for len in 0..bytes.len() {
            let (tree, next) = dissect(bytes.get(..len).unwrap_or_default());
            assert_eq!(next, "End");
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
        }
    }
}
