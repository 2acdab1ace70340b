//! Output of the rows of one shard, and the merging of those of all shards.

use super::output::RowOutput;
use super::progress::ReadProgressBar;
use overhear::analysis::{Event, Place};
use overhear::report::Report;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Number of bytes, of rows and of frames after which rows are sent.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK_ROWS: usize = 512;
const CHUNK_FRAMES: u32 = 512;
/// Maximum number of chunks in the queue of a shard. If it is full, the shard waits.
const MAX_PENDING: usize = 3;

/// Rows of some frames of one shard.
#[derive(Default)]
pub(super) struct Chunk {
    rows: Vec<Row>,
    bytes: Vec<u8>,
    /// No later row has a place before this one.
    reached: Place,
    /// The frame at which the capture cannot be divided. Nothing follows.
    undivided: Option<u32>,
    /// A file that would be replaced stays as it is.
    keeps_existing: bool,
}

/// What is written at a place.
struct Row {
    place: Place,
    content: RowContent,
}

enum RowContent {
    /// The row of a frame: the bytes of the chunk up to this index.
    Frame(usize),
    /// A message on stderr: the bytes of the chunk up to this index.
    Message(usize),
    /// An event. What its row looks like can depend on earlier rows of other shards.
    Event(Event),
}

/// Output of one shard.
pub(super) struct ShardOutput {
    chunks: SyncSender<Chunk>,
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
    pub(super) fn new(is_first: bool, is_file: bool) -> (ShardOutput, Receiver<Chunk>) {
        let (chunks, receiver) = sync_channel(MAX_PENDING);
        let (chunk, place) = (Chunk::default(), Place::default());
        (ShardOutput { chunks, chunk, place, first_frame: 0, is_first, is_file }, receiver)
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
        let (rows, bytes) = (Vec::with_capacity(self.chunk.rows.len()), Vec::with_capacity(self.chunk.bytes.len()));
        let chunk = std::mem::replace(&mut self.chunk, Chunk { rows, bytes, ..Chunk::default() });
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
        self.chunk.rows.push(Row { place: self.place, content: RowContent::Event(event) });
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
struct ShardRows {
    chunks: Receiver<Chunk>,
    /// The rows of the present chunk that are not taken, its bytes, and the index of the first one of the next row.
    rows: std::vec::IntoIter<Row>,
    bytes: Vec<u8>,
    start: usize,
    reached: Place,
    undivided: Option<u32>,
    /// The shard sends nothing more. Until then, it must be able to.
    is_closed: bool,
}

impl ShardRows {
    fn new(chunks: Receiver<Chunk>) -> ShardRows {
        let (rows, bytes, reached) = (Vec::new().into_iter(), Vec::new(), Place::default());
        ShardRows { chunks, rows, bytes, start: 0, reached, undivided: None, is_closed: false }
    }

    /// The place of the next row, and whether it is received. If it is not, there is none before that place.
    fn next_place(&self) -> (Place, bool) {
        self.rows.as_slice().first().map_or((self.reached, false), |row| (row.place, true))
    }

    /// Whether all rows are taken.
    fn has_ended(&self) -> bool {
        self.is_closed && self.rows.as_slice().is_empty()
    }

    /// Waits for the next chunk. Returns whether a file that would be replaced stays as it is.
    fn receive(&mut self) -> bool {
        let Ok(chunk) = self.chunks.recv() else {
            (self.reached, self.is_closed) = (Place::LAST, true);
            return false;
        };
        (self.rows, self.bytes, self.start) = (chunk.rows.into_iter(), chunk.bytes, 0);
        self.reached = chunk.reached;
        self.undivided = self.undivided.or(chunk.undivided);
        chunk.keeps_existing
    }

    /// Takes the bytes of a row, which end at an index.
    fn take_bytes(&mut self, end: usize) -> &[u8] {
        self.bytes.get(std::mem::replace(&mut self.start, end)..end).unwrap_or_default()
    }
}

/// Writes the rows of all shards in the order of their places. Returns the frame at which the capture cannot be divided: the
/// rows before it are written.
pub(super) fn merge<O: RowOutput>(
    shards: Vec<Receiver<Chunk>>,
    report: &mut dyn Report,
    out: &mut O,
) -> io::Result<Option<u32>> {
    let mut shards: Vec<ShardRows> = shards.into_iter().map(ShardRows::new).collect();
    let mut has_begun = false;
    let mut has_rows = false;
    // A shard whose next row is not received goes before another at the same place.
    while let Some(shard) = shards.iter_mut().filter(|shard| !shard.has_ended()).min_by_key(|shard| shard.next_place())
    {
        let Some(Row { place, content }) = shard.rows.next() else {
            if shard.receive() {
                out.keep_existing();
            }
            continue;
        };
        if place > Place::default() && !std::mem::replace(&mut has_begun, true) {
            report.begin(out)?;
        }
        match content {
            RowContent::Event(event) => out.event(event, report)?,
            RowContent::Message(end) => out.message(&String::from_utf8_lossy(shard.take_bytes(end)))?,
            RowContent::Frame(end) => {
                // The first row of a shard begins without a separator.
                let separator = report.row_separator().as_bytes();
                let row = shard.take_bytes(end);
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
