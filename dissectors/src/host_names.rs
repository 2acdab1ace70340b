//! Host names of addresses: found in messages and capture files, or given by hosts files, each with its source.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::CompactString;
use core::fmt;
use core::net::IpAddr;

/// Maximum length of a host name in bytes (RFC 1035 2.3.4).
pub const MAX_HOST_NAME: usize = 255;

/// Memory of an entry beside its text, about.
const ENTRY_BYTES: usize = 96;

/// A name of an address, with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    /// The name as its source has it: it may have any characters.
    pub name: CompactString,
    /// Where it comes from.
    pub source: NameSource,
}

/// The source of a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameSource {
    /// A message in a frame of the capture: the protocol and the frame. Anyone can send such a message.
    Message(&'static str, u32),
    /// A block of names in the capture file, and the server that it names, which may be empty.
    Block(CompactString),
    /// A line of a hosts file.
    HostsFile(CompactString, u32),
}

impl fmt::Display for NameSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameSource::Message(protocol, frame) => write!(f, "{protocol} in frame {frame}"),
            NameSource::Block(server) if server.is_empty() => f.write_str("name resolution block of the capture file"),
            NameSource::Block(server) => write!(f, "name resolution block of the capture file, server {server}"),
            NameSource::HostsFile(file, line) => write!(f, "{file} line {line}"),
        }
    }
}

/// Host names of addresses, each with the frame from which it is known.
///
/// Names of hosts files are preferred. Of the other names of an address, a frame has the last one known in it; before
/// the first is known, it has that.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    given: BTreeMap<IpAddr, HostName>,
    /// In the order of their frames.
    found: BTreeMap<IpAddr, Vec<(u32, HostName)>>,
    /// Bytes that further names may use.
    left: usize,
    is_full: bool,
}

impl HostNames {
    /// Returns an empty table that uses at most so many bytes.
    #[must_use]
    pub fn with_limit(bytes: usize) -> HostNames {
        HostNames { left: bytes, ..HostNames::default() }
    }

    /// Whether a name was dropped at the limit.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.found.is_empty()
    }

    /// Adds a name of a hosts file. It replaces an earlier one.
    pub fn give(&mut self, address: IpAddr, name: HostName) {
        if self.reserve(&name) {
            self.given.insert(address, name);
        }
    }

    /// Adds a name that is known from a frame on. Frames are in ascending order. A name that the address has already
    /// keeps its source.
    pub fn add(&mut self, address: IpAddr, name: HostName, frame: u32) {
        let last = self.found.get(&address).and_then(|names| names.last());
        if name.name.is_empty() || last.is_some_and(|(_, last)| last.name == name.name) || !self.reserve(&name) {
            return;
        }
        self.found.entry(address).or_default().push((frame, name));
    }

    fn reserve(&mut self, name: &HostName) -> bool {
        let room = self.left.checked_sub(name.name.len() + ENTRY_BYTES);
        self.left = room.unwrap_or(self.left);
        self.is_full |= room.is_none();
        room.is_some()
    }

    /// Returns the name of an address in a frame.
    #[must_use]
    pub fn get(&self, address: IpAddr, frame: u32) -> Option<&HostName> {
        if let Some(name) = self.given.get(&address) {
            return Some(name);
        }
        let names = self.found.get(&address)?;
        let known = names.partition_point(|&(since, _)| since <= frame);
        names.get(known.saturating_sub(1)).map(|(_, name)| name)
    }
}

/// A name of an address in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundHostName {
    /// The address.
    pub address: IpAddr,
    /// Its name.
    pub name: CompactString,
    /// The protocol of the message.
    pub protocol: &'static str,
}

/// The names that a tree shows: those of its frame.
#[derive(Clone, Debug)]
pub struct FrameHostNames {
    /// The names of all frames.
    pub names: Arc<HostNames>,
    /// The frame.
    pub frame: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::net::Ipv4Addr;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn message(name: &str, frame: u32) -> HostName {
        HostName { name: name.into(), source: NameSource::Message("DNS", frame) }
    }

    fn name(names: &HostNames, frame: u32) -> Option<&str> {
        names.get(ADDRESS, frame).map(|host| host.name.as_str())
    }

    #[test]
    fn a_frame_has_the_last_name_known_in_it_or_else_the_first() {
        let mut names = HostNames::with_limit(1000);
        assert_eq!(name(&names, 1), None);
        for (frame, text) in [(3, "a.test"), (3, "b.test"), (5, "b.test"), (7, "c.test")] {
            names.add(ADDRESS, message(text, frame), frame);
        }
        let of_frames = [1, 3, 4, 6, 7, 9].map(|frame| name(&names, frame).unwrap_or_default());
        assert_eq!(of_frames, ["a.test", "b.test", "b.test", "b.test", "c.test", "c.test"]);
        let source = names.get(ADDRESS, 6).map(|host| host.source.to_string());
        assert_eq!(source.as_deref(), Some("DNS in frame 3"));
        names.give(ADDRESS, HostName { name: "h".into(), source: NameSource::HostsFile("hosts".into(), 2) });
        let given = names.get(ADDRESS, 9).map(|host| (host.name.to_string(), host.source.to_string()));
        assert_eq!(given, Some(("h".into(), "hosts line 2".into())));
    }

    #[test]
    fn names_beyond_the_limit_are_dropped() {
        let mut names = HostNames::with_limit(2 * ENTRY_BYTES + 3);
        for text in ["a", "b", "c", ""] {
            names.add(ADDRESS, message(text, 1), 1);
        }
        assert_eq!((name(&names, 1), names.is_full()), (Some("b"), true));
    }
}
