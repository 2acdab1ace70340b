//! Output of the rows of one shard, and the merging of those of all shards.

use super::output::RowOutput;
use super::progress::ReadProgressBar;
use overhear::analysis::{Event, Place};
use overhear::report::Report;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Number of bytes, of rows and of frames after which rows are sent.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK_ROWS: usize = 4096;
const CHUNK_FRAMES: u32 = 4096;
/// Maximum number of chunks in the queue of a shard. If it is full, the shard waits.
const MAX_PENDING: usize = 3;

/// Rows of some frames of one shard.
#[derive(Default)]
pub(super) struct Chunk {
    rows: Vec<Row>,
    bytes: Vec<u8>,
    events: VecDeque<Event>,
    /// No later row has a place before this one.
    reached: Place,
    /// The frame at which the capture cannot be divided. Nothing follows.
    undivided: Option<u32>,
    /// A file that would be replaced stays as it is.
    keeps_existing: bool,
}

/// What is written at a place.
#[derive(Clone, Copy)]
struct Row {
    place: Place,
    content: RowContent,
}

#[derive(Clone, Copy)]
enum RowContent {
    /// The row of a frame: the bytes of the chunk up to this index.
    Frame(usize),
    /// A message on stderr: the bytes of the chunk up to this index.
    Message(usize),
    /// The next event of the chunk. What its row looks like can depend on earlier rows of other shards.
    Event,
}

/// Output of one shard.
pub(super) struct ShardOutput {
    chunks: SyncSender<Chunk>,
    /// Chunks that are written, to be filled again.
    emptied: Receiver<Chunk>,
    chunk: Chunk,
    place: Place,
    /// The first frame of the chunk.
    first_frame: u32,
    /// Whether this is the output of the first shard: that of the others has no messages and no progress.
    is_first: bool,
    /// Whether the rows go to a file.
    is_file: bool,
}

impl ShardOutput {
    /// Creates an output, and the input of a merger for it.
    pub(super) fn new(is_first: bool, is_file: bool) -> (ShardOutput, ShardRows) {
        let (chunks, received) = sync_channel(MAX_PENDING);
        let (returned, emptied) = channel();
        let (chunk, place) = (Chunk::default(), Place::default());
        let rows = ShardRows::new(received, returned);
        (ShardOutput { chunks, emptied, chunk, place, first_frame: 0, is_first, is_file }, rows)
    }

    /// Sends the last rows.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.send()
    }

    fn is_full(&self) -> bool {
        let Chunk { rows, bytes, .. } = &self.chunk;
        let frames = self.place.frame.saturating_sub(self.first_frame);
        bytes.len() >= CHUNK_BYTES || rows.len() >= CHUNK_ROWS || frames >= CHUNK_FRAMES
    }

    fn send(&mut self) -> io::Result<()> {
        self.first_frame = self.place.frame;
        self.chunk.reached = self.place;
        let chunk = std::mem::replace(&mut self.chunk, self.emptied.try_recv().unwrap_or_default());
        // The receiver is dropped: the output is closed.
        self.chunks.send(chunk).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for ShardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What begins and ends a report is written by the merger.
        if self.place == Place::default() || self.place == Place::LAST {
            return Ok(bytes.len());
        }
        let Chunk { rows, bytes: chunk_bytes, .. } = &mut self.chunk;
        chunk_bytes.extend_from_slice(bytes);
        let content = RowContent::Frame(chunk_bytes.len());
        match rows.last_mut() {
            Some(row) if row.place == self.place && matches!(row.content, RowContent::Frame(_)) => {
                row.content = content;
            }
            _ => rows.push(Row { place: self.place, content }),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl RowOutput for ShardOutput {
    fn place(&mut self, place: Place) -> io::Result<()> {
        self.place = place;
        if self.is_full() { self.send() } else { Ok(()) }
    }

    fn event(&mut self, event: Event, _: &mut dyn Report) -> io::Result<()> {
        self.chunk.events.push_back(event);
        self.chunk.rows.push(Row { place: self.place, content: RowContent::Event });
        Ok(())
    }

    fn message(&mut self, text: &str) -> io::Result<()> {
        if self.is_first {
            self.chunk.bytes.extend_from_slice(text.as_bytes());
            let content = RowContent::Message(self.chunk.bytes.len());
            self.chunk.rows.push(Row { place: self.place, content });
        }
        Ok(())
    }

    fn progress(&self, passes: u64) -> ReadProgressBar {
        if self.is_first { ReadProgressBar::new(self.is_file, passes) } else { ReadProgressBar::disabled() }
    }

    fn keep_existing(&mut self) {
        self.chunk.keeps_existing = true;
    }

    fn end_shard_at(&mut self, frame: u32) -> io::Result<()> {
        self.chunk.undivided = Some(frame);
        self.send()?;
        Err(io::Error::other("the capture cannot be divided"))
    }
}

/// Rows of a shard, in the order of their places.
pub(super) struct ShardRows {
    received: Receiver<Chunk>,
    returned: Sender<Chunk>,
    /// The present chunk, the index of its next row, and that of the first byte of this row.
    chunk: Chunk,
    next: usize,
    start: usize,
    undivided: Option<u32>,
    /// The shard sends nothing more. Until then, it must be able to.
    is_closed: bool,
}

impl ShardRows {
    fn new(received: Receiver<Chunk>, returned: Sender<Chunk>) -> ShardRows {
        let chunk = Chunk::default();
        ShardRows { received, returned, chunk, next: 0, start: 0, undivided: None, is_closed: false }
    }

    /// The next row, if it is received.
    fn row(&self) -> Option<Row> {
        self.chunk.rows.get(self.next).copied()
    }

    /// The place of the next row, and whether it is received. If it is not, there is none before that place.
    fn next_place(&self) -> (Place, bool) {
        self.row().map_or((self.chunk.reached, false), |row| (row.place, true))
    }

    /// Whether all rows are taken.
    fn has_ended(&self) -> bool {
        self.is_closed && self.row().is_none()
    }

    /// Returns the present chunk, whose rows are taken, and waits for the next one. Returns whether a file that would be
    /// replaced stays as it is.
    fn receive(&mut self) -> bool {
        let Ok(chunk) = self.received.recv() else {
            (self.chunk.reached, self.is_closed) = (Place::LAST, true);
            return false;
        };
        let Chunk { mut rows, mut bytes, events, .. } = std::mem::replace(&mut self.chunk, chunk);
        (self.next, self.start) = (0, 0);
        rows.clear();
        bytes.clear();
        // A shard that has ended needs none.
        self.returned.send(Chunk { rows, bytes, events, ..Chunk::default() }).ok();
        self.undivided = self.undivided.or(self.chunk.undivided);
        self.chunk.keeps_existing
    }

    /// Takes the bytes of the next row, which end at an index.
    fn take_bytes(&mut self, end: usize) -> &[u8] {
        self.next += 1;
        self.chunk.bytes.get(std::mem::replace(&mut self.start, end)..end).unwrap_or_default()
    }

    /// Takes the event that is the next row.
    fn take_event(&mut self) -> Option<Event> {
        self.next += 1;
        self.chunk.events.pop_front()
    }
}

/// Writes the rows of all shards in the order of their places. Returns the frame at which the capture cannot be divided: the
/// rows before it are written.
pub(super) fn merge<O: RowOutput>(
    mut shards: Vec<ShardRows>,
    report: &mut dyn Report,
    out: &mut O,
) -> io::Result<Option<u32>> {
    let mut has_begun = false;
    let mut has_rows = false;
    // A shard whose next row is not received goes before another at the same place.
    while let Some(shard) = shards.iter_mut().filter(|shard| !shard.has_ended()).min_by_key(|shard| shard.next_place())
    {
        let Some(Row { place, content }) = shard.row() else {
            if shard.receive() {
                out.keep_existing();
            }
            continue;
        };
        if place > Place::default() && !std::mem::replace(&mut has_begun, true) {
            report.begin(out)?;
        }
        match content {
            RowContent::Event => shard.take_event().map_or(Ok(()), |event| out.event(event, report))?,
            RowContent::Message(end) => out.message(&String::from_utf8_lossy(shard.take_bytes(end)))?,
            RowContent::Frame(end) => {
                // The first row of a shard begins without a separator.
                let separator = report.row_separator().as_bytes();
                let row = shard.take_bytes(end);
                if separator.is_empty() {
                    out.write_all(row)?;
                    continue;
                }
                let row = row.strip_prefix(separator).unwrap_or(row);
                if std::mem::replace(&mut has_rows, true) {
                    out.write_all(separator)?;
                }
                out.write_all(row)?;
            }
        }
    }
    let undivided = shards.iter().find_map(|shard| shard.undivided);
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
