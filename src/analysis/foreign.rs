//! Frames of conversations of other shards, followed without reading their layers.

use super::layers::Tables;
use crate::capture::Endpoint;
use crate::source::Frame;
use dissectors::packet::Address;
use dissectors::session::Stamp;

/// `LINKTYPE_ETHERNET`, and the numbers of protocols.
const ETHERNET: u16 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// The payload of a whole IP packet in an Ethernet frame.
struct TransportPacket<'b> {
    protocol: u8,
    source: Address,
    destination: Address,
    payload: &'b [u8],
}

impl Tables {
    /// Follows a frame of a conversation of another shard as far as numbers of conversations require. Returns false if that is
    /// found only by reading the frame: if it has other headers than most frames, begins a connection, or belongs to this shard.
    pub(super) fn skip_foreign(&mut self, frame: &Frame<'_>, at: Stamp) -> bool {
        let Some(packet) = self.run.task.shard.and_then(|_| TransportPacket::of_frame(frame)) else { return false };
        let Some(&[a, b, c, d]) = packet.payload.first_chunk() else { return false };
        let source = Endpoint { address: packet.source, port: u16::from_be_bytes([a, b]) };
        let destination = Endpoint { address: packet.destination, port: u16::from_be_bytes([c, d]) };
        match packet.protocol {
            TCP => self.skip_segment(source, destination, packet.payload, at),
            UDP => self.skip_datagram(source, destination, packet.payload, at),
            _ => false,
        }
    }
}

impl<'b> TransportPacket<'b> {
    /// The packet of a frame, if it is not a fragment, complete, and has no options or extension headers.
    fn of_frame(frame: &Frame<'b>) -> Option<TransportPacket<'b>> {
        let (header, packet) = frame.bytes.split_at_checked(14).filter(|_| frame.link == ETHERNET)?;
        match header.get(12..)? {
            [0x08, 0x00] => TransportPacket::of_ipv4(packet),
            [0x86, 0xdd] => TransportPacket::of_ipv6(packet),
            _ => None,
        }
    }

    /// RFC 791 3.1.
    fn of_ipv4(packet: &'b [u8]) -> Option<TransportPacket<'b>> {
        let &[0x45, _, l0, l1, _, _, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
            packet.first_chunk()?
        else {
            return None;
        };
        let is_fragment = u16::from_be_bytes([f0, f1]) & 0x3fff != 0;
        let payload = packet.get(20..usize::from(u16::from_be_bytes([l0, l1]))).filter(|_| !is_fragment)?;
        let (source, destination) = (Address::V4([s0, s1, s2, s3]), Address::V4([d0, d1, d2, d3]));
        Some(TransportPacket { protocol, source, destination, payload })
    }

    /// RFC 8200 3.
    fn of_ipv6(packet: &'b [u8]) -> Option<TransportPacket<'b>> {
        let &[version, _, _, _, l0, l1, protocol, _] = packet.first_chunk()?;
        let [source, destination] = [8, 24].map(|at| packet.get(at..).and_then(|rest| rest.first_chunk::<16>()));
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let payload = packet.get(40..40 + length).filter(|payload| version >> 4 == 6 && !payload.is_empty())?;
        Some(TransportPacket {
            protocol,
            source: Address::V6(*source?),
            destination: Address::V6(*destination?),
            payload,
        })
    }
}
