//! Capsules (RFC 9297 3.2): messages on a stream of an extended CONNECT, such as for UDP (RFC 9298), IP (RFC 9484) and WebTransport.
//!
//! ```text
//! | type (varint) | length (varint) | value |
//! ```

use crate::field::DisplayBase;
use crate::packet::Payload;
use crate::protocol::{Claim, Dissector, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, Event, Handover, Input, Lane, Missing, Pdu, Probe, Session, Side, SideEnd, Successor,
};
use crate::tree::Value;
use crate::varint::varint;
use crate::wants::Wants;
use crate::web::tunnel;
use alloc::boxed::Box;

crate::fields! { "capsule";
    /// Capsule: a message on a stream of an extended CONNECT.
    CAPSULE: Protocol "capsule" "HTTP Capsule" { ours: true };
    /// Type of the capsule.
    TYPE: U64 "capsule.type" "Type" { base: DisplayBase::Hex, values: TYPES, ours: true };
    /// Bytes of the value.
    LENGTH: U64 "capsule.length" "Length" { ours: true };
    /// The value.
    VALUE: Bytes "capsule.value" "Value" { ours: true };
    /// Context of a datagram with UDP or IP: 0 for a payload.
    CONTEXT_ID: U64 "capsule.context_id" "Context ID" { ours: true };
    /// Payload of a datagram.
    DATAGRAM: Bytes "capsule.datagram" "Datagram" { ours: true };
    /// Code with which a session of WebTransport is closed.
    CLOSE_CODE: U32 "capsule.close.code" "Application Error Code" { ours: true };
    /// Reason for which a session of WebTransport is closed.
    CLOSE_REASON: Text "capsule.close.reason" "Application Error Message" { ours: true };
    /// Capsule is too long to be read.
    TOO_LONG: Note(Warn) "capsule.too_long" "Capsule is too long: its value is not recorded" { ours: true };
}

/// Types (RFC 9297 5.4, RFC 9484 4.7, draft-ietf-webtrans-http3 9).
const TYPES: &[(u64, &str)] = &[
    (0x00, "DATAGRAM"),
    (0x01, "ADDRESS_ASSIGN"),
    (0x02, "ADDRESS_REQUEST"),
    (0x03, "ROUTE_ADVERTISEMENT"),
    (0x2843, "CLOSE_WEBTRANSPORT_SESSION"),
    (0x78ae, "DRAIN_WEBTRANSPORT_SESSION"),
    (0x190b_4d3d, "WT_MAX_DATA"),
    (0x190b_4d3e, "WT_MAX_STREAM_DATA"),
    (0x190b_4d3f, "WT_MAX_STREAMS (bidirectional)"),
    (0x190b_4d40, "WT_MAX_STREAMS (unidirectional)"),
    (0x190b_4d41, "WT_DATA_BLOCKED"),
    (0x190b_4d42, "WT_STREAM_DATA_BLOCKED"),
    (0x190b_4d43, "WT_STREAMS_BLOCKED (bidirectional)"),
    (0x190b_4d44, "WT_STREAMS_BLOCKED (unidirectional)"),
];
const DATAGRAM_TYPE: u64 = 0x00;
const CLOSE_TYPE: u64 = 0x2843;

/// Bytes of a capsule that is recorded. One with a UDP payload has up to 65,535 and some.
const MAX_CAPSULE: u64 = 1 << 17;

/// Registry entry for capsules.
pub static PROTOCOL: Protocol = Protocol {
    short: "Capsule",
    fields: FIELDS,
    claims: &[Claim::Upgrade("connect-udp"), Claim::Upgrade("connect-ip"), Claim::Upgrade("webtransport")],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe: |_| Probe::No,
        open,
        derived_title: "Capsule",
        reassembly: None,
        messages: None,
    })],
};

fn open(_: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    let has_contexts = matches!(&handover.to, Successor::Upgrade(name) if tunnel::has_contexts(name));
    Box::new(Capsules { has_contexts, skip_left: [0; 2], is_lost: [false; 2] })
}

/// The capsules of one stream.
#[derive(Clone, Debug)]
struct Capsules {
    /// Whether datagrams begin with a context.
    has_contexts: bool,
    /// Bytes of each side that are left of a capsule that is skipped.
    skip_left: [u64; 2],
    /// Bytes of each side are missing, so that the next capsule is not found.
    is_lost: [bool; 2],
}

impl Capsules {
    /// Records a capsule: its type, and the sizes of type and length.
    fn describe(&self, capsule: Payload<'_>, (kind, sizes): (u64, [usize; 2]), length: u64, cx: &mut Context<'_>) {
        let tree = &mut *cx.tree;
        let name = TYPE.value_name(kind).unwrap_or("Unknown");
        if tree.wants_columns() {
            // Frames of HTTP/2 and HTTP/3 that carry it, and the response to an upgrade, have the columns of HTTP.
            match tree.columns().protocol {
                column if column == PROTOCOL.short || column.starts_with("HTTP") => {
                    tree.append_info(format_args!(", {name}"))
                }
                _ => {
                    tree.columns_mut().protocol = PROTOCOL.short;
                    tree.set_info(format_args!("{name}"));
                }
            }
        }
        let node = tree.open(&CAPSULE, capsule.all(), Value::Bytes(capsule.all()));
        tree.label(node, format_args!("{}: {name}, {length} bytes", CAPSULE.title));
        let [kind_size, length_size] = sizes;
        tree.put(&TYPE, capsule.span(0, kind_size), Value::Uint(kind));
        tree.put(&LENGTH, capsule.span(kind_size, length_size), Value::Uint(length));
        let value = capsule.from(kind_size + length_size);
        if length > MAX_CAPSULE {
            tree.note(&TOO_LONG, capsule.all(), format_args!("{}", TOO_LONG.title));
        } else if !value.bytes.is_empty() {
            tree.put(&VALUE, value.all(), Value::Bytes(value.all()));
        }
        match kind {
            DATAGRAM_TYPE => {
                let context = varint(value.bytes).filter(|_| self.has_contexts);
                if let Some((context, size)) = context {
                    tree.put(&CONTEXT_ID, value.span(0, size), Value::Uint(context));
                }
                let payload = value.from(context.map_or(0, |(_, size)| size));
                if !payload.bytes.is_empty() {
                    tree.put(&DATAGRAM, payload.all(), Value::Bytes(payload.all()));
                }
            }
            CLOSE_TYPE => {
                if let Some(code) = value.bytes.first_chunk::<4>() {
                    tree.put(&CLOSE_CODE, value.span(0, 4), Value::Uint(u32::from_be_bytes(*code).into()));
                    let reason = value.from(4);
                    tree.put(&CLOSE_REASON, reason.all(), Value::Text(reason.all()));
                }
            }
            _ => {}
        }
        tree.close();
    }
}

impl Session for Capsules {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let available = chunk.bytes.len();
        let skip_left = lane.side.of_mut(&mut self.skip_left);
        if *lane.side.of(&self.is_lost) {
            return Consumed::bytes(available);
        }
        if *skip_left > 0 {
            let skipped = (*skip_left).min(available as u64);
            *skip_left -= skipped;
            return Consumed::bytes(skipped as usize);
        }
        let Some((kind, kind_size)) = varint(chunk.bytes) else { return Consumed::bytes(0) };
        let Some((length, length_size)) = chunk.bytes.get(kind_size..).and_then(varint) else {
            return Consumed::bytes(0);
        };
        let header = kind_size + length_size;
        let is_long = length > MAX_CAPSULE;
        let len = if is_long { header } else { header + length as usize };
        if len > available {
            return Consumed::bytes(0);
        }
        if is_long {
            *lane.side.of_mut(&mut self.skip_left) = length;
        }
        if !cx.path.names().contains(&CAPSULE.name) {
            cx.path.push(CAPSULE.name);
        }
        if !cx.tree.skips_rest() && (cx.tree.wants_any(&CAPSULE) || cx.tree.wants_columns()) {
            let span = chunk.span(0..len, "Capsule", cx.tree);
            let capsule = Payload::whole(chunk.bytes.get(..len).unwrap_or_default(), span.start);
            self.describe(capsule, (kind, [kind_size, length_size]), length, cx);
        }
        cx.events.push(Event::Pdu(Pdu { lane, first: cx.first, len: len as u64 }));
        Consumed::bytes(len)
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, _: &mut Context<'_>) {
        let skip_left = lane.side.of_mut(&mut self.skip_left);
        match missing {
            Missing::Bytes(len) if before.bytes.is_empty() && len <= *skip_left => *skip_left -= len,
            Missing::Released if before.bytes.is_empty() => {}
            _ => *lane.side.of_mut(&mut self.is_lost) = true,
        }
    }

    fn end(&mut self, _: Lane, _: Chunk<'_>, _: SideEnd, _: &mut Context<'_>) {}

    fn is_in_message(&self, side: Side) -> bool {
        *side.of(&self.skip_left) > 0
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
