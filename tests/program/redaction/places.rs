//! Secrets in places of all kinds, each with a word beside it that stays visible.

use super::{CANARY, Messages, connection, forms, frame, headers, http};
use crate::program::{folder, program, run, write};
use std::io::Write as _;

/// Bodies with their media types.
fn bodies() -> Vec<(String, String)> {
    let text = include_str!("places.txt").replace("CANARY", CANARY).replace("\\u{feff}", "\u{feff}");
    let bodies = text.split("\n== ").skip(1).map(|body| {
        let (title, body) = body.split_once('\n').expect("a title");
        let media_type = title.split(": ").next().expect("a media type");
        let body = if media_type.starts_with("multipart") { body.replace('\n', "\r\n") } else { body.to_owned() };
        (media_type.to_owned(), body.trim_end_matches('\n').to_owned())
    });
    bodies.collect()
}

/// Each body in a request and in a response; each target in a request, in `Referer` and in `Location`; each line of a header in both.
fn web() -> Messages {
    let mut messages = Vec::new();
    let mut add = |request: &str, response: &str, body: &str| {
        messages.extend([(true, http(request, body)), (false, http(response, body))]);
    };
    for (nth, (media_type, body)) in bodies().into_iter().enumerate() {
        match &*media_type {
            "target" => body.lines().for_each(|target| {
                let request = format!("GET {target} HTTP/1.1\nHost: a.test\nReferer: https://a.test{target}");
                add(&request, &format!("HTTP/1.1 302 Found\nLocation: {target}"), "");
            }),
            "header" => body.lines().for_each(|line| {
                let request = format!("GET / HTTP/1.1\nHost: a.test\n{line}");
                add(&request, &format!("HTTP/1.1 200 OK\n{line}"), "");
            }),
            _ => {
                let request = format!("POST /{nth} HTTP/1.1\nHost: a.test\nContent-Type: {media_type}");
                add(&request, &format!("HTTP/1.1 200 OK\nContent-Type: {media_type}"), &body);
            }
        }
    }
    messages
}

/// Targets of requests and lines of headers.
const HEADERS: [(&str, &str); 30] = [
    ("/a;token=CANARY;x=y", "Authorization: Digest username=\"bob\", uri=\"/\", response=\"CANARY\""),
    ("/a?%70assword=CANARY", "Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=CANARY"),
    ("/a?password[]=CANARY", "Authorization: CANARY"),
    ("/a?a[password][b]=CANARY", "Authorization: CANARY x"),
    ("/a?q=%7B%22pin%22%3A%22CANARY%22%7D", "Authorization: Custom CANARY"),
    ("/a?u=https%3A%2F%2Fb%3ACANARY%40h", "Proxy-Authorization: a=b, x=CANARY"),
    ("/a?x=y#access_token=CANARY", "Cookie: CANARY"),
    ("/a?q=SELECT%20a%20FROM%20b%20WHERE%20c%3D%27CANARY%27", "Cookie: a=b; =CANARY; c"),
    ("/a?to=%252Fb%253Ftoken%253DCANARY", "Cookie: a=\"CANARY x\""),
    ("http://bob:CANARY@a.test/", "X-Amz-Security-Token: CANARY"),
    ("/a?x=1;sid=CANARY", "X-Secret: x\n CANARY"),
    ("/?name=password&value=CANARY&x=y", "X-Secret:\n CANARY"),
    ("/", "Link: <https://a.test/?token=CANARY>; rel=next"),
    ("/", "Referer: https://a.test/a;jsessionid=CANARY?x=y"),
    ("/", "X-Forwarded-Uri: /a?api_key=CANARY"),
    ("/", "X-A: {\"id\":\"password\",\"v\":\"CANARY\"}"),
    ("/", "X-B: a=%7B%22token%22%3A%22CANARY%22%7D"),
    ("/", "X-C: SELECT a FROM b WHERE c = 'CANARY'"),
    ("/", "Refresh: 0; url=/a?token=CANARY"),
    ("/", "Destination: https://bob:CANARY@h/"),
    ("/", "Signature: sig1=:CANARY:"),
    ("/", "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.CANARY"),
    ("/", "Set-Cookie: CANARY; Path=/"),
    ("/", "Set-Cookie: a=\"CANARY\"; Path=/"),
    ("/", "Location: /cb#id_token=CANARY"),
    ("/", "Authentication-Info: token=\"CANARY\""),
    ("/a?token=[\"CANARY\"]", "Cookie: s={\"a\":\"CANARY\"}"),
    ("/", "Cookie: x=1; s={\"a\":\"x CANARY\"}; y=2"),
    ("/", "Authorization: [\"CANARY\"]"),
    ("/", "X-Auth-Token: {\"a\":\"CANARY\"}"),
];

fn header_lines() -> Messages {
    let messages = HEADERS.iter().enumerate().flat_map(|(nth, (target, header))| {
        let request = format!("GET {target} HTTP/1.1\nHost: a.test\n{header}\nX-Note: Benign{nth:02}");
        let response = format!("HTTP/1.1 200 OK\n{header}\nX-Note: Benign{nth:02}");
        [(true, http(&request, "")), (false, http(&response, ""))]
    });
    messages.collect()
}

/// Bodies with codings, in chunks, and in UTF-16.
fn coded() -> Messages {
    let lines: Vec<u8> = format!("password: {CANARY}\n").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let json = format!(r#"{{"a":{{"id":"password","v":"{CANARY}"}},"city":"Benign00"}}"#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(json.as_bytes()).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let utf16: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let message = |head: &str, body: &[u8]| {
        let head = head.replace('\n', "\r\n").replace("CANARY", CANARY);
        [head.as_bytes(), b"\r\nContent-Length: ", body.len().to_string().as_bytes(), b"\r\n\r\n", body].concat()
    };
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n\
         14\r\ndata: {{\"token\": \"C4n\r\n13\r\naryQz\",\"a\":\"Benign0\r\n4\r\n1\"}}\n\r\n0\r\nX-Token: {CANARY}\r\n\
         Cookie: {CANARY}\r\nX-Note: Benign02\r\n\r\n"
    );
    let cut = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n\
         40\r\n{\"a\":\"Benign03\",\"b\":{\"secret\":[\"C4naryQz";
    let request = || (true, http("GET / HTTP/1.1\nHost: a.test", ""));
    vec![
        (true, message("POST / HTTP/1.1\nHost: a.test\nContent-Type: application/json\nContent-Encoding: gzip", &gzip)),
        (false, message("HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-16le", &utf16)),
        (true, message("POST / HTTP/1.1\nHost: a.test\nContent-Type: application/json; charset=utf-16le", &utf16)),
        (
            false,
            message("HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-16", &[b"\xff\xfe", &utf16[..]].concat()),
        ),
        request(),
        (false, message("HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-16be", &lines)),
        request(),
        (false, message("HTTP/1.1 200 OK", json.as_bytes())),
        request(),
        (false, message("HTTP/1.1 200 OK\nContent-Type: application/octet-stream", json.as_bytes())),
        request(),
        (false, chunks.into_bytes()),
        request(),
        (false, cut.as_bytes().to_vec()),
    ]
}

/// Messages of WebSocket, and a close with a reason.
fn websocket() -> Messages {
    let request = "GET /chat HTTP/1.1\nHost: a.test\nUpgrade: websocket\nConnection: Upgrade\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n";
    let response = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\n";
    let frame = |opcode: u8, text: &[u8]| [&[0x80 | opcode, text.len() as u8][..], text].concat();
    let texts = [
        r#"42["auth","token","C4naryQz"]"#,
        r#"42["city",{"a":"Benign00"}]"#,
        r#"{"k":"password","v":"C4naryQz","b":1}"#,
        r#"{"type":"connection_init","payload":{"Authorization":"Custom C4naryQz"}}"#,
        "CONNECT\nlogin:bob\npasscode:C4naryQz x\n\n\0",
        "Benign01",
    ];
    let frames: Vec<u8> = texts.iter().flat_map(|text| frame(1, text.as_bytes())).collect();
    let close = frame(8, b"\x03\xe8bad token=C4naryQz");
    let message = |text: &str| text.replace('\n', "\r\n").into_bytes();
    vec![(true, message(request)), (false, message(response)), (false, frames), (false, close)]
}

/// A call of gRPC with metadata in bytes.
fn grpc() -> Messages {
    let metadata = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/shop.Users/Login"),
        (":authority", "a.test"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("x-token-bin", "QzRuYXJ5UXo"),
        ("a-bin", "YUM0bmFyeVF6"),
        ("x-note", "Benign00"),
    ];
    let trailers = [("grpc-status", "16"), ("grpc-status-details-bin", "CBASCEM0bmFyeVF6"), ("x-api-key", "C4naryQz")];
    let response = [(":status", "200"), ("content-type", "application/grpc"), ("x-note", "Benign01")];
    let client =
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, b""), frame(1, 5, 1, &headers(&metadata))];
    let server = [frame(4, 0, 0, b""), frame(1, 4, 1, &headers(&response)), frame(1, 5, 1, &headers(&trailers))];
    vec![(true, client.concat()), (false, server.concat())]
}

/// Arguments before and after the capture, and whether the output is JSON, JSON in lines, or neither.
const OUTPUTS: [(&[&str], &[&str], Shape); 40] = [
    (&["print"], &[], Shape::Text),
    (&["print", "-V"], &[], Shape::Bodies),
    (&["print", "-x"], &[], Shape::Text),
    (&["print", "-T", "json"], &[], Shape::Json),
    (&["print", "-T", "ndjson"], &[], Shape::Lines),
    (&["print", "-T", "csv"], &[], Shape::Text),
    (&["calls"], &[], Shape::Text),
    (&["calls", "-T", "json"], &[], Shape::Json),
    (&["calls", "-T", "ndjson"], &[], Shape::Lines),
    (&["calls", "-T", "csv"], &[], Shape::Text),
    (&["calls", "--by", "http.host"], &[], Shape::Text),
    (&["streams"], &[], Shape::Text),
    (&["streams", "-T", "json"], &[], Shape::Json),
    (&["journey", "-T", "text"], &["1"], Shape::Text),
    (&["journey", "-T", "json"], &["1"], Shape::Json),
    (&["journey", "-T", "markdown"], &["1"], Shape::Text),
    (&["journey", "-T", "mermaid"], &["1"], Shape::Text),
    (&["journey", "-T", "html"], &["1"], Shape::Text),
    (&["journey", "-T", "otlp"], &["1"], Shape::Json),
    (&["trace", "-T", "text"], &[], Shape::Text),
    (&["trace", "-T", "json"], &[], Shape::Json),
    (&["trace", "-T", "markdown"], &[], Shape::Text),
    (&["trace", "-T", "html"], &[], Shape::Text),
    (&["trace", "-T", "otlp"], &[], Shape::Json),
    (&["ladder", "-T", "text"], &["0"], Shape::Text),
    (&["ladder", "-T", "svg"], &["0"], Shape::Text),
    (&["ladder", "-T", "mermaid"], &["0"], Shape::Text),
    (&["stats", "-z", "all"], &[], Shape::Text),
    (&["stats", "-z", "all", "-T", "json"], &[], Shape::Json),
    (&["stats", "-z", "all", "-T", "html"], &[], Shape::Text),
    (&["export", "har"], &[], Shape::Har),
    (&["export", "curl"], &[], Shape::Text),
    (&["export", "httpie"], &[], Shape::Text),
    (&["export", "python"], &[], Shape::Text),
    (&["export", "raw"], &[], Shape::Text),
    (&["follow", "--http"], &["0"], Shape::Text),
    (&["follow", "--http2"], &["0"], Shape::Text),
    (&["follow", "--websocket"], &["0"], Shape::Text),
    (&["follow", "--dns"], &["0"], Shape::Text),
    (&["check", "-T", "junit"], &["--each", "http.request", "http.cookie == x"], Shape::Text),
];

/// What an output is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    /// A text that has all bodies and headers.
    Bodies,
    Json,
    Lines,
    /// JSON that has all bodies and headers.
    Har,
}

/// The words of an output that stay visible.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.match_indices("Benign").map(|(at, _)| text[at..at + 8].to_owned()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Finds secrets and faults in an output. `benign` are the words that it has.
fn faults(arguments: &[&str], shape: Shape, benign: &[String]) -> Vec<String> {
    let output = program(arguments).output().expect("the program runs");
    let (text, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut faults = Vec::new();
    let mut forms = forms();
    // UTF-16 with the escapes of outputs.
    let wide = |zero: &str| CANARY.chars().map(String::from).collect::<Vec<_>>().join(zero);
    forms.extend(["\0", "\\x00", "\\u0000", "00"].map(wide));
    for line in text.lines().chain(error.lines()) {
        if let Some(at) = forms.iter().filter_map(|form| line.find(form)).min() {
            let start = (0..=at.saturating_sub(120)).rev().find(|&at| line.is_char_boundary(at)).unwrap_or_default();
            faults.push(format!("{arguments:?}: {}", line[start..].chars().take(200).collect::<String>()));
        }
    }
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    let is_valid = match shape {
        Shape::Json | Shape::Har => is_json(&text),
        Shape::Lines => text.lines().all(is_json),
        Shape::Text | Shape::Bodies => true,
    };
    if !is_valid || error.contains("error: ") {
        faults.push(format!("{arguments:?}: not valid: {error}"));
    }
    faults.extend(
        benign.iter().filter(|word| !text.contains(*word)).map(|word| format!("{arguments:?}: without {word}")),
    );
    faults
}

#[test]
fn no_output_has_a_secret_of_any_place() {
    let folder = folder();
    let mut all = Vec::new();
    let captures = [
        ("places", web()),
        ("headers", header_lines()),
        ("coded", coded()),
        ("websocket-places", websocket()),
        ("grpc-places", grpc()),
    ];
    for (name, messages) in captures {
        let file = write(folder.path(), &format!("{name}.pcap"), &connection(1400, &messages));
        let (har, ..) = run(&["export", "har", &file]);
        assert!(!words(&har).is_empty() && (har.contains(CANARY) || name == "grpc-places"), "{name}");
        for (before, after, shape) in OUTPUTS {
            let has_words = matches!(shape, Shape::Har | Shape::Bodies);
            let benign = if has_words { words(&run(&[before, &[&*file], after].concat()).0) } else { Vec::new() };
            all.extend(faults(&[before, &["--redact", &file], after].concat(), shape, &benign));
        }
        for form in ["text", "json", "tap", "github"] {
            let each = ["--each", "http or websocket or http2", "http.cookie == x and http.authorization == x"];
            all.extend(faults(&[&["check", "-T", form, "--redact", &file][..], &each].concat(), Shape::Text, &[]));
        }
        for form in ["text", "json", "markdown"] {
            let other = write(folder.path(), "other.pcap", &connection(1400, &messages[..messages.len() / 2]));
            let shape = if form == "json" { Shape::Json } else { Shape::Text };
            all.extend(faults(&["diff", "-T", form, "--redact", &file, &other], shape, &[]));
        }
        #[cfg(feature = "parquet")]
        for table in ["calls", "streams", "messages", "notes"] {
            let options = ["export", "arrow", "--redact", &file, "--table", table, "--body-limit", "1000000"];
            all.extend(faults(&options, Shape::Text, &[]));
        }
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}
