//! PKTAP with a link type for private use, as tools of Apple write it.

use crate::field::Field;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::Tree;

/// No own fields: those of PKTAP.
pub static FIELDS: &[&Field] = &[];
/// Number of own fields.
pub const COUNT: u16 = 0;

/// Registry entry for PKTAP with LINKTYPE_USER2.
pub static PROTOCOL: Protocol = Protocol {
    short: "PKTAP",
    fields: FIELDS,
    claims: &[Claim::Link(149)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("user_dlt");
    super::read(&payload, packet, tree)
}
