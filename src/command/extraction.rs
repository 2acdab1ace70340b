//! What a pass over a capture that several threads read extracts on the thread of each shard, and who consumes it in order.

use super::shard_queue::ItemStore;
use overhear::analysis::{Analyzer, Event, FrameResults, Prefilter};
use overhear::report::DissectedFrame;

/// Extracts items of frames and events, on the thread of a shard.
pub(super) trait Extractor {
    /// Items.
    type Store: ItemStore;

    /// Returns what excludes frames by their lower layers.
    fn prefilter(&self) -> Option<Prefilter> {
        None
    }

    /// Adds the items of a frame. Returns whether the frame is displayed.
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer, items: &mut Self::Store) -> bool;

    /// Adds the items of an event.
    fn event(&mut self, event: Event, items: &mut Self::Store);
}

/// Selects on the thread of a shard what a consumer of frames reads.
pub(super) trait FrameSelector {
    /// Returns what excludes frames by their lower layers.
    fn prefilter(&self) -> Option<Prefilter> {
        None
    }

    /// Reads a frame.
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> SelectedFrame;

    /// Reads an event. Returns what it matches.
    fn event(&mut self, event: &Event) -> [bool; 2];
}

/// Whether a frame is displayed, and whether the consumer reads it.
#[derive(Clone, Copy)]
pub(super) struct SelectedFrame {
    pub(super) is_displayed: bool,
    pub(super) is_read: bool,
}

/// Consumer of the results of frames, and of events, in the order of the capture.
pub(super) trait FrameConsumer: Send {
    /// Reads a frame.
    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>, is_displayed: bool);

    /// Reads an event, and what it matches.
    fn event(&mut self, event: Event, matches: [bool; 2]);
}
