//! The words of the house: code, comments, messages, tests and docs use the field's own terms (docs/glossary.md).

use std::fs;
use std::path::{Path, PathBuf};

/// Words of the private dialect that the code once spoke. The glossary names what to write instead.
const NOT_USED: [&str; 32] = [
    "told",
    "tell",
    "tells",
    "telling",
    "teller",
    "heard",
    "hear",
    "hears",
    "nobody",
    "somebody",
    "whoever",
    "sift",
    "sifts",
    "sifted",
    "sifting",
    "sieve",
    "shelf",
    "desk",
    "rung",
    "rungs",
    "roster",
    "foresee",
    "foreseen",
    "foresight",
    "dismiss",
    "dismissed",
    "hardly",
    "oddity",
    "oddities",
    "learnt",
    "untaken",
    "nobodys",
];

/// Lines that quote others: Wireshark's texts, a system user, content of a test or a fixture.
const QUOTED: [&str; 9] = [
    "Who has",
    "Who is",
    "`nobody`",
    "nobody\"",
    "NOBODY",
    "nobody_user",
    "overhear hears over here",
    "b\"/heard\"",
    "\t/heard\t",
];

/// Files without an ending in their name.
const SCRIPTS: [&str; 8] = [
    "Makefile",
    ".ci/run",
    "fixtures/label",
    "fixtures/record",
    "tests/bench/generate",
    "tests/bench/run",
    "tests/forms/run",
    "tests/fuzz/run",
];

/// Files that contain these words on purpose, and a folder that still uses some.
const EXCLUDED: [&str; 2] = ["docs/glossary.md", "tests/words.rs"];

fn files(root: &Path, folder: &str, ending: &str, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(root.join(folder)).expect("a folder of the project").flatten().map(|entry| entry.path()) {
        let name = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
        if path.is_dir() {
            // `tests/fuzz/target` has generated code.
            if path.ends_with("target") {
                continue;
            }
            files(root, &name, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// The words of a text: runs of letters, cut where an identifier joins two (`is_told`, `ToldBy`).
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for char in text.chars() {
        if !char.is_ascii_alphabetic() || char.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push(String::new());
        }
        if char.is_ascii_alphabetic() {
            words.last_mut().expect("one at least").push(char.to_ascii_lowercase());
        }
        before = char;
    }
    words
}

#[test]
fn code_tests_and_docs_use_no_word_of_the_old_dialect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = ["README.md", "CONTRIBUTING.md", "Cargo.toml"].map(|name| root.join(name)).to_vec();
    paths.extend(SCRIPTS.map(|name| root.join(name)));
    for folder in ["src", "dissectors", "docs", "tests", "fixtures"] {
        for ending in [".rs", ".md", ".py", ".tsv", ".toml"] {
            files(root, folder, ending, &mut paths);
        }
    }
    assert!(paths.len() > 400, "the files were not found");
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| !EXCLUDED.iter().any(|name| path.starts_with(root.join(name)))) {
        let text = fs::read_to_string(path).expect("a text");
        for (nth, line) in
            text.lines().enumerate().filter(|(_, line)| !QUOTED.iter().any(|quoted| line.contains(quoted)))
        {
            let of_line = words(line);
            let bad = NOT_USED.iter().filter(|word| of_line.iter().any(|of_line| of_line == *word));
            found.extend(bad.map(|word| format!("{}:{}: {word}", path.display(), nth + 1)));
        }
    }
    assert!(found.is_empty(), "see docs/glossary.md:\n{}", found.join("\n"));
}

#[test]
fn words_are_found_within_identifiers() {
    assert_eq!(words("is_told: ToldBy"), ["is", "told", "", "told", "by"].map(String::from));
}
