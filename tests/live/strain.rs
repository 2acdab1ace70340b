//! Live capture under load: dropped packets are counted, written files are complete, and memory stays flat.

use crate::lab::{CABLE, Lab, packets};
use crate::replay::Load;
use crate::running::{Running, until};
use std::fs;
use std::io::Read;
use std::process::ChildStdout;
use std::thread::{self, JoinHandle};

/// Returns the numbers of the closing line: frames, and packets dropped by the kernel, the interface and overhear.
fn summary(err: &str) -> [u64; 4] {
    let line = err.lines().find(|line| line.starts_with("overhear: veth0: ")).expect("a closing line");
    let number_before = |label: &str| {
        let (before, _) = line.split_once(label).expect("a label");
        before.rsplit(' ').next().unwrap_or_default().parse().expect("a number")
    };
    [" frame", " by kernel", " by interface", " by overhear"].map(number_before)
}

/// Counts the lines that come out of a pipe from now on.
fn lines(mut out: ChildStdout) -> JoinHandle<u64> {
    thread::spawn(move || {
        let (mut buffer, mut lines) = (vec![0; 1 << 16], 0);
        while let Ok(read @ 1..) = out.read(&mut buffer) {
            lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        lines
    })
}

#[test]
fn a_capture_drops_no_packets_when_its_rows_are_not_read() {
    let Some(lab) = Lab::new("rows that are not read", &["capinfos"]) else { return };
    let path = lab.path("a.pcapng");
    let program = env!("CARGO_BIN_EXE_overhear");
    let arguments = ["print", "-i", CABLE, "-B", "128", "-w", &lab.file("a.pcapng")];
    let (mut overhear, out) = Running::unread(lab.server(program).args(arguments));
    overhear.wait_for_capture();
    // Twice the capacity of the queue.
    let load = Load { first: 1, packets: 50_000, bytes: 1400, per_second: 20_000 };
    lab.sends(load);
    until("all is written", || fs::metadata(&path).is_ok_and(|found| found.len() >= 50_000 * 1432));
    overhear.signal("INT");
    let rows = lines(out);
    let (_, err, code) = overhear.end();
    let [frames, kernel, interface, here] = summary(&err);
    assert_eq!([frames, kernel, interface], [50_000, 0, 0], "{err}");
    assert_eq!((packets(&path), code), (50_000, 0), "{err}");
    assert!(here > 10_000, "expected dropped frames: {err}");
    assert_eq!(rows.join().expect("a reader") + here, 50_000, "{err}");
}

#[test]
fn packets_that_fit_are_queued_until_the_output_is_read() {
    let Some(lab) = Lab::new("rows that are read late", &["capinfos"]) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    for write in [&[][..], &["-w", &lab.file("a.pcapng")]] {
        let arguments = ["print", "-i", CABLE, "-V"];
        let (mut overhear, out) = Running::unread(lab.server(program).args(arguments).args(write));
        overhear.wait_for_capture();
        // A low rate: few packets at a time.
        lab.sends(Load { first: 1, packets: 4000, bytes: 100, per_second: 1000 });
        let rows = lines(out);
        overhear.signal("INT");
        let (_, err, code) = overhear.end();
        assert_eq!((summary(&err), code), ([4000, 0, 0, 0], 0), "{write:?} {err}");
        assert!(rows.join().expect("a reader") > 4000);
    }
}

#[test]
fn a_second_ctrl_c_ends_it_immediately() {
    let Some(lab) = Lab::new("a second Ctrl-C", &["capinfos"]) else { return };
    let path = lab.path("a.pcapng");
    let program = env!("CARGO_BIN_EXE_overhear");
    let (mut overhear, _out) =
        Running::unread(lab.server(program).args(["print", "-i", CABLE, "-w", &lab.file("a.pcapng")]));
    overhear.wait_for_capture();
    lab.sends(Load { first: 1, packets: 5000, bytes: 100, per_second: 10_000 });
    // It waits for a reader that never reads; the captured packets are complete in the file all the same.
    overhear.signal("INT");
    until("the capture has ended", || {
        let threads = fs::read_dir(format!("/proc/{}/task", overhear.id())).into_iter().flatten().flatten();
        let mut names = threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
        !names.any(|name| ["capture", "write"].contains(&name.trim()))
    });
    assert_eq!(packets(&path), 5000);
    overhear.signal("INT");
    assert_eq!(overhear.end().2, 130);
    assert_eq!(packets(&path), 5000);
}

/// Returns the peak memory of a program, in kB.
fn peak(running: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", running.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn half_open_connections_leave_memory_flat() {
    let Some(lab) = Lab::new("a flood", &[]) else { return };
    // This many connections are kept: earlier ones are reported and evicted.
    const REMEMBERED: u32 = 16_384;
    let overhear = lab.overhear(&["streams", "-i", CABLE, "-T", "ndjson"]);
    let mut peaks = Vec::new();
    let each = 40_000;
    for round in 0..3 {
        lab.sends(Load { first: 1 + round * each, packets: each, bytes: 60, per_second: 20_000 });
        overhear.prints(((round + 1) * each - REMEMBERED) as usize);
        peaks.push(peak(&overhear));
    }
    let (out, err, code) = overhear.interrupt();
    eprintln!("peak memory after 40,000, 80,000 and 120,000 connections: {peaks:?} kB");
    assert_eq!((out.lines().count(), code), (3 * each as usize, 0), "{err}");
    assert!(peaks[2] < peaks[0] + 4096 && peaks[2] < 128 << 10, "{peaks:?} kB");
}
