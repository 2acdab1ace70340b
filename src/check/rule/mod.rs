//! Rules: what can be said of a capture; one file a kind.

mod answered;
mod each;
mod followed;
mod notes;
mod order;
mod orderly;
mod read;
mod select;
mod snapshot;
mod streams;
mod values;

use super::verdict::Verdict;
use crate::analysis::Task;
use crate::capture::{Call, Stream};
use crate::filter::Filter;
use dissectors::{Tree, Wants, tcp, udp};
pub use snapshot::CAPTURE;
pub(super) use streams::Key;

/// Something that must hold of a capture, made ready.
pub struct Rule {
    /// As it is told.
    pub text: String,
    kind: Kind,
    /// Only what matches is meant.
    only: Option<Filter>,
}

/// The kinds of rules.
enum Kind {
    Select(select::Select),
    Each(each::Each),
    Followed(followed::Followed),
    Order(order::Order),
    Values(values::Values),
    Notes(notes::Notes),
    Answered,
    Orderly,
    Snapshot(snapshot::Snapshot),
}

/// What is counted and judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Frames.
    Frame,
    /// A request and its answer together.
    Call,
    /// Connections, and conversations of UDP.
    Stream,
}

impl Unit {
    pub(super) fn word(self) -> &'static str {
        match self {
            Unit::Frame => "frame",
            Unit::Call => "call",
            Unit::Stream => "stream",
        }
    }
}

/// A frame, or a call as if it were one.
pub(super) struct Seen<'t> {
    /// The frame's number; of a call those that completed its request and its answer.
    pub(super) frames: &'t [u32],
    /// When it was captured.
    pub(super) time: i64,
    /// The conversation it belongs to.
    pub(super) stream: Option<streams::Key>,
    /// What was found in it.
    pub(super) tree: &'t Tree,
}

/// Watches a capture for one rule. It keeps little: memory does not grow with the capture.
pub(super) trait Watch {
    /// Learns of a frame.
    fn frame(&mut self, seen: &Seen<'_>) {
        let _ = seen;
    }

    /// Learns of a call.
    fn call(&mut self, call: &Call, seen: &Seen<'_>) {
        let _ = (call, seen);
    }

    /// Learns that a connection is over.
    fn closed(&mut self, stream: &Stream) {
        let _ = stream;
    }

    /// Says what was found.
    fn verdict(self: Box<Self>) -> Verdict;
}

impl Rule {
    /// Adds what has to be known for it.
    pub(super) fn want(&self, task: &mut Task) {
        task.wants.add_all(&self.wants());
        task.exchanges |= self.is_of_calls();
        task.halves |= self.is_of_calls();
        if self.is_of_streams() {
            task.streams = true;
            task.wants.add(&tcp::STREAM);
            task.wants.add(&udp::STREAM);
        }
    }

    /// The fields it looks at.
    fn wants(&self) -> Wants {
        let mut wants = match &self.kind {
            Kind::Select(select) => select.filter.wants(),
            Kind::Each(each) => both(&each.each, &each.satisfies),
            Kind::Followed(followed) => both(&followed.each, &followed.by),
            Kind::Order(order) => order.wants(),
            Kind::Values(values) => values.measure.wants(),
            Kind::Notes(notes) => notes.wants(),
            Kind::Answered | Kind::Orderly => Wants::default(),
            Kind::Snapshot(snapshot) => snapshot.wants(),
        };
        if let Some(only) = &self.only {
            wants.add_all(&only.wants());
        }
        wants
    }

    /// Whether it judges calls.
    pub(super) fn is_of_calls(&self) -> bool {
        match &self.kind {
            Kind::Select(select) => select.unit == Unit::Call,
            Kind::Each(each) => each.unit == Unit::Call,
            Kind::Values(values) => values.unit == Unit::Call,
            Kind::Answered => true,
            _ => false,
        }
    }

    fn is_of_streams(&self) -> bool {
        match &self.kind {
            Kind::Select(select) => select.unit == Unit::Stream,
            Kind::Each(each) => each.unit == Unit::Stream,
            Kind::Followed(_) | Kind::Order(_) | Kind::Orderly => true,
            _ => false,
        }
    }

    /// The file of its snapshot, if it has one.
    #[must_use]
    pub fn snapshot(&self) -> Option<&str> {
        match &self.kind {
            Kind::Snapshot(snapshot) => Some(&snapshot.path),
            _ => None,
        }
    }

    /// A filter that finds what the rule is about, where one does.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match &self.kind {
            Kind::Select(select) => Some(&select.text),
            Kind::Each(each) => Some(&each.text),
            Kind::Followed(followed) => Some(&followed.text),
            Kind::Order(order) => order.first(),
            _ => None,
        }
    }

    /// Begins to watch a capture; `expected` is the text of its snapshot.
    pub(super) fn watch<'r>(&'r self, expected: Option<String>) -> Box<dyn Watch + 'r> {
        let only = self.only.as_ref();
        match &self.kind {
            Kind::Select(select) => Box::new(select.watch()),
            Kind::Each(each) => Box::new(each.watch()),
            Kind::Followed(followed) => Box::new(followed.watch()),
            Kind::Order(order) => Box::new(order.watch()),
            Kind::Values(values) => Box::new(values.watch(only)),
            Kind::Notes(notes) => Box::new(notes.watch(only)),
            Kind::Answered => Box::new(answered::Watching::new(only)),
            Kind::Orderly => Box::new(orderly::Watching::new(only)),
            Kind::Snapshot(snapshot) => Box::new(snapshot.watch(only, expected)),
        }
    }
}

fn both(one: &Filter, two: &Filter) -> Wants {
    let mut wants = one.wants();
    wants.add_all(&two.wants());
    wants
}

/// Whether a filter, if there is one, lets a tree through.
fn lets(only: Option<&Filter>, tree: &Tree) -> bool {
    only.is_none_or(|only| only.matches(tree))
}
