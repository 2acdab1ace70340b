//! A sliding buffer over a reader, which grows only for a single larger record.

use super::read_ahead::ReadAhead;
use super::shared_files::{Block, SharedReader};
use std::io::{self, Read};
use std::sync::Arc;

/// Size of the buffer in bytes. Larger buffers were measured slower because they do not stay in the processor's cache.
pub(super) const WINDOW_SIZE: usize = 256 * 1024;
/// Maximum bytes of a record that are copied in front of the next read-ahead buffer. A longer part grows the buffer.
const HEADROOM: usize = 64 * 1024;

/// A sliding buffer over a reader.
pub(super) struct Window {
    input: WindowInput,
    buffer: Vec<u8>,
    /// A block of a shared file, which replaces the buffer.
    block: Option<Arc<Block>>,
    /// Bytes read and not yet consumed are `start..end` of the block or the buffer.
    start: usize,
    end: usize,
    /// Number of bytes consumed.
    consumed: u64,
}

/// The input of a window.
enum WindowInput {
    /// A reader that is read on demand.
    Reader(Box<dyn Read + Send>),
    /// A thread that reads in advance.
    ReadAhead(ReadAhead),
    /// A file that several threads read.
    Shared(SharedReader),
}

impl Window {
    /// Creates a window that reads on demand, so that bytes of a slow input are available immediately.
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Window {
        Window::of(WindowInput::Reader(reader), vec![0; WINDOW_SIZE])
    }

    fn of(input: WindowInput, buffer: Vec<u8>) -> Window {
        Window { input, buffer, block: None, start: 0, end: 0, consumed: 0 }
    }

    /// Creates a window that reads on demand, with a buffer of `size` bytes, for random access by [`Window::seek_to`].
    pub(super) fn with_buffer_size(reader: Box<dyn Read + Send>, size: usize) -> Window {
        Window { buffer: vec![0; size], ..Window::new(reader) }
    }

    /// Moves to an offset of the stream. If that is not buffered, `seek` moves the reader.
    pub(super) fn seek_to(&mut self, offset: u64, seek: impl FnOnce(u64)) {
        let begin = self.consumed - self.start as u64;
        if (begin..=begin + self.end as u64).contains(&offset) {
            self.start = (offset - begin) as usize;
            self.consumed = offset;
            return;
        }
        self.consumed = offset;
        self.discard(seek);
    }

    /// Discards all buffered bytes; `seek` moves the reader to the current offset.
    pub(super) fn discard(&mut self, seek: impl FnOnce(u64)) {
        (self.start, self.end) = (0, 0);
        seek(self.consumed);
    }

    /// Creates a window that reads ahead if a thread can be started, for complete files.
    pub(super) fn with_read_ahead(reader: Box<dyn Read + Send>) -> Window {
        match ReadAhead::new(reader, HEADROOM, WINDOW_SIZE) {
            Ok(thread) => Window::of(WindowInput::ReadAhead(thread), Vec::new()),
            Err(reader) => Window::new(reader),
        }
    }

    /// Creates a window of a file that several threads read.
    pub(super) fn shared(reader: SharedReader) -> Window {
        Window::of(WindowInput::Shared(reader), Vec::new())
    }

    /// Returns what `start..end` is a part of.
    #[inline]
    fn all_bytes(&self) -> &[u8] {
        match &self.block {
            Some(block) => block.bytes(),
            None => &self.buffer,
        }
    }

    /// Returns the offset in the stream of the next byte to be consumed.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.consumed
    }

    /// Returns the number of bytes that can be consumed without reading.
    #[inline]
    pub(super) fn buffered(&self) -> usize {
        self.end - self.start
    }

    /// Reads until `count` bytes are buffered; returns false if the stream ends before.
    #[inline]
    pub(super) fn ensure_buffered(&mut self, count: usize) -> io::Result<bool> {
        if self.buffered() >= count {
            return Ok(true);
        }
        self.fill(count)
    }

    /// Returns the buffered bytes, which [`ensure_buffered`](Self::ensure_buffered) has read.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.all_bytes().get(self.start..self.end).unwrap_or_default()
    }

    /// Consumes buffered bytes; returns their index in the buffer, valid until the next `ensure_buffered`.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) -> usize {
        debug_assert!(count <= self.buffered());
        let at = self.start;
        self.start += count;
        self.consumed += count as u64;
        at
    }

    /// Returns consumed bytes by their index in the buffer.
    #[inline]
    pub(super) fn consumed_bytes(&self, at: usize, count: usize) -> &[u8] {
        self.all_bytes().get(at..at.saturating_add(count)).unwrap_or_default()
    }

    /// Skips `count` bytes without buffering them all; returns the number of bytes skipped.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        while left > 0 {
            if !self.ensure_buffered(1)? {
                break;
            }
            let step = left.min(self.buffered() as u64);
            self.consume(step as usize);
            left -= step;
        }
        Ok(count - left)
    }

    #[cold]
    fn fill(&mut self, count: usize) -> io::Result<bool> {
        match self.input {
            WindowInput::Reader(_) => self.fill_from_reader(count),
            WindowInput::ReadAhead(_) => self.fill_from_thread(count),
            WindowInput::Shared(_) => self.fill_from_shared(count),
        }
    }

    /// Takes blocks of a shared file until `count` bytes are buffered. A record that several blocks have is copied.
    fn fill_from_shared(&mut self, count: usize) -> io::Result<bool> {
        let mut rest = std::mem::take(&mut self.buffer);
        match self.block.take() {
            Some(block) => {
                rest.clear();
                rest.extend_from_slice(block.bytes().get(self.start..self.end).unwrap_or_default());
            }
            None => {
                rest.truncate(self.end);
                rest.drain(..self.start);
            }
        }
        if rest.capacity() > WINDOW_SIZE && count <= WINDOW_SIZE {
            rest.shrink_to(WINDOW_SIZE);
        }
        (self.buffer, self.start, self.end) = (rest, 0, 0);
        let WindowInput::Shared(reader) = &mut self.input else { return Ok(false) };
        if self.buffer.is_empty() {
            let Some((block, start)) = reader.next()? else { return Ok(false) };
            (self.start, self.end) = (start, block.bytes().len());
            self.block = Some(block);
            return self.ensure_buffered(count);
        }
        let mut result = Ok(true);
        while matches!(result, Ok(true)) && self.buffer.len() < count {
            result = reader.read(count - self.buffer.len(), &mut self.buffer);
        }
        self.end = self.buffer.len();
        result
    }

    /// Takes buffers from the read-ahead thread until `count` bytes are buffered.
    fn fill_from_thread(&mut self, count: usize) -> io::Result<bool> {
        let WindowInput::ReadAhead(thread) = &self.input else { return Ok(false) };
        while self.end - self.start < count {
            let Some(mut next) = thread.next()? else { return Ok(false) };
            let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
            match HEADROOM
                .checked_sub(rest.len())
                .and_then(|start| Some((start, next.buffer.get_mut(start..HEADROOM)?)))
            {
                Some((start, room)) => {
                    room.copy_from_slice(rest);
                    (self.start, self.end) = (start, next.end);
                    thread.recycle(std::mem::replace(&mut self.buffer, next.buffer));
                }
                None => {
                    self.buffer.truncate(self.end);
                    self.buffer.drain(..self.start);
                    self.buffer.extend_from_slice(next.buffer.get(HEADROOM..next.end).unwrap_or_default());
                    (self.start, self.end) = (0, self.buffer.len());
                    thread.recycle(next.buffer);
                }
            }
        }
        Ok(true)
    }

    /// Reads from the reader until `count` bytes are buffered.
    fn fill_from_reader(&mut self, count: usize) -> io::Result<bool> {
        let WindowInput::Reader(reader) = &mut self.input else { return Ok(false) };
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() > WINDOW_SIZE && count <= WINDOW_SIZE && self.end <= WINDOW_SIZE {
            self.buffer.truncate(WINDOW_SIZE);
            self.buffer.shrink_to_fit();
        }
        while self.end < count {
            if self.end == self.buffer.len() {
                // Grows with the bytes actually read, not with the length stated in a file.
                self.buffer.resize(self.buffer.len().saturating_mul(2).min(count.max(WINDOW_SIZE)), 0);
            }
            match reader.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SharedFiles;

    fn window(bytes: u64) -> Window {
        Window::new(Box::new(io::repeat(7).take(bytes)))
    }

    #[test]
    fn the_buffer_grows_with_the_bytes_read_and_not_with_the_bytes_requested() {
        let mut window = window(WINDOW_SIZE as u64 + 1);
        assert!(!window.ensure_buffered(64 * WINDOW_SIZE).expect("no error"));
        assert_eq!((window.buffered(), window.buffer.len()), (WINDOW_SIZE + 1, 2 * WINDOW_SIZE));
    }

    #[test]
    fn the_buffer_shrinks_after_a_larger_record() {
        let mut window = window(10 * WINDOW_SIZE as u64);
        assert!(window.ensure_buffered(5 * WINDOW_SIZE).expect("no error"));
        window.consume(5 * WINDOW_SIZE);
        assert!(window.ensure_buffered(1).expect("no error"));
        assert_eq!((window.offset(), window.buffer.capacity()), (5 * WINDOW_SIZE as u64, WINDOW_SIZE));
    }

    #[test]
    fn read_ahead_and_shared_files_return_the_same_bytes() {
        let bytes: Vec<u8> = (0..3 * WINDOW_SIZE as u32 / 2).flat_map(u32::to_le_bytes).collect();
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &bytes).expect("it is written");
        let shared = SharedFiles::of(&[file.path().to_owned()]);
        for sizes in [&[16, 1500][..], &[7, WINDOW_SIZE - 1], &[HEADROOM, HEADROOM + 1], &[16, 3 * WINDOW_SIZE, 1500]] {
            let mut windows = [
                Window::new(Box::new(io::Cursor::new(bytes.clone()))),
                Window::with_read_ahead(Box::new(io::Cursor::new(bytes.clone()))),
                shared_window(&shared, file.path()),
            ];
            let mut offset = 0;
            for &size in sizes.iter().cycle() {
                let whole = windows.each_mut().map(|window| window.ensure_buffered(size).expect("no error"));
                assert_eq!(whole, [offset + size <= bytes.len(); 3]);
                if !whole[0] {
                    assert_eq!(windows.each_ref().map(Window::buffered), [bytes.len() - offset; 3]);
                    break;
                }
                for window in &mut windows {
                    let at = window.consume(size);
                    assert_eq!(window.consumed_bytes(at, size), &bytes[offset..offset + size]);
                }
                offset += size;
            }
        }
    }

    fn shared_window(shared: &SharedFiles, path: &std::path::Path) -> Window {
        let reader = shared.reader(path, &Arc::default(), || std::fs::File::open(path)).expect("no error");
        Window::shared(reader.expect("a shared file"))
    }

    #[test]
    fn threads_read_a_shared_file_to_its_first_length() {
        let bytes: Vec<u8> = (0..40 * WINDOW_SIZE as u32 / 4).flat_map(u32::to_le_bytes).collect();
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &bytes).expect("it is written");
        let shared = SharedFiles::of(&[file.path().to_owned()]);
        std::fs::write(file.path(), [&bytes[..], b"more"].concat()).expect("it is written");
        std::thread::scope(|scope| {
            for size in [1500, 70_000, 3 * WINDOW_SIZE] {
                let mut window = shared_window(&shared, file.path());
                let bytes = &bytes;
                scope.spawn(move || {
                    // One of them begins when others are far ahead.
                    std::thread::sleep(std::time::Duration::from_millis(size as u64 / 50_000));
                    let mut offset = 0;
                    while window.ensure_buffered(size).expect("no error") {
                        let at = window.consume(size);
                        assert!(window.consumed_bytes(at, size) == &bytes[offset..offset + size], "at {offset}");
                        offset += size;
                    }
                    assert!(window.bytes() == &bytes[offset..], "at {offset}");
                });
            }
        });
    }

    #[test]
    fn the_error_of_a_shared_file_is_that_of_the_system() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), b"0123").expect("it is written");
        let shared = SharedFiles::of(&[file.path().to_owned()]);
        let folder = || std::fs::File::open("/");
        let reader = shared.reader(file.path(), &Arc::default(), folder).expect("no error").expect("a shared file");
        let error = Window::shared(reader).ensure_buffered(1).expect_err("a folder has no bytes");
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn bytes_read_before_an_error_are_buffered_and_the_error_is_returned() {
        let failing = io::repeat(1).take(10).chain(Failing);
        let mut window = Window::with_read_ahead(Box::new(failing));
        assert!(window.ensure_buffered(10).expect("no error"));
        assert_eq!(window.ensure_buffered(11).expect_err("an error").to_string(), "the disk is gone");
        assert_eq!(window.buffered(), 10);
    }

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }

    #[test]
    fn skipped_bytes_are_not_buffered() {
        let mut window = window(10 * WINDOW_SIZE as u64);
        assert_eq!(window.skip(9 * WINDOW_SIZE as u64 + 3).expect("no error"), 9 * WINDOW_SIZE as u64 + 3);
        assert_eq!(window.buffer.len(), WINDOW_SIZE);
        assert_eq!(window.skip(10 * WINDOW_SIZE as u64).expect("no error"), WINDOW_SIZE as u64 - 3);
        assert!(!window.ensure_buffered(1).expect("no error"));
    }
}
