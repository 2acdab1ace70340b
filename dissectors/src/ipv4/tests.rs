//! IPv4 headers by hand and from etherparse's builder: valid, invalid and truncated.

use super::*;
use crate::wants::Wants;
use alloc::string::String;
use alloc::vec::Vec;
use etherparse::PacketBuilder;

fn packet(payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(5000, 6000);
    let mut bytes = alloc::vec![0; builder.size(payload.len())];
    assert!(builder.write_to_slice(&mut bytes, payload).is_ok());
    bytes
}

fn changed(at: usize, to: &[u8]) -> Vec<u8> {
    let mut bytes = packet(b"hello");
    bytes.splice(at..at + to.len(), to.iter().copied());
    bytes
}

fn dissect(bytes: &[u8], packet: &mut Packet) -> (Tree, String) {
    let mut tree = Tree::new(Wants::everything());
    tree.begin(bytes);
    let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), packet, &mut tree));
    (tree, next)
}

fn info(tree: &Tree) -> String {
    String::from_utf8_lossy(tree.bytes(tree.columns().info)).into_owned()
}

#[test]
fn all_header_fields_are_recorded() {
    let mut packet_facts = Packet::default();
    let (tree, next) = dissect(&packet(b"hello"), &mut packet_facts);
    assert!(next.starts_with("IpProto(17, Payload { bytes: [19, 136, 23, 112"), "{next}");
    assert_eq!(packet_facts.source, Address::V4([10, 0, 0, 1]));
    assert_eq!(packet_facts.destination, Address::V4([10, 0, 0, 2]));
    let rows = [(&VERSION, 4), (&HDR_LEN, 20), (&LEN, 33), (&TTL, 64), (&PROTO, 17), (&FRAG_OFFSET, 0)];
    for (field, value) in rows {
        assert_eq!(tree.first(field), Some(Value::Uint(value)), "{}", field.name);
    }
    assert_eq!(tree.first(&SRC), Some(Value::Ipv4([10, 0, 0, 1])));
    assert_eq!(tree.first(&DST), Some(Value::Ipv4([10, 0, 0, 2])));
    assert_eq!(packet_facts.path.names(), ["ip"]);
}

#[test]
fn the_total_length_limits_the_payload_and_0_means_the_whole_frame() {
    // (total length as sent, bytes that follow the packet, bytes of payload)
    for (total, after, expected) in [(33_u16, 7, 13), (30, 0, 10), (0, 0, 13), (0, 7, 20), (500, 0, 13), (20, 0, 0)] {
        let mut bytes = changed(2, &total.to_be_bytes());
        bytes.resize(bytes.len() + after, 0);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut Tree::default());
        let len = match next {
            NextLayer::IpProto(17, payload) => payload.bytes.len(),
            _ => 0,
        };
        assert_eq!(len, expected, "{total} {after}");
    }
}

#[test]
fn a_truncated_packet_keeps_its_length_on_the_wire() {
    let bytes = packet(b"hello");
    let payload = Payload { bytes: bytes.get(..30).unwrap_or_default(), base: 0, wire: 60 };
    let next = read(&payload, &mut Packet::default(), &mut Tree::default());
    assert!(
        matches!(next, NextLayer::IpProto(17, Payload { bytes: [_, _, _, _, _, _, _, _, _, _], wire: 13, .. })),
        "{next:?}"
    );
}

#[test]
fn invalid_headers_are_noted_and_end_the_dissection() {
    let rows = [
        (changed(0, &[0x43]), &BOGUS_HEADER_LENGTH, "Bogus IP header length (12, must be at least 20)"),
        (changed(0, &[0x55]), &BOGUS_IP_VERSION, "Bogus IPv4 version (5, must be 4)"),
        (changed(2, &[0, 10]), &BOGUS_IP_LENGTH, "Bogus IP length (10, less than header length 20)"),
    ];
    for (bytes, note, expected) in rows {
        let (tree, next) = dissect(&bytes, &mut Packet::default());
        assert_eq!((next.as_str(), info(&tree).as_str()), ("End", expected));
        assert!(tree.first(note).is_some(), "{expected}");
    }
    let (_, next) = dissect(&changed(0, &[0x60]), &mut Packet::default());
    assert!(next.starts_with("EtherType(34525,"), "{next}");
}

#[test]
fn fragments_have_their_offset() {
    // (flags and offset, next layer)
    let rows = [
        ([0x20, 0x00], "Fragment(Fragment { id: 4660, protocol: 17, offset: 0, more: true,"),
        ([0x20, 0xb9], "Fragment(Fragment { id: 4660, protocol: 17, offset: 1480, more: true,"),
        ([0x00, 0xb9], "Fragment(Fragment { id: 4660, protocol: 17, offset: 1480, more: false,"),
        ([0x40, 0x00], "IpProto(17,"),
    ];
    for ([flags, low], expected) in rows {
        let (tree, next) = dissect(&changed(4, &[0x12, 0x34, flags, low]), &mut Packet::default());
        assert!(next.starts_with(expected), "{next}");
        assert_eq!(tree.first(&FLAGS), Some(Value::Uint((flags >> 5).into())));
    }
    let (tree, _) = dissect(&changed(4, &[0x12, 0x34, 0x20, 0xb9]), &mut Packet::default());
    assert_eq!(info(&tree), "Fragmented IP protocol (proto=UDP 17, off=1480, ID=1234)");
}

#[test]
fn a_quoted_packet_is_longer_than_its_quote() {
    let bytes = changed(2, &[5, 220]);
    let mut packet = Packet { quoted: true, ..Packet::default() };
    let mut tree = Tree::new(Wants::everything());
    tree.begin(&bytes);
    let next = read(&Payload::whole(&bytes, 0), &mut packet, &mut tree);
    assert!(matches!(next, NextLayer::IpProto(17, Payload { wire: 1480, .. })), "{next:?}");
    assert!(tree.first(&BOGUS_IP_LENGTH).is_none());
    assert_eq!(tree.columns().protocol, "");
}

#[test]
fn options_are_recorded_and_a_route_sets_the_destination() {
    // RFC 791 3.1: a loose route of two addresses, the pointer at the first; then the end of the list.
    let route = [131, 11, 4, 10, 0, 0, 7, 10, 0, 0, 8, 0];
    let mut bytes = packet(b"");
    bytes.splice(20..20, route);
    bytes.splice(0..4, [0x48, 0, 0, 40]);
    let mut facts = Packet::default();
    let (tree, _) = dissect(&bytes, &mut facts);
    assert_eq!(facts.destination, Address::V4([10, 0, 0, 8]));
    assert_eq!(tree.first(&DST), Some(Value::Ipv4([10, 0, 0, 8])));
    assert_eq!(tree.first(&CUR_RT), Some(Value::Ipv4([10, 0, 0, 2])));
    assert_eq!(tree.first(&SRC_RT), Some(Value::Ipv4([10, 0, 0, 7])));
    assert_eq!(tree.first(&OPT_PTR), Some(Value::Uint(4)));
}

#[test]
fn invalid_options_are_noted() {
    let rows: [([u8; 4], Option<&crate::Field>); 6] = [
        ([1, 1, 1, 1], Some(&NOP)),
        ([148, 4, 0, 0], None),
        ([148, 3, 0, 0], Some(&OPT_LEN_INVALID)),
        ([148, 20, 0, 0], Some(&OPT_LEN_INVALID)),
        ([7, 0, 0, 0], Some(&OPT_LEN_INVALID)),
        ([131, 3, 200, 0], None),
    ];
    for (option, note) in rows {
        let mut bytes = packet(b"hello");
        bytes.splice(20..20, option);
        bytes.splice(0..4, [0x46, 0, 0, 37]);
        let (tree, next) = dissect(&bytes, &mut Packet::default());
        assert!(next.starts_with("IpProto(17,"), "{next}");
        for field in [&NOP, &OPT_LEN_INVALID] {
            let expected = note.is_some_and(|note| note.id == field.id);
            assert_eq!(tree.first(field).is_some(), expected, "{option:?} {}", field.name);
        }
    }
}

#[test]
fn every_prefix_is_noted_as_short() {
    let bytes = packet(b"hello");
    for len in 0..bytes.len() {
        let payload = Payload { bytes: bytes.get(..len).unwrap_or_default(), base: 0, wire: bytes.len() as u32 };
        let mut tree = Tree::new(Wants::everything());
        tree.begin(payload.bytes);
        let next = read(&payload, &mut Packet::default(), &mut tree);
        assert_eq!(matches!(next, NextLayer::End), len < 20);
        assert_eq!(tree.first(&crate::frame::SHORT).is_some(), len < 20, "{len}");
    }
}
