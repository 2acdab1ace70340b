//! Tables of statistics: what they read, and how they are written.

use super::chart::Chart;
use crate::analysis::{Event, FrameResults, MessageNodes, Task};
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, RecordWriter};
use dissectors::Tree;
use std::io::{self, Write};

/// A table that is collected in one pass over a capture.
pub trait StatisticsTable {
    /// Adds the fields and events that the table needs.
    fn extend_task(&self, task: &mut Task);

    /// Reads a frame that matches the filter.
    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        let _ = (shown, results);
    }

    /// Reads messages, whether they match or not.
    fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        let _ = (messages, tree);
    }

    /// Reads a call or a connection that matches the filter.
    fn event(&mut self, event: &Event) {
        let _ = event;
    }

    /// Reads a call that does not match the filter. It has a row in `calls` as others do.
    fn other_call(&mut self) {}

    /// Writes the rows.
    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()>;

    /// Returns a chart of the rows, if there is one.
    fn chart(&self) -> Option<Chart> {
        None
    }

    /// Returns what the rows lack because of a limit.
    fn limit_notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Writes rows of a table.
pub(super) fn write_rows<'c, const N: usize>(
    columns: &'static [RecordColumn; N],
    format: RecordFormat,
    rows: impl Iterator<Item = [Cell<'c>; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut records = RecordWriter::new(columns, format);
    records.begin(out)?;
    for row in rows {
        records.row(&row, out)?;
    }
    records.end(out)
}
