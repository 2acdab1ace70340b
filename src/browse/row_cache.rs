//! Cache of rows and detail trees. A miss reads the conversations of the frame up to it again.

use super::frame_table::SharedFrameTable;
use super::ladder::OpenLadder;
use super::random_access::{
    ErrorText, ForwardCursor, FrameOrEvent, RandomAccess, first_pass_frames, last_frames_by_stream,
};
use super::request::{BrowseEvent, BrowseRequest, FrameDetail, FrameRow};
use super::{call, follow, ladder, lines};
use crate::analysis::{Analyzer, Task};
use crate::report::{DissectedFrame, TimeFormatter, frame_texts, value_of};
use dissectors::{Field, Tree, Wants};
use hashbrown::HashMap;

/// Number of earlier frames from which on a connection is long.
const LONG_CONNECTION: usize = 4096;

/// Maximum bytes of a field's values in a row.
const MAX_VALUE: usize = 256;

/// Maximum number of long connections with an open cursor.
const MAX_OPEN_CONNECTIONS: usize = 2;

/// The level of detail of a cached frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Row,
    Tree,
}

impl Detail {
    /// Returns the fields to record. `fields` are the additional columns of rows.
    fn wants(self, fields: &[&'static Field]) -> Wants {
        match self {
            Detail::Row => {
                let mut wants = Wants::only_columns();
                fields.iter().for_each(|field| wants.add(field));
                wants
            }
            Detail::Tree => Wants::everything(),
        }
    }

    /// Returns the maximum number of cached frames.
    fn capacity(self) -> usize {
        match self {
            Detail::Row => 8192,
            Detail::Tree => 128,
        }
    }

    /// Returns the number of earlier frames of a long connection to load together with the requested ones.
    fn earlier_frames(self) -> usize {
        match self {
            Detail::Row => 1024,
            Detail::Tree => 32,
        }
    }
}

/// A long connection, and the position up to which it was read.
struct OpenConnection {
    detail: Detail,
    stream: u32,
    cursor: ForwardCursor,
    upto: u32,
}

/// A cache of dissected frames.
pub(super) struct RowCache {
    pub(super) reader: RandomAccess,
    clock: TimeFormatter,
    /// Cached rows.
    rows: HashMap<u32, FrameRow>,
    /// Additional columns of rows.
    fields: Vec<&'static Field>,
    trees: HashMap<u32, FrameDetail>,
    open_connections: Vec<OpenConnection>,
    /// Last ladder.
    pub(super) ladder: Option<OpenLadder>,
    /// Whether the capture was complete at the last request.
    was_complete: bool,
}

impl RowCache {
    pub(super) fn new(table: SharedFrameTable) -> RowCache {
        let (rows, fields, trees, open_connections, ladder) = Default::default();
        RowCache {
            reader: RandomAccess::new(table),
            clock: TimeFormatter::local(),
            rows,
            fields,
            trees,
            open_connections,
            ladder,
            was_complete: false,
        }
    }

    /// Executes a request about a few frames or one conversation.
    pub(super) fn execute(&mut self, request: BrowseRequest) -> BrowseEvent {
        let original = request.clone();
        let result = match request {
            BrowseRequest::Rows { frames, fields } => self.rows(&frames, fields).map(BrowseEvent::Rows),
            BrowseRequest::Frame(frame) => self.frame(frame).map(BrowseEvent::Frame),
            BrowseRequest::Ladder { stream, from } => ladder::load_ladder(self, stream, from),
            BrowseRequest::Call(call) => call::load_call(&mut self.reader, call)
                .map(|detail| BrowseEvent::Call { call, detail: Box::new(detail) }),
            BrowseRequest::Follow(stream) => follow::load_follow(&mut self.reader, stream),
            BrowseRequest::Filter { .. }
            | BrowseRequest::Find { .. }
            | BrowseRequest::Save { .. }
            | BrowseRequest::CancelFilter
            | BrowseRequest::CancelFind
            | BrowseRequest::Discard(_) => Err("request sent to the wrong queue".into()),
        };
        result.unwrap_or_else(|error| BrowseEvent::RequestFailed { request: original, error })
    }

    /// Returns the text of frames' rows, in the order requested. Unknown frames are skipped.
    fn rows(&mut self, frames: &[u32], fields: Vec<&'static Field>) -> Result<Vec<FrameRow>, ErrorText> {
        if !fields.iter().map(|field| field.id).eq(self.fields.iter().map(|field| field.id)) {
            self.fields = fields;
            self.rows.clear();
            self.open_connections.retain(|kept| kept.detail != Detail::Row);
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
            self.open_connections.clear();
        }
        if !table.is_complete || just_completed || cached.len() > detail.capacity() {
            cached.clear();
        }
        let mut missing: Vec<u32> = frames.iter().copied().filter(|frame| !cached.contains_key(frame)).collect();
        missing.sort_unstable();
        missing.dedup();
        let is_long = |stream: u32, last| table.stream_frames(stream, Some(last)).nth(LONG_CONNECTION).is_some();
        let long: Vec<u32> = last_frames_by_stream(&table, &missing)
            .into_iter()
            .filter(|&(stream, last)| is_long(stream, last))
            .map(|(stream, _)| stream)
            .collect();
        let of_long = |frame: &u32| table.stream(*frame).filter(|stream| long.contains(stream));
        let short: Vec<u32> = missing.iter().copied().filter(|frame| of_long(frame).is_none()).collect();
        let mut by_stream: Vec<(u32, Vec<u32>)> = Vec::new();
        for &stream in &long {
            by_stream.push((stream, missing.iter().copied().filter(|frame| of_long(frame) == Some(stream)).collect()));
        }
        drop(table);
        self.reader.dissect(&short, &detail.wants(&self.fields), |shown| {
            drop(cached.insert(shown.frame.number, make(shown)))
        })?;
        for (stream, mut missing) in by_stream {
            let open = self.open_connections.iter().position(|open| open.detail == detail && open.stream == stream);
            let open = open.map(|index| self.open_connections.remove(index));
            let mut open = match open.filter(|open| missing.first().is_some_and(|&first| first > open.upto)) {
                Some(open) => open,
                None => self.open_connection(detail, stream, &mut missing)?,
            };
            self.reader.dissect_forward(&mut open.cursor, &missing, &mut |item| {
                if let FrameOrEvent::Frame(shown, _) = item {
                    cached.insert(shown.frame.number, make(&shown));
                }
                true
            })?;
            open.upto = missing.last().copied().unwrap_or(open.upto);
            self.open_connections.push(open);
            if self.open_connections.len() > MAX_OPEN_CONNECTIONS {
                self.open_connections.remove(0);
            }
        }
        Ok(())
    }

    /// Opens a cursor on a long connection. Adds some earlier frames to `missing`.
    fn open_connection(
        &mut self,
        detail: Detail,
        stream: u32,
        missing: &mut Vec<u32>,
    ) -> Result<OpenConnection, ErrorText> {
        let table = self.reader.table.read();
        let later = first_pass_frames(&table, missing);
        if let Some(&first) = missing.first() {
            missing.extend(table.stream_frames(stream, Some(first)).skip(1).take(detail.earlier_frames()));
        }
        drop(table);
        missing.sort_unstable();
        let task = Task { wants: detail.wants(&self.fields), udp_conversations: true, ..Task::default() };
        let analyzer = Analyzer::with_first_pass(task, self.reader.collect_first_pass(&later)?);
        Ok(OpenConnection { detail, stream, cursor: ForwardCursor::new(analyzer, true), upto: 0 })
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
            let end = (0..=MAX_VALUE).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}
