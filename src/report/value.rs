//! Values as text in the format of `tshark -T fields`, without control characters.

use super::time_format::TimeFormatter;
use dissectors::tree::Node;
use dissectors::{DisplayBase, Field, FieldKind, Tree, Value, format};

/// Appends the value of a node as `tshark -T fields` prints it. A protocol is its line of the detail tree, a field
/// without a value is `1`, a timestamp is in the local time zone. [`format::value`] formats all others.
pub(crate) fn node_value(out: &mut String, node: &Node, tree: &Tree, clock: &mut TimeFormatter) {
    match node.field.kind {
        FieldKind::Protocol if node.label.len > 0 => line(out, tree.bytes(node.label)),
        FieldKind::Protocol => out.push_str(node.field.name),
        _ => value(out, node.field, node.value, tree, clock),
    }
}

/// Appends a value; see [`node_value`].
pub(super) fn value(out: &mut String, field: &Field, value: Value, tree: &Tree, clock: &mut TimeFormatter) {
    match value {
        Value::Time(nanos) => clock.write_tshark(out, nanos),
        Value::Text(slice) => text(out, tree.bytes(slice)),
        Value::Uint(decimal) if field.base == DisplayBase::Dec => number(out, decimal),
        Value::Duration(nanos) => seconds(out, nanos, Decimals::Nine),
        _ => {
            let _ = format::value(out, field, value, tree);
        }
    }
}

/// Appends the host name of an address, or else the address.
pub(super) fn host(out: &mut String, field: &Field, address: Value, tree: &Tree, clock: &mut TimeFormatter) {
    match tree.host_name(address) {
        Some(host) => string(out, &host.name),
        None => value(out, field, address, tree, clock),
    }
}

/// Appends text from the wire: control characters, invalid UTF-8 and backslashes are escaped.
pub(super) fn text(out: &mut String, bytes: &[u8]) {
    let _ = format::text(out, bytes);
}

/// Appends text from the wire that is valid UTF-8; see [`text`].
pub(super) fn string(out: &mut String, text: &str) {
    let _ = format::string(out, text);
}

/// Appends a line written by a dissector, in which text from the wire may be escaped already. Control characters and
/// invalid UTF-8 are escaped, backslashes are not.
pub(crate) fn line(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => line_of(out, text),
        Err(_) => escaped_line(out, bytes),
    }
}

/// Appends a line that is valid UTF-8; see [`line`].
pub(crate) fn line_of(out: &mut String, text: &str) {
    match is_plain(text) {
        true => out.push_str(text),
        false => escaped_line(out, text.as_bytes()),
    }
}

fn escaped_line(out: &mut String, bytes: &[u8]) {
    for (nth, part) in bytes.split(|&byte| byte == b'\\').enumerate() {
        if nth > 0 {
            out.push('\\');
        }
        let _ = format::text(out, part);
    }
}

/// Whether nothing in a text needs an escape: the common case.
fn is_plain(text: &str) -> bool {
    // Without an early exit, the compiler vectorizes the loop.
    let (has_controls, has_others) = text.bytes().fold((false, false), |(controls, others), byte| {
        (controls | (byte < b' ') | (byte == 0x7f), others | !byte.is_ascii())
    });
    if has_controls || !has_others {
        return !has_controls;
    }
    // Usually the arrow between two ports, close to the start.
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let mut chars = rest.get(at..).unwrap_or_default().chars();
        if !chars.next().is_some_and(format::is_printable) {
            return false;
        }
        rest = chars.as_str();
        if rest.is_ascii() {
            break;
        }
    }
    true
}

/// Returns the bytes as text if they are readable: UTF-8 without control characters other than tab and line ends.
pub(crate) fn readable_text(bytes: &[u8]) -> Option<&str> {
    let is_control = |byte: u8| (byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r') | (byte == 0x7f);
    // Without an early exit, the compiler vectorizes the test of a block.
    let mut blocks = bytes.chunks(64);
    if blocks.any(|block| block.iter().fold(false, |any, &byte| any | is_control(byte))) {
        return None;
    }
    // The control characters outside ASCII are U+0080 to U+009F.
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii() || !text.contains(|char| ('\u{80}'..='\u{9f}').contains(&char)))
}

/// Appends nanoseconds as seconds with six or nine decimals, rounded towards zero.
pub(crate) fn seconds(out: &mut String, nanos: i64, decimals: Decimals) {
    if nanos < 0 {
        out.push('-');
    }
    let nanos = nanos.unsigned_abs();
    number(out, nanos / 1_000_000_000);
    out.push('.');
    // The 1 before the decimals keeps leading zeros.
    let part = 1_000_000_000 + nanos % 1_000_000_000;
    let part = if decimals == Decimals::Six { part / 1000 } else { part };
    out.push_str(itoa::Buffer::new().format(part).get(1..).unwrap_or_default());
}

/// Appends the digits of a number.
pub(super) fn number(out: &mut String, number: u64) {
    // Most numbers are small, and each text appended is a call.
    match number {
        0..10 => out.push(digit(number)),
        10..100 => [number / 10, number].into_iter().for_each(|digits| out.push(digit(digits))),
        100..1000 => [number / 100, number / 10, number].into_iter().for_each(|digits| out.push(digit(digits))),
        _ => out.push_str(itoa::Buffer::new().format(number)),
    }
}

/// Returns the last digit of a number.
pub(super) fn digit(number: u64) -> char {
    char::from(b'0' + (number % 10) as u8)
}

/// Precision of a printed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decimals {
    /// Microseconds.
    Six,
    /// Nanoseconds.
    Nine,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lined(bytes: &[u8]) -> String {
        let mut out = String::new();
        line(&mut out, bytes);
        out
    }

    #[test]
    fn a_line_keeps_its_escapes_and_gets_missing_ones() {
        assert_eq!(lined(b"GET /a\\r\\n"), "GET /a\\r\\n");
        assert_eq!(lined(b"a\x1b[31m\\x\n\xff"), "a\\x1b[31m\\x\\n\\xff");
        assert_eq!(lined("80 → 90".as_bytes()), "80 → 90");
        assert_eq!(lined("a\u{9b}31m".as_bytes()), "a\\xc2\\x9b31m");
        assert_eq!(lined("a\u{202e}b".as_bytes()), "a\\xe2\\x80\\xaeb");
    }

    #[test]
    fn text_from_the_wire_has_its_backslashes_doubled() {
        let mut out = String::new();
        text(&mut out, b"C:\\x\x07");
        assert_eq!(out, "C:\\\\x\\x07");
    }

    #[test]
    fn seconds_have_six_or_nine_decimals() {
        let form = |nanos, decimals| {
            let mut out = String::new();
            seconds(&mut out, nanos, decimals);
            out
        };
        assert_eq!(form(1_500_000_001, Decimals::Six), "1.500000");
        assert_eq!(form(1_500_000_001, Decimals::Nine), "1.500000001");
        assert_eq!(form(-300, Decimals::Nine), "-0.000000300");
    }
}
