//! Client hellos in frames, without their connections: keys of Initial packets follow from a connection ID (RFC 9001 5.2).

use super::header::{LongHeader, LongPacket, PacketType, Version};
use super::levels::InitialKeys;
use crate::session::Side;
use alloc::vec::Vec;

/// Packets of a frame that are decrypted. Datagrams of a client have one or two Initial packets.
const MAX_PACKETS: usize = 4;

/// Returns the payloads of the Initial packets of clients in a frame. A version is searched, as the layers below are not read.
pub(super) fn initial_payloads(frame: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    let mut at = 0;
    while let Some(bytes) = frame.get(at..).filter(|_| payloads.len() < MAX_PACKETS) {
        let Some((&[first, a, b, c, d], _)) = bytes.split_first_chunk() else { break };
        let version = Version::of(u32::from_be_bytes([a, b, c, d])).filter(|_| first & 0xc0 == 0xc0);
        let packet = version.and_then(|_| LongPacket::read(bytes, LongHeader::read(bytes)?));
        let packet = packet.filter(|packet| packet.kind == PacketType::Initial);
        let keys = packet.as_ref().and_then(|packet| InitialKeys::new(packet.version, packet.header.dcid));
        let opened = packet
            .zip(keys)
            .and_then(|(packet, mut keys)| Some((keys.open(Side::Client, bytes, &packet, None)?, packet.len)));
        at += match opened {
            Some((opened, len)) => {
                payloads.push(opened.payload().to_vec());
                len
            }
            None => 1,
        };
    }
    payloads
}
