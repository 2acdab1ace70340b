//! Check files: captures, checks of each capture, and the check files of `fixtures/`.

use super::running::{check, fixtures, folder};
use std::collections::BTreeSet;
use std::fs;

/// Returns the reported captures and checks, in order.
fn reported(out: &str) -> Vec<&str> {
    let lines = out.lines().filter_map(|line| line.strip_prefix("ok    ").or(line.strip_prefix("FAIL  ")));
    lines.map(|line| line.split(" (").next().unwrap_or(line)).collect()
}

#[test]
fn every_capture_has_the_checks_of_its_patterns() {
    let checks = "\
captures = ['*.pcap', 'keep*', 'deep/**/*.pcapng']
[checks]
second = { some = 'tcp' }
first = { orderly = true }
[in.'post*']
own = { some = 'status == 401' }
[in.'deep/*/*']
own = { some = 'http' }
";
    let folder = folder(&["http/post-login.pcap", "http/keep-alive.pcap"], checks);
    fs::create_dir_all(folder.path().join("deep/er")).expect("a folder");
    fs::copy(fixtures().join("file/dumpcap.pcapng"), folder.path().join("deep/er/[1].pcapng")).expect("a fixture");
    let run = check(folder.path(), &["checks.toml"]);
    let expected = [
        "deep/er/[1].pcapng: second",
        "deep/er/[1].pcapng: first",
        "deep/er/[1].pcapng: own",
        "keep-alive.pcap: second",
        "keep-alive.pcap: first",
        "post-login.pcap: second",
        "post-login.pcap: first",
        "post-login.pcap: own",
    ];
    assert_eq!((run.code, reported(&run.out)), (Some(0), expected.to_vec()), "{}{}", run.out, run.err);
    assert!(run.out.ends_with("3 captures, 8 checks: all hold\n"), "{}", run.out);
}

#[test]
fn captures_are_found_in_the_folder_of_the_check_file() {
    let folder = folder(&["http/post-login.pcap"], "captures = '*.pcap'\n[checks]\na = { some = 'http' }\n");
    let away = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checks.toml");
    let run = check(away.path(), &[path.to_str().expect("UTF-8")]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.out.starts_with(&format!("ok    {}/post-login.pcap: a (4 calls)\n", folder.path().display())));
}

#[test]
fn captures_of_the_command_line_replace_those_of_the_file() {
    let folder = folder(
        &["http/post-login.pcap", "http/keep-alive.pcap"],
        "captures = 'post*'\n[checks]\na = { some = 'http' }\n[in.'post*']\nb = { some = 'tcp' }\n",
    );
    let run = check(folder.path(), &["checks.toml", "keep-alive.pcap", "--none", "udp"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(reported(&run.out), ["keep-alive.pcap: a", "keep-alive.pcap: none udp"]);
}

#[test]
fn a_pattern_must_match_a_file_unless_missing_files_are_allowed() {
    let checks = "captures = ['*.pcapng', 'post*']\n[checks]\na = { some = 'http' }\n";
    let folder = folder(&["http/post-login.pcap"], checks);
    let run = check(folder.path(), &["checks.toml"]);
    assert_eq!(run.code, Some(3), "{}", run.out);
    assert!(
        run.out.starts_with("ERROR *.pcapng: capture is readable\n        found   no matching file\n"),
        "{}",
        run.out
    );
    fs::write(folder.path().join("checks.toml"), format!("allow = 'missing'\n{checks}")).expect("a file");
    let run = check(folder.path(), &["checks.toml"]);
    assert_eq!((run.code, reported(&run.out)), (Some(0), vec!["post-login.pcap: a"]), "{}", run.out);
}

#[test]
fn the_defects_that_a_file_allows_are_allowed_in_its_captures() {
    let checks = "captures = '*.pcap'\nallow = ['empty', 'truncated']\n[checks]\na = { none = 'udp' }\n";
    let folder = folder(&["file/empty.pcap", "file/cut-short.pcap"], checks);
    assert_eq!(check(folder.path(), &["checks.toml"]).code, Some(0));
    assert_eq!(check(folder.path(), &["empty.pcap", "--none", "udp"]).code, Some(1));
}

/// Returns the captures of a folder of `fixtures/`.
fn captures(folder: &str) -> BTreeSet<String> {
    let files = fs::read_dir(fixtures().join(folder)).expect("a folder").flatten();
    let names = files.filter_map(|file| file.file_name().into_string().ok());
    names.filter(|name| name.contains(".pcap")).map(|name| format!("{folder}/{name}")).collect()
}

#[test]
fn every_fixture_satisfies_its_checks() {
    for folder in ["http", "tcp", "ip", "link", "tls", "file"] {
        let run = check(&fixtures(), &[&format!("{folder}/checks.toml")]);
        let failing = run.out.lines().filter(|line| !line.starts_with("ok    "));
        let failing = failing.collect::<Vec<_>>().join("\n");
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{folder}: {failing}");
        let names: BTreeSet<_> =
            reported(&run.out).into_iter().filter_map(|line| line.split(": ").next()).map(str::to_owned).collect();
        assert_eq!(names, captures(folder), "{folder}: some capture has no check");
    }
}

#[cfg(unix)]
#[test]
fn patterns_follow_no_link_cycles_and_match_names_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let checks = "captures = '**/*.pcap'\n[checks]\na = { some = 'http' }\n[in.'link/*.pcap']\nb = { some = 'tcp' }\n";
    let folder = folder(&["http/post-login.pcap"], checks);
    let path = folder.path();
    fs::create_dir_all(path.join("a/b")).expect("a folder");
    for (to, link) in [("..", "a/up"), ("../..", "a/b/up"), ("../../a", "a/b/a"), (".", "link")] {
        std::os::unix::fs::symlink(to, path.join(link)).expect("a link");
    }
    let invalid = path.join("a/b").join(std::ffi::OsStr::from_bytes(b"\xff.pcap"));
    fs::copy(path.join("post-login.pcap"), invalid).expect("a file");
    let run = check(path, &["checks.toml"]);
    // The pattern follows a link that is named, or matched by a single star.
    let expected = ["a/b/\u{fffd}.pcap: a", "link/post-login.pcap: b", "post-login.pcap: a"];
    assert_eq!((run.code, reported(&run.out)), (Some(0), expected.to_vec()), "{}{}", run.out, run.err);
    // A broken link is a missing capture.
    std::os::unix::fs::symlink("nowhere", path.join("gone.pcap")).expect("a link");
    let run = check(path, &["checks.toml"]);
    assert_eq!(run.code, Some(3), "{}", run.out);
    assert!(run.out.contains("ERROR gone.pcap: capture is readable\n        found   no such file\n"), "{}", run.out);
}
