//! One TCP connection: its numbers, its state, its bytes in order, and the sessions in them.

use super::assembler::{Assembler, Next, SegmentData};
use super::progress::{ConnectionProgress, client_and_server};
use super::response_order::ResponseOrder;
use super::sequence::{SegmentParameters, SequenceAnalysis};
use super::{acknowledges, before, record};
use crate::analysis::flow::Continuation;
use crate::analysis::frame_context::FrameContext;
use crate::analysis::reassembler::Arrival;
use crate::analysis::run_state::RunState;
use crate::analysis::session_driver::{Completed, ConversationState, Delivered, SessionDriver};
use crate::analysis::task::Work;
use crate::analysis::{Event, FrameConnection, StreamChunk, StreamContent, limits};
use crate::capture::{Call, CloseKind, Endpoint, OpenKind, SideCounters, Stream};
use dissectors::exchange::Exchange;
use dissectors::packet::Payload;
use dissectors::protocol::SessionKind;
use dissectors::session::{
    About, ConversationId, ExchangeId, FirstPass, Half, Input, Lane, Missing, Side, SideEnd, Stamp,
};
use dissectors::tcp::{self, Analysis, Flags, Segment, SegmentFacts};
use dissectors::{Value, data};

/// State of one connection.
#[derive(Clone)]
pub(in crate::analysis) struct Connection {
    pub(in crate::analysis) number: u32,
    progress: ConnectionProgress,
    server: Endpoint,
    first: Stamp,
    pub(in crate::analysis) last: Stamp,
    /// Sequence analysis, if it is wanted.
    sequence: Option<Box<SequenceAnalysis>>,
    assemblers: [Assembler; 2],
    /// Waits of each side for bytes of the other side, if there was one.
    orders: Option<Box<[ResponseOrder; 2]>>,
    /// Bytes of each side that its assembler has passed and that are not delivered yet.
    undelivered: [u32; 2],
    conversation: ConversationState,
    pub(super) driver: SessionDriver,
    sent: [SideCounters; 2],
    /// The acknowledgment number of each side's last data.
    acked_with_data: [Option<u32>; 2],
    /// The time of the first SYN, and how long the handshake took.
    syn: Option<i64>,
    connect: Option<i64>,
    /// The exchange that opened first: it waited for the handshake.
    first_exchange: Option<ExchangeId>,
    /// Bytes it buffers beside itself, when they were last counted.
    pub(in crate::analysis) buffered: u32,
    /// The part of them that the sequence analysis buffers.
    sequence_buffered: u32,
    /// It has read since then, or released what it buffered.
    has_read: bool,
    /// It has not read since it released what it could.
    is_released: bool,
    /// Whether it continues one that was evicted.
    pub(super) continuation: Continuation,
}

impl Connection {
    /// A connection whose first segment is this one.
    pub(in crate::analysis) fn new(
        number: u32,
        source: Endpoint,
        destination: Endpoint,
        segment: &Segment<'_>,
        at: Stamp,
        work: Work,
        forced: Option<&'static SessionKind>,
    ) -> Connection {
        let [client, server] = client_and_server(source, destination, segment);
        let assembler = || if work.compare { Assembler::comparing() } else { Assembler::default() };
        let mut conversation = ConversationState::new(ConversationId::Tcp(number), [client.port, server.port], work);
        conversation.is_whole = segment.flags.syn();
        Connection {
            number,
            progress: ConnectionProgress::new(client),
            server,
            first: at,
            last: at,
            sequence: work.sequence.then(Box::default),
            assemblers: [assembler(), assembler()],
            orders: None,
            undelivered: [0; 2],
            conversation,
            driver: SessionDriver::new(Input::Stream, work, forced),
            sent: [SideCounters::default(); 2],
            acked_with_data: [None; 2],
            syn: None,
            connect: None,
            first_exchange: None,
            buffered: 0,
            sequence_buffered: 0,
            has_read: true,
            is_released: false,
            continuation: Continuation::None,
        }
    }

    /// The side of an address.
    pub(in crate::analysis) fn side(&self, source: Endpoint) -> Side {
        self.progress.side(source)
    }

    /// What later segments need to be numbered.
    pub(super) fn progress(&self) -> &ConnectionProgress {
        &self.progress
    }

    /// The relation of a frame with a segment of it, before that is read.
    pub(in crate::analysis) fn frame_connection(
        &self,
        side: Side,
        segment: &Segment<'_>,
        reused: bool,
    ) -> FrameConnection {
        let (has_data, messages, owners, has_unowned, is_mixed) = Default::default();
        let conversation = ConversationId::Tcp(self.number);
        let quoted = segment.quoted;
        FrameConnection { conversation, has_data, messages, owners, has_unowned, is_mixed, side, reused, quoted }
    }

    /// Counts the bytes it buffers; returns the difference to when they were last counted.
    pub(in crate::analysis) fn recount_buffered(&mut self) -> isize {
        let to_u32 = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let sequence = self.sequence.as_ref().map_or(0, |sequence| to_u32(sequence.buffered()));
        let mut others = self.buffered.saturating_sub(self.sequence_buffered);
        if std::mem::take(&mut self.has_read) {
            self.is_released = false;
            let assemblers = self.assemblers.iter().map(Assembler::buffered).sum::<usize>();
            others = to_u32(self.driver.buffered() + assemblers);
        }
        self.sequence_buffered = sequence;
        let buffered = others.saturating_add(sequence);
        buffered as isize - std::mem::replace(&mut self.buffered, buffered) as isize
    }

    /// Skips a segment of a connection that is not wanted: reads no more than a later one needs to be numbered.
    pub(in crate::analysis) fn skip(&mut self, source: Endpoint, segment: &Segment<'_>, at: Stamp) {
        self.last = at;
        self.progress.skip(source, segment, at.frame);
    }

    /// Reads one segment and records it; returns the frame's relation to the connection.
    pub(in crate::analysis) fn read_segment(
        &mut self,
        source: Endpoint,
        segment: &Segment<'_>,
        reused: bool,
        context: &mut FrameContext<'_>,
    ) -> FrameConnection {
        let side = self.side(source);
        let at = context.at;
        if segment.quoted {
            let known = SegmentFacts { stream: self.number, ..self.progress.parameters.quoted_facts(side, segment) };
            tcp::describe(segment, &known, context.tree);
            self.last = at;
            return self.frame_connection(side, segment, reused);
        }
        // What is compared is released by acknowledgments.
        self.has_read |= context.work.compare;
        let parameters = self.progress.parameters.update(side, segment);
        let mut analysis = Analysis::default();
        if let Some(sequence) = &mut self.sequence {
            let id = About::Conversation(ConversationId::Tcp(self.number));
            let rtt = context.first_pass.get(&tcp::ANALYSIS_INITIAL_RTT, id).map(|rtt| rtt as i64);
            analysis = sequence.analyze(side, segment, &parameters, at, rtt, reused);
        }
        let fin_active = self.progress.state.advance(side, segment, at.frame);
        self.progress.frames += 1;
        let described = segment;
        // RFC 1122 4.2.2.12: what a reset carries is a text about the reset, not data of the stream.
        let stripped;
        let segment = if segment.flags.rst() {
            stripped = Segment { payload: segment.payload.first(0), ..*segment };
            &stripped
        } else {
            segment
        };
        self.count(side, segment, &analysis, at);
        let data = if context.work.bytes { self.assemble(side, segment, at) } else { SegmentData::default() };
        if data.limit {
            context.tree.note(
                &tcp::LIMIT,
                segment.payload.all(),
                format_args!("too many bytes are pending behind a gap"),
            );
        }
        let has_fields = context.work.segments || analysis.flags != 0;
        if context.tree.wants_columns() || has_fields && context.tree.wants_any(&tcp::TCP) {
            self.describe(described, &parameters, &analysis, (fin_active, data.overlap), context);
        }
        if context.prefilter.is_some_and(|may_match| !may_match(context.tree)) {
            context.tree.skip_rest();
        }
        self.last = at;
        self.read_messages(side, segment, reused, data, context)
    }

    /// Records a segment.
    #[inline(never)]
    fn describe(
        &self,
        segment: &Segment<'_>,
        parameters: &SegmentParameters,
        analysis: &Analysis,
        (fin_active, overlap): (Option<bool>, Option<bool>),
        context: &mut FrameContext<'_>,
    ) {
        let at = context.at;
        let id = About::Conversation(ConversationId::Tcp(self.number));
        let completeness = context.first_pass.get(&tcp::COMPLETENESS, id).map(|bits| bits as u8);
        let known = SegmentFacts {
            stream: self.number,
            packet_number: self.progress.frames,
            completeness: completeness.unwrap_or(self.progress.state.completeness()),
            seq_base: parameters.seq_base,
            ack_base: parameters.ack_base,
            window: parameters.window,
            scale: parameters.scale,
            time_relative: at.time.saturating_sub(self.first.time),
            time_delta: at.time.saturating_sub(self.last.time),
            analysis: *analysis,
            fin_active,
            reassembled_in: record::reassembled_in(context),
            overlap,
        };
        tcp::describe(segment, &known, context.tree);
    }

    /// Reads the messages that a segment's data is a part of.
    fn read_messages(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        reused: bool,
        data: SegmentData,
        context: &mut FrameContext<'_>,
    ) -> FrameConnection {
        let mut connection = self.frame_connection(side, segment, reused);
        connection.has_data[side as usize] = !segment.is_empty();
        let protocols = context.path.names().len();
        if context.work.bytes && self.carries_nothing(segment) {
            self.assemblers[side.other() as usize].acked(acknowledges(segment));
        } else if context.work.bytes {
            let mut completed = self.read(side, segment, &data, context);
            connection.has_data.iter_mut().zip(completed.sides).for_each(|(has, ended)| *has |= ended);
            connection.messages = std::mem::take(&mut completed.messages);
            connection.is_mixed = context.work.mixed && self.is_mixed(side, segment, &data, &completed);
            if context.work.owners {
                connection.owners = self.owners(side, segment, &data, &mut completed, context);
                let is_pending = self.assemblers[side as usize].has_pending() || self.driver.unconsumed() > 0;
                connection.has_unowned = is_pending && !segment.is_empty();
            }
            if context.tree.wants(&tcp::SEGMENT_DATA) {
                let is_pending = self.assemblers[side as usize].has_pending();
                record::segment_data(&self.driver, is_pending, side, segment, &data, &completed, context);
            }
            record::completed(side, segment, completed, context);
        }
        let is_shown = context.path.names().len() > protocols || segment.is_empty() || data.copy;
        let is_later = || record::reassembled_in(context).is_some();
        if !is_shown && self.driver.is_in_message(side) && !is_later() {
            context.tree.append_info(format_args!(" [TCP segment of a reassembled PDU]"));
        }
        if context.work.messages && !self.driver.has_session() && record::reassembled_in(context).is_none() {
            let undissected = self.undissected(side, segment.payload, &data);
            if !undissected.bytes.is_empty() {
                context.path.push("data");
                data::describe(undissected, context.tree);
            }
        }
        connection
    }

    /// Whether a segment is more than the next bytes of one message.
    #[inline(never)]
    fn is_mixed(&self, side: Side, segment: &Segment<'_>, data: &SegmentData, completed: &Completed) -> bool {
        let is_next = data.overlap.is_none() && data.ready.len() == segment.payload.bytes.len();
        let out_of_order = !is_next || self.assemblers[side as usize].has_pending();
        let goes_on = self.driver.unfinished(side, data.ready.len()) > 0;
        let waits_for_detection = !self.driver.has_session() && self.driver.unconsumed() > 0;
        completed.are_several()
            || waits_for_detection
            || completed.sides[side.other() as usize]
            || match completed.units {
                0 => !segment.is_empty() && out_of_order,
                _ => out_of_order || goes_on,
            }
    }

    /// The exchanges of the bytes that were consumed, and of copies of earlier bytes. Reports those of earlier frames.
    #[inline(never)]
    fn owners(
        &self,
        side: Side,
        segment: &Segment<'_>,
        data: &SegmentData,
        completed: &mut Completed,
        context: &mut FrameContext<'_>,
    ) -> Vec<(ExchangeId, Half)> {
        let (mut owners, earlier) = completed.owners_in(context.at.frame);
        context.report_owners(earlier);
        if let Some(from) = data.offset.filter(|_| data.overlap.is_some()) {
            for owner in self.conversation.owners_of(side, from, from + u64::from(segment.len())) {
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        owners
    }

    /// The part of a segment's data that no session has read: what comes after the message that ended its protocol, and
    /// nothing that came before.
    fn undissected<'b>(&self, side: Side, payload: Payload<'b>, data: &SegmentData) -> Payload<'b> {
        let ready = &data.ready;
        match ready.len() {
            0 if data.copy => payload.first(0),
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
        } else if self.connect.is_none() && self.progress.state.is_established() {
            self.connect = self.syn.map(|syn| at.time.saturating_sub(syn));
        }
    }

    /// Gives the segment's data to its side's assembler.
    #[inline]
    fn assemble(&mut self, side: Side, segment: &Segment<'_>, at: Stamp) -> SegmentData {
        let data_seq = segment.seq.wrapping_add(u32::from(segment.flags.syn()));
        if let Some(ack) = acknowledges(segment).filter(|_| !self.assemblers[side.other() as usize].has_begun()) {
            let is_response = !segment.flags.syn() && !segment.is_empty() && self.driver.responds(side);
            let other = &mut self.assemblers[side.other() as usize];
            if is_response {
                other.begin_late(ack)
            } else {
                other.begin(ack)
            }
            self.driver.begin_at(side.other(), self.assemblers[side.other() as usize].start());
        }
        let received = if segment.is_empty() { 0 } else { self.received(side, segment) };
        let waits = self.must_wait(side, received);
        let assembler = &mut self.assemblers[side as usize];
        let start = assembler.start();
        if segment.flags.syn() {
            assembler.begin(data_seq);
        }
        let arrival = Arrival { at, received };
        let mut data = assembler.add(data_seq, segment.payload.bytes, segment.len(), arrival, waits);
        data.received = received;
        if assembler.start() != start {
            self.driver.begin_at(side, assembler.start());
        }
        // Where only this side was captured, nothing acknowledges what it sent. But if its own ACK number advances, its
        // peer has most likely received the data before: a gap there is one of the capture.
        if let Some(ack) = acknowledges(segment).filter(|_| !segment.is_empty()) {
            let last = self.acked_with_data[side as usize].replace(ack);
            let advances = last.is_some_and(|last| before(last, ack));
            if advances && self.sent[side.other() as usize].frames == 0 {
                assembler.answered_up_to(data_seq);
            }
        }
        if segment.flags.fin() {
            assembler.end_at(data_seq.wrapping_add(segment.len()));
        }
        data
    }

    /// Bytes of the other side that the sender of a segment had received; 0 if unknown.
    fn received(&self, side: Side, segment: &Segment<'_>) -> u64 {
        acknowledges(segment).map_or(0, |ack| self.assemblers[side.other() as usize].received(ack))
    }

    /// Whether bytes of a side whose sender had received this many bytes of the other side wait for some of them.
    fn must_wait(&self, side: Side, received: u64) -> bool {
        let known = self.assemblers[side.other() as usize].captured();
        received > known && received > self.readable_after(side, known) && self.waits(side)
    }

    /// Whether bytes of a side wait for bytes of the other side that their sender had received.
    fn waits(&self, side: Side) -> bool {
        self.sent[side.other() as usize].frames > 0 && self.driver.responds(side)
    }

    /// The offset of the other side up to which bytes of this side that respond to it can be read.
    fn readable(&self, side: Side) -> u64 {
        let other = side.other() as usize;
        // After the end of the other side, an acknowledgment counts its FIN, too.
        if !self.waits(side) || self.assemblers[other].has_ended() {
            return u64::MAX;
        }
        self.readable_after(side, self.assemblers[other].position() - u64::from(self.undelivered[other]))
    }

    /// The same after so many bytes of the other side.
    fn readable_after(&self, side: Side, delivered: u64) -> u64 {
        self.orders.as_ref().map_or(delivered, |orders| orders[side as usize].readable(delivered))
    }

    /// Counts a frame of `side` for the bytes of either side that wait for the other.
    fn count_waits(&mut self, side: Side, segment: &Segment<'_>, at: Stamp) {
        if self.orders.is_none() && self.assemblers.iter().all(|side| side.next_received().is_none()) {
            return;
        }
        let orders = self.orders.get_or_insert_default();
        for waiting in Side::BOTH {
            let [responses, requests] = [waiting, waiting.other()].map(|side| &self.assemblers[side as usize]);
            let sent_from = (side != waiting).then(|| requests.received(segment.seq));
            if orders[waiting as usize].count_frame(responses, requests, sent_from, at) {
                self.assemblers[waiting.other() as usize].skip_acked_gaps();
            }
        }
    }

    /// Whether a segment gives no session anything to read, as most acknowledgments.
    fn carries_nothing(&self, segment: &Segment<'_>) -> bool {
        segment.is_empty()
            && !segment.flags.any(Flags::RST)
            && self.assemblers.iter().all(Assembler::is_idle)
            && self.driver.unconsumed() == 0
            && !self.assemblers.iter().all(Assembler::has_ended)
    }

    /// Reads the next bytes of either side.
    fn read(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        data: &SegmentData,
        context: &mut FrameContext<'_>,
    ) -> Completed {
        self.has_read = true;
        let mut completed = Completed::default();
        let (ready, received) = (data.ready.clone(), data.received);
        self.undelivered[side as usize] = ready.len() as u32;
        if let Some(ack) = acknowledges(segment).filter(|_| !ready.is_empty()) {
            self.assemblers[side.other() as usize].answered_up_to(ack);
            self.drain(side.other(), context, &mut completed);
        }
        if !ready.is_empty() {
            let base = segment.payload.span(ready.start, ready.len()).start;
            let bytes = segment.payload.bytes.get(ready).unwrap_or_default();
            let delivered =
                Delivered { bytes, base: Some(base), first: context.at, arrived: context.at, received, cut: 0 };
            self.deliver(side, delivered, context, &mut completed);
            self.undelivered[side as usize] = 0;
        }
        self.drain(side, context, &mut completed);
        self.assemblers[side.other() as usize].acked(acknowledges(segment));
        self.assemblers[side as usize].acked(None);
        let is_idle = self.orders.is_none() && self.assemblers.iter().all(Assembler::is_idle);
        if !is_idle || segment.flags.rst() {
            self.read_pending(side, segment, context, &mut completed);
        }
        // What one side left may have waited for the other.
        if self.driver.unconsumed() > 0 {
            let mut feed = context.feed(&mut self.conversation, &mut completed);
            self.driver.offer_side(side.other(), &mut feed);
        }
        if self.assemblers.iter().all(Assembler::has_ended) {
            self.driver.close(&mut self.conversation);
        }
        self.note_first_exchange(&completed);
        completed
    }

    /// Reads what a segment allows to read of the bytes that are pending, and to the end of both sides after a reset.
    #[cold]
    fn read_pending(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        context: &mut FrameContext<'_>,
        completed: &mut Completed,
    ) {
        let reset = segment.flags.rst() && self.assemblers[side as usize].is_reset_by(segment.seq);
        if reset {
            self.assemblers.iter_mut().for_each(Assembler::skip_gaps);
        }
        self.count_waits(side, segment, context.at);
        self.drain(side, context, completed);
        self.drain(side.other(), context, completed);
        if reset {
            self.reset(side, context, completed);
        }
    }

    /// Ends both sides after a reset of one. A response that the other side sent before it received the reset may follow.
    fn reset(&mut self, resetter: Side, context: &mut FrameContext<'_>, completed: &mut Completed) {
        for side in [resetter, resetter.other()] {
            let may_follow = side != resetter && self.driver.awaits_response(side);
            if !may_follow && self.assemblers[side as usize].end_here() {
                self.end_side(side, SideEnd::Reset(None), context, completed);
            }
        }
    }

    /// Notes the exchange that opened first, as far as it is known.
    fn note_first_exchange(&mut self, completed: &Completed) {
        if self.first_exchange.is_none() {
            self.first_exchange = completed.first_request;
        }
    }

    fn deliver(
        &mut self,
        side: Side,
        delivered: Delivered<'_>,
        context: &mut FrameContext<'_>,
        completed: &mut Completed,
    ) {
        if context.follows {
            let content = StreamContent::Bytes(delivered.bytes.to_vec());
            context.events.push(Event::Chunk(StreamChunk { side, at: context.at, content }));
        }
        if context.work.messages {
            let mut feed = context.feed(&mut self.conversation, completed);
            self.driver.read(Lane::of(side), delivered, &mut feed);
        }
    }

    /// Reads what is not behind a gap any more, up to the end of the side.
    #[inline(always)]
    fn drain(&mut self, side: Side, context: &mut FrameContext<'_>, completed: &mut Completed) {
        if !self.assemblers[side as usize].is_idle() {
            self.drain_pending(side, context, completed);
        }
    }

    #[cold]
    fn drain_pending(&mut self, side: Side, context: &mut FrameContext<'_>, completed: &mut Completed) {
        while let Some(next) = self.assemblers[side as usize].next(self.readable(side)) {
            match next {
                Next::Bytes(bytes, Arrival { at, received }) => {
                    let delivered = Delivered { bytes: &bytes, base: None, first: at, arrived: at, received, cut: 0 };
                    self.deliver(side, delivered, context, completed);
                }
                Next::Gap(len) => {
                    self.sent[side as usize].missing += len;
                    context.tree.put(&tcp::GAP, Default::default(), Value::Uint(len));
                    if context.follows {
                        let content = StreamContent::Gap(len);
                        context.events.push(Event::Chunk(StreamChunk { side, at: context.at, content }));
                    }
                    if context.work.messages {
                        let mut feed = context.feed(&mut self.conversation, completed);
                        self.driver.gap(Lane::of(side), Missing::Bytes(len), &mut feed);
                    }
                }
            }
        }
        if self.assemblers[side as usize].ends_now() {
            self.end_side(side, SideEnd::Closed, context, completed);
        }
    }

    fn end_side(&mut self, side: Side, end: SideEnd, context: &mut FrameContext<'_>, completed: &mut Completed) {
        if context.follows {
            context.events.push(Event::Chunk(StreamChunk { side, at: context.at, content: StreamContent::End }));
        }
        if context.work.messages {
            let mut feed = context.feed(&mut self.conversation, completed);
            self.driver.end(Lane::of(side), end, &mut feed);
        }
    }

    /// Whether it buffers bytes that it has not released: state that decoders keep is buffered, too.
    pub(in crate::analysis) fn has_releasable(&self) -> bool {
        self.buffered > 0 && !self.is_released
    }

    /// Releases what it buffers, and reports what that completes; returns the difference of the bytes it buffers.
    pub(in crate::analysis) fn release(&mut self, run: &mut RunState) -> isize {
        // Bodies are most of it, and all else is read on without them.
        if self.driver.release_bodies() {
            return self.recount_buffered();
        }
        run.dropping(|run| {
            run.without_frame(self.id(), self.last, |context| self.release_buffers(context));
            run.report(|exchange, start| self.call(exchange, start));
        });
        let difference = self.recount_buffered();
        self.is_released = true;
        difference
    }

    /// Skips all gaps and releases unfinished messages and what is in flight: too much is buffered. Returns what that
    /// completes.
    fn release_buffers(&mut self, context: &mut FrameContext<'_>) -> Completed {
        self.has_read = true;
        if let Some(sequence) = &mut self.sequence {
            sequence.release_buffers();
        }
        let mut completed = Completed::default();
        for side in Side::BOTH {
            self.assemblers[side as usize].release_buffers();
            self.drain(side, context, &mut completed);
        }
        if context.work.messages {
            let mut feed = context.feed(&mut self.conversation, &mut completed);
            self.driver.release(&mut feed);
        }
        completed
    }

    /// Whether no more of it is expected at a time, in nanoseconds since 1970.
    pub(in crate::analysis) fn is_over(&self, now: i64) -> bool {
        let age = match (self.progress.state.close_kind(), self.progress.state.open_kind()) {
            (CloseKind::Fin(_) | CloseKind::Reset(_), _) => limits::CLOSED_AGE,
            (_, OpenKind::Unanswered | OpenKind::Refused | OpenKind::HalfOpen) => limits::OPENING_AGE,
            _ => limits::IDLE_AGE,
        };
        now.saturating_sub(self.last.time) >= age
    }

    /// Ends what has not ended. Returns what that completes.
    pub(in crate::analysis) fn end(&mut self, context: &mut FrameContext<'_>) -> Completed {
        let mut completed = Completed::default();
        if !context.work.bytes {
            return completed;
        }
        for side in Side::BOTH {
            self.assemblers[side as usize].skip_gaps();
            self.drain(side, context, &mut completed);
        }
        for side in Side::BOTH {
            if self.assemblers[side as usize].end_here() {
                self.end_side(side, SideEnd::Unseen, context, &mut completed);
            }
        }
        completed
    }

    /// The row of an exchange.
    pub(in crate::analysis) fn call(&mut self, mut exchange: Box<Exchange>, start: i64) -> Call {
        self.continuation.mark_request(&mut exchange);
        // The exchange that opened first waited for the handshake; those in its tunnel did not.
        let first = *self.first_exchange.get_or_insert(exchange.id);
        let connect = self.connect.filter(|_| exchange.id == first);
        let swapped = exchange.requester == Some(Side::Server);
        let (client, server) =
            if swapped { (self.server, self.progress.client) } else { (self.progress.client, self.server) };
        Call { exchange, client, server, connect, start, names: None }
    }

    fn initial_rtt(&self) -> Option<i64> {
        self.sequence.as_ref()?.initial_rtt()
    }

    /// Collects what its end decides about its frames.
    pub(in crate::analysis) fn collect(&self, collected: &mut FirstPass) {
        let id = About::Conversation(ConversationId::Tcp(self.number));
        collected.insert(&tcp::COMPLETENESS, id, self.progress.state.completeness().into());
        if let Some(rtt) = self.initial_rtt() {
            collected.insert(&tcp::ANALYSIS_INITIAL_RTT, id, rtt as u64);
        }
    }

    /// The row of the connection.
    pub(in crate::analysis) fn row(&self) -> Stream {
        Stream {
            number: self.number,
            client: self.progress.client,
            server: self.server,
            opened: match self.progress.state.open_kind() {
                OpenKind::MidStream if self.continuation == Continuation::Found => OpenKind::Continued,
                kind => kind,
            },
            closed: self.progress.state.close_kind(),
            states: self.progress.state.states(),
            fins: self.progress.state.fin_frames(),
            simultaneous_close: self.progress.state.fins_crossed(),
            reset: self.progress.state.reset_frame(),
            completeness: self.progress.state.completeness(),
            first: self.first,
            last: self.last,
            sides: self.sent,
            initial_rtt: self.initial_rtt(),
            names: None,
        }
    }

    /// Its name.
    pub(in crate::analysis) fn id(&self) -> ConversationId {
        ConversationId::Tcp(self.number)
    }
}
