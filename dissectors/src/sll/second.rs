//! The second version of Linux cooked captures: it says what the first says, and the interface's number.

use crate::field::Field;
use crate::protocol::{Claim, Part, Protocol};

/// None of its own: all are those of the first version.
pub static FIELDS: &[&Field] = &[];
/// How many that is.
pub const COUNT: u16 = 0;

/// The second version in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "SLL",
    fields: FIELDS,
    claims: &[Claim::Link(276)],
    part: Part::Layer(super::read_second),
};
