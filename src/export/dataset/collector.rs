//! Rows of all tables, from the frames and events of a pass.

use super::calls::{call_columns, call_time, message_columns, messages, push_call, push_message};
use super::frames::{FrameRows, frame_time, streams};
use super::notes::{RowPlace, dns_columns, dns_wants, note_columns, note_wants, push_dns, push_notes};
use super::partition::{HourLimit, hour_of};
use super::rows::{Columns, RowBuffer};
use super::streams::{push_stream, stream_columns};
use super::table::{Batch, BatchWriter, TableKind};
use crate::analysis::{Analyzer, MessageNodes, Task, UnfinishedMessages, limits};
use crate::capture::{Call, Stream};
use crate::export::call_collector::CallCollector;
use crate::report::{DissectedFrame, Occurrence, Selection, TimeFormatter};
use dissectors::Tree;
use dissectors::session::ConversationId;
use std::collections::BTreeMap;
use std::io;

/// Tables to write, and their columns.
#[derive(Clone)]
pub struct DatasetSettings {
    /// Tables.
    pub tables: Vec<TableKind>,
    /// Fields of frames; those of the frame list if none are selected.
    pub fields: Option<Selection>,
    /// Values of fields that are written.
    pub occurrence: Occurrence,
    /// Bytes of each body.
    pub body_limit: usize,
    /// Whether frames have a digest of their packet.
    pub has_digest: bool,
    /// Whether rows of each hour are apart.
    pub by_hour: bool,
}

/// Rows of tables that are not written yet.
pub struct TableRows {
    settings: DatasetSettings,
    columns: BTreeMap<TableKind, Columns>,
    buffers: BTreeMap<(TableKind, Option<i64>), RowBuffer>,
    /// Bytes of all buffers.
    size: usize,
    hours: HourLimit,
    frames: FrameRows,
    calls: CallCollector,
    clock: TimeFormatter,
}

impl TableRows {
    /// Returns the rows of a capture.
    #[must_use]
    pub fn new(settings: DatasetSettings) -> TableRows {
        let frames = FrameRows::new(&settings);
        let columns = |table: TableKind| match table {
            TableKind::Frames => frames.columns(),
            TableKind::Calls => call_columns(),
            TableKind::Streams => stream_columns(),
            TableKind::Messages => message_columns(settings.body_limit > 0),
            TableKind::Dns => dns_columns(),
            TableKind::Notes => note_columns(),
        };
        TableRows {
            columns: settings.tables.iter().map(|&table| (table, columns(table).into())).collect(),
            calls: CallCollector::new(settings.body_limit),
            buffers: BTreeMap::new(),
            size: 0,
            hours: HourLimit::default(),
            frames,
            clock: TimeFormatter::local(),
            settings,
        }
    }

    /// Sets the names of the files of the capture.
    pub fn set_files(&mut self, files: Vec<String>) {
        self.frames.set_files(files);
    }

    fn has(&self, table: TableKind) -> bool {
        self.columns.contains_key(&table)
    }

    /// Returns the columns of each table.
    pub(super) fn columns(&self) -> &BTreeMap<TableKind, Columns> {
        &self.columns
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let mut task = if self.has(TableKind::Messages) { self.calls.task() } else { Task::default() };
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

    /// Adds the messages that a frame completes, or that no frame completed.
    pub fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        if self.has(TableKind::Messages) {
            self.calls.add_messages(messages, tree);
        }
    }

    /// Adds the rows of a frame.
    pub fn frame(
        &mut self,
        dissected: &DissectedFrame<'_>,
        analyzer: &Analyzer,
        out: &mut dyn BatchWriter,
    ) -> io::Result<()> {
        let time = frame_time(dissected);
        if let Some((rows, own)) = self.rows(TableKind::Frames, time) {
            own.frames.push(dissected, analyzer, rows);
            self.end_rows(TableKind::Frames, time, out)?;
        }
        if dissected.tree.nodes().is_empty() {
            return Ok(());
        }
        let place = RowPlace { frame: dissected.frame.number, time, streams: streams(analyzer) };
        if let Some((rows, own)) = self.rows(TableKind::Dns, time) {
            push_dns(place, dissected.tree, rows, own.clock);
            self.end_rows(TableKind::Dns, time, out)?;
        }
        self.notes(place, dissected.tree, out)
    }

    fn notes(&mut self, place: RowPlace, tree: &Tree, out: &mut dyn BatchWriter) -> io::Result<()> {
        let Some((rows, _)) = self.rows(TableKind::Notes, place.time) else { return Ok(()) };
        push_notes(place, tree, rows);
        self.end_rows(TableKind::Notes, place.time, out)
    }

    /// Adds the notes of messages that no frame completed.
    pub fn unfinished(&mut self, unfinished: &UnfinishedMessages, out: &mut dyn BatchWriter) -> io::Result<()> {
        let streams = match unfinished.conversation {
            ConversationId::Tcp(number) => [Some(number), None],
            ConversationId::Udp(number) => [None, Some(number)],
        };
        let place = RowPlace { frame: unfinished.at.frame, time: Some(unfinished.at.time), streams };
        self.notes(place, &unfinished.tree, out)
    }

    /// Adds the rows of a call and its messages, if they are selected.
    pub fn call(&mut self, call: Call, is_selected: bool, out: &mut dyn BatchWriter) -> io::Result<()> {
        let Ok(call) = self.calls.call(call, is_selected) else { return Ok(()) };
        let time = call_time(&call.call);
        if let Some((rows, _)) = self.rows(TableKind::Calls, time) {
            push_call(call.row, &call.call, rows);
            self.end_rows(TableKind::Calls, time, out)?;
        }
        let has_bodies = self.settings.body_limit > 0;
        for message in messages(&call) {
            let time = Some(message.1.first.time);
            if let Some((rows, _)) = self.rows(TableKind::Messages, time) {
                push_message(&call, message, has_bodies, rows);
                self.end_rows(TableKind::Messages, time, out)?;
            }
        }
        Ok(())
    }

    /// Adds the row of a connection.
    pub fn stream(&mut self, stream: &Stream, out: &mut dyn BatchWriter) -> io::Result<()> {
        let time = Some(stream.first.time);
        let Some((rows, _)) = self.rows(TableKind::Streams, time) else { return Ok(()) };
        push_stream(stream, rows);
        self.end_rows(TableKind::Streams, time, out)
    }

    /// Returns the rows of the hour of a time, if the table is written.
    fn rows(&mut self, table: TableKind, time: Option<i64>) -> Option<(&mut RowBuffer, RowSources<'_>)> {
        let columns = self.columns.get(&table)?;
        let hour = self.hours.limited(table, time.map(hour_of).filter(|_| self.settings.by_hour));
        let rows = self.buffers.entry((table, hour)).or_insert_with(|| RowBuffer::new(columns));
        self.size -= rows.size;
        Some((rows, RowSources { frames: &mut self.frames, clock: &mut self.clock }))
    }

    /// Ends the rows that were added last. Writes buffers that are full.
    fn end_rows(&mut self, table: TableKind, time: Option<i64>, out: &mut dyn BatchWriter) -> io::Result<()> {
        let hour = self.hours.limited(table, time.map(hour_of).filter(|_| self.settings.by_hour));
        let Some(rows) = self.buffers.get(&(table, hour)) else { return Ok(()) };
        self.size += rows.size;
        if rows.count >= limits::ROW_GROUP_ROWS || rows.size >= limits::ROW_GROUP_BYTES {
            self.write((table, hour), out)?;
        }
        while self.size > limits::DATASET_BYTES {
            let Some(largest) = self.buffers.iter().max_by_key(|(_, rows)| rows.size).map(|(&key, _)| key) else {
                break;
            };
            self.write(largest, out)?;
        }
        Ok(())
    }

    fn write(&mut self, key: (TableKind, Option<i64>), out: &mut dyn BatchWriter) -> io::Result<()> {
        let Some(rows) = self.buffers.remove(&key) else { return Ok(()) };
        self.size -= rows.size;
        let (table, hour) = key;
        if rows.count > 0 { out.write(Batch { table, hour, rows }) } else { Ok(()) }
    }

    /// Writes all rows.
    pub fn finish(&mut self, out: &mut dyn BatchWriter) -> io::Result<()> {
        while let Some(&key) = self.buffers.keys().next() {
            self.write(key, out)?;
        }
        Ok(())
    }

    /// Returns what was left out, for messages to the user.
    #[must_use]
    pub fn limit_notes(&self) -> Vec<String> {
        let dropped = self.calls.dropped();
        let calls =
            (dropped > 0).then(|| format!("limit of open calls reached; the messages of {dropped} were dropped"));
        calls.into_iter().chain(self.hours.note()).collect()
    }
}

/// What rows are made with.
struct RowSources<'r> {
    frames: &'r mut FrameRows,
    clock: &'r mut TimeFormatter,
}
