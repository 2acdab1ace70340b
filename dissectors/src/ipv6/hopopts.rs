//! The hop-by-hop options header of IPv6 (RFC 8200 4.3).

use super::options::Header;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::Tree;

crate::fields! { "ipv6::hopopts";
    /// Options for every router on the way.
    HOPOPTS: Protocol "ipv6.hopopts" "IPv6 Hop-by-Hop Option";
    /// What follows, by number.
    NXT: U8 "ipv6.hopopts.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// Units of eight bytes, the first not counted.
    LEN: U8 "ipv6.hopopts.len" "Length";
    /// Bytes of the header.
    LEN_OCT: U16 "ipv6.hopopts.len_oct" "Length";
    /// It does not follow the IPv6 header at once, as it must.
    NOT_FIRST: Note(Error) "ipv6.hopopts.not_first" "The hop-by-hop options header must follow the IPv6 header at once";
}

/// The hop-by-hop options header in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "IPv6", fields: FIELDS, claims: &[Claim::IpProto(0)], part: Part::Layer(read) };

const HEADER: Header = Header { all: &HOPOPTS, nxt: &NXT, len: &LEN, len_oct: &LEN_OCT };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    let is_first = packet.path.names().last() == Some(&"ipv6");
    packet.path.push("ipv6.hopopts");
    if tree.wants_columns() && !packet.quoted {
        tree.info(format_args!("IPv6 hop-by-hop options"));
    }
    let Some((header, next)) = HEADER.read(piece, packet, tree) else { return Next::End };
    HEADER.describe(header, piece.all(), (!is_first).then_some(&NOT_FIRST), tree);
    next
}
