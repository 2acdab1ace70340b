//! Every call is reported once, when it is complete, on every interface that is named.

use crate::lab::{CABLE, Lab, SERVER, reported, sorted};
use crate::running::Running;
use std::collections::BTreeSet;

const NEEDED: [&str; 2] = ["nginx", "curl"];

fn url(path: &str) -> String {
    format!("http://{SERVER}{path}")
}

#[test]
fn every_call_is_reported_once() {
    let Some(lab) = Lab::new("every call", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "ndjson"]);
    let mut made = Vec::new();
    // In sequence on one connection, in parallel on many, and on a connection each; with bodies in both directions.
    made.extend(lab.curl(&[&url("/?a=[1-200]")]));
    made.extend(lab.curl(&["--parallel", "--parallel-max", "20", &url("/?b=[1-300]")]));
    made.extend(lab.curl(&["-H", "Connection: close", &url("/?c=[1-50]")]));
    made.extend(lab.curl(&["--data", &"field=value&".repeat(5000), &url("/made?d=[1-20]")]));
    made.extend(lab.curl(&["--head", &url("/?e=[1-10]")]));
    made.extend(lab.curl(&["--parallel", &url("/big?f=[1-20]")]));
    made.extend(lab.curl(&["--http1.0", &url("/none?g=[1-10]")]));
    made.extend(lab.curl(&["--request", "DELETE", &url("/made?h")]));
    overhear.prints(made.len());
    let (out, err, code) = overhear.interrupt();
    let wanted = sorted(made);
    assert_eq!((wanted.len(), wanted == lab.served()), (611, true), "curl's record is not nginx's");
    assert!(sorted(reported(&out)) == wanted, "not each once: {} rows of {}", out.lines().count(), wanted.len());
    assert_eq!(code, 0, "{err}");
    assert!(
        err.starts_with("overhear: veth0: ") && err.ends_with(" dropped: 0 by kernel, 0 by interface, 0 by overhear\n")
    );
}

#[test]
fn a_call_is_reported_when_it_is_complete() {
    let Some(lab) = Lab::new("a call as it happens", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "ndjson"]);
    // Each call starts when the previous one was reported.
    for nth in 1..=5 {
        let made = lab.curl(&[&url(&format!("/?{nth}"))]);
        overhear.prints(nth);
        assert_eq!(reported(&overhear.out()).last(), made.first());
    }
    let (out, _, code) = overhear.interrupt();
    assert_eq!((out.lines().count(), code), (5, 0));
}

#[test]
fn an_interface_is_selected_by_name_or_number_or_as_any() {
    let Some(lab) = Lab::new("names of interfaces", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let captures = |interface: &str| {
        let overhear = lab.overhear(&["calls", "-i", interface, "-T", "ndjson"]);
        let made = lab.curl(&[&url("/?[1-5]")]);
        overhear.prints(5);
        let (out, err, code) = overhear.interrupt();
        assert_eq!((reported(&out), code), (made, 0), "-i {interface}: {err}");
    };
    captures(CABLE);
    captures("any");
    // libpcap lists connected interfaces first: their order is stable once the cable has carried a packet.
    let (list, _, _) = lab.run(&["interfaces", "-T", "ndjson"]);
    let rows: Vec<serde_json::Value> = list.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let row = rows.iter().find(|row| row["name"] == CABLE).expect("the cable is listed");
    assert_eq!(row["addresses"], format!("{SERVER}/24"), "{row}");
    captures(&row["number"].to_string());
}

#[test]
fn several_interfaces_are_captured_at_once() {
    let Some(lab) = Lab::new("several interfaces", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let arguments = ["-T", "fields", "-e", "frame.interface_name", "-e", "http.request.uri", "http.request"];
    let overhear = lab.overhear(&[&["print", "-i", CABLE, "-i", "lo"], &arguments[..]].concat());
    lab.curl(&[&url("/?cable=[1-3]")]);
    let inside = Running::new(lab.server("curl").args(["--silent", "http://127.0.0.1/?inside=[1-2]"]));
    assert_eq!(inside.end().2, 0);
    overhear.prints(5);
    let (out, err, code) = overhear.interrupt();
    let found: BTreeSet<&str> = out.lines().collect();
    let wanted = ["veth0\t/?cable=1", "veth0\t/?cable=2", "veth0\t/?cable=3", "lo\t/?inside=1", "lo\t/?inside=2"];
    assert_eq!((found, code), (wanted.into(), 0));
    assert!(err.starts_with("overhear: veth0, lo: "), "{err}");
}

#[test]
fn connections_are_reported_when_they_end() {
    let Some(lab) = Lab::new("connections", &NEEDED) else { return };
    let _nginx = lab.nginx(&[80]);
    let overhear = lab.overhear(&["streams", "-i", CABLE, "-T", "ndjson"]);
    let made = lab.curl(&["-H", "Connection: close", &url("/?[1-5]")]);
    overhear.prints(5);
    let (out, err, code) = overhear.interrupt();
    let mut found: Vec<u16> = out
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
            row["client"].as_str().and_then(|client| client.rsplit_once(':')?.1.parse().ok()).expect("a port")
        })
        .collect();
    found.sort_unstable();
    let mut wanted: Vec<u16> = made.iter().map(|call| call.0).collect();
    wanted.sort_unstable();
    assert_eq!((found, code), (wanted, 0), "{err}");
}
