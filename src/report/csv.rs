//! `-T csv`: a line of names, then one line a frame with the values of the chosen fields.

use super::clock::Clock;
use super::fields::Layout;
use super::selection::{Pen, Selection};
use super::{Report, Shown};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Prints the chosen fields of each frame as comma-separated values (RFC 4180, with bare line feeds).
pub struct Csv {
    selection: Selection,
    layout: Layout,
    clock: Clock,
    sheet: Sheet,
    cell: String,
}

impl Csv {
    /// Prints these fields. Of the layout the separator, the occurrence, the aggregator and the byte order mark count.
    #[must_use]
    pub fn new(selection: Selection, layout: Layout) -> Csv {
        let separator = u8::try_from(layout.separator).unwrap_or(b',');
        Csv { selection, layout, clock: Clock::local(), sheet: Sheet::new(separator), cell: String::new() }
    }
}

impl Report for Csv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.layout.bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        if self.layout.header {
            self.selection.chosen().iter().for_each(|chosen| self.sheet.cell(&chosen.name));
            self.sheet.row(out)?;
        }
        Ok(())
    }

    fn frame(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.selection.gather(shown.tree);
        for chosen in self.selection.chosen() {
            self.cell.clear();
            let mut pen = Pen {
                out: &mut self.cell,
                clock: &mut self.clock,
                occurrence: self.layout.occurrence,
                between: self.layout.aggregator,
            };
            self.selection.write(chosen, shown, &mut pen);
            self.sheet.cell(&self.cell);
        }
        self.sheet.row(out)
    }
}

/// Rows of cells on their way out.
pub(super) struct Sheet {
    writer: csv::Writer<Shared>,
    written: Shared,
    record: csv::ByteRecord,
}

/// What the writer of the csv crate writes into, so that each row can be taken from it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sheet {
    pub(super) fn new(separator: u8) -> Sheet {
        let written = Shared::default();
        let writer = csv::WriterBuilder::new().delimiter(separator).flexible(true).from_writer(written.clone());
        Sheet { writer, written, record: csv::ByteRecord::new() }
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
        let mut written = self.written.bytes();
        out.write_all(&written)?;
        written.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let selection = Selection::new(&["frame.number", "tcp.port", "frame.comment"]).expect("known fields");
        let tree = tree(selection.wants());
        let layout = Layout { header: true, separator: ',', ..Layout::default() };
        let text = print(&mut Csv::new(selection, layout), &frame(), &tree);
        assert_eq!(text, "frame.number,tcp.port,frame.comment\n7,\"1000,80\",\"a \"\"b\"\"\\tc\\x1b\"\n");
    }

    #[test]
    fn without_a_choice_the_columns_are_printed() {
        let selection = Selection::columns();
        let tree = tree(selection.wants());
        let layout = Layout { header: true, separator: ',', ..Layout::default() };
        let text = print(&mut Csv::new(selection, layout), &frame(), &tree);
        assert_eq!(
            text,
            "No.,Time,Source,Destination,Protocol,Length,Info\n7,0.000300,10.0.0.1,10.0.0.2,TCP,74,1000 → 80 [SYN]\n"
        );
    }
}
