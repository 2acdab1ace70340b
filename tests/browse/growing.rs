//! Requests during the loading of a capture, and several requests at once.

use super::test_browser::{TestBrowser, written};
use crate::common;
use overhear::browse::{BrowseEvent, BrowseRequest, Browser, Index, Needle, SearchTarget};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

fn login() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/http/post-login.pcap")).expect("a fixture")
}

/// Returns a browser of a capture whose second half is missing, and a function that sends the second half.
fn half(bytes: Vec<u8>, folder: &tempfile::TempDir) -> (TestBrowser, impl FnOnce()) {
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let (sender, events) = channel();
    let browser = Browser::open(vec![path.clone()], move |event| drop(sender.send(event)));
    let mut browser = TestBrowser { inner: browser, index: Index::default(), events };
    let mut pipe = File::options().write(true).open(path).expect("a reader");
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    pipe.write_all(first).expect("a reader");
    while browser.index.frames.is_empty() {
        browser.receive();
    }
    let rest = rest.to_vec();
    (browser, move || pipe.write_all(&rest).expect("a reader"))
}

#[test]
fn a_filter_on_values_from_later_frames_waits_for_them() {
    for (filter, frames) in [("http.response_in", 4), ("tcp.completeness == 31", 16), ("http.request", 4)] {
        let folder = tempfile::tempdir().expect("disk space");
        let (mut browser, send_rest) = half(login(), &folder);
        browser.send(BrowseRequest::Filter { filter: filter.into(), id: 7 });
        thread::sleep(Duration::from_millis(150));
        send_rest();
        let mut matches = Vec::new();
        loop {
            if let Some(BrowseEvent::FilterResult { frames, done, .. }) = browser.receive() {
                matches.extend(frames);
                if done {
                    break;
                }
            }
        }
        assert_eq!(matches.len(), frames, "{filter}: {matches:?}");
    }
}

#[test]
fn rows_and_trees_are_complete_once_the_capture_is_complete() {
    let folder = tempfile::tempdir().expect("disk space");
    let (mut browser, send_rest) = half(login(), &folder);
    let completeness = |browser: &mut TestBrowser| {
        let lines = browser.frame(1).lines;
        lines.into_iter().find(|line| line.field.name == "tcp.completeness").expect("it").value
    };
    assert_ne!(completeness(&mut browser), "31");
    send_rest();
    while !matches!(browser.index.state, overhear::browse::LoadState::Complete(_)) {
        browser.receive();
    }
    assert_eq!(completeness(&mut browser), "31");
}

#[test]
fn values_from_later_frames_are_found() {
    let (_file, path) = written(&login());
    let mut browser = TestBrowser::open(&[path]);
    for (text, place) in [("Response in frame", SearchTarget::Tree), ("WITH_DATA (31)", SearchTarget::Tree)] {
        let (what, among) = (Needle::Text(text.into()), None);
        browser.send(BrowseRequest::Find {
            needle: what,
            target: place,
            from: 0,
            backward: false,
            frames: among,
            id: 1,
        });
        loop {
            if let Some(BrowseEvent::FindResult { frame, .. }) = browser.receive() {
                assert!(frame.is_some(), "{text}");
                break;
            }
        }
    }
}

#[test]
fn cancelling_a_search_does_not_cancel_a_filter_and_vice_versa() {
    let (_file, path) = written(&login());
    let mut browser = TestBrowser::open(&[path]);
    let find = || {
        let what = Needle::Text("nowhere".into());
        BrowseRequest::Find { needle: what, target: SearchTarget::Tree, from: 0, backward: false, frames: None, id: 2 }
    };
    for _ in 0..50 {
        browser.send(BrowseRequest::Filter { filter: "frame contains \"nowhere\"".into(), id: 1 });
        browser.send(find());
        browser.send(BrowseRequest::CancelFind);
        while !matches!(browser.receive(), Some(BrowseEvent::FilterResult { id: 1, done: true, .. })) {}
        browser.send(find());
        browser.send(BrowseRequest::Filter { filter: "frame contains \"nowhere\"".into(), id: 3 });
        browser.send(BrowseRequest::CancelFilter);
        while !matches!(browser.receive(), Some(BrowseEvent::FindResult { id: 2, frame: None, .. })) {}
    }
}

#[test]
fn a_save_is_completed_before_the_browser_closes() {
    let (_file, path) = written(&login());
    let folder = tempfile::tempdir().expect("disk space");
    let files: Vec<PathBuf> = (0..20).map(|nth| folder.path().join(format!("{nth}.pcapng"))).collect();
    let browser = TestBrowser::open(&[path]);
    for path in files.clone() {
        browser.send(BrowseRequest::Save { path, frames: None, overwrite: false });
    }
    drop(browser);
    for path in files {
        let frames = TestBrowser::open(std::slice::from_ref(&path)).index.frames.len();
        assert_eq!(frames, 16, "{}", path.display());
    }
}

/// A UDP packet. With `parts`, only the first of two fragments.
fn datagram(id: u16, part: Option<bool>) -> Vec<u8> {
    let payload: &[u8] = if part == Some(true) { &[0; 8] } else { b"\x13\x88\x17\x70\x00\x10\0\0" };
    let flags = match part {
        None => 0u16,
        Some(false) => 0x2000,
        Some(true) => 1,
    };
    let mut packet = vec![0x45, 0, 0, 20 + payload.len() as u8];
    packet.extend(id.to_be_bytes());
    packet.extend(flags.to_be_bytes());
    packet.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(payload);
    packet
}

#[test]
fn fragments_of_a_packet_are_found_however_many_other_rows_are_requested() {
    // A packet in two fragments, then more single fragments than the browser looks back.
    let mut packets = vec![datagram(1, Some(false)), datagram(1, Some(true))];
    packets.extend((0..25_000u16).map(|nth| datagram(100 + nth % 60_000, Some(false))));
    let (_file, path) = written(&common::pcap(common::IPV4, &packets));
    let mut browser = TestBrowser::open(&[path]);
    let alone = browser.rows(&[2]);
    assert_eq!(alone[0].protocol, "UDP");
    let both = browser.rows(&[2, 25_002]);
    assert_eq!((both[0].protocol, both[0].info.as_str()), ("UDP", alone[0].info.as_str()));
}
