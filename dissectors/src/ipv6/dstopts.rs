//! The destination options header of IPv6 (RFC 8200 4.6).

use super::options::{self, Header};
use crate::packet::{Address, Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "ipv6::dstopts";
    /// Options for the receiver.
    DSTOPTS: Protocol "ipv6.dstopts" "Destination Options for IPv6";
    /// What follows, by number.
    NXT: U8 "ipv6.dstopts.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// Units of eight bytes, the first not counted.
    LEN: U8 "ipv6.dstopts.len" "Length";
    /// Bytes of the header.
    LEN_OCT: U16 "ipv6.dstopts.len_oct" "Length";
}

/// The destination options header in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "IPv6", fields: FIELDS, claims: &[Claim::IpProto(60)], part: Part::Layer(read) };

const HEADER: Header = Header { all: &DSTOPTS, nxt: &NXT, len: &LEN, len_oct: &LEN_OCT };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("ipv6.dstopts");
    if tree.wants_columns() && !packet.quoted {
        tree.info(format_args!("IPv6 destination options"));
    }
    let Some((header, next)) = HEADER.read(piece, packet, tree) else { return Next::End };
    // RFC 6275 6.3: who is meant is the mobile host's home, wherever it sent this from.
    if let Some(home) = options::home_address(header.bytes) {
        packet.source = Address::V6(home);
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().source = Some(Value::Ipv6(home));
        }
    }
    HEADER.describe(header, piece.all(), None, tree);
    next
}
