//! The layers of a packet, from the link layer to the transport. Each layer returns the next one.

use crate::Registry;
use crate::field::Field;
use crate::protocol::LayerFn;
use crate::reassembly::ReassembledFragment;
use crate::tree::{Slice, Tree, Value};
use core::net::IpAddr;

/// The bytes that a layer carries for the next layer, with their length on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payload<'b> {
    /// The captured bytes.
    pub bytes: &'b [u8],
    /// Position of the first byte in the tree's store.
    pub base: u32,
    /// Number of bytes on the wire; larger than the number of captured bytes if the frame is truncated.
    pub wire: u32,
}

impl<'b> Payload<'b> {
    /// Creates a payload of which all bytes were captured.
    #[must_use]
    pub fn whole(bytes: &'b [u8], base: u32) -> Payload<'b> {
        Payload { bytes, base, wire: bytes.len() as u32 }
    }

    /// Returns the bytes after the first `n`.
    #[must_use]
    pub fn from(self, n: usize) -> Payload<'b> {
        // Bytes that were not captured have no position.
        let captured = n.min(self.bytes.len());
        Payload {
            bytes: self.bytes.get(captured..).unwrap_or_default(),
            base: self.base.saturating_add(captured as u32),
            wire: self.wire.saturating_sub(n as u32),
        }
    }

    /// Returns the first `n` bytes.
    #[must_use]
    pub fn first(self, n: usize) -> Payload<'b> {
        Payload { bytes: self.bytes.get(..n).unwrap_or(self.bytes), base: self.base, wire: self.wire.min(n as u32) }
    }

    /// Returns the bytes before the last `n` on the wire; all bytes if there are fewer than `n`.
    #[must_use]
    pub fn without_last(self, n: usize) -> Payload<'b> {
        (self.wire as usize).checked_sub(n).map_or(self, |len| self.first(len))
    }

    /// Returns the position of `len` bytes at `offset`, limited to the captured bytes.
    #[must_use]
    pub fn span(self, offset: usize, len: usize) -> Slice {
        let offset = offset.min(self.bytes.len());
        let len = len.min(self.bytes.len() - offset);
        Slice::new(self.base.saturating_add(offset as u32), len as u32)
    }

    /// Returns the position of all captured bytes.
    #[must_use]
    pub fn all(self) -> Slice {
        Slice::new(self.base, self.bytes.len() as u32)
    }

    /// Returns whether fewer bytes were captured than were on the wire.
    #[must_use]
    pub fn is_truncated(self) -> bool {
        (self.bytes.len() as u32) < self.wire
    }
}

/// The network-layer address of a sender or receiver.
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

    /// Returns the address as one of the standard library.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Address::None => None,
            Address::V4(bytes) => Some(bytes.into()),
            Address::V6(bytes) => Some(bytes.into()),
        }
    }

    /// Returns whether it is the address of a group.
    #[must_use]
    pub fn is_multicast(self) -> bool {
        match self {
            Address::V4([first, ..]) => first & 0xf0 == 0xe0,
            Address::V6([first, ..]) => first == 0xff,
            Address::None => false,
        }
    }
}

/// Values from the layers read so far that later layers need.
#[derive(Clone, Debug, Default)]
pub struct Packet {
    /// Source address of the innermost network layer.
    pub source: Address,
    /// Destination address of the innermost network layer.
    pub destination: Address,
    /// TTL or hop limit of the innermost network layer.
    pub hops: u8,
    /// Length of the payload that the innermost IPv6 header declares, or its jumbo payload option (RFC 2675); 0 without
    /// either.
    pub ipv6_payload_len: u32,
    /// Protocol names, outermost first, as listed in `frame.protocols`.
    pub path: ProtocolPath,
    /// The current packet is quoted in an ICMP error: a copy of an earlier packet, not traffic of its own.
    pub quoted: bool,
    /// The quoted packet was captured only in part. Otherwise its sender quoted no more of it.
    pub quote_is_truncated: bool,
    /// Number of layers read. Reading stops at [`MAX_LAYERS`].
    pub layers: u8,
    /// Number of echo requests and replies read.
    pub echoes: u8,
    /// Length of the frame check sequence at the end of the frame, in bytes, if the capture declares it. The link layer
    /// takes it.
    pub fcs: Option<u8>,
}

impl Packet {
    /// Clears the values of the previous packet.
    pub fn reset(&mut self) {
        self.source = Address::None;
        self.destination = Address::None;
        self.hops = 0;
        self.ipv6_payload_len = 0;
        self.path.clear();
        self.quoted = false;
        self.quote_is_truncated = false;
        self.layers = 0;
        self.echoes = 0;
        self.fcs = None;
    }

    /// Clears the values of the previous packet of an aggregate, which is below this many layers.
    pub fn begin_aggregated(&mut self, layers: u8) {
        self.source = Address::None;
        self.destination = Address::None;
        self.hops = 0;
        self.ipv6_payload_len = 0;
        self.quoted = false;
        self.quote_is_truncated = false;
        self.layers = layers;
    }
}

/// Maximum number of layers read in one packet: a hostile packet can nest tunnels without limit.
pub const MAX_LAYERS: u8 = 48;

/// The names of a packet's protocols, outermost first.
#[derive(Clone, Debug)]
pub struct ProtocolPath {
    names: [&'static str; MAX_LAYERS as usize],
    len: usize,
}

impl Default for ProtocolPath {
    fn default() -> ProtocolPath {
        ProtocolPath { names: [""; MAX_LAYERS as usize], len: 0 }
    }
}

impl ProtocolPath {
    /// Appends a protocol name; ignored after [`MAX_LAYERS`] names.
    pub fn push(&mut self, name: &'static str) {
        if let Some(slot) = self.names.get_mut(self.len) {
            *slot = name;
            self.len += 1;
        }
    }

    /// Appends a protocol name, once for messages that follow each other.
    pub fn push_once(&mut self, name: &'static str) {
        if self.names().last() != Some(&name) {
            self.push(name);
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

/// The next layer of a packet: how its protocol is identified, and its bytes.
#[derive(Clone, Copy, Debug)]
pub enum NextLayer<'b> {
    /// A frame of a link type (a number of the LINKTYPE_ registry).
    Link(u16, Payload<'b>),
    /// A protocol identified by EtherType.
    EtherType(u16, Payload<'b>),
    /// A protocol identified by IP protocol number.
    IpProto(u8, Payload<'b>),
    /// A protocol identified by PPP protocol number.
    Ppp(u16, Payload<'b>),
    /// A protocol identified by one of two UDP ports. The lower port comes first.
    UdpPort(u16, u16, Payload<'b>),
    /// A TCP segment, to be read with its connection.
    Segment(crate::tcp::Segment<'b>),
    /// A UDP datagram, to be read with its conversation.
    Datagram(crate::udp::Datagram<'b>),
    /// A fragment of an IP packet, to be reassembled.
    Fragment(Fragment<'b>),
    /// A numbered fragment of a frame, to be reassembled.
    NumberedFragment(NumberedFragment<'b>),
    /// Several packets, one after another.
    Aggregate(Aggregate<'b>),
    /// The compressed payload of an IP packet, to be decompressed.
    Compressed(Compressed<'b>),
    /// An echo request or reply, to be paired.
    Echo(Echo<'b>),
    /// Addresses in use, to be compared with those of earlier frames.
    Addresses(AddressUses),
    /// Bytes of an unknown protocol.
    Data(Payload<'b>),
    /// No next layer.
    End,
}

impl<'b> NextLayer<'b> {
    /// Returns the function that reads this layer, and the bytes to read. Returns none if the layer needs more than the
    /// packet, if no protocol claims it, or if the packet has too many layers.
    ///
    /// The bytes are lent: to copy what the layer before has just written would wait for it, once for each layer of each
    /// packet.
    #[inline]
    #[must_use]
    pub fn reader(&self, registry: &Registry, packet: &mut Packet) -> Option<(LayerFn, &Payload<'b>)> {
        let (layer, payload) = match self {
            NextLayer::Link(number, payload) => (registry.link(*number), payload),
            NextLayer::EtherType(number, payload) => (registry.ether_type(*number), payload),
            NextLayer::IpProto(number, payload) => (registry.ip_proto(*number), payload),
            NextLayer::Ppp(number, payload) => (registry.ppp(*number), payload),
            NextLayer::UdpPort(low, high, payload) => {
                (registry.udp_port(*low).or_else(|| registry.udp_port(*high)), payload)
            }
            _ => return None,
        };
        packet.layers += 1;
        layer.filter(|_| packet.layers < MAX_LAYERS).map(|layer| (layer, payload))
    }
}

/// A fragment of an IP packet (RFC 791 3.2, RFC 8200 4.5).
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'b> {
    /// The identification. The fragments of a packet share it, the addresses, and in IPv4 the protocol.
    pub id: u32,
    /// The protocol of the reassembled payload.
    pub protocol: u8,
    /// Offset of this fragment in the reassembled payload, in bytes.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
    /// The fragment's bytes.
    pub payload: Payload<'b>,
}

/// A fragment of a frame that has a number instead of an offset (IEEE 802.11 10.4).
#[derive(Clone, Copy, Debug)]
pub struct NumberedFragment<'b> {
    /// What the fragments of a frame share.
    pub key: NumberedFragmentKey,
    /// The number of this fragment, from 0.
    pub number: u8,
    /// Whether more fragments follow.
    pub more: bool,
    /// The fragment's bytes.
    pub payload: Payload<'b>,
    /// The fields of fragments.
    pub fields: &'static NumberedFragmentFields,
    /// Returns the layer that the reassembled bytes have.
    pub next: LayerOfPayload,
}

/// Function that returns the next layer, whose bytes are a payload.
pub type LayerOfPayload = for<'p> fn(Payload<'p>) -> NextLayer<'p>;

/// What the numbered fragments of a frame share, and those of other frames do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NumberedFragmentKey {
    /// Addresses of the source and of the destination.
    pub ends: [[u8; 6]; 2],
    /// The sequence number.
    pub sequence: u16,
    /// The traffic identifier, which has sequence numbers of its own.
    pub traffic: u8,
}

/// Fields by which a link layer describes numbered fragments.
#[derive(Debug)]
pub struct NumberedFragmentFields {
    /// Frame that completes the frame of a fragment.
    pub reassembled_in: &'static Field,
    /// Note about fragments that were dropped.
    pub limit: &'static Field,
    /// Name of the reassembled bytes.
    pub title: &'static str,
    /// Records a fragment that does not complete its frame: the frame that does, if it is known.
    pub describe_incomplete: fn(Option<u32>, &mut Tree),
    /// Records the fragments of a complete frame.
    pub describe: fn(Slice, &[ReassembledFragment], &mut Tree),
}

/// Several packets in one frame, one after another (IEEE 802.11 9.3.2.2).
#[derive(Clone, Copy, Debug)]
pub struct Aggregate<'b> {
    /// The packets, each with its header.
    pub payload: Payload<'b>,
    /// Reads the next packet.
    pub next: NextPacket,
}

/// Function that records the header of the first packet in a payload. Returns its next layer, and the bytes after the packet;
/// none at the end. The number counts the packets, from 1.
pub type NextPacket = for<'p> fn(Payload<'p>, usize, &mut Tree) -> Option<(NextLayer<'p>, Payload<'p>)>;

/// The compressed payload of an IP packet (RFC 3173).
#[derive(Clone, Copy, Debug)]
pub struct Compressed<'b> {
    /// The protocol of the decompressed payload.
    pub protocol: u8,
    /// The compressed bytes.
    pub payload: Payload<'b>,
    /// Decompresses the payload.
    pub decompress: DecompressPayload,
}

/// Function that returns the decompressed bytes of a payload; none if it cannot. It records a note if a limit is reached.
pub type DecompressPayload = fn(Payload<'_>, &mut Tree) -> alloc::vec::Vec<u8>;

/// An echo request or its reply (RFC 792, RFC 4443 4).
#[derive(Clone, Copy, Debug)]
pub struct Echo<'b> {
    /// Whether the message is a reply.
    pub is_reply: bool,
    /// Identifier, sequence number, and the checksum that the reply has. A reply repeats the data of its request, so the
    /// checksums of the two differ by the type only.
    pub key: [u16; 3],
    /// The message.
    pub payload: Payload<'b>,
    /// Number of echoes before this one in the frame: distinguishes them.
    pub nth: u8,
    /// Fields that connect the two messages.
    pub fields: &'static EchoFields,
    /// Records the fields of the message.
    pub describe: DescribeEcho,
}

/// Function that records the fields of an echo request or reply.
pub type DescribeEcho = fn(&Echo<'_>, &EchoFacts, &Packet, &mut Tree);

/// Fields that connect an echo request and its reply.
#[derive(Debug)]
pub struct EchoFields {
    /// Frame of the reply.
    pub reply_in: &'static Field,
    /// Frame of the request.
    pub request_in: &'static Field,
    /// Time from the request to the reply, in milliseconds.
    pub response_time: &'static Field,
    /// Presence shows that the request has no reply.
    pub no_reply: &'static Field,
    /// Note about a request without a reply.
    pub no_reply_note: &'static Field,
    /// Whether the text of the note has the number of the frame.
    pub has_frame_in_note: bool,
}

/// Facts about an echo request or reply from the rest of the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EchoFacts {
    /// Nothing is known.
    #[default]
    Unknown,
    /// The frame of the reply.
    ReplyIn(u32),
    /// The frame of the request, and the time since then in nanoseconds.
    RequestIn(u32, i64),
    /// The request has no reply. The number is that of its frame.
    NoReply(u32),
    /// The request was sent to a group: it may have several replies, which are not paired.
    Multicast,
}

/// The addresses that a message states to be in use (RFC 826, RFC 5227), the sender's first.
#[derive(Clone, Copy, Debug)]
pub struct AddressUses {
    /// The addresses of the sender and of the target.
    pub uses: [Option<AddressUse>; 2],
    /// Records the conflicts with earlier frames.
    pub describe: DescribeConflicts,
}

/// An IPv4 address and the Ethernet address that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressUse {
    /// The IPv4 address.
    pub protocol: [u8; 4],
    /// The Ethernet address.
    pub hardware: [u8; 6],
}

/// An address that another host used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressConflict {
    /// The present use.
    pub address: AddressUse,
    /// The Ethernet address that used it before.
    pub earlier: [u8; 6],
    /// The last frame with that.
    pub frame: u32,
    /// Time since that frame in seconds.
    pub seconds: u32,
}

/// Function that records conflicts of a message.
pub type DescribeConflicts = fn(&AddressUses, &[AddressConflict], &mut Tree);
