//! Where frames come from: capture files in pcap and pcapng, plain or compressed, by name or from a pipe.
//!
//! [`Capture`] reads one or several files as one capture and lends one [`Frame`] at a time out of its buffer. The
//! formats (`pcap`, `pcapng`) and what lies below them (`window`, `unpack`) know nothing of files; `file` is the edge,
//! with `spool` for pipes that are read twice.

mod ahead;
mod error;
mod file;
mod frame;
mod options;
mod patient;
mod pcap;
mod pcapng;
mod shelf;
mod spool;
mod stop;
mod time;
mod unpack;
mod window;

pub use error::{Cause, Error, Flaw, Part};
pub use file::{Capture, Manner, Progress, Reading};
pub use frame::{Frame, Interface, NOT_A_PACKET, Name, Secret};
pub use options::Options;
pub use shelf::{Aside, Place, Reader, Shelf};
pub use stop::Stop;
pub use time::Time;
pub use unpack::Packing;

/// The most captured bytes a pcap record may say it has, and the longest pcapng block that is read whole, in bytes.
/// The same as libpcap's limit for pcapng blocks; a bigger number is taken for damage.
pub const LIMIT: u32 = 16 * 1024 * 1024;

/// The longest pcapng block that is passed over unread, in bytes; a longer one is taken for damage.
pub const SKIP_LIMIT: u32 = 128 * 1024 * 1024;
