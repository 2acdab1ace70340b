//! Filter on calls: which calls have a frame that matches, decided by the index where it can be.
//!
//! The index knows the first and the last frame of each message. Messages of one side follow one another, so the frames
//! with data of that side in between belong to the message. This does not hold for [`FrameFlags::MIXED`] frames: they are
//! read again after the earlier frames of their conversation, with the calls that their bytes belong to, unless another
//! frame has decided the call.
//!
//! Where messages of one side interleave, all frames of the conversation are read again. For a protocol of which this is
//! the rule, such as HTTP/2, the loader should set [`Task::owners`](crate::analysis::Task::owners) and store the exchanges of
//! each frame.

use super::call_entry::{CallEntry, MessageFrames};
use super::frame_table::{ConversationKey, FrameFlags, FrameTable};
use super::random_access::{ErrorText, ForwardCursor, FrameOrEvent, RandomAccess};
use crate::analysis::{Event, FrameConnection, NumberSet};
use crate::call_matcher::{FrameMatch, matches};
use crate::filter::Filter;
use dissectors::Tree;
use dissectors::session::{ExchangeId, Side};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// Frames of a conversation that are read again between two checks for a newer request.
const STRIDE: usize = 8_192;

/// Result of a filter on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallMatch {
    /// The call matches.
    Yes,
    /// The call does not match.
    No,
    /// Frames of its conversation must be read again.
    Unknown,
}

/// The part of a filter that concerns calls, and what mixed frames matched so far.
pub(super) struct CallFilter {
    filter: Arc<Filter>,
    /// Calls for which a mixed frame matches, with the first such frame.
    matched: HashMap<ExchangeId, u32>,
    /// Mixed frames that may match for a call and were not read.
    unread: HashMap<ConversationKey, Vec<u32>>,
    /// Mixed frames that match for calls that are not known with them.
    open: HashMap<ConversationKey, Vec<u32>>,
    /// Last frame of each side's messages so far.
    message_ends: HashMap<ConversationKey, [u32; 2]>,
    /// Number of calls of which the messages are included.
    ends_of: usize,
    /// Conversations of which messages interleave.
    interleaving: HashSet<ConversationKey>,
    /// Last frame of the conversations that were read again.
    read_upto: HashMap<ConversationKey, u32>,
}

impl CallFilter {
    pub(super) fn new(filter: Arc<Filter>) -> CallFilter {
        let (matched, unread, open, message_ends, interleaving, read_upto) = Default::default();
        CallFilter { filter, matched, unread, open, message_ends, ends_of: 0, interleaving, read_upto }
    }

    /// Notes a frame that may match for a call, and is not read.
    pub(super) fn add_unread(&mut self, frame: u32, table: &FrameTable) {
        let Some(entry) = table.entry(frame) else { return };
        if entry.flags().has(FrameFlags::MIXED | FrameFlags::EXTRA_CONVERSATIONS) {
            let mixed = table.session_conversations(frame).filter(|&key| is_mixed(frame, key, table));
            mixed.for_each(|key| self.unread.entry(key).or_default().push(frame));
        }
    }

    /// Evaluates a frame that was read.
    pub(super) fn add_frame(
        &mut self,
        frame: u32,
        matches: bool,
        tree: &Tree,
        connections: &[FrameConnection],
        table: &FrameTable,
    ) {
        for connection in connections {
            let key = ConversationKey::of(connection.conversation);
            if is_mixed(frame, key, table) {
                self.add_connection(frame, matches, tree, connection);
            }
        }
    }

    fn add_connection(&mut self, frame: u32, matches: bool, tree: &Tree, connection: &FrameConnection) {
        let is_empty = connection.has_data == [false; 2] || !matches && connection.messages.is_empty();
        if is_empty {
            return;
        }
        let FrameMatch { calls, rest } = FrameMatch::of(&self.filter, matches, tree, connection);
        for id in calls {
            self.add_match(id, frame);
        }
        if rest {
            self.open.entry(ConversationKey::of(connection.conversation)).or_default().push(frame);
        }
    }

    fn add_match(&mut self, id: ExchangeId, frame: u32) {
        let first = self.matched.entry(id).or_insert(frame);
        *first = frame.min(*first);
    }

    /// Evaluates an event of the analyzer that reads frames again.
    pub(super) fn add_event(&mut self, event: &Event) {
        if let &Event::Owned { frame, exchange, .. } = event
            && let Some(open) = self.open.get(&ConversationKey::of(exchange.conversation))
            && open.binary_search(&frame).is_ok()
        {
            self.add_match(exchange, frame);
        }
    }

    /// Notes the messages of the calls that were added to the index.
    pub(super) fn add_calls(&mut self, table: &FrameTable) {
        while let Some(call) = table.calls.get(self.ends_of) {
            self.ends_of += 1;
            let key = call.conversation();
            let ends = self.message_ends.entry(key).or_default();
            for (frames, side) in [(call.request, call.requester), (call.response, call.requester.map(Side::other))] {
                let Some((frames, end)) = frames.zip(ends.get_mut(side.unwrap_or(Side::Server) as usize)) else {
                    continue;
                };
                if frames.first < *end {
                    self.interleaving.insert(key);
                }
                *end = frames.last.max(*end);
            }
        }
    }

    /// Evaluates a call. `matched` has the frames that match, if any of the conversation does. `read` is the last frame of
    /// the conversation that was read.
    pub(super) fn evaluate(
        &self,
        call: &CallEntry,
        table: &FrameTable,
        matched: Option<&NumberSet>,
        read: u32,
    ) -> CallMatch {
        let key = call.conversation();
        let interleaves = self.interleaving.contains(&key);
        let has_own_match = || matched.is_some_and(|matched| has_own_match(call, table, matched));
        if self.has_match(call) || !interleaves && has_own_match() {
            return CallMatch::Yes;
        }
        let is_behind = |upto: u32| upto < call.last_frame();
        let read_again = self.read_upto.get(&key).copied().unwrap_or_default();
        let is_unread = self.unread.contains_key(&key)
            || self.open.contains_key(&key) && is_behind(read.max(read_again))
            || interleaves && is_behind(read_again);
        if is_unread { CallMatch::Unknown } else { CallMatch::No }
    }

    /// Whether a mixed frame matches for a call, as far as frames were read.
    pub(super) fn has_match(&self, call: &CallEntry) -> bool {
        self.matched.get(&call.id).is_some_and(|&frame| frame <= call.reported_in)
    }

    /// Reads the frames of a conversation again, with a cursor before its first frame. Returns false if it was stopped.
    pub(super) fn read_again(
        &mut self,
        key: ConversationKey,
        reader: &mut RandomAccess,
        mut cursor: ForwardCursor,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<bool, ErrorText> {
        let table = reader.table.clone();
        let shared = table.read();
        let mut all: Vec<u32> = shared.conversation_frames(key, None).collect();
        all.reverse();
        let has_data = |frame: u32| {
            let flags = shared.entry(frame).map(|entry| entry.flags()).unwrap_or_default();
            flags.has(FrameFlags::CLIENT_DATA | FrameFlags::SERVER_DATA) || is_mixed(frame, key, &shared)
        };
        let mut wanted = self.unread.remove(&key).unwrap_or_default();
        wanted.extend(self.open.remove(&key).unwrap_or_default());
        if self.interleaving.contains(&key) {
            wanted = all.iter().copied().filter(|&frame| has_data(frame)).collect();
        }
        wanted.sort_unstable();
        wanted.dedup();
        drop(shared);
        let filter = Arc::clone(&self.filter);
        for part in all.chunks(STRIDE) {
            let Some(&last) = part.last().filter(|_| goes_on()) else { return Ok(false) };
            let from = wanted.partition_point(|frame| part.first().is_some_and(|first| frame < first));
            let to = wanted.partition_point(|&frame| frame <= last);
            let mut now = wanted.get(from..to).unwrap_or_default().to_vec();
            // The cursor moves up to the last of these frames.
            now.extend(Some(last).filter(|last| now.last() != Some(last)));
            reader.dissect_forward(&mut cursor, &now, &mut |item| {
                match item {
                    FrameOrEvent::Event(event) => self.add_event(&event),
                    FrameOrEvent::Frame(shown, connections) => {
                        let number = shown.frame.number;
                        let own = connections.iter().filter(|one| ConversationKey::of(one.conversation) == key);
                        for connection in own.filter(|_| wanted.binary_search(&number).is_ok()) {
                            self.add_connection(number, matches(&filter, shown.tree), shown.tree, connection);
                        }
                    }
                }
                true
            })?;
        }
        self.read_upto.insert(key, all.last().copied().unwrap_or_default());
        Ok(true)
    }
}

/// Whether it is not known from the frames of its calls alone to which of them a frame of a conversation belongs.
fn is_mixed(frame: u32, key: ConversationKey, table: &FrameTable) -> bool {
    table.entry(frame).is_some_and(|entry| entry.conversation != key || entry.flags().has(FrameFlags::MIXED))
}

/// Whether a frame matches that belongs to the call alone.
fn has_own_match(call: &CallEntry, table: &FrameTable, matched: &NumberSet) -> bool {
    let key = call.conversation();
    let any_matches = |frames: Option<MessageFrames>, side: Option<Side>| {
        let Some(frames) = frames else { return false };
        // The sender of a response without a request is unknown.
        let data = match side {
            Some(Side::Client) => FrameFlags::CLIENT_DATA,
            Some(Side::Server) => FrameFlags::SERVER_DATA,
            None => FrameFlags::CLIENT_DATA | FrameFlags::SERVER_DATA,
        };
        let own = table.conversation_frames(key, Some(frames.last_frame()));
        // Its bytes may have been read later than they arrived.
        let has_bytes = |&frame: &u32| frame <= frames.last || frame == frames.completed_in;
        let own = own.take_while(|&frame| frame >= frames.first).filter(has_bytes);
        let mut own = own.filter(|&frame| matched.contains(frame));
        own.any(|frame| {
            // What ends a message early, such as a reset of its stream, may come from the other side.
            let data = if frame > frames.last { FrameFlags::CLIENT_DATA | FrameFlags::SERVER_DATA } else { data };
            let has_data = table.entry(frame).is_some_and(|entry| entry.flags().has(data));
            has_data && !is_mixed(frame, key, table)
        })
    };
    any_matches(call.request, call.requester) || any_matches(call.response, call.requester.map(Side::other))
}
