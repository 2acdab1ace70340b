//! Missing, empty, truncated and invalid captures; many captures; exit codes.

use super::running::{Run, check, command, fixtures, folder};
use crate::common::{IPV4, SYN, Segment, pcap};
use std::fs;
use std::process::Stdio;

/// A capture, options, the exit code, and the printed lines.
type Row = (&'static str, &'static [&'static str], i32, &'static [&'static str]);

/// `file/cut-short.pcap` has 9 complete frames of 10 (tshark reads 9 and prints an error), `file/empty.pcap` no frame.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("file/empty.pcap", &[], 1, &["FAIL  file/empty.pcap: capture is not empty", "        found   the capture has no frames", "ok    file/empty.pcap: none udp (no frame)", "1 capture, 2 checks: 1 hold, 1 fails"]),
    ("file/empty.pcap", &["--allow", "empty"], 0, &["ok    file/empty.pcap: none udp (no frame)", "1 capture, 1 check: all hold"]),
    ("zero.pcap", &[], 1, &["FAIL  zero.pcap: capture is not empty", "        found   expected a capture (pcap or pcapng), found an empty file", "ok    zero.pcap: none udp (no frame)", "1 capture, 2 checks: 1 hold, 1 fails"]),
    ("zero.pcap", &["--allow", "empty"], 0, &["ok    zero.pcap: none udp (no frame)", "1 capture, 1 check: all hold"]),
    ("file/cut-short.pcap", &[], 1, &["FAIL  file/cut-short.pcap: capture is complete", "        found   at byte 1477: truncated record: expected 82 bytes, found 52", "        frames  9", "        show    overhear print file/cut-short.pcap 'frame.number == 9'", "ok    file/cut-short.pcap: none udp (no frame)", "1 capture, 2 checks: 1 hold, 1 fails"]),
    ("file/cut-short.pcap", &["--allow", "truncated", "--exactly", "9", "tcp"], 0, &["ok    file/cut-short.pcap: none udp (no frame)", "ok    file/cut-short.pcap: count tcp == 9 (9 frames)", "1 capture, 2 checks: all hold"]),
    ("file/cut-short.pcap", &["--allow", "missing,empty"], 1, &["FAIL  file/cut-short.pcap: capture is complete", "        found   at byte 1477: truncated record: expected 82 bytes, found 52", "        frames  9", "        show    overhear print file/cut-short.pcap 'frame.number == 9'", "ok    file/cut-short.pcap: none udp (no frame)", "1 capture, 2 checks: 1 hold, 1 fails"]),
    ("absent.pcap", &[], 3, &["ERROR absent.pcap: capture is readable", "        found   no such file", "1 capture, 0 checks: 1 capture cannot be read"]),
    ("absent.pcap", &["--allow", "missing"], 0, &["0 captures, 0 checks: nothing to check"]),
    ("absent*.pcap", &[], 3, &["ERROR absent*.pcap: capture is readable", "        found   no matching file", "1 capture, 0 checks: 1 capture cannot be read"]),
    ("http", &[], 3, &["ERROR http: capture is readable", "        found   expected a capture file, found a directory", "1 capture, 0 checks: 1 capture cannot be read"]),
    ("README.md", &[], 3, &["ERROR README.md: capture is readable", "        found   expected a capture (pcap or pcapng), found text (first bytes: 23 20 46 69 78 74 75 72)", "1 capture, 0 checks: 1 capture cannot be read"]),
];

#[test]
fn an_incomplete_capture_fails_unless_it_is_allowed() {
    let folder = folder(&["file/empty.pcap"], "");
    for name in ["file/cut-short.pcap", "file/empty.pcap", "README.md"] {
        fs::create_dir_all(folder.path().join("file")).expect("a folder");
        fs::copy(fixtures().join(name), folder.path().join(name)).expect("a fixture");
    }
    fs::create_dir(folder.path().join("http")).expect("a folder");
    fs::write(folder.path().join("zero.pcap"), "").expect("a file");
    for (capture, options, code, lines) in ROWS {
        let run = check(folder.path(), &[&[*capture, "--none", "udp"], *options].concat());
        let out = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(run, Run { code: Some(*code), out, err: String::new() }, "{capture} {options:?}");
    }
}

#[test]
fn a_truncated_compressed_capture_is_reported() {
    let folder = folder(&[], "");
    let whole = fs::read(fixtures().join("file/gzip.pcap.gz")).expect("a fixture");
    fs::write(folder.path().join("cut.pcap.gz"), &whole[..whole.len() / 2]).expect("a file");
    let run = check(folder.path(), &["cut.pcap.gz", "--some", "tcp"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(run.out.starts_with("FAIL  cut.pcap.gz: capture is complete\n"), "{}", run.out);
    let run = check(folder.path(), &["cut.pcap.gz", "--some", "tcp", "--allow", "truncated"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
}

#[test]
fn an_unreadable_capture_takes_precedence_over_a_failing_check() {
    let args = ["http/post-login.pcap", "absent.pcap", "--none", "http"];
    let run = check(&fixtures(), &args);
    assert_eq!(run.code, Some(3));
    assert!(run.out.ends_with("\n2 captures, 1 check: 0 hold, 1 fails; 1 capture cannot be read\n"), "{}", run.out);
}

#[test]
fn a_capture_that_ends_in_damage_is_checked_up_to_the_damage() {
    let folder = folder(&[], "");
    let mut damaged = fs::read(fixtures().join("http/post-login.pcap")).expect("a fixture");
    // The record after the third frame has a length of 4 GiB.
    let third = 24 + 3 * 16 + 74 + 74 + 66;
    damaged[third + 8..third + 12].fill(0xff);
    fs::write(folder.path().join("damaged.pcap"), damaged).expect("a file");
    let run = check(folder.path(), &["damaged.pcap", "--exactly", "3", "tcp"]);
    assert_eq!(run.code, Some(3), "{}", run.out);
    assert!(
        run.out.starts_with("ERROR damaged.pcap: capture is readable\n        found   at byte 286: "),
        "{}",
        run.out
    );
    assert!(run.out.contains("\nok    damaged.pcap: count tcp == 3 (3 frames)\n"), "{}", run.out);
}

#[test]
fn captures_checked_on_several_threads_are_reported_in_order_and_reproducibly() {
    let captures: Vec<_> = (0..200).map(|nth| format!("{nth:03}.pcap")).collect();
    let folder = folder(
        &[],
        "captures = '*.pcap'\n[checks]\n'no loss' = { none = 'tcp.analysis.lost_segment' }\n'calls' = { count = 'http.request >= 1' }\n",
    );
    for (nth, name) in captures.iter().enumerate() {
        let from = ["http/post-login.pcap", "tcp/loss.pcap", "http/download.pcap", "tcp/refused.pcap"][nth % 4];
        fs::copy(fixtures().join(from), folder.path().join(name)).expect("a fixture");
    }
    for form in ["text", "json", "tap", "junit", "github"] {
        let first = check(folder.path(), &["checks.toml", "-T", form]);
        // In every four, one has a loss and one has no call.
        assert_eq!(first.code, Some(1), "{}", first.err);
        if form == "text" {
            assert!(first.out.ends_with("\n200 captures, 400 checks: 300 hold, 100 fail\n"), "{}", first.out);
            let reported: Vec<_> = first.out.lines().filter_map(|line| line.get(6..14)).collect();
            assert!(captures.iter().all(|name| reported.contains(&name.as_str())));
            assert!(reported.iter().filter(|name| name.ends_with(".pcap")).is_sorted(), "not in the order of names");
        }
        for _ in 0..3 {
            assert_eq!(check(folder.path(), &["checks.toml", "-T", form]), first, "{form}");
        }
    }
}

#[test]
fn the_exit_code_is_the_verdict_even_if_the_output_is_closed() {
    let mut child = command(&fixtures(), &["http/post-login.pcap", "--none", "http"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("overhear");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("an end").code(), Some(1));
}

#[test]
fn standard_input_is_checked_and_no_command_shows_its_frames() {
    let mut stdin = command(&fixtures(), &["-", "--count", "http.request == 3"]);
    let capture = fs::File::open(fixtures().join("http/post-login.pcap")).expect("a fixture");
    let run = Run::from(stdin.stdin(capture).output().expect("overhear"));
    let expected = "FAIL  -: count http.request == 3\n        found   4 calls\n        frames  4, 6, 8, 9, 10, 11, 12, 13\n\
                    1 capture, 1 check: 0 hold, 1 fails\n";
    assert_eq!((run.code, run.out.as_str()), (Some(1), expected), "{}", run.err);
}

#[test]
fn results_are_written_to_a_file_when_they_are_complete() {
    let folder = folder(&["http/post-login.pcap"], "");
    let args = ["post-login.pcap", "--answered", "--orderly"];
    let printed = check(folder.path(), &args);
    let run = check(folder.path(), &[&args[..], &["-o", "results.txt"]].concat());
    assert_eq!(run, Run { code: Some(0), out: String::new(), err: String::new() });
    assert_eq!(fs::read_to_string(folder.path().join("results.txt")).expect("results"), printed.out);
}

#[test]
fn idle_streams_do_not_prevent_the_check_of_others() {
    // More UDP conversations, which never end, than are kept; then one TCP connection.
    let datagram = |nth: u32| {
        let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
        packet.extend((0x0a00_0000 + nth).to_be_bytes());
        packet.extend([10, 255, 0, 1, 0x10, 0, 0x10, 1, 0, 8, 0, 0]);
        packet
    };
    let mut packets: Vec<_> = (1..=(1 << 18) + 1).map(datagram).collect();
    packets.push(Segment { from_client: true, flags: SYN, seq: 0, ack: 0, data: Vec::new() }.packet());
    packets.push(Segment { from_client: true, flags: SYN, seq: 0, ack: 0, data: Vec::new() }.packet());
    let folder = folder(&[], "");
    fs::write(folder.path().join("many.pcap"), pcap(IPV4, &packets)).expect("a file");
    let args = ["many.pcap", "--order", "tcp.flags.syn == 1", "tcp.flags.syn == 1"];
    let run = check(folder.path(), &args);
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(run.out.contains(" (in order in 1 stream)\n"), "{}", run.out);
}
