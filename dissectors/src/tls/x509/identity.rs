//! The names that a certificate was issued to, and the time in which it is valid.

use super::element::{Element, Elements, Malformed, Tag, context};
use super::time::seconds_of;
use crate::packet::Payload;
use alloc::vec::Vec;

// Object identifiers: 2.5.4.3 and 2.5.29.17.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 29, 17];
/// Maximum number of alternative names. A certificate with more has none here.
const MAX_NAMES: usize = 1000;

/// Names and validity of a certificate.
pub(in super::super) struct Identity<'b> {
    /// Common name of the subject, or else the first host name.
    pub(in super::super) subject: &'b [u8],
    /// Host names.
    pub(in super::super) hosts: Vec<&'b [u8]>,
    /// Seconds since 1970 from which and up to which it is valid.
    pub(in super::super) validity: [i64; 2],
}

/// Returns names and validity of a certificate; `None` if it is malformed.
pub(in super::super) fn identity(certificate: &[u8]) -> Option<Identity<'_>> {
    read(Payload::whole(certificate, 0)).ok()
}

fn read(certificate: Payload<'_>) -> Result<Identity<'_>, Malformed> {
    let mut parts = Elements(certificate).expect(Tag::Sequence)?.elements().expect(Tag::Sequence)?.elements();
    parts.optional(context(0, true))?;
    parts.expect(Tag::Integer)?;
    // Algorithm of the signature, and issuer.
    parts.expect(Tag::Sequence)?;
    parts.expect(Tag::Sequence)?;
    let mut times = parts.expect(Tag::Sequence)?.elements();
    let mut time = || seconds_of(times.next()?.ok_or(Malformed)?);
    let validity = [time()?, time()?];
    let common_name = common_name(parts.expect(Tag::Sequence)?)?;
    parts.expect(Tag::Sequence)?;
    parts.optional(context(1, false))?;
    parts.optional(context(2, false))?;
    let hosts = match parts.optional(context(3, true))? {
        Some(extensions) => hosts(extensions)?,
        None => Vec::new(),
    };
    let subject = common_name.or_else(|| hosts.first().copied()).unwrap_or_default();
    Ok(Identity { subject, hosts, validity })
}

/// Returns the last common name of a subject.
fn common_name(subject: Element<'_>) -> Result<Option<&[u8]>, Malformed> {
    let mut found = None;
    let mut parts = subject.elements();
    while let Some(part) = parts.next()? {
        let mut attribute = part.elements().expect(Tag::Sequence)?.elements();
        let kind = attribute.expect(Tag::ObjectIdentifier)?;
        let value = attribute.next()?.ok_or(Malformed)?;
        if kind.content.bytes == COMMON_NAME {
            found = Some(value.content.bytes);
        }
    }
    Ok(found)
}

fn hosts(extensions: Element<'_>) -> Result<Vec<&[u8]>, Malformed> {
    let mut extensions = extensions.elements().expect(Tag::Sequence)?.elements();
    let mut hosts = Vec::new();
    while let Some(extension) = extensions.next()? {
        let mut parts = extension.elements();
        if parts.expect(Tag::ObjectIdentifier)?.content.bytes != ALTERNATIVE_NAMES {
            continue;
        }
        parts.optional(Tag::Boolean)?;
        let mut names = Elements(parts.expect(Tag::OctetString)?.content).expect(Tag::Sequence)?.elements();
        while let Some(name) = names.next()? {
            if name.tag == context(2, false) {
                hosts.push(name.content.bytes);
            }
        }
    }
    if hosts.len() > MAX_NAMES {
        hosts.clear();
    }
    Ok(hosts)
}
