//! Captures of gRPC compared with the logs of their clients and servers: calls with their status, messages with their length.

use crate::common;
use dissectors::{Value, Wants, grpc};
use overhear::analysis::{Event, Task};
use std::path::Path;

/// Recordings with a log beside them.
const LOGGED: &[&str] = &["unary", "streaming", "large", "failing", "gzip", "parallel"];

/// What a log or a capture has.
#[derive(Debug, Default)]
struct Traffic {
    /// Target and status of each call.
    calls: Vec<String>,
    /// Text of each status.
    texts: Vec<String>,
    /// Decompressed length of each message.
    lengths: Vec<u32>,
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/grpc").join(name)).expect("a fixture")
}

fn logged(name: &str) -> Traffic {
    let text = String::from_utf8(fixture(&format!("{name}.log"))).expect("a text");
    let mut traffic = Traffic::default();
    for line in text.lines() {
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        match words[..] {
            ["call", target, status, _, text] => {
                traffic.calls.push(format!("{target} {status}"));
                traffic.texts.push(text.to_owned());
            }
            // Its client did not wait for this response.
            ["response", .., text] if text.contains(r#"customer: "slow""#) => {}
            ["request" | "response", _, length, ..] => traffic.lengths.push(length.parse().expect("a length")),
            _ => assert!(line.is_empty(), "{line}"),
        }
    }
    traffic
}

fn captured(name: &str) -> Traffic {
    let file = fixture(&format!("{name}.pcap"));
    let mut traffic = Traffic::default();
    let mut wants = Wants::default();
    [&grpc::STATUS_MESSAGE, &grpc::LENGTH, &grpc::DATA].into_iter().for_each(|field| wants.add(field));
    common::each_tree(&file, wants, |tree| {
        let mut data = 0;
        // The data follow the length, unless there are none.
        for node in tree.nodes().iter().rev() {
            match (node.field.name, node.value) {
                ("grpc.message_data", Value::Bytes(bytes)) => data = bytes.len,
                ("grpc.message_length", _) => traffic.lengths.push(std::mem::take(&mut data)),
                (_, Value::Text(text)) => traffic.texts.push(String::from_utf8_lossy(tree.bytes(text)).into_owned()),
                _ => {}
            }
        }
    });
    for event in common::events(file, Task { exchanges: true, ..Task::default() }) {
        if let Event::Call(call) = event {
            traffic.calls.push(format!("{} {}", call.exchange.target, call.exchange.status));
        }
    }
    traffic
}

#[test]
fn a_capture_has_the_calls_and_messages_of_its_logs() {
    for name in LOGGED {
        let (mut logged, mut captured) = (logged(name), captured(name));
        // Those of parallel calls interleave.
        for traffic in [&mut logged, &mut captured] {
            traffic.calls.sort();
            traffic.lengths.sort_unstable();
        }
        // A deadline that expires is a status of the client, which resets the stream: it is in no frame.
        logged.calls.retain(|call| !call.contains("DEADLINE_EXCEEDED"));
        captured.calls.retain(|call| !call.ends_with(" 200"));
        assert_eq!(captured.calls, logged.calls, "{name}");
        assert_eq!(captured.lengths, logged.lengths, "{name}");
        for text in &captured.texts {
            assert!(logged.texts.contains(text), "{name}: {text}");
        }
    }
}
