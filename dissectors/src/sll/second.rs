//! Version 2 of Linux cooked captures: the fields of version 1, and the interface number.

use crate::field::Field;
use crate::protocol::{Claim, Dissector, Protocol};

/// No own fields: version 2 uses those of version 1.
pub static FIELDS: &[&Field] = &[];
/// Number of own fields.
pub const COUNT: u16 = 0;

/// Registry entry for the second version.
pub static PROTOCOL: Protocol = Protocol {
    short: "SLL",
    fields: FIELDS,
    claims: &[Claim::Link(276)],
    aliases: &[],
    dissectors: &[Dissector::Layer(super::read_second)],
};
