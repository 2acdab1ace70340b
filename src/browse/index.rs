//! Index of a capture: plain data for every frame, call and connection, append-only.

use super::chunked_vec::ChunkedVec;
use crate::capture::{Call, Connection, Endpoint, Stream};
use crate::statistics::{DirectedPair, Host, StackId, StackNames};
use dissectors::host_names::{HostName, HostNames};
use dissectors::{Field, Severity};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Summary of a frame.
#[derive(Clone, Copy, Debug)]
pub struct FrameSummary {
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Bytes on the wire.
    pub length: u32,
    /// TCP connection (`tcp.stream`), or [`NO_STREAM`].
    pub stream: u32,
    /// Source and destination host.
    pub hosts: DirectedPair,
    /// Highest protocol.
    pub protocol: ProtocolName,
    /// Protocol stack.
    pub stack: StackId,
    /// Highest severity of the frame's notes.
    pub severity: Option<Severity>,
}

/// Short name of a protocol, stored in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProtocolName(u8);

/// Short names so far. They are literals in dissectors, so there are some dozens at most.
static PROTOCOL_NAMES: RwLock<Vec<&str>> = RwLock::new(Vec::new());

impl ProtocolName {
    /// Returns the byte of a name. The 256th name and all later ones share the 255th byte.
    #[must_use]
    pub fn new(name: &'static str) -> ProtocolName {
        let find = |names: &[&str]| names.iter().position(|other| *other == name);
        if let Some(index) = find(&PROTOCOL_NAMES.read().unwrap_or_else(PoisonError::into_inner)) {
            return ProtocolName(index as u8);
        }
        let mut names = PROTOCOL_NAMES.write().unwrap_or_else(PoisonError::into_inner);
        let index = find(&names).unwrap_or_else(|| {
            if names.len() < 255 {
                names.push(name);
            }
            names.len() - 1
        });
        ProtocolName(index as u8)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let names = PROTOCOL_NAMES.read().unwrap_or_else(PoisonError::into_inner);
        names.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// Stream number of a frame without a TCP connection.
pub const NO_STREAM: u32 = u32::MAX;

/// Times of a capture's frames, without the frames that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureTimes {
    /// Earliest time, in nanoseconds since 1970.
    pub earliest: i64,
    /// Latest time, in nanoseconds since 1970.
    pub latest: i64,
    /// Time of the last frame, in nanoseconds since 1970.
    pub last: i64,
    /// Whether any frame is earlier than its predecessor.
    pub has_backward_step: bool,
}

impl CaptureTimes {
    /// Returns the times so far, extended by the time of the next frame.
    #[must_use]
    pub fn extended_by(before: Option<CaptureTimes>, time: i64) -> CaptureTimes {
        let Some(before) = before else {
            return CaptureTimes { earliest: time, latest: time, last: time, has_backward_step: false };
        };
        CaptureTimes {
            earliest: before.earliest.min(time),
            latest: before.latest.max(time),
            last: time,
            has_backward_step: before.has_backward_step || time < before.last,
        }
    }

    /// Returns the nanoseconds from the earliest to the latest time.
    #[must_use]
    pub fn span(&self) -> i64 {
        self.latest.saturating_sub(self.earliest)
    }
}

/// An expert note of a frame. Consecutive duplicates within a frame are recorded once.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// Frame number.
    pub frame: u32,
    /// Field of the note.
    pub field: &'static Field,
    /// Severity.
    pub severity: Severity,
}

/// Loading progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LoadState {
    /// Loading has started.
    #[default]
    Starting,
    /// Fraction read, from 0 to 1; `None` if the total is unknown.
    Reading(Option<f32>),
    /// A running live capture.
    Live {
        /// System names of the interfaces, separated by commas.
        name: String,
        /// Frames dropped so far by the kernel, the interface and overhear.
        dropped: [u64; 3],
    },
    /// A live capture that has ended. All of its frames are indexed.
    LiveEnded {
        /// System names of the interfaces, separated by commas.
        name: String,
        /// Frames dropped by the kernel, the interface and overhear.
        dropped: [u64; 3],
        /// Reason for the end.
        reason: CaptureEnd,
    },
    /// The capture is read completely, or up to this error.
    Complete(Option<String>),
}

/// The reason for the end of a live capture.
#[derive(Clone, Debug, PartialEq)]
pub enum CaptureEnd {
    /// Packet limit reached.
    Packets(u64),
    /// Time limit reached.
    Time(Duration),
    /// Error, in one line.
    Failed(String),
    /// Stopped by the user.
    Stopped,
}

impl LoadState {
    /// Whether no more frames will come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self, LoadState::Complete(_) | LoadState::LiveEnded { .. })
    }
}

/// The index of a capture.
#[derive(Debug, Default)]
pub struct Index {
    /// Frames; frame n is at n - 1.
    pub frames: ChunkedVec<FrameSummary>,
    /// Pairs of hosts that exchange frames, each once, the lesser address first.
    pub pairs: Vec<[Host; 2]>,
    /// Protocol stacks of the frames, each once.
    pub stacks: Vec<StackNames>,
    /// Connections, by number. An entry is replaced when the connection changes.
    pub streams: ChunkedVec<Stream>,
    /// Connections in datagrams, such as those of QUIC, in the order of their ends.
    pub connections: ChunkedVec<Connection>,
    /// Calls, in the order of their ends.
    pub calls: ChunkedVec<Call>,
    /// Notes, in frame order.
    pub notes: ChunkedVec<Note>,
    /// Times of the frames, if any has one.
    pub times: Option<CaptureTimes>,
    /// Loading progress.
    pub state: LoadState,
    /// Host names of addresses in the frames so far.
    pub host_names: Arc<HostNames>,
    /// Whether the names are shown instead of the addresses.
    pub shows_names: bool,
}

impl Index {
    /// Returns the name of an endpoint in a frame, if names are shown and it has one.
    #[must_use]
    pub fn host_name(&self, end: Endpoint, frame: u32) -> Option<&HostName> {
        self.host_names.get(end.address.ip()?, frame).filter(|_| self.shows_names)
    }

    /// Returns the number of indexed frames of a TCP connection.
    #[must_use]
    pub fn frames_of(&self, stream: u32) -> u64 {
        self.streams.get(stream as usize).map_or(0, |stream| stream.total(|side| side.frames))
    }

    /// Applies an update.
    pub fn apply(&mut self, update: IndexUpdate) {
        self.frames.extend(update.frames);
        self.pairs.extend(update.pairs);
        self.stacks.extend(update.stacks);
        for stream in update.streams {
            let number = stream.number as usize;
            match self.streams.get_mut(number) {
                Some(entry) => *entry = stream,
                // New connections come in the order of their numbers.
                None => self.streams.push(stream),
            }
        }
        self.connections.extend(update.connections);
        self.calls.extend(update.calls);
        self.notes.extend(update.notes);
        self.host_names = update.host_names.unwrap_or_else(|| std::mem::take(&mut self.host_names));
        self.times = update.times;
        self.state = update.state;
    }
}

/// New index entries.
#[derive(Debug, Default)]
pub struct IndexUpdate {
    /// Next frames.
    pub frames: Vec<FrameSummary>,
    /// Next pairs of hosts.
    pub pairs: Vec<[Host; 2]>,
    /// Next protocol stacks.
    pub stacks: Vec<StackNames>,
    /// New or changed connections, by number.
    pub streams: Vec<Stream>,
    /// Next connections in datagrams.
    pub connections: Vec<Connection>,
    /// Next calls.
    pub calls: Vec<Call>,
    /// Next notes.
    pub notes: Vec<Note>,
    /// Host names of addresses so far, if there are new ones.
    pub host_names: Option<Arc<HostNames>>,
    /// Times of all frames so far.
    pub times: Option<CaptureTimes>,
    /// Loading progress.
    pub state: LoadState,
}
