//! Traces: the causes of calls in recorded captures, compared with the log of the application that made them.

#![allow(clippy::panic, reason = "a helper shows the unexpected item")]

use crate::common;
use crate::journey::read;
use overhear::analysis::Task;
use overhear::journey::JourneyForm;
use overhear::trace::{Cause, Trace, TraceCollector, TracedCall, host_diagram, render, text_lines};
use std::cell::RefCell;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// Returns the trees of a capture: all, or that of a row of `calls`.
fn trace(file: &[u8], row: Option<u64>) -> Trace {
    let collector = RefCell::new(TraceCollector::new(row));
    let task = Task { ..TraceCollector::task() };
    read(
        file,
        task,
        |frame, analyzer| collector.borrow_mut().frame(frame, analyzer.connections()),
        |event| collector.borrow_mut().event(event),
    );
    collector.into_inner().finish()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journey").join(name)).expect("a fixture")
}

/// Returns the links of a capture by the log of its application: the position of each call, and of the call that caused it.
fn logged_links(trace: &Trace, log: &str) -> Vec<(usize, usize)> {
    let (mut used, mut served, mut links) = (vec![false; trace.calls.len()], Vec::new(), Vec::new());
    let mut find = |is_it: &dyn Fn(&TracedCall) -> bool| {
        let at = (0..trace.calls.len()).find(|&at| !used[at] && is_it(&trace.calls[at]))?;
        used[at] = true;
        Some(at)
    };
    for line in log.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [number, kind, port, text] = cells[..] else { unreachable!("four cells: {line}") };
        let port: u16 = port.parse().expect("a port");
        let (word, rest) = text.split_once(' ').expect("a method and a target");
        let is_it = |traced: &TracedCall| {
            let exchange = &traced.call.exchange;
            let is_client = port == 0 || traced.call.client.port == port;
            let is_text = match word {
                "LOGIN" => exchange.method == "STARTUP",
                "SELECT" | "INSERT" | "UPDATE" => {
                    text.starts_with(exchange.target.as_str()) && exchange.target.len() > 20
                }
                word => exchange.method == word && exchange.target == rest,
            };
            is_client && is_text
        };
        let found = find(&is_it);
        assert!(found.is_some(), "no call for {line}");
        let at = found.expect("a call");
        if kind == "serves" {
            // The proxy passes each call on, and each target is used once.
            let is_front = |traced: &TracedCall| traced.call.server.port == 443 && traced.call.exchange.target == rest;
            links.push((at, find(&is_front).expect("a call of the client")));
            served.push((number, at));
        } else {
            let (_, caller) = served.iter().find(|(other, _)| *other == number).expect("a served call");
            links.push((at, *caller));
        }
    }
    links
}

/// Compares a capture with the log of its application. Returns the numbers of certain, inferred and unknown causes.
fn compare(name: &str) -> (usize, usize, usize) {
    let log = String::from_utf8(fixture(&format!("{name}.log"))).expect("a text");
    let trace = trace(&fixture(&format!("{name}.pcapng")), None);
    let links = logged_links(&trace, &log);
    let (mut certain, mut inferred, mut unknown) = (0, 0, 0);
    for (at, cause) in trace.causes.iter().enumerate() {
        let call = &trace.calls[at].call;
        let place = format!("{name}, call {}, {}", trace.calls[at].row, call.exchange.target);
        let logged = links.iter().find(|(made, _)| *made == at).map(|(_, caller)| *caller);
        match (cause, logged) {
            (Cause::Known { caller, evidence }, Some(logged)) => {
                assert_eq!(*caller, logged, "{place}");
                *if evidence.is_certain { &mut certain } else { &mut inferred } += 1;
            }
            (Cause::Unknown { callers, .. }, Some(logged)) => {
                assert!(callers.contains(&logged), "{place}: {callers:?} without {logged}");
                unknown += 1;
            }
            (Cause::None, None) => {}
            other => assert_eq!(format!("{other:?}"), "a cause of both or of none", "{place}"),
        }
    }
    (certain, inferred, unknown)
}

#[test]
fn causes_are_those_that_the_application_logged() {
    // One after the other: 5 pages that the proxy passes on, and 4 + 1 + 7 + 4 + 1 calls that they make. At the same time: 3 pages
    // that the proxy passes on, 2 logins, 3 statements and 3 commands, with several possible causes each.
    assert_eq!(compare("shop"), (0, 5 + 17, 3 + 8));
}

#[test]
fn trace_headers_and_comments_make_causes_certain() {
    // Beside the 8 pages, certain are 1 + 7 + 2 + 1 + 3 statements and the payment. A login, 3 commands of Redis and a lookup state
    // nothing, and are inferred, as is the command of the last page, after the others have ended.
    assert_eq!(compare("shop-traced"), (8 + 14 + 1, 5 + 1, 2 + 2));
    // Of three orders, X-Request-ID leaves open whether the proxy or the application pays. Not stated are a login, 2 statements and a
    // lookup each.
    assert_eq!(compare("shop-b3"), (3 + 2, 1 + 1 + 9, 0));
}

#[test]
fn trees_partition_the_calls_and_inferred_causes_contain_their_calls() {
    let mut known = 0;
    for (name, file) in common::captures() {
        let trace = trace(&file, None);
        let mut seen = vec![0; trace.calls.len()];
        trace.roots.iter().flat_map(|&root| trace.tree(root)).for_each(|(at, _)| seen[at] += 1);
        assert!(seen.iter().all(|&times| times == 1), "{name}: {seen:?}");
        for (at, (call, cause)) in trace.calls.iter().zip(&trace.causes).enumerate() {
            let place = format!("{name}, call {}", call.row);
            assert!(trace.own_time(at) <= call.total(), "{place}");
            let Cause::Known { caller, evidence } = cause else { continue };
            known += 1;
            let caller = &trace.calls[*caller];
            assert!(caller.first.time <= call.first.time, "{place}: before call {}", caller.row);
            let is_within = caller.call.exchange.lacks_response() || call.last.time <= caller.last.time;
            assert!(evidence.is_certain || is_within, "{place}: beyond call {}", caller.row);
            assert!(caller.call.exchange.id.conversation != call.call.exchange.id.conversation, "{place}");
        }
        for form in [JourneyForm::Text(80), JourneyForm::Text(140), JourneyForm::Html, JourneyForm::Markdown] {
            let text = render(&trace, form);
            assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{name} {form:?}");
        }
        for width in [40, 60, 80, 120] {
            let lines = text_lines(&trace, width);
            let wide = lines.iter().find(|line| line.text.width() > width);
            assert!(wide.is_none(), "{name}, {width} columns: {wide:?}");
        }
    }
    assert!(known > 50, "{known}");
}

#[test]
fn a_selected_call_shows_its_whole_tree() {
    let file = fixture("shop.pcapng");
    let all = trace(&file, None);
    for call in &all.calls {
        let own = trace(&file, Some(call.row));
        let rows =
            |trace: &Trace, root| trace.tree(root).iter().map(|(at, _)| trace.calls[*at].row).collect::<Vec<_>>();
        let tree = rows(&own, own.roots[0]);
        assert!(tree.contains(&call.row));
        assert!(all.roots.iter().any(|&root| rows(&all, root) == tree), "{tree:?}");
    }
    assert!(trace(&file, Some(999)).roots.is_empty());
}

#[test]
fn a_span_names_the_span_of_its_cause() {
    let trace = trace(&fixture("shop-traced.pcapng"), None);
    let text = render(&trace, JourneyForm::Otlp);
    let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let resources = object["resourceSpans"].as_array().expect("resources");
    let scopes = resources.iter().flat_map(|resource| resource["scopeSpans"].as_array().expect("scopes"));
    let spans: Vec<_> = scopes.flat_map(|scope| scope["spans"].as_array().expect("spans")).collect();
    assert_eq!(spans.len(), trace.calls.len());
    let mut children = 0;
    for span in &spans {
        let Some(parent) = span.get("parentSpanId") else { continue };
        let parent = spans.iter().find(|other| other["spanId"] == *parent).expect("the span of the cause");
        assert_eq!(parent["traceId"], span["traceId"]);
        children += 1;
    }
    assert_eq!(children, trace.causes.iter().filter(|cause| cause.caller().is_some()).count());
    // The trace that the client named for the third page.
    assert!(spans.iter().any(|span| span["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4703"));
}

#[test]
fn spans_are_of_the_side_that_reports_them() {
    // The capture is that of the server: a page is a span of the server, what it causes are spans of their client.
    let trace = trace(&fixture("shop.pcapng"), Some(26));
    let text = render(&trace, JourneyForm::Otlp);
    let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut found = Vec::new();
    for resource in object["resourceSpans"].as_array().expect("resources") {
        let service = resource["resource"]["attributes"][0]["value"]["stringValue"].as_str().expect("a name");
        for span in resource["scopeSpans"][0]["spans"].as_array().expect("spans") {
            found.push(format!("{service} {} {}", span["kind"], span["name"].as_str().expect("a name")));
        }
    }
    found.sort();
    let expected = [
        "www.shop.test 2 POST /order?n=5",
        "www.shop.test 3 A pay.shop.test",
        "www.shop.test 3 INSERT INTO items (name, price) VALUES ($1, 0) RETURNING id",
        "www.shop.test 3 POST /order?n=5",
        "www.shop.test 3 POST /payments",
        "www.shop.test 3 UPDATE items SET price = 1 WHERE id = $1",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_ladder_of_a_call_has_the_hosts_of_its_tree() {
    let file = fixture("shop.pcapng");
    for row in [8, 20, 26] {
        let trace = trace(&file, Some(row));
        let selected = trace.selected.expect("a call");
        let servers: std::collections::BTreeSet<String> = trace
            .tree(selected)
            .into_iter()
            .map(|(at, _)| overhear::journey::endpoint_text(trace.calls[at].call.server))
            .collect();
        let call = &trace.calls[selected].call;
        let (diagram, notes) = host_diagram(&trace, call, Default::default());
        assert_eq!(notes, Vec::<String>::new());
        assert!(servers.iter().all(|server| diagram.lanes.contains(server)), "{row}: {:?}", diagram.lanes);
    }
    // Three calls at the same time: what each caused is not known.
    let trace = trace(&file, Some(44));
    let (_, notes) = host_diagram(&trace, &trace.calls[trace.selected.expect("a call")].call, Default::default());
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn a_call_without_a_response_lasts_until_the_end_of_its_connection() {
    // The request is sent in frame 4, and for the last time in frame 8, 1.728822 seconds later (tshark).
    let trace = trace(&fixture("half-open.pcap"), None);
    assert_eq!((trace.calls[0].total(), trace.own_time(0)), (Some(1_728_822_000), Some(1_728_822_000)));
    let text = render(&trace, JourneyForm::Text(110));
    assert!(text.contains("1.7 s      1.7 s    http GET 10.0.0.2:8080/page → no response"), "{text}");
}

#[test]
fn a_truncated_response_has_its_status_and_is_marked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(root.join("fixtures/file/snapped.pcap")).expect("a fixture");
    let text = render(&trace(&file, None), JourneyForm::Text(110));
    assert!(text.contains("GET /style.css → 200, truncated"), "{text}");
}

#[test]
fn a_diagram_states_how_many_messages_it_lacks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(root.join("fixtures/http/lenient.pcap")).expect("a fixture");
    let trace = trace(&file, None);
    let messages: usize = trace.calls.iter().map(|call| 1 + usize::from(call.call.exchange.response.is_some())).sum();
    let text = render(&trace, JourneyForm::Mermaid);
    let arrows = text.lines().filter(|line| line.contains("->>") || line.contains("--x")).count();
    let omitted: usize = text
        .lines()
        .filter_map(|line| line.split_once(": ")?.1.strip_suffix(" more messages")?.parse::<usize>().ok())
        .sum();
    assert!(messages > 200 && arrows <= 200 && arrows + omitted == messages, "{arrows} + {omitted} of {messages}");
}

#[test]
fn a_selected_call_names_how_many_calls_of_unknown_cause_it_may_have_caused() {
    // The three reports at the same time: 2 logins, 3 statements and 3 commands, and the 3 calls of the proxy, of which one is in
    // the tree of no page. All of them are of unknown cause.
    let file = fixture("shop.pcapng");
    let all = trace(&file, None);
    let unknown = all.causes.iter().filter(|cause| matches!(cause, Cause::Unknown { .. })).count();
    let text = render(&trace(&file, Some(40)), JourneyForm::Text(200));
    assert!(text.contains("calls of unknown cause, which this tree may have caused."), "{text}");
    let number: usize =
        text.split("Not shown: ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("a number");
    assert!(number > 0 && number <= unknown, "{number} of {unknown}");
    let (_, notes) = {
        let trace = trace(&file, Some(40));
        let call = trace.calls.iter().find(|call| call.row == 40).expect("a call").call.clone();
        host_diagram(&trace, &call, overhear::diagram::Diagram::default())
    };
    assert!(notes.iter().any(|note| note.starts_with(&format!("not shown: {number} calls"))), "{notes:?}");
    assert!(all.all_notes().is_empty(), "{:?}", all.all_notes());
}
