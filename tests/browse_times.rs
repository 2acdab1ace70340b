//! Response times of the browser on a capture of a million packets: `cargo test --release --test browse_times
//! -- --ignored --nocapture`. `CAPTURE` names another capture than that of `tests/bench/run`.

#![allow(clippy::panic, reason = "a measurement ends at an unexpected event")]

mod common;

use common::{ACK, Segment};
use overhear::browse::{BrowseEvent, BrowseRequest, Browser, Index, LoadState};
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILTERS: &[&str] = &[
    "ip.addr == 10.0.0.2",
    "tcp.port == 80",
    "tcp.stream eq 3",
    "frame.number <= 10",
    "frame.time_relative < 3",
    "http.request.method == \"POST\"",
    "uri contains login",
    "host contains shop",
    "status >= 500",
    "status >= 500 and tcp.len > 1000",
    "tcp.analysis.retransmission",
    "frame contains \"sid=\"",
];

fn receive(events: &Receiver<BrowseEvent>) -> BrowseEvent {
    events.recv_timeout(Duration::from_secs(60)).expect("an event")
}

/// Peak memory of this process, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1000
}

fn millis(since: Instant) -> String {
    format!("{:8.1} ms", since.elapsed().as_secs_f64() * 1000.0)
}

/// A connection with this many frames, with calls of two frames each.
fn connection(frames: usize) -> Vec<Vec<u8>> {
    let (mut seqs, mut packets) = ([1000_u32, 5000], Vec::new());
    for nth in 0..frames {
        let (own, other) = (nth % 2, 1 - nth % 2);
        let data = match own {
            0 => format!("GET /{nth} HTTP/1.1\r\nHost: a.test\r\n\r\n"),
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        };
        let (seq, ack, len) = (seqs[own], seqs[other], data.len() as u32);
        let segment = Segment { from_client: own == 0, flags: ACK, seq, ack, data: data.into_bytes() };
        packets.push(segment.packet());
        seqs[own] = seq.wrapping_add(len);
    }
    packets
}

#[test]
#[ignore = "it measures, and proves nothing"]
fn times_of_one_long_connection() {
    let frames = 200_000;
    let mut file = tempfile::NamedTempFile::new().expect("disk space");
    file.write_all(&common::pcap(common::IPV4, &connection(frames as usize))).expect("disk space");
    let (sender, events) = channel();
    let browser = Browser::open(vec![file.path().to_owned()], move |event| drop(sender.send(event)));
    let mut index = Index::default();
    while !matches!(index.state, LoadState::Complete(_)) {
        if let BrowseEvent::IndexUpdate(more) = receive(&events) {
            index.apply(*more);
        }
    }
    for first in [frames, frames - 2_000, frames / 2, frames / 4, frames - 10_000, 100, frames - 100] {
        let begun = Instant::now();
        browser.send(BrowseRequest::Frame(first));
        let BrowseEvent::Frame(frame) = receive(&events) else { panic!("no frame") };
        println!("tree of frame {first:<8}{}  {} lines", millis(begun), frame.lines.len());
        let begun = Instant::now();
        browser.send(BrowseRequest::Rows { frames: (first.saturating_sub(50)..first).collect(), fields: Vec::new() });
        let BrowseEvent::Rows(rows) = receive(&events) else { panic!("no rows") };
        println!("rows to frame {first:<8}{}  {} rows", millis(begun), rows.len());
    }
    println!("peak {} MB", peak());
}

#[test]
#[ignore = "it measures, and proves nothing"]
fn times() {
    let capture = std::env::var_os("CAPTURE").map_or_else(|| "target/bench/calls.pcap".into(), PathBuf::from);
    // Same as the setting of the terminal UI.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_thp_disable(true).expect("transparent huge pages are disabled");
    let (sender, events) = channel();
    let begun = Instant::now();
    let browser = Browser::open(vec![capture], move |event| drop(sender.send(event)));
    let mut index = Index::default();
    let mut updates = 0;
    while !matches!(index.state, LoadState::Complete(_)) {
        if let BrowseEvent::IndexUpdate(more) = receive(&events) {
            if updates == 0 {
                println!("first update      {}  {} frames", millis(begun), more.frames.len());
            }
            updates += 1;
            index.apply(*more);
        }
    }
    let known = [index.frames.len(), index.calls.len(), index.streams.len(), index.notes.len()];
    println!(
        "complete index    {}  {updates} updates; frames, calls, streams, notes: {known:?}; peak {} MB",
        millis(begun),
        peak()
    );
    let frames = index.frames.len() as u32;
    for first in [1, frames / 2, frames.saturating_sub(60)] {
        let begun = Instant::now();
        browser.send(BrowseRequest::Rows { frames: (first..first + 50).collect(), fields: Vec::new() });
        let BrowseEvent::Rows(rows) = receive(&events) else { panic!("no rows") };
        println!("rows from {first:<8}{}  {} rows", millis(begun), rows.len());
        let begun = Instant::now();
        browser.send(BrowseRequest::Frame(first + 7));
        let BrowseEvent::Frame(frame) = receive(&events) else { panic!("no frame") };
        println!("a frame's tree    {}  {} lines", millis(begun), frame.lines.len());
    }
    for (turn, text) in (0..).zip(FILTERS) {
        let begun = Instant::now();
        browser.send(BrowseRequest::Filter { filter: (*text).into(), id: turn });
        let (mut found, mut first) = ([0; 3], None);
        loop {
            let BrowseEvent::FilterResult { frames, calls, streams, done, .. } = receive(&events) else {
                panic!("no filter result")
            };
            if !frames.is_empty() {
                first.get_or_insert(millis(begun));
            }
            found.iter_mut().zip([frames, calls, streams]).for_each(|(all, more)| *all += more.len());
            if done {
                break;
            }
        }
        println!("{text:<40}{}, first {}  {found:?}", millis(begun), first.unwrap_or_default());
    }
    println!("peak {} MB", peak());
}
