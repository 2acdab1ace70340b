//! Distinguished names and alternative names (RFC 5280 4.1.2.4, 4.2.1.6).

use super::element::{Element, Malformed, Tag, context};
use super::fields::*;
use super::{each, list, names, put_bytes, put_identifier, put_text};
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{Tree, Value};
use alloc::string::String;

// Attributes whose value is not a DirectoryString.
const COUNTRY: &str = "2.5.4.6";
const COUNTRY_OF_INCORPORATION: &str = "1.3.6.1.4.1.311.60.2.1.3";
const SERIAL: &str = "2.5.4.5";

/// Maximum bytes of the text of a name in labels.
const MAX_LABEL: usize = 256;

/// Reads a name, whose fields are that of the choice, and that of the sequence.
pub(super) fn distinguished_name(
    fields: [&'static Field; 2],
    name: Element<'_>,
    tree: &mut Tree,
) -> Result<(), Malformed> {
    let [choice, sequence] = fields;
    let node = tree.open(choice, name.whole.all(), Value::Uint(0));
    tree.label(node, format_args!("{}: rdnSequence (0)", choice.title));
    let mut count = 0_u64;
    let mut text = String::new();
    let mut items = name.elements();
    while let Some(item) = items.next()? {
        count += 1;
        prepend(&mut text, &part_text(item)?);
    }
    let node = tree.open(sequence, name.content.all(), Value::Uint(count));
    let s = if count == 1 { "" } else { "s" };
    tree.label(node, format_args!("{}: {count} item{s} ({text})", sequence.title));
    each(name.content, tree, part)?;
    tree.close();
    tree.close();
    Ok(())
}

/// Adds the text of a part before that of the parts read so far, as in Wireshark.
fn prepend(text: &mut String, part: &str) {
    if text.len() + part.len() < MAX_LABEL {
        if !text.is_empty() {
            text.insert(0, ',');
        }
        text.insert_str(0, part);
    }
}

/// Returns the first attribute of a part as text: `id-at-commonName=www.example.test`.
fn part_text(part: Element<'_>) -> Result<String, Malformed> {
    let mut attribute = part.elements().expect(Tag::Sequence)?.elements();
    let identifier = attribute.expect(Tag::ObjectIdentifier)?.identifier()?;
    let value = attribute.next()?.ok_or(Malformed)?;
    let value = String::from_utf8_lossy(value.content.bytes);
    Ok([names::of_identifier(&identifier), "=", &value].concat())
}

fn part(part: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    if part.tag != Tag::Set {
        return Err(Malformed);
    }
    list(&RDN, part.content, tree, |attribute, tree| {
        let mut parts = attribute.elements();
        let (kind, value) = (parts.expect(Tag::ObjectIdentifier)?, parts.next()?.ok_or(Malformed)?);
        let identifier = kind.identifier()?;
        let node = tree.open(&ATTRIBUTE, attribute.whole.all(), Value::Present);
        let (name, text) = (names::of_identifier(&identifier), String::from_utf8_lossy(value.content.bytes));
        tree.label(node, format_args!("{} ({name}={text})", ATTRIBUTE.title));
        put_identifier(&ATTRIBUTE_TYPE, kind, tree)?;
        match identifier.as_str() {
            COUNTRY | COUNTRY_OF_INCORPORATION => put_text(&COUNTRY_NAME, value.content, tree),
            SERIAL => put_text(&ATTRIBUTE_SERIAL_NUMBER, value.content, tree),
            _ => directory_string(value, tree),
        }
        tree.close();
        Ok(())
    })
}

/// Records a text by its character set.
fn directory_string(value: Element<'_>, tree: &mut Tree) {
    let (choice, field) = match value.tag {
        Tag::TeletexString => (0, &TELETEX_STRING),
        Tag::PrintableString => (1, &PRINTABLE_STRING),
        Tag::BmpString => (3, &BMP_STRING),
        Tag::Utf8String => (4, &UTF8_STRING),
        Tag::Ia5String => return put_text(&IA5_STRING, value.content, tree),
        _ => return,
    };
    tree.open(&DIRECTORY_STRING, value.whole.all(), Value::Uint(choice));
    match value.tag {
        Tag::BmpString => put_utf16(field, value.content, tree),
        _ => put_text(field, value.content, tree),
    }
    tree.close();
}

/// Records a text in UTF-16.
pub(super) fn put_utf16(field: &'static Field, text: Payload<'_>, tree: &mut Tree) {
    let pairs = text.bytes.chunks_exact(2);
    let units = pairs.map(|pair| pair.iter().fold(0, |unit, &byte| unit << 8 | u16::from(byte)));
    let chars: String = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    tree.put_text(field, text.all(), format_args!("{chars}"));
}

/// Reads a list of alternative names.
pub(super) fn general_names(field: &'static Field, all: Payload<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(field, all, tree, |name, tree| {
        tree.open(&GENERAL_NAME, name.content.all(), Value::Uint(name.choice()?.into()));
        general_name(name, tree)?;
        tree.close();
        Ok(())
    })
}

/// Reads an alternative name, or the location of an authority.
pub(super) fn general_name(name: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let content = name.content;
    match name.tag {
        tag if tag == context(1, false) => put_text(&RFC822_NAME, content, tree),
        tag if tag == context(2, false) => put_text(&DNS_NAME, content, tree),
        tag if tag == context(4, true) => {
            let name = name.elements().expect(Tag::Sequence)?;
            return distinguished_name([&DIRECTORY_NAME, &RDN_SEQUENCE], name, tree);
        }
        tag if tag == context(6, false) => put_text(&URI, content, tree),
        tag if tag == context(7, false) => return address(content, tree),
        tag if tag == context(8, false) => return put_identifier(&REGISTERED_ID, name, tree),
        _ => {}
    }
    Ok(())
}

/// Records an address, or a range of addresses: an address and a mask.
fn address(content: Payload<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let half = content.bytes.len() / 2;
    let parts = match content.bytes.len() {
        8 | 32 => [Some(content.first(half)), Some(content.from(half))],
        _ => [Some(content), None],
    };
    for (part, (v4, v6)) in parts.into_iter().zip([(&IPV4, &IPV6), (&IPV4_MASK, &IPV6_MASK)]) {
        let Some(part) = part else { continue };
        match (<[u8; 4]>::try_from(part.bytes), <[u8; 16]>::try_from(part.bytes)) {
            (Ok(address), _) => tree.put(v4, part.all(), Value::Ipv4(address)),
            (_, Ok(address)) => tree.put(v6, part.all(), Value::Ipv6(address)),
            _ => return Err(Malformed),
        };
    }
    Ok(())
}

/// Reads the key of the issuer (RFC 5280 4.2.1.1).
pub(super) fn authority_key(value: Payload<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let key = super::Elements(value).expect(Tag::Sequence)?;
    tree.open(&AUTHORITY_KEY_ID, key.whole.all(), Value::Present);
    let mut parts = key.elements();
    if let Some(id) = parts.optional(context(0, false))? {
        put_bytes(&KEY_ID, id.content, tree);
    }
    if let Some(issuer) = parts.optional(context(1, true))? {
        general_names(&AUTHORITY_ISSUER, issuer.content, tree)?;
    }
    if let Some(serial) = parts.optional(context(2, false))? {
        put_bytes(&AUTHORITY_SERIAL_NUMBER, serial.content, tree);
    }
    tree.close();
    Ok(())
}
