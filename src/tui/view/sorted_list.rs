//! Drawing of a sortable list of calls, streams or notes: column titles and one line per row.

use crate::tui::model::Model;
use crate::tui::view::{draw_empty_list, sorted_title, table};
use crate::tui::widgets::columns::{TIME_WIDTH, fit_columns};
use crate::tui::widgets::draw::{fill, row};
use crate::tui::widgets::scroll::RowNumbers;
use crate::tui::widgets::sorted_list::SortedList;
use crate::tui::widgets::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Content of a list: its items and their cells.
pub(crate) trait TableModel {
    /// Item shown by one row.
    type Item;

    /// Returns the item with this number.
    fn item(&self, number: u32) -> Option<&Self::Item>;

    /// Returns the start time of an item, in nanoseconds since 1970.
    fn start_time(&self, item: &Self::Item) -> Option<i64>;

    /// Returns the text of a cell, except in the time column.
    fn cell_text(&self, item: &Self::Item, column: usize) -> String;

    /// Returns the style of a cell.
    fn cell_style(theme: &Theme, item: &Self::Item, column: usize) -> Style;

    /// Draws a cell without text; returns false if the cell has text instead.
    fn draw_cell(item: &Self::Item, column: usize, cell: Rect, theme: &Theme, buffer: &mut Buffer) -> bool {
        let _ = (item, column, cell, theme, buffer);
        false
    }
}

/// Draws the rows of these numbers. An empty list shows `yet` while frames still arrive, and `never` after the end.
pub(crate) fn draw<S: TableModel>(
    model: &Model,
    (sorted, numbers): (&SortedList, &RowNumbers),
    rows: &S,
    [yet, never]: [&'static str; 2],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = &model.theme;
    let columns = sorted.columns;
    let is_time = |column: usize| columns.get(column).is_some_and(|column| column.width == [TIME_WIDTH; 3]);
    let spans = fit_columns(columns, sorted.hidden, model.time_width(), area.x, area.width);
    let title = |column: usize| {
        let own = columns.get(column).map_or("", |column| column.title);
        sorted_title(sorted.sort, column, if is_time(column) { model.time_format.title() } else { own })
    };
    table::draw_head(columns, &spans, row(area, 0), buffer, title, theme.head);
    if numbers.len() == 0 {
        return draw_empty_list(model, area, buffer, yet, never);
    }
    let height = usize::from(area.height.saturating_sub(1));
    let start = model.time(1).unwrap_or(0);
    let reference = model.time_format.reference.and_then(|frame| model.time(frame));
    let start_of = |index: usize| rows.start_time(rows.item(numbers.get(index)?)?);
    for (nth, index) in sorted.list.visible(numbers.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(item) = numbers.get(index).and_then(|number| rows.item(number)) else { continue };
        let on = index == sorted.list.cursor;
        if on {
            fill(buffer, line, theme.cursor);
        }
        for &at in &spans {
            let cell = Rect { x: at.x, width: at.width, ..line };
            if S::draw_cell(item, at.column, cell, theme, buffer) {
                continue;
            }
            let text = if is_time(at.column) {
                let before = index.checked_sub(1).and_then(start_of);
                start_of(index).map_or(String::new(), |time| model.time_format.format(time, start, before, reference))
            } else {
                rows.cell_text(item, at.column)
            };
            let style = if on { theme.cursor } else { S::cell_style(theme, item, at.column) };
            table::draw_cell(
                buffer,
                line,
                at,
                &text,
                columns.get(at.column).is_some_and(|column| column.right_aligned),
                style,
            );
        }
    }
}
