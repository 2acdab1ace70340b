//! Bytes that come slowly, from a pipe or at the end of a file that grows, until somebody says stop.

use super::stop::Stop;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// How often the end of a growing file is looked at.
const TICK: Duration = Duration::from_millis(50);

const BYTES: Token = Token(0);
const STOP: Token = Token(1);

/// A reader that waits and can be stopped; it then ends as a file does.
pub(super) struct Patient {
    file: File,
    stop: Stop,
    poll: Poll,
    events: Events,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It can be waited for: a pipe, a terminal.
    Pipe,
    /// It is always ready: a file, which ends where it ends.
    File,
    /// A file that has no end.
    Growing,
}

impl Patient {
    /// Reads a pipe, or whatever is in its place.
    pub(super) fn pipe(file: File, stop: Stop) -> io::Result<Patient> {
        let mut patient = Patient::new(file, stop, Kind::Pipe)?;
        if patient
            .poll
            .registry()
            .register(&mut SourceFd(&patient.file.as_raw_fd()), BYTES, Interest::READABLE)
            .is_err()
        {
            patient.kind = Kind::File;
        }
        Ok(patient)
    }

    /// Reads a file, and what others write to it.
    pub(super) fn growing(file: File, stop: Stop) -> io::Result<Patient> {
        Patient::new(file, stop, Kind::Growing)
    }

    fn new(file: File, stop: Stop, kind: Kind) -> io::Result<Patient> {
        let poll = Poll::new()?;
        stop.wake(Waker::new(poll.registry(), STOP)?);
        Ok(Patient { file, stop, poll, events: Events::with_capacity(4), kind })
    }

    /// Waits until something happens.
    fn wait(&mut self, most: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, most) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// A file that is shorter than what was read of it was begun anew.
    fn check_length(&mut self) -> io::Result<()> {
        let read = self.file.stream_position()?;
        let length = self.file.metadata()?.len();
        if length < read {
            return Err(io::Error::other(format!("it was cut to {length} bytes after {read} were read")));
        }
        Ok(())
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.stop.is_set() {
            match self.kind {
                Kind::File => return self.file.read(buffer),
                Kind::Pipe => {
                    // Said again each time: only news are told, and what the last reading left is none.
                    let fd = self.file.as_raw_fd();
                    self.poll.registry().reregister(&mut SourceFd(&fd), BYTES, Interest::READABLE)?;
                    self.wait(None)?;
                    if self.events.iter().any(|event| event.token() == BYTES) {
                        return self.file.read(buffer);
                    }
                }
                Kind::Growing => match self.file.read(buffer)? {
                    0 => {
                        self.check_length()?;
                        self.wait(Some(TICK))?;
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

    fn pipe() -> (Patient, io::PipeWriter, Stop) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let stop = Stop::default();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        (Patient::pipe(file, stop.clone()).expect("it can be waited for"), writer, stop)
    }

    #[test]
    fn a_pipe_gives_what_comes_and_ends_when_nobody_writes() {
        let (mut patient, mut writer, _) = pipe();
        let mut all = Vec::new();
        let work = thread::spawn(move || {
            for part in ["some", "thing"] {
                writer.write_all(part.as_bytes()).expect("it is read");
                thread::sleep(Duration::from_millis(20));
            }
        });
        let mut small = [0; 3];
        while let Some(read) = Some(patient.read(&mut small).expect("it is readable")).filter(|&read| read > 0) {
            all.extend_from_slice(&small[..read]);
        }
        assert_eq!(all, b"something");
        work.join().expect("no panic");
    }

    #[test]
    fn who_waits_for_a_pipe_or_a_file_can_be_stopped() {
        let (mut patient, _writer, stop) = pipe();
        let work = thread::spawn(move || patient.read(&mut [0; 8]).expect("no error"));
        thread::sleep(Duration::from_millis(20));
        stop.stop();
        assert_eq!(work.join().expect("no panic"), 0);

        let stop = Stop::default();
        let mut patient = Patient::growing(tempfile::tempfile().expect("a file"), stop.clone()).expect("a reader");
        let work = thread::spawn(move || patient.read(&mut [0; 8]).expect("no error"));
        stop.stop();
        assert_eq!(work.join().expect("no panic"), 0);
    }

    #[test]
    fn a_file_is_read_as_it_grows_and_noticed_when_it_shrinks() {
        let mut written = tempfile::NamedTempFile::new().expect("a file");
        let file = File::open(written.path()).expect("it is there");
        let mut patient = Patient::growing(file, Stop::default()).expect("a reader");
        written.write_all(b"abc").expect("room");
        let mut buffer = [0; 8];
        assert_eq!(patient.read(&mut buffer).expect("it is readable"), 3);
        let work = thread::spawn(move || {
            let mut buffer = [0; 8];
            let read = patient.read(&mut buffer).expect("it is readable");
            (patient, buffer[..read].to_vec())
        });
        thread::sleep(Duration::from_millis(20));
        written.write_all(b"def").expect("room");
        let (mut patient, read) = work.join().expect("no panic");
        assert_eq!(read, b"def");
        written.as_file().set_len(2).expect("it can be cut");
        let error = patient.read(&mut buffer).expect_err("it was cut");
        assert_eq!(error.to_string(), "it was cut to 2 bytes after 6 were read");
    }

    #[test]
    fn a_plain_file_in_the_place_of_a_pipe_ends() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"abc").expect("room");
        file.rewind().expect("a file");
        let mut patient = Patient::pipe(file, Stop::default()).expect("a reader");
        let mut all = Vec::new();
        patient.read_to_end(&mut all).expect("it is readable");
        assert_eq!(all, b"abc");
    }
}
