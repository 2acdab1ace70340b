//! Every kind of rule on recorded captures: its verdict, its finding, and the frames.

use super::running::{check, fixtures};

/// A capture, the rule, whether it holds, its finding, and the frames that decide it.
type Row = (&'static str, &'static [&'static str], bool, &'static str, &'static str);

const HOLDS: bool = true;
const FAILS: bool = false;

/// The frames of a filter are those of tshark; calls and connections are counted by hand from them.
#[rustfmt::skip]
const COUNTED: &[Row] = &[
    ("http/post-login.pcap", &["--none", "tcp.analysis.retransmission"], HOLDS, "no frame", ""),
    ("tcp/loss.pcap", &["--none", "tcp.analysis.fast_retransmission"], FAILS, "2 frames", "52, 66"),
    ("tcp/loss.pcap", &["--none", "tcp.analysis.duplicate_ack"], FAILS, "20 frames", "21, 23, 25, 27, 29, 31, 33, 35 and 12 more"),
    ("http/post-login.pcap", &["--none", "status >= 500"], HOLDS, "no call", ""),
    ("http/post-login.pcap", &["--none", "status >= 400"], FAILS, "1 call", "8, 9"),
    ("http/post-login.pcap", &["--none", "status >= 400", "--per", "frame"], FAILS, "1 frame", "9"),
    ("tcp/loss.pcap", &["--none", "tcp.analysis.retransmission", "--per", "stream"], FAILS, "1 stream", "52"),
    ("tcp/zero-window.pcap", &["--some", "tcp.analysis.zero_window"], HOLDS, "2 frames", ""),
    ("tcp/loss.pcap", &["--some", "tcp.analysis.zero_window"], FAILS, "no frame", ""),
    ("http/post-login.pcap", &["--some", "method == POST and status == 200"], HOLDS, "1 call", ""),
    // No frame matches: a request has no status, a response no method.
    ("http/post-login.pcap", &["--some", "method == POST and status == 200", "--per", "frame"], FAILS, "no frame", ""),
    ("http/post-login.pcap", &["--count", "http.request == 4"], HOLDS, "4 calls", ""),
    ("http/post-login.pcap", &["--count", "http.request == 3"], FAILS, "4 calls", "4, 6, 8, 9, 10, 11, 12, 13"),
    // Three pipelined requests in one segment.
    ("http/pipelining.pcap", &["--count", "http.request == 3"], HOLDS, "3 calls", ""),
    ("http/pipelining.pcap", &["--count", "http.request == 1", "--per", "frame"], HOLDS, "1 frame", ""),
    ("http/pipelining.pcap", &["--count", "http.request == 3", "--per", "frame"], FAILS, "1 frame", "4"),
    ("http/parallel-connections.pcap", &["--count", "http.request >= 4", "--per", "stream"], HOLDS, "4 streams", ""),
    ("tcp/duplicates.pcap", &["--count", "tcp.analysis.retransmission < 3"], FAILS, "3 frames", "8, 22, 26"),
    ("tcp/duplicates.pcap", &["--count", "tcp.analysis.retransmission <= 3"], HOLDS, "3 frames", ""),
    ("tcp/duplicates.pcap", &["--count", "tcp.analysis.retransmission != 3"], FAILS, "3 frames", "8, 22, 26"),
    ("tcp/duplicates.pcap", &["--count", "tcp.analysis.retransmission gt 2"], HOLDS, "3 frames", ""),
    ("http/post-login.pcap", &["--count", "status == 200 == 3"], HOLDS, "3 calls", ""),
    ("http/post-login.pcap", &["--exactly", "2", "tcp.flags.syn == 1"], HOLDS, "2 frames", ""),
    ("http/post-login.pcap", &["--exactly", "1", "tcp.flags.syn == 1"], FAILS, "2 frames", "1, 2"),
    ("http/parallel-connections.pcap", &["--at-least", "4", "tcp.flags.syn == 1 and tcp.flags.ack == 0"], HOLDS, "4 frames", ""),
    ("http/parallel-connections.pcap", &["--at-least", "5", "tcp.flags.syn == 1 and tcp.flags.ack == 0"], FAILS, "4 frames", "1, 4, 7, 10"),
    ("tcp/loss.pcap", &["--at-most", "3", "tcp.analysis.retransmission"], HOLDS, "3 frames", ""),
    ("tcp/loss.pcap", &["--at-most", "2", "tcp.analysis.retransmission"], FAILS, "3 frames", "52, 66, 83"),
    ("ip/icmp-port-unreachable.pcap", &["--exactly", "2", "udp", "--per", "stream"], HOLDS, "2 streams", ""),
];

/// Hand counts from tshark's rows of the same frames.
#[rustfmt::skip]
const RELATED: &[Row] = &[
    ("http/keep-alive.pcap", &["--each", "http.request", "status == 200"], HOLDS, "4 calls", ""),
    ("http/post-login.pcap", &["--each", "uri contains login", "status == 200"], FAILS, "1 of 3 calls does not; first: POST /user/login -> 401", "8, 9"),
    ("http/head-304-404-redirect.pcap", &["--each", "method == GET", "status < 300"], FAILS, "4 of 6 calls do not; first: GET /style.css -> 304", "8, 9, 10, 11, 12, 13, 16, 17"),
    ("http/connect-proxy.pcap", &["--each", "method == CONNECT", "status == 502", "--per", "call"], FAILS, "1 of 2 calls does not; first: CONNECT 10.0.0.2:80 -> 200", "4, 6"),
    ("tcp/never-answers.pcap", &["--each", "http.request", "status"], FAILS, "the only call does not; first: GET / -> no response", "4"),
    ("dns/failures.pcap", &["--each", "qname", "rcode == NOERROR"], FAILS, "4 of 4 calls do not; first: A missing.hx.test -> NXDOMAIN", "1, 2, 3, 4, 5, 6, 7, 8"),
    ("http/post-login.pcap", &["--each", "tcp.flags.syn == 1", "tcp.len == 0"], HOLDS, "2 frames", ""),
    ("http/post-login.pcap", &["--each", "tcp.flags.syn == 1", "tcp.flags.ack == 1"], FAILS, "1 of 2 frames does not", "1"),
    ("http/parallel-connections.pcap", &["--each", "tcp.flags.syn == 1", "tcp.flags.fin == 1", "--per", "stream"], HOLDS, "4 streams", ""),
    ("http/connect-proxy.pcap", &["--each", "tcp.flags.syn == 1", "status == 200", "--per", "stream"], FAILS, "1 of 2 streams does not; first: tcp.stream 1", "13"),
    ("http/post-login.pcap", &["--followed", "http.request", "http.response"], HOLDS, "4 frames", ""),
    ("tcp/never-answers.pcap", &["--followed", "http.request", "http.response"], FAILS, "the only frame is not followed", "4"),
    // A FIN follows a FIN; nothing follows the last one.
    ("http/post-login.pcap", &["--followed", "tcp.flags.fin == 1", "tcp.flags.fin == 1"], FAILS, "1 of 2 frames is not followed", "15"),
    // 4.196, 7.601, 3.862 and 3.743 ms.
    ("http/post-login.pcap", &["--within", "7.601ms", "http.request", "http.response"], HOLDS, "4 frames", ""),
    ("http/post-login.pcap", &["--within", "7.6ms", "http.request", "http.response"], FAILS, "1 of 4 frames is not followed in time", "8"),
    ("http/post-login.pcap", &["--within", "3800us", "http.request", "http.response"], FAILS, "3 of 4 frames are not followed in time", "4, 8, 10"),
    ("http/slow-server.pcap", &["--within", "0.3", "http.request", "tcp.len > 0 and tcp.srcport != 50000"], FAILS, "2 of 2 frames are not followed in time", "4, 12"),
    ("http/post-login.pcap", &["--order", "tcp.flags.syn == 1", "http.request", "http.response", "tcp.flags.fin == 1"], HOLDS, "in order in 1 stream", ""),
    ("http/post-login.pcap", &["--order", "status == 401", "status == 200", "uri contains account"], HOLDS, "in order in 1 stream", ""),
    ("http/post-login.pcap", &["--order", "status == 401", "uri == \"/login\""], FAILS, "no uri == \"/login\" after frame 9 in tcp.stream 0", "9"),
    ("http/connect-proxy.pcap", &["--order", "method == CONNECT", "status == 200"], FAILS, "not in order in 1 of 2 streams; first: no status == 200 after frame 16 in tcp.stream 1", "16"),
    ("http/connect-proxy.pcap", &["--order", "status == 200", "status == 502", "--per", "capture"], HOLDS, "in order", ""),
    ("http/connect-proxy.pcap", &["--order", "status == 502", "status == 200", "--per", "capture"], FAILS, "no status == 200 after frame 18", "18"),
    ("http/keep-alive.pcap", &["--order", "method == POST", "status == 302"], FAILS, "no step matches", ""),
    ("tcp/refused.pcap", &["--order", "tcp.flags.syn == 1", "http.request"], FAILS, "no http.request after frame 1 in tcp.stream 0", "1"),
];

/// Values are those of `tshark -T fields`, sorted: post-login has frames of 66 (6 times), 74 (twice), 148, 184, 250, 256
/// (twice), 264, 321 and 604 bytes, and calls of 4.196, 7.601, 3.862 and 3.743 ms.
#[rustfmt::skip]
const MEASURED: &[Row] = &[
    ("http/post-login.pcap", &["--sum", "tcp.len == 1755"], HOLDS, "the sum of 16 values is 1755", ""),
    ("http/post-login.pcap", &["--sum", "tcp.len < 1.7kB"], FAILS, "the sum of 16 values is 1755", "13"),
    ("http/post-login.pcap", &["--sum", "tcp.len > 2000"], FAILS, "the sum of 16 values is 1755", ""),
    ("http/download.pcap", &["--sum", "frame.len == 106944"], HOLDS, "the sum of 100 values is 106944", ""),
    ("http/post-login.pcap", &["--min", "frame.len >= 66"], HOLDS, "the minimum of 16 values is 66", ""),
    ("http/post-login.pcap", &["--min", "http.time >= 3.8ms"], FAILS, "the minimum of 4 values is 3.743ms", "12, 13"),
    ("http/post-login.pcap", &["--max", "frame.len < 605"], HOLDS, "the maximum of 16 values is 604", ""),
    ("http/post-login.pcap", &["--max", "frame.len <= 300"], FAILS, "the maximum of 16 values is 604", "6, 11"),
    ("http/post-login.pcap", &["--median", "frame.len == 111"], HOLDS, "the median of 16 values is 111", ""),
    ("http/keep-alive.pcap", &["--median", "frame.len > 106"], FAILS, "the median of 16 values is 106", "1, 2, 3, 5, 7, 14, 15, 16"),
    ("http/post-login.pcap", &["--median", "http.time < 4.03ms"], HOLDS, "the median of 4 values is 4.029ms", ""),
    ("http/post-login.pcap", &["--p95", "http.time < 8ms"], HOLDS, "the p95 of 4 values is 7.601ms", ""),
    ("http/post-login.pcap", &["--p95", "http.time < 5ms"], FAILS, "the p95 of 4 values is 7.601ms", "8, 9"),
    ("http/post-login.pcap", &["--p99", "frame.len <= 604"], HOLDS, "the p99 of 16 values is 604", ""),
    ("http/slow-server.pcap", &["--p99", "http.time < 0.4"], FAILS, "the p99 of 2 values is 489.258ms", "4, 10, 12, 18"),
    ("http/post-login.pcap", &["--max", "http.time < 4.2ms", "--where", "method == GET"], HOLDS, "the maximum of 2 values is 4.196ms", ""),
    ("http/post-login.pcap", &["--max", "http.time < 4.2ms", "--where", "method == POST"], FAILS, "the maximum of 2 values is 7.601ms", "8, 9"),
    ("http/post-login.pcap", &["--max", "len(uri) == 11"], HOLDS, "the maximum of 4 values is 11", ""),
    ("http/post-login.pcap", &["--min", "len(path) == 6"], HOLDS, "the minimum of 4 values is 6", ""),
    ("http/post-login.pcap", &["--sum", "len(http.request.uri) == 36"], HOLDS, "the sum of 4 values is 36", ""),
    ("http/post-login.pcap", &["--max", "udp.length < 9"], FAILS, "no values", ""),
    ("tcp/refused.pcap", &["--sum", "http.content_length == 0"], HOLDS, "the sum of no value is 0", ""),
];

/// The opening and closing of connections, and the expert notes of Wireshark, are read from tshark's rows.
#[rustfmt::skip]
const WHOLE: &[Row] = &[
    ("http/post-login.pcap", &["--answered"], HOLDS, "4 requests", ""),
    ("tcp/never-answers.pcap", &["--answered"], FAILS, "1 of 1 request without a response; first: GET / -> no response", "4"),
    ("tcp/never-answers.pcap", &["--answered", "--where", "method == POST"], HOLDS, "no request", ""),
    // Two questions of three have no response; the first was repeated in frame 2. The others are for a group.
    ("dns/no-response.pcap", &["--answered"], FAILS, "2 of 3 requests without a response; first: A silent.hx.test -> no response", "2, 3"),
    ("dns/mdns.pcap", &["--answered"], HOLDS, "no request", ""),
    ("dns/llmnr.pcap", &["--answered"], HOLDS, "no request", ""),
    ("http/parallel-connections.pcap", &["--orderly"], HOLDS, "4 connections", ""),
    ("tcp/simultaneous-open.pcap", &["--orderly"], HOLDS, "1 connection", ""),
    ("tcp/port-reuse.pcap", &["--orderly"], FAILS, "2 of 2 connections not orderly; first: tcp.stream 0: opened three-way, closed RST by client", "1, 8, 9, 16"),
    ("tcp/port-reuse.pcap", &["--orderly", "--where", "uri == \"/second\""], FAILS, "1 of 1 connection not orderly; first: tcp.stream 1: opened three-way, closed RST by client", "9, 16"),
    ("tcp/port-reuse.pcap", &["--orderly", "--where", "uri == \"/third\""], HOLDS, "no connection", ""),
    ("tcp/refused.pcap", &["--orderly"], FAILS, "1 of 1 connection not orderly; first: tcp.stream 0: opened refused, closed RST by server", "1, 2"),
    ("tcp/mid-stream.pcap", &["--orderly"], FAILS, "1 of 1 connection not orderly; first: tcp.stream 0: opened mid-stream, closed FIN by client", "1, 6"),
    ("http/post-login.pcap", &["--no-notes-above", "note"], HOLDS, "no note", ""),
    ("http/post-login.pcap", &["--no-notes-above", "chat"], FAILS, "2 notes; first: tcp.connection.fin_active (note: This frame initiates the connection closing)", "14, 15"),
    ("tcp/loss.pcap", &["--no-notes-above", "note"], FAILS, "4 notes; first: tcp.analysis.lost_segment (warning: Previous segment(s) not captured (common at capture start))", "20, 40, 54, 84"),
    ("tcp/loss.pcap", &["--no-notes-above", "note", "--where", "frame.number > 84"], HOLDS, "no note", ""),
    ("tcp/loss.pcap", &["--no-notes-above", "warning"], HOLDS, "no note", ""),
    ("http/bad-chunk-size.pcap", &["--no-notes-above", "warning"], FAILS, "1 note; first: http.bad_chunk (error: Bad chunk)", "6"),
];

/// Returns the expected output of a row, without the command that shows the frames.
fn expected((capture, _, holds, found, frames): &Row, name: &str) -> String {
    if *holds {
        return format!("ok    {capture}: {name} ({found})\n1 capture, 1 check: all hold\n");
    }
    let frames = if frames.is_empty() { String::new() } else { format!("        frames  {frames}\n") };
    format!("FAIL  {capture}: {name}\n        found   {found}\n{frames}1 capture, 1 check: 0 hold, 1 fails\n")
}

/// Runs each row, and compares the output.
fn hold(rows: &[Row]) {
    let mut wrong = Vec::new();
    for row @ (capture, rule, holds, ..) in rows {
        let run = check(&fixtures(), &[&[*capture], *rule].concat());
        let name = run.out.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, name)| name);
        let name = if *holds { name.rsplit_once(" (").map_or(name, |(name, _)| name) } else { name };
        let (shows, lines): (Vec<_>, Vec<_>) =
            run.out.split_inclusive('\n').partition(|line| line.contains("  show    "));
        let expected = expected(row, name);
        if lines.concat() != expected || shows.len() != usize::from(!holds) || run.code != Some(i32::from(!holds)) {
            wrong.push(format!("{capture} {rule:?}: {:?}\n{}{}instead of\n{expected}", run.code, run.out, run.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn matches_of_a_filter_are_counted() {
    hold(COUNTED);
}

#[test]
fn matches_of_a_filter_are_related_to_other_frames() {
    hold(RELATED);
}

#[test]
fn values_are_compared_with_bounds() {
    hold(MEASURED);
}

#[test]
fn requests_connections_and_notes_are_checked() {
    hold(WHOLE);
    hold(COMPARED);
}

/// Comparisons with a base capture, whose calls have other hosts. The first request of gzip.pcap is in frame 4.
#[rustfmt::skip]
const COMPARED: &[Row] = &[
    ("http/post-login.pcap", &["--same-as", "http/post-login.pcap"], HOLDS, "3 operations in both captures", ""),
    ("http/gzip.pcap", &["--same-as", "http/brotli.pcap", "--ignore", "new"], FAILS, "1 difference; first: gone GET 10.0.0.2:8080/brotli (http): 1 call", ""),
    ("http/gzip.pcap", &["--same-as", "http/brotli.pcap", "--where", "frame.number == 4", "--ignore", "gone"], FAILS, "1 difference; first: new GET 10.0.0.2/ (http): 1 call", "4"),
    ("http/post-login.pcap", &["--no-slower-than", "http/post-login.pcap"], FAILS, "too few calls for the test; limit = 50 compares the medians", ""),
    // Three operations, and the handshake.
    ("http/post-login.pcap", &["--no-slower-than", "http/post-login.pcap", "--limit", "50"], HOLDS, "4 durations compared", ""),
    ("http/gzip.pcap", &["--no-slower-than", "http/brotli.pcap"], FAILS, "no calls in common with the base capture", ""),
];

#[test]
fn every_rule_of_the_command_line_holds_somewhere_and_fails_elsewhere() {
    let rows: Vec<_> = [COUNTED, RELATED, MEASURED, WHOLE, COMPARED].concat();
    assert!(rows.len() >= 60, "{} rows", rows.len());
    let help = check(&fixtures(), &["-h"]).out;
    let (_, rules) = help.split_once("\nRules:\n").expect("the help lists rules");
    let options = rules.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    // Snapshots have tests of their own.
    let options: Vec<_> = options.filter(|option| option.starts_with("--") && *option != "--snapshot").collect();
    assert_eq!(options.len(), 21, "{rules}");
    for option in options {
        for holds in [true, false] {
            assert!(rows.iter().any(|row| row.1[0] == option && row.2 == holds), "{option}: {holds}");
        }
    }
}

#[test]
fn the_suggested_command_prints_the_frames_of_the_failure() {
    let run = check(&fixtures(), &["tcp/loss.pcap", "--none", "tcp.analysis.retransmission"]);
    let shown = run.out.lines().find_map(|line| line.trim().strip_prefix("show    overhear ")).expect("a command");
    let script = format!("exec \"$OVERHEAR\" {shown} -T fields -e frame.number");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).env("OVERHEAR", env!("CARGO_BIN_EXE_overhear")).current_dir(fixtures());
    let output = shell.output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "52\n66\n83\n");
}

#[test]
fn the_rules_of_a_command_line_are_reported_in_their_order() {
    let args =
        ["http/post-login.pcap", "--some", "tcp", "--none", "udp", "--answered", "--some", "http", "--none", "tls"];
    let out = check(&fixtures(), &args).out;
    let names: Vec<_> = out.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    let rules = [
        "some tcp (16 frames)",
        "none udp (no frame)",
        "answered (4 requests)",
        "some http (4 calls)",
        "none tls (no frame)",
    ];
    assert_eq!(names[..5], rules);
}
