//! The JSON form: the whole model as one object. Times are nanoseconds.

use crate::capture::{Call, EndpointNames};
use crate::journey::model::{Journey, Statement};
use crate::journey::text::{endpoint_text, time_text};
use crate::report::json_lines;
use serde_json::{Value, json};

/// Returns a journey as an object.
pub(super) fn render(journey: &Journey, explains: bool) -> String {
    let (call, exchange) = (&journey.call, &journey.call.exchange);
    let since = |time: i64| (i128::from(time) - i128::from(journey.start())) as i64;
    let phases: Vec<Value> = journey
        .phases
        .iter()
        .map(|phase| json!({"phase": phase.kind.label(), "start": since(phase.from), "duration": phase.length()}))
        .collect();
    let verdicts: Vec<Value> = journey
        .verdicts
        .iter()
        .map(|verdict| {
            let Statement { text, frames } = &verdict.statement;
            json!({"verdict": verdict.kind.label(), "duration": verdict.nanos, "text": text, "frames": frames})
        })
        .collect();
    let steps: Vec<Value> = journey
        .steps
        .iter()
        .map(|step| {
            let mut object = json!({
                "step": step.kind.label(),
                "start": step.span.map(|(from, _)| since(from)),
                "duration": step.span.map(|(from, to)| to.abs_diff(from)),
                "statements": step.statements.iter().map(statement).collect::<Vec<_>>(),
            });
            if explains {
                object["explanation"] = Value::from(step.explanation.as_str());
            }
            object
        })
        .collect();
    let lanes = &journey.diagram.lanes;
    let lane = |nth: usize| lanes.get(nth).map(String::as_str).unwrap_or_default();
    let frames: Vec<Value> = journey
        .diagram
        .arrows
        .iter()
        .map(|arrow| {
            let (from, to) = (lane(arrow.from), lane(arrow.to));
            json!({"frame": arrow.frame, "time": since(arrow.time), "from": from, "to": to, "label": arrow.label})
        })
        .collect();
    let mut object = json!({
        "call": journey.row,
        "protocol": exchange.named_protocol(),
        "stream": exchange.id.conversation.to_string(),
        "client": endpoint_text(call.client),
        "server": endpoint_text(call.server),
        "method": exchange.method.as_str(),
        "host": exchange.authority.as_str(),
        "uri": exchange.target.as_str(),
        "status": exchange.status.as_str(),
        "time": time_text(journey.start()),
        "total": journey.total(),
        "call_total": journey.call_total(),
        "phases": phases,
        "verdicts": verdicts,
        "steps": steps,
        "frames": frames,
        "notes": journey.notes,
    });
    add_names(&mut object, call);
    json_lines(&object)
}

/// Adds the names of client and server to an object, if addresses are resolved.
pub(crate) fn add_names(object: &mut Value, call: &Call) {
    let (client, server) = EndpointNames::of(call.names.as_deref());
    for (key, name) in [("client_name", client), ("server_name", server)] {
        if let Some(name) = name {
            object[key] = Value::from(&*name.name);
        }
    }
}

fn statement(statement: &Statement) -> Value {
    json!({"text": statement.text, "frames": statement.frames})
}
