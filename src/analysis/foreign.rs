//! Frames of conversations of other shards, followed without reading their layers.

use super::layers::Tables;
use super::transport_packet::{TCP, TransportPacket, UDP};
use crate::source::Frame;
use dissectors::session::Stamp;

impl Tables {
    /// Follows a frame of a conversation of another shard as far as numbers of conversations require. Returns false if that is
    /// found only by reading the frame: if it has other headers than most frames, begins a connection, or belongs to this shard.
    pub(super) fn skip_foreign(&mut self, frame: &Frame<'_>, at: Stamp) -> bool {
        let Some(packet) = self.run.task.shard.and_then(|_| TransportPacket::of_frame(frame)) else { return false };
        match packet.protocol {
            TCP => self.skip_segment(&packet, at),
            UDP => self.skip_datagram(&packet, at),
            _ => false,
        }
    }
}
