//! Analysis of a capture: layers, conversations, bytes in order, sessions, exchanges.
//!
//! An [`Analyzer`] reads frame after frame. For each it fills a tree of fields; what spans frames it reports as
//! [events](Event).

mod address_table;
mod buffers;
mod decode_options;
mod echo;
mod event;
mod flow;
pub mod fragments;
mod frame_context;
mod frame_results;
mod layers;
pub mod limits;
mod link_types;
mod name_resolution;
mod names;
mod number_set;
mod numbered_fragments;
mod reassembled_unit;
mod reassembler;
mod recent_map;
mod repeated_statements;
mod run_state;
mod seek;
mod session_driver;
mod shard;
mod side_buffer;
mod task;
mod tcp;
mod transport_packet;
mod udp;
mod udp_paths;
mod usual_headers;

use crate::capture::Stream;
use crate::source::{Frame, FrameHead};
pub use decode_options::{DecodeAs, DecodeOptions, Transport};
use dissectors::decoding_count::DecodingCount;
use dissectors::session::FirstPass;
use dissectors::{PROTOCOLS, Protocol, Tree};
pub use event::{Event, FrameConnection, MessageNodes, StreamChunk, StreamContent, UnfinishedMessages};
pub use frame_context::Prefilter;
pub use frame_results::{FrameResults, FrameResultsCopy};
use layers::Tables;
use link_types::LinkTypes;
pub use link_types::unsupported_link_message;
pub use name_resolution::{NameFlags, NameResolution};
pub use names::{FoundName, host_name_wants};
pub use number_set::NumberSet;
pub(crate) use recent_map::RecentMap;
pub(crate) use repeated_statements::is_repetition_note;
pub use repeated_statements::{REPETITIONS, RepeatedStatement, RepeatedStatements, wants_repeated_statements};
use run_state::RunState;
use seek::Clock;
pub use seek::{EchoResult, SeekContext, SeekFact};
pub use shard::{Place, Shard};
use std::sync::Arc;
use task::Work;
pub use task::{Task, is_capture_metadata, is_known_early};
use tcp::TcpFlow;

/// Reads a capture, frame after frame.
pub struct Analyzer {
    tree: Tree,
    /// Records nothing: for frames that are not wanted.
    blank: Tree,
    tables: Tables,
    clock: Clock,
    links: LinkTypes,
}

impl Analyzer {
    /// An analyzer for the first, or only, pass over a capture.
    #[must_use]
    pub fn new(task: Task) -> Analyzer {
        Analyzer::with_first_pass(task, FirstPass::default())
    }

    /// An analyzer for a further pass over a capture, with what an earlier one collected.
    #[must_use]
    pub fn with_first_pass(task: Task, first_pass: FirstPass) -> Analyzer {
        Analyzer::with_protocols(task, first_pass, PROTOCOLS)
    }

    /// The same with a list of protocols of its own.
    #[must_use]
    pub fn with_protocols(mut task: Task, first_pass: FirstPass, protocols: &[&'static Protocol]) -> Analyzer {
        if let Some(redactor) = &task.decode.redactor {
            redactor.add_wants(&mut task.wants);
        }
        let mut tree = names::new_tree(&task);
        tree.decoding = DecodingCount::with_limit(limits::shard_decoded_bytes(task.wants.body_limit));
        let tables = Tables::new(RunState::new(task, first_pass, protocols));
        Analyzer { tree, blank: Tree::default(), tables, clock: Clock::default(), links: LinkTypes::default() }
    }

    /// Sets what later frames decide about those that are read next.
    pub fn set_first_pass(&mut self, first_pass: FirstPass) {
        self.tables.run.first_pass = Arc::new(first_pass);
    }

    /// Sets a condition on early fields: messages of frames that do not meet it are not recorded.
    #[must_use]
    pub fn with_prefilter(mut self, prefilter: Option<Prefilter>) -> Analyzer {
        self.tables.run.prefilter = prefilter;
        self
    }

    /// A copy of it between two frames, for reading on from here later. What it found in the last frame, and events that
    /// were not taken, are left out.
    #[must_use]
    pub fn fork(&self) -> Analyzer {
        let mut tree = names::new_tree(&self.tables.run.task);
        tree.decoding = self.tree.decoding;
        let (tables, clock, links) = (self.tables.clone(), self.clock.clone(), self.links.clone());
        Analyzer { tree, blank: Tree::default(), tables, clock, links }
    }

    /// Bytes that its conversations, incomplete IP packets and frames buffer, about: what a copy of it costs beside its
    /// tables.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let tables = &self.tables;
        tables.buffers.total() + tables.fragments.buffered() + tables.numbered_fragments.buffered()
    }

    /// Reads the next frame. The tree has what was found in it, until the next is read.
    pub fn dissect(&mut self, frame: &Frame<'_>) -> &Tree {
        self.links.add(frame.link, &self.tables.run.registry);
        match self.clock.skip_foreign(&FrameHead::from(frame), &mut self.tables) {
            true => &self.tree,
            false => self.dissect_unskipped(frame),
        }
    }

    /// Reads the next frame, which cannot be [skipped](Self::skip_foreign).
    pub fn dissect_unskipped(&mut self, frame: &Frame<'_>) -> &Tree {
        self.links.add(frame.link, &self.tables.run.registry);
        if let Some(names) = &mut self.tree.host_names {
            names.frame = frame.number;
        }
        self.clock.read(frame, &mut self.tables, &mut self.tree);
        if self.tree.found_names.as_ref().is_some_and(|found| !found.is_empty()) {
            self.add_found_names(frame.number);
        }
        if let Some(redactor) = &self.tables.run.task.decode.redactor {
            redactor.tree(&mut self.tree);
        }
        &self.tree
    }

    /// Whether it reads the conversations of one shard only.
    #[must_use]
    pub fn is_shard(&self) -> bool {
        self.tables.run.task.shard.is_some()
    }

    /// Follows the next frame if it belongs to another shard and what is needed of it is found without reading it. Returns whether it
    /// does: else, it is to be read. What was found in the frame read last remains.
    #[inline]
    pub fn skip_foreign(&mut self, frame: &FrameHead<'_>) -> bool {
        self.links.is_last(frame.link) && self.clock.skip_foreign(frame, &mut self.tables)
    }

    /// Reads the next frame for its conversations; nothing is recorded of it, and it is not shown.
    pub fn feed_unrecorded(&mut self, frame: &Frame<'_>) {
        self.links.add(frame.link, &self.tables.run.registry);
        if !self.clock.skip_foreign(&FrameHead::from(frame), &mut self.tables) {
            self.clock.read(frame, &mut self.tables, &mut self.blank);
        }
        self.hide();
    }

    /// What was found in the frame read last.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The conversations of the frame read last: its TCP connections, of which a tunnel or a packet quoted in an error may
    /// have several, and those in UDP datagrams that have a session.
    #[must_use]
    pub fn connections(&self) -> &[FrameConnection] {
        &self.tables.run.connections
    }

    /// The numbers of its conversations in UDP datagrams, outermost first, if they are numbered.
    #[must_use]
    pub fn udp_conversations(&self) -> &[u32] {
        &self.tables.run.udp_conversations
    }

    /// The same without that of a packet that an error of ICMP quotes.
    #[must_use]
    pub fn sent_udp_conversations(&self) -> &[u32] {
        let run = &self.tables.run;
        run.udp_conversations.get(..run.sent_udp_conversations).unwrap_or_default()
    }

    /// Whether it carries a fragment of an IP packet, be it the last.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        self.tables.run.is_fragment
    }

    /// The protocols in it, outermost first.
    #[must_use]
    pub fn path(&self) -> &[&'static str] {
        self.tables.packet.path.names()
    }

    /// The link types of the frames read so far that are not supported, in the order of their first frames.
    #[must_use]
    pub fn unsupported_links(&self) -> &[u16] {
        self.links.unsupported()
    }

    /// The rows of the open connections that have a frame after this one.
    pub fn open_since(&self, frame: u32) -> impl Iterator<Item = Stream> {
        let flows = self.tables.tcp.newest().filter_map(TcpFlow::own).take_while(move |flow| flow.last.frame > frame);
        flows.map(|flow| flow.row())
    }

    /// Sets what is known of the next frame, which is read out of its place.
    pub fn seek(&mut self, context: SeekContext) {
        self.clock = Clock::before(&context);
        self.tables.run.datagram_connections = context.datagram_connections;
        self.tables.run.known_evictions.extend(&context.evictions);
        self.tables.run.seek = Some(context);
    }

    /// Notes that the frame read last is not shown.
    pub fn hide(&mut self) {
        self.clock.hide();
    }

    /// Whether the frame read last belongs to another shard: what was found in it is not complete.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.tables.run.steps.is_foreign()
    }

    /// Whether the capture cannot be divided at the frame read last: it has conversations of several shards beside each
    /// other. Every shard finds that.
    #[must_use]
    pub fn is_divided(&self) -> bool {
        self.tables.run.steps.is_divided()
    }

    /// Whether there are events to take.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.tables.run.events.is_empty()
    }

    /// Takes the events since the last call.
    pub fn events(&mut self) -> std::vec::Drain<'_, Event> {
        self.tables.run.redact_events();
        self.tables.run.events.drain(..)
    }

    /// Takes the events since the last call, with the place of each among those of all shards.
    pub fn placed_events(&mut self) -> impl Iterator<Item = (Place, Event)> {
        let frame = self.clock.frame;
        self.tables.run.redact_events();
        let RunState { steps, events, .. } = &mut self.tables.run;
        let mut starts = steps.take_starts().peekable();
        let mut step = 1;
        events.drain(..).enumerate().map(move |(nth, event)| {
            while let Some((_, next)) = starts.next_if(|&(first, _)| first <= nth) {
                step = next;
            }
            (Place { frame, step }, event)
        })
    }

    /// Closes the conversations that are over at a time, in nanoseconds since 1970: for live captures, which do not end.
    /// Those of a capture file are closed by its end.
    pub fn age(&mut self, now: i64) {
        self.tables.age(now);
    }

    /// Takes the facts about echo messages and addresses since the last call, if the task has [`Task::seek_facts`].
    pub fn seek_facts(&mut self) -> std::vec::Drain<'_, SeekFact> {
        self.tables.run.seek_facts.drain(..)
    }

    /// Ends the capture: what is open becomes events.
    pub fn finish(&mut self) {
        self.finish_each(|_| {});
    }

    /// The same, conversation by conversation: the events of one can be taken before the next ends.
    pub fn finish_each(&mut self, mut ended: impl FnMut(&mut Analyzer)) {
        self.clock.frame = Place::END;
        self.tables.echoes.end(&mut self.tables.run);
        self.tables.run.steps.begin_end(Transport::Tcp);
        let mut connections: Vec<_> = self.tables.tcp.drain().collect();
        connections.sort_unstable_by_key(TcpFlow::number);
        for connection in connections {
            self.tables.close(connection);
            ended(self);
        }
        self.tables.run.steps.begin_end(Transport::Udp);
        let ends = self.tables.run.task.ends;
        let mut conversations: Vec<_> =
            self.tables.udp.drain().filter(|flow| flow.own().is_some_and(|flow| ends || flow.is_open)).collect();
        conversations.sort_unstable_by_key(|conversation| conversation.number);
        for conversation in conversations {
            self.tables.close_udp(conversation);
            ended(self);
        }
    }

    /// What a pass with [`Task::collect`] has collected.
    #[must_use]
    pub fn into_first_pass(self) -> FirstPass {
        self.tables.run.collected
    }
}
