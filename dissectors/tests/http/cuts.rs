//! The same output for any segmentation, and no panic for damaged or lost bytes.

use super::conversations::conversations;
use super::host::*;
use overhear_dissectors::session::Side;
use overhear_dissectors::{Wants, http};

fn assert_same(name: &str, whole: &SessionOutput, cut: &SessionOutput, at: &str) {
    for (whole, cut) in [(&whole.lines, &cut.lines), (&whole.events, &cut.events)] {
        for (whole, cut) in whole.iter().zip(cut) {
            assert_eq!(whole, cut, "{name}, cut at {at}");
        }
        assert_eq!(whole.len(), cut.len(), "{name}, cut at {at}");
    }
    assert_eq!(whole.unconsumed, cut.unconsumed, "{name}, cut at {at}");
}

#[test]
fn any_cut_gives_the_same_messages() {
    let wants = [Wants::everything(), wants_fields(&[&http::REQUEST_METHOD, &http::RESPONSE_CODE])];
    for (name, steps, _) in conversations() {
        for wants in &wants {
            let whole = run_cut(&steps, wants, &|_| false);
            let len: usize = steps.iter().map(|step| if let Bytes(_, bytes) = step { bytes.len() } else { 0 }).sum();
            for at in 0..len {
                assert_same(name, &whole, &run_cut(&steps, wants, &|offset| offset == at), &at.to_string());
            }
            assert_same(name, &whole, &run_cut(&steps, wants, &|_| true), "every byte");
            for seed in 1..40_u64 {
                let cuts = |offset: usize| (offset as u64 * seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 == 0;
                assert_same(name, &whole, &run_cut(&steps, wants, &cuts), &format!("seed {seed}"));
            }
        }
    }
}

#[test]
fn any_prefix_and_any_gap_is_dissected() {
    for (name, steps, calls) in conversations() {
        for (nth, step) in steps.iter().enumerate() {
            let Bytes(side, bytes) = step else { continue };
            for at in 0..bytes.len() {
                let mut prefix = steps[..nth].to_vec();
                prefix.push(Bytes(*side, bytes[..at].to_vec()));
                prefix.extend(closed());
                let output = run(&prefix);
                assert!(output.exchanges.len() <= calls.len(), "{name}: {:?}", output.calls());
                for len in [1, 7, bytes.len() - at] {
                    let len = len.min(bytes.len() - at);
                    let mut gap = steps[..nth].to_vec();
                    gap.push(Bytes(*side, bytes[..at].to_vec()));
                    gap.push(Gap(*side, len as u64));
                    gap.push(Bytes(*side, bytes[at + len..].to_vec()));
                    gap.extend(steps[nth + 1..].to_vec());
                    gap.extend(closed());
                    let whole = run(&gap);
                    assert_same(name, &whole, &run_cut(&gap, &Wants::everything(), &|_| true), "every byte");
                }
            }
        }
    }
}

#[test]
fn missing_bytes_are_counted_and_the_next_message_is_found() {
    let body = |len: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    let two = |gapped: Vec<SessionInput>| {
        let mut steps = vec![c(get("/1"))];
        steps.extend(gapped);
        steps.extend([c(get("/2")), s(OK3)]);
        steps.extend(closed());
        run(&steps).calls()
    };
    let within = vec![s(body(10) + "ab"), Gap(Side::Server, 5), s("cde")];
    assert_eq!(two(within), ["0 GET /1 200 0 5!", "1 GET /2 200 0 3"]);
    let to_the_end = vec![s(body(10) + "ab"), Gap(Side::Server, 8)];
    assert_eq!(two(to_the_end), ["0 GET /1 200 0 2!", "1 GET /2 200 0 3"]);
    let beyond = vec![s(body(10) + "ab"), Gap(Side::Server, 100), s("rest\r\n")];
    assert_eq!(two(beyond), ["0 GET /1 200 0 2!", "1 GET /2 200 0 3"]);
    let whole_response = vec![Gap(Side::Server, 80)];
    assert_eq!(two(whole_response), ["0 GET /1 - 0 -", "1 GET /2 200 0 3"]);
    let in_a_chunk = vec![
        s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        Gap(Side::Server, 2),
        s("c\r\n0\r\n\r\n"),
    ];
    assert_eq!(two(in_a_chunk), ["0 GET /1 200 0 3!", "1 GET /2 200 0 3"]);
    let beyond_a_chunk = vec![
        s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        Gap(Side::Server, 9),
        s("\r\n0\r\n\r\n"),
    ];
    assert_eq!(two(beyond_a_chunk), ["0 GET /1 200 0 2!", "1 GET /2 200 0 3"]);
    let in_a_head = vec![s("HTTP/1.1 500 Oops\r\nX: "), Gap(Side::Server, 9), s("y\r\n\r\n")];
    assert_eq!(two(in_a_head), ["0 GET /1 500 0 0!", "1 GET /2 200 0 3"]);
}

#[test]
fn any_bytes_are_dissected() {
    let mut random = crate::common::random();
    let conversations = conversations();
    for _ in 0..3000 {
        let (_, steps, _) = &conversations[random(conversations.len())];
        let mut steps = steps.clone();
        for _ in 0..=random(4) {
            let at = random(steps.len());
            if let Bytes(side, bytes) = &mut steps[at] {
                let index = random(bytes.len());
                match random(4) {
                    0 => bytes[index] = random(256) as u8,
                    1 => drop(bytes.splice(index..index, *b"\r\n")),
                    2 => drop(bytes.drain(index..)),
                    _ => *side = side.other(),
                }
                if bytes.is_empty() {
                    bytes.push(b'\n');
                }
            }
        }
        let cuts = |offset: usize| offset.is_multiple_of(3);
        let (mut whole, mut cut) = (run(&steps), run_cut(&steps, &Wants::everything(), &cuts));
        assert_eq!(whole.events, run_cut(&steps, &Wants::default(), &|_| false).events, "{steps:?}");
        // The bytes that one side waits for may end within a frame, which changes the order of the sides' messages.
        for output in [&mut whole, &mut cut] {
            output.lines.sort();
            output.events.sort();
        }
        assert_same(&format!("{steps:?}"), &whole, &cut, "thirds");
    }
}
