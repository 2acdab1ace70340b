//! Vectors: lists and values that follow their length (RFC 8446 3.4), and the tree nodes that group them.

use super::fields::PART;
use crate::field::Field;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::Value;
use core::fmt;

/// Reads the next `len` bytes.
pub(super) fn take_payload<'b>(
    reader: &mut FieldReader<'b, '_>,
    len: impl Into<u32>,
) -> Result<Payload<'b>, UnexpectedEnd> {
    let (rest, len) = (reader.rest(), len.into() as usize);
    reader.skip(len)?;
    Ok(rest.first(len))
}

/// Returns a reader of the next `len` bytes.
pub(super) fn list<'b, 'r>(
    reader: &'r mut FieldReader<'b, '_>,
    len: impl Into<u32>,
) -> Result<FieldReader<'b, 'r>, UnexpectedEnd> {
    let payload = take_payload(reader, len)?;
    Ok(FieldReader::new(payload, reader.tree))
}

/// Reads entries up to the end.
pub(super) fn each(
    reader: &mut FieldReader<'_, '_>,
    read: impl Fn(&mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd>,
) -> Result<(), UnexpectedEnd> {
    while !reader.rest().bytes.is_empty() {
        read(reader)?;
    }
    Ok(())
}

/// Reads up to the end under a tree node of its own.
pub(super) fn with_node(
    reader: &mut FieldReader<'_, '_>,
    field: &'static Field,
    label: fmt::Arguments<'_>,
    read: impl FnOnce(&mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd>,
) -> Result<(), UnexpectedEnd> {
    let node = reader.tree.open(field, reader.rest().all(), Value::Present);
    reader.tree.label(node, label);
    let read = read(reader);
    reader.tree.close();
    read
}

/// Reads up to the end under a node for which Wireshark has no field.
pub(super) fn with_group(
    reader: &mut FieldReader<'_, '_>,
    title: &str,
    read: impl FnOnce(&mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd>,
) -> Result<(), UnexpectedEnd> {
    with_node(reader, &PART, format_args!("{title}"), read)
}

/// Reads two-byte values that follow their length in bytes, under a node that shows their number.
pub(super) fn counted_list(
    reader: &mut FieldReader<'_, '_>,
    length: &'static Field,
    all: &'static Field,
    title: &str,
    one: &str,
    read: impl Fn(&mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd>,
) -> Result<(), UnexpectedEnd> {
    let len = reader.u16(length)?;
    let (count, s) = (len / 2, if len / 2 == 1 { "" } else { "s" });
    let label = format_args!("{title} ({count} {one}{s})");
    with_node(&mut list(reader, len)?, all, label, |reader| each(reader, read))
}
