//! `print -Y` on a seekable capture: a first pass selects the frames, a second one prints them and skips connections
//! without matches. The output is that of a single pass, and that of an unfiltered run for the same frames.

use crate::common;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const EXPRESSIONS: &[&str] = &[
    "http.response",
    "tcp.stream == 1",
    "http.request.uri contains \"a\" || icmp",
    "tcp.analysis.flags",
    "frame.number in {3, 7..9}",
    "udp or ip.ttl < 64 or ipv6",
    "tcp.len > 1000",
];

fn fixtures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in fs::read_dir("fixtures").expect("fixtures").flatten().filter(|folder| folder.path().is_dir()) {
        let files = fs::read_dir(folder.path()).expect("a folder").flatten().map(|file| file.path());
        found
            .extend(files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".pcap"))));
    }
    found.sort();
    assert!(found.len() > 60, "{} fixtures", found.len());
    found
}

fn print(arguments: &[&str], input: Stdio) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overhear"));
    let output = command.arg("print").args(arguments).stdin(input).output().expect("the program runs");
    String::from_utf8(output.stdout).expect("it is text")
}

/// The secrets of this capture are after its frames: a pipe does not have them in time.
const SECRETS_LAST: &str = "fixtures/tls/secrets-last.pcapng";

#[test]
fn a_file_and_a_pipe_give_the_same_output() {
    let (mut rows, mut printed) = (0, 0);
    for path in fixtures().into_iter().filter(|path| !path.ends_with(SECRETS_LAST)) {
        let file = path.to_str().expect("a plain name");
        for expression in EXPRESSIONS.iter().filter(|expression| common::is_selected(file, expression, 5)) {
            let chosen = print(&[file, "-Y", expression], Stdio::null());
            let streamed = print(&["-", "-Y", expression], File::open(&path).expect("a fixture").into());
            assert_eq!(chosen, streamed, "{file} {expression}");
            rows += 1;
            printed += chosen.lines().count();
        }
    }
    assert!(rows > 300 && printed > 500, "{rows} pairs with {printed} rows");
}

#[test]
fn a_matching_frame_is_printed_completely() {
    let mut printed = 0;
    for path in fixtures() {
        let file = path.to_str().expect("a plain name");
        let expressions = EXPRESSIONS.iter().filter(|expression| common::is_selected(file, expression, 10));
        let expressions: Vec<_> = expressions.collect();
        if expressions.is_empty() {
            continue;
        }
        let all = print(&[file, "-T", "ndjson"], Stdio::null());
        for expression in expressions {
            let numbers = print(&[file, "-T", "fields", "-e", "frame.number", "-Y", expression], Stdio::null());
            let chosen = print(&[file, "-T", "ndjson", "-Y", expression], Stdio::null());
            let wanted = numbers.lines().map(|number| number.parse::<usize>().expect("a number"));
            let expected: Vec<String> = wanted.filter_map(|number| all.lines().nth(number - 1)).map(frame).collect();
            assert_eq!(chosen.lines().map(frame).collect::<Vec<_>>(), expected, "{file} {expression}");
            printed += expected.len();
        }
    }
    assert!(printed > 200, "{printed} frames");
}

/// Returns a frame without the one field that depends on the frames shown before.
fn frame(line: &str) -> String {
    let mut frame: serde_json::Value = serde_json::from_str(line).expect("an object");
    remove(&mut frame, "frame.time_delta_displayed");
    frame.to_string()
}

fn remove(value: &mut serde_json::Value, name: &str) {
    match value {
        serde_json::Value::Object(members) => {
            members.remove(name);
            members.values_mut().for_each(|member| remove(member, name));
        }
        serde_json::Value::Array(parts) => parts.iter_mut().for_each(|part| remove(part, name)),
        _ => {}
    }
}
