//! Formatting of values, as Wireshark's `-T fields` prints them.

use crate::field::{DisplayBase, Field, FieldKind};
use crate::tree::{Tree, Value};
use alloc::vec::Vec;
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
        Value::Ipv4(bytes) => ipv4(out, bytes),
        Value::Ipv6(bytes) => ipv6(out, bytes),
        Value::Ether(bytes) => ether(out, bytes),
        Value::Time(nanos) | Value::Duration(nanos) => seconds(out, nanos),
        Value::Decimal(billionths) => decimal(out, billionths),
    }
}

/// Writes a decimal number without trailing zeros.
fn decimal(out: &mut impl Write, billionths: i64) -> fmt::Result {
    let sign = if billionths < 0 { "-" } else { "" };
    let (whole, mut part) = (billionths.unsigned_abs() / 1_000_000_000, billionths.unsigned_abs() % 1_000_000_000);
    write!(out, "{sign}{whole}")?;
    if part == 0 {
        return Ok(());
    }
    let mut digits = 9;
    while part % 10 == 0 {
        part /= 10;
        digits -= 1;
    }
    write!(out, ".{part:0digits$}")
}

fn uint(out: &mut impl Write, field: &Field, number: u64) -> fmt::Result {
    let bytes = match (field.base, field.kind) {
        (DisplayBase::Dec, _) => return write!(out, "{number}"),
        (DisplayBase::Hex, FieldKind::U8) => 1,
        (DisplayBase::Hex, FieldKind::U16) => 2,
        (DisplayBase::Hex, FieldKind::U24) => 3,
        (DisplayBase::Hex, FieldKind::U64) => 8,
        (DisplayBase::Hex, _) => 4,
    };
    out.write_str("0x")?;
    hex(out, number.to_be_bytes().get(8 - bytes..).unwrap_or_default())
}

/// Writes an Ethernet address: six pairs of digits and colons.
pub fn ether(out: &mut impl Write, bytes: [u8; 6]) -> fmt::Result {
    let mut text = [b':'; 17];
    for (pair, &byte) in text.chunks_mut(3).zip(&bytes) {
        pair.iter_mut().zip(digits(byte)).for_each(|(slot, digit)| *slot = digit);
    }
    out.write_str(core::str::from_utf8(&text).unwrap_or_default())
}

/// The decimal digits of a byte with a point after them, and their number: those of all bytes, since most rows have addresses.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static OCTETS: [([u8; 4], u8); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
    let mut byte = 0;
    while byte < octets.len() {
        let digits = [b'0' + (byte / 100) as u8, b'0' + (byte / 10 % 10) as u8, b'0' + (byte % 10) as u8];
        let count = 1 + (byte >= 10) as usize + (byte >= 100) as usize;
        let mut at = 0;
        while at < count {
            octets[byte].0[at] = digits[3 - count + at];
            at += 1;
        }
        octets[byte].1 = count as u8;
        byte += 1;
    }
    octets
};

/// Writes an IPv4 address: four numbers and points.
pub fn ipv4(out: &mut impl Write, bytes: [u8; 4]) -> fmt::Result {
    let mut text = [0; 16];
    let mut len = 0;
    for byte in bytes {
        let (digits, count) = OCTETS.get(usize::from(byte)).copied().unwrap_or_default();
        if let Some(room) = text.get_mut(len..len + digits.len()) {
            room.copy_from_slice(&digits);
        }
        len += usize::from(count) + 1;
    }
    out.write_str(text.get(..len - 1).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default())
}

/// Displays an IPv4 address, as its own type does, but without padding.
pub(crate) struct DisplayIpv4(pub(crate) [u8; 4]);

impl fmt::Display for DisplayIpv4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ipv4(f, self.0)
    }
}

/// Writes an IPv6 address (RFC 5952), with the dotted form where Wireshark uses it: for an address that maps an IPv4
/// address, and for one that is compatible with it (RFC 4291 2.5.5).
pub fn ipv6(out: &mut impl Write, bytes: [u8; 16]) -> fmt::Result {
    match bytes {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] if (a, b) != (0, 0) => write!(out, "::{a}.{b}.{c}.{d}"),
        _ => write!(out, "{}", core::net::Ipv6Addr::from(bytes)),
    }
}

/// Writes nanoseconds as seconds with nine decimals.
pub fn seconds(out: &mut impl Write, nanos: i64) -> fmt::Result {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    write!(out, "{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// Writes bytes as hexadecimal digits.
pub fn hex(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    let mut text = [0; 64];
    for bytes in bytes.chunks(text.len() / 2) {
        for (pair, &byte) in text.chunks_mut(2).zip(bytes) {
            pair.copy_from_slice(&digits(byte));
        }
        out.write_str(
            text.get(..bytes.len() * 2).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default(),
        )?;
    }
    Ok(())
}

/// The two hexadecimal digits of all bytes.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Returns the two hexadecimal digits of a byte.
fn digits(byte: u8) -> [u8; 2] {
    HEX.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Writes text with control characters and invalid UTF-8 escaped, so that it cannot control a terminal.
pub fn text(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    if let Ok(text) = core::str::from_utf8(bytes) {
        return string(out, text);
    }
    for chunk in bytes.utf8_chunks() {
        string(out, chunk.valid())?;
        chunk.invalid().iter().try_for_each(|byte| write!(out, "\\x{byte:02x}"))?;
    }
    Ok(())
}

/// Writes text as [`text`](fn@text) does.
pub fn string(out: &mut impl Write, text: &str) -> fmt::Result {
    if is_all_plain(text.as_bytes(), |byte| byte != b'\\') {
        return out.write_str(text);
    }
    let (mut written, mut at) = (0, 0);
    loop {
        at += plain_length(text.as_bytes().get(at..).unwrap_or_default(), |byte| byte != b'\\');
        let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let end = at + char.len_utf8();
        if char.is_ascii() || !is_printable(char) {
            out.write_str(text.get(written..at).unwrap_or_default())?;
            written = end;
            match char {
                '\n' => out.write_str("\\n")?,
                '\r' => out.write_str("\\r")?,
                '\t' => out.write_str("\\t")?,
                '\u{8}' => out.write_str("\\b")?,
                '\u{b}' => out.write_str("\\v")?,
                '\u{c}' => out.write_str("\\f")?,
                '\\' => out.write_str("\\\\")?,
                _ => char.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(out, "\\x{byte:02x}"))?,
            }
        }
        at = end;
    }
    out.write_str(text.get(written..).unwrap_or_default())
}

/// Bytes that are tested at once: without an early exit, the compiler uses vectors.
const BLOCK: usize = 16;

/// Returns whether all bytes are printable characters of ASCII, and plain. Most texts are.
#[inline]
pub fn is_all_plain(bytes: &[u8], is_plain: impl Fn(u8) -> bool + Copy) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') & is_plain(byte);
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    // Two blocks that overlap replace a loop over the rest.
    blocks.iter().all(|block| is_plain_block(block, is_plain))
        && match (bytes.last_chunk::<BLOCK>(), bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(last), ..) => rest.is_empty() || is_plain_block(last, is_plain),
            (None, Some(first), Some(last)) => is_plain_block(first, is_plain) & is_plain_block(last, is_plain),
            _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                (Some(first), Some(last)) => is_plain_block(first, is_plain) & is_plain_block(last, is_plain),
                _ => bytes.iter().all(|&byte| is_plain(byte)),
            },
        }
}

#[inline]
fn is_plain_block<const LEN: usize>(block: &[u8; LEN], is_plain: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(true, |all, &byte| all & is_plain(byte))
}

/// Returns the number of bytes before the first that is not a printable character of ASCII, or that is not plain.
#[inline]
fn plain_length(bytes: &[u8], is_plain: impl Fn(u8) -> bool) -> usize {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') & is_plain(byte);
    let find = |from: usize, to: usize| {
        let bytes = bytes.get(from..to).unwrap_or_default();
        bytes.iter().position(|&byte| !is_plain(byte)).map(|at| from + at)
    };
    // Most texts are short, or have their first escape early.
    let start = BLOCK.min(bytes.len());
    if let Some(at) = find(0, start) {
        return at;
    }
    // Without an early exit, the compiler vectorizes the test of a block.
    let (blocks, _) = bytes.get(start..).unwrap_or_default().as_chunks::<BLOCK>();
    let plain_blocks = blocks.iter().take_while(|block| block.iter().fold(true, |all, &byte| all & is_plain(byte)));
    find(start + BLOCK * plain_blocks.count(), bytes.len()).unwrap_or(bytes.len())
}

/// Returns the longest beginning of a text with at most `len` bytes that ends between two characters.
#[must_use]
pub fn prefix(text: &str, len: usize) -> &str {
    (0..=len.min(text.len())).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

/// Returns whether a character is printed unescaped: it is visible, and neither a control character nor a line or
/// paragraph separator. Invisible characters (`Default_Ignorable_Code_Point` of Unicode 16, including all that change
/// the text direction) could make two texts look the same.
#[must_use]
pub fn is_printable(char: char) -> bool {
    let is_seen = !matches!(
        char,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !char.is_control() && is_seen
}

/// Decodes `%` escapes (RFC 3986 2.1); invalid ones stay.
#[must_use]
pub fn percent_decoded(value: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        match (byte, digit(value.get(at + 1)), digit(value.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;

    #[test]
    fn invisible_characters_are_escaped() {
        let escaped = |shown: &str| {
            let mut out = String::new();
            assert!(text(&mut out, shown.as_bytes()).is_ok());
            out
        };
        assert_eq!(escaped("é → 日 😀 \u{e33}"), "é → 日 😀 \u{e33}");
        assert_eq!(escaped("adm\u{200b}in\u{ad}!\u{61c}"), r"adm\xe2\x80\x8bin\xc2\xad!\xd8\x9c");
        assert_eq!(escaped("\u{e0041}\u{202e}a\x1b[2J\u{9b}"), r"\xf3\xa0\x81\x81\xe2\x80\xaea\x1b[2J\xc2\x9b");
    }

    #[test]
    fn an_ipv4_address_is_written_as_by_its_type() {
        for bytes in [[0; 4], [10, 0, 0, 1], [255; 4], [9, 10, 99, 100], [1, 22, 200, 109]] {
            let mut out = String::new();
            assert!(ipv4(&mut out, bytes).is_ok());
            assert_eq!(out, alloc::format!("{}", core::net::Ipv4Addr::from(bytes)));
        }
    }

    #[test]
    fn bytes_and_numbers_are_written_in_digits_of_their_width() {
        let hexed = |bytes: &[u8]| {
            let mut out = String::new();
            assert!(hex(&mut out, bytes).is_ok());
            out
        };
        assert_eq!(hexed(&[]), "");
        assert_eq!(hexed(&[0x00, 0x09, 0x0a, 0x9f, 0xff]), "00090a9fff");
        assert_eq!(hexed(&[0xab; 100]), "ab".repeat(100));
        let tree = Tree::new(Wants::default());
        let rows = [
            (&crate::ipv4::DSFIELD, 0xb8, "0xb8"),
            (&crate::ipv4::ID, 0x7f1e, "0x7f1e"),
            (&crate::ethernet::ADDR_OUI, 0x0210, "528"),
            (&crate::ipv6::FLOW, 0x000d_b695, "0x0db695"),
            (&crate::ipv6::TCLASS, 0xb9, "0x000000b9"),
        ];
        for (field, number, expected) in rows {
            let mut out = String::new();
            assert!(value(&mut out, field, Value::Uint(number), &tree).is_ok());
            assert_eq!(out, expected, "{}", field.name);
        }
        let mut out = String::new();
        assert!(ether(&mut out, [0x02, 0, 0xab, 0xcd, 0xef, 0x10]).is_ok());
        assert_eq!(out, "02:00:ab:cd:ef:10");
    }

    #[test]
    fn an_ipv6_address_is_written_as_tshark_writes_it() {
        let rows: &[([u16; 8], &str)] = &[
            ([0; 8], "::"),
            ([0, 0, 0, 0, 0, 0, 0, 1], "::1"),
            ([0, 0, 0, 0, 0, 0, 0x102, 0x304], "::1.2.3.4"),
            ([0, 0, 0, 0, 0, 0, 1, 0], "::0.1.0.0"),
            ([0, 0, 0, 0, 0, 0xffff, 0x102, 0x304], "::ffff:1.2.3.4"),
            ([0, 0, 0, 0, 0, 0xfffe, 0x102, 0x304], "::fffe:102:304"),
            ([0x64, 0xff9b, 0, 0, 0, 0, 0x102, 0x304], "64:ff9b::102:304"),
            ([1, 0, 0, 2, 0, 0, 0, 3], "1:0:0:2::3"),
        ];
        for &(words, written) in rows {
            let mut out = String::new();
            let bytes: [u8; 16] = core::net::Ipv6Addr::from(words).octets();
            assert!(ipv6(&mut out, bytes).is_ok());
            assert_eq!(out, written);
        }
    }
}
