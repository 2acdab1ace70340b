//! Detection of QUIC by the first datagrams of a conversation.
//!
//! An Initial packet decides that is authentic, or is in a datagram of nothing but packets. Other packets with long headers are
//! likely to be QUIC if they fill their datagram.

use super::header::{self, LongHeader, LongPacket, PacketType, Version};
use super::levels::InitialKeys;
use crate::datagram_path::FirstDatagram;
use crate::session::{Hint, Probe, Side};

/// The bits of a long header and of QUIC.
const LONG_AND_FIXED: u8 = 0xc0;
/// Minimum length of the first datagram of a client (RFC 9000 14.1).
const MIN_FIRST: usize = 1200;
/// Minimum length of a packet with a short header: its first byte, and what a header mask is taken from.
const MIN_SHORT: usize = 21;
/// Packets of a datagram that are compared with its length.
const MAX_PACKETS: usize = 8;

/// Returns whether a datagram may be the first of a conversation.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    let bytes = hint.bytes;
    // Most datagrams of other protocols end here.
    let &[first, a, b, c, d, dcil, _, ..] = bytes else { return Probe::No };
    let version = u32::from_be_bytes([a, b, c, d]);
    if first & header_bits(version) != header_bits(version) || usize::from(dcil) > header::MAX_ID {
        return Probe::No;
    }
    let Some(long) = LongHeader::read(bytes) else { return Probe::No };
    if version == 0 {
        return version_negotiation(&long, bytes);
    }
    if Version::of(version).is_none() {
        let is_first = is_reserved(version) && bytes.len() >= MIN_FIRST && !long.dcid.is_empty();
        return if is_first { Probe::Likely } else { Probe::No };
    }
    let Some(packet) = LongPacket::read(bytes, long) else { return Probe::No };
    let has_only_packets = has_only_packets(bytes);
    if packet.kind == PacketType::Initial {
        // No other protocol has such bytes, so the packet is decrypted once, by the session.
        if has_only_packets {
            return Probe::Yes;
        }
        let keys = InitialKeys::new(packet.version, long.dcid);
        if keys.and_then(|mut keys| keys.open(Side::Client, bytes, &packet, None)).is_some() {
            return Probe::Yes;
        }
    }
    if has_only_packets { Probe::Likely } else { Probe::No }
}

/// Whether a version is reserved, so that the server negotiates another one (RFC 9000 15).
fn is_reserved(version: u32) -> bool {
    version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Returns what the first datagram between two endpoints can be. A path that a connection migrates to has short headers only.
pub(super) fn first_datagram(bytes: &[u8]) -> Option<FirstDatagram> {
    if header::is_long(bytes) {
        let is_known = |long: &LongHeader<'_>| Version::of(long.version).is_some() && long.first & header::FIXED != 0;
        return LongHeader::read(bytes).filter(is_known).map(|_| FirstDatagram::Begins);
    }
    let is_short = bytes.first().is_some_and(|first| first & header::FIXED != 0) && bytes.len() >= MIN_SHORT;
    is_short.then_some(FirstDatagram::MayContinue)
}

/// Returns the bits that the first byte has. A version negotiation need not have the fixed bit (RFC 9000 17.2.1).
fn header_bits(version: u32) -> u8 {
    if version == 0 { LONG_AND_FIXED & 0x80 } else { LONG_AND_FIXED }
}

fn version_negotiation(long: &LongHeader<'_>, bytes: &[u8]) -> Probe {
    let versions = bytes.get(long.end..).unwrap_or_default();
    let is_known = |version: &[u8]| match version {
        &[a, b, c, d] => Version::of(u32::from_be_bytes([a, b, c, d])).is_some(),
        _ => false,
    };
    let is_list = !versions.is_empty() && versions.len() % 4 == 0 && long.scid.len() <= header::MAX_ID;
    if is_list && versions.chunks(4).any(is_known) { Probe::Likely } else { Probe::No }
}

/// Whether a datagram consists of packets of known versions, of zeros, and of a packet with a short header at its end.
fn has_only_packets(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for _ in 0..MAX_PACKETS {
        match rest.first() {
            None => return true,
            Some(0) => return rest.iter().all(|&byte| byte == 0),
            Some(first) if first & 0x80 == 0 => return first & header::FIXED != 0,
            Some(_) => {}
        }
        let packet = LongHeader::read(rest).and_then(|long| LongPacket::read(rest, long));
        let Some(packet) = packet else { return false };
        rest = rest.get(packet.len..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_of_other_protocols_are_not_quic() {
        let rows: [&[u8]; 6] = [
            // A query of DNS whose identifier looks like a long header.
            b"\xc0\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x04test\x00\x00\x01\x00\x01",
            b"\xc3\x00\x00\x00\x01\x08",
            // RTP, STUN, DTLS.
            b"\x80\x60\x12\x34\x00\x00\x00\x01\x00\x00\x00\x02\xff\xff\xff\xff",
            b"\x00\x01\x00\x00\x21\x12\xa4\x42\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x36",
            &[0xc0; 64],
        ];
        for row in rows {
            assert_eq!(probe(&Hint::bytes(row)), Probe::No, "{row:02x?}");
        }
    }
}
