//! Spans of OpenTelemetry as JSON (opentelemetry.proto.trace.v1.TracesData), for journeys and traces.

use crate::capture::Call;
use crate::journey::facts;
use crate::journey::text::{address_text, call_host_text, host_of, target_text};
use crate::report::json_lines;
use dissectors::call_facts::CallPart;
use dissectors::exchange::Outcome;
use dissectors::session::Side;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `SPAN_KIND_SERVER`, `SPAN_KIND_CLIENT`, `STATUS_CODE_UNSET` and `STATUS_CODE_ERROR` of trace.proto.
const KIND_SERVER: u32 = 2;
const KIND_CLIENT: u32 = 3;
const CODE_UNSET: u32 = 0;
const CODE_ERROR: u32 = 2;

/// Returns the span of a call, as its client or its server would report it.
pub(crate) fn span(
    call: &Call,
    side: Side,
    trace_id: &str,
    (start, end): (i64, i64),
    attributes: &[Value],
    events: &[Value],
) -> Value {
    let exchange = &call.exchange;
    let is_error = !matches!(exchange.outcome, Outcome::Success | Outcome::Pending | Outcome::Unknown);
    let attributes: Vec<Value> = call_attributes(call).into_iter().chain(attributes.iter().cloned()).collect();
    json!({
        "traceId": trace_id,
        "spanId": span_id(call),
        "name": target_text(exchange.protocol, &exchange.method, &exchange.target),
        "kind": if side == Side::Client { KIND_CLIENT } else { KIND_SERVER },
        "startTimeUnixNano": unix_nanos(start),
        "endTimeUnixNano": unix_nanos(end),
        "attributes": attributes,
        "events": events,
        "status": {"code": if is_error { CODE_ERROR } else { CODE_UNSET }},
    })
}

/// Returns spans, each of the service of its call, as a text.
pub(crate) fn traces_data(spans: impl Iterator<Item = (String, Value)>) -> String {
    let scope = json!({"name": "overhear", "version": env!("CARGO_PKG_VERSION")});
    let mut services: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    spans.for_each(|(service, span)| services.entry(service).or_default().push(span));
    let resources = services.into_iter().map(|(service, spans)| {
        json!({
            "resource": {"attributes": [text("service.name", &service)]},
            "scopeSpans": [{"scope": scope, "spans": spans}],
        })
    });
    let object = json!({"resourceSpans": resources.collect::<Vec<_>>()});
    json_lines(&object)
}

/// Returns the name of the service that serves a call: the host of a web server, or the name or address of the server.
pub(crate) fn service(call: &Call) -> String {
    let host = host_of(&call.exchange.authority);
    let is_host = !host.is_empty() && !facts::has_statements(call.exchange.protocol);
    if is_host { host } else { call_host_text(call, Side::Server) }
}

fn call_attributes(call: &Call) -> Vec<Value> {
    let exchange = &call.exchange;
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
    attributes
}

/// Returns an identifier of a trace that is made of a call: the same call has the same one in each run.
pub(crate) fn trace_id(call: &Call) -> String {
    let identity = identity(call);
    format!("{:016x}{:016x}", hash(&identity, 1), hash(&identity, 2))
}

/// Returns the identifier of the span of a call.
pub(crate) fn span_id(call: &Call) -> String {
    format!("{:016x}", hash(&identity(call), 3))
}

fn identity(call: &Call) -> String {
    format!("{:?} {:?} {} {:?}", call.client, call.server, call.start, call.exchange.id)
}

/// Returns an attribute with a text.
pub(crate) fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Returns an attribute with a number. Numbers of 64 bits are strings in the JSON of Protocol Buffers.
pub(crate) fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": i64::try_from(value).unwrap_or(i64::MAX).to_string()}})
}

/// Returns an event of a span.
pub(crate) fn event(time: i64, name: &str, attributes: &[Value]) -> Value {
    json!({"timeUnixNano": unix_nanos(time), "name": name, "attributes": attributes})
}

/// Returns a time as an unsigned number of nanoseconds since 1970.
fn unix_nanos(time: i64) -> String {
    u64::try_from(time).unwrap_or_default().to_string()
}

/// Returns a hash of a text (FNV-1a), never 0.
fn hash(text: &str, seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash.max(1)
}
