//! `answered`: every request has a response.

use super::each::describe_call;
use super::{EvaluatedItem, RuleEvaluator, matches_condition};
use crate::capture::Call;
use crate::check::verdict::{DecidingFrames, Verdict, count_noun};
use crate::filter::Filter;

/// Evaluator of the rule.
pub(super) struct AnsweredEvaluator<'r> {
    condition: Option<&'r Filter>,
    count: u64,
    failures: u64,
    /// Requests whose response is not known: it was not decrypted, or dropped at a limit.
    unknown: u64,
    /// Description of the first request without a known response.
    first_failure: Option<String>,
    frames: DecidingFrames,
}

impl<'r> AnsweredEvaluator<'r> {
    pub(super) fn new(condition: Option<&'r Filter>) -> AnsweredEvaluator<'r> {
        AnsweredEvaluator {
            condition,
            count: 0,
            failures: 0,
            unknown: 0,
            first_failure: None,
            frames: DecidingFrames::default(),
        }
    }
}

impl RuleEvaluator for AnsweredEvaluator<'_> {
    fn on_call(&mut self, call: &Call, item: &EvaluatedItem<'_>) {
        let has_response = !call.exchange.is_one_way;
        if call.exchange.request.is_none()
            || !has_response
            || call.is_to_group()
            || !matches_condition(self.condition, item.tree)
        {
            return;
        }
        self.count += 1;
        if call.exchange.response.is_none() {
            *if call.exchange.has_unknown_response() { &mut self.unknown } else { &mut self.failures } += 1;
            self.first_failure.get_or_insert_with(|| describe_call(call));
            self.frames.add_all(item.frames);
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let requests = count_noun(self.count, "request");
        let found = match (self.failures, self.unknown, self.first_failure) {
            (_, _, None) => requests,
            (failing, 0, Some(first)) => format!("{failing} of {requests} without a response; first: {first}"),
            (0, unknown, Some(first)) => format!("{unknown} of {requests} with an unknown response; first: {first}"),
            (failing, unknown, Some(first)) => {
                format!("{failing} of {requests} without a response, {unknown} with an unknown one; first: {first}")
            }
        };
        Verdict::new(self.failures + self.unknown == 0, found, self.frames)
    }
}
