//! Errors of written capture files, each shown as one line.

use std::fmt;
use std::io;

/// An error that ended the writing of a capture.
///
/// Shown as one line: the file and the cause.
#[derive(Debug)]
pub struct Error {
    /// Name of the file, or `standard output`.
    pub file: String,
    /// Cause of the error.
    pub cause: WriteErrorCause,
}

/// The cause of an error of a written file.
#[derive(Debug)]
pub enum WriteErrorCause {
    /// The file cannot be created.
    Create(io::Error),
    /// A write fails, for example because the disk is full.
    Write {
        /// System error.
        error: io::Error,
        /// Whether the file is valid: it ends after the last complete packet.
        valid: bool,
    },
    /// The oldest file of a ring cannot be removed.
    Remove(io::Error),
    /// The devices have several link types, and pcap supports one.
    LinkTypes(u16, u16),
    /// The time of a frame is outside the range of pcap.
    TimeRange,
    /// Multiple files are requested without a condition that starts the next file.
    NoRotationCondition,
    /// Multiple files are requested on standard output.
    MultipleFilesToStdout,
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            WriteErrorCause::Create(error) | WriteErrorCause::Write { error, .. } | WriteErrorCause::Remove(error) => {
                Some(error)
            }
            WriteErrorCause::LinkTypes(..)
            | WriteErrorCause::TimeRange
            | WriteErrorCause::NoRotationCondition
            | WriteErrorCause::MultipleFilesToStdout => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.file.chars() {
            // Control characters in a file name are escaped, to protect the terminal.
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        write!(f, ": {}", self.cause)
    }
}

impl fmt::Display for WriteErrorCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteErrorCause::Create(error) if error.kind() == io::ErrorKind::NotFound => {
                f.write_str("no such directory")
            }
            WriteErrorCause::Create(error) => write!(f, "cannot create the file: {}", system_error_text(error)),
            WriteErrorCause::Write { error, valid: true } => {
                write!(f, "write failed: {}; the file ends after the last complete packet", system_error_text(error))
            }
            WriteErrorCause::Write { error, valid: false } => write!(f, "write failed: {}", system_error_text(error)),
            WriteErrorCause::Remove(error) => {
                write!(f, "cannot remove the oldest file of the ring: {}", system_error_text(error))
            }
            WriteErrorCause::TimeRange => f.write_str(
                "pcap supports times from 1970 to 2106, found another; \
                 to write pcapng, use export pcapng, or print -w with a name that ends in .pcapng",
            ),
            WriteErrorCause::LinkTypes(one, other) => write!(
                f,
                "pcap supports one link type per file, found {one} and {other}; \
                 to write pcapng, use export pcapng, or print -w with a name that ends in .pcapng"
            ),
            WriteErrorCause::NoRotationCondition => f.write_str(
                "multiple files requested without a condition for the next file; \
                 add -b filesize:KB, -b packets:N, -b duration:S or -b interval:S",
            ),
            WriteErrorCause::MultipleFilesToStdout => f.write_str("cannot write multiple files; give -w a file name"),
        }
    }
}

/// Returns a system error's text, without its number and with a lower-case first letter.
pub fn system_error_text(error: &io::Error) -> String {
    let text = error.to_string();
    if error.raw_os_error().is_none() {
        return text;
    }
    let message = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = message.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
