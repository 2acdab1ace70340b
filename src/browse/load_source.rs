//! What the loader reads: captures, or the file of a live capture.

use super::index::CaptureEnd;
use crate::source::StopSignal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// Status of a live capture: interface names, frames dropped by the kernel, the interface and overhear, and the reason
/// for the end.
#[derive(Debug, Default)]
pub(super) struct LiveStatus {
    pub(super) name: String,
    pub(super) dropped: [AtomicU64; 3],
    pub(super) end: OnceLock<CaptureEnd>,
}

impl LiveStatus {
    pub(super) fn dropped(&self) -> [u64; 3] {
        self.dropped.each_ref().map(|counter| counter.load(Relaxed))
    }
}

/// Captures to load, and how to stop.
#[derive(Clone, Default)]
pub(super) struct LoadSource {
    pub(super) paths: Vec<PathBuf>,
    /// Status of the live capture that the last file belongs to, if any. The reader waits at the end of that file.
    pub(super) live: Option<Arc<LiveStatus>>,
    /// Marks the end of the live capture file.
    pub(super) end_of_file: StopSignal,
    /// Aborts loading.
    pub(super) abort: StopSignal,
    /// Number of threads that read the captures; if none is given, it depends on the captures and on the processor.
    pub(super) threads: Option<usize>,
}
