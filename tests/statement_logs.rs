//! Captures of databases compared with the logs of their servers: every logged statement is a call, with its text.

use crate::common;
use overhear::analysis::{DecodeOptions, Event, Task};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Returns method and target of each call of a capture.
fn calls(path: &Path) -> Vec<(String, String)> {
    let file = std::fs::read(path).expect("a fixture");
    let decode = DecodeOptions { shows_passwords: true, ..common::decode_options(&file) };
    let events = common::events(file, Task { exchanges: true, decode, ..Task::default() });
    let calls = events.into_iter().filter_map(|event| match event {
        Event::Call(call) => Some((call.exchange.method.to_string(), call.exchange.target.to_string())),
        _ => None,
    });
    calls.collect()
}

/// Returns the logs of a folder with the captures that have their conversations: the recorded one, and those made from it
/// that lack no byte.
fn logs(folder: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).expect("a folder").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "log") {
            continue;
        }
        let log = std::fs::read_to_string(&path).expect("a text");
        for suffix in ["", "-repeated", "-reordered"] {
            let name = format!("{}{suffix}", path.file_stem().expect("a name").to_string_lossy());
            let captures = [".pcap", ".pcapng"].map(|ending| path.with_file_name(name.clone() + ending));
            found.extend(captures.into_iter().filter(|capture| capture.exists()).map(|capture| (log.clone(), capture)));
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Splits words in double quotes or without quotes; escapes are removed.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.find(|char| *char != ' ') {
        let mut word = String::new();
        let is_quoted = first == '"';
        if !is_quoted {
            word.push(first);
        }
        while let Some(char) = chars.next() {
            match char {
                '"' if is_quoted => break,
                ' ' if !is_quoted => break,
                '\\' if is_quoted => word.extend(['\\', chars.next().expect("an escaped character")]),
                _ => word.push(char),
            }
        }
        words.push(word);
    }
    words
}

/// Replaces the escapes of bytes beyond ASCII by their characters.
fn unescaped(word: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).expect("two digits"));
        rest = &rest[at + 4..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a call has the words that the server logged. Passwords are replaced in both, and long texts are truncated.
fn is_same(logged: &[String], (method, target): &(String, String)) -> bool {
    let found: Vec<String> = words(method).into_iter().chain(words(target)).collect();
    let is_cut = target.ends_with("...");
    let pairs = logged.iter().zip(&found).enumerate();
    (is_cut || logged.len() == found.len())
        && pairs.clone().all(|(nth, (logged, found))| {
            let is_name = nth < 2 && logged.eq_ignore_ascii_case(found);
            let (logged, found) = (unescaped(logged), unescaped(found.trim_end_matches("...")));
            is_name || logged == found || logged == "(redacted)" || is_cut && logged.starts_with(&found)
        })
}

#[test]
fn every_command_that_redis_executed_is_a_call() {
    for (log, capture) in logs("resp") {
        let mut calls = calls(&capture);
        for line in log.lines() {
            let logged = words(line.split_once("] ").expect("a client and a command").1);
            let at = calls.iter().position(|call| is_same(&logged, call));
            let at = at.unwrap_or_else(|| panic!("{}: {logged:?} in {calls:#?}", capture.display()));
            calls.remove(at);
        }
    }
}

#[test]
fn every_statement_that_postgresql_logged_is_a_call() {
    for (log, capture) in logs("pgsql") {
        let mut calls = calls(&capture);
        for line in log.lines() {
            // Further lines of a statement begin with a tab: the fixtures have none.
            let (_, logged) = line.split_once("LOG:  ").expect("a line of a statement");
            let statement = match logged.strip_prefix("statement: ") {
                Some(statement) => statement,
                None => logged.strip_prefix("execute ").and_then(|rest| rest.split_once(": ")).expect("a statement").1,
            };
            let at = calls.iter().position(|(method, target)| target == statement && method != "PARSE");
            let at = at.unwrap_or_else(|| panic!("{}: {statement:?} in {calls:#?}", capture.display()));
            calls.remove(at);
        }
    }
}

#[test]
fn every_statement_that_mariadb_logged_is_a_call() {
    for (log, capture) in logs("mysql") {
        let mut calls = calls(&capture);
        for line in log.lines() {
            let (kind, logged) = line.split_once('\t').unwrap_or((line, ""));
            // A second line of the login before it.
            if logged.starts_with("Access denied") {
                continue;
            }
            let is_same = |(method, target): &(String, String)| match kind {
                "Query" => target == logged && !method.starts_with("STMT_"),
                "Prepare" => target == logged && method == "STMT_PREPARE",
                // The log has the values of the parameters.
                "Execute" => has_parts(logged, target) && !method.starts_with("STMT_"),
                "Connect" => method == "LOGIN",
                "Init DB" => target == logged && method == "INIT_DB",
                _ => method
                    .replace('_', " ")
                    .to_lowercase()
                    .contains(&kind.split(' ').next().unwrap_or(kind).to_lowercase()),
            };
            let at = calls.iter().position(is_same);
            let at = at.unwrap_or_else(|| panic!("{}: {line:?} in {calls:#?}", capture.display()));
            calls.remove(at);
        }
    }
}

/// Whether a text has the parts of another one between its parameters, in order.
fn has_parts(text: &str, statement: &str) -> bool {
    let mut rest = text;
    statement.split('?').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn no_other_conversation_is_taken_for_one_of_a_database() {
    let databases = ["resp", "pgsql", "mysql"];
    for (name, file) in common::captures() {
        let has_database =
            ["/resp/", "/pgsql/", "/mysql/", "/journey/hosts", "/journey/shop", "redis", "postgre", "pgsql", "mysql"];
        if has_database.iter().any(|part| name.to_lowercase().contains(part)) {
            continue;
        }
        let Ok(mut capture) = overhear::source::Capture::from_reader("test", std::io::Cursor::new(file)) else {
            continue;
        };
        let mut analyzer = overhear::analysis::Analyzer::new(Task { exchanges: true, ..Task::default() });
        let is_database =
            |event: &Event| matches!(event, Event::Call(call) if databases.contains(&call.exchange.protocol));
        while let Ok(Some(frame)) = capture.next() {
            analyzer.dissect(&frame);
            assert!(!analyzer.events().any(|event| is_database(&event)), "{name}");
        }
        analyzer.finish();
        assert!(!analyzer.events().any(|event| is_database(&event)), "{name}");
    }
}
