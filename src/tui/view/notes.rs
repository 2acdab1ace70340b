//! The list of what was odd.

use super::roster::{self, Sheet};
use super::{row, table, title};
use crate::browse::{Index, NO_STREAM, Note};
use crate::tui::model::Model;
use crate::tui::notes::SEVERITIES;
use crate::tui::roster::{Column, Order, column, key_of_number, key_of_text};
use crate::tui::text::counted;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::cmp::Ordering;

/// The columns.
pub(crate) static COLUMNS: [Column; 6] = [
    column("FRAME", [7, 7, 8], true, 0, "the frame"),
    column("TIME", [table::TIME; 3], true, 3, "when it came"),
    column("SEVERITY", [9, 9, 9], false, 0, "how bad it is"),
    column("WHAT", [20, 44, 72], false, 0, "what is odd"),
    column("FIELD", [20, 36, 44], false, 4, "the field that a filter asks for"),
    column("STREAM", [7, 7, 8], true, 2, "the connection"),
];

const TIME: usize = 1;
pub(crate) const SEVERITY: usize = 2;
const WHAT: usize = 3;
const FIELD: usize = 4;

/// The notes of a capture, to be sorted.
pub(crate) struct Rows<'a>(pub(crate) &'a Index);

impl Rows<'_> {
    fn stream(&self, note: &Note) -> Option<u32> {
        let fact = self.0.frames.get(note.frame.checked_sub(1)? as usize)?;
        Some(fact.stream).filter(|&stream| stream != NO_STREAM)
    }
}

impl Order for Rows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(note) = self.0.notes.get(number as usize) else { return 0 };
        match column {
            SEVERITY => note.severity as u64,
            WHAT => key_of_text(note.field.title),
            FIELD => key_of_text(note.field.name),
            5 => key_of_number(self.stream(note).map(i64::from)),
            _ => note.frame.into(),
        }
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let notes = &self.0.notes;
        let (Some(left), Some(right)) = (notes.get(left as usize), notes.get(right as usize)) else {
            return Ordering::Equal;
        };
        match column {
            WHAT => left.field.title.cmp(right.field.title),
            FIELD => left.field.name.cmp(right.field.name),
            _ => Ordering::Equal,
        }
    }
}

impl Sheet for Rows<'_> {
    type Row = Note;

    fn row(&self, number: u32) -> Option<&Note> {
        self.0.notes.get(number as usize)
    }

    fn begun(&self, note: &Note) -> Option<i64> {
        self.0.frames.get(note.frame.checked_sub(1)? as usize).map(|fact| fact.time)
    }

    fn words(&self, note: &Note, column: usize) -> String {
        match column {
            0 => note.frame.to_string(),
            SEVERITY => note.severity.word().into(),
            WHAT => note.field.title.into(),
            FIELD => note.field.name.into(),
            _ => self.stream(note).map_or(String::new(), |stream| stream.to_string()),
        }
    }

    fn style(theme: &Theme, note: &Note, column: usize) -> Style {
        match column {
            SEVERITY => theme.severity(note.severity),
            WHAT => theme.text,
            _ => theme.dim,
        }
    }
}

/// The words of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let rows = Rows(index);
    let Some(note) = rows.row(number) else { return String::new() };
    let columns = (0..COLUMNS.len()).filter(|&column| column != TIME);
    columns.map(|column| rows.words(note, column)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

/// Draws how many there are, and the list.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let counts = SEVERITIES.iter().zip(model.notes.counts).filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(severity, count)| counted(count, severity.word())).collect();
    title(model, area, buffer, format!("Notes  {}", counts.join(", ")).trim_end(), true);
    let list = (&model.notes.roster, &model.note_numbers());
    let below = Rect { y: row(area, 1).y, height: area.height.saturating_sub(1), ..area };
    roster::draw(model, list, &Rows(&model.index), ["nothing odd yet", "nothing was odd"], below, buffer);
}
