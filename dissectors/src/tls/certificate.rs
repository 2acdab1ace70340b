//! Certificates of a chain.

use super::fields::*;
use super::x509;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::Value;

/// Reads a certificate with its length. `captured` is the time of its frame in nanoseconds since 1970.
pub(super) fn read(reader: &mut FieldReader<'_, '_>, captured: i64) -> Result<(), UnexpectedEnd> {
    let len = reader.u24(&CERTIFICATE_LENGTH)?;
    let certificate = super::vector::take_payload(reader, len)?;
    reader.tree.open(&CERTIFICATE, certificate.all(), Value::Bytes(certificate.all()));
    x509::describe(certificate, captured, reader.tree);
    reader.tree.close();
    Ok(())
}
