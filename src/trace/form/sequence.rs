//! The sequence diagram of a trace: requests and responses between the services.

use super::request;
use crate::diagram::{Arrow, Diagram};
use crate::journey::text::{address_text, endpoint_text, quote};
use crate::trace::model::Trace;
use dissectors::exchange::Outcome;

/// Maximum number of calls in a diagram.
const MAX_CALLS: usize = 200;

/// Returns the diagram of the trees that are shown, up to a number of calls. A call comes from the service whose call caused it.
pub(super) fn diagram(trace: &Trace) -> Diagram {
    let mut lanes: Vec<String> = Vec::new();
    let mut lane = |name: String| {
        lanes.iter().position(|lane| *lane == name).unwrap_or_else(|| {
            lanes.push(name);
            lanes.len() - 1
        })
    };
    let mut arrows = Vec::new();
    for (at, _) in trace.roots.iter().flat_map(|&root| trace.tree(root)).take(MAX_CALLS) {
        let Some(traced) = trace.calls.get(at) else { continue };
        let (call, exchange) = (&traced.call, &traced.call.exchange);
        let caller = trace.causes.get(at).and_then(|cause| cause.caller()).and_then(|caller| trace.calls.get(caller));
        let from =
            lane(caller.map_or_else(|| address_text(call.client.address), |caller| endpoint_text(caller.call.server)));
        let to = lane(endpoint_text(call.server));
        let is_failed = !matches!(exchange.outcome, Outcome::Success | Outcome::Pending);
        let is_critical = trace.is_critical.get(at).is_some_and(|is_critical| *is_critical);
        let arrow = |stamp: dissectors::session::Stamp, from, to, label, is_anomalous| Arrow {
            frame: stamp.frame,
            time: stamp.time,
            from,
            to,
            label,
            is_anomalous,
            is_key: is_critical,
        };
        let request = request(&exchange.method, &exchange.target, &exchange.target);
        arrows.push(arrow(traced.first, from, to, request.trim().to_owned(), false));
        if exchange.response.is_some() {
            arrows.push(arrow(traced.last, to, from, quote(&exchange.status), is_failed));
        }
    }
    arrows.sort_by_key(|arrow| (arrow.time, arrow.frame));
    let start = arrows.first().map_or(0, |arrow| arrow.time);
    Diagram { lanes, arrows, start }
}
