//! Time from a key to the drawn screen, on a capture of a million packets: `cargo test --release --test
//! screen_times -- --ignored --nocapture`. `CAPTURE` names another capture than that of `tests/bench/run`.

mod common;

use common::screen::Screen;
use std::path::PathBuf;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keys, and the number of presses.
const KEYS: &[(&str, usize)] = &[
    ("1 2 3 4 5 Tab Tab Tab Tab Tab", 5),
    ("1 j", 200),
    ("1 PgDn", 200),
    ("1 G Home", 20),
    ("1 S s Down Down Enter S s Home Enter", 3),
    ("1 s End Enter", 3),
    ("1 f Ctrl-U \"profile/nowhere\" Enter", 3),
    ("2 PgDn", 100),
    ("2 s End Enter s Home Enter", 3),
    ("3 j", 300),
    ("3 PgDn", 100),
    ("3 G Home", 20),
    ("3 g \"500000\" Enter", 10),
    ("3 Enter j j l j p l l j z z Esc", 20),
    ("t t t t", 5),
    ("m ' [", 10),
    ("e", 50),
    ("! PgDn", 50),
    ("? G Home Esc", 20),
    ("1 Enter p p G Home PgDn z p E G Esc", 10),
    ("2 Enter PgDn G z Home Esc", 10),
    ("2 F PgDn G Home Right Left Esc", 10),
    ("4 p p p p p", 5),
    ("4 p Right Right Left j PgDn p Right G Home p p p", 5),
    ("4 p p p > > < < 0 u Right Left PgDn Home p p", 5),
    ("4 P u u b b b Right Right PgDn p", 5),
    ("4 / Ctrl-U \"http\" Enter p p p < > p p p \\", 2),
    ("/ \"http.request.method\" Tab Tab Ctrl-U Esc", 10),
    ("3 / Ctrl-U \"tcp.port == 80\" Enter G Home PgDn \\", 2),
    ("1 / Ctrl-U \"status >= 500\" Enter G Home PgDn \\", 2),
    ("1 / Ctrl-U \"tcp.analysis.retransmission\" Enter ! PgDn \\", 1),
];

#[test]
#[ignore = "it measures, and proves nothing"]
fn times() {
    let capture = std::env::var_os("CAPTURE").map_or_else(|| "target/bench/calls.pcap".into(), PathBuf::from);
    let mut screen = Screen::open(&capture, (200, 60));
    println!(
        "while it is read: {} drawings, the longest update {:?}, drawing {:?}",
        screen.timings.len(),
        screen.max_time(0),
        screen.max_time(1)
    );
    println!("longest update, longest drawing (each less than 16 ms?), longest wait for all requests");
    for (keys, times) in KEYS {
        screen.timings.clear();
        for _ in 0..*times {
            screen.keys(keys);
        }
        let [update, draw, requests] = [0, 1, 2].map(|part| screen.max_time(part));
        println!("{update:>12.1?} {draw:>12.1?} {requests:>12.1?}  {keys}");
    }
    assert!(!screen.text().is_empty());
}
