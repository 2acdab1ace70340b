//! `--threads`: the output of several threads, each with a part of the conversations, is that of one.

use crate::common;

use std::path::PathBuf;
use std::process::Command;

const COMMANDS: &[&[&str]] = &[
    &["calls"],
    &["calls", "-T", "json"],
    &["calls", "ip.len > 100 or ipv6"],
    &["streams"],
    &["streams", "-T", "csv", "tcp.analysis.flags"],
    &["print"],
    &["print", "tcp.len > 0 or udp"],
    &["print", "-T", "json", "-e", "frame.number", "-e", "ip.src", "http or dns or tls"],
    &[
        "print",
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-e",
        "tcp.stream",
        "-e",
        "udp.stream",
        "-e",
        "http.response_in",
        "-e",
        "tcp.completeness",
        "-e",
        "frame.time_delta_displayed",
        "-e",
        "_ws.col.Info",
    ],
    &["stats"],
    &["stats", "-z", "all", "-T", "html"],
    &["stats", "-z", "all", "-T", "json", "tcp.len > 0 or udp"],
    &["check", "-T", "json", "--none", "tcp.analysis.retransmission", "--count", "http.request == 3", "--answered"],
    &["check", "-T", "json", "--orderly", "--no-notes-above", "note", "--p95", "http.time < 50ms"],
    &["check", "-T", "json", "--per", "stream", "--each", "tcp.stream", "tcp.len > 0"],
    &["check", "-T", "json", "--same-as", "fixtures/http/keep-alive.pcap"],
    &["diff", "fixtures/http/keep-alive.pcap", "-T", "json"],
    &["trace"],
    &["trace", "slowest", "-T", "json"],
    &["journey", "slowest"],
    &["journey", "-Y", "tcp.len > 200 or udp", "-T", "markdown"],
];
const THREADS: [&str; 3] = ["2", "3", "7"];

/// Returns standard output, standard error and the exit code.
fn run(file: &str, command: &[&str], threads: &str) -> (String, String, Option<i32>) {
    let (name, rest) = command.split_first().expect("a command");
    let mut program = Command::new(env!("CARGO_BIN_EXE_overhear"));
    let output =
        program.arg(name).arg(file).args(rest).args(["--threads", threads]).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn several_threads_give_the_output_of_one() {
    let mut pairs = 0;
    for (file, _) in common::captures() {
        let file = file.as_str();
        for command in COMMANDS {
            let chosen = THREADS
                .iter()
                .filter(|threads| common::is_selected(file, &format!("{} {threads}", command.join(" ")), 27));
            for threads in chosen {
                assert_eq!(run(file, command, threads), run(file, command, "1"), "{file} {command:?} {threads}");
                pairs += 1;
            }
        }
    }
    assert!(pairs > 200, "{pairs} pairs");
}

#[test]
fn a_filter_that_needs_no_messages_selects_the_frames_of_all_conversations() {
    // A first pass finds them without messages, in the shards of the second one.
    let command = ["print", "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Protocol", "udp"];
    for (file, frames) in [("fixtures/dns/udp.pcap", 8), ("fixtures/http3/suites.pcapng", 35)] {
        for threads in ["1"].into_iter().chain(THREADS) {
            let (rows, errors, code) = run(file, &command, threads);
            // The number of frames by tshark with the filter `udp`.
            assert_eq!((rows.lines().count(), &*errors, code), (frames, "", Some(0)), "{file} {threads}");
        }
    }
}

#[test]
fn a_capture_that_cannot_be_divided_is_read_on_by_one_thread() {
    // Frames 3 to 5 carry packets of two connections each.
    let file = "fixtures/link/wlan-aggregates.pcap";
    for command in COMMANDS {
        for threads in THREADS {
            assert_eq!(run(file, command, threads), run(file, command, "1"), "{command:?} {threads}");
        }
    }
}

#[test]
fn an_incomplete_capture_is_reported_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.pcap");
    let whole = std::fs::read("fixtures/http/keep-alive.pcap").expect("a fixture");
    std::fs::write(&path, &whole[..whole.len() - 7]).expect("a file");
    for _ in 0..20 {
        let (_, errors, code) = run(path.to_str().expect("a plain name"), &["calls"], "3");
        assert_eq!((errors.lines().count(), code), (1, Some(2)), "{errors}");
        assert!(errors.contains("truncated record"), "{errors}");
    }
}

#[test]
fn a_file_is_written_completely_and_kept_if_nothing_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (capture, out, junk) =
        (folder.path().join("a.pcap"), folder.path().join("out"), folder.path().join("junk.pcap"));
    std::fs::copy("fixtures/http/keep-alive.pcap", &capture).expect("a capture");
    std::fs::write(&junk, [0; 500]).expect("a file");
    let write = |input: &std::path::Path, threads: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_overhear"));
        let program = program.arg("calls").arg(input).args(["--threads", threads, "-o"]).arg(&out);
        program.output().expect("the program runs").status.code()
    };
    assert_eq!(write(&capture, "1"), Some(0));
    let expected = std::fs::read(&out).expect("rows");
    for _ in 0..20 {
        std::fs::remove_file(&out).expect("rows");
        assert_eq!(write(&capture, "3"), Some(0));
        assert_eq!(std::fs::read(&out).expect("rows"), expected);
        assert_eq!(write(&junk, "3"), Some(2));
        assert_eq!(std::fs::read(&out).expect("it is kept"), expected);
    }
}

#[test]
fn a_datagram_without_a_whole_header_begins_no_conversation() {
    let packet = |payload: &[u8], port: u8| {
        let mut packet = vec![0x45, 0, 0, 20 + payload.len() as u8, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend(payload);
        packet[22] = 0x30;
        packet[23] = port;
        [&[0; 12][..], &[8, 0], &packet].concat()
    };
    let initial = b"\xc0\0\0\0\x01\x0812345678\x08abcdefgh";
    let first = [&[0x9c, 0x40, 0, 53, 0, 72, 0, 0][..], initial, &[0; 41]].concat();
    let mut packets = vec![packet(&first, 5)];
    for nth in 0..40 {
        packets.push(packet(&[0x40, nth, 0, 0, 0, 20, 0][..6 + usize::from(nth % 2)], nth));
        packets.push(packet(&[0x50, nth, 0, 0, 0, 9, 0, 0, b'a'], nth));
        // Bytes behind its length (RFC 9868), which begin as a packet of QUIC.
        packets.push(packet(
            &[&[0x60, nth, 0, 0, 0, 8, 0, 0][..], b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"].concat(),
            nth,
        ));
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    let name = file.path().to_str().expect("a plain name");
    let command = ["print", "-T", "fields", "-e", "frame.number", "-e", "udp.stream", "-e", "_ws.col.Info"];
    // The other link type declares that the last four bytes of each frame are its check sequence.
    for link in [1, 1 | 1 << 26 | 2 << 28] {
        std::fs::write(file.path(), common::pcap(link, &packets)).expect("a capture");
        for threads in THREADS {
            assert_eq!(run(name, &command, threads), run(name, &command, "1"), "{link:x} {threads}");
        }
    }
}

/// Exports of calls and of tables.
const EXPORTS: &[&[&str]] = &[
    &["har"],
    &["har", "tcp.len > 200 or udp"],
    &["curl"],
    &["python"],
    &["objects"],
    &["arrow", "--table", "frames"],
    &["arrow", "--table", "messages", "--body-limit", "100"],
    &["parquet"],
    &["parquet", "ip.len > 100 or ipv6", "-e", "tcp.stream", "-e", "http.response_in", "-e", "_ws.col.Info"],
];

/// Files by name, standard error, and the exit code.
type Exported = (Vec<(PathBuf, Vec<u8>)>, String, Option<i32>);

/// Returns what an export writes.
fn exported(file: &str, command: &[&str], threads: &str) -> Exported {
    let (name, rest) = command.split_first().expect("a form");
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Command::new(env!("CARGO_BIN_EXE_overhear"));
    let program = program.args(["export", name, file]).args(rest).args(["--threads", threads, "-o"]);
    let output = program.arg(folder.path().join("out")).output().expect("the program runs");
    let entries = walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(&folder).expect("it is in the folder").to_owned();
        (path, std::fs::read(entry.path()).expect("a file"))
    };
    let files = entries.filter(|entry| entry.file_type().is_file()).map(read).collect();
    let errors = String::from_utf8(output.stderr).expect("it is text");
    (files, errors.replace(&*folder.path().to_string_lossy(), "FOLDER"), output.status.code())
}

#[test]
fn several_threads_export_what_one_exports() {
    let mut pairs = 0;
    for (file, _) in common::captures() {
        for command in EXPORTS {
            let name = command.join(" ");
            for threads in THREADS.iter().filter(|threads| common::is_selected(&file, &format!("{name} {threads}"), 27))
            {
                let (one, several) = (exported(&file, command, "1"), exported(&file, command, threads));
                assert_eq!((&one.1, one.2), (&several.1, several.2), "{file} {command:?} {threads}");
                assert!(one.0 == several.0, "{file} {command:?} {threads}: other bytes");
                pairs += 1;
            }
        }
    }
    assert!(pairs > 100, "{pairs} pairs");
}

#[test]
fn an_export_of_a_capture_that_cannot_be_divided_is_that_of_one_thread() {
    // Frames 3 to 5 carry packets of two connections each.
    let file = "fixtures/link/wlan-aggregates.pcap";
    for command in EXPORTS {
        for threads in THREADS {
            let (one, several) = (exported(file, command, "1"), exported(file, command, threads));
            assert!(one == several, "{command:?} {threads}");
        }
    }
}

#[test]
fn threads_read_a_file_that_grows_to_the_same_frame() {
    let packet = |port: u8| {
        let mut packet = vec![0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend([0x30, port, 0x50, 1, 0, 9, 0, 0, b'a']);
        packet
    };
    let whole =
        common::pcap(1, &(0..200).map(|port| [&[0; 12][..], &[8, 0], &packet(port)].concat()).collect::<Vec<_>>());
    let records = &whole[24..];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("growing.pcap");
    std::fs::write(&path, &whole).expect("a capture");
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = std::fs::File::options().append(true).open(&path).expect("the capture");
            for _ in 0..2000 {
                if is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                std::io::Write::write_all(&mut file, records).expect("frames");
            }
        });
        for threads in THREADS.iter().cycle().take(12) {
            let command = ["print", "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Protocol"];
            let (rows, errors, code) = run(path.to_str().expect("a plain name"), &command, threads);
            // A record may be cut at the length of the file, which all threads find.
            assert!(errors.lines().count() < 2 && code.is_some_and(|code| code == 0 || code == 2), "{errors}");
            for (nth, row) in rows.lines().enumerate() {
                assert_eq!(row, format!("{}\tUDP", nth + 1), "{threads} threads");
            }
        }
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn statements_that_are_repeated_are_noted_by_several_threads() {
    // The fixture has repetitions of statements in a call of another connection.
    let file = "fixtures/pgsql/n-plus-one.pcap";
    let command = ["arrow", "--table", "notes"];
    for threads in THREADS {
        assert!(exported(file, &command, "1") == exported(file, &command, threads), "{threads}");
    }
}
