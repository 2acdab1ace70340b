//! `no_notes_above`: nothing odder than that.

use super::{Seen, Watch, lets};
use crate::check::verdict::{Frames, Verdict, many, plain};
use crate::filter::Filter;
use dissectors::field::Severity;
use dissectors::{Kind, Wants, frame};

/// No frame has a note above a severity.
pub(super) struct Notes {
    pub(super) above: Severity,
}

impl Notes {
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        wants.add(&frame::EXPERT);
        wants
    }

    pub(super) fn watch<'r>(&'r self, only: Option<&'r Filter>) -> Watching<'r> {
        Watching { above: self.above, only, count: 0, first: None, frames: Frames::default() }
    }
}

pub(super) struct Watching<'r> {
    above: Severity,
    only: Option<&'r Filter>,
    count: u64,
    /// The first, in words.
    first: Option<String>,
    frames: Frames,
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        for node in seen.tree.nodes() {
            let Kind::Note(severity) = node.field.kind else { continue };
            if severity <= self.above || !lets(self.only, seen.tree) {
                continue;
            }
            self.count += 1;
            self.frames.add_all(seen.frames);
            self.first.get_or_insert_with(|| {
                plain(&format!("{} ({}: {})", node.field.name, severity.word(), node.field.title))
            });
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let first = self.first.map_or(String::new(), |first| format!("; the first is {first}"));
        Verdict::new(self.count == 0, many(self.count, "note") + &first, self.frames)
    }
}
