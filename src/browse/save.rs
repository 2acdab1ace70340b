//! Frames into a file of their own.

use super::ask::Answer;
use super::known::Known;
use super::post::Post;
use super::reread::{Reread, Wrong};
use crate::sink::{Extract, Overwrite};
use nix::unistd::{User, geteuid};
use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Frames between two looks at whether the question stands.
const STRIDE: u64 = 4096;

/// What is to be saved, and where.
pub(super) struct Order<'a> {
    pub(super) path: PathBuf,
    /// All if none are named.
    pub(super) frames: Option<&'a [u32]>,
    /// A file that is there may be replaced.
    pub(super) over: bool,
}

/// Saves frames, but not over a file unasked, and never over one of those that are `read`. No answer if nobody asks any
/// more.
pub(super) fn answer(known: &Known, read: &[PathBuf], order: Order<'_>, asked: (&Post, u64)) -> Option<Answer> {
    let path = expanded(&order.path, home);
    let order = Order { path: path.clone(), ..order };
    let result = match obstacle(&path, known, read) {
        Ok(true) if !order.over => return Some(Answer::Exists { path }),
        Ok(_) => save(known, &order, asked).transpose()?,
        Err(wrong) => Err(wrong),
    };
    Some(Answer::Saved { path, result })
}

/// Whether there is a file of this name; an error if it is one that is never written over.
fn obstacle(path: &Path, known: &Known, read: &[PathBuf]) -> Result<bool, Wrong> {
    let Ok(named) = path.symlink_metadata() else { return Ok(false) };
    let Ok(there) = path.metadata() else { return Err("it is a link that leads nowhere".into()) };
    let is_it = |other: Metadata| (other.dev(), other.ino()) == (there.dev(), there.ino());
    match () {
        () if there.is_dir() => Err("it is a folder".into()),
        () if !there.is_file() => Err("it is no regular file".into()),
        () if known.shelf.has(&there) || read.iter().any(|read| read.metadata().is_ok_and(is_it)) => {
            Err("it is the capture that is being read".into())
        }
        () => Ok(named.is_file() || named.is_symlink()),
    }
}

/// A name whose first part may be `~`, as shells write the user's folder.
fn expanded(path: &Path, home: impl FnOnce() -> Option<PathBuf>) -> PathBuf {
    let below = path.strip_prefix("~").ok();
    below.and_then(|below| Some(home()?.join(below))).unwrap_or_else(|| path.to_owned())
}

/// The folder of the user: not that of another, whom `sudo` may have left in the environment.
fn home() -> Option<PathBuf> {
    let is_own = |folder: &PathBuf| folder.metadata().is_ok_and(|about| about.uid() == geteuid().as_raw());
    let named = std::env::var_os("HOME").map(PathBuf::from).filter(is_own);
    named.or_else(|| User::from_uid(geteuid()).ok().flatten().map(|user| user.dir))
}

/// Writes frames, and what stands beside them, into a new file; says how many. None if nobody asks any more.
fn save(known: &Known, order: &Order<'_>, (post, count): (&Post, u64)) -> Result<Option<u64>, Wrong> {
    known.shelf.check().map_err(|error| error.to_string())?;
    let failed = |error: crate::sink::Error| error.cause.to_string();
    let mut again = Reread::new(known.clone());
    let over = if order.over { Overwrite::Replace } else { Overwrite::Keep };
    let mut file = Extract::create(&order.path, over).map_err(failed)?;
    let all = 1..=known.read().count();
    let frames: Box<dyn Iterator<Item = u32>> = match order.frames {
        Some(frames) => Box::new(frames.iter().copied()),
        None => Box::new(all),
    };
    let mut sections = HashSet::new();
    for (frame, nth) in frames.zip(0u64..) {
        let Some(volume) = known.read().seat(frame).map(|seat| seat.place().file) else { continue };
        let write = |frame: &crate::source::Frame<'_>| {
            if sections.insert((volume, frame.section)) {
                file.beside(&known.shelf.aside(volume, frame.section))?;
            }
            file.write(frame)
        };
        again.record(frame, write)?.transpose().map_err(failed)?;
        if nth.is_multiple_of(STRIDE) && post.is_stale(count) {
            return Ok(None);
        }
    }
    file.finish().map(Some).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_folder_of_the_user() {
        let expanded = |path: &str| expanded(Path::new(path), || Some("/home/a".into()));
        let rows = [("~/x", "/home/a/x"), ("~", "/home/a"), ("~b/x", "~b/x"), ("a/~/x", "a/~/x"), ("/x", "/x")];
        for (path, wanted) in rows {
            assert_eq!(expanded(path), Path::new(wanted), "{path}");
        }
    }
}
