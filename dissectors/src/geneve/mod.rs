//! Geneve (RFC 8926): any protocol in UDP, with options.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "geneve";
    /// A packet of a virtual network.
    GENEVE: Protocol "geneve" "Generic Network Virtualization Encapsulation";
    /// Version, always 0.
    VERSION: U8 "geneve.version" "Version";
    /// All flags.
    FLAGS: U8 "geneve.flags" "Flags" { base: DisplayBase::Hex };
    /// Whether it is a control message.
    FLAGS_OAM: Bool "geneve.flags.oam" "Operations, Administration and Management Frame";
    /// Whether some options must be understood by the receiver.
    FLAGS_CRITICAL: Bool "geneve.flags.critical" "Critical Options Present";
    /// Reserved bits, normally zero.
    FLAGS_RESERVED: Bool "geneve.flags.reserved" "Reserved";
    /// EtherType of the payload.
    PROTO_TYPE: U16 "geneve.proto_type" "Protocol Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Number of the virtual network.
    VNI: U24 "geneve.vni" "Virtual Network Identifier (VNI)" { base: DisplayBase::Hex };
    /// Bytes of all options.
    OPTIONS: Bytes "geneve.options" "Geneve Options";
    /// Bytes of an option.
    OPTION: Bytes "geneve.option" "Option";
    /// Namespace of the option type.
    OPTION_CLASS: U16 "geneve.option.class" "Class" { base: DisplayBase::Hex };
    /// Type of the option.
    OPTION_TYPE: U8 "geneve.option.type" "Type" { base: DisplayBase::Hex };
    /// Whether the option must be understood by the receiver.
    OPTION_TYPE_CRITICAL: Bool "geneve.option.type.critical" "Critical Option";
    /// Flags of the option.
    OPTION_FLAGS: U8 "geneve.option.flags" "Flags" { base: DisplayBase::Hex };
    /// Length in bytes: of all options, or of one option with its header.
    OPTION_LENGTH: U8 "geneve.option.length" "Length";
    /// Data of an option.
    OPTION_UNKNOWN_DATA: Bytes "geneve.option.unknown.data" "Unknown Option Data";
    /// The version is not 0.
    VERSION_UNKNOWN: Note(Warn) "geneve.version.unknown" "Unknown version";
    /// The length of an option is invalid.
    OPTION_LENGTH_INVALID: Note(Warn) "geneve.option.length.invalid" "Invalid length for option";
}

/// Registry entry for Geneve.
pub static PROTOCOL: Protocol = Protocol {
    short: "Geneve",
    fields: FIELDS,
    claims: &[Claim::UdpPort(6081)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// Protocol type of bridged Ethernet frames (RFC 8926 3.4).
const BRIDGED: u16 = 0x6558;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("geneve");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&GENEVE, payload.all(), Value::Bytes(payload.all()));
    let header = header(&mut reader, quoted);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if header.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match header {
        Ok(_) if rest.wire == 0 => NextLayer::End,
        Ok(BRIDGED) => NextLayer::Link(1, rest),
        Ok(number) => NextLayer::EtherType(number, rest),
        Err(UnexpectedEnd) => NextLayer::End,
    }
}

/// ```text
///  0       1       2       4           7   8
///  |v| opt | flags | type  | network   | 0 | options, opt times four bytes
/// ```
fn header(reader: &mut FieldReader<'_, '_>, quoted: bool) -> Result<u16, UnexpectedEnd> {
    let span = reader.span(1);
    let [first] = reader.read_array()?;
    let (version, len) = (first >> 6, usize::from(first & 0x3f) * 4);
    reader.tree.put(&VERSION, span, Value::Uint(version.into()));
    if version != 0 {
        reader.tree.note(&VERSION_UNKNOWN, span, format_args!("Unknown version {version}"));
    }
    reader.tree.put(&OPTION_LENGTH, span, Value::Uint(len as u64));
    let span = reader.span(1);
    let flags = reader.u8(&FLAGS)?;
    for (field, bits) in [(&FLAGS_OAM, 0x80), (&FLAGS_CRITICAL, 0x40), (&FLAGS_RESERVED, 0x3f)] {
        reader.tree.put(field, span, Value::Bool(flags & bits != 0));
    }
    let number = reader.u16(&PROTO_TYPE)?;
    if !quoted {
        match PROTO_TYPE.value_name(number.into()) {
            Some(name) => reader.tree.set_info(format_args!("Encapsulated {name}")),
            None => reader.tree.set_info(format_args!("Encapsulated {number:#06x} (unknown)")),
        }
    }
    reader.u24(&VNI)?;
    reader.skip(1)?;
    if len > 0 {
        let all = reader.rest().first(len);
        let span = reader.span(len);
        reader.skip(len)?;
        reader.tree.open(&OPTIONS, span, Value::Bytes(span));
        options(all, reader.tree);
        reader.tree.close();
    }
    Ok(number)
}

/// RFC 8926 3.5: class, type, length in units of four bytes, data.
fn options(payload: Payload<'_>, tree: &mut Tree) {
    let mut rest = payload;
    while let Some(&[a, b, kind, last]) = rest.bytes.first_chunk::<4>() {
        let len = 4 + usize::from(last & 0x1f) * 4;
        if len > rest.bytes.len() {
            tree.note(&OPTION_LENGTH_INVALID, rest.all(), format_args!("{}: {len}", OPTION_LENGTH_INVALID.title));
            return;
        }
        let span = rest.span(0, len);
        tree.open(&OPTION, span, Value::Bytes(span));
        tree.put(&OPTION_CLASS, rest.span(0, 2), Value::Uint(u16::from_be_bytes([a, b]).into()));
        tree.put(&OPTION_TYPE, rest.span(2, 1), Value::Uint(kind.into()));
        tree.put(&OPTION_TYPE_CRITICAL, rest.span(2, 1), Value::Bool(kind & 0x80 != 0));
        tree.put(&OPTION_FLAGS, rest.span(3, 1), Value::Uint((last >> 5).into()));
        tree.put(&OPTION_LENGTH, rest.span(3, 1), Value::Uint(len as u64));
        if len > 4 {
            tree.put(&OPTION_UNKNOWN_DATA, rest.span(4, len - 4), Value::Bytes(rest.span(4, len - 4)));
        }
        tree.close();
        rest = rest.from(len);
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
    fn the_payload_follows_the_options() {
        let (tree, next) = dissect(&[2, 0x40, 0x65, 0x58, 0, 0, 99, 0, 1, 2, 0x80, 1, b'a', b'b', b'c', b'd', 0xaa]);
        assert!(next.starts_with("Link(1, Payload { bytes: [170]"), "{next}");
        assert_eq!(tree.first(&VNI), Some(Value::Uint(99)));
        assert_eq!(tree.first(&OPTION_CLASS), Some(Value::Uint(0x0102)));
        assert_eq!(tree.first(&OPTION_TYPE_CRITICAL), Some(Value::Bool(true)));
        assert!(matches!(tree.first(&OPTION_UNKNOWN_DATA), Some(Value::Bytes(slice)) if tree.bytes(slice) == b"abcd"));
        let (_, next) = dissect(&[0, 0, 8, 0, 0, 0, 1, 0, 0x45]);
        assert!(next.starts_with("EtherType(2048, Payload { bytes: [69]"), "{next}");
    }

    #[test]
    fn invalid_headers_are_noted() {
        let (tree, next) = dissect(&[1, 0, 8, 0, 0, 0, 1, 0, 1, 2, 1, 9, 0x45]);
        assert!(tree.first(&OPTION_LENGTH_INVALID).is_some());
        assert!(next.starts_with("EtherType(2048,"), "{next}");
        let (tree, _) = dissect(&[0x40, 0, 8, 0, 0, 0, 1, 0, 0x45]);
        assert!(tree.first(&VERSION_UNKNOWN).is_some());
        let bytes = [2, 0, 8, 0, 0, 0, 1, 0, 1, 2, 1, 0, 0];
        for len in 0..bytes.len() {
            let (tree, next) = dissect(bytes.get(..len).unwrap_or_default());
            assert_eq!(next, "End");
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
        }
    }
}
