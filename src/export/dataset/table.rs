//! Tables, and batches of their rows.

use super::rows::RowBuffer;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableKind {
    /// Frames.
    Frames,
    /// Calls.
    Calls,
    /// TCP connections.
    Streams,
    /// Requests and responses.
    Messages,
    /// Messages of DNS.
    Dns,
    /// Expert notes.
    Notes,
}

impl TableKind {
    /// All tables.
    pub const ALL: [TableKind; 6] = [
        TableKind::Frames,
        TableKind::Calls,
        TableKind::Streams,
        TableKind::Messages,
        TableKind::Dns,
        TableKind::Notes,
    ];

    /// Returns the name, which is that of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TableKind::Frames => "frames",
            TableKind::Calls => "calls",
            TableKind::Streams => "streams",
            TableKind::Messages => "messages",
            TableKind::Dns => "dns",
            TableKind::Notes => "notes",
        }
    }
}

/// Rows of a table and of one hour.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(super) table: TableKind,
    /// Hours since 1970; none for rows without a time.
    pub(super) hour: Option<i64>,
    pub(super) rows: RowBuffer,
}

/// Output of batches.
pub trait BatchWriter {
    /// Writes rows.
    fn write(&mut self, batch: Batch) -> io::Result<()>;
}

/// Number of batches in the queue of a writer. If it is full, the reader waits.
const MAX_PENDING: usize = 2;

/// Writes batches on a thread of its own, while the capture is read.
pub struct ThreadedWriter<W> {
    batches: Option<SyncSender<Batch>>,
    thread: JoinHandle<io::Result<W>>,
}

impl<W: BatchWriter + Send + 'static> ThreadedWriter<W> {
    /// Starts the thread. An error if the system cannot create one.
    pub fn new(mut writer: W) -> io::Result<ThreadedWriter<W>> {
        let (batches, received) = sync_channel::<Batch>(MAX_PENDING);
        let work = move || received.into_iter().try_for_each(|batch| writer.write(batch)).map(|()| writer);
        let thread = thread::Builder::new().name("rows".into()).spawn(work)?;
        Ok(ThreadedWriter { batches: Some(batches), thread })
    }

    /// Waits for the last batch, and returns the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.batches = None;
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<W> BatchWriter for ThreadedWriter<W> {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        let is_sent = self.batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok());
        // `finish` returns the error that ended the thread.
        if is_sent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }
}
