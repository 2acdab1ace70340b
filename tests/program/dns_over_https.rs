//! DNS over HTTPS: the call is that of HTTP, whatever is asked for, and its bodies are messages of DNS.

use super::{folder, run, write};
use crate::common::http2_frames::{conversation, frame, headers, preface};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// A query for `a.test A`, and its response with an address (RFC 1035 4.1).
const QUERY: &[u8] = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x01a\x04test\0\0\x01\0\x01";
const RESPONSE: &[u8] = b"\0\0\x81\x80\0\x01\0\x01\0\0\0\0\x01a\x04test\0\0\x01\0\x01\
    \xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\x42\0\x03";

const TYPE: (&str, &str) = ("content-type", "application/dns-message");

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("a buffer");
    encoder.finish().expect("a buffer")
}

/// Two calls over HTTP/2. Their messages are in two DATA frames each, in segments of their own; the second response is
/// compressed.
fn over_http2() -> Vec<u8> {
    let request = |stream| {
        let lines = [(":method", "POST"), (":scheme", "http"), (":path", "/dns-query"), (":authority", "h"), TYPE];
        [headers(stream, false, &lines), frame((0, 0, stream), &QUERY[..9])].concat()
    };
    let rest = |stream, body: &[u8]| frame((0, 1, stream), body);
    let zipped = gzip(RESPONSE);
    let answer = |stream, coding: &[(&str, &str)], body: &[u8]| {
        let lines = [&[(":status", "200"), TYPE][..], coding].concat();
        [headers(stream, false, &lines), frame((0, 0, stream), &body[..20])].concat()
    };
    conversation(&[
        (true, [preface(), request(1)].concat()),
        (false, frame((4, 0, 0), &[])),
        (true, rest(1, &QUERY[9..])),
        (false, answer(1, &[], RESPONSE)),
        (false, rest(1, &RESPONSE[20..])),
        (true, request(3)),
        (true, rest(3, &QUERY[9..])),
        (false, answer(3, &[("content-encoding", "gzip")], &zipped)),
        (false, rest(3, &zipped[20..])),
    ])
}

/// A call over HTTP/1, whose response is compressed.
fn over_http1() -> Vec<u8> {
    let zipped = gzip(RESPONSE);
    let message = |start: &str, coding: &str, body: &[u8]| {
        let head = format!("{start}\r\nContent-Type: {}\r\n{coding}Content-Length: {}\r\n\r\n", TYPE.1, body.len());
        [head.as_bytes(), body].concat()
    };
    conversation(&[
        (true, message("POST /dns-query HTTP/1.1\r\nHost: h", "", QUERY)),
        (false, message("HTTP/1.1 200 OK", "Content-Encoding: gzip\r\n", &zipped)),
    ])
}

fn output(arguments: &[&str]) -> String {
    let (output, errors, code) = run(arguments);
    assert_eq!((&*errors, code), ("", 0), "{arguments:?}");
    output
}

#[test]
fn the_calls_are_those_of_http_whatever_is_asked_for() {
    let folder = folder();
    for (name, capture, calls) in [("http2", over_http2(), 2), ("http", over_http1(), 1)] {
        let file = &write(folder.path(), name, &capture);
        let rows = output(&["calls", file, "-T", "json"]);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).expect("an array of rows");
        let protocols: Vec<_> = rows.iter().map(|row| row["protocol"].as_str().unwrap_or_default()).collect();
        assert_eq!(protocols, vec![name; calls]);
        for filter in ["dns", "dns.qry.name == a.test", "dns.a == 10.66.0.3", "frame"] {
            assert_eq!(output(&["calls", file, filter, "-T", "json"]).matches("\"stream\"").count(), calls, "{filter}");
        }
        let statistics = output(&["stats", file]);
        assert!(statistics.contains(&format!("Calls {name}: ")) && !statistics.contains("Calls dns"), "{statistics}");
    }
}

/// As tshark 4.0 and 4.4: the message is in the frame that completes it, and none is in that of its first part. The text before
/// it is that of the other frames of HTTP/2 in the frame.
#[test]
fn a_message_in_several_frames_is_read_where_it_is_complete() {
    let folder = folder();
    let file = &write(folder.path(), "split", &over_http2());
    let info = |arguments: &[&str]| {
        let lines = output(&[&["print", file, "-T", "fields", "-e", "_ws.col.info"], arguments].concat());
        lines.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let [query, response] = ["Standard query 0x0000 A a.test", "Standard query response 0x0000 A a.test A 10.66.0.3"];
    let all = info(&[]);
    #[rustfmt::skip]
    let expected = [
        "Magic, SETTINGS[0], HEADERS[1]: POST /dns-query, DATA[1]", "SETTINGS[0]", query,
        "HEADERS[1]: 200 OK, DATA[1]", response, "HEADERS[3]: POST /dns-query, DATA[3]", query,
        "HEADERS[3]: 200 OK, DATA[3]", response,
    ];
    assert_eq!(all[..9], expected);
    assert_eq!(info(&["-Y", "dns"]), [query, response, query, response]);
    assert_eq!(output(&["print", file, "-Y", "_ws.short or _ws.malformed"]), "");
    let fields = ["-T", "fields", "-e", "frame.number", "-e", "dns.a", "-Y", "dns.a"];
    assert_eq!(output(&[&["print", file][..], &fields].concat()), "5\t10.66.0.3\n9\t10.66.0.3\n");
}

#[test]
fn a_compressed_message_is_described_with_and_without_a_filter() {
    let folder = folder();
    let file = &write(folder.path(), "zipped", &over_http1());
    let arguments = ["print", file, "-T", "fields", "-e", "_ws.col.info"];
    let all = output(&arguments);
    let response = "Standard query response 0x0000 A a.test A 10.66.0.3";
    assert_eq!(all.lines().nth(1), Some(response));
    for filter in ["dns.flags.response == 1", "http.response"] {
        assert_eq!(output(&[&arguments[..], &["-Y", filter]].concat()), format!("{response}\n"), "{filter}");
    }
    let rows = output(&["print", file]);
    assert!(rows.lines().nth(1).is_some_and(|row| row.contains(response)), "{rows}");
}
