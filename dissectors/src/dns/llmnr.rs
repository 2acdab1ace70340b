//! Link-Local Multicast Name Resolution (RFC 4795): messages of DNS on a port of their own.

use super::probe::{self, LLMNR_PORT};
use super::{Dialect, MESSAGES as DNS_MESSAGES, layer, session};
use crate::protocol::{Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::Input;

crate::fields! { "dns::llmnr";
    /// Link-Local Multicast Name Resolution (RFC 4795); the fields of its messages are those of DNS.
    LLMNR: Protocol "llmnr" "Link-local Multicast Name Resolution";
}

/// Registry entry for LLMNR.
pub static PROTOCOL: Protocol = Protocol {
    short: "LLMNR",
    fields: FIELDS,
    claims: &[Claim::UdpPort(LLMNR_PORT)],
    aliases: &[],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Datagrams,
            probe: |hint| probe::dialect(hint, LLMNR_PORT),
            open: |_, _| session::datagrams(&DIALECT),
            derived_title: "",
            reassembly: None,
            messages: Some(&MESSAGES),
        }),
        Dissector::Layer(|payload, packet, tree| layer(&DIALECT, payload, packet, tree)),
    ],
};

static DIALECT: Dialect = Dialect { field: &LLMNR, short: "LLMNR" };

const MESSAGES: MessageFields = MessageFields { message: &LLMNR, ..DNS_MESSAGES };
