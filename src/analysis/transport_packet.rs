//! The packet of a transport protocol in a frame with the headers that most frames have, found without a tree.

use super::flow::FlowKey;
use crate::capture::Endpoint;
use crate::source::Frame;
use dissectors::packet::Address;

/// `LINKTYPE_ETHERNET`, and the numbers of protocols.
const ETHERNET: u16 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// The whole packet of a transport protocol in an Ethernet frame.
pub(super) struct TransportPacket<'b> {
    pub(super) protocol: u8,
    addresses: Addresses<'b>,
    /// Those of the source and of the destination, as one number: two would be stored one by one, and a load of both would
    /// wait for them.
    ports: u32,
    /// With its header.
    pub(super) bytes: &'b [u8],
}

/// The addresses of the source and of the destination, where they are: an [`Address`] takes longer to create than to skip a
/// frame.
enum Addresses<'b> {
    V4(&'b [u8; 4], &'b [u8; 4]),
    V6(&'b [u8; 16], &'b [u8; 16]),
}

impl<'b> TransportPacket<'b> {
    /// The packet of a frame, if it is not a fragment, complete, and has no options or extension headers.
    pub(super) fn of_frame(frame: &Frame<'b>) -> Option<TransportPacket<'b>> {
        let (header, packet) = frame.bytes.split_at_checked(14).filter(|_| frame.link == ETHERNET)?;
        match header.get(12..)? {
            [0x08, 0x00] => TransportPacket::of_ipv4(packet),
            [0x86, 0xdd] => TransportPacket::of_ipv6(packet),
            _ => None,
        }
    }

    /// RFC 791 3.1.
    fn of_ipv4(packet: &'b [u8]) -> Option<TransportPacket<'b>> {
        let header: &[u8; 20] = packet.first_chunk()?;
        let is_fragment = number(header, 6)? & 0x3fff != 0;
        if header[0] != 0x45 || is_fragment {
            return None;
        }
        let addresses = Addresses::V4(header.get(12..)?.first_chunk()?, header.last_chunk()?);
        TransportPacket::new(header[9], addresses, packet.get(20..number(header, 2)?.into())?)
    }

    /// RFC 8200 3.
    fn of_ipv6(packet: &'b [u8]) -> Option<TransportPacket<'b>> {
        let header: &[u8; 40] = packet.first_chunk()?;
        if header[0] >> 4 != 6 {
            return None;
        }
        let addresses = Addresses::V6(header.get(8..)?.first_chunk()?, header.last_chunk()?);
        TransportPacket::new(header[6], addresses, packet.get(40..40 + usize::from(number(header, 4)?))?)
    }

    fn new(protocol: u8, addresses: Addresses<'b>, bytes: &'b [u8]) -> Option<TransportPacket<'b>> {
        let ports = u32::from_be_bytes(*bytes.first_chunk()?);
        Some(TransportPacket { protocol, addresses, ports, bytes })
    }

    /// The ports of the source and of the destination.
    #[inline]
    pub(super) fn ports(&self) -> [u16; 2] {
        [(self.ports >> 16) as u16, self.ports as u16]
    }

    /// The key of its conversation.
    #[inline]
    pub(super) fn key(&self) -> FlowKey {
        let (numbers, is_v6) = match self.addresses {
            Addresses::V4(&from, &to) => ([from, to].map(|bytes| u32::from_be_bytes(bytes).into()), false),
            Addresses::V6(&from, &to) => ([from, to].map(u128::from_be_bytes), true),
        };
        FlowKey::of_numbers(numbers, is_v6, self.ports())
    }

    /// Its source and its destination.
    #[inline]
    pub(super) fn ends(&self) -> [Endpoint; 2] {
        let [from_port, to_port] = self.ports();
        let (from, to) = match self.addresses {
            Addresses::V4(&from, &to) => (Address::V4(from), Address::V4(to)),
            Addresses::V6(&from, &to) => (Address::V6(from), Address::V6(to)),
        };
        [Endpoint { address: from, port: from_port }, Endpoint { address: to, port: to_port }]
    }
}

/// The two bytes at an offset.
#[inline]
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&bytes| u16::from_be_bytes(bytes))
}
