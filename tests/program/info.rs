//! `info`: facts about capture files, and a comparison with capinfos.

use super::{fixture, folder, outcome, program, run, run_on, write};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// The captures that are compared: of each format and compression, and those that are not complete.
const CAPTURES: [&str; 14] = [
    "file/big-endian.pcap",
    "file/cut-short.pcap",
    "file/dumpcap.pcapng",
    "file/empty.pcap",
    "file/frame-comments.pcapng",
    "file/gzip.pcap.gz",
    "file/mixed-links.pcapng",
    "file/nanoseconds.pcap",
    "file/secrets.pcapng",
    "file/snapped.pcap",
    "file/two-interfaces.pcapng",
    "file/two-sections.pcapng",
    "http/post-login.pcap",
    "tls/suites13.pcapng",
];

fn facts(path: &str) -> (Value, i32) {
    let (text, _, code) = run(&["info", "-T", "ndjson", path]);
    (serde_json::from_str(&text).expect("an object"), code)
}

/// Returns the values of capinfos by name, with times in seconds and without units.
fn capinfos(path: &str) -> impl Fn(&str) -> String {
    let output = Command::new("capinfos").args(["-M", "-S", path]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    move |name| {
        let mut lines = text.lines().filter_map(|line| line.split_once([':', '=']));
        let value = lines.find(|(key, _)| key.trim() == name).map_or("", |(_, value)| value.trim());
        value.split(" bytes").next().and_then(|value| value.split(" seconds").next()).unwrap_or_default().to_owned()
    }
}

#[test]
fn the_facts_are_those_of_capinfos() {
    if Command::new("capinfos").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: facts about files: capinfos is absent");
        return;
    }
    for capture in CAPTURES {
        let path = fixture(capture);
        let ((own, code), theirs) = (facts(&path), capinfos(&path));
        let packets = own["packets"].as_u64().expect("a number");
        assert_eq!(own["packets"].to_string(), theirs("Number of packets"), "{capture}");
        assert_eq!(own["data_size"].to_string(), theirs("Data size"), "{capture}");
        assert_eq!(own["file_size"].to_string(), theirs("File size"), "{capture}");
        assert_eq!(own["complete"], code == 0, "{capture}");
        let is_complete = Command::new("capinfos").arg(&path).output().expect("it runs").status.success();
        assert_eq!(own["complete"], is_complete, "{capture}");
        if packets > 0 {
            let mean = own["mean_packet_size"].as_f64().expect("a number");
            assert_eq!(format!("{mean:.2}"), theirs("Average packet size"), "{capture}");
            let rate = own["packets_per_second"].as_f64().expect("a number");
            // capinfos subtracts times as floating-point numbers, and prints two decimals.
            let their_rate: f64 =
                theirs("Average packet rate").split(' ').next().expect("a word").parse().expect("a number");
            assert!((rate - their_rate).abs() <= rate * 1e-3 + 0.005, "{capture}: {rate} {their_rate}");
            let seconds = own["duration_ns"].as_i64().expect("a number") as f64 / 1e9;
            let duration: f64 = theirs("Capture duration").parse().expect("a number");
            assert!((seconds - duration).abs() < 1e-6, "{capture}: {seconds} {duration}");
            let strict = if own["in_order"] == true { "True" } else { "False" };
            assert_eq!(strict, theirs("Strict time order"), "{capture}");
        }
        let encapsulations = own["encapsulations"].as_array().expect("a list");
        let name = theirs("Encapsulation");
        let first = encapsulations[0]["name"].as_str().expect("a name");
        assert!(name.starts_with(first), "{capture}: {first}, {name}");
        let secrets = theirs("Number of decryption secrets in file");
        assert_eq!(own["blocks_of_secrets"].to_string(), if secrets.is_empty() { "0" } else { &secrets }, "{capture}");
        if let Some(section) = own["sections"].get(0) {
            for (key, name) in [
                ("hardware", "Capture hardware"),
                ("application", "Capture application"),
                ("system", "Capture oper-sys"),
            ] {
                assert_eq!(section[key].as_str().unwrap_or_default().trim(), theirs(name), "{capture} {key}");
            }
            assert_eq!(section["comments"][0].as_str().unwrap_or_default(), theirs("Capture comment"), "{capture}");
            let interface = &section["interfaces"][0];
            assert_eq!(interface["name"].as_str().unwrap_or_default(), theirs("Name"), "{capture}");
            assert_eq!(interface["snapshot_length"].to_string(), theirs("Capture length"), "{capture}");
            assert_eq!(interface["statistics"].to_string(), theirs("Number of stat entries"), "{capture}");
        }
    }
}

#[test]
fn facts_are_lines_of_a_name_and_a_value() {
    let (text, error, code) = run(&["info", &fixture("file/two-interfaces.pcapng")]);
    assert_eq!((&*error, code), ("", 0));
    for line in [
        "Type:                 pcapng\n",
        "Encapsulation:        Ethernet\n",
        "Order:                in order of time\n",
        "Complete:             yes\n",
        "Section 1\n",
        "  Interface 1:        Ethernet, nanoseconds, snapshot length 262144, 10 packets, with statistics\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn a_truncated_file_and_a_damaged_one_are_reported_with_their_readable_part() {
    let folder = folder();
    let path = fixture("file/cut-short.pcap");
    let (text, error, code) = run(&["info", &path]);
    assert!(text.contains("\nPackets:              9\n"), "{text}");
    assert!(text.contains("\nComplete:             no: at byte "), "{text}");
    assert!(error.contains("truncated record"), "{error}");
    assert_eq!(code, 2);
    // The captured length of the second record is that of no record.
    let mut bytes = std::fs::read(fixture("http/post-login.pcap")).expect("a capture");
    let first = 24 + 16 + u32::from_le_bytes(bytes[32..36].try_into().expect("four bytes")) as usize;
    bytes[first + 8..first + 12].fill(0xff);
    let damaged = write(folder.path(), "damaged.pcap", &bytes);
    let (own, code) = facts(&damaged);
    assert_eq!(
        (&own["packets"], &own["complete"], &own["truncated"], code),
        (&1.into(), &false.into(), &false.into(), 2)
    );
    // A compressed file that ends early is truncated, too.
    let bytes = std::fs::read(fixture("file/gzip.pcap.gz")).expect("a capture");
    let (own, code) = facts(&write(folder.path(), "a.pcap.gz", &bytes[..bytes.len() / 2]));
    assert_eq!((&own["truncated"], code), (&true.into(), 2));
}

#[test]
fn a_file_that_is_no_capture_leaves_the_facts_of_the_others() {
    let folder = folder();
    let text = write(folder.path(), "notes.txt", b"not a capture");
    let good = fixture("http/post-login.pcap");
    for input in [&text, "missing.pcap"] {
        let (out, error, code) = run(&["info", "-T", "json", input, &good]);
        let list: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((list.as_array().map(Vec::len), code), (Some(1), 2));
        assert!(error.starts_with(&format!("overhear: {input}: ")), "{error}");
    }
    let (out, _, code) = run(&["info", "-T", "json", &text]);
    assert_eq!((serde_json::from_str::<Value>(&out).expect("JSON"), code), (serde_json::json!([]), 2));
}

/// A block of pcapng: its type, its length, its content, and its length again.
fn block(kind: u32, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u32 + 12;
    [&kind.to_le_bytes(), &length.to_le_bytes(), content, &length.to_le_bytes()].concat()
}

#[test]
fn times_at_the_limits_are_marked_as_such() {
    // draft-ietf-opsawg-pcapng: times of the interface are seconds (if_tsresol 0).
    let header = [0x1a2b_3c4d_u32, 1, u32::MAX, u32::MAX].map(u32::to_le_bytes).concat();
    let interface = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &[9, 0, 1, 0, 0, 0, 0, 0], &[0; 4]].concat();
    let packet = |seconds: u64| {
        let words = [0, (seconds >> 32) as u32, seconds as u32, 0, 0];
        block(6, &words.map(u32::to_le_bytes).concat())
    };
    let file = [block(0x0a0d_0d0a, &header), block(1, &interface), packet(5), packet(1 << 60)].concat();
    let folder = folder();
    let path = write(folder.path(), "a.pcapng", &file);
    let (text, error, code) = run(&["info", &path]);
    assert_eq!((&*error, code), ("", 0));
    for line in [
        "Duration:             9223372031.854775807 s or more\n",
        "Earliest packet:      1970-01-01T00:00:05.000000000Z\n",
        "Latest packet:        2262-04-11T23:47:16.854775807Z or later\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(facts(&path).0["times_beyond_range"], true);
    assert_eq!(facts(&fixture("http/post-login.pcap")).0["times_beyond_range"], false);
}

#[test]
fn facts_of_a_pipe_are_those_of_the_file() {
    let file = fixture("file/dumpcap.pcapng");
    let (text, _, code) = run_on(&std::fs::read(&file).expect("a capture"), &["info", "-T", "ndjson", "-"]);
    let mut own: Value = serde_json::from_str(&text).expect("an object");
    assert_eq!((&own["file"], code), (&"standard input".into(), 0));
    own["file"] = file.as_str().into();
    assert_eq!(own, facts(&file).0);
}

#[test]
fn the_output_is_never_an_input_and_texts_of_the_file_control_no_terminal() {
    let folder = folder();
    let bytes = std::fs::read(fixture("file/dumpcap.pcapng")).expect("a capture");
    let at = bytes.windows(7).position(|part| part == b"client0").expect("the name of the interface");
    let mut hostile = bytes.clone();
    hostile[at..at + 7].copy_from_slice(b"\x1b[2J\r\n\x07");
    let path = write(folder.path(), "a.pcapng", &hostile);
    for format in ["text", "json"] {
        let (text, _, _) = run(&["info", "-T", format, &path]);
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text}");
    }
    let (_, error, code) = run(&["info", &path, "-o", &path]);
    assert!(error.contains("the file is also an input"), "{error}");
    assert_eq!((code, std::fs::read(&path).expect("a capture")), (2, hostile));
}

#[test]
fn a_reader_that_closes_the_pipe_ends_the_program() {
    let files: Vec<String> = std::iter::repeat_n(fixture("http/post-login.pcap"), 400).collect();
    let arguments: Vec<&str> = ["info"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let mut child = program(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let (_, error, code) = outcome(&child.wait_with_output().expect("it ends"));
    assert_eq!((&*error, code), ("", 0));
    assert!(Path::new(&files[0]).exists());
}
