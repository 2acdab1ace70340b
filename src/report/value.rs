//! Values as text that cannot steer a terminal, in the forms of `tshark -T fields`.

use super::clock::Clock;
use dissectors::tree::Node;
use dissectors::{Field, Form, Kind, Tree, Value, format};

/// Appends the value of a node as `tshark -T fields` prints it: a protocol by its line of the detail tree, what is
/// merely present as `1`, a moment in words in the local time zone, all else as [`format::value`] does.
pub(crate) fn node(out: &mut String, node: &Node, tree: &Tree, clock: &mut Clock) {
    match node.field.kind {
        Kind::Protocol if node.label.len > 0 => line(out, tree.bytes(node.label)),
        Kind::Protocol => out.push_str(node.field.name),
        _ => value(out, node.field, node.value, tree, clock),
    }
}

/// Appends a value; see [`node`].
pub(super) fn value(out: &mut String, field: &Field, value: Value, tree: &Tree, clock: &mut Clock) {
    match value {
        Value::Time(nanos) => clock.words(out, nanos),
        Value::Text(slice) => text(out, tree.bytes(slice)),
        Value::Uint(decimal) if field.form == Form::Dec => number(out, decimal),
        Value::Ipv4([a, b, c, d]) => {
            for (point, byte) in [("", a), (".", b), (".", c), (".", d)] {
                out.push_str(point);
                number(out, byte.into());
            }
        }
        Value::Duration(nanos) => seconds(out, nanos, Decimals::Nine),
        _ => {
            let _ = format::value(out, field, value, tree);
        }
    }
}

/// Appends text from the wire: control characters, what is no UTF-8, and the backslash are escaped.
pub(super) fn text(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => string(out, text),
        Err(_) => {
            let _ = format::text(out, bytes);
        }
    }
}

/// The same of what is known to be UTF-8.
pub(super) fn string(out: &mut String, text: &str) {
    // Looking at all of them, whatever is found, can be done for many at once.
    let plain = text.bytes().fold(true, |all, byte| all & (b' '..=b'~').contains(&byte) & (byte != b'\\'));
    if plain {
        out.push_str(text);
    } else {
        let _ = format::text(out, text.as_bytes());
    }
}

/// Appends a line that a dissector has written, in which wire text is escaped already or is not: control characters
/// and what is no UTF-8 are escaped, backslashes stay as they are.
pub(crate) fn line(out: &mut String, bytes: &[u8]) {
    match plain(bytes) {
        Some(plain) => out.push_str(plain),
        None => {
            for (nth, part) in bytes.split(|&byte| byte == b'\\').enumerate() {
                if nth > 0 {
                    out.push('\\');
                }
                let _ = format::text(out, part);
            }
        }
    }
}

/// The bytes as text, if none of it needs an escape: the common case, told in one pass where all is ASCII.
fn plain(bytes: &[u8]) -> Option<&str> {
    // Looking at all of them, whatever is found, can be done for many at once.
    let steers = bytes.iter().fold(false, |any, &byte| any | (byte < b' ') | (byte == 0x7f));
    let text = std::str::from_utf8(bytes).ok().filter(|_| !steers)?;
    // An arrow, most often.
    let other = |text: &str| text.chars().filter(|char| !char.is_ascii()).all(format::is_plain);
    (text.is_ascii() || other(text)).then_some(text)
}

/// The bytes as text, if they are meant to be read: UTF-8 without control characters other than tab and line ends.
pub(crate) fn readable(bytes: &[u8]) -> Option<&str> {
    let steers = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f;
    if bytes.iter().any(|&byte| steers(byte)) {
        return None;
    }
    // Beyond ASCII there are the control characters from U+0080 to U+009F.
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii() || !text.contains(|char| ('\u{80}'..='\u{9f}').contains(&char)))
}

/// Appends nanoseconds as seconds with so many decimals, six or nine; what is beyond them is cut off.
pub(crate) fn seconds(out: &mut String, nanos: i64, decimals: Decimals) {
    if nanos < 0 {
        out.push('-');
    }
    let nanos = nanos.unsigned_abs();
    number(out, nanos / 1_000_000_000);
    out.push('.');
    // The 1 before the decimals keeps their zeros.
    let part = 1_000_000_000 + nanos % 1_000_000_000;
    let part = if decimals == Decimals::Six { part / 1000 } else { part };
    out.push_str(itoa::Buffer::new().format(part).get(1..).unwrap_or_default());
}

/// Appends the digits of a number.
pub(super) fn number(out: &mut String, number: u64) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// How finely a time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decimals {
    /// In microseconds.
    Six,
    /// In nanoseconds.
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
    fn a_line_keeps_the_escapes_it_has_and_gets_those_it_lacks() {
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
