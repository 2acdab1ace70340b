//! `follow --websocket` of HTTP/2: each message names its stream, and one stream can be selected.

use super::{folder, run, write};
use crate::common::{ACK, IPV4, PSH, Segment, pcap};

/// Type of a frame, its flags and its stream.
type Head = (u8, u8, u8);

/// A frame of HTTP/2 (RFC 9113 4.1).
fn frame((kind, flags, stream): Head, payload: &[u8]) -> Vec<u8> {
    [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// HEADERS without compression, which do not end the stream.
fn headers(stream: u8, lines: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let block: Vec<u8> = lines.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
    frame((1, 4, stream), &block)
}

/// Two WebSockets, in the streams 1 and 3 (RFC 8441 5.1); the server sends a text in each.
fn capture() -> Vec<u8> {
    let connect = |stream| {
        let path = if stream == 1 { "/a" } else { "/b" };
        let lines = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", path),
            (":authority", "h"),
        ];
        headers(stream, &lines)
    };
    let settings = frame((4, 0, 0), &[0, 8, 0, 0, 0, 1]);
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame((4, 0, 0), &[])[..]].concat();
    let request = [preface, connect(1), connect(3)].concat();
    let accepted = [1, 3].map(|stream| headers(stream, &[(":status", "200")])).concat();
    let texts = [frame((0, 0, 3), b"\x81\x06second"), frame((0, 0, 1), b"\x81\x05first")].concat();
    let response = [settings, accepted, texts].concat();
    let segment = |from_client, seq, ack, data: &[u8]| {
        Segment { from_client, flags: ACK | PSH, seq, ack, data: data.to_vec() }.packet()
    };
    let (sent, answered) = (100 + request.len() as u32, 500 + response.len() as u32);
    pcap(
        IPV4,
        &[segment(true, 100, 500, &request), segment(false, 500, sent, &response), segment(true, sent, answered, b"")],
    )
}

#[test]
fn messages_of_several_streams_name_theirs_and_one_stream_can_be_selected() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let (all, _, code) = run(&["follow", &file, "0", "--websocket"]);
    let headings: Vec<&str> = all.lines().filter(|line| line.starts_with("---")).collect();
    assert_eq!((headings.len(), code), (2, 0), "{all}");
    assert!(headings[0].starts_with("--- server, stream 3, frame 2,"), "{all}");
    assert!(headings[1].starts_with("--- server, stream 1, frame 2,"), "{all}");
    let (one, _, code) = run(&["follow", &file, "0", "--http2", "3", "--websocket"]);
    assert!(code == 0 && one.contains("second") && !one.contains("first"), "{one}");
    let (_, error, code) = run(&["follow", &file, "0", "--websocket", "--http2", "5"]);
    assert!(code != 0 && error.contains("no WebSocket messages in stream 5 of stream 0"), "{error}");
    let (_, _, code) = run(&["follow", &file, "0", "--websocket", "--http"]);
    assert_eq!(code, 2);
}
