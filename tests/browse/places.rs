//! Random access to frames in compressed files, pipes, several files, sections and long connections.

use super::test_browser::{TestBrowser, written};
use super::{printed, shuffled};
use crate::addresses::{ETHERNET, arp};
use crate::common::{self, ACK, Random, SYN, Segment};
use dissectors::session::ConversationId;
use overhear::browse::{BrowseEvent, BrowseRequest, StreamPosition};
use overhear::report::{CsvReport, Layout, Selection, TextOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Returns the lines of a frame's tree, as printed.
fn tree(browser: &mut TestBrowser, frame: u32) -> String {
    let lines = browser.frame(frame).lines;
    let lines = lines.iter().map(|line| format!("{}{}\n", "    ".repeat(line.depth.into()), line.text));
    lines.collect::<String>() + "\n"
}

/// Asserts that a browser of these paths shows what is printed of these bytes, which are one file.
fn assert_trees(paths: &[PathBuf], bytes: &[u8]) {
    let text = TextOptions { details: true, ..TextOptions::default() };
    let expected = printed(bytes, &text.wants(), &mut text.report());
    let mut browser = TestBrowser::open(paths);
    assert_eq!(browser.index.frames.len(), expected.len());
    assert!(expected.len() > 3);
    for frame in shuffled(expected.len() as u32, 60, &mut Random::new(3)) {
        assert_eq!(tree(&mut browser, frame), expected[frame as usize - 1], "frame {frame}");
    }
}

fn capture() -> Vec<u8> {
    common::captures().into_iter().find(|(name, _)| name.ends_with("fixtures/file/big-endian.pcap")).expect("it").1
}

#[test]
fn frames_of_a_compressed_capture_are_read_from_a_copy() {
    let bytes = capture();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).expect("memory");
    let (_file, path) = written(&packed.finish().expect("memory"));
    assert_trees(&[path], &bytes);
}

#[test]
fn frames_of_a_pipe_are_read_from_a_copy() {
    let folder = tempfile::tempdir().expect("disk space");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let bytes = capture();
    let (to, sent) = (path.clone(), bytes.clone());
    let writer = std::thread::spawn(move || std::fs::write(to, sent).expect("a reader"));
    assert_trees(&[path], &bytes);
    writer.join().expect("no panic");
}

#[test]
fn a_conflict_of_addresses_is_known_in_any_order() {
    let uses = [(1, 1), (2, 1), (3, 2), (1, 1), (4, 2)];
    let frames = uses.map(|(hardware, protocol)| arp(1, [hardware, protocol], [0, 9]));
    let bytes = common::pcap(ETHERNET, &frames);
    let (_file, path) = written(&bytes);
    assert_trees(&[path], &bytes);
}

#[test]
fn several_files_are_one_capture() {
    let bytes = common::pcap(common::IPV4, &packets(50));
    let header = &bytes[..24];
    // Cut at the start of a record: each has 16 bytes before the packet.
    let cut = 24 + packets(50)[..20].iter().map(|packet| packet.len() + 16).sum::<usize>();
    let (_one, first) = written(&bytes[..cut]);
    let (_two, second) = written(&[header, &bytes[cut..]].concat());
    assert_trees(&[first, second], &bytes);
}

/// A connection with this many frames: a handshake, then requests and responses.
fn packets(frames: usize) -> Vec<Vec<u8>> {
    let segment =
        |from_client, flags, seq, ack, data: &[u8]| Segment { from_client, flags, seq, ack, data: data.to_vec() };
    let mut all = vec![
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN | ACK, 500, 101, b""),
        segment(true, ACK, 101, 501, b""),
    ];
    let (mut seq, mut ack) = (101, 501);
    for nth in 0..frames.saturating_sub(3) {
        if nth % 2 == 0 {
            let data = format!("GET /{nth} HTTP/1.1\r\nHost: a.test\r\n\r\n");
            all.push(segment(true, ACK, seq, ack, data.as_bytes()));
            seq += data.len() as u32;
        } else {
            let data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            all.push(segment(false, ACK, ack, seq, data));
            ack += data.len() as u32;
        }
    }
    all.iter().map(Segment::packet).collect()
}

#[test]
fn a_long_connection_is_read_forwards_and_backwards() {
    let bytes = common::pcap(common::IPV4, &packets(40_000));
    let columns = Selection::columns();
    let expected =
        printed(&bytes, &columns.wants(), &mut CsvReport::new(columns, Layout { separator: '|', ..Layout::default() }));
    let (_file, path) = written(&bytes);
    let mut browser = TestBrowser::open(&[path]);
    let down = (5_000..11_000).step_by(700);
    for first in down.clone().chain(down.rev()).chain([39_990, 1, 9_000, 8_990, 20_000, 39_900, 30_000]) {
        let rows = browser.rows(&(first..first + 10).collect::<Vec<_>>());
        assert_eq!(rows.len(), 10);
        for row in rows {
            let printed = expected[row.frame as usize - 1].trim_end_matches(['\r', '\n']);
            let words = [&row.source, &row.destination, row.protocol];
            let cells: Vec<&str> = printed.splitn(7, '|').collect();
            assert_eq!(
                (&cells[2..5], cells[6].trim_matches('"')),
                (&words.map(|word: &str| word)[..], row.info.as_str())
            );
        }
    }
    let text = TextOptions { details: true, ..TextOptions::default() };
    let expected = printed(&bytes, &text.wants(), &mut text.report());
    let near = [10_000, 10_001, 9_999, 9_970, 9_900, 11_000, 40_000, 39_000, 20_000];
    for frame in near.into_iter().chain(shuffled(40_000, 40, &mut Random::new(5))) {
        assert_eq!(tree(&mut browser, frame), expected[frame as usize - 1], "frame {frame}");
    }
}

#[test]
fn a_file_that_changed_since_the_index_was_built_is_an_error() {
    let (file, path) = written(&capture());
    let mut browser = TestBrowser::open(&[path]);
    assert!(!browser.rows(&[1]).is_empty());
    file.as_file().set_len(100).expect("it can be cut");
    let rows = BrowseRequest::Rows { frames: vec![2], fields: Vec::new() };
    for request in [
        rows,
        BrowseRequest::Frame(3),
        BrowseRequest::Ladder { conversation: ConversationId::Tcp(0), at: StreamPosition::Offset(0) },
    ] {
        match browser.request(request) {
            BrowseEvent::RequestFailed { error: words, .. } => {
                assert!(words.contains("file changed after it was read"), "{words}")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_file_that_cannot_be_opened_or_read_to_its_end_is_reported() {
    let missing = fixture("missing.pcap");
    let browser = TestBrowser::open(std::slice::from_ref(&missing));
    assert!(browser.index.frames.is_empty());
    assert!(format!("{:?}", browser.index.state).contains("missing.pcap"), "{:?}", browser.index.state);
    let bytes = capture();
    let (_file, path) = written(&bytes[..bytes.len() - 3]);
    let browser = TestBrowser::open(&[missing, path]);
    assert!(browser.index.frames.len() > 3);
    let state = format!("{:?}", browser.index.state);
    assert!(state.contains("missing.pcap") && state.contains("; "), "{state}");
}

#[test]
fn few_of_many_files_are_open_at_once_and_a_replaced_one_is_reported() {
    let folder = tempfile::tempdir().expect("disk space");
    let bytes = capture();
    let paths: Vec<PathBuf> = (0..100).map(|nth| folder.path().join(format!("{nth:03}.pcap"))).collect();
    paths.iter().for_each(|path| std::fs::write(path, &bytes).expect("disk space"));
    assert_trees(&paths, &[&bytes[..], &bytes[24..].repeat(99)].concat());
    let mut browser = TestBrowser::open(&paths);
    assert_eq!(browser.rows(&[1600]).len(), 1);
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, |open| {
        open.flatten().filter(|entry| entry.path().read_link().is_ok_and(|to| to.starts_with(folder.path()))).count()
    });
    assert!(open < 80, "{open} are open");
    std::fs::rename(&paths[0], &paths[99]).expect("disk space");
    assert!(matches!(
        browser.request(BrowseRequest::Rows { frames: vec![1], fields: Vec::new() }),
        BrowseEvent::RequestFailed { .. }
    ));
}
