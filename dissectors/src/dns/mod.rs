//! DNS (RFC 1035): queries and responses in datagrams, in a stream, and as the body of a message.

mod call_facts;
mod cursor;
mod data;
mod describe;
mod fields;
mod host_names;
mod layout;
pub mod llmnr;
pub mod mdns;
mod message;
mod name;
mod names;
mod options;
mod pairing;
mod parameters;
mod probe;
mod session;
mod stateful;
mod summary;
mod text;
mod zone_text;

use crate::content::MessageBody;
use crate::field::Field;
use crate::packet::{NextLayer, Packet, Payload, ProtocolPath};
use crate::protocol::{ABSENT, Alias, Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::Input;
use crate::tree::{Slice, Tree, Value};
pub use fields::*;
use message::Message;

/// Registry entry for DNS.
pub static PROTOCOL: Protocol = Protocol {
    short: "DNS",
    fields: FIELDS,
    claims: &[
        Claim::UdpPort(probe::PORT),
        Claim::TcpPort(probe::PORT),
        Claim::TcpPort(probe::MDNS_PORT),
        Claim::Alpn("dot"),
        Claim::MediaType("application/dns-message"),
    ],
    aliases: &[
        Alias::new("qname", &QRY_NAME),
        Alias::new("qtype", &METHOD),
        Alias::new("rcode", &STATUS),
        Alias::new("status", &STATUS),
    ],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Datagrams,
            probe: probe::datagram,
            open: |_, _| session::datagrams(&DIALECT),
            derived_title: "",
            reassembly: None,
            messages: Some(&MESSAGES),
        }),
        Dissector::Session(SessionKind {
            input: Input::Stream,
            probe: probe::stream,
            open: |_, _| session::stream(&DIALECT),
            derived_title: "",
            reassembly: None,
            messages: None,
        }),
        Dissector::Layer(|payload, packet, tree| layer(&DIALECT, payload, packet, tree)),
        Dissector::Content(content),
        Dissector::Text(text::write),
        Dissector::ContentInfo,
        Dissector::CallFacts(&call_facts::FACTS),
    ],
};

static DIALECT: Dialect = Dialect { field: &DNS, short: "DNS" };

/// A protocol whose messages have the format of DNS.
#[derive(Debug)]
struct Dialect {
    /// The protocol's own field.
    field: &'static Field,
    /// The name in the Protocol column.
    short: &'static str,
}

impl Dialect {
    fn is_mdns(&self) -> bool {
        self.field.id == mdns::MDNS.id
    }

    fn is_llmnr(&self) -> bool {
        self.field.id == llmnr::LLMNR.id
    }

    /// Whether the messages are bodies of HTTP, which notes what is missing of them.
    fn is_body(&self) -> bool {
        core::ptr::eq(self, &DOH)
    }
}

/// The roles of the fields of messages.
const MESSAGES: MessageFields = MessageFields {
    message: &DNS,
    request: &QUERY,
    response: &FLAGS_RESPONSE,
    channel: None,
    start_line: &SUMMARY,
    method: &METHOD,
    target: &QRY_NAME,
    authority: &QRY_NAME,
    full_target: &QRY_NAME,
    version: &ABSENT,
    code: &STATUS,
    headers: &[&LINE],
    trailers: &ABSENT,
    body: &ABSENT,
    media_type: &ABSENT,
    coding: &ABSENT,
    body_limits: [&ABSENT; 2],
    incomplete: &[],
    body_notes: &[],
    repeated: &[&QRY_NAME, &QRY_NAME_LEN, &COUNT_LABELS, &QRY_TYPE, &QRY_CLASS, &METHOD],
    request_only: &[&RESPONSE_IN, &QUERY, &FLAGS_AD],
    response_only: &[
        &STATUS,
        &FLAGS_RCODE,
        &FLAGS_AUTHORITATIVE,
        &FLAGS_RECAVAIL,
        &FLAGS_AUTHENTICATED,
        &RESPONSE_TO,
        &TIME,
    ],
    // The index has no fields of DNS but its notes.
    indexed: &[],
    is_curl_request: false,
};

/// Reads a datagram that no session reads: one that an ICMP error quotes, or without the structure of a message.
fn layer<'b>(dialect: &'static Dialect, &payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    if payload.wire == 0 {
        return NextLayer::End;
    }
    packet.path.push(dialect.field.name);
    if !packet.quoted {
        host_names::collect(dialect, payload.bytes, tree);
        describe::info(dialect, payload, false, tree);
    }
    record(dialect, payload, tree);
    NextLayer::End
}

/// Records a message without its exchange.
fn record(dialect: &'static Dialect, payload: Payload<'_>, tree: &mut Tree) {
    if !describe::is_wanted(dialect, tree) {
        return;
    }
    describe::open(dialect, payload.all(), payload.bytes, tree);
    describe::message(dialect, Message::read(payload.bytes).as_ref(), payload, tree);
    if payload.bytes.get(2).is_some_and(|flags| flags & 0x80 != 0) {
        tree.put(&UNSOLICITED, Slice::default(), Value::Bool(true));
    }
    tree.close();
}

/// Reads the body of a message of DNS over HTTPS (RFC 8484 6).
fn content(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push(DIALECT.field.name);
    host_names::collect(&DOH, body.payload.bytes, tree);
    if body.depth == 0 {
        describe::info(&DOH, body.payload, false, tree);
    }
    if describe::is_wanted(&DOH, tree) {
        describe::open(&DOH, body.payload.all(), body.payload.bytes, tree);
        describe::message(&DOH, Message::read(body.payload.bytes).as_ref(), body.payload, tree);
        tree.close();
    }
}

static DOH: Dialect = Dialect { field: &DNS, short: "DoH" };
