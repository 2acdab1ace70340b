//! `none`, `some`, `count`: the number of matches of a filter.

use super::stream_map::{StreamMap, overflow_finding};
use super::{EvaluatedItem, RuleEvaluator, RuleUnit};
use crate::capture::{Call, Stream};
use crate::check::bound::Bound;
use crate::check::verdict::{DecidingFrames, Verdict, count_noun};
use crate::filter::Filter;

/// Rule that the number of matches of a filter satisfies a bound.
pub(super) struct CountRule {
    pub(super) unit: RuleUnit,
    pub(super) text: String,
    pub(super) filter: Filter,
    pub(super) bound: Bound,
}

impl CountRule {
    pub(super) fn evaluator(&self) -> CountEvaluator<'_> {
        CountEvaluator { rule: self, count: 0, frames: DecidingFrames::default(), streams: StreamMap::new() }
    }
}

/// Evaluator of the rule.
pub(super) struct CountEvaluator<'r> {
    rule: &'r CountRule,
    count: u64,
    frames: DecidingFrames,
    /// Open streams that are counted already.
    streams: StreamMap<bool>,
}

impl CountEvaluator<'_> {
    /// Counts a match.
    fn count_match(&mut self, item: &EvaluatedItem<'_>) {
        self.count += 1;
        self.frames.add_all(item.frames);
    }
}

impl RuleEvaluator for CountEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        if self.rule.unit == RuleUnit::Call || !self.rule.filter.matches(item.tree) {
            return;
        }
        if self.rule.unit == RuleUnit::Stream {
            let Some(is_counted) = item.stream.and_then(|stream| self.streams.get_or_insert(stream)) else { return };
            if std::mem::replace(is_counted, true) {
                return;
            }
        }
        self.count_match(item);
    }

    fn on_call(&mut self, _: &Call, item: &EvaluatedItem<'_>) {
        if self.rule.unit == RuleUnit::Call && self.rule.filter.matches(item.tree) {
            self.count_match(item);
        }
    }

    fn on_stream_closed(&mut self, stream: &Stream) {
        self.streams.remove(stream);
    }

    fn verdict(self: Box<Self>) -> Verdict {
        if self.streams.overflowed {
            return Verdict::new(false, overflow_finding(), self.frames);
        }
        let holds = self.rule.bound.holds(self.count.into());
        Verdict::new(holds, count_noun(self.count, self.rule.unit.name()), self.frames)
    }
}
