//! Packets: dissection from the link layer to the transport layer. Each layer determines the next.

use crate::Registry;
use crate::tree::{Slice, Tree, Value};

/// Bytes passed to one dissector, with their number on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payload<'b> {
    /// Captured bytes.
    pub bytes: &'b [u8],
    /// Position of the first byte in the tree's store.
    pub base: u32,
    /// Number of bytes on the wire; larger than `bytes` if the frame was truncated at capture.
    pub wire: u32,
}

impl<'b> Payload<'b> {
    /// Creates a payload that is not truncated.
    #[must_use]
    pub fn whole(bytes: &'b [u8], base: u32) -> Payload<'b> {
        Payload { bytes, base, wire: bytes.len() as u32 }
    }

    /// Returns the payload without its first `n` bytes.
    #[must_use]
    pub fn from(self, n: usize) -> Payload<'b> {
        Payload {
            bytes: self.bytes.get(n..).unwrap_or_default(),
            base: self.base.saturating_add(n as u32),
            wire: self.wire.saturating_sub(n as u32),
        }
    }

    /// Returns the first `n` bytes.
    #[must_use]
    pub fn first(self, n: usize) -> Payload<'b> {
        Payload { bytes: self.bytes.get(..n).unwrap_or(self.bytes), base: self.base, wire: self.wire.min(n as u32) }
    }

    /// Returns the span of `len` bytes from `at`, limited to the captured bytes.
    #[must_use]
    pub fn span(self, at: usize, len: usize) -> Slice {
        let at = at.min(self.bytes.len());
        let len = len.min(self.bytes.len() - at);
        Slice::new(self.base.saturating_add(at as u32), len as u32)
    }

    /// Returns the span of all captured bytes.
    #[must_use]
    pub fn all(self) -> Slice {
        Slice::new(self.base, self.bytes.len() as u32)
    }

    /// Returns whether the payload was truncated at capture.
    #[must_use]
    pub fn is_cut(self) -> bool {
        (self.bytes.len() as u32) < self.wire
    }
}

/// Network-layer address of a sender or receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// No network layer.
    #[default]
    None,
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
}

impl Address {
    /// Returns the address as a field value.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        match self {
            Address::None => None,
            Address::V4(bytes) => Some(Value::Ipv4(bytes)),
            Address::V6(bytes) => Some(Value::Ipv6(bytes)),
        }
    }
}

/// State of a packet that its layers share.
#[derive(Debug, Default)]
pub struct Packet {
    /// Source address of the innermost network layer.
    pub source: Address,
    /// Destination address of the innermost network layer.
    pub destination: Address,
    /// Remaining hops of the innermost network layer.
    pub hops: u8,
    /// Protocols so far, outermost first, as listed in `frame.protocols`.
    pub path: Path,
    /// Whether the layer is part of a packet that an ICMP error quotes, not of the traffic itself.
    pub quoted: bool,
    /// Number of layers so far. Layers beyond [`MAX_LAYERS`] are not dissected.
    pub layers: u8,
}

impl Packet {
    /// Resets the state for the next packet.
    pub fn reset(&mut self) {
        self.source = Address::None;
        self.destination = Address::None;
        self.hops = 0;
        self.path.clear();
        self.quoted = false;
        self.layers = 0;
    }
}

/// Maximum number of layers in one packet. Tunnels nest, in hostile packets without end.
pub const MAX_LAYERS: u8 = 48;

/// Names of protocols, outermost first.
#[derive(Debug)]
pub struct Path {
    names: [&'static str; MAX_LAYERS as usize],
    len: usize,
}

impl Default for Path {
    fn default() -> Path {
        Path { names: [""; MAX_LAYERS as usize], len: 0 }
    }
}

impl Path {
    /// Adds a protocol, unless there are [`MAX_LAYERS`] already.
    pub fn push(&mut self, name: &'static str) {
        if let Some(slot) = self.names.get_mut(self.len) {
            *slot = name;
            self.len += 1;
        }
    }

    /// Returns the names.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        self.names.get(..self.len).unwrap_or_default()
    }

    /// Removes all names.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

/// Type of a layer's payload.
#[derive(Clone, Copy, Debug)]
pub enum Next<'b> {
    /// A frame of this link type (a number of the LINKTYPE_ registry).
    Link(u16, Payload<'b>),
    /// A protocol by EtherType.
    EtherType(u16, Payload<'b>),
    /// A protocol by IP protocol number.
    IpProto(u8, Payload<'b>),
    /// A protocol by PPP protocol number.
    Ppp(u16, Payload<'b>),
    /// A protocol by one of two UDP ports, the lower first.
    UdpPort(u16, u16, Payload<'b>),
    /// A TCP segment, for its connection.
    Segment(crate::tcp::Segment<'b>),
    /// A UDP datagram, for its conversation.
    Datagram(crate::udp::Datagram<'b>),
    /// A fragment of an IP packet, for reassembly.
    Fragment(Fragment<'b>),
    /// Bytes of an unknown protocol.
    Data(Payload<'b>),
    /// Nothing.
    End,
}

/// A fragment of an IP packet (RFC 791 3.2, RFC 8200 4.5).
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'b> {
    /// Identification. With the addresses and the protocol, it is common to the fragments of a packet.
    pub id: u32,
    /// Protocol of the packet's payload.
    pub protocol: u8,
    /// Offset in that payload, in bytes.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
    /// Bytes of the fragment.
    pub payload: Payload<'b>,
}

/// Dissects layer after layer and records them in `tree`, up to a payload that needs more than the packet itself. Never
/// returns [`Next::Link`], [`Next::EtherType`], [`Next::IpProto`], [`Next::Ppp`] or [`Next::UdpPort`].
#[must_use]
pub fn walk<'b>(registry: &Registry, mut next: Next<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    loop {
        let (layer, payload) = match next {
            Next::Link(number, payload) => (registry.link(number), payload),
            Next::EtherType(number, payload) => (registry.ether_type(number), payload),
            Next::IpProto(number, payload) => (registry.ip_proto(number), payload),
            Next::Ppp(number, payload) => (registry.ppp(number), payload),
            Next::UdpPort(low, high, payload) => (registry.udp_port(low).or_else(|| registry.udp_port(high)), payload),
            done => return done,
        };
        packet.layers += 1;
        next = match layer {
            Some(layer) if packet.layers < MAX_LAYERS => layer(payload, packet, tree),
            _ => return Next::Data(payload),
        };
        if packet.quoted {
            // Columns describe the packet that was sent, not the one that it quotes.
            tree.finish_columns();
        }
    }
}
