//! The cleartext messages of the handshake (RFC 8446 4, RFC 5246 7.4).

use super::decryption::{KnownSecrets, labels_of};
use super::extension::{self, ExtensionsOf, signature_algorithm, signature_algorithms};
use super::fields::*;
use super::names::TLS13;
use super::vector::{counted_list, each, list, with_group, with_node};
use super::x509::X509;
use super::{certificate, encrypted_handshake, ja3, ja4};
use crate::hello::{ClientOffer, RETRY_RANDOM};
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::session::{About, Context};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const NEW_SESSION_TICKET: u8 = 4;
pub(super) const END_OF_EARLY_DATA: u8 = 5;
pub(super) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_HELLO_DONE: u8 = 14;
pub(super) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(super) const FINISHED: u8 = 20;
pub(super) const KEY_UPDATE: u8 = 24;

/// Length of a message header in bytes: type and length.
pub(super) const MESSAGE_HEADER_LEN: usize = 4;

/// Returns the name of a message type for the Info column.
pub(super) fn message_name(kind: u8) -> &'static str {
    HANDSHAKE_TYPE.value_name(kind.into()).unwrap_or("Encrypted Handshake Message")
}

/// Returns the length of the message that begins with these bytes, including its header.
pub(super) fn message_len(bytes: &[u8]) -> Option<usize> {
    let &[_, a, b, c, ..] = bytes else { return None };
    Some(MESSAGE_HEADER_LEN + u32::from_be_bytes([0, a, b, c]) as usize)
}

/// Returns whether a version is TLS 1.3 or a draft of it.
pub(super) fn is_tls13(version: u16) -> bool {
    version == TLS13 || version >> 8 == 0x7f
}

/// The session parameters known when a message is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionParameters {
    /// Negotiated version; 0 if unknown.
    pub(super) version: u16,
    /// Cipher suite selected by the server; 0 if unknown.
    pub(super) suite: u16,
    /// Time of the frame in nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) carrier: Carrier,
}

/// The transport of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Tcp,
    Quic,
}

/// Records messages of TLS 1.3 that a transport carries without records (RFC 9001 4).
pub(super) fn describe_carried(messages: Payload<'_>, cx: &mut Context<'_>) {
    cx.path.push("tls");
    if !cx.tree.wants_any(&TLS) && !cx.tree.wants_any(&X509) {
        return;
    }
    let node = cx.tree.open(&TLS, messages.all(), Value::Bytes(messages.all()));
    let session = SessionParameters { version: TLS13, suite: 0, time: cx.at.time, carrier: Carrier::Quic };
    let mut rest = messages;
    let mut name = "Multiple Handshake Messages";
    while let Some(len) = message_len(rest.bytes).filter(|&len| len <= rest.bytes.len()) {
        let kind = message_name(rest.bytes.first().copied().unwrap_or_default());
        if len == messages.bytes.len() {
            name = kind;
        }
        let message = rest.first(len);
        describe(message, kind, session, cx.tree);
        if let [CLIENT_HELLO, _, _, _, body @ ..] = message.bytes {
            describe_secrets(body, cx);
        }
        rest = rest.from(len);
    }
    cx.tree.label(node, format_args!("TLSv1.3 Record Layer: Handshake Protocol: {name}"));
    cx.tree.close();
}

/// Records the labels of the secrets that are known for a client hello.
fn describe_secrets(hello: &[u8], cx: &mut Context<'_>) {
    if cx.secrets.is_empty() || !cx.tree.wants(&SECRETS) && !cx.tree.wants(&SECRETS_RESULT) {
        return;
    }
    let Some(offer) = ClientOffer::read(hello) else { return };
    let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
    let labels: Vec<&str> = labels_of(offer.random, known).collect();
    if !labels.is_empty() {
        cx.tree.put_text(&SECRETS, Slice::default(), format_args!("{}", labels.join(", ")));
    }
    cx.record_later(&SECRETS_RESULT, About::Frame(cx.at.frame, 0));
}

/// Records a message with its header.
pub(super) fn describe(payload: Payload<'_>, name: &str, session: SessionParameters, tree: &mut Tree) {
    let node = tree.open(&HANDSHAKE, payload.all(), Value::Present);
    tree.label(node, format_args!("Handshake Protocol: {name}"));
    let mut reader = FieldReader::new(payload, tree);
    if let Err(UnexpectedEnd) = read(&mut reader, session) {
        crate::frame::note_truncated(payload, reader.tree);
    }
    if payload.bytes.first() == Some(&CLIENT_HELLO) {
        ja4::describe(payload.bytes, session.carrier, tree);
    }
    ja3::describe(payload.bytes, tree);
    tree.close();
}

fn read(reader: &mut FieldReader<'_, '_>, session: SessionParameters) -> Result<(), UnexpectedEnd> {
    let kind = reader.u8(&HANDSHAKE_TYPE)?;
    reader.u24(&HANDSHAKE_LENGTH)?;
    let method = key_exchange(session.suite);
    match kind {
        CLIENT_HELLO => client_hello(reader, session),
        SERVER_HELLO => server_hello(reader, session),
        4 if is_tls13(session.version) => encrypted_handshake::ticket(reader),
        4 => with_group(reader, "TLS Session Ticket", ticket),
        ENCRYPTED_EXTENSIONS => encrypted_handshake::extensions(reader),
        CERTIFICATE if is_tls13(session.version) => encrypted_handshake::certificates(reader, session.time),
        CERTIFICATE => certificates(reader, session.time),
        12 => server_key_exchange(reader, session, method),
        13 if is_tls13(session.version) => encrypted_handshake::certificate_request(reader),
        13 => certificate_request(reader, session),
        15 => {
            if session.version >= 0x0303 {
                signature_algorithm(reader)?;
            }
            let len = reader.u16(&VERIFY_SIG_LENGTH)?;
            reader.bytes(&VERIFY_SIG, len.into()).map(drop)
        }
        CLIENT_KEY_EXCHANGE => client_key_exchange(reader, session, method),
        FINISHED => encrypted_handshake::finished(reader),
        22 => certificate::status(reader, session.time),
        KEY_UPDATE => encrypted_handshake::key_update(reader),
        _ => Ok(()),
    }
}

/// Reads the start of both hellos: version, random and session ID. Returns whether the message is a Hello Retry Request.
fn hello(reader: &mut FieldReader<'_, '_>, session: SessionParameters) -> Result<bool, UnexpectedEnd> {
    reader.u16(&VERSION)?;
    let random = reader.rest();
    let bytes = random.bytes.first_chunk::<32>().ok_or(UnexpectedEnd)?;
    let is_retry = *bytes == RETRY_RANDOM;
    let span = random.span(0, 32);
    let node = reader.tree.open(&RANDOM, span, Value::Bytes(span));
    if is_retry && node.is_some() {
        let mut hex = [0; 64];
        let text = write_hex(bytes, &mut hex);
        reader.tree.label(node, format_args!("Random: {text} (HelloRetryRequest magic)"));
    }
    if !is_tls13(session.version) {
        let [a, b, c, d, ..] = *bytes;
        let seconds = i64::from(u32::from_be_bytes([a, b, c, d]));
        reader.tree.put(&RANDOM_TIME, random.span(0, 4), Value::Time(seconds * 1_000_000_000));
        let rest = random.span(4, 28);
        reader.tree.put(&RANDOM_BYTES, rest, Value::Bytes(rest));
    }
    reader.tree.close();
    reader.skip(32)?;
    let id = reader.span(1);
    let [len] = reader.read_array()?;
    reader.tree.put(&SESSION_ID_LENGTH, id, Value::Uint(len.into()));
    if len > 0 {
        reader.bytes(&SESSION_ID, len.into())?;
    }
    Ok(is_retry)
}

fn write_hex<'t>(bytes: &[u8], text: &'t mut [u8; 64]) -> &'t str {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
    for (pair, byte) in text.chunks_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    core::str::from_utf8(text).unwrap_or_default()
}

fn client_hello(reader: &mut FieldReader<'_, '_>, session: SessionParameters) -> Result<(), UnexpectedEnd> {
    hello(reader, session)?;
    counted_list(reader, &CIPHER_SUITES_LENGTH, &CIPHERSUITES, "Cipher Suites", "suite", |reader| {
        reader.u16(&CIPHERSUITE).map(drop)
    })?;
    let len = reader.u8(&COMP_METHODS_LENGTH)?;
    let s = if len == 1 { "" } else { "s" };
    with_node(
        &mut list(reader, len)?,
        &COMP_METHODS,
        format_args!("Compression Methods ({len} method{s})"),
        |reader| each(reader, |reader| reader.u8(&COMP_METHOD).map(drop)),
    )?;
    extension::read(reader, ExtensionsOf::ClientHello)
}

fn server_hello(reader: &mut FieldReader<'_, '_>, session: SessionParameters) -> Result<(), UnexpectedEnd> {
    let is_retry = hello(reader, session)?;
    reader.u16(&CIPHERSUITE)?;
    reader.u8(&COMP_METHOD)?;
    extension::read(reader, if is_retry { ExtensionsOf::HelloRetryRequest } else { ExtensionsOf::ServerHello })
}

/// Reads the lifetime of a ticket in seconds.
pub(super) fn ticket_lifetime(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let span = reader.span(4);
    let seconds = u32::from_be_bytes(reader.read_array()?);
    let node = reader.tree.put(&TICKET_LIFETIME, span, Value::Uint(seconds.into()));
    reader.tree.label(node, format_args!("{}: {seconds} seconds", TICKET_LIFETIME.title));
    Ok(())
}

fn ticket(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    ticket_lifetime(reader)?;
    let len = reader.u16(&TICKET_LENGTH)?;
    reader.bytes(&TICKET, len.into()).map(drop)
}

fn certificates(reader: &mut FieldReader<'_, '_>, captured: i64) -> Result<(), UnexpectedEnd> {
    let len = reader.u24(&CERTIFICATES_LENGTH)?;
    if len == 0 {
        return Ok(());
    }
    certificate::describe_first(reader.rest().bytes, reader.tree);
    with_node(&mut list(reader, len)?, &CERTIFICATES, format_args!("Certificates ({len} bytes)"), |reader| {
        each(reader, |reader| certificate::read(reader, captured))
    })
}

fn certificate_request(reader: &mut FieldReader<'_, '_>, session: SessionParameters) -> Result<(), UnexpectedEnd> {
    let count = reader.u8(&CERT_TYPES_COUNT)?;
    let s = if count == 1 { "" } else { "s" };
    with_node(&mut list(reader, count)?, &CERT_TYPES, format_args!("Certificate types ({count} type{s})"), |reader| {
        each(reader, |reader| reader.u8(&CERT_TYPE).map(drop))
    })?;
    if session.version >= 0x0303 {
        signature_algorithms(reader)?;
    }
    let len = reader.u16(&DNAMES_LENGTH)?;
    if len == 0 {
        return Ok(());
    }
    with_node(&mut list(reader, len)?, &DNAMES, format_args!("Distinguished Names ({len} bytes)"), |reader| {
        each(reader, |reader| {
            let len = reader.u16(&DNAME_LENGTH)?;
            reader.skip(len.into())
        })
    })
}

/// The key exchange method of a cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyExchangeMethod {
    EllipticCurves,
    DiffieHellman,
    Rsa,
    Unknown,
}

/// Returns the key exchange method of a suite, given by its number.
pub(super) fn key_exchange(suite: u16) -> KeyExchangeMethod {
    let name = CIPHERSUITE.value_name(suite.into()).unwrap_or_default();
    match name.strip_prefix("TLS_").unwrap_or_default() {
        name if name.starts_with("ECDHE_PSK") || name.starts_with("RSA_PSK") => KeyExchangeMethod::Unknown,
        name if name.starts_with("ECDHE_") || name.starts_with("ECDH_anon") => KeyExchangeMethod::EllipticCurves,
        name if name.starts_with("DHE_RSA") || name.starts_with("DHE_DSS") => KeyExchangeMethod::DiffieHellman,
        name if name.starts_with("RSA_") => KeyExchangeMethod::Rsa,
        _ => KeyExchangeMethod::Unknown,
    }
}

fn server_key_exchange(
    reader: &mut FieldReader<'_, '_>,
    session: SessionParameters,
    method: KeyExchangeMethod,
) -> Result<(), UnexpectedEnd> {
    match method {
        KeyExchangeMethod::EllipticCurves => with_group(reader, "EC Diffie-Hellman Server Params", |reader| {
            // Explicit curve parameters are deprecated (RFC 8422 5.4).
            if reader.u8(&CURVE_TYPE)? != 3 {
                return Ok(());
            }
            reader.u16(&NAMED_CURVE)?;
            let len = reader.u8(&SERVER_POINT_LENGTH)?;
            reader.bytes(&SERVER_POINT, len.into())?;
            signature(reader, session)
        }),
        KeyExchangeMethod::DiffieHellman => with_group(reader, "Diffie-Hellman Server Params", |reader| {
            for (length, value) in [(&P_LENGTH, &P), (&G_LENGTH, &G), (&YS_LENGTH, &YS)] {
                let len = reader.u16(length)?;
                reader.bytes(value, len.into())?;
            }
            signature(reader, session)
        }),
        KeyExchangeMethod::Rsa | KeyExchangeMethod::Unknown => Ok(()),
    }
}

fn signature(reader: &mut FieldReader<'_, '_>, session: SessionParameters) -> Result<(), UnexpectedEnd> {
    // Anonymous key exchanges have no signature.
    if reader.rest().bytes.is_empty() {
        return Ok(());
    }
    if session.version >= 0x0303 {
        signature_algorithm(reader)?;
    }
    let len = reader.u16(&SIG_LENGTH)?;
    reader.bytes(&SIG, len.into()).map(drop)
}

fn client_key_exchange(
    reader: &mut FieldReader<'_, '_>,
    session: SessionParameters,
    method: KeyExchangeMethod,
) -> Result<(), UnexpectedEnd> {
    match method {
        KeyExchangeMethod::EllipticCurves => with_group(reader, "EC Diffie-Hellman Client Params", |reader| {
            let len = reader.u8(&CLIENT_POINT_LENGTH)?;
            reader.bytes(&CLIENT_POINT, len.into()).map(drop)
        }),
        KeyExchangeMethod::DiffieHellman => with_group(reader, "Diffie-Hellman Client Params", |reader| {
            let len = reader.u16(&YC_LENGTH)?;
            reader.bytes(&YC, len.into()).map(drop)
        }),
        // SSL 3.0 has no length here (RFC 6101 5.6.7.1).
        KeyExchangeMethod::Rsa if session.version >= 0x0301 => {
            with_group(reader, "RSA Encrypted PreMaster Secret", |reader| {
                let len = reader.u16(&EPMS_LENGTH)?;
                reader.bytes(&EPMS, len.into()).map(drop)
            })
        }
        KeyExchangeMethod::Rsa => with_group(reader, "RSA Encrypted PreMaster Secret", |reader| {
            reader.bytes(&EPMS, reader.rest().bytes.len()).map(drop)
        }),
        KeyExchangeMethod::Unknown => Ok(()),
    }
}

/// Records the frames that a message was reassembled from, with the number of its bytes in each.
pub(super) fn describe_fragments(message: Slice, fragments: &[(u32, u32)], tree: &mut Tree) {
    let none = Slice::default();
    let node = tree.open(&FRAGMENTS, none, Value::Present);
    tree.label(node, format_args!("[{} {} ({} bytes)]", fragments.len(), FRAGMENTS.title, message.len));
    let mut from = 0;
    for &(frame, len) in fragments {
        let span = Slice::new(message.start + from, len);
        let node = tree.put(&FRAGMENT, span, Value::Uint(frame.into()));
        let last = (from + len).saturating_sub(1);
        tree.label(node, format_args!("[Frame: {frame}, payload: {from}-{last} ({len} bytes)]"));
        from += len;
    }
    tree.put(&FRAGMENT_COUNT, none, Value::Uint(fragments.len() as u64));
    tree.close();
}
