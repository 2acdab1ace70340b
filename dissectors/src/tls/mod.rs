//! TLS (RFC 8446, RFC 5246): the records of a connection, and the cleartext part of the handshake.
//!
//! A record is dissected when it is complete. Application data are skipped by their length unless a field needs them.

mod call_facts;
mod certificate;
mod crypto;
mod decrypted_record;
mod decryption;
mod ech;
mod encrypted_handshake;
mod extension;
mod fields;
mod handshake;
mod header;
mod ja3;
mod ja4;
mod key_exchange;
mod message;
mod names;
mod quic_parameters;
mod record;
mod resumption;
mod ssl2;
mod suites;
mod summary;
mod timestamps;
mod vector;
pub mod x509;

use crate::packet::Payload;
use crate::protocol::{Alias, Claim, Dissector, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, Event, ExchangeId, Handover, Input, Lane, Missing, Pdu, Session, Side, SideEnd, Stamp,
    Successor, Transition,
};
use crate::tree::{Slice, Value};
use crate::wants::Wants;
use alloc::boxed::Box;
use compact_str::CompactString;
use decryption::{Decryption, Failure};
pub use fields::*;
use header::RecordHeader;
use message::HandshakeAssembly;
pub use message::MAX_MESSAGE;
use summary::Summary;

/// Registration of TLS as a protocol.
pub static PROTOCOL: Protocol = Protocol {
    short: "TLS",
    fields: FIELDS,
    claims: &[Claim::Upgrade("TLS")],
    aliases: &[Alias::new("sni", &SERVER_NAME)],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Stream,
            probe: header::probe,
            open,
            derived_title: "Decrypted TLS",
            reassembly: None,
            messages: None,
        }),
        Dissector::Handshake(handshake::describe_carried),
        Dissector::CallFacts(&call_facts::FACTS),
    ],
};

/// Number of bytes without a record after which the conversation is no longer treated as TLS.
const MAX_SEARCH_BYTES: u64 = 65_536;

fn open(wants: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    let needs_app_data = wants.field(&APP_DATA) || wants.field(&TLS);
    Box::new(Tls { needs_app_data, carrier: handover.exchange, ..Tls::default() })
}

/// A TLS session.
#[derive(Clone, Debug, Default)]
struct Tls {
    sides: [TlsSide; 2],
    /// Negotiated version; 0 until it is known.
    version: u16,
    /// Cipher suite selected by the server; 0 until it is known.
    suite: u16,
    /// Name of the application protocol (ALPN), if it is known; else empty.
    alpn: CompactString,
    /// State of the decryption, from the client hello on.
    decryption: Option<Box<Decryption>>,
    summary: Summary,
    /// Whether content was derived.
    has_begun: bool,
    /// Whether the last encrypted record of the client was not decrypted: it may be a request.
    is_client_undecrypted: bool,
    /// Why the present record was not decrypted.
    failure: Option<Failure>,
    /// The exchange that opened the connection, such as CONNECT.
    carrier: Option<ExchangeId>,
    /// Whether application data are needed, so that their records are buffered.
    needs_app_data: bool,
    /// Last frame with text in the Info column.
    info_frame: u32,
    /// Whether derived messages replace the last text of the Info column.
    has_open_info: bool,
}

/// The state of one side.
#[derive(Clone, Debug, Default)]
struct TlsSide {
    /// Whether no record waits for a secret any more: the side ends.
    is_ending: bool,
    phase: RecordPhase,
    /// Arrival of the first unconsumed byte.
    first_unread: Option<Stamp>,
    /// Number of unconsumed bytes.
    unread: usize,
    /// Number of unconsumed bytes from before the current frame.
    unread_before_frame: usize,
    /// Last frame with bytes of this side.
    last_frame: u32,
    /// Version of the last record; 0 before the first.
    version: u16,
    /// Handshake message that is being reassembled.
    assembly: HandshakeAssembly,
    /// Whether the handshake was captured from its start: it is cleartext until the cipher spec changes.
    is_cleartext: bool,
    /// Whether the side has changed its cipher spec.
    has_changed_cipher: bool,
    /// Whether the server has sent Server Hello Done.
    sent_hello_done: bool,
    /// Whether the present record was decrypted.
    is_decrypted: bool,
    /// Whether derived bytes have ended.
    has_closed: bool,
}

/// The position of a side relative to its records.
#[derive(Clone, Debug, Default)]
enum RecordPhase {
    /// At the start of a record.
    #[default]
    RecordStart,
    /// Inside a record that is skipped.
    Skipping(SkippedRecord),
    /// Searching for a record, after this many bytes without one; 0 at the expected start of a record.
    Searching(u64),
}

/// A record that is skipped and dissected without its content.
#[derive(Clone, Copy, Debug)]
struct SkippedRecord {
    header: RecordHeader,
    /// Number of bytes still to come.
    remaining: usize,
    /// Whether bytes were not captured.
    has_gap: bool,
    first: Stamp,
}

impl TlsSide {
    /// Updates the counts for `len` unconsumed bytes.
    fn update_unread(&mut self, len: usize, cx: &Context<'_>) {
        if self.last_frame != cx.at.frame {
            self.last_frame = cx.at.frame;
            self.unread_before_frame = self.unread;
        }
        self.first_unread.get_or_insert(cx.first);
        self.unread = len;
    }

    /// Updates the counts after `len` bytes were consumed.
    fn consume(&mut self, len: usize) {
        if len > 0 {
            self.unread = self.unread.saturating_sub(len);
            self.unread_before_frame = self.unread_before_frame.saturating_sub(len);
            self.first_unread = None;
        }
    }
}

impl Tls {
    fn side(&mut self, side: Side) -> &mut TlsSide {
        side.of_mut(&mut self.sides)
    }

    /// Dissects all complete records. A record that began in an earlier frame is dissected alone, as in Wireshark.
    fn read_records(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> (usize, Transition) {
        let (keep, old) = (self.needs_app_data || self.decrypts(side, cx), self.side(side).unread_before_frame);
        let mut len = 0;
        while let Some(header) = RecordHeader::read(chunk.bytes.get(len..).unwrap_or_default()) {
            // A length that is not permitted is accepted after another record of the side.
            let known = self.side(side).version;
            if !(header.is_plausible() || header.is_valid() && header.version == known) {
                if len > 0 {
                    break;
                }
                return self.read_other(side, chunk, cx);
            }
            if self.awaits_secret(side, header, chunk.bytes.len(), cx) {
                break;
            }
            if header.total_len() > chunk.bytes.len() - len {
                if len == 0 && header.content == header::APPLICATION_DATA && !keep {
                    let first = self.side(side).first_unread.unwrap_or(cx.first);
                    let record = SkippedRecord { header, remaining: header.total_len(), has_gap: false, first };
                    self.side(side).phase = RecordPhase::Skipping(record);
                    return self.skip_record(side, record, chunk.bytes.len(), cx);
                }
                break;
            }
            len += header.total_len();
            if old > 0 {
                break;
            }
        }
        if len > 0 {
            let first = self.side(side).first_unread.unwrap_or(cx.first);
            let span = open_protocol(chunk.first(len), cx);
            let mut rest = Payload::whole(chunk.first(len).bytes, span.start);
            while let Some(header) = RecordHeader::read(rest.bytes) {
                self.dissect_record(side, header, first, Some(rest.first(header.total_len())), cx);
                rest = rest.from(header.total_len());
            }
            self.close_protocol(side, first, len as u64, cx);
        }
        (len, Transition::Stay)
    }

    /// Reads bytes that begin no record: of a client hello of SSL 2.0, of a server without TLS, or after a loss.
    fn read_other(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> (usize, Transition) {
        if let Some(read) = self.read_ssl2_hello(side, chunk, cx) {
            return read;
        }
        if side == Side::Server && self.side(side).version == 0 {
            if self.summary.respond_without_tls(cx) {
                let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
                cx.tree.note(&PLAIN_RESPONSE, span, format_args!("{}", PLAIN_RESPONSE.title));
                cx.events.push(Event::OutsideMessages);
            }
            let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
            if chunk.bytes.iter().take(header::LEN).all(is_text)
                && let Some(exchange) = self.summary.exchange(self.version, cx)
            {
                // Such as the error page of an HTTP server.
                let pending = Some(Box::new(exchange));
                return (0, Transition::Replace(Box::new(Handover { pending, ..Handover::to(Successor::Detect) })));
            }
        }
        self.side(side).phase = RecordPhase::Searching(0);
        self.find_next_record(side, chunk, cx)
    }

    /// Skips up to `len` more bytes of a record, and dissects its header after the last byte.
    fn skip_record(
        &mut self,
        side: Side,
        record: SkippedRecord,
        len: usize,
        cx: &mut Context<'_>,
    ) -> (usize, Transition) {
        let skipped = len.min(record.remaining);
        let left = record.remaining - skipped;
        if left > 0 {
            self.side(side).phase = RecordPhase::Skipping(SkippedRecord { remaining: left, ..record });
        } else {
            self.side(side).phase = RecordPhase::RecordStart;
            open_protocol(Chunk { bytes: &[], base: None }, cx);
            self.dissect_record(side, record.header, record.first, None, cx);
            if record.has_gap {
                cx.tree.note(&GAP, Slice::default(), format_args!("{}", GAP.title));
            }
            self.close_protocol(side, record.first, record.header.total_len() as u64, cx);
        }
        (skipped, Transition::Stay)
    }

    /// Searches for the next record, and records the skipped bytes.
    fn find_next_record(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> (usize, Transition) {
        let RecordPhase::Searching(before) = self.side(side).phase else { return (0, Transition::Stay) };
        let version = self.side(side).version;
        let (len, found) = header::find_record(chunk.bytes, version);
        if found {
            self.side(side).phase = RecordPhase::RecordStart;
            if len == 0 {
                return self.read_records(side, chunk, cx);
            }
        }
        // Bytes before the first record of a side belong to the protocol that started TLS.
        if len == 0 || found && before == 0 && version == 0 {
            return (len, Transition::Stay);
        }
        let span = open_protocol(chunk.first(len), cx);
        if cx.tree.wants_columns() {
            cx.tree.columns_mut().protocol = names::short(self.display_version(version, cx));
        }
        if before == 0 {
            cx.tree.note(&UNKNOWN_RECORD, span, format_args!("{}", UNKNOWN_RECORD.title));
        }
        self.append_info(format_args!("Continuation Data"), cx);
        cx.tree.fence();
        cx.tree.close();
        let searched = before + len as u64;
        if found {
            return (len, Transition::Stay);
        }
        self.side(side).phase = RecordPhase::Searching(searched);
        let detect = || Transition::Replace(Box::new(Handover::to(Successor::Detect)));
        (len, if searched > MAX_SEARCH_BYTES { detect() } else { Transition::Stay })
    }

    /// Resets a side after lost bytes: searches for the next record, with an unknown handshake state.
    fn reset_after_loss(&mut self, side: Side, cx: &mut Context<'_>) {
        self.lose_records(side, cx);
        self.lose_messages();
        let state = self.side(side);
        state.phase = RecordPhase::Searching(1);
        state.assembly = HandshakeAssembly::default();
        state.is_cleartext = false;
    }

    /// Returns the version to show: the version from the first pass, else the negotiated one, else that of the record.
    fn display_version(&self, record: u16, cx: &Context<'_>) -> u16 {
        let final_version = cx.later_value(&VERSION, cx.subject()).and_then(|version| u16::try_from(version).ok());
        final_version.or(Some(self.version).filter(|&version| version != 0)).unwrap_or(record)
    }

    /// Closes the protocol node, and emits the end of a message.
    fn close_protocol(&mut self, side: Side, first: Stamp, len: u64, cx: &mut Context<'_>) {
        if !self.has_open_info {
            cx.tree.fence();
        }
        cx.tree.close();
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first, len }));
    }

    /// Sets the Info column to a text that derived messages replace.
    fn set_open_info(&mut self, cx: &mut Context<'_>) {
        if core::mem::replace(&mut self.info_frame, cx.at.frame) != cx.at.frame {
            cx.tree.set_info(format_args!("[TLS segment of a reassembled PDU]"));
        } else if !self.has_open_info {
            cx.tree.fence();
        }
        self.has_open_info = true;
    }

    /// Appends to the Info column.
    fn append_info(&mut self, text: core::fmt::Arguments<'_>, cx: &mut Context<'_>) {
        if !cx.tree.wants_columns() {
            return;
        }
        self.has_open_info = false;
        if core::mem::replace(&mut self.info_frame, cx.at.frame) == cx.at.frame {
            cx.tree.append_info(format_args!(", {text}"));
        } else {
            cx.tree.set_info(text);
        }
    }
}

/// Opens the protocol node in the tree; returns the span of its bytes.
fn open_protocol(chunk: Chunk<'_>, cx: &mut Context<'_>) -> Slice {
    cx.path.push("tls");
    let span = match chunk.bytes.len() {
        0 => Slice::default(),
        len => chunk.span(0..len, "Reassembled TCP", cx.tree),
    };
    cx.tree.open(&TLS, span, Value::Bytes(span));
    span
}

impl Session for Tls {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let side = lane.side;
        let state = self.side(side);
        state.update_unread(chunk.bytes.len(), cx);
        let (bytes, transition) = match state.phase {
            RecordPhase::RecordStart => self.read_records(side, chunk, cx),
            RecordPhase::Skipping(record) => self.skip_record(side, record, chunk.bytes.len(), cx),
            RecordPhase::Searching(_) => self.find_next_record(side, chunk, cx),
        };
        self.side(side).consume(bytes);
        let owner = if self.has_begun { None } else { self.summary.owner(side) };
        Consumed { bytes, transition, owner }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let side = lane.side;
        let len = match missing {
            Missing::Bytes(len) => len,
            Missing::Released => 0,
            Missing::Unknown | Missing::Perhaps => return self.reset_after_loss(side, cx),
        };
        let first = self.side(side).first_unread.unwrap_or(cx.first);
        let before = self.lose_records_of(side, before, cx);
        self.lose_messages();
        let state = self.side(side);
        state.consume(state.unread);
        let record = match state.phase {
            RecordPhase::Skipping(record) => Some(record),
            RecordPhase::RecordStart => {
                RecordHeader::read(before.bytes).filter(|header| header.is_valid()).map(|header| SkippedRecord {
                    header,
                    remaining: header.total_len().saturating_sub(before.bytes.len()),
                    has_gap: true,
                    first,
                })
            }
            RecordPhase::Searching(_) => None,
        };
        match record {
            // The record continues after the gap.
            Some(record) if len <= record.remaining as u64 => {
                state.phase = RecordPhase::Skipping(SkippedRecord { has_gap: true, ..record });
                if record.header.content == header::HANDSHAKE {
                    state.assembly = HandshakeAssembly::default();
                    state.is_cleartext = false;
                }
                self.skip_record(side, SkippedRecord { has_gap: true, ..record }, len as usize, cx);
            }
            _ if len == 0 && before.bytes.is_empty() => state.assembly = HandshakeAssembly::default(),
            _ => self.reset_after_loss(side, cx),
        }
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, _end: SideEnd, cx: &mut Context<'_>) {
        self.end_wait(lane.side, rest, cx);
        self.end_failures(lane.side, cx);
        *self.side(lane.side) = TlsSide::default();
        // The exchange that the alert responds to has its own protocol.
        let is_reported = self.carrier.is_some() && self.summary.is_alert_alone();
        if self.summary.end(lane.side)
            && !is_reported
            && let Some(mut exchange) = self.summary.exchange(self.version, cx)
        {
            exchange.yields_to_content = self.has_begun;
            cx.events.push(Event::Exchange(Box::new(exchange)));
        }
    }

    fn is_in_message(&self, side: Side) -> bool {
        let state = side.of(&self.sides);
        !matches!(state.phase, RecordPhase::Searching(_))
    }

    fn buffered(&self) -> usize {
        let kept = self.decryption.as_ref().and_then(|decryption| decryption.key_exchange.as_ref());
        let assemblies: usize = self.sides.iter().map(|state| state.assembly.buffered()).sum();
        assemblies + kept.map_or(0, |exchange| exchange.buffered())
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
