//! The extension Encrypted Client Hello (RFC 9849 5): an encrypted hello in another one, or random bytes in its place (6.2).

use super::fields::*;
use super::vector::with_node;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};

/// Type of a hello that contains an encrypted one.
const OUTER: u8 = 0;

/// Reads the extension of a client hello.
pub(super) fn read(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    if reader.u8(&ECH_TYPE)? != OUTER {
        return Ok(());
    }
    let suite = super::vector::take_payload(reader, 4_u32)?;
    cipher_suite(suite, reader)?;
    reader.u8(&ECH_CONFIG_ID)?;
    let len = reader.u16(&ECH_ENC_LENGTH)?;
    // The second hello after a Hello Retry Request has none.
    if len > 0 {
        reader.bytes(&ECH_ENC, len.into())?;
    }
    let len = reader.u16(&ECH_PAYLOAD_LENGTH)?;
    reader.bytes(&ECH_PAYLOAD, len.into()).map(drop)
}

fn cipher_suite(suite: Payload<'_>, reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let &[a, b, c, d, ..] = suite.bytes else { return Err(UnexpectedEnd) };
    let name = |field: &crate::Field, high, low| field.value_name(u16::from_be_bytes([high, low]).into());
    let (kdf, aead) = (name(&ECH_KDF, a, b), name(&ECH_AEAD, c, d));
    let label = format_args!("Cipher Suite: {}/{}", kdf.unwrap_or("Unknown"), aead.unwrap_or("Unknown"));
    with_node(&mut FieldReader::new(suite, reader.tree), &ECH_CIPHER_SUITE, label, |reader| {
        reader.u16(&ECH_KDF)?;
        reader.u16(&ECH_AEAD).map(drop)
    })
}
