//! Blocking reads from a pipe or a growing file, which a stop signal ends.

use super::stop::StopSignal;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Interval of checks for new bytes at the end of a growing file.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

const BYTES: Token = Token(0);
const STOP: Token = Token(1);

/// A reader that waits for bytes. After a stop signal it returns 0 bytes, as at the end of a file.
pub(super) struct StoppableReader {
    file: File,
    stop: StopSignal,
    poll: Poll,
    events: Events,
    kind: InputKind,
}

/// The kind of an input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InputKind {
    /// An input that can be polled: a pipe, a terminal.
    Pipe,
    /// A file, which is always ready and ends at its last byte.
    File,
    /// A file that others append to.
    Growing,
}

impl StoppableReader {
    /// Creates a reader of a pipe, or of another input that may not support polling.
    pub(super) fn pipe(file: File, stop: StopSignal) -> io::Result<StoppableReader> {
        let mut reader = StoppableReader::new(file, stop, InputKind::Pipe)?;
        if reader.poll.registry().register(&mut SourceFd(&reader.file.as_raw_fd()), BYTES, Interest::READABLE).is_err()
        {
            reader.kind = InputKind::File;
        }
        Ok(reader)
    }

    /// Creates a reader of a file and of the bytes that others append to it.
    pub(super) fn growing(file: File, stop: StopSignal) -> io::Result<StoppableReader> {
        StoppableReader::new(file, stop, InputKind::Growing)
    }

    fn new(file: File, stop: StopSignal, kind: InputKind) -> io::Result<StoppableReader> {
        let poll = Poll::new()?;
        stop.register_waker(Waker::new(poll.registry(), STOP)?);
        Ok(StoppableReader { file, stop, poll, events: Events::with_capacity(4), kind })
    }

    /// Waits for an event, up to `timeout`.
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Checks that the file is not shorter than the bytes already read, as it is after truncation.
    fn check_length(&mut self) -> io::Result<()> {
        let read = self.file.stream_position()?;
        let length = self.file.metadata()?.len();
        if length < read {
            return Err(io::Error::other(format!("file truncated to {length} bytes after {read} bytes were read")));
        }
        Ok(())
    }
}

impl Read for StoppableReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.stop.is_set() {
            match self.kind {
                InputKind::File => return self.file.read(buffer),
                InputKind::Pipe => {
                    // Registered again each time: events are edge-triggered, so bytes left by the last read raise none.
                    let fd = self.file.as_raw_fd();
                    self.poll.registry().reregister(&mut SourceFd(&fd), BYTES, Interest::READABLE)?;
                    self.wait(None)?;
                    if self.events.iter().any(|event| event.token() == BYTES) {
                        match self.file.read(buffer) {
                            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                            result => return result,
                        }
                    }
                }
                InputKind::Growing => match self.file.read(buffer)? {
                    0 => {
                        self.check_length()?;
                        self.wait(Some(POLL_INTERVAL))?;
                    }
                    read => return Ok(read),
                },
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::thread;

    fn pipe() -> (StoppableReader, io::PipeWriter, StopSignal) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let stop = StopSignal::default();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        (StoppableReader::pipe(file, stop.clone()).expect("a reader"), writer, stop)
    }

    #[test]
    fn a_pipe_returns_written_bytes_and_ends_when_its_writer_closes() {
        let (mut reader, mut writer, _) = pipe();
        let mut all = Vec::new();
        let work = thread::spawn(move || {
            for part in ["some", "thing"] {
                writer.write_all(part.as_bytes()).expect("an open reader");
                thread::sleep(Duration::from_millis(20));
            }
        });
        let mut small = [0; 3];
        while let Some(read) = Some(reader.read(&mut small).expect("no error")).filter(|&read| read > 0) {
            all.extend_from_slice(&small[..read]);
        }
        assert_eq!(all, b"something");
        work.join().expect("no panic");
    }

    #[test]
    fn a_stop_signal_ends_a_read_of_a_pipe_or_a_growing_file() {
        let (mut reader, _writer, stop) = pipe();
        let work = thread::spawn(move || reader.read(&mut [0; 8]).expect("no error"));
        thread::sleep(Duration::from_millis(20));
        stop.stop();
        assert_eq!(work.join().expect("no panic"), 0);

        let stop = StopSignal::default();
        let mut reader =
            StoppableReader::growing(tempfile::tempfile().expect("a file"), stop.clone()).expect("a reader");
        let work = thread::spawn(move || reader.read(&mut [0; 8]).expect("no error"));
        stop.stop();
        assert_eq!(work.join().expect("no panic"), 0);
    }

    #[test]
    fn a_growing_file_is_read_and_its_truncation_is_an_error() {
        let mut written = tempfile::NamedTempFile::new().expect("a file");
        let file = File::open(written.path()).expect("the same file");
        let mut reader = StoppableReader::growing(file, StopSignal::default()).expect("a reader");
        written.write_all(b"abc").expect("disk space");
        let mut buffer = [0; 8];
        assert_eq!(reader.read(&mut buffer).expect("no error"), 3);
        let work = thread::spawn(move || {
            let mut buffer = [0; 8];
            let read = reader.read(&mut buffer).expect("no error");
            (reader, buffer[..read].to_vec())
        });
        thread::sleep(Duration::from_millis(20));
        written.write_all(b"def").expect("disk space");
        let (mut reader, read) = work.join().expect("no panic");
        assert_eq!(read, b"def");
        written.as_file().set_len(2).expect("a truncated file");
        let error = reader.read(&mut buffer).expect_err("an error");
        assert_eq!(error.to_string(), "file truncated to 2 bytes after 6 bytes were read");
    }

    #[test]
    fn a_plain_file_opened_as_a_pipe_ends() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"abc").expect("disk space");
        file.rewind().expect("a file");
        let mut reader = StoppableReader::pipe(file, StopSignal::default()).expect("a reader");
        let mut all = Vec::new();
        reader.read_to_end(&mut all).expect("no error");
        assert_eq!(all, b"abc");
    }
}
