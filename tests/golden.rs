//! Printed output as a person reads it: each text in `golden/` is a terminal session, lines `$ overhear ...` and their
//! output. `OVERHEAR_BLESS=1` rewrites the texts; read the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The prefix of a command line.
const PROMPT: &str = "$ overhear ";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the output and stderr of a command, in the project's folder, with times in UTC.
fn print(command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_overhear"));
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        shell.env_remove(name);
    }
    shell.args(["-c", &format!("exec 2>&1; {command}")]).current_dir(root()).env("PATH", path).env("TZ", "UTC");
    let output = shell.output().expect("a shell");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// Returns the commands of a session, each with its output.
fn commands(session: &str) -> Vec<(&str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in session.split_inclusive('\n') {
        if line.starts_with(PROMPT) {
            commands.push((line.trim_start_matches("$ ").trim_end(), String::new()));
        } else if let Some((_, printed)) = commands.last_mut() {
            printed.push_str(line);
        }
    }
    commands
}

fn sessions() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/golden")).expect("tests/golden").flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Describes the first difference of two texts.
fn assert_same(printed: &str, expected: &str, place: &str) {
    let lines = printed.lines().zip(expected.lines()).position(|(printed, expected)| printed != expected);
    let nth = lines.unwrap_or_else(|| printed.lines().count().min(expected.lines().count()));
    let line = |text: &str| text.lines().nth(nth).map(str::to_owned);
    assert!(printed == expected, "{place}\nline {}: {:?}\n  expected {:?}", nth + 1, line(printed), line(expected));
}

#[test]
fn sessions_print_their_recorded_output() {
    let bless = std::env::var_os("OVERHEAR_BLESS").is_some();
    for path in sessions() {
        let session = fs::read_to_string(&path).expect("a session");
        let mut now = String::new();
        assert!(session.starts_with(PROMPT), "{} begins with no command", path.display());
        for (command, expected) in commands(&session) {
            let printed = print(command) + "\n";
            if !bless {
                assert_same(&printed, &expected, &format!("{}: {command}", path.display()));
            }
            now += &format!("$ {command}\n{printed}");
        }
        if bless {
            fs::write(&path, now).expect("the session can be written");
        }
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut shown = 0;
    // Every other part is between fences.
    for block in readme.split("```").skip(1).step_by(2) {
        for (command, expected) in commands(block) {
            let printed: Vec<String> = print(command).lines().map(|line| line.trim_end().to_owned()).collect();
            assert_same(&printed.join("\n"), expected.trim_end(), &format!("README.md: {command}"));
            shown += 1;
        }
    }
    assert!(shown >= 5, "the commands of README.md were not found");
}
