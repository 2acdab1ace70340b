//! The sequence diagram of a journey.

use super::collected::{Collected, Lookup};
use super::datagram::DatagramRecord;
use super::facts;
use super::text::{call_end_text, list, quote, target_text};
use crate::diagram::{Arrow, Diagram};
use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::{Side, Stamp};
use std::collections::BTreeSet;

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
    let own = OwnFrames { collected, evidence };
    let is_own = own.segments();
    arrows.extend(collected.segments.iter().filter(|segment| is_own.contains(&segment.frame)).map(|segment| Arrow {
        frame: segment.frame,
        time: segment.time,
        from: lane(segment.side),
        to: lane(segment.side.other()),
        label: own.label(segment.frame, segment.label()),
        is_anomalous: segment.is_anomalous(),
        is_key: own.is_key(segment.frame),
    }));
    let datagrams = collected.transport.datagrams.iter().filter(|datagram| own.has_datagram(datagram));
    arrows.extend(datagrams.map(|datagram| Arrow {
        frame: datagram.at.frame,
        time: datagram.at.time,
        from: lane(datagram.side),
        to: lane(datagram.side.other()),
        label: own.label(datagram.at.frame, datagram.label.clone()),
        is_anomalous: datagram.is_anomalous,
        is_key: own.is_key(datagram.at.frame),
    }));
    if collected.segments.is_empty() && collected.transport.datagrams.is_empty() {
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

/// Frames of a connection that belong to a call: those of the handshakes, of its messages, and of the end of the connection.
struct OwnFrames<'c> {
    collected: &'c Collected,
    evidence: &'c [u32],
}

impl OwnFrames<'_> {
    /// Returns the segments of the call. Of the others that were sent meanwhile, data is that of other calls; acknowledgments
    /// belong to the call if they are the first ones of its data.
    fn segments(&self) -> BTreeSet<u32> {
        let collected = self.collected;
        // Ends of the data of each side that is not acknowledged yet.
        let mut pending: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
        let mut own = BTreeSet::new();
        let mut is_closing = false;
        for segment in &collected.segments {
            let frame = segment.frame;
            let is_during = !collected.is_before_call(frame) && !collected.is_after_call(frame);
            let ends = segment.is_syn() || segment.is_fin() || segment.is_reset();
            is_closing |= segment.is_fin() && !collected.is_before_call(frame);
            let has_own_data = segment.len > 0 && (collected.is_owned(frame) || collected.is_of_opening(frame));
            let acknowledges = segment.is_ack()
                && segment
                    .side
                    .other()
                    .of_mut(&mut pending)
                    .extract_if(.., |end| segment.ack.wrapping_sub(*end) as i32 >= 0)
                    .count()
                    > 0;
            if has_own_data {
                segment.side.of_mut(&mut pending).push(segment.end());
            }
            let is_quiet = segment.len == 0;
            let is_shown = has_own_data
                || ends
                || self.evidence.contains(&frame)
                || is_quiet && (acknowledges || is_closing || collected.is_of_opening(frame))
                || is_quiet && is_during && segment.is_anomalous();
            if is_shown {
                own.insert(frame);
            }
        }
        own
    }

    fn has_datagram(&self, datagram: &DatagramRecord) -> bool {
        let (collected, frame) = (self.collected, datagram.at.frame);
        let is_of_opening =
            collected.is_of_opening(frame) || collected.secure.frames.iter().any(|(own, _)| *own == frame);
        collected.is_owned(frame) || is_of_opening || datagram.is_end || self.evidence.contains(&frame)
    }

    /// Returns the label of a frame: the message that begins in it, or the messages of the handshake.
    fn label(&self, frame: u32, label: String) -> String {
        let collected = self.collected;
        let exchange = collected.exchange();
        let begins = |half: Option<Transfer>| half.is_some_and(|half| half.first.frame == frame);
        let is_own = !facts::has_handshake(exchange.protocol);
        let handshake = || {
            let (_, names) = collected.secure.frames.iter().find(|(own, names)| *own == frame && !names.is_empty())?;
            (!collected.segments.is_empty()).then(|| quote(names))
        };
        let name = match (begins(exchange.request), begins(exchange.response)) {
            (true, _) if is_own => Some(target_text(exchange.protocol, &exchange.method, &exchange.target)),
            (_, true) if is_own => Some(match exchange.status.is_empty() {
                true => "response".to_owned(),
                false => quote(&exchange.status),
            }),
            _ => handshake(),
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => format!("{name}: {label}"),
            None => label,
        }
    }

    /// Whether a frame is shown even in a diagram with few arrows.
    fn is_key(&self, frame: u32) -> bool {
        let exchange = self.collected.exchange();
        let begins = |half: Option<Transfer>| half.is_some_and(|half| half.first.frame == frame);
        self.evidence.contains(&frame) || begins(exchange.request) || begins(exchange.response)
    }
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
