//! Headers of a block or section, as far as they are decoded.

use alloc::vec::Vec;
use core::ops::Range;

/// Size of a header beyond its name and value (RFC 7541 4.1, RFC 9204 3.2.1).
const ENTRY_SIZE: usize = 32;

/// Stands for a name that is not known: the entry of the table was not captured.
pub(crate) const UNKNOWN_PART: &[u8] = b"<unknown>";

/// Maximum size of the header list of one block (RFC 9113 10.5.1). Servers stop at 8 to 256 KiB. A block of indices could
/// otherwise have a thousand times its size.
pub(crate) const MAX_LIST: usize = 262_144;

/// Headers of a block, as far as they are decoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderList {
    /// Names and values.
    pub(crate) text: Vec<u8>,
    /// The headers and size updates, in order.
    pub(crate) lines: Vec<HeaderLine>,
    /// Size of the list (RFC 7541 4.1), of omitted headers too.
    pub(crate) size: usize,
    /// Headers were omitted at the limit.
    pub(crate) is_cut: bool,
    /// Bytes of the block decoded before those given next.
    pub(crate) offset: usize,
    /// Length of the beginning of the next header at which more of it can be decoded.
    pub(crate) needed: usize,
}

/// A header, or a change of the table's size.
#[derive(Clone, Debug)]
pub(crate) struct HeaderLine {
    /// How it is represented.
    pub(crate) kind: Representation,
    /// Index of a table; 0 without one. New size in a size update.
    pub(crate) index: usize,
    /// Bytes of the block.
    pub(crate) coded: Range<usize>,
    /// Name in the text of the list, if it is known.
    pub(crate) name: Option<Range<usize>>,
    /// Value in the text of the list, if it is known.
    pub(crate) value: Option<Range<usize>>,
}

/// Representation of a header (RFC 7541 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Representation {
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

impl Representation {
    /// Returns its name as in Wireshark.
    pub(crate) const fn text(self, has_index: bool) -> &'static str {
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
    pub(crate) fn is_known(&self) -> bool {
        self.name.is_some() && self.value.is_some()
    }
}

impl HeaderList {
    /// Clears it for the next block.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
        (self.size, self.is_cut, self.offset, self.needed) = (0, false, 0, 0);
    }

    /// Allocates memory for most blocks of a length.
    pub(crate) fn reserve(&mut self, block: usize) {
        const USUAL_LINES: usize = 8;
        const USUAL_TEXT: usize = 128;
        self.text.reserve(block.saturating_mul(2).clamp(USUAL_TEXT, MAX_LIST));
        self.lines.reserve(block.min(USUAL_LINES));
    }

    /// Bytes allocated.
    pub(crate) fn buffered(&self) -> usize {
        self.text.capacity() + self.lines.capacity() * size_of::<HeaderLine>()
    }

    fn get(&self, range: Option<&Range<usize>>) -> Option<&[u8]> {
        self.text.get(range?.clone())
    }

    /// Returns the name of a header, if it is known.
    pub(crate) fn name(&self, line: &HeaderLine) -> Option<&[u8]> {
        self.get(line.name.as_ref())
    }

    /// Returns the value of a header, if it is known.
    pub(crate) fn value(&self, line: &HeaderLine) -> Option<&[u8]> {
        self.get(line.value.as_ref())
    }

    /// Returns the headers of which name and value are known.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().filter_map(|line| Some((self.name(line)?, self.value(line)?)))
    }

    /// Whether the first header is a pseudo-header, if its name is known: these come first (RFC 9113 8.3).
    pub(crate) fn begins_with_pseudo(&self) -> Option<bool> {
        match self.lines.iter().find(|line| line.kind != Representation::SizeUpdate) {
            Some(line) => self.name(line).map(|name| name.starts_with(b":")),
            None if self.is_cut => None,
            None => Some(false),
        }
    }

    /// Whether a part of a header is unknown.
    pub(crate) fn has_unknown(&self) -> bool {
        let is_header = |line: &&HeaderLine| line.kind != Representation::SizeUpdate;
        self.lines.iter().filter(is_header).any(|line| !line.is_known())
    }

    /// Appends text.
    pub(crate) fn append(&mut self, part: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(part);
        start..self.text.len()
    }

    /// Appends a header whose text was appended from `text` on, unless it exceeds the limit.
    pub(crate) fn record(&mut self, line: HeaderLine, text: usize) {
        if line.kind != Representation::SizeUpdate {
            self.size = self.size.saturating_add(self.text.len() - text + ENTRY_SIZE);
        }
        self.is_cut |= self.size > MAX_LIST;
        if self.is_cut {
            self.text.truncate(text);
            return;
        }
        self.lines.push(line);
    }

    /// Appends a header, with the parts of it that are known.
    pub(crate) fn push(
        &mut self,
        kind: Representation,
        index: usize,
        coded: Range<usize>,
        name: Option<&[u8]>,
        value: Option<&[u8]>,
    ) {
        let text = self.text.len();
        // Headers beyond the limit are counted only.
        if self.is_cut {
            self.size =
                self.size.saturating_add(ENTRY_SIZE + name.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len));
            return;
        }
        let name = name.map(|name| self.append(name));
        let value = value.map(|value| self.append(value));
        self.record(HeaderLine { kind, index, coded, name, value }, text);
    }
}
