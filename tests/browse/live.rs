//! Browsing an interface during capture. Requires root; without it the tests are skipped.
#![cfg(all(target_os = "linux", feature = "live"))]

use super::test_browser::TestBrowser;
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
fn packets_are_reported_as_they_arrive_and_stored_in_a_file() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let to = socket.local_addr().expect("an address");
    let opened = match live::open(["lo"], &settings(to.port())) {
        Ok(opened) => opened,
        Err(error) => return eprintln!("SKIPPED: live capture: {error}"),
    };
    let (sender, events) = channel();
    let limits = Limits { packets: Some(30), time: None };
    let browser =
        Browser::open_live(opened, None, limits, DecodeOptions::default(), move |event| drop(sender.send(event)))
            .expect("a browser");
    let spool = browser.spool().expect("a file").to_owned();
    let mut browser = TestBrowser { inner: browser, index: Index::default(), events };
    while !matches!(browser.index.state, LoadState::Live { .. }) {
        browser.receive();
    }
    for round in 1..=3 {
        for nth in 0..10 {
            socket.send_to(format!("round {round} {nth}").as_bytes(), to).expect("it is sent");
        }
        // Frames are reported while the capture runs.
        while browser.index.frames.len() < round * 10 {
            browser.receive();
        }
    }
    while !browser.index.state.is_complete() {
        browser.receive();
    }
    assert_eq!(
        browser.index.state,
        LoadState::LiveEnded { name: "lo".into(), dropped: [0; 3], reason: CaptureEnd::Packets(30) }
    );
    assert_eq!(browser.index.frames.len(), 30);
    let rows = browser.rows(&[1, 30]);
    assert!(rows.iter().all(|row| row.protocol == "UDP" && row.source == "127.0.0.1"), "{rows:?}");
    let payload = browser.frame(15).buffers.swap_remove(0).bytes;
    assert!(payload.ends_with(b"round 2 4"), "{payload:?}");
    let folder = tempfile::tempdir().expect("disk space");
    let path = folder.path().join("saved.pcapng");
    let saved = browser.request(BrowseRequest::Save { path, frames: None, overwrite: false });
    assert!(matches!(saved, BrowseEvent::SaveResult { result: Ok(30), .. }), "{saved:?}");
    assert!(spool.exists());
    browser.send(BrowseRequest::Discard(29));
    browser.send(BrowseRequest::Discard(30));
    assert_eq!(browser.inner.close(), LiveSummary::default());
    assert!(!spool.exists(), "a discarded capture is removed");
}

#[test]
fn captured_packets_are_kept_unless_all_are_discarded() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let to = socket.local_addr().expect("an address");
    // Packets, the number of the last discarded one, and whether the file is kept.
    for (packets, discarded, is_kept) in [(0, 0, false), (3, 0, true), (3, 2, true), (3, 3, false)] {
        let opened = match live::open(["lo"], &settings(to.port())) {
            Ok(opened) => opened,
            Err(error) => return eprintln!("SKIPPED: live capture: {error}"),
        };
        let (sender, events) = channel();
        let browser = Browser::open_live(opened, None, Limits::default(), DecodeOptions::default(), move |event| {
            drop(sender.send(event))
        });
        let browser = browser.expect("a browser");
        let spool = browser.spool().expect("a file").to_owned();
        let mut browser = TestBrowser { inner: browser, index: Index::default(), events };
        while !matches!(browser.index.state, LoadState::Live { .. }) {
            browser.receive();
        }
        (0..packets).for_each(|nth| assert!(socket.send_to(&[nth], to).is_ok()));
        while browser.index.frames.len() < usize::from(packets) {
            browser.receive();
        }
        browser.send(BrowseRequest::Discard(discarded));
        let kept = is_kept.then(|| spool.clone());
        assert_eq!(browser.inner.close(), LiveSummary { kept_file: kept, errors: Vec::new() });
        assert_eq!(spool.exists(), is_kept);
        if is_kept {
            std::fs::remove_dir_all(spool.parent().expect("a folder")).expect("it is removed");
        }
    }
}
