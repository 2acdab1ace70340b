//! The hop-by-hop options header of IPv6 (RFC 8200 4.3).

use super::options::ExtensionHeaderFields;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::Tree;

crate::fields! { "ipv6::hopopts";
    /// Options for every router on the way.
    HOPOPTS: Protocol "ipv6.hopopts" "IPv6 Hop-by-Hop Option";
    /// Protocol of the next header.
    NXT: U8 "ipv6.hopopts.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// Length of the header in units of eight bytes, minus one.
    LEN: U8 "ipv6.hopopts.len" "Length";
    /// Length of the header in bytes.
    LEN_OCT: U16 "ipv6.hopopts.len_oct" "Length";
    /// The header does not immediately follow the IPv6 header, as it must.
    NOT_FIRST: Note(Error) "ipv6.hopopts.not_first" "IPv6 Hop-by-Hop extension header must appear immediately after IPv6 header";
}

/// Registry entry for the hop-by-hop options header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv6",
    fields: FIELDS,
    claims: &[Claim::IpProto(0)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const HEADER: ExtensionHeaderFields =
    ExtensionHeaderFields { protocol: &HOPOPTS, nxt: &NXT, len: &LEN, len_oct: &LEN_OCT };

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    let is_first = packet.path.names().last() == Some(&"ipv6");
    packet.path.push("ipv6.hopopts");
    if tree.wants_columns() && !packet.quoted {
        tree.set_info(format_args!("IPv6 hop-by-hop options"));
    }
    let Some((header, next)) = HEADER.read(payload, packet, tree) else { return NextLayer::End };
    HEADER.describe(header, payload.all(), (!is_first).then_some(&NOT_FIRST), packet, tree);
    next
}
