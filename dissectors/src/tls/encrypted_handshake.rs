//! The messages of the handshake that are always encrypted, and their forms in TLS 1.3 (RFC 8446 4.3 to 4.6).

use super::certificate;
use super::extension::{self, ExtensionsOf};
use super::fields::*;
use super::vector::{each, list, with_group, with_node};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::Value;

/// Reads Encrypted Extensions.
pub(super) fn extensions(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    extension::read(reader, ExtensionsOf::EncryptedExtensions)
}

/// Reads Certificate: a context, and a chain whose certificates have extensions.
pub(super) fn certificates(reader: &mut FieldReader<'_, '_>, captured: i64) -> Result<(), UnexpectedEnd> {
    request_context(reader)?;
    let len = reader.u24(&CERTIFICATES_LENGTH)?;
    if len == 0 {
        return Ok(());
    }
    certificate::describe_first(reader.rest().bytes, reader.tree);
    with_node(&mut list(reader, len)?, &CERTIFICATES, format_args!("Certificates ({len} bytes)"), |reader| {
        each(reader, |reader| {
            certificate::read(reader, captured)?;
            extension::read(reader, ExtensionsOf::Certificate)
        })
    })
}

/// Reads Certificate Request.
pub(super) fn certificate_request(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    request_context(reader)?;
    extension::read(reader, ExtensionsOf::CertificateRequest)
}

fn request_context(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = reader.u8(&REQUEST_CONTEXT_LENGTH)?;
    if len > 0 { reader.bytes(&REQUEST_CONTEXT, len.into()).map(drop) } else { Ok(()) }
}

/// Reads New Session Ticket of TLS 1.3.
pub(super) fn ticket(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    with_group(reader, "TLS Session Ticket", |reader| {
        super::handshake::ticket_lifetime(reader)?;
        reader.u32(&TICKET_AGE_ADD)?;
        let len = reader.u8(&TICKET_NONCE_LENGTH)?;
        reader.bytes(&TICKET_NONCE, len.into())?;
        let len = reader.u16(&TICKET_LENGTH)?;
        reader.bytes(&TICKET, len.into())?;
        extension::read(reader, ExtensionsOf::NewSessionTicket)
    })
}

/// Reads Finished.
pub(super) fn finished(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let rest = reader.rest();
    reader.tree.put(&VERIFY_DATA, rest.all(), Value::Present);
    reader.skip(rest.bytes.len())
}

/// Reads Key Update.
pub(super) fn key_update(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&KEY_UPDATE_REQUEST).map(drop)
}
