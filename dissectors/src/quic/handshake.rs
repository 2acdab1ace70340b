//! The handshake in CRYPTO frames (RFC 9001 4): its messages in order, and what later packets depend on.

use super::fields::*;
use super::ordered::{Carrier, OrderedBytes};
use crate::hello::{ClientOffer, EARLY_DATA, ServerSelection, extensions, protocol_names, selected_protocol};
use crate::packet::Payload;
use crate::session::{Context, Side, Stamp};
use crate::tree::{Slice, Value};
use crate::varint::varint;
use alloc::boxed::Box;
use alloc::vec::Vec;
use compact_str::CompactString;

/// Bytes buffered of the messages of one encryption level; a chain of certificates has some thousand.
const MAX_MESSAGES: usize = 1 << 17;
/// Parts of messages that are recorded.
const MAX_FRAGMENTS: usize = 1024;
/// Application protocols of a client hello that are kept; clients offer a few.
const MAX_PROTOCOLS: usize = 16;
/// Length of the header of a message: type and length.
const MESSAGE_HEADER: usize = 4;

/// The extension with the transport parameters, and one of them.
const TRANSPORT_PARAMETERS: u16 = 57;
const STATELESS_RESET_TOKEN: u64 = 2;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const FINISHED: u8 = 20;

/// What was negotiated, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Negotiated {
    pub(super) client_random: Option<[u8; 32]>,
    /// Client hellos that were read.
    pub(super) hellos: u32,
    pub(super) server_name: CompactString,
    /// Cipher suite that the server selected.
    pub(super) suite: Option<u16>,
    /// Name of the application protocol: the first that the client offers, until the server has selected one.
    pub(super) alpn: CompactString,
    /// Names of those that the client offers.
    pub(super) offered: Vec<CompactString>,
    /// Whether the server's selection was read.
    pub(super) has_selection: bool,
    /// Whether the client hello has an encrypted one, or looks like it.
    pub(super) has_encrypted_hello: bool,
    /// Token of a stateless reset by the server.
    pub(super) reset_token: Option<[u8; 16]>,
    /// Frame of the client hello.
    pub(super) hello_frame: Option<u32>,
    /// Where the Finished message of the client ended.
    pub(super) client_finished: Option<Stamp>,
    /// Another client hello may follow, after a Retry packet.
    pub(super) may_restart: bool,
    /// Whether the client offers early data.
    offers_early_data: bool,
    /// The server has rejected the early data: the client drops the state of all streams (RFC 9001 4.6.2).
    pub(super) is_early_data_rejected: bool,
}

/// Handshake messages of one side and encryption level.
#[derive(Clone, Debug, Default)]
pub(super) struct CryptoStream {
    bytes: OrderedBytes,
    /// A message that is not complete, if there are bytes of one.
    partial: Option<Box<PartialMessage>>,
    /// More bytes came than are buffered.
    is_lost: bool,
}

/// A message that is not complete.
#[derive(Clone, Debug, Default)]
struct PartialMessage {
    /// Bytes in order of it, and until then of those before it in the same call.
    bytes: Vec<u8>,
    /// Frame and length of each part of them.
    fragments: Vec<(u32, u32)>,
}

impl CryptoStream {
    /// Bytes of memory.
    pub(super) fn buffered(&self) -> usize {
        let partial = self
            .partial
            .as_ref()
            .map_or(0, |partial| partial.bytes.capacity() + partial.fragments.capacity() * size_of::<(u32, u32)>());
        self.bytes.pending_len() + partial
    }

    /// Drops what is buffered: memory is short.
    pub(super) fn release(&mut self) {
        *self = CryptoStream { is_lost: self.is_lost || self.buffered() > 0, ..CryptoStream::default() };
    }

    /// Reads the bytes of a CRYPTO frame; records the messages that it completes in the open node.
    pub(super) fn read(
        &mut self,
        offset: u64,
        data: Payload<'_>,
        side: Side,
        negotiated: &mut Negotiated,
        cx: &mut Context<'_>,
    ) {
        if self.is_lost {
            return;
        }
        let next = self.bytes.next();
        if offset.saturating_add(data.bytes.len() as u64) <= next {
            cx.tree.note(&RETRANSMISSION, data.all(), format_args!("{}", RETRANSMISSION.title));
        } else if offset < next {
            cx.tree.note(&OVERLAP, data.all(), format_args!("{}", OVERLAP.title));
        }
        let new = self.bytes.add(offset, data.bytes, Carrier { at: cx.at, number: 0 });
        let in_order = data.from(data.bytes.len() - new.len());
        let mut partial = self.partial.take().unwrap_or_default();
        let complete = if partial.bytes.is_empty() { complete_len(in_order.bytes) } else { 0 };
        if complete > 0 {
            read_messages(in_order.first(complete), side, negotiated, cx);
        }
        partial.append(in_order.from(complete).bytes, cx.at.frame);
        while let Some(piece) = self.bytes.take_next() {
            partial.append(&piece.bytes, piece.carrier.at.frame);
        }
        let complete = complete_len(&partial.bytes);
        if complete > 0 {
            let base = cx.tree.add_buffer("Reassembled QUIC CRYPTO", &partial.bytes);
            let messages = Payload::whole(&partial.bytes, base).first(complete);
            describe_fragments(messages.all(), &partial.fragments, cx);
            read_messages(messages, side, negotiated, cx);
            partial.bytes.drain(..complete);
            let rest = partial.bytes.len() as u32;
            partial.fragments = if rest > 0 { alloc::vec![(cx.at.frame, rest)] } else { Vec::new() };
        }
        if partial.bytes.len() + self.bytes.pending_len() > MAX_MESSAGES {
            cx.tree.note(&LIMIT, data.all(), format_args!("{}", LIMIT.title));
            *self = CryptoStream { is_lost: true, ..CryptoStream::default() };
        } else if !partial.bytes.is_empty() {
            self.partial = Some(partial);
        }
    }
}

impl PartialMessage {
    fn append(&mut self, bytes: &[u8], frame: u32) {
        if bytes.is_empty() {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        if self.fragments.len() < MAX_FRAGMENTS {
            self.fragments.push((frame, bytes.len() as u32));
        }
    }
}

/// Returns the length of a message with its header.
fn message_len(bytes: &[u8]) -> Option<usize> {
    let &[_, a, b, c, ..] = bytes else { return None };
    Some(MESSAGE_HEADER + u32::from_be_bytes([0, a, b, c]) as usize)
}

/// Returns the length of the messages that are complete.
fn complete_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(len) = message_len(bytes.get(at..).unwrap_or_default()).filter(|len| at + len <= bytes.len()) {
        at += len;
    }
    at
}

/// Reads complete messages, and records them.
fn read_messages(messages: Payload<'_>, side: Side, negotiated: &mut Negotiated, cx: &mut Context<'_>) {
    let mut rest = messages.bytes;
    while let Some((message, after)) = message_len(rest).and_then(|len| rest.split_at_checked(len)) {
        rest = after;
        if let [kind, _, _, _, body @ ..] = message {
            negotiated.read(*kind, body, side, cx.at);
        }
    }
    if let Some(dissect) = crate::handshake_dissector() {
        dissect(messages, cx);
    }
}

impl Negotiated {
    /// Reads a message. `side` is Client if the client of the connection sent it.
    fn read(&mut self, kind: u8, body: &[u8], side: Side, at: Stamp) {
        match (kind, side) {
            // Anyone can make an Initial packet: a second hello counts after a packet that permits it only, or after a retry
            // by the server (RFC 8446 4.1.2), which keeps the random.
            (CLIENT_HELLO, Side::Client) if self.client_random.is_none() || self.may_restart => {
                self.may_restart = false;
                self.hello_frame = Some(at.frame);
                let Some(offer) = ClientOffer::read(body) else { return };
                self.client_random = Some(offer.random);
                self.hellos = self.hellos.saturating_add(1);
                self.server_name = crate::exchange::text(offer.server_name);
                self.has_encrypted_hello = offer.has_encrypted_hello;
                // A second hello, after a retry, offers none (RFC 8446 4.1.2).
                self.offers_early_data |= offer.has_early_data;
                if !self.has_selection {
                    let names = protocol_names(offer.protocols);
                    self.offered = names.take(MAX_PROTOCOLS).map(crate::exchange::text).collect();
                    self.alpn = self.offered.first().cloned().unwrap_or_default();
                }
            }
            (SERVER_HELLO, Side::Server) => {
                let selection = ServerSelection::read(body).filter(|selection| !selection.is_retry);
                self.suite = selection.map(|selection| selection.suite).or(self.suite);
            }
            (ENCRYPTED_EXTENSIONS, Side::Server) => {
                self.alpn = selected_protocol(body).map(crate::exchange::text).unwrap_or_default();
                self.has_selection = true;
                self.reset_token = reset_token(body);
                // RFC 8446 4.2.10: a server that accepts early data says so here.
                let accepts = extensions(body).any(|(kind, _)| kind == EARLY_DATA);
                self.is_early_data_rejected |= self.offers_early_data && !accepts;
            }
            (FINISHED, Side::Client) => self.client_finished = self.client_finished.or(Some(at)),
            _ => {}
        }
    }

    /// Returns the application protocol that the server has selected; empty if that is not known. `is_complete` is whether the
    /// handshake is: then one was selected (RFC 9001 8.1). An encrypted hello may offer others.
    pub(super) fn protocol(&self, is_complete: bool) -> CompactString {
        match &*self.offered {
            _ if self.has_selection => self.alpn.clone(),
            [only] if is_complete && !self.has_encrypted_hello => only.clone(),
            _ => CompactString::default(),
        }
    }
}

/// Returns the token of a stateless reset among the transport parameters of Encrypted Extensions (RFC 9000 18.2).
fn reset_token(body: &[u8]) -> Option<[u8; 16]> {
    let (_, mut rest) = extensions(body).find(|&(kind, _)| kind == TRANSPORT_PARAMETERS)?;
    loop {
        let (kind, size) = varint(rest)?;
        let (len, len_size) = varint(rest.get(size..)?)?;
        let (value, after) = rest.get(size + len_size..)?.split_at_checked(usize::try_from(len).ok()?)?;
        if kind == STATELESS_RESET_TOKEN {
            return value.try_into().ok();
        }
        rest = after;
    }
}

/// Records the frames that messages were reassembled from.
fn describe_fragments(whole: Slice, fragments: &[(u32, u32)], cx: &mut Context<'_>) {
    if fragments.len() < 2 || !cx.tree.wants_any(&QUIC) {
        return;
    }
    let tree = &mut *cx.tree;
    let node = tree.open(&CRYPTO_FRAGMENTS, whole, Value::Present);
    tree.label(node, format_args!("[{} {} ({} bytes)]", fragments.len(), CRYPTO_FRAGMENTS.title, whole.len));
    let mut at = 0;
    for &(frame, len) in fragments {
        let node = tree.put(&CRYPTO_FRAGMENT, Slice::new(whole.start + at, len), Value::Uint(frame.into()));
        let last = (at + len).saturating_sub(1);
        tree.label(node, format_args!("[Frame: {frame}, payload: {at}-{last} ({len} bytes)]"));
        at = at.saturating_add(len);
    }
    tree.put(&CRYPTO_FRAGMENT_COUNT, Slice::default(), Value::Uint(fragments.len() as u64));
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_messages_are_counted() {
        let messages = [1, 0, 0, 2, 9, 9, 2, 0, 0, 0, 8, 0, 0, 1];
        let counts = [(0, 0), (5, 0), (6, 6), (9, 6), (10, 10), (14, 10)];
        for (len, expected) in counts {
            assert_eq!(complete_len(messages.get(..len).unwrap_or_default()), expected);
        }
    }

    #[test]
    fn a_protocol_is_selected_by_the_server_or_is_the_only_one() {
        let of = |offered: &[&str], selected: Option<&str>, has_encrypted_hello| {
            let offered: Vec<CompactString> = offered.iter().copied().map(CompactString::from).collect();
            let alpn = selected.map_or_else(|| offered.first().cloned().unwrap_or_default(), CompactString::from);
            Negotiated {
                offered,
                alpn,
                has_selection: selected.is_some(),
                has_encrypted_hello,
                ..Negotiated::default()
            }
        };
        let two = of(&["hq-interop", "h3"], None, false);
        assert_eq!([two.protocol(true), two.protocol(false)], ["", ""]);
        assert_eq!(of(&["hq-interop", "h3"], Some("h3"), false).protocol(false), "h3");
        let one = of(&["h3"], None, false);
        assert_eq!([one.protocol(true), one.protocol(false)], ["h3", ""]);
        assert_eq!(of(&["h3"], None, true).protocol(true), "", "an encrypted hello may offer others");
        assert_eq!(of(&["h3"], Some(""), false).protocol(true), "", "the server has selected none");
    }
}
