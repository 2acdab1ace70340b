//! HTTP/3 without encryption: a protocol of these tests carries streams in datagrams. A datagram begins with `*`, the number of a
//! connection, that of a stream, and what it is: `-` bytes, `.` the last bytes, `!` a gap of so many bytes, `x` the end of all.

use crate::common::{IPV4, Random, pcap};
use dissectors::exchange::{Exchange, Outcome};
use dissectors::field::FieldKind;
use dissectors::protocol::{Dissector, Protocol, SessionKind};
use dissectors::session::{
    Chunk, Consumed, Context, DerivedItem, FirstPass, GROUP_BITS, Handover, Input, Lane, Missing, Probe, Session, Side,
    SideEnd, Successor,
};
use dissectors::{Field, PROTOCOLS};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::source::Capture;

static CARRIER_FIELD: Field = Field::new("carrier", "Carrier", "Datagrams.", FieldKind::Protocol, 0, 0);

static CARRIER: Protocol = Protocol {
    short: "CARRIER",
    fields: &[&CARRIER_FIELD],
    claims: &[],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Datagrams,
        probe: |hint| if hint.bytes.first() == Some(&b'*') { Probe::Yes } else { Probe::No },
        open: |_, _| Box::new(Carrier::default()),
        derived_title: "Stream",
        reassembly: None,
        messages: None,
    })],
};

#[derive(Clone, Default)]
struct Carrier {
    begun: Vec<u64>,
}

impl Session for Carrier {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let all = Consumed::bytes(chunk.bytes.len());
        let &[b'*', connection, stream, kind, ref bytes @ ..] = chunk.bytes else { return all };
        let channel = u64::from(connection) << GROUP_BITS | u64::from(stream);
        let lane = Lane { channel, ..lane };
        if kind == b'x' {
            cx.derive(lane, DerivedItem::EndChannels(SideEnd::Unseen));
            return all;
        }
        if !self.begun.contains(&channel) {
            self.begun.push(channel);
            let handover = Handover { is_encrypted: true, ..Handover::to(Successor::Alpn("h3".into())) };
            cx.derive(lane, DerivedItem::Begin(Box::new(handover)));
        }
        if kind == b'!' {
            cx.derive(lane, DerivedItem::Missing(Missing::Bytes(bytes.len() as u64)));
            return all;
        }
        let item = DerivedItem::Bytes { offset: None, bytes: bytes.to_vec(), first: cx.at, arrived: None, from: None };
        cx.derive(lane, item);
        if kind == b'.' {
            cx.derive(lane, DerivedItem::End(SideEnd::Closed));
        }
        all
    }

    fn gap(&mut self, _: Lane, _: Chunk<'_>, _: Missing, _: &mut Context<'_>) {}

    fn end(&mut self, lane: Lane, _: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        if lane.side == Side::Server {
            for connection in 0..2 {
                let lane = Lane { channel: connection << GROUP_BITS, side: Side::Client };
                cx.derive(lane, DerivedItem::EndChannels(end));
            }
        }
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}

/// A datagram: its sender, connection, stream, kind and bytes.
type Step<'b> = (Side, u8, u8, u8, &'b [u8]);

fn packet((side, connection, stream, kind, bytes): Step<'_>) -> Vec<u8> {
    let payload = [&[b'*', connection, stream, kind], bytes].concat();
    let ends = [([10, 0, 0, 1], 40_000_u16), ([10, 0, 0, 2], 4433)];
    let [from, to] = if side == Side::Client { ends } else { [ends[1], ends[0]] };
    let mut packet = vec![0x45, 0];
    packet.extend((28 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend([from.0, to.0].concat());
    packet
        .extend([from.1.to_be_bytes(), to.1.to_be_bytes(), (8 + payload.len() as u16).to_be_bytes(), [0, 0]].concat());
    packet.extend(payload);
    packet
}

fn exchanges(steps: &[Step<'_>]) -> Vec<Exchange> {
    let protocols: Vec<&'static Protocol> = PROTOCOLS.iter().copied().chain([&CARRIER]).collect();
    let file = pcap(IPV4, &steps.iter().map(|&step| packet(step)).collect::<Vec<_>>());
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file)).expect("a capture");
    let wants = dissectors::Wants::everything();
    let task = Task { wants, exchanges: true, ..Task::default() };
    let mut analyzer = Analyzer::with_protocols(task, FirstPass::default(), &protocols);
    let mut found = Vec::new();
    while let Some(frame) = capture.next().expect("a frame") {
        analyzer.dissect(&frame);
        found.extend(analyzer.events());
    }
    analyzer.finish();
    found.extend(analyzer.events());
    let call = |event| if let Event::Call(call) = event { Some(*call.exchange) } else { None };
    found.into_iter().filter_map(call).collect()
}

fn lines(exchanges: &[Exchange]) -> Vec<String> {
    let line = |exchange: &Exchange| {
        let body = exchange.response.map_or(0, |response| response.body);
        format!(
            "{} {}{} {} {body} {:?}",
            exchange.method, exchange.authority, exchange.target, exchange.status, exchange.outcome
        )
    };
    exchanges.iter().map(line).collect()
}

const C: Side = Side::Client;
const S: Side = Side::Server;

/// HEADERS of `GET /` of https without a host: static entries 17, 1 and 23.
const GET: &[u8] = &[1, 5, 0, 0, 0xd1, 0xc1, 0xd7];
/// HEADERS of a response 200, and DATA of two bytes.
const OK: &[u8] = &[1, 3, 0, 0, 0xd9, 0, 2, b'h', b'i'];

#[test]
fn requests_of_two_connections_on_the_same_ports_are_read_apart() {
    let steps: [Step<'_>; 5] =
        [(C, 0, 0, b'.', GET), (C, 1, 0, b'.', GET), (S, 1, 0, b'.', OK), (S, 0, 0, b'x', b""), (C, 1, 4, b'.', GET)];
    assert_eq!(lines(&exchanges(&steps)), ["GET / 200 2 Success", "GET /  0 Unanswered", "GET /  0 Unanswered"]);
}

#[test]
fn frames_are_read_wherever_they_are_cut() {
    for at in 1..OK.len() {
        let steps: [Step<'_>; 3] = [(C, 0, 0, b'.', GET), (S, 0, 0, b'-', &OK[..at]), (S, 0, 0, b'.', &OK[at..])];
        assert_eq!(lines(&exchanges(&steps)), ["GET / 200 2 Success"], "cut at {at}");
    }
}

#[test]
fn a_stream_that_ends_within_a_frame_is_not_complete() {
    for at in 1..OK.len() {
        let steps: [Step<'_>; 2] = [(C, 0, 0, b'.', GET), (S, 0, 0, b'.', &OK[..at])];
        let exchanges = exchanges(&steps);
        assert_eq!(exchanges.len(), 1);
        // After the headers alone, and after a DATA frame, a message may end.
        assert_eq!(exchanges[0].outcome == Outcome::Success, at == 5, "{at}: {:?}", exchanges[0]);
    }
}

/// The type of a stream of the client, which begins the conversation.
const START: Step<'static> = (C, 0, 6, b'-', &[3]);
/// RFC 9204 B.2: settings with a table of 220 bytes, a section, and the instructions that it waits for.
const SETTINGS: &[u8] = &[0, 4, 3, 1, 0x40, 220];
const BLOCKED: &[u8] = &[1, 6, 3, 0x81, 0x10, 0x11, 0xd1, 0xd7];
const INSTRUCTIONS: &[u8] = b"\x02\x3f\xbd\x01\xc0\x0fwww.example.com\xc1\x0c/sample/path";

#[test]
fn headers_wait_for_the_entries_that_they_require() {
    for cut in 1..INSTRUCTIONS.len() {
        let steps: [Step<'_>; 6] = [
            START,
            (S, 0, 3, b'-', SETTINGS),
            (C, 0, 0, b'.', BLOCKED),
            (C, 0, 2, b'-', &INSTRUCTIONS[..cut]),
            (C, 0, 2, b'-', &INSTRUCTIONS[cut..]),
            (S, 0, 0, b'.', OK),
        ];
        assert_eq!(lines(&exchanges(&steps)), ["GET www.example.com/sample/path 200 2 Success"], "cut at {cut}");
    }
}

#[test]
fn headers_whose_entries_are_lost_are_unknown_and_not_wrong() {
    let steps: [Step<'_>; 5] =
        [START, (S, 0, 3, b'-', SETTINGS), (C, 0, 0, b'.', BLOCKED), (C, 0, 2, b'!', &[0; 40]), (S, 0, 0, b'.', OK)];
    assert_eq!(lines(&exchanges(&steps)), ["GET  200 2 Success"]);
    // Entries that never come.
    let steps: [Step<'_>; 4] = [START, (S, 0, 3, b'-', SETTINGS), (C, 0, 0, b'.', BLOCKED), (S, 0, 3, b'x', b"")];
    let unfinished = exchanges(&steps);
    assert_eq!(lines(&unfinished), ["GET   0 Unanswered"]);
}

#[test]
fn trailers_after_a_lost_head_are_no_head() {
    // RFC 9204 4.5.6: a literal name, `x-t: y`.
    let trailers = b"\x01\x08\0\0\x23x-t\x01y";
    let steps: [Step<'_>; 4] =
        [(C, 0, 0, b'.', GET), (S, 0, 0, b'-', &OK[..3]), (S, 0, 0, b'!', &OK[3..5]), (S, 0, 0, b'.', trailers)];
    let exchanges = exchanges(&steps);
    assert_eq!(lines(&exchanges), ["GET /  0 Aborted"]);
    assert_eq!((exchanges[0].size(), exchanges[0].time_to_first_byte()), (None, None));
}

#[test]
fn bytes_that_wait_before_a_gap_are_read_with_what_is_known() {
    let steps: [Step<'_>; 6] = [
        START,
        (S, 0, 3, b'-', SETTINGS),
        (C, 0, 0, b'-', BLOCKED),
        (C, 0, 0, b'!', &[0; 9]),
        (C, 0, 2, b'-', INSTRUCTIONS),
        (S, 0, 0, b'.', OK),
    ];
    let found = exchanges(&steps);
    assert_eq!((found.len(), &*found[0].method, &*found[0].status), (1, "GET", "200"), "{:?}", lines(&found));
}

#[test]
fn what_follows_headers_that_waited_is_read_in_parts() {
    let data = [&[0, 30][..], &[b'x'; 30]].concat();
    let mut steps: Vec<Step<'_>> =
        vec![START, (S, 0, 3, b'-', SETTINGS), (C, 0, 0, b'-', BLOCKED), (C, 0, 0, b'-', &data[..1])];
    steps.push((C, 0, 2, b'-', INSTRUCTIONS));
    steps.extend((1..data.len() - 1).map(|at| (C, 0, 0, b'-', &data[at..=at])));
    steps.extend([(C, 0, 0, b'.', &data[31..]), (S, 0, 0, b'.', OK)]);
    let found = exchanges(&steps);
    assert_eq!(lines(&found), ["GET www.example.com/sample/path 200 2 Success"]);
    assert_eq!(found[0].request.expect("a request").body, 30);
}

#[test]
fn a_push_is_an_exchange_of_its_own() {
    // PUSH_PROMISE of push 0 on the stream of the request, and its stream.
    let promise: &[u8] = &[5, 6, 0, 0, 0, 0xd1, 0xc1, 0xd7];
    let steps: [Step<'_>; 4] = [
        (C, 0, 0, b'.', GET),
        (S, 0, 0, b'-', promise),
        (S, 0, 15, b'.', &[&[1, 0], OK].concat()),
        (S, 0, 0, b'.', OK),
    ];
    assert_eq!(lines(&exchanges(&steps)), ["GET / 200 2 Success", "GET / 200 2 Success"]);
}

#[test]
fn bytes_in_a_tunnel_of_connect_are_read_as_what_they_are() {
    // :method CONNECT (static 15), :authority a:80.
    let connect: &[u8] = &[1, 9, 0, 0, 0xcf, 0x50, 4, b'a', b':', b'8', b'0'];
    let data = |text: &[u8]| [&[0, text.len() as u8], text].concat();
    let steps: [Step<'_>; 4] = [
        (C, 0, 0, b'-', connect),
        (S, 0, 0, b'-', &[1, 3, 0, 0, 0xd9]),
        (C, 0, 0, b'.', &data(b"GET /inner HTTP/1.1\r\nHost: a\r\n\r\n")),
        (S, 0, 0, b'.', &data(b"HTTP/1.1 204 No Content\r\n\r\n")),
    ];
    let lines = lines(&exchanges(&steps));
    assert!(lines.contains(&"GET a/inner 204 0 Success".to_owned()), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("CONNECT a:80")), "{lines:?}");
}

#[test]
fn any_bytes_are_read_without_a_panic_and_without_end() {
    let mut random = Random::new(20);
    let parts: [&[u8]; 8] =
        [GET, OK, SETTINGS, BLOCKED, INSTRUCTIONS, &[5, 6, 0, 0, 0, 0xd1, 0xc1, 0xd7], &[1], &[0xff; 9]];
    for _ in 0..200 {
        let datagrams: Vec<(Side, u8, u8, u8, Vec<u8>)> = (0..12)
            .map(|_| {
                let side = if random.chance(50) { C } else { S };
                let mut bytes = parts[random.below(parts.len() as u64) as usize].to_vec();
                if random.chance(40) {
                    let at = random.below(bytes.len() as u64) as usize;
                    bytes[at] = random.next() as u8;
                }
                let kind = *b"---..!".get(random.below(6) as usize).expect("a kind");
                (side, random.below(2) as u8, random.below(16) as u8, kind, bytes)
            })
            .collect();
        let steps: Vec<Step<'_>> =
            datagrams.iter().map(|(side, a, b, kind, bytes)| (*side, *a, *b, *kind, &bytes[..])).collect();
        exchanges(&steps);
    }
}
