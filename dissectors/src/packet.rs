//! The packet: from the link layer to the transport, each layer saying what comes next.

use crate::Registry;
use crate::tree::{Slice, Tree, Value};

/// Bytes of a packet that one protocol reads, and how many there were on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piece<'b> {
    /// The captured bytes.
    pub bytes: &'b [u8],
    /// Where the first lies in the tree's store.
    pub base: u32,
    /// How many bytes it had on the wire; more than are here where the capture cut the frame short.
    pub wire: u32,
}

impl<'b> Piece<'b> {
    /// All of `bytes`, none of them cut off.
    #[must_use]
    pub fn whole(bytes: &'b [u8], base: u32) -> Piece<'b> {
        Piece { bytes, base, wire: bytes.len() as u32 }
    }

    /// What follows the first `n` bytes.
    #[must_use]
    pub fn from(self, n: usize) -> Piece<'b> {
        Piece {
            bytes: self.bytes.get(n..).unwrap_or_default(),
            base: self.base.saturating_add(n as u32),
            wire: self.wire.saturating_sub(n as u32),
        }
    }

    /// The first `n` bytes.
    #[must_use]
    pub fn first(self, n: usize) -> Piece<'b> {
        Piece { bytes: self.bytes.get(..n).unwrap_or(self.bytes), base: self.base, wire: self.wire.min(n as u32) }
    }

    /// The place of `len` bytes from `at`, cut to what was captured.
    #[must_use]
    pub fn span(self, at: usize, len: usize) -> Slice {
        let at = at.min(self.bytes.len());
        let len = len.min(self.bytes.len() - at);
        Slice::new(self.base.saturating_add(at as u32), len as u32)
    }

    /// The place of all that was captured.
    #[must_use]
    pub fn all(self) -> Slice {
        Slice::new(self.base, self.bytes.len() as u32)
    }

    /// Whether the capture kept fewer bytes than there were.
    #[must_use]
    pub fn is_cut(self) -> bool {
        (self.bytes.len() as u32) < self.wire
    }
}

/// The address of a sender or receiver on the network layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// No network layer was read.
    #[default]
    None,
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
}

impl Address {
    /// The address as a field's value.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        match self {
            Address::None => None,
            Address::V4(bytes) => Some(Value::Ipv4(bytes)),
            Address::V6(bytes) => Some(Value::Ipv6(bytes)),
        }
    }
}

/// What the layers of a packet have said so far that others lean on.
#[derive(Debug, Default)]
pub struct Packet {
    /// The sender, by the innermost network layer.
    pub source: Address,
    /// The receiver, by the innermost network layer.
    pub destination: Address,
    /// How many more routers it may pass, by the innermost network layer.
    pub hops: u8,
    /// The protocols met, outermost first, as `frame.protocols` lists them.
    pub path: Path,
    /// The packet being read is quoted in an ICMP error: it tells of an earlier one and is no traffic itself.
    pub quoted: bool,
    /// How many layers have been read; a packet of more than [`MAX_LAYERS`] is not followed further.
    pub layers: u8,
}

impl Packet {
    /// Forgets the last packet.
    pub fn begin(&mut self) {
        self.source = Address::None;
        self.destination = Address::None;
        self.hops = 0;
        self.path.clear();
        self.quoted = false;
        self.layers = 0;
    }
}

/// As many layers as are followed in one packet: tunnels nest, hostile packets without end.
pub const MAX_LAYERS: u8 = 48;

/// The names of protocols in the order they were met.
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
    /// Adds a protocol; beyond [`MAX_LAYERS`] names it is left out.
    pub fn push(&mut self, name: &'static str) {
        if let Some(place) = self.names.get_mut(self.len) {
            *place = name;
            self.len += 1;
        }
    }

    /// The names so far.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        self.names.get(..self.len).unwrap_or_default()
    }

    /// Forgets all names.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

/// What a layer found that its payload is.
#[derive(Clone, Copy, Debug)]
pub enum Next<'b> {
    /// A frame of this link type (a number of the LINKTYPE_ registry).
    Link(u16, Piece<'b>),
    /// A protocol named by EtherType.
    EtherType(u16, Piece<'b>),
    /// A protocol named by IP protocol number.
    IpProto(u8, Piece<'b>),
    /// A protocol named by PPP protocol number.
    Ppp(u16, Piece<'b>),
    /// What one of two UDP ports, the lower first, is known to carry.
    UdpPort(u16, u16, Piece<'b>),
    /// A TCP segment: for the stream it belongs to.
    Segment(crate::tcp::Segment<'b>),
    /// A UDP datagram: for the conversation it belongs to.
    Datagram(crate::udp::Datagram<'b>),
    /// A part of an IP packet, to be put together first.
    Fragment(Fragment<'b>),
    /// Bytes nobody knows.
    Data(Piece<'b>),
    /// Nothing.
    End,
}

/// A part of an IP packet (RFC 791 3.2, RFC 8200 4.5).
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'b> {
    /// The identification, with the addresses and the protocol what the parts have in common.
    pub id: u32,
    /// The protocol of the whole packet's payload.
    pub protocol: u8,
    /// Where in that payload this part belongs, in bytes.
    pub offset: u32,
    /// Whether parts follow.
    pub more: bool,
    /// The part.
    pub piece: Piece<'b>,
}

/// Reads layer after layer, recording into `tree`, until one is reached that takes more than the packet to read:
/// never returns [`Next::Link`], [`Next::EtherType`], [`Next::IpProto`], [`Next::Ppp`] or [`Next::UdpPort`].
#[must_use]
pub fn walk<'b>(registry: &Registry, mut next: Next<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    loop {
        let (layer, piece) = match next {
            Next::Link(number, piece) => (registry.link(number), piece),
            Next::EtherType(number, piece) => (registry.ether_type(number), piece),
            Next::IpProto(number, piece) => (registry.ip_proto(number), piece),
            Next::Ppp(number, piece) => (registry.ppp(number), piece),
            Next::UdpPort(low, high, piece) => (registry.udp_port(low).or_else(|| registry.udp_port(high)), piece),
            done => return done,
        };
        packet.layers += 1;
        next = match layer {
            Some(layer) if packet.layers < MAX_LAYERS => layer(piece, packet, tree),
            _ => return Next::Data(piece),
        };
        if packet.quoted {
            // Columns describe the packet that was sent, not the one that it quotes.
            tree.finish_columns();
        }
    }
}
