//! The client hello of SSL 2.0 (RFC 6101 E, RFC 5246 E.2), with which old clients offer later versions.
//!
//! ```text
//!  0         1        2    3         5         7         9        11
//! +---------+--------+----+---------+---------+---------+---------+-------+----+-----------+
//! | 1 length         | 1  | version | specs   | ID      | challenge (lengths) | specs | ID | challenge
//! +---------+--------+----+---------+---------+---------+---------+-------+----+-----------+
//! ```

use super::fields::*;
use super::vector::{each, list, with_node};
use super::{Tls, open_protocol};
use crate::hello::ClientOffer;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::session::{Chunk, Context, Probe, Side, Transition};
use crate::tree::{Slice, Value};

/// Bytes before the cipher specs.
const HEAD_LEN: usize = 11;
/// Length of the record header, which the length in it does not count.
const HEADER_LEN: usize = 2;
const SSL2: u64 = 0x0002;

/// Returns whether the first bytes of a client are a client hello of SSL 2.0 that offers SSL 3.0 or later.
pub(super) fn probe(bytes: &[u8]) -> Probe {
    let fits = |at: usize, byte: u8| match at {
        0 => byte & 0x80 != 0,
        2 => byte == 1,
        3 => byte == 3,
        4 => byte <= 4,
        _ => true,
    };
    if !bytes.iter().take(HEAD_LEN).enumerate().all(|(at, &byte)| fits(at, byte)) {
        return Probe::No;
    }
    let Some(&[high, low, _, _, _, a, b, c, d, e, f]) = bytes.first_chunk::<HEAD_LEN>() else { return Probe::Perhaps };
    let [len, specs, id, challenge] =
        [[high & 0x7f, low], [a, b], [c, d], [e, f]].map(|bytes| usize::from(u16::from_be_bytes(bytes)));
    let is_hello = specs > 0
        && specs.is_multiple_of(3)
        && id <= 32
        && (16..=32).contains(&challenge)
        && len + HEADER_LEN == HEAD_LEN + specs + id + challenge;
    if is_hello { Probe::Yes } else { Probe::No }
}

/// Returns the random of a client hello: its challenge, with leading zeros.
fn random(hello: &[u8]) -> Option<[u8; 32]> {
    let &len = hello.get(HEAD_LEN - 1)?;
    let challenge = hello.get(hello.len().checked_sub(len.into())?..)?;
    let mut random = [0; 32];
    random.get_mut(32_usize.checked_sub(challenge.len())?..)?.copy_from_slice(challenge);
    Some(random)
}

impl Tls {
    /// Reads a client hello of SSL 2.0 at the start of the client's bytes; `None` if there is none.
    pub(super) fn read_ssl2_hello(
        &mut self,
        side: Side,
        chunk: Chunk<'_>,
        cx: &mut Context<'_>,
    ) -> Option<(usize, Transition)> {
        if side != Side::Client || self.side(side).version != 0 || probe(chunk.bytes) != Probe::Yes {
            return None;
        }
        let &[high, low, ..] = chunk.bytes else { return None };
        let len = HEADER_LEN + usize::from(u16::from_be_bytes([high & 0x7f, low]));
        let Some(hello) = chunk.bytes.get(..len) else { return Some((0, Transition::Stay)) };
        let first = self.side(side).first_unread.unwrap_or(cx.first);
        let span = open_protocol(chunk.first(len), cx);
        let state = self.side(side);
        (state.version, state.is_cleartext) = (SSL2 as u16, true);
        let offer = ClientOffer { random: random(hello)?, ..ClientOffer::default() };
        self.summary.client_hello(first, &offer, cx);
        self.decryption.get_or_insert_default().client_hello(&offer);
        describe(Payload::whole(hello, span.start), cx);
        if cx.tree.wants_columns() {
            cx.tree.columns_mut().protocol = super::names::short(SSL2 as u16);
        }
        self.append_info(format_args!("Client Hello"), cx);
        self.describe_secrets(cx);
        self.close_protocol(side, first, len as u64, cx);
        Some((len, Transition::Stay))
    }
}

fn describe(hello: Payload<'_>, cx: &mut Context<'_>) {
    let node = cx.tree.open(&RECORD, hello.all(), Value::Present);
    cx.tree.label(node, format_args!("SSLv2 Record Layer: Client Hello"));
    cx.tree.put(&RECORD_VERSION, Slice::default(), Value::Uint(SSL2));
    let len = hello.bytes.len().saturating_sub(HEADER_LEN) as u64;
    cx.tree.put(&RECORD_LENGTH, hello.span(0, HEADER_LEN), Value::Uint(len));
    let mut reader = FieldReader::new(hello.from(HEADER_LEN), cx.tree);
    // The probe has checked all lengths.
    let _ = read(&mut reader);
    cx.tree.close();
}

fn read(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&SSL2_TYPE)?;
    reader.u16(&VERSION)?;
    let specs = reader.u16(&CIPHER_SPECS_LENGTH)?;
    let id = reader.u16(&SESSION_ID_LENGTH)?;
    reader.u16(&CHALLENGE_LENGTH)?;
    let s = if specs == 3 { "" } else { "s" };
    let title = format_args!("Cipher Specs ({} spec{s})", specs / 3);
    with_node(&mut list(reader, specs)?, &CIPHERSUITES, title, |reader| {
        each(reader, |reader| reader.u24(&SSL2_CIPHER_SPEC).map(drop))
    })?;
    if id > 0 {
        reader.bytes(&SESSION_ID, id.into())?;
    }
    let rest = reader.rest();
    reader.tree.put(&CHALLENGE, rest.all(), Value::Present);
    Ok(())
}
