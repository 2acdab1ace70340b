//! The tags of providers' bridges (IEEE 802.1ad): the outer of two in QinQ.

use crate::extent::{before, claimed, tail};
use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};
use etherparse::SingleVlanHeaderSlice;

crate::fields! { "ieee8021ad";
    /// A provider's virtual LAN tag, around the customer's.
    IEEE8021AD: Protocol "ieee8021ad" "IEEE 802.1ad";
    /// The priority, 0 to 7.
    PRIORITY: U16 "ieee8021ad.priority" "Priority";
    /// The frame may be dropped first.
    DEI: U16 "ieee8021ad.dei" "DEI";
    /// The number of the virtual LAN.
    ID: U16 "ieee8021ad.id" "ID";
    /// What it carries, by number.
    ETYPE: U16 "ieee8021ad.etype" "Type" { form: Form::Hex, values: crate::names::ETHER_TYPES, ours: true };
    /// What follows payload and padding.
    TRAILER: Bytes "ieee8021ah.trailer" "Trailer";
}

/// Provider tags in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "802.1ad", fields: FIELDS, claims: &[Claim::EtherType(0x88a8)], part: Part::Layer(read) };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("ieee8021ad");
    let Ok(tag) = SingleVlanHeaderSlice::from_slice(piece.bytes) else {
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&IEEE8021AD, piece.all(), Value::Bytes(piece.all()));
        crate::extent::note_cut(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let kind = tag.ether_type().0;
    let (priority, dei) = (tag.priority_code_point().value(), tag.drop_eligible_indicator());
    let id = tag.vlan_identifier().value();
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!("PRI: {priority}  DROP: {}  ID: {id}", u8::from(dei)));
    }
    if tree.wants_any(&IEEE8021AD) {
        let span = piece.span(0, 4);
        let place = tree.open(&IEEE8021AD, span, Value::Bytes(piece.all()));
        tree.label(place, format_args!("IEEE 802.1ad, ID: {id}"));
        tree.put(&PRIORITY, piece.span(0, 2), Value::Uint(priority.into()));
        tree.put(&DEI, piece.span(0, 2), Value::Uint(dei.into()));
        tree.put(&ID, piece.span(0, 2), Value::Uint(id.into()));
        tree.put(&ETYPE, piece.span(2, 2), Value::Uint(kind.into()));
        // The trailer is the innermost tag's; the padding before it is Ethernet's.
        let payload = piece.from(4);
        let tail = tail(before(packet), claimed(kind, payload.bytes), payload);
        if let Some(tail) = tail.filter(|tail| tail.rest > 0 && !matches!(kind, 0x8100 | 0x88a8 | 0x9100)) {
            let span = payload.span(tail.at + tail.padding, tail.rest);
            tree.put(&TRAILER, span, Value::Bytes(span));
        }
        tree.close();
    }
    packet.path.push("ethertype");
    Next::EtherType(kind, piece.from(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn an_outer_tag_leads_to_the_inner() {
        let bytes = [0x30, 0x07, 0x81, 0x00, 0, 9, 8, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let mut packet = Packet::default();
        let next = read(Piece::whole(&bytes, 0), &mut packet, &mut tree);
        assert!(matches!(next, Next::EtherType(0x8100, Piece { bytes: [0, 9, 8, 0], .. })), "{next:?}");
        assert_eq!(tree.first(&PRIORITY), Some(Value::Uint(1)));
        assert_eq!(tree.first(&DEI), Some(Value::Uint(1)));
        assert_eq!(tree.first(&ID), Some(Value::Uint(7)));
    }
}
