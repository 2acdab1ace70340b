//! What is remembered of each conversation while it lasts.

use crate::capture::Stream;
use dissectors::{Tree, Value, tcp, udp};
use hashbrown::HashMap;
use std::fmt;

/// A conversation: a TCP connection or two ends that send each other datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::check) enum Key {
    /// `tcp.stream`.
    Tcp(u32),
    /// `udp.stream`.
    Udp(u32),
}

impl Key {
    /// The innermost conversation that a frame belongs to.
    pub(in crate::check) fn of(tree: &Tree) -> Option<Key> {
        tree.nodes().iter().rev().find_map(|node| match node.value {
            Value::Uint(number) if node.field.id == tcp::STREAM.id => Some(Key::Tcp(number as u32)),
            Value::Uint(number) if node.field.id == udp::STREAM.id => Some(Key::Udp(number as u32)),
            _ => None,
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Tcp(number) => write!(f, "tcp.stream {number}"),
            Key::Udp(number) => write!(f, "udp.stream {number}"),
        }
    }
}

/// As many conversations are remembered at once: those of UDP have no end.
const MOST: usize = 1 << 18;

/// Something remembered of each conversation.
pub(super) struct Streams<T> {
    map: HashMap<Key, T>,
    /// There were more than are remembered.
    pub(super) full: bool,
}

impl<T: Default> Streams<T> {
    pub(super) fn new() -> Streams<T> {
        Streams { map: HashMap::new(), full: false }
    }

    /// What is remembered of a conversation, which begins here if it is new.
    pub(super) fn begin(&mut self, key: Key) -> Option<&mut T> {
        if self.map.len() == MOST && !self.map.contains_key(&key) {
            self.full = true;
            return None;
        }
        Some(self.map.entry(key).or_default())
    }

    /// What is remembered of a conversation.
    pub(super) fn find(&mut self, key: Key) -> Option<&mut T> {
        self.map.get_mut(&key)
    }

    /// Takes what is remembered of a connection that is over.
    pub(super) fn end(&mut self, stream: &Stream) -> Option<(Key, T)> {
        self.map.remove_entry(&Key::Tcp(stream.number))
    }

    /// Takes what is left, in the order of the conversations.
    pub(super) fn drain(&mut self) -> Vec<(Key, T)> {
        let mut left: Vec<_> = self.map.drain().collect();
        left.sort_unstable_by_key(|(key, _)| *key);
        left
    }
}

/// What to say where more conversations were open at once than are remembered.
pub(super) fn too_many() -> String {
    format!("more than {MOST} conversations at once: it cannot be judged")
}
