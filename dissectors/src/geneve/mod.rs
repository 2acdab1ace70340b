//! Geneve (RFC 8926): any protocol in UDP, with options.

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "geneve";
    /// A packet of a virtual network.
    GENEVE: Protocol "geneve" "Generic Network Virtualization Encapsulation";
    /// The version: 0.
    VERSION: U8 "geneve.version" "Version";
    /// The flags as one number.
    FLAGS: U8 "geneve.flags" "Flags" { form: Form::Hex };
    /// It is a control message.
    FLAGS_OAM: Bool "geneve.flags.oam" "Operations, Administration and Management Frame";
    /// It has options that must be understood.
    FLAGS_CRITICAL: Bool "geneve.flags.critical" "Critical Options Present";
    /// Reserved bits, which ought to be zero.
    FLAGS_RESERVED: Bool "geneve.flags.reserved" "Reserved";
    /// What it carries, as an EtherType.
    PROTO_TYPE: U16 "geneve.proto_type" "Protocol Type" { form: Form::Hex, values: crate::names::ETHER_TYPES };
    /// The number of the virtual network.
    VNI: U24 "geneve.vni" "Virtual Network Identifier (VNI)" { form: Form::Hex };
    /// The bytes of all options.
    OPTIONS: Bytes "geneve.options" "Geneve Options";
    /// The bytes of an option.
    OPTION: Bytes "geneve.option" "Option";
    /// Who defined the option.
    OPTION_CLASS: U16 "geneve.option.class" "Class" { form: Form::Hex };
    /// The type of the option.
    OPTION_TYPE: U8 "geneve.option.type" "Type" { form: Form::Hex };
    /// The option must be understood.
    OPTION_TYPE_CRITICAL: Bool "geneve.option.type.critical" "Critical Option";
    /// The flags of the option.
    OPTION_FLAGS: U8 "geneve.option.flags" "Flags" { form: Form::Hex };
    /// Bytes of all options, or of one with its header.
    OPTION_LENGTH: U8 "geneve.option.length" "Length";
    /// The data of an option.
    OPTION_UNKNOWN_DATA: Bytes "geneve.option.unknown.data" "Unknown Option Data";
    /// The version is not 0.
    VERSION_UNKNOWN: Note(Warn) "geneve.version.unknown" "Unknown version";
    /// An option's length does not fit.
    OPTION_LENGTH_INVALID: Note(Warn) "geneve.option.length.invalid" "Invalid length for option";
}

/// Geneve in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "Geneve", fields: FIELDS, claims: &[Claim::UdpPort(6081)], part: Part::Layer(read) };

// Ethernet, where its number is an EtherType (RFC 8926 3.4).
const BRIDGED: u16 = 0x6558;

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("geneve");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!(""));
    }
    let mut reader = Reader::new(piece, tree);
    let place = reader.tree.open(&GENEVE, piece.all(), Value::Bytes(piece.all()));
    let header = header(&mut reader, quoted);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(place, piece.span(0, len), Value::Bytes(piece.all()));
    if header.is_err() {
        crate::extent::note_cut(piece, packet, tree);
    }
    tree.close();
    match header {
        Ok(_) if rest.wire == 0 => Next::End,
        Ok(BRIDGED) => Next::Link(1, rest),
        Ok(number) => Next::EtherType(number, rest),
        Err(Short) => Next::End,
    }
}

/// ```text
///  0       1       2       4           7   8
///  |v| opt | flags | type  | network   | 0 | options, opt times four bytes
/// ```
fn header(reader: &mut Reader<'_, '_>, quoted: bool) -> Result<u16, Short> {
    let span = reader.span(1);
    let [first] = reader.take()?;
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
            Some(name) => reader.tree.info(format_args!("Encapsulated {name}")),
            None => reader.tree.info(format_args!("Encapsulated {number:#06x} (unknown)")),
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
fn options(piece: Piece<'_>, tree: &mut Tree) {
    let mut rest = piece;
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
        let next = alloc::format!("{:?}", read(Piece::whole(bytes, 0), &mut Packet::default(), &mut tree));
        (tree, next)
    }

    #[test]
    fn what_it_carries_follows_the_options() {
        let (tree, next) = dissect(&[2, 0x40, 0x65, 0x58, 0, 0, 99, 0, 1, 2, 0x80, 1, b'a', b'b', b'c', b'd', 0xaa]);
        assert!(next.starts_with("Link(1, Piece { bytes: [170]"), "{next}");
        assert_eq!(tree.first(&VNI), Some(Value::Uint(99)));
        assert_eq!(tree.first(&OPTION_CLASS), Some(Value::Uint(0x0102)));
        assert_eq!(tree.first(&OPTION_TYPE_CRITICAL), Some(Value::Bool(true)));
        assert!(matches!(tree.first(&OPTION_UNKNOWN_DATA), Some(Value::Bytes(slice)) if tree.bytes(slice) == b"abcd"));
        let (_, next) = dissect(&[0, 0, 8, 0, 0, 0, 1, 0, 0x45]);
        assert!(next.starts_with("EtherType(2048, Piece { bytes: [69]"), "{next}");
    }

    #[test]
    fn odd_headers_are_noted() {
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
