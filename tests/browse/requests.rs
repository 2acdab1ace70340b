//! Ladders, calls, followed streams, searches and saved files.

use super::test_browser::{TestBrowser, written};
use crate::common::{self, ACK, FIN, PSH, SYN, Segment};
use dissectors::session::ConversationId;
use dissectors::session::Side;
use overhear::analysis::Task;
use overhear::browse::{
    BrowseEvent, BrowseRequest, CallDetail, CallPhase, FollowLine, FollowWindow, FollowedData, LadderRow, Needle,
    SearchTarget, SegmentKind, StreamPosition,
};
use overhear::source::Capture;
use std::path::PathBuf;
use std::sync::Arc;

const REQUEST: &[u8] = b"POST /cart?x=1 HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":1.50 }";
const RESPONSE: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\n\x1b[2J";

/// A connection with one call, whose response is retransmitted.
fn conversation() -> Vec<Vec<u8>> {
    let (request_len, response_len) = (REQUEST.len() as u32, RESPONSE.len() as u32);
    let rows: [(bool, u8, u32, u32, &[u8]); 11] = [
        (true, SYN, 999, 0, b""),
        (false, SYN | ACK, 4999, 1000, b""),
        (true, ACK, 1000, 5000, b""),
        (true, PSH | ACK, 1000, 5000, REQUEST),
        (false, ACK, 5000, 1000 + request_len, b""),
        (false, PSH | ACK, 5000, 1000 + request_len, RESPONSE),
        (false, PSH | ACK, 5000, 1000 + request_len, RESPONSE),
        (true, ACK, 1000 + request_len, 5000 + response_len, b""),
        (true, FIN | ACK, 1000 + request_len, 5000 + response_len, b""),
        (false, FIN | ACK, 5000 + response_len, 1001 + request_len, b""),
        (true, ACK, 1001 + request_len, 5001 + response_len, b""),
    ];
    let segment = |&(from_client, flags, seq, ack, data): &(bool, u8, u32, u32, &[u8])| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    rows.iter().map(segment).collect()
}

fn browser() -> (tempfile::NamedTempFile, TestBrowser) {
    let (file, path) = written(&common::pcap(common::IPV4, &conversation()));
    (file, TestBrowser::open(&[path]))
}

fn ladder(browser: &mut TestBrowser, stream: u32) -> Vec<LadderRow> {
    match browser
        .request(BrowseRequest::Ladder { conversation: ConversationId::Tcp(stream), at: StreamPosition::Offset(0) })
    {
        BrowseEvent::Ladder(ladder) if ladder.rows.len() == ladder.total => ladder.rows,
        other => panic!("{other:?}"),
    }
}

fn call(browser: &mut TestBrowser, call: usize) -> CallDetail {
    match browser.request(BrowseRequest::Call(call)) {
        BrowseEvent::Call { detail, .. } => *detail,
        other => panic!("{other:?}"),
    }
}

fn follow(browser: &mut TestBrowser, stream: u32, at: StreamPosition) -> FollowWindow {
    match browser.request(BrowseRequest::Follow {
        data: FollowedData { conversation: ConversationId::Tcp(stream), has_messages: false },
        at,
    }) {
        BrowseEvent::Follow(window) => window,
        other => panic!("{other:?}"),
    }
}

/// All lines of a stream.
fn followed_lines(browser: &mut TestBrowser, stream: u32) -> Vec<FollowLine> {
    let window = follow(browser, stream, StreamPosition::Offset(0));
    assert!(!window.has_more && window.range.start == 0);
    window.lines
}

#[test]
fn a_ladder_classifies_each_segment() {
    let (_file, mut browser) = browser();
    let rows = ladder(&mut browser, 0);
    let meanings: Vec<SegmentKind> = rows.iter().map(|row| row.kind).collect();
    use SegmentKind::{Acknowledgment, Handshake, Request, Response, Retransmission, Teardown};
    assert_eq!(
        meanings,
        [
            Handshake,
            Handshake,
            Handshake,
            Request,
            Acknowledgment,
            Response,
            Retransmission,
            Acknowledgment,
            Teardown,
            Teardown,
            Teardown
        ]
    );
    let (request_len, response_len) = (REQUEST.len() as u32, RESPONSE.len() as u32);
    let numbers =
        |row: &LadderRow| (row.frame, row.from_client, row.flags.as_str().to_owned(), row.seq, row.ack, row.len);
    assert_eq!(numbers(&rows[0]), (1, true, "SYN".into(), 0, None, 0));
    assert_eq!(numbers(&rows[1]), (2, false, "SYN, ACK".into(), 0, Some(1), 0));
    assert_eq!(numbers(&rows[3]), (4, true, "PSH, ACK".into(), 1, Some(1), request_len));
    assert_eq!(numbers(&rows[9]), (10, false, "FIN, ACK".into(), 1 + response_len, Some(2 + request_len), 0));
    assert!(rows[3].label.starts_with("POST /cart?x=1 HTTP/1.1"), "{}", rows[3].label);
    assert_eq!(rows[6].label, "retransmission of #6");
    assert_eq!(rows[5].time - rows[4].time, 1_000_000);
}

#[test]
fn a_ladder_has_a_row_for_each_frame_of_its_connection() {
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/")) {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        for stream in 0..browser.index.streams.len() as u32 {
            let frames: Vec<u32> = (1u32..)
                .zip(browser.index.frames.iter())
                .filter(|(_, fact)| fact.stream == stream)
                .map(|(number, _)| number)
                .collect();
            let rows = ladder(&mut browser, stream);
            // A frame with packets of several connections is listed with the first.
            let of_first = rows.iter().map(|row| row.frame).filter(|frame| frames.contains(frame));
            assert_eq!(of_first.collect::<Vec<_>>(), frames, "{name} {stream}");
            assert!(rows.len() == frames.len() || name.ends_with("wlan-aggregates.pcap"), "{name} {stream}");
            let row = &browser.index.streams[stream as usize];
            let own = rows.iter().filter(|row| row.from_client && row.kind != SegmentKind::Anomaly).count() as u64;
            assert!(own <= row.side(Side::Client).frames, "{name} {stream}");
        }
    }
}

#[test]
fn a_call_lists_its_messages_and_its_frames() {
    let (_file, mut browser) = browser();
    let detail = call(&mut browser, 0);
    let request = detail.request.expect("a request");
    assert_eq!(request.head[0], "POST /cart?x=1 HTTP/1.1");
    assert_eq!(request.head[1], "Host: shop.test");
    assert_eq!(request.body, ["{", "  \"a\": 1.50", "}"]);
    assert_eq!((request.kind.as_str(), request.body_len), ("application/json", 11));
    assert_eq!(request.bytes, b"{\"a\":1.50 }");
    let response = detail.response.expect("a response");
    assert_eq!(
        (response.head[0].as_str(), response.body.as_slice()),
        ("HTTP/1.1 201 Created", &["\\x1b[2J".to_owned()][..])
    );
    use CallPhase::{Connect, Download, Request, Wait};
    assert_eq!(detail.frames, [(1, Connect), (2, Connect), (3, Connect), (4, Request), (5, Wait), (6, Download)]);
    assert_eq!(
        detail.curl,
        Some(Ok("curl --header 'Content-Type: application/json' --header User-Agent: --header Accept: --data-raw \
             '{\"a\":1.50 }' 'http://shop.test/cart?x=1'"
            .into()))
    );
}

#[test]
fn a_call_includes_the_time_to_open_its_connection() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tcp/simultaneous-open.pcap");
    let mut browser = TestBrowser::open(&[path]);
    // From frame 1 to the ACK in frame 5: `frame.time_relative` 0.200597.
    assert_eq!(browser.index.calls[0].connect, Some(200_597_000));
    assert_eq!(call(&mut browser, 0).counts, [5, 1, 2, 1, 0, 0]);
    // The handshake of a connection that began before the capture is unknown.
    let middle: Vec<_> = conversation().into_iter().skip(2).collect();
    let (_file, path) = written(&common::pcap(common::IPV4, &middle));
    let mut browser = TestBrowser::open(&[path]);
    assert_eq!(call(&mut browser, 0).counts, [0, 1, 1, 1, 0, 0]);
    // Frames 1 to 3 of the handshake of TCP, 4 to 8 of that of TLS, 9 with the request, 13 with the response.
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls/suites13.pcapng");
    assert_eq!(call(&mut TestBrowser::open(&[path]), 0).counts, [3, 1, 3, 1, 0, 5]);
}

#[test]
fn every_call_of_every_capture_has_the_messages_of_its_row() {
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        for place in 0..browser.index.calls.len().min(40) {
            let detail = call(&mut browser, place);
            let exchange = browser.index.calls[place].exchange.clone();
            // A connection whose content is not decrypted has no messages; an alert of TLS is none of HTTP.
            if matches!(exchange.protocol, "tls" | "quic") || exchange.status == "TLS alert" {
                continue;
            }
            // An incomplete message is reported at the end of the capture, in no frame.
            for (message, transfer) in [(&detail.request, exchange.request), (&detail.response, exchange.response)] {
                assert_eq!(message.is_some(), transfer.is_some(), "{name} call {place}: {exchange:?}");
            }
            if let Some(request) = detail.request.as_ref().filter(|_| exchange.protocol == "http") {
                let start = request.head.first().cloned().unwrap_or_default();
                assert!(start.starts_with(exchange.method.as_str()), "{name} call {place}: {start}");
            }
            if let (Some(response), Some(status)) = (&detail.response, exchange.code) {
                let start = response.head.first().cloned().unwrap_or_default();
                assert!(start.contains(&status.to_string()), "{name} call {place}: {start}");
            }
            for message in detail.request.iter().chain(&detail.response) {
                for line in message.head.iter().chain(&message.body).chain([&message.kind]) {
                    assert!(!line.contains(char::is_control), "{name} call {place}: {line:?}");
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared} calls");
}

/// Returns a part of the messages of a conversation.
fn messages(browser: &mut TestBrowser, conversation: ConversationId, at: StreamPosition) -> FollowWindow {
    let data = FollowedData { conversation, has_messages: true };
    match browser.request(BrowseRequest::Follow { data, at }) {
        BrowseEvent::Follow(window) => window,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_messages_of_a_conversation_in_datagrams_are_lines() {
    let mut browser = TestBrowser::open(&["fixtures/dns/udp.pcap".into()]);
    let window = messages(&mut browser, ConversationId::Udp(0), StreamPosition::Offset(0));
    let lines: Vec<(bool, u32, bool, &str)> = window
        .lines
        .iter()
        .map(|line| (line.from_client, line.frame, line.begins_message, line.text.as_str()))
        .collect();
    // tshark: frame 1 asks for the addresses of www.hx.test, and frame 2 has two, with a TTL of 300.
    let expected = [
        (true, 1, true, "Standard query 0x2fad A www.hx.test"),
        (true, 1, false, ";www.hx.test. IN A"),
        (true, 1, false, ""),
        (false, 2, true, "Standard query response 0x2fad A www.hx.test A 10.66.0.2 A 10.66.0.3"),
        (false, 2, false, ";www.hx.test. IN A"),
        (false, 2, false, "www.hx.test. 300 IN A 10.66.0.2"),
        (false, 2, false, "www.hx.test. 300 IN A 10.66.0.3"),
        (false, 2, false, ""),
    ];
    assert_eq!(lines, expected);
    assert!(!window.has_more && window.range == (0..8));
}

#[test]
fn many_messages_are_followed_in_parts() {
    const COUNT: u64 = 200;
    let padding = "x".repeat(10_000);
    let request = |nth: u64| (true, format!("GET /{nth} HTTP/1.1\r\nHost: h\r\nX: {padding}\r\n\r\n").into_bytes());
    let requests: Vec<(bool, Vec<u8>)> = (0..COUNT).map(request).collect();
    let (_file, path) = written(&common::http2_frames::conversation(&requests));
    let mut browser = TestBrowser::open(&[path]);
    // A request has three lines, and an empty one.
    let (all, id) = (4 * COUNT, ConversationId::Tcp(0));
    let middle = StreamPosition::Frame(100);
    for (at, is_first, is_last) in [
        (StreamPosition::Offset(0), true, false),
        (middle, false, false),
        (StreamPosition::Offset(u64::MAX), false, true),
    ] {
        let window = messages(&mut browser, id, at);
        let size: usize = window.lines.iter().map(|line| line.text.len()).sum();
        assert!((400_000..1_100_000).contains(&size), "{at:?}: {size} bytes");
        assert_eq!(
            (window.range.start == 0, window.range.end == all),
            (is_first, is_last),
            "{at:?}: {:?}",
            window.range
        );
        assert_eq!(window.has_more, !is_last, "{at:?}");
        for (line, offset) in window.lines.iter().zip(window.range.clone()) {
            assert_eq!((line.offset, line.begins_message), (offset, offset % 4 == 0));
            assert!(offset % 4 != 0 || line.text == format!("GET /{} HTTP/1.1", offset / 4), "{}", line.text);
        }
        assert_eq!(window.lines.len() as u64, window.range.end - window.range.start);
        if at == middle {
            // The message of frame 100 is in it, and is the 100th.
            assert_eq!(window.at, 4 * 99);
        }
    }
}

#[test]
fn the_lines_of_a_stream_equal_the_output_of_follow() {
    let (_file, mut browser) = browser();
    let lines = followed_lines(&mut browser, 0);
    let [sent, received]: [Vec<&FollowLine>; 2] =
        [true, false].map(|from_client| lines.iter().filter(|line| line.from_client == from_client).collect());
    assert!(sent.iter().all(|line| line.frame == 4) && received.iter().all(|line| line.frame == 6));
    assert_eq!(
        received.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(),
        ["HTTP/1.1 201 Created", "Content-Type: text/plain", "Content-Length: 4", "", "\\x1b[2J"]
    );
    assert_eq!((received[0].offset, received[1].offset), (REQUEST.len() as u64, REQUEST.len() as u64 + 22));
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/")) {
        let (_file, path) = written(&bytes);
        let Ok(_) = Capture::open([path.clone()]) else { continue };
        let mut browser = TestBrowser::open(&[path]);
        if browser.index.streams.is_empty()
            || !matches!(&browser.index.state, overhear::browse::LoadState::Complete(None))
        {
            continue;
        }
        let events = common::events(bytes, Task { follow: Some(ConversationId::Tcp(0)), ..Task::default() });
        let mut missing = 0;
        for side in [Side::Client, Side::Server] {
            missing += common::followed_bytes(&events, side).iter().filter(|byte| byte.is_none()).count();
        }
        let lines = followed_lines(&mut browser, 0);
        let gaps = lines.iter().map(|line| &line.text).filter(|line| line.ends_with(" bytes missing in capture]"));
        let reported: usize =
            gaps.map(|gap| gap[1..].split(' ').next().expect("a number").parse::<usize>().expect("a number")).sum();
        assert_eq!(reported, missing, "{name}");
    }
}

#[test]
fn every_byte_of_a_long_stream_is_in_a_part_of_bounded_size() {
    // 3,000 segments of 1,000 bytes: lines of 40 bytes, then one line of two-byte characters.
    let data: Vec<u8> = [format!("{:039}\n", 7).repeat(37_500), "é".repeat(750_000)].concat().into_bytes();
    let mut packets = vec![
        Segment { from_client: true, flags: SYN, seq: 0, ack: 0, data: Vec::new() }.packet(),
        Segment { from_client: false, flags: SYN | ACK, seq: 0, ack: 1, data: Vec::new() }.packet(),
    ];
    packets.extend(data.chunks(1000).zip(0u32..).map(|(part, nth)| {
        Segment { from_client: true, flags: ACK, seq: 1 + nth * 1000, ack: 1, data: part.to_vec() }.packet()
    }));
    let (_file, path) = written(&common::pcap(common::IPV4, &packets));
    let mut browser = TestBrowser::open(&[path]);
    let (mut text, mut window) = (String::new(), follow(&mut browser, 0, StreamPosition::Offset(0)));
    for _ in 0..20 {
        if text.len() == data.len() {
            break;
        }
        assert!(window.range.end - window.range.start <= 1 << 20, "{:?}", window.range);
        let next = text.len() as u64;
        assert!(window.range.contains(&next) && window.at == next, "{next}, {:?}", window.range);
        // The last line of a part may be incomplete.
        let complete = window.lines.len() - usize::from(window.has_more);
        for line in window.lines[..complete].iter().filter(|line| line.offset >= next) {
            text += &line.text;
            text += if line.offset < 1_500_000 { "\n" } else { "" };
        }
        window = follow(&mut browser, 0, StreamPosition::Offset(text.len() as u64));
    }
    assert!(text.as_bytes() == data && window.at == data.len() as u64 && !window.has_more);
    // Frame 2,003 is the segment from byte 2,000,000 on.
    let window = follow(&mut browser, 0, StreamPosition::Frame(2_003));
    assert!(window.at == 2_000_000 && window.range.contains(&1_600_000) && window.range.contains(&2_400_000));
}

/// Searches all frames.
fn find(browser: &mut TestBrowser, what: Needle, place: SearchTarget, from: u32, back: bool) -> Option<u32> {
    match browser.request(BrowseRequest::Find {
        needle: what,
        target: place,
        from,
        backward: back,
        frames: None,
        id: 1,
    }) {
        BrowseEvent::FindResult { id: 1, frame, .. } => frame,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_search_runs_forwards_and_backwards_and_wraps_around() {
    let (_file, mut browser) = browser();
    let text = |text: &str| Needle::Text(text.into());
    assert_eq!(find(&mut browser, text("created"), SearchTarget::Bytes, 1, false), Some(6));
    assert_eq!(find(&mut browser, text("created"), SearchTarget::Bytes, 6, false), Some(7));
    assert_eq!(find(&mut browser, text("created"), SearchTarget::Bytes, 7, false), Some(6));
    assert_eq!(find(&mut browser, text("created"), SearchTarget::Bytes, 6, true), Some(7));
    assert_eq!(find(&mut browser, text("[syn"), SearchTarget::Row, 2, false), Some(1));
    assert_eq!(find(&mut browser, text("[SYN"), SearchTarget::Row, 1, true), Some(2));
    assert_eq!(find(&mut browser, text("retransmission of"), SearchTarget::Tree, 1, false), None);
    assert_eq!(find(&mut browser, Needle::Regex("Status Code: 20[01]$".into()), SearchTarget::Tree, 1, false), Some(6));
    assert_eq!(find(&mut browser, Needle::Bytes(b"\x1b[2".to_vec()), SearchTarget::Bytes, 7, true), Some(6));
    let among = Some(Arc::new(vec![7, 9]));
    let request = BrowseRequest::Find {
        needle: text("201"),
        target: SearchTarget::Bytes,
        from: 1,
        backward: false,
        frames: among,
        id: 5,
    };
    match browser.request(request) {
        BrowseEvent::FindResult { id: 5, frame: Some(7), bytes: Some(range) } => {
            assert_eq!(&conversation()[6][range], b"201");
        }
        other => panic!("{other:?}"),
    }
    for wrong in [Needle::Regex("(".into()), Needle::Text(String::new())] {
        let request = BrowseRequest::Find {
            needle: wrong,
            target: SearchTarget::Row,
            from: 1,
            backward: false,
            frames: None,
            id: 2,
        };
        assert!(matches!(browser.request(request), BrowseEvent::RequestFailed { .. }));
    }
}

/// A frame: time, bytes, original length, link type and name of its interface, comments.
type Record = (i64, Vec<u8>, u32, u16, Option<String>, Vec<String>);

/// Returns the readable frames of a capture.
fn frames(path: PathBuf) -> Vec<Record> {
    let mut capture = Capture::open([path]).expect("a capture");
    let mut all = Vec::new();
    while let Ok(Some(frame)) = capture.next() {
        if frame.link == overhear::source::NOT_A_PACKET {
            continue;
        }
        let name = frame.interface.and_then(|interface| interface.name.clone());
        let comments = frame.options.comments().map(Into::into).collect();
        // A record cannot have a time before 1970.
        all.push((frame.time.0.max(0), frame.bytes.to_vec(), frame.length, frame.link, name, comments));
    }
    all
}

fn save(
    browser: &mut TestBrowser,
    path: &std::path::Path,
    frames: Option<Vec<u32>>,
    over: bool,
) -> Result<u64, String> {
    match browser.request(BrowseRequest::Save { path: path.to_owned(), frames: frames.map(Arc::new), overwrite: over })
    {
        BrowseEvent::SaveResult { result, .. } => result,
        BrowseEvent::FileExists { .. } => Err("exists".into()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_saved_capture_has_the_frames_that_were_read() {
    let folder = tempfile::tempdir().expect("disk space");
    let mut compared = 0;
    for (nth, (name, bytes)) in common::captures().into_iter().enumerate() {
        let (_file, path) = written(&bytes);
        if Capture::open([path.clone()]).is_err() {
            continue;
        }
        let mut browser = TestBrowser::open(std::slice::from_ref(&path));
        let saved = folder.path().join(format!("{nth}.pcapng"));
        let expected = frames(path);
        let count = save(&mut browser, &saved, None, false).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        let found = frames(saved);
        assert_eq!(count, found.len() as u64, "{name}");
        assert!(found.len() >= expected.len(), "{name}");
        assert_eq!(found[..expected.len()], expected, "{name}");
        compared += count;
    }
    assert!(compared > 1500, "{compared} frames");
}

#[test]
fn selected_frames_are_saved_and_a_file_is_overwritten_only_on_request() {
    let (_file, mut browser) = browser();
    let folder = tempfile::tempdir().expect("disk space");
    let path = folder.path().join("some.pcapng");
    assert_eq!(save(&mut browser, &path, Some(vec![2, 4, 99]), false), Ok(2));
    assert_eq!(frames(path.clone()).len(), 2);
    let refused = save(&mut browser, &path, None, false).expect_err("it is there");
    assert_eq!(refused, "exists");
    assert_eq!(frames(path.clone()).len(), 2);
    assert_eq!(save(&mut browser, &path, None, true), Ok(11));
    assert_eq!(frames(path.clone()).len(), 11);
    let nowhere = save(&mut browser, &folder.path().join("no/such.pcapng"), None, false).expect_err("no folder");
    assert!(nowhere.contains("no such directory"), "{nowhere}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
}
