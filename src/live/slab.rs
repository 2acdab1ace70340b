//! Packets on their way from the capture to whoever reads them, many at a time.

use crate::sink::Packet;
use crate::source::Time;

/// As many bytes of packets as are handed over together; a bigger packet goes alone.
const BYTES: usize = 256 * 1024;

/// Packets with consecutive numbers.
#[derive(Debug, Default)]
pub(super) struct Slab {
    /// The number of the first, 1 for the first of the capture.
    pub(super) first: u32,
    bytes: Vec<u8>,
    packets: Vec<Place>,
}

/// A packet, and where in the slab its bytes are.
#[derive(Clone, Copy, Debug)]
struct Place {
    time: Time,
    length: u32,
    start: u32,
    captured: u32,
    device: u32,
}

impl Slab {
    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Whether there is room for a packet of so many bytes.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.bytes.len() + bytes <= BYTES || self.is_empty()
    }

    pub(super) fn push(&mut self, packet: Packet<'_>) {
        let Packet { time, length, bytes, device } = packet;
        self.packets.push(Place { time, length, start: self.bytes.len() as u32, captured: bytes.len() as u32, device });
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the packets of one that comes next as well; false if there is no room for them.
    pub(super) fn append(&mut self, next: &Slab) -> bool {
        let room = self.fits(next.bytes.len());
        if room {
            let start = self.bytes.len() as u32;
            self.packets.extend(next.packets.iter().map(|place| Place { start: place.start + start, ..*place }));
            self.bytes.extend_from_slice(&next.bytes);
        }
        room
    }

    pub(super) fn packet(&self, at: usize) -> Option<Packet<'_>> {
        let &Place { time, length, start, captured, device } = self.packets.get(at)?;
        let bytes = self.bytes.get(start as usize..)?.get(..captured as usize)?;
        Some(Packet { time, length, bytes, device })
    }

    /// Lets go of all but so many packets.
    pub(super) fn truncate(&mut self, packets: usize) {
        self.packets.truncate(packets);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
        // One of a single giant packet does not stay big.
        self.bytes.shrink_to(BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slabs_are_put_together_while_there_is_room() {
        let slab = |first: u8, bytes: usize| {
            let mut slab = Slab { first: first.into(), ..Slab::default() };
            slab.push(Packet { time: Time(0), length: 0, bytes: &vec![first; bytes], device: 0 });
            slab
        };
        let mut held = slab(1, 5);
        assert_eq!([slab(2, 7), slab(3, BYTES - 11)].map(|next| held.append(&next)), [true, false]);
        let bytes: Vec<&[u8]> = (0..3).filter_map(|at| held.packet(at)).map(|packet| packet.bytes).collect();
        assert_eq!((held.first, &bytes[..]), (1, &[&[1; 5][..], &[2; 7]][..]));
    }

    #[test]
    fn packets_come_out_as_they_went_in() {
        let mut slab = Slab::default();
        for nth in 0..3u8 {
            slab.push(Packet { time: Time(nth.into()), length: 99, bytes: &[nth; 5], device: 1 });
        }
        let bytes: Vec<&[u8]> = (0..4).filter_map(|at| slab.packet(at)).map(|packet| packet.bytes).collect();
        assert_eq!(bytes, [&[0; 5], &[1; 5], &[2; 5]]);
        assert!(slab.fits(BYTES - 15) && !slab.fits(BYTES - 14));
        slab.clear();
        assert!(slab.is_empty() && slab.fits(BYTES + 1));
    }
}
