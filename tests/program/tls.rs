//! Calls of TLS connections whose content is not read, and secrets.

use super::run;
use dissectors::protocol::Registry;
use dissectors::session::{Input, Successor};
use dissectors::{PROTOCOLS, Protocol};
use std::io::Write;
use std::process::Stdio;

fn calls(options: &[&str], file: &str) -> String {
    let path = format!("{}/fixtures/tls/{file}", env!("CARGO_MANIFEST_DIR"));
    let (stdout, stderr, code) = run(&[&["calls", &path][..], options].concat());
    assert_eq!((code, stderr.as_str()), (0, ""), "{options:?} {file}");
    stdout
}

#[test]
fn a_handshake_that_does_not_end_has_what_the_server_sent() {
    // Frame 6 has the server hello, frame 7 the rest of what the server sends before the client finishes.
    let row = calls(&["-c", "7"], "tls12.pcap");
    assert!(row.contains("TLS 1.2") && row.contains("(truncated)"), "{row}");
    let row = calls(&["-c", "4"], "tls12.pcap");
    assert!(row.contains("no response") && !row.contains("TLS 1.2"), "{row}");
}

#[test]
fn a_negotiated_protocol_is_read_from_the_bytes_in_order() {
    let all: Vec<&'static Protocol> = PROTOCOLS.to_vec();
    for name in ["dot", "http/1.1", "h2"] {
        let entry = Registry::new(&all).successor(&Successor::Alpn(name.into()));
        assert!(entry.is_some_and(|entry| entry.kind.input != Input::Datagrams), "{name}");
    }
}

#[test]
fn wrong_secrets_are_reported() {
    let rows = calls(&[], "wrong-secrets.pcapng");
    assert_eq!(rows.matches("wrong secrets").count(), 2, "{rows}");
    for (file, result) in [("wrong-secrets.pcapng", "wrong"), ("suites13.pcapng", "decrypted")] {
        let path = format!("{}/fixtures/tls/{file}", env!("CARGO_MANIFEST_DIR"));
        let (rows, _, code) = run(&["secrets", &path, "-T", "csv"]);
        assert_eq!(code, 0);
        let results: Vec<_> = rows.lines().skip(1).filter_map(|row| row.split(',').nth(3)).collect();
        assert!(!results.is_empty() && results.iter().all(|each| *each == result), "{rows}");
    }
    let quic = format!("{}/fixtures/http3/get.pcapng", env!("CARGO_MANIFEST_DIR"));
    let (rows, ..) = run(&["secrets", &quic, "-T", "csv"]);
    assert!(rows.lines().nth(1).is_some_and(|row| row.starts_with("udp 0,1,www.example.test,decrypted,")), "{rows}");
}

#[test]
fn secrets_of_a_wrong_length_are_malformed() {
    let log = std::fs::read_to_string(format!("{}/fixtures/tls/key-log.keys", env!("CARGO_MANIFEST_DIR")))
        .expect("a key log");
    let folder = super::folder();
    let path = folder.path().join("keys");
    let short: String = log.lines().map(|line| format!("{}\n", &line[..line.len() - 2])).collect();
    std::fs::write(&path, &short).expect("the key log is written");
    let file = format!("{}/fixtures/tls/key-log.pcap", env!("CARGO_MANIFEST_DIR"));
    let (_, stderr, code) = run(&["calls", &file, "--keylog", &path.to_string_lossy()]);
    let secrets = log.lines().filter(|line| line.starts_with("CLIENT_") || line.starts_with("SERVER_")).count();
    assert_eq!(code, 0);
    assert!(stderr.contains(&format!("{secrets} malformed lines of TLS secrets skipped")), "{stderr}");
}

#[test]
fn a_key_log_is_read_again_while_a_pipe_is_read() {
    let keys = format!("{}/fixtures/tls/key-log.keys", env!("CARGO_MANIFEST_DIR"));
    let capture =
        std::fs::read(format!("{}/fixtures/tls/key-log.pcap", env!("CARGO_MANIFEST_DIR"))).expect("a fixture");
    let folder = super::folder();
    let path = folder.path().join("keys");
    std::fs::write(&path, "").expect("a key log");
    let path = path.to_string_lossy();
    let mut child = super::program(&["calls", "-", "--keylog", &path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // The keys are written after the program has begun to read, and before it reads what they decrypt.
    let (head, rest) = capture.split_at(24);
    stdin.write_all(head).expect("it reads");
    std::thread::sleep(std::time::Duration::from_millis(500));
    std::fs::copy(keys, path.as_ref()).expect("the key log is written");
    stdin.write_all(rest).expect("it reads");
    drop(stdin);
    let rows = child.wait_with_output().expect("an end");
    assert!(String::from_utf8_lossy(&rows.stdout).contains("GET"), "{rows:?}");
}

#[test]
fn decrypted_bytes_are_followed() {
    let file = |name| format!("{}/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let (text, _, code) = run(&["follow", &file("suites12.pcapng"), "0", "--tls", "--raw"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("GET /style.css HTTP/1.1\r\nHost: www.example.test\r\n"), "{text}");
    // As in tshark -z follow,tls: 70 bytes of the client, and 508 of the server.
    assert_eq!(text.len(), 70 + 508);
    let (text, _, _) = run(&["follow", &file("loss-secrets.pcapng"), "0", "--tls"]);
    assert_eq!(text.matches("[bytes missing in capture]").count(), 1);
    for (name, stream) in [("key-log.pcap", "0"), ("wrong-secrets.pcapng", "1")] {
        let (text, error, code) = run(&["follow", &file(name), stream, "--tls"]);
        assert_eq!((text.as_str(), code), ("", 2));
        assert!(error.contains("no decrypted TLS in stream"), "{error}");
    }
}

#[test]
fn the_last_of_several_secrets_counts() {
    let log = std::fs::read_to_string(format!("{}/fixtures/tls/key-log.keys", env!("CARGO_MANIFEST_DIR")))
        .expect("a key log");
    let wrong: String = log
        .lines()
        .map(|line| {
            let at = line.rfind(' ').map_or(line.len(), |at| at + 1);
            format!("{}{}\n", &line[..at], "0".repeat(line.len() - at))
        })
        .collect();
    let folder = super::folder();
    for (name, text, decrypted) in
        [("corrected", format!("{wrong}{log}"), true), ("replaced", format!("{log}{wrong}"), false)]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the key log is written");
        let rows = calls(&["--keylog", &path.to_string_lossy()], "key-log.pcap");
        assert_eq!(rows.contains("GET"), decrypted, "{name}: {rows}");
    }
}

#[test]
fn decrypted_pages_are_those_that_the_server_read_for_each_version_and_cipher_suite() {
    let page = std::fs::read_to_string(fixture("../site/style.css")).expect("a page");
    for (file, streams) in [
        ("suites12.pcapng", 9),
        ("suites13.pcapng", 5),
        ("old-versions.pcapng", 4),
        ("mac-then-encrypt.pcapng", 3),
        ("resumption-secrets.pcapng", 4),
    ] {
        for stream in 0..streams {
            let (text, _, code) = run(&["follow", &fixture(file), &stream.to_string(), "--tls", "--raw"]);
            let body = text.rsplit_once("\r\n\r\n").map(|(_, body)| body);
            assert_eq!((code, body), (0, Some(&*page)), "{file}, stream {stream}");
        }
    }
}

/// The fixture of RSA key exchanges, and the private key of its server.
const RSA: [&str; 2] = ["rsa-key-exchange.pcap", "rsa-key-exchange.pem"];

fn fixture(name: &str) -> String {
    format!("{}/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_private_key_opens_rsa_key_exchanges() {
    let key = fixture(RSA[1]);
    // As tshark -o uat:rsa_keys: the pages of six connections. The seventh has an ephemeral key exchange.
    let rows = calls(&["--tls-key", &key, "-T", "csv"], RSA[0]);
    let pages = rows.lines().filter(|row| row.contains(",GET,www.example.test,/style.css,") && row.contains(",200,"));
    assert_eq!((pages.count(), rows.matches(",TLS,").count()), (6, 1), "{rows}");
    assert_eq!(calls(&["-T", "csv"], RSA[0]).matches(",TLS,").count(), 7);
    let (rows, _, code) = run(&["secrets", &fixture(RSA[0]), "--tls-key", &key, "-T", "csv"]);
    assert_eq!(code, 0);
    let cells: Vec<_> = rows.lines().skip(1).map(|row| row.split(',').skip(3).collect::<Vec<_>>().join(",")).collect();
    let opened = "decrypted,private key rsa-key-exchange.pem";
    assert_eq!(cells, [[opened; 6].as_slice(), &["ephemeral,"]].concat());
    let (text, _, code) = run(&["follow", &fixture(RSA[0]), "2", "--tls", "--raw", "--tls-key", &key]);
    assert_eq!((code, text.starts_with("GET /style.css HTTP/1.1\r\n")), (0, true));
    let note = run(&["print", &fixture(RSA[0]), "--tls-key", &key, "-Y", "tls.private_key", "-V"]).0;
    assert!(note.contains("the key exchange is ephemeral, a key log is needed"), "{note}");
}

/// The fixture of resumed sessions of RSA key exchange: three full handshakes, their resumption, and that of a session from before
/// the capture. tshark with the same key finds a page in the streams 0 to 5.
const RESUMED: [&str; 2] = ["rsa-resumption.pcap", "rsa-resumption.pem"];

#[test]
fn a_resumed_session_is_opened_by_the_private_key_of_its_first_connection() {
    let (capture, key) = (fixture(RESUMED[0]), fixture(RESUMED[1]));
    let rows = calls(&["--tls-key", &key, "-T", "csv"], RESUMED[0]);
    assert_eq!(
        (rows.matches(",GET,www.example.test,/style.css,").count(), rows.matches(",TLS,").count()),
        (6, 1),
        "{rows}"
    );
    let (rows, _, _) = run(&["secrets", &capture, "--tls-key", &key, "-T", "csv"]);
    let cells: Vec<_> = rows.lines().skip(1).map(|row| row.split(',').skip(3).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(cells, [["decrypted,private key rsa-resumption.pem"; 6].as_slice(), &["no session,"]].concat());
    let note = run(&["print", &capture, "--tls-key", &key, "-Y", "tls.private_key", "-V"]).0;
    assert!(note.contains("the session is resumed, and no earlier frame opens it"), "{note}");
    // Connections that are read alone, and those of a pipe.
    for stream in ["3", "4", "5"] {
        let (text, error, code) = run(&["follow", &capture, stream, "--tls", "--raw", "--tls-key", &key]);
        assert_eq!((code, text.starts_with("GET /style.css HTTP/1.1\r\n")), (0, true), "stream {stream}: {error}");
        let filter = format!("http.request and tcp.stream == {stream}");
        let (rows, _, _) =
            run(&["print", &capture, "--tls-key", &key, &filter, "-T", "fields", "-e", "http.request.uri"]);
        assert_eq!(rows, "/style.css\n");
    }
    let mut words = super::program(&["calls", "-", "--tls-key", &key, "-T", "csv"]);
    words.stdin(std::fs::File::open(&capture).expect("a fixture"));
    let (rows, _, _) = super::outcome(&words.output().expect("it runs"));
    assert_eq!(rows.matches(",GET,").count(), 6, "{rows}");
}

#[test]
fn another_private_key_or_a_changed_premaster_secret_opens_nothing() {
    let capture = std::fs::read(fixture(RSA[0])).expect("a fixture");
    // Client Key Exchange with 256 bytes of encrypted premaster secret, each once.
    let head = [16, 0, 1, 2, 1, 0];
    let found: Vec<usize> = (0..capture.len()).filter(|&at| capture[at..].starts_with(&head)).collect();
    assert_eq!(found.len(), 6);
    let folder = super::folder();
    let path = folder.path().join("changed.pcap");
    for bit in [0, 100, 2047] {
        let mut changed = capture.clone();
        found.iter().for_each(|at| changed[at + head.len() + bit / 8] ^= 0x80 >> (bit % 8));
        std::fs::write(&path, changed).expect("the capture is written");
        let path = path.to_string_lossy();
        let (rows, _, _) = run(&["calls", &path, "--tls-key", &fixture(RSA[1]), "-T", "csv"]);
        assert_eq!((rows.matches(",TLS,").count(), rows.matches(",GET,").count()), (7, 0), "bit {bit}: {rows}");
        let (rows, _, _) = run(&["secrets", &path, "--tls-key", &fixture(RSA[1]), "-T", "csv"]);
        assert_eq!(rows.matches(",wrong,").count(), 6, "bit {bit}: {rows}");
    }
    let (_, stderr, code) = run(&["calls", &fixture(RSA[0]), "--tls-key", &fixture("key-log.keys")]);
    assert_eq!(code, 2);
    assert!(stderr.contains("key-log.keys: expected an RSA private key in PEM, found none"), "{stderr}");
}

#[test]
fn a_private_key_is_in_no_output() {
    let key = std::fs::read_to_string(fixture(RSA[1])).expect("a key");
    let lines: Vec<&str> = key.lines().filter(|line| !line.starts_with("---")).collect();
    let (capture, key_file) = (fixture(RSA[0]), fixture(RSA[1]));
    for command in
        [&["print", "-V"][..], &["print", "-T", "json"], &["calls", "-T", "json"], &["secrets", "-T", "json"]]
    {
        let words = [&command[..1], &[&capture, "--tls-key", &key_file], &command[1..]].concat();
        let (text, stderr, _) = run(&words);
        assert!(lines.iter().all(|line| !text.contains(line) && !stderr.contains(line)), "{command:?}");
        assert!(!text.contains("CLIENT_RANDOM") && !stderr.contains("CLIENT_RANDOM"), "{command:?}");
    }
}

#[test]
fn plain_http_at_a_tls_port_and_the_reverse_are_noted() {
    // Stream 2: GnuTLS responds to a GET with an alert. Streams 3 and 4: nginx and Python respond to a client hello in plain text.
    let rows = calls(&["-T", "csv"], "mixed-up.pcap");
    let has = |text: &str| rows.lines().any(|row| row.contains(text));
    assert!(has(",GET,10.0.0.2:4433,/style.css,TLS alert,"), "{rows}");
    assert_eq!((rows.lines().count() - 1, rows.matches(",not TLS,").count()), (6, 2), "{rows}");
    let frames =
        |filter: &str| run(&["print", &fixture("mixed-up.pcap"), "-Y", filter, "-T", "fields", "-e", "frame.number"]).0;
    assert_eq!(frames("http.tls_expected"), "24\n");
    assert_eq!(frames("tls.alert_message"), "24\n");
    assert_eq!(frames("tls.plain_response"), "33\n42\n");
}

/// Returns a capture without its secrets, and the lines of these.
fn split_secrets(name: &str) -> (Vec<u8>, String) {
    let path = format!("{}/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(path).expect("a fixture");
    let (mut capture, mut log) = (Vec::new(), String::new());
    let mut rest = file.as_slice();
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    while !rest.is_empty() {
        let (block, behind) = rest.split_at(word(rest, 4) as usize);
        rest = behind;
        // The type of a Decryption Secrets Block (draft-ietf-opsawg-pcapng 4.7).
        if word(block, 0) == 10 {
            log.push_str(&String::from_utf8_lossy(&block[16..16 + word(block, 12) as usize]));
        } else {
            capture.extend_from_slice(block);
        }
    }
    (capture, log)
}

#[test]
fn what_the_secrets_of_one_side_do_not_decrypt_is_unknown_and_not_missing() {
    let folder = super::folder();
    let key_log = folder.path().join("keys").to_string_lossy().into_owned();
    let rows = |capture: &[u8], log: &str, options: &[&str]| {
        std::fs::write(&key_log, log).expect("a key log");
        let (text, error, code) =
            super::run_on(capture, &[&["calls", "-", "--keylog", &key_log, "-T", "json"], options].concat());
        assert_eq!((&*error, code), ("", 0));
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        rows
    };
    for name in ["suites13", "dns", "grpc", "early-data", "key-update", "websocket"] {
        let (capture, log) = split_secrets(&format!("{name}.pcapng"));
        let of = |prefix: &str| -> String {
            log.lines().filter(|line| line.starts_with(prefix)).map(|line| format!("{line}\n")).collect()
        };
        let calls = |log: &str, keys: [&str; 3]| -> Vec<[serde_json::Value; 3]> {
            let mut rows = rows(&capture, log, &[]);
            rows.retain(|row| row["protocol"] != "websocket");
            rows.iter().map(|row| keys.map(|key| row[key].clone())).collect()
        };
        let requests = calls(&log, ["method", "host", "uri"]);
        assert!(!requests.is_empty(), "{name}");
        let client = of("CLIENT_");
        assert_eq!(calls(&client, ["method", "host", "uri"]), requests, "{name}");
        let outcomes = calls(&client, ["status", "outcome", "response_frame"]);
        assert!(outcomes.iter().all(|[_, outcome, frame]| outcome == "unknown" && frame.is_null()), "{outcomes:?}");
        let statuses = rows(&capture, &client, &["--by", "status", "-Y", "http or http2 or dns"]);
        let all = requests.len();
        assert_eq!((statuses.len(), &statuses[0]["value"]), (1, &"unknown".into()), "{name}: {statuses:?}");
        assert_eq!((&statuses[0]["count"], &statuses[0]["unknown"]), (&all.into(), &all.into()), "{name}");
        assert_eq!(statuses[0]["errors"], 0, "{name}");

        let server = of("SERVER_");
        let responses = ["status", "type", "outcome"];
        assert_eq!(calls(&server, responses), calls(&log, responses), "{name}");
        let methods = rows(&capture, &server, &["--by", "method", "-Y", "!websocket"]);
        assert_eq!((methods.len(), &methods[0]["value"]), (1, &"unknown".into()), "{name}: {methods:?}");
    }
}

#[test]
fn a_request_without_a_response_is_not_unknown() {
    // The request is in frame 10, and the next data of the server in frame 12 (tshark 4.0).
    let log = std::fs::read_to_string(format!("{}/fixtures/tls/key-log.keys", env!("CARGO_MANIFEST_DIR")));
    let client: Vec<&str> = log.iter().flat_map(|log| log.lines()).filter(|line| line.starts_with("CLIENT_")).collect();
    let folder = super::folder();
    let key_log = folder.path().join("keys").to_string_lossy().into_owned();
    std::fs::write(&key_log, client.join("\n")).expect("a key log");
    for (frames, outcome) in [("11", "no response"), ("12", "unknown")] {
        let rows = calls(&["--keylog", &key_log, "-c", frames], "key-log.pcap");
        assert!(rows.contains(outcome), "{frames}: {rows}");
    }
}
