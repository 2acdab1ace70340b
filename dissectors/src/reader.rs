//! The reader: a cursor over bytes that records what it reads.

use crate::field::Field;
use crate::packet::Piece;
use crate::tree::{Slice, Tree, Value};

/// The bytes ended before the header did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short;

/// A cursor over a [`Piece`]: each call reads one value, records it in the tree under its field, and moves on.
///
/// Numbers are big-endian, as on the wire. A read past the end is [`Short`] and moves nothing.
pub struct Reader<'b, 't> {
    piece: Piece<'b>,
    at: usize,
    /// Where the fields are recorded.
    pub tree: &'t mut Tree,
}

impl<'b, 't> Reader<'b, 't> {
    /// A reader at the first byte.
    pub fn new(piece: Piece<'b>, tree: &'t mut Tree) -> Reader<'b, 't> {
        Reader { piece, at: 0, tree }
    }

    /// How many bytes have been read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> Piece<'b> {
        self.piece.from(self.at)
    }

    /// The place of the next `len` bytes, for fields that are concluded from them.
    #[must_use]
    pub fn span(&self, len: usize) -> Slice {
        self.piece.span(self.at, len)
    }

    /// The next `N` bytes, read and not recorded.
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let bytes = self.piece.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(Short)?;
        self.at += N;
        Ok(*bytes)
    }

    /// Passes over `len` bytes.
    pub fn skip(&mut self, len: usize) -> Result<(), Short> {
        let end = self.at.checked_add(len).filter(|&end| end <= self.piece.bytes.len()).ok_or(Short)?;
        self.at = end;
        Ok(())
    }

    fn uint<const N: usize>(&mut self, field: &'static Field) -> Result<u64, Short> {
        let span = self.span(N);
        let value = self.take::<N>()?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        self.tree.put(field, span, Value::Uint(value));
        Ok(value)
    }

    /// A number of one byte.
    pub fn u8(&mut self, field: &'static Field) -> Result<u8, Short> {
        Ok(self.uint::<1>(field)? as u8)
    }

    /// A number of two bytes.
    pub fn u16(&mut self, field: &'static Field) -> Result<u16, Short> {
        Ok(self.uint::<2>(field)? as u16)
    }

    /// A number of three bytes.
    pub fn u24(&mut self, field: &'static Field) -> Result<u32, Short> {
        Ok(self.uint::<3>(field)? as u32)
    }

    /// A number of four bytes.
    pub fn u32(&mut self, field: &'static Field) -> Result<u32, Short> {
        Ok(self.uint::<4>(field)? as u32)
    }

    /// A number of eight bytes.
    pub fn u64(&mut self, field: &'static Field) -> Result<u64, Short> {
        self.uint::<8>(field)
    }

    /// An Ethernet address.
    pub fn ether(&mut self, field: &'static Field) -> Result<[u8; 6], Short> {
        let span = self.span(6);
        let address = self.take()?;
        self.tree.put(field, span, Value::Ether(address));
        Ok(address)
    }

    /// An IPv4 address.
    pub fn ipv4(&mut self, field: &'static Field) -> Result<[u8; 4], Short> {
        let span = self.span(4);
        let address = self.take()?;
        self.tree.put(field, span, Value::Ipv4(address));
        Ok(address)
    }

    /// An IPv6 address.
    pub fn ipv6(&mut self, field: &'static Field) -> Result<[u8; 16], Short> {
        let span = self.span(16);
        let address = self.take()?;
        self.tree.put(field, span, Value::Ipv6(address));
        Ok(address)
    }

    /// `len` bytes.
    pub fn bytes(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], Short> {
        let span = self.span(len);
        let start = self.at;
        self.skip(len)?;
        self.tree.put(field, span, Value::Bytes(span));
        Ok(self.piece.bytes.get(start..self.at).unwrap_or_default())
    }

    /// `len` bytes of text.
    pub fn text(&mut self, field: &'static Field, len: usize) -> Result<&'b [u8], Short> {
        let span = self.span(len);
        let start = self.at;
        self.skip(len)?;
        self.tree.put(field, span, Value::Text(span));
        Ok(self.piece.bytes.get(start..self.at).unwrap_or_default())
    }
}
