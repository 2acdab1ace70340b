//! Tags of provider bridges (IEEE 802.1ad): the outer of two tags in QinQ.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::padding::{declared_len, frame_tail, payload_offset};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};
use etherparse::SingleVlanHeaderSlice;

crate::fields! { "ieee8021ad";
    /// A provider's VLAN tag, around the customer's.
    IEEE8021AD: Protocol "ieee8021ad" "IEEE 802.1ad";
    /// Priority, 0 to 7.
    PRIORITY: U16 "ieee8021ad.priority" "Priority";
    /// Whether the frame may be dropped first.
    DEI: U16 "ieee8021ad.dei" "DEI";
    /// VLAN number.
    ID: U16 "ieee8021ad.id" "ID";
    /// Protocol of the payload.
    ETYPE: U16 "ieee8021ad.etype" "Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES, ours: true };
    /// Bytes after the payload and the padding.
    TRAILER: Bytes "ieee8021ah.trailer" "Trailer";
}

/// Registry entry for provider tags.
pub static PROTOCOL: Protocol = Protocol {
    short: "802.1ad",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x88a8)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ieee8021ad");
    let Ok(tag) = SingleVlanHeaderSlice::from_slice(payload.bytes) else {
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().protocol = PROTOCOL.short;
        }
        tree.open(&IEEE8021AD, payload.all(), Value::Bytes(payload.all()));
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    let kind = tag.ether_type().0;
    let (priority, dei) = (tag.priority_code_point().value(), tag.drop_eligible_indicator());
    let id = tag.vlan_identifier().value();
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("PRI: {priority}  DROP: {}  ID: {id}", u8::from(dei)));
    }
    if tree.wants_any(&IEEE8021AD) {
        let span = payload.span(0, 4);
        let node = tree.open(&IEEE8021AD, span, Value::Bytes(payload.all()));
        tree.label(node, format_args!("IEEE 802.1ad, ID: {id}"));
        tree.put(&PRIORITY, payload.span(0, 2), Value::Uint(priority.into()));
        tree.put(&DEI, payload.span(0, 2), Value::Uint(dei.into()));
        tree.put(&ID, payload.span(0, 2), Value::Uint(id.into()));
        tree.put(&ETYPE, payload.span(2, 2), Value::Uint(kind.into()));
        // The trailer belongs to the innermost tag; the padding before it belongs to Ethernet.
        let next_payload = payload.from(4);
        let tail = frame_tail(payload_offset(packet), declared_len(kind, next_payload.bytes), next_payload);
        if let Some(tail) = tail.filter(|tail| tail.trailer > 0 && !matches!(kind, 0x8100 | 0x88a8 | 0x9100)) {
            let span = next_payload.span(tail.offset + tail.padding, tail.trailer);
            tree.put(&TRAILER, span, Value::Bytes(span));
        }
        tree.close();
    }
    packet.path.push("ethertype");
    NextLayer::EtherType(kind, payload.from(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn an_outer_tag_is_followed_by_the_inner() {
        let bytes = [0x30, 0x07, 0x81, 0x00, 0, 9, 8, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let mut packet = Packet::default();
        let next = read(&Payload::whole(&bytes, 0), &mut packet, &mut tree);
        assert!(matches!(next, NextLayer::EtherType(0x8100, Payload { bytes: [0, 9, 8, 0], .. })), "{next:?}");
        assert_eq!(tree.first(&PRIORITY), Some(Value::Uint(1)));
        assert_eq!(tree.first(&DEI), Some(Value::Uint(1)));
        assert_eq!(tree.first(&ID), Some(Value::Uint(7)));
    }
}
