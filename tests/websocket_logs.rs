//! Captures of WebSocket compared with the logs of the client in them: every frame, and every message as a call.

use crate::common;
use dissectors::session::Side;
use dissectors::{Tree, Value, frame, tcp, websocket};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::source::Capture;
use std::path::Path;

/// Recordings with a log beside them, and the captures that were made from them without changing a byte of the streams.
const LOGGED: &[(&str, &[&str])] = &[
    ("python", &["python", "python-repeated", "python-reordered"]),
    ("python-deflate", &["python-deflate", "python-deflate-repeated", "python-deflate-reordered"]),
    ("python-no-takeover", &["python-no-takeover"]),
    ("node", &["node", "node-repeated", "node-reordered"]),
    ("node-deflate", &["node-deflate", "node-deflate-repeated", "node-deflate-reordered"]),
    ("node-no-takeover", &["node-no-takeover"]),
    ("large", &["large"]),
];

/// What a log or a capture has of one direction.
#[derive(Debug, Default, PartialEq)]
struct Traffic {
    /// Kind of each frame, and whether it ends its message, if the log has frames.
    frames: Vec<String>,
    /// Kind and size of each message, and its text if the log has all of it.
    messages: Vec<(String, u64, Option<String>)>,
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/websocket").join(path)).expect("a recorded file")
}

/// Reads the log of the client: of the Python library with every frame, of Node with every message.
fn logged(name: &str) -> [Traffic; 2] {
    let mut sides = [Traffic::default(), Traffic::default()];
    let mut open: [Option<(String, u64, String)>; 2] = Default::default();
    for line in String::from_utf8(read(&format!("{name}.log"))).expect("a text").lines() {
        let side = usize::from(line.starts_with("< "));
        let (Some((kind, rest)), true) =
            (line.get(2..).and_then(|rest| rest.split_once(' ')), line.starts_with(['>', '<']))
        else {
            continue;
        };
        let traffic = &mut sides[side];
        if let (Ok(size), false) = (rest.parse(), kind.contains(':')) {
            traffic.messages.push((capitalized(kind), size, None));
            continue;
        }
        if kind == "close" {
            let reason = rest.split_once(' ').map_or(0, |(_, reason)| reason.len());
            traffic.messages.push(("Close".into(), 2 + reason as u64, None));
            continue;
        }
        let Some((content, notes)) =
            rest.rsplit_once(" [").filter(|_| kind.chars().all(|char| char.is_ascii_uppercase()))
        else {
            continue;
        };
        let size = notes.trim_start_matches("text, ").split(' ').next().and_then(|size| size.parse::<u64>().ok());
        let (size, fin) = (size.expect("a size"), !notes.contains("continued"));
        traffic.frames.push(format!("{kind} {fin}"));
        let text = content.trim_matches('\'').to_owned();
        match (kind, fin) {
            ("CONT", _) => {
                let (_, total, whole) = open[side].as_mut().expect("a first fragment");
                *total += size;
                *whole += &text;
                if fin && let Some((kind, total, text)) = open[side].take() {
                    traffic.messages.push((kind, total, Some(text)));
                }
            }
            (_, false) => open[side] = Some((capitalized(kind), size, text)),
            (_, true) => {
                let is_whole = kind == "TEXT" && !text.contains("...");
                traffic.messages.push((capitalized(kind), size, is_whole.then_some(text)));
            }
        }
    }
    sides
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + &rest.to_lowercase()
}

fn uint(tree: &Tree, field: &dissectors::Field) -> u64 {
    match tree.first(field) {
        Some(Value::Uint(number)) => number,
        _ => 0,
    }
}

/// Reads the frames and messages of a capture, and the frame of the capture that completes each message.
fn captured(name: &str) -> ([Traffic; 2], [Vec<u32>; 2]) {
    let mut wants = dissectors::Wants::default();
    [&frame::NUMBER, &tcp::DSTPORT, &websocket::FIN, &websocket::OPCODE, &websocket::KIND, &websocket::DATA]
        .into_iter()
        .for_each(|field| wants.add(field));
    let (mut sides, mut completed) = ([Traffic::default(), Traffic::default()], [Vec::new(), Vec::new()]);
    common::each_tree(&read(&format!("{name}.pcap")), wants, |tree| {
        let side = usize::from(uint(tree, &tcp::DSTPORT) != 8080);
        let traffic = &mut sides[side];
        let mut fin = false;
        for node in tree.nodes() {
            match (node.field.name, node.value) {
                ("websocket.fin", Value::Bool(value)) => fin = value,
                ("websocket.opcode", Value::Uint(opcode)) => {
                    let name = ["CONT", "TEXT", "BINARY", "", "", "", "", "", "CLOSE", "PING", "PONG"][opcode as usize];
                    traffic.frames.push(format!("{name} {fin}"));
                }
                ("websocket.kind", Value::Text(kind)) => {
                    let kind = String::from_utf8_lossy(tree.bytes(kind)).into_owned();
                    traffic.messages.push((kind, 0, Some(String::new())));
                    completed[side].push(uint(tree, &frame::NUMBER) as u32);
                }
                ("websocket.data", Value::Bytes(data)) => {
                    let last = traffic.messages.last_mut().expect("a message");
                    (last.1, last.2) = (data.len.into(), Some(String::from_utf8_lossy(tree.bytes(data)).into_owned()));
                }
                _ => {}
            }
        }
    });
    (sides, completed)
}

/// Returns the calls of each side after the handshake: kind, and the frame that completes the message.
fn calls(name: &str) -> [Vec<(String, u32)>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    let mut handshakes = 0;
    for event in common::events(read(&format!("{name}.pcap")), Task { exchanges: true, ..Task::default() }) {
        let Event::Call(call) = event else { continue };
        let exchange = call.exchange;
        if exchange.protocol == "http" {
            handshakes += 1;
            continue;
        }
        let message = exchange.request.expect("a message");
        assert!(message.complete && exchange.is_one_way && exchange.parent.is_some(), "{name}: {exchange:?}");
        let side = exchange.requester.expect("a sender");
        assert_eq!(
            call.client.port,
            if side == Side::Client { 50_000 } else { 8080 },
            "{name}: the sender is the client"
        );
        sides[side as usize].push((exchange.method.to_string(), message.completed_in));
    }
    assert_eq!(handshakes, 1, "{name}");
    sides
}

#[test]
fn a_capture_has_the_frames_and_messages_of_its_log() {
    for (log, captures) in LOGGED {
        for name in *captures {
            let (found, completed) = captured(name);
            let calls = calls(name);
            for (side, expected) in logged(log).into_iter().enumerate() {
                assert!(!expected.messages.is_empty(), "{name}");
                if !expected.frames.is_empty() {
                    assert_eq!(found[side].frames, expected.frames, "{name}");
                }
                assert_eq!(found[side].messages.len(), expected.messages.len(), "{name}");
                for (found, expected) in found[side].messages.iter().zip(&expected.messages) {
                    assert_eq!(found.0, expected.0, "{name}");
                    // The data of a Close are its code and reason.
                    assert!(found.1 == expected.1 || found.0 == "Close", "{name}: {found:?}, {expected:?}");
                    assert!(expected.2.is_none() || found.2 == expected.2, "{name}: {found:?}, {expected:?}");
                }
                let rows = found[side].messages.iter().zip(&completed[side]);
                let rows: Vec<_> = rows.map(|((kind, ..), frame)| (kind.clone(), *frame)).collect();
                assert_eq!(calls[side], rows, "{name}");
            }
        }
    }
}

/// Returns the number of WebSocket messages of the readable part of a capture.
fn message_count(file: Vec<u8>) -> usize {
    let is_message = |event: &Event| matches!(event, Event::Call(call) if call.exchange.protocol == "websocket");
    let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file)) else { return 0 };
    let mut analyzer = Analyzer::new(Task { exchanges: true, ..Task::default() });
    let mut count = 0;
    while let Ok(Some(frame)) = capture.next() {
        analyzer.dissect(&frame);
        count += analyzer.events().filter(is_message).count();
    }
    analyzer.finish();
    count + analyzer.events().filter(is_message).count()
}

/// Changes the port of the server in each frame: Ethernet, IPv4 without options, TCP.
fn with_port(mut file: Vec<u8>, port: u16) -> Vec<u8> {
    let mut at = 24;
    while let Some(len) = file.get(at + 8..at + 12) {
        let len = u32::from_le_bytes(len.try_into().expect("four bytes")) as usize;
        for place in [at + 16 + 34, at + 16 + 36] {
            if file[place..place + 2] == 8080_u16.to_be_bytes() {
                file[place..place + 2].copy_from_slice(&port.to_be_bytes());
            }
        }
        at += 16 + len;
    }
    file
}

#[test]
fn messages_are_found_on_any_port_with_and_without_their_handshake() {
    for name in ["python", "node-deflate", "python-mid-stream", "node-deflate-mid-stream", "python-deflate-mid-stream"]
    {
        let file = read(&format!("{name}.pcap"));
        let expected = message_count(file.clone());
        assert!(expected > 5, "{name}");
        for port in [80, 443, 3306, 49_321] {
            assert_eq!(message_count(with_port(file.clone(), port)), expected, "{name} on port {port}");
        }
    }
}

/// Returns a capture without the frames that have these bytes.
fn without(file: &[u8], bytes: &[u8]) -> Vec<u8> {
    let (head, mut rest) = file.split_at(24);
    let mut kept = head.to_vec();
    while let Some(len) = rest.get(8..12) {
        let len = u32::from_le_bytes(len.try_into().expect("four bytes")) as usize;
        let (record, after) = rest.split_at(16 + len);
        if !record.windows(bytes.len()).any(|part| part == bytes) {
            kept.extend_from_slice(record);
        }
        rest = after;
    }
    kept
}

#[test]
fn messages_are_read_if_the_response_of_the_handshake_was_not_captured() {
    for (log, captures) in LOGGED {
        let expected: usize = logged(log).iter().map(|side| side.messages.len()).sum();
        // Long frames are not enough to detect them.
        for name in captures.iter().filter(|name| !name.contains("reordered") && **name != "large") {
            let file = without(&read(&format!("{name}.pcap")), b"HTTP/1.1 101");
            assert_eq!(message_count(file), expected, "{name}");
        }
    }
}

#[test]
fn no_other_conversation_is_taken_for_websocket() {
    for (name, file) in common::captures() {
        let has_messages = ["websocket", "http2/connect", "wstunnel"].iter().any(|part| name.contains(part));
        if !has_messages {
            assert_eq!(message_count(file), 0, "{name}");
        }
    }
}
