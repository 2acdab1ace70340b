//! Rules on captures, one file per kind.

mod answered;
mod compared;
mod count;
mod each;
mod followed_by;
mod notes;
mod order;
mod orderly;
mod parse;
mod snapshot;
mod statistic;
mod stream_map;

use super::verdict::Verdict;
use crate::analysis::{FrameResults, Task, UnfinishedMessages};
use crate::capture::{Call, Stream};
use crate::diff::CaptureProfile;
use crate::filter::Filter;
use dissectors::{Tree, Wants, tcp, udp};
pub use snapshot::CAPTURE_PLACEHOLDER;
pub(super) use stream_map::StreamKey;

/// Parsed rule.
pub struct Rule {
    /// Text of the rule in reports.
    pub text: String,
    kind: RuleKind,
    /// Filter of `where`: the rule applies to its matches only.
    condition: Option<Filter>,
}

/// What a rule compares a capture with.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Text of its snapshot, if that exists.
    pub snapshot: Option<String>,
    /// Profile of its base capture.
    pub base: Option<CaptureProfile>,
}

/// Kind of a rule, with its parameters.
enum RuleKind {
    Count(count::CountRule),
    Each(each::EachRule),
    FollowedBy(followed_by::FollowedByRule),
    Order(order::OrderRule),
    Statistic(statistic::StatisticRule),
    Notes(notes::NotesRule),
    Answered,
    Orderly,
    Snapshot(snapshot::SnapshotRule),
    Compared(compared::ComparedRule),
}

/// Unit that a rule counts and evaluates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleUnit {
    /// Frames.
    Frame,
    /// Calls: a request and its response together.
    Call,
    /// TCP connections and UDP conversations.
    Stream,
}

impl RuleUnit {
    /// Returns the name of the unit in rules and reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            RuleUnit::Frame => "frame",
            RuleUnit::Call => "call",
            RuleUnit::Stream => "stream",
        }
    }
}

/// Frame or call to evaluate.
pub(super) struct EvaluatedItem<'t> {
    /// Frame number; for a call the numbers of the frames that completed its request and response.
    pub(super) frames: &'t [u32],
    /// Timestamp in nanoseconds since 1970.
    pub(super) time: i64,
    /// Stream of the frame.
    pub(super) stream: Option<stream_map::StreamKey>,
    /// Detail tree.
    pub(super) tree: &'t Tree,
}

/// Evaluates one rule on a capture. Its memory is bounded and does not grow with the capture.
pub(super) trait RuleEvaluator {
    /// Evaluates a frame.
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        let _ = item;
    }

    /// Reads a frame with its connections.
    fn on_dissected(&mut self, results: &FrameResults<'_>) {
        let _ = results;
    }

    /// Reads messages that no frame completed.
    fn on_unfinished(&mut self, unfinished: &UnfinishedMessages) {
        let _ = unfinished;
    }

    /// Evaluates a complete call.
    fn on_call(&mut self, call: &Call, item: &EvaluatedItem<'_>) {
        let _ = (call, item);
    }

    /// Evaluates a TCP connection that ended.
    fn on_stream_closed(&mut self, stream: &Stream) {
        let _ = stream;
    }

    /// Returns the verdict at the end of the capture.
    fn verdict(self: Box<Self>) -> Verdict;
}

impl Rule {
    /// Adds the fields and events that the rule needs to a task.
    pub(super) fn extend_task(&self, task: &mut Task) {
        task.wants.add_all(&self.wants());
        task.exchanges |= self.evaluates_calls();
        task.halves |= self.evaluates_calls();
        if self.needs_streams() {
            task.streams = true;
            task.wants.add(&tcp::STREAM);
            task.wants.add(&udp::STREAM);
        }
        if let RuleKind::Compared(compared) = &self.kind {
            compared.extend_task(task);
        }
    }

    /// Returns the fields that the rule reads.
    fn wants(&self) -> Wants {
        let mut wants = match &self.kind {
            RuleKind::Count(select) => select.filter.wants(),
            RuleKind::Each(each) => union_wants(&each.each, &each.satisfies),
            RuleKind::FollowedBy(followed) => union_wants(&followed.each, &followed.next),
            RuleKind::Order(order) => order.wants(),
            RuleKind::Statistic(values) => values.measure.wants(),
            RuleKind::Notes(notes) => notes.wants(),
            RuleKind::Answered | RuleKind::Orderly | RuleKind::Compared(_) => Wants::default(),
            RuleKind::Snapshot(snapshot) => snapshot.wants(),
        };
        if let Some(filter) = &self.condition {
            wants.add_all(&filter.wants());
        }
        wants
    }

    /// Returns whether the rule evaluates calls.
    pub(super) fn evaluates_calls(&self) -> bool {
        match &self.kind {
            RuleKind::Count(select) => select.unit == RuleUnit::Call,
            RuleKind::Each(each) => each.unit == RuleUnit::Call,
            RuleKind::Statistic(values) => values.unit == RuleUnit::Call,
            RuleKind::Answered | RuleKind::Compared(_) => true,
            _ => false,
        }
    }

    /// Returns whether the rule reads frames without messages.
    pub(super) fn reads_frames(&self) -> bool {
        match &self.kind {
            RuleKind::Count(select) => select.unit != RuleUnit::Call,
            RuleKind::Each(each) => each.unit != RuleUnit::Call,
            RuleKind::Statistic(values) => values.unit != RuleUnit::Call,
            RuleKind::Answered => false,
            _ => true,
        }
    }

    /// Returns whether the rule needs the stream of each frame.
    fn needs_streams(&self) -> bool {
        match &self.kind {
            RuleKind::Count(select) => select.unit == RuleUnit::Stream,
            RuleKind::Each(each) => each.unit == RuleUnit::Stream,
            RuleKind::FollowedBy(_) | RuleKind::Order(_) | RuleKind::Orderly => true,
            _ => false,
        }
    }

    /// Returns the path of the rule's snapshot, if the rule has one.
    #[must_use]
    pub fn snapshot_path(&self) -> Option<&str> {
        match &self.kind {
            RuleKind::Snapshot(snapshot) => Some(&snapshot.path),
            _ => None,
        }
    }

    /// Returns the path of the capture that the rule compares with, if it does.
    #[must_use]
    pub fn base_path(&self) -> Option<&str> {
        match &self.kind {
            RuleKind::Compared(compared) => Some(&compared.base),
            _ => None,
        }
    }

    /// Returns the filter text that selects the frames or calls of the rule, if one does.
    #[must_use]
    pub fn subject_filter(&self) -> Option<&str> {
        match &self.kind {
            RuleKind::Count(select) => Some(&select.text),
            RuleKind::Each(each) => Some(&each.text),
            RuleKind::FollowedBy(followed) => Some(&followed.text),
            RuleKind::Order(order) => order.first_step(),
            _ => None,
        }
    }

    /// Creates the evaluator for a capture.
    pub(super) fn evaluator<'r>(&'r self, expected: Expected) -> Box<dyn RuleEvaluator + Send + 'r> {
        let Expected { snapshot: text, base } = expected;
        let filter = self.condition.as_ref();
        match &self.kind {
            RuleKind::Count(select) => Box::new(select.evaluator()),
            RuleKind::Each(each) => Box::new(each.evaluator()),
            RuleKind::FollowedBy(followed) => Box::new(followed.evaluator()),
            RuleKind::Order(order) => Box::new(order.evaluator()),
            RuleKind::Statistic(values) => Box::new(values.evaluator(filter)),
            RuleKind::Notes(notes) => Box::new(notes.evaluator(filter)),
            RuleKind::Answered => Box::new(answered::AnsweredEvaluator::new(filter)),
            RuleKind::Orderly => Box::new(orderly::OrderlyEvaluator::new(filter)),
            RuleKind::Snapshot(snapshot) => Box::new(snapshot.evaluator(filter, text)),
            RuleKind::Compared(compared) => Box::new(compared.evaluator(filter, base)),
        }
    }
}

/// Returns the fields of two filters.
fn union_wants(first: &Filter, second: &Filter) -> Wants {
    let mut wants = first.wants();
    wants.add_all(&second.wants());
    wants
}

/// Returns whether a tree matches a filter. Without a filter, every tree matches.
fn matches_condition(condition: Option<&Filter>, tree: &Tree) -> bool {
    condition.is_none_or(|filter| filter.matches(tree))
}
