//! DNS alone: sessions of datagrams and of a stream, messages cut anywhere, and hostile messages.

use crate::http::host::{Gap, SessionHost, SessionInput, SessionOutput, c, closed, s};
use overhear_dissectors::exchange::Outcome;
use overhear_dissectors::packet::{Packet, Payload};
use overhear_dissectors::protocol::Registry;
use overhear_dissectors::session::{Hint, Input, Probe, Side};
use overhear_dissectors::{PROTOCOLS, Tree, Wants, dns};

/// A message with a question for `name`, and with records of raw bytes.
fn message(id: u16, flags: u16, name: &str, kind: u16, answers: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    [id, flags, 1, answers.len() as u16, 0, 0].into_iter().for_each(|word| bytes.extend(word.to_be_bytes()));
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    answers.iter().for_each(|answer| bytes.extend(*answer));
    bytes
}

/// A record of the name of the question.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xc0, 12];
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1, 0, 0, 0, 60]);
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
    bytes
}

fn prefixed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

fn run(input: Input, steps: &[SessionInput], cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
    let wants = Wants::everything();
    let mut host = SessionHost::of_input(&dns::PROTOCOL, input, &wants);
    let mut offset = 0;
    steps.iter().for_each(|step| host.run_step(step, cuts, &mut offset));
    host.output
}

fn datagrams(steps: &[SessionInput]) -> SessionOutput {
    run(Input::Datagrams, steps, &|_| false)
}

/// Returns exchanges as method, target, status and outcome.
fn exchanges(output: &SessionOutput) -> Vec<String> {
    let line = |exchange: &overhear_dissectors::exchange::Exchange| {
        let outcome = exchange.outcome;
        format!("{} {} {} {outcome:?}", exchange.method, exchange.target, exchange.status).replace("  ", " ")
    };
    output.exchanges.iter().map(line).collect()
}

fn value(output: &SessionOutput, name: &str) -> Vec<String> {
    let values = output.lines.iter().filter_map(|line| line.trim_start().split_once(" = "));
    values.filter(|(field, _)| *field == name).map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn responses_belong_to_their_queries_by_identifier_and_question() {
    let address = record(1, &[10, 0, 0, 9]);
    let output = datagrams(&[
        c(message(1, 0x0100, "a.test", 1, &[])),
        c(message(2, 0x0100, "b.test", 28, &[])),
        s(message(2, 0x8183, "b.test", 28, &[])),
        s(message(1, 0x8180, "A.Test", 1, &[&address])),
        c(message(3, 0x0100, "c.test", 16, &[])),
    ]);
    assert_eq!(exchanges(&output), ["AAAA b.test NXDOMAIN ClientError", "A a.test NOERROR Success"]);
    assert_eq!(value(&output, "dns.response_to"), ["2", "1"]);
    assert_eq!(value(&output, "dns.a"), ["10.0.0.9"]);
}

#[test]
fn a_response_to_another_question_is_unsolicited() {
    let output = datagrams(&[
        c(message(1, 0x0100, "a.test", 1, &[])),
        s(message(1, 0x8180, "evil.test", 1, &[])),
        s(message(1, 0x8182, "a.test", 1, &[])),
    ]);
    assert_eq!(exchanges(&output), ["A evil.test NOERROR Success", "A a.test SERVFAIL ServerError"]);
    assert_eq!(value(&output, "dns.unsolicited"), ["True"]);
}

#[test]
fn a_repeated_query_is_the_same_exchange_and_a_repeated_response_is_known() {
    let query = message(7, 0x0100, "a.test", 1, &[]);
    let response = message(7, 0x8180, "a.test", 1, &[&record(1, &[1, 2, 3, 4])]);
    let output = datagrams(&[c(&query), c(&query), s(&response), s(&response)]);
    assert_eq!(exchanges(&output), ["A a.test NOERROR Success"]);
    assert_eq!(value(&output, "dns.retransmit_request_in"), ["1"]);
    assert_eq!(value(&output, "dns.retransmit_response_in"), ["3"]);
}

#[test]
fn a_query_without_a_response_is_reported_at_the_end() {
    let [server, client] = closed();
    let output = datagrams(&[c(message(1, 0x0100, "a.test", 1, &[])), server, client]);
    assert_eq!(exchanges(&output), ["A a.test Unanswered"]);
    assert_eq!(output.exchanges[0].outcome, Outcome::Unanswered);
}

/// A zone transfer in three messages, and a query on the same connection.
fn stream_steps() -> Vec<SessionInput> {
    let mut soa = vec![0, 0];
    [1_u32, 2, 3, 4, 5].into_iter().for_each(|number| soa.extend(number.to_be_bytes()));
    let soa = record(6, &soa);
    let query = prefixed(&message(1, 0, "zone.test", 252, &[]));
    let part = |answers: &[&[u8]]| prefixed(&message(1, 0x8400, "zone.test", 252, answers));
    let host = record(1, &[10, 0, 0, 1]);
    let second = prefixed(&message(2, 0x0100, "b.test", 1, &[]));
    vec![
        c([query, second].concat()),
        s(part(&[&soa, &host])),
        s([part(&[&host]), prefixed(&message(2, 0x8185, "b.test", 1, &[]))].concat()),
        s(part(&[&host, &soa])),
    ]
}

#[test]
fn a_zone_is_one_exchange_up_to_its_last_record() {
    let output = run(Input::Stream, &stream_steps(), &|_| false);
    assert_eq!(exchanges(&output), ["A b.test REFUSED ServerError", "AXFR zone.test NOERROR Success"]);
    let response = output.exchanges[1].response.map(|response| (response.first.frame, response.last.frame));
    assert_eq!(response, Some((2, 4)));
    assert_eq!(value(&output, "dns.length").len(), 6);
}

#[test]
fn the_segmentation_of_a_stream_changes_nothing() {
    let steps = stream_steps();
    let content = |output: &SessionOutput| {
        let frames = ["dns.response_to", "dns.time"];
        let of_content = |line: &&String| !frames.iter().any(|name| line.contains(name));
        let lines: Vec<String> = output.lines.iter().filter(of_content).map(|line| line.trim().to_owned()).collect();
        (lines, exchanges(output))
    };
    let whole = content(&run(Input::Stream, &steps, &|_| false));
    let total: usize = 400;
    for at in 0..total {
        assert_eq!(content(&run(Input::Stream, &steps, &|offset| offset == at)), whole, "cut at {at}");
    }
    assert_eq!(content(&run(Input::Stream, &steps, &|_| true)), whole, "cut everywhere");
}

#[test]
fn messages_after_a_gap_are_read() {
    let one = |id, name: &str| prefixed(&message(id, 0x0100, name, 1, &[]));
    let answer = |id, name: &str| prefixed(&message(id, 0x8180, name, 1, &[]));
    let steps = [
        c([one(1, "a.test"), one(2, "b.test"), one(3, "c.test")].concat()),
        Gap(Side::Server, answer(1, "a.test").len() as u64),
        s(answer(2, "b.test")),
        s(&answer(3, "c.test")[..9]),
        Gap(Side::Server, answer(3, "c.test").len() as u64 - 9),
        c(one(4, "d.test")),
        s(answer(4, "d.test")),
    ];
    let output = run(Input::Stream, &steps, &|_| false);
    assert_eq!(exchanges(&output), ["A b.test NOERROR Success", "A d.test NOERROR Success"]);
}

#[test]
fn a_zone_with_a_gap_is_not_complete() {
    let [_, first, _, last] = &stream_steps()[..] else { unreachable!("four steps") };
    let query = || c(prefixed(&message(1, 0, "zone.test", 252, &[])));
    let lost = prefixed(&message(1, 0x8400, "zone.test", 252, &[&record(1, &[10, 0, 0, 1])]));
    let whole = run(Input::Stream, &[query(), first.clone(), last.clone()], &|_| false);
    let gap = Gap(Side::Server, lost.len() as u64);
    let with_gap = run(Input::Stream, &[query(), first.clone(), gap, last.clone()], &|_| false);
    for (output, complete) in [(whole, true), (with_gap, false)] {
        assert_eq!(exchanges(&output), ["AXFR zone.test NOERROR Success"]);
        assert_eq!(output.exchanges[0].response.map(|response| response.complete), Some(complete));
    }
}

fn tree_of(bytes: &[u8]) -> Tree {
    let mut tree = Tree::new(Wants::everything());
    tree.begin(bytes);
    let registry = Registry::new(PROTOCOLS);
    let Some(layer) = registry.udp_port(53) else { unreachable!("DNS claims the port") };
    let _ = layer(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree);
    tree
}

#[test]
fn hostile_messages_give_bounded_trees() {
    let query = message(1, 0x8180, "a.test", 1, &[]);
    let counts = |counts: u16, rest: &[u8]| {
        let mut bytes = query.clone();
        bytes[4..12].copy_from_slice(&[counts.to_be_bytes(); 4].concat());
        bytes.extend(rest);
        bytes
    };
    let loops = b"\xc0\x0c\x00\x01\x00\x01".repeat(10_000);
    let short = b"\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00".repeat(5_900);
    let texts = record(16, &[0; 65_000]);
    let mut bitmap = vec![0];
    (0..=255).for_each(|window| bitmap.extend([vec![window, 32], vec![0xff; 32]].concat()));
    let bitmap = record(47, &bitmap);
    let mut pointers = Vec::new();
    (0..16_000_u16).for_each(|nth| pointers.extend((0xc000 | (12 + nth)).to_be_bytes()));
    let options = record(41, &[0, 5, 0xff, 0xff].repeat(16_000));
    for rest in [&[][..], &loops, &short, &texts, &bitmap, &pointers, &options, &[0xff; 60_000], &[0x3f; 60_000]] {
        for count in [0, 1, 2, 0xffff] {
            let bytes = counts(count, rest);
            let bytes = &bytes[..bytes.len().min(65_507)];
            let tree = tree_of(bytes);
            assert!(tree.nodes().len() < 250_000, "{} nodes", tree.nodes().len());
            assert!(tree.stored_len() < 16 << 20, "{} bytes", tree.stored_len());
        }
    }
}

#[test]
fn any_prefix_and_any_changed_byte_is_read() {
    let soa = record(6, &[&[0, 0][..], &[1; 20]].concat());
    let service = record(33, b"\0\x01\0\x02\0\x50\xc0\x0c");
    let parameters = record(65, b"\0\x01\0\0\x01\0\x03\x02h2\0\x03\0\x02\x20\xfb\0\x04\0\x04\x0a\x00\x00\x01");
    let edns = b"\0\0\x29\x10\0\0\0\x80\0\0\x0c\0\x0a\0\x08\x01\x02\x03\x04\x05\x06\x07\x08";
    let all = message(1, 0x8180, "a.test", 255, &[&soa, &service, &parameters, edns]);
    for end in 0..all.len() {
        tree_of(&all[..end]);
    }
    for at in 0..all.len() {
        for byte in [0, 1, 0x3f, 0x40, 0xc0, 0xff] {
            let mut changed = all.clone();
            changed[at] = byte;
            tree_of(&changed);
        }
    }
}

fn probe(input: Input, ports: [u16; 2], bytes: &[u8]) -> Probe {
    let Some(kind) = dns::PROTOCOL.sessions().find(|kind| kind.input == input) else { unreachable!("DNS has both") };
    (kind.probe)(&Hint { ports, ..Hint::bytes(bytes) })
}

#[test]
fn a_message_is_recognized_by_its_structure_on_any_port() {
    let query = message(1, 0x0100, "a.test", 1, &[]);
    assert_eq!(probe(Input::Datagrams, [40000, 5300], &query), Probe::Yes);
    assert_eq!(probe(Input::Stream, [40000, 5300], &prefixed(&query)), Probe::Yes);
    for end in 0..query.len() {
        let at = &prefixed(&query)[..end];
        assert!(probe(Input::Stream, [40000, 5300], at) >= Probe::Perhaps, "{end}");
    }
    let mut longer = query.clone();
    longer.push(0);
    let other: [&[u8]; 8] = [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        &[0; 64],
        &[0xff; 64],
        // NetBIOS name service (RFC 1002 4.2.12).
        b"\x00\x01\x01\x10\x00\x01\x00\x00\x00\x00\x00\x00\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00\x21\x00\x01",
        // NTP (RFC 5905).
        b"\x23\x02\x06\xec\x00\x00\x08\x00\x00\x00\x0a\x00\x0a\x00\x00\x01\xe0\x00\x00\x00\x00\x00\x00\x00",
        &longer,
    ];
    for bytes in other {
        assert_eq!(probe(Input::Datagrams, [40000, 5300], bytes), Probe::No, "{bytes:?}");
        assert!(probe(Input::Stream, [40000, 5300], bytes) <= Probe::Perhaps, "{bytes:?}");
    }
}

#[test]
fn other_ports_need_a_question_known_types_and_names_of_text() {
    let owner_and_class = |kind: u16| [&[0][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60]].concat();
    let records = |len: u16, kind: u16| {
        let header = [0, 1, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0];
        [&header[..], &owner_and_class(kind), &len.to_be_bytes(), &[10, 0, 0, 1]].concat()
    };
    let answer = |kind| message(1, 0x8180, "a.test", 1, &[&record(kind, &[10, 0, 0, 1])]);
    let whole = answer(1);
    let of_class = |class: u8| {
        let mut query = message(1, 0x0100, "a.test", 1, &[]);
        query.splice(query.len() - 1.., [class]);
        query
    };
    let rows = [
        // A record that is cut off, without a question and after one.
        (records(300, 1), Probe::No, Probe::Likely),
        (whole[..whole.len() - 2].to_vec(), Probe::Likely, Probe::Likely),
        // Types that IANA has not assigned, and one for private use.
        (records(4, 1000), Probe::No, Probe::Yes),
        (answer(1000), Probe::No, Probe::Yes),
        (answer(0), Probe::No, Probe::Yes),
        (answer(0xff10), Probe::Yes, Probe::Yes),
        // No question, and a control character.
        (records(4, 1), Probe::No, Probe::Yes),
        (message(1, 0x0100, "a\u{1}.test", 1, &[]), Probe::No, Probe::Yes),
        // A question of an unknown type, and one of an unknown class; an unknown operation.
        (message(1, 0x0100, "a.test", 1000, &[]), Probe::No, Probe::Likely),
        (of_class(2), Probe::No, Probe::Likely),
        (message(1, 0x1900, "a.test", 1, &[]), Probe::No, Probe::Likely),
        // An unknown operation, and no question that can be read.
        (message(1, 0x1900, "a.test", 1, &[])[..16].to_vec(), Probe::No, Probe::No),
        (vec![0x19; 64], Probe::No, Probe::No),
    ];
    for (bytes, other, own) in rows {
        let found = [5300, 53].map(|port| probe(Input::Datagrams, [40000, port], &bytes));
        assert_eq!(found, [other, own], "{bytes:?}");
    }
}
