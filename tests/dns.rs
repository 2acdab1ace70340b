//! DNS in captures: it is found on any port, and no other protocol is mistaken for it.

use crate::common::{IPV4, captures, events, pcap};
use dissectors::{Field, Value, Wants};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::source::Capture;

/// Returns the captures of a folder of fixtures.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let in_folder = |name: &str| name.contains(&format!("/fixtures/{folder}/"));
    captures().into_iter().filter(|(name, _)| in_folder(name)).collect()
}

/// Returns calls as protocol, method, target, status and outcome.
fn calls(file: Vec<u8>) -> Vec<String> {
    let calls = events(file, Task { exchanges: true, ends: true, ..Task::default() }).into_iter();
    let calls = calls.filter_map(|event| if let Event::Call(call) = event { Some(call.exchange) } else { None });
    let line = |call: Box<dissectors::exchange::Exchange>| {
        format!("{} {} {} {} {:?}", call.protocol, call.method, call.target, call.status, call.outcome)
    };
    calls.map(line).collect()
}

/// Returns the IPv4 packets of an Ethernet capture with other ports.
fn with_ports(file: &[u8], port: impl Fn(u16) -> u16) -> Vec<Vec<u8>> {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())).expect("a capture");
    let mut packets = Vec::new();
    while let Some(frame) = capture.next().expect("a complete capture") {
        let mut packet = frame.bytes[14..].to_vec();
        for at in [20, 22] {
            let old = u16::from_be_bytes([packet[at], packet[at + 1]]);
            packet[at..at + 2].copy_from_slice(&port(old).to_be_bytes());
        }
        packets.push(packet);
    }
    packets
}

#[test]
fn dns_has_the_same_calls_on_any_port() {
    let mut found = 0;
    for (name, file) in fixtures("dns") {
        // The ports of mDNS and LLMNR are part of their protocols. Over HTTP, the calls are those of HTTP.
        if ["mdns", "llmnr", "over-http", "quoted"].iter().any(|other| name.contains(other)) {
            continue;
        }
        let expected = calls(pcap(IPV4, &with_ports(&file, |port| port)));
        assert!(!expected.is_empty() && expected.iter().all(|call| call.starts_with("dns ")), "{name}: {expected:?}");
        for port in [1053, 8600, 40_053] {
            let moved = with_ports(&file, |old| if old == 53 { port } else { old });
            assert_eq!(calls(pcap(IPV4, &moved)), expected, "{name} on port {port}");
        }
        found += expected.len();
    }
    assert!(found > 60, "{found} calls");
}

/// As in Wireshark, the lower of two known ports names the protocol.
#[test]
fn a_query_from_the_port_of_a_dialect_is_dns() {
    let (_, file) = fixtures("dns").into_iter().find(|(name, _)| name.ends_with("dns/udp.pcap")).expect("the fixture");
    let expected = calls(pcap(IPV4, &with_ports(&file, |port| port)));
    assert!(!expected.is_empty());
    for port in [5353, 5355] {
        let moved = with_ports(&file, |old| if old == 53 { old } else { port });
        assert_eq!(calls(pcap(IPV4, &moved)), expected, "from port {port}");
    }
}

/// Ports of DNS in the captures, of its dialects, and of the fixture on an unusual port.
const PORTS: [u64; 4] = [53, 5353, 5355, 5300];

#[test]
fn no_other_protocol_is_mistaken_for_dns() {
    let [dns, udp, tcp] = [&DNS[..], &["udp.port"], &["tcp.port"]].map(fields);
    let mut wants = Wants::default();
    [&dns, &udp, &tcp].into_iter().flatten().for_each(|field| wants.add(field));
    for (name, file) in captures() {
        let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file)) else { continue };
        let mut analyzer = Analyzer::new(Task { wants: wants.clone(), ..Task::default() });
        while let Ok(Some(frame)) = capture.next() {
            let tree = analyzer.dissect(&frame);
            let is_dns = dns.iter().any(|field| tree.first(field).is_some());
            let is_port = |value: Value| PORTS.iter().any(|&port| value == Value::Uint(port));
            let ports = tree.nodes().iter().filter(|node| [udp[0].id, tcp[0].id].contains(&node.field.id));
            let has_port = ports.map(|node| node.value).any(is_port);
            let is_over_http = name.contains("dns/over-http");
            assert!(!is_dns || has_port || is_over_http, "{name}, frame {}", frame.number);
        }
    }
}

const DNS: [&str; 3] = ["dns", "mdns", "llmnr"];

fn fields(names: &[&str]) -> Vec<&'static Field> {
    names.iter().map(|name| dissectors::field(name).expect("a field")).collect()
}
