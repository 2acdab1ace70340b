//! Who sent frames to whom: each pair of addresses once, and a number for it.

use dissectors::{Value, format};
use hashbrown::HashMap;
use std::fmt;

/// Who sent or received a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// By its IPv4 address.
    V4([u8; 4]),
    /// By its IPv6 address.
    V6([u8; 16]),
    /// By its Ethernet address, where there is no IP packet.
    Ether([u8; 6]),
}

impl Host {
    fn of(value: Option<Value>) -> Option<Host> {
        match value? {
            Value::Ipv4(bytes) => Some(Host::V4(bytes)),
            Value::Ipv6(bytes) => Some(Host::V6(bytes)),
            Value::Ether(bytes) => Some(Host::Ether(bytes)),
            _ => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Host::V4([a, b, c, d]) => write!(f, "{a}.{b}.{c}.{d}"),
            Host::V6(bytes) => format::ipv6(f, bytes),
            Host::Ether(bytes) => format::ether(f, bytes),
        }
    }
}

/// A pair of hosts and which of them sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way(u32);

impl Way {
    /// Of a frame that does not say who sent it to whom.
    pub const NONE: Way = Way(u32::MAX);

    /// The place of the pair in [`Index::pairs`](super::Index::pairs), and which of it is the sender: 0 or 1.
    #[must_use]
    pub fn pair(self) -> Option<(usize, usize)> {
        (self != Way::NONE).then_some(((self.0 >> 1) as usize, (self.0 & 1) as usize))
    }
}

/// The pairs met so far.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    numbers: HashMap<[Host; 2], u32>,
    /// The pair that was met last, and its number: many frames have the same as the frame before.
    last: Option<([Host; 2], u32)>,
}

impl Pairs {
    /// The way of a frame between these; a pair that is new goes to `new`.
    pub(super) fn way(&mut self, source: Option<Value>, destination: Option<Value>, new: &mut Vec<[Host; 2]>) -> Way {
        let (Some(source), Some(destination)) = (Host::of(source), Host::of(destination)) else { return Way::NONE };
        let is_back = source > destination;
        let pair = if is_back { [destination, source] } else { [source, destination] };
        let number = match self.last {
            Some((last, number)) if last == pair => number,
            _ => {
                let next = self.numbers.len() as u32;
                *self.numbers.entry(pair).or_insert_with(|| {
                    new.push(pair);
                    next
                })
            }
        };
        self.last = Some((pair, number));
        Way(number << 1 | u32::from(is_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_between_two_hosts_are_of_one_pair() {
        let [a, b] = [Some(Value::Ipv4([10, 0, 0, 2])), Some(Value::Ipv4([10, 0, 0, 1]))];
        let mut pairs = Pairs::default();
        let mut new = Vec::new();
        let ways = [(a, b), (b, a), (a, a), (a, None), (a, b)].map(|(from, to)| pairs.way(from, to, &mut new).pair());
        assert_eq!(ways, [Some((0, 1)), Some((0, 0)), Some((1, 0)), None, Some((0, 1))]);
        let told: Vec<String> = new.iter().map(|[one, other]| format!("{one} {other}")).collect();
        assert_eq!(told, ["10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.2"]);
    }
}
