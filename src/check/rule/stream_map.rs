//! State kept per open stream.

use crate::capture::Stream;
use dissectors::{Tree, Value, tcp, udp};
use hashbrown::HashMap;
use std::fmt;

/// Number of a stream: a TCP connection or a UDP conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::check) enum StreamKey {
    /// `tcp.stream`.
    Tcp(u32),
    /// `udp.stream`.
    Udp(u32),
}

impl StreamKey {
    /// Returns the innermost stream of a frame.
    pub(in crate::check) fn innermost(tree: &Tree) -> Option<StreamKey> {
        tree.nodes().iter().rev().find_map(|node| match node.value {
            Value::Uint(number) if node.field.id == tcp::STREAM.id => Some(StreamKey::Tcp(number as u32)),
            Value::Uint(number) if node.field.id == udp::STREAM.id => Some(StreamKey::Udp(number as u32)),
            _ => None,
        })
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamKey::Tcp(number) => write!(f, "tcp.stream {number}"),
            StreamKey::Udp(number) => write!(f, "udp.stream {number}"),
        }
    }
}

/// Maximum number of open streams. UDP conversations have no end.
const MAX_STREAMS: usize = 1 << 18;

/// Map from open streams to a state.
pub(super) struct StreamMap<T> {
    map: HashMap<StreamKey, T>,
    /// Whether more streams were open than the limit allows.
    pub(super) overflowed: bool,
}

impl<T: Default> StreamMap<T> {
    pub(super) fn new() -> StreamMap<T> {
        StreamMap { map: HashMap::new(), overflowed: false }
    }

    /// Returns the state of a stream, inserting a default if the stream is new. Returns `None` if the map is full.
    pub(super) fn get_or_insert(&mut self, key: StreamKey) -> Option<&mut T> {
        if self.map.len() == MAX_STREAMS && !self.map.contains_key(&key) {
            self.overflowed = true;
            return None;
        }
        Some(self.map.entry(key).or_default())
    }

    /// Returns the state of a stream.
    pub(super) fn get_mut(&mut self, key: StreamKey) -> Option<&mut T> {
        self.map.get_mut(&key)
    }

    /// Removes a TCP connection that ended, and returns its state.
    pub(super) fn remove(&mut self, stream: &Stream) -> Option<(StreamKey, T)> {
        self.map.remove_entry(&StreamKey::Tcp(stream.number))
    }

    /// Removes all streams and returns their states, sorted by stream.
    pub(super) fn drain_sorted(&mut self) -> Vec<(StreamKey, T)> {
        let mut streams: Vec<_> = self.map.drain().collect();
        streams.sort_unstable_by_key(|(key, _)| *key);
        streams
    }
}

/// Returns the finding for a capture with too many open streams.
pub(super) fn overflow_finding() -> String {
    format!("cannot evaluate: more than {MAX_STREAMS} streams open at once")
}
