//! Output of the rows of one shard, and the merging of those of all shards.

use super::output::RowOutput;
use super::progress::ReadProgressBar;
use super::shard_queue::{self, ChunkWriter, ItemStore, ShardItems};
use overhear::analysis::{Event, Place};
use overhear::capture::Call;
use overhear::report::Report;
use std::collections::VecDeque;
use std::io::{self, Write};

/// Rows of a report.
#[derive(Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    /// Index of the next row, and of the first byte of it.
    next: usize,
    start: usize,
    bytes: Vec<u8>,
    events: VecDeque<Event>,
}

/// What is written at a place.
#[derive(Clone, Copy)]
enum Row {
    /// The row of a frame: the bytes up to this index.
    Frame(usize),
    /// A message on stderr: the bytes up to this index.
    Message(usize),
    /// The next event. What its row looks like can depend on earlier rows of other shards.
    Event,
    /// A call of the next event, which the filter does not match.
    SkippedCall,
    /// A file that would be replaced stays as it is.
    KeepExisting,
}

impl ItemStore for Rows {
    fn added(&self) -> usize {
        self.rows.len()
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.bytes.clear();
        self.events.clear();
        (self.next, self.start) = (0, 0);
    }
}

impl Rows {
    fn take(&mut self) -> Option<Row> {
        self.next += 1;
        self.rows.get(self.next - 1).copied()
    }

    /// Takes the bytes of a row, which end at an index.
    fn take_bytes(&mut self, end: usize) -> &[u8] {
        self.bytes.get(std::mem::replace(&mut self.start, end)..end).unwrap_or_default()
    }
}

/// Output of one shard.
pub(super) struct ShardOutput {
    rows: ChunkWriter<'static, Rows>,
    /// Whether this is the output of the first shard: that of the others has no messages and no progress.
    is_first: bool,
    /// Whether the rows go to a file.
    is_file: bool,
}

impl ShardOutput {
    /// Creates an output, and the input of a merger for it.
    pub(super) fn new(is_first: bool, is_file: bool) -> (ShardOutput, ShardItems<Rows>) {
        let (rows, received) = ChunkWriter::queue();
        (ShardOutput { rows, is_first, is_file }, received)
    }

    /// Sends the last rows.
    pub(super) fn finish(self) -> io::Result<()> {
        self.rows.finish()
    }
}

impl Write for ShardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What begins and ends a report is written by the merger.
        let place = self.rows.place();
        if place == Place::default() || place == Place::LAST {
            return Ok(bytes.len());
        }
        let continues = self.rows.last_place() == Some(place);
        self.rows.add(|store| {
            store.bytes.extend_from_slice(bytes);
            let end = store.bytes.len();
            match store.rows.last_mut() {
                Some(Row::Frame(last)) if continues => *last = end,
                _ => store.rows.push(Row::Frame(end)),
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl RowOutput for ShardOutput {
    fn place(&mut self, place: Place) -> io::Result<()> {
        self.rows.set_place(place)
    }

    fn event(&mut self, event: Event, _: &mut dyn Report) -> io::Result<()> {
        self.rows.add(|store| {
            store.events.push_back(event);
            store.rows.push(Row::Event);
        });
        Ok(())
    }

    fn skip_call(&mut self, call: Call, _: &mut dyn Report) -> io::Result<()> {
        self.rows.add(|store| {
            store.events.push_back(Event::Call(call));
            store.rows.push(Row::SkippedCall);
        });
        Ok(())
    }

    fn message(&mut self, text: &str) -> io::Result<()> {
        if self.is_first {
            self.rows.add(|store| {
                store.bytes.extend_from_slice(text.as_bytes());
                store.rows.push(Row::Message(store.bytes.len()));
            });
        }
        Ok(())
    }

    fn progress(&self, passes: u64) -> ReadProgressBar {
        if self.is_first { ReadProgressBar::new(self.is_file, passes) } else { ReadProgressBar::disabled() }
    }

    fn keep_existing(&mut self) {
        self.rows.add(|store| store.rows.push(Row::KeepExisting));
    }

    fn end_shard_at(&mut self, frame: u32) -> io::Result<()> {
        self.rows.end_undivided(frame)
    }
}

/// Writes the rows of all shards in the order of their places. Returns the frame at which the capture cannot be divided: the
/// rows before it are written.
pub(super) fn merge<O: RowOutput>(
    shards: Vec<ShardItems<Rows>>,
    report: &mut dyn Report,
    out: &mut O,
) -> io::Result<Option<u32>> {
    let mut has_begun = false;
    let mut has_rows = false;
    let separator = report.row_separator().as_bytes();
    let undivided = shard_queue::merge(shards, |places, rows| {
        // Rows beside each other are written at once.
        let mut frames = None;
        for &place in places {
            if place > Place::default() && !std::mem::replace(&mut has_begun, true) {
                report.begin(out)?;
            }
            let row = rows.take();
            if let (Some(Row::Frame(end)), []) = (row, separator) {
                frames = Some(end);
                continue;
            }
            if let Some(end) = frames.take() {
                out.write_all(rows.take_bytes(end))?;
            }
            match row {
                None => {}
                Some(Row::KeepExisting) => out.keep_existing(),
                Some(Row::Event) => rows.events.pop_front().map_or(Ok(()), |event| out.event(event, report))?,
                Some(Row::SkippedCall) => {
                    if let Some(Event::Call(call)) = rows.events.pop_front() {
                        out.skip_call(call, report)?;
                    }
                }
                Some(Row::Message(end)) => out.message(&String::from_utf8_lossy(rows.take_bytes(end)))?,
                Some(Row::Frame(end)) => {
                    // The first row of a shard begins without a separator.
                    let row = rows.take_bytes(end);
                    let row = row.strip_prefix(separator).unwrap_or(row);
                    if std::mem::replace(&mut has_rows, true) {
                        out.write_all(separator)?;
                    }
                    out.write_all(row)?;
                }
            }
        }
        frames.map_or(Ok(()), |end| out.write_all(rows.take_bytes(end)))
    })?;
    if !has_begun {
        report.begin(out)?;
    }
    if undivided.is_none() {
        report.end(out)?;
    }
    Ok(undivided)
}

/// An output without the rows before a frame.
pub(super) struct RowsFrom<'a, O> {
    out: &'a mut O,
    frame: u32,
    place: Place,
}

impl<'a, O: RowOutput> RowsFrom<'a, O> {
    pub(super) fn new(out: &'a mut O, frame: u32) -> RowsFrom<'a, O> {
        RowsFrom { out, frame, place: Place::default() }
    }

    fn is_skipped(&self) -> bool {
        self.place.frame < self.frame
    }
}

impl<O: RowOutput> Write for RowsFrom<'_, O> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_skipped() { Ok(bytes.len()) } else { self.out.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<O: RowOutput> RowOutput for RowsFrom<'_, O> {
    fn place(&mut self, place: Place) -> io::Result<()> {
        self.place = place;
        Ok(())
    }

    fn event(&mut self, event: Event, report: &mut dyn Report) -> io::Result<()> {
        report.event(event, self)
    }

    fn skip_call(&mut self, call: Call, report: &mut dyn Report) -> io::Result<()> {
        report.skip_call(call, self)
    }

    fn message(&mut self, text: &str) -> io::Result<()> {
        if self.is_skipped() { Ok(()) } else { self.out.message(text) }
    }

    fn progress(&self, passes: u64) -> ReadProgressBar {
        self.out.progress(passes)
    }

    fn keep_existing(&mut self) {
        self.out.keep_existing();
    }
}
