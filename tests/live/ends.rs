//! The end of a live capture: by a signal, a closed output, or a removed interface.

use crate::lab::{CABLE, Lab, SERVER, packets, reported};
use crate::replay::Load;
use crate::running::{Running, until};
use std::io::{BufRead, BufReader};

const LOAD: Load = Load { first: 1, packets: 2000, bytes: 300, per_second: 4000 };

#[test]
fn a_signal_ends_the_capture_with_complete_output() {
    let Some(lab) = Lab::new("signals", &["nginx", "curl", "capinfos"]) else { return };
    let _nginx = lab.nginx(&[80]);
    for signal in ["INT", "TERM", "HUP"] {
        let file = lab.file(&format!("{signal}.pcapng"));
        let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "ndjson", "-w", &file]);
        let made = lab.curl(&[&format!("http://{SERVER}/?{signal}=[1-20]")]);
        // Pending output is printed then.
        overhear.signal(signal);
        let (out, err, code) = overhear.end();
        let count = packets(&lab.path(&format!("{signal}.pcapng")));
        assert_eq!((reported(&out), code), (made, 0), "{err}");
        let lines: Vec<&str> = err.lines().collect();
        assert!(lines[0].starts_with(&format!("overhear: veth0: {count} frames in ")), "{err}");
        assert!(lines[0].ends_with(" s; dropped: 0 by kernel, 0 by interface, 0 by overhear"), "{err}");
        assert!(lines[1].starts_with(&format!("overhear: {count} frames written to ")) && lines.len() == 2, "{err}");
    }
}

#[test]
fn a_call_without_a_response_is_reported_at_the_end() {
    let Some(lab) = Lab::new("a call without a response", &["nc", "curl"]) else { return };
    let mut nc = Running::new(lab.server("nc").args(["-l", "-p", "80"]));
    until("nc listens", || {
        let sockets = std::fs::read_to_string(format!("/proc/{}/net/tcp", nc.id())).unwrap_or_default();
        sockets.contains(":0050 00000000:0000 0A")
    });
    let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "ndjson"]);
    let curl = Running::new(lab.client("curl").args(["--silent", &format!("http://{SERVER}/waits")]));
    nc.prints(1);
    overhear.signal("TERM");
    let (out, err, code) = overhear.end();
    drop((curl, &mut nc));
    let row: serde_json::Value = serde_json::from_str(out.trim_end()).expect("one row");
    assert_eq!((&row["uri"], &row["status"], code), (&"/waits".into(), &serde_json::Value::Null, 0), "{err}");
}

#[test]
fn a_capture_without_packets_is_valid() {
    let Some(lab) = Lab::new("an empty capture", &["capinfos"]) else { return };
    for name in ["a.pcapng", "a.pcap"] {
        let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "json", "-w", &lab.file(name)]);
        let (out, err, code) = overhear.interrupt();
        let rows: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((rows, code, packets(&lab.path(name))), (serde_json::json!([]), 0, 0), "{err}");
        assert!(
            err.starts_with("overhear: veth0: 0 frames in ") && err.contains("\noverhear: 0 frames written to "),
            "{err}"
        );
    }
}

#[test]
fn it_ends_when_its_output_is_closed() {
    let Some(lab) = Lab::new("a closed output", &["capinfos"]) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    let file = lab.file("a.pcapng");
    let (mut overhear, out) = Running::unread(lab.server(program).args(["print", "-i", CABLE, "-w", &file]));
    overhear.wait_for_capture();
    let load = lab.send(Load { packets: 100_000, ..LOAD });
    let mut first = String::new();
    // As `head -1` does.
    BufReader::new(out).read_line(&mut first).expect("a row");
    let (_, err, code) = overhear.end();
    drop(load);
    assert_eq!((code, first.contains(" TCP ")), (0, true), "{err}");
    let count = packets(&lab.path("a.pcapng"));
    assert!(err.contains(&format!("overhear: {count} frames written to ")), "{err}");
}

#[test]
fn the_removal_of_the_interface_is_reported_and_ends_the_capture() {
    let Some(lab) = Lab::new("a removed interface", &["capinfos"]) else { return };
    let overhear = lab.overhear(&["print", "-i", CABLE, "-w", &lab.file("a.pcapng")]);
    lab.sends(LOAD);
    overhear.prints(2000);
    lab.ip(&["link", "del", CABLE]);
    let (out, err, code) = overhear.end();
    assert_eq!((out.lines().count(), code, packets(&lab.path("a.pcapng"))), (2000, 2, 2000), "{err}");
    assert!(err.starts_with("overhear: veth0: capture stopped: "), "{err}");
    assert!(err.contains("\noverhear: veth0: 2000 frames in "), "{err}");
}

#[test]
fn after_the_removal_of_one_interface_the_other_is_still_captured() {
    let Some(lab) = Lab::new("one of two interfaces removed", &["nginx", "curl"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let overhear = lab.overhear(&["calls", "-i", "lo", "-i", CABLE, "-T", "ndjson"]);
    let inside = |path: &str| {
        let curl = Running::new(lab.server("curl").args(["--silent", &format!("http://127.0.0.1/{path}")]));
        assert_eq!(curl.end().2, 0);
    };
    lab.curl(&[&format!("http://{SERVER}/?1")]);
    overhear.prints(1);
    lab.ip(&["link", "del", CABLE]);
    inside("?2");
    overhear.prints(2);
    let (out, err, code) = overhear.interrupt();
    let uris: Vec<String> = reported(&out).into_iter().map(|call| call.2).collect();
    assert_eq!((uris, code), (vec!["/?1".into(), "/?2".into()], 2), "{err}");
    assert!(err.starts_with("overhear: veth0: capture stopped: "), "{err}");
}

#[test]
fn an_interface_that_is_down_is_waited_for_or_reported() {
    let Some(lab) = Lab::new("an interface that is down", &["nginx", "curl"]) else { return };
    let _nginx = lab.nginx(&[80]);
    lab.ip(&["link", "set", CABLE, "down"]);
    let (out, err, code) = lab.run(&["calls", "-i", CABLE]);
    assert_eq!((&*out, code), ("", 2));
    assert!(err.starts_with("overhear: veth0: ") && err.lines().count() == 1 && err.contains("not up"), "{err}");
}

#[test]
fn capture_resumes_when_an_interface_is_up_again() {
    let Some(lab) = Lab::new("an interface that is up again", &["nginx", "curl"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "ndjson"]);
    let mut made = lab.curl(&[&format!("http://{SERVER}/?1")]);
    overhear.prints(1);
    lab.ip(&["link", "set", CABLE, "down"]);
    lab.ip(&["link", "set", CABLE, "up"]);
    made.extend(lab.curl(&[&format!("http://{SERVER}/?2")]));
    overhear.prints(2);
    let (out, err, code) = overhear.interrupt();
    assert_eq!((reported(&out), code), (made, 0), "{err}");
}

#[test]
fn a_capture_on_standard_output_ends_when_the_pipe_is_closed() {
    let Some(lab) = Lab::new("-w - into a closed pipe", &[]) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    let (mut overhear, out) = Running::unread(lab.server(program).args(["print", "-i", CABLE, "-w", "-"]));
    overhear.wait_for_capture();
    drop(out);
    lab.sends(LOAD);
    let (_, err, code) = overhear.end();
    assert_eq!((err.contains("overhear: standard output: write failed: broken pipe\n"), code), (true, 2), "{err}");
}
