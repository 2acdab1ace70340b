//! Multicast DNS (RFC 6762): messages of DNS on a port of their own.

use super::probe::{self, MDNS_PORT};
use super::{Dialect, MESSAGES as DNS_MESSAGES, layer, session};
use crate::protocol::{Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::Input;

crate::fields! { "dns::mdns";
    /// Multicast DNS (RFC 6762); the fields of its messages are those of DNS.
    MDNS: Protocol "mdns" "Multicast Domain Name System";
}

/// Registry entry for MDNS.
pub static PROTOCOL: Protocol = Protocol {
    short: "MDNS",
    fields: FIELDS,
    claims: &[Claim::UdpPort(MDNS_PORT)],
    aliases: &[],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Datagrams,
            probe: |hint| probe::dialect(hint, MDNS_PORT),
            open: |_, _| session::datagrams(&DIALECT),
            derived_title: "",
            reassembly: None,
            messages: Some(&MESSAGES),
        }),
        Dissector::Layer(|payload, packet, tree| layer(&DIALECT, payload, packet, tree)),
    ],
};

static DIALECT: Dialect = Dialect { field: &MDNS, short: "MDNS" };

const MESSAGES: MessageFields = MessageFields { message: &MDNS, ..DNS_MESSAGES };
