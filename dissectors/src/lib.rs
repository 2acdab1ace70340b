//! What bytes mean: fields, trees, protocols. No I/O, no clock, no flows, no screens.
//!
//! The language a dissector speaks stands in [`field`] (what can be said), [`tree`] (saying it), [`reader`] (reading
//! and saying in one call), [`packet`] (layers), [`session`] (conversations) and [`exchange`] (requests and answers).
//! Each protocol is a folder and one line in the list below; all that a user can see of it follows from its
//! [`Protocol`].
#![no_std]

extern crate alloc;

pub mod content;
pub mod exchange;
mod extent;
pub mod field;
pub mod format;
mod names;
pub mod packet;
mod protocol;
pub mod reader;
pub mod reassembly;
pub mod session;
pub mod tree;
mod wants;

pub use field::{Field, Form, Kind, Severity};
pub use protocol::{Claim, Layer, Part, Protocol, Registry, SessionKind};
pub use tree::{Tree, Value};
pub use wants::Wants;

macro_rules! protocols {
    ($($name:ident $(:: $part:ident)?),+ $(,)?) => {
        $(module! { $name $($part)? })+

        /// Every protocol: the list from which fields, filters, columns and the manual follow.
        pub static PROTOCOLS: &[&Protocol] = &[$(&$name$(::$part)?::PROTOCOL),+];

        const SIZES: &[(&str, u16)] =
            &[$((concat!(stringify!($name) $(, "::", stringify!($part))?), $name$(::$part)?::COUNT)),+];
    };
}

// A protocol is a folder; a part of its family is a file in it, which it declares itself.
macro_rules! module {
    ($name:ident) => {
        #[allow(missing_docs, reason = "each says what it is in its first line")]
        pub mod $name;
    };
    ($name:ident $part:ident) => {};
}

protocols! {
    frame,
    column,
    ethernet,
    sll,
    sll::second,
    null,
    raw,
    ppp,
    chdlc,
    llc,
    ieee8021ad,
    vlan,
    pppoe,
    pppoe::discovery,
    mpls,
    nflog,
    arp,
    ipv4,
    ipv6,
    ipv6::hopopts,
    ipv6::dstopts,
    ipv6::routing,
    ipv6::fraghdr,
    ah,
    esp,
    mipv6,
    gre,
    erspan,
    icmp,
    icmpv6,
    igmp,
    tcp,
    udp,
    vxlan,
    geneve,
    tls,
    http,
    json,
    urlencoded,
    multipart,
    text,
    xml,
    media,
    data,
}

/// How many fields there are.
pub const FIELD_COUNT: u16 = first_field("");

/// The place of a protocol's first field among all fields; for no protocol's name, the number of all fields.
const fn first_field(protocol: &str) -> u16 {
    let mut sum = 0;
    let mut at = 0;
    while at < SIZES.len() {
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        let (name, size) = SIZES[at];
        if same(name.as_bytes(), protocol.as_bytes()) {
            return sum;
        }
        sum += size;
        at += 1;
    }
    sum
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// All fields, in the order of their `id`.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    PROTOCOLS.iter().flat_map(|protocol| protocol.fields.iter().copied())
}

/// The protocol whose own field has this name.
#[must_use]
pub fn protocol(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().copied().find(|protocol| protocol.fields.first().is_some_and(|own| own.name == name))
}

/// The field of this name.
#[must_use]
pub fn field(name: &str) -> Option<&'static Field> {
    fields().find(|field| field.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_up_and_belong_to_their_protocol() {
        let mut expected = 0;
        for protocol in PROTOCOLS {
            let own = protocol.fields.first().map(|field| field.id);
            for field in protocol.fields {
                assert_eq!(field.id, expected, "{}", field.name);
                assert_eq!(Some(field.protocol), own, "{}", field.name);
                expected += 1;
            }
        }
        assert_eq!(expected, FIELD_COUNT);
    }
}
