//! Pairs of HTTP requests and responses in captures that miss segments, or have them in another order than they were sent.

use crate::common;

use common::{ACK, FIN, IPV4, RST, SYN, Segment, events, pcap, print_fields};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::call_matcher::CallMatcher;
use overhear::filter::Filter;
use overhear::source::Capture;
use std::sync::Arc;

const CLIENT: bool = true;
const SERVER: bool = false;

/// Segments of the handshake, before the messages.
const HANDSHAKE: [usize; 3] = [0, 1, 2];

/// Returns the segments of a connection in the order in which they were sent: the handshake, one for each message, and
/// the end. Each acknowledges all that was sent before.
fn connection(messages: &[(bool, &str)]) -> Vec<Segment> {
    let mut next = [1000_u32, 5000];
    let mut segment = |from_client: bool, flags: u8, data: &str| {
        let (own, other) = (usize::from(!from_client), usize::from(from_client));
        let (seq, ack) = (next[own], if flags == SYN { 0 } else { next[other] });
        next[own] += data.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        Segment { from_client, flags, seq, ack, data: data.as_bytes().to_vec() }
    };
    let mut segments = vec![segment(CLIENT, SYN, ""), segment(SERVER, SYN | ACK, ""), segment(CLIENT, ACK, "")];
    segments.extend(messages.iter().map(|&(from_client, data)| segment(from_client, ACK, data)));
    segments.extend([segment(CLIENT, FIN | ACK, ""), segment(SERVER, FIN | ACK, "")]);
    segments
}

/// Returns the calls of a capture that has these of the messages, in this order: `GET /0 200`, with `-` for what is
/// missing.
fn calls(messages: &[(bool, &str)], order: &[usize]) -> Vec<String> {
    let segments = connection(messages);
    let end = [segments.len() - 2, segments.len() - 1];
    let order = HANDSHAKE.into_iter().chain(order.iter().map(|nth| HANDSHAKE.len() + nth)).chain(end);
    calls_of(order.map(|nth| segments[nth].packet()).collect())
}

fn calls_of(packets: Vec<Vec<u8>>) -> Vec<String> {
    let rows = events(pcap(IPV4, &packets), Task { exchanges: true, ..Task::default() });
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter_map(|event| if let Event::Call(call) = event { Some(call.exchange) } else { None })
        .map(|exchange| {
            let or_dash = |text: &str| String::from(if text.is_empty() { "-" } else { text });
            let request = format!("{} {}", exchange.method, exchange.target);
            (exchange.id, format!("{} {}", or_dash(request.trim()), or_dash(&exchange.status)))
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

const GET: [&str; 4] = [
    "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
];
const RESPONSE: [&str; 4] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n000",
    "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n11111",
    "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 203 Other\r\nContent-Length: 1\r\n\r\n3",
];

/// One request at a time.
const IN_TURN: [(bool, &str); 8] = [
    (CLIENT, GET[0]),
    (SERVER, RESPONSE[0]),
    (CLIENT, GET[1]),
    (SERVER, RESPONSE[1]),
    (CLIENT, GET[2]),
    (SERVER, RESPONSE[2]),
    (CLIENT, GET[3]),
    (SERVER, RESPONSE[3]),
];

/// All requests before the first response.
const PIPELINED: [(bool, &str); 8] = [
    (CLIENT, GET[0]),
    (CLIENT, GET[1]),
    (CLIENT, GET[2]),
    (CLIENT, GET[3]),
    (SERVER, RESPONSE[0]),
    (SERVER, RESPONSE[1]),
    (SERVER, RESPONSE[2]),
    (SERVER, RESPONSE[3]),
];

const ALL: [&str; 4] = ["GET /0 200", "GET /1 201", "GET /2 202", "GET /3 203"];

#[test]
fn the_order_of_the_two_directions_does_not_change_the_pairs() {
    let orders: [&[usize]; 8] = [
        &[0, 1, 2, 3, 4, 5, 6, 7],
        &[1, 0, 2, 3, 4, 5, 6, 7],
        &[0, 1, 2, 3, 5, 4, 6, 7],
        &[1, 0, 3, 2, 5, 4, 7, 6],
        &[0, 1, 3, 5, 2, 4, 6, 7],
        &[1, 3, 0, 5, 2, 4, 7, 6],
        // One direction after the other.
        &[1, 3, 5, 7, 0, 2, 4, 6],
        &[0, 2, 4, 6, 1, 3, 5, 7],
    ];
    for order in orders {
        assert_eq!(calls(&IN_TURN, order), ALL, "{order:?}");
    }
    let orders: [&[usize]; 5] = [
        &[0, 1, 2, 3, 4, 5, 6, 7],
        &[4, 0, 1, 2, 3, 5, 6, 7],
        &[0, 4, 1, 5, 2, 6, 3, 7],
        &[0, 4, 5, 1, 2, 6, 7, 3],
        &[4, 5, 6, 7, 0, 1, 2, 3],
    ];
    for order in orders {
        assert_eq!(calls(&PIPELINED, order), ALL, "pipelined {order:?}");
    }
}

#[test]
fn a_response_that_was_not_captured_does_not_shift_the_pairs() {
    let lost = |lost: &[usize]| (0..8).filter(|nth| !lost.contains(nth)).collect::<Vec<_>>();
    let cases: [(&[usize], [&str; 4]); 5] = [
        (&[1], ["GET /0 -", "GET /1 201", "GET /2 202", "GET /3 203"]),
        (&[3], ["GET /0 200", "GET /1 -", "GET /2 202", "GET /3 203"]),
        (&[1, 3], ["GET /0 -", "GET /1 -", "GET /2 202", "GET /3 203"]),
        (&[1, 3, 5], ["GET /0 -", "GET /1 -", "GET /2 -", "GET /3 203"]),
        (&[1, 7], ["GET /0 -", "GET /1 201", "GET /2 202", "GET /3 -"]),
    ];
    for (missing, expected) in cases {
        assert_eq!(calls(&IN_TURN, &lost(missing)), expected, "without {missing:?}");
    }
    assert_eq!(calls(&PIPELINED, &lost(&[4])), ["GET /0 -", "GET /1 201", "GET /2 202", "GET /3 203"]);
    assert_eq!(calls(&PIPELINED, &lost(&[6])), ["GET /0 200", "GET /1 201", "GET /2 -", "GET /3 203"]);
    // The first response is lost, and the directions are captured one after the other.
    assert_eq!(calls(&IN_TURN, &[0, 2, 4, 6, 3, 5, 7]), ["GET /0 -", "GET /1 201", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_gap_with_several_pipelined_responses_leaves_those_that_are_uncertain_alone() {
    // The server's bytes are cut after each of these; the second part is not captured.
    let rows = |responses: [&str; 4], ends: [usize; 2]| {
        let (requests, all) = (&PIPELINED[..4], responses.concat());
        let [first, second] = ends;
        let parts = [&all[..first], &all[first..second], &all[second..]].map(|part| (SERVER, part));
        let talk = [requests, &parts].concat();
        let lost = requests.len() + 1;
        let mut found = calls(&talk, &(0..talk.len()).filter(|&nth| nth != lost).collect::<Vec<_>>());
        found.sort();
        found
    };
    let end = |nth: usize| RESPONSE[..=nth].concat().len();
    let first = |rest: &[&'static str]| [&["GET /0 200"], rest].concat();
    // The end of the first response, and the second: 49 bytes cannot have two responses.
    let found = rows(RESPONSE, [end(0) - 1, end(1)]);
    assert_eq!(found, ALL.map(|row| if row == ALL[1] { "GET /1 -" } else { row }));
    // The end of the first, the second, and the beginning of the third: the fourth may be to any of the requests.
    let found = rows(RESPONSE, [end(0) - 1, end(1) + 20]);
    assert_eq!(found, [&["- 203"], &first(&["GET /1 -", "GET /2 -", "GET /3 -"])[..]].concat());
    // The second alone, but two would fit; the last response is to the last request.
    let long = "HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n11111111111111111111";
    let found = rows([RESPONSE[0], long, RESPONSE[2], RESPONSE[3]], [end(0), end(0) + long.len()]);
    assert_eq!(found, [&["- 202"], &first(&["GET /1 -", "GET /2 -", "GET /3 203"])[..]].concat());
    // The second and the third.
    let found = rows(RESPONSE, [end(0), end(2)]);
    assert_eq!(found, [&["- 203"], &first(&["GET /1 -", "GET /2 -", "GET /3 -"])[..]].concat());
}

#[test]
fn acknowledgments_decide_which_pipelined_responses_are_in_a_gap() {
    // Two requests, the first response, and two more requests, of which the client sends the first after it has received
    // the second response.
    let talk = [
        PIPELINED[0],
        PIPELINED[1],
        PIPELINED[4],
        PIPELINED[5],
        PIPELINED[2],
        PIPELINED[3],
        PIPELINED[6],
        PIPELINED[7],
    ];
    assert_eq!(calls(&talk, &[0, 1, 2, 4, 5, 6, 7]), ["GET /0 200", "GET /1 -", "GET /2 202", "GET /3 203"]);
    // The server has not received the last request when it sends the third response.
    let talk = [
        PIPELINED[0],
        PIPELINED[1],
        PIPELINED[2],
        PIPELINED[4],
        PIPELINED[5],
        PIPELINED[6],
        PIPELINED[3],
        PIPELINED[7],
    ];
    let found = calls(&talk, &[0, 1, 2, 5, 6, 7]);
    assert_eq!(found, ["GET /0 -", "GET /1 -", "GET /2 -", "- 202", "GET /3 203"]);
    assert_eq!(calls(&talk, &[0, 1, 2, 3, 5, 6, 7]), ["GET /0 200", "GET /1 -", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_request_that_was_not_captured_leaves_its_response_alone() {
    let mut found = calls(&IN_TURN, &[0, 1, 3, 4, 5, 6, 7]);
    found.sort();
    assert_eq!(found, ["- 201", "GET /0 200", "GET /2 202", "GET /3 203"]);
    let mut found = calls(&IN_TURN, &[0, 4, 6, 1, 3, 5, 7]);
    found.sort();
    assert_eq!(found, ["- 201", "GET /0 200", "GET /2 202", "GET /3 203"]);
    // The response before it is lost, too.
    let mut found = calls(&IN_TURN, &[0, 3, 4, 5, 6, 7]);
    found.sort();
    assert_eq!(found, ["- 201", "GET /0 -", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_request_and_the_response_before_it_that_were_not_captured_leave_the_next_response_alone() {
    // The capture ends before a gap of the client is certain.
    let mut found = calls(&IN_TURN, &[0, 3]);
    found.sort();
    assert_eq!(found, ["- 201", "GET /0 -"]);
}

#[test]
fn a_gap_that_begins_within_a_request_may_have_another_one() {
    let [(begin, end), (next, rest)] = [GET[0], GET[3]].map(|request| request.split_at(20));
    let talk = [
        (CLIENT, begin),
        (CLIENT, end),
        (CLIENT, GET[1]),
        (SERVER, RESPONSE[0]),
        (CLIENT, GET[2]),
        (SERVER, RESPONSE[1]),
        (CLIENT, next),
        (SERVER, RESPONSE[2]),
        (CLIENT, rest),
        (SERVER, RESPONSE[3]),
    ];
    assert_eq!(calls(&talk, &[0, 3, 4, 6, 7, 8, 9]), ["GET /0 200", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_request_captured_long_after_its_response_does_not_shift_the_pairs() {
    // The client has acknowledged the response before its request is captured.
    let sorted = |talk: &[(bool, &str)], before: &[usize], after: &[usize]| {
        let segments = connection(talk);
        let packet = |nth: &usize| segments[HANDSHAKE.len() + nth].packet();
        let ack = Segment { data: Vec::new(), ..segments[HANDSHAKE.len() + before[before.len() - 1] + 1].clone() };
        let handshake = HANDSHAKE.map(|nth| segments[nth].packet());
        let all = handshake.into_iter().chain(before.iter().map(packet)).chain([ack.packet()]);
        let mut found = calls_of(all.chain(after.iter().map(packet)).collect());
        found.sort();
        found
    };
    let found = sorted(&IN_TURN, &[0, 1, 3], &[2, 4, 5, 6, 7]);
    assert_eq!(found, ["- 201", "GET /0 200", "GET /1 -", "GET /2 202", "GET /3 203"]);
    let talk = [&IN_TURN[..2], &[(CLIENT, GET[1]), (CLIENT, GET[2])], &PIPELINED[5..7], &IN_TURN[6..]].concat();
    let found = sorted(&talk, &[0, 1, 4, 5], &[2, 3, 6, 7]);
    assert_eq!(found, ["- 201", "- 202", "GET /0 200", "GET /1 -", "GET /2 -", "GET /3 203"]);
}

#[test]
fn the_end_of_a_body_after_a_gap_is_not_part_of_the_next_method() {
    let post = ["POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n", "PUT=ABC"];
    let talk = [&IN_TURN[..2], &[(CLIENT, post[0]), (CLIENT, post[1]), IN_TURN[3]], &IN_TURN[4..]].concat();
    let mut found = calls(&talk, &[0, 1, 3, 4, 5, 6, 7, 8]);
    found.sort();
    assert_eq!(found, ["- 201", "GET /0 200", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_capture_that_begins_with_a_response_leaves_it_without_a_request() {
    let segments = connection(&IN_TURN);
    let late = segments.iter().skip(HANDSHAKE.len() + 1).map(Segment::packet).collect();
    assert_eq!(calls_of(late), ["- 200", "GET /1 201", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_capture_that_begins_with_a_response_before_its_request_pairs_them() {
    let segments = connection(&IN_TURN);
    let late = |order: &[usize]| calls_of(order.iter().map(|nth| segments[HANDSHAKE.len() + nth].packet()).collect());
    assert_eq!(late(&[1, 0, 2, 3, 4, 5, 6, 7]), ALL);
    assert_eq!(late(&[1, 0, 3, 2, 5, 4, 7, 6]), ALL);
    assert_eq!(late(&[3, 2, 4, 5, 6, 7]), ["GET /1 201", "GET /2 202", "GET /3 203"]);
    assert_eq!(late(&[1]), ["- 200"]);
    // A keep-alive repeats the last byte of the request.
    let [mut probe, response] = [0, 1].map(|nth| segments[HANDSHAKE.len() + nth].clone());
    (probe.seq, probe.data) = (probe.seq + probe.data.len() as u32 - 1, vec![0]);
    let packets = [response, probe, segments[HANDSHAKE.len() + 2].clone(), segments[HANDSHAKE.len() + 3].clone()];
    assert_eq!(calls_of(packets.iter().map(Segment::packet).collect()), ["- 200", "GET /1 201"]);
}

#[test]
fn responses_of_a_capture_of_one_side_do_not_wait() {
    let segments = connection(&IN_TURN);
    let server: Vec<_> = segments.iter().filter(|segment| !segment.from_client).map(Segment::packet).collect();
    let codes = print_fields(&server, &["http.response.code"]);
    assert_eq!(codes, ["", "200", "201", "202", "203", ""]);
}

#[test]
fn a_response_waits_until_the_client_sends_from_behind_the_missing_request() {
    let mut segments = connection(&[(CLIENT, GET[0]), (SERVER, RESPONSE[0])]);
    let ack = Segment { flags: ACK, ..segments[5].clone() };
    segments.remove(3);
    segments.truncate(4);
    segments.extend(std::iter::repeat_n(ack, 6));
    let packets: Vec<_> = segments.iter().map(Segment::packet).collect();
    let codes = print_fields(&packets, &["http.response.code"]);
    assert_eq!(codes.iter().position(|code| code == "200"), Some(4), "{codes:?}");
}

#[test]
fn a_response_before_its_request_is_framed_and_handed_over_by_it() {
    let head = "HEAD /0 HTTP/1.1\r\nHost: a\r\n\r\n";
    let talk = [(CLIENT, head), (SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), IN_TURN[2], IN_TURN[3]];
    assert_eq!(calls(&talk, &[1, 0, 2, 3]), ["HEAD /0 200", "GET /1 201"]);
    let talk = [
        (CLIENT, "POST /0 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
        (SERVER, "HTTP/1.1 100 Continue\r\n\r\n"),
        (CLIENT, "ab"),
        (SERVER, RESPONSE[0]),
        IN_TURN[2],
        IN_TURN[3],
    ];
    for order in [&[1, 0, 2, 3, 4, 5][..], &[0, 1, 3, 2, 4, 5], &[1, 3, 0, 2, 5, 4], &[0, 2, 3, 4, 5]] {
        assert_eq!(calls(&talk, order), ["POST /0 200", "GET /1 201"], "{order:?}");
    }
    let talk = [
        (CLIENT, "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n"),
        (SERVER, "HTTP/1.1 200 OK\r\n\r\n"),
        IN_TURN[2],
        IN_TURN[3],
    ];
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 3, 2], [1, 0, 3, 2], [1, 3, 0, 2]] {
        assert_eq!(calls(&talk, &order), ["CONNECT b:80 200", "GET /1 201"], "{order:?}");
    }
}

#[test]
fn a_final_response_belongs_to_the_request_whose_head_is_not_complete() {
    let refusal = "HTTP/1.1 431 Too Large\r\nContent-Length: 3\r\n\r\nbig";
    let begun = "GET /0 HTTP/1.1\r\nHost: a\r\nCookie: aaaaaaaaa";
    assert_eq!(calls(&[(CLIENT, begun), (SERVER, refusal)], &[0, 1]), ["GET /0 431"]);
    let completed = [(CLIENT, begun), (SERVER, refusal), (CLIENT, "a\r\n\r\n"), IN_TURN[2], IN_TURN[3]];
    assert_eq!(calls(&completed, &[0, 1, 2, 3, 4]), ["GET /0 431", "GET /1 201"]);
    assert_eq!(calls(&completed, &[1, 0, 2, 3, 4]), ["GET /0 431", "GET /1 201"]);
    // The response to HEAD has no body.
    let head = "HEAD /0 HTTP/1.1\r\nHost: a\r\nCookie: aaaaaaaaa";
    let refusal = "HTTP/1.1 431 Too Large\r\nContent-Length: 3\r\n\r\n";
    let talk = [(CLIENT, head), (SERVER, refusal), (CLIENT, "a\r\n\r\n"), IN_TURN[2], IN_TURN[3]];
    assert_eq!(calls(&talk, &[0, 1, 2, 3, 4]), ["HEAD /0 431", "GET /1 201"]);
    // Not a response that was sent before the request arrived.
    let timeout = "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n";
    let talk = [IN_TURN[0], IN_TURN[1], (SERVER, timeout), (CLIENT, GET[1])];
    let mut found = calls(&talk, &[0, 1, 3, 2]);
    found.sort();
    assert_eq!(found, ["- 408", "GET /0 200", "GET /1 -"]);
}

#[test]
fn a_response_that_crosses_a_reset_of_the_client_belongs_to_its_request() {
    let segments = connection(&[IN_TURN[0], IN_TURN[1]]);
    let segment = |nth: usize| segments[nth].clone();
    let reset = |nth: usize, after: u32| {
        let Segment { from_client, seq, ack, .. } = segment(nth);
        Segment { from_client, flags: RST | ACK, seq: seq + after, ack, data: Vec::new() }
    };
    let abort = reset(3, GET[0].len() as u32);
    let rows = |last: &[Segment]| {
        let all = [[0, 1, 2, 3].map(segment).as_slice(), std::slice::from_ref(&abort), last].concat();
        calls_of(all.iter().map(Segment::packet).collect())
    };
    assert_eq!(rows(&[segment(4)]), ["GET /0 200"]);
    assert_eq!(rows(&[segment(4), abort.clone()]), ["GET /0 200"]);
    assert_eq!(rows(&[]), ["GET /0 -"]);
    assert_eq!(rows(&[reset(4, 0)]), ["GET /0 -"]);
}

#[test]
fn a_response_that_cannot_be_read_takes_its_place_in_the_order() {
    for unread in ["\x01\x02\x03\x04", "HTTP/x.y 200 OK\r\nContent-Length: 2\r\n\r\nok"] {
        let talk = [(CLIENT, GET[0]), (SERVER, unread), IN_TURN[2], IN_TURN[3]];
        assert_eq!(calls(&talk, &[0, 1, 2, 3]), ["GET /0 -", "GET /1 201"], "{unread}");
    }
    let mut talk = PIPELINED;
    talk[5].1 = "HTTP/x.y 201 Created\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(calls(&talk, &[0, 1, 2, 3, 4, 5, 6, 7]), ["GET /0 200", "GET /1 -", "GET /2 202", "GET /3 203"]);
}

#[test]
fn a_request_that_cannot_be_read_takes_its_place_in_the_order() {
    let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad";
    let sorted = |talk: &[(bool, &str)]| {
        let mut found = calls(talk, &(0..talk.len()).collect::<Vec<_>>());
        found.sort();
        found
    };
    for unread in ["\x01\x02\x03\x04\r\n\r\n", "g@t /x HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let pipelined = [(CLIENT, unread), (CLIENT, GET[1]), (SERVER, refusal), (SERVER, RESPONSE[1])];
        assert_eq!(sorted(&[&IN_TURN[..2], &pipelined].concat()), ["- 400", "GET /0 200", "GET /1 201"], "{unread}");
        let in_turn = [(CLIENT, unread), (SERVER, refusal), IN_TURN[2], IN_TURN[3]];
        assert_eq!(sorted(&[&IN_TURN[..2], &in_turn].concat()), ["- 400", "GET /0 200", "GET /1 201"], "{unread}");
    }
    // A server may read what resembles a request.
    let resembles = "g@t /x HTTP/1.1\r\nHost: a\r\n\r\n";
    let talk = [(CLIENT, resembles), IN_TURN[2], (SERVER, RESPONSE[2]), (SERVER, RESPONSE[1])];
    assert_eq!(sorted(&[&IN_TURN[..2], &talk].concat()), ["- 202", "GET /0 200", "GET /1 201"]);
    // Bytes that resemble no request, and have no response: what follows the body of a request, perhaps.
    let talk = [(CLIENT, "\x01\x02\x03\x04\r\n\r\n"), IN_TURN[2], IN_TURN[3]];
    assert_eq!(sorted(&[&IN_TURN[..2], &talk].concat()), ["GET /0 200", "GET /1 201"]);
}

#[test]
fn a_body_without_a_head_belongs_to_a_request_of_http_0_9() {
    let (simple, with_empty_line) = ((CLIENT, "GET /0\r\n"), (CLIENT, "GET /0\r\n\r\n"));
    for request in [simple, with_empty_line] {
        for body in ["<p>text\n", "word", "GETTING on\r\n", "\0\x01\x02"] {
            assert_eq!(calls(&[request, (SERVER, body)], &[0, 1]), ["GET /0 -"], "{body:?}");
            let (first, rest) = body.split_at(2);
            assert_eq!(calls(&[request, (SERVER, first), (SERVER, rest)], &[0, 1, 2]), ["GET /0 -"], "{body:?}");
        }
        // A server of later versions sends a head.
        assert_eq!(calls(&[request, (SERVER, RESPONSE[0])], &[0, 1]), ["GET /0 200"]);
    }
    // The request goes on: a line without a version may begin a head.
    assert_eq!(calls(&[simple, (CLIENT, "Host: a\r\n\r\n"), (SERVER, RESPONSE[0])], &[0, 1, 2]), ["GET /0 200"]);
    assert_eq!(calls(&[(CLIENT, GET[0]), (SERVER, "<p>text\n")], &[0, 1]), ["GET /0 -"], "no response");
}

#[test]
fn an_upgrade_is_read_although_its_response_was_captured_first() {
    let upgrade = "GET /0 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let talk = [(CLIENT, upgrade), (SERVER, switching), (SERVER, "\u{1}\u{2}hi"), (CLIENT, "\u{1}\u{2}ho")];
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [1, 2, 0, 3], [1, 0, 3, 2], [0, 1, 3, 2]] {
        assert_eq!(calls(&talk, &order), ["GET /0 101", "Text /0 -", "Text /0 -"], "{order:?}");
    }
}

#[test]
fn a_response_before_its_request_is_recorded_with_it_and_has_its_own_times() {
    let segments = connection(&IN_TURN);
    let order = [0, 1, 2, 4, 3, 5, 6];
    let packets: Vec<_> = order.map(|nth: usize| segments[nth].packet()).into();
    let fields = ["http.request.method", "http.response.code", "http.request_in", "http.response_in", "http.time"];
    let rows = print_fields(&packets, &fields);
    assert_eq!(rows[3], "||||");
    // The capture has one frame a millisecond, so the response is one millisecond older than the request.
    assert!(rows[4].contains("GET") && rows[4].contains("200") && rows[4].contains("-0.001"), "{rows:?}");
}

#[test]
fn a_call_that_times_out_is_matched_when_its_connection_is_dropped() {
    let segments = connection(&[(CLIENT, GET[0])]);
    let packets: Vec<_> = segments.iter().take(4).map(Segment::packet).collect();
    for (filter, expected) in [("http.request.uri == \"/0\"", 1), ("http.request.uri == \"/1\"", 0)] {
        let filter = Arc::new(Filter::new(filter).expect("a filter"));
        let task =
            Task { exchanges: true, ends: true, halves: true, owners: true, wants: filter.wants(), ..Task::default() };
        let mut matcher = CallMatcher::new(filter);
        let mut analyzer = Analyzer::new(task);
        let file = std::io::Cursor::new(pcap(IPV4, &packets));
        let mut capture = Capture::from_reader("test", file).expect("a capture");
        while let Some(frame) = capture.next().expect("a complete capture") {
            analyzer.dissect(&frame);
            matcher.add_frame(frame.number, &analyzer);
        }
        let mut matches = |analyzer: &mut Analyzer| {
            let calls = analyzer.events().filter(|event| matcher.matches_event(event));
            calls.count()
        };
        let last = 1_700_000_000_000_000_000;
        analyzer.age(last + 60_000_000_000);
        assert_eq!(matches(&mut analyzer), 0, "an idle connection is kept for more than two hours");
        analyzer.age(last + 8_000_000_000_000);
        assert_eq!(matches(&mut analyzer), expected);
    }
}

#[test]
fn the_request_after_a_header_of_the_proxy_protocol_is_read() {
    let line = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 80\r\n";
    let binary = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\0\0\x01\x0a\0\0\x02\x5c\x04\0\x50";
    let (request, response) = ("GET /0 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for header in [line, binary] {
        let joined = [header, request].concat();
        assert_eq!(calls(&[(CLIENT, &joined), (SERVER, response)], &[0, 1]), ["GET /0 200"], "{header:?}");
        let split = [(CLIENT, header), (CLIENT, request), (SERVER, response)];
        assert_eq!(calls(&split, &[0, 1, 2]), ["GET /0 200"], "{header:?}");
    }
}

#[test]
fn a_response_of_http_1_to_a_client_of_http_2_is_read() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let get = "\0\0\x12\x01\x05\0\0\0\x01\x02\x03GET\x04\x02/0\x01\x01h\x06\x04http";
    let response = "HTTP/1.1 505 No\r\nContent-Length: 0\r\n\r\n";
    let messages = [(CLIENT, &*[preface, get].concat()), (SERVER, response)];
    assert_eq!(calls(&messages, &[0, 1]), ["GET /0 -", "- 505"]);
}

#[test]
fn a_header_of_the_proxy_protocol_has_addresses_and_values() {
    // Version 2 with IPv4 over TCP, and the value 0x01 (ALPN).
    let binary = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\x0a\0\0\x01\x0a\0\0\x02\x5c\x04\0\x50\x01\0\x02h2";
    let line = "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n";
    let request = "GET /0 HTTP/1.1\r\nHost: h\r\n\r\n";
    let fields = "proxy.version proxy.v1.proto proxy.v2.cmd proxy.v2.addr_family proxy.src.ipv4 proxy.dst.ipv4 \
                  proxy.src.ipv6 proxy.dst.ipv6 proxy.srcport proxy.dstport proxy.v2.tlv.type proxy.v2.tlv.value \
                  http.request.uri";
    let fields: Vec<_> = fields.split_whitespace().collect();
    let expected = [
        (binary, "2||1|0x01|10.0.0.1|10.0.0.2|||23556|80|0x01|6832|/0"),
        (line, "1|TCP6|||||2001:db8::1|2001:db8::2|56324|443|||/0"),
    ];
    for (header, expected) in expected {
        let joined = [header, request].concat();
        let segments = connection(&[(CLIENT, &joined)]);
        let packets: Vec<_> = segments.iter().map(Segment::packet).collect();
        assert_eq!(print_fields(&packets, &fields)[3], expected, "{header:?}");
    }
}
