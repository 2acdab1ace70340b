//! Packets that were not captured, not decrypted, or not read by their receiver: what is known of their calls, and when.

use super::*;
use dissectors::exchange::Outcome;
use dissectors::session::Secrets;

/// The calls of a recording, each with the number of the frame that it is reported with; of frames that are omitted or cut to a length.
fn reported(recording: &Recording, omitted: &[usize], cut: Option<(usize, usize)>) -> Vec<(u32, Exchange)> {
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, LINK_ETHERNET] {
        file.extend(word.to_le_bytes());
    }
    let frames = recording.frames.iter().enumerate().map(|(nth, frame)| (nth + 1, frame));
    for (number, (time, bytes)) in frames.filter(|(number, _)| !omitted.contains(number)) {
        let captured = cut.filter(|(frame, _)| *frame == number).map_or(bytes.len(), |(_, len)| len);
        let lengths = [captured as u32, bytes.len() as u32];
        for word in [(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, lengths[0], lengths[1]] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&bytes[..captured]);
    }
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file)).expect("a capture");
    let task = Task { exchanges: true, decode: recording.decode.clone(), ..Task::default() };
    let mut analyzer = Analyzer::new(task);
    let mut found = Vec::new();
    let mut take = |number, analyzer: &mut Analyzer| {
        for event in analyzer.events() {
            if let Event::Call(call) = event {
                found.push((number, *call.exchange));
            }
        }
    };
    let mut last = 0;
    while let Some(frame) = capture.next().expect("a frame") {
        last = frame.number;
        analyzer.dissect(&frame);
        take(last, &mut analyzer);
    }
    analyzer.finish();
    take(last + 1, &mut analyzer);
    found
}

fn call<'e>(found: &'e [(u32, Exchange)], target: &str) -> &'e (u32, Exchange) {
    found.iter().find(|(_, exchange)| exchange.target == target).expect("a call of this target")
}

/// A recording without the secrets of a label.
fn without_secrets(path: &str, label: &str) -> Recording {
    let mut recording = Recording::at(path);
    let mut kept = Secrets::default();
    for random in recording.decode.secrets.client_randoms() {
        for (known, secret) in recording.decode.secrets.of_client(random).filter(|(known, _)| *known != label) {
            kept.insert(known, *random, 0, secret.clone());
        }
    }
    recording.decode = DecodeOptions { secrets: Arc::new(kept), ..DecodeOptions::default() };
    recording
}

#[test]
fn a_response_that_lacks_a_packet_ends_where_its_last_byte_was_captured() {
    // tshark 4.4: packet 10 of the server is missing, which frame 15 acknowledges; frame 18 has the end of the stream, at 42.416 ms. The
    // request is in frame 7, at 34.278 ms.
    let recording = Recording::at("fixtures/http3/download-loss.pcapng");
    let found = reported(&recording, &[], None);
    let (reported_in, download) = call(&found, "/lines/12000");
    let response = download.response.expect("a response");
    assert_eq!((response.last.frame, response.complete), (18, false));
    assert_eq!(download.total().map(|nanos| nanos / 1000), Some(8138));
    assert!((18..=20).contains(reported_in), "{reported_in}");
}

#[test]
fn bytes_that_may_be_sent_again_are_awaited() {
    // The wire of this download loses packets of both sides before and after the place of the capture: all of them come again.
    let recording = Recording::at("fixtures/http3/lossy.pcapng");
    let found = reported(&recording, &[], None);
    assert!(found.iter().all(|(_, exchange)| exchange.response.is_some_and(|response| response.complete)), "{found:?}");
}

#[test]
fn a_gap_that_no_acknowledgment_explains_is_awaited_for_some_seconds() {
    // Frames 15 and 20 have the acknowledgments of the client (tshark 4.4). Frame 18 has the end of the response, which is now frame 17.
    let mut recording = Recording::at("fixtures/http3/download-loss.pcapng");
    let response = |recording: &Recording| {
        let (reported_in, exchange) = call(&reported(recording, &[15, 20], None), "/lines/12000").clone();
        (reported_in, exchange.response.expect("a response").last.frame)
    };
    let (reported_in, last) = response(&recording);
    assert!(reported_in > 19 && last == 17, "{reported_in} {last}");
    // Frame 16 and those after it come 11 seconds later. Frame 19, now 18, is the fourth of them.
    recording.frames.iter_mut().skip(15).for_each(|(time, _)| *time += 11_000_000_000);
    assert_eq!(response(&recording), (18, 17));
}

#[test]
fn headers_that_wait_for_another_stream_have_the_time_of_their_bytes() {
    // tshark 4.4: frame 5 has the request on stream 4, at 13.497 ms, frame 10 the instructions that it waits for, frame 11 the response,
    // at 68.116 ms.
    let found = reported(&Recording::at("fixtures/http3/blocked.pcapng"), &[], None);
    let exchange = found.iter().map(|(_, exchange)| exchange);
    let blocked = exchange.clone().find(|exchange| exchange.response.is_some_and(|half| half.first.frame == 11));
    let blocked = blocked.expect("the call on stream 4");
    let request = blocked.request.expect("a request");
    assert_eq!((request.first.frame, request.last.frame, request.complete), (5, 5, true));
    assert_eq!(blocked.total().map(|nanos| nanos / 1000), Some(54_619));
    assert_eq!(blocked.time_to_first_byte(), blocked.total());
}

#[test]
fn headers_whose_instructions_were_not_captured_are_reported_after_some_seconds() {
    // Frame 10 has the instructions that the request of frame 5 waits for (tshark 4.4).
    let mut recording = Recording::at("fixtures/http3/blocked.pcapng");
    let last = recording.frames.len() as u32;
    let blocked = |recording: &Recording| {
        let found = reported(recording, &[10], None);
        let is_blocked = |exchange: &Exchange| exchange.request.is_some_and(|request| request.first.frame == 5);
        let (reported_in, exchange) = found.into_iter().find(|(_, exchange)| is_blocked(exchange)).expect("a call");
        // One frame less before the response, of frame 11.
        assert_eq!(exchange.response.expect("a response").first.frame, 10);
        assert_eq!(exchange.total().map(|nanos| nanos / 1000), Some(54_619));
        reported_in
    };
    assert_eq!(blocked(&recording), last);
    // Frame 14 and those after it come 11 seconds later.
    recording.frames.iter_mut().skip(13).for_each(|(time, _)| *time += 11_000_000_000);
    assert_eq!(blocked(&recording), 13);
}

#[test]
fn a_request_in_early_data_that_the_server_rejects_is_apart_from_the_next_on_its_stream() {
    // tshark 4.4: frame 9 has the request in a 0-RTT packet, frame 10 Encrypted Extensions without early_data, frame 12 the other request on
    // stream 0, frame 14 its response.
    let found = reported(&Recording::at("fixtures/http3/rejection.pcapng"), &[], None);
    let exchanges: Vec<Exchange> = found.into_iter().map(|(_, exchange)| exchange).collect();
    assert_eq!(lines(&exchanges), ["GET / 200 101", "GET /style.css early data rejected 0", "GET / 200 101"]);
    let [_, early, next] = &exchanges[..] else { panic!("three calls") };
    assert_eq!((early.outcome, next.outcome), (Outcome::Unanswered, Outcome::Success));
    let frames = [next.request, next.response].map(|half| half.expect("a half").first.frame);
    assert_eq!((early.request.expect("a request").first.frame, frames), (9, [12, 14]));
}

#[test]
fn early_data_that_the_server_accepts_is_read() {
    let recording = Recording::at("fixtures/http3/resumption.pcapng");
    let found = reported(&recording, &[], None);
    assert!(found.iter().all(|(_, exchange)| exchange.outcome == Outcome::Success), "{found:?}");
    // Without its secret, the request is unknown, and not missing. Frame 24 has it (tshark 4.4).
    let recording = without_secrets("fixtures/http3/resumption.pcapng", "CLIENT_EARLY_TRAFFIC_SECRET");
    let found = reported(&recording, &[], None);
    let unknown: Vec<bool> = found.iter().map(|(_, exchange)| exchange.has_unknown_request).collect();
    assert_eq!(unknown.iter().filter(|unknown| **unknown).count(), 1, "{found:?}");
    assert!(found.iter().all(|(_, exchange)| exchange.has_unknown_request || exchange.request.is_some()));
}

#[test]
fn a_response_in_a_packet_that_was_received_and_not_captured_is_unknown() {
    // tshark 4.4: frame 12 has the response to the POST of frame 11, frame 13 acknowledges it.
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let (_, post) = call(&reported(&recording, &[12], None), "/echo").clone();
    assert!(post.has_unknown_response(), "{post:?}");
    // Nothing acknowledges the response of frame 15.
    let (_, missing) = call(&reported(&recording, &[15], None), "/missing").clone();
    assert_eq!(missing.outcome, Outcome::Unanswered);
    // The first packet of a longer response: its end is known, and not how it went.
    let recording = Recording::at("fixtures/http3/download-repeated.pcapng");
    let first = call(&reported(&recording, &[], None), "/lines/12000").1.response.expect("a response").first.frame;
    let copies = [first as usize, first as usize + 1];
    let (_, download) = call(&reported(&recording, &copies, None), "/lines/12000").clone();
    assert!(download.has_unknown_response(), "{download:?}");
}

#[test]
fn a_response_in_a_packet_that_is_cut_is_unknown() {
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let len = recording.frames[14].1.len();
    let (_, missing) = call(&reported(&recording, &[], Some((15, len - 1))), "/missing").clone();
    assert!(missing.has_unknown_response(), "{missing:?}");
}

#[test]
fn packets_after_several_key_updates_that_were_not_captured_are_read() {
    // tshark 4.4: the key phase is 0 up to frame 7, 1 in frames 8 to 12 and 14, 0 from 13 on, and 1 from frame 21 on.
    let recording = Recording::at("fixtures/http3/key-update.pcapng");
    for (omitted, left) in [(8..=14, 3), (8..=20, 2), (3..=20, 1)] {
        let omitted: Vec<usize> = omitted.collect();
        let found = reported(&recording, &omitted, None);
        let answered = found.iter().filter(|(_, exchange)| exchange.response.is_some_and(|half| half.complete));
        assert_eq!(answered.count(), left, "without {omitted:?}: {found:?}");
    }
}

#[test]
fn packets_of_keys_that_are_not_known_are_counted() {
    let mut recording = Recording::at("fixtures/http3/get.pcapng");
    let before = connections(&recording);
    // The last byte is of the authentication code: frame 15 has the response to the last request.
    *recording.frames[14].1.last_mut().expect("a byte") ^= 1;
    let after = connections(&recording);
    assert_eq!((after[0].packets, after[0].bytes), (before[0].packets, before[0].bytes));
    let (_, missing) = call(&reported(&recording, &[], None), "/missing").clone();
    assert!(missing.has_unknown_response(), "{missing:?}");
}
