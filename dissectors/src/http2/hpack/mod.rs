//! HPACK (RFC 7541): header blocks of one direction, decoded with what is known of its dynamic table.

mod table;

use crate::web::header_list::{HeaderLine, HeaderList, Representation};
use crate::web::huffman;
use core::ops::Range;
use table::{DynamicTable, Entry};

/// Decoder of the header blocks of one direction.
#[derive(Clone, Debug)]
pub(super) struct HpackDecoder {
    table: DynamicTable,
}

/// Reason why a block is not decoded to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HpackError {
    /// No table has the index.
    Index,
    /// An integer is too large.
    Integer,
    /// A string is not Huffman-coded correctly.
    Huffman,
    /// The block ends within a header.
    Truncated,
}

impl HpackError {
    /// Returns a description for users.
    pub(super) const fn description(self) -> &'static str {
        match self {
            HpackError::Index => "the table has no such index",
            HpackError::Integer => "integer too large",
            HpackError::Huffman => "invalid Huffman code",
            HpackError::Truncated => "the block ends within a header",
        }
    }
}

/// Bytes of a block from the next one on.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Length of the bytes at which a string is complete that they begin.
    string_end: usize,
}

impl<'b> Cursor<'b> {
    fn byte(&mut self) -> Result<u8, HpackError> {
        let byte = *self.bytes.get(self.at).ok_or(HpackError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    /// Reads an integer with a prefix (RFC 7541 5.1) whose first byte is known.
    #[inline]
    fn integer(&mut self, first: u8, prefix: u32) -> Result<usize, HpackError> {
        let mask = (1_u8 << prefix).wrapping_sub(1);
        if first & mask < mask {
            return Ok(usize::from(first & mask));
        }
        let mut value = u64::from(mask);
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            value += u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 28 {
                return Err(HpackError::Integer);
            }
        }
        usize::try_from(value).map_err(|_| HpackError::Integer)
    }

    /// Reads a string (RFC 7541 5.2) and appends it to the list.
    fn string(&mut self, list: &mut HeaderList) -> Result<Range<usize>, HpackError> {
        let first = self.byte()?;
        let len = self.integer(first, 7)?;
        let end = self.at.saturating_add(len);
        let Some(coded) = self.bytes.get(self.at..end) else {
            self.string_end = end;
            return Err(HpackError::Truncated);
        };
        self.at += len;
        if first & 0x80 == 0 {
            return Ok(list.append(coded));
        }
        let start = list.text.len();
        let is_valid = huffman::decode(coded, &mut list.text);
        if is_valid { Ok(start..list.text.len()) } else { Err(HpackError::Huffman) }
    }
}

impl HpackDecoder {
    /// Creates a decoder for a direction that is read from its beginning.
    pub(super) fn new() -> HpackDecoder {
        HpackDecoder { table: DynamicTable::new() }
    }

    /// Forgets the table: a header block was lost.
    pub(super) fn lose(&mut self) {
        self.table.lose();
    }

    /// Bytes allocated.
    pub(super) fn buffered(&self) -> usize {
        self.table.buffered()
    }

    /// Decodes the headers that are complete in the next bytes of a block, and appends them to the list. Returns the number
    /// of decoded bytes; the others begin a header that is not complete.
    pub(super) fn decode(&mut self, block: &[u8], list: &mut HeaderList) -> (usize, Option<HpackError>) {
        let mut cursor = Cursor { bytes: block, at: 0, string_end: 0 };
        while cursor.at < block.len() {
            let (from, text) = (cursor.at, list.text.len());
            match self.header(&mut cursor, list) {
                Ok(line) => {
                    let coded = list.offset + from..list.offset + cursor.at;
                    list.record(HeaderLine { coded, ..line }, text);
                }
                Err(error) => {
                    list.text.truncate(text);
                    list.offset += from;
                    list.needed = cursor.string_end.max(block.len() + 1) - from;
                    return (from, Some(error).filter(|error| *error != HpackError::Truncated));
                }
            }
        }
        list.offset += block.len();
        (block.len(), None)
    }

    /// Reads a header (RFC 7541 6).
    fn header(&mut self, cursor: &mut Cursor<'_>, list: &mut HeaderList) -> Result<HeaderLine, HpackError> {
        let first = cursor.byte()?;
        let (kind, prefix) = match first {
            0x80.. => (Representation::Indexed, 7),
            0x40.. => (Representation::Inserted, 6),
            0x20.. => (Representation::SizeUpdate, 5),
            0x10.. => (Representation::NeverInserted, 4),
            _ => (Representation::Literal, 4),
        };
        let index = cursor.integer(first, prefix)?;
        let mut line = HeaderLine { kind, index, coded: 0..0, name: None, value: None };
        match kind {
            Representation::SizeUpdate => self.table.resize(index),
            Representation::Indexed => match self.table.entry(index) {
                Entry::Absent => return Err(HpackError::Index),
                Entry::Unknown => {}
                // Headers beyond the limit are counted only.
                Entry::Known { name, value } if list.is_cut => {
                    list.size += name.map_or(0, <[u8]>::len) + value.len();
                }
                Entry::Known { name, value } => {
                    line.name = name.map(|name| list.append(name));
                    line.value = Some(list.append(value));
                }
            },
            Representation::Inserted | Representation::Literal | Representation::NeverInserted => {
                line.name = match index {
                    0 => Some(cursor.string(list)?),
                    _ => match self.table.entry(index) {
                        Entry::Absent => return Err(HpackError::Index),
                        Entry::Unknown | Entry::Known { name: None, .. } => None,
                        Entry::Known { name: Some(name), .. } => Some(list.append(name)),
                    },
                };
                line.value = Some(cursor.string(list)?);
                if kind == Representation::Inserted {
                    self.table.insert(list.name(&line), list.value(&line).unwrap_or_default());
                }
            }
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests;
