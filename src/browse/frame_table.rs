//! State shared by the browser threads: the location of each frame, and its predecessors in its conversations.

use super::call_entry::CallEntry;
use super::chunked_vec::ChunkedVec;
use super::indexed_values::IndexedValues;
use crate::analysis::{DecodeOptions, EchoResult, NameFlags, NameResolution, NumberSet, SeekContext, SeekFact, Task};
use crate::capture::Endpoint;
use crate::source::{RecordPosition, RecordStore};
use dissectors::host_names::HostNames;
use dissectors::packet::AddressConflict;
use dissectors::session::{ConversationId, Secrets};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// No previous frame, or no conversation.
const NONE: u32 = u32::MAX;

/// Bit set in the number of a UDP conversation, clear in that of a TCP connection.
const UDP_BIT: u32 = 1 << 31;

/// Bits of [`FrameEntry::location`] for the offset in the file, and for the file. The flags are above them.
const OFFSET_BITS: u32 = 40;
const FILE_BITS: u32 = 16;

/// Flags of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FrameFlags(pub(super) u8);

impl FrameFlags {
    /// Sent by the client of its connection.
    pub(super) const FROM_CLIENT: u8 = 1;
    /// Has data of the client, or completes a message of it.
    pub(super) const CLIENT_DATA: u8 = 2;
    /// Has data of the server, or completes a message of it.
    pub(super) const SERVER_DATA: u8 = 4;
    /// Has an IP fragment.
    pub(super) const FRAGMENT: u8 = 8;
    /// Starts its connection on reused ports.
    pub(super) const REUSED_PORTS: u8 = 16;
    /// Belongs to more than one conversation.
    pub(super) const EXTRA_CONVERSATIONS: u8 = 32;
    /// Is one TCP segment in one IP packet, neither tunneled nor quoted.
    pub(super) const PLAIN_TCP: u8 = 64;
    /// Is more than the next bytes of one message of its connection.
    pub(super) const MIXED: u8 = 128;

    pub(super) fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// A conversation: a TCP connection or a UDP conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ConversationKey(u32);

impl ConversationKey {
    pub(super) const NONE: ConversationKey = ConversationKey(NONE);

    pub(super) fn stream(number: u32) -> ConversationKey {
        ConversationKey(number & !UDP_BIT)
    }

    pub(super) fn udp(number: u32) -> ConversationKey {
        ConversationKey(number | UDP_BIT)
    }

    /// Returns the key of a conversation.
    pub(super) fn of(id: ConversationId) -> ConversationKey {
        match id {
            ConversationId::Tcp(number) => ConversationKey::stream(number),
            ConversationId::Udp(number) => ConversationKey::udp(number),
        }
    }

    /// Returns the number of the TCP connection, if it is one.
    pub(super) fn as_stream(self) -> Option<u32> {
        (self.0 & UDP_BIT == 0).then_some(self.0)
    }

    pub(super) fn as_udp(self) -> Option<u32> {
        (self.0 & UDP_BIT != 0 && self != ConversationKey::NONE).then_some(self.0 & !UDP_BIT)
    }
}

impl CallEntry {
    /// Returns its conversation.
    pub(super) fn conversation(&self) -> ConversationKey {
        ConversationKey::of(self.id.conversation)
    }
}

/// Data per frame that is not in its [`FrameSummary`](super::FrameSummary).
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameEntry {
    location: u64,
    /// TCP connection, or else the outermost UDP conversation.
    pub(super) conversation: ConversationKey,
    /// Previous frame of that conversation.
    previous: u32,
}

impl FrameEntry {
    /// Whether an entry can store this location.
    pub(super) fn fits(location: RecordPosition) -> bool {
        location.offset < 1 << OFFSET_BITS && location.file < 1 << FILE_BITS
    }

    pub(super) fn new(location: RecordPosition, flags: FrameFlags, conversation: ConversationKey) -> FrameEntry {
        let file = u64::from(location.file) & ((1 << FILE_BITS) - 1);
        let offset = location.offset & ((1 << OFFSET_BITS) - 1);
        let location = offset | file << OFFSET_BITS | u64::from(flags.0) << (OFFSET_BITS + FILE_BITS);
        FrameEntry { location, conversation, previous: NONE }
    }

    /// Sets the location of the frame.
    pub(super) fn set_location(&mut self, location: RecordPosition) {
        *self = FrameEntry { previous: self.previous, ..FrameEntry::new(location, self.flags(), self.conversation) };
    }

    pub(super) fn location(self) -> RecordPosition {
        let file = (self.location >> OFFSET_BITS) as u32 & ((1 << FILE_BITS) - 1);
        RecordPosition { file, offset: self.location & ((1 << OFFSET_BITS) - 1) }
    }

    pub(super) fn flags(self) -> FrameFlags {
        FrameFlags((self.location >> (OFFSET_BITS + FILE_BITS)) as u8)
    }
}

/// An additional conversation of a frame.
#[derive(Clone, Copy, Debug)]
struct ExtraConversation {
    frame: u32,
    conversation: ConversationKey,
    previous: u32,
}

/// The first and the last frame of a conversation.
#[derive(Clone, Copy, Debug)]
struct FrameRange {
    first: u32,
    last: u32,
}

/// The client and the server of a connection.
pub(super) type ConnectionEndpoints = [Endpoint; 2];

/// A frame just read, and its additional conversations.
pub(super) struct NewFrame {
    pub(super) entry: FrameEntry,
    pub(super) extra_conversations: Vec<ConversationKey>,
}

/// All frames.
#[derive(Default)]
pub(super) struct FrameTable {
    entries: ChunkedVec<FrameEntry>,
    /// Additional conversations, in frame order.
    extra_conversations: ChunkedVec<ExtraConversation>,
    /// Frames with an IP fragment.
    fragments: Vec<u32>,
    streams: Vec<FrameRange>,
    udp_conversations: Vec<FrameRange>,
    /// UDP conversations that have a session: a frame of them depends on all earlier ones.
    udp_sessions: NumberSet,
    /// Endpoints of each connection.
    endpoints: Vec<ConnectionEndpoints>,
    /// Facts about echo requests and replies, by frame and their order in it.
    echoes: BTreeMap<(u32, u8), EchoResult>,
    /// Addresses that other hosts used before, in frame order.
    address_conflicts: Vec<(u32, AddressConflict)>,
    /// Frames in which connections in datagrams begin.
    connection_begins: Vec<u32>,
    /// Frames that begin a conversation because an earlier one with the same endpoints was evicted.
    continuing_evicted: Vec<(u32, u32)>,
    /// The frames for which conversations were evicted.
    evicted: HashMap<ConversationId, u32>,
    /// Field values of messages.
    pub(super) values: IndexedValues,
    /// Calls, in the order of their ends.
    pub(super) calls: ChunkedVec<CallEntry>,
    /// Time of the first frame.
    pub(super) start_time: i64,
    /// Whether the capture is read completely.
    pub(super) is_complete: bool,
    /// Whether this is a live capture, whose end is not waited for.
    pub(super) is_live: bool,
}

/// A [`FrameTable`] shared between threads, and the records to read its frames from.
#[derive(Clone, Default)]
pub(super) struct SharedFrameTable {
    table: Arc<RwLock<FrameTable>>,
    pub(super) store: RecordStore,
    decode: DecodeOptions,
    /// Secrets known so far.
    secrets: Arc<Mutex<Arc<Secrets>>>,
    names: Arc<Mutex<SharedNames>>,
}

/// Names of addresses, as far as the capture is read.
#[derive(Default)]
struct SharedNames {
    host_names: Arc<HostNames>,
    /// Whether frames have them.
    are_shown: bool,
    /// Number of changes of `are_shown`.
    changes: u32,
}

impl SharedFrameTable {
    /// Returns an empty table for a capture that is read with these options.
    pub(super) fn with_options(decode: DecodeOptions) -> SharedFrameTable {
        let host_names = Arc::clone(&decode.names.host_names);
        let names = SharedNames { host_names, are_shown: decode.names.flags.network, changes: 0 };
        let secrets = Arc::new(Mutex::new(Arc::clone(&decode.secrets)));
        SharedFrameTable { decode, secrets, names: Arc::new(Mutex::new(names)), ..SharedFrameTable::default() }
    }

    /// Returns the task that all passes over the capture extend. A pass without its options would find other messages.
    pub(super) fn task(&self) -> Task {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Task { decode: DecodeOptions { names: self.names(), secrets, ..self.decode.clone() }, ..Task::default() }
    }

    /// Sets the secrets known so far. Each is known from the frame on at which the loader found it.
    pub(super) fn set_secrets(&self, secrets: Arc<Secrets>) {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = secrets;
    }

    /// Returns the kinds of names that the loader collects: those of the command line, or else all, which a key shows.
    pub(super) fn collected_names(&self) -> NameFlags {
        let flags = self.decode.names.flags;
        if flags.network { flags } else { NameFlags::ALL }
    }

    fn shared_names(&self) -> MutexGuard<'_, SharedNames> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the names that frames have.
    pub(super) fn names(&self) -> NameResolution {
        let names = self.shared_names();
        let flags = NameFlags { network: names.are_shown, ..self.decode.names.flags };
        NameResolution { flags, hosts_files: Vec::new(), host_names: Arc::clone(&names.host_names) }
    }

    /// Sets the names of the capture so far.
    pub(super) fn set_host_names(&self, host_names: Arc<HostNames>) {
        self.shared_names().host_names = host_names;
    }

    /// Sets whether frames have names.
    pub(super) fn show_names(&self, are_shown: bool) {
        let mut names = self.shared_names();
        names.changes += u32::from(names.are_shown != are_shown);
        names.are_shown = are_shown;
    }

    /// Returns the number of times that names were shown or hidden.
    pub(super) fn name_changes(&self) -> u32 {
        self.shared_names().changes
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, FrameTable> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, FrameTable> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FrameTable {
    /// Whether the capture has an end worth waiting for.
    pub(super) fn will_end(&self) -> bool {
        !self.is_complete && !self.is_live
    }

    /// Returns the number of frames.
    pub(super) fn count(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Appends the next frame.
    pub(super) fn push(&mut self, arrival: NewFrame) {
        let NewFrame { mut entry, extra_conversations: more } = arrival;
        let frame = self.count() + 1;
        entry.previous = self.link(entry.conversation, frame);
        for conversation in more {
            let before = self.link(conversation, frame);
            self.extra_conversations.push(ExtraConversation { frame, conversation, previous: before });
        }
        if entry.flags().has(FrameFlags::FRAGMENT) {
            self.fragments.push(frame);
        }
        self.entries.push(entry);
    }

    /// Makes a frame the last of a conversation. Returns the previous last frame.
    fn link(&mut self, conversation: ConversationKey, frame: u32) -> u32 {
        let (ranges, number) = match (conversation.as_stream(), conversation.as_udp()) {
            (Some(number), _) => (&mut self.streams, number),
            (_, Some(number)) => (&mut self.udp_conversations, number),
            _ => return NONE,
        };
        match ranges.get_mut(number as usize) {
            Some(range) if range.last != NONE => std::mem::replace(&mut range.last, frame),
            Some(range) => {
                *range = FrameRange { first: frame, last: frame };
                NONE
            }
            None => {
                ranges.resize(number as usize + 1, FrameRange { first: NONE, last: NONE });
                if let Some(range) = ranges.last_mut() {
                    *range = FrameRange { first: frame, last: frame };
                }
                NONE
            }
        }
    }

    /// Returns the entry of a frame.
    pub(super) fn entry(&self, frame: u32) -> Option<FrameEntry> {
        self.entries.get(frame.checked_sub(1)? as usize).copied()
    }

    fn extra_conversations_of(&self, frame: u32) -> impl Iterator<Item = &ExtraConversation> {
        let from = self.extra_conversations.partition_point(|link| link.frame < frame);
        let links = (from..).map_while(|at| self.extra_conversations.get(at));
        links.take_while(move |link| link.frame == frame)
    }

    /// Returns the conversations of a frame, each with its previous frame.
    fn conversations(&self, frame: u32) -> impl Iterator<Item = (ConversationKey, u32)> {
        let entry = self.entry(frame);
        let more = entry
            .filter(|entry| entry.flags().has(FrameFlags::EXTRA_CONVERSATIONS))
            .map(|_| self.extra_conversations_of(frame));
        let first = entry.map(|entry| (entry.conversation, entry.previous));
        first.into_iter().chain(more.into_iter().flatten().map(|link| (link.conversation, link.previous)))
    }

    /// Adds facts about frames. A later fact about an echo message replaces an earlier one.
    pub(super) fn add_seek_facts(&mut self, facts: impl Iterator<Item = SeekFact>) {
        for fact in facts {
            match fact {
                SeekFact::Echo(echo) => drop(self.echoes.insert((echo.frame, echo.nth), echo)),
                SeekFact::AddressConflict(frame, conflict) => self.address_conflicts.push((frame, conflict)),
                SeekFact::ConnectionBegins(frame) => self.connection_begins.push(frame),
                SeekFact::ContinuesEvicted(frame, nth) => self.continuing_evicted.push((frame, nth)),
                SeekFact::Evicted(conversation, frame) => drop(self.evicted.insert(conversation, frame)),
            }
        }
    }

    /// Returns a conversation that was evicted with the frame for which it was.
    fn eviction(&self, conversation: ConversationKey) -> Option<(ConversationId, u32)> {
        let id = match conversation.as_udp() {
            Some(number) => Some(ConversationId::Udp(number)),
            None => conversation.as_stream().map(ConversationId::Tcp),
        };
        self.evicted.get_key_value(&id?).map(|(&id, &frame)| (id, frame))
    }

    /// Returns the conversation of a frame that continues one that was evicted, as [`SeekContext::continues_evicted`].
    fn continues_evicted(&self, frame: u32) -> Option<u32> {
        let at = self.continuing_evicted.binary_search_by_key(&frame, |&(frame, _)| frame).ok()?;
        self.continuing_evicted.get(at).map(|&(_, nth)| nth)
    }

    fn address_conflicts_of(&self, frame: u32) -> Vec<AddressConflict> {
        let from = self.address_conflicts.partition_point(|&(earlier, _)| earlier < frame);
        let conflicts = self.address_conflicts.iter().skip(from).take_while(|&&(other, _)| other == frame);
        conflicts.map(|&(_, conflict)| conflict).collect()
    }

    /// Returns the context to dissect a frame out of order. `previous` is the time of the frame before it.
    pub(super) fn seek_context(&self, frame: u32, previous: Option<i64>) -> SeekContext {
        let echoes = self.echoes.range((frame, 0)..=(frame, u8::MAX)).map(|(_, &echo)| echo).collect();
        let address_conflicts = self.address_conflicts_of(frame);
        let datagram_connections = self.connection_begins.partition_point(|&begin| begin < frame) as u32;
        let mut context = SeekContext {
            first: self.start_time,
            previous,
            echoes,
            datagram_connections,
            continues_evicted: self.continues_evicted(frame),
            address_conflicts,
            ..SeekContext::default()
        };
        for (conversation, _) in self.conversations(frame) {
            context.evictions.extend(self.eviction(conversation));
            match (conversation.as_stream(), conversation.as_udp()) {
                (Some(number), _) => {
                    let is_first = context.streams.is_empty();
                    let begins = self.entry(frame).is_some_and(|entry| entry.flags().has(FrameFlags::REUSED_PORTS));
                    context.streams.push_back((number, is_first && begins));
                }
                (_, Some(number)) => context.udp_conversations.push(number),
                _ => {}
            }
        }
        context
    }

    /// Returns the TCP connections of a frame: several if it has several packets.
    pub(super) fn streams(&self, frame: u32) -> impl Iterator<Item = u32> {
        self.conversations(frame).filter_map(|(key, _)| key.as_stream())
    }

    /// Notes that a UDP conversation has a session.
    pub(super) fn add_udp_session(&mut self, number: u32) {
        self.udp_sessions.insert(number);
    }

    /// Returns the conversations of a frame whose earlier frames must be read before it: its TCP connection, and its UDP
    /// conversations that have a session.
    pub(super) fn session_conversations(&self, frame: u32) -> impl Iterator<Item = ConversationKey> {
        let has_session = |key: &ConversationKey| match key.as_udp() {
            Some(number) => self.udp_sessions.contains(number),
            None => key.as_stream().is_some(),
        };
        self.conversations(frame).map(|(key, _)| key).filter(has_session)
    }

    /// Returns the frames of a conversation up to `upto`, or to its last frame, in descending order.
    pub(super) fn conversation_frames(
        &self,
        conversation: ConversationKey,
        upto: Option<u32>,
    ) -> impl Iterator<Item = u32> {
        let range = match (conversation.as_stream(), conversation.as_udp()) {
            (Some(number), _) => self.streams.get(number as usize),
            (_, Some(number)) => self.udp_conversations.get(number as usize),
            _ => None,
        };
        let last = range.map_or(NONE, |range| range.last);
        let frame = move |frame: u32| (frame != NONE).then_some(frame);
        let previous = move |&at: &u32| frame(self.previous_frame(at, conversation));
        std::iter::successors(frame(upto.unwrap_or(last)), previous)
    }

    /// Returns the frame before a frame in one of its conversations.
    fn previous_frame(&self, frame: u32, conversation: ConversationKey) -> u32 {
        let Some(entry) = self.entry(frame) else { return NONE };
        if entry.conversation == conversation {
            return entry.previous;
        }
        let mut more = self.conversations(frame).skip(1);
        more.find(|&(key, _)| key == conversation).map_or(NONE, |(_, previous)| previous)
    }

    /// Sets the endpoints of a connection.
    pub(super) fn set_endpoints(&mut self, stream: u32, endpoints: ConnectionEndpoints) {
        if self.endpoints.len() <= stream as usize {
            self.endpoints.resize(stream as usize + 1, ConnectionEndpoints::default());
        }
        if let Some(slot) = self.endpoints.get_mut(stream as usize) {
            *slot = endpoints;
        }
    }

    /// Returns the client and the server of a connection.
    pub(super) fn endpoints(&self, stream: u32) -> Option<ConnectionEndpoints> {
        self.endpoints.get(stream as usize).copied()
    }

    /// Returns the frames that the relative times of a frame's UDP conversations depend on: the first and the previous
    /// one. Those of conversations with a session are read in any case.
    pub(super) fn timing_frames(&self, frame: u32) -> impl Iterator<Item = u32> {
        let of_frame = self.conversations(frame).filter_map(|(id, before)| Some((id.as_udp()?, before)));
        let of_frame = of_frame.filter(|&(number, _)| !self.udp_sessions.contains(number));
        let first = |number: u32| self.udp_conversations.get(number as usize).map_or(NONE, |range| range.first);
        let both = of_frame.flat_map(move |(number, before)| [first(number), before]);
        both.filter(move |&other| other < frame)
    }

    /// Returns the frames whose IP fragments may complete the packets of `frames`, which ascend. For each of `frames`
    /// that has a fragment, these are `earlier` fragments up to it and `later` ones after it.
    pub(super) fn fragments_of(&self, frames: &[u32], earlier: usize, later: usize) -> Vec<u32> {
        let mut fragments = Vec::new();
        let mut done = 0;
        let is_fragment =
            |frame: &&u32| self.entry(**frame).is_some_and(|entry| entry.flags().has(FrameFlags::FRAGMENT));
        for &frame in frames.iter().filter(is_fragment) {
            let at = self.fragments.partition_point(|&fragment| fragment <= frame);
            let from = at.saturating_sub(earlier).max(done);
            done = at.saturating_add(later).min(self.fragments.len()).max(done);
            fragments.extend_from_slice(self.fragments.get(from..done).unwrap_or_default());
        }
        fragments
    }
}
