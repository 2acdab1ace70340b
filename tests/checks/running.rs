//! The program run, and what it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What a run printed, said and came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn fixtures() -> PathBuf {
    root().join("fixtures")
}

/// `overhear check` in a folder, not yet run.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overhear"));
    command.arg("check").args(args).current_dir(folder).env("TZ", "UTC").env_remove("COLUMNS");
    command
}

/// `overhear check` in a folder.
pub fn check(folder: &Path, args: &[&str]) -> Said {
    command(folder, args).output().expect("overhear").into()
}

/// A new folder with these captures of `fixtures/` and a check file of this text, `checks.toml`.
pub fn folder(captures: &[&str], checks: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in captures {
        let from = fixtures().join(name);
        fs::copy(&from, folder.path().join(from.file_name().expect("a name"))).expect("a fixture");
    }
    fs::write(folder.path().join("checks.toml"), checks).expect("a check file");
    folder
}

/// The first frames of a capture: a pcap file of `fixtures/`, of little end first.
pub fn first(capture: &str, frames: usize) -> Vec<u8> {
    let whole = fs::read(fixtures().join(capture)).expect("a fixture");
    let mut end = 24;
    for _ in 0..frames {
        let len = whole[end + 8..end + 12].try_into().expect("4 bytes");
        end += 16 + u32::from_le_bytes(len) as usize;
    }
    whole[..end].to_vec()
}
