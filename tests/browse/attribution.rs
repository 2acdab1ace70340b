//! Calls that match a filter if frames carry bytes of several calls, retransmitted or reordered.

use super::run;
use super::test_browser::{TestBrowser, written};
use crate::common::{self, ACK, Random, SYN, Segment};
use std::path::Path;

const FILTERS: &[&str] = &[
    "!(http.request.uri contains \"3\")",
    "uri contains 3",
    "http.request.method == \"GET\"",
    "http.request.method == \"GET\" and tcp.len > 60",
    "!http.request",
    "!http",
    "status == 404",
    "!(status == 404)",
    "status == 200 and !(status == 404)",
    "http.response_in",
    "http.request_in and !(status == 200)",
    "tcp.analysis.retransmission",
    "tcp.analysis.flags",
    "tcp.analysis.out_of_order or status == 404",
    "frame.len > 150",
    "frame.number >= 12 and frame.number <= 14",
    "frame.number == 20",
    "frame.number == 9 or frame.number == 30",
    "tcp.port == 80 and frame.len > 100",
    "_ws.col.info contains \"404\"",
    "frame contains \"HTTP\"",
    "tcp.srcport == 80",
    "!tcp.srcport",
    "http.connection",
];

/// Asserts that the browser selects the calls that the program lists, for each filter.
fn compare(name: &str, path: &Path) -> usize {
    let mut browser = TestBrowser::open(&[path.to_owned()]);
    let mut compared = 0;
    for text in FILTERS {
        let [_, calls, _] = browser.select(text);
        let id = |&call: &u32| browser.index.calls[call as usize].exchange.id;
        let calls = calls.iter().map(id).map(|id| vec![u64::from(id.conversation.number()), id.nth.into()]);
        assert_eq!(calls.collect::<Vec<_>>(), run("calls", path, text, &["stream", "nth"]), "{name} {text}");
        compared += browser.index.calls.len();
    }
    compared
}

#[test]
fn calls_of_pipelined_messages_match_as_in_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let names = [
        "http/pipelining.pcap",
        "http/many-in-one-segment.pcap",
        "http/keep-alive.pcap",
        "http/early-answer.pcap",
        "http/expect-100-continue.pcap",
        "http/connect-proxy.pcap",
        "http/upgrade-websocket.pcap",
        "http/truncated-response.pcap",
        "tcp/duplicates.pcap",
        "tcp/loss.pcap",
        "tcp/reorder.pcap",
        "tcp/spurious-retransmission.pcap",
    ];
    let compared: usize = names.iter().map(|name| compare(name, &folder.join(name))).sum();
    assert!(compared > 300, "{compared} calls");
}

/// Pipelined calls in segments of random lengths, some of which are retransmitted or reordered.
fn pipelined(random: &mut Random) -> Vec<Vec<u8>> {
    let calls = 4 + random.below(6);
    let mut sides: [Vec<u8>; 2] = Default::default();
    for nth in 0..calls {
        let method = if random.chance(70) { "GET" } else { "HEAD" };
        sides[0].extend(format!("{method} /{nth} HTTP/1.1\r\nHost: a.test\r\n\r\n").bytes());
        let status = if random.chance(70) { "200 OK" } else { "404 Not Found" };
        let len = random.below(90);
        sides[1].extend(format!("HTTP/1.1 {status}\r\nContent-Length: {len}\r\n\r\n").bytes());
        if method == "GET" {
            sides[1].extend(std::iter::repeat_n(b'x', len as usize));
        }
    }
    let segment =
        |from_client, flags, seq, ack, data: &[u8]| Segment { from_client, flags, seq, ack, data: data.to_vec() };
    let mut all = vec![segment(true, SYN, 999, 0, b""), segment(false, SYN | ACK, 4999, 1000, b"")];
    let (mut next, starts) = ([0; 2], [1000, 5000]);
    while let Some(side) =
        (0..2).filter(|&side| next[side] < sides[side].len()).min_by_key(|&side| next[side] + side * 40)
    {
        let from = next[side];
        let to = sides[side].len().min(from + 1 + random.below(120) as usize);
        next[side] = to;
        let again = from.saturating_sub(if random.chance(15) { random.below(60) as usize } else { 0 });
        let (seq, ack) = (starts[side] + again as u32, starts[1 - side] + next[1 - side] as u32);
        all.push(segment(side == 0, ACK, seq, ack, &sides[side][again..to]));
        if random.chance(15) {
            let copy = 2 + random.below(all.len() as u64 - 2) as usize;
            all.push(Segment { data: all[copy].data.clone(), ..all[copy] });
        }
        let last = all.len() - 1;
        if last > 3 && random.chance(15) {
            all.swap(last - 1, last);
        }
    }
    all.iter().map(Segment::packet).collect()
}

#[test]
fn calls_match_as_in_the_program_whatever_the_order_of_their_bytes() {
    let mut random = Random::new(11);
    let mut compared = 0;
    for nth in 0..12 {
        let (_file, path) = written(&common::pcap(common::IPV4, &pipelined(&mut random)));
        compared += compare(&format!("capture {nth}"), &path);
    }
    assert!(compared > 1000, "{compared} calls");
}
