//! Errors of a check file or a command line are reported before any capture is read: file, line, column and a caret.

use super::running::{check, folder};

/// The text of a check file, and the error message.
#[rustfmt::skip]
const FILES: &[(&str, &str)] = &[
    ("[checks]\na = { none = 'tcp.analysis.retransmision' }\n",
     "checks.toml:2:15: unknown field tcp.analysis.retransmision (nearest: tcp.analysis.retransmission, tcp.analysis.fast_retransmission, tcp.analysis.spurious_retransmission, tcp.analysis.zero_window)\n    a = { none = 'tcp.analysis.retransmision' }\n                  ^~~~~~~~~~~~~~~~~~~~~~~~~~"),
    ("[checks]\n\"ä\" = { each = \"http\", satisfies = \"uri contains \\\"x\\\" and tcp.len == abc\" }\n",
     "checks.toml:2:71: tcp.len: expected a number, found abc\n    \"ä\" = { each = \"http\", satisfies = \"uri contains \\\"x\\\" and tcp.len == abc\" }\n                                                                          ^~~"),
    ("[checks]\na = { none = '''\nhttp and\nno.field''' }\n",
     "checks.toml:4:1: unknown field no.field (nearest: ip.dsfield)\n    no.field''' }\n    ^~~~~~~~"),
    ("[checks]\na = { none = 'sip' }\n",
     "checks.toml:2:15: overhear does not read these protocols, so no frame has them: sip\n    a = { none = 'sip' }\n                  ^~~"),
    ("[checks]\na = { count = 'sip.nofield == 3' }\n",
     "checks.toml:2:16: sip.nofield is a field of sip, a protocol that overhear does not read\n    a = { count = 'sip.nofield == 3' }\n                   ^~~~~~~~~~~"),
    ("[checks]\na = { snapshot = 'x', fields = ['sip.nofield'] }\n",
     "checks.toml:2:33: sip.nofield is a field of sip, a protocol that overhear does not read\n    a = { snapshot = 'x', fields = ['sip.nofield'] }\n                                    ^~~~~~~~~~~~~"),
    ("[checks]\na = { count = 'http.request = 3' }\n",
     "checks.toml:2:29: unexpected =: use == to compare\n    a = { count = 'http.request = 3' }\n                                ^"),
    ("[checks]\na = { count = 'http.request' }\n",
     "checks.toml:2:15: missing bound: \"http.request == 3\", or exactly 3\n    a = { count = 'http.request' }\n                  ^~~~~~~~~~~~~~"),
    ("[checks]\na = { count = 'status == 200' }\n",
     "checks.toml:2:15: ambiguous: status == 200 is a complete filter; \"status == 200 == 3\" counts its matches, \"(status) == 200\" counts the matches of status\n    a = { count = 'status == 200' }\n                  ^~~~~~~~~~~~~~~"),
    ("[checks]\na = { p95 = 'http.time < 50parsecs' }\n",
     "checks.toml:2:26: expected a duration such as 0.25, 250ms, 80us or 1.5s, found 50parsecs\n    a = { p95 = 'http.time < 50parsecs' }\n                             ^~~~~~~~~"),
    ("[checks]\na = { p95 = 'http.host < 50' }\n",
     "checks.toml:2:14: http.host: expected a number or a duration, found text\n    a = { p95 = 'http.host < 50' }\n                 ^~~~~~~~~"),
    ("[checks]\na = {}\n",
     "checks.toml:2:1: missing rule: expected one of none, some, count, each, order, sum, min, max, median, p95, p99, answered, orderly, no_notes_above, snapshot, no_slower_than, same_as\n    a = {}\n    ^"),
    ("[checks]\na = { none = 'http', some = 'tcp' }\n",
     "checks.toml:2:22: none and some are separate rules\n    a = { none = 'http', some = 'tcp' }\n                         ^~~~"),
    ("[checks]\na = { none = 'http', exactly = 3 }\n",
     "checks.toml:2:22: exactly cannot be combined with none; options: per\n    a = { none = 'http', exactly = 3 }\n                         ^~~~~~~"),
    ("[checks]\na = { some = 'http', sume = 3 }\n",
     "checks.toml:2:22: unknown option sume of some; options: per\n    a = { some = 'http', sume = 3 }\n                         ^~~~"),
    ("[checks]\na = { count = 'http', exactly = 1, at_most = 3 }\n",
     "checks.toml:2:36: expected only one of exactly, at_least and at_most\n    a = { count = 'http', exactly = 1, at_most = 3 }\n                                       ^~~~~~~"),
    ("[checks]\na = { count = 'http', exactly = -1 }\n",
     "checks.toml:2:33: expected a non-negative integer for exactly\n    a = { count = 'http', exactly = -1 }\n                                    ^~"),
    ("[checks]\na = { none = 1.5 }\n",
     "checks.toml:2:14: expected a string, found float\n    a = { none = 1.5 }\n                 ^~~"),
    ("[checks]\na = { some = 'http', per = 'packet' }\n",
     "checks.toml:2:28: expected one of frame, call, stream for per\n    a = { some = 'http', per = 'packet' }\n                               ^~~~~~~~"),
    ("[checks]\na = { order = ['http'] }\n",
     "checks.toml:2:16: expected two or more filters for order\n    a = { order = ['http'] }\n                   ^~~~~~"),
    ("[checks]\na = { order = ['http', 'no.field'] }\n",
     "checks.toml:2:25: unknown field no.field (nearest: ip.dsfield)\n    a = { order = ['http', 'no.field'] }\n                            ^~~~~~~~"),
    ("[checks]\na = { each = 'http', within = '5ms' }\n",
     "checks.toml:2:22: within requires followed_by\n    a = { each = 'http', within = '5ms' }\n                         ^~~~~~"),
    ("[checks]\na = { answered = false }\n",
     "checks.toml:2:18: expected answered = true\n    a = { answered = false }\n                     ^~~~~"),
    ("[checks]\na = { no_notes_above = 'loud' }\n",
     "checks.toml:2:24: expected chat, note or warning for no_notes_above\n    a = { no_notes_above = 'loud' }\n                           ^~~~~~"),
    ("[checks]\na = { snapshot = 'x' }\n",
     "checks.toml:2:1: snapshot requires fields = [...], the fields to save\n    a = { snapshot = 'x' }\n    ^"),
    ("[checks]\na = { snapshot = '../../x', fields = 'http' }\n",
     "checks.toml:2:18: expected a path within the directory of the check file\n    a = { snapshot = '../../x', fields = 'http' }\n                     ^~~~~~~~~"),
    ("[checks]\na = { snapshot = '/x', fields = 'http' }\n",
     "checks.toml:2:18: expected a path within the directory of the check file\n    a = { snapshot = '/x', fields = 'http' }\n                     ^~~~"),
    ("[checks]\na = { snapshot = 'a/../../{capture}', fields = 'http' }\n",
     "checks.toml:2:18: expected a path within the directory of the check file\n    a = { snapshot = 'a/../../{capture}', fields = 'http' }\n                     ^~~~~~~~~~~~~~~~~~~"),
    ("[checks]\na = { snapshot = 'x', fields = ['tcp.*'], without = ['http.host'] }\n",
     "checks.toml:2:54: http.host is not one of the selected fields\n    a = { snapshot = 'x', fields = ['tcp.*'], without = ['http.host'] }\n                                                         ^~~~~~~~~~~"),
    ("[checks]\na = 'http'\n",
     "checks.toml:2:5: expected a rule, such as { count = \"http.request == 3\" }\n    a = 'http'\n        ^~~~~~"),
    ("[checks]\na = { none = 'http' }\na = { none = 'tcp' }\n",
     "checks.toml:3:1: duplicate key\n    a = { none = 'tcp' }\n    ^"),
    ("captures = '[.pcap'\n[checks]\na = { none = 'http' }\n",
     "checks.toml:1:12: invalid pattern [.pcap: invalid range pattern\n    captures = '[.pcap'\n               ^~~~~~~~"),
    ("allow = ['all']\n[checks]\na = { none = 'http' }\n",
     "checks.toml:1:10: expected missing, empty, truncated or unsupported, found all\n    allow = ['all']\n             ^~~~~"),
    ("capture = 'x'\n[checks]\na = { none = 'http' }\n",
     "checks.toml:1:1: unknown key capture; expected captures, allow, checks or in\n    capture = 'x'\n    ^~~~~~~"),
    ("", "checks.toml:1:1: no checks: expected [checks] with one line per check"),
    ("[checks]\na = { none = 'http' }\n",
     "checks.toml: missing captures for [checks]: captures = [\"*.pcap\"]"),
];

#[test]
fn an_error_in_a_check_file_is_reported_with_its_position() {
    let mut wrong = Vec::new();
    for (text, message) in FILES {
        // No capture appears in the output, so none was read.
        let folder = folder(&[], text);
        let run = check(folder.path(), &["checks.toml"]);
        if (run.code, run.out.as_str(), run.err.as_str()) != (Some(2), "", format!("overhear: {message}\n").as_str()) {
            wrong.push(format!("{text}{:?}\n{}{}", run.code, run.out, run.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_of_the_command_line_reads_all_its_protocols() {
    let folder = folder(&["http/post-login.pcap"], "");
    for (rule, value) in [("--none", "sip or http.request"), ("--some", "!sip"), ("--count", "(sip or tcp) > 3")] {
        let run = check(folder.path(), &["post-login.pcap", rule, value]);
        let message = format!("{rule}: overhear does not read these protocols, so no frame has them: sip\n");
        assert!(run.code == Some(2) && run.err.contains(&message), "{rule} {value}: {}", run.err);
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let folder = folder(&[], "[checks]\na = { none = 'a.b' }\nb = { some = 'tcp' }\nc = { none = 'c.d' }\n");
    let err = check(folder.path(), &["checks.toml", "absent.toml", "--none", "e.f"]).err;
    let errors: Vec<_> = err.lines().filter_map(|line| line.strip_prefix("overhear: ")).collect();
    let begins = ["checks.toml:2:15: ", "checks.toml:4:15: ", "absent.toml: no such file", "--none: "];
    assert_eq!(errors.len(), begins.len(), "{err}");
    assert!(errors.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{err}");
}

/// Rules with a warning on stderr, and the columns of the words; none for fields that calls have and frames lack.
#[rustfmt::skip]
const COMMON_MISTAKES: &[(&str, &[usize])] = &[
    ("none = 'tcp.flags.syn and not tcp.flags.ack'", &[37]),
    ("each = 'http', satisfies = 'tcp.port !== 80'", &[35]),
    ("some = 'method == POST and status == 200'", &[]),
    ("count = 'method == POST and status == 200', exactly = 1", &[]),
    ("each = 'http.request', satisfies = 'method == GET and status == 200'", &[]),
    ("max = 'http.time < 1s', where = 'method == POST and status == 200'", &[]),
    ("answered = true, where = 'method == POST and status == 200'", &[]),
    ("some = 'method == POST and status == 200', per = 'frame'", &[15]),
    ("some = 'method == POST and status == 200', per = 'stream'", &[15]),
    ("each = 'method == POST and status == 200', followed_by = 'http'", &[15]),
    ("order = ['http', 'method == POST and status == 200']", &[25]),
    ("count = 'http', at_least = 0", &[7]),
    ("count = 'http >= 0'", &[7]),
    ("count = 'http > 0'", &[]),
    ("no_notes_above = 'note', where = 'method == POST and status == 200'", &[41]),
];

#[test]
fn a_common_mistake_is_warned_about_and_the_rule_is_evaluated() {
    for (rule, columns) in COMMON_MISTAKES {
        let folder = folder(&["http/post-login.pcap"], &format!("captures = '*.pcap'\n[checks]\na = {{ {rule} }}\n"));
        let run = check(folder.path(), &["checks.toml"]);
        assert!(run.code < Some(2) && run.out.ends_with('\n'), "{rule}: {run:?}");
        let warnings =
            run.err.lines().filter_map(|line| line.strip_prefix("overhear: checks.toml:3:")?.split_once(": warning: "));
        let found: Vec<_> = warnings.map(|(column, _)| column.parse().unwrap_or(0)).collect();
        assert_eq!(found, *columns, "{rule}: {}", run.err);
    }
}

/// A command line, and its error message.
#[rustfmt::skip]
const LINES: &[(&[&str], &str)] = &[
    (&[], "no checks: expected a check file (.toml) or a rule; see `overhear check --help`"),
    (&["x.pcap"], "no checks: expected a check file (.toml) or a rule; see `overhear check --help`"),
    (&["--none", "http"], "missing capture file: overhear check CAPTURE --none FILTER"),
    (&["x.pcap", "--none", "http.reqest"], "--none: unknown field http.reqest (nearest: http.request, http2.request, http3.request, http.no_request)\n    http.reqest\n    ^~~~~~~~~~~"),
    (&["x.pcap", "--none", ""], "--none: expected a filter for none"),
    (&["x.pcap", "--count", "http.request = 3"], "--count: unexpected =: use == to compare\n    http.request = 3\n                 ^"),
    (&["x.pcap", "--exactly", "x", "http"], "--exactly: expected a non-negative integer for exactly"),
    (&["x.pcap", "--within", "soon", "http.request", "http.response"], "--within: expected a duration such as 0.25, 250ms, 80us or 1.5s, found soon"),
    (&["x.pcap", "--each", "http"], "2 values required for '--each <FILTER> <FILTER2>' but 1 was provided; see `overhear check --help`"),
    (&["x.pcap", "--none", "http", "--per", "packet"], "--none: expected one of frame, call, stream for per"),
    (&["x.pcap", "--none", "http", "--where", "tcp"], "--none: where cannot be combined with none; options: per"),
    (&["x.pcap", "--snapshot", "x.txt"], "--snapshot: snapshot requires fields = [...], the fields to save"),
    (&["x.pcap", "--answered", "-T", "xml"], "invalid value 'xml' for '-T <FORMAT>' [possible values: text, json, tap, junit, github]; see `overhear check --help`"),
    (&["x.pcap", "--answered", "--allow", "all"], "invalid value 'all' for '--allow <DEFECT>' [possible values: missing, empty, truncated, unsupported]; see `overhear check --help`"),
    (&["x.pcap", "--answered", "-o", "nowhere/results"], "nowhere/results: cannot write: no such directory"),
];

#[test]
fn an_error_in_a_command_line_is_reported() {
    let folder = folder(&[], "");
    for (args, message) in LINES {
        let run = check(folder.path(), args);
        assert_eq!(
            (run.code, run.err, run.out),
            (Some(2), format!("overhear: {message}\n"), String::new()),
            "{args:?}"
        );
    }
}

#[test]
fn control_characters_of_a_check_file_never_reach_the_terminal() {
    let folder =
        folder(&["http/post-login.pcap"], "captures = 'p*'\n[checks]\n\"\\u001b[2J\\n\\ufffe\" = { none = 'http' }\n");
    for form in ["text", "json", "tap", "junit", "github"] {
        let run = check(folder.path(), &["checks.toml", "-T", form]);
        assert_eq!(run.code, Some(1), "{}", run.err);
        // Neither XML nor YAML permits U+FFFE.
        let steers = |char: char| char.is_control() && char != '\n' || char == '\u{fffe}';
        assert!(!run.out.contains(steers) && run.out.contains("x1b[2J"), "{form}: {}", run.out);
    }
}

#[cfg(unix)]
#[test]
fn an_endless_check_file_or_snapshot_is_an_error() {
    let folder = folder(&["http/post-login.pcap"], "");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.toml")).expect("a link");
    let run = check(folder.path(), &["zero.toml"]);
    let message = "longer than 16777216 bytes\n";
    assert_eq!((run.code, run.err), (Some(2), format!("overhear: zero.toml: {message}")));
    let run = check(folder.path(), &["post-login.pcap", "--snapshot", "/dev/zero", "--fields", "http.host"]);
    assert_eq!((run.code, run.err), (Some(2), format!("overhear: /dev/zero: cannot read the snapshot: {message}")));
}

#[test]
fn a_check_file_that_is_not_utf_8_is_an_error() {
    let folder = folder(&[], "");
    std::fs::write(folder.path().join("checks.toml"), b"[checks]\na = { none = '\xff' }\n").expect("a file");
    let run = check(folder.path(), &["checks.toml"]);
    assert_eq!((run.code, run.err.as_str()), (Some(2), "overhear: checks.toml: not valid UTF-8\n"));
}
