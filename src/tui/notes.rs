//! Notes view: warnings and notes, the most severe first.

use super::model::Model;
use super::scroll::RowNumbers;
use super::sorted_list::{SortColumn, SortedList};
use super::view::notes::{COLUMNS, SEVERITY};
use dissectors::Severity;
use std::sync::Arc;

/// Severities, the highest first.
pub(crate) const SEVERITIES: [Severity; 4] = [Severity::Error, Severity::Warn, Severity::Note, Severity::Chat];

/// State of the notes view.
#[derive(Debug)]
pub(crate) struct NotesView {
    pub(crate) sorted_list: SortedList,
    /// Number of listed notes by severity, in the order of [`SEVERITIES`].
    pub(crate) counts: [u64; 4],
    /// Indexes of the notes in frames that match the filter.
    matching: Arc<Vec<u32>>,
    /// Number of notes counted so far; 0 with a filter.
    counted: usize,
}

impl Default for NotesView {
    fn default() -> NotesView {
        let mut sorted_list = SortedList::new(&COLUMNS);
        sorted_list.sort = Some(SortColumn { column: SEVERITY, descending: true });
        NotesView { sorted_list, counts: [0; 4], matching: Arc::default(), counted: 0 }
    }
}

/// Returns the indexes of the listed notes, in display order.
pub(crate) fn numbers(model: &Model) -> RowNumbers {
    let all = RowNumbers::All { first: 0, count: model.index.notes.len() };
    model.notes.sorted_list.numbers(model.applied_filter.as_ref().map(|_| &model.notes.matching), all)
}

/// Returns the indexes of the listed notes, as captured.
pub(crate) fn unsorted(model: &Model) -> RowNumbers {
    let all = RowNumbers::All { first: 0, count: model.index.notes.len() };
    RowNumbers::filtered(model.applied_filter.as_ref().map(|_| &model.notes.matching), all)
}

/// Finds the notes in frames that match the filter; `other` if the filter has changed.
pub(crate) fn refresh(model: &mut Model, other: bool) {
    let (notes, all) = (&mut model.notes, &model.index.notes);
    notes.sorted_list.mark_changed(other);
    let mut counts = if other || model.applied_filter.is_some() { [0; 4] } else { notes.counts };
    let mut count = |severity| {
        if let Some(index) = SEVERITIES.iter().position(|&other| other == severity) {
            counts[index] += 1;
        }
    };
    match &model.applied_filter {
        Some(applied) => {
            let matching = all.iter().zip(0u32..).filter(|(note, _)| applied.frames.binary_search(&note.frame).is_ok());
            let matching = matching.inspect(|(note, _)| count(note.severity));
            notes.matching = Arc::new(matching.map(|(_, index)| index).collect());
            notes.counted = 0;
        }
        None => {
            let from = if other { 0 } else { notes.counted };
            (from..all.len()).filter_map(|index| all.get(index)).for_each(|note| count(note.severity));
            notes.counted = all.len();
        }
    }
    notes.counts = counts;
}
