//! Limits: streams that are open, bodies that are kept, and buffers that are released.

use super::frames::*;
use crate::http::host::{Release, c, s};

fn requests(count: u32) -> Vec<u8> {
    (0..count).flat_map(|nth| frame(HEADERS, END, 2 * nth + 1, [0x82, 0x86, 0x84])).collect()
}

fn response(nth: u32) -> Vec<u8> {
    frame(HEADERS, END, 2 * nth + 1, [0x88])
}

/// The headers of a response, one of which is long: a name and a value without an entry in the table (RFC 7541 6.2.2).
fn long_header() -> Vec<u8> {
    let mut block = vec![0x88, 0x00, 1, b'x', 0x7f];
    // 4,000 - 127 in groups of seven bits (RFC 7541 5.1).
    block.extend([0x80 | (3873 & 0x7f) as u8, (3873 >> 7) as u8]);
    block.extend([b'y'; 4000]);
    block
}

#[test]
fn released_buffers_are_bodies_first_and_streams_remain() {
    let open = [frame(HEADERS, END, 1, get("/a")), frame(HEADERS, END, 3, get("/b"))].concat();
    let begun = [frame(HEADERS, END_HEADERS, 1, ok()), frame(DATA, 0, 1, "abc")].concat();
    let output = run(&[c(open), s(begun), Release, s([frame(DATA, END_STREAM, 1, "de"), response(1)].concat())]);
    assert_eq!(output.calls(), ["0 GET /a 200 0 5", "1 GET /b 200 0 0"]);
    assert_eq!(output.notes(), ["http2.body_dropped"]);
}

#[test]
fn released_streams_are_the_oldest_half() {
    let output = run(&[c(requests(5)), Release, s((3..5).flat_map(response).collect::<Vec<_>>())]);
    let streams: Vec<u32> = output.exchanges.iter().map(|exchange| exchange.id.nth).collect();
    assert_eq!(streams, [0, 1, 2, 3, 4]);
    let answered = output.exchanges.iter().map(|exchange| exchange.code.is_some());
    assert_eq!(answered.collect::<Vec<_>>(), [false, false, false, true, true]);
    assert!(output.exchanges.iter().all(|exchange| exchange.request.is_some()));
    assert_eq!(output.notes(), ["http2.open_limit"]);
}

#[test]
fn an_exchange_of_which_nothing_is_known_is_not_reported() {
    // The block has no end.
    let output = run(&[c(frame(HEADERS, 0, 1, [])), Release, c(frame(HEADERS, END, 3, get("/a"))), s(response(1))]);
    assert_eq!(output.calls(), ["1 GET /a 200 0 0"]);
}

#[test]
fn streams_beyond_the_limit_are_skipped_with_a_note_and_the_others_are_read() {
    let later = frame(HEADERS, END, 2 * 1500 + 1, get("/later"));
    let answers: Vec<u8> = (0..1500).flat_map(response).collect();
    let output = run(&[c(requests(1500)), s(answers), c(later), s(response(1500))]);
    assert_eq!(output.exchanges.len(), 1025);
    assert!(output.exchanges.iter().all(|exchange| exchange.code == Some(200) && exchange.request.is_some()));
    assert_eq!(output.calls().last().map(String::as_str), Some("1024 GET /later 200 0 0"));
    assert_eq!(output.notes().len(), 1500 - 1024);
    assert!(output.notes().iter().all(|note| *note == "http2.open_limit"));
}

#[test]
fn a_response_to_a_released_stream_is_no_exchange_of_its_own() {
    let output = run(&[c(requests(4)), Release, s((0..4).flat_map(response).collect::<Vec<_>>())]);
    assert_eq!(output.exchanges.len(), 4);
    assert!(output.exchanges.iter().all(|exchange| exchange.request.is_some()));
}

#[test]
fn headers_of_many_streams_are_dropped_before_any_exchange_is() {
    // Each response has a header of 4,000 bytes.
    let header = |nth: u32| frame(HEADERS, END, 2 * nth + 1, &long_header()[1..]);
    let begun = |nth: u32| frame(HEADERS, END_HEADERS, 2 * nth + 1, long_header());
    let answers: Vec<u8> = (0..300).flat_map(begun).chain((0..300).flat_map(header)).collect();
    let output = run(&[c(requests(300)), s(answers)]);
    assert_eq!(output.exchanges.len(), 300);
    assert!(output.exchanges.iter().all(|exchange| exchange.code == Some(200)));
}

#[test]
fn bodies_that_are_complete_do_not_count_for_the_limit() {
    // Each body is in two frames, and all of them have 4.8 MB.
    let mut steps = Vec::new();
    for stream in (1..600).step_by(2) {
        steps.push(c(frame(HEADERS, END, stream, [0x82, 0x86, 0x84])));
        let parts = [frame(DATA, 0, stream, [b'x'; 8000]), frame(DATA, END_STREAM, stream, [b'y'; 8000])];
        steps.push(s([frame(HEADERS, END_HEADERS, stream, [0x88]), parts.concat()].concat()));
    }
    let output = run(&steps);
    let lengths: Vec<usize> = output.values("http2.file_data").iter().map(|data| data.len() / 2).collect();
    assert_eq!(lengths, [16_000; 300]);
    assert!(output.notes().is_empty());
}
