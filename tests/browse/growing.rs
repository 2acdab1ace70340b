//! What is asked while a capture still comes, and several things at a time.

use super::desk::{Desk, written};
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

/// A browser of a capture of which only the beginning is there at first; with it, who sends the rest when it is told to.
fn half(bytes: Vec<u8>, folder: &tempfile::TempDir) -> (Desk, impl FnOnce()) {
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let (tell, answers) = channel();
    let browser = Browser::open(vec![path.clone()], move |answer| drop(tell.send(answer)));
    let mut desk = Desk { browser, index: Index::default(), answers };
    let mut pipe = File::options().write(true).open(path).expect("a reader");
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    pipe.write_all(first).expect("a reader");
    while desk.index.frames.is_empty() {
        desk.hear();
    }
    let rest = rest.to_vec();
    (desk, move || pipe.write_all(&rest).expect("a reader"))
}

#[test]
fn a_filter_on_what_later_frames_tell_waits_for_them() {
    for (filter, frames) in [("http.response_in", 4), ("tcp.completeness == 31", 16), ("http.request", 4)] {
        let folder = tempfile::tempdir().expect("room");
        let (mut desk, send_rest) = half(login(), &folder);
        desk.post(BrowseRequest::Filter { filter: filter.into(), id: 7 });
        thread::sleep(Duration::from_millis(150));
        send_rest();
        let mut told = Vec::new();
        loop {
            if let Some(BrowseEvent::FilterResult { frames, done, .. }) = desk.hear() {
                told.extend(frames);
                if done {
                    break;
                }
            }
        }
        assert_eq!(told.len(), frames, "{filter}: {told:?}");
    }
}

#[test]
fn rows_and_trees_tell_all_once_the_capture_is_whole() {
    let folder = tempfile::tempdir().expect("room");
    let (mut desk, send_rest) = half(login(), &folder);
    let completeness = |desk: &mut Desk| {
        let lines = desk.frame(1).lines;
        lines.into_iter().find(|line| line.field.name == "tcp.completeness").expect("it").value
    };
    assert_ne!(completeness(&mut desk), "31");
    send_rest();
    while !matches!(desk.index.state, overhear::browse::LoadState::Complete(_)) {
        desk.hear();
    }
    assert_eq!(completeness(&mut desk), "31");
}

#[test]
fn what_later_frames_tell_is_found() {
    let (_file, path) = written(&login());
    let mut desk = Desk::open(&[path]);
    for (text, place) in [("Response in frame", SearchTarget::Tree), ("WITH_DATA (31)", SearchTarget::Tree)] {
        let (what, among) = (Needle::Text(text.into()), None);
        desk.post(BrowseRequest::Find { needle: what, target: place, from: 0, backward: false, frames: among, id: 1 });
        loop {
            if let Some(BrowseEvent::FindResult { frame, .. }) = desk.hear() {
                assert!(frame.is_some(), "{text}");
                break;
            }
        }
    }
}

#[test]
fn a_search_that_ends_ends_no_filter_and_the_other_way_round() {
    let (_file, path) = written(&login());
    let mut desk = Desk::open(&[path]);
    let find = || {
        let what = Needle::Text("nowhere".into());
        BrowseRequest::Find { needle: what, target: SearchTarget::Tree, from: 0, backward: false, frames: None, id: 2 }
    };
    for _ in 0..50 {
        desk.post(BrowseRequest::Filter { filter: "frame contains \"nowhere\"".into(), id: 1 });
        desk.post(find());
        desk.post(BrowseRequest::CancelFind);
        while !matches!(desk.hear(), Some(BrowseEvent::FilterResult { id: 1, done: true, .. })) {}
        desk.post(find());
        desk.post(BrowseRequest::Filter { filter: "frame contains \"nowhere\"".into(), id: 3 });
        desk.post(BrowseRequest::CancelFilter);
        while !matches!(desk.hear(), Some(BrowseEvent::FindResult { id: 2, frame: None, .. })) {}
    }
}

#[test]
fn all_that_is_to_be_saved_is_saved_before_the_end() {
    let (_file, path) = written(&login());
    let folder = tempfile::tempdir().expect("room");
    let files: Vec<PathBuf> = (0..20).map(|nth| folder.path().join(format!("{nth}.pcapng"))).collect();
    let desk = Desk::open(&[path]);
    for path in files.clone() {
        desk.post(BrowseRequest::Save { path, frames: None, overwrite: false });
    }
    drop(desk);
    for path in files {
        let frames = Desk::open(std::slice::from_ref(&path)).index.frames.len();
        assert_eq!(frames, 16, "{}", path.display());
    }
}

/// A packet of UDP, and with `parts` only a part of one that has two.
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
fn parts_of_a_packet_are_found_however_many_others_are_asked_for() {
    // A packet in two parts, then more parts than are looked back for, of which none has another.
    let mut packets = vec![datagram(1, Some(false)), datagram(1, Some(true))];
    packets.extend((0..25_000u16).map(|nth| datagram(100 + nth % 60_000, Some(false))));
    let (_file, path) = written(&common::pcap(common::IPV4, &packets));
    let mut desk = Desk::open(&[path]);
    let alone = desk.rows(&[2]);
    assert_eq!(alone[0].protocol, "UDP");
    let both = desk.rows(&[2, 25_002]);
    assert_eq!((both[0].protocol, both[0].info.as_str()), ("UDP", alone[0].info.as_str()));
}
