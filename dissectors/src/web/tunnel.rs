//! Tunnels: streams of CONNECT (RFC 9113 8.5) and of extended CONNECT (RFC 8441, RFC 9220), which carry another protocol.

use super::header_list::HeaderList;
use super::stream::{DataPart, Stream};
use crate::session::{Context, DerivedItem, Half, Handover, Lane, Missing, Side, SideEnd, Successor};
use alloc::boxed::Box;

/// Protocols of a CONNECT, or of an upgrade, whose datagrams begin with a context (RFC 9298 5, RFC 9484 6).
const WITH_CONTEXTS: [&str; 2] = ["connect-udp", "connect-ip"];

/// Whether the datagrams of a protocol begin with a context. Names of protocols of an upgrade ignore case (RFC 9110 7.8).
pub(crate) fn has_contexts(protocol: &str) -> bool {
    WITH_CONTEXTS.iter().any(|name| name.eq_ignore_ascii_case(protocol))
}

/// Name of the fact that has the number of the stream, in 8 bytes. No header has such a name.
pub(crate) const STREAM_FACT: &str = ":stream";

/// Names what a tunnel carries: the protocol of an extended CONNECT, or whichever is detected.
pub(crate) fn begin(id: u32, number: Option<u64>, stream: &mut Stream, response: &HeaderList, cx: &mut Context<'_>) {
    let Some(protocol) = &stream.tunnel else { return };
    let to = match protocol.as_str() {
        "" => Successor::Detect,
        protocol => Successor::Upgrade(protocol.into()),
    };
    let exchange = &mut stream.exchange;
    let mut handover = Handover::opened_by(exchange, to);
    let of_request = [("authority", &exchange.authority), ("path", &exchange.target)];
    handover.facts = of_request.map(|(name, value)| (name.into(), value.as_bytes().to_vec())).into();
    if let Some(number) = number {
        handover.facts.push((STREAM_FACT.into(), number.to_be_bytes().to_vec()));
    }
    handover.lacks_facts = response.has_unknown();
    response.known().for_each(|(name, value)| handover.add_header(name, value));
    cx.derive(lane(id, Half::Request), DerivedItem::Begin(Box::new(handover)));
}

/// Derives bytes of a tunnel, and its end.
pub(crate) fn derive(id: u32, half: Half, part: &DataPart<'_>, cx: &mut Context<'_>) {
    if !part.bytes.is_empty() {
        let item = DerivedItem::Bytes {
            offset: None,
            bytes: part.bytes.to_vec(),
            first: part.first,
            arrived: None,
            from: None,
        };
        cx.derive(lane(id, half), item);
    }
    if part.ends {
        cx.derive(lane(id, half), DerivedItem::End(SideEnd::Closed));
    }
}

/// Notes that bytes of a tunnel are missing.
pub(crate) fn lose(id: u32, half: Half, missing: Missing, cx: &mut Context<'_>) {
    cx.derive(lane(id, half), DerivedItem::Missing(missing));
}

/// The lane of a half of a stream.
pub(crate) fn lane(id: u32, half: Half) -> Lane {
    Lane { channel: id.into(), side: if half == Half::Request { Side::Client } else { Side::Server } }
}
