//! Calls of gRPC from frames of HTTP/2 that the tests build: losses, malformed messages, limits, gRPC-Web.

use crate::common::{ACK, IPV4, PSH, Random, Segment, events, field_values, pcap};
use dissectors::content::MessageBody;
use dissectors::packet::{Payload, ProtocolPath};
use dissectors::schema::Schemas;
use dissectors::{Field, Tree, Wants, grpc, protobuf};
use overhear::analysis::{Event, Task};
use overhear::proto_files;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

/// Returns a header block, without compression.
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    headers.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

fn request(media_type: &str) -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/a.S/Get"),
        (":authority", "h"),
        ("content-type", media_type),
    ];
    frame(HEADERS, END_HEADERS, block(&headers))
}

fn response(media_type: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, block(&[(":status", "200"), ("content-type", media_type)]))
}

fn trailers(status: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, block(&[("grpc-status", status), ("grpc-message", "a%20b")]))
}

fn message(flags: u8, data: &[u8]) -> Vec<u8> {
    [&[flags], &(data.len() as u32).to_be_bytes()[..], data].concat()
}

/// A capture of one connection.
struct Connection {
    packets: Vec<Vec<u8>>,
    at: [u32; 2],
}

impl Connection {
    /// A connection with the prefaces of both sides, and a request that ends.
    fn new(media_type: &str, messages: &[u8]) -> Connection {
        let mut connection = Connection { packets: Vec::new(), at: [1000, 5000] };
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), vec![0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
        connection.send(true, &[preface, request(media_type), frame(DATA, END_STREAM, messages)].concat());
        connection.send(false, &[0, 0, 0, 4, 0, 0, 0, 0, 0]);
        connection
    }

    fn segment(&mut self, from_client: bool, flags: u8, data: &[u8]) {
        let (own, other) = (usize::from(!from_client), usize::from(from_client));
        let (seq, ack) = (self.at[own], self.at[other]);
        self.packets.push(Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet());
        self.at[own] += data.len() as u32;
    }

    /// Sends bytes in segments of at most 1000, each of which is acknowledged.
    fn send(&mut self, from_client: bool, bytes: &[u8]) {
        for part in bytes.chunks(1000) {
            self.segment(from_client, ACK | PSH, part);
            self.segment(!from_client, ACK, &[]);
        }
    }

    /// Sends bytes of the server that are not captured.
    fn lose(&mut self, bytes: &[u8]) {
        self.at[1] += bytes.len() as u32;
        self.segment(true, ACK, &[]);
    }

    /// The capture, in which the server responds.
    fn respond(mut self, media_type: &str, parts: &[Vec<u8>]) -> Vec<u8> {
        self.send(false, &response(media_type));
        parts.iter().for_each(|part| self.send(false, part));
        pcap(IPV4, &self.packets)
    }
}

/// Returns the calls as status, outcome and protocol.
fn calls(file: &[u8]) -> Vec<String> {
    let task = Task { exchanges: true, ends: true, ..Task::default() };
    let calls = events(file.to_vec(), task).into_iter().filter_map(|event| match event {
        Event::Call(call) => Some(call.exchange),
        _ => None,
    });
    calls.map(|call| format!("{} {:?} {}", call.status, call.outcome, call.named_protocol())).collect()
}

/// Returns all values of a field.
fn values(file: &[u8], field: &'static Field) -> Vec<String> {
    let values = field_values(file, &[field]).into_iter().flatten().filter(|value| !value.is_empty());
    values.flat_map(|values| values.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
}

const GRPC: &str = "application/grpc";

#[test]
fn a_response_whose_head_is_lost_is_not_complete() {
    let mut connection = Connection::new(GRPC, b"");
    connection.lose(&[response(GRPC), frame(DATA, 0, message(0, b"\x08\x07"))].concat());
    connection.send(false, &trailers("0"));
    connection.send(false, &[0, 0, 0, 4, 1, 0, 0, 0, 0]);
    for _ in 0..8 {
        connection.segment(true, ACK, &[]);
        connection.segment(false, ACK, &[]);
    }
    let file = pcap(IPV4, &connection.packets);
    let task = Task { exchanges: true, ends: true, ..Task::default() };
    let call = events(file, task).into_iter().find_map(|event| match event {
        Event::Call(call) => Some(call.exchange),
        _ => None,
    });
    let call = call.expect("a call");
    assert_eq!((&*call.status, call.size(), call.time_to_first_byte()), ("OK", None, None));
    assert!(!call.response.expect("a response").complete);
}

#[test]
fn a_timeout_that_cannot_be_read_is_noted() {
    // PROTOCOL-HTTP2: at most eight digits, and a unit.
    for (timeout, notes) in [("250m", 0), ("99999999n", 0), ("100000000S", 1), ("x", 1), ("5", 1)] {
        let headers = [(":method", "POST"), (":path", "/a.S/Get"), ("content-type", GRPC), ("grpc-timeout", timeout)];
        let mut connection = Connection { packets: Vec::new(), at: [1000, 5000] };
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), vec![0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
        connection.send(true, &[preface, frame(HEADERS, END_HEADERS, block(&headers))].concat());
        let file = pcap(IPV4, &connection.packets);
        assert_eq!(values(&file, &grpc::INVALID_TIMEOUT).len(), notes, "{timeout}");
        assert_eq!(values(&file, &grpc::TIMEOUT).len(), 1 - notes, "{timeout}");
    }
}

#[test]
fn a_call_has_the_status_of_its_trailers() {
    for (code, line) in [
        ("0", "OK Success grpc"),
        ("5", "NOT_FOUND ClientError grpc"),
        ("14", "UNAVAILABLE ServerError grpc"),
        ("99", "99 ServerError grpc"),
        ("x", "200 Aborted grpc"),
    ] {
        let file = Connection::new(GRPC, b"").respond(GRPC, &[trailers(code)]);
        assert_eq!(calls(&file), [line]);
    }
}

#[test]
fn messages_end_where_their_length_ends_whatever_frames_they_come_in() {
    let messages = [message(0, b"\x08\x01"), message(0, b""), message(0, b"\x08\x02")].concat();
    for size in [1, 2, 4, 7, 100] {
        let parts: Vec<Vec<u8>> = messages.chunks(size).map(|part| frame(DATA, 0, part)).collect();
        let file = Connection::new(GRPC, &messages).respond(GRPC, &[parts.concat(), trailers("0")]);
        assert_eq!(values(&file, &grpc::LENGTH), ["2", "0", "2", "2", "0", "2"], "{size}");
        assert_eq!(values(&file, &protobuf::UINT32), ["1", "2", "1", "2"], "{size}");
        assert_eq!(calls(&file), ["OK Success grpc"], "{size}");
    }
}

#[test]
fn a_message_that_is_partly_lost_is_noted_and_the_next_one_is_read() {
    let lost = frame(DATA, 0, message(0, &[0; 900]));
    let mut connection = Connection::new(GRPC, b"");
    connection.send(false, &response(GRPC));
    connection.lose(&lost);
    connection.send(false, &frame(DATA, 0, message(0, b"\x08\x07")));
    connection.send(false, &trailers("0"));
    for _ in 0..8 {
        connection.segment(true, ACK, &[]);
        connection.segment(false, ACK, &[]);
    }
    let file = pcap(IPV4, &connection.packets);
    assert_eq!(values(&file, &protobuf::UINT32), ["7"]);
    assert_eq!(values(&file, &grpc::GAP), ["1"]);
    assert_eq!(values(&file, &grpc::STATUS), ["OK"]);
}

#[test]
fn bytes_that_are_no_message_are_noted() {
    let file = Connection::new(GRPC, b"").respond(GRPC, &[frame(DATA, 0, b"<html>"), trailers("13")]);
    assert_eq!(values(&file, &grpc::MALFORMED), ["1"]);
    let file = Connection::new(GRPC, b"").respond(GRPC, &[frame(DATA, 0, b"\0\0\0\0\x09ab"), trailers("13")]);
    assert_eq!(values(&file, &grpc::TRUNCATED), ["1"]);
}

#[test]
fn a_message_beyond_the_limit_is_skipped() {
    let long = [&[0][..], &(2_u32 << 20).to_be_bytes(), &vec![0; 2 << 20]].concat();
    let parts: Vec<Vec<u8>> = long.chunks(16_384).map(|part| frame(DATA, 0, part)).collect();
    let parts = [parts.concat(), frame(DATA, 0, message(0, b"\x08\x07")), trailers("0")];
    let file = Connection::new(GRPC, b"").respond(GRPC, &parts);
    assert_eq!(values(&file, &grpc::LIMIT), ["1"]);
    assert_eq!(values(&file, &protobuf::UINT32), ["7"]);
    assert_eq!(calls(&file), ["OK Success grpc"]);
}

#[test]
fn a_compressed_message_is_decompressed_only_if_it_is_compressed() {
    // gzip of the bytes 08 07, and bytes that are not gzip.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xe3\x60\x07\0\x54\x0d\x64\x17\x02\0\0\0";
    let parts = [frame(DATA, 0, [message(1, gzip), message(1, b"no gzip")].concat()), trailers("0")];
    let file = Connection::new(GRPC, b"").respond(GRPC, &parts);
    assert_eq!(values(&file, &grpc::COMPRESSED), ["1", "1"]);
    assert!(values(&file, &grpc::DATA)[0].contains("0807"), "{:?}", values(&file, &grpc::DATA));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("a buffer takes all bytes");
    encoder.finish().expect("a buffer takes all bytes")
}

#[test]
fn a_message_is_decompressed_up_to_a_limit() {
    let compressed = message(1, &gzip(&vec![0; 2 << 20]));
    let file = Connection::new(GRPC, b"").respond(GRPC, &[frame(DATA, 0, compressed), trailers("0")]);
    assert_eq!(values(&file, &grpc::DECOMPRESSION_FAILED), ["1"]);
    // Two digits a byte.
    assert_eq!(values(&file, &grpc::DATA).iter().map(String::len).max(), Some(2 << 20));
}

#[test]
fn the_messages_of_a_frame_are_recorded_up_to_a_limit() {
    // 40 messages of 5000 fields each.
    let compressed = message(1, &gzip(&b"\x08\x01".repeat(5000)));
    let mut connection = Connection::new(GRPC, b"");
    connection.send(false, &response(GRPC));
    connection.segment(false, ACK | PSH, &frame(DATA, 0, compressed.repeat(40)));
    connection.send(false, &trailers("0"));
    let rows = field_values(&pcap(IPV4, &connection.packets), &[&protobuf::UINT32, &protobuf::LIMIT]);
    let row = rows.iter().find(|row| !row[0].is_empty()).expect("a frame with fields");
    let fields = row[0].split(',').count();
    assert!((5000..=100_000).contains(&fields), "{fields}");
    assert!(!row[1].is_empty());
    // 40 messages of 512 KiB each.
    let compressed = message(1, &gzip(&vec![0; 512 << 10]));
    let mut connection = Connection::new(GRPC, &[]);
    connection.send(false, &response(GRPC));
    connection.segment(false, ACK | PSH, &frame(DATA, 0, compressed.repeat(40)));
    assert!(!values(&pcap(IPV4, &connection.packets), &grpc::DECOMPRESSION_FAILED).is_empty());
}

#[test]
fn compressed_data_that_cannot_be_decompressed_are_no_message_of_protobuf() {
    // Without grpc-encoding, the compression is identity.
    for (encoding, [not_encoded, failed]) in [("identity", [1, 0]), ("", [1, 0]), ("gzip", [0, 1]), ("snappy", [0, 1])]
    {
        let mut headers = vec![(":status", "200"), ("content-type", GRPC)];
        headers.extend((!encoding.is_empty()).then_some(("grpc-encoding", encoding)));
        let headers = block(&headers);
        let mut connection = Connection::new(GRPC, b"");
        connection.send(false, &frame(HEADERS, END_HEADERS, headers));
        connection.send(false, &[frame(DATA, 0, message(1, b"\x08\x07")), trailers("0")].concat());
        let file = pcap(IPV4, &connection.packets);
        assert_eq!(values(&file, &grpc::NOT_ENCODED).len(), not_encoded, "{encoding}");
        assert_eq!(values(&file, &grpc::DECOMPRESSION_FAILED).len(), failed, "{encoding}");
        assert_eq!(values(&file, &grpc::DATA), ["0807"], "{encoding}");
        assert!(values(&file, &protobuf::UINT32).is_empty(), "{encoding}");
    }
}

#[test]
fn the_status_of_grpc_web_is_in_its_last_message() {
    let last = message(0x80, b"grpc-status: 7\r\ngrpc-message: no%21\r\n");
    let web = "application/grpc-web+proto";
    let body = [message(0, b"\x08\x07"), last.clone()].concat();
    let file = Connection::new(web, &message(0, b"")).respond(web, &[frame(DATA, END_STREAM, &body)]);
    assert_eq!(values(&file, &grpc::STATUS_MESSAGE), ["no!"]);
    assert_eq!(calls(&file), ["PERMISSION_DENIED ClientError grpc"]);
    assert_eq!(values(&file, &protobuf::UINT32), ["7"]);
    // In base64, and each of the two messages in a part of its own.
    let text = "application/grpc-web-text";
    let encoded = b"AAAAAAIIBw==gAAAABBncnBjLXN0YXR1czogNw0K";
    let file = Connection::new(text, b"AAAAAAA=").respond(text, &[frame(DATA, END_STREAM, encoded)]);
    assert_eq!(values(&file, &protobuf::UINT32), ["7"]);
    assert_eq!(values(&file, &grpc::STATUS), ["PERMISSION_DENIED"]);
    assert_eq!(calls(&file), ["PERMISSION_DENIED ClientError grpc"]);
}

#[test]
fn an_invalid_status_is_noted_and_leaves_a_valid_one() {
    let headers = |status| frame(HEADERS, END_HEADERS, block(&[(":status", "200"), ("grpc-status", status)]));
    for value in ["abc", "-1", "+5", "", "99999999999"] {
        let file = Connection::new(GRPC, b"").respond(GRPC, &[trailers(value)]);
        assert_eq!(values(&file, &grpc::INVALID_STATUS), ["1"], "{value}");
        assert!(values(&file, &grpc::NO_STATUS).is_empty(), "{value}");
        let mut connection = Connection::new(GRPC, b"");
        connection.send(false, &headers("5"));
        connection.send(false, &trailers(value));
        assert_eq!(calls(&pcap(IPV4, &connection.packets)), ["NOT_FOUND ClientError grpc"], "{value}");
    }
}

#[test]
fn a_trailer_of_grpc_web_without_a_colon_is_skipped() {
    let web = "application/grpc-web+proto";
    let last = message(0x80, b"grpc-status: 7\r\nno colon\r\ngrpc-message: no\r\n");
    let file = Connection::new(web, b"").respond(web, &[frame(DATA, END_STREAM, last)]);
    assert_eq!(values(&file, &grpc::STATUS_MESSAGE), ["no"]);
    assert_eq!(calls(&file), ["PERMISSION_DENIED ClientError grpc"]);
}

#[test]
fn a_message_of_json_is_dissected_as_json() {
    let json = "application/grpc+json";
    let file = Connection::new(json, &message(0, br#"{"id": 1}"#)).respond(json, &[trailers("0")]);
    let member = dissectors::field("json.member_with_value").expect("a field");
    assert_eq!(values(&file, member), ["id:1"]);
}

/// Returns the types of the fixtures.
fn schemas() -> Arc<Schemas> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/grpc/proto");
    Arc::new(proto_files::read(&folder).expect("types").schemas)
}

#[test]
fn any_bytes_are_read_as_a_message_of_a_type() {
    let schemas = schemas();
    let whole =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/grpc/unary.pcap")).expect("a capture");
    let data = values(&whole, &grpc::DATA).remove(0);
    let hex = |at: usize| u8::from_str_radix(&data[at..at + 2], 16).expect("a byte");
    let order: Vec<u8> = (0..data.len()).step_by(2).map(hex).collect();
    let mut random = Random::new(17);
    for _ in 0..3000 {
        let mut bytes = order.clone();
        for _ in 0..random.below(6) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.next() as u8;
        }
        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
        let mut tree = Tree::new(Wants::everything());
        tree.schemas = Arc::clone(&schemas);
        tree.begin(&[]);
        let base = tree.add_buffer("message", &bytes);
        let media_type = b"application/x-protobuf; messageType=shop.Order";
        let body = MessageBody::new(Payload::whole(&bytes, base), media_type, "TEST");
        body.read(&mut ProtocolPath::default(), &mut tree);
        for node in tree.nodes() {
            assert!(node.span.end() as usize <= tree.stored_len(), "{}", node.field.name);
        }
        assert!(bytes.is_empty() || body.text(&schemas).is_some());
    }
}
