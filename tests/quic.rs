//! QUIC and HTTP/3: the calls of recorded connections, with frames lost, repeated and out of order, and with other secrets.

use crate::common::{decode_options, events, pcap};
use dissectors::exchange::{Exchange, Outcome};
use dissectors::session::Side;
use dissectors::transport_connection::TransportConnection;
use overhear::analysis::{Analyzer, DecodeOptions, Event, Task, limits};
use overhear::source::Capture;
use std::collections::BTreeMap;
use std::sync::Arc;

mod incomplete;
mod many_connections;

const NAMES: [&str; 6] = ["requests", "chacha20", "version2", "key-update", "retry", "trailers"];

/// A recorded connection: its frames with their times, and its secrets.
struct Recording {
    frames: Vec<(i64, Vec<u8>)>,
    decode: DecodeOptions,
}

impl Recording {
    fn of(name: &str) -> Recording {
        Recording::at(&format!("fixtures/quic/{name}.pcapng"))
    }

    fn at(path: &str) -> Recording {
        let file = std::fs::read(path).expect("a fixture");
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

/// `LINKTYPE_ETHERNET`.
const LINK_ETHERNET: u32 = 1;
/// Offsets in a frame of Ethernet, IPv4 and UDP.
const SOURCE: std::ops::Range<usize> = 26..30;
const DESTINATION: std::ops::Range<usize> = 30..34;
const PORTS: std::ops::Range<usize> = 34..38;
const PAYLOAD: usize = 42;
/// Ports of the client of `http3/migration.pcapng`: that of its handshake, and those that it changed to.
const CLIENT_PORTS: [u16; 3] = [50_000, 50_010, 50_020];

/// The client's port of a frame.
fn client_port(frame: &[u8]) -> u16 {
    let ports = frame[PORTS].chunks(2).map(|port| u16::from_be_bytes([port[0], port[1]]));
    ports.into_iter().find(|port| *port != 443).expect("the port of the client")
}

#[test]
fn a_response_that_is_not_decrypted_is_unknown_and_not_missing() {
    // The secrets of the client alone; the server's packets are in the capture (tshark 4.0).
    let recording = Recording::at("fixtures/http3/half-keys.pcapng");
    let exchanges = recording.exchanges(&recording.in_order());
    assert!(exchanges.len() == 4 && exchanges.iter().all(Exchange::has_unknown_response), "{exchanges:?}");
}

#[test]
fn a_connection_is_read_on_after_its_client_changed_its_port() {
    let recording = Recording::at("fixtures/http3/migration.pcapng");
    let ports: Vec<u16> = recording.frames.iter().map(|(_, frame)| client_port(frame)).collect();
    assert!(CLIENT_PORTS.iter().all(|port| ports.contains(port)));
    let calls = ["GET / 200 101", "GET /style.css 200 23", "GET / 200 101", "POST /echo 200 3"];
    assert_eq!(lines(&recording.exchanges(&recording.in_order())), calls);
    // Without the secrets, new connection IDs are not known: frame 14 is the first with one (tshark 4.0, quic.dcid).
    let recording = Recording { decode: DecodeOptions::default(), ..recording };
    let calls = recording.exchanges(&recording.in_order());
    assert_eq!(calls.iter().map(|call| call.response.expect("a response").last.frame).collect::<Vec<_>>(), [13]);
}

#[test]
fn a_connection_whose_client_is_behind_a_nat_is_read_on_without_secrets() {
    // RFC 9000 9.3.3: a NAT changes the port, and the connection IDs stay.
    let mut recording = Recording::at("fixtures/http3/get.pcapng");
    recording.decode = DecodeOptions::default();
    let whole = recording.exchanges(&recording.in_order());
    let count = recording.frames.len();
    for (_, frame) in recording.frames.iter_mut().skip(count / 2) {
        let at = if frame[PORTS][..2] == 443_u16.to_be_bytes() { PORTS.start + 2 } else { PORTS.start };
        frame[at..at + 2].copy_from_slice(&60_000_u16.to_be_bytes());
    }
    let calls = recording.exchanges(&recording.in_order());
    assert_eq!(lines(&calls), lines(&whole));
    let last = |calls: &[Exchange]| calls[0].response.expect("a response").last.frame;
    assert_eq!(last(&calls), last(&whole));
}

#[test]
fn datagrams_between_other_endpoints_are_of_no_connection() {
    let mut recording = Recording::at("fixtures/http3/migration.pcapng");
    for (_, frame) in &mut recording.frames {
        if client_port(frame) != CLIENT_PORTS[0] {
            for address in [SOURCE, DESTINATION] {
                frame[address.start] = 172;
            }
        }
    }
    let calls = lines(&recording.exchanges(&recording.in_order()));
    assert_eq!(calls, ["GET / 200 101"]);
}

/// Changes the client's address and port of a frame.
fn set_client(frame: &mut [u8], port: u16, net: u8) {
    let is_server = frame[PORTS][..2] == 443_u16.to_be_bytes();
    let (address, at) = if is_server { (DESTINATION, PORTS.start + 2) } else { (SOURCE, PORTS.start) };
    frame[address.start + 1] = net;
    frame[at..at + 2].copy_from_slice(&port.to_be_bytes());
}

/// A packet with a short header and bytes that no keys have made, with the connection ID of a frame with one, from another client.
fn forged(frame: &[u8], nth: u8) -> Vec<u8> {
    let mut forged = frame.to_vec();
    set_client(&mut forged, 6000 + u16::from(nth) / 4, 9);
    for (at, byte) in forged.iter_mut().enumerate().skip(PAYLOAD + 1 + 8) {
        *byte = (at as u8).wrapping_mul(31).wrapping_add(nth.wrapping_mul(97));
    }
    forged
}

#[test]
fn forged_packets_from_other_endpoints_change_no_call_and_no_measurement() {
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let (calls, before) = (lines(&recording.exchanges(&recording.in_order())), connections(&recording));
    // Frame 4 is the first packet of the client with a short header alone, and frame 2 has the keys of all levels.
    let mut with_forged = Recording::at("fixtures/http3/get.pcapng");
    let time = with_forged.frames[1].0;
    let packets = (0..40).map(|nth| (time + 1, forged(&recording.frames[3].1, nth)));
    with_forged.frames.splice(2..2, packets.collect::<Vec<_>>());
    assert_eq!(lines(&with_forged.exchanges(&with_forged.in_order())), calls);
    let after = connections(&with_forged);
    let measured = |connection: &TransportConnection| (connection.handshake, connection.bytes, connection.packets);
    assert_eq!(after.iter().map(measured).collect::<Vec<_>>(), before.iter().map(measured).collect::<Vec<_>>());
}

#[test]
fn a_forged_packet_does_not_make_a_later_connection_part_of_another() {
    let mut recording = Recording::at("fixtures/http3/get.pcapng");
    let other = Recording::at("fixtures/http3/suites.pcapng");
    let mut secrets = dissectors::session::Secrets::default();
    for decode in [&recording.decode, &other.decode] {
        for random in decode.secrets.client_randoms() {
            for (label, secret) in decode.secrets.of_client(random) {
                secrets.insert(label, *random, 0, secret.clone());
            }
        }
    }
    recording.decode = DecodeOptions { secrets: Arc::new(secrets), ..DecodeOptions::default() };
    let count = recording.exchanges(&recording.in_order()).len();
    let victim = connections(&recording);
    // Another client sends one packet with the connection ID of the first, and then has a connection of its own.
    let packet = (recording.frames.last().expect("a frame").0, forged(&recording.frames[3].1, 0));
    recording.frames.push(packet);
    let own = other.frames.into_iter().filter(|(_, frame)| client_port(frame) == CLIENT_PORTS[0]);
    recording.frames.extend(own.map(|(time, mut frame)| {
        set_client(&mut frame, 6000, 9);
        (time, frame)
    }));
    let after = connections(&recording);
    assert_eq!(after.len(), 2);
    assert_ne!(after[0].conversation, after[1].conversation);
    assert_eq!((after[0].bytes, after[0].handshake), (victim[0].bytes, victim[0].handshake));
    let calls = recording.exchanges(&recording.in_order());
    assert!(calls.iter().all(|call| call.method != "QUIC"), "{:?}", lines(&calls));
    assert_eq!(calls.iter().filter(|call| call.id.conversation == after[0].conversation).count(), count);
}

#[test]
fn connections_between_the_same_ports_are_shown_by_their_calls() {
    // Those of `suites.pcapng` have ports of their own.
    let mut recording = Recording::at("fixtures/http3/suites.pcapng");
    let calls = lines(&recording.exchanges(&recording.in_order()));
    assert!(calls.iter().all(|call| !call.starts_with("QUIC")), "{calls:?}");
    for (_, frame) in &mut recording.frames {
        set_client(frame, CLIENT_PORTS[0], 0);
    }
    assert_eq!(lines(&recording.exchanges(&recording.in_order())), calls);
}

/// The connections of a recording.
fn connections(recording: &Recording) -> Vec<TransportConnection> {
    let packets: Vec<(i64, Vec<u8>)> = recording.frames.clone();
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, LINK_ETHERNET] {
        file.extend(word.to_le_bytes());
    }
    for (time, bytes) in packets {
        let len = bytes.len() as u32;
        for word in [(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    let task = Task { connections: true, decode: recording.decode.clone(), ..Task::default() };
    let connection = |event| if let Event::Connection(connection) = event { Some(*connection.facts) } else { None };
    events(file, task).into_iter().filter_map(connection).collect()
}

#[test]
fn connections_are_measured_as_their_packets_show() {
    // Times of the frames, packet numbers, acknowledgments and spin bits by tshark 4.0: frames 10 to 17 are of the second one.
    let found = connections(&Recording::at("fixtures/http3/closes.pcapng"));
    assert_eq!(found.len(), 3);
    let [first, second, third] = [&found[0], &found[1], &found[2]];
    let micros = |nanos: Option<i64>| nanos.map(|nanos| nanos / 1000);
    assert_eq!(micros(second.handshake), Some(6538), "frames 10 and 12");
    assert_eq!(second.rtts.map(micros), [Some(367), Some(364)], "frames 14, 15 and 16");
    assert_eq!(micros(second.rtt()), Some(731));
    assert_eq!(micros(second.spin_rtt), Some(731), "frames 14 and 16");
    assert_eq!((second.lost, second.missing), ([Some(0); 2], [Some(0); 2]));
    assert_eq!(second.packets, [7, 5]);
    assert_eq!((&*second.server_name, &*second.alpn, second.version), ("www.example.test", "h3", "QUIC v1"));
    assert_eq!((second.first.frame, second.last.frame), (10, 17));
    let closes = [first, second, third].map(|connection| {
        let close = connection.close.as_ref().expect("it was closed");
        (close.side, &*close.reason, &*close.phrase)
    });
    let expected = [
        // RFC 9114 8.1: 258 and 256.
        (Side::Server, "H3_INTERNAL_ERROR", "out of order"),
        (Side::Client, "H3_NO_ERROR", "done"),
        (Side::Server, "No application Protocol", "No common ALPN protocols"),
    ];
    assert_eq!(closes, expected);
    assert_eq!((third.rtt(), third.lost, third.spin_rtt), (None, [None; 2], None));
    // The server refused the protocol that was offered, and the client has sent no Finished message (tshark 4.4: tls.handshake.type).
    assert_eq!((third.handshake, &*third.alpn, &*third.offered_alpn), (None, "", &["unknown".into()][..]));
}

#[test]
fn a_frame_that_is_missing_in_the_capture_is_no_loss() {
    for name in ["http3/closes", "http3/get", "quic/requests"] {
        let recording = Recording::at(&format!("fixtures/{name}.pcapng"));
        let lost = |recording: &Recording| {
            let found = connections(recording);
            found.iter().map(|connection| connection.lost.map(Option::unwrap_or_default)).collect::<Vec<_>>()
        };
        let whole = lost(&recording);
        assert!(whole.iter().all(|lost| *lost == [0; 2]), "{name}: {whole:?}");
        // Without the first frames, connections are not known.
        for at in 3..recording.frames.len() {
            let decode = recording.decode.clone();
            let mut part = Recording { frames: recording.frames.clone(), decode };
            part.frames.remove(at);
            assert!(lost(&part).iter().all(|lost| *lost == [0; 2]), "{name} without frame {}", at + 1);
        }
    }
}

#[test]
fn packets_that_a_retry_packet_answers_are_not_lost() {
    // Both Initial packets of the client are answered, by frames 3 and 4 (tshark 4.4: quic.long.packet_type == 3).
    let found = connections(&Recording::at("fixtures/http3/nginx-retry.pcapng"));
    assert_eq!(found[0].lost, [Some(0); 2]);
}

#[test]
fn what_packets_hide_that_are_not_decrypted_is_unknown() {
    for name in ["http3/get", "http3/closes", "http3/parallel"] {
        let read = Recording::at(&format!("fixtures/{name}.pcapng"));
        let hidden = Recording { frames: read.frames.clone(), decode: DecodeOptions::default() };
        for (with, without) in connections(&read).iter().zip(connections(&hidden)) {
            assert!(!with.is_close_hidden, "{name}");
            // Of a handshake that was refused, all packets can be read.
            let is_complete = with.handshake.is_some();
            assert_eq!((without.lost, without.missing), ([None; 2], [None; 2]), "{name}");
            assert_eq!((without.is_close_hidden, without.close.is_none()), (is_complete, is_complete), "{name}");
            assert_eq!(without.handshake.is_some(), is_complete, "{name}");
            assert_eq!((&without.alpn, &without.offered_alpn), (&with.alpn, &with.offered_alpn), "{name}: one offer");
        }
        let outcome = |call: &Exchange| (call.outcome, call.response.is_some_and(|response| response.complete));
        let outcomes: Vec<_> = hidden.exchanges(&hidden.in_order()).iter().map(outcome).collect();
        let known = |&(outcome, is_complete): &(Outcome, bool)| outcome == Outcome::ServerError && is_complete;
        assert!(outcomes.iter().all(|outcome| *outcome == (Outcome::Unknown, true) || known(outcome)), "{outcomes:?}");
    }
}

#[test]
fn a_filter_selects_connections_of_a_path_by_their_own_frames() {
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("one-path.pcap");
    let mut recording = Recording::at("fixtures/http3/closes.pcapng");
    recording.frames.iter_mut().for_each(|(_, frame)| set_client(frame, 50_000, 0));
    let packets: Vec<Vec<u8>> = recording.frames.into_iter().map(|(_, frame)| frame).collect();
    std::fs::write(&path, pcap(LINK_ETHERNET, &packets)).expect("a file");
    let first_frames = |filter: &str| {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_overhear"))
            .args(["streams", "--quic", path.to_str().expect("a path"), filter, "-T", "csv"])
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&program.stdout).into_owned();
        let mut rows = text.lines().map(|row| row.split(',').rev().nth(1).unwrap_or_default().to_owned());
        assert_eq!(rows.next().as_deref(), Some("first_frame"), "{}", String::from_utf8_lossy(&program.stderr));
        rows.collect::<Vec<_>>()
    };
    // tshark 4.4: quic.connection.number of the frames is 0 up to frame 9, 1 up to frame 17, then 2.
    assert_eq!(first_frames("quic.connection.number == 1"), ["10"]);
    assert_eq!(first_frames("frame.number == 18"), ["18"]);
    assert_eq!(first_frames("frame.number in {9, 10}"), ["1", "10"]);
    assert_eq!(first_frames("udp"), ["1", "10", "18"]);
}

#[test]
fn a_packet_that_was_not_captured_is_missing_if_it_is_acknowledged() {
    let mut recording = Recording::at("fixtures/http3/closes.pcapng");
    // Frame 15 has packet 4 of the server, which frame 16 acknowledges (tshark 4.0).
    recording.frames.remove(14);
    let found = connections(&recording);
    assert_eq!((found[1].missing, found[1].lost), ([Some(0), Some(1)], [Some(0); 2]));
    assert_eq!(found[0].missing, [Some(0); 2]);
}

#[test]
fn without_secrets_datagrams_of_a_path_count_if_both_sides_send_on_it() {
    let mut recording = Recording::at("fixtures/http3/get.pcapng");
    recording.decode = DecodeOptions::default();
    let measured = |connection: &TransportConnection| (connection.packets, connection.bytes, connection.last.frame);
    let before = connections(&recording);
    let count = recording.frames.len();
    // Anyone who has seen a connection ID can send packets with it, as RFC 9000 9.3 describes.
    let mut attacked = Recording::at("fixtures/http3/get.pcapng");
    attacked.decode = DecodeOptions::default();
    let time = attacked.frames.last().expect("a frame").0;
    attacked.frames.extend((0..8).map(|nth| (time + 1_000_000_000, forged(&recording.frames[3].1, nth * 4))));
    let after = connections(&attacked);
    assert_eq!(after.iter().map(measured).collect::<Vec<_>>(), before.iter().map(measured).collect::<Vec<_>>());
    assert_eq!(after[0].last.time, before[0].last.time);
    // A NAT changes the port of the client: the server responds on the new path, and all of it counts.
    for (_, frame) in recording.frames.iter_mut().skip(count / 2) {
        set_client(frame, 60_000, 0);
    }
    let moved = connections(&recording);
    assert_eq!(moved.iter().map(measured).collect::<Vec<_>>(), before.iter().map(measured).collect::<Vec<_>>());
}

#[test]
fn a_migration_without_secrets_is_shown_as_far_as_it_can_be_known() {
    let mut recording = Recording::at("fixtures/http3/migration.pcapng");
    recording.decode = DecodeOptions::default();
    let found = connections(&recording);
    assert_eq!(found.len(), 1);
    // The client changes its connection ID with its port, in frame 14 (tshark 4.0: quic.dcid): without secrets it cannot be known that the
    // later frames are of this connection. Frames 10 to 13 have the new port and the first connection IDs, from both sides.
    let bytes: usize = recording.frames.iter().take(13).map(|(_, frame)| frame.len() - PAYLOAD).sum();
    assert_eq!((found[0].bytes[0] + found[0].bytes[1], found[0].last.frame), (bytes as u64, 13));
    assert!(found[0].close.is_none());
    let wants = ["quic.connection.number", "quic.connection.unknown"].into_iter().filter_map(dissectors::field);
    let mut task = Task::default();
    wants.for_each(|field| task.wants.add(field));
    let packets: Vec<Vec<u8>> = recording.frames.into_iter().map(|(_, frame)| frame).collect();
    let file = std::io::Cursor::new(pcap(LINK_ETHERNET, &packets));
    let mut capture = Capture::from_reader("test", file).expect("a capture");
    let mut analyzer = Analyzer::new(task);
    while let Some(frame) = capture.next().expect("a frame") {
        analyzer.dissect(&frame);
        let has = |name| analyzer.tree().nodes().iter().any(|node| node.field.name == name);
        assert_eq!(has("quic.connection.number"), frame.number <= 13, "frame {}", frame.number);
        // Of the third port, nothing shows that its datagrams are of QUIC.
        let is_of_second = (14..=20).contains(&frame.number);
        assert_eq!(has("quic.connection.unknown"), is_of_second, "frame {}", frame.number);
    }
}

#[test]
fn data_that_was_sent_before_the_end_and_is_captured_after_it_is_read() {
    let recording = Recording::at("fixtures/http3/closes.pcapng");
    let calls = lines(&recording.exchanges(&recording.in_order()));
    assert_eq!(calls[0], "GET / 200 101");
    // Frame 9 has the server's CONNECTION_CLOSE in packet 5, frame 6 its response in packet 4 (tshark 4.4).
    let mut order = recording.in_order();
    let response = order.remove(5);
    order.insert(8, response);
    // A call of the first connection, and one of the second.
    let count = |found: &[String]| found.iter().filter(|call| **call == calls[0]).count();
    let found = lines(&recording.exchanges(&order));
    assert_eq!((count(&found), found.len()), (2, calls.len()), "{found:?}");
    // A packet of the server that never comes is not awaited for long.
    order.retain(|&at| at != 5);
    let found = lines(&recording.exchanges(&order));
    assert_eq!((count(&found), found.len()), (1, calls.len()), "{found:?}");
}

#[test]
fn data_that_the_other_side_sent_before_it_knew_of_the_end_is_read() {
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let mut calls = lines(&recording.exchanges(&recording.in_order()));
    // Frame 15 has the response to the last request, frame 17 the client's CONNECTION_CLOSE (tshark 4.0).
    let mut order = recording.in_order();
    let close = order.remove(16);
    order.insert(14, close);
    let mut found = lines(&recording.exchanges(&order));
    calls.sort();
    found.sort();
    assert_eq!(found, calls);
    // A response that never comes is not awaited for long.
    order.retain(|&at| at != 14);
    let found = lines(&recording.exchanges(&order));
    assert_eq!((found.len(), found.contains(&"GET /missing  0".to_owned())), (calls.len(), true), "{found:?}");
}

/// The beginning of a packet with a long header and the connection IDs of another one, which follow its version.
fn with_version(first: u8, version: u32, frame: &[u8]) -> Vec<u8> {
    let dcid_end = PAYLOAD + 6 + usize::from(frame[PAYLOAD + 5]);
    let ids_end = dcid_end + 1 + usize::from(frame[dcid_end]);
    let mut forged =
        [&frame[..PAYLOAD], &[first], &version.to_be_bytes(), &frame[PAYLOAD + 5..ids_end], &[0x2e; 48]].concat();
    let len = (forged.len() - PAYLOAD + 8) as u16;
    forged[16..18].copy_from_slice(&(len + 20).to_be_bytes());
    forged[PORTS.end..PORTS.end + 2].copy_from_slice(&len.to_be_bytes());
    forged
}

#[test]
fn forged_packets_of_both_directions_change_no_measurement() {
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let (calls, before) = (lines(&recording.exchanges(&recording.in_order())), connections(&recording));
    // Frames 1 and 2 have long headers, frames 4 and 5 are packets with short headers of the client and the server (tshark 4.0).
    let of = |nth: usize| &recording.frames[nth - 1].1;
    let mut forged_frames = Vec::new();
    for nth in 0..8 {
        // Of a path of its own, on which both sides seem to send.
        forged_frames.extend([forged(of(4), nth), forged(of(5), nth)]);
    }
    for frame in [of(1), of(2)] {
        // Version Negotiation, a version that is not known, a Retry packet, and Handshake and 0-RTT packets that are not authentic.
        let packets = [(0x80, 0), (0xc0, 0x1a2a_3a4a), (0xf0, 1), (0xe0, 1), (0xd0, 1)];
        forged_frames.extend(packets.map(|(first, version)| with_version(first, version, frame)));
    }
    for at in [3, 9, 16] {
        let mut attacked = Recording::at("fixtures/http3/get.pcapng");
        let time = attacked.frames[at].0;
        attacked.frames.splice(at..at, forged_frames.iter().map(|frame| (time, frame.clone())));
        assert_eq!(lines(&attacked.exchanges(&attacked.in_order())), calls, "before frame {}", at + 1);
        let after = connections(&attacked);
        let measured = |connection: &TransportConnection| {
            let TransportConnection { handshake, bytes, packets, rtts, spin_rtt, lost, missing, .. } = connection;
            (*handshake, *bytes, *packets, *rtts, *spin_rtt, *lost, *missing, connection.close.is_some())
        };
        assert_eq!(after.len(), before.len(), "before frame {}", at + 1);
        assert_eq!(measured(&after[0]), measured(&before[0]), "before frame {}", at + 1);
    }
}

#[test]
fn a_connection_after_a_version_negotiation_lasts_from_its_first_attempt() {
    // tshark 4.4: frames 1 and 2 are of connection 0, as those of its handshake in version 1.
    let recording = Recording::at("fixtures/http3/version-negotiation.pcapng");
    let found = connections(&recording);
    assert_eq!((found.len(), found[0].number, found[0].first.frame), (1, 0, 1));
    let bytes: usize = recording.frames.iter().map(|(_, frame)| frame.len() - PAYLOAD).sum();
    assert_eq!(found[0].bytes[0] + found[0].bytes[1], bytes as u64);
}

#[test]
fn a_client_whose_version_is_refused_is_a_connection() {
    // tshark 4.4 of frames 1 and 2: version 0x1a2a3a4a with a quic.scid of 8 bytes, then a version negotiation.
    let mut recording = Recording::at("fixtures/http3/version-negotiation.pcapng");
    recording.frames.truncate(2);
    let found = connections(&recording);
    assert_eq!((found.len(), found[0].version, found[0].packets, found[0].last.frame), (1, "", [1, 1], 2));
    let bytes: Vec<u64> = recording.frames.iter().map(|(_, frame)| (frame.len() - PAYLOAD) as u64).collect();
    assert_eq!((&found[0].bytes[..], found[0].ids.each_ref().map(Vec::len)), (&bytes[..], [1, 0]));
    assert!(found[0].handshake.is_none() && found[0].is_close_hidden);
}

#[test]
fn instructions_that_are_lost_lose_no_call() {
    for name in ["http3/blocked", "http3/qpack"] {
        let recording = Recording::at(&format!("fixtures/{name}.pcapng"));
        let all = recording.exchanges(&recording.in_order()).len();
        // The handshake takes the first frames.
        for at in 5..recording.frames.len() {
            let mut order = recording.in_order();
            order.remove(at);
            let found = lines(&recording.exchanges(&order));
            assert!(found.len() + 1 >= all, "{name} without frame {}: {found:?}", at + 1);
        }
    }
}

#[test]
fn datagrams_and_capsules_of_tunnels_are_read() {
    let values = |name: &str, fields: &[&str]| {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_overhear"))
            .args(["print", &format!("fixtures/http3/{name}.pcapng"), "-Y", fields[0], "-T", "fields"])
            .args(fields.iter().flat_map(|field| ["-e", field]))
            .output()
            .expect("it runs");
        String::from_utf8_lossy(&program.stdout).trim_end().to_owned()
    };
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    // The texts of fixtures/programs/h3_client.py; the server sends each back.
    let (session, target) = (hex("a datagram of the session"), hex("a datagram to the target"));
    let fields = ["http3.datagram", "http3.datagram.stream", "http3.datagram.context_id", "http3.datagram.payload"];
    let rows = values("tunnels", &fields[..]);
    let expected = [format!("4\t\t{session}"), format!("12\t0\t{target}")].map(|row| [row.clone(), row]).concat();
    let found: Vec<&str> = rows.lines().map(|row| row.split_once('\t').map_or(row, |(_, rest)| rest)).collect();
    assert_eq!(found, expected, "{rows}");
    let rows = values("capsules", &["capsule.datagram", "capsule.type", "capsule.context_id"]);
    let row = format!("{}\t{:#018x}\t0", hex("a datagram in a capsule"), 0);
    assert_eq!(rows, [row.as_str(); 2].join("\n"));
    let rows = values("capsules", &["capsule.close.code", "capsule.close.reason"]);
    assert_eq!(rows, ["42\tdone"; 2].join("\n"));
}

#[test]
fn calls_have_the_protocol_that_an_extended_connect_opens_and_a_mark_of_a_push() {
    let rows = |capture: &str| {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_overhear"))
            .args(["calls", &format!("fixtures/{capture}"), "-T", "ndjson"])
            .output()
            .expect("it runs");
        let row = |line: &str| {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
            (row["connect_protocol"].as_str().unwrap_or_default().to_owned(), row["pushed"] == true)
        };
        String::from_utf8_lossy(&program.stdout).lines().map(row).collect::<Vec<_>>()
    };
    // As fixtures/programs/h3_client.py sends them; the first CONNECT has none.
    let tunnels = ["", "webtransport", "connect-udp"].map(|protocol| (protocol.to_owned(), false));
    assert_eq!(rows("http3/tunnels.pcapng"), tunnels);
    let capsules = ["connect-udp", "webtransport"].map(|protocol| (protocol.to_owned(), false));
    assert_eq!(rows("http3/capsules.pcapng"), capsules);
    // Streams 2 and 4 are promised in frame 8 (tshark 4.4: http2.type == 5).
    assert_eq!(rows("http2/push.pcap"), [false, true, true].map(|is_pushed| (String::new(), is_pushed)));
}
