//! Index entries of the frames that one analyzer reads: all frames of a capture, or those of a shard.

use super::call_entry::CallEntry;
use super::frame_table::{ConversationKey, FrameEntry, FrameFlags, NewFrame, SharedFrameTable};
use super::index::{FrameSummary, NO_STREAM, Note, ProtocolName};
use super::indexed_values::{INDEXED_FIELDS, ValueBatch};
use crate::analysis::{Analyzer, Event, FoundName, FrameConnection, Place, SeekFact, Shard, Task, is_repetition_note};
use crate::capture::{Call, Connection, Stream};
use crate::source::{Frame, RecordPosition};
use crate::statistics::{Host, HostPairs, StackNames, StackTable};
use dissectors::session::Side;
use dissectors::{Field, FieldKind, PROTOCOLS, Protocol, Severity, Wants, message_fields, tcp};

/// Notes of an orderly close. The index does not have them, because nothing is wrong.
static ORDERLY_CLOSES: [&Field; 2] = [&tcp::CONNECTION_FIN_ACTIVE, &tcp::CONNECTION_FIN_PASSIVE];

/// Returns the fields to record of every frame: its protocol names, its notes, and the indexed fields. Body notes
/// appear in the detail tree only; the index does not have them, because dissecting all bodies takes as long as
/// everything else. Notes about repeated statements appear there, too: they need a pass of their own.
fn wants() -> Wants {
    let mut wants = Wants::columns_without_info();
    wants.without_bodies = true;
    // DNS is a body, too, and its notes are about packets of its own.
    let is_body = |protocol: &Protocol| protocol.content().is_some() && !protocol.is_layer();
    let is_warning = |field: &&Field| match field.kind {
        FieldKind::Note(severity) => severity > Severity::Chat && !ORDERLY_CLOSES.iter().any(|of| of.id == field.id),
        _ => false,
    };
    let is_body_note =
        |field: &Field| message_fields().flat_map(|(_, fields)| fields.body_notes).any(|note| note.id == field.id);
    let protocols = PROTOCOLS.iter().filter(|protocol| !is_body(protocol));
    for field in protocols.flat_map(|protocol| protocol.fields.iter().copied()).filter(is_warning) {
        if !is_body_note(field) && !is_repetition_note(field) {
            wants.add(field);
        }
    }
    INDEXED_FIELDS.iter().for_each(|field| wants.add(field));
    wants
}

/// The analysis that the index requires.
pub(super) fn index_task(table: &SharedFrameTable) -> Task {
    let mut task = Task {
        wants: wants(),
        exchanges: true,
        streams: true,
        connections: true,
        mixed: true,
        earlier_notes: true,
        udp_conversations: true,
        seek_facts: true,
        ..table.task()
    };
    task.collect_names = table.collected_names();
    // The index has addresses, and the names beside them.
    task.decode.names.flags.network = false;
    task
}

/// Index entries of some frames.
#[derive(Default)]
pub(super) struct IndexBatch {
    /// The frames, in their order. The numbers of their pairs of hosts and of their stacks are those of the indexer.
    pub(super) frames: Vec<IndexedFrame>,
    /// Pairs of hosts that are new to the indexer.
    pub(super) pairs: Vec<[Host; 2]>,
    /// Protocol stacks that are new to it.
    pub(super) stacks: Vec<StackNames>,
    pub(super) calls: Vec<IndexedCall>,
    pub(super) streams: Vec<Stream>,
    /// Connections in datagrams, with their places among the results of all shards.
    pub(super) connections: Vec<(Place, Connection)>,
    pub(super) notes: Vec<Note>,
    pub(super) values: ValueBatch,
    /// UDP conversations that have a session.
    pub(super) udp_sessions: Vec<u32>,
    pub(super) seek_facts: Vec<SeekFact>,
    /// Names of addresses, if this is a shard. Another analyzer has them in its table.
    pub(super) names: Vec<FoundName>,
}

impl IndexBatch {
    /// Drops everything but the pairs and stacks that are new, which have numbers.
    pub(super) fn keep_numbers(&mut self) {
        let (pairs, stacks) = (std::mem::take(&mut self.pairs), std::mem::take(&mut self.stacks));
        *self = IndexBatch { pairs, stacks, ..IndexBatch::default() };
    }
}

/// A frame and its entries.
pub(super) struct IndexedFrame {
    pub(super) number: u32,
    pub(super) has_time: bool,
    pub(super) summary: FrameSummary,
    pub(super) new: NewFrame,
}

/// A call and its entry, with its place among the results of all shards.
pub(super) struct IndexedCall {
    pub(super) place: Place,
    pub(super) entry: CallEntry,
    pub(super) call: Call,
}

/// An analyzer, and the index entries of the frames that it has read.
pub(super) struct FrameIndexer {
    pub(super) analyzer: Analyzer,
    pairs: HostPairs,
    stacks: StackTable,
    /// Entries that were not taken.
    pub(super) batch: IndexBatch,
    pub(super) last_frame: u32,
    pub(super) start_time: i64,
}

impl FrameIndexer {
    pub(super) fn new(task: Task, shard: Option<Shard>) -> FrameIndexer {
        let (pairs, stacks, batch) = Default::default();
        FrameIndexer {
            analyzer: Analyzer::new(Task { shard, ..task }),
            pairs,
            stacks,
            batch,
            last_frame: 0,
            start_time: 0,
        }
    }

    /// Adds a frame, without its location. Returns whether the capture can be divided there.
    pub(super) fn add_frame(&mut self, frame: &Frame<'_>) -> bool {
        if self.last_frame == 0 {
            self.start_time = frame.time.0;
        }
        self.last_frame = frame.number;
        self.analyzer.dissect(frame);
        if self.analyzer.is_divided() {
            return false;
        }
        if !self.analyzer.is_foreign() {
            self.add_entries(frame);
            self.batch.seek_facts.extend(self.analyzer.seek_facts());
        } else {
            // The shard that has the frame reports them.
            self.analyzer.seek_facts();
        }
        self.add_events();
        true
    }

    /// Sets the location of the last frame, if it has entries.
    pub(super) fn set_location(&mut self, location: RecordPosition) {
        let number = self.last_frame;
        if let Some(frame) = self.batch.frames.last_mut().filter(|frame| frame.number == number) {
            frame.new.entry.set_location(location);
        }
    }

    /// Removes the last frame, if it has entries.
    pub(super) fn remove_last_frame(&mut self) {
        let number = self.last_frame;
        self.batch.frames.pop_if(|frame| frame.number == number);
    }

    /// Ends the capture.
    pub(super) fn finish(&mut self) {
        self.analyzer.finish();
        self.batch.seek_facts.extend(self.analyzer.seek_facts());
        self.add_events();
    }

    fn add_entries(&mut self, frame: &Frame<'_>) {
        let severity = self.add_notes();
        let analyzer = &self.analyzer;
        let connections = analyzer.connections();
        let stream = connections.iter().find_map(|connection| connection.conversation.tcp());
        let columns = analyzer.tree().columns();
        let summary = FrameSummary {
            time: frame.time.0,
            length: frame.length,
            stream: stream.unwrap_or(NO_STREAM),
            hosts: self.pairs.directed_pair(columns.source, columns.destination, &mut self.batch.pairs),
            protocol: ProtocolName::new(columns.protocol),
            stack: self.stacks.id(analyzer.path(), &mut self.batch.stacks),
            severity,
        };
        let streams = connections.iter().filter_map(|connection| connection.conversation.tcp());
        let mut tcp = streams.map(ConversationKey::stream);
        let mut udp = analyzer.udp_conversations().iter().map(|&number| ConversationKey::udp(number));
        let conversation = tcp.next().or_else(|| udp.next()).unwrap_or(ConversationKey::NONE);
        let extra_conversations: Vec<ConversationKey> = tcp.chain(udp).collect();
        let has_several_streams = extra_conversations.iter().any(|key| key.as_stream().is_some());
        let mut flags = FrameFlags::default();
        let mut set = |flag: u8, is_set: bool| flags.0 |= if is_set { flag } else { 0 };
        set(FrameFlags::FRAGMENT, analyzer.is_fragment());
        set(FrameFlags::EXTRA_CONVERSATIONS, !extra_conversations.is_empty());
        let own = |connection: &&FrameConnection| ConversationKey::of(connection.conversation) == conversation;
        if let Some(connection) = connections.iter().find(own) {
            let [client, server] = connection.has_data;
            set(FrameFlags::FROM_CLIENT, connection.side == Side::Client);
            set(FrameFlags::CLIENT_DATA, client);
            set(FrameFlags::SERVER_DATA, server);
            set(FrameFlags::REUSED_PORTS, connection.reused);
            set(FrameFlags::MIXED, connection.is_mixed || has_several_streams);
            set(
                FrameFlags::PLAIN_TCP,
                stream.is_some() && !has_several_streams && !connection.quoted && is_plain_tcp(analyzer.path()),
            );
        }
        let sessions = connections.iter().filter(|connection| connection.conversation.tcp().is_none());
        self.batch.udp_sessions.extend(sessions.map(|connection| connection.conversation.number()));
        let entry = FrameEntry::new(RecordPosition::default(), flags, conversation);
        let new = NewFrame { entry, extra_conversations };
        self.batch.frames.push(IndexedFrame { number: frame.number, has_time: frame.has_time, summary, new });
    }

    /// Adds the notes and the indexed values of the frame. Returns the highest severity.
    fn add_notes(&mut self) -> Option<Severity> {
        let mut highest = None;
        let tree = self.analyzer.tree();
        for node in tree.nodes() {
            self.batch.values.record(self.last_frame, node, tree);
            if let FieldKind::Note(severity) = node.field.kind {
                highest = highest.max(Some(severity));
                let note = Note { frame: self.last_frame, field: node.field, severity };
                // A tree may repeat a note: among the analysis flags, and next to the numbers.
                let is_same = |last: &Note| last.frame == note.frame && last.field.id == note.field.id;
                if !self.batch.notes.last().is_some_and(is_same) {
                    self.batch.notes.push(note);
                }
            }
        }
        highest
    }

    /// Adds the events since the last call, and the names that shards report.
    pub(super) fn add_events(&mut self) {
        self.batch.names.extend(self.analyzer.found_names());
        if !self.analyzer.has_events() {
            return;
        }
        for (place, event) in self.analyzer.placed_events() {
            match event {
                Event::Call(call) => {
                    let entry = CallEntry::from_exchange(&call.exchange, self.last_frame);
                    self.batch.calls.push(IndexedCall { place, entry, call });
                }
                Event::Stream(stream) => self.batch.streams.push(*stream),
                Event::Connection(connection) => self.batch.connections.push((place, *connection)),
                Event::EarlierNote { note: field, frame } => {
                    if let FieldKind::Note(severity) = field.kind {
                        self.batch.notes.push(Note { frame, field, severity });
                    }
                }
                Event::End { .. }
                | Event::Chunk(_)
                | Event::Unfinished(_)
                | Event::Owned { .. }
                | Event::Joined { .. } => {}
            }
        }
    }
}

/// Whether the protocols are those of one TCP segment in one IP packet, without a tunnel.
fn is_plain_tcp(path: &[&str]) -> bool {
    let count = |name: &str| path.iter().filter(|protocol| **protocol == name).count();
    // IPv6 extension headers may have addresses of their own.
    let is_extended = path.iter().any(|protocol| protocol.starts_with("ipv6."));
    count("ip") + count("ipv6") == 1 && count("tcp") == 1 && count("udp") == 0 && !is_extended
}
