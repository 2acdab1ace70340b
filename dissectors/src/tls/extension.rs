//! The extensions of a hello (RFC 8446 4.2, RFC 6066 and others): type, length, and the content of common ones.

use super::fields::*;
use super::vector::{counted_list, each, list, take_payload, with_group, with_node};
use super::{certificate, ech, quic_parameters, timestamps};
use crate::field::Field;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::Value;

/// The message that contains extensions. The format of some extensions depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExtensionsOf {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    Certificate,
    CertificateRequest,
    NewSessionTicket,
}

/// Reads all extensions up to the end of the message; a hello may have none.
pub(super) fn read(reader: &mut FieldReader<'_, '_>, message: ExtensionsOf) -> Result<(), UnexpectedEnd> {
    if reader.rest().bytes.is_empty() {
        return Ok(());
    }
    let len = reader.u16(&EXTENSIONS_LENGTH)?;
    each(&mut list(reader, len)?, |reader| read_one(reader, message))
}

fn read_one(reader: &mut FieldReader<'_, '_>, message: ExtensionsOf) -> Result<(), UnexpectedEnd> {
    let payload = reader.rest();
    let head = payload.bytes.first_chunk::<4>().ok_or(UnexpectedEnd)?;
    let (kind, len) = (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
    let node = reader.tree.open(&EXTENSION, payload.span(0, 4 + usize::from(len)), Value::Present);
    match EXTENSION_TYPE.value_name(kind.into()) {
        Some(name) => reader.tree.label(node, format_args!("Extension: {name} (len={len})")),
        None => reader.tree.label(node, format_args!("Extension: Unknown type {kind} (len={len})")),
    }
    reader.u16(&EXTENSION_TYPE)?;
    reader.u16(&EXTENSION_LENGTH)?;
    let body = take_payload(reader, len);
    if let Ok(body) = body
        && let Err(UnexpectedEnd) = read_content(kind, body, message, &mut FieldReader::new(body, reader.tree))
    {
        crate::frame::note_truncated(body, reader.tree);
    }
    reader.tree.close();
    body.map(|_| ())
}

fn read_content(
    kind: u16,
    body: Payload<'_>,
    message: ExtensionsOf,
    reader: &mut FieldReader<'_, '_>,
) -> Result<(), UnexpectedEnd> {
    let is_client = message == ExtensionsOf::ClientHello;
    let is_empty = body.bytes.is_empty();
    match kind {
        // A server acknowledges the name with an empty extension.
        0 if !is_empty => with_group(reader, "Server Name Indication extension", server_name),
        1 => reader.u8(&MAX_FRAGMENT_LENGTH).map(drop),
        5 if is_client => status_request(reader),
        5 if message == ExtensionsOf::Certificate => certificate::status(reader, 0),
        18 if !is_empty => timestamps::read(reader),
        10 => {
            counted_list(reader, &SUPPORTED_GROUPS_LENGTH, &SUPPORTED_GROUPS, "Supported Groups", "group", |reader| {
                reader.u16(&SUPPORTED_GROUP).map(drop)
            })
        }
        11 => {
            let len = reader.u8(&POINT_FORMATS_LENGTH)?;
            let label = format_args!("Elliptic curves point formats ({len})");
            with_node(&mut list(reader, len)?, &EC_POINT_FORMATS, label, |reader| {
                each(reader, |reader| reader.u8(&EC_POINT_FORMAT).map(drop))
            })
        }
        13 | 34 | 50 => signature_algorithms(reader),
        15 => reader.u8(&HEARTBEAT_MODE).map(drop),
        16 => read_names(reader, &ALPN_LENGTH, &ALPN_LIST, [&ALPN_STR_LENGTH, &ALPN_STR]),
        17513 | 17613 if is_client => read_names(reader, &ALPS_LENGTH, &ALPS_LIST, [&ALPS_STR_LENGTH, &ALPS_STR]),
        21 => reader.bytes(&PADDING_DATA, body.bytes.len()).map(drop),
        27 => {
            let len = reader.u8(&COMPRESS_ALGORITHMS_LENGTH)?;
            each(&mut list(reader, len)?, |reader| reader.u16(&COMPRESS_ALGORITHM).map(drop))
        }
        28 => reader.u16(&RECORD_SIZE_LIMIT).map(drop),
        // A ticket, or an empty request for one.
        35 => {
            reader.tree.put(&EXTENSION_TICKET, body.all(), Value::Bytes(body.all()));
            Ok(())
        }
        41 if is_client => with_group(reader, "Pre-Shared Key extension", offered_keys),
        41 => with_group(reader, "Pre-Shared Key extension", |reader| reader.u16(&PSK_SELECTED).map(drop)),
        42 if !is_empty => reader.u32(&MAX_EARLY_DATA).map(drop),
        43 if is_client => {
            let len = reader.u8(&SUPPORTED_VERSIONS_LENGTH)?;
            each(&mut list(reader, len)?, |reader| reader.u16(&SUPPORTED_VERSION).map(drop))
        }
        43 => reader.u16(&SUPPORTED_VERSION).map(drop),
        44 => {
            let len = reader.u16(&COOKIE_LENGTH)?;
            reader.bytes(&COOKIE, len.into()).map(drop)
        }
        45 => {
            let len = reader.u8(&PSK_MODES_LENGTH)?;
            each(&mut list(reader, len)?, |reader| reader.u8(&PSK_MODE).map(drop))
        }
        51 => with_group(reader, "Key Share extension", |reader| key_share(reader, message)),
        57 | 65445 => quic_parameters::read(reader),
        65037 if is_client => ech::read(reader),
        65281 => with_group(reader, "Renegotiation Info extension", |reader| {
            let len = reader.u8(&RENEGOTIATION_LENGTH)?;
            if len > 0 { reader.bytes(&RENEGOTIATION, len.into()).map(drop) } else { Ok(()) }
        }),
        // Extensions without content.
        0 | 4 | 18 | 22 | 23 | 42 | 49 if is_empty => Ok(()),
        _ => reader.bytes(&EXTENSION_DATA, body.bytes.len()).map(drop),
    }
}

fn server_name(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = reader.u16(&SERVER_NAME_LIST_LENGTH)?;
    each(&mut list(reader, len)?, |reader| {
        reader.u8(&SERVER_NAME_TYPE)?;
        let len = reader.u16(&SERVER_NAME_LENGTH)?;
        reader.text(&SERVER_NAME, len.into()).map(drop)
    })
}

fn status_request(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    if reader.u8(&STATUS_TYPE)? != 1 {
        return Ok(());
    }
    let responders = reader.u16(&STATUS_RESPONDERS_LENGTH)?;
    reader.skip(responders.into())?;
    let extensions = reader.u16(&STATUS_EXTENSIONS_LENGTH)?;
    reader.skip(extensions.into())
}

/// Reads a list of signature algorithms, which other messages contain too.
pub(super) fn signature_algorithms(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let title = "Signature Hash Algorithms";
    counted_list(reader, &SIG_HASH_ALGS_LENGTH, &SIG_HASH_ALGS, title, "algorithm", signature_algorithm)
}

/// Reads one signature algorithm, and its two bytes as TLS 1.2 defines them.
pub(super) fn signature_algorithm(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let both = reader.rest();
    let &[hash, signature] = both.bytes.first_chunk().ok_or(UnexpectedEnd)?;
    let number = u16::from_be_bytes([hash, signature]);
    let node = reader.tree.open(&SIG_HASH_ALG, both.span(0, 2), Value::Uint(number.into()));
    if SIG_HASH_ALG.value_name(number.into()).is_none() {
        let hash = SIG_HASH_HASH.value_name(hash.into()).unwrap_or("Unknown");
        let signature = SIG_HASH_SIG.value_name(signature.into()).unwrap_or("Unknown");
        reader.tree.label(node, format_args!("Signature Algorithm: {hash} {signature} (0x{number:04x})"));
    }
    let read = reader.u8(&SIG_HASH_HASH).and_then(|_| reader.u8(&SIG_HASH_SIG));
    reader.tree.close();
    read.map(drop)
}

fn read_names(
    reader: &mut FieldReader<'_, '_>,
    length: &'static Field,
    all: &'static Field,
    name: [&'static Field; 2],
) -> Result<(), UnexpectedEnd> {
    let len = reader.u16(length)?;
    with_node(&mut list(reader, len)?, all, format_args!("{}", all.title), |reader| {
        each(reader, |reader| {
            let len = reader.u8(name[0])?;
            reader.text(name[1], len.into()).map(drop)
        })
    })
}

fn key_share(reader: &mut FieldReader<'_, '_>, message: ExtensionsOf) -> Result<(), UnexpectedEnd> {
    match message {
        ExtensionsOf::ClientHello => {
            let len = reader.u16(&KEY_SHARES_LENGTH)?;
            each(&mut list(reader, len)?, key_share_entry)
        }
        ExtensionsOf::ServerHello => key_share_entry(reader),
        ExtensionsOf::HelloRetryRequest => reader.u16(&KEY_SHARE_SELECTED).map(drop),
        // RFC 8446 4.2: the extension is in hellos only.
        _ => Ok(()),
    }
}

fn key_share_entry(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let entry = reader.rest();
    let head = entry.bytes.first_chunk::<4>().ok_or(UnexpectedEnd)?;
    let (group, len) = (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
    let node = reader.tree.open(&PART, entry.span(0, 4 + usize::from(len)), Value::Present);
    let name = KEY_SHARE_GROUP.value_name(group.into()).unwrap_or("Unknown");
    reader.tree.label(node, format_args!("Key Share Entry: Group: {name}, Key Exchange length: {len}"));
    reader.u16(&KEY_SHARE_GROUP)?;
    reader.u16(&KEY_EXCHANGE_LENGTH)?;
    let read = reader.bytes(&KEY_EXCHANGE, len.into());
    reader.tree.close();
    read.map(drop)
}

/// Reads the pre-shared keys that a client offers (RFC 8446 4.2.11).
fn offered_keys(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = reader.u16(&PSK_IDENTITIES_LENGTH)?;
    each(&mut list(reader, len)?, |reader| {
        let identity = reader.rest();
        let len = u16::from_be_bytes(*identity.bytes.first_chunk().ok_or(UnexpectedEnd)?);
        let node = reader.tree.open(&PART, identity.span(0, 6 + usize::from(len)), Value::Present);
        reader.tree.label(node, format_args!("PSK Identity (length: {len})"));
        reader.u16(&PSK_IDENTITY_LENGTH)?;
        let read = reader.bytes(&PSK_IDENTITY, len.into()).and_then(|_| reader.u32(&PSK_TICKET_AGE));
        reader.tree.close();
        read.map(drop)
    })?;
    let len = reader.u16(&PSK_BINDERS_LENGTH)?;
    let binders = take_payload(reader, len)?;
    reader.tree.put(&PSK_BINDERS, binders.all(), Value::Present);
    Ok(())
}
