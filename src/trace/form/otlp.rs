//! The OTLP form: one span for each call, below the span of the call that caused it.

use crate::journey::span::{number, service, span, span_id, text, trace_id, traces_data};
use crate::journey::text::call_host_text;
use crate::trace::context::Identity;
use crate::trace::model::{Cause, Trace};
use dissectors::session::Side;

/// Returns a trace as OTLP JSON.
pub(super) fn render(trace: &Trace) -> String {
    let spans = trace.roots.iter().flat_map(|&root| {
        let trace_id = stated_trace(trace, trace.origin(root));
        let tree = trace.tree(root).into_iter();
        tree.filter_map(move |(at, _)| call_span(trace, at, &trace_id)).collect::<Vec<_>>()
    });
    traces_data(spans)
}

fn call_span(trace: &Trace, at: usize, trace_id: &str) -> Option<(String, serde_json::Value)> {
    let traced = trace.calls.get(at)?;
    let cause = trace.causes.get(at)?;
    let certainty = match cause {
        Cause::Known { evidence, .. } | Cause::Deeper { evidence, .. } => evidence.label(),
        Cause::Unknown { .. } => "unknown".to_owned(),
        Cause::None => "none".to_owned(),
    };
    let own = trace.own_time(at).map(|nanos| number("overhear.self_duration_ns", nanos));
    let attributes = [number("overhear.call", traced.row), text("overhear.cause", &certainty)];
    let attributes: Vec<_> = attributes.into_iter().chain(own).collect();
    let caller = cause.known_caller().and_then(|caller| trace.calls.get(caller));
    let (side, name) = match caller {
        // The service that serves the caller is the client.
        Some(caller) => (Side::Client, service(&caller.call)),
        None if trace.is_seen_at_client(at) => (Side::Client, call_host_text(&traced.call, Side::Client)),
        None => (Side::Server, service(&traced.call)),
    };
    let mut span = span(&traced.call, side, trace_id, traced.span(), &attributes, &[]);
    if let Some(caller) = caller {
        span["parentSpanId"] = span_id(&caller.call).into();
    }
    Some((name, span))
}

/// Returns the identifier of the trace of a tree: the first that one of its calls states, or one made of its first call.
fn stated_trace(trace: &Trace, root: usize) -> String {
    let calls = || trace.tree(root).into_iter().filter_map(|(at, _)| trace.calls.get(at));
    let stated = calls().flat_map(|call| &call.contexts).find_map(|context| match context.identity {
        Identity::Trace(number) => Some(format!("{number:032x}")),
        Identity::Request(_) => None,
    });
    stated.unwrap_or_else(|| trace.calls.get(root).map(|first| trace_id(&first.call)).unwrap_or_default())
}
