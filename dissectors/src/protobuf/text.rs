//! Messages as text, in the text format of Protocol Buffers; numbers stand for names that are not known.

use super::value::{ScalarValue, is_packed, scalar, wire_type};
use super::wire::{DELIMITED, GROUP_END, GROUP_START, WireField};
use crate::content::{LossyText, MessageBody};
use crate::schema::{FieldType, MessageType, ScalarType, Schemas};
use alloc::string::String;
use core::fmt::Write;

/// Nesting depth up to which bytes are read as messages.
const MAX_DEPTH: usize = 16;
/// Bytes that are written of a value without text.
const MAX_BYTES: usize = 256;
/// Follows a value that its type does not permit.
const NOT_UTF8: &str = " # not UTF-8";
/// Bytes of text that are written.
const MAX_TEXT: usize = 1 << 20;

/// Writes a message.
pub(super) fn write(body: &MessageBody<'_>, schemas: &Schemas, out: &mut String) {
    let kind = super::type_of(body, schemas);
    TextWriter { schemas, out: &mut *out }.message(body.payload.bytes, kind, 0);
    if body.payload.is_truncated() {
        out.push_str("...\n");
    }
}

/// Whether a value without a type is shown as text: it has no control characters other than line ends and tabs.
pub(super) fn is_text(value: &[u8]) -> bool {
    let is_shown = |char: char| !char.is_control() || matches!(char, '\n' | '\r' | '\t');
    core::str::from_utf8(value).is_ok_and(|text| text.chars().all(is_shown))
}

/// Whether a value without a type is a message: all of it is fields.
fn is_message(value: &[u8]) -> bool {
    let (mut rest, mut open) = (value, 0_u32);
    while !rest.is_empty() {
        let Ok(field) = WireField::read(rest) else { return false };
        let is_number = (1..1 << 29).contains(&field.number);
        match field.wire_type {
            _ if !is_number => return false,
            GROUP_START => open += 1,
            GROUP_END if open == 0 => return false,
            GROUP_END => open -= 1,
            _ => {}
        }
        rest = rest.get(field.len()..).unwrap_or_default();
    }
    open == 0
}

/// The text of a message and of the messages in it.
struct TextWriter<'s, 'o> {
    schemas: &'s Schemas,
    out: &'o mut String,
}

impl<'s> TextWriter<'s, '_> {
    /// Writes the fields of a message, each at `depth` or deeper in its groups.
    fn message(&mut self, bytes: &[u8], kind: Option<&'s MessageType>, depth: usize) {
        let (mut rest, mut groups) = (bytes, 0);
        while !rest.is_empty() {
            if self.out.len() > MAX_TEXT {
                return self.out.push_str("...\n");
            }
            let Ok(field) = WireField::read(rest) else {
                indent(depth + groups, self.out);
                self.out.push_str("# malformed: ");
                return write_bytes(rest, self.out);
            };
            if field.wire_type == GROUP_END {
                groups = groups.saturating_sub(1);
            }
            let declared = kind.filter(|_| groups == 0).and_then(|kind| kind.field(field.number));
            // As for every parser, a field of another wire type is unknown.
            let declared = declared.filter(|declared| has_wire_type(&field, declared));
            indent(depth + groups, self.out);
            match field.wire_type {
                GROUP_START => {
                    // A group has the name of its type in the text format, which is not known.
                    self.name(&field, None);
                    self.out.push_str(" {\n");
                    groups = (groups + 1).min(MAX_DEPTH);
                }
                GROUP_END => self.out.push_str("}\n"),
                _ => self.field(&field, declared, depth + groups),
            }
            rest = rest.get(field.len()..).unwrap_or_default();
        }
    }

    /// Writes the name of a field, or its number.
    fn name(&mut self, field: &WireField<'_>, declared: Option<&FieldType>) {
        let _ = match declared {
            Some(declared) => write!(self.out, "{}", declared.name),
            None => write!(self.out, "{}", field.number),
        };
    }

    fn field(&mut self, field: &WireField<'_>, declared: Option<&'s FieldType>, depth: usize) {
        self.name(field, declared);
        let kind = declared.map(|declared| declared.kind);
        let message = declared.filter(|declared| declared.kind == ScalarType::Message);
        let message = message.and_then(|declared| self.schemas.message(&declared.type_name));
        let is_delimited = field.wire_type == DELIMITED;
        let may_be_message = kind.is_none_or(|kind| kind == ScalarType::Message) && is_delimited && depth < MAX_DEPTH;
        if may_be_message && (message.is_some() || !is_text(field.value) && is_message(field.value)) {
            self.out.push_str(" {\n");
            self.message(field.value, message, depth + 1);
            indent(depth, self.out);
            return self.out.push_str("}\n");
        }
        self.out.push_str(": ");
        match declared {
            Some(declared) if is_packed(field, declared.kind) => self.packed(field.value, declared),
            Some(declared) if !is_delimited => self.scalar(field.value, declared),
            _ if !is_delimited => drop(write!(self.out, "{}", field.number_value())),
            _ if kind != Some(ScalarType::Bytes) && is_text(field.value) => return write_text(field.value, self.out),
            _ => {
                write_bytes(field.value, self.out);
                if kind == Some(ScalarType::String) && core::str::from_utf8(field.value).is_err() {
                    self.out.truncate(self.out.trim_end().len());
                    self.out.push_str(NOT_UTF8);
                    self.out.push('\n');
                }
                return;
            }
        }
        self.out.push('\n');
    }

    /// Writes a value of a declared type.
    fn scalar(&mut self, bytes: &[u8], declared: &FieldType) {
        let Some((value, _)) = scalar(declared.kind, bytes) else { return };
        let name = match value {
            ScalarValue::Signed(number) => {
                self.schemas.enumeration(&declared.type_name).and_then(|kind| kind.value_name(number))
            }
            _ => None,
        };
        let _ = match name {
            Some(name) => write!(self.out, "{name}"),
            None => write!(self.out, "{value}"),
        };
    }

    /// Writes values that follow each other.
    fn packed(&mut self, values: &[u8], declared: &FieldType) {
        self.out.push('[');
        let mut at = 0;
        while let Some((_, len)) = scalar(declared.kind, values.get(at..).unwrap_or_default()) {
            if at > 0 {
                self.out.push_str(", ");
            }
            if self.out.len() > MAX_TEXT {
                self.out.push_str("...");
                break;
            }
            self.scalar(values.get(at..).unwrap_or_default(), declared);
            at += len;
        }
        self.out.push(']');
    }
}

/// Whether the values of a field have the wire type of its declaration.
fn has_wire_type(field: &WireField<'_>, declared: &FieldType) -> bool {
    field.wire_type == wire_type(declared.kind) || declared.is_repeated && is_packed(field, declared.kind)
}

fn indent(depth: usize, out: &mut String) {
    (0..depth).for_each(|_| out.push_str("  "));
}

/// Writes text in quotes.
fn write_text(text: &[u8], out: &mut String) {
    let from = out.len();
    let _ = write!(out, "{}", LossyText(text));
    let escaped = out.split_off(from);
    out.push('"');
    for char in escaped.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(char),
        }
    }
    out.push_str("\"\n");
}

/// Writes bytes in quotes with the escapes of the text format.
fn write_bytes(bytes: &[u8], out: &mut String) {
    out.push('"');
    for byte in bytes.iter().take(MAX_BYTES) {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    if let Some(more) = bytes.len().checked_sub(MAX_BYTES).filter(|&more| more > 0) {
        let _ = write!(out, " # and {more} bytes");
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Payload;

    fn text(bytes: &[u8]) -> String {
        let mut out = String::new();
        write(&MessageBody::new(Payload::whole(bytes, 0), b"", ""), &Schemas::default(), &mut out);
        out
    }

    #[test]
    fn messages_without_a_type_are_written_by_number() {
        // Bytes from protoc --encode; the text is that of protoc --decode_raw.
        let bytes = b"\x08\x11\x52\x05alice\x62\x15\x0a\x03tea\x10\x03\x1a\x0c\x0a\x03EUR\x10\x04\x1d\xf4\x01\0\0\x5a\x03\0\xff\x10";
        let expected = "1: 17\n10: \"alice\"\n12 {\n  1: \"tea\"\n  2: 3\n  3 {\n    1: \"EUR\"\n    2: 4\n    3: 500\n  }\n}\n\
            11: \"\\x00\\xff\\x10\"\n";
        assert_eq!(text(bytes), expected);
        assert_eq!(text(b"\x0b\x10\x01\x0c"), "1 {\n  2: 1\n}\n");
        assert_eq!(text(b"\x08\x01\x0f"), "1: 1\n# malformed: \"\\x0f\"\n");
        assert_eq!(text(b""), "");
    }
}
