//! IPv6 headers from etherparse's builder: valid, invalid and truncated.

use super::*;
use crate::wants::Wants;
use alloc::string::String;
use alloc::vec::Vec;
use etherparse::PacketBuilder;

const SENDER: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55];
const RECEIVER: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

fn packet() -> Vec<u8> {
    let builder = PacketBuilder::ipv6(SENDER, RECEIVER, 64).udp(5000, 6000);
    let mut bytes = alloc::vec![0; builder.size(5)];
    assert!(builder.write_to_slice(&mut bytes, b"hello").is_ok());
    bytes
}

fn changed(at: usize, to: &[u8]) -> Vec<u8> {
    let mut bytes = packet();
    bytes.splice(at..at + to.len(), to.iter().copied());
    bytes
}

fn dissect(bytes: &[u8], packet: &mut Packet) -> (Tree, String) {
    let mut tree = Tree::new(Wants::everything());
    tree.begin(bytes);
    let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), packet, &mut tree));
    (tree, next)
}

#[test]
fn all_header_fields_are_recorded() {
    let mut facts = Packet::default();
    let (tree, next) = dissect(&changed(0, &[0x6b, 0x91, 0x23, 0x45]), &mut facts);
    assert!(next.starts_with("IpProto(17, Payload { bytes: [19, 136, 23, 112"), "{next}");
    assert_eq!((facts.source, facts.destination), (Address::V6(SENDER), Address::V6(RECEIVER)));
    let rows = [
        (&VERSION, 6),
        (&TCLASS, 0xb9),
        (&TCLASS_DSCP, 46),
        (&TCLASS_ECN, 1),
        (&FLOW, 0x12345),
        (&PLEN, 13),
        (&HLIM, 64),
    ];
    for (field, value) in rows {
        assert_eq!(tree.first(field), Some(Value::Uint(value)), "{}", field.name);
    }
    assert_eq!(tree.first(&SRC_SLAAC_MAC), Some(Value::Ether([0x00, 0x11, 0x22, 0x33, 0x44, 0x55])));
    assert_eq!(tree.first(&DST_SLAAC_MAC), None);
}

#[test]
fn the_payload_length_limits_the_payload_and_0_means_the_whole_frame() {
    for (len, after, expected) in [(13_u16, 7, 13), (10, 0, 10), (0, 0, 13), (0, 7, 20), (500, 0, 13)] {
        let mut bytes = changed(4, &len.to_be_bytes());
        bytes.resize(bytes.len() + after, 0);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut Tree::default());
        assert!(matches!(next, NextLayer::IpProto(17, payload) if payload.bytes.len() == expected), "{len} {next:?}");
    }
}

#[test]
fn no_layer_follows_no_next_header_or_an_empty_quote() {
    assert!(dissect(&changed(6, &[59]), &mut Packet::default()).1.starts_with("Data("));
    let mut quoted = Packet { quoted: true, ..Packet::default() };
    assert_eq!(dissect(packet().get(..40).unwrap_or_default(), &mut quoted).1, "End");
}

#[test]
fn another_version_is_noted() {
    let (tree, next) = dissect(&changed(0, &[0x45]), &mut Packet::default());
    assert!(tree.first(&BOGUS_IPV6_VERSION).is_some());
    assert!(next.starts_with("Data("), "{next}");
}

#[test]
fn every_prefix_is_malformed() {
    let bytes = packet();
    for len in 0..40 {
        let (tree, next) = dissect(bytes.get(..len).unwrap_or_default(), &mut Packet::default());
        assert_eq!(next, "End");
        assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
    }
}

#[test]
fn another_version_is_recorded_under_both_names() {
    let (tree, _) = dissect(&changed(0, &[0x30]), &mut Packet::default());
    for field in [&VERSION, &crate::names::IP_VERSION] {
        assert_eq!(tree.first(field), Some(Value::Uint(3)));
    }
}
