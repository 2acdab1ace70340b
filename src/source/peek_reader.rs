//! A buffered reader of which bytes can be seen before they are consumed.

use std::io::{self, BufRead, Read};

/// A buffered reader that can peek at several bytes, however few bytes a read returns.
pub(super) struct PeekReader {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether a read has reached the end.
    pub(super) ended: bool,
    /// Maximum bytes of one read.
    read_size: usize,
}

impl PeekReader {
    const BUFFER_SIZE: usize = 64 * 1024;
    pub(super) const SMALL_READ: usize = 4096;

    pub(super) fn new(reader: Box<dyn Read + Send>, read_size: usize) -> PeekReader {
        PeekReader { reader, buffer: vec![0; Self::BUFFER_SIZE], start: 0, end: 0, ended: false, read_size }
    }

    /// Returns the bytes that are buffered and not consumed.
    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns the next `count` bytes without consuming them; fewer only at the end. `count` must fit into the buffer.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.start > 0 && self.buffered().len() < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.buffered().len() < count && !self.ended {
            let end = self.end.saturating_add(self.read_size).min(self.buffer.len());
            let read = read(&mut self.reader, self.buffer.get_mut(self.end..end).unwrap_or_default())?;
            self.end += read;
            self.ended = read == 0;
        }
        let buffered = self.buffered();
        Ok(buffered.get(..count).unwrap_or(buffered))
    }

    /// Skips skippable frames, which zstd and lz4 share: a magic number of 0x184d2a50 to 0x184d2a5f, a length, and that
    /// many bytes (RFC 8878 3.1.2).
    pub(super) fn skip_skippable(&mut self) -> io::Result<()> {
        while let &[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = self.peek(8)? {
            self.consume(8);
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            io::copy(&mut self.by_ref().take(length), &mut io::sink())?;
        }
        Ok(())
    }
}

fn read(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl BufRead for PeekReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffered().is_empty() && !self.ended {
            (self.start, self.end) = (0, 0);
            let size = self.read_size.min(self.buffer.len());
            self.end = read(&mut self.reader, self.buffer.get_mut(..size).unwrap_or_default())?;
            self.ended = self.end == 0;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
    }
}

impl Read for PeekReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let is_large = out.len() >= self.buffer.len() / 2 && self.read_size >= out.len();
        if self.buffered().is_empty() && is_large && !self.ended {
            // A large read bypasses the buffer.
            let read = read(&mut self.reader, out)?;
            self.ended = read == 0;
            return Ok(read);
        }
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}
