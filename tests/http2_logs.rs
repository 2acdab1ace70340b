//! Captures of HTTP/2 compared with the logs of the client in them (nghttp): frames in their order, and all headers.

use crate::common;
use dissectors::{http2, tcp};
use std::path::Path;

/// Recordings with a log beside them.
const LOGGED: &[&str] = &["continuation", "flow-control", "many-streams", "push", "trailers"];

/// What a log or a capture has of one direction.
#[derive(Debug, Default, PartialEq)]
struct Traffic {
    /// Type, flags and stream of each frame.
    frames: Vec<String>,
    /// Headers as `name: value`.
    headers: Vec<String>,
}

/// Reads a log. The headers of the client follow its frame, those of the server precede theirs.
fn logged(name: &str) -> [Traffic; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/http2/{name}.log"));
    let text = std::fs::read_to_string(path).expect("a log");
    let [mut client, mut server] = [Traffic::default(), Traffic::default()];
    let mut is_sent = false;
    for line in text.lines() {
        let Some((_, event)) = line.split_once("] ").filter(|_| line.starts_with('[')) else {
            let line = line.trim_start();
            let is_header = is_sent && line.starts_with(|char: char| char == ':' || char.is_ascii_lowercase());
            if let Some((name, value)) = line.get(1..).and_then(|rest| rest.split_once(": ")).filter(|_| is_header) {
                client.headers.push(format!("{}{name}: {value}", &line[..1]));
            }
            continue;
        };
        is_sent = event.starts_with("send");
        let traffic = if is_sent { &mut client } else { &mut server };
        if let Some((kind, rest)) = event.get(5..).and_then(|event| event.split_once(" frame <length=")) {
            let number = |key: &str| {
                let (_, rest) = rest.split_once(key).expect("a property of the frame");
                rest.split([',', '>']).next().expect("its value").to_owned()
            };
            traffic.frames.push(format!("{kind} {} {}", number("flags="), number("stream_id=")));
        } else if let Some((_, header)) = event.split_once(") ").filter(|_| event.starts_with("recv (stream_id=")) {
            traffic.headers.push(header.to_owned());
        }
    }
    [client, server]
}

/// Reads a capture.
fn captured(name: &str) -> [Traffic; 2] {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/http2/{name}.pcap")));
    let fields = [&tcp::DSTPORT, &http2::TYPE, &http2::FLAGS, &http2::STREAMID, &http2::NAME, &http2::VALUE];
    let [mut client, mut server] = [Traffic::default(), Traffic::default()];
    let mut wants = dissectors::Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    common::each_tree(&file.expect("a capture"), wants, |tree| {
        let mut traffic = &mut client;
        let mut frame = String::new();
        for node in tree.nodes() {
            let mut text = String::new();
            dissectors::format::value(&mut text, node.field, node.value, tree).expect("a text");
            match node.field.name {
                "tcp.dstport" => traffic = if text == "8090" { &mut client } else { &mut server },
                "http2.type" => {
                    let number = text.parse().expect("a number");
                    frame = http2::TYPE.value_name(number).expect("a known type").to_owned();
                }
                "http2.flags" => frame = format!("{frame} {text}"),
                "http2.streamid" => traffic.frames.push(format!("{frame} {text}")),
                "http2.header.name" => traffic.headers.push(text),
                _ => {
                    let name = traffic.headers.last_mut().expect("a name");
                    *name = format!("{name}: {text}");
                }
            }
        }
    });
    [client, server]
}

#[test]
fn a_capture_has_the_frames_and_headers_of_its_log() {
    for name in LOGGED {
        let (logged, captured) = (logged(name), captured(name));
        for (logged, mut captured) in logged.into_iter().zip(captured) {
            // nghttp logs a header block as one frame.
            let has_parts = captured.frames.iter().any(|frame| frame.starts_with("CONTINUATION"));
            captured.frames.retain(|frame| !frame.starts_with("CONTINUATION"));
            assert_eq!(captured.headers, logged.headers, "{name}");
            assert!(!captured.headers.is_empty(), "{name}");
            if !has_parts {
                assert_eq!(captured.frames, logged.frames, "{name}");
            }
        }
    }
}
