//! Snapshots: written with `--bless`, compared afterwards.

use super::running::{check, folder};
use std::fs;
use std::path::Path;

const CHECKS: &str = "\
captures = '*.pcap'
[checks]
conversation = { snapshot = 'snapshots/{capture}.txt', fields = ['http.request.*', 'http.response.code', 'http.date', 'http.file_data'], without = ['http.date', 'http.request.full_uri', 'http.request.line'], where = 'http' }
";

/// The conversation of `http/post-login.pcap` in the fields of [`CHECKS`], as `tshark -V` shows it.
const CONVERSATION: &str = "\
http.request.method: GET
http.request.uri: /login
http.request.version: HTTP/1.1
";

/// Replaces bytes of a capture by the same number of other bytes.
fn change(capture: &Path, from: &[u8], to: &[u8]) {
    let mut bytes = fs::read(capture).expect("a capture");
    let at = bytes.windows(from.len()).position(|part| part == from).expect("it is there");
    assert_eq!(from.len(), to.len());
    bytes[at..at + to.len()].copy_from_slice(to);
    fs::write(capture, bytes).expect("a file");
}

#[test]
fn a_snapshot_is_missing_then_blessed_then_holds_then_reports_changes() {
    let folder = folder(&["http/post-login.pcap", "http/keep-alive.pcap"], CHECKS);
    let folder = folder.path();
    let run = check(folder, &["checks.toml"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.out.matches("        found   no snapshot yet; --bless writes it\n").count(), 2, "{}", run.out);
    assert!(!folder.join("snapshots").exists());

    let run = check(folder, &["checks.toml", "--bless"]);
    let blessed = "\
ok    keep-alive.pcap: conversation (snapshot written)
ok    post-login.pcap: conversation (snapshot written)
2 captures, 2 checks: all hold
";
    assert_eq!((run.code, run.out.as_str()), (Some(0), blessed), "{}", run.err);
    let snapshot = folder.join("snapshots/post-login.pcap.txt");
    let text = fs::read_to_string(&snapshot).expect("a snapshot");
    assert!(text.starts_with(CONVERSATION), "{text}");
    // Counted by tshark: 4 requests, 4 responses, one of them with 401; no field is omitted.
    let lines = |begin: &str| text.lines().filter(|line| line.starts_with(begin)).count();
    assert_eq!(
        [lines("http.request.method: "), lines("http.response.code: "), lines("http.response.code: 401")],
        [4, 4, 1]
    );
    assert_eq!([lines("http.date"), lines("http.request.full_uri"), lines("tcp")], [0, 0, 0]);
    let body = r#"http.file_data: "{"username": "alice", "password": "hunter2"}""#;
    assert!(text.lines().any(|line| line == body), "{text}");

    let run = check(folder, &["checks.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    // Blessing again writes nothing.
    let run = check(folder, &["checks.toml", "--bless"]);
    assert_eq!((run.code, run.out.contains("snapshot written")), (Some(0), false), "{}", run.out);

    change(&folder.join("post-login.pcap"), b"HTTP/1.1 401 ", b"HTTP/1.1 403 ");
    let run = check(folder, &["checks.toml"]);
    assert_eq!(run.code, Some(1));
    let nth = 1 + text.lines().position(|line| line == "http.response.code: 401").expect("the line");
    assert!(
        run.out.contains(&format!(
            "        found   differs from the snapshot at line {nth}; --bless accepts the change\n"
        )),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("                - http.response.code: 401\n                + http.response.code: 403\n"),
        "{}",
        run.out
    );
    assert!(run.out.contains("        frames  9\n"), "{}", run.out);
    assert!(run.out.contains("ok    keep-alive.pcap: conversation (8 frames)\n"), "{}", run.out);

    let run = check(folder, &["checks.toml", "--bless"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    let now = fs::read_to_string(&snapshot).expect("a snapshot");
    assert_eq!(now, text.replace("http.response.code: 401", "http.response.code: 403"));
}

#[test]
fn a_snapshot_that_was_checked_out_with_other_line_ends_holds() {
    let folder = folder(&["http/keep-alive.pcap"], CHECKS);
    check(folder.path(), &["checks.toml", "--bless"]);
    let path = folder.path().join("snapshots/keep-alive.pcap.txt");
    let text = fs::read_to_string(&path).expect("a snapshot");
    fs::write(&path, text.replace('\n', "\r\n")).expect("a file");
    assert_eq!(check(folder.path(), &["checks.toml"]).code, Some(0));
}

#[test]
fn a_snapshot_with_more_or_fewer_lines_differs() {
    let folder = folder(&["http/keep-alive.pcap"], CHECKS);
    check(folder.path(), &["checks.toml", "--bless"]);
    let path = folder.path().join("snapshots/keep-alive.pcap.txt");
    let text = fs::read_to_string(&path).expect("a snapshot");
    let longer = text.clone() + "http.response.code: 200\n";
    let shorter: String = text.split_inclusive('\n').take(3).collect();
    for other in [longer, shorter, String::new()] {
        fs::write(&path, other).expect("a file");
        let run = check(folder.path(), &["checks.toml"]);
        assert_eq!(run.code, Some(1), "{}", run.out);
        assert!(run.out.contains("differs from the snapshot at line "), "{}", run.out);
    }
}

#[test]
fn two_captures_do_not_share_a_snapshot() {
    let folder = folder(&["http/post-login.pcap", "http/keep-alive.pcap"], &CHECKS.replace("{capture}", "all"));
    let run = check(folder.path(), &["checks.toml", "--bless"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.err,
        "overhear: snapshots/all.txt: snapshot used by two checks or captures; put {capture}, the capture's name, into its name\n"
    );
}

#[test]
fn a_command_line_has_snapshots_too() {
    let folder = folder(&["http/post-login.pcap"], "");
    let args = [
        "post-login.pcap",
        "--snapshot",
        "s.txt",
        "--fields",
        "http.request.*",
        "--without",
        "http.request.line",
        "--where",
        "method == GET",
    ];
    assert_eq!(check(folder.path(), &args).code, Some(1));
    assert_eq!(check(folder.path(), &[&args[..], &["--bless"]].concat()).code, Some(0));
    assert_eq!(check(folder.path(), &args).code, Some(0));
    let text = fs::read_to_string(folder.path().join("s.txt")).expect("a snapshot");
    assert_eq!(text.matches("http.request.method: GET\n").count(), 2, "{text}");
}

#[test]
fn a_snapshot_that_cannot_be_read_or_written_is_reported_with_its_name() {
    let folder = folder(&["http/keep-alive.pcap"], CHECKS);
    fs::create_dir_all(folder.path().join("snapshots/keep-alive.pcap.txt")).expect("a folder");
    let run = check(folder.path(), &["checks.toml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.starts_with("overhear: snapshots/keep-alive.pcap.txt: cannot read the snapshot: "), "{}", run.err);
    fs::remove_dir_all(folder.path().join("snapshots")).expect("a folder");
    fs::write(folder.path().join("snapshots"), "").expect("a file");
    let run = check(folder.path(), &["checks.toml", "--bless"]);
    assert_eq!(run.code, Some(2), "{}{}", run.out, run.err);
    assert!(run.err.starts_with("overhear: snapshots/keep-alive.pcap.txt: "), "{}", run.err);
}

#[test]
fn a_snapshot_ends_with_its_last_line() {
    let folder = folder(&["http/keep-alive.pcap"], CHECKS);
    check(folder.path(), &["checks.toml", "--bless"]);
    let text = fs::read_to_string(folder.path().join("snapshots/keep-alive.pcap.txt")).expect("a snapshot");
    // Tools that normalize the ends of files (git, pre-commit) change nothing; empty lines between frames stay.
    assert!(text.ends_with('\n') && !text.ends_with("\n\n") && !text.starts_with('\n'), "{text}");
    assert_eq!(text.matches("\n\n").count(), 7, "{text}");
}

#[test]
fn blessing_does_not_overwrite_an_input() {
    for name in ["checks.toml", "./checks.toml", "{capture}"] {
        let checks = CHECKS.replace("snapshots/{capture}.txt", name);
        let folder = folder(&["file/empty.pcap"], &checks);
        // A capture that is also valid as text.
        fs::write(folder.path().join("empty.pcap"), "").expect("a file");
        let run = check(folder.path(), &["checks.toml", "--bless", "--allow", "empty"]);
        assert_eq!(run.code, Some(2), "{name}: {}", run.out);
        assert!(run.err.ends_with(": a snapshot would overwrite this input file\n"), "{}", run.err);
        assert_eq!(fs::read_to_string(folder.path().join("checks.toml")).expect("a file"), checks);
    }
}

#[test]
fn an_incomplete_capture_is_not_blessed() {
    let folder = folder(&["file/cut-short.pcap"], &CHECKS.replace(", where = 'http'", ""));
    let run = check(folder.path(), &["checks.toml", "--bless"]);
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(!folder.path().join("snapshots").exists());
    let run = check(folder.path(), &["checks.toml", "--bless", "--allow", "truncated"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(folder.path().join("snapshots/cut-short.pcap.txt").exists());
}
