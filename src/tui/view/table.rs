//! Tables: drawing of column titles and cells.

use crate::tui::widgets::columns::{ColumnSpan, ListColumn};
use crate::tui::widgets::draw::put;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws the titles of the columns.
pub(crate) fn draw_head(
    columns: &[ListColumn],
    spans: &[ColumnSpan],
    line: Rect,
    buffer: &mut Buffer,
    title: impl Fn(usize) -> String,
    style: Style,
) {
    for span in spans {
        let right = columns.get(span.column).is_some_and(|column| column.right_aligned);
        draw_cell(buffer, line, *span, &fit_title(title(span.column), span.width.into()), right, style);
    }
}

/// Shortens a title to fit; the arrow that shows the sort direction is kept.
fn fit_title(mut title: String, room: usize) -> String {
    if let Some(arrow @ ('▾' | '▴')) = title.chars().last()
        && room > 0
    {
        title.pop();
        title.truncate(text::longest_prefix(&title, room - 1).0.len());
        title.push(arrow);
    }
    title
}

/// Draws a cell.
pub(crate) fn draw_cell(buffer: &mut Buffer, line: Rect, span: ColumnSpan, text: &str, right: bool, style: Style) {
    let area = Rect { x: span.x, width: span.width, ..line };
    let plain = text::sanitize(text);
    let plain = text::truncate_cell(&plain, span.width.into());
    let width = text::width(&plain).min(span.width.into()) as u16;
    let x = if right { area.right() - width } else { area.x };
    put(buffer, Rect { x, width: area.right() - x, ..area }, &plain, style);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_title_keeps_its_arrow() {
        let fit = |title: &str, room| fit_title(title.into(), room);
        assert_eq!([fit("FRAMES▾", 6), fit("RTT▴", 7), fit("FRAMES", 4)], ["FRAME▾", "RTT▴", "FRAMES"]);
    }
}
