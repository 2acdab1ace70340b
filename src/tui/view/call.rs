//! An opened call.

use super::{empty, put, row};
use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines above what is scrolled.
pub(crate) const TITLE: u16 = 0;

/// The lines of its messages.
pub(crate) fn lines(model: &Model) -> Vec<String> {
    let Some(told) = &model.opened.told else { return Vec::new() };
    let messages = [&told.request, &told.response].into_iter().flatten();
    messages.flat_map(|message| message.head.iter().chain(&message.body).cloned()).collect()
}

/// Draws it.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let lines = lines(model);
    if model.opened.told.is_none() {
        return empty(model, area, buffer, "reading");
    }
    for (nth, place) in model.opened.list.seen(lines.len(), area.height.into()).enumerate() {
        let style = if place == model.opened.list.at { model.theme.cursor } else { model.theme.text };
        put(buffer, row(area, nth as u16), lines.get(place).map_or("", String::as_str), style);
    }
}
