//! Certificates of X.509 (RFC 5280): names, validity, keys, and common extensions.

mod constraints;
mod element;
mod extensions;
mod fields;
mod general_name;
mod identity;
mod names;
pub(super) mod ocsp;
mod policies;
mod public_key;
mod time;

use super::fields::TLS;
use crate::field::Field;
use crate::packet::Payload;
use crate::protocol::{Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};
use element::{Element, Elements, Malformed, Tag, context};
pub use fields::*;
pub(super) use identity::identity;
pub(super) use public_key::rsa_public_key;

/// Registration of X.509 as a protocol. TLS passes certificates to it.
pub static PROTOCOL: Protocol = Protocol {
    short: "X509",
    fields: FIELDS,
    claims: &[],
    aliases: &[],
    dissectors: &[Dissector::Content(|body, _, tree| describe(body.payload, 0, tree))],
};

/// Maximum number of items of a list that are recorded.
const MAX_ITEMS: u64 = 1000;

/// Records a certificate that was captured at a time, in nanoseconds since 1970; 0 if that is unknown.
pub(super) fn describe(certificate: Payload<'_>, captured: i64, tree: &mut Tree) {
    // Signed certificate timestamps have fields of TLS.
    if !tree.wants_any(&X509) && !tree.wants_any(&TLS) {
        return;
    }
    let depth = tree.depth();
    if let Err(Malformed) = read(certificate, captured, tree) {
        note_malformed(&MALFORMED, certificate, depth, tree);
    }
}

/// Closes the nodes below a depth, and notes that the bytes are malformed.
fn note_malformed(note: &'static Field, bytes: Payload<'_>, depth: u8, tree: &mut Tree) {
    while tree.depth() > depth {
        tree.close();
    }
    tree.note(note, bytes.all(), format_args!("{}", note.title));
}

fn read(certificate: Payload<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = Elements(certificate).expect(Tag::Sequence)?.elements();
    let signed = parts.expect(Tag::Sequence)?;
    tree.open(&SIGNED_CERTIFICATE, signed.whole.all(), Value::Present);
    read_signed(signed, captured, tree)?;
    tree.close();
    algorithm(&SIGNATURE_ALGORITHM, parts.expect(Tag::Sequence)?, tree)?;
    put_bytes(&ENCRYPTED, parts.expect(Tag::BitString)?.bits(), tree);
    Ok(())
}

/// Reads what is signed (RFC 5280 4.1.2).
fn read_signed(signed: Element<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = signed.elements();
    if let Some(version) = parts.optional(context(0, true))? {
        put_number(&VERSION, version.elements().expect(Tag::Integer)?, tree);
    }
    put_bytes(&SERIAL_NUMBER, parts.expect(Tag::Integer)?.content, tree);
    algorithm(&SIGNATURE, parts.expect(Tag::Sequence)?, tree)?;
    general_name::distinguished_name([&ISSUER, &RDN_SEQUENCE], parts.expect(Tag::Sequence)?, tree)?;
    time::validity(parts.expect(Tag::Sequence)?, captured, tree)?;
    general_name::distinguished_name([&SUBJECT, &SUBJECT_SEQUENCE], parts.expect(Tag::Sequence)?, tree)?;
    let key = parts.expect(Tag::Sequence)?;
    tree.open(&PUBLIC_KEY_INFO, key.whole.all(), Value::Present);
    let mut of_key = key.elements();
    algorithm(&KEY_ALGORITHM, of_key.expect(Tag::Sequence)?, tree)?;
    put_bytes(&PUBLIC_KEY, of_key.expect(Tag::BitString)?.bits(), tree);
    tree.close();
    // Unique identifiers, which are obsolete.
    parts.optional(context(1, false))?;
    parts.optional(context(2, false))?;
    match parts.optional(context(3, true))? {
        Some(all) => extensions::read(all.elements().expect(Tag::Sequence)?, tree),
        None => Ok(()),
    }
}

/// Reads an algorithm, without its parameters.
fn algorithm(field: &'static Field, element: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let id = element.elements().expect(Tag::ObjectIdentifier)?;
    let node = tree.open(field, element.whole.all(), Value::Present);
    tree.label(node, format_args!("{} ({})", field.title, names::of_identifier(&id.identifier()?)));
    put_identifier(&ALGORITHM_ID, id, tree)?;
    tree.close();
    Ok(())
}

/// Records an object identifier.
fn put_identifier(field: &'static Field, element: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let identifier = element.identifier()?;
    let node = tree.put_text(field, element.content.all(), format_args!("{identifier}"));
    tree.label(node, format_args!("{}: {identifier} ({})", field.title, names::of_identifier(&identifier)));
    Ok(())
}

/// Records a number; of a long one, the last bytes.
fn put_number(field: &'static Field, element: Element<'_>, tree: &mut Tree) {
    let number = element.content.bytes.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
    tree.put(field, element.content.all(), Value::Uint(number));
}

fn put_bytes(field: &'static Field, bytes: Payload<'_>, tree: &mut Tree) {
    tree.put(field, bytes.all(), Value::Bytes(bytes.all()));
}

fn put_text(field: &'static Field, text: Payload<'_>, tree: &mut Tree) {
    tree.put(field, text.all(), Value::Text(text.all()));
}

/// Opens the node of a list with the number of its items.
fn list<'b>(
    field: &'static Field,
    list: Payload<'b>,
    tree: &mut Tree,
    read: impl FnMut(Element<'b>, &mut Tree) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut items = Elements(list);
    let mut count = 0;
    while items.next()?.is_some() {
        count += 1;
    }
    let node = tree.open(field, list.all(), Value::Uint(count));
    let s = if count == 1 { "" } else { "s" };
    tree.label(node, format_args!("{}: {count} item{s}", field.title));
    each(list, tree, read)?;
    tree.close();
    Ok(())
}

/// Reads the items of a list, up to the limit.
fn each<'b>(
    list: Payload<'b>,
    tree: &mut Tree,
    mut read: impl FnMut(Element<'b>, &mut Tree) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut items = Elements(list);
    for _ in 0..MAX_ITEMS {
        let Some(item) = items.next()? else { return Ok(()) };
        read(item, tree)?;
    }
    if items.next()?.is_some() {
        tree.note(&LIMIT, Slice::default(), format_args!("{}", LIMIT.title));
    }
    Ok(())
}
