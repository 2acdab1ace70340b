//! NULL and LOOP: loopback frames of BSD systems, which begin with an address family.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "null";
    /// A loopback frame of a BSD system.
    NULL: Protocol "null" "Null/Loopback";
    /// EtherType of the payload.
    TYPE: U16 "null.type" "Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Address family of the payload.
    FAMILY: U32 "null.family" "Family" { values: FAMILIES };
}

const FAMILIES: &[(u64, &str)] = &[
    (2, "IP"),
    (6, "Netware"),
    (7, "OSI"),
    (16, "AppleTalk"),
    (23, "Netware IPX/SPX"),
    (24, "IPv6"),
    (28, "IPv6"),
    (30, "IPv6"),
];

/// Registry entry for NULL: LINKTYPE_NULL in the byte order of the capturing host, and LINKTYPE_LOOP, big-endian.
pub static PROTOCOL: Protocol = Protocol {
    short: "N/A",
    fields: FIELDS,
    claims: &[Claim::Link(0), Claim::Link(108)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_PPP.
const PPP: u16 = 9;

/// Meaning of the first four bytes.
enum LoopbackType {
    Family(u32),
    EtherType(u16),
}

/// Decodes the first four bytes. Address families are small numbers, which reveals the byte order. If neither order
/// gives a small number, the last two bytes are an EtherType, as some systems write for foreign frames.
fn loopback_type(bytes: [u8; 4]) -> LoopbackType {
    let [.., upper, lower] = bytes;
    match (u32::from_le_bytes(bytes), u32::from_be_bytes(bytes)) {
        (family @ 0..=0xffff, _) | (_, family @ 0..=0x5ff) => LoopbackType::Family(family),
        _ => LoopbackType::EtherType(u16::from_be_bytes([upper, lower])),
    }
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("null");
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("Null/Loopback"));
    }
    let span = payload.span(0, 4);
    if payload.bytes.starts_with(&[0xff, 0x03]) {
        tree.put(&NULL, payload.span(0, 0), Value::Bytes(payload.span(0, 0)));
        return NextLayer::Link(PPP, payload);
    }
    tree.open(&NULL, span, Value::Bytes(payload.all()));
    let next_payload = payload.from(4);
    let next = match payload.bytes.first_chunk::<4>().map(|bytes| loopback_type(*bytes)) {
        Some(LoopbackType::Family(family)) => {
            tree.put(&FAMILY, span, Value::Uint(family.into()));
            match family {
                2 => NextLayer::EtherType(0x0800, next_payload),
                // NetBSD and OpenBSD, FreeBSD, and Darwin use different numbers.
                24 | 28 | 30 => NextLayer::EtherType(0x86dd, next_payload),
                _ => NextLayer::Data(next_payload),
            }
        }
        Some(LoopbackType::EtherType(number)) => {
            tree.put(&TYPE, payload.span(2, 2), Value::Uint(number.into()));
            NextLayer::EtherType(number, next_payload)
        }
        None => {
            crate::frame::note_truncated(payload, tree);
            NextLayer::End
        }
    };
    tree.close();
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_recognized_in_either_byte_order() {
        let rows: [([u8; 4], &str); 9] = [
            ([2, 0, 0, 0], "EtherType(2048,"),
            ([0, 0, 0, 2], "EtherType(2048,"),
            ([24, 0, 0, 0], "EtherType(34525,"),
            ([0, 0, 0, 28], "EtherType(34525,"),
            ([30, 0, 0, 0], "EtherType(34525,"),
            ([0, 0, 8, 0], "EtherType(2048,"),
            ([15, 0, 8, 0], "EtherType(2048,"),
            ([7, 0, 0, 0], "Data("),
            ([0xff, 3, 0, 0x21], "Link(9,"),
        ];
        for (bytes, expected) in rows {
            let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut Tree::default());
            assert!(alloc::format!("{next:?}").starts_with(expected), "{bytes:?} {next:?}");
        }
        assert!(matches!(
            read(&Payload::whole(&[2, 0, 0], 0), &mut Packet::default(), &mut Tree::default()),
            NextLayer::End
        ));
    }
}
