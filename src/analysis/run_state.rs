//! Run state: what a run wants, what it has found in the present frame, and what it reports.

use super::buffers::{Buffers, ShardLimits};
use super::decode_options::Transport;
use super::event::{Event, FrameConnection, MessageNodes, UnfinishedMessages};
use super::frame_context::{FrameContext, Prefilter};
use super::limits;
use super::names::{FoundName, name_call};
use super::seek::{SeekContext, SeekFact};
use super::session_driver::Completed;
use super::shard::Steps;
use super::task::{Task, Work};
use super::transport_packet::are_headers_read;
use super::udp_paths::UdpPaths;
use crate::capture::Call;
use dissectors::decoding_count::DecodingCount;
use dissectors::exchange::Exchange;
use dissectors::packet::{Payload, ProtocolPath};
use dissectors::protocol::SessionKind;
use dissectors::session::{ConversationId, Derivation, FirstPass, Stamp};
use dissectors::{Field, Protocol, Registry, Tree};
use hashbrown::HashMap;
use std::sync::Arc;

/// State of a run beside its conversations.
pub(super) struct RunState {
    pub(super) registry: Arc<Registry>,
    pub(super) task: Task,
    pub(super) work: Work,
    pub(super) first_pass: Arc<FirstPass>,
    pub(super) collected: FirstPass,
    /// The time of the first frame.
    pub(super) start: i64,
    /// The conversations of the present frame that have sessions, and its TCP connections.
    pub(super) connections: Vec<FrameConnection>,
    /// The numbers of its conversations in UDP datagrams.
    pub(super) udp_conversations: Vec<u32>,
    /// Number of those whose datagrams were sent, and not quoted in an error.
    pub(super) sent_udp_conversations: usize,
    /// Number of its conversations that were read so far.
    conversations: u32,
    /// It carries a fragment of an IP packet.
    pub(super) is_fragment: bool,
    /// What is known of it beforehand, if it is read out of its place.
    pub(super) seek: Option<SeekContext>,
    pub(super) events: Vec<Event>,
    /// Facts for frames that are read again, if they are reported.
    pub(super) seek_facts: Vec<SeekFact>,
    /// Names that were found, if the capture is divided.
    pub(super) found_names: Vec<FoundName>,
    /// Content decoded for the conversations of each shard.
    decoding: [DecodingCount; limits::SHARDS],
    /// The steps of the present frame, if the capture is divided.
    pub(super) steps: Steps,
    /// Number of connections in datagrams that have begun.
    pub(super) datagram_connections: u32,
    pub(super) messages: Vec<dissectors::session::Event>,
    /// What ends is dropped at a limit: open exchanges are unknown.
    pub(super) is_dropping: bool,
    /// The frame for which the conversation that ends is evicted.
    pub(super) evicted_in: Option<u32>,
    /// The conversations of which it is known beforehand that they are evicted, each with the frame.
    pub(super) known_evictions: HashMap<ConversationId, u32>,
    /// Identifiers by which conversations in datagrams are found between other endpoints.
    pub(super) paths: UdpPaths,
    derived: Derivation,
    pub(super) prefilter: Option<Prefilter>,
    /// Records nothing, for what belongs to no frame.
    blank: Option<Box<Tree>>,
    /// The protocols of the headers that most frames have are read.
    pub(super) has_usual_headers: bool,
}

impl Clone for RunState {
    /// A copy between two frames: without what was found in the last one.
    fn clone(&self) -> RunState {
        let registry = Arc::clone(&self.registry);
        RunState {
            collected: self.collected.clone(),
            decoding: self.decoding,
            start: self.start,
            prefilter: self.prefilter.clone(),
            paths: self.paths.clone(),
            known_evictions: self.known_evictions.clone(),
            datagram_connections: self.datagram_connections,
            has_usual_headers: self.has_usual_headers,
            ..RunState::with(registry, self.task.clone(), self.work, Arc::clone(&self.first_pass))
        }
    }
}

impl RunState {
    pub(super) fn new(task: Task, first_pass: FirstPass, protocols: &[&'static Protocol]) -> RunState {
        let registry = Registry::new(protocols);
        let work = Work::of(&task, registry.reads_datagrams());
        let has_usual_headers = are_headers_read(protocols);
        RunState { has_usual_headers, ..RunState::with(Arc::new(registry), task, work, Arc::new(first_pass)) }
    }

    /// A run that has not read a frame.
    fn with(registry: Arc<Registry>, task: Task, work: Work, first_pass: Arc<FirstPass>) -> RunState {
        RunState {
            decoding: [DecodingCount::with_limit(limits::shard_decoded_bytes(task.wants.body_limit)); limits::SHARDS],
            steps: Steps::default(),
            datagram_connections: 0,
            registry,
            task,
            work,
            first_pass,
            collected: FirstPass::default(),
            start: 0,
            connections: Vec::new(),
            udp_conversations: Vec::new(),
            sent_udp_conversations: 0,
            conversations: 0,
            is_fragment: false,
            seek: None,
            events: Vec::new(),
            seek_facts: Vec::new(),
            found_names: Vec::new(),
            messages: Vec::new(),
            is_dropping: false,
            evicted_in: None,
            known_evictions: HashMap::new(),
            paths: UdpPaths::default(),
            derived: Derivation::default(),
            prefilter: None,
            blank: None,
            has_usual_headers: false,
        }
    }

    /// Begins a frame.
    pub(super) fn begin_frame(&mut self) {
        self.connections.clear();
        self.udp_conversations.clear();
        self.sent_udp_conversations = 0;
        self.conversations = 0;
        self.is_fragment = false;
        if let Some(shard) = self.task.shard {
            self.steps.begin(shard);
        }
    }

    /// Begins to read a conversation, or to close it. Returns whether it belongs to the shard of the analyzer.
    #[inline]
    pub(super) fn begin_step(&mut self, conversation: u32) -> bool {
        let Some(shard) = self.task.shard else { return true };
        self.steps.next(conversation, self.events.len());
        shard.has(conversation)
    }

    /// Begins to read a conversation of the present frame. Returns whether it belongs to the shard of the analyzer.
    #[inline]
    pub(super) fn enter(&mut self, conversation: u32) -> bool {
        self.conversations += 1;
        let is_own = self.begin_step(conversation);
        self.steps.enter(!is_own);
        is_own
    }

    /// Whether a conversation belongs to the shard of the analyzer.
    pub(super) fn is_own(&self, conversation: u32) -> bool {
        self.task.shard.is_none_or(|shard| shard.has(conversation))
    }

    /// Exchanges the count of content decoded in the tree for that of the shard of a conversation, before and after the
    /// conversation is read.
    #[inline]
    pub(super) fn swap_decoding(&mut self, conversation: u32, tree: &mut Tree) {
        if let Some(of_shard) = self.decoding.get_mut(Buffers::shard(conversation)) {
            std::mem::swap(of_shard, &mut tree.decoding);
        }
    }

    /// Bytes that the conversations of one shard may buffer.
    pub(super) fn buffer_limits(&self) -> ShardLimits {
        let more = 2 * self.task.wants.body_limit.extra();
        let of = |all, others| ShardLimits { all: all + more, others: others + more };
        match self.work.data {
            true => of(limits::SHARD_BYTES_WITH_BODIES, limits::SHARD_BYTES_WITH_BODIES),
            false => of(limits::SHARD_BYTES, limits::SHARD_BYTES_OF_OTHERS),
        }
    }

    /// The session protocol of a conversation by the rules of the task.
    pub(super) fn forced_session(&self, transport: Transport, ports: [u16; 2]) -> Option<&'static SessionKind> {
        let name = self.task.decode.protocol(transport, ports)?;
        Some(self.registry.session(name, transport.input())?.kind)
    }

    /// Replaces the secrets of the events that are there, if secrets are redacted.
    pub(super) fn redact_events(&mut self) {
        if let Some(redactor) = &self.task.decode.redactor {
            self.events.iter_mut().for_each(|event| event.redact(redactor));
        }
    }

    /// Context for reading a frame of a conversation.
    pub(super) fn frame_context<'a>(
        &'a mut self,
        conversation: ConversationId,
        at: Stamp,
        path: &'a mut ProtocolPath,
        tree: &'a mut Tree,
    ) -> FrameContext<'a> {
        FrameContext {
            registry: &self.registry,
            work: self.work,
            wants: &self.task.wants,
            first_pass: &self.first_pass,
            secrets: &self.task.decode.secrets,
            shows_passwords: self.task.decode.shows_passwords,
            connections: &mut self.datagram_connections,
            path,
            messages: &mut self.messages,
            derived: &mut self.derived,
            follows: self.task.follow == Some(conversation) && self.task.follow_derived.is_none(),
            followed_conversation: self.task.follow.filter(|_| self.task.follow_derived.is_none()),
            follow_derived: self.task.follow_derived.filter(|_| self.task.follow == Some(conversation)),
            events: &mut self.events,
            collected: self.task.collect.then_some(&mut self.collected),
            reads_frame: true,
            prefilter: self.prefilter.as_ref(),
            without_connections: self.task.without_connections,
            tree,
            at,
        }
    }

    /// Has a conversation do what belongs to none of its frames, and so is recorded in no frame's tree and collected for
    /// none, except for what is missing at its end.
    pub(super) fn without_frame(
        &mut self,
        conversation: ConversationId,
        at: Stamp,
        act: impl FnOnce(&mut FrameContext<'_>) -> Completed,
    ) {
        if !self.task.halves {
            let mut tree = self.blank.take().unwrap_or_default();
            self.act_without_frame(conversation, at, &mut tree, act);
            self.blank = Some(tree);
            return;
        }
        let mut tree = Tree::new(self.task.wants.clone());
        let messages = self.act_without_frame(conversation, at, &mut tree, act);
        if !messages.is_empty() {
            self.events.push(Event::Unfinished(Box::new(UnfinishedMessages { conversation, at, messages, tree })));
        }
    }

    /// Returns the messages that this completes.
    fn act_without_frame(
        &mut self,
        conversation: ConversationId,
        at: Stamp,
        tree: &mut Tree,
        act: impl FnOnce(&mut FrameContext<'_>) -> Completed,
    ) -> Vec<MessageNodes> {
        let mut path = ProtocolPath::default();
        self.swap_decoding(conversation.number(), tree);
        let is_dropping = self.is_dropping;
        let mut context = self.frame_context(conversation, at, &mut path, tree);
        context.reads_frame = false;
        context.collected.take_if(|_| is_dropping);
        let completed = act(&mut context);
        context.report_owners(completed.owners);
        self.swap_decoding(conversation.number(), tree);
        completed.messages
    }

    /// Reports the exchanges of a conversation as calls.
    pub(super) fn report(&mut self, mut call: impl FnMut(Box<Exchange>, i64) -> Call) {
        // As in most frames.
        if self.messages.is_empty() {
            return;
        }
        for message in self.messages.drain(..) {
            match message {
                dissectors::session::Event::Exchange(mut exchange) if self.task.exchanges => {
                    if self.is_dropping {
                        exchange.set_unknown();
                    }
                    let mut call = call(exchange, self.start);
                    name_call(&mut call, &self.task);
                    self.events.push(Event::Call(call));
                }
                dissectors::session::Event::Joined { from, to } => self.events.push(Event::Joined { from, to }),
                dissectors::session::Event::Secret(derived) => self.task.decode.add_derived_secret(*derived),
                dissectors::session::Event::EarlierNote { note, frame }
                    if self.task.earlier_notes && !self.is_dropping =>
                {
                    self.events.push(Event::EarlierNote { note, frame });
                }
                dissectors::session::Event::Exchange(_)
                | dissectors::session::Event::EarlierNote { .. }
                | dissectors::session::Event::Pdu(_)
                | dissectors::session::Event::Message(_)
                | dissectors::session::Event::Part(_)
                | dissectors::session::Event::PathId(_)
                | dissectors::session::Event::Connection(_)
                | dissectors::session::Event::OutsideMessages => {}
            }
        }
    }

    /// Reports what ends because its state is dropped at a limit.
    pub(super) fn dropping(&mut self, act: impl FnOnce(&mut RunState)) {
        let was_dropping = std::mem::replace(&mut self.is_dropping, true);
        act(self);
        self.is_dropping = was_dropping;
    }

    /// Returns the frame for which a conversation that ends was evicted, if it is known beforehand.
    pub(super) fn known_eviction(&self, conversation: ConversationId) -> Option<u32> {
        self.known_evictions.get(&conversation).copied().filter(|_| self.evicted_in.is_none())
    }

    /// Notes at the header of a frame that its conversation continues one that was evicted: if it is the first frame that does,
    /// which is known beforehand of a frame that is read out of its place. Returns whether it is.
    #[inline]
    pub(super) fn note_continuation(
        &mut self,
        is_first: bool,
        at: Stamp,
        (note, header): (&'static Field, Payload<'_>),
        tree: &mut Tree,
    ) -> bool {
        let nth = self.conversations;
        // As for most frames.
        if !is_first && self.seek.as_ref().is_none_or(|seek| seek.continues_evicted != Some(nth)) {
            return false;
        }
        if is_first {
            self.report_seek_fact(SeekFact::ContinuesEvicted(at.frame, nth));
        }
        let limit = limits::CONVERSATIONS;
        let text = format_args!("earlier frames have another stream, which was dropped at {limit} conversations");
        tree.note(note, header.all(), text);
        true
    }

    /// Reports a fact for a frame that is read again.
    pub(super) fn report_seek_fact(&mut self, fact: SeekFact) {
        if self.task.seek_facts {
            self.seek_facts.push(fact);
        }
    }

    /// Reports that a conversation was dropped.
    pub(super) fn end(&mut self, conversation: ConversationId) {
        let evicted_in = self.evicted_in;
        if let Some(frame) = evicted_in {
            self.report_seek_fact(SeekFact::Evicted(conversation, frame));
        }
        if self.task.ends {
            self.events.push(Event::End { conversation, evicted_in });
        }
    }
}
