//! UDP: conversations in datagrams, and the sessions in them.

use super::decode_options::Transport;
use super::flow::{Continuation, FlowIndex, FlowKey, Vacancy};
use super::frame_context::FrameContext;
use super::layers::Tables;
use super::limits;
use super::run_state::RunState;
use super::seek::SeekFact;
use super::session_driver::{Completed, ConversationState, Delivered, SessionDriver};
use super::transport_packet::{TransportPacket, number};
use super::udp_paths::UdpPath;
use super::{Event, FrameConnection, StreamChunk, StreamContent, Work};
use crate::capture::{Call, Connection, Endpoint};
use dissectors::datagram_path::{FirstDatagram, FurtherPath};
use dissectors::exchange::Exchange;
use dissectors::protocol::SessionKind;
use dissectors::session::{ConversationId, Input, Lane, Side, SideEnd, Stamp};
use dissectors::udp::{self, Datagram};
use dissectors::{Tree, data};

/// A conversation in the table: one that is read, or one of another shard, of which only the number is known.
#[derive(Clone)]
pub(super) struct UdpFlow {
    pub(super) number: u32,
    own: Option<Box<UdpConversation>>,
}

impl UdpFlow {
    /// The conversation, if it is read.
    pub(super) fn own(&self) -> Option<&UdpConversation> {
        self.own.as_deref()
    }

    /// The same for modification.
    pub(super) fn own_mut(&mut self) -> Option<&mut UdpConversation> {
        self.own.as_deref_mut()
    }
}

/// State of a conversation in datagrams.
#[derive(Clone)]
pub(super) struct UdpConversation {
    pub(super) number: u32,
    first: i64,
    pub(super) last: Stamp,
    /// The sender of the first datagram.
    client: Endpoint,
    server: Endpoint,
    /// Its sessions, if any protocol reads datagrams.
    session: Option<UdpSession>,
    /// Bytes it buffers, when they were last counted.
    pub(super) buffered: u32,
    /// Bytes of the state of its session, when they were last counted.
    pub(super) state: u32,
    /// Whether its end completes something.
    pub(super) is_open: bool,
    /// Datagrams that may be found to be of another conversation.
    pub(super) path_probes: u8,
    /// The conversation that its datagrams belong to, if they continue another.
    pub(super) path: Option<Box<UdpPath>>,
    /// Whether it continues one that was evicted.
    continuation: Continuation,
}

/// The drivers of a conversation in datagrams.
#[derive(Clone)]
struct UdpSession {
    conversation: ConversationState,
    driver: SessionDriver,
}

/// The conversation that a datagram between other endpoints continues.
#[derive(Clone, Copy)]
struct ContinuedConversation {
    index: FlowIndex,
    /// The side of it that sent the datagram.
    side: Side,
    /// Whether both sides have sent on the path.
    is_answered: bool,
}

impl UdpConversation {
    fn new(
        number: u32,
        [client, server]: [Endpoint; 2],
        at: Stamp,
        session: Option<(Work, Option<&'static SessionKind>)>,
        path_probes: u8,
    ) -> UdpConversation {
        let session = session.map(|(work, forced)| {
            let ports = [client.port, server.port];
            let conversation = ConversationState::new(ConversationId::Udp(number), ports, work);
            UdpSession { conversation, driver: SessionDriver::new(Input::Datagrams, work, forced) }
        });
        UdpConversation {
            number,
            first: at.time,
            last: at,
            client,
            server,
            session,
            buffered: 0,
            state: 0,
            is_open: false,
            path_probes,
            path: None,
            continuation: Continuation::None,
        }
    }

    /// Its name.
    pub(super) fn id(&self) -> ConversationId {
        ConversationId::Udp(self.number)
    }

    /// Whether a session reads it, as far as is known.
    pub(super) fn has_session(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.driver.has_session())
    }

    /// Counts the bytes it buffers, and notes whether anything is open; returns the difference to when they were last
    /// counted.
    pub(super) fn recount_buffered(&mut self) -> isize {
        let driver = self.session.as_ref().map(|session| &session.driver);
        self.is_open = driver.is_some_and(|driver| !driver.is_idle());
        let buffered = driver.map_or(0, SessionDriver::buffered);
        let buffered = u32::try_from(buffered).unwrap_or(u32::MAX);
        buffered as isize - std::mem::replace(&mut self.buffered, buffered) as isize
    }

    /// Counts the bytes of the state of its session; returns the difference to when they were last counted.
    fn recount_state(&mut self) -> isize {
        let state = self.session.as_ref().map_or(0, |session| session.driver.state_len());
        let state = u32::try_from(state).unwrap_or(u32::MAX);
        state as isize - std::mem::replace(&mut self.state, state) as isize
    }

    /// Ends what its session has state of, and reports what that completes; returns the difference of the bytes of its state.
    pub(super) fn evict(&mut self, run: &mut RunState) -> isize {
        run.dropping(|run| {
            run.without_frame(self.id(), self.last, |context| {
                let mut completed = Completed::default();
                if let Some(session) = &mut self.session {
                    session.driver.evict(&mut context.feed(&mut session.conversation, &mut completed));
                }
                completed
            });
            self.report(run);
        });
        self.recount_state()
    }

    /// Returns its endpoints, the client first.
    pub(super) fn ends(&self) -> [Endpoint; 2] {
        [self.client, self.server]
    }

    /// Returns the side of an endpoint.
    fn side(&self, source: Endpoint) -> Side {
        if source == self.client { Side::Client } else { Side::Server }
    }

    /// Reads a datagram of a side with its session; returns what it completes, if a session read it.
    fn read(
        &mut self,
        side: Side,
        datagram: &Datagram<'_>,
        further_path: Option<FurtherPath>,
        context: &mut FrameContext<'_>,
    ) -> Option<Completed> {
        let payload = datagram.payload;
        if context.follows && !payload.bytes.is_empty() {
            let content = StreamContent::Bytes(payload.bytes.to_vec());
            context.events.push(Event::Chunk(StreamChunk { side, at: context.at, content }));
        }
        let session = self.session.as_mut()?;
        let mut completed = Completed::default();
        let base = Some(payload.base);
        let (bytes, at) = (payload.bytes, context.at);
        let cut = payload.wire.saturating_sub(bytes.len() as u32);
        let delivered = Delivered { bytes, base, first: at, arrived: at, received: 0, cut };
        let mut feed = context.feed(&mut session.conversation, &mut completed);
        feed.cx.further_path = further_path;
        session.driver.read(Lane::of(side), delivered, &mut feed);
        session.driver.has_session().then_some(completed)
    }

    /// Whether its session derives channels, each with a session of its own.
    fn derives_channels(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.driver.has_nested())
    }

    /// The relation of a frame to the conversation, with what the datagram in it completed.
    fn frame_connection(
        &self,
        side: Side,
        datagram: &Datagram<'_>,
        mut completed: Completed,
        context: &mut FrameContext<'_>,
    ) -> FrameConnection {
        let mut has_data = completed.sides;
        has_data[side as usize] |= !datagram.payload.bytes.is_empty();
        let (owners, earlier) = completed.owners_in(context.at.frame);
        context.report_owners(earlier);
        FrameConnection {
            conversation: self.id(),
            has_data,
            // Messages in streams of datagrams are interleaved.
            is_mixed: completed.are_several() || self.derives_channels(),
            messages: completed.messages,
            owners,
            has_unowned: false,
            side,
            reused: false,
            quoted: false,
        }
    }

    /// Ends both sides. Returns what that completes.
    pub(super) fn end(&mut self, context: &mut FrameContext<'_>) -> Completed {
        let mut completed = Completed::default();
        if let Some(session) = &mut self.session {
            let mut feed = context.feed(&mut session.conversation, &mut completed);
            for side in Side::BOTH {
                session.driver.end(Lane::of(side), SideEnd::Unseen, &mut feed);
            }
        }
        completed
    }

    /// Drops what its session can derive again; returns the difference of the bytes it buffers.
    pub(super) fn forget_derivable(&mut self) -> isize {
        let has_dropped = self.session.as_mut().is_some_and(|session| session.driver.forget_derivable());
        if has_dropped { self.recount_buffered() } else { 0 }
    }

    /// Releases what it buffers, and reports what that completes; returns the difference of the bytes it buffers.
    pub(super) fn release(&mut self, run: &mut RunState) -> isize {
        // Bodies are most of it, and all else is read on without them.
        if self.session.as_mut().is_some_and(|session| session.driver.release_bodies()) {
            return self.recount_buffered();
        }
        run.dropping(|run| {
            run.without_frame(self.id(), self.last, |context| self.release_buffers(context));
            self.report(run);
        });
        self.recount_buffered()
    }

    /// Releases what is buffered. Returns what that completes.
    fn release_buffers(&mut self, context: &mut FrameContext<'_>) -> Completed {
        let mut completed = Completed::default();
        if let Some(session) = &mut self.session {
            session.driver.release(&mut context.feed(&mut session.conversation, &mut completed));
        }
        completed
    }

    /// Reports what its sessions have found.
    fn report(&self, run: &mut RunState) {
        run.learn_paths(self);
        run.report_connections(self);
        run.report(|exchange, start| self.call(exchange, start));
    }

    /// The row of an exchange.
    pub(super) fn call(&self, mut exchange: Box<Exchange>, start: i64) -> Call {
        self.continuation.mark_request(&mut exchange);
        let swapped = exchange.requester == Some(Side::Server);
        let (client, server) = if swapped { (self.server, self.client) } else { (self.client, self.server) };
        Call { exchange, client, server, connect: None, start, names: None }
    }
}

impl RunState {
    /// Begins the path between two endpoints. Returns how many of its datagrams may be found to be of another conversation.
    fn begin_path(&mut self, ends: [Endpoint; 2], first: &[u8], at: Stamp) -> u8 {
        if !self.work.messages || !self.paths.begin(&self.registry, ends, first, at.frame) {
            return 0;
        }
        if self.task.shard.is_some() {
            // Which conversation it continues is known in one shard only.
            self.steps.divide();
        }
        limits::PATH_PROBES
    }

    /// Reports the connections of a conversation that have ended.
    fn report_connections(&mut self, conversation: &UdpConversation) {
        if !self.task.connections {
            return;
        }
        for message in &self.messages {
            let dissectors::session::Event::Connection(facts) = message else { continue };
            let ends = conversation.ends();
            let (client, server) = (*facts.client.of(&ends), *facts.client.other().of(&ends));
            let connection = Connection { facts: facts.clone(), client, server, start: self.start };
            self.events.push(Event::Connection(Box::new(connection)));
        }
    }

    /// Takes the identifiers that the session of a conversation has learned.
    fn learn_paths(&mut self, conversation: &UdpConversation) {
        self.paths.learn(&self.messages, conversation.number, conversation.ends(), conversation.last.frame);
    }

    /// A conversation whose first datagram is this one.
    fn udp_flow(&mut self, number: u32, ends: [Endpoint; 2], at: Stamp, first: &[u8]) -> UdpFlow {
        let ports = ends.map(|end| end.port);
        let path_probes = self.begin_path(ends, first, at);
        // Every shard numbers the conversations in a tunnel, if no session reads that.
        let own = (self.is_own(number) || self.registry.is_tunnel(ports)).then(|| {
            let reads = self.work.messages && self.registry.reads_datagrams();
            let session = reads.then(|| (self.work, self.forced_session(Transport::Udp, ports)));
            Box::new(UdpConversation::new(number, ends, at, session, path_probes))
        });
        UdpFlow { number, own }
    }
}

impl Tables {
    /// Adds the conversation of a datagram, which is its first.
    fn begin_udp(&mut self, vacancy: Vacancy, ends: [Endpoint; 2], first: &[u8], at: Stamp) -> FlowIndex {
        let number = self.udp.assign_number();
        let flow = self.run.udp_flow(number, ends, at, first);
        let added = self.udp.add(vacancy, flow);
        if let Some(conversation) = self.udp.flow_mut(added.index).own_mut() {
            conversation.continuation = Continuation::of(added.was_evicted);
        }
        if let Some(evicted) = added.evicted {
            self.evict(at.frame, |tables| tables.close_udp(evicted));
        }
        added.index
    }

    /// Reads a datagram with its conversation, and what it carries.
    #[inline(never)]
    pub(super) fn datagram(&mut self, datagram: &Datagram<'_>, at: Stamp, tree: &mut Tree) {
        let source = Endpoint { address: self.packet.source, port: datagram.source_port };
        let destination = Endpoint { address: self.packet.destination, port: datagram.destination_port };
        let mut facts = udp::DatagramFacts::default();
        let mut found = None;
        let mut continued = None;
        let mut is_own = true;
        let mut continues = false;
        if self.run.work.udp_conversations {
            let bytes = datagram.payload.bytes;
            let ends = [source, destination];
            let index = match self.udp.find(FlowKey::new(source, destination)) {
                Ok(known) => known,
                Err(vacancy) => self.begin_udp(vacancy, ends, bytes, at),
            };
            continued = self.continued_conversation(index, source, bytes).filter(|_| !datagram.quoted);
            if let Some(conversation) = continued.and_then(|continued| self.udp.flow_mut(continued.index).own_mut()) {
                conversation.last = at;
                self.run.udp_conversations.push(conversation.number);
            }
            let nth = self.run.udp_conversations.len();
            let known = self.run.seek.as_ref().and_then(|seek| seek.udp_conversations.get(nth)).copied();
            if let Some(number) = known.filter(|&number| number != self.udp.flow_mut(index).number) {
                let mut new = self.run.udp_flow(number, ends, at, bytes);
                if let (Some(old), Some(new)) = (self.udp.flow_mut(index).own_mut(), new.own_mut()) {
                    new.path = old.path.take();
                }
                let old = std::mem::replace(self.udp.flow_mut(index), new);
                self.close_udp(old);
            }
            let flow = self.udp.flow_mut(index);
            is_own = self.run.enter(flow.number);
            let Some(conversation) = flow.own_mut() else { return };
            self.run.udp_conversations.push(conversation.number);
            // A quoted packet is the last one of its frame.
            self.run.sent_udp_conversations += usize::from(!datagram.quoted);
            facts = udp::DatagramFacts {
                stream: conversation.number,
                time_relative: at.time.saturating_sub(conversation.first),
                time_delta: at.time.saturating_sub(conversation.last.time),
            };
            conversation.last = at;
            continues = !datagram.quoted && conversation.continuation.read_frame(true);
            found = Some(index);
        }
        udp::describe(datagram, &facts, tree);
        self.run.note_continuation(continues, at, (&udp::LIMIT, datagram.header), tree);
        let found = found.filter(|_| !datagram.quoted && !datagram.payload.bytes.is_empty());
        let own = found.map(|index| self.udp.flow_mut(index).number);
        let read = found.map(|index| continued.map_or(index, |continued| continued.index));
        if let (Some(own), Some(conversation)) = (own, read.and_then(|index| self.udp.flow_mut(index).own_mut())) {
            let further_path =
                continued.map(|continued| FurtherPath { number: own, is_answered: continued.is_answered });
            let side = continued.map_or_else(|| conversation.side(source), |continued| continued.side);
            let (number, events) = (conversation.number, self.run.events.len());
            self.run.swap_decoding(number, tree);
            let mut context = self.run.frame_context(conversation.id(), at, &mut self.packet.path, tree);
            context.follows |= context.followed_conversation == Some(ConversationId::Udp(own));
            // Without a session, layers may follow that the condition is about.
            if conversation.has_session() && context.prefilter.is_some_and(|may_match| !may_match(context.tree)) {
                context.tree.skip_rest();
            }
            let protocols = context.path.names().len();
            let connections = *context.connections;
            let completed = conversation.read(side, datagram, further_path, &mut context);
            let is_read = completed.is_some();
            let begun = context.connections.saturating_sub(connections);
            let with_connections = !context.without_connections;
            let frame = completed
                .filter(|_| with_connections)
                .map(|completed| conversation.frame_connection(side, datagram, completed, &mut context));
            let is_shown = context.path.names().len() > protocols;
            self.run.swap_decoding(number, tree);
            (0..begun).for_each(|_| self.run.report_seek_fact(SeekFact::ConnectionBegins(at.frame)));
            let shard = self.buffers.add(number, conversation.recount_buffered());
            self.states.add(number, conversation.recount_state());
            let own = conversation.buffered as usize;
            conversation.report(&mut self.run);
            if !is_own {
                self.run.events.truncate(events);
            }
            self.run.connections.extend(frame);
            if is_read {
                if self.buffers.is_over(shard, own, self.run.buffer_limits()) {
                    self.release_idle(shard, own);
                }
                if self.states.of(shard) > limits::SHARD_STATE_BYTES {
                    self.evict_sessions(shard);
                }
                if !is_shown {
                    self.packet.path.push("data");
                    data::describe(datagram.payload, tree);
                }
                return;
            }
        }
        self.dissect(&datagram.next(), at, tree);
    }

    /// Returns the conversation that a datagram continues.
    fn continued_conversation(
        &mut self,
        own: FlowIndex,
        source: Endpoint,
        bytes: &[u8],
    ) -> Option<ContinuedConversation> {
        let conversation = self.udp.flow_mut(own).own_mut()?;
        let may_continue = conversation.path.is_some() || conversation.path_probes > 0;
        if !may_continue || conversation.has_session() {
            return None;
        }
        let kind = self.run.registry.first_datagram(bytes);
        // What begins between these endpoints is a conversation of its own, whatever was sent before.
        if kind == Some(FirstDatagram::Begins) {
            return None;
        }
        if conversation.path.is_none() {
            conversation.path_probes -= 1;
            let target = self.run.paths.find(conversation.ends(), bytes)?;
            conversation.path = Some(Box::new(UdpPath { target, sender: source, is_answered: false }));
        }
        let path = conversation.path.as_mut()?;
        path.is_answered |= kind == Some(FirstDatagram::MayContinue) && source != path.sender;
        let (side, is_answered) = (path.side(source), path.is_answered);
        let (number, [client, server]) = (path.target.number, path.target.ends);
        let index = self.udp.find(FlowKey::new(client, server)).ok()?;
        let target = self.udp.flow_mut(index);
        let is_known = target.number == number && target.own.is_some();
        is_known.then_some(ContinuedConversation { index, side, is_answered })
    }

    /// Follows a datagram of a conversation of another shard. Returns false if that takes reading it.
    pub(super) fn skip_datagram(&mut self, packet: &TransportPacket<'_>, at: Stamp) -> bool {
        let length = number(packet.bytes, 4).unwrap_or(0);
        // RFC 768: at least that of the header. A shorter one is malformed and has no conversation.
        if packet.bytes.len() < 8 || length < 8 || !self.run.work.udp_conversations {
            return false;
        }
        let found = self.udp.find(packet.key());
        let number = match &found {
            Ok(known) => self.udp.flow_mut(*known).number,
            Err(_) => self.udp.next_number(),
        };
        if self.run.is_own(number) || self.run.registry.is_tunnel(packet.ports()) {
            return false;
        }
        self.run.begin_frame();
        if let Err(vacancy) = found {
            self.begin_udp(
                vacancy,
                packet.ends(),
                packet.bytes.get(8..packet.bytes.len().min(length.into())).unwrap_or_default(),
                at,
            );
        }
        self.run.enter(number);
        true
    }

    /// Closes a conversation that is dropped from memory.
    pub(super) fn close_udp(&mut self, flow: UdpFlow) {
        let is_own = self.run.begin_step(flow.number);
        let Some(mut conversation) = flow.own else { return };
        if let Some(frame) = self.run.known_eviction(conversation.id()) {
            let flow = UdpFlow { own: Some(conversation), ..flow };
            return self.evict(frame, |tables| tables.close_udp(flow));
        }
        self.buffers.add(conversation.number, -(conversation.buffered as isize));
        self.states.add(conversation.number, -(conversation.state as isize));
        if !is_own {
            return;
        }
        let (id, last) = (conversation.id(), conversation.last);
        if conversation.is_open {
            self.run.without_frame(id, last, |context| conversation.end(context));
            conversation.report(&mut self.run);
        }
        self.run.end(id);
    }
}
