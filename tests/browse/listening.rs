//! An interface is browsed while packets come. It takes root; without it the test says so and ends.
#![cfg(all(target_os = "linux", feature = "live"))]

use super::desk::Desk;
use overhear::analysis::DecodeOptions;
use overhear::browse::{BrowseEvent, BrowseRequest, Browser, CaptureEnd, Index, LiveSummary, LoadState};
use overhear::live::{self, CaptureSettings, Limits};
use std::net::UdpSocket;
use std::sync::mpsc::channel;

fn settings(port: u16) -> CaptureSettings {
    CaptureSettings {
        filter: Some(format!("udp port {port}")),
        snaplen: live::SNAPLEN,
        promiscuous: false,
        buffer: 4 << 20,
        link: None,
        immediate: true,
    }
}

#[test]
fn packets_are_told_while_they_come_and_kept_in_a_file() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let to = socket.local_addr().expect("an address");
    let opened = match live::open(["lo"], &settings(to.port())) {
        Ok(opened) => opened,
        Err(error) => return eprintln!("SKIPPED: listening: {error}"),
    };
    let (tell, answers) = channel();
    let limits = Limits { packets: Some(30), time: None };
    let browser =
        Browser::open_live(opened, None, limits, DecodeOptions::default(), move |answer| drop(tell.send(answer)))
            .expect("a browser");
    let spool = browser.spool().expect("a file").to_owned();
    let mut desk = Desk { browser, index: Index::default(), answers };
    while !matches!(desk.index.state, LoadState::Live { .. }) {
        desk.hear();
    }
    for round in 1..=3 {
        for nth in 0..10 {
            socket.send_to(format!("round {round} {nth}").as_bytes(), to).expect("it is sent");
        }
        // Told while the interface is still listened to.
        while desk.index.frames.len() < round * 10 {
            desk.hear();
        }
    }
    while !desk.index.state.is_complete() {
        desk.hear();
    }
    assert_eq!(
        desk.index.state,
        LoadState::LiveEnded { name: "lo".into(), dropped: [0; 3], reason: CaptureEnd::Packets(30) }
    );
    assert_eq!(desk.index.frames.len(), 30);
    let rows = desk.rows(&[1, 30]);
    assert!(rows.iter().all(|row| row.protocol == "UDP" && row.source == "127.0.0.1"), "{rows:?}");
    let payload = desk.frame(15).buffers.swap_remove(0).1;
    assert!(payload.ends_with(b"round 2 4"), "{payload:?}");
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("saved.pcapng");
    let saved = desk.ask(BrowseRequest::Save { path, frames: None, overwrite: false });
    assert!(matches!(saved, BrowseEvent::SaveResult { result: Ok(30), .. }), "{saved:?}");
    assert!(spool.exists());
    desk.post(BrowseRequest::Discard(29));
    desk.post(BrowseRequest::Discard(30));
    assert_eq!(desk.browser.close(), LiveSummary::default());
    assert!(!spool.exists(), "what nobody wants is not left behind");
}

#[test]
fn what_was_captured_is_kept_unless_nobody_wants_it() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let to = socket.local_addr().expect("an address");
    // Packets, how many of them are not wanted, and whether they are kept.
    for (packets, unwanted, is_kept) in [(0, 0, false), (3, 0, true), (3, 2, true), (3, 3, false)] {
        let opened = match live::open(["lo"], &settings(to.port())) {
            Ok(opened) => opened,
            Err(error) => return eprintln!("SKIPPED: listening: {error}"),
        };
        let (tell, answers) = channel();
        let browser = Browser::open_live(opened, None, Limits::default(), DecodeOptions::default(), move |answer| {
            drop(tell.send(answer))
        });
        let browser = browser.expect("a browser");
        let spool = browser.spool().expect("a file").to_owned();
        let mut desk = Desk { browser, index: Index::default(), answers };
        while !matches!(desk.index.state, LoadState::Live { .. }) {
            desk.hear();
        }
        (0..packets).for_each(|nth| assert!(socket.send_to(&[nth], to).is_ok()));
        while desk.index.frames.len() < usize::from(packets) {
            desk.hear();
        }
        desk.post(BrowseRequest::Discard(unwanted));
        let kept = is_kept.then(|| spool.clone());
        assert_eq!(desk.browser.close(), LiveSummary { kept_file: kept, errors: Vec::new() });
        assert_eq!(spool.exists(), is_kept);
        if is_kept {
            std::fs::remove_dir_all(spool.parent().expect("a folder")).expect("it is removed");
        }
    }
}
