//! WebSocket alone: messages cut anywhere, losses, limits, and frames that violate the specification.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use crate::http::host::{Bytes, Gap, SessionHost, SessionInput, SessionOutput, c, closed, s};
use miniz_oxide::deflate::compress_to_vec;
use overhear_dissectors::body_limit::BodyLimit;
use overhear_dissectors::exchange::Outcome;
use overhear_dissectors::protocol::Registry;
use overhear_dissectors::session::{Handover, Hint, Input, Probe, Successor};
use overhear_dissectors::{PROTOCOLS, Wants, websocket};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame with this first byte, masked if a client sends it.
fn frame(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = match payload.len() {
        len @ 0..126 => vec![first, mask | len as u8],
        len @ 126..65_536 => [&[first, mask | 126][..], &(len as u16).to_be_bytes()].concat(),
        len => [&[first, mask | 127][..], &(len as u64).to_be_bytes()].concat(),
    };
    bytes.extend(key.iter().flatten());
    let key = key.unwrap_or_default();
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn of_client(first: u8, payload: impl AsRef<[u8]>) -> SessionInput {
    c(frame(first, Some(KEY), payload.as_ref()))
}

fn of_server(first: u8, payload: impl AsRef<[u8]>) -> SessionInput {
    s(frame(first, None, payload.as_ref()))
}

/// A handover after a handshake with these extensions.
fn upgrade(extensions: &str) -> Handover {
    let facts = vec![
        ("sec-websocket-extensions".into(), extensions.as_bytes().to_vec()),
        ("authority".into(), b"a.test".to_vec()),
        ("path".into(), b"/chat".to_vec()),
    ];
    Handover { facts, ..Handover::to(Successor::Upgrade("websocket".into())) }
}

fn run_cut(handover: Handover, steps: &[SessionInput], cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
    let wants = Wants::everything();
    SessionHost::after(&websocket::PROTOCOL, handover, &wants).run_all(steps, cuts)
}

fn run(extensions: &str, steps: &[SessionInput]) -> SessionOutput {
    run_cut(upgrade(extensions), steps, &|_| false)
}

/// Returns messages as kind, size, status and outcome, with `*` if they are not complete.
fn messages(output: &SessionOutput) -> Vec<String> {
    let line = |exchange: &overhear_dissectors::exchange::Exchange| {
        let message = exchange.request.expect("a message");
        let (mark, outcome) = (if message.complete { "" } else { "*" }, exchange.outcome);
        assert!(exchange.target == "/chat" && exchange.is_one_way);
        format!("{} {}{mark} {} {outcome:?}", exchange.method, message.body, exchange.status).replace("  ", " ")
    };
    output.exchanges.iter().map(line).collect()
}

fn deflated(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, 6)
}

#[test]
fn control_frames_come_between_the_fragments_of_a_message() {
    let output = run(
        "",
        &[
            of_server(0x01, "Hel"),
            of_server(0x89, "now"),
            of_client(0x8a, "now"),
            of_server(0x00, "lo, "),
            of_server(0x80, "you"),
            of_client(0x88, b"\x03\xe8bye"),
        ],
    );
    assert_eq!(messages(&output), ["Ping 3 Success", "Pong 3 Success", "Text 10 Success", "Close 5 1000 Success"]);
    assert_eq!(output.values("websocket.payload.text"), ["Hello, you"]);
    assert_eq!(output.values("websocket.fragment"), ["1", "4", "5"]);
    assert_eq!(output.values("websocket.payload.close.reason"), ["bye"]);
    // The numbers are those of the first frames.
    assert_eq!(output.exchanges.iter().map(|exchange| exchange.id.nth).collect::<Vec<_>>(), [1, 2, 0, 3]);
}

#[test]
fn a_status_code_states_who_failed() {
    let close = |code: u16| messages(&run("", &[of_server(0x88, code.to_be_bytes())])).remove(0);
    assert_eq!(close(1001), "Close 2 1001 Success");
    assert_eq!(close(1002), "Close 2 1002 ClientError");
    assert_eq!(close(1011), "Close 2 1011 ServerError");
    assert_eq!(close(4000), "Close 2 4000 Success");
    assert_eq!(messages(&run("", &[of_server(0x88, "")])), ["Close 0 Success"]);
}

#[test]
fn invalid_texts_and_frames_are_noted_and_read() {
    let invalid = run("", &[of_client(0x81, b"caf\xe9"), of_server(0x88, b"\x03\xef\xff")]);
    assert_eq!(invalid.values("websocket.invalid_utf8").len(), 2);
    assert_eq!(messages(&invalid), ["Text 4 Success", "Close 3 1007 ClientError"]);
    let fragment = run("", &[of_client(0x09, "a"), of_client(0x88, [3]), of_client(0x85, "b"), of_client(0x81, "ok")]);
    assert_eq!(fragment.values("websocket.bad_frame").len(), 2);
    assert_eq!(fragment.values("websocket.payload.unknown"), ["62"]);
    assert_eq!(fragment.values("websocket.payload.text"), ["ok"]);
}

#[test]
fn a_message_that_is_not_compressed_by_agreement_is_not_decompressed() {
    let output = run("", &[of_server(0xc1, deflated(b"hello"))]);
    assert_ne!(output.values("websocket.payload.text"), ["hello"]);
    let output = run("permessage-deflate", &[of_server(0xc1, deflated(b"hello"))]);
    assert_eq!(output.values("websocket.payload.text"), ["hello"]);
    assert_eq!(output.values("websocket.pmc"), ["True"]);
}

/// What zlib writes for `Hello, `, `Hello, you` and `Hello, all`, one after the other, each up to a flush (Z_SYNC_FLUSH) without its
/// last four bytes.
const FRAMES: [&[u8]; 3] =
    [b"\xf2\x48\xcd\xc9\xc9\xd7\x51\x00\x00", b"\xf2\x80\x50\x95\xf9\xa5\x00\x00", b"\x82\xb2\x12\x73\x72\x00\x00"];

#[test]
fn a_frame_that_is_compressed_by_itself_is_decompressed_with_those_before_it() {
    let extension = "x-webkit-deflate-frame";
    let [first, second, third] = FRAMES;
    let output = run(extension, &[of_server(0x41, first), of_server(0xc0, second), of_server(0xc1, third)]);
    assert_eq!(output.values("websocket.payload.text"), ["Hello, Hello, you", "Hello, all"]);
    assert!(output.values("websocket.bad_frame").is_empty());
    assert_eq!(messages(&output).len(), 2);
    // A message of frames of both kinds is not read, with a note.
    let mixed = run(extension, &[of_server(0x41, first), of_server(0x80, "you"), of_server(0x81, "plain")]);
    assert_eq!(mixed.values("websocket.decompression.failed.expert").len(), 1);
    assert_eq!(mixed.values("websocket.payload.text"), ["plain"]);
    // permessage-deflate has the bit in the first frame alone (RFC 7692 6.1).
    let other = run("permessage-deflate", &[of_server(0x41, first), of_server(0xc0, second)]);
    assert_eq!(other.values("websocket.bad_frame").len(), 1);
}

#[test]
fn a_message_that_decompresses_to_too_much_is_noted() {
    let bomb = deflated(&vec![0; 64 << 20]);
    let output = run("permessage-deflate", &[of_server(0xc2, &bomb), of_server(0xc1, deflated(b"fine"))]);
    assert_eq!(output.values("websocket.limit").len(), 1);
    assert_eq!(output.values("websocket.payload.text"), ["fine"]);
    let malformed = run("permessage-deflate", &[of_server(0xc1, [0xff; 20])]);
    assert_eq!(malformed.values("websocket.decompression.failed.expert").len(), 1);
    assert_eq!(messages(&malformed), ["Text 20 Success"]);
}

#[test]
fn a_long_message_is_counted_and_not_buffered() {
    let long = vec![b'x'; 3 << 20];
    let parts: Vec<SessionInput> = frame(0x82, Some(KEY), &long).chunks(60_000).map(c).collect();
    let steps: Vec<SessionInput> = parts.into_iter().chain([of_client(0x81, "next")]).collect();
    let output = run("", &steps);
    assert_eq!(messages(&output), ["Binary 3145728 Success", "Text 4 Success"]);
    assert_eq!(output.values("websocket.limit").len(), 1);
    // Fragments of no bytes are counted up to a limit.
    let first = [of_server(0x01, "")];
    let empty = (0..10_000).map(|_| of_server(0x00, ""));
    let output = run("", &first.into_iter().chain(empty).chain([of_server(0x80, "")]).collect::<Vec<_>>());
    assert_eq!(output.values("websocket.fragment").len(), 4096);
}

#[test]
fn a_long_message_is_whole_up_to_the_limit_of_bodies() {
    let mut wants = Wants::everything();
    wants.body_limit = BodyLimit::at_least(4 << 20);
    // A text of 2 MB that deflate does not shorten to less than 1 MiB.
    let digits: String =
        (0..300_000_u64).map(|nth| format!("{:07x}", nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 36)).collect();
    let coded = deflated(digits.as_bytes());
    assert!(coded.len() > 1 << 20);
    for (first, payload) in [(0x81, digits.as_bytes()), (0xc1, &coded)] {
        let parts = frame(first, Some(KEY), payload);
        let steps: Vec<SessionInput> = parts.chunks(9_999).map(c).chain([of_client(0x81, "next")]).collect();
        let host = SessionHost::after(&websocket::PROTOCOL, upgrade("permessage-deflate"), &wants);
        let output = host.run_all(&steps, &|_| false);
        assert!(output.values("websocket.payload.text") == [digits.as_str(), "next"], "{first:#x}");
        assert!(output.values("websocket.limit").is_empty());
    }
}

#[test]
fn only_the_message_with_a_gap_is_incomplete_if_its_end_is_known() {
    let whole = frame(0x81, Some(KEY), b"a text that is lost in part");
    let (before, rest) = whole.split_at(16);
    let (lost, after) = rest.split_at(7);
    let gap = Gap(overhear_dissectors::session::Side::Client, lost.len() as u64);
    let output = run("", &[of_client(0x81, "first"), c(before), gap, c(after), of_client(0x81, "next")]);
    assert_eq!(messages(&output), ["Text 5 Success", "Text 20* Aborted", "Text 4 Success"]);
    assert_eq!(output.values("websocket.payload.text"), ["first", "a text tha", "next"]);
    assert_eq!(output.values("websocket.gap").len(), 1);
}

#[test]
fn the_text_of_fragments_ends_at_a_gap() {
    let server = overhear_dissectors::session::Side::Server;
    let second = frame(0x00, None, b"lo, dear ");
    // The gap is in the second of three fragments, at its end, and at its begin.
    for (from, until, text) in [(4, 8, "Hello"), (7, 11, "Hello, d"), (2, 5, "Hel")] {
        let lost = Gap(server, (until - from) as u64);
        let steps = [
            of_server(0x01, "Hel"),
            s(&second[..from]),
            lost,
            s(&second[until..]),
            of_server(0x80, "you"),
            of_server(0x81, "next"),
        ];
        let output = run("", &steps);
        assert_eq!(output.values("websocket.payload.text"), [text, "next"], "{from}");
        assert_eq!(output.values("websocket.data").len(), 2, "{from}");
        assert_eq!(output.notes(), ["websocket.gap"], "{from}");
    }
}

#[test]
fn a_length_with_its_highest_bit_set_is_a_malformed_frame_and_no_loss() {
    // RFC 6455 5.2: the most significant bit must be 0.
    let malformed = [&[0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 5][..], b"bytes"].concat();
    let output = run("", &[of_server(0x81, "first"), s(malformed), of_client(0x81, "other")]);
    assert_eq!(output.notes(), ["websocket.bad_frame"]);
    assert_eq!(output.values("websocket.payload.text"), ["first", "other"]);
    assert_eq!(output.values("websocket.payload_length_ext_64"), ["9223372036854775813"]);
}

#[test]
fn any_cut_gives_the_same_messages() {
    let long = "words ".repeat(200);
    let steps = [
        of_client(0x81, "hello"),
        of_server(0x01, &long),
        of_server(0x89, ""),
        of_server(0x80, "end"),
        of_client(0xc1, deflated(br#"{"a": [1, 2]}"#)),
        of_client(0x88, b"\x03\xe8"),
        of_server(0x88, b"\x03\xe8"),
    ];
    let steps: Vec<SessionInput> = steps.into_iter().chain(closed()).collect();
    for handover in [upgrade("permessage-deflate"), Handover::default()] {
        let whole = run_cut(handover.clone(), &steps, &|_| false);
        assert!(!whole.exchanges.is_empty());
        let len: usize = steps.iter().map(|step| if let Bytes(_, bytes) = step { bytes.len() } else { 0 }).sum();
        for at in 0..=len {
            let cut = |offset: usize| at == len || offset == at;
            let output = run_cut(handover.clone(), &steps, &cut);
            assert_eq!(output.lines, whole.lines, "cut at {at}");
            assert_eq!(output.events, whole.events, "cut at {at}");
        }
    }
}

#[test]
fn several_valid_frames_are_websocket_and_other_bytes_are_not() {
    let entry = Registry::new(PROTOCOLS).session("websocket", Input::Stream).expect("a session");
    let probe = |bytes: &[u8]| (entry.kind.probe)(&Hint::bytes(bytes));
    let text = |text: &str| frame(0x81, None, text.as_bytes());
    let masked = |text: &str| frame(0x81, Some(KEY), text.as_bytes());
    assert_eq!(probe(&[text("one"), text("two"), text("three")].concat()), Probe::Yes);
    assert_eq!(probe(&[text("one"), text("two")].concat()), Probe::Perhaps);
    assert_eq!(probe(&masked("a text of more than thirty-two bytes")), Probe::Yes);
    assert_eq!(probe(&masked("short")), Probe::Perhaps);
    // Masked and not, another length, no text, a fragment without a first one.
    assert_eq!(probe(&[text("one"), masked("two"), text("three")].concat()), Probe::No);
    assert_eq!(probe(&[text("one"), b"x".to_vec(), text("two"), text("three")].concat()), Probe::No);
    assert_eq!(probe(&[text("one"), text("t\0o"), text("three")].concat()), Probe::No);
    assert_eq!(probe(&[text("one"), frame(0x80, None, b"two"), text("three")].concat()), Probe::No);
    // All bytes from the first on were captured, and none were a handshake.
    let three = [text("one"), text("two"), text("three")].concat();
    assert_eq!((entry.kind.probe)(&Hint { is_whole: true, ..Hint::bytes(&three) }), Probe::No);
    // SUBSCRIBE of MQTT looks like a binary frame, and has no mask.
    assert_eq!(probe(&b"\x82\x09\x00\x01\x00\x04a/bc\x00".repeat(20)), Probe::No);
    assert_eq!(probe(&frame(0x82, Some(KEY), b"\x00\x01").repeat(6)), Probe::Yes);
    assert_eq!(probe(&frame(0x82, None, &[0; 200]).repeat(6)), Probe::Yes);
    for other in
        [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01\x02\x00\x01", b"\x00\x00\x12\x04", b"SSH-2.0-x", b"+OK\r\n"]
    {
        assert_eq!(probe(other), Probe::No);
    }
}

#[test]
fn outcomes_of_messages_without_an_end_are_aborted() {
    let [server, client] = closed();
    let output = run("", &[of_client(0x01, "begun"), c([0x81, 0xff]), server, client]);
    assert_eq!(messages(&output), ["Text 5* Aborted"]);
    assert_eq!(output.exchanges[0].outcome, Outcome::Aborted);
    assert_eq!(output.values("websocket.truncated").len(), 1);
}

#[test]
fn the_search_after_a_gap_takes_a_time_linear_in_the_bytes() {
    let gap = || Gap(overhear_dissectors::session::Side::Server, 1000);
    let next = ["one", "two", "three"].map(|text| of_server(0x81, text));
    // Frames without evidence, texts that look like frames, and compressed messages that never end.
    let empty = || s([0x81, 0]);
    let text = || s("\u{c1}~~~");
    let compressed = || s([0xc1, 0x7e, 0x60, 0x60]);
    for piece in [&empty as &dyn Fn() -> SessionInput, &text, &compressed] {
        let before = [of_server(0x81, "first"), gap()];
        let pieces = (0..60_000).map(|_| piece());
        let steps: Vec<SessionInput> = before.into_iter().chain(pieces).chain([gap()]).chain(next.clone()).collect();
        let output = run("", &steps);
        assert_eq!(output.values("websocket.payload.text").last().copied(), Some("three"));
    }
}

#[test]
fn a_control_frame_never_ends_the_message_around_it() {
    // Control frames that violate RFC 6455 5.5: one that states to be a fragment, and one that is too long for a buffer.
    let long: Vec<SessionInput> = frame(0x89, None, &vec![b'p'; 2 << 20]).chunks(60_000).map(s).collect();
    for control in [vec![of_server(0x09, "now")], long] {
        let steps: Vec<SessionInput> =
            [of_server(0x01, "Hel")].into_iter().chain(control).chain([of_server(0x80, "lo")]).collect();
        let output = run("", &steps);
        assert_eq!(output.values("websocket.payload.text"), ["Hello"]);
        assert_eq!(output.values("websocket.bad_frame").len(), 1);
        let [ping, text] = &messages(&output)[..] else { panic!("two messages") };
        assert!(ping.starts_with("Ping ") && text == "Text 5 Success", "{ping}, {text}");
    }
    // A control frame of which a part is missing.
    let ping = frame(0x89, None, b"a ping");
    let gap = Gap(overhear_dissectors::session::Side::Server, 3);
    let output = run("", &[of_server(0x01, "Hel"), s(&ping[..4]), gap, s(&ping[7..]), of_server(0x80, "lo")]);
    assert_eq!(messages(&output), ["Ping 3* Aborted", "Text 5 Success"]);
}

#[test]
fn more_fragments_than_are_listed_do_not_cut_the_message() {
    let text = "x".repeat(5000);
    let fragments = |first: u8, payload: &[u8]| {
        let (begin, rest) = payload.split_at(1);
        let middle = (0..5000 - 1).map(|at| of_client(0x00, rest.get(at..=at).unwrap_or_default()));
        [of_client(first, begin)].into_iter().chain(middle).chain([of_client(0x80, "")]).collect::<Vec<_>>()
    };
    for (first, payload) in [(0x01, text.as_bytes().to_vec()), (0x41, deflated(text.as_bytes()))] {
        let output = run("permessage-deflate", &fragments(first, &payload));
        assert_eq!(output.values("websocket.payload.text"), [text.as_str()]);
        assert_eq!(output.values("websocket.fragment").len(), 4096);
        assert_eq!(output.values("websocket.fragment.count"), ["5001"]);
        assert!(output.values("websocket.limit").is_empty());
    }
}

#[test]
fn extensions_on_several_lines_are_one_list_and_those_not_known_may_be_any() {
    let name = || "sec-websocket-extensions".into();
    let compressed = [of_server(0xc1, deflated(b"hello"))];
    // RFC 6455 9.1: two lines are the same as one with a comma.
    let mut lines = upgrade("x-other");
    lines.facts.push((name(), b"permessage-deflate; server_no_context_takeover".to_vec()));
    assert_eq!(run_cut(lines, &compressed, &|_| false).values("websocket.payload.text"), ["hello"]);
    let dropped = Handover { lacks_facts: true, ..upgrade("") };
    assert_eq!(run_cut(dropped, &compressed, &|_| false).values("websocket.payload.text"), ["hello"]);
}

#[test]
fn reserved_bits_without_an_extension_are_noted() {
    let notes = |extensions: &str, steps: &[SessionInput]| {
        let output = run(extensions, steps);
        assert_eq!(output.values("websocket.coding").len(), usize::from(extensions.starts_with("permessage")));
        output.values("websocket.bad_frame").len()
    };
    assert_eq!(notes("", &[of_server(0xc1, "ok")]), 1);
    assert_eq!(notes("", &[of_server(0x81, "ok")]), 0);
    assert_eq!(notes("x-other", &[of_server(0xf1, "ok")]), 0);
    let whole = deflated(b"hello");
    let (begin, end) = whole.split_at(3);
    // RFC 7692 6.1: only the first frame of a message has the bit.
    assert_eq!(notes("permessage-deflate", &[of_server(0x41, begin), of_server(0x80, end)]), 0);
    assert_eq!(notes("permessage-deflate", &[of_server(0x41, begin), of_server(0xc0, end)]), 1);
    assert_eq!(notes("permessage-deflate", &[of_server(0xc9, ""), of_server(0xc1, &whole)]), 1);
    assert_eq!(notes("permessage-deflate", &[of_server(0xe1, &whole)]), 1);
}

#[test]
fn frames_out_of_sequence_are_violations_and_no_losses() {
    let output = run("", &[of_client(0x80, "alone"), of_client(0x81, "ok")]);
    assert_eq!(messages(&output), ["Continuation 5 Success", "Text 2 Success"]);
    assert!(output.values("websocket.gap").is_empty());
    assert_eq!(output.values("websocket.bad_frame").len(), 1);
    let output = run("", &[of_client(0x01, "begun"), of_client(0x81, "other"), of_client(0x80, "end")]);
    assert_eq!(messages(&output), ["Text 5* Aborted", "Text 5 Success", "Continuation 3 Success"]);
    assert!(output.values("websocket.gap").is_empty());
    assert_eq!(output.values("websocket.bad_frame").len(), 2);
    // After a loss, the beginning of the message may be missing.
    let gap = Gap(overhear_dissectors::session::Side::Client, 100);
    let next = ["one", "two", "three"].map(|text| of_client(0x81, text));
    let steps: Vec<SessionInput> =
        [of_client(0x81, "first"), gap, of_client(0x80, "end")].into_iter().chain(next).collect();
    let output = run("", &steps);
    assert_eq!(messages(&output).get(1).map(String::as_str), Some("Continuation 3* Aborted"));
    assert!(output.values("websocket.bad_frame").is_empty());
}
