//! Why streams of HTTP/2 and HTTP/3 ended early, in `calls`.

use super::{folder, run, write};
use crate::common::http2_frames::{conversation, frame, headers, preface};
use serde_json::Value;

/// Returns target, outcome and reason of the calls of a capture.
fn reasons(file: &str) -> Vec<(String, String, String)> {
    let (rows, errors, code) = run(&["calls", file, "-T", "json"]);
    assert_eq!((&*errors, code), ("", 0));
    let rows: Vec<Value> = serde_json::from_str(&rows).expect("an array of rows");
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(row, "uri"), text(row, "outcome"), text(row, "end_reason"))).collect()
}

fn as_texts(rows: &[(String, String, String)]) -> Vec<[&str; 3]> {
    rows.iter().map(|(target, outcome, reason)| [target.as_str(), outcome.as_str(), reason.as_str()]).collect()
}

// fixtures/programs/h2_client.py and h2_server.py: reset_stream(stream, 2) by the server, 8 by the client.
#[test]
fn a_reset_of_http2_has_its_code_and_its_sender() {
    let rows = reasons("fixtures/http2/resets.pcap");
    let expected = [
        ["/early", "success", ""],
        ["/refuse", "client error", "NO_ERROR by server (RST_STREAM)"],
        ["/reset", "unanswered", "INTERNAL_ERROR by server (RST_STREAM)"],
        ["/endless", "aborted", "CANCEL by client (RST_STREAM)"],
        ["/goaway", "success", ""],
    ];
    assert_eq!(as_texts(&rows), expected);
    let (table, _, _) = run(&["calls", "fixtures/http2/resets.pcap"]);
    assert!(table.contains("no response  (INTERNAL_ERROR by server) "), "{table}");
    assert!(table.contains("text/plain (CANCEL by client) "), "{table}");
}

// tshark: quic.rsts.application_error_code and quic.ss.application_error_code of the streams 0, 4, 8 and 12.
#[test]
fn a_reset_of_http3_has_its_code_and_its_sender() {
    let rows = reasons("fixtures/http3/resets.pcapng");
    let expected = [
        ["/endless", "aborted", "H3_REQUEST_CANCELLED by client (STOP_SENDING)"],
        ["/reset", "aborted", "H3_INTERNAL_ERROR by server (RESET_STREAM)"],
        ["/refuse", "client error", "H3_NO_ERROR by server (STOP_SENDING)"],
        ["/echo", "aborted", "H3_REQUEST_CANCELLED by client (RESET_STREAM)"],
        ["/", "success", ""],
    ];
    assert_eq!(as_texts(&rows), expected);
}

// tshark: quic.cc.error_code.app 0x102 in frame 9 of the first; the second has the token of a stateless reset in its last frame.
#[test]
fn a_request_that_was_open_when_its_connection_was_closed_has_the_error_of_that() {
    let rows = reasons("fixtures/http3/closes.pcapng");
    let expected = [
        ["/", "success", ""],
        ["/fail", "unanswered", "H3_INTERNAL_ERROR by server (CONNECTION_CLOSE)"],
        ["/", "success", ""],
    ];
    assert_eq!(as_texts(&rows)[..3], expected);
    let rows = reasons("fixtures/http3/stateless-reset.pcapng");
    let expected = [["/", "success", ""], ["/style.css", "unanswered", "stateless reset by server"]];
    assert_eq!(as_texts(&rows), expected);
}

/// RFC 9113 6.8: the server has processed the streams up to the last one that it names.
#[test]
fn a_goaway_is_the_reason_of_what_was_not_processed_or_failed() {
    let request = |stream, path| {
        headers(stream, true, &[(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "h")])
    };
    let go_away = |last: u8, code: u8| frame((7, 0, 0), &[0, 0, 0, last, 0, 0, 0, code]);
    let answered = headers(1, true, &[(":status", "200")]);
    let folder = folder();
    let outcomes = |name: &str, frames: &[Vec<u8>]| {
        let requests = [preface(), request(1, "/a"), request(3, "/b"), request(5, "/c")].concat();
        let sent = [&[frame((4, 0, 0), &[]), answered.clone()][..], frames].concat().concat();
        reasons(&write(folder.path(), name, &conversation(&[(true, requests), (false, sent)])))
    };
    let orderly = outcomes("orderly.pcap", &[go_away(3, 0)]);
    assert_eq!(
        as_texts(&orderly),
        [
            ["/a", "success", ""],
            ["/b", "unanswered", ""],
            ["/c", "unanswered", "NO_ERROR by server (GOAWAY, not processed)"]
        ]
    );
    let failed = outcomes("failed.pcap", &[go_away(3, 11), go_away(1, 0)]);
    assert_eq!(
        as_texts(&failed),
        [
            ["/a", "success", ""],
            ["/b", "unanswered", "ENHANCE_YOUR_CALM by server (GOAWAY)"],
            ["/c", "unanswered", "ENHANCE_YOUR_CALM by server (GOAWAY, not processed)"]
        ]
    );
    // An error code that RFC 9113 7 does not name.
    let unknown = outcomes("unknown.pcap", &[frame((3, 0, 3), &[0, 0, 1, 0x2a])]);
    assert_eq!(unknown[1].2, "error 0x12a by server (RST_STREAM)");
    let of = |name: &str, arguments: &[&str]| {
        let file = folder.path().join(name).display().to_string();
        let (text, _, code) = run(&[&[arguments[0], &file], &arguments[1..]].concat());
        assert_eq!(code, 0, "{name}");
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    };
    // GOAWAY without an error is not an end without an error.
    let table = of("orderly.pcap", &["calls"]);
    assert!(table.contains("no response (GOAWAY by server) ") && !table.contains("NO_ERROR"), "{table}");
    assert!(of("failed.pcap", &["calls"]).contains("no response (ENHANCE_YOUR_CALM by server) "));
    let reason = "Stated reason: NO_ERROR by server (GOAWAY, not processed).";
    assert!(of("orderly.pcap", &["journey", "3"]).contains(reason));
    assert!(!of("orderly.pcap", &["journey", "2"]).contains("Stated reason"));
    assert!(of("unknown.pcap", &["journey", "2"]).contains("gave up the call, and kept the connection: error 0x12a."));
}

#[test]
fn a_har_has_the_reason_once() {
    let (text, _, _) = run(&["export", "har", "fixtures/http2/resets.pcap"]);
    let har: Value = serde_json::from_str(&text).expect("a HAR");
    let entries = har["log"]["entries"].as_array().expect("entries");
    let of = |path: &str| {
        let is_of = |entry: &&Value| entry["request"]["url"].as_str().is_some_and(|url| url.ends_with(path));
        entries.iter().find(is_of).unwrap_or_else(|| unreachable!("{path}"))
    };
    assert_eq!(of("/reset")["_error"], "no response: INTERNAL_ERROR by server (RST_STREAM)");
    assert_eq!(of("/endless")["response"]["comment"], "the message is not complete: CANCEL by client (RST_STREAM)");
}
