//! `print -w`: frames of captures as a capture file.

use super::{fixture, folder, outcome, program, run};
use std::process::Stdio;

/// The rows of a capture with times, lengths and numbers that do not depend on other frames.
fn rows(arguments: &[&str]) -> String {
    let fields = ["-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "tcp.payload"];
    let (text, error, code) = run(&[&["print"], arguments, &fields].concat());
    assert_eq!((&*error, code), ("", 0), "{arguments:?}");
    text
}

#[test]
fn the_frames_that_match_are_written() {
    let folder = folder();
    for (capture, filter, count) in [
        ("http/post-login.pcap", "http.request", 4),
        ("http/post-login.pcap", "tcp.analysis.flags", 0),
        // A filter on fields of later frames.
        ("http/keep-alive.pcap", "http.response_in and tcp.completeness == 31", 4),
        ("file/two-interfaces.pcapng", "frame.interface_id == 1", 10),
    ] {
        let file = fixture(capture);
        for name in ["out.pcapng", "out.pcap", "out"] {
            let out = folder.path().join(name).display().to_string();
            let (text, error, code) = run(&["print", &file, filter, "-w", &out]);
            let plural = if count == 1 { "" } else { "s" };
            let expected = format!("overhear: {count} frame{plural} written to {out}\n");
            assert_eq!((&*text, &*error, code), ("", &*expected, 0), "{capture} {filter}");
            assert_eq!(rows(&[&out]), rows(&[&file, filter]), "{capture} {filter} {name}");
        }
    }
}

#[test]
fn frames_are_written_to_standard_output_and_read_from_it() {
    let file = fixture("http/post-login.pcap");
    let mut writer = program(&["print", &file, "http", "-w", "-"]).stdout(Stdio::piped()).spawn().expect("it runs");
    let frames = writer.stdout.take().expect("a pipe");
    let reader = program(&["print", "-", "-e", "http.request.method"]).stdin(frames).output().expect("it runs");
    let (text, error, code) = outcome(&reader);
    assert_eq!((text.lines().collect::<Vec<_>>().join(" "), &*error, code), ("GET  POST  POST  GET ".into(), "", 0));
    writer.wait().expect("it ends");
}

#[test]
fn secrets_are_written_only_on_request_and_only_those_of_written_connections() {
    let folder = folder();
    let (file, keys) = (fixture("tls/suites13.pcapng"), fixture("tls/key-log.keys"));
    let out = folder.path().join("out.pcapng").display().to_string();
    let write = |options: &[&str]| {
        let (_, error, code) = run(&[&["print", "-w", &out], options].concat());
        assert_eq!(code, 0, "{error}");
        let (text, _, _) = run(&["secrets", &out, "-T", "csv"]);
        (error, text.lines().skip(1).filter(|row| row.contains("decrypted")).count())
    };
    let (error, count) = write(&[&file]);
    assert!(error.contains("secrets of the capture are not written"), "{error}");
    assert_eq!(count, 0);
    assert_eq!(write(&[&file, "--with-secrets"]).1, 5);
    assert_eq!(write(&[&file, "--with-secrets", "tcp.stream in {1, 3}"]).1, 2);
    // Of the ten secrets or so of each connection, those of two are in the file.
    let text = std::fs::read(&out).expect("a capture");
    let lines = |text: &[u8]| String::from_utf8_lossy(text).matches("SERVER_TRAFFIC_SECRET_0").count();
    assert_eq!((lines(&text), lines(&std::fs::read(&file).expect("a capture"))), (2, 5));
    // The secrets of a key log are added.
    assert_eq!(write(&[&fixture("tls/key-log.pcap"), "--keylog", &keys, "--with-secrets"]).1, 1);
    // Those that a private key opens are, too, also of resumed sessions. The key itself is not.
    let (resumed, key) = (fixture("tls/rsa-resumption.pcap"), fixture("tls/rsa-resumption.pem"));
    assert_eq!(write(&[&resumed, "--tls-key", &key]).1, 0);
    assert_eq!(write(&[&resumed, "--tls-key", &key, "--with-secrets", "tcp.stream == 4"]).1, 1);
    assert_eq!(write(&[&resumed, "--tls-key", &key, "--with-secrets"]).1, 6);
    assert_eq!(run(&["calls", &out, "-T", "csv"]).0.matches(",GET,").count(), 6);
    // Client hellos of QUIC are in encrypted packets, also after a Retry packet, and in another version.
    for (name, count) in [("suites", 3), ("retry", 1), ("version-2", 2), ("nginx-curl", 2), ("browser", 1)] {
        let (quic, first) = (fixture(&format!("http3/{name}.pcapng")), "udp.stream == 0");
        assert_eq!((write(&[&quic]).1, write(&[&quic, "--with-secrets"]).1), (0, count), "{name}");
        assert_eq!(write(&[&quic, "--with-secrets", first]).1, 1, "{name}");
    }
    let pcap = folder.path().join("out.pcap").display().to_string();
    let (_, error, code) = run(&["print", &file, "-w", &pcap, "--with-secrets"]);
    assert_eq!((error.contains("pcap files have no secrets"), code), (true, 2), "{error}");
}

#[test]
fn a_pcap_file_has_one_link_type() {
    let folder = folder();
    let out = folder.path().join("out.pcap");
    let (_, error, code) = run(&["print", &fixture("file/mixed-links.pcapng"), "-w", out.to_str().expect("UTF-8")]);
    assert_eq!(code, 2);
    assert!(error.contains("pcap supports one link type per file"), "{error}");
    assert!(!out.exists());
}

#[test]
fn the_nearest_command_is_named() {
    for (line, nearest) in
        [("pint x.pcap", "print"), ("pint -e tcp.port x", "print"), ("clls", "calls"), ("chek", "check")]
    {
        let (text, error, code) = run(&line.split(' ').collect::<Vec<_>>());
        let word = line.split(' ').next().expect("a word");
        let expected =
            format!("overhear: {word}: no such command or file (nearest: {nearest}); see `overhear --help`\n");
        assert_eq!((&*text, &*error, code), ("", &*expected, 2), "{line}");
    }
}

/// Returns a pcapng file of raw IP frames at these seconds, on an interface whose clock begins 100 seconds before 1970.
fn before_1970(seconds: &[u32]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let mut file = words(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]);
    // Options: if_tsresol 0, for seconds, and if_tsoffset -100.
    file.extend(words(&[1, 44, 101, 0, 0x1_0009, 0, 0x8_000e, -100_i32 as u32, u32::MAX, 0, 44]));
    for &second in seconds {
        file.extend(words(&[6, 36, 0, 0, second, 4, 4, 0x45, 36]));
    }
    file
}

#[test]
fn frames_before_1970_keep_their_time_in_pcapng_and_are_refused_in_pcap() {
    let folder = folder();
    let file = super::write(folder.path(), "old.pcapng", &before_1970(&[1, 200]));
    let out = folder.path().join("out.pcapng").display().to_string();
    assert_eq!(run(&["print", &file, "-w", &out]).2, 0);
    let times = run(&["print", &out, "-e", "frame.time_epoch"]).0;
    assert_eq!(times, "-99.000000000\n100.000000000\n");
    let out = folder.path().join("out.pcap");
    let (_, error, code) = run(&["print", &file, "-w", out.to_str().expect("UTF-8")]);
    assert_eq!(code, 2);
    assert!(error.contains("pcap supports times from 1970 to 2106"), "{error}");
    assert!(!out.exists());
}
