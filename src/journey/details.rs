//! Detail trees of the frames that a journey names.

use super::form::linked_frames;
use super::model::Journey;
use crate::analysis::Task;
use crate::report::{DissectedFrame, detail_text};
use dissectors::Wants;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of frames with details. Those of verdicts come first.
const MAX_FRAMES: usize = 200;

/// Maximum bytes of the details of a frame, and of all.
const MAX_FRAME_BYTES: usize = 64 << 10;
const MAX_BYTES: usize = 2 << 20;

/// Collects the detail trees of frames in a pass.
pub struct FrameDetails {
    missing: BTreeSet<u32>,
    details: BTreeMap<u32, String>,
    bytes: usize,
}

impl FrameDetails {
    /// Creates a collector of the frames that a journey names.
    #[must_use]
    pub fn new(journey: &Journey) -> FrameDetails {
        let mut missing = BTreeSet::new();
        for frame in linked_frames(journey) {
            if missing.len() < MAX_FRAMES {
                missing.insert(frame);
            }
        }
        FrameDetails { missing, details: BTreeMap::new(), bytes: 0 }
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        Task { wants: Wants::everything(), ..Task::default() }
    }

    /// Whether later frames are not read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.missing.is_empty()
    }

    /// Adds a frame.
    pub fn frame(&mut self, shown: &DissectedFrame<'_>) {
        if !self.missing.remove(&shown.frame.number) || self.bytes >= MAX_BYTES {
            return;
        }
        let text = detail_text(shown.tree, MAX_FRAME_BYTES);
        self.bytes += text.len();
        self.details.insert(shown.frame.number, text);
    }

    /// Returns the details by frame.
    #[must_use]
    pub fn finish(self) -> BTreeMap<u32, String> {
        self.details
    }
}
