//! Dissectors: fields, detail trees and protocols. Without I/O, clock, conversation tables or user interface.
//!
//! A dissector uses [`field`] (declarations), [`tree`] (recorded values), [`reader`] (parsing and recording in one
//! call), [`packet`] (layers), [`session`] (protocols of conversations) and [`exchange`] (requests and responses). Each
//! protocol is a folder and one line in the list below. Everything that users see of it follows from its [`Protocol`].
#![no_std]

extern crate alloc;

pub mod content;
pub mod exchange;
pub mod field;
pub mod format;
mod names;
pub mod packet;
mod padding;
mod protocol;
pub mod reader;
pub mod reassembly;
pub mod session;
pub mod tree;
mod wants;

pub use field::{DisplayBase, Field, FieldKind, Severity};
pub use protocol::{Claim, Dissector, LayerFn, Protocol, Registry, SessionKind};
pub use tree::{Tree, Value};
pub use wants::Wants;

macro_rules! protocols {
    ($($name:ident $(:: $part:ident)?),+ $(,)?) => {
        $(module! { $name $($part)? })+

        /// All protocols. Fields, filters, columns and the manual follow from this list.
        pub static PROTOCOLS: &[&Protocol] = &[$(&$name$(::$part)?::PROTOCOL),+];

        const SIZES: &[(&str, u16)] =
            &[$((concat!(stringify!($name) $(, "::", stringify!($part))?), $name$(::$part)?::COUNT)),+];
    };
}

// A protocol is a folder. A related protocol is a file in that folder, declared by its `mod.rs`.
macro_rules! module {
    ($name:ident) => {
        #[allow(missing_docs, reason = "the first line of each module documents it")]
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

/// Number of fields.
pub const FIELD_COUNT: u16 = first_field("");

/// Returns the index of a protocol's first field among all fields; for an unknown name, the number of fields.
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

/// Returns all fields, in the order of their `id`.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    PROTOCOLS.iter().flat_map(|protocol| protocol.fields.iter().copied())
}

/// Returns the protocol whose own field has this name.
#[must_use]
pub fn protocol(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().copied().find(|protocol| protocol.fields.first().is_some_and(|own| own.name == name))
}

/// Returns the field of this name.
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
