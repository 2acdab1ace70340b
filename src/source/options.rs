//! The options of a pcapng block: comments, flags, drop counts; parsed on demand.

use std::borrow::Cow;

use super::error::FormatError;

/// The byte order of a file's integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ByteOrder {
    #[default]
    Little,
    Big,
}

impl ByteOrder {
    #[inline]
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            ByteOrder::Little => u64::from_le_bytes(bytes),
            ByteOrder::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// Reads the first `N` 32-bit integers of a header at once, for speed: every frame needs this. Returns zeros if bytes
/// are missing; the caller checks that before.
#[inline]
pub(super) fn read_u32s<const N: usize>(bytes: &[u8], order: ByteOrder) -> [u32; N] {
    match (bytes.as_chunks().0.first_chunk::<N>(), order) {
        (Some(words), ByteOrder::Little) => words.map(u32::from_le_bytes),
        (Some(words), ByteOrder::Big) => words.map(u32::from_be_bytes),
        (None, _) => [0; N],
    }
}

/// A reader of the integers of a header, in sequence. Past the end it returns zeros; the caller checks that the header
/// is complete.
#[derive(Clone, Copy)]
pub(super) struct IntegerReader<'a> {
    pub(super) rest: &'a [u8],
    pub(super) order: ByteOrder,
}

impl<'a> IntegerReader<'a> {
    #[inline]
    fn next<const N: usize>(&mut self) -> [u8; N] {
        match self.rest.split_first_chunk::<N>() {
            Some((first, rest)) => {
                self.rest = rest;
                *first
            }
            None => {
                self.rest = &[];
                [0; N]
            }
        }
    }

    #[inline]
    pub(super) fn u16(&mut self) -> u16 {
        self.order.u16(self.next())
    }

    #[inline]
    pub(super) fn u32(&mut self) -> u32 {
        self.order.u32(self.next())
    }

    /// Returns the next `count` bytes; fewer at the end.
    pub(super) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (first, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        first
    }
}

/// Rounds up to a multiple of four, to which pcapng pads.
#[inline]
pub(super) fn padded(length: usize) -> usize {
    length.saturating_add(3) & !3
}

/// opt_comment, in any block.
const COMMENT: u16 = 1;
/// epb_flags and pack_flags.
const FLAGS: u16 = 2;
/// epb_dropcount.
const DROP_COUNT: u16 = 4;
/// epb_packetid.
const PACKET_ID: u16 = 5;
/// epb_queue.
const QUEUE: u16 = 6;

/// The options of a pcapng frame, as stored in the file; none in pcap.
///
/// An option whose value has the wrong size is ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameOptions<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    /// Drop count from the header of an obsolete Packet Block.
    drops: Option<u16>,
}

impl<'a> FrameOptions<'a> {
    /// Returns the options as stored.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns options as stored in the same file.
    pub(super) fn with_bytes<'b>(&self, bytes: &'b [u8]) -> FrameOptions<'b> {
        FrameOptions { bytes, order: self.order, drops: self.drops }
    }

    #[inline]
    pub(super) fn new(bytes: &'a [u8], order: ByteOrder, drops: Option<u16>) -> FrameOptions<'a> {
        FrameOptions { bytes, order, drops }
    }

    /// Iterates over all options in file order: code, and value without padding.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut walk = OptionReader::new(self.bytes, self.order);
        // A frame is returned only if its options are complete.
        std::iter::from_fn(move || walk.next().ok().flatten())
    }

    /// Iterates over the frame's comments in file order. Bytes that are not UTF-8 become U+FFFD; control characters are
    /// kept.
    pub fn comments(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.iter().filter(|&(code, _)| code == COMMENT).map(|(_, value)| text(value))
    }

    /// Returns epb_flags: bits 0-1 direction (1 inbound, 2 outbound), 2-4 reception type, 5-8 length of the frame check
    /// sequence, 16-31 link-layer errors.
    pub fn flags(&self) -> Option<u32> {
        self.value(FLAGS).map(|value| self.order.u32(value))
    }

    /// Returns the number of frames lost between this and the previous frame of the same interface.
    pub fn drop_count(&self) -> Option<u64> {
        match self.drops {
            Some(drops) => Some(u64::from(drops)),
            None => self.value(DROP_COUNT).map(|value| self.order.u64(value)),
        }
    }

    /// Returns the packet's identifier: the same number on every interface that captured it.
    pub fn packet_id(&self) -> Option<u64> {
        self.value(PACKET_ID).map(|value| self.order.u64(value))
    }

    /// Returns the queue of the interface that received the packet.
    pub fn queue(&self) -> Option<u32> {
        self.value(QUEUE).map(|value| self.order.u32(value))
    }

    /// Returns the first value of an option, if it has this size.
    fn value<const N: usize>(&self, code: u16) -> Option<[u8; N]> {
        let (_, value) = self.iter().find(|&(found, _)| found == code)?;
        value.try_into().ok()
    }
}

/// Returns an option's text up to a NUL, which some writers append.
pub(super) fn text(value: &[u8]) -> Cow<'_, str> {
    let end = memchr::memchr(0, value).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or(value))
}

/// A reader of the options of a block:
///
/// ```text
/// 0        2        4                    4+length   padded to 4
/// | code   | length | value ...          | zeros    |
/// ```
///
/// The options end with code 0 or with the block.
pub(super) struct OptionReader<'a> {
    integers: IntegerReader<'a>,
}

impl<'a> OptionReader<'a> {
    pub(super) fn new(bytes: &'a [u8], order: ByteOrder) -> OptionReader<'a> {
        OptionReader { integers: IntegerReader { rest: bytes, order } }
    }

    /// Returns the next option; `None` after the last; an error if it exceeds the block.
    pub(super) fn next(&mut self) -> Result<Option<(u16, &'a [u8])>, FormatError> {
        if self.integers.rest.len() < 4 {
            return Ok(None);
        }
        let (code, length) = (self.integers.u16(), self.integers.u16());
        if code == 0 {
            self.integers.rest = &[];
            return Ok(None);
        }
        let left = self.integers.rest.len();
        if usize::from(length) > left {
            self.integers.rest = &[];
            return Err(FormatError::OptionExceedsBlock { code, length, left: left as u32 });
        }
        let value = self.integers.bytes(usize::from(length));
        self.integers.bytes(padded(value.len()) - value.len());
        Ok(Some((code, value)))
    }

    /// Reads to the end, to check that all options are complete.
    pub(super) fn check_complete(mut self) -> Result<(), FormatError> {
        while self.next()?.is_some() {}
        Ok(())
    }
}
