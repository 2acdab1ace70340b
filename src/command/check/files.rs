//! Files found and read: captures by pattern, check files and snapshots as text.

use crate::command::output::shown;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// As long as a check file or a snapshot may be, in bytes.
const MOST: u64 = 16 << 20;

/// What is in a file of text.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::other(format!("it is longer than {MOST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text in UTF-8"))
}

/// The captures that a pattern names; one that is not there if there are none. `**` leads through folders, but through
/// no links to others, which could lead in circles.
pub(super) fn captures(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let plain = folder.join(pattern);
    if plain.exists() {
        return Ok(vec![plain]);
    }
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let fixed: PathBuf = Path::new(pattern).components().take_while(is_plain).collect();
    let rest: PathBuf = Path::new(pattern).components().skip_while(is_plain).collect();
    if rest.as_os_str().is_empty() {
        return Ok(vec![plain]);
    }
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let Ok(names) = glob::Pattern::new(&rest.to_string_lossy()) else { return Ok(vec![plain]) };
    let root = folder.join(fixed);
    let start = if root.as_os_str().is_empty() { Path::new(".") } else { &root };
    let is_deep = rest.components().any(|part| part.as_os_str() == "**");
    let depth = if is_deep { usize::MAX } else { rest.components().count() };
    let mut found = Vec::new();
    for entry in WalkDir::new(start).min_depth(1).max_depth(depth).follow_links(!is_deep) {
        let path = match &entry {
            Ok(entry) => entry.path(),
            // A link that leads nowhere is a capture that is not there.
            Err(error) => match (error.path(), error.io_error().map(io::Error::kind)) {
                (Some(path), Some(io::ErrorKind::NotFound)) => path,
                (Some(path), Some(kind)) => return Err(format!("{}: it cannot be searched: {kind}", shown([path]))),
                _ => continue,
            },
        };
        let name = path.strip_prefix(start).unwrap_or(path);
        if names.matches_with(&name.to_string_lossy(), options) && !path.is_dir() {
            found.push(root.join(name));
        }
    }
    Ok(if found.is_empty() { vec![plain] } else { found })
}
