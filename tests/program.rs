//! The program as users run it: output, error messages and exit codes.

use crate::common;
mod browser_har;
mod call_groups;
mod decode_as;
mod dialogues;
mod diff;
mod dns_over_https;
mod end_reasons;
mod evicted;
mod export_bodies;
mod export_calls;
mod export_frames;
#[cfg(feature = "parquet")]
mod export_tables;
mod follow_streams;
mod info;
mod link_types;
mod names;
mod outputs;
mod passwords;
mod quotes;
mod redaction;
mod saving;
mod stats;
mod tls;
mod words;

use common::{ACK, FIN, IPV4, PSH, SYN, Segment, pcap};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program with these arguments, in a clean environment: colours neither forced nor forbidden, times in UTC.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overhear"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("TZ", "UTC").args(arguments).stdin(Stdio::null());
    command
}

/// Returns stdout, stderr and the exit code.
fn run(arguments: &[&str]) -> (String, String, i32) {
    outcome(&program(arguments).output().expect("the program runs"))
}

fn run_on(input: &[u8], arguments: &[&str]) -> (String, String, i32) {
    let mut child = program(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the program ends");
    // The program may have stopped reading.
    let _ = writer.join().expect("the writer ends");
    outcome(&output)
}

fn outcome(output: &Output) -> (String, String, i32) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it prints UTF-8");
    (text(&output.stdout), text(&output.stderr), output.status.code().expect("it is not killed"))
}

/// Returns a folder for the files of one test.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("the file can be written");
    path.to_str().expect("a name in UTF-8").to_owned()
}

/// A connection with one exchange: eight frames, a millisecond apart.
fn exchange(request: &[u8], response: &[u8]) -> Vec<Vec<u8>> {
    let (request_end, response_end) = (101 + request.len() as u32, 501 + response.len() as u32);
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    vec![
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN | ACK, 500, 101, b""),
        segment(true, ACK, 101, 501, b""),
        segment(true, PSH | ACK, 101, 501, request),
        segment(false, PSH | ACK, 501, request_end, response),
        segment(true, FIN | ACK, request_end, response_end, b""),
        segment(false, FIN | ACK, response_end, request_end + 1, b""),
        segment(true, ACK, request_end + 1, response_end + 1, b""),
    ]
}

/// A capture of a connection with one request, and a response in segments of 1400 bytes.
fn transfer(request: &[u8], response: &[u8]) -> Vec<u8> {
    transfer_in_segments(1400, request, response)
}

/// The same with segments of another size, as network cards join them.
fn transfer_in_segments(size: usize, request: &[u8], response: &[u8]) -> Vec<u8> {
    let request_end = 101 + request.len() as u32;
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let mut packets = vec![
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN | ACK, 500, 101, b""),
        segment(true, ACK, 101, 501, b""),
        segment(true, PSH | ACK, 101, 501, request),
    ];
    let mut seq = 501;
    for part in response.chunks(size) {
        packets.push(segment(false, PSH | ACK, seq, request_end, part));
        seq += part.len() as u32;
        packets.push(segment(true, ACK, request_end, seq, b""));
    }
    pcap(IPV4, &packets)
}

/// A connection with one HTTP request and its response.
fn conversation() -> Vec<Vec<u8>> {
    exchange(
        b"POST /user/login?x=1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    )
}

fn capture() -> Vec<u8> {
    pcap(IPV4, &conversation())
}

fn fixture(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    path.to_str().expect("a name in UTF-8").to_owned()
}

#[test]
fn a_line_is_printed_for_each_frame() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, error, code) = run(&["print", &file]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), &*error, code), (8, "", 0));
    assert_eq!(lines[0], "    1   0.000000     10.0.0.1 → 10.0.0.2     TCP 40 40000 → 80 [SYN] Seq=0 Win=65535 Len=0");
    assert!(
        lines[3].starts_with("    4   0.003000     10.0.0.1 → 10.0.0.2     HTTP 108 POST /user/login?x=1 HTTP/1.1")
    );
}

#[test]
fn the_urgent_pointer_is_shown_where_it_counts() {
    let folder = folder();
    let mut packet = Segment { from_client: true, flags: ACK | 0x20, seq: 100, ack: 501, data: b"x".to_vec() }.packet();
    // RFC 9293 3.1: after the window and the checksum.
    packet[39] = 7;
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &[packet]));
    let (text, ..) = run(&["print", "-e", "_ws.col.Info", &file]);
    assert_eq!(text, "40000 → 80 [ACK, URG] Seq=1 Ack=1 Win=65535 Urg=7 Len=1\n");
}

#[test]
fn fields_are_printed_as_tshark_prints_them() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let fields = ["-T", "fields", "-e", "frame.number", "-e", "tcp.port", "-e", "http.request.method"];
    let (text, _, code) = run(&[&["print", &file][..], &fields].concat());
    assert_eq!(text.lines().nth(3), Some("4\t40000,80\tPOST"));
    assert_eq!((text.lines().next(), code), (Some("1\t40000,80\t"), 0));

    let layout = ["-E", "header=y", "-E", "separator=;", "-E", "aggregator=/s", "-E", "quote=d", "-c", "1"];
    let (text, ..) = run(&[&["print", &file][..], &fields, &layout].concat());
    assert_eq!(text, "frame.number;tcp.port;http.request.method\n\"1\";\"40000 80\";\n");

    let (text, ..) = run(&["print", "-r", &file, "-n", "-2", "-c", "1", "-e", "frame.time", "-e", "_ws.col.Protocol"]);
    assert_eq!(text, "Nov 14, 2023 22:13:20.000000000 UTC\tTCP\n");
    let output = program(&["print", &file, "-c", "1", "-e", "frame.time"]).env("TZ", "Asia/Tokyo").output();
    let (text, ..) = outcome(&output.expect("the program runs"));
    assert!(text == "Nov 15, 2023 07:13:20.000000000 JST\n" || text.ends_with("UTC\n"), "{text}");
}

#[test]
fn ethernet_addresses_have_names_except_with_n() {
    // Rows of tshark 4.4, without and with -n.
    let file = format!("{}/fixtures/link/arp.pcap", env!("CARGO_MANIFEST_DIR"));
    let fields = ["-c", "1", "-e", "eth.src_resolved", "-e", "eth.dst_resolved"];
    let rows = |more: &[&str]| run(&[&["print", &file][..], &fields, more].concat()).0;
    assert_eq!(rows(&[]), "02:00:00:00:00:01\tBroadcast\n");
    assert_eq!(rows(&["-n"]), "02:00:00:00:00:01\tff:ff:ff:ff:ff:ff\n");
    assert_eq!(rows(&["eth.dst_resolved == Broadcast"]), rows(&[]));
    assert_eq!(rows(&["-n", "eth.dst_resolved == Broadcast"]), "");
}

#[test]
fn values_from_later_frames_are_printed_in_earlier_frames_also_from_a_pipe() {
    let fields = ["-e", "frame.number", "-e", "http.response_in", "-e", "tcp.completeness"];
    let (text, error, code) = run_on(&capture(), &[&["print", "-"][..], &fields].concat());
    assert_eq!((&*error, code), ("", 0));
    assert_eq!(text.lines().nth(3), Some("4\t5\t31"));
    assert_eq!(text.lines().next(), Some("1\t\t31"));
}

#[test]
fn the_detail_tree_and_the_bytes_are_printed() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, _, code) = run(&["print", &file, "-V", "-x", "-c", "1"]);
    assert_eq!(code, 0);
    for line in ["Frame 1: 40 bytes on wire", "    [Stream index: 0]", "        Syn: True", "    Source Port: 40000"] {
        assert!(text.lines().any(|shown| shown.starts_with(line)), "{line} is missing in\n{text}");
    }
    assert!(text.contains("\n0000  45 00 00 28 00 00 00 00 40 06 00 00 0a 00 00 01   E..(....@.......\n"), "{text}");
}

#[test]
fn json_is_typed_and_its_keys_are_unique() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, _, code) = run(&["print", &file, "-T", "json"]);
    let frames: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((frames.as_array().map(Vec::len), code), (Some(8), 0));
    let layers = &frames[3]["layers"];
    assert_eq!(layers["tcp"]["tcp.srcport"], 40000);
    assert_eq!(layers["tcp"]["tcp.flags.push"], true);
    assert_eq!(layers["ip"]["ip.src"], "10.0.0.1");
    assert_eq!(layers["http"]["http.request.method"], "POST");
    assert_eq!(layers["http"]["http.file_data"]["text"], "{}");
    assert_eq!(layers["frame"]["frame.time"], "2023-11-14T22:13:20.003000000Z");

    let (text, ..) = run(&["print", &file, "-T", "ndjson", "-c", "2", "-e", "frame.number", "-e", "tcp.port"]);
    assert_eq!(text, "{\"frame.number\":1,\"tcp.port\":[40000,80]}\n{\"frame.number\":2,\"tcp.port\":[80,40000]}\n");
}

#[test]
fn every_fixture_is_json_with_unique_keys() {
    let mut seen = 0;
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("/fixtures/")) {
        let (text, _, code) = run_on(&bytes, &["print", "-T", "ndjson", "-"]);
        assert!(code == 0 || code == 2, "{name} ends with {code}");
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| {
                assert!(line.is_empty(), "{name}: {error} in {line}");
                serde_json::Value::Null
            });
            // The reader keeps the last of equal keys: its output has the same length only if all keys are different.
            assert_eq!(keys(&value), line.matches("\":").count() - colons_in_text(&value), "{name}: {line}");
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} frames were seen");
}

fn keys(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Object(map) => map.len() + map.values().map(keys).sum::<usize>(),
        serde_json::Value::Array(all) => all.iter().map(keys).sum(),
        _ => 0,
    }
}

/// Quotation marks followed by colons within strings, which are not keys.
fn colons_in_text(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Object(map) => map.values().map(colons_in_text).sum(),
        serde_json::Value::Array(all) => all.iter().map(colons_in_text).sum(),
        // The quotation mark may be the one before the text.
        serde_json::Value::String(text) => text.matches("\":").count() + usize::from(text.starts_with(':')),
        _ => 0,
    }
}

#[test]
fn csv_has_the_columns_or_the_chosen_fields() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, ..) = run(&["print", &file, "-T", "csv", "-c", "2"]);
    assert_eq!(
        text,
        "No.,Time,Source,Destination,Protocol,Length,Info\n\
         1,0.000000,10.0.0.1,10.0.0.2,TCP,40,40000 → 80 [SYN] Seq=0 Win=65535 Len=0\n\
         2,0.001000,10.0.0.2,10.0.0.1,TCP,40,\"80 → 40000 [SYN, ACK] Seq=0 Ack=1 Win=65535 Len=0\"\n"
    );
    let (text, ..) = run(&["print", &file, "-T", "csv", "-c", "1", "-e", "frame.number", "-e", "tcp.port"]);
    assert_eq!(text, "frame.number,tcp.port\n1,\"40000,80\"\n");
}

#[test]
fn calls_prints_one_row_for_each_exchange() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, error, code) = run(&["calls", &file]);
    assert_eq!((text.lines().count(), &*error, code), (2, "", 0), "{text}");
    let row: Vec<&str> = text.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(
        row.join(" "),
        "0 0.003000 10.0.0.1:40000 10.0.0.2:80 POST a.test /user/login?x=1 200 text/plain 5 B 2.0 ms 1.0 ms 0 ns 1.0 ms"
    );
    let (text, ..) = run(&["calls", &file, "-T", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let row = &rows[0];
    assert_eq!((&row["status"], &row["size"], &row["connect"]), (&200.into(), &5.into(), &0.002.into()));
    assert_eq!((&row["request_frame"], &row["response_frame"]), (&4.into(), &5.into()));
    let (text, ..) = run(&["calls", &file, "-T", "csv"]);
    assert!(
        text.starts_with("stream,nth,protocol,time,client,server,method,host,uri,status,type,size,connect,"),
        "{text}"
    );
    assert!(text.contains(",POST,a.test,/user/login?x=1,200,text/plain,5,0.002000000,0.001000000,"), "{text}");
}

#[test]
fn a_missing_and_a_truncated_response_are_reported() {
    let folder = folder();
    let no_response = write(folder.path(), "a.pcap", &pcap(IPV4, &conversation()[..4]));
    let (text, ..) = run(&["calls", &no_response]);
    assert!(text.lines().nth(1).is_some_and(|row| row.contains("no response")), "{text}");
    let (text, ..) = run(&["calls", &no_response, "-T", "ndjson"]);
    let row: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert!(row["status"].is_null() && row["response_frame"].is_null() && row["request_complete"] == true, "{text}");

    let mut packets = conversation();
    packets.truncate(4);
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello";
    let segment =
        |flags, seq, data: &[u8]| Segment { from_client: false, flags, seq, ack: 170, data: data.to_vec() }.packet();
    packets.push(segment(PSH | ACK, 501, response));
    packets.push(segment(FIN | ACK, 501 + response.len() as u32, b""));
    let truncated = write(folder.path(), "b.pcap", &pcap(IPV4, &packets));
    let (text, ..) = run(&["calls", &truncated]);
    assert!(text.lines().nth(1).is_some_and(|row| row.contains(" 200  (truncated) ")), "{text}");
}

#[test]
fn streams_prints_one_row_for_each_connection() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, error, code) = run(&["streams", &file]);
    assert_eq!((text.lines().count(), &*error, code), (2, "", 0), "{text}");
    let row = text.lines().nth(1).expect("a row").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        row,
        "0 10.0.0.1:40000 10.0.0.2:80 TIME-WAIT CLOSED three-way FIN by client 8 68 B 69 B 0 2.0 ms 7.0 ms \
         Complete, WITH_DATA"
    );
    let (text, ..) = run(&["streams", &file, "-T", "ndjson"]);
    let row: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((&row["client_state"], &row["rtt"]), (&"TIME-WAIT".into(), &0.002.into()));
    assert_eq!((&row["completeness_bits"], &row["last_frame"]), (&31.into(), &8.into()));
}

#[test]
fn follow_prints_both_sides_in_every_format() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (text, error, code) = run(&["follow", &file, "0"]);
    assert_eq!((&*error, code), ("", 0));
    assert_eq!(
        text,
        "--- client, frame 4, 0.003000 s ---\nPOST /user/login?x=1 HTTP/1.1\nHost: a.test\nContent-Length: 2\n\n{}\n\n\
         --- server, frame 5, 0.004000 s ---\nHTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 5\n\nhello\n"
    );
    let (text, ..) = run(&["follow", &file, "0", "--raw"]);
    assert!(text.starts_with("POST /user/login?x=1 HTTP/1.1\r\n") && text.ends_with("\r\n\r\nhello"), "{text:?}");
    let (text, ..) = run(&["follow", &file, "0", "--hex"]);
    assert!(
        text.starts_with("00000000  50 4f 53 54 20 2f 75 73  65 72 2f 6c 6f 67 69 6e  POST /us er/login\n"),
        "{text}"
    );
    assert!(text.contains("\n    00000000  48 54 54 50 "), "{text}");
    let (text, ..) = run(&["follow", &file, "0", "--json"]);
    let first: serde_json::Value = serde_json::from_str(text.lines().next().expect("a line")).expect("it is JSON");
    assert_eq!((&first["side"], &first["frame"]), (&"client".into(), &4.into()));
    let (text, ..) = run(&["follow", &file, "0", "--http"]);
    assert!(text.contains("Content-Length: 2\n\n{}\n\n--- server, frame 5"), "{text}");
    let (_, error, code) = run(&["follow", &file, "7"]);
    assert_eq!((&*error, code), (&*format!("overhear: {file}: no stream 7; `overhear streams` lists them\n"), 2));
    let (_, error, code) = run(&["follow", &file, "7", "--dns"]);
    let expected = format!("overhear: {file}: no UDP conversation 7; the TCP connection is tcp:7\n");
    assert_eq!((error, code), (expected, 2));
}

#[test]
fn a_gap_is_reported_at_its_position() {
    let folder = folder();
    let segment =
        |flags, seq, data: &[u8]| Segment { from_client: true, flags, seq, ack: 501, data: data.to_vec() }.packet();
    let mut packets = conversation();
    packets.truncate(3);
    packets.push(segment(PSH | ACK, 101, b"ab"));
    packets.push(segment(PSH | ACK, 113, b"cd"));
    packets.push(Segment { from_client: false, flags: ACK, seq: 501, ack: 115, data: Vec::new() }.packet());
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets));
    let (text, _, code) = run(&["follow", &file, "0"]);
    assert!(text.contains("\nab\n[10 bytes missing in capture]\ncd\n"), "{text}");
    assert_eq!(code, 0);
    let (text, error, _) = run(&["follow", &file, "0", "--raw"]);
    assert_eq!(text, "abcd");
    assert!(error.contains("10 client bytes missing in the capture at offset 2"), "{error}");
}

#[test]
fn control_characters_of_the_capture_never_reach_the_terminal() {
    let folder = folder();
    let mut packets = conversation();
    let evil = b"GET /\x1b]0;owned\x07\x9b2J HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n";
    packets[3] = Segment { from_client: true, flags: PSH | ACK, seq: 101, ack: 501, data: evil.to_vec() }.packet();
    packets.truncate(4);
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets));
    let forms: [&[&str]; 10] = [
        &["print", &file],
        &["print", &file, "-V", "-x"],
        &["print", &file, "-e", "http.request.uri", "-e", "http.host", "-e", "_ws.col.info"],
        &["print", &file, "-e", "http.request.uri", "-E", "escape=n"],
        &["print", &file, "-T", "json"],
        &["print", &file, "-T", "csv"],
        &["calls", &file],
        &["calls", &file, "-T", "csv"],
        &["follow", &file, "0"],
        &["follow", &file, "0", "--http"],
    ];
    for form in forms {
        let (text, error, _) = run(form);
        assert!(!text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\t')), "{form:?}: {text:?}");
        assert!(!error.contains('\x1b'), "{form:?}");
        assert!(!text.is_empty(), "{form:?}: {error}");
    }
}

#[test]
fn a_target_that_is_no_utf_8_is_found_as_sent() {
    let folder = folder();
    let request = b"GET /a\xed\xa0\x80 HTTP/1.1\r\nHost: h\xff\r\n\r\n";
    let file = pcap(IPV4, &exchange(request, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    let file = write(folder.path(), "a.pcap", &file);
    for field in ["http.request.uri", "http.request.full_uri"] {
        let filter = format!(r#"{field} contains "a\xed\xa0\x80""#);
        let (text, error, code) = run(&["print", &file, &filter, "-e", "frame.number"]);
        assert_eq!((&*text, &*error, code), ("4\n5\n", "", 0), "{field}");
    }
    let (text, ..) = run(&["print", &file, r#"http.request.full_uri contains "//h\xff/a""#, "-e", "frame.number"]);
    assert_eq!(text, "4\n5\n");
}

#[test]
fn complete_frames_of_a_truncated_file_are_printed_before_the_error() {
    let folder = folder();
    let whole = capture();
    let file = write(folder.path(), "cut.pcap", &whole[..whole.len() - 10]);
    let (text, error, code) = run(&["print", &file, "-e", "frame.number"]);
    assert_eq!((text.lines().count(), code), (7, 2));
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.starts_with(&format!("overhear: {file}: at byte ")) && error.contains("truncated record: "),
        "{error}"
    );
    // Also if the capture is read in two passes, and if the output has a closing part.
    let (text, error, code) = run(&["print", &file, "-T", "json"]);
    let frames: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((frames.as_array().map(Vec::len), error.lines().count(), code), (Some(7), 1, 2));
}

#[test]
fn the_next_file_is_read_after_an_unreadable_one() {
    let folder = folder();
    let good = write(folder.path(), "good.pcap", &capture());
    let cut = write(folder.path(), "cut.pcap", &capture()[..100]);
    let (text, error, code) = run(&["print", "/nonexistent/x.pcap", &good, &cut, &good, "-e", "frame.number"]);
    assert_eq!((text.lines().last(), code), (Some("17"), 2));
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 2, "{error}");
    assert_eq!(lines[0], "overhear: /nonexistent/x.pcap: no such file");
    assert!(lines[1].contains("cut.pcap: at byte"), "{error}");
}

#[test]
fn an_empty_capture_has_nothing_to_print() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &[]));
    assert_eq!(run(&["print", &file]), (String::new(), String::new(), 0));
    assert_eq!(run(&["print", &file, "-T", "json"]).0, "[\n]\n");
    let (text, _, code) = run(&["streams", &file]);
    assert_eq!((text.lines().count(), code), (1, 0));
    let nothing = write(folder.path(), "nothing", b"");
    let (text, error, code) = run(&["print", &nothing]);
    assert_eq!((&*text, code), ("", 2));
    assert!(error.contains("expected a capture (pcap or pcapng), found an empty file"), "{error}");
}

#[test]
fn standard_input_is_read_for_a_hyphen() {
    let (text, error, code) = run_on(&capture(), &["print", "-", "-e", "frame.number"]);
    assert_eq!((text.lines().count(), &*error, code), (8, "", 0));
    let (_, error, code) = run_on(b"no capture", &["calls", "-"]);
    assert_eq!(code, 2);
    assert!(error.starts_with("overhear: standard input: ") && error.lines().count() == 1, "{error}");
}

#[test]
fn rows_of_a_pipe_that_stays_open_are_printed_at_once() {
    for (form, rows) in [(&["calls", "-"][..], 2), (&["print", "-", "-e", "frame.number"], 8)] {
        let mut child = program(form).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&capture()).expect("it reads");
        let text = BufReader::new(child.stdout.take().expect("a pipe"));
        assert_eq!(text.lines().take(rows).count(), rows, "{form:?}");
        drop(stdin);
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{form:?}");
    }
}

#[test]
fn an_output_file_is_replaced_when_it_is_complete() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let out = write(folder.path(), "out.txt", b"old");
    assert_eq!(run(&["print", &file, "-e", "frame.number", "-c", "2", "-o", &out]), (String::new(), String::new(), 0));
    assert_eq!(fs::read_to_string(&out).expect("the file is there"), "1\n2\n");
    // After a failure there is only the old file.
    let (_, error, code) = run(&["follow", &file, "9", "-o", &out]);
    assert!(code == 2 && error.contains("no stream 9"), "{error}");
    assert_eq!(fs::read_to_string(&out).expect("the file is there"), "1\n2\n");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder is there").count(), 2);
    let (_, error, code) = run(&["print", &file, "-o", "/nonexistent/out.txt"]);
    assert_eq!((&*error, code), ("overhear: /nonexistent/out.txt: cannot write: no such directory\n", 2));
    // A device is written to, not replaced.
    assert_eq!(run(&["print", &file, "-o", "/dev/null"]).2, 0);
    assert!(!fs::metadata("/dev/null").expect("it is there").is_file());
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let frames: Vec<Vec<u8>> = (0..2000).flat_map(|_| conversation()).collect();
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &frames));
    for form in [&["print"][..], &["print", "-V"], &["print", "-T", "json"], &["print", "-T", "csv"]] {
        let mut child =
            program(form).arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_exact(&mut [0; 64]).expect("it prints something");
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{form:?}");
    }
}

#[test]
fn colours_are_used_on_terminals_and_when_forced() {
    let file = fixture("http/post-login.pcap");
    let colored = |names: &[(&str, &str)]| {
        let output = program(&["print", &file]).envs(names.iter().copied()).output().expect("the program runs");
        outcome(&output).0.contains('\x1b')
    };
    assert!(!colored(&[]));
    assert!(colored(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[("CLICOLOR_FORCE", "0")]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]));
}

#[test]
fn fields_are_listed_searched_and_explained() {
    let (text, _, code) = run(&["fields"]);
    assert_eq!((text.lines().count(), code), (dissectors::fields().count(), 0));
    let (text, ..) = run(&["fields", "tcp.completeness"]);
    assert!(text.starts_with("tcp.completeness\n") && text.contains("read twice"), "{text}");
    let (text, ..) = run(&["fields", "-T", "json", "tcp.srcport"]);
    let found: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(found[0]["name"], "tcp.srcport");
    let (text, error, code) = run(&["fields", "tcp.srcprt"]);
    assert_eq!((&*text, code), ("", 2));
    assert!(error.contains("nearest: tcp.srcport"), "{error}");
}

#[test]
fn a_usage_error_is_reported_with_exit_code_2() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let wrong: [(&[&str], &str); 20] = [
        (&["print", &file, "-e", "nosuch.field"], "unknown field nosuch.field; search with `overhear fields TEXT`"),
        (&["print", &file, "-e", "tcp.prt"], "unknown field tcp.prt (nearest: tcp.port"),
        (&["print", &file, "-T", "fields"], "-T fields requires a field"),
        (&["print", &file, "-T", "text", "-e", "frame.number"], "-e requires"),
        (&["print", &file, "-T", "json", "-V"], "-V and -x require -T text"),
        (&["print", &file, "-E", "header=y"], "-E requires"),
        (&["print", &file, "-e", "frame.number", "-E", "colour=y"], "unknown setting colour"),
        (&["print", &file, "-T", "pdml"], "invalid value 'pdml'"),
        (
            &["follow", &file, "0", "-Y", "http"],
            "overhear: unexpected argument '-Y' found; see `overhear follow --help`\n",
        ),
        (&["print"], "the following required arguments were not provided: <FILE>"),
        (&["export", "har"], "<FILE>...; see `overhear export har --help`"),
        (&["export", "pcapng", &file], "--output <FILE>; see `overhear export pcapng --help`"),
        (&["calls", &file, "-T", "a\nb"], "invalid value 'a"),
        (&["listen"], "listen: no such command or file"),
        (&[&file], "the terminal UI requires a terminal; for a pipe or a file use `overhear print`"),
        (&["missing.pcap"], "missing.pcap: no such file"),
        (&["follow", &file], "missing stream number"),
        (&["follow", &file, "first"], "missing stream number"),
        (&["follow", "0"], "missing capture file"),
        (&["print", "uri contains login"], "uri contains login: missing capture file before the filter"),
    ];
    for (arguments, words) in wrong {
        let (text, error, code) = run(arguments);
        assert_eq!((&*text, code), ("", 2), "{arguments:?}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(error.starts_with("overhear: ") && error.lines().count() == 1, "{arguments:?}: {error}");
    }
    let (text, error, code) = run(&[]);
    assert_eq!((&*text, code), ("", 2));
    assert!(error.contains("Usage:") && error.contains("Examples:"), "{error}");
}

#[test]
fn a_filter_selects_frames_calls_and_streams() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let numbers = |arguments: &[&str]| {
        let (text, error, code) = run(&[&["print", &file, "-e", "frame.number"][..], arguments].concat());
        assert_eq!((&*error, code), ("", 0), "{arguments:?}");
        text.lines().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(numbers(&["-Y", "http"]), "4 5");
    assert_eq!(numbers(&["--display-filter", "tcp.flags.fin == 1"]), "6 7");
    assert_eq!(numbers(&["uri contains login"]), "4");
    assert_eq!(numbers(&["uri", "contains", "login"]), "4", "words are joined, as tshark does");
    assert_eq!(numbers(&["-c", "4", "http"]), "4", "as many frames are read, not printed");
    assert_eq!(numbers(&["tcp.completeness == 31 and frame.number <= 2"]), "1 2", "values from later frames are known");
    assert_eq!(numbers(&["-Y", ""]), "1 2 3 4 5 6 7 8");
    let (text, ..) = run(&["print", &file, "-e", "frame.time_delta_displayed", "tcp.flags.syn == 1 or http"]);
    let since_the_last_shown: Vec<_> = text.lines().collect();
    assert_eq!(since_the_last_shown, ["0.000000000", "0.001000000", "0.002000000", "0.001000000"]);
    for (command, filter, rows) in [
        ("calls", "status == 200", 1),
        ("calls", "status == 404", 0),
        ("calls", "tcp.flags.syn == 1", 0),
        ("streams", "tcp.flags.syn == 1", 1),
        ("streams", "method == GET", 0),
    ] {
        let (text, error, code) = run(&[command, &file, "-T", "ndjson", filter]);
        assert_eq!((text.lines().count(), &*error, code), (rows, "", 0), "{command} {filter}");
    }
}

#[test]
fn an_error_in_a_filter_is_reported_with_its_position() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let expected = "overhear: unknown field tcp.prt (nearest: tcp.port, tcp.dstport, tcp.srcport, udp.port)\n    \
                    tcp.len > 0 and tcp.prt == 80\n                    ^~~~~~~\n";
    for command in ["print", "calls", "streams"] {
        let (text, error, code) = run(&[command, &file, "-Y", "tcp.len > 0 and tcp.prt == 80"]);
        assert_eq!((&*text, &*error, code), ("", expected, 2), "{command}");
    }
    let (_, error, code) = run(&["print", &file, "htpp"]);
    assert!(error.starts_with("overhear: htpp: no such file, and not a valid filter: unknown field htpp"), "{error}");
    assert_eq!(code, 2);
    let (text, error, code) = run(&["print", &file, "absent.pcap", "-e", "frame.number"]);
    assert!(text.starts_with("1\n2\n") && error.starts_with("overhear: absent.pcap: "), "{error}");
    assert_eq!(code, 2);
    let (text, error, code) = run(&["print", &file, "tcp.flags.syn && !tcp.flags.ack"]);
    assert_eq!((&*text, code), ("", 0));
    assert!(error.starts_with("overhear: warning: tcp.flags.ack is present whether it is set or not"), "{error}");
    assert!(error.ends_with("\n    tcp.flags.syn && !tcp.flags.ack\n                      ^~~~~~~~~~~~~\n"), "{error}");
}

#[test]
fn help_is_printed_on_stdout() {
    for arguments in [&["--help"][..], &["print", "--help"], &["calls", "-h"], &["follow", "-h"], &["--version"]] {
        let (text, error, code) = run(arguments);
        assert_eq!((&*error, code), ("", 0), "{arguments:?}");
        assert!(text.contains("overhear"), "{text}");
    }
}
