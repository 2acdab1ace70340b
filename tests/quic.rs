//! QUIC and HTTP/3: the calls of recorded connections, with frames lost, repeated and out of order, and with other secrets.

use crate::common::{decode_options, events};
use dissectors::exchange::Exchange;
use overhear::analysis::{DecodeOptions, Event, Task};
use overhear::source::Capture;
use std::sync::Arc;

const NAMES: [&str; 6] = ["requests", "chacha20", "version2", "key-update", "retry", "trailers"];

/// A recorded connection: its frames with their times, and its secrets.
struct Recording {
    frames: Vec<(i64, Vec<u8>)>,
    decode: DecodeOptions,
}

impl Recording {
    fn of(name: &str) -> Recording {
        let file = std::fs::read(format!("fixtures/quic/{name}.pcapng")).expect("a fixture");
        let mut capture = Capture::from_reader("test", std::io::Cursor::new(file.clone())).expect("a capture");
        let mut frames = Vec::new();
        while let Some(frame) = capture.next().expect("a frame") {
            frames.push((frame.time.0, frame.bytes.to_vec()));
        }
        Recording { frames, decode: decode_options(&file) }
    }

    /// The exchanges of frames in this order.
    fn exchanges(&self, order: &[usize]) -> Vec<Exchange> {
        let mut file = Vec::new();
        for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            file.extend(word.to_le_bytes());
        }
        for &at in order {
            let (time, bytes) = &self.frames[at];
            let len = bytes.len() as u32;
            for word in [(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, len, len] {
                file.extend(word.to_le_bytes());
            }
            file.extend(bytes);
        }
        let task = Task { exchanges: true, decode: self.decode.clone(), ..Task::default() };
        let call = |event| if let Event::Call(call) = event { Some(*call.exchange) } else { None };
        events(file, task).into_iter().filter_map(call).collect()
    }

    fn in_order(&self) -> Vec<usize> {
        (0..self.frames.len()).collect()
    }
}

fn line(exchange: &Exchange) -> String {
    let body = exchange.response.map_or(0, |response| response.body);
    format!("{} {} {} {body}", exchange.method, exchange.target, exchange.status)
}

fn lines(exchanges: &[Exchange]) -> Vec<String> {
    exchanges.iter().map(line).collect()
}

#[test]
fn a_frame_that_is_captured_twice_changes_no_call() {
    for name in NAMES {
        let recording = Recording::of(name);
        let calls = lines(&recording.exchanges(&recording.in_order()));
        assert!(calls.iter().all(|call| !call.starts_with("QUIC")), "{name}: {calls:?}");
        for at in 0..recording.frames.len() {
            let mut order = recording.in_order();
            order.insert(at + 1, at);
            assert_eq!(lines(&recording.exchanges(&order)), calls, "{name}, frame {} twice", at + 1);
        }
    }
}

#[test]
fn two_frames_in_the_wrong_order_change_no_call() {
    for name in NAMES {
        let recording = Recording::of(name);
        let mut calls = lines(&recording.exchanges(&recording.in_order()));
        calls.sort();
        // The server's first packets are not readable before the client's, and the last frame of a client closes a connection.
        for at in 1..recording.frames.len().saturating_sub(3) {
            let mut order = recording.in_order();
            order.swap(at, at + 1);
            let mut swapped = lines(&recording.exchanges(&order));
            swapped.sort();
            assert_eq!(swapped, calls, "{name}, frames {} and {} exchanged", at + 1, at + 2);
        }
    }
}

#[test]
fn a_lost_frame_makes_calls_incomplete_and_never_wrong() {
    for name in NAMES {
        let recording = Recording::of(name);
        let all = recording.exchanges(&recording.in_order());
        for at in 0..recording.frames.len() {
            let mut order = recording.in_order();
            order.remove(at);
            for exchange in recording.exchanges(&order) {
                let is_known = |known: &Exchange| {
                    let [own, of_all] =
                        [&exchange, known].map(|exchange| exchange.response.map_or(0, |half| half.body));
                    let is_part = |own: &str, of_all: &str| own.is_empty() || own == of_all;
                    is_part(&exchange.method, &known.method)
                        && is_part(&exchange.target, &known.target)
                        && is_part(&exchange.status, &known.status)
                        && own <= of_all
                };
                assert!(
                    exchange.method == "QUIC" || all.iter().any(is_known),
                    "{name} without frame {}: {}",
                    at + 1,
                    line(&exchange)
                );
            }
        }
    }
}

#[test]
fn wrong_secrets_give_no_content() {
    let mut recording = Recording::of("requests");
    let other = Recording::of("key-update");
    let mut secrets = dissectors::session::Secrets::default();
    // The secrets of another connection, under the client random of this one.
    let random = |recording: &Recording| *recording.decode.secrets.client_randoms().next().expect("a secret");
    let (own, others) = (random(&recording), random(&other));
    for (label, secret) in other.decode.secrets.of_client(&others) {
        secrets.insert(label, own, 0, secret.clone());
    }
    recording.decode = DecodeOptions { secrets: Arc::new(secrets), ..DecodeOptions::default() };
    let calls = recording.exchanges(&recording.in_order());
    assert_eq!(
        calls.iter().map(|call| (&*call.method, &*call.status)).collect::<Vec<_>>(),
        [("QUIC", "wrong secrets")]
    );
    recording.decode = DecodeOptions::default();
    let calls = recording.exchanges(&recording.in_order());
    assert_eq!(calls.iter().map(|call| (&*call.method, &*call.status)).collect::<Vec<_>>(), [("QUIC", "QUIC v1")]);
    assert_eq!(calls[0].authority, "www.example.test");
}
