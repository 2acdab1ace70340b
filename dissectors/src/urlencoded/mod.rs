//! Forms as URLs write them (application/x-www-form-urlencoded, WHATWG URL 5).

use crate::content::{Content, Lossy};
use crate::packet::Path;
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

crate::fields! { "urlencoded";
    /// A form as a browser sends it.
    FORM: Protocol "urlencoded-form" "HTML Form URL Encoded";
    /// One item of a form.
    ITEM: Label "urlencoded-form.item" "Form item" { ours: true };
    /// The name of an item, decoded.
    KEY: Text "urlencoded-form.key" "Key";
    /// The value of an item, decoded.
    VALUE: Text "urlencoded-form.value" "Value";
}

/// Forms in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "URL-encoded form",
    fields: FIELDS,
    claims: &[Claim::MediaType("application/x-www-form-urlencoded")],
    part: Part::Content(read),
};

/// As many items are told.
const MAX_ITEMS: usize = 10_000;

fn read(content: &Content<'_>, path: &mut Path, tree: &mut Tree) {
    path.push("urlencoded-form");
    tree.more_info(format_args!(" ({})", content.media_type_text()));
    if !tree.wants_any(&FORM) {
        return;
    }
    let piece = content.piece;
    let place = tree.open(&FORM, piece.all(), Value::Bytes(piece.all()));
    tree.label(place, format_args!("{}: {}", FORM.title, content.media_type_text()));
    let mut at = 0;
    for item in piece.bytes.split(|&byte| byte == b'&').take(MAX_ITEMS) {
        let start = at;
        at += item.len() + 1;
        if item.is_empty() {
            continue;
        }
        let equals = memchr::memchr(b'=', item);
        let (key, value) = item.split_at_checked(equals.unwrap_or(item.len())).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        let (key_text, value_text) = (decode(key), decode(value));
        let node = tree.open(&ITEM, piece.span(start, item.len()), Value::Present);
        tree.label(node, format_args!("Form item: \"{}\" = \"{}\"", Lossy(&key_text), Lossy(&value_text)));
        put(&KEY, piece.span(start, key.len()), key, &key_text, tree);
        if equals.is_some() {
            put(&VALUE, piece.span(start + key.len() + 1, value.len()), value, &value_text, tree);
        }
        tree.close();
    }
    tree.close();
}

/// Records a text that stands at `span`, or was decoded from what stands there.
fn put(field: &'static crate::Field, span: Slice, raw: &[u8], text: &[u8], tree: &mut Tree) {
    if tree.wants(field) {
        let text = if raw == text { span } else { tree.keep(text) };
        tree.put(field, span, Value::Text(text));
    }
}

/// `+` is a space and `%41` an `A`; what is no such escape stays as it is.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let escape = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        match escape {
            Some(decoded) => {
                out.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => out.push(if *byte == b'+' { b' ' } else { *byte }),
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_what_is_none_stays() {
        let rows: &[(&[u8], &[u8])] =
            &[(b"e%20f+g", b"e f g"), (b"%41%c3%a9", b"A\xc3\xa9"), (b"%zz%4", b"%zz%4"), (b"%", b"%"), (b"", b"")];
        for (text, decoded) in rows {
            assert_eq!(decode(text), *decoded);
        }
    }
}
