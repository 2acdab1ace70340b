//! A connection: its identifiers, keys, handshake and streams, and its end.

mod frames;
mod packets;

use super::connection_ids::ConnectionIds;
use super::handshake::{CryptoStream, Negotiated};
use super::header::{LongPacket, Version};
use super::levels::{InitialKeys, Level, SideLevels};
use super::measurement::Measurement;
use super::streams::{StreamContext, Streams};
use super::summary::{Close, Summary};
use crate::datagram_path::{KnownPathId, PathId};
use crate::exchange::Exchange;
use crate::session::{Context, Event, GROUP_BITS, Side, SideEnd, Stamp};
use crate::transport_connection::TransportConnection;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// First connection IDs of the client for the server that are kept: one, and that of a Retry packet.
const MAX_ORIGINALS: usize = 8;
/// Runs of frames of a connection that are kept; then the oldest are joined.
const MAX_RUNS: usize = 256;
/// Datagrams after the end of a connection by which those that were sent before it are captured, if they are.
const MAX_LATE: u8 = 8;

/// Whether a packet is one of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It is authentic, or its keys are not known, and both sides send on its path.
    Genuine,
    /// Its keys are not known, and one side alone has sent on its path: anyone can have sent it (RFC 9000 9.3).
    Unanswered,
    /// It is not authentic.
    None,
}

/// Datagrams of a path, of each side.
#[derive(Clone, Copy, Debug)]
struct HeldDatagrams {
    path: u32,
    datagrams: [u64; 2],
    bytes: [u64; 2],
}

/// A connection that its side has closed, before packets that it had sent earlier were captured.
#[derive(Clone, Copy, Debug)]
struct Closing {
    side: Side,
    /// Number of the packet that closes it.
    number: u64,
    end: SideEnd,
    /// Datagrams after which the others are no longer awaited.
    left: u8,
}

/// State of one connection. Sides are those of its handshake.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// Number of its exchange.
    pub(super) nth: u32,
    /// Its number in the capture.
    pub(super) number: u32,
    /// The side of the conversation that is the client.
    pub(super) client: Side,
    pub(super) version: Version,
    /// Connection IDs that each side chose.
    ids: [ConnectionIds; 2],
    /// First connection ID of the client for the server, and the one of a Retry packet.
    originals: Vec<PathId>,
    initial: Vec<InitialKeys>,
    levels: [SideLevels; 2],
    /// Handshake messages of each side, by level: Initial, Handshake, 1-RTT.
    crypto: [[CryptoStream; 3]; 2],
    pub(super) negotiated: Negotiated,
    streams: Streams,
    pub(super) summary: Summary,
    pub(super) is_closed: bool,
    /// The client has sent an authentic packet with keys of the handshake. Keys of Initial packets are known to everyone, and
    /// both sides ignore such packets from then on (RFC 9001 4.9.1).
    has_left_initial: bool,
    /// Frame of its last packet that is genuine.
    pub(super) last_frame: u32,
    /// Runs of frames of the conversation that are of the connection.
    runs: Vec<(u32, u32)>,
    pub(super) measurement: Measurement,
    /// Whether the connection was reported as a result.
    is_connection_reported: bool,
    /// What the last packet is known to be.
    pub(super) evidence: Evidence,
    /// Datagrams of a further path that the other side has not responded to.
    held: Option<HeldDatagrams>,
    /// The end of streams, of which packets may still come that were sent before.
    closing: Option<Closing>,
    /// What the secrets are known to be, of those of [`SideLevels`].
    secrets_result: u64,
    /// Sides whose packets with data were not decrypted.
    pub(super) undecrypted: [bool; 2],
    /// Kinds of packets of each side whose failed decryption is noted, as bits.
    noted: [u8; 2],
}

impl Connection {
    /// Creates a connection of an Initial packet of a client.
    pub(super) fn new([nth, number]: [u32; 2], client: Side, long: &LongPacket<'_>, keys: InitialKeys) -> Connection {
        let mut connection = Connection {
            nth,
            number,
            client,
            version: long.version,
            ids: Default::default(),
            originals: PathId::new(long.header.dcid).into_iter().collect(),
            initial: alloc::vec![keys],
            levels: Default::default(),
            crypto: Default::default(),
            negotiated: Negotiated::default(),
            streams: Streams::default(),
            summary: Summary::default(),
            is_closed: false,
            has_left_initial: false,
            last_frame: 0,
            runs: Vec::new(),
            measurement: Measurement::default(),
            is_connection_reported: false,
            evidence: Evidence::Genuine,
            held: None,
            closing: None,
            secrets_result: 0,
            undecrypted: [false; 2],
            noted: [0; 2],
        };
        connection.ids[0].add(long.header.scid);
        connection
    }

    /// Returns the side of the handshake of a side of the conversation.
    pub(super) fn role(&self, side: Side) -> Side {
        if side == self.client { Side::Client } else { Side::Server }
    }

    /// Whether a packet with a long header belongs to the connection, by a connection ID that is not empty.
    pub(super) fn has_long(&self, side: Side, dcid: &[u8], scid: &[u8]) -> bool {
        let role = self.role(side);
        let has = |role: Side, id: &[u8]| !id.is_empty() && role.of(&self.ids).contains(id);
        let is_original = role == Side::Client && self.originals.iter().any(|original| original.bytes() == dcid);
        is_original || has(role, scid) || has(role.other(), dcid)
    }

    /// Reports the connection IDs that were learned.
    pub(super) fn report_ids(&mut self, cx: &mut Context<'_>) {
        for receiver in Side::BOTH {
            let new = self.role(receiver).of_mut(&mut self.ids).take_new();
            cx.events.extend(new.map(|id| Event::PathId(KnownPathId { id, receiver })));
        }
    }

    /// Returns the length of the connection ID with which a packet with a short header begins, if it is one of the
    /// connection; 0 if the receiver chose an empty one.
    pub(super) fn short_id(&self, side: Side, bytes: &[u8]) -> Option<usize> {
        let receiver = self.role(side).other();
        receiver.of(&self.ids).prefix_len(bytes.get(1..)?)
    }

    /// Whether a datagram of a side ends with a token that resets the connection.
    pub(super) fn is_reset(&self, side: Side, datagram: &[u8]) -> bool {
        self.role(side).of(&self.ids).is_reset(datagram)
    }

    /// Returns what a packet with a long header is known to be before it is decrypted. A version can be refused only until the server
    /// has sent other packets (RFC 9000 6.2).
    pub(super) fn evidence_of_version(&self, side: Side, version: u32) -> Evidence {
        let is_refusal = version == 0 && self.role(side) == Side::Server && self.measurement.packets()[1] == 0;
        if is_refusal { Evidence::Genuine } else { Evidence::None }
    }

    /// Notes a Retry packet of the server: the client uses its connection ID next.
    pub(super) fn retry(&mut self, long: &LongPacket<'_>) {
        self.add_original(long.header.scid);
        self.restart();
    }

    /// Notes that the client may begin the handshake anew.
    fn restart(&mut self) {
        self.crypto[0] = Default::default();
        // RFC 9002 6.3: a client resets its loss recovery then.
        self.measurement.restart(Side::Client);
        self.negotiated.may_restart = true;
    }

    fn add_original(&mut self, id: &[u8]) {
        let id = PathId::new(id).filter(|id| !self.originals.contains(id));
        self.originals.extend(id.filter(|_| self.originals.len() < MAX_ORIGINALS));
    }

    /// The connection ID that the client chose before a Retry packet.
    pub(super) fn original(&self) -> &[u8] {
        self.originals.first().map(PathId::bytes).unwrap_or_default()
    }

    /// Ends the connection. `number` is that of the packet, if others may precede it.
    pub(super) fn close(&mut self, close: Close, number: Option<u64>, cx: &mut Context<'_>) {
        self.summary.close(close, cx);
        if core::mem::replace(&mut self.is_closed, true) {
            // Both sides have closed it.
            if let Some(closing) = self.closing.as_mut().filter(|closing| closing.side != close.side) {
                closing.left = 0;
            }
            return;
        }
        let end = if close.is_error() { SideEnd::Reset(None) } else { SideEnd::Unseen };
        match number {
            Some(number) => self.closing = Some(Closing { side: close.side, number, end, left: MAX_LATE }),
            None => self.end_read(end, cx),
        }
    }

    /// Ends the streams of a connection that is closed, once nothing is awaited that was sent before. Called after each datagram.
    pub(super) fn end_close(&mut self, cx: &mut Context<'_>) {
        let Some(closing) = &mut self.closing else { return };
        let end = closing.end;
        let other = if closing.side == Side::Client { self.client.other() } else { self.client };
        let has_all = self.measurement.has_all(closing.side, Level::OneRtt.space(), closing.number);
        if closing.left == 0 || has_all && !self.streams.awaits(other) {
            self.closing = None;
            self.end_read(end, cx);
        } else {
            closing.left -= 1;
        }
    }

    /// Ends the streams, and drops what is no longer needed.
    fn end_read(&mut self, end: SideEnd, cx: &mut Context<'_>) {
        self.end_streams(end, cx);
        self.forget();
        self.crypto = Default::default();
    }

    /// Holds a datagram of a path that the other side has not responded to.
    pub(super) fn hold_datagram(&mut self, path: u32, side: Side, len: usize) {
        let role = self.role(side);
        let held = self.held.filter(|held| held.path == path);
        let mut held = held.unwrap_or(HeldDatagrams { path, datagrams: [0; 2], bytes: [0; 2] });
        *role.of_mut(&mut held.datagrams) += 1;
        *role.of_mut(&mut held.bytes) += len as u64;
        self.held = Some(held);
    }

    /// Notes a frame of the connection. `continues` is whether the frame of the conversation before it was one, too.
    pub(super) fn add_frame(&mut self, frame: u32, continues: bool) {
        match self.runs.last_mut() {
            Some((_, last)) if continues => *last = frame,
            _ => self.runs.push((frame, frame)),
        }
        if self.runs.len() > MAX_RUNS {
            let (oldest, _) = self.runs.remove(0);
            self.runs.first_mut().into_iter().for_each(|(first, _)| *first = oldest);
        }
    }

    /// Counts what is held of a path that both sides have sent on now.
    pub(super) fn count_held(&mut self, cx: &Context<'_>) {
        let path = cx.further_path.filter(|path| path.is_answered).map(|path| path.number);
        let Some(held) = self.held.take_if(|held| Some(held.path) == path) else { return };
        self.summary.count_held(held.bytes);
        for side in Side::BOTH {
            self.measurement.count(side, *side.of(&held.datagrams));
        }
    }

    fn end_streams(&mut self, end: SideEnd, cx: &mut Context<'_>) {
        let Connection { streams, negotiated, client, nth, undecrypted, measurement, summary, .. } = self;
        let (client, alpn) = (*client, &*negotiated.alpn);
        let context = StreamContext { group: group(*nth), client, alpn, packets: measurement };
        let [of_client, of_server] = *undecrypted;
        let unread = if client == Side::Client { [of_client, of_server] } else { [of_server, of_client] };
        let error = summary.error(alpn).filter(|_| end == SideEnd::Reset(None));
        streams.end_channels(end, error, unread, context, cx);
    }

    /// Ends what is open, and reports the exchange. `end` is how the connection ends, unless it is closed.
    pub(super) fn end(&mut self, end: SideEnd, cx: &mut Context<'_>) {
        let is_dropped = end == SideEnd::Unread;
        let end = self.closing.take().map_or(end, |closing| closing.end);
        self.end_streams(end, cx);
        self.report_connection(cx);
        if !cx.reports_exchanges {
            return;
        }
        let requester = self.summary.first().map(|_| self.client);
        let is_read = self.streams.has_begun;
        let exchange =
            Exchange { id: cx.exchange(self.nth), requester, yields_to_content: is_read, ..Exchange::default() };
        let has_wrong_secrets = self.levels.iter().any(SideLevels::has_wrong_secrets);
        let is_close_hidden = self.measurement.ends_unread();
        let negotiated = (self.version, &self.negotiated);
        let exchange = self.summary.take_exchange(negotiated, (has_wrong_secrets, is_close_hidden), exchange);
        if let Some(mut exchange) = exchange {
            if is_dropped {
                exchange.set_unknown();
            }
            cx.events.push(Event::Exchange(Box::new(exchange)));
        }
    }

    /// Reports what is known of the connection, once.
    fn report_connection(&mut self, cx: &mut Context<'_>) {
        if core::mem::replace(&mut self.is_connection_reported, true) || !cx.reports_connections {
            return;
        }
        let connection = TransportConnection {
            conversation: cx.conversation,
            nth: self.nth,
            number: self.number,
            client: self.client,
            version: self.version.name(),
            ids: self.ids.each_ref().map(|ids| ids.all().to_vec()),
            server_name: self.negotiated.server_name.clone(),
            alpn: self.summary.protocol(&self.negotiated),
            offered_alpn: self.negotiated.offered.clone(),
            packets: self.measurement.packets(),
            rtts: self.measurement.rtts(),
            spin_rtt: self.measurement.spin_rtt(),
            runs: core::mem::take(&mut self.runs),
            lost: self.measurement.lost(),
            missing: self.measurement.missing(),
            first: Stamp::default(),
            last: Stamp::default(),
            handshake: None,
            bytes: [0; 2],
            close: None,
            is_close_hidden: self.measurement.ends_unread(),
        };
        let finished = self.negotiated.client_finished;
        cx.events.extend(
            self.summary.connection(connection, finished).map(|connection| Event::Connection(Box::new(connection))),
        );
    }

    /// Drops what can be derived again.
    pub(super) fn forget(&mut self) {
        self.initial.iter_mut().for_each(InitialKeys::forget);
        self.levels.iter_mut().for_each(SideLevels::forget);
    }

    /// Drops what waits: memory is short.
    pub(super) fn release(&mut self, cx: &mut Context<'_>) {
        self.crypto.iter_mut().flatten().for_each(CryptoStream::release);
        let Connection { streams, negotiated, client, nth, measurement, .. } = self;
        let (client, alpn) = (*client, &*negotiated.alpn);
        streams.release(StreamContext { group: group(*nth), client, alpn, packets: measurement }, cx);
    }

    /// Whether bytes of its streams were derived.
    pub(super) fn has_content(&self) -> bool {
        self.streams.has_begun
    }

    /// Bytes that it buffers, and [`release`](Connection::release) frees.
    pub(super) fn buffered(&self) -> usize {
        let crypto = self.crypto.iter().flatten().map(CryptoStream::buffered).sum::<usize>();
        crypto + self.keys_len() + self.streams.buffered()
    }

    /// Bytes of memory that [`forget`](Connection::forget) frees.
    pub(super) fn keys_len(&self) -> usize {
        let initial = self.initial.iter().map(InitialKeys::buffered).sum::<usize>();
        initial + self.levels.iter().map(SideLevels::buffered).sum::<usize>()
    }
}

/// Returns the first channel of a connection.
fn group(nth: u32) -> u64 {
    u64::from(nth & 0xffff) << GROUP_BITS
}
