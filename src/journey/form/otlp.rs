//! The OTLP form: one span for the call, with its phases and verdicts as events, as JSON of OpenTelemetry's protocol
//! (opentelemetry.proto.trace.v1.TracesData).

use crate::journey::facts;
use crate::journey::model::Journey;
use crate::journey::text::address_text;
use dissectors::call_facts::CallPart;
use dissectors::exchange::Outcome;
use serde_json::{Value, json};

/// `SPAN_KIND_CLIENT`, `STATUS_CODE_UNSET` and `STATUS_CODE_ERROR` of trace.proto.
const KIND_CLIENT: u32 = 3;
const CODE_UNSET: u32 = 0;
const CODE_ERROR: u32 = 2;

/// Returns a journey as OTLP JSON.
pub(super) fn render(journey: &Journey) -> String {
    let (call, exchange) = (&journey.call, &journey.call.exchange);
    let is_error = !matches!(exchange.outcome, Outcome::Success | Outcome::Pending);
    let name = format!("{} {}", exchange.method, exchange.target);
    let mut attributes = vec![
        text("network.protocol.name", exchange.named_protocol()),
        text("client.address", &address_text(call.client.address)),
        number("client.port", call.client.port.into()),
        text("network.peer.address", &address_text(call.server.address)),
        number("network.peer.port", call.server.port.into()),
        text("overhear.conversation", &exchange.id.conversation.to_string()),
        text("overhear.status", &exchange.status),
    ];
    for (part, key) in facts::span_attributes(exchange.protocol) {
        attributes.extend(match part {
            CallPart::Method => Some(text(key, &exchange.method)),
            CallPart::Target => Some(text(key, &exchange.target)),
            CallPart::Authority => Some(text(key, &exchange.authority)),
            CallPart::Code => exchange.code.map(|code| number(key, code.into())),
            CallPart::RequestBody => exchange.request.map(|request| number(key, request.body)),
            CallPart::ResponseBody => exchange.response.map(|response| number(key, response.body)),
        });
    }
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
    let identity = format!("{:?} {:?} {} {:?}", call.client, call.server, call.start, exchange.id);
    let span = json!({
        "traceId": format!("{:016x}{:016x}", hash(&identity, 1), hash(&identity, 2)),
        "spanId": format!("{:016x}", hash(&identity, 3)),
        "name": name.trim(),
        "kind": KIND_CLIENT,
        "startTimeUnixNano": unix_nanos(journey.start()),
        "endTimeUnixNano": unix_nanos(journey.end()),
        "attributes": attributes,
        "events": phases.chain(verdicts).collect::<Vec<_>>(),
        "status": {"code": if is_error { CODE_ERROR } else { CODE_UNSET }},
    });
    let scope = json!({"name": "overhear", "version": env!("CARGO_PKG_VERSION")});
    let service =
        if exchange.authority.is_empty() { address_text(call.server.address) } else { exchange.authority.to_string() };
    let object = json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", &service)]},
        "scopeSpans": [{"scope": scope, "spans": [span]}],
    }]});
    format!("{object:#}\n")
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Numbers of 64 bits are strings in the JSON of Protocol Buffers.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": i64::try_from(value).unwrap_or(i64::MAX).to_string()}})
}

fn event(time: i64, name: &str, attributes: &[Value]) -> Value {
    json!({"timeUnixNano": unix_nanos(time), "name": name, "attributes": attributes})
}

/// Returns a time as an unsigned number of nanoseconds since 1970.
fn unix_nanos(time: i64) -> String {
    u64::try_from(time).unwrap_or_default().to_string()
}

/// Returns a hash of a text (FNV-1a), never 0: the same call has the same identity in each run.
fn hash(text: &str, seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash.max(1)
}
