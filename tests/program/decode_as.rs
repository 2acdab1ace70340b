//! `--decode-as`: the protocol of a port where the data alone does not show it.

use super::{IPV4, exchange, fixture, folder, pcap, run, write};

const RULE: &str = "tcp.port==80,http";

/// A connection whose client sends a line before its first request. Detection does not find HTTP on the client's side.
fn capture() -> Vec<u8> {
    let request = b"foo /x\r\nGET /x HTTP/1.1\r\nHost: a.test\r\n\r\n";
    pcap(IPV4, &exchange(request, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
}

/// Prints with and without the rule.
fn both(arguments: &[&str]) -> [String; 2] {
    [&[][..], &["--decode-as", RULE]].map(|rule| {
        let (text, error, code) = run(&[arguments, rule].concat());
        assert_eq!((&*error, code), ("", 0), "{arguments:?} {rule:?}");
        text
    })
}

#[test]
fn every_command_reads_the_protocol_of_the_rule() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let [without, with] = both(&["print", &file, "-e", "frame.number", "-e", "http.request.uri", "-Y", "uri"]);
    assert_eq!((&*without, &*with), ("", "4\t/x\n"));
    // A field that depends on later frames needs two passes.
    let [without, with] = both(&["print", &file, "-e", "http.response_in"]);
    assert_eq!((without.trim(), with.trim()), ("", "5"));
    let [without, with] = both(&["calls", &file, "-T", "ndjson"]);
    assert!(!without.contains(r#""uri":"/x""#) && with.contains(r#""uri":"/x""#), "{without}{with}");
    let [without, with] = both(&["streams", &file, "-T", "csv", "-Y", "method == GET"]);
    assert_eq!([without, with].map(|text| text.lines().count()), [1, 2]);
    let [without, with] = both(&["follow", &file, "0", "--http"]);
    assert!(!without.contains("GET /x") && with.contains("GET /x"), "{without}{with}");
}

#[test]
fn check_reads_the_protocol_of_the_rule_and_names_it_in_its_command() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    for rule in ["method == GET", "http.response_in == 5"] {
        assert_eq!(run(&["check", &file, "--none", rule]).2, 0, "{rule}");
        let (text, _, code) = run(&["check", &file, "--none", rule, "-d", RULE]);
        assert_eq!(code, 1, "{rule}");
        assert!(text.contains(&format!("overhear print -d {RULE} {file} 'frame.number")), "{text}");
    }
}

#[test]
fn of_several_rules_for_a_port_the_last_counts() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    for (rules, uri) in [(["tcp.port==80,tls", RULE], "/x"), ([RULE, "tcp.port==80,tls"], "")] {
        let (text, ..) =
            run(&["print", &file, "-e", "http.request.uri", "-d", rules[0], "-d", rules[1], "http.request"]);
        assert_eq!(text.trim(), uri, "{rules:?}");
    }
}

#[test]
fn a_tunnel_is_detected_after_the_protocol_of_the_rule() {
    for name in ["http/connect-proxy.pcap", "tls/connect-proxy.pcap"] {
        let file = fixture(name);
        let [detected, ruled] = [&[][..], &["-d", "tcp.port==3128,http"]].map(|rule| {
            let (text, error, code) = run(&[&["print", &file, "-V"][..], rule].concat());
            assert_eq!((&*error, code), ("", 0), "{name}");
            text
        });
        assert_eq!(detected, ruled, "{name}");
    }
}

#[test]
fn an_invalid_rule_is_a_usage_error() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let form = "expected tcp.port==PORT,PROTOCOL or udp.port==PORT,PROTOCOL, found ";
    for (rule, message) in [
        (
            "tcp.port==80,htpp",
            "unknown protocol htpp; available on tcp.port==80: proxy, resp, pgsql, mysql, mysql.compressed, tls, dns, http, http2, capsule, websocket",
        ),
        (
            "tcp.port==80,json",
            "unknown protocol json; available on tcp.port==80: proxy, resp, pgsql, mysql, mysql.compressed, tls, dns, http, http2, capsule, websocket",
        ),
        ("tcp.port==99999,http", "expected a port from 0 to 65535, found 99999"),
        ("tcp.port=80,http", &format!("{form}tcp.port=80,http")),
        ("tcp.port==80", &format!("{form}tcp.port==80")),
        ("80,http", &format!("{form}80,http")),
    ] {
        let follow = ["follow", &*file, "0", "-d", rule];
        let check = ["check", &*file, "--none", "tcp", "-d", rule];
        let others = [["print", &*file, "-d", rule], ["calls", &*file, "-d", rule], ["streams", &*file, "-d", rule]];
        for arguments in others.iter().map(<[_; 4]>::as_slice).chain([&follow[..], &check, &[&file, "-d", rule]]) {
            let (text, error, code) = run(arguments);
            assert_eq!((&*text, code), ("", 2), "{arguments:?}");
            let start = format!("overhear: invalid value '{rule}' for '--decode-as <PORT,PROTOCOL>': {message}; see");
            assert!(error.starts_with(&start) && error.lines().count() == 1, "{arguments:?}: {error}");
        }
    }
}
