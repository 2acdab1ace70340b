//! How many threads read capture files at the same time.

use super::decompress::Compression;
use std::path::Path;
use std::thread;

/// Minimum size in bytes of captures that several threads read.
const MIN_SIZE: u64 = 4 << 20;

/// Maximum number of threads: all of them read all frames, so further ones save little.
const MAX_THREADS: usize = 8;

/// Returns the number of processor cores that are available.
#[must_use]
pub fn core_count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Returns the number of threads that read captures, unless the user names one: several if the captures are regular files, large, and
/// not compressed, because each thread would decompress all of them.
pub fn reading_threads<'p>(paths: impl IntoIterator<Item = &'p Path> + Clone) -> usize {
    let size = |path: &Path| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
    let sum = paths.clone().into_iter().try_fold(0_u64, |sum, path| Some(sum.saturating_add(size(path)?)));
    let is_plain = |path: &Path| matches!(Compression::of_file(path), Ok(None));
    let is_large = sum.is_some_and(|sum| sum >= MIN_SIZE);
    if is_large && paths.into_iter().all(is_plain) { core_count().min(MAX_THREADS) } else { 1 }
}
