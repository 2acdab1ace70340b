//! Captures of HTTP/3 compared with what the clients in them, or nginx, logged of each request (`fixtures/http3/calls.tsv`).

use crate::common::{decode_options, events};
use dissectors::exchange::Exchange;
use overhear::analysis::{Event, Task};
use std::collections::BTreeMap;
use std::path::Path;

/// A request in a log: its columns, of which some are empty.
type LoggedCall = Vec<String>;

fn logged() -> BTreeMap<String, Vec<LoggedCall>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http3/calls.tsv");
    let mut calls: BTreeMap<String, Vec<LoggedCall>> = BTreeMap::new();
    for line in std::fs::read_to_string(path).expect("a log").lines().skip(1) {
        let mut columns = line.split('\t').map(str::to_owned);
        let capture = columns.next().expect("a capture");
        calls.entry(capture).or_default().push(columns.skip(2).collect());
    }
    calls
}

fn exchanges(capture: &str) -> Vec<Exchange> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http3").join(capture);
    let file = std::fs::read(path).expect("a capture");
    let task = Task { exchanges: true, decode: decode_options(&file), ..Task::default() };
    let exchange = |event| if let Event::Call(call) = event { Some(*call.exchange) } else { None };
    // A connection whose content is not read is a call of its own, which no program logs.
    events(file, task).into_iter().filter_map(exchange).filter(|exchange| exchange.method != "QUIC").collect()
}

/// Whether an exchange is that of a log, as far as the log has it.
fn is_logged(exchange: &Exchange, logged: &LoggedCall) -> bool {
    let [method, path, status, request, response, end] = logged.as_slice() else { return false };
    let body = |half: Option<dissectors::exchange::Transfer>| half.map_or(0, |half| half.body).to_string();
    let is = |logged: &str, own: &str| logged.is_empty() || logged == own;
    // Bytes in a tunnel are not a body.
    let is_tunnel = method == "CONNECT";
    let is_complete = exchange.response.is_some_and(|response| response.complete);
    *method == exchange.method
        && is(path, &exchange.target)
        && is(if status == "-" { "" } else { status }, &exchange.status)
        && (status != "-" || exchange.status.is_empty() || end == "rejected" && exchange.status.ends_with(end))
        && (is_tunnel || is(request, &body(exchange.request)) && is(response, &body(exchange.response)))
        && (is_tunnel || is_complete == (end == "complete"))
}

#[test]
fn the_calls_of_a_capture_are_those_that_its_programs_logged() {
    let logged = logged();
    assert!(logged.len() > 20);
    for (capture, mut calls) in logged {
        for exchange in exchanges(&capture) {
            let at = calls.iter().position(|call| is_logged(&exchange, call));
            let at = at.unwrap_or_else(|| panic!("{capture}: not logged: {exchange:?}"));
            calls.remove(at);
        }
        assert_eq!(calls, Vec::<LoggedCall>::new(), "{capture}: logged only");
    }
}
