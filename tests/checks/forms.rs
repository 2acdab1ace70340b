//! Results in each output format, parsed by independent readers.

use super::running::{check, folder, root};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A name in which every format has something to escape.
const NAME: &str = r##"100%, <b> & "q" 'a' # é: ]]> ::"##;

/// Captures and checks with every outcome: holds, fails, a snapshot that differs, truncated, unreadable.
fn outcomes() -> TempDir {
    let captures = ["http/post-login.pcap", "file/cut-short.pcap"];
    let checks = format!(
        "captures = ['*.pcap', 'absent.pcap']\n[checks]\n'answered' = {{ answered = true }}\n\
         {} = {{ none = 'status == 401' }}\n\
         [in.'post-login.pcap']\n'codes' = {{ snapshot = 'codes.txt', fields = 'http.response.code' }}\n",
        json!(NAME)
    );
    let folder = folder(&captures, &checks);
    let codes =
        "http.response.code: 200\n\nhttp.response.code: 200\n\nhttp.response.code: 200\n\nhttp.response.code: 200\n";
    fs::write(folder.path().join("codes.txt"), codes).expect("a snapshot");
    folder
}

/// The results that every format must contain: capture, check, outcome.
const FINDINGS: [(&str, &str, &str); 7] = [
    ("absent.pcap", "capture is readable", "unread"),
    ("cut-short.pcap", "capture is complete", "fails"),
    ("cut-short.pcap", "answered", "holds"),
    ("cut-short.pcap", NAME, "holds"),
    ("post-login.pcap", "answered", "holds"),
    ("post-login.pcap", NAME, "fails"),
    ("post-login.pcap", "codes", "fails"),
];

fn results(form: &str) -> String {
    let run = check(outcomes().path(), &["checks.toml", "-T", form]);
    assert_eq!((run.code, run.err.as_str()), (Some(3), ""), "{}", run.out);
    run.out
}

#[test]
fn results_as_text_are_lines_for_people() {
    let expected = format!(
        "\
ERROR absent.pcap: capture is readable
        found   no such file
FAIL  cut-short.pcap: capture is complete
        found   at byte 1477: truncated record: expected 82 bytes, found 52
        frames  9
        show    overhear print cut-short.pcap 'frame.number == 9'
ok    cut-short.pcap: answered (1 request)
ok    cut-short.pcap: {NAME} (no call)
ok    post-login.pcap: answered (4 requests)
FAIL  post-login.pcap: {NAME}
        rule    none status == 401
        found   1 call
        frames  8, 9
        show    overhear print post-login.pcap 'frame.number in {{8, 9}}'
FAIL  post-login.pcap: codes
        rule    snapshot codes.txt
        found   differs from the snapshot at line 3; --bless accepts the change
                - http.response.code: 200
                + http.response.code: 401
        frames  9
        show    overhear print post-login.pcap 'frame.number == 9'
3 captures, 6 checks: 3 hold, 3 fail; 1 capture cannot be read
"
    );
    let out = results("text");
    // The number of context lines around a difference does not matter here.
    let around = |line: &&str| !line.trim().is_empty() && !line.starts_with("                  ");
    assert_eq!(out.lines().filter(around).collect::<Vec<_>>().join("\n") + "\n", expected);
}

#[test]
fn results_as_json_match_the_schema() {
    let results: Value = serde_json::from_str(&results("json")).expect("JSON");
    let schema = fs::read_to_string(root().join("docs/check-results.schema.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<_> = validator.iter_errors(&results).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // The schema rejects invalid results.
    for (key, value) in [("checks", json!(-1)), ("findings", json!([{}])), ("else", json!(1))] {
        let mut other = results.clone();
        other[key] = value;
        assert!(!validator.is_valid(&other), "{key}");
    }
    assert_eq!([&results["checks"], &results["failed"], &results["unread"]], [&json!(6), &json!(3), &json!(1)]);
    let findings = results["findings"].as_array().expect("findings");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let read: Vec<_> = findings.iter().map(|each| ["capture", "check", "outcome"].map(|key| text(each, key))).collect();
    assert_eq!(read, FINDINGS.map(|(capture, name, outcome)| [capture, name, outcome].map(str::to_owned)));
    assert_eq!(findings[5]["frames"], json!([8, 9]));
    assert_eq!([&findings[5]["file"], &findings[5]["line"]], [&json!("checks.toml"), &json!(4)]);
    assert_eq!([&findings[1]["file"], &findings[1]["line"]], [&Value::Null, &Value::Null]);
    assert_eq!(findings[4]["show"], json!(""));
}

/// Content that Jenkins' schema of JUnit results (junit-10.xsd) permits: attributes, required attributes,
/// and child elements.
type Allowed = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn allowed(element: &str) -> Allowed {
    match element {
        "testsuites" => (&["name", "time", "tests", "failures", "disabled", "errors"], &[], &["testsuite"]),
        "testsuite" => (
            &[
                "name",
                "tests",
                "failures",
                "errors",
                "time",
                "disabled",
                "skipped",
                "timestamp",
                "hostname",
                "id",
                "package",
            ],
            &["name", "tests"],
            &["properties", "testcase", "system-out", "system-err"],
        ),
        "testcase" => (
            &["name", "assertions", "time", "classname", "status"],
            &["name"],
            &["skipped", "error", "failure", "system-out", "system-err"],
        ),
        _ => (&["type", "message"], &[], &[]),
    }
}

fn assert_allowed(node: Node<'_, '_>) {
    let (may, must, within) = allowed(node.tag_name().name());
    assert!(node.attributes().all(|attribute| may.contains(&attribute.name())), "{node:?}");
    assert!(must.iter().all(|name| node.has_attribute(*name)), "{node:?}");
    for child in node.children().filter(Node::is_element) {
        assert!(within.contains(&child.tag_name().name()), "{child:?} in {node:?}");
        assert_allowed(child);
    }
}

#[test]
fn results_as_junit_are_parsed() {
    let out = results("junit");
    let document = Document::parse(&out).expect("XML");
    let suites = document.root_element();
    assert_eq!(suites.tag_name().name(), "testsuites");
    assert_allowed(suites);
    let numbers =
        |node: Node<'_, '_>| ["tests", "failures", "errors"].map(|name| node.attribute(name).unwrap_or("-").to_owned());
    assert_eq!(numbers(suites), ["7", "3", "1"]);
    let elements =
        |node: Node<'_, '_>| -> Vec<_> { node.children().filter(Node::is_element).map(|node| node.id()).collect() };
    let node = |id| document.get_node(id).expect("a node");
    let per: Vec<_> = elements(suites)
        .into_iter()
        .map(|id| (node(id).attribute("name").unwrap_or_default(), numbers(node(id))))
        .collect();
    let numbers = |numbers: [&str; 3]| numbers.map(str::to_owned);
    let expected = [
        ("absent.pcap", numbers(["1", "0", "1"])),
        ("cut-short.pcap", numbers(["3", "1", "0"])),
        ("post-login.pcap", numbers(["3", "2", "0"])),
    ];
    assert_eq!(per, expected);
    let cases = suites.descendants().filter(|node| node.has_tag_name("testcase"));
    let read = cases.map(|case| {
        let outcome = match case.first_element_child().map(|child| child.tag_name().name()) {
            None => "holds",
            Some("failure") => "fails",
            Some("error") => "unread",
            Some(other) => other,
        };
        (case.attribute("classname").unwrap_or_default(), case.attribute("name").unwrap_or_default(), outcome)
    });
    assert_eq!(read.collect::<Vec<_>>(), FINDINGS);
    let failure = suites.descendants().filter(|node| node.has_tag_name("failure")).nth(1).expect("a failure");
    assert_eq!([failure.attribute("type"), failure.attribute("message")], [Some("none status == 401"), Some("1 call")]);
    let text = failure.text().expect("a text");
    assert!(text.contains("\nframes  8, 9\nshow    overhear print post-login.pcap 'frame.number in {8, 9}'"), "{text}");
}

/// TAP::Parser reads standard input, and prints each result: its number, ok or not, its description.
const TAP: &str = r#"
my $tap = TAP::Parser->new({ source => \*STDIN });
while (my $result = $tap->next) {
    print join("|", $result->number, $result->is_ok ? "ok" : "not ok", $result->description), "\n" if $result->is_test;
    print "unknown ", $result->raw, "\n" if $result->is_unknown;
}
printf "%s planned, %s failed, errors: %s, version %s\n", $tap->tests_planned, scalar($tap->failed), join(",", $tap->parse_errors), $tap->version;
"#;

#[test]
fn results_as_tap_are_parsed_by_perl() {
    let mut perl = Command::new("perl");
    perl.args(["-MTAP::Parser", "-e", TAP]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = perl.spawn() else {
        eprintln!("SKIPPED: results_as_tap_are_parsed_by_perl: perl is absent");
        return;
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, results("tap").as_bytes()).expect("a reader");
    drop(stdin);
    let output = child.wait_with_output().expect("perl");
    let mut expected: Vec<String> = (1..)
        .zip(FINDINGS)
        .map(|(nth, (capture, name, outcome))| {
            let ok = if outcome == "holds" { "ok" } else { "not ok" };
            format!("{nth}|{ok}|- {capture}: {}", name.replace('#', r"\#"))
        })
        .collect();
    expected.push("7 planned, 4 failed, errors: , version 13\n".into());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected.join("\n"));
}

#[test]
fn diagnostics_in_tap_are_yaml() {
    let out = results("tap");
    let (_, rest) = out.split_once("\nnot ok 6 - ").expect("the check fails");
    let block: Vec<_> = rest.lines().skip(1).take(6).collect();
    let command = json!("overhear print post-login.pcap 'frame.number in {8, 9}'");
    let show = format!("  show: {command}");
    assert_eq!(
        block,
        ["  ---", "  rule: \"none status == 401\"", "  found: \"1 call\"", "  frames: \"8, 9\"", &show, "  ..."]
    );
}

/// Parses a line as a GitHub Actions runner does (actions/toolkit, `command.ts`): properties, and the message.
fn annotation(line: &str) -> Option<(Vec<(String, String)>, String)> {
    let unescaped = |text: &str| {
        text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    };
    let (properties, message) = line.strip_prefix("::error ")?.split_once("::")?;
    let read = |property: &str| property.split_once('=').map(|(name, value)| (name.to_owned(), unescaped(value)));
    let message = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    Some((properties.split(',').map(read).collect::<Option<_>>()?, message))
}

#[test]
fn for_github_each_failure_is_an_annotation_at_its_line() {
    let out = results("github");
    let read: Vec<_> = out.lines().map(|line| annotation(line).expect("an annotation")).collect();
    assert_eq!(read.len(), 4, "{out}");
    let (properties, message) = &read[2];
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let expected = [
        pair("file", "checks.toml".into()),
        pair("line", "4".into()),
        pair("title", format!("post-login.pcap: {NAME}")),
    ];
    assert_eq!(properties[..], expected);
    assert_eq!(
        message,
        "rule    none status == 401\nfound   1 call\nframes  8, 9\nshow    overhear print post-login.pcap 'frame.number in {8, 9}'"
    );
    // An error of the capture itself has no line.
    assert_eq!(read[0].0, [pair("title", "absent.pcap: capture is readable".into())]);
}
