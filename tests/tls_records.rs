//! TLS records that are rare: split, empty, too long, replayed or forged, and responses that are not TLS.

use crate::common::{ACK, FIN, IPV4, SYN, Segment, events, field_values, pcap};
use dissectors::session::{ConversationId, Secrets, Side};
use overhear::analysis::{DecodeOptions, Event, StreamContent, Task};
use std::sync::Arc;

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhello";

fn record(content: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = (body.len() as u16).to_be_bytes();
    [&[content, 3, 3, high, low], body].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0, 0, body.len() as u8], body].concat()
}

/// A client hello that requests `a.test`, with one cipher suite.
fn client_hello() -> Vec<u8> {
    let name = b"\0\0\0\x0b\0\x09\0\0\x06a.test";
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0], &[0, name.len() as u8], name].concat();
    message(1, &body)
}

/// A client hello with an encrypted one of 16 bytes (RFC 9849 5), encrypted for the configuration 42.
fn encrypted_hello() -> Vec<u8> {
    let extension = [&[0, 0, 1, 0, 1, 42, 0, 4, 8, 8, 8, 8, 0, 16][..], &[5; 16]].concat();
    let extensions = [&[0xfe, 0x0d, 0, extension.len() as u8][..], &extension].concat();
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0], &[0, extensions.len() as u8], &extensions];
    message(1, &body.concat())
}

fn server_hello() -> Vec<u8> {
    message(2, &[&[3, 3][..], &[9; 32], &[0, 0xc0, 0x2f, 0]].concat())
}

/// A capture of one connection, with the data in the order of its senders.
fn capture(parts: &[(Side, Vec<u8>)]) -> Vec<u8> {
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let mut next = [1000_u32, 5000];
    let mut packets = vec![segment(true, SYN, 999, 0, b""), segment(false, SYN | ACK, 4999, 1000, b"")];
    for (side, bytes) in parts {
        let (own, other) = (*side as usize, side.other() as usize);
        for bytes in bytes.chunks(1400) {
            packets.push(segment(*side == Side::Client, ACK, next[own], next[other], bytes));
            next[own] += bytes.len() as u32;
        }
    }
    packets.push(segment(true, FIN | ACK, next[0], next[1], b""));
    packets.push(segment(false, FIN | ACK, next[1], next[0] + 1, b""));
    pcap(IPV4, &packets)
}

/// Returns the calls of a capture, with these secrets.
fn calls(file: Vec<u8>, key_log: &[u8]) -> Vec<String> {
    let mut secrets = Secrets::default();
    dissectors::key_log::read(key_log, 0, &mut secrets);
    let decode = DecodeOptions { secrets: Arc::new(secrets), ..DecodeOptions::default() };
    let calls = events(file, Task { exchanges: true, decode, ..Task::default() }).into_iter();
    let row = |event| match event {
        Event::Call(call) => {
            let exchange = &call.exchange;
            Some(format!("{} {}{} {}", exchange.method, exchange.authority, exchange.target, exchange.status))
        }
        _ => None,
    };
    calls.filter_map(row).collect()
}

fn exchange(client: Vec<u8>, server: Vec<u8>) -> Vec<String> {
    calls(capture(&[(Side::Client, client), (Side::Server, server)]), b"")
}

#[test]
fn a_client_hello_in_records_of_any_length_is_read() {
    for len in [1, 2, 4, 5, 6, 40, 500] {
        let records: Vec<u8> = client_hello().chunks(len).flat_map(|part| record(HANDSHAKE, part)).collect();
        assert_eq!(exchange(records, record(HANDSHAKE, &server_hello())), ["TLS a.test TLS 1.2"], "{len}");
    }
}

#[test]
fn empty_records_are_read_past() {
    let (empty, client, server) =
        (record(HANDSHAKE, b""), record(HANDSHAKE, &client_hello()), record(HANDSHAKE, &server_hello()));
    for (client, server) in [
        ([&empty[..], &client].concat(), server.clone()),
        (client.clone(), [&empty[..], &server].concat()),
        (client.clone(), [&server[..], &empty, &record(CHANGE_CIPHER_SPEC, b""), &record(21, b"")].concat()),
    ] {
        assert_eq!(exchange(client, server), ["TLS a.test TLS 1.2"]);
    }
}

#[test]
fn records_of_any_length_are_read() {
    let after = [record(HANDSHAKE, &server_hello()), record(APPLICATION_DATA, &[0; 65_535]), record(21, &[2, 40])];
    assert_eq!(exchange(record(HANDSHAKE, &client_hello()), after.concat()), ["TLS a.test Handshake Failure"]);
}

#[test]
fn an_encrypted_client_hello_is_the_target_of_the_call() {
    let hello = record(HANDSHAKE, &encrypted_hello());
    assert_eq!(exchange(hello.clone(), record(HANDSHAKE, &server_hello())), ["TLS ECH or GREASE TLS 1.2"]);
    let file = capture(&[(Side::Client, hello)]);
    let fields: Vec<_> = ["client_hello_type", "config_id", "enc", "payload_length"]
        .into_iter()
        .filter_map(|name| dissectors::field(&format!("tls.ech.{name}")))
        .collect();
    let values: Vec<_> = field_values(&file, &fields).into_iter().flatten().filter(|value| !value.is_empty()).collect();
    assert_eq!(values, ["0", "42", "08080808", "16"]);
}

#[test]
fn a_client_hello_of_ssl_2_is_read() {
    // RFC 5246 E.2: one cipher spec, no session ID, 16 bytes of challenge.
    let hello = [&[0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f][..], &[7; 16]].concat();
    assert_eq!(exchange(hello, record(HANDSHAKE, &server_hello())), ["TLS  TLS 1.2"]);
}

#[test]
fn a_response_that_is_not_tls_is_read_as_what_it_is() {
    let hello = || record(HANDSHAKE, &client_hello());
    assert_eq!(exchange(hello(), REFUSAL.to_vec()), ["TLS a.test not TLS", "  400"]);
    assert_eq!(exchange(hello(), b"\0\x01\x02\x03\x04\x05".to_vec()), ["TLS a.test not TLS"]);
}

/// The data of fixtures/tls/key-log.pcap, a request over TLS 1.3, with a change of each record of the server.
fn changed(change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let file = std::fs::read("fixtures/tls/key-log.pcap").expect("a fixture");
    let task = Task { follow: Some(ConversationId::Tcp(0)), ..Task::default() };
    let parts = events(file, task).into_iter().filter_map(|event| match event {
        Event::Chunk(chunk) => match chunk.content {
            StreamContent::Bytes(bytes) if chunk.side == Side::Server => Some((chunk.side, records(&bytes, &change))),
            StreamContent::Bytes(bytes) => Some((chunk.side, bytes)),
            StreamContent::Gap(_) | StreamContent::Missing | StreamContent::End => None,
        },
        _ => None,
    });
    capture(&parts.collect::<Vec<_>>())
}

fn records(bytes: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (mut changed, mut rest) = (Vec::new(), bytes);
    while let &[content, _, _, high, low, ..] = rest {
        let (record, after) = rest.split_at(5 + usize::from(u16::from_be_bytes([high, low])));
        changed.extend(if content == APPLICATION_DATA { change(record) } else { record.to_vec() });
        rest = after;
    }
    changed
}

#[test]
fn replayed_and_forged_records_change_nothing() {
    let keys = std::fs::read("fixtures/tls/key-log.keys").expect("a key log");
    let forged = record(APPLICATION_DATA, &[0; 64]);
    let expected = calls(changed(<[u8]>::to_vec), &keys);
    assert!(matches!(expected.as_slice(), [row] if row.starts_with("GET ") && row.ends_with(" 200")), "{expected:?}");
    for change in [
        &|record: &[u8]| record.repeat(2),
        &|record: &[u8]| record.repeat(9),
        &|record: &[u8]| [&forged, record].concat(),
        &|record: &[u8]| [record, &forged.repeat(3)].concat(),
    ] as [&dyn Fn(&[u8]) -> Vec<u8>; 4]
    {
        assert_eq!(calls(changed(change), &keys), expected);
    }
    // More than that ends the decryption of the side.
    assert_ne!(calls(changed(|record| [&forged.repeat(20), record].concat()), &keys), expected);
}
