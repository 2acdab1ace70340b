//! MPLS (RFC 3032): the label stack, and its payload as far as it can be determined (RFC 4928, RFC 4385).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "mpls";
    /// A label of a label switched path.
    MPLS: Protocol "mpls" "MultiProtocol Label Switching Header";
    /// Label value.
    LABEL: U32 "mpls.label" "MPLS Label" { values: LABELS };
    /// Traffic class, formerly experimental bits.
    EXP: U32 "mpls.exp" "MPLS Experimental Bits";
    /// Whether it is the last label of the stack.
    BOTTOM: U32 "mpls.bottom" "MPLS Bottom Of Label Stack";
    /// Number of routers that may still forward the packet.
    TTL: U32 "mpls.ttl" "MPLS TTL";
    /// Whether a control word precedes an Ethernet frame.
    PWETH_CW: Bool "pweth.cw" "PW Control Word (ethernet)";
    /// Sequence number of the frame in its pseudowire.
    PWETH_CW_SEQUENCE_NUMBER: U16 "pweth.cw.sequence_number" "PW sequence number (ethernet)";
    /// Version of an associated channel.
    PWACH_VER: U8 "pwach.ver" "Channel Version";
    /// Reserved byte of an associated channel.
    PWACH_RES: U8 "pwach.res" "Reserved" { base: DisplayBase::Hex };
    /// Protocol of an associated channel.
    PWACH_CHANNEL_TYPE: U16 "pwach.channel_type" "Channel Type" { base: DisplayBase::Hex };
}

const LABELS: &[(u64, &str)] = &[
    (0, "IPv4 Explicit-Null"),
    (1, "Router Alert"),
    (2, "IPv6 Explicit-Null"),
    (3, "Implicit-Null"),
    (7, "Entropy Label Indicator (ELI)"),
    (13, "Generic Associated Channel Label (GAL)"),
    (14, "OAM Alert"),
];

/// Registry entry for MPLS.
pub static PROTOCOL: Protocol = Protocol {
    short: "MPLS",
    fields: FIELDS,
    claims: &[
        Claim::EtherType(0x8847),
        Claim::EtherType(0x8848),
        Claim::Ppp(0x0281),
        Claim::Ppp(0x0283),
        Claim::IpProto(137),
    ],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// ```text
///  0                     20    23 24        32
///  | label               | class |b| ttl    |
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("mpls");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("MPLS Label Switched Packet"));
    }
    let mut rest = payload;
    while let Some(bytes) = rest.bytes.first_chunk::<4>() {
        let word = u32::from_be_bytes(*bytes);
        if tree.wants_any(&MPLS) {
            describe(word, rest, tree);
        }
        rest = rest.from(4);
        // Every label consumes four bytes of the payload, so the loop ends.
        if word & 0x100 != 0 && !rest.bytes.is_empty() {
            return read_payload(rest, packet, tree);
        }
    }
    crate::padding::note_truncated_unless_quoted(rest, packet, tree);
    NextLayer::End
}

fn describe(word: u32, payload: Payload<'_>, tree: &mut Tree) {
    let (label, class, bottom, ttl) = (word >> 12, word >> 9 & 7, word >> 8 & 1, word & 0xff);
    let span = payload.span(0, 4);
    let node = tree.open(&MPLS, span, Value::Bytes(payload.all()));
    tree.label(node, format_args!("{}, Label: {label}, Exp: {class}, S: {bottom}, TTL: {ttl}", MPLS.title));
    for (field, value) in [(&LABEL, label), (&EXP, class), (&BOTTOM, bottom), (&TTL, ttl)] {
        tree.put(field, span, Value::Uint(value.into()));
    }
    tree.close();
}

/// Determines the payload by its first four bits (RFC 4928 2). 4 and 6 are the version of IP. 0 is the control word of
/// a pseudowire (RFC 4385 3), assumed to be Ethernet (RFC 4448). 1 is an associated channel (RFC 4385 5).
fn read_payload<'b>(payload: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    match payload.bytes {
        [first, ..] if first >> 4 == 4 => NextLayer::EtherType(0x0800, payload),
        [first, ..] if first >> 4 == 6 => NextLayer::EtherType(0x86dd, payload),
        &[first, _, a, b, ..] if first >> 4 == 0 => {
            packet.path.push("pwethheuristic");
            packet.path.push("pwethcw");
            let sequence = Value::Uint(u16::from_be_bytes([a, b]).into());
            tree.open(&PWETH_CW, payload.span(0, 4), Value::Bool(true));
            tree.put(&PWETH_CW_SEQUENCE_NUMBER, payload.span(2, 2), sequence);
            tree.close();
            NextLayer::Link(1, payload.from(4))
        }
        &[first, reserved, a, b, ..] if first >> 4 == 1 => {
            packet.path.push("pwach");
            let channel = u16::from_be_bytes([a, b]);
            tree.put(&PWACH_VER, payload.span(0, 1), Value::Uint((first & 0xf).into()));
            tree.put(&PWACH_RES, payload.span(1, 1), Value::Uint(reserved.into()));
            tree.put(&PWACH_CHANNEL_TYPE, payload.span(2, 2), Value::Uint(channel.into()));
            match channel {
                0x0021 => NextLayer::EtherType(0x0800, payload.from(4)),
                0x0057 => NextLayer::EtherType(0x86dd, payload.from(4)),
                _ => NextLayer::Data(payload.from(4)),
            }
        }
        _ => NextLayer::Data(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree));
        (tree, next)
    }

    #[test]
    fn the_payload_is_determined_by_its_first_bits() {
        // A label of 100 with class 3 and TTL 5, at the bottom.
        let label = [0, 0x06, 0x47, 5];
        let rows: [(&[u8], &str); 6] = [
            (&[0x45, 1, 2, 3], "EtherType(2048, Payload { bytes: [69"),
            (&[0x60, 1, 2, 3], "EtherType(34525, Payload { bytes: [96"),
            (&[0, 0, 0, 7, 9], "Link(1, Payload { bytes: [9]"),
            (&[0x10, 0, 0, 0x57, 0x60], "EtherType(34525, Payload { bytes: [96]"),
            (&[0x90, 0], "Data("),
            (&[0, 0], "Data("),
        ];
        for (payload, expected) in rows {
            let (tree, next) = dissect(&[&label[..], payload].concat());
            assert!(next.starts_with(expected), "{next}");
            assert_eq!(tree.first(&LABEL), Some(Value::Uint(100)));
            assert_eq!(tree.first(&EXP), Some(Value::Uint(3)));
            assert_eq!(tree.first(&BOTTOM), Some(Value::Uint(1)));
            assert_eq!(tree.first(&TTL), Some(Value::Uint(5)));
        }
    }

    #[test]
    fn labels_are_read_up_to_the_bottom_of_the_stack() {
        let (tree, next) = dissect(&[0, 0, 0x10, 1, 0, 0, 0x20, 1, 0, 0, 0x31, 1, 0x45]);
        assert_eq!(tree.nodes().iter().filter(|node| node.field.id == LABEL.id).count(), 3);
        assert!(next.starts_with("EtherType(2048,"), "{next}");
    }

    #[test]
    fn a_stack_without_a_bottom_is_noted() {
        for bytes in [&[][..], &[0, 0, 0x11], &[0, 0, 0x10, 1], &[0, 0, 0x11, 1]] {
            let (tree, next) = dissect(bytes);
            assert_eq!(next, "End");
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{bytes:?}");
        }
    }
}
