//! The OTLP form: one span for the call, with its phases and verdicts as events.

use super::span::{event, number, service, span, text, trace_id, traces_data};
use crate::journey::model::Journey;
use crate::journey::text::call_host_text;
use dissectors::session::Side;

/// Returns a journey as OTLP JSON.
pub(super) fn render(journey: &Journey) -> String {
    let call = &journey.call;
    let phases = journey.phases.iter().map(|phase| {
        let attributes = [number("overhear.phase.duration_ns", phase.length())];
        event(phase.from, phase.kind.label(), &attributes)
    });
    let verdicts = journey.verdicts.iter().map(|verdict| {
        let frames: Vec<String> = verdict.statement.frames.iter().map(u32::to_string).collect();
        let attributes = [
            text("overhear.verdict.text", &verdict.statement.text),
            number("overhear.verdict.duration_ns", verdict.nanos),
            text("overhear.verdict.frames", &frames.join(",")),
        ];
        event(journey.end(), &format!("verdict {}", verdict.kind.label()), &attributes)
    });
    let events: Vec<_> = phases.chain(verdicts).collect();
    // Near its client, a capture shows what the client waits for; elsewhere, what the server does.
    let (side, name) = match journey.near_side {
        Some(Side::Client) => (Side::Client, call_host_text(call, Side::Client)),
        _ => (Side::Server, service(call)),
    };
    let own = span(call, side, &trace_id(call), (journey.start(), journey.end()), &[], &events);
    traces_data(std::iter::once((name, own)))
}
