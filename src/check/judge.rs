//! One capture judged by many rules, in one reading.

use super::calls::Calls;
use super::rule::{Key, Rule, Seen, Watch};
use super::verdict::Verdict;
use crate::analysis::{Analyzer, Event, Task};
use crate::source::Frame;

/// What the rules want to know of a capture: all that any of them does.
#[must_use]
pub fn task<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Task {
    let mut task = Task::default();
    rules.into_iter().for_each(|rule| rule.want(&mut task));
    task
}

/// Judges a capture while it is read.
pub struct Judge<'r> {
    rules: Vec<(&'r Rule, Box<dyn Watch + 'r>)>,
    calls: Option<Calls>,
    by_stream: bool,
}

impl<'r> Judge<'r> {
    /// Begins to judge by these rules, each with the text of its snapshot if it has one.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = (&'r Rule, Option<String>)>) -> Judge<'r> {
        let rules: Vec<_> = rules.into_iter().map(|(rule, expected)| (rule, rule.watch(expected))).collect();
        let Task { wants, exchanges, streams, .. } = task(rules.iter().map(|(rule, _)| *rule));
        Judge { rules, calls: exchanges.then(|| Calls::new(wants)), by_stream: streams }
    }

    /// Learns of the frame that was read last, and of what happened with it.
    pub fn frame(&mut self, frame: &Frame<'_>, analyzer: &mut Analyzer) {
        let tree = analyzer.tree();
        let stream = if self.by_stream { Key::of(tree) } else { None };
        let seen = Seen { frames: &[frame.number], time: frame.time.0, stream, tree };
        self.rules.iter_mut().for_each(|(_, watch)| watch.frame(&seen));
        if let Some(calls) = &mut self.calls {
            calls.frame(frame.number, tree, analyzer.met());
        }
        self.events(analyzer);
    }

    /// Learns of what happened beside frames.
    pub fn events(&mut self, analyzer: &mut Analyzer) {
        for event in analyzer.events() {
            match &event {
                Event::Call(call) => {
                    let Some(calls) = &mut self.calls else { continue };
                    let (tree, frames) = calls.call(call);
                    let seen = Seen { frames: &frames, time: call.start, stream: None, tree };
                    self.rules.iter_mut().for_each(|(_, watch)| watch.call(call, &seen));
                }
                Event::Stream(stream) => self.rules.iter_mut().for_each(|(_, watch)| watch.closed(stream)),
                Event::Rest(rest) => {
                    if let Some(calls) = &mut self.calls {
                        calls.rest(rest);
                    }
                }
                Event::End(_) | Event::Chunk(_) => {}
            }
        }
    }

    /// Says what became of each rule, in their order.
    #[must_use]
    pub fn verdicts(self) -> Vec<Verdict> {
        let lost = self.calls.map_or(0, |calls| calls.lost);
        let verdict = |(rule, watch): (&Rule, Box<dyn Watch + 'r>)| {
            let mut verdict = watch.verdict();
            if lost > 0 && rule.is_of_calls() {
                verdict.holds = false;
                verdict.found = format!("{lost} calls were open beyond what is kept: it cannot be judged");
            }
            verdict
        };
        self.rules.into_iter().map(verdict).collect()
    }
}
