//! Connections of HTTP/2, made frame by frame: heads without compression, and dialogues of WebSocket in streams.

use super::{ACK, IPV4, PSH, Segment, pcap};

/// Type of a frame, its flags and its stream.
pub type FrameHead = (u8, u8, u8);

/// A frame of HTTP/2 (RFC 9113 4.1).
pub fn frame((kind, flags, stream): FrameHead, payload: &[u8]) -> Vec<u8> {
    [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// HEADERS without compression, which end the stream or do not.
pub fn headers(stream: u8, ends: bool, lines: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let block: Vec<u8> = lines.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
    frame((1, if ends { 5 } else { 4 }, stream), &block)
}

/// The preface of a client, with its settings.
pub fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame((4, 0, 0), &[])[..]].concat()
}

/// A capture of what the sides send in turn: each item is a segment, of the client if it is set.
pub fn conversation(parts: &[(bool, Vec<u8>)]) -> Vec<u8> {
    let mut next = [100, 500];
    let mut segments = Vec::new();
    for (from_client, data) in parts.iter().cloned().chain([(true, Vec::new())]) {
        let [client, server] = next;
        let (seq, ack) = if from_client { (client, server) } else { (server, client) };
        next[usize::from(!from_client)] += data.len() as u32;
        segments.push(Segment { from_client, flags: ACK | PSH, seq, ack, data }.packet());
    }
    pcap(IPV4, &segments)
}

/// Two WebSockets, in the streams 1 and 3 (RFC 8441 5.1); the server sends these texts, each in a stream.
pub fn two_dialogues(texts: &[(u8, &str)]) -> Vec<u8> {
    let connect = |stream| {
        let path = if stream == 1 { "/a" } else { "/b" };
        let lines = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", path),
            (":authority", "h"),
        ];
        headers(stream, false, &lines)
    };
    let settings = frame((4, 0, 0), &[0, 8, 0, 0, 0, 1]);
    let accepted = [1, 3].map(|stream| headers(stream, false, &[(":status", "200")])).concat();
    let text =
        |&(stream, text): &(u8, &str)| frame((0, 0, stream), &[&[0x81, text.len() as u8], text.as_bytes()].concat());
    let texts: Vec<u8> = texts.iter().flat_map(text).collect();
    conversation(&[(true, [preface(), connect(1), connect(3)].concat()), (false, [settings, accepted, texts].concat())])
}
