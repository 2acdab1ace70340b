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

    /// Returns the table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<TableKind> {
        TableKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns what its rows are.
    #[must_use]
    pub fn rows(self) -> &'static str {
        match self {
            TableKind::Frames => "One row a frame",
            TableKind::Calls => "One row a call",
            TableKind::Streams => "One row a TCP connection",
            TableKind::Messages => "One row a request or response, with its headers",
            TableKind::Dns => "One row a message of DNS",
            TableKind::Notes => "One row an expert note",
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

impl<W: BatchWriter> BatchWriter for &mut W {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        W::write(self, batch)
    }
}

/// Number of batches in the queue of a writer. If it is full, the reader waits.
const MAX_PENDING: usize = 2;

/// Writes batches, perhaps on a thread of its own, while the capture is read.
pub enum TableWriter<W> {
    /// On the thread that reads.
    Direct(W),
    /// On a thread of its own.
    Threaded {
        /// Queue of batches; none after the end.
        batches: Option<SyncSender<Batch>>,
        /// The thread; none after an error.
        thread: Option<JoinHandle<io::Result<W>>>,
    },
}

impl<W: BatchWriter + Send + 'static> TableWriter<W> {
    /// Starts a thread. An error if the system cannot create one.
    pub fn threaded(mut writer: W) -> io::Result<TableWriter<W>> {
        let (batches, received) = sync_channel::<Batch>(MAX_PENDING);
        let work = move || received.into_iter().try_for_each(|batch| writer.write(batch)).map(|()| writer);
        let thread = thread::Builder::new().name("rows".into()).spawn(work)?;
        Ok(TableWriter::Threaded { batches: Some(batches), thread: Some(thread) })
    }

    /// Waits for the last batch, and returns the writer.
    pub fn finish(self) -> io::Result<W> {
        match self {
            TableWriter::Direct(writer) => Ok(writer),
            TableWriter::Threaded { batches, thread } => {
                drop(batches);
                join(thread)
            }
        }
    }
}

fn join<W>(thread: Option<JoinHandle<io::Result<W>>>) -> io::Result<W> {
    match thread.map(JoinHandle::join) {
        Some(Ok(result)) => result,
        Some(Err(panic)) => std::panic::resume_unwind(panic),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

impl<W: BatchWriter> BatchWriter for TableWriter<W> {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        match self {
            TableWriter::Direct(writer) => writer.write(batch),
            TableWriter::Threaded { batches, thread } => {
                let is_sent = batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok());
                // The thread receives no more after an error.
                if is_sent { Ok(()) } else { join(thread.take()).map(drop) }
            }
        }
    }
}
