//! `each X followed by Y within T`: in the same stream, in a later frame.

use super::streams::{Streams, too_many};
use super::{Seen, Watch};
use crate::capture::Stream;
use crate::check::verdict::{Frames, Verdict, many};
use crate::filter::Filter;
use std::collections::VecDeque;

/// As many frames of all streams wait for what must follow.
const MOST: usize = 1 << 18;

/// For each frame that the one filter finds there is a later one that the other finds.
pub(super) struct Followed {
    pub(super) text: String,
    pub(super) each: Filter,
    pub(super) by: Filter,
    /// Nanoseconds between the two at most.
    pub(super) within: Option<i64>,
}

impl Followed {
    pub(super) fn watch(&self) -> Watching<'_> {
        let frames = Frames::default();
        Watching { rule: self, count: 0, failing: 0, held: 0, full: false, frames, streams: Streams::new() }
    }
}

/// A frame that waits for what must follow: its number and its time.
type Waiting = (u32, i64);

pub(super) struct Watching<'r> {
    rule: &'r Followed,
    count: u64,
    failing: u64,
    /// How many wait, in all streams.
    held: usize,
    full: bool,
    frames: Frames,
    streams: Streams<VecDeque<Waiting>>,
}

impl Watching<'_> {
    fn fail(&mut self, waiting: impl IntoIterator<Item = Waiting>) {
        for (frame, _) in waiting {
            self.failing += 1;
            self.frames.add(frame);
        }
    }

    /// Whether what follows at this time still comes in time.
    fn is_in_time(&self, waits_since: i64, time: i64) -> bool {
        self.rule.within.is_none_or(|within| time.saturating_sub(waits_since) <= within)
    }
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        let Some((stream, &frame)) = seen.stream.zip(seen.frames.first()) else { return };
        if self.rule.by.matches(seen.tree)
            && let Some(waiting) = self.streams.find(stream)
        {
            let waiting = std::mem::take(waiting);
            self.held -= waiting.len();
            let late: Vec<_> = waiting.into_iter().filter(|&(_, since)| !self.is_in_time(since, seen.time)).collect();
            self.fail(late);
        }
        if !self.rule.each.matches(seen.tree) {
            return;
        }
        self.count += 1;
        let Some(waiting) = self.streams.begin(stream) else { return };
        if self.held < MOST {
            waiting.push_back((frame, seen.time));
            self.held += 1;
        } else {
            self.full = true;
        }
    }

    fn closed(&mut self, stream: &Stream) {
        if let Some((_, waiting)) = self.streams.end(stream) {
            self.held -= waiting.len();
            self.fail(waiting);
        }
    }

    fn verdict(mut self: Box<Self>) -> Verdict {
        for (_, waiting) in self.streams.drain() {
            self.fail(waiting);
        }
        if self.streams.full {
            return Verdict::new(false, too_many(), self.frames);
        }
        if self.full {
            let found = format!("more than {MOST} frames wait for what must follow: it cannot be judged");
            return Verdict::new(false, found, self.frames);
        }
        let in_time = if self.rule.within.is_some() { " in time" } else { "" };
        let found = match (self.failing, self.count) {
            (0, count) => many(count, "frame"),
            (1, 1) => format!("the only frame is not followed{in_time}"),
            (1, count) => format!("1 of {count} frames is not followed{in_time}"),
            (failing, count) => format!("{failing} of {count} frames are not followed{in_time}"),
        };
        Verdict::new(self.failing == 0, found, self.frames)
    }
}
