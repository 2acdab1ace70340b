//! Bytes that were not captured, and connections that are joined late.

use super::frames::*;
use crate::http::host::{Gap, c, closed, s};
use overhear_dissectors::Wants;
use overhear_dissectors::exchange::Outcome;
use overhear_dissectors::session::Side;

#[test]
fn entries_that_a_lost_block_inserted_are_unknown_and_others_are_not() {
    let lost = frame(HEADERS, END, 1, ok());
    // The type refers to the lost entry, the server is new.
    let block = [&[0x88, 0xbe][..], &inserted("server", "s"), &[0xbe]].concat();
    let output = run(&[
        c([frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END, 3, get("/b"))].concat()),
        Gap(Side::Server, lost.len() as u64),
        s([frame(HEADERS, END_HEADERS, 3, block), frame(DATA, END_STREAM, 3, "text")].concat()),
    ]);
    assert_eq!(output.calls(), ["1 GET /b 200 0 4"]);
    assert_eq!(output.values("http2.response.line"), ["<unknown>: <unknown>", "server: s", "server: s"]);
    assert_eq!(output.values("http2.header.name")[8..], [":status", "<unknown>", "server", "server"]);
    // Nothing is known of the value, nor of its length.
    assert_eq!(output.values("http2.header.value")[8..], ["200", "s", "s"]);
    assert_eq!(output.values("http2.header.value.length")[8..], ["3", "1", "1"]);
    assert_eq!(output.values("http2.header.name.length")[8..], ["7", "6", "6"]);
    assert_eq!(output.notes(), ["http2.unknown_header"]);
}

#[test]
fn a_block_without_pseudo_headers_after_a_loss_is_trailers_and_no_head() {
    let lost = [frame(HEADERS, END_HEADERS, 1, ok()), frame(DATA, 0, 1, vec![b'x'; 100])].concat();
    let output = run(&[
        c([frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END, 3, get("/b"))].concat()),
        Gap(Side::Server, lost.len() as u64),
        // RFC 7541 A: entry 9 is `:status: 204`.
        s([frame(HEADERS, END, 1, inserted("x-t", "y")), frame(HEADERS, END, 3, [0x89])].concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET /a - 0 0!", "1 GET /b 204 0 0"]);
    assert_eq!((output.values("http2.trailer"), output.values("http2.response.line")), (vec!["x-t: y"], vec![]));
    assert_eq!(output.notes(), ["http2.gap"]);
    let [first, second] = &output.exchanges[..] else { unreachable!("two exchanges") };
    assert_eq!((first.size(), first.time_to_first_byte(), first.outcome), (None, None, Outcome::Aborted));
    assert_eq!((second.size(), second.time_to_first_byte().is_some()), (Some(0), true));

    let lost = [frame(HEADERS, END_HEADERS, 1, get("/a")), frame(DATA, 0, 1, vec![b'x'; 50])].concat();
    let output = run(&[
        Gap(Side::Client, lost.len() as u64),
        c([frame(HEADERS, END, 1, inserted("x-t", "y")), frame(HEADERS, END, 3, get("/b"))].concat()),
        s([frame(HEADERS, END_HEADERS, 1, [0x88]), frame(DATA, END_STREAM, 1, "ok"), frame(HEADERS, END, 3, [0x89])]
            .concat()),
    ]);
    assert_eq!(output.calls(), ["0   200 0! 2", "1 GET /b 204 0 0"]);
    assert_eq!(output.values("http2.trailer"), ["x-t: y"]);
}

#[test]
fn a_block_after_a_loss_that_may_be_trailers_is_not_complete() {
    let lost = [ok(), inserted("x-t", "y")].concat();
    let output = run(&[
        c([frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END, 3, get("/b"))].concat()),
        Gap(Side::Server, frame(HEADERS, END_HEADERS, 1, lost).len() as u64),
        // Entry 62 is `x-t: y`, which was lost.
        s([frame(HEADERS, END, 1, [0xbe]), frame(HEADERS, END, 3, [0x89])].concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET /a - 0 0!", "1 GET /b 204 0 0"]);
}

#[test]
fn a_gap_in_a_body_is_a_gap_of_its_stream_only() {
    let data = frame(DATA, END_STREAM, 1, vec![b'x'; 100]);
    let output = run(&[
        c([frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END, 3, get("/b"))].concat()),
        s([
            frame(HEADERS, END_HEADERS, 1, ok()),
            frame(HEADERS, END_HEADERS, 3, vec![0x88, 0xbe]),
            data[..50].to_vec(),
        ]
        .concat()),
        Gap(Side::Server, 30),
        s([&data[80..], &frame(DATA, END_STREAM, 3, "whole")].concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET /a 200 0 41!", "1 GET /b 200 0 5"]);
    assert_eq!(output.notes(), ["http2.gap"]);
    assert_eq!(output.values("http2.content_type"), ["text/plain", "text/plain"]);
}

#[test]
fn any_gap_leaves_exchanges_incomplete_and_never_wrong() {
    let path = |nth: u32| format!("/{nth}");
    let requests: Vec<u8> = (0..6).flat_map(|nth| frame(HEADERS, END, 2 * nth + 1, get(&path(nth)))).collect();
    let response = |nth: u32| {
        let block = [ok(), inserted("x-path", &path(nth))].concat();
        [frame(HEADERS, END_HEADERS, 2 * nth + 1, block), frame(DATA, END_STREAM, 2 * nth + 1, path(nth))].concat()
    };
    let responses: Vec<u8> = (0..6).flat_map(response).collect();
    for from in 0..responses.len() {
        for len in [1, 10, 60, 100] {
            let until = (from + len).min(responses.len());
            let steps =
                [c(&requests), s(&responses[..from]), Gap(Side::Server, (until - from) as u64), s(&responses[until..])];
            let output = run(&[steps.as_slice(), &closed()].concat());
            assert_eq!(output.exchanges.len(), 6, "{from} {len}: {:?}", output.calls());
            for exchange in &output.exchanges {
                assert_eq!(exchange.target, path(exchange.id.nth), "{from} {len}");
                assert!(matches!(exchange.code, None | Some(200)), "{from} {len}");
                let is_whole = exchange.response.is_some_and(|response| response.complete);
                assert!(!is_whole || exchange.response.unwrap().body == 2, "{from} {len}");
            }
            let lines = output.values("http2.response.line");
            let known = lines.iter().filter_map(|line| line.strip_prefix("x-path: "));
            assert!(known.into_iter().all(|value| value.len() == 2), "{lines:?}");
        }
    }
}

#[test]
fn a_connection_joined_late_is_read_from_the_next_frame_on() {
    let requests = [frame(HEADERS, END, 7, get("/a")), frame(HEADERS, END, 9, vec![0x82, 0x86, 0xbf, 0xbe])].concat();
    let responses = [frame(HEADERS, END_HEADERS, 7, ok()), frame(DATA, END_STREAM, 7, "late")].concat();
    for skipped in 0..9 {
        let steps = [c(&requests[skipped..]), s(&responses)];
        let host_range_is_late = Wants::everything();
        let output = run_bare(&[steps.as_slice(), &closed()].concat(), &host_range_is_late, &|_| false);
        let calls = output.calls();
        let cut = run_bare(&[steps.as_slice(), &closed()].concat(), &host_range_is_late, &|_| true);
        assert_eq!(cut.calls(), calls, "{skipped}");
        assert!(calls.iter().any(|call| call.contains(" 200 ")), "{skipped}: {calls:?}");
        assert!(calls.iter().all(|call| !call.contains("GET /b")), "{skipped}");
    }
}

#[test]
fn arbitrary_bytes_are_read_without_a_panic() {
    let conversation = [
        frame(HEADERS, END_HEADERS, 1, get("/a")),
        frame(DATA, 8 | END_STREAM, 1, b"\x03abc\0\0\0"),
        frame(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2, 0x82]),
        frame(CONTINUATION, END_HEADERS, 1, [0x82]),
        frame(WINDOW_UPDATE, 0, 0, [0, 0, 0, 1]),
        frame(SETTINGS, 0, 0, [0, 4, 0, 0, 0, 1]),
    ]
    .concat();
    for at in 0..conversation.len() {
        for value in [0, 1, 0x3f, 0x7f, 0xff] {
            let mut bytes = conversation.clone();
            bytes[at] = value;
            let steps = [c([PREFACE, &bytes].concat()), s(&bytes), Gap(Side::Client, 7), c(&bytes)];
            run_bare(&[steps.as_slice(), &closed()].concat(), &Wants::everything(), &|offset| offset % 17 == 0);
        }
    }
}
