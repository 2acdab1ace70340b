//! Captures that another program is still writing: a pipe, and a growing file.

use crate::lab::{CABLE, Lab, SERVER, reported};
use crate::running::{Running, until};

const NEEDED: [&str; 3] = ["nginx", "curl", "tcpdump"];

/// Starts tcpdump, and waits until it captures.
fn tcpdump(lab: &Lab, arguments: &[&str]) -> (Running, std::process::ChildStdout) {
    let (tcpdump, out) = Running::unread(lab.server("tcpdump").args(["-i", CABLE, "-U", "-Z", "root"]).args(arguments));
    until("tcpdump listens", || tcpdump.err().contains("listening on"));
    (tcpdump, out)
}

#[test]
fn a_call_from_a_pipe_is_reported_when_it_is_complete() {
    let Some(lab) = Lab::new("a pipe", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    for signal in ["INT", "TERM"] {
        let (tcpdump, out) = tcpdump(&lab, &["-w", "-"]);
        let program = env!("CARGO_BIN_EXE_overhear");
        let overhear = Running::new(lab.client(program).args(["calls", "-", "-T", "ndjson"]).stdin(out));
        let mut made = Vec::new();
        for nth in 1..=3 {
            made.extend(lab.curl(&[&format!("http://{SERVER}/?{nth}")]));
            overhear.prints(nth);
            assert_eq!(reported(&overhear.out()), made);
        }
        // While the pipe is open.
        overhear.signal(signal);
        let (out, err, code) = overhear.end();
        assert_eq!((reported(&out), &*err, code), (made, "", 0));
        drop(tcpdump);
    }
}

#[test]
fn the_end_of_a_pipe_ends_the_capture() {
    let Some(lab) = Lab::new("a pipe that ends", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let (tcpdump, out) = tcpdump(&lab, &["-w", "-"]);
    let program = env!("CARGO_BIN_EXE_overhear");
    let overhear = Running::new(lab.client(program).args(["calls", "-", "-T", "ndjson"]).stdin(out));
    let made = lab.curl(&[&format!("http://{SERVER}/?[1-10]")]);
    overhear.prints(10);
    tcpdump.signal("TERM");
    let (out, err, code) = overhear.end();
    assert_eq!((reported(&out), &*err, code), (made, "", 0));
}

#[test]
fn a_file_is_followed_as_it_grows() {
    let Some(lab) = Lab::new("a file that grows", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let file = lab.file("a.pcap");
    let (_tcpdump, _out) = tcpdump(&lab, &["-w", &file]);
    let mut made = lab.curl(&[&format!("http://{SERVER}/?0")]);
    let program = env!("CARGO_BIN_EXE_overhear");
    let overhear = Running::new(lab.client(program).args(["calls", "--follow-file", &file, "-T", "ndjson"]));
    overhear.prints(1);
    for nth in 1..=3 {
        made.extend(lab.curl(&[&format!("http://{SERVER}/?{nth}")]));
        overhear.prints(nth + 1);
        assert_eq!(reported(&overhear.out()), made);
    }
    let (out, err, code) = overhear.interrupt();
    assert_eq!((reported(&out), &*err, code), (made, "", 0));
}

#[test]
fn a_file_that_overhear_writes_can_be_followed() {
    let Some(lab) = Lab::new("a file that is written", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let file = lab.file("a.pcapng");
    let _writer = lab.overhear(&["print", "-i", CABLE, "-w", &file]);
    let program = env!("CARGO_BIN_EXE_overhear");
    let overhear = Running::new(lab.client(program).args(["calls", "--follow-file", &file, "-T", "ndjson"]));
    let mut made = Vec::new();
    for nth in 1..=3 {
        made.extend(lab.curl(&[&format!("http://{SERVER}/?{nth}")]));
        overhear.prints(nth);
        assert_eq!(reported(&overhear.out()), made);
    }
    assert_eq!(overhear.interrupt().2, 0);
}
