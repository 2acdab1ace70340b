//! Bodies longer than 1 MiB in exports: whole up to the limit, and marked beyond it.

use super::{folder, run, write};
use crate::common::{ACK, IPV4, PSH, SYN, Segment, pcap};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;

const MEBIBYTE: usize = 1 << 20;

/// A file without repetitions: the high bytes of a linear congruential sequence.
fn file(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("a buffer");
    encoder.finish().expect("a buffer")
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    [body.chunks(30_000).flat_map(chunk).collect(), b"0\r\n\r\n".to_vec()].concat()
}

fn response(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{headers}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn with_length(body: &[u8]) -> Vec<u8> {
    response(&format!("Content-Length: {}", body.len()), body)
}

/// The packets of a connection with a request and its response, which has segments of a size. Ports count from 40000.
fn download(nth: u16, size: usize, request: &[u8], response: &[u8]) -> Vec<Vec<u8>> {
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        let mut packet = Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet();
        let at = if from_client { 20 } else { 22 };
        packet[at..at + 2].copy_from_slice(&(40_000 + nth).to_be_bytes());
        packet
    };
    let mut packets = vec![segment(true, SYN, 100, 0, b""), segment(false, SYN | ACK, 500, 101, b"")];
    let mut seq = 101;
    for part in request.chunks(size) {
        packets.push(segment(true, PSH | ACK, seq, 501, part));
        seq += part.len() as u32;
    }
    let (client, mut seq) = (seq, 501);
    for part in response.chunks(size) {
        packets.push(segment(false, PSH | ACK, seq, client, part));
        seq += part.len() as u32;
    }
    packets.push(segment(true, ACK, client, seq, b""));
    packets
}

fn get(nth: u16, size: usize, response: &[u8]) -> Vec<Vec<u8>> {
    download(nth, size, format!("GET /{nth} HTTP/1.1\r\nHost: a.test\r\n\r\n").as_bytes(), response)
}

/// Packets of two connections, one of each after the other.
fn both(first: Vec<Vec<u8>>, second: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    first.into_iter().zip(second).flat_map(<[Vec<u8>; 2]>::from).collect()
}

/// A frame of HTTP/2 (RFC 9113 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32).to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A connection of HTTP/2 with a response on each of several streams, a frame of 16 KiB of each after the other.
fn streams(bodies: &[&[u8]]) -> Vec<Vec<u8>> {
    let field = |name: &str, value: &str| {
        let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        [&[0][..], &text(name), &text(value)].concat()
    };
    let ids = (1..).step_by(2);
    let mut request = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, b"")].concat();
    let mut response = frame(4, 0, 0, b"");
    for (id, _) in ids.clone().zip(bodies) {
        // RFC 7541 A: 2 is :method GET, 6 is :scheme http, 8 is :status 200.
        let head = [&[0x82, 0x86][..], &field(":path", &format!("/{id}")), &field(":authority", "a.test")].concat();
        request.extend(frame(1, 5, id, &head));
        response.extend(frame(1, 4, id, &[&[0x88][..], &field("content-type", "application/octet-stream")].concat()));
    }
    let count = bodies.iter().map(|body| body.len().div_ceil(16_384)).max().expect("a body");
    for nth in 0..count {
        for (id, body) in ids.clone().zip(bodies) {
            let part = body.chunks(16_384).nth(nth).expect("bodies have the same length");
            response.extend(frame(0, u8::from(nth + 1 == count), id, part));
        }
    }
    download(0, 1460, &request, &response)
}

/// Exports the bodies of packets. Returns the rows of the manifest, and the contents of their files.
fn objects(folder: &Path, packets: &[Vec<u8>], options: &[&str]) -> (Vec<Value>, Vec<Option<Vec<u8>>>) {
    let capture = write(folder, "a.pcap", &pcap(IPV4, packets));
    let out = folder.join("out");
    let _ = fs::remove_dir_all(&out);
    let out_name = out.to_str().expect("a name in UTF-8");
    let (_, error, code) = run(&[&["export", "objects", &capture, "-o", out_name], options].concat());
    assert_eq!(code, 0, "{error}");
    let text = fs::read_to_string(out.join("manifest.json")).expect("a manifest");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let content = |row: &Value| Some(fs::read(out.join(row["file"].as_str()?)).expect("a file"));
    let contents = rows.iter().map(content).collect();
    (rows, contents)
}

#[test]
fn a_download_is_whole_in_every_form() {
    let folder = folder();
    let body = file(3 * MEBIBYTE, 1);
    let other = file(3 * MEBIBYTE, 2);
    let zeros = vec![0; 3 * MEBIBYTE];
    let mut late = get(0, 1460, &with_length(&body));
    (10..late.len() - 10).step_by(7).for_each(|at| late.swap(at, at + 2));
    let coded = |body: &[u8], headers: &str| response(headers, &gzip(body));
    let length = |body: &[u8]| format!("Content-Encoding: gzip\r\nContent-Length: {}", gzip(body).len());
    let in_chunks = response("Content-Encoding: gzip\r\nTransfer-Encoding: chunked", &chunked(&gzip(&body)));
    for (name, packets, bodies) in [
        ("segments of Ethernet", get(0, 1460, &with_length(&body)), vec![&body]),
        ("large segments", get(0, 65_000, &with_length(&body)), vec![&body]),
        ("chunks", get(0, 1460, &response("Transfer-Encoding: chunked", &chunked(&body))), vec![&body]),
        ("gzip", get(0, 1460, &coded(&body, &length(&body))), vec![&body]),
        ("gzip of zeros", get(0, 1460, &coded(&zeros, &length(&zeros))), vec![&zeros]),
        ("gzip in chunks", get(0, 1460, &in_chunks), vec![&body]),
        ("out of order", late, vec![&body]),
        (
            "two at once",
            both(get(0, 1460, &with_length(&body)), get(1, 1460, &with_length(&other))),
            vec![&body, &other],
        ),
        ("two streams", streams(&[&body, &other]), vec![&body, &other]),
    ] {
        let (rows, contents) = objects(folder.path(), &packets, &[]);
        let expected: Vec<_> = bodies.iter().map(|body| Some(body.to_vec())).collect();
        assert!(contents == expected, "{name}: {rows:?}");
        assert!(rows.iter().all(|row| row["complete"] == true && row["limited"] == false), "{name}: {rows:?}");
        let capture = write(folder.path(), "a.pcap", &pcap(IPV4, &packets));
        let (text, error, code) = run(&["export", "har", &capture]);
        assert_eq!(code, 0, "{error}");
        let har: Value = serde_json::from_str(&text).expect("a HAR");
        for (entry, body) in har["log"]["entries"].as_array().expect("entries").iter().zip(bodies) {
            let content = &entry["response"]["content"];
            let text = content["text"].as_str().expect("a text");
            let own = if content["encoding"] == "base64" {
                BASE64_STANDARD.decode(text).expect("base64")
            } else {
                text.as_bytes().to_vec()
            };
            assert!(own == *body && content["size"] == body.len(), "{name}");
            assert_eq!(entry["response"].get("comment"), None, "{name}");
        }
    }
}

#[test]
fn a_large_download_is_whole_on_any_number_of_threads() {
    let folder = folder();
    let (body, other) = (file(40 * MEBIBYTE, 1), file(40 * MEBIBYTE, 2));
    let packets = both(get(0, 16_000, &with_length(&body)), get(1, 16_000, &with_length(&other)));
    let (rows, contents) = objects(folder.path(), &packets, &["--threads", "1"]);
    assert!(contents == [Some(body), Some(other)], "{rows:?}");
    for threads in ["2", "7"] {
        let (own, own_contents) = objects(folder.path(), &packets, &["--threads", threads]);
        assert!(own == rows && own_contents == contents, "{threads}: {own:?}");
    }
}

#[test]
fn a_body_beyond_the_limit_is_cut_and_marked() {
    let folder = folder();
    let body = file(3 * MEBIBYTE, 1);
    let coded = gzip(&body);
    let zeros = vec![0; 3 * MEBIBYTE];
    let zeros_coded = gzip(&zeros);
    let length = |body: &[u8]| format!("Content-Encoding: gzip\r\nContent-Length: {}", body.len());
    for (name, packets, body) in [
        ("a length", get(0, 1460, &with_length(&body)), &body),
        ("chunks", get(0, 65_000, &response("Transfer-Encoding: chunked", &chunked(&body))), &body),
        ("gzip", get(0, 1460, &response(&length(&coded), &coded)), &body),
        ("gzip of zeros", get(0, 1460, &response(&length(&zeros_coded), &zeros_coded)), &zeros),
        ("a stream", streams(&[&body]), &body),
    ] {
        for (limit, bytes) in [("1M", MEBIBYTE), ("2048K", 2 * MEBIBYTE), ("1500", 1500)] {
            let (rows, contents) = objects(folder.path(), &packets, &["--body-limit", limit]);
            let [Some(own)] = &contents[..] else { unreachable!("{name}: {rows:?}") };
            // Framing of chunks counts, and gzip adds bytes to a file without repetitions.
            assert!(own.len() <= bytes && own.len() * 10 > bytes * 9 && body.starts_with(own), "{name}: {}", own.len());
            assert_eq!((&rows[0]["limited"], &rows[0]["complete"]), (&true.into(), &false.into()), "{name} {limit}");
        }
    }
    // Two of the largest bodies are kept of a connection. Of a third, the manifest has all but the file.
    let bodies = [1, 2, 3].map(|seed| file(3 * MEBIBYTE, seed));
    let (rows, contents) =
        objects(folder.path(), &streams(&bodies.each_ref().map(|body| &body[..])), &["--body-limit", "2M"]);
    assert_eq!(contents.iter().map(|content| content.as_ref().map_or(0, Vec::len)).max(), Some(2 * MEBIBYTE));
    assert_eq!((rows.len(), contents.iter().filter(|content| content.is_none()).count()), (3, 1), "{rows:?}");
    assert!(rows.iter().all(|row| row["limited"] == true && row["body_size"] == 3 * MEBIBYTE), "{rows:?}");
    let capture = write(folder.path(), "a.pcap", &pcap(IPV4, &get(0, 1460, b"")));
    for limit in ["513M", "x", "-1"] {
        let (_, error, code) = run(&["export", "har", &capture, &format!("--body-limit={limit}")]);
        assert!(code == 2 && error.contains("expected at most 512M bytes"), "{error}");
    }
}

/// The buffers of a connection have room for one and a half bodies of the default limit.
#[test]
fn no_more_bodies_are_dropped_than_memory_needs() {
    let folder = folder();
    let bodies = [1, 2].map(|seed| file(900_000, seed));
    let packets = streams(&bodies.each_ref().map(|body| &body[..]));
    let (rows, contents) = objects(folder.path(), &packets, &["--body-limit", "1M"]);
    let is_whole = |nth: &usize| contents[*nth].as_ref() == Some(&bodies[*nth]);
    let [Some(whole), Some(dropped)] = [(0..2).find(is_whole), (0..2).find(|nth| contents[*nth].is_none())] else {
        unreachable!("{rows:?}")
    };
    assert!(rows[whole]["limited"] == false && rows[dropped]["limited"] == true, "{rows:?}");
    assert_eq!(rows[dropped]["body_size"], 900_000);
    let capture = write(folder.path(), "a.pcap", &pcap(IPV4, &packets));
    let texts = ["1", "3"].map(|stream| run(&["follow", &capture, "0", "--http2", stream]).0);
    let has = |text: &str| texts.iter().filter(|body| body.contains(text)).count();
    assert_eq!(has("[Body dropped: the buffers for incomplete messages were full]"), 1);
    assert_eq!((has("[900000 bytes of binary data]"), has("Body exceeds the size limit")), (1, 0));
    // Of six bodies, each beyond the limit, one is kept up to it.
    let bodies = [1, 2, 3, 4, 5, 6].map(|seed| file(2_500_000, seed));
    let (_, contents) =
        objects(folder.path(), &streams(&bodies.each_ref().map(|body| &body[..])), &["--body-limit", "1M"]);
    assert_eq!(contents.iter().flatten().map(Vec::len).max(), Some(MEBIBYTE));
}

#[test]
fn content_beyond_the_limit_is_not_one_that_cannot_be_decompressed() {
    let folder = folder();
    let coded = gzip(&vec![0; 12 * MEBIBYTE]);
    let body = response(&format!("Content-Encoding: gzip\r\nContent-Length: {}", coded.len()), &coded);
    let capture = write(folder.path(), "a.pcap", &pcap(IPV4, &get(0, 1460, &body)));
    let (text, _, _) = run(&["export", "har", &capture, "--body-limit", "2M"]);
    let har: Value = serde_json::from_str(&text).expect("a HAR");
    let comment = &har["log"]["entries"][0]["response"]["comment"];
    assert_eq!(comment, "Body exceeds the size limit; body is truncated to 2097152 bytes");
}

/// A frame of WebSocket of a server, of at least 64 KiB (RFC 6455 5.2).
fn long_websocket_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 127][..], &(payload.len() as u64).to_be_bytes(), payload].concat()
}

#[test]
fn a_message_of_websocket_is_whole_up_to_the_limit() {
    let folder = folder();
    let (exact, long) = ("qwertz".repeat(MEBIBYTE / 6 + 1)[..MEBIBYTE].to_owned(), "asdfgh".repeat(MEBIBYTE * 5 / 12));
    let request = "GET /ws HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let mut response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        .to_vec();
    response.extend(long_websocket_frame(0x81, exact.as_bytes()));
    let third = long.len().div_ceil(3);
    for (nth, part) in long.as_bytes().chunks(third).enumerate() {
        response.extend(long_websocket_frame([0x01, 0x00, 0x80][nth], part));
    }
    response.extend(b"\x81\x05small");
    let packets = download(0, 16_000, request.as_bytes(), &response);
    let capture = write(folder.path(), "a.pcap", &pcap(IPV4, &packets));
    let messages = |options: &[&str]| {
        let (text, error, code) = run(&[&["export", "har", &capture], options].concat());
        assert_eq!(code, 0, "{error}");
        let har: Value = serde_json::from_str(&text).expect("a HAR");
        har["log"]["entries"][0]["_webSocketMessages"].as_array().expect("messages").clone()
    };
    let whole = messages(&[]);
    let texts: Vec<&str> = whole.iter().map(|message| message["data"].as_str().expect("a text")).collect();
    assert!(texts == [&*exact, &*long, "small"]);
    assert!(whole.iter().all(|message| message.get("comment").is_none()));
    let cut = messages(&["--body-limit", "2M"]);
    let texts: Vec<&str> = cut.iter().map(|message| message["data"].as_str().expect("a text")).collect();
    assert!(texts == [&*exact, &long[..2 * MEBIBYTE], "small"]);
    let comment = "The message exceeds a limit and is not shown whole; data are truncated to 2097152 of 2621436 bytes";
    assert_eq!(cut[1]["comment"], comment);
    // What a limit drops was captured.
    let (notes, _, _) = run(&["stats", &capture, "-z", "notes"]);
    assert!(notes.contains("websocket.limit") && !notes.contains("websocket.gap"), "{notes}");
}

#[test]
fn an_upload_is_repeated_whole_or_refused_at_the_limit() {
    let folder = folder();
    let body = file(3 * MEBIBYTE, 1);
    let head = format!("PUT /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = [head.as_bytes(), &body].concat();
    let packets = download(0, 1460, &request, b"HTTP/1.1 204 No Content\r\n\r\n");
    let capture = write(folder.path(), "a.pcap", &pcap(IPV4, &packets));
    let out = folder.path().join("out");
    let out_name = out.to_str().expect("a name in UTF-8");
    let (_, error, code) = run(&["export", "raw", &capture, "-o", out_name]);
    assert_eq!((code, &*error), (0, "overhear: 1 request written\n"));
    assert!(fs::read(&out).expect("a file") == request);
    let (text, error, _) = run(&["export", "python", &capture, "--body-limit", "2M"]);
    assert!(text.contains("# not repeated: its body exceeds the limit (--body-limit)"), "{text}");
    assert!(error.contains("1 request cannot be repeated"), "{error}");
}
