//! Requests and responses in streams.

use super::frames::*;
use crate::http::host::{SessionInput, c, closed, s};
use overhear_dissectors::exchange::Outcome;
use overhear_dissectors::http2;
use overhear_dissectors::session::{Hint, Probe, Side};

#[test]
fn streams_are_exchanges_and_their_bodies_are_put_together() {
    let output = run(&[
        c([frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END_HEADERS, 3, get("/b?x=1"))].concat()),
        c(frame(DATA, END_STREAM, 3, "upload")),
        s([frame(HEADERS, END_HEADERS, 3, ok()), frame(DATA, 0, 3, "one "), frame(HEADERS, END_HEADERS, 1, ok())]
            .concat()),
        s([frame(DATA, END_STREAM, 1, "first"), frame(DATA, END_STREAM, 3, "two")].concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET /a 200 0 5", "1 GET /b?x=1 200 6 7"]);
    let texts = |name| output.values(name);
    assert_eq!(texts("http2.file_data"), ["75706c6f6164", "6669727374", "6f6e652074776f"]);
    assert_eq!(texts("http2.request.uri"), ["/a", "/b?x=1", "/a", "/b?x=1"]);
    assert_eq!(texts("http2.request.uri.query"), ["x=1"]);
    assert_eq!(texts("http2.message.start_line"), ["GET /a HTTP/2", "GET /b?x=1 HTTP/2", "HTTP/2 200", "HTTP/2 200"]);
    assert_eq!(texts("http2.body.fragment.count"), ["2"]);
    assert_eq!(texts("http2.request.full_uri"), ["http://h/a", "http://h/b?x=1"]);
    assert!(output.notes().is_empty(), "{:?}", output.notes());
    assert_eq!(
        output.infos.iter().map(|(_, _, info)| info.as_str()).collect::<Vec<_>>(),
        [
            "Magic, SETTINGS[0]",
            "SETTINGS[0]",
            "HEADERS[1]: GET /a, HEADERS[3]: GET /b?x=1",
            "DATA[3]",
            "HEADERS[3]: 200 OK, DATA[3], HEADERS[1]: 200 OK",
            "DATA[1] (text/plain), DATA[3] (text/plain)",
        ]
    );
}

#[test]
fn any_interleaving_and_any_cut_give_the_same_exchanges() {
    let request =
        |stream, path| vec![frame(HEADERS, END_HEADERS, stream, get(path)), frame(DATA, END_STREAM, stream, path)];
    let response = |stream| {
        vec![
            frame(HEADERS, END_HEADERS, stream, ok()),
            frame(DATA, 0, stream, "abc"),
            frame(DATA, END_STREAM, stream, "de"),
        ]
    };
    let sorted = |steps: &[SessionInput], cuts: &dyn Fn(usize) -> bool| {
        let mut calls: Vec<String> = run_cut(steps, cuts).calls();
        calls.iter_mut().for_each(|call| drop(call.drain(..2)));
        calls.sort();
        calls
    };
    let expected = ["GET /a 200 2 5", "GET /b 200 2 5"];
    // Each order of the frames of two streams is a set of the places of the first stream.
    for order in 0_u32..32 {
        let merged = |first: Vec<Vec<u8>>, second: Vec<Vec<u8>>| {
            let (mut first, mut second) = (first.into_iter(), second.into_iter());
            let mut frames = Vec::new();
            for bit in 0..first.len() + second.len() {
                let (one, other) =
                    if order >> bit & 1 == 0 { (&mut first, &mut second) } else { (&mut second, &mut first) };
                frames.extend(one.next().or_else(|| other.next()).unwrap());
            }
            frames
        };
        let steps = [c(merged(request(1, "/a"), request(3, "/b"))), s(merged(response(1), response(3)))];
        assert_eq!(sorted(&steps, &|_| false), expected, "{order}");
        assert_eq!(sorted(&steps, &|_| true), expected, "{order}");
    }
}

#[test]
fn a_cut_at_any_byte_changes_no_field() {
    let steps = [
        c([frame(HEADERS, END_STREAM, 1, &get("/a")[..5]), frame(CONTINUATION, END_HEADERS, 1, &get("/a")[5..])]
            .concat()),
        s([
            frame(HEADERS, END_HEADERS, 1, ok()),
            frame(DATA, 8, 1, b"\x02text\0\0"),
            frame(HEADERS, END, 1, inserted("x", "y")),
        ]
        .concat()),
        c(frame(RST_STREAM, 0, 1, 8_u32.to_be_bytes())),
    ];
    let whole = run(&steps);
    assert_eq!(whole.calls(), ["0 GET /a 200 0 4"]);
    assert_eq!(whole.values("http2.trailer"), ["x: y"]);
    let len = 400;
    for at in 0..len {
        let cut = run_cut(&steps, &|offset| offset == at);
        assert_eq!((cut.calls(), cut.lines.len()), (whole.calls(), whole.lines.len()), "{at}");
    }
}

#[test]
fn interim_responses_and_trailers_are_not_the_response() {
    let early = [&[0x08, 3][..], b"103"].concat();
    let output = run(&[
        c(frame(HEADERS, END, 1, get("/"))),
        s(frame(HEADERS, END_HEADERS, 1, early)),
        s([frame(HEADERS, END_HEADERS, 1, ok()), frame(DATA, 0, 1, "x"), frame(HEADERS, END, 1, inserted("sum", "1"))]
            .concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET / 200 0 1"]);
    assert_eq!(output.values("http2.response.code"), ["200"]);
    assert_eq!(output.values("http2.headers.status"), ["103", "200"]);
    assert_eq!(output.values("http2.trailer"), ["sum: 1"]);
}

#[test]
fn a_promised_stream_is_an_exchange() {
    let promise = [&2_u32.to_be_bytes()[..], &get("/style.css")].concat();
    let output = run(&[
        c(frame(HEADERS, END, 1, get("/"))),
        s([frame(PUSH_PROMISE, END_HEADERS, 1, promise), frame(HEADERS, END, 1, ok())].concat()),
        s([frame(HEADERS, END_HEADERS, 2, ok()), frame(DATA, END_STREAM, 2, "css")].concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET / 200 0 0", "1 GET /style.css 200 0 3"]);
}

#[test]
fn headers_that_follow_the_end_of_their_stream_are_no_exchange() {
    let output = run(&[
        c(frame(HEADERS, END, 1, get("/a"))),
        c(frame(RST_STREAM, 0, 1, 8_u32.to_be_bytes())),
        s(frame(HEADERS, END, 1, ok())),
    ]);
    assert_eq!(output.calls().len(), 1, "{:?}", output.calls());
    assert_eq!(output.values("http2.headers.status"), ["200"]);
}

#[test]
fn a_server_that_sends_a_setting_for_experiments_is_detected() {
    let settings = [0, 4, 0, 0x40, 0, 0, 0xfe, 3, 0, 0, 0, 1];
    let bytes = frame(SETTINGS, 0, 0, settings);
    let hint = Hint { side: Side::Server, ..Hint::bytes(&bytes) };
    let kind = http2::PROTOCOL.sessions().next().unwrap();
    assert_eq!((kind.probe)(&hint), Probe::Yes);
}

#[test]
fn a_reset_ends_both_halves() {
    let reset = |stream| frame(RST_STREAM, 0, stream, 8_u32.to_be_bytes());
    let output = run(&[
        c([frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END_HEADERS, 3, get("/b"))].concat()),
        s([frame(HEADERS, END_HEADERS, 1, ok()), frame(DATA, 0, 1, "part")].concat()),
        c([reset(1), reset(3)].concat()),
    ]);
    assert_eq!(output.calls(), ["0 GET /a 200 0 4!", "1 GET /b - 0! -"]);
    assert!(output.exchanges.iter().all(|exchange| exchange.outcome == Outcome::Aborted));
    assert_eq!(output.notes(), ["http2.truncated", "http2.truncated"]);
}

#[test]
fn a_request_without_a_response_is_reported_at_the_end() {
    let steps = [vec![c(frame(HEADERS, END, 1, get("/a")))], closed().to_vec()].concat();
    let output = run(&steps);
    assert_eq!(output.calls(), ["0 GET /a - 0 -"]);
    assert_eq!(output.exchanges[0].outcome, Outcome::Unanswered);
}

#[test]
fn time_blocked_by_flow_control_is_noted_where_the_sender_goes_on() {
    let window = |stream| frame(WINDOW_UPDATE, 0, stream, 65_535_u32.to_be_bytes());
    let data = |flags, len| frame(DATA, flags, 1, vec![b'x'; len]);
    let output = run(&[
        c(frame(HEADERS, END, 1, get("/"))),
        s([frame(HEADERS, END_HEADERS, 1, ok()), data(0, 40_000), data(0, 25_535)].concat()),
        c(window(0)),
        c(window(1)),
        s(data(END_STREAM, 10)),
    ]);
    assert_eq!(output.notes(), ["http2.blocked", "http2.blocked"]);
    // Steps are a millisecond apart.
    assert_eq!(output.values("http2.blocked_time"), ["0.001000000", "0.002000000"]);
    let after = output.values("http2.calculated.stream.window_size.after");
    assert_eq!(after, ["25535", "0", "65535", "65525"]);
}

#[test]
fn a_body_of_another_length_than_stated_is_noted() {
    let block = [ok(), inserted("content-length", "4")].concat();
    let output = run(&[
        c(frame(HEADERS, END, 1, get("/"))),
        s([frame(HEADERS, END_HEADERS, 1, block), frame(DATA, END_STREAM, 1, "abc")].concat()),
    ]);
    assert_eq!(output.notes(), ["http2.bad_length"]);
}

#[test]
fn a_header_bomb_is_cut_and_noted() {
    let mut block = get("/");
    block.extend(inserted("a", &"x".repeat(100)));
    block.extend(vec![0xbe; 16_000]);
    let output = run(&[c(frame(HEADERS, END, 1, block))]);
    assert_eq!(output.notes(), ["http2.header_list_limit"]);
    assert!(output.values("http2.header.name").len() < 2500);
}

#[test]
fn a_header_in_many_frames_is_decoded_in_the_frame_that_completes_it() {
    // RFC 7541 appendix B: `a` is 00011, so that 5 bytes are 8 of them. The length is 6500 - 127.
    let value = [0x18, 0xc6, 0x31, 0x8c, 0x63].repeat(1300);
    let header = [&[0x00, 1, b'x', 0xff, 0xe5, 0x31][..], &value, &[0x84]].concat();
    let mut steps = vec![c(frame(HEADERS, END_STREAM, 1, [0x82, 0x86]))];
    steps.extend(header.iter().map(|byte| c(frame(CONTINUATION, 0, 1, [*byte]))));
    steps.push(c(frame(CONTINUATION, END_HEADERS, 1, [])));
    let output = run(&steps);
    assert_eq!(output.values("http2.header.name"), [":method", ":scheme", "x", ":path"]);
    assert_eq!(output.values("http2.header.value")[2], "a".repeat(10_400));
    assert!(output.notes().iter().all(|note| *note == "http2.truncated"), "{:?}", output.notes());
}
