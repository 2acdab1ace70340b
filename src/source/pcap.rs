//! The pcap format: a file header, then one record per frame (draft-ietf-opsawg-pcap).
//!
//! ```text
//! file    0 magic  4 major  6 minor  8 reserved, 16  16 snaplen  20 FCS, link type
//! record  0 seconds  4 fraction  8 captured length  12 original length  16 bytes ...
//! ```

use super::MAX_RECORD_LEN;
use super::error::{FilePart, FormatError, LocatedCause, ReadErrorCause};
use super::frame::Record;
use super::options::{ByteOrder, IntegerReader, read_u32s};
use super::time::Time;
use super::window::Window;

/// Length of a record header in bytes.
const RECORD_HEADER: usize = 16;
/// Length of the file header in bytes.
const HEADER: usize = 24;

/// Magic number of each variant, read little-endian; the other byte order has the same bytes reversed.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Magic number of patched libpcap versions of the nineties, which write 8 more bytes before each frame (interface,
/// protocol, packet type).
const MODIFIED: u32 = 0xa1b2_cd34;

/// A pcap file after its header.
#[derive(Clone, Debug)]
pub(super) struct Pcap {
    order: ByteOrder,
    /// Nanoseconds per unit of a record's fraction.
    fraction_unit: u32,
    /// Length of a record header in bytes: 16, or 24 in the modified format.
    header_len: usize,
    lengths: LengthOrder,
    pub(super) link: u16,
    pub(super) snaplen: u32,
    fcs: Option<u8>,
}

/// The order of a record's two lengths, which differs between old writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LengthOrder {
    CapturedFirst,
    /// Used before version 2.3, and in the version 543.0 that some system wrote.
    OriginalFirst,
    /// Used for version 2.3, which was written in both orders; the captured length is the smaller.
    SmallerIsCaptured,
}

/// Returns the byte order and the magic number, read in that order, of a file that begins with these bytes.
fn variant(magic: [u8; 4]) -> Option<(ByteOrder, u32)> {
    [ByteOrder::Little, ByteOrder::Big]
        .map(|order| (order, order.u32(magic)))
        .into_iter()
        .find(|(_, magic)| matches!(*magic, MICROSECONDS | NANOSECONDS | MODIFIED))
}

impl Pcap {
    /// Returns whether a file that begins with these bytes is pcap.
    pub(super) fn matches_magic(magic: [u8; 4]) -> bool {
        variant(magic).is_some()
    }

    /// Reads the file header, whose magic number is already checked.
    pub(super) fn open(window: &mut Window) -> Result<Pcap, Box<LocatedCause>> {
        let io = |error| LocatedCause::new(0, ReadErrorCause::Io(error));
        if !window.ensure_buffered(HEADER).map_err(io)? {
            return Err(LocatedCause::truncated(0, FilePart::FileHeader, window.buffered() as u64, HEADER as u64));
        }
        let bytes = window.bytes();
        let magic = bytes.first_chunk().copied().unwrap_or_default();
        let (order, magic) = variant(magic).unwrap_or_default();
        let mut fields = IntegerReader { rest: bytes, order };
        fields.bytes(4);
        let (major, minor) = (fields.u16(), fields.u16());
        fields.bytes(8);
        let (snaplen, link) = (fields.u32(), fields.u32());
        if major < 2 {
            return Err(LocatedCause::new(0, ReadErrorCause::Version { format: "pcap", major, minor }));
        }
        window.consume(HEADER);
        Ok(Pcap {
            order,
            fraction_unit: if magic == NANOSECONDS { 1 } else { 1000 },
            header_len: if magic == MODIFIED { 24 } else { RECORD_HEADER },
            lengths: match (major, minor) {
                (2, 0..=2) | (543, 0) => LengthOrder::OriginalFirst,
                (2, 3) => LengthOrder::SmallerIsCaptured,
                _ => LengthOrder::CapturedFirst,
            },
            // The upper half contains the FCS length: if bit 26 is set, bits 28 to 31 are the length in 16-bit words.
            // Other bits (NetBSD's class) do not affect the frames.
            link: link as u16,
            fcs: (link & 1 << 26 != 0).then_some((link >> 28) as u8 * 2),
            snaplen,
        })
    }

    /// Returns the resolution of times: a negative power of 10, as of the interfaces of pcapng.
    pub(super) fn resolution(&self) -> u8 {
        if self.fraction_unit == 1 { 9 } else { 6 }
    }

    /// Reads the next record; `None` at the end.
    #[inline]
    pub(super) fn next_record(&self, window: &mut Window) -> Result<Option<Record>, Box<LocatedCause>> {
        if window.buffered() < self.header_len && !self.buffer_header(window)? {
            return Ok(None);
        }
        let [seconds, fraction, mut captured, mut length] = read_u32s(window.bytes(), self.order);
        if self.lengths != LengthOrder::CapturedFirst
            && (self.lengths == LengthOrder::OriginalFirst || captured > length)
        {
            std::mem::swap(&mut captured, &mut length);
        }
        if captured > MAX_RECORD_LEN {
            return Err(LocatedCause::malformed(window.offset(), FormatError::RecordTooLong(captured)));
        }
        let whole = self.header_len + captured as usize;
        if window.buffered() < whole {
            self.buffer_record(window, whole)?;
        }
        let at = window.consume(whole) + self.header_len;
        Ok(Some(self.record(self.time(seconds, fraction), at, captured, length)))
    }

    /// Returns the time of a record. A fraction of a second or more is damage. As in Wireshark, it is read as a signed 32-bit number
    /// of nanoseconds and added to the seconds, so that the frame stays near the stated second.
    #[inline]
    fn time(&self, seconds: u32, fraction: u32) -> Time {
        let fraction = fraction.wrapping_mul(self.fraction_unit) as i32;
        // The maximum number of seconds, in 2106, is less than 2^63 nanoseconds.
        Time(i64::from(seconds) * 1_000_000_000 + i64::from(fraction))
    }

    /// Returns the record at the begin of bytes, if it is whole and usual, and its length.
    #[inline]
    pub(super) fn usual_record(&self, bytes: &[u8]) -> Option<(Record, usize)> {
        let (header, rest) = bytes.split_at_checked(RECORD_HEADER)?;
        let is_usual = self.header_len == RECORD_HEADER && self.lengths == LengthOrder::CapturedFirst;
        let [seconds, fraction, captured, length] = read_u32s(header, self.order);
        if !is_usual || captured > MAX_RECORD_LEN || captured as usize > rest.len() {
            return None;
        }
        let record = self.record(self.time(seconds, fraction), RECORD_HEADER, captured, length);
        Some((record, RECORD_HEADER + captured as usize))
    }

    /// Creates the record of a frame whose bytes begin at `start`.
    #[inline]
    fn record(&self, time: Time, start: usize, captured: u32, length: u32) -> Record {
        Record {
            time,
            has_time: true,
            length: length.min(i32::MAX as u32),
            start,
            captured: captured as usize,
            link: self.link,
            fcs: self.fcs,
            interface: None,
            options: 0,
            drops: None,
        }
    }

    /// Reads until a record header is buffered; returns false if the file ends before its first byte.
    #[cold]
    fn buffer_header(&self, window: &mut Window) -> Result<bool, Box<LocatedCause>> {
        let offset = window.offset();
        if window
            .ensure_buffered(self.header_len)
            .map_err(|error| LocatedCause::new(offset, ReadErrorCause::Io(error)))?
        {
            return Ok(true);
        }
        match window.buffered() as u64 {
            0 => Ok(false),
            found => Err(LocatedCause::truncated(offset, FilePart::RecordHeader, found, self.header_len as u64)),
        }
    }

    /// Reads until a whole record is buffered.
    #[cold]
    fn buffer_record(&self, window: &mut Window, whole: usize) -> Result<(), Box<LocatedCause>> {
        let offset = window.offset();
        if window.ensure_buffered(whole).map_err(|error| LocatedCause::new(offset, ReadErrorCause::Io(error)))? {
            return Ok(());
        }
        Err(LocatedCause::truncated(offset, FilePart::Record, window.buffered() as u64, whole as u64))
    }
}
