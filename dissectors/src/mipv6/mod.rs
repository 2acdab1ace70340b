//! The mobility header of IPv6 (RFC 6275 6.1): the common beginning of all its messages.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "mipv6";
    /// A message between mobile hosts and their home agents.
    MIPV6: Protocol "mipv6" "Mobile IPv6";
    /// Protocol of the next header: always none.
    PROTO: U8 "mip6.proto" "Payload protocol" { values: crate::names::IP_PROTOCOLS };
    /// Length of the header in units of eight bytes, minus one.
    HLEN: U8 "mip6.hlen" "Header length";
    /// Type of the message.
    MHTYPE: U8 "mip6.mhtype" "Mobility Header Type" { values: TYPES };
    /// A reserved byte.
    RESERVED: U8 "mip6.reserved" "Reserved" { base: DisplayBase::Hex };
    /// Checksum of pseudo header and message.
    CSUM: U16 "mip6.csum" "Checksum" { base: DisplayBase::Hex };
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

/// Registry entry for the mobility header.
pub static PROTOCOL: Protocol = Protocol {
    short: "MIPv6",
    fields: FIELDS,
    claims: &[Claim::IpProto(135)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("mipv6");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&MIPV6, payload.all(), Value::Bytes(payload.all()));
    match header(&mut reader) {
        Ok(kind) if !quoted => tree.set_info(format_args!("{}", MHTYPE.value_name(kind.into()).unwrap_or("Unknown"))),
        Ok(_) => {}
        Err(UnexpectedEnd) => crate::padding::note_truncated_unless_quoted(payload, packet, tree),
    }
    tree.close();
    NextLayer::End
}

fn header(reader: &mut FieldReader<'_, '_>) -> Result<u8, UnexpectedEnd> {
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
        assert!(matches!(read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree), NextLayer::End));
        assert_eq!(tree.first(&CSUM), Some(Value::Uint(0x1234)));
        assert_eq!(tree.bytes(tree.columns().info), b"Binding Update");
    }
}
