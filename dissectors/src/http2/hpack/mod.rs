//! HPACK (RFC 7541): header blocks of one direction, decoded with what is known of its dynamic table.

mod huffman;
mod table;

use alloc::vec::Vec;
use core::ops::Range;
use table::{DynamicTable, ENTRY_SIZE, Entry};

/// Maximum size of the header list of one block (RFC 9113 10.5.1). Servers stop at 8 to 256 KiB. A block of indices could
/// otherwise have a thousand times its size.
pub(super) const MAX_LIST: usize = 262_144;

/// Decoder of the header blocks of one direction.
#[derive(Clone, Debug)]
pub(super) struct HpackDecoder {
    table: DynamicTable,
}

/// Headers of a block, as far as they are decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct HeaderList {
    /// Names and values.
    text: Vec<u8>,
    /// The headers and size updates, in order.
    pub lines: Vec<HeaderLine>,
    /// Size of the list (RFC 7541 4.1), of omitted headers too.
    pub size: usize,
    /// Headers were omitted at the limit.
    pub is_cut: bool,
    /// Bytes of the block decoded before those given next.
    pub offset: usize,
    /// Length of the beginning of the next header at which more of it can be decoded.
    pub needed: usize,
}

/// A header, or a change of the table's size.
#[derive(Clone, Debug)]
pub(super) struct HeaderLine {
    /// How it is represented.
    pub kind: Representation,
    /// Index of a table; 0 without one. New size in a size update.
    pub index: usize,
    /// Bytes of the block.
    pub coded: Range<usize>,
    /// Name in the text of the list, if it is known.
    name: Option<Range<usize>>,
    /// Value in the text of the list, if it is known.
    value: Option<Range<usize>>,
}

/// Representation of a header (RFC 7541 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Representation {
    /// Name and value of an entry.
    Indexed,
    /// A value that is inserted into the table.
    Inserted,
    /// A value that is not inserted.
    Literal,
    /// A value that no intermediary inserts.
    NeverInserted,
    /// A size update of the dynamic table.
    SizeUpdate,
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

impl Representation {
    /// Returns its name as in Wireshark.
    pub(super) const fn text(self, has_index: bool) -> &'static str {
        match (self, has_index) {
            (Representation::Indexed, _) => "Indexed Header Field",
            (Representation::Inserted, true) => "Literal Header Field with Incremental Indexing - Indexed Name",
            (Representation::Inserted, false) => "Literal Header Field with Incremental Indexing - New Name",
            (Representation::Literal, true) => "Literal Header Field without Indexing - Indexed Name",
            (Representation::Literal, false) => "Literal Header Field without Indexing - New Name",
            (Representation::NeverInserted, true) => "Literal Header Field never Indexed - Indexed Name",
            (Representation::NeverInserted, false) => "Literal Header Field never Indexed - New Name",
            (Representation::SizeUpdate, _) => "Maximum Dynamic Table Size Change",
        }
    }
}

impl HeaderLine {
    /// Whether name and value are known.
    pub(super) fn is_known(&self) -> bool {
        self.name.is_some() && self.value.is_some()
    }
}

impl HeaderList {
    /// Clears it for the next block.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
        (self.size, self.is_cut, self.offset, self.needed) = (0, false, 0, 0);
    }

    /// Bytes allocated.
    pub(super) fn buffered(&self) -> usize {
        self.text.capacity() + self.lines.capacity() * size_of::<HeaderLine>()
    }

    fn get(&self, range: Option<&Range<usize>>) -> Option<&[u8]> {
        self.text.get(range?.clone())
    }

    /// Returns the name of a header, if it is known.
    pub(super) fn name(&self, line: &HeaderLine) -> Option<&[u8]> {
        self.get(line.name.as_ref())
    }

    /// Returns the value of a header, if it is known.
    pub(super) fn value(&self, line: &HeaderLine) -> Option<&[u8]> {
        self.get(line.value.as_ref())
    }

    /// Returns the headers of which name and value are known.
    pub(super) fn known(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().filter_map(|line| Some((self.name(line)?, self.value(line)?)))
    }

    /// Whether a part of a header is unknown.
    pub(super) fn has_unknown(&self) -> bool {
        let is_header = |line: &&HeaderLine| line.kind != Representation::SizeUpdate;
        self.lines.iter().filter(is_header).any(|line| !line.is_known())
    }

    fn append(&mut self, part: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(part);
        start..self.text.len()
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
                Ok(line) => self.record(line, from..cursor.at, text, list),
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

    /// Appends a header to the list, unless it exceeds the limit. Its text begins at `text`.
    #[inline]
    fn record(&self, line: HeaderLine, coded: Range<usize>, text: usize, list: &mut HeaderList) {
        if line.kind != Representation::SizeUpdate {
            list.size = list.size.saturating_add(list.text.len() - text + ENTRY_SIZE);
        }
        list.is_cut |= list.size > MAX_LIST;
        if list.is_cut {
            list.text.truncate(text);
            return;
        }
        let coded = list.offset + coded.start..list.offset + coded.end;
        list.lines.push(HeaderLine { coded, ..line });
    }
}

#[cfg(test)]
mod tests;
