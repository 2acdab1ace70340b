//! Expert notes, limits, and the change to another protocol.

use super::host::*;
use overhear_dissectors::body_limit::BodyLimit;
use overhear_dissectors::session::{Side, SideEnd, Successor};
use overhear_dissectors::{Wants, http};

#[test]
fn anomalies_are_noted() {
    let rows: Vec<(Vec<SessionInput>, Vec<&str>)> = vec![
        (vec![c(GET), s(OK3)], vec![]),
        (vec![c("\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n")], vec!["http.leading_crlf"]),
        (vec![c("GET /x HTTP/1.1\nHost: h\n\n")], vec!["http.bare_lf"]),
        (vec![c("GET /x HTTP/1.1\r\n\r\n")], vec!["http.no_host"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")], vec!["http.smuggling", "http.several_hosts"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n")], vec!["http.folded_header"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nX Y: b\r\n\r\n")], vec!["http.bad_header_name"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n")], vec!["http.no_colon"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nA: b\rc\0\r\n\r\n")], vec!["http.bare_cr", "http.nul_byte"]),
        (vec![c("GET  /x HTTP/1.1\r\nHost: h\r\n\r\n")], vec!["http.bad_start_line"]),
        (vec![c("GET /x\r\n\r\n")], vec!["http.simple_request"]),
        (vec![c(GET), s("HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n")], vec!["http.bad_status"]),
        (vec![s(OK3)], vec!["http.no_request"]),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), Gap(Side::Server, 1), s("cd")],
            vec!["http.gap"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), End(Side::Server, SideEnd::Reset(None))],
            vec!["http.truncated"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")],
            vec!["http.smuggling"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n")],
            vec!["http.odd_chunk"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nxy\r\n")],
            vec!["http.bad_chunk"],
        ),
        (
            vec![c("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")],
            vec!["http.te_and_length", "http.smuggling"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno")],
            vec!["http.decompression_failed"],
        ),
        (vec![c(format!("{GET}rubbish\n{GET}"))], vec!["http.unexpected_data"]),
    ];
    for (steps, notes) in rows {
        assert_eq!(run(&steps).notes(), notes, "{steps:?}");
    }
}

#[test]
fn a_cut_of_the_capture_is_no_anomaly_of_the_message() {
    let request = "POST /to?x=1 HTTP/1.1\r\nUser-Agent: a\r\nTransfer-Encoding: gzip, chunked\r\nHost: h\r\n";
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: b\r\n";
    for (side, head, before) in [(Side::Client, request, ""), (Side::Server, response, GET)] {
        for len in "POST /".len()..=head.len() {
            let steps = [c(before), Bytes(side, head[..len].into()), End(side, SideEnd::Reset(None))];
            let output = run(&steps);
            assert_eq!(output.notes(), ["http.truncated"], "{:?}", &head[..len]);
            // As in tshark 4.4.
            let has_target = output.lines.iter().any(|line| line.trim_start() == "http.request.uri = /to?x=1");
            assert_eq!(has_target, side == Side::Client && len >= "POST /to?x=1".len(), "{:?}", &head[..len]);
        }
    }
    // What is wrong with the lines that are complete is noted.
    let cut = run(&[c("GET /x HTTP/1.1\r\nX Y: b\r\nHo"), End(Side::Client, SideEnd::Reset(None))]);
    assert_eq!(cut.notes(), ["http.bad_header_name", "http.truncated"]);
}

#[test]
fn after_an_upgrade_or_tunnel_the_rest_is_not_consumed() {
    let rows = [
        (
            "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n",
            "HTTP/1.1 101 S\r\nUpgrade: WebSocket\r\n\r\n",
            Successor::Upgrade("WebSocket".into()),
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n",
            "HTTP/1.1 101 S\r\n\r\n",
            Successor::Upgrade("h2c".into()),
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: TLS/1.0\r\n\r\n",
            "HTTP/1.1 101 S\r\nUpgrade: TLS/1.0\r\n\r\n",
            Successor::Upgrade("TLS".into()),
        ),
        (
            "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            Successor::Detect,
        ),
    ];
    for (request, response, successor) in &rows {
        let output = run(&[c(format!("{request}early")), s(format!("{response}late"))]);
        assert_eq!(output.successor.as_ref(), Some(successor), "{request}");
        assert_eq!(output.unconsumed, [b"early".to_vec(), b"late".to_vec()], "{request}");
        assert_eq!(output.exchanges.len(), 1);
    }
    let refused = run(&[c(format!("{}{GET}", rows[0].0)), s(OK3), s(OK3)]);
    assert_eq!(refused.calls(), ["0 GET /ws 200 0 3", "1 GET /a?x=1&y=2 200 0 3"]);
}

#[test]
fn limits_are_enforced_and_noted() {
    let long = format!("GET /long HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n{}", "y".repeat(http::MAX_HEAD), get("/2"));
    let output = run(&[c(&long)]);
    assert_eq!(output.notes(), ["http.head_too_long", "http.truncated", "http.unexpected_data"]);
    assert_eq!(output.values("http.request.uri"), ["/long", "/2"]);

    let max = BodyLimit::DEFAULT.bytes();
    let len = max + 10;
    let big = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{}", "z".repeat(len));
    let big = [c(GET), s(&big)];
    let output = run(&big);
    assert_eq!(output.notes(), ["http.body_limit"]);
    assert_eq!(output.values("http.file_data")[0].len(), max * 2);
    assert_eq!(output.exchanges[0].response.unwrap().body, len as u64);
    let cut = run_cut(&big, &Wants::everything(), &|offset| offset % 50_000 == 0);
    assert_eq!(cut.values("http.file_data"), output.values("http.file_data"));

    let many = run(&[c(get("/n").repeat(1100))]);
    assert_eq!(many.exchanges.len(), 1100 - 256);
    assert!(many.notes().contains(&"http.open_limit"));
    let headers = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a: b\r\n".repeat(5000));
    assert_eq!(run(&[c(headers)]).notes(), ["http.too_many_headers"]);
}
