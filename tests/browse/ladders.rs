//! The labels of each segment of a connection in a ladder.

use super::test_browser::{TestBrowser, written};
use crate::common::{self, ACK, FIN, PSH, SYN, Segment};
use dissectors::session::ConversationId;
use overhear::browse::{
    BrowseEvent, BrowseRequest, LadderRow, LadderWindow, MAX_LADDER_ROWS, SegmentKind, StreamPosition,
};
use std::path::Path;

fn part(browser: &mut TestBrowser, stream: u32, from: usize) -> LadderWindow {
    match browser.request(BrowseRequest::Ladder {
        conversation: ConversationId::Tcp(stream),
        at: StreamPosition::Offset(from as u64),
    }) {
        BrowseEvent::Ladder(ladder) => ladder,
        other => panic!("{other:?}"),
    }
}

/// The ladder of a fixture's first connection.
#[test]
fn the_datagrams_of_a_conversation_are_rows_with_their_messages() {
    let (_file, path) = written(include_bytes!("../../fixtures/dns/failures.pcap"));
    let mut browser = TestBrowser::open(&[path]);
    let at = StreamPosition::Offset(0);
    let BrowseEvent::Ladder(ladder) =
        browser.request(BrowseRequest::Ladder { conversation: ConversationId::Udp(1), at })
    else {
        panic!("no ladder")
    };
    let rows: Vec<_> = ladder.rows.iter().map(|row| (row.frame, row.from_client, row.kind, row.len)).collect();
    assert_eq!(rows, [(3, true, SegmentKind::Request, 56), (4, false, SegmentKind::Response, 72)]);
    assert!(ladder.rows.iter().all(|row| row.is_datagram && !row.is_anomalous));
    assert!(ladder.rows[1].label.contains("Server failure"), "{}", ladder.rows[1].label);
}

fn fixture(name: &str) -> LadderWindow {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    part(&mut TestBrowser::open(&[path]), 0, 0)
}

/// The ladder of a conversation: sender, flags, sequence and acknowledgment number, data.
fn conversation(rows: &[(bool, u8, u32, u32, &[u8])]) -> LadderWindow {
    let segment = |&(from_client, flags, seq, ack, data): &(bool, u8, u32, u32, &[u8])| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let packets: Vec<_> = rows.iter().map(segment).collect();
    let (_file, path) = written(&common::pcap(common::IPV4, &packets));
    part(&mut TestBrowser::open(&[path]), 0, 0)
}

impl LadderText for LadderWindow {
    fn text(&self, frame: u32) -> (SegmentKind, &str) {
        let row = self.rows.iter().find(|row| row.frame == frame).expect("a row");
        (row.kind, row.label.as_str())
    }
}

trait LadderText {
    /// Returns the kind and the label of a frame.
    fn text(&self, frame: u32) -> (SegmentKind, &str);
}

#[test]
fn segments_of_a_simultaneous_open_are_not_retransmissions() {
    let ladder = fixture("tcp/simultaneous-open.pcap");
    for frame in [1, 2, 3, 4, 5, 7] {
        assert_eq!(ladder.text(frame).0, SegmentKind::Handshake, "{frame}");
    }
    assert!(ladder.rows.iter().all(|row| !row.is_anomalous));
    assert_eq!(ladder.handshake.iter().map(|step| step.frame).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_repeated_syn_is_a_retransmission_of_the_handshake() {
    let ladder = fixture("tcp/syn-dropped.pcap");
    assert_eq!(ladder.text(1).0, SegmentKind::Handshake);
    for frame in 2..=4 {
        assert_eq!(ladder.text(frame), (SegmentKind::Retransmission, "retransmission of #1, handshake"));
    }
}

#[test]
fn a_retransmission_names_the_frame_that_carried_the_data_first() {
    assert_eq!(fixture("tcp/zero-window.pcap").text(15).1, "retransmission of #14");
    assert_eq!(fixture("tcp/loss-at-sender.pcap").text(79).1, "retransmission of #75");
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        for stream in 0..browser.index.streams.len().min(20) as u32 {
            let rows = part(&mut browser, stream, 0).rows;
            for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.kind == SegmentKind::Retransmission) {
                let end = |row: &LadderRow| {
                    let is_counted = row.flags.contains("SYN") || row.flags.contains("FIN");
                    row.seq.wrapping_add(row.len).wrapping_add(is_counted.into())
                };
                let covers = |other: &&LadderRow| {
                    let (from, at) = (other.seq, row.seq);
                    other.from_client == row.from_client && at.wrapping_sub(from) < end(other).wrapping_sub(from)
                };
                let first = rows[..place].iter().filter(|other| other.label.is_empty() || !other.label.contains("->"));
                let Some(first) = first.filter(covers).map(|first| first.frame).next() else { continue };
                assert!(row.label.contains(&format!(" of #{first}")), "{name} {}: {}", row.frame, row.label);
                compared += 1;
            }
        }
    }
    assert!(compared >= 10, "{compared} retransmissions");
}

#[test]
fn a_message_is_labeled_at_its_first_segment() {
    let ladder = fixture("http/early-answer.pcap");
    assert_eq!(ladder.text(4), (SegmentKind::Request, "POST /upload HTTP/1.1"));
    assert_eq!(ladder.text(6), (SegmentKind::Response, "HTTP/1.1 413 Content Too Large"));
    assert_eq!(ladder.text(9), (SegmentKind::Data, "request, continued"));
    assert_eq!(ladder.text(18), (SegmentKind::Data, "request, end"));
    let ladder = fixture("http/truncated-response.pcap");
    assert_eq!(ladder.text(6), (SegmentKind::Response, "HTTP/1.1 200 OK"));
    assert_eq!(ladder.text(8), (SegmentKind::Teardown, ""));
    let ladder = fixture("http/expect-100-continue.pcap");
    assert_eq!(ladder.text(4), (SegmentKind::Request, "POST /upload HTTP/1.1"));
    assert_eq!(ladder.text(6), (SegmentKind::Response, "HTTP/1.1 100 Continue"));
    assert_eq!(ladder.text(10), (SegmentKind::Data, "request, end"));
}

#[test]
fn messages_that_share_segments_are_each_labeled_at_their_first_segment() {
    let opening: [(bool, u8, u32, u32, &[u8]); 2] = [(true, SYN, 0, 0, b""), (false, SYN | ACK, 0, 1, b"")];
    let first = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT".as_slice();
    let second = b"TP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let responses = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".as_slice();
    let ack = (first.len() + second.len()) as u32 + 1;
    let rows = [
        (true, PSH | ACK, 1, 1, first),
        (true, PSH | ACK, 1 + first.len() as u32, 1, second),
        (false, PSH | ACK, 1, ack, responses),
        (false, PSH | ACK, 1 + responses.len() as u32, ack, b"HTTP/1.1 204 No Content\r\n\r\n".as_slice()),
    ];
    let ladder = conversation(&[&opening[..], &rows[..]].concat());
    assert_eq!(ladder.text(3), (SegmentKind::Request, "GET /1 HTTP/1.1; GET /2 HTTP/1.1"));
    assert_eq!(ladder.text(4), (SegmentKind::Request, "GET /3 HTTP/1.1"));
    assert_eq!(ladder.text(6), (SegmentKind::Response, "HTTP/1.1 204 No Content"));
}

#[test]
fn a_syn_may_carry_a_request() {
    let request = b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let next = request.len() as u32 + 1;
    let rows = [
        (true, SYN, 0, 0, request),
        (false, SYN | ACK, 0, next, b"".as_slice()),
        (true, ACK, next, 1, b"".as_slice()),
        (false, PSH | ACK, 1, next, b"HTTP/1.1 204 No Content\r\n\r\n".as_slice()),
    ];
    let ladder = conversation(&rows);
    assert_eq!(ladder.rows[0].note, "GET /fast HTTP/1.1");
    assert_eq!([1, 2, 3].map(|frame| ladder.text(frame).0), [SegmentKind::Handshake; 3]);
    assert_eq!(ladder.handshake.len(), 3);
}

#[test]
fn a_request_that_was_captured_after_its_acknowledgment_is_labeled() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let next = request.len() as u32 + 1;
    let rows = [
        (true, SYN, 0, 0, b"".as_slice()),
        (false, SYN | ACK, 0, 1, b"".as_slice()),
        (false, ACK, 1, next, b"".as_slice()),
        (true, PSH | ACK, 1, 1, request),
    ];
    let ladder = conversation(&rows);
    assert_eq!(ladder.text(4), (SegmentKind::Request, "GET / HTTP/1.1"));
    assert_eq!(ladder.rows[3].note, "spurious retransmission");
}

#[test]
fn a_fin_after_a_gap_is_a_teardown_with_a_note() {
    let ladder = conversation(&[(true, ACK, 1, 1, b""), (true, FIN | ACK, 100, 1, b"")]);
    assert_eq!(ladder.text(2), (SegmentKind::Teardown, ""));
    assert_eq!(ladder.rows[1].note, "previous segment not captured");
}

#[test]
fn only_what_follows_a_syn_is_a_handshake() {
    let rows: [(bool, u8, u32, u32, &[u8]); 3] =
        [(true, ACK, 1000, 5000, b""), (false, PSH | ACK, 5000, 1000, b"data"), (true, ACK, 1000, 5004, b"")];
    let ladder = conversation(&rows);
    assert!(ladder.rows.iter().all(|row| row.kind != SegmentKind::Handshake) && ladder.handshake.is_empty());
    let ladder = fixture("tcp/one-side.pcap");
    assert_eq!((ladder.text(1).0, ladder.text(2).0), (SegmentKind::Handshake, SegmentKind::Acknowledgment));
    assert_eq!(ladder.handshake.len(), 1);
}

#[test]
fn a_segment_with_only_a_chat_note_has_no_mark() {
    // The server's window grows without new acknowledgments: `tcp.analysis.window_update` is a chat.
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/")) {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        for stream in 0..browser.index.streams.len() as u32 {
            for row in part(&mut browser, stream, 0).rows {
                assert!(!(row.is_anomalous && row.label == "window update"), "{name} {}", row.frame);
                assert!(row.is_anomalous || row.kind != SegmentKind::Anomaly, "{name} {}", row.frame);
            }
        }
    }
}

#[test]
fn a_long_ladder_is_loaded_in_windows_to_its_end() {
    let count = MAX_LADDER_ROWS as u32 + 5_000;
    let mut rows: Vec<(bool, u8, u32, u32, &[u8])> = vec![
        (true, SYN, 0, 0, b""),
        (false, SYN | ACK, 0, 1, b""),
        (true, ACK, 1, 1, b""),
        (true, PSH | ACK, 1, 1, b"GET / HTTP/1.1\r\n\r\n"),
        (false, PSH | ACK, 1, 19, b"HTTP/1.1 200 OK\r\n\r\n"),
    ];
    rows.extend((0..count).map(|nth| (false, ACK, 20 + nth, 19, b"x".as_slice())));
    // A retransmission of the first of them, although it has arrived.
    rows.push((true, ACK, 19, 20 + count, b""));
    rows.push((false, ACK, 20, 19, b"x"));
    rows.push((false, FIN | ACK, 20 + count, 19, b""));
    let packets: Vec<_> = rows
        .iter()
        .map(|&(from_client, flags, seq, ack, data)| {
            Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
        })
        .collect();
    let (_file, path) = written(&common::pcap(common::IPV4, &packets));
    let mut browser = TestBrowser::open(&[path]);
    let total = rows.len();
    let numbers = |ladder: &LadderWindow| ladder.rows.iter().map(|row| row.frame as usize).collect::<Vec<_>>();
    // Once in an order that can reuse earlier windows, and once in an order that cannot.
    for from in [0, 3_000, usize::MAX, 4_000, 0] {
        let ladder = part(&mut browser, 0, from);
        let from = from.min(total - MAX_LADDER_ROWS);
        assert_eq!((ladder.from, ladder.total), (from, total));
        assert_eq!(numbers(&ladder), (from + 1..=from + MAX_LADDER_ROWS).collect::<Vec<_>>());
        assert_eq!(ladder.handshake.len(), 3);
        if from > 4_000 {
            assert_eq!(ladder.text(total as u32).0, SegmentKind::Teardown);
            assert_eq!(ladder.text(total as u32 - 1).1, "spurious retransmission of #6");
        }
        if from == 0 {
            assert_eq!(ladder.text(5), (SegmentKind::Response, "HTTP/1.1 200 OK"));
        }
    }
    assert_eq!(browser.index.streams[0].fins, [None, Some(total as u32)]);
}
