//! Opening, closing and states of connections in the terms of RFC 9293: written conversations and expected rows.

use crate::common;

use common::{ACK, FIN, IPV4, PSH, RST, SYN, Segment, events, pcap};
use dissectors::exchange::Outcome;
use dissectors::session::Side;
use overhear::analysis::{Event, Task};
use overhear::capture::{CloseKind, OpenKind, SideState, Stream};

/// Segments, one per line: `>` from the client or `<` from the server, flags as letters, then the numbers of the first
/// byte and of the acknowledgment, counted from the SYN, then the number of bytes, and the window.
fn row(talk: &str) -> Stream {
    let packets: Vec<_> = talk.lines().map(str::trim).filter(|line| !line.is_empty()).map(packet).collect();
    let task = Task { streams: true, ..Task::default() };
    let mut rows = events(pcap(IPV4, &packets), task).into_iter().filter_map(|event| match event {
        Event::Stream(stream) => Some(*stream),
        _ => None,
    });
    let row = rows.next().expect("a connection");
    assert!(rows.next().is_none(), "one connection only");
    row
}

pub(crate) fn packet(line: &str) -> Vec<u8> {
    let mut words = line.split_whitespace();
    let from_client = words.next() == Some(">");
    let letter = |letter| match letter {
        'S' => SYN,
        'F' => FIN,
        'R' => RST,
        'P' => PSH,
        'A' => ACK,
        _ => 0,
    };
    let flags = words.next().expect("flags").chars().map(letter).sum();
    let mut numbers = words.map(|word| word.parse::<u32>().expect("a number"));
    let [seq, ack, len] = [(); 3].map(|()| numbers.next().unwrap_or(0));
    let window = numbers.next().map(|window| window as u16);
    let base = |client: bool| if client { 7_000 } else { 4_294_967_000 };
    let mut packet = Segment {
        from_client,
        flags,
        seq: seq.wrapping_add(base(from_client)),
        ack: if flags & ACK == 0 { 0 } else { ack.wrapping_add(base(!from_client)) },
        data: vec![b'x'; len as usize],
    }
    .packet();
    if let Some(window) = window {
        packet[34..36].copy_from_slice(&window.to_be_bytes());
    }
    packet
}

/// (segments, opened, closed, the client's state, the server's, completeness)
type Row = (&'static str, OpenKind, CloseKind, SideState, SideState, u8);

const OPEN: &str = "> S 0
    < SA 0 1
    > A 1 1
    ";

fn check(rows: &[Row]) {
    for (talk, opened, closed, client, server, completeness) in rows {
        let row = row(talk);
        assert_eq!((row.opened, row.closed), (*opened, *closed), "{talk}");
        assert_eq!(row.states, [*client, *server], "{talk}");
        assert_eq!(row.completeness, *completeness, "{talk}");
    }
}

#[test]
fn a_connection_opens_in_three_steps() {
    check(&[
        ("> S 0", OpenKind::Unanswered, CloseKind::Open, SideState::SynSent, SideState::Listen, 1),
        ("> S 0\n> S 0", OpenKind::Unanswered, CloseKind::Open, SideState::SynSent, SideState::Listen, 1),
        ("> S 0\n< SA 0 1", OpenKind::HalfOpen, CloseKind::Open, SideState::Established, SideState::SynReceived, 3),
        (OPEN, OpenKind::ThreeWay, CloseKind::Open, SideState::Established, SideState::Established, 7),
        (
            "> S 0\n< RA 0 1",
            OpenKind::Refused,
            CloseKind::Reset(Side::Server),
            SideState::Closed,
            SideState::Closed,
            37,
        ),
        // The SYN-ACK was captured before the SYN, which then does not count (tshark 4.4).
        (
            "< SA 0 1\n> S 0\n> A 1 1",
            OpenKind::ThreeWay,
            CloseKind::Open,
            SideState::Established,
            SideState::Established,
            6,
        ),
    ]);
}

#[test]
fn a_connection_may_open_from_both_sides_or_before_the_capture() {
    check(&[
        (
            "> S 0\n< S 0\n> SA 0 1\n< SA 0 1\n> A 1 1",
            OpenKind::Simultaneous,
            CloseKind::Open,
            SideState::Established,
            SideState::Established,
            7,
        ),
        ("> PA 1 1 10", OpenKind::MidStream, CloseKind::Open, SideState::Established, SideState::Established, 8),
        ("< SA 0 1\n> A 1 1", OpenKind::MidStream, CloseKind::Open, SideState::Established, SideState::Established, 6),
    ]);
}

#[test]
fn a_connection_closes_from_either_side() {
    let talk = |rest: &str| -> &'static str { Box::leak(format!("{OPEN}{rest}").into_boxed_str()) };
    use SideState::{CloseWait, Closing, FinWait1, FinWait2, LastAck, TimeWait};
    let way = OpenKind::ThreeWay;
    check(&[
        (talk("> FA 1 1"), way, CloseKind::HalfClosed(Side::Client), FinWait1, CloseWait, 23),
        (talk("> FA 1 1\n< A 1 2"), way, CloseKind::HalfClosed(Side::Client), FinWait2, CloseWait, 23),
        (talk("> FA 1 1\n< A 1 2\n< FA 1 2"), way, CloseKind::Fin(Side::Client), TimeWait, LastAck, 23),
        (
            talk("> FA 1 1\n< A 1 2\n< FA 1 2\n> A 2 2"),
            way,
            CloseKind::Fin(Side::Client),
            TimeWait,
            SideState::Closed,
            23,
        ),
        (
            talk("< FA 1 1\n> A 1 2\n> FA 1 2\n< A 2 2"),
            way,
            CloseKind::Fin(Side::Server),
            SideState::Closed,
            TimeWait,
            23,
        ),
        // RFC 9293 3.6, figure 13: simultaneous close.
        (talk("> FA 1 1\n< FA 1 1"), way, CloseKind::Fin(Side::Client), Closing, Closing, 23),
        (talk("> FA 1 1\n< FA 1 1\n> A 2 2\n< A 2 2"), way, CloseKind::Fin(Side::Client), TimeWait, TimeWait, 23),
        (talk("< R 1"), way, CloseKind::Reset(Side::Server), SideState::Closed, SideState::Closed, 39),
        (talk("> FA 1 1\n< R 1"), way, CloseKind::Reset(Side::Server), SideState::Closed, SideState::Closed, 55),
    ]);
}

#[test]
fn the_bytes_of_each_side_are_counted_and_missing_ones_reported() {
    let row = row(&format!(
        "{OPEN}> PA 1 1 100
        < A 1 101
        < PA 1 101 50
        < PA 101 101 50
        > A 101 151
        > A 101 151
        > A 101 151
        > A 101 151
        > PA 1 151 100"
    ));
    let (client, server) = (row.side(Side::Client), row.side(Side::Server));
    assert_eq!((client.frames, client.bytes, client.missing), (8, 200, 0));
    assert_eq!((server.frames, server.bytes, server.missing), (4, 100, 50));
    assert_eq!((client.retransmissions, server.retransmissions), (1, 0));
    assert_eq!(row.initial_rtt, Some(2_000_000), "from the SYN to the third frame, a millisecond apart each");
    assert_eq!(row.duration(), 11_000_000);
}

/// Returns the calls of a connection with one request, whose response has 100 bytes in two segments. `resets` follow the
/// first of them, with the numbers of [`packet`].
fn calls_with(resets: &[&str], more: &[&str]) -> Vec<(String, Outcome)> {
    let request = "GET /first HTTP/1.1\r\nHost: ab\r\n\r\n";
    let (head, body) = ("HTTP/1.1 200 OK\r\nContent-Length: 61\r\n\r\n0123456", "x".repeat(54));
    assert_eq!((request.len(), head.len() + body.len()), (33, 100));
    let segment = |line: &str, text: &str| {
        let mut packet = packet(&format!("{line} {}", text.len()));
        let at = packet.len() - text.len();
        packet[at..].copy_from_slice(text.as_bytes());
        packet
    };
    let mut packets: Vec<_> = OPEN.lines().map(str::trim).filter(|line| !line.is_empty()).map(packet).collect();
    packets.extend([segment("> PA 1 1", request), segment("< PA 1 34", head)]);
    packets.extend(resets.iter().map(|reset| packet(reset)));
    packets.push(segment("< PA 47 34", &body));
    packets.extend(more.iter().map(|line| packet(line)));
    let events = events(pcap(IPV4, &packets), Task { exchanges: true, ..Task::default() });
    let calls = events.into_iter().filter_map(|event| match event {
        Event::Call(call) => Some((call.exchange.target.to_string(), call.exchange.outcome)),
        _ => None,
    });
    calls.collect()
}

#[test]
fn a_reset_that_the_receiver_ignores_does_not_end_the_call() {
    let call = |outcome| vec![("/first".to_owned(), outcome)];
    assert_eq!(calls_with(&[], &[]), call(Outcome::Success));
    // RFC 5961 3.2: only the number that the receiver expects next resets.
    for ignored in ["< R 48", "< R 1461", "< R 60000", "< R 5000000", "< R 46", "> R 35", "> R 33"] {
        assert_eq!(calls_with(&["> A 34 47", ignored], &[]), call(Outcome::Success), "{ignored}");
        assert_eq!(calls_with(&["> A 34 47", ignored, ignored, ignored], &[]), call(Outcome::Success), "{ignored}");
    }
    for (segments, reason) in [
        (&["< R 47"][..], "it follows what was captured"),
        (&["> A 34 47", "< R 47"], "it follows what was acknowledged"),
        (&["< R 1"], "nothing is acknowledged yet, and a closed server resets at the number of the client's ACK"),
        (&["> R 34"], "it is the client's"),
        (&["> FA 34 47", "> R 35"], "it has the number after the FIN"),
        (&["> FA 34 47", "> R 34"], "it has the number of the FIN"),
        (&["< PA 60 34 10", "< R 70"], "it follows bytes behind a gap"),
        (&["> A 34 80", "< R 80"], "it follows acknowledged bytes that were not captured"),
    ] {
        assert_eq!(calls_with(segments, &[]), call(Outcome::Aborted), "{reason}");
    }
}

#[test]
fn a_reset_between_calls_does_not_end_the_conversation_if_it_goes_on() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut at = [1_u32, 1];
    let mut packets = vec![packet("> S 0"), packet("< SA 0 1"), packet("> A 1 1")];
    for (nth, path) in ["/first", "/second"].into_iter().enumerate() {
        for (side, text) in [(0, get(path)), (1, response.to_owned())] {
            let base = |side: usize| if side == 0 { 7_000 } else { 4_294_967_000_u32 };
            let segment = Segment {
                from_client: side == 0,
                flags: PSH | ACK,
                seq: at[side].wrapping_add(base(side)),
                ack: at[1 - side].wrapping_add(base(1 - side)),
                data: text.clone().into_bytes(),
            };
            packets.push(segment.packet());
            at[side] += text.len() as u32;
        }
        if nth == 0 {
            packets.push(packet(&format!("< R {}", at[1])));
        }
    }
    let events = events(pcap(IPV4, &packets), Task { exchanges: true, ..Task::default() });
    let calls = events.iter().filter_map(|event| match event {
        Event::Call(call) => Some((call.exchange.target.as_str(), call.exchange.code)),
        _ => None,
    });
    assert_eq!(calls.collect::<Vec<_>>(), [("/first", Some(200)), ("/second", Some(200))]);
}

#[test]
fn a_reset_is_not_of_a_side_that_sends_more() {
    let talk = |rest: &str| -> &'static str { Box::leak(format!("{OPEN}{rest}").into_boxed_str()) };
    let way = OpenKind::ThreeWay;
    let established = SideState::Established;
    check(&[
        (talk("< PA 1 1 10\n< R 500\n< PA 11 1 10\n< PA 21 1 600"), way, CloseKind::Open, established, established, 47),
        (
            talk("< R 1\n< PA 1 1 10\n> FA 1 11\n< FA 11 2"),
            way,
            CloseKind::Fin(Side::Client),
            SideState::TimeWait,
            SideState::LastAck,
            63,
        ),
        // Segments that were sent before it.
        (
            talk("< R 11\n< PA 1 1 10\n> PA 1 11 10"),
            way,
            CloseKind::Reset(Side::Server),
            SideState::Closed,
            SideState::Closed,
            47,
        ),
    ]);
}

#[test]
fn the_closing_frames_are_reported() {
    let row = |talk: &str| {
        let row = row(&(OPEN.to_owned() + talk));
        (row.fins, row.simultaneous_close, row.reset)
    };
    assert_eq!(row("> A 1 1"), ([None, None], false, None));
    assert_eq!(row("> FA 1 1\n < FA 1 2\n > A 2 2"), ([Some(4), Some(5)], false, None));
    // The server had not seen the client's FIN when it sent its own: RFC 9293 3.6, figure 13.
    assert_eq!(row("> FA 1 1\n < FA 1 1\n > A 2 2\n < A 2 2"), ([Some(4), Some(5)], true, None));
    assert_eq!(row("< FA 1 1\n < FA 1 1\n > R 1"), ([None, Some(4)], false, Some(6)));
}
