//! The OTLP form: one span for each call, below the span of the call that caused it.

use crate::journey::span::{number, service, span, span_id, text, trace_id, traces_data};
use crate::trace::context::Identity;
use crate::trace::model::{Cause, Trace};

/// Returns a trace as OTLP JSON.
pub(super) fn render(trace: &Trace) -> String {
    let spans = trace.roots.iter().flat_map(|&root| {
        let trace_id = stated_trace(trace, root);
        let tree = trace.tree(root).into_iter();
        tree.filter_map(move |(at, _)| call_span(trace, at, &trace_id)).collect::<Vec<_>>()
    });
    traces_data(spans)
}

fn call_span(trace: &Trace, at: usize, trace_id: &str) -> Option<(String, serde_json::Value)> {
    let traced = trace.calls.get(at)?;
    let certainty = match trace.causes.get(at) {
        Some(Cause::Known { evidence, .. }) => evidence.label(),
        Some(Cause::Unknown { .. }) => "unknown".to_owned(),
        _ => "none".to_owned(),
    };
    let attributes = [
        number("overhear.call", traced.row),
        text("overhear.cause", &certainty),
        number("overhear.self_duration_ns", trace.self_nanos.get(at).copied().unwrap_or_default()),
    ];
    let times = (traced.first.time, traced.last.time);
    let mut span = span(&traced.call, trace_id, times, &attributes, &[]);
    if let Some(caller) =
        trace.causes.get(at).and_then(|cause| cause.caller()).and_then(|caller| trace.calls.get(caller))
    {
        span["parentSpanId"] = span_id(&caller.call).into();
    }
    Some((service(&traced.call), span))
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
