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
    /// Description of the first request without a response.
    first_failure: Option<String>,
    frames: DecidingFrames,
}

impl<'r> AnsweredEvaluator<'r> {
    pub(super) fn new(condition: Option<&'r Filter>) -> AnsweredEvaluator<'r> {
        AnsweredEvaluator { condition, count: 0, failures: 0, first_failure: None, frames: DecidingFrames::default() }
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
            self.failures += 1;
            self.first_failure.get_or_insert_with(|| describe_call(call));
            self.frames.add_all(item.frames);
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let requests = count_noun(self.count, "request");
        let found = match (self.failures, self.first_failure) {
            (0, _) | (_, None) => requests,
            (failing, Some(first)) => format!("{failing} of {requests} without a response; first: {first}"),
        };
        Verdict::new(self.failures == 0, found, self.frames)
    }
}
