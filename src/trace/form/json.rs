//! The JSON form: trees of calls as nested objects. Times are nanoseconds since the start of the tree.

use crate::journey::add_names;
use crate::journey::text::{endpoint_text, time_text};
use crate::report::json_lines;
use crate::trace::model::{Cause, Trace};
use serde_json::{Value, json};

/// Returns a trace as an object.
pub(super) fn render(trace: &Trace) -> String {
    let trees: Vec<Value> = trace.roots.iter().map(|&root| tree(trace, root)).collect();
    let selected = trace.selected.and_then(|selected| trace.calls.get(selected)).map(|call| call.row);
    let object = json!({"call": selected, "trees": trees, "notes": trace.all_notes()});
    json_lines(&object)
}

fn tree(trace: &Trace, root: usize) -> Value {
    let start = trace.calls.get(root).map_or(0, |call| call.first.time);
    // Calls before those that they caused: from the end, each finds its children done.
    let mut done: Vec<Value> = Vec::new();
    for &(at, _) in trace.tree(root).iter().rev() {
        let count = trace.children.get(at).map_or(0, Vec::len);
        let mut children = done.split_off(done.len().saturating_sub(count));
        children.reverse();
        done.push(call(trace, at, start, children));
    }
    let mut value = done.pop().unwrap_or_default();
    value["time"] = Value::from(time_text(start));
    value
}

fn call(trace: &Trace, at: usize, start: i64, children: Vec<Value>) -> Value {
    let Some(traced) = trace.calls.get(at) else { return Value::Null };
    let exchange = &traced.call.exchange;
    let row = |at: &usize| trace.calls.get(*at).map(|call| call.row);
    let (certainty, evidence, callers) = match trace.causes.get(at) {
        Some(Cause::Known { caller, evidence } | Cause::Deeper { caller, evidence }) => {
            let certainty = if evidence.is_certain { "certain" } else { "inferred" };
            (certainty, evidence.source.map(|source| source.label()), row(caller).into_iter().collect())
        }
        Some(Cause::Unknown { callers, .. }) => ("unknown", None, callers.iter().filter_map(row).collect::<Vec<u64>>()),
        _ => ("none", None, Vec::new()),
    };
    let (others, is_beyond_limit) = match trace.causes.get(at) {
        Some(Cause::Unknown { others, is_beyond_limit, .. }) => (*others, *is_beyond_limit),
        _ => (0, false),
    };
    let mut object = json!({
        "call": traced.row,
        "protocol": exchange.named_protocol(),
        "stream": exchange.id.conversation.to_string(),
        "client": endpoint_text(traced.call.client),
        "server": endpoint_text(traced.call.server),
        "method": exchange.method.as_str(),
        "host": exchange.authority.as_str(),
        "uri": exchange.target.as_str(),
        "status": exchange.status.as_str(),
        "cause": {"certainty": certainty, "evidence": evidence, "calls": callers, "other_calls": others, "beyond_limit": is_beyond_limit},
        "start": traced.first.time.abs_diff(start),
        "total": traced.total(),
        "self": trace.own_time(at),
        "lacks_calls": trace.lacks_calls.get(at).copied().unwrap_or_default(),
        "critical": trace.is_critical.get(at),
        "complete": exchange.response.map(|response| response.complete),
        "frames": [traced.first.frame, traced.last.frame],
        "children": children,
    });
    add_names(&mut object, &traced.call);
    object
}
