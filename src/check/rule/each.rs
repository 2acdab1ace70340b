//! `each X satisfies Y`: every match of one filter also matches another.

use super::stream_map::{StreamKey, StreamMap, overflow_finding};
use super::{EvaluatedItem, RuleEvaluator, RuleUnit};
use crate::capture::{Call, Stream};
use crate::check::verdict::{DecidingFrames, Verdict, count_noun, escape_unprintable};
use crate::filter::Filter;

/// Rule that every match of `each` also matches `satisfies`.
pub(super) struct EachRule {
    pub(super) unit: RuleUnit,
    pub(super) text: String,
    pub(super) each: Filter,
    pub(super) satisfies: Filter,
}

impl EachRule {
    pub(super) fn evaluator(&self) -> EachEvaluator<'_> {
        EachEvaluator {
            rule: self,
            count: 0,
            failures: 0,
            first_failure: None,
            frames: DecidingFrames::default(),
            streams: StreamMap::new(),
        }
    }
}

/// Evaluator of the rule.
pub(super) struct EachEvaluator<'r> {
    rule: &'r EachRule,
    count: u64,
    failures: u64,
    /// Description of the first failure.
    first_failure: Option<String>,
    frames: DecidingFrames,
    streams: StreamMap<StreamMatches>,
}

/// Matches of both filters in a stream.
#[derive(Default)]
struct StreamMatches {
    /// First frame that matches `each`.
    first_match: Option<u32>,
    /// Whether a frame matches `satisfies`.
    satisfies: bool,
}

impl EachEvaluator<'_> {
    /// Evaluates a frame or a call. `describe` describes it for the report.
    fn evaluate(&mut self, item: &EvaluatedItem<'_>, describe: impl FnOnce() -> Option<String>) {
        if !self.rule.each.matches(item.tree) {
            return;
        }
        self.count += 1;
        if !self.rule.satisfies.matches(item.tree) {
            self.fail(item.frames, describe);
        }
    }

    /// Records a failure.
    fn fail(&mut self, frames: &[u32], describe: impl FnOnce() -> Option<String>) {
        if self.failures == 0 {
            self.first_failure = describe();
        }
        self.failures += 1;
        self.frames.add_all(frames);
    }

    /// Evaluates a stream at its end.
    fn finish_stream(&mut self, (key, matches): (StreamKey, StreamMatches)) {
        let Some(frame) = matches.first_match else { return };
        self.count += 1;
        if !matches.satisfies {
            self.fail(&[frame], || Some(key.to_string()));
        }
    }
}

impl RuleEvaluator for EachEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        match self.rule.unit {
            RuleUnit::Frame => self.evaluate(item, || None),
            RuleUnit::Call => {}
            RuleUnit::Stream => {
                let (each, satisfies) = (self.rule.each.matches(item.tree), self.rule.satisfies.matches(item.tree));
                if !each && !satisfies {
                    return;
                }
                let Some(matches) = item.stream.and_then(|stream| self.streams.get_or_insert(stream)) else { return };
                matches.satisfies |= satisfies;
                if each && matches.first_match.is_none() {
                    matches.first_match = item.frames.first().copied();
                }
            }
        }
    }

    fn on_call(&mut self, call: &Call, item: &EvaluatedItem<'_>) {
        if self.rule.unit == RuleUnit::Call {
            self.evaluate(item, || Some(describe_call(call)));
        }
    }

    fn on_stream_closed(&mut self, stream: &Stream) {
        if let Some(ended) = self.streams.remove(stream) {
            self.finish_stream(ended);
        }
    }

    fn verdict(mut self: Box<Self>) -> Verdict {
        for ended in self.streams.drain_sorted() {
            self.finish_stream(ended);
        }
        if self.streams.overflowed {
            return Verdict::new(false, overflow_finding(), self.frames);
        }
        let unit = self.rule.unit.name();
        let found = match (self.failures, self.count) {
            (0, count) => count_noun(count, unit),
            (1, 1) => format!("the only {unit} does not"),
            (1, count) => format!("1 of {count} {unit}s does not"),
            (failing, count) => format!("{failing} of {count} {unit}s do not"),
        };
        let first = self.first_failure.map_or(String::new(), |first| format!("; first: {first}"));
        Verdict::new(self.failures == 0, found + &first, self.frames)
    }
}

/// Describes a call by method, request target and status.
pub(super) fn describe_call(call: &Call) -> String {
    /// Maximum characters of the request target.
    const MAX_CHARS: usize = 60;
    let exchange = &call.exchange;
    let uri: String = exchange.target.chars().take(MAX_CHARS).collect();
    let ellipsis = if uri.len() < exchange.target.len() { "..." } else { "" };
    let request = match exchange.request {
        Some(_) => format!("{} {uri}{ellipsis}", exchange.method),
        None if exchange.has_unknown_request => "request unknown".into(),
        None => "no request".into(),
    };
    if exchange.is_one_way {
        return escape_unprintable(&request);
    }
    let response = match exchange.response {
        None if call.is_to_group() => "responses in other conversations",
        None if exchange.has_unknown_response() => "response unknown",
        None => "no response",
        Some(_) if exchange.status.is_empty() => "response without a status",
        Some(_) => &exchange.status,
    };
    escape_unprintable(&format!("{request} -> {response}"))
}
