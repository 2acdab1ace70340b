//! Raw: frames that begin with an IP header.

use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "raw";
    /// A frame that begins with an IP header.
    RAW: Protocol "raw" "Raw packet data";
}

/// Registry entry for raw frames: DLT_RAW by its two historic numbers, and LINKTYPE_RAW.
pub static PROTOCOL: Protocol = Protocol {
    short: "N/A",
    fields: FIELDS,
    claims: &[Claim::Link(101), Claim::Link(12), Claim::Link(14)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_PPP.
const PPP: u16 = 9;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("raw");
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("Raw packet data"));
    }
    tree.put(&RAW, payload.all(), Value::Bytes(payload.all()));
    match payload.bytes {
        // Some systems keep the header of a PPP device before the packet.
        [0xff, 0x03, ..] => NextLayer::Link(PPP, payload),
        [first, ..] if first >> 4 == 6 => NextLayer::EtherType(0x86dd, payload),
        [first, ..] if first >> 4 == 4 => NextLayer::EtherType(0x0800, payload),
        [] => {
            crate::frame::note_truncated(payload, tree);
            NextLayer::End
        }
        _ => NextLayer::Data(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_ip_selects_the_next_layer() {
        let next = |bytes: &[u8]| {
            alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut Tree::default()))
        };
        assert!(next(&[0x45]).starts_with("EtherType(2048,"));
        assert!(next(&[0x60]).starts_with("EtherType(34525,"));
        assert!(next(&[0xff, 3, 0, 0x21]).starts_with("Link(9,"));
        assert!(next(&[0x10]).starts_with("Data("));
        assert!(next(&[]).starts_with("End"));
    }
}
