//! Protocols: their fields, what leads to them, and how they are read.

use crate::call_facts::CallFacts;
use crate::datagram_path::{FirstDatagram, FirstDatagramFn};
use crate::field::{Field, FieldKind};
use crate::packet::{NextLayer, Packet, Payload, ProtocolPath};
use crate::schema::Schemas;
use crate::session::{Context, Half, Handover, Hint, Input, Probe, Session, Successor};
use crate::tree::{Slice, Tree};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Reads one layer of a packet and returns what its payload is.
pub type LayerFn = for<'b> fn(&Payload<'b>, &mut Packet, &mut Tree) -> NextLayer<'b>;

/// The body of a message (RFC 9110 6.4) or of a part of one, after decoding.
#[derive(Clone, Copy, Debug)]
pub struct MessageBody<'b> {
    /// Its bytes. `wire` is larger if some were not captured, decoded or buffered.
    pub payload: Payload<'b>,
    /// Media type (`type/subtype`) as sent, without parameters; empty if unknown.
    pub media_type: &'b [u8],
    /// Parameters of the media type, with the first semicolon.
    pub parameters: &'b [u8],
    /// Number of bodies that enclose this one; 0 for the body of the message itself.
    pub depth: u8,
    /// Short name of the protocol that carried it, such as `HTTP`.
    pub carrier: &'static str,
    /// Target of the request that it belongs to; empty if unknown.
    pub target: &'b str,
    /// The half that it belongs to, if it is known.
    pub half: Option<Half>,
}

/// The dissector of one or several media types.
pub type ContentFn = fn(&MessageBody<'_>, &mut ProtocolPath, &mut Tree);

/// Records messages of a handshake in the open node.
pub type HandshakeFn = fn(Payload<'_>, &mut Context<'_>);

/// Returns payloads of a frame that may have a client hello.
pub type HelloPayloadsFn = fn(&[u8]) -> Vec<Vec<u8>>;

/// Writes binary content as text.
pub type TextFn = fn(&MessageBody<'_>, &Schemas, &mut String);

/// An entry of [`PROTOCOLS`](crate::PROTOCOLS): everything a user can see of a protocol follows from it.
pub struct Protocol {
    /// The short name in a list of frames, such as `TCP`.
    pub short: &'static str,
    /// All its fields; the first is the protocol itself.
    pub fields: &'static [&'static Field],
    /// What the layer below names it by.
    pub claims: &'static [Claim],
    /// Short words of display filters for its fields.
    pub aliases: &'static [Alias],
    /// How it is read. A protocol may have several forms: DNS comes in datagrams, in a stream and as content.
    pub dissectors: &'static [Dissector],
}

impl Protocol {
    /// Its content reader, if it is a form of content.
    #[must_use]
    pub const fn content(&self) -> Option<ContentFn> {
        let mut parts = self.dissectors;
        while let [part, rest @ ..] = parts {
            if let Dissector::Content(read) = part {
                return Some(*read);
            }
            parts = rest;
        }
        None
    }

    /// Its writer of content as text, if it has one.
    pub(crate) fn text(&self) -> Option<TextFn> {
        self.dissectors.iter().find_map(|part| if let Dissector::Text(write) = part { Some(*write) } else { None })
    }

    /// Its sessions.
    pub fn sessions(&self) -> impl Iterator<Item = &'static SessionKind> {
        self.dissectors.iter().filter_map(|part| if let Dissector::Session(kind) = part { Some(kind) } else { None })
    }

    /// Whether it is a layer of a packet.
    #[must_use]
    pub fn is_layer(&self) -> bool {
        self.dissectors.iter().any(|part| matches!(part, Dissector::Layer(_)))
    }
}

/// How a protocol is read.
pub enum Dissector {
    /// From one packet.
    Layer(LayerFn),
    /// From a conversation.
    Session(SessionKind),
    /// From the body of a message.
    Content(ContentFn),
    /// The text of such a body, for views that show bodies.
    Text(TextFn),
    /// Such a body is described in the Info column, which needs all of it; nothing is read by this.
    ContentInfo,
    /// From the value of a header field of HTTP.
    Header(HeaderDissector),
    /// From the messages of a handshake that a transport carries itself, as QUIC carries those of TLS.
    Handshake(HandshakeFn),
    /// From the first datagram between two endpoints: whether a conversation begins with it, or continues.
    FirstDatagram(FirstDatagramFn),
    /// The payloads of a frame that may have a client hello, decrypted with keys that anyone can derive.
    HelloPayloads(HelloPayloadsFn),
    /// Its fields that explain a call; nothing is read by them.
    CallFacts(&'static CallFacts),
    /// By the program, from what it knows itself (the frame, its columns).
    Builtin,
}

/// How the value of a header field of HTTP is read.
pub struct HeaderDissector {
    /// Name of the header field, in lower case.
    pub name: &'static str,
    /// Records a value, which is at a position in the store of the tree.
    pub dissect: fn(&[u8], Slice, &mut Tree),
    /// The first and the last of the fields that it records.
    pub fields: [&'static Field; 2],
}

/// How a session protocol is detected and begun.
pub struct SessionKind {
    /// What its sessions read.
    pub input: Input,
    /// Whether the first bytes of a side, or a datagram, could be this protocol.
    pub probe: fn(&Hint<'_>) -> Probe,
    /// A session at its beginning, for a run with these wants. It takes the pending exchange if it will report it.
    pub open: fn(&Wants, &mut Handover) -> Box<dyn Session>,
    /// The title of buffers of bytes that it derives, such as `Decrypted TLS`.
    pub derived_title: &'static str,
    /// How it records that units of the session above were reassembled; nothing if it does not.
    pub reassembly: Option<UnitReassembly>,
    /// The fields of its messages, for views that show messages of any protocol.
    pub messages: Option<&'static MessageFields>,
}

/// Fields by which a protocol records that a unit above it was reassembled.
#[derive(Clone, Copy, Debug)]
pub struct UnitReassembly {
    /// The node that has the others.
    pub units: &'static Field,
    /// The frame of one of its own units.
    pub unit: &'static Field,
    /// How many they are.
    pub count: &'static Field,
    /// Bytes of all.
    pub length: &'static Field,
    /// The bytes themselves.
    pub data: &'static Field,
    /// In a frame with a part: the frame that completes it.
    pub reassembled_in: &'static Field,
}

/// The fields of a protocol's messages, by their role: what a call view, `follow` or an export shows.
#[derive(Clone, Copy, Debug)]
pub struct MessageFields {
    /// The protocol's own field: one node for each message.
    pub message: &'static Field,
    /// Present and true in a request.
    pub request: &'static Field,
    /// Present and true in a response.
    pub response: &'static Field,
    /// The start line.
    pub start_line: &'static Field,
    /// The number of the channel that carried the message, if a conversation has several.
    pub channel: Option<&'static Field>,
    /// The operation.
    pub method: &'static Field,
    /// The target of the operation.
    pub target: &'static Field,
    /// The authority of the target: a host, a database.
    pub authority: &'static Field,
    /// The target with its authority.
    pub full_target: &'static Field,
    /// The version of a request.
    pub version: &'static Field,
    /// The status of a response as a number.
    pub code: &'static Field,
    /// Header lines as sent: of requests, of responses.
    pub headers: &'static [&'static Field],
    /// Trailer lines as sent.
    pub trailers: &'static Field,
    /// The body, codings undone.
    pub body: &'static Field,
    /// The media type of the body.
    pub media_type: &'static Field,
    /// The content codings of the body.
    pub coding: &'static Field,
    /// The notes that the body exceeds a limit, so that its beginning is recorded, and that it was dropped as buffers were full.
    pub body_limits: [&'static Field; 2],
    /// Notes that part of a message is missing or malformed.
    pub incomplete: &'static [&'static Field],
    /// Notes that need the body: they take as long as all else together.
    pub body_notes: &'static [&'static Field],
    /// Fields of a request that its response may repeat; a call has them once.
    pub repeated: &'static [&'static Field],
    /// Fields that only requests have.
    pub request_only: &'static [&'static Field],
    /// Fields that only responses have.
    pub response_only: &'static [&'static Field],
    /// Fields that an index keeps, so that filters on them need not read messages again.
    pub indexed: &'static [&'static Field],
    /// Whether curl can send such a request.
    pub is_curl_request: bool,
}

/// A role that the messages of a protocol do not have. It is never recorded.
pub static ABSENT: Field = Field::new("", "", "No field.", FieldKind::Label, u16::MAX, u16::MAX);

/// A short word of display filters and a field it stands for. Where several protocols declare a word, it stands for any
/// of their fields.
pub struct Alias {
    /// The word.
    pub word: &'static str,
    /// The field.
    pub field: &'static Field,
    /// Fields that must be present in the same frame.
    pub with: &'static [&'static Field],
    /// Fields that must be absent.
    pub without: &'static [&'static Field],
    /// The word stands for the field only where values are equal or not: its numbers have no order among those of the
    /// other fields.
    pub is_exact: bool,
}

impl Alias {
    /// A word for a field wherever that is present.
    #[must_use]
    pub const fn new(word: &'static str, field: &'static Field) -> Alias {
        Alias { word, field, with: &[], without: &[], is_exact: false }
    }

    /// A word for a field where its value is equal to another, or is in a set.
    #[must_use]
    pub const fn exact(word: &'static str, field: &'static Field) -> Alias {
        Alias { is_exact: true, ..Alias::new(word, field) }
    }

    /// A word for a field of frames that have others.
    #[must_use]
    pub const fn with(word: &'static str, field: &'static Field, with: &'static [&'static Field]) -> Alias {
        Alias { with, ..Alias::new(word, field) }
    }
}

/// A number or name by which a lower layer names a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A link type of the LINKTYPE_ registry.
    Link(u16),
    /// An EtherType.
    EtherType(u16),
    /// An IP protocol number.
    IpProto(u8),
    /// A PPP protocol number.
    Ppp(u16),
    /// A UDP port: it decides for a layer, and breaks ties between sessions.
    UdpPort(u16),
    /// A TCP port: it breaks ties between sessions.
    TcpPort(u16),
    /// A media type such as `application/json`, a suffix such as `+json`, all of a type as `multipart/*`, or `*/*`.
    MediaType(&'static str),
    /// An ALPN protocol name (RFC 7301).
    Alpn(&'static str),
    /// A token of an Upgrade header (RFC 9110 7.8).
    Upgrade(&'static str),
    /// The type of a unidirectional stream (RFC 9114 6.2).
    StreamType(u64),
}

/// The claims of all protocols, prepared for look-ups of every layer.
pub struct Registry {
    link: Vec<(u16, LayerFn)>,
    ether_type: Vec<(u16, LayerFn)>,
    ip_proto: [Option<LayerFn>; 256],
    ppp: Vec<(u16, LayerFn)>,
    udp_port: Vec<(u16, LayerFn)>,
    /// UDP ports of protocols that are layers only.
    tunnel_ports: Vec<u16>,
    /// The lowest and the highest of them, which most ports are not between.
    tunnel_range: [u16; 2],
    sessions: Vec<SessionEntry>,
    first_datagrams: Vec<FirstDatagramFn>,
}

/// A session protocol of a [`Registry`].
#[derive(Clone, Copy)]
pub struct SessionEntry {
    /// The protocol's own field.
    pub field: &'static Field,
    /// How it is detected and begun.
    pub kind: &'static SessionKind,
    /// What the layer below names it by.
    pub claims: &'static [Claim],
}

impl SessionEntry {
    /// Whether it claims one of two ports.
    #[must_use]
    pub fn claims_port(&self, ports: [u16; 2]) -> bool {
        self.claims.iter().any(|claim| match (claim, self.kind.input) {
            (Claim::TcpPort(port), Input::Stream) | (Claim::UdpPort(port), Input::Datagrams) => ports.contains(port),
            _ => false,
        })
    }

    fn is_named_by(&self, successor: &Successor) -> bool {
        self.claims.iter().any(|claim| match (claim, successor) {
            (Claim::Alpn(claimed), Successor::Alpn(name)) => claimed == name,
            (Claim::Upgrade(claimed), Successor::Upgrade(name)) => claimed.eq_ignore_ascii_case(name),
            (Claim::StreamType(claimed), Successor::StreamType(number)) => claimed == number,
            (Claim::MediaType(claimed), Successor::MediaType(name)) => claimed.eq_ignore_ascii_case(name),
            _ => false,
        })
    }
}

impl Registry {
    /// The claims of `protocols`; the first to claim a number has it.
    #[must_use]
    pub fn new(protocols: &[&'static Protocol]) -> Registry {
        let mut all = Registry {
            link: Vec::new(),
            ether_type: Vec::new(),
            ip_proto: [None; 256],
            ppp: Vec::new(),
            udp_port: Vec::new(),
            tunnel_ports: Vec::new(),
            tunnel_range: [u16::MAX, 0],
            sessions: Vec::new(),
            first_datagrams: Vec::new(),
        };
        for &protocol in protocols {
            for dissector in protocol.dissectors {
                match dissector {
                    Dissector::Layer(layer) => protocol.claims.iter().for_each(|&claim| all.claim(claim, *layer)),
                    Dissector::FirstDatagram(read) => all.first_datagrams.push(*read),
                    _ => {}
                }
            }
            if protocol.is_layer() && !protocol.sessions().any(|kind| kind.input == Input::Datagrams) {
                let port = |claim: &Claim| if let Claim::UdpPort(port) = claim { Some(*port) } else { None };
                all.tunnel_ports.extend(protocol.claims.iter().filter_map(port));
            }
            let entries = protocol.sessions().filter_map(|kind| {
                Some(SessionEntry { field: protocol.fields.first()?, kind, claims: protocol.claims })
            });
            all.sessions.extend(entries);
        }
        all.tunnel_range =
            all.tunnel_ports.iter().fold(all.tunnel_range, |[low, high], &port| [low.min(port), high.max(port)]);
        for claims in [&mut all.link, &mut all.ether_type] {
            claims.sort_by_key(|(number, _)| !COMMON.contains(number));
        }
        all
    }

    fn claim(&mut self, claim: Claim, layer: LayerFn) {
        match claim {
            Claim::Link(number) => self.link.push((number, layer)),
            Claim::EtherType(number) => self.ether_type.push((number, layer)),
            Claim::IpProto(number) => {
                if let Some(place) = self.ip_proto.get_mut(usize::from(number)) {
                    place.get_or_insert(layer);
                }
            }
            Claim::Ppp(number) => self.ppp.push((number, layer)),
            Claim::UdpPort(number) => self.udp_port.push((number, layer)),
            Claim::TcpPort(_) | Claim::MediaType(_) | Claim::Alpn(_) | Claim::Upgrade(_) | Claim::StreamType(_) => {}
        }
    }

    /// The reader of frames of this link type.
    #[must_use]
    pub fn link(&self, number: u16) -> Option<LayerFn> {
        find(&self.link, number)
    }

    /// The reader of this EtherType.
    #[must_use]
    pub fn ether_type(&self, number: u16) -> Option<LayerFn> {
        find(&self.ether_type, number)
    }

    /// The reader of this IP protocol.
    #[must_use]
    pub fn ip_proto(&self, number: u8) -> Option<LayerFn> {
        self.ip_proto.get(usize::from(number)).copied().flatten()
    }

    /// The reader of this PPP protocol.
    #[must_use]
    pub fn ppp(&self, number: u16) -> Option<LayerFn> {
        find(&self.ppp, number)
    }

    /// The reader of what this UDP port carries.
    #[must_use]
    pub fn udp_port(&self, number: u16) -> Option<LayerFn> {
        find(&self.udp_port, number)
    }

    /// Whether datagrams between these ports may carry packets, which have conversations of their own.
    #[must_use]
    pub fn is_tunnel(&self, ports: [u16; 2]) -> bool {
        let [low, high] = self.tunnel_range;
        ports.iter().any(|port| (low..=high).contains(port) && self.tunnel_ports.contains(port))
    }

    /// The protocols that are read from a conversation.
    #[must_use]
    pub fn sessions(&self) -> &[SessionEntry] {
        &self.sessions
    }

    /// The session protocol whose own field has this name, for an input.
    #[must_use]
    pub fn session(&self, name: &str, input: Input) -> Option<SessionEntry> {
        self.sessions.iter().copied().find(|entry| entry.field.name == name && entry.kind.input == input)
    }

    /// The session protocol that a handover names.
    #[must_use]
    pub fn successor(&self, successor: &Successor) -> Option<SessionEntry> {
        // What a connection negotiates is a protocol of its bytes in order. One that is read from datagrams, too, has two
        // sessions.
        let is_stream = |entry: &SessionEntry| entry.kind.input != Input::Datagrams;
        let reads = |entry: &SessionEntry| !matches!(successor, Successor::Alpn(_)) || is_stream(entry);
        self.sessions.iter().copied().find(|entry| entry.is_named_by(successor) && reads(entry))
    }

    /// Returns the relation of the first datagram between two endpoints to conversations.
    #[must_use]
    pub fn first_datagram(&self, bytes: &[u8]) -> Option<FirstDatagram> {
        self.first_datagrams.iter().find_map(|read| read(bytes))
    }

    /// Whether any session reads datagrams.
    #[must_use]
    pub fn reads_datagrams(&self) -> bool {
        self.sessions.iter().any(|entry| entry.kind.input == Input::Datagrams)
    }
}

/// Ethernet among the link types, IPv4 and IPv6 among the EtherTypes: first, so that a scan soon finds them.
const COMMON: [u16; 3] = [1, 0x0800, 0x86dd];

// A handful of entries: a scan of all is faster than any index.
fn find(claims: &[(u16, LayerFn)], number: u16) -> Option<LayerFn> {
    claims.iter().find(|(claimed, _)| *claimed == number).map(|&(_, layer)| layer)
}
