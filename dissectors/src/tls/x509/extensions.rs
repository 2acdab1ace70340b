//! Extensions of certificates (RFC 5280 4.2).

use super::super::timestamps;
use super::element::{Element, Elements, Malformed, Tag, context};
use super::fields::*;
use super::general_name::{authority_key, general_name, general_names};
use super::{constraints, list, names, policies, put_bytes, put_identifier, put_number, put_text};
use crate::field::Field;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
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

/// Bits of the reasons of revocation, the first one first.
static REASON_FLAGS: [&Field; 9] = [
    &REASON_UNUSED,
    &REASON_KEY_COMPROMISE,
    &REASON_CA_COMPROMISE,
    &REASON_AFFILIATION,
    &REASON_SUPERSEDED,
    &REASON_CESSATION,
    &REASON_HOLD,
    &REASON_WITHDRAWN,
    &REASON_AA_COMPROMISE,
];

/// Reads all extensions.
pub(super) fn read(all: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(&EXTENSIONS, all.content, tree, |extension, tree| {
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
    })
}

fn put_bool(field: &'static Field, element: Element<'_>, tree: &mut Tree) {
    let is_set = element.content.bytes.iter().any(|&byte| byte != 0);
    tree.put(field, element.content.all(), Value::Bool(is_set));
}

/// Reads the value of a known extension.
fn value(identifier: &str, value: Payload<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    match identifier {
        "2.5.29.14" => put_bytes(&SUBJECT_KEY_ID, Elements(value).expect(Tag::OctetString)?.content, tree),
        "2.5.29.15" => put_bits(&KEY_USAGE, &KEY_USAGES, Elements(value).expect(Tag::BitString)?.bits(), tree),
        "2.5.29.17" | "2.5.29.18" => {
            return general_names(&GENERAL_NAMES_COUNT, Elements(value).expect(Tag::Sequence)?.content, tree);
        }
        "2.5.29.19" => return basic_constraints(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.16" => return constraints::key_usage_period(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.30" => return constraints::names(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.32" => return policies::read(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.33" => return policies::mappings(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.36" => return policies::constraints(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.54" => put_number(&SKIP_CERTS, Elements(value).expect(Tag::Integer)?, tree),
        "1.3.6.1.4.1.11129.2.4.2" => {
            let list = Elements(value).expect(Tag::OctetString)?.content;
            return timestamps::read(&mut FieldReader::new(list, tree)).map_err(|UnexpectedEnd| Malformed);
        }
        "1.3.6.1.5.5.7.48.1.5" => drop(tree.put(&NO_CHECK, value.all(), Value::Present)),
        "1.3.6.1.5.5.7.1.24" => return features(Elements(value).expect(Tag::Sequence)?, tree),
        "2.16.840.1.113730.1.13" => put_text(&COMMENT, Elements(value).expect(Tag::Ia5String)?.content, tree),
        "2.5.29.31" | "2.5.29.46" => return crl_points(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.35" => return authority_key(value, tree),
        "1.3.6.1.5.5.7.1.1" => return access(Elements(value).expect(Tag::Sequence)?, tree),
        "2.5.29.37" => {
            let purposes = Elements(value).expect(Tag::Sequence)?.content;
            list(&KEY_PURPOSES, purposes, tree, |purpose, tree| put_identifier(&KEY_PURPOSE, purpose, tree))?;
        }
        _ => {}
    }
    Ok(())
}

/// Reads the points from which revocation lists are available (RFC 5280 4.2.1.13).
fn crl_points(points: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(&CRL_POINTS, points.content, tree, |point, tree| {
        tree.open(&CRL_POINT, point.whole.all(), Value::Present);
        let mut parts = point.elements();
        if let Some(name) = parts.optional(context(0, true))? {
            tree.open(&CRL_POINT_NAME, name.content.all(), Value::Uint(0));
            if let Some(names) = name.elements().optional(context(0, true))? {
                general_names(&CRL_POINT_NAMES, names.content, tree)?;
            }
            tree.close();
        }
        if let Some(reasons) = parts.optional(context(1, false))? {
            put_bits(&REASONS, &REASON_FLAGS, reasons.bits(), tree);
        }
        if let Some(issuer) = parts.optional(context(2, true))? {
            general_names(&CRL_ISSUER, issuer.content, tree)?;
        }
        tree.close();
        Ok(())
    })
}

/// Reads the services of the issuer (RFC 5280 4.2.2.1).
fn access(services: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(&ACCESS, services.content, tree, |service, tree| {
        let mut parts = service.elements();
        tree.open(&ACCESS_DESCRIPTION, service.whole.all(), Value::Present);
        put_identifier(&ACCESS_METHOD, parts.expect(Tag::ObjectIdentifier)?, tree)?;
        let location = parts.next()?.ok_or(Malformed)?;
        tree.open(&ACCESS_LOCATION, location.content.all(), Value::Uint(location.choice()?.into()));
        general_name(location, tree)?;
        tree.close();
        tree.close();
        Ok(())
    })
}

/// Records bits, each by its field.
fn put_bits(field: &'static Field, flags: &[&'static Field], bits: Payload<'_>, tree: &mut Tree) {
    tree.open(field, bits.all(), Value::Bytes(bits.all()));
    for (nth, flag) in flags.iter().enumerate() {
        let byte = bits.bytes.get(nth / 8).copied().unwrap_or_default();
        tree.put(flag, bits.span(nth / 8, 1), Value::Bool(byte & 0x80 >> (nth % 8) != 0));
    }
    tree.close();
}

/// Reads the extensions of TLS that the server must support (RFC 7633).
fn features(features: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(&TLS_FEATURES, features.content, tree, |feature, tree| {
        put_number(&TLS_FEATURE, feature, tree);
        Ok(())
    })
}

fn basic_constraints(constraints: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    tree.open(&BASIC_CONSTRAINTS, constraints.whole.all(), Value::Present);
    let mut parts = constraints.elements();
    if let Some(is_authority) = parts.optional(Tag::Boolean)? {
        put_bool(&CA, is_authority, tree);
    }
    if let Some(len) = parts.optional(Tag::Integer)? {
        put_number(&PATH_LEN, len, tree);
    }
    tree.close();
    Ok(())
}
