//! Secrets are passed to the sessions, each from the frame at which it became known.

use crate::common::{ACK, IPV4, PSH, SYN, Segment, pcap};
use dissectors::exchange::Exchange;
use dissectors::private_key::PrivateKey;
use dissectors::protocol::{Dissector, Protocol, SessionKind};
use dissectors::session::{
    Chunk, Consumed, Context, Event, FirstPass, Input, Lane, Missing, Probe, Secret, Secrets, Session, SideEnd,
};
use dissectors::{FIELD_COUNT, Field, FieldKind, PROTOCOLS};
use overhear::analysis::{Analyzer, DecodeOptions, Event as AnalyzerEvent, SeekContext, Task};
use overhear::source::Capture;
use std::io::Cursor;
use std::sync::Arc;

const LABEL: &str = "CLIENT_RANDOM";
const RANDOM: [u8; 32] = [7; 32];

static KEYED: Field =
    Field::new("keyed", "Keyed", "A protocol of this test.", FieldKind::Protocol, FIELD_COUNT, FIELD_COUNT);

/// A protocol whose session reports the secret known at each frame as the target of an exchange.
static PROTOCOL: Protocol = Protocol {
    short: "KEYED",
    fields: &[&KEYED],
    claims: &[],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe: |hint| if hint.bytes.starts_with(b"key") { Probe::Yes } else { Probe::No },
        open: |_, _| Box::new(Keyed { nth: 0 }),
        derived_title: "",
        reassembly: None,
        messages: None,
    })],
};

struct Keyed {
    nth: u32,
}

impl Session for Keyed {
    fn read(&mut self, _: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let secret = cx.secrets.get(LABEL, &RANDOM, cx.at.frame);
        let target = secret.map_or("unknown".into(), |secret| String::from_utf8_lossy(secret.bytes()).into_owned());
        let exchange = Exchange { id: cx.exchange(self.nth), target: target.into(), ..Exchange::default() };
        self.nth += 1;
        cx.events.push(Event::Exchange(Box::new(exchange)));
        Consumed::bytes(chunk.bytes.len())
    }

    fn gap(&mut self, _: Lane, _: Chunk<'_>, _: Missing, _: &mut Context<'_>) {}

    fn end(&mut self, _: Lane, _: Chunk<'_>, _: SideEnd, _: &mut Context<'_>) {}

    fn fork(&self) -> Box<dyn Session> {
        Box::new(Keyed { nth: self.nth })
    }
}

/// A connection with a client message in each of the frames 3, 4 and 5.
fn capture() -> Capture {
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let packets = [
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN | ACK, 500, 101, b""),
        segment(true, PSH | ACK, 101, 501, b"key1"),
        segment(true, PSH | ACK, 105, 501, b"key2"),
        segment(true, PSH | ACK, 109, 501, b"key3"),
    ];
    Capture::from_reader("test", Cursor::new(pcap(IPV4, &packets))).expect("a capture")
}

/// An analyzer with a secret that became known at a frame.
fn analyzer(at_frame: u32) -> Analyzer {
    let mut secrets = Secrets::default();
    secrets.insert(LABEL, RANDOM, at_frame, Secret::new(b"master"));
    let decode = DecodeOptions { secrets: Arc::new(secrets), ..DecodeOptions::default() };
    let task = Task { exchanges: true, decode, ..Task::default() };
    let protocols: Vec<_> = PROTOCOLS.iter().copied().chain([&PROTOCOL]).collect();
    Analyzer::with_protocols(task, FirstPass::default(), &protocols)
}

/// Returns the secret known at each message.
fn known(events: impl Iterator<Item = AnalyzerEvent>) -> Vec<String> {
    let target = |event| match event {
        AnalyzerEvent::Call(call) => Some(call.exchange.target.to_string()),
        _ => None,
    };
    events.filter_map(target).collect()
}

#[test]
fn a_session_reads_the_secrets_that_are_known_at_its_frame() {
    for (at_frame, expected) in [
        (0, ["master", "master", "master"]),
        (4, ["unknown", "master", "master"]),
        (5, ["unknown", "unknown", "master"]),
        (6, ["unknown", "unknown", "unknown"]),
    ] {
        let (mut capture, mut analyzer) = (capture(), analyzer(at_frame));
        while let Some(frame) = capture.next().expect("a frame") {
            analyzer.dissect(&frame);
        }
        assert_eq!(known(analyzer.events()), expected, "known at frame {at_frame}");
    }
}

#[test]
fn a_fork_and_a_seek_read_the_secrets_of_the_frame() {
    let (mut capture, mut analyzer) = (capture(), analyzer(5));
    let mut fork = None;
    while let Some(frame) = capture.next().expect("a frame") {
        if let Some(fork) = &mut fork {
            let fork: &mut Analyzer = fork;
            fork.seek(SeekContext { streams: [(0, false)].into(), ..SeekContext::default() });
            fork.dissect(&frame);
        }
        analyzer.dissect(&frame);
        if frame.number == 3 {
            fork = Some(analyzer.fork());
        }
    }
    assert_eq!(known(fork.expect("a fork").events()), ["unknown", "master"]);
}

/// Returns the targets of the calls of fixtures/tls/key-log.pcap, with its secrets known from a frame on.
fn targets(at_frame: u32, awaits_more: bool) -> Vec<String> {
    let text = std::fs::read("fixtures/tls/key-log.keys").expect("a key log");
    let mut secrets = Secrets::default();
    secrets.awaits_more = awaits_more;
    dissectors::key_log::read(&text, at_frame, &mut secrets);
    let decode = DecodeOptions { secrets: Arc::new(secrets), ..DecodeOptions::default() };
    let task = Task { exchanges: true, decode, ..Task::default() };
    let file = std::fs::read("fixtures/tls/key-log.pcap").expect("a fixture");
    let calls = crate::common::events(file, task).into_iter().filter_map(|event| match event {
        AnalyzerEvent::Call(call) => Some(format!("{} {}", call.exchange.method, call.exchange.target)),
        _ => None,
    });
    calls.collect()
}

#[test]
fn records_wait_for_a_secret_that_is_written_after_them() {
    for at_frame in 0..=8 {
        assert_eq!(targets(at_frame, true), ["GET /"], "known at frame {at_frame}");
    }
    assert_eq!(targets(12, true), ["GET /"]);
    assert_eq!(targets(4, false), ["GET /"]);
    // The records of the handshake are lost, and with them nothing that the content needs.
    assert_eq!(targets(8, false), ["GET /"]);
    assert_eq!(targets(1000, true), ["TLS "]);
    assert_eq!(targets(1000, false), ["TLS "]);
}

/// Returns the calls of a fixture of TLS with its private key, after a change of its records.
fn calls_with_private_key(name: &str, change: impl Fn(&mut Vec<&[u8]>)) -> Vec<String> {
    let file = std::fs::read(format!("fixtures/tls/{name}.pcap")).expect("a fixture");
    let text = std::fs::read(format!("fixtures/tls/{name}.pem")).expect("a key");
    let keys = PrivateKey::read_pem("key.pem", &text).expect("a key");
    let mut secrets = Secrets::default();
    assert!(secrets.add_private_keys(keys.into_iter().map(Arc::new)));
    let (head, mut rest) = file.split_at(24);
    let mut records = Vec::new();
    while let Some(length) = rest.get(8..12) {
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let (record, after) = rest.split_at(16 + length);
        records.push(record);
        rest = after;
    }
    change(&mut records);
    let decode = DecodeOptions { secrets: Arc::new(secrets), ..DecodeOptions::default() };
    let task = Task { exchanges: true, decode, ..Task::default() };
    let events = crate::common::events([head, &records.concat()].concat(), task);
    let calls = events.into_iter().filter_map(|event| match event {
        AnalyzerEvent::Call(call) => Some(format!("{} {}", call.exchange.method, call.exchange.target)),
        _ => None,
    });
    calls.collect()
}

/// Checks the calls of a fixture with six pages after a frame of the range is lost, repeated or late. A lost frame may hide two pages.
fn check_changed_frames(name: &str, frames: std::ops::Range<usize>) {
    let pages = |calls: &[String]| calls.iter().filter(|call| *call == "GET /style.css").count();
    assert_eq!(pages(&calls_with_private_key(name, |_| {})), 6);
    for nth in frames {
        let lost = calls_with_private_key(name, |records| {
            records.remove(nth);
        });
        let repeated = calls_with_private_key(name, |records| records.insert(nth, records[nth]));
        let late = calls_with_private_key(name, |records| records.swap(nth, nth + 1));
        for calls in [&lost, &repeated, &late] {
            let is_right = |call: &String| call == "GET /style.css" || call == "TLS " || call == " ";
            assert!(calls.iter().all(is_right) && pages(calls) >= 4, "{name}, frame {}: {calls:?}", nth + 1);
        }
        assert_eq!(pages(&repeated), 6, "{name}, frame {}", nth + 1);
    }
}

#[test]
fn a_lost_repeated_or_late_frame_gives_no_wrong_text_of_a_key_exchange() {
    // The first two connections: with an extended master secret, and without.
    check_changed_frames("rsa-key-exchange", 0..31);
}

#[test]
fn a_lost_repeated_or_late_frame_gives_no_wrong_text_of_a_resumed_session() {
    // A full handshake with a ticket, and its resumption.
    check_changed_frames("rsa-resumption", 16..32);
    check_changed_frames("rsa-resumption", 64..80);
}
