//! VLAN tags (IEEE 802.1Q), possibly nested.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
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
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_ATM_RFC1483: a frame that begins with an LLC header.
const LLC: u16 = 100;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("vlan");
    let Ok(tag) = SingleVlanHeaderSlice::from_slice(payload.bytes) else {
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&VLAN, payload.all(), Value::Bytes(payload.all()));
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    let kind = tag.ether_type().0;
    let next_payload = payload.from(4);
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        let (priority, dei) = (tag.priority_code_point().value(), u8::from(tag.drop_eligible_indicator()));
        tree.set_info(format_args!("PRI: {priority}  DEI: {dei}  ID: {}", tag.vlan_identifier().value()));
    }
    if tree.wants_any(&VLAN) {
        describe(&tag, payload, packet, tree);
    }
    match kind {
        1..=1500 => NextLayer::Link(LLC, next_payload.first(kind.into())),
        _ => {
            packet.path.push("ethertype");
            NextLayer::EtherType(kind, next_payload)
        }
    }
}

fn describe(tag: &SingleVlanHeaderSlice<'_>, payload: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let span = payload.span(0, 4);
    let kind = tag.ether_type().0;
    let (priority, dei) = (tag.priority_code_point().value(), tag.drop_eligible_indicator());
    let id = tag.vlan_identifier().value();
    let next_payload = payload.from(4);
    let node = tree.open(&VLAN, span, Value::Bytes(payload.all()));
    tree.label(node, format_args!("802.1Q Virtual LAN, PRI: {priority}, DEI: {}, ID: {id}", u8::from(dei)));
    tree.put(&PRIORITY, payload.span(0, 2), Value::Uint(priority.into()));
    tree.put(&DEI, payload.span(0, 2), Value::Bool(dei));
    tree.put(&ID, payload.span(0, 2), Value::Uint(id.into()));
    if (1..=1500).contains(&kind) {
        tree.put(&LEN, payload.span(2, 2), Value::Uint(kind.into()));
        if u32::from(kind) > next_payload.wire {
            tree.note(&LEN_PAST_END, payload.span(2, 2), format_args!("{}", LEN_PAST_END.title));
        }
    } else {
        tree.put(&ETYPE, payload.span(2, 2), Value::Uint(kind.into()));
    }
    // The trailer belongs to the innermost tag; the padding before it belongs to Ethernet.
    if !matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
        let tail = frame_tail(payload_offset(packet), declared_len(kind, next_payload.bytes), next_payload);
        if let Some(tail) = tail.filter(|tail| tail.trailer > 0) {
            let span = next_payload.span(tail.offset + tail.padding, tail.trailer);
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
            let next = read(&Payload::whole(&bytes, 0), &mut packet, &mut tree);
            assert!(matches!(next, NextLayer::EtherType(0x0800, Payload { bytes: [0x45], .. })), "{next:?}");
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
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::Link(LLC, Payload { bytes: [0x42, 0x42, 3], .. })), "{next:?}");
    }

    #[test]
    fn a_truncated_tag_is_noted() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&[0]);
        let next = read(&Payload::whole(&[0], 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::End));
        assert!(tree.first(&crate::frame::MALFORMED).is_some());
    }
}
