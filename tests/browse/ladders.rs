//! What a ladder says of each segment of a connection.

use super::desk::{Desk, written};
use crate::common::{self, ACK, FIN, PSH, SYN, Segment};
use overhear::browse::{BrowseEvent, BrowseRequest, LadderRow, LadderWindow, MAX_LADDER_ROWS, SegmentKind};
use std::path::Path;

fn part(desk: &mut Desk, stream: u32, from: usize) -> LadderWindow {
    match desk.ask(BrowseRequest::Ladder { stream, from }) {
        BrowseEvent::Ladder(ladder) => ladder,
        other => panic!("{other:?}"),
    }
}

/// The rungs of a fixture's first connection.
fn fixture(name: &str) -> LadderWindow {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    part(&mut Desk::open(&[path]), 0, 0)
}

/// The rungs of a conversation: who speaks, flags, sequence and acknowledgment number, data.
fn talk(rows: &[(bool, u8, u32, u32, &[u8])]) -> LadderWindow {
    let segment = |&(from_client, flags, seq, ack, data): &(bool, u8, u32, u32, &[u8])| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let packets: Vec<_> = rows.iter().map(segment).collect();
    let (_file, path) = written(&common::pcap(common::IPV4, &packets));
    part(&mut Desk::open(&[path]), 0, 0)
}

impl Said for LadderWindow {
    fn said(&self, frame: u32) -> (SegmentKind, &str) {
        let rung = self.rows.iter().find(|rung| rung.frame == frame).expect("a rung");
        (rung.kind, rung.label.as_str())
    }
}

trait Said {
    /// What a frame is and says.
    fn said(&self, frame: u32) -> (SegmentKind, &str);
}

#[test]
fn what_opens_a_connection_from_both_sides_is_no_retransmission() {
    let ladder = fixture("tcp/simultaneous-open.pcap");
    for frame in [1, 2, 3, 4, 5, 7] {
        assert_eq!(ladder.said(frame).0, SegmentKind::Handshake, "{frame}");
    }
    assert!(ladder.rows.iter().all(|rung| !rung.is_anomalous));
    assert_eq!(ladder.handshake.iter().map(|step| step.frame).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_syn_that_is_sent_again_is_both() {
    let ladder = fixture("tcp/syn-dropped.pcap");
    assert_eq!(ladder.said(1).0, SegmentKind::Handshake);
    for frame in 2..=4 {
        assert_eq!(ladder.said(frame), (SegmentKind::Retransmission, "retransmission of #1, handshake"));
    }
}

#[test]
fn what_is_sent_again_names_the_frame_that_carried_it_first() {
    assert_eq!(fixture("tcp/zero-window.pcap").said(15).1, "retransmission of #14");
    assert_eq!(fixture("tcp/loss-at-sender.pcap").said(79).1, "retransmission of #75");
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let (_file, path) = written(&bytes);
        let mut desk = Desk::open(&[path]);
        for stream in 0..desk.index.streams.len().min(20) as u32 {
            let rungs = part(&mut desk, stream, 0).rows;
            for (place, rung) in rungs.iter().enumerate().filter(|(_, rung)| rung.kind == SegmentKind::Retransmission) {
                let end = |rung: &LadderRow| {
                    let is_counted = rung.flags.contains("SYN") || rung.flags.contains("FIN");
                    rung.seq.wrapping_add(rung.len).wrapping_add(is_counted.into())
                };
                let covers = |other: &&LadderRow| {
                    let (from, at) = (other.seq, rung.seq);
                    other.from_client == rung.from_client && at.wrapping_sub(from) < end(other).wrapping_sub(from)
                };
                let first = rungs[..place].iter().filter(|other| other.label.is_empty() || !other.label.contains("->"));
                let Some(first) = first.filter(covers).map(|first| first.frame).next() else { continue };
                assert!(rung.label.contains(&format!(" of #{first}")), "{name} {}: {}", rung.frame, rung.label);
                compared += 1;
            }
        }
    }
    assert!(compared >= 10, "{compared} retransmissions");
}

#[test]
fn a_message_is_told_where_it_begins() {
    let ladder = fixture("http/early-answer.pcap");
    assert_eq!(ladder.said(4), (SegmentKind::Request, "POST /upload HTTP/1.1"));
    assert_eq!(ladder.said(6), (SegmentKind::Response, "HTTP/1.1 413 Content Too Large"));
    assert_eq!(ladder.said(9), (SegmentKind::Data, "request, continued"));
    assert_eq!(ladder.said(18), (SegmentKind::Data, "request, end"));
    let ladder = fixture("http/truncated-response.pcap");
    assert_eq!(ladder.said(6), (SegmentKind::Response, "HTTP/1.1 200 OK"));
    assert_eq!(ladder.said(8), (SegmentKind::Teardown, ""));
    let ladder = fixture("http/expect-100-continue.pcap");
    assert_eq!(ladder.said(4), (SegmentKind::Request, "POST /upload HTTP/1.1"));
    assert_eq!(ladder.said(6), (SegmentKind::Response, "HTTP/1.1 100 Continue"));
    assert_eq!(ladder.said(10), (SegmentKind::Data, "request, end"));
}

#[test]
fn messages_that_share_segments_are_told_where_each_begins() {
    let opening: [(bool, u8, u32, u32, &[u8]); 2] = [(true, SYN, 0, 0, b""), (false, SYN | ACK, 0, 1, b"")];
    let first = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT".as_slice();
    let second = b"TP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let answers = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".as_slice();
    let asked = (first.len() + second.len()) as u32 + 1;
    let rows = [
        (true, PSH | ACK, 1, 1, first),
        (true, PSH | ACK, 1 + first.len() as u32, 1, second),
        (false, PSH | ACK, 1, asked, answers),
        (false, PSH | ACK, 1 + answers.len() as u32, asked, b"HTTP/1.1 204 No Content\r\n\r\n".as_slice()),
    ];
    let ladder = talk(&[&opening[..], &rows[..]].concat());
    assert_eq!(ladder.said(3), (SegmentKind::Request, "GET /1 HTTP/1.1; GET /2 HTTP/1.1"));
    assert_eq!(ladder.said(4), (SegmentKind::Request, "GET /3 HTTP/1.1"));
    assert_eq!(ladder.said(6), (SegmentKind::Response, "HTTP/1.1 204 No Content"));
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
    let ladder = talk(&rows);
    assert_eq!(ladder.rows[0].note, "GET /fast HTTP/1.1");
    assert_eq!([1, 2, 3].map(|frame| ladder.said(frame).0), [SegmentKind::Handshake; 3]);
    assert_eq!(ladder.handshake.len(), 3);
}

#[test]
fn a_request_that_was_captured_after_its_acknowledgment_is_told() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let next = request.len() as u32 + 1;
    let rows = [
        (true, SYN, 0, 0, b"".as_slice()),
        (false, SYN | ACK, 0, 1, b"".as_slice()),
        (false, ACK, 1, next, b"".as_slice()),
        (true, PSH | ACK, 1, 1, request),
    ];
    let ladder = talk(&rows);
    assert_eq!(ladder.said(4), (SegmentKind::Request, "GET / HTTP/1.1"));
    assert_eq!(ladder.rows[3].note, "spurious retransmission");
}

#[test]
fn a_fin_after_what_was_not_captured_is_both() {
    let ladder = talk(&[(true, ACK, 1, 1, b""), (true, FIN | ACK, 100, 1, b"")]);
    assert_eq!(ladder.said(2), (SegmentKind::Teardown, ""));
    assert_eq!(ladder.rows[1].note, "previous segment not captured");
}

#[test]
fn only_what_follows_a_syn_is_a_handshake() {
    let rows: [(bool, u8, u32, u32, &[u8]); 3] =
        [(true, ACK, 1000, 5000, b""), (false, PSH | ACK, 5000, 1000, b"data"), (true, ACK, 1000, 5004, b"")];
    let ladder = talk(&rows);
    assert!(ladder.rows.iter().all(|rung| rung.kind != SegmentKind::Handshake) && ladder.handshake.is_empty());
    let ladder = fixture("tcp/one-side.pcap");
    assert_eq!((ladder.said(1).0, ladder.said(2).0), (SegmentKind::Handshake, SegmentKind::Acknowledgment));
    assert_eq!(ladder.handshake.len(), 1);
}

#[test]
fn what_is_only_remarked_has_no_mark() {
    // The server's window grows while it acknowledges the same: `tcp.analysis.window_update` is a chat.
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/")) {
        let (_file, path) = written(&bytes);
        let mut desk = Desk::open(&[path]);
        for stream in 0..desk.index.streams.len() as u32 {
            for rung in part(&mut desk, stream, 0).rows {
                assert!(!(rung.is_anomalous && rung.label == "window update"), "{name} {}", rung.frame);
                assert!(rung.is_anomalous || rung.kind != SegmentKind::Anomaly, "{name} {}", rung.frame);
            }
        }
    }
}

#[test]
fn a_long_ladder_is_told_in_parts_to_its_end() {
    let count = MAX_LADDER_ROWS as u32 + 5_000;
    let mut rows: Vec<(bool, u8, u32, u32, &[u8])> = vec![
        (true, SYN, 0, 0, b""),
        (false, SYN | ACK, 0, 1, b""),
        (true, ACK, 1, 1, b""),
        (true, PSH | ACK, 1, 1, b"GET / HTTP/1.1\r\n\r\n"),
        (false, PSH | ACK, 1, 19, b"HTTP/1.1 200 OK\r\n\r\n"),
    ];
    rows.extend((0..count).map(|nth| (false, ACK, 20 + nth, 19, b"x".as_slice())));
    // The first of them once more, though it has arrived.
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
    let mut desk = Desk::open(&[path]);
    let total = rows.len();
    let numbers = |ladder: &LadderWindow| ladder.rows.iter().map(|rung| rung.frame as usize).collect::<Vec<_>>();
    // In an order in which what was read is of use, and one in which it is not.
    for from in [0, 3_000, usize::MAX, 4_000, 0] {
        let ladder = part(&mut desk, 0, from);
        let from = from.min(total - MAX_LADDER_ROWS);
        assert_eq!((ladder.from, ladder.total), (from, total));
        assert_eq!(numbers(&ladder), (from + 1..=from + MAX_LADDER_ROWS).collect::<Vec<_>>());
        assert_eq!(ladder.handshake.len(), 3);
        if from > 4_000 {
            assert_eq!(ladder.said(total as u32).0, SegmentKind::Teardown);
            assert_eq!(ladder.said(total as u32 - 1).1, "spurious retransmission of #6");
        }
        if from == 0 {
            assert_eq!(ladder.said(5), (SegmentKind::Response, "HTTP/1.1 200 OK"));
        }
    }
    assert_eq!(desk.index.streams[0].fins, [None, Some(total as u32)]);
}
