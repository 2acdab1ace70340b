//! Transport parameters of QUIC, in an extension of hellos (RFC 9000 18, RFC 9001 8.2).

use super::fields::*;
use super::vector::take_payload;
use crate::field::{Field, FieldKind};
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};
use crate::varint::varint;

/// Version information: the chosen version, and others (RFC 9368 3).
const VERSION_INFORMATION: u64 = 0x11;

/// Reads all parameters.
pub(super) fn read(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    while !reader.rest().bytes.is_empty() {
        read_one(reader)?;
    }
    Ok(())
}

fn read_one(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let whole = reader.rest();
    let (kind, kind_len) = varint(whole.bytes).ok_or(UnexpectedEnd)?;
    let (len, len_len) = whole.bytes.get(kind_len..).and_then(varint).ok_or(UnexpectedEnd)?;
    let node = reader.tree.open(&PART, whole.all(), Value::Present);
    let tree = &mut *reader.tree;
    match QUIC_PARAMETER_TYPE.value_name(kind) {
        Some(name) => tree.label(node, format_args!("Parameter: {name} (len={len})")),
        None => tree.label(node, format_args!("Parameter: Unknown {kind:#04x} (len={len})")),
    }
    tree.put(&QUIC_PARAMETER_TYPE, whole.span(0, kind_len), Value::Uint(kind));
    tree.put(&QUIC_PARAMETER_LENGTH, whole.span(kind_len, len_len), Value::Uint(len));
    let read = reader.skip(kind_len + len_len).and_then(|()| {
        let value = take_payload(reader, u16::try_from(len).map_err(|_| UnexpectedEnd)?)?;
        let end = kind_len + len_len + value.bytes.len();
        reader.tree.set(node, whole.first(end).all(), Value::Present);
        describe(kind, value, reader.tree);
        Ok(())
    });
    reader.tree.close();
    read
}

fn describe(kind: u64, value: Payload<'_>, tree: &mut Tree) {
    if value.bytes.is_empty() {
        return;
    }
    tree.put(&QUIC_PARAMETER_VALUE, value.all(), Value::Bytes(value.all()));
    if kind == VERSION_INFORMATION {
        for (nth, version) in value.bytes.chunks_exact(4).enumerate() {
            let number = version.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
            let field = if nth == 0 { &QUIC_CHOSEN_VERSION } else { &QUIC_OTHER_VERSION };
            tree.put(field, value.span(4 * nth, 4), Value::Uint(number));
        }
        return;
    }
    let Some(field) = value_field(kind) else { return };
    if field.kind == FieldKind::Bytes {
        tree.put(field, value.all(), Value::Bytes(value.all()));
    } else if let Some((number, _)) = varint(value.bytes) {
        tree.put(field, value.all(), Value::Uint(number));
    }
}

/// Returns the field of the value of a parameter.
fn value_field(kind: u64) -> Option<&'static Field> {
    Some(match kind {
        0x00 => &QUIC_ORIGINAL_DCID,
        0x01 => &QUIC_IDLE_TIMEOUT,
        0x02 => &QUIC_RESET_TOKEN,
        0x03 => &QUIC_UDP_PAYLOAD,
        0x04 => &QUIC_MAX_DATA,
        0x05 => &QUIC_MAX_BIDI_LOCAL,
        0x06 => &QUIC_MAX_BIDI_REMOTE,
        0x07 => &QUIC_MAX_UNI,
        0x08 => &QUIC_STREAMS_BIDI,
        0x09 => &QUIC_STREAMS_UNI,
        0x0a => &QUIC_DELAY_EXPONENT,
        0x0b => &QUIC_MAX_DELAY,
        0x0e => &QUIC_ID_LIMIT,
        0x0f => &QUIC_INITIAL_SCID,
        0x10 => &QUIC_RETRY_SCID,
        0x20 => &QUIC_MAX_DATAGRAM,
        _ => return None,
    })
}
