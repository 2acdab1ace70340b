//! One TCP connection: its numbers, its course, its bytes in order, and the conversation in them.

use super::conversation::{Assembled, Completed, Delivered, SessionDriver};
use super::tcp::assembler::{Assembler, Next, SegmentData};
use super::tcp::before;
use super::tcp::sequence::{Scales, Sequence};
use super::tcp::state::TcpState;
use super::{Event, FrameConnection, MessageNodes, Prefilter, StreamChunk, StreamContent, Work, acknowledges, limits};
use crate::capture::{Call, CloseKind, Endpoint, OpenKind, SideCounters, Stream};
use dissectors::exchange::Exchange;
use dissectors::packet::{Path, Payload};
use dissectors::session::{Context, FirstPass, Side, SideEnd, Stamp};
use dissectors::tcp::{self, Analysis, Flags, Segment, SegmentFacts};
use dissectors::{Registry, Tree, Value, Wants, data};
use std::ops::Range;

/// All that is known of one connection.
pub(super) struct Connection {
    pub(super) number: u32,
    client: Endpoint,
    server: Endpoint,
    first: Stamp,
    pub(super) last: Stamp,
    frames: u32,
    scales: Scales,
    /// Sequence analysis, if it is asked for.
    sequence: Option<Box<Sequence>>,
    state: TcpState,
    assemblers: [Assembler; 2],
    driver: SessionDriver,
    sent: [SideCounters; 2],
    /// How far each side has acknowledged with its last data.
    acked_with_data: [Option<u32>; 2],
    /// When the first SYN was sent, and how long until the handshake was done.
    syn: Option<i64>,
    connect: Option<i64>,
    exchanges: u32,
    /// Bytes it holds beside itself, when they were last counted.
    pub(super) buffered: u32,
}

/// What reading a segment leans on.
pub(super) struct SegmentContext<'a> {
    pub(super) registry: &'a Registry,
    pub(super) work: Work,
    pub(super) wants: &'a Wants,
    pub(super) first_pass: &'a FirstPass,
    pub(super) path: &'a mut Path,
    pub(super) messages: &'a mut Vec<dissectors::session::Event>,
    pub(super) chunks: Option<&'a mut Vec<Event>>,
    pub(super) collected: Option<&'a mut FirstPass>,
    pub(super) prefilter: Option<&'a Prefilter>,
    pub(super) tree: &'a mut Tree,
    pub(super) at: Stamp,
}

impl SegmentContext<'_> {
    /// Whether an earlier reading has learnt in which frame this one's data became part of a message.
    fn is_reassembled_later(&self, at: Stamp) -> bool {
        self.first_pass.reassembled_in.contains_key(&at.frame)
    }
}

impl Connection {
    /// A connection of which this is the first segment seen.
    pub(super) fn new(
        number: u32,
        source: Endpoint,
        destination: Endpoint,
        segment: &Segment<'_>,
        at: Stamp,
        needs: Work,
    ) -> Connection {
        // A SYN-ACK answers the client, whose SYN is missing; else who has the higher port is taken to have called.
        let (syn, ack) = (segment.flags.syn(), segment.flags.ack());
        let from_client = if syn { !ack } else { source.port >= destination.port };
        let from_client = from_client != segment.quoted || source.port == destination.port;
        let (client, server) = if from_client { (source, destination) } else { (destination, source) };
        let assembler = || if needs.compare { Assembler::comparing() } else { Assembler::default() };
        Connection {
            number,
            client,
            server,
            first: at,
            last: at,
            frames: 0,
            scales: Scales::default(),
            sequence: needs.sequence.then(Box::default),
            state: TcpState::new(),
            assemblers: [assembler(), assembler()],
            driver: SessionDriver::new(needs),
            sent: [SideCounters::default(); 2],
            acked_with_data: [None; 2],
            syn: None,
            connect: None,
            exchanges: 0,
            buffered: 0,
        }
    }

    /// Which side has this address.
    pub(super) fn side(&self, source: Endpoint) -> Side {
        if source == self.client { Side::Client } else { Side::Server }
    }

    /// What a frame with a segment of it has to do with it, before that was followed.
    pub(super) fn frame_connection(&self, side: Side, segment: &Segment<'_>, reused: bool) -> FrameConnection {
        let (speaks, said) = Default::default();
        FrameConnection { stream: self.number, has_data: speaks, messages: said, side, reused, quoted: segment.quoted }
    }

    /// Whether a SYN begins another connection between the same endpoints: its number is not the one this began with.
    pub(super) fn is_replaced_by(&self, source: Endpoint, syn: &Segment<'_>) -> bool {
        self.frames > 0 && self.scales.base(self.side(source)).is_some_and(|base| base != syn.seq)
    }

    /// Counts the bytes it holds beside itself; says how many more they are than when they were last counted.
    pub(super) fn recount_buffered(&mut self) -> isize {
        let sequence = self.sequence.as_ref().map_or(0, |sequence| sequence.buffered());
        let held = self.driver.buffered() + sequence + self.assemblers.iter().map(Assembler::buffered).sum::<usize>();
        let held = u32::try_from(held).unwrap_or(u32::MAX);
        held as isize - std::mem::replace(&mut self.buffered, held) as isize
    }

    /// Passes over a segment of a connection that nobody asks for: no more than a later one needs to be numbered.
    pub(super) fn skip(&mut self, source: Endpoint, segment: &Segment<'_>, at: Stamp) {
        self.last = at;
        if !segment.quoted {
            self.scales.update(self.side(source), segment);
            self.frames += 1;
        }
    }

    /// Follows one segment, and records it; returns what of the connection it says.
    pub(super) fn read_segment(
        &mut self,
        source: Endpoint,
        segment: &Segment<'_>,
        reused: bool,
        reading: &mut SegmentContext<'_>,
    ) -> FrameConnection {
        let side = self.side(source);
        let at = reading.at;
        if segment.quoted {
            let known = SegmentFacts { stream: self.number, ..self.scales.known_for(side, segment) };
            tcp::describe(segment, &known, reading.tree);
            self.last = at;
            return self.frame_connection(side, segment, reused);
        }
        let relative = self.scales.update(side, segment);
        let mut analysis = Analysis::default();
        if let Some(sequence) = &mut self.sequence {
            let foreseen = reading.first_pass.initial_rtt.get(&self.number).copied();
            analysis = sequence.analyse(side, segment, &relative, at, foreseen, reused);
        }
        let fin_active = self.state.advance(side, segment, at.frame);
        self.frames += 1;
        self.count(side, segment, &analysis, at);
        let arrived = if reading.work.bytes { self.assemble(side, segment, at) } else { Default::default() };
        if arrived.limit {
            reading.tree.note(&tcp::LIMIT, segment.payload.all(), format_args!("too much waits for missing bytes"));
        }
        let says_something = reading.work.segments || analysis.flags != 0;
        if reading.tree.wants_columns() || says_something && reading.tree.wants_any(&tcp::TCP) {
            let completeness = reading.first_pass.completeness.get(self.number as usize).copied();
            let known = SegmentFacts {
                stream: self.number,
                packet_number: self.frames,
                completeness: completeness.unwrap_or(self.state.completeness()),
                seq_base: relative.seq_base,
                ack_base: relative.ack_base,
                window: relative.window,
                scale: relative.scale,
                time_relative: at.time.saturating_sub(self.first.time),
                time_delta: at.time.saturating_sub(self.last.time),
                analysis,
                fin_active,
                reassembled_in: reading.first_pass.reassembled_in.get(&at.frame).copied(),
                overlap: arrived.overlap,
            };
            tcp::describe(segment, &known, reading.tree);
        }
        if reading.prefilter.is_some_and(|may_be_asked_for| !may_be_asked_for(reading.tree)) {
            reading.tree.skip_rest();
        }
        self.last = at;
        let mut met = self.frame_connection(side, segment, reused);
        met.has_data[side as usize] = !segment.is_empty();
        let told = reading.path.names().len();
        if reading.work.bytes && self.carries_nothing(segment) {
            self.assemblers[side.other() as usize].acked(acknowledges(segment));
        } else if reading.work.bytes {
            let mut completed = self.read(side, segment, arrived.ready.clone(), reading);
            met.has_data.iter_mut().zip(completed.sides).for_each(|(speaks, told)| *speaks |= told);
            met.messages = std::mem::take(&mut completed.messages);
            if reading.tree.wants(&tcp::SEGMENT_DATA) {
                self.record_segment_data(side, segment, &arrived, &completed, reading);
            }
            self.record_completed(side, segment, completed, reading);
        }
        let is_told = reading.path.names().len() > told || segment.is_empty() || arrived.copy;
        if !is_told && self.driver.is_in_message(side) && !reading.is_reassembled_later(at) {
            reading.tree.append_info(format_args!(" [TCP segment of a reassembled PDU]"));
        }
        if reading.work.messages && !self.driver.is_known() && !reading.is_reassembled_later(at) {
            let nobodys = self.undissected(side, segment.payload, &arrived);
            if !nobodys.bytes.is_empty() {
                reading.path.push("data");
                data::describe(nobodys, reading.tree);
            }
        }
        met
    }

    /// The part of a segment's data that no session has read: what comes after the message that ended its protocol, and
    /// nothing that came before.
    fn undissected<'b>(&self, side: Side, payload: Payload<'b>, arrived: &SegmentData) -> Payload<'b> {
        let ready = &arrived.ready;
        match ready.len() {
            0 if arrived.copy => payload.first(0),
            0 => payload,
            len => payload.from(ready.end - self.driver.unfinished(side, len)),
        }
    }

    fn count(&mut self, side: Side, segment: &Segment<'_>, analysis: &Analysis, at: Stamp) {
        let sent = &mut self.sent[side as usize];
        sent.frames += 1;
        sent.bytes += u64::from(segment.len());
        let again = Analysis::Retransmission | Analysis::FastRetransmission | Analysis::SpuriousRetransmission;
        sent.retransmissions += u64::from(analysis.has(again));
        if segment.flags.syn() && !segment.flags.ack() {
            self.syn.get_or_insert(at.time);
        } else if self.connect.is_none() && self.state.is_established() {
            self.connect = self.syn.map(|syn| at.time.saturating_sub(syn));
        }
    }

    /// Gives the segment's data to its side's assembler.
    fn assemble(&mut self, side: Side, segment: &Segment<'_>, at: Stamp) -> SegmentData {
        let data_seq = segment.seq.wrapping_add(u32::from(segment.flags.syn()));
        if let Some(ack) = acknowledges(segment).filter(|_| !self.assemblers[side.other() as usize].has_begun()) {
            self.assemblers[side.other() as usize].begin(ack);
        }
        let assembler = &mut self.assemblers[side as usize];
        if segment.flags.syn() {
            assembler.begin(data_seq);
        }
        let arrived = assembler.add(data_seq, segment.payload.bytes, segment.len(), at);
        // Of a connection of which only this side was captured nothing acknowledges what it sent. But who has heard
        // more of the other side has most likely been answered: a hole before that is one of the capture.
        if let Some(ack) = acknowledges(segment).filter(|_| !segment.is_empty()) {
            let last = self.acked_with_data[side as usize].replace(ack);
            let more = last.is_some_and(|last| before(last, ack));
            if more && self.sent[side.other() as usize].frames == 0 {
                assembler.answered_up_to(data_seq);
            }
        }
        if segment.flags.fin() {
            assembler.end_at(data_seq.wrapping_add(segment.len()));
        }
        arrived
    }

    /// Whether nothing is to be read with a segment, as with most acknowledgments.
    fn carries_nothing(&self, segment: &Segment<'_>) -> bool {
        segment.is_empty()
            && !segment.flags.any(Flags::RST)
            && self.assemblers.iter().all(Assembler::is_idle)
            && self.driver.unconsumed() == 0
            && !self.assemblers.iter().all(Assembler::has_ended)
    }

    /// Reads what comes next of either side.
    fn read(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        ready: Range<usize>,
        reading: &mut SegmentContext<'_>,
    ) -> Completed {
        let mut completed = Completed::default();
        if let Some(ack) = acknowledges(segment).filter(|_| !ready.is_empty()) {
            self.assemblers[side.other() as usize].answered_up_to(ack);
            self.drain(side.other(), reading, &mut completed);
        }
        if !ready.is_empty() {
            let base = segment.payload.span(ready.start, ready.len()).start;
            let bytes = segment.payload.bytes.get(ready).unwrap_or_default();
            let delivered = Delivered { bytes, base: Some(base), arrived: reading.at };
            self.deliver(side, delivered, reading, &mut completed);
        }
        self.drain(side, reading, &mut completed);
        self.assemblers[side.other() as usize].acked(acknowledges(segment));
        self.assemblers[side as usize].acked(None);
        let reset = segment.flags.rst() && self.assemblers[side as usize].may_reset(segment.seq);
        if reset {
            self.assemblers.iter_mut().for_each(Assembler::skip_gaps);
        }
        self.drain(side, reading, &mut completed);
        self.drain(side.other(), reading, &mut completed);
        if reset {
            for side in [side, side.other()] {
                if self.assemblers[side as usize].end_here() {
                    self.end_side(side, SideEnd::Reset, reading, &mut completed);
                }
            }
        }
        // What one side left may have waited for the other.
        if self.driver.unconsumed() > 0 {
            let ((conversation, registry), mut cx) = self.context(reading);
            conversation.offer_unconsumed(registry, side.other(), &mut cx, &mut completed);
        }
        if self.assemblers.iter().all(Assembler::has_ended) {
            self.driver.close();
        }
        completed
    }

    /// Records which of a segment's data belongs to messages that are not told in this frame alone.
    fn record_segment_data(
        &self,
        side: Side,
        segment: &Segment<'_>,
        arrived: &SegmentData,
        completed: &Completed,
        reading: &mut SegmentContext<'_>,
    ) {
        let payload = segment.payload;
        let waited = arrived.ready.is_empty() && arrived.overlap.is_none();
        let is_read = waited && !self.assemblers[side as usize].has_pending();
        let ready = if is_read { 0..payload.bytes.len() } else { arrived.ready.clone() };
        // Not what nobody has recognised and nobody will, nor what a session passes over.
        let is_of_message = self.driver.is_in_message(side) || reading.is_reassembled_later(reading.at);
        let mut tell = |from: usize, len: usize| {
            let place = payload.span(from, len);
            if len > 0 {
                reading.tree.put(&tcp::SEGMENT_DATA, place, Value::Bytes(place));
            }
        };
        let own = completed.assembled.iter().filter(|message| message.side == side).find_map(|message| {
            message.frames.iter().find_map(|&(frame, len)| (frame == reading.at.frame).then_some(len as usize))
        });
        if let Some(own) = own {
            tell(ready.start, own.min(ready.len()));
        }
        if !is_of_message {
            return;
        }
        if waited && !is_read {
            tell(0, payload.bytes.len());
        }
        let unfinished = self.driver.unfinished(side, ready.len());
        tell(ready.end - unfinished, unfinished);
    }

    /// The conversation with the registry, and what a session leans on.
    fn context<'a>(
        &'a mut self,
        reading: &'a mut SegmentContext<'_>,
    ) -> ((&'a mut SessionDriver, &'a Registry), Context<'a>) {
        let cx = Context {
            at: reading.at,
            arrived: reading.at,
            stream: self.number,
            session: self.driver.session,
            wants: reading.wants,
            tree: reading.tree,
            path: reading.path,
            events: reading.messages,
            first_pass: reading.first_pass,
        };
        ((&mut self.driver, reading.registry), cx)
    }

    fn deliver(
        &mut self,
        side: Side,
        delivered: Delivered<'_>,
        reading: &mut SegmentContext<'_>,
        completed: &mut Completed,
    ) {
        if let Some(events) = &mut reading.chunks {
            events.push(Event::Chunk(StreamChunk {
                side,
                at: reading.at,
                content: StreamContent::Bytes(delivered.bytes.to_vec()),
            }));
        }
        if reading.work.messages {
            let ((conversation, registry), mut cx) = self.context(reading);
            cx.arrived = delivered.arrived;
            conversation.read(registry, side, delivered, &mut cx, completed);
        }
    }

    /// Reads what no longer waits, up to the end of the side.
    #[inline(always)]
    fn drain(&mut self, side: Side, reading: &mut SegmentContext<'_>, completed: &mut Completed) {
        if !self.assemblers[side as usize].is_idle() {
            self.drain_waiting(side, reading, completed);
        }
    }

    fn drain_waiting(&mut self, side: Side, reading: &mut SegmentContext<'_>, completed: &mut Completed) {
        while let Some(next) = self.assemblers[side as usize].next() {
            match next {
                Next::Bytes(bytes, came) => {
                    self.deliver(side, Delivered { bytes: &bytes, base: None, arrived: came }, reading, completed);
                }
                Next::Gap(len) => {
                    self.sent[side as usize].missing += len;
                    reading.tree.put(&tcp::GAP, Default::default(), Value::Uint(len));
                    if let Some(events) = &mut reading.chunks {
                        events.push(Event::Chunk(StreamChunk {
                            side,
                            at: reading.at,
                            content: StreamContent::Gap(len),
                        }));
                    }
                    if reading.work.messages {
                        let ((conversation, _), mut cx) = self.context(reading);
                        conversation.gap(side, len, &mut cx, completed);
                    }
                }
            }
        }
        if self.assemblers[side as usize].ends_now() {
            self.end_side(side, SideEnd::Closed, reading, completed);
        }
    }

    fn end_side(&mut self, side: Side, ending: SideEnd, reading: &mut SegmentContext<'_>, completed: &mut Completed) {
        if let Some(events) = &mut reading.chunks {
            events.push(Event::Chunk(StreamChunk { side, at: reading.at, content: StreamContent::End }));
        }
        if reading.work.messages {
            let ((conversation, _), mut cx) = self.context(reading);
            conversation.end(side, ending, &mut cx, completed);
        }
    }

    /// Gives up all holes, all unfinished messages and what is in flight: too much is held. Says what that completes.
    pub(super) fn release_buffers(&mut self, reading: &mut SegmentContext<'_>) -> Vec<MessageNodes> {
        if let Some(sequence) = &mut self.sequence {
            sequence.release_buffers();
        }
        let mut completed = Completed::default();
        for side in [Side::Client, Side::Server] {
            self.assemblers[side as usize].release_buffers();
            self.drain(side, reading, &mut completed);
            if reading.work.messages {
                let ((conversation, _), mut cx) = self.context(reading);
                conversation.gap(side, 0, &mut cx, &mut completed);
            }
        }
        completed.messages
    }

    /// Whether nothing more of it is expected at a time, in nanoseconds since 1970.
    pub(super) fn is_over(&self, now: i64) -> bool {
        let age = match (self.state.closed(), self.state.opened()) {
            (CloseKind::Fin(_) | CloseKind::Reset(_), _) => limits::CLOSED_AGE,
            (_, OpenKind::Unanswered | OpenKind::Refused | OpenKind::HalfOpen) => limits::OPENING_AGE,
            _ => limits::IDLE_AGE,
        };
        now.saturating_sub(self.last.time) >= age
    }

    /// Ends what has not ended: nothing more is followed. Says what that completes.
    pub(super) fn end(&mut self, reading: &mut SegmentContext<'_>) -> Vec<MessageNodes> {
        let mut completed = Completed::default();
        if !reading.work.bytes {
            return completed.messages;
        }
        for side in [Side::Client, Side::Server] {
            self.assemblers[side as usize].skip_gaps();
            self.drain(side, reading, &mut completed);
        }
        for side in [Side::Client, Side::Server] {
            if self.assemblers[side as usize].end_here() {
                self.end_side(side, SideEnd::Unseen, reading, &mut completed);
            }
        }
        completed.messages
    }

    /// The row of an exchange.
    pub(super) fn call(&mut self, exchange: Box<Exchange>, start: i64) -> Call {
        let connect = self.connect.filter(|_| self.exchanges == 0);
        self.exchanges += 1;
        let swapped = exchange.requester == Some(Side::Server);
        let (client, server) = if swapped { (self.server, self.client) } else { (self.client, self.server) };
        Call { exchange, client, server, connect, start }
    }

    /// Records, and learns, which frames messages were put together from, and which exchanges were answered.
    fn record_completed(
        &self,
        side: Side,
        segment: &Segment<'_>,
        completed: Completed,
        reading: &mut SegmentContext<'_>,
    ) {
        let present = reading.at.frame;
        if let Some(learnt) = &mut reading.collected {
            let frames = completed.assembled.iter().flat_map(|message| &message.frames);
            let earlier = frames.filter(|&&(frame, _)| frame != present);
            learnt.reassembled_in.extend(earlier.map(|&(frame, _)| (frame, present)));
            learnt
                .responses
                .extend(completed.responses.iter().map(|&(session, nth)| ((self.number, session, nth), present)));
            let versions = completed.versions.iter();
            learnt.versions.extend(versions.map(|&(session, version)| ((self.number, session), version)));
        }
        if !reading.tree.wants_any(&tcp::TCP) {
            return;
        }
        for Assembled { side: sender, mut frames, bytes } in completed.assembled {
            // The end of the connection, though it has no data, is what completed a message of no known length.
            if segment.flags.fin() && side == sender && frames.last().is_some_and(|&(frame, _)| frame != present) {
                frames.push((present, 0));
            }
            let none = Default::default();
            let tree = &mut *reading.tree;
            tree.open(&tcp::SEGMENTS, none, Value::Present);
            for &(frame, _) in &frames {
                tree.put(&tcp::SEGMENT, none, Value::Uint(frame.into()));
            }
            tree.put(&tcp::SEGMENT_COUNT, none, Value::Uint(frames.len() as u64));
            let length = frames.iter().map(|&(_, len)| len).sum();
            tree.put(&tcp::REASSEMBLED_LENGTH, none, Value::Uint(length));
            if let Some(bytes) = bytes {
                let bytes = tree.store_bytes(&bytes);
                tree.put(&tcp::REASSEMBLED_DATA, none, Value::Bytes(bytes));
            }
            tree.close();
        }
    }

    fn initial_rtt(&self) -> Option<i64> {
        self.sequence.as_ref()?.initial_rtt()
    }

    /// What its end tells of its frames.
    pub(super) fn collect(&self, learnt: &mut FirstPass) {
        let number = self.number as usize;
        if learnt.completeness.len() <= number {
            learnt.completeness.resize(number + 1, 0);
        }
        if let Some(place) = learnt.completeness.get_mut(number) {
            *place = self.state.completeness();
        }
        if let Some(rtt) = self.initial_rtt() {
            learnt.initial_rtt.insert(self.number, rtt);
        }
    }

    /// The row of the connection.
    pub(super) fn row(&self) -> Stream {
        Stream {
            number: self.number,
            client: self.client,
            server: self.server,
            opened: self.state.opened(),
            closed: self.state.closed(),
            states: self.state.states(),
            fins: self.state.fins(),
            simultaneous_close: self.state.crossed(),
            reset: self.state.reset(),
            completeness: self.state.completeness(),
            first: self.first,
            last: self.last,
            sides: self.sent,
            initial_rtt: self.initial_rtt(),
        }
    }
}
