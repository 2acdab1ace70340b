//! Display filters: tables of the frames that an expression matches, filled by tshark, and of error messages.
//!
//! `tests/filters/README.md` describes the tables and how tshark fills them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns stdout, stderr and the exit code of the program.
fn run(arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overhear"));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    let output = command.env("TZ", "UTC").env("NO_COLOR", "1").output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("it is not killed"))
}

/// Formats ascending numbers as the tables do: `1-3,7`, or `-` for none.
fn ranges(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 == number => *to = number,
            _ => runs.push((number, number)),
        }
    }
    let written = runs.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    if runs.is_empty() { "-".to_owned() } else { written.collect::<Vec<_>>().join(",") }
}

/// Returns the frames that `arguments` print, in the format of the tables, or the error output.
fn frames(arguments: &[&str]) -> String {
    let (text, error, code) = run(&[arguments, &["-T", "fields", "-e", "frame.number"]].concat());
    if code != 0 {
        return format!("exit {code}: {error}");
    }
    let numbers = text.lines().map(|line| line.parse().expect("the number of a frame"));
    ranges(&numbers.collect::<Vec<u32>>())
}

/// Returns the rows of a table: its columns, without heading and comments.
fn rows(text: &str, columns: usize) -> Vec<Vec<&str>> {
    let lines = text.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with("# "));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    for row in &rows {
        assert_eq!(row.len(), columns, "{row:?}");
    }
    rows
}

fn table(name: &str) -> String {
    fs::read_to_string(root().join("tests/filters").join(name)).expect("a table")
}

/// The tables of expressions, captures and frames.
const TABLES: [&str; 7] =
    ["logic.tsv", "text.tsv", "values.tsv", "parts.tsv", "captures.tsv", "aliases.tsv", "pasted.tsv"];

/// Checks each of `rows` on a few threads and fails with all differences.
fn each<T: Sync>(rows: &[T], look: impl Fn(&T) -> Result<(), String> + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = look(row) {
                        wrong.lock().expect("no check panics").push(why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no check panics");
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn equal(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}\n    expected {expected}\n    found    {found}")) }
}

#[test]
fn an_expression_matches_the_frames_that_tshark_matches() {
    let tables = TABLES.map(table);
    let all: Vec<Vec<&str>> = tables.iter().flat_map(|text| rows(text, 4)).collect();
    assert!(all.len() >= 900, "only {} rows were found", all.len());
    each(&all, |row| {
        let [expression, capture, expected, _] = row[..] else { return Err("4 columns".to_owned()) };
        let found = frames(&["print", &format!("fixtures/{capture}"), "-Y", expression]);
        equal(&format!("{expression}  on {capture}"), &found, expected)
    });
}

/// The expression of a row without the marks, and the columns of the caret line between them.
fn marked(expression: &str) -> (String, String) {
    let (before, rest) = expression.split_once('«').expect("the marks");
    let (inside, after) = rest.split_once('»').expect("the marks");
    let under = inside.chars().count().max(1);
    let caret = format!("{}^{}", " ".repeat(before.chars().count()), "~".repeat(under - 1));
    (format!("{before}{inside}{after}"), caret)
}

/// Returns message and caret line, if this is the report of an error in the filter.
fn report(error: &str, filter: &str) -> Option<(String, String)> {
    let lines: Vec<&str> = error.lines().collect();
    let at = lines.iter().position(|line| line.trim_start() == filter.trim_start() && line.ends_with(filter))?;
    let indent = lines[at].len() - filter.len();
    let caret = lines.get(at + 1)?.get(indent..)?;
    Some((lines[..at].join("\n"), caret.to_owned()))
}

#[test]
fn an_error_in_an_expression_has_a_message_and_a_caret() {
    let text = table("errors.tsv");
    let all = rows(&text, 2);
    assert!(all.len() >= 60, "only {} rows were found", all.len());
    each(&all, |row| {
        let (expression, caret) = marked(row[0]);
        let (printed, error, code) = run(&["print", "fixtures/http/post-login.pcap", "-Y", &expression]);
        equal(row[0], &format!("exit {code}: {printed}"), "exit 2: ")?;
        let (message, found) = report(&error, &expression).ok_or(format!("{}\n    found  {error}", row[0]))?;
        equal(row[0], &format!("{message} {found}"), &format!("overhear: {} {caret}", row[1]))
    });
}

#[test]
fn a_common_mistake_is_warned_about_once_and_the_frames_are_printed() {
    let text = table("warnings.tsv");
    each(&rows(&text, 2), |row| {
        let (expression, caret) = marked(row[0]);
        let (_, error, code) = run(&["print", "fixtures/http/post-login.pcap", "-Y", &expression]);
        let (message, found) = report(&error, &expression).ok_or(format!("{}\n    found  {error}", row[0]))?;
        equal(row[0], &format!("{code} {message} {found}"), &format!("0 overhear: {} {caret}", row[1]))
    });
}

#[test]
fn unsupported_protocols_are_reported_once_and_are_absent() {
    let file = "fixtures/http/post-login.pcap";
    let warning =
        |names| format!("overhear: warning: overhear does not read these protocols, so no frame has them: {names}\n");
    for (expression, names, rows) in [
        ("!(arp or icmp or sip)", "sip", [16, 5, 2]),
        ("sip or smb2 or tcp or sip", "sip, smb2", [16, 5, 2]),
        ("sip", "sip", [0, 1, 1]),
        ("sip and http", "sip", [0, 1, 1]),
    ] {
        for (command, rows) in ["print", "calls", "streams"].into_iter().zip(rows) {
            let (text, error, code) = run(&[command, file, expression]);
            assert_eq!((text.lines().count(), code), (rows, 0), "{command} {expression}");
            assert!(
                error.starts_with(&warning(names)) && error.lines().count() == 3,
                "{command} {expression}: {error}"
            );
        }
    }
    let (_, error, code) = run(&["print", file, "-e", "sip.nofield", "-e", "sip"]);
    let expected = "sip.nofield is a field of sip, a protocol that overhear does not read; \
                sip is a protocol that overhear does not read";
    assert!(code == 2 && error.contains(expected), "{error}");
}

#[test]
fn an_expression_without_a_common_mistake_has_no_warning() {
    let quiet = [
        "tcp.flags.syn == 1 && tcp.flags.ack == 0",
        "http.request.method != GET",
        "not ip.addr == 10.0.0.1",
        "tcp and not http",
        "ip.src != 10.0.0.1",
        "uri contains login",
        "method == POST or status >= 500",
        "http.request.uri contains login and status >= 500",
        "not method and status == 200",
        "method == POST xor status == 200",
        "method and http.content_type contains status",
        "(method or status) and (status or method)",
    ];
    for expression in quiet {
        let (_, error, code) = run(&["print", "fixtures/http/post-login.pcap", "-Y", expression]);
        assert_eq!((&*error, code), ("", 0), "{expression}");
    }
}

#[test]
fn a_filter_may_be_the_last_argument() {
    for expression in ["uri contains login", "http", "status >= 400", "tcp.stream eq 0 and frame.number < 4"] {
        let with = frames(&["print", "fixtures/http/post-login.pcap", "-Y", expression]);
        let plain = frames(&["print", "fixtures/http/post-login.pcap", expression]);
        assert_eq!(plain, with, "{expression}");
    }
}

#[test]
fn an_argument_that_is_neither_a_file_nor_a_filter_is_reported_as_both() {
    let (printed, error, code) = run(&["print", "fixtures/http/post-login.pcap", "htp.request"]);
    assert_eq!((&*printed, code), ("", 2));
    assert!(error.starts_with("overhear: htp.request: no such file, and not a valid filter: unknown field"), "{error}");
    assert!(error.ends_with("    htp.request\n    ^~~~~~~~~~~\n"), "{error}");
    // An argument that resembles a path is a missing file.
    let (_, error, code) = run(&["print", "fixtures/http/post-login.pcap", "fixtures/none.pcap"]);
    assert_eq!((&*error, code), ("overhear: fixtures/none.pcap: no such file\n", 2));
    // A filter alone is an error: there is no input.
    let (printed, _, code) = run(&["print", "http.request"]);
    assert_eq!((&*printed, code), ("", 2));
}

#[test]
fn the_number_of_passes_does_not_change_the_matches() {
    let first = frames(&["print", "fixtures/http/post-login.pcap", "-Y", "http.request", "-c", "8"]);
    assert_eq!(first, "4,8", "-c counts frames that are read, as in tshark");
    let twice = frames(&["print", "fixtures/http/post-login.pcap", "-Y", "http.response_in == 9"]);
    assert_eq!(twice, "8", "values from later frames are known");
    let both = ["print", "fixtures/http/post-login.pcap", "fixtures/http/pipelining.pcap", "-Y", "http.request"];
    assert_eq!(frames(&both), "4,8,10,12,20", "frames of several files are numbered through");
}

#[test]
fn a_call_or_stream_matches_if_one_of_its_frames_does() {
    let text = table("rows.tsv");
    each(&rows(&text, 4), |row| {
        let [command, expression, capture, expected] = row[..] else { return Err("4 columns".to_owned()) };
        let (column, nth) = if command == "calls" { ("uri", "URI") } else { ("stream", "STREAM") };
        let (printed, error, code) = run(&[command, &format!("fixtures/{capture}"), "-Y", expression, "-T", "ndjson"]);
        let of_line = |line: &str| {
            let row: serde_json::Value = serde_json::from_str(line).expect("an object a line");
            let value = row.get(column).unwrap_or(&serde_json::Value::Null);
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        let found: Vec<String> = printed.lines().map(of_line).collect();
        let found = if found.is_empty() { "-".to_owned() } else { found.join(" ") };
        equal(
            &format!("{nth} of {command} {capture} -Y {expression}"),
            &format!("{code} {found}{error}"),
            &format!("0 {expected}"),
        )
    });
}

/// The examples of the page: a command, and after `#` the frames or the number of rows.
fn examples(page: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("overhear ")) {
        let Some((command, expected)) = line.rsplit_once(" # ") else { continue };
        let mut words = Vec::new();
        for (nth, part) in command.split('\'').enumerate() {
            match nth % 2 {
                0 => words.extend(part.split_whitespace().skip(usize::from(nth == 0)).map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        found.push((words, expected.trim().to_owned()));
    }
    found
}

#[test]
fn the_examples_of_the_page_are_true() {
    let page: PathBuf = root().join("docs/filters.md");
    let all = examples(&fs::read_to_string(page).expect("the page"));
    assert!(all.len() >= 40, "only {} examples were found", all.len());
    each(&all, |(words, expected)| {
        let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        let found = match expected.strip_suffix(" rows").or_else(|| expected.strip_suffix(" row")) {
            Some(_) => {
                let (text, ..) = run(&[&arguments[..], &["-T", "ndjson"]].concat());
                let rows = text.lines().count();
                format!("{rows} row{}", if rows == 1 { "" } else { "s" })
            }
            None => frames(&arguments),
        };
        equal(&words.join(" "), &found, expected)
    });
}
