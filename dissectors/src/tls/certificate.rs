//! Certificates of a chain, and their status.

use super::fields::*;
use super::x509;
use crate::field::Field;
use crate::hello::vector;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};
use alloc::string::String;

/// Type of a status: a response of OCSP.
const OCSP: u8 = 1;

/// Maximum bytes of a name.
const MAX_NAME: usize = 256;

/// Records names and validity of the first certificate of a chain: that of the sender.
pub(super) fn describe_first(chain: &[u8], tree: &mut Tree) {
    let wanted = [&CERTIFICATE_SUBJECT, &CERTIFICATE_HOST, &CERTIFICATE_BEGIN, &CERTIFICATE_END];
    if !wanted.iter().any(|field| tree.wants(field)) {
        return;
    }
    let Some(identity) = vector::<3>(chain).and_then(|(certificate, _)| x509::identity(certificate)) else { return };
    let mut put = |field: &'static Field, name: &[u8]| {
        let text = String::from_utf8_lossy(name.get(..MAX_NAME).unwrap_or(name));
        tree.put_text(field, Slice::default(), format_args!("{text}"));
    };
    put(&CERTIFICATE_SUBJECT, identity.subject);
    identity.hosts.iter().for_each(|host| put(&CERTIFICATE_HOST, host));
    for (field, seconds) in [&CERTIFICATE_BEGIN, &CERTIFICATE_END].into_iter().zip(identity.validity) {
        if let Some(nanos) = seconds.checked_mul(1_000_000_000) {
            tree.put(field, Slice::default(), Value::Time(nanos));
        }
    }
}

/// Reads a certificate with its length. `captured` is the time of its frame in nanoseconds since 1970.
pub(super) fn read(reader: &mut FieldReader<'_, '_>, captured: i64) -> Result<(), UnexpectedEnd> {
    let len = reader.u24(&CERTIFICATE_LENGTH)?;
    let certificate = super::vector::take_payload(reader, len)?;
    reader.tree.open(&CERTIFICATE, certificate.all(), Value::Bytes(certificate.all()));
    x509::describe(certificate, captured, reader.tree);
    reader.tree.close();
    Ok(())
}

/// Reads the status of a certificate (RFC 6066 8), which is also an extension of it in TLS 1.3.
pub(super) fn status(reader: &mut FieldReader<'_, '_>, captured: i64) -> Result<(), UnexpectedEnd> {
    let kind = reader.u8(&STATUS_TYPE)?;
    let len = reader.u24(&OCSP_RESPONSE_LENGTH)?;
    let response = super::vector::take_payload(reader, len)?;
    if kind == OCSP {
        x509::ocsp::describe(response, captured, reader.tree);
    }
    Ok(())
}
