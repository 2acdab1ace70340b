//! VXLAN (RFC 7348): Ethernet in UDP.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "vxlan";
    /// A frame of a virtual network.
    VXLAN: Protocol "vxlan" "Virtual eXtensible Local Area Network";
    /// All flags.
    FLAGS: U16 "vxlan.flags" "Flags" { base: DisplayBase::Hex };
    /// Whether a group policy is present.
    FLAG_G: Bool "vxlan.flag_g" "GBP Extension";
    /// Whether the network number is valid.
    FLAG_I: Bool "vxlan.flag_i" "VXLAN Network ID (VNI)";
    /// Whether the receiver should not learn the sender's address.
    FLAG_D: Bool "vxlan.flag_d" "Don't Learn";
    /// Whether the group policy has already been applied.
    FLAG_A: Bool "vxlan.flag_a" "Policy Applied";
    /// Reserved bits, normally zero.
    FLAGS_RESERVED: U16 "vxlan.flags_reserved" "Reserved(R)" { base: DisplayBase::Hex };
    /// Number of the group whose policy applies.
    GBP: U16 "vxlan.gbp" "Group Policy ID";
    /// Number of the virtual network.
    VNI: U24 "vxlan.vni" "VXLAN Network Identifier (VNI)";
    /// A reserved byte.
    RESERVED8: U8 "vxlan.reserved8" "Reserved";
}

/// Registry entry for VXLAN.
pub static PROTOCOL: Protocol = Protocol {
    short: "VxLAN",
    fields: FIELDS,
    claims: &[Claim::UdpPort(4789)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const HEADER: usize = 8;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("vxlan");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let span = payload.span(0, HEADER);
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&VXLAN, span, Value::Bytes(payload.all()));
    let header = header(&mut reader);
    let rest = reader.rest();
    if header.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    header.map_or(NextLayer::End, |()| NextLayer::Link(1, rest))
}

/// ```text
///  0       2       4           7   8
///  | flags | group | network   | 0 |
/// ```
fn header(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let span = reader.span(2);
    let flags = reader.u16(&FLAGS)?;
    for (field, bit) in [(&FLAG_G, 0x8000), (&FLAG_I, 0x0800), (&FLAG_D, 0x0040), (&FLAG_A, 0x0008)] {
        reader.tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    reader.tree.put(&FLAGS_RESERVED, span, Value::Uint((flags & 0x77b7).into()));
    reader.u16(&GBP)?;
    reader.u24(&VNI)?;
    reader.u8(&RESERVED8)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_frame_of_the_network_follows() {
        let bytes = [0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0, 0xaa];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::Link(1, Payload { bytes: [0xaa], .. })), "{next:?}");
        assert_eq!(tree.first(&VNI), Some(Value::Uint(0x12_3456)));
        assert_eq!(tree.first(&FLAG_I), Some(Value::Bool(true)));
        for len in 0..8 {
            let payload = Payload::whole(bytes.get(..len).unwrap_or_default(), 0);
            assert!(matches!(read(&payload, &mut Packet::default(), &mut tree), NextLayer::End), "{len}");
        }
    }
}
