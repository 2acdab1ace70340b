//! The messages of the handshake that are said in clear (RFC 8446 4, RFC 5246 7.4).

use super::extension::{self, Within, signature_algorithm, signature_algorithms};
use super::fields::*;
use super::ja3;
use super::names::{self, TLS13};
use super::vector::{counted, each, grouped, list, under};
use crate::packet::Piece;
use crate::reader::{Reader, Short};
use crate::tree::{Slice, Tree, Value};

pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const SERVER_HELLO_DONE: u8 = 14;

/// How long the header of a message is: its type and its length.
pub(super) const HEAD: usize = 4;

/// What stands for the random of a server that wants another hello (RFC 8446 4.1.3): the SHA-256 of
/// `HelloRetryRequest`.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a message is called in a list.
pub(super) fn name(kind: u8) -> &'static str {
    HANDSHAKE_TYPE.value_name(kind.into()).unwrap_or("Encrypted Handshake Message")
}

/// How long a message is that begins with these bytes, its header included.
pub(super) fn whole(bytes: &[u8]) -> Option<usize> {
    let &[_, a, b, c, ..] = bytes else { return None };
    Some(HEAD + u32::from_be_bytes([0, a, b, c]) as usize)
}

/// Whether a version is TLS 1.3, or a draft of it.
pub(super) fn is_13(version: u16) -> bool {
    version == TLS13 || version >> 8 == 0x7f
}

/// What a server's hello decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) version: u16,
    pub(super) suite: u16,
    /// The protocol within, if it is said here and known.
    pub(super) application: Option<&'static str>,
    /// The server wants another hello.
    pub(super) retry: bool,
}

impl Agreed {
    /// What the body of a server's hello says, as far as it goes.
    pub(super) fn read(body: &[u8]) -> Option<Agreed> {
        let (version, rest) = body.split_first_chunk()?;
        let (random, rest) = rest.split_first_chunk::<32>()?;
        let (&id, rest) = rest.split_first()?;
        let (suite, mut rest) = rest.get(id.into()..)?.split_first_chunk()?;
        let mut agreed = Agreed {
            version: u16::from_be_bytes(*version),
            suite: u16::from_be_bytes(*suite),
            application: None,
            retry: *random == RETRY,
        };
        // The compression method and the length of the extensions.
        rest = rest.get(3..).unwrap_or_default();
        while let Some((&[a, b, c, d], after)) = rest.split_first_chunk() {
            let (value, after) = after.split_at_checked(u16::from_be_bytes([c, d]).into()).unwrap_or_default();
            match (u16::from_be_bytes([a, b]), value) {
                (43, &[high, low]) => agreed.version = u16::from_be_bytes([high, low]),
                (16, [_, _, _, alpn @ ..]) => agreed.application = names::application(alpn),
                _ => {}
            }
            rest = after;
        }
        Some(agreed)
    }
}

/// What is known of the session when a message is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The version that is spoken; 0 if unknown.
    pub(super) version: u16,
    /// The cipher suite that the server has chosen.
    pub(super) suite: u16,
}

/// Records a message, header and all.
pub(super) fn describe(piece: Piece<'_>, name: &str, known: Known, tree: &mut Tree) {
    let node = tree.open(&HANDSHAKE, piece.all(), Value::Present);
    tree.label(node, format_args!("Handshake Protocol: {name}"));
    let mut reader = Reader::new(piece, tree);
    if let Err(Short) = read(&mut reader, known) {
        crate::frame::note_cut(piece, reader.tree);
    }
    ja3::describe(piece.bytes, tree);
    tree.close();
}

fn read(reader: &mut Reader<'_, '_>, known: Known) -> Result<(), Short> {
    let kind = reader.u8(&HANDSHAKE_TYPE)?;
    reader.u24(&HANDSHAKE_LENGTH)?;
    let exchange = exchange(known.suite);
    match kind {
        CLIENT_HELLO => client_hello(reader, known),
        SERVER_HELLO => server_hello(reader, known),
        4 if !is_13(known.version) => grouped(reader, "TLS Session Ticket", ticket),
        11 if !is_13(known.version) => certificates(reader),
        12 => server_key_exchange(reader, known, exchange),
        13 if !is_13(known.version) => certificate_request(reader, known),
        15 => {
            if known.version >= 0x0303 {
                signature_algorithm(reader)?;
            }
            let len = reader.u16(&VERIFY_SIG_LENGTH)?;
            reader.bytes(&VERIFY_SIG, len.into()).map(drop)
        }
        16 => client_key_exchange(reader, known, exchange),
        22 => {
            reader.u8(&STATUS_TYPE)?;
            reader.u24(&OCSP_RESPONSE_LENGTH).map(drop)
        }
        _ => Ok(()),
    }
}

/// What both hellos begin with: version, random and session.
fn hello(reader: &mut Reader<'_, '_>, known: Known) -> Result<bool, Short> {
    reader.u16(&VERSION)?;
    let random = reader.rest();
    let bytes = random.bytes.first_chunk::<32>().ok_or(Short)?;
    let is_retry = *bytes == RETRY;
    let place = random.span(0, 32);
    let node = reader.tree.open(&RANDOM, place, Value::Bytes(place));
    if is_retry && node.is_some() {
        let mut hex = [0; 64];
        let text = hexed(bytes, &mut hex);
        reader.tree.label(node, format_args!("Random: {text} (HelloRetryRequest magic)"));
    }
    if !is_13(known.version) {
        let [a, b, c, d, ..] = *bytes;
        let seconds = i64::from(u32::from_be_bytes([a, b, c, d]));
        reader.tree.put(&RANDOM_TIME, random.span(0, 4), Value::Time(seconds * 1_000_000_000));
        let rest = random.span(4, 28);
        reader.tree.put(&RANDOM_BYTES, rest, Value::Bytes(rest));
    }
    reader.tree.close();
    reader.skip(32)?;
    let id = reader.span(1);
    let [len] = reader.take()?;
    reader.tree.put(&SESSION_ID_LENGTH, id, Value::Uint(len.into()));
    if len > 0 {
        reader.bytes(&SESSION_ID, len.into())?;
    }
    Ok(is_retry)
}

fn hexed<'t>(bytes: &[u8], text: &'t mut [u8; 64]) -> &'t str {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
    for (pair, byte) in text.chunks_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    core::str::from_utf8(text).unwrap_or_default()
}

fn client_hello(reader: &mut Reader<'_, '_>, known: Known) -> Result<(), Short> {
    hello(reader, known)?;
    counted(reader, &CIPHER_SUITES_LENGTH, &CIPHERSUITES, "Cipher Suites", "suite", |reader| {
        reader.u16(&CIPHERSUITE).map(drop)
    })?;
    let len = reader.u8(&COMP_METHODS_LENGTH)?;
    let s = if len == 1 { "" } else { "s" };
    under(&mut list(reader, len)?, &COMP_METHODS, format_args!("Compression Methods ({len} method{s})"), |reader| {
        each(reader, |reader| reader.u8(&COMP_METHOD).map(drop))
    })?;
    extension::read(reader, Within::ClientHello)
}

fn server_hello(reader: &mut Reader<'_, '_>, known: Known) -> Result<(), Short> {
    let is_retry = hello(reader, known)?;
    reader.u16(&CIPHERSUITE)?;
    reader.u8(&COMP_METHOD)?;
    extension::read(reader, if is_retry { Within::HelloRetryRequest } else { Within::ServerHello })
}

fn ticket(reader: &mut Reader<'_, '_>) -> Result<(), Short> {
    let place = reader.span(4);
    let seconds = u32::from_be_bytes(reader.take()?);
    let node = reader.tree.put(&TICKET_LIFETIME, place, Value::Uint(seconds.into()));
    reader.tree.label(node, format_args!("{}: {seconds} seconds", TICKET_LIFETIME.title));
    let len = reader.u16(&TICKET_LENGTH)?;
    reader.bytes(&TICKET, len.into()).map(drop)
}

fn certificates(reader: &mut Reader<'_, '_>) -> Result<(), Short> {
    let len = reader.u24(&CERTIFICATES_LENGTH)?;
    if len == 0 {
        return Ok(());
    }
    under(&mut list(reader, len)?, &CERTIFICATES, format_args!("Certificates ({len} bytes)"), |reader| {
        each(reader, |reader| {
            let len = reader.u24(&CERTIFICATE_LENGTH)?;
            reader.bytes(&CERTIFICATE, len as usize).map(drop)
        })
    })
}

fn certificate_request(reader: &mut Reader<'_, '_>, known: Known) -> Result<(), Short> {
    let count = reader.u8(&CERT_TYPES_COUNT)?;
    let s = if count == 1 { "" } else { "s" };
    under(&mut list(reader, count)?, &CERT_TYPES, format_args!("Certificate types ({count} type{s})"), |reader| {
        each(reader, |reader| reader.u8(&CERT_TYPE).map(drop))
    })?;
    if known.version >= 0x0303 {
        signature_algorithms(reader)?;
    }
    let len = reader.u16(&DNAMES_LENGTH)?;
    if len == 0 {
        return Ok(());
    }
    under(&mut list(reader, len)?, &DNAMES, format_args!("Distinguished Names ({len} bytes)"), |reader| {
        each(reader, |reader| {
            let len = reader.u16(&DNAME_LENGTH)?;
            reader.skip(len.into())
        })
    })
}

/// How keys are exchanged under a cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    EllipticCurves,
    DiffieHellman,
    Rsa,
    Unknown,
}

fn exchange(suite: u16) -> Exchange {
    let name = CIPHERSUITE.value_name(suite.into()).unwrap_or_default();
    match name.strip_prefix("TLS_").unwrap_or_default() {
        name if name.starts_with("ECDHE_PSK") || name.starts_with("RSA_PSK") => Exchange::Unknown,
        name if name.starts_with("ECDHE_") || name.starts_with("ECDH_anon") => Exchange::EllipticCurves,
        name if name.starts_with("DHE_RSA") || name.starts_with("DHE_DSS") => Exchange::DiffieHellman,
        name if name.starts_with("RSA_") => Exchange::Rsa,
        _ => Exchange::Unknown,
    }
}

fn server_key_exchange(reader: &mut Reader<'_, '_>, known: Known, exchange: Exchange) -> Result<(), Short> {
    match exchange {
        Exchange::EllipticCurves => grouped(reader, "EC Diffie-Hellman Server Params", |reader| {
            // Curves by their coefficients are not used any more (RFC 8422 5.4).
            if reader.u8(&CURVE_TYPE)? != 3 {
                return Ok(());
            }
            reader.u16(&NAMED_CURVE)?;
            let len = reader.u8(&SERVER_POINT_LENGTH)?;
            reader.bytes(&SERVER_POINT, len.into())?;
            signature(reader, known)
        }),
        Exchange::DiffieHellman => grouped(reader, "Diffie-Hellman Server Params", |reader| {
            for (length, value) in [(&P_LENGTH, &P), (&G_LENGTH, &G), (&YS_LENGTH, &YS)] {
                let len = reader.u16(length)?;
                reader.bytes(value, len.into())?;
            }
            signature(reader, known)
        }),
        Exchange::Rsa | Exchange::Unknown => Ok(()),
    }
}

fn signature(reader: &mut Reader<'_, '_>, known: Known) -> Result<(), Short> {
    // Without a certificate there is none.
    if reader.rest().bytes.is_empty() {
        return Ok(());
    }
    if known.version >= 0x0303 {
        signature_algorithm(reader)?;
    }
    let len = reader.u16(&SIG_LENGTH)?;
    reader.bytes(&SIG, len.into()).map(drop)
}

fn client_key_exchange(reader: &mut Reader<'_, '_>, known: Known, exchange: Exchange) -> Result<(), Short> {
    match exchange {
        Exchange::EllipticCurves => grouped(reader, "EC Diffie-Hellman Client Params", |reader| {
            let len = reader.u8(&CLIENT_POINT_LENGTH)?;
            reader.bytes(&CLIENT_POINT, len.into()).map(drop)
        }),
        Exchange::DiffieHellman => grouped(reader, "Diffie-Hellman Client Params", |reader| {
            let len = reader.u16(&YC_LENGTH)?;
            reader.bytes(&YC, len.into()).map(drop)
        }),
        // SSL 3.0 has no length here (RFC 6101 5.6.7.1).
        Exchange::Rsa if known.version >= 0x0301 => grouped(reader, "RSA Encrypted PreMaster Secret", |reader| {
            let len = reader.u16(&EPMS_LENGTH)?;
            reader.bytes(&EPMS, len.into()).map(drop)
        }),
        Exchange::Rsa => grouped(reader, "RSA Encrypted PreMaster Secret", |reader| {
            reader.bytes(&EPMS, reader.rest().bytes.len()).map(drop)
        }),
        Exchange::Unknown => Ok(()),
    }
}

/// Records of which frames a message was put together; each is told with how many bytes of it came there.
pub(super) fn describe_fragments(whole: Slice, parts: &[(u32, u32)], tree: &mut Tree) {
    let none = Slice::default();
    let node = tree.open(&FRAGMENTS, none, Value::Present);
    tree.label(node, format_args!("[{} {} ({} bytes)]", parts.len(), FRAGMENTS.title, whole.len));
    let mut from = 0;
    for &(frame, len) in parts {
        let place = Slice::new(whole.start + from, len);
        let node = tree.put(&FRAGMENT, place, Value::Uint(frame.into()));
        let last = (from + len).saturating_sub(1);
        tree.label(node, format_args!("[Frame: {frame}, payload: {from}-{last} ({len} bytes)]"));
        from += len;
    }
    tree.put(&FRAGMENT_COUNT, none, Value::Uint(parts.len() as u64));
    tree.close();
}
