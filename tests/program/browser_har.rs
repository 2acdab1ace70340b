//! The HAR of a browser's session, compared with what the browser itself states of it.
//!
//! `browser-session.har` is made by the library chrome-har from the events of Chromium. What must differ is in [`DIFFERENCES`], and
//! [`docs/export.md`](../../docs/export.md) names the same.

use super::{fixture, run};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// What the browser states in another way, or only one of both knows. Each is a heading of the list in docs/export.md.
const DIFFERENCES: [&str; 12] = [
    "pseudo-headers",
    "versions",
    "sizes",
    "cookie fields",
    "several headers with a name",
    "bodies of redirects",
    "media types",
    "request body after the response",
    "JSON of a request",
    "control frames of WebSocket",
    "scheme of WebSocket",
    "times",
];

/// Milliseconds by which the clocks of the browser and of the capture may differ.
const TOLERANCE: f64 = 2.0;

fn entries(text: &str) -> Vec<Value> {
    let har: Value = serde_json::from_str(text).expect("JSON");
    har["log"]["entries"].as_array().expect("entries").clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// URL of a request. The browser's of a WebSocket begins with `wss`.
fn url(entry: &Value) -> String {
    text(&entry["request"]["url"]).replacen("wss://", "https://", 1)
}

/// Headers in lower case with their values, sorted. The browser adds pseudo-headers, and joins values by line ends. Cookies have a
/// field each in HTTP/2 (RFC 9113 8.2.3), which the browser joins.
fn headers(message: &Value) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for header in message["headers"].as_array().expect("headers") {
        let name = text(&header["name"]).to_ascii_lowercase();
        let separator = if name == "cookie" { "; " } else { "\n" };
        let values = text(&header["value"]).split(separator).map(|value| (name.clone(), value.to_owned()));
        headers.extend(values.filter(|(name, _)| !name.starts_with(':')));
    }
    headers.sort();
    headers
}

/// Version of a message. The browser has the identifier of ALPN.
fn version(message: &Value) -> String {
    match text(&message["httpVersion"]) {
        "h2" => "HTTP/2".into(),
        other => other.to_ascii_uppercase(),
    }
}

/// Cookies as name, value, path, and whether they are for HTTP and for TLS only. The browser's have no other attributes.
fn cookies(message: &Value) -> Vec<(String, String, String, bool, bool)> {
    let flag = |cookie: &Value, name: &str| cookie[name].as_bool().unwrap_or_default();
    let all = message["cookies"].as_array().into_iter().flatten();
    let own = all.map(|own| {
        let [name, value, path] = ["name", "value", "path"].map(|name| text(&own[name]).to_owned());
        (name, value, path, flag(own, "httpOnly"), flag(own, "secure"))
    });
    own.collect()
}

/// Pairs of names and values. Values of JSON are not only texts.
fn pairs(list: &Value) -> Vec<(String, String)> {
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.as_array().into_iter().flatten().map(|own| (text(&own["name"]).to_owned(), value(&own["value"]))).collect()
}

/// Bytes of the body of a response.
fn body(content: &Value) -> Vec<u8> {
    let own = text(&content["text"]);
    match text(&content["encoding"]) {
        "base64" => BASE64_STANDARD.decode(own).expect("base64"),
        _ => own.as_bytes().to_vec(),
    }
}

/// Milliseconds of a time, within its day.
fn millis(time: &Value) -> f64 {
    let time = text(time).trim_end_matches('Z');
    let parts = time.split_once('T').expect("a time of ISO 8601").1.split(':');
    parts.fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().expect("a number")) * 1000.0
}

/// Milliseconds from the start of an entry to the end of phases that apply.
fn phases(entry: &Value, names: &[&str]) -> f64 {
    names.iter().map(|name| entry["timings"][name].as_f64().expect("a number").max(0.0)).sum()
}

/// WebSocket messages that have data, of each direction: which of two is first depends on where they are observed.
fn messages(entry: &Value) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut messages: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for message in entry["_webSocketMessages"].as_array().into_iter().flatten() {
        let opcode = message["opcode"].as_u64().expect("a number");
        // Control frames (RFC 6455 5.5).
        if opcode < 8 {
            let own = messages.entry(text(&message["type"]).to_owned()).or_default();
            own.push((opcode, text(&message["data"]).to_owned()));
        }
    }
    messages
}

fn assert_same_request(browser: &Value, wire: &Value) {
    let (own, other) = (&browser["request"], &wire["request"]);
    let url = url(browser);
    assert_eq!(own["method"], other["method"], "{url}");
    assert_eq!((version(own), headers(own)), (version(other), headers(other)), "{url}");
    assert_eq!(pairs(&own["queryString"]), pairs(&other["queryString"]), "{url}");
    if own["cookies"].is_array() {
        assert_eq!(cookies(own), cookies(other), "{url}");
    }
    let (post, wire_post) = (&own["postData"], &other["postData"]);
    // nginx answered, and reset the stream without an error, before this body came (RFC 9113 8.1). Of a form, chrome-har has the
    // parameters alone.
    if url.ends_with("/api/form") {
        assert_eq!(own["bodySize"], other["bodySize"], "{url}");
        assert_eq!(post["mimeType"], wire_post["mimeType"], "{url}");
        assert_eq!(pairs(&post["params"]), pairs(&wire_post["params"]), "{url}");
        return;
    }
    assert_eq!(post.is_object(), wire_post.is_object(), "{url}");
    assert_eq!(post["mimeType"], wire_post["mimeType"], "{url}");
    if let Some(own) = post["text"].as_str() {
        assert_eq!(own, text(&wire_post["text"]), "{url}");
    } else if post.is_object() {
        // chrome-har takes the members of an object for parameters.
        let value: Value = serde_json::from_str(text(&wire_post["text"])).expect("JSON");
        let members = value.as_object().expect("an object").iter();
        let members: Vec<_> =
            members.map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
        assert_eq!(pairs(&post["params"]), pairs(&members.into()), "{url}");
    }
}

fn assert_same_response(browser: &Value, wire: &Value) {
    let (own, other) = (&browser["response"], &wire["response"]);
    let url = url(browser);
    assert_eq!((&own["status"], &own["statusText"]), (&other["status"], &other["statusText"]), "{url}");
    assert_eq!((version(own), headers(own)), (version(other), headers(other)), "{url}");
    if own["cookies"].is_array() {
        assert_eq!(cookies(own), cookies(other), "{url}");
        assert_eq!(own["redirectURL"], other["redirectURL"], "{url}");
    }
    let (content, wire_content) = (&own["content"], &other["content"]);
    let found = body(wire_content);
    assert_eq!(wire_content["size"], found.len(), "{url}");
    // The browser drops the body of a redirect.
    if text(&own["redirectURL"]).is_empty() {
        assert_eq!(String::from_utf8_lossy(&body(content)), String::from_utf8_lossy(&found), "{url}");
    }
    if content.is_object() {
        let declared = text(&wire_content["mimeType"]).split(';').next().unwrap_or_default();
        // nginx declares a picture as text, and the browser recognizes it (WHATWG MIME Sniffing).
        let expected = if url.contains("/dot.png") { "text/plain" } else { text(&content["mimeType"]) };
        assert_eq!(expected, declared, "{url}");
    }
}

/// Checks that the call on the wire is within the time that the browser states, and that connections are ready at the same time.
fn assert_same_times(browser: &Value, wire: &Value) {
    let url = url(browser);
    let (start, wire_start) = (millis(&browser["startedDateTime"]), millis(&wire["startedDateTime"]));
    let before = ["blocked", "dns", "connect"];
    let (ready, wire_ready) = (start + phases(browser, &before), wire_start + phases(wire, &before));
    let end = start + browser["time"].as_f64().expect("a number");
    let wire_end = wire_start + wire["time"].as_f64().expect("a number");
    assert!(wire_ready + TOLERANCE > ready, "{url}: {ready} {wire_ready}");
    assert!(wire_end < end + TOLERANCE, "{url}: {end} {wire_end}");
    if wire["timings"]["connect"].as_f64() > Some(0.0) {
        assert!((wire_ready - ready).abs() < TOLERANCE, "{url}: {ready} {wire_ready}");
        // The browser began to connect before the request, and TLS is nearly all of it in both.
        let share = |entry: &Value| phases(entry, &["ssl"]) / phases(entry, &["connect"]);
        assert!(share(browser) > 0.99 && share(wire) > 0.99, "{url}");
    }
}

#[test]
fn a_har_is_that_of_the_browser() {
    let browser = fs::read_to_string(fixture("tls/browser-session.har")).expect("a fixture");
    let (text_of_wire, error, code) = run(&["export", "har", &fixture("tls/browser-session.pcapng")]);
    assert_eq!(code, 0, "{error}");
    let (browser, wire) = (entries(&browser), entries(&text_of_wire));
    assert_eq!((browser.len(), wire.len()), (11, 11));
    let mut connections = BTreeMap::new();
    for own in &browser {
        let found: Vec<&Value> = wire.iter().filter(|other| url(other) == url(own)).collect();
        let [other] = found[..] else { unreachable!("{}: {} entries", url(own), found.len()) };
        assert_same_request(own, other);
        assert_same_response(own, other);
        assert_eq!(messages(own), messages(other), "{}", url(own));
        // The events of a WebSocket state neither times nor addresses.
        if own["startedDateTime"].is_string() {
            assert_same_times(own, other);
            assert_eq!(own["serverIPAddress"], other["serverIPAddress"]);
            // Identifiers differ, and what shares a connection does not.
            let known = connections.entry(text(&own["connection"])).or_insert(text(&other["connection"]));
            assert_eq!(*known, text(&other["connection"]), "{}", url(own));
        }
    }
    let sockets: Vec<&Value> = wire.iter().filter(|entry| entry["_resourceType"] == "websocket").collect();
    assert_eq!((sockets.len(), url(sockets[0]).as_str()), (1, "https://www.example.test/chat"));
}

#[test]
fn the_differences_are_documented() {
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/export.md")).expect("a page");
    let (_, section) = docs.split_once("### The HAR of a browser").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let named: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).skip(1).collect();
    assert_eq!(named, DIFFERENCES);
}
