//! Conversations that are dropped at the limit of conversations: what they leave open is unknown, in every output.

use super::{folder, run, write};
use crate::common::{ACK, FIN, IPV4, PSH, SYN, Segment, pcap};
use overhear::analysis::limits::CONVERSATIONS;
use serde_json::Value;

/// The number of the first frame after those of the other conversations.
const AFTER: usize = 6 + 2 * CONVERSATIONS + 1;

fn ipv4(protocol: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let [high, low] = (20 + payload.len() as u16).to_be_bytes();
    [&[0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0][..], &from, &to, payload].concat()
}

/// A message of DNS (RFC 1035 4.1) about a name, between port 5000 of 10.0.0.1 and port 53 of 10.0.0.9.
fn dns(id: u16, is_response: bool) -> Vec<u8> {
    let flags = if is_response { 0x8180_u16 } else { 0x0100 };
    let head = [id, flags, 1, 0, 0, 0].map(u16::to_be_bytes).concat();
    let message = [&head[..], b"\x01a\x04test\0\0\x01\0\x01"].concat();
    let ends = if is_response { [53_u16, 5000] } else { [5000, 53] };
    let udp = [ends[0], ends[1], 8 + message.len() as u16, 0].map(u16::to_be_bytes).concat();
    let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 9]);
    let (from, to) = if is_response { (server, client) } else { (client, server) };
    ipv4(17, from, to, &[&udp[..], &message].concat())
}

/// A query of DNS, a connection with a request, and so many other conversations that both are dropped; then an error that quotes a
/// segment of the connection, its response and its end, and the response of the query.
fn capture() -> Vec<u8> {
    let (request, response) =
        (&b"GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n"[..], &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..]);
    let (sent, answered) = (101 + request.len() as u32, 501 + response.len() as u32);
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let other = |nth: usize| {
        let [.., second, third] = (nth as u32).to_be_bytes();
        let from = [10, 1, second, third];
        let syn = [&[0xc3, 0x50, 0, 81, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, SYN][..], &[0xff, 0xff, 0, 0, 0, 0]].concat();
        let empty = [0xc3, 0x50, 0, 81, 0, 8, 0, 0];
        [ipv4(6, from, [10, 0, 0, 2], &syn), ipv4(17, from, [10, 0, 0, 2], &empty)]
    };
    let quoted = segment(true, ACK, 101, 501, b"");
    let before = [
        dns(1, false),
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN | ACK, 500, 101, b""),
        segment(true, ACK, 101, 501, b""),
        segment(true, PSH | ACK, 101, 501, request),
        segment(false, ACK, 501, sent, b""),
    ];
    let after = [
        ipv4(1, [10, 0, 0, 2], [10, 0, 0, 1], &[&[3, 1, 0, 0, 0, 0, 0, 0][..], &quoted].concat()),
        segment(false, PSH | ACK, 501, sent, response),
        segment(true, FIN | ACK, sent, answered, b""),
        segment(false, FIN | ACK, answered, sent + 1, b""),
        segment(true, ACK, sent + 1, answered + 1, b""),
        dns(1, true),
    ];
    let others = (0..CONVERSATIONS).flat_map(other);
    pcap(IPV4, &before.into_iter().chain(others).chain(after).collect::<Vec<_>>())
}

fn output(arguments: &[&str]) -> String {
    let (text, error, code) = run(arguments);
    assert_eq!((&*error, code), ("", 0), "{arguments:?}");
    text
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&output(&[arguments, &["-T", "json"]].concat())).expect("JSON")
}

#[test]
fn what_a_dropped_conversation_leaves_open_is_unknown() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let calls = rows(&["calls", &file]);
    let found = |call: &Value| ["protocol", "method", "status", "outcome"].map(|key| call[key].to_string());
    let mut found: Vec<[String; 4]> = calls.iter().map(found).collect();
    found.sort();
    #[rustfmt::skip]
    assert_eq!(found, [
        ["\"dns\"", "\"A\"", "null", "\"unknown\""],
        ["\"dns\"", "null", "\"NOERROR\"", "\"success\""],
        ["\"http\"", "\"GET\"", "null", "\"unknown\""],
        ["\"http\"", "null", "200", "\"success\""],
    ].map(|row| row.map(str::to_owned)));
    let methods = rows(&["calls", &file, "http", "--by", "method"]);
    assert!(methods.iter().any(|group| group["value"] == "unknown"), "{methods:?}");
    let [stats] = &serde_json::from_str::<Vec<Value>>(&format!("[{}]", output(&["stats", &file, "-T", "json"])))
        .expect("JSON")[..]
    else {
        unreachable!("one object")
    };
    let summary = stats.as_object().and_then(|tables| tables.values().next()).expect("a summary");
    let calls = if summary["calls"].is_null() { &summary[0]["calls"] } else { &summary["calls"] };
    assert_eq!((&calls["http"]["unknown"], &calls["http"]["without_response"]), (&1.into(), &0.into()), "{stats}");

    let streams = rows(&["streams", &file, "tcp.port == 40000"]);
    let ends = |stream: &Value| (stream["opened"].clone(), stream["closed"].clone());
    let ends: Vec<_> = streams.iter().map(ends).collect();
    assert_eq!(ends[0], ("three-way".into(), "dropped".into()));
    assert_eq!(ends[1].0, "continued");

    let (text, _, code) = run(&["check", &file, "--answered", "--where", "http"]);
    assert!(code == 1 && text.contains("1 of 1 request with an unknown response"), "{code} {text}");
}

#[test]
fn the_first_frame_after_a_conversation_was_dropped_has_a_note_whatever_was_quoted_before() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let filter = "tcp.limit || udp.limit";
    let frames = output(&["print", &file, filter, "-T", "fields", "-e", "frame.number", "-e", "tcp.stream"]);
    // The error quotes a segment of the conversation, and begins its second stream.
    let expected = format!("{}\t{}\n{}\t\n", AFTER + 1, CONVERSATIONS + 1, AFTER + 5);
    assert_eq!(frames, expected);
    // Whether the query has a response is unknown.
    assert_eq!(output(&["print", &file, "dns.response_missing"]), "");
}

#[test]
fn a_journey_states_that_the_rest_of_a_dropped_connection_is_unknown() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let calls = rows(&["calls", &file]);
    let row = |is_it: &dyn Fn(&Value) -> bool| (calls.iter().position(is_it).expect("the call") + 1).to_string();
    let text = |row: &str| {
        let (text, _, code) = run(&["journey", &file, row]);
        assert_eq!(code, 0);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // The table is full with the last of the other connections but one.
    let evicting = AFTER - 2;
    let cut = text(&row(&|call| call["method"] == "GET"));
    let rest = "The rest of the connection is unknown: its state was dropped at 16384 conversations.";
    assert!(cut.contains(rest) && cut.contains(&format!("[#{evicting}]")), "{cut}");
    assert!(!cut.contains("still open") && cut.contains("The response is not known"), "{cut}");
    let rest = text(&row(&|call| call["status"] == 200));
    let handshake = "The handshake is unknown: earlier frames have another stream";
    assert!(rest.contains(handshake) && rest.contains("The request is not known"), "{rest}");
    assert!(!rest.contains("not captured"), "{rest}");
}

#[test]
fn several_threads_find_the_same() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let note = ["print", &file, "tcp.limit || udp.limit || dns.response_missing", "-T", "fields", "-e", "frame.number"];
    for command in [&["calls", &file][..], &["streams", &file, "tcp.port == 40000"], &note, &["journey", &file, "1"]] {
        let with = |threads| run(&[command, &["--threads", threads]].concat());
        assert_eq!(with("3"), with("1"), "{command:?}");
    }
}

#[cfg(feature = "tui")]
#[test]
fn the_screen_shows_the_same_although_it_reads_few_frames() {
    use crate::common::screen::Screen;
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let mut screen = Screen::open(std::path::Path::new(&file), (110, 60));
    screen.keys("/ \"http.request\" Enter");
    let calls = screen.text();
    assert!(calls.contains("/slow") && calls.contains("unknown"), "{calls}");
    screen.keys("J");
    let journey = screen.text();
    assert!(journey.contains("The rest of the connection is unknown"), "{journey}");
    screen.keys("Esc / Ctrl-U \"http.response\" Enter J");
    let journey = screen.text();
    assert!(journey.contains("The handshake is unknown: earlier frames have another stream"), "{journey}");
    screen.keys("Esc Esc 3");
    screen.keys("/ Ctrl-U \"http.response\" Enter Enter");
    let frame = screen.text();
    assert!(frame.contains("earlier frames have another stream"), "{frame}");
    screen.keys("Esc / Ctrl-U \"dns && udp.srcport == 5000\" Enter Enter");
    let frame = screen.text();
    assert!(frame.contains("Domain Name System") && !frame.contains("missing"), "{frame}");
}
