//! Batches of packets, passed from the capture thread to the reader.

use crate::sink::CapturedPacket;
use crate::source::Time;

/// Maximum size of a batch in bytes. A larger packet gets a batch of its own.
const BATCH_BYTES: usize = 256 * 1024;

/// Batch of packets with consecutive numbers.
#[derive(Debug, Default)]
pub(super) struct PacketBatch {
    /// Number of the first packet; the first packet of the capture is 1.
    pub(super) first: u32,
    bytes: Vec<u8>,
    packets: Vec<PacketSpan>,
}

/// Packet metadata, and the position of its bytes in the batch.
#[derive(Clone, Copy, Debug)]
struct PacketSpan {
    time: Time,
    length: u32,
    start: u32,
    captured: u32,
    device: u32,
}

impl PacketBatch {
    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Returns whether a packet of this many bytes fits.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.bytes.len() + bytes <= BATCH_BYTES || self.is_empty()
    }

    pub(super) fn push(&mut self, packet: CapturedPacket<'_>) {
        let CapturedPacket { time, length, bytes, device } = packet;
        self.packets.push(PacketSpan {
            time,
            length,
            start: self.bytes.len() as u32,
            captured: bytes.len() as u32,
            device,
        });
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends the packets of the next batch; returns false if they do not fit.
    pub(super) fn append(&mut self, next: &PacketBatch) -> bool {
        let room = self.fits(next.bytes.len());
        if room {
            let start = self.bytes.len() as u32;
            self.packets
                .extend(next.packets.iter().map(|packet| PacketSpan { start: packet.start + start, ..*packet }));
            self.bytes.extend_from_slice(&next.bytes);
        }
        room
    }

    pub(super) fn packet(&self, at: usize) -> Option<CapturedPacket<'_>> {
        let &PacketSpan { time, length, start, captured, device } = self.packets.get(at)?;
        let bytes = self.bytes.get(start as usize..)?.get(..captured as usize)?;
        Some(CapturedPacket { time, length, bytes, device })
    }

    /// Keeps the first `packets` packets and drops the rest.
    pub(super) fn truncate(&mut self, packets: usize) {
        self.packets.truncate(packets);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
        // Release the extra memory of a batch with a single large packet.
        self.bytes.shrink_to(BATCH_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_joined_up_to_the_size_limit() {
        let batch = |first: u8, bytes: usize| {
            let mut batch = PacketBatch { first: first.into(), ..PacketBatch::default() };
            batch.push(CapturedPacket { time: Time(0), length: 0, bytes: &vec![first; bytes], device: 0 });
            batch
        };
        let mut joined = batch(1, 5);
        assert_eq!([batch(2, 7), batch(3, BATCH_BYTES - 11)].map(|next| joined.append(&next)), [true, false]);
        let bytes: Vec<&[u8]> = (0..3).filter_map(|at| joined.packet(at)).map(|packet| packet.bytes).collect();
        assert_eq!((joined.first, &bytes[..]), (1, &[&[1; 5][..], &[2; 7]][..]));
    }

    #[test]
    fn packets_are_read_back_unchanged() {
        let mut batch = PacketBatch::default();
        for nth in 0..3u8 {
            batch.push(CapturedPacket { time: Time(nth.into()), length: 99, bytes: &[nth; 5], device: 1 });
        }
        let bytes: Vec<&[u8]> = (0..4).filter_map(|at| batch.packet(at)).map(|packet| packet.bytes).collect();
        assert_eq!(bytes, [&[0; 5], &[1; 5], &[2; 5]]);
        assert!(batch.fits(BATCH_BYTES - 15) && !batch.fits(BATCH_BYTES - 14));
        batch.clear();
        assert!(batch.is_empty() && batch.fits(BATCH_BYTES + 1));
    }
}
