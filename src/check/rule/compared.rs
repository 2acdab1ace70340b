//! `no_slower_than` and `same_as`: the calls of a capture compared with those of a base capture.

use super::{EvaluatedItem, RuleEvaluator, matches_condition};
use crate::analysis::{FrameResults, Task, UnfinishedMessages};
use crate::capture::{Call, Stream};
use crate::check::verdict::{DecidingFrames, Verdict, count_noun};
use crate::diff::{
    CaptureProfile, Comparison, ComparisonSettings, Difference, DifferenceKind, ProfileBuilder, SlowerVerdict,
};
use crate::filter::Filter;

/// Maximum number of differences that a verdict lists.
const MAX_LISTED: usize = 20;

/// Rule that a capture does not differ from a base capture.
pub(super) struct ComparedRule {
    /// Path of the base capture.
    pub(super) base: String,
    /// Whether only longer durations violate the rule.
    pub(super) is_on_durations: bool,
    pub(super) compares_hosts: bool,
    pub(super) settings: ComparisonSettings,
}

impl ComparedRule {
    pub(super) fn extend_task(&self, task: &mut Task) {
        self.builder(false).extend_task(task);
    }

    fn builder(&self, is_filtered: bool) -> ProfileBuilder {
        ProfileBuilder::new(self.compares_hosts, is_filtered)
    }

    pub(super) fn evaluator<'r>(
        &'r self,
        condition: Option<&'r Filter>,
        base: Option<CaptureProfile>,
    ) -> ComparedEvaluator<'r> {
        ComparedEvaluator { rule: self, condition, builder: self.builder(condition.is_some()), base }
    }
}

/// Evaluator of the rule. Without the profile of the base, it returns that of its capture.
pub(super) struct ComparedEvaluator<'r> {
    rule: &'r ComparedRule,
    condition: Option<&'r Filter>,
    builder: ProfileBuilder,
    base: Option<CaptureProfile>,
}

impl RuleEvaluator for ComparedEvaluator<'_> {
    fn on_dissected(&mut self, results: &FrameResults<'_>) {
        self.builder.frame(results);
    }

    fn on_unfinished(&mut self, unfinished: &UnfinishedMessages) {
        self.builder.messages(&unfinished.messages, &unfinished.tree);
    }

    fn on_call(&mut self, call: &Call, item: &EvaluatedItem<'_>) {
        self.builder.call(call, matches_condition(self.condition, item.tree));
    }

    fn on_stream_closed(&mut self, stream: &Stream) {
        self.builder.stream(stream);
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let profile = self.builder.finish();
        let Some(base) = self.base else {
            let verdict = Verdict::new(false, "no base capture".into(), DecidingFrames::default());
            return Verdict { profile: Some(Box::new(profile)), ..verdict };
        };
        let comparison = Comparison::new(&base, &profile, &self.rule.settings);
        match self.rule.is_on_durations {
            true => durations_verdict(&comparison),
            false => sameness_verdict(&comparison),
        }
    }
}

/// Returns whether no operation is slower.
fn durations_verdict(comparison: &Comparison) -> Verdict {
    let slower: Vec<&Difference> =
        comparison.differences.iter().filter(|difference| difference.kind == DifferenceKind::Slower).collect();
    let too_few = comparison.times.iter().filter(|times| times.verdict == SlowerVerdict::TooFew).count();
    let compared = comparison.times.len() - too_few;
    let counts = match too_few {
        0 => count_noun(compared as u64, "duration"),
        _ => format!("{}, {too_few} with too few calls for the test", count_noun(compared as u64, "duration")),
    };
    let found = match slower.first() {
        Some(first) => format!("{} of {counts} longer; first: {}", slower.len(), line(first)),
        None if comparison.times.is_empty() => "no calls in common with the base capture".into(),
        None if compared == 0 => "too few calls for the test; limit = 50 compares the medians".into(),
        None => format!("{counts} compared"),
    };
    verdict(slower.is_empty() && compared > 0, found, &slower)
}

/// Returns whether there are no differences.
fn sameness_verdict(comparison: &Comparison) -> Verdict {
    let differences: Vec<&Difference> = comparison.differences.iter().collect();
    let found = match differences.first() {
        Some(first) => format!("{}; first: {}", count_noun(differences.len() as u64, "difference"), line(first)),
        None if comparison.calls == [0, 0] => "no calls to compare".into(),
        None => format!("{} in both captures", count_noun(comparison.common as u64, "operation")),
    };
    verdict(differences.is_empty() && comparison.calls != [0, 0], found, &differences)
}

fn verdict(holds: bool, found: String, differences: &[&Difference]) -> Verdict {
    let mut frames = DecidingFrames::default();
    differences.iter().filter_map(|difference| difference.first[1]).for_each(|call| frames.add(call.frame));
    // The finding has the first one.
    let listed = if differences.len() > 1 { MAX_LISTED } else { 0 };
    let mut detail: Vec<String> = differences.iter().take(listed).map(|difference| line(difference)).collect();
    if differences.len() > MAX_LISTED {
        detail.push(format!("{} more", differences.len() - MAX_LISTED));
    }
    Verdict { detail, ..Verdict::new(holds, found, frames) }
}

fn line(difference: &Difference) -> String {
    format!("{} {}: {}", difference.kind.name(), difference.subject.text(), difference.text)
}
