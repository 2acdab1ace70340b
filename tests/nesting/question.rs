//! Requests and responses in datagrams: `Q`, an id of one byte and a text; `A`, the id and a text.

use super::host::{Frame, protocols};
use crate::common::{IPV4, Random, pcap};
use dissectors::exchange::{Exchange, Outcome, Transfer};
use dissectors::field::FieldKind;
use dissectors::protocol::{Claim, Dissector, Protocol, SessionKind};
use dissectors::session::{
    Chunk, Consumed, Context, Event, FirstPass, Half, Hint, Input, Lane, MessageEnd, Missing, Pdu, Probe, Session,
    SideEnd,
};
use dissectors::{Field, Value, Wants};
use overhear::analysis::{Analyzer, Event as AnalyzerEvent, Task};
use overhear::call_matcher::CallMatcher;
use overhear::filter::Filter;
use std::sync::Arc;

static QUESTION_FIELD: Field = Field::new("question", "Question", "A question.", FieldKind::Protocol, 0, 0);

/// The protocol.
pub static QUESTION: Protocol = Protocol {
    short: "QUESTION",
    fields: &[&QUESTION_FIELD],
    claims: &[Claim::UdpPort(7007)],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Datagrams,
        probe,
        open: |_, _| Box::new(Questions::default()),
        derived_title: "",
        reassembly: None,
        messages: None,
    })],
};

fn probe(hint: &Hint<'_>) -> Probe {
    match hint.bytes {
        [b'Q' | b'A', _, text @ ..] if text.is_ascii() => Probe::Likely,
        _ => Probe::No,
    }
}

#[derive(Clone, Default)]
struct Questions {
    open: Vec<(u8, Exchange)>,
    count: u32,
}

impl Session for Questions {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let [kind, id, text @ ..] = chunk.bytes else { return Consumed::bytes(0) };
        let transfer =
            Transfer { first: cx.at, last: cx.at, completed_in: cx.at.frame, body: text.len() as u64, complete: true };
        let (nth, half) = if *kind == b'Q' {
            let known = self.open.iter().find(|(open, exchange)| open == id && exchange.target.as_bytes() == text);
            match known {
                // A repeated request is the same exchange.
                Some((_, exchange)) => (exchange.id.nth, Half::Request),
                None => {
                    let nth = self.count;
                    self.count += 1;
                    let target = String::from_utf8_lossy(text).as_ref().into();
                    let exchange = Exchange {
                        id: cx.exchange(nth),
                        protocol: "question",
                        requester: Some(lane.side),
                        method: "Q".into(),
                        target,
                        request: Some(transfer),
                        ..Exchange::default()
                    };
                    self.open.push((*id, exchange));
                    (nth, Half::Request)
                }
            }
        } else {
            let Some(at) = self.open.iter().position(|(open, _)| open == id) else { return Consumed::bytes(0) };
            let (_, mut exchange) = self.open.remove(at);
            exchange.response = Some(transfer);
            exchange.status = String::from_utf8_lossy(text).as_ref().into();
            exchange.outcome = Outcome::Success;
            let nth = exchange.id.nth;
            cx.events.push(Event::Exchange(Box::new(exchange)));
            (nth, Half::Response)
        };
        cx.path.push("question");
        let text = chunk.span(2..chunk.bytes.len(), "Question", cx.tree);
        cx.tree.put(&dissectors::data::DATA_DATA, text, Value::Bytes(text));
        let len = chunk.bytes.len();
        cx.events.push(Event::Pdu(Pdu { lane, first: cx.first, len: len as u64 }));
        cx.events.push(Event::Message(MessageEnd { nth, half }));
        Consumed { owner: Some((nth, half)), ..Consumed::bytes(len) }
    }

    fn gap(&mut self, _: Lane, _: Chunk<'_>, _: Missing, _: &mut Context<'_>) {}

    fn end(&mut self, _: Lane, _: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        for (_, mut exchange) in self.open.drain(..) {
            exchange.outcome = Outcome::Unanswered;
            cx.events.push(Event::Exchange(Box::new(exchange)));
        }
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}

/// A UDP datagram between 10.0.0.1:40000 and 10.0.0.2:7007.
fn datagram(from_client: bool, payload: &[u8]) -> Vec<u8> {
    let (client, server) = (([10, 0, 0, 1], 40000_u16), ([10, 0, 0, 2], 7007_u16));
    let (from, to) = if from_client { (client, server) } else { (server, client) };
    let mut packet = vec![0x45, 0];
    packet.extend((28 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(from.0);
    packet.extend(to.0);
    packet.extend(from.1.to_be_bytes());
    packet.extend(to.1.to_be_bytes());
    packet.extend((8 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

fn capture(datagrams: &[(bool, &[u8])]) -> Vec<Frame> {
    let packets: Vec<_> = datagrams.iter().map(|&(from_client, payload)| datagram(from_client, payload)).collect();
    super::frames(&pcap(IPV4, &packets))
}

/// Returns calls as target, status and outcome; with a filter, those with a matching frame.
fn calls(frames: &[Frame], filter: Option<&str>) -> Vec<String> {
    let filter = filter.map(|text| Arc::new(Filter::new(text).expect(text)));
    let mut task = Task { exchanges: true, ends: true, halves: true, owners: true, ..Task::default() };
    task.wants = filter.as_ref().map_or(Wants::default(), |filter| filter.wants());
    let mut analyzer = Analyzer::with_protocols(task, FirstPass::default(), &protocols());
    let mut matcher = filter.map(CallMatcher::new);
    let mut calls = Vec::new();
    let mut collect = |analyzer: &mut Analyzer, matcher: &mut Option<CallMatcher>| {
        for event in analyzer.events() {
            let matches = matcher.as_mut().is_none_or(|matcher| matcher.matches_event(&event));
            if let (true, AnalyzerEvent::Call(call)) = (matches, event) {
                let exchange = call.exchange;
                calls.push(format!("{} {} {:?}", exchange.target, exchange.status, exchange.outcome));
            }
        }
    };
    super::host::read(frames, |frame| {
        analyzer.dissect(frame);
        if let Some(matcher) = &mut matcher {
            matcher.add_frame(frame.number, &analyzer);
        }
        collect(&mut analyzer, &mut matcher);
    });
    analyzer.finish();
    collect(&mut analyzer, &mut matcher);
    calls
}

const ONE: &[(bool, &[u8])] = &[
    (true, b"Q1a.test"),
    (true, b"Q2b.test"),
    (false, b"A2yes"),
    (true, b"Q1a.test"),
    (false, b"A1no"),
    (true, b"Q3c.test"),
];

#[test]
fn datagrams_are_paired_by_their_ids_and_a_repeated_one_is_the_same_exchange() {
    let frames = capture(ONE);
    assert_eq!(calls(&frames, None), ["b.test yes Success", "a.test no Success", "c.test  Unanswered"]);
}

#[test]
fn interleaved_exchanges_match_by_their_own_frames_only() {
    let frames = capture(ONE);
    let expected = [
        ("frame.number == 1", &["a.test no Success"][..]),
        ("frame.number == 2", &["b.test yes Success"]),
        ("frame.number == 3", &["b.test yes Success"]),
        ("frame.number == 4", &["a.test no Success"]),
        ("frame.number == 6", &["c.test  Unanswered"]),
        ("frame.number == 9", &[]),
        ("udp", &["b.test yes Success", "a.test no Success", "c.test  Unanswered"]),
    ];
    for (filter, calls_that_match) in expected {
        assert_eq!(calls(&frames, Some(filter)), calls_that_match, "{filter}");
    }
}

#[test]
fn lost_and_reordered_datagrams_change_no_other_exchange() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut datagrams: Vec<(bool, Vec<u8>)> = Vec::new();
        for id in b'a'..=b'f' {
            datagrams.push((true, vec![b'Q', id, id, b'?']));
            datagrams.push((false, vec![b'A', id, id, b'!']));
        }
        // Returns any interleaving that keeps each request before its response.
        for _ in 0..40 {
            let at = random.below(datagrams.len() as u64 - 1) as usize;
            if datagrams[at].1[1] != datagrams[at + 1].1[1] {
                datagrams.swap(at, at + 1);
            }
        }
        let lost = random.below(datagrams.len() as u64) as usize;
        let (from_client, removed) = datagrams.remove(lost);
        let slices: Vec<(bool, &[u8])> = datagrams.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        let mut found = calls(&capture(&slices), None);
        found.sort();
        let whole = |id: u8| format!("{0}? {0}! Success", char::from(id));
        let mut expected: Vec<String> = (b'a'..=b'f').filter(|&id| id != removed[1]).map(whole).collect();
        if !from_client {
            expected.push(format!("{}?  Unanswered", char::from(removed[1])));
        }
        expected.sort();
        assert_eq!(found, expected, "seed {seed}");
    }
}
