//! Reassembly compared with a byte map that is obviously correct: random cuts, orders, copies, losses, wraps.

use crate::common;

use common::{ACK, FIN, IPV4, RST, Random, SYN, Segment, events, followed_bytes, pcap};
use dissectors::session::ConversationId;
use dissectors::session::Side;
use overhear::analysis::{Event, StreamContent, Task};

/// The segments of one side's stream, and the expected result according to the map.
struct Run {
    segments: Vec<Segment>,
    expected: Vec<Option<u8>>,
}

#[derive(Clone, Copy)]
struct Traits {
    handshake: bool,
    responses: bool,
    loss: bool,
    conflict: bool,
    fin: bool,
}

fn run(random: &mut Random, traits: Traits) -> Run {
    let isn = if random.chance(50) { u32::MAX - random.below(3000) as u32 } else { random.next() as u32 };
    let stream: Vec<u8> = (0..1 + random.below(4000)).map(|_| random.next() as u8).collect();
    let peer = random.next() as u32;
    let first = isn.wrapping_add(1);
    let mut pieces = cut(random, stream.len());
    let lost = |random: &mut Random| traits.loss && random.chance(15);
    let mut missing = vec![false; stream.len()];
    pieces.retain(|&(from, to)| {
        let is_lost = to < stream.len() && lost(random);
        missing[from..to].iter_mut().for_each(|byte| *byte = is_lost);
        !is_lost
    });
    // Copies, some of them longer or shorter than the first, some of them different.
    for nth in 0..pieces.len() {
        if random.chance(20) {
            let (from, to) = pieces[nth];
            let (from, to) = (from.saturating_sub(random.below(40) as usize), to + random.below(40) as usize);
            let to = to.min(stream.len());
            if missing[from..to].iter().all(|is_lost| !is_lost) {
                pieces.push((from, to));
            }
        }
    }
    shuffle(random, &mut pieces);

    let mut segments = Vec::new();
    let segment =
        |from_client, flags, seq, ack, data: &[u8]| Segment { from_client, flags, seq, ack, data: data.to_vec() };
    if traits.handshake {
        segments.push(segment(true, SYN, isn, 0, &[]));
        segments.push(segment(false, SYN | ACK, peer, first, &[]));
    } else {
        segments.push(segment(false, ACK, peer, first, &[]));
    }
    let mut map: Vec<Option<u8>> = vec![None; stream.len()];
    for (from, to) in pieces {
        let mut data = stream[from..to].to_vec();
        if traits.conflict && random.chance(10) {
            data.iter_mut().for_each(|byte| *byte = !*byte);
        }
        for (byte, place) in data.iter().zip(&mut map[from..to]) {
            place.get_or_insert(*byte);
        }
        segments.push(segment(true, ACK, first.wrapping_add(from as u32), peer.wrapping_add(1), &data));
        if traits.responses {
            // The receiver has all captured bytes and those that only the capture lacks.
            let has = map.iter().zip(&missing).take_while(|(byte, is_lost)| byte.is_some() || **is_lost).count();
            segments.push(segment(false, ACK, peer.wrapping_add(1), first.wrapping_add(has as u32), &[]));
        }
    }
    if traits.fin {
        let end = first.wrapping_add(stream.len() as u32);
        segments.push(segment(true, FIN | ACK, end, peer.wrapping_add(1), &[]));
    }
    Run { segments, expected: map }
}

/// Returns the ranges of a random cut.
fn cut(random: &mut Random, len: usize) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while from < len {
        let to = (from + 1 + random.below(300) as usize).min(len);
        pieces.push((from, to));
        from = to;
    }
    pieces
}

fn shuffle(random: &mut Random, pieces: &mut [(usize, usize)]) {
    for at in (1..pieces.len()).rev() {
        pieces.swap(at, random.below(at as u64 + 1) as usize);
    }
}

fn check(name: &str, traits: Traits) {
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let Run { segments, expected } = run(&mut random, traits);
        let packets: Vec<_> = segments.iter().map(Segment::packet).collect();
        let events = events(pcap(IPV4, &packets), Task { follow: Some(ConversationId::Tcp(0)), ..Task::default() });
        let read = followed_bytes(&events, Side::Client);
        assert!(read == expected, "{name}, seed {seed}: read {} bytes, expected {}", read.len(), expected.len());
    }
}

const PLAIN: Traits = Traits { handshake: true, responses: false, loss: false, conflict: false, fin: true };

#[test]
fn any_order_and_any_copies_give_the_same_bytes() {
    check("plain", PLAIN);
    check("with responses", Traits { responses: true, ..PLAIN });
}

#[test]
fn a_stream_that_began_before_the_capture_gives_the_same_bytes() {
    check("mid-stream", Traits { handshake: false, ..PLAIN });
    check("mid-stream, with responses", Traits { handshake: false, responses: true, ..PLAIN });
}

#[test]
fn uncaptured_bytes_are_a_gap_and_the_rest_is_read() {
    check("loss", Traits { loss: true, ..PLAIN });
    check("loss, with responses", Traits { loss: true, responses: true, ..PLAIN });
    check("loss, no end", Traits { loss: true, fin: false, ..PLAIN });
}

#[test]
fn the_first_copy_wins() {
    check("conflict", Traits { conflict: true, ..PLAIN });
    check("conflict and loss", Traits { conflict: true, loss: true, responses: true, ..PLAIN });
}

#[test]
fn with_one_side_captured_a_gap_before_a_further_response_is_not_waited_for() {
    let segment = |seq, ack, data: &[u8]| Segment { from_client: false, flags: ACK, seq, ack, data: data.to_vec() };
    let read_at = |acks: [u32; 2]| {
        let packets = [segment(100, acks[0], b"first"), segment(150, acks[1], b"second"), segment(156, acks[1], b"x")];
        let packets: Vec<_> = packets.iter().map(Segment::packet).collect();
        let events = events(pcap(IPV4, &packets), Task { follow: Some(ConversationId::Tcp(0)), ..Task::default() });
        let frame = |event: &Event| match event {
            Event::Chunk(chunk) if chunk.content == StreamContent::Bytes(b"second".to_vec()) => Some(chunk.at.frame),
            _ => None,
        };
        events.iter().find_map(frame)
    };
    assert_eq!(read_at([1000, 1200]), Some(2), "the client sent more data, so it has the first response");
    assert_eq!(read_at([1000, 1000]), Some(3), "no acknowledgment: reported at the end of the capture");
}

/// Returns the client's data if these segments follow the handshake: (flags, offset of the first byte, data),
/// or an acknowledgment of the server if there is neither data nor a flag.
fn client_data(parts: &[(u8, i64, &str)]) -> String {
    let segment =
        |from_client, flags, seq, ack, data: &[u8]| Segment { from_client, flags, seq, ack, data: data.to_vec() };
    let mut segments = vec![segment(true, SYN, 999, 0, &[]), segment(false, SYN | ACK, 4999, 1000, &[])];
    for &(flags, place, data) in parts {
        let number = 1000_u32.wrapping_add(place as u32);
        segments.push(match (flags, data) {
            (0, "") => segment(false, ACK, 5000, number, &[]),
            _ => segment(true, flags | ACK, number, 5000, data.as_bytes()),
        });
    }
    let packets: Vec<_> = segments.iter().map(Segment::packet).collect();
    let events = events(pcap(IPV4, &packets), Task { follow: Some(ConversationId::Tcp(0)), ..Task::default() });
    followed_bytes(&events, Side::Client).into_iter().map(|byte| byte.map_or('_', char::from)).collect()
}

#[test]
fn implausible_sequence_numbers_change_nothing() {
    // A reset from far outside the window, then segments out of order.
    assert_eq!(client_data(&[(RST, 1 << 30, ""), (0, 0, ""), (ACK, 3, "def"), (ACK, 0, "abc")]), "abcdef");
    // The FIN of an older connection.
    assert_eq!(client_data(&[(ACK, 0, "abc"), (FIN, -500, ""), (ACK, 3, "def")]), "abcdef");
    // An acknowledgment of a thousand million bytes that were never sent.
    let wild = [(ACK, 3, "def"), (0, 1_000_000_000, ""), (0, 0, ""), (0, 0, ""), (0, 0, ""), (ACK, 0, "abc")];
    assert_eq!(client_data(&wild), "abcdef");
    // More data after the FIN: it was not the end.
    assert_eq!(client_data(&[(ACK, 0, "abc"), (FIN, 3, ""), (ACK, 3, "def")]), "abcdef");
}
