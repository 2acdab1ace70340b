//! Signed certificate timestamps (RFC 6962 3.2, 3.3): proofs that logs have a certificate.

use super::extension::signature_algorithm;
use super::fields::*;
use super::vector::{each, list, with_group};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::Value;

/// Reads a list of timestamps, with its length.
pub(super) fn read(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = reader.u16(&SCTS_LENGTH)?;
    each(&mut list(reader, len)?, |reader| {
        let len = u16::from_be_bytes(*reader.rest().bytes.first_chunk().ok_or(UnexpectedEnd)?);
        let mut part = list(reader, 2 + u32::from(len))?;
        with_group(&mut part, "Signed Certificate Timestamp", timestamp)
    })
}

fn timestamp(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u16(&SCT_LENGTH)?;
    // Other versions have another format.
    if reader.u8(&SCT_VERSION)? != 0 {
        return Ok(());
    }
    reader.bytes(&SCT_LOG, 32)?;
    let span = reader.span(8);
    let millis = u64::from_be_bytes(reader.read_array()?);
    if let Some(nanos) = i64::try_from(millis).ok().and_then(|millis| millis.checked_mul(1_000_000)) {
        reader.tree.put(&SCT_TIMESTAMP, span, Value::Time(nanos));
    }
    let len = reader.u16(&SCT_EXTENSIONS_LENGTH)?;
    if len > 0 {
        let span = reader.span(len.into());
        reader.skip(len.into())?;
        reader.tree.put(&SCT_EXTENSIONS, span, Value::Present);
    }
    signature_algorithm(reader)?;
    let len = reader.u16(&SCT_SIGNATURE_LENGTH)?;
    reader.bytes(&SCT_SIGNATURE, len.into()).map(drop)
}
