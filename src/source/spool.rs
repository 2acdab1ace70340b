//! What can be read only once is copied while it is read, so that it can be read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

/// A reader and a copy, in a nameless temporary file, of what has been read of it.
pub(super) struct Spool(Arc<Mutex<Kept>>);

struct Kept {
    reader: Box<dyn Read + Send>,
    copy: File,
    /// Bytes in the copy.
    length: u64,
}

impl Spool {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> io::Result<Spool> {
        Ok(Spool(Arc::new(Mutex::new(Kept { reader, copy: tempfile::tempfile()?, length: 0 }))))
    }

    /// Reads from the start: the copy first, then what has not been read before.
    pub(super) fn replay(&self) -> Replay {
        Replay { kept: self.0.clone(), at: 0 }
    }
}

/// A reader of which all that is read is copied into a file, before anybody sees it.
pub(super) struct Copying {
    reader: Box<dyn Read + Send>,
    copy: Arc<File>,
    length: u64,
}

impl Copying {
    pub(super) fn new(reader: Box<dyn Read + Send>, copy: Arc<File>) -> Copying {
        Copying { reader, copy, length: 0 }
    }
}

impl Read for Copying {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.copy.write_all_at(bytes, self.length).map_err(|error| io::Error::other(CopyError(error)))?;
        self.length += read as u64;
        Ok(read)
    }
}

/// Whether an error is of the copy and not of what is copied.
pub(super) fn failed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<CopyError>())
}

/// One reading of a spool.
pub(super) struct Replay {
    kept: Arc<Mutex<Kept>>,
    at: u64,
}

/// An error of the copy and not of what is copied.
#[derive(Debug)]
struct CopyError(io::Error);

impl std::error::Error for CopyError {}

impl std::fmt::Display for CopyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Read for Replay {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let copy_failed = |error| io::Error::other(CopyError(error));
        // A reader that panicked has poisoned the lock; what is in the copy is as good as before.
        let mut kept = self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Kept { reader, copy, length } = &mut *kept;
        let read = if self.at < *length {
            let left = usize::try_from(*length - self.at).unwrap_or(usize::MAX).min(buffer.len());
            copy.seek(SeekFrom::Start(self.at)).map_err(copy_failed)?;
            copy.read(buffer.get_mut(..left).unwrap_or_default()).map_err(copy_failed)?
        } else {
            let read = reader.read(buffer)?;
            copy.seek(SeekFrom::Start(*length)).map_err(copy_failed)?;
            copy.write_all(buffer.get(..read).unwrap_or_default()).map_err(copy_failed)?;
            *length += read as u64;
            read
        };
        self.at += read as u64;
        Ok(read)
    }
}
