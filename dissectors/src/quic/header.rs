//! Headers of packets (RFC 9000 17, RFC 9369, RFC 8999), as far as they are not encrypted.
//!
//! ```text
//! long   |1|1|type|....| version | DCIL | DCID | SCIL | SCID | type-specific
//! short  |0|1|S|......| DCID | encrypted
//! ```

use crate::varint::varint;

/// Maximum length of a connection ID in versions 1 and 2.
pub(super) const MAX_ID: usize = 20;
/// Length of the tag at the end of a Retry packet.
pub(super) const RETRY_TAG: usize = 16;
/// Minimum length of packet number and payload: a header mask is taken from them (RFC 9001 5.4.2).
const MIN_PROTECTED: u64 = 20;

/// The bit of a long header, and the fixed bit.
const LONG: u8 = 0x80;
pub(super) const FIXED: u8 = 0x40;

/// A version whose packets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Draft29,
    V1,
    V2,
}

impl Version {
    /// Returns the version of a number.
    pub(super) fn of(number: u32) -> Option<Version> {
        match number {
            1 | 0xff00_0021 | 0xff00_0022 => Some(Version::V1),
            0x6b33_43cf => Some(Version::V2),
            0xff00_001d..=0xff00_0020 => Some(Version::Draft29),
            _ => None,
        }
    }

    /// Name of protocol and version.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Version::Draft29 => "QUIC draft",
            Version::V1 => "QUIC v1",
            Version::V2 => "QUIC v2",
        }
    }

    /// Returns the type of a packet of this version.
    fn packet_type(self, bits: u8) -> PacketType {
        // RFC 9369 3.2: version 2 numbers the types otherwise.
        let bits = if self == Version::V2 { bits.wrapping_sub(1) } else { bits };
        match bits & 3 {
            0 => PacketType::Initial,
            1 => PacketType::ZeroRtt,
            2 => PacketType::Handshake,
            _ => PacketType::Retry,
        }
    }
}

/// Type of a packet with a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PacketType {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
}

impl PacketType {
    /// Name as in Wireshark.
    pub(super) const fn name(self) -> &'static str {
        match self {
            PacketType::Initial => "Initial",
            PacketType::ZeroRtt => "0-RTT",
            PacketType::Handshake => "Handshake",
            PacketType::Retry => "Retry",
        }
    }
}

/// Long header of any version (RFC 8999 5.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct LongHeader<'b> {
    pub(super) first: u8,
    pub(super) version: u32,
    pub(super) dcid: &'b [u8],
    pub(super) scid: &'b [u8],
    /// Offset of what follows the connection IDs.
    pub(super) end: usize,
}

/// What follows a long header of a known version.
#[derive(Clone, Copy, Debug)]
pub(super) struct LongPacket<'b> {
    pub(super) header: LongHeader<'b>,
    pub(super) version: Version,
    pub(super) kind: PacketType,
    /// Token of an Initial packet.
    pub(super) token: &'b [u8],
    /// Bytes of the length of the token, and of the length of the packet.
    pub(super) length_sizes: [usize; 2],
    /// Offset of the packet number.
    pub(super) number_at: usize,
    /// Length of the packet.
    pub(super) len: usize,
}

/// Whether a packet has a long header.
pub(super) fn is_long(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & LONG != 0)
}

impl<'b> LongHeader<'b> {
    /// Reads a long header.
    pub(super) fn read(bytes: &'b [u8]) -> Option<LongHeader<'b>> {
        let &[first, a, b, c, d, dcil, ..] = bytes else { return None };
        if first & LONG == 0 {
            return None;
        }
        let (dcid, rest) = bytes.get(6..)?.split_at_checked(dcil.into())?;
        let (&scil, rest) = rest.split_first()?;
        let scid = rest.get(..usize::from(scil))?;
        let end = 7 + dcid.len() + scid.len();
        Some(LongHeader { first, version: u32::from_be_bytes([a, b, c, d]), dcid, scid, end })
    }
}

impl<'b> LongPacket<'b> {
    /// Reads the header of a packet of a known version; `None` if it contradicts the length of its datagram.
    pub(super) fn read(bytes: &'b [u8], header: LongHeader<'b>) -> Option<LongPacket<'b>> {
        LongPacket::read_cut(bytes, bytes.len(), header)
    }

    /// Reads the header of a packet in a datagram of which not all bytes were captured, but so many were on the wire.
    pub(super) fn read_cut(bytes: &'b [u8], on_wire: usize, header: LongHeader<'b>) -> Option<LongPacket<'b>> {
        let version = Version::of(header.version)?;
        if header.dcid.len() > MAX_ID || header.scid.len() > MAX_ID {
            return None;
        }
        let kind = version.packet_type(header.first >> 4 & 3);
        let mut packet =
            LongPacket { header, version, kind, token: &[], length_sizes: [0; 2], number_at: header.end, len: 0 };
        if kind == PacketType::Retry {
            let rest = bytes.get(header.end..)?;
            let len = rest.len().checked_sub(RETRY_TAG).filter(|&len| len > 0)?;
            packet.token = rest.get(..len)?;
            packet.len = bytes.len();
            return Some(packet);
        }
        let mut at = header.end;
        if kind == PacketType::Initial {
            let (len, size) = varint(bytes.get(at..)?)?;
            packet.token = bytes.get(at + size..)?.get(..usize::try_from(len).ok()?)?;
            packet.length_sizes[0] = size;
            at += size + packet.token.len();
        }
        let (len, size) = varint(bytes.get(at..)?)?;
        packet.length_sizes[1] = size;
        packet.number_at = at + size;
        packet.len = packet.number_at.checked_add(usize::try_from(len).ok()?)?;
        (len >= MIN_PROTECTED && packet.len <= on_wire).then_some(packet)
    }

    /// Length of packet number and payload.
    pub(super) fn protected_len(&self) -> usize {
        self.len - self.number_at
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_not_read_beyond_its_datagram() {
        let mut bytes = alloc::vec![0xc0, 0, 0, 0, 1, 4, 1, 2, 3, 4, 2, 5, 6, 0, 20];
        bytes.extend([0; 20]);
        let packet = LongPacket::read(&bytes, LongHeader::read(&bytes).unwrap()).unwrap();
        assert_eq!((packet.header.dcid, packet.header.scid), (&[1, 2, 3, 4][..], &[5, 6][..]));
        assert_eq!((packet.kind, packet.number_at, packet.len), (PacketType::Initial, 15, 35));
        for len in 0..bytes.len() {
            let header = LongHeader::read(&bytes[..len]);
            assert!(header.and_then(|header| LongPacket::read(&bytes[..len], header)).is_none());
            let cut = header.and_then(|header| LongPacket::read_cut(&bytes[..len], bytes.len(), header));
            assert_eq!(cut.map(|packet| packet.len), (len >= 15).then_some(35), "{len}");
        }
    }

    #[test]
    fn the_types_of_version_2_are_numbered_otherwise() {
        let types = |version: Version| [0, 1, 2, 3].map(|bits| version.packet_type(bits).name());
        assert_eq!(types(Version::V1), ["Initial", "0-RTT", "Handshake", "Retry"]);
        assert_eq!(types(Version::V2), ["Retry", "Initial", "0-RTT", "Handshake"]);
    }
}
