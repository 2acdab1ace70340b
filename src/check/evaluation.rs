//! Evaluation of all rules of a capture in one pass.

use super::call_assembler::CallAssembler;
use super::rule::{EvaluatedItem, Expected, Rule, RuleEvaluator, StreamKey};
use super::verdict::Verdict;
use crate::analysis::{Event, FrameResults, Task};
use crate::source::Frame;

/// Returns the analysis task that serves all rules.
#[must_use]
pub fn rules_task<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Task {
    let mut task = Task::default();
    rules.into_iter().for_each(|rule| rule.extend_task(&mut task));
    task
}

/// Evaluation of rules on a capture while it is read.
pub struct Evaluation<'r> {
    rules: Vec<(&'r Rule, Box<dyn RuleEvaluator + Send + 'r>)>,
    /// Assembler of calls, if a rule is on calls.
    calls: Option<CallAssembler>,
    /// Whether a rule needs the stream of each frame.
    needs_streams: bool,
}

impl<'r> Evaluation<'r> {
    /// Starts the evaluation of rules, each with what it compares the capture with.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = (&'r Rule, Expected)>) -> Evaluation<'r> {
        let rules: Vec<_> = rules.into_iter().map(|(rule, expected)| (rule, rule.evaluator(expected))).collect();
        let Task { wants, exchanges, streams, .. } = rules_task(rules.iter().map(|(rule, _)| *rule));
        Evaluation { rules, calls: exchanges.then(|| CallAssembler::new(wants)), needs_streams: streams }
    }

    /// Whether a rule reads frames without messages.
    #[must_use]
    pub fn reads_frames(&self) -> bool {
        self.rules.iter().any(|(rule, _)| rule.reads_frames())
    }

    /// Evaluates a frame.
    pub fn add_frame(&mut self, frame: &Frame<'_>, results: &FrameResults<'_>) {
        let tree = results.tree;
        let stream = if self.needs_streams { StreamKey::innermost(tree) } else { None };
        let item = EvaluatedItem { frames: &[frame.number], time: frame.time.0, stream, tree };
        for (_, evaluator) in &mut self.rules {
            evaluator.on_frame(&item);
            evaluator.on_dissected(results);
        }
        if let Some(calls) = &mut self.calls {
            calls.add_frame(frame.number, tree, results.connections);
        }
    }

    /// Evaluates an event: a call or a closed stream.
    pub fn add_event(&mut self, event: &Event) {
        match event {
            Event::Call(call) => {
                let Some(calls) = &mut self.calls else { return };
                let (tree, frames) = calls.finish_call(call);
                let item = EvaluatedItem { frames: &frames, time: call.start, stream: None, tree };
                self.rules.iter_mut().for_each(|(_, evaluator)| evaluator.on_call(call, &item));
            }
            Event::Stream(stream) => {
                self.rules.iter_mut().for_each(|(_, evaluator)| evaluator.on_stream_closed(stream));
            }
            Event::Unfinished(unfinished) => {
                self.rules.iter_mut().for_each(|(_, evaluator)| evaluator.on_unfinished(unfinished));
                if let Some(calls) = &mut self.calls {
                    calls.add_unfinished(unfinished);
                }
            }
            Event::Connection(_)
            | Event::End { .. }
            | Event::Chunk(_)
            | Event::Owned { .. }
            | Event::EarlierNote { .. }
            | Event::Joined { .. } => {}
        }
    }

    /// Returns the verdict of each rule, in the order of the rules.
    #[must_use]
    pub fn into_verdicts(self) -> Vec<Verdict> {
        let evicted = self.calls.map_or(0, |calls| calls.evicted);
        let verdict = |(rule, evaluator): (&Rule, Box<dyn RuleEvaluator + Send + 'r>)| {
            let mut verdict = evaluator.verdict();
            if evicted > 0 && rule.evaluates_calls() {
                verdict.holds = false;
                verdict.found = format!("cannot evaluate: {evicted} open calls exceed the buffer limit");
            }
            verdict
        };
        self.rules.into_iter().map(verdict).collect()
    }
}
