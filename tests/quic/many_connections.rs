//! Many connections at once: what is kept of each, and what is dropped at limits.

use super::*;
use overhear::capture::Call;

/// The first datagram of each recorded connection: an Initial packet, which is authentic from any endpoint.
fn initial_frames() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for folder in ["fixtures/quic", "fixtures/http3"] {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "pcapng") {
                let recording = Recording::at(path.to_str().expect("a path"));
                // Ethernet, IPv4 and UDP, then a packet with a long header of version 1.
                let is_first =
                    |frame: &Vec<u8>| frame.len() > 1200 && frame[42] & 0xf0 == 0xc0 && frame[43..47] == [0, 0, 0, 1];
                frames.extend(recording.frames.into_iter().map(|(_, frame)| frame).find(is_first));
            }
        }
    }
    frames
}

#[test]
fn what_is_kept_of_many_connections_is_bounded() {
    let initials = initial_frames();
    assert!(initials.len() > 16);
    let packets: Vec<Vec<u8>> = (0..400_u16)
        .flat_map(|conversation| {
            let of_port = move |initial: &Vec<u8>| {
                let mut bytes = initial.clone();
                bytes[PORTS.start..PORTS.start + 2].copy_from_slice(&(10_000 + conversation).to_be_bytes());
                bytes
            };
            initials.iter().map(of_port).collect::<Vec<_>>()
        })
        .collect();
    let mut capture =
        Capture::from_reader("test", std::io::Cursor::new(pcap(LINK_ETHERNET, &packets))).expect("a capture");
    let mut analyzer = Analyzer::new(Task { exchanges: true, ..Task::default() });
    let (mut most, mut calls) = (0, 0);
    while let Some(frame) = capture.next().expect("a frame") {
        analyzer.dissect(&frame);
        calls += analyzer.events().filter(|event| matches!(event, Event::Call(_))).count();
        most = most.max(analyzer.buffered());
    }
    analyzer.finish();
    calls += analyzer.events().filter(|event| matches!(event, Event::Call(_))).count();
    assert_eq!(calls, packets.len(), "each connection is reported, also one that is dropped");
    // Each of 16 shards: 384 KiB, and what the conversation that is read adds to it (`limits::SHARD_BYTES_OF_OTHERS`).
    assert!((1 << 20..16 * (3 << 17) + (1 << 20)).contains(&most), "{most}");
}

/// Frames of copies of a recording with other ports of the client, of conversations of one shard: so many frames of each copy after
/// the other.
fn copies_in_one_shard(recording: &Recording, count: u16, at_once: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    for (part, frames) in recording.frames.chunks(at_once).enumerate() {
        for nth in 0..count {
            packets.extend(frames.iter().map(|(_, frame)| {
                let mut frame = frame.clone();
                set_client(&mut frame, 10_000 + nth, 0);
                frame
            }));
            let others = if part == 0 { limits::SHARDS as u8 - 1 } else { 0 };
            packets.extend((0..others).map(|other| empty_datagram(&frames[0].1, 10_000 + nth, other)));
        }
    }
    packets
}

/// A datagram of a conversation that nothing reads, so that the next conversation is of the same shard as the last one.
fn empty_datagram(frame: &[u8], port: u16, other: u8) -> Vec<u8> {
    let mut frame = frame[..PAYLOAD + 1].to_vec();
    set_client(&mut frame, port, 1 + other);
    // The lengths of IPv4 and UDP, and a port of the server that nothing is known of.
    frame[16..18].copy_from_slice(&29_u16.to_be_bytes());
    frame[PORTS.start + 2..PORTS.end].copy_from_slice(&9_u16.to_be_bytes());
    frame[PORTS.end..PORTS.end + 2].copy_from_slice(&9_u16.to_be_bytes());
    frame[PAYLOAD] = 0;
    frame
}

/// How many calls of each kind frames have, and the bytes that were buffered at most.
fn count_calls(packets: &[Vec<u8>], decode: &DecodeOptions) -> (BTreeMap<String, u16>, usize) {
    let mut analyzer = Analyzer::new(Task { exchanges: true, decode: decode.clone(), ..Task::default() });
    let file = std::io::Cursor::new(pcap(LINK_ETHERNET, packets));
    let mut capture = Capture::from_reader("test", file).expect("a capture");
    let (mut most, mut calls) = (0, BTreeMap::new());
    let mut count = |analyzer: &mut Analyzer| {
        for event in analyzer.events() {
            if let Event::Call(call) = event {
                *calls.entry(line(&call.exchange)).or_insert(0) += 1;
            }
        }
    };
    while let Some(frame) = capture.next().expect("a frame") {
        analyzer.dissect(&frame);
        most = most.max(analyzer.buffered());
        count(&mut analyzer);
    }
    analyzer.finish();
    count(&mut analyzer);
    (calls, most)
}

/// The calls of a recording, so many times.
fn calls_times(recording: &Recording, times: u16) -> BTreeMap<String, u16> {
    let mut calls = BTreeMap::new();
    let one = lines(&recording.exchanges(&recording.in_order()));
    one.into_iter().for_each(|call| *calls.entry(call).or_insert(0) += times);
    calls
}

#[test]
fn keys_of_many_open_connections_are_derived_again_and_change_no_call() {
    // As many in one shard as in a capture of 1600.
    const COUNT: u16 = 100;
    // Its keys change twice, so that those after the change are derived again, too.
    let mut recording = Recording::at("fixtures/http3/key-update.pcapng");
    let check = |recording: &Recording, what: &str| {
        let (calls, most) = count_calls(&copies_in_one_shard(recording, COUNT, 1), &recording.decode);
        assert_eq!(calls, calls_times(recording, COUNT), "{what}");
        // Keys of both sides are 4 KiB a connection: without a limit, all would have 600 KiB.
        let bounds = limits::SHARD_BYTES_OF_OTHERS / 2..limits::SHARD_BYTES_OF_OTHERS + (32 << 10);
        assert!(bounds.contains(&most), "{what}: {most}");
    };
    check(&recording, "in order");
    // Frame 6 has a response with keys of the first phase, frames 8 and 9 are the first ones of the second (tshark 4.0).
    let response = recording.frames.remove(5);
    recording.frames.insert(8, response);
    assert!(calls_times(&recording, 1).contains_key("GET / 200 101"));
    check(&recording, "late");
}

#[test]
fn connections_that_wait_do_not_use_up_the_memory_of_others() {
    // As many in one shard as in a capture of 5040. Frames 1 to 13 have three requests, frame 14 the fourth (tshark 4.0).
    const COUNT: u16 = 315;
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let (calls, _) = count_calls(&copies_in_one_shard(&recording, COUNT, 13), &recording.decode);
    assert_eq!(calls, calls_times(&recording, COUNT));
}

#[test]
fn connections_that_are_idle_the_longest_are_dropped_beyond_a_limit() {
    // An open connection with HTTP/3 counts 8 KiB, or some bytes more.
    const KEPT: u16 = (limits::SHARD_STATE_BYTES >> 13) as u16;
    const COUNT: u16 = KEPT * 2;
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let packets = copies_in_one_shard(&recording, COUNT, 13);
    let (calls, _) = count_calls(&packets, &recording.decode);
    let complete = |call| calls.get(call).copied().unwrap_or_default();
    assert_eq!(
        complete("GET / 200 101") + complete("GET /style.css 200 23") + complete("POST /echo 200 25"),
        3 * COUNT
    );
    // The last request comes after all connections have begun.
    let last = complete("GET /missing 404 10");
    assert!((KEPT / 8 * 7..=KEPT).contains(&last), "{last}");
    assert_eq!(calls.values().sum::<u16>(), 3 * COUNT + last, "{calls:?}");
    // Each connection is reported, and later packets of dropped ones are of none.
    let decode = recording.decode.clone();
    let task = Task { connections: true, decode, ..Task::default() };
    let found = events(pcap(LINK_ETHERNET, &packets), task);
    assert_eq!(found.iter().filter(|event| matches!(event, Event::Connection(_))).count(), usize::from(COUNT));
}

#[test]
fn an_open_request_of_each_connection_that_is_kept_is_answered() {
    // Nearly as many as a shard keeps. Frame 14 has the fourth request (tshark 4.0).
    const COUNT: u16 = (limits::SHARD_STATE_BYTES >> 13) as u16 / 8 * 7;
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let (calls, _) = count_calls(&copies_in_one_shard(&recording, COUNT, 14), &recording.decode);
    assert_eq!(calls, calls_times(&recording, COUNT));
}

/// The calls of frames.
fn calls(packets: &[Vec<u8>], decode: &DecodeOptions) -> Vec<Call> {
    let task = Task { exchanges: true, decode: decode.clone(), ..Task::default() };
    let call = |event| if let Event::Call(call) = event { Some(call) } else { None };
    events(pcap(LINK_ETHERNET, packets), task).into_iter().filter_map(call).collect()
}

#[test]
fn a_request_that_is_dropped_at_a_limit_is_unknown_and_not_unanswered() {
    const COUNT: u16 = 400;
    // Frames 4 to 8 have five requests (tshark 4.0): 2,000 are open in one shard.
    let recording = Recording::at("fixtures/http3/parallel.pcapng");
    let calls = calls(&copies_in_one_shard(&recording, COUNT, 8), &recording.decode);
    assert_eq!(calls.len(), 5 * usize::from(COUNT));
    let (unknown, complete): (Vec<&Call>, Vec<&Call>) =
        calls.iter().partition(|call| call.exchange.outcome == Outcome::Unknown);
    assert!(unknown.iter().all(|call| call.exchange.has_unknown_response() && !call.is_unanswered()));
    let complete = lines(&complete.iter().map(|call| (*call.exchange).clone()).collect::<Vec<_>>());
    let expected = calls_times(&recording, 1);
    assert!(complete.iter().all(|line| expected.contains_key(line)), "{complete:?}");
    assert!(unknown.len() > 100 && complete.len() > usize::from(COUNT), "{} {}", unknown.len(), complete.len());
}

#[test]
fn a_conversation_that_is_dropped_for_others_leaves_an_unknown_call_and_a_note() {
    // Frame 14 has the fourth request (tshark 4.0).
    let recording = Recording::at("fixtures/http3/get.pcapng");
    let others =
        (0..limits::CONVERSATIONS).map(|nth| empty_datagram(&recording.frames[0].1, nth as u16, (nth >> 16) as u8));
    let frames = |range: std::ops::Range<usize>| recording.frames[range].iter().map(|(_, frame)| frame.clone());
    let packets: Vec<Vec<u8>> = frames(0..14).chain(others).chain(frames(14..recording.frames.len())).collect();
    let calls = calls(&packets, &recording.decode);
    let outcomes: Vec<(&str, Outcome)> =
        calls.iter().map(|call| (&*call.exchange.target, call.exchange.outcome)).collect();
    let done = ["/", "/style.css", "/echo"].map(|target| (target, Outcome::Success));
    assert_eq!(outcomes, [&done[..], &[("/missing", Outcome::Unknown)]].concat());
    let file = pcap(LINK_ETHERNET, &packets);
    let mut wants = dissectors::Wants::default();
    wants.add(&dissectors::udp::LIMIT);
    let mut noted = Vec::new();
    let mut nth = 0;
    crate::common::each_tree(&file, wants, |tree| {
        nth += 1;
        noted.extend(tree.first(&dissectors::udp::LIMIT).map(|_| nth));
    });
    assert_eq!(noted, [14 + limits::CONVERSATIONS + 1], "the first frame after it was dropped");
}
