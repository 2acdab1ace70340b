//! `export har`, `export objects`, and requests that are repeated.

use super::{fixture, folder, run, write};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// Captures with calls of the web, of all versions and with all kinds of trouble.
const WEB: [&str; 23] = [
    "http/post-login.pcap",
    "http/gzip.pcap",
    "http/brotli.pcap",
    "http/chunked.pcap",
    "http/upload-multipart.pcap",
    "http/form-urlencoded.pcap",
    "http/head-304-404-redirect.pcap",
    "http/truncated-response.pcap",
    "http/lenient.pcap",
    "http/early-answer.pcap",
    "http/connect-proxy.pcap",
    "http/absolute-form.pcap",
    "http/version-0-9.pcap",
    "http/upgrade-websocket.pcap",
    "http2/nginx.pcap",
    "http3/tunnels.pcapng",
    "http2/mid-stream.pcap",
    "http2/loss.pcap",
    "http2/resets.pcap",
    "tls/browser.pcapng",
    "tls/grpc.pcapng",
    "journey/lookup.pcap",
    "journey/redirect.pcap",
];

/// Returns the entries of a HAR of a capture, and the messages of the program.
fn har(capture: &str, options: &[&str]) -> (Vec<Value>, String) {
    let (text, error, code) = run(&[&["export", "har", &fixture(capture)], options].concat());
    assert_eq!(code, 0, "{capture}: {error}");
    let har: Value = serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{capture}: {error}"));
    (har["log"]["entries"].as_array().expect("entries").clone(), error)
}

fn header<'e>(message: &'e Value, name: &str) -> &'e str {
    let headers = message["headers"].as_array().expect("headers");
    let found = headers.iter().find(|header| header["name"].as_str().expect("a name").eq_ignore_ascii_case(name));
    found.map_or("", |header| header["value"].as_str().expect("a value"))
}

/// Checks an entry against HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/): fields, their types, and sums.
fn assert_valid(entry: &Value, capture: &str) {
    let text = |value: &Value| assert!(value.is_string(), "{capture}: {entry}");
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| unreachable!("{capture}: {entry}"));
    let pairs = |value: &Value| {
        for pair in value.as_array().unwrap_or_else(|| unreachable!("{capture}: {entry}")) {
            text(&pair["name"]);
            text(&pair["value"]);
        }
    };
    let date = entry["startedDateTime"].as_str().expect("a date");
    assert!(date.len() == 30 && date.ends_with('Z') && date.as_bytes()[10] == b'T', "{date}");
    let (request, response) = (&entry["request"], &entry["response"]);
    ["method", "url", "httpVersion"].iter().for_each(|name| text(&request[*name]));
    ["statusText", "httpVersion", "redirectURL"].iter().for_each(|name| text(&response[*name]));
    assert!(request["url"].as_str().expect("a URL").contains("://"), "{entry}");
    for message in [request, response] {
        ["cookies", "headers"].iter().for_each(|name| pairs(&message[*name]));
        ["headersSize", "bodySize"].iter().for_each(|name| assert!(number(&message[*name]) >= -1.0));
    }
    pairs(&request["queryString"]);
    assert!(response["status"].is_u64() && entry["cache"].is_object());
    text(&response["content"]["mimeType"]);
    // -1 for a body that cannot be decoded to its end.
    assert!(number(&response["content"]["size"]) >= -1.0);
    if let Some(data) = request.get("postData") {
        text(&data["mimeType"]);
        text(&data["text"]);
    }
    let timings = &entry["timings"];
    ["send", "wait", "receive"].iter().for_each(|name| assert!(number(&timings[*name]) >= 0.0, "{capture} {timings}"));
    let phases = ["blocked", "dns", "connect", "send", "wait", "receive"].map(|name| number(&timings[name]));
    let sum: f64 = phases.into_iter().filter(|&phase| phase >= 0.0).sum();
    assert!((sum - number(&entry["time"])).abs() < 1e-6, "{capture}: {timings} {}", entry["time"]);
    assert!(number(&timings["ssl"]) <= number(&timings["connect"]), "{capture}: {timings}");
    text(&entry["connection"]);
    assert!(entry["_frames"]["request"].is_array(), "{entry}");
}

#[test]
fn every_call_of_the_web_is_a_valid_entry() {
    for capture in WEB {
        let (entries, _) = har(capture, &[]);
        assert!(!entries.is_empty() || capture == "http2/mid-stream.pcap", "{capture}");
        entries.iter().for_each(|entry| assert_valid(entry, capture));
    }
}

#[test]
fn an_entry_has_the_messages_of_its_call() {
    let (entries, error) = har("http/post-login.pcap", &[]);
    assert_eq!(error, "overhear: 4 calls written\n");
    let (login, page) = (&entries[1], &entries[0]);
    assert_eq!(login["request"]["url"], "http://10.0.0.2:8080/user/login");
    assert_eq!((&login["request"]["method"], &login["response"]["status"]), (&"POST".into(), &401.into()));
    assert_eq!(login["response"]["statusText"], "Unauthorized");
    assert_eq!((&login["request"]["bodySize"], &login["response"]["bodySize"]), (&44.into(), &54.into()));
    // Of the 184 bytes of the request, 44 are its body.
    assert_eq!(login["request"]["headersSize"], 184 - 44);
    assert_eq!(login["request"]["postData"]["text"].as_str().expect("a text").len(), 44);
    assert_eq!(header(&login["request"], "user-agent"), "curl/7.88.1");
    assert_eq!((&login["serverIPAddress"], &login["connection"]), (&"10.0.0.2".into(), &"0".into()));
    assert_eq!(login["_frames"], serde_json::json!({ "request": [8, 8], "response": [9, 9] }));
    assert_eq!(page["response"]["content"]["size"], 403);
    // The handshake takes 45 µs, the first request follows 48 µs later.
    assert_eq!((&page["timings"]["connect"], &page["timings"]["blocked"]), (&0.045.into(), &0.048.into()));
    assert_eq!((&login["timings"]["connect"], &login["timings"]["wait"]), (&(-1).into(), &7.601.into()));
}

#[test]
fn bodies_are_decoded_limited_and_omitted_as_requested() {
    let (entries, _) = har("http/gzip.pcap", &[]);
    let compressed = entries.iter().find(|entry| header(&entry["response"], "content-encoding") == "gzip");
    let response = &compressed.expect("a compressed response")["response"];
    let (size, saved) = (response["content"]["size"].as_i64(), response["content"]["compression"].as_i64());
    assert_eq!(size.expect("a size") - saved.expect("a number"), response["bodySize"].as_i64().expect("a size"));
    assert_eq!(response["content"]["text"].as_str().expect("a text").len() as i64, size.expect("a size"));
    let (entries, _) = har("http/post-login.pcap", &["--body-limit", "10"]);
    assert_eq!(entries[0]["response"]["comment"], "body is truncated to 10 of 403 bytes");
    assert_eq!(entries[0]["response"]["content"]["text"].as_str().expect("a text").len(), 10);
    let (entries, _) = har("http/post-login.pcap", &["--no-bodies"]);
    assert_eq!(entries[0]["response"]["comment"], "body of 403 bytes is not exported");
    assert_eq!(entries[0]["response"]["content"].get("text"), None);
    let (entries, _) = har("http/truncated-response.pcap", &[]);
    let comments: Vec<&str> = entries.iter().filter_map(|entry| entry["response"]["comment"].as_str()).collect();
    assert!(comments.iter().any(|comment| comment.contains("not complete")), "{comments:?}");
}

#[test]
fn a_body_beyond_the_limit_has_its_whole_size_or_none() {
    let folder = folder();
    let body: Vec<u8> = (0..1_500_000_u32).map(|at| b'a' + (at % 26) as u8).collect();
    for (coding, size, comment) in [
        ("", 1_500_000, "body is truncated to 1048576 of 1500000 bytes"),
        ("Content-Encoding: x-other\r\n", -1, "body"),
    ] {
        let head =
            format!("HTTP/1.1 200 OK\r\n{coding}Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        let response = [head.as_bytes(), &body].concat();
        let file = write(folder.path(), "a.pcap", &super::transfer(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &response));
        let (text, error, code) = run(&["export", "har", &file, "--body-limit", "1048576"]);
        assert_eq!(code, 0, "{error}");
        let har: Value = serde_json::from_str(&text).expect("a HAR");
        let response = &har["log"]["entries"][0]["response"];
        assert_eq!(
            (&response["content"]["size"], &response["bodySize"]),
            (&size.into(), &1_500_000.into()),
            "{coding}"
        );
        let own = response["comment"].as_str().unwrap_or_default();
        assert!(own.contains(comment), "{own}");
        assert_eq!(response["content"].get("compression"), None);
    }
}

#[test]
fn a_large_body_in_segments_of_any_size_is_exported_to_the_limit() {
    let folder = folder();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3145728\r\n\r\n";
    let response = [&head[..], &vec![b'x'; 3 << 20]].concat();
    for size in [4_096, 16_384, 26_000, 65_000] {
        let capture = super::transfer_in_segments(size, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &response);
        let file = write(folder.path(), "a.pcap", &capture);
        for (option, comment) in [
            ("--body-limit=1048576", "body is truncated to 1048576 of 3145728 bytes"),
            ("--no-bodies", "body of 3145728 bytes is not exported"),
        ] {
            let (text, error, code) = run(&["export", "har", &file, option]);
            assert_eq!(code, 0, "{error}");
            let har: Value = serde_json::from_str(&text).expect("a HAR");
            let response = &har["log"]["entries"][0]["response"];
            assert_eq!(header(response, "content-type"), "text/plain", "{size}");
            assert_eq!(response["content"]["size"], 3_145_728, "{size} {option}");
            assert!(response["comment"].as_str().is_some_and(|text| text.contains(comment)), "{size}: {response}");
        }
    }
}

#[test]
fn uploads_queries_cookies_and_redirects_have_their_fields() {
    let (entries, _) = har("http/upload-multipart.pcap", &[]);
    let params = entries.iter().find_map(|entry| entry["request"]["postData"]["params"].as_array());
    let file = params.expect("parts").iter().find(|param| param.get("fileName").is_some()).expect("a file");
    assert!(file["contentType"].is_string() && file["name"].is_string());
    let (entries, _) = har("http/form-urlencoded.pcap", &[]);
    let params = entries.iter().find_map(|entry| entry["request"]["postData"]["params"].as_array());
    assert!(!params.expect("a form").is_empty());
    let (entries, _) = har("http/head-304-404-redirect.pcap", &[]);
    assert!(entries.iter().any(|entry| !entry["response"]["redirectURL"].as_str().expect("a text").is_empty()));
    let (entries, _) = har("http/post-login.pcap", &[]);
    let cookies: Vec<&Value> =
        entries.iter().flat_map(|entry| entry["response"]["cookies"].as_array()).flatten().collect();
    assert!(cookies.iter().any(|cookie| cookie["httpOnly"] == true && cookie["path"] == "/"), "{cookies:?}");
}

#[test]
fn the_phases_before_a_call_are_those_of_its_connection_and_lookup() {
    let (entries, _) = har("journey/lookup.pcap", &[]);
    let timings = &entries[0]["timings"];
    assert!(timings["dns"].as_f64().expect("a number") > 0.0 && timings["connect"].as_f64() > Some(0.0), "{timings}");
    let (entries, _) = har("tls/browser.pcapng", &[]);
    let secured = entries.iter().filter(|entry| entry["timings"]["ssl"].as_f64() > Some(0.0)).count();
    assert!(secured > 0);
    assert!(entries.iter().all(|entry| entry["request"]["url"].as_str().expect("a URL").starts_with("https://")));
}

#[test]
fn messages_of_a_websocket_are_in_the_entry_of_its_handshake() {
    let mut messages = 0;
    let files = fs::read_dir(fixture("websocket")).expect("fixtures").flatten();
    let files = files.map(|file| format!("websocket/{}", file.file_name().to_string_lossy()));
    for name in files.chain(["http2/connect.pcap".into()]) {
        if !name.ends_with(".pcap") && !name.ends_with(".pcapng") {
            continue;
        }
        let (entries, _) = har(&name, &[]);
        for entry in &entries {
            assert_valid(entry, &name);
            for message in entry["_webSocketMessages"].as_array().into_iter().flatten() {
                assert!(["send", "receive"].contains(&message["type"].as_str().expect("a type")));
                assert!(message["data"].is_string() && message["opcode"].is_u64() && message["time"].is_f64());
                messages += 1;
            }
        }
        // Every message that `calls` lists with its handshake is exported.
        let (rows, _, _) = run(&["calls", &fixture(&name), "-T", "json"]);
        let rows: Vec<Value> = serde_json::from_str(&rows).expect("rows");
        let of = |entry: &Value| entry["_webSocketMessages"].as_array().map_or(0, Vec::len);
        let exported: usize = entries.iter().map(of).sum();
        let shakes: HashSet<(String, String)> = rows
            .iter()
            .filter(|row| row["protocol"] != "websocket" && !row["request_frame"].is_null())
            .map(|row| (row["stream"].to_string(), format!("{}.{}", row["session"], row["nth"])))
            .collect();
        let carried = rows.iter().filter(|row| {
            let parent = (row["stream"].to_string(), row["parent"].as_str().unwrap_or_default().to_owned());
            row["protocol"] == "websocket" && shakes.contains(&parent)
        });
        assert_eq!(exported, carried.count(), "{name}");
    }
    assert!(messages > 20);
}

// fixtures/programs/h2_client.py sends `hi`, and the server `hello`.
#[test]
fn messages_in_a_stream_of_http2_are_in_the_entry_of_their_connect() {
    let (entries, error) = har("http2/connect.pcap", &[]);
    assert_eq!(error, "overhear: 4 calls written\n");
    let targets: Vec<&str> = entries.iter().map(|entry| entry["request"]["url"].as_str().expect("a URL")).collect();
    assert!(targets[1].ends_with(".test/") && targets[2].ends_with("/inner"), "{targets:?}");
    let entry = entries.iter().find(|entry| entry["_resourceType"] == "websocket").expect("a WebSocket");
    assert_eq!(entry["request"]["url"], "http://www.example.test/chat");
    let messages = entry["_webSocketMessages"].as_array().expect("messages").iter();
    let texts: Vec<_> = messages.map(|message| (message["type"].as_str(), message["data"].as_str())).collect();
    assert_eq!(texts, [(Some("send"), Some("hi")), (Some("receive"), Some("hello"))]);
    let (entries, error) = har("http2/connect.pcap", &["-Y", "websocket"]);
    assert_eq!(entries.len(), 0);
    assert!(error.contains("2 messages not written: their call is not in the file\n"), "{error}");
}

#[test]
fn a_filter_selects_the_calls_and_other_protocols_are_counted() {
    let (entries, error) = har("http/post-login.pcap", &["-Y", "status >= 400"]);
    assert_eq!((entries.len(), &*error), (1, "overhear: 1 call written\n"));
    let (entries, error) = har("dns/udp.pcap", &[]);
    assert!(entries.is_empty() && error.contains("of protocols that a HAR cannot have"), "{error}");
    let (entries, error) = har("file/empty.pcap", &[]);
    assert_eq!((entries.len(), &*error), (0, "overhear: 0 calls written\n"));
}

#[test]
fn haralyzer_reads_the_entries() {
    let has = Command::new("python3").args(["-c", "import haralyzer"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: reading of a HAR by another program: the module haralyzer of Python is absent");
        return;
    }
    let folder = folder();
    for capture in WEB {
        let path = folder.path().join("a.har").display().to_string();
        let (_, error, code) = run(&["export", "har", &fixture(capture), "-o", &path]);
        assert_eq!(code, 0, "{error}");
        let script = "import json, sys, haralyzer\n\
                      har = haralyzer.HarParser(json.load(open(sys.argv[1])))\n\
                      entries = [e for page in har.pages for e in page.entries]\n\
                      print(len(har.har_data['entries']), sum(len(str(e.request.url)) + e.response.status for e in entries) >= 0)";
        let output = Command::new("python3").args(["-c", script, &path]).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{capture}: {errors}");
        let expected = format!("{} True\n", har(capture, &[]).0.len());
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{capture}");
    }
}

/// Prints the number of entries of a HAR whose calls mitmproxy has as they are: method, host, status, headers, ASCII bodies.
const READ_BY_MITMPROXY: &str = r#"
import base64, json, sys
from mitmproxy.io import har
same = 0
for entry in json.load(open(sys.argv[1]))["log"]["entries"]:
    request, response, flow = entry["request"], entry["response"], har.request_to_flow(entry)
    assert (flow.request.method, flow.response.status_code) == (request["method"], response["status"]), entry
    assert flow.request.pretty_host in request["url"], entry
    for message, own in ((request, flow.request), (response, flow.response)):
        names = [header["name"].lower() for header in message["headers"] if not header["name"].startswith(":")]
        assert all(name in own.headers for name in names), entry
    content = response["content"]
    text = content.get("text", "")
    if content.get("encoding") == "base64":
        assert flow.response.content == base64.b64decode(text), entry
    elif text.isascii():
        assert flow.response.content == text.encode(), entry
    same += 1
print(same)
"#;

#[test]
fn mitmproxy_reads_the_entries() {
    let has = Command::new("python3").args(["-c", "from mitmproxy.io import har"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: reading of a HAR by mitmproxy: its module of Python is absent");
        return;
    }
    let folder = folder();
    // mitmproxy rejects a response of lenient.pcap whose Content-Encoding is chunked, which is no content coding.
    for capture in WEB.into_iter().filter(|capture| *capture != "http/lenient.pcap") {
        let path = folder.path().join("a.har").display().to_string();
        let (_, error, code) = run(&["export", "har", &fixture(capture), "-o", &path]);
        assert_eq!(code, 0, "{error}");
        let output = Command::new("python3").args(["-c", READ_BY_MITMPROXY, &path]).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{capture}: {errors}");
        let expected = format!("{}\n", har(capture, &[]).0.len());
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{capture}");
    }
}

#[test]
fn bodies_are_files_with_a_manifest() {
    let folder = folder();
    let out = folder.path().join("objects");
    let export = |capture: &str, out: &Path| {
        run(&["export", "objects", &fixture(capture), "-o", out.to_str().expect("a name in UTF-8")])
    };
    let manifest = |out: &Path| -> Vec<Value> {
        let text = fs::read_to_string(out.join("manifest.json")).expect("a manifest");
        serde_json::from_str(&text).expect("a list")
    };
    let (text, error, code) = export("http/post-login.pcap", &out);
    assert_eq!((&*text, code), ("", 0), "{error}");
    // Two requests and four responses have bodies.
    assert!(error.contains("6 objects written to"), "{error}");
    let rows = manifest(&out);
    assert_eq!((rows.len(), fs::read_dir(&out).expect("a folder").count()), (6, 7));
    let sizes: Vec<u64> = rows.iter().map(|row| row["size"].as_u64().expect("a size")).collect();
    assert_eq!(sizes, [403, 44, 54, 50, 59, 72]);
    for row in &rows {
        let path = out.join(row["file"].as_str().expect("a name"));
        let output = Command::new("sha256sum").arg(&path).output().expect("it runs");
        let sum = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(sum.starts_with(row["sha256"].as_str().expect("a sum")), "{row}");
        assert_eq!((&row["complete"], row["first_frame"].is_u64()), (&true.into(), true));
    }
    assert_eq!((&rows[0]["file"], &rows[0]["media_type_found"]), (&"login.html".into(), &"text/html".into()));
    let limits: Vec<_> = rows.iter().map(|row| (row["limited"].as_bool(), row["body_size"] == row["size"])).collect();
    assert_eq!(limits, [(Some(false), true); 6]);
    // Files of another export are not mixed, and none is overwritten.
    let (_, error, code) = export("http/gzip.pcap", &out);
    assert!(error.contains("manifest.json: file exists; name another folder"), "{error}");
    assert_eq!((code, manifest(&out).len()), (2, 6));
    let other = folder.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("login.html"), b"mine").expect("a file");
    export("http/post-login.pcap", &other);
    assert_eq!(fs::read(other.join("login.html")).expect("a file"), b"mine");
    assert_eq!(manifest(&other)[0]["file"], "login-2.html");
    // Uploads have the names that their clients gave them.
    let uploads = folder.path().join("uploads");
    export("http/upload-multipart.pcap", &uploads);
    assert!(manifest(&uploads).iter().any(|row| row["direction"] == "request" && row["field"].is_string()));
    let (_, error, _) = export("http/truncated-response.pcap", &folder.path().join("truncated"));
    assert!(error.contains("not complete; manifest.json marks them"), "{error}");
    // Standard output and files are no folders.
    let file = write(folder.path(), "file", b"");
    for (out, message) in [("-", "-o -: expected a folder"), (&file, "file: expected a folder, found a file\n")] {
        let (_, error, code) = run(&["export", "objects", &fixture("http/post-login.pcap"), "-o", out]);
        assert!(error.contains(message) && !Path::new("-").exists(), "{error}");
        assert_eq!(code, 2);
    }
    // A capture that cannot be read leaves no folder.
    let none = folder.path().join("none");
    let (_, _, code) = run(&["export", "objects", "missing.pcap", "-o", none.to_str().expect("a name in UTF-8")]);
    assert_eq!((code, none.exists()), (2, false));
}

/// Serves responses without a body. Returns the bytes of each of `count` requests.
fn record(listener: TcpListener, count: usize) -> thread::JoinHandle<Vec<Vec<u8>>> {
    thread::spawn(move || {
        let mut requests = Vec::new();
        while requests.len() < count {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut read: Vec<u8> = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let head = read.windows(4).position(|part| part == b"\r\n\r\n");
                if let Some(head) = head {
                    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
                    let length = text.split("content-length: ").nth(1);
                    let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok()).unwrap_or(0);
                    if read.len() >= head + 4 + length {
                        break;
                    }
                }
                let len = stream.read(&mut buffer).expect("bytes");
                assert!(len > 0, "the request ends: {}", String::from_utf8_lossy(&read));
                read.extend_from_slice(&buffer[..len]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("a response");
            requests.push(read);
        }
        requests
    })
}

/// The requests of a capture, as `export raw` writes them, for another server.
fn raw_requests(capture: &str, own: &str, server: &str) -> Vec<u8> {
    let output = super::program(&["export", "raw", &fixture(capture)]).output().expect("it runs");
    assert!(output.status.success());
    let text: Vec<u8> = output.stdout;
    replaced(&text, own.as_bytes(), server.as_bytes())
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// Header lines of a request, in lower case and sorted, and its rest: the request line and the body.
fn parts(request: &[u8]) -> (Vec<String>, Vec<u8>) {
    let head = request.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
    let text = String::from_utf8_lossy(&request[..head]).into_owned();
    let (line, headers) = text.split_once("\r\n").expect("headers");
    let mut headers: Vec<String> = headers.split("\r\n").map(str::to_ascii_lowercase).collect();
    headers.sort();
    (headers, [line.as_bytes(), &request[head..]].concat())
}

#[test]
fn repeated_requests_are_those_of_the_capture() {
    let captures = [
        ("http/post-login.pcap", 4),
        ("http/form-urlencoded.pcap", 1),
        ("http/put-delete-options-patch.pcap", 6),
        ("http/upload-multipart.pcap", 1),
    ];
    for (form, interpreter, needed) in
        [("python", "python3", "python3"), ("curl", "sh", "curl"), ("httpie", "sh", "http")]
    {
        if Command::new(needed).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            eprintln!("SKIPPED: requests in the form {form}: {needed} is absent");
            continue;
        }
        for (capture, count) in captures {
            repeat(form, interpreter, capture, count);
        }
    }
}

/// Runs the requests of a capture in a form against a server that records them, and compares them with those of the capture: byte for
/// byte, but for the order of headers, which HTTPie chooses.
fn repeat(form: &str, interpreter: &str, capture: &str, count: usize) {
    let own = "10.0.0.2:8080";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = listener.local_addr().expect("an address").to_string();
    let (script, error, code) = run(&["export", form, &fixture(capture)]);
    assert_eq!(
        (error.starts_with(&format!("overhear: {count} request")), code),
        (true, 0),
        "{capture} {form}: {error}"
    );
    let folder = folder();
    let path = write(folder.path(), "script", script.replace(own, &server).as_bytes());
    let recorded = record(listener, count);
    let output = Command::new(interpreter).arg(&path).stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{capture} {form}: {output:?}");
    let (requests, expected) = (recorded.join().expect("requests"), raw_requests(capture, own, &server));
    if form != "httpie" {
        assert!(requests.concat() == expected, "{capture} {form}: {}", String::from_utf8_lossy(&requests.concat()));
        return;
    }
    let mut rest = &expected[..];
    for request in requests {
        let (headers, other) = parts(&request);
        let own_length = request.len() + rest.windows(4).position(|part| part == b"\r\n\r\n").expect("a head")
            - request.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
        let (expected, after) = rest.split_at(own_length.min(rest.len()));
        let (wanted, wanted_other) = parts(expected);
        assert_eq!(String::from_utf8_lossy(&other), String::from_utf8_lossy(&wanted_other), "{capture} {form}");
        let missing: Vec<&String> = wanted.iter().filter(|line| !headers.contains(line)).collect();
        assert!(missing.is_empty(), "{capture} {form}: {missing:?} {headers:?}");
        rest = after;
    }
    assert!(rest.is_empty());
}

/// Requests that clients may change, each with the reason why HTTPie cannot repeat it; empty if it can.
const UNUSUAL: [(&[u8], &str); 18] = [
    (b"POST /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nContent-Length: 5\r\n\r\nline\n", ""),
    (b"POST /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nContent-Length: 6\r\n\r\n\xff\x00'\\n\n", ""),
    (b"PROPFIND /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nContent-Length: 1\r\n\r\nx", ""),
    (b"M-SEARCH /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n", "this method"),
    (b"GET http://a.test/b?c=d HTTP/1.1\r\nHost: a.test\r\n\r\n", ""),
    (b"OPTIONS * HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n", "this target"),
    (b"GET /caf%C3%A9?x=%20 HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n", ""),
    (b"GET /caf%c3%a9 HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n", "this target"),
    (b"GET /%7Eme HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n", "this target"),
    (b"GET /a/../b/./c HTTP/1.1\r\nHost: 10.0.0.2:80\r\nConnection: close\r\n\r\n", ""),
    (b"GET /a?b=[1]|\"c\" HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n", "this target"),
    (b"GET /a HTTP/1.0\r\nX-Old: 1\r\n\r\n", "HTTP/1.1 only"),
    (b"GET /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nX-Name: caf\xe9\r\n\r\n", "not UTF-8"),
    (
        b"GET /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nX-Name: caf\xc3\xa9\r\nX-Empty:\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n",
        "",
    ),
    (b"POST /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nContent-Length: 0\r\n\r\n", ""),
    (b"GET /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nX-@b: 1\r\nEmpty2;: 2\r\n\r\n", "no token"),
    (b"GET /a HTTP/1.1\r\nHost: 10.0.0.2:80\r\nHost: b.test\r\nX-A: 1\r\n\r\n", ""),
    (b"GET http://a.test/b HTTP/1.1\r\nHost: b.test\r\nX-A: 1\r\n\r\n", ""),
];

/// Header lines that curl cannot send, which a comment names, and the requests that have them.
const NOT_SENT_BY_CURL: (&str, &str) =
    ("# curl cannot send this header: Host: b.test\n", "Host: 10.0.0.2:80\r\nHost: b.test");

#[test]
fn unusual_requests_are_sent_as_they_were_or_named() {
    let folder = folder();
    for (form, program, interpreter) in
        [("python", "python3", "python3"), ("httpie", "http", "sh"), ("curl", "curl", "sh")]
    {
        if Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            eprintln!("SKIPPED: unusual requests in the form {form}: {program} is absent");
            continue;
        }
        for (request, reason) in UNUSUAL {
            let capture = super::transfer(request, b"HTTP/1.1 204 No Content\r\n\r\n");
            let file = write(folder.path(), "a.pcap", &capture);
            let (script, error, code) = run(&["export", form, &file]);
            let shown = String::from_utf8_lossy(request);
            assert_eq!(code, 0, "{shown}: {error}");
            if form == "httpie" && !reason.is_empty() {
                let mut comments = script.lines().filter(|line| line.starts_with("# not repeated: "));
                assert!(comments.next_back().is_some_and(|line| line.contains(reason)), "{shown}: {script}");
                assert!(error.contains("1 request cannot be repeated"), "{error}");
                continue;
            }
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let server = listener.local_addr().expect("an address").to_string();
            let path = write(folder.path(), "script", script.replace("10.0.0.2:80", &server).as_bytes());
            // A client that sends nothing would leave the server waiting.
            let recorded = record(listener, 1);
            let output = Command::new(interpreter).arg(&path).stdin(Stdio::null()).output().expect("it runs");
            assert!(output.status.success(), "{form} {shown}: {output:?}");
            let sent = recorded.join().expect("requests").concat();
            let wanted = replaced(request, b"10.0.0.2:80", server.as_bytes());
            if form == "python" {
                assert_eq!(String::from_utf8_lossy(&sent), String::from_utf8_lossy(&wanted));
                continue;
            }
            let trimmed = |bytes: &[u8]| replaced(bytes, b"X-Empty: \r\n", b"X-Empty:\r\n");
            let ((mut headers, rest), (mut wanted, wanted_rest)) = (parts(&trimmed(&sent)), parts(&wanted));
            assert_eq!(String::from_utf8_lossy(&rest), String::from_utf8_lossy(&wanted_rest), "{form}");
            let (comment, second_host) = NOT_SENT_BY_CURL;
            let is_named = form == "curl" && script.contains(comment);
            assert_eq!(is_named, form == "curl" && shown.contains(second_host), "{shown}: {script}");
            wanted.retain(|line| !is_named || line != "host: b.test");
            // curl asks a proxy to keep the connection.
            let is_own = |line: &String| line.starts_with("proxy-connection: ");
            headers.retain(|line| wanted.contains(line) || form != "curl" || !is_own(line));
            assert_eq!(headers, wanted, "{form} {shown}");
        }
    }
}

#[test]
fn raw_requests_are_the_bytes_that_were_sent() {
    let raw = raw_requests("http/post-login.pcap", "10.0.0.2", "10.0.0.2");
    let tshark = Command::new("tshark")
        .args(["-r", &fixture("http/post-login.pcap"), "-Y", "tcp.srcport == 50000 and tcp.len > 0"])
        .args(["-T", "fields", "-e", "tcp.payload"])
        .stderr(Stdio::null())
        .output();
    let Ok(tshark) = tshark else {
        eprintln!("SKIPPED: bytes of requests: tshark is absent");
        return;
    };
    let digits: String = String::from_utf8_lossy(&tshark.stdout).chars().filter(char::is_ascii_hexdigit).collect();
    let own: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(own, digits);
}

#[test]
fn requests_that_cannot_be_repeated_are_named() {
    let (text, error, code) = run(&["export", "curl", &fixture("http/connect-proxy.pcap")]);
    assert_eq!(code, 0);
    assert!(text.contains("# not repeated: a tunnel cannot be repeated\n"), "{text}");
    assert!(error.contains("cannot be repeated\n"), "{error}");
    for form in ["curl", "httpie", "python"] {
        let (text, _, _) = run(&["export", form, &fixture("http/lenient.pcap")]);
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{form}");
    }
}
