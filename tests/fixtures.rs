//! Exchanges of each recorded capture, as its client and server intended them.

use crate::common;

use common::{decode_options, events};
use overhear::analysis::{Event, Task};

const KEEP_ALIVE: &[&str] = &["GET / 200 375", "GET /style.css 200 276", "GET /app.js 200 225", "GET /dot.png 200 85"];

/// Characters of a target in a row.
const TARGET_CHARACTERS: usize = 40;

/// (scenario, exchanges: method, target, status, bytes of the response's body or of a message without a response, `*` where
/// something is missing).
///
/// The sizes of pages are those of the files in `fixtures/site`; the others are what the servers in
/// `fixtures/programs` send.
const ROWS: &[(&str, &[&str])] = &[
    ("http/get-connection-close.pcap", &["GET / 200 375"]),
    ("http/keep-alive.pcap", KEEP_ALIVE),
    ("http/pipelining.pcap", &["GET / 200 375", "GET /style.css 200 276", "GET /app.js 200 225"]),
    ("http/many-in-one-segment.pcap", &["GET /one 200 19", "GET /two 200 19", "GET /three 200 21"]),
    (
        "http/head-304-404-redirect.pcap",
        &[
            "HEAD / 200 0",
            "GET /style.css 304 0",
            "GET /no-such-page 404 153",
            "GET /old 301 169",
            "GET /index.html 200 375",
            "GET /moved 302 145",
            "GET /style.css 200 276",
        ],
    ),
    (
        "http/post-login.pcap",
        &["GET /login 200 403", "POST /user/login 401 54", "POST /user/login 200 59", "GET /account 200 72"],
    ),
    ("http/expect-100-continue.pcap", &["POST /upload 200 38"]),
    ("http/upload-multipart.pcap", &["POST /upload 200 98"]),
    ("http/download.pcap", &["GET /download.txt 200 100000"]),
    ("http/tls-port.pcap", &["GET /style.css 200 276"]),
    ("http/until-close.pcap", &["GET /until-close 200 2000"]),
    ("http/version-0-9.pcap", &["GET /old - 540", "GET /old/with-empty-line - 556"]),
    ("http/truncated-response.pcap", &["GET /report 200 1000*"]),
    ("http/connect-proxy.pcap", &["CONNECT 10.0.0.2:80 200 0", "GET /style.css 200 276", "CONNECT 10.0.0.2:81 502 0"]),
    (
        "http/upgrade-websocket.pcap",
        &[
            "GET /chat?room=7 101 0",
            "Text /chat?room=7 - 7",
            "Text /chat?room=7 - 5",
            "Text /chat?room=7 - 5",
            "Binary /chat?room=7 - 16",
            "Binary /chat?room=7 - 16",
            "Ping /chat?room=7 - 13",
            "Pong /chat?room=7 - 13",
            "Text /chat?room=7 - 400",
            "Text /chat?room=7 - 400",
            "Close /chat?room=7 1000 9",
            "Close /chat?room=7 1000 9",
        ],
    ),
    ("http/bare-lf-and-folded.pcap", &["GET /bare-lf 200 17", "GET /folded 200 16"]),
    ("http/smuggling-te-cl.pcap", &["POST /comment 200 7", "GET /admin 200 21"]),
    ("http/split-request-line.pcap", &["GET /split/in/pieces 200 31"]),
    (
        "http/put-delete-options-patch.pcap",
        &[
            "PUT /items/1 201 0",
            "PATCH /items/1 200 32",
            "OPTIONS /items 204 0",
            "DELETE /items/1 204 0",
            "TRACE /items/1 200 82",
            "BREW /pot 501 357",
        ],
    ),
    ("http/unusual-port.pcap", &["GET /items/1?fields=name,price 200 41"]),
    ("tcp/response-before-request.pcap", KEEP_ALIVE),
    ("tcp/response-before-request-later.pcap", KEEP_ALIVE),
    ("tcp/response-before-request-late-join.pcap", KEEP_ALIVE),
    ("tcp/lost-response.pcap", &["GET / - -*", "GET /style.css 200 276", "GET /app.js 200 225", "GET /dot.png 200 85"]),
    (
        "http/response-to-unfinished-head.pcap",
        &["GET /big 400 233", "GET /big2 400 233", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 414 177"],
    ),
    ("http/unreadable-response.pcap", &["GET /a 200 2", "GET /b 200 17"]),
    (
        "http2/many-streams.pcap",
        &[
            "GET /index.html 200 375",
            "GET /style.css 200 276",
            "GET /app.js 200 225",
            "GET /missing 404 147",
            "GET /data.json 200 46",
        ],
    ),
    ("http2/push.pcap", &["GET /index.html 200 375", "GET /style.css 200 276", "GET /dot.png 200 85"]),
    ("http2/trailers.pcap", &["POST /data.json 200 40"]),
    ("http2/continuation.pcap", &["GET /data.json 200 46"]),
    ("http2/flow-control.pcap", &["GET /long.txt 200 60000"]),
    ("quic/requests.pcapng", &["GET /page?x=1 200 31", "GET /json 200 36", "GET /missing 404 10", "POST /echo 200 17"]),
    ("quic/chacha20.pcapng", &["GET /page 200 31"]),
    ("quic/version2.pcapng", &["GET /page 200 31"]),
    ("quic/key-update.pcapng", &["GET /page 200 31", "GET /json 200 36"]),
    ("quic/retry.pcapng", &["GET /page 200 31"]),
    ("quic/trailers.pcapng", &["GET /trailers 200 31"]),
    ("http2/upgrade.pcap", &["GET /first?a=1 200 16", "GET /second 200 8"]),
    (
        "http2/resets.pcap",
        &["GET /early 200 16", "POST /refuse 413 0", "GET /reset - -*", "GET /endless 200 550*", "GET /goaway 200 5"],
    ),
    (
        "http2/connect.pcap",
        &[
            "GET /first 200 7",
            "CONNECT www.example.test 200 0",
            "GET /inner 200 10",
            "CONNECT /chat 200 0",
            "Text /chat - 2",
            "Text /chat - 5",
        ],
    ),
    ("tcp/refused-then-accepted.pcap", &["GET /a 200 6", "GET /b 200 7"]),
    ("tcp/refused-then-accepted-low.pcap", &["GET /a 200 6", "GET /b 200 7"]),
    ("tcp/reset-with-text.pcap", &["GET /a 200 933*"]),
    ("tcp/zero-window-probe-accepted.pcap", &["GET /a 200 2000"]),
    ("tcp/reset-by-server.pcap", &["GET /report 200 1000*"]),
    ("tcp/never-answers.pcap", &["GET / - -*"]),
    ("tcp/refused.pcap", &[]),
    ("tcp/one-side.pcap", &["- - 200 375", "- - 200 276"]),
    ("tcp/port-reuse.pcap", &["GET /first 200 21", "GET /second 200 22"]),
    ("tcp/loss.pcap", &["GET /download 200 60000"]),
    ("tcp/reorder.pcap", &["GET /download 200 60000"]),
    ("ip/ipv6.pcap", &["GET / 200 375", "GET /style.css 200 276"]),
    ("link/vlan.pcap", &["GET / 200 375", "GET /style.css 200 276"]),
    ("link/vxlan.pcap", &["GET / 200 375", "GET /style.css 200 276"]),
    ("link/loopback.pcap", &["GET /download.txt 200 100000"]),
    ("file/gzip.pcap.gz", KEEP_ALIVE),
    ("file/empty.pcap", &[]),
];

fn exchanges(path: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path);
    let file = std::fs::read(&path).expect("a recorded capture");
    let word = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let row = |event| match event {
        Event::Call(call) => {
            let exchange = call.exchange;
            let status = exchange.code.map_or_else(|| word(&exchange.status), |status| status.to_string());
            let (size, whole) = exchange.content().map_or(("-".to_owned(), "*"), |content| {
                (content.body.to_string(), if content.complete { "" } else { "*" })
            });
            let target: String = exchange.target.chars().take(TARGET_CHARACTERS).collect();
            Some(format!("{} {} {status} {size}{whole}", word(&exchange.method), word(&target)))
        }
        _ => None,
    };
    let decode = decode_options(&file);
    events(file, Task { exchanges: true, decode, ..Task::default() }).into_iter().filter_map(row).collect()
}

#[test]
fn every_scenario_has_its_intended_exchanges() {
    for (path, expected) in ROWS {
        assert_eq!(exchanges(path), *expected, "{path}");
    }
}
