//! Frames with the headers that most frames have: those of other shards are followed, and those of which no header is recorded
//! are read from the transport protocol on.

use super::layers::Tables;
use super::transport_packet::{HEADERS, TCP, TransportPacket, UDP, number};
use dissectors::Tree;
use dissectors::packet::NextLayer;
use dissectors::session::Stamp;

impl Tables {
    /// Follows a packet of a conversation of another shard as far as numbers of conversations require. Returns false if that is
    /// found only by reading the frame: if it begins a connection, or belongs to this shard.
    #[inline]
    pub(super) fn skip_foreign(&mut self, packet: &TransportPacket<'_>, at: Stamp) -> bool {
        match packet.protocol {
            TCP => self.skip_segment(packet, at),
            UDP => self.skip_datagram(packet, at),
            _ => false,
        }
    }

    /// Reads a packet whose headers below are not recorded, with the result that reading them would have. Returns false if they are
    /// recorded.
    pub(super) fn read_transport(&mut self, packet: &TransportPacket<'_>, at: Stamp, tree: &mut Tree) -> bool {
        let is_recorded = HEADERS.iter().any(|header| tree.wants_any(header));
        if is_recorded || !self.run.has_usual_headers || tree.wants_columns() && !self.replaces_columns(packet) {
            return false;
        }
        ["eth", "ethertype", packet.network()].into_iter().for_each(|name| self.packet.path.push(name));
        let [source, destination] = packet.ends().map(|end| end.address);
        (self.packet.source, self.packet.destination, self.packet.hops) = (source, destination, packet.hops);
        self.packet.ipv6_payload_len = packet.ipv6_payload_len();
        self.packet.layers = 2;
        if tree.wants_columns() {
            let columns = tree.columns_mut();
            (columns.source, columns.destination) = (source.value(), destination.value());
        }
        self.dissect(&NextLayer::IpProto(packet.protocol, packet.payload()), at, tree);
        true
    }

    /// Whether the transport protocol replaces all columns that those below it have set: connections that are skipped, and headers that
    /// are damaged, leave some.
    fn replaces_columns(&self, packet: &TransportPacket<'_>) -> bool {
        match packet.protocol {
            TCP => {
                let header_len = packet.bytes.get(12).map_or(0, |byte| usize::from(byte >> 4) * 4);
                self.run.task.only.is_none() && (20..=packet.bytes.len()).contains(&header_len)
            }
            UDP => packet.bytes.len() >= 8 && number(packet.bytes, 4).is_some_and(|length| length >= 8),
            _ => false,
        }
    }
}
