//! File access: finds captures by pattern, reads check files and snapshots as text.

use crate::command::output::escape_paths;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// Maximum size of a check file or a snapshot in bytes.
const MAX_FILE_SIZE: u64 = 16 << 20;

/// Reads a UTF-8 text file.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(io::Error::other(format!("longer than {MAX_FILE_SIZE} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("not valid UTF-8"))
}

/// Returns the captures that match a pattern in a directory. If none matches, returns the pattern itself as a path that
/// does not exist. `**` matches nested directories but does not follow symbolic links, which could form cycles.
pub(super) fn find_captures(directory: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let literal = directory.join(pattern);
    if literal.exists() {
        return Ok(vec![literal]);
    }
    let is_literal = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let prefix: PathBuf = Path::new(pattern).components().take_while(is_literal).collect();
    let rest: PathBuf = Path::new(pattern).components().skip_while(is_literal).collect();
    if rest.as_os_str().is_empty() {
        return Ok(vec![literal]);
    }
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let Ok(names) = glob::Pattern::new(&rest.to_string_lossy()) else { return Ok(vec![literal]) };
    let root = directory.join(prefix);
    let start = if root.as_os_str().is_empty() { Path::new(".") } else { &root };
    let is_recursive = rest.components().any(|part| part.as_os_str() == "**");
    let depth = if is_recursive { usize::MAX } else { rest.components().count() };
    let mut found = Vec::new();
    for entry in WalkDir::new(start).min_depth(1).max_depth(depth).follow_links(!is_recursive) {
        let path = match &entry {
            Ok(entry) => entry.path(),
            // A dangling link counts as a missing capture.
            Err(error) => match (error.path(), error.io_error().map(io::Error::kind)) {
                (Some(path), Some(io::ErrorKind::NotFound)) => path,
                (Some(path), Some(kind)) => return Err(format!("{}: cannot search: {kind}", escape_paths([path]))),
                _ => continue,
            },
        };
        let name = path.strip_prefix(start).unwrap_or(path);
        if names.matches_with(&name.to_string_lossy(), options) && !path.is_dir() {
            found.push(root.join(name));
        }
    }
    Ok(if found.is_empty() { vec![literal] } else { found })
}
