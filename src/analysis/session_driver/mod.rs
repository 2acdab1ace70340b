//! Session drivers: detect a session in a conversation's bytes, buffer what it leaves, and feed what it derives to others.
//!
//! A driver has one session. A session that turns bytes into other bytes (TLS, a tunnel, HTTP/2) has drivers above it,
//! one a channel, each with a session of its own. HTTP/1 over TCP has none of them and pays for none.

mod after_call;
mod completed;
mod conversation;
mod detect;
mod nested;

use super::frame_context::Feed;
use super::limits;
use super::side_buffer::SideBuffer;
use super::task::Work;
use after_call::Checkpoint;
pub(super) use completed::{Assembled, Completed, Owner};
pub(super) use conversation::ConversationState;
use detect::Detection;
use dissectors::exchange::Exchange;
use dissectors::lite_map;
use dissectors::protocol::SessionKind;
use dissectors::session::{
    Chunk, Event, ExchangeId, Handover, Input, Lane, Missing, Session, Side, SideEnd, Stamp, Successor, Transition,
};
use nested::Nested;

/// What reads the bytes of a driver.
enum DriverState {
    /// The session that detects its protocol in the next bytes.
    Detecting,
    /// The session of this kind, whatever the next bytes look like.
    Forced(&'static SessionKind),
    /// Nothing until a handover names the session: bytes are buffered.
    Undecided,
    /// A session.
    Session { session: Box<dyn Session>, kind: &'static SessionKind },
    /// Nothing: a protocol was agreed on that is not known here, or it is nested too deep.
    Unread,
}

impl Clone for DriverState {
    fn clone(&self) -> DriverState {
        match self {
            DriverState::Detecting => DriverState::Detecting,
            DriverState::Forced(kind) => DriverState::Forced(kind),
            DriverState::Undecided => DriverState::Undecided,
            DriverState::Session { session, kind } => DriverState::Session { session: session.fork(), kind },
            DriverState::Unread => DriverState::Unread,
        }
    }
}

/// Bytes delivered of a side, in order.
#[derive(Clone, Copy)]
pub(in crate::analysis) struct Delivered<'b> {
    pub(in crate::analysis) bytes: &'b [u8],
    /// Their offset in the tree's store if they are in a buffer of the present frame.
    pub(in crate::analysis) base: Option<u32>,
    /// Where their first byte arrived.
    pub(in crate::analysis) first: Stamp,
    /// Where their last byte arrived.
    pub(in crate::analysis) arrived: Stamp,
    /// Bytes of the other side that the sender had received; 0 if unknown.
    pub(in crate::analysis) received: u64,
    /// Bytes of a datagram after them that were not captured.
    pub(in crate::analysis) cut: u32,
}

/// Reads one lane or all channels of a conversation.
#[derive(Clone)]
pub(in crate::analysis) struct SessionDriver {
    state: DriverState,
    /// What sessions are detected for.
    input: Input,
    /// The number of the session in its conversation.
    session: u32,
    /// Where the session comes from, if another handed over to it.
    origin: Option<Box<Origin>>,
    /// Whether a session below decrypts the bytes.
    is_encrypted: bool,
    /// Sides of which sessions below did not decrypt bytes.
    undecrypted: [bool; 2],
    /// The sides of channel 0.
    sides: [SideBuffer; 2],
    nested: Option<Box<Nested>>,
    tracking: Tracking,
    /// Datagrams in which no session was detected.
    undetected: u8,
    /// Bytes buffered and not consumed, when the driver below counted them.
    counted: [u32; 2],
}

/// The exchanges that a session has from a handover.
#[derive(Clone, Copy, Default)]
struct Origin {
    /// The exchange that opened the session.
    exchange: Option<ExchangeId>,
    /// Time at which that exchange began.
    start: Option<i64>,
    /// The exchange that the session took from its handover, or whose content it reads.
    adopted: Option<ExchangeId>,
}

impl Origin {
    /// That of a session which no exchange opened is not kept.
    fn kept(self) -> Option<Box<Origin>> {
        (self.exchange.is_some() || self.adopted.is_some()).then(|| Box::new(self))
    }
}

/// What a driver keeps track of.
#[derive(Clone, Copy)]
struct Tracking {
    /// The frames of each unit.
    frames: bool,
    /// The bytes of each unit.
    bytes: bool,
    /// The nodes of each message.
    messages: bool,
    /// The exchange of each frame's bytes.
    owners: bool,
}

impl SessionDriver {
    /// The driver at the root of a conversation. The first session may be of a kind that was chosen.
    pub(in crate::analysis) fn new(input: Input, work: Work, forced: Option<&'static SessionKind>) -> SessionDriver {
        let tracking = Tracking {
            frames: work.frames || work.owners,
            bytes: work.data,
            messages: work.halves,
            owners: work.owners,
        };
        SessionDriver {
            state: forced.map_or(DriverState::Detecting, DriverState::Forced),
            input,
            session: 0,
            origin: None,
            is_encrypted: false,
            undecrypted: [false; 2],
            sides: Default::default(),
            nested: None,
            tracking,
            undetected: 0,
            counted: [0; 2],
        }
    }

    /// Sets the session of the context.
    fn prepare(&self, feed: &mut Feed<'_>) {
        (feed.cx.session, feed.cx.adopted, feed.cx.is_encrypted) = (self.session, self.adopted(), self.is_encrypted);
        feed.cx.undecrypted = self.undecrypted;
    }

    /// The exchanges that its session has from a handover.
    fn origin(&self) -> Origin {
        self.origin.as_deref().copied().unwrap_or_default()
    }

    /// The exchange that opened its session.
    fn exchange(&self) -> Option<ExchangeId> {
        self.origin.as_ref()?.exchange
    }

    /// The exchange that its session took from its handover, or whose content it reads.
    fn adopted(&self) -> Option<ExchangeId> {
        self.origin.as_ref()?.adopted
    }

    /// Whether sessions above read what its session derives.
    pub(in crate::analysis) fn has_nested(&self) -> bool {
        self.nested.is_some()
    }

    /// Whether a session reads it.
    pub(in crate::analysis) fn has_session(&self) -> bool {
        matches!(self.state, DriverState::Session { .. })
    }

    /// Bytes buffered, those of the drivers above included.
    pub(in crate::analysis) fn buffered(&self) -> usize {
        let session = match &self.state {
            DriverState::Session { session, .. } => session.buffered(),
            DriverState::Detecting | DriverState::Forced(_) | DriverState::Undecided | DriverState::Unread => 0,
        };
        let nested = self.nested.as_ref().map_or(0, |nested| nested.buffered);
        session + nested + self.sides.iter().map(SideBuffer::buffered).sum::<usize>()
    }

    /// Whether the end of both sides completes nothing.
    pub(in crate::analysis) fn is_idle(&self) -> bool {
        let is_session_idle = match &self.state {
            DriverState::Session { session, .. } => session.is_idle(),
            DriverState::Detecting | DriverState::Forced(_) | DriverState::Undecided | DriverState::Unread => true,
        };
        is_session_idle && self.nested.is_none()
    }

    /// Whether a session is in the middle of a message of this side, as far as it has read.
    pub(in crate::analysis) fn is_in_message(&self, side: Side) -> bool {
        match &self.state {
            DriverState::Session { session, .. } => session.is_in_message(side),
            DriverState::Detecting | DriverState::Forced(_) | DriverState::Undecided | DriverState::Unread => false,
        }
    }

    /// Whether a response of this side is awaited of which nothing was read.
    pub(in crate::analysis) fn awaits_response(&self, side: Side) -> bool {
        matches!(&self.state, DriverState::Session { session, .. } if session.awaits_response(side))
    }

    /// Whether bytes of this side are read after the bytes of the other side that their sender had received. A protocol
    /// that is not detected yet is taken to begin with the client.
    pub(in crate::analysis) fn responds(&self, side: Side) -> bool {
        match &self.state {
            DriverState::Detecting | DriverState::Forced(_) => side == Side::Server,
            DriverState::Session { session, .. } => session.responds(side) || self.nested_responds(side),
            DriverState::Undecided | DriverState::Unread => false,
        }
    }

    fn nested_responds(&self, side: Side) -> bool {
        self.nested.iter().any(|nested| nested.above.values().any(|driver| driver.responds(side)))
    }

    /// Of the last `len` bytes delivered of a side, those after the last unit that ended.
    pub(in crate::analysis) fn unfinished(&self, side: Side, len: usize) -> usize {
        self.sides[side as usize].unfinished(len)
    }

    /// Bytes that no session has consumed, of the drivers above too.
    pub(in crate::analysis) fn unconsumed(&self) -> usize {
        let nested = self.nested.as_ref().map_or(0, |nested| nested.unconsumed);
        nested + self.sides.iter().map(|side| side.unconsumed().len()).sum::<usize>()
    }

    /// Counts bytes buffered and not consumed, for the driver below; returns the differences to when they were last counted.
    fn count(&mut self) -> [isize; 2] {
        let now = [self.buffered(), self.unconsumed()].map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX));
        let [before_buffered, before_unconsumed] = std::mem::replace(&mut self.counted, now);
        let [buffered, unconsumed] = now.map(|bytes| bytes as isize);
        [buffered - before_buffered as isize, unconsumed - before_unconsumed as isize]
    }

    /// Whether both sides have ended.
    fn has_ended(&self) -> bool {
        self.sides.iter().all(|side| side.ended)
    }

    /// Offers again what was left of a side: the other was read. So do the drivers above.
    pub(in crate::analysis) fn offer_side(&mut self, side: Side, feed: &mut Feed<'_>) {
        if !self.sides[side as usize].unconsumed().is_empty() {
            self.offer_unconsumed(Lane::of(side), feed);
        }
        if let Some(nested) = &mut self.nested {
            nested.each(feed, |driver, feed| driver.offer_side(side, feed));
        }
    }

    /// The buffer of a lane.
    #[inline(always)]
    fn buffer(&mut self, lane: Lane) -> &mut SideBuffer {
        // The only channel of most conversations.
        if lane.channel == 0 { &mut self.sides[lane.side as usize] } else { self.channel_buffer(lane) }
    }

    #[inline(never)]
    #[expect(clippy::unwrap_or_default, reason = "`or_default` of this map allocates for each call")]
    fn channel_buffer(&mut self, lane: Lane) -> &mut SideBuffer {
        let sides = self.nested.get_or_insert_default().channels.entry(lane.channel).or_insert_with(Box::default);
        &mut sides[lane.side as usize]
    }

    /// Sets the offset of a side's first byte, before any is read.
    pub(in crate::analysis) fn begin_at(&mut self, side: Side, offset: u64) {
        self.sides[side as usize].begin_at(offset);
    }

    /// Reads the next bytes of a lane.
    pub(in crate::analysis) fn read(&mut self, lane: Lane, delivered: Delivered<'_>, feed: &mut Feed<'_>) {
        let Delivered { bytes, base, first, arrived, received, cut } = delivered;
        let tracking = self.tracking;
        let is_read = !matches!(self.state, DriverState::Unread);
        let buffer = self.buffer(lane);
        buffer.deliver(bytes.len());
        buffer.ended = false;
        if tracking.frames && is_read {
            match feed.frames.as_slice() {
                [] => buffer.note_frames(&[arrived.frame]),
                // The session below kept them since an earlier datagram.
                frames if feed.conversation.id.tcp().is_none() && !frames.contains(&first.frame) => {
                    buffer.note_frames(&[first.frame]);
                }
                frames => buffer.note_frames(frames),
            }
        }
        // Units of derived bytes are kept only for a session that records their reassembly.
        if tracking.bytes && is_read && (feed.root.is_none() || feed.reassembly.is_some()) {
            buffer.keep(bytes);
        }
        (feed.cx.first, feed.cx.arrived, feed.cx.received, feed.cx.cut) = (first, arrived, received, cut);
        if buffer.unconsumed().is_empty() {
            let consumed = self.offer(lane, Chunk { bytes, base }, feed);
            if self.input == Input::Datagrams {
                // RFC 768: a datagram is a message of its own.
                self.buffer(lane).consume_all();
                return;
            }
            let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) else { return };
            self.buffer(lane).push_unconsumed(rest);
        } else {
            buffer.push_unconsumed(bytes);
            self.offer_unconsumed(lane, feed);
        }
        if self.buffer(lane).unconsumed().len() > limits::UNCONSUMED_BYTES {
            self.gap(lane, Missing::Released, feed);
        }
    }

    /// Offers again what was left of a lane: more has come, or another lane was read.
    pub(in crate::analysis) fn offer_unconsumed(&mut self, lane: Lane, feed: &mut Feed<'_>) {
        let mut bytes = self.buffer(lane).take_unconsumed();
        let consumed = self.offer(lane, Chunk { bytes: &bytes, base: None }, feed);
        bytes.drain(..consumed);
        self.buffer(lane).set_unconsumed(bytes);
    }

    /// Offers bytes to the session; returns how many are consumed.
    fn offer(&mut self, lane: Lane, chunk: Chunk<'_>, feed: &mut Feed<'_>) -> usize {
        let mut done = 0;
        let mut changes = 0;
        while done < chunk.bytes.len() {
            let rest = chunk.from(done);
            let before = Checkpoint::of(&feed.cx);
            self.prepare(feed);
            if feed.root.is_none() {
                let from = self.buffer(lane).consumed();
                feed.cx.range = from..from + rest.bytes.len() as u64;
            }
            let consumed = match &mut self.state {
                DriverState::Unread => {
                    self.buffer(lane).consume(rest.bytes.len());
                    return chunk.bytes.len();
                }
                DriverState::Undecided if rest.bytes.len() <= limits::UNDECIDED_BYTES => return done,
                DriverState::Undecided => {
                    self.state = DriverState::Unread;
                    continue;
                }
                DriverState::Session { session, .. } => session.read(lane, rest, &mut feed.cx),
                DriverState::Forced(kind) => {
                    let kind = *kind;
                    self.open(kind, &mut Handover::default(), feed);
                    continue;
                }
                DriverState::Detecting => match self.detect(lane.side, rest.bytes, feed) {
                    Detection::Found(kind) => {
                        self.buffer(lane).take_waiting();
                        self.open(kind, &mut Handover::default(), feed);
                        continue;
                    }
                    Detection::Wait => {
                        self.buffer(lane).set_waiting(rest.bytes.len());
                        return done;
                    }
                    Detection::None => {
                        self.undetected = self.undetected.saturating_add(1);
                        let buffer = self.buffer(lane);
                        // A protocol may begin after the bytes that waited for more.
                        let waiting = buffer.take_waiting();
                        let skipped =
                            if waiting < rest.bytes.len() && waiting > 0 { waiting } else { rest.bytes.len() };
                        buffer.consume(skipped);
                        buffer.forget_unit();
                        done += skipped;
                        continue;
                    }
                },
            };
            let bytes = consumed.bytes.min(rest.bytes.len());
            done += bytes;
            self.buffer(lane).consume(bytes);
            if let Some((nth, half)) = consumed.owner.filter(|_| self.tracking.owners && bytes > 0) {
                let id = feed.cx.exchange(nth);
                self.attribute(lane, bytes as u64, (id, half), feed);
            }
            // Bytes that are no content of a session above, between those of its messages: an update of keys.
            if consumed.owner.is_none() && bytes > 0 && self.nested.is_some() && feed.cx.derived.items.is_empty() {
                feed.completed.is_outside = true;
            }
            self.after_call(lane, before, bytes as u64, feed);
            match consumed.transition {
                Transition::Stay if bytes == 0 => return done,
                Transition::Stay => {}
                Transition::Replace(handover) if changes < 8 => {
                    changes += 1;
                    self.replace(*handover, feed);
                }
                Transition::Beneath(handover) if changes < 8 => {
                    changes += 1;
                    self.insert_beneath(*handover, feed);
                }
                Transition::Replace(_) | Transition::Beneath(_) => self.state = DriverState::Unread,
            }
        }
        done
    }

    /// Begins a session. An exchange that it leaves pending is reported as it is.
    fn open(&mut self, kind: &'static SessionKind, handover: &mut Handover, feed: &mut Feed<'_>) {
        let pending = handover.pending.as_ref().map(|exchange| exchange.id);
        let session = (kind.open)(feed.cx.wants, handover);
        let carrier = handover.exchange.filter(|_| handover.is_content);
        let adopted = pending.filter(|_| handover.pending.is_none()).or(carrier);
        self.origin = Origin { adopted, ..self.origin() }.kept();
        self.state = DriverState::Session { session, kind };
        self.settle_pending(handover, feed);
    }

    /// Sets the exchange that opened the session as the parent of another one.
    fn set_parent(&self, exchange: &mut Exchange) {
        if let (None, Some(parent)) = (exchange.parent, self.exchange().filter(|parent| *parent != exchange.id)) {
            (exchange.parent, exchange.parent_start) = (Some(parent), self.origin().start);
        }
    }

    fn settle_pending(&self, handover: &mut Handover, feed: &mut Feed<'_>) {
        if let Some(mut exchange) = handover.pending.take() {
            exchange.set_undecrypted(self.undecrypted);
            feed.cx.events.push(Event::Exchange(exchange));
        }
    }

    /// Sets what reads on by a handover.
    fn succeed(&mut self, mut handover: Handover, feed: &mut Feed<'_>) {
        if let Some(pending) = &mut handover.pending {
            self.set_parent(pending);
        }
        if handover.exchange.is_some() {
            let (exchange, start) = (handover.exchange, handover.exchange_start);
            self.origin = Origin { exchange, start, ..self.origin() }.kept();
        }
        let named = feed.registry.successor(&handover.to);
        match (&handover.to, named) {
            (_, Some(entry)) => return self.open(entry.kind, &mut handover, feed),
            (Successor::Undecided, None) => self.state = DriverState::Undecided,
            // An unknown name may still be of a protocol that can be detected.
            (_, None) => self.state = DriverState::Detecting,
        }
        self.settle_pending(&mut handover, feed);
    }

    /// Replaces the session by the one that a handover names.
    #[cold]
    fn replace(&mut self, handover: Handover, feed: &mut Feed<'_>) {
        self.session = feed.conversation.take_session();
        self.succeed(handover, feed);
    }

    /// Inserts a session beneath the present one, which goes on with what that one derives.
    #[cold]
    fn insert_beneath(&mut self, mut handover: Handover, feed: &mut Feed<'_>) {
        let Some(entry) = feed.registry.successor(&handover.to) else {
            self.state = DriverState::Unread;
            return self.settle_pending(&mut handover, feed);
        };
        let state = std::mem::replace(&mut self.state, DriverState::Unread);
        let above = SessionDriver {
            state,
            input: Input::Stream,
            session: self.session,
            origin: self.origin.clone(),
            is_encrypted: self.is_encrypted,
            undecrypted: self.undecrypted,
            sides: Default::default(),
            nested: self.nested.take(),
            tracking: self.tracking,
            undetected: 0,
            counted: [0; 2],
        };
        self.nested.get_or_insert_default().above.insert(0, Box::new(above));
        feed.conversation.drivers += 1;
        self.session = feed.conversation.take_session();
        self.open(entry.kind, &mut handover, feed);
    }

    /// Skips bytes of a lane that cannot be read.
    pub(in crate::analysis) fn gap(&mut self, lane: Lane, missing: Missing, feed: &mut Feed<'_>) {
        feed.conversation.is_whole = false;
        let is_undecided = matches!(self.state, DriverState::Undecided);
        let buffer = self.buffer(lane);
        buffer.deferred_gap |= is_undecided;
        let unconsumed = buffer.take_unconsumed();
        let skipped = unconsumed.len() as u64;
        let from = buffer.consumed();
        buffer.skip(missing.len());
        let until = buffer.consumed();
        if feed.root.is_none() {
            feed.cx.range = from..until;
        }
        let before = Checkpoint::of(&feed.cx);
        self.prepare(feed);
        if let DriverState::Session { session, .. } = &mut self.state {
            session.gap(lane, Chunk { bytes: &unconsumed, base: None }, missing, &mut feed.cx);
        }
        self.attribute_rest(lane, before, from..from + skipped, feed);
        self.after_call(lane, before, skipped, feed);
    }

    /// Drops what its session can derive again, and what the drivers above need not keep. Returns whether there was any.
    pub(in crate::analysis) fn forget_derivable(&mut self) -> bool {
        let DriverState::Session { session, .. } = &mut self.state else { return false };
        let has_dropped = session.forget_derivable();
        if let Some(nested) = self.nested.as_mut().filter(|_| has_dropped) {
            nested.drop_idle_lanes();
        }
        has_dropped
    }

    /// Has its session and those above drop bodies of messages. Returns whether any did.
    pub(in crate::analysis) fn release_bodies(&mut self) -> bool {
        let has_released = match &mut self.state {
            DriverState::Session { session, .. } => session.release_bodies(),
            DriverState::Detecting | DriverState::Forced(_) | DriverState::Undecided | DriverState::Unread => false,
        };
        self.nested.as_mut().is_some_and(|nested| nested.release_bodies()) || has_released
    }

    /// Bytes of memory of the state of its session, and of those above, about.
    pub(in crate::analysis) fn state_len(&self) -> usize {
        match &self.state {
            DriverState::Session { session, .. } => session.state_len(),
            DriverState::Detecting | DriverState::Forced(_) | DriverState::Undecided | DriverState::Unread => 0,
        }
    }

    /// Has its session end what its state is of, and drop it.
    pub(in crate::analysis) fn evict(&mut self, feed: &mut Feed<'_>) {
        let before = Checkpoint::of(&feed.cx);
        self.prepare(feed);
        if let DriverState::Session { session, .. } = &mut self.state {
            session.evict(&mut feed.cx);
        }
        self.after_call(Lane::of(Side::Client), before, 0, feed);
    }

    /// Releases what is buffered, of the drivers above too. Decoder state stays.
    pub(in crate::analysis) fn release(&mut self, feed: &mut Feed<'_>) {
        let channels = self.nested.iter().flat_map(|nested| nested.channels.keys()).copied();
        let channels: Vec<u64> = std::iter::once(0).chain(channels).collect();
        for channel in channels {
            for side in Side::BOTH {
                self.gap(Lane { channel, side }, Missing::Released, feed);
            }
        }
        if let Some(nested) = &mut self.nested {
            nested.unordered.clear();
            nested.each(feed, |driver, feed| driver.release(feed));
        }
    }

    /// Ends a lane; once.
    pub(in crate::analysis) fn end(&mut self, lane: Lane, end: SideEnd, feed: &mut Feed<'_>) {
        let is_undecided = matches!(self.state, DriverState::Undecided);
        let buffer = self.buffer(lane);
        if std::mem::replace(&mut buffer.ended, true) {
            return;
        }
        if is_undecided {
            buffer.defer_end(end);
            return;
        }
        let rest = buffer.take_unconsumed();
        let bytes = buffer.consumed()..buffer.consumed() + rest.len() as u64;
        buffer.consume_all();
        let before = Checkpoint::of(&feed.cx);
        self.prepare(feed);
        if let DriverState::Session { session, .. } = &mut self.state {
            session.end(lane, Chunk { bytes: &rest, base: None }, end, &mut feed.cx);
        }
        self.attribute_rest(lane, before, bytes, feed);
        let reads_channels = self.reads_channels();
        self.after_call_with(lane, before, rest.len() as u64, Some(end).filter(|_| !reads_channels), feed);
        if lane.channel != 0 {
            self.drop_channel(lane.channel);
        }
    }

    /// Whether the session reads many channels: the end of one is not that of the others.
    fn reads_channels(&self) -> bool {
        matches!(&self.state, DriverState::Session { kind, .. } if kind.input == Input::Channels)
    }

    /// Drops the buffers of a channel whose lanes have ended.
    fn drop_channel(&mut self, channel: u64) {
        if let Some(nested) = &mut self.nested
            && nested.channels.get(&channel).is_some_and(|sides| sides.iter().all(|side| side.ended))
        {
            lite_map::remove(&mut nested.channels, &channel);
        }
    }

    /// Ends a side of all channels.
    pub(super) fn end_side(&mut self, side: Side, end: SideEnd, feed: &mut Feed<'_>) {
        let reads_channels = self.reads_channels();
        let channels = self.nested.iter().flat_map(|nested| nested.channels.keys()).copied();
        let channels: Vec<u64> = channels.chain(std::iter::once(0)).collect();
        for channel in channels {
            self.end(Lane { channel, side }, end, feed);
        }
        if let Some(nested) = self.nested.as_mut().filter(|_| reads_channels) {
            nested.each(feed, |driver, feed| driver.end_side(side, end, feed));
        }
    }

    /// Drops the session: both sides have ended. If one goes on all the same, as after a reset that was not accepted, a
    /// session is detected again.
    pub(in crate::analysis) fn close(&mut self, conversation: &mut ConversationState) {
        self.state = DriverState::Detecting;
        self.session = conversation.take_session();
        (self.origin, self.nested) = (None, None);
        conversation.drivers = 0;
        for side in &mut self.sides {
            side.close();
        }
    }
}
