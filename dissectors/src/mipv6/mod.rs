//! The mobility header of IPv6 (RFC 6275 6.1): what all its messages begin with.

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "mipv6";
    /// A message between mobile hosts and those who keep their address.
    MIPV6: Protocol "mipv6" "Mobile IPv6";
    /// What follows, by number: nothing, as it must be.
    PROTO: U8 "mip6.proto" "Payload protocol" { values: crate::names::IP_PROTOCOLS };
    /// Units of eight bytes, the first not counted.
    HLEN: U8 "mip6.hlen" "Header length";
    /// What the message says.
    MHTYPE: U8 "mip6.mhtype" "Mobility Header Type" { values: TYPES };
    /// A reserved byte.
    RESERVED: U8 "mip6.reserved" "Reserved" { form: Form::Hex };
    /// The checksum over pseudo header and message.
    CSUM: U16 "mip6.csum" "Checksum" { form: Form::Hex };
}

const TYPES: &[(u64, &str)] = &[
    (0, "Binding Refresh Request"),
    (1, "Home Test Init"),
    (2, "Care-of Test Init"),
    (3, "Home Test"),
    (4, "Care-of Test"),
    (5, "Binding Update"),
    (6, "Binding Acknowledgement"),
    (7, "Binding Error"),
];

/// The mobility header in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "MIPv6", fields: FIELDS, claims: &[Claim::IpProto(135)], part: Part::Layer(read) };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("mipv6");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!(""));
    }
    let mut reader = Reader::new(piece, tree);
    reader.tree.open(&MIPV6, piece.all(), Value::Bytes(piece.all()));
    match header(&mut reader) {
        Ok(kind) if !quoted => tree.info(format_args!("{}", MHTYPE.value_name(kind.into()).unwrap_or("Unknown"))),
        Ok(_) => {}
        Err(Short) => crate::extent::note_cut(piece, packet, tree),
    }
    tree.close();
    Next::End
}

fn header(reader: &mut Reader<'_, '_>) -> Result<u8, Short> {
    reader.u8(&PROTO)?;
    reader.u8(&HLEN)?;
    let kind = reader.u8(&MHTYPE)?;
    reader.u8(&RESERVED)?;
    reader.u16(&CSUM)?;
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_message_is_named() {
        let bytes = [59, 1, 5, 0, 0x12, 0x34, 0, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        assert!(matches!(read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree), Next::End));
        assert_eq!(tree.first(&CSUM), Some(Value::Uint(0x1234)));
        assert_eq!(tree.bytes(tree.columns().info), b"Binding Update");
    }
}
