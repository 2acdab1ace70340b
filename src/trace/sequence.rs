//! The sequence diagram of a trace: requests and responses between the services.

use super::model::Trace;
use crate::diagram::{Arrow, Diagram};
use crate::journey::text::{call_end_text, call_host_text, quote, target_text};
use dissectors::exchange::{Exchange, Outcome};
use dissectors::session::{Side, Stamp};

/// Returns the diagram of the trees that are shown. A call comes from the service whose call caused it.
pub(super) fn diagram(trace: &Trace) -> Diagram {
    let mut diagram = Diagram { noun: "message", ..Diagram::default() };
    for (at, _) in trace.roots.iter().flat_map(|&root| trace.tree(root)) {
        let Some(traced) = trace.calls.get(at) else { continue };
        let caller = trace.causes.get(at).and_then(|cause| cause.known_caller());
        let caller = caller.and_then(|caller| trace.calls.get(caller));
        let from = match caller {
            Some(caller) => call_end_text(&caller.call, Side::Server),
            None => call_host_text(&traced.call, Side::Client),
        };
        let lanes = [diagram.lane(from), diagram.lane(call_end_text(&traced.call, Side::Server))];
        diagram.arrows.extend(arrows(trace, at, lanes));
    }
    diagram.arrows.sort_by_key(|arrow| (arrow.time, arrow.frame));
    diagram.start = diagram.arrows.first().map_or(0, |arrow| arrow.time);
    diagram
}

/// Returns the arrows of a call between two lanes: its request, and its response if it has one.
pub(super) fn arrows(trace: &Trace, at: usize, [from, to]: [usize; 2]) -> impl Iterator<Item = Arrow> {
    let is_key = trace.is_critical.get(at).is_some_and(|is_critical| *is_critical);
    let arrow = |stamp: Stamp, from, to, label, is_anomalous| Arrow {
        frame: stamp.frame,
        time: stamp.time,
        from,
        to,
        label,
        is_anomalous,
        is_key,
    };
    let both = trace.calls.get(at).map(|traced| {
        let exchange = &traced.call.exchange;
        let is_failed = !matches!(exchange.outcome, Outcome::Success | Outcome::Pending | Outcome::Unknown);
        let response = exchange.response.map(|half| arrow(half.last, to, from, response_label(exchange), is_failed));
        [Some(arrow(traced.first, from, to, request_label(exchange), false)), response]
    });
    both.into_iter().flatten().flatten()
}

/// Returns the label of a request.
pub(super) fn request_label(exchange: &Exchange) -> String {
    target_text(exchange.protocol, &exchange.method, &exchange.target)
}

/// Returns the label of a response.
pub(super) fn response_label(exchange: &Exchange) -> String {
    if exchange.status.is_empty() { "response".to_owned() } else { quote(&exchange.status) }
}
