//! The options of a pcapng block: comments, flags, drops; read when asked.

use std::borrow::Cow;

use super::error::Flaw;

/// In which order the bytes of a file's integers stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    #[inline]
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// The first so many 32-bit integers of a header, read at once: this is on the way of every frame. Past the end of the
/// bytes it reads zeros, so that a caller has seen to it that they are there.
#[inline]
pub(super) fn words<const N: usize>(bytes: &[u8], order: Order) -> [u32; N] {
    match (bytes.as_chunks().0.first_chunk::<N>(), order) {
        (Some(words), Order::Little) => words.map(u32::from_le_bytes),
        (Some(words), Order::Big) => words.map(u32::from_be_bytes),
        (None, _) => [0; N],
    }
}

/// Reads the integers of a header one after the other. Who makes one has seen to it that the header is there: past
/// the end it reads zeros.
#[derive(Clone, Copy)]
pub(super) struct Integers<'a> {
    pub(super) rest: &'a [u8],
    pub(super) order: Order,
}

impl<'a> Integers<'a> {
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

    /// The next so many bytes; fewer at the end.
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

/// The options of a pcapng frame, as they stand in the file; none in pcap.
///
/// An option whose value has the wrong size is as if it were not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    bytes: &'a [u8],
    order: Order,
    /// From the header of an obsolete Packet Block.
    drops: Option<u16>,
}

impl<'a> Options<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8], order: Order, drops: Option<u16>) -> Options<'a> {
        Options { bytes, order, drops }
    }

    /// Every option in the file's order: its code and its value without padding.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut walk = Walk::new(self.bytes, self.order);
        // A frame is handed out only if its options are whole.
        std::iter::from_fn(move || walk.next().ok().flatten())
    }

    /// What people wrote about the frame, in the file's order. Bytes that are not UTF-8 become U+FFFD; control
    /// characters stay.
    pub fn comments(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.iter().filter(|&(code, _)| code == COMMENT).map(|(_, value)| text(value))
    }

    /// epb_flags: bits 0-1 direction (1 inbound, 2 outbound), 2-4 kind of reception, 5-8 length of the frame check
    /// sequence, 16-31 errors of the link layer.
    pub fn flags(&self) -> Option<u32> {
        self.value(FLAGS).map(|value| self.order.u32(value))
    }

    /// How many frames were lost between this and the one before it on the same interface.
    pub fn drop_count(&self) -> Option<u64> {
        match self.drops {
            Some(drops) => Some(u64::from(drops)),
            None => self.value(DROP_COUNT).map(|value| self.order.u64(value)),
        }
    }

    /// What names this packet wherever it was captured: the same number on every interface it passed.
    pub fn packet_id(&self) -> Option<u64> {
        self.value(PACKET_ID).map(|value| self.order.u64(value))
    }

    /// The queue of the interface that it was received on.
    pub fn queue(&self) -> Option<u32> {
        self.value(QUEUE).map(|value| self.order.u32(value))
    }

    /// The first value of an option, if it has this size.
    fn value<const N: usize>(&self, code: u16) -> Option<[u8; N]> {
        let (_, value) = self.iter().find(|&(found, _)| found == code)?;
        value.try_into().ok()
    }
}

/// An option's text: up to a NUL, which some writers put at its end.
pub(super) fn text(value: &[u8]) -> Cow<'_, str> {
    let end = memchr::memchr(0, value).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or(value))
}

/// A walk over the options of a block:
///
/// ```text
/// 0        2        4                    4+length   padded to 4
/// | code   | length | value ...          | zeros    |
/// ```
///
/// It ends with code 0 or where the block ends.
pub(super) struct Walk<'a> {
    rest: Integers<'a>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8], order: Order) -> Walk<'a> {
        Walk { rest: Integers { rest: bytes, order } }
    }

    /// The next option; `None` after the last; an error if it runs past the block.
    pub(super) fn next(&mut self) -> Result<Option<(u16, &'a [u8])>, Flaw> {
        if self.rest.rest.len() < 4 {
            return Ok(None);
        }
        let (code, length) = (self.rest.u16(), self.rest.u16());
        if code == 0 {
            self.rest.rest = &[];
            return Ok(None);
        }
        let left = self.rest.rest.len();
        if usize::from(length) > left {
            self.rest.rest = &[];
            return Err(Flaw::OptionPastBlock { code, length, left: left as u32 });
        }
        let value = self.rest.bytes(usize::from(length));
        self.rest.bytes(padded(value.len()) - value.len());
        Ok(Some((code, value)))
    }

    /// Goes to the end, to see whether all options are whole.
    pub(super) fn check(mut self) -> Result<(), Flaw> {
        while self.next()?.is_some() {}
        Ok(())
    }
}
