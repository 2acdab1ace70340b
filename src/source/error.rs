//! What can be wrong with a capture file, said in one line.

use std::fmt;
use std::io;

use super::LIMIT;
use super::unpack::Packing;

/// Why a capture was not read, or not to its end.
///
/// Shown as one line: the file, the offset where that tells something, and what is wrong there.
#[derive(Debug)]
pub struct Error {
    /// The file as it was named.
    pub file: String,
    /// Where in the (unpacked) file the record in question begins, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub cause: Cause,
}

/// What is wrong with a capture.
#[derive(Debug)]
pub enum Cause {
    /// The file cannot be opened or read.
    Io(io::Error),
    /// What was read cannot be kept for the second reading.
    Spool(io::Error),
    /// The compressed stream is damaged or cut short.
    Packed(Packing, io::Error),
    /// The file holds not one byte.
    Empty,
    /// The file is something else.
    NotACapture {
        /// Its first bytes, up to 8.
        first: Vec<u8>,
        /// What it seems to be.
        known: Option<&'static str>,
    },
    /// The file's format has a version whose layout is not known.
    Version {
        /// Of which format.
        format: &'static str,
        /// The number before the point.
        major: u16,
        /// The number behind it.
        minor: u16,
    },
    /// The file ends within something.
    CutShort {
        /// What is cut.
        part: Part,
        /// How many of its bytes are there.
        have: u64,
        /// How many there should be.
        want: u64,
    },
    /// A record says what cannot be.
    Malformed(Flaw),
}

/// The parts a capture file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The 24 bytes at the start of a pcap file.
    FileHeader,
    /// What stands before a frame in a pcap file.
    RecordHeader,
    /// A frame of a pcap file, its header included.
    Record,
    /// The type and the length of a pcapng block.
    BlockHeader,
    /// A pcapng block.
    Block,
}

/// How a record contradicts itself or its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A pcap record says more captured bytes than [`LIMIT`].
    RecordTooLong(u32),
    /// A pcapng block says it is longer than [`LIMIT`], or than [`SKIP_LIMIT`](super::SKIP_LIMIT) if its type is not known.
    BlockTooLong {
        /// What it says.
        length: u32,
        /// What it may say.
        limit: u32,
    },
    /// A pcapng block says it is shorter than its own header.
    BlockTooShort {
        /// What kind of block, in words.
        block: &'static str,
        /// What it says.
        length: u32,
        /// The least that holds its header.
        least: u32,
    },
    /// The lengths at the two ends of a pcapng block are not the same.
    LengthsDiffer {
        /// At its start.
        first: u32,
        /// At its end.
        last: u32,
    },
    /// A packet says more captured bytes than its block has room for.
    PacketPastBlock {
        /// What it says.
        captured: u32,
        /// The room.
        room: u32,
    },
    /// A packet names an interface that its section does not describe.
    NoInterface {
        /// The interface it names.
        id: u32,
        /// How many are described.
        described: u32,
    },
    /// A section describes more interfaces than are kept.
    TooManyInterfaces(u32),
    /// An option says it is longer than what is left of its block.
    OptionPastBlock {
        /// The option's code.
        code: u16,
        /// What it says.
        length: u16,
        /// What is left.
        left: u32,
    },
    /// A name or a secret says it is longer than what is left of its block.
    EntryPastBlock {
        /// What it says.
        length: u32,
        /// What is left.
        left: u32,
    },
    /// The magic number that tells a section's byte order is neither order.
    ByteOrder(u32),
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Io(error) | Cause::Spool(error) | Cause::Packed(_, error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.file.chars() {
            // A file's name may hold anything; a terminal gets no control characters of it.
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        // At the start of a file the place says nothing, except that a record stands there.
        let placed = matches!(self.cause, Cause::Malformed(_) | Cause::CutShort { .. } | Cause::Packed(..));
        if placed || self.offset > 0 {
            write!(f, ": at byte {}", self.offset)?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Io(error) => write!(f, "{}", plain(error)),
            Cause::Spool(error) => write!(f, "no room to keep it for the second reading: {}", plain(error)),
            Cause::Packed(packing, error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                write!(f, "the {packing} data are cut short")
            }
            Cause::Packed(packing, error) => write!(f, "the {packing} data are damaged: {}", plain(error)),
            Cause::Empty => write!(f, "the file is empty, a capture (pcap or pcapng) was wanted"),
            Cause::NotACapture { first, known } => {
                write!(f, "the file begins with ")?;
                for (i, byte) in first.iter().enumerate() {
                    write!(f, "{}{byte:02x}", if i == 0 { "" } else { " " })?;
                }
                if let Some(known) = known {
                    write!(f, ", which is {known}")?;
                }
                write!(f, "; a capture (pcap or pcapng) was wanted")
            }
            Cause::Version { format, major, minor } => {
                let wanted = if *format == "pcap" { "2.4" } else { "1.0" };
                write!(f, "the file is {format} version {major}.{minor}, {wanted} was wanted")
            }
            Cause::CutShort { part, have, want } => {
                write!(f, "the file ends after {have} of the {want} bytes of a {part}")
            }
            Cause::Malformed(flaw) => flaw.fmt(f),
        }
    }
}

/// The system's words for an error, in our form.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission to read it is denied".into(),
        io::ErrorKind::IsADirectory => "a directory, a capture file was wanted".into(),
        _ => {
            let text = error.to_string();
            // "Input/output error (os error 5)": the number says nothing that the words do not.
            let words = text.split(" (os error").next().unwrap_or(&text);
            let mut letters = words.chars();
            let first = letters.next().map(|c| c.to_ascii_lowercase());
            first.into_iter().chain(letters).collect()
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::FileHeader => "pcap file header",
            Part::RecordHeader => "record header",
            Part::Record => "record",
            Part::BlockHeader => "block header",
            Part::Block => "block",
        })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Flaw::RecordTooLong(captured) => {
                write!(f, "the record says {captured} captured bytes, more than the limit of {LIMIT}")
            }
            Flaw::BlockTooLong { length, limit } => {
                write!(f, "the block says it is {length} bytes long, more than the limit of {limit}")
            }
            Flaw::BlockTooShort { block, length, least } => {
                write!(f, "the block says it is {length} bytes long, {block} has at least {least}")
            }
            Flaw::LengthsDiffer { first, last } => {
                write!(f, "the block says it is {first} bytes long at its start and {last} at its end")
            }
            Flaw::PacketPastBlock { captured, room } => {
                write!(f, "the packet says {captured} captured bytes, its block has room for {room}")
            }
            Flaw::NoInterface { id, described } => {
                write!(f, "the packet is of interface {id}, the section describes {described}")
            }
            Flaw::TooManyInterfaces(limit) => {
                write!(f, "the section describes more than {limit} interfaces")
            }
            Flaw::OptionPastBlock { code, length, left } => {
                write!(f, "option {code} says it is {length} bytes long, {left} are left in its block")
            }
            Flaw::EntryPastBlock { length, left } => {
                write!(f, "an entry says it is {length} bytes long, {left} are left in its block")
            }
            Flaw::ByteOrder(magic) => {
                write!(f, "the section's byte-order magic is {magic:#010x}, 0x1a2b3c4d was wanted in either order")
            }
        }
    }
}

/// What went wrong and where, before it is known in which file.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) offset: u64,
    pub(super) cause: Cause,
}

impl Fault {
    pub(super) fn new(offset: u64, cause: Cause) -> Box<Fault> {
        Box::new(Fault { offset, cause })
    }

    pub(super) fn cut(offset: u64, part: Part, have: u64, want: u64) -> Box<Fault> {
        Fault::new(offset, Cause::CutShort { part, have, want })
    }

    pub(super) fn flaw(offset: u64, flaw: Flaw) -> Box<Fault> {
        Fault::new(offset, Cause::Malformed(flaw))
    }
}
