//! The packet of a transport protocol in a frame with the headers that most frames have, found without a tree.

use super::flow::FlowKey;
use crate::capture::Endpoint;
use crate::source::FrameHead;
use dissectors::packet::{Address, Payload};
use dissectors::{Field, Protocol, ethernet, ipv4, ipv6};

/// `LINKTYPE_ETHERNET`, and the numbers of protocols.
const ETHERNET: u16 = 1;
const ETHERNET_HEADER: usize = 14;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// The protocols of the headers below it.
pub(super) static HEADERS: [&Field; 3] = [&ethernet::ETH, &ipv4::IP, &ipv6::IPV6];

/// Whether the protocols of these headers are read.
pub(super) fn are_headers_read(protocols: &[&'static Protocol]) -> bool {
    let is_own = |protocol: &Protocol, header: &Field| protocol.fields.first().is_some_and(|own| own.id == header.id);
    HEADERS.iter().all(|header| protocols.iter().any(|protocol| is_own(protocol, header)))
}

/// The whole packet of a transport protocol in an Ethernet frame.
pub(super) struct TransportPacket<'b> {
    pub(super) protocol: u8,
    addresses: Addresses<'b>,
    /// Those of the source and of the destination, as one number: two would be stored one by one, and a load of both would
    /// wait for them.
    ports: u32,
    /// TTL or hop limit.
    pub(super) hops: u8,
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
    #[inline]
    pub(super) fn of_frame(frame: &FrameHead<'b>) -> Option<TransportPacket<'b>> {
        // A declared check sequence may be a part of what the network layer declares to be its payload.
        let is_usual = frame.link == ETHERNET && frame.fcs.is_none();
        let (header, packet) = frame.bytes.split_at_checked(ETHERNET_HEADER).filter(|_| is_usual)?;
        match header.get(12..)? {
            [0x08, 0x00] => TransportPacket::of_ipv4(packet),
            [0x86, 0xdd] => TransportPacket::of_ipv6(packet),
            _ => None,
        }
    }

    /// RFC 791 3.1.
    #[inline]
    fn of_ipv4(packet: &'b [u8]) -> Option<TransportPacket<'b>> {
        let header: &[u8; 20] = packet.first_chunk()?;
        let is_fragment = number(header, 6)? & 0x3fff != 0;
        if header[0] != 0x45 || is_fragment {
            return None;
        }
        let addresses = Addresses::V4(header.get(12..)?.first_chunk()?, header.last_chunk()?);
        TransportPacket::new(header[9], addresses, header[8], packet.get(20..number(header, 2)?.into())?)
    }

    /// RFC 8200 3.
    fn of_ipv6(packet: &'b [u8]) -> Option<TransportPacket<'b>> {
        let header: &[u8; 40] = packet.first_chunk()?;
        if header[0] >> 4 != 6 {
            return None;
        }
        let addresses = Addresses::V6(header.get(8..)?.first_chunk()?, header.last_chunk()?);
        let bytes = packet.get(40..40 + usize::from(number(header, 4)?))?;
        TransportPacket::new(header[6], addresses, header[7], bytes)
    }

    #[inline]
    fn new(protocol: u8, addresses: Addresses<'b>, hops: u8, bytes: &'b [u8]) -> Option<TransportPacket<'b>> {
        let ports = u32::from_be_bytes(*bytes.first_chunk()?);
        Some(TransportPacket { protocol, addresses, ports, hops, bytes })
    }

    /// The packet as the payload of its frame.
    #[inline]
    pub(super) fn payload(&self) -> Payload<'b> {
        let header = if let Addresses::V4(..) = self.addresses { 20 } else { 40 };
        Payload::whole(self.bytes, ETHERNET_HEADER as u32 + header)
    }

    /// The name of the network layer in `frame.protocols`.
    pub(super) fn network(&self) -> &'static str {
        if let Addresses::V4(..) = self.addresses { "ip" } else { "ipv6" }
    }

    /// [`Packet::ipv6_payload_len`](dissectors::packet::Packet::ipv6_payload_len).
    pub(super) fn ipv6_payload_len(&self) -> u32 {
        if let Addresses::V4(..) = self.addresses { 0 } else { self.bytes.len() as u32 }
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
