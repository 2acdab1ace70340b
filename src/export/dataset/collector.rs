//! Rows of all tables, from what was extracted of the frames and events of a capture.

use super::calls::{call_time, messages, push_call, push_message};
use super::partition::{HourLimit, hour_of};
use super::row_extractor::{ExtractedItem, ExtractedRows, RowExtractor, TableColumns};
use super::rows::RowBuffer;
use super::streams::push_stream;
use super::table::{Batch, BatchWriter, TableKind};
use crate::analysis::limits;
use crate::capture::{Call, Stream};
use crate::export::call_collector::CallCollector;
use crate::report::{Occurrence, Selection};
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
    has_bodies: bool,
    by_hour: bool,
    columns: TableColumns,
    buffers: BTreeMap<(TableKind, Option<i64>), RowBuffer>,
    /// Bytes of all buffers.
    size: usize,
    hours: HourLimit,
    calls: CallCollector,
}

impl TableRows {
    /// Returns the rows of a capture.
    #[must_use]
    pub fn new(settings: &DatasetSettings) -> TableRows {
        TableRows {
            has_bodies: settings.body_limit > 0,
            by_hour: settings.by_hour,
            columns: RowExtractor::new(settings, Vec::new()).into_columns(),
            calls: CallCollector::new(settings.body_limit),
            buffers: BTreeMap::new(),
            size: 0,
            hours: HourLimit::default(),
        }
    }

    /// Returns the columns of each table.
    pub(super) fn columns(&self) -> &TableColumns {
        &self.columns
    }

    /// Takes the next of the items that were extracted. They are those of the whole capture, in order.
    pub fn take(&mut self, extracted: &mut ExtractedRows, out: &mut dyn BatchWriter) -> io::Result<()> {
        match extracted.take() {
            Some(ExtractedItem::Rows { table, time, count }) => match extracted.buffers.get_mut(&table) {
                Some(from) => self.add_rows(table, time, |rows| from.take_rows(count, rows), out),
                None => Ok(()),
            },
            Some(ExtractedItem::Message(message)) => {
                self.calls.add_message(*message);
                Ok(())
            }
            Some(ExtractedItem::Call(call, is_selected)) => self.call(*call, is_selected, out),
            Some(ExtractedItem::Stream(stream)) => self.stream(&stream, out),
            None => Ok(()),
        }
    }

    /// Adds the rows of a call and its messages, if they are selected.
    fn call(&mut self, call: Call, is_selected: bool, out: &mut dyn BatchWriter) -> io::Result<()> {
        let Ok(call) = self.calls.call(call, None, is_selected) else { return Ok(()) };
        self.add_rows(TableKind::Calls, call_time(&call.call), |rows| push_call(call.row, &call.call, rows), out)?;
        let has_bodies = self.has_bodies;
        for message in messages(&call) {
            let time = Some(message.1.first.time);
            self.add_rows(TableKind::Messages, time, |rows| push_message(&call, message, has_bodies, rows), out)?;
        }
        Ok(())
    }

    /// Adds the row of a connection.
    fn stream(&mut self, stream: &Stream, out: &mut dyn BatchWriter) -> io::Result<()> {
        self.add_rows(TableKind::Streams, Some(stream.first.time), |rows| push_stream(stream, rows), out)
    }

    /// Adds rows of a time, if the table is written. Writes buffers that are full.
    fn add_rows(
        &mut self,
        table: TableKind,
        time: Option<i64>,
        push: impl FnOnce(&mut RowBuffer),
        out: &mut dyn BatchWriter,
    ) -> io::Result<()> {
        let Some(columns) = self.columns.get(&table) else { return Ok(()) };
        let hour = self.hours.limited(table, time.map(hour_of).filter(|_| self.by_hour));
        let rows = self.buffers.entry((table, hour)).or_insert_with(|| RowBuffer::new(columns));
        self.size -= rows.size;
        push(rows);
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
