//! Detail of packets: their headers, and packets without frames.

use super::PROTOCOL;
use super::fields::*;
use super::header::{FIXED, LongHeader, LongPacket, PacketType, RETRY_TAG, Version};
use super::keys::PlainHeader;
use crate::format;
use crate::packet::Payload;
use crate::session::Context;
use crate::tree::{Slice, Tree, Value};
use core::fmt;

/// Bytes as hexadecimal digits.
struct Hex<'b>(&'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        format::hex(f, self.0)
    }
}

/// A part of the Info column that is left out for a connection ID without bytes.
struct Id<'b>(&'static str, &'b [u8]);

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() { Ok(()) } else { write!(f, ", {}={}", self.0, Hex(self.1)) }
    }
}

/// Opens the node of a packet, of the connection of a number in the capture.
pub(super) fn open(packet: Payload<'_>, connection: Option<u32>, cx: &mut Context<'_>) {
    if !cx.path.names().contains(&"quic") {
        cx.path.push("quic");
    }
    if cx.tree.wants_columns() {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
    }
    cx.tree.open(&QUIC, packet.all(), Value::Bytes(packet.all()));
    if let Some(number) = connection {
        cx.tree.put(&CONNECTION_NUMBER, packet.span(0, 0), Value::Uint(number.into()));
    }
}

/// Records bytes after the packets of a datagram.
pub(super) fn padding(rest: Payload<'_>, cx: &mut Context<'_>) {
    open(rest, None, cx);
    cx.tree.note(&COALESCED_PADDING, rest.all(), format_args!("{}", COALESCED_PADDING.title));
    cx.tree.close();
}

fn put_bit(field: &'static crate::Field, byte: u8, bit: u8, span: Slice, tree: &mut Tree) {
    tree.put(field, span, Value::Bool(byte & bit != 0));
}

fn put_bytes(field: &'static crate::Field, span: Slice, tree: &mut Tree) {
    if span.len > 0 {
        tree.put(field, span, Value::Bytes(span));
    }
}

/// Records the connection IDs of a long header, after its version.
fn connection_ids(packet: Payload<'_>, header: &LongHeader<'_>, tree: &mut Tree) {
    let (dcil, scil) = (header.dcid.len(), header.scid.len());
    tree.put(&DCIL, packet.span(5, 1), Value::Uint(dcil as u64));
    put_bytes(&DCID, packet.span(6, dcil), tree);
    tree.put(&SCIL, packet.span(6 + dcil, 1), Value::Uint(scil as u64));
    put_bytes(&SCID, packet.span(7 + dcil, scil), tree);
}

/// Records a version negotiation (RFC 8999 6).
pub(super) fn version_negotiation(packet: Payload<'_>, header: &LongHeader<'_>, tree: &mut Tree) {
    tree.set_info(format_args!("Version Negotiation{}{}", Id("DCID", header.dcid), Id("SCID", header.scid)));
    tree.put(&PACKET_LENGTH, packet.all(), Value::Uint(packet.bytes.len() as u64));
    tree.put(&HEADER_FORM, packet.span(0, 1), Value::Uint(1));
    tree.put(&VN_UNUSED, packet.span(0, 1), Value::Uint((header.first & 0x7f).into()));
    tree.put(&VERSION, packet.span(1, 4), Value::Uint(0));
    connection_ids(packet, header, tree);
    let versions = packet.from(header.end);
    for (nth, version) in versions.bytes.chunks_exact(4).enumerate() {
        let number = version.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
        tree.put(&SUPPORTED_VERSION, versions.span(nth * 4, 4), Value::Uint(number));
    }
}

/// Records a packet of a version that is not known.
pub(super) fn unknown_version(packet: Payload<'_>, header: &LongHeader<'_>, tree: &mut Tree) {
    let (dcid, scid) = (Id("DCID", header.dcid), Id("SCID", header.scid));
    tree.set_info(format_args!("Protected Payload{dcid}{scid}"));
    tree.put(&PACKET_LENGTH, packet.all(), Value::Uint(packet.bytes.len() as u64));
    tree.put(&HEADER_FORM, packet.span(0, 1), Value::Uint(1));
    tree.put(&VERSION, packet.span(1, 4), Value::Uint(header.version.into()));
    connection_ids(packet, header, tree);
    put_bytes(&REMAINING_PAYLOAD, packet.from(header.end).all(), tree);
}

/// Records a long header of a known version, decrypted as far as it could be.
pub(super) fn long(packet: Payload<'_>, long: &LongPacket<'_>, plain: Option<&PlainHeader>, tree: &mut Tree) {
    let header = &long.header;
    let (name, dcid, scid) = (long.kind.name(), Id("DCID", header.dcid), Id("SCID", header.scid));
    match plain {
        Some(plain) => tree.set_info(format_args!("{name}{dcid}{scid}, PKN: {}", plain.number)),
        None => tree.set_info(format_args!("{name}{dcid}{scid}")),
    }
    if !tree.wants_any(&QUIC) {
        return;
    }
    let first = packet.span(0, 1);
    tree.put(&PACKET_LENGTH, packet.all(), Value::Uint(packet.bytes.len() as u64));
    tree.put(&HEADER_FORM, first, Value::Uint(1));
    if long.kind != PacketType::Retry {
        put_bit(&FIXED_BIT, header.first, FIXED, first, tree);
    }
    let kind = if long.version == Version::V2 { &PACKET_TYPE_V2 } else { &PACKET_TYPE };
    tree.put(kind, first, Value::Uint((header.first >> 4 & 3).into()));
    if let Some(plain) = plain {
        tree.put(&LONG_RESERVED, first, Value::Uint((plain.first >> 2 & 3).into()));
        tree.put(&NUMBER_LENGTH, first, Value::Uint((plain.first & 3).into()));
    }
    tree.put(&VERSION, packet.span(1, 4), Value::Uint(header.version.into()));
    connection_ids(packet, header, tree);
    if long.kind == PacketType::Retry {
        put_bytes(&RETRY_TOKEN, packet.span(header.end, long.token.len()), tree);
        let tag = packet.span(header.end + long.token.len(), RETRY_TAG);
        tree.put(&RETRY_TAG_FIELD, tag, Value::Bytes(tag));
        return;
    }
    let [token_size, length_size] = long.length_sizes;
    if long.kind == PacketType::Initial {
        tree.put(&TOKEN_LENGTH, packet.span(header.end, token_size), Value::Uint(long.token.len() as u64));
        put_bytes(&TOKEN, packet.span(header.end + token_size, long.token.len()), tree);
    }
    let at = packet.span(long.number_at - length_size, length_size);
    tree.put(&LENGTH, at, Value::Uint(long.protected_len() as u64));
    protected(packet, long.number_at, plain, &PAYLOAD, tree);
}

/// Records packet number and payload; `field` is that of the payload of a packet that is decrypted.
fn protected(
    packet: Payload<'_>,
    number_at: usize,
    plain: Option<&PlainHeader>,
    field: &'static crate::Field,
    tree: &mut Tree,
) {
    if let Some(plain) = plain {
        tree.put(&PACKET_NUMBER, packet.span(number_at, plain.number_len), Value::Uint(plain.number));
        put_bytes(field, packet.from(number_at + plain.number_len).all(), tree);
    }
}

/// Records a short header, decrypted as far as it could be.
pub(super) fn short(packet: Payload<'_>, dcid: &[u8], plain: Option<&PlainHeader>, tree: &mut Tree) {
    let id = Id("DCID", dcid);
    match plain {
        Some(plain) => {
            let phase = plain.first >> 2 & 1;
            tree.set_info(format_args!("Protected Payload (KP{phase}){id}, PKN: {}", plain.number));
        }
        None => tree.set_info(format_args!("Protected Payload{id}")),
    }
    if !tree.wants_any(&QUIC) {
        return;
    }
    let (span, byte) = (packet.span(0, 1), packet.bytes.first().copied().unwrap_or_default());
    tree.put(&PACKET_LENGTH, packet.all(), Value::Uint(packet.bytes.len() as u64));
    let node = tree.open(&SHORT, packet.span(0, 1 + dcid.len()), Value::Present);
    let number = plain.map(|plain| plain.number);
    label_short(node, dcid, number, tree);
    tree.put(&HEADER_FORM, span, Value::Uint(0));
    put_bit(&FIXED_BIT, byte, FIXED, span, tree);
    put_bit(&SPIN_BIT, byte, 0x20, span, tree);
    if let Some(plain) = plain {
        tree.put(&SHORT_RESERVED, span, Value::Uint((plain.first >> 3 & 3).into()));
        put_bit(&KEY_PHASE, plain.first, 0x04, span, tree);
        tree.put(&NUMBER_LENGTH, span, Value::Uint((plain.first & 3).into()));
    }
    put_bytes(&DCID, packet.span(1, dcid.len()), tree);
    protected(packet, 1 + dcid.len(), plain, &PROTECTED_PAYLOAD, tree);
    tree.close();
}

fn label_short(node: Option<usize>, dcid: &[u8], number: Option<u64>, tree: &mut Tree) {
    if !tree.wanted().labels {
        return;
    }
    let id = if dcid.is_empty() { "" } else { " DCID=" };
    match number {
        Some(number) => tree.label(node, format_args!("{}{id}{} PKN={number}", SHORT.title, Hex(dcid))),
        None => tree.label(node, format_args!("{}{id}{}", SHORT.title, Hex(dcid))),
    }
}

/// Records the bytes of a packet that is not decrypted.
pub(super) fn remaining(packet: Payload<'_>, at: usize, tree: &mut Tree) {
    put_bytes(&REMAINING_PAYLOAD, packet.from(at).all(), tree);
}

/// Records a stateless reset (RFC 9000 10.3).
pub(super) fn stateless_reset(packet: Payload<'_>, tree: &mut Tree) {
    tree.set_info(format_args!("Stateless Reset"));
    tree.put(&PACKET_LENGTH, packet.all(), Value::Uint(packet.bytes.len() as u64));
    let at = packet.bytes.len().saturating_sub(16);
    tree.put(&HEADER_FORM, packet.span(0, 1), Value::Uint(0));
    put_bit(&FIXED_BIT, packet.bytes.first().copied().unwrap_or_default(), FIXED, packet.span(0, 1), tree);
    if tree.wants(&RESET_BITS) {
        // They follow the two bits of the header, as in Wireshark.
        let bits = packet.bytes.get(..at).unwrap_or_default();
        let next = bits.iter().skip(1).chain(&[0]);
        let shifted: alloc::vec::Vec<u8> = bits.iter().zip(next).map(|(byte, next)| byte << 2 | next >> 6).collect();
        let shifted = tree.store_bytes(&shifted);
        tree.put(&RESET_BITS, packet.first(at).all(), Value::Bytes(shifted));
    }
    put_bytes(&RESET_TOKEN, packet.from(at).all(), tree);
}
