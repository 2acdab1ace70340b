//! VLAN tags (IEEE 802.1Q), one inside the other if there are several.

use crate::extent::{before, claimed, tail};
use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};
use etherparse::SingleVlanHeaderSlice;

crate::fields! { "vlan";
    /// A virtual LAN tag.
    VLAN: Protocol "vlan" "802.1Q Virtual LAN";
    /// The priority, 0 (best effort) to 7.
    PRIORITY: U16 "vlan.priority" "Priority" { values: PRIORITIES };
    /// The frame may be dropped first.
    DEI: Bool "vlan.dei" "DEI";
    /// The number of the virtual LAN.
    ID: U16 "vlan.id" "ID";
    /// What it carries, by number.
    ETYPE: U16 "vlan.etype" "Type" { form: Form::Hex, values: crate::names::ETHER_TYPES };
    /// Bytes of payload, in frames that have no type.
    LEN: U16 "vlan.len" "Length";
    /// What follows payload and padding.
    TRAILER: Bytes "vlan.trailer" "Trailer";
    /// The length is more than there is.
    LEN_PAST_END: Note(Error) "vlan.len.past_end" "Length field value goes past the end of the payload";
}

// IEEE 802.1Q-2022 table I-2; before 2005 the numbers 2 to 6 meant others.
const PRIORITIES: &[(u64, &str)] = &[
    (0, "Best Effort (default)"),
    (1, "Background"),
    (2, "Excellent Effort"),
    (3, "Critical Applications"),
    (4, "Video, < 100ms latency and jitter"),
    (5, "Voice, < 10ms latency and jitter"),
    (6, "Internetwork Control"),
    (7, "Network Control"),
];

/// VLAN tags in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "VLAN",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x8100), Claim::EtherType(0x9100)],
    part: Part::Layer(read),
};

// LINKTYPE_ATM_RFC1483: what begins with an LLC header.
const LLC: u16 = 100;

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("vlan");
    let Ok(tag) = SingleVlanHeaderSlice::from_slice(piece.bytes) else {
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&VLAN, piece.all(), Value::Bytes(piece.all()));
        crate::extent::note_cut(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let kind = tag.ether_type().0;
    let payload = piece.from(4);
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        let (priority, dei) = (tag.priority_code_point().value(), u8::from(tag.drop_eligible_indicator()));
        tree.info(format_args!("PRI: {priority}  DEI: {dei}  ID: {}", tag.vlan_identifier().value()));
    }
    if tree.wants_any(&VLAN) {
        describe(&tag, piece, packet, tree);
    }
    match kind {
        1..=1500 => Next::Link(LLC, payload.first(kind.into())),
        _ => {
            packet.path.push("ethertype");
            Next::EtherType(kind, payload)
        }
    }
}

fn describe(tag: &SingleVlanHeaderSlice<'_>, piece: Piece<'_>, packet: &Packet, tree: &mut Tree) {
    let span = piece.span(0, 4);
    let kind = tag.ether_type().0;
    let (priority, dei) = (tag.priority_code_point().value(), tag.drop_eligible_indicator());
    let id = tag.vlan_identifier().value();
    let payload = piece.from(4);
    let place = tree.open(&VLAN, span, Value::Bytes(piece.all()));
    tree.label(place, format_args!("802.1Q Virtual LAN, PRI: {priority}, DEI: {}, ID: {id}", u8::from(dei)));
    tree.put(&PRIORITY, piece.span(0, 2), Value::Uint(priority.into()));
    tree.put(&DEI, piece.span(0, 2), Value::Bool(dei));
    tree.put(&ID, piece.span(0, 2), Value::Uint(id.into()));
    if (1..=1500).contains(&kind) {
        tree.put(&LEN, piece.span(2, 2), Value::Uint(kind.into()));
        if u32::from(kind) > payload.wire {
            tree.note(&LEN_PAST_END, piece.span(2, 2), format_args!("{}", LEN_PAST_END.title));
        }
    } else {
        tree.put(&ETYPE, piece.span(2, 2), Value::Uint(kind.into()));
    }
    // The trailer is the innermost tag's; the padding before it is Ethernet's.
    if !matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
        let tail = tail(before(packet), claimed(kind, payload.bytes), payload);
        if let Some(tail) = tail.filter(|tail| tail.rest > 0) {
            let span = payload.span(tail.at + tail.padding, tail.rest);
            tree.put(&TRAILER, span, Value::Bytes(span));
        }
    }
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn a_tag_tells_its_parts_and_what_follows() {
        // (tag, priority, drop eligible, id)
        let rows = [([0x60, 0x05], 3, false, 5), ([0xff, 0xff], 7, true, 4095), ([0, 0], 0, false, 0)];
        for ([a, b], priority, dei, id) in rows {
            let bytes = [a, b, 0x08, 0x00, 0x45];
            let mut tree = Tree::new(Wants::everything());
            tree.begin(&bytes);
            let mut packet = Packet::default();
            let next = read(Piece::whole(&bytes, 0), &mut packet, &mut tree);
            assert!(matches!(next, Next::EtherType(0x0800, Piece { bytes: [0x45], .. })), "{next:?}");
            assert_eq!(tree.first(&PRIORITY), Some(Value::Uint(priority)));
            assert_eq!(tree.first(&DEI), Some(Value::Bool(dei)));
            assert_eq!(tree.first(&ID), Some(Value::Uint(id)));
            assert_eq!(packet.path.names(), ["vlan", "ethertype"]);
        }
    }

    #[test]
    fn a_length_leads_to_llc_and_not_beyond_it() {
        let bytes = [0, 5, 0, 3, 0x42, 0x42, 3, 0, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::Link(LLC, Piece { bytes: [0x42, 0x42, 3], .. })), "{next:?}");
    }

    #[test]
    fn a_cut_tag_is_noted() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&[0]);
        let next = read(Piece::whole(&[0], 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::End));
        assert!(tree.first(&crate::frame::MALFORMED).is_some());
    }
}
