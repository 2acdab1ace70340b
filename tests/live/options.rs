//! The options `-i`, `-f`, `-s`, `-p`, `-B`, `-y` and `--immediate`, and their error messages.

use crate::lab::{CABLE, Lab, SERVER, reported, text, wireshark};
use crate::running::Running;
use std::fs;

#[test]
fn an_unknown_interface_lists_the_valid_names() {
    let Some(lab) = Lab::new("an unknown interface", &[]) else { return };
    let (out, err, code) = lab.run(&["calls", "-i", "eth9"]);
    assert_eq!((&*out, code), ("", 2));
    let names = err.trim_end().strip_prefix("overhear: eth9: no such interface; available: ").expect(&err);
    let names: Vec<&str> = names.split(", ").collect();
    assert!([CABLE, "lo", "any"].iter().all(|name| names.contains(name)), "{err}");
}

#[test]
fn without_capture_privileges_the_error_names_a_command_to_run() {
    let Some(lab) = Lab::new("no permission", &["setpriv"]) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    // Root without these capabilities.
    let rights = ["--bounding-set", "-net_raw,-net_admin", program];
    let words = ["calls", "-i", CABLE, "-f", "tcp port 80"];
    let (out, err, code) = Running::new(lab.server("setpriv").args(rights).args(words)).end();
    let wanted = format!(
        "overhear: veth0: no permission to capture; permanently: sudo setcap cap_net_raw+ep {program}; \
         once: sudo {program} calls -i veth0 -f 'tcp port 80'\n"
    );
    assert_eq!((&*out, &*err, code), ("", &*wanted, 2));
}

#[test]
fn the_suggested_privilege_is_sufficient() {
    let Some(lab) = Lab::new("the right to capture", &["setcap", "setpriv", "nginx", "curl"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let program = lab.file("overhear");
    fs::copy(env!("CARGO_BIN_EXE_overhear"), &program).expect("a copy");
    let given = Running::new(lab.server("setcap").args(["cap_net_raw+ep", &program])).end();
    if given.2 != 0 {
        eprintln!("SKIPPED: the right to capture: this file system has no such rights: {}", given.1);
        return;
    }
    // An unprivileged user.
    let user = ["--reuid", "65534", "--regid", "65534", "--clear-groups", &program];
    let mut overhear = Running::new(lab.server("setpriv").args(user).args(["calls", "-i", CABLE, "-T", "ndjson"]));
    overhear.wait_for_capture();
    let made = lab.curl(&[&format!("http://{SERVER}/?[1-2]")]);
    overhear.prints(2);
    let (out, err, code) = overhear.interrupt();
    assert_eq!((reported(&out), code), (made, 0), "{err}");
}

#[test]
fn an_invalid_capture_filter_has_a_caret() {
    let Some(lab) = Lab::new("an invalid capture filter", &[]) else { return };
    let (out, err, code) = lab.run(&["calls", "-i", CABLE, "-f", "tcp port 80 foo bar"]);
    let [first, filter, caret] = err.lines().collect::<Vec<_>>()[..] else { panic!("{err}") };
    assert!(first.starts_with("overhear: ") && first.contains("syntax error"), "{err}");
    assert_eq!((filter.trim_start(), out.len(), code), ("tcp port 80 foo bar", 0, 2));
    assert_eq!((caret.find('^'), caret.trim()), (filter.find("foo"), "^~~"), "{err}");
}

#[test]
fn a_capture_filter_selects_matching_packets() {
    let Some(lab) = Lab::new("a capture filter", &["nginx", "curl", "capinfos"]) else { return };
    let _nginx = lab.nginx(&[80, 8080]);
    let file = lab.file("a.pcapng");
    let overhear = lab.overhear(&["calls", "-i", CABLE, "-f", "tcp port 8080", "-T", "ndjson", "-w", &file]);
    lab.curl(&[&format!("http://{SERVER}/?[1-5]")]);
    let made = lab.curl(&[&format!("http://{SERVER}:8080/?[1-5]")]);
    overhear.prints(5);
    let (out, err, code) = overhear.interrupt();
    assert_eq!((reported(&out), code), (made, 0), "{err}");
    let text = wireshark("capinfos", &[], &lab.path("a.pcapng"));
    assert!(text.contains("Filter string = tcp port 8080\n"), "{text}");
}

#[test]
fn packets_are_truncated_to_the_snapshot_length_with_nanosecond_times() {
    let Some(lab) = Lab::new("snapshot length", &["nginx", "curl", "tshark", "capinfos"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let file = lab.file("a.pcapng");
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len"];
    let overhear = lab.overhear(&[&["print", "-i", CABLE, "-s", "100", "-w", &file], &fields[..]].concat());
    lab.curl(&[&format!("http://{SERVER}/big")]);
    overhear.prints(10);
    let (out, err, code) = overhear.interrupt();
    assert_eq!(code, 0, "{err}");
    let text = wireshark("tshark", &[&["-n"], &fields[..], &["-r"]].concat(), &lab.path("a.pcapng"));
    assert!(!text.is_empty() && out == text, "the printed rows differ from those of tshark");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert!(rows.iter().all(|row| row[1].parse::<u32>().expect("a number") <= 100));
    assert!(rows.iter().any(|row| row[1] == "100" && row[2].parse::<u32>().expect("a number") > 1000));
    assert!(rows.iter().any(|row| !row[0].ends_with("000")), "all times are whole microseconds");
    let text = wireshark("capinfos", &[], &lab.path("a.pcapng"));
    assert!(text.contains("Capture length = 100\n") && text.contains("Time precision = nanoseconds (9)\n"), "{text}");
}

/// Returns the system's list of capturing sockets.
fn sockets(lab: &Lab) -> String {
    text(&lab.server("ss").args(["--packet", "--extended"]).output().expect("ss runs").stdout)
}

#[test]
fn the_interface_is_promiscuous_unless_disabled() {
    let Some(lab) = Lab::new("promiscuous mode", &[]) else { return };
    for (option, promiscuity) in [(None, "promiscuity 1 "), (Some("-p"), "promiscuity 0 ")] {
        let overhear = lab.overhear(&[&["print", "-i", CABLE], option.as_slice()].concat());
        let link = lab.ip(&["-details", "link", "show", CABLE]);
        assert!(link.contains(promiscuity), "{option:?}: {link}");
        assert_eq!(overhear.interrupt().2, 0);
    }
    assert!(lab.ip(&["-details", "link", "show", CABLE]).contains("promiscuity 0 "), "it stayed so");
}

#[test]
fn the_kernel_buffer_has_the_requested_size() {
    let Some(lab) = Lab::new("the kernel's buffer", &["ss"]) else { return };
    for (option, megabytes) in [(&[][..], 32), (&["-B", "3"], 3)] {
        let overhear = lab.overhear(&[&["print", "-i", CABLE], option].concat());
        let text = sockets(&lab);
        let number = |name: &str| {
            let at = text.find(name).map(|at| &text[at + name.len()..]).expect("a ring");
            at.split([',', ')']).next().and_then(|digits| digits.parse::<u64>().ok()).expect("a number")
        };
        assert_eq!(number("blk_size:") * number("blk_nr:"), megabytes << 20, "{option:?}: {text}");
        assert_eq!(overhear.interrupt().2, 0);
    }
}

#[test]
fn the_link_type_is_the_requested_one() {
    let Some(lab) = Lab::new("link types", &["capinfos"]) else { return };
    for (link, wanted) in [("EN10MB", "ether"), ("DOCSIS", "docsis")] {
        let file = lab.file(&format!("{link}.pcapng"));
        let overhear = lab.overhear(&["print", "-i", CABLE, "-y", link, "-w", &file]);
        assert_eq!(overhear.interrupt().2, 0);
        let text = wireshark("capinfos", &["-E"], &lab.path(&format!("{link}.pcapng")));
        assert!(text.to_lowercase().contains(wanted), "{text}");
    }
    let (_, err, code) = lab.run(&["print", "-i", CABLE, "-y", "PPP"]);
    assert!(code == 2 && err.contains("PPP") && err.contains("EN10MB") && err.contains("DOCSIS"), "{err}");
}

#[test]
fn a_device_that_is_not_a_network_interface_can_be_captured() {
    let Some(lab) = Lab::new("nflog", &[]) else { return };
    let (out, err, code) = lab.run(&["print", "-i", "nflog", "-a", "duration:0.3"]);
    if err.starts_with("overhear: nflog: no such interface") {
        eprintln!("SKIPPED: nflog: this system has none");
        return;
    }
    assert_eq!((&*out, code), ("", 0), "{err}");
    assert!(err.starts_with("overhear: nflog: 0 frames in "), "{err}");
}

#[test]
fn immediate_mode_delivers_each_packet_at_once() {
    let Some(lab) = Lab::new("immediate delivery", &["ss", "nginx", "curl"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let overhear = lab.overhear(&["calls", "-i", CABLE, "--immediate", "-T", "ndjson"]);
    // Version 3 of the kernel's ring, shown as 2, is the one that batches packets.
    let text = sockets(&lab);
    assert!(!text.contains("ver:2"), "{text}");
    let made = lab.curl(&[&format!("http://{SERVER}/?[1-20]")]);
    overhear.prints(20);
    let (out, err, code) = overhear.interrupt();
    assert_eq!((reported(&out), code), (made, 0), "{err}");
}
