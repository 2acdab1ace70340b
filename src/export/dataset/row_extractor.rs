//! Rows of frames, and what the rows of events are made of, each conversation by itself.

use super::calls::{call_columns, message_columns};
use super::collector::DatasetSettings;
use super::frames::{FrameRows, frame_time, streams};
use super::notes::{RowPlace, dns_columns, dns_wants, note_columns, note_wants, push_dns, push_notes};
use super::rows::{Columns, RowBuffer};
use super::streams::stream_columns;
use super::table::TableKind;
use crate::analysis::{Analyzer, FrameConnection, MessageNodes, Task, UnfinishedMessages};
use crate::capture::{Call, Stream};
use crate::export::message_extractor::{CallMessage, MessageExtractor};
use crate::report::{DissectedFrame, TimeFormatter};
use dissectors::Tree;
use dissectors::session::ConversationId;
use std::collections::{BTreeMap, VecDeque};

/// Columns of the tables that are written.
pub(super) type TableColumns = BTreeMap<TableKind, Columns>;

/// What is extracted of frames and events, in order.
#[derive(Default)]
pub struct ExtractedRows {
    items: VecDeque<ExtractedItem>,
    /// Rows of frames, in the order of the items.
    pub(super) buffers: BTreeMap<TableKind, RowBuffer>,
    /// Number of items that were added, and the bytes of the others than rows of frames.
    added: usize,
    size: usize,
}

/// An item of a capture.
pub(super) enum ExtractedItem {
    /// The next rows of a table, all of one time.
    Rows {
        table: TableKind,
        time: Option<i64>,
        count: usize,
    },
    Message(Box<CallMessage>),
    /// A call, and whether it is selected.
    Call(Box<Call>, bool),
    Stream(Box<Stream>),
}

impl ExtractedRows {
    /// Returns the number of items that were added since it was cleared.
    #[must_use]
    pub fn added(&self) -> usize {
        self.added
    }

    /// Returns the bytes of all items, about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size + self.buffers.values().map(|rows| rows.size).sum::<usize>()
    }

    /// Removes all items, and keeps the memory.
    pub fn clear(&mut self) {
        self.items.clear();
        self.buffers.values_mut().for_each(RowBuffer::clear);
        (self.added, self.size) = (0, 0);
    }

    /// Takes the next item.
    pub(super) fn take(&mut self) -> Option<ExtractedItem> {
        self.items.pop_front()
    }

    fn push(&mut self, item: ExtractedItem, bytes: usize) {
        self.items.push_back(item);
        self.added += 1;
        self.size += size_of::<ExtractedItem>() + bytes;
    }
}

/// Extracts the rows of tables.
pub struct RowExtractor {
    columns: TableColumns,
    frames: FrameRows,
    messages: MessageExtractor,
    clock: TimeFormatter,
}

impl RowExtractor {
    /// Returns an extractor for the files of a capture.
    #[must_use]
    pub fn new(settings: &DatasetSettings, files: Vec<String>) -> RowExtractor {
        let mut frames = FrameRows::new(settings);
        frames.set_files(files);
        let columns = |table: TableKind| match table {
            TableKind::Frames => frames.columns(),
            TableKind::Calls => call_columns(),
            TableKind::Streams => stream_columns(),
            TableKind::Messages => message_columns(settings.body_limit > 0),
            TableKind::Dns => dns_columns(),
            TableKind::Notes => note_columns(),
        };
        let columns = settings.tables.iter().map(|&table| (table, columns(table).into())).collect();
        let messages = MessageExtractor::new(settings.body_limit).with_trailers();
        RowExtractor { columns, frames, messages, clock: TimeFormatter::local() }
    }

    /// Returns the columns of each table.
    pub(super) fn into_columns(self) -> TableColumns {
        self.columns
    }

    fn has(&self, table: TableKind) -> bool {
        self.columns.contains_key(&table)
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let mut task = if self.has(TableKind::Messages) { self.messages.task() } else { Task::default() };
        let frames = [TableKind::Frames, TableKind::Dns, TableKind::Notes];
        task.exchanges |= self.has(TableKind::Calls);
        task.streams = self.has(TableKind::Streams);
        task.udp_conversations = frames.into_iter().any(|table| self.has(table));
        if self.has(TableKind::Frames) {
            task.wants.add_all(self.frames.wants());
        }
        if self.has(TableKind::Dns) {
            task.wants.add_all(&dns_wants());
        }
        if self.has(TableKind::Notes) {
            task.wants.add_all(&note_wants());
        }
        task
    }

    /// Adds the messages that a frame completes.
    pub fn frame_messages(&self, connections: &[FrameConnection], tree: &Tree, out: &mut ExtractedRows) {
        for connection in connections.iter().filter(|connection| !connection.messages.is_empty()) {
            self.messages(&connection.messages, tree, out);
        }
    }

    fn messages(&self, messages: &[MessageNodes], tree: &Tree, out: &mut ExtractedRows) {
        if self.has(TableKind::Messages) {
            self.messages.messages(messages, tree).for_each(|message| {
                let size = message.size();
                out.push(ExtractedItem::Message(Box::new(message)), size);
            });
        }
    }

    /// Adds the rows of a frame.
    pub fn frame(&mut self, dissected: &DissectedFrame<'_>, analyzer: &Analyzer, out: &mut ExtractedRows) {
        let time = frame_time(dissected);
        self.rows(TableKind::Frames, time, out, |own, rows| own.frames.push(dissected, analyzer, rows));
        if dissected.tree.nodes().is_empty() {
            return;
        }
        let place = RowPlace { frame: dissected.frame.number, time, streams: streams(analyzer) };
        self.rows(TableKind::Dns, time, out, |own, rows| push_dns(place, dissected.tree, rows, &mut own.clock));
        self.notes(place, dissected.tree, out);
    }

    fn notes(&mut self, place: RowPlace, tree: &Tree, out: &mut ExtractedRows) {
        self.rows(TableKind::Notes, place.time, out, |_, rows| push_notes(place, tree, rows));
    }

    /// Adds the messages that no frame completed, and their notes if they are selected.
    pub fn unfinished(&mut self, unfinished: &UnfinishedMessages, is_selected: bool, out: &mut ExtractedRows) {
        self.messages(&unfinished.messages, &unfinished.tree, out);
        if is_selected {
            let streams = match unfinished.conversation {
                ConversationId::Tcp(number) => [Some(number), None],
                ConversationId::Udp(number) => [None, Some(number)],
            };
            let place = RowPlace { frame: unfinished.at.frame, time: Some(unfinished.at.time), streams };
            self.notes(place, &unfinished.tree, out);
        }
    }

    /// Adds a call, whose number depends on those before it, and whether it is selected.
    pub fn call(&self, call: Call, is_selected: bool, out: &mut ExtractedRows) {
        out.push(ExtractedItem::Call(Box::new(call), is_selected), size_of::<Call>());
    }

    /// Adds a connection.
    pub fn stream(&self, stream: Box<Stream>, out: &mut ExtractedRows) {
        out.push(ExtractedItem::Stream(stream), size_of::<Stream>());
    }

    /// Adds the rows of a time to a table that is written.
    fn rows(
        &mut self,
        table: TableKind,
        time: Option<i64>,
        out: &mut ExtractedRows,
        push: impl FnOnce(&mut RowExtractor, &mut RowBuffer),
    ) {
        let Some(columns) = self.columns.get(&table) else { return };
        let rows = out.buffers.entry(table).or_insert_with(|| RowBuffer::new(columns));
        let before = rows.count;
        push(self, rows);
        let count = rows.count - before;
        if count > 0 {
            out.push(ExtractedItem::Rows { table, time, count }, 0);
        }
    }
}
