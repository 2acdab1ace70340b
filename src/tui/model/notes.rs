//! Notes view: warnings and notes, the most severe first.

use crate::browse::{Index, NO_STREAM, Note};
use crate::tui::model::Model;
use crate::tui::widgets::columns::{ListColumn, TIME_WIDTH, column};
use crate::tui::widgets::row_order::{RowOrder, SortColumn, number_key, text_key};
use crate::tui::widgets::sorted_list::SortedList;
use crate::tui::widgets::text::format_count;
use dissectors::Severity;
use hashbrown::HashMap;
use std::cmp::Ordering;
use std::sync::Arc;

/// Columns of the list.
pub(crate) static COLUMNS: [ListColumn; 6] = [
    column("FRAME", [7, 7, 8], true, 0, "frame number"),
    column("TIME", [TIME_WIDTH; 3], true, 3, "capture time"),
    column("SEVERITY", [9, 9, 9], false, 0, "severity"),
    column("SUMMARY", [20, 44, 72], false, 0, "summary of the note"),
    column("FIELD", [20, 36, 44], false, 4, "display filter field"),
    column("STREAM", [7, 7, 8], true, 2, "stream number"),
];

const TIME: usize = 1;
pub(crate) const SEVERITY: usize = 2;
pub(crate) const SUMMARY: usize = 3;
const FIELD: usize = 4;

/// Severities, the highest first.
pub(crate) const SEVERITIES: [Severity; 4] = [Severity::Error, Severity::Warn, Severity::Note, Severity::Chat];

/// State of the notes view.
#[derive(Debug)]
pub(crate) struct NotesView {
    pub(crate) sorted_list: SortedList,
    /// Number of listed notes by severity, in the order of [`SEVERITIES`].
    pub(crate) counts: [u64; 4],
    /// Indexes of the notes in frames that match the filter.
    pub(crate) matching: Arc<Vec<u32>>,
    /// Number of notes counted so far; 0 with a filter.
    counted: usize,
    /// Kinds of the listed notes.
    pub(crate) kinds: NoteKinds,
    /// Whether one note of each kind is listed, with their number.
    pub(crate) is_folded: bool,
}

/// Kinds of notes: the fields of those that are counted.
#[derive(Debug, Default)]
pub(crate) struct NoteKinds {
    /// Index of the first note of each kind.
    pub(crate) first: Arc<Vec<u32>>,
    /// Number of notes of each kind, by the number of its field.
    counts: HashMap<u16, u64>,
}

impl NoteKinds {
    fn add(&mut self, note: &Note, index: u32) {
        let count = self.counts.entry(note.field.id).or_default();
        *count += 1;
        if *count == 1 {
            Arc::make_mut(&mut self.first).push(index);
        }
    }
}

impl Default for NotesView {
    fn default() -> NotesView {
        let sorted_list =
            SortedList::with_fixed_rows(&COLUMNS).with_sort(SortColumn { column: SEVERITY, descending: true });
        let (matching, kinds) = Default::default();
        NotesView { sorted_list, counts: [0; 4], matching, counted: 0, kinds, is_folded: false }
    }
}

impl NotesView {
    /// Lists one note of each kind, or all.
    pub(crate) fn set_folded(&mut self, is_folded: bool) {
        if self.is_folded != is_folded {
            self.is_folded = is_folded;
            self.sorted_list.mark_changed(true);
        }
    }

    /// Returns the number of listed errors and warnings.
    pub(crate) fn problems(&self) -> u64 {
        SEVERITIES
            .iter()
            .zip(self.counts)
            .filter(|(severity, _)| **severity >= Severity::Warn)
            .map(|(_, count)| count)
            .sum()
    }
}

/// Finds the notes in frames that match the filter; `other` if the filter has changed.
pub(crate) fn refresh(model: &mut Model, other: bool) {
    let (notes, all) = (&mut model.notes, &model.index.notes);
    notes.sorted_list.mark_changed(other);
    let is_new = other || model.applied_filter.is_some();
    let mut counts = if is_new { [0; 4] } else { notes.counts };
    if is_new {
        notes.kinds = NoteKinds::default();
    }
    let kinds = &mut notes.kinds;
    let mut count = |note: &Note, index: u32| {
        if let Some(place) = SEVERITIES.iter().position(|&other| other == note.severity) {
            counts[place] += 1;
        }
        kinds.add(note, index);
    };
    match &model.applied_filter {
        Some(applied) => {
            let matching = all.iter().zip(0u32..).filter(|(note, _)| applied.frames.binary_search(&note.frame).is_ok());
            let matching = matching.inspect(|&(note, index)| count(note, index));
            notes.matching = Arc::new(matching.map(|(_, index)| index).collect());
            notes.counted = 0;
        }
        None => {
            let from = if other { 0 } else { notes.counted };
            (from..all.len())
                .filter_map(|index| Some((all.get(index)?, index as u32)))
                .for_each(|(note, index)| count(note, index));
            notes.counted = all.len();
        }
    }
    notes.counts = counts;
}

/// Notes of a capture, as rows that can be sorted; with the kinds of which each row is the first.
pub(crate) struct NoteRows<'a>(pub(crate) &'a Index, pub(crate) Option<&'a NoteKinds>);

impl<'a> NoteRows<'a> {
    /// Returns the rows of the view.
    pub(crate) fn of(model: &'a Model) -> NoteRows<'a> {
        NoteRows(&model.index, Some(&model.notes.kinds).filter(|_| model.notes.is_folded))
    }
}

impl NoteRows<'_> {
    /// Returns the text of a cell, except in the time column.
    pub(crate) fn cell_text(&self, note: &Note, column: usize) -> String {
        match column {
            0 => note.frame.to_string(),
            SEVERITY => note.severity.name().into(),
            SUMMARY => match self.1.and_then(|kinds| kinds.counts.get(&note.field.id)) {
                Some(count) => format!("{} × {}", format_count(*count), note.field.title),
                None => note.field.title.into(),
            },
            FIELD => note.field.name.into(),
            _ => self.stream(note).map_or(String::new(), |stream| stream.to_string()),
        }
    }

    fn stream(&self, note: &Note) -> Option<u32> {
        let summary = self.0.frames.get(note.frame.checked_sub(1)? as usize)?;
        Some(summary.stream).filter(|&stream| stream != NO_STREAM)
    }
}

impl RowOrder for NoteRows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(note) = self.0.notes.get(number as usize) else { return 0 };
        match column {
            // Notes of one severity are grouped by their kind.
            SEVERITY => (note.severity as u64) << 16 | u64::from(u16::MAX - note.field.id),
            SUMMARY => text_key(note.field.title),
            FIELD => text_key(note.field.name),
            5 => number_key(self.stream(note).map(i64::from)),
            _ => note.frame.into(),
        }
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let notes = &self.0.notes;
        let (Some(left), Some(right)) = (notes.get(left as usize), notes.get(right as usize)) else {
            return Ordering::Equal;
        };
        match column {
            SUMMARY => left.field.title.cmp(right.field.title),
            FIELD => left.field.name.cmp(right.field.name),
            _ => Ordering::Equal,
        }
    }
}

/// Returns the text of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let rows = NoteRows(index, None);
    let Some(note) = index.notes.get(number as usize) else { return String::new() };
    let columns = (0..COLUMNS.len()).filter(|&column| column != TIME);
    columns.map(|column| rows.cell_text(note, column)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ")
}
