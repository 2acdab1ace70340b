//! Reads frames from capture files: pcap and pcapng, plain or compressed, by name or from a pipe.
//!
//! [`Capture`] reads one or several files as one capture and returns one [`Frame`] at a time, borrowed from its buffer.
//! The formats (`pcap`, `pcapng`) and the layers below them (`window`, `decompress`) do not depend on the file system.
//! `file` opens files, and `spool` copies pipes that are read twice.

mod decompress;
mod error;
mod file;
mod follow_growth;
mod format;
mod frame;
mod hosts_file;
mod key_log;
mod merge;
mod name_block;
mod open_file;
mod options;
mod parallel_decoder;
mod pcap;
mod pcapng;
mod peek_reader;
mod read_ahead;
mod reading_threads;
mod record_store;
mod section_log;
mod shared_files;
mod spool;
mod stop;
mod time;
mod window;

pub use decompress::Compression;
pub use error::{Error, FilePart, FormatError, ReadErrorCause};
pub use file::{Capture, CurrentFile, OpenOptions, Progress};
pub use frame::{AddressName, Frame, FrameCopy, FrameHead, Interface, NOT_A_PACKET, Secret};
pub use hosts_file::{HostsLine, read_hosts_file};
pub use key_log::{KeyLogs, add_block_secrets, derived_secrets_block, find_block_secrets, read_block_secrets};
pub use options::FrameOptions;
pub use reading_threads::{core_count, reading_threads};
pub use record_store::{RecordPosition, RecordReader, RecordStore, SectionMetadata};
pub use section_log::{InterfaceDescription, SectionDescription, SectionLog};
pub use shared_files::SharedFiles;
pub use stop::StopSignal;
pub use time::Time;

/// Maximum captured length of a pcap record and maximum length of a pcapng block that is read whole, in bytes.
/// Equals libpcap's limit for pcapng blocks. A greater length is treated as damage.
pub const MAX_RECORD_LEN: u32 = 16 * 1024 * 1024;

/// Maximum length of a pcapng block that is skipped unread, in bytes. A greater length is treated as damage.
pub const MAX_SKIPPED_BLOCK_LEN: u32 = 128 * 1024 * 1024;
