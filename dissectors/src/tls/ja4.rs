//! JA4: a fingerprint of TLS clients, formed from the values in a client hello, sorted.
//!
//! ```text
//! t13d1516h2_8daaf6152771_e5627efa2ab1
//! |||| | |    |            SHA-256 of the extensions, and of the signature algorithms in their order
//! |||| | |    SHA-256 of the cipher suites
//! |||| | first and last character of the first application protocol
//! |||| number of cipher suites, number of extensions
//! ||| with a server name (d) or without (i)
//! | version
//! TCP (t) or QUIC (q)
//! ```
//!
//! GREASE values (RFC 8701) are omitted. Each hash is truncated to 12 digits.

use super::fields::{JA4, JA4_RAW};
use super::handshake::{Carrier, MESSAGE_HEADER_LEN};
use super::ja3::{Hex, is_grease, numbers};
use crate::hello::{extensions, vector};
use crate::tree::{Slice, Tree};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use sha2::{Digest, Sha256};

const SERVER_NAME: u16 = 0;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// Records the fingerprint of a client hello, given with its header, if the field is selected and the hello is complete.
pub(super) fn describe(message: &[u8], carrier: Carrier, tree: &mut Tree) {
    if !tree.wants(&JA4) && !tree.wants(&JA4_RAW) {
        return;
    }
    let body = message.get(MESSAGE_HEADER_LEN..).unwrap_or_default();
    let Some(client) = Client::read(body, carrier) else { return };
    let Client { start, suites, extensions } = client;
    tree.put_text(&JA4, Slice::default(), format_args!("{start}_{}_{}", Digest12(&suites), Digest12(&extensions)));
    tree.put_text(&JA4_RAW, Slice::default(), format_args!("{start}_{suites}_{extensions}"));
}

/// The parts of the fingerprint.
struct Client {
    start: String,
    suites: String,
    extensions: String,
}

impl Client {
    fn read(body: &[u8], carrier: Carrier) -> Option<Client> {
        let (version, rest) = body.split_first_chunk()?;
        let (_session, rest) = vector::<1>(rest.get(32..)?)?;
        let (suites, rest) = vector::<2>(rest)?;
        let (_methods, rest) = vector::<1>(rest)?;
        let mut suites: Vec<u16> = numbers(suites).filter(|&number| !is_grease(number)).collect();
        let mut version = u16::from_be_bytes(*version);
        let (mut kinds, mut algorithms) = (Vec::new(), Vec::new());
        let mut protocol: &[u8] = &[];
        let mut count = 0;
        let mut has_name = false;
        for (kind, value) in extensions(rest).filter(|&(kind, _)| !is_grease(kind)) {
            count += 1;
            match kind {
                SERVER_NAME => has_name = true,
                ALPN => {
                    protocol = value.get(2..).and_then(vector::<1>).unwrap_or_default().0;
                }
                _ => kinds.push(kind),
            }
            let list = value.get(2..).unwrap_or_default();
            if kind == SIGNATURE_ALGORITHMS {
                algorithms = numbers(list).filter(|&number| !is_grease(number)).collect();
            } else if kind == SUPPORTED_VERSIONS {
                let offered = numbers(value.get(1..).unwrap_or_default());
                version = offered.filter(|&number| !is_grease(number)).max().unwrap_or(version);
            }
        }
        let mut start = String::new();
        let name = if has_name { 'd' } else { 'i' };
        let (offered, count) = (suites.len().min(99), count.min(99));
        let carrier = if carrier == Carrier::Quic { 'q' } else { 't' };
        let _ = write!(start, "{carrier}{}{name}{offered:02}{count:02}", version_name(version));
        write_ends(&mut start, protocol);
        suites.sort_unstable();
        kinds.sort_unstable();
        let mut extensions = join(&kinds);
        if !algorithms.is_empty() {
            let _ = write!(extensions, "_{}", join(&algorithms));
        }
        Some(Client { start, suites: join(&suites), extensions })
    }
}

fn version_name(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// Writes the first and the last character of a protocol; in hexadecimal digits if one is not a letter or digit.
fn write_ends(text: &mut String, protocol: &[u8]) {
    let _ = match protocol {
        [] => write!(text, "00"),
        &[first, ..] => {
            let last = protocol.last().copied().unwrap_or(first);
            match first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
                true => write!(text, "{}{}", first as char, last as char),
                false => write!(text, "{:x}{:x}", first >> 4, last & 15),
            }
        }
    };
}

fn join(numbers: &[u16]) -> String {
    let mut text = String::new();
    for (nth, number) in numbers.iter().enumerate() {
        let _ = write!(text, "{}{number:04x}", if nth == 0 { "" } else { "," });
    }
    text
}

/// The first 12 digits of the SHA-256 of a text; zeros for an empty text.
struct Digest12<'t>(&'t str);

impl core::fmt::Display for Digest12<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            "" => f.write_str("000000000000"),
            text => write!(f, "{}", Hex(Sha256::digest(text.as_bytes()).get(..6).unwrap_or_default())),
        }
    }
}
