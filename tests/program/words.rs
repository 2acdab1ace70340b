//! Words of a command line that may be files, filters, calls or streams: none is ignored.

use super::{capture, folder, outcome, program};
use std::fs;
use std::path::Path;

/// Returns standard output, standard error and the exit code of a command in a folder.
fn run_in(folder: &Path, words: &[&str]) -> (String, String, i32) {
    outcome(&program(words).current_dir(folder).output().expect("the program runs"))
}

#[test]
fn a_folder_with_the_name_of_a_filter_is_no_capture() {
    let folder = folder();
    fs::write(folder.path().join("x.pcap"), capture()).expect("a file");
    let filters: [&[&str]; 4] = [&["udp"], &["not", "tcp"], &["udp", "and", "ip"], &["udp or dns"]];
    fs::create_dir(folder.path().join("udp")).expect("a folder");
    fs::create_dir(folder.path().join("tcp")).expect("a folder");
    for command in ["calls", "print", "streams"] {
        let all = run_in(folder.path(), &[command, "x.pcap"]);
        assert_eq!(all, run_in(folder.path(), &[command, "x.pcap", "tcp"]), "{command}");
        for filter in filters {
            let found = run_in(folder.path(), &[&[command, "x.pcap"], filter].concat());
            assert!(found.2 == 0 && found.0.len() < all.0.len(), "{command} {filter:?}: {found:?}");
        }
    }
    fs::create_dir(folder.path().join("no-field")).expect("a folder");
    let (_, error, code) = run_in(folder.path(), &["calls", "x.pcap", "no-field"]);
    assert!(code == 2 && error.contains("no-field: a directory, and not a valid filter"), "{error}");
}

#[test]
fn a_file_with_the_name_of_a_filter_is_an_error() {
    let folder = folder();
    for name in ["x.pcap", "udp", "tcp", "second"] {
        fs::write(folder.path().join(name), capture()).expect("a file");
    }
    let run = |words: &[&str]| run_in(folder.path(), words);
    for words in
        [&["calls", "x.pcap", "udp"][..], &["calls", "-r", "x.pcap", "udp"], &["calls", "x.pcap", "second", "udp"]]
    {
        let (rows, error, code) = run(words);
        assert_eq!((rows.as_str(), code), ("", 2), "{words:?}");
        assert!(
            error.contains("udp: both a file and a display filter; ./udp is the file, -Y udp the filter"),
            "{error}"
        );
    }
    // A filter of which not all words are files.
    assert_eq!(run(&["print", "x.pcap", "udp", "and", "tcp"]).0, "");
    assert_eq!(run(&["print", "x.pcap", "not", "tcp"]).0, "");
    // Both, named without doubt.
    let one = run(&["calls", "x.pcap"]).0.lines().count();
    for words in [
        &["calls", "x.pcap", "./udp"][..],
        &["calls", "x.pcap", "second"],
        &["calls", "x.pcap", "second", "tcp", "-Y", "tcp"],
    ] {
        let (rows, error, code) = run(words);
        assert!(code == 0 && rows.lines().count() > one, "{words:?}: {rows}{error}");
    }
    assert_eq!(run(&["print", "x.pcap", "-Y", "udp"]).0, "");
}

#[test]
fn a_word_that_is_no_call_and_no_stream_is_named_with_what_was_expected() {
    let folder = folder();
    fs::write(folder.path().join("x.pcap"), capture()).expect("a file");
    fs::create_dir(folder.path().join("ip")).expect("a folder");
    let expected = "no such file, and not a call: expected its row in `overhear calls`, slowest, or -Y FILTER";
    let stream = "expected a stream number; `overhear streams` lists them";
    let lines: [(&[&str], String); 9] = [
        (&["journey", "x.pcap", "fastest"], format!("fastest: {expected}")),
        (&["trace", "x.pcap", "1x"], format!("1x: {expected}")),
        (&["trace", "-r", "x.pcap", "ip"], format!("ip: {expected}")),
        (&["journey", "x.pcap", "status == 500"], format!("status == 500: {expected}")),
        (&["ladder", "x.pcap", "first"], format!("first: {stream}")),
        (&["ladder", "x.pcap", "--call", "first"], "expected a row of calls, or slowest, found first".into()),
        (&["journey", "x.pcap", "99"], "x.pcap: no call 99".into()),
        (&["ladder", "x.pcap", "-Y", "http.response.code == 999"], "x.pcap: no call matches the filter".into()),
        (&["ladder", "x.pcap", "99"], "x.pcap: no stream 99".into()),
    ];
    for (words, message) in lines {
        let (rows, error, code) = run_in(folder.path(), words);
        assert_eq!((rows.as_str(), code), ("", 2), "{words:?}");
        assert!(error.contains(&message) && error.lines().count() == 1, "{words:?}: {error}");
    }
}

#[test]
fn each_read_error_is_reported_once() {
    let folder = folder();
    let file = capture();
    fs::write(folder.path().join("cut.pcap"), &file[..file.len() - 3]).expect("a file");
    fs::write(folder.path().join("text.pcap"), "text").expect("a file");
    let commands: [&[&str]; 6] = [
        &["journey", "cut.pcap"],
        &["trace", "cut.pcap"],
        &["trace", "cut.pcap", "slowest"],
        &["ladder", "cut.pcap", "0"],
        &["ladder", "cut.pcap", "--call", "slowest"],
        &["calls", "cut.pcap"],
    ];
    for words in commands {
        let (rows, error, code) = run_in(folder.path(), words);
        assert!(code == 2 && !rows.is_empty() && error.lines().count() == 1, "{words:?}: {error}");
        let unreadable: Vec<&str> =
            words.iter().map(|word| if *word == "cut.pcap" { "text.pcap" } else { word }).collect();
        let (_, error, code) = run_in(folder.path(), &unreadable);
        assert!(code == 2 && error.lines().count() == 1, "{unreadable:?}: {error}");
    }
}

#[test]
fn a_filter_selects_the_call_of_a_ladder() {
    let folder = folder();
    fs::write(folder.path().join("x.pcap"), capture()).expect("a file");
    let (of_row, ..) = run_in(folder.path(), &["ladder", "x.pcap", "--call", "1"]);
    let (of_filter, error, code) = run_in(folder.path(), &["ladder", "x.pcap", "-Y", "http"]);
    assert!(code == 0 && !of_row.is_empty() && of_filter == of_row, "{of_filter}{error}");
    let (_, error, code) = run_in(folder.path(), &["ladder", "x.pcap", "-Y", "htp"]);
    assert!(code == 2 && error.contains("unknown field"), "{error}");
}

#[test]
fn a_ladder_of_datagrams_has_a_line_for_each() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/http3/get.pcapng");
    let folder = folder();
    let (ladder, error, code) = run_in(folder.path(), &["ladder", file, "udp:0"]);
    assert_eq!(code, 0, "{error}");
    let (frames, ..) = run_in(folder.path(), &["print", file, "udp.stream == 0"]);
    assert_eq!(ladder.lines().count(), 1 + frames.lines().count(), "{ladder}");
    assert!(ladder.contains("10.0.0.1:50000") && ladder.contains(" #1") && ladder.contains("Initial"), "{ladder}");
    let (_, error, code) = run_in(folder.path(), &["ladder", file, "udp:7"]);
    assert!(code == 2 && error.contains("no call in udp 7"), "{error}");
}

#[test]
fn a_page_has_the_detail_trees_of_the_frames_that_it_names() {
    let folder = folder();
    fs::write(folder.path().join("x.pcap"), capture()).expect("a file");
    let (page, error, code) = run_in(folder.path(), &["journey", "x.pcap", "1", "-T", "html"]);
    assert_eq!(code, 0, "{error}");
    let links: Vec<&str> = page.split("href=\"#details-").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!links.is_empty());
    for frame in links {
        let tree = page.split_once(&format!("<div id=\"details-{frame}\">")).expect("a tree").1;
        let tree = tree.split_once("</div>").expect("an end").0;
        let (printed, ..) = run_in(folder.path(), &["print", "x.pcap", &format!("frame.number == {frame}"), "-V"]);
        // The filter decides which frame was displayed before.
        let is_same = |line: &&str| !line.contains(['<', '>', '&', '"', '\'']) && !line.contains("displayed frame");
        for line in printed.lines().filter(|line| line.starts_with(' ')).filter(is_same) {
            let line = line.strip_prefix("    ").unwrap_or(line);
            assert!(tree.contains(line), "frame {frame}: {line:?}");
        }
    }
}
