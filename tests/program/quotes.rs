//! The columns of ICMP errors describe the error, not the packet that it quotes. The rows are those of tshark 4.0.17.

use super::{fixture, folder, pcap, run, write};

/// LINKTYPE_RAW: an IPv4 or IPv6 packet.
const RAW: u32 = 101;

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];

fn ipv4(protocol: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let [high, low] = (20 + payload.len() as u16).to_be_bytes();
    [&[0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0][..], &from, &to, payload].concat()
}

fn ipv6(next: u8, from: u8, to: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = (payload.len() as u16).to_be_bytes();
    let address = |last| [&[0xfd][..], &[0; 14], &[last]].concat();
    [&[0x60, 0, 0, 0, high, low, next, 64][..], &address(from), &address(to), payload].concat()
}

/// An ICMP error of the server about a packet of the client.
fn error4(kind: u8, code: u8, quoted: &[u8]) -> Vec<u8> {
    ipv4(1, SERVER, CLIENT, &[&[kind, code, 0, 0, 0, 0, 0, 0], quoted].concat())
}

/// An ICMPv6 error of the server about a packet of the client.
fn error6(kind: u8, code: u8, quoted: &[u8]) -> Vec<u8> {
    ipv6(58, 2, 1, &[&[kind, code, 0, 0, 0, 0, 0, 0], quoted].concat())
}

const UDP: [u8; 12] = [0x9c, 0x40, 0x13, 0x89, 0, 12, 0, 0, b'd', b'a', b't', b'a'];
const TCP: [u8; 20] = [0x9c, 0x40, 0, 80, 0, 0, 3, 232, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0];
const ECHO: [u8; 8] = [8, 0, 0, 0, 0, 1, 0, 2];

#[test]
fn an_error_is_listed_as_itself_and_not_as_the_packet_that_it_quotes() {
    let sent4 = |protocol, payload: &[u8]| ipv4(protocol, CLIENT, SERVER, payload);
    let sent6 = |next, payload: &[u8]| ipv6(next, 1, 2, payload);
    let tunnel = [&[0, 0, 8, 0][..], &sent4(17, &UDP)].concat();
    #[rustfmt::skip]
    let rows = [
        (error4(3, 3, &sent4(17, &UDP)), "ICMP 60 Destination unreachable (Port unreachable)"),
        (error4(3, 1, &sent4(6, &TCP)), "ICMP 68 Destination unreachable (Host unreachable)"),
        (error4(11, 0, &sent4(6, &TCP[..8])), "ICMP 56 Time-to-live exceeded (Time to live exceeded in transit)"),
        (error4(3, 10, &sent4(6, &TCP[..4])), "ICMP 52 Destination unreachable (Host administratively prohibited)"),
        (error4(3, 3, &sent4(17, &UDP[..4])), "ICMP 52 Destination unreachable (Port unreachable)"),
        (error4(3, 1, &sent4(1, &ECHO)), "ICMP 56 Destination unreachable (Host unreachable)"),
        (error4(3, 1, &sent4(17, &UDP)[..10]), "ICMP 38 Destination unreachable (Host unreachable)"),
        (error4(3, 2, &sent4(47, &tunnel)), "ICMP 84 Destination unreachable (Protocol unreachable)"),
        (error6(1, 4, &sent6(17, &UDP)), "ICMPv6 100 Destination Unreachable (Port unreachable)"),
        (error6(3, 0, &sent6(6, &TCP)), "ICMPv6 108 Time Exceeded (hop limit exceeded in transit)"),
        (error6(1, 0, &sent6(6, &TCP[..8])), "ICMPv6 96 Destination Unreachable (no route to destination)"),
        (error6(1, 4, &sent6(17, &UDP[..4])), "ICMPv6 92 Destination Unreachable (Port unreachable)"),
        (error6(2, 0, &sent6(6, &TCP)), "ICMPv6 108 Packet Too Big"),
    ];
    let folder = folder();
    let packets: Vec<_> = rows.iter().map(|(packet, _)| packet.clone()).collect();
    let file = write(folder.path(), "errors.pcap", &pcap(RAW, &packets));
    let columns = ["source", "destination", "protocol", "length", "info"].map(|name| format!("_ws.col.{name}"));
    let fields: Vec<&str> = columns.iter().flat_map(|name| ["-e", name]).collect();
    let (text, error, code) = run(&[&["print", &file, "-T", "fields", "-E", "separator=/s"], &fields[..]].concat());
    assert_eq!((&*error, code), ("", 0));
    let expected = rows.map(|(packet, row)| match packet[0] >> 4 {
        4 => format!("10.0.0.2 10.0.0.1 {row}"),
        _ => format!("fd00::2 fd00::1 {row}"),
    });
    let found: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(found, expected);
}

#[test]
fn an_error_that_was_captured_is_found_by_its_protocol() {
    let file = fixture("ip/icmp-port-unreachable.pcap");
    let (text, ..) = run(&["print", &file]);
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[1].ends_with("10.0.0.2 → 10.0.0.1     ICMP 170 Destination unreachable (Port unreachable)"), "{text}");
    assert!(
        rows[3].ends_with("fd00::2 → fd00::1      ICMPv6 210 Destination Unreachable (Port unreachable)"),
        "{text}"
    );
    for (protocol, frame) in [("ICMP", "2\n"), ("ICMPv6", "4\n"), ("UDP", "1\n3\n")] {
        let filter = format!("_ws.col.protocol == \"{protocol}\"");
        assert_eq!(run(&["print", &file, "-e", "frame.number", &filter]).0, frame);
    }
}

#[test]
fn a_quoted_header_that_is_short_is_not_malformed() {
    let folder = folder();
    let packet = error4(3, 3, &ipv4(17, CLIENT, SERVER, &UDP[..4]));
    let file = write(folder.path(), "short.pcap", &pcap(RAW, &[packet]));
    assert_eq!(run(&["print", &file, "_ws.short or _ws.malformed"]), (String::new(), String::new(), 0));
}
