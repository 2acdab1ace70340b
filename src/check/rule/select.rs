//! `none`, `some`, `count`: how many there are of what a filter finds.

use super::streams::{Streams, too_many};
use super::{Seen, Unit, Watch};
use crate::capture::{Call, Stream};
use crate::check::bound::Bound;
use crate::check::verdict::{Frames, Verdict, many};
use crate::filter::Filter;

/// As many as the bound says of what the filter finds.
pub(super) struct Select {
    pub(super) unit: Unit,
    pub(super) text: String,
    pub(super) filter: Filter,
    pub(super) bound: Bound,
}

impl Select {
    pub(super) fn watch(&self) -> Watching<'_> {
        Watching { rule: self, count: 0, frames: Frames::default(), streams: Streams::new() }
    }
}

pub(super) struct Watching<'r> {
    rule: &'r Select,
    count: u64,
    frames: Frames,
    /// The streams that were counted.
    streams: Streams<bool>,
}

impl Watching<'_> {
    fn count(&mut self, seen: &Seen<'_>) {
        self.count += 1;
        self.frames.add_all(seen.frames);
    }
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        if self.rule.unit == Unit::Call || !self.rule.filter.matches(seen.tree) {
            return;
        }
        if self.rule.unit == Unit::Stream {
            let Some(counted) = seen.stream.and_then(|stream| self.streams.begin(stream)) else { return };
            if std::mem::replace(counted, true) {
                return;
            }
        }
        self.count(seen);
    }

    fn call(&mut self, _: &Call, seen: &Seen<'_>) {
        if self.rule.unit == Unit::Call && self.rule.filter.matches(seen.tree) {
            self.count(seen);
        }
    }

    fn closed(&mut self, stream: &Stream) {
        self.streams.end(stream);
    }

    fn verdict(self: Box<Self>) -> Verdict {
        if self.streams.full {
            return Verdict::new(false, too_many(), self.frames);
        }
        let holds = self.rule.bound.holds(self.count.into());
        Verdict::new(holds, many(self.count, self.rule.unit.word()), self.frames)
    }
}
