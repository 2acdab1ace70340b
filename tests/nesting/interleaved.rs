//! Exchanges that interleave in one stream. A unit has an id, a half, a flag for the last of its half, and one byte.

use super::host::{Frame, matching_calls};
use crate::common::{ACK, IPV4, Segment, pcap};
use dissectors::exchange::{Exchange, Outcome, Transfer};
use dissectors::field::FieldKind;
use dissectors::protocol::{Claim, Dissector, Protocol, SessionKind};
use dissectors::session::{
    Chunk, Consumed, Context, Event, FirstPass, Half, Hint, Input, Lane, MessageEnd, Missing, Pdu, Probe, Session,
    SideEnd,
};
use dissectors::{Field, Value};
use overhear::filter::Filter;
use std::sync::Arc;

static INTERLEAVED_FIELD: Field = Field::new("interleaved", "Interleaved", "Units.", FieldKind::Protocol, 0, 0);

/// Returns the bytes of a unit: `#`, the id as a digit, `q` or `a`, `.` for the last or `-`, and a byte of its text.
const UNIT: usize = 5;

/// The protocol.
pub static INTERLEAVED: Protocol = Protocol {
    short: "INTERLEAVED",
    fields: &[&INTERLEAVED_FIELD],
    claims: &[Claim::TcpPort(80)],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe,
        open: |_, _| Box::new(Interleaved::default()),
        derived_title: "",
        reassembly: None,
        messages: None,
    })],
};

fn probe(hint: &Hint<'_>) -> Probe {
    match hint.bytes {
        [b'#', b'0'..=b'9', b'q' | b'a', b'.' | b'-', ..] => Probe::Yes,
        [b'#', ..] if hint.bytes.len() < UNIT => Probe::Perhaps,
        _ => Probe::No,
    }
}

#[derive(Clone, Default)]
struct Interleaved {
    open: Vec<(u8, Exchange)>,
    count: u32,
}

impl Session for Interleaved {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let &[b'#', id, half, last, text, ..] = chunk.bytes else { return Consumed::bytes(0) };
        let at = self.open.iter().position(|(open, _)| *open == id).unwrap_or_else(|| {
            let exchange = Exchange {
                id: cx.exchange(self.count),
                protocol: "interleaved",
                requester: Some(lane.side),
                ..Exchange::default()
            };
            self.count += 1;
            self.open.push((id, exchange));
            self.open.len() - 1
        });
        let exchange = &mut self.open[at].1;
        let nth = exchange.id.nth;
        let is_request = half == b'q';
        let transfer = if is_request { &mut exchange.request } else { &mut exchange.response };
        let first = transfer.get_or_insert(Transfer { first: cx.first, ..Transfer::default() }).first;
        *transfer =
            Some(Transfer { first, last: cx.arrived, completed_in: cx.at.frame, body: 1, complete: last == b'.' });
        let words = if is_request { &mut exchange.target } else { &mut exchange.status };
        words.push(char::from(text));
        let half = if is_request { Half::Request } else { Half::Response };
        let span = chunk.span(4..5, "Unit", cx.tree);
        cx.tree.put(&dissectors::data::DATA_DATA, span, Value::Bytes(span));
        cx.events.push(Event::Pdu(Pdu { lane, first: cx.first, len: UNIT as u64 }));
        if last == b'.' {
            cx.events.push(Event::Message(MessageEnd { nth, half }));
            if half == Half::Response {
                let (_, mut exchange) = self.open.remove(at);
                exchange.outcome = Outcome::Success;
                cx.events.push(Event::Exchange(Box::new(exchange)));
            }
        }
        Consumed { owner: Some((nth, half)), ..Consumed::bytes(UNIT) }
    }

    fn gap(&mut self, _: Lane, _: Chunk<'_>, _: Missing, _: &mut Context<'_>) {}

    fn end(&mut self, _: Lane, _: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        self.open.drain(..).for_each(|(_, exchange)| cx.events.push(Event::Exchange(Box::new(exchange))));
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}

/// Returns segments with these units, each with the number of bytes that its side has sent before.
fn capture(units: &[(bool, &str)]) -> Vec<Frame> {
    let mut sent = [0_u32; 2];
    let packets: Vec<Vec<u8>> = units
        .iter()
        .map(|&(from_client, text)| {
            let (own, other) = if from_client { (0, 1) } else { (1, 0) };
            let (seq, ack) = (1000 + sent[own], 1000 + sent[other]);
            sent[own] += text.len() as u32;
            Segment { from_client, flags: ACK, seq, ack, data: text.as_bytes().to_vec() }.packet()
        })
        .collect();
    super::frames(&pcap(IPV4, &packets))
}

fn targets(frames: &[Frame], filter: &str) -> Vec<String> {
    let filter = Arc::new(Filter::new(filter).expect(filter));
    let calls = matching_calls(frames, &filter, &[], FirstPass::default());
    let target = |call: String| call.split(' ').nth(2).unwrap_or_default().to_owned();
    let mut targets: Vec<String> = calls.into_iter().map(target).collect();
    targets.sort();
    targets
}

#[test]
fn two_exchanges_interleaved_frame_by_frame_match_only_their_own_frames() {
    let frames = capture(&[
        (true, "#1q-a"),
        (true, "#2q-b"),
        (true, "#1q.a"),
        (true, "#2q.b#1"),
        (false, "#2a-x"),
        (false, "#1a-y"),
        (false, "#2a.x#1a.y"),
    ]);
    let rows = [
        ("frame.number == 1", vec!["aa"]),
        ("frame.number == 2", vec!["bb"]),
        ("frame.number == 3", vec!["aa"]),
        ("frame.number == 4", vec!["bb"]),
        ("frame.number == 5", vec!["bb"]),
        ("frame.number == 6", vec!["aa"]),
        ("frame.number == 7", vec!["aa", "bb"]),
        // Each exchange matches the shared frame without the nodes of the other.
        ("frame.number == 7 and data.data == 0x78", vec!["bb"]),
        ("frame.number == 7 and data.data == 0x79", vec!["aa"]),
        ("data.data == 0x78 and data.data == 0x79", vec![]),
    ];
    for (filter, expected) in rows {
        assert_eq!(targets(&frames, filter), expected, "{filter}");
    }
}

#[test]
fn a_frame_completed_later_and_a_retransmission_belong_to_the_exchange() {
    // The unit of frame 1 is complete with frame 2; frame 4 repeats frame 1.
    let mut frames = capture(&[(true, "#1q"), (true, ".a"), (true, "#2q.b"), (false, "#1a.y#2a.x")]);
    let copy = frames[0].clone();
    frames.insert(3, copy);
    assert_eq!(targets(&frames, "frame.number == 1"), ["a"]);
    assert_eq!(targets(&frames, "frame.number == 4"), ["a"]);
    assert_eq!(targets(&frames, "frame.number == 3"), ["b"]);
    assert!(line_of_first(&frames).starts_with("Tcp(0)  a"));
}

fn line_of_first(frames: &[Frame]) -> String {
    let filter = Arc::new(Filter::new("frame.number == 1").expect("a filter"));
    matching_calls(frames, &filter, &[], FirstPass::default()).swap_remove(0)
}
