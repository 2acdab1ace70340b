//! The ladder of a connection.

use super::{empty, put, put_right, row};
use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines above the rungs.
pub(crate) const TITLE: u16 = 0;

/// A rung in words, for searching.
pub(crate) fn text(model: &Model, place: usize) -> String {
    model.ladder.rungs.get(place).map_or(String::new(), |rung| format!("{} {} {}", rung.frame, rung.flags, rung.words))
}

/// Draws it.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let ladder = &model.ladder;
    if ladder.rungs.is_empty() {
        return empty(model, area, buffer, "reading");
    }
    if ladder.more {
        put_right(buffer, row(area, 0), "there is more than is shown", model.theme.warn);
    }
    for (nth, place) in ladder.list.seen(ladder.rungs.len(), area.height.into()).enumerate() {
        let style = if place == ladder.list.at { model.theme.cursor } else { model.theme.text };
        put(buffer, row(area, nth as u16), &text(model, place), style);
    }
}
