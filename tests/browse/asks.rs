//! Ladders, calls, what was said, what is found and what is saved.

use super::desk::{Desk, written};
use crate::common::{self, ACK, FIN, PSH, SYN, Segment};
use dissectors::session::ConversationId;
use dissectors::session::Side;
use overhear::analysis::Task;
use overhear::browse::{
    BrowseEvent, BrowseRequest, CallDetail, CallPhase, FollowBlock, LadderRow, Needle, SearchTarget, SegmentKind,
};
use overhear::source::Capture;
use std::path::PathBuf;
use std::sync::Arc;

const REQUEST: &[u8] = b"POST /cart?x=1 HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":1.50 }";
const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\n\x1b[2J";

/// A connection with one call, in which the answer is sent again.
fn conversation() -> Vec<Vec<u8>> {
    let (asked, answered) = (REQUEST.len() as u32, ANSWER.len() as u32);
    let rows: [(bool, u8, u32, u32, &[u8]); 11] = [
        (true, SYN, 999, 0, b""),
        (false, SYN | ACK, 4999, 1000, b""),
        (true, ACK, 1000, 5000, b""),
        (true, PSH | ACK, 1000, 5000, REQUEST),
        (false, ACK, 5000, 1000 + asked, b""),
        (false, PSH | ACK, 5000, 1000 + asked, ANSWER),
        (false, PSH | ACK, 5000, 1000 + asked, ANSWER),
        (true, ACK, 1000 + asked, 5000 + answered, b""),
        (true, FIN | ACK, 1000 + asked, 5000 + answered, b""),
        (false, FIN | ACK, 5000 + answered, 1001 + asked, b""),
        (true, ACK, 1001 + asked, 5001 + answered, b""),
    ];
    let segment = |&(from_client, flags, seq, ack, data): &(bool, u8, u32, u32, &[u8])| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    rows.iter().map(segment).collect()
}

fn desk() -> (tempfile::NamedTempFile, Desk) {
    let (file, path) = written(&common::pcap(common::IPV4, &conversation()));
    (file, Desk::open(&[path]))
}

fn ladder(desk: &mut Desk, stream: u32) -> Vec<LadderRow> {
    match desk.ask(BrowseRequest::Ladder { stream, from: 0 }) {
        BrowseEvent::Ladder(ladder) if ladder.rows.len() == ladder.total => ladder.rows,
        other => panic!("{other:?}"),
    }
}

fn call(desk: &mut Desk, call: usize) -> CallDetail {
    match desk.ask(BrowseRequest::Call(call)) {
        BrowseEvent::Call { detail: told, .. } => *told,
        other => panic!("{other:?}"),
    }
}

fn said(desk: &mut Desk, stream: u32) -> Vec<FollowBlock> {
    match desk.ask(BrowseRequest::Follow(stream)) {
        BrowseEvent::Follow { blocks: said, is_truncated: false, .. } => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ladder_tells_what_each_segment_is() {
    let (_file, mut desk) = desk();
    let rungs = ladder(&mut desk, 0);
    let meanings: Vec<SegmentKind> = rungs.iter().map(|rung| rung.kind).collect();
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
    let (asked, answered) = (REQUEST.len() as u32, ANSWER.len() as u32);
    let numbers =
        |rung: &LadderRow| (rung.frame, rung.from_client, rung.flags.as_str().to_owned(), rung.seq, rung.ack, rung.len);
    assert_eq!(numbers(&rungs[0]), (1, true, "SYN".into(), 0, None, 0));
    assert_eq!(numbers(&rungs[1]), (2, false, "SYN, ACK".into(), 0, Some(1), 0));
    assert_eq!(numbers(&rungs[3]), (4, true, "PSH, ACK".into(), 1, Some(1), asked));
    assert_eq!(numbers(&rungs[9]), (10, false, "FIN, ACK".into(), 1 + answered, Some(2 + asked), 0));
    assert!(rungs[3].label.starts_with("POST /cart?x=1 HTTP/1.1"), "{}", rungs[3].label);
    assert_eq!(rungs[6].label, "retransmission of #6");
    assert_eq!(rungs[5].time - rungs[4].time, 1_000_000);
}

#[test]
fn a_ladder_has_a_rung_for_each_frame_of_its_connection() {
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/")) {
        let (_file, path) = written(&bytes);
        let mut desk = Desk::open(&[path]);
        for stream in 0..desk.index.streams.len() as u32 {
            let frames: Vec<u32> = (1u32..)
                .zip(desk.index.frames.iter())
                .filter(|(_, fact)| fact.stream == stream)
                .map(|(number, _)| number)
                .collect();
            let rungs = ladder(&mut desk, stream);
            assert_eq!(rungs.iter().map(|rung| rung.frame).collect::<Vec<_>>(), frames, "{name} {stream}");
            let row = &desk.index.streams[stream as usize];
            let own = rungs.iter().filter(|rung| rung.from_client && rung.kind != SegmentKind::Anomaly).count() as u64;
            assert!(own <= row.side(Side::Client).frames, "{name} {stream}");
        }
    }
}

#[test]
fn a_call_tells_its_messages_and_its_frames() {
    let (_file, mut desk) = desk();
    let told = call(&mut desk, 0);
    let request = told.request.expect("a request");
    assert_eq!(request.head[0], "POST /cart?x=1 HTTP/1.1");
    assert_eq!(request.head[1], "Host: shop.test");
    assert_eq!(request.body, ["{", "  \"a\": 1.50", "}"]);
    assert_eq!((request.kind.as_str(), request.body_len), ("application/json", 11));
    assert_eq!(request.bytes, b"{\"a\":1.50 }");
    let response = told.response.expect("a response");
    assert_eq!(
        (response.head[0].as_str(), response.body.as_slice()),
        ("HTTP/1.1 201 Created", &["\\x1b[2J".to_owned()][..])
    );
    use CallPhase::{Connect, Download, Request, Wait};
    assert_eq!(told.frames, [(1, Connect), (2, Connect), (3, Connect), (4, Request), (5, Wait), (6, Download)]);
    assert_eq!(
        told.curl,
        Some(Ok("curl --header 'Content-Type: application/json' --header User-Agent: --header Accept: --data-raw \
             '{\"a\":1.50 }' 'http://shop.test/cart?x=1'"
            .into()))
    );
}

#[test]
fn a_call_counts_how_long_its_connection_took_to_open() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tcp/simultaneous-open.pcap");
    let mut desk = Desk::open(&[path]);
    // From frame 1 to the ACK in frame 5: `frame.time_relative` 0.200597.
    assert_eq!(desk.index.calls[0].connect, Some(200_597_000));
    assert_eq!(call(&mut desk, 0).counts, [5, 1, 2, 1]);
    // Of a connection that the capture begins in the middle of nothing was seen.
    let middle: Vec<_> = conversation().into_iter().skip(2).collect();
    let (_file, path) = written(&common::pcap(common::IPV4, &middle));
    let mut desk = Desk::open(&[path]);
    assert_eq!(call(&mut desk, 0).counts, [0, 1, 1, 1]);
}

#[test]
fn every_call_of_every_capture_has_the_messages_that_its_row_tells() {
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let (_file, path) = written(&bytes);
        let mut desk = Desk::open(&[path]);
        for place in 0..desk.index.calls.len().min(40) {
            let told = call(&mut desk, place);
            let exchange = desk.index.calls[place].exchange.clone();
            // What was never whole is told with the end of the capture, in no frame.
            for (message, transfer) in [(&told.request, exchange.request), (&told.response, exchange.response)] {
                assert_eq!(message.is_some(), transfer.is_some(), "{name} call {place}: {exchange:?}");
            }
            if let Some(request) = &told.request {
                let start = request.head.first().cloned().unwrap_or_default();
                assert!(start.starts_with(exchange.method.as_str()), "{name} call {place}: {start}");
            }
            if let (Some(response), Some(status)) = (&told.response, exchange.code) {
                let start = response.head.first().cloned().unwrap_or_default();
                assert!(start.contains(&status.to_string()), "{name} call {place}: {start}");
            }
            for message in told.request.iter().chain(&told.response) {
                for line in message.head.iter().chain(&message.body).chain([&message.kind]) {
                    assert!(!line.contains(char::is_control), "{name} call {place}: {line:?}");
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared} calls");
}

#[test]
fn what_was_said_is_what_follow_hands_out() {
    let (_file, mut desk) = desk();
    let turns = said(&mut desk, 0);
    assert_eq!(turns.iter().map(|turn| (turn.from_client, turn.frame)).collect::<Vec<_>>(), [(true, 4), (false, 6)]);
    assert_eq!(
        turns[1].lines,
        ["HTTP/1.1 201 Created", "Content-Type: text/plain", "Content-Length: 4", "", "\\x1b[2J"]
    );
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/")) {
        let (_file, path) = written(&bytes);
        let Ok(_) = Capture::open([path.clone()]) else { continue };
        let mut desk = Desk::open(&[path]);
        if desk.index.streams.is_empty() || !matches!(&desk.index.state, overhear::browse::LoadState::Complete(None)) {
            continue;
        }
        let events = common::events(bytes, Task { follow: Some(ConversationId::Tcp(0)), ..Task::default() });
        let mut missing = 0;
        for side in [Side::Client, Side::Server] {
            missing += common::followed_bytes(&events, side).iter().filter(|byte| byte.is_none()).count();
        }
        let turns = said(&mut desk, 0);
        let gaps =
            turns.iter().flat_map(|turn| &turn.lines).filter(|line| line.ends_with(" bytes missing in capture]"));
        let told: usize =
            gaps.map(|gap| gap[1..].split(' ').next().expect("a number").parse::<usize>().expect("a number")).sum();
        assert_eq!(told, missing, "{name}");
    }
}

/// Where something is found, asked of all frames.
fn find(desk: &mut Desk, what: Needle, place: SearchTarget, from: u32, back: bool) -> Option<u32> {
    match desk.ask(BrowseRequest::Find { needle: what, target: place, from, backward: back, frames: None, id: 1 }) {
        BrowseEvent::FindResult { id: 1, frame, .. } => frame,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_found_forwards_and_backwards_and_around_the_end() {
    let (_file, mut desk) = desk();
    let text = |text: &str| Needle::Text(text.into());
    assert_eq!(find(&mut desk, text("created"), SearchTarget::Bytes, 1, false), Some(6));
    assert_eq!(find(&mut desk, text("created"), SearchTarget::Bytes, 6, false), Some(7));
    assert_eq!(find(&mut desk, text("created"), SearchTarget::Bytes, 7, false), Some(6));
    assert_eq!(find(&mut desk, text("created"), SearchTarget::Bytes, 6, true), Some(7));
    assert_eq!(find(&mut desk, text("[syn"), SearchTarget::Row, 2, false), Some(1));
    assert_eq!(find(&mut desk, text("[SYN"), SearchTarget::Row, 1, true), Some(2));
    assert_eq!(find(&mut desk, text("retransmission of"), SearchTarget::Tree, 1, false), None);
    assert_eq!(find(&mut desk, Needle::Regex("Status Code: 20[01]$".into()), SearchTarget::Tree, 1, false), Some(6));
    assert_eq!(find(&mut desk, Needle::Bytes(b"\x1b[2".to_vec()), SearchTarget::Bytes, 7, true), Some(6));
    let among = Some(Arc::new(vec![7, 9]));
    let ask = BrowseRequest::Find {
        needle: text("201"),
        target: SearchTarget::Bytes,
        from: 1,
        backward: false,
        frames: among,
        id: 5,
    };
    match desk.ask(ask) {
        BrowseEvent::FindResult { id: 5, frame: Some(7), bytes: Some(range) } => {
            assert_eq!(&conversation()[6][range], b"201");
        }
        other => panic!("{other:?}"),
    }
    for wrong in [Needle::Regex("(".into()), Needle::Text(String::new())] {
        let ask = BrowseRequest::Find {
            needle: wrong,
            target: SearchTarget::Row,
            from: 1,
            backward: false,
            frames: None,
            id: 2,
        };
        assert!(matches!(desk.ask(ask), BrowseEvent::RequestFailed { .. }));
    }
}

/// A frame: its time, its bytes, how many there were, its interface's link and name, and its comments.
type Record = (i64, Vec<u8>, u32, u16, Option<String>, Vec<String>);

/// What can be read of a capture.
fn frames(path: PathBuf) -> Vec<Record> {
    let mut capture = Capture::open([path]).expect("a capture");
    let mut all = Vec::new();
    while let Ok(Some(frame)) = capture.next() {
        if frame.link == overhear::source::NOT_A_PACKET {
            continue;
        }
        let name = frame.interface.and_then(|interface| interface.name.clone());
        let comments = frame.options.comments().map(Into::into).collect();
        // A record cannot say that it is before 1970.
        all.push((frame.time.0.max(0), frame.bytes.to_vec(), frame.length, frame.link, name, comments));
    }
    all
}

fn save(desk: &mut Desk, path: &std::path::Path, frames: Option<Vec<u32>>, over: bool) -> Result<u64, String> {
    match desk.ask(BrowseRequest::Save { path: path.to_owned(), frames: frames.map(Arc::new), overwrite: over }) {
        BrowseEvent::SaveResult { result, .. } => result,
        BrowseEvent::FileExists { .. } => Err("exists".into()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_saved_is_what_was_read() {
    let folder = tempfile::tempdir().expect("room");
    let mut compared = 0;
    for (nth, (name, bytes)) in common::captures().into_iter().enumerate() {
        let (_file, path) = written(&bytes);
        if Capture::open([path.clone()]).is_err() {
            continue;
        }
        let mut desk = Desk::open(std::slice::from_ref(&path));
        let saved = folder.path().join(format!("{nth}.pcapng"));
        let expected = frames(path);
        let count = save(&mut desk, &saved, None, false).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        let found = frames(saved);
        assert_eq!(count, found.len() as u64, "{name}");
        assert!(found.len() >= expected.len(), "{name}");
        assert_eq!(found[..expected.len()], expected, "{name}");
        compared += count;
    }
    assert!(compared > 1500, "{compared} frames");
}

#[test]
fn some_frames_are_saved_and_a_file_that_is_there_only_if_that_is_meant() {
    let (_file, mut desk) = desk();
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("some.pcapng");
    assert_eq!(save(&mut desk, &path, Some(vec![2, 4, 99]), false), Ok(2));
    assert_eq!(frames(path.clone()).len(), 2);
    let refused = save(&mut desk, &path, None, false).expect_err("it is there");
    assert_eq!(refused, "exists");
    assert_eq!(frames(path.clone()).len(), 2);
    assert_eq!(save(&mut desk, &path, None, true), Ok(11));
    assert_eq!(frames(path.clone()).len(), 11);
    let nowhere = save(&mut desk, &folder.path().join("no/such.pcapng"), None, false).expect_err("no folder");
    assert!(nowhere.contains("no such directory"), "{nowhere}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
}
