//! `diff`: labelled pairs of captures.
//!
//! The label of a pair, its differences, follows from how it was made: by hand from a list of calls, by a change of bytes in a
//! recorded capture, or by two recordings whose scripts in `fixtures/` differ as the label says.

use super::{fixture, folder, run, write};
use crate::common::{ACK, IPV4, PSH, SYN, Segment};
use serde_json::Value;
use std::fs;

/// A call of a capture made by hand.
#[derive(Clone, Copy)]
struct Made {
    request: &'static str,
    /// Status line and headers; empty without a response.
    response: &'static str,
    /// Bytes of the body of the response.
    body: usize,
    micros: u32,
}

const OK: &str = "200 OK\r\nServer: a";

/// A call that takes this many microseconds.
fn get(path: &'static str, micros: u32) -> Made {
    Made { request: path, response: OK, body: 10, micros }
}

fn calls(path: &'static str, micros: &[u32]) -> Vec<Made> {
    micros.iter().map(|&micros| get(path, micros)).collect()
}

fn status(path: &'static str, response: &'static str) -> Made {
    Made { response, ..get(path, 1_000) }
}

fn sized(body: usize) -> Made {
    Made { body, ..get("/page", 1_000) }
}

/// Returns a capture of one connection with these calls, one per second.
fn capture(calls: &[Made]) -> Vec<u8> {
    let mut frames: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut add = |micros: u64, from_client, flags, seq, ack, data: &[u8]| {
        frames.push((micros, Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()));
    };
    add(0, true, SYN, 100, 0, b"");
    add(30, false, SYN | ACK, 500, 101, b"");
    add(60, true, ACK, 101, 501, b"");
    let (mut client, mut server) = (101, 501);
    for (nth, call) in calls.iter().enumerate() {
        let time = (nth as u64 + 1) * 1_000_000;
        let (path, more) = call.request.split_once(' ').unwrap_or((call.request, ""));
        let (method, path) = if path == "POST" { ("POST", more) } else { ("GET", path) };
        let more = if method == "POST" || more.is_empty() { String::new() } else { format!("{more}\r\n") };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: shop.test\r\n{more}\r\n");
        add(time, true, PSH | ACK, client, server, request.as_bytes());
        client += request.len() as u32;
        if call.response.is_empty() {
            continue;
        }
        let head = format!("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n", call.response, call.body);
        let response = [head.as_bytes(), &vec![b'x'; call.body]].concat();
        add(time + u64::from(call.micros), false, PSH | ACK, server, client, &response);
        server += response.len() as u32;
    }
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 4 << 16 | 2, 0, 0, 65535, IPV4] {
        file.extend(word.to_le_bytes());
    }
    for (micros, bytes) in frames {
        let length = bytes.len() as u32;
        for word in [1_700_000_000 + (micros / 1_000_000) as u32, (micros % 1_000_000) as u32, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

/// Returns a recorded capture with bytes replaced by others of the same number. The bytes occur once.
fn edited(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = fs::read(fixture(name)).expect("a fixture");
    let found: Vec<usize> = memchr::memmem::find_iter(&bytes, from).collect();
    assert_eq!((found.len(), from.len()), (1, to.len()), "{name}");
    bytes[found[0]..found[0] + from.len()].copy_from_slice(to);
    bytes
}

fn recorded(name: &str) -> Vec<u8> {
    fs::read(fixture(name)).expect("a fixture")
}

/// Returns the differences of two captures, each as its kind and what differs, with their texts, and the exit code.
fn differences(a: &[u8], b: &[u8], options: &[&str]) -> (Vec<(String, String)>, i32) {
    let folder = folder();
    let (a, b) = (write(folder.path(), "a.pcap", a), write(folder.path(), "b.pcap", b));
    let (text, error, code) = run(&[&["diff", &a, &b, "-T", "json"], options].concat());
    assert_eq!(error, "", "{options:?}");
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}: {text}"));
    let line = |difference: &Value| {
        let subject = &difference["subject"];
        let name = match subject["server"].as_str() {
            Some(server) => server.to_owned(),
            None => {
                format!("{} {}", subject["method"].as_str().expect("a text"), subject["path"].as_str().expect("a text"))
            }
        };
        let kind = difference["kind"].as_str().expect("a kind");
        (format!("{kind} {name}"), difference["text"].as_str().expect("a text").to_owned())
    };
    (value["differences"].as_array().expect("a list").iter().map(line).collect(), code)
}

/// A pair: its name, the captures, options, and its differences, each with a part of its text.
type Pair = (&'static str, Vec<u8>, Vec<u8>, Options, Expected);

type Options = &'static [&'static str];
type Expected = &'static [(&'static str, &'static str)];

fn pair(name: &'static str, a: &[Made], b: &[Made], options: Options, expected: Expected) -> Pair {
    (name, capture(a), capture(b), options, expected)
}

/// A pair of captures whose calls have these durations.
fn times(name: &'static str, a: &[u32], b: &[u32], options: Options, expected: Expected) -> Pair {
    pair(name, &calls("/a", a), &calls("/a", b), options, expected)
}

/// Pairs of captures made from lists of calls.
fn made() -> Vec<Pair> {
    let few = [10_000, 11_000, 12_000, 13_000, 14_000];
    let teapot = "418 I'm a teapot\r\nServer: a";
    vec![
        times("the same", &few, &few, &[], &[]),
        times("the same durations in another order", &few, &[11_000, 10_000, 14_000, 12_000, 13_000], &[], &[]),
        times(
            "twice as slow",
            &few,
            &[20_000, 22_000, 24_000, 26_000, 28_000],
            &[],
            // All of B are longer than all of A: 1 of the 252 ways to choose 5 of 10.
            &[(
                "slower GET /a",
                "median 12.0 ms → 24.0 ms (+100 %), p95 14.0 ms → 28.0 ms, 5 and 5 samples, p = 0.0040",
            )],
        ),
        times("twice as fast", &[20_000, 22_000, 24_000, 26_000, 28_000], &few, &[], &[("faster GET /a", "(-50 %)")]),
        times("one outlier", &few, &[10_000, 11_000, 12_000, 13_000, 900_000], &[], &[]),
        // 0.06 ms is below the least difference of 0.1 ms.
        times("slower by less than 0.1 ms", &[400, 401, 402, 403, 404], &[460, 461, 462, 463, 464], &[], &[]),
        // From 102 ms to 110 ms are 7.8 percent.
        times(
            "slower by less than 10 percent",
            &[100_000, 101_000, 102_000, 103_000, 104_000],
            &[108_000, 109_000, 110_000, 111_000, 112_000],
            &[],
            &[],
        ),
        times(
            "slower by more than 5 percent",
            &[100_000, 101_000, 102_000, 103_000, 104_000],
            &[108_000, 109_000, 110_000, 111_000, 112_000],
            &["--min-difference", "5"],
            &[("slower GET /a", "(+8 %)")],
        ),
        times("one call each decides nothing", &[10_000], &[100_000], &[], &[]),
        times(
            "one call each beyond a limit",
            &[10_000],
            &[100_000],
            &["--limit", "50"],
            &[("slower GET /a", "1 and 1 samples, too few")],
        ),
        times("one call each within a limit", &[10_000], &[14_000], &["--limit", "50"], &[]),
        // 1 of the 70 ways to choose 4 of 8 is above 0.01.
        times("four calls each are too few", &few[..4], &[50_000, 51_000, 52_000, 53_000], &[], &[]),
        pair("an operation is gone", &[get("/a", 1), get("/b", 1)], &[get("/a", 1)], &[], &[("gone GET /b", "1 call")]),
        pair(
            "an operation is new",
            &[get("/a", 1)],
            &[get("/a", 1), get("/b", 1), get("/b", 1)],
            &[],
            &[("new GET /b", "2 calls")],
        ),
        pair(
            "one call less",
            &calls("/a", &[1, 1, 1]),
            &calls("/a", &[1, 1]),
            &[],
            &[("count GET /a", "3 calls → 2 calls")],
        ),
        pair(
            "numbers of a path",
            &[get("/items/1", 1), get("/items/2", 1)],
            &[get("/items/7", 1), get("/items/8", 1)],
            &[],
            &[],
        ),
        pair("another method", &[get("/a", 1)], &[get("POST /a", 1)], &[], &[("gone GET /a", ""), ("new POST /a", "")]),
        pair(
            "a status",
            &[status("/a", OK), status("/a", OK), status("/a", OK)],
            &[status("/a", OK), status("/a", teapot), status("/a", OK)],
            &[],
            &[("status GET /a", "200 → 418 in 1 of 3 calls")],
        ),
        pair(
            "statuses in another order",
            &[status("/a", OK), status("/a", teapot)],
            &[status("/a", teapot), status("/a", OK)],
            &[],
            &[],
        ),
        pair(
            "three statuses in another order",
            &[status("/a", OK), status("/a", teapot), status("/a", "500 Oops")],
            &[status("/a", teapot), status("/a", "500 Oops"), status("/a", OK)],
            &[],
            &[],
        ),
        // Calls with the same target are paired.
        pair(
            "statuses of two targets, exchanged",
            &[status("/items/1", OK), status("/items/2", teapot)],
            &[status("/items/1", teapot), status("/items/2", OK)],
            &[],
            &[
                ("status GET /items/{}", "200 → 418 in 1 of 2 calls"),
                ("status GET /items/{}", "418 → 200 in 1 of 2 calls"),
            ],
        ),
        pair(
            "a status of one target",
            &[status("/items/1", OK), status("/items/2", teapot)],
            &[status("/items/2", OK), status("/items/1", OK)],
            &[],
            &[("status GET /items/{}", "418 → 200 in 1 of 2 calls")],
        ),
        pair(
            "no response",
            &[status("/a", OK)],
            &[status("/a", "")],
            &[],
            &[("status GET /a", "200 → no response in 1 of 1 call")],
        ),
        pair(
            "a header of responses",
            &[status("/a", OK)],
            &[status("/a", "200 OK\r\nX-Cache: hit")],
            &[],
            &[("headers GET /a", "response: + x-cache, - server")],
        ),
        pair(
            "a header of requests",
            &[get("/a", 1)],
            &[get("/a X-New: 1", 1)],
            &[],
            &[("headers GET /a", "request: + x-new")],
        ),
        pair(
            "a header of few responses",
            &[status("/a", OK), status("/a", OK), status("/a", OK)],
            &[status("/a", OK), status("/a", "200 OK\r\nServer: a\r\nAge: 3"), status("/a", OK)],
            &[],
            &[],
        ),
        pair(
            "a longer body",
            &[sized(500)],
            &[sized(5_000)],
            &[],
            &[("size GET /page", "median 500 B → 5.0 kB (+4.5 kB)")],
        ),
        pair("a body of 5 percent more", &[sized(1_000)], &[sized(1_050)], &[], &[]),
        pair(
            "constant bodies of a byte more",
            &[sized(500); 2],
            &[sized(501); 2],
            &[],
            &[("size GET /page", "500 B → 501 B")],
        ),
        pair("ignored kinds", &[sized(500)], &[sized(5_000)], &["--ignore", "size,headers"], &[]),
        pair(
            "calls that a filter selects",
            &[status("/a", OK), status("/b", OK)],
            &[status("/a", teapot), status("/b", teapot)],
            &["-Y", "uri == \"/b\""],
            &[("status GET /b", "200 → 418")],
        ),
    ]
}

/// Pairs with recorded captures.
fn recordings() -> Vec<Pair> {
    let login = "http/post-login.pcap";
    vec![
        ("the same recording", recorded(login), recorded(login), &[], &[]),
        (
            "a recorded status",
            recorded(login),
            edited(login, b"HTTP/1.1 401", b"HTTP/1.1 503"),
            &[],
            &[("status POST /user/login", "401 → 503 in 1 of 2 calls")],
        ),
        (
            "the path of an upload",
            recorded(login),
            edited(login, b"GET /account ", b"GET /profile "),
            &[],
            &[("gone GET /account", "1 call"), ("new GET /profile", "1 call")],
        ),
        // The calls of both are the same; the network of the second is farther away, of which there is one sample.
        (
            "a network with a longer round trip",
            recorded("journey/think.pcap"),
            recorded("journey/think-far.pcap"),
            &[],
            &[],
        ),
        // The server selects a suite of TLS 1.2 in nine connections, one of TLS 1.3 in five.
        (
            "another version of TLS",
            recorded("tls/suites12.pcapng"),
            recorded("tls/suites13.pcapng"),
            &[],
            &[
                ("count GET /style.css", "9 calls → 5 calls"),
                ("parameters 10.0.0.2:443", "tls.handshake.ciphersuite of the server: 0xc006 "),
                (
                    "parameters 10.0.0.2:443",
                    "tls.handshake.extensions.supported_version of the server: none → 0x0304 TLS 1.3",
                ),
            ],
        ),
    ]
}

#[test]
fn labelled_pairs_have_their_differences() {
    let pairs = made().into_iter().chain(recordings());
    let mut count = 0;
    for (name, a, b, options, expected) in pairs {
        let (found, code) = differences(&a, &b, options);
        let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
        let wanted: Vec<&str> = expected.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, wanted, "{name}: {found:?}");
        for ((_, text), (_, part)) in found.iter().zip(expected) {
            assert!(text.contains(part), "{name}: {text}");
        }
        assert_eq!(code, i32::from(expected.iter().any(|(kind, _)| !kind.starts_with("faster"))), "{name}");
        count += 1;
    }
    assert!(count >= 20);
}

#[test]
fn statuses_of_all_calls_are_compared() {
    // 2,300 calls, of which 2,000 are sampled: the last 250 of the second capture fail, with two statuses.
    let a = vec![get("/a", 100); 2_300];
    let mut b = a.clone();
    b[2_050..2_260].fill(status("/a", "500 Internal Server Error"));
    b[2_260..].fill(status("/a", "503 Service Unavailable"));
    let expected = [("status GET /a".to_owned(), "200 → 500 in 210 of 2300 calls".to_owned())];
    let others = [("status GET /a".to_owned(), "200 → 503 in 40 of 2300 calls".to_owned())];
    let folder = folder();
    let names = [("a.pcap", &a), ("b.pcap", &b)].map(|(name, calls)| write(folder.path(), name, &capture(calls)));
    let (text, error, code) = run(&["diff", &names[0], &names[1], "-T", "json", "--ignore", "size"]);
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}: {text}"));
    let found = value["differences"].as_array().expect("a list").iter();
    let found: Vec<(String, String)> = found
        .map(|own| {
            let path = own["subject"]["path"].as_str().expect("a path");
            (
                format!("{} GET {path}", own["kind"].as_str().expect("a kind")),
                own["text"].as_str().expect("a text").into(),
            )
        })
        .collect();
    assert_eq!((found, code), ([expected, others].concat(), 1));
    // The first call of each status, by its row.
    assert_eq!(value["differences"][0]["first_calls"], serde_json::json!([1, 2_051]));
    assert_eq!(value["differences"][1]["first_calls"], serde_json::json!([1, 2_261]));
    assert!(error.contains("300 calls beyond the first ones of their operations are counted by status"), "{error}");
}

#[test]
fn a_status_of_further_calls_is_a_difference() {
    let a = vec![get("/a", 100); 30];
    let mut b = vec![get("/a", 100); 60];
    b[30..].fill(status("/a", "500 Internal Server Error"));
    let options = ["--ignore", "count,size"];
    let expected = ("status GET /a".to_owned(), "500 in 0 of 30 calls → 30 of 60 calls".to_owned());
    assert_eq!(differences(&capture(&a), &capture(&b), &options), (vec![expected], 1));
    let expected = ("status GET /a".to_owned(), "500 in 30 of 60 calls → 0 of 30 calls".to_owned());
    assert_eq!(differences(&capture(&b), &capture(&a), &options), (vec![expected], 1));
}

#[test]
fn traced_requests_have_another_header() {
    // Services of the second recording send traceparent, in all requests but that for the name of the proxy's style sheet.
    let (found, code) =
        differences(&recorded("journey/shop.pcapng"), &recorded("journey/shop-traced.pcapng"), &["http or http2"]);
    assert_eq!((found.len(), code), (12, 1), "{found:?}");
    for (kind, text) in found {
        assert!(kind.starts_with("headers ") && text == "request: + traceparent", "{kind}: {text}");
    }
}

#[test]
fn a_change_of_a_handshake_is_a_parameter() {
    // The option of the maximum segment size is the first of a SYN: kind 2, length 4 (RFC 9293 3.7.1).
    let mut bytes = recorded("http/post-login.pcap");
    let option: Vec<usize> = memchr::memmem::find_iter(&bytes, &[2, 4, 0x05, 0xb4]).collect();
    assert_eq!(option.len(), 2);
    bytes[option[1] + 3] = 0x78;
    let (found, code) = differences(&recorded("http/post-login.pcap"), &bytes, &[]);
    let text = "tcp.options.mss_val of the server: 1460 → 1400";
    assert_eq!((found, code), (vec![("parameters 10.0.0.2:8080".to_owned(), text.to_owned())], 1));
}

#[test]
fn the_forms_name_captures_calls_and_differences() {
    let folder = folder();
    let a = write(folder.path(), "a.pcap", &capture(&[status("/a|b", OK), status("/c", OK)]));
    let b = write(folder.path(), "b.pcap", &capture(&[status("/a|b", "500 Oops\r\nServer: a"), status("/c", OK)]));
    let (text, error, code) = run(&["diff", &a, &b]);
    assert_eq!((&*error, code), ("", 1));
    for part in [
        "b.pcap, 2 calls\n2 operations in both captures, 1 difference\n",
        "STATUS      GET shop.test/a|b (http)\n            200 → 500 in 1 of 1 call; first: call 1 of A, call 1 of B\n",
        "  GET shop.test/c (http)\n    median 1.0 ms → 1.0 ms (+0 %), 1 and 1 samples, too few for a test\n",
    ] {
        assert!(text.contains(part), "{part}{text}");
    }
    let (text, _, _) = run(&["diff", &a, &b, "-T", "markdown"]);
    assert!(
        text.contains("| status | GET shop.test/a\\|b (http) | 200 → 500 in 1 of 1 call; first: call 1 of A"),
        "{text}"
    );
    let (text, error, code) = run(&["diff", &a, &a]);
    assert!(text.contains("2 operations in both captures, no differences\n"), "{text}");
    assert_eq!((&*error, code), ("", 0));
    for (arguments, message) in [
        (&["diff", &a][..], "expected two captures"),
        (&["diff", &a, "missing.pcap"], "missing.pcap: no such file"),
        (&["diff", &a, &b, "-o", &a], "the file is also an input"),
        (&["diff", &a, &b, "--ignore", "all"], "invalid value 'all'"),
    ] {
        let (_, error, code) = run(arguments);
        assert!(error.contains(message) && code == 2, "{arguments:?}: {error}");
    }
    let (_, error, code) = run(&["diff", &a, &a, "uri contains nothing"]);
    assert!(error.contains("no calls to compare") && code == 0, "{error}");
    let (_, error, code) = run(&["diff", &a, &fixture("file/cut-short.pcap")]);
    assert!(error.contains("truncated record") && code == 2, "{error}");
}

#[test]
fn checks_compare_with_a_base_capture() {
    let folder = folder();
    let few = [10_000, 11_000, 12_000, 13_000, 14_000];
    let base = write(folder.path(), "base.pcap", &capture(&calls("/a", &few)));
    let slow = write(folder.path(), "slow.pcap", &capture(&calls("/a", &few.map(|micros| 2 * micros))));
    let failing = write(folder.path(), "failing.pcap", &capture(&[status("/a", "500 Oops\r\nServer: a"); 5]));
    let one = write(folder.path(), "one.pcap", &capture(&[get("/a", 50_000)]));
    let other = write(folder.path(), "other.pcap", &capture(&[get("/b", 50_000)]));
    for (capture, options, code, found) in [
        (&base, &["--no-slower-than", &base, "--same-as", &base][..], 0, ": no slower than"),
        (
            &slow,
            &["--no-slower-than", &base],
            1,
            "1 of 1 duration, 1 with too few calls for the test longer; first: slower GET shop.test/a",
        ),
        (&slow, &["--same-as", &base], 0, "1 operation in both captures"),
        (
            &failing,
            &["--same-as", &base],
            1,
            "1 difference; first: status GET shop.test/a (http): 200 → 500 in 5 of 5 calls",
        ),
        (&failing, &["--same-as", &base, "--ignore", "status"], 0, "1 operation in both captures"),
        (&one, &["--no-slower-than", &base], 1, "too few calls for the test; limit = 50 compares the medians"),
        (&one, &["--no-slower-than", &base, "--limit", "50"], 1, "longer; first: slower GET shop.test/a"),
        (&one, &["--no-slower-than", &base, "--limit", "900"], 0, "2 durations compared"),
        (&other, &["--no-slower-than", &base, "--where", "http"], 1, "too few calls"),
        (&base, &["--same-as", &base, "--where", "uri contains nothing"], 1, "no calls to compare"),
        (&base, &["--same-as", "missing.pcap"], 2, "missing.pcap: no such file"),
        (&base, &["--same-as", &fixture("file/cut-short.pcap")], 1, "cannot evaluate"),
        (&base, &["--same-as", &base, "-o", &base], 2, "the file is also an input"),
    ] {
        let (text, error, exit) = run(&[&["check", capture], options].concat());
        assert_eq!(exit, code, "{options:?}: {text}{error}");
        assert!(text.contains(found) || error.contains(found), "{options:?}: {text}{error}");
    }
    // The frames are those of the capture that is checked: requests are every other frame from the fourth on.
    let (text, _, _) = run(&["check", &failing, "--same-as", &base]);
    assert!(text.contains("frames  4\n"), "{text}");
}

#[test]
fn a_request_to_a_group_of_hosts_has_the_status_of_lists_of_calls() {
    // The lists have "multicast" and "no response".
    let folder = folder();
    let group = fs::read(fixture("dns/mdns.pcap")).expect("a fixture");
    let mut host = group.clone();
    let places = (0..group.len()).filter(|at| group[*at..].starts_with(&[224, 0, 0, 251])).collect::<Vec<_>>();
    places.into_iter().for_each(|at| host[at..at + 4].copy_from_slice(&[10, 0, 0, 9]));
    let host = write(folder.path(), "host.pcap", &host);
    let (text, _, code) = run(&["diff", "--any-host", &fixture("dns/mdns.pcap"), &host]);
    assert!(text.contains("multicast → no response in 2 of 2 calls") && code == 1, "{text}");
}
