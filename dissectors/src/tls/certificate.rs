//! Certificates of a chain.

use super::fields::*;
use crate::reader::{FieldReader, UnexpectedEnd};

/// Reads a certificate with its length.
pub(super) fn read(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = reader.u24(&CERTIFICATE_LENGTH)?;
    reader.bytes(&CERTIFICATE, len as usize).map(drop)
}
