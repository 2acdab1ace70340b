//! A cursor over bytes that records the values it reads.

use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};

/// Error: the input ended before the header did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnexpectedEnd;

/// Splits a text that ends with a zero byte from what follows it.
pub(crate) fn cstring(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    (bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default())
}

/// A cursor over a [`Payload`]. Each call reads one value, records it in the tree under its field, and advances.
///
/// Numbers are big-endian, as on the wire, except where the name ends in `_le`. A read past the end returns [`UnexpectedEnd`] and does not advance.
pub struct FieldReader<'b, 't> {
    payload: Payload<'b>,
    offset: usize,
    /// The tree that fields are recorded in.
    pub tree: &'t mut Tree,
}

impl<'b, 't> FieldReader<'b, 't> {
    /// Creates a reader at the first byte.
    pub fn new(payload: Payload<'b>, tree: &'t mut Tree) -> FieldReader<'b, 't> {
        FieldReader { payload, offset: 0, tree }
    }

    /// Returns the number of bytes read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.offset
    }

    /// Returns the bytes not read yet.
    #[must_use]
    pub fn rest(&self) -> Payload<'b> {
        self.payload.from(self.offset)
    }

    /// Returns the position of the next `len` bytes, for fields derived from them.
    #[must_use]
    pub fn span(&self, len: usize) -> Slice {
        self.payload.span(self.offset, len)
    }

    /// Reads the next `N` bytes without recording them.
    pub fn read_array<const N: usize>(&mut self) -> Result<[u8; N], UnexpectedEnd> {
        let bytes =
            self.payload.bytes.get(self.offset..).and_then(|rest| rest.first_chunk::<N>()).ok_or(UnexpectedEnd)?;
        self.offset += N;
        Ok(*bytes)
    }

    /// Skips `len` bytes.
    pub fn skip(&mut self, len: usize) -> Result<(), UnexpectedEnd> {
        let end = self.offset.checked_add(len).filter(|&end| end <= self.payload.bytes.len()).ok_or(UnexpectedEnd)?;
        self.offset = end;
        Ok(())
    }

    fn uint<const N: usize>(&mut self, field: &'static Field) -> Result<u64, UnexpectedEnd> {
        let span = self.span(N);
        let value = self.read_array::<N>()?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        self.tree.put(field, span, Value::Uint(value));
        Ok(value)
    }

    /// Reads a number of one byte.
    pub fn u8(&mut self, field: &'static Field) -> Result<u8, UnexpectedEnd> {
        Ok(self.uint::<1>(field)? as u8)
    }

    /// Reads a number of two bytes.
    pub fn u16(&mut self, field: &'static Field) -> Result<u16, UnexpectedEnd> {
        Ok(self.uint::<2>(field)? as u16)
    }

    /// Reads a number of three bytes.
    pub fn u24(&mut self, field: &'static Field) -> Result<u32, UnexpectedEnd> {
        Ok(self.uint::<3>(field)? as u32)
    }

    /// Reads a number of four bytes.
    pub fn u32(&mut self, field: &'static Field) -> Result<u32, UnexpectedEnd> {
        Ok(self.uint::<4>(field)? as u32)
    }

    /// Reads a number of eight bytes.
    pub fn u64(&mut self, field: &'static Field) -> Result<u64, UnexpectedEnd> {
        self.uint::<8>(field)
    }

    fn uint_le<const N: usize>(&mut self, field: &'static Field) -> Result<u64, UnexpectedEnd> {
        let span = self.span(N);
        let value = self.read_array::<N>()?.iter().rfold(0, |sum, &byte| sum << 8 | u64::from(byte));
        self.tree.put(field, span, Value::Uint(value));
        Ok(value)
    }

    /// Reads a little-endian number of two bytes.
    pub fn u16_le(&mut self, field: &'static Field) -> Result<u16, UnexpectedEnd> {
        Ok(self.uint_le::<2>(field)? as u16)
    }

    /// Reads a little-endian number of four bytes.
    pub fn u32_le(&mut self, field: &'static Field) -> Result<u32, UnexpectedEnd> {
        Ok(self.uint_le::<4>(field)? as u32)
    }

    /// Reads a little-endian number of eight bytes.
    pub fn u64_le(&mut self, field: &'static Field) -> Result<u64, UnexpectedEnd> {
        self.uint_le::<8>(field)
    }

    /// Reads a signed number of one byte.
    pub fn i8(&mut self, field: &'static Field) -> Result<i8, UnexpectedEnd> {
        let span = self.span(1);
        let [byte] = self.read_array()?;
        self.tree.put(field, span, Value::Int((byte as i8).into()));
        Ok(byte as i8)
    }

    /// Reads a signed number of four bytes.
    pub fn i32(&mut self, field: &'static Field) -> Result<i32, UnexpectedEnd> {
        let span = self.span(4);
        let value = i32::from_be_bytes(self.read_array()?);
        self.tree.put(field, span, Value::Int(value.into()));
        Ok(value)
    }

    /// Reads an Ethernet address.
    pub fn ether(&mut self, field: &'static Field) -> Result<[u8; 6], UnexpectedEnd> {
        let span = self.span(6);
        let address = self.read_array()?;
        self.tree.put(field, span, Value::Ether(address));
        Ok(address)
    }

    /// Reads an IPv4 address.
    pub fn ipv4(&mut self, field: &'static Field) -> Result<[u8; 4], UnexpectedEnd> {
        let span = self.span(4);
        let address = self.read_array()?;
        self.tree.put(field, span, Value::Ipv4(address));
        Ok(address)
    }

    /// Reads an IPv6 address.
    pub fn ipv6(&mut self, field: &'static Field) -> Result<[u8; 16], UnexpectedEnd> {
        let span = self.span(16);
        let address = self.read_array()?;
        self.tree.put(field, span, Value::Ipv6(address));
        Ok(address)
    }

    /// Reads `len` bytes.
    pub fn bytes(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], UnexpectedEnd> {
        let span = self.span(len);
        let start = self.offset;
        self.skip(len)?;
        self.tree.put(field, span, Value::Bytes(span));
        Ok(self.payload.bytes.get(start..self.offset).unwrap_or_default())
    }

    /// Reads `len` bytes of text.
    pub fn text(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], UnexpectedEnd> {
        let span = self.span(len);
        let start = self.offset;
        self.skip(len)?;
        self.tree.put(field, span, Value::Text(span));
        Ok(self.payload.bytes.get(start..self.offset).unwrap_or_default())
    }
}
