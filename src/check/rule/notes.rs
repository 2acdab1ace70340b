//! `no_notes_above`: no expert note above a severity.

use super::{EvaluatedItem, RuleEvaluator, matches_condition};
use crate::check::verdict::{DecidingFrames, Verdict, count_noun, escape_unprintable};
use crate::filter::Filter;
use dissectors::field::Severity;
use dissectors::{FieldKind, Wants, frame};

/// Rule that no frame has an expert note above a severity.
pub(super) struct NotesRule {
    pub(super) above: Severity,
}

impl NotesRule {
    /// Returns the fields that the rule reads.
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        wants.add(&frame::EXPERT);
        wants
    }

    pub(super) fn evaluator<'r>(&'r self, condition: Option<&'r Filter>) -> NotesEvaluator<'r> {
        NotesEvaluator { above: self.above, condition, count: 0, first_note: None, frames: DecidingFrames::default() }
    }
}

/// Evaluator of the rule.
pub(super) struct NotesEvaluator<'r> {
    above: Severity,
    condition: Option<&'r Filter>,
    count: u64,
    /// Description of the first such note.
    first_note: Option<String>,
    frames: DecidingFrames,
}

impl RuleEvaluator for NotesEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        for node in item.tree.nodes() {
            let FieldKind::Note(severity) = node.field.kind else { continue };
            if severity <= self.above || !matches_condition(self.condition, item.tree) {
                continue;
            }
            self.count += 1;
            self.frames.add_all(item.frames);
            self.first_note.get_or_insert_with(|| {
                escape_unprintable(&format!("{} ({}: {})", node.field.name, severity.name(), node.field.title))
            });
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let first = self.first_note.map_or(String::new(), |first| format!("; first: {first}"));
        Verdict::new(self.count == 0, count_noun(self.count, "note") + &first, self.frames)
    }
}
