//! `order`: frames match several filters one after the other, in each stream or in the capture.

use super::stream_map::{StreamKey, StreamMap, overflow_finding};
use super::{EvaluatedItem, RuleEvaluator};
use crate::capture::Stream;
use crate::check::verdict::{DecidingFrames, Verdict, count_noun, escape_unprintable};
use crate::filter::Filter;
use dissectors::Wants;

/// Rule that frames match the steps in order, each step in a frame of its own. Other frames may come between.
pub(super) struct OrderRule {
    /// Filters and their texts.
    pub(super) steps: Vec<(String, Filter)>,
    /// Whether the order applies to every stream that matches a step, and not to the capture as a whole.
    pub(super) by_stream: bool,
}

impl OrderRule {
    /// Returns the fields that the rule reads.
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.steps.iter().for_each(|(_, filter)| wants.add_all(&filter.wants()));
        wants
    }

    /// Returns the filter text of the first step.
    pub(super) fn first_step(&self) -> Option<&str> {
        self.steps.first().map(|(text, _)| text.as_str())
    }

    pub(super) fn evaluator(&self) -> OrderEvaluator<'_> {
        OrderEvaluator {
            rule: self,
            capture_progress: OrderProgress::default(),
            streams: StreamMap::new(),
            count: 0,
            failures: 0,
            first_failure: None,
            frames: DecidingFrames::default(),
        }
    }
}

/// Progress of a stream or a capture through the steps.
#[derive(Clone, Default)]
struct OrderProgress {
    /// Number of steps matched in order.
    matched: usize,
    /// Frame that matched the last of these steps.
    last_matched: Option<u32>,
    /// First frame that matched any step.
    first_matched: Option<u32>,
}

impl OrderProgress {
    /// Evaluates a frame.
    fn advance(&mut self, frame: u32, rule: &OrderRule, item: &EvaluatedItem<'_>) {
        if rule.steps.get(self.matched).is_some_and(|(_, filter)| filter.matches(item.tree)) {
            self.matched += 1;
            self.last_matched = Some(frame);
            self.first_matched.get_or_insert(frame);
        }
        if self.first_matched.is_none() && rule.steps.iter().any(|(_, filter)| filter.matches(item.tree)) {
            self.first_matched = Some(frame);
        }
    }

    /// Describes the first step without a match.
    fn missing_step(&self, rule: &OrderRule) -> Option<String> {
        let (step, _) = rule.steps.get(self.matched)?;
        let after = self.last_matched.map_or(String::new(), |frame| format!(" after frame {frame}"));
        Some(escape_unprintable(&format!("no {step}{after}")))
    }
}

/// Evaluator of the rule.
pub(super) struct OrderEvaluator<'r> {
    rule: &'r OrderRule,
    capture_progress: OrderProgress,
    streams: StreamMap<OrderProgress>,
    count: u64,
    failures: u64,
    /// Description of the missing step in the first stream that fails.
    first_failure: Option<String>,
    frames: DecidingFrames,
}

impl OrderEvaluator<'_> {
    /// Evaluates a stream at its end, or the capture if `key` is `None`.
    fn finish_stream(&mut self, key: Option<StreamKey>, progress: &OrderProgress) {
        self.count += 1;
        let Some(missing) = progress.missing_step(self.rule) else { return };
        self.failures += 1;
        progress.last_matched.or(progress.first_matched).into_iter().for_each(|frame| self.frames.add(frame));
        self.first_failure.get_or_insert_with(|| match key {
            Some(key) => format!("{missing} in {key}"),
            None => missing,
        });
    }
}

impl RuleEvaluator for OrderEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        let Some(&frame) = item.frames.first() else { return };
        if !self.rule.by_stream {
            return self.capture_progress.advance(frame, self.rule, item);
        }
        let Some(key) = item.stream else { return };
        // A stream without a matching step has no entry.
        let matches_step = || self.rule.steps.iter().any(|(_, filter)| filter.matches(item.tree));
        let progress = match self.streams.get_mut(key) {
            None if matches_step() => self.streams.get_or_insert(key),
            progress => progress,
        };
        if let Some(progress) = progress {
            progress.advance(frame, self.rule, item);
        }
    }

    fn on_stream_closed(&mut self, stream: &Stream) {
        if let Some((key, progress)) = self.streams.remove(stream) {
            self.finish_stream(Some(key), &progress);
        }
    }

    fn verdict(mut self: Box<Self>) -> Verdict {
        for (key, progress) in self.streams.drain_sorted() {
            self.finish_stream(Some(key), &progress);
        }
        if self.streams.overflowed {
            return Verdict::new(false, overflow_finding(), self.frames);
        }
        if !self.rule.by_stream {
            let whole = self.capture_progress.clone();
            self.finish_stream(None, &whole);
            let found = self.first_failure.unwrap_or_else(|| "in order".into());
            return Verdict::new(self.failures == 0, found, self.frames);
        }
        let found = match (self.failures, self.first_failure) {
            (_, None) if self.count == 0 => return Verdict::new(false, "no step matches".into(), self.frames),
            (0, _) | (_, None) => format!("in order in {}", count_noun(self.count, "stream")),
            (1, Some(first)) if self.count == 1 => first,
            (failing, Some(first)) => {
                format!("not in order in {failing} of {}; first: {first}", count_noun(self.count, "stream"))
            }
        };
        Verdict::new(self.failures == 0, found, self.frames)
    }
}
