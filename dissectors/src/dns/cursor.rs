//! A cursor over the data of a record: records each value, and writes it in the form of a zone file.

use super::fields::BAD_NAME;
use super::name::{Name, NameError};
use super::names;
use super::zone_text::{Base64, Date, Hex, Quoted, ZoneName};
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};
use alloc::string::String;
use core::fmt::{self, Write};

/// Maximum number of values recorded of one message. A zone of 64 KiB in one message has 16,000 with short names.
const MAX_VALUES: u32 = 32_768;

/// Why the data of a record could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataError {
    /// They are shorter than their type requires.
    End,
    /// A name in them is not valid.
    Name,
    /// The message has as many values as are recorded.
    Limit,
}

impl From<NameError> for DataError {
    fn from(error: NameError) -> DataError {
        if error == NameError::End { DataError::End } else { DataError::Name }
    }
}

/// Values that may still be recorded of a message.
pub(super) struct Budget(u32);

impl Budget {
    pub(super) fn new() -> Budget {
        Budget(MAX_VALUES)
    }

    pub(super) fn take(&mut self) -> Result<(), DataError> {
        self.0 = self.0.checked_sub(1).ok_or(DataError::Limit)?;
        Ok(())
    }
}

/// A cursor over a part of a message.
pub(super) struct Cursor<'b, 't> {
    message: Payload<'b>,
    /// Offset of the next byte in the message.
    pub(super) at: usize,
    /// Offset of the end of the data.
    pub(super) end: usize,
    pub(super) tree: &'t mut Tree,
    pub(super) budget: &'t mut Budget,
    /// The data in the form of a zone file, if wanted.
    pub(super) line: Option<&'t mut String>,
    /// Whether a name that was read is not valid.
    pub(super) has_invalid_name: bool,
    /// Text before the next word of the line.
    pub(super) separator: &'static str,
}

impl<'b, 't> Cursor<'b, 't> {
    pub(super) fn new(
        message: Payload<'b>,
        data: core::ops::Range<usize>,
        tree: &'t mut Tree,
        budget: &'t mut Budget,
        line: Option<&'t mut String>,
    ) -> Cursor<'b, 't> {
        let (at, end) = (data.start, data.end);
        Cursor { message, at, end, tree, budget, line, has_invalid_name: false, separator: " " }
    }

    /// Number of bytes left.
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// Position of the next `len` bytes in the tree.
    pub(super) fn span(&self, len: usize) -> Slice {
        self.message.span(self.at, len)
    }

    /// Position of the bytes from an offset to the cursor.
    pub(super) fn span_from(&self, start: usize) -> Slice {
        self.message.span(start, self.at.saturating_sub(start))
    }

    /// Writes a word of the zone file line.
    pub(super) fn word(&mut self, word: fmt::Arguments<'_>) {
        if let Some(line) = &mut self.line {
            line.push_str(self.separator);
            let _ = line.write_fmt(word);
        }
    }

    /// Writes text after the last word of the zone file line.
    pub(super) fn append(&mut self, text: fmt::Arguments<'_>) {
        if let Some(line) = &mut self.line {
            let _ = line.write_fmt(text);
        }
    }

    /// Returns the next bytes without recording them.
    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], DataError> {
        self.budget.take()?;
        let bytes = self.message.bytes.get(self.at..self.end).and_then(|rest| rest.get(..len)).ok_or(DataError::End)?;
        self.at += len;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DataError> {
        self.take(N)?.first_chunk().copied().ok_or(DataError::End)
    }

    /// Returns the next bytes without consuming them.
    pub(super) fn peek(&self, len: usize) -> Option<&'b [u8]> {
        self.message.bytes.get(self.at..self.end)?.get(..len)
    }

    /// Reads a number of `len` bytes that is not part of the line.
    pub(super) fn silent(&mut self, field: &'static Field, len: usize) -> Result<u64, DataError> {
        let span = self.span(len);
        let number = self.take(len)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        self.tree.put(field, span, Value::Uint(number));
        Ok(number)
    }

    /// Reads a number of `len` bytes.
    pub(super) fn uint(&mut self, field: &'static Field, len: usize) -> Result<u64, DataError> {
        let number = self.silent(field, len)?;
        self.word(format_args!("{number}"));
        Ok(number)
    }

    /// Reads a type, which the line has by its name.
    pub(super) fn record_type(&mut self, field: &'static Field) -> Result<(), DataError> {
        let number = self.silent(field, 2)? as u16;
        self.word(format_args!("{}", names::record_type(number)));
        Ok(())
    }

    /// Reads seconds since 1970 (RFC 4034 3.1.5).
    pub(super) fn seconds(&mut self, field: &'static Field, len: usize) -> Result<(), DataError> {
        let span = self.span(len);
        let seconds = self.take(len)?.iter().fold(0_i64, |sum, &byte| sum << 8 | i64::from(byte));
        self.tree.put(field, span, Value::Time(seconds.saturating_mul(1_000_000_000)));
        match u32::try_from(seconds) {
            Ok(seconds) if len == 4 => self.word(format_args!("{}", Date(seconds))),
            _ => self.word(format_args!("{seconds}")),
        }
        Ok(())
    }

    /// Reads a name.
    pub(super) fn name(&mut self, field: &'static Field) -> Result<Name<'b>, DataError> {
        self.budget.take()?;
        let (name, end) = Name::read(self.message.bytes, self.at)?;
        if end > self.end {
            return Err(DataError::End);
        }
        if !name.is_valid {
            self.has_invalid_name = true;
            let span = self.span(end - self.at);
            self.tree.note(&BAD_NAME, span, format_args!("{}", BAD_NAME.title));
        }
        let span = self.span(end - self.at);
        self.at = end;
        name.record(field, span, self.tree);
        self.word(format_args!("{}", ZoneName(name)));
        Ok(name)
    }

    /// Reads `len` bytes of text.
    pub(super) fn text(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], DataError> {
        let span = self.span(len);
        let text = self.take(len)?;
        self.tree.put(field, span, Value::Text(span));
        self.word(format_args!("{}", Quoted(text)));
        Ok(text)
    }

    /// Reads a text after its length (RFC 1035 3.3).
    pub(super) fn string(&mut self, length: &'static Field, field: &'static Field) -> Result<&'b [u8], DataError> {
        let len = self.silent(length, 1)? as usize;
        self.text(field, len)
    }

    /// Reads `len` bytes that the line does not have.
    pub(super) fn silent_bytes(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], DataError> {
        let span = self.span(len);
        let bytes = self.take(len)?;
        self.tree.put(field, span, Value::Bytes(span));
        Ok(bytes)
    }

    /// Reads `len` bytes that the line has in Base64, if there are any.
    pub(super) fn base64(&mut self, field: &'static Field, len: usize) -> Result<(), DataError> {
        let bytes = self.silent_bytes(field, len)?;
        if !bytes.is_empty() {
            self.word(format_args!("{}", Base64(bytes)));
        }
        Ok(())
    }

    /// Reads `len` bytes that the line has in hexadecimal digits.
    pub(super) fn bytes(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], DataError> {
        let bytes = self.silent_bytes(field, len)?;
        self.word(format_args!("{}", Hex(bytes)));
        Ok(bytes)
    }

    /// Reads the rest as bytes.
    pub(super) fn rest(&mut self, field: &'static Field) -> Result<&'b [u8], DataError> {
        self.bytes(field, self.left())
    }

    pub(super) fn ipv4(&mut self, field: &'static Field) -> Result<(), DataError> {
        let span = self.span(4);
        let address = self.array()?;
        self.tree.put(field, span, Value::Ipv4(address));
        self.word(format_args!("{}", core::net::Ipv4Addr::from(address)));
        Ok(())
    }

    pub(super) fn ipv6(&mut self, field: &'static Field) -> Result<(), DataError> {
        let span = self.span(16);
        let address: [u8; 16] = self.array()?;
        self.tree.put(field, span, Value::Ipv6(address));
        self.word(format_args!("{}", core::net::Ipv6Addr::from(address)));
        Ok(())
    }

    pub(super) fn ether(&mut self, field: &'static Field) -> Result<(), DataError> {
        let span = self.span(6);
        let address = self.array()?;
        self.tree.put(field, span, Value::Ether(address));
        let [a, b, c, d, e, f] = address;
        self.word(format_args!("{a:02x}-{b:02x}-{c:02x}-{d:02x}-{e:02x}-{f:02x}"));
        Ok(())
    }
}
