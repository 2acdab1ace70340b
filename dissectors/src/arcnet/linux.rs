//! ARCNET as Linux captures it: with the offset in the buffer of the hardware.

use crate::field::Field;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::Tree;

/// No own fields: those of ARCNET.
pub static FIELDS: &[&Field] = &[];
/// Number of own fields.
pub const COUNT: u16 = 0;

/// Registry entry for ARCNET as Linux captures it.
pub static PROTOCOL: Protocol = Protocol {
    short: "ARCNET",
    fields: FIELDS,
    claims: &[Claim::Link(129)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    super::read(payload, 2, packet, tree)
}
