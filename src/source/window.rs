//! A reader's bytes seen through one buffer, which moves along and grows only for a single bigger record.

use super::ahead::Ahead;
use std::io::{self, Read};

/// How much is read at once. Bigger buffers were measured slower: they no longer stay in the processor's cache.
pub(super) const BUFFER: usize = 256 * 1024;
/// How much of a record that goes on in the next buffer is put before it; more makes a bigger buffer.
const ROOM: usize = 64 * 1024;

pub(super) struct Window {
    feed: Feed,
    buffer: Vec<u8>,
    /// What has been read and not yet taken is `buffer[start..end]`.
    start: usize,
    end: usize,
    /// How many bytes have been taken.
    taken: u64,
}

enum Feed {
    /// Bytes are read when they are needed.
    Now(Box<dyn Read + Send>),
    /// Bytes are read before they are needed.
    Ahead(Ahead),
}

impl Window {
    /// Reads only when it must: what comes slowly is seen at once.
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Window {
        Window { feed: Feed::Now(reader), buffer: vec![0; BUFFER], start: 0, end: 0, taken: 0 }
    }

    /// The same with a smaller buffer, for who [goes](Window::go_to) here and there.
    pub(super) fn over(reader: Box<dyn Read + Send>, size: usize) -> Window {
        Window { buffer: vec![0; size], ..Window::new(reader) }
    }

    /// Goes to a place in the stream; `seek` is told from where the reader must go on, if it is not held.
    pub(super) fn go_to(&mut self, offset: u64, seek: impl FnOnce(u64)) {
        let begin = self.taken - self.start as u64;
        if (begin..=begin + self.end as u64).contains(&offset) {
            self.start = (offset - begin) as usize;
            self.taken = offset;
            return;
        }
        self.taken = offset;
        self.forget(seek);
    }

    /// Lets go of what is held; `seek` is told from where the reader must go on.
    pub(super) fn forget(&mut self, seek: impl FnOnce(u64)) {
        (self.start, self.end) = (0, 0);
        seek(self.taken);
    }

    /// Reads ahead, if there is a thread to be had: for what is all there.
    pub(super) fn ahead(reader: Box<dyn Read + Send>) -> Window {
        match Ahead::new(reader, ROOM, BUFFER) {
            Ok(ahead) => Window { feed: Feed::Ahead(ahead), buffer: Vec::new(), start: 0, end: 0, taken: 0 },
            Err(reader) => Window::new(reader),
        }
    }

    /// Where in the stream the next byte to be taken stands.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.taken
    }

    /// How many bytes can be taken without reading.
    #[inline]
    pub(super) fn held(&self) -> usize {
        self.end - self.start
    }

    /// Reads until so many bytes are held; false if the stream ends before.
    #[inline]
    pub(super) fn hold(&mut self, count: usize) -> io::Result<bool> {
        if self.held() >= count {
            return Ok(true);
        }
        self.fill(count)
    }

    /// The bytes held; valid to look at after [`hold`](Self::hold).
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes bytes that are held; says where in the buffer they stand until the next `hold`.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> usize {
        debug_assert!(count <= self.held());
        let at = self.start;
        self.start += count;
        self.taken += count as u64;
        at
    }

    /// Bytes that were taken, by their place in the buffer.
    #[inline]
    pub(super) fn taken(&self, at: usize, count: usize) -> &[u8] {
        self.buffer.get(at..at.saturating_add(count)).unwrap_or_default()
    }

    /// Passes over so many bytes without holding them all; says how many there were.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        while left > 0 {
            if !self.hold(1)? {
                break;
            }
            let step = left.min(self.held() as u64);
            self.take(step as usize);
            left -= step;
        }
        Ok(count - left)
    }

    #[cold]
    fn fill(&mut self, count: usize) -> io::Result<bool> {
        match self.feed {
            Feed::Now(_) => self.read(count),
            Feed::Ahead(_) => self.go_on(count),
        }
    }

    /// Takes over what was read ahead until so many bytes are held.
    fn go_on(&mut self, count: usize) -> io::Result<bool> {
        let Feed::Ahead(ahead) = &self.feed else { return Ok(false) };
        while self.end - self.start < count {
            let Some(mut block) = ahead.next()? else { return Ok(false) };
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            match ROOM.checked_sub(held.len()).and_then(|start| Some((start, block.buffer.get_mut(start..ROOM)?))) {
                Some((start, room)) => {
                    room.copy_from_slice(held);
                    (self.start, self.end) = (start, block.end);
                    ahead.give_back(std::mem::replace(&mut self.buffer, block.buffer));
                }
                None => {
                    self.buffer.truncate(self.end);
                    self.buffer.drain(..self.start);
                    self.buffer.extend_from_slice(block.buffer.get(ROOM..block.end).unwrap_or_default());
                    (self.start, self.end) = (0, self.buffer.len());
                    ahead.give_back(block.buffer);
                }
            }
        }
        Ok(true)
    }

    /// Reads until so many bytes are held.
    fn read(&mut self, count: usize) -> io::Result<bool> {
        let Feed::Now(reader) = &mut self.feed else { return Ok(false) };
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() > BUFFER && count <= BUFFER && self.end <= BUFFER {
            self.buffer.truncate(BUFFER);
            self.buffer.shrink_to_fit();
        }
        while self.end < count {
            if self.end == self.buffer.len() {
                // Grows with the bytes that are there, not with the number that a file says.
                self.buffer.resize(self.buffer.len().saturating_mul(2).min(count.max(BUFFER)), 0);
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

    fn window(bytes: u64) -> Window {
        Window::new(Box::new(io::repeat(7).take(bytes)))
    }

    #[test]
    fn the_buffer_grows_with_the_bytes_that_are_there_and_not_with_those_that_are_asked_for() {
        let mut window = window(BUFFER as u64 + 1);
        assert!(!window.hold(64 * BUFFER).expect("no error"));
        assert_eq!((window.held(), window.buffer.len()), (BUFFER + 1, 2 * BUFFER));
    }

    #[test]
    fn the_buffer_shrinks_after_a_bigger_record() {
        let mut window = window(10 * BUFFER as u64);
        assert!(window.hold(5 * BUFFER).expect("no error"));
        window.take(5 * BUFFER);
        assert!(window.hold(1).expect("no error"));
        assert_eq!((window.offset(), window.buffer.capacity()), (5 * BUFFER as u64, BUFFER));
    }

    #[test]
    fn what_is_read_ahead_is_the_same() {
        let bytes: Vec<u8> = (0..3 * BUFFER as u32 / 2).flat_map(u32::to_le_bytes).collect();
        for sizes in [&[16, 1500][..], &[7, BUFFER - 1], &[ROOM, ROOM + 1], &[16, 3 * BUFFER, 1500]] {
            let mut windows = [
                Window::new(Box::new(io::Cursor::new(bytes.clone()))),
                Window::ahead(Box::new(io::Cursor::new(bytes.clone()))),
            ];
            let mut offset = 0;
            for &size in sizes.iter().cycle() {
                let whole = windows.each_mut().map(|window| window.hold(size).expect("no error"));
                assert_eq!(whole, [offset + size <= bytes.len(); 2]);
                if !whole[0] {
                    assert_eq!(windows.each_ref().map(Window::held), [bytes.len() - offset; 2]);
                    break;
                }
                for window in &mut windows {
                    let at = window.take(size);
                    assert_eq!(window.taken(at, size), &bytes[offset..offset + size]);
                }
                offset += size;
            }
        }
    }

    #[test]
    fn what_was_read_before_an_error_is_held_and_the_error_told() {
        let failing = io::repeat(1).take(10).chain(Failing);
        let mut window = Window::ahead(Box::new(failing));
        assert!(window.hold(10).expect("they are there"));
        assert_eq!(window.hold(11).expect_err("no more").to_string(), "the disk is gone");
        assert_eq!(window.held(), 10);
    }

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }

    #[test]
    fn what_is_passed_over_is_not_held() {
        let mut window = window(10 * BUFFER as u64);
        assert_eq!(window.skip(9 * BUFFER as u64 + 3).expect("no error"), 9 * BUFFER as u64 + 3);
        assert_eq!(window.buffer.len(), BUFFER);
        assert_eq!(window.skip(10 * BUFFER as u64).expect("no error"), BUFFER as u64 - 3);
        assert!(!window.hold(1).expect("no error"));
    }
}
