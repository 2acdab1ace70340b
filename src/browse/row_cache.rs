//! Cache of rows and detail trees. A miss reads the conversations of the frame up to it again.

use super::detail::Detail;
use super::fork_store::{ConversationCursor, CursorKey, ForkStore};
use super::frame_table::{ConversationKey, SharedFrameTable};
use super::ladder::OpenLadder;
use super::random_access::{
    ErrorText, ForwardCursor, FrameOrEvent, RandomAccess, first_pass_frames, last_frames_by_conversation,
};
use super::request::{BrowseEvent, BrowseRequest, FrameDetail, FrameRow};
use super::{call, follow, journey, ladder, lines, trace};
use crate::analysis::{Analyzer, Task};
use crate::report::{DissectedFrame, TimeFormatter, frame_texts, value_of};
use dissectors::{Field, Tree, format};
use hashbrown::HashMap;

/// Number of earlier frames from which on a conversation is long.
const LONG_CONVERSATION: usize = 4096;

/// Maximum bytes of a field's values in a row.
const MAX_VALUE: usize = 256;

/// Maximum number of open cursors on long conversations.
const MAX_OPEN_CURSORS: usize = 2;

/// A cache of dissected frames.
pub(super) struct RowCache {
    pub(super) reader: RandomAccess,
    clock: TimeFormatter,
    /// Cached rows.
    rows: HashMap<u32, FrameRow>,
    /// Additional columns of rows.
    fields: Vec<&'static Field>,
    trees: HashMap<u32, FrameDetail>,
    /// Open cursors on long conversations, the one used last at the end.
    open_cursors: Vec<(CursorKey, ConversationCursor)>,
    forks: ForkStore,
    /// Last ladder.
    pub(super) ladder: Option<OpenLadder>,
    /// Whether the capture was complete at the last request.
    was_complete: bool,
    /// Number of times that names were shown or hidden before the last request.
    name_changes: u32,
}

impl RowCache {
    pub(super) fn new(table: SharedFrameTable) -> RowCache {
        let (rows, fields, trees, open_cursors, forks, ladder) = Default::default();
        RowCache {
            reader: RandomAccess::new(table),
            clock: TimeFormatter::local(),
            rows,
            fields,
            trees,
            open_cursors,
            forks,
            ladder,
            was_complete: false,
            name_changes: 0,
        }
    }

    /// Executes a request about a few frames or one conversation.
    pub(super) fn execute(&mut self, request: BrowseRequest) -> BrowseEvent {
        let original = request.clone();
        let name_changes = self.reader.table.name_changes();
        if std::mem::replace(&mut self.name_changes, name_changes) != name_changes {
            self.rows.clear();
            self.trees.clear();
        }
        let result = match request {
            BrowseRequest::Rows { frames, fields } => self.rows(&frames, fields).map(BrowseEvent::Rows),
            BrowseRequest::Frame(frame) => self.frame(frame).map(BrowseEvent::Frame),
            BrowseRequest::Ladder { conversation, at } => ladder::load_ladder(self, conversation, at),
            BrowseRequest::Call(call) => call::load_call(&mut self.reader, call)
                .map(|detail| BrowseEvent::Call { call, detail: Box::new(detail) }),
            BrowseRequest::Journey { call, selected } => journey::load_journey(&mut self.reader, *selected)
                .map(|journey| BrowseEvent::Journey { call, journey: Box::new(journey) }),
            BrowseRequest::Trace { call, near } => trace::load_trace(&mut self.reader, call, &near)
                .map(|trace| BrowseEvent::Trace { call, trace: Box::new(trace) }),
            BrowseRequest::Follow { data, at } => {
                follow::load_follow(&mut self.reader, data, at).map(BrowseEvent::Follow)
            }
            BrowseRequest::Filter { .. }
            | BrowseRequest::Find { .. }
            | BrowseRequest::Save { .. }
            | BrowseRequest::CancelFilter
            | BrowseRequest::CancelFind
            | BrowseRequest::ShowNames(_)
            | BrowseRequest::Discard(_) => Err("request sent to the wrong queue".into()),
        };
        result.unwrap_or_else(|error| BrowseEvent::RequestFailed { request: original, error })
    }

    /// Returns the text of frames' rows, in the order requested. Unknown frames are skipped.
    fn rows(&mut self, frames: &[u32], fields: Vec<&'static Field>) -> Result<Vec<FrameRow>, ErrorText> {
        if !fields.iter().map(|field| field.id).eq(self.fields.iter().map(|field| field.id)) {
            self.fields = fields;
            self.rows.clear();
            self.drop_cursors(Detail::Row);
        }
        let fields = self.fields.clone();
        let mut cached = std::mem::take(&mut self.rows);
        let mut clock = std::mem::replace(&mut self.clock, TimeFormatter::local());
        let result = self.load_near(Detail::Row, frames, &mut cached, &mut |shown| {
            let [source, destination, info] = frame_texts(shown, &mut clock);
            let protocol = shown.tree.columns().protocol;
            let values = fields.iter().map(|field| (*field, values(field, shown.tree, &mut clock))).collect();
            FrameRow { frame: shown.frame.number, source, destination, protocol, info, values }
        });
        self.clock = clock;
        let rows = frames.iter().filter_map(|frame| cached.get(frame).cloned()).collect();
        self.rows = cached;
        result.map(|()| rows)
    }

    /// Returns the detail tree of a frame.
    fn frame(&mut self, frame: u32) -> Result<Box<FrameDetail>, ErrorText> {
        let mut cached = std::mem::take(&mut self.trees);
        let mut clock = std::mem::replace(&mut self.clock, TimeFormatter::local());
        let result = self.load_near(Detail::Tree, &[frame], &mut cached, &mut |shown| {
            lines::dissected_frame(shown.frame.number, shown.tree, &mut clock)
        });
        self.clock = clock;
        let dissected = cached.get(&frame).cloned();
        self.trees = cached;
        result?;
        dissected.map(Box::new).ok_or_else(|| format!("frame {frame} is not loaded"))
    }

    /// Loads frames that are not cached. For long conversations it keeps a cursor, and also loads some frames before
    /// the requested ones, which are likely to be requested next.
    fn load_near<T>(
        &mut self,
        detail: Detail,
        frames: &[u32],
        cached: &mut HashMap<u32, T>,
        make: &mut dyn FnMut(&DissectedFrame<'_>) -> T,
    ) -> Result<(), ErrorText> {
        let table = self.reader.table.read();
        // Cached frames may be out of date while the capture grows.
        let just_completed = table.is_complete && !std::mem::replace(&mut self.was_complete, table.is_complete);
        if just_completed {
            (self.open_cursors, self.forks) = Default::default();
        }
        if !table.is_complete || just_completed || cached.len() > detail.capacity() {
            cached.clear();
        }
        let mut missing: Vec<u32> = frames.iter().copied().filter(|frame| !cached.contains_key(frame)).collect();
        missing.sort_unstable();
        missing.dedup();
        let is_long = |&(conversation, last): &(ConversationKey, u32)| {
            table.conversation_frames(conversation, Some(last)).nth(LONG_CONVERSATION).is_some()
        };
        let long = last_frames_by_conversation(&table, &missing).into_iter().filter(is_long);
        let mut long: Vec<(ConversationKey, Vec<u32>)> =
            long.map(|(conversation, _)| (conversation, Vec::new())).collect();
        let mut short = Vec::new();
        for frame in missing {
            let mut conversations = table.session_conversations(frame);
            let of_long = conversations.find_map(|own| long.iter().position(|&(conversation, _)| conversation == own));
            match of_long.and_then(|at| long.get_mut(at)) {
                Some((_, frames)) => frames.push(frame),
                None => short.push(frame),
            }
        }
        drop(table);
        self.reader.dissect(&short, &detail.wants(&self.fields), |shown, _| {
            drop(cached.insert(shown.frame.number, make(shown)))
        })?;
        for (conversation, missing) in long {
            self.load_of_long(detail, conversation, missing, &mut |shown| {
                drop(cached.insert(shown.frame.number, make(shown)))
            })?;
        }
        Ok(())
    }

    /// Loads frames of a long conversation, which ascend. Keeps the cursor, and forks of it on the way.
    fn load_of_long(
        &mut self,
        detail: Detail,
        conversation: ConversationKey,
        mut missing: Vec<u32>,
        each: &mut dyn FnMut(&DissectedFrame<'_>),
    ) -> Result<(), ErrorText> {
        let Some((&first, &last)) = missing.first().zip(missing.last()) else { return Ok(()) };
        let key = (detail, conversation);
        let open = self.open_cursors.iter().position(|&(open, _)| open == key);
        let open = open.map(|index| self.open_cursors.remove(index).1).filter(|open| first > open.upto);
        let fork = self.forks.nearest(key, open.as_ref().map_or(0, |open| open.upto), first);
        let is_open = open.is_some() && fork.is_none();
        let mut open = fork.or(open).unwrap_or_else(|| self.new_cursor(detail));
        let table = self.reader.table.read();
        if !is_open {
            let earlier = table.conversation_frames(conversation, Some(first)).skip(1).take(detail.earlier_frames());
            missing.extend(earlier.take_while(|&frame| frame > open.upto));
            missing.sort_unstable();
        }
        let mut route: Vec<u32> =
            table.conversation_frames(conversation, Some(last)).take_while(|&frame| frame > open.upto).collect();
        route.reverse();
        drop(table);
        self.complete_first_pass(&mut open, &missing)?;
        let (mut route, mut missing) = (route.as_slice(), missing.as_slice());
        while !route.is_empty() {
            let step = self.forks.frames_to_next(key, open.position).min(route.len());
            let (now, later) = route.split_at(step);
            let upto = now.last().copied().unwrap_or(last);
            let (wanted, after) = missing.split_at(missing.partition_point(|&frame| frame <= upto));
            let mut wanted = wanted.to_vec();
            // The cursor moves up to the last of these frames.
            wanted.extend(Some(upto).filter(|upto| wanted.last() != Some(upto)));
            self.reader.dissect_forward(&mut open.cursor, &wanted, &mut |item| {
                if let FrameOrEvent::Frame(shown, _) = item {
                    each(&shown);
                }
                true
            })?;
            (open.upto, open.position) = (upto, open.position + step);
            self.forks.add(key, &open);
            (route, missing) = (later, after);
        }
        self.open_cursors.push((key, open));
        if self.open_cursors.len() > MAX_OPEN_CURSORS {
            self.open_cursors.remove(0);
        }
        Ok(())
    }

    /// Creates a cursor before the first frame of a long conversation.
    fn new_cursor(&self, detail: Detail) -> ConversationCursor {
        let task = Task { wants: detail.wants(&self.fields), udp_conversations: true, ..self.reader.table.task() };
        let cursor = ForwardCursor::new(Analyzer::new(task), true);
        ConversationCursor { cursor, first_pass_of: Vec::new(), upto: 0, position: 0 }
    }

    /// Collects the first-pass data of the conversations of some frames, unless the cursor has it.
    fn complete_first_pass(&mut self, open: &mut ConversationCursor, frames: &[u32]) -> Result<(), ErrorText> {
        let table = self.reader.table.read();
        let conversations =
            last_frames_by_conversation(&table, frames).into_iter().map(|(conversation, _)| conversation);
        let conversations: Vec<_> = conversations.collect();
        if conversations.iter().all(|conversation| open.first_pass_of.contains(conversation)) {
            return Ok(());
        }
        let later = first_pass_frames(&table, frames);
        drop(table);
        open.cursor.set_first_pass(self.reader.collect_first_pass(&later)?);
        open.first_pass_of = conversations;
        Ok(())
    }

    /// Drops the cursors with a level of detail.
    fn drop_cursors(&mut self, detail: Detail) {
        self.open_cursors.retain(|&((kept, _), _)| kept != detail);
        self.forks.clear(detail);
    }
}

/// Returns the values of a field in a frame, separated by commas.
fn values(field: &Field, tree: &Tree, clock: &mut TimeFormatter) -> String {
    let mut text = String::new();
    for node in tree.nodes().iter().filter(|node| node.field.id == field.id) {
        if !text.is_empty() {
            text.push(',');
        }
        value_of(&mut text, node, tree, clock);
        if text.len() > MAX_VALUE {
            text.truncate(format::prefix(&text, MAX_VALUE).len());
            text.push('…');
            break;
        }
    }
    text
}
