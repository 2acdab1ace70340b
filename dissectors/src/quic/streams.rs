//! Streams (RFC 9000 2): their bytes in order, each on a channel of its own.

use super::levels::Level;
use super::measurement::Measurement;
use super::number_ranges::NumberRanges;
use super::ordered::{Carrier, OrderedBytes};
use crate::packet::Payload;
use crate::session::{
    Context, DATAGRAM_CHANNEL, DerivedItem, Handover, Lane, Missing, Side, SideEnd, Stamp, Successor,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use compact_str::CompactString;
use litemap::LiteMap;

/// Bytes that wait for earlier ones, of all streams of a connection. Peers permit 1 to 16 MiB in flight; a capture that lost
/// nothing has far fewer out of order.
const MAX_PENDING: usize = 1 << 20;
/// Streams that may be open; beyond it, the oldest request stream is ended. Peers permit some hundred, and a side whose keys are
/// not known never ends its own.
const MAX_OPEN: usize = 512;
/// Open streams that are not released: those of one direction, and some requests.
const KEPT_OPEN: usize = 8;
/// Packets of a connection after it is known that the bytes of a gap do not come, until it is skipped. With several queues or
/// interfaces, packets are captured slightly out of order; and the first ones after an outage send again what was lost.
const GAP_PACKETS: u8 = 3;
/// In capture time, nanoseconds after which any gap is skipped. A sender whose packet is lost sends its bytes again after some round
/// trips, or after a second or two if nothing is acknowledged (RFC 9002 6.2).
const GAP_WAIT: i64 = 10_000_000_000;
/// Memory of an open stream with what reads its bytes, about.
const STREAM_SIZE: usize = 1024;

/// The streams of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    /// Both sides of each.
    open: LiteMap<u64, Box<[StreamSide; 2]>>,
    /// Numbers of closed streams of each type. A stream between two closed ones, at the limit, has most likely been lost.
    closed: [NumberRanges; 4],
    pending: usize,
    /// Whether bytes were derived.
    pub(super) has_begun: bool,
    /// Whether the channels have ended.
    has_ended: bool,
    /// Bytes were not kept, at a limit; to be noted.
    pub(super) is_over_limit: bool,
    /// A stream was ended or not read, at a limit; to be noted.
    pub(super) is_over_open: bool,
}

/// One side of a stream.
#[derive(Clone, Debug, Default)]
struct StreamSide {
    bytes: OrderedBytes,
    /// Number of bytes, from the frame with the last ones.
    final_size: Option<u64>,
    /// Where the last of the bytes arrived that were derived.
    last: Stamp,
    /// Number of the packet with the last bytes before the first gap, or of the newest one of the side when the stream began.
    before_gap: Option<u64>,
    /// Packets since it is known that the bytes of the gap do not come.
    packets_since: u8,
    /// Error code with which its receiver does not want it.
    stopped: Option<u64>,
    has_ended: bool,
}

/// Where derived bytes belong.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamContext<'a> {
    /// First channel of the connection.
    pub(super) group: u64,
    /// The client of the connection.
    pub(super) client: Side,
    /// Name of the application protocol; empty if unknown.
    pub(super) alpn: &'a str,
    /// The packets of the connection.
    pub(super) packets: &'a Measurement,
}

/// Bytes of a STREAM frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamPart<'b> {
    pub(super) id: u64,
    pub(super) offset: u64,
    pub(super) data: Payload<'b>,
    pub(super) is_last: bool,
    /// Number of the packet.
    pub(super) packet: u64,
}

impl StreamContext<'_> {
    /// Lane of a side of the conversation on the channel of a stream.
    fn lane(self, id: u64, side: Side) -> Lane {
        Lane { channel: self.group | id, side }
    }

    /// Whether a side sends on a stream.
    fn is_sender(self, id: u64, side: Side) -> bool {
        let opener = if id & 1 == 0 { self.client } else { self.client.other() };
        id & 2 == 0 || side == opener
    }

    /// Side of the handshake of a side of the conversation.
    fn role(self, side: Side) -> Side {
        if side == self.client { Side::Client } else { Side::Server }
    }

    /// Whether a packet of a side after one was received, and not captured or not decrypted: it may have had bytes of any stream.
    fn lacks_packet(self, side: Side, after: Option<u64>) -> bool {
        self.packets.lacks_any(self.role(side), Level::OneRtt.space(), after.map_or(0, |after| after.saturating_add(1)))
    }
}

impl Streams {
    /// Adds bytes that a side sent, and derives those that are next.
    pub(super) fn add(&mut self, part: StreamPart<'_>, side: Side, context: StreamContext<'_>, cx: &mut Context<'_>) {
        let StreamPart { id, offset, data, is_last, packet } = part;
        self.begin(id, side, context, cx);
        let Some(stream) = self.open.get_mut(&id) else { return };
        let lane = context.lane(id, side);
        let state = side.of_mut(stream);
        if is_last {
            state.final_size = Some(offset.saturating_add(data.bytes.len() as u64));
        }
        let before = state.bytes.pending_len();
        let carrier = Carrier { at: cx.at, number: packet };
        let new = state.bytes.add(offset, data.bytes, carrier);
        if !new.is_empty() {
            let from = Some(data.span(data.bytes.len() - new.len(), new.len()));
            let mut bytes = cx.derived.buffers.take();
            bytes.extend_from_slice(new);
            state.derive(lane, bytes, carrier, from, cx);
            state.derive_pending(lane, cx);
        }
        self.pending = (self.pending + state.bytes.pending_len()).saturating_sub(before);
        while self.pending > MAX_PENDING && state.bytes.pending_len() > 0 {
            self.is_over_limit = true;
            let before = state.bytes.pending_len();
            state.skip_gap(lane, cx);
            self.pending = (self.pending + state.bytes.pending_len()).saturating_sub(before);
        }
        self.end_if_complete(id, side, context, cx);
    }

    /// Derives a datagram (RFC 9221), for what reads the streams.
    pub(super) fn datagram(&self, data: Payload<'_>, side: Side, context: StreamContext<'_>, cx: &mut Context<'_>) {
        if self.has_begun && !data.bytes.is_empty() {
            let (bytes, at, from) = (data.bytes.to_vec(), cx.at, Some(data.all()));
            let item = DerivedItem::Bytes { offset: None, bytes, first: at, arrived: Some(at), from };
            cx.derive(context.lane(DATAGRAM_CHANNEL, side), item);
        }
    }

    /// Ends a side of a stream that its sender abandons with an error code.
    pub(super) fn reset(
        &mut self,
        (id, error): (u64, u64),
        side: Side,
        context: StreamContext<'_>,
        cx: &mut Context<'_>,
    ) {
        self.begin(id, side, context, cx);
        let Some(stream) = self.open.get_mut(&id) else { return };
        let state = side.of_mut(stream);
        let end = match state.stopped {
            Some(error) => SideEnd::Canceled(Some(error)),
            None => SideEnd::Reset(Some(error)),
        };
        self.end_side(id, side, end, context, cx);
        self.close_if_ended(id, context, cx);
    }

    /// Skips the gaps that are of the capture only: their bytes were received, and do not come again. Called after each packet.
    ///
    /// The bytes of a gap were sent after those before it and before those behind it. So if the packets between these were captured
    /// or received, and not all of them were captured, then the others had the bytes.
    pub(super) fn skip_received_gaps(&mut self, context: StreamContext<'_>, cx: &mut Context<'_>) {
        if self.pending == 0 {
            return;
        }
        let mut skipped = Vec::new();
        for (&id, stream) in self.open.iter_mut() {
            for side in Side::BOTH {
                let state = side.of_mut(stream);
                let before = state.bytes.pending_len();
                if before == 0 || !state.is_gap_over(side, context, cx.at.time) {
                    continue;
                }
                while state.gap(side, context, cx.at.time).is_some_and(|gap| gap != Gap::Awaited) {
                    state.skip_gap(context.lane(id, side), cx);
                }
                self.pending = (self.pending + state.bytes.pending_len()).saturating_sub(before);
                skipped.push((id, side));
            }
        }
        for (id, side) in skipped {
            self.end_if_complete(id, side, context, cx);
        }
    }

    /// Ends all streams that the client has begun with early data: the server does not read it, and the client begins anew.
    pub(super) fn reject(&mut self, context: StreamContext<'_>, cx: &mut Context<'_>) {
        if self.has_begun {
            self.end(SideEnd::Rejected, [false; 2], context, cx);
            cx.derive(context.lane(0, context.client), DerivedItem::EndChannels(SideEnd::Rejected));
            *self = Streams { has_begun: true, ..Streams::default() };
        }
    }

    /// Notes that the receiver of a stream does not want it. `side` is its sender.
    pub(super) fn stop(&mut self, id: u64, side: Side, error: u64) {
        if let Some(stream) = self.open.get_mut(&id) {
            side.of_mut(stream).stopped.get_or_insert(error);
        }
    }

    /// Ends all streams, in the order of their numbers: first those of one direction, which others may depend on. Of the sides that
    /// are unread, packets were not decrypted.
    fn end(&mut self, end: SideEnd, unread: [bool; 2], context: StreamContext<'_>, cx: &mut Context<'_>) {
        let mut ids: Vec<u64> = self.open.keys().copied().collect();
        ids.sort_by_key(|id| (id & 2 == 0, *id));
        for id in ids {
            for side in Side::BOTH {
                let before_gap = self.open.get(&id).and_then(|stream| side.of(stream).before_gap);
                let end = match end {
                    SideEnd::Rejected => end,
                    _ if *side.of(&unread) => SideEnd::Unread,
                    _ if context.lacks_packet(side, before_gap) => SideEnd::Uncaptured,
                    _ => end,
                };
                self.end_side(id, side, end, context, cx);
            }
            self.close_if_ended(id, context, cx);
        }
    }

    /// Ends all channels of the connection. `error` is what closed it, if they end by that.
    pub(super) fn end_channels(
        &mut self,
        end: SideEnd,
        error: Option<CompactString>,
        unread: [bool; 2],
        context: StreamContext<'_>,
        cx: &mut Context<'_>,
    ) {
        if let Some(error) = error.filter(|_| self.has_begun && !self.has_ended) {
            cx.derive(context.lane(0, context.client), DerivedItem::Closing(error));
        }
        self.end(end, unread, context, cx);
        if self.has_begun && !core::mem::replace(&mut self.has_ended, true) {
            cx.derive(context.lane(0, context.client), DerivedItem::EndChannels(end));
        }
    }

    /// Whether a side has not sent all of a stream in both directions.
    pub(super) fn awaits(&self, side: Side) -> bool {
        self.open.iter().any(|(id, stream)| id & 2 == 0 && !side.of(stream).has_ended)
    }

    /// Drops the bytes that wait: memory is short.
    pub(super) fn release(&mut self, context: StreamContext<'_>, cx: &mut Context<'_>) {
        for (&id, stream) in self.open.iter_mut() {
            for side in Side::BOTH {
                let state = side.of_mut(stream);
                while state.bytes.pending_len() > 0 {
                    state.skip_gap(context.lane(id, side), cx);
                }
            }
        }
        self.pending = 0;
        for _ in 0..self.open.len().saturating_sub(KEPT_OPEN).div_ceil(2) {
            self.end_oldest(context, cx);
        }
    }

    /// Ends the oldest request stream. Returns false if none is open.
    fn end_oldest(&mut self, context: StreamContext<'_>, cx: &mut Context<'_>) -> bool {
        let Some(oldest) = self.open.keys().copied().find(|id| id & 2 == 0) else { return false };
        self.is_over_open = true;
        for side in Side::BOTH {
            self.end_side(oldest, side, SideEnd::Unread, context, cx);
        }
        self.close_if_ended(oldest, context, cx);
        true
    }

    /// Bytes of memory, of which those of some open streams are not released.
    pub(super) fn buffered(&self) -> usize {
        self.pending + self.open.len().saturating_sub(KEPT_OPEN) * STREAM_SIZE
    }

    /// Begins a stream on which a side sends, unless it is open or closed, or too many are open.
    fn begin(&mut self, id: u64, side: Side, context: StreamContext<'_>, cx: &mut Context<'_>) {
        let is_closed = self.closed.get(id as usize & 3).is_some_and(|closed| closed.contains(id >> 2));
        let is_numbered = id < DATAGRAM_CHANNEL;
        if self.open.contains_key(&id) || is_closed || !context.is_sender(id, side) || !is_numbered {
            return;
        }
        if self.open.len() >= MAX_OPEN && !self.end_oldest(context, cx) {
            self.is_over_open = true;
            return;
        }
        let to = match context.alpn {
            "" => Successor::Detect,
            name => Successor::Alpn(name.into()),
        };
        let mut handover = Handover { is_encrypted: true, ..Handover::to(to) };
        if context.client == Side::Server {
            handover.facts.push(("initiator".into(), b"server".to_vec()));
        }
        cx.derive(context.lane(id, side), DerivedItem::Begin(Box::new(handover)));
        self.has_begun = true;
        let mut stream = <[StreamSide; 2]>::default();
        for side in Side::BOTH {
            let newest = context.packets.largest(context.role(side), Level::OneRtt.space());
            let state = side.of_mut(&mut stream);
            (state.has_ended, state.before_gap) = (!context.is_sender(id, side), newest);
        }
        self.open.insert(id, Box::new(stream));
    }

    fn end_if_complete(&mut self, id: u64, side: Side, context: StreamContext<'_>, cx: &mut Context<'_>) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        let state = side.of_mut(stream);
        if state.final_size.is_some_and(|size| state.bytes.next() >= size) {
            self.end_side(id, side, SideEnd::Closed, context, cx);
            self.close_if_ended(id, context, cx);
        }
    }

    /// Ends a side. Bytes that wait are derived after a gap.
    fn end_side(&mut self, id: u64, side: Side, end: SideEnd, context: StreamContext<'_>, cx: &mut Context<'_>) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        let state = side.of_mut(stream);
        if core::mem::replace(&mut state.has_ended, true) {
            return;
        }
        let lane = context.lane(id, side);
        let before = state.bytes.pending_len();
        while state.bytes.pending_len() > 0 {
            state.skip_gap(lane, cx);
        }
        self.pending = self.pending.saturating_sub(before);
        let missing = state.final_size.map_or(0, |size| state.bytes.skip_to(size));
        if missing > 0 {
            cx.derive(lane, DerivedItem::Missing(Missing::Bytes(missing)));
        }
        cx.derive(lane, DerivedItem::End(end));
    }

    fn close_if_ended(&mut self, id: u64, context: StreamContext<'_>, cx: &mut Context<'_>) {
        if !self.open.get(&id).is_some_and(|stream| stream.iter().all(|side| side.has_ended)) {
            return;
        }
        crate::lite_map::remove(&mut self.open, &id);
        for side in Side::BOTH.into_iter().filter(|&side| !context.is_sender(id, side)) {
            cx.derive(context.lane(id, side), DerivedItem::End(SideEnd::Closed));
        }
        if let Some(closed) = self.closed.get_mut(id as usize & 3) {
            closed.insert(id >> 2, id >> 2);
        }
    }
}

/// What is known of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// Its bytes may come.
    Awaited,
    /// Its bytes were received.
    Received,
    /// Its bytes did not come for a long time.
    Overdue,
}

impl StreamSide {
    fn derive(
        &mut self,
        lane: Lane,
        bytes: Vec<u8>,
        carrier: Carrier,
        from: Option<crate::tree::Slice>,
        cx: &mut Context<'_>,
    ) {
        let Carrier { at, number } = carrier;
        (self.before_gap, self.packets_since) = (Some(number), 0);
        if at.frame >= self.last.frame {
            self.last = at;
        }
        cx.derive(lane, DerivedItem::Bytes { offset: None, bytes, first: at, arrived: Some(self.last), from });
    }

    fn derive_pending(&mut self, lane: Lane, cx: &mut Context<'_>) {
        while let Some(piece) = self.bytes.take_next() {
            self.derive(lane, piece.bytes, piece.carrier, None, cx);
        }
    }

    /// Returns what is known of the first gap, if there is one.
    fn gap(&self, side: Side, context: StreamContext<'_>, now: i64) -> Option<Gap> {
        let behind = self.bytes.first_pending()?;
        if now.saturating_sub(behind.at.time) > GAP_WAIT {
            return Some(Gap::Overdue);
        }
        // Bytes that were sent again do not limit when those after them were sent first.
        let first = self.before_gap.filter(|before| *before < behind.number).map_or(0, |before| before + 1);
        let (role, space) = (context.role(side), Level::OneRtt.space());
        let is_received = context.packets.lacks_received_only(role, space, first..behind.number);
        Some(if is_received { Gap::Received } else { Gap::Awaited })
    }

    /// Whether the first gap is skipped now. Called for each packet of the connection.
    fn is_gap_over(&mut self, side: Side, context: StreamContext<'_>, now: i64) -> bool {
        let is_over = self.gap(side, context, now).is_some_and(|gap| gap != Gap::Awaited);
        if is_over {
            self.packets_since = self.packets_since.saturating_add(1);
        }
        is_over && self.packets_since > GAP_PACKETS
    }

    /// Skips the bytes before those that wait.
    fn skip_gap(&mut self, lane: Lane, cx: &mut Context<'_>) {
        if let Some(missing) = self.bytes.skip_gap() {
            cx.derive(lane, DerivedItem::Missing(Missing::Bytes(missing)));
        }
        self.derive_pending(lane, cx);
    }
}
