//! The destination options header of IPv6 (RFC 8200 4.6).

use super::options::{self, ExtensionHeaderFields};
use crate::packet::{Address, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "ipv6::dstopts";
    /// Options for the destination.
    DSTOPTS: Protocol "ipv6.dstopts" "Destination Options for IPv6";
    /// Protocol of the next header.
    NXT: U8 "ipv6.dstopts.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// Length of the header in units of eight bytes, minus one.
    LEN: U8 "ipv6.dstopts.len" "Length";
    /// Length of the header in bytes.
    LEN_OCT: U16 "ipv6.dstopts.len_oct" "Length";
}

/// Registry entry for the destination options header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv6",
    fields: FIELDS,
    claims: &[Claim::IpProto(60)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const HEADER: ExtensionHeaderFields =
    ExtensionHeaderFields { protocol: &DSTOPTS, nxt: &NXT, len: &LEN, len_oct: &LEN_OCT };

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ipv6.dstopts");
    if tree.wants_columns() && !packet.quoted {
        tree.set_info(format_args!("IPv6 destination options"));
    }
    let Some((header, next)) = HEADER.read(payload, packet, tree) else { return NextLayer::End };
    // RFC 6275 6.3: the source is the home address of the mobile host, wherever it sent the packet from.
    if let Some(home) = options::home_address(header.bytes) {
        packet.source = Address::V6(home);
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().source = Some(Value::Ipv6(home));
        }
    }
    HEADER.describe(header, payload.all(), None, packet, tree);
    next
}
