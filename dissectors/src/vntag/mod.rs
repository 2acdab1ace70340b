//! VN-Tag: the tag between a switch and the virtual interfaces of its ports (IEEE 802.1BR predecessor, EtherType 0x8926).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "vntag";
    /// VN-Tag.
    VNTAG: Protocol "vntag" "VN-Tag";
    /// Whether the frame goes from the bridge to an interface.
    DIR: Bool "vntag.dir" "Direction";
    /// Whether the destination is a list of interfaces.
    PTR: Bool "vntag.ptr" "Pointer";
    /// Number of the destination interface, or of the list.
    DST: U32 "vntag.dst" "Destination";
    /// Whether the frame returns to the port that it came from.
    LOOPED: Bool "vntag.looped" "Looped";
    /// Reserved bit.
    R: U32 "vntag.r" "Reserved";
    /// Version of the tag.
    VERSION: U32 "vntag.version" "Version";
    /// Number of the source interface.
    SRC: U32 "vntag.src" "Source";
    /// EtherType of the payload.
    ETYPE: U16 "vntag.etype" "Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Length of the payload, in frames without an EtherType.
    LEN: U16 "vntag.len" "Length";
}

/// Registry entry for VN-Tag.
pub static PROTOCOL: Protocol = Protocol {
    short: "VNTAG",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x8926)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_ATM_RFC1483: a frame that begins with an LLC header.
const LLC: u16 = 100;

/// ```text
///  0 1 2              16 17 18  20           32
///  |d|p| destination  | l| r|ver| source     | EtherType | payload
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("vntag");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let Some(&[a, b, c, d, e, f]) = payload.bytes.first_chunk() else {
        tree.open(&VNTAG, payload.all(), Value::Bytes(payload.all()));
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    let (tag, kind) = (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, f]));
    if tree.wants_any(&VNTAG) {
        describe(tag, kind, payload, tree);
    }
    let next = payload.from(6);
    match kind {
        1..=1500 => NextLayer::Link(LLC, next.first(kind.into())),
        _ => {
            packet.path.push("ethertype");
            NextLayer::EtherType(kind, next)
        }
    }
}

fn describe(tag: u32, kind: u16, payload: Payload<'_>, tree: &mut Tree) {
    let span = payload.span(0, 4);
    tree.open(&VNTAG, span, Value::Bytes(payload.all()));
    for (field, bit) in [(&DIR, 31), (&PTR, 30)] {
        tree.put(field, span, Value::Bool(tag >> bit & 1 == 1));
    }
    tree.put(&DST, span, Value::Uint((tag >> 16 & 0x3fff).into()));
    tree.put(&LOOPED, span, Value::Bool(tag >> 15 & 1 == 1));
    for (field, shift, mask) in [(&R, 14, 1), (&VERSION, 12, 3), (&SRC, 0, 0xfff)] {
        tree.put(field, span, Value::Uint((tag >> shift & mask).into()));
    }
    let field = if (1..=1500).contains(&kind) { &LEN } else { &ETYPE };
    tree.put(field, payload.span(4, 2), Value::Uint(kind.into()));
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn a_tag_has_its_fields_and_its_payload() {
        // Values from tshark 4.4.
        let bytes = [0xff, 0xff, 0xbf, 0xff, 0x81, 0, 0x45];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::EtherType(0x8100, Payload { bytes: [0x45], .. })), "{next:?}");
        let expected = [
            (&DIR, Value::Bool(true)),
            (&PTR, Value::Bool(true)),
            (&DST, Value::Uint(0x3fff)),
            (&LOOPED, Value::Bool(true)),
            (&R, Value::Uint(0)),
            (&VERSION, Value::Uint(3)),
            (&SRC, Value::Uint(0xfff)),
            (&ETYPE, Value::Uint(0x8100)),
        ];
        for (field, value) in expected {
            assert_eq!(tree.first(field), Some(value), "{}", field.name);
        }
    }
}
