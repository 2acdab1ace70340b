//! A protocol: its fields, what leads to it, and how it is read.

use crate::content::ContentFn;
use crate::field::Field;
use crate::packet::{Next, Packet, Payload};
use crate::session::{Probe, Session};
use crate::tree::Tree;
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Reads one layer of a packet and says what its payload is.
pub type LayerFn = for<'b> fn(Payload<'b>, &mut Packet, &mut Tree) -> Next<'b>;

/// An entry of [`PROTOCOLS`](crate::PROTOCOLS): everything a user can see of a protocol follows from it.
pub struct Protocol {
    /// The short name that stands in a list of frames, such as `TCP`.
    pub short: &'static str,
    /// All its fields; the first is the protocol itself.
    pub fields: &'static [&'static Field],
    /// By what the layer below names it.
    pub claims: &'static [Claim],
    /// How it is read.
    pub dissector: Dissector,
}

/// How a protocol is read.
pub enum Dissector {
    /// From one packet.
    Layer(LayerFn),
    /// From a conversation's bytes.
    Session(SessionKind),
    /// From what a message carries.
    Content(ContentFn),
    /// By the program, which knows the facts (the frame itself, TCP's streams).
    Builtin,
}

/// How a session protocol is recognised and begun.
#[derive(Clone, Copy)]
pub struct SessionKind {
    /// Whether the first bytes of a side could be this protocol.
    pub probe: fn(&[u8]) -> Probe,
    /// A session at its beginning, of which a run wants this.
    pub open: fn(&Wants) -> Box<dyn Session>,
}

/// A number by which a lower layer names a protocol.
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
    /// A UDP port.
    UdpPort(u16),
    /// A media type such as `application/json`, a suffix such as `+json`, all of a type as `multipart/*`, or `*/*`.
    MediaType(&'static str),
}

/// The claims of all protocols, ready to be asked for every layer.
pub struct Registry {
    link: Vec<(u16, LayerFn)>,
    ether_type: Vec<(u16, LayerFn)>,
    ip_proto: [Option<LayerFn>; 256],
    ppp: Vec<(u16, LayerFn)>,
    udp_port: Vec<(u16, LayerFn)>,
    sessions: Vec<(&'static Field, SessionKind)>,
}

impl Registry {
    /// The claims of `protocols`; the first to claim a number has it.
    #[must_use]
    pub fn new(protocols: &[&Protocol]) -> Registry {
        let mut all = Registry {
            link: Vec::new(),
            ether_type: Vec::new(),
            ip_proto: [None; 256],
            ppp: Vec::new(),
            udp_port: Vec::new(),
            sessions: Vec::new(),
        };
        for protocol in protocols {
            match protocol.dissector {
                Dissector::Layer(layer) => protocol.claims.iter().for_each(|&claim| all.claim(claim, layer)),
                Dissector::Session(kind) => all.sessions.extend(protocol.fields.first().map(|&field| (field, kind))),
                Dissector::Content(_) | Dissector::Builtin => {}
            }
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
            Claim::MediaType(_) => {}
        }
    }

    /// Who reads frames of this link type.
    #[must_use]
    pub fn link(&self, number: u16) -> Option<LayerFn> {
        find(&self.link, number)
    }

    /// Who reads this EtherType.
    #[must_use]
    pub fn ether_type(&self, number: u16) -> Option<LayerFn> {
        find(&self.ether_type, number)
    }

    /// Who reads this IP protocol.
    #[must_use]
    pub fn ip_proto(&self, number: u8) -> Option<LayerFn> {
        self.ip_proto.get(usize::from(number)).copied().flatten()
    }

    /// Who reads this PPP protocol.
    #[must_use]
    pub fn ppp(&self, number: u16) -> Option<LayerFn> {
        find(&self.ppp, number)
    }

    /// Who reads what this UDP port carries.
    #[must_use]
    pub fn udp_port(&self, number: u16) -> Option<LayerFn> {
        find(&self.udp_port, number)
    }

    /// The protocols that are read from a conversation's bytes, each with its own field.
    #[must_use]
    pub fn sessions(&self) -> &[(&'static Field, SessionKind)] {
        &self.sessions
    }
}

// A handful of entries: looking at all is faster than any index.
fn find(claims: &[(u16, LayerFn)], number: u16) -> Option<LayerFn> {
    claims.iter().find(|(claimed, _)| *claimed == number).map(|&(_, layer)| layer)
}
