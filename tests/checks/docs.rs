//! The examples of docs/checks.md: its sessions, its check files, its steps for CI.

use super::running::{Run, check, fixtures, folder, root};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Returns the code blocks of the page in a language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/checks.md")).expect("a page");
    // Every other part is between fences.
    let fenced = page.split("```").skip(1).step_by(2);
    let own = fenced.filter_map(|block| block.strip_prefix(&format!("{language}\n")).map(str::to_owned));
    own.collect()
}

/// Runs a line in a shell in a folder, with `overhear` in its path.
fn shell(folder: &Path, line: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_overhear")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-e", "-c", line]).env("PATH", path).env("TZ", "UTC").current_dir(folder);
    shell.output().expect("bash").into()
}

#[test]
fn the_sessions_of_the_page_print_its_output() {
    let mut shown = 0;
    for block in blocks("") {
        let Some((line, printed)) = block.strip_prefix("$ ").and_then(|block| block.split_once('\n')) else { continue };
        assert_eq!(shell(root(), line).out, printed, "{line}");
        shown += 1;
    }
    assert_eq!(shown, 1);
}

#[test]
fn the_check_files_of_the_page_hold() {
    let files = blocks("toml");
    assert_eq!(files.len(), 3);
    for text in &files {
        let folder = folder(&["http/post-login.pcap"], text);
        let run = check(folder.path(), &["checks.toml", "--bless"]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{text}{}", run.out);
        assert_eq!(check(folder.path(), &["checks.toml"]).code, Some(0), "{text}");
    }
    let kinds = [
        "none",
        "some",
        "count",
        "exactly",
        "at_most",
        "at_least",
        "satisfies",
        "followed_by",
        "within",
        "order",
        "sum",
        "min",
    ];
    let kinds = kinds.into_iter().chain([
        "max",
        "median",
        "p95",
        "p99",
        "answered",
        "orderly",
        "no_notes_above",
        "snapshot",
        "where",
        "no_slower_than",
        "same_as",
        "ignore",
        "limit",
    ]);
    for kind in kinds {
        assert!(files.iter().any(|text| text.contains(&format!(" {kind} = "))), "{kind} has no example");
    }
}

#[test]
fn the_error_messages_of_the_page_are_printed() {
    let block = blocks("").into_iter().find(|block| block.starts_with("overhear: checks.toml")).expect("a mistake");
    let [right, ..] = &blocks("toml")[1..] else { unreachable!("it has check files") };
    let folder = folder(&[], &right.replace("lost_segment", "lost_segmnt"));
    let err = check(folder.path(), &["checks.toml"]).err;
    // The line of the page ends in an ellipsis.
    let (begin, rest) = block.split_once(", …)\n").expect("names left out");
    assert!(err.starts_with(begin), "{err}instead of\n{block}");
    assert!(err.ends_with(rest), "{err}instead of\n{block}");
}

/// Returns the values of a key in YAML with one entry per line.
fn values<'y>(yaml: &'y str, key: &str) -> Vec<&'y str> {
    yaml.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(&format!("{key}: "))).collect()
}

/// A folder with the captures of the example, whose checks hold, and then fail.
fn project() -> [tempfile::TempDir; 2] {
    let checks = |count| format!("captures = '*.pcap'\n[checks]\n'calls' = {{ count = 'http.request == {count}' }}\n");
    [checks(4), checks(5)].map(|checks| folder(&["http/post-login.pcap", "http/keep-alive.pcap"], &checks))
}

#[test]
fn the_action_of_the_page_fails_with_annotations_where_a_check_fails() {
    let yaml = blocks("yaml");
    let steps: Vec<_> =
        values(&yaml[0], "run").into_iter().map(|run| run.replace("${{ inputs.checks }}", "checks.toml")).collect();
    assert_eq!(steps.len(), 2);
    for (folder, holds) in project().iter().zip([true, false]) {
        let codes: Vec<_> = steps.iter().map(|step| shell(folder.path(), step)).collect();
        // A failing step ends the job, so the first must succeed.
        assert_eq!([codes[0].code, codes[1].code], [Some(0), Some(i32::from(!holds))]);
        let results = fs::read_to_string(folder.path().join("captures.xml")).expect("results");
        let failures =
            roxmltree::Document::parse(&results).expect("XML").root_element().attribute("failures").map(str::to_owned);
        assert_eq!(failures.as_deref(), Some(if holds { "0" } else { "2" }));
        assert_eq!(codes[1].out.matches("::error file=checks.toml,line=3,title=").count(), if holds { 0 } else { 2 });
        // A capture that cannot be checked ends it.
        fs::remove_file(folder.path().join("checks.toml")).expect("a file");
        assert_eq!(shell(folder.path(), &steps[0]).code, Some(1));
    }
}

#[test]
fn the_hook_of_the_page_accepts_or_rejects_a_commit() {
    let yaml = blocks("yaml");
    let [entry] = values(&yaml[1], "entry")[..] else { unreachable!("the hook has one entry") };
    for (folder, code) in project().iter().zip([0, 1]) {
        assert_eq!(shell(folder.path(), entry).code, Some(code));
    }
    // pre-commit matches file names with Python's `re`.
    let [files] = values(&yaml[1], "files")[..] else { unreachable!("the hook is about files") };
    let files = regex::Regex::new(files.trim_matches('\'')).expect("an expression");
    assert!(
        ["a.pcap", "b/c.pcapng", "checks.toml"].iter().all(|name| files.is_match(name)) && !files.is_match("pcap.rs")
    );
}

#[test]
fn the_links_of_the_page_have_targets() {
    let page = fs::read_to_string(root().join("docs/checks.md")).expect("a page");
    let links = page.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let links: Vec<_> = links.filter(|link| !link.starts_with("http")).collect();
    assert!(links.len() >= 4 && links.iter().all(|link| root().join("docs").join(link).exists()), "{links:?}");
    assert!(fixtures().join("http/checks.toml").exists());
}
