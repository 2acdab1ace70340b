//! The destination options header of IPv6 (RFC 8200 4.6).

use crate::ipv6::options;
use crate::packet::{Address, Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Slice, Tree, Value};
use etherparse::Ipv6RawExtHeaderSlice;

crate::fields! { "dstopts";
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

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("ipv6.dstopts");
    if tree.wants_columns() && !packet.quoted {
        tree.info(format_args!("IPv6 destination options"));
    }
    let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(piece.bytes) else {
        tree.open(&DSTOPTS, piece.all(), Value::Bytes(piece.all()));
        crate::extent::note_cut(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let len = header.slice().len();
    let next = header.next_header().0;
    // RFC 6275 6.3: who is meant is the mobile host's home, wherever it sent this from.
    if let Some(home) = options::home_address(header.slice()) {
        packet.source = Address::V6(home);
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().source = Some(Value::Ipv6(home));
        }
    }
    // The options belong to IPv6, whichever header they stand in.
    if tree.wants_any(&DSTOPTS) || tree.wants_any(&crate::ipv6::IPV6) {
        let all = piece.span(0, len);
        tree.open(&DSTOPTS, all, Value::Bytes(all));
        tree.put(&NXT, piece.span(0, 1), Value::Uint(next.into()));
        tree.put(&LEN, piece.span(1, 1), Value::Uint((len / 8 - 1) as u64));
        tree.put(&LEN_OCT, Slice::default(), Value::Uint(len as u64));
        options::describe(piece.first(len).from(2), tree);
        tree.close();
    }
    Next::IpProto(next, piece.from(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn its_options_are_told_and_the_next_header_is_named() {
        // A tunnel limit of 5, and padding.
        let bytes = [17, 0, 4, 1, 5, 1, 1, 0, 0xaa];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::IpProto(17, Piece { bytes: [0xaa], .. })), "{next:?}");
        assert_eq!(tree.first(&LEN_OCT), Some(Value::Uint(8)));
        assert_eq!(tree.first(&crate::ipv6::OPT_TEL), Some(Value::Uint(5)));
        assert_eq!(tree.first(&crate::ipv6::OPT_PADN), Some(Value::Bytes(Slice::new(7, 1))));
    }

    #[test]
    fn an_option_that_runs_past_the_header_is_noted() {
        let bytes = [17, 0, 1, 9, 0, 0, 0, 0, 0xaa];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::IpProto(17, _)), "{next:?}");
        assert!(tree.first(&crate::ipv6::OPT_INVALID_LEN).is_some());
    }

    #[test]
    fn a_cut_header_ends_the_walk() {
        let bytes = [17, 1, 1, 4, 0, 0, 0, 0, 0];
        for len in 0..bytes.len() {
            let bytes = bytes.get(..len).unwrap_or_default();
            let mut tree = Tree::new(Wants::everything());
            tree.begin(bytes);
            assert!(matches!(read(Piece::whole(bytes, 0), &mut Packet::default(), &mut tree), Next::End));
            assert!(tree.first(&crate::frame::MALFORMED).is_some());
        }
    }
}
