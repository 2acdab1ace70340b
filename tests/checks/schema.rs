//! The published schema of check files, compared with the program by an independent validator.

use super::running::{Run, check, folder, root};
use serde_json::Value;
use std::fs;

fn schema() -> jsonschema::Validator {
    let schema = fs::read_to_string(root().join("docs/checks.schema.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).expect("a schema")
}

/// Rules that the program and the schema accept, at least one of each kind.
#[rustfmt::skip]
const RIGHT: &[&str] = &[
    "none = 'http'", "none = 'http', per = 'stream'", "some = 'http', per = 'call'", "some = 'udp', per = 'frame'",
    "max = 'http.time < 5 ms'", "each = 'http.request', followed_by = 'http.response', within = '5 ms'",
    "count = 'http.request == 3'", "count = 'http.request>=3 '", "count = 'tcp ge 1_000', per = 'frame'",
    "count = 'status == 200', exactly = 3", "count = 'http', at_least = 0", "count = 'http', at_most = 3, per = 'call'",
    "each = 'http.request', satisfies = 'status'", "each = 'tcp', satisfies = 'http', per = 'stream'",
    "each = 'http.request', followed_by = 'http.response'", "each = 'http.request', followed_by = 'http.response', within = '1.5ms'",
    "order = ['tcp', 'http']", "order = ['tcp', 'http', 'tcp'], per = 'capture'", "order = ['tcp', 'http'], per = 'stream'",
    "sum = 'tcp.len < 1MiB'", "min = 'tcp.len >= 0', where = 'http'", "max = 'frame.len < 1514', per = 'frame'",
    "median = 'http.time < 5ms', per = 'call'", "p95 = 'http.time < 0.25'", "p99 = 'len(uri) lt 100'",
    "answered = true", "answered = true, where = 'method == GET'", "orderly = true", "orderly = true, where = 'http'",
    "no_notes_above = 'chat'", "no_notes_above = 'warning', where = 'http'",
    "snapshot = 'x.txt', fields = 'http.*'", "snapshot = 'x/{capture}', fields = ['http.*'], without = 'http.date', where = 'http'",
    "snapshot = '..x/y../...', fields = 'http.*'",
    // Any file may be the base; whether it is a capture is not known yet.
    "no_slower_than = 'checks.toml'", "no_slower_than = 'checks.toml', limit = 50, min_difference = 5, any_host = true, where = 'http'",
    "same_as = 'checks.toml'", "same_as = 'checks.toml', ignore = 'size'", "same_as = 'checks.toml', ignore = ['size', 'count']",
];

/// Rules that both reject.
#[rustfmt::skip]
const WRONG: &[&str] = &[
    "", "none = ''", "none = ['http', 'tcp']", "none = 3", "none = 'http', some = 'tcp'", "none = 'http', exactly = 3", "nome = 'http'",
    "some = 'http', per = 'packet'", "some = 'http', where = 'tcp'",
    "count = 'http.request'", "count = 'http', exactly = -1", "count = 'http', exactly = 1, at_least = 1", "count = 'http', exactly = 1.5",
    "each = 'http'", "satisfies = 'http'", "each = 'http', satisfies = 'http', followed_by = 'tcp'", "each = 'http', satisfies = 'tcp', within = '5ms'",
    "each = 'http', followed_by = 'http', within = 'soon'", "each = 'http', followed_by = 'tcp', per = 'frame'",
    "order = ['http']", "order = 'http'", "order = ['http', 'tcp'], per = 'frame'",
    "sum = 'tcp.len'", "max = 'tcp.len < x'", "p95 = 'tcp.len < 3', per = 'stream'", "p95 = 'tcp.len < 3', p99 = 'tcp.len < 3'", "p90 = 'tcp.len < 3'",
    "answered = false", "answered = 'yes'", "orderly = 1", "no_notes_above = 'error'",
    "snapshot = 'x.txt'", "snapshot = '', fields = 'http.*'", "snapshot = 'x.txt', fields = []", "fields = 'http.*'",
    "no_slower_than = ''", "no_slower_than = 'a.pcap', any_host = false", "no_slower_than = 'a.pcap', ignore = 'size'",
    "same_as = 'a.pcap', ignore = 'all'", "same_as = 'a.pcap', limit = 50", "same_as = 'a.pcap', no_slower_than = 'a.pcap'",
    "snapshot = '/x', fields = 'http.*'", "snapshot = '../x', fields = 'http.*'", "snapshot = 'x/..', fields = 'http.*'",
];

/// Top levels of check files, with a rule in them.
#[rustfmt::skip]
const FILES: &[(&str, bool)] = &[
    ("captures = '*.pcap'\n[checks]\na = { answered = true }", true),
    ("captures = ['*.pcap']\nallow = 'empty'\n[checks.a]\nanswered = true", true),
    ("allow = ['missing', 'empty', 'truncated', 'unsupported']\n[in.'*.pcap']\na = { answered = true }", true),
    ("captures = 3\n[checks]\na = { answered = true }", false),
    ("captures = '*.pcap'\nallow = ['all']\n[checks]\na = { answered = true }", false),
    ("captures = '*.pcap'\nelse = 1\n[checks]\na = { answered = true }", false),
    ("captures = '*.pcap'\n[checks]", false),
    ("captures = '*.pcap'", false),
    ("captures = '*.pcap'\n[checks]\na = 'http'", false),
    ("[in]\n'*.pcap' = 'http'", false),
    ("captures = '*.pcap'\nin = 3\n[checks]\na = { answered = true }", false),
];

/// Whether the program accepts a check file; its captures are missing.
fn program_accepts(text: &str) -> bool {
    let folder = folder(&[], text);
    let run = check(folder.path(), &["checks.toml", "--allow", "missing"]);
    assert!(matches!(run, Run { code: Some(0 | 2), .. }), "{text}: {run:?}");
    run.code == Some(0)
}

#[test]
fn the_schema_and_the_program_accept_the_same_files() {
    let validator = schema();
    let rules = [RIGHT, WRONG].into_iter().zip([true, false]);
    let rules = rules.flat_map(|(rules, right)| rules.iter().map(move |rule| (*rule, right)));
    let mut files: Vec<_> =
        rules.map(|(rule, right)| (format!("captures = 'absent.pcap'\n[checks]\na = {{ {rule} }}\n"), right)).collect();
    files.extend(FILES.iter().map(|(text, right)| ((*text).to_owned(), *right)));
    for (text, right) in files {
        let instance: Value = toml::from_str(&text).expect("TOML");
        assert_eq!([validator.is_valid(&instance), program_accepts(&text)], [right; 2], "{text}");
    }
}

#[test]
fn the_schema_can_be_printed() {
    let run = check(root(), &["--schema"]);
    let schema = fs::read_to_string(root().join("docs/checks.schema.json")).expect("a schema");
    assert_eq!(run, Run { code: Some(0), out: schema, err: String::new() });
}
