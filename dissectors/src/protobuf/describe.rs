//! Message detail: records the fields of a message.

use super::fields::*;
use super::text::is_text;
use super::wire::{DELIMITED, FIXED64, GROUP_END, GROUP_START, VARINT, WireError, WireField};
use crate::content::LossyText;
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};

/// Fields that are recorded of a message, those of messages in it included.
const MAX_FIELDS: usize = 10_000;
/// Bytes of a text in a label.
const MAX_LABEL: usize = 80;
/// Name where the .proto file is not known, as in Wireshark.
const UNKNOWN: &str = "<UNKNOWN>";

/// Records a message.
pub(super) fn message(payload: Payload<'_>, tree: &mut Tree) {
    let name = tree.store_bytes(UNKNOWN.as_bytes());
    let node = tree.open(&MESSAGE_NAME, payload.all(), Value::Text(name));
    tree.label(node, format_args!("Message: {UNKNOWN}"));
    let (mut at, mut count) = (0, 0);
    while at < payload.bytes.len() {
        let rest = payload.from(at);
        if count == MAX_FIELDS {
            tree.note(&LIMIT, rest.all(), format_args!("{}: {MAX_FIELDS} fields", LIMIT.title));
            break;
        }
        count += 1;
        match WireField::read(rest.bytes) {
            Ok(field) => {
                describe_field(&field, rest.first(field.len()), tree);
                at += field.len();
            }
            Err((error, field)) => {
                note_error(error, &field, rest, tree);
                break;
            }
        }
    }
    tree.close();
}

/// Records the tag of a field within its node, which stays open.
fn open_field(field: &WireField<'_>, payload: Payload<'_>, tree: &mut Tree) -> Option<usize> {
    let node = tree.open(&ITEM, payload.all(), Value::Present);
    tree.put_text(&NAME, payload.all(), format_args!("{UNKNOWN}"));
    let tag = payload.span(0, field.tag_len);
    tree.put(&NUMBER, tag, Value::Uint(field.number));
    tree.put(&WIRE_TYPE, tag, Value::Uint(field.wire_type.into()));
    node
}

fn describe_field(field: &WireField<'_>, payload: Payload<'_>, tree: &mut Tree) {
    let node = open_field(field, payload, tree);
    let at = field.tag_len + field.length.len();
    let value = payload.span(at, field.value.len());
    if field.wire_type == DELIMITED {
        let length = payload.span(field.tag_len, field.length.len());
        tree.put(&VALUE_LENGTH, length, Value::Uint(field.value.len() as u64));
    }
    tree.open(&VALUE, value, Value::Bytes(value));
    match field.wire_type {
        GROUP_START | GROUP_END | DELIMITED => {}
        _ => put_number(field, value, tree),
    }
    tree.close();
    tree.close();
    if tree.wanted().labels {
        label_field(node, field, tree);
    }
}

/// Records a number. As in Wireshark, its type is the smaller one that it fits into, or that it is sent with.
fn put_number(field: &WireField<'_>, span: Slice, tree: &mut Tree) {
    let number = field.number_value();
    let kind = if is_wide(field) { &UINT64 } else { &UINT32 };
    tree.put(kind, span, Value::Uint(number));
}

fn is_wide(field: &WireField<'_>) -> bool {
    field.wire_type == FIXED64 || field.wire_type == VARINT && field.number_value() > u32::MAX.into()
}

fn label_field(node: Option<usize>, field: &WireField<'_>, tree: &mut Tree) {
    let number = field.number;
    match field.wire_type {
        GROUP_START => tree.label(node, format_args!("Field({number}): start of a group")),
        GROUP_END => tree.label(node, format_args!("Field({number}): end of a group")),
        DELIMITED if is_text(field.value) && field.value.len() <= MAX_LABEL => {
            tree.label(node, format_args!("Field({number}): \"{}\"", LossyText(field.value)));
        }
        DELIMITED => tree.label(node, format_args!("Field({number}): {} bytes", field.value.len())),
        _ => {
            let kind = if is_wide(field) { "uint64" } else { "uint32" };
            tree.label(node, format_args!("Field({number}): {} ({kind})", field.number_value()));
        }
    }
}

fn note_error(error: WireError, field: &WireField<'_>, rest: Payload<'_>, tree: &mut Tree) {
    let note = match error {
        WireError::Tag => {
            return tree.note(&BAD_TAG, rest.all(), format_args!("{}", BAD_TAG.title));
        }
        WireError::WireType => &BAD_WIRE_TYPE,
        WireError::Length => &BAD_LENGTH,
        WireError::Value => &BAD_VALUE,
    };
    let node = open_field(field, rest, tree);
    tree.label(node, format_args!("Field({}):", field.number));
    tree.note(note, rest.all(), format_args!("{}: field {}", note.title, field.number));
    tree.close();
}
