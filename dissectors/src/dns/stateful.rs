//! DNS Stateful Operations (RFC 8490): messages that have values with a type and a length instead of records.

use super::fields::*;
use super::message::{HEADER, Header};
use super::names::{self, lookup};
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};
use alloc::string::String;
use core::fmt::Write;

/// The operation code.
pub(super) const OPCODE: u8 = 6;

const KEEP_ALIVE: u16 = 1;
const RETRY_DELAY: u16 = 2;
const PADDING: u16 = 3;

/// Whether a message has values: it has neither questions nor records (RFC 8490 5.4).
pub(super) fn has_values(header: Header) -> bool {
    header.opcode() == OPCODE && header.counts == [0; 4]
}

/// A value of a message.
///
/// ```text
/// 0 type  2 length  4 data
/// ```
#[derive(Clone, Copy)]
pub(super) struct TypedValue<'b> {
    at: usize,
    kind: u16,
    data: &'b [u8],
    /// Bytes of the data that the message does not have.
    missing: usize,
}

/// Iterates over the values of a message. The last one may have data that the message does not have; bytes that are too few for
/// a type and a length are none.
pub(super) fn values(message: &[u8]) -> impl Iterator<Item = TypedValue<'_>> {
    let mut at = HEADER;
    core::iter::from_fn(move || {
        let &[a, b, c, d] = message.get(at..)?.first_chunk()?;
        let (start, len) = (at, usize::from(u16::from_be_bytes([c, d])));
        let rest = message.get(at + 4..).unwrap_or_default();
        let data = rest.get(..len).unwrap_or(rest);
        at += 4 + len;
        Some(TypedValue { at: start, kind: u16::from_be_bytes([a, b]), data, missing: len - data.len() })
    })
}

impl TypedValue<'_> {
    /// Offset after the value in its message.
    pub(super) fn end(&self) -> usize {
        self.at + 4 + self.data.len() + self.missing
    }
}

/// Returns the offset after the last value of a message.
pub(super) fn end(message: &[u8]) -> usize {
    values(message).last().map_or(HEADER, |last| last.end())
}

/// Records the values of a message.
pub(super) fn describe(message: Payload<'_>, tree: &mut Tree) {
    let all = message.from(HEADER).all();
    tree.open(&DSO, all, Value::Present);
    let mut line = String::from("; DSO:");
    for value in values(message.bytes) {
        let span = message.span(value.at, 4 + value.data.len());
        let name = type_name(value.kind);
        let node = tree.open(&DSO_TLV, span, Value::Present);
        tree.label(node, format_args!("DSO TLV: {name}"));
        tree.put(&DSO_TLV_TYPE, message.span(value.at, 2), Value::Uint(value.kind.into()));
        let len = value.data.len() + value.missing;
        tree.put(&DSO_TLV_LENGTH, message.span(value.at + 2, 2), Value::Uint(len as u64));
        let _ = write!(line, " {name}");
        describe_data(&value, message, &mut line, tree);
        tree.close();
    }
    tree.close();
    if tree.wants(&LINE) {
        tree.put_text(&LINE, Slice::default(), format_args!("{line}"));
    }
}

fn describe_data(value: &TypedValue<'_>, message: Payload<'_>, line: &mut String, tree: &mut Tree) {
    let numbers: &[&'static crate::field::Field] = match value.kind {
        KEEP_ALIVE => &[&DSO_TLV_KEEPALIVE_INACTIVITY, &DSO_TLV_KEEPALIVE_INTERVAL],
        RETRY_DELAY => &[&DSO_TLV_RETRYDELAY_RETRYDELAY],
        _ => &[],
    };
    let data = message.span(value.at + 4, value.data.len());
    if numbers.is_empty() {
        let field = if value.kind == PADDING { &DSO_TLV_ENCPAD_PADDING } else { &DSO_TLV_DATA };
        tree.put(field, data, Value::Bytes(data));
        return;
    }
    for (nth, (field, number)) in numbers.iter().zip(value.data.as_chunks().0).enumerate() {
        let number = u32::from_be_bytes(*number);
        tree.put(field, message.span(value.at + 4 + 4 * nth, 4), Value::Uint(number.into()));
        let _ = write!(line, " {number}");
    }
    if value.data.len() != 4 * numbers.len() && value.missing == 0 {
        let text = format_args!("expected {} bytes, found {}", 4 * numbers.len(), value.data.len());
        tree.note(&MALFORMED, data, text);
    }
}

/// Returns the name of the type of a value.
pub(super) fn type_name(kind: u16) -> &'static str {
    match (lookup(names::STATEFUL_TYPES, kind), kind) {
        (Some(name), _) => name,
        (None, 4..=63) => "Unassigned, reserved for DSO session-management TLVs",
        (None, 0xf800..=0xfbff) => "Reserved for Experimental/Local Use",
        (None, 0xfc00..) => "Reserved for future expansion",
        (None, _) => "Unassigned",
    }
}
