//! The list of warnings and notes.

use crate::browse::Note;
use crate::tui::model::Model;
use crate::tui::model::notes::{NoteRows, SEVERITIES, SEVERITY, SUMMARY};
use crate::tui::view::sorted_list::TableModel;
use crate::tui::view::{draw_title, sorted_list};
use crate::tui::widgets::draw::row;
use crate::tui::widgets::text::format_quantity;
use crate::tui::widgets::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

impl TableModel for NoteRows<'_> {
    type Item = Note;

    fn item(&self, number: u32) -> Option<&Note> {
        self.0.notes.get(number as usize)
    }

    fn start_time(&self, note: &Note) -> Option<i64> {
        self.0.frames.get(note.frame.checked_sub(1)? as usize).map(|summary| summary.time)
    }

    fn cell_text(&self, note: &Note, column: usize) -> String {
        self.cell_text(note, column)
    }

    fn cell_style(theme: &Theme, note: &Note, column: usize) -> Style {
        match column {
            SEVERITY => theme.severity(note.severity),
            SUMMARY => theme.text,
            _ => theme.dim,
        }
    }
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
        &NoteRows::of(model),
        ["No warnings or notes yet", "No warnings or notes"],
        below,
        buffer,
    );
}
