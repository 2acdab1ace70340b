//! The journey view: the lines of a call's journey, or of the tree that it belongs to.

use crate::browse::BrowseRequest;
use crate::tui::model::{Model, View};
use crate::tui::view::{draw_empty, draw_unreadable};
use crate::tui::widgets::draw::{fill, put_spans, row};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the journey view.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, journey) = (&model.theme, &model.journey);
    let is_own = |request: &BrowseRequest| match (request, model.view) {
        (BrowseRequest::Journey { call, .. }, View::Journey(of)) => *call == of,
        (BrowseRequest::Trace { call, .. }, View::Trace(of)) => *call == of,
        _ => false,
    };
    if let Some(error) = model.query_error(is_own).filter(|_| journey.loaded.is_none()) {
        return draw_unreadable(model, area, buffer, error);
    }
    if journey.lines.is_empty() {
        return draw_empty(model, area, buffer, "reading");
    }
    for (nth, index) in journey.list.visible(journey.lines.len(), area.height.into()).enumerate() {
        let Some(line) = journey.lines.get(index) else { continue };
        let area = row(area, nth as u16);
        let is_explanation = line.text.trim_start().starts_with('|');
        let style = match index == journey.list.cursor {
            true => theme.cursor,
            false if line.is_heading => theme.head_on,
            false if is_explanation => theme.dim,
            false => theme.text,
        };
        if index == journey.list.cursor {
            fill(buffer, area, style);
        }
        put_spans(buffer, area, [(" ", style), (line.text.as_str(), style)]);
    }
}
