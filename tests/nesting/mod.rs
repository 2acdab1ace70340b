//! The session model with protocols that exist only here: a cipher that carries other sessions, datagrams with
//! requests and responses, and exchanges that interleave in one stream.

mod cipher;
mod host;
mod interleaved;
mod question;

use crate::common::{self, ACK, FIN, IPV4, RST, Random, SYN, Segment, pcap};
use cipher::{CIPHER, CIPHER_3};
use host::{Frame, Outcome, frames, run, wrapped};

/// Dissects frames bare and in ciphers, one and three deep: everything above TCP must be the same.
fn assert_same(frames: &[Frame], what: &str) -> Outcome {
    let bare = run(frames, None);
    for (layers, protocol) in [(1, "cipher"), (3, "cipher-3")] {
        let nested = run(&wrapped(frames, layers), Some(protocol));
        assert_eq!(nested.calls, bare.calls, "{what}, {layers} deep: calls");
        for (frame, (nested, bare)) in nested.rows.iter().zip(&bare.rows).enumerate() {
            assert_eq!(nested, bare, "{what}, {layers} deep: frame {}", frame + 1);
        }
        assert_eq!(nested.matches, bare.matches, "{what}, {layers} deep: filters");
        assert_eq!(nested.matching_calls, bare.matching_calls, "{what}, {layers} deep: filters on calls");
    }
    bare
}

fn fixtures_of(folder: &str) -> Vec<(String, Vec<Frame>)> {
    let all = common::captures().into_iter();
    let fixtures: Vec<_> =
        all.filter(|(name, _)| name.contains(folder)).map(|(name, bytes)| (name, frames(&bytes))).collect();
    assert!(fixtures.len() > 10, "the fixtures were not found");
    fixtures
}

fn http_fixtures() -> Vec<(String, Vec<Frame>)> {
    fixtures_of("fixtures/http/")
}

#[test]
fn http_in_a_cipher_is_the_same_as_bare() {
    let mut calls = 0;
    for (name, frames) in http_fixtures() {
        calls += assert_same(&frames, &name).calls.len();
    }
    assert!(calls > 60, "{calls} calls");
}

#[test]
fn http2_in_a_cipher_is_the_same_as_bare() {
    let mut calls = 0;
    for (name, frames) in fixtures_of("fixtures/http2/") {
        calls += assert_same(&frames, &name).calls.len();
    }
    assert!(calls > 40, "{calls} calls");
}

#[test]
fn http_in_a_cipher_is_the_same_with_any_frame_lost_repeated_or_swapped() {
    let http2 = fixtures_of("fixtures/http2/").into_iter().filter(|(name, _)| {
        ["many-streams", "push", "trailers", "resets"].iter().any(|scenario| name.contains(scenario))
    });
    for (name, frames) in http_fixtures().into_iter().filter(|(_, frames)| frames.len() <= 40).chain(http2) {
        for at in (0..frames.len()).filter(|at| common::is_selected(&name, &at.to_string(), 2)) {
            let mut lost = frames.clone();
            lost.remove(at);
            assert_same(&lost, &format!("{name} without frame {}", at + 1));
            let mut repeated = frames.clone();
            repeated.insert(at, frames[at].clone());
            assert_same(&repeated, &format!("{name} with frame {} twice", at + 1));
            if at > 0 {
                let mut swapped = frames.clone();
                swapped.swap(at - 1, at);
                assert_same(&swapped, &format!("{name} with frames {at} and {} swapped", at + 1));
            }
        }
    }
}

#[test]
fn http_in_a_cipher_is_the_same_with_any_segmentation_order_and_end() {
    let requests =
        "GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world";
    let responses = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n4\r\nWiki\r\n\
                     5\r\npedia\r\n0\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!";
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut segments = vec![
            Segment { from_client: true, flags: SYN, seq: 99, ack: 0, data: vec![] },
            Segment { from_client: false, flags: SYN | ACK, seq: 499, ack: 100, data: vec![] },
        ];
        for (from_client, text) in [(true, requests), (false, responses)] {
            let mut at = 0;
            while at < text.len() {
                let len = (1 + random.below(60) as usize).min(text.len() - at);
                let (seq, ack) = if from_client { (100 + at, 500) } else { (500 + at, 100 + requests.len()) };
                let data = text.as_bytes()[at..at + len].to_vec();
                segments.push(Segment { from_client, flags: ACK, seq: seq as u32, ack: ack as u32, data });
                at += len;
            }
        }
        let (seq, ack) = ((500 + responses.len()) as u32, (100 + requests.len()) as u32);
        let flags = if random.chance(50) { FIN | ACK } else { RST };
        segments.push(Segment { from_client: false, flags, seq, ack, data: vec![] });
        for _ in 0..random.below(4) {
            let at = 2 + random.below(segments.len() as u64 - 3) as usize;
            segments.swap(at, at + 1);
        }
        if random.chance(40) {
            segments.remove(2 + random.below(segments.len() as u64 - 2) as usize);
        }
        let packets: Vec<Vec<u8>> = segments.iter().map(Segment::packet).collect();
        assert_same(&frames(&pcap(IPV4, &packets)), &format!("seed {seed}"));
    }
}

#[test]
fn sessions_nest_no_deeper_than_the_limit() {
    let (_, frames) = http_fixtures().swap_remove(0);
    let deep = run(&wrapped(&frames, 40), Some("cipher-40"));
    assert_eq!(deep.calls, Vec::<String>::new());
}

#[test]
fn the_first_call_in_a_tunnel_did_not_wait_for_the_handshake() {
    let (_, frames) = http_fixtures().into_iter().find(|(name, _)| name.contains("connect-proxy")).expect("a fixture");
    let connects = run(&frames, None).connects;
    assert!(connects.len() > 1 && connects.iter().filter(|connect| connect.is_some()).count() >= 1, "{connects:?}");
    let tunnels: Vec<_> = run(&frames, None).tunnelled;
    assert!(!tunnels.is_empty(), "a call in the tunnel");
    assert!(tunnels.iter().all(Option::is_none), "{tunnels:?}");
}

#[test]
fn protocols_of_these_tests_are_not_protocols_of_the_program() {
    for own in [&CIPHER, &CIPHER_3, &question::QUESTION, &interleaved::INTERLEAVED] {
        assert!(dissectors::protocol(own.fields[0].name).is_none());
    }
}
