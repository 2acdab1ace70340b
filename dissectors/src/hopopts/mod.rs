//! The hop-by-hop options header of IPv6 (RFC 8200 4.3).

use crate::ipv6::options;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Slice, Tree, Value};
use etherparse::Ipv6RawExtHeaderSlice;

crate::fields! { "hopopts";
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

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    let is_first = packet.path.names().last() == Some(&"ipv6");
    packet.path.push("ipv6.hopopts");
    if tree.wants_columns() && !packet.quoted {
        tree.info(format_args!("IPv6 hop-by-hop options"));
    }
    let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(piece.bytes) else {
        tree.open(&HOPOPTS, piece.all(), Value::Bytes(piece.all()));
        crate::extent::note_cut(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let len = header.slice().len();
    let next = header.next_header().0;
    // The options belong to IPv6, whichever header they stand in.
    if tree.wants_any(&HOPOPTS) || tree.wants_any(&crate::ipv6::IPV6) {
        let all = piece.span(0, len);
        tree.open(&HOPOPTS, all, Value::Bytes(all));
        tree.put(&NXT, piece.span(0, 1), Value::Uint(next.into()));
        tree.put(&LEN, piece.span(1, 1), Value::Uint((len / 8 - 1) as u64));
        tree.put(&LEN_OCT, Slice::default(), Value::Uint(len as u64));
        if !is_first {
            tree.note(&NOT_FIRST, piece.span(0, 1), format_args!("{}", NOT_FIRST.title));
        }
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
