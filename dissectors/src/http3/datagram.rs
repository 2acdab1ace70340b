//! Datagrams of HTTP (RFC 9297 2.1): each is a frame of QUIC, and belongs to the stream of a request.

use super::fields::*;
use super::{Http3, PROTOCOL, lane};
use crate::packet::Payload;
use crate::session::{Chunk, Consumed, Context, Event, Lane, Pdu};
use crate::tree::Value;
use crate::varint::varint;
use crate::web::tunnel;
use compact_str::CompactString;

/// Streams of extended CONNECT whose protocol is known; beyond it, the lowest number is dropped.
const MAX_TUNNELS: usize = 256;

impl Http3 {
    /// Notes the protocol that a request of CONNECT names.
    pub(super) fn note_tunnel(&mut self, key: u32, protocol: CompactString) {
        if self.tunnels.len() >= MAX_TUNNELS {
            self.tunnels.pop_first();
        }
        self.tunnels.insert(key, protocol);
    }

    /// Reads a datagram.
    pub(super) fn datagram(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let len = chunk.bytes.len();
        let quarter = varint(chunk.bytes);
        let key = quarter.map(|(quarter, _)| lane::request_key(quarter << 2));
        let owner = key.and_then(|key| self.streams.nth(key)).map(|nth| (nth, self.half(lane.side)));
        let is_recorded = !cx.tree.skips_rest() && (cx.tree.wants_any(&HTTP3) || cx.tree.wants_columns());
        if is_recorded && let Some((quarter, size)) = quarter {
            let node = cx.tree.nodes().len();
            if cx.tree.wants_columns() {
                cx.tree.columns_mut().protocol = PROTOCOL.short;
            }
            let datagram = Payload::whole(chunk.bytes, chunk.span(0..len, "HTTP datagram", cx.tree).start);
            cx.tree.open(&HTTP3, datagram.all(), Value::Bytes(datagram.all()));
            let protocol = key.and_then(|key| self.tunnels.get(&key));
            describe(datagram, (quarter, size), protocol, cx);
            cx.tree.close();
            if let Some((nth, half)) = owner {
                crate::web::message::note_part(nth, half, node, cx);
            }
        }
        cx.events.push(Event::Pdu(Pdu { lane, first: cx.first, len: len as u64 }));
        Consumed { owner, ..Consumed::bytes(len) }
    }
}

fn describe(
    datagram: Payload<'_>,
    (quarter, size): (u64, usize),
    protocol: Option<&CompactString>,
    cx: &mut Context<'_>,
) {
    let tree = &mut *cx.tree;
    let name = protocol.map_or("", |protocol| protocol);
    if tree.wants_columns() {
        tree.append_info(format_args!(", HTTP Datagram({})", quarter << 2));
    }
    let node = tree.open(&DATAGRAM, datagram.all(), Value::Present);
    let of = if name.is_empty() { "" } else { ", " };
    tree.label(node, format_args!("{}: stream {}{of}{name}", DATAGRAM.title, quarter << 2));
    tree.put(&DATAGRAM_QUARTER_ID, datagram.span(0, size), Value::Uint(quarter));
    tree.put(&DATAGRAM_STREAM, datagram.span(0, size), Value::Uint(quarter << 2));
    let mut payload = datagram.from(size);
    let context = varint(payload.bytes).filter(|_| tunnel::has_contexts(name));
    if let Some((context, size)) = context {
        tree.put(&DATAGRAM_CONTEXT_ID, payload.span(0, size), Value::Uint(context));
        payload = payload.from(size);
    }
    if !payload.bytes.is_empty() {
        tree.put(&DATAGRAM_PAYLOAD, payload.all(), Value::Bytes(payload.all()));
    }
    tree.close();
}
