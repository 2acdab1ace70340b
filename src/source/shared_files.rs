//! Files that several threads read at about the same time: all to one length, and each block once.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// Size of a block in bytes: a thread reads most of it from the cache of a core.
const BLOCK_SIZE: usize = 256 << 10;

/// Number of blocks of a file that are kept for readers that are behind. A reader further behind reads again.
const KEPT_BLOCKS: usize = 8;

/// Files that several readers read. Readers of files that grow end at the same byte.
#[derive(Clone, Debug, Default)]
pub struct SharedFiles(Arc<Files>);

#[derive(Debug, Default)]
struct Files {
    /// Lengths of the regular files.
    lengths: HashMap<PathBuf, u64>,
    /// Blocks of the files that are read.
    open: Mutex<HashMap<PathBuf, Weak<SharedFile>>>,
}

impl SharedFiles {
    /// Returns files with their present lengths.
    #[must_use]
    pub fn of(paths: &[PathBuf]) -> SharedFiles {
        let length = |path: &PathBuf| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        let lengths = paths.iter().filter_map(|path| Some((path.clone(), length(path)?))).collect();
        SharedFiles(Arc::new(Files { lengths, open: Mutex::default() }))
    }

    /// Whether a file is shared.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.0.lengths.contains_key(path)
    }

    /// Returns the length to which a file is read; that of any file if it is not shared.
    pub(super) fn limit(&self, path: &Path) -> u64 {
        self.0.lengths.get(path).copied().unwrap_or(u64::MAX)
    }

    /// Returns a reader of a file from its beginning, if it is shared. `open` opens it, unless another reader has. `read` counts bytes.
    pub(super) fn reader(
        &self,
        path: &Path,
        read: &Arc<AtomicU64>,
        open: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<Option<SharedReader>> {
        let Some(&length) = self.0.lengths.get(path) else { return Ok(None) };
        let mut files = lock(&self.0.open);
        let file = match files.get(path).and_then(Weak::upgrade) {
            Some(file) => file,
            None => {
                let file =
                    Arc::new(SharedFile { file: open()?, length, blocks: Mutex::default(), changed: Condvar::new() });
                files.retain(|_, file| file.strong_count() > 0);
                files.insert(path.to_owned(), Arc::downgrade(&file));
                file
            }
        };
        Ok(Some(SharedReader { file, offset: 0, block: None, read: Arc::clone(read) }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file whose blocks are read once, by the reader that comes first.
#[derive(Debug)]
struct SharedFile {
    file: File,
    /// Number of bytes that are read of it.
    length: u64,
    blocks: Mutex<Blocks>,
    /// Wakes the readers that wait for a block.
    changed: Condvar,
}

/// The blocks that were read last.
#[derive(Debug, Default)]
struct Blocks {
    /// Blocks by their number, in the order in which reading them began; `None` while one is read.
    kept: VecDeque<(u64, Option<Arc<Block>>)>,
    free: FreeBuffers,
}

/// Buffers to be used again: as many as there were blocks at once, those that are kept and those of readers.
type FreeBuffers = Arc<Mutex<Vec<Vec<u8>>>>;

/// A block of a file; only the last one is shorter.
#[derive(Debug)]
pub(super) struct Block {
    buffer: Vec<u8>,
    len: usize,
    /// The error that ended it.
    error: Option<io::Error>,
    free: FreeBuffers,
}

impl Drop for Block {
    fn drop(&mut self) {
        lock(&self.free).push(std::mem::take(&mut self.buffer));
    }
}

impl Block {
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

impl Blocks {
    fn position(&self, number: u64) -> Option<usize> {
        self.kept.iter().position(|(own, _)| *own == number)
    }

    /// Notes that a block is read from now on. Returns a buffer for it, and where to return that.
    fn begin(&mut self, number: u64) -> (Vec<u8>, FreeBuffers) {
        if self.kept.len() >= KEPT_BLOCKS {
            self.kept.pop_front();
        }
        self.kept.push_back((number, None));
        let buffer = lock(&self.free).pop().unwrap_or_else(|| vec![0; BLOCK_SIZE]);
        (buffer, Arc::clone(&self.free))
    }
}

impl SharedFile {
    /// Returns a block.
    fn block(&self, number: u64) -> Arc<Block> {
        let mut blocks = lock(&self.blocks);
        loop {
            let missing = match blocks.position(number).and_then(|at| blocks.kept.get(at)) {
                Some((_, Some(block))) => return Arc::clone(block),
                None => number,
                // While another reader reads it, the next one is read.
                Some((_, None)) if blocks.position(number + 1).is_none() => number + 1,
                Some((_, None)) => {
                    blocks = self.changed.wait(blocks).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            };
            let (buffer, free) = blocks.begin(missing);
            drop(blocks);
            let block = Arc::new(self.read(missing, buffer, free));
            blocks = lock(&self.blocks);
            // It may be among those that are not kept any more.
            if let Some((_, slot)) = blocks.position(missing).and_then(|at| blocks.kept.get_mut(at)) {
                *slot = Some(Arc::clone(&block));
            }
            self.changed.notify_all();
            if missing == number {
                return block;
            }
        }
    }

    /// Reads a block until it is full, the file ends, or an error.
    fn read(&self, number: u64, mut buffer: Vec<u8>, free: FreeBuffers) -> Block {
        let start = number.saturating_mul(BLOCK_SIZE as u64);
        let end = self.length.saturating_sub(start).min(BLOCK_SIZE as u64) as usize;
        let (mut len, mut error) = (0, None);
        while len < end {
            match self.file.read_at(buffer.get_mut(len..end).unwrap_or_default(), start + len as u64) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
                Err(failed) => {
                    error = Some(failed);
                    break;
                }
            }
        }
        Block { buffer, len, error, free }
    }
}

/// A reader of a shared file.
pub(super) struct SharedReader {
    file: Arc<SharedFile>,
    /// Offset of the next byte.
    offset: u64,
    /// The block of that byte, if it was read.
    block: Option<(u64, Arc<Block>)>,
    /// Counts the bytes of all files of a capture.
    read: Arc<AtomicU64>,
}

impl SharedReader {
    /// Returns the block of the next bytes, and where in it they begin; `None` at the end.
    fn locate(&mut self) -> io::Result<Option<(Arc<Block>, usize)>> {
        let (number, at) = (self.offset / BLOCK_SIZE as u64, (self.offset % BLOCK_SIZE as u64) as usize);
        let block = match &self.block {
            Some((own, block)) if *own == number => Arc::clone(block),
            _ => {
                // Before another one is read, so that its buffer can be used again.
                self.block = None;
                let block = self.file.block(number);
                self.block = Some((number, Arc::clone(&block)));
                block
            }
        };
        match &block.error {
            _ if at < block.len => Ok(Some((block, at))),
            // An error of the system has a code, and others a kind.
            Some(error) => Err(error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)),
            None => Ok(None),
        }
    }

    /// Reads all bytes that the next block has. Returns it, and where they begin; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(Arc<Block>, usize)>> {
        let found = self.locate()?;
        if let Some((block, at)) = &found {
            self.advance(block.len - at);
        }
        Ok(found)
    }

    /// Appends up to `count` bytes of the next block to a buffer. Returns whether there are any.
    pub(super) fn read(&mut self, count: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
        let Some((block, at)) = self.locate()? else { return Ok(false) };
        let rest = block.bytes().get(at..).unwrap_or_default();
        let part = rest.get(..count).unwrap_or(rest);
        buffer.extend_from_slice(part);
        self.advance(part.len());
        Ok(true)
    }

    fn advance(&mut self, count: usize) {
        self.offset += count as u64;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
    }
}
