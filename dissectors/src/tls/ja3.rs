//! JA3 and JA3S: fingerprints of TLS software, formed from the values in a hello and their order.
//!
//! The text is `version,cipher suites,extensions,groups,point formats` for a client and
//! `version,cipher suite,extensions` for a server, in decimal. GREASE values (RFC 8701) are omitted because they change
//! between hellos.

use super::fields::{JA3, JA3_FULL, JA3S, JA3S_FULL};
use super::handshake::{CLIENT_HELLO, MESSAGE_HEADER_LEN, SERVER_HELLO};
use crate::field::Field;
use crate::hello::vector;
use crate::tree::{Slice, Tree};
use alloc::string::String;
use core::fmt::Write;
use md5::{Digest, Md5};

/// Records the fingerprint of a hello, given with its header, if the field is selected and the hello is complete.
pub(super) fn describe(message: &[u8], tree: &mut Tree) {
    type Read = fn(&[u8]) -> Option<String>;
    let (full, hash, read): (&'static Field, &'static Field, Read) = match message.first() {
        Some(&CLIENT_HELLO) => (&JA3_FULL, &JA3, client),
        Some(&SERVER_HELLO) => (&JA3S_FULL, &JA3S, server),
        _ => return,
    };
    if !tree.wants(full) && !tree.wants(hash) {
        return;
    }
    let Some(text) = read(message.get(MESSAGE_HEADER_LEN..).unwrap_or_default()) else { return };
    tree.put_text(full, Slice::default(), format_args!("{text}"));
    tree.put_text(hash, Slice::default(), format_args!("{}", Hex(&Md5::digest(text.as_bytes()))));
}

pub(super) struct Hex<'b>(pub(super) &'b [u8]);

impl core::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        crate::format::hex(f, self.0)
    }
}

fn client(body: &[u8]) -> Option<String> {
    let (version, rest) = version(body)?;
    let (suites, rest) = vector::<2>(rest)?;
    let (_methods, rest) = vector::<1>(rest)?;
    let mut text = String::new();
    let _ = write!(text, "{version},");
    join(&mut text, numbers(suites));
    text.push(',');
    let mut lists: [&[u8]; 2] = [&[]; 2];
    extensions(&mut text, rest, |kind, value| match kind {
        10 => lists[0] = value.get(2..).unwrap_or_default(),
        11 => lists[1] = value.get(1..).unwrap_or_default(),
        _ => {}
    })?;
    let [groups, formats] = lists;
    text.push(',');
    join(&mut text, numbers(groups));
    text.push(',');
    join(&mut text, formats.iter().map(|&format| format.into()));
    Some(text)
}

fn server(body: &[u8]) -> Option<String> {
    let (version, rest) = version(body)?;
    let (&[a, b, _method], rest) = rest.split_first_chunk()?;
    let mut text = String::new();
    let _ = write!(text, "{version},{},", u16::from_be_bytes([a, b]));
    extensions(&mut text, rest, |_, _| {})?;
    Some(text)
}

/// Returns the version of a hello, and the bytes after its random and session ID.
fn version(body: &[u8]) -> Option<(u16, &[u8])> {
    let (version, rest) = body.split_first_chunk()?;
    let (_session, rest) = vector::<1>(rest.get(32..)?)?;
    Some((u16::from_be_bytes(*version), rest))
}

/// Writes the types of the extensions, and calls `visit` with the type and value of each.
fn extensions<'b>(text: &mut String, rest: &'b [u8], mut visit: impl FnMut(u16, &'b [u8])) -> Option<()> {
    let mut rest = if rest.is_empty() { rest } else { vector::<2>(rest)?.0 };
    let mut is_first = true;
    while let Some((kind, after)) = rest.split_first_chunk() {
        let kind = u16::from_be_bytes(*kind);
        let (value, after) = vector::<2>(after)?;
        if !is_grease(kind) {
            let _ = write!(text, "{}{kind}", if is_first { "" } else { "-" });
            is_first = false;
            visit(kind, value);
        }
        rest = after;
    }
    Some(())
}

pub(super) fn numbers(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, &byte| sum << 8 | u16::from(byte)))
}

fn join(text: &mut String, numbers: impl Iterator<Item = u16>) {
    for (nth, number) in numbers.filter(|&number| !is_grease(number)).enumerate() {
        let _ = write!(text, "{}{number}", if nth == 0 { "" } else { "-" });
    }
}

/// Returns whether a value is GREASE (RFC 8701 2): 0x0a0a, 0x1a1a and so on.
pub(super) fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 15 == 10
}
