//! The pcap format: one header, then a record a frame (draft-ietf-opsawg-pcap).
//!
//! ```text
//! file    0 magic  4 major  6 minor  8 reserved, 16  16 snaplen  20 FCS, link type
//! record  0 seconds  4 fraction  8 captured length  12 original length  16 bytes ...
//! ```

use super::LIMIT;
use super::error::{Cause, Fault, Flaw, Part};
use super::frame::Record;
use super::options::{Integers, Order, words};
use super::time::Time;
use super::window::Window;

/// Bytes of the file header.
const HEADER: usize = 24;

/// The magic number of each variant, read little-endian; the other byte order has the same bytes reversed.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Written by patched libpcaps of the nineties: 8 bytes more before each frame (interface, protocol, packet type).
const MODIFIED: u32 = 0xa1b2_cd34;

/// A pcap file after its header.
#[derive(Clone, Debug)]
pub(super) struct Pcap {
    order: Order,
    /// Nanoseconds of one unit of a record's fraction.
    unit: u32,
    /// Bytes before each frame: 16, or 24 in the modified format.
    header: usize,
    lengths: Lengths,
    pub(super) link: u16,
    pub(super) snaplen: u32,
    fcs: Option<u8>,
}

/// In which order a record's two lengths stand, which old writers did not agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    /// Before version 2.3, and in the 543.0 that some system wrote.
    OriginalFirst,
    /// Version 2.3 was written both ways; the captured length is the smaller.
    SmallerIsCaptured,
}

/// Which variant begins with these bytes.
fn variant(magic: [u8; 4]) -> Option<(Order, u32)> {
    [Order::Little, Order::Big]
        .map(|order| (order, order.u32(magic)))
        .into_iter()
        .find(|(_, magic)| matches!(*magic, MICROSECONDS | NANOSECONDS | MODIFIED))
}

impl Pcap {
    /// Whether a file that begins with these bytes is pcap.
    pub(super) fn begins(magic: [u8; 4]) -> bool {
        variant(magic).is_some()
    }

    /// Reads the file header, whose magic number has been seen.
    pub(super) fn open(window: &mut Window) -> Result<Pcap, Box<Fault>> {
        let io = |error| Fault::new(0, Cause::Io(error));
        if !window.hold(HEADER).map_err(io)? {
            return Err(Fault::cut(0, Part::FileHeader, window.held() as u64, HEADER as u64));
        }
        let bytes = window.bytes();
        let magic = bytes.first_chunk().copied().unwrap_or_default();
        let (order, magic) = variant(magic).unwrap_or_default();
        let mut fields = Integers { rest: bytes, order };
        fields.bytes(4);
        let (major, minor) = (fields.u16(), fields.u16());
        fields.bytes(8);
        let (snaplen, link) = (fields.u32(), fields.u32());
        if major < 2 {
            return Err(Fault::new(0, Cause::Version { format: "pcap", major, minor }));
        }
        window.take(HEADER);
        Ok(Pcap {
            order,
            unit: if magic == NANOSECONDS { 1 } else { 1000 },
            header: if magic == MODIFIED { 24 } else { 16 },
            lengths: match (major, minor) {
                (2, 0..=2) | (543, 0) => Lengths::OriginalFirst,
                (2, 3) => Lengths::SmallerIsCaptured,
                _ => Lengths::CapturedFirst,
            },
            // The upper half holds the FCS: bit 26 says that bits 28 to 31 are its length in 16-bit words. What else
            // may stand there (NetBSD's class) says nothing of the frames.
            link: link as u16,
            fcs: (link & 1 << 26 != 0).then_some((link >> 28) as u8 * 2),
            snaplen,
        })
    }

    /// Takes the next record; `None` at the end.
    #[inline]
    pub(super) fn advance(&self, window: &mut Window) -> Result<Option<Record>, Box<Fault>> {
        if window.held() < self.header && !self.header_follows(window)? {
            return Ok(None);
        }
        let [seconds, fraction, mut captured, mut length] = words(window.bytes(), self.order);
        if self.lengths != Lengths::CapturedFirst && (self.lengths == Lengths::OriginalFirst || captured > length) {
            std::mem::swap(&mut captured, &mut length);
        }
        if captured > LIMIT {
            return Err(Fault::flaw(window.offset(), Flaw::RecordTooLong(captured)));
        }
        let whole = self.header + captured as usize;
        if window.held() < whole {
            self.rest_follows(window, whole)?;
        }
        // A fraction of a second or more is damage. It is taken as Wireshark does: 32 bits of nanoseconds, signed, which
        // are added to the seconds, so that the frame stays near the second it states.
        let fraction = fraction.wrapping_mul(self.unit) as i32;
        let at = window.take(whole) + self.header;
        Ok(Some(Record {
            // Seconds up to 2106 stay below 2^63 nanoseconds.
            time: Time(i64::from(seconds) * 1_000_000_000 + i64::from(fraction)),
            timed: true,
            length: length.min(i32::MAX as u32),
            at,
            captured: captured as usize,
            link: self.link,
            fcs: self.fcs,
            interface: None,
            options: 0,
            drops: None,
        }))
    }

    /// Reads until a record's header is held; false if the file ends before its first byte.
    #[cold]
    fn header_follows(&self, window: &mut Window) -> Result<bool, Box<Fault>> {
        let offset = window.offset();
        if window.hold(self.header).map_err(|error| Fault::new(offset, Cause::Io(error)))? {
            return Ok(true);
        }
        match window.held() as u64 {
            0 => Ok(false),
            have => Err(Fault::cut(offset, Part::RecordHeader, have, self.header as u64)),
        }
    }

    /// Reads until a whole record is held.
    #[cold]
    fn rest_follows(&self, window: &mut Window, whole: usize) -> Result<(), Box<Fault>> {
        let offset = window.offset();
        if window.hold(whole).map_err(|error| Fault::new(offset, Cause::Io(error)))? {
            return Ok(());
        }
        Err(Fault::cut(offset, Part::Record, window.held() as u64, whole as u64))
    }
}
