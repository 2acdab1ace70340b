//! Paths of conversations in datagrams: one that continues between other endpoints is found by identifiers in its datagrams.
//!
//! The datagrams of another path have a conversation of their own by number. The session of the conversation that they continue
//! reads them.

use super::limits;
use super::recent_map::RecentMap;
use crate::capture::Endpoint;
use dissectors::Registry;
use dissectors::datagram_path::{FirstDatagram, KnownPathId, PathId};
use dissectors::session::{Event, Side};

/// Endpoints and identifiers of conversations that may continue between other endpoints.
#[derive(Clone)]
pub(super) struct UdpPaths {
    /// Endpoints of these conversations: at least one of them stays.
    ends: RecentMap<Endpoint, ()>,
    ids: RecentMap<PathId, PathTarget>,
}

impl Default for UdpPaths {
    fn default() -> UdpPaths {
        UdpPaths { ends: RecentMap::new(limits::PATH_IDS), ids: RecentMap::new(limits::PATH_IDS) }
    }
}

/// The conversation of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathTarget {
    pub(super) number: u32,
    /// Client and server.
    pub(super) ends: [Endpoint; 2],
    /// The side that chose the identifier.
    receiver: Side,
}

/// A further path of a conversation.
#[derive(Clone, Debug)]
pub(super) struct UdpPath {
    pub(super) target: PathTarget,
    /// The endpoint of the path that is the side which did not choose the identifier.
    pub(super) sender: Endpoint,
    /// Whether the other endpoint has sent on it, too.
    pub(super) is_answered: bool,
}

impl UdpPath {
    /// Returns the side of the conversation whose datagrams come from an endpoint of the path.
    pub(super) fn side(&self, source: Endpoint) -> Side {
        let receiver = self.target.receiver;
        if source == self.sender { receiver.other() } else { receiver }
    }
}

impl UdpPaths {
    /// Begins the conversation between two endpoints. Returns whether it may continue another.
    pub(super) fn begin(&mut self, registry: &Registry, ends: [Endpoint; 2], first: &[u8], frame: u32) -> bool {
        match registry.first_datagram(first) {
            Some(FirstDatagram::Begins) => {
                for end in ends {
                    if self.ends.get(&end).is_none() {
                        self.ends.insert(end, frame, ());
                    }
                }
                false
            }
            Some(FirstDatagram::MayContinue) => ends.iter().any(|end| self.ends.get(end).is_some()),
            None => false,
        }
    }

    /// Takes the identifiers that the session of a conversation has learned.
    pub(super) fn learn(&mut self, events: &[Event], number: u32, ends: [Endpoint; 2], frame: u32) {
        for event in events {
            let &Event::PathId(KnownPathId { id, receiver }) = event else { continue };
            let target = PathTarget { number, ends, receiver };
            // Anyone can begin a connection with an identifier that was seen on the wire: the first conversation keeps it.
            let is_free = self.ids.get(&id).is_none_or(|known| known.ends == ends && *known != target);
            if is_free {
                self.ids.insert(id, frame, target);
            }
        }
    }

    /// Returns the conversation of a datagram between two endpoints, of which it has one.
    pub(super) fn find(&self, ends: [Endpoint; 2], bytes: &[u8]) -> Option<PathTarget> {
        let has_end = |target: &&PathTarget| target.ends.iter().any(|end| ends.contains(end));
        PathId::candidates(bytes).filter_map(|id| self.ids.get(&id)).find(has_end).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::packet::Address;

    fn end(host: u8, port: u16) -> Endpoint {
        Endpoint { address: Address::V4([10, 0, 0, host]), port }
    }

    #[test]
    fn an_identifier_stays_with_the_conversation_that_had_it_first() {
        let (client, server, other) = (end(1, 50_000), end(2, 443), end(9, 6000));
        let id = PathId::new(&[7; 8]).expect("an identifier");
        let learned = [Event::PathId(KnownPathId { id, receiver: Side::Server })];
        let mut paths = UdpPaths::default();
        paths.learn(&learned, 0, [client, server], 1);
        // Another client begins a connection to the same server, with the identifier that it has seen.
        paths.learn(&learned, 1, [other, server], 2);
        let datagram = [&[0x40][..], &[7; 8], &[0; 20]].concat();
        let found = |paths: &UdpPaths| paths.find([end(1, 60_000), server], &datagram).map(|target| target.number);
        assert_eq!(found(&paths), Some(0));
        // The conversation between the same endpoints has another number after it was dropped.
        paths.learn(&learned, 2, [client, server], 3);
        assert_eq!(found(&paths), Some(2));
    }
}
