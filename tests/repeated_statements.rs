//! Repeated statements ("N+1"): recognized within calls and in bursts, and nowhere else.

use crate::common;
use dissectors::session::FirstPass;
use overhear::analysis::{Analyzer, Event, RepeatedStatements, Task};
use overhear::source::Capture;
use std::path::Path;
use std::process::Command;

/// Captures with repeated statements, by what ends their names.
const REPEATED: [&str; 2] = ["pgsql/n-plus-one.pcap", "mysql/loop.pcap"];

/// Returns what the program prints, in the project's folder.
fn print(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_overhear")).args(arguments).current_dir(root).output();
    String::from_utf8(output.expect("the program runs").stdout).expect("it prints UTF-8")
}

/// Adds the calls of the readable part of a capture.
fn statements(file: &[u8]) -> RepeatedStatements {
    let mut statements = RepeatedStatements::default();
    let decode = common::decode_options(file);
    let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())) else { return statements };
    let mut analyzer = Analyzer::new(Task { exchanges: true, decode, ..Task::default() });
    let mut add = |event| {
        if let Event::Call(call) = event {
            statements.add(&call);
        }
    };
    while let Ok(Some(frame)) = capture.next() {
        analyzer.dissect(&frame);
        analyzer.events().for_each(&mut add);
    }
    analyzer.finish();
    analyzer.events().for_each(&mut add);
    statements
}

#[test]
fn a_statement_that_is_repeated_within_a_call_is_noted_once() {
    let file = "fixtures/pgsql/n-plus-one.pcap";
    let fields = ["-T", "fields", "-e", "pgsql.executed", "-e", "_ws.expert.message"];
    let notes = print(&[&["print", file, "n_plus_one"][..], &fields].concat());
    assert_eq!(notes.lines().count(), 1, "{notes}");
    assert!(notes.contains("SELECT name FROM items WHERE id = $1"), "{notes}");
    assert!(notes.contains("N+1 statements: 12 alike within the call of frame "), "{notes}");
    // The tenth of the statements has the note.
    let before = print(&[
        "print",
        file,
        r#"pgsql.executed == "SELECT name FROM items WHERE id = $1""#,
        "-T",
        "fields",
        "-e",
        "frame.number",
    ]);
    let noted = print(&["print", file, "pgsql.n_plus_one", "-T", "fields", "-e", "frame.number"]);
    assert_eq!(before.lines().nth(9), noted.lines().next(), "{before}");
    // The same page with a join has none.
    let pages = print(&["calls", file, "http", "-T", "csv"]);
    assert_eq!(pages.lines().filter(|line| line.contains("/orders")).count(), 2, "{pages}");
}

#[test]
fn the_journey_of_the_call_has_the_verdict_with_the_frames_of_the_statements() {
    let file = "fixtures/pgsql/n-plus-one.pcap";
    let slow = print(&["journey", file, "-Y", r#"http.request.uri == "/orders""#, "-T", "json"]);
    let journey: serde_json::Value = serde_json::from_str(&slow).expect("it is JSON");
    let verdicts = journey["verdicts"].as_array().expect("a list");
    let verdict = verdicts.iter().find(|verdict| verdict["verdict"] == "n-plus-one").expect("the verdict");
    assert!(verdict["text"].as_str().is_some_and(|text| text.contains("12 times")), "{verdict}");
    assert_eq!(verdict["frames"].as_array().map(Vec::len), Some(12), "{verdict}");
    let joined = print(&["journey", file, "-Y", r#"http.request.uri == "/orders-joined""#, "-T", "json"]);
    assert!(!joined.contains("n-plus-one"), "{joined}");
}

#[test]
fn a_burst_on_one_connection_is_noted_where_no_call_of_its_client_was_captured() {
    let notes = print(&["print", "fixtures/mysql/loop.pcap", "n_plus_one", "-T", "fields", "-e", "_ws.expert.message"]);
    assert_eq!(notes.lines().count(), 1, "{notes}");
    assert!(notes.contains("N+1 statements: 12 alike in a burst of this connection"), "{notes}");
}

#[test]
fn no_other_capture_has_repeated_statements() {
    let mut found = Vec::new();
    for (name, file) in common::captures() {
        let mut first_pass = FirstPass::default();
        statements(&file).finish(std::slice::from_mut(&mut first_pass));
        if !first_pass.is_empty() {
            found.push(name);
        }
    }
    let is_expected = |name: &&String| REPEATED.iter().any(|repeated| name.ends_with(repeated));
    assert_eq!(found.iter().filter(is_expected).count(), REPEATED.len(), "{found:?}");
    let others: Vec<_> = found.iter().filter(|name| !is_expected(name)).collect();
    assert!(others.is_empty(), "{others:?}");
}
