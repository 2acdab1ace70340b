//! Errors of capture files, each shown as one line.

use std::fmt;
use std::io;

use super::MAX_RECORD_LEN;
use super::decompress::Compression;

/// An error that ended the reading of a capture file.
///
/// Shown as one line: the file, the offset if it is meaningful, and the cause.
#[derive(Debug)]
pub struct Error {
    /// Name of the file as given.
    pub file: String,
    /// Offset of the affected record in the decompressed file, in bytes.
    pub offset: u64,
    /// Cause of the error.
    pub cause: ReadErrorCause,
}

/// The cause of a capture file error.
#[derive(Debug)]
pub enum ReadErrorCause {
    /// The file cannot be opened or read.
    Io(io::Error),
    /// The input cannot be copied for the second pass.
    Spool(io::Error),
    /// The compressed stream is damaged or truncated.
    Compressed(Compression, io::Error),
    /// The file is empty.
    Empty,
    /// The file is not a capture.
    NotACapture {
        /// First bytes of the file, up to 8.
        first_bytes: Vec<u8>,
        /// Probable type of the file, if recognized.
        looks_like: Option<&'static str>,
    },
    /// The version of the file format is not supported.
    Version {
        /// File format.
        format: &'static str,
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// The file is truncated.
    Truncated {
        /// Truncated part.
        part: FilePart,
        /// Bytes of the part that were found.
        found: u64,
        /// Bytes of the part that were expected.
        expected: u64,
    },
    /// A record is malformed.
    Malformed(FormatError),
}

/// A part of a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePart {
    /// The 24 bytes at the start of a pcap file.
    FileHeader,
    /// The header of a record in a pcap file.
    RecordHeader,
    /// A record of a pcap file, including its header.
    Record,
    /// The type and length of a pcapng block.
    BlockHeader,
    /// A pcapng block.
    Block,
}

/// An inconsistency in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The captured length of a pcap record exceeds [`MAX_RECORD_LEN`].
    RecordTooLong(u32),
    /// The length of a pcapng block exceeds [`MAX_RECORD_LEN`], or
    /// [`MAX_SKIPPED_BLOCK_LEN`](super::MAX_SKIPPED_BLOCK_LEN) if its type is unknown.
    BlockTooLong {
        /// Stated length.
        length: u32,
        /// Maximum length.
        limit: u32,
    },
    /// The length of a pcapng block is less than that of its header.
    BlockTooShort {
        /// Kind of block, as text.
        block: &'static str,
        /// Stated length.
        length: u32,
        /// Minimum length.
        minimum: u32,
    },
    /// The two lengths of a pcapng block differ.
    LengthsDiffer {
        /// Length at the start of the block.
        first: u32,
        /// Length at the end of the block.
        last: u32,
    },
    /// The captured length of a packet exceeds its block.
    PacketExceedsBlock {
        /// Stated length.
        captured: u32,
        /// Bytes available in the block.
        available: u32,
    },
    /// The interface of a packet is not described in its section.
    UnknownInterface {
        /// Number of the interface.
        id: u32,
        /// Number of interfaces described.
        described: u32,
    },
    /// A section describes more interfaces than this limit.
    TooManyInterfaces(u32),
    /// The length of an option exceeds its block.
    OptionExceedsBlock {
        /// Code of the option.
        code: u16,
        /// Stated length.
        length: u16,
        /// Bytes left in the block.
        left: u32,
    },
    /// The length of a name or a secret exceeds its block.
    EntryExceedsBlock {
        /// Stated length.
        length: u32,
        /// Bytes left in the block.
        left: u32,
    },
    /// The byte-order magic of a section is invalid in both byte orders.
    ByteOrder(u32),
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            ReadErrorCause::Io(error) | ReadErrorCause::Spool(error) | ReadErrorCause::Compressed(_, error) => {
                Some(error)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.file.chars() {
            // Control characters in a file name are escaped, to protect the terminal.
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        // Offset 0 is shown only for errors that concern a record.
        let has_offset = matches!(
            self.cause,
            ReadErrorCause::Malformed(_) | ReadErrorCause::Truncated { .. } | ReadErrorCause::Compressed(..)
        );
        if has_offset || self.offset > 0 {
            write!(f, ": at byte {}", self.offset)?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl fmt::Display for ReadErrorCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadErrorCause::Io(error) => write!(f, "{}", system_error_text(error)),
            ReadErrorCause::Spool(error) => {
                write!(f, "cannot copy the input to a temporary file: {}", system_error_text(error))
            }
            ReadErrorCause::Compressed(compression, error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                write!(f, "truncated {compression} data")
            }
            ReadErrorCause::Compressed(compression, error) => {
                write!(f, "invalid {compression} data: {}", system_error_text(error))
            }
            ReadErrorCause::Empty => write!(f, "expected a capture (pcap or pcapng), found an empty file"),
            ReadErrorCause::NotACapture { first_bytes: first, looks_like } => {
                let found = looks_like.unwrap_or("unknown data");
                write!(f, "expected a capture (pcap or pcapng), found {found} (first bytes:")?;
                for byte in first {
                    write!(f, " {byte:02x}")?;
                }
                write!(f, ")")
            }
            ReadErrorCause::Version { format, major, minor } => {
                let expected = if *format == "pcap" { "2.4" } else { "1.0" };
                write!(f, "expected {format} version {expected}, found {major}.{minor}")
            }
            ReadErrorCause::Truncated { part, found, expected } => {
                write!(f, "truncated {part}: expected {expected} bytes, found {found}")
            }
            ReadErrorCause::Malformed(error) => error.fmt(f),
        }
    }
}

/// Returns a system error's text, without its number and with a lower-case first letter.
fn system_error_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "expected a capture file, found a directory".into(),
        _ => {
            let text = error.to_string();
            // "Input/output error (os error 5)": the number is omitted.
            let message = text.split(" (os error").next().unwrap_or(&text);
            let mut chars = message.chars();
            let first = chars.next().map(|c| c.to_ascii_lowercase());
            first.into_iter().chain(chars).collect()
        }
    }
}

impl fmt::Display for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FilePart::FileHeader => "pcap file header",
            FilePart::RecordHeader => "record header",
            FilePart::Record => "record",
            FilePart::BlockHeader => "block header",
            FilePart::Block => "block",
        })
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            FormatError::RecordTooLong(captured) => {
                write!(f, "captured length {captured} exceeds the limit of {MAX_RECORD_LEN} bytes")
            }
            FormatError::BlockTooLong { length, limit } => {
                write!(f, "block length {length} exceeds the limit of {limit} bytes")
            }
            FormatError::BlockTooShort { block, length, minimum } => {
                write!(f, "{block} too short: expected at least {minimum} bytes, found {length}")
            }
            FormatError::LengthsDiffer { first, last } => {
                write!(f, "block lengths differ: {first} at the start, {last} at the end")
            }
            FormatError::PacketExceedsBlock { captured, available } => {
                write!(f, "captured length {captured} exceeds the {available} bytes available in the block")
            }
            FormatError::UnknownInterface { id, described } => {
                write!(f, "unknown interface {id} (interfaces described in the section: {described})")
            }
            FormatError::TooManyInterfaces(limit) => {
                write!(f, "more than {limit} interfaces in one section")
            }
            FormatError::OptionExceedsBlock { code, length, left } => {
                write!(f, "length {length} of option {code} exceeds the {left} bytes left in the block")
            }
            FormatError::EntryExceedsBlock { length, left } => {
                write!(f, "entry length {length} exceeds the {left} bytes left in the block")
            }
            FormatError::ByteOrder(magic) => {
                write!(f, "expected byte-order magic 0x1a2b3c4d in either byte order, found {magic:#010x}")
            }
        }
    }
}

/// The cause and offset of an error, before the name of its file is added.
#[derive(Debug)]
pub(super) struct LocatedCause {
    pub(super) offset: u64,
    pub(super) cause: ReadErrorCause,
}

impl LocatedCause {
    pub(super) fn new(offset: u64, cause: ReadErrorCause) -> Box<LocatedCause> {
        Box::new(LocatedCause { offset, cause })
    }

    pub(super) fn truncated(offset: u64, part: FilePart, found: u64, expected: u64) -> Box<LocatedCause> {
        LocatedCause::new(offset, ReadErrorCause::Truncated { part, found, expected })
    }

    pub(super) fn malformed(offset: u64, error: FormatError) -> Box<LocatedCause> {
        LocatedCause::new(offset, ReadErrorCause::Malformed(error))
    }
}
