//! Copies of inputs that can be read only once, made while they are read, so that they can be read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

/// A reader and a copy of the bytes read from it so far, in an unnamed temporary file.
pub(super) struct Spool(Arc<Mutex<SpoolState>>);

struct SpoolState {
    reader: Box<dyn Read + Send>,
    copy: File,
    /// Bytes in the copy.
    length: u64,
}

impl Spool {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> io::Result<Spool> {
        Ok(Spool(Arc::new(Mutex::new(SpoolState { reader, copy: tempfile::tempfile()?, length: 0 }))))
    }

    /// Returns a reader from the start: it reads the copy first, then the bytes not read before.
    pub(super) fn replay(&self) -> Replay {
        Replay { state: self.0.clone(), position: 0 }
    }
}

/// A reader that copies all bytes into a file before it returns them.
pub(super) struct CopyingReader {
    reader: Box<dyn Read + Send>,
    copy: Arc<File>,
    length: u64,
}

impl CopyingReader {
    pub(super) fn new(reader: Box<dyn Read + Send>, copy: Arc<File>) -> CopyingReader {
        CopyingReader { reader, copy, length: 0 }
    }
}

impl Read for CopyingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.copy.write_all_at(bytes, self.length).map_err(|error| io::Error::other(CopyError(error)))?;
        self.length += read as u64;
        Ok(read)
    }
}

/// Returns whether an error comes from the copy and not from the input.
pub(super) fn is_copy_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<CopyError>())
}

/// A reader of one pass over a spool.
pub(super) struct Replay {
    state: Arc<Mutex<SpoolState>>,
    position: u64,
}

/// An error of the copy, not of the input.
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
        // A reader that panicked has poisoned the lock; the copy is still valid.
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let SpoolState { reader, copy, length } = &mut *state;
        let read = if self.position < *length {
            let left = usize::try_from(*length - self.position).unwrap_or(usize::MAX).min(buffer.len());
            copy.seek(SeekFrom::Start(self.position)).map_err(copy_failed)?;
            copy.read(buffer.get_mut(..left).unwrap_or_default()).map_err(copy_failed)?
        } else {
            let read = reader.read(buffer)?;
            copy.seek(SeekFrom::Start(*length)).map_err(copy_failed)?;
            copy.write_all(buffer.get(..read).unwrap_or_default()).map_err(copy_failed)?;
            *length += read as u64;
            read
        };
        self.position += read as u64;
        Ok(read)
    }
}
