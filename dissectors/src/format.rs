//! Values as text: the forms in which Wireshark's `-T fields` prints them.

use crate::field::{Field, Form, Kind};
use crate::tree::{Tree, Value};
use core::fmt::{self, Write};

/// Writes a value as `tshark -T fields` does: numbers in their field's base, `True` and `False`, bytes as hexadecimal
/// digits without separators, text with control characters escaped, durations and times in seconds with nine decimals.
pub fn value(out: &mut impl Write, field: &Field, value: Value, tree: &Tree) -> fmt::Result {
    match value {
        Value::Present => out.write_str("1"),
        Value::Bool(yes) => out.write_str(if yes { "True" } else { "False" }),
        Value::Uint(number) => uint(out, field, number),
        Value::Int(number) => write!(out, "{number}"),
        Value::Text(slice) => text(out, tree.bytes(slice)),
        Value::Bytes(slice) => hex(out, tree.bytes(slice)),
        Value::Ipv4(bytes) => write!(out, "{}", core::net::Ipv4Addr::from(bytes)),
        Value::Ipv6(bytes) => ipv6(out, bytes),
        Value::Ether(bytes) => ether(out, bytes),
        Value::Time(nanos) | Value::Duration(nanos) => seconds(out, nanos),
    }
}

fn uint(out: &mut impl Write, field: &Field, number: u64) -> fmt::Result {
    match (field.form, field.kind) {
        (Form::Dec, _) => write!(out, "{number}"),
        (Form::Hex, Kind::U8) => write!(out, "0x{number:02x}"),
        (Form::Hex, Kind::U16) => write!(out, "0x{number:04x}"),
        (Form::Hex, Kind::U24) => write!(out, "0x{number:06x}"),
        (Form::Hex, Kind::U64) => write!(out, "0x{number:016x}"),
        (Form::Hex, _) => write!(out, "0x{number:08x}"),
    }
}

/// Writes an Ethernet address: six pairs of digits and colons.
pub fn ether(out: &mut impl Write, [a, b, c, d, e, f]: [u8; 6]) -> fmt::Result {
    write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// Writes an IPv6 address (RFC 5952), with the dotted form only where Wireshark uses it.
pub fn ipv6(out: &mut impl Write, bytes: [u8; 16]) -> fmt::Result {
    write!(out, "{}", core::net::Ipv6Addr::from(bytes))
}

/// Writes nanoseconds as seconds with nine decimals.
pub fn seconds(out: &mut impl Write, nanos: i64) -> fmt::Result {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    write!(out, "{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// Writes bytes as hexadecimal digits.
pub fn hex(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// Writes text so that no byte of it can steer a terminal: control characters and what is no UTF-8 become escapes.
pub fn text(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        let mut plain = 0;
        let valid = chunk.valid();
        for (at, char) in valid.char_indices() {
            let escape = match char {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\\' => "\\\\",
                _ if is_plain(char) => continue,
                _ => "",
            };
            out.write_str(valid.get(plain..at).unwrap_or_default())?;
            plain = at + char.len_utf8();
            match escape {
                "" => char.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(out, "\\x{byte:02x}"))?,
                _ => out.write_str(escape)?,
            }
        }
        out.write_str(valid.get(plain..).unwrap_or_default())?;
        chunk.invalid().iter().try_for_each(|byte| write!(out, "\\x{byte:02x}"))?;
    }
    Ok(())
}

/// Whether a character can be shown as it is: it is no control character, does not change the direction of text, and
/// separates neither lines nor paragraphs.
#[must_use]
pub fn is_plain(char: char) -> bool {
    !char.is_control()
        && !matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
