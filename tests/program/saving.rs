//! `print -w`: frames of captures as a capture file.

use super::{fixture, folder, outcome, program, run};
use overhear::source::Capture;
use std::path::PathBuf;
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
fn keys_are_written_before_the_frames_that_they_precede() {
    let folder = folder();
    let out = folder.path().join("out.pcapng");
    let path: PathBuf = fixture("file/secrets.pcapng").into();
    let secrets_at_first_frame = |path: PathBuf| {
        let mut capture = Capture::open([path]).expect("a capture");
        capture.next().expect("a readable frame").expect("a frame");
        let first = capture.secrets().to_vec();
        while capture.next().expect("a readable frame").is_some() {}
        (first, capture.secrets().to_vec())
    };
    run(&["print", path.to_str().expect("UTF-8"), "frame.number > 2", "-w", out.to_str().expect("UTF-8")]);
    let (first, all) = secrets_at_first_frame(path);
    assert!(!all.is_empty());
    assert_eq!(secrets_at_first_frame(out), (first, all));
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
