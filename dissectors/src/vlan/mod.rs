//! VLAN tags (IEEE 802.1Q), possibly nested.

use crate::field::DisplayBase;
use crate::packet::{Next, Packet, Payload};
use crate::padding::{declared_len, frame_tail, payload_offset};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};
use etherparse::SingleVlanHeaderSlice;

crate::fields! { "vlan";
    /// A VLAN tag.
    VLAN: Protocol "vlan" "802.1Q Virtual LAN";
    /// Priority, 0 (best effort) to 7.
    PRIORITY: U16 "vlan.priority" "Priority" { values: PRIORITIES };
    /// Whether the frame may be dropped first.
    DEI: Bool "vlan.dei" "DEI";
    /// VLAN number.
    ID: U16 "vlan.id" "ID";
    /// Protocol of the payload.
    ETYPE: U16 "vlan.etype" "Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Length of the payload, in frames without an EtherType.
    LEN: U16 "vlan.len" "Length";
    /// Bytes after the payload and the padding.
    TRAILER: Bytes "vlan.trailer" "Trailer";
    /// The length exceeds the payload.
    LEN_PAST_END: Note(Error) "vlan.len.past_end" "Length field value goes past the end of the payload";
}

// IEEE 802.1Q-2022 table I-2; before 2005 the numbers 2 to 6 had other meanings.
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

/// Registry entry for VLAN tags.
pub static PROTOCOL: Protocol = Protocol {
    short: "VLAN",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x8100), Claim::EtherType(0x9100)],
    dissector: Dissector::Layer(read),
};

// LINKTYPE_ATM_RFC1483: a frame that begins with an LLC header.
const LLC: u16 = 100;

fn read<'b>(piece: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("vlan");
    let Ok(tag) = SingleVlanHeaderSlice::from_slice(piece.bytes) else {
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&VLAN, piece.all(), Value::Bytes(piece.all()));
        crate::padding::note_truncated_unless_quoted(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let kind = tag.ether_type().0;
    let payload = piece.from(4);
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        let (priority, dei) = (tag.priority_code_point().value(), u8::from(tag.drop_eligible_indicator()));
        tree.set_info(format_args!("PRI: {priority}  DEI: {dei}  ID: {}", tag.vlan_identifier().value()));
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

fn describe(tag: &SingleVlanHeaderSlice<'_>, piece: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let span = piece.span(0, 4);
    let kind = tag.ether_type().0;
    let (priority, dei) = (tag.priority_code_point().value(), tag.drop_eligible_indicator());
    let id = tag.vlan_identifier().value();
    let payload = piece.from(4);
    let node = tree.open(&VLAN, span, Value::Bytes(piece.all()));
    tree.label(node, format_args!("802.1Q Virtual LAN, PRI: {priority}, DEI: {}, ID: {id}", u8::from(dei)));
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
    // The trailer belongs to the innermost tag; the padding before it belongs to Ethernet.
    if !matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
        let tail = frame_tail(payload_offset(packet), declared_len(kind, payload.bytes), payload);
        if let Some(tail) = tail.filter(|tail| tail.trailer > 0) {
            let span = payload.span(tail.offset + tail.padding, tail.trailer);
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
    fn a_tag_has_its_fields_and_its_payload() {
        // (tag, priority, drop eligible, id)
        let rows = [([0x60, 0x05], 3, false, 5), ([0xff, 0xff], 7, true, 4095), ([0, 0], 0, false, 0)];
        for ([a, b], priority, dei, id) in rows {
            let bytes = [a, b, 0x08, 0x00, 0x45];
            let mut tree = Tree::new(Wants::everything());
            tree.begin(&bytes);
            let mut packet = Packet::default();
            let next = read(Payload::whole(&bytes, 0), &mut packet, &mut tree);
            assert!(matches!(next, Next::EtherType(0x0800, Payload { bytes: [0x45], .. })), "{next:?}");
            assert_eq!(tree.first(&PRIORITY), Some(Value::Uint(priority)));
            assert_eq!(tree.first(&DEI), Some(Value::Bool(dei)));
            assert_eq!(tree.first(&ID), Some(Value::Uint(id)));
            assert_eq!(packet.path.names(), ["vlan", "ethertype"]);
        }
    }

    #[test]
    fn a_length_limits_the_llc_frame() {
        let bytes = [0, 5, 0, 3, 0x42, 0x42, 3, 0, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::Link(LLC, Payload { bytes: [0x42, 0x42, 3], .. })), "{next:?}");
    }

    #[test]
    fn a_truncated_tag_is_noted() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&[0]);
        let next = read(Payload::whole(&[0], 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::End));
        assert!(tree.first(&crate::frame::MALFORMED).is_some());
    }
}
