//! Runs of the program, with their output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Exit code and output of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn fixtures() -> PathBuf {
    root().join("fixtures")
}

/// Returns the command `overhear check` in a folder.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overhear"));
    command.arg("check").args(args).current_dir(folder).env("TZ", "UTC").env_remove("COLUMNS");
    command
}

/// Runs `overhear check` in a folder.
pub fn check(folder: &Path, args: &[&str]) -> Run {
    command(folder, args).output().expect("overhear").into()
}

/// Returns a new folder with these captures of `fixtures/` and a check file `checks.toml` with this text.
pub fn folder(captures: &[&str], checks: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in captures {
        let from = fixtures().join(name);
        fs::copy(&from, folder.path().join(from.file_name().expect("a name"))).expect("a fixture");
    }
    fs::write(folder.path().join("checks.toml"), checks).expect("a check file");
    folder
}

/// Returns the first frames of a capture: a little-endian pcap file of `fixtures/`.
pub fn first(capture: &str, frames: usize) -> Vec<u8> {
    let whole = fs::read(fixtures().join(capture)).expect("a fixture");
    let mut end = 24;
    for _ in 0..frames {
        let len = whole[end + 8..end + 12].try_into().expect("4 bytes");
        end += 16 + u32::from_le_bytes(len) as usize;
    }
    whole[..end].to_vec()
}
