//! MIME (RFC 2045): header lines, and the encodings of bodies, which are undone as a lenient recipient does.

use crate::base64;
use alloc::vec::Vec;

/// Returns the length of a header line, with the lines that continue it (RFC 5322 2.2.3).
pub(crate) fn line_len(bytes: &[u8]) -> usize {
    let mut ends = memchr::memchr_iter(b'\n', bytes).map(|end| end + 1);
    let is_blank = matches!(bytes, [b'\n', ..] | [b'\r', b'\n', ..]);
    let ends_here = |&end: &usize| is_blank || !matches!(bytes.get(end), Some(b' ' | b'\t'));
    ends.find(ends_here).unwrap_or(bytes.len())
}

/// Returns a value without the line ends in it.
pub(crate) fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}

/// Undoes an encoding, by the value of its header. Returns none if it changes nothing, or is not known.
pub fn decode(encoding: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let name = encoding.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    if name.eq_ignore_ascii_case(b"base64") {
        Some(decode_base64(bytes))
    } else if name.eq_ignore_ascii_case(b"quoted-printable") {
        Some(decode_quoted_printable(bytes))
    } else {
        None
    }
}

/// RFC 2045 6.8: other characters than those of the alphabet are ignored.
fn decode_base64(bytes: &[u8]) -> Vec<u8> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut digits: Vec<u8> = bytes.iter().copied().filter(is_digit).collect();
    digits.resize(digits.len().next_multiple_of(base64::GROUP), b'=');
    base64::decode_parts(&digits)
}

/// RFC 2045 6.7: `=` before two digits is a byte, and at the end of a line joins it with the next. Elsewhere it stays.
fn decode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'=', [b'\r', b'\n', next @ ..] | [b'\n', next @ ..]) => rest = next,
            (b'=', &[high, low, ref next @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                out.extend(digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low));
                rest = next;
            }
            _ => out.push(first),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_as_far_as_they_go() {
        let rows: [(&str, &str, Option<&str>); 9] = [
            ("base64", "aGlkZGVu\r\n", Some("hidden")),
            ("BASE64 ; x=y", "aGlk\r\nZGVu", Some("hidden")),
            ("\"base64\"", "aG!lk.ZG Vu", Some("hidden")),
            ("base64", "aGlkZGU", Some("hidde")),
            ("base64", "aGk=aGk=", Some("hihi")),
            ("quoted-printable", "h=69dd=\r\nen=20=3D", Some("hidden =")),
            ("Quoted-Printable", "a=\nb=zz=", Some("ab=zz=")),
            ("8bit", "x", None),
            ("", "x", None),
        ];
        for (encoding, bytes, expected) in rows {
            let found = decode(encoding.as_bytes(), bytes.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{encoding} {bytes}");
        }
    }
}
