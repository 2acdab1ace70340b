//! Guarantees of every layer on any input: no panic, valid spans, and the same result for any selection of fields.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use dissectors::packet::EchoFacts;
use dissectors::packet::{MAX_LAYERS, NextLayer, Packet, Payload};
use dissectors::{PROTOCOLS, Registry, Tree, Wants};
use overhear_dissectors as dissectors;
use proptest::prelude::*;

/// The entry point of a walk over the layers.
#[derive(Clone, Copy, Debug)]
enum EntryPoint {
    Link(u16),
    EtherType(u16),
    IpProto(u8),
    Ppp(u16),
    UdpPort(u16),
}

impl EntryPoint {
    fn next(self, payload: Payload<'_>) -> NextLayer<'_> {
        match self {
            EntryPoint::Link(number) => NextLayer::Link(number, payload),
            EntryPoint::EtherType(number) => NextLayer::EtherType(number, payload),
            EntryPoint::IpProto(number) => NextLayer::IpProto(number, payload),
            EntryPoint::Ppp(number) => NextLayer::Ppp(number, payload),
            EntryPoint::UdpPort(number) => NextLayer::UdpPort(number, number, payload),
        }
    }
}

/// Returns all numbers that a protocol claims.
fn entries(registry: &Registry) -> Vec<EntryPoint> {
    let mut entries = Vec::new();
    entries.extend((0..=u16::MAX).filter(|&number| registry.link(number).is_some()).map(EntryPoint::Link));
    entries.extend((0..=u16::MAX).filter(|&number| registry.ether_type(number).is_some()).map(EntryPoint::EtherType));
    entries.extend((0..=u8::MAX).filter(|&number| registry.ip_proto(number).is_some()).map(EntryPoint::IpProto));
    entries.extend((0..=u16::MAX).filter(|&number| registry.ppp(number).is_some()).map(EntryPoint::Ppp));
    entries.extend((0..=u16::MAX).filter(|&number| registry.udp_port(number).is_some()).map(EntryPoint::UdpPort));
    entries
}

/// Walks all layers from `entry`, datagrams included; returns the last result and the protocol path as text.
fn walk_all(registry: &Registry, entry: EntryPoint, bytes: &[u8], wire: u32, tree: &mut Tree) -> String {
    tree.begin(bytes);
    let mut packet = Packet::default();
    let mut next = entry.next(Payload { bytes, base: 0, wire });
    loop {
        while let Some((read, payload)) = next.reader(registry, &mut packet) {
            next = read(payload, &mut packet, tree);
        }
        let inner = match next {
            NextLayer::Datagram(datagram) => {
                dissectors::udp::describe(&datagram, &Default::default(), tree);
                datagram.next()
            }
            NextLayer::Echo(echo) => {
                (echo.describe)(&echo, &EchoFacts::RequestIn(1, 5), &packet, tree);
                echo.next()
            }
            NextLayer::Compressed(compressed) => {
                (compressed.decompress)(compressed.payload, tree);
                break;
            }
            _ => break,
        };
        next = inner;
    }
    assert!(packet.layers <= MAX_LAYERS);
    let quoted = packet.quoted;
    let (source, destination) = (packet.source, packet.destination);
    format!("{next:?} {:?} {source:?} {destination:?} {quoted}", packet.path.names())
}

/// Checks the guarantees for any bytes, read from `entry`.
fn check_guarantees(registry: &Registry, entry: EntryPoint, bytes: &[u8], wire: u32) {
    let mut everything = Tree::new(Wants::everything());
    let expected = walk_all(registry, entry, bytes, wire, &mut everything);
    for wants in [Wants::default(), Wants::only_columns()] {
        let mut tree = Tree::new(wants);
        assert_eq!(walk_all(registry, entry, bytes, wire, &mut tree), expected, "{entry:?}");
    }
    let frame = everything.buffers().first().map(|buffer| buffer.bytes).unwrap_or_default();
    for node in everything.nodes() {
        let name = node.field.name;
        assert!(node.span.end() <= frame.end(), "{name} spans {:?} of {frame:?}", node.span);
        let mut text = String::new();
        assert!(dissectors::format::value(&mut text, node.field, node.value, &everything).is_ok());
        assert!(!text.bytes().any(|byte| byte < b' '), "{name} has control characters");
    }
}

fn checksummed(mut header: Vec<u8>) -> Vec<u8> {
    let sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    header[10..12].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    header
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[0, 1, 2, 3, 4, 5, 2, 7, 8, 9, 10, 11], &kind.to_be_bytes()[..], payload].concat()
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = (24 + payload.len() as u16).to_be_bytes();
    let head = [0x46, 0, len[0], len[1], 0x12, 0x34, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 148, 4, 0, 0];
    [checksummed(head.to_vec()).as_slice(), payload].concat()
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut head = vec![0x60, 0, 0, 0];
    head.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    head.extend_from_slice(&[next, 64]);
    head.extend_from_slice(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    head.extend_from_slice(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    [head.as_slice(), payload].concat()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let (port, len) = (port.to_be_bytes(), (8 + payload.len() as u16).to_be_bytes());
    [&[0xc3, 0x50, port[0], port[1], len[0], len[1], 0, 0], payload].concat()
}

/// Returns packets that contain most layers.
fn seeds() -> Vec<Vec<u8>> {
    let tcp = [0, 80, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 1, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4];
    let inner = ethernet(0x0800, &ipv4(6, &tcp));
    let options = [60, 0, 4, 1, 5, 1, 1, 0];
    let routing = [44, 2, 0, 1, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let fragment = [51, 0, 0, 0, 0, 0, 0, 7];
    let authentication = [6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7, 1, 2, 3, 4];
    let destination = [43, 0, 1, 4, 0, 0, 0, 0];
    let extended = [&options[..], &destination, &routing, &fragment, &authentication, &tcp].concat();
    let unreachable = [&[3, 3, 0, 0, 0, 8, 0, 0][..], &ipv4(17, &udp(9, &[1, 2]))].concat();
    let advertisement =
        [&[134, 0, 0, 0, 64, 0xc8, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0][..], &[1, 1, 2, 3, 4, 5, 6, 7]].concat();
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &inner].concat();
    let geneve = [&[2, 0x40, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 0x80, 1, 1, 2, 3, 4][..], &inner].concat();
    let gre = [&[0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9][..], &inner].concat();
    let labels = [&[0, 6, 0x40, 64, 0, 6, 0x41, 64, 0, 0, 0, 7][..], &inner].concat();
    let session = [&[0x11, 0, 0, 7, 0, 48, 0, 0x21][..], &ipv4(6, &tcp)].concat();
    let arp = [0, 1, 8, 0, 6, 4, 0, 1, 2, 7, 8, 9, 10, 11, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let report = [0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 1, 224, 1, 1, 1, 10, 0, 0, 1];
    vec![
        ethernet(0x88a8, &[&[0, 5, 0x81, 0, 0x60, 7, 8, 0], ipv4(17, &udp(4789, &vxlan)).as_slice()].concat()),
        ethernet(0x0800, &ipv4(17, &udp(6081, &geneve))),
        ethernet(0x0800, &ipv4(47, &gre)),
        ethernet(0x0800, &ipv4(4, &ipv4(41, &ipv6(6, &tcp)))),
        ethernet(0x0800, &ipv4(1, &unreachable)),
        ethernet(0x0800, &ipv4(2, &report)),
        ethernet(0x86dd, &ipv6(0, &extended)),
        ethernet(0x86dd, &ipv6(58, &advertisement)),
        ethernet(0x8847, &labels),
        ethernet(0x8864, &session),
        ethernet(0x0806, &arp),
        ethernet(40, &[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], ipv4(17, &udp(53, &[])).as_slice()].concat()),
    ]
}

/// Returns the link type and the frames of each little-endian fixture with headers of radios, interfaces or logs.
fn recorded_seeds() -> Vec<(u16, Vec<u8>)> {
    let mut seeds = Vec::new();
    for name in ["wlan", "radiotap", "ppi", "pktap", "prism", "avs", "arcnet", "vntag", "nflog", "ipcomp"] {
        let path = format!("{}/../fixtures/link/{name}.pcap", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read(path).unwrap();
        let number = |at: usize| u32::from_le_bytes(*file[at..].first_chunk().unwrap()) as usize;
        let mut at = 24;
        while at < file.len() {
            let end = at + 16 + number(at + 8);
            seeds.push((number(20) as u16, file[at + 16..end].to_vec()));
            at = end;
        }
    }
    seeds
}

#[test]
fn the_seeds_are_dissected_completely() {
    let registry = Registry::new(PROTOCOLS);
    let expected = [
        "eth ethertype ieee8021ad ethertype vlan ethertype ip udp vxlan eth ethertype ip tcp",
        "eth ethertype ip udp geneve eth ethertype ip tcp",
        "eth ethertype ip gre eth ethertype ip tcp",
        "eth ethertype ip ip ipv6 tcp",
        "eth ethertype ip icmp ip udp",
        "eth ethertype ip igmp igmp",
        "eth ethertype ipv6 ipv6.hopopts ipv6.dstopts ipv6.routing ipv6.fraghdr ah tcp",
        "eth ethertype ipv6 icmpv6",
        "eth ethertype mpls pwethheuristic pwethcw eth ethertype ip tcp",
        "eth ethertype pppoes ppp ip tcp",
        "eth ethertype arp",
        "eth llc ip udp",
    ];
    for (bytes, expected) in seeds().iter().zip(expected) {
        let mut tree = Tree::new(Wants::everything());
        let result = walk_all(&registry, EntryPoint::Link(1), bytes, bytes.len() as u32, &mut tree);
        let path = format!("{:?}", expected.split(' ').collect::<Vec<_>>());
        assert!(result.contains(&path), "expected {expected}, found {result}");
        let notes = tree.nodes().iter().filter(|node| matches!(node.field.name, "_ws.short" | "_ws.malformed"));
        assert_eq!(notes.count(), 0, "{expected}");
    }
}

#[test]
fn a_header_longer_than_the_frame_leaves_no_bytes_outside_it() {
    let registry = Registry::new(PROTOCOLS);
    for (link, mut bytes) in recorded_seeds() {
        // The length of a PKTAP header is in its first bytes, that of PPI and radiotap in the third.
        for at in [0, 2] {
            bytes[at] = (bytes.len() as u8).wrapping_add(36);
            check_guarantees(&registry, EntryPoint::Link(link), &bytes, bytes.len() as u32);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_dissected_from_every_entry(
        bytes in prop::collection::vec(any::<u8>(), 0..160),
        cut in 0_u32..64,
    ) {
        let registry = Registry::new(PROTOCOLS);
        for entry in entries(&registry) {
            check_guarantees(&registry, entry, &bytes, bytes.len() as u32 + cut);
        }
    }

    #[test]
    fn packets_with_changed_or_missing_bytes_are_dissected(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        kept in any::<prop::sample::Index>(),
        snapped in any::<bool>(),
        is_recorded in any::<bool>(),
    ) {
        let registry = Registry::new(PROTOCOLS);
        let mut all: Vec<_> = seeds().into_iter().map(|bytes| (1, bytes)).collect();
        if is_recorded {
            all = recorded_seeds();
        }
        let (link, mut bytes) = all.swap_remove(seed.index(all.len()));
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let wire = bytes.len() as u32;
        check_guarantees(&registry, EntryPoint::Link(link), &bytes, wire);
        bytes.truncate(kept.index(bytes.len() + 1));
        let wire = if snapped { wire } else { bytes.len() as u32 };
        check_guarantees(&registry, EntryPoint::Link(link), &bytes, wire);
    }
}
