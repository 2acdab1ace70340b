//! QPACK (RFC 9204): field sections of one direction, decoded with what is known of its dynamic table.

use super::static_table::STATIC;
use crate::web::header_list::{HeaderList, Representation};
use crate::web::huffman;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Size of an entry beyond its name and value (RFC 9204 3.2.1).
const ENTRY_SIZE: usize = 32;
/// Size of the entries that are kept of a table. Of a larger table, which few peers permit, the oldest entries are unknown.
const MAX_KEPT: usize = 1 << 17;

/// Decoder of the field sections of one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct QpackDecoder {
    /// Known entries, oldest first.
    entries: VecDeque<TableEntry>,
    /// Number of entries that were inserted.
    inserted: u64,
    /// Size of the known entries.
    size: usize,
    capacity: usize,
    /// Maximum capacity that the receiver of the sections permits; none if its settings are not known.
    pub(super) max_capacity: Option<u64>,
    /// Instructions are missing: the number of entries is not known.
    is_lost: bool,
    /// No further instructions come, as far as is known.
    pub(super) is_final: bool,
}

/// An entry of the dynamic table; parts that are not known are none.
#[derive(Clone, Debug, Default)]
struct TableEntry {
    name: Option<Box<[u8]>>,
    value: Option<Box<[u8]>>,
}

impl TableEntry {
    fn size(&self) -> usize {
        let len = |part: &Option<Box<[u8]>>| part.as_ref().map_or(0, |part| part.len());
        ENTRY_SIZE + len(&self.name) + len(&self.value)
    }
}

/// What became of a field section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Decoded as far as the table is known.
    Decoded,
    /// Entries are missing that may still come.
    Blocked { required: u64, inserted: u64 },
    /// It is malformed.
    Malformed,
}

/// An instruction of an encoder (RFC 9204 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    SetCapacity(u64),
    InsertNamed,
    InsertLiteral,
    Duplicate,
}

/// Why bytes are not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QpackError {
    /// More bytes are needed.
    Incomplete,
    Malformed,
}

/// Bytes to decode.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn byte(&mut self) -> Result<u8, QpackError> {
        let byte = *self.bytes.get(self.at).ok_or(QpackError::Incomplete)?;
        self.at += 1;
        Ok(byte)
    }

    /// Reads an integer with a prefix (RFC 7541 5.1) whose first byte is known.
    fn integer(&mut self, first: u8, prefix: u32) -> Result<u64, QpackError> {
        let mask = 0xff_u8 >> (8 - prefix);
        if first & mask < mask {
            return Ok(u64::from(first & mask));
        }
        let mut value = u64::from(mask);
        // RFC 9204 4.1.1: at most 62 bits.
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f).checked_mul(1 << shift).ok_or(QpackError::Malformed)?;
            value = value.checked_add(part).ok_or(QpackError::Malformed)?;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(QpackError::Malformed)
    }

    /// Reads a string whose length has a prefix; the bit before the prefix states that it is Huffman-coded.
    fn string(&mut self, first: u8, prefix: u32) -> Result<Cow<'b, [u8]>, QpackError> {
        let len = self.integer(first, prefix)?;
        let len = usize::try_from(len).map_err(|_| QpackError::Malformed)?;
        let end = self.at.checked_add(len).ok_or(QpackError::Malformed)?;
        let bytes = self.bytes.get(self.at..end).ok_or(QpackError::Incomplete)?;
        self.at = end;
        if first >> prefix & 1 == 0 {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut text = Vec::new();
        if huffman::decode(bytes, &mut text) { Ok(Cow::Owned(text)) } else { Err(QpackError::Malformed) }
    }

    fn value(&mut self) -> Result<Cow<'b, [u8]>, QpackError> {
        let first = self.byte()?;
        self.string(first, 7)
    }
}

/// Name and value of an entry, as far as they are known.
type Known<'t> = (Option<&'t [u8]>, Option<&'t [u8]>);

impl QpackDecoder {
    /// Forgets the table: instructions of the encoder are missing.
    pub(super) fn lose(&mut self) {
        let QpackDecoder { max_capacity, is_final, .. } = *self;
        *self = QpackDecoder { is_lost: true, max_capacity, is_final, ..QpackDecoder::default() };
    }

    /// Number of entries that were inserted.
    pub(super) fn inserted(&self) -> u64 {
        self.inserted
    }

    /// Bytes of memory.
    pub(super) fn buffered(&self) -> usize {
        self.size + self.entries.len() * size_of::<TableEntry>()
    }

    /// Reads the first instruction of an encoder. Returns its length.
    pub(super) fn instruction(&mut self, bytes: &[u8]) -> Result<(usize, Instruction), QpackError> {
        let mut cursor = Cursor { bytes, at: 0 };
        let first = cursor.byte()?;
        let instruction = match first {
            0x80.. => {
                let index = cursor.integer(first, 6)?;
                let value = cursor.value()?;
                let name = match first & 0x40 {
                    0 => self.relative(index, self.inserted).0.map(Box::from),
                    _ => Some(static_entry(index).ok_or(QpackError::Malformed)?.0.as_bytes().into()),
                };
                self.insert(TableEntry { name, value: Some(value.into()) });
                Instruction::InsertNamed
            }
            0x40.. => {
                let name = cursor.string(first, 5)?;
                let value = cursor.value()?;
                self.insert(TableEntry { name: Some(name.into()), value: Some(value.into()) });
                Instruction::InsertLiteral
            }
            0x20.. => {
                let capacity = cursor.integer(first, 5)?;
                self.capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
                self.evict(0);
                Instruction::SetCapacity(capacity)
            }
            _ => {
                let index = cursor.integer(first, 5)?;
                let (name, value) = self.relative(index, self.inserted);
                let entry = TableEntry { name: name.map(Box::from), value: value.map(Box::from) };
                self.insert(entry);
                Instruction::Duplicate
            }
        };
        Ok((cursor.at, instruction))
    }

    fn insert(&mut self, entry: TableEntry) {
        self.evict(entry.size());
        self.inserted = self.inserted.saturating_add(1);
        self.size += entry.size();
        self.entries.push_back(entry);
    }

    /// Drops the oldest entries, so that another one has room.
    fn evict(&mut self, room: usize) {
        while self.size.saturating_add(room) > self.capacity.min(MAX_KEPT) {
            let Some(entry) = self.entries.pop_front() else { return };
            self.size = self.size.saturating_sub(entry.size());
        }
    }

    /// Returns the entry that is so many before the last of `base` entries.
    fn relative(&self, index: u64, base: u64) -> Known<'_> {
        base.checked_sub(1).and_then(|last| last.checked_sub(index)).map_or((None, None), |at| self.absolute(at))
    }

    fn absolute(&self, at: u64) -> Known<'_> {
        let first = self.inserted - self.entries.len() as u64;
        let entry = at.checked_sub(first).and_then(|at| self.entries.get(usize::try_from(at).ok()?));
        // After a loss, numbers of entries are not known.
        let entry = entry.filter(|_| !self.is_lost);
        entry.map_or((None, None), |entry| (entry.name.as_deref(), entry.value.as_deref()))
    }

    /// Returns the number of entries that a section requires (RFC 9204 4.5.1.1); none if it cannot be known.
    fn required(&self, encoded: u64) -> Option<Option<u64>> {
        if encoded == 0 {
            return Some(Some(0));
        }
        let max_entries = self.max_capacity.unwrap_or(self.capacity as u64) / ENTRY_SIZE as u64;
        let full = max_entries.saturating_mul(2);
        if self.is_lost || full == 0 {
            return Some(None);
        }
        // Without the settings, the number wraps later than is known here.
        if self.max_capacity.is_none() {
            return Some(Some(encoded - 1).filter(|_| self.inserted < full));
        }
        if encoded > full {
            return None;
        }
        let max = self.inserted.saturating_add(max_entries);
        let mut required = max / full * full + encoded - 1;
        if required > max {
            required = required.checked_sub(full)?;
        }
        (required > 0).then_some(Some(required))
    }

    /// Whether a section that requires so many entries can be decoded as far as it ever can.
    pub(super) fn has_entries(&self, required: u64) -> bool {
        self.is_final || self.is_lost || self.inserted >= required
    }

    /// Decodes a field section, and appends its lines.
    pub(super) fn decode(&self, section: &[u8], list: &mut HeaderList) -> Section {
        let mut cursor = Cursor { bytes: section, at: 0 };
        let Ok((required, base)) = self.prefix(&mut cursor) else { return Section::Malformed };
        if let Some(required) = required.filter(|&required| !self.has_entries(required)) {
            return Section::Blocked { required, inserted: self.inserted };
        }
        list.reserve(section.len());
        while cursor.at < section.len() {
            if self.line(&mut cursor, base, list).is_err() {
                return Section::Malformed;
            }
        }
        Section::Decoded
    }

    /// Reads the prefix of a section: the number of entries that it requires, and the base of its indices. Both are none if
    /// they cannot be known.
    fn prefix(&self, cursor: &mut Cursor<'_>) -> Result<(Option<u64>, Option<u64>), QpackError> {
        let first = cursor.byte()?;
        let encoded = cursor.integer(first, 8)?;
        let required = self.required(encoded).ok_or(QpackError::Malformed)?;
        let sign = cursor.byte()?;
        let delta = cursor.integer(sign, 7)?;
        let base = required.and_then(|required| match sign & 0x80 {
            0 => required.checked_add(delta),
            _ => required.checked_sub(delta)?.checked_sub(1),
        });
        Ok((required, base))
    }

    fn line(&self, cursor: &mut Cursor<'_>, base: Option<u64>, list: &mut HeaderList) -> Result<(), QpackError> {
        let from = cursor.at;
        let first = cursor.byte()?;
        let dynamic = |index: u64| base.map_or((None, None), |base| self.relative(index, base));
        let post_base =
            |index: u64| base.and_then(|base| base.checked_add(index)).map_or((None, None), |at| self.absolute(at));
        let value;
        let literal_name;
        let (kind, index, (name, value)) = match first {
            0x80.. => {
                let index = cursor.integer(first, 6)?;
                let known = if first & 0x40 != 0 { known_static(index)? } else { dynamic(index) };
                (Representation::Indexed, index, known)
            }
            0x40.. => {
                let index = cursor.integer(first, 4)?;
                let name = if first & 0x10 != 0 { known_static(index)?.0 } else { dynamic(index).0 };
                value = cursor.value()?;
                (literal(first & 0x20), index, (name, Some(&*value)))
            }
            0x20.. => {
                literal_name = cursor.string(first, 3)?;
                value = cursor.value()?;
                (literal(first & 0x10), 0, (Some(&*literal_name), Some(&*value)))
            }
            0x10.. => {
                let index = cursor.integer(first, 4)?;
                (Representation::Indexed, index, post_base(index))
            }
            _ => {
                let index = cursor.integer(first, 3)?;
                let name = post_base(index).0;
                value = cursor.value()?;
                (literal(first & 0x08), index, (name, Some(&*value)))
            }
        };
        list.push(kind, usize::try_from(index).unwrap_or(usize::MAX), from..cursor.at, name, value);
        Ok(())
    }
}

fn literal(never: u8) -> Representation {
    if never == 0 { Representation::Literal } else { Representation::NeverInserted }
}

fn static_entry(index: u64) -> Option<&'static (&'static str, &'static str)> {
    STATIC.get(usize::try_from(index).ok()?)
}

fn known_static(index: u64) -> Result<Known<'static>, QpackError> {
    let (name, value) = static_entry(index).ok_or(QpackError::Malformed)?;
    Ok((Some(name.as_bytes()), Some(value.as_bytes())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use alloc::string::String;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn decoder() -> QpackDecoder {
        QpackDecoder { max_capacity: Some(220), ..QpackDecoder::default() }
    }

    fn instruct(decoder: &mut QpackDecoder, hex: &str) {
        let all = bytes(hex);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let (len, _) = decoder.instruction(rest).unwrap();
            for cut in 0..len {
                assert_eq!(decoder.clone().instruction(&rest[..cut]), Err(QpackError::Incomplete));
            }
            rest = &rest[len..];
        }
    }

    fn text(decoder: &QpackDecoder, hex: &str) -> String {
        let mut list = HeaderList::default();
        assert_eq!(decoder.decode(&bytes(hex), &mut list), Section::Decoded);
        let part = |part: Option<&[u8]>| part.map_or("?".into(), |part| String::from_utf8_lossy(part).into_owned());
        let lines =
            list.lines.iter().map(|line| alloc::format!("{}: {}", part(list.name(line)), part(list.value(line))));
        lines.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_sections_of_rfc_9204_b_are_decoded() {
        let mut decoder = decoder();
        assert_eq!(text(&decoder, "0000 510b 2f69 6e64 6578 2e68 746d 6c"), ":path: /index.html");
        let section = bytes("0381 10 11");
        let blocked = Section::Blocked { required: 2, inserted: 0 };
        assert_eq!(decoder.decode(&section, &mut HeaderList::default()), blocked);
        instruct(&mut decoder, "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468");
        assert_eq!((decoder.inserted(), decoder.size), (2, 106));
        assert_eq!(text(&decoder, "0381 10 11"), ":authority: www.example.com, :path: /sample/path");
        instruct(&mut decoder, "4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565");
        assert_eq!((decoder.inserted(), decoder.size), (3, 160));
        instruct(&mut decoder, "02");
        assert_eq!((decoder.inserted(), decoder.size), (4, 217));
        assert_eq!(text(&decoder, "0500 80 c1 81"), ":authority: www.example.com, :path: /, custom-key: custom-value");
        instruct(&mut decoder, "810d 6375 7374 6f6d 2d76 616c 7565 32");
        assert_eq!((decoder.inserted(), decoder.size), (5, 215));
    }

    #[test]
    fn entries_are_unknown_after_a_loss_and_the_static_table_is_not() {
        let mut decoder = decoder();
        instruct(&mut decoder, "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468");
        decoder.lose();
        assert_eq!(text(&decoder, "0381 10 11"), "?: ?, ?: ?");
        assert_eq!(text(&decoder, "0381 d1"), ":method: GET");
    }

    #[test]
    fn no_bytes_of_a_section_are_read_beyond_its_end() {
        let section = bytes("0000 510b 2f69 6e64 6578 2e68 746d 6c");
        for len in 0..section.len() {
            let decoded = decoder().decode(&section[..len], &mut HeaderList::default());
            assert_eq!(decoded == Section::Decoded, len == 2, "{len}");
        }
        let endless = bytes("0000 ffffffffffffffffffffffff");
        assert_eq!(decoder().decode(&endless, &mut HeaderList::default()), Section::Malformed);
    }
}
