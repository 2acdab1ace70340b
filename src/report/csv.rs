//! `-T csv`: a line of names, then one line per frame with the values of the selected fields.

use super::fields::Layout;
use super::selection::{Selection, ValueWriter};
use super::time_format::TimeFormatter;
use super::{DissectedFrame, Report};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Prints the selected fields of each frame as comma-separated values (RFC 4180, but with line feeds as line ends).
pub struct CsvReport {
    selection: Selection,
    layout: Layout,
    clock: TimeFormatter,
    writer: CsvWriter,
    cell: String,
}

impl CsvReport {
    /// Returns a report of these fields. It uses the header, separator, occurrence, aggregator and byte order mark of the
    /// layout.
    #[must_use]
    pub fn new(selection: Selection, layout: Layout) -> CsvReport {
        let separator = u8::try_from(layout.separator).unwrap_or(b',');
        CsvReport {
            selection,
            layout,
            clock: TimeFormatter::local(),
            writer: CsvWriter::new(separator),
            cell: String::new(),
        }
    }
}

impl Report for CsvReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.layout.bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        if self.layout.header {
            self.selection.selected().iter().for_each(|chosen| self.writer.cell(&chosen.name));
            self.writer.row(out)?;
        }
        Ok(())
    }

    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.selection.index_nodes(dissected.tree);
        for chosen in self.selection.selected() {
            self.cell.clear();
            let mut writer = ValueWriter {
                out: &mut self.cell,
                clock: &mut self.clock,
                occurrence: self.layout.occurrence,
                separator: self.layout.aggregator,
            };
            self.selection.write_values(chosen, dissected, &mut writer);
            self.writer.cell(&self.cell);
        }
        self.writer.row(out)
    }
}

/// Writes rows of cells.
pub(super) struct CsvWriter {
    writer: csv::Writer<SharedBuffer>,
    buffer: SharedBuffer,
    record: csv::ByteRecord,
}

/// Output buffer of the csv crate's writer. It is shared so that each row can be drained.
#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CsvWriter {
    pub(super) fn new(separator: u8) -> CsvWriter {
        let buffer = SharedBuffer::default();
        let writer = csv::WriterBuilder::new().delimiter(separator).flexible(true).from_writer(buffer.clone());
        CsvWriter { writer, buffer, record: csv::ByteRecord::new() }
    }

    /// Adds a cell to the row.
    pub(super) fn cell(&mut self, text: &str) {
        self.record.push_field(text.as_bytes());
    }

    /// Ends the row and writes it.
    pub(super) fn row(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.writer.write_byte_record(&self.record)?;
        self.writer.flush()?;
        self.record.clear();
        let mut bytes = self.buffer.bytes();
        out.write_all(&bytes)?;
        bytes.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};

    #[test]
    fn cells_are_quoted_where_necessary() {
        let selection = Selection::new(&["frame.number", "tcp.port", "frame.comment"]).expect("known fields");
        let tree = tree(selection.wants());
        let layout = Layout { header: true, separator: ',', ..Layout::default() };
        let text = print(&mut CsvReport::new(selection, layout), &frame(), &tree);
        assert_eq!(text, "frame.number,tcp.port,frame.comment\n7,\"1000,80\",\"a \"\"b\"\"\\tc\\x1b\"\n");
    }

    #[test]
    fn the_columns_are_printed_by_default() {
        let selection = Selection::columns();
        let tree = tree(selection.wants());
        let layout = Layout { header: true, separator: ',', ..Layout::default() };
        let text = print(&mut CsvReport::new(selection, layout), &frame(), &tree);
        assert_eq!(
            text,
            "No.,Time,Source,Destination,Protocol,Length,Info\n7,0.000300,10.0.0.1,10.0.0.2,TCP,74,1000 → 80 [SYN]\n"
        );
    }
}
