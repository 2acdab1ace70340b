//! The sequence diagram of a journey.

use super::collected::{Collected, Lookup};
use super::segment::SegmentRecord;
use super::text::{call_end_text, list, quote, target_text};
use crate::diagram::{Arrow, Diagram};
use dissectors::exchange::Exchange;
use dissectors::session::{Side, Stamp};

/// Returns the diagram of a call: lookups before it, and the segments that were kept. Times are relative to `start`.
pub(super) fn diagram(collected: &Collected, start: i64, evidence: &[u32]) -> Diagram {
    let call = &collected.selected.call;
    let lookups = || collected.lookups.iter().filter(|lookup| is_before(collected, lookup));
    let mut lanes: Vec<String> = Vec::new();
    let ends = [Side::Client, Side::Server].map(|side| call_end_text(call, side));
    for lookup in lookups().filter(|lookup| lookup.server != ends[1]) {
        if !lanes.contains(&lookup.server) {
            lanes.push(lookup.server.clone());
        }
    }
    let client = lanes.len();
    lanes.extend(ends);
    let mut arrows = Vec::new();
    for lookup in lookups() {
        let lane = lanes.iter().position(|lane| *lane == lookup.server).unwrap_or(client + 1);
        let answer = match lookup.addresses.as_slice() {
            [] => quote(&lookup.status),
            addresses => format!("{} {}", quote(&lookup.status), list(addresses)),
        };
        let name = format!("{} {}", quote(&lookup.kind), quote(&lookup.name));
        add_exchange(&lookup.exchange, &name, [client, lane], &answer, &mut arrows);
    }
    let lane = |side: Side| client + side as usize;
    // Data before and after the call is that of others, or of the handshake.
    let is_own = |segment: &&SegmentRecord| {
        let is_outside = collected.is_before_call(segment.frame) || collected.is_after_call(segment.frame);
        let is_shown = [&collected.secure.frames[..], evidence].iter().any(|frames| frames.contains(&segment.frame));
        segment.len == 0 || !is_outside || is_shown
    };
    arrows.extend(collected.segments.iter().filter(is_own).map(|segment| Arrow {
        frame: segment.frame,
        time: segment.time,
        from: lane(segment.side),
        to: lane(segment.side.other()),
        label: segment.label(),
        is_anomalous: segment.is_anomalous(),
        is_key: evidence.contains(&segment.frame),
    }));
    if collected.segments.is_empty() {
        let requester = collected.requester();
        let ends = [lane(requester), lane(requester.other())];
        let exchange = collected.exchange();
        let name = target_text(exchange.protocol, &exchange.method, &exchange.target);
        add_exchange(exchange, &name, ends, &quote(&exchange.status), &mut arrows);
    }
    arrows.sort_by_key(|arrow| arrow.frame);
    let noun = if collected.segments.is_empty() { "datagram" } else { "segment" };
    Diagram { lanes, arrows, start, noun }
}

fn is_before(collected: &Collected, lookup: &Lookup) -> bool {
    let start = super::phases::connection_start(collected);
    lookup.exchange.request.zip(start).is_some_and(|(request, start)| request.first.time <= start)
}

/// Adds the messages of an exchange between two lanes: requester and responder.
fn add_exchange(exchange: &Exchange, name: &str, [from, to]: [usize; 2], answer: &str, arrows: &mut Vec<Arrow>) {
    if let Some(request) = exchange.request {
        arrows.push(message_arrow(request.first, [from, to], name.to_owned()));
        // A message in a connection may have several segments.
        if request.last.frame != request.first.frame && exchange.id.conversation.tcp().is_none() {
            let again = message_arrow(request.last, [from, to], format!("{name} (again)"));
            arrows.push(Arrow { is_anomalous: true, ..again });
        }
    }
    arrows.extend(exchange.response.map(|response| message_arrow(response.last, [to, from], answer.to_owned())));
}

/// Returns the arrow of a message between two lanes.
pub(super) fn message_arrow(at: Stamp, [from, to]: [usize; 2], label: String) -> Arrow {
    Arrow { frame: at.frame, time: at.time, from, to, label, is_anomalous: false, is_key: true }
}
