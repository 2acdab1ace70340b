//! Statistics.

use super::{put, row};
use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines above what is scrolled.
pub(crate) const TITLE: u16 = 0;

/// The lines of the table.
pub(crate) fn lines(model: &Model) -> Vec<String> {
    vec![format!("{} frames", model.frame_numbers().len())]
}

/// Draws them.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    for (nth, line) in lines(model).iter().enumerate() {
        put(buffer, row(area, nth as u16), line, model.theme.text);
    }
}
