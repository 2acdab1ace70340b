//! Dissectors: protocols, their fields, and the detail tree. The crate does no I/O and has no clock, no conversation
//! table and no user interface.
//!
//! The interface of dissectors consists of [`mod@field`] (declared fields), [`tree`] (recorded fields), [`reader`]
//! (reading and recording in one call), [`packet`] (layers), [`session`] (conversations) and [`exchange`] (requests and
//! responses). Each protocol is a folder and one line in the list below. Everything a user sees of it is derived from
//! its [`Protocol`].
#![no_std]

extern crate alloc;

mod aead;
mod base64;
pub mod body_limit;
pub mod buffer_pool;
pub mod call_facts;
mod cipher_suite;
pub mod coding;
pub mod content;
pub mod datagram_path;
pub mod decoding_count;
pub mod derived_secrets;
pub mod detached_frame;
mod echo;
mod ether_name;
pub mod exchange;
pub mod field;
pub mod format;
mod hello;
mod host_fields;
pub mod host_names;
mod identity;
mod json_text;
mod kdf;
pub mod key_log;
pub mod lite_map;
mod mime;
mod missing;
mod names;
mod organizations;
pub mod packet;
mod padding;
mod pipeline;
mod pipeline_record;
pub mod private_key;
pub mod protocol;
pub mod reader;
pub mod reassembly;
pub mod schema;
pub mod session;
mod sql_secrets;
mod sql_text;
mod status;
pub mod transport_connection;
pub mod tree;
mod varint;
mod wants;
mod web;

pub use field::{DisplayBase, Field, FieldKind, Severity};
pub use json::unescape as json_unescape;
pub use mime::decode as decode_transfer_encoding;
pub use protocol::{Claim, Dissector, LayerFn, MessageFields, Protocol, Registry, SessionKind};
pub use resp::has_subcommand as redis_has_subcommand;
pub use sql_text::literals as sql_literals;
pub use tree::{Tree, Value};
pub use wants::Wants;

macro_rules! protocols {
    ($($name:ident $(:: $related:ident)?),+ $(,)?) => {
        $(module! { $name $($related)? })+

        /// All protocols. Fields, filters, columns and the manual are derived from this list.
        pub static PROTOCOLS: &[&Protocol] = &[$(&$name$(::$related)?::PROTOCOL),+];

        const SIZES: &[(&str, u16)] =
            &[$((concat!(stringify!($name) $(, "::", stringify!($related))?), $name$(::$related)?::COUNT)),+];
    };
}

// A protocol is a folder. A related protocol is a file in that folder, which declares it as a module.
macro_rules! module {
    ($name:ident) => {
        #[allow(missing_docs, reason = "each module has documentation of its own")]
        pub mod $name;
    };
    ($name:ident $related:ident) => {};
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
    wlan::radiotap,
    wlan::ppi,
    wlan::prism,
    wlan::avs,
    wlan::radio,
    wlan::aggregate,
    wlan,
    ieee8021ad,
    vlan,
    vntag,
    pppoe,
    pppoe::discovery,
    mpls,
    arcnet,
    arcnet::linux,
    nflog,
    pktap,
    pktap::user,
    arp,
    ipv4,
    ipv6,
    ipv6::hopopts,
    ipv6::dstopts,
    ipv6::routing,
    ipv6::fraghdr,
    ah,
    esp,
    ipcomp,
    mipv6,
    gre,
    erspan,
    icmp,
    icmpv6,
    igmp,
    tcp,
    udp,
    teredo,
    vxlan,
    geneve,
    proxy,
    resp,
    pgsql,
    mysql,
    mysql::compressed,
    tls,
    tls::x509,
    quic,
    dns,
    dns::mdns,
    dns::llmnr,
    http,
    http::ssdp,
    http2,
    http3,
    capsule,
    websocket,
    grpc,
    sql,
    protobuf,
    json,
    urlencoded,
    multipart,
    imf,
    text,
    xml,
    media,
    data,
}

/// Number of fields.
pub const FIELD_COUNT: u16 = first_field("");

/// Returns the index of a protocol's first field among all fields. For an unknown name, returns the number of fields.
const fn first_field(protocol: &str) -> u16 {
    let mut sum = 0;
    let mut index = 0;
    while index < SIZES.len() {
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        let (name, size) = SIZES[index];
        if bytes_equal(name.as_bytes(), protocol.as_bytes()) {
            return sum;
        }
        sum += size;
        index += 1;
    }
    sum
}

const fn bytes_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Returns all fields, in the order of their `id`.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    PROTOCOLS.iter().flat_map(|protocol| protocol.fields.iter().copied())
}

/// Returns the facts of calls of all protocols that have some, with the filter name of the protocol.
pub fn call_facts() -> impl Iterator<Item = (&'static str, &'static call_facts::CallFacts)> {
    let of = |dissector: &Dissector| if let Dissector::CallFacts(facts) = dissector { Some(*facts) } else { None };
    PROTOCOLS.iter().filter_map(move |protocol| {
        let facts = protocol.dissectors.iter().find_map(of)?;
        Some((protocol.fields.first()?.name, facts))
    })
}

/// Returns the fields of messages by their role, of each protocol that declares them.
pub fn message_fields() -> impl Iterator<Item = (&'static Protocol, &'static MessageFields)> {
    PROTOCOLS
        .iter()
        .copied()
        .flat_map(|protocol| protocol.sessions().filter_map(move |kind| kind.messages.map(|fields| (protocol, fields))))
}

/// The header fields of HTTP that other protocols read.
pub fn header_dissectors() -> impl Iterator<Item = &'static protocol::HeaderDissector> {
    let of = |part: &'static Dissector| if let Dissector::Header(header) = part { Some(header) } else { None };
    PROTOCOLS.iter().flat_map(move |protocol| protocol.dissectors.iter().filter_map(of))
}

/// The dissector of the messages of a handshake that a transport carries itself.
pub(crate) fn handshake_dissector() -> Option<protocol::HandshakeFn> {
    let of = |part: &Dissector| if let Dissector::Handshake(dissect) = part { Some(*dissect) } else { None };
    PROTOCOLS.iter().find_map(|protocol| protocol.dissectors.iter().find_map(of))
}

/// Returns the name of a reason for which an application protocol, as negotiated, closes a stream or connection of its transport.
pub(crate) fn application_error_name(alpn: &str, error: u64) -> Option<&'static str> {
    let is_alpn = |claim: &protocol::Claim| matches!(claim, protocol::Claim::Alpn(name) if *name == alpn);
    let is_named = |protocol: &&&Protocol| protocol.claims.iter().any(is_alpn);
    let of = |part: &Dissector| if let Dissector::CallFacts(facts) = part { Some(facts.errors) } else { None };
    let mut errors = PROTOCOLS.iter().find(is_named)?.dissectors.iter().filter_map(of).flatten();
    errors.find(|(number, _)| *number == error).map(|&(_, name)| name)
}

/// Returns the payloads of a frame that may have a client hello, decrypted with keys that anyone can derive.
pub fn hello_payloads(frame: &[u8]) -> impl Iterator<Item = alloc::vec::Vec<u8>> {
    let of = |part: &Dissector| if let Dissector::HelloPayloads(payloads) = part { Some(*payloads) } else { None };
    PROTOCOLS.iter().flat_map(move |protocol| protocol.dissectors.iter().filter_map(of)).flat_map(move |of| of(frame))
}

/// The protocol whose own field has a name.
#[must_use]
pub fn protocol(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().copied().find(|protocol| protocol.fields.first().is_some_and(|own| own.name == name))
}

/// Returns the field with a name.
#[must_use]
pub fn field(name: &str) -> Option<&'static Field> {
    fields().find(|field| field.name == name)
}

#[cfg(test)]
#[path = "../tests/tutorial/mod.rs"]
mod tutorial;

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
