//! Frames into a file of their own.

use super::known::Known;
use super::post::Post;
use super::teller::{Teller, Wrong};
use crate::sink::{Extract, Overwrite};
use std::path::Path;

/// Frames between two looks at whether the question stands.
const STRIDE: u64 = 4096;

/// Writes frames, all if none are named, into a new file; says how many. None if nobody asks any more.
pub(super) fn save(
    known: &Known,
    path: &Path,
    frames: Option<&[u32]>,
    over: bool,
    (post, count): (&Post, u64),
) -> Result<Option<u64>, Wrong> {
    known.shelf.check().map_err(|error| error.to_string())?;
    let mut teller = Teller::new(known.clone());
    let mut file = Extract::create(path, if over { Overwrite::Replace } else { Overwrite::Keep })
        .map_err(|error| error.to_string())?;
    let all = 1..=known.read().count();
    let frames: Box<dyn Iterator<Item = u32>> = match frames {
        Some(frames) => Box::new(frames.iter().copied()),
        None => Box::new(all),
    };
    for (frame, nth) in frames.zip(0u64..) {
        teller.record(frame, |frame| file.write(frame).map_err(|error| error.to_string()))?.transpose()?;
        if nth.is_multiple_of(STRIDE) && post.is_stale(count) {
            return Ok(None);
        }
    }
    file.finish().map(Some).map_err(|error| error.to_string())
}
