//! TLS as its users see it: bytes go in, records and handshakes come out, however the bytes are cut.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod host;

use host::*;
use overhear_dissectors::{Field, Wants, tls};

fn all() -> Host {
    Host::new(Wants::everything())
}

fn wanting(fields: &[&Field]) -> Host {
    let mut wants = Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    Host::new(wants)
}

#[test]
fn a_hello_that_spans_segments_is_told_with_its_last_byte() {
    let hello = client_hello(&[server_name("www.example.test")]);
    for cut in 1..hello.len() {
        let mut host = all();
        host.say(C, &hello[..cut]);
        assert_eq!(host.lines, [""; 0], "cut at {cut}");
        host.say(C, &hello[cut..]);
        assert_eq!(host.values("tls.handshake.extensions_server_name"), ["www.example.test"], "cut at {cut}");
        assert_eq!((host.rows, host.messages), (vec!["TLSv1.2 Client Hello".to_owned()], vec![hello.len() as u64]));
    }
}

#[test]
fn records_of_one_segment_are_one_layer_and_what_began_before_is_another() {
    let flight = [server_hello(&[]), record(22, &[message(11, &[0; 3]), message(14, &[])].concat())].concat();
    let mut host = all();
    host.say(S, &flight);
    assert_eq!(host.rows, ["TLSv1.2 Server Hello, Certificate, Server Hello Done"]);
    assert_eq!(host.values("tls").len(), 1);
    assert_eq!(host.values("tls.record.length"), ["44", "11"]);
    assert_eq!(host.values("tls.handshake.type"), ["2", "11", "14"]);
    let mut host = all();
    host.say(S, &flight[..20]);
    host.say(S, &flight[20..]);
    assert_eq!(host.rows, ["TLSv1.2 Server Hello, Certificate, Server Hello Done"]);
    assert_eq!(host.values("tls").len(), 2);
    assert_eq!(host.messages, [49, 16]);
}

#[test]
fn a_message_that_spans_records_is_put_together() {
    let certificate = message(11, &[&[0, 0, 13, 0, 0, 10][..], &[7; 10]].concat());
    for cut in 1..certificate.len() {
        let mut host = all();
        host.say(S, &server_hello(&[]));
        host.say(S, &record(22, &certificate[..cut]));
        host.say(S, &[record(22, &[&certificate[cut..], &message(14, &[])].concat())].concat());
        assert_eq!(host.values("tls.handshake.type"), ["2", "11", "14"], "cut at {cut}");
        assert_eq!(host.values("tls.handshake.certificate"), ["07070707070707070707"]);
        assert_eq!(host.values("tls.handshake.fragment"), ["2", "3"]);
        assert_eq!(host.rows[1..], ["TLSv1.2 [Certificate Fragment]", "TLSv1.2 Certificate, Server Hello Done"]);
    }
}

#[test]
fn of_a_message_of_16_mib_no_more_is_kept_than_may_be() {
    let mut host = all();
    host.say(S, &server_hello(&[]));
    host.say(S, &record(22, &[11, 0xff, 0xff, 0xff]));
    for len in [16_384; 1023].into_iter().chain([16_383]) {
        host.say(S, &record(22, &vec![0; len]));
        assert!(host.held() <= 2 * tls::MAX_MESSAGE + 65_536, "{}", host.held());
    }
    assert_eq!(host.values("tls.handshake.limit").len(), 1);
    host.say(S, &record(22, &message(14, &[])));
    assert_eq!(host.rows.last().unwrap(), "TLSv1.2 Server Hello Done");
}

#[test]
fn application_data_that_nobody_wants_are_not_kept() {
    let data = record(23, &[9; 16_000]);
    let mut host = wanting(&[&tls::RECORD_LENGTH]);
    for piece in [&data[..100], &data[100..9000], &data[9000..]] {
        assert!(host.lines.is_empty());
        host.say(C, piece);
        assert_eq!(host.held(), 0);
    }
    assert_eq!((&host.lines[..], &host.messages[..]), (&["3 tls.record.length = 16000".to_owned()][..], &[16_005][..]));
    let mut host = wanting(&[&tls::APP_DATA]);
    host.say(C, &data[..100]);
    host.say(C, &data[100..]);
    assert_eq!(host.values("tls.app_data"), ["09".repeat(16_000)]);
}

#[test]
fn after_the_cipher_spec_has_changed_the_handshake_is_encrypted() {
    let change = record(20, &[1]);
    // Looks like a hello request, as the first bytes of a counter do.
    let finished = record(22, &[0; 40]);
    let mut host = all();
    host.say(C, &client_hello(&[]));
    host.say(S, &server_hello(&[]));
    host.say(S, &[change.clone(), finished.clone()].concat());
    host.say(C, &[change.clone(), finished].concat());
    let encrypted = "TLSv1.2 Change Cipher Spec, Encrypted Handshake Message";
    assert_eq!(host.rows[2..], [encrypted, encrypted]);
    // RFC 5246 7.3: without Server Hello Done the sides resume a session.
    assert_eq!(host.values("tls.resumed").len(), 1);
    // RFC 8446 D.4: in TLS 1.3 it means nothing, and the client says hello once more.
    let mut host = all();
    host.say(C, &client_hello(&[]));
    host.say(S, &[server_hello(&[tls13()]), change.clone()].concat());
    host.say(C, &[change, client_hello(&[])].concat());
    assert_eq!(host.rows[2..], ["TLSv1.3 Change Cipher Spec, Client Hello"]);
    assert_eq!(host.values("tls.resumed").len(), 0);
}

#[test]
fn alerts_are_told_and_what_is_no_alert_is_encrypted() {
    let mut host = all();
    host.say(S, &record(21, &[2, 40]));
    host.say(S, &record(21, &[2, 39]));
    host.say(S, &record(21, &[5; 26]));
    let first = "TLSv1.2 Alert (Level: Fatal, Description: Handshake Failure)";
    assert_eq!(host.rows, [first, "TLSv1.2 Encrypted Alert", "TLSv1.2 Encrypted Alert"]);
    assert_eq!(host.values("tls.alert_message.desc"), ["40"]);
}

#[test]
fn the_version_is_what_the_server_says_or_what_was_foreseen() {
    let mut host = all();
    host.say(C, &client_hello(&[]));
    host.say(S, &server_hello(&[tls13()]));
    host.say(C, &record(23, &[1; 20]));
    assert_eq!(host.rows, ["TLSv1.2 Client Hello", "TLSv1.3 Server Hello", "TLSv1.3 Application Data"]);
    assert_eq!(host.versions.last(), Some(&0x0304));
    assert_eq!(host.values("tls.record.opaque_type"), ["23"]);
    assert_eq!(host.values("tls.handshake.random_time"), ["286331153.000000000"]);
    let mut host = all();
    host.foresight.versions.insert((7, 0), 0x0304);
    host.say(C, &client_hello(&[]));
    assert_eq!(host.rows, ["TLSv1.3 Client Hello"]);
    assert_eq!(host.values("tls.handshake.random_time"), [""; 0]);
}

#[test]
fn a_damaged_extension_is_noted_and_the_others_are_read() {
    let damaged = extension(10, &[0, 9, 0, 29]);
    let mut host = all();
    host.say(C, &client_hello(&[damaged, server_name("a.b"), extension(0xfe0d, b"xyz")]));
    assert_eq!(host.values("tls.handshake.extension.type"), ["10", "0", "65037"]);
    assert_eq!(host.values("_ws.malformed").len(), 1);
    assert_eq!(host.values("tls.handshake.extensions_server_name"), ["a.b"]);
    assert_eq!(host.values("tls.handshake.extension.data"), ["78797a"]);
}

#[test]
fn behind_bytes_that_are_no_record_the_next_one_is_found() {
    let mut host = all();
    host.say(S, &server_hello(&[]));
    host.say(S, &[&[0x77; 30][..], &record(23, &[1; 20])].concat());
    host.say(S, &record(23, &[1; 21]));
    assert_eq!(host.rows[1..], ["TLSv1.2 Continuation Data, Application Data", "TLSv1.2 Application Data"]);
    assert_eq!(host.values("tls.ignored_unknown_record").len(), 1);
    for _ in 0..66 {
        host.say(S, &[0x77; 1000]);
    }
    assert!(host.given_up);
}

#[test]
fn a_record_goes_on_behind_a_gap_and_after_a_longer_one_the_next_is_found() {
    for wants in [Wants::everything(), Wants::only_columns()] {
        let mut host = Host::new(wants);
        host.say(S, &record(23, &[1; 100])[..50]);
        host.miss(S, 30);
        host.say(S, &[&[1; 25][..], &record(23, &[1; 20])].concat());
        assert_eq!(host.messages, [105, 25]);
        host.say(S, &record(23, &[1; 100])[..50]);
        host.miss(S, 55);
        host.say(S, &record(23, &[1; 20]));
        assert_eq!(host.messages, [105, 25, 105, 25]);
        host.say(S, &record(23, &[1; 100])[..50]);
        host.miss(S, 500);
        host.say(S, &[&[0x77; 10][..], &record(23, &[1; 20])].concat());
        assert_eq!(host.messages, [105, 25, 105, 25, 25]);
        assert_eq!(host.rows.last().unwrap(), "TLSv1.2 Continuation Data, Application Data");
    }
}

#[test]
fn what_a_server_says_before_its_first_record_is_not_of_tls() {
    // As PostgreSQL does, which answers the wish for TLS with one letter.
    let mut host = all();
    host.say(C, &client_hello(&[]));
    host.say(S, &[b"S", &server_hello(&[])[..]].concat());
    assert_eq!(host.rows, ["TLSv1.2 Client Hello", "TLSv1.2 Server Hello"]);
    assert_eq!(host.values("tls.ignored_unknown_record").len(), 0);
}

/// A conversation with most of what there is.
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

/// What is told, without the frames and how many layers the records lie in.
fn told(host: &Host) -> Vec<&str> {
    let lines = host.lines.iter().map(|line| line.split_once(' ').unwrap().1);
    lines.filter(|line| !line.starts_with("tls = ") && !line.starts_with("tls.handshake.fragment =")).collect()
}

#[test]
fn any_cut_gives_the_same_records() {
    let fields = [&tls::RECORD_LENGTH, &tls::SERVER_NAME];
    for new in [&all as &dyn Fn() -> Host, &|| wanting(&fields)] {
        let mut whole = new();
        conversation().iter().for_each(|(side, bytes)| whole.say(*side, bytes));
        assert!(told(&whole).len() > 10);
        for size in 1..40 {
            let mut cut = new();
            for (side, bytes) in conversation() {
                bytes.chunks(size).for_each(|piece| cut.say(side, piece));
            }
            assert_eq!(told(&cut), told(&whole), "pieces of {size}");
        }
    }
}

#[test]
fn any_damage_is_survived() {
    let mut random = common::random();
    for round in 0..4000 {
        let mut host = if round % 3 == 0 { Host::new(Wants::only_columns()) } else { all() };
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
            host.say(side, &bytes);
            if random(6) == 0 {
                host.miss(side, random(200) as u64);
            }
            assert!(host.held() < 200_000);
        }
    }
}
