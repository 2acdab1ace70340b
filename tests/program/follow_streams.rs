//! `follow --websocket` of HTTP/2: each message names its stream, and one stream can be selected.

use super::{folder, run, write};
use crate::common::http2_frames::two_dialogues;

#[test]
fn messages_of_several_streams_name_theirs_and_one_stream_can_be_selected() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &two_dialogues(&[(3, "second"), (1, "first")]));
    let (all, _, code) = run(&["follow", &file, "0", "--websocket"]);
    let headings: Vec<&str> = all.lines().filter(|line| line.starts_with("---")).collect();
    assert_eq!((headings.len(), code), (2, 0), "{all}");
    assert!(headings[0].starts_with("--- server, stream 3, frame 2,"), "{all}");
    assert!(headings[1].starts_with("--- server, stream 1, frame 2,"), "{all}");
    let (one, _, code) = run(&["follow", &file, "0", "--http2", "3", "--websocket"]);
    assert!(code == 0 && one.contains("second") && !one.contains("first"), "{one}");
    let (_, error, code) = run(&["follow", &file, "0", "--websocket", "--http2", "5"]);
    assert!(code != 0 && error.contains("no WebSocket messages in stream 5 of stream 0"), "{error}");
    let (_, _, code) = run(&["follow", &file, "0", "--websocket", "--http"]);
    assert_eq!(code, 2);
}
