//! Decode-as rules apply to every reading of the browser: it shows what the program prints with the same rule.

use super::shuffled;
use super::test_browser::{TestBrowser, written};
use crate::common::{self, ACK, FIN, PSH, Random, SYN, Segment};
use dissectors::session::ConversationId;
use overhear::analysis::DecodeOptions;
use overhear::browse::{BrowseEvent, BrowseRequest, Needle, SearchTarget, StreamPosition};
use std::path::Path;
use std::process::Command;

const RULE: &str = "tcp.port==80,http";

/// A connection with this many exchanges. The client's first line hides HTTP from detection.
fn capture(exchanges: usize) -> Vec<u8> {
    let (mut packets, mut seq, mut ack) = (Vec::new(), 101, 501);
    let mut push = |from_client, flags, seq, ack, data: &[u8]| {
        packets.push(Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet());
    };
    push(true, SYN, 100, 0, b"");
    push(false, SYN | ACK, 500, 101, b"");
    for nth in 0..exchanges {
        let line = if nth == 0 { "foo /x\r\n" } else { "" };
        let request = format!("{line}GET /{nth} HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        push(true, PSH | ACK, seq, ack, request.as_bytes());
        seq += request.len() as u32;
        push(false, PSH | ACK, ack, seq, response);
        ack += response.len() as u32;
    }
    push(true, FIN | ACK, seq, ack, b"");
    common::pcap(common::IPV4, &packets)
}

fn open(path: &Path) -> TestBrowser {
    let decode_as = vec![RULE.parse().expect("a rule")];
    TestBrowser::open_with(&[path.to_owned()], DecodeOptions { decode_as, ..DecodeOptions::default() })
}

/// What `print` prints with the rule.
fn printed(path: &Path, arguments: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_overhear"));
    let output = program.arg("print").arg(path).args(["-d", RULE]).args(arguments).output().expect("the program");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// Asserts that the trees of these frames are those of `print -V`.
fn compare_trees(path: &Path, frames: &[u32]) {
    let text = printed(path, &["-V"]);
    let expected: Vec<&str> = text.split_terminator("\n\n").collect();
    let mut browser = open(path);
    assert_eq!(browser.index.frames.len(), expected.len());
    for &frame in frames {
        let lines = browser.frame(frame).lines;
        let lines: Vec<_> =
            lines.iter().map(|line| format!("{}{}", "    ".repeat(line.depth.into()), line.text)).collect();
        assert_eq!(lines.join("\n"), expected[frame as usize - 1], "frame {frame}");
    }
}

#[test]
fn trees_are_those_that_are_printed() {
    let (_file, path) = written(&capture(3));
    assert!(printed(&path, &["-V"]).contains("Request URI: /0"));
    compare_trees(&path, &shuffled(9, 40, &mut Random::new(5)));
}

#[test]
fn trees_of_a_long_connection_are_those_that_are_printed() {
    let (_file, path) = written(&capture(2500));
    compare_trees(&path, &[4900, 4901, 4800, 5002, 4500, 3, 4]);
}

#[test]
fn the_index_and_each_request_read_the_protocol_of_the_rule() {
    let (_file, path) = written(&capture(3));
    let mut browser = open(&path);
    let targets: Vec<_> = browser.index.calls.iter().map(|call| call.exchange.target.to_string()).collect();
    assert_eq!(targets, ["/0", "/1", "/2"]);
    let rows = browser.rows(&[3]).into_iter().map(|row| (row.protocol, row.info)).collect::<Vec<_>>();
    let info = printed(&path, &["-e", "_ws.col.info", "-Y", "frame.number == 3"]);
    assert_eq!(rows, [("HTTP", info.trim_end_matches('\n').to_owned())]);
    // Filters on the index, on messages, and on values from later frames.
    for filter in ["uri == \"/0\"", "http.host and http.request.line and frame.number < 4", "http.response_in == 4"] {
        assert_eq!(browser.select(filter), [vec![3], vec![0], vec![0]], "{filter}");
    }
    let needle = Needle::Text("request uri: /0".into());
    let target = SearchTarget::Tree;
    match browser.request(BrowseRequest::Find { needle, target, from: 1, backward: false, frames: None, id: 1 }) {
        BrowseEvent::FindResult { frame: Some(3), .. } => {}
        other => panic!("{other:?}"),
    }
    match browser.request(BrowseRequest::Ladder { conversation: ConversationId::Tcp(0), at: StreamPosition::Offset(0) })
    {
        BrowseEvent::Ladder(ladder) => assert!(ladder.rows[2].label.contains("GET /0"), "{ladder:?}"),
        other => panic!("{other:?}"),
    }
    match browser.request(BrowseRequest::Call(0)) {
        BrowseEvent::Call { detail, .. } => {
            assert_eq!(detail.request.expect("a request").head[0], "GET /0 HTTP/1.1");
            assert!(detail.response.is_some());
        }
        other => panic!("{other:?}"),
    }
}
