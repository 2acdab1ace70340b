//! The documentation names what exists: links, paths of files, and the functions of the ways through the code.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the project that the documentation names paths in.
const FOLDERS: [&str; 5] = ["src/", "dissectors/", "tests/", "fixtures/", "docs/"];
/// Paths that are not checked: placeholders, what a run creates, and rooms that the text describes as a whole.
const NOT_CHECKED: [&str; 3] = ["NAME", "*", "tests/fuzz/artifacts"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages, with their text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "fixtures/README.md"].map(PathBuf::from).into();
    paths.extend(["filters", "oracle"].map(|folder| Path::new("tests").join(folder).join("README.md")));
    for entry in fs::read_dir(root().join("docs")).expect("docs").flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().ends_with(".md") {
            paths.push(Path::new("docs").join(name));
        }
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root().join(&path)).expect("a page");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// Whether a path of a text is one to check.
fn is_checked(path: &str) -> bool {
    !NOT_CHECKED.iter().any(|part| path.contains(part))
}

/// Returns the anchors of a page: its headings in lower case, with hyphens for spaces and without punctuation.
fn anchors(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let is_kept = |char: &char| char.is_alphanumeric() || matches!(char, '-' | '_' | ' ');
    let anchor = |line: &str| line.trim_start_matches('#').trim().chars().filter(is_kept).collect::<String>();
    headings.map(|line| anchor(line).to_lowercase().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut links = 0;
    for (page, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let own = root().join(&page);
            let target = if file.is_empty() { own } else { own.parent().expect("a folder").join(file) };
            assert!(target.exists(), "{}: no file {file}", page.display());
            let is_found = anchor.is_empty() || anchors(&target).iter().any(|found| found == anchor);
            assert!(is_found, "{}: no heading {link}", page.display());
            links += 1;
        }
    }
    assert!(links > 50, "{links} links");
}

#[test]
fn every_path_in_a_page_exists() {
    let mut paths = 0;
    for (page, text) in pages() {
        let is_part = |char: char| char.is_ascii_alphanumeric() || "_-./*".contains(char);
        for path in text.split(|char: char| !is_part(char)) {
            let path = path.trim_end_matches(['.', '/']);
            let is_path = FOLDERS.iter().any(|folder| path.starts_with(folder));
            if is_path && is_checked(path) {
                // A page in a folder may name files beside it.
                let beside = page.parent().expect("a folder").join(path);
                let exists = root().join(path).exists() || root().join(beside).exists();
                assert!(exists, "{}: no file {path}", page.display());
                paths += 1;
            }
        }
    }
    assert!(paths > 100, "{paths} paths");
}

#[test]
fn the_ways_through_the_code_name_functions_of_their_files() {
    let (_, text) = pages().into_iter().find(|(page, _)| page.ends_with("architecture.md")).expect("the page");
    let ways = text.split_once("\n## Six ways").expect("the section").1.split_once("\n## ").expect("an end").0;
    let mut functions = 0;
    for line in ways.split("```").skip(1).step_by(2).flat_map(str::lines) {
        let mut columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
        let (Some(files), Some(names)) = (columns.next(), columns.next()) else { continue };
        if !files.ends_with(".rs") || !is_checked(files) {
            continue;
        }
        let code = code_of(files);
        // What follows a space is prose.
        for name in names.split(", ").filter(|name| !name.contains(' ')) {
            let name = name.rsplit("::").next().expect("a name");
            let is_declared = ["fn ", "    ", "const ", "static "].iter().any(|before| {
                code.match_indices(&format!("{before}{name}")).any(|(at, found)| {
                    !code[at + found.len()..].starts_with(|char: char| char.is_alphanumeric() || char == '_')
                })
            });
            assert!(is_declared, "{files} declares no {name}");
            functions += 1;
        }
    }
    assert!(functions > 80, "{functions} functions");
}

/// Returns the text of the files in a line: `filter/lex.rs, parse/mod.rs`, where a folder counts for all of them.
fn code_of(files: &str) -> String {
    let folder = Path::new(files.split(',').next().expect("a file")).parent().expect("a folder");
    let mut code = String::new();
    for file in files.split(", ") {
        let base = if file.starts_with("dissectors/") { root().to_owned() } else { root().join("src") };
        let path = [base.join(file), base.join(folder).join(file)].into_iter().find(|path| path.exists());
        code += &fs::read_to_string(path.unwrap_or_else(|| unreachable!("no file {file}"))).expect("a text");
    }
    code
}
