//! Message detail: records the fields of a message.

use super::fields::*;
use super::text::is_text;
use super::value::{ScalarValue, billionths, is_packed, scalar, wire_type};
use super::wire::{DELIMITED, FIXED64, GROUP_END, GROUP_START, VARINT, WireError, WireField};
use crate::content::LossyText;
use crate::field::Field;
use crate::packet::Payload;
use crate::schema::{FieldType, MessageType, ScalarType, Schemas};
use crate::tree::{Slice, Tree, Value};

/// Fields that are recorded of a message, those of messages in it included.
const MAX_FIELDS: usize = 10_000;
/// Nodes of a frame's tree up to which fields are recorded: a segment can carry many messages.
const MAX_NODES: usize = 100_000;
/// Nesting depth of messages.
const MAX_DEPTH: u8 = 32;
/// Bytes of a text in a label.
const MAX_LABEL: usize = 80;
/// Name where the .proto file is not known, as in Wireshark.
const UNKNOWN: &str = "<UNKNOWN>";

/// Records a message of a type, if that is known.
pub(super) fn message(payload: Payload<'_>, kind: Option<&MessageType>, schemas: &Schemas, tree: &mut Tree) {
    MessageDetail { schemas, count: 0 }.message(payload, kind, 0, tree);
}

/// The record of a message and the messages in it.
struct MessageDetail<'s> {
    schemas: &'s Schemas,
    /// Fields that are recorded.
    count: usize,
}

impl<'s> MessageDetail<'s> {
    fn message(&mut self, payload: Payload<'_>, kind: Option<&'s MessageType>, depth: u8, tree: &mut Tree) {
        let name = kind.map_or(UNKNOWN, |kind| &kind.name);
        let text = tree.store_bytes(name.as_bytes());
        let node = tree.open(&MESSAGE_NAME, payload.all(), Value::Text(text));
        tree.label(node, format_args!("Message: {name}"));
        let mut at = 0;
        while at < payload.bytes.len() {
            let rest = payload.from(at);
            if !self.count_field(rest, tree) {
                break;
            }
            match WireField::read(rest.bytes) {
                Ok(field) => {
                    let declared = kind.and_then(|kind| kind.field(field.number));
                    self.field(&field, rest.first(field.len()), declared, depth, tree);
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

    /// Counts a field that is recorded. Notes the limit, and returns false, if it is not.
    fn count_field(&mut self, rest: Payload<'_>, tree: &mut Tree) -> bool {
        let is_recorded = self.count < MAX_FIELDS && tree.nodes().len() < MAX_NODES;
        if is_recorded {
            self.count += 1;
        } else {
            tree.note(&LIMIT, rest.all(), format_args!("{}: {} fields", LIMIT.title, self.count));
        }
        is_recorded
    }

    fn field(
        &mut self,
        field: &WireField<'_>,
        payload: Payload<'_>,
        declared: Option<&'s FieldType>,
        depth: u8,
        tree: &mut Tree,
    ) {
        // A value of another wire type is not of the declared type.
        let declared = declared.filter(|declared| {
            field.wire_type == wire_type(declared.kind) || is_packed(field, declared.kind) && declared.is_repeated
        });
        let node = open_field(field, payload, declared, tree);
        if tree.wanted().labels {
            self.label(node, field, declared, tree);
        }
        let value = payload.from(field.tag_len + field.length.len());
        let span = value.all();
        if field.wire_type == DELIMITED {
            let length = payload.span(field.tag_len, field.length.len());
            tree.put(&VALUE_LENGTH, length, Value::Uint(field.value.len() as u64));
        }
        tree.open(&VALUE, span, Value::Bytes(span));
        match (declared.map(|declared| declared.kind), declared) {
            (Some(kind), _) if is_packed(field, kind) => self.packed(kind, value, declared, tree),
            (Some(ScalarType::String), _) => drop(tree.put(&STRING, span, Value::Text(span))),
            (Some(ScalarType::Message), Some(declared)) if depth < MAX_DEPTH => {
                match self.schemas.message(&declared.type_name) {
                    Some(kind) => self.message(value, Some(kind), depth + 1, tree),
                    None => note_missing_type(&declared.type_name, span, tree),
                }
            }
            (Some(kind), _) => {
                if let Some((number, _)) = scalar(kind, field.value) {
                    self.number(number, span, kind, declared, tree);
                }
            }
            (None, _) if matches!(field.wire_type, GROUP_START | GROUP_END | DELIMITED) => {}
            (None, _) => {
                // As in Wireshark, its type is the smaller one that it fits into, or that it is sent with.
                let kind = if is_wide(field) { &UINT64 } else { &UINT32 };
                tree.put(kind, span, Value::Uint(field.number_value()));
            }
        }
        tree.close();
        tree.close();
    }

    /// Records the values of a field, which follow each other.
    fn packed(&mut self, kind: ScalarType, values: Payload<'_>, declared: Option<&'s FieldType>, tree: &mut Tree) {
        tree.open(&REPEATED, values.all(), Value::Bytes(values.all()));
        let mut at = 0;
        while at < values.bytes.len() {
            let rest = values.from(at);
            let Some((number, len)) = scalar(kind, rest.bytes) else {
                tree.note(&BAD_PACKED, rest.all(), format_args!("{}", BAD_PACKED.title));
                break;
            };
            if !self.count_field(rest, tree) {
                break;
            }
            self.number(number, rest.span(0, len), kind, declared, tree);
            at += len;
        }
        tree.close();
    }

    fn number(
        &self,
        number: ScalarValue,
        span: Slice,
        kind: ScalarType,
        declared: Option<&FieldType>,
        tree: &mut Tree,
    ) {
        let is_narrow = matches!(kind, ScalarType::Uint32 | ScalarType::Fixed32);
        let (field, value): (&'static Field, _) = match number {
            ScalarValue::Unsigned(number) if is_narrow => (&UINT32, Some(Value::Uint(number))),
            ScalarValue::Unsigned(number) => (&UINT64, Some(Value::Uint(number))),
            ScalarValue::Signed(number) => match kind {
                ScalarType::Int64 | ScalarType::Sint64 | ScalarType::Sfixed64 => (&INT64, Some(Value::Int(number))),
                _ => (&INT32, Some(Value::Int(number))),
            },
            ScalarValue::Bool(value) => (&BOOL, Some(Value::Bool(value))),
            ScalarValue::Double(number) => (&DOUBLE, billionths(number).map(Value::Decimal)),
            ScalarValue::Float(number) => (&FLOAT, billionths(number.into()).map(Value::Decimal)),
        };
        let Some(value) = value else { return };
        let node = tree.put(field, span, value);
        if let Some(name) = declared.and_then(|declared| self.enum_name(number, declared)) {
            tree.label(node, format_args!("{}: {number} ({name})", field.title));
        }
    }

    /// Name of a value of an enum.
    fn enum_name(&self, number: ScalarValue, declared: &FieldType) -> Option<&'s str> {
        let ScalarValue::Signed(number) = number else { return None };
        self.schemas.enumeration(&declared.type_name)?.value_name(number)
    }

    fn label(&self, node: Option<usize>, field: &WireField<'_>, declared: Option<&FieldType>, tree: &mut Tree) {
        let number = field.number;
        let Some(declared) = declared else { return label_unknown(node, field, tree) };
        let (name, kind) = (&*declared.name, declared.kind.name());
        let is_short_text = declared.kind == ScalarType::String && field.value.len() <= MAX_LABEL;
        match scalar(declared.kind, field.value).filter(|_| !is_packed(field, declared.kind)) {
            Some((value, _)) => match self.enum_name(value, declared) {
                Some(value_name) => {
                    tree.label(node, format_args!("Field({number}): {name} = {value_name}({value}) ({kind})"));
                }
                None => tree.label(node, format_args!("Field({number}): {name} = {value} ({kind})")),
            },
            None if is_short_text => {
                tree.label(node, format_args!("Field({number}): {name} = \"{}\" ({kind})", LossyText(field.value)));
            }
            None => tree.label(node, format_args!("Field({number}): {name}, {} bytes ({kind})", field.value.len())),
        }
    }
}

fn note_missing_type(name: &str, span: Slice, tree: &mut Tree) {
    tree.note(&TYPE_NOT_FOUND, span, format_args!("{}: {name}", TYPE_NOT_FOUND.title));
}

/// Records the tag of a field within its node, which stays open.
fn open_field(
    field: &WireField<'_>,
    payload: Payload<'_>,
    declared: Option<&FieldType>,
    tree: &mut Tree,
) -> Option<usize> {
    let node = tree.open(&ITEM, payload.all(), Value::Present);
    let name = declared.map_or(UNKNOWN, |declared| &declared.name);
    tree.put_text(&NAME, payload.all(), format_args!("{name}"));
    if let Some(declared) = declared {
        tree.put(&TYPE, payload.all(), Value::Int(declared.kind as i64));
    }
    let tag = payload.span(0, field.tag_len);
    tree.put(&NUMBER, tag, Value::Uint(field.number));
    tree.put(&WIRE_TYPE, tag, Value::Uint(field.wire_type.into()));
    node
}

fn is_wide(field: &WireField<'_>) -> bool {
    field.wire_type == FIXED64 || field.wire_type == VARINT && field.number_value() > u32::MAX.into()
}

fn label_unknown(node: Option<usize>, field: &WireField<'_>, tree: &mut Tree) {
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
    let node = open_field(field, rest, None, tree);
    tree.label(node, format_args!("Field({}):", field.number));
    tree.note(note, rest.all(), format_args!("{}: field {}", note.title, field.number));
    tree.close();
}
