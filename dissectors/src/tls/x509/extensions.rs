//! Extensions of certificates (RFC 5280 4.2).

use super::element::{Element, Elements, Malformed, Tag, context};
use super::fields::*;
use super::general_name::{authority_key, general_name, general_names};
use super::{each, names, open_list, put_bytes, put_identifier};
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{Tree, Value};

/// Bits of the key usage, the first one first.
static KEY_USAGES: [&Field; 9] = [
    &DIGITAL_SIGNATURE,
    &CONTENT_COMMITMENT,
    &KEY_ENCIPHERMENT,
    &DATA_ENCIPHERMENT,
    &KEY_AGREEMENT,
    &KEY_CERT_SIGN,
    &CRL_SIGN,
    &ENCIPHER_ONLY,
    &DECIPHER_ONLY,
];

/// Reads all extensions.
pub(super) fn read(all: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    open_list(&EXTENSIONS, all.content, tree)?;
    each(all.content, tree, |extension, tree| {
        let mut parts = extension.elements();
        let id = parts.expect(Tag::ObjectIdentifier)?;
        let identifier = id.identifier()?;
        let node = tree.open(&EXTENSION, extension.whole.all(), Value::Present);
        tree.label(node, format_args!("{} ({})", EXTENSION.title, names::of_identifier(&identifier)));
        put_identifier(&EXTENSION_ID, id, tree)?;
        if let Some(critical) = parts.optional(Tag::Boolean)? {
            put_bool(&CRITICAL, critical, tree);
        }
        value(&identifier, parts.expect(Tag::OctetString)?.content, tree)?;
        tree.close();
        Ok(())
    })?;
    tree.close();
    Ok(())
}

fn put_bool(field: &'static Field, element: Element<'_>, tree: &mut Tree) {
    let is_set = element.content.bytes.iter().any(|&byte| byte != 0);
    tree.put(field, element.content.all(), Value::Bool(is_set));
}

/// Reads the value of a known extension.
fn value(identifier: &str, value: Payload<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    match identifier {
        "2.5.29.14" => put_bytes(&SUBJECT_KEY_ID, Elements(value).expect(Tag::OctetString)?.content, tree),
        "2.5.29.15" => key_usage(Elements(value).expect(Tag::BitString)?, tree),
        "2.5.29.17" | "2.5.29.18" => {
            return general_names(&GENERAL_NAMES_COUNT, Elements(value).expect(Tag::Sequence)?.content, tree);
        }
        "2.5.29.19" => return basic_constraints(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.31" => return crl_points(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.35" => return authority_key(value, tree),
        "1.3.6.1.5.5.7.1.1" => return access(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.37" => {
            let purposes = Elements(value).expect(Tag::Sequence)?.content;
            open_list(&KEY_PURPOSES, purposes, tree)?;
            each(purposes, tree, |purpose, tree| put_identifier(&KEY_PURPOSE, purpose, tree))?;
            tree.close();
        }
        _ => {}
    }
    Ok(())
}

/// Reads the points from which revocation lists are available (RFC 5280 4.2.1.13).
fn crl_points(points: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    open_list(&CRL_POINTS, points.content, tree)?;
    each(points.content, tree, |point, tree| {
        tree.open(&CRL_POINT, point.whole.all(), Value::Present);
        if let Some(name) = point.elements().optional(context(0, true))? {
            tree.open(&CRL_POINT_NAME, name.content.all(), Value::Uint(0));
            if let Some(names) = name.elements().optional(context(0, true))? {
                general_names(&CRL_POINT_NAMES, names.content, tree)?;
            }
            tree.close();
        }
        tree.close();
        Ok(())
    })?;
    tree.close();
    Ok(())
}

/// Reads the services of the issuer (RFC 5280 4.2.2.1).
fn access(services: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    open_list(&ACCESS, services.content, tree)?;
    each(services.content, tree, |service, tree| {
        let mut parts = service.elements();
        tree.open(&ACCESS_DESCRIPTION, service.whole.all(), Value::Present);
        put_identifier(&ACCESS_METHOD, parts.expect(Tag::ObjectIdentifier)?, tree)?;
        let location = parts.next()?.ok_or(Malformed)?;
        let Tag::ContextSpecific { number, .. } = location.tag else { return Err(Malformed) };
        tree.open(&ACCESS_LOCATION, location.content.all(), Value::Uint(number.value().into()));
        general_name(location, tree)?;
        tree.close();
        tree.close();
        Ok(())
    })?;
    tree.close();
    Ok(())
}

fn key_usage(usage: Element<'_>, tree: &mut Tree) {
    let bits = usage.bits();
    tree.open(&KEY_USAGE, bits.all(), Value::Bytes(bits.all()));
    for (nth, field) in KEY_USAGES.into_iter().enumerate() {
        let byte = bits.bytes.get(nth / 8).copied().unwrap_or_default();
        tree.put(field, bits.span(nth / 8, 1), Value::Bool(byte & 0x80 >> (nth % 8) != 0));
    }
    tree.close();
}

fn basic_constraints(constraints: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    tree.open(&BASIC_CONSTRAINTS, constraints.whole.all(), Value::Present);
    let mut parts = constraints.elements();
    if let Some(is_authority) = parts.optional(Tag::Boolean)? {
        put_bool(&CA, is_authority, tree);
    }
    if let Some(len) = parts.optional(Tag::Integer)? {
        let number = len.content.bytes.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        tree.put(&PATH_LEN, len.content.all(), Value::Uint(number));
    }
    tree.close();
    Ok(())
}
