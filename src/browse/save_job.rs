//! Save requests: frames written to a new file.

use super::frame_table::SharedFrameTable;
use super::random_access::{ErrorText, RandomAccess};
use super::request::BrowseEvent;
use super::request_queue::RequestQueue;
use crate::sink::{Extract, NeededSecrets, Overwrite};
use nix::unistd::{User, geteuid};
use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Frames between checks for cancellation.
const STRIDE: u64 = 4096;

/// Frames to save, and the output file.
pub(super) struct SaveJob<'a> {
    pub(super) path: PathBuf,
    /// Frames; all if `None`.
    pub(super) frames: Option<&'a [u32]>,
    /// Whether an existing file may be replaced.
    pub(super) overwrite: bool,
}

/// Saves frames. Replaces an existing file only if `job` permits it, and never one of the `inputs`. Returns `None` if
/// the request is stale.
pub(super) fn run_save(
    table: &SharedFrameTable,
    inputs: &[PathBuf],
    job: SaveJob<'_>,
    request: (&RequestQueue, u64),
) -> Option<BrowseEvent> {
    let path = expand_tilde(&job.path, home_dir);
    let job = SaveJob { path: path.clone(), ..job };
    let result = match check_output(&path, table, inputs) {
        Ok(true) if !job.overwrite => return Some(BrowseEvent::FileExists { path }),
        Ok(_) => write_frames(table, &job, request).transpose()?,
        Err(error) => Err(error),
    };
    let omits_secrets = matches!(result, Ok((_, true)));
    Some(BrowseEvent::SaveResult { path, result: result.map(|(count, _)| count), omits_secrets })
}

/// Whether the output file exists; an error if it must not be replaced.
fn check_output(path: &Path, table: &SharedFrameTable, inputs: &[PathBuf]) -> Result<bool, ErrorText> {
    let Ok(link) = path.symlink_metadata() else { return Ok(false) };
    let Ok(file) = path.metadata() else { return Err("broken symbolic link".into()) };
    let is_same = |other: Metadata| (other.dev(), other.ino()) == (file.dev(), file.ino());
    match () {
        () if file.is_dir() => Err("is a directory".into()),
        () if !file.is_file() => Err("not a regular file".into()),
        () if table.store.contains(&file) || inputs.iter().any(|input| input.metadata().is_ok_and(is_same)) => {
            Err("is the capture being read".into())
        }
        () => Ok(link.is_file() || link.is_symlink()),
    }
}

/// Replaces a leading `~` by the user's home directory, as shells do.
fn expand_tilde(path: &Path, home: impl FnOnce() -> Option<PathBuf>) -> PathBuf {
    let rest = path.strip_prefix("~").ok();
    rest.and_then(|rest| Some(home()?.join(rest))).unwrap_or_else(|| path.to_owned())
}

/// Returns the user's home directory. `HOME` is ignored if it belongs to another user, as it may after `sudo`.
fn home_dir() -> Option<PathBuf> {
    let is_own = |folder: &PathBuf| folder.metadata().is_ok_and(|metadata| metadata.uid() == geteuid().as_raw());
    let named = std::env::var_os("HOME").map(PathBuf::from).filter(is_own);
    named.or_else(|| User::from_uid(geteuid()).ok().flatten().map(|user| user.dir))
}

/// Writes frames and their metadata to a new file. Returns the number of frames and whether secrets are omitted, or `None` if
/// the request is stale.
fn write_frames(
    table: &SharedFrameTable,
    job: &SaveJob<'_>,
    (queue, count): (&RequestQueue, u64),
) -> Result<Option<(u64, bool)>, ErrorText> {
    if table.task().decode.redactor.is_some() {
        return Err("frames are not saved while secrets are redacted".into());
    }
    table.store.check_unchanged().map_err(|error| error.to_string())?;
    let failed = |error: crate::sink::Error| error.cause.to_string();
    let mut reader = RandomAccess::new(table.clone());
    let overwrite = if job.overwrite { Overwrite::Replace } else { Overwrite::Keep };
    let decode = table.task().decode;
    let needed = decode.saves_secrets.then(|| NeededSecrets::new((*decode.secrets).clone()));
    let mut file = Extract::create(&job.path, overwrite, needed).map_err(failed)?;
    let all = 1..=table.read().count();
    let frames: Box<dyn Iterator<Item = u32>> = match job.frames {
        Some(frames) => Box::new(frames.iter().copied()),
        None => Box::new(all),
    };
    let mut sections = HashSet::new();
    for (frame, nth) in frames.zip(0u64..) {
        let Some(volume) = table.read().entry(frame).map(|entry| entry.location().file) else { continue };
        let write = |frame: &crate::source::Frame<'_>| {
            if sections.insert((volume, frame.section)) {
                file.write_metadata(&table.store.section_metadata(volume, frame.section))?;
            }
            file.write(frame)
        };
        reader.read_record(frame, write)?.transpose().map_err(failed)?;
        if nth.is_multiple_of(STRIDE) && queue.is_stale(count) {
            return Ok(None);
        }
    }
    let omits_secrets = file.omits_secrets();
    file.finish().map(|count| Some((count, omits_secrets))).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_replaced_by_the_home_directory() {
        let expanded = |path: &str| expand_tilde(Path::new(path), || Some("/home/a".into()));
        let rows = [("~/x", "/home/a/x"), ("~", "/home/a"), ("~b/x", "~b/x"), ("a/~/x", "a/~/x"), ("/x", "/x")];
        for (path, expected) in rows {
            assert_eq!(expanded(path), Path::new(expected), "{path}");
        }
    }
}
