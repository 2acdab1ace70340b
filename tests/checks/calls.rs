//! Calls put together: those of which the capture sees no end, and many of one frame.

use super::running::{check, first, folder};
use crate::common::{ACK, IPV4, PSH, Segment, pcap};
use std::fs;

/// Rules of a call, and what is found.
type Found = (&'static [&'static str], &'static str);

/// Judges a capture that is made here; all its rules must hold.
fn hold(capture: &[u8], rules: &[Found]) {
    let folder = folder(&[], "");
    fs::write(folder.path().join("made.pcap"), capture).expect("a file");
    for (rule, found) in rules {
        let said = check(folder.path(), &[&["made.pcap"], *rule].concat());
        assert_eq!(said.code, Some(0), "{rule:?}: {}{}", said.out, said.err);
        assert!(said.out.lines().next().is_some_and(|line| line.ends_with(&format!(" ({found})"))), "{}", said.out);
    }
}

#[test]
fn an_answer_without_an_end_is_that_of_its_call() {
    // An answer whose end is the connection's; the capture ends before that. Its head came with frame 6.
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
    let said = check(folder.path(), &["made.pcap", "--none", "status == 200"]);
    // No data came after frame 8.
    let expected = "FAIL  made.pcap: none status == 200\n        found   1 call\n        frames  4, 8\n";
    assert!(said.out.starts_with(expected), "{}", said.out);
}

#[test]
fn a_request_without_an_end_is_that_of_its_call() {
    // Four of the request's segments of data, which does not end with them.
    let capture = first("http/upload-multipart.pcap", 9);
    hold(&capture, &[(&["--count", "method == POST and uri == \"/upload\" == 1"], "1 call")]);
}

#[test]
fn calls_of_one_frame_cost_what_they_say() {
    const MANY: usize = 3000;
    let ask =
        Segment { from_client: true, flags: ACK | PSH, seq: 1, ack: 1, data: b"GET / HTTP/1.1\r\n\r\n".repeat(MANY) };
    // Together they would hold more than is kept, if each held the frame.
    hold(&pcap(IPV4, &[ask.packet()]), &[(&["--count", "uri == \"/\" == 3000"], "3000 calls")]);
}
