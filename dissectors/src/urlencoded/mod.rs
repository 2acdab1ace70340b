//! URL-encoded forms (application/x-www-form-urlencoded, WHATWG URL 5).

use crate::content::{LossyText, MessageBody};
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

crate::fields! { "urlencoded";
    /// A form as sent by a browser.
    FORM: Protocol "urlencoded-form" "HTML Form URL Encoded";
    /// An item of a form.
    ITEM: Label "urlencoded-form.item" "Form item" { ours: true };
    /// Name of an item, decoded.
    KEY: Text "urlencoded-form.key" "Key";
    /// Value of an item, decoded.
    VALUE: Text "urlencoded-form.value" "Value";
}

/// Registry entry for forms.
pub static PROTOCOL: Protocol = Protocol {
    short: "URL-encoded form",
    fields: FIELDS,
    claims: &[Claim::MediaType("application/x-www-form-urlencoded")],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

/// Maximum number of recorded items.
const MAX_ITEMS: usize = 10_000;

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("urlencoded-form");
    body.append_info(tree, format_args!(" ({})", body.media_type_text()));
    if !tree.wants_any(&FORM) {
        return;
    }
    let payload = body.payload;
    let form = tree.open(&FORM, payload.all(), Value::Bytes(payload.all()));
    tree.label(form, format_args!("{}: {}", FORM.title, body.media_type_text()));
    let mut at = 0;
    for item in payload.bytes.split(|&byte| byte == b'&').take(MAX_ITEMS) {
        let start = at;
        at += item.len() + 1;
        if item.is_empty() {
            continue;
        }
        let equals = memchr::memchr(b'=', item);
        let (key, value) = item.split_at_checked(equals.unwrap_or(item.len())).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        let (key_text, value_text) = (decode(key), decode(value));
        let node = tree.open(&ITEM, payload.span(start, item.len()), Value::Present);
        tree.label(node, format_args!("Form item: \"{}\" = \"{}\"", LossyText(&key_text), LossyText(&value_text)));
        put_decoded(&KEY, payload.span(start, key.len()), key, &key_text, tree);
        if equals.is_some() {
            put_decoded(&VALUE, payload.span(start + key.len() + 1, value.len()), value, &value_text, tree);
        }
        tree.close();
    }
    tree.close();
}

/// Records the text at `span`, or its decoded form.
fn put_decoded(field: &'static crate::Field, span: Slice, raw: &[u8], text: &[u8], tree: &mut Tree) {
    if tree.wants(field) {
        let text = if raw == text { span } else { tree.store_bytes(text) };
        tree.put(field, span, Value::Text(text));
    }
}

/// Decodes `+` to a space and `%41` to `A`; invalid escapes stay unchanged.
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
    fn escapes_are_decoded_and_invalid_ones_stay() {
        let rows: &[(&[u8], &[u8])] =
            &[(b"e%20f+g", b"e f g"), (b"%41%c3%a9", b"A\xc3\xa9"), (b"%zz%4", b"%zz%4"), (b"%", b"%"), (b"", b"")];
        for (text, decoded) in rows {
            assert_eq!(decode(text), *decoded);
        }
    }
}
