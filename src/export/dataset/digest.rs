//! Digest of a packet that is the same wherever it is captured.

use dissectors::{Field, Tree, Wants, field};
use flate2::Crc;

/// Network layers, and the digest of a packet from the first of them on.
pub(super) struct PacketDigest {
    networks: Vec<&'static Field>,
}

impl Default for PacketDigest {
    fn default() -> PacketDigest {
        PacketDigest { networks: ["ip", "ipv6"].iter().filter_map(|name| field(name)).collect() }
    }
}

impl PacketDigest {
    /// Returns the fields that must be recorded.
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.networks.iter().for_each(|field| wants.add(field));
        wants
    }

    /// Returns the CRC-32 of a frame from its first network layer on, without what routers change and without padding; of all its
    /// bytes if it has none.
    pub(super) fn of(&self, frame: &[u8], tree: &Tree) -> u32 {
        let is_network = |id: u16| self.networks.iter().any(|field| field.id == id);
        let start =
            tree.nodes().iter().find(|node| is_network(node.field.id)).map_or(0, |node| node.span.start as usize);
        let packet = frame.get(start..).unwrap_or(frame);
        packet_digest(packet, start > 0 || tree.nodes().iter().any(|node| is_network(node.field.id)))
    }
}

/// Returns the digest of a packet, or of a frame without a network layer.
fn packet_digest(packet: &[u8], has_network: bool) -> u32 {
    let mut crc = Crc::new();
    let length = |at: usize| packet.get(at..at + 2).map_or(0, |of| usize::from(of[0]) << 8 | usize::from(of[1]));
    // Bytes that stay: not the traffic class (RFC 2474), the TTL or hop limit, and the checksum of the header.
    let (header, kept, end): (usize, &[(usize, usize)], usize) = match packet.first().map(|first| first >> 4) {
        // RFC 791 3.1. A length of 0 is that of a segment which the interface divides.
        Some(4) if has_network => (12, &[(2, 8), (9, 10)], length(2)),
        // RFC 8200 3.
        Some(6) if has_network => (8, &[(4, 7)], if length(4) == 0 { 0 } else { 40 + length(4) }),
        _ => (0, &[], 0),
    };
    let packet = if end > header { packet.get(..end).unwrap_or(packet) } else { packet };
    kept.iter().for_each(|&(from, to)| crc.update(packet.get(from..to).unwrap_or_default()));
    crc.update(packet.get(header..).unwrap_or_default());
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_and_padding_do_not_change_it() {
        let packet = b"\x45\x00\x00\x18\x12\x34\x40\x00\x40\x06\xaa\xbb\x0a\x00\x00\x01\x0a\x00\x00\x02data";
        let mut routed = packet.to_vec();
        (routed[1], routed[8], routed[10]) = (0x28, 0x3f, 0xab);
        routed.extend([0; 6]);
        assert_eq!(packet_digest(packet, true), packet_digest(&routed, true));
        assert_ne!(packet_digest(packet, false), packet_digest(&routed, false));
        for changed in [2, 4, 9, 12, 20] {
            let mut other = packet.to_vec();
            other[changed] ^= 1;
            assert_ne!(packet_digest(packet, true), packet_digest(&other, true), "{changed}");
        }
        let packet = [&b"\x60\x00\x00\x00\x00\x04\x11\x40"[..], &[1; 32], b"data"].concat();
        let mut routed = packet.clone();
        (routed[1], routed[7]) = (0x20, 0x3e);
        assert_eq!(packet_digest(&packet, true), packet_digest(&routed, true));
    }
}
