//! Entities of HTML and XML.

use std::borrow::Cow;

/// Returns a text without its entities.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'&', text).is_none() {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = memchr::memchr(b'&', rest) {
        let (before, entity) = rest.split_at_checked(start).unwrap_or_default();
        out.extend_from_slice(before);
        let len = entity.iter().take(12).position(|&byte| byte == b';');
        let decoded = len.and_then(|len| character(entity.get(1..len)?));
        match decoded.zip(len) {
            Some((char, len)) => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                rest = entity.get(len + 1..).unwrap_or_default();
            }
            None => {
                out.push(b'&');
                rest = entity.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    out.into()
}

/// Returns the character of an entity.
fn character(name: &[u8]) -> Option<char> {
    let digits = |digits: &[u8], radix| char::from_u32(u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()?);
    match name {
        [b'#', b'x' | b'X', own @ ..] => digits(own, 16),
        [b'#', own @ ..] => digits(own, 10),
        b"quot" => Some('"'),
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"apos" => Some('\''),
        b"nbsp" => Some(' '),
        b"colon" => Some(':'),
        b"lbrace" | b"lcub" => Some('{'),
        b"rbrace" | b"rcub" => Some('}'),
        b"equals" => Some('='),
        _ => None,
    }
}

/// Returns a text with entities for the signs of markup.
pub(super) fn encoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            byte => out.push(*byte),
        }
    }
    out
}
