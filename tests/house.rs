//! The rules of the house that can be checked: which way the arrows point, what a file owes its reader.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder of the project").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a text");
                files.push((path.strip_prefix(root()).expect("inside").to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// The modules of the program from the top down: each may use those after it.
const DOWN: [&str; 14] = [
    "command", "tui", "check", "browse", "report", "filter", "analysis", "capture", "live", "sink", "confine",
    "source", "naming", "priority",
];

#[test]
fn in_the_program_arrows_point_down() {
    let mut arrows = 0;
    for (path, text) in sources("src") {
        let own = path.iter().nth(1).expect("src/NAME").to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(level) = DOWN.iter().position(|name| *name == own) else { continue };
        for above in &DOWN[..level] {
            let arrow = format!("crate::{above}");
            assert!(!text.contains(&arrow), "{} uses {above}, which stands above it", path.display());
        }
        arrows += text.matches("use crate::").count();
    }
    assert!(arrows > 10, "the arrows were not found");
}

#[test]
fn a_protocol_names_no_sibling() {
    // The frame notes what is cut short; the language knows the two transports, whose packets streams are made of.
    let shared = ["frame"];
    let protocols: Vec<String> = dissectors_folders();
    for (path, text) in sources("dissectors/src") {
        let Some(own) = path.iter().nth(2).map(|name| name.to_string_lossy().into_owned()) else { continue };
        if !protocols.contains(&own) {
            continue;
        }
        for sibling in protocols.iter().filter(|name| **name != own && !shared.contains(&name.as_str())) {
            for arrow in [format!("crate::{sibling}::"), format!("super::{sibling}::")] {
                let inner = root().join("dissectors/src").join(&own).join(format!("{sibling}.rs"));
                assert!(!text.contains(&arrow) || inner.exists(), "{} names {sibling}", path.display());
            }
        }
    }
}

fn dissectors_folders() -> Vec<String> {
    let entries = fs::read_dir(root().join("dissectors/src")).expect("the dissectors").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_file_says_what_it_is_and_fits_in_a_head() {
    for folder in ["src", "dissectors/src", "tests"] {
        for (path, text) in sources(folder) {
            if path.components().any(|part| part.as_os_str() == "target") {
                continue;
            }
            assert!(text.starts_with("//! ") || text.starts_with("#!["), "{} begins with no sentence", path.display());
            let lines = text.lines().count();
            assert!(lines <= 800, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn the_manual_of_fields_is_what_the_declarations_print() {
    let manual = fs::read_to_string(root().join("docs/fields.md")).expect("docs/fields.md");
    let printed = overhear::report::fields_page();
    assert!(manual == printed, "docs/fields.md is outdated: run `make docs`");
}
