//! What can be wrong with a file that is written, said in one line.

use std::fmt;
use std::io;

/// Why a capture is not written, or not on.
///
/// Shown as one line: the file and what is wrong with it.
#[derive(Debug)]
pub struct Error {
    /// The file by its name, or `standard output`.
    pub file: String,
    /// What is wrong.
    pub cause: Cause,
}

/// What is wrong with a file that is written.
#[derive(Debug)]
pub enum Cause {
    /// It cannot be made.
    Create(io::Error),
    /// It cannot be written on, because the disk is full, say.
    Write {
        /// What the system says.
        error: io::Error,
        /// Whether the file is valid: it ends after the last packet that went in whole.
        valid: bool,
    },
    /// It is the oldest of a ring and cannot be removed.
    Remove(io::Error),
    /// The packets are of several link types, and pcap has one.
    LinkTypes(u16, u16),
    /// Several files were asked for, and nothing says when the next begins.
    NeverNext,
    /// Several files were asked for, and standard output is one.
    OneOutput,
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Create(error) | Cause::Write { error, .. } | Cause::Remove(error) => Some(error),
            Cause::LinkTypes(..) | Cause::NeverNext | Cause::OneOutput => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.file.chars() {
            // A file's name may hold anything; a terminal gets no control characters of it.
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        write!(f, ": {}", self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Create(error) if error.kind() == io::ErrorKind::NotFound => f.write_str("there is no such folder"),
            Cause::Create(error) => write!(f, "it cannot be written: {}", plain(error)),
            Cause::Write { error, valid: true } => {
                write!(f, "it cannot be written on: {}; it ends after the last whole packet", plain(error))
            }
            Cause::Write { error, valid: false } => write!(f, "it cannot be written on: {}", plain(error)),
            Cause::Remove(error) => write!(f, "the oldest file of the ring cannot be removed: {}", plain(error)),
            Cause::LinkTypes(one, other) => write!(
                f,
                "a pcap file has packets of one link type, these devices have {one} and {other}; \
                 pcapng takes both: name it .pcapng"
            ),
            Cause::NeverNext => f.write_str(
                "several files were asked for, but not when the next begins: \
                 add -b filesize:KB, -b packets:N, -b duration:S or -b interval:S",
            ),
            Cause::OneOutput => f.write_str("several files were asked for; give -w a name"),
        }
    }
}

/// What the system says, without the number that tells no more than the words.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
