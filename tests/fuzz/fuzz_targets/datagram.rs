//! Datagrams of a few conversations in UDP, read as packets in two passes. Each is two bytes for its conversation and its
//! length, then its payload.
#![no_main]

use dissectors::session::Side;
use libfuzzer_sys::fuzz_target;
use overhear::source::Time;
use overhear_fuzz::{Pass, address, frame};

/// LINKTYPE_IPV4: a frame is an IPv4 packet.
const IPV4: u16 = 228;

/// Ports of servers: of DNS, mDNS, LLMNR and SSDP, and one without a protocol.
const PORTS: [u16; 5] = [53, 5353, 5355, 1900, 5300];

/// Returns an IPv4 packet with a datagram (RFC 791, RFC 768). Checksums are zero.
fn packet(conversation: u8, payload: &[u8]) -> Vec<u8> {
    let from = if conversation & 0x80 == 0 { Side::Client } else { Side::Server };
    let server = PORTS[usize::from(conversation & 0x7f) % PORTS.len()];
    let ports = if from == Side::Client { [40000, server] } else { [server, 40000] };
    let mut packet = vec![0x45, 0];
    packet.extend((28 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(address(from));
    packet.extend(address(from.other()));
    packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    packet.extend((8 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

fuzz_target!(|input: &[u8]| {
    let mut packets = Vec::new();
    let mut rest = input;
    while let [conversation, len, payload @ ..] = rest {
        let (payload, after) = payload.split_at(payload.len().min(usize::from(*len) * 4));
        packets.push(packet(*conversation, payload));
        rest = after;
    }
    let read = |pass: &mut Pass| {
        for (nth, packet) in packets.iter().enumerate() {
            let time = Time(1_700_000_000_000_000_000 + nth as i64 * 1_000_000_000);
            pass.read(&frame(nth as u32 + 1, time, IPV4, packet.len() as u32, packet));
        }
    };
    let mut first = Pass::first();
    read(&mut first);
    let mut second = Pass::second(first.finish());
    read(&mut second);
    second.finish();
});
