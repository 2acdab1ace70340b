//! Pairs of hosts that exchange frames: each pair once, with a number.

use dissectors::{Value, format};
use hashbrown::HashMap;
use std::fmt;

/// A host that sent or received frames, by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// IPv4 address.
    V4([u8; 4]),
    /// IPv6 address.
    V6([u8; 16]),
    /// Ethernet address, for frames without an IP packet.
    Ether([u8; 6]),
}

impl Host {
    /// Returns the host of a column of addresses.
    pub(super) fn from_value(value: Option<Value>) -> Option<Host> {
        match value? {
            Value::Ipv4(bytes) => Some(Host::V4(bytes)),
            Value::Ipv6(bytes) => Some(Host::V6(bytes)),
            Value::Ether(bytes) => Some(Host::Ether(bytes)),
            _ => None,
        }
    }

    /// Returns the kind of a row about the host: `ip` or `eth`.
    pub(super) fn kind(self) -> &'static str {
        if matches!(self, Host::Ether(_)) { "eth" } else { "ip" }
    }

    /// Returns the address as a value of a field.
    pub(super) fn value(self) -> Value {
        match self {
            Host::V4(bytes) => Value::Ipv4(bytes),
            Host::V6(bytes) => Value::Ipv6(bytes),
            Host::Ether(bytes) => Value::Ether(bytes),
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

/// The number of a pair of hosts, and which of them is the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectedPair(u32);

impl DirectedPair {
    /// Value for frames without addresses.
    pub const NONE: DirectedPair = DirectedPair(u32::MAX);

    /// Returns the same direction between the hosts of another pair.
    pub(crate) fn with_pair(self, number: u32) -> DirectedPair {
        DirectedPair(number << 1 | self.0 & 1)
    }

    /// Returns the position of the pair in the list of pairs, and which host sent: 0 or 1.
    #[must_use]
    pub fn pair(self) -> Option<(usize, usize)> {
        (self != DirectedPair::NONE).then_some(((self.0 >> 1) as usize, (self.0 & 1) as usize))
    }
}

/// The pairs so far.
#[derive(Debug, Default)]
pub(crate) struct HostPairs {
    numbers: HashMap<[Host; 2], u32>,
    /// Last pair and its number: consecutive frames often have the same pair.
    last: Option<([Host; 2], u32)>,
}

impl HostPairs {
    /// Returns the pair of a frame's hosts. Appends it to `new` if it is new.
    pub(crate) fn directed_pair(
        &mut self,
        source: Option<Value>,
        destination: Option<Value>,
        new: &mut Vec<[Host; 2]>,
    ) -> DirectedPair {
        let Some((pair, is_reversed)) = ordered_pair(source, destination) else { return DirectedPair::NONE };
        let number = match self.last {
            Some((last, number)) if last == pair => number,
            _ => self.number(pair, new),
        };
        self.last = Some((pair, number));
        DirectedPair(number << 1 | u32::from(is_reversed))
    }

    /// Returns the number of a pair. Appends it to `new` if it is new.
    pub(crate) fn number(&mut self, pair: [Host; 2], new: &mut Vec<[Host; 2]>) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(pair).or_insert_with(|| {
            new.push(pair);
            next
        })
    }

    /// Returns the pair of a frame's hosts, if it is known.
    pub(super) fn known_pair(&self, source: Option<Value>, destination: Option<Value>) -> DirectedPair {
        let known = ordered_pair(source, destination)
            .and_then(|(pair, is_reversed)| Some((*self.numbers.get(&pair)?, is_reversed)));
        known.map_or(DirectedPair::NONE, |(number, is_reversed)| DirectedPair(number << 1 | u32::from(is_reversed)))
    }
}

/// Returns two hosts in the order of a pair, and whether the second one is the sender.
fn ordered_pair(source: Option<Value>, destination: Option<Value>) -> Option<([Host; 2], bool)> {
    let (source, destination) = (Host::from_value(source)?, Host::from_value(destination)?);
    let is_reversed = source > destination;
    Some((if is_reversed { [destination, source] } else { [source, destination] }, is_reversed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_between_two_hosts_are_one_pair() {
        let [a, b] = [Some(Value::Ipv4([10, 0, 0, 2])), Some(Value::Ipv4([10, 0, 0, 1]))];
        let mut pairs = HostPairs::default();
        let mut new = Vec::new();
        let directed = [(a, b), (b, a), (a, a), (a, None), (a, b)];
        let directed = directed.map(|(from, to)| pairs.directed_pair(from, to, &mut new).pair());
        assert_eq!(directed, [Some((0, 1)), Some((0, 0)), Some((1, 0)), None, Some((0, 1))]);
        let names: Vec<String> = new.iter().map(|[one, other]| format!("{one} {other}")).collect();
        assert_eq!(names, ["10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.2"]);
    }
}
