//! What is known of a capture without reading it again: plain data, append only.

use crate::capture::{Call, Stream};
use dissectors::{Field, Severity};

/// What is kept of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Bytes on the wire.
    pub length: u32,
    /// Its TCP connection (`tcp.stream`), [`NO_STREAM`] if it has none.
    pub stream: u32,
    /// The short name of its highest protocol.
    pub protocol: &'static str,
    /// The worst of what was noted in it.
    pub worst: Option<Severity>,
}

/// The stream of a frame without one.
pub const NO_STREAM: u32 = u32::MAX;

/// Something odd in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// The frame.
    pub frame: u32,
    /// What.
    pub field: &'static Field,
    /// How bad it is.
    pub severity: Severity,
}

/// How far the reading is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Being read; the part from 0 to 1, if that can be told.
    #[default]
    Begun,
    /// So much of it was read, from 0 to 1; `None` if that cannot be told.
    Reading(Option<f32>),
    /// An interface that is listened to; its name, and frames lost so far to the kernel, the interface, ourselves.
    Live { name: String, lost: [u64; 3] },
    /// All that there is, or what could be read until this error.
    Whole(Option<String>),
}

/// All that is known of a capture so far.
#[derive(Debug, Default)]
pub struct Index {
    /// Frames; that of number n at n - 1.
    pub frames: Vec<Fact>,
    /// Connections, by their number. A row that is not closed is replaced when more is known.
    pub streams: Vec<Stream>,
    /// Calls, in the order in which they ended.
    pub calls: Vec<Call>,
    /// What was odd, in the order of the frames.
    pub notes: Vec<Note>,
    /// How far the reading is.
    pub state: State,
}
