//! Unfinished calls, and many calls of one frame.

use super::running::{check, first, folder};
use crate::common::{ACK, IPV4, PSH, Segment, pcap};
use std::fs;

/// Rules of a call, and their findings.
type Found = (&'static [&'static str], &'static str);

/// Checks a capture that is built here; all its rules must hold.
fn hold(capture: &[u8], rules: &[Found]) {
    let folder = folder(&[], "");
    fs::write(folder.path().join("made.pcap"), capture).expect("a file");
    for (rule, found) in rules {
        let run = check(folder.path(), &[&["made.pcap"], *rule].concat());
        assert_eq!(run.code, Some(0), "{rule:?}: {}{}", run.out, run.err);
        assert!(run.out.lines().next().is_some_and(|line| line.ends_with(&format!(" ({found})"))), "{}", run.out);
    }
}

#[test]
fn an_unfinished_response_belongs_to_its_call() {
    // A response that ends with the connection; the capture ends before that. Its head is complete in frame 6.
    let capture = first("http/until-close.pcap", 9);
    let rules: &[Found] = &[
        (&["--each", "http.request", "status == 200"], "1 call"),
        (&["--count", "status == 200 == 1"], "1 call"),
        (&["--some", "uri == \"/until-close\" and status == 200"], "1 call"),
        (&["--none", "status >= 300"], "no call"),
        (&["--answered"], "1 request"),
    ];
    hold(&capture, rules);
    let folder = folder(&[], "");
    fs::write(folder.path().join("made.pcap"), &capture).expect("a file");
    let run = check(folder.path(), &["made.pcap", "--none", "status == 200"]);
    // No data follows frame 8.
    let expected = "FAIL  made.pcap: none status == 200\n        found   1 call\n        frames  4, 8\n";
    assert!(run.out.starts_with(expected), "{}", run.out);
}

#[test]
fn an_unfinished_request_belongs_to_its_call() {
    // The request has four segments of data, and is incomplete.
    let capture = first("http/upload-multipart.pcap", 9);
    hold(&capture, &[(&["--count", "method == POST and uri == \"/upload\" == 1"], "1 call")]);
}

#[test]
fn calls_of_one_frame_do_not_each_buffer_the_frame() {
    const MANY: usize = 3000;
    let request =
        Segment { from_client: true, flags: ACK | PSH, seq: 1, ack: 1, data: b"GET / HTTP/1.1\r\n\r\n".repeat(MANY) };
    // Together they would exceed the buffer limit if each buffered the frame.
    hold(&pcap(IPV4, &[request.packet()]), &[(&["--count", "uri == \"/\" == 3000"], "3000 calls")]);
}
