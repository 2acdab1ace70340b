//! Vectors: lists and values behind their length (RFC 8446 3.4), and lines under which they lie.

use super::fields::PART;
use crate::field::Field;
use crate::packet::Piece;
use crate::reader::{Reader, Short};
use crate::tree::Value;
use core::fmt;

/// The next `len` bytes.
pub(super) fn part<'b>(reader: &mut Reader<'b, '_>, len: impl Into<u32>) -> Result<Piece<'b>, Short> {
    let (rest, len) = (reader.rest(), len.into() as usize);
    reader.skip(len)?;
    Ok(rest.first(len))
}

/// A reader of the next `len` bytes.
pub(super) fn list<'b, 'r>(reader: &'r mut Reader<'b, '_>, len: impl Into<u32>) -> Result<Reader<'b, 'r>, Short> {
    let piece = part(reader, len)?;
    Ok(Reader::new(piece, reader.tree))
}

/// Reads one after the other up to the end.
pub(super) fn each(
    reader: &mut Reader<'_, '_>,
    read: impl Fn(&mut Reader<'_, '_>) -> Result<(), Short>,
) -> Result<(), Short> {
    while !reader.rest().bytes.is_empty() {
        read(reader)?;
    }
    Ok(())
}

/// Lets what is read up to the end lie under a line of its own.
pub(super) fn under(
    reader: &mut Reader<'_, '_>,
    field: &'static Field,
    label: fmt::Arguments<'_>,
    read: impl FnOnce(&mut Reader<'_, '_>) -> Result<(), Short>,
) -> Result<(), Short> {
    let node = reader.tree.open(field, reader.rest().all(), Value::Present);
    reader.tree.label(node, label);
    let read = read(reader);
    reader.tree.close();
    read
}

/// The same under a line that no field of Wireshark's has.
pub(super) fn grouped(
    reader: &mut Reader<'_, '_>,
    title: &str,
    read: impl FnOnce(&mut Reader<'_, '_>) -> Result<(), Short>,
) -> Result<(), Short> {
    under(reader, &PART, format_args!("{title}"), read)
}

/// Values of two bytes behind their length in bytes, under a line that says how many they are.
pub(super) fn counted(
    reader: &mut Reader<'_, '_>,
    length: &'static Field,
    all: &'static Field,
    title: &str,
    one: &str,
    read: impl Fn(&mut Reader<'_, '_>) -> Result<(), Short>,
) -> Result<(), Short> {
    let len = reader.u16(length)?;
    let (count, s) = (len / 2, if len / 2 == 1 { "" } else { "s" });
    let label = format_args!("{title} ({count} {one}{s})");
    under(&mut list(reader, len)?, all, label, |reader| each(reader, read))
}
