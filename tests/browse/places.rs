//! Frames are read again wherever they stand: in compressed files, pipes, several files, sections, long connections.

use super::desk::{Desk, written};
use super::{printed, shuffled};
use crate::common::{self, ACK, Random, SYN, Segment};
use overhear::browse::{BrowseEvent, BrowseRequest};
use overhear::report::{CsvReport, Layout, Selection, TextOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The lines of a frame's tree, as they are printed.
fn tree(desk: &mut Desk, frame: u32) -> String {
    let lines = desk.frame(frame).lines;
    let lines = lines.iter().map(|line| format!("{}{}\n", "    ".repeat(line.depth.into()), line.text));
    lines.collect::<String>() + "\n"
}

/// The browser of these paths tells what is printed of these bytes, which are one file.
fn tells(paths: &[PathBuf], bytes: &[u8]) {
    let text = TextOptions { details: true, ..TextOptions::default() };
    let expected = printed(bytes, &text.wants(), &mut text.report());
    let mut desk = Desk::open(paths);
    assert_eq!(desk.index.frames.len(), expected.len());
    assert!(expected.len() > 3);
    for frame in shuffled(expected.len() as u32, 60, &mut Random::new(3)) {
        assert_eq!(tree(&mut desk, frame), expected[frame as usize - 1], "frame {frame}");
    }
}

fn capture() -> Vec<u8> {
    common::captures().into_iter().find(|(name, _)| name.ends_with("fixtures/file/big-endian.pcap")).expect("it").1
}

#[test]
fn of_a_compressed_capture_a_copy_is_read() {
    let bytes = capture();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).expect("memory");
    let (_file, path) = written(&packed.finish().expect("memory"));
    tells(&[path], &bytes);
}

#[test]
fn of_a_pipe_a_copy_is_read() {
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let bytes = capture();
    let (to, sent) = (path.clone(), bytes.clone());
    let writer = std::thread::spawn(move || std::fs::write(to, sent).expect("somebody reads"));
    tells(&[path], &bytes);
    writer.join().expect("no panic");
}

#[test]
fn several_files_are_one_capture() {
    let bytes = common::pcap(common::IPV4, &packets(50));
    let header = &bytes[..24];
    // Cut where a record begins: each has 16 bytes before the packet.
    let cut = 24 + packets(50)[..20].iter().map(|packet| packet.len() + 16).sum::<usize>();
    let (_one, first) = written(&bytes[..cut]);
    let (_two, second) = written(&[header, &bytes[cut..]].concat());
    tells(&[first, second], &bytes);
}

/// A connection of so many frames: a handshake, then a request and a response, again and again.
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
fn a_long_connection_is_told_up_and_down() {
    let bytes = common::pcap(common::IPV4, &packets(40_000));
    let columns = Selection::columns();
    let expected =
        printed(&bytes, &columns.wants(), &mut CsvReport::new(columns, Layout { separator: '|', ..Layout::default() }));
    let (_file, path) = written(&bytes);
    let mut desk = Desk::open(&[path]);
    let down = (5_000..11_000).step_by(700);
    for first in down.clone().chain(down.rev()).chain([39_990, 1, 9_000, 8_990, 20_000, 39_900, 30_000]) {
        let rows = desk.rows(&(first..first + 10).collect::<Vec<_>>());
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
        assert_eq!(tree(&mut desk, frame), expected[frame as usize - 1], "frame {frame}");
    }
}

#[test]
fn a_file_that_was_changed_meanwhile_is_an_error() {
    let (file, path) = written(&capture());
    let mut desk = Desk::open(&[path]);
    assert!(!desk.rows(&[1]).is_empty());
    file.as_file().set_len(100).expect("it can be cut");
    let rows = BrowseRequest::Rows { frames: vec![2], fields: Vec::new() };
    for ask in [rows, BrowseRequest::Frame(3), BrowseRequest::Ladder { stream: 0, from: 0 }] {
        match desk.ask(ask) {
            BrowseEvent::RequestFailed { error: words, .. } => {
                assert!(words.contains("file changed after it was read"), "{words}")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_cannot_be_opened_or_read_to_its_end_is_told() {
    let missing = fixture("missing.pcap");
    let desk = Desk::open(std::slice::from_ref(&missing));
    assert!(desk.index.frames.is_empty());
    assert!(format!("{:?}", desk.index.state).contains("missing.pcap"), "{:?}", desk.index.state);
    let bytes = capture();
    let (_file, path) = written(&bytes[..bytes.len() - 3]);
    let desk = Desk::open(&[missing, path]);
    assert!(desk.index.frames.len() > 3);
    let state = format!("{:?}", desk.index.state);
    assert!(state.contains("missing.pcap") && state.contains("; "), "{state}");
}

#[test]
fn of_many_files_few_are_kept_open_and_one_that_is_replaced_is_told() {
    let folder = tempfile::tempdir().expect("room");
    let bytes = capture();
    let paths: Vec<PathBuf> = (0..100).map(|nth| folder.path().join(format!("{nth:03}.pcap"))).collect();
    paths.iter().for_each(|path| std::fs::write(path, &bytes).expect("room"));
    tells(&paths, &[&bytes[..], &bytes[24..].repeat(99)].concat());
    let mut desk = Desk::open(&paths);
    assert_eq!(desk.rows(&[1600]).len(), 1);
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, |open| {
        open.flatten().filter(|entry| entry.path().read_link().is_ok_and(|to| to.starts_with(folder.path()))).count()
    });
    assert!(open < 80, "{open} are open");
    std::fs::rename(&paths[0], &paths[99]).expect("room");
    assert!(matches!(
        desk.ask(BrowseRequest::Rows { frames: vec![1], fields: Vec::new() }),
        BrowseEvent::RequestFailed { .. }
    ));
}
