//! The sequence diagram of all hosts of a call: its own segments, and the calls that it caused.

use super::model::{Cause, Trace};
use super::sequence::arrows;
use crate::capture::Call;
use crate::diagram::{Arrow, Diagram};
use crate::journey::text::{call_end_text, count};
use dissectors::session::Side;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the diagram of a call with all hosts: the client, the servers of its lookups, the server, and the servers behind it. It
/// begins with the diagram of the call alone. Notes state which calls it lacks.
#[must_use]
pub fn host_diagram(trace: &Trace, root: &Call, of_call: Diagram) -> (Diagram, Vec<String>) {
    let mut diagram = with_client_first(of_call, root);
    let mut notes = trace.notes.clone();
    let server = diagram.lane(call_end_text(root, Side::Server));
    // A channel that the call opened carries calls of its client.
    let is_carried =
        |at: &usize| trace.calls.get(*at).is_some_and(|traced| traced.call.exchange.parent == Some(root.exchange.id));
    let mut lanes = BTreeMap::new();
    let trees = trace.selected.into_iter().chain((0..trace.calls.len()).filter(is_carried));
    for at in trees.flat_map(|root| trace.tree(root)).map(|(at, _)| at) {
        if lanes.contains_key(&at) || trace.selected == Some(at) {
            lanes.entry(at).or_insert(server);
            continue;
        }
        let Some(traced) = trace.calls.get(at) else { continue };
        let caller = trace.causes.get(at).and_then(Cause::caller).and_then(|caller| lanes.get(&caller)).copied();
        let from = caller.filter(|_| !is_carried(&at)).unwrap_or_default();
        let to = diagram.lane(call_end_text(&traced.call, Side::Server));
        diagram.arrows.extend(arrows(trace, at, [from, to]).map(|arrow| Arrow { is_key: true, ..arrow }));
        lanes.insert(at, to);
    }
    diagram.arrows.sort_by_key(|arrow| arrow.frame);
    let shown: BTreeSet<usize> = lanes.into_keys().collect();
    let unclear = trace.unclear(&shown);
    if unclear > 0 {
        let calls = count(unclear, "call");
        notes.push(format!("not shown: {calls} that it or another call caused; `overhear trace` prints them"));
    }
    (diagram, notes)
}

/// Returns a diagram with the client as its first lane.
fn with_client_first(diagram: Diagram, root: &Call) -> Diagram {
    let name = call_end_text(root, Side::Client);
    let client = diagram.lanes.iter().position(|lane| *lane == name).unwrap_or_default();
    let moved = |lane: usize| if lane == client { 0 } else { lane + usize::from(lane < client) };
    let mut lanes = diagram.lanes;
    if client < lanes.len() {
        let first = lanes.remove(client);
        lanes.insert(0, first);
    }
    let arrows =
        diagram.arrows.into_iter().map(|arrow| Arrow { from: moved(arrow.from), to: moved(arrow.to), ..arrow });
    Diagram { arrows: arrows.collect(), lanes, noun: "frame", ..diagram }
}
