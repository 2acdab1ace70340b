//! Drawing primitives: text, styles and parts of areas.

use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Writes as much of a text as fits into a one-line area and marks cut text with `…`. Returns the columns used.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.width == 0 || area.height == 0 {
        return 0;
    }
    let plain = text::sanitize(text);
    let cut = text::truncate(&plain, area.width.into());
    let (end, _) = buffer.set_stringn(area.x, area.y, cut, area.width.into(), style);
    end.saturating_sub(area.x)
}

/// Writes styled texts one after the other. Returns the columns used.
pub(crate) fn put_spans<'t>(
    buffer: &mut Buffer,
    mut area: Rect,
    spans: impl IntoIterator<Item = (&'t str, Style)>,
) -> u16 {
    let start = area.x;
    for (text, style) in spans {
        let used = put(buffer, area, text, style);
        area.x += used;
        area.width -= used.min(area.width);
    }
    area.x - start
}

/// Writes a text right-aligned into a one-line area. Returns the columns used.
pub(crate) fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let width = text::width(&text::sanitize(text)).min(area.width.into()) as u16;
    put(buffer, Rect { x: area.right() - width, width, ..area }, text, style)
}

/// Returns the line at a distance from the top of an area; its height is 0 if the area is too short.
pub(crate) fn row(area: Rect, nth: u16) -> Rect {
    let height = (nth < area.height).into();
    Rect { y: area.y + nth.min(area.height), height, ..area }
}

/// Sets the style of a whole area.
pub(crate) fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area, style);
}

/// Returns the part of an area below its first `lines` lines.
pub(crate) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// Returns a box centered in an area, no larger than the area.
pub(crate) fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
}
