//! `calls --by`: groups of calls by a field.

use super::{program, run, run_on};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// Returns the rows of a command in JSON.
fn rows(arguments: &[&str]) -> Vec<Value> {
    let all = [&["calls"], arguments, &["-T", "json"]].concat();
    let (text, errors, code) = run(&all);
    assert_eq!((&*errors, code), ("", 0), "{arguments:?}");
    serde_json::from_str(&text).expect("an array of rows")
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_default()
}

#[test]
fn the_groups_of_statements_have_the_sums_of_their_calls() {
    let file = "fixtures/pgsql/extended.pcap";
    let calls = rows(&[file]);
    let groups = rows(&[file, "--by", "sql.digest"]);
    let count: f64 = groups.iter().map(|group| number(group, "count")).sum();
    assert_eq!(count as usize, calls.len());
    // Counted in the log of the server.
    let digest = "SELECT name FROM items WHERE id = ?";
    let group = groups.iter().find(|group| group["value"] == digest).expect("the group");
    assert_eq!((number(group, "count"), number(group, "rows"), number(group, "errors")), (3.0, 3.0, 0.0));
    let is_executed =
        |call: &&Value| call["uri"] == "SELECT name FROM items WHERE id = $1" && call["method"] == "SELECT";
    let of_group = calls.iter().filter(is_executed);
    let times: Vec<f64> = of_group.map(|call| number(call, "total")).collect();
    assert_eq!(times.len(), 3);
    assert!((number(group, "total") - times.iter().sum::<f64>()).abs() < 1e-9);
    assert_eq!(number(group, "max"), times.iter().copied().fold(0.0, f64::max));
    let failed = groups.iter().find(|group| group["value"] == "SELECT * FROM missing WHERE id = ?").expect("the group");
    assert_eq!(number(failed, "errors"), 1.0);
    let totals: Vec<f64> = groups.iter().map(|group| number(group, "total")).collect();
    assert!(totals.is_sorted_by(|a, b| a >= b), "{totals:?}");
}

#[test]
fn calls_without_the_field_are_one_group() {
    let groups = rows(&["fixtures/mysql/library.pcap", "--by", "sql.operation"]);
    let none: Vec<&Value> = groups.iter().filter(|group| group["kind"] == "none").collect();
    assert_eq!((none.len(), &none[0]["value"]), (1, &Value::Null));
    assert!(groups.iter().any(|group| group["value"] == "SELECT" && group["kind"] == "value"));
}

#[test]
fn columns_of_calls_group_calls_of_every_protocol() {
    for (file, by, value, count) in [
        ("fixtures/http/post-login.pcap", "method", "POST", 2.0),
        ("fixtures/http/post-login.pcap", "status", "401", 1.0),
        ("fixtures/websocket/python.pcap", "path", "/chat", 1.0),
        ("fixtures/http/post-login.pcap", "http.request.uri", "/user/login", 2.0),
        ("fixtures/http/post-login.pcap", "server", "10.0.0.2:8080", 4.0),
        ("fixtures/http/post-login.pcap", "ip.dst", "10.0.0.2", 4.0),
        ("fixtures/pgsql/pipeline.pcap", "host", "alice@shop", 10.0),
        ("fixtures/resp/subscribe.pcap", "command", "PUBLISH", 4.0),
    ] {
        let groups = rows(&[file, "--by", by]);
        let found = groups.iter().find(|group| group["value"] == value).map(|group| number(group, "count"));
        assert_eq!(found, Some(count), "{file} {by}");
    }
}

/// Returns the value of a column of a call, as the table has it; the client without its port.
fn column(call: &Value, by: &str) -> Option<String> {
    let is_missing = by == "method" && call["request_frame"].is_null();
    let text = match &call[by] {
        _ if is_missing => "no request".to_owned(),
        // RFC 5771 4: groups of hosts.
        Value::Null if by == "status" && call["outcome"] == "unanswered" => match call["server"].as_str() {
            Some(server) if server.starts_with("224.") || server.starts_with("[ff") => "multicast".to_owned(),
            _ => "no response".to_owned(),
        },
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(match by {
        "client" => text.rsplit_once(':').map_or(text.clone(), |(client, _)| client.to_owned()),
        "type" => text.split(';').next().unwrap_or_default().to_owned(),
        _ => text,
    })
}

#[test]
fn groups_by_a_column_have_the_values_that_the_column_has() {
    for file in [
        "fixtures/dns/udp.pcap",
        "fixtures/dns/mdns.pcap",
        "fixtures/http/post-login.pcap",
        "fixtures/websocket/python.pcap",
        "fixtures/resp/subscribe.pcap",
        "fixtures/pgsql/psql.pcap",
    ] {
        let calls = rows(&[file]);
        for by in ["protocol", "client", "server", "method", "host", "uri", "status", "type"] {
            let mut expected = BTreeMap::<Option<String>, u64>::new();
            calls.iter().for_each(|call| *expected.entry(column(call, by)).or_default() += 1);
            let groups = rows(&[file, "--by", by]);
            let found = groups
                .iter()
                .map(|group| (group["value"].as_str().map(str::to_owned), group["count"].as_u64().unwrap_or_default()));
            assert_eq!(found.collect::<BTreeMap<_, _>>(), expected, "{file} {by}");
        }
    }
}

#[test]
fn a_filter_selects_the_calls_and_not_the_frames_with_the_value() {
    // The frame that matches is that of the response; the digest is in the frame of the statement.
    let groups = rows(&["fixtures/pgsql/extended.pcap", "frame.number == 19", "--by", "sql.digest"]);
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (&groups[0]["value"], number(&groups[0], "count")),
        (&"SELECT name FROM items WHERE id = ?".into(), 1.0)
    );
}

#[test]
fn groups_are_read_from_a_pipe_and_printed_in_each_format() {
    let capture = fs::read("fixtures/http/post-login.pcap").expect("a fixture");
    let (csv, errors, code) = run_on(&capture, &["calls", "-", "--by", "uri", "-T", "csv"]);
    assert_eq!((&*errors, code), ("", 0));
    assert!(
        csv.starts_with("count,total,p50,p95,p99,max,rows,errors,unknown,kind,value\r\n")
            || csv.starts_with("count,total,p50,p95,p99,max,rows,errors,unknown,kind,value\n"),
        "{csv}"
    );
    assert!(csv.contains(",1,0,value,/user/login"), "{csv}");
    let (text, _, _) = run(&["calls", "fixtures/http/post-login.pcap", "--by", "uri"]);
    assert_eq!(text.lines().count(), 4, "{text}");
    let output = program(&["calls", "fixtures/http/post-login.pcap", "--by", "uri", "-T", "ndjson"]).output();
    assert_eq!(String::from_utf8_lossy(&output.expect("it runs").stdout).lines().count(), 3);
}

#[test]
fn an_unknown_field_is_a_usage_error() {
    let (_, errors, code) = run(&["calls", "fixtures/http/post-login.pcap", "--by", "sql.digst"]);
    assert_eq!(code, 2);
    assert!(errors.starts_with("overhear: --by: unknown field sql.digst (nearest: sql.digest"), "{errors}");
    let (_, errors, code) = run(&["calls", "fixtures/http/post-login.pcap", "--by", "_ws.col.info"]);
    assert_eq!(code, 2, "{errors}");
}
