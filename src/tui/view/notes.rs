//! The list of warnings and notes.

use super::sorted_list::{self, TableModel};
use super::{draw_title, row, table};
use crate::browse::{Index, NO_STREAM, Note};
use crate::tui::model::Model;
use crate::tui::notes::SEVERITIES;
use crate::tui::sorted_list::{ListColumn, RowOrder, column, number_key, text_key};
use crate::tui::text::format_quantity;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::cmp::Ordering;

/// Columns of the list.
pub(crate) static COLUMNS: [ListColumn; 6] = [
    column("FRAME", [7, 7, 8], true, 0, "frame number"),
    column("TIME", [table::TIME_WIDTH; 3], true, 3, "capture time"),
    column("SEVERITY", [9, 9, 9], false, 0, "severity"),
    column("SUMMARY", [20, 44, 72], false, 0, "summary of the note"),
    column("FIELD", [20, 36, 44], false, 4, "display filter field"),
    column("STREAM", [7, 7, 8], true, 2, "stream number"),
];

const TIME: usize = 1;
pub(crate) const SEVERITY: usize = 2;
const SUMMARY: usize = 3;
const FIELD: usize = 4;

/// Notes of a capture, as rows that can be sorted.
pub(crate) struct NoteRows<'a>(pub(crate) &'a Index);

impl NoteRows<'_> {
    fn stream(&self, note: &Note) -> Option<u32> {
        let summary = self.0.frames.get(note.frame.checked_sub(1)? as usize)?;
        Some(summary.stream).filter(|&stream| stream != NO_STREAM)
    }
}

impl RowOrder for NoteRows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(note) = self.0.notes.get(number as usize) else { return 0 };
        match column {
            SEVERITY => note.severity as u64,
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

impl TableModel for NoteRows<'_> {
    type Item = Note;

    fn item(&self, number: u32) -> Option<&Note> {
        self.0.notes.get(number as usize)
    }

    fn start_time(&self, note: &Note) -> Option<i64> {
        self.0.frames.get(note.frame.checked_sub(1)? as usize).map(|summary| summary.time)
    }

    fn cell_text(&self, note: &Note, column: usize) -> String {
        match column {
            0 => note.frame.to_string(),
            SEVERITY => note.severity.name().into(),
            SUMMARY => note.field.title.into(),
            FIELD => note.field.name.into(),
            _ => self.stream(note).map_or(String::new(), |stream| stream.to_string()),
        }
    }

    fn cell_style(theme: &Theme, note: &Note, column: usize) -> Style {
        match column {
            SEVERITY => theme.severity(note.severity),
            SUMMARY => theme.text,
            _ => theme.dim,
        }
    }
}

/// Returns the text of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let rows = NoteRows(index);
    let Some(note) = rows.item(number) else { return String::new() };
    let columns = (0..COLUMNS.len()).filter(|&column| column != TIME);
    columns.map(|column| rows.cell_text(note, column)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ")
}

/// Draws the number of notes of each severity, and the list.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let counts = SEVERITIES.iter().zip(model.notes.counts).filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(severity, count)| format_quantity(count, severity.name())).collect();
    draw_title(model, area, buffer, format!("Notes  {}", counts.join(", ")).trim_end(), true);
    let list = (&model.notes.sorted_list, &model.note_numbers());
    let below = Rect { y: row(area, 1).y, height: area.height.saturating_sub(1), ..area };
    sorted_list::draw(
        model,
        list,
        &NoteRows(&model.index),
        ["No warnings or notes yet", "No warnings or notes"],
        below,
        buffer,
    );
}
