//! The status of certificates (OCSP, RFC 6960 4.2): the response that a server staples to its certificate.

use super::element::{Element, Elements, Malformed, Tag, context};
use super::fields::*;
use super::general_name::distinguished_name;
use super::time::put_generalized;
use super::{algorithm, list, note_malformed, put_bytes, put_identifier, put_number};
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{Tree, Value};

/// Object identifier of the only type of response in use.
const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
/// Object identifier of the number that a response repeats.
const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

/// Records a response that was captured at a time, in nanoseconds since 1970; 0 if that is unknown.
pub(in super::super) fn describe(response: Payload<'_>, captured: i64, tree: &mut Tree) {
    if !tree.wants_any(&X509) {
        return;
    }
    let depth = tree.depth();
    tree.open(&OCSP, response.all(), Value::Present);
    if let Err(Malformed) = read(response, captured, tree) {
        note_malformed(&OCSP_MALFORMED, response, depth + 1, tree);
    }
    tree.close();
}

fn read(response: Payload<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = Elements(response).expect(Tag::Sequence)?.elements();
    put_number(&RESPONSE_STATUS, parts.expect(Tag::Enumerated)?, tree);
    let Some(bytes) = parts.optional(context(0, true))? else { return Ok(()) };
    let bytes = bytes.elements().expect(Tag::Sequence)?;
    tree.open(&RESPONSE_BYTES, bytes.whole.all(), Value::Present);
    let mut parts = bytes.elements();
    let kind = parts.expect(Tag::ObjectIdentifier)?;
    put_identifier(&RESPONSE_TYPE, kind, tree)?;
    if kind.identifier()? == BASIC {
        basic(Elements(parts.expect(Tag::OctetString)?.content).expect(Tag::Sequence)?, captured, tree)?;
    }
    tree.close();
    Ok(())
}

fn basic(response: Element<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = response.elements();
    tree.open(&BASIC_RESPONSE, response.whole.all(), Value::Present);
    signed(parts.expect(Tag::Sequence)?, captured, tree)?;
    algorithm(&RESPONSE_ALGORITHM, parts.expect(Tag::Sequence)?, tree)?;
    put_bytes(&RESPONSE_SIGNATURE, parts.expect(Tag::BitString)?.bits(), tree);
    if let Some(all) = parts.optional(context(0, true))? {
        let certificates = all.elements().expect(Tag::Sequence)?.content;
        list(&RESPONSE_CERTIFICATES, certificates, tree, |certificate, tree| {
            tree.open(&RESPONSE_CERTIFICATE, certificate.whole.all(), Value::Present);
            super::read(certificate.whole, captured, tree)?;
            tree.close();
            Ok(())
        })?;
    }
    tree.close();
    Ok(())
}

/// Reads what the responder signs.
fn signed(data: Element<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = data.elements();
    tree.open(&RESPONSE_DATA, data.whole.all(), Value::Present);
    if let Some(version) = parts.optional(context(0, true))? {
        put_number(&RESPONSE_VERSION, version.elements().expect(Tag::Integer)?, tree);
    }
    let responder = parts.next()?.ok_or(Malformed)?;
    let number = responder.choice()?;
    tree.open(&RESPONDER_ID, responder.content.all(), Value::Uint(number.into()));
    match number {
        1 => distinguished_name([&BY_NAME, &RDN_SEQUENCE], responder.elements().expect(Tag::Sequence)?, tree)?,
        2 => put_bytes(&BY_KEY, responder.elements().expect(Tag::OctetString)?.content, tree),
        _ => {}
    }
    tree.close();
    put_generalized(&PRODUCED_AT, parts.expect(Tag::GeneralizedTime)?, tree)?;
    let responses = parts.expect(Tag::Sequence)?.content;
    list(&RESPONSES, responses, tree, |response, tree| single(response, captured, tree))?;
    if let Some(all) = parts.optional(context(1, true))? {
        extensions(&RESPONSE_EXTENSIONS, all.elements().expect(Tag::Sequence)?, tree)?;
    }
    tree.close();
    Ok(())
}

/// Reads the status of one certificate.
fn single(response: Element<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = response.elements();
    tree.open(&SINGLE_RESPONSE, response.whole.all(), Value::Present);
    let id = parts.expect(Tag::Sequence)?;
    let mut of_id = id.elements();
    tree.open(&CERTIFICATE_ID, id.whole.all(), Value::Present);
    algorithm(&HASH_ALGORITHM, of_id.expect(Tag::Sequence)?, tree)?;
    put_bytes(&ISSUER_NAME_HASH, of_id.expect(Tag::OctetString)?.content, tree);
    put_bytes(&ISSUER_KEY_HASH, of_id.expect(Tag::OctetString)?.content, tree);
    put_bytes(&STATUS_SERIAL_NUMBER, of_id.expect(Tag::Integer)?.content, tree);
    tree.close();
    status(parts.next()?.ok_or(Malformed)?, tree)?;
    put_generalized(&THIS_UPDATE, parts.expect(Tag::GeneralizedTime)?, tree)?;
    if let Some(next) = parts.optional(context(0, true))? {
        let next = next.elements().expect(Tag::GeneralizedTime)?;
        put_generalized(&NEXT_UPDATE, next, tree)?;
        super::time::note_outdated(next, captured, tree);
    }
    if let Some(all) = parts.optional(context(1, true))? {
        extensions(&SINGLE_EXTENSIONS, all.elements().expect(Tag::Sequence)?, tree)?;
    }
    tree.close();
    Ok(())
}

fn status(status: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let number = status.choice()?;
    tree.open(&CERTIFICATE_STATUS, status.content.all(), Value::Uint(number.into()));
    match number {
        0 => drop(tree.put(&GOOD, status.content.all(), Value::Present)),
        1 => {
            let mut parts = status.elements();
            tree.open(&REVOKED, status.content.all(), Value::Present);
            put_generalized(&REVOCATION_TIME, parts.expect(Tag::GeneralizedTime)?, tree)?;
            if let Some(reason) = parts.optional(context(0, true))? {
                put_number(&REVOCATION_REASON, reason.elements().expect(Tag::Enumerated)?, tree);
            }
            tree.close();
        }
        2 => drop(tree.put(&UNKNOWN, status.content.all(), Value::Present)),
        _ => {}
    }
    tree.close();
    Ok(())
}

fn extensions(field: &'static Field, all: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(field, all.content, tree, |extension, tree| {
        let mut parts = extension.elements();
        tree.open(&RESPONSE_EXTENSION, extension.whole.all(), Value::Present);
        let id = parts.expect(Tag::ObjectIdentifier)?;
        put_identifier(&RESPONSE_EXTENSION_ID, id, tree)?;
        parts.optional(Tag::Boolean)?;
        let value = parts.expect(Tag::OctetString)?.content;
        if id.identifier()? == NONCE {
            // Some responders omit the inner header.
            let inner = Elements(value).expect(Tag::OctetString);
            put_bytes(&RESPONSE_NONCE, inner.map_or(value, |nonce| nonce.content), tree);
        }
        tree.close();
        Ok(())
    })
}
