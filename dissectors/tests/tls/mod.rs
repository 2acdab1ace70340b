//! Tests of TLS: bytes are dissected into records and handshake messages, independent of segmentation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use crate::common;
mod host;

use host::*;
use overhear_dissectors::session::{About, ConversationId};
use overhear_dissectors::{Field, Wants, tls};

fn host_with_everything() -> TlsSessionHost {
    TlsSessionHost::new(Wants::everything())
}

fn host_with_fields(fields: &[&Field]) -> TlsSessionHost {
    let mut wants = Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    TlsSessionHost::new(wants)
}

#[test]
fn a_hello_that_spans_segments_is_dissected_at_its_last_byte() {
    let hello = client_hello(&[server_name("www.example.test")]);
    for cut in 1..hello.len() {
        let mut host = host_with_everything();
        host.send(C, &hello[..cut]);
        assert_eq!(host.lines, [""; 0], "cut at {cut}");
        host.send(C, &hello[cut..]);
        assert_eq!(host.values("tls.handshake.extensions_server_name"), ["www.example.test"], "cut at {cut}");
        assert_eq!((host.rows, host.messages), (vec!["TLSv1.2 Client Hello".to_owned()], vec![hello.len() as u64]));
    }
}

#[test]
fn records_of_one_segment_are_one_layer_and_a_record_begun_earlier_is_another() {
    let flight = [server_hello(&[]), record(22, &[message(11, &[0; 3]), message(14, &[])].concat())].concat();
    let mut host = host_with_everything();
    host.send(S, &flight);
    assert_eq!(host.rows, ["TLSv1.2 Server Hello, Certificate, Server Hello Done"]);
    assert_eq!(host.values("tls").len(), 1);
    assert_eq!(host.values("tls.record.length"), ["44", "11"]);
    assert_eq!(host.values("tls.handshake.type"), ["2", "11", "14"]);
    let mut host = host_with_everything();
    host.send(S, &flight[..20]);
    host.send(S, &flight[20..]);
    assert_eq!(host.rows, ["TLSv1.2 Server Hello, Certificate, Server Hello Done"]);
    assert_eq!(host.values("tls").len(), 2);
    assert_eq!(host.messages, [49, 16]);
}

#[test]
fn a_message_that_spans_records_is_reassembled() {
    let certificate = message(11, &[&[0, 0, 13, 0, 0, 10][..], &[7; 10]].concat());
    for cut in 1..certificate.len() {
        let mut host = host_with_everything();
        host.send(S, &server_hello(&[]));
        host.send(S, &record(22, &certificate[..cut]));
        host.send(S, &[record(22, &[&certificate[cut..], &message(14, &[])].concat())].concat());
        assert_eq!(host.values("tls.handshake.type"), ["2", "11", "14"], "cut at {cut}");
        assert_eq!(host.values("tls.handshake.certificate"), ["07070707070707070707"]);
        assert_eq!(host.values("tls.handshake.fragment"), ["2", "3"]);
        assert_eq!(host.rows[1..], ["TLSv1.2 [Certificate Fragment]", "TLSv1.2 Certificate, Server Hello Done"]);
    }
}

#[test]
fn a_message_of_16_mib_is_buffered_up_to_the_limit() {
    let mut host = host_with_everything();
    host.send(S, &server_hello(&[]));
    host.send(S, &record(22, &[11, 0xff, 0xff, 0xff]));
    for len in [16_384; 1023].into_iter().chain([16_383]) {
        host.send(S, &record(22, &vec![0; len]));
        assert!(host.buffered() <= 2 * tls::MAX_MESSAGE + 65_536, "{}", host.buffered());
    }
    assert_eq!(host.values("tls.handshake.limit").len(), 1);
    host.send(S, &record(22, &message(14, &[])));
    assert_eq!(host.rows.last().unwrap(), "TLSv1.2 Server Hello Done");
}

#[test]
fn application_data_that_no_field_needs_are_not_buffered() {
    let data = record(23, &[9; 16_000]);
    let mut host = host_with_fields(&[&tls::RECORD_LENGTH]);
    for segment in [&data[..100], &data[100..9000], &data[9000..]] {
        assert!(host.lines.is_empty());
        host.send(C, segment);
        assert_eq!(host.buffered(), 0);
    }
    assert_eq!((&host.lines[..], &host.messages[..]), (&["3 tls.record.length = 16000".to_owned()][..], &[16_005][..]));
    let mut host = host_with_fields(&[&tls::APP_DATA]);
    host.send(C, &data[..100]);
    host.send(C, &data[100..]);
    assert_eq!(host.values("tls.app_data"), ["09".repeat(16_000)]);
}

#[test]
fn after_the_cipher_spec_has_changed_the_handshake_is_encrypted() {
    let change = record(20, &[1]);
    // Looks like a hello request, as an explicit nonce that is a counter does.
    let finished = record(22, &[0; 40]);
    let mut host = host_with_everything();
    host.send(C, &client_hello(&[]));
    host.send(S, &server_hello(&[]));
    host.send(S, &[change.clone(), finished.clone()].concat());
    host.send(C, &[change.clone(), finished].concat());
    let encrypted = "TLSv1.2 Change Cipher Spec, Encrypted Handshake Message";
    assert_eq!(host.rows[2..], [encrypted, encrypted]);
    // RFC 5246 7.3: without Server Hello Done the session is resumed.
    assert_eq!(host.values("tls.resumed").len(), 1);
    // RFC 8446 D.4: in TLS 1.3 the record has no meaning, and the client sends another hello.
    let mut host = host_with_everything();
    host.send(C, &client_hello(&[]));
    host.send(S, &[server_hello(&[tls13()]), change.clone()].concat());
    host.send(C, &[change, client_hello(&[])].concat());
    assert_eq!(host.rows[2..], ["TLSv1.3 Change Cipher Spec, Client Hello"]);
    assert_eq!(host.values("tls.resumed").len(), 0);
}

#[test]
fn alerts_are_dissected_and_unknown_alerts_are_encrypted() {
    let mut host = host_with_everything();
    host.send(S, &record(21, &[2, 40]));
    host.send(S, &record(21, &[2, 39]));
    host.send(S, &record(21, &[5; 26]));
    let first = "TLSv1.2 Alert (Level: Fatal, Description: Handshake Failure)";
    assert_eq!(host.rows, [first, "TLSv1.2 Encrypted Alert", "TLSv1.2 Encrypted Alert"]);
    assert_eq!(host.values("tls.alert_message.desc"), ["40"]);
}

#[test]
fn the_version_is_from_the_server_hello_or_from_the_first_pass() {
    let mut host = host_with_everything();
    host.send(C, &client_hello(&[]));
    host.send(S, &server_hello(&[tls13()]));
    host.send(C, &record(23, &[1; 20]));
    assert_eq!(host.rows, ["TLSv1.2 Client Hello", "TLSv1.3 Server Hello", "TLSv1.3 Application Data"]);
    assert_eq!(host.versions.last(), Some(&0x0304));
    assert_eq!(host.values("tls.record.opaque_type"), ["23"]);
    assert_eq!(host.values("tls.handshake.random_time"), ["286331153.000000000"]);
    let mut host = host_with_everything();
    host.first_pass.insert(&tls::VERSION, About::Session(ConversationId::Tcp(7), 0), 0x0304);
    host.send(C, &client_hello(&[]));
    assert_eq!(host.rows, ["TLSv1.3 Client Hello"]);
    assert_eq!(host.values("tls.handshake.random_time"), [""; 0]);
}

#[test]
fn a_damaged_extension_is_noted_and_the_others_are_dissected() {
    let damaged = extension(10, &[0, 9, 0, 29]);
    let mut host = host_with_everything();
    host.send(C, &client_hello(&[damaged, server_name("a.b"), extension(0x1234, b"xyz")]));
    assert_eq!(host.values("tls.handshake.extension.type"), ["10", "0", "4660"]);
    assert_eq!(host.values("_ws.malformed").len(), 1);
    assert_eq!(host.values("tls.handshake.extensions_server_name"), ["a.b"]);
    assert_eq!(host.values("tls.handshake.extension.data"), ["78797a"]);
}

#[test]
fn a_record_is_found_after_bytes_that_are_not_a_record() {
    let mut host = host_with_everything();
    host.send(S, &server_hello(&[]));
    host.send(S, &[&[0x77; 30][..], &record(23, &[1; 20])].concat());
    host.send(S, &record(23, &[1; 21]));
    assert_eq!(host.rows[1..], ["TLSv1.2 Continuation Data, Application Data", "TLSv1.2 Application Data"]);
    assert_eq!(host.values("tls.ignored_unknown_record").len(), 1);
    for _ in 0..66 {
        host.send(S, &[0x77; 1000]);
    }
    assert!(host.stopped);
}

#[test]
fn a_record_continues_after_a_gap_and_after_a_longer_gap_the_next_is_found() {
    for wants in [Wants::everything(), Wants::only_columns()] {
        let mut host = TlsSessionHost::new(wants);
        host.send(S, &record(23, &[1; 100])[..50]);
        host.gap(S, 30);
        host.send(S, &[&[1; 25][..], &record(23, &[1; 20])].concat());
        assert_eq!(host.messages, [105, 25]);
        host.send(S, &record(23, &[1; 100])[..50]);
        host.gap(S, 55);
        host.send(S, &record(23, &[1; 20]));
        assert_eq!(host.messages, [105, 25, 105, 25]);
        host.send(S, &record(23, &[1; 100])[..50]);
        host.gap(S, 500);
        host.send(S, &[&[0x77; 10][..], &record(23, &[1; 20])].concat());
        assert_eq!(host.messages, [105, 25, 105, 25, 25]);
        assert_eq!(host.rows.last().unwrap(), "TLSv1.2 Continuation Data, Application Data");
    }
}

#[test]
fn bytes_of_a_server_before_its_first_record_are_not_tls() {
    // A PostgreSQL server responds to an SSLRequest with one letter.
    let mut host = host_with_everything();
    host.send(C, &client_hello(&[]));
    host.send(S, &[b"S", &server_hello(&[])[..]].concat());
    assert_eq!(host.rows, ["TLSv1.2 Client Hello", "TLSv1.2 Server Hello"]);
    assert_eq!(host.values("tls.ignored_unknown_record").len(), 0);
}

/// Returns a conversation with most kinds of records and messages.
fn conversation() -> Vec<(overhear_dissectors::session::Side, Vec<u8>)> {
    let certificate = message(11, &[&[0, 0, 13, 0, 0, 10][..], &[7; 10]].concat());
    let exchange = message(12, &[&[3, 0, 29, 4, 1, 2, 3, 4, 4, 3, 0, 2][..], &[5, 6]].concat());
    let groups = extension(10, &[0, 4, 0, 29, 0x0a, 0x0a]);
    let shares = extension(51, &[0, 6, 0, 29, 0, 2, 8, 9]);
    let keys = extension(41, &[0, 8, 0, 2, 1, 2, 0, 0, 0, 9, 0, 3, 2, 4, 4]);
    vec![
        (C, client_hello(&[server_name("a.b"), groups, shares, keys, extension(16, &[0, 3, 2, b'h', b'2'])])),
        (S, [server_hello(&[extension(16, &[0, 3, 2, b'h', b'2'])]), record(22, &certificate[..9])].concat()),
        (S, [record(22, &[&certificate[9..], &exchange, &message(14, &[])].concat())].concat()),
        (C, [record(22, &message(16, &[2, 1, 2])), record(20, &[1]), record(22, &[0xee; 40])].concat()),
        (S, [record(20, &[1]), record(22, &[0xdd; 40])].concat()),
        (C, [record(23, &[0xcc; 60]), record(23, &[0xcc; 61])].concat()),
        (S, [record(23, &[0xcc; 60]), record(21, &[0xbb; 26])].concat()),
    ]
}

/// Returns the output without frame numbers and without the nodes that depend on segmentation.
fn comparable_lines(host: &TlsSessionHost) -> Vec<&str> {
    let lines = host.lines.iter().map(|line| line.split_once(' ').unwrap().1);
    lines.filter(|line| !line.starts_with("tls = ") && !line.starts_with("tls.handshake.fragment =")).collect()
}

#[test]
fn any_cut_gives_the_same_records() {
    let fields = [&tls::RECORD_LENGTH, &tls::SERVER_NAME];
    for new in [&host_with_everything as &dyn Fn() -> TlsSessionHost, &|| host_with_fields(&fields)] {
        let mut whole = new();
        conversation().iter().for_each(|(side, bytes)| whole.send(*side, bytes));
        assert!(comparable_lines(&whole).len() > 10);
        for size in 1..40 {
            let mut cut = new();
            for (side, bytes) in conversation() {
                bytes.chunks(size).for_each(|segment| cut.send(side, segment));
            }
            assert_eq!(comparable_lines(&cut), comparable_lines(&whole), "segments of {size}");
        }
    }
}

#[test]
fn damaged_records_are_dissected() {
    let mut random = common::random();
    for round in 0..4000 {
        let mut host = if round % 3 == 0 { TlsSessionHost::new(Wants::only_columns()) } else { host_with_everything() };
        for (side, mut bytes) in conversation() {
            for _ in 0..random(4) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = random(256) as u8,
                    2 => bytes[at] ^= 1 << random(8),
                    _ => drop(bytes.drain(at..(at + random(4)).min(bytes.len()))),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            host.send(side, &bytes);
            if random(6) == 0 {
                host.gap(side, random(200) as u64);
            }
            assert!(host.buffered() < 200_000);
        }
    }
}
