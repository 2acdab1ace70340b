//! Copies of the results of frames, for a consumer that reads those of all shards in order.

use super::extraction::{Extractor, FrameConsumer, FrameSelector};
use super::shard_queue::{ItemStore, Items};
use overhear::analysis::{Analyzer, Event, FrameResultsCopy, Prefilter};
use overhear::report::DissectedFrame;

/// Results of frames, and events.
#[derive(Default)]
pub(super) struct FrameCopies {
    items: Items<CopiedItem>,
    /// Copies of frames, also those that were read, whose memory is used again.
    frames: Vec<FrameResultsCopy>,
    /// Number of copies that are used, and that were read.
    used: usize,
    read: usize,
}

enum CopiedItem {
    /// The next copy of a frame, the time since the first frame, and whether it is displayed.
    Frame(i64, bool),
    /// An event, and what it matches.
    Event(Event, [bool; 2]),
}

impl ItemStore for FrameCopies {
    /// Trees have some kilobytes.
    const CHUNK_BYTES: usize = 256 << 10;

    fn added(&self) -> usize {
        self.items.added()
    }

    fn size(&self) -> usize {
        self.items.size()
    }

    fn clear(&mut self) {
        self.items.clear();
        (self.used, self.read) = (0, 0);
    }
}

impl FrameCopies {
    fn push_frame(&mut self, shown: &DissectedFrame<'_>, analyzer: &Analyzer, is_displayed: bool) {
        match self.frames.get_mut(self.used) {
            Some(copy) => copy.replace(shown.frame, analyzer.results()),
            None => self.frames.push(FrameResultsCopy::new(shown.frame, analyzer.results())),
        }
        let size = self.frames.get(self.used).map_or(0, FrameResultsCopy::size);
        self.used += 1;
        self.items.push(CopiedItem::Frame(shown.relative, is_displayed), size);
    }

    /// Passes the next item to a consumer.
    pub(super) fn consume(&mut self, consumer: &mut impl FrameConsumer) {
        match self.items.take() {
            Some(CopiedItem::Frame(relative, is_displayed)) => {
                if let Some(copy) = self.frames.get(self.read) {
                    let (frame, results) = (copy.frame(), copy.results());
                    let shown = DissectedFrame { frame: &frame, relative, tree: results.tree };
                    consumer.frame(&shown, &results, is_displayed);
                }
                self.read += 1;
            }
            Some(CopiedItem::Event(event, matches)) => consumer.event(event, matches),
            None => {}
        }
    }
}

/// Copies what a selector selects.
pub(super) struct FrameCopier<S>(pub(super) S);

impl<S: FrameSelector> Extractor for FrameCopier<S> {
    type Store = FrameCopies;

    fn prefilter(&self) -> Option<Prefilter> {
        self.0.prefilter()
    }

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer, items: &mut FrameCopies) -> bool {
        let selected = self.0.frame(frame, analyzer);
        if selected.is_read {
            items.push_frame(frame, analyzer, selected.is_displayed);
        }
        selected.is_displayed
    }

    fn event(&mut self, event: Event, items: &mut FrameCopies) {
        let matches = self.0.event(&event);
        items.items.push(CopiedItem::Event(event, matches), 0);
    }
}
