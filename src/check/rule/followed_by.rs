//! `each X followed by Y within T`: a later frame of the same stream matches Y.

use super::stream_map::{StreamMap, overflow_finding};
use super::{EvaluatedItem, RuleEvaluator};
use crate::capture::Stream;
use crate::check::verdict::{DecidingFrames, Verdict, count_noun};
use crate::filter::Filter;
use std::collections::VecDeque;

/// Maximum number of frames that wait for a following match, over all streams.
const MAX_WAITING: usize = 1 << 18;

/// Rule that each frame that matches one filter is followed by a frame that matches another.
pub(super) struct FollowedByRule {
    pub(super) text: String,
    pub(super) each: Filter,
    pub(super) next: Filter,
    /// Maximum nanoseconds between the two frames.
    pub(super) within: Option<i64>,
}

impl FollowedByRule {
    pub(super) fn evaluator(&self) -> FollowedByEvaluator<'_> {
        let frames = DecidingFrames::default();
        FollowedByEvaluator {
            rule: self,
            count: 0,
            failures: 0,
            waiting: 0,
            overflowed: false,
            frames,
            streams: StreamMap::new(),
        }
    }
}

/// Number and timestamp of a frame that waits for a following match.
type WaitingFrame = (u32, i64);

/// Evaluator of the rule.
pub(super) struct FollowedByEvaluator<'r> {
    rule: &'r FollowedByRule,
    count: u64,
    failures: u64,
    /// Number of waiting frames in all streams.
    waiting: usize,
    /// Whether more frames had to wait than the limit allows.
    overflowed: bool,
    frames: DecidingFrames,
    streams: StreamMap<VecDeque<WaitingFrame>>,
}

impl FollowedByEvaluator<'_> {
    /// Records waiting frames as failures.
    fn fail(&mut self, waiting: impl IntoIterator<Item = WaitingFrame>) {
        for (frame, _) in waiting {
            self.failures += 1;
            self.frames.add(frame);
        }
    }

    /// Returns whether a frame at `time` follows a frame at `since` within the rule's time.
    fn is_in_time(&self, since: i64, time: i64) -> bool {
        self.rule.within.is_none_or(|within| time.saturating_sub(since) <= within)
    }
}

impl RuleEvaluator for FollowedByEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        let Some((stream, &frame)) = item.stream.zip(item.frames.first()) else { return };
        if self.rule.next.matches(item.tree)
            && let Some(waiting) = self.streams.get_mut(stream)
        {
            let waiting = std::mem::take(waiting);
            self.waiting -= waiting.len();
            let late: Vec<_> = waiting.into_iter().filter(|&(_, since)| !self.is_in_time(since, item.time)).collect();
            self.fail(late);
        }
        if !self.rule.each.matches(item.tree) {
            return;
        }
        self.count += 1;
        let Some(waiting) = self.streams.get_or_insert(stream) else { return };
        if self.waiting < MAX_WAITING {
            waiting.push_back((frame, item.time));
            self.waiting += 1;
        } else {
            self.overflowed = true;
        }
    }

    fn on_stream_closed(&mut self, stream: &Stream) {
        if let Some((_, waiting)) = self.streams.remove(stream) {
            self.waiting -= waiting.len();
            self.fail(waiting);
        }
    }

    fn verdict(mut self: Box<Self>) -> Verdict {
        for (_, waiting) in self.streams.drain_sorted() {
            self.fail(waiting);
        }
        if self.streams.overflowed {
            return Verdict::new(false, overflow_finding(), self.frames);
        }
        if self.overflowed {
            let found = format!("cannot evaluate: more than {MAX_WAITING} frames wait for a following match");
            return Verdict::new(false, found, self.frames);
        }
        let in_time = if self.rule.within.is_some() { " in time" } else { "" };
        let found = match (self.failures, self.count) {
            (0, count) => count_noun(count, "frame"),
            (1, 1) => format!("the only frame is not followed{in_time}"),
            (1, count) => format!("1 of {count} frames is not followed{in_time}"),
            (failing, count) => format!("{failing} of {count} frames are not followed{in_time}"),
        };
        Verdict::new(self.failures == 0, found, self.frames)
    }
}
